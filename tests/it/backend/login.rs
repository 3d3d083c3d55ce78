//! Sessions: opened once for all, renewed once, kept before use.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::support::{
    Act, Asked, Gateway, Lms, create, fine, gateway, json, raw, read_call, settings,
};
use matricula::backend::{
    Access, ClientProof, Grant, GrantKind, Kept, Session, State, Vault, VaultError,
};
use matricula::call::{Failure, Kind, Method, Reply, Retry, Safety};
use matricula::secret::Secret;
use serde_json::{Value, json};
use tokio::time::{Instant, advance};

fn grant(kind: GrantKind) -> Grant {
    Grant {
        backend: Arc::from("main"),
        path: "/token".into(),
        client: "us".into(),
        secret: Secret::new("s&cret"),
        proof: ClientProof::Basic,
        kind,
        fields: vec![("scope".into(), "users".into())],
        scheme: "Bearer".into(),
    }
}

pub(super) fn session(kind: GrantKind) -> Session {
    Session::new(Arc::new(grant(kind)))
}

/// An LMS that gives out tokens t1, t2 … and takes only the newest.
fn issuing(answer: impl Fn(usize) -> Value + Send + Sync + 'static) -> Lms {
    let newest = Mutex::new(0);
    Lms::new(move |asked: &Asked| {
        let mut newest = newest.lock().unwrap();
        if asked.path == "/base/token" {
            *newest += 1;
            return json(200, &answer(*newest));
        }
        let right = format!("Bearer t{newest}");
        if asked.header("authorization") == Some(right) { fine() } else { expired() }
    })
}

fn expired() -> Act {
    json(200, &json!({ "error": "expired" }))
}

fn token(number: usize) -> Value {
    json!({ "access_token": format!("t{number}"), "expires_in": 3600 })
}

async fn together(gateway: &Gateway, calls: usize) -> Vec<Result<Reply, Failure>> {
    let calls = (0..calls).map(|_| {
        let gateway = gateway.clone();
        tokio::spawn(async move { gateway.call(&read_call()).await })
    });
    let mut outcomes = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        outcomes.push(call.await.unwrap());
    }
    outcomes
}

#[tokio::test(start_paused = true)]
async fn fixed_credentials_are_shown_in_every_call() {
    let bearer = Access::bearer(&Secret::new("abc"));
    let basic = Access::basic("key", &Secret::new(""));
    for (access, shown) in [(bearer, "Bearer abc"), (basic, "Basic a2V5Og==")] {
        let lms = Lms::saying(vec![fine()]);
        gateway(&lms, &settings(), access).call(&read_call()).await.unwrap();
        assert_eq!(lms.asked()[0].header("authorization").unwrap(), shown);
    }
}

#[tokio::test(start_paused = true)]
async fn a_fixed_credential_that_is_refused_is_not_tried_again() {
    let lms = Lms::saying(vec![expired()]);
    let access = Access::bearer(&Secret::new("abc"));
    let failure = gateway(&lms, &settings(), access).call(&read_call()).await.unwrap_err();
    assert_eq!((failure.kind, lms.count()), (Kind::Login, 1));
}

#[tokio::test(start_paused = true)]
async fn the_first_call_logs_in_and_the_next_ones_do_not() {
    let lms = issuing(token);
    let gateway = gateway(&lms, &settings(), Access::Session(session(GrantKind::Client)));
    for _ in 0..3 {
        gateway.call(&read_call()).await.unwrap();
    }
    assert_eq!(lms.count_of("/base/token"), 1);
    let asked = &lms.asked()[0];
    assert_eq!(asked.body, "grant_type=client_credentials&scope=users");
    assert_eq!(asked.header("authorization").unwrap(), "Basic dXM6cyUyNmNyZXQ=");
}

