//! Persisted documents: a request names a registered document by its hash.

use std::fs;

use actix_web::http::StatusCode;
use cadre_api::{
    auth::DocumentHash,
    domain::client::{
        self, Asked,
        document::{self, Document},
    },
    error::Error,
    limit::Overrides,
};
use entity::{
    client_document,
    value::{AllowedDocuments, ClientId, Purpose},
};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use crate::support::{
    Caller, Kind, TestApp, clock, copy, on_both, poll,
    program::{self, Program, printed, refused, run},
};

const UNIT: &str = "query Unit($code: String!) { unit(by: { code: $code }) { code } }";
const TWO: &str = "query One { viewer { name } }\nquery Two { viewer { clientId } }\n";

fn id(caller: &Caller<'_>) -> ClientId {
    caller.id.parse().expect("an id")
}

/// The `documentId` of a text.
fn document_id(text: &str) -> String {
    format!("sha256:{}", DocumentHash::of(text))
}

/// Registers texts for a client, and waits until the service has loaded the last one.
async fn register(app: &TestApp, caller: &Caller<'_>, texts: &[&str]) {
    let documents: Vec<Document> = texts.iter().map(|text| Document::new((*text).to_owned(), None)).collect();
    document::add(&app.database, clock(), id(caller), &documents).await.expect("added");
    let last = json!({ "documentId": document_id(texts[texts.len() - 1]) });
    let known = async || (code(&post(caller, &last).await.1) != "DOCUMENT_NOT_FOUND").then_some(());
    poll::until_async(known).await.expect("the service has loaded the documents");
}

/// Restricts a client to registered documents, and waits until the service has loaded the grant.
pub async fn restrict(app: &TestApp, caller: &Caller<'_>) {
    let requested = Asked {
        scopes: caller.rights.scopes.iter().map(|scope| scope.parse().expect("a scope")).collect(),
        units: caller.rights.units.clone(),
        purposes: Purpose::all().collect(),
        valid_from: None,
        valid_to: None,
        legal_basis: None,
        limits: Overrides::default(),
        documents: AllowedDocuments::Registered,
    };
    client::grant(&app.database, clock(), id(caller), requested).await.expect("granted");
    let known = async || (caller.errors("{ viewer { name } }").await == ["DOCUMENT_NOT_REGISTERED"]).then_some(());
    poll::until_async(known).await.expect("the service has loaded the grant");
}

async fn post(caller: &Caller<'_>, body: &Value) -> (u16, Value) {
    let answer = caller.post(body).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

/// A GET request with parameters in the URL.
async fn get(app: &TestApp, caller: &Caller<'_>, parameters: &[(&str, &str)]) -> (u16, Value) {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    let url = format!("{}/graphql?{query}", app.url);
    let answer = app.http().get(url).bearer_auth(&caller.token).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

/// The code of the first error.
fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("none")
}

fn apollo(text: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": DocumentHash::of(text).to_string() } })
}

#[actix_web::test]
async fn a_registered_document_runs_by_its_hash() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["A"]).await;
        register(app, &caller, &[TWO, UNIT]).await;
        let (id, variables, extensions) = (document_id(UNIT), json!({ "code": "A1" }), apollo(UNIT));
        let expected = json!({ "data": { "unit": { "code": "A1" } } });

        for body in [
            json!({ "documentId": id, "variables": variables }),
            json!({ "documentId": id, "operationName": "Unit", "variables": variables, "query": null }),
            json!({ "documentId": DocumentHash::of(UNIT).to_string(), "variables": variables }),
            json!({ "documentId": id, "query": UNIT, "variables": variables }),
            json!({ "extensions": extensions, "variables": variables }),
            json!({ "extensions": extensions, "variables": variables, "documentId": id }),
        ] {
            assert_eq!(post(&caller, &body).await, (200, expected.clone()), "{:?}: {body}", app.kind);
        }
        let (variables, extensions) = (variables.to_string(), extensions.to_string());
        for parameters in [
            &[("documentId", id.as_str()), ("variables", &variables)][..],
            &[("documentId", &id), ("operationName", ""), ("variables", &variables)],
            &[("extensions", &extensions), ("variables", &variables), ("operationName", "Unit")],
        ] {
            assert_eq!(get(app, &caller, parameters).await, (200, expected.clone()), "{parameters:?}");
        }
        let two = |name: &str| json!({ "documentId": document_id(TWO), "operationName": name });
        assert_eq!(post(&caller, &two("Two")).await.1["data"]["viewer"], json!({ "clientId": caller.id }));
        assert_eq!(code(&post(&caller, &two("Three")).await.1), "OPERATION_NOT_FOUND");
        let answer = caller.post(&json!({ "documentId": id })).send().await.expect("an answer");
        assert_eq!(answer.headers()["Cache-Control"], "no-store");
        assert_eq!(code(&answer.json().await.expect("JSON")), "BAD_VARIABLES", "a variable is missing");
    })
    .await;
}

