//! The forms of an export, and the requests that are refused.

use std::collections::BTreeSet;

use entity::{
    access_entry,
    value::{CadreId, Purpose},
};
use reqwest::{Method, StatusCode, header::HeaderMap};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{TYPES, ndjson, text, whole};
use crate::support::{Caller, TestApp, csv, on_both};

const ALL: [&str; 4] = ["cadre:read", "cadre.identity:read", "cadre.political:read", "cadre.origin:read"];

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[actix_web::test]
async fn an_export_has_a_head_a_card_for_each_person_and_an_end() {
    on_both(async |app| {
        let caller = app.all_seeing().await;
        let export = ndjson(&caller, "cadres").await;

        assert_eq!(export.head["type"], "cadres");
        assert_eq!(export.head["asOf"], "2026-06-01");
        assert_eq!(export.head["withheld"], json!([]));
        assert_eq!(export.lines.len(), 11);
        let ids: Vec<CadreId> = export.texts("/id").iter().map(|id| id.parse().expect("an id")).collect();
        assert!(ids.is_sorted() && ids.len() == 11, "{ids:?}");
        let card = export.records().into_iter().find(|card| card["code"] == "A-02").expect("A-02");
        assert_eq!(card["fullName"], "Trần Thị Ân");
        let identity = json!({ "nationalId": "999000000002", "birthOn": "1975-02-03", "nativePlaceCode": "97102" });
        assert_eq!(card["identity"], identity);
        assert_eq!(card["assignments"].as_array().map(Vec::len), Some(5));
        assert_eq!(card["assignments"][0]["unit"]["code"], "A1U");
        assert_eq!(card["qualifications"][0]["level"], "UNIVERSITY");

        let whole_text = text(&caller, "cadres", "application/x-ndjson").await;
        assert!(whole(&whole_text).is_some(), "the control: the whole text");
        let ends: Vec<usize> = whole_text.match_indices('\n').map(|(at, _)| at + 1).collect();
        for end in &ends[..ends.len() - 1] {
            assert!(whole(&whole_text[..*end]).is_none(), "without its end an export is not complete");
        }
        let other = whole_text.replacen("Trần Thị Ân", "Trần Thị An", 1);
        assert!(whole(&other).is_none(), "the digest covers all lines");
    })
    .await;
}

