//! What every store does.

use std::sync::Arc;

use jiff::Timestamp;
use matricula::scim::{Filter, Kind, Matcher, Resource, ResourceId, ResourceType};
use matricula::store::{Among, Entries, Entry, Key, LmsId, Locked, Memory, Sqlite, Store};
use serde_json::{Value, json};

use super::postgres::schema_of_its_own;

/// A store, and what has to stay for it to stay.
pub(super) struct House {
    pub store: Arc<dyn Store>,
    pub entries: Arc<dyn Entries>,
    pub others: Arc<dyn Entries>,
    _folder: Option<tempfile::TempDir>,
}

impl House {
    fn of(store: impl Store + 'static, folder: Option<tempfile::TempDir>) -> Self {
        let store: Arc<dyn Store> = Arc::new(store);
        let tenant = |name: &str| store.entries(&name.into());
        Self { entries: tenant("school"), others: tenant("other"), _folder: folder, store }
    }
}

pub(super) async fn memory() -> Option<House> {
    Some(House::of(Memory::new(), None))
}

/// As every gateway has it.
pub(super) async fn locked() -> Option<House> {
    let (store, key) = (Arc::new(Memory::new()), Key::fresh().unwrap());
    Some(House::of(Locked::new(store, &key).unwrap(), None))
}

pub(super) async fn sqlite() -> Option<House> {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&folder.path().join("matricula.db")).unwrap();
    Some(House::of(store, Some(folder)))
}

/// Where a server is named; else there is nothing to be shown.
pub(super) async fn postgres() -> Option<House> {
    Some(House::of(super::postgres::joined(&schema_of_its_own().await?).await, None))
}

/// The facts of one room of state, for each store.
macro_rules! every_store {
    ([$($store:ident)*] $facts:tt) => { $(
        super::suite::every_store! { @mod $store $facts }
    )* };
    (@mod $store:ident [$($fact:ident)*]) => {
        mod $store {
            $(
                #[tokio::test]
                async fn $fact() {
                    if let Some(house) = crate::store::suite::$store().await {
                        super::$fact(house).await;
                    }
                }
            )*
        }
    };
}
pub(super) use every_store;

every_store! { [memory locked sqlite postgres] [
        what_was_put_is_read_word_by_word
        what_is_put_again_replaces_what_was_there
        what_is_removed_is_gone_and_may_be_removed_again
        several_come_in_the_order_they_were_asked_for
        a_filter_finds_what_clients_wrote
        what_is_very_long_is_found_like_all_else
        users_and_groups_are_apart_though_their_ids_are_not
        one_tenant_does_not_see_another
        many_writes_at_a_time_are_all_done
        an_account_by_another_name_is_found_by_both
        two_entries_cannot_have_one_account
        nor_can_one_have_the_account_that_is_anothers_own
        those_without_an_account_and_those_gone_are_found_apart
        it_is_known_without_looking_that_all_are_plain
] }

pub(super) fn id(text: &str) -> ResourceId {
    ResourceId::parse(text).unwrap()
}

pub(super) fn entry(kind: Kind, name: &str, sent: &Value) -> Entry {
    Entry {
        id: id(name),
        lms: LmsId::Same,
        gone: None,
        sent: Resource::from_attributes(kind, sent.as_object().unwrap().clone()),
        created: Some("2026-03-04T09:15:27.123Z".parse().unwrap()),
        modified: "2026-03-04T09:15:28.5Z".parse().unwrap(),
        revision: 3,
    }
}

fn nina() -> Entry {
    entry(
        Kind::User,
        "7",
        &json!({
            "userName": "Nina.Berg@Hoch.example",
            "externalId": "6f0f6c2e",
            "title": "Lecturer \u{0} \"quoted\" ä \u{1f393}",
            "active": true,
            "emails": [{ "type": "other", "value": "n@x.example", "primary": false }],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "manager": { "value": "4" } },
            "number": 12_345_678_901_234_567_u64
        }),
    )
}

pub(super) fn matcher(text: &str) -> Matcher {
    let user = ResourceType::user();
    Matcher::bind(&Filter::parse(text, user.urns()).unwrap(), &user).unwrap()
}

