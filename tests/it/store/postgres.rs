//! What only a server can do: be told to by several, break, refuse, lock, fill up.
//!
//! `MATRICULA_TEST_POSTGRES` names a server that tests may make schemas in, as
//! `.ci/postgres` starts one. Without it, nothing here is shown, and
//! the run says so once.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Once, Weak};
use std::time::Duration;

use matricula::clock::Clock;
use matricula::scim::{Kind, ResourceId};
use matricula::secret::Secret;
use matricula::store::{Among, Ears, Peers, Postgres, Settings, Store, Tables};
use serde_json::json;
use tokio::net::{TcpListener, TcpSocket};
use tokio_postgres::{Client, NoTls};

use super::suite::{TWICE, alias, both_go_on, entry, id, matcher};

/// The server's address.
#[expect(clippy::disallowed_methods, reason = "the test's own environment, not the program's")]
pub(crate) fn server() -> Option<String> {
    static TOLD: Once = Once::new();
    let named = std::env::var("MATRICULA_TEST_POSTGRES").ok();
    if named.is_none() {
        // Past what the test runner captures: nobody should take this for a proof.
        let words = b"SKIPPED: MATRICULA_TEST_POSTGRES names no PostgreSQL; see .ci/postgres\n";
        TOLD.call_once(|| drop(std::io::stderr().write_all(words)));
    }
    named
}

/// The server, with a schema that nobody else uses.
pub(crate) async fn schema_of_its_own() -> Option<Settings> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let server = server()?;
    let born = Clock::system().now().as_microsecond();
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("test_{}_{born}_{number}", std::process::id());
    let address = format!("{server}&application_name={name}");
    let mut settings = Settings::parse(&Secret::new(address)).unwrap();
    settings.schema = name;
    settings.connections = 4;
    Some(settings)
}

/// A store that hears what others on it say.
pub(crate) async fn joined(settings: &Settings) -> Postgres {
    let store = Postgres::open(settings).await.unwrap();
    let deaf = Arc::new(Deaf);
    let deaf = Arc::downgrade(&deaf) as Weak<dyn Ears>;
    let peers = store.peers(&"school".into(), deaf).unwrap();
    until_it_hears(&*peers).await;
    store
}

pub(super) async fn until_it_hears(peers: &dyn Peers) {
    // A turn waits for the line; what remains is the echo of the first beat.
    peers.turn(&[0]).await.unwrap().end().await;
    while !peers.hears() {
        tokio::task::yield_now().await;
    }
}

/// Who listens to nobody.
struct Deaf;

impl Ears for Deaf {
    fn heard(&self, _: &str) {}
    fn missed(&self) {}
}

