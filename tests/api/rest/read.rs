//! Reads: values, pages, filters, reach and the access log.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::{Answer, filled, get, request, required, routes};
use crate::support::{Kind, TestApp, on_both};

#[actix_web::test]
async fn every_route_answers_and_head_answers_without_a_body() {
    on_both(async |app| {
        let caller = app.all_seeing().await;
        for (_, path) in routes(app).await.into_iter().filter(|(method, _)| method == "GET") {
            let path = format!("{}{}", filled(app, &caller, &path).await, required(&path));
            let answer = get(app, &caller, &path).await;
            assert_eq!(answer.status, 200, "{:?} {path}: {:#}", app.kind, answer.body);
            assert_eq!(answer.header("content-type"), "application/json", "{path}");
            assert!(answer.header("ratelimit").contains("\"cost\""), "{path}: {}", answer.header("ratelimit"));
            assert!(answer.body.as_object().is_some_and(|body| !body.is_empty()), "{path}: {}", answer.body);
            if let Some(items) = answer.body["items"].as_array() {
                let may_be_empty = ["/access-log", "/duty-exemptions"].iter().any(|end| path.ends_with(end));
                assert!(!items.is_empty() || may_be_empty, "{path}: {:#}", answer.body);
            }
            let head = request(app, &caller, Method::HEAD, &path).send().await.expect("an answer");
            assert_eq!(head.status().as_u16(), 200, "HEAD {path}");
            assert_eq!(head.text().await.expect("text"), "", "HEAD {path}");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_value_is_that_of_the_document_without_its_envelope() {
    on_both(async |app| {
        let caller = app.all_seeing().await;
        for _ in 0..2 {
            // The fast path answers the second request if it supports the document.
            let unit = get(app, &caller, "/v1/units/A1?asOf=2014-06-01").await.ok("unit");
            assert_eq!((&unit["code"], &unit["name"], &unit["asOf"]), (&json!("A1"), &json!("Xã Cũ"), &json!("2014-06-01")));
            assert_eq!(unit["parent"]["code"], "A");

            let path = "/v1/units/A1/composition?subject=PROFESSIONAL&keyLeadersOnly=true&decimals=2";
            let document = r#"{ unit(by: {code: "A1"}) { composition(subject: "PROFESSIONAL", keyLeadersOnly: true, decimals: 2) {
                asOf total isRounded subject { code label } levels { level { code label rank } count percent } } } }"#;
            let expected = caller.query(document).await["unit"]["composition"].take();
            assert_eq!(get(app, &caller, path).await.ok(path), expected);

            let titles = get(app, &caller, "/v1/titles").await.ok("titles");
            let document = "{ titles { code name category tier isKeyLeader group role
                steps { value validFrom validTo legalBasis verified } } }";
            let expected = caller.query(document).await["titles"].take();
            assert_eq!(titles, json!({ "items": expected }));
        }
    })
    .await;
}

#[actix_web::test]
async fn the_link_to_the_next_page_leads_to_every_row_once() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        let whole = get(app, &caller, "/v1/cadres?first=100&orderBy=CODE").await.ok("all");
        let all: Vec<_> = whole["items"].as_array().expect("items").iter().map(|item| item["code"].clone()).collect();
        assert!(all.len() > 5 && whole["next"].is_null());

        let (mut path, mut found) = ("/v1/cadres?first=3&orderBy=CODE&gender=MALE&gender=".to_owned(), Vec::new());
        assert_eq!(get(app, &caller, &path).await.problem(), (400, "BAD_PARAMETER"), "a scalar twice");
        path = "/v1/cadres?first=3&orderBy=CODE&unit.code=W".to_owned();
        loop {
            let answer = get(app, &caller, &path).await;
            let link = answer.header("link").to_owned();
            let body = answer.ok(&path);
            found.extend(body["items"].as_array().expect("items").iter().map(|item| item["code"].clone()));
            assert_eq!(link.is_empty(), body["next"].is_null(), "{body}");
            let Some(next) = link.strip_suffix(">; rel=\"next\"") else { break };
            assert!(next.contains("orderBy=CODE") && next.contains("unit.code=W"), "{next}");
            path = next.strip_prefix(&format!("<{}", app.url)).expect("the public URL").to_owned();
        }
        assert_eq!(found, all);
        let count = get(app, &caller, "/v1/cadres/count?unit.code=W").await.ok("count");
        assert_eq!(count, json!({ "value": all.len(), "isExact": true }));
    })
    .await;
}

