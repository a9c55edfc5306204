//! Cadres: look-ups, state on a day, lists with filters, search, order, pages and totals.

use cadre_api::demo;
use serde_json::{Value, json};

use crate::support::{Caller, TestApp, csv, on_both};

fn codes(of: &Value, pointer: &str) -> Vec<String> {
    let nodes = of.pointer(pointer).and_then(Value::as_array).unwrap_or_else(|| panic!("no {pointer} in {of:#}"));
    nodes.iter().map(|node| node["code"].as_str().expect("a code").to_owned()).collect()
}

/// The codes of a list with these arguments, all on one page.
async fn listed(caller: &Caller<'_>, arguments: &str) -> Vec<String> {
    let data = caller
        .query(&format!("{{ cadres(first: 100, {arguments}) {{ nodes {{ code }} totalCount {{ value }} }} }}"))
        .await;
    let found = codes(&data, "/cadres/nodes");
    assert_eq!(data["cadres"]["totalCount"]["value"], found.len(), "the total is the number of rows: {arguments}");
    found
}

async fn refused(caller: &Caller<'_>, document: &str, variables: Value) -> (String, String) {
    let answer = caller.ask(document, variables).await;
    let extensions = &answer["errors"][0]["extensions"];
    let text = |name: &str| extensions[name].as_str().unwrap_or_default().to_owned();
    (text("code"), text("field"))
}

#[actix_web::test]
async fn a_person_is_found_by_id_code_and_identity_number() {
    on_both(async |app| {
        let caller = app.all_seeing().await;
        let id = caller.query(r#"{ cadre(by: {code: "A-01"}) { id } }"#).await["cadre"]["id"].take();

        let data = caller
            .query_with(
                r#"query($id: ID!) {
                    id: cadre(by: {id: $id}) { code fullName gender category status joinedServiceOn rankCode unit { code } title { code } }
                    number: cadre(by: {nationalId: "999000000001"}) {
                        code identity { nationalId birthOn nativePlaceCode } political { joinedPartyOn } origin { ethnicity { code name } }
                    }
                    retired: cadre(by: {code: "A-05"}) { status joinedServiceOn rankCode unit { code } title { code } assignments { unit { code } endOn } }
                    serving: cadre(by: {code: "A-05"}, asOf: "2009-12-31") { unit { code } title { code } }
                    before: cadre(by: {code: "A-05"}, asOf: "1999-12-31") { unit { code } assignments { startOn } }
                    nobody: cadre(by: {code: "A-99"}) { code }
                    case: cadre(by: {code: "a-01"}) { code }
                    noId: cadre(by: {id: "cad_nothing"}) { code }
                    otherId: cadre(by: {id: "A-01"}) { code }
                    noNumber: cadre(by: {nationalId: "999000000000"}) { code }
                    empty: cadre(by: {nationalId: ""}) { code }
                }"#,
                json!({ "id": id }),
            )
            .await;

        assert_eq!(
            data,
            json!({
                "id": {
                    "code": "A-01", "fullName": "Lê Văn An", "gender": "MALE", "category": "CADRE", "status": "ACTIVE",
                    "joinedServiceOn": "1995-01-01", "rankCode": "01.003", "unit": {"code": "A1P"}, "title": {"code": "BT"},
                },
                "number": {
                    "code": "A-01",
                    "identity": {"nationalId": "999000000001", "birthOn": "1970-01-02", "nativePlaceCode": "97101"},
                    "political": {"joinedPartyOn": "1998-03-03"},
                    "origin": {"ethnicity": {"code": "01", "name": "Kinh (Việt)"}},
                },
                "retired": {
                    "status": "RETIRED", "joinedServiceOn": "1985-01-01", "rankCode": null, "unit": null, "title": null,
                    "assignments": [{"unit": {"code": "A1P"}, "endOn": "2010-01-01"}],
                },
                "serving": {"unit": {"code": "A1P"}, "title": {"code": "BT"}},
                "before": {"unit": null, "assignments": []},
                "nobody": null, "case": null, "noId": null, "otherId": null, "noNumber": null, "empty": null,
            })
        );
    })
    .await;
}

