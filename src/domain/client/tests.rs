use chrono::TimeDelta;
use entity::{audit_entry, change};
use sea_orm::PaginatorTrait;

use super::*;
use crate::auth::{
    Refused, Tokens, install_provider,
    tests::fixture::{self as auth_fixture, exchange},
};

fn request(name: &str) -> Add {
    Add {
        name: name.to_owned(),
        scopes: vec![Scope::StatsRead, Scope::CadreRead, Scope::StatsRead],
        units: vec!["DV2".to_owned(), "DV1".to_owned(), "DV1".to_owned()],
        purposes: vec![Purpose::Training],
        valid_from: None,
        valid_to: None,
        legal_basis: None,
        documents: AllowedDocuments::Any,
    }
}

async fn fixture() -> (tempfile::TempDir, Database) {
    install_provider();
    let (folder, database) = auth_fixture::database().await;
    for code in ["DV1", "DV2"] {
        auth_fixture::unit(&database, code).await;
    }
    crate::domain::key::ensure(&auth_fixture::store(&database), auth_fixture::clock()).await.unwrap();
    (folder, database)
}

async fn tokens(database: &Database) -> Tokens {
    Tokens::load(auth_fixture::store(database), auth_fixture::clock(), auth_fixture::PUBLIC_URL).await.unwrap()
}

/// Entries of the audit log and of the change log about clients.
async fn log_entries(database: &Database) -> (Vec<String>, Vec<ChangeKind>) {
    let entries =
        audit_entry::Entity::find().order_by_asc(audit_entry::COLUMN.seq).all(database.reader()).await.unwrap();
    let changes = change::Entity::find().order_by_asc(change::COLUMN.seq).all(database.reader()).await.unwrap();
    (
        entries.into_iter().map(|entry| entry.act).filter(|act| act.starts_with("client.")).collect(),
        changes.into_iter().filter(|change| change.object_type == "client").map(|change| change.kind).collect(),
    )
}

#[tokio::test]
async fn a_registered_client_is_listed_with_its_grant_and_gets_a_token() {
    let (_folder, database) = fixture().await;

    let registered = add(&database, auth_fixture::clock(), request("Cổng dịch vụ")).await.unwrap();

    let listed = list(&database, auth_fixture::clock()).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].id, listed[0].name.as_str()), (registered.client_id, "Cổng dịch vụ"));
    assert_eq!(listed[0].grants[0].scopes, [Scope::CadreRead, Scope::StatsRead]);
    assert_eq!(listed[0].grants[0].purposes, [Purpose::Training]);
    assert_eq!(
        listed[0].grants[0].units.iter().map(entity::value::UnitCode::as_str).collect::<Vec<_>>(),
        ["DV1", "DV2"]
    );
    let tokens = tokens(&database).await;
    let token = exchange(&tokens, &registered.client_id, &registered.client_secret).await.unwrap();
    let caller = tokens.verifier.verify(&token.token, auth_fixture::now()).await.unwrap();
    assert_eq!(caller.roots().len(), 2);
    assert_eq!(log_entries(&database).await, (vec!["client.add".to_owned()], vec![ChangeKind::Created]));
    assert!(!format!("{registered:?}").contains(&registered.client_secret));
}

#[tokio::test]
async fn a_bad_registration_names_the_wrong_field_and_changes_nothing() {
    let (_folder, database) = fixture().await;
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
        let Err(Error::Invalid { field: named, sentence }) = add(&database, auth_fixture::clock(), bad).await else {
            panic!("{field} {says} was taken")
        };
        assert_eq!(named, field);
        assert!(sentence.en.contains(says), "{}", sentence.en);
    }
    assert_eq!(log_entries(&database).await, (vec![], vec![]));
    assert_eq!(client::Entity::find().count(database.reader()).await.unwrap(), 0);
}

#[tokio::test]
async fn a_name_is_unique_in_all_unicode_spellings() {
    let (_folder, database) = fixture().await;
    add(&database, auth_fixture::clock(), request("Hồ sơ")).await.unwrap();

    for again in ["Hồ sơ", "Ho\u{302}\u{300} so\u{31b}"] {
        let refused = add(&database, auth_fixture::clock(), request(again)).await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "{again}");
    }
    assert_eq!(log_entries(&database).await.0.len(), 1);
}

#[tokio::test]
async fn a_new_secret_ends_the_old_one() {
    let (_folder, database) = fixture().await;
    let registered = add(&database, auth_fixture::clock(), request("x")).await.unwrap();
    let (id, tokens) = (registered.client_id, tokens(&database).await);

    let secret = secret::rotate(&database, auth_fixture::clock(), id, TimeDelta::zero()).await.unwrap();

    let old = exchange(&tokens, &id, &registered.client_secret).await;
    assert!(matches!(old, Err(Refused::InvalidClient)));
    assert!(exchange(&tokens, &id, &secret).await.is_ok());
    assert_eq!(log_entries(&database).await.1, [ChangeKind::Created, ChangeKind::Updated]);
}

