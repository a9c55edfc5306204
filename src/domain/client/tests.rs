use entity::{audit_entry, change};
use sea_orm::PaginatorTrait;

use super::*;
use crate::auth::{Refused, Tokens, install_provider, tests::world as auth_world};

fn request(name: &str) -> Add {
    Add {
        name: name.to_owned(),
        scopes: vec![Scope::StatsRead, Scope::CadreRead, Scope::StatsRead],
        units: vec!["DV2".to_owned(), "DV1".to_owned(), "DV1".to_owned()],
        purposes: vec![Purpose::Training],
        valid_from: None,
        valid_to: None,
        legal_basis: None,
    }
}

async fn world() -> (tempfile::TempDir, Database) {
    install_provider();
    let (folder, database) = auth_world::database().await;
    for code in ["DV1", "DV2"] {
        auth_world::unit(&database, code).await;
    }
    crate::domain::key::ensure(&database, auth_world::clock()).await.unwrap();
    (folder, database)
}

async fn tokens(database: &Database) -> Tokens {
    Tokens::load(database.clone(), auth_world::clock(), auth_world::PUBLIC_URL).await.unwrap()
}

/// Entries of the audit log and of the change log for clients.
async fn traces(database: &Database) -> (Vec<String>, Vec<ChangeKind>) {
    let acts = audit_entry::Entity::find().order_by_asc(audit_entry::COLUMN.seq).all(database.reader()).await.unwrap();
    let changes = change::Entity::find().order_by_asc(change::COLUMN.seq).all(database.reader()).await.unwrap();
    (
        acts.into_iter().map(|entry| entry.act).filter(|act| act.starts_with("client.")).collect(),
        changes.into_iter().filter(|change| change.object_type == "client").map(|change| change.kind).collect(),
    )
}

#[tokio::test]
async fn a_registered_client_is_listed_with_its_grant_and_gets_a_token() {
    let (_folder, database) = world().await;

    let registered = add(&database, auth_world::clock(), request("Cổng dịch vụ")).await.unwrap();

    let listed = list(&database).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].id, listed[0].name.as_str()), (registered.client_id, "Cổng dịch vụ"));
    assert_eq!(listed[0].grants[0].scopes, [Scope::CadreRead, Scope::StatsRead]);
    assert_eq!(listed[0].grants[0].purposes, [Purpose::Training]);
    assert_eq!(listed[0].grants[0].units.iter().map(UnitCode::as_str).collect::<Vec<_>>(), ["DV1", "DV2"]);
    let tokens = tokens(&database).await;
    let token = tokens.exchange(&registered.client_id.to_string(), &registered.client_secret, None).await.unwrap();
    let caller = tokens.verifier.verify(&token.token, auth_world::now()).await.unwrap();
    assert_eq!(caller.roots().len(), 2);
    assert_eq!(traces(&database).await, (vec!["client.add".to_owned()], vec![ChangeKind::Created]));
    assert!(!format!("{registered:?}").contains(&registered.client_secret));
}

#[tokio::test]
async fn a_bad_registration_says_what_is_wrong_and_changes_nothing() {
    let (_folder, database) = world().await;
    let day = |text: &str| text.parse().ok();

    for (bad, field, says) in [
        (Add { name: String::new(), ..request("") }, "name", "1 to 100"),
        (request(" x"), "name", "blank"),
        (request("x\ny"), "name", "control"),
        (request(&"ế".repeat(101)), "name", "1 to 100"),
        (Add { scopes: vec![], ..request("x") }, "scopes", "one scope"),
        (Add { units: vec![], ..request("x") }, "units", "one unit"),
        (Add { units: vec!["DV1".into(), "DV404".into()], ..request("x") }, "units", "\"DV404\""),
        (Add { units: vec!["' OR 1=1\n".into()], ..request("x") }, "units", r#""\' OR 1=1\n""#),
        (Add { valid_from: day("2026-01-01"), valid_to: day("2026-01-01"), ..request("x") }, "valid_to", "after"),
    ] {
        let Err(Error::Invalid { field: named, sentence }) = add(&database, auth_world::clock(), bad).await else {
            panic!("{field} {says} was taken")
        };
        assert_eq!(named, field);
        assert!(sentence.en.contains(says), "{}", sentence.en);
    }
    assert_eq!(traces(&database).await, (vec![], vec![]));
    assert_eq!(client::Entity::find().count(database.reader()).await.unwrap(), 0);
}

#[tokio::test]
async fn a_name_is_given_once_however_it_is_spelled_in_unicode() {
    let (_folder, database) = world().await;
    add(&database, auth_world::clock(), request("Hồ sơ")).await.unwrap();

    for again in ["Hồ sơ", "Ho\u{302}\u{300} so\u{31b}"] {
        let refused = add(&database, auth_world::clock(), request(again)).await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "{again}");
    }
    assert_eq!(traces(&database).await.0.len(), 1);
}

#[tokio::test]
async fn a_new_secret_ends_the_old_one() {
    let (_folder, database) = world().await;
    let registered = add(&database, auth_world::clock(), request("x")).await.unwrap();
    let (id, tokens) = (registered.client_id, tokens(&database).await);

    let secret = rotate_secret(&database, auth_world::clock(), id).await.unwrap();

    let old = tokens.exchange(&id.to_string(), &registered.client_secret, None).await;
    assert!(matches!(old, Err(Refused::InvalidClient)));
    assert!(tokens.exchange(&id.to_string(), &secret, None).await.is_ok());
    assert_eq!(traces(&database).await.1, [ChangeKind::Created, ChangeKind::Updated]);
}

#[tokio::test]
async fn a_client_is_revoked_once_and_for_ever() {
    let (_folder, database) = world().await;
    let registered = add(&database, auth_world::clock(), request("x")).await.unwrap();
    let id = registered.client_id;

    revoke(&database, auth_world::clock(), id).await.unwrap();

    let tokens = tokens(&database).await;
    let refused = tokens.exchange(&id.to_string(), &registered.client_secret, None).await;
    assert!(matches!(refused, Err(Refused::InvalidClient)));
    assert!(matches!(revoke(&database, auth_world::clock(), id).await, Err(Error::Conflict(_))));
    assert!(matches!(rotate_secret(&database, auth_world::clock(), id).await, Err(Error::Conflict(_))));
    assert!(matches!(revoke(&database, auth_world::clock(), ClientId::new()).await, Err(Error::NotFound)));
    assert_eq!(list(&database).await.unwrap()[0].revoked_at, Some(auth_world::now()));
    assert_eq!(traces(&database).await.0, ["client.add", "client.revoke"]);
}
