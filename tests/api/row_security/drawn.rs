//! Row security alone: random queries through the engine, with the application's own filter by reach switched off. An
//! independent computation from the rows decides which objects a response may contain. The control sends the same
//! queries over a connection that bypasses row security. The seed is printed; `CADRE_TEST_SEED` repeats a run.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use cadre_api::{
    app_state::AppState,
    auth::Tokens,
    authz::Access,
    db::Database,
    demo,
    domain::maintenance,
    graphql::engine::{DocumentOrigin, Engine, ExecutionRequest, ExecutionResponse},
    import::Outcome,
    language::Language,
    limit::Limits,
    reference::units::Units,
};
use entity::{
    assignment, cadre, enrolment, rotation, training_class, unit,
    value::{CadreId, ClassId, RotationState, UnitId},
};
use fastrand::Rng;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::support::{
    Kind, TestApp, allowance, clock, open,
    postgres::setting,
    rotation::{Places, day},
    store,
};

const QUERIES: usize = 1_000;
const CALLERS: usize = 20;
const SCOPES: [&str; 4] = ["cadre:read", "rotation:read", "training:read", "quota:read"];

/// All stored facts about persons.
struct Rows {
    units: Units,
    codes: Vec<String>,
    cadres: Vec<cadre::Model>,
    posts: Vec<assignment::Model>,
    rotations: Vec<rotation::Model>,
    enrolments: Vec<enrolment::Model>,
    organisers: BTreeMap<ClassId, UnitId>,
    classes: Vec<String>,
}

/// The part of `Rows` within a reach.
struct Visible {
    persons: HashSet<CadreId>,
    rotations: usize,
    enrolments: usize,
    /// Ids and codes that responses may contain.
    own: Vec<String>,
    /// Ids and codes that no response may contain.
    foreign: Vec<String>,
}

impl Rows {
    async fn read(database: &Database) -> Self {
        let reader = database.reader();
        let classes = training_class::Entity::find().all(reader).await.expect("classes");
        let units = unit::Entity::find().all(reader).await.expect("units");
        Self {
            units: Units::load(reader).await.expect("units"),
            codes: units.into_iter().map(|unit| unit.code.to_string()).collect(),
            cadres: cadre::Entity::find().all(reader).await.expect("cadres"),
            posts: assignment::Entity::find().all(reader).await.expect("posts"),
            rotations: rotation::Entity::find().all(reader).await.expect("rotations"),
            enrolments: enrolment::Entity::find().all(reader).await.expect("enrolments"),
            organisers: classes.iter().map(|class| (class.id, class.organiser_id)).collect(),
            classes: classes.into_iter().map(|class| class.code.to_string()).collect(),
        }
    }

    /// The part within a reach, on any day.
    fn visible(&self, roots: &[&str]) -> Visible {
        let roots: Vec<UnitId> = roots.iter().map(|code| self.units.by_code(code).expect("a unit").row.id).collect();
        let reach = self.units.reach_of(&roots, clock().today());
        let is_seen = |row: &&rotation::Model| {
            let is_public = row.published_on.is_some() || !row.state.is_embargoed();
            let touches = reach.contains(&row.from_unit_id) || reach.contains(&row.to_unit_id);
            row.preparing_unit_id.is_some_and(|unit| reach.contains(&unit)) || is_public && touches
        };
        let is_sent = |row: &&enrolment::Model| {
            let organiser = row.class_id.map(|class| self.organisers[&class]);
            reach.contains(&row.unit_id) || organiser.is_some_and(|unit| reach.contains(&unit))
        };
        let (visible_rows, hidden_rows): (Vec<_>, Vec<_>) = self.rotations.iter().partition(is_seen);
        let (visible_enrolments, hidden_enrolments): (Vec<_>, Vec<_>) = self.enrolments.iter().partition(is_sent);
        let posts = self.posts.iter().filter(|post| reach.contains(&post.unit_id)).map(|post| post.cadre_id);
        let moved =
            visible_rows.iter().map(|row| row.cadre_id).chain(visible_enrolments.iter().map(|row| row.cadre_id));
        let persons: HashSet<CadreId> = posts.chain(moved).collect();

        let (mut own, mut foreign) = (Vec::new(), Vec::new());
        for cadre in &self.cadres {
            let list = if persons.contains(&cadre.id) { &mut own } else { &mut foreign };
            list.extend([cadre.id.to_string(), format!("\"{}\"", cadre.code)]);
        }
        own.extend(
            visible_rows
                .iter()
                .map(|row| row.id.to_string())
                .chain(visible_enrolments.iter().map(|row| row.id.to_string())),
        );
        foreign.extend(
            hidden_rows
                .iter()
                .map(|row| row.id.to_string())
                .chain(hidden_enrolments.iter().map(|row| row.id.to_string())),
        );
        Visible { persons, rotations: visible_rows.len(), enrolments: visible_enrolments.len(), own, foreign }
    }
}