#[tokio::test]
async fn an_old_secret_stays_valid_for_the_overlap_and_at_most_two_are_valid() {
    let (_folder, database) = fixture().await;
    let registered = add(&database, auth_fixture::clock(), request("x")).await.unwrap();
    let (id, first) = (registered.client_id, registered.client_secret);
    let at = |hours: i64| Clock::Fixed(auth_fixture::now() + TimeDelta::hours(hours));
    let is_accepted = async |secret: &str, hours: i64| {
        let url = auth_fixture::PUBLIC_URL;
        let tokens = Tokens::load(auth_fixture::store(&database), at(hours), url).await.unwrap();
        exchange(&tokens, &id, secret).await.is_ok()
    };

    let second = secret::rotate(&database, at(0), id, TimeDelta::hours(24)).await.unwrap();
    for (hours, of_first) in [(0, true), (23, true), (24, false), (1000, false)] {
        assert_eq!((is_accepted(&first, hours).await, is_accepted(&second, hours).await), (of_first, true), "{hours}");
    }
    let ends = Some(auth_fixture::now() + TimeDelta::hours(24));
    assert_eq!(list(&database, at(1)).await.unwrap()[0].secrets, [ends, None]);
    assert_eq!(list(&database, at(24)).await.unwrap()[0].secrets, [None]);

    let third = secret::rotate(&database, at(1), id, TimeDelta::hours(24)).await.unwrap();
    assert!(!is_accepted(&first, 1).await, "the oldest of three ends at once");
    assert!(is_accepted(&second, 24).await && !is_accepted(&second, 25).await && is_accepted(&third, 25).await);

    let fourth = secret::rotate(&database, at(2), id, TimeDelta::zero()).await.unwrap();
    assert!(!is_accepted(&second, 2).await && !is_accepted(&third, 2).await && is_accepted(&fourth, 2).await);
    for overlap in [TimeDelta::seconds(-1), TimeDelta::days(30) + TimeDelta::seconds(1), TimeDelta::MAX] {
        let refused = secret::rotate(&database, at(2), id, overlap).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{overlap}");
    }
    assert!(is_accepted(&fourth, 2).await);
}

#[tokio::test]
async fn concurrent_rotations_leave_one_permanent_secret() {
    let (_folder, database) = fixture().await;
    let registered = add(&database, auth_fixture::clock(), request("x")).await.unwrap();
    let rotate = || secret::rotate(&database, auth_fixture::clock(), registered.client_id, TimeDelta::hours(1));

    let rotated = futures_util::future::join_all((0..8).map(|_| rotate())).await;

    assert!(rotated.iter().all(Result::is_ok));
    let secrets = &list(&database, auth_fixture::clock()).await.unwrap()[0].secrets;
    assert_eq!(secrets.iter().filter(|end| end.is_none()).count(), 1);
    assert_eq!(secrets.len(), 2);
}

#[tokio::test]
async fn a_client_without_a_key_keeps_its_secret() {
    let (_folder, database) = fixture().await;
    let registered = add(&database, auth_fixture::clock(), request("x")).await.unwrap();
    let (id, tokens) = (registered.client_id, tokens(&database).await);

    assert!(matches!(secret::end(&database, auth_fixture::clock(), id).await, Err(Error::Conflict(_))));
    assert!(exchange(&tokens, &id, &registered.client_secret).await.is_ok());

    let jwk = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let key = key::Add { client: id, text: jwk.to_owned(), kid: None, algorithm: None };
    key::add(&database, auth_fixture::clock(), key).await.unwrap();
    secret::end(&database, auth_fixture::clock(), id).await.unwrap();
    assert!(exchange(&tokens, &id, &registered.client_secret).await.is_err());
    assert_eq!(log_entries(&database).await.0, ["client.add", "client.key-add", "client.end-secrets"]);
    let again = secret::rotate(&database, auth_fixture::clock(), id, TimeDelta::zero()).await.unwrap();
    assert!(exchange(&tokens, &id, &again).await.is_ok(), "an operator may think better of it");
}

#[tokio::test]
async fn a_client_is_revoked_permanently() {
    let (_folder, database) = fixture().await;
    let registered = add(&database, auth_fixture::clock(), request("x")).await.unwrap();
    let id = registered.client_id;

    revoke(&database, auth_fixture::clock(), id).await.unwrap();

    let tokens = tokens(&database).await;
    let refused = exchange(&tokens, &id, &registered.client_secret).await;
    assert!(matches!(refused, Err(Refused::InvalidClient)));
    assert!(matches!(revoke(&database, auth_fixture::clock(), id).await, Err(Error::Conflict(_))));
    assert!(matches!(
        secret::rotate(&database, auth_fixture::clock(), id, TimeDelta::zero()).await,
        Err(Error::Conflict(_))
    ));
    assert!(matches!(revoke(&database, auth_fixture::clock(), ClientId::new()).await, Err(Error::NotFound)));
    assert_eq!(list(&database, auth_fixture::clock()).await.unwrap()[0].revoked_at, Some(auth_fixture::now()));
    assert_eq!(log_entries(&database).await.0, ["client.add", "client.revoke"]);
}

