//! Rules and retirement ages as clients read them, and an office's own beside the shipped ones.

use cadre_api::reference::rules::Event;
use entity::value::{Category, RotationForm, RuleKey};
use serde_json::{Value, json};

use crate::support::{csv, import_text, on_both};

const RULE: &str = "code key form category purpose value countingBasis validFrom validTo legalBasis verified";

fn one<'a>(list: &'a Value, code: &str) -> &'a Value {
    let rows = list.as_array().expect("a list");
    rows.iter().find(|row| row["code"] == code).unwrap_or_else(|| panic!("no {code} in {list:#}"))
}

#[actix_web::test]
async fn every_client_with_a_grant_reads_the_rules() {
    on_both(async |app| {
        let caller = app.caller(&["stats:read"], &["A"]).await;

        let rules = caller.query(&format!("{{ rules {{ {RULE} }} }}")).await["rules"].take();

        assert_eq!(
            *one(&rules, "VN-ND170-48-MIN-TERM"),
            json!({
                "code": "VN-ND170-48-MIN-TERM",
                "key": "rotation.min_term_months",
                "form": "ROTATION",
                "category": "CIVIL_SERVANT",
                "purpose": null,
                "value": 36,
                "countingBasis": "PER_ROTATION",
                "validFrom": "2025-07-01",
                "validTo": null,
                "legalBasis": "Nghị định 170/2025/NĐ-CP, Điều 48",
                "verified": true
            })
        );
        let old = one(&rules, "VN-QD98-MIN-TERM");
        assert_eq!(
            (&old["verified"], &old["validTo"], &old["countingBasis"]),
            (&json!(false), &json!("2022-04-28"), &json!("PER_TITLE"))
        );
        let codes: Vec<_> = rules.as_array().expect("a list").iter().map(|rule| rule["code"].to_string()).collect();
        assert!(codes.is_sorted() && codes.len() == 16, "{codes:?}");
    })
    .await;
}

#[actix_web::test]
async fn the_retirement_ages_are_read_by_gender_and_year() {
    on_both(async |app| {
        let caller = app.caller(&["stats:read"], &["A"]).await;

        let data = caller.query("{ retirementAges { code gender validFrom months legalBasis verified } }").await;

        let ages = data["retirementAges"].as_array().expect("a list");
        assert_eq!(ages.len(), 25);
        let order: Vec<_> = ages.iter().map(|age| (age["gender"].to_string(), age["validFrom"].to_string())).collect();
        assert!(order.is_sorted(), "{order:?}");
        let last = |gender: &str| ages.iter().rev().find(|age| age["gender"] == gender).expect("an age");
        assert_eq!((&last("MALE")["validFrom"], &last("MALE")["months"]), (&json!("2028-01-01"), &json!(744)));
        assert_eq!(
            *last("FEMALE"),
            json!({
                "code": "VN-ND135-FEMALE-2035",
                "gender": "FEMALE",
                "validFrom": "2035-01-01",
                "months": 720,
                "legalBasis": "Nghị định 135/2020/NĐ-CP, Điều 4",
                "verified": true
            })
        );
    })
    .await;
}

#[actix_web::test]
async fn a_rule_of_an_office_precedes_the_shipped_one_after_the_next_refresh() {
    on_both(async |app| {
        let caller = app.caller(&["stats:read"], &["A"]).await;
        let on = |day: &str| Event {
            form: RotationForm::Rotation,
            category: Category::CivilServant,
            purpose: None,
            day: day.parse().expect("a day"),
        };
        let in_force = |day: &str| {
            let reference_data = app.app_state.reference_data();
            reference_data.rules().rule_for(RuleKey::MinTerm, on(day)).map(|rule| (rule.code.to_string(), rule.value))
        };
        let shipped = Some(("VN-ND170-48-MIN-TERM".to_owned(), 36));
        assert_eq!(in_force("2026-01-01"), shipped, "the control");

        let own = csv::rules("code,category,value,legal_basis", "TU-01,CIVIL_SERVANT,24,Quy định 01\n");
        import_text(&app.database, &[("rules.csv", &own)]).await;
        assert_eq!(in_force("2026-01-01"), shipped, "a snapshot does not change under its holder");
        assert!(app.app_state.refresh().await.expect("refreshed"));

        assert_eq!(in_force("2026-01-01"), Some(("TU-01".to_owned(), 24)));
        assert_eq!(in_force("2025-12-31"), shipped);
        let rules = caller.query("{ rules { code value } }").await["rules"].take();
        assert_eq!(one(&rules, "TU-01")["value"], 24);
        assert_eq!(one(&rules, "VN-ND170-48-MIN-TERM")["value"], 36);
    })
    .await;
}