#[actix_web::test]
async fn filters_are_parameters_of_the_url() {
    on_both(async |app| {
        let caller = app.all_seeing().await;
        let codes = async |query: &str| {
            let body = get(app, &caller, &format!("/v1/cadres?first=100&{query}")).await.ok(query);
            let items = body["items"].as_array().expect("items").iter();
            items.map(|item| item["code"].as_str().expect("a code").to_owned()).collect::<BTreeSet<_>>()
        };
        let all = codes("").await;
        for (query, filter) in [
            ("gender=FEMALE", "{gender: FEMALE}"),
            ("codes=A-01&codes=A-02", r#"{codes: ["A-01", "A-02"]}"#),
            ("codes=A-01", r#"{codes: ["A-01"]}"#),
            ("unit.code=A&unit.reach=UNIT", r#"{unit: {code: "A", reach: UNIT}}"#),
            (
                "holds.subject=PROFESSIONAL&holds.atLeast=UNIVERSITY",
                r#"{holds: {subject: "PROFESSIONAL", atLeast: "UNIVERSITY"}}"#,
            ),
            ("keyLeader=true&category=CADRE", "{keyLeader: true, category: CADRE}"),
            ("withPost=false", "{withPost: false}"),
        ] {
            let data = caller.query(&format!("{{ cadres(first: 100, where: {filter}) {{ nodes {{ code }} }} }}")).await;
            let nodes = data["cadres"]["nodes"].as_array().expect("nodes").iter();
            let expected: BTreeSet<String> =
                nodes.map(|node| node["code"].as_str().expect("a code").to_owned()).collect();
            let found = codes(query).await;
            assert_eq!(found, expected, "{query}");
            assert_ne!(found, all, "{query} is a condition");
        }
    })
    .await;
}

#[actix_web::test]
async fn nothing_out_of_reach_is_found() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read", "training:read"], &["B"]).await;
        let inside = get(app, &caller, "/v1/cadres/B-02").await;
        assert_eq!(inside.status, 200, "the control: {:#}", inside.body);
        for path in [
            "/v1/cadres/A-02",
            "/v1/cadres/NOBODY",
            "/v1/cadres/A-02/qualifications",
            "/v1/units/A1",
            "/v1/units/A1/composition?subject=PROFESSIONAL",
            "/v1/classes/LOP-A1/enrolments",
            "/v1/training-plans/KH-A",
        ] {
            assert_eq!(get(app, &caller, path).await.problem(), (404, "NOT_FOUND"), "{path}");
        }
        let body = get(app, &caller, "/v1/cadres?first=100").await.ok("cadres");
        let has_mark = |item: &Value| item["code"].as_str().is_some_and(|code| code.starts_with("A-"));
        assert!(!body["items"].as_array().expect("items").iter().any(has_mark), "{body:#}");
    })
    .await;
}

#[actix_web::test]
async fn rights_and_purposes_are_those_of_graphql() {
    on_both(async |app| {
        let reader = app.caller(&["cadre:read"], &["W"]).await;
        let answer = get(app, &reader, "/v1/cadres/A-02/identity").await;
        assert_eq!(answer.problem(), (403, "FORBIDDEN"));
        assert_eq!(answer.body["errors"][0]["missingScopes"], json!(["cadre.identity:read"]));
        let answer = get(app, &reader, "/v1/cadres?trained.year=2025").await;
        assert_eq!(answer.problem(), (403, "FORBIDDEN"), "a filter needs its scope");
        let fields = answer.body["errors"][0]["fields"].to_string();
        assert!(fields.contains("CadreWhere.trained"), "{fields}");
        assert_eq!(get(app, &reader, "/v1/cadres?gender=MALE").await.status, 200, "other filters do not");

        let mut caller = app.all_seeing().await;
        caller.purpose = None;
        let answer = get(app, &caller, "/v1/cadres/A-02/identity").await;
        assert_eq!(answer.problem(), (403, "PURPOSE_REQUIRED"));
        caller.purpose = Some("NOTHING");
        assert_eq!(get(app, &caller, "/v1/cadres/A-02/identity").await.problem(), (400, "BAD_REQUEST"));

        caller.purpose = Some("CONFIRMATION");
        let log = get(app, &caller, "/v1/cadres/A-02/access-log").await.ok("log");
        assert_eq!(log["items"], json!([]), "the control: no reading was logged yet");
        let identity = get(app, &caller, "/v1/cadres/A-02/identity").await.ok("identity");
        assert_eq!(identity["nationalId"], "999000000002");
        let log = get(app, &caller, "/v1/cadres/A-02/access-log").await.ok("log");
        assert_eq!(log["items"].as_array().map(Vec::len), Some(1), "{log:#}");
        assert_eq!(
            (&log["items"][0]["purpose"], &log["items"][0]["categories"]),
            (&json!("CONFIRMATION"), &json!(["IDENTITY"]))
        );
    })
    .await;
}

#[actix_web::test]
async fn a_person_is_looked_up_by_identity_number_in_the_body() {
    let app = TestApp::new(Kind::Sqlite).await;
    let caller = app.all_seeing().await;
    let find = async |body: Value| {
        let request = request(&app, &caller, Method::POST, "/v1/cadres/by-national-id").json(&body);
        Answer::of(request.send().await.expect("an answer")).await
    };

    let found = find(json!({ "nationalId": "999000000002" })).await.ok("found");
    assert_eq!(found["code"], "A-02");
    assert_eq!(find(json!({ "nationalId": "999999999999" })).await.problem(), (404, "NOT_FOUND"));
    assert_eq!(find(json!({})).await.problem(), (400, "BAD_PARAMETER"));
    assert_eq!(find(json!({ "nationalId": 5 })).await.problem(), (400, "BAD_PARAMETER"));
    let in_url = get(&app, &caller, "/v1/cadres/by-national-id?nationalId=999000000002").await;
    assert_eq!(in_url.problem(), (405, "METHOD_NOT_ALLOWED"));
    app.stop().await;
}
