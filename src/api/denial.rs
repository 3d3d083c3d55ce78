//! Why somebody may not speak.
//!
//! A wrong token is 401. A wrong address is 403: Entra ID takes a 401 for a broken
//! credential and halts the whole job, and no new token would mend an address.

use std::net::IpAddr;

use super::guessers::Late;
use super::refusal::Refusal;
use crate::scim;

/// Why somebody may not speak.
#[derive(Debug)]
pub(super) enum Denial {
    /// Nobody is served at this address.
    Tenant,
    /// There is no token.
    Silent,
    /// What is there is none.
    Unreadable,
    /// Nobody has it.
    Unknown,
    /// Nobody has it, and it is such as we make.
    Stranger,
    /// It is one of ours, and not whole.
    Damaged,
    /// It has expired.
    Expired,
    /// It was revoked.
    Revoked,
    /// It, or the tenant, is not to be spoken to from there; the token's title.
    Address(Option<IpAddr>, Option<String>),
    /// It was not made for this.
    Scope(scim::Error),
}

impl Denial {
    /// Its word in metrics.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Silent => "no_token",
            Self::Unreadable => "unreadable",
            Self::Unknown | Self::Stranger => "unknown",
            Self::Damaged => "damaged",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Address(..) => "address",
            Self::Scope(_) => "scope",
        }
    }

    /// Whether somebody may be guessing.
    pub(super) fn is_guess(&self) -> bool {
        matches!(self, Self::Unknown | Self::Stranger | Self::Damaged)
    }

    /// What is answered, and how late.
    pub(super) fn refusal(self, late: Option<Late>) -> Refusal {
        let unauthorized = Refusal::unauthorized;
        let refusal = match self {
            Self::Tenant => scim::Error::not_found(
                "There is no tenant at this address. Compare it with the Tenant URL.",
            )
            .into(),
            Self::Silent => {
                unauthorized("The request has no token. It belongs into `Authorization: Bearer`.")
            }
            Self::Unreadable => unauthorized("`Authorization` must be `Bearer` and a token."),
            Self::Unknown | Self::Stranger => unauthorized("This token is not known here."),
            Self::Damaged => unauthorized(
                "This token is not whole: a part of it is missing or mistyped. Copy it again.",
            ),
            Self::Expired => unauthorized("This token has expired; a new one is needed."),
            Self::Revoked => unauthorized("This token was revoked; a new one is needed."),
            Self::Address(address, title) => address_refused(address, title.as_deref()),
            Self::Scope(error) => error.into(),
        };
        Refusal { late, ..refusal }
    }
}

fn address_refused(address: Option<IpAddr>, title: Option<&str>) -> Refusal {
    let address = address.map_or("it came from".to_owned(), |address| address.to_string());
    let whose = match title {
        Some(title) => format!("The token `{title}` may not be used from {address}."),
        None => format!("This tenant may not be spoken to from {address}."),
    };
    let words =
        format!("{whose} The operator of the gateway lists the networks that may, in `from`.");
    scim::Error::forbidden(words).into()
}
