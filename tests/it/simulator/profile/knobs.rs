//! What can be turned about a client.

/// How queries are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Spaces as `+`, quotes as `%22`, brackets as they are.
    Plus,
    /// Everything in hexadecimal.
    Percent,
    /// As a browser's form.
    Form,
}

/// Where a slash too many stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slash {
    /// Nowhere.
    None,
    /// After the tenant URL: `//Users`.
    AfterBase,
    /// After the endpoint: `/Users/?filter=`.
    AfterEndpoint,
}

/// What is asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Probe {
    /// Somebody who cannot exist.
    Filter,
    /// The first two people.
    FirstPage,
    /// What the server can do.
    ServiceProviderConfig,
    /// Nothing is known of a probe.
    None,
}

/// How the client learns whether somebody exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LookUp {
    /// By the matching attributes, before it creates.
    Before,
    /// By `userName`, after a 409.
    AfterConflict,
    /// Not at all.
    Never,
}

/// How attributes change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Update {
    /// PATCH, one operation an attribute: D1.
    OneEach,
    /// PATCH, filtered paths first, the rest as one object: D2.
    Flat,
    /// GET, then PUT of what came, changed.
    Put,
    /// The same, but `active` alone by PATCH.
    PutButActive,
    /// PUT of what the client knows itself.
    PutOwn,
    /// PATCH of `active`, `userName` and `displayName`, all three, and PUT
    /// where anything else changes.
    Three,
}

impl Update {
    /// Whether a PATCH can say everything.
    pub(crate) fn is_patch(self) -> bool {
        matches!(self, Self::OneEach | Self::Flat)
    }
}

/// How `active` is written in a PATCH.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Active {
    /// `"False"`.
    Text,
    /// `"false"`.
    LowerText,
    /// `false`.
    Bool,
    /// `{"active": false}` without a path.
    NoPath,
}

/// What becomes of people who leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Removal {
    /// Disabled, and deleted once they are purged.
    DisableThenDelete,
    /// Disabled for ever.
    DisableOnly,
    /// Deleted at once.
    Delete,
}

/// How a manager is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manager {
    /// The bare id.
    Text,
    /// The bare id under the URN's key, without a path.
    FlatKey,
    /// `{"value": id}`.
    Object,
    /// `[{"$ref": …, "value": id}]` at the path `manager`.
    List,
    /// Within the PUT.
    Put,
    /// Not at all.
    None,
}

/// Which of Entra's functions fills the roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Roles {
    /// `SingleAppRoleAssignment`.
    Single,
    /// `AppRoleAssignmentsComplex`: adds, never removes.
    Complex,
    /// `AssertiveAppRoleAssignmentsComplex`: replaces.
    Assertive,
}

/// How members change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Members {
    /// Both ways with a list in `value`.
    ValueList,
    /// Removal by a filter in the path.
    Filter,
    /// Removal by filter and addition in one request, after a rename to the
    /// name it has.
    Together,
    /// An operation for each member, after a look at who is there.
    OneEach,
    /// PUT of the whole group.
    Put,
    /// PATCH that replaces the whole list.
    Replace,
}
