//! What a worker does to groups.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Worker;
use crate::simulator::client::Answer;
use crate::simulator::dialect;
use crate::simulator::directory::Team;
use crate::simulator::parcel::{self, Moves};
use crate::simulator::profile::Members;

impl Worker {
    /// POST of a group.
    pub(crate) async fn found(&mut self, team: &Team) -> Answer {
        let body = dialect::founded(&self.profile, team);
        self.create("Groups", &body).await
    }

    /// Gives a group its name.
    pub(crate) async fn rename(&mut self, id: &str, team: &Team) -> Answer {
        if matches!(self.profile.members, Members::Put | Members::Replace) {
            return self.say_whole_group(id, team, None).await;
        }
        let operation = dialect::renamed(&self.profile, id, team);
        self.patch("Groups", id, &json!([operation])).await
    }

    /// Brings members in and out; the first answer that is no success, else
    /// the last one.
    pub(crate) async fn move_members(&mut self, id: &str, team: &Team, moves: Moves) -> Answer {
        if matches!(self.profile.members, Members::Put | Members::Replace) {
            return self.say_whole_group(id, team, Some(moves)).await;
        }
        let moves = match self.profile.members {
            Members::OneEach => match self.still_to_do(id, moves).await {
                Ok(moves) => moves,
                Err(answer) => return answer,
            },
            _ => moves,
        };
        let mut last = None;
        for body in parcel::bodies(&self.profile, (id, team), &moves) {
            let answer = self.client.send("PATCH", &format!("/Groups/{id}"), Some(&body)).await;
            if !(200..300).contains(&answer.status) {
                return answer;
            }
            last = Some(answer);
        }
        match last {
            Some(answer) => answer,
            None => self.read("Groups", id).await,
        }
    }

    /// What authentik finds left to do when it looks at the members there are.
    async fn still_to_do(&mut self, id: &str, moves: Moves) -> Result<Moves, Answer> {
        let read = self.read("Groups", id).await;
        if read.status != 200 {
            return Err(read);
        }
        // Without `members` nothing would be added: an empty group needs `[]`.
        assert!(read.body["members"].is_array(), "{}: a group without `members`", read.asked);
        let is = members(&read.body);
        let come = moves.come.into_iter().filter(|id| !is.contains(id)).collect();
        let go = moves.go.into_iter().filter(|id| is.contains(id)).collect();
        Ok(Moves { come, go })
    }

    /// PUT of the whole group, or a PATCH that replaces all there is.
    async fn say_whole_group(&mut self, id: &str, team: &Team, moves: Option<Moves>) -> Answer {
        let read = self.read("Groups", id).await;
        if read.status != 200 {
            return read;
        }
        let mut ids = members(&read.body);
        let moves = moves.unwrap_or_default();
        ids.extend(moves.come);
        moves.go.iter().for_each(|id| {
            ids.remove(id);
        });
        let list: Value = ids.iter().map(|id| json!({ "value": id })).collect();
        if self.profile.members == Members::Put {
            let mut body = read.body;
            body["displayName"] = json!(team.name);
            body["members"] = list;
            return self.put("Groups", id, &body).await;
        }
        let first = json!({ "op": "replace", "path": "members", "value": list });
        // How the plugin empties a group. Outside of strict mode nobody is
        // removed by it: a null may be a mistake of somebody else's.
        let nobody = json!({ "op": "remove", "path": "members", "value": null });
        let operations = json!([
            if ids.is_empty() { nobody } else { first },
            { "op": "replace", "path": "displayName", "value": team.name },
            { "op": "replace", "path": "externalId", "value": team.key },
        ]);
        self.patch("Groups", id, &operations).await
    }
}

/// The ids in a group.
pub(crate) fn members(group: &Value) -> BTreeSet<String> {
    let list = group["members"].as_array().into_iter().flatten();
    let ids: Vec<_> = list.map(|it| it["value"].as_str().expect("an id").to_owned()).collect();
    let set: BTreeSet<_> = ids.iter().cloned().collect();
    assert_eq!(ids.len(), set.len(), "a member twice");
    set
}