#[actix_web::test]
async fn a_hash_finds_only_documents_of_its_client() {
    on_both(async |app| {
        let (owner, other) = (app.caller(&["cadre:read"], &["A"]).await, app.caller(&["cadre:read"], &["A"]).await);
        register(app, &owner, &[UNIT]).await;
        let by_id = json!({ "documentId": document_id(UNIT), "variables": { "code": "A" } });
        assert_eq!(post(&owner, &by_id).await.1["data"]["unit"]["code"], "A", "the control");

        let (status, answer) = post(&other, &by_id).await;
        assert_eq!((status, code(&answer), answer.get("data")), (200, "DOCUMENT_NOT_FOUND", None), "{answer}");
        assert_eq!(answer["errors"].as_array().map(Vec::len), Some(1), "the draft requires a single error");
        let message = answer["errors"][0]["message"].as_str().expect("a message");
        assert!(
            message.contains("`query`") && message.contains("document add"),
            "the message says what to do: {message}"
        );
        let media = "application/graphql-response+json";
        let answer = other.post(&by_id).header("Accept", media).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST.as_u16());
        assert!(answer.headers()["Content-Type"].to_str().expect("text").starts_with(media));
        assert_eq!(get(app, &other, &[("documentId", &document_id(UNIT))]).await.0, 200);

        // A client without registered documents then stops sending hashes; one with documents sends this text.
        for (caller, text, message, expected) in [
            (&other, UNIT, "PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED"),
            (&owner, TWO, "PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND"),
        ] {
            let hash = json!({ "extensions": apollo(text), "operationName": "Unit", "variables": {} });
            let bodies = [hash, json!({ "query": null, "extensions": apollo(text) })];
            let accept = "application/graphql-response+json, application/json;q=0.9";
            for request in
                bodies.iter().flat_map(|body| [caller.post(body), caller.post(body).header("Accept", accept)])
            {
                let answer = request.send().await.expect("an answer");
                assert_eq!(answer.status(), StatusCode::OK.as_u16(), "{:?}", app.kind);
                let answer: Value = answer.json().await.expect("JSON");
                assert_eq!((code(&answer), answer.get("data")), (expected, None));
                assert_eq!(answer["errors"][0]["message"], message, "in every language");
            }
            let (status, answer) = get(app, caller, &[("extensions", &apollo(text).to_string())]).await;
            assert_eq!((status, code(&answer)), (200, expected));
        }
        let malformed = json!({ "persistedQuery": { "version": 1, "sha256Hash": "d41d8cd98f00b204" } });
        let answer = post(&owner, &json!({ "extensions": malformed })).await.1;
        assert_eq!(code(&answer), "PERSISTED_QUERY_NOT_FOUND", "no document has a hash that is no SHA-256");
    })
    .await;
}