#[actix_web::test]
async fn a_key_has_exactly_one_member() {
    on_both(async |app| {
        let caller = app.all_seeing().await;
        for by in ["{}", r#"{code: "A-01", id: "x"}"#, "{code: null}"] {
            let document = format!("{{ cadre(by: {by}) {{ code }} }}");
            let (code, _) = refused(&caller, &document, json!({})).await;
            assert!(code == "BAD_VARIABLES", "{by}: {code}");
            let (code, _) = refused(
                &caller,
                "query($by: CadreKey!) { cadre(by: $by) { code } }",
                json!({ "by": {"code": "A-01", "id": "x"} }),
            )
            .await;
            assert!(code == "BAD_VARIABLES", "{code}");
        }
    })
    .await;
}

#[actix_web::test]
async fn an_identity_number_of_several_people_is_a_conflict() {
    let people = csv::cadres(
        "code,national_id,full_name,gender",
        "Q-01,999000000077,Lê Thị Một,FEMALE\nQ-02,999000000077,Lê Thị Hai,FEMALE\n",
    );
    let posts = csv::assignments("cadre_code,unit_code", "Q-01,A1U\nQ-02,B1U\n");
    on_both(async |app| {
        app.import_text(&[("cadres.csv", &people), ("assignments.csv", &posts)]).await;
        let document = r#"{ cadre(by: {nationalId: "999000000077"}) { code } }"#;

        let all = app.all_seeing().await;
        assert_eq!(refused(&all, document, json!({})).await.0, "CONFLICT");
        // A caller that reaches one of them does not learn that the other exists.
        let a = app.caller(&["cadre:read", "cadre.identity:read"], &["A"]).await;
        assert_eq!(a.query(document).await, json!({"cadre": {"code": "Q-01"}}));
    })
    .await;
}

#[actix_web::test]
async fn qualifications_count_from_the_last_possible_day_of_their_date() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;

        let data = caller
            .query(
                r#"fragment held on Cadre {
                    qualifications { level { code } grantedOn }
                    highest(subject: "POLITICAL_THEORY") { level { code } grantedOn institution { code } mode }
                }
                {
                    eve: cadre(by: {code: "A-01"}, asOf: "2016-12-30") { ...held }
                    day: cadre(by: {code: "A-01"}, asOf: "2016-12-31") { ...held }
                    month: cadre(by: {code: "A-01"}, asOf: "2005-06-29") { qualifications(subject: "PROFESSIONAL") { level { code } } }
                    monthsEnd: cadre(by: {code: "A-01"}, asOf: "2005-06-30") {
                        qualifications(subject: "PROFESSIONAL") { level { code } fieldCode institution { code name } mode }
                        highest(subject: "PROFESSIONAL") { level { code } }
                    }
                    none: cadre(by: {code: "A-04"}) { highest(subject: "POLITICAL_THEORY") { id } qualifications(subject: "POLITICAL_THEORY") { id } }
                }"#,
            )
            .await;

        let paper = |level: &str, on: &str| json!({"level": {"code": level}, "grantedOn": on});
        let (school, study) = (paper("INTERMEDIATE", "1993"), paper("UNIVERSITY", "2005-06"));
        let (middle, high) = (paper("INTERMEDIATE", "2008-05-20"), paper("ADVANCED", "2016"));
        let best = |level: &str, on: &str| json!({"level": {"code": level}, "grantedOn": on, "institution": {"code": "TCT"}, "mode": "PART_TIME"});
        assert_eq!(
            data["eve"],
            json!({"qualifications": [middle, school, study], "highest": best("INTERMEDIATE", "2008-05-20")})
        );
        assert_eq!(
            data["day"],
            json!({"qualifications": [middle, high, school, study], "highest": best("ADVANCED", "2016")})
        );
        assert_eq!(data["month"], json!({"qualifications": [{"level": {"code": "INTERMEDIATE"}}]}));
        assert_eq!(
            data["monthsEnd"],
            json!({
                "qualifications": [
                    {"level": {"code": "INTERMEDIATE"}, "fieldCode": null, "institution": {"code": "DHX", "name": "Trường Đại học Xứ"}, "mode": "REGULAR"},
                    {"level": {"code": "UNIVERSITY"}, "fieldCode": "7380101", "institution": {"code": "DHX", "name": "Trường Đại học Xứ"}, "mode": "WORK_STUDY"},
                ],
                "highest": {"level": {"code": "UNIVERSITY"}},
            })
        );
        assert_eq!(data["none"], json!({"highest": null, "qualifications": []}));
    })
    .await;
}

