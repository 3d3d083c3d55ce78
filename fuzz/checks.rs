//! What must hold for any bytes. The fuzz targets feed these checks what they
//! invent; the test suite feeds them the seeds and every former find.

#![allow(dead_code, reason = "each fuzz target is a binary that uses one of these")]

use matricula::call::Reply;
use matricula::mapping::{Cases, Fault, Moment, Next, Request, Shipped, Site, Source};
use matricula::scim::{
    BulkLimits, BulkRequest, Filter, Kind, Matcher, Outcome, Path, Place, Resource, ResourceType,
    Rules, Target, Unknown, parse_json,
};
use serde_json::{Map, Value, json};
use std::sync::{Arc, LazyLock};

static USER: LazyLock<ResourceType> = LazyLock::new(ResourceType::user);
static GROUP: LazyLock<ResourceType> = LazyLock::new(ResourceType::group);

/// Slots that mappings use, one of each shape.
static SLOTS: LazyLock<Vec<Place>> = LazyLock::new(|| {
    [
        "userName",
        "active",
        "name",
        "name.familyName",
        r#"emails[type eq "work"].value"#,
        r#"emails[type eq "work"].primary"#,
        "emails[primary eq true].value",
        "roles[primary eq true].value",
        "emails",
        "manager",
        "manager.value",
        "department",
    ]
    .iter()
    .map(|text| USER.place(&Path::parse(text, USER.urns()).unwrap()).unwrap())
    .collect()
});

fn nina() -> Value {
    json!({
        "userName": "nina.berg@hoch.example",
        "externalId": "6f0f6c2e",
        "active": true,
        "name": { "givenName": "Nina", "familyName": "Berg" },
        "emails": [
            { "type": "work", "value": "nina.berg@hoch.example", "primary": true },
            { "type": "home", "value": "nina@home.example" }
        ],
        "roles": [{ "value": "teacher", "primary": true }],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
            "department": "Math", "manager": { "value": "7" }
        },
        "shoeSize": 38
    })
}

fn class() -> Value {
    json!({ "displayName": "Math 1A", "members": [{ "value": "1" }, { "value": "2" }] })
}

/// Text goes to a filter and back; a bound one prints as one that binds alike.
pub(crate) fn filter(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(filter) = Filter::parse(text, USER.urns()) else { return };
    let printed = filter.to_string();
    if fits(&printed) {
        assert_eq!(Filter::parse(&printed, USER.urns()).as_ref(), Ok(&filter), "{printed}");
    }
    let Ok(matcher) = Matcher::bind(&filter, &USER) else { return };
    let canonical = matcher.to_string();
    if !fits(&canonical) {
        return;
    }
    let again = Filter::parse(&canonical, USER.urns()).unwrap();
    let again = Matcher::bind(&again, &USER).unwrap();
    let nina = USER.create(nina(), Rules::default()).unwrap();
    assert_eq!(again.matches(&nina), matcher.matches(&nina), "{canonical}");
    assert_eq!(again.to_string(), canonical);
}

/// The canonical spelling may be longer than what is read: `manager` becomes
/// its URN, a bare word gets its quotes.
fn fits(text: &str) -> bool {
    text.len() <= matricula::scim::LONGEST_TEXT
}

/// Text goes to a path and back, alone and in a list.
pub(crate) fn path(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(target) = Target::parse(text, USER.urns()) {
        let printed = target.to_string();
        if !fits(&printed) {
            return;
        }
        assert_eq!(Target::parse(&printed, USER.urns()).as_ref(), Ok(&target), "{printed}");
        if let Target::Attribute(path) = &target
            && let Ok(place) = USER.place(path)
        {
            let canonical = place.to_string();
            if !fits(&canonical) {
                return;
            }
            let again = USER.place(&Path::parse(&canonical, USER.urns()).unwrap()).unwrap();
            assert_eq!(again.to_string(), canonical);
        }
    }
    if let Ok(targets) = Target::parse_list(text, USER.urns()) {
        let printed = targets.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        if !fits(&printed) {
            return;
        }
        assert_eq!(Target::parse_list(&printed, USER.urns()), Ok(targets), "{printed}");
    }
}

