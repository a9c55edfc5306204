//! Protected facts are shown to clients that have the person's file in their custody, today and on the asked day. Whoever
//! only knows a rotation or an enrolment of the person sees their name, and none of these facts.

use entity::access_entry;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use crate::support::{
    Caller, TestApp, on_both,
    rotation::{Places, keep_only},
    training::{Rows, sent, write},
};

const SCOPES: [&str; 7] = [
    "cadre:read",
    "cadre.identity:read",
    "cadre.political:read",
    "cadre.origin:read",
    "rotation:read",
    "training:read",
    "audit:read",
];

const PERSON: &str = "code fullName identity { nationalId birthOn nativePlaceCode } political { joinedPartyOn } \
                      origin { ethnicity { code } } accessLog { totalCount { value } }";

async fn readings(app: &TestApp) -> u64 {
    access_entry::Entity::find().count(app.database.reader()).await.expect("a count")
}

/// Asserts that a person is known by name, and that none of the protected facts is shown or logged as read.
async fn assert_closed(app: &TestApp, caller: &Caller<'_>, document: &str, pointer: &str) {
    let before = readings(app).await;
    let seen = caller.query(document).await;
    let person = seen.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in {seen:#}"));
    assert!(person["fullName"].is_string(), "{document}: {person}");
    for group in ["identity", "political", "origin"] {
        assert_eq!(person[group], Value::Null, "{document}: {person}");
    }
    assert_eq!(person["accessLog"], json!({ "totalCount": { "value": 0 } }), "{document}");
    assert_eq!(readings(app).await, before, "{document}");
}

/// The control: the same document of somebody who has the file.
async fn assert_open(app: &TestApp, caller: &Caller<'_>, document: &str, pointer: &str) {
    let before = readings(app).await;
    let seen = caller.query(document).await;
    let person = seen.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in {seen:#}"));
    assert!(person["identity"]["nationalId"].is_string(), "{document}: {person}");
    assert!(person["political"]["joinedPartyOn"].is_string(), "{document}: {person}");
    assert!(person["origin"]["ethnicity"]["code"].is_string(), "{document}: {person}");
    assert!(readings(app).await > before, "{document}");
}

#[actix_web::test]
async fn a_rotation_opens_no_protected_facts_of_who_left() {
    on_both(async |app| {
        let of = Places::of(&app.database).await;
        keep_only(&app.database, vec![of.ended(["01/QĐ", "M-01", "A2U", "B1U", "2018-01-01"], "2021-01-01")]).await;
        let (left, here) = (app.caller(&SCOPES, &["A"]).await, app.caller(&SCOPES, &["B"]).await);
        let document = format!("{{ rotations {{ nodes {{ id cadre {{ {PERSON} }} }} }} }}");
        assert_closed(app, &left, &document, "/rotations/nodes/0/cadre").await;
        assert_open(app, &here, &document, "/rotations/nodes/0/cadre").await;

        let id = left.query("{ rotations { nodes { id } } }").await["rotations"]["nodes"][0]["id"].take();
        let id = id.as_str().expect("an id");
        let by_node = format!("{{ node(id: \"{id}\") {{ ... on Rotation {{ cadre {{ {PERSON} }} }} }} }}");
        assert_closed(app, &left, &by_node, "/node/cadre").await;
        assert_open(app, &here, &by_node, "/node/cadre").await;
    })
    .await;
}

#[actix_web::test]
async fn an_enrolment_opens_no_protected_facts_of_who_left() {
    on_both(async |app| {
        let of = Places::of(&app.database).await;
        let enrolments = vec![sent(&of, ["M-01", "CMNV", "A2U"], 2017)];
        write(&app.database, Rows { enrolments, ..Rows::default() }).await;
        app.app_state.refresh().await.expect("refreshed");
        let (left, here) = (app.caller(&SCOPES, &["A"]).await, app.caller(&SCOPES, &["B"]).await);
        // District A sent M-01 in 2017.
        let document = format!("{{ enrolments(where: {{yearTo: 2017}}) {{ nodes {{ cadre {{ {PERSON} }} }} }} }}");
        assert_closed(app, &left, &document, "/enrolments/nodes/0/cadre").await;
        let now = format!("{{ cadre(by: {{code: \"M-01\"}}) {{ {PERSON} }} }}");
        assert_open(app, &here, &now, "/cadre").await;
    })
    .await;
}

#[actix_web::test]
async fn a_past_day_opens_no_protected_facts_of_who_left_since() {
    on_both(async |app| {
        let (left, here) = (app.caller(&SCOPES, &["A"]).await, app.caller(&SCOPES, &["B"]).await);
        let then = format!("{{ cadre(by: {{code: \"M-01\"}}, asOf: \"2017-06-01\") {{ {PERSON} }} }}");
        assert_closed(app, &left, &then, "/cadre").await;
        let list = format!(
            "{{ unit(by: {{code: \"A2U\"}}) {{ cadres(asOf: \"2017-06-01\", where: {{gender: FEMALE}},
                orderBy: [{{field: CODE, direction: DESC}}], first: 1) {{ nodes {{ {PERSON} }} }} }} }}"
        );
        assert_eq!(left.query(&list).await["unit"]["cadres"]["nodes"][0]["code"], "M-01");
        assert_closed(app, &left, &list, "/unit/cadres/nodes/0").await;
        let now = format!("{{ cadre(by: {{code: \"M-01\"}}) {{ {PERSON} }} }}");
        assert_open(app, &here, &now, "/cadre").await;

        let by_number = |day: &str| format!("{{ cadre(by: {{nationalId: \"999000000011\"}}{day}) {{ code }} }}");
        let before = readings(app).await;
        let unknown = left.raw("{ cadre(by: {nationalId: \"999999999999\"}) { code } }", json!({})).await;
        assert_eq!(left.raw(&by_number(", asOf: \"2017-06-01\""), json!({})).await, unknown);
        assert_eq!(readings(app).await, before);
        assert_eq!(here.query(&by_number("")).await["cadre"]["code"], "M-01", "the control");
    })
    .await;
}
