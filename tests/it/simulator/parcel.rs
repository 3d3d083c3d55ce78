//! Members in requests: so many at once, in every spelling.

use serde_json::{Value, json};

use super::dialect::{operation, patch, renamed};
use super::directory::Team;
use super::profile::{Members, Profile};

/// Who is to come and to go.
#[derive(Clone, Debug, Default)]
pub(crate) struct Moves {
    pub(crate) come: Vec<String>,
    pub(crate) go: Vec<String>,
}

/// The PATCH bodies that bring members in and out, additions first.
/// Profiles that say the whole list at once have no such bodies.
pub(crate) fn bodies(profile: &Profile, group: (&str, &Team), moves: &Moves) -> Vec<Value> {
    let come = moves.come.iter().map(|id| (true, id.as_str()));
    let all: Vec<_> = come.chain(moves.go.iter().map(|id| (false, id.as_str()))).collect();
    let parcels = all.chunks(profile.batch);
    parcels.map(|parcel| patch(&parcel_of(profile, group, parcel))).collect()
}

fn parcel_of(profile: &Profile, (id, team): (&str, &Team), parcel: &[(bool, &str)]) -> Value {
    let ids = |coming: bool| {
        let some = parcel.iter().filter(move |(comes, _)| *comes == coming);
        some.map(|(_, id)| *id).collect::<Vec<_>>()
    };
    let (come, go) = (ids(true), ids(false));
    let mut operations = Vec::new();
    match profile.members {
        Members::ValueList => {
            operations.extend(listed(profile, "add", &come));
            operations.extend(listed(profile, "remove", &go));
        }
        Members::Filter => {
            operations.extend(listed(profile, "add", &come));
            operations.extend(go.into_iter().map(|id| filtered(profile, id)));
        }
        Members::Together => {
            operations.push(renamed(profile, id, team));
            operations.extend(go.into_iter().map(|id| filtered(profile, id)));
            let shown: Vec<_> =
                come.iter().map(|id| json!({ "value": id, "display": id })).collect();
            if !shown.is_empty() {
                operations.push(operation(profile, "add", "members", &shown.into()));
            }
        }
        Members::OneEach => {
            let each =
                |word, id: &&str| operation(profile, word, "members", &json!([{ "value": id }]));
            operations.extend(come.iter().map(|id| each("add", id)));
            operations.extend(go.iter().map(|id| each("remove", id)));
        }
        Members::Put | Members::Replace => unreachable!("these say the whole list"),
    }
    Value::Array(operations)
}

/// `"$ref": null` is literal.
pub(crate) fn listed(profile: &Profile, word: &'static str, ids: &[&str]) -> Option<Value> {
    let members: Vec<_> = ids.iter().map(|id| json!({ "$ref": null, "value": id })).collect();
    let some = !members.is_empty();
    some.then(|| operation(profile, word, "members", &members.into()))
}

/// Removal by a filter in the path.
pub(crate) fn filtered(profile: &Profile, id: &str) -> Value {
    json!({ "op": profile.word("remove"), "path": format!("members[value eq \"{id}\"]") })
}
