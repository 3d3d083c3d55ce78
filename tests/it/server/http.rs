//! Both versions of HTTP.

use super::{Running, config, held, run};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use matricula::server::{Config, Limits};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

pub(crate) type Sender = http2::SendRequest<Empty<Bytes>>;

/// Speaks HTTP/2 from the first byte, over whatever is open.
pub(crate) async fn http2(io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Sender {
    let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(io));
    let (sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    sender
}

/// The body of the answer, or what went wrong.
pub(crate) async fn get(sender: &mut Sender, path: &str) -> hyper::Result<String> {
    let request = http::Request::get(format!("http://x{path}")).body(Empty::new()).unwrap();
    let body = sender.send_request(request).await?.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8(body.to_vec()).unwrap())
}

async fn plain(server: &Running) -> Sender {
    held(async { http2(TcpStream::connect(server.address).await.unwrap()).await }).await
}

#[tokio::test]
async fn one_connection_carries_many_requests() {
    let server = run(config()).await;
    let mut client = server.connect().await;
    for _ in 0..3 {
        assert_eq!(client.get("/").await, "127.0.0.1 http plain nobody");
    }
    assert_eq!(server.metric("matricula_server_connections_accepted_total{listener=\"test\"}"), 1);
}

#[tokio::test]
async fn http_2_works_by_prior_knowledge() {
    let server = run(config()).await;
    let mut sender = plain(&server).await;
    assert_eq!(get(&mut sender, "/").await.unwrap(), "127.0.0.1 http plain nobody");
}

#[tokio::test]
async fn head_over_http_2_is_told_a_length_and_no_body() {
    let server = run(config()).await;
    let mut sender = plain(&server).await;
    let request = http::Request::head("http://x/").body(Empty::new()).unwrap();
    let answer = sender.send_request(request).await.unwrap();
    let length = answer.headers()["content-length"].to_str().unwrap().to_owned();
    // Of a body, hyper's client would make an error of the protocol.
    assert!(answer.into_body().collect().await.unwrap().to_bytes().is_empty());
    assert_eq!(get(&mut sender, "/").await.unwrap().len().to_string(), length);
}

#[tokio::test]
async fn a_slow_stream_does_not_hold_another() {
    let server = run(config()).await;
    let mut sender = plain(&server).await;
    let mut waiting = sender.clone();
    let waiting = tokio::spawn(async move { get(&mut waiting, "/wait").await });
    server.stage.arrived.notified().await;
    assert!(get(&mut sender, "/").await.is_ok());
    server.stage.go.add_permits(1);
    assert_eq!(waiting.await.unwrap().unwrap(), "waited");
}

#[tokio::test(start_paused = true)]
async fn an_idle_http_2_connection_is_told_goodbye() {
    let server = run(Config { timeouts: super::timeouts(), ..config() }).await;
    let mut sender = plain(&server).await;
    held(get(&mut sender, "/")).await.unwrap();
    let start = tokio::time::Instant::now();
    while !sender.is_closed() {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!((4..=6).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert_eq!((server.cut("idle"), server.cut("header")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_never_read_holds_its_place_for_a_while_only() {
    let server = run(Config { timeouts: super::timeouts(), ..config() }).await;
    let mut sender = plain(&server).await;
    let request = http::Request::get("http://x/big").body(Empty::new()).unwrap();
    let unread = held(sender.send_request(request)).await.unwrap();
    // hyper hands a body of one piece to its HTTP/2 part whole: to us it has left,
    // and what ends it is the idle time.
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    assert_eq!(server.cut("idle") + server.cut("answer"), 1);
    assert!(unread.into_body().collect().await.is_err());
}

#[tokio::test]
async fn a_head_that_is_too_long_ends_its_stream_alone() {
    let limits = Limits { header_bytes: 8192, ..Limits::default() };
    let server = run(Config { limits, ..config() }).await;
    let mut sender = plain(&server).await;
    get(&mut sender, "/").await.unwrap();
    let request = http::Request::get("http://x/").header("x-long", "x".repeat(9000));
    let refused = sender.send_request(request.body(Empty::new()).unwrap()).await;
    assert!(refused.map_or(true, |answer| answer.status() == 431));
    assert!(get(&mut sender, "/").await.is_ok());
}

#[tokio::test]
async fn a_body_is_read_whole() {
    let server = run(config()).await;
    let mut client = server.connect().await;
    client.send("POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello").await;
    assert_eq!(client.answer().await, "5 bytes");
}
