//! Compositions of the small province, compared with counts made by hand.

use serde_json::{Value, json};

use crate::support::{Caller, on_both};

/// The code of a level (`-` for none) and the number of people, without levels that no person has.
type Counts = &'static [(&'static str, i64)];

async fn compose(caller: &Caller<'_>, unit: &str, arguments: &str) -> Value {
    let document = format!(
        r#"{{ unit(by: {{code: "{unit}"}}) {{ composition({arguments}) {{ total levels {{ level {{ code }} count percent }} asOf }} }} }}"#
    );
    caller.query(&document).await["unit"]["composition"].take()
}

fn counts(composition: &Value) -> Vec<(String, i64)> {
    let levels = composition["levels"].as_array().expect("levels");
    let code = |level: &Value| level["level"]["code"].as_str().unwrap_or("-").to_owned();
    let all: Vec<_> = levels.iter().map(|level| (code(level), level["count"].as_i64().expect("a count"))).collect();
    assert_eq!(all.last().map(|(code, _)| code.as_str()), Some("-"), "people without a level come last");
    assert_eq!(all.iter().map(|(_, count)| count).sum::<i64>(), composition["total"], "the counts add up");
    all.into_iter().filter(|(_, count)| *count > 0).collect()
}

#[actix_web::test]
async fn people_are_counted_by_their_highest_level_each_once() {
    let cases: &[(&str, &str, Counts)] = &[
        // Today in A: A-01 to A-04 and A-06. A-01 and A-02 have two posts each.
        ("A", r#"subject: "PROFESSIONAL""#, &[("COLLEGE", 1), ("UNIVERSITY", 3), ("MASTER", 1)]),
        ("A", r#"subject: "POLITICAL_THEORY""#, &[("ELEMENTARY", 1), ("INTERMEDIATE", 2), ("ADVANCED", 1), ("-", 1)]),
        ("A", r#"subject: "PROFESSIONAL", titles: ["BT", "UV"]"#, &[("UNIVERSITY", 2)]),
        ("A", r#"subject: "PROFESSIONAL", titles: ["UV", "UV"]"#, &[("UNIVERSITY", 2)]),
        ("A", r#"subject: "PROFESSIONAL", titles: []"#, &[]),
        ("A", r#"subject: "PROFESSIONAL", keyLeadersOnly: true"#, &[("UNIVERSITY", 2), ("MASTER", 1)]),
        (
            "A",
            r#"subject: "PROFESSIONAL", keyLeadersOnly: true, titles: ["CT", "CC"]"#,
            &[("UNIVERSITY", 1), ("MASTER", 1)],
        ),
        ("A", r#"subject: "PROFESSIONAL", keyLeadersOnly: true, titles: ["CC"]"#, &[]),
        ("A", r#"subject: "PROFESSIONAL", reach: UNIT"#, &[]),
        ("A1P", r#"subject: "PROFESSIONAL", reach: UNIT"#, &[("UNIVERSITY", 2)]),
        ("A1P", r#"subject: "PROFESSIONAL", reach: UNIT, titles: ["BT"]"#, &[("UNIVERSITY", 1)]),
        ("PB", r#"subject: "POLITICAL_THEORY", hierarchy: PARTY"#, &[("ELEMENTARY", 1), ("ADVANCED", 1)]),
        ("PB", r#"subject: "POLITICAL_THEORY""#, &[]),
        ("PB", r#"subject: "POLITICAL_THEORY", hierarchy: PARTY, reach: UNIT"#, &[]),
        ("P", r#"subject: "PROFESSIONAL""#, &[("COLLEGE", 2), ("UNIVERSITY", 6), ("MASTER", 1), ("DOCTORATE", 1)]),
        // 2017: A-06 was in C, M-01 still in A.
        ("A", r#"subject: "PROFESSIONAL", asOf: "2017-06-01""#, &[("COLLEGE", 1), ("UNIVERSITY", 4)]),
        ("C", r#"subject: "PROFESSIONAL", asOf: "2017-06-01""#, &[("MASTER", 1)]),
        ("C", r#"subject: "PROFESSIONAL""#, &[]),
        // 2009: A-05 was secretary; A-01, A-02 and A-04 had not started. Their later qualifications do not count.
        ("A", r#"subject: "POLITICAL_THEORY", asOf: "2009-12-30""#, &[("ELEMENTARY", 1), ("-", 2)]),
        ("A", r#"subject: "POLITICAL_THEORY", asOf: "2009-12-31""#, &[("ELEMENTARY", 2), ("-", 1)]),
        // On the day on which one secretary follows another, the second has the post.
        ("A1P", r#"subject: "POLITICAL_THEORY", asOf: "2010-01-01""#, &[("INTERMEDIATE", 1)]),
        // A-01's degree of 2016 counts from the last day of the year.
        ("A1P", r#"subject: "POLITICAL_THEORY", asOf: "2016-12-30""#, &[("INTERMEDIATE", 2)]),
        ("A1P", r#"subject: "POLITICAL_THEORY", asOf: "2016-12-31""#, &[("INTERMEDIATE", 1), ("ADVANCED", 1)]),
        ("A", r#"subject: "PROFESSIONAL", asOf: "1900-01-01""#, &[]),
    ];
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        for (unit, arguments, expected) in cases {
            let data = counts(&compose(&caller, unit, arguments).await);
            let data: Vec<_> = data.iter().map(|(code, count)| (code.as_str(), *count)).collect();
            assert_eq!(data, *expected, "{unit} {arguments}");
        }
    })
    .await;
}

#[actix_web::test]
async fn the_day_is_that_of_the_unit_unless_another_is_requested() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;

        let data = caller
            .query(
                r#"{
                    unit(by: {code: "A"}, asOf: "2017-06-01") {
                        composition(subject: "PROFESSIONAL") { total asOf }
                        later: composition(subject: "PROFESSIONAL", asOf: "2020-01-01") { total asOf }
                    }
                    today: unit(by: {code: "A"}) { composition(subject: "PROFESSIONAL") { asOf } }
                }"#,
            )
            .await;

        assert_eq!(
            data,
            json!({
                "unit": {"composition": {"total": 5, "asOf": "2017-06-01"}, "later": {"total": 5, "asOf": "2020-01-01"}},
                "today": {"composition": {"asOf": "2026-06-01"}},
            })
        );
    })
    .await;
}

#[actix_web::test]
async fn a_share_is_a_percentage_rounded_once() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;

        let data = caller
            .query(
                r#"{ unit(by: {code: "P"}) {
                    none: composition(subject: "POLITICAL_THEORY", decimals: 0) { subject { code } atLeast(level: "INTERMEDIATE") { count percent } }
                    one: composition(subject: "POLITICAL_THEORY", titles: ["CT", "CC", "BT"]) {
                        total levels { level { code rank } count percent } atLeast(level: "ELEMENTARY") { count percent }
                    }
                    six: composition(subject: "PROFESSIONAL", titles: ["CT"], decimals: 6) { total atLeast(level: "MASTER") { count percent } }
                    nobody: composition(subject: "PROFESSIONAL", titles: []) { total atLeast(level: "MASTER") { count percent } }
                } }"#,
            )
            .await;

        // Ten people: advanced A-01 P-01, intermediate A-02 A-06 B-01, elementary A-03 P-02, none A-04 M-01 B-02.
        let unit = &data["unit"];
        assert_eq!(unit["none"], json!({"subject": {"code": "POLITICAL_THEORY"}, "atLeast": {"count": 5, "percent": 50.0}}));
        assert_eq!(unit["one"]["total"], 8);
        assert_eq!(unit["one"]["atLeast"], json!({"count": 5, "percent": 62.5}));
        let levels = unit["one"]["levels"].as_array().expect("levels");
        let ranks: Vec<_> = levels.iter().filter_map(|level| level["level"]["rank"].as_i64()).collect();
        assert!(ranks.is_sorted() && ranks.len() + 1 == levels.len(), "{levels:?}");
        assert_eq!(levels.last(), Some(&json!({"level": null, "count": 3, "percent": 37.5})));
        // A-02, A-06 and B-01 are chairs; one of the three has a master's degree.
        assert_eq!(unit["six"], json!({"total": 3, "atLeast": {"count": 1, "percent": 33.333333}}));
        assert_eq!(unit["nobody"], json!({"total": 0, "atLeast": {"count": 0, "percent": 0.0}}));
    })
    .await;
}

#[actix_web::test]
async fn an_unknown_name_is_refused_with_its_field() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        for (fields, field) in [
            (r#"composition(subject: "NOTHING") { total }"#, "subject"),
            (r#"composition(subject: "") { total }"#, "subject"),
            (r#"composition(subject: "PROFESSIONAL", titles: ["CT", "NOTHING"]) { total }"#, "titles"),
            (r#"composition(subject: "PROFESSIONAL", decimals: 7) { total }"#, "decimals"),
            (r#"composition(subject: "PROFESSIONAL", decimals: -1) { total }"#, "decimals"),
            (r#"composition(subject: "PROFESSIONAL") { atLeast(level: "ADVANCED") { count } }"#, "level"),
        ] {
            let answer = caller.ask(&format!(r#"{{ unit(by: {{code: "A"}}) {{ {fields} }} }}"#), json!({})).await;
            let extensions = &answer["errors"][0]["extensions"];
            assert_eq!(
                (extensions["code"].as_str(), extensions["field"].as_str()),
                (Some("INVALID"), Some(field)),
                "{fields}: {answer}"
            );
        }
    })
    .await;
}
