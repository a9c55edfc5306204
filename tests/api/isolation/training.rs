//! Training in the province of these tests, and the edges that lead to and from it.

use entity::{enrolment, quota, training_class, training_plan};

use crate::support::{
    TestApp,
    rotation::Places,
    training::{Rows, class, learner, plan, quota as given, sent, session, write},
};

/// What of the training A knows: the plan of the province by the quotas that A and A1 hold, and its own quotas; TA, which
/// A1 held, with B-02 in it; TB, which B1 held, for A-01 whom A1P sent to it; TQ of the province's plan, which B1 held, for
/// the quotas, and not that B-02 is in it.
pub const OF_A: [&str; 8] = ["KP", "QA", "QA1", "TA", "TB", "TQ", "E1", "E3"];

/// Every edge from and to training, as in `EDGES`.
pub const EDGES: [(&str, &str); 39] = [
    ("Query.nodes", r#"{ nodes(ids: ["%KB%", "%QB%", "%TF%", "%E4%", "%KP%", "%QA%", "%TB%", "%E1%"]) { id } }"#),
    ("Query.trainingPlan", r#"{ trainingPlan(by: {code: "KB"}) { id } }"#),
    ("Query.trainingPlan", r#"{ trainingPlan(by: {id: "%KB%"}) { id } }"#),
    ("Query.trainingPlans", "{ trainingPlans(first: 100) { nodes { id } } }"),
    ("TrainingPlanConnection.nodes", "{ trainingPlans(last: 100, orderBy: [{field: YEAR_FROM}]) { nodes { id } } }"),
    ("TrainingPlanConnection.edges", "{ trainingPlans(where: {states: [PUBLISHED]}) { edges { node { id } } } }"),
    ("TrainingPlanEdge.node", "{ trainingPlans(where: {yearFrom: 2014}) { edges { node { id } } } }"),
    ("Query.quotas", "{ quotas(first: 100) { nodes { id plan { id } } } }"),
    ("Query.quotas", r#"{ quotas(where: {plan: "KP", unusedOnly: true}) { nodes { id } } }"#),
    ("TrainingPlan.unit", r#"{ trainingPlan(by: {code: "KP"}) { unit { HANGING } } }"#),
    ("TrainingPlan.quotas", r#"{ trainingPlan(by: {code: "KP"}) { quotas { nodes { id } } } }"#),
    ("QuotaConnection.nodes", r#"{ trainingPlan(by: {code: "KP"}) { quotas(last: 100) { nodes { id } } } }"#),
    ("QuotaConnection.edges", r#"{ trainingPlan(by: {code: "KP"}) { quotas { edges { node { id } } } } }"#),
    ("QuotaEdge.node", r#"{ trainingPlan(by: {code: "KP"}) { quotas(first: 100) { edges { node { id } } } } }"#),
    ("Unit.quotas", r#"{ unit(by: {code: "A"}) { quotas(year: 2014, reach: SUBTREE) { nodes { id } } } }"#),
    (
        "Quota.plan",
        r#"{ unit(by: {code: "A"}) { quotas(year: 2021, first: 4) { nodes { plan { unit { HANGING } quotas { nodes { id } } } } } } }"#,
    ),
    ("Quota.unit", r#"{ unit(by: {code: "A"}) { quotas(year: 2021, first: 4) { nodes { unit { HANGING } } } } }"#),
    (
        "Quota.parent",
        r#"{ unit(by: {code: "A"}) { quotas(year: 2021, reach: SUBTREE) { nodes { parent { id parent { id } } } } } }"#,
    ),
    ("Query.quota", r#"{ quota(by: {id: "%QB%"}) { id } }"#),
    ("Quota.children", r#"{ node(id: "%QA%") { ... on Quota { children { id children { id } } } } }"#),
    ("Query.trainingClass", r#"{ trainingClass(by: {code: "TF"}) { id } }"#),
    ("Query.trainingClass", r#"{ trainingClass(by: {id: "%TF%"}) { id } }"#),
    ("Query.trainingClasses", "{ trainingClasses(first: 100) { nodes { id } } }"),
    ("TrainingClassConnection.nodes", "{ trainingClasses(last: 100, orderBy: [{field: CODE}]) { nodes { id } } }"),
    ("TrainingClassConnection.edges", "{ trainingClasses(where: {states: [CLOSED]}) { edges { node { id } } } }"),
    ("TrainingClassEdge.node", r#"{ trainingClasses(where: {startFrom: "2020-01-01"}) { edges { node { id } } } }"#),
    ("TrainingClass.plan", r#"{ trainingClass(by: {code: "TB"}) { plan { id } } }"#),
    ("TrainingClass.organiser", r#"{ trainingClass(by: {code: "TB"}) { organiser { HANGING } } }"#),
    ("TrainingClass.enrolments", r#"{ trainingClass(by: {code: "TB"}) { enrolments { nodes { id } } } }"#),
    (
        "TrainingClass.enrolments",
        r#"{ trainingClass(by: {code: "TQ"}) { organiser { HANGING } enrolments { nodes { id } } } }"#,
    ),
    ("Query.enrolments", r#"{ enrolments(first: 100, where: {yearFrom: 2020}) { nodes { id } } }"#),
    ("Query.enrolment", r#"{ enrolment(by: {id: "%E4%"}) { id } }"#),
    ("EnrolmentConnection.nodes", "{ enrolments(last: 100) { nodes { id } } }"),
    ("EnrolmentConnection.edges", "{ enrolments(where: {withoutClass: false}) { edges { node { id } } } }"),
    ("EnrolmentEdge.node", r#"{ enrolments(where: {programmes: ["CMNV"]}) { edges { node { id } } } }"#),
    (
        "Enrolment.cadre",
        "{ enrolments { nodes { cadre { unit { id } assignments { unit { id } } enrolments { nodes { id } } } } } }",
    ),
    ("Enrolment.class", "{ enrolments { nodes { class { id enrolments { nodes { id } } } } } }"),
    ("Enrolment.sendingUnit", "{ enrolments(first: 5) { nodes { sendingUnit { HANGING } } } }"),
    ("Cadre.enrolments", r#"{ cadre(by: {code: "X-01"}) { enrolments { nodes { id } } } }"#),
];

/// Writes it, and gives the id of each thing by the name that it has here.
pub async fn fill(app: &TestApp) -> Vec<(String, String)> {
    let of = Places::of(&app.database).await;
    let province = plan(&of, ["KP", "P"], (2021, 2021));
    let b = training_plan::Model { name: "MARK-PLAN".to_owned(), ..plan(&of, ["KB", "B"], (2021, 2021)) };
    // AX was in A until the end of 2014.
    let past = plan(&of, ["K14", "P"], (2014, 2014));
    let whole = quota::Model { allocated: 60, ..given(&of, &province, ["P", "CMNV"], 100) };
    let part = |of_quota: &quota::Model, unit, seats| quota::Model {
        parent_id: Some(of_quota.id),
        ..given(&of, &province, [unit, "CMNV"], seats)
    };
    let of_a = part(&whole, "A", 40);
    let quotas = [
        ("QP", whole.clone()),
        ("QA", of_a.clone()),
        ("QC", part(&whole, "B", 20)),
        ("QA1", part(&of_a, "A1", 10)),
        ("QX", part(&of_a, "B1U", 5)),
        ("QB", given(&of, &b, ["B1", "CMNV"], 9)),
        ("QM", given(&of, &past, ["AX", "CMNV"], 7)),
    ];
    let in_b1 = |code| training_class::Model {
        plan_id: Some(b.id),
        intake: Some("MARK-INTAKE".to_owned()),
        ..class(&of, [code, "CMNV", "B1", "2021-05-01", "2021-05-09"])
    };
    let own = class(&of, ["TA", "CMNV", "A1", "2021-03-01", "2021-03-05"]);
    let (shared, foreign) = (training_class::Model { intake: None, ..in_b1("TB") }, in_b1("TF"));
    let of_plan = training_class::Model {
        plan_id: Some(province.id),
        ..class(&of, ["TQ", "CMNV", "B1", "2021-06-01", "2021-06-05"])
    };
    let enrolments: [(&str, enrolment::Model); 6] = [
        ("E1", learner(&of, ["A-01", "A1P"], &shared)),
        ("E2", learner(&of, ["B-01", "B1U"], &shared)),
        ("E3", learner(&of, ["B-02", "B1U"], &own)),
        ("E4", learner(&of, ["B-01", "B1U"], &foreign)),
        ("E5", sent(&of, ["X-01", "CMNV", "B1U"], 2021)),
        ("E6", learner(&of, ["B-02", "B1U"], &of_plan)),
    ];

    let (plans, classes) = ([province, b, past], [own, shared, foreign, of_plan]);
    let mut ids: Vec<(String, String)> = Vec::new();
    ids.extend(plans.iter().map(|plan| (plan.code.to_string(), plan.id.to_string())));
    ids.extend(quotas.iter().map(|(name, quota)| ((*name).to_owned(), quota.id.to_string())));
    ids.extend(classes.iter().map(|class| (class.code.to_string(), class.id.to_string())));
    ids.extend(enrolments.iter().map(|(name, enrolment)| ((*name).to_owned(), enrolment.id.to_string())));
    let rows = Rows {
        plans: plans.into(),
        quotas: quotas.map(|(_, quota)| quota).into(),
        sessions: vec![
            session(&classes[0], "2021-03-02"),
            session(&classes[1], "2021-05-04"),
            session(&classes[2], "2021-05-05"),
        ],
        classes: classes.into(),
        enrolments: enrolments.map(|(_, enrolment)| enrolment).into(),
    };
    write(&app.database, rows).await;
    app.app_state.refresh().await.expect("refreshed");
    ids
}