impl Visible {
    /// The first value in a response that is outside of the reach.
    fn foreign_value(&self, answer: &Value) -> Option<String> {
        let text = answer.to_string();
        let mark = self.foreign.iter().find(|mark| text.contains(mark.as_str())).cloned();
        let number = |pointer: &str, most: usize| {
            let number = answer.pointer(pointer).and_then(Value::as_u64)?;
            (number > most as u64).then(|| format!("{pointer}: {number} of {most}"))
        };
        mark.or_else(|| number("/data/cadres/totalCount/value", self.persons.len()))
            .or_else(|| number("/data/rotations/totalCount/value", self.rotations))
            .or_else(|| number("/data/enrolments/totalCount/value", self.enrolments))
            .or_else(|| number("/data/unit/cadres/totalCount/value", self.persons.len()))
            .or_else(|| number("/data/unit/composition/total", self.persons.len()))
            .or_else(|| number("/data/unit/trainingProgress/turns", self.enrolments))
    }
}

/// The random generator.
struct Draw<'a>(Rng, &'a Rows);

impl<'a> Draw<'a> {
    fn of<'b, T>(&mut self, pool: &'b [T]) -> &'b T {
        self.0.choice(pool).expect("a pool that is not empty")
    }

    fn unit(&mut self) -> &'a str {
        let rows: &'a Rows = self.1;
        self.of::<String>(&rows.codes)
    }

    fn person(&mut self) -> &'a cadre::Model {
        let rows: &'a Rows = self.1;
        self.of(&rows.cadres)
    }

    fn day(&mut self) -> String {
        let rows: &'a Rows = self.1;
        self.of(&rows.posts).start_on.plus_months(self.0.u32(..60)).unwrap_or_else(|| day("2020-01-01")).to_string()
    }

    /// The id of a person, a rotation or an enrolment.
    fn id(&mut self) -> String {
        let rows: &'a Rows = self.1;
        match self.0.u8(..3) {
            0 => self.person().id.to_string(),
            1 => self.of(&rows.rotations).id.to_string(),
            _ => self.of(&rows.enrolments).id.to_string(),
        }
    }

    fn query(&mut self) -> String {
        let rows: &'a Rows = self.1;
        match self.0.u8(..13) {
            0 => format!(
                "{{ cadre(by: {{code: \"{}\"}}, asOf: \"{}\") {{ {PERSON} }} }}",
                self.person().code,
                self.day()
            ),
            1 => format!("{{ cadre(by: {{id: \"{}\"}}) {{ {PERSON} }} }}", self.person().id),
            2 => format!("{{ node(id: \"{}\") {{ __typename id {NODE} }} }}", self.id()),
            3 => {
                let ids: Vec<String> = (0..5).map(|_| format!("\"{}\"", self.id())).collect();
                format!("{{ nodes(ids: [{}]) {{ __typename id }} }}", ids.join(", "))
            }
            4 => format!(
                "{{ cadres(first: 100, asOf: \"{}\") {{ nodes {{ id code }} totalCount(max: 1000) {{ value }} }} }}",
                self.day()
            ),
            11 => format!(
                "{{ cadres(first: 100, asOf: \"{}\", where: {{withPost: false}}) {{ nodes {{ id code assignments {{ unit \
                 {{ code }} }} }} totalCount(max: 1000) {{ value }} }} }}",
                self.day()
            ),
            5 => {
                let name = self.person().full_name.split(' ').next_back().expect("a name").to_owned();
                format!(
                    "{{ cadres(first: 50, search: \"{name}\") {{ nodes {{ id code assignments {{ unit {{ code }} }} }} \
                     totalCount(max: 1000) {{ value }} }} }}"
                )
            }
            6 => {
                let (level, side) = (*self.of(&["UNIVERSITY", "COLLEGE"]), *self.of(&["atLeast", "below"]));
                format!(
                    "{{ cadres(first: 100, where: {{holds: {{subject: \"PROFESSIONAL\", {side}: \"{level}\"}}}}) \
                     {{ nodes {{ id code qualifications {{ id }} }} totalCount(max: 1000) {{ value }} }} }}"
                )
            }
            7 => format!(
                "{{ rotations(first: 100, where: {{startFrom: \"{}\"}}) {{ nodes {{ id cadre {{ id code }} steps {{ state }} \
                 checks {{ result }} }} totalCount(max: 1000) {{ value }} }} }}",
                self.day()
            ),
            8 => format!(
                "{{ rotations(where: {{unit: {{code: \"{}\"}}}}) {{ nodes {{ id cadre {{ {PERSON} }} }} \
                 totalCount(max: 1000) {{ value }} }} }}",
                self.unit()
            ),
            9 => format!(
                "{{ enrolments(first: 100, where: {{yearFrom: {}}}) {{ nodes {{ id cadre {{ id code }} }} \
                 totalCount(max: 1000) {{ value }} }} }}",
                self.of(&rows.enrolments).year
            ),
            10 => format!(
                "{{ trainingClass(by: {{code: \"{}\"}}) {{ enrolments(first: 100) {{ nodes {{ id cadre {{ {PERSON} }} }} }} \
                 }} }}",
                self.of(&rows.classes)
            ),
            _ => format!(
                "{{ unit(by: {{code: \"{}\"}}, asOf: \"{}\") {{ cadres(first: 100) {{ nodes {{ id code }} totalCount(max: \
                 1000) {{ value }} }} composition(subject: \"PROFESSIONAL\") {{ total }} trainingProgress(year: {}) \
                 {{ turns persons }} rotationFlows(from: \"2000-01-01\", before: \"2030-01-01\") {{ rotations }} }} }}",
                self.unit(),
                self.day(),
                self.of(&rows.enrolments).year
            ),
        }
    }
}

