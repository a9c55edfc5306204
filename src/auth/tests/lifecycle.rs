//! Effect of changes to the client, its grant, its key or the database on a valid token.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use entity::{
    client, client_grant, revoked_token, signing_key,
    value::{KeyPurpose, Purpose, Scope},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
};

use crate::{
    auth::{
        Caller, ClientCredential, Denied, Refused, Tokens, generate,
        jws::Reason,
        keys::LEAD,
        tests::fixture::{Fixture, PUBLIC_URL, add_client, clock, exchange, now, store},
    },
    clock::Clock,
    limit::InFlight,
};

/// A time in the future, so that a test need not wait.
fn later(seconds: u64) -> Instant {
    Instant::now() + Duration::from_secs(seconds)
}

fn reason(result: &Result<Caller, Denied>) -> Option<Reason> {
    match result {
        Err(Denied::Invalid(reason)) => Some(*reason),
        _ => None,
    }
}

impl Fixture {
    async fn grant(&self) -> client_grant::ActiveModel {
        let of_client = client_grant::Entity::find().filter(client_grant::COLUMN.client_id.eq(self.client.id));
        of_client.one(self.tokens.database.reader()).await.unwrap().unwrap().into_active_model()
    }

    async fn revoke(&self) {
        let revoked = client::ActiveModel { revoked_at: Set(Some(now())), ..self.client.clone().into_active_model() };
        revoked.update(self.tokens.database.writer()).await.unwrap();
    }
}

#[tokio::test]
async fn a_caller_has_the_rights_of_its_grant() {
    let fixture = Fixture::new().await;

    let caller = fixture.tokens.verifier.verify(&fixture.token(), now()).await.unwrap();

    assert_eq!((caller.client_id(), caller.name()), (fixture.client.id, "Kho du lieu"));
    assert_eq!(caller.scopes(), &BTreeSet::from([Scope::CadreRead, Scope::StatsRead]));
    assert_eq!(caller.purposes(), &BTreeSet::from([Purpose::Personnel]));
    assert_eq!(caller.roots(), [fixture.root]);
    assert!(caller.has(Scope::StatsRead) && !caller.has(Scope::CadreWrite));
}

#[tokio::test]
async fn a_token_narrows_the_grant_and_never_widens_it() {
    let fixture = Fixture::new().await;

    for (token, expected_scopes) in [
        (BTreeSet::from([Scope::StatsRead]), BTreeSet::from([Scope::StatsRead])),
        (BTreeSet::from([Scope::StatsRead, Scope::CadreWrite]), BTreeSet::from([Scope::StatsRead])),
        (BTreeSet::from([Scope::CadreWrite]), BTreeSet::new()),
        (BTreeSet::new(), BTreeSet::new()),
    ] {
        let token = fixture.tokens.issuer.issue(&fixture.client, &token, now()).unwrap().token;
        let caller = fixture.tokens.verifier.verify(&token, now()).await.unwrap();
        assert_eq!(caller.scopes(), &expected_scopes);
    }
}

#[tokio::test]
async fn a_revoked_client_is_refused_within_five_seconds() {
    let fixture = Fixture::new().await;
    let (token, verifier) = (fixture.token(), &fixture.tokens.verifier);
    assert!(verifier.verify(&token, now()).await.is_ok());

    fixture.revoke().await;

    assert_eq!(reason(&verifier.verify_at(&token, now(), later(3)).await), Some(Reason::RevokedClient));
    assert_eq!(reason(&verifier.verify_at(&token, now(), later(7)).await), Some(Reason::RevokedClient));
    let refused = exchange(&fixture.tokens, &fixture.client.id, &fixture.secret).await;
    assert!(matches!(refused, Err(Refused::InvalidClient)));
}

