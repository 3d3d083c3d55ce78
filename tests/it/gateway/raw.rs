//! Bytes to the gateway and back, for what no client library would send.

use super::House;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection that says exactly what it is told.
pub(super) struct Raw(TcpStream);

impl Raw {
    pub(super) async fn to(house: &House) -> Self {
        Self(TcpStream::connect(authority(house)).await.unwrap())
    }

    pub(super) async fn say(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// The head of the next answer.
    pub(super) async fn head(&mut self) -> String {
        let mut read = Vec::new();
        while !read.ends_with(b"\r\n\r\n") {
            read.push(self.0.read_u8().await.unwrap());
        }
        String::from_utf8(read).unwrap().to_ascii_lowercase()
    }

    /// All that comes until the gateway closes.
    pub(super) async fn rest(&mut self) -> String {
        let mut read = Vec::new();
        self.0.read_to_end(&mut read).await.unwrap();
        String::from_utf8_lossy(&read).into_owned()
    }
}

/// Host and port of the gateway.
pub(super) fn authority(house: &House) -> &str {
    house.base.trim_start_matches("http://").split('/').next().unwrap()
}

/// A request with the house's token, and with nothing after its head but `body`.
pub(super) fn request(house: &House, line: &str, headers: &str, body: &str) -> String {
    let (host, token) = (authority(house), &house.token);
    let length = body.len();
    format!(
        "{line} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: {length}\r\n{headers}\r\n{body}"
    )
}

/// One exchange on a connection of its own; head and body of the answer.
pub(super) async fn exchange(house: &House, text: &str) -> (String, String) {
    let mut raw = Raw::to(house).await;
    raw.say(text).await;
    let head = raw.head().await;
    (head, raw.rest().await)
}
