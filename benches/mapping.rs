//! What a mapping costs: compiled once, then a create lowered and a user lifted
//! for every request, beside what the JSON alone costs.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up should fail")]

use std::sync::Arc;

use divan::{Bencher, black_box};
use matricula::call::Reply;
use matricula::mapping::{Moment, Next, Plan, Request, Shelf, Shipped, Site, Source};
use serde_json::{Map, Value, json};

fn main() {
    divan::main();
}

fn plan() -> Arc<Plan> {
    let text = Shipped.text("moodle").unwrap();
    Arc::new(Source::read("moodle.toml", &text, &Shipped).and_then(|it| it.compile()).unwrap())
}

fn site() -> Arc<Site> {
    let settings = json!({"base_url": "https://moodle.example", "token": "T", "auth": "oidc"});
    plan().settle(settings.as_object().unwrap()).unwrap()
}

fn moment() -> Moment {
    Moment { now: "2026-11-21T10:00:00Z".into(), lookups: Map::new() }
}

fn eva() -> Value {
    json!({
        "userName": "Eva.Smit@school.example", "externalId": "P-0042", "active": true,
        "name": {"givenName": "Eva", "familyName": "Smit"},
        "emails": [{"type": "work", "value": "eva.smit@school.example"}],
        "phoneNumbers": [{"type": "work", "value": "+31 20 1234567"}],
        "addresses": [{"type": "work", "locality": "Utrecht", "country": "NL"}],
        "preferredLanguage": "en",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "ICU"},
    })
}

/// A user as Moodle shows one: 600 bytes.
const SHOWN: &str = r#"[{"id": 11, "username": "eva.smit@school.example", "firstname": "Eva",
"lastname": "Smit", "fullname": "Eva Smit", "email": "eva.smit@school.example",
"department": "ICU", "institution": "School", "idnumber": "P-0042", "firstaccess": 0,
"lastaccess": 0, "auth": "oidc", "suspended": false, "confirmed": true, "lang": "en", "theme": "",
"timezone": "Europe/Amsterdam", "mailformat": 1, "city": "Utrecht", "country": "NL",
"profileimageurlsmall": "https://moodle.example/theme/image.php/boost/core/1/u/f2",
"profileimageurl": "https://moodle.example/theme/image.php/boost/core/1/u/f1"}]"#;

#[divan::bench]
fn compile_moodle(bencher: Bencher<'_, '_>) {
    let text = Shipped.text("moodle").unwrap();
    bencher.bench(|| {
        Source::read("moodle.toml", black_box(&text), &Shipped).and_then(|it| it.compile()).unwrap()
    });
}

#[divan::bench]
fn lower_a_create(bencher: Bencher<'_, '_>) {
    let site = site();
    let request = Request::read(&site.plan, "POST /Users", Some(eva())).unwrap();
    bencher.bench(|| {
        let mut run = request.runs(&site, None, &moment()).unwrap().remove(0);
        run.start()
    });
}

#[divan::bench]
fn lower_and_encode_a_create(bencher: Bencher<'_, '_>) {
    let site = site();
    let request = Request::read(&site.plan, "POST /Users", Some(eva())).unwrap();
    bencher.bench(|| {
        let mut run = request.runs(&site, None, &moment()).unwrap().remove(0);
        let Next::Call(call) = run.start() else { return None };
        call.encoded().unwrap()
    });
}

#[divan::bench]
fn ask_and_lift_a_user(bencher: Bencher<'_, '_>) {
    let site = site();
    let request = Request::read(&site.plan, "GET /Users/11", None).unwrap();
    let reply = Reply::read(200, &[], SHOWN.as_bytes());
    bencher.bench(|| {
        let mut run = request.runs(&site, None, &moment()).unwrap().remove(0);
        run.start();
        run.next(Ok(black_box(reply.clone())))
    });
}

/// Each further user of a list, without the JSON.
#[divan::bench]
fn lift_a_hundred_users(bencher: Bencher<'_, '_>) {
    let site = site();
    let request = Request::read(&site.plan, "GET /Users", None).unwrap();
    let one: Value = serde_json::from_str(SHOWN).unwrap();
    let many: Vec<Value> = (0..100)
        .map(|id| {
            let mut user = one.get(0).unwrap().clone();
            user.as_object_mut().unwrap().insert("id".into(), json!(id + 10));
            user
        })
        .collect();
    let reply = Reply::json(200, json!({"users": many}));
    bencher.bench(|| {
        let mut run = request.runs(&site, None, &moment()).unwrap().remove(0);
        run.start();
        run.next(Ok(black_box(reply.clone())))
    });
}

#[divan::bench]
fn yardstick_parse_the_same_json(bencher: Bencher<'_, '_>) {
    bencher.bench(|| serde_json::from_str::<Value>(black_box(SHOWN)).unwrap());
}
