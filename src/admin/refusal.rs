//! Why a request is turned away before it comes to a page.

use super::answer::{self, Answer};
use super::api::Place;
use super::page::Page;
use crate::server::{Peer, Request};
use http::header::{ALLOW, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};

/// What was wrong with it.
pub(super) enum Refusal {
    /// It does not show the token.
    Token,
    /// There is no such page.
    Unknown,
    /// The page does not take this method.
    Method(Page),
    /// Somebody's browser sends it for a page from elsewhere.
    Browser,
    /// There is no operators' token that could be asked for.
    Open,
    /// The order is not given by this method.
    Order(Place),
    /// It brings a body that nobody asked for.
    Body,
}

impl Refusal {
    pub(super) fn answer(self, request: &Request) -> Answer {
        let refuse = |status, words: &str| answer::refusal(status, request.headers(), words);
        match self {
            Self::Token => {
                note(request);
                let words = "show the operators' token as `Authorization: Bearer TOKEN`";
                let mut refusal = refuse(StatusCode::UNAUTHORIZED, words);
                let challenge = HeaderValue::from_static(r#"Bearer realm="matricula""#);
                refusal.headers_mut().insert(WWW_AUTHENTICATE, challenge);
                refusal
            }
            Self::Unknown => refuse(StatusCode::NOT_FOUND, "no such page; GET / lists them"),
            Self::Method(page) => {
                let words = format!("{} takes {}", page.path(), page.allow());
                let mut refusal = refuse(StatusCode::METHOD_NOT_ALLOWED, &words);
                refusal.headers_mut().insert(ALLOW, HeaderValue::from_static(page.allow()));
                refusal
            }
            Self::Open => {
                let words = "set `admin.token`: without one, whoever reaches this address \
                             could make tokens";
                refuse(StatusCode::FORBIDDEN, words)
            }
            Self::Order(place) => {
                let words = format!("this takes {}", place.allow());
                let mut refusal = refuse(StatusCode::METHOD_NOT_ALLOWED, &words);
                refusal.headers_mut().insert(ALLOW, HeaderValue::from_static(place.allow()));
                refusal
            }
            Self::Browser => {
                let words = "a page in a browser may not order this; ask from a terminal";
                refuse(StatusCode::FORBIDDEN, words)
            }
            Self::Body => refuse(StatusCode::PAYLOAD_TOO_LARGE, "send no body"),
        }
    }
}

/// Guessing leaves a trace.
fn note(request: &Request) {
    let peer = request.extensions().get::<Peer>().map(|peer| peer.address.to_string());
    tracing::warn!(peer, "an operator's request without the right token");
}
