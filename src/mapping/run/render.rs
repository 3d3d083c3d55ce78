//! Calls with their holes filled.

use std::time::Duration;

use serde_json::{Map, Value};

use super::Site;
use super::seek::Page;
use crate::call::{
    Call, Encoding, Failure, Kind, Method, Ready, Style, Target, Unfit, header, pairs,
};
use crate::mapping::expr::{Fuel, Scope};
use crate::mapping::plan::{Backend, CallPlan};
use crate::mapping::template::{Part, Text, Tree, merge};

/// Fills a call.
pub(super) fn call(site: &Site, plan: &CallPlan, scope: &Scope<'_>) -> Result<Call, Failure> {
    let backend = backend(site, plan)?;
    let mut call = head(backend, plan, scope)?;
    let body = body(backend, plan, scope);
    if plan.in_query {
        spread(&mut call.target, body, &plan.encoding)?;
    } else {
        few_enough(backend, body.as_ref().map_or(0, leaves))?;
        call.body = body;
    }
    whole(scope)?;
    Ok(call)
}

/// Refuses what was made in a scope in which something was cut short: it would be sent
/// without it.
pub(super) fn whole(scope: &Scope<'_>) -> Result<(), Failure> {
    if scope.dry() {
        return Err(Failure::new(Kind::Invalid, "this request is too large for the mapping"));
    }
    Ok(())
}

/// Fills a call whose body is written already.
pub(super) fn written(
    site: &Site,
    plan: &CallPlan,
    (ready, fields): (Ready, usize),
    scope: &Scope<'_>,
) -> Result<Call, Failure> {
    let backend = backend(site, plan)?;
    few_enough(backend, u64::try_from(fields).unwrap_or(u64::MAX))?;
    let head = head(backend, plan, scope)?;
    whole(scope)?;
    Ok(Call { ready: Some(ready), ..head })
}

fn backend<'s>(site: &'s Site, plan: &CallPlan) -> Result<&'s Backend, Failure> {
    site.plan.backends.get(plan.backend).ok_or_else(|| unfit(&Unfit::Size))
}

/// All of a call but its body.
fn head(backend: &Backend, plan: &CallPlan, scope: &Scope<'_>) -> Result<Call, Failure> {
    let path = if plan.path.is_empty() { &backend.path } else { &plan.path };
    let mut target = target(path, scope)?;
    ask(&mut target, backend, backend.query.as_ref(), scope)?;
    ask(&mut target, backend, plan.query.as_ref(), scope)?;
    let mut headers = Vec::new();
    add_headers(&mut headers, &backend.headers, scope)?;
    add_headers(&mut headers, &plan.headers, scope)?;
    Ok(Call {
        backend: backend.name.clone(),
        method: plan.method,
        target,
        headers,
        body: None,
        encoding: plan.encoding.clone(),
        safety: plan.safety,
        patience: plan.patience,
        wanted: None,
        ready: None,
    })
}

/// PHP drops the fields beyond its limit without a word, so a call that has too
/// many must not be made at all.
fn few_enough(backend: &Backend, fields: u64) -> Result<(), Failure> {
    let Some(most) = backend.limits.fields else { return Ok(()) };
    if fields <= most {
        return Ok(());
    }
    let says = format!("the call would have {fields} fields, and the LMS takes {most}");
    Err(Failure::new(Kind::Invalid, says))
}

fn leaves(value: &Value) -> u64 {
    match value {
        Value::Array(items) => items.iter().map(leaves).sum(),
        Value::Object(fields) => fields.values().map(leaves).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 1,
    }
}

/// The same call, at an address that the LMS named.
pub(super) fn followed(
    site: &Site,
    plan: &CallPlan,
    page: &Page,
    scope: &Scope<'_>,
) -> Result<Call, Failure> {
    let mut made = call(site, plan, scope)?;
    if let Some(address) = &page.address {
        let base = base(site, &made.backend).unwrap_or_default();
        made.target = Target::followed(below(&base, address)?);
    }
    Ok(made)
}

/// The part of an address below the base. Another host would be handed our
/// credentials, so it is refused.
fn below<'a>(base: &str, address: &'a str) -> Result<&'a str, Failure> {
    let base = base.trim_end_matches('/');
    if let Some(rest) = address.strip_prefix(base).filter(|rest| rest.starts_with(['/', '?'])) {
        return Ok(rest);
    }
    let path = base.split_once("://").and_then(|(_, rest)| rest.get(rest.find('/')?..));
    let within = address.strip_prefix(path.unwrap_or("")).filter(|rest| rest.starts_with('/'));
    match within {
        Some(rest) if !address.starts_with("//") => Ok(rest),
        _ => Err(Failure::new(Kind::Garbled, "the LMS names a next page on another host")),
    }
}

