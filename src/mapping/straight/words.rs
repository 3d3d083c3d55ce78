//! The words of a call that are the same whatever it asks for.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::call::{Encoding, Form, Method};
use crate::mapping::expr::{Expr, Scope};
use crate::mapping::plan::{Backend, CallPlan};
use crate::mapping::template::{Part, Text, Tree};

/// What the words may be made of.
const KNOWN: [&str; 3] = ["settings", "value", "values"];

/// Whether settings and values are all that the words are made of.
pub(super) fn are_known(backend: &Backend, call: &CallPlan) -> bool {
    let parts = backend.path.iter().chain(&call.path);
    let holes = parts.filter_map(|part| match part {
        Part::Hole(expr) => Some(expr),
        Part::Written(_) => None,
    });
    let headers = backend.headers.iter().chain(&call.headers);
    let holes = holes.chain(headers.flat_map(|(_, text)| Text::holes(text)));
    let trees = [&backend.query, &backend.body, &call.query, &call.body];
    holes.into_iter().all(|expr| expr.mentions_only(&KNOWN))
        && trees.into_iter().flatten().all(|tree| names(tree, &|expr| expr.mentions_only(&KNOWN)))
}

/// The body, where it is a form that can be written beforehand.
pub(super) fn form(backend: &Backend, call: &CallPlan, scope: &Scope<'_>) -> Option<Form> {
    let Encoding::Form(style) = call.encoding else { return None };
    if call.in_query || matches!(call.method, Method::Get | Method::Head) {
        return None;
    }
    let mut form = Form::new(style);
    for (name, tree) in fields(backend, call)? {
        lay(&mut form, name, tree, scope)?;
    }
    Some(form)
}

/// The function that the call asks for.
pub(super) fn asks(backend: &Backend, call: &CallPlan, scope: &Scope<'_>) -> Option<Arc<str>> {
    let (all, name) = (fields(backend, call)?, backend.asks.as_deref()?);
    let tree = all.get(name).filter(|tree| is_fixed(tree))?;
    Some(Arc::from(tree.render(scope)?.as_str()?))
}

/// The fields of the body, in their order, the call's own over the backend's.
fn fields<'p>(backend: &'p Backend, call: &'p CallPlan) -> Option<BTreeMap<&'p str, &'p Tree>> {
    let mut fields = BTreeMap::new();
    for tree in [&backend.body, &call.body].into_iter().flatten() {
        let Tree::Table(own) = tree else { return None };
        for (name, tree) in own {
            // One that may be absent leaves what it lies over.
            let twice = fields.insert(name.as_str(), tree).is_some();
            (!twice).then_some(())?;
        }
    }
    Some(fields)
}

/// Lays a tree into a form under a name.
fn lay(form: &mut Form, name: &str, tree: &Tree, scope: &Scope<'_>) -> Option<()> {
    match tree {
        tree if is_fixed(tree) => {
            if let Some(value) = tree.render(scope) {
                form.add(name, value).ok()?;
            }
        }
        Tree::Hole(Expr::Path(path)) if path.picks.is_empty() => match path.root.as_str() {
            "value" => form.leave_one(name),
            "values" => form.leave_each(name),
            _ => return None,
        },
        Tree::List(items) => {
            for (index, item) in items.iter().enumerate() {
                // An item that may be absent moves those behind it.
                let there = !is_fixed(item) || item.render(scope).is_some();
                let several = matches!(item, Tree::For(..));
                (there && !several).then_some(())?;
                lay(form, &form.item(name, index), item, scope)?;
            }
        }
        Tree::Table(fields) => {
            let fields: BTreeMap<_, _> = fields.iter().map(|(key, it)| (key, it)).collect();
            for (key, item) in fields {
                lay(form, &form.within(name, key)?, item, scope)?;
            }
        }
        _ => return None,
    }
    Some(())
}

/// Whether a tree is the same whatever is asked for.
fn is_fixed(tree: &Tree) -> bool {
    names(tree, &|expr| expr.mentions_only(&["settings"]))
}

fn names(tree: &Tree, may: &dyn Fn(&Expr) -> bool) -> bool {
    let mut known = true;
    tree.visit(&mut |expr| known &= may(expr));
    known
}
