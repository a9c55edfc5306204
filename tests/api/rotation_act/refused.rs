//! All refusals of commands on rotations. A refused command changes nothing.

use std::collections::BTreeSet;

use cadre_api::domain::{maintenance, refusal::Code};
use entity::{assignment, sample, value::RotationId};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, Iterable, QueryFilter, sea_query::ExprTrait,
};
use serde_json::{Value, json};

use super::{
    STEPS, done, exchanged, office, payload, posts, proposed, published, refusal, running, transfer, with, with_key,
};
use crate::support::{
    Caller, TestApp, clock, on_both,
    rotation::{Places, day},
};

/// Every command on a rotation, with a valid input.
fn commands(id: &str) -> Vec<(&'static str, Value)> {
    let of = |input: Value| with(json!({ "rotationId": id }), input);
    let mut commands: Vec<_> =
        STEPS.iter().map(|step| ("rotationAdvance", of(json!({ "step": step, "on": "2025-08-01" })))).collect();
    commands.extend([
        ("rotationDecide", of(json!({ "decisionNo": "10/QĐ-TEST", "decidedOn": "2025-08-15" }))),
        ("rotationPublish", of(json!({}))),
        ("rotationStart", of(json!({}))),
        ("rotationExtend", of(json!({ "plannedEndOn": "2030-01-01", "decisionNo": "1", "reason": "r" }))),
        ("rotationEnd", of(json!({ "endOn": "2026-05-01", "reason": "OTHER" }))),
        ("rotationPlace", of(json!({ "unitCode": "A2U", "titleCode": "CC", "placedOn": "2026-05-15" }))),
        ("rotationCancel", of(json!({ "reason": "r" }))),
        ("rotationAppraise", of(json!({ "year": 2025, "result": "GOOD", "appraisedOn": "2026-01-15" }))),
    ]);
    commands
}

/// The name of a command in the list of allowed commands.
fn due_name(command: &str, input: &Value) -> String {
    input["step"].as_str().map_or(command.to_owned(), |step| format!("{command}(step: {step})"))
}

async fn state(caller: &Caller<'_>, id: &str) -> Value {
    let document = "query($id: ID!) { node(id: $id) { ... on Rotation { state version } } }";
    caller.query_with(document, json!({ "id": id })).await["node"].take()
}

#[actix_web::test]
async fn every_wrong_step_is_refused_with_the_allowed_commands() {
    on_both(async |app| {
        let caller = office(app).await;
        let id = proposed(&caller, transfer()).await;
        let probes: Vec<_> = commands(&id)
            .into_iter()
            .filter(|(command, _)| !matches!(*command, "rotationExtend" | "rotationCancel" | "rotationAppraise"))
            .collect();
        let mut tried = 0;
        for (command, input) in &probes {
            let before = state(&caller, &id).await;
            for (wrong, wrong_input) in commands(&id) {
                let name = due_name(wrong, &wrong_input);
                let beside =
                    wrong == "rotationAppraise" && matches!(before["state"].as_str(), Some("IN_PROGRESS" | "ENDED"));
                let probe = payload(&caller, wrong, with(wrong_input, json!({ "expectedVersion": 0 }))).await;
                assert_eq!(probe["userErrors"][0]["code"], "VERSION_CONFLICT", "the probe changes nothing");
                if beside || due(&before).contains(&name.as_str()) {
                    continue;
                }
                let refused = refusal(
                    &caller,
                    wrong,
                    commands(&id)
                        .into_iter()
                        .find(|(command, input)| due_name(command, input) == name)
                        .expect("a command")
                        .1,
                )
                .await;
                assert_eq!(
                    (&refused["__typename"], &refused["code"]),
                    (&json!("StepError"), &json!("WRONG_STEP")),
                    "{name}"
                );
                assert_eq!(refused["state"], before["state"]);
                assert_eq!(refused["due"], json!(due(&before)), "{name}");
                tried += 1;
            }
            assert_eq!(state(&caller, &id).await, before);
            done(&caller, command, input.clone()).await;
        }
        assert!(tried > 80, "{tried}");
    })
    .await;
}

