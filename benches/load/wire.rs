//! As little of an HTTP client as the load needs: one request out, one answer
//! in, on a connection that stays open.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// A connection.
pub(crate) struct Line {
    stream: TcpStream,
    buffer: BytesMut,
}

/// An answer's status, and how long its body is.
struct Head {
    status: u16,
    length: usize,
    body: usize,
}

impl Line {
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        Self::open_from(Ipv4Addr::LOCALHOST, address).await
    }

    /// The same as another client: every address of 127/8 is this machine's.
    pub(crate) async fn open_from(own: Ipv4Addr, address: SocketAddr) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((own, 0).into())?;
        let stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: BytesMut::new() })
    }

    /// One exchange: the status and the body.
    pub(crate) async fn exchange(&mut self, request: &str) -> io::Result<(u16, BytesMut)> {
        self.stream.write_all(request.as_bytes()).await?;
        loop {
            self.buffer.reserve(16 * 1024);
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let Some(head) = head(&self.buffer)? else { continue };
            while self.buffer.len() < head.body + head.length {
                self.buffer.reserve(16 * 1024);
                if self.stream.read_buf(&mut self.buffer).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            let mut answer = self.buffer.split_to(head.body + head.length);
            return Ok((head.status, answer.split_off(head.body)));
        }
    }
}

/// The head of an answer, once all of it is there.
fn head(bytes: &[u8]) -> io::Result<Option<Head>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let wrong = || io::Error::from(io::ErrorKind::InvalidData);
    let text =
        bytes.get(..end).and_then(|head| std::str::from_utf8(head).ok()).ok_or_else(wrong)?;
    let status = text.get(9..12).and_then(|status| status.parse().ok()).ok_or_else(wrong)?;
    let length = text.lines().skip(1).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    // Only an answer without a body may go without a length.
    let length = length.or((status == 204).then_some(0)).ok_or_else(wrong)?;
    Ok(Some(Head { status, length, body: end + 4 }))
}
