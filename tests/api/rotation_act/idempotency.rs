//! Requests with the same key and content have one effect and one response, however often they are sent and how many at
//! once.

use std::collections::BTreeSet;

use entity::rotation;
use futures_util::future::join_all;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;

use super::{document, done, exchanged, office, payload, proposed, refusal, transfer, with};
use crate::support::{TestApp, on_both};

async fn rotations(app: &TestApp) -> u64 {
    rotation::Entity::find().count(app.database.reader()).await.expect("a count")
}

#[actix_web::test]
async fn the_same_key_gives_the_same_response_and_one_effect() {
    on_both(async |app| {
        let (caller, before) = (office(app).await, rotations(app).await);
        let input = json!({ "input": with(transfer(), json!({ "idempotencyKey": "ở-1" })) });

        let first = caller.raw(&document("rotationPropose"), input.clone()).await;
        let again = caller.raw(&document("rotationPropose"), input.clone()).await;

        assert_eq!(first, again);
        assert!(first.contains("DRAFT"), "{first}");
        assert_eq!(rotations(app).await, before + 1);
        let other = office(app).await;
        assert_ne!(other.raw(&document("rotationPropose"), input).await, first, "keys are separate for each client");
        assert_eq!(rotations(app).await, before + 2);
    })
    .await;
}

#[actix_web::test]
async fn eight_concurrent_requests_with_one_key_are_one_command() {
    on_both(async |app| {
        let caller = office(app).await;
        for round in 0..5 {
            let before = rotations(app).await;
            let input = json!({ "input": with(transfer(), json!({ "idempotencyKey": format!("round {round}") })) });
            let document = document("rotationPropose");

            let answers = join_all((0..8).map(|_| caller.raw(&document, input.clone()))).await;

            let different: BTreeSet<_> = answers.iter().collect();
            assert_eq!(different.len(), 1, "{different:#?}");
            assert_eq!(rotations(app).await, before + 1);
            let id = serde_json::from_str::<serde_json::Value>(&answers[0]).expect("JSON")["data"]["done"]["rotation"]["id"].clone();
            let step = json!({ "rotationId": id, "step": "POLICY", "on": "2026-05-01", "idempotencyKey": format!("step {round}") });
            let steps = join_all((0..8).map(|_| payload(&caller, "rotationAdvance", step.clone()))).await;
            for step in steps {
                assert_eq!(step["rotation"], json!({ "id": id, "state": "POLICY_APPROVED", "version": 2 }), "{step}");
            }
        }
    })
    .await;
}

#[actix_web::test]
async fn a_key_is_refused_for_another_request() {
    on_both(async |app| {
        let caller = office(app).await;
        let id = proposed(&caller, with(transfer(), json!({ "idempotencyKey": "k" }))).await;
        let before = rotations(app).await;

        let other = with(transfer(), json!({ "idempotencyKey": "k", "toTitleCode": "CT" }));
        let refused = refusal(&caller, "rotationPropose", other).await;
        assert_eq!(
            (&refused["code"], &refused["field"]),
            (&json!("IDEMPOTENCY_KEY_REUSED"), &json!(["input", "idempotencyKey"]))
        );
        let step = json!({ "rotationId": id, "step": "POLICY", "on": "2026-05-01", "idempotencyKey": "k" });
        assert_eq!(refusal(&caller, "rotationAdvance", step).await["code"], "IDEMPOTENCY_KEY_REUSED");
        assert_eq!(rotations(app).await, before);

        for bad in ["", "a\0b", &"x".repeat(201)] {
            let refused = refusal(&caller, "rotationPropose", with(transfer(), json!({ "idempotencyKey": bad }))).await;
            assert_eq!(refused["code"], "INVALID_KEY", "{bad:?}");
        }
        done(&caller, "rotationPropose", with(transfer(), json!({ "idempotencyKey": "ở".repeat(200) }))).await;
    })
    .await;
}

#[actix_web::test]
async fn a_refused_command_does_not_use_up_its_key() {
    on_both(async |app| {
        let caller = office(app).await;
        let id = proposed(&caller, transfer()).await;
        let decide = json!({ "rotationId": id, "decisionNo": "1", "decidedOn": "2025-08-15", "idempotencyKey": "d" });
        assert_eq!(refusal(&caller, "rotationDecide", decide.clone()).await["code"], "WRONG_STEP");

        exchanged(&caller, &id).await;

        assert_eq!(done(&caller, "rotationDecide", decide).await["state"], "DECIDED");
    })
    .await;
}

#[actix_web::test]
async fn a_replay_requires_the_scope_and_reach_of_the_command() {
    on_both(async |app| {
        let caller = office(app).await;
        let step = |id: &str| json!({ "rotationId": id, "step": "POLICY", "on": "2026-05-01", "idempotencyKey": "s" });
        let id = proposed(&caller, transfer()).await;
        done(&caller, "rotationAdvance", step(&id)).await;

        for (scopes, unit) in [(&super::WRITES[..], "A"), (&super::WRITES[..], "B")] {
            let other = app.caller(scopes, &[unit]).await;
            assert_eq!(refusal(&other, "rotationAdvance", step(&id)).await["code"], "NOT_FOUND");
        }
        let reader = app.caller(&["cadre:read", "rotation:read"], &["P"]).await;
        let answer = reader.ask(&document("rotationAdvance"), json!({ "input": step(&id) })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
    })
    .await;
}
