//! The backend under real mappings: their logins are the sessions, and their
//! rules the judges. What stands here is all that has to lie between the two.

use std::sync::Arc;
use std::time::Duration;

use super::login::Memory;
use super::support::{Act, Lms, gateway, json, raw, settings};
use jiff::Timestamp;
use matricula::backend::{Access, Backend, Conversation, Errand, Login, Next, Session};
use matricula::call::{Call, Failure, Kind, Reply};
use matricula::mapping::{self, Done, Moment, Run, Shelf, Site, Source, Want};
use matricula::scim;
use serde_json::{Map, Value, json};
use tokio::time::advance;

struct Alone;

impl Shelf for Alone {
    fn text(&self, _: &str) -> Option<String> {
        None
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

fn site(text: &str, settings: &Value) -> Arc<Site> {
    let source = Source::read("scenario", text, &Alone).unwrap();
    let plan = Arc::new(source.compile().unwrap());
    plan.settle(settings.as_object().unwrap()).unwrap()
}

fn moment() -> Moment {
    Moment { now: "2026-11-21T12:00:00Z".into(), lookups: Map::new() }
}

/// A mapping's login.
struct Mapped(Arc<Site>);

struct Running(Run);

impl Login for Mapped {
    fn begin(&self, last: &Value, _: Timestamp) -> Box<dyn Conversation> {
        Box::new(Running(self.0.login("main", last, &moment()).unwrap()))
    }

    fn show(&self, call: &mut Call, session: &Value) -> Result<(), Failure> {
        self.0.sign(call, session)
    }

    fn life(&self, session: &Value) -> Option<Duration> {
        self.0.session_life("main", session).map(Duration::from_secs)
    }
}

impl Conversation for Running {
    fn next(&mut self, reply: Option<Result<Reply, Failure>>) -> Next {
        let next = match reply {
            None => self.0.start(),
            Some(reply) => self.0.next(reply),
        };
        match next {
            mapping::Next::Call(call) => Next::Call(call),
            mapping::Next::Done(Ok(done)) => Next::Done(Ok(Value::Object(done.session))),
            mapping::Next::Done(Err(failure)) => Next::Done(Err(failure)),
        }
    }
}

/// Reads a person, as the use cases will.
async fn read(site: &Arc<Site>, backend: &Backend, id: &str) -> Result<Box<Done>, Failure> {
    let id = scim::ResourceId::parse(id).unwrap();
    let mut run = site.get(scim::Kind::User, &id, Want::All, &moment())?;
    let mut next = run.start();
    loop {
        match next {
            mapping::Next::Done(outcome) => return outcome,
            mapping::Next::Call(call) => {
                let judge = |reply: &Reply| run.judge(reply);
                let errand = Errand { operation: "user.get", judge: &judge, until: None };
                let reply = backend.call(&call, &errand).await;
                next = run.next(reply);
            }
        }
    }
}

fn kolibri() -> Lms {
    Lms::new(|asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", "/base/session/") => {
            Act::Say(raw(200, "Set-Cookie: kolibri_csrftoken=c1; Path=/\r\n", "{}"))
        }
        ("POST", "/base/session/") => {
            assert_eq!(asked.header("x-csrftoken").unwrap(), "c1");
            assert_eq!(asked.header("cookie").unwrap(), "kolibri_csrftoken=c1");
            let cookies =
                "Set-Cookie: kolibri=s1; HttpOnly\r\nSet-Cookie: kolibri_csrftoken=c2\r\n";
            Act::Say(raw(200, cookies, "{}"))
        }
        _ => {
            assert_eq!(asked.header("cookie").unwrap(), "kolibri=s1; kolibri_csrftoken=c2");
            assert_eq!(asked.header("x-csrftoken").unwrap(), "c2");
            json(200, &json!({ "id": "abc", "username": "eva", "full_name": "Eva Smit" }))
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a_cookie_session_with_csrf_is_opened_and_shown_as_the_mapping_says() {
    let text = include_str!("../mapping/scenarios/21-kolibri.toml");
    let names = ["base_url", "facility", "username", "password"];
    let given: Map<_, _> = names.iter().map(|name| ((*name).to_owned(), json!("x"))).collect();
    let site = site(text, &Value::Object(given));
    let lms = kolibri();
    let access = Access::Session(Session::new(Arc::new(Mapped(Arc::clone(&site)))));
    let gateway = gateway(&lms, &settings(), access);
    for _ in 0..2 {
        assert_eq!(read(&site, &gateway.backend, "abc").await.unwrap().pictures.len(), 1);
    }
    assert_eq!((lms.count_of("/base/session/"), lms.count()), (2, 4));
}

#[tokio::test(start_paused = true)]
async fn a_single_use_refresh_token_goes_to_its_own_host_and_into_the_vault() {
    let text = include_str!("../mapping/scenarios/13-brightspace-refresh.toml");
    let names = ["base_url", "client_id", "client_secret", "refresh_token"];
    let given: Map<_, _> = names.iter().map(|name| ((*name).to_owned(), json!("r0"))).collect();
    let site = site(text, &Value::Object(given));
    let tokens = Lms::new(|asked| {
        let number = asked.number;
        assert!(asked.body.contains(&format!("refresh_token=r{number}")), "{}", asked.body);
        let (token, refresh) = (format!("t{number}"), format!("r{}", number + 1));
        json(200, &json!({ "access_token": token, "refresh_token": refresh, "expires_in": 600 }))
    });
    let host = gateway(&tokens, &settings(), Access::Open);
    let vault = Memory::default();
    let mut session = Session::new(Arc::new(Mapped(Arc::clone(&site))));
    session.durable = vec!["refresh".into()];
    session.vault = Some(Arc::new(vault.clone()));
    session.elsewhere = vec![(Arc::from("auth"), host.backend)];
    let lms = Lms::saying(vec![json(200, &json!({ "UserId": 7, "UserName": "eva" }))]);
    let gateway = gateway(&lms, &settings(), Access::Session(session));
    read(&site, &gateway.backend, "7").await.unwrap();
    advance(Duration::from_mins(10)).await;
    read(&site, &gateway.backend, "7").await.unwrap();
    assert_eq!(vault.0.lock().unwrap().0, Some(json!({ "refresh": "r2" })));
    let shown = |asked: &super::support::Asked| asked.header("authorization").unwrap();
    let shown: Vec<_> = lms.asked().iter().map(shown).collect();
    assert_eq!(shown, ["Bearer t0", "Bearer t1"]);
}

#[tokio::test(start_paused = true)]
async fn a_mapping_s_refresh_token_that_was_granted_once_more_is_used() {
    let text = include_str!("../mapping/scenarios/13-brightspace-refresh.toml");
    let names = ["base_url", "client_id", "client_secret", "refresh_token"];
    let given: Map<_, _> = names.iter().map(|name| ((*name).to_owned(), json!("anew"))).collect();
    let site = site(text, &Value::Object(given));
    let tokens = Lms::new(|asked| {
        if asked.body.contains("refresh_token=anew") {
            let new = json!({ "access_token": "t1", "refresh_token": "r1", "expires_in": 600 });
            return json(200, &new);
        }
        json(400, &json!({ "error": "invalid_grant" }))
    });
    let host = gateway(&tokens, &settings(), Access::Open);
    let vault = Memory::default();
    let dead = json!({ "token": "t0", "refresh": "dead", "seconds": 600 });
    vault.0.lock().unwrap().0 = Some(dead);
    let mut session = Session::new(Arc::new(Mapped(Arc::clone(&site))));
    session.durable = vec!["refresh".into()];
    session.exclusive = true;
    session.vault = Some(Arc::new(vault.clone()));
    session.elsewhere = vec![(Arc::from("auth"), host.backend)];
    let lms = Lms::new(|asked| match asked.header("authorization").as_deref() {
        Some("Bearer t1") => json(200, &json!({ "UserId": 7, "UserName": "eva" })),
        _ => json(401, &json!({})),
    });
    let gateway = gateway(&lms, &settings(), Access::Session(session));
    read(&site, &gateway.backend, "7").await.unwrap();
    assert_eq!(tokens.count(), 2, "what was kept, and what was granted");
    assert_eq!(vault.0.lock().unwrap().0.as_ref().unwrap()["refresh"], "r1");
}

#[tokio::test(start_paused = true)]
async fn a_mapping_s_own_rules_decide_what_is_tried_again() {
    let text = include_str!("../../../mappings/moodle.toml");
    let site = site(text, &json!({ "base_url": "http://lms.test", "token": "t" }));
    let down =
        json(200, &json!({ "exception": "x", "errorcode": "sitemaintenance", "message": "" }));
    let nobody = json(200, &json!([]));
    let lms = Lms::saying(vec![down.clone(), down, nobody]);
    let gateway = gateway(&lms, &settings(), Access::Open);
    let failure = read(&site, &gateway.backend, "7").await.unwrap_err();
    assert_eq!((failure.kind, lms.count()), (Kind::Missing, 3));
}
