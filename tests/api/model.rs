//! Random commands on quotas and enrolments, compared with a simple model in memory after each command. The seed is
//! printed; `CADRE_TEST_SEED` repeats a run.

use std::fmt::Write as _;

use fastrand::Rng;
use serde_json::{Value, json};

use crate::support::{Caller, TestApp, csv, on_both, postgres::setting};

/// Commands of a run.
const COMMANDS: usize = 400;
/// Units with their parents.
const UNITS: [(&str, &str); 9] = [
    ("P", "W"),
    ("A", "P"),
    ("B", "P"),
    ("A1", "A"),
    ("A2", "A"),
    ("A1U", "A1"),
    ("A2U", "A2"),
    ("B1", "B"),
    ("B1U", "B1"),
];
/// Number of people, each in one of two units.
const PEOPLE: usize = 14;
/// The classes: code, programme, seats.
const CLASSES: [(&str, &str, usize); 2] = [("LOP-L", "LLCT_TC", 6), ("LOP-N", "CMNV", 4)];
/// The quotas of the province: programme, measure, seats. Seats of the last one are valid for every programme.
const INITIAL: [(&str, &str, i32); 3] = [("LLCT_TC", "TURNS", 14), ("CMNV", "TURNS", 9), (ANY, PERSONS, 5)];
const ANY: &str = "TAT_CA";
const PERSONS: &str = "PERSONS";

/// A quota of the model.
#[derive(Debug)]
struct Quota {
    id: String,
    unit: &'static str,
    programme: &'static str,
    measure: &'static str,
    parent: Option<usize>,
    seats: i32,
    allocated: i32,
    used: i32,
    is_revoked: bool,
}

/// An enrolment of the model.
#[derive(Debug)]
struct Enrolment {
    id: String,
    person: usize,
    class: usize,
    quota: usize,
    state: &'static str,
}

#[derive(Debug, Default)]
struct Model {
    quotas: Vec<Quota>,
    enrolments: Vec<Enrolment>,
}

/// A command; numbers are positions in the model.
#[derive(Clone, Copy, Debug)]
enum Command {
    Allocate { quota: usize, unit: &'static str, seats: i32 },
    Return { quota: usize, seats: i32 },
    Revoke { quota: usize },
    Enrol { person: usize, class: usize, quota: usize },
    Drop { enrolment: usize },
    Complete { enrolment: usize, passed: bool },
    Undo { enrolment: usize },
}

impl Quota {
    fn left(&self) -> i32 {
        self.seats - self.allocated - self.used
    }
}

fn above(unit: &str) -> &'static str {
    UNITS.iter().find(|(code, _)| *code == unit).map_or("", |(_, above)| above)
}

/// Whether a unit is below another.
fn is_below(unit: &str, other: &str) -> bool {
    let mut up = above(unit);
    while !up.is_empty() && up != other {
        up = above(up);
    }
    up == other
}

fn unit_of(person: usize) -> &'static str {
    if person.is_multiple_of(2) { "A1U" } else { "B1U" }
}

/// Whether a class grants a level: only the first programme does.
fn grants(class: usize) -> bool {
    class == 0
}

impl Model {
    /// Whether the command is allowed.
    fn allows(&self, command: Command) -> bool {
        match command {
            Command::Allocate { quota, unit, seats } => {
                let quota = &self.quotas[quota];
                !quota.is_revoked && is_below(unit, quota.unit) && quota.left() >= seats
            }
            Command::Return { quota, seats } => {
                let quota = &self.quotas[quota];
                !quota.is_revoked && quota.parent.is_some() && quota.left() >= seats
            }
            Command::Revoke { quota } => {
                let quota = &self.quotas[quota];
                !quota.is_revoked && quota.allocated == 0 && quota.used == 0
            }
            Command::Enrol { person, class, quota } => self.has_room(person, class, quota),
            Command::Drop { enrolment } | Command::Complete { enrolment, .. } => {
                self.enrolments[enrolment].state == "ATTENDING"
            }
            Command::Undo { enrolment } => matches!(self.enrolments[enrolment].state, "COMPLETED" | "FAILED"),
        }
    }