/// A PATCH happens or does not; what its edits come to is known beforehand or
/// said to be unknown.
pub(crate) fn patch(data: &[u8]) {
    let Ok(body) = parse_json(data) else { return };
    for unknown in [Unknown::Keep, Unknown::Ignore, Unknown::Reject] {
        for strict in [false, true] {
            let rules = Rules { unknown, strict };
            patch_one(&USER, &body, &nina(), rules);
            patch_one(&GROUP, &body, &class(), rules);
            for resource_type in [&*USER, &*GROUP] {
                put(resource_type, &body, rules);
            }
        }
    }
}

fn patch_one(resource_type: &ResourceType, body: &Value, before: &Value, rules: Rules) {
    let Ok(edits) = resource_type.patch(body.clone(), None, rules) else { return };
    let before = resource_type.create(before.clone(), Rules::default()).unwrap();
    let mut after = before.clone();
    match edits.apply(resource_type, &mut after) {
        Err(_) => assert_eq!(after, before, "a refused PATCH changed something"),
        Ok(changed) => {
            assert_eq!(changed, after != before, "{edits:?}");
            well_formed(resource_type, &after);
            if resource_type.kind() == Kind::User {
                for slot in SLOTS.iter() {
                    foretold(edits.outcome(slot), slot, &before, &after);
                }
            } else {
                delta_says_the_same(resource_type, &edits, &before, &after);
            }
        }
    }
}

fn foretold(outcome: Outcome, slot: &Place, before: &Resource, after: &Resource) {
    let held = |resource: &Resource| held(slot, resource);
    match outcome {
        Outcome::Untouched => assert_eq!(held(before), held(after), "{slot} was touched"),
        Outcome::Set(value) => assert_eq!(held(after), Some(value), "{slot}"),
        Outcome::Cleared => assert_eq!(held(after), None, "{slot}"),
        Outcome::Unknown => {}
    }
}

/// A whole list is a value of its own; everything else is read by its slot.
fn held(slot: &Place, resource: &Resource) -> Option<Value> {
    if slot.element.is_none() && slot.sub.is_none() && slot.attr.multi_valued {
        return resource.attributes().get(slot.attr.name.as_str()).cloned();
    }
    resource.get(slot).cloned()
}

fn delta_says_the_same(
    resource_type: &ResourceType,
    edits: &matricula::scim::Edits,
    before: &Resource,
    after: &Resource,
) {
    let members = Path::parse("members", resource_type.urns()).unwrap();
    let members = resource_type.place(&members).unwrap();
    let Some(delta) = edits.delta(&members) else { return };
    let ids = |resource: &Resource| {
        let values = resource.values(&members).into_iter();
        values.filter_map(|member| member["value"].as_str().map(String::from)).collect::<Vec<_>>()
    };
    let of = |elements: &[Value]| {
        elements.iter().map(|one| one["value"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (added, dropped) = (of(&delta.added), of(&delta.dropped));
    let mut expected = if delta.replaced { Vec::new() } else { ids(before) };
    expected.retain(|id| !dropped.contains(id));
    expected.extend(added);
    expected.sort_unstable();
    expected.dedup();
    let mut found = ids(after);
    found.sort_unstable();
    assert_eq!(found, expected, "{edits:?}");
}

/// A body that is understood is understood alike when it comes back, and the
/// same body as a PUT then changes nothing.
fn put(resource_type: &ResourceType, body: &Value, rules: Rules) {
    let Ok(resource) = resource_type.create(body.clone(), rules) else { return };
    well_formed(resource_type, &resource);
    let again = Value::Object(resource.attributes().clone());
    let mut same = resource.clone();
    if let Ok(edits) = resource_type.replace(again, rules) {
        assert_eq!(edits.apply(resource_type, &mut same), Ok(false), "{edits:?}");
        assert_eq!(same, resource);
    }
}

fn well_formed(resource_type: &ResourceType, resource: &Resource) {
    let null_inside = |value: &Value| value.to_string().contains("null") && has_null(value);
    assert!(!resource.attributes().values().any(null_inside), "a null came through");
    assert!(resource.schemas(resource_type).len() <= 1 + resource_type.extensions().len());
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(elements) => elements.iter().any(has_null),
        Value::Object(parts) => parts.values().any(has_null),
        _ => false,
    }
}

/// Every operation is either put in order, after all it waits for, or refused.
pub(crate) fn bulk(data: &[u8]) {
    let Ok(body) = parse_json(data) else { return };
    let limits = BulkLimits { max_operations: 1_000, max_payload_size: 1 << 20 };
    let Ok(request) = BulkRequest::parse(body, limits) else { return };
    let (order, stuck) = request.order();
    let mut all: Vec<_> = order.iter().copied().chain(stuck.iter().map(|(at, _)| *at)).collect();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..request.operations.len()));
    let mut ids = std::collections::HashMap::new();
    for at in order {
        let Some(Ok(operation)) = request.operations.get(at).cloned() else { continue };
        let (method, bulk_id) = (operation.method, operation.bulk_id.clone());
        let resolved = operation.resolved(&ids);
        if let (true, Some(name)) = (method == matricula::scim::Method::Post, bulk_id) {
            // What is resolved by then is resolved whoever waits for it.
            if resolved.is_ok() {
                ids.insert(name, matricula::scim::ResourceId::parse(&at.to_string()).unwrap());
            }
        }
    }
}

