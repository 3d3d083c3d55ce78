//! Lists of many, of whom a store or an LMS gives only so many at a time.

use std::sync::{Arc, Mutex};

use matricula::policy::{Deprovision, Rules};
use matricula::scim::{Kind, Matcher, ResourceId};
use matricula::store::{Among, Entries, Entry, Memory, Store, Work};
use serde_json::json;

use super::house::{dry, writes_through};
use super::journey::person;
use super::{House, Options};

/// The most that a search of this store finds, as ten thousand are for any other.
const FEW: usize = 3;

/// Entries of which a search finds few, and which know who was read.
struct Sparing {
    inner: Arc<dyn Entries>,
    read: Mutex<Vec<ResourceId>>,
}

impl Entries for Sparing {
    fn all_plain(&self) -> bool {
        self.inner.all_plain()
    }

    fn get<'a>(&'a self, kind: Kind, id: &'a ResourceId) -> Work<'a, Option<Arc<Entry>>> {
        self.read.lock().unwrap().push(id.clone());
        self.inner.get(kind, id)
    }

    fn several<'a>(
        &'a self,
        kind: Kind,
        ids: &'a [ResourceId],
    ) -> Work<'a, Vec<Option<Arc<Entry>>>> {
        self.inner.several(kind, ids)
    }

    fn of_lms<'a>(
        &'a self,
        kind: Kind,
        ids: &'a [ResourceId],
    ) -> Work<'a, Vec<Option<Arc<Entry>>>> {
        self.inner.of_lms(kind, ids)
    }

    fn find<'a>(
        &'a self,
        kind: Kind,
        among: Among,
        matcher: Option<&'a Matcher>,
        most: usize,
    ) -> Work<'a, Vec<ResourceId>> {
        self.inner.find(kind, among, matcher, most.min(FEW))
    }

    fn put(&self, entry: Entry) -> Work<'_, ()> {
        self.inner.put(entry)
    }

    fn remove<'a>(&'a self, kind: Kind, id: &'a ResourceId) -> Work<'a, ()> {
        self.inner.remove(kind, id)
    }
}

async fn sparing(policy: Rules) -> (House, Arc<Sparing>) {
    let (memory, school) = (Memory::new(), "school".into());
    let (inner, read) = (memory.entries(&school), Mutex::default());
    let entries = Arc::new(Sparing { inner, read });
    let pending = memory.pending(&school);
    let shared = Arc::clone(&entries) as Arc<dyn Entries>;
    let house = House::with(Options { entries: shared, pending, policy, ..Options::default() });
    (house.await, entries)
}

#[tokio::test]
async fn all_who_wait_are_listed_however_many_a_search_finds() {
    let (house, _) = sparing(dry()).await;
    let total = async || house.get("/Users?count=1").await.body["totalResults"].clone();
    let found =
        async || house.find("Users", r#"title sw "Lec""#).await.body["totalResults"].clone();
    let before = total().await.as_u64().unwrap();
    for name in ["a", "b", "c", "d", "e"] {
        assert_eq!(house.post("/Users", person(name)).await.status, 201);
    }
    assert_eq!((total().await, found().await), (json!(before + 5), json!(5)));
}

#[tokio::test]
async fn who_is_gone_and_waits_for_nothing_is_not_read_for_a_list() {
    let rules = Rules { deprovision: Deprovision::Disable, ..writes_through() };
    let (mut house, entries) = sparing(rules).await;
    let gone = house.post("/Users", person("gone")).await.id().to_owned();
    assert_eq!(house.delete(&format!("/Users/{gone}")).await.status, 204);
    house.under(dry());
    let waits = house.post("/Users", person("waits")).await.id().to_owned();
    house.forget_answers();
    entries.read.lock().unwrap().clear();
    let listed = house.get("/Users").await;
    let shown = |id: &str| {
        let all = listed.body["Resources"].as_array().unwrap();
        all.iter().any(|one| one["id"] == json!(id))
    };
    assert!(shown(&waits) && !shown(&gone), "{listed:?}");
    let read = entries.read.lock().unwrap().clone();
    let of = |id: &str| read.iter().any(|one| one.as_str() == id);
    assert!(of(&waits) && !of(&gone), "{read:?}");
}
