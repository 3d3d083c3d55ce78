//! Who may speak, from where, and what becomes of those who may not.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use matricula::clock::Clock;
use matricula::scim::Kind;
use matricula::server::{Body, Peer, Service};
use matricula::store::{Scope, Token, mint, network};
use prometheus::proto::LabelPair;
use tokio::time::Instant;
use tower::ServiceExt;

use super::{Answer, House, Options};

/// Makes a token that the store knows; its number, and what the client shows.
async fn issue(house: &Options, change: impl FnOnce(&mut Token)) -> (u64, String) {
    let secret = mint().unwrap();
    let digest = house.key.token(secret.expose());
    let mut token = Token {
        title: "entra".to_owned(),
        digest,
        scope: Scope::default(),
        expires: None,
        from: Vec::new(),
    };
    change(&mut token);
    let now = Clock::system().now();
    let id = house.issued.add(&"demo".into(), token, now).await.unwrap().unwrap();
    (id, secret.expose().to_owned())
}

async fn asked(house: &House, method: Method, path: &str, token: &str) -> Answer {
    let header = format!("Bearer {token}");
    house.send(method, path, None, &[("authorization", &header)]).await
}

fn detail(answer: &Answer) -> &str {
    answer.body["detail"].as_str().unwrap()
}

#[tokio::test]
async fn a_token_made_meanwhile_works_and_a_revoked_one_does_not() {
    let options = Options::default();
    let house = House::with(options.clone()).await;
    let (id, token) = issue(&options, |_| ()).await;
    assert_eq!(asked(&house, Method::GET, "/Users", &token).await.status, 200);
    options.issued.revoke(id, Clock::system().now()).await.unwrap();
    // The process looks twice a second.
    assert!(house.api.roll().refresh().await.unwrap());
    let refused = asked(&house, Method::GET, "/Users", &token).await;
    assert_eq!(refused.status, 401);
    assert!(detail(&refused).contains("revoked") && refused.header("www-authenticate").is_some());
}

#[tokio::test]
async fn a_token_of_another_tenant_or_of_another_key_is_not_known() {
    let options = Options::default();
    let house = House::with(options.clone()).await;
    let secret = mint().unwrap();
    let digest = options.key.token(secret.expose());
    let elsewhere = Token {
        title: "other".to_owned(),
        digest,
        scope: Scope::default(),
        expires: None,
        from: Vec::new(),
    };
    options.issued.add(&"other".into(), elsewhere, Clock::system().now()).await.unwrap();
    let refused = asked(&house, Method::GET, "/Users", secret.expose()).await;
    assert_eq!((refused.status, detail(&refused)), (401, "This token is not known here."));
}

#[tokio::test]
async fn what_is_wrong_with_a_token_is_told_to_who_has_it() {
    let options = Options::default();
    let house = House::with(options.clone()).await;
    let over = |token: &mut Token| token.expires = Some(Timestamp::UNIX_EPOCH);
    let (_, expired) = issue(&options, over).await;
    let (_, whole) = issue(&options, |_| ()).await;
    for (token, words) in [
        (expired.as_str(), "expired"),
        (&whole[..50], "not whole"),
        ("matricula_", "not whole"),
        ("mistaken", "not known"),
    ] {
        let refused = asked(&house, Method::GET, "/Users", token).await;
        assert_eq!(refused.status, 401);
        assert!(detail(&refused).contains(words), "{token}: {}", detail(&refused));
    }
}

#[tokio::test]
async fn a_token_does_what_its_scope_says() {
    let options = Options::default();
    let house = House::with(options.clone()).await;
    for (scope, users, groups, write) in [
        ("users", 200, 403, 400),
        ("groups", 403, 200, 403),
        ("users,groups,read-only", 200, 200, 403),
    ] {
        let (_, token) = issue(&options, |it| it.scope = Scope::parse(scope).unwrap()).await;
        let status = async |method, path| asked(&house, method, path, &token).await.status;
        assert_eq!(status(Method::GET, "/Users").await, users, "{scope}");
        assert_eq!(status(Method::GET, "/Groups").await, groups, "{scope}");
        assert_eq!(status(Method::POST, "/Users").await, write, "{scope}");
    }
    assert!(house.tenant.resource_type(Kind::Group).is_some());
}

#[tokio::test]
async fn the_last_use_is_noted_when_it_is_time_and_not_before() {
    let options = Options::default();
    let house = House::with(options.clone()).await;
    let (id, token) = issue(&options, |_| ()).await;
    asked(&house, Method::GET, "/Users", &token).await;
    let used =
        async || options.issued.all().await.unwrap().iter().find(|it| it.id == id).unwrap().used;
    assert_eq!(used().await, None);
    house.api.roll().note_uses().await.unwrap();
    let noted = used().await.unwrap();
    assert!(Clock::system().now().duration_since(noted).as_secs() < 60);
}

