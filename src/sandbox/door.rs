//! The door: what a token opens, and which accounts may go through at all.

use super::answer::{Outcome, Trouble};
use super::form::Array;
use super::moodle::Moodle;
use super::person::Person;
use super::site::State;
use super::token::{Block, Caller, Right, Standing, Token};

impl Moodle {
    /// Whose token it is, and whether it opens anything.
    pub(super) fn token(&mut self, parameters: &Array) -> Outcome<Token> {
        if self.site.state == State::DatabaseDown {
            return Err(Trouble::new(
                "dml_connection_exception",
                "dbconnectionfailed",
                DATABASE_DOWN,
            ));
        }
        let text = parameters.text("wstoken").unwrap_or_default();
        let token = self.tokens.get(text).cloned().ok_or_else(Trouble::token)?;
        let owner = self.people.get(token.owner).ok_or_else(Trouble::token)?;
        match self.site.state {
            State::Upgrading => {
                return Err(Trouble::moodle(
                    "upgraderunning",
                    "Site is being upgraded, please retry later.",
                ));
            }
            State::Maintenance if !owner.admin => {
                return Err(Trouble::moodle(
                    "sitemaintenance",
                    "The site is undergoing maintenance and is currently not available",
                ));
            }
            _ => {}
        }
        usable(owner)?;
        match token.standing {
            Standing::Valid => {}
            Standing::Barred => return Err(Trouble::access()),
            Standing::Expired => {
                self.tokens.remove(text);
                return Err(Trouble::access());
            }
        }
        if !self.caller(&token).may(Right::UseRest) {
            return Err(Trouble::access());
        }
        Ok(token)
    }

    pub(super) fn caller(&self, token: &Token) -> Caller {
        let admin = self.people.get(token.owner).is_some_and(|owner| owner.admin);
        Caller::new(token.owner, admin, token.rights.clone())
    }
}

/// What can stand in a person's way stands in the service account's too;
/// site info and `get_users` do not look.
pub(super) fn unblocked(token: &Token, function: &str) -> Outcome<()> {
    if matches!(function, "core_webservice_get_site_info" | "core_user_get_users") {
        return Ok(());
    }
    match token.block {
        Block::None => Ok(()),
        Block::ProfileIncomplete => {
            Err(Trouble::moodle("usernotfullysetup", "User not fully set-up"))
        }
        Block::MustChangePassword => Err(Trouble::untranslated("forcepasswordchangenotice")),
        Block::PolicyNotAgreed => Err(Trouble::moodle(
            "sitepolicynotagreed",
            "Site policy not agreed: sign in to open the site policy.",
        )),
    }
}

/// Whether the account behind a token may be used at all.
fn usable(owner: &Person) -> Outcome<()> {
    let (code, words) = if owner.deleted {
        ("wsaccessuserdeleted", "deleted username")
    } else if !owner.confirmed {
        ("wsaccessuserunconfirmed", "unconfirmed username")
    } else if owner.suspended {
        ("wsaccessusersuspended", "suspended username")
    } else if owner.auth == "nologin" {
        ("wsaccessusernologin", "nologin authentication username")
    } else {
        return Ok(());
    };
    let name = &owner.username;
    Err(Trouble::moodle(code, format!("Refused web service access for {words}: {name}")))
}

const DATABASE_DOWN: &str = "<p>Error: Database connection failed</p>\n<p>It is possible that the \
database is overloaded or otherwise not running properly.</p>\n<p>The site administrator should \
also check that the database details have been correctly specified in config.php</p>";
