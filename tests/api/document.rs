//! Registered documents: import, lists, look-ups, and the records that cite them.

use cadre_api::import::Outcome;
use serde_json::{Value, json};

use crate::support::{Caller, Kind, TestApp, csv, on_both};

const COLUMNS: &str = "code,number,kind,issuer_code,signed_on,valid_from,valid_to,replaced_by_code,title";

/// Adds documents to the bundle of the tests.
async fn add(app: &TestApp, rows: &str) {
    app.import_text(&[("documents.csv", &csv::documents(COLUMNS, rows))]).await;
}

/// Codes of a list of documents.
async fn listed(caller: &Caller<'_>, filter: &str) -> Value {
    let data = caller
        .query(&format!("{{ documents(where: {{{filter}}}) {{ nodes {{ code }} totalCount {{ value }} }} }}"))
        .await;
    let nodes = data["documents"]["nodes"].as_array().expect("nodes");
    assert_eq!(data["documents"]["totalCount"]["value"], nodes.len(), "{filter}");
    nodes.iter().map(|node| node["code"].clone()).collect()
}

#[actix_web::test]
async fn documents_are_listed_by_kind_issuer_day_number_and_words() {
    on_both(async |app| {
        add(
            app,
            "Q1,11-NQ/TW,RESOLUTION,,2017-10-25,2017-10-25,,,Nghị quyết về cán bộ\n\
             Q2,5-QĐ/HU,DECISION,B,2014-01-01,2014-02-01,2015-02-01,,Quyết định huyện Tây\n",
        )
        .await;
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        for (filter, codes) in [
            ("", &["VB-P", "VB-B2", "Q1", "VB-A", "Q2", "VB-B1"][..]),
            ("kinds: [SCHEME, RESOLUTION]", &["VB-B2", "Q1", "VB-B1"]),
            (r#"issuer: "B""#, &["VB-B2", "Q2", "VB-B1"]),
            (r#"issuer: "B", on: "2014-01-31""#, &["VB-B1"]),
            (r#"issuer: "B", on: "2014-02-01""#, &["Q2", "VB-B1"]),
            (r#"issuer: "B", on: "2015-01-31""#, &["Q2", "VB-B1"]),
            (r#"issuer: "B", on: "2015-02-01""#, &["VB-B1"]),
            (r#"number: "05-qđ / HU""#, &["VB-A", "Q2"]),
            (r#"number: "5-QD/HU""#, &[]),
            (r#"number: "năm""#, &[]),
            (r#"text: "nghi quyet can bo""#, &["Q1"]),
            (r#"text: "11-NQ""#, &["Q1"]),
        ] {
            assert_eq!(listed(&caller, filter).await, json!(codes), "{filter}");
        }
        let error = caller.ask(r#"{ documents(where: {issuer: "Q"}) { nodes { code } } }"#, json!({})).await;
        assert_eq!(error["errors"][0]["extensions"]["code"], "INVALID", "{error}");
    })
    .await;
}

#[actix_web::test]
async fn a_list_of_documents_is_read_page_by_page_in_both_directions() {
    on_both(async |app| {
        add(app, "Q1,1-KH/TW,PLAN,,2014-12-20,2015-01-01,,,Kế hoạch\n").await;
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        let all = ["VB-P", "VB-B2", "Q1", "VB-A", "VB-B1"];
        let (mut forward, mut after) = (Vec::new(), Value::Null);
        for _ in 0..3 {
            let document = "query($after: String) { documents(first: 2, after: $after) { nodes { code } pageInfo { hasNextPage endCursor } } }";
            let page = caller.query_with(document, json!({ "after": after })).await["documents"].clone();
            forward.extend(page["nodes"].as_array().expect("nodes").iter().map(|node| node["code"].clone()));
            after = page["pageInfo"]["endCursor"].clone();
        }
        assert_eq!(Value::from(forward), json!(all));
        let last = caller.query("{ documents(last: 2) { nodes { code } pageInfo { hasPreviousPage } } }").await;
        assert_eq!(last["documents"]["nodes"], json!([{"code": "VB-A"}, {"code": "VB-B1"}]));
        assert_eq!(last["documents"]["pageInfo"]["hasPreviousPage"], true);
    })
    .await;
}

#[actix_web::test]
async fn a_document_is_found_by_code_and_by_a_number_that_leaves_no_doubt() {
    on_both(async |app| {
        add(
            app,
            "Q1,5-QĐ/HU,DECISION,B,2014-01-01,2014-01-01,,,Quyết định\n\
             Q2,5-QĐ/HU,DECISION,B,2015-01-01,2015-01-01,,,Quyết định\n",
        )
        .await;
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        for (key, code) in [
            (r#"code: "VB-A""#, json!("VB-A")),
            (r#"code: "vb-a""#, Value::Null),
            (r#"number: {number: "Kế hoạch số 11/KH-TEST"}"#, json!("VB-P")),
            (r#"number: {number: "11/KH-TEST", year: 2024}"#, Value::Null),
            (r#"number: {number: "11/KH-TEST", issuer: "A"}"#, Value::Null),
            (r#"number: {number: "5-QĐ/HU", issuer: "A"}"#, json!("VB-A")),
            (r#"number: {number: "5-QĐ/HU", issuer: "B", year: 2015}"#, json!("Q2")),
        ] {
            let data = caller.query(&format!("{{ document(by: {{{key}}}) {{ code }} }}")).await;
            let found = data["document"].get("code").cloned().unwrap_or_default();
            assert_eq!(found, code, "{key}");
        }
        for key in [r#"{number: "5-QĐ/HU"}"#, r#"{number: "5-QĐ/HU", issuer: "B"}"#] {
            let answer = caller.ask(&format!("{{ document(by: {{number: {key}}}) {{ code }} }}"), json!({})).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID", "{key}");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_document_names_its_issuer_within_reach_and_its_successor() {
    on_both(async |app| {
        let question = r#"{ old: document(by: {code: "VB-B1"}) { number symbol isNational issuer { code } validTo
            replacedBy { code } replaces { code } } new: document(by: {code: "VB-B2"}) { replacedBy { code } replaces { code } } }"#;
        let everything = app.caller(&["cadre:read"], &["W"]).await;
        let answer = everything.query(question).await;
        let mut expected = json!({
            "number": "5-ĐA/HU", "symbol": "ĐA/HU", "isNational": false, "issuer": {"code": "B"},
            "validTo": "2020-01-01", "replacedBy": {"code": "VB-B2"}, "replaces": [],
        });
        assert_eq!(answer["old"], expected);
        assert_eq!(answer["new"], json!({"replacedBy": null, "replaces": [{"code": "VB-B1"}]}));
        let elsewhere = app.caller(&["cadre:read"], &["A"]).await;
        expected["issuer"] = Value::Null;
        assert_eq!(elsewhere.query(question).await["old"], expected);
    })
    .await;
}

#[actix_web::test]
async fn plans_standards_and_duties_lead_to_the_documents_that_they_cite() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read", "training:read"], &["W"]).await;
        let question = r#"{ plans: trainingPlans { nodes { code documentNo document { code } } }
            standards { code document { code } } duties { code document { code } } }"#;
        let answer = caller.query(question).await;
        assert_eq!(
            answer["plans"]["nodes"],
            json!([
                {"code": "KH-A", "documentNo": "12/KH-TEST", "document": null},
                {"code": "KH-B", "documentNo": "13/KH-MARK-PLAN", "document": null},
                {"code": "KH-P", "documentNo": "11/KH-TEST", "document": {"code": "VB-P"}},
            ])
        );
        assert_eq!(
            answer["standards"],
            json!([{"code": "TC-A", "document": {"code": "VB-A"}}, {"code": "TC-B", "document": null}])
        );
        assert_eq!(answer["duties"], json!([{"code": "BD-B", "document": {"code": "VB-B1"}}]));

        // A second document of the year before leaves a doubt; a document of another district does not.
        add(
            app,
            "Q1,11/KH-TEST,PLAN,P,2024-12-01,2025-01-01,,,Kế hoạch\n\
             Q2,12/KH-TEST,PLAN,B,2026-01-01,2026-01-01,,,Kế hoạch\n",
        )
        .await;
        let answer = caller.query(question).await;
        assert_eq!(answer["plans"]["nodes"][0]["document"], Value::Null);
        assert_eq!(answer["plans"]["nodes"][2]["document"], Value::Null);
        add(app, "Q3,12/KH-TEST,PLAN,A,2026-01-01,2026-01-01,,,Kế hoạch\n").await;
        assert_eq!(caller.query(question).await["plans"]["nodes"][0]["document"]["code"], "Q3", "the control");
    })
    .await;
}

#[actix_web::test]
async fn a_number_belongs_to_one_document_of_an_issuer_and_a_year() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::new(kind).await;
        let import = async |rows: &str| {
            let folder = tempfile::tempdir().expect("a folder");
            std::fs::write(folder.path().join("documents.csv"), csv::documents(COLUMNS, rows)).expect("written");
            let report = app.import(folder.path()).await;
            let findings = report.findings.iter().map(|finding| {
                let column = finding.column.map_or("", |column| column.name);
                assert_ne!(finding.sentence.vi, finding.sentence.en);
                format!("{} {column} {}", finding.line.unwrap_or(0), finding.code)
            });
            (report.outcome, findings.collect::<Vec<_>>())
        };
        // Of another issuer, of another year, and national: the number is free.
        let others = "Q1,5-QĐ/HU,DECISION,B,2014-12-31,2015-01-01,,,Quyết định\n\
                      Q2,5-QĐ/HU,DECISION,A,2015-01-01,2015-01-01,,,Quyết định\n\
                      Q3,5-QĐ/HU,DECISION,,2014-12-31,2015-01-01,,,Quyết định\n";
        assert_eq!(import(others).await, (Outcome::Loaded, vec![]), "{kind:?}");
        assert_eq!(import(others).await, (Outcome::NothingNew, vec![]), "{kind:?}");
        for (number, issuer, signed_on) in
            [("5-QĐ/HU", "A", "2014-01-01"), ("05-qđ/hu", "A", "2014-12-31"), ("5-QĐ/HU", "", "2014-06-01")]
        {
            let row = format!("Q4,{number},DECISION,{issuer},{signed_on},2015-01-01,,,Quyết định\n");
            assert_eq!(
                import(&row).await,
                (Outcome::Refused, vec!["2 number REPEATED_CODE".to_owned()]),
                "{kind:?} {row}"
            );
        }
        // A chain of replacements in the order of the file, which is not that of the database.
        let chain = "R1,1-QĐ/TW,DECISION,,2010-01-01,2010-01-01,2015-01-01,R2,Một\n\
                     R2,2-QĐ/TW,DECISION,,2012-01-01,2015-01-01,2020-01-01,R3,Hai\n\
                     R3,3-QĐ/TW,DECISION,,2019-01-01,2020-01-01,,,Ba\n";
        assert_eq!(import(chain).await, (Outcome::Loaded, vec![]), "{kind:?}");
        app.stop().await;
    }
}
