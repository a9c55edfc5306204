//! Standards of titles: import, list, gaps.

use cadre_api::import::Outcome;
use serde_json::json;

use crate::support::{Kind, TestApp, csv, on_both};

/// Files of an import with standards.
fn files(standards: &str, scopes: &str, requirements: &str) -> Vec<(&'static str, String)> {
    vec![
        ("standards.csv", csv::standards("code,issuer_code,valid_from,valid_to,verification", standards)),
        ("standard_scopes.csv", csv::standard_scopes("standard_code,title_code,tier", scopes)),
        (
            "requirements.csv",
            csv::requirements("standard_code,code,subject,level,severity,transition_until", requirements),
        ),
    ]
}

/// Outcome and findings of an import.
async fn import(app: &TestApp, files: &[(&'static str, String)]) -> (Outcome, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    let report = app.import(folder.path()).await;
    let findings = report.findings.iter().map(|finding| {
        let column = finding.column.map_or("", |column| column.name);
        assert_ne!(finding.sentence.vi, finding.sentence.en);
        format!("{}:{} {column} {}", finding.file, finding.line.unwrap_or(0), finding.code)
    });
    (report.outcome, findings.collect())
}

#[actix_web::test]
async fn an_import_adds_standards_and_refuses_two_of_one_issuer_for_a_title() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::new(kind).await;
        let first = files(
            "S1,P,2010-01-01,2020-01-01,VERIFIED\nS2,P,2020-01-01,,UNVERIFIED\nS3,,2015-01-01,,VERIFIED\n",
            "S1,CC,\nS2,CC,\nS3,CC,\nS1,BT,COMMUNE\n",
            "S1,TD,PROFESSIONAL,UNIVERSITY,MUST,2015-01-01\nS3,LL,POLITICAL_THEORY,INTERMEDIATE,SHOULD,\n",
        );
        let before = app.app_state.reference_data();
        assert_eq!(import(&app, &first).await, (Outcome::Loaded, vec![]), "{kind:?}");
        assert!(!std::sync::Arc::ptr_eq(&before, &app.app_state.reference_data()), "the standards are read again");
        assert_eq!(import(&app, &first).await, (Outcome::NothingNew, vec![]), "{kind:?}");

        let refused = |finding: &str| (Outcome::Refused, vec![finding.to_owned()]);
        for (standards, scopes, requirements, expected) in [
            (
                "S4,P,2019-12-31,2020-01-01,VERIFIED\n",
                "S4,CC,\n",
                "",
                "standard_scopes.csv:2 title_code STANDARD_OVERLAP",
            ),
            ("S4,P,2020-01-01,,VERIFIED\n", "S4,CC,\n", "", "standard_scopes.csv:2 title_code STANDARD_OVERLAP"),
            (
                "S4,,2015-01-01,2015-01-02,VERIFIED\n",
                "S4,CC,\n",
                "",
                "standard_scopes.csv:2 title_code STANDARD_OVERLAP",
            ),
            (
                "S4,A,2015-01-01,,VERIFIED\nS5,A,2016-01-01,,VERIFIED\n",
                "S4,CC,\nS5,CC,\n",
                "",
                "standard_scopes.csv:3 title_code STANDARD_OVERLAP",
            ),
            ("", "", "S1,TD,PROFESSIONAL,COLLEGE,MUST,2015-01-01\n", "requirements.csv:2 level DIFFERS"),
            ("", "", "S9,TD,PROFESSIONAL,COLLEGE,MUST,\n", "requirements.csv:2 standard_code UNKNOWN_CODE"),
            ("", "", "S1,AGE,AGE_MIN,COLLEGE,MUST,\n", "requirements.csv:2 subject UNKNOWN_SUBJECT"),
            (
                "",
                "",
                "S1,TD2,PROFESSIONAL,COLLEGE,MUST,2010-01-01\n",
                "requirements.csv:2 transition_until EMPTY_INTERVAL",
            ),
            ("", "S1,CT,COMMUNE\nS1,CT,\n", "", "standard_scopes.csv:3 standard_code REPEATED_ROW"),
        ] {
            assert_eq!(import(&app, &files(standards, scopes, requirements)).await, refused(expected), "{kind:?}");
        }

        // Another issuer, another tier and another title may have standards on the same days.
        let more = files(
            "S4,A,2015-01-01,,VERIFIED\nS5,P,2015-01-01,,VERIFIED\nS6,P,2020-01-01,,VERIFIED\n",
            "S4,CC,\nS5,CC,COMMUNE\nS6,UV,\nS1,CT,\n",
            "",
        );
        assert_eq!(import(&app, &more).await, (Outcome::Loaded, vec![]), "{kind:?}");
        app.stop().await;
    }
}

