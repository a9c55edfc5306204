//! A search by the beginnings of the words of a name finds the same people as a scan of all people.

use cadre_api::{demo, domain::maintenance, import::Outcome};
use fastrand::Rng;
use migration::{MigrationTrait, SchemaManager};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use crate::support::{Caller, Kind, TestApp, clock, csv, on_both, postgres::setting};

const QUERIES: usize = 300;

/// Most people are within the reach of the root.
const UNITS: [&str; 8] =
    [demo::ROOT, demo::ROOT, demo::ROOT, "BN", demo::DISTRICT, "BN-LT-01-DU", demo::COMMUNE, "DB-DB"];

const LIST: &str = "pageInfo { startCursor endCursor hasNextPage hasPreviousPage } totalCount(max: 100000) { value isExact } \
    nodes { code fullName }";

/// A person of the demo with the values that a search uses.
struct Named {
    code: String,
    words: Vec<String>,
}

async fn people(app: &TestApp) -> Vec<Named> {
    let select = Statement::from_string(app.database.backend(), "SELECT code, search_key FROM cadre ORDER BY code");
    let rows = app.database.writer().query_all_raw(select).await.expect("rows");
    let named = |row: &sea_orm::QueryResult| {
        let (code, key): (String, String) = row.try_get_many_by_index().expect("two");
        Named { code, words: key.split_whitespace().map(str::to_owned).collect() }
    };
    rows.iter().map(named).collect()
}

/// The beginnings of words of one name in random order; sometimes of two names, a code, or a name that no person has.
fn search(draw: &mut Rng, people: &[Named]) -> String {
    let (one, other) = (draw.choice(people).expect("people"), draw.choice(people).expect("people"));
    let words = match draw.u8(..12) {
        0 => return one.code.clone(),
        1 => return ["", " ", "%", "zzz", "nguyen zzz", "\u{10ffff}"][draw.usize(..6)].to_owned(),
        2 => [&one.words[..1], &other.words[1..]].concat(),
        _ => one.words.clone(),
    };
    let mut words: Vec<String> = words.into_iter().filter(|_| draw.u8(..3) > 0).collect();
    draw.shuffle(&mut words);
    let begun = words.iter().map(|word| {
        let letters = if draw.bool() { usize::MAX } else { draw.usize(1..4) };
        word.chars().take(letters).collect::<String>()
    });
    begun.collect::<Vec<_>>().join(" ")
}

/// The same list in two forms: one in which the search can use the name index, and one too deeply nested for that.
fn queries(draw: &mut Rng) -> [String; 2] {
    let unit = draw.choice(UNITS).expect("units");
    let day = ["2014-03-04", "2026-06-01", "2026-06-01", "2030-01-01"][draw.usize(..4)];
    let reach = ["UNIT", "SUBTREE", "SUBTREE"][draw.usize(..3)];
    let hierarchy = ["ADMINISTRATIVE", "ADMINISTRATIVE", "PARTY"][draw.usize(..3)];
    let more = ["", "", "gender: FEMALE", r#"holds: {subject: "PROFESSIONAL", atLeast: "COLLEGE"}"#][draw.usize(..4)];
    let order = ["", "", ", orderBy: [{field: NAME, direction: DESC}]", ", orderBy: [{field: UNIT}, {field: CODE}]"]
        [draw.usize(..4)];
    let page = ["first: 7, after: $cursor", "first: 7, after: $cursor", "last: 5, before: $cursor"][draw.usize(..3)];
    let list = |condition: &str| {
        format!(
            "query($search: String, $cursor: String) {{ list: cadres(search: $search, asOf: \"{day}\", {page}{order}, \
             where: {{{condition} {more}}}) {{ {LIST} }} }}"
        )
    };
    let condition = format!("unit: {{code: \"{unit}\", reach: {reach}, hierarchy: {hierarchy}}}");
    [list(&condition), list(&format!("and: [{{{condition}}}]"))]
}

/// The pages of a list, without their cursors.
async fn pages_of(caller: &Caller<'_>, query: &str, search: &str) -> Vec<Value> {
    let (mut pages, mut cursor) = (Vec::new(), Value::Null);
    for _ in 0..3 {
        let answer = caller.ask(query, json!({ "search": search, "cursor": cursor })).await;
        // A unit out of reach is refused.
        let code = answer["errors"][0]["extensions"]["code"].as_str();
        assert!(code.is_none_or(|code| code == "INVALID"), "{query} {answer:#}");
        let no_people = json!({"nodes": [], "pageInfo": {}, "totalCount": {"value": 0, "isExact": true}});
        let mut list = answer.pointer("/data/list").cloned().unwrap_or(no_people);
        let info = list["pageInfo"].take();
        list["more"] = json!([info["hasNextPage"] == true, info["hasPreviousPage"] == true]);
        pages.push(list);
        cursor = info[["endCursor", "startCursor"][usize::from(query.contains("last:"))]].clone();
        if cursor.is_null() {
            break;
        }
    }
    pages
}

#[actix_web::test]
async fn a_search_finds_the_same_people_as_a_scan() {
    let seed = setting("CADRE_TEST_SEED").map_or_else(|| fastrand::u64(..), |seed| seed.parse().expect("a seed"));
    println!("CADRE_TEST_SEED={seed}");
    let folder = tempfile::tempdir().expect("a folder");
    demo::write_bundle(folder.path()).expect("written");
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::empty(kind).await;
        assert_eq!(app.import(folder.path()).await.outcome, Outcome::Loaded);
        let callers = [
            app.caller(&["cadre:read"], &[demo::ROOT]).await,
            app.caller(&["cadre:read"], &[demo::DISTRICT]).await,
            app.caller(&["cadre:read"], &["BN-LT-01-DU", demo::COMMUNE]).await,
        ];
        let (people, mut draw) = (people(&app).await, Rng::with_seed(seed));
        let (mut found, mut all) = (0, Vec::new());
        for at in 0..QUERIES {
            // The last callers reach only some units.
            let caller = [0, 0, 0, 0, 1, 2][at % 6];
            let (search, [query, deep]) = (search(&mut draw, &people), queries(&mut draw));
            let answer = pages_of(&callers[caller], &query, &search).await;
            let other = pages_of(&callers[caller], &deep, &search).await;
            assert_eq!(answer, other, "{kind:?}, caller {caller}, seed {seed}: {search:?} {query}");
            found += usize::from(answer[0]["nodes"] != json!([]));
            all.push((caller, search, query, answer));
        }
        assert!(found > 20, "the control: {found} searches find people, seed {seed}");

        // The control: people without words in the index are not found.
        let bend = "DELETE FROM name_index";
        app.database.writer().execute_unprepared(bend).await.expect("deleted");
        let mut bent = 0;
        for (caller, search, query, answer) in &all {
            bent += usize::from(pages_of(&callers[*caller], query, search).await != *answer);
        }
        assert!(bent > 10, "the control: {bent} searches use the index, seed {seed}");
        maintenance::rebuild_projections(&app.database, clock()).await.expect("rebuilt");
        app.stop().await;
    }
}

