//! The functions about users.

pub(super) mod create;
pub(super) mod delete;
pub(super) mod find;
pub(super) mod record;
pub(super) mod search;
pub(super) mod show;
pub(super) mod update;