#[actix_web::test]
async fn standards_are_listed_by_title_day_and_issuer() {
    on_both(async |app| {
        let loaded = files(
            "S1,P,2010-01-01,2020-01-01,VERIFIED\nS2,A,2020-01-01,,UNVERIFIED\nS3,,2014-01-01,,VERIFIED\n",
            "S1,CC,\nS2,CC,COMMUNE\nS3,BT,\n",
            "S1,TD,PROFESSIONAL,UNIVERSITY,MUST,2015-01-01\nS1,LL,POLITICAL_THEORY,INTERMEDIATE,SHOULD,\n",
        );
        assert_eq!(import(app, &loaded).await, (Outcome::Loaded, vec![]));
        let caller = app.caller(&["stats:read"], &["A"]).await;
        let codes = async |filter: &str| {
            let seen = caller.query(&format!("{{ standards{filter} {{ code }} }}")).await;
            let list = seen["standards"].as_array().expect("a list").clone();
            let codes = list.iter().map(|of| of["code"].as_str().expect("a code").to_owned());
            codes.filter(|code| !code.starts_with("TC-")).collect::<Vec<_>>()
        };
        for (filter, expected) in [
            ("", &["S1", "S2", "S3"][..]),
            (r#"(where: {title: "CC"})"#, &["S1", "S2"]),
            (r#"(where: {title: "CC", on: "2019-12-31"})"#, &["S1"]),
            (r#"(where: {title: "CC", on: "2020-01-01"})"#, &["S2"]),
            (r#"(where: {on: "2009-12-31"})"#, &[]),
            (r#"(where: {issuer: "A"})"#, &["S2"]),
            (r#"(where: {issuer: "A1"})"#, &[]),
        ] {
            assert_eq!(codes(filter).await, expected, "{filter}");
        }

        let fields =
            "code issuer { code } isNational documentNo validFrom validTo verified scopes { title { code } tier }
            requirements { code subject { code } level { code rank } severity transitionUntil legalBasis }";
        let seen = caller.query(&format!(r#"{{ standards(where: {{on: "2014-12-31"}}) {{ {fields} }} }}"#)).await;
        let requirement =
            |code: &str, subject: &str, (level, rank): (&str, i32), (severity, until): (&str, Option<&str>)| {
                json!({"code": code, "subject": {"code": subject}, "level": {"code": level, "rank": rank},
                   "severity": severity, "transitionUntil": until, "legalBasis": "1-QĐ/TW, Điều 2"})
            };
        let expected = json!([
            {"code": "S1", "issuer": null, "isNational": false, "documentNo": "1-QĐ/TW",
             "validFrom": "2010-01-01", "validTo": "2020-01-01", "verified": true,
             "scopes": [{"title": {"code": "CC"}, "tier": null}],
             "requirements": [
                requirement("LL", "POLITICAL_THEORY", ("INTERMEDIATE", 2), ("SHOULD", None)),
                requirement("TD", "PROFESSIONAL", ("UNIVERSITY", 4), ("MUST", Some("2015-01-01"))),
             ]},
            {"code": "S3", "issuer": null, "isNational": true, "documentNo": "1-QĐ/TW",
             "validFrom": "2014-01-01", "validTo": null, "verified": true,
             "scopes": [{"title": {"code": "BT"}, "tier": null}], "requirements": []},
        ]);
        assert_eq!(seen["standards"], expected, "the province is out of reach of a client of A");
        let own = caller
            .query(r#"{ standards(where: {issuer: "A", title: "CC"}) { issuer { code } isNational verified } }"#)
            .await;
        assert_eq!(own["standards"], json!([{"issuer": {"code": "A"}, "isNational": false, "verified": false}]));

        assert_eq!(caller.errors(r#"{ standards(where: {issuer: "P"}) { code } }"#).await, ["INVALID"]);
        assert_eq!(caller.errors(r#"{ standards(where: {title: "ZZ"}) { code } }"#).await, ["INVALID"]);

        let feed = app.caller(&["stats:read"], &["B"]).await;
        let cursor = feed.query("{ changeCursor }").await["changeCursor"].as_str().expect("a cursor").to_owned();
        assert_eq!(import(app, &files("", "S1,CT,\n", "")).await, (Outcome::Loaded, vec![]));
        let document = "query($after: String) { changes(after: $after) { nodes { type code operation } } }";
        let seen = feed.query_with(document, json!({ "after": cursor })).await;
        assert_eq!(seen["changes"]["nodes"], json!([{"type": "STANDARD", "code": "S1", "operation": "UPDATED"}]));
    })
    .await;
}

#[actix_web::test]
async fn an_equivalent_level_is_listed_and_meets_the_requirement() {
    on_both(async |app| {
        let requirement = csv::requirements(
            "standard_code,code,subject,level,equivalents",
            "S-E,NN,FOREIGN_LANGUAGE,A2,INFORMATICS:ADVANCED|ETHNIC_LANGUAGE:CERTIFIED\n",
        );
        let people = csv::cadres(
            "code,national_id,full_name",
            "E-01,999000000081,Lò Văn Một\nE-02,999000000082,Lò Văn Hai\nE-03,999000000083,Lò Văn Ba\n",
        );
        let posts = csv::assignments(
            "cadre_code,unit_code,title_code,is_primary",
            "E-01,A2U,CC,true\nE-02,A2U,CC,true\nE-03,A2U,CC,true\n",
        );
        let held = csv::qualifications(
            "cadre_code,subject,level,granted_on",
            "E-01,ETHNIC_LANGUAGE,CERTIFIED,2015-05-01\nE-02,INFORMATICS,BASIC,2015-05-01\nE-03,FOREIGN_LANGUAGE,B1,2015-05-01\n",
        );
        app.import_text(&[
            ("standards.csv", &csv::standards("code,issuer_code", "S-E,A\n")),
            ("standard_scopes.csv", &csv::standard_scopes("standard_code,title_code", "S-E,CC\n")),
            ("requirements.csv", &requirement),
            ("cadres.csv", &people),
            ("assignments.csv", &posts),
            ("qualifications.csv", &held),
        ])
        .await;
        let caller = app.caller(&["cadre:read"], &["A"]).await;
        let document = r#"{ standards(where: {issuer: "A", title: "CC"}) {
            requirements { equivalents { subject { code } level { code rank } } } } }"#;
        let expected = json!([
            {"subject": {"code": "ETHNIC_LANGUAGE"}, "level": {"code": "CERTIFIED", "rank": 1}},
            {"subject": {"code": "INFORMATICS"}, "level": {"code": "ADVANCED", "rank": 2}},
        ]);
        assert_eq!(caller.query(document).await["standards"][0]["requirements"][0]["equivalents"], expected);

        for (code, result, have) in [
            ("E-01", "PASS", json!(null)),
            ("E-02", "FAIL", json!(null)),
            ("E-03", "PASS", json!({"code": "B1"})),
        ] {
            let document = format!(
                r#"{{ cadre(by: {{code: "{code}"}}) {{ standing {{ requirements {{ result have {{ code }} }} }} }} }}"#
            );
            let seen = caller.query(&document).await;
            let expected = json!([{"result": result, "have": have}]);
            assert_eq!(seen["cadre"]["standing"][0]["requirements"], expected, "{code}");
        }
        let document = r#"{ cadres(where: {belowStandard: {requirement: "NN"}, codes: ["E-01", "E-02", "E-03"]}, first: 50) { nodes { code } } }"#;
        assert_eq!(caller.query(document).await["cadres"]["nodes"], json!([{"code": "E-02"}]));
        // The day before the certificate, and its day.
        for (day, met) in [("2015-04-30", 0), ("2015-05-01", 2)] {
            let document = format!(
                r#"{{ unit(by: {{code: "A2U"}}) {{ standardGap(asOf: "{day}") {{ requirements {{ requirement {{ code }} met }} }} }} }}"#
            );
            let seen = caller.query(&document).await;
            let expected = json!({"requirement": {"code": "NN"}, "met": met});
            assert_eq!(seen["unit"]["standardGap"]["requirements"][0], expected, "{day}");
        }
    })
    .await;
}

#[actix_web::test]
async fn an_exemption_counts_from_its_first_day_until_the_day_before_its_end() {
    on_both(async |app| {
        let exempt = csv::standard_exemptions(
            "cadre_code,standard_code,requirement_code,valid_from,valid_to",
            "A-02,TC-A,LL,2026-05-01,2026-07-01\n",
        );
        app.import_text(&[("standard_exemptions.csv", &exempt)]).await;
        let caller = app.caller(&["cadre:read"], &["A"]).await;
        let mut below = Vec::new();
        for (day, result) in
            [("2026-04-30", "FAIL"), ("2026-05-01", "EXEMPT"), ("2026-06-30", "EXEMPT"), ("2026-07-01", "FAIL")]
        {
            let document = format!(
                r#"{{ cadre(by: {{code: "A-02"}}, asOf: "{day}") {{ standing(title: "CT") {{ result
                        requirements {{ requirement {{ code }} result }} }} }}
                    unit(by: {{code: "A"}}) {{ standardGap(asOf: "{day}") {{ holders met below exempt inTransition
                        indeterminate notApplicable requirements {{ requirement {{ code }} exempt }} }} }}
                    cadres(where: {{belowStandard: {{}}}}, asOf: "{day}", first: 50) {{ nodes {{ code }} }} }}"#
            );
            let seen = caller.query(&document).await;
            let standing = &seen["cadre"]["standing"][0];
            assert_eq!(standing["result"], result, "{day}");
            assert_eq!(standing["requirements"][0], json!({"requirement": {"code": "LL"}, "result": result}), "{day}");
            let gap = &seen["unit"]["standardGap"];
            let number = |name: &str| gap[name].as_i64().expect(name);
            let parts = ["met", "below", "exempt", "inTransition", "indeterminate", "notApplicable"].map(number);
            assert_eq!(parts.iter().sum::<i64>(), number("holders"), "{day}");
            let is_exempt = result == "EXEMPT";
            assert_eq!(number("exempt"), i64::from(is_exempt), "{day}");
            assert_eq!(gap["requirements"][0], json!({"requirement": {"code": "LL"}, "exempt": i64::from(is_exempt)}));
            let list = seen["cadres"]["nodes"].as_array().expect("a list");
            assert_eq!(list.contains(&json!({"code": "A-02"})), !is_exempt, "{day}");
            assert_eq!(number("below"), i64::try_from(list.len()).expect("a number"), "{day}");
            below.push(list.len());
        }
        assert_eq!(below[0], below[1] + 1, "the control");
    })
    .await;
}
