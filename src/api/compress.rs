//! Documents that are worth it are compressed for clients that ask.

use std::convert::Infallible;
use std::future::{Ready, ready};

use bytes::Bytes;
use http::HeaderMap;
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE};
use http_body_util::BodyExt;
use tower::{ServiceBuilder, ServiceExt};
use tower_http::compression::{CompressionLayer, Predicate, predicate::SizeAbove};

use super::line::Asked;
use super::refusal;
use super::stack::Next;
use crate::server::{Answering, BoxError, Response, ResponseBody};

/// Answers smaller than this are not worth compressing.
const WORTH_COMPRESSING: u64 = 1024;

/// A stage that compresses, if that is wanted at all.
pub(super) struct Compressed<N> {
    pub wanted: bool,
    pub next: N,
}

impl<N: Next> Next for Compressed<N> {
    async fn answer(&self, asked: &mut Asked) -> Result<Response, BoxError> {
        let response = self.next.answer(asked).await?;
        let headers = asked.request.headers();
        // A small answer to somebody who speaks of no coding is left as it is.
        let concerned = headers.contains_key(ACCEPT_ENCODING) || worth().should_compress(&response);
        if self.wanted && concerned {
            return Ok(compressed(headers, response).await?);
        }
        Ok(response)
    }
}

/// tower's layer, around an answer that is there already: it stands in the body of a
/// request of which the layer looks at the headers alone.
fn compressed(headers: &HeaderMap, response: Response) -> Answering {
    let mut request = http::Request::new(response);
    for coding in headers.get_all(ACCEPT_ENCODING) {
        request.headers_mut().append(ACCEPT_ENCODING, coding.clone());
    }
    let compressing = ServiceBuilder::new()
        .map_response(|response: http::Response<_>| response.map(boxed))
        .layer(CompressionLayer::new().gzip(true).compress_when(worth()))
        .service_fn(given);
    Box::pin(compressing.oneshot(request))
}

fn boxed<B>(body: B) -> ResponseBody
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    body.map_err(Into::into).boxed_unsync()
}

fn given(request: http::Request<Response>) -> Ready<Result<Response, Infallible>> {
    ready(Ok(request.into_body()))
}

/// Only documents are compressed.
fn worth() -> impl Predicate {
    SizeAbove::new(WORTH_COMPRESSING).and(
        |_: http::StatusCode, _: http::Version, headers: &HeaderMap, _: &http::Extensions| {
            headers.get(CONTENT_TYPE).is_some_and(|kind| kind == refusal::MEDIA_TYPE)
        },
    )
}
