//! Gaps: the printed figures of the demo's people, as a count, as a list and person by person; days, reach, rounding.

use cadre_api::demo;
use serde_json::{Value, json};

use crate::support::{Caller, Kind, TestApp, csv, on_both};

/// A world with the people of the demo.
async fn demo_world(kind: Kind) -> TestApp {
    let app = TestApp::empty(kind).await;
    let folder = tempfile::tempdir().expect("a folder");
    demo::write_bundle(folder.path()).expect("written");
    let report = app.import(folder.path()).await;
    assert_eq!(report.errors, 0, "{:?}", report.findings);
    app
}

/// Standard, code, met, below and share of each requirement.
fn requirements(gap: &Value) -> Vec<(String, String, i64, i64, f64)> {
    let text = |of: &Value, pointer: &str| of.pointer(pointer).and_then(Value::as_str).expect(pointer).to_owned();
    let list = gap["requirements"].as_array().expect("requirements");
    list.iter()
        .map(|of| {
            let number = |name: &str| of[name].as_i64().expect(name);
            let percent = of["belowPercent"].as_f64().expect("a share");
            (text(of, "/standard/code"), text(of, "/requirement/code"), number("met"), number("below"), percent)
        })
        .collect()
}

fn row(standard: &str, code: &str, (met, below): (i64, i64), percent: f64) -> (String, String, i64, i64, f64) {
    (standard.to_owned(), code.to_owned(), met, below, percent)
}

const GAP: &str = "asOf holders met below exempt inTransition indeterminate notApplicable belowPercent isRounded
    requirements { standard { code } requirement { code } met below inTransition indeterminate belowPercent }
    standards { code }";

async fn gap(caller: &Caller<'_>, unit: &str, arguments: &str) -> Value {
    let arguments = if arguments.is_empty() { String::new() } else { format!("({arguments})") };
    let document = format!(r#"{{ unit(by: {{code: "{unit}"}}) {{ standardGap{arguments} {{ {GAP} }} }} }}"#);
    let gap = caller.query(&document).await["unit"]["standardGap"].take();
    let number = |name: &str| gap[name].as_i64().expect(name);
    let parts = ["met", "below", "exempt", "inTransition", "indeterminate", "notApplicable"].map(number);
    if gap["isRounded"] == false {
        assert_eq!(parts.iter().sum::<i64>(), number("holders"), "the parts add up: {gap}");
    }
    gap
}

/// Codes of the people of a list.
async fn listed(caller: &Caller<'_>, filter: &str, day: &str) -> Vec<String> {
    let document = format!(
        r#"{{ cadres(where: {{{filter}}}, asOf: "{day}", first: 100, orderBy: [{{field: CODE}}]) {{ nodes {{ code }} totalCount {{ value }} }} }}"#
    );
    let seen = caller.query(&document).await;
    let codes: Vec<_> = seen["cadres"]["nodes"].as_array().expect("a list").iter().map(code).collect();
    assert_eq!(seen["cadres"]["totalCount"]["value"], codes.len());
    codes
}

fn code(of: &Value) -> String {
    of["code"].as_str().expect("a code").to_owned()
}

/// Codes of the people of a unit whose result for a requirement is FAIL, person by person.
async fn failing(
    caller: &Caller<'_>,
    (unit, day): (&str, &str),
    (arguments, requirement): (&str, &str),
) -> Vec<String> {
    let document = format!(
        r#"query($after: String) {{ cadres(where: {{unit: {{code: "{unit}"}}}}, asOf: "{day}", first: 40, after: $after, orderBy: [{{field: CODE}}]) {{
            nodes {{ code standing{arguments} {{ result requirements {{ result requirement {{ code }} }} }} }}
            pageInfo {{ hasNextPage endCursor }} }} }}"#
    );
    let (mut people, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = caller.query_with(&document, json!({ "after": after })).await["cadres"].take();
        people.extend_from_slice(page["nodes"].as_array().expect("a list"));
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    let fails = |person: &&Value| {
        let standings = person["standing"].as_array().expect("standings");
        let each = standings.iter().flat_map(|of| of["requirements"].as_array().expect("requirements"));
        let mut of_code = each.filter(|of| of["requirement"]["code"] == requirement);
        if requirement.is_empty() {
            standings.iter().any(|of| of["result"] == "FAIL")
        } else {
            of_code.any(|of| of["result"] == "FAIL")
        }
    };
    people.iter().filter(fails).map(code).collect()
}

