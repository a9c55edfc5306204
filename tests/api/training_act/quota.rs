//! Commands on quotas: effects.

use std::collections::BTreeSet;

use entity::{audit_entry, change, quota};
use futures_util::{StreamExt, stream};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use super::{allocated_quota, document, done, issued, numbers, office, quota as given, quota_numbers, refusal, with};
use crate::support::{TestApp, on_both};

#[actix_web::test]
async fn a_quota_is_allocated_down_the_tree_and_returned() {
    on_both(async |app| {
        let caller = office(app).await;
        let root = done(&caller, "quotaIssue", given(40)).await["quota"].take();
        assert_eq!(
            (numbers(&root), &root["unit"]["code"], &root["parent"]),
            ([40, 0, 0, 40, 1], &json!("A"), &Value::Null)
        );
        let root = root["id"].as_str().expect("an id");

        let input = json!({ "quotaId": root, "unitCode": "A1", "seats": 10, "expectedVersion": 1 });
        let first = done(&caller, "quotaAllocate", input).await;
        assert_eq!(numbers(&first["quota"]), [40, 10, 0, 30, 2]);
        assert_eq!(numbers(&first["child"]), [10, 0, 0, 10, 1]);
        assert_eq!((&first["child"]["unit"]["code"], &first["child"]["parent"]["id"]), (&json!("A1"), &json!(root)));

        let more = done(&caller, "quotaAllocate", json!({ "quotaId": root, "unitCode": "A1", "seats": 5 })).await;
        assert_eq!(more["child"]["id"], first["child"]["id"], "a unit has one quota below another");
        assert_eq!((numbers(&more["quota"]), numbers(&more["child"])), ([40, 15, 0, 25, 3], [15, 0, 0, 15, 2]));
        let child = more["child"]["id"].as_str().expect("an id");
        let below = allocated_quota(&caller, child, "A1U", 4).await;
        assert_eq!(quota_numbers(&caller, child).await, [15, 4, 0, 11, 3]);

        let back = done(&caller, "quotaReturn", json!({ "quotaId": child, "seats": 11 })).await["quota"].take();
        assert_eq!(numbers(&back), [4, 4, 0, 0, 4]);
        assert_eq!(quota_numbers(&caller, root).await, [40, 4, 0, 36, 4]);

        let revoked = done(&caller, "quotaRevoke", json!({ "quotaId": below })).await["quota"].take();
        assert_eq!((&revoked["state"], numbers(&revoked)), (&json!("REVOKED"), [4, 0, 0, 4, 2]));
        assert_eq!(quota_numbers(&caller, child).await, [4, 0, 0, 4, 5]);
        let amended = done(&caller, "quotaAmend", json!({ "quotaId": root, "seats": 4 })).await["quota"].take();
        assert_eq!(numbers(&amended), [4, 4, 0, 0, 5]);

        let again = allocated_quota(&caller, child, "A1U", 1).await;
        assert_ne!(again, below, "a revoked quota stays revoked");
    })
    .await;
}

#[actix_web::test]
async fn a_mode_has_its_own_seats() {
    on_both(async |app| {
        let caller = office(app).await;
        let root = issued(&caller, given(66)).await;
        let to = |mode: &str, seats| json!({ "quotaId": root, "unitCode": "A1", "seats": seats, "mode": mode });
        let full = done(&caller, "quotaAllocate", to("FULL_TIME", 30)).await["child"].take();
        let part = done(&caller, "quotaAllocate", to("PART_TIME", 36)).await;

        assert_eq!((&full["mode"], &part["child"]["mode"]), (&json!("FULL_TIME"), &json!("PART_TIME")));
        assert_ne!(full["id"], part["child"]["id"]);
        assert_eq!(numbers(&part["quota"]), [66, 66, 0, 0, 3], "66 = 30 + 36");
        let below = json!({ "quotaId": full["id"], "unitCode": "A1U", "seats": 1 });
        assert_eq!(done(&caller, "quotaAllocate", below).await["child"]["mode"], "FULL_TIME");
    })
    .await;
}

#[actix_web::test]
async fn a_lower_bound_is_never_exhausted() {
    on_both(async |app| {
        let caller = office(app).await;
        let root = issued(&caller, with(given(10), json!({ "isLowerBound": true }))).await;
        let child = allocated_quota(&caller, &root, "A1", 25).await;

        assert_eq!(quota_numbers(&caller, &root).await, [10, 25, 0, -15, 2]);
        let more = json!({ "quotaId": child, "unitCode": "A1U", "seats": 26 });
        assert_eq!(refusal(&caller, "quotaAllocate", more).await["code"], "QUOTA_EXHAUSTED", "its parts are exact");
    })
    .await;
}

