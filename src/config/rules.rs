//! What may happen in a tenant: its mode and its rules.

use super::key::Key;
use super::reader::Reader;
use super::{written, written_rules};
use crate::mapping::Plan;
use crate::policy::{Activation, Deprovision, Guard, Mode, Protect, Rules, SignIn};
use crate::scim::{Filter, Kind, Matcher, ResourceType};

impl Reader<'_> {
    /// The rules of a tenant. The filters of `protect` are held against what a
    /// user is in its LMS.
    pub(super) fn rules(&mut self, key: &Key, written: &written::Tenant, plan: &Plan) -> Rules {
        let default = Rules::default();
        let guard = match written.guard {
            None => default.guard,
            Some(written_rules::Guard::Off) => None,
            Some(written_rules::Guard::On { removals, within }) => {
                Some(Guard { removals: removals.0, within: within.0 })
            }
        };
        Rules {
            mode: match written.mode {
                None => default.mode,
                Some(written_rules::Mode::DryRun) => Mode::DryRun,
                Some(written_rules::Mode::Confirm) => Mode::Confirm,
                Some(written_rules::Mode::Sync) => Mode::Sync,
            },
            activation: match written.activation {
                None => default.activation,
                Some(written_rules::Activation::Automatic) => Activation::Automatic,
                Some(written_rules::Activation::Manual) => Activation::Manual,
            },
            sign_in: match written.sign_in {
                None => default.sign_in,
                Some(written_rules::SignIn::Password) => SignIn::Password,
                Some(written_rules::SignIn::Sso) => SignIn::Sso,
            },
            deprovision: self.deprovision(key, written, plan),
            guard,
            protect: self.protect(&key.then("protect"), &written.protect, plan),
            outage: written.outage_queue.unwrap_or(default.outage),
            pending: written.pending.map_or(default.pending, |it| it.0),
        }
    }

    /// Where nobody can be disabled, only `delete` means anything.
    fn deprovision(&mut self, key: &Key, written: &written::Tenant, plan: &Plan) -> Deprovision {
        let default = Deprovision::default();
        let meant = match written.deprovision {
            None => default,
            Some(written_rules::Deprovision::Disable) => Deprovision::Disable,
            Some(written_rules::Deprovision::Delete) => Deprovision::Delete,
            Some(written_rules::Deprovision::DeleteAfter(grace)) => {
                Deprovision::DeleteAfter(grace.0)
            }
        };
        let disables = plan.kinds_of(Kind::User).next().is_none_or(|users| {
            users.attributes.iter().any(|it| it.name == "active" && it.update.is_some())
        });
        if !disables && written.deprovision.is_some() && meant != Deprovision::Delete {
            let key = key.then("deprovision");
            let words = format!("`{key}`: this mapping cannot disable accounts");
            self.refuse(&key, words, "write deprovision = \"delete\", or map `active`");
        }
        meant
    }

    fn protect(&mut self, key: &Key, filters: &[String], plan: &Plan) -> Protect {
        let users = plan.kinds_of(Kind::User).next();
        let user = users.map_or_else(ResourceType::user, |users| users.resource_type.clone());
        let mut matchers = Vec::with_capacity(filters.len());
        for (index, text) in filters.iter().enumerate() {
            let parsed = Filter::parse(text, user.urns()).map_err(|error| error.to_string());
            let bound = parsed.and_then(|filter| {
                Matcher::bind(&filter, &user).map_err(|error| error.detail().to_owned())
            });
            match bound {
                Ok(matcher) => matchers.push(matcher),
                Err(problem) => {
                    let words = format!("`{key}`, filter {}: {problem}", index + 1);
                    let hint = "write a SCIM filter on users, as in 'userName eq \"admin\"'";
                    self.refuse(key, words, hint);
                }
            }
        }
        Protect::new(matchers)
    }
}
