//! That what is asked again and again reads what it needs, and no more: how SQLite
//! goes about each statement, however large the file is.

use rusqlite::Connection;

use super::schema::{migrate, set_up};
use super::trail;
use super::{look, pending};
use crate::policy::Reason;
use crate::scim::{Kind, ResourceId};
use crate::store::narrow::Narrow;
use crate::store::{Among, Choice, Wanted};

/// How it reads and sorts for a statement, with nothing known of the file but its form.
fn plan(text: &str) -> Vec<String> {
    let mut connection = Connection::open_in_memory().unwrap();
    set_up(&connection).unwrap();
    migrate(&mut connection).unwrap();
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get::<_, String>(3).unwrap());
    }
    let reads = |step: &String| {
        let reads = ["SEARCH ", "SCAN ", "USE TEMP "].iter().any(|word| step.starts_with(word));
        reads && !["SCAN CONSTANT ROW", "SCAN each"].contains(&step.as_str())
    };
    steps.into_iter().filter(reads).collect()
}

const BY_KEY: &str = "SEARCH entries USING PRIMARY KEY";

#[test]
fn entries_are_looked_up_by_the_index_that_is_meant_for_it() {
    let by = |index: &str| format!("SEARCH entries USING INDEX {index}");
    let external = by("entries_by_external_id (tenant=? AND kind=? AND external_id=?)");
    let name = by("entries_by_name (tenant=? AND kind=? AND name=?)");
    let email = by("entries_by_email (tenant=? AND kind=? AND email=?)");
    assert_eq!(plan(&look::by_id()), [format!("{BY_KEY} (tenant=? AND kind=? AND id=?)")]);
    let lms = by("entries_by_lms (tenant=? AND kind=? AND lms=?)");
    assert_eq!(plan(&look::by_lms()), [lms]);
    for among in [Among::Present, Among::Unborn, Among::Gone] {
        let found = |narrow: fn(String) -> Narrow| {
            plan(&look::among(among, Some(&narrow("anything".to_owned()))))
        };
        assert_eq!(found(Narrow::ExternalId), [external.as_str()], "{among:?}");
        assert_eq!(found(Narrow::Name), [name.as_str()], "{among:?}");
        assert_eq!(found(Narrow::Email), [email.as_str()], "{among:?}");
        let all = match among {
            Among::Present => format!("{BY_KEY} (tenant=? AND kind=?)"),
            Among::Unborn | Among::Gone => by("entries_apart (tenant=? AND kind=? AND apart=?)"),
        };
        assert_eq!(plan(&look::among(among, None)), [all], "{among:?}");
    }
}

#[test]
fn who_has_peculiar_entries_is_found_without_reading_those() {
    for (index, some) in look::PECULIAR {
        let next = format!("SEARCH entries USING COVERING INDEX {index} (tenant>?)");
        assert_eq!(plan(&look::tenants(index, some)), [next]);
    }
}

#[test]
fn the_trail_of_one_resource_is_found_without_reading_the_rest() {
    for latest in [false, true] {
        let all = Wanted { latest, most: 9, ..Wanted::default() };
        assert_eq!(
            plan(&trail::asked(&all).0),
            ["SEARCH trail USING INTEGER PRIMARY KEY (rowid>?)"]
        );
        let one = Wanted { resource: Some("nina".to_owned()), ..all };
        let steps = [
            "SEARCH trail USING INTEGER PRIMARY KEY (rowid=?)",
            "SEARCH trail USING COVERING INDEX trail_by_resource (resource=?)",
            "SEARCH trail USING COVERING INDEX trail_by_name (name=?)",
        ];
        assert_eq!(plan(&trail::asked(&one).0), steps);
    }
}

#[test]
fn what_waits_is_found_without_reading_all_that_waits() {
    let by = |index: &str| format!("SEARCH pending USING INDEX {index}");
    let itself = "SEARCH pending USING INTEGER PRIMARY KEY (rowid=?)".to_owned();
    let counts = "PRIMARY KEY (tenant=?)";
    let asleep = by("pending_asleep (tenant=? AND wakes<?)");
    let steps: [(&str, &[&str]); 8] = [
        (look::COUNT, &[&format!("SEARCH pending_counts USING {counts}")]),
        (
            look::TALLY,
            &[
                &format!("SEARCH known USING {counts}"),
                "SEARCH pending USING COVERING INDEX pending_by_reason (tenant=? AND reason=?)",
            ],
        ),
        (look::WAKE, &[&asleep]),
        (look::BEGIN, &[&itself]),
        (look::CHANGE, &[&itself]),
        (
            look::DONE,
            &[&itself, "SEARCH pending_names USING INDEX pending_names_by_sequence (sequence=?)"],
        ),
        (look::NAMED, &["SEARCH pending_names USING PRIMARY KEY (tenant=? AND kind=? AND name=?)"]),
        (&look::waiting_for(), &[&by("pending_by_resource (tenant=? AND kind=? AND id=?)")]),
    ];
    for (text, expected) in steps {
        assert_eq!(plan(text), expected, "{text}");
    }
    // In the order of the index: the first that are ready end the search.
    let ready = [
        "SEARCH own USING INDEX pending_awake (tenant=? AND lane=?)",
        "SEARCH other USING INDEX pending_by_resource (tenant=? AND kind=? AND id=? AND sequence<?)",
    ];
    assert_eq!(plan(&look::ready()), ready);
}

#[test]
fn what_is_chosen_is_found_by_what_it_is_chosen_by() {
    let user = Choice { kind: Some(Kind::User), ..Choice::default() };
    let one = Choice { id: ResourceId::parse("7"), ..user.clone() };
    let held = Choice { reason: Some(Reason::Guard), ..Choice::default() };
    let own = "pending_by_resource (tenant=? AND kind=? AND id=?";
    let reason = "pending_in_order_by_reason (tenant=? AND reason=?";
    for (choice, index) in [
        (Choice::default(), "pending_in_order (tenant=?"),
        (user, "pending_in_order (tenant=?"),
        (one, own),
        (Choice { failed: true, ..held.clone() }, reason),
        (held, reason),
    ] {
        let (page, release) =
            (pending::page(&choice, "school").0, pending::release(&choice, "school").0);
        let step = format!("SEARCH pending USING INDEX {index} AND sequence>?)");
        assert_eq!(plan(&page), [step.as_str()]);
        let itself = "SEARCH pending USING INTEGER PRIMARY KEY (rowid=?)".to_owned();
        let release: Vec<_> =
            plan(&release).iter().map(|step| step.replace("COVERING ", "")).collect();
        assert_eq!(release, [itself, step]);
    }
}
