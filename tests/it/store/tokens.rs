//! What every store does with the tokens that we made, and what it needs for a store
//! to be opened.

use std::fs;
use std::sync::Arc;

use jiff::Timestamp;
use matricula::secret::Secret;
use matricula::store::{
    Digest, Key, MOST_TOKENS, Scope, Sqlite, Store, Token, network, replace_key, unlock,
};

use super::suite::{House, every_store};

every_store! { [memory locked sqlite postgres] [
    what_was_made_is_read_again
    numbers_are_never_given_twice
    a_revoked_token_stays_and_is_revoked_once
    an_end_comes_nearer_and_never_goes_further
    every_change_counts_and_a_use_does_not
    one_tenant_has_so_many_and_no_more
    the_last_use_is_the_latest
] }

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn token(name: &str) -> Token {
    Token {
        title: name.to_owned(),
        digest: Digest::of(name),
        scope: Scope { groups: false, write: false, ..Scope::default() },
        expires: Some(at(100)),
        from: ["10.0.0.0/8", "fd00::/8"].iter().map(|it| network(it).unwrap()).collect(),
    }
}

async fn what_was_made_is_read_again(house: House) {
    let tokens = house.store.tokens();
    let never = Token { expires: None, from: Vec::new(), scope: Scope::default(), ..token("b") };
    let first = tokens.add(&"school".into(), token("a"), at(1)).await.unwrap().unwrap();
    let second = tokens.add(&"other".into(), never.clone(), at(2)).await.unwrap().unwrap();
    let all = tokens.all().await.unwrap();
    let told: Vec<_> = all.iter().map(|it| (it.id, &*it.tenant, &it.token, it.created)).collect();
    assert_eq!(told, [(first, "school", &token("a"), at(1)), (second, "other", &never, at(2))]);
    assert!(all.iter().all(|it| it.used.is_none() && it.revoked.is_none()));
}

async fn numbers_are_never_given_twice(house: House) {
    let tokens = house.store.tokens();
    let first = tokens.add(&"school".into(), token("a"), at(1)).await.unwrap().unwrap();
    tokens.revoke(first, at(2)).await.unwrap();
    let second = tokens.add(&"school".into(), token("b"), at(1)).await.unwrap().unwrap();
    assert!(second > first);
}

async fn a_revoked_token_stays_and_is_revoked_once(house: House) {
    let tokens = house.store.tokens();
    let id = tokens.add(&"school".into(), token("a"), at(1)).await.unwrap().unwrap();
    assert!(tokens.revoke(id, at(5)).await.unwrap());
    assert!(!tokens.revoke(id, at(6)).await.unwrap());
    assert!(!tokens.shorten(id, at(6)).await.unwrap());
    assert!(!tokens.revoke(id + 1, at(6)).await.unwrap());
    let all = tokens.all().await.unwrap();
    assert_eq!(all[0].revoked, Some(at(5)));
    assert!(!all[0].lives(at(6)));
}

async fn an_end_comes_nearer_and_never_goes_further(house: House) {
    let tokens = house.store.tokens();
    let ends = tokens.add(&"school".into(), token("a"), at(1)).await.unwrap().unwrap();
    let never = Token { expires: None, ..token("b") };
    let never = tokens.add(&"school".into(), never, at(1)).await.unwrap().unwrap();
    for id in [ends, never] {
        assert!(tokens.shorten(id, at(50)).await.unwrap());
        assert!(tokens.shorten(id, at(70)).await.unwrap());
    }
    let all = tokens.all().await.unwrap();
    assert!(all.iter().all(|it| it.token.expires == Some(at(50))));
}

async fn every_change_counts_and_a_use_does_not(house: House) {
    let tokens = house.store.tokens();
    let mut last = tokens.version().await.unwrap();
    let id = tokens.add(&"school".into(), token("a"), at(1)).await.unwrap().unwrap();
    for _ in 0..3 {
        let version = tokens.version().await.unwrap();
        assert!(version > last);
        last = version;
        tokens.shorten(id, at(9)).await.unwrap();
    }
    let version = tokens.version().await.unwrap();
    tokens.used(vec![(id, at(3))]).await.unwrap();
    tokens.revoke(99, at(3)).await.unwrap();
    assert_eq!(tokens.version().await.unwrap(), version);
}

async fn one_tenant_has_so_many_and_no_more(house: House) {
    let tokens = house.store.tokens();
    let school: Arc<str> = "school".into();
    for number in 0..MOST_TOKENS {
        let made = tokens.add(&school, token(&number.to_string()), at(1)).await.unwrap();
        assert!(made.is_some());
    }
    assert_eq!(tokens.add(&school, token("more"), at(1)).await.unwrap(), None);
    assert!(tokens.add(&"other".into(), token("more"), at(1)).await.unwrap().is_some());
    // What has ended makes room.
    assert!(tokens.add(&school, token("later"), at(200)).await.unwrap().is_some());
}

async fn the_last_use_is_the_latest(house: House) {
    let tokens = house.store.tokens();
    let id = tokens.add(&"school".into(), token("a"), at(1)).await.unwrap().unwrap();
    for uses in [vec![(id, at(30)), (77, at(31))], vec![(id, at(20))], vec![]] {
        tokens.used(uses).await.unwrap();
    }
    assert_eq!(tokens.all().await.unwrap()[0].used, Some(at(30)));
}

/// A file with its key beside it.
struct Locked {
    folder: tempfile::TempDir,
}

impl Locked {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn key_file(&self) -> std::path::PathBuf {
        self.folder.path().join("matricula.key")
    }

    async fn open(&self, given: Option<&Key>) -> Result<Key, String> {
        let store = Sqlite::beside(&self.folder.path().join("matricula.db")).unwrap();
        let store: Arc<dyn Store> = Arc::new(store);
        unlock(given, &self.key_file(), &store).await.map_err(|error| error.to_string())
    }
}

#[tokio::test]
async fn a_store_that_lost_its_key_is_not_opened_with_a_new_one() {
    let house = Locked::new();
    let key = house.open(None).await.unwrap();
    assert_eq!(house.open(None).await.unwrap(), key);
    let text = fs::read_to_string(house.key_file()).unwrap();
    fs::remove_file(house.key_file()).unwrap();
    let lost = house.open(None).await.unwrap_err();
    assert!(lost.contains("is not there") && lost.contains("token new-key"), "{lost}");
    assert!(!house.key_file().exists());
    fs::write(house.key_file(), "0".repeat(64)).unwrap();
    let other = house.open(None).await.unwrap_err();
    assert!(other.contains("is not the one") && other.contains("new-key"), "{other}");
    fs::write(house.key_file(), "nonsense").unwrap();
    assert!(house.open(None).await.unwrap_err().contains("holds no key"));
    fs::write(house.key_file(), text).unwrap();
    assert_eq!(house.open(None).await.unwrap(), key);
}

#[tokio::test]
async fn a_key_of_the_settings_goes_before_the_file_and_has_to_be_the_one() {
    let house = Locked::new();
    let given = Key::of(&Secret::new("a long secret of the operators"));
    assert_eq!(house.open(Some(&given)).await.unwrap(), given);
    assert!(!house.key_file().exists(), "no file is made");
    let other = Key::of(&Secret::new("another secret of the operators"));
    assert!(house.open(Some(&other)).await.unwrap_err().contains("`store.key`"));
    let store: Arc<dyn Store> =
        Arc::new(Sqlite::open(&house.folder.path().join("matricula.db")).unwrap());
    replace_key(&other, &store).await.unwrap();
    drop(store);
    assert_eq!(house.open(Some(&other)).await.unwrap(), other);
}