#[actix_web::test]
async fn a_text_beside_its_hash_runs_and_is_not_stored() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["A"]).await;
        let text = "{ __typename }";
        let whole = json!({ "query": text, "extensions": apollo(text) });
        for _ in 0..2 {
            assert_eq!(post(&caller, &whole).await, (200, json!({ "data": { "__typename": "Query" } })));
        }
        let hash = post(&caller, &json!({ "extensions": apollo(text) })).await.1;
        assert_eq!(code(&hash), "PERSISTED_QUERY_NOT_SUPPORTED", "{:?}", app.kind);
        assert_eq!(client_document::Entity::find().count(app.database.reader()).await.expect("read"), 0);

        let upper = document_id(text).to_uppercase();
        for (bad, part) in [
            (json!({ "query": text, "extensions": apollo("{ viewer { name } }") }), "not the SHA-256"),
            (json!({ "query": text, "documentId": document_id("{ viewer { name } }") }), "not the SHA-256"),
            (json!({ "query": format!("{text} "), "documentId": document_id(text) }), "not the SHA-256"),
            (json!({ "documentId": document_id(text), "extensions": apollo("{ viewer { name } }") }), "two documents"),
            (json!({ "documentId": "md5:d41d8cd98f00b204e9800998ecf8427e" }), "`documentId`"),
            (json!({ "documentId": "" }), "`documentId`"),
            (json!({ "documentId": upper }), "`documentId`"),
            (json!({ "documentId": 7 }), "`documentId`"),
            (json!({ "documentId": null }), "`query`"),
            (json!({}), "`query`"),
            (json!({ "query": null }), "`query`"),
            (json!({ "query": 7, "extensions": apollo(text) }), "`query`"),
            (json!({ "extensions": {} }), "`query`"),
            (json!({ "extensions": 7, "query": text }), "`extensions`"),
            (json!({ "extensions": { "persistedQuery": {} }, "query": text }), "`version` 1"),
            (json!({ "extensions": { "persistedQuery": { "version": 2, "sha256Hash": "ab" } } }), "`version` 1"),
        ] {
            let (status, answer) = post(&caller, &bad).await;
            assert_eq!((status, code(&answer)), (400, "BAD_REQUEST"), "{:?}: {bad}", app.kind);
            let message = answer["errors"][0]["message"].as_str().expect("a message");
            assert!(message.contains(part), "{bad}: {message}");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_removed_document_is_refused_within_seconds_and_can_be_registered_again() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["A"]).await;
        register(app, &caller, &[UNIT]).await;
        let hash = DocumentHash::of(UNIT);
        let body = json!({ "documentId": document_id(UNIT), "variables": { "code": "A" } });
        let is_known = async |expected: bool| {
            let known = async || ((code(&post(&caller, &body).await.1) == "none") == expected).then_some(());
            poll::until_async(known).await.unwrap_or_else(|| panic!("{:?}: known: {expected}", app.kind));
        };

        document::end(&app.database, clock(), id(&caller), hash).await.expect("ended");
        is_known(false).await;
        let again = document::end(&app.database, clock(), id(&caller), hash).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
        let unknown = document::end(&app.database, clock(), id(&caller), DocumentHash::of("")).await;
        assert!(matches!(unknown, Err(Error::NotFound)), "{unknown:?}");

        let documents = [Document::new(UNIT.to_owned(), Some("Unit"))];
        let added = document::add(&app.database, clock(), id(&caller), &documents).await.expect("added");
        assert_eq!(added.into_iter().collect::<Vec<_>>(), [hash]);
        is_known(true).await;
        let version = async || {
            let row = entity::client::Entity::find_by_id(id(&caller)).one(app.database.reader()).await;
            row.expect("read").expect("a client").version
        };
        let before = version().await;
        let added = document::add(&app.database, clock(), id(&caller), &documents).await.expect("nothing to do");
        assert_eq!((added.len(), version().await), (0, before), "{:?}: a repetition changes nothing", app.kind);
    })
    .await;
}