#[tokio::test]
async fn a_tenant_is_spoken_to_from_its_networks_alone() {
    for (from, status) in [("127.0.0.0/8", 200), ("::ffff:127.0.0.1", 200), ("10.0.0.0/8", 403)] {
        let from = vec![network(from).unwrap()];
        let house = House::with(Options { from, ..Options::default() }).await;
        let answer = house.get("/Users").await;
        assert_eq!(answer.status, status);
        if status == 403 {
            let words = detail(&answer);
            assert!(words.contains("127.0.0.1") && words.contains("`from`"), "{words}");
            assert_eq!(answer.body["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error");
        }
    }
}

#[tokio::test]
async fn a_token_is_used_from_its_networks_alone() {
    let options = Options::default();
    let house = House::with(options.clone()).await;
    let within = |text: &'static str| move |it: &mut Token| it.from.extend(network(text));
    let (_, inside) = issue(&options, within("127.0.0.0/8")).await;
    let (_, outside) = issue(&options, within("2001:db8::/32")).await;
    assert_eq!(asked(&house, Method::GET, "/Users", &inside).await.status, 200);
    let refused = asked(&house, Method::GET, "/Users", &outside).await;
    assert_eq!(refused.status, 403);
    assert!(detail(&refused).contains("`entra`"), "{}", detail(&refused));
}

#[tokio::test]
async fn who_may_not_speak_is_counted_by_tenant_and_reason() {
    let options = Options { from: vec![network("10.0.0.0/8").unwrap()], ..Options::default() };
    let house = House::with(options).await;
    house.get("/Users").await;
    let families = house.registry.gather();
    let family = families.iter().find(|it| it.name() == "matricula_access_denied_total").unwrap();
    let labels: Vec<_> = family.get_metric()[0].get_label().iter().map(LabelPair::value).collect();
    assert_eq!(labels, ["address", "demo"]);
}

/// One request as it comes from an address; its status, and how long that took.
async fn knock(service: &Service, address: &str, token: &str) -> (u16, Duration) {
    let mut request = http::Request::builder()
        .uri("/demo/scim/v2/ServiceProviderConfig")
        .header("host", "x")
        .header("authorization", format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap();
    let address = address.parse().unwrap();
    request.extensions_mut().insert(Peer { address, https: true, tls: None });
    let begun = Instant::now();
    let response = service.clone().oneshot(request).await.unwrap();
    (response.status().as_u16(), begun.elapsed())
}

#[tokio::test(start_paused = true)]
async fn whoever_guesses_waits_and_the_right_token_never_does() {
    let house = House::open().await;
    let service = house.api.service();
    let mut last = Duration::ZERO;
    for number in 0..12 {
        let (status, took) = knock(&service, "192.0.2.1", "mistaken").await;
        assert_eq!(status, 401);
        assert_eq!(took >= Duration::from_millis(100), number >= 5, "{number}: {took:?}");
        assert!(took >= last && took < Duration::from_secs(6));
        last = took;
    }
    let here = knock(&service, "192.0.2.1", &house.token).await;
    assert_eq!(here.0, 200);
    assert!(here.1 < Duration::from_millis(100), "{here:?}");
    let elsewhere = knock(&service, "192.0.2.2", "mistaken").await;
    assert!(elsewhere.1 < Duration::from_millis(100), "{elsewhere:?}");
}

#[tokio::test(start_paused = true)]
async fn guesses_that_wait_take_no_place_from_others() {
    let api = matricula::api::Config { concurrency: 4, ..Default::default() };
    let house = Arc::new(House::with(Options { api, ..Options::default() }).await);
    let service = house.api.service();
    let mut guesses = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let service = service.clone();
        guesses.spawn(async move { knock(&service, "192.0.2.1", "mistaken").await });
    }
    // They have all come as far as they can come.
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(guesses.len() > 50);
    assert_eq!(knock(&service, "192.0.2.1", &house.token).await.0, 200);
    assert!(guesses.join_all().await.iter().all(|(status, _)| *status == 401));
}

#[tokio::test]
async fn days_that_are_left_are_told_of_the_token_that_is_used() {
    let options = Options::default();
    let house = House::with(options.clone()).await;
    let day = Duration::from_hours(24);
    let ends =
        |days: u32| move |it: &mut Token| it.expires = Some(Clock::system().now() + day * days);
    let (_, old) = issue(&options, ends(10)).await;
    asked(&house, Method::GET, "/Users", &old).await;
    let (_, new) = issue(&options, ends(300)).await;
    house.api.roll().refresh().await.unwrap();
    let left = || house.api.expiries().iter().map(|it| it.days.round()).collect::<Vec<_>>();
    assert_eq!(left(), [10.0], "the client has not got the new one yet");
    assert!(house.api.expiries()[0].is_near());
    // One second later, as seen by a clock of seconds.
    let later = Clock::system().now() + Duration::from_secs(1);
    let id = options.issued.all().await.unwrap()[1].id;
    options.issued.used(vec![(id, later)]).await.unwrap();
    options.issued.shorten(id, later + day * 290).await.unwrap();
    house.api.roll().refresh().await.unwrap();
    assert_eq!(left(), [290.0]);
    assert!((house.measured("matricula_token_days_left") - 290.0).abs() < 1.0);
    drop(new);
}

#[tokio::test]
async fn a_tenant_to_which_nobody_can_speak_is_named() {
    let options = Options::default();
    let house = House::with(options).await;
    assert!(house.api.mute().is_empty());
}
