//! Refusals of commands on quotas with their numbers. A refused command changes nothing.

use entity::value::QuotaId;
use serde_json::json;

use super::{allocated_quota, document, issued, office, quota as given, quota_numbers, refusal, seats, with, with_key};
use crate::support::{on_both, training::use_up};

#[actix_web::test]
async fn too_few_seats_are_refused_with_their_numbers() {
    on_both(async |app| {
        let caller = office(app).await;
        let root = issued(&caller, given(20)).await;
        let child = allocated_quota(&caller, &root, "A1", 8).await;
        allocated_quota(&caller, &child, "A1U", 3).await;
        use_up(app, &root, 3).await;
        use_up(app, &child, 2).await;
        let before = (quota_numbers(&caller, &root).await, quota_numbers(&caller, &child).await);

        for (command, input, code, field, numbers) in [
            (
                "quotaAllocate",
                json!({ "quotaId": root, "unitCode": "A2", "seats": 10 }),
                "QUOTA_EXHAUSTED",
                "seats",
                [20, 8, 3, 9],
            ),
            (
                "quotaAllocate",
                json!({ "quotaId": root, "unitCode": "A1", "seats": 10 }),
                "QUOTA_EXHAUSTED",
                "seats",
                [20, 8, 3, 9],
            ),
            ("quotaReturn", json!({ "quotaId": child, "seats": 4 }), "QUOTA_EXHAUSTED", "seats", [8, 3, 2, 3]),
            ("quotaRevoke", json!({ "quotaId": child }), "QUOTA_IN_USE", "quotaId", [8, 3, 2, 3]),
            ("quotaRevoke", json!({ "quotaId": root }), "QUOTA_IN_USE", "quotaId", [20, 8, 3, 9]),
            ("quotaAmend", json!({ "quotaId": root, "seats": 10 }), "QUOTA_IN_USE", "seats", [20, 8, 3, 9]),
        ] {
            let refused = refusal(&caller, command, input.clone()).await;
            assert_eq!(
                (&refused["__typename"], &refused["code"]),
                (&json!("SeatsError"), &json!(code)),
                "{command} {input}"
            );
            assert_eq!((seats(&refused), &refused["field"]), (numbers, &json!(["input", field])), "{command} {input}");
            let message = refused["message"].as_str().expect("a message");
            assert!(numbers[..3].iter().all(|number| message.contains(&number.to_string())), "{message}");
        }
        assert_eq!((quota_numbers(&caller, &root).await, quota_numbers(&caller, &child).await), before);
        allocated_quota(&caller, &root, "A2", 9).await;
        assert_eq!(quota_numbers(&caller, &root).await[3], 0, "the control: the remaining seats can be allocated");
    })
    .await;
}

#[actix_web::test]
async fn a_quota_exceeded_by_import_gives_no_more_seats() {
    on_both(async |app| {
        let caller = office(app).await;
        let root = issued(&caller, given(10)).await;
        use_up(app, &root, 12).await;

        let refused = refusal(&caller, "quotaAllocate", json!({ "quotaId": root, "unitCode": "A1", "seats": 1 })).await;
        assert_eq!(seats(&refused), [10, 0, 12, -2]);
        let refused = refusal(&caller, "quotaAmend", json!({ "quotaId": root, "seats": 11 })).await;
        assert_eq!(refused["code"], "QUOTA_IN_USE");
    })
    .await;
}

#[actix_web::test]
async fn an_invalid_issue_is_refused_with_field_and_advice() {
    on_both(async |app| {
        let caller = office(app).await;
        issued(&caller, given(5)).await;
        for (other, code, field) in [
            (json!({ "planCode": "KH-X" }), "NOT_FOUND", "planCode"),
            (json!({ "planCode": "a b" }), "NOT_FOUND", "planCode"),
            (json!({ "unitCode": "W" }), "NOT_FOUND", "unitCode"),
            (json!({ "programmeCode": "XX" }), "NOT_FOUND", "programmeCode"),
            (json!({ "unitCode": "B1" }), "UNIT_NOT_BELOW", "unitCode"),
            (json!({ "unitCode": "P" }), "UNIT_NOT_BELOW", "unitCode"),
            (json!({ "unitCode": "C" }), "UNIT_NOT_ALIVE", "unitCode"),
            (json!({ "seats": 0 }), "INVALID_NUMBER", "seats"),
            (json!({ "seats": 1_000_001 }), "INVALID_NUMBER", "seats"),
            (json!({ "classes": -1 }), "INVALID_NUMBER", "classes"),
            (json!({ "idempotencyKey": "" }), "INVALID_KEY", "idempotencyKey"),
            (json!({}), "QUOTA_EXISTS", "unitCode"),
        ] {
            let refused = refusal(&caller, "quotaIssue", with(given(5), other.clone())).await;
            assert_eq!((&refused["code"], &refused["field"]), (&json!(code), &json!(["input", field])), "{other}");
        }
        issued(&caller, with(given(5), json!({ "mode": "FULL_TIME" }))).await;
    })
    .await;
}

