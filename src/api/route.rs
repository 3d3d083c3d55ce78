//! Addresses: which resource a path below a tenant's base means.

use percent_encoding::percent_decode_str;

use crate::scim::{Kind, ResourceId};

/// What a path means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// The base itself.
    Base,
    /// `/Users`, `/Groups`.
    Collection(Kind),
    /// `/Users/{id}`, `/Groups/{id}`.
    One(Kind, ResourceId),
    /// `/.search`, or that of one kind.
    Search(Option<Kind>),
    /// `/Bulk`.
    Bulk,
    /// `/Me`.
    Me,
    /// `/ServiceProviderConfig`.
    ServiceProviderConfig,
    /// `/ResourceTypes`, or one of them.
    ResourceTypes(Option<String>),
    /// `/Schemas`, or one of them.
    Schemas(Option<String>),
    /// Nothing.
    Unknown,
}

impl Route {
    /// Reads the rest of a path; its segments are still as they were sent.
    pub(super) fn of(path: &str) -> Self {
        let mut segments = segments(path);
        let Some(first) = segments.next() else { return Self::Base };
        match (first, segments.next(), segments.next()) {
            ("Me", ..) => Self::Me,
            (name, None, _) => Self::of_one(name),
            (name, Some(inner), None) => Self::of_two(name, inner),
            _ => Self::Unknown,
        }
    }

    fn of_one(name: &str) -> Self {
        match name {
            "Bulk" => Self::Bulk,
            ".search" => Self::Search(None),
            "ServiceProviderConfig" | "ServiceProviderConfigs" => Self::ServiceProviderConfig,
            "ResourceTypes" => Self::ResourceTypes(None),
            "Schemas" => Self::Schemas(None),
            name => kind(name).map_or(Self::Unknown, Self::Collection),
        }
    }

    fn of_two(name: &str, inner: &str) -> Self {
        match (name, kind(name)) {
            ("ResourceTypes", _) => decoded(inner, |name| Self::ResourceTypes(Some(name))),
            ("Schemas", _) => decoded(inner, |urn| Self::Schemas(Some(urn))),
            (_, Some(kind)) if inner == ".search" => Self::Search(Some(kind)),
            (_, Some(kind)) => decoded(inner, |id| match ResourceId::parse(&id) {
                Some(id) => Self::One(kind, id),
                None => Self::Unknown,
            }),
            (_, None) => Self::Unknown,
        }
    }

    /// Its name in metrics and logs.
    pub(super) fn template(&self) -> &'static str {
        match self {
            Self::Base => "/",
            Self::Collection(Kind::User) => "/Users",
            Self::Collection(Kind::Group) => "/Groups",
            Self::One(Kind::User, _) => "/Users/{id}",
            Self::One(Kind::Group, _) => "/Groups/{id}",
            Self::Search(None) => "/.search",
            Self::Search(Some(Kind::User)) => "/Users/.search",
            Self::Search(Some(Kind::Group)) => "/Groups/.search",
            Self::Bulk => "/Bulk",
            Self::Me => "/Me",
            Self::ServiceProviderConfig => "/ServiceProviderConfig",
            Self::ResourceTypes(_) => "/ResourceTypes",
            Self::Schemas(_) => "/Schemas",
            Self::Unknown => "unknown",
        }
    }

    /// The methods it knows, as the header `Allow` has them.
    pub(super) fn allow(&self) -> &'static str {
        match self {
            Self::Collection(_) => "GET, HEAD, POST, OPTIONS",
            Self::One(..) => "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
            Self::Search(_) | Self::Bulk => "POST, OPTIONS",
            Self::Me => "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
            Self::Base
            | Self::ServiceProviderConfig
            | Self::ResourceTypes(_)
            | Self::Schemas(_)
            | Self::Unknown => "GET, HEAD, OPTIONS",
        }
    }

    /// The kind of resource it is about, where it is about one.
    pub(super) fn kind(&self) -> Option<Kind> {
        match self {
            Self::Collection(kind) | Self::One(kind, _) => Some(*kind),
            Self::Search(kind) => *kind,
            Self::Base
            | Self::Bulk
            | Self::Me
            | Self::ServiceProviderConfig
            | Self::ResourceTypes(_)
            | Self::Schemas(_)
            | Self::Unknown => None,
        }
    }
}

/// The segments of a path. Double slashes and one at the end are what becomes of
/// a Tenant URL that ends in a slash; they mean nothing.
pub(super) fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

fn kind(name: &str) -> Option<Kind> {
    match name {
        "Users" => Some(Kind::User),
        "Groups" => Some(Kind::Group),
        _ => None,
    }
}

fn decoded(segment: &str, route: impl FnOnce(String) -> Route) -> Route {
    match percent_decode_str(segment).decode_utf8() {
        Ok(text) => route(text.into_owned()),
        Err(_) => Route::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(path: &str) -> Route {
        Route::of(path)
    }

    #[test]
    fn slashes_too_many_mean_nothing() {
        for path in ["/Users", "//Users", "/Users/", "Users//"] {
            assert_eq!(route(path), Route::Collection(Kind::User), "{path}");
        }
        assert_eq!(route("/"), Route::Base);
    }

    #[test]
    fn an_id_is_one_decoded_segment() {
        let id = |text| Route::One(Kind::User, ResourceId::parse(text).unwrap());
        assert_eq!(route("/Users/a%2Fb"), id("a/b"));
        assert_eq!(route("/Users/%C3%A4"), id("ä"));
        assert_eq!(route("/Users/%FF"), Route::Unknown);
        assert_eq!(route("/Users/bulkId:1"), Route::Unknown);
        assert_eq!(route("/Users/1/2"), Route::Unknown);
    }

    #[test]
    fn a_search_is_no_id() {
        assert_eq!(route("/Users/.search"), Route::Search(Some(Kind::User)));
        assert_eq!(route("/.search"), Route::Search(None));
    }
}