/// The allowed commands in each state, as an independent table.
fn due(rotation: &Value) -> Vec<&'static str> {
    match rotation["state"].as_str().expect("a state") {
        "DRAFT" => vec!["rotationAdvance(step: POLICY)", "rotationCancel"],
        "POLICY_APPROVED" => vec!["rotationAdvance(step: NOMINATION)", "rotationCancel"],
        "NOMINATED" => vec!["rotationAdvance(step: PREPARATION)", "rotationCancel"],
        "PREPARED" => vec!["rotationAdvance(step: EXCHANGE)", "rotationCancel"],
        "EXCHANGED" => vec!["rotationDecide", "rotationCancel"],
        "DECIDED" => vec!["rotationPublish", "rotationCancel"],
        "PUBLISHED" => vec!["rotationStart", "rotationCancel"],
        "IN_PROGRESS" | "EXTENDED" => vec!["rotationEnd", "rotationExtend"],
        "ENDED" => vec!["rotationPlace"],
        _ => vec![],
    }
}

#[actix_web::test]
async fn a_rotation_is_given_up_or_revoked_only_before_it_starts() {
    on_both(async |app| {
        let caller = office(app).await;
        let cancel = |id: &str| json!({ "rotationId": id, "reason": "Không còn nhu cầu" });
        let (first, second) = (proposed(&caller, transfer()).await, proposed(&caller, transfer()).await);
        assert_eq!(done(&caller, "rotationCancel", cancel(&first)).await["state"], "CANCELLED");

        exchanged(&caller, &second).await;
        let decision = json!({ "rotationId": second, "decisionNo": "1", "decidedOn": "2025-08-15" });
        done(&caller, "rotationDecide", decision).await;
        assert_eq!(done(&caller, "rotationCancel", cancel(&second)).await["state"], "REVOKED");

        let third = proposed(&caller, transfer()).await;
        published(&caller, &third).await;
        assert_eq!(done(&caller, "rotationCancel", cancel(&third)).await["state"], "REVOKED");

        let running = running(&caller, transfer()).await;
        let refused = refusal(&caller, "rotationCancel", cancel(&running)).await;
        assert_eq!(
            (&refused["code"], &refused["due"]),
            (&json!("WRONG_STEP"), &json!(["rotationEnd", "rotationExtend"]))
        );
    })
    .await;
}

/// Refusals of proposals: the changed fields, the code and the field of the error.
fn proposals() -> Vec<(Value, &'static str, &'static str)> {
    vec![
        (json!({ "cadreCode": "A-99" }), "NOT_FOUND", "cadreCode"),
        (json!({ "cadreCode": "a b" }), "NOT_FOUND", "cadreCode"),
        (json!({ "toUnitCode": "A9U" }), "NOT_FOUND", "toUnitCode"),
        (json!({ "toUnitCode": "W" }), "NOT_FOUND", "toUnitCode"),
        (json!({ "toTitleCode": "XX" }), "NOT_FOUND", "toTitleCode"),
        (json!({ "preparingUnitCode": "W" }), "NOT_FOUND", "preparingUnitCode"),
        (json!({ "toUnitCode": "A2U" }), "SAME_UNIT", "toUnitCode"),
        (json!({ "toUnitCode": "PD1" }), "TITLE_NOT_OF_TIER", "toTitleCode"),
        (json!({ "toUnitCode": "C" }), "UNIT_NOT_ALIVE", "toUnitCode"),
        (json!({ "cadreCode": "A-05" }), "NO_POST", "cadreCode"),
        (json!({ "startOn": "2010-01-01" }), "NO_POST", "cadreCode"),
        (json!({ "plannedEndOn": "2025-09-01" }), "INVALID_DAY", "plannedEndOn"),
        (json!({ "remark": " " }), "INVALID_TEXT", "remark"),
        (json!({ "remark": "a\0" }), "INVALID_TEXT", "remark"),
        (json!({ "idempotencyKey": "" }), "INVALID_KEY", "idempotencyKey"),
    ]
}

#[actix_web::test]
async fn an_invalid_proposal_is_refused_with_field_and_advice() {
    on_both(async |app| {
        let caller = office(app).await;
        for (other, code, field) in proposals() {
            let refused = refusal(&caller, "rotationPropose", with(transfer(), other.clone())).await;

            assert_eq!(refused["code"], code, "{other}");
            assert_eq!(refused["field"], json!(["input", field]), "{other}");
        }
        let empty = json!({ "documentNo": "1", "validFrom": "2025-01-01", "validUntil": "2025-01-01" });
        let refused = refusal(&caller, "rotationPropose", with(transfer(), json!({ "planning": empty }))).await;
        assert_eq!(refused["field"], json!(["input", "planning", "validUntil"]));
    })
    .await;
}