const PERSON: &str = "id code assignments { unit { code } } qualifications { id } rotations { id } \
    enrolments { nodes { id } }";
const NODE: &str = "... on Cadre { code rotations { id } } ... on Rotation { cadre { code } } \
    ... on Enrolment { cadre { code } }";

/// The application without its filter by reach, over one database.
struct Unnarrowed {
    app_state: Arc<AppState>,
    tokens: Tokens,
    engine: Engine,
}

impl Unnarrowed {
    async fn over(database: &Database, url: &str) -> Self {
        let app_state = Arc::new(AppState::open(store(database), clock()).await.expect("an application"));
        let tokens = Tokens::load(store(database), clock(), url).await.expect("keys");
        Self { app_state, tokens, engine: Engine::default() }
    }

    async fn ask(&self, token: &str, document: &str) -> Value {
        let caller = self.tokens.verifier.verify(token, clock().now()).await.expect("a caller");
        let access = Access::of(caller, None, Arc::clone(&self.app_state), Limits::default())
            .expect("no purpose")
            .without_narrowing();
        let query = ExecutionRequest {
            document: document.to_owned(),
            origin: DocumentOrigin::Sent,
            operation_name: None,
            variables: async_graphql::Variables::default(),
            language: Language::English,
            request_id: String::new(),
            queries_only: true,
            allowance: allowance(),
            validation: None,
        };
        match self.engine.answer(Arc::new(access), query).await.audit().await.expect("logged").response {
            ExecutionResponse::Ran(response) => json!({ "data": response.data, "errors": response.errors }),
            ExecutionResponse::Written(body) => {
                let mut answer: Value = serde_json::from_slice(&body).expect("JSON");
                answer["errors"] = json!([]);
                answer
            }
            answer => panic!("{document}: {answer:?}"),
        }
    }
}

