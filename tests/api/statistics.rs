//! Statistics without persons: the numbers that `stats:read` alone shows, and differences of them, identify no person.
//! The population is the demo's. The seed is printed; `CADRE_TEST_SEED` repeats the attacks.

use std::{
    collections::{BTreeMap, HashMap},
    ops::RangeInclusive,
    path::Path,
};

use cadre_api::{demo, import::Outcome};
use fastrand::Rng;
use serde_json::{Value, json};

use crate::support::{Caller, Kind, TestApp, on_both, postgres::setting};

const ATTACKS: usize = 1_000;
const SUBJECTS: [&str; 3] = ["PROFESSIONAL", "POLITICAL_THEORY", "STATE_MANAGEMENT"];
const DAYS: [&str; 4] = ["2015-12-31", "2019-06-30", "2023-12-31", "2026-05-31"];

/// A cell of a composition: unit, `UNIT` or `SUBTREE`, and the index of the level, or `None` for the total.
type Cell = (String, &'static str, Option<usize>);

/// The numbers of people that a shown number may represent.
type Belief = fn(i64) -> RangeInclusive<i64>;

/// A rounded number, with the maximum random draws.
fn rounded(visible: i64) -> RangeInclusive<i64> {
    (visible - 4).max(0)..=visible + 4
}

/// The control: counts from one to four are withheld, all others are exact.
fn withheld(count: i64) -> RangeInclusive<i64> {
    if (1..5).contains(&count) { 1..=4 } else { count..=count }
}

#[actix_web::test]
async fn a_thousand_difference_attacks_recover_no_count_under_five() {
    let folder = tempfile::tempdir().expect("a folder");
    demo::write_bundle(folder.path()).expect("written");
    let seed = setting("CADRE_TEST_SEED").map_or_else(|| fastrand::u64(..), |seed| seed.parse().expect("a seed"));
    println!("CADRE_TEST_SEED={seed}");
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::empty(kind).await;
        assert_eq!(app.import(folder.path()).await.outcome, Outcome::Loaded);
        attack(&app, &root(folder.path()), Rng::with_seed(seed), seed).await;
        app.stop().await;
    }
}

/// The root unit of the bundle.
fn root(bundle: &Path) -> String {
    let mut units = csv::Reader::from_path(bundle.join("units.csv")).expect("units");
    let rows = units.deserialize::<HashMap<String, String>>().map(|row| row.expect("a unit"));
    rows.into_iter().find(|row| row["parent_code"].is_empty()).expect("a root")["code"].clone()
}

async fn attack(app: &TestApp, root: &str, mut draw: Rng, seed: u64) {
    let (reader, counter) = (app.caller(&["cadre:read"], &[root]).await, app.caller(&["stats:read"], &[root]).await);
    let tree = tree(&reader).await;
    let parents: Vec<&String> = tree.keys().collect();

    let (mut attacks, mut recovered_from_totals) = (0, 0);
    while attacks < ATTACKS {
        let parent = parents[draw.usize(..parents.len())];
        let (subject, key_leaders) = (SUBJECTS[draw.usize(..SUBJECTS.len())], draw.bool());
        let day = DAYS[draw.usize(..DAYS.len())];
        let query = query(
            parent,
            &tree[parent],
            &format!(r#"subject: "{subject}", keyLeadersOnly: {key_leaders}, asOf: "{day}""#),
        );
        let (truth, visible) = (cells(&reader.query(&query).await), cells(&counter.query(&query).await));
        assert!(visible.values().all(|count| count % 5 == 0), "seed {seed}: {query}");

        for (difference, target) in differences(parent, &tree[parent], &truth) {
            if !(1..5).contains(&truth[&target]) {
                continue;
            }
            attacks += 1;
            let candidates = candidates(&difference, &target, &visible, rounded);
            assert!(candidates > 1, "seed {seed}: {target:?} follows from {difference:?} of {query}");
            recovered_from_totals += usize::from(self::candidates(&difference, &target, &truth, withheld) == 1);
        }
    }
    assert!(recovered_from_totals * 20 > attacks, "the control: {recovered_from_totals} of {attacks}, seed {seed}");
}

/// The units below each unit.
async fn tree(caller: &Caller<'_>) -> BTreeMap<String, Vec<String>> {
    let mut tree: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut after = Value::Null;
    loop {
        let document = "query($after: String) { units(first: 100, after: $after) { \
            nodes { code parent { code } } pageInfo { hasNextPage endCursor } } }";
        let mut page = caller.query_with(document, json!({ "after": after })).await["units"].take();
        for unit in page["nodes"].as_array().expect("units") {
            let code = unit["code"].as_str().expect("a code").to_owned();
            if let Some(parent) = unit["parent"]["code"].as_str() {
                tree.entry(parent.to_owned()).or_default().push(code);
            }
        }
        if page["pageInfo"]["hasNextPage"] != true {
            return tree;
        }
        after = page["pageInfo"]["endCursor"].take();
    }
}

/// The compositions of a unit, of its own people, and of each unit below.
fn query(parent: &str, children: &[String], arguments: &str) -> String {
    let of = |at: usize, unit: &str, reach: &str| {
        format!(
            r#"c{at}_{reach}: unit(by: {{code: "{unit}"}}) {{
                 code composition({arguments}, reach: {reach}) {{ total levels {{ count }} }} }} "#
        )
    };
    let below = children.iter().take(12).enumerate().map(|(at, unit)| of(at + 1, unit, "SUBTREE"));
    let fields: String = [of(0, parent, "SUBTREE"), of(0, parent, "UNIT")].into_iter().chain(below).collect();
    format!("{{ {fields} }}")
}

