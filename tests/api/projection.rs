//! Headcounts and page keys agree with posts and qualifications after every operation, and responses are the same with
//! and without them. Each test application is verified when it stops, so the tests of commands and imports test this as
//! well.

use std::cell::Cell;

use cadre_api::{clock::Clock, demo, domain::maintenance, import::Outcome, projection};
use entity::{headcount, headcount_state};
use fastrand::Rng;
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use crate::support::{Caller, Kind, TestApp, clock, csv, on_both, postgres::setting, program};

const QUERIES: usize = 300;

/// The root, a district and a commune of the demo, some other units, and a former unit.
const UNITS: [&str; 6] = [demo::ROOT, "BN", demo::DISTRICT, "BN-LT-01-DU", demo::COMMUNE, "DB-DB"];

/// Queries that certainly use counts, keys among all people, keys of a branch, and titles of a past day.
const SURE: [&str; 4] = [
    r#"{ unit(by: {code: "TW"}, asOf: "2026-06-01") { composition(subject: "PROFESSIONAL") { total levels { count } } } }"#,
    r#"query($cursor: String) { list: cadres(first: 100, after: $cursor, asOf: "2026-06-01",
        where: {unit: {code: "TW"}, holds: {subject: "PROFESSIONAL", atLeast: "COLLEGE"}}) { pageInfo { endCursor } nodes { code } } }"#,
    r#"query($cursor: String) { list: cadres(first: 7, after: $cursor, asOf: "2026-06-01",
        where: {unit: {code: "BN"}, holds: {subject: "PROFESSIONAL", atLeast: "COLLEGE"}}) { pageInfo { endCursor } nodes { code } } }"#,
    r#"{ unit(by: {code: "BN"}) { standardGap(asOf: "2014-12-31") { holders met below notApplicable } } }"#,
];

/// The first day of the random queries, in the past of the test application.
const FOLDED: &str = "2012-01-01T05:00:00Z";

async fn execute(app: &TestApp, sql: &str) -> u64 {
    let done = app.database.writer().execute_unprepared(sql).await.expect(sql);
    done.rows_affected()
}

/// Disables counts and keys, or enables them again.
async fn disable_projections(app: &TestApp) {
    execute(app, "UPDATE headcount_state SET version = -version").await;
}

async fn demo_app(kind: Kind) -> TestApp {
    let folder = tempfile::tempdir().expect("a folder");
    demo::write_bundle(folder.path()).expect("written");
    let app = TestApp::empty(kind).await;
    assert_eq!(app.import(folder.path()).await.outcome, Outcome::Loaded);
    app
}

/// A random query. Counts and keys support some of them; others have a day, titles or a reach that they do not support.
fn query(draw: &mut Rng) -> String {
    let unit = UNITS[draw.usize(..UNITS.len())];
    let subject = ["PROFESSIONAL", "POLITICAL_THEORY", "STATE_MANAGEMENT"][draw.usize(..3)];
    let day = ["2008-05-05", "2012-01-01", "2014-03-04", "2019-06-30", "2026-06-01", "2030-01-01"][draw.usize(..6)];
    let reach = ["UNIT", "SUBTREE", "SUBTREE"][draw.usize(..3)];
    let hierarchy = ["ADMINISTRATIVE", "ADMINISTRATIVE", "PARTY"][draw.usize(..3)];
    if draw.u8(..4) == 0 {
        return gap(draw, (unit, day), (reach, hierarchy));
    }
    if draw.u8(..3) == 0 {
        let titles = ["", r#", titles: ["X_UV", "X_BT"]"#][usize::from(draw.u8(..4) == 0)];
        return format!(
            r#"{{ unit(by: {{code: "{unit}"}}, asOf: "{day}") {{ composition(subject: "{subject}", keyLeadersOnly: {},
                reach: {reach}, hierarchy: {hierarchy}{titles}) {{ total levels {{ level {{ code }} count percent }} }} }} }}"#,
            draw.bool(),
        );
    }
    let levels: &[&str] = match subject {
        "PROFESSIONAL" => &["COLLEGE", "UNIVERSITY", "MASTER"],
        "POLITICAL_THEORY" => &["ELEMENTARY", "INTERMEDIATE", "ADVANCED"],
        _ => &["SPECIALIST"],
    };
    let level = levels[draw.usize(..levels.len())];
    let holds = match draw.u8(..6) {
        0 => String::new(),
        1 => format!(r#"holds: {{subject: "{subject}"}}"#),
        2 => format!(r#"holds: {{subject: "{subject}", below: "{level}"}}"#),
        3 => format!(r#"holds: {{subject: "{subject}", exactly: "{level}"}}"#),
        _ => format!(r#"holds: {{subject: "{subject}", atLeast: "{level}"}}"#),
    };
    let search = ["", "", "", "", r#", search: "nguyen""#, r#", search: "h t""#, r#", search: "an""#][draw.usize(..7)];
    let more = ["", "", "", "", "", "keyLeader: true", "keyLeader: false", "gender: FEMALE"][draw.usize(..8)];
    let down = ", orderBy: [{field: NAME, direction: DESC}]";
    let order = ["", "", down, ", orderBy: [{field: CODE}]"][draw.usize(..4)];
    let page = ["first: 7, after: $cursor", "first: 7, after: $cursor", "last: 5, before: $cursor"][draw.usize(..3)];
    let fields =
        "pageInfo { startCursor endCursor hasNextPage hasPreviousPage } totalCount(max: 100000) { value isExact }
        nodes { code }";
    if draw.u8(..4) == 0 {
        return format!(
            r#"query($cursor: String) {{ unit(by: {{code: "{unit}"}}, asOf: "{day}") {{
                list: cadres(reach: {reach}, where: {{{holds}}}, {page}{order}) {{ {fields} }} }} }}"#
        );
    }
    format!(
        r#"query($cursor: String) {{ list: cadres(asOf: "{day}", {page}{order}{search},
            where: {{unit: {{code: "{unit}", reach: {reach}, hierarchy: {hierarchy}}}, {holds} {more}}}) {{ {fields} }} }}"#
    )
}