    fn has_room(&self, person: usize, class: usize, at: usize) -> bool {
        let ((_, programme, seats), quota) = (CLASSES[class], &self.quotas[at]);
        let in_class = self.enrolments.iter().filter(|of| of.class == class && of.state != "DROPPED");
        let holds_level = grants(class)
            && self.enrolments.iter().any(|of| of.person == person && of.class == class && of.state == "COMPLETED");
        let of_quota = unit_of(person) == quota.unit || is_below(unit_of(person), quota.unit);
        in_class.clone().all(|of| of.person != person)
            && in_class.count() < seats
            && !holds_level
            && of_quota
            && !quota.is_revoked
            && [programme, ANY].contains(&quota.programme)
            && quota.left() >= self.seats_for(person, at)
    }

    /// The seats that an enrolment of a person takes from a quota, or frees when it no longer counts. Zero if the quota
    /// counts persons and another enrolment of the person counts.
    fn seats_for(&self, person: usize, quota: usize) -> i32 {
        let mut others = self.enrolments.iter().filter(|of| of.person == person && of.quota == quota);
        i32::from(self.quotas[quota].measure != PERSONS || !others.any(|of| of.state != "DROPPED"))
    }

    /// Applies an allowed command; `id` is the id of the created object.
    fn perform(&mut self, command: Command, id: String) {
        match command {
            Command::Allocate { quota, unit, seats } => {
                self.quotas[quota].allocated += seats;
                let is_child = |of: &&mut Quota| of.parent == Some(quota) && of.unit == unit && !of.is_revoked;
                let Quota { programme, measure, .. } = self.quotas[quota];
                match self.quotas.iter_mut().find(is_child) {
                    Some(child) => child.seats += seats,
                    None => self.quotas.push(Quota {
                        id,
                        unit,
                        programme,
                        measure,
                        parent: Some(quota),
                        seats,
                        allocated: 0,
                        used: 0,
                        is_revoked: false,
                    }),
                }
            }
            Command::Return { quota, seats } => self.take_back(quota, seats),
            Command::Revoke { quota } => {
                let seats = self.quotas[quota].seats;
                self.take_back(quota, seats);
                // A revoked quota keeps showing its former seats.
                self.quotas[quota].seats = seats;
                self.quotas[quota].is_revoked = true;
            }
            Command::Enrol { person, class, quota } => {
                self.quotas[quota].used += self.seats_for(person, quota);
                self.enrolments.push(Enrolment { id, person, class, quota, state: "ATTENDING" });
            }
            Command::Drop { enrolment } => {
                let Enrolment { person, quota, .. } = self.enrolments[enrolment];
                self.enrolments[enrolment].state = "DROPPED";
                self.quotas[quota].used -= self.seats_for(person, quota);
            }
            Command::Complete { enrolment, passed } => {
                self.enrolments[enrolment].state = if passed { "COMPLETED" } else { "FAILED" };
            }
            Command::Undo { enrolment } => self.enrolments[enrolment].state = "ATTENDING",
        }
    }

    fn take_back(&mut self, quota: usize, seats: i32) {
        self.quotas[quota].seats -= seats;
        if let Some(parent) = self.quotas[quota].parent {
            self.quotas[parent].allocated -= seats;
        }
    }

    /// A random command that is mostly allowed.
    fn mostly_allowed(&self, rng: &mut Rng) -> Command {
        let mut command = self.draw(rng);
        for _ in 0..rng.u8(..6) {
            if self.allows(command) {
                break;
            }
            command = self.draw(rng);
        }
        command
    }

    /// Whether another initial quota remains. Without any, no command would be possible.
    fn leaves_another(&self, quota: usize) -> bool {
        self.quotas.iter().enumerate().any(|(at, other)| at != quota && other.parent.is_none() && !other.is_revoked)
    }

    fn draw(&self, rng: &mut Rng) -> Command {
        let quota = rng.usize(..self.quotas.len());
        let enrolment = rng.usize(..self.enrolments.len().max(1));
        match (rng.u8(..16), self.enrolments.is_empty()) {
            (0..4, _) => Command::Allocate { quota, unit: UNITS[rng.usize(..UNITS.len())].0, seats: rng.i32(1..4) },
            (4..6, _) => Command::Return { quota, seats: rng.i32(1..3) },
            (6, _) if self.leaves_another(quota) => Command::Revoke { quota },
            (7..11, _) | (_, true) => {
                Command::Enrol { person: rng.usize(..PEOPLE), class: rng.usize(..CLASSES.len()), quota }
            }
            (11..13, false) => Command::Drop { enrolment },
            (13..15, false) => Command::Complete { enrolment, passed: rng.u8(..4) > 0 },
            (_, false) => Command::Undo { enrolment },
        }
    }
}