/// A session beside the store, in its schema.
pub(super) async fn beside(settings: &Settings) -> Client {
    let (client, connection) = tokio_postgres::connect(&server().unwrap(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(&format!("SET search_path TO {}", settings.schema)).await.unwrap();
    client
}

/// The same server by another address: parameters are added to it.
fn with(settings: &Settings, parameters: &str) -> Settings {
    let address = format!("{}&{parameters}", server().unwrap());
    let mut other = Settings::parse(&Secret::new(address)).unwrap();
    other.schema.clone_from(&settings.schema);
    other
}

fn nina() -> matricula::store::Entry {
    entry(Kind::User, "7", &json!({ "userName": "Nina" }))
}

#[tokio::test]
async fn processes_that_start_together_make_the_tables_once() {
    let Some(settings) = schema_of_its_own().await else { return };
    assert_eq!(Postgres::examine(&settings).await.unwrap().tables, Tables::Absent);
    let mut starting = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let settings = settings.clone();
        starting.spawn(async move { Postgres::open(&settings).await.map(drop) });
    }
    for started in starting.join_all().await {
        started.unwrap();
    }
    let health = Postgres::examine(&settings).await.unwrap();
    assert_eq!((health.tables, health.writable, health.permitted), (Tables::Ready, true, true));
}

#[tokio::test]
async fn a_schema_of_another_program_is_left_as_it_is() {
    let Some(settings) = schema_of_its_own().await else { return };
    let client = beside(&settings).await;
    let schema = &settings.schema;
    let text = format!("CREATE SCHEMA {schema}; CREATE TABLE theirs (x int)");
    client.batch_execute(&text).await.unwrap();
    let refused = Postgres::open(&settings).await.unwrap_err().to_string();
    assert!(refused.contains("another program"), "{refused}");
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = $1";
    let row = client.query_one(tables, &[schema]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 1);
}

#[tokio::test]
async fn tables_of_a_later_version_are_refused_by_name() {
    let Some(settings) = schema_of_its_own().await else { return };
    drop(Postgres::open(&settings).await.unwrap());
    let client = beside(&settings).await;
    client.batch_execute("INSERT INTO form VALUES (99, 'later')").await.unwrap();
    let refused = Postgres::open(&settings).await.unwrap_err().to_string();
    assert!(refused.contains("later version (form 99)"), "{refused}");
    assert_eq!(Postgres::examine(&settings).await.unwrap().tables, Tables::Later);
}

/// Back to the form before all entries were found by their names.
const EARLIER: &str =
    "UPDATE entries SET name = NULL, email = NULL; DELETE FROM form WHERE number > 7;
     DROP TRIGGER entries_account ON entries; DROP FUNCTION entries_account()";

#[tokio::test]
async fn tables_of_an_earlier_form_are_brought_to_todays() {
    let Some(settings) = schema_of_its_own().await else { return };
    let store = Postgres::open(&settings).await.unwrap();
    store.entries(&"school".into()).put(nina()).await.unwrap();
    let client = beside(&settings).await;
    client.batch_execute(EARLIER).await.unwrap();
    assert_eq!(find(&store).await, []);
    let store = Postgres::open(&settings).await.unwrap();
    assert_eq!(find(&store).await, [id("7")]);
}

#[tokio::test]
async fn a_gateway_that_writes_meanwhile_does_not_stop_the_tables_from_becoming_todays() {
    let Some(settings) = schema_of_its_own().await else { return };
    let store = Postgres::open(&settings).await.unwrap();
    store.entries(&"school".into()).put(nina()).await.unwrap();
    let (mut older, watch) = (beside(&settings).await, beside(&settings).await);
    watch.batch_execute(EARLIER).await.unwrap();
    let write = "UPDATE entries SET revision = revision + 1";
    let step = older.transaction().await.unwrap();
    step.batch_execute(
        "INSERT INTO entries (tenant, kind, id, sent, modified, revision)
        VALUES ('zoo', 'User', '9', '{}', 0, 0)",
    )
    .await
    .unwrap();
    let opened = tokio::spawn({
        let settings = settings.clone();
        async move { Postgres::open(&settings).await.map(drop) }
    });
    let waits = "SELECT count(*) FROM pg_stat_activity
        WHERE application_name = $1 AND wait_event_type = 'Lock'";
    while watch.query_one(waits, &[&settings.schema]).await.unwrap().get::<_, i64>(0) == 0 {
        tokio::task::yield_now().await;
    }
    step.batch_execute(write).await.unwrap();
    step.commit().await.unwrap();
    opened.await.unwrap().unwrap();
    assert_eq!(find(&store).await, [id("7")]);
}

#[tokio::test]
async fn two_who_have_one_account_from_before_are_still_written() {
    let Some(settings) = schema_of_its_own().await else { return };
    let store = Postgres::open(&settings).await.unwrap();
    store.entries(&"school".into()).put(alias("7", "9")).await.unwrap();
    let client = beside(&settings).await;
    client.batch_execute(&format!("{EARLIER}; {TWICE}")).await.unwrap();
    both_go_on(&Postgres::open(&settings).await.unwrap()).await;
}

/// Who is found by her name.
async fn find(store: &Postgres) -> Vec<ResourceId> {
    let by_name = matcher(r#"userName eq "NINA""#);
    let entries = store.entries(&"school".into());
    entries.find(Kind::User, Among::Present, Some(&by_name), 9).await.unwrap()
}

#[tokio::test]
async fn connections_that_the_server_ends_are_made_anew() {
    let Some(settings) = schema_of_its_own().await else { return };
    let store = Postgres::open(&settings).await.unwrap();
    let entries = store.entries(&"school".into());
    entries.put(nina()).await.unwrap();
    let client = beside(&settings).await;
    for _ in 0..20 {
        // Those of this test alone.
        let text = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE application_name = $1";
        let ended = client.query(text, &[&settings.schema]).await.unwrap();
        assert!(!ended.is_empty());
        let read = entries.get(Kind::User, &id("7")).await.unwrap();
        assert_eq!(read.as_deref(), Some(&nina()));
    }
}

#[tokio::test]
async fn a_server_that_takes_no_writes_says_so_and_is_still_read() {
    let Some(settings) = schema_of_its_own().await else { return };
    let writer = Postgres::open(&settings).await.unwrap();
    writer.entries(&"school".into()).put(nina()).await.unwrap();
    let still = with(&settings, "options=-c%20default_transaction_read_only%3Don");
    let store = Postgres::open(&still).await.unwrap();
    let entries = store.entries(&"school".into());
    let refused = entries.remove(Kind::User, &id("7")).await.unwrap_err().to_string();
    assert!(refused.contains("takes no writes"), "{refused}");
    assert!(entries.get(Kind::User, &id("7")).await.unwrap().is_some());
    assert!(!Postgres::examine(&still).await.unwrap().writable);
}

#[tokio::test]
async fn a_full_disk_is_told_and_nothing_is_half_written() {
    let Some(settings) = schema_of_its_own().await else { return };
    let store = Postgres::open(&settings).await.unwrap();
    let entries = store.entries(&"school".into());
    entries.put(nina()).await.unwrap();
    let client = beside(&settings).await;
    let full = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;
                CREATE TRIGGER full_disk AFTER INSERT OR UPDATE ON entries
                    EXECUTE FUNCTION full_disk()";
    client.batch_execute(full).await.unwrap();
    let changed = entry(Kind::User, "7", &json!({ "userName": "Other" }));
    let refused = entries.put(changed.clone()).await.unwrap_err().to_string();
    assert!(refused.contains("disk is full"), "{refused}");
    assert_eq!(entries.get(Kind::User, &id("7")).await.unwrap().as_deref(), Some(&nina()));
    client.batch_execute("DROP TRIGGER full_disk ON entries").await.unwrap();
    entries.put(changed.clone()).await.unwrap();
    assert_eq!(entries.get(Kind::User, &id("7")).await.unwrap().as_deref(), Some(&changed));
}

#[tokio::test]
async fn a_table_that_somebody_locks_costs_no_longer_than_is_allowed() {
    let Some(settings) = schema_of_its_own().await else { return };
    let mut hasty = settings.clone();
    hasty.statement = Duration::from_millis(200);
    let store = Postgres::open(&hasty).await.unwrap();
    let entries = store.entries(&"school".into());
    let client = beside(&settings).await;
    client.batch_execute("BEGIN; LOCK TABLE entries").await.unwrap();
    let refused = entries.put(nina()).await.unwrap_err().to_string();
    assert!(refused.contains("lock") || refused.contains("too long"), "{refused}");
    client.batch_execute("ROLLBACK").await.unwrap();
    entries.put(nina()).await.unwrap();
}

#[tokio::test]
async fn who_is_not_known_there_is_told_what_to_check() {
    let Some(base) = server() else { return };
    let stranger = base.replace("matricula@/postgres", "matricula@/nowhere");
    let settings = Settings::parse(&Secret::new(stranger)).unwrap();
    let refused = Postgres::open(&settings).await.unwrap_err().to_string();
    assert!(refused.contains("nowhere") && refused.contains("createdb"), "{refused}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_with_its_place() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let address = format!("postgres://m:hunter2@{port}/people");
    let settings = Settings::parse(&Secret::new(address)).unwrap();
    let refused = Postgres::open(&settings).await.unwrap_err().to_string();
    assert!(refused.contains(&format!("{port}/people")), "{refused}");
    assert!(refused.contains("refused") && !refused.contains("hunter2"), "{refused}");
}

/// The socket of a machine without power: what is sent there is dropped.
fn dead() -> (u16, TcpListener, Vec<TcpStream>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut full = Vec::new();
    while let Ok(taken) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
        full.push(taken);
    }
    (address.port(), listener, full)
}

#[tokio::test]
async fn a_first_server_without_power_does_not_keep_us_from_the_second() {
    let (Some(own), Some(server)) = (schema_of_its_own().await, server()) else { return };
    let (port, _listener, _full) = dead();
    let several = server.replace("@/", &format!("@127.0.0.1:{port}/"));
    let address = format!("{several}&port=5432&target_session_attrs=read-write");
    let mut settings = Settings::parse(&Secret::new(address)).unwrap();
    settings.schema = own.schema;
    settings.connect = Duration::from_secs(2);
    let store = joined(&settings).await;
    store.entries(&"school".into()).put(nina()).await.unwrap();
}