#[actix_web::test]
async fn an_invisible_object_is_refused_like_a_missing_one() {
    on_both(async |app| {
        let (office, other) = (office(app).await, app.caller(&super::WRITES, &["A"]).await);
        let embargoed = proposed(&office, transfer()).await;
        exchanged(&office, &embargoed).await;
        let foreign = with(transfer(), json!({ "cadreCode": "B-01", "toUnitCode": "PD1", "toTitleCode": "CV" }));
        let foreign = running(&office, foreign).await;

        let missing = RotationId::new().to_string();
        for (command, _) in commands(&missing) {
            let ask = async |id: &str| {
                let (command, input) = commands(id).into_iter().find(|(name, _)| *name == command).expect("a command");
                let input = with_key(with(input, json!({ "idempotencyKey": "same" })));
                other.raw(&super::document(command), json!({ "input": input })).await
            };
            let unknown = ask(&missing).await;
            assert!(unknown.contains("NOT_FOUND"), "{unknown}");
            for id in [embargoed.as_str(), &foreign, "nothing", "cad_aaaa"] {
                assert_eq!(ask(id).await, unknown, "{command} {id}");
            }
        }
        assert_eq!(state(&office, &embargoed).await["state"], "EXCHANGED", "the control: the rotation exists");
    })
    .await;
}

#[actix_web::test]
async fn a_decision_of_one_unit_is_not_disclosed_to_another() {
    on_both(async |app| {
        let (province, district) = (office(app).await, app.caller(&super::WRITES, &["A"]).await);
        let decided = proposed(&province, transfer()).await;
        exchanged(&province, &decided).await;
        let decision = |id: &str| json!({ "rotationId": id, "decisionNo": "1", "decidedOn": "2025-08-15" });
        done(&province, "rotationDecide", decision(&decided)).await;

        let own = proposed(&district, with(transfer(), json!({ "preparingUnitCode": "A" }))).await;
        exchanged(&district, &own).await;
        assert_eq!(
            done(&district, "rotationDecide", decision(&own)).await["state"],
            "DECIDED",
            "the other decision stays hidden"
        );

        let twice = proposed(&province, transfer()).await;
        exchanged(&province, &twice).await;
        assert_eq!(
            refusal(&province, "rotationDecide", decision(&twice)).await["code"],
            "ALREADY_DECIDED",
            "the control"
        );
        done(&province, "rotationPublish", json!({ "rotationId": decided })).await;
        let refused = refusal(&district, "rotationPublish", json!({ "rotationId": own })).await;
        assert_eq!(refused["code"], "ALREADY_PUBLISHED", "a published rotation is visible to the other unit");
    })
    .await;
}

#[actix_web::test]
async fn a_command_that_contradicts_the_record_is_a_conflict() {
    on_both(async |app| {
        let caller = office(app).await;
        let id = running(&caller, transfer()).await;
        let of = |input: Value| with(json!({ "rotationId": id }), input);

        let stale = of(json!({ "endOn": "2026-05-01", "reason": "RETURNED", "expectedVersion": 3 }));
        let refused = refusal(&caller, "rotationEnd", stale).await;
        assert_eq!((&refused["code"], &refused["currentVersion"]), (&json!("VERSION_CONFLICT"), &json!(8)));

        let year = of(json!({ "year": 2025, "result": "GOOD", "appraisedOn": "2026-01-15" }));
        done(&caller, "rotationAppraise", year.clone()).await;
        assert_eq!(refusal(&caller, "rotationAppraise", year.clone()).await["code"], "ALREADY_APPRAISED");
        for (other, code) in [
            (json!({ "year": 2024 }), "INVALID_YEAR"),
            (json!({ "year": 2027 }), "INVALID_YEAR"),
            (json!({ "year": 2026, "appraisedOn": "2026-06-02" }), "INVALID_DAY"),
            (json!({ "year": 2026, "documentNo": "x".repeat(101) }), "INVALID_TEXT"),
        ] {
            assert_eq!(refusal(&caller, "rotationAppraise", with(year.clone(), other)).await["code"], code);
        }

        let special = of(
            json!({ "rule": "rotation.min_term_months", "reason": "r", "grantedBy": "g", "grantedOn": "2026-05-01" }),
        );
        done(&caller, "rotationOverride", special.clone()).await;
        assert_eq!(refusal(&caller, "rotationOverride", special.clone()).await["code"], "ALREADY_OVERRIDDEN");
        let unknown = with(special, json!({ "rule": "rotation.everything" }));
        assert_eq!(refusal(&caller, "rotationOverride", unknown).await["code"], "INVALID_RULE");

        let shorter = of(json!({ "plannedEndOn": "2028-09-01", "decisionNo": "1", "reason": "r" }));
        assert_eq!(refusal(&caller, "rotationExtend", shorter).await["code"], "INVALID_DAY");
    })
    .await;
}