/// Any bytes as a mapping: compiled or told what is wrong, never a panic, never
/// without an end. What compiles can be shown, proved and run.
pub(crate) fn mapping(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    drop(Cases::read("fuzz.cases.toml", &text, &Shipped));
    let compiled = Source::read("fuzz.toml", &text, &Shipped).and_then(|source| source.compile());
    let plan = match compiled {
        Ok(plan) => Arc::new(plan),
        Err(faults) => {
            assert!(!faults.is_empty(), "refused without a word");
            for fault in faults.iter().take(20) {
                assert!(!Fault::render(fault).is_empty());
            }
            return;
        }
    };
    assert!(!plan.show().is_empty());
    let mut settings = Map::new();
    for setting in &plan.settings {
        let first = setting.one_of.first().cloned();
        let value = first.or_else(|| setting.default.clone()).unwrap_or_else(|| json!("x"));
        settings.insert(setting.name.clone(), value);
    }
    let Ok(site) = plan.settle(&settings) else { return };
    site.prove();
    for (line, body) in [
        ("POST /Users", Some(nina())),
        ("GET /Users?filter=userName eq \"nina\"", None),
        (
            "PATCH /Users/7",
            Some(json!({"Operations": [{"op": "replace", "path": "active", "value": false}]})),
        ),
        ("PUT /Groups/7", Some(class())),
        ("GET /Groups", None),
    ] {
        let Ok(request) = Request::read(&plan, line, body) else { continue };
        let moment = Moment { now: "2026-01-01T00:00:00Z".into(), lookups: Map::new() };
        if line.starts_with("GET") {
            either_way(&site, &request, &moment);
        }
        let Ok(runs) = request.runs(&site, None, &moment) else { continue };
        for mut run in runs {
            let mut next = run.start();
            // Every reply is the same page of everything a mapping may look for.
            let mut calls = 0;
            while let Next::Call(call) = next {
                drop(call.encoded());
                calls += 1;
                if calls > 200 {
                    break;
                }
                next = run.next(Ok(Reply::json(200, json!([{"id": 7, "name": "x"}]))));
            }
        }
    }
}

/// A question that is asked straight sends what the machine sends, and reads the same.
fn either_way(site: &Arc<Site>, request: &Request, moment: &Moment) {
    let first = |site: &Arc<Site>| request.runs(site, None, moment).ok()?.into_iter().next();
    for text in [
        r#"[{"id": 7, "name": "x", "email": null}, {"id": 7}, {"id": 8}]"#,
        r#"{"users": [{"id": 8}], "warnings": []}"#,
    ] {
        let (Some(mut one), Some(mut other)) = (first(site), first(&site.at_length())) else {
            return;
        };
        let (Next::Call(call), Next::Call(long)) = (one.start(), other.start()) else { return };
        assert_eq!(call.encoded(), long.encoded());
        assert_eq!(call.target.to_string(), long.target.to_string());
        assert_eq!(call.headers, long.headers);
        let part = Reply::read_for(call.wanted.as_deref(), (200, [], text.as_bytes()));
        let whole = Reply::read(200, &[], text.as_bytes());
        assert_eq!(told(one.next(Ok(part))), told(other.next(Ok(whole))));
    }
}

/// What came of a reply, as far as it can be compared.
fn told(next: Next) -> Result<Vec<Value>, String> {
    match next {
        Next::Call(call) => Err(call.target.to_string()),
        Next::Done(Err(failure)) => Err(format!("{:?} {}", failure.kind, failure.detail)),
        Next::Done(Ok(done)) => {
            Ok(done.resources().map(|it| Value::Object(it.attributes().clone())).collect())
        }
    }
}