fn cells(answer: &Value) -> HashMap<Cell, i64> {
    let mut cells = HashMap::new();
    for (alias, unit) in answer.as_object().expect("an answer") {
        let reach = if alias.ends_with("UNIT") { "UNIT" } else { "SUBTREE" };
        let code = unit["code"].as_str().expect("a code").to_owned();
        let composition = &unit["composition"];
        cells.insert((code.clone(), reach, None), composition["total"].as_i64().expect("a total"));
        for (at, level) in composition["levels"].as_array().expect("levels").iter().enumerate() {
            cells.insert((code.clone(), reach, Some(at)), level["count"].as_i64().expect("a count"));
        }
    }
    cells
}

/// A total and its other parts: subtracting the parts from the total gives the target.
type Difference = (Cell, Vec<Cell>);

/// Each cell as the rest of a total, and as the rest of the unit above. Parts overlap if people have posts in two
/// units; such differences are wrong and are left out.
fn differences(parent: &str, children: &[String], truth: &HashMap<Cell, i64>) -> Vec<(Difference, Cell)> {
    let mut differences: Vec<(Difference, Cell)> = Vec::new();
    for (code, reach, at) in truth.keys() {
        let Some(at) = at else { continue };
        let of = |level: Option<usize>| (code.clone(), *reach, level);
        let levels = (0..).map(|level| of(Some(level))).take_while(|cell| truth.contains_key(cell));
        differences.push(((of(None), levels.filter(|cell| cell.2 != Some(*at)).collect()), of(Some(*at))));

        let parts: Vec<Cell> = std::iter::once((parent.to_owned(), "UNIT", Some(*at)))
            .chain(children.iter().map(|child| (child.clone(), "SUBTREE", Some(*at))))
            .collect();
        let whole = (parent.to_owned(), "SUBTREE", Some(*at));
        let target = of(Some(*at));
        if parts.contains(&target) && parts.iter().all(|part| truth.contains_key(part)) {
            differences.push(((whole, parts.into_iter().filter(|part| *part != target).collect()), target));
        }
    }
    differences.retain(|((whole, others), target)| {
        truth[whole] - others.iter().map(|part| truth[part]).sum::<i64>() == truth[target]
    });
    differences.sort();
    differences
}

/// The number of possible values of the target, given the shown value and those of the difference.
fn candidates((whole, others): &Difference, target: &Cell, visible: &HashMap<Cell, i64>, belief: Belief) -> usize {
    let (itself, whole) = (belief(visible[target]), belief(visible[whole]));
    let (least, most) = others
        .iter()
        .map(|part| belief(visible[part]))
        .fold((0, 0), |(least, most), part| (least + part.start(), most + part.end()));
    let (least, most) = (whole.start() - most, whole.end() - least);
    itself.filter(|count| (least..=most).contains(count)).count()
}

