//! Tokens of an external issuer: valid ones, malformed ones, and changes in the rights of clients and persons.

mod tampering;

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use aws_lc_rs::signature::EcdsaKeyPair;
use entity::{
    acting_person, acting_person_unit, external_client,
    value::{PersonId, Purpose, Scope, UnitId},
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait};
use serde_json::{Value, json};

use crate::auth::{
    Caller, ClientCredential, Denied, Issuers,
    external::{
        Trusted,
        tests::{Answer, Server, pair},
    },
    jws::Reason,
    tests::fixture::{Fixture, PUBLIC_URL, now, sign_with, unit},
};

/// A test world that trusts an issuer, which calls its client `app`.
struct Abroad {
    fixture: Fixture,
    server: Server,
    key: EcdsaKeyPair,
    jwk: Value,
    at: Instant,
}

impl Abroad {
    async fn new() -> Self {
        let (mut fixture, server, (key, jwk)) = (Fixture::new().await, Server::start(), pair("k"));
        server.publishes(&[&jwk]);
        fixture.tokens = fixture.tokens.trusting(Issuers::of(vec![server.trusted()]));
        let row = external_client::ActiveModel {
            issuer: Set(server.url.clone()),
            external_id: Set("app".to_owned()),
            client_id: Set(fixture.client.id),
            created_at: Set(now()),
        };
        row.insert(fixture.tokens.database.writer()).await.unwrap();
        let abroad = Self { fixture, server, key, jwk, at: Instant::now() };
        abroad.renew_rights().await;
        abroad
    }

    async fn renew_rights(&self) {
        self.fixture.tokens.refresh().await.unwrap();
    }

    /// A person with rights of their own over units.
    async fn person(&self, subject: &str, scopes: &str, purposes: &str, roots: &[UnitId]) -> PersonId {
        let (id, writer) = (PersonId::new(), self.fixture.tokens.database.writer());
        let row = acting_person::ActiveModel {
            id: Set(id),
            issuer: Set(self.server.url.clone()),
            subject: Set(subject.to_owned()),
            scopes: Set(scopes.to_owned()),
            purposes: Set(purposes.to_owned()),
            cadre_id: Set(None),
            created_at: Set(now()),
            revoked_at: Set(None),
        };
        row.insert(writer).await.unwrap();
        for unit_id in roots {
            let root = acting_person_unit::ActiveModel { person_id: Set(id), unit_id: Set(*unit_id) };
            root.insert(writer).await.unwrap();
        }
        self.renew_rights().await;
        id
    }

    fn header(&self) -> Value {
        json!({ "typ": "at+jwt", "alg": "ES256", "kid": "k" })
    }

    /// Valid claims of the client itself.
    fn claims(&self) -> Value {
        let at = now().timestamp();
        json!({
            "iss": self.server.url, "aud": PUBLIC_URL, "sub": "app", "client_id": "app", "jti": "x",
            "scope": "openid cadre:read stats:read", "iat": at, "exp": at + 3600,
        })
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        sign_with(&self.key, &header.to_string(), &claims.to_string())
    }

    fn with_header(&self, name: &str, value: Option<Value>) -> String {
        self.sign(&bent(self.header(), name, value), &self.claims())
    }

    fn with_claim(&self, name: &str, value: Option<Value>) -> String {
        self.sign(&self.header(), &bent(self.claims(), name, value))
    }

    async fn verify(&self, token: &str) -> Result<Caller, Denied> {
        self.fixture.tokens.verifier.verify_at(token, now(), self.at).await
    }

    async fn refusal(&self, token: &str) -> Option<Reason> {
        reason(&self.verify(token).await)
    }

    async fn refusal_later(&self, token: &str, seconds: u64) -> Option<Reason> {
        let at = Instant::now() + Duration::from_secs(seconds);
        reason(&self.fixture.tokens.verifier.verify_at(token, now(), at).await)
    }
}

fn reason(result: &Result<Caller, Denied>) -> Option<Reason> {
    match result {
        Ok(_) => None,
        Err(Denied::Invalid(reason)) => Some(*reason),
        Err(Denied::Unavailable(error)) => panic!("{error}"),
    }
}

fn bent(mut object: Value, name: &str, value: Option<Value>) -> Value {
    let members = object.as_object_mut().unwrap();
    match value {
        Some(value) => drop(members.insert(name.to_owned(), value)),
        None => drop(members.shift_remove(name)),
    }
    object
}

