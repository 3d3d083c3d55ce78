//! The end.

use super::http::{get, http2};
use super::{config, held, run};
use matricula::server::{Grace, Phase};
use std::future::pending;
use std::time::Duration;
use tokio::net::TcpStream;

const GRACE: Grace = Grace { notice: Duration::from_secs(5), deadline: Duration::from_secs(30) };

#[tokio::test]
async fn what_has_begun_is_finished_and_nothing_new_is_accepted() {
    let server = run(config()).await;
    let mut busy = server.connect().await;
    busy.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n").await;
    held(server.stage.arrived.notified()).await;
    let mut idle = server.connect().await;
    idle.get("/").await;
    server.shutdown.advance(Phase::Draining);
    assert_eq!(idle.rest().await, "", "an idle connection is closed");
    assert!(TcpStream::connect(server.address).await.is_err());
    server.stage.go.add_permits(1);
    assert!(busy.rest().await.contains("connection: close\r\n"));
    server.served.await.unwrap();
}

#[tokio::test]
async fn http_2_streams_are_finished_as_well() {
    let server = run(config()).await;
    let mut sender = http2(TcpStream::connect(server.address).await.unwrap()).await;
    let waiting = tokio::spawn(async move { get(&mut sender, "/wait").await });
    held(server.stage.arrived.notified()).await;
    server.shutdown.advance(Phase::Draining);
    server.stage.go.add_permits(1);
    assert_eq!(waiting.await.unwrap().unwrap(), "waited");
    server.served.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn while_leaving_everything_is_still_served() {
    let server = run(config()).await;
    server.shutdown.advance(Phase::Leaving);
    assert!(server.connect().await.get("/").await.starts_with("127.0.0.1"));
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_the_rest() {
    let server = run(config()).await;
    let mut busy = server.connect().await;
    busy.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n").await;
    held(server.stage.arrived.notified()).await;
    let start = tokio::time::Instant::now();
    server.shutdown.drain(GRACE, pending()).await;
    assert_eq!(busy.rest().await, "");
    assert_eq!(start.elapsed().as_secs(), 35);
    assert_eq!(server.cut("drain"), 1);
    server.served.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_second_signal_ends_at_once() {
    let server = run(config()).await;
    let mut busy = server.connect().await;
    busy.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n").await;
    held(server.stage.arrived.notified()).await;
    let start = tokio::time::Instant::now();
    server.shutdown.drain(GRACE, async {}).await;
    assert_eq!(busy.rest().await, "");
    assert_eq!(start.elapsed().as_secs(), 0);
    server.served.await.unwrap();
}