/// The mutation, its input, and the path to the id of the created object in its payload.
fn request(model: &Model, command: Command) -> (&'static str, Value, &'static str) {
    let quota = |at: usize| &model.quotas[at].id;
    let enrolment = |at: usize| &model.enrolments[at].id;
    match command {
        Command::Allocate { quota: at, unit, seats } => {
            ("quotaAllocate", json!({ "quotaId": quota(at), "unitCode": unit, "seats": seats }), "child")
        }
        Command::Return { quota: at, seats } => {
            ("quotaReturn", json!({ "quotaId": quota(at), "seats": seats }), "quota")
        }
        Command::Revoke { quota: at } => ("quotaRevoke", json!({ "quotaId": quota(at) }), "quota"),
        Command::Enrol { person, class, quota: at } => (
            "classEnrol",
            json!({ "classCode": CLASSES[class].0, "cadreCode": format!("T-{person:02}"), "quotaId": quota(at) }),
            "enrolment",
        ),
        Command::Drop { enrolment: at } => {
            ("enrolmentDrop", json!({ "enrolmentId": enrolment(at), "reason": "Ốm" }), "enrolment")
        }
        Command::Complete { enrolment: at, passed } => (
            "enrolmentComplete",
            json!({ "enrolmentId": enrolment(at), "passed": passed, "completedOn": "2026-05-29" }),
            "enrolment",
        ),
        Command::Undo { enrolment: at } => {
            ("enrolmentRevoke", json!({ "enrolmentId": enrolment(at), "reason": "Nhầm" }), "enrolment")
        }
    }
}

/// Sends the command. Returns the id of the created object, or the code of the refusal.
async fn done(caller: &Caller<'_>, model: &Model, command: Command, key: usize) -> Result<String, String> {
    let (mutation, mut input, made) = request(model, command);
    input["idempotencyKey"] = json!(format!("key-{key}"));
    let kind = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
    let document = format!(
        "mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {made} {{ id }} userErrors {{ code }} }} }}"
    );
    let data = caller.query_with(&document, json!({ "input": input })).await;
    match data[mutation]["userErrors"][0]["code"].as_str() {
        Some(code) => Err(code.to_owned()),
        None => Ok(data[mutation][made]["id"].as_str().expect("an id").to_owned()),
    }
}

async fn prepare(app: &TestApp) {
    let (mut cadres, mut posts, mut quotas, mut classes) = (String::new(), String::new(), String::new(), String::new());
    for at in 0..PEOPLE {
        writeln!(cadres, "T-{at:02},9990005{at:05},Người Mẫu {at}").expect("text");
        writeln!(posts, "T-{at:02},{}", unit_of(at)).expect("text");
    }
    for (programme, measure, seats) in INITIAL {
        writeln!(quotas, "KH-M,P,{programme},{measure},{seats}").expect("text");
    }
    for (code, programme, seats) in CLASSES {
        writeln!(classes, "{code},KH-M,{programme},PD1,TRAINING,2026-05-04,2026-05-29,{seats}").expect("text");
    }
    let of_class = "code,plan_code,programme_code,organiser_code,category,start_on,end_on,capacity";
    let files = [
        ("cadres.csv", &csv::cadres("code,national_id,full_name", &cadres)[..]),
        ("assignments.csv", &csv::assignments("cadre_code,unit_code", &posts)),
        ("training_plans.csv", &csv::training_plans("code,document_no", "KH-M,1/KH\n")),
        ("quotas.csv", &csv::quotas("plan_code,unit_code,programme_code,measure,quantity", &quotas)),
        ("classes.csv", &csv::classes(of_class, &classes)),
    ];
    app.import_text(&files).await;
}

