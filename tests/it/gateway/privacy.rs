//! What is said of people where it can be read later: nothing, unless that is
//! wanted.

use std::cell::RefCell;
use std::io;
use std::sync::Once;

use super::journey::nina;
use super::{House, Options};
use matricula::api;
use matricula::sandbox::Fault;
use serde_json::json;

thread_local! {
    /// What this thread has logged, while somebody wants to read it. A test and
    /// its house live on one thread.
    static PAGE: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Writes to the page of the thread.
struct Pages;

impl io::Write for Pages {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        PAGE.with_borrow_mut(|page| page.iter_mut().for_each(|page| page.extend(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One log for the process: whether a log is heard at all is decided for all
/// threads, and tests that take turns at it would miss lines.
pub(super) fn listen() {
    static LOG: Once = Once::new();
    LOG.call_once(|| {
        let log = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::INFO)
            .with_ansi(false)
            .with_writer(|| Pages)
            .finish();
        tracing::subscriber::set_global_default(log).unwrap();
    });
    PAGE.set(Some(Vec::new()));
}

/// What this thread has logged since it was listened to.
pub(super) fn heard() -> String {
    String::from_utf8(PAGE.take().unwrap()).unwrap()
}

/// What is logged of a day on which all kinds of things happen.
async fn log_of_a_day(personal: bool) -> String {
    listen();
    let api = api::Config { personal, ..api::Config::default() };
    let house = House::with(Options { api, ..Options::default() }).await;
    let mut body = nina();
    body["password"] = json!("Geheim-123456!");
    let id = house.post("/Users", body.clone()).await.id().to_owned();
    house.post("/Users", body.clone()).await;
    house.find("Users", r#"userName eq "nina.berg@hoch.example""#).await;
    house.find("Users", r#"nothing eq "nina.berg@hoch.example""#).await;
    let edit = json!([{ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "nina.berg" }]);
    house.patch(&format!("/Users/{id}"), edit).await;
    body["userName"] = json!("Nina Berg");
    house.post("/Users", body).await;
    house.lms.faults().always(None, Fault::DropAfter);
    house.find("Users", r#"externalId eq "x-Nina.Berg""#).await;
    house.delete(&format!("/Users/{id}")).await;
    heard()
}

#[tokio::test]
async fn names_do_not_reach_the_log() {
    let log = log_of_a_day(false).await;
    assert_eq!(log.matches("matricula::request").count(), 8, "{log}");
    let low = log.to_lowercase();
    for word in ["nina", "berg", "geheim", "hoch.example", "house-0123456789", "sandbox-token"] {
        assert!(!low.contains(word), "{word}: {log}");
    }
}

#[tokio::test]
async fn secrets_do_not_reach_the_log_even_where_names_may() {
    let log = log_of_a_day(true).await;
    assert!(log.contains("nina%2Eberg"), "{log}");
    for word in ["Geheim", "house-0123456789", "sandbox-token"] {
        assert!(!log.contains(word), "{word}: {log}");
    }
}
