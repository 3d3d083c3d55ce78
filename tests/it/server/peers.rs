//! Whose request it is.

use super::{Running, config, run};
use matricula::server::{Config, Forwarded, Limits};
use proptest::prelude::*;

const V1: &[u8] = b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\n";
const V2: &[u8] =
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x07\xc0\x00\x02\x01\x12\x67\x01\xbb";
const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

async fn behind_a_balancer() -> Running {
    run(Config { proxy_protocol: vec!["127.0.0.0/8".parse().unwrap()], ..config() }).await
}

async fn behind_a_proxy(trusted: &str) -> Running {
    let forwarded = Forwarded { trusted: vec![trusted.parse().unwrap()], ..Forwarded::default() };
    run(Config { forwarded, ..config() }).await
}

async fn asked(server: &Running, bytes: &[u8]) -> String {
    let mut client = server.connect().await;
    client.send(bytes).await;
    client.answer().await
}

#[tokio::test]
async fn a_trusted_balancer_names_the_client_in_both_versions() {
    let server = behind_a_balancer().await;
    for header in [V1, V2] {
        let seen = asked(&server, &[header, GET].concat()).await;
        assert!(seen.starts_with("192.0.2.7 "), "{seen}");
    }
}

#[tokio::test]
async fn a_balancers_own_health_check_is_served() {
    let server = behind_a_balancer().await;
    let seen = asked(&server, &[b"PROXY UNKNOWN\r\n", GET].concat()).await;
    assert!(seen.starts_with("127.0.0.1 "), "{seen}");
}

#[tokio::test]
async fn a_trusted_balancer_without_a_header_is_refused() {
    let server = behind_a_balancer().await;
    let mut client = server.connect().await;
    client.send(GET).await;
    assert_eq!(client.rest().await, "");
    assert_eq!(server.refused("proxy"), 1);
}

#[tokio::test]
async fn a_stranger_with_a_proxy_header_gets_a_bad_request() {
    let server = run(config()).await;
    for header in [V1, V2] {
        let mut client = server.connect().await;
        client.send([header, GET].concat()).await;
        let said = client.rest().await;
        assert!(said.starts_with("HTTP/1.1 400 "), "{said}");
    }
}

#[tokio::test]
async fn clients_behind_a_balancer_have_a_share_each() {
    let limits = Limits { connections_per_peer: 1, ..Limits::default() };
    let proxy_protocol = vec!["127.0.0.0/8".parse().unwrap()];
    let server = run(Config { limits, proxy_protocol, ..config() }).await;
    let mut one = server.connect().await;
    one.send([V1, GET].concat()).await;
    one.answer().await;
    let mut again = server.connect().await;
    again.send([V2, GET].concat()).await;
    assert_eq!(again.rest().await, "");
    let other = b"PROXY TCP4 192.0.2.8 192.0.2.1 4711 443\r\n";
    assert!(asked(&server, &[other, GET].concat()).await.starts_with("192.0.2.8 "));
}

#[tokio::test]
async fn forwarded_headers_count_from_a_trusted_proxy_only() {
    let said = b"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: https\r\n\r\n";
    let believed = asked(&behind_a_proxy("127.0.0.0/8").await, said).await;
    assert_eq!(believed, "198.51.100.1 https plain nobody");
    let spoofed = asked(&behind_a_proxy("10.0.0.0/8").await, said).await;
    assert_eq!(spoofed, "127.0.0.1 http plain nobody");
}

#[tokio::test]
async fn a_trusted_proxy_is_not_held_to_one_clients_share() {
    let limits = Limits { connections_per_peer: 1, ..Limits::default() };
    let trusted = vec!["127.0.0.0/8".parse().unwrap()];
    let forwarded = Forwarded { trusted, ..Forwarded::default() };
    let server = run(Config { limits, forwarded, ..config() }).await;
    let (mut one, mut two) = (server.connect().await, server.connect().await);
    one.get("/").await;
    two.get("/").await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any bytes before, behind or instead of a header: the server goes on.
    #[test]
    fn no_bytes_stop_the_server(mut bytes: Vec<u8>, at in 0usize..28, signed: bool) {
        if signed {
            let start = V2.get(..at).unwrap();
            bytes = [start, &bytes].concat();
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = behind_a_balancer().await;
            let mut client = server.connect().await;
            client.send(&bytes).await;
            drop(client);
            let seen = asked(&server, &[V1, GET].concat()).await;
            assert!(seen.starts_with("192.0.2.7 "), "{seen}");
        });
    }
}
