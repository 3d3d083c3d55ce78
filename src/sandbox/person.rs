//! A row of the table of users.

use std::collections::BTreeMap;

/// The guest account: deleting it succeeds and does nothing.
pub const GUEST: i64 = 1;
/// The site administrator.
pub const ADMIN: i64 = 2;

/// An account as it is stored. `Default` is what a create leaves unsaid.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the columns of Moodle")]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of Moodle's own")]
pub struct Person {
    pub id: i64,
    pub username: String,
    pub auth: String,
    pub firstname: String,
    pub lastname: String,
    pub email: String,
    pub idnumber: String,
    pub institution: String,
    pub department: String,
    pub phone1: String,
    pub phone2: String,
    pub address: String,
    pub city: String,
    pub country: String,
    pub lang: String,
    pub timezone: String,
    pub description: String,
    pub middlename: String,
    pub alternatename: String,
    pub firstnamephonetic: String,
    pub lastnamephonetic: String,
    pub interests: String,
    pub theme: String,
    pub mailformat: i64,
    /// `maildisplay`: 0 hides the e-mail, 1 shows it to everyone.
    pub maildisplay: i64,
    pub suspended: bool,
    pub confirmed: bool,
    pub deleted: bool,
    /// Site administrators can be neither changed nor deleted by others.
    pub admin: bool,
    /// Custom profile fields by short name, as stored.
    pub custom: BTreeMap<String, String>,
}

impl Default for Person {
    fn default() -> Self {
        let empty = String::new;
        Self {
            id: 0,
            username: empty(),
            auth: "manual".to_owned(),
            firstname: empty(),
            lastname: empty(),
            email: empty(),
            idnumber: empty(),
            institution: empty(),
            department: empty(),
            phone1: empty(),
            phone2: empty(),
            address: empty(),
            city: empty(),
            country: empty(),
            lang: "en".to_owned(),
            timezone: "99".to_owned(),
            description: empty(),
            middlename: empty(),
            alternatename: empty(),
            firstnamephonetic: empty(),
            lastnamephonetic: empty(),
            interests: empty(),
            theme: empty(),
            mailformat: 1,
            maildisplay: 2,
            suspended: false,
            confirmed: true,
            deleted: false,
            admin: false,
            custom: BTreeMap::new(),
        }
    }
}

impl Person {
    /// An account of whom only the four required fields are known.
    pub fn new(username: &str, firstname: &str, lastname: &str, email: &str) -> Self {
        Self {
            username: username.to_owned(),
            firstname: firstname.to_owned(),
            lastname: lastname.to_owned(),
            email: email.to_owned(),
            ..Self::default()
        }
    }

    /// The column of that name, where it is one of words.
    pub(super) fn column(&mut self, name: &str) -> Option<&mut String> {
        Some(match name {
            "username" => &mut self.username,
            "auth" => &mut self.auth,
            "firstname" => &mut self.firstname,
            "lastname" => &mut self.lastname,
            "email" => &mut self.email,
            "idnumber" => &mut self.idnumber,
            "institution" => &mut self.institution,
            "department" => &mut self.department,
            "phone1" => &mut self.phone1,
            "phone2" => &mut self.phone2,
            "address" => &mut self.address,
            "city" => &mut self.city,
            "country" => &mut self.country,
            "lang" => &mut self.lang,
            "timezone" => &mut self.timezone,
            "description" => &mut self.description,
            "middlename" => &mut self.middlename,
            "alternatename" => &mut self.alternatename,
            "firstnamephonetic" => &mut self.firstnamephonetic,
            "lastnamephonetic" => &mut self.lastnamephonetic,
            "interests" => &mut self.interests,
            "theme" => &mut self.theme,
            _ => return None,
        })
    }
}
