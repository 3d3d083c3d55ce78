//! The clients as they really are: Entra in both of its dialects, Okta,
//! authentik and the Keycloak plugin, over sockets against a SCIM server.
//!
//! ```text
//! directory ─ mapping ─► cycle ─► worker ─ dialect, parcel ─► client ─► inspection of every answer
//!                                    ▲
//!                    conversations ──┘        profile: the knobs of all of them
//! ```
//!
//! Nothing here uses the crate's own reading of SCIM, so that the two hold each
//! other to account.

#![expect(clippy::indexing_slicing, reason = "a test that finds nothing there should fail")]
#![expect(clippy::expect_used, reason = "what is expected is said in words")]
#![expect(clippy::panic, reason = "a broken rule ends the test")]

mod client;
mod conversations;
mod cycle;
mod dialect;
mod directory;
mod escrow;
mod house;
mod inspection;
mod parcel;
mod profile;
mod target;
mod task;
mod term;
mod worker;

mod answers;
mod spoken;
mod suite;
