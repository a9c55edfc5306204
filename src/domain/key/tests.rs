use entity::audit_entry;
use futures_util::future::join_all;
use sea_orm::{ActiveModelTrait, IntoActiveModel, PaginatorTrait};

use super::*;
use crate::{auth::tests::fixture, db::Database};

async fn two_nodes() -> (tempfile::TempDir, KeyStore, KeyStore) {
    let (folder, first) = fixture::database().await;
    let second = Database::open(&fixture::url(&folder), crate::db::Pool::default()).await.unwrap();
    (folder, fixture::store(&first), fixture::store(&second))
}

async fn commands(store: &KeyStore) -> Vec<String> {
    let entries = audit_entry::Entity::find().order_by_asc(audit_entry::COLUMN.seq);
    entries.all(store.database.reader()).await.unwrap().into_iter().map(|entry| entry.act).collect()
}

fn at(hours: i64) -> Clock {
    Clock::Fixed(fixture::now() + TimeDelta::hours(hours))
}

#[tokio::test]
async fn instances_that_start_concurrently_share_their_keys() {
    let (_folder, first, second) = two_nodes().await;
    let clock = fixture::clock();

    let nodes = [&first, &second, &first, &second];
    for result in join_all(nodes.map(|node| ensure(node, clock))).await {
        result.unwrap();
    }
    ensure(&first, clock).await.unwrap();

    let keys = signing_key::Entity::find().all(first.database.reader()).await.unwrap();
    let audited = audit_entry::Entity::find().count(first.database.reader()).await.unwrap();
    let mut kids: Vec<_> = keys.iter().map(|key| key.kid.as_str()).collect();
    kids.sort_unstable();
    assert_eq!(kids, ["access-1", "checkpoint-1", "cursor-1"]);
    assert_eq!(audited, 3, "who came second leaves no entry");
}

#[tokio::test]
async fn a_plain_key_is_encrypted_once_and_a_foreign_key_stops_the_start() {
    let (_folder, first, second) = two_nodes().await;
    ensure(&first, fixture::clock()).await.unwrap();
    let row = signing_key::Entity::find_by_id("access-1").one(first.database.reader()).await.unwrap().unwrap();
    let plain = first.encryption.decrypt(&row).unwrap();
    let plain_key = signing_key::ActiveModel {
        material: Set(plain.clone()),
        encryption_key_id: Set(None),
        ..row.into_active_model()
    };
    plain_key.update(first.database.writer()).await.unwrap();

    for result in join_all([&first, &second, &first].map(|node| ensure(node, fixture::clock()))).await {
        result.unwrap();
    }

    let row = signing_key::Entity::find_by_id("access-1").one(first.database.reader()).await.unwrap().unwrap();
    assert_ne!(row.material, plain);
    assert_eq!(first.encryption.decrypt(&row).unwrap(), plain, "it is the same key");
    assert_eq!(commands(&first).await, ["key.make", "key.make", "key.make", "key.encrypt"]);

    let text = auth::KeyEncryption::draw().unwrap();
    let foreign = std::sync::Arc::new(auth::KeyEncryption::read(&text).unwrap());
    let foreign = KeyStore { encryption: foreign, ..second };
    let Err(Error::Conflict(sentence)) = ensure(&foreign, fixture::clock()).await else { panic!("it was taken") };
    assert!(sentence.en.contains(first.encryption.id()) && sentence.en.contains("CADRE_KEY_ENCRYPTION_KEY"));
}

#[tokio::test]
async fn a_leaked_key_is_replaced_at_once() {
    let (_folder, first, second) = two_nodes().await;
    ensure(&first, at(0)).await.unwrap();
    rotate(&first, at(1)).await.unwrap();

    let result = replace(&second, at(1)).await.unwrap();

    assert_eq!((result.kid.as_str(), result.state), ("access-3", KeyState::Active));
    assert_eq!(list(&first, at(1)).await.unwrap(), [result]);
    let last = commands(&first).await.split_off(4);
    assert_eq!(last, ["key.rotate", "key.destroy", "key.destroy"]);
}

#[tokio::test]
async fn concurrent_instances_rotate_a_key_once() {
    let (_folder, first, second) = two_nodes().await;
    ensure(&first, at(0)).await.unwrap();
    let days = TimeDelta::days(90);
    let states = async |clock: Clock| {
        let keys = list(&first, clock).await.unwrap();
        keys.into_iter().map(|key| (key.kid, key.state)).collect::<Vec<_>>()
    };
    let due = async |clock: Clock| {
        let asked = [&first, &second, &first, &second].map(|node| rotate_if_due(node, clock, days));
        join_all(asked).await.into_iter().filter(|result| *result.as_ref().unwrap()).count()
    };

    assert_eq!(due(at(90 * 24 - 1)).await, 0);
    let rotation_time = at(90 * 24);
    assert_eq!(due(rotation_time).await, 1);
    let [old, new] = ["access-1", "access-2"].map(str::to_owned);
    assert_eq!(states(rotation_time).await, [(old.clone(), KeyState::Active), (new.clone(), KeyState::Next)]);
    assert!(matches!(rotate(&second, rotation_time).await, Err(Error::Conflict(_))), "one waits already");

    let minutes = |minutes: i64| Clock::Fixed(rotation_time.now() + TimeDelta::minutes(minutes));
    assert_eq!(due(minutes(11)).await, 0);
    assert_eq!(states(minutes(11)).await, [(old, KeyState::Retired), (new.clone(), KeyState::Active)]);
    assert_eq!(destroy_ended(&first, minutes(20)).await.unwrap(), Vec::<String>::new());
    let destroyed = join_all([&first, &second].map(|node| destroy_ended(node, minutes(21)))).await;
    let destroyed: Vec<_> = destroyed.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(destroyed, ["access-1"]);
    assert_eq!(states(minutes(21)).await, [(new, KeyState::Active)]);
    assert_eq!(rotate(&second, minutes(22)).await.unwrap().kid, "access-3", "no key id comes again");
    assert_eq!(commands(&first).await, ["key.make", "key.make", "key.make", "key.rotate", "key.destroy", "key.rotate"]);
}