#[tokio::test]
async fn a_revoked_token_is_refused_within_five_seconds_and_deleted_after_its_expiry() {
    let mut fixture = Fixture::new().await;
    let (token, other) = (fixture.token(), fixture.token());
    let id = fixture.client.id.to_string();
    let credential = || ClientCredential::Secret { id: &id, secret: &fixture.secret, from: None };
    let second = Tokens::load(store(&fixture.tokens.database), clock(), PUBLIC_URL).await.unwrap();
    assert!(second.verifier.verify(&token, now()).await.is_ok());

    fixture.tokens.revoke(credential(), &token).await.unwrap();

    assert_eq!(reason(&fixture.tokens.verifier.verify(&token, now()).await), Some(Reason::Revoked), "here at once");
    assert_eq!(reason(&second.verifier.verify_at(&token, now(), later(3)).await), Some(Reason::Revoked));
    assert!(second.verifier.verify_at(&other, now(), later(3)).await.is_ok(), "the control");
    assert!(fixture.tokens.introspect(credential(), &token).await.unwrap().is_none());
    assert!(fixture.tokens.introspect(credential(), &other).await.unwrap().is_some());
    let end = now() + TimeDelta::seconds(600);
    for (at, left) in [(end, 1), (end + TimeDelta::minutes(59), 1), (end + TimeDelta::minutes(61), 0)] {
        fixture.tokens.clock = Clock::Fixed(at);
        fixture.tokens.sweep().await.unwrap();
        let kept = revoked_token::Entity::find().count(fixture.tokens.database.reader()).await.unwrap();
        assert_eq!(kept, left, "{at}");
    }
}

#[tokio::test]
async fn a_client_waits_while_too_many_clients_are_authenticating() {
    let mut fixture = Fixture::new().await;
    fixture.tokens.authenticating = InFlight::at_most(1);
    let place = fixture.tokens.authenticating.enter();

    let mut waiting = std::pin::pin!(exchange(&fixture.tokens, &fixture.client.id, &fixture.secret));
    assert!(futures_util::poll!(waiting.as_mut()).is_pending());

    drop(place);
    assert!(waiting.await.is_ok());
}

#[tokio::test]
async fn a_correct_secret_is_accepted_however_many_wrong_ones_were_sent() {
    let fixture = Fixture::new().await;
    let id = fixture.client.id;
    let mut refused = Vec::new();
    for _ in 0..40 {
        refused.push(exchange(&fixture.tokens, &id, "guess").await.unwrap_err());
    }
    assert!(refused[..30].iter().all(|refused| matches!(refused, Refused::InvalidClient)), "{refused:?}");
    assert!(matches!(refused[39], Refused::TooManyAttempts(_)), "{refused:?}");

    assert!(exchange(&fixture.tokens, &id, &fixture.secret).await.is_ok());
    let of_another = exchange(&fixture.tokens, &entity::value::ClientId::new(), &fixture.secret).await;
    assert!(matches!(of_another, Err(Refused::InvalidClient)), "a secret opens for its own client alone");
}

#[tokio::test]
async fn a_narrower_grant_applies_to_issued_tokens() {
    let fixture = Fixture::new().await;
    let (token, verifier) = (fixture.token(), &fixture.tokens.verifier);
    assert!(verifier.verify(&token, now()).await.is_ok());

    let narrow = client_grant::ActiveModel { scopes: Set("stats:read".to_owned()), ..fixture.grant().await };
    narrow.update(fixture.tokens.database.writer()).await.unwrap();

    let caller = verifier.verify_at(&token, now(), later(3)).await.unwrap();
    assert_eq!(caller.scopes(), &BTreeSet::from([Scope::StatsRead]));
}