#[tokio::test(start_paused = true)]
async fn fifty_calls_that_find_the_login_over_make_one_new_one() {
    let lms = issuing(token);
    let gateway = gateway(&lms, &settings(), Access::Session(session(GrantKind::Client)));
    gateway.call(&read_call()).await.unwrap();
    // Somebody else logs in, which ends our session.
    let other = gateway.clone();
    let steal = super::support::call_to(Method::Post, "/token", Safety::Once);
    other.call(&steal).await.unwrap();
    let before = lms.count_of("/base/token");
    for outcome in together(&gateway, 50).await {
        outcome.unwrap();
    }
    assert_eq!(lms.count_of("/base/token") - before, 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_before_it_ends() {
    let lms = issuing(token);
    let gateway = gateway(&lms, &settings(), Access::Session(session(GrantKind::Client)));
    gateway.call(&read_call()).await.unwrap();
    advance(Duration::from_secs(3600 - 61)).await;
    gateway.call(&read_call()).await.unwrap();
    assert_eq!(lms.count_of("/base/token"), 1);
    advance(Duration::from_secs(2)).await;
    gateway.call(&read_call()).await.unwrap();
    assert_eq!(lms.count_of("/base/token"), 2);
    assert_eq!(lms.count(), 5, "nothing was refused on the way");
}

#[tokio::test(start_paused = true)]
async fn idleness_ends_a_session_only_where_it_is_idle() {
    let lms = issuing(|number| json!({ "access_token": format!("t{number}"), "expires_in": 600 }));
    let mut idle = session(GrantKind::Client);
    idle.idle = true;
    let gateway = gateway(&lms, &settings(), Access::Session(idle));
    for _ in 0..10 {
        gateway.call(&read_call()).await.unwrap();
        advance(Duration::from_secs(500)).await;
    }
    assert_eq!(lms.count_of("/base/token"), 1);
    advance(Duration::from_mins(10)).await;
    gateway.call(&read_call()).await.unwrap();
    assert_eq!(lms.count_of("/base/token"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_create_refused_for_its_login_is_sent_once_more_after_a_new_one() {
    let lms = Lms::saying(vec![json(200, &token(1)), expired(), json(200, &token(2)), fine()]);
    let gateway = gateway(&lms, &settings(), Access::Session(session(GrantKind::Client)));
    gateway.call(&create()).await.unwrap();
    let paths: Vec<_> = lms.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths, ["/base/token", "/base/users", "/base/token", "/base/users"]);
}

#[tokio::test(start_paused = true)]
async fn a_second_refusal_is_a_failure_and_no_circle() {
    let lms = Lms::new(|asked| match asked.path.as_str() {
        "/base/token" => json(200, &token(1)),
        _ => expired(),
    });
    let gateway = gateway(&lms, &settings(), Access::Session(session(GrantKind::Client)));
    let failure = gateway.call(&read_call()).await.unwrap_err();
    assert_eq!(failure.kind, Kind::Login);
    assert_eq!((lms.count_of("/base/token"), lms.count()), (2, 4));
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_is_told_to_all_and_not_hammered() {
    let lms = Lms::saying(vec![json(400, &json!({ "error": "invalid_client" }))]);
    let gateway = gateway(&lms, &settings(), Access::Session(session(GrantKind::Client)));
    for outcome in together(&gateway, 50).await {
        let failure = outcome.unwrap_err();
        assert_eq!((failure.kind, failure.retry), (Kind::Login, Retry::Never));
    }
    assert_eq!(lms.count(), 1, "more would lock the account out");
    advance(Duration::from_secs(31)).await;
    gateway.call(&read_call()).await.unwrap_err();
    assert_eq!(lms.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_met_an_outage_is_tried_again_even_for_a_create() {
    let lms = Lms::saying(vec![json(503, &json!({})), json(200, &token(1)), fine()]);
    let gateway = gateway(&lms, &settings(), Access::Session(session(GrantKind::Client)));
    let mut outcome = gateway.call(&create()).await;
    if outcome.is_err() {
        advance(Duration::from_secs(2)).await;
        outcome = gateway.call(&create()).await;
    }
    outcome.unwrap();
    assert_eq!(lms.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_refused_refresh_falls_back_to_the_password() {
    let refused = json(400, &json!({ "error": "invalid_grant" }));
    let first = json!({ "access_token": "t1", "refresh_token": "r1", "expires_in": 100 });
    let lms = Lms::saying(vec![json(200, &first), fine(), refused, json(200, &token(2)), fine()]);
    let kind = GrantKind::Password { user: "us".into(), password: Secret::new("p w") };
    let gateway = gateway(&lms, &settings(), Access::Session(session(kind)));
    gateway.call(&read_call()).await.unwrap();
    advance(Duration::from_secs(100)).await;
    gateway.call(&read_call()).await.unwrap();
    let asked = lms.asked();
    assert_eq!(asked[0].body, "grant_type=password&password=p%20w&scope=users&username=us");
    assert_eq!(asked[2].body, "grant_type=refresh_token&refresh_token=r1&scope=users");
    assert!(asked[3].body.starts_with("grant_type=password"));
}

/// A vault in memory, which fails while it is told to.
#[derive(Clone, Default)]
pub(super) struct Memory(pub(super) Arc<Mutex<(Option<Value>, usize)>>);

impl Vault for Memory {
    fn load(&self) -> Kept<Option<Value>> {
        let kept = self.0.lock().unwrap().0.clone();
        Box::pin(async move { Ok(kept) })
    }

    fn keep(&self, part: Value) -> Kept<()> {
        let mut state = self.0.lock().unwrap();
        let fails = state.1 > 0;
        if fails {
            state.1 -= 1;
        } else {
            state.0 = Some(part);
        }
        Box::pin(async move { if fails { Err(VaultError("disk full".into())) } else { Ok(()) } })
    }
}

fn rotating(vault: &Memory) -> Session {
    let mut session = session(GrantKind::Refresh(Secret::new("r0")));
    session.durable = vec!["refresh_token".into()];
    session.vault = Some(Arc::new(vault.clone()));
    session
}

fn rotated(number: usize) -> Value {
    let (access, refresh) = (format!("t{number}"), format!("r{number}"));
    json!({ "access_token": access, "refresh_token": refresh, "expires_in": 600 })
}

#[tokio::test(start_paused = true)]
async fn a_rotated_refresh_token_is_kept_before_the_session_is_used() {
    let vault = Memory::default();
    let seen = vault.clone();
    let lms = Lms::new(move |asked| {
        if asked.path == "/base/token" {
            return json(200, &rotated(1 + asked.number));
        }
        assert_eq!(seen.0.lock().unwrap().0, Some(json!({ "refresh_token": "r1" })));
        fine()
    });
    let first = gateway(&lms, &settings(), Access::Session(rotating(&vault)));
    first.call(&read_call()).await.unwrap();
    // After a crash, the vault's token is used and not the one from the file.
    let lms = issuing(rotated);
    let second = gateway(&lms, &settings(), Access::Session(rotating(&vault)));
    second.call(&read_call()).await.unwrap();
    assert!(lms.asked()[0].body.contains("refresh_token=r1"));
}

/// Two processes, one LMS that takes only the newest session: they do not throw each
/// other out.
#[tokio::test(start_paused = true)]
async fn an_exclusive_session_is_opened_once_for_all_processes() {
    let vault = Memory::default();
    let lms = issuing(token);
    let process = || {
        let mut session = session(GrantKind::Client);
        session.exclusive = true;
        session.vault = Some(Arc::new(vault.clone()));
        gateway(&lms, &settings(), Access::Session(session))
    };
    let (one, two) = (process(), process());
    for _ in 0..3 {
        one.call(&read_call()).await.unwrap();
        two.call(&read_call()).await.unwrap();
    }
    assert_eq!(lms.count_of("/base/token"), 1);
    // One finds a session that has ended, and opens the next; the others find that.
    vault.0.lock().unwrap().0 = Some(token(0));
    process().call(&read_call()).await.unwrap();
    one.call(&read_call()).await.unwrap();
    two.call(&read_call()).await.unwrap();
    assert_eq!(lms.count_of("/base/token"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_cannot_be_kept_is_not_used_and_not_thrown_away() {
    let vault = Memory::default();
    vault.0.lock().unwrap().1 = 1;
    let lms = issuing(rotated);
    let mut settings = settings();
    settings.breaker.failures = 1;
    let gateway = gateway(&lms, &settings, Access::Session(rotating(&vault)));
    let failure = gateway.call(&read_call()).await.unwrap_err();
    assert_eq!((failure.kind, failure.lost), (Kind::Unavailable, false));
    assert_eq!(lms.count(), 1, "only the login");
    assert_eq!(gateway.backend.health().breaker, State::Closed, "our trouble, not the LMS's");
    advance(Duration::from_secs(2)).await;
    gateway.call(&read_call()).await.unwrap();
    assert_eq!(lms.count_of("/base/token"), 1, "its refresh token is the only good one");
    assert_eq!(vault.0.lock().unwrap().0, Some(json!({ "refresh_token": "r1" })));
}

/// An LMS that knows no refresh token but this one.
fn granting_for(refresh: &'static str) -> Lms {
    Lms::new(move |asked: &Asked| {
        if asked.path != "/base/token" {
            return fine();
        }
        let known = asked.body.contains(&format!("refresh_token={refresh}&"));
        if known { json(200, &rotated(1)) } else { json(400, &json!({ "error": "invalid_grant" })) }
    })
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_that_was_granted_once_more_is_used() {
    let vault = Memory::default();
    vault.0.lock().unwrap().0 = Some(json!({ "refresh_token": "dead" }));
    let lms = granting_for("r0");
    let gateway = gateway(&lms, &settings(), Access::Session(rotating(&vault)));
    gateway.call(&read_call()).await.unwrap();
    let asked = lms.asked();
    assert!(asked[0].body.contains("refresh_token=dead"), "what was kept goes first");
    assert_eq!(lms.count_of("/base/token"), 2);
    assert_eq!(vault.0.lock().unwrap().0, Some(json!({ "refresh_token": "r1" })));
}

#[tokio::test(start_paused = true)]
async fn what_was_refused_is_not_shown_once_more() {
    let password = || GrantKind::Password { user: "us".into(), password: Secret::new("p") };
    let refresh = || GrantKind::Refresh(Secret::new("dead"));
    for (kind, logins) in [(password(), 2), (refresh(), 1), (GrantKind::Client, 2)] {
        let vault = Memory::default();
        vault.0.lock().unwrap().0 = Some(json!({ "refresh_token": "dead" }));
        let lms = granting_for("another");
        let mut session = session(kind);
        session.vault = Some(Arc::new(vault.clone()));
        let gateway = gateway(&lms, &settings(), Access::Session(session));
        assert_eq!(gateway.call(&read_call()).await.unwrap_err().kind, Kind::Login);
        assert_eq!(lms.count(), logins, "{:#?}", lms.asked());
    }
}

/// A server that means "for ever" and says so in numbers.
#[tokio::test(start_paused = true)]
async fn a_session_that_lives_for_ever_is_used() {
    let lms = issuing(|_| json!({ "access_token": "t1", "expires_in": i64::MAX }));
    let gateway = gateway(&lms, &settings(), Access::Session(session(GrantKind::Client)));
    for _ in 0..2 {
        gateway.call(&read_call()).await.unwrap();
    }
    assert_eq!(lms.count_of("/base/token"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_leaves_does_not_tear_a_login() {
    let vault = Memory::default();
    let late = Act::Late(
        Duration::from_secs(3),
        raw(200, "Content-Type: application/json\r\n", &rotated(1).to_string()),
    );
    let lms = Lms::saying(vec![late, fine()]);
    let gateway = gateway(&lms, &settings(), Access::Session(rotating(&vault)));
    let caller = tokio::spawn({
        let gateway = gateway.clone();
        async move { gateway.call(&read_call()).await }
    });
    while lms.count() == 0 {
        tokio::task::yield_now().await;
    }
    caller.abort();
    assert!(caller.await.is_err());
    let start = Instant::now();
    gateway.call(&read_call()).await.unwrap();
    assert_eq!(lms.count_of("/base/token"), 1);
    assert!(start.elapsed() <= Duration::from_secs(4));
    assert_eq!(vault.0.lock().unwrap().0, Some(json!({ "refresh_token": "r1" })));
}

#[tokio::test(start_paused = true)]
async fn a_token_host_of_its_own_is_asked_for_tokens() {
    let tokens = issuing(token);
    let lms = Lms::saying(vec![fine()]);
    let mut grant = grant(GrantKind::Client);
    grant.backend = Arc::from("tokens");
    let mut session = Session::new(Arc::new(grant));
    let host = gateway(&tokens, &settings(), Access::Open);
    session.elsewhere = vec![(Arc::from("tokens"), host.backend)];
    gateway(&lms, &settings(), Access::Session(session)).call(&read_call()).await.unwrap();
    assert_eq!((tokens.count(), lms.count()), (1, 1));
    assert_eq!(lms.asked()[0].header("authorization").unwrap(), "Bearer t1");
}
