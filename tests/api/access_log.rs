//! A reading of protected data is logged before the response is sent. If the log cannot be written, nothing is sent.

use std::ops::ControlFlow;

use cadre_api::{
    audit,
    domain::access_log::{self, Withhold},
};
use entity::{access_entry, audit_entry, cadre, client, log_head, log_link, value::Log};
use reqwest::StatusCode;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::json;

use crate::support::{
    Caller, Kind, TestApp, clock, on_both,
    rotation::{Places, day, keep_only},
};

/// The entries of the access log: client, person, categories, purpose.
async fn log(app: &TestApp) -> Vec<[String; 4]> {
    let rows = access_entry::Entity::find()
        .find_also_related(cadre::Entity)
        .order_by_asc(access_entry::Column::Seq)
        .all(app.database.reader())
        .await
        .expect("read");
    let line = |(row, person): (access_entry::Model, Option<cadre::Model>)| {
        let person = person.expect("a person").code.to_string();
        [row.client_id.to_string(), person, row.categories, row.purpose.to_string()]
    };
    rows.into_iter().map(line).collect()
}

#[actix_web::test]
async fn a_reading_of_protected_data_is_logged_once_for_each_person() {
    on_both(async |app| {
        let mut caller = app.all_seeing().await;
        caller.purpose = Some("TRAINING");
        let id = caller.id.clone();
        let entry = |person: &str, categories: &str| [&id, person, categories, "TRAINING"].map(str::to_owned);
        let mut expected = Vec::new();
        for (document, read) in [
            (r#"{ cadre(by: {code: "A-02"}) { fullName } }"#, vec![]),
            (r#"{ cadre(by: {code: "A-02"}) { identity { birthOn } } }"#, vec![entry("A-02", "IDENTITY")]),
            (
                r#"{ a: cadre(by: {code: "A-02"}) { identity { birthOn } political { __typename } }
                     b: cadre(by: {code: "A-02"}) { origin { __typename } i: identity { nationalId } } }"#,
                vec![entry("A-02", "IDENTITY POLITICAL ORIGIN")],
            ),
            (r#"{ cadre(by: {nationalId: "999000000002"}) { fullName } }"#, vec![entry("A-02", "IDENTITY")]),
            (r#"{ cadre(by: {nationalId: "999999999999"}) { fullName } }"#, vec![]),
            (r#"{ cadre(by: {code: "NOBODY"}) { identity { birthOn } } }"#, vec![]),
            (r#"{ cadre(by: {code: "A-02"}) { identity @skip(if: true) { birthOn } } }"#, vec![]),
            (
                r#"{ cadre(by: {code: "A-02"}) { origin { __typename } highest(subject: "NONE") { level { code } } } }"#,
                vec![entry("A-02", "ORIGIN")],
            ),
        ] {
            caller.ask(document, json!({})).await;
            expected.extend(read);
            assert_eq!(log(app).await, expected, "{document}");
        }

        let people = caller.query("{ cadres(first: 100) { nodes { code origin { __typename } } } }").await;
        let nodes = people["cadres"]["nodes"].as_array().expect("nodes").len();
        let all = log(app).await;
        assert!(nodes > 5 && all.len() == expected.len() + nodes, "one entry for each person of a list: {nodes}");
    })
    .await;
}

#[actix_web::test]
async fn an_entry_has_purpose_and_document_and_is_in_the_chain() {
    on_both(async |app| {
        let caller = app.all_seeing().await;
        let document = r#"{ cadre(by: {code: "A-02"}) { identity { birthOn } } }"#;
        caller.query(document).await;
        caller.query(&format!("{document} ")).await;

        let reader = app.database.reader();
        let rows =
            access_entry::Entity::find().order_by_asc(access_entry::Column::Seq).all(reader).await.expect("read");
        let of_client = client::Entity::find_by_id(rows[0].client_id).one(reader).await.expect("read");
        assert_eq!(of_client.expect("a client").id.to_string(), caller.id);
        assert_eq!(rows[0].legal_basis.as_deref(), Some("Hợp đồng 1/2026"));
        assert_eq!((rows[0].on_behalf_of.as_ref(), rows[0].operation.len()), (None, 64));
        assert_ne!(rows[0].operation, rows[1].operation, "another text has another hash");
        for row in &rows {
            let link = log_link::Entity::find_by_id(row.seq).one(reader).await.expect("read").expect("a link");
            assert_eq!((link.log, link.entry), (Log::Access, row.seq));
        }
        let links = log_link::Entity::find().count(reader).await.expect("a count");
        let head = log_head::Entity::find().one(reader).await.expect("read").expect("a head");
        assert_eq!(u64::try_from(head.position), Ok(links), "the chain has no gaps");
    })
    .await;
}

#[actix_web::test]
async fn a_response_that_cannot_be_logged_is_not_sent() {
    on_both(async |app| {
        let caller = app.all_seeing().await;
        let document = r#"{ cadre(by: {code: "A-02"}) { fullName identity { birthOn } } }"#;
        let before = caller.ask(document, json!({})).await;
        assert!(before["data"]["cadre"]["identity"]["birthOn"].is_string(), "the control: {before}");
        app.database.writer().execute_unprepared("DROP TABLE access_entry").await.expect("dropped");

        let answer = caller.post(&json!({ "query": document })).send().await.expect("an answer");
        let open = caller.query(r#"{ cadre(by: {code: "A-02"}) { fullName } }"#).await;

        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.headers().contains_key("Retry-After"));
        let body: serde_json::Value = answer.json().await.expect("JSON");
        assert_eq!(body["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{body}");
        assert!(body.get("data").is_none(), "{body}");
        assert!(open["cadre"]["fullName"].is_string(), "unprotected data is still sent");
    })
    .await;
}

/// Append-only tables, and a column of each.
const APPEND_ONLY: [(&str, &str); 5] = [
    ("audit_entry", "actor"),
    ("change", "object"),
    ("access_entry", "operation"),
    ("access_withholding", "document_no"),
    ("log_link", "log"),
];

#[actix_web::test]
async fn the_database_refuses_changes_of_the_logs() {
    on_both(async |app| {
        let caller = app.all_seeing().await;
        caller.query(r#"{ cadre(by: {code: "A-02"}) { identity { birthOn } } }"#).await;
        let writer = app.database.writer();
        writer
            .execute_unprepared(
                "INSERT INTO access_withholding (at, client_id, cadre_id, until_on, document_no)
                 SELECT at, client_id, cadre_id, '2026-07-01', '1' FROM access_entry",
            )
            .await
            .expect("written");
        for (table, column) in APPEND_ONLY {
            let mut statements = vec![format!("UPDATE {table} SET {column} = 'x'"), format!("DELETE FROM {table}")];
            statements.extend((app.kind == Kind::Postgres).then(|| format!("TRUNCATE {table} CASCADE")));
            for statement in statements {
                let refused = writer.execute_unprepared(&statement).await.expect_err(&statement);
                assert!(refused.to_string().contains("append-only"), "{statement}: {refused}");
            }
        }
        let changed = writer.execute_unprepared("UPDATE title SET name = 'x'").await.expect("the control");
        assert!(changed.rows_affected() > 0);
        let entries = access_entry::Entity::find().filter(access_entry::Column::Operation.ne("x"));
        assert_eq!(entries.count(app.database.reader()).await.expect("a count"), 1);
    })
    .await;
}

const LOG: &str = r#"query($first: Int, $after: String) { cadre(by: {code: "A-02"}) { accessLog(first: $first, after: $after) {
    totalCount { value } pageInfo { endCursor hasNextPage } nodes { at clientName onBehalfOf categories purpose }
} } }"#;

/// A caller that reads protected data of A-02 once for each purpose.
async fn read_by<'a>(app: &'a TestApp, purposes: &[&'a str]) -> Caller<'a> {
    let mut reader = app.caller(&["cadre:read", "cadre.identity:read"], &["P"]).await;
    for purpose in purposes {
        reader.purpose = Some(purpose);
        reader.query(r#"{ cadre(by: {code: "A-02"}) { identity { birthOn } } }"#).await;
        reader.query(r#"{ cadre(by: {code: "A-01"}) { identity { birthOn } } }"#).await;
    }
    reader
}

#[actix_web::test]
async fn the_log_of_a_person_is_read_newest_first_and_contains_no_other_person() {
    on_both(async |app| {
        let purposes = ["PERSONNEL", "TRAINING", "PLANNING", "STATISTICS", "CONFIRMATION"];
        read_by(app, &purposes).await;
        let auditor = app.caller_for(&[], &["cadre:read", "audit:read"], &["P"]).await;

        let (mut listed, mut after) = (Vec::new(), json!(null));
        loop {
            let page = auditor.query_with(LOG, json!({ "first": 2, "after": after })).await;
            let list = &page["cadre"]["accessLog"];
            assert_eq!(list["totalCount"]["value"], 5);
            listed.extend(list["nodes"].as_array().expect("nodes").clone());
            if list["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = list["pageInfo"]["endCursor"].clone();
        }

        let stated: Vec<_> = listed.iter().map(|node| node["purpose"].as_str().expect("a purpose")).collect();
        assert_eq!(stated, ["CONFIRMATION", "STATISTICS", "PLANNING", "TRAINING", "PERSONNEL"]);
        assert_eq!(listed[0]["categories"], json!(["IDENTITY"]));
        assert_eq!(listed[0]["at"], "2026-06-01T05:00:00Z");
        assert!(listed[0]["clientName"].is_string() && listed[0]["onBehalfOf"].is_null(), "{}", listed[0]);
        assert_eq!(log(app).await.len(), 10, "reading the log is not logged as a reading of protected data");
    })
    .await;
}

#[actix_web::test]
async fn the_log_of_a_person_out_of_reach_is_empty() {
    on_both(async |app| {
        read_by(app, &["PERSONNEL"]).await;
        let of = Places::of(&app.database).await;
        keep_only(&app.database, vec![of.ended(["01/QĐ", "A-02", "A1U", "B", "2014-03-01"], "2017-03-01")]).await;
        let scopes = ["cadre:read", "rotation:read", "audit:read"];
        let document = "{ rotations { nodes { cadre { fullName accessLog { totalCount { value } nodes { at } } } } } }";
        let there = app.caller_for(&[], &scopes, &["A"]).await.query(document).await;
        let elsewhere = app.caller_for(&[], &scopes, &["B"]).await.query(document).await;

        let of = |answer: &serde_json::Value| answer["rotations"]["nodes"][0]["cadre"].clone();
        assert_eq!(of(&there)["accessLog"]["totalCount"]["value"], 1, "the control");
        assert_eq!(of(&elsewhere)["fullName"], of(&there)["fullName"], "the person of the rotation is visible");
        assert_eq!(of(&elsewhere)["accessLog"], json!({ "totalCount": { "value": 0 }, "nodes": [] }));
    })
    .await;
}

#[actix_web::test]
async fn withheld_entries_are_visible_from_their_day_and_earlier_to_the_operator() {
    on_both(async |app| {
        let reader = read_by(app, &["PERSONNEL", "TRAINING"]).await;
        let other = read_by(app, &["PLANNING"]).await;
        let auditor = app.caller_for(&[], &["cadre:read", "audit:read"], &["P"]).await;
        let visible = async || {
            let page = auditor.query_with(LOG, json!({})).await;
            let list = &page["cadre"]["accessLog"];
            let nodes = list["nodes"].as_array().expect("nodes").len();
            assert_eq!(list["totalCount"]["value"], nodes);
            nodes
        };
        let order = |client: &Caller<'_>, until: &str| Withhold {
            client: client.id.parse().expect("an id"),
            subject: "A-02".to_owned(),
            until: day(until),
            document_no: "12/CV".to_owned(),
        };
        let withheld = async |order| access_log::withhold(&app.database, clock(), order).await;
        assert_eq!(visible().await, 3, "the control");

        for (client, until, left) in [
            (&reader, "2026-06-02", 1),
            (&other, "2027-01-01", 0),
            (&reader, "2026-06-01", 2),
            (&reader, "2026-07-01", 0),
            (&other, "2026-05-01", 1),
        ] {
            withheld(order(client, until)).await.expect("withheld");
            assert_eq!(visible().await, left, "{until}");
        }
        reader.query(r#"{ cadre(by: {code: "A-02"}) { identity { birthOn } } }"#).await;
        assert_eq!(visible().await, 1, "readings after the order are withheld as well");

        let mut lines = Vec::new();
        let person = "A-02".parse().expect("a code");
        audit::each(&app.database, Some(&person), |line| {
            lines.push(line.clone());
            ControlFlow::Continue(())
        })
        .await
        .expect("read");
        let hidden = lines.iter().filter(|line| line.withheld_until == Some(day("2026-07-01"))).count();
        assert_eq!((lines.len(), hidden), (4, 3));
        for wrong in [
            Withhold { subject: "NOBODY".to_owned(), ..order(&reader, "2027-01-01") },
            Withhold { client: entity::value::ClientId::new(), ..order(&reader, "2027-01-01") },
            Withhold { document_no: " ".to_owned(), ..order(&reader, "2027-01-01") },
        ] {
            assert!(withheld(wrong).await.is_err());
        }
        let audit_entries = audit_entry::Entity::find().filter(audit_entry::Column::Act.eq("access.withhold"));
        assert_eq!(
            audit_entries.count(app.database.reader()).await.expect("a count"),
            5,
            "each order has an audit entry"
        );
    })
    .await;
}

#[actix_web::test]
async fn an_entry_is_found_by_its_id_by_callers_that_see_it_in_the_log() {
    on_both(async |app| {
        let reader = read_by(app, &["PERSONNEL"]).await;
        let scopes = ["cadre:read", "audit:read"];
        let auditor = app.caller_for(&[], &scopes, &["A"]).await;
        let log = r#"{ cadre(by: {code: "A-02"}) { accessLog { nodes { id purpose } edges { node { id } } } } }"#;
        let log = auditor.query(log).await["cadre"]["accessLog"].take();
        let entry = log["nodes"][0].clone();
        assert_eq!((&log["edges"][0]["node"]["id"], &entry["purpose"]), (&entry["id"], &json!("PERSONNEL")));
        let by_id = "query($id: ID!) { node(id: $id) { __typename id } }";
        let by_ids = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on AccessEntry { purpose } } }";
        let variables = json!({ "id": entry["id"] });

        let found = auditor.query_with(by_ids, json!({ "ids": [entry["id"], "acc_ae", entry["id"]] })).await;
        assert_eq!(found["nodes"], json!([entry, null, entry]), "{:?}", app.kind);
        let elsewhere = app.caller_for(&[], &scopes, &["B"]).await;
        let without_scope = app.caller_for(&[], &["cadre:read"], &["A"]).await;
        let without_people = app.caller_for(&[], &["audit:read"], &["A"]).await;
        for caller in [&elsewhere, &without_scope, &without_people] {
            assert_eq!(caller.query_with(by_id, variables.clone()).await["node"], json!(null), "{:?}", app.kind);
        }
        assert_eq!(auditor.query_with(by_id, variables.clone()).await["node"]["__typename"], "AccessEntry");

        let order = Withhold {
            client: reader.id.parse().expect("an id"),
            subject: "A-02".to_owned(),
            until: day("2026-07-01"),
            document_no: "12/CV".to_owned(),
        };
        access_log::withhold(&app.database, clock(), order).await.expect("withheld");
        assert_eq!(auditor.query_with(by_id, variables).await["node"], json!(null), "{:?}: withheld", app.kind);
    })
    .await;
}