#[actix_web::test]
async fn rounded_numbers_are_marked_stable_and_close_to_the_exact_ones() {
    let document = r#"{ unit(by: {code: "P"}) {
        composition(subject: "PROFESSIONAL") { isRounded total levels { count percent } atLeast(level: "COLLEGE") { count percent } }
        rotationFlows(from: "2014-01-01", before: "2015-01-01") { isRounded rotations persons }
        trainingProgress(year: 2021) { isRounded turns persons planned classes } } }"#;
    on_both(async |app| {
        let (reader, counter) = (app.all_seeing().await, app.caller(&["stats:read"], &["P"]).await);
        let (exact, visible) = (reader.query(document).await, counter.query(document).await);

        assert_eq!(visible, counter.query(document).await, "a second request returns the same numbers");
        let (exact, visible) = (&exact["unit"], &visible["unit"]);
        assert_eq!(exact["composition"]["isRounded"], false);
        assert_eq!(visible["composition"]["isRounded"], true);
        assert_eq!(visible["trainingProgress"]["isRounded"], true);
        for place in ["planned", "classes"] {
            assert_eq!(
                visible["trainingProgress"][place], exact["trainingProgress"][place],
                "seats and classes are not rounded"
            );
        }
        for place in ["/composition/total", "/composition/levels/4/count", "/trainingProgress/turns"] {
            let number = |of: &Value| of.pointer(place).and_then(Value::as_i64).expect(place);
            assert!(
                number(visible) % 5 == 0 && number(visible).abs_diff(number(exact)) < 5,
                "{place}: {visible} {exact}"
            );
        }
    })
    .await;
}

#[actix_web::test]
async fn distinguishable_numbers_are_refused_without_the_persons_scope() {
    let cases = [
        (r#"composition(subject: "PROFESSIONAL", titles: ["CT"]) { total }"#, "FORBIDDEN"),
        (r#"standardGap(titles: ["CT"]) { holders }"#, "FORBIDDEN"),
        (r#"standardGap(standard: "TC-A") { holders }"#, "FORBIDDEN"),
        (r#"rotationFlows(from: "2014-01-01", before: "2015-01-01", forms: [SECONDMENT]) { rotations }"#, "FORBIDDEN"),
        (r#"rotationFlows(from: "2014-01-01", before: "2014-07-01") { rotations }"#, "INVALID"),
        (r#"rotationFlows(from: "2014-01-01", before: "2016-01-01") { rotations }"#, "INVALID"),
        (r#"rotationFlows(from: "2014-02-01", before: "2015-02-01") { rotations }"#, "INVALID"),
        (r#"trainingProgress(year: 2021, untilYear: 2022) { turns }"#, "FORBIDDEN"),
        (r#"trainingProgress(year: 2021, includePredecessors: true) { turns }"#, "FORBIDDEN"),
        (r#"trainingProgress(year: 2021, programmes: ["LLCT_TC", "CMNV"]) { turns }"#, "FORBIDDEN"),
    ];
    on_both(async |app| {
        let counter = app.caller(&["stats:read"], &["P"]).await;
        let reader = app.caller(&["stats:read", "cadre:read", "rotation:read", "training:read"], &["P"]).await;
        for (fields, code) in cases {
            let document = format!(r#"{{ unit(by: {{code: "P"}}) {{ {fields} }} }}"#);
            assert_eq!(counter.errors(&document).await, [code], "{fields}");
            assert!(reader.errors(&document).await.is_empty(), "the control: {fields}");
        }
    })
    .await;
}

#[actix_web::test]
async fn statistics_show_no_person() {
    on_both(async |app| {
        let counter = app.caller(&["stats:read"], &["P"]).await;
        for fields in [
            r#"cadre(by: {code: "A-01"}) { code }"#,
            "cadres { nodes { code } totalCount { count } }",
            "rotations { nodes { id } }",
            "enrolments { nodes { id } }",
            r#"unit(by: {code: "P"}) { cadres { nodes { code } } }"#,
            r#"unit(by: {code: "P"}) { quotas(year: 2021) { nodes { used } } }"#,
        ] {
            assert_eq!(counter.errors(&format!("{{ {fields} }}")).await, ["FORBIDDEN"], "{fields}");
        }
        assert!(
            counter
                .errors(r#"{ unit(by: {code: "P"}) { composition(subject: "PROFESSIONAL") { total } } }"#)
                .await
                .is_empty()
        );
    })
    .await;
}