#[tokio::test]
async fn a_grant_applies_from_its_first_day_until_before_its_end_day() {
    let fixture = Fixture::new().await;
    let (token, today) = (fixture.token(), clock().today());
    let tomorrow = Clock::Fixed(now() + TimeDelta::days(1)).today();

    for (at, (from, to, holds)) in (1..).zip([
        (Some(today), None, true),
        (Some(tomorrow), None, false),
        (None, Some(today), false),
        (None, Some(tomorrow), true),
    ]) {
        let grant = client_grant::ActiveModel { valid_from: Set(from), valid_to: Set(to), ..fixture.grant().await };
        grant.update(fixture.tokens.database.writer()).await.unwrap();

        let caller = fixture.tokens.verifier.verify_at(&token, now(), later(10 * at)).await;
        let exchange = exchange(&fixture.tokens, &fixture.client.id, &fixture.secret).await;
        assert_eq!(caller.is_ok(), holds, "{from:?} {to:?}");
        assert_eq!(exchange.is_ok(), holds, "{from:?} {to:?}");
        assert!(holds || reason(&caller) == Some(Reason::NoGrant));
    }
}

#[tokio::test]
async fn a_new_client_is_accepted_with_its_first_token() {
    let fixture = Fixture::new().await;
    assert!(fixture.tokens.verifier.verify(&fixture.token(), now()).await.is_ok());

    let (client, secret) = add_client(&fixture.tokens.database, "Moi", "cadre:read", Some(fixture.root)).await;
    let token = exchange(&fixture.tokens, &client.id, &secret).await.unwrap().token;

    assert_eq!(fixture.tokens.verifier.verify(&token, now()).await.unwrap().name(), "Moi");
}

#[tokio::test]
async fn a_token_for_an_unknown_client_is_refused() {
    let fixture = Fixture::new().await;
    let unknown_client = client::Model { id: entity::value::ClientId::new(), ..fixture.client.clone() };

    let token = fixture.tokens.issuer.issue(&unknown_client, &BTreeSet::new(), now()).unwrap().token;

    assert_eq!(reason(&fixture.tokens.verifier.verify(&token, now()).await), Some(Reason::UnknownClient));
}

#[tokio::test]
async fn a_cached_token_still_expires() {
    let fixture = Fixture::new().await;
    let (token, verifier) = (fixture.token(), &fixture.tokens.verifier);
    let end = now() + TimeDelta::seconds(600);

    assert!(verifier.verify(&token, now()).await.is_ok());
    assert!(verifier.verify(&token, end - TimeDelta::seconds(1)).await.is_ok());
    assert_eq!(reason(&verifier.verify(&token, end).await), Some(Reason::Expired));
}

#[tokio::test]
async fn keys_rotate_without_refusing_a_valid_token() {
    let fixture = Fixture::new().await;
    let (old, database) = (fixture.token(), &fixture.tokens.database);
    let (verifier, issuer) = (&fixture.tokens.verifier, &fixture.tokens.issuer);
    assert!(verifier.verify(&old, now()).await.is_ok());

    let next = generate(&store(database).encryption, (KeyPurpose::AccessToken, 2), clock()).unwrap();
    next.insert(database.writer()).await.unwrap();
    assert!(verifier.verify_at(&old, now(), later(3)).await.is_ok());
    let after_lead = now() + LEAD;
    let new = issuer.issue(&fixture.client, &BTreeSet::new(), after_lead).unwrap().token;
    assert_eq!(jsonwebtoken::decode_header(&new).unwrap().kid.as_deref(), Some("access-2"));
    assert!(verifier.verify(&new, after_lead).await.is_ok());
    assert!(verifier.verify(&old, after_lead - TimeDelta::seconds(1)).await.is_ok());

    signing_key::Entity::delete_by_id("access-1").exec(database.writer()).await.unwrap();
    assert_eq!(reason(&verifier.verify_at(&old, after_lead, later(10)).await), Some(Reason::Key));
    assert!(verifier.verify_at(&new, after_lead, later(10)).await.is_ok());
}

