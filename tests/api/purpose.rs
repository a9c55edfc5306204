//! Protected data can be read only for a purpose that the grant allows.

use entity::value::Purpose;
use serde_json::{Value, json};

use crate::support::{Caller, TestApp, on_both};

const ALL: [&str; 4] = ["cadre:read", "cadre.identity:read", "cadre.political:read", "cadre.origin:read"];
const PROTECTED: &str = r#"{ cadre(by: {code: "A-02"}) { fullName identity { birthOn } } }"#;
const OPEN: &str = r#"{ cadre(by: {code: "A-02"}) { fullName } }"#;

async fn send(caller: &Caller<'_>, purposes: &[&str], document: &str) -> (u16, Value) {
    let request = caller.post(&json!({ "query": document }));
    let request = purposes.iter().fold(request, |request, purpose| request.header("X-Purpose", *purpose));
    let answer = request.header("Accept", "application/graphql-response+json").send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

async fn reader(app: &TestApp) -> Caller<'_> {
    app.caller_for(&[Purpose::Personnel, Purpose::Training], &ALL, &["P"]).await
}

#[actix_web::test]
async fn protected_data_requires_a_purpose_that_the_grant_allows() {
    on_both(async |app| {
        let caller = reader(app).await;
        for (purposes, document, status, code) in [
            (&["PERSONNEL"][..], PROTECTED, 200, Value::Null),
            (&["TRAINING"], PROTECTED, 200, Value::Null),
            (&["TRAINING"], OPEN, 200, Value::Null),
            (&[], OPEN, 200, Value::Null),
            (&[], PROTECTED, 403, json!("PURPOSE_REQUIRED")),
            (&[], r#"{ cadre(by: {nationalId: "999000000002"}) { code } }"#, 403, json!("PURPOSE_REQUIRED")),
            (&[], r#"{ cadres { nodes { origin { ethnicity { name } } } } }"#, 403, json!("PURPOSE_REQUIRED")),
            (&["STATISTICS"], PROTECTED, 403, json!("PURPOSE_NOT_ALLOWED")),
            (&["STATISTICS"], OPEN, 403, json!("PURPOSE_NOT_ALLOWED")),
            (&["personnel"], PROTECTED, 400, json!("BAD_REQUEST")),
            (&["CURIOSITY"], OPEN, 400, json!("BAD_REQUEST")),
            (&[""], OPEN, 400, json!("BAD_REQUEST")),
            (&["PERSONNEL, TRAINING"], PROTECTED, 400, json!("BAD_REQUEST")),
            (&["PERSONNEL", "TRAINING"], PROTECTED, 400, json!("BAD_REQUEST")),
        ] {
            let (found, answer) = send(&caller, purposes, document).await;

            assert_eq!(found, status, "{purposes:?} {document}: {answer}");
            assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{purposes:?} {document}: {answer}");
            assert_eq!(answer.get("data").is_some(), status == 200, "{purposes:?} {document}: {answer}");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_request_without_a_purpose_is_refused_with_the_fields_and_the_purposes() {
    on_both(async |app| {
        let (_, refused) = send(&reader(app).await, &[], PROTECTED).await;
        let (_, other) = send(&reader(app).await, &["PLANNING"], PROTECTED).await;
        let without_purposes = app.caller_for(&[], &ALL, &["P"]).await;
        let (_, without) = send(&without_purposes, &[], PROTECTED).await;

        let extensions = &refused["errors"][0]["extensions"];
        assert_eq!(extensions["fields"], json!(["Cadre.identity", "Identity.birthOn"]));
        assert_eq!(extensions["allowedPurposes"], json!(["PERSONNEL", "TRAINING"]));
        let message = |answer: &Value| answer["errors"][0]["message"].as_str().expect("a sentence").to_owned();
        assert!(message(&refused).ends_with("your client's grant allows PERSONNEL, TRAINING."), "{refused}");
        assert!(message(&other).ends_with("your client's grant allows PERSONNEL, TRAINING."), "{other}");
        assert!(
            message(&without).ends_with("your client's grant allows no purpose, ask the operator to grant one."),
            "{without}"
        );
    })
    .await;
}
