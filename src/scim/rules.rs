//! How strictly a tenant reads what clients write.

/// What becomes of an attribute that the tenant's mapping does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unknown {
    /// It is kept as sent and shown as kept.
    #[default]
    Keep,
    /// It is passed over, as if it had not been sent.
    Ignore,
    /// The request is refused, with the name of the attribute.
    Reject,
}

/// How a tenant reads what clients write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// What becomes of unknown attributes.
    pub unknown: Unknown,
    /// The letter of RFC 7644 where the clients of this field need more: a
    /// filtered `replace` without a match is refused, `remove` with a null
    /// value empties the attribute, single values are not made lists.
    pub strict: bool,
}