#[actix_web::test]
async fn a_person_is_not_moved_from_an_ended_post_or_into_two_posts() {
    on_both(async |app| {
        let caller = office(app).await;
        let input = with(transfer(), json!({ "toUnitCode": "B1U" }));
        let (first, second) = (proposed(&caller, input.clone()).await, proposed(&caller, input.clone()).await);
        published(&caller, &first).await;
        exchanged(&caller, &second).await;
        done(&caller, "rotationStart", json!({ "rotationId": first })).await;
        let decision = json!({ "rotationId": second, "decisionNo": "1", "decidedOn": "2025-08-15" });
        assert_eq!(
            refusal(&caller, "rotationDecide", decision).await["code"],
            "POST_OVERLAPS",
            "the post in B1U overlaps"
        );
        let before = posts(&caller, "A-04").await;

        // A-03 left A1U in 2016, so a rotation that starts today cannot start there.
        let from_past = with(
            transfer(),
            json!({ "cadreCode": "A-03", "startOn": "2014-01-01", "plannedEndOn": null, "toUnitCode": "B1U" }),
        );
        let third = proposed(&caller, from_past).await;
        exchanged(&caller, &third).await;
        let decision =
            json!({ "rotationId": third, "decisionNo": "1", "decidedOn": "2025-08-15", "startOn": "2026-01-01" });
        assert_eq!(refusal(&caller, "rotationDecide", decision).await["code"], "POST_CHANGED");
        assert_eq!(posts(&caller, "A-04").await, before);
    })
    .await;
}

/// Writes or deletes a second primary post of A-04, which only an import could write.
async fn second_post(app: &TestApp, is_there: bool) {
    let of = Places::of(&app.database).await;
    let second = assignment::Model {
        cadre_id: of.cadre("A-04"),
        unit_id: of.unit("B1U"),
        title_code: "CC".parse().expect("a code"),
        start_on: day("2024-01-01"),
        ..sample::assignment()
    };
    let writer = app.database.writer();
    if is_there {
        second.into_active_model().reset_all().insert(writer).await.expect("written");
    } else {
        let here = assignment::Column::CadreId.eq(second.cadre_id).and(assignment::Column::UnitId.eq(second.unit_id));
        let gone = assignment::Entity::delete_many().filter(here).exec(writer).await.expect("deleted");
        assert_eq!(gone.rows_affected, 1);
    }
    maintenance::rebuild_projections(&app.database, clock()).await.expect("rebuilt");
}

#[actix_web::test]
async fn a_rotation_that_cannot_start_is_neither_decided_nor_published_nor_started() {
    on_both(async |app| {
        let caller = office(app).await;
        let id = proposed(&caller, transfer()).await;
        exchanged(&caller, &id).await;
        let decision = json!({ "rotationId": id, "decisionNo": "10/QĐ-TEST", "decidedOn": "2025-08-15" });
        for (command, input) in [
            ("rotationDecide", decision),
            ("rotationPublish", json!({ "rotationId": id })),
            ("rotationStart", json!({ "rotationId": id })),
        ] {
            second_post(app, true).await;
            let before = state(&caller, &id).await;
            assert_eq!(refusal(&caller, command, input.clone()).await["code"], "POST_OVERLAPS", "{command}");
            assert_eq!(state(&caller, &id).await, before, "{command}");
            second_post(app, false).await;
            done(&caller, command, input).await;
        }
    })
    .await;
}