#[actix_web::test]
async fn the_printed_figures_come_out_as_a_count_as_a_list_and_person_by_person() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = demo_world(kind).await;
        let caller = app.caller(&["cadre:read"], &[demo::ROOT]).await;

        // 75 key leaders of Lương Tài: 42 without a university degree (56.0 %), 2 below intermediate (2.7 %), 8 below
        // intermediate political theory (10.7 %).
        let day = "2014-12-31";
        let seen = gap(&caller, demo::DISTRICT, &format!(r#"keyLeadersOnly: true, asOf: "{day}""#)).await;
        assert_eq!((&seen["holders"], &seen["asOf"], &seen["isRounded"]), (&json!(75), &json!(day), &json!(false)));
        let of_2011 = "BN-XA-2011";
        let expected = [
            row(of_2011, "CHUYEN-MON", (73, 2), 2.7),
            row(of_2011, "DAI-HOC", (33, 42), 56.0),
            row(of_2011, "LY-LUAN", (67, 8), 10.7),
        ];
        assert_eq!(requirements(&seen), expected, "{kind:?}");
        assert_eq!(seen["standards"], json!([{"code": of_2011}]));
        let unit = format!(r#"unit: {{code: "{}"}}, keyLeader: true"#, demo::DISTRICT);
        for (requirement, people) in [("CHUYEN-MON", 2), ("DAI-HOC", 42), ("LY-LUAN", 8)] {
            let filter = format!(r#"{unit}, belowStandard: {{requirement: "{requirement}"}}"#);
            let list = listed(&caller, &filter, day).await;
            assert_eq!(list.len(), people, "{kind:?} {requirement}");
            assert_eq!(
                failing(&caller, (demo::DISTRICT, day), ("", requirement)).await,
                list,
                "{kind:?} {requirement}"
            );
        }
        let below = listed(&caller, &format!("{unit}, belowStandard: {{}}"), day).await;
        assert_eq!(seen["below"], below.len(), "{kind:?}");
        assert!((8..=10).contains(&below.len()), "a person below both counts once: {below:?}");
        assert_eq!(failing(&caller, (demo::DISTRICT, day), ("", "")).await, below, "{kind:?}");

        // The standard of 2021 against the people of 2014: university is a MUST, without a transition.
        let named = r#"standard: "BN-XA-2021""#;
        let seen = gap(&caller, demo::DISTRICT, &format!(r#"keyLeadersOnly: true, asOf: "{day}", {named}"#)).await;
        let of_2021 = "BN-XA-2021";
        let expected = [row(of_2021, "CHUYEN-MON", (33, 42), 56.0), row(of_2021, "LY-LUAN", (67, 8), 10.7)];
        assert_eq!(requirements(&seen), expected, "{kind:?}");
        let below = listed(&caller, &format!("{unit}, belowStandard: {{{named}}}"), day).await;
        assert_eq!(seen["below"], below.len());
        assert!((42..=50).contains(&below.len()), "{below:?}");
        let standing = format!("({named})");
        assert_eq!(failing(&caller, (demo::DISTRICT, day), (&standing, "")).await, below, "{kind:?}");

        // 16 members of the committee of Thanh Nưa: 1 without a university degree (6.25 %), 2 below intermediate
        // political theory (12.5 %).
        let day = "2021-12-31";
        let asked = format!(r#"titles: ["X_UV"], asOf: "{day}", decimals: 2"#);
        let seen = gap(&caller, demo::COMMUNE, &asked).await;
        assert_eq!(seen["holders"], 16);
        let expected = [row("CAP-UY-XA", "CHUYEN-MON", (15, 1), 6.25), row("CAP-UY-XA", "LY-LUAN", (14, 2), 12.5)];
        assert_eq!(requirements(&seen), expected, "{kind:?}");
        let unit = format!(r#"unit: {{code: "{}"}}, titles: ["X_UV"]"#, demo::COMMUNE);
        let list = listed(&caller, &format!(r#"{unit}, belowStandard: {{requirement: "LY-LUAN"}}"#), day).await;
        assert_eq!(list.len(), 2);
        assert_eq!(failing(&caller, (demo::COMMUNE, day), ("", "LY-LUAN")).await, list);
        app.stop().await;
    }
}

#[actix_web::test]
async fn a_transition_ends_at_midnight_and_a_standard_begins_at_midnight() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = demo_world(kind).await;
        let caller = app.caller(&["cadre:read"], &[demo::DISTRICT]).await;
        for (day, standard, result, counts) in [
            ("2010-12-31", None, "notApplicable", 75),
            ("2011-01-01", Some("BN-XA-2011"), "below", 8),
            ("2020-12-31", Some("BN-XA-2011"), "below", 8),
            ("2021-01-01", Some("BN-XA-2021"), "inTransition", 38),
            ("2028-07-31", Some("BN-XA-2021"), "inTransition", 38),
            ("2028-08-01", Some("BN-XA-2021"), "inTransition", 0),
        ] {
            let seen = gap(&caller, demo::DISTRICT, &format!(r#"keyLeadersOnly: true, asOf: "{day}""#)).await;
            let standards: Vec<_> = standard.iter().map(|code| json!({ "code": code })).collect();
            assert_eq!(seen["standards"], json!(standards), "{kind:?} {day}");
            if result == "below" {
                assert!(seen["below"].as_i64().expect("a number") >= counts, "{kind:?} {day}: {seen}");
            } else {
                assert_eq!(seen[result], counts, "{kind:?} {day}: {seen}");
            }
            let list = listed(&caller, "belowStandard: {}, keyLeader: true", day).await;
            assert_eq!(seen["below"], list.len(), "{kind:?} {day}");
        }
        app.stop().await;
    }
}

#[actix_web::test]
async fn a_person_stands_by_each_title_with_the_level_the_deadline_and_the_programmes() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["P"]).await;
        let fields =
            "title { code } unit { code } result requirements { standard { code } requirement { code level { code } }
            result have { code } deadline programmes { code } }";
        let standing = async |code: &str, arguments: &str| {
            let document = format!(r#"{{ cadre(by: {{code: "{code}"}}) {{ standing{arguments} {{ {fields} }} }} }}"#);
            caller.query(&document).await["cadre"]["standing"].take()
        };
        let check = |(standard, code, level): (&str, &str, &str), result: &str, have: Value| {
            json!({"standard": {"code": standard}, "requirement": {"code": code, "level": {"code": level}},
                   "result": result, "have": have, "deadline": null, "programmes": []})
        };
        // A-02 is chair in A1U and a member of the committee in A1P, for which there is no standard.
        let seen = standing("A-02", "").await;
        let theory = check(("TC-A", "LL", "ADVANCED"), "FAIL", json!({"code": "INTERMEDIATE"}));
        let degree = check(("TC-A", "TD", "UNIVERSITY"), "PASS", json!({"code": "UNIVERSITY"}));
        let chair = json!({"title": {"code": "CT"}, "unit": {"code": "A1U"}, "result": "FAIL",
                           "requirements": [theory, degree]});
        let member =
            json!({"title": {"code": "UV"}, "unit": {"code": "A1P"}, "result": "NOT_APPLICABLE", "requirements": []});
        assert_eq!(seen, json!([member, chair]));
        assert_eq!(standing("A-02", r#"(title: "CT")"#).await, json!([chair]));

        // A-04 is a civil servant in A2U: as chair there, without any recorded political theory.
        let seen = standing("A-04", r#"(title: "CT")"#).await;
        assert_eq!(seen[0]["unit"]["code"], "A2U");
        assert_eq!(seen[0]["requirements"][0]["have"], Value::Null);
        assert_eq!(seen[0]["result"], "FAIL");

        // B-01 has time until 2030.
        let programmes = csv::programmes(
            "code,name,subject,level",
            "CC-1,Cao cấp,POLITICAL_THEORY,ADVANCED\nTC-1,Trung cấp,POLITICAL_THEORY,INTERMEDIATE\n",
        );
        app.import_text(&[("programmes.csv", &programmes)]).await;
        let seen = standing("B-01", "").await;
        assert_eq!(seen[0]["result"], "IN_TRANSITION");
        assert_eq!(seen[0]["requirements"][0]["deadline"], "2030-01-01");
        let codes = seen[0]["requirements"][0]["programmes"].as_array().expect("programmes").clone();
        assert!(codes.contains(&json!({"code": "CC-1"})) && !codes.contains(&json!({"code": "TC-1"})), "{codes:?}");
        assert_eq!(standing("B-01", r#"(standard: "TC-A")"#).await[0]["result"], "NOT_APPLICABLE", "B is not below A");

        for (arguments, code) in [(r#"(title: "ZZ")"#, "INVALID"), (r#"(standard: "ZZ")"#, "INVALID")] {
            let document = format!(r#"{{ cadre(by: {{code: "A-02"}}) {{ standing{arguments} {{ result }} }} }}"#);
            assert_eq!(caller.errors(&document).await, [code], "{arguments}");
        }
    })
    .await;
}

#[actix_web::test]
async fn gaps_and_lists_of_a_client_contain_only_posts_within_its_reach() {
    on_both(async |app| {
        // M-02 is chair in B1U, and a civil servant in A2U.
        let cadres = csv::cadres("code,national_id,full_name", "M-02,999000000071,Lê Văn Hai\n");
        let posts = csv::assignments("cadre_code,unit_code,title_code,is_primary", "M-02,B1U,CT,true\nM-02,A2U,CC,false\n");
        let standards = csv::standards("code,issuer_code", "S-P,P\n");
        let scopes = csv::standard_scopes("standard_code,title_code", "S-P,CT\n");
        let requirement = csv::requirements("standard_code,code,level", "S-P,TD,DOCTORATE\n");
        app.import_text(&[
            ("cadres.csv", &cadres),
            ("assignments.csv", &posts),
            ("standards.csv", &standards),
            ("standard_scopes.csv", &scopes),
            ("requirements.csv", &requirement),
        ])
        .await;
        let (all, a) = (app.caller(&["cadre:read"], &["P"]).await, app.caller(&["cadre:read"], &["A"]).await);
        let day = "2026-06-01";

        assert_eq!(listed(&all, "belowStandard: {}", day).await, ["A-02", "A-06", "B-01", "M-02"]);
        assert_eq!(listed(&a, "belowStandard: {}", day).await, ["A-02", "A-06"]);
        let seen = a.query(r#"{ cadre(by: {code: "M-02"}) { standing { title { code } result } } }"#).await;
        assert_eq!(seen["cadre"]["standing"], json!([{"title": {"code": "CC"}, "result": "NOT_APPLICABLE"}]));
        let province = gap(&all, "P", "").await;
        assert_eq!(province["below"], 4);
        assert_eq!(gap(&a, "A", "").await["below"], 2);
        let errors = a.query(r#"{ unit(by: {code: "B"}) { standardGap { holders } } }"#).await;
        assert_eq!(errors["unit"], Value::Null);

        // The condition and the other conditions on the post concern one post.
        assert_eq!(listed(&all, r#"belowStandard: {}, unit: {code: "A"}"#, day).await, ["A-02", "A-06"]);
        assert_eq!(listed(&all, r#"belowStandard: {}, titles: ["CC"]"#, day).await, [""; 0]);
        let of_unit = r#"{ unit(by: {code: "A"}) { cadres(where: {belowStandard: {}}, orderBy: [{field: CODE}]) { nodes { code } } } }"#;
        let seen = all.query(of_unit).await;
        assert_eq!(seen["unit"]["cadres"]["nodes"], json!([{"code": "A-02"}, {"code": "A-06"}]));
        let not = listed(&all, r#"unit: {code: "A1U"}, not: {belowStandard: {}}"#, day).await;
        assert_eq!(not, [""; 0]);

        let refused = [
            r#"{ cadres(where: {belowStandard: {}, withPost: false}) { nodes { code } } }"#,
            r#"{ cadres(where: {belowStandard: {standard: "ZZ"}}) { nodes { code } } }"#,
            r#"{ cadres(where: {belowStandard: {requirement: "ZZ"}}) { nodes { code } } }"#,
            r#"{ cadres(where: {belowStandard: {standard: "S-P", requirement: "LL"}}) { nodes { code } } }"#,
            r#"{ unit(by: {code: "P"}) { standardGap(standard: "ZZ") { holders } } }"#,
            r#"{ unit(by: {code: "P"}) { standardGap(decimals: 7) { holders } } }"#,
        ];
        for document in refused {
            assert_eq!(all.errors(document).await, ["INVALID"], "{document}");
        }
    })
    .await;
}

#[actix_web::test]
async fn an_unverified_standard_decides_nothing_and_statistics_are_rounded() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = demo_world(kind).await;
        let standards = csv::standards("code,verification,valid_from", "U-1,UNVERIFIED,2010-01-01\n");
        let scopes = csv::standard_scopes("standard_code,title_code", "U-1,X_CC\n");
        let requirement = csv::requirements("standard_code,code,level", "U-1,TD,DOCTORATE\n");
        app.import_text(&[
            ("standards.csv", &standards),
            ("standard_scopes.csv", &scopes),
            ("requirements.csv", &requirement),
        ])
        .await;
        let caller = app.caller(&["cadre:read"], &[demo::ROOT]).await;
        let seen = gap(&caller, demo::COMMUNE, r#"titles: ["X_CC"], asOf: "2021-12-31""#).await;
        assert_eq!((&seen["holders"], &seen["indeterminate"], &seen["below"]), (&json!(11), &json!(11), &json!(0)));
        let list = listed(&caller, r#"titles: ["X_CC"], belowStandard: {}"#, "2021-12-31").await;
        assert_eq!(list, [""; 0]);

        let counter = app.caller(&["stats:read"], &[demo::ROOT]).await;
        let exact = gap(&caller, demo::DISTRICT, r#"keyLeadersOnly: true, asOf: "2014-12-31""#).await;
        let rounded = gap(&counter, demo::DISTRICT, r#"keyLeadersOnly: true, asOf: "2014-12-31""#).await;
        assert_eq!(rounded["isRounded"], true);
        let near = |pointer: &str| {
            let number = |of: &Value| of.pointer(pointer).and_then(Value::as_i64).expect(pointer);
            let (rounded, exact) = (number(&rounded), number(&exact));
            assert!(rounded % 5 == 0 && rounded.abs_diff(exact) < 5, "{kind:?} {pointer}: {rounded} of {exact}");
        };
        for pointer in
            ["/holders", "/met", "/below", "/requirements/0/below", "/requirements/1/below", "/requirements/1/met"]
        {
            near(pointer);
        }
        // The same people have one rounded number.
        let total = counter
            .query(&format!(
                r#"{{ unit(by: {{code: "{}"}}, asOf: "2014-12-31") {{ composition(subject: "PROFESSIONAL", keyLeadersOnly: true) {{ total }} }} }}"#,
                demo::DISTRICT
            ))
            .await;
        assert_eq!(total["unit"]["composition"]["total"], rounded["holders"]);
        app.stop().await;
    }
}
