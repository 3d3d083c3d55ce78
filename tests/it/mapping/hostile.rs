//! No value of an attribute can add, remove or change another parameter, path
//! segment, header or key of a call: whole mappings, hostile values, every
//! encoder.

use std::sync::Arc;

use matricula::call::{Call, pairs};
use matricula::mapping::{Moment, Next, Plan, Request, Shipped, Site, Source};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// One mapping that puts the same value into every kind of place.
const EVERYWHERE: &str = r#"
format = 1
title  = "every place a value can land in"
[settings]
base_url = { required = true, about = "address" }
[backend]
base  = "{settings.base_url}"
query = { fixed = "1" }
[user]
id     = "lms.id"
refuse = { update = "no", delete = "no" }
find   = { "id eq" = { get = "/users/{value}" } }
attributes = { userName = "login", title = "title" }
[[user.create]]
put     = "/json/{record.login}/end"
headers = { X-Name = "{record.title}" }
query   = { q = "{record.login}", nested = { deep = ["{record.title}"] } }
body    = { user = "{record}", list = ["{record.login}"], text = { "$json" = { inner = "{record.title}" } } }
keep    = { id = "body[0].id" }
[[user.create]]
put    = "/form"
encode = "form.nested"
body   = { user = "{record}", list = ["{record.login}"], text = "a {record.title} b" }
[[user.create]]
put    = "/flat"
encode = "form"
body   = { login = "{record.login}", title = "{record.title}" }
[[user.create]]
put    = "/query"
encode = "query.nested"
body   = { user = "{record}" }
"#;

fn compile(text: &str) -> Arc<Plan> {
    Arc::new(Source::read("m.toml", text, &Shipped).and_then(|it| it.compile()).unwrap())
}

fn site(plan: &Arc<Plan>) -> Arc<Site> {
    let mut settings = Map::new();
    for setting in plan.settings.iter().filter(|setting| setting.required) {
        settings.insert(setting.name.clone(), json!("https://lms.example"));
    }
    plan.settle(&settings).unwrap()
}

/// Every call of a create, each answered with the same list.
fn calls(site: &Arc<Site>, user: &Value) -> Vec<Call> {
    let Ok(request) = Request::read(&site.plan, "POST /Users", Some(user.clone())) else {
        return Vec::new();
    };
    let moment = Moment { now: "2026-01-01T00:00:00Z".into(), lookups: Map::new() };
    let mut made = Vec::new();
    let mut run = request.runs(site, None, &moment).unwrap().remove(0);
    let mut next = run.start();
    while let Next::Call(call) = next {
        made.push(*call);
        next = run.next(Ok(matricula::call::Reply::json(200, json!([{"id": 7}]))));
    }
    made
}

/// What of a call must not depend on values: names, and how many there are.
fn shape(call: &Call) -> Vec<String> {
    let target = call.target.to_string();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut shape = vec![format!("{} segments", path.split('/').count())];
    shape.extend(query.split('&').map(|pair| pair.split('=').next().unwrap_or("").to_owned()));
    shape.extend(call.headers.iter().map(|(name, _)| name.clone()));
    let Some(body) = &call.body else { return shape };
    let sent = String::from_utf8(call.encoded().unwrap().unwrap().bytes).unwrap();
    match &call.encoding {
        matricula::call::Encoding::Form(style) => {
            let names: Vec<_> = sent
                .split('&')
                .map(|pair| pair.split('=').next().unwrap_or("").to_owned())
                .collect();
            assert_eq!(names.len(), pairs(body, *style).unwrap().len());
            shape.extend(names);
        }
        _ => keys("", &serde_json::from_str(&sent).unwrap(), &mut shape),
    }
    shape
}

fn keys(at: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                keys(&format!("{at}.{key}"), value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys(&format!("{at}[]"), item, found)),
        _ => found.push(at.to_owned()),
    }
}

fn hostile() -> impl Strategy<Value = String> {
    let tricks = prop::sample::select(vec![
        "&",
        "=",
        "[",
        "]",
        "%5D[auth]=manual",
        "\0",
        "/",
        "../",
        "?",
        "#",
        "\r\nX-Evil: 1",
        "\"",
        "\\",
        "\"},{\"a\":\"",
        "{",
        "}",
        "{settings.base_url}",
        "&users[1][username]=x",
        "%2e%2e",
        ";",
        "+",
        "%",
        "\u{202e}",
        "é",
        "😀",
        ",",
        "'",
        "$for",
        "</a>",
        "a",
    ]);
    prop::collection::vec(tricks, 1..8).prop_map(|parts| parts.concat())
}

fn person(name: &str, other: &str) -> Value {
    json!({
        "userName": name, "title": other, "nickName": other, "externalId": other, "active": true,
        "name": {"givenName": other, "familyName": other},
        "emails": [{"type": "work", "value": other}],
    })
}

proptest! {
    #[test]
    fn every_place_keeps_its_shape(name in hostile(), other in hostile()) {
        let site = site(&compile(EVERYWHERE));
        let calm = calls(&site, &person("calm", "calm"));
        let wild = calls(&site, &person(&name, &other));
        // A header that cannot carry the value refuses the request, unsent.
        if other.contains(['\r', '\n', '\0']) {
            prop_assert!(wild.is_empty());
        } else {
            prop_assert_eq!(wild.len(), 4);
        }
        for (calm, wild) in calm.iter().zip(&wild) {
            prop_assert_eq!(shape(calm), shape(wild));
        }
    }

    #[test]
    fn moodles_form_keeps_its_shape(other in hostile()) {
        let site = site(&shipped_moodle());
        let calm = calls(&site, &person("calm", "calm"));
        let wild = calls(&site, &person("calm", &other));
        for (calm, wild) in calm.iter().zip(&wild) {
            prop_assert_eq!(shape(calm), shape(wild));
        }
    }
}

fn shipped_moodle() -> Arc<Plan> {
    use matricula::mapping::Shelf;
    compile(&Shipped.text("moodle").unwrap())
}
