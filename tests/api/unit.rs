//! Units: look-ups, versions, trees, successions, lists.

use std::sync::Arc;

use cadre_api::db::{self, LockMode};
use futures_util::future::join;
use sea_orm::{ConnectionTrait, DatabaseBackend, Statement};
use serde_json::json;

use crate::support::{Kind, TestApp, csv, on_both, poll};

#[actix_web::test]
async fn a_unit_shows_the_version_of_the_requested_day() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;

        let result = caller
            .query(
                r#"{
                    now: unit(by: {code: "A1"}) { name adminCode validFrom validTo tier kind }
                    past: unit(by: {code: "A1"}, asOf: "2014-12-31") { name adminCode validTo }
                    turn: unit(by: {code: "A1"}, asOf: "2015-01-01") { name }
                    ended: unit(by: {code: "C"}) { name validTo }
                    none: unit(by: {code: "NOBODY"}) { name }
                }"#,
            )
            .await;

        assert_eq!(
            result,
            json!({
                "now": {"name": "Xã Mới", "adminCode": "90111", "validFrom": "2015-01-01", "validTo": null, "tier": "COMMUNE", "kind": "COMMUNE"},
                "past": {"name": "Xã Cũ", "adminCode": "90101", "validTo": "2015-01-01"},
                "turn": {"name": "Xã Mới"},
                "ended": {"name": "Huyện Nhập", "validTo": "2020-01-01"},
                "none": null,
            })
        );
    })
    .await;
}

#[actix_web::test]
async fn the_trees_are_those_of_the_requested_day() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;

        let result = caller
            .query(
                r#"{
                    now: unit(by: {code: "A"}) { subunits { nodes { code } totalCount { value isExact } } }
                    past: unit(by: {code: "A"}, asOf: "2019-12-31") { subunits { nodes { code } } }
                    above: unit(by: {code: "C1U"}) { parent { code } ancestors { code } }
                    aboveThen: unit(by: {code: "C1U"}, asOf: "2019-12-31") { ancestors { code } }
                    party: unit(by: {code: "PB"}) { subunits(hierarchy: PARTY) { nodes { code } } subordinate: subunits { nodes { code } } }
                    led: unit(by: {code: "PD1"}) { parent(hierarchy: PARTY) { code } }
                }"#,
            )
            .await;

        let codes = |codes: &[&str]| codes.iter().map(|code| json!({ "code": code })).collect::<Vec<_>>();
        assert_eq!(
            result,
            json!({
                "now": {"subunits": {"nodes": codes(&["A1", "A2", "C1"]), "totalCount": {"value": 3, "isExact": true}}},
                "past": {"subunits": {"nodes": codes(&["A1", "A2"])}},
                "above": {"parent": {"code": "C1"}, "ancestors": codes(&["C1", "A", "P", "W"])},
                "aboveThen": {"ancestors": codes(&["C1", "C", "P", "W"])},
                "party": {"subunits": {"nodes": codes(&["PD1", "PD2"])}, "subordinate": {"nodes": []}},
                "led": {"parent": {"code": "PB"}},
            })
        );
    })
    .await;
}

#[actix_web::test]
async fn a_succession_is_visible_from_both_units() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;

        let result = caller
            .query(
                r#"{
                    later: unit(by: {code: "A"}) { predecessors { unit { code name } kind on document } successors { kind } }
                    earlier: unit(by: {code: "C"}) { successors { unit { code } kind on } }
                }"#,
            )
            .await;

        assert_eq!(
            result,
            json!({
                "later": {
                    "predecessors": [{"unit": {"code": "C", "name": "Huyện Nhập"}, "kind": "MERGE", "on": "2020-01-01", "document": "01/NQ-TEST"}],
                    "successors": [],
                },
                "earlier": {"successors": [{"unit": {"code": "A"}, "kind": "MERGE", "on": "2020-01-01"}]},
            })
        );
    })
    .await;
}

