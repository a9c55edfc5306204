//! Training: programmes, plans, quotas, classes, enrolments, progress.

mod class;
mod ended;
mod enrolments;
mod invalid_input;
mod plan;
mod visibility;

use entity::{
    enrolment, quota, training_class,
    value::{ClassCategory, ClassState, EnrolmentState, Measure, QuotaState, StudyMode},
};
use serde_json::Value;

use crate::support::{
    Caller, TestApp,
    rotation::Places,
    training::{Rows, class, learner, plan, quota as given, sent, write},
};

/// Plans: K21 of the province for 2021, KGD of the province for 2020 to 2022, KB of district B for 2021.
///
/// | quota | plan | unit | seats |
/// | --- | --- | --- | --- |
/// | 1 | K21 | P | 100, of which 60 are allocated |
/// | 2, 3 | K21 | A, B | 40 and 20 of those |
/// | 4 | K21 | A | 8 persons, full-time |
/// | 5 | K21 | A | 30, revoked |
/// | 6 | KGD | A | more than 500 |
/// | 7 | KB | B1 | more than 9 |
fn plans(of: &Places) -> Rows {
    let k21 = plan(of, ["K21", "P"], (2021, 2021));
    let kgd = plan(of, ["KGD", "P"], (2020, 2022));
    let kb = plan(of, ["KB", "B"], (2021, 2021));
    let first = quota::Model { allocated: 60, classes: Some(2), ..given(of, &k21, ["P", "CMNV"], 100) };
    let handed_on =
        |unit: &str, seats| quota::Model { parent_id: Some(first.id), ..given(of, &k21, [unit, "CMNV"], seats) };
    let quotas = vec![
        first.clone(),
        quota::Model { used: 15, ..handed_on("A", 40) },
        handed_on("B", 20),
        quota::Model {
            measure: Measure::Persons,
            mode: Some(StudyMode::FullTime),
            used: 8,
            ..given(of, &k21, ["A", "LLCT_TC"], 8)
        },
        quota::Model { state: QuotaState::Revoked, ..given(of, &k21, ["A", "CN_164"], 30) },
        quota::Model { is_lower_bound: true, ..given(of, &kgd, ["A", "CMNV"], 500) },
        quota::Model { is_lower_bound: true, ..given(of, &kb, ["B1", "LLCT_TC"], 9) },
    ];
    Rows { plans: vec![k21, kgd, kb], quotas, ..Rows::default() }
}

/// Classes L1 to L6. C1U, which organises L3 and L4, belonged to district C until 2020 and to A since.
fn classes(of: &Places, rows: &Rows) -> Vec<training_class::Model> {
    let refresher = ClassCategory::Refresher;
    vec![
        training_class::Model {
            plan_id: Some(rows.plans[0].id),
            mode: Some(StudyMode::PartTime),
            intake: Some("5".to_owned()),
            capacity: Some(3),
            enrolled: 2,
            ..class(of, ["L1", "LLCT_TC", "A", "2021-03-01", "2021-09-30"])
        },
        training_class::Model {
            category: refresher,
            capacity: Some(40),
            reported_learners: Some(30),
            ..class(of, ["L2", "CMNV", "B1", "2021-05-05", "2021-05-07"])
        },
        training_class::Model {
            category: ClassCategory::Update,
            ..class(of, ["L3", "CN_164", "C1U", "2019-04-01", "2019-04-05"])
        },
        training_class::Model {
            category: ClassCategory::Update,
            ..class(of, ["L4", "CN_164", "C1U", "2021-04-01", "2021-04-05"])
        },
        training_class::Model {
            state: ClassState::Postponed,
            ..class(of, ["L5", "CMNV", "A", "2021-11-01", "2021-11-05"])
        },
        training_class::Model { category: refresher, ..class(of, ["L6", "CMNV", "PD1", "2022-01-10", "2022-01-12"]) },
    ]
}

/// District A sent M-01, who serves in B since.
fn enrolments(of: &Places, classes: &[training_class::Model]) -> Vec<enrolment::Model> {
    let in_state = |state, row| enrolment::Model { state, ..row };
    vec![
        learner(of, ["A-01", "A1P"], &classes[0]),
        in_state(EnrolmentState::Dropped, learner(of, ["A-03", "A2U"], &classes[0])),
        learner(of, ["B-01", "B1U"], &classes[0]),
        learner(of, ["A-01", "A1P"], &classes[1]),
        in_state(EnrolmentState::Failed, learner(of, ["B-02", "B1U"], &classes[1])),
        learner(of, ["A-06", "C1U"], &classes[2]),
        learner(of, ["A-06", "C1U"], &classes[3]),
        in_state(EnrolmentState::Confirmed, learner(of, ["P-01", "PD1"], &classes[5])),
        in_state(EnrolmentState::Registered, sent(of, ["A-04", "LLCT_TC", "A2U"], 2021)),
        sent(of, ["A-02", "CMNV", "A1U"], 2021),
        sent(of, ["M-01", "CMNV", "A2U"], 2017),
    ]
}

async fn fill(app: &TestApp) {
    let of = Places::of(&app.database).await;
    let mut rows = plans(&of);
    rows.classes = classes(&of, &rows);
    rows.enrolments = enrolments(&of, &rows.classes);
    write(&app.database, rows).await;
    app.app_state.refresh().await.expect("refreshed");
}

async fn district<'a>(app: &'a TestApp, unit: &str) -> Caller<'a> {
    app.caller(&["cadre:read", "training:read", "quota:read"], &[unit]).await
}

/// A word of each node of a connection.
fn words(of: &Value, pointer: &str, word: impl Fn(&Value) -> String) -> Vec<String> {
    let nodes = of.pointer(pointer).and_then(Value::as_array).unwrap_or_else(|| panic!("no list {pointer} in {of:#}"));
    nodes.iter().map(word).collect()
}

fn text(of: &Value) -> String {
    of.as_str().unwrap_or_else(|| panic!("no text: {of}")).to_owned()
}