/// Adds rotations of the demo's people, some in preparation and some given up, of which none is published.
async fn write_embargoed(database: &Database) {
    use sea_orm::{ActiveModelTrait, IntoActiveModel};
    let of = Places::of(database).await;
    let states = RotationState::EMBARGOED.into_iter().cycle();
    for (nth, state) in (1..=40).zip(states) {
        let unit = |at: i32| format!("BN-LT-{:02}-DU", at % 10 + 1);
        let (person, number) = (format!("CB{nth:04}"), format!("E{nth}"));
        let rotation = rotation::Model {
            state,
            preparing_unit_id: Some(of.unit(&unit(nth + 2))),
            ..of.rotation([&number, &person, &unit(nth), &unit(nth + 1), "2027-01-01"])
        };
        rotation.into_active_model().reset_all().insert(database.writer()).await.expect("written");
    }
    maintenance::rebuild_projections(database, clock()).await.expect("rebuilt");
}

#[actix_web::test]
async fn row_security_alone_shows_no_foreign_row() {
    let seed = setting("CADRE_TEST_SEED").map_or_else(|| fastrand::u64(..), |seed| seed.parse().expect("a seed"));
    println!("CADRE_TEST_SEED={seed}");
    let folder = tempfile::tempdir().expect("a folder");
    demo::write_bundle(folder.path()).expect("written");
    let app = TestApp::empty(Kind::Postgres).await;
    assert_eq!(app.import(folder.path()).await.outcome, Outcome::Loaded);
    write_embargoed(&app.database).await;
    let rows = Rows::read(&app.database).await;
    let mut draw = Draw(Rng::with_seed(seed), &rows);
    let (walled, passing) = (app.app_state.database().clone(), open(&app.database_url).await);
    let walled = Unnarrowed::over(&walled, &app.url).await;
    let free = Unnarrowed::over(&passing, &app.url).await;

    let (mut found, mut leaked) = (0, 0);
    for _ in 0..CALLERS {
        let roots: Vec<&str> = (0..draw.0.usize(1..4)).map(|_| draw.unit()).collect();
        let (visible, caller) = (rows.visible(&roots), app.caller(&SCOPES, &roots).await);
        for _ in 0..QUERIES / CALLERS {
            let query = draw.query();
            let answer = walled.ask(&caller.token, &query).await;
            assert_eq!(
                visible.foreign_value(&answer),
                None,
                "seed {seed}, a grant over {roots:?}: {query}\n{answer:#}"
            );
            assert_eq!(answer["errors"], json!([]), "seed {seed}, a grant over {roots:?}: {query}");
            let text = answer.to_string();
            found += usize::from(visible.own.iter().any(|mark| text.contains(mark.as_str())));
            leaked += usize::from(visible.foreign_value(&free.ask(&caller.token, &query).await).is_some());
        }
        // Row security does not hide rows within the reach.
        let all = "{ rotations { totalCount(max: 1000) { value } } enrolments { totalCount(max: 1000) { value } } }";
        let all = walled.ask(&caller.token, all).await;
        assert_eq!(all["data"]["rotations"]["totalCount"]["value"], visible.rotations, "a grant over {roots:?}: {all}");
        assert_eq!(
            all["data"]["enrolments"]["totalCount"]["value"], visible.enrolments,
            "a grant over {roots:?}: {all}"
        );
    }

    println!("{found} responses with rows, {leaked} with foreign rows without row security");
    assert!(found * 10 > QUERIES, "the control: only {found} responses contain rows within the reach, seed {seed}");
    assert!(
        leaked * 3 > QUERIES,
        "the control: only {leaked} responses without row security contain foreign rows, seed {seed}"
    );
    passing.close().await.expect("closed");
    app.stop().await;
}