#[actix_web::test]
async fn units_are_found_filtered_sorted_and_paged() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        let codes = async |document: &str| {
            let data = caller.query(document).await;
            let nodes = data["units"]["nodes"].as_array().expect("nodes").clone();
            nodes.iter().map(|node| node["code"].as_str().expect("a code").to_owned()).collect::<Vec<_>>()
        };

        for (document, expected) in [
            (r#"{ units(search: "xa dam") { nodes { code } } }"#, vec!["A2", "A2U"]),
            (r#"{ units(search: "XÃ ĐẦM") { nodes { code } } }"#, vec!["A2", "A2U"]),
            (r#"{ units(search: "a1u") { nodes { code } } }"#, vec!["A1U"]),
            (r#"{ units(search: " A1U ") { nodes { code } } }"#, vec!["A1U"]),
            (r#"{ units(search: "A1") { nodes { code } } }"#, vec!["A1"]),
            (r#"{ units(search: "A") { nodes { code } } }"#, vec!["A"]),
            (r#"{ units(search: "A1U xa") { nodes { code } } }"#, vec![]),
            (r#"{ units(search: "xa cu") { nodes { code } } }"#, vec!["A1"]),
            (r#"{ units(search: "xa moi", asOf: "2014-01-01") { nodes { code } } }"#, vec!["A1P", "A1U"]),
            (r#"{ units(search: "cu moi") { nodes { code } } }"#, vec![]),
            (r#"{ units(search: "huyen tai") { nodes { code } } }"#, vec![]),
            (r#"{ units(search: "xa cu", asOf: "2014-01-01") { nodes { code } } }"#, vec!["A1"]),
            (r#"{ units(where: {kinds: [DISTRICT]}) { nodes { code } } }"#, vec!["A", "B"]),
            (r#"{ units(where: {kinds: [DISTRICT]}, asOf: "2019-12-31") { nodes { code } } }"#, vec!["A", "B", "C"]),
            (r#"{ units(where: {adminCode: "90101"}) { nodes { code } } }"#, vec![]),
            (r#"{ units(where: {adminCode: "90101"}, asOf: "2010-01-01") { nodes { code } } }"#, vec!["A1"]),
            (
                r#"{ units(where: {unit: {code: "A"}, tiers: [COMMUNE], kinds: [COMMUNE]}) { nodes { code } } }"#,
                vec!["A1", "A2", "C1"],
            ),
            (
                r#"{ units(where: {unit: {code: "PB", hierarchy: PARTY}}) { nodes { code } } }"#,
                vec!["PB", "PD1", "PD2"],
            ),
            (r#"{ units(where: {unit: {code: "A", reach: UNIT}}) { nodes { code } } }"#, vec!["A"]),
            (
                r#"{ units(where: {kinds: [COMMUNE]}, orderBy: [{field: NAME}]) { nodes { code } } }"#,
                vec!["C1", "A2", "A1", "B1"],
            ),
            (
                r#"{ units(where: {kinds: [COMMUNE]}, orderBy: [{field: CODE, direction: DESC}]) { nodes { code } } }"#,
                vec!["C1", "B1", "A2", "A1"],
            ),
        ] {
            assert_eq!(codes(document).await, expected, "{document}");
        }

        let mut walked = Vec::new();
        let mut after = serde_json::Value::Null;
        loop {
            let data = caller
                .query_with(
                    "query($after: String) { units(first: 4, after: $after, orderBy: [{field: NAME, direction: DESC}]) {
                        edges { cursor node { code } } pageInfo { hasNextPage endCursor } } }",
                    json!({ "after": after }),
                )
                .await;
            for edge in data["units"]["edges"].as_array().expect("edges") {
                walked.push(edge["node"]["code"].as_str().expect("a code").to_owned());
            }
            after = data["units"]["pageInfo"]["endCursor"].clone();
            if data["units"]["pageInfo"]["hasNextPage"] == json!(false) {
                break;
            }
        }
        let all = codes("{ units(first: 100, orderBy: [{field: NAME, direction: DESC}]) { nodes { code } } }").await;
        assert_eq!(walked, all);
        assert_eq!(walked.len(), 16);
    })
    .await;
}

#[actix_web::test]
async fn a_change_of_persons_does_not_reload_the_registry() {
    on_both(async |app| {
        let before = app.app_state.reference_data();

        let paper = csv::qualifications("cadre_code,subject,level,granted_on", "A-04,INFORMATICS,BASIC,2015\n");
        app.import_text(&[("qualifications.csv", &paper)]).await;
        let after_persons = app.app_state.reference_data();
        app.import_text(&[("titles.csv", &csv::titles("code,name", "NEW,Chức danh mới\n"))]).await;

        assert!(Arc::ptr_eq(&before, &after_persons));
        assert!(before.title("NEW").is_none() && app.app_state.reference_data().title("NEW").is_some());
    })
    .await;
}

#[actix_web::test]
async fn imported_units_and_lists_are_loaded_despite_concurrent_commits() {
    // Only PostgreSQL has concurrent writers: the command is executed while the import waits before its commit.
    let app = TestApp::new(Kind::Postgres).await;
    let transaction = app.database.begin().await.expect("begun");
    db::lock(&transaction, "cadre-api headcount", LockMode::Alone).await.expect("locked");
    let during_import = async {
        let waiting = "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database
                       WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted)";
        let waits = async || {
            let row = transaction.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, waiting)).await;
            let row = row.expect("an answer").expect("a row");
            row.try_get_by_index::<bool>(0).expect("the state of the lock").then_some(())
        };
        poll::until_async(waits).await.expect("the import waits");
        app.caller(&["cadre:read"], &["W"]).await;
        assert!(!app.app_state.refresh().await.expect("refreshed"), "the control: the import has not committed");
        transaction.rollback().await.expect("rolled back");
    };
    let titles = csv::titles("code,name", "NEW,Chức danh mới\n");

    join(app.import_text(&[("titles.csv", &titles)]), during_import).await;

    assert!(app.app_state.reference_data().title("NEW").is_some());
    app.stop().await;
}

#[actix_web::test]
async fn a_unit_lists_its_former_names_with_the_days_of_the_changes() {
    on_both(async |app| {
        let versions = csv::units(
            "code,parent_code,name,valid_from,valid_to",
            "Z,P,Xã Đăk-Rông,2000-01-01,2010-01-01\n\
             Z,A,Xã Đăk-Rông,2010-01-01,2015-01-01\n\
             Z,A,Xã Lý,2015-01-01,2020-01-01\n\
             Z,A,Phường Mỹ,2020-01-01,\n",
        );
        app.import_text(&[("units.csv", &versions)]).await;
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        let former = |name: &str, from: &str, to: &str| json!({"name": name, "validFrom": from, "validTo": to});
        let first = former("Xã Đăk-Rông", "2000-01-01", "2015-01-01");
        let second = former("Xã Lý", "2015-01-01", "2020-01-01");
        for (search, day, expected) in [
            ("xa rong", "2026-06-01", Some(json!([second, first]))),
            ("li", "2026-06-01", Some(json!([second, first]))),
            ("mĩ", "2026-06-01", Some(json!([second, first]))),
            ("rông", "2016-01-01", Some(json!([first]))),
            ("rông", "2012-01-01", Some(json!([]))),
            ("mỹ", "2016-01-01", None),
        ] {
            let document = format!(
                r#"{{ units(search: "{search}", where: {{kinds: [COMMUNE]}}, asOf: "{day}") {{
                    nodes {{ code formerNames {{ name validFrom validTo }} }} }} }}"#
            );
            let result = caller.query(&document).await;
            let found = expected.map(|names| json!({"code": "Z", "formerNames": names}));
            assert_eq!(result["units"]["nodes"], json!(Vec::from_iter(found)), "{search} {day}");
        }
    })
    .await;
}
