//! A new key for a store that several gateways share.

use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;

use matricula::app::Kept;
use matricula::secret::Secret;
use matricula::store::{
    Config, Ears, Key, Place, Postgres, Proof, Settings, Store, Trail, Wanted, replace_key,
};
use tokio::time::timeout;

use super::peers::Heard;
use super::postgres::{joined, schema_of_its_own};
use super::trail::record;

const OLD: &str = "the old key, that is long enough";
const NEW: &str = "the new key, that is long enough";

fn key(text: &str) -> Key {
    Key::of(&Secret::new(text))
}

fn config(settings: &Settings, folder: &Path, text: &str) -> Config {
    Config {
        place: Place::Postgres(Box::new(settings.clone())),
        folder: folder.to_owned(),
        sandboxes: false,
        key: Some(key(text)),
    }
}

async fn holds(trail: &Arc<dyn Trail>, text: &str) -> bool {
    let mut proof = Proof::begin(&key(text), &trail.ends().await.unwrap()).unwrap();
    let wanted = Wanted { after: proof.at(), most: usize::MAX, ..Wanted::default() };
    let links = trail.links(&wanted).await.unwrap();
    links.iter().all(|link| proof.next(link).is_ok()) && proof.end().is_ok()
}

#[tokio::test]
async fn no_new_key_is_taken_while_a_gateway_has_the_store() {
    let Some(settings) = schema_of_its_own().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let config = |text| config(&settings, folder.path(), text);
    drop(Kept::beside(&config(OLD)).await.unwrap());
    let gateway = joined(&settings).await;
    let trail: Arc<dyn Trail> = gateway.trail(&key(OLD));
    trail.append(record(1)).await.unwrap();
    for _ in 0..2 {
        let refused = Kept::with_new_key(&config(NEW)).await.map(drop).unwrap_err().to_string();
        assert!(refused.contains("end every gateway"), "{refused}");
    }
    drop(Kept::beside(&config(OLD)).await.unwrap());
    trail.append(record(2)).await.unwrap();
    assert!(holds(&trail, OLD).await);
    drop((trail, gateway));
    let taken = async {
        // The server notices when it notices that the gateway has ended.
        while Kept::with_new_key(&config(NEW)).await.is_err() {}
    };
    timeout(Duration::from_secs(8), taken).await.unwrap();
    let kept = Kept::beside(&config(NEW)).await.unwrap();
    kept.trail.append(record(3)).await.unwrap();
    assert!(holds(&kept.trail, NEW).await);
    // And gateways may come again.
    joined(&settings).await;
}

/// It knew the old key before it could be seen by others.
#[tokio::test]
async fn a_gateway_with_a_key_that_was_replaced_has_no_turn() {
    let Some(mut settings) = schema_of_its_own().await else { return };
    settings.connect = Duration::from_secs(1);
    let store: Arc<dyn Store> = Arc::new(Postgres::open(&settings).await.unwrap());
    replace_key(&key(NEW), &store).await.unwrap();
    for (text, comes) in [(NEW, true), (OLD, false)] {
        let gateway = Postgres::open(&settings).await.unwrap();
        drop(gateway.trail(&key(text)));
        let heard = Arc::<Heard>::default();
        let ears = Arc::downgrade(&heard) as Weak<dyn Ears>;
        let peers = gateway.peers(&"school".into(), ears).unwrap();
        let turn = peers.turn(&[1]).await.map(drop);
        assert_eq!(turn.is_ok(), comes, "{turn:?}");
        assert!(comes || !peers.hears());
    }
}