#[actix_web::test]
async fn a_client_has_a_bounded_number_of_documents() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["A"]).await;
        let numbered = |from: usize, to: usize| -> Vec<Document> {
            (from..to).map(|number| Document::new(format!("{{ __typename }} # {number}"), None)).collect()
        };
        let add = async |documents: &[Document]| document::add(&app.database, clock(), id(&caller), documents).await;

        assert_eq!(add(&numbered(0, 1_000)).await.expect("as many as allowed").len(), 1_000);
        assert!(matches!(add(&numbered(0, 1_001)).await, Err(Error::Conflict(_))), "{:?}", app.kind);
        document::end(&app.database, clock(), id(&caller), numbered(0, 1)[0].hash()).await.expect("ended");
        assert_eq!(add(&numbered(1_000, 1_001)).await.expect("a document was removed").len(), 1);

        let other = app.caller(&["cadre:read"], &["A"]).await;
        let large: Vec<Document> = (0..65).map(|number| Document::new(format!("{number:0>65000}"), None)).collect();
        let refused = document::add(&app.database, clock(), id(&other), &large).await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
        document::add(&app.database, clock(), id(&other), &large[1..]).await.expect("within the size");
    })
    .await;
}

#[actix_web::test]
async fn a_mutation_does_not_run_by_get() {
    let app = TestApp::new(Kind::Sqlite).await;
    let caller = app.caller(&["cadre:read", "clients:admin"], &["A"]).await;
    let mutation =
        r#"mutation { clientRevoke(input: { idempotencyKey: "k", clientId: "x" }) { userErrors { code } } }"#;
    register(&app, &caller, &[mutation]).await;

    let (status, answer) = get(&app, &caller, &[("documentId", &document_id(mutation))]).await;
    assert_eq!((status, code(&answer)), (405, "METHOD_NOT_ALLOWED"));
    let answer = post(&caller, &json!({ "documentId": document_id(mutation) })).await.1;
    assert_eq!(answer["data"]["clientRevoke"]["userErrors"][0]["code"], "NOT_FOUND", "the control: {answer}");
    app.stop().await;
}

#[actix_web::test]
async fn a_grant_for_registered_documents_runs_no_other_document() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["A"]).await;
        register(app, &caller, &[UNIT]).await;
        restrict(app, &caller).await;
        let variables = json!({ "code": "A" });

        for body in [
            json!({ "documentId": document_id(UNIT), "variables": variables }),
            json!({ "extensions": apollo(UNIT), "variables": variables }),
            json!({ "query": UNIT, "variables": variables }),
            json!({ "query": UNIT, "extensions": apollo(UNIT), "variables": variables }),
        ] {
            let answer = post(&caller, &body).await.1;
            assert_eq!(answer, json!({ "data": { "unit": { "code": "A" } } }), "{:?}: {body}", app.kind);
        }
        for introspection in [
            "{ __typename }",
            "{ __schema { queryType { name } } }",
            r#"query A($name: String = "Unit") { __type(name: $name) { ...F } } fragment F on __Type { name }"#,
            "query A { __typename } query B { viewer { name } }",
        ] {
            let body = json!({ "query": introspection, "operationName": introspection.contains(" A").then_some("A") });
            let answer = post(&caller, &body).await.1;
            assert_eq!(code(&answer), "none", "{introspection}: {answer}");
        }
        for body in [
            json!({ "query": format!("{UNIT} "), "variables": variables }),
            json!({ "query": "{ viewer { name } }" }),
            json!({ "query": "{ __typename viewer { name } }" }),
            json!({ "query": "{ ...F } fragment F on Query { viewer { name } }" }),
            json!({ "query": "query A { __typename } query B { viewer { name } }", "operationName": "B" }),
            json!({ "query": "mutation { __typename }" }),
            json!({ "query": TWO, "extensions": apollo(TWO), "operationName": "One" }),
            json!({ "extensions": apollo(TWO) }),
            json!({ "documentId": document_id(TWO) }),
        ] {
            let (status, answer) = post(&caller, &body).await;
            assert_eq!((status, code(&answer)), (200, "DOCUMENT_NOT_REGISTERED"), "{:?}: {body}", app.kind);
            let message = answer["errors"][0]["message"].as_str().expect("a message");
            assert!(message.contains("document add"), "the message says what to do: {message}");
            assert_eq!(answer.get("data"), None);
        }
        let media = "application/graphql-response+json";
        let answer = caller
            .post(&json!({ "query": "{ viewer { name } }" }))
            .header("Accept", media)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), StatusCode::FORBIDDEN.as_u16());
    })
    .await;
}

