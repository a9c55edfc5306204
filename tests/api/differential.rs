//! Both databases with the same population give the same responses to random queries. The population is the demo's, or
//! the bundle that `CADRE_TEST_BUNDLE` names. The seed is printed; `CADRE_TEST_SEED` repeats a run.

mod training;

use std::path::{Path, PathBuf};

use cadre_api::{demo, import::Outcome};
use fastrand::Rng;
use serde_json::{Value, json};

use crate::support::{Caller, Kind, TestApp, postgres::setting};

const QUERIES: usize = 500;

/// The fields of a rotation that both databases must agree on: codes instead of ids.
const ROTATION: &str = "cadre { code fullName unit { code } title { code } } form purpose direction \
    fromUnit { code name } toUnit { code name } fromTier toTier fromTitle { code } toTitle { code } startOn plannedEndOn \
    endOn endReason state decisionNo publishedOn placement { unit { code } title { code } on } \
    checks { rule result legalBasis verified message } version";

#[actix_web::test]
async fn both_databases_answer_random_queries_alike() {
    let (bundle, _folder) = population();
    let seed = setting("CADRE_TEST_SEED").map_or_else(|| fastrand::u64(..), |seed| seed.parse().expect("a seed"));
    println!("CADRE_TEST_SEED={seed}");
    let (mut draw, pools) = (Draw(Rng::with_seed(seed)), Pools::read(&bundle));
    let worlds = [app(Kind::Sqlite, &bundle).await, app(Kind::Postgres, &bundle).await];
    let district = draw.of(&pools.districts).to_owned();
    let mut callers = Vec::new();
    for app in &worlds {
        let scopes = ["cadre:read", "rotation:read", "training:read", "quota:read"];
        callers.push([app.caller(&scopes, &[&pools.root]).await, app.caller(&scopes, &[&district]).await]);
    }

    let mut found = 0;
    for at in 0..QUERIES {
        let as_whom = usize::from(at % 4 == 0);
        let query = if draw.0.bool() { draw.query(&pools) } else { draw.about_training(&pools) };
        let answer = pages_of(&callers[0][as_whom], &query).await;
        let other = pages_of(&callers[1][as_whom], &query).await;
        assert_eq!(answer, other, "query {at} of seed {seed}, sent by caller {as_whom}: {query}");
        found += usize::from(answer.iter().any(holds_something));
    }

    assert!(found * 3 > QUERIES, "the control: many queries find something, not only {found}, seed {seed}");
    for app in worlds {
        app.stop().await;
    }
}

/// The bundle, and the temporary folder that contains it.
fn population() -> (PathBuf, Option<tempfile::TempDir>) {
    if let Some(bundle) = setting("CADRE_TEST_BUNDLE") {
        return (bundle.into(), None);
    }
    let folder = tempfile::tempdir().expect("a folder");
    demo::write_bundle(folder.path()).expect("written");
    (folder.path().to_owned(), Some(folder))
}

async fn app(kind: Kind, bundle: &Path) -> TestApp {
    let app = TestApp::empty(kind).await;
    assert_eq!(app.import(bundle).await.outcome, Outcome::Loaded);
    app
}

/// The responses to a query and, if its list continues, to the next page. Each database signs cursors with its own key,
/// so they are followed and not compared.
async fn pages_of(caller: &Caller<'_>, query: &str) -> Vec<Value> {
    let mut pages = Vec::new();
    let mut after = Value::Null;
    for _ in 0..2 {
        let mut page = caller.ask(query, json!({ "after": after })).await;
        after = page.pointer_mut("/data/list/pageInfo/endCursor").map(Value::take).unwrap_or_default();
        if let Some(errors) = page.get_mut("errors") {
            let codes = errors.as_array().into_iter().flatten().map(|error| error["extensions"]["code"].clone());
            *errors = codes.collect();
        }
        pages.push(page);
        if after.is_null() {
            break;
        }
    }
    pages
}

fn holds_something(page: &Value) -> bool {
    let turns = page.pointer("/data/unit/trainingProgress/turns").and_then(Value::as_i64);
    let lists = ["/data/list/nodes", "/data/cadre/rotations", "/data/unit/rotationFlows", "/data/unit/cadres/nodes"];
    let of_training = ["/data/cadre/enrolments/nodes", "/data/unit/quotas/nodes"];
    let mut lists = lists.iter().chain(&of_training);
    turns.is_some_and(|turns| turns > 0)
        || lists.any(|list| page.pointer(list).and_then(Value::as_array).is_some_and(|rows| !rows.is_empty()))
}

/// Values that random queries use.
struct Pools {
    root: String,
    units: Vec<String>,
    districts: Vec<String>,
    /// Persons with a rotation.
    rotated: Vec<String>,
    /// Units that a rotation leaves or arrives in.
    visited: Vec<String>,
    /// Days on which something begins or ends.
    days: Vec<String>,
    training: training::Names,
}

impl Pools {
    fn read(bundle: &Path) -> Self {
        let units = rows(bundle, "units.csv");
        let rotations = rows(bundle, "rotations.csv");
        let column = |rows: &[csv::StringRecord], at: usize| -> Vec<String> {
            rows.iter().filter_map(|row| row.get(at)).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
        };
        let of_kind = |kind: &str| -> Vec<String> {
            units.iter().filter(|row| &row[3] == kind).map(|row| row[0].to_owned()).collect()
        };
        Self {
            root: units.iter().find(|row| row[1].is_empty()).expect("a root")[0].to_owned(),
            units: column(&units, 0),
            districts: of_kind("DISTRICT"),
            rotated: column(&rotations, 0),
            visited: [column(&rotations, 1), column(&rotations, 2)].concat(),
            days: [column(&rotations, 4), column(&rotations, 5)].concat(),
            training: training::Names::read(bundle),
        }
    }
}