#[actix_web::test]
async fn an_ended_plan_is_checked_on_its_last_day() {
    on_both(async |app| {
        let caller = office(app).await;
        // C1 moved from C to A in 2020; the plan of B is for 2025.
        let input = with(given(3), json!({ "planCode": "KH-B", "unitCode": "B1" }));
        assert_eq!(done(&caller, "quotaIssue", input).await["quota"]["unit"]["code"], "B1");
        let root = issued(&caller, given(3)).await;
        allocated_quota(&caller, &root, "C1", 1).await;
    })
    .await;
}

#[actix_web::test]
async fn a_command_is_logged_with_its_changes() {
    on_both(async |app| {
        let caller = office(app).await;
        let root = issued(&caller, given(5)).await;
        let child = allocated_quota(&caller, &root, "A1", 2).await;

        let (reader, audits) = (app.database.reader(), audit_entry::Entity::find());
        let last = audits.order_by_desc(audit_entry::COLUMN.seq).one(reader).await.expect("read").expect("an entry");
        assert_eq!((last.act.as_str(), last.object.as_deref()), ("quota.allocate", Some(root.as_str())));
        assert_eq!((last.detail.as_deref(), &last.actor), (Some("A1 2"), &caller.id));
        let changes =
            change::Entity::find().filter(change::Column::AuditSeq.eq(last.seq)).all(reader).await.expect("read");
        let changes: BTreeSet<_> = changes.iter().map(|line| (line.kind.to_string(), line.object.clone())).collect();
        assert_eq!(
            changes,
            [
                ("CREATED".to_owned(), child),
                ("UPDATED".to_owned(), root.clone()),
                // The allocated quota makes the plan visible to its unit.
                ("UPDATED".to_owned(), "KH-A".to_owned()),
            ]
            .into()
        );

        let before = audit_entry::Entity::find().count(reader).await.expect("a count");
        refusal(&caller, "quotaAllocate", json!({ "quotaId": root, "unitCode": "A1", "seats": 9 })).await;
        assert_eq!(
            audit_entry::Entity::find().count(reader).await.expect("a count"),
            before,
            "a refusal writes nothing"
        );
    })
    .await;
}

async fn quotas(app: &TestApp) -> u64 {
    quota::Entity::find().count(app.database.reader()).await.expect("a count")
}

#[actix_web::test]
async fn one_key_forty_times_is_one_command() {
    on_both(async |app| {
        let caller = office(app).await;
        let before = quotas(app).await;
        let many = async |command: &str, input: Value| -> Value {
            let (document, input) =
                (document(command), json!({ "input": with(input, json!({ "idempotencyKey": command })) }));
            let ask = |_| caller.raw(&document, input.clone());
            let answers: BTreeSet<String> = stream::iter(0..40).map(ask).buffer_unordered(8).collect().await;
            assert_eq!(answers.len(), 1, "{answers:#?}");
            let answer: Value = serde_json::from_str(answers.first().expect("an answer")).expect("JSON");
            assert_eq!(answer["data"]["done"]["userErrors"], json!([]), "{answer}");
            answer["data"]["done"].clone()
        };

        let root = many("quotaIssue", given(10)).await["quota"]["id"].clone();
        let allocated_quota = many("quotaAllocate", json!({ "quotaId": root, "unitCode": "A1", "seats": 4 })).await;
        let back = many("quotaReturn", json!({ "quotaId": allocated_quota["child"]["id"], "seats": 3 })).await;
        let amended = many("quotaAmend", json!({ "quotaId": root, "seats": 8 })).await;
        let revoked = many("quotaRevoke", json!({ "quotaId": allocated_quota["child"]["id"] })).await;

        assert_eq!(numbers(&allocated_quota["child"]), [4, 0, 0, 4, 1]);
        assert_eq!(numbers(&back["quota"]), [1, 0, 0, 1, 2]);
        assert_eq!(numbers(&amended["quota"]), [8, 1, 0, 7, 4]);
        assert_eq!(revoked["quota"]["state"], "REVOKED");
        assert_eq!(quotas(app).await, before + 2);
        let reused = json!({ "quotaId": root, "unitCode": "A1", "seats": 5, "idempotencyKey": "quotaAllocate" });
        assert_eq!(refusal(&caller, "quotaAllocate", reused).await["code"], "IDEMPOTENCY_KEY_REUSED");
    })
    .await;
}