/// A random gap. Those of a few units are counted from the posts.
fn gap(draw: &mut Rng, (unit, day): (&str, &str), (reach, hierarchy): (&str, &str)) -> String {
    let more = ["", "", "", r#", titles: ["X_UV", "X_CT"]"#, r#", standard: "BN-XA-2021""#][draw.usize(..5)];
    format!(
        r#"{{ unit(by: {{code: "{unit}"}}) {{ standardGap(asOf: "{day}", keyLeadersOnly: {}, reach: {reach},
            hierarchy: {hierarchy}{more}) {{ holders met below inTransition indeterminate notApplicable
            requirements {{ standard {{ code }} requirement {{ code }} met below inTransition indeterminate }} }} }} }}"#,
        draw.bool(),
    )
}

/// A random caller and query. The last two callers may see only numbers.
fn random_query(draw: &mut Rng, callers: usize) -> (usize, String) {
    let caller = draw.usize(..callers);
    loop {
        let query = query(draw);
        if caller < callers - 2 || query.contains("composition") || query.contains("standardGap(") {
            return (caller, query);
        }
    }
}

/// The responses to a query and to its further pages.
async fn pages_of(caller: &Caller<'_>, query: &str) -> Vec<Value> {
    let (mut pages, mut cursor) = (Vec::new(), Value::Null);
    for _ in 0..4 {
        let mut page = caller.ask(query, json!({ "cursor": cursor })).await;
        let info = page.pointer("/data/list/pageInfo").or(page.pointer("/data/unit/list/pageInfo"));
        let ends = ["endCursor", "startCursor"][usize::from(query.contains("last:"))];
        cursor = info.map(|info| info[ends].clone()).unwrap_or_default();
        if let Some(errors) = page.get_mut("errors") {
            *errors =
                errors.as_array().into_iter().flatten().map(|error| error["extensions"]["code"].clone()).collect();
        }
        pages.push(page);
        if cursor.is_null() || !query.contains("$cursor") {
            break;
        }
    }
    pages
}

