//! What a mapping costs: compiled once, then a create lowered and a user lifted
//! for every request, beside what the JSON alone costs.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up should fail")]

use std::sync::Arc;

use divan::{Bencher, black_box};
use matricula::call::Reply;
use matricula::mapping::{
    Moment, Next, Picture, Plan, Query, Request, Shelf, Shipped, Site, Source,
};
use matricula::scim::{Dates, ETag, Kind, Pairs, Resource, Written};
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
    bencher.with_inputs(|| reply.clone()).bench_values(|reply| {
        let mut run = request.runs(&site, None, &moment()).unwrap().remove(0);
        run.start();
        run.next(Ok(black_box(reply)))
    });
}

#[divan::bench]
fn judge_a_reply(bencher: Bencher<'_, '_>) {
    let site = site();
    let request = Request::read(&site.plan, "GET /Users/11", None).unwrap();
    let headers = [("content-type", "application/json"), ("server", "nginx"), ("date", "today")];
    let reply = Reply::read(200, &headers, SHOWN.as_bytes());
    let mut run = request.runs(&site, None, &moment()).unwrap().remove(0);
    run.start();
    bencher.bench_local(|| run.judge(black_box(&reply)));
}

/// A list of a hundred users, as bytes.
fn hundred() -> Vec<u8> {
    let one: Value = serde_json::from_str(SHOWN).unwrap();
    let user = |id| {
        let mut user = one.get(0).unwrap().clone();
        user.as_object_mut().unwrap().insert("id".into(), json!(id + 10));
        user
    };
    json!({"users": (0..100).map(user).collect::<Vec<_>>()}).to_string().into_bytes()
}

/// What the list holds.
fn pictures(site: &Arc<Site>, reply: Reply) -> Vec<Picture> {
    let mut run = site.find(Kind::User, &Query::default(), &moment()).unwrap().remove(0);
    run.start();
    match run.next(Ok(reply)) {
        Next::Done(done) => done.unwrap().pictures,
        Next::Call(_) => Vec::new(),
    }
}

/// How a client wrote each of them.
fn sent() -> Resource {
    let mut eva = eva();
    let parts = eva.as_object_mut().unwrap();
    parts.insert("displayName".into(), json!("Smit, Eva (ICU)"));
    parts.insert("title".into(), json!("Nurse"));
    parts.insert(
        "emails".into(),
        json!([{"type": "work", "primary": true, "value": "eva.smit@school.example"}]),
    );
    Resource::from_attributes(Kind::User, parts.clone())
}

fn blended<'a>(site: &Site, sent: &'a Resource, shown: &'a [Picture]) -> Vec<Pairs<'a>> {
    let moment = moment();
    shown.iter().map(|picture| site.blend(sent, picture, &moment)).collect()
}

fn written(site: &Site, sent: &Resource, shown: &[Picture]) -> Vec<(Written, ETag)> {
    let kind = site.plan.kinds_of(Kind::User).next().unwrap();
    let known = (Some((sent, 1)), Dates::default());
    let all = blended(site, sent, shown);
    all.iter().map(|pairs| Written::told(pairs, &kind.resource_type, known)).collect()
}

#[divan::bench]
fn hundred_users_parsed(bencher: Bencher<'_, '_>) {
    let bytes = hundred();
    bencher.bench(|| Reply::read(200, &[], black_box(&bytes)));
}

#[divan::bench]
fn hundred_users_lifted(bencher: Bencher<'_, '_>) {
    let site = site();
    let reply = Reply::read(200, &[], &hundred());
    bencher.with_inputs(|| reply.clone()).bench_values(|reply| pictures(&site, reply));
}

#[divan::bench]
fn hundred_users_blended(bencher: Bencher<'_, '_>) {
    let site = site();
    let (sent, shown) = (sent(), pictures(&site, Reply::read(200, &[], &hundred())));
    bencher.bench(|| blended(&site, &sent, black_box(&shown)));
}

#[divan::bench]
fn hundred_users_written(bencher: Bencher<'_, '_>) {
    let site = site();
    let (sent, shown) = (sent(), pictures(&site, Reply::read(200, &[], &hundred())));
    bencher.bench(|| written(&site, &sent, black_box(&shown)));
}

/// All of it, from the LMS's bytes to the client's.
#[divan::bench]
fn hundred_users_in_and_out(bencher: Bencher<'_, '_>) {
    let site = site();
    let (bytes, sent) = (hundred(), sent());
    bencher.bench(|| {
        let shown = pictures(&site, Reply::read(200, &[], black_box(&bytes)));
        written(&site, &sent, &shown)
    });
}

#[divan::bench]
fn echo_of_a_user(bencher: Bencher<'_, '_>) {
    let (site, sent, moment) = (site(), sent(), moment());
    bencher.bench(|| site.echo(black_box(&sent), &moment));
}

#[divan::bench]
fn yardstick_parse_the_same_json(bencher: Bencher<'_, '_>) {
    bencher.bench(|| serde_json::from_str::<Value>(black_box(SHOWN)).unwrap());
}