#[tokio::test]
async fn good_tokens_of_an_issuer_pass() {
    let abroad = Abroad::new().await;
    let at = now().timestamp();
    for (name, token) in [
        ("as issued", abroad.sign(&abroad.header(), &abroad.claims())),
        ("the long name of the type", abroad.with_header("typ", Some(json!("application/at+jwt")))),
        ("scopes as a list", abroad.with_claim("scope", Some(json!(["cadre:read"])))),
        ("nbf 30 s ahead", abroad.with_claim("nbf", Some(json!(at + 30)))),
        ("iat 30 s ahead", abroad.with_claim("iat", Some(json!(at + 30)))),
        ("one second left", abroad.with_claim("exp", Some(json!(at + 1)))),
        ("an unknown claim", abroad.with_claim("acr", Some(json!("x")))),
    ] {
        assert_eq!(abroad.refusal(&token).await, None, "{name}");
        assert_eq!(abroad.refusal(&token).await, None, "{name}, remembered");
    }
    assert_eq!(abroad.server.asked(), 1, "the keys were fetched once");
    assert!(abroad.fixture.tokens.verifier.verify(&abroad.fixture.token(), now()).await.is_ok(), "ours still pass");
    abroad.server.stop().await;
}

#[tokio::test]
async fn the_rights_for_a_person_are_what_client_and_person_and_token_have_in_common() {
    let abroad = Abroad::new().await;
    let root = unit(&abroad.fixture.tokens.database, "DV2").await;
    abroad.person("an", "cadre:read training:read", "PERSONNEL TRAINING", &[root]).await;
    abroad.person("binh", "training:read", "TRAINING", &[abroad.fixture.root]).await;
    let caller = async |subject: &str, scope: &str| {
        let claims = bent(abroad.claims(), "sub", Some(json!(subject)));
        let token = abroad.sign(&abroad.header(), &bent(claims, "scope", Some(json!(scope))));
        abroad.verify(&token).await.unwrap()
    };
    let all = "cadre:read stats:read training:read clients:admin";

    let client = caller("app", all).await;
    assert_eq!(client.scopes(), &BTreeSet::from([Scope::CadreRead, Scope::StatsRead]), "the grant bounds the token");
    assert!(client.on_behalf_of().is_none() && client.roots() == [abroad.fixture.root]);
    assert_eq!(client.actor(), abroad.fixture.client.id.to_string());

    let an = caller("an", all).await;
    assert_eq!(an.client_id(), abroad.fixture.client.id);
    assert_eq!(an.scopes(), &BTreeSet::from([Scope::CadreRead]));
    assert_eq!(an.purposes(), &BTreeSet::from([Purpose::Personnel]));
    assert_eq!((an.roots(), an.on_behalf_of().unwrap().roots()), (&[abroad.fixture.root][..], &[root][..]));
    assert_eq!(an.on_behalf_of().unwrap().to_string(), format!("{} an", abroad.server.url));
    assert_eq!(an.actor(), format!("{} {} an", abroad.fixture.client.id, abroad.server.url));
    assert!(caller("an", "stats:read").await.scopes().is_empty(), "the token narrows both");

    let binh = caller("binh", all).await;
    assert!(binh.scopes().is_empty() && binh.purposes().is_empty());
    abroad.server.stop().await;
}

#[tokio::test]
async fn a_table_chooses_the_claims() {
    let mut abroad = Abroad::new().await;
    let mapped = Trusted {
        client_claim: "azp".to_owned(),
        scope_claim: None,
        person_claim: "cadre_code".to_owned(),
        ..abroad.server.trusted()
    };
    abroad.fixture.tokens = abroad.fixture.tokens.trusting(Issuers::of(vec![mapped]));
    abroad.person("CB-1", "cadre:read", "", &[abroad.fixture.root]).await;
    let said = |sub: &str, more: Value| {
        let mut claims = json!({ "iss": abroad.server.url, "aud": PUBLIC_URL, "jti": "x", "azp": "app", "sub": sub });
        let members = claims.as_object_mut().unwrap();
        let at = now().timestamp();
        members.extend([("iat".to_owned(), json!(at)), ("exp".to_owned(), json!(at + 60))]);
        members.extend(more.as_object().unwrap().clone());
        abroad.sign(&abroad.header(), &claims)
    };

    let client = abroad.verify(&said("app", json!({}))).await.unwrap();
    assert_eq!(client.scopes().len(), 2, "without a claim for scopes the grant decides");
    let person = abroad.verify(&said("u-1", json!({ "cadre_code": "CB-1" }))).await.unwrap();
    assert_eq!(person.scopes(), &BTreeSet::from([Scope::CadreRead]));
    for (name, token, reason) in [
        ("a person's token without their name", said("u-1", json!({})), Reason::Claim("person")),
        ("a name of another form", said("u-1", json!({ "cadre_code": 1 })), Reason::Claim("person")),
        (
            "a client's token with a person's name",
            said("app", json!({ "cadre_code": "CB-1" })),
            Reason::Claim("person"),
        ),
        ("the subject where the name should be", said("CB-1", json!({ "cadre_code": "x" })), Reason::UnknownPerson),
    ] {
        assert_eq!(abroad.refusal(&token).await, Some(reason), "{name}");
    }
    abroad.server.stop().await;
}