#[actix_web::test]
async fn an_administrator_limited_to_registered_documents_grants_only_those() {
    on_both(async |app| {
        let admin = app.caller(&["cadre:read", "clients:admin"], &["A"]).await;
        let register_client = "mutation Register($input: ClientRegisterInput!) { clientRegister(input: $input) {
            client { id grants { documents } } userErrors { code field } } }";
        let list = "query List { clients { nodes { id } } }";
        register(app, &admin, &[list, register_client]).await;
        let register_as = async |name: &str, documents: Option<&str>| {
            let mut grant = json!({ "scopes": ["cadre:read"], "unitCodes": ["A1"] });
            if let Some(documents) = documents {
                grant["documents"] = json!(documents);
            }
            let input = json!({ "idempotencyKey": name, "name": name, "grant": grant });
            let body = json!({ "documentId": document_id(register_client), "variables": { "input": input } });
            let mut answer = post(&admin, &body).await.1;
            assert_eq!(code(&answer), "none", "{answer}");
            answer["data"]["clientRegister"].take()
        };
        let granted = |payload: &Value| payload["client"]["grants"][0]["documents"].clone();
        assert_eq!(
            granted(&register_as("unrestricted", None).await),
            "ANY",
            "{:?}: the same grant as its own",
            app.kind
        );
        assert_eq!(granted(&register_as("restricted", Some("REGISTERED")).await), "REGISTERED");
        restrict(app, &admin).await;

        let refused = register_as("more", Some("ANY")).await;
        assert_eq!(refused["userErrors"][0]["code"], "NOT_HELD", "{:?}: {refused}", app.kind);
        assert_eq!(refused["userErrors"][0]["field"], json!(["input", "grant", "documents"]));
        assert_eq!(granted(&register_as("own", None).await), "REGISTERED", "{:?}: the same grant as its own", app.kind);
        let visible = post(&admin, &json!({ "documentId": document_id(list) })).await.1;
        let visible = visible["data"]["clients"]["nodes"].as_array().map(Vec::len);
        // The administrator's earlier grant allowed any document, but has ended. It sees itself and two of the three
        // clients.
        assert_eq!(visible, Some(3), "{:?}: a client that may run any document is not visible", app.kind);
    })
    .await;
}

#[test]
fn the_guide_names_its_document_by_its_hash() {
    let guide = include_str!("../../docs/api.md");
    let section = guide.split("## Persisted documents").nth(1).expect("a section");
    let text = section.split('`').find(|part| part.starts_with("query Unit(")).expect("a document");
    assert_eq!(section.matches(&document_id(text)).count(), 2, "{text}: {}", document_id(text));
}