#[actix_web::test]
async fn responses_are_the_same_with_and_without_counts_and_keys() {
    let seed = setting("CADRE_TEST_SEED").map_or_else(|| fastrand::u64(..), |seed| seed.parse().expect("a seed"));
    println!("CADRE_TEST_SEED={seed}");
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = demo_app(kind).await;
        // A clock years ago, so that the counts of many days are in the future.
        let long_ago = Clock::Fixed(FOLDED.parse().expect("a moment"));
        maintenance::rebuild_projections(&app.database, long_ago).await.expect("rebuilt");
        app.app_state.refresh().await.expect("the snapshot contains the version of the counts");
        let to_come = "SELECT count(*) FROM headcount WHERE day > '1800-01-01'";
        assert!(number(&app, to_come).await > 100, "the control: some changes are later than the folded day");
        let callers = [
            app.caller(&["cadre:read"], &[demo::ROOT]).await,
            app.caller(&["cadre:read"], &[demo::DISTRICT]).await,
            app.caller(&["cadre:read"], &["BN-LT-01-DU", demo::COMMUNE]).await,
            app.caller(&["stats:read"], &[demo::ROOT]).await,
            app.caller(&["stats:read"], &[demo::DISTRICT]).await,
        ];
        let mut draw = Rng::with_seed(seed);
        let random_query = (0..QUERIES).map(|_| random_query(&mut draw, callers.len()));
        let queries: Vec<_> = SURE.iter().map(|query| (0, (*query).to_owned())).chain(random_query).collect();

        let with = answers(&callers, &queries).await;
        disable_projections(&app).await;
        let without = answers(&callers, &queries).await;
        disable_projections(&app).await;
        // The control: if counts and keys are wrong, so are many responses.
        execute(&app, "UPDATE headcount SET people = people + 1 WHERE day = '1800-01-01'").await;
        execute(&app, "DELETE FROM level_index WHERE cadre_id IN (SELECT id FROM cadre WHERE code LIKE '%3')").await;
        execute(&app, "DELETE FROM title_index WHERE cadre_id IN (SELECT id FROM cadre WHERE code LIKE '%3')").await;
        let bent = answers(&callers, &queries).await;
        execute(&app, "UPDATE level_index SET branch_id = cadre_id").await;
        let without_branches = answers(&callers, &queries).await;
        maintenance::rebuild_projections(&app.database, long_ago).await.expect("rebuilt");

        let (mut counted, mut listed, mut by_branch, mut judged) = (0, 0, 0, 0);
        for (at, (caller, query)) in queries.iter().enumerate() {
            assert_eq!(with[at], without[at], "{kind:?}, caller {caller}, seed {seed}: {query}");
            let differs = bent[at] != with[at];
            counted += usize::from(differs && query.contains("composition"));
            judged += usize::from(differs && query.contains("standardGap"));
            listed += usize::from(nodes(&bent[at]) != nodes(&with[at]));
            by_branch += usize::from(nodes(&without_branches[at]) != nodes(&bent[at]));
        }
        let read = [counted, listed, by_branch, judged];
        assert!(!read.contains(&0), "the control: {read:?} are read from counts, keys, branches, titles, seed {seed}");
        app.stop().await;
    }
}

