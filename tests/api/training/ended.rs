//! Units that end within a year are counted in that year: progress, quotas, enrolments, and predecessors.

use serde_json::{Value, json};

use super::text;
use crate::support::{
    Caller, TestApp, csv, on_both,
    rotation::Places,
    training::{Rows, class, learner, plan, quota as given, write},
};

/// District D and its commune E end on 2025-07-01; N, directly below the province, replaces E. F ends on a known future
/// day.
const UNITS: &str = "D,P,DISTRICT,DISTRICT,Huyện Thôi,,2025-07-01
E,D,COMMUNE,COMMUNE,Xã Thôi,,2025-07-01
N,P,COMMUNE,COMMUNE,Xã Nối,2025-07-01,
F,P,COMMUNE,COMMUNE,Xã Sắp Thôi,,2026-09-01
";

/// E sends 3 people in 2024 and 6 in March 2025, N sends 4 in September 2025, F sends 2 in 2026. Seats of 2025: 12 at
/// the commune, 28 at the province; of 2026: 5 at F.
async fn fill(app: &TestApp) {
    let units = csv::units("code,parent_code,kind,tier,name,valid_from,valid_to", UNITS);
    let merger =
        csv::unit_successions("predecessor_code,successor_code,on_date,document", "E,N,2025-07-01,02/NQ-TEST\n");
    app.import_text(&[("units.csv", &units), ("unit_successions.csv", &merger)]).await;
    let of = Places::of(&app.database).await;
    let plans = vec![plan(&of, ["K25", "P"], (2025, 2025)), plan(&of, ["K26", "P"], (2026, 2026))];
    let seats = |at: usize, unit, seats| given(&of, &plans[at], [unit, "CMNV"], seats);
    let quotas = vec![seats(0, "E", 12), seats(0, "P", 28), seats(1, "F", 5)];
    let classes = vec![
        class(&of, ["X0", "CMNV", "E", "2024-05-06", "2024-05-08"]),
        class(&of, ["X1", "CMNV", "E", "2025-03-03", "2025-03-05"]),
        class(&of, ["X2", "CMNV", "N", "2025-09-08", "2025-09-10"]),
        class(&of, ["X3", "CMNV", "F", "2026-02-02", "2026-02-04"]),
    ];
    let sent = |at: usize, unit: &str, persons: &[&str]| {
        persons.iter().map(|person| learner(&of, [person, unit], &classes[at])).collect::<Vec<_>>()
    };
    let enrolments = [
        sent(0, "E", &["A-01", "A-02", "A-03"]),
        sent(1, "E", &["A-01", "A-02", "A-03", "A-04", "A-05", "A-06"]),
        sent(2, "N", &["B-01", "B-02", "P-01", "P-02"]),
        sent(3, "F", &["B-01", "B-02"]),
    ];
    let enrolments = enrolments.concat();
    write(&app.database, Rows { plans, quotas, classes, enrolments, ..Rows::default() }).await;
    app.app_state.refresh().await.expect("refreshed");
}

