//! Clients that take their time. The clock is stopped: it moves only when all
//! that can happen has happened.

use super::{Running, config, held, run, settle, timeouts};
use matricula::server::Config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Duration, Instant, sleep};

async fn running() -> Running {
    run(Config { timeouts: timeouts(), ..config() }).await
}

fn seconds(since: Instant) -> f64 {
    (since.elapsed().as_secs_f64() * 10.0).round() / 10.0
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_is_cut() {
    let (server, start) = (running().await, Instant::now());
    assert_eq!(server.connect().await.rest().await, "");
    assert!((seconds(start) - 2.0).abs() < 0.2, "{}", seconds(start));
    assert_eq!(server.cut("header"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_trickles_in_is_cut_off() {
    let server = running().await;
    let mut client = server.connect().await;
    assert!(client.get("/").await.starts_with("127.0.0.1"));
    sleep(Duration::from_secs(3)).await;
    let start = Instant::now();
    let (mut read, mut write) = client.0.split();
    let trickle = async {
        for byte in "GET / HTTP/1.1\r\nHost: x\r\nX-Endless: aaaaaaaaaaaaaaaaaaaaaaaaaa".bytes() {
            if held(write.write_all(&[byte])).await.is_err() {
                break;
            }
            settle().await;
            sleep(Duration::from_millis(300)).await;
        }
    };
    let mut rest = Vec::new();
    tokio::select! {
        () = trickle => panic!("the head was never cut off"),
        _ = read.read_to_end(&mut rest) => {}
    }
    assert!((2.0..2.7).contains(&seconds(start)), "{}", seconds(start));
    assert_eq!(server.cut("header"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_has_begun_is_not_silence() {
    let server = running().await;
    let mut client = server.connect().await;
    client.get("/").await;
    sleep(Duration::from_millis(4500)).await;
    client.send("GET / HT").await;
    sleep(Duration::from_secs(1)).await;
    client.send("TP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(client.answer().await.starts_with("127.0.0.1"));
}

#[tokio::test(start_paused = true)]
async fn a_client_without_a_wish_is_cut_after_the_idle_time() {
    let server = running().await;
    let mut client = server.connect().await;
    sleep(Duration::from_secs(1)).await;
    client.get("/").await;
    sleep(Duration::from_secs(4)).await;
    client.get("/").await;
    let start = Instant::now();
    client.rest().await;
    assert!((seconds(start) - 5.0).abs() < 0.2, "{}", seconds(start));
    assert_eq!((server.cut("idle"), server.cut("header")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_trickles_in_ends_in_an_error() {
    let server = running().await;
    let mut client = server.connect().await;
    client.send("POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n").await;
    let start = Instant::now();
    for _ in 0..5 {
        client.send("x").await;
        sleep(Duration::from_millis(500)).await;
    }
    assert_eq!(client.late_answer().await, "the body did not arrive in time");
    assert!((seconds(start) - 3.0).abs() < 0.2, "{}", seconds(start));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_thinks_is_not_cut_short() {
    let server = running().await;
    let mut client = server.connect().await;
    client.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n").await;
    sleep(Duration::from_mins(1)).await;
    server.stage.go.add_permits(1);
    assert_eq!(client.answer().await, "waited");
}

#[tokio::test(start_paused = true)]
async fn an_answer_fetched_slowly_but_in_time_arrives_whole() {
    let long = Duration::from_secs(1000);
    let timeouts = matricula::server::Timeouts { answer: long, ..timeouts() };
    let server = run(Config { timeouts, ..config() }).await;
    let mut slow = server.connect().await;
    slow.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n").await;
    sleep(Duration::from_mins(1)).await;
    assert_eq!(slow.answer().await.len(), 16 << 20);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_fetched_is_cut_off_and_holds_nobody() {
    let server = running().await;
    let mut slow = server.connect().await;
    slow.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n").await;
    held(slow.0.read_exact(&mut [0; 100])).await.unwrap();
    assert!(server.connect().await.get("/").await.starts_with("127.0.0.1"));
    // Late by one idle time at most.
    sleep(Duration::from_secs(9)).await;
    assert_eq!(server.cut("answer"), 1);
    assert_eq!(server.metric("matricula_server_requests_in_flight{listener=\"test\"}"), 0);
}
