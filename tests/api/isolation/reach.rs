//! Objects within a reach are complete. An object that moves is visible in the place where it was on the requested day.

use serde_json::json;

use super::{SERVING_IN_A, UNITS_OF_A, codes, district_a, import_more, list};
use crate::support::{Caller, on_both};

#[actix_web::test]
async fn objects_within_the_reach_are_complete() {
    on_both(async |app| {
        import_more(app).await;
        let a = district_a(app).await;

        let data = a
            .query(
                r#"{
                    units(first: 100) { nodes { code } totalCount { value isExact } }
                    then: units(first: 100, asOf: "2011-12-31") { nodes { code } totalCount { value } }
                    cadres(first: 100, orderBy: [{field: CODE}]) { nodes { code } totalCount { value isExact } }
                    bounded: cadres(first: 0) { nodes { code } pageInfo { hasNextPage endCursor } totalCount(max: 2) { value isExact } }
                    byUnit: cadres(first: 100, orderBy: [{field: UNIT}, {field: CODE}]) { nodes { code } }
                    retired: cadre(by: {code: "A-05"}) { code unit { code } assignments { unit { code } } }
                    concurrent: cadre(by: {code: "X-01"}) { unit { code } title { code } assignments { unit { code } isPrimary } }
                    viewer { units { code } }
                }"#,
            )
            .await;

        assert_eq!(codes(&data, "/units/nodes"), ["A", "A1", "A1P", "A1U", "A2", "A2U", "C1", "C1U"]);
        assert_eq!(data["units"]["totalCount"], json!({"value": 8, "isExact": true}));
        assert_eq!(codes(&data, "/then/nodes"), UNITS_OF_A);
        assert_eq!(data["then"]["totalCount"]["value"], 10);
        assert_eq!(codes(&data, "/cadres/nodes"), SERVING_IN_A);
        assert_eq!(data["cadres"]["totalCount"], json!({"value": 6, "isExact": true}));
        assert_eq!(
            data["bounded"],
            json!({"nodes": [], "pageInfo": {"hasNextPage": true, "endCursor": null}, "totalCount": {"value": 2, "isExact": false}})
        );
        // X-01 is sorted like a person without a primary post, because B1U is not visible here.
        assert_eq!(codes(&data, "/byUnit/nodes"), ["X-01", "A-01", "A-02", "A-03", "A-04", "A-06"]);
        assert_eq!(
            data["retired"],
            json!({"code": "A-05", "unit": null, "assignments": [{"unit": {"code": "A1P"}}]})
        );
        assert_eq!(
            data["concurrent"],
            json!({"unit": null, "title": null, "assignments": [{"unit": {"code": "A2U"}, "isPrimary": false}]})
        );
        assert_eq!(codes(&data, "/viewer/units"), ["A"]);
    })
    .await;
}

#[actix_web::test]
async fn a_person_who_moves_is_visible_where_they_were_on_the_day() {
    on_both(async |app| {
        let (a, b) = (district_a(app).await, app.caller(&["cadre:read"], &["B"]).await);
        let all = app.all_seeing().await;
        let id = all.query(r#"{ cadre(by: {code: "M-01"}) { id qualifications { id } } }"#).await;
        let (cadre, paper) = (&id["cadre"]["id"], &id["cadre"]["qualifications"][0]["id"]);
        let document = r#"query($id: ID!, $paper: ID!) {
            now: cadre(by: {code: "M-01"}) { unit { code } assignments { unit { code } } }
            eve: cadre(by: {id: $id}, asOf: "2017-12-31") { unit { code } assignments { unit { code } } qualifications { level { code } } }
            day: cadre(by: {code: "M-01"}, asOf: "2018-01-01") { unit { code } assignments { unit { code } } }
            node(id: $id) { id } nodes(ids: [$paper]) { id }
            listed: cadres(search: "chuyen") { nodes { code } }
            listedThen: cadres(search: "chuyen", asOf: "2017-12-31") { nodes { code } totalCount { value } }
        }"#;
        let ask = async |caller: &Caller<'_>| caller.query_with(document, json!({ "id": cadre, "paper": paper })).await;

        let in_a2u = json!({"unit": {"code": "A2U"}, "assignments": [{"unit": {"code": "A2U"}}]});
        let in_b1u = json!({"unit": {"code": "B1U"}, "assignments": [{"unit": {"code": "B1U"}}]});
        let mut eve = in_a2u.clone();
        eve["qualifications"] = json!([{"level": {"code": "UNIVERSITY"}}]);
        let expected = json!([{"code": "M-01"}]);
        assert_eq!(
            ask(&a).await,
            json!({
                "now": null, "eve": eve, "day": null, "node": null, "nodes": [null],
                "listed": {"nodes": []}, "listedThen": {"nodes": expected, "totalCount": {"value": 1}},
            })
        );
        assert_eq!(
            ask(&b).await,
            json!({
                "now": in_b1u, "eve": null, "day": in_b1u, "node": {"id": cadre}, "nodes": [{"id": paper}],
                "listed": {"nodes": expected}, "listedThen": {"nodes": [], "totalCount": {"value": 0}},
            })
        );
        let both = json!([{"unit": {"code": "B1U"}}, {"unit": {"code": "A2U"}}]);
        assert_eq!(ask(&all).await["now"]["assignments"], both, "the control: there are two posts");
    })
    .await;
}

