//! Classes: filters and fields.

use serde_json::json;

use super::{fill, text, words};
use crate::support::on_both;

#[actix_web::test]
async fn classes_are_found_by_their_columns_and_their_organiser() {
    on_both(async |app| {
        fill(app).await;
        let all = app.all_seeing().await;
        for (filter, expected) in [
            ("", "L1 L2 L3 L4 L5 L6"),
            (r#"plan: "K21""#, "L1"),
            (r#"plan: "K22""#, ""),
            (r#"plan: "\u0000""#, ""),
            (r#"programmes: ["CN_164"]"#, "L3 L4"),
            ("categories: [REFRESHER]", "L2 L6"),
            ("categories: []", ""),
            (r#"organiser: {code: "A"}"#, "L1 L4 L5"),
            (r#"organiser: {code: "A", reach: UNIT}"#, "L1 L5"),
            (r#"organiser: {code: "C"}"#, "L3"),
            (r#"organiser: {code: "C1"}"#, "L3 L4"),
            (r#"organiser: {code: "A"}, startBefore: "2021-04-01""#, "L1"),
            ("modes: [PART_TIME]", "L1"),
            ("states: [POSTPONED, RUNNING]", "L5"),
            (r#"intake: "5""#, "L1"),
            (r#"intake: "\u0000""#, ""),
            (r#"startFrom: "2021-05-05""#, "L2 L5 L6"),
            (r#"startBefore: "2021-03-01""#, "L3"),
            (r#"startFrom: "2021-01-01", startBefore: "2022-01-01""#, "L1 L2 L4 L5"),
            (r#"startFrom: "2021-01-01", startBefore: "2021-01-01""#, ""),
            (r#"endFrom: "2021-09-30""#, "L1 L5 L6"),
            (r#"endBefore: "2021-04-05""#, "L3"),
        ] {
            let document = format!(
                "{{ trainingClasses(where: {{{filter}}}, orderBy: [{{field: CODE}}]) {{
                    nodes {{ code }} totalCount {{ value }}
                }} }}"
            );
            let data = all.query(&document).await;
            let codes = words(&data, "/trainingClasses/nodes", |class| text(&class["code"]));
            assert_eq!(codes.join(" "), expected, "{document}");
            assert_eq!(data["trainingClasses"]["totalCount"]["value"], codes.len(), "{document}");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_class_shows_its_seats_and_its_learners() {
    on_both(async |app| {
        fill(app).await;
        let all = app.all_seeing().await;

        let data = all
            .query(
                r#"{
                    trainingClass(by: {code: "L1"}) {
                        plan { code } programme { code level { code } } organiser { code } intake category mode startOn lastOn
                        capacity enrolled reportedLearners fillPercent state version
                        enrolments { nodes { cadre { code } sendingUnit { code } state } totalCount { value } }
                    }
                    heads: trainingClass(by: {code: "L2"}) { plan { code } capacity enrolled reportedLearners fillPercent }
                    moved: trainingClass(by: {code: "L3"}) { organiser { code parent { code parent { code } } } fillPercent }
                    none: trainingClass(by: {code: "L9"}) { code }
                }"#,
            )
            .await;

        assert_eq!(
            data,
            json!({
                "trainingClass": {
                    "plan": {"code": "K21"}, "programme": {"code": "LLCT_TC", "level": {"code": "INTERMEDIATE"}},
                    "organiser": {"code": "A"}, "intake": "5", "category": "TRAINING", "mode": "PART_TIME",
                    "startOn": "2021-03-01", "lastOn": "2021-09-30", "capacity": 3, "enrolled": 2,
                    "reportedLearners": null, "fillPercent": 66.7, "state": "CLOSED", "version": 1,
                    "enrolments": {
                        "nodes": [
                            {"cadre": {"code": "A-01"}, "sendingUnit": {"code": "A1P"}, "state": "COMPLETED"},
                            {"cadre": {"code": "A-03"}, "sendingUnit": {"code": "A2U"}, "state": "DROPPED"},
                            {"cadre": {"code": "B-01"}, "sendingUnit": {"code": "B1U"}, "state": "COMPLETED"},
                        ],
                        "totalCount": {"value": 3},
                    },
                },
                "heads": {"plan": null, "capacity": 40, "enrolled": 0, "reportedLearners": 30, "fillPercent": 75.0},
                "moved": {"organiser": {"code": "C1U", "parent": {"code": "C1", "parent": {"code": "C"}}}, "fillPercent": null},
                "none": null,
            })
        );
    })
    .await;
}