#[actix_web::test]
async fn posts_are_newest_first_and_the_later_primary_one_counts() {
    let people = csv::cadres("code,full_name,gender", "Q-03,Lê Thị Ba,FEMALE\n");
    let posts = csv::assignments(
        "cadre_code,unit_code,title_code,is_primary,start_on,end_on",
        "Q-03,A2U,CC,true,2010-01-01,\nQ-03,A1U,CT,true,2015-01-01,2020-01-01\nQ-03,A1P,UV,false,2018-01-01,\n",
    );
    on_both(async |app| {
        app.import_text(&[("cadres.csv", &people), ("assignments.csv", &posts)]).await;
        let caller = app.caller(&["cadre:read"], &["W"]).await;

        let data = caller
            .query(
                r#"fragment post on Cadre { unit { code } title { code } assignments { unit { code } title { code } startOn endOn isPrimary } }
                {
                    both: cadre(by: {code: "Q-03"}, asOf: "2016-01-01") { ...post }
                    one: cadre(by: {code: "Q-03"}) { ...post }
                    last: cadre(by: {code: "Q-03"}, asOf: "2019-12-31") { unit { code } }
                    turn: cadre(by: {code: "Q-03"}, asOf: "2020-01-01") { unit { code } }
                    sorted: cadres(orderBy: [{field: UNIT}, {field: CODE}], where: {unit: {code: "A2"}}, asOf: "2016-01-01") { nodes { code } }
                }"#,
            )
            .await;

        let early = json!({"unit": {"code": "A2U"}, "title": {"code": "CC"}, "startOn": "2010-01-01", "endOn": null, "isPrimary": true});
        let late = json!({"unit": {"code": "A1U"}, "title": {"code": "CT"}, "startOn": "2015-01-01", "endOn": "2020-01-01", "isPrimary": true});
        let beside = json!({"unit": {"code": "A1P"}, "title": {"code": "UV"}, "startOn": "2018-01-01", "endOn": null, "isPrimary": false});
        assert_eq!(data["both"], json!({"unit": {"code": "A1U"}, "title": {"code": "CT"}, "assignments": [late, early]}));
        assert_eq!(
            data["one"],
            json!({"unit": {"code": "A2U"}, "title": {"code": "CC"}, "assignments": [beside, late, early]})
        );
        assert_eq!((&data["last"]["unit"]["code"], &data["turn"]["unit"]["code"]), (&json!("A1U"), &json!("A2U")));
        assert_eq!(codes(&data, "/sorted/nodes"), ["Q-03", "A-03", "A-04", "M-01"], "Q-03 belongs to A1U on that day");
    })
    .await;
}

const ALL_CODES: [&str; 10] = ["A-01", "A-02", "A-03", "A-04", "A-06", "B-01", "B-02", "M-01", "P-01", "P-02"];