async fn progress(caller: &Caller<'_>, unit: &str, arguments: &str) -> Value {
    let fields = "{ planned turns persons classes }";
    let document = format!(r#"{{ unit(by: {{code: "{unit}"}}) {{ trainingProgress({arguments}) {fields} }} }}"#);
    let progress = caller.query(&document).await["unit"]["trainingProgress"].take();
    json!([progress["planned"], progress["turns"], progress["persons"], progress["classes"]])
}

#[actix_web::test]
async fn a_unit_that_ends_within_a_year_counts_in_that_year() {
    on_both(async |app| {
        fill(app).await;
        let all = app.all_seeing().await;
        for (unit, arguments, expected) in [
            ("P", "year: 2025", [40, 10, 10, 2]),
            ("P", "year: 2024", [0, 3, 3, 1]),
            ("P", "year: 2024, untilYear: 2025", [40, 13, 10, 3]),
            ("P", "year: 2026", [5, 2, 2, 1]),
            ("P", "year: 2025, includePredecessors: true", [40, 10, 10, 2]),
            ("D", "year: 2025", [12, 6, 6, 1]),
            ("D", "year: 2024, untilYear: 2026", [12, 9, 6, 2]),
            ("D", "year: 2026", [0, 0, 0, 0]),
            ("E", "year: 2025", [12, 6, 6, 1]),
            ("E", "year: 2025, reach: UNIT", [12, 6, 6, 1]),
            ("N", "year: 2025", [0, 4, 4, 1]),
            ("N", "year: 2025, includePredecessors: true", [12, 10, 10, 2]),
            ("N", "year: 2025, reach: UNIT, includePredecessors: true", [12, 10, 10, 2]),
            ("N", "year: 2024, includePredecessors: false", [0, 0, 0, 0]),
            ("N", "year: 2024, includePredecessors: true", [0, 3, 3, 1]),
            ("F", "year: 2026", [5, 2, 2, 1]),
            ("F", "year: 2025", [0, 0, 0, 0]),
        ] {
            assert_eq!(progress(&all, unit, arguments).await, json!(expected), "{unit} {arguments}");
        }
    })
    .await;
}

#[actix_web::test]
async fn enrolments_and_quotas_of_a_unit_that_ended_within_the_year_are_found() {
    on_both(async |app| {
        fill(app).await;
        let all = app.all_seeing().await;
        for (condition, expected) in [
            (r#"unit: {code: "P"}, yearFrom: 2025, yearTo: 2025"#, 10),
            (r#"unit: {code: "P"}, yearTo: 2025"#, 13),
            (r#"unit: {code: "P"}"#, 15),
            (r#"unit: {code: "D"}"#, 9),
            (r#"unit: {code: "E", reach: UNIT}, yearFrom: 2025"#, 6),
            (r#"unit: {code: "N"}"#, 4),
            (r#"unit: {code: "N"}, includePredecessors: true"#, 13),
            (r#"unit: {code: "N"}, includePredecessors: true, yearFrom: 2025"#, 10),
            (r#"unit: {code: "F"}"#, 2),
            ("includePredecessors: true, yearFrom: 2025, yearTo: 2025", 10),
        ] {
            let document = format!("{{ enrolments(where: {{{condition}}}) {{ totalCount {{ value }} }} }}");
            let data = all.query(&document).await;
            assert_eq!(data["enrolments"]["totalCount"]["value"], expected, "{condition}");
        }
        for (unit, arguments, expected) in [
            ("E", "year: 2025", vec!["E 12"]),
            ("D", "year: 2025, reach: SUBTREE", vec!["E 12"]),
            ("P", "year: 2025, reach: SUBTREE", vec!["E 12", "P 28"]),
            ("N", "year: 2025", vec![]),
            ("N", "year: 2025, includePredecessors: true", vec!["E 12"]),
            ("F", "year: 2026", vec!["F 5"]),
            ("E", "year: 2026", vec![]),
        ] {
            let fields = "{ nodes { seats unit { code } } }";
            let document = format!(r#"{{ unit(by: {{code: "{unit}"}}) {{ quotas({arguments}) {fields} }} }}"#);
            // The fast path answers the second request.
            for _ in 0..2 {
                let data = all.query(&document).await;
                let nodes = data["unit"]["quotas"]["nodes"].as_array().expect("quotas");
                let mut found: Vec<_> =
                    nodes.iter().map(|one| format!("{} {}", text(&one["unit"]["code"]), one["seats"])).collect();
                found.sort();
                assert_eq!(found, expected, "{document}");
            }
        }
    })
    .await;
}

#[actix_web::test]
async fn the_sending_unit_of_an_enrolment_is_shown_on_its_last_day_in_the_year() {
    on_both(async |app| {
        fill(app).await;
        let all = app.all_seeing().await;
        let document = r#"{ enrolments(where: {class: "X1"}, first: 1) { nodes { sendingUnit { code parent { code validTo } } } } }"#;
        let data = all.query(document).await;
        assert_eq!(
            data["enrolments"]["nodes"][0]["sendingUnit"],
            json!({"code": "E", "parent": {"code": "D", "validTo": "2025-07-01"}})
        );
    })
    .await;
}

#[actix_web::test]
async fn rounded_numbers_do_not_include_predecessors() {
    on_both(async |app| {
        fill(app).await;
        let counter = app.caller(&["stats:read"], &["P"]).await;
        for (include, code) in [("true", json!("FORBIDDEN")), ("false", json!("FORBIDDEN"))] {
            let document = format!(
                r#"{{ unit(by: {{code: "N"}}) {{ trainingProgress(year: 2025, includePredecessors: {include}) {{ turns }} }} }}"#
            );
            let answer = counter.ask(&document, json!({})).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{answer:#}");
        }
        // The commune and its subtree contain the same people, so both numbers are rounded by the same draw.
        let alone = progress(&counter, "E", "year: 2025, reach: UNIT").await;
        assert_eq!(progress(&counter, "E", "year: 2025").await, alone);
        assert!([5, 10].contains(&alone[1].as_i64().expect("turns")), "{alone}");
    })
    .await;
}