async fn answers(callers: &[Caller<'_>], queries: &[(usize, String)]) -> Vec<Vec<Value>> {
    let mut answers = Vec::new();
    for (caller, query) in queries {
        answers.push(pages_of(&callers[*caller], query).await);
    }
    answers
}

fn nodes(pages: &[Value]) -> Vec<Option<&Value>> {
    pages.iter().map(|page| page.pointer("/data/list/nodes").or(page.pointer("/data/unit/list/nodes"))).collect()
}

async fn number(app: &TestApp, sql: &str) -> i64 {
    let select = sea_orm::Statement::from_string(app.database.backend(), sql);
    let row = app.database.reader().query_one_raw(select).await.expect("an answer").expect("a row");
    row.try_get_by_index(0).expect("a number")
}

/// A description of the differences, or `None`.
async fn verified(app: &TestApp) -> Option<String> {
    let snapshot = app.database.snapshot().await.expect("a snapshot");
    projection::verify(&snapshot).await.expect("read").err().map(|difference| difference.to_string())
}

/// Changes of the tables outside of the program, and a part of the report about each.
fn table_changes(kind: Kind) -> Vec<(String, &'static str)> {
    let of_a = "unit_id = (SELECT id FROM unit WHERE code = 'A')";
    let of_subtree = format!("scope = 'ADMINISTRATIVE' AND {of_a}");
    let all = format!("{of_subtree} AND NOT key_leaders AND subject_code = ''");
    let masters = format!("{of_subtree} AND key_leaders AND subject_code = 'PROFESSIONAL' AND rank = 5");
    let person = "cadre_id = (SELECT id FROM cadre WHERE code = 'A-03')";
    let key = format!("{person} AND subject_code = 'PROFESSIONAL'");
    let bytes = if kind == Kind::Sqlite { "x'00'" } else { "'\\x00'" };
    let of_person = "page key of person A-03 (unit ";
    let words = "the search words of A-03";
    let of_titles = "the titles with levels of A-03 differ";
    vec![
        (
            format!("UPDATE headcount SET people = people + 2 WHERE {all}"),
            "count of unit A (ADMINISTRATIVE) from 2026-06-01 on: expected 5, found 7",
        ),
        (
            format!("DELETE FROM headcount WHERE {masters}"),
            "count of unit A (ADMINISTRATIVE, key leaders, PROFESSIONAL rank 5) from 2026-06-01 on: expected 1, found 0",
        ),
        (
            format!(
                "INSERT INTO headcount SELECT scope, unit_id, key_leaders, 'PROFESSIONAL', 6, '2031-02-03', 1 \
                 FROM headcount WHERE {all}"
            ),
            "count of unit A (ADMINISTRATIVE, PROFESSIONAL rank 6) from 2031-02-03 on: expected 0, found 1",
        ),
        (format!("DELETE FROM level_index WHERE {key}"), "a key is missing"),
        (format!("UPDATE level_index SET rank = rank + 1 WHERE {person}"), of_person),
        (format!("UPDATE level_index SET branch_id = cadre_id WHERE {key}"), of_person),
        (format!("UPDATE level_index SET sort_key = {bytes} WHERE {key}"), of_person),
        (format!("UPDATE level_index SET until_on = '2031-01-01' WHERE {key}"), of_person),
        (format!("DELETE FROM name_index WHERE {person} AND words LIKE ' do %'"), words),
        (format!("UPDATE name_index SET words = ' da' WHERE {person} AND words LIKE ' do %'"), words),
        (
            format!(
                "INSERT INTO name_index SELECT unit_id, 'odd', cadre_id FROM name_index WHERE {person} AND words LIKE ' do %'"
            ),
            words,
        ),
        (format!("DELETE FROM title_index WHERE {person}"), of_titles),
        (format!("UPDATE title_index SET levels = levels + 1 WHERE {person}"), of_titles),
        (format!("UPDATE title_index SET is_only = NOT is_only WHERE {person}"), of_titles),
        (format!("UPDATE title_index SET until_on = '2031-01-01' WHERE {person}"), of_titles),
        (
            format!(
                "INSERT INTO title_index SELECT is_only, branch_id, until_on, unit_id, title_code, cadre_id, '1999-01-01', levels \
                 FROM title_index WHERE {person}"
            ),
            of_titles,
        ),
        ("UPDATE headcount_state SET version = 0".to_owned(), "were not built by this version"),
    ]
}

#[actix_web::test]
async fn every_difference_of_a_projection_is_reported_and_repaired() {
    on_both(async |app| {
        for (change, expected) in table_changes(app.kind) {
            assert_eq!(verified(app).await, None, "{:?}: before {change}", app.kind);
            assert!(execute(app, &change).await > 0, "{change}");
            let mismatch = verified(app).await.unwrap_or_default();
            assert!(mismatch.contains(expected), "{:?}: {change}: {mismatch}", app.kind);
            maintenance::rebuild_projections(&app.database, clock()).await.expect("rebuilt");
        }
        assert_eq!(verified(app).await, None);
    })
    .await;
}

#[actix_web::test]
async fn the_command_line_reports_each_quota_with_wrong_used_seats() {
    on_both(async |app| {
        let url = &app.database_url;
        assert!(program::printed(url, &["verify"]).contains("used seats of 5 quotas, intact"));
        execute(app, "UPDATE quota SET used = used + 1, excess = 9 WHERE programme_code IN ('CMNV', 'TAT_CA')").await;

        let looked = program::run(url, &["verify"]);
        assert_eq!(looked.status.code(), Some(1));
        let report = String::from_utf8_lossy(&looked.stdout);
        assert_eq!(report.matches("NOT INTACT: quota quo_").count(), 2, "{report}");
        assert!(report.contains("records 4 used seats, but its enrolments use 3"), "{report}");

        let report = program::printed(url, &["verify", "--repair"]);
        assert!(report.contains("were corrected") && report.contains("used seats of 5 quotas, intact"), "{report}");
        let right = "SELECT count(*) FROM quota WHERE programme_code = 'CMNV' AND used = 3 AND excess = 0";
        assert_eq!(number(app, right).await, 1);
        let entries = number(app, "SELECT count(*) FROM audit_entry WHERE act = 'quota.recount'").await;
        assert_eq!(entries, 1, "the repair is in the audit log");
    })
    .await;
}

#[actix_web::test]
async fn the_command_line_reports_differences_and_repairs_them() {
    on_both(async |app| {
        let url = &app.database_url;
        assert!(program::printed(url, &["verify"]).contains(" persons, intact"));
        execute(app, "UPDATE headcount SET people = people + 1 WHERE subject_code = ''").await;

        let looked = program::run(url, &["verify"]);
        assert_eq!(looked.status.code(), Some(1));
        let report = String::from_utf8_lossy(&looked.stdout);
        assert!(report.starts_with("NOT INTACT: count of unit "), "{report}");

        let report = program::printed(url, &["verify", "--repair"]);
        assert!(report.contains("rebuilt") && report.contains("intact"), "{report}");
        assert!(program::printed(url, &["verify"]).contains(" persons, intact"));
        let entries = number(app, "SELECT count(*) FROM audit_entry WHERE act = 'read-model.rebuild'").await;
        assert_eq!(entries, 1, "the repair is in the audit log");
    })
    .await;
}

const SCOPES: [&str; 5] = ["cadre:read", "training:read", "training:write", "rotation:read", "rotation:write"];

/// People of the province who are in a class that grants a level of political theory: the ids of their enrolments.
async fn enrolled(app: &TestApp, caller: &Caller<'_>, people: usize) -> Vec<String> {
    let (mut cadres, mut posts) = (String::new(), String::new());
    for at in 0..people {
        cadres += &format!("V-{at:03},9990007{at:05},Người Đếm {at}\n");
        posts += &format!("V-{at:03},{}\n", ["A1U", "A2U", "B1U"][at % 3]);
    }
    let programme = "LLCT-V,Trung cấp lý luận,POLITICAL_THEORY,INTERMEDIATE\n";
    let class = "L-V,LLCT-V,PD1,TRAINING,2026-05-04,2026-05-29\n";
    let files = [
        ("cadres.csv", &csv::cadres("code,national_id,full_name", &cadres)[..]),
        ("assignments.csv", &csv::assignments("cadre_code,unit_code", &posts)),
        ("programmes.csv", &csv::programmes("code,name,subject,level", programme)),
        ("classes.csv", &csv::classes("code,programme_code,organiser_code,category,start_on,end_on", class)),
    ];
    app.import_text(&files).await;
    let mut ids = Vec::new();
    for at in 0..people {
        let input =
            json!({ "classCode": "L-V", "cadreCode": format!("V-{at:03}"), "idempotencyKey": format!("e{at}") });
        let document = "mutation($input: ClassEnrolInput!) { classEnrol(input: $input) { enrolment { id } userErrors { code message } } }";
        let made = caller.query_with(document, json!({ "input": input })).await;
        ids.push(made["classEnrol"]["enrolment"]["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned());
    }
    ids
}

/// Records a pass, and retries like a client if the service asks for it.
async fn complete(caller: &Caller<'_>, id: &str) {
    let input =
        json!({ "enrolmentId": id, "passed": true, "completedOn": "2026-05-29", "idempotencyKey": format!("c{id}") });
    let document =
        "mutation($input: EnrolmentCompleteInput!) { enrolmentComplete(input: $input) { userErrors { code } } }";
    loop {
        let answer = caller.ask(document, json!({ "input": input })).await;
        let code = &answer["errors"][0]["extensions"]["code"];
        if code != "UNAVAILABLE" && code != "RATE_LIMITED" {
            assert_eq!(answer["data"]["enrolmentComplete"]["userErrors"], json!([]), "{answer:#}");
            return;
        }
    }
}

async fn intermediate(caller: &Caller<'_>, unit: &str) -> Value {
    let document = format!(
        r#"{{ unit(by: {{code: "{unit}"}}) {{ composition(subject: "POLITICAL_THEORY") {{ atLeast(level: "INTERMEDIATE") {{ count }} }} }}
            cadres(where: {{unit: {{code: "{unit}"}}, holds: {{subject: "POLITICAL_THEORY", exactly: "INTERMEDIATE"}}}}, first: 100) {{
                totalCount {{ value }} nodes {{ code }} }} }}"#
    );
    caller.query(&document).await
}

#[actix_web::test]
async fn sixty_four_concurrent_commands_leave_counts_and_keys_correct() {
    on_both(async |app| {
        let caller = app.caller(&SCOPES, &["W"]).await;
        let ids = enrolled(app, &caller, 64).await;
        let before = intermediate(&caller, "P").await;

        join_all(ids.iter().map(|id| complete(&caller, id))).await;

        let after = intermediate(&caller, "P").await;
        let people = |data: &Value| data["cadres"]["totalCount"]["value"].as_i64().expect("a count");
        assert_eq!(people(&after), people(&before) + 64);
        assert_eq!(after["cadres"]["nodes"].as_array().expect("nodes").len() as i64, people(&after));
        let counted = |data: &Value| data["unit"]["composition"]["atLeast"]["count"].as_i64().expect("a count");
        assert_eq!(counted(&after), counted(&before) + 64);
        assert_eq!(verified(app).await, None);
        // The control: the numbers are the same without the counts.
        disable_projections(app).await;
        assert_eq!(intermediate(&caller, "P").await, after);
        disable_projections(app).await;
    })
    .await;
}

/// The number of all people of the province on a past day, and of those with the level that the class grants.
async fn counted(caller: &Caller<'_>) -> (i64, i64) {
    let past = r#"{ unit(by: {code: "P"}, asOf: "2026-05-30") {
        composition(subject: "POLITICAL_THEORY") { total atLeast(level: "INTERMEDIATE") { count } } } }"#;
    let data = caller.query(past).await["unit"]["composition"].take();
    let number = |place: &str| data.pointer(place).and_then(Value::as_i64).expect(place);
    (number("/total"), number("/atLeast/count"))
}

