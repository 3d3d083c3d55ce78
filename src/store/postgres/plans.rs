//! That what is asked again and again reads what it needs, and no more: how the server
//! goes about each statement where it plans once for all values, whether it knows
//! anything of the tables or not.

use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use super::entry_row::{PUT, REMOVE};
use super::pending_row::{ADD, CHANGE};
use super::{Postgres, Settings, look, pending, trail};
use crate::policy::Reason;
use crate::scim::{Kind, ResourceId};
use crate::secret::Secret;
use crate::store::narrow::Narrow;
use crate::store::{Among, Choice, Wanted};

/// A school with many people, and as much work that waits.
const MANY: &str = "
    ALTER TABLE entries SET (autovacuum_enabled = false);
    ALTER TABLE pending SET (autovacuum_enabled = false);
    ALTER TABLE pending_names SET (autovacuum_enabled = false);
    ALTER TABLE trail SET (autovacuum_enabled = false);
    INSERT INTO entries SELECT 'school', 'User', number::text, '{}', 0, 0, 0, 'x' || number,
        CASE WHEN number % 2 = 0 THEN 'y' || number END, NULL,
        CASE WHEN number % 4 = 1 THEN 'unborn' WHEN number % 4 = 3 THEN 'gone' END,
        'n' || number, 'e' || number FROM generate_series(1, 20000) AS number;
    INSERT INTO pending (tenant, kind, id, operation, turn, reason, who, at, released, attempts,
            due, wakes)
        SELECT 'school', 'User', number::text, '{}', number % 3, 'dry-run', '', 0, false, 0, 0,
            CASE WHEN number % 2 = 0 THEN 5 END FROM generate_series(1, 20000) AS number;
    INSERT INTO pending_names SELECT tenant, kind, 'n' || id, sequence, id FROM pending;
    INSERT INTO trail SELECT number, 0, 'school', number::text, 'n' || number, 'done', '', ''
        FROM generate_series(1, 20000) AS number;";

#[expect(clippy::disallowed_methods, reason = "a test's own environment")]
fn server() -> Option<String> {
    std::env::var("MATRICULA_TEST_POSTGRES").ok()
}

/// How it reads for a statement, planned for whatever values.
async fn plan(client: &Client, text: &str) -> Vec<String> {
    let values = (1..=20).rev().find(|number| text.contains(&format!("${number}"))).unwrap_or(0);
    let values = vec!["NULL"; values].join(", ");
    let values = if values.is_empty() { values } else { format!("({values})") };
    client.batch_execute(&format!("PREPARE asked AS {text}")).await.unwrap();
    let text = format!("EXPLAIN (COSTS OFF) EXECUTE asked{values}");
    let told = client.simple_query(&text).await.unwrap();
    client.batch_execute("DEALLOCATE asked").await.unwrap();
    lines(&told)
}

fn lines(told: &[SimpleQueryMessage]) -> Vec<String> {
    let line = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    };
    told.iter().filter_map(line).collect()
}

/// What is looked up by its tenant, its kind, and this.
const OWN: &str = "((tenant = $1) AND (kind = $2) AND ";

/// Each statement with the index that it goes by, and what that is told.
fn meant() -> Vec<(String, &'static str, String)> {
    let own = |column: &str| format!("{OWN}({column} = ");
    let mut meant = vec![
        (look::one(), "entries_pkey", own("id")),
        (look::each(), "entries_pkey", own("id")),
        (look::each_of_lms(), "entries_by_lms", own("lms")),
        (look::each_of_lms(), "entries_pkey", own("id")),
        (REMOVE.to_owned(), "entries_pkey", own("id")),
        (pending::NAMED.to_owned(), "pending_names_pkey", own("name")),
        (pending::waiting_for(), "pending_by_resource", own("id")),
        (
            pending::TALLY.to_owned(),
            "pending_by_reason",
            "((tenant = known.tenant) AND (reason = known.reason) AND (at IS NOT NULL))".to_owned(),
        ),
        // In the order of the index: the first that are ready end the search.
        (pending::begins(), "pending_awake", "((tenant = $1) AND (lane = lane.name))".to_owned()),
    ];
    for among in [Among::Present, Among::Unborn, Among::Gone] {
        let by = |narrow: fn(String) -> Narrow| look::among(among, Some(&narrow(String::new())));
        meant.extend([
            (by(Narrow::ExternalId), "entries_by_external_id", own("external_id")),
            (by(Narrow::Name), "entries_by_name", own("name")),
            (by(Narrow::Email), "entries_by_email", own("email")),
        ]);
    }
    meant
}

/// Those of which the server may choose the index, as long as it reads by one.
fn other() -> Vec<String> {
    let texts = [pending::COUNT, pending::DONE, pending::WAKE, PUT, ADD, CHANGE];
    let mut texts: Vec<_> = texts.map(str::to_owned).into();
    let wanted = Wanted { most: 100, ..Wanted::default() };
    let named = Wanted { resource: Some(String::new()), latest: true, ..wanted.clone() };
    texts.extend([trail::asked(&wanted).0, trail::asked(&named).0]);
    let user = Choice { kind: Some(Kind::User), ..Choice::default() };
    let one = Choice { id: ResourceId::parse("7"), ..user.clone() };
    let held = Choice { reason: Some(Reason::Guard), ..Choice::default() };
    texts.extend([&user, &one, &held].map(|choice| pending::Chosen::of(choice).page()));
    texts.extend([Among::Present, Among::Gone].map(|among| look::among(among, None)));
    texts
}

#[tokio::test]
async fn each_look_up_goes_by_its_index_whatever_the_server_knows() {
    let Some(address) = server() else { return };
    let mut settings = Settings::parse(&Secret::new(address.clone())).unwrap();
    settings.schema = format!("plans_{}", std::process::id());
    drop(Postgres::open(&settings).await.unwrap());
    let (client, connection) = tokio_postgres::connect(&address, NoTls).await.unwrap();
    tokio::spawn(connection);
    let set = format!(
        "SET search_path TO {}; SET plan_cache_mode TO force_generic_plan",
        settings.schema
    );
    client.batch_execute(&format!("{set}; {MANY}")).await.unwrap();
    for knows in ["nothing", "how much there is of what"] {
        for (text, index, told) in meant() {
            let plan = plan(&client, &text).await;
            let reads = plan.windows(2).any(|lines| {
                lines[0].contains(&format!("using {index} on"))
                    && lines[1].trim().starts_with(&format!("Index Cond: {told}"))
            });
            assert!(reads, "it knows {knows}: {text}\n{plan:#?}");
            assert!(!plan.iter().any(|line| line.contains("Seq Scan")), "{text}\n{plan:#?}");
        }
        for text in other() {
            let plan = plan(&client, &text).await;
            let all = plan.iter().any(|line| line.contains("Seq Scan on"));
            assert!(!all, "it knows {knows}: {text}\n{plan:#?}");
        }
        client.batch_execute("ANALYZE").await.unwrap();
    }
    // What a plan does for each row of those that it makes itself shows when it is done.
    let text = format!("EXPLAIN (ANALYZE, COSTS OFF) {}", look::learn());
    let learnt = lines(&client.simple_query(&text).await.unwrap()).join("\n");
    for index in ["entries_apart", "entries_by_lms"] {
        assert!(learnt.contains(&format!("Index Only Scan using {index} on")), "{learnt}");
    }
    client.batch_execute(&format!("DROP SCHEMA {} CASCADE", settings.schema)).await.unwrap();
}
