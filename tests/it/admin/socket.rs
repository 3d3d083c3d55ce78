//! The face behind the listener that carries it.

use super::{Operators, Scripted};
use matricula::admin::Config;
use matricula::server::{Listener, Metrics, Phase};
use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn exchange(address: SocketAddr, request: &str) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    answer
}

/// The lines of an answer without the time of day, in whatever order they came.
fn fixed(answer: &str) -> Vec<&str> {
    let lines = answer.split("\r\n").filter(|line| !line.starts_with("date:"));
    let mut lines: Vec<_> = lines.collect();
    lines.sort_unstable();
    lines
}

#[tokio::test]
async fn operators_are_answered_on_a_listener_of_their_own() {
    let operators = Operators::of(Scripted::default());
    let config = Config { listen: (Ipv4Addr::LOCALHOST, 0).into(), ..Config::default() };
    let metrics = Metrics::register(&operators.registry).unwrap().listener("admin");
    let listener = Listener::bind(config.listener(), metrics).await.unwrap();
    let address = listener.address();
    let served =
        tokio::spawn(listener.serve(operators.service.clone(), operators.shutdown.clone()));

    let get = "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let metrics = exchange(address, get).await;
    assert!(metrics.starts_with("HTTP/1.1 200 OK\r\n"), "{metrics}");
    assert!(metrics.contains("matricula_server_requests_in_flight{listener=\"admin\"} 1\n"));

    // HEAD is told the length and given nothing.
    let full = exchange(address, &get.replace("/metrics", "/live")).await;
    let head = exchange(address, &get.replace("GET /metrics", "HEAD /live")).await;
    assert!(full.contains("content-length: 5\r\n"), "{full}");
    assert_eq!(fixed(&head), fixed(full.strip_suffix("live\n").unwrap()));

    // A body that nobody reads does not keep the refusal from arriving.
    let long =
        "POST /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 9\r\n\r\n";
    assert!(exchange(address, long).await.starts_with("HTTP/1.1 404 "));

    operators.shutdown.advance(Phase::Draining);
    served.await.unwrap();
}