#[actix_web::test]
async fn an_invalid_allocation_is_refused_with_field_and_advice() {
    on_both(async |app| {
        let caller = office(app).await;
        let root = issued(&caller, with(given(20), json!({ "mode": "FULL_TIME" }))).await;
        let child = allocated_quota(&caller, &root, "A1", 8).await;
        let on = |other| with(json!({ "quotaId": root, "unitCode": "A1", "seats": 1 }), other);
        for (command, input, code, field) in [
            ("quotaAllocate", on(json!({ "unitCode": "A" })), "UNIT_NOT_BELOW", "unitCode"),
            ("quotaAllocate", on(json!({ "unitCode": "P" })), "UNIT_NOT_BELOW", "unitCode"),
            ("quotaAllocate", on(json!({ "unitCode": "B1U" })), "UNIT_NOT_BELOW", "unitCode"),
            ("quotaAllocate", on(json!({ "unitCode": "C" })), "UNIT_NOT_ALIVE", "unitCode"),
            ("quotaAllocate", on(json!({ "unitCode": "W" })), "NOT_FOUND", "unitCode"),
            ("quotaAllocate", on(json!({ "quotaId": "quo_x" })), "NOT_FOUND", "quotaId"),
            ("quotaAllocate", on(json!({ "seats": -1 })), "INVALID_NUMBER", "seats"),
            ("quotaAllocate", on(json!({ "mode": "PART_TIME" })), "INVALID_MODE", "mode"),
            ("quotaAllocate", on(json!({ "expectedVersion": 1 })), "VERSION_CONFLICT", "expectedVersion"),
            ("quotaReturn", json!({ "quotaId": root, "seats": 1 }), "QUOTA_OF_PLAN", "quotaId"),
            (
                "quotaReturn",
                json!({ "quotaId": child, "seats": 1, "expectedVersion": 9 }),
                "VERSION_CONFLICT",
                "expectedVersion",
            ),
            ("quotaRevoke", json!({ "quotaId": child, "expectedVersion": 9 }), "VERSION_CONFLICT", "expectedVersion"),
            ("quotaAmend", json!({ "quotaId": child, "seats": 9 }), "QUOTA_HANDED_ON", "quotaId"),
            ("quotaAmend", json!({ "quotaId": root, "seats": 0 }), "INVALID_NUMBER", "seats"),
        ] {
            let refused = refusal(&caller, command, input.clone()).await;
            assert_eq!(
                (&refused["code"], &refused["field"]),
                (&json!(code), &json!(["input", field])),
                "{command} {input}"
            );
        }
        assert_eq!(quota_numbers(&caller, &root).await, [20, 8, 0, 12, 2]);
    })
    .await;
}

#[actix_web::test]
async fn a_revoked_quota_accepts_no_commands() {
    on_both(async |app| {
        let caller = office(app).await;
        let root = issued(&caller, given(20)).await;
        let child = allocated_quota(&caller, &root, "A1", 8).await;
        super::done(&caller, "quotaRevoke", json!({ "quotaId": child })).await;

        for (command, input) in [
            ("quotaAllocate", json!({ "quotaId": child, "unitCode": "A1U", "seats": 1 })),
            ("quotaReturn", json!({ "quotaId": child, "seats": 1 })),
            ("quotaRevoke", json!({ "quotaId": child })),
        ] {
            let refused = refusal(&caller, command, input).await;
            assert_eq!((&refused["code"], &refused["state"]), (&json!("WRONG_STEP"), &json!("REVOKED")), "{command}");
            assert_eq!((&refused["due"], &refused["field"]), (&json!([]), &json!(["input", "quotaId"])));
        }
        assert_eq!(quota_numbers(&caller, &root).await, [20, 0, 0, 20, 3]);
    })
    .await;
}

#[actix_web::test]
async fn a_quota_out_of_reach_is_refused_like_a_missing_one() {
    on_both(async |app| {
        let (office, other) = (office(app).await, app.caller(&super::WRITES, &["B"]).await);
        let root = issued(&office, given(20)).await;
        let unit = app.caller(&super::WRITES, &["A1"]).await;
        let child = allocated_quota(&office, &root, "A1", 8).await;

        for (command, input) in [
            ("quotaAllocate", json!({ "unitCode": "B1", "seats": 1 })),
            ("quotaReturn", json!({ "seats": 1 })),
            ("quotaRevoke", json!({})),
            ("quotaAmend", json!({ "seats": 1 })),
        ] {
            let ask = async |id: &str| {
                let input = with_key(with(input.clone(), json!({ "quotaId": id, "idempotencyKey": "same" })));
                other.raw(&document(command), json!({ "input": input })).await
            };
            let unknown = ask(&QuotaId::new().to_string()).await;
            assert!(unknown.contains("NOT_FOUND"), "{unknown}");
            assert_eq!(ask(&root).await, unknown, "{command}");
            assert_eq!(ask("nothing").await, unknown, "{command}");
        }
        assert_eq!(refusal(&other, "quotaIssue", given(1)).await["code"], "NOT_FOUND");
        let upwards = json!({ "quotaId": root, "unitCode": "A1U", "seats": 1 });
        assert_eq!(refusal(&unit, "quotaAllocate", upwards).await["code"], "NOT_FOUND", "the holder is out of reach");
        allocated_quota(&unit, &child, "A1U", 1).await;
        super::done(&unit, "quotaReturn", json!({ "quotaId": child, "seats": 1 })).await;
        assert_eq!(quota_numbers(&office, &root).await, [20, 7, 0, 13, 3]);
    })
    .await;
}

#[actix_web::test]
async fn a_command_on_quotas_requires_both_scopes() {
    on_both(async |app| {
        let office = office(app).await;
        let root = issued(&office, given(20)).await;
        let input = json!({ "input": with_key(json!({ "quotaId": root, "unitCode": "A1", "seats": 1 })) });
        for scopes in [&["quota:read"][..], &["quota:allocate"], &["training:write", "training:read", "quota:read"]] {
            let answer = app.caller(scopes, &["P"]).await.ask(&document("quotaAllocate"), input.clone()).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{scopes:?}");
        }
        let both = app.caller(&["quota:read", "quota:allocate"], &["P"]).await;
        assert_eq!(both.ask(&document("quotaAllocate"), input).await["data"]["done"]["userErrors"], json!([]));
    })
    .await;
}
