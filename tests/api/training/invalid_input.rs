//! Pages, ids and invalid queries.

use serde_json::{Value, json};

use super::{district, fill, text, words};
use crate::support::on_both;

#[actix_web::test]
async fn pages_of_training_go_forward_and_back() {
    on_both(async |app| {
        fill(app).await;
        let all = app.all_seeing().await;
        let by_start = "{ list: trainingClasses";
        for (open, arguments, close) in [
            (by_start, "", "}"),
            (by_start, "orderBy: [{field: CODE, direction: DESC}],", "}"),
            (by_start, "orderBy: [{field: START_ON}, {field: CODE}],", "}"),
            ("{ list: trainingPlans", "", "}"),
            ("{ list: trainingPlans", "orderBy: [{field: CODE, direction: DESC}],", "}"),
            ("{ list: trainingPlans", "orderBy: [{field: YEAR_FROM, direction: DESC}],", "}"),
            ("{ list: quotas", "", "}"),
            ("{ list: quotas", "where: {unusedOnly: true},", "}"),
            ("{ list: enrolments", "", "}"),
            (r#"{ cadre(by: {code: "A-06"}) { list: enrolments"#, "", "} }"),
            (r#"{ trainingPlan(by: {code: "K21"}) { list: quotas"#, "", "} }"),
            (r#"{ trainingClass(by: {code: "L1"}) { list: enrolments"#, "", "} }"),
            (r#"{ unit(by: {code: "P"}) { list: quotas"#, "year: 2021, reach: SUBTREE,", "} }"),
        ] {
            let page = async |bounds: &str| {
                let fields = "{ edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage } }";
                let data = all.query(&format!("{open}({arguments} {bounds}) {fields} {close}")).await;
                ["/list", "/cadre/list", "/trainingPlan/list", "/trainingClass/list", "/unit/list"]
                    .iter()
                    .find_map(|pointer| data.pointer(pointer).cloned())
                    .expect("a list")
            };
            let ids = |page: &Value| words(page, "/edges", |edge| text(&edge["node"]["id"]));
            let whole = ids(&page("first: 100").await);
            assert!(whole.len() > 1, "the control for {open}");

            let (mut found, mut bounds) = (Vec::new(), "first: 1".to_owned());
            loop {
                let page = page(&bounds).await;
                found.extend(ids(&page));
                bounds = format!(r#"first: 1, after: "{}""#, text(&page["edges"][0]["cursor"]));
                if page["pageInfo"]["hasNextPage"] == false {
                    break;
                }
            }
            assert_eq!(found, whole, "{open} {arguments}");
            assert_eq!(ids(&page("last: 2").await), whole[whole.len() - 2..], "{open} {arguments}");
        }
        let data = all.query("{ trainingClasses { nodes { code } } }").await;
        let codes = words(&data, "/trainingClasses/nodes", |class| text(&class["code"]));
        assert_eq!(codes, ["L6", "L5", "L2", "L4", "L1", "L3"], "latest first");
    })
    .await;
}

#[actix_web::test]
async fn training_is_found_by_its_ids() {
    on_both(async |app| {
        fill(app).await;
        let all = app.all_seeing().await;
        let made = all
            .query(
                r#"{ trainingPlan(by: {code: "K21"}) { id quotas { nodes { id } } }
                     trainingClass(by: {code: "L1"}) { id enrolments { nodes { id } } } }"#,
            )
            .await;
        let ids = [
            &made["trainingPlan"]["id"],
            &made["trainingPlan"]["quotas"]["nodes"][1]["id"],
            &made["trainingClass"]["id"],
            &made["trainingClass"]["enrolments"]["nodes"][0]["id"],
        ];
        let document = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id
            ... on TrainingPlan { code } ... on Quota { seats } ... on TrainingClass { code } ... on Enrolment { year } } }";

        let data = all.query_with(document, json!({ "ids": ids })).await;

        assert_eq!(
            data["nodes"],
            json!([
                {"__typename": "TrainingPlan", "id": ids[0], "code": "K21"},
                {"__typename": "Quota", "id": ids[1], "seats": 40},
                {"__typename": "TrainingClass", "id": ids[2], "code": "L1"},
                {"__typename": "Enrolment", "id": ids[3], "year": 2021},
            ])
        );
        let by_id = "query($plan: ID!, $class: ID!, $quota: ID!) { trainingPlan(by: {id: $plan}) { code }
            trainingClass(by: {id: $class}) { code } quota(by: {id: $quota}) { seats } }";
        let data = all.query_with(by_id, json!({ "plan": ids[0], "class": ids[2], "quota": ids[1] })).await;
        assert_eq!(data, json!({"trainingPlan": {"code": "K21"}, "trainingClass": {"code": "L1"}, "quota": {"seats": 40}}));
        let swapped = all.query_with(by_id, json!({ "plan": ids[2], "class": ids[0], "quota": ids[0] })).await;
        assert_eq!(swapped, json!({"trainingPlan": null, "trainingClass": null, "quota": null}));
    })
    .await;
}

#[actix_web::test]
async fn an_invalid_query_about_training_is_refused_with_its_field() {
    on_both(async |app| {
        fill(app).await;
        let (all, a) = (app.all_seeing().await, district(app, "A").await);
        let progress = |arguments: &str| {
            format!(r#"{{ unit(by: {{code: "A"}}) {{ trainingProgress({arguments}) {{ turns }} }} }}"#)
        };
        let many = vec!["CLOSED"; 201].join(", ");
        for (caller, document, field) in [
            (&all, progress("year: 1700"), "year"),
            (&all, progress("year: 2021, untilYear: 2020"), "untilYear"),
            (&all, progress("year: 2021, untilYear: 2200"), "untilYear"),
            (&all, progress("year: 2021, decimals: 7"), "decimals"),
            (&all, progress(r#"year: 2021, programmes: ["NONE"]"#), "programmes"),
            (&all, r#"{ unit(by: {code: "A"}) { quotas(year: 3000) { nodes { id } } } }"#.to_owned(), "year"),
            (
                &all,
                r#"{ trainingClasses(where: {programmes: ["NONE"]}) { nodes { id } } }"#.to_owned(),
                "where.programmes",
            ),
            (&all, format!("{{ trainingClasses(where: {{states: [{many}]}}) {{ nodes {{ id }} }} }}"), "where.states"),
            (
                &all,
                "{ trainingClasses(orderBy: [{field: CODE}, {field: CODE}]) { nodes { id } } }".to_owned(),
                "orderBy",
            ),
            (&all, "{ trainingPlans(where: {yearFrom: 1700}) { nodes { id } } }".to_owned(), "where.yearFrom"),
            (&all, "{ trainingPlans(where: {yearTo: 2200}) { totalCount { value } } }".to_owned(), "where.yearTo"),
            (&all, "{ trainingPlans(orderBy: [{field: CODE}, {field: CODE}]) { nodes { id } } }".to_owned(), "orderBy"),
            (
                &all,
                format!(
                    "{{ trainingPlans(where: {{states: [{}]}}) {{ nodes {{ id }} }} }}",
                    vec!["DRAFT"; 201].join(", ")
                ),
                "where.states",
            ),
            (&a, r#"{ trainingPlans(where: {unit: {code: "P"}}) { nodes { id } } }"#.to_owned(), "where.unit.code"),
            (&all, r#"{ quotas(where: {programmes: ["NONE"]}) { nodes { id } } }"#.to_owned(), "where.programmes"),
            (&all, "{ quotas(where: {yearTo: 3000}) { nodes { id } } }".to_owned(), "where.yearTo"),
            (&a, r#"{ quotas(where: {unit: {code: "B"}}) { nodes { id } } }"#.to_owned(), "where.unit.code"),
            (&all, r#"{ enrolments(where: {programmes: ["NONE"]}) { nodes { id } } }"#.to_owned(), "where.programmes"),
            (
                &all,
                r#"{ cadres(where: {not: {trained: {year: 2021, programmes: ["NONE"]}}}) { nodes { id } } }"#
                    .to_owned(),
                "where.not.trained.programmes",
            ),
            (
                &a,
                r#"{ trainingClasses(where: {organiser: {code: "B"}}) { nodes { id } } }"#.to_owned(),
                "where.organiser.code",
            ),
            (&a, r#"{ enrolments(where: {unit: {code: "B"}}) { nodes { id } } }"#.to_owned(), "where.unit.code"),
            (
                &a,
                r#"{ enrolments(where: {organiser: {code: "P"}}) { nodes { id } } }"#.to_owned(),
                "where.organiser.code",
            ),
        ] {
            let answer = caller.ask(&document, json!({})).await;
            let error = &answer["errors"][0]["extensions"];
            assert_eq!((&error["code"], &error["field"]), (&json!("INVALID"), &json!(field)), "{document}\n{answer:#}");
        }
    })
    .await;
}