#[tokio::test]
async fn who_is_revoked_is_out_within_five_seconds() {
    let abroad = Abroad::new().await;
    let writer = abroad.fixture.tokens.database.writer();
    let person = abroad.person("an", "cadre:read", "", &[abroad.fixture.root]).await;
    let client = abroad.sign(&abroad.header(), &abroad.claims());
    let for_person = abroad.with_claim("sub", Some(json!("an")));
    assert_eq!((abroad.refusal(&client).await, abroad.refusal(&for_person).await), (None, None));

    let revoked = acting_person::ActiveModel { id: Set(person), revoked_at: Set(Some(now())), ..Default::default() };
    revoked.update(writer).await.unwrap();
    assert_eq!(abroad.refusal_later(&for_person, 3).await, Some(Reason::UnknownPerson));
    assert_eq!(abroad.refusal_later(&client, 3).await, None, "the client lives");

    let name = (abroad.server.url.clone(), "app".to_owned());
    external_client::Entity::delete_by_id(name).exec(writer).await.unwrap();
    assert_eq!(abroad.refusal_later(&client, 6).await, Some(Reason::UnknownClient));
    abroad.server.stop().await;
}

#[tokio::test]
async fn a_key_that_its_issuer_removes_opens_nothing_more() {
    let abroad = Abroad::new().await;
    let token = abroad.sign(&abroad.header(), &abroad.claims());
    assert_eq!(abroad.refusal(&token).await, None);

    let (_, new) = pair("new");
    abroad.server.publishes(&[&new]);
    abroad.fixture.tokens.renew_issuers(abroad.at + Duration::from_secs(300)).await;

    assert_eq!(abroad.refusal(&token).await, Some(Reason::Key), "also one that is remembered");
    abroad.server.stop().await;
}

#[tokio::test]
async fn what_another_issuer_has_issued_is_neither_revoked_nor_told_of_here() {
    let abroad = Abroad::new().await;
    let token = abroad.sign(&abroad.header(), &abroad.claims());
    let id = abroad.fixture.client.id.to_string();
    let credential = || ClientCredential::Secret { id: &id, secret: &abroad.fixture.secret, from: None };

    assert!(abroad.fixture.tokens.introspect(credential(), &token).await.unwrap().is_none());
    abroad.fixture.tokens.revoke(credential(), &token).await.unwrap();
    assert_eq!(abroad.refusal(&token).await, None);
    assert!(
        abroad.fixture.tokens.introspect(credential(), &abroad.fixture.token()).await.unwrap().is_some(),
        "the control"
    );
    abroad.server.stop().await;
}

#[tokio::test]
async fn while_an_issuer_has_never_answered_nobody_can_tell() {
    let mut abroad = Abroad::new().await;
    let trusted = abroad.server.trusted();
    let token = abroad.sign(&abroad.header(), &abroad.claims());
    abroad.fixture.tokens = abroad.fixture.tokens.trusting(Issuers::of(vec![trusted]));
    abroad.server.answers("/jwks", Answer::Status(503));
    assert!(matches!(abroad.verify(&token).await, Err(Denied::Unavailable(_))));

    abroad.server.publishes(&[&abroad.jwk]);
    abroad.at += Duration::from_secs(60);
    assert_eq!(abroad.refusal(&token).await, None);

    abroad.server.answers("/jwks", Answer::Status(503));
    abroad.at += Duration::from_secs(60);
    assert_eq!(abroad.refusal(&abroad.with_header("kid", Some(json!("other")))).await, Some(Reason::Key));
    assert_eq!(abroad.refusal(&token).await, None, "the keys stay");
    abroad.server.stop().await;
}
