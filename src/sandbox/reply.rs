//! The body of an answer: whole, broken off in the middle, or waiting there.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame};

use super::wait::Latch;

type Waiting = Pin<Box<dyn Future<Output = ()> + Send>>;

enum Part {
    Bytes(Bytes),
    Wait(Waiting),
    Break,
}

/// A body in parts.
pub(super) struct Reply(VecDeque<Part>);

impl Reply {
    pub(super) fn whole(body: Bytes) -> Self {
        Self(VecDeque::from([Part::Bytes(body)]))
    }

    /// Half of it, and then the connection breaks.
    pub(super) fn half(mut body: Bytes) -> Self {
        let first = body.split_to(body.len() / 2);
        Self(VecDeque::from([Part::Bytes(first), Part::Break]))
    }

    /// Half of it, and the rest when the latch opens.
    pub(super) fn slow(mut body: Bytes, latch: Latch) -> Self {
        let first = body.split_to(body.len() / 2);
        let wait = Box::pin(async move { latch.pass().await });
        Self(VecDeque::from([Part::Bytes(first), Part::Wait(wait), Part::Bytes(body)]))
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        loop {
            if let Some(Part::Wait(wait)) = self.0.front_mut() {
                ready!(wait.as_mut().poll(context));
            }
            return Poll::Ready(match self.0.pop_front() {
                Some(Part::Bytes(bytes)) => Some(Ok(Frame::data(bytes))),
                Some(Part::Break) => Some(Err(io::ErrorKind::ConnectionReset.into())),
                Some(Part::Wait(_)) => continue,
                None => None,
            });
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }
}
