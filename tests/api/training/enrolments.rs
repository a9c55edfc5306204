//! Enrolments: lists from the root and from a person, and the filter by training.

use serde_json::Value;

use super::{district, fill, text, words};
use crate::support::on_both;

#[actix_web::test]
async fn enrolments_are_found_by_unit_class_year_and_person() {
    on_both(async |app| {
        fill(app).await;
        let all = app.all_seeing().await;
        for (filter, expected) in [
            (r#"unit: {code: "A"}"#, "A-01 2021, A-01 2021, A-02 2021, A-03 2021, A-04 2021, A-06 2021, M-01 2017"),
            (r#"unit: {code: "A"}, yearTo: 2020"#, "M-01 2017"),
            (r#"unit: {code: "A"}, yearFrom: 2018, yearTo: 2020"#, ""),
            (r#"unit: {code: "A"}, yearFrom: 2021, yearTo: 2020"#, ""),
            (r#"unit: {code: "C"}"#, "A-06 2019"),
            (r#"unit: {code: "C1"}"#, "A-06 2019, A-06 2021"),
            (r#"unit: {code: "A", reach: UNIT}"#, ""),
            (r#"organiser: {code: "A"}"#, "A-01 2021, A-03 2021, A-06 2021, B-01 2021"),
            (r#"organiser: {code: "A"}, unit: {code: "B"}"#, "B-01 2021"),
            (r#"programmes: ["LLCT_TC"]"#, "A-01 2021, A-03 2021, A-04 2021, B-01 2021"),
            (r#"class: "L2""#, "A-01 2021, B-02 2021"),
            (r#"class: "\u0000""#, ""),
            (r#"plan: "K21""#, "A-01 2021, A-03 2021, B-01 2021"),
            ("categories: [REFRESHER]", "A-01 2021, B-02 2021, P-01 2022"),
            ("states: [DROPPED, REGISTERED]", "A-03 2021, A-04 2021"),
            (r#"cadre: "A-06""#, "A-06 2019, A-06 2021"),
            (r#"cadre: "Z-99""#, ""),
            ("withoutClass: true", "A-02 2021, A-04 2021, M-01 2017"),
            ("withoutClass: false, yearFrom: 2022", "P-01 2022"),
        ] {
            let document = format!(
                "{{ enrolments(where: {{{filter}}}) {{ nodes {{ year cadre {{ code }} }} totalCount {{ value }} }} }}"
            );
            let data = all.query(&document).await;
            let summary = |row: &Value| format!("{} {}", text(&row["cadre"]["code"]), row["year"]);
            let mut found = words(&data, "/enrolments/nodes", summary);
            found.sort();
            assert_eq!(found.join(", "), expected, "{document}");
            assert_eq!(data["enrolments"]["totalCount"]["value"], found.len(), "{document}");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_person_shows_the_enrolments_known_on_the_day() {
    on_both(async |app| {
        fill(app).await;
        let all = app.all_seeing().await;
        for (arguments, inner_arguments, expected) in [
            ("", "", vec!["2021 L4", "2019 L3"]),
            ("", "(year: 2019)", vec!["2019 L3"]),
            ("", "(year: 2020)", vec![]),
            (r#", asOf: "2020-06-01""#, "", vec!["2019 L3"]),
            (r#", asOf: "2020-06-01""#, "(year: 2021)", vec![]),
            (r#", asOf: "2021-01-01""#, "", vec!["2021 L4", "2019 L3"]),
        ] {
            let document = format!(
                r#"{{ cadre(by: {{code: "A-06"}}{arguments}) {{ enrolments{inner_arguments} {{ nodes {{ year class {{ code }} }} }} }} }}"#
            );
            let data = all.query(&document).await;
            let summary = |row: &Value| format!("{} {}", row["year"], text(&row["class"]["code"]));
            assert_eq!(words(&data, "/cadre/enrolments/nodes", summary), expected, "{document}");
        }
    })
    .await;
}

#[actix_web::test]
async fn people_with_and_without_training_in_a_year_are_found() {
    on_both(async |app| {
        fill(app).await;
        let all = app.all_seeing().await;
        let (a, b) = (district(app, "A").await, district(app, "B").await);
        for (caller, condition, expected) in [
            (&all, "trained: {year: 2021}", "A-01 A-02 A-06 B-01 B-02"),
            (&all, "not: {trained: {year: 2021}}", "A-03 A-04 M-01 P-01 P-02"),
            (&all, r#"trained: {year: 2021, programmes: ["CN_164"]}"#, "A-06"),
            (&all, "trained: {year: 2021, programmes: []}", ""),
            (&all, "trained: {year: 2017}", "M-01"),
            (&a, "trained: {year: 2021}", "A-01 A-02 A-06"),
            (&b, "trained: {year: 2021}", "B-01 B-02"),
            // District A sent M-01, so the enrolment is invisible to B.
            (&b, "trained: {year: 2017}", ""),
        ] {
            let document =
                format!("{{ cadres(where: {{{condition}}}, orderBy: [{{field: CODE}}]) {{ nodes {{ code }} }} }}");
            let data = caller.query(&document).await;
            let codes = words(&data, "/cadres/nodes", |cadre| text(&cadre["code"]));
            assert_eq!(codes.join(" "), expected, "{document}");
        }
    })
    .await;
}
