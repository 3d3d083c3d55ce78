//! Moodle from both sides: what a person comes to when it is written, what the
//! site shows of that, and how the mapping reads it back.

use std::sync::Arc;

use matricula::call::Reply;
use matricula::mapping::{Moment, Next, Picture, Request, Site};
use matricula::scim::{Kind, Operation, Resource};
use serde_json::{Map, Value, json};

use super::support::shipped;

pub(super) fn moodle(more: &Value) -> Arc<Site> {
    site("mappings/moodle.toml", more)
}

pub(super) fn site(path: &str, more: &Value) -> Arc<Site> {
    let mut settings = Map::new();
    settings.insert("base_url".into(), json!("https://lms.example"));
    settings.insert("token".into(), json!("T"));
    settings.extend(more.as_object().cloned().unwrap_or_default());
    shipped(path).settle(&settings).unwrap()
}

pub(super) fn moment() -> Moment {
    Moment { now: "2026-11-21T10:00:00Z".into(), lookups: Map::new() }
}

/// A body as the gateway keeps it: schema spelling, without the password.
pub(super) fn sent(site: &Site, body: &Value) -> Resource {
    let create = Request::read(&site.plan, "POST /Users", Some(body.clone())).unwrap();
    let Request::Write(Operation::Create(resource)) = create else { panic!("a POST creates") };
    let mut attributes = resource.into_attributes();
    attributes.remove("password");
    Resource::from_attributes(Kind::User, attributes)
}

/// What the mapping makes of an object in a list, as Moodle shows one.
pub(super) fn picture(site: &Arc<Site>, object: &Value) -> Picture {
    read(site, object, &json!([object]))
}

/// The same from a bare object; whatever else is asked has no answer in it.
pub(super) fn lifted(site: &Arc<Site>, object: &Value) -> Picture {
    read(site, object, object)
}

fn read(site: &Arc<Site>, object: &Value, reply: &Value) -> Picture {
    let id = object["id"].as_u64().unwrap();
    let request = Request::read(&site.plan, &format!("GET /Users/{id}"), None).unwrap();
    let mut run = request.runs(site, None, &moment()).unwrap().remove(0);
    let mut next = run.start();
    loop {
        match next {
            Next::Call(call) => {
                // Nobody has a role.
                let roles = call.target.path() == "/roles";
                let reply = if roles { json!([]) } else { reply.clone() };
                next = run.next(Ok(Reply::json(200, reply)));
            }
            Next::Done(done) => return done.unwrap().pictures.remove(0),
        }
    }
}

/// The answer for a person whom the LMS shows so.
pub(super) fn answer(site: &Arc<Site>, sent: &Resource, object: &Value) -> Value {
    Value::Object(
        site.blend(sent, &picture(site, object), &moment()).into_resource().into_attributes(),
    )
}

/// What a Moodle site would show of a person that is created now: worked out
/// from the calls that are made, without the mapping's way back.
pub(super) fn stored(site: &Arc<Site>, resource: &Resource) -> Value {
    let operation = Operation::Create(resource.clone());
    let mut run = site.write(&operation, None, &moment()).unwrap();
    let mut fields = Map::new();
    let mut next = run.start();
    loop {
        match next {
            Next::Done(done) => {
                done.unwrap_or_else(|failure| panic!("{failure}"));
                break;
            }
            Next::Call(call) => {
                let record = call.body.as_ref().and_then(|body| body.pointer("/users/0"));
                fields.extend(record.and_then(Value::as_object).unwrap().clone());
                next = run.next(Ok(Reply::json(200, json!([{"id": 11, "username": "x"}]))));
            }
        }
    }
    shown(fields)
}

/// How Moodle shows what was written: nothing of what is empty, but for the
/// department; a time zone, a language, a display name of its own making.
fn shown(mut fields: Map<String, Value>) -> Value {
    for hidden in ["password", "createpassword", "middlename", "alternatename"] {
        fields.remove(hidden);
    }
    fields.retain(|_, value| !value.is_null() && value != "");
    let name = |field: &str| fields.get(field).and_then(Value::as_str).unwrap_or_default();
    let full = format!("{} {}", name("firstname"), name("lastname"));
    let mut object = json!({
        "id": 11, "fullname": full, "department": "", "lang": "en", "timezone": "99",
        "suspended": false, "confirmed": true, "firstaccess": 0, "theme": "",
    });
    fields.insert("id".into(), json!(11));
    object.as_object_mut().unwrap().extend(fields);
    object
}
