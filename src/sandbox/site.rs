//! The site: its settings, its state, its custom profile fields. Tests write to
//! them as an administrator would.

use std::collections::BTreeMap;

/// Which Moodle is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Release {
    /// 4.3.
    #[default]
    V43,
    /// 4.5: namespaced exception classes and a few more fields.
    V45,
}

/// Which database is below; it decides about letter case in lookups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Database {
    /// PostgreSQL: lookups tell capitals apart, ids must be numbers.
    #[default]
    Postgres,
    /// `MariaDB`: lookups ignore case and trailing spaces, `12abc` is 12.
    Mariadb,
}

/// What state the site is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// It works.
    #[default]
    Up,
    /// Web services, or the REST protocol, are switched off: 403 without a body.
    ServicesOff,
    /// Maintenance mode: a 200 with an exception, but for administrators.
    Maintenance,
    /// Maintenance from the command line: 503 and a page.
    CliMaintenance,
    /// An upgrade runs.
    Upgrading,
    /// The database is down: a 200 all the same.
    DatabaseDown,
}

/// What a custom profile field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A line of text.
    Text,
    /// One of a list; any other value is dropped in silence.
    Menu(Vec<String>),
    /// A tick.
    Checkbox,
    /// A point in time; takes `2024-05-01` too.
    Datetime,
}

/// A custom profile field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name that calls use.
    pub shortname: String,
    /// The name that people read.
    pub name: String,
    /// What it holds.
    pub kind: FieldKind,
    /// Hidden from all who may not see every detail.
    pub private: bool,
}

impl Field {
    /// A field that everybody sees.
    pub fn new(shortname: &str, name: &str, kind: FieldKind) -> Self {
        Self { shortname: shortname.to_owned(), name: name.to_owned(), kind, private: false }
    }
}

/// The settings of the site. `Default` is a fresh installation.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of Moodle's own")]
pub struct Site {
    /// Which Moodle is spoken.
    pub release: Release,
    /// Which database is below.
    pub database: Database,
    /// What state the site is in.
    pub state: State,
    /// The site's own address, as it stands in answers.
    pub url: String,
    /// The name of the site.
    pub name: String,
    /// Unix time. It stands still unless somebody moves it.
    pub now: i64,
    /// The revision in addresses of pictures.
    pub theme_revision: i64,
    /// PHP's limit on variables in one request.
    pub max_input_vars: usize,
    /// `extendedusernamechars`.
    pub extended_usernames: bool,
    /// `allowaccountssameemail`.
    pub same_email: bool,
    /// `passwordpolicy`.
    pub password_policy: bool,
    /// Developer debugging: refusals give their reason.
    pub debug: bool,
    /// `showuseridentity`.
    pub identity: Vec<String>,
    /// Installed language packs.
    pub languages: Vec<String>,
    /// Installed authentication plugins.
    pub auths: Vec<String>,
    /// Custom profile fields, in the order they are shown.
    pub fields: Vec<Field>,
    /// Course categories: id and idnumber.
    pub categories: BTreeMap<i64, String>,
}

impl Default for Site {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(ToString::to_string).collect();
        Self {
            release: Release::default(),
            database: Database::default(),
            state: State::default(),
            url: "http://127.0.0.1".to_owned(),
            name: "Sandbox".to_owned(),
            now: 1_800_000_000,
            theme_revision: 1_800_000_000,
            max_input_vars: 5000,
            extended_usernames: false,
            same_email: false,
            password_policy: true,
            debug: false,
            identity: words(&["email"]),
            languages: words(&["en"]),
            auths: words(&[
                "cas",
                "db",
                "email",
                "ldap",
                "lti",
                "manual",
                "mnet",
                "nologin",
                "none",
                "oauth2",
                "shibboleth",
            ]),
            fields: Vec::new(),
            categories: BTreeMap::new(),
        }
    }
}

impl Site {
    /// A site set up as a gateway needs it: its service account sees what the
    /// mapping for Moodle reads.
    pub fn for_gateways() -> Self {
        let identity = ["email", "phone1", "phone2"].map(String::from).to_vec();
        Self { identity, ..Self::default() }
    }

    pub(super) fn knows_auth(&self, auth: &str) -> bool {
        self.auths.iter().any(|known| known == auth)
    }

    /// Whether two words are one to the database.
    pub(super) fn same(&self, held: &str, asked: &str) -> bool {
        match self.database {
            Database::Postgres => held == asked,
            Database::Mariadb => folded(held.trim_end()) == folded(asked.trim_end()),
        }
    }

    pub(super) fn picture(&self, size: &str) -> String {
        format!("{}/theme/image.php/boost/core/{}/u/{size}", self.url, self.theme_revision)
    }
}

/// A word as an index and a comparison without case know it.
pub(super) fn folded(text: &str) -> String {
    text.to_lowercase()
}

/// Authentication plugins that keep a password of their own and so need one.
pub(super) fn keeps_passwords(auth: &str) -> bool {
    matches!(auth, "manual" | "email" | "nologin" | "none")
}
