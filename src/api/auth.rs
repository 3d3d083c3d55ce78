//! Who is speaking. A [`Caller`] can be made here alone, so a handler that takes
//! one is a handler of authorised requests.

use http::header::AUTHORIZATION;
use jiff::Timestamp;

use super::line::Asked;
use super::refusal::Refusal;
use super::route::Route;
use crate::scim::{self, Kind};
use crate::server::Request;
use crate::store::{Digest, Scope};

/// Proof that a request was authorised.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// The title of the token.
    pub title: String,
    scope: Scope,
}

/// Longer than any token of ours: not worth a digest.
const LONGEST: usize = 4096;

/// Finds out who is speaking, or refuses.
pub(super) fn authenticate(request: &mut Request, now: Timestamp) -> Result<(), Refusal> {
    let asked = request.extensions().get::<Asked>().cloned();
    let Some(asked) = asked else { return Err(scim::Error::internal().into()) };
    let Some(front) = &asked.front else {
        return Err(scim::Error::not_found(
            "There is no tenant at this address. Compare it with the Tenant URL.",
        )
        .into());
    };
    let token = bearer(request)?;
    let found = front.tokens.find(Digest::of(token));
    let token = found.ok_or_else(|| Refusal::unauthorized("This token is not known here."))?;
    if token.expires.is_some_and(|end| end <= now) {
        return Err(Refusal::unauthorized("This token has expired; a new one is needed."));
    }
    let caller = Caller { title: token.title.clone(), scope: token.scope };
    caller.permit(&asked.route, request.method())?;
    asked.caller(&caller);
    request.extensions_mut().insert(caller);
    Ok(())
}

/// The token of RFC 6750; the scheme in any case, for Okta's free header too.
fn bearer(request: &Request) -> Result<&str, Refusal> {
    let header = request.headers().get(AUTHORIZATION).ok_or_else(|| {
        Refusal::unauthorized("The request has no token. It belongs into `Authorization: Bearer`.")
    })?;
    let unreadable = || Refusal::unauthorized("`Authorization` must be `Bearer` and a token.");
    let text = header.to_str().map_err(|_| unreadable())?.trim();
    let (scheme, token) = text.split_once(' ').ok_or_else(unreadable)?;
    let token = token.trim();
    let sound = scheme.eq_ignore_ascii_case("bearer") && !token.is_empty();
    if sound && token.len() <= LONGEST { Ok(token) } else { Err(unreadable()) }
}

impl Caller {
    /// Refuses what the token was not made for.
    fn permit(&self, route: &Route, method: &http::Method) -> Result<(), scim::Error> {
        if let Some(kind) = route.kind() {
            self.may_touch(kind)?;
        }
        let writes = match route {
            Route::Collection(_) | Route::One(..) => !(method.is_safe()),
            Route::Bulk => true,
            _ => false,
        };
        if writes { self.may_write() } else { Ok(()) }
    }

    /// Refuses a kind of resources that the token was not made for.
    pub(super) fn may_touch(&self, kind: Kind) -> Result<(), scim::Error> {
        let may = match kind {
            Kind::User => self.scope.users,
            Kind::Group => self.scope.groups,
        };
        if may {
            return Ok(());
        }
        let title = &self.title;
        Err(scim::Error::forbidden(format!("The token `{title}` is not meant for {kind}s.")))
    }

    fn may_write(&self) -> Result<(), scim::Error> {
        if self.scope.write {
            return Ok(());
        }
        Err(scim::Error::forbidden(format!("The token `{}` may only read.", self.title)))
    }
}
