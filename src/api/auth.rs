//! Who is speaking. A [`Caller`] can be made here alone, so a handler that takes
//! one is a handler of authorised requests.

use std::net::IpAddr;

use http::header::AUTHORIZATION;
use jiff::Timestamp;

use super::denial::Denial;
use super::face::Front;
use super::line::Asked;
use super::roll::Roll;
use super::route::Route;
use crate::scim::{self, Kind};
use crate::server::Request;
use crate::store::{Digest, PREFIX, Scope, Token, admits, is_damaged};

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
pub(super) fn authenticate(asked: &mut Asked, roll: &Roll, now: Timestamp) -> Result<(), Denial> {
    let Some(front) = &asked.front else { return Err(Denial::Tenant) };
    let address = asked.address();
    if address.is_some_and(|address| !admits(&front.from, address)) {
        return Err(Denial::Address(address, None));
    }
    let caller = recognised(bearer(&asked.request)?, front, roll, (address, now))?;
    caller.permit(&asked.route, asked.request.method())?;
    asked.caller = Some(caller);
    Ok(())
}

/// Whose token it is, of those in the settings and those in the store.
fn recognised(
    text: &str,
    front: &Front,
    roll: &Roll,
    (address, now): (Option<IpAddr>, Timestamp),
) -> Result<Caller, Denial> {
    if let Some(token) = front.tokens.find(Digest::of(text)) {
        return Caller::of(token, address, now);
    }
    if !text.starts_with(PREFIX) {
        return Err(Denial::Unknown);
    }
    let Some(held) = roll.find(front.tenant.name(), text) else {
        return Err(if is_damaged(text) { Denial::Damaged } else { Denial::Stranger });
    };
    if held.issued.revoked.is_some() {
        return Err(Denial::Revoked);
    }
    let caller = Caller::of(&held.issued.token, address, now)?;
    held.use_now(now);
    Ok(caller)
}

/// The token of RFC 6750; the scheme in any case, for Okta's free header too.
fn bearer(request: &Request) -> Result<&str, Denial> {
    let header = request.headers().get(AUTHORIZATION).ok_or(Denial::Silent)?;
    let text = header.to_str().map_err(|_| Denial::Unreadable)?.trim();
    let (scheme, token) = text.split_once(' ').ok_or(Denial::Unreadable)?;
    let token = token.trim();
    let sound = scheme.eq_ignore_ascii_case("bearer") && !token.is_empty();
    if sound && token.len() <= LONGEST { Ok(token) } else { Err(Denial::Unreadable) }
}

impl Caller {
    /// Who shows this token, if it may be shown now and from there.
    fn of(token: &Token, address: Option<IpAddr>, now: Timestamp) -> Result<Self, Denial> {
        let title = token.title.clone();
        if !token.lives(now) {
            return Err(Denial::Expired);
        }
        if address.is_some_and(|address| !token.admits(address)) {
            return Err(Denial::Address(address, Some(title)));
        }
        Ok(Self { title, scope: token.scope })
    }

    /// Refuses what the token was not made for.
    fn permit(&self, route: &Route, method: &http::Method) -> Result<(), Denial> {
        if let Some(kind) = route.kind() {
            self.may_touch(kind).map_err(Denial::Scope)?;
        }
        let writes = match route {
            Route::Collection(_) | Route::One(..) => !(method.is_safe()),
            Route::Bulk => true,
            _ => false,
        };
        if writes { self.may_write().map_err(Denial::Scope) } else { Ok(()) }
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