async fn import_people(app: &TestApp) {
    let people = csv::cadres(
        "code,national_id,full_name,gender",
        "T-01,999000000101,Lý Thị Mỹ,FEMALE\n\
         T-02,999000000102,Lí Văn Quí,MALE\n\
         T-03,999000000103,H'Hen Đăk-Rông,FEMALE\n",
    );
    let posts = csv::assignments("cadre_code,unit_code,title_code", "T-01,A1P,UV\nT-02,A1P,UV\nT-03,A1P,UV\n");
    app.import_text(&[("cadres.csv", &people), ("assignments.csv", &posts)]).await;
}

#[actix_web::test]
async fn a_search_finds_both_spellings_of_i_and_words_after_hyphens_and_apostrophes() {
    on_both(async |app| {
        import_people(app).await;
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        for (search, expected) in [
            ("ly", vec!["T-01", "T-02"]),
            ("Lí", vec!["T-01", "T-02"]),
            ("mĩ", vec!["T-01"]),
            ("quý", vec!["T-02"]),
            ("hen", vec!["T-03"]),
            ("H'Hen", vec!["T-03"]),
            ("h\u{2019}h", vec!["T-03"]),
            ("rong", vec!["T-03"]),
            ("dak-rong", vec!["T-03"]),
        ] {
            for condition in ["", r#", where: {unit: {code: "A1P", reach: UNIT}}"#] {
                let document = format!(
                    "{{ cadres(search: \"{search}\", orderBy: [{{field: CODE}}]{condition}) {{ nodes {{ code }} }} }}"
                );
                let data = caller.query(&document).await;
                let people = data["cadres"]["nodes"].as_array().expect("people");
                let codes = people.iter().map(|node| node["code"].as_str().expect("a code"));
                let found: Vec<_> = codes.filter(|code| code.starts_with("T-")).collect();
                assert_eq!(found, expected, "{document}");
            }
        }
    })
    .await;
}

#[actix_web::test]
async fn name_index_keys_of_an_earlier_version_are_rebuilt() {
    on_both(async |app| {
        import_people(app).await;
        let words = async || people(app).await.into_iter().map(|one| one.words).collect::<Vec<_>>();
        let now = words().await;
        let database = app.database.writer();
        for (code, key) in [("T-01", " ly thi my"), ("T-02", " li van qui"), ("T-03", " h''hen dak-rong")] {
            let update = format!("UPDATE cadre SET search_key = '{key}' WHERE code = '{code}'");
            database.execute_unprepared(&update).await.expect("an old key");
        }
        assert_ne!(words().await, now, "the control");
        migration::m20261202_000022_search_key::Migration.up(&SchemaManager::new(database)).await.expect("migrated");
        assert_eq!(words().await, now);
    })
    .await;
}