fn rows(bundle: &Path, file: &str) -> Vec<csv::StringRecord> {
    let mut reader = csv::Reader::from_path(bundle.join(file)).expect("a file of the bundle");
    reader.records().map(|row| row.expect("a row")).collect()
}

/// The random generator.
struct Draw(Rng);

impl Draw {
    fn of<'a, T>(&mut self, pool: &'a [T]) -> &'a T {
        self.0.choice(pool).expect("a pool that is not empty")
    }

    /// A day on which something happens, or the day before or after.
    fn day(&mut self, pools: &Pools) -> String {
        let day: entity::value::Day = self.of(&pools.days).parse().expect("a day");
        let shifted = match self.0.u8(..3) {
            0 => day.before(),
            1 => day.plus_months(self.0.u32(1..40)),
            _ => None,
        };
        shifted.unwrap_or(day).to_string()
    }

    fn reach(&mut self, pools: &Pools) -> String {
        let pool = if self.0.u8(..4) == 0 { &pools.units } else { &pools.visited };
        let pool = if self.0.bool() { &pools.districts } else { pool };
        let (code, reach) = (self.of(pool).to_owned(), *self.of(&["UNIT", "SUBTREE"]));
        let hierarchy = if self.0.u8(..6) == 0 { "PARTY" } else { "ADMINISTRATIVE" };
        format!("{{code: \"{code}\", reach: {reach}, hierarchy: {hierarchy}}}")
    }

    fn some(&mut self, words: &[&'static str]) -> String {
        let chosen: Vec<_> = words.iter().filter(|_| self.0.bool()).copied().collect();
        format!("[{}]", chosen.join(", "))
    }

    fn condition(&mut self, pools: &Pools) -> String {
        match self.0.u8(..12) {
            0 => format!("cadre: \"{}\"", self.of(&pools.rotated)),
            1 => format!("fromUnit: {}", self.reach(pools)),
            2 => format!("toUnit: {}", self.reach(pools)),
            3 => format!("unit: {}", self.reach(pools)),
            4 => format!("forms: {}", self.some(&["ROTATION", "TRANSFER", "SECONDMENT"])),
            5 => format!("directions: {}", self.some(&["DOWN", "UP", "LATERAL_LOCALITY", "LATERAL_AGENCY"])),
            6 => format!("startFrom: \"{}\"", self.day(pools)),
            7 => format!("startBefore: \"{}\"", self.day(pools)),
            8 => format!("runningOn: \"{}\"", self.day(pools)),
            9 => format!("endBefore: \"{}\"", self.day(pools)),
            10 => format!("endFrom: \"{}\"", self.day(pools)),
            _ => format!("placementMissing: {}", self.0.bool()),
        }
    }

    /// Up to two conditions, no field twice.
    fn filter(&mut self, pools: &Pools) -> String {
        let mut conditions: Vec<String> = Vec::new();
        for _ in 0..self.0.u8(..3) {
            let next = self.condition(pools);
            let field = |condition: &str| condition.split(':').next().map(str::to_owned);
            if conditions.iter().all(|had| field(had) != field(&next)) {
                conditions.push(next);
            }
        }
        conditions.join(", ")
    }

    fn query(&mut self, pools: &Pools) -> String {
        match self.0.u8(..10) {
            0..5 => {
                let filter = self.filter(pools);
                let field = *self.of(&["START", "END"]);
                let (direction, first) = (*self.of(&["ASC", "DESC"]), self.0.u8(1..20));
                format!(
                    "query q($after: String) {{ list: rotations(where: {{{filter}}}, orderBy: [{{field: {field}, direction: \
                     {direction}}}], first: {first}, after: $after) {{ nodes {{ {ROTATION} }} totalCount {{ value isExact }} \
                     pageInfo {{ hasNextPage hasPreviousPage endCursor }} }} }}"
                )
            }
            5..7 => {
                let (person, day) = (self.of(&pools.rotated).to_owned(), self.day(pools));
                format!(
                    "{{ cadre(by: {{code: \"{person}\"}}, asOf: \"{day}\") {{ code rotations {{ {ROTATION} }} }} }}"
                )
            }
            7..9 => {
                let unit = if self.0.bool() { self.of(&pools.districts) } else { self.of(&pools.visited) }.to_owned();
                let (one, other) = (self.day(pools), self.day(pools));
                // Sometimes in the wrong order, which is refused.
                let (from, until) =
                    if self.0.u8(..10) == 0 { (one, other) } else { (one.clone().min(other.clone()), one.max(other)) };
                let forms = self.some(&["ROTATION", "TRANSFER", "SECONDMENT"]);
                format!(
                    "{{ unit(by: {{code: \"{unit}\"}}) {{ rotationFlows(from: \"{from}\", before: \"{until}\", forms: {forms}) \
                     {{ direction fromTier toTier rotations persons }} }} }}"
                )
            }
            _ => {
                let (unit, day) = (self.of(&pools.visited).to_owned(), self.day(pools));
                format!(
                    "{{ unit(by: {{code: \"{unit}\"}}, asOf: \"{day}\") {{ cadres(first: 5) {{ nodes {{ code \
                     rotations {{ {ROTATION} }} }} totalCount {{ value }} }} }} }}"
                )
            }
        }
    }
}