#[actix_web::test]
async fn no_count_of_a_past_day_is_older_than_an_answered_command() {
    on_both(async |app| {
        let caller = app.caller(&SCOPES, &["W"]).await;
        let ids = enrolled(app, &caller, 32).await;
        let (total, before) = counted(&caller).await;
        let answered = Cell::new(0);

        let commands = ids.iter().map(async |id| {
            complete(&caller, id).await;
            answered.set(answered.get() + 1);
            let least = before + answered.get();
            let (all, holders) = counted(&caller).await;
            assert!(all == total && holders >= least, "{:?}: {holders} of {least}", app.kind);
        });
        join_all(commands).await;

        assert_eq!(counted(&caller).await, (total, before + 32));
    })
    .await;
}

#[actix_web::test]
async fn counts_of_another_version_are_not_read() {
    on_both(async |app| {
        let caller = app.caller(&SCOPES, &["W"]).await;
        let ids = enrolled(app, &caller, 2).await;
        let before = intermediate(&caller, "P").await;

        // The view of a program with another format of the counts, while one with this format reads.
        disable_projections(app).await;
        complete(&caller, &ids[0]).await;
        disable_projections(app).await;

        let after = intermediate(&caller, "P").await;
        let people = |data: &Value| data["cadres"]["totalCount"]["value"].as_i64().expect("a count");
        assert_eq!(people(&after), people(&before) + 1);
        assert_eq!(verified(app).await.as_deref(), Some("counts and page keys were not built by this version"));
        maintenance::rebuild_projections(&app.database, clock()).await.expect("rebuilt");
        assert_eq!(intermediate(&caller, "P").await, after);
    })
    .await;
}