fn terms(scopes: &[Scope], from: Option<&str>, until: Option<&str>) -> Asked {
    let day = |text: &str| text.parse().unwrap();
    Asked {
        scopes: scopes.to_vec(),
        units: vec!["DV2".to_owned()],
        purposes: vec![],
        valid_from: from.map(day),
        valid_to: until.map(day),
        legal_basis: None,
        limits: Overrides::of(Some(5), None),
        documents: AllowedDocuments::Any,
    }
}

#[tokio::test]
async fn a_grant_replaces_the_previous_one_from_its_first_day() {
    let (_folder, database) = fixture().await;
    let registered = add(&database, auth_fixture::clock(), request("x")).await.unwrap();
    let (id, clock) = (registered.client_id, auth_fixture::clock());
    let scopes_on = async |day: &str| {
        let at = Clock::Fixed(format!("{day}T03:00:00Z").parse().unwrap());
        let tokens = Tokens::load(auth_fixture::store(&database), at, auth_fixture::PUBLIC_URL).await.unwrap();
        exchange(&tokens, &id, &registered.client_secret)
            .await
            .map_or_else(|_| "nothing".to_owned(), |token| token.scope)
    };
    let history = async |expected: &[Option<&str>]| {
        let ends: Vec<_> = history(&database, id).await.unwrap().iter().map(|grant| grant.ended_on).collect();
        assert_eq!(ends, expected.iter().map(|day| day.map(|day| day.parse().unwrap())).collect::<Vec<_>>());
    };

    grant(&database, clock, id, terms(&[Scope::StatsRead], Some("2026-03-10"), Some("2026-03-20"))).await.unwrap();
    for (day, scopes) in [
        ("2026-03-02", "cadre:read stats:read"),
        ("2026-03-09", "cadre:read stats:read"),
        ("2026-03-10", "stats:read"),
        ("2026-03-19", "stats:read"),
        ("2026-03-20", "nothing"),
    ] {
        assert_eq!(scopes_on(day).await, scopes, "{day}: what was replaced does not come back");
    }
    history(&[Some("2026-03-10"), None]).await;

    grant(&database, clock, id, terms(&[Scope::CadreRead], None, None)).await.unwrap();
    for day in ["2026-03-02", "2026-03-10", "2026-03-20", "2027-01-01"] {
        assert_eq!(scopes_on(day).await, "cadre:read", "{day}: what was to come is replaced too");
    }
    history(&[Some("2026-03-02"), Some("2026-03-02"), None]).await;

    end_grant(&database, clock, id).await.unwrap();
    assert_eq!(scopes_on("2026-03-02").await, "nothing");
    assert!(matches!(end_grant(&database, clock, id).await, Err(Error::Conflict(_))));
    let yesterday = grant(&database, clock, id, terms(&[Scope::CadreRead], Some("2026-03-01"), None)).await;
    assert!(matches!(yesterday, Err(Error::Invalid { .. })));
    grant(&database, clock, id, terms(&[Scope::CadreRead], Some("2026-03-02"), None)).await.unwrap();
    assert_eq!(scopes_on("2026-03-02").await, "cadre:read");
    let listed = &list(&database, clock).await.unwrap()[0];
    assert_eq!(listed.grants.len(), 4);
    assert_eq!(listed.grants[3].limits, Overrides::of(Some(5), None));
    assert_eq!(
        log_entries(&database).await.0,
        ["client.add", "client.grant", "client.grant", "client.end-grant", "client.grant"]
    );
}

#[tokio::test]
async fn concurrent_grants_leave_one_in_force() {
    let (_folder, database) = fixture().await;
    let registered = add(&database, auth_fixture::clock(), request("x")).await.unwrap();
    let give = || grant(&database, auth_fixture::clock(), registered.client_id, terms(&[Scope::CadreRead], None, None));

    let results = futures_util::future::join_all((0..8).map(|_| give())).await;

    assert!(results.iter().all(Result::is_ok));
    let grants = history(&database, registered.client_id).await.unwrap();
    assert_eq!((grants.len(), grants.iter().filter(|grant| grant.ended_on.is_none()).count()), (9, 1));
    assert_eq!(client::Entity::find().one(database.reader()).await.unwrap().unwrap().version, 9);
}