fn target(path: &[Part], scope: &Scope<'_>) -> Result<Target, Failure> {
    let mut target = Target::new();
    for part in path {
        match part {
            Part::Written(text) => target.written(text),
            Part::Hole(expr) => {
                let value = expr.text(scope).unwrap_or_default();
                target.value(&value).map_err(|error| unfit(&error))?;
            }
        }
    }
    Ok(target)
}

fn ask(
    target: &mut Target,
    backend: &Backend,
    tree: Option<&Tree>,
    scope: &Scope<'_>,
) -> Result<(), Failure> {
    let Some(Value::Object(fields)) = tree.and_then(|tree| tree.render(scope)) else {
        return Ok(());
    };
    for (key, value) in fields {
        // `ids[]` and `include[]` say themselves how a list is written.
        let repeated = Style { lists: crate::call::Lists::Repeated, ..backend.style };
        let style = if key.ends_with("[]") { repeated } else { backend.style };
        let alone = Value::Object(Map::from_iter([(key, value)]));
        for (key, value) in pairs(&alone, style).map_err(|error| unfit(&error))? {
            target.ask(key, value);
        }
    }
    Ok(())
}

fn spread(target: &mut Target, body: Option<Value>, encoding: &Encoding) -> Result<(), Failure> {
    let Some(body) = body else { return Ok(()) };
    let style = match encoding {
        Encoding::Form(style) => *style,
        Encoding::Json(_) | Encoding::Text(_) => Style::default(),
    };
    for (key, value) in pairs(&body, style).map_err(|error| unfit(&error))? {
        target.ask(key, value);
    }
    Ok(())
}

fn body(backend: &Backend, plan: &CallPlan, scope: &Scope<'_>) -> Option<Value> {
    let own = plan.body.as_ref().and_then(|tree| tree.render(scope));
    let bodiless = matches!(plan.method, Method::Get | Method::Head);
    if bodiless && own.is_none() && !plan.in_query {
        return None;
    }
    merge(backend.body.as_ref().and_then(|tree| tree.render(scope)), own)
}

fn add_headers(
    headers: &mut Vec<(String, String)>,
    texts: &[(String, Text)],
    scope: &Scope<'_>,
) -> Result<(), Failure> {
    for (name, text) in texts {
        if let Some(value) = text.render(scope) {
            let value = header(&value).map_err(|error| unfit(&error))?;
            headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            headers.push((name.clone(), value));
        }
    }
    Ok(())
}

/// Shows a session in a call.
pub(super) fn sign(site: &Site, call: &mut Call, session: &Value) -> Result<(), Failure> {
    let Some(backend) = site.plan.backend(&call.backend) else { return Ok(()) };
    let Some(login) = &backend.login else { return Ok(()) };
    let names = [("session", session), ("settings", &site.settings)];
    let fuel = Fuel::new();
    let scope = Scope::new(&names, &fuel);
    add_headers(&mut call.headers, &login.headers, &scope)?;
    ask(&mut call.target, backend, login.query.as_ref(), &scope)?;
    let shown = login.body.as_ref().and_then(|tree| tree.render(&scope));
    call.body = merge(shown, call.body.take());
    Ok(())
}

/// The base address of a backend.
pub(super) fn base(site: &Site, backend: &str) -> Option<String> {
    let names = [("settings", &site.settings)];
    let fuel = Fuel::new();
    site.plan.backend(backend)?.base.render(&Scope::new(&names, &fuel))
}

/// How many seconds a session lives.
pub(super) fn session_life(site: &Site, backend: &str, session: &Value) -> Option<u64> {
    let names = [("session", session), ("settings", &site.settings)];
    let fuel = Fuel::new();
    let life = site.plan.backend(backend)?.login.as_ref()?.life.as_ref()?;
    let seconds = life.eval(&Scope::new(&names, &fuel))?;
    let whole = seconds.as_u64().or_else(|| seconds.as_str()?.trim().parse().ok());
    // Some write a whole number with a point.
    whole.or_else(|| Duration::try_from_secs_f64(seconds.as_f64()?).ok().map(|it| it.as_secs()))
}

/// The call without these texts, wherever a whole value is one of them.
pub(super) fn without(mut call: Call, secrets: &[String]) -> Call {
    if let Some(body) = &mut call.body {
        mask(body, secrets);
    }
    call
}

fn mask(value: &mut Value, secrets: &[String]) {
    match value {
        Value::String(text) if secrets.contains(text) => "***".clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, secrets)),
        Value::Object(fields) => fields.values_mut().for_each(|item| mask(item, secrets)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn unfit(error: &Unfit) -> Failure {
    Failure::new(Kind::Invalid, error.to_string())
}
