//! Results of units: against single appraisals, rounded numbers, reach, purpose.

use std::collections::BTreeMap;

use entity::value::Purpose;
use fastrand::Rng;
use serde_json::{Value, json};

use super::{add, code_of, log};
use crate::support::{Caller, TestApp, on_both};

const RESULTS: [&str; 5] = ["EXCELLENT", "GOOD", "FULFILLED", "NOT_FULFILLED", "NOT_RATED"];
const FIELDS: [&str; 5] = ["excellent", "good", "fulfilled", "notFulfilled", "notRated"];
/// Persons of the small province with the units that rate them.
const RATED: [(&str, &[&str]); 6] = [
    ("A-01", &["A1P", "A1", "A"]),
    ("A-02", &["A1U", "A1"]),
    ("A-03", &["A2U", "A"]),
    ("A-04", &["A2U", "A2"]),
    ("B-01", &["B1U", "B"]),
    ("B-02", &["B1U", "B1"]),
];
const UNITS: [&str; 10] = ["P", "A", "A1", "A1P", "A1U", "A2", "A2U", "B", "B1", "B1U"];

/// Writes drawn appraisals of the years 2018 to 2020.
async fn add_drawn(app: &TestApp) {
    let mut rng = Rng::with_seed(46);
    let mut rows = String::new();
    for (cadre, units) in RATED {
        for year in 2018..=2020 {
            for system in ["STATE", "PARTY"] {
                if !rng.u8(..).is_multiple_of(4) {
                    let (unit, result) = (units[rng.usize(..units.len())], RESULTS[rng.usize(..RESULTS.len())]);
                    rows.push_str(&format!("{cadre},{system},YEAR,{year},{unit},{result},{year}-12-20\n"));
                }
                // Other periods do not count.
                rows.push_str(&format!("{cadre},{system},TERM,{year},{},EXCELLENT,{year}-12-21\n", units[0]));
            }
        }
    }
    add(app, "cadre_code,system,period,year,unit_code,result,decided_on", &rows).await;
}

async fn counts(caller: &Caller<'_>, unit: &str, arguments: &str) -> Value {
    let document = format!(
        "{{ unit(by: {{code: \"{unit}\"}}) {{ appraisals({arguments}) {{ total {} excellentPercent isRounded \
         overLimit {{ excellent }} }} }} }}",
        FIELDS.join(" ")
    );
    caller.query(&document).await["unit"]["appraisals"].take()
}

/// The single appraisals: rating unit, system, year, result.
async fn single(caller: &Caller<'_>) -> Vec<(String, String, i64, String)> {
    let document = "{ cadres(first: 100) { nodes { appraisals(yearFrom: 2018, yearTo: 2020) { unit { code } system period year result } } } }";
    let answer = caller.query(document).await;
    let persons = answer["cadres"]["nodes"].as_array().expect("people").iter();
    let rows = persons.flat_map(|person| person["appraisals"].as_array().expect("appraisals"));
    rows.filter(|row| row["period"] == "YEAR")
        .map(|row| {
            let text = |value: &Value| value.as_str().expect("text").to_owned();
            (
                text(&row["unit"]["code"]),
                text(&row["system"]),
                row["year"].as_i64().expect("a year"),
                text(&row["result"]),
            )
        })
        .collect()
}

#[actix_web::test]
async fn the_counts_of_units_agree_with_single_appraisals() {
    on_both(async |app| {
        add_drawn(app).await;
        let all = app.all_seeing().await;
        let single = single(&all).await;
        assert!(single.len() > 15, "{single:?}");
        let mut below: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for unit in UNITS {
            let inside =
                UNITS.iter().filter(|other| unit == "P" || other.starts_with(unit)).map(|other| (*other).to_owned());
            below.insert(unit, inside.collect());
        }
        for unit in UNITS {
            for (system, year) in [("STATE", 2018), ("STATE", 2020), ("PARTY", 2019), ("PARTY", 2017)] {
                for (reach, units) in [("SUBTREE", below[unit].clone()), ("UNIT", vec![unit.to_owned()])] {
                    let found = counts(&all, unit, &format!("system: {system}, year: {year}, reach: {reach}")).await;
                    let of = single.iter().filter(|row| units.contains(&row.0) && row.1 == system && row.2 == year);
                    let of: Vec<_> = of.collect();
                    for (field, result) in FIELDS.into_iter().zip(RESULTS) {
                        let expected = of.iter().filter(|row| row.3 == result).count();
                        assert_eq!(found[field], expected, "{unit} {system} {year} {reach} {field}: {found}");
                    }
                    assert_eq!((&found["total"], &found["isRounded"]), (&json!(of.len()), &json!(false)));
                    assert_eq!(found["overLimit"], json!([]), "no verified rule was in force");
                }
            }
        }
    })
    .await;
}

#[actix_web::test]
async fn counts_are_rounded_without_the_scope_and_end_at_the_reach() {
    on_both(async |app| {
        add_drawn(app).await;
        let (exact, stats) = (app.caller(&["appraisal:read"], &["A"]).await, app.caller(&["stats:read"], &["A"]).await);
        let arguments = "system: STATE, year: 2019";

        let rounded = counts(&stats, "A", arguments).await;
        assert_eq!((&rounded["isRounded"], &rounded["overLimit"]), (&json!(true), &Value::Null));
        for field in FIELDS.into_iter().chain(["total"]) {
            assert_eq!(rounded[field].as_i64().expect("a number") % 5, 0, "{field}: {rounded}");
        }
        assert_eq!(rounded, counts(&stats, "A", arguments).await, "the same each time");
        let found = counts(&exact, "A", arguments).await;
        assert!(found["total"].as_i64() > Some(0), "the control: {found}");
        assert_eq!(found["isRounded"], false);

        let out = exact.query(r#"{ unit(by: {code: "B"}) { appraisals(system: STATE, year: 2019) { total } } }"#).await;
        assert_eq!(out["unit"], Value::Null);
        assert!(log(app).await.is_empty(), "no person was read");
    })
    .await;
}

#[actix_web::test]
async fn counts_require_a_purpose_and_a_year_that_has_begun() {
    on_both(async |app| {
        let document = r#"{ unit(by: {code: "A"}) { appraisals(system: STATE, year: 2015) { total } } }"#;
        let unpurposed = app.caller_for(&[Purpose::Statistics], &["stats:read"], &["A"]).await;
        assert_eq!(code_of(&unpurposed, None, document).await, "PURPOSE_REQUIRED");
        assert_eq!(code_of(&unpurposed, Some("STATISTICS"), document).await, Value::Null, "the control");
        let other = app.caller(&["cadre:read", "training:read"], &["A"]).await;
        assert_eq!(code_of(&other, Some("PERSONNEL"), document).await, "FORBIDDEN");
        let next = document.replace("2015", "2027");
        assert_eq!(code_of(&unpurposed, Some("STATISTICS"), &next).await, "INVALID");
    })
    .await;
}
