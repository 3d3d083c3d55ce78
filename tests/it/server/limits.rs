//! Clients that take too much.

use super::{config, run};
use matricula::server::{Config, Limits};

#[tokio::test]
async fn one_address_gets_its_share_of_connections() {
    let limits = Limits { connections_per_peer: 2, ..Limits::default() };
    let server = run(Config { limits, ..config() }).await;
    let mut one = server.connect().await;
    let mut two = server.connect().await;
    one.get("/").await;
    two.get("/").await;
    assert_eq!(server.connect().await.rest().await, "");
    assert_eq!(server.refused("peer"), 1);
    assert!(one.get("/").await.starts_with("127.0.0.1"));
}

#[tokio::test]
async fn a_full_house_turns_the_next_away_and_takes_it_later() {
    let limits = Limits { connections: 1, ..Limits::default() };
    let server = run(Config { limits, ..config() }).await;
    let mut one = server.connect().await;
    one.get("/").await;
    assert_eq!(server.connect().await.rest().await, "");
    assert_eq!(server.refused("full"), 1);
    one.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    one.rest().await;
    // The place is given back by the connection's task, some polls after its end.
    while server.metric("matricula_server_connections_open{listener=\"test\"}") > 0 {
        tokio::task::yield_now().await;
    }
    assert!(server.connect().await.get("/").await.starts_with("127.0.0.1"));
}

#[tokio::test]
async fn too_many_headers_are_refused() {
    let limits = Limits { headers: 10, ..Limits::default() };
    let server = run(Config { limits, ..config() }).await;
    let headers = "X-Header: 1\r\n".repeat(11);
    let mut client = server.connect().await;
    client.send(format!("GET / HTTP/1.1\r\n{headers}\r\n")).await;
    assert!(client.rest().await.starts_with("HTTP/1.1 431 "));
    assert_eq!(server.cut("malformed"), 1);
}

#[tokio::test]
async fn too_long_a_head_is_refused() {
    let limits = Limits { header_bytes: 8192, ..Limits::default() };
    let server = run(Config { limits, ..config() }).await;
    let mut client = server.connect().await;
    let head = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(9000));
    client.send(head).await;
    assert!(client.rest().await.starts_with("HTTP/1.1 431 "));
    assert_eq!(server.cut("malformed"), 1);
}

#[tokio::test]
async fn what_is_no_request_is_counted() {
    let server = run(config()).await;
    let odd =
        ["GET /?filter=\"a\" HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\r\n", "GET /\r\n\r\n"];
    for (index, odd) in (1..).zip(odd) {
        let mut client = server.connect().await;
        client.send(odd).await;
        assert!(client.rest().await.starts_with("HTTP/1.1 400 "), "{odd:?}");
        assert_eq!(server.cut("malformed"), index, "{odd:?}");
    }
    let mut client = server.connect().await;
    client.get("/").await;
    client.send("GET / HT").await;
    drop(client);
    while server.metric("matricula_server_connections_open{listener=\"test\"}") > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(server.cut("malformed"), 3, "who leaves in the midst of a head is counted");
}
