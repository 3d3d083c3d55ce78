//! What stands in a store is of no use to whoever reads it without the key.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use matricula::scim::Kind;
use matricula::store::{Batch, Choice, Key, Locked, Memory, Notes, Pending, Queue, Sqlite, Store};
use serde_json::{Value, json};

use super::pending::user;

const SECRET: &str = "Geheim-123456!";

fn locked(store: &Arc<dyn Store>, key: &Key) -> Arc<dyn Store> {
    Arc::new(Locked::new(Arc::clone(store), key).unwrap())
}

fn queue(store: &Arc<dyn Store>) -> Arc<dyn Queue> {
    store.pending(&"school".into())
}

async fn add(queue: &Arc<dyn Queue>, operations: &[Value]) {
    let one = |operation: &Value| Pending { operation: operation.clone(), ..user("7") };
    let add = operations.iter().map(one).collect();
    assert!(queue.write(Batch { add, most: 9, ..Batch::default() }).await.unwrap());
}

async fn kept(queue: &Arc<dyn Queue>) -> Vec<Value> {
    let all = queue.page(&Choice::default(), 0, 9).await.unwrap();
    all.into_iter().map(|one| one.operation).collect()
}

/// Every operation that a password can stand in, and one that it cannot.
fn operations() -> Vec<Value> {
    let edit = |act: &str, value: Value| json!({ "change": "7", "edits": [{ "at": "title", "set": "x" }, { "at": "password", act: value }] });
    vec![
        json!({ "create": { "userName": "nina", "password": SECRET } }),
        edit("set", json!(SECRET)),
        edit("add", json!([SECRET])),
        edit("expect", json!(SECRET)),
        edit("clear", json!(true)),
        json!({ "delete": "7" }),
    ]
}

#[tokio::test]
async fn a_password_that_waits_is_locked_up() {
    let (store, key): (Arc<dyn Store>, _) = (Arc::new(Memory::new()), Key::fresh().unwrap());
    let (outer, inner) = (queue(&locked(&store, &key)), queue(&store));
    add(&outer, &operations()).await;
    let there = Value::from(kept(&inner).await).to_string();
    assert!(!there.contains(SECRET) && there.matches("locked:").count() == 4, "{there}");
    assert!(there.contains("nina") && there.contains(r#""clear":true"#), "{there}");
    assert_eq!(kept(&outer).await, operations());
    assert_eq!(kept(&queue(&locked(&store, &key))).await, operations(), "whoever comes next");
}

#[tokio::test]
async fn what_waited_before_there_was_a_lock_is_locked_up_with_its_next_change() {
    let (store, key): (Arc<dyn Store>, _) = (Arc::new(Memory::new()), Key::fresh().unwrap());
    let (outer, inner) = (queue(&locked(&store, &key)), queue(&store));
    add(&inner, &operations()).await;
    assert_eq!(kept(&outer).await, operations());
    let change = outer.page(&Choice::default(), 0, 9).await.unwrap();
    assert!(outer.write(Batch { change, ..Batch::default() }).await.unwrap());
    assert!(!Value::from(kept(&inner).await).to_string().contains(SECRET));
    assert_eq!(kept(&outer).await, operations());
}

#[tokio::test]
async fn a_password_whose_key_is_lost_is_taken_out_and_nothing_else() {
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    add(&queue(&locked(&store, &Key::fresh().unwrap())), &operations()).await;
    let change = json!({ "change": "7", "edits": [{ "at": "title", "set": "x" }] });
    let left = kept(&queue(&locked(&store, &Key::fresh().unwrap()))).await;
    assert_eq!(left[0], json!({ "create": { "userName": "nina" } }));
    assert_eq!(left[1..4], [change.clone(), change.clone(), change]);
    assert_eq!(left[4..], operations()[4..], "there is none in these");
}

#[tokio::test]
async fn a_password_that_somebody_put_elsewhere_does_not_open() {
    let (store, key): (Arc<dyn Store>, _) = (Arc::new(Memory::new()), Key::fresh().unwrap());
    let (outer, inner) = (queue(&locked(&store, &key)), queue(&store));
    add(&outer, &operations()[..1]).await;
    let [own] = inner.page(&Choice::default(), 0, 9).await.unwrap().try_into().unwrap();
    let theirs = Pending { operation: own.operation, ..user("8") };
    let add = vec![theirs];
    assert!(inner.write(Batch { add, most: 9, ..Batch::default() }).await.unwrap());
    let found = outer.of(Kind::User, &[user("8").id]).await.unwrap().concat();
    assert_eq!(found[0].operation, json!({ "create": { "userName": "nina" } }));
}

#[tokio::test]
async fn a_session_is_locked_up_and_other_notes_are_not() {
    let (store, key): (Arc<dyn Store>, _) = (Arc::new(Memory::new()), Key::fresh().unwrap());
    let (outer, inner) = (locked(&store, &key).notes(), store.notes());
    let put = async |notes: &Arc<dyn Notes>, name, text| notes.put(name, text).await.unwrap();
    put(&outer, "session school main", SECRET).await;
    put(&outer, "key", "mark").await;
    let get = async |notes: &Arc<dyn Notes>, name| notes.get(name).await.unwrap();
    assert!(get(&inner, "session school main").await.unwrap().starts_with("locked:"));
    assert_eq!(get(&inner, "key").await.as_deref(), Some("mark"));
    for (name, text) in [("session school main", SECRET), ("key", "mark")] {
        assert_eq!(get(&outer, name).await.as_deref(), Some(text));
        assert_eq!(outer.keep(name, "other").await.unwrap(), text, "there is one already");
    }
    assert_eq!(outer.keep("session school other", SECRET).await.unwrap(), SECRET);
    assert!(get(&inner, "session school other").await.unwrap().starts_with("locked:"));
    put(&inner, "session school old", "from before").await;
    assert_eq!(get(&outer, "session school old").await.as_deref(), Some("from before"));
    let strangers = locked(&store, &Key::fresh().unwrap()).notes();
    assert_eq!(get(&strangers, "session school main").await, None, "another is begun");
}

#[tokio::test]
async fn no_file_of_a_store_holds_a_password() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(&folder.path().join("matricula.db")).unwrap();
    let (store, key): (Arc<dyn Store>, _) = (Arc::new(sqlite), Key::fresh().unwrap());
    let outer = locked(&store, &key);
    add(&queue(&outer), &operations()).await;
    outer.notes().put("session school main", SECRET).await.unwrap();
    assert!(holds(folder.path(), "nina"), "it can be seen at all");
    assert!(!holds(folder.path(), SECRET));
}

fn holds(folder: &Path, text: &str) -> bool {
    let files = fs::read_dir(folder).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap());
    files.into_iter().any(|bytes| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
}