#[actix_web::test]
async fn each_type_has_both_forms_and_the_cursor_of_the_change_feed() {
    on_both(async |app| {
        let caller = app.all_seeing().await;
        for (of, file) in TYPES {
            let export = ndjson(&caller, of).await;
            assert_eq!(export.head["type"], of);
            let answer = caller.get(&format!("/v1/export/{of}")).header("Accept", "text/csv").send().await;
            let answer = answer.expect("an answer");
            assert_eq!(header(answer.headers(), "content-type"), "text/csv; charset=utf-8; header=present");
            assert!(header(answer.headers(), "content-disposition").contains(file), "{of}");
            for cursor in
                [header(answer.headers(), "x-change-cursor"), export.head["cursor"].as_str().expect("a cursor")]
            {
                let data = caller
                    .query_with(
                        "query($after: String) { changes(after: $after) { edges { cursor } } }",
                        json!({ "after": cursor }),
                    )
                    .await;
                assert_eq!(data["changes"]["edges"], json!([]), "{of}: nothing has changed since");
            }
            let body = answer.text().await.expect("text");
            let columns: Vec<&str> = body.lines().next().expect("a header").split(',').collect();
            let known = cadre_api::import::FILES.iter().find(|known| known.name == file).expect("a file of the bundle");
            assert_eq!(columns, known.columns, "{of}");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_csv_file_can_have_an_end_and_a_form_for_spreadsheets() {
    on_both(async |app| {
        app.import_text(&[("titles.csv", &csv::titles("code,name", "F1,\"=1+1,x\"\nF2,+84\nF3,-5\nF4,@x\nF5,a=b\n"))])
            .await;
        let caller = app.all_seeing().await;
        let plain = text(&caller, "titles", "text/csv").await;
        assert!(plain.contains("\nF1,\"=1+1,x\",CADRE,,false,,\nF2,+84,"), "{plain}");

        let sheet = text(&caller, "titles?for=spreadsheet", "text/csv").await;
        assert!(sheet.starts_with("\u{FEFF}code,name,"), "{sheet}");
        assert!(
            sheet.contains("\nF1,\"'=1+1,x\",CADRE,,false,,\nF2,'+84,CADRE,,false,,\nF3,'-5,CADRE,,false,,\nF4,'@x,"),
            "{sheet}"
        );
        assert!(sheet.contains("\nF5,a=b,"), "{sheet}");

        let ended = text(&caller, "titles?end=line", "text/csv").await;
        let digest: String = Sha256::digest(&plain).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(ended, format!("{plain}# end rows={} sha256={digest}\n", plain.lines().count() - 1));
    })
    .await;
}

#[actix_web::test]
async fn protected_columns_need_a_scope_and_a_purpose_and_are_logged() {
    on_both(async |app| {
        let silent = app.caller_for(&[Purpose::Personnel], &ALL, &["W"]).await;
        let other = app.caller(&["cadre:read", "cadre.political:read"], &["W"]).await;
        for (caller, withheld) in
            [(&silent, json!(["identity", "political", "origin"])), (&other, json!(["identity", "origin"]))]
        {
            let export = ndjson(caller, "cadres").await;
            assert_eq!(export.head["withheld"], withheld);
            let keys: BTreeSet<String> = export
                .records()
                .iter()
                .flat_map(|card| card.as_object().expect("a card").keys().cloned().collect::<Vec<_>>())
                .collect();
            for key in ["identity", "political", "origin"] {
                let is_withheld = withheld.as_array().expect("a list").contains(&json!(key));
                assert_eq!(keys.contains(key), !is_withheld, "{key}");
            }
        }
        let sheet = text(&silent, "cadres", "text/csv").await;
        assert!(sheet.contains("\nA-02,,Trần Thị Ân,FEMALE,,,,1999-01-01,,CADRE,01.003,ACTIVE\n"), "{sheet}");
        let before = entries(app).await;
        assert_eq!(before.len(), 11, "only the export with a purpose is in the log");
        assert!(before.iter().all(|(operation, categories)| operation == "export/cadres" && categories == "POLITICAL"));

        let reader = app.all_seeing().await;
        let sheet = text(&reader, "cadres", "text/csv").await;
        assert!(
            sheet.contains("\nA-02,999000000002,Trần Thị Ân,FEMALE,1975-02-03,02,97102,1999-01-01,2003-04-04,"),
            "{sheet}"
        );
        let after = entries(app).await;
        assert_eq!(after.len(), 22);
        assert!(after[11..].iter().all(|(_, categories)| categories == "IDENTITY POLITICAL ORIGIN"), "{after:?}");
        text(&reader, "assignments", "text/csv").await;
        text(&reader, "rotations", "text/csv").await;
        assert_eq!(entries(app).await.len(), 22, "other types have no protected columns");
    })
    .await;
}

/// Operation and categories of each entry of the access log.
async fn entries(app: &TestApp) -> Vec<(String, String)> {
    let rows = access_entry::Entity::find().all(app.database.reader()).await.expect("read");
    rows.into_iter().map(|row| (row.operation, row.categories)).collect()
}

async fn refusal(caller: &Caller<'_>, path: &str, accept: &str) -> (StatusCode, Value) {
    let answer = caller.get(path).header("Accept", accept).send().await.expect("an answer");
    let status = answer.status();
    let text = answer.text().await.expect("text");
    let body: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{path}: {text}"));
    let code = body.pointer("/errors/0/extensions/code").or(body.get("code")).cloned();
    (status, code.unwrap_or_default())
}

#[actix_web::test]
async fn a_request_that_cannot_be_served_is_refused_before_the_first_byte() {
    on_both(async |app| {
        let caller = app.caller(&["rotation:read"], &["A"]).await;
        for (path, accept, status, code) in [
            ("/v1/export/persons", "*/*", 404, "NOT_FOUND"),
            ("/v1/export/cadres", "*/*", 403, "FORBIDDEN"),
            ("/v1/export/quotas", "*/*", 403, "FORBIDDEN"),
            ("/v1/export/classes", "*/*", 403, "FORBIDDEN"),
            ("/v1/export/units", "application/json", 406, "NOT_ACCEPTABLE"),
            ("/v1/export/units?first=10", "*/*", 400, "BAD_PARAMETER"),
            ("/v1/export/units?for=print", "text/csv", 400, "BAD_PARAMETER"),
            ("/v1/export/units?for=spreadsheet", "*/*", 400, "BAD_PARAMETER"),
            ("/v1/export/units?after=x", "*/*", 400, "INVALID"),
            ("/v1/export/units?after=a&after=b", "*/*", 400, "BAD_PARAMETER"),
        ] {
            let (found, found_code) = refusal(&caller, path, accept).await;
            assert_eq!((found.as_u16(), found_code), (status, json!(code)), "{path}");
        }
        let nobody = app.http().get(format!("{}/v1/export/units", app.url)).send().await.expect("an answer");
        assert_eq!(nobody.status(), 401);
        let posted = app.http().post(format!("{}/v1/export/units", app.url)).send().await.expect("an answer");
        assert_eq!((posted.status().as_u16(), header(posted.headers(), "allow")), (405, "GET, HEAD"));

        let head = app.http().request(Method::HEAD, format!("{}/v1/export/units", app.url)).bearer_auth(&caller.token);
        let head = head.send().await.expect("an answer");
        assert_eq!(head.status(), 200);
        assert_eq!(header(head.headers(), "content-type"), "application/x-ndjson; charset=utf-8");
        assert!(!header(head.headers(), "x-change-cursor").is_empty());
        assert_eq!(head.text().await.expect("no text"), "");
    })
    .await;
}
