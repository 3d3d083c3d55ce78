//! What a question's answer is looked at for: the fields of its objects that anything
//! in the mapping names. Where something might look at more, nothing is left out.

use std::sync::Arc;

use serde_json::Value;

use super::expr::{Expr, Fuel, Pick, Scope};
use super::plan::{KindPlan, Plan, Row, Rule};
use crate::call::Wanted;

/// For each row of a kind, what is wanted of the objects that it finds.
pub(super) fn of_rows(plan: &Plan, kind: &KindPlan, settings: &Value) -> Vec<Option<Arc<Wanted>>> {
    let Some(fields) = fields(kind, settings) else { return vec![None; kind.rows.len()] };
    let wanted = |row: &Row| {
        let List { at, picked } = List::of(row.objects.as_ref())?;
        let quiet = looked_at(plan, kind, row).all(|expr| goes_around(expr, at));
        let fields = fields.iter().cloned().chain(picked).collect();
        quiet.then(|| Arc::new(Wanted::new(at.map(str::to_owned), fields)))
    };
    kind.rows.iter().map(wanted).collect()
}

/// The fields of an object that are looked at; nothing, where that is not known.
fn fields(kind: &KindPlan, settings: &Value) -> Option<Vec<String>> {
    if !kind.joins.is_empty() || kind.members.is_some() {
        return None;
    }
    let names = [("settings", settings)];
    let fuel = Fuel::new();
    let scope = Scope::new(&names, &fuel);
    let read = kind.attributes.iter().filter_map(|attribute| attribute.read.as_ref());
    let mut fields = Vec::new();
    for field in read.chain(kind.derived.iter().map(|derived| &derived.field)) {
        if field.follows_from_settings() {
            // One that is not set switches it off.
            let Some(filled) = field.fill(&scope) else { continue };
            fields.push(filled.head()?.to_owned());
        } else {
            fields.push(field.head()?.to_owned());
            (!field.mentions("lms")).then_some(())?;
        }
    }
    let ids = kind.id.parts.iter().map(|(_, expr)| expr);
    let made = kind.attributes.iter().filter_map(|attribute| attribute.from_lms.as_ref());
    for expr in ids.chain(made).chain(&kind.gone).chain(&kind.protected) {
        fields.extend(keys_of(expr, "lms")?);
    }
    Some(fields)
}

/// The keys of what is behind a name; nothing, if more than keys may be looked at.
fn keys_of(expr: &Expr, root: &str) -> Option<Vec<String>> {
    let (mut keys, mut known) = (Vec::new(), true);
    expr.paths(&mut |path| match path.picks.first() {
        _ if path.root != root => {}
        Some(Pick::Key(key)) => keys.push(key.clone()),
        _ => known = false,
    });
    known.then_some(keys)
}

/// Where in the body a row's objects are, and which of their fields pick them out.
struct List<'e> {
    at: Option<&'e str>,
    picked: Vec<String>,
}

impl<'e> List<'e> {
    fn of(objects: Option<&'e Expr>) -> Option<Self> {
        match objects {
            None => Some(Self { at: None, picked: Vec::new() }),
            Some(Expr::Path(path)) if path.root == "body" => match path.picks.as_slice() {
                [] => Self::of(None),
                [Pick::Key(key)] => Some(Self { at: Some(key), picked: Vec::new() }),
                _ => None,
            },
            Some(Expr::Pipe(pipe)) if pipe.function.name == "where" => {
                let mut list = Self::of(Some(&pipe.input))?;
                for condition in &pipe.arguments {
                    goes_around(condition, list.at).then_some(())?;
                    list.picked.extend(keys_of(condition, "item")?);
                }
                Some(list)
            }
            Some(_) => None,
        }
    }
}

/// All that looks at a whole reply.
fn looked_at<'p>(
    plan: &'p Plan,
    kind: &'p KindPlan,
    row: &'p Row,
) -> impl Iterator<Item = &'p Expr> {
    let rules = plan.rules_of(kind, row);
    let paging = row.paging.iter().flat_map(|it| [&it.more, &it.next, &it.total]).flatten();
    rules.flat_map(Rule::exprs).chain(paging)
}

impl Rule {
    fn exprs(&self) -> impl Iterator<Item = &Expr> {
        let says = self.says.iter().flat_map(super::template::Text::holes);
        std::iter::once(&self.when).chain(&self.wait).chain(says)
    }
}

/// Whether an expression looks at nothing of the objects: at keys beside their list
/// alone, which a body that is a list has none of.
fn goes_around(expr: &Expr, at: Option<&str>) -> bool {
    let mut around = true;
    expr.paths(&mut |path| {
        around &= match (path.root.as_str(), path.picks.first()) {
            ("body", Some(Pick::Key(key))) => Some(key.as_str()) != at,
            ("body" | "objects", _) => false,
            _ => true,
        }
    });
    around
}