#[actix_web::test]
async fn a_secondment_is_extended_at_most_to_its_maximum_term() {
    on_both(async |app| {
        let caller = office(app).await;
        let secondment = json!({ "form": "SECONDMENT", "plannedEndOn": "2028-09-02" });
        let id = proposed(&caller, with(transfer(), secondment)).await;
        exchanged(&caller, &id).await;
        let decision = json!({ "rotationId": id, "decisionNo": "1", "decidedOn": "2025-08-15" });
        let refused = refusal(&caller, "rotationDecide", decision.clone()).await;
        assert_eq!(refused["check"], json!({ "rule": "secondment.max_term_months", "result": "FAIL" }), "the control");
        done(&caller, "rotationDecide", with(decision, json!({ "plannedEndOn": "2027-09-01" }))).await;
        done(&caller, "rotationPublish", json!({ "rotationId": id })).await;
        done(&caller, "rotationStart", json!({ "rotationId": id })).await;

        let extension = |until| json!({ "rotationId": id, "plannedEndOn": until, "decisionNo": "2", "reason": "r" });
        assert_eq!(done(&caller, "rotationExtend", extension("2028-09-01")).await["state"], "EXTENDED");
        let before = state(&caller, &id).await;
        let refused = refusal(&caller, "rotationExtend", extension("2028-09-02")).await;

        assert_eq!((&refused["code"], &refused["field"]), (&json!("RULE_FAILED"), &json!(["input", "plannedEndOn"])));
        assert_eq!(refused["check"], json!({ "rule": "secondment.max_term_months", "result": "FAIL" }));
        assert_eq!(state(&caller, &id).await, before);
        let special = json!({
            "rotationId": id, "rule": "secondment.max_term_months", "reason": "r", "grantedBy": "g",
            "grantedOn": "2026-05-01",
        });
        done(&caller, "rotationOverride", special).await;
        done(&caller, "rotationExtend", extension("2028-09-02")).await;
    })
    .await;
}

#[actix_web::test]
async fn a_broken_rule_refuses_the_decision_until_it_is_overridden() {
    on_both(async |app| {
        let caller = office(app).await;
        let id = proposed(&caller, with(transfer(), json!({ "form": "ROTATION", "plannedEndOn": "2027-09-01" }))).await;
        exchanged(&caller, &id).await;
        let decision = json!({ "rotationId": id, "decisionNo": "1", "decidedOn": "2025-08-15" });

        let refused = payload(&caller, "rotationDecide", decision.clone()).await;

        let broken: Vec<_> = refused["userErrors"]
            .as_array()
            .expect("errors")
            .iter()
            .map(|error| error["check"]["rule"].clone())
            .collect();
        assert_eq!(broken, ["rotation.min_term_months", "rotation.requires_planning_entry"]);
        for rule in broken {
            let special =
                json!({ "rotationId": id, "rule": rule, "reason": "r", "grantedBy": "g", "grantedOn": "2025-08-01" });
            done(&caller, "rotationOverride", special).await;
        }
        assert_eq!(done(&caller, "rotationDecide", decision).await["state"], "DECIDED");
    })
    .await;
}

#[actix_web::test]
async fn only_the_preparing_unit_sends_commands_on_a_published_rotation() {
    on_both(async |app| {
        let (office, district) = (office(app).await, app.caller(&super::WRITES, &["A"]).await);
        let id = proposed(&office, transfer()).await;
        published(&office, &id).await;

        let refused = refusal(&district, "rotationStart", json!({ "rotationId": id })).await;

        assert_eq!(refused["code"], "NOT_PREPARED_HERE");
    })
    .await;
}

#[actix_web::test]
async fn commands_without_the_scope_are_forbidden_before_anything_runs() {
    on_both(async |app| {
        for scopes in [&["cadre:read", "rotation:read"][..], &["cadre:read", "rotation:write"]] {
            let caller = app.caller(scopes, &["P"]).await;
            let answer =
                caller.ask(&super::document("rotationPropose"), json!({ "input": with_key(transfer()) })).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
            assert!(answer.get("data").is_none(), "{answer}");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_refusal_is_in_the_language_of_the_request() {
    on_both(async |app: &TestApp| {
        let caller = office(app).await;
        let input = json!({ "input": with_key(json!({ "rotationId": "x" })) });
        let body = json!({ "query": super::document("rotationStart"), "variables": input });
        let message = async |request: reqwest::RequestBuilder| {
            let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
            answer["data"]["done"]["userErrors"][0]["message"].as_str().expect("a message").to_owned()
        };

        let english = message(caller.post(&body)).await;
        let plain = app.http().post(format!("{}/graphql", app.url)).bearer_auth(&caller.token).json(&body);
        let vietnamese = message(plain).await;

        assert_eq!(english, "Not found within your reach; check the code or id.");
        assert_eq!(vietnamese, "Không tìm thấy trong phạm vi được cấp; hãy kiểm tra lại mã.");
    })
    .await;
}

#[test]
fn every_code_has_one_name() {
    let codes: BTreeSet<_> = Code::iter().map(Code::as_str).collect();
    assert_eq!(codes.len(), Code::iter().count());
}