#[actix_web::test]
async fn each_filter_finds_the_matching_people() {
    let cases: &[(&str, &[&str])] = &[
        ("{}", &ALL_CODES),
        ("{and: []}", &ALL_CODES),
        ("{gender: null, titles: null, and: null}", &ALL_CODES),
        ("{or: []}", &[]),
        ("{not: {}}", &[]),
        (r#"{unit: {code: "A2"}}"#, &["A-03", "A-04"]),
        (r#"{unit: {code: "A2", reach: UNIT}}"#, &[]),
        (r#"{unit: {code: "A2U", reach: UNIT}}"#, &["A-03", "A-04"]),
        (r#"{unit: {code: "PB"}}"#, &[]),
        (r#"{unit: {code: "PB", hierarchy: PARTY}}"#, &["P-01", "P-02"]),
        (r#"{titles: ["BT", "CV"]}"#, &["A-01", "P-01", "P-02"]),
        ("{titles: []}", &[]),
        ("{keyLeader: true}", &["A-01", "A-02", "A-06", "B-01"]),
        ("{keyLeader: false}", &["A-01", "A-02", "A-03", "A-04", "B-02", "M-01", "P-01", "P-02"]),
        (r#"{keyLeader: true, titles: ["CT", "CC"]}"#, &["A-02", "A-06", "B-01"]),
        (r#"{keyLeader: true, unit: {code: "A1U"}}"#, &["A-02"]),
        // A-02 is chair in A1U and committee member in A1P. Conditions in one object apply to the same post; in two
        // objects, to any two posts.
        (r#"{titles: ["CT"], unit: {code: "A1P"}}"#, &[]),
        (r#"{and: [{titles: ["CT"]}, {unit: {code: "A1P"}}]}"#, &["A-02"]),
        ("{category: CADRE}", &["A-01", "A-02", "A-06", "B-01"]),
        ("{gender: FEMALE, category: CIVIL_SERVANT}", &["A-04", "B-02", "M-01", "P-02"]),
        (r#"{holds: {subject: "POLITICAL_THEORY"}}"#, &["A-01", "A-02", "A-03", "A-06", "B-01", "P-01", "P-02"]),
        (r#"{not: {holds: {subject: "POLITICAL_THEORY"}}}"#, &["A-04", "B-02", "M-01"]),
        (r#"{holds: {subject: "PROFESSIONAL", atLeast: "MASTER"}}"#, &["A-06", "P-01"]),
        (r#"{holds: {subject: "PROFESSIONAL", below: "UNIVERSITY"}}"#, &["A-03", "B-02"]),
        (r#"{holds: {subject: "POLITICAL_THEORY", below: "INTERMEDIATE"}}"#, &["A-03", "A-04", "B-02", "M-01", "P-02"]),
        (r#"{holds: {subject: "POLITICAL_THEORY", below: "ELEMENTARY"}}"#, &["A-04", "B-02", "M-01"]),
        (r#"{holds: {subject: "POLITICAL_THEORY", exactly: "INTERMEDIATE"}}"#, &["A-02", "A-06", "B-01"]),
        (
            r#"{holds: {subject: "POLITICAL_THEORY", atLeast: "ELEMENTARY", below: "ADVANCED"}}"#,
            &["A-02", "A-03", "A-06", "B-01", "P-02"],
        ),
        (r#"{holds: {subject: "POLITICAL_THEORY", atLeast: "ADVANCED", exactly: "INTERMEDIATE"}}"#, &[]),
        (r#"{or: [{gender: FEMALE}, {titles: ["BT"]}]}"#, &["A-01", "A-02", "A-04", "B-02", "M-01", "P-02"]),
        (r#"{or: [{gender: FEMALE}, {titles: ["BT"]}], category: CADRE}"#, &["A-01", "A-02"]),
        (r#"{not: {or: [{category: CADRE}, {unit: {code: "A"}}]}}"#, &["B-02", "M-01", "P-01", "P-02"]),
        ("{not: {not: {gender: MALE}}}", &["A-01", "A-03", "A-06", "B-01", "P-01"]),
        ("{and: [{gender: MALE}, {not: {category: CADRE}}]}", &["A-03", "P-01"]),
    ];
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        for (filter, expected) in cases {
            assert_eq!(listed(&caller, &format!("where: {filter}, orderBy: [{{field: CODE}}]")).await, *expected, "{filter}");
        }
        for (filter, day, expected) in [
            ("{}", "2009-12-31", ["A-03", "A-05", "M-01", "P-01"].as_slice()),
            ("{}", "2010-01-01", &["A-01", "A-03", "A-04", "M-01", "P-01", "P-02"]),
            (r#"{unit: {code: "A2"}}"#, "2015-12-31", &["A-04", "M-01"]),
            (r#"{unit: {code: "A2"}}"#, "2016-01-01", &["A-03", "A-04", "M-01"]),
            (r#"{unit: {code: "C"}}"#, "2019-12-31", &["A-06"]),
            (r#"{unit: {code: "C"}}"#, "2020-01-01", &[]),
            (r#"{holds: {subject: "POLITICAL_THEORY", atLeast: "ADVANCED"}}"#, "2016-12-30", &["P-01"]),
            (r#"{holds: {subject: "POLITICAL_THEORY", atLeast: "ADVANCED"}}"#, "2016-12-31", &["A-01", "P-01"]),
            (r#"{holds: {subject: "POLITICAL_THEORY", exactly: "INTERMEDIATE"}}"#, "2016-12-30", &["A-01", "A-02", "A-06", "B-01"]),
        ] {
            let arguments = format!(r#"where: {filter}, asOf: "{day}", orderBy: [{{field: CODE}}]"#);
            assert_eq!(listed(&caller, &arguments).await, *expected, "{filter} on {day}");
        }
        let within = r#"{ unit(by: {code: "A"}) { cadres(where: {keyLeader: true}, orderBy: [{field: CODE}]) { nodes { code } } alone: cadres(reach: UNIT) { nodes { code } } } }"#;
        let data = caller.query(within).await;
        assert_eq!(codes(&data, "/unit/cadres/nodes"), ["A-01", "A-02", "A-06"]);
        assert_eq!(codes(&data, "/unit/alone/nodes"), [] as [&str; 0]);
    })
    .await;
}

#[actix_web::test]
async fn a_search_folds_marks_case_and_order_and_takes_signs_literally() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        for (search, expected) in [
            ("duc", ["A-03"].as_slice()),
            ("ĐỨC", &["A-03"]),
            ("D\u{323}", &["A-04", "A-03"]),
            ("Đư\u{301}c", &["A-03"]),
            ("  van   Đ ", &["A-03"]),
            ("duc do van", &["A-03"]),
            ("an", &["A-01", "A-02"]),
            ("van", &["A-01", "A-03", "B-01", "A-06", "P-01"]),
            ("v", &["A-01", "M-01", "A-03", "B-01", "A-06", "P-01"]),
            ("uc", &[]),
            ("mark-n", &["B-02", "B-01"]),
            ("name", &["B-02", "B-01"]),
            ("%", &[]),
            ("_", &[]),
            ("\\", &[]),
            ("v%n", &[]),
            ("_an", &[]),
            ("an%", &[]),
            ("'", &[]),
            ("A-03", &["A-03"]),
            (" A-03 ", &["A-03"]),
            ("a-03", &["A-03"]),
            ("A-03 duc", &[]),
            ("A", &["A-01", "A-02"]),
            ("A-0", &[]),
            ("A-05", &[]),
        ] {
            let document = "query($search: String) { cadres(search: $search) { nodes { code } totalCount { value } } }";
            let data = caller.query_with(document, json!({ "search": search })).await;
            assert_eq!(codes(&data, "/cadres/nodes"), *expected, "{search:?}");
            assert_eq!(data["cadres"]["totalCount"]["value"], expected.len(), "{search:?}");
        }
    })
    .await;
}

#[actix_web::test]
async fn people_sort_by_given_name_code_and_unit() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        let by_name = ["A-01", "A-02", "M-01", "A-04", "A-03", "B-02", "B-01", "A-06", "P-01", "P-02"];
        let by_unit = ["A-01", "A-02", "A-03", "A-04", "B-01", "B-02", "M-01", "A-06", "P-01", "P-02"];
        let reversed = |codes: [&'static str; 10]| codes.into_iter().rev().collect::<Vec<_>>();
        for (order, expected) in [
            ("", by_name.to_vec()),
            ("orderBy: []", by_name.to_vec()),
            ("orderBy: [{field: NAME}]", by_name.to_vec()),
            ("orderBy: [{field: NAME, direction: DESC}]", reversed(by_name)),
            ("orderBy: [{field: CODE}]", ALL_CODES.to_vec()),
            ("orderBy: [{field: CODE, direction: DESC}]", reversed(ALL_CODES)),
            ("orderBy: [{field: UNIT}, {field: CODE}]", by_unit.to_vec()),
            ("orderBy: [{field: UNIT, direction: DESC}, {field: CODE, direction: DESC}]", reversed(by_unit)),
            (
                "orderBy: [{field: UNIT, direction: DESC}, {field: CODE}]",
                vec!["P-02", "P-01", "A-06", "B-01", "B-02", "M-01", "A-03", "A-04", "A-02", "A-01"],
            ),
            (
                "orderBy: [{field: UNIT}, {field: NAME, direction: DESC}]",
                vec!["A-01", "A-02", "A-03", "A-04", "B-01", "B-02", "M-01", "A-06", "P-01", "P-02"],
            ),
        ] {
            assert_eq!(listed(&caller, order).await, expected, "{order}");
        }
    })
    .await;
}

/// The whole list, read page by page from one end.
async fn all_pages(caller: &Caller<'_>, order: &str, size: &str, bound: &str) -> Vec<String> {
    let document = format!(
        "query($cursor: String) {{ cadres({size}: 7, {bound}: $cursor, orderBy: {order}) {{
            nodes {{ code }} edges {{ cursor node {{ code }} }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
    );
    let (mut all_pages, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let data = caller.query_with(&document, json!({ "cursor": cursor })).await;
        let (page, info) = (codes(&data, "/cadres/nodes"), &data["cadres"]["pageInfo"]);
        let edges = data["cadres"]["edges"].as_array().expect("edges");
        assert_eq!(info["startCursor"], edges.first().expect("a row")["cursor"]);
        assert_eq!(info["endCursor"], edges.last().expect("a row")["cursor"]);
        let (more, came_from, next) = match size {
            "first" => ("hasNextPage", "hasPreviousPage", "endCursor"),
            _ => ("hasPreviousPage", "hasNextPage", "startCursor"),
        };
        assert_eq!(info[came_from], json!(!cursor.is_null()));
        all_pages = if size == "first" { [all_pages, page].concat() } else { [page, all_pages].concat() };
        cursor = info[next].clone();
        if info[more] == json!(false) {
            return all_pages;
        }
        assert!(all_pages.len() < 200, "the pages end");
    }
}

/// A caller whose reach is 91 people of the demo, which fit on one page.
async fn demo_app(app: &TestApp) -> Caller<'_> {
    let folder = tempfile::tempdir().expect("a folder");
    demo::write_bundle(folder.path()).expect("written");
    app.import(folder.path()).await;
    app.caller(&["cadre:read"], &[demo::DISTRICT, demo::COMMUNE]).await
}

#[actix_web::test]
async fn pages_give_each_person_once_in_order_from_either_end() {
    on_both(async |app| {
        let caller = demo_app(app).await;
        for order in [
            "[{field: NAME}]",
            "[{field: NAME, direction: DESC}]",
            "[{field: CODE, direction: DESC}]",
            "[{field: UNIT}]",
            "[{field: UNIT, direction: DESC}, {field: NAME}]",
            "[{field: UNIT}, {field: CODE, direction: DESC}]",
        ] {
            let whole = listed(&caller, &format!("orderBy: {order}")).await;
            assert_eq!(whole.len(), 91);
            let different: std::collections::BTreeSet<_> = whole.iter().collect();
            assert_eq!(different.len(), 91, "each person once");

            assert_eq!(all_pages(&caller, order, "first", "after").await, whole, "{order}");
            assert_eq!(all_pages(&caller, order, "last", "before").await, whole, "{order}");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_page_can_be_bounded_from_both_sides() {
    on_both(async |app| {
        let caller = demo_app(app).await;
        let data = caller.query("{ cadres(first: 30, orderBy: [{field: CODE}]) { edges { cursor node { code } } } }").await;
        let cursor = |at: usize| data["cadres"]["edges"][at]["cursor"].clone();
        let document = "query($after: String, $before: String) {
            head: cadres(first: 3, after: $after, before: $before, orderBy: [{field: CODE}]) { nodes { code } pageInfo { hasNextPage hasPreviousPage } }
            tail: cadres(last: 3, after: $after, before: $before, orderBy: [{field: CODE}]) { nodes { code } pageInfo { hasNextPage hasPreviousPage } }
            none: cadres(last: 0, before: $before, orderBy: [{field: CODE}]) { nodes { code } pageInfo { startCursor } totalCount { value } }
        }";

        let data = caller.query_with(document, json!({ "after": cursor(9), "before": cursor(20) })).await;

        assert_eq!(codes(&data, "/head/nodes"), ["CB0011", "CB0012", "CB0013"]);
        assert_eq!(codes(&data, "/tail/nodes"), ["CB0018", "CB0019", "CB0020"]);
        assert_eq!(data["head"]["pageInfo"], json!({"hasNextPage": true, "hasPreviousPage": true}));
        assert_eq!(data["tail"]["pageInfo"], json!({"hasNextPage": true, "hasPreviousPage": true}));
        assert_eq!(data["none"], json!({"nodes": [], "pageInfo": {"startCursor": null}, "totalCount": {"value": 91}}));
    })
    .await;
}

#[actix_web::test]
async fn a_total_is_counted_up_to_its_bound() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        for (max, expected) in [
            ("", json!({"value": 10, "isExact": true})),
            ("(max: 2)", json!({"value": 2, "isExact": false})),
            ("(max: 9)", json!({"value": 9, "isExact": false})),
            ("(max: 10)", json!({"value": 10, "isExact": true})),
            ("(max: 1000000)", json!({"value": 10, "isExact": true})),
        ] {
            let data = caller.query(&format!("{{ cadres(first: 1) {{ totalCount{max} {{ value isExact }} }} }}")).await;
            assert_eq!(data["cadres"]["totalCount"], expected, "{max}");
        }
        for max in [0, -1, 1_000_001] {
            let document = format!("{{ cadres {{ totalCount(max: {max}) {{ value }} }} }}");
            assert_eq!(refused(&caller, &document, json!({})).await, ("INVALID".into(), "max".into()), "{max}");
        }
    })
    .await;
}

#[actix_web::test]
async fn people_are_found_by_codes_and_by_status() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        let (all, narrow) = (&caller, &app.caller(&["cadre:read"], &["A2"]).await);
        for (caller, condition, expected) in [
            (all, r#"codes: ["A-03", "A-01", "A-03", "NO", "no code"]"#, vec!["A-01", "A-03"]),
            (all, r#"codes: ["A-03", "A-01"], unit: {code: "A2"}"#, vec!["A-03"]),
            (all, "codes: []", vec![]),
            (all, r#"not: {codes: ["A-01"]}, unit: {code: "A1"}"#, vec!["A-02"]),
            (all, r#"codes: ["A-01"], status: ACTIVE"#, vec!["A-01"]),
            (all, r#"codes: ["A-01"], status: RETIRED"#, vec![]),
            (narrow, r#"codes: ["A-01", "A-03"]"#, vec!["A-03"]),
        ] {
            let document =
                format!("{{ cadres(where: {{{condition}}}, orderBy: [{{field: CODE}}]) {{ nodes {{ code }} }} }}");
            let data = caller.query(&document).await;
            let nodes = data["cadres"]["nodes"].as_array().expect("nodes");
            let codes: Vec<_> = nodes.iter().map(|node| node["code"].as_str().expect("a code")).collect();
            assert_eq!(codes, expected, "{:?}: {document}", app.kind);
        }
        let document = "query($codes: [String!]) { cadres(where: {codes: $codes}) { nodes { code } } }";
        let codes: Vec<_> = (0..101).map(|number| format!("C-{number}")).collect();
        let field = refused(&caller, document, json!({ "codes": codes })).await;
        assert_eq!(field, ("INVALID".into(), "where.codes".into()));
        caller.ask(document, json!({ "codes": codes[1..] })).await;
    })
    .await;
}

#[actix_web::test]
async fn institutions_and_ethnic_groups_are_listed_by_code() {
    on_both(async |app| {
        // The caller may read all origins: codes of ethnic groups are also marked values of the leak check.
        let caller = app.all_seeing().await;
        let data = caller.query("{ institutions { code name } ethnicGroups { code name code1979 } }").await;
        for list in ["institutions", "ethnicGroups"] {
            let rows = data[list].as_array().expect("rows");
            let codes: Vec<_> = rows.iter().map(|row| row["code"].as_str().expect("a code")).collect();
            assert!(codes.len() > 1 && codes.is_sorted(), "{list}: {codes:?}");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_failing_list_keeps_the_results_of_its_siblings() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        let document = r#"{ wrong: cadres(where: {titles: ["NO"]}) { nodes { code } } right: cadres(first: 1) { totalCount { value } } }"#;
        let answer = caller.post(&json!({ "query": document })).send().await.expect("an answer");
        let body: Value = answer.json().await.expect("JSON");
        assert_eq!(body["data"], json!({ "wrong": null, "right": { "totalCount": { "value": 10 } } }), "{body}");
        assert_eq!(body["errors"][0]["path"], json!(["wrong"]), "{body}");
    })
    .await;
}

#[actix_web::test]
async fn an_invalid_argument_of_a_list_is_refused_with_its_field() {
    let long = format!("search: \"{}\"", "a".repeat(101));
    let cases = [
        (r#"where: {titles: ["CT", "NO"]}"#, "where.titles"),
        (r#"where: {unit: {code: "NO"}}"#, "where.unit.code"),
        (r#"where: {and: [{titles: ["NO"]}]}"#, "where.and.titles"),
        (r#"where: {or: [{gender: MALE}, {unit: {code: ""}}]}"#, "where.or.unit.code"),
        (r#"where: {not: {holds: {subject: "PROFESSIONAL", below: "NO"}}}"#, "where.not.holds.below"),
        (r#"where: {holds: {subject: "NO"}}"#, "where.holds.subject"),
        (r#"where: {holds: {subject: "PROFESSIONAL", atLeast: "ADVANCED"}}"#, "where.holds.atLeast"),
        (r#"where: {holds: {subject: "PROFESSIONAL", exactly: ""}}"#, "where.holds.exactly"),
        ("first: 1, last: 1", "first"),
        ("first: 101", "first"),
        ("first: -1", "first"),
        ("last: 101", "last"),
        (r#"after: """#, "after"),
        (r#"before: "nothing""#, "before"),
        ("orderBy: [{field: NAME}, {field: NAME, direction: DESC}]", "orderBy"),
        (long.as_str(), "search"),
    ];
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        for (arguments, field) in cases {
            let document = format!("{{ cadres({arguments}) {{ nodes {{ code }} }} }}");
            assert_eq!(refused(&caller, &document, json!({})).await, ("INVALID".into(), field.into()), "{arguments}");
        }
        let document = "{ units(orderBy: [{field: CODE}, {field: NAME}, {field: CODE}]) { nodes { code } } }";
        assert_eq!(refused(&caller, document, json!({})).await, ("INVALID".into(), "orderBy".into()));
        let document = r#"{ cadre(by: {code: "A-01"}) { highest(subject: "NO") { id } } }"#;
        assert_eq!(refused(&caller, document, json!({})).await, ("INVALID".into(), "subject".into()));
        let document = r#"{ cadre(by: {code: "A-01"}) { qualifications(subject: "NO") { id } } }"#;
        assert_eq!(refused(&caller, document, json!({})).await, ("INVALID".into(), "subject".into()));
    })
    .await;
}

#[actix_web::test]
async fn a_filter_has_a_bounded_size() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        let document = "query($where: CadreWhere) { cadres(where: $where) { nodes { code } totalCount { value } } }";
        let unit = json!({"unit": {"code": "A2"}});
        let holds = json!({"subject": "PROFESSIONAL", "atLeast": "ELEMENTARY"});

        // The outermost object counts as well.
        let data = caller.query_with(document, json!({ "where": {"holds": holds, "or": vec![&unit; 99]} })).await;
        assert_eq!(data["cadres"]["totalCount"]["value"], 2);
        let many = [
            json!({"or": vec![&unit; 100]}),
            json!({"and": vec![json!({"or": vec![&unit; 10]}); 10]}),
            json!({"not": {"and": vec![json!({"not": {}}); 50]}}),
        ];
        for filter in many {
            let found = refused(&caller, document, json!({ "where": filter })).await;
            assert_eq!(found, ("INVALID".into(), "where".into()), "{filter}");
        }
        // Fewer conditions, but each is expensive, so the cost is over the limit.
        let expensive = json!({"or": vec![json!({"holds": holds}); 20]});
        let (code, _) = refused(&caller, document, json!({ "where": expensive })).await;
        assert_eq!(code, "OPERATION_TOO_COMPLEX");
        // The guard limits the depth, so the list never sees this filter.
        let deep = (0..40).fold(json!({}), |inner, _| json!({ "not": inner }));
        let (code, _) = refused(&caller, document, json!({ "where": deep })).await;
        assert_ne!(code, "INTERNAL");
        assert_ne!(code, "INVALID", "refused before the list is read");
        assert!(!code.is_empty());
    })
    .await;
}

#[actix_web::test]
async fn unusual_text_and_distant_days_cause_no_errors() {
    on_both(async |app| {
        let caller = app.all_seeing().await;
        let document = "query($text: String!, $id: ID!) {
            code: cadre(by: {code: $text}) { id } number: cadre(by: {nationalId: $text}) { id } id: cadre(by: {id: $id}) { id }
            found: cadres(search: $text) { nodes { id } totalCount { value } } units(search: $text) { nodes { id } }
            unit(by: {code: $text}) { id } node(id: $id) { id } kept: units(where: {adminCode: $text}) { nodes { id } }
        }";
        for text in ["\0", "A-01\0", "\u{feff}", "\u{10ffff}", "\u{202e}", "' OR 1=1 --", "\\\0%"] {
            let data = caller.query_with(document, json!({ "text": text, "id": text })).await;
            assert_eq!(
                data,
                json!({
                    "code": null, "number": null, "id": null, "found": {"nodes": [], "totalCount": {"value": 0}},
                    "units": {"nodes": []}, "unit": null, "node": null, "kept": {"nodes": []},
                }),
                "{text:?}"
            );
        }
        for day in ["1900-01-01", "2100-12-31"] {
            let document = format!(
                r#"{{ cadres(asOf: "{day}") {{ totalCount {{ value }} }} cadre(by: {{code: "A-01"}}, asOf: "{day}") {{ unit {{ code }} }} }}"#
            );
            let data = caller.query(&document).await;
            let expected = if day < "2000" { json!([0, null]) } else { json!([10, {"code": "A1P"}]) };
            assert_eq!(json!([data["cadres"]["totalCount"]["value"], data["cadre"]["unit"]]), expected, "{day}");
        }
    })
    .await;
}