#[actix_web::test]
async fn the_first_command_of_a_day_folds_due_changes() {
    on_both(async |app| {
        let caller = app.caller(&SCOPES, &["W"]).await;
        let ids = enrolled(app, &caller, 2).await;
        let long_ago = Clock::Fixed(FOLDED.parse().expect("a moment"));
        maintenance::rebuild_projections(&app.database, long_ago).await.expect("rebuilt");
        let to_come = headcount::Entity::find().count(app.database.reader()).await.expect("a count");
        let before = intermediate(&caller, "P").await;

        complete(&caller, &ids[0]).await;

        let head = headcount_state::Entity::find().one(app.database.reader()).await.expect("read").expect("a head");
        assert_eq!(head.base_on.expect("made").to_string(), "2026-06-01");
        let left = number(app, "SELECT count(*) FROM headcount WHERE day > '1800-01-01' AND day <= '2026-06-01'").await;
        assert_eq!(left, 0);
        let rows = headcount::Entity::find().count(app.database.reader()).await.expect("a count");
        assert!(rows < to_come, "the control: {to_come} rows were folded to {rows}");
        assert_eq!(verified(app).await, None);
        assert_ne!(intermediate(&caller, "P").await, before);
        // A day before the folded one is counted without the projection: five people, and the two who were imported
        // here.
        let past =
            r#"{ unit(by: {code: "A"}) { composition(subject: "PROFESSIONAL", asOf: "2017-06-01") { total } } }"#;
        assert_eq!(caller.query(past).await["unit"]["composition"]["total"], 7);
    })
    .await;
}