#[actix_web::test]
async fn documents_are_managed_at_the_command_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    };
    let hash = DocumentHash::of(UNIT).to_string();
    let manifest = json!({
        "format": "apollo-persisted-query-manifest",
        "version": 1,
        "operations": [{ "id": hash, "name": "Unit", "type": "query", "body": UNIT }],
    });
    let (apollo, plain) = (file("apollo.json", &manifest.to_string()), file("two.graphql", TWO));
    let relay = file("relay.json", &json!({ &hash: UNIT }).to_string());
    let md5 = file("md5.json", &json!({ "d41d8cd98f00b204e9800998ecf8427e": UNIT }).to_string());
    let broken =
        file("broken.json", &json!({ document_id("{ nothing }"): "{ nothing }", document_id(UNIT): UNIT }).to_string());
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (url, _folder) = copy(kind).await;
        let made = program::client(&url);
        let client = made.0.as_str();
        let add = |file: &str| ["document", "add", "--client", client, file].map(str::to_owned);
        let added = |file: &str| printed(&url, &add(file).each_ref().map(String::as_str));
        let not_added = |file: &str| refused(&url, &add(file).each_ref().map(String::as_str));

        assert!(not_added(&md5).contains("\"algorithm\": \"SHA256\""), "{kind:?}");
        let output_text = not_added(&broken);
        assert!(
            output_text.contains("refuses 1 document:") && output_text.contains("Unknown field \"nothing\""),
            "{output_text}"
        );
        assert_eq!(printed(&url, &["document", "list", "--client", client]), "", "{kind:?}: all or none");

        let output_text = added(&apollo);
        assert!(
            output_text.starts_with(&format!("sha256:{hash}  registered  Unit\n1 document registered")),
            "{output_text}"
        );
        assert!(added(&relay).contains("was registered  Unit\n0 documents registered"), "{kind:?}");
        assert!(added(&plain).contains("registered  One Two"), "{kind:?}");
        let list = printed(&url, &["document", "list", "--client", client]);
        assert_eq!(list.lines().count(), 2, "{list}");
        assert!(list.contains(&hash) && list.contains("  One Two\n"), "{list}");

        let service = Program::serve(&url);
        let token = service.token(&made).await;
        let request = reqwest::Client::new().post(format!("{}/graphql", service.url)).bearer_auth(&token);
        let body = json!({ "documentId": document_id(UNIT), "variables": { "code": "A" } });
        let answer: Value = request.json(&body).send().await.expect("an answer").json().await.expect("JSON");
        assert_eq!(answer, json!({ "data": { "unit": { "code": "A" } } }), "{kind:?}");

        assert!(printed(&url, &["document", "check"]).contains("2 documents checked, 0 refused"), "{kind:?}");
        let remove = ["document", "remove", "--client", client, &hash];
        assert!(printed(&url, &remove).contains("removed"), "{kind:?}");
        assert!(refused(&url, &remove).contains("removed already"), "{kind:?}");
        let list = printed(&url, &["document", "list", "--client", client]);
        assert!(list.lines().next().is_some_and(|line| line.contains("  removed ")), "{list}");
        assert!(
            refused(&url, &["document", "remove", "--client", client, "abc"]).contains("64 lower-case"),
            "{kind:?}"
        );

        // A document that an older version of the schema allowed.
        let database = crate::support::open(&url).await;
        let old = Document::new("query Old { viewer { nickname } }".to_owned(), Some("Old"));
        document::add(&database, clock(), client.parse().expect("an id"), std::slice::from_ref(&old))
            .await
            .expect("added");
        database.close().await.expect("closed");
        for args in [&["document", "check"][..], &["document", "check", "--client", client]] {
            let output = run(&url, args);
            let output_text = String::from_utf8_lossy(&output.stdout).into_owned();
            assert_eq!(output.status.code(), Some(1), "{kind:?}: {output_text}");
            assert!(
                output_text.contains(&format!("REFUSED: {client} {} (Old): Unknown field \"nickname\"", old.hash())),
                "{output_text}"
            );
            assert!(output_text.ends_with("2 documents checked, 1 refused\n"), "{output_text}");
        }
        let clients = printed(&url, &["client", "list"]);
        assert!(!clients.contains("registered documents only"), "{kind:?}: {clients}");
        let grant = ["client", "grant", "--client", client, "--scope", "cadre:read", "--unit", "W"];
        drop(printed(&url, &[&grant[..], &["--documents", "registered"]].concat()));
        assert!(printed(&url, &["client", "list"]).contains("registered documents only"), "{kind:?}");
        assert!(
            refused(&url, &[&grant[..], &["--documents", "some"]].concat()).contains("any, registered"),
            "{kind:?}"
        );
        assert!(refused(&url, &["document", "list", "--client", &ClientId::new().to_string()]).contains("no client"));
    }
}