async fn what_was_put_is_read_word_by_word(house: House) {
    house.entries.put(nina()).await.unwrap();
    let read = house.entries.get(Kind::User, &id("7")).await.unwrap().unwrap();
    assert_eq!(*read, nina());
    let unborn = Entry { created: None, id: id("8"), ..nina() };
    house.entries.put(unborn.clone()).await.unwrap();
    assert_eq!(*house.entries.get(Kind::User, &id("8")).await.unwrap().unwrap(), unborn);
    assert_eq!(house.entries.get(Kind::User, &id("9")).await.unwrap(), None);
}

async fn what_is_put_again_replaces_what_was_there(house: House) {
    house.entries.put(nina()).await.unwrap();
    let later = Timestamp::from_second(2_000_000_000).unwrap();
    let changed = Entry { modified: later, revision: 4, ..entry(Kind::User, "7", &json!({})) };
    house.entries.put(changed.clone()).await.unwrap();
    assert_eq!(*house.entries.get(Kind::User, &id("7")).await.unwrap().unwrap(), changed);
    let old = matcher(r#"externalId eq "6f0f6c2e""#);
    assert_eq!(house.entries.find(Kind::User, Among::Present, Some(&old), 9).await.unwrap(), []);
}

async fn what_is_removed_is_gone_and_may_be_removed_again(house: House) {
    house.entries.put(nina()).await.unwrap();
    for _ in 0..2 {
        house.entries.remove(Kind::User, &id("7")).await.unwrap();
        assert_eq!(house.entries.get(Kind::User, &id("7")).await.unwrap(), None);
    }
}

async fn several_come_in_the_order_they_were_asked_for(house: House) {
    for name in ["1", "2", "3"] {
        house.entries.put(Entry { id: id(name), ..nina() }).await.unwrap();
    }
    let asked = [id("3"), id("nobody"), id("1"), id("3")];
    let found = house.entries.several(Kind::User, &asked).await.unwrap();
    let found: Vec<_> = found.iter().map(|it| it.as_ref().map(|it| it.id.to_string())).collect();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(found, [some("3"), None, some("1"), some("3")]);
}

async fn a_filter_finds_what_clients_wrote(house: House) {
    for (name, external, title) in
        [("1", "a", "Dean"), ("2", "A", "dean"), ("3", "b", "Clerk"), ("4", "a", "Clerk")]
    {
        let sent = json!({ "externalId": external, "title": title });
        house.entries.put(entry(Kind::User, name, &sent)).await.unwrap();
    }
    for (filter, expected) in [
        (r#"externalId eq "a""#, vec!["1", "4"]),
        (r#"externalId eq "a" and title eq "clerk""#, vec!["4"]),
        (r#"title eq "DEAN""#, vec!["1", "2"]),
        (r#"externalId eq "b" or title eq "dean""#, vec!["1", "2", "3"]),
        (r#"externalId eq "nobody""#, vec![]),
    ] {
        let found = house
            .entries
            .find(Kind::User, Among::Present, Some(&matcher(filter)), 9)
            .await
            .unwrap();
        let mut found: Vec<_> = found.iter().map(ToString::to_string).collect();
        found.sort();
        assert_eq!(found, expected, "{filter}");
    }
    assert_eq!(house.entries.find(Kind::User, Among::Present, None, 9).await.unwrap().len(), 4);
    assert_eq!(house.entries.find(Kind::User, Among::Present, None, 3).await.unwrap().len(), 3);
}

async fn what_is_very_long_is_found_like_all_else(house: House) {
    // Of such texts nothing can be left out.
    let letters = |n: u64| format!("{:016x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let long: String = (1..300).map(letters).collect();
    let sent = json!({ "userName": long, "externalId": long,
        "emails": [{ "type": "work", "value": long }] });
    let (long_named, other) = (entry(Kind::User, "7", &sent), format!("{long}x"));
    house.entries.put(long_named.clone()).await.unwrap();
    for place in ["userName", "externalId", "emails[type eq \"work\"].value"] {
        let find = async |value: &str| {
            let matcher = matcher(&format!("{place} eq \"{value}\""));
            house.entries.find(Kind::User, Among::Present, Some(&matcher), 9).await.unwrap()
        };
        assert_eq!((find(&long).await, find(&other).await), (vec![id("7")], vec![]), "{place}");
    }
}

async fn users_and_groups_are_apart_though_their_ids_are_not(house: House) {
    let group = entry(Kind::Group, "7", &json!({ "displayName": "Math 1A" }));
    house.entries.put(nina()).await.unwrap();
    house.entries.put(group.clone()).await.unwrap();
    house.entries.remove(Kind::User, &id("7")).await.unwrap();
    assert_eq!(*house.entries.get(Kind::Group, &id("7")).await.unwrap().unwrap(), group);
}

async fn one_tenant_does_not_see_another(house: House) {
    house.entries.put(nina()).await.unwrap();
    assert_eq!(house.others.get(Kind::User, &id("7")).await.unwrap(), None);
    assert_eq!(house.others.find(Kind::User, Among::Present, None, 9).await.unwrap(), []);
    house.others.remove(Kind::User, &id("7")).await.unwrap();
    assert!(house.entries.get(Kind::User, &id("7")).await.unwrap().is_some());
}

async fn many_writes_at_a_time_are_all_done(house: House) {
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..500 {
        let entries = Arc::clone(&house.entries);
        let entry = Entry { id: id(&number.to_string()), ..nina() };
        tasks.spawn(async move { entries.put(entry).await });
    }
    for outcome in tasks.join_all().await {
        outcome.unwrap();
    }
    assert_eq!(
        house.entries.find(Kind::User, Among::Present, None, 1000).await.unwrap().len(),
        500
    );
}

pub(super) fn alias(name: &str, account: &str) -> Entry {
    Entry { id: id(name), lms: LmsId::Other(id(account)), ..nina() }
}

/// A plain entry for the account of somebody else's alias, as versions before let it be.
pub(super) const TWICE: &str = "INSERT INTO entries (tenant, kind, id, sent, modified, revision)
     SELECT tenant, kind, '9', sent, modified, revision FROM entries WHERE id = '7'";

/// Both who have one account from before are still written: the LMS was told already.
pub(super) async fn both_go_on(store: &dyn Store) {
    let entries = store.entries(&"school".into());
    let gone = nina().buried(nina().modified, true);
    for both in [alias("7", "9"), Entry { id: id("9"), ..nina() }] {
        entries.put(Entry { revision: 5, ..both }).await.unwrap();
    }
    // Who has left it has it no more.
    entries.put(Entry { id: id("9"), ..gone }).await.unwrap();
    assert!(entries.put(Entry { id: id("9"), ..nina() }).await.is_err());
}

async fn an_account_by_another_name_is_found_by_both(house: House) {
    let (reborn, plain) = (alias("7", "9"), Entry { id: id("8"), ..nina() });
    for entry in [&reborn, &plain] {
        house.entries.put(entry.clone()).await.unwrap();
    }
    assert_eq!(*house.entries.get(Kind::User, &id("7")).await.unwrap().unwrap(), reborn);
    assert_eq!(house.entries.get(Kind::User, &id("9")).await.unwrap(), None);
    let asked = [id("9"), id("8"), id("7"), id("nobody")];
    let found = house.entries.of_lms(Kind::User, &asked).await.unwrap();
    let found: Vec<_> = found.iter().map(|it| it.as_deref().cloned()).collect();
    // The LMS knows nobody by the 7, and yet the name is taken.
    assert_eq!(found, [Some(reborn.clone()), Some(plain), Some(reborn), None]);
    // Another account for the same person: the old one is nobody's.
    house.entries.put(alias("7", "10")).await.unwrap();
    let found = house.entries.of_lms(Kind::User, &[id("9"), id("10")]).await.unwrap();
    assert_eq!(found[0], None);
    assert_eq!(found[1].as_deref(), Some(&alias("7", "10")));
    house.entries.remove(Kind::User, &id("7")).await.unwrap();
    assert_eq!(house.entries.of_lms(Kind::User, &[id("10")]).await.unwrap(), [None]);
}

async fn two_entries_cannot_have_one_account(house: House) {
    house.entries.put(alias("7", "9")).await.unwrap();
    assert!(house.entries.put(alias("8", "9")).await.is_err());
    assert_eq!(house.entries.get(Kind::User, &id("8")).await.unwrap(), None);
    house.entries.put(alias("7", "9")).await.unwrap();
    let group = Entry {
        id: id("8"),
        lms: LmsId::Other(id("9")),
        ..entry(Kind::Group, "8", &json!({ "displayName": "Math" }))
    };
    house.entries.put(group).await.unwrap();
    house.others.put(alias("8", "9")).await.unwrap();
}

async fn nor_can_one_have_the_account_that_is_anothers_own(house: House) {
    let own = |name: &str| Entry { id: id(name), ..nina() };
    house.entries.put(own("9")).await.unwrap();
    assert!(house.entries.put(alias("7", "9")).await.is_err());
    assert_eq!(house.entries.get(Kind::User, &id("7")).await.unwrap(), None);
    house.entries.put(alias("8", "10")).await.unwrap();
    assert!(house.entries.put(own("10")).await.is_err());
    assert_eq!(house.entries.get(Kind::User, &id("10")).await.unwrap(), None);
    // Each may be written again, and whoever has left an account has it no more.
    house.entries.put(own("9")).await.unwrap();
    house.entries.put(alias("8", "10")).await.unwrap();
    let now = nina().modified;
    house.entries.put(own("9").buried(now, true)).await.unwrap();
    house.entries.put(alias("7", "9")).await.unwrap();
    house.entries.put(Entry { lms: LmsId::None, ..own("10") }).await.unwrap();
    house.others.put(own("10")).await.unwrap();
}

async fn those_without_an_account_and_those_gone_are_found_apart(house: House) {
    let unborn = Entry { id: id("new"), lms: LmsId::None, ..nina() };
    let at: Timestamp = "2026-03-05T00:00:00Z".parse().unwrap();
    let buried = Entry { id: id("old"), ..nina() }.buried(at, true);
    for entry in [nina(), unborn.clone(), buried.clone()] {
        house.entries.put(entry).await.unwrap();
    }
    assert_eq!(*house.entries.get(Kind::User, &id("new")).await.unwrap().unwrap(), unborn);
    assert_eq!(*house.entries.get(Kind::User, &id("old")).await.unwrap().unwrap(), buried);
    assert_eq!(buried.gone, Some(at));
    assert_eq!(buried.sent.attributes().get("title"), None, "only what it is known again by");
    for filter in [
        None,
        Some(r#"userName eq "NINA.berg@hoch.EXAMPLE""#),
        Some(r#"externalId eq "6f0f6c2e""#),
        Some(r#"emails.value eq "n@x.example""#),
    ] {
        let matcher = filter.map(matcher);
        for (among, expected) in
            [(Among::Present, "7"), (Among::Unborn, "new"), (Among::Gone, "old")]
        {
            let found = house.entries.find(Kind::User, among, matcher.as_ref(), 9).await.unwrap();
            assert_eq!(found, [id(expected)], "{filter:?} {among:?}");
        }
    }
    for filter in [r#"userName eq "x""#, r#"emails[type eq "work"].value eq "n@x.example""#] {
        let found =
            house.entries.find(Kind::User, Among::Gone, Some(&matcher(filter)), 9).await.unwrap();
        assert_eq!(found, [], "{filter}");
    }
    // Once it has its account, it is not among the unborn any more.
    house.entries.put(Entry { lms: LmsId::Other(id("9")), ..unborn }).await.unwrap();
    assert_eq!(house.entries.find(Kind::User, Among::Unborn, None, 9).await.unwrap(), []);
    let by_name = matcher(r#"userName eq "nina.berg@hoch.example""#);
    let found = house.entries.find(Kind::User, Among::Present, Some(&by_name), 9).await.unwrap();
    assert_eq!(found.len(), 2);
}

async fn it_is_known_without_looking_that_all_are_plain(house: House) {
    house.entries.put(nina()).await.unwrap();
    assert!(house.entries.all_plain());
    house.entries.put(alias("8", "9")).await.unwrap();
    assert!(!house.entries.all_plain());
    assert!(house.others.all_plain());
}
