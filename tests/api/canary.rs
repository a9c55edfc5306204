//! The leak check of the test suite finds protected values in responses, logs and metrics if a check of the service is
//! missing.

use std::collections::HashSet;

use crate::support::{
    bundle,
    canary::{self, MARKS, Rights},
    on_both,
};

/// All protected values of all people, with the scope that each requires.
const QUERY: &str = "{ cadres(first: 50) { nodes { code \
    identity { nationalId birthOn nativePlaceCode } political { joinedPartyOn } origin { ethnicity { code } } } } }";

#[actix_web::test]
async fn a_missing_check_would_be_detected() {
    let protected = ["cadre.identity:read", "cadre.political:read", "cadre.origin:read"];
    on_both(async |app| {
        let caller = app.all_seeing().await;
        let answer = caller.raw(QUERY, serde_json::json!({})).await;
        assert!(caller.rights.leaks(&answer, &MARKS).is_empty(), "a caller with all rights causes no finding");

        // The response that the service would send without one of its checks.
        for missing in protected {
            let mut rights = caller.rights.clone();
            rights.scopes.remove(missing);
            let heard: HashSet<&str> = rights.leaks(&answer, &MARKS).iter().map(|mark| mark.scope).collect();
            assert_eq!(heard, HashSet::from([missing]));
        }
        for (units, value) in [(["A"], "999000000031"), (["B"], "999000000001")] {
            let rights = Rights { units: units.map(str::to_owned).to_vec(), ..caller.rights.clone() };
            let heard: Vec<&str> = rights.leaks(&answer, &MARKS).iter().map(|mark| mark.value.as_str()).collect();
            assert!(heard.contains(&value), "{units:?}: {heard:?}");
        }
    })
    .await;
}

#[test]
fn an_identity_number_in_a_log_line_or_metric_would_be_detected() {
    for text in ["person 999000000001 was read", "at=1970-01-02", r#"cadre_errors_total{id="999000000031"} 1"#] {
        assert!(canary::contains_identity_number(text), "{text}");
    }
    for text in [
        "cadre_requests_total 9990000",
        "at=2026-06-01T05:00:00Z",
        "99900000000112345",
        "26956fa0-e7e9-4e43-884c-999791941115",
    ] {
        assert!(!canary::contains_identity_number(text), "{text}");
    }
}

#[test]
fn marked_values_have_no_other_meaning() {
    let files = std::fs::read_dir(bundle()).expect("the bundle").map(|file| file.expect("a file").path());
    let mut others: HashSet<String> = HashSet::new();
    for file in files {
        for row in canary::read(&file) {
            let is_other = |column: &str| !canary::COLUMNS.iter().any(|(of, _)| *of == column);
            others.extend(row.into_iter().filter(|(column, _)| is_other(column)).map(|(_, value)| value));
        }
    }
    let doubtful: Vec<_> = MARKS.iter().filter(|mark| others.contains(&mark.value)).collect();
    assert!(doubtful.is_empty(), "{doubtful:?}");
    assert!(MARKS.len() > 30, "the control: there are marked values");
}