#[actix_web::test]
async fn a_successor_reads_replaced_units_and_not_surviving_ones() {
    on_both(async |app| {
        import_more(app).await;
        let (a, b) = (district_a(app).await, app.caller(&["cadre:read"], &["B"]).await);

        let data = a
            .query(
                r#"{
                    unit(by: {code: "C"}) { name validTo successors { unit { code } } parent { code } }
                    then: unit(by: {code: "C"}, asOf: "2019-12-31") {
                        subunits { nodes { code } } cadres { nodes { code unit { code } } } composition(subject: "PROFESSIONAL") { total }
                    }
                    cadres(where: {unit: {code: "C"}}, asOf: "2019-06-01") { nodes { code } }
                    today: cadres(where: {unit: {code: "C"}}) { nodes { code } }
                    heir: unit(by: {code: "A"}) { predecessors { unit { code } kind on } }
                    part: unit(by: {code: "A2U"}) { predecessors { unit { code } } }
                }"#,
            )
            .await;

        assert_eq!(
            data,
            json!({
                "unit": {"name": "Huyện Nhập", "validTo": "2020-01-01", "successors": [{"unit": {"code": "A"}}], "parent": null},
                "then": {
                    "subunits": {"nodes": [{"code": "C1"}]},
                    "cadres": {"nodes": [{"code": "A-06", "unit": {"code": "C1U"}}]},
                    "composition": {"total": 1},
                },
                "cadres": {"nodes": [{"code": "A-06"}]},
                "today": {"nodes": []},
                "heir": {"predecessors": [{"unit": {"code": "C"}, "kind": "MERGE", "on": "2020-01-01"}]},
                "part": {"predecessors": []},
            })
        );
        // AD was merged into B1. Both the authority of B and A, to which AD belonged, read its records.
        let data = b.query(r#"{ unit(by: {code: "AD"}) { code successors { unit { code } } } other: unit(by: {code: "C"}) { code } }"#).await;
        assert_eq!(data, json!({"unit": {"code": "AD", "successors": [{"unit": {"code": "B1"}}]}, "other": null}));
    })
    .await;
}

#[actix_web::test]
async fn a_grant_on_a_party_body_reaches_its_party_tree_and_nothing_else() {
    on_both(async |app| {
        let bloc = app.caller(&["cadre:read"], &["PB"]).await;

        let data = bloc
            .query(
                r#"{
                    units(first: 100) { nodes { code } totalCount { value } }
                    unit(by: {code: "PB"}) {
                        parent { code } ancestors { code } cadres { nodes { code } }
                        subunits(hierarchy: PARTY) { nodes { code parent { code } led: parent(hierarchy: PARTY) { code } } }
                        composition(subject: "POLITICAL_THEORY", hierarchy: PARTY) { total }
                        administrative: composition(subject: "POLITICAL_THEORY") { total }
                    }
                    cadres(orderBy: [{field: CODE}]) { nodes { code } totalCount { value } }
                    above: unit(by: {code: "P"}) { code } beside: unit(by: {code: "A"}) { code }
                }"#,
            )
            .await;

        assert_eq!(
            data,
            json!({
                "units": {"nodes": [{"code": "PB"}, {"code": "PD1"}, {"code": "PD2"}], "totalCount": {"value": 3}},
                "unit": {
                    "parent": null, "ancestors": [], "cadres": {"nodes": []},
                    "subunits": {"nodes": [
                        {"code": "PD1", "parent": null, "led": {"code": "PB"}},
                        {"code": "PD2", "parent": null, "led": {"code": "PB"}},
                    ]},
                    "composition": {"total": 2},
                    "administrative": {"total": 0},
                },
                "cadres": {"nodes": [{"code": "P-01"}, {"code": "P-02"}], "totalCount": {"value": 2}},
                "above": null, "beside": null,
            })
        );
    })
    .await;
}

#[actix_web::test]
async fn numbers_exclude_people_out_of_reach() {
    on_both(async |app| {
        import_more(app).await;
        let (all, a) = (app.all_seeing().await, district_a(app).await);
        let document = r#"{ unit(by: {code: "A"}, asOf: "2014-06-01") {
            composition(subject: "PROFESSIONAL") { total levels { level { code } count } atLeast(level: "UNIVERSITY") { count } }
            cadres { totalCount { value } } subunits { totalCount { value } }
        } }"#;

        let (mine, whole) = (a.query(document).await, all.query(document).await);

        // In 2014: A-01, A-02, A-03, A-04, M-01 and X-01 within reach; X-02 sits in AX, which B has now.
        for (data, people, graduates, units) in [(&mine, 6, 4, 2), (&whole, 7, 5, 3)] {
            let composition = &data["unit"]["composition"];
            assert_eq!(composition["total"], people, "{composition}");
            assert_eq!(composition["atLeast"]["count"], graduates, "{composition}");
            let sum: i64 = list(composition, "/levels").iter().filter_map(|level| level["count"].as_i64()).sum();
            assert_eq!(sum, people);
            assert_eq!(data["unit"]["cadres"]["totalCount"]["value"], people);
            assert_eq!(data["unit"]["subunits"]["totalCount"]["value"], units);
        }
    })
    .await;
}
