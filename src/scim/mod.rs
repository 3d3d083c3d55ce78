//! SCIM 2.0 as values: RFC 7643 and 7644, and what Entra, Okta, authentik and
//! Keycloak do beside them. Pure: no IO, no clock, no async.
