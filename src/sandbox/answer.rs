//! What goes back over the wire: an answer, and the exceptions that Moodle
//! hides inside of a status 200.

use std::borrow::Cow;

use serde::Serialize;

use super::json;
use super::site::{Release, Site};

/// One answer, before it becomes HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status; 200 for nearly everything.
    pub status: u16,
    /// The content type, as Moodle spells it.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
    /// Seconds for `Retry-After`, where one is sent.
    pub retry_after: Option<u32>,
}

impl Answer {
    /// A status 200 with a value as PHP writes JSON.
    pub(super) fn json(value: &impl Serialize) -> Self {
        Self::new(200, "application/json", json::written(value))
    }

    /// A page for people.
    pub(super) fn html(status: u16, body: &str) -> Self {
        Self::new(status, "text/html; charset=utf-8", body.to_owned())
    }

    pub(super) fn new(status: u16, content_type: &'static str, body: String) -> Self {
        Self { status, content_type, body, retry_after: None }
    }

    pub(super) fn after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }
}

/// What a call comes to: a body, or an exception.
pub(super) type Outcome<T = Answer> = Result<T, Trouble>;

/// An exception: class, code, message, and what only developers see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    class: &'static str,
    code: Cow<'static, str>,
    message: Cow<'static, str>,
    debug: Option<String>,
}

#[derive(Serialize)]
struct Wire<'a> {
    exception: &'a str,
    errorcode: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    debuginfo: Option<&'a str>,
}

impl Trouble {
    pub(super) fn new(
        class: &'static str,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { class, code: code.into(), message: message.into(), debug: None }
    }

    /// A refused parameter. Only developers are told which, and why.
    pub(super) fn parameter(debug: impl Into<String>) -> Self {
        let mut made = Self::new(
            "invalid_parameter_exception",
            "invalidparameter",
            "Invalid parameter value detected",
        );
        made.debug = Some(debug.into());
        made
    }

    pub(super) fn moodle(
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new("moodle_exception", code, message)
    }

    /// A code that has no text in the language pack: Moodle shows the bare key.
    pub(super) fn untranslated(code: impl Into<String>) -> Self {
        let code = code.into();
        let message = format!("error/{code}");
        Self::moodle(code, message)
    }

    /// A column too short, or a unique index in the way.
    pub(super) fn write() -> Self {
        Self::new("dml_write_exception", "dmlwriteexception", "Error writing to database")
    }

    pub(super) fn no_record(table: &str) -> Self {
        Self::new(
            "dml_missing_record_exception",
            "invalidrecord",
            format!("Can't find data record in database table {table}."),
        )
    }

    pub(super) fn no_user() -> Self {
        Self::new("dml_missing_record_exception", "invaliduser", "Invalid user")
    }

    pub(super) fn access() -> Self {
        Self::new("webservice_access_exception", "accessexception", "Access control exception")
    }

    pub(super) fn token() -> Self {
        Self::moodle("invalidtoken", "Invalid token - token not found")
    }

    pub(super) fn response() -> Self {
        Self::new(
            "invalid_response_exception",
            "invalidresponse",
            "Invalid response value detected",
        )
    }

    pub(super) fn missing_right(words: &str) -> Self {
        Self::new(
            "required_capability_exception",
            "nopermissions",
            format!("Sorry, but you do not currently have permissions to do that ({words})."),
        )
    }

    pub(super) fn code(&self) -> &str {
        &self.code
    }

    pub(super) fn message(&self) -> &str {
        &self.message
    }

    pub(super) fn debug(&self) -> &str {
        self.debug.as_deref().unwrap_or_default()
    }

    pub(super) fn answer(&self, site: &Site, format: Format) -> Answer {
        let class = self.class(site.release);
        match format {
            Format::Json => Answer::json(&Wire {
                exception: &class,
                errorcode: &self.code,
                message: &self.message,
                debuginfo: self.debug.as_deref().filter(|_| site.debug),
            }),
            Format::Xml => Answer::new(200, "application/xml; charset=utf-8", self.xml(&class)),
        }
    }

    /// From 4.5 on some classes live in a namespace, and others do not.
    fn class(&self, release: Release) -> Cow<'static, str> {
        let moved = self.class != "webservice_access_exception" && !self.class.starts_with("dml_");
        match release {
            Release::V45 if moved => Cow::Owned(format!("core\\exception\\{}", self.class)),
            Release::V43 | Release::V45 => Cow::Borrowed(self.class),
        }
    }

    fn xml(&self, class: &str) -> String {
        let text =
            |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<EXCEPTION class=\"{class}\">\n\
             <ERRORCODE>{}</ERRORCODE>\n<MESSAGE>{}</MESSAGE>\n</EXCEPTION>\n",
            text(&self.code),
            text(&self.message),
        )
    }
}

/// What `moodlewsrestformat` asked for. Without it Moodle speaks XML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Xml,
}
