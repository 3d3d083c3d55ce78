//! What idle connections cost: opens many over loopback, one request each, and
//! reads how the process has grown. Both ends live in this process; the client's
//! end is a bare socket, some hundred bytes.
//!
//! `cargo bench --bench connections -- NUMBER`; two file descriptors for each.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement, not a service")]

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use matricula::server::{Config, Limits, Listener, Metrics, Request, Response, Service, Shutdown};
use std::convert::Infallible;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::main]
async fn main() {
    let number = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(10_000);
    let address = serve(number).await;
    let before = resident();
    let mut clients = Vec::with_capacity(number);
    for _ in 0..number {
        clients.push(exchange(address).await);
    }
    let grown = resident().saturating_sub(before);
    println!("{number} idle connections: {grown} KiB, {} bytes each", grown * 1024 / number);
}

async fn serve(number: usize) -> SocketAddr {
    let limits = Limits { connections: number, connections_per_peer: number, ..Limits::default() };
    let listen = (Ipv4Addr::LOCALHOST, 0).into();
    let metrics = Metrics::register(&prometheus::Registry::new()).unwrap().listener("bench");
    let config = Config { listen, limits, ..Config::default() };
    let listener = Listener::bind(config, metrics).await.unwrap();
    let address = listener.address();
    tokio::spawn(listener.serve(Service::new(answer), Shutdown::new()));
    address
}

async fn answer(_: Request) -> Result<Response, Infallible> {
    let body = Full::new(Bytes::from_static(b"ok")).map_err(|never| match never {});
    Ok(Response::new(body.boxed_unsync()))
}

async fn exchange(address: SocketAddr) -> TcpStream {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = [0; 512];
    assert!(socket.read(&mut answer).await.unwrap() > 0);
    socket
}

/// Resident memory in KiB.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
