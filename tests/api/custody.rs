//! Protected facts are visible to clients that have the person's file in their custody today and on the requested day.
//! A caller that sees another person only by a rotation or an enrolment reads the name, and none of these facts.

use std::collections::BTreeSet;

use entity::{access_entry, assignment, cadre, value::Day};
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

/// Asserts that a person's name is visible and that none of the protected facts is shown or logged as read.
async fn assert_closed(app: &TestApp, caller: &Caller<'_>, document: &str, pointer: &str) {
    let before = readings(app).await;
    let data = caller.query(document).await;
    let person = data.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in {data:#}"));
    assert!(person["fullName"].is_string(), "{document}: {person}");
    for group in ["identity", "political", "origin"] {
        assert_eq!(person[group], Value::Null, "{document}: {person}");
    }
    assert_eq!(person["accessLog"], json!({ "totalCount": { "value": 0 } }), "{document}");
    assert_eq!(readings(app).await, before, "{document}");
}

/// The control: the same document, sent by a caller with custody of the file.
async fn assert_open(app: &TestApp, caller: &Caller<'_>, document: &str, pointer: &str) {
    let before = readings(app).await;
    let data = caller.query(document).await;
    let person = data.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in {data:#}"));
    assert!(person["identity"]["nationalId"].is_string(), "{document}: {person}");
    assert!(person["political"]["joinedPartyOn"].is_string(), "{document}: {person}");
    assert!(person["origin"]["ethnicity"]["code"].is_string(), "{document}: {person}");
    assert!(readings(app).await > before, "{document}");
}

#[actix_web::test]
async fn a_rotation_shows_no_protected_facts_of_a_person_who_left() {
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
async fn an_enrolment_shows_no_protected_facts_of_a_person_who_left() {
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
async fn a_past_day_shows_no_protected_facts_of_a_person_who_left_since() {
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

const CADRES: &str = "code,national_id,full_name,gender,birth_on,ethnicity_code,native_place_code,joined_service_on,\
                      joined_party_on,category,rank_code,status\n\
                      N-01,999000000051,Cao Thị Nghỉ,FEMALE,1961-01-02,01,90101,1985-01-01,,CIVIL_SERVANT,,RETIRED\n\
                      N-02,999000000052,Cao Văn Mới,MALE,1990-01-02,01,90101,2015-01-01,,CIVIL_SERVANT,,ACTIVE\n\
                      N-03,999000000053,Cao Thị Chờ,FEMALE,1995-01-02,01,90101,,,CIVIL_SERVANT,,ACTIVE\n";
/// N-01 left two posts in different districts on one day, N-02 started two on one day, and N-03 never had a post.
const POSTS: &str = "cadre_code,unit_code,title_code,start_on,end_on,is_primary\n\
                     N-01,B1U,CC,2001-01-01,2011-01-01,true\n\
                     N-01,A1U,CC,2003-01-01,2011-01-01,false\n\
                     N-02,A2U,CC,2015-01-01,2016-01-01,true\n\
                     N-02,B1U,CC,2015-01-01,2016-01-01,false\n";
const DAYS: [&str; 9] = [
    "1999-12-31",
    "2002-06-01",
    "2009-06-01",
    "2010-01-01",
    "2011-01-01",
    "2012-06-01",
    "2015-06-01",
    "2016-01-01",
    "2026-06-01",
];

fn codes_of(nodes: &Value) -> Vec<String> {
    let nodes = nodes.as_array().unwrap_or_else(|| panic!("no list: {nodes}"));
    nodes.iter().map(|node| node["code"].as_str().expect("a code").to_owned()).collect()
}

/// Codes of the people without a post on the day, read from the tables.
async fn without_post(app: &TestApp, day: &str) -> BTreeSet<String> {
    let day: Day = day.parse().expect("a day");
    let reader = app.database.reader();
    let posts = assignment::Entity::find().all(reader).await.expect("posts");
    let cadres = cadre::Entity::find().all(reader).await.expect("cadres");
    let is_free = |of: &&cadre::Model| !posts.iter().any(|post| post.cadre_id == of.id && post.is_held_on(day));
    cadres.iter().filter(is_free).map(|of| of.code.to_string()).collect()
}

#[actix_web::test]
async fn people_without_a_post_are_listed_by_the_custody_of_their_file() {
    on_both(async |app| {
        app.import_text(&[("cadres.csv", CADRES), ("assignments.csv", POSTS)]).await;
        let everyone = cadre::Entity::find().all(app.database.reader()).await.expect("cadres");
        let mut counts = [0, 0];
        for units in [&["W"][..], &["P"], &["A"], &["B"], &["C"], &["A1"], &["B1U", "A2U"], &["PB"]] {
            let caller = app.caller(&["cadre:read"], units).await;
            for day in DAYS {
                let without = without_post(app, day).await;
                // A look-up by id or code finds a file only if it is in the custody of the caller.
                let look_ups: String = (0..)
                    .zip(&everyone)
                    .map(|(at, of)| format!("p{at}: cadre(by: {{code: \"{}\"}}, asOf: \"{day}\") {{ code }} ", of.code))
                    .collect();
                let found = caller.query(&format!("{{ {look_ups} }}")).await;
                let found = found.as_object().expect("an object").values();
                let in_custody = found.filter_map(|of| of["code"].as_str().map(str::to_owned));
                let expected: BTreeSet<String> = in_custody.filter(|code| without.contains(code)).collect();

                for order in ["NAME", "CODE", "UNIT"] {
                    let document = format!(
                        "{{ cadres(where: {{withPost: false}}, asOf: \"{day}\", first: 100,
                            orderBy: [{{field: {order}}}]) {{ nodes {{ code unit {{ code }} }} totalCount {{ value }} }} }}"
                    );
                    let list = caller.query(&document).await["cadres"].take();
                    let listed = codes_of(&list["nodes"]);
                    assert_eq!(listed.iter().cloned().collect::<BTreeSet<_>>(), expected, "{units:?} {document}");
                    assert_eq!(list["totalCount"]["value"], listed.len(), "{units:?} {document}");
                }
                counts[usize::from(units == ["W"])] += expected.len();

                let with = |filter: &str| {
                    format!("{{ cadres({filter} asOf: \"{day}\", first: 100) {{ nodes {{ code }} totalCount {{ value }} }} }}")
                };
                let (absent, with_post) = (with(""), with("where: {withPost: true},"));
                let with_post = caller.query(&with_post).await;
                assert_eq!(with_post, caller.query(&absent).await, "{units:?} {day}");
                assert!(codes_of(&with_post["cadres"]["nodes"]).iter().all(|code| !without.contains(code)));
            }
        }
        assert!(counts[0] > 30 && counts[1] > 20, "the control: callers have custody of people without a post");
    })
    .await;
}

#[actix_web::test]
async fn conditions_apply_to_the_post_whose_unit_has_custody_of_the_file() {
    on_both(async |app| {
        app.import_text(&[("cadres.csv", CADRES), ("assignments.csv", POSTS)]).await;
        let (all, a) = (app.caller(&["cadre:read"], &["W"]).await, app.caller(&["cadre:read"], &["A"]).await);
        for (caller, arguments, expected) in [
            (&all, "where: {withPost: false}", "A-05 N-01 N-02 N-03"),
            (&a, "where: {withPost: false}", "A-05 N-02"),
            (&all, r#"where: {withPost: false, unit: {code: "A1"}}"#, "A-05"),
            (&all, r#"where: {withPost: false, unit: {code: "A2U", reach: UNIT}}"#, "N-02"),
            (&all, r#"where: {withPost: false, titles: ["CC"]}"#, "N-01 N-02"),
            (&all, "where: {withPost: false, keyLeader: true}", "A-05"),
            (&all, r#"where: {withPost: false, not: {unit: {code: "A1"}}}"#, "N-01 N-02 N-03"),
            (&all, r#"where: {withPost: false, or: [{unit: {code: "A1"}}, {gender: FEMALE}]}"#, "A-05 N-01 N-03"),
            (&all, "where: {withPost: false, status: RETIRED}", "A-05 N-01"),
            (&all, "where: {withPost: false, status: ACTIVE}", "N-02 N-03"),
            (&all, r#"where: {withPost: false, codes: ["A-01", "A-05", "N-03"]}"#, "A-05 N-03"),
            (&a, r#"where: {withPost: false, codes: ["A-05", "N-01", "N-03"]}"#, "A-05"),
            (&all, r#"where: {withPost: false}, search: "cao""#, "N-01 N-02 N-03"),
            (&a, r#"where: {withPost: false}, search: "cao""#, "N-02"),
            (&a, r#"where: {withPost: false}, search: "N-01""#, ""),
            (&all, r#"where: {withPost: false}, search: "N-01""#, "N-01"),
        ] {
            let document = format!(
                "{{ cadres({arguments}, orderBy: [{{field: CODE}}]) {{ nodes {{ code }} totalCount {{ value }} }} }}"
            );
            let list = caller.query(&document).await["cadres"].take();
            let codes = codes_of(&list["nodes"]);
            assert_eq!(codes.join(" "), expected, "{:?} {document}", app.kind);
            assert_eq!(list["totalCount"]["value"], codes.len(), "{document}");
        }
        let of_unit = r#"{ unit(by: {code: "A"}) { cadres(where: {withPost: false}, orderBy: [{field: CODE}]) {
            nodes { code unit { code } assignments { unit { code } } } totalCount { value } } } }"#;
        let left =
            |code: &str, unit: &str| json!({"code": code, "unit": null, "assignments": [{"unit": {"code": unit}}]});
        let list = json!({"nodes": [left("A-05", "A1P"), left("N-02", "A2U")], "totalCount": {"value": 2}});
        assert_eq!(a.query(of_unit).await["unit"]["cadres"], list);

        let page = "query($after: String) { cadres(where: {withPost: false}, first: 3, after: $after) {
            nodes { code } pageInfo { endCursor hasNextPage } } }";
        let first = all.query_with(page, json!({})).await["cadres"].take();
        let next = all.query_with(page, json!({"after": first["pageInfo"]["endCursor"]})).await["cadres"].take();
        assert_eq!([codes_of(&first["nodes"]), codes_of(&next["nodes"])].concat().len(), 4);
        assert_eq!(
            (&first["pageInfo"]["hasNextPage"], &next["pageInfo"]["hasNextPage"]),
            (&json!(true), &json!(false))
        );

        for inner in ["and: [{withPost: false}]", "or: [{withPost: true}]", "not: {withPost: false}"] {
            let answer = all.ask(&format!("{{ cadres(where: {{{inner}}}) {{ nodes {{ code }} }} }}"), json!({})).await;
            let error = &answer["errors"][0]["extensions"];
            let field = format!("where.{}.withPost", inner.split(':').next().expect("a field"));
            assert_eq!((&error["code"], &error["field"]), (&json!("INVALID"), &json!(field)), "{inner}");
        }
    })
    .await;
}
