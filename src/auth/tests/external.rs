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

/// A test fixture that trusts an issuer, which calls the client `app`.
struct IssuerFixture {
    fixture: Fixture,
    server: Server,
    key: EcdsaKeyPair,
    jwk: Value,
    at: Instant,
}

impl IssuerFixture {
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
        let issuer_fixture = Self { fixture, server, key, jwk, at: Instant::now() };
        issuer_fixture.renew_rights().await;
        issuer_fixture
    }

    async fn renew_rights(&self) {
        self.fixture.tokens.refresh().await.unwrap();
    }

    /// A person with separate rights over units.
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
        self.sign(&tampered(self.header(), name, value), &self.claims())
    }

    fn with_claim(&self, name: &str, value: Option<Value>) -> String {
        self.sign(&self.header(), &tampered(self.claims(), name, value))
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

fn tampered(mut object: Value, name: &str, value: Option<Value>) -> Value {
    let members = object.as_object_mut().unwrap();
    match value {
        Some(value) => drop(members.insert(name.to_owned(), value)),
        None => drop(members.shift_remove(name)),
    }
    object
}

#[tokio::test]
async fn valid_tokens_of_an_issuer_are_accepted() {
    let issuer_fixture = IssuerFixture::new().await;
    let at = now().timestamp();
    for (name, token) in [
        ("as issued", issuer_fixture.sign(&issuer_fixture.header(), &issuer_fixture.claims())),
        ("the long name of the type", issuer_fixture.with_header("typ", Some(json!("application/at+jwt")))),
        ("scopes as a list", issuer_fixture.with_claim("scope", Some(json!(["cadre:read"])))),
        ("nbf 30 s ahead", issuer_fixture.with_claim("nbf", Some(json!(at + 30)))),
        ("iat 30 s ahead", issuer_fixture.with_claim("iat", Some(json!(at + 30)))),
        ("one second left", issuer_fixture.with_claim("exp", Some(json!(at + 1)))),
        ("an unknown claim", issuer_fixture.with_claim("acr", Some(json!("x")))),
    ] {
        assert_eq!(issuer_fixture.refusal(&token).await, None, "{name}");
        assert_eq!(issuer_fixture.refusal(&token).await, None, "{name}, remembered");
    }
    assert_eq!(issuer_fixture.server.requests(), 1, "the keys were fetched once");
    assert!(
        issuer_fixture.fixture.tokens.verifier.verify(&issuer_fixture.fixture.token(), now()).await.is_ok(),
        "ours still pass"
    );
    issuer_fixture.server.stop().await;
}

#[tokio::test]
async fn the_rights_for_a_person_are_the_intersection_of_client_person_and_token() {
    let issuer_fixture = IssuerFixture::new().await;
    let root = unit(&issuer_fixture.fixture.tokens.database, "DV2").await;
    issuer_fixture.person("an", "cadre:read training:read", "PERSONNEL TRAINING", &[root]).await;
    issuer_fixture.person("binh", "training:read", "TRAINING", &[issuer_fixture.fixture.root]).await;
    let caller = async |subject: &str, scope: &str| {
        let claims = tampered(issuer_fixture.claims(), "sub", Some(json!(subject)));
        let token = issuer_fixture.sign(&issuer_fixture.header(), &tampered(claims, "scope", Some(json!(scope))));
        issuer_fixture.verify(&token).await.unwrap()
    };
    let all = "cadre:read stats:read training:read clients:admin";

    let client = caller("app", all).await;
    assert_eq!(client.scopes(), &BTreeSet::from([Scope::CadreRead, Scope::StatsRead]), "the grant bounds the token");
    assert!(client.on_behalf_of().is_none() && client.roots() == [issuer_fixture.fixture.root]);
    assert_eq!(client.actor(), issuer_fixture.fixture.client.id.to_string());

    let an = caller("an", all).await;
    assert_eq!(an.client_id(), issuer_fixture.fixture.client.id);
    assert_eq!(an.scopes(), &BTreeSet::from([Scope::CadreRead]));
    assert_eq!(an.purposes(), &BTreeSet::from([Purpose::Personnel]));
    assert_eq!((an.roots(), an.on_behalf_of().unwrap().roots()), (&[issuer_fixture.fixture.root][..], &[root][..]));
    assert_eq!(an.on_behalf_of().unwrap().to_string(), format!("{} an", issuer_fixture.server.url));
    assert_eq!(an.actor(), format!("{} {} an", issuer_fixture.fixture.client.id, issuer_fixture.server.url));
    assert!(caller("an", "stats:read").await.scopes().is_empty(), "the token narrows both");

    let binh = caller("binh", all).await;
    assert!(binh.scopes().is_empty() && binh.purposes().is_empty());
    issuer_fixture.server.stop().await;
}

#[tokio::test]
async fn a_table_chooses_the_claims() {
    let mut issuer_fixture = IssuerFixture::new().await;
    let mapped = Trusted {
        client_claim: "azp".to_owned(),
        scope_claim: None,
        person_claim: "cadre_code".to_owned(),
        ..issuer_fixture.server.trusted()
    };
    issuer_fixture.fixture.tokens = issuer_fixture.fixture.tokens.trusting(Issuers::of(vec![mapped]));
    issuer_fixture.person("CB-1", "cadre:read", "", &[issuer_fixture.fixture.root]).await;
    let token_of = |sub: &str, more: Value| {
        let mut claims =
            json!({ "iss": issuer_fixture.server.url, "aud": PUBLIC_URL, "jti": "x", "azp": "app", "sub": sub });
        let members = claims.as_object_mut().unwrap();
        let at = now().timestamp();
        members.extend([("iat".to_owned(), json!(at)), ("exp".to_owned(), json!(at + 60))]);
        members.extend(more.as_object().unwrap().clone());
        issuer_fixture.sign(&issuer_fixture.header(), &claims)
    };

    let client = issuer_fixture.verify(&token_of("app", json!({}))).await.unwrap();
    assert_eq!(client.scopes().len(), 2, "without a claim for scopes the grant decides");
    let person = issuer_fixture.verify(&token_of("u-1", json!({ "cadre_code": "CB-1" }))).await.unwrap();
    assert_eq!(person.scopes(), &BTreeSet::from([Scope::CadreRead]));
    for (name, token, reason) in [
        ("a person's token without their name", token_of("u-1", json!({})), Reason::Claim("person")),
        ("a name of another form", token_of("u-1", json!({ "cadre_code": 1 })), Reason::Claim("person")),
        (
            "a client's token with a person's name",
            token_of("app", json!({ "cadre_code": "CB-1" })),
            Reason::Claim("person"),
        ),
        ("the subject where the name should be", token_of("CB-1", json!({ "cadre_code": "x" })), Reason::UnknownPerson),
    ] {
        assert_eq!(issuer_fixture.refusal(&token).await, Some(reason), "{name}");
    }
    issuer_fixture.server.stop().await;
}

#[tokio::test]
async fn a_revocation_takes_effect_within_five_seconds() {
    let issuer_fixture = IssuerFixture::new().await;
    let writer = issuer_fixture.fixture.tokens.database.writer();
    let person = issuer_fixture.person("an", "cadre:read", "", &[issuer_fixture.fixture.root]).await;
    let client = issuer_fixture.sign(&issuer_fixture.header(), &issuer_fixture.claims());
    let for_person = issuer_fixture.with_claim("sub", Some(json!("an")));
    assert_eq!((issuer_fixture.refusal(&client).await, issuer_fixture.refusal(&for_person).await), (None, None));

    let revoked = acting_person::ActiveModel { id: Set(person), revoked_at: Set(Some(now())), ..Default::default() };
    revoked.update(writer).await.unwrap();
    assert_eq!(issuer_fixture.refusal_later(&for_person, 3).await, Some(Reason::UnknownPerson));
    assert_eq!(issuer_fixture.refusal_later(&client, 3).await, None, "the client lives");

    let name = (issuer_fixture.server.url.clone(), "app".to_owned());
    external_client::Entity::delete_by_id(name).exec(writer).await.unwrap();
    assert_eq!(issuer_fixture.refusal_later(&client, 6).await, Some(Reason::UnknownClient));
    issuer_fixture.server.stop().await;
}

#[tokio::test]
async fn tokens_of_a_removed_key_are_refused() {
    let issuer_fixture = IssuerFixture::new().await;
    let token = issuer_fixture.sign(&issuer_fixture.header(), &issuer_fixture.claims());
    assert_eq!(issuer_fixture.refusal(&token).await, None);

    let (_, new) = pair("new");
    issuer_fixture.server.publishes(&[&new]);
    issuer_fixture.fixture.tokens.renew_issuers(issuer_fixture.at + Duration::from_secs(300)).await;

    assert_eq!(issuer_fixture.refusal(&token).await, Some(Reason::Key), "also one that is remembered");
    issuer_fixture.server.stop().await;
}

#[tokio::test]
async fn tokens_of_other_issuers_are_neither_revoked_nor_introspected() {
    let issuer_fixture = IssuerFixture::new().await;
    let token = issuer_fixture.sign(&issuer_fixture.header(), &issuer_fixture.claims());
    let id = issuer_fixture.fixture.client.id.to_string();
    let credential = || ClientCredential::Secret { id: &id, secret: &issuer_fixture.fixture.secret, from: None };

    assert!(issuer_fixture.fixture.tokens.introspect(credential(), &token).await.unwrap().is_none());
    issuer_fixture.fixture.tokens.revoke(credential(), &token).await.unwrap();
    assert_eq!(issuer_fixture.refusal(&token).await, None);
    assert!(
        issuer_fixture
            .fixture
            .tokens
            .introspect(credential(), &issuer_fixture.fixture.token())
            .await
            .unwrap()
            .is_some(),
        "the control"
    );
    issuer_fixture.server.stop().await;
}

#[tokio::test]
async fn before_the_first_fetch_tokens_of_an_issuer_are_unavailable() {
    let mut issuer_fixture = IssuerFixture::new().await;
    let trusted = issuer_fixture.server.trusted();
    let token = issuer_fixture.sign(&issuer_fixture.header(), &issuer_fixture.claims());
    issuer_fixture.fixture.tokens = issuer_fixture.fixture.tokens.trusting(Issuers::of(vec![trusted]));
    issuer_fixture.server.answers("/jwks", Answer::Status(503));
    assert!(matches!(issuer_fixture.verify(&token).await, Err(Denied::Unavailable(_))));

    issuer_fixture.server.publishes(&[&issuer_fixture.jwk]);
    issuer_fixture.at += Duration::from_secs(60);
    assert_eq!(issuer_fixture.refusal(&token).await, None);

    issuer_fixture.server.answers("/jwks", Answer::Status(503));
    issuer_fixture.at += Duration::from_secs(60);
    assert_eq!(
        issuer_fixture.refusal(&issuer_fixture.with_header("kid", Some(json!("other")))).await,
        Some(Reason::Key)
    );
    assert_eq!(issuer_fixture.refusal(&token).await, None, "the keys stay");
    issuer_fixture.server.stop().await;
}