/// The initial quotas of the plan.
async fn initial_quotas(caller: &Caller<'_>) -> Vec<Quota> {
    let plan =
        caller.query(r#"{ trainingPlan(by: {code: "KH-M"}) { quotas { nodes { id programme { code } } } } }"#).await;
    let nodes = plan["trainingPlan"]["quotas"]["nodes"].as_array().expect("quotas").clone();
    INITIAL
        .into_iter()
        .map(|(programme, measure, seats)| Quota {
            id: nodes.iter().find(|quota| quota["programme"]["code"] == programme).expect(programme)["id"]
                .as_str()
                .expect("an id")
                .to_owned(),
            unit: "P",
            programme,
            measure,
            parent: None,
            seats,
            allocated: 0,
            used: 0,
            is_revoked: false,
        })
        .collect()
}

/// Compares the model with the service.
async fn compare(caller: &Caller<'_>, model: &Model, hint: &str) {
    for quotas in model.quotas.chunks(100) {
        let ids: Vec<_> = quotas.iter().map(|quota| &quota.id).collect();
        let document =
            "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Quota { seats allocated used state unit { code } } } }";
        let answer = caller.query_with(document, json!({ "ids": ids })).await;
        for (quota, actual) in quotas.iter().zip(answer["nodes"].as_array().expect("nodes")) {
            let state = if quota.is_revoked { "REVOKED" } else { "ISSUED" };
            let expected = json!({
                "seats": quota.seats, "allocated": quota.allocated, "used": quota.used, "state": state,
                "unit": { "code": quota.unit },
            });
            assert_eq!(actual, &expected, "{hint}: {quota:?}");
        }
    }
    for enrolments in model.enrolments.chunks(100) {
        let ids: Vec<_> = enrolments.iter().map(|enrolment| &enrolment.id).collect();
        let document = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Enrolment { state } } }";
        let answer = caller.query_with(document, json!({ "ids": ids })).await;
        for (enrolment, actual) in enrolments.iter().zip(answer["nodes"].as_array().expect("nodes")) {
            assert_eq!(actual["state"], enrolment.state, "{hint}: {enrolment:?}");
        }
    }
    for (class, (code, ..)) in CLASSES.into_iter().enumerate() {
        let seated = model.enrolments.iter().filter(|of| of.class == class && of.state != "DROPPED").count();
        let actual = caller.query(&format!("{{ trainingClass(by: {{code: \"{code}\"}}) {{ enrolled }} }}")).await;
        assert_eq!(actual["trainingClass"]["enrolled"], json!(seated), "{hint}: {code}");
    }
    for person in 0..PEOPLE {
        let holds =
            model.enrolments.iter().any(|of| of.person == person && grants(of.class) && of.state == "COMPLETED");
        let document = format!(
            "{{ cadre(by: {{code: \"T-{person:02}\"}}) {{ qualifications(subject: \"POLITICAL_THEORY\") {{ level {{ code }} }} }} }}"
        );
        let actual = caller.query(&document).await;
        let levels = actual["cadre"]["qualifications"].as_array().expect("a list").len();
        assert_eq!(levels, usize::from(holds), "{hint}: the qualifications of T-{person:02}");
    }
}

#[actix_web::test]
async fn commands_on_training_behave_like_a_simple_model() {
    let seed = setting("CADRE_TEST_SEED").map_or_else(|| fastrand::u64(..), |seed| seed.parse().expect("a seed"));
    println!("CADRE_TEST_SEED={seed}");
    on_both(async |app| {
        prepare(app).await;
        let scopes = ["cadre:read", "training:read", "training:write", "quota:read", "quota:allocate"];
        let caller = app.caller(&scopes, &["W"]).await;
        let mut model = Model { quotas: initial_quotas(&caller).await, ..Model::default() };
        let (mut rng, mut allowed, mut kinds) = (Rng::with_seed(seed), 0, std::collections::BTreeSet::new());

        for at in 0..COMMANDS {
            let command = model.mostly_allowed(&mut rng);
            let hint = format!("command {at} of seed {seed}, {command:?}");
            let outcome = done(&caller, &model, command, at).await;
            assert_eq!(outcome.is_ok(), model.allows(command), "{hint}: {outcome:?}");
            if let Ok(id) = outcome {
                allowed += 1;
                kinds.insert(request(&model, command).0);
                model.perform(command, id);
            }
            if at % 40 == 39 {
                compare(&caller, &model, &hint).await;
            }
        }

        compare(&caller, &model, "at the end").await;
        assert!(
            allowed > COMMANDS / 8 && allowed < COMMANDS,
            "the control: {allowed} of {COMMANDS} commands were allowed, seed {seed}"
        );
        assert!(kinds.len() >= 6, "the control: most kinds of commands were allowed: {kinds:?}, seed {seed}");
    })
    .await;
}