/// Counter-check: a key that signs at once is refused by instances that have not read it yet.
#[tokio::test]
async fn a_key_that_signs_at_once_is_refused_by_instances_that_have_not_read_it() {
    let fixture = Fixture::new().await;
    let store = store(&fixture.tokens.database);
    let next = generate(&store.encryption, (KeyPurpose::AccessToken, 2), clock()).unwrap();
    let at_once = signing_key::ActiveModel { signs_from: Set(Some(now())), ..next };
    let read = Instant::now();
    at_once.insert(store.database.writer()).await.unwrap();
    let second = Tokens::load(store, clock(), PUBLIC_URL).await.unwrap();

    let token = second.issuer.issue(&fixture.client, &BTreeSet::new(), now()).unwrap().token;

    assert!(second.verifier.verify(&token, now()).await.is_ok());
    assert_eq!(reason(&fixture.tokens.verifier.verify_at(&token, now(), read).await), Some(Reason::Key));
    assert!(fixture.tokens.verifier.verify_at(&token, now(), later(3)).await.is_ok());
}

#[tokio::test]
async fn rights_expire_when_the_database_is_unavailable() {
    let fixture = Fixture::new().await;
    let (token, verifier) = (fixture.token(), &fixture.tokens.verifier);
    assert!(verifier.verify(&token, now()).await.is_ok());

    fixture.tokens.database.clone().close().await.unwrap();

    assert!(verifier.verify_at(&token, now(), later(1)).await.is_ok());
    assert!(verifier.verify_at(&token, now(), later(3)).await.is_ok());
    for seconds in [6, 600, 86_400] {
        let result = verifier.verify_at(&token, now(), later(seconds)).await;
        assert!(matches!(result, Err(Denied::Unavailable(_))), "{seconds}");
    }
    assert_eq!(reason(&verifier.verify_at("rubbish", now(), later(6)).await), Some(Reason::Parts));
}

#[tokio::test]
async fn a_secret_authenticates_only_its_client() {
    let fixture = Fixture::new().await;
    let (other, other_secret) = add_client(&fixture.tokens.database, "Khac", "cadre:read", None).await;
    let id = fixture.client.id.to_string();

    assert!(exchange(&fixture.tokens, &id, &fixture.secret).await.is_ok());
    let upper = id.to_uppercase();
    for (id, secret) in [
        (id.as_str(), other_secret.as_str()),
        (id.as_str(), ""),
        (id.as_str(), fixture.secret_hash().as_str()),
        (other.id.to_string().as_str(), fixture.secret.as_str()),
        ("", fixture.secret.as_str()),
        ("nobody", fixture.secret.as_str()),
        (upper.as_str(), fixture.secret.as_str()),
    ] {
        let refused = exchange(&fixture.tokens, &id, secret).await;
        assert!(matches!(refused, Err(Refused::InvalidClient)), "{id}");
    }
}

#[tokio::test]
async fn debug_output_contains_no_secrets() {
    let fixture = Fixture::new().await;
    let token = fixture.tokens.issuer.issue(&fixture.client, &BTreeSet::new(), now()).unwrap();
    fixture.tokens.verifier.verify(&token.token, now()).await.unwrap();

    let printed = format!("{token:?} {:?}", fixture.tokens);

    let signature = token.token.rsplit('.').next().unwrap();
    for secret in [fixture.secret.as_str(), signature, &fixture.secret_hash()] {
        assert!(!printed.contains(secret));
    }
    assert!(!printed.contains("material"));
}

#[tokio::test]
async fn the_operator_gets_tokens_only_for_active_clients() {
    let fixture = Fixture::new().await;

    let token = fixture.tokens.for_operator(fixture.client.id, Some("stats:read")).await.unwrap();
    let caller = fixture.tokens.verifier.verify(&token.token, now()).await.unwrap();
    assert_eq!(caller.scopes(), &BTreeSet::from([Scope::StatsRead]));
    let wide = fixture.tokens.for_operator(fixture.client.id, Some("cadre:write")).await;
    assert!(matches!(wide, Err(Refused::InvalidScope)));

    fixture.revoke().await;
    let revoked = fixture.tokens.for_operator(fixture.client.id, None).await;
    assert!(matches!(revoked, Err(Refused::InvalidClient)));
}
