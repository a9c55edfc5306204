//! The table of rights (`access.txt`): the result for every root field, and for every field and filter that needs a
//! scope, for every kind of caller. Every coordinate of the schema has a policy decision. `UPDATE_EXPECT=1` rewrites
//! `access.txt`.

use std::{collections::BTreeSet, env, fmt::Write as _, fs, path::Path};

use cadre_api::{
    authz::policy::{Need, need},
    domain::{
        client,
        webhook::{self, Destinations, Sender},
    },
    graphql::sdl,
};
use entity::{
    duty_exemption, quota, rotation, rotation_appraisal, rotation_step, rule_override, sample, training_class,
    value::{AppraisalResult, RotationState, RuleKey},
};
use reqwest::StatusCode;
use sea_orm::{ActiveModelTrait, IntoActiveModel};
use serde_json::{Value, json};

use crate::{
    act_inputs,
    support::{
        Caller, Kind, TestApp, clock, on_both, poll,
        rotation::{Places, day, keep_only},
        sdl as schema, store,
        training::{self, Rows},
    },
};

/// A line of the table: a coordinate, and a query that selects it and otherwise only the fields on the path to it.
struct Line {
    name: String,
    document: String,
    /// Path of the value in the response; for a list, of its first item.
    path: Vec<String>,
    /// Whether null at the path means that the object was not found; a plain value can be null for other reasons.
    is_found_by_value: bool,
}

/// A kind of caller, and its column of the table.
struct Column<'a> {
    name: &'static str,
    caller: Option<Caller<'a>>,
}

/// A query that selects an object of a type, with `%` in the place of its fields, and the path to the object in the
/// response.
fn route(parent: &str) -> (&'static str, &'static str) {
    match parent {
        "Query" => ("{ % }", ""),
        "Cadre" => (r#"{ cadre(by: {code: "A-02"}) { % } }"#, "cadre"),
        "CadreConnection" => (r#"{ unit(by: {code: "A1"}) { cadres { % } } }"#, "unit.cadres"),
        "CadreEdge" => (r#"{ unit(by: {code: "A1"}) { cadres { edges { % } } } }"#, "unit.cadres.edges"),
        "Assignment" => (r#"{ cadre(by: {code: "A-02"}) { assignments { % } } }"#, "cadre.assignments"),
        "Qualification" => (r#"{ cadre(by: {code: "A-02"}) { qualifications { % } } }"#, "cadre.qualifications"),
        "Identity" => (r#"{ cadre(by: {code: "A-02"}) { identity { % } } }"#, "cadre.identity"),
        "Political" => (r#"{ cadre(by: {code: "A-02"}) { political { % } } }"#, "cadre.political"),
        "Origin" => (r#"{ cadre(by: {code: "A-02"}) { origin { % } } }"#, "cadre.origin"),
        "Appraisal" => (r#"{ cadre(by: {code: "A-02"}) { appraisals(year: 2015) { % } } }"#, "cadre.appraisals"),
        "UnitAppraisals" => {
            (r#"{ unit(by: {code: "A1"}) { appraisals(system: STATE, year: 2015) { % } } }"#, "unit.appraisals")
        }
        "AppraisalOverLimit" => (
            r#"{ unit(by: {code: "A1"}) { appraisals(system: STATE, year: 2015) { overLimit { % } } } }"#,
            "unit.appraisals.overLimit",
        ),
        "StudyRecord" => (r#"{ cadre(by: {code: "A-02"}) { studyRecord(year: 2021) { % } } }"#, "cadre.studyRecord"),
        "StudyGrade" => (
            r#"{ cadre(by: {code: "A-02"}) { studyRecord(year: 2021) { grades { % } } } }"#,
            "cadre.studyRecord.grades",
        ),
        "GoodYears" => (
            r#"{ cadre(by: {code: "A-02"}) { goodYears(system: STATE, before: "2016-01-01") { % } } }"#,
            "cadre.goodYears",
        ),
        "DutyExemption" => (r#"{ cadre(by: {code: "A-02"}) { dutyExemptions { % } } }"#, "cadre.dutyExemptions"),
        "Unit" => (r#"{ unit(by: {code: "A1"}) { % } }"#, "unit"),
        "Composition" => {
            (r#"{ unit(by: {code: "A1"}) { composition(subject: "PROFESSIONAL") { % } } }"#, "unit.composition")
        }
        "LevelShare" => (
            r#"{ unit(by: {code: "A1"}) { composition(subject: "PROFESSIONAL") { levels { % } } } }"#,
            "unit.composition.levels",
        ),
        "Share" => (
            r#"{ unit(by: {code: "A1"}) { composition(subject: "PROFESSIONAL") { atLeast(level: "UNIVERSITY") { % } } } }"#,
            "unit.composition.atLeast",
        ),
        "StandardGap" => (r#"{ unit(by: {code: "A1"}) { standardGap { % } } }"#, "unit.standardGap"),
        "RequirementGap" => {
            (r#"{ unit(by: {code: "A1"}) { standardGap { requirements { % } } } }"#, "unit.standardGap.requirements")
        }
        "Standing" => (r#"{ cadre(by: {code: "A-02"}) { standing(title: "CT") { % } } }"#, "cadre.standing"),
        "RequirementCheck" => (
            r#"{ cadre(by: {code: "A-02"}) { standing(title: "CT") { requirements { % } } } }"#,
            "cadre.standing.requirements",
        ),
        "Rotation" => ("{ rotations { nodes { % } } }", "rotations.nodes"),
        "Placement" => ("{ rotations { nodes { placement { % } } } }", "rotations.nodes.placement"),
        "RotationConnection" => ("{ rotations { % } }", "rotations"),
        "RotationEdge" => ("{ rotations { edges { % } } }", "rotations.edges"),
        "RotationFlow" => (
            r#"{ unit(by: {code: "A1"}) { rotationFlows(from: "2014-01-01", before: "2015-01-01") { % } } }"#,
            "unit.rotationFlows",
        ),
        "TrainingPlan" => (r#"{ trainingPlan(by: {code: "KA"}) { % } }"#, "trainingPlan"),
        "TrainingPlanConnection" => ("{ trainingPlans { % } }", "trainingPlans"),
        "TrainingPlanEdge" => ("{ trainingPlans { edges { % } } }", "trainingPlans.edges"),
        "Quota" => (r#"{ unit(by: {code: "A1"}) { quotas(year: 2021) { nodes { % } } } }"#, "unit.quotas.nodes"),
        "QuotaConnection" => (r#"{ unit(by: {code: "A1"}) { quotas(year: 2021) { % } } }"#, "unit.quotas"),
        "QuotaEdge" => (r#"{ unit(by: {code: "A1"}) { quotas(year: 2021) { edges { % } } } }"#, "unit.quotas.edges"),
        "TrainingClass" => ("{ trainingClasses { nodes { % } } }", "trainingClasses.nodes"),
        "TrainingClassConnection" => ("{ trainingClasses { % } }", "trainingClasses"),
        "TrainingClassEdge" => ("{ trainingClasses { edges { % } } }", "trainingClasses.edges"),
        "Enrolment" => ("{ enrolments { nodes { % } } }", "enrolments.nodes"),
        "EnrolmentConnection" => ("{ enrolments { % } }", "enrolments"),
        "EnrolmentEdge" => ("{ enrolments { edges { % } } }", "enrolments.edges"),
        "TrainingProgress" => {
            (r#"{ unit(by: {code: "A1"}) { trainingProgress(year: 2021) { % } } }"#, "unit.trainingProgress")
        }
        "CadreDuty" => (r#"{ cadre(by: {code: "A-02"}) { duties(year: 2015) { % } } }"#, "cadre.duties"),
        "DutyCompliance" => (r#"{ unit(by: {code: "A1"}) { duty(code: "BD-B", year: 2015) { % } } }"#, "unit.duty"),
        "AccessEntry" => (r#"{ cadre(by: {code: "A-02"}) { accessLog { nodes { % } } } }"#, "cadre.accessLog.nodes"),
        "AccessGateway" => (
            r#"{ cadre(by: {code: "A-02"}) { accessLog { nodes { gateway { % } } } } }"#,
            "cadre.accessLog.nodes.gateway",
        ),
        "AccessEntryConnection" => (r#"{ cadre(by: {code: "A-02"}) { accessLog { % } } }"#, "cadre.accessLog"),
        "AccessEntryEdge" => {
            (r#"{ cadre(by: {code: "A-02"}) { accessLog { edges { % } } } }"#, "cadre.accessLog.edges")
        }
        "Client" => ("{ clients { nodes { % } } }", "clients.nodes"),
        "ClientGrant" => ("{ clients { nodes { grants { % } } } }", "clients.nodes.grants"),
        "ClientWebhook" => ("{ clients { nodes { webhook { % } } } }", "clients.nodes.webhook"),
        "ClientConnection" => ("{ clients { % } }", "clients"),
        "ClientEdge" => ("{ clients { edges { % } } }", "clients.edges"),
        "RotationStep" => ("{ rotations { nodes { steps { % } } } }", "rotations.nodes.steps"),
        "RotationAppraisal" => ("{ rotations { nodes { appraisals { % } } } }", "rotations.nodes.appraisals"),
        "RuleCheck" => ("{ rotations { nodes { checks { % } } } }", "rotations.nodes.checks"),
        "RuleOverride" => ("{ rotations { nodes { overrides { % } } } }", "rotations.nodes.overrides"),
        "Change" => ("{ changes(types: [UNIT]) { nodes { % } } }", "changes.nodes"),
        "ChangeConnection" => ("{ changes(types: [UNIT]) { % } }", "changes"),
        "ChangeEdge" => ("{ changes(types: [UNIT]) { edges { % } } }", "changes.edges"),
        _ => panic!("{parent} has no query here: add one"),
    }
}

/// The required arguments of a field.
fn arguments(coordinate: &str) -> &'static str {
    match coordinate {
        "Query.changes" => "(types: [UNIT])",
        "Query.cadre" => r#"(by: {code: "A-02"})"#,
        "Query.unit" => r#"(by: {code: "A1"})"#,
        "Query.document" => r#"(by: {code: "VB-A"})"#,
        "Query.node" => r#"(id: "UNIT")"#,
        "Query.nodes" => r#"(ids: ["UNIT"])"#,
        "Cadre.highest" => r#"(subject: "PROFESSIONAL")"#,
        "Unit.composition" => r#"(subject: "PROFESSIONAL")"#,
        "Unit.rotationFlows" => r#"(from: "2014-01-01", before: "2015-01-01")"#,
        "Composition.atLeast" => r#"(level: "UNIVERSITY")"#,
        "Query.rotation" => r#"(by: {id: "ROTATION"})"#,
        "Query.quota" => r#"(by: {id: "QUOTA"})"#,
        "Query.enrolment" => r#"(by: {id: "ENROLMENT"})"#,
        "Query.client" => r#"(by: {id: "CLIENT"})"#,
        "Query.trainingPlan" => r#"(by: {code: "KA"})"#,
        "Query.trainingClass" => r#"(by: {code: "LA"})"#,
        "Unit.quotas" | "Unit.trainingProgress" => "(year: 2021)",
        "Unit.appraisals" => "(system: STATE, year: 2015)",
        "Cadre.studyRecord" => "(year: 2021)",
        "Cadre.appraisals" => "(year: 2015)",
        "Cadre.goodYears" => r#"(system: STATE, before: "2016-01-01")"#,
        "Cadre.duties" => "(year: 2015)",
        "Unit.duty" => r#"(code: "BD-B", year: 2015)"#,
        _ => "",
    }
}

/// Filters, sort orders and keys, each with its query. A test fails if an input that needs a scope is missing here.
const WAYS_IN: &[(&str, &str)] = &[
    ("CadreKey.code", r#"{ cadre(by: {code: "A-02"}) { __typename } }"#),
    ("CadreKey.id", r#"{ cadre(by: {id: "CADRE"}) { __typename } }"#),
    ("CadreKey.nationalId", r#"{ cadre(by: {nationalId: "999000000002"}) { __typename } }"#),
    ("CadreOrder.direction", "{ cadres(orderBy: [{field: NAME, direction: DESC}]) { __typename } }"),
    ("CadreOrder.field", "{ cadres(orderBy: [{field: NAME}]) { __typename } }"),
    ("CadreOrderField.CODE", "{ cadres(orderBy: [{field: CODE}]) { __typename } }"),
    ("CadreOrderField.NAME", "{ cadres(orderBy: [{field: NAME}]) { __typename } }"),
    ("CadreOrderField.UNIT", "{ cadres(orderBy: [{field: UNIT}]) { __typename } }"),
    ("CadreWhere.and", "{ cadres(where: {and: []}) { __typename } }"),
    ("CadreWhere.belowStandard", "{ cadres(where: {belowStandard: {}}) { __typename } }"),
    ("StandardCondition.requirement", r#"{ cadres(where: {belowStandard: {requirement: "TD"}}) { __typename } }"#),
    ("StandardCondition.standard", r#"{ cadres(where: {belowStandard: {standard: "TC-A"}}) { __typename } }"#),
    ("CadreWhere.category", "{ cadres(where: {category: CADRE}) { __typename } }"),
    ("CadreWhere.codes", r#"{ cadres(where: {codes: ["A-02"]}) { __typename } }"#),
    ("CadreWhere.gender", "{ cadres(where: {gender: FEMALE}) { __typename } }"),
    ("CadreWhere.holds", r#"{ cadres(where: {holds: {subject: "PROFESSIONAL"}}) { __typename } }"#),
    ("CadreWhere.keyLeader", "{ cadres(where: {keyLeader: true}) { __typename } }"),
    ("CadreWhere.not", "{ cadres(where: {not: {gender: FEMALE}}) { __typename } }"),
    ("CadreWhere.or", "{ cadres(where: {or: []}) { __typename } }"),
    ("CadreWhere.status", "{ cadres(where: {status: ACTIVE}) { __typename } }"),
    ("CadreWhere.titles", r#"{ cadres(where: {titles: ["CT"]}) { __typename } }"#),
    ("CadreWhere.withPost", "{ cadres(where: {withPost: false}) { __typename } }"),
    ("CadreWhere.unit", r#"{ cadres(where: {unit: {code: "A1"}}) { __typename } }"#),
    (
        "LevelCondition.atLeast",
        r#"{ cadres(where: {holds: {subject: "PROFESSIONAL", atLeast: "COLLEGE"}}) { __typename } }"#,
    ),
    (
        "LevelCondition.below",
        r#"{ cadres(where: {holds: {subject: "PROFESSIONAL", below: "COLLEGE"}}) { __typename } }"#,
    ),
    (
        "LevelCondition.exactly",
        r#"{ cadres(where: {holds: {subject: "PROFESSIONAL", exactly: "COLLEGE"}}) { __typename } }"#,
    ),
    ("LevelCondition.subject", r#"{ cadres(where: {holds: {subject: "PROFESSIONAL"}}) { __typename } }"#),
    ("Node.id of an appraisal", r#"{ node(id: "APPRAISAL") { id } }"#),
    ("Node.id of a cadre", r#"{ node(id: "CADRE") { id } }"#),
    ("Node.id of a qualification", r#"{ node(id: "PAPER") { id } }"#),
    ("Node.id of a unit", r#"{ node(id: "UNIT") { id } }"#),
    ("Query.nodes of a cadre", r#"{ nodes(ids: ["CADRE"]) { __typename } }"#),
    (
        "IdentifierKey.asOf",
        r#"{ unit(by: {identifier: {system: QCVN_102, value: "001.01.00.T90", asOf: "2019-01-01"}}) { __typename } }"#,
    ),
    ("UnitKey.identifier", r#"{ unit(by: {identifier: {system: VN_AGENCY, value: "T90.1.1"}}) { __typename } }"#),
    ("UnitKey.id", r#"{ unit(by: {id: "UNIT"}) { __typename } }"#),
    ("UnitWhere.unit", r#"{ units(where: {unit: {code: "A1"}}) { __typename } }"#),
    ("Query.cadres(search:)", r#"{ cadres(search: "an") { __typename } }"#),
    ("Node.id of a rotation", r#"{ node(id: "ROTATION") { id } }"#),
    ("RotationKey.id", r#"{ rotation(by: {id: "ROTATION"}) { __typename } }"#),
    ("RotationOrder.direction", "{ rotations(orderBy: [{field: END, direction: DESC}]) { __typename } }"),
    ("RotationOrder.field", "{ rotations(orderBy: [{field: END}]) { __typename } }"),
    ("RotationOrderField.END", "{ rotations(orderBy: [{field: END}]) { __typename } }"),
    ("RotationOrderField.START", "{ rotations(orderBy: [{field: START}]) { __typename } }"),
    ("RotationWhere.cadre", r#"{ rotations(where: {cadre: "A-02"}) { nodes { __typename } } }"#),
    ("RotationWhere.directions", "{ rotations(where: {directions: [DOWN]}) { __typename } }"),
    ("RotationWhere.endBefore", r#"{ rotations(where: {endBefore: "2020-01-01"}) { __typename } }"#),
    ("RotationWhere.endFrom", r#"{ rotations(where: {endFrom: "2020-01-01"}) { __typename } }"#),
    ("RotationWhere.forms", "{ rotations(where: {forms: [ROTATION]}) { __typename } }"),
    ("RotationWhere.fromUnit", r#"{ rotations(where: {fromUnit: {code: "A1"}}) { __typename } }"#),
    ("RotationWhere.placementMissing", "{ rotations(where: {placementMissing: false}) { __typename } }"),
    ("RotationWhere.preparingUnit", r#"{ rotations(where: {preparingUnit: {code: "A1"}}) { __typename } }"#),
    ("RotationWhere.purposes", "{ rotations(where: {purposes: [DEVELOPMENT]}) { __typename } }"),
    ("RotationWhere.runningOn", r#"{ rotations(where: {runningOn: "2015-01-01"}) { __typename } }"#),
    ("RotationWhere.startFrom", r#"{ rotations(where: {startFrom: "2014-01-01"}) { __typename } }"#),
    ("RotationWhere.startBefore", r#"{ rotations(where: {startBefore: "2014-01-01"}) { __typename } }"#),
    ("RotationWhere.states", "{ rotations(where: {states: [PLACED]}) { __typename } }"),
    ("RotationWhere.toUnit", r#"{ rotations(where: {toUnit: {code: "A1"}}) { __typename } }"#),
    ("RotationWhere.unit", r#"{ rotations(where: {unit: {code: "A1"}}) { __typename } }"#),
    ("CadreWhere.trained", "{ cadres(where: {trained: {year: 2021}}) { __typename } }"),
    ("TrainedCondition.programmes", "{ cadres(where: {trained: {year: 2021, programmes: []}}) { __typename } }"),
    ("TrainedCondition.year", "{ cadres(where: {trained: {year: 2021}}) { __typename } }"),
    ("CadreWhere.duty", r#"{ cadres(where: {duty: {code: "BD-B", year: 2015, result: DONE}}) { __typename } }"#),
    ("DutyCondition.code", r#"{ cadres(where: {duty: {code: "BD-B", year: 2015, result: DONE}}) { __typename } }"#),
    ("DutyCondition.result", r#"{ cadres(where: {duty: {code: "BD-B", year: 2015, result: DONE}}) { __typename } }"#),
    ("DutyCondition.year", r#"{ cadres(where: {duty: {code: "BD-B", year: 2015, result: DONE}}) { __typename } }"#),
    ("Node.id of a client", r#"{ node(id: "CLIENT") { id } }"#),
    ("Node.id of an access entry", r#"{ node(id: "READING") { id } }"#),
    ("Node.id of a class", r#"{ node(id: "CLASS") { id } }"#),
    ("Node.id of a plan", r#"{ node(id: "PLAN") { id } }"#),
    ("Node.id of a quota", r#"{ node(id: "QUOTA") { id } }"#),
    ("Node.id of an enrolment", r#"{ node(id: "ENROLMENT") { id } }"#),
    ("TrainingPlanKey.code", r#"{ trainingPlan(by: {code: "KA"}) { __typename } }"#),
    ("TrainingPlanKey.id", r#"{ trainingPlan(by: {id: "PLAN"}) { __typename } }"#),
    ("TrainingPlanOrder.direction", "{ trainingPlans(orderBy: [{field: CODE, direction: DESC}]) { __typename } }"),
    ("TrainingPlanOrder.field", "{ trainingPlans(orderBy: [{field: CODE}]) { __typename } }"),
    ("TrainingPlanOrderField.CODE", "{ trainingPlans(orderBy: [{field: CODE}]) { __typename } }"),
    ("TrainingPlanOrderField.YEAR_FROM", "{ trainingPlans(orderBy: [{field: YEAR_FROM}]) { __typename } }"),
    ("TrainingPlanWhere.states", "{ trainingPlans(where: {states: [PUBLISHED]}) { __typename } }"),
    ("TrainingPlanWhere.unit", r#"{ trainingPlans(where: {unit: {code: "A1"}}) { __typename } }"#),
    ("TrainingPlanWhere.yearFrom", "{ trainingPlans(where: {yearFrom: 2021}) { __typename } }"),
    ("TrainingPlanWhere.yearTo", "{ trainingPlans(where: {yearTo: 2021}) { __typename } }"),
    ("QuotaWhere.plan", r#"{ quotas(where: {plan: "KA"}) { __typename } }"#),
    ("QuotaWhere.programmes", r#"{ quotas(where: {programmes: ["CMNV"]}) { __typename } }"#),
    ("QuotaWhere.states", "{ quotas(where: {states: [ISSUED]}) { __typename } }"),
    ("QuotaWhere.unit", r#"{ quotas(where: {unit: {code: "A1"}}) { __typename } }"#),
    ("QuotaWhere.unusedOnly", "{ quotas(where: {unusedOnly: true}) { __typename } }"),
    ("QuotaWhere.yearFrom", "{ quotas(where: {yearFrom: 2021}) { __typename } }"),
    ("QuotaWhere.yearTo", "{ quotas(where: {yearTo: 2021}) { __typename } }"),
    ("ClientKey.id", r#"{ client(by: {id: "CLIENT"}) { __typename } }"#),
    ("EnrolmentKey.id", r#"{ enrolment(by: {id: "ENROLMENT"}) { __typename } }"#),
    ("QuotaKey.id", r#"{ quota(by: {id: "QUOTA"}) { __typename } }"#),
    ("TrainingClassKey.code", r#"{ trainingClass(by: {code: "LA"}) { __typename } }"#),
    ("TrainingClassKey.id", r#"{ trainingClass(by: {id: "CLASS"}) { __typename } }"#),
    ("TrainingClassOrder.direction", "{ trainingClasses(orderBy: [{field: CODE, direction: DESC}]) { __typename } }"),
    ("TrainingClassOrder.field", "{ trainingClasses(orderBy: [{field: CODE}]) { __typename } }"),
    ("TrainingClassOrderField.CODE", "{ trainingClasses(orderBy: [{field: CODE}]) { __typename } }"),
    ("TrainingClassOrderField.START_ON", "{ trainingClasses(orderBy: [{field: START_ON}]) { __typename } }"),
    ("TrainingClassWhere.categories", "{ trainingClasses(where: {categories: [TRAINING]}) { __typename } }"),
    ("TrainingClassWhere.endFrom", r#"{ trainingClasses(where: {endFrom: "2021-01-01"}) { __typename } }"#),
    ("TrainingClassWhere.endBefore", r#"{ trainingClasses(where: {endBefore: "2022-01-01"}) { __typename } }"#),
    ("TrainingClassWhere.intake", r#"{ trainingClasses(where: {intake: "5"}) { __typename } }"#),
    ("TrainingClassWhere.modes", "{ trainingClasses(where: {modes: [PART_TIME]}) { __typename } }"),
    ("TrainingClassWhere.organiser", r#"{ trainingClasses(where: {organiser: {code: "A1"}}) { __typename } }"#),
    ("TrainingClassWhere.plan", r#"{ trainingClasses(where: {plan: "KA"}) { __typename } }"#),
    ("TrainingClassWhere.programmes", r#"{ trainingClasses(where: {programmes: ["CMNV"]}) { __typename } }"#),
    ("TrainingClassWhere.startFrom", r#"{ trainingClasses(where: {startFrom: "2021-01-01"}) { __typename } }"#),
    ("TrainingClassWhere.startBefore", r#"{ trainingClasses(where: {startBefore: "2022-01-01"}) { __typename } }"#),
    ("TrainingClassWhere.states", "{ trainingClasses(where: {states: [CLOSED]}) { __typename } }"),
    ("EnrolmentWhere.cadre", r#"{ enrolments(where: {cadre: "A-02"}) { nodes { __typename } } }"#),
    ("EnrolmentWhere.categories", "{ enrolments(where: {categories: [TRAINING]}) { __typename } }"),
    ("EnrolmentWhere.class", r#"{ enrolments(where: {class: "LA"}) { __typename } }"#),
    (
        "EnrolmentWhere.includePredecessors",
        r#"{ enrolments(where: {unit: {code: "A1"}, includePredecessors: true}) { __typename } }"#,
    ),
    ("EnrolmentWhere.organiser", r#"{ enrolments(where: {organiser: {code: "A1"}}) { __typename } }"#),
    ("EnrolmentWhere.plan", r#"{ enrolments(where: {plan: "KA"}) { __typename } }"#),
    ("EnrolmentWhere.programmes", r#"{ enrolments(where: {programmes: ["CMNV"]}) { __typename } }"#),
    ("EnrolmentWhere.states", "{ enrolments(where: {states: [COMPLETED]}) { __typename } }"),
    ("ChangeType.APPRAISAL", "{ changes(types: [APPRAISAL]) { __typename } }"),
    ("ChangeType.CADRE", "{ changes(types: [CADRE]) { __typename } }"),
    ("ChangeType.ENROLMENT", "{ changes(types: [ENROLMENT]) { __typename } }"),
    ("ChangeType.QUALIFICATION", "{ changes(types: [QUALIFICATION]) { __typename } }"),
    ("ChangeType.QUOTA", "{ changes(types: [QUOTA]) { __typename } }"),
    ("ChangeType.ROTATION", "{ changes(types: [ROTATION]) { __typename } }"),
    ("ChangeType.TRAINING_CLASS", "{ changes(types: [TRAINING_CLASS]) { __typename } }"),
    ("ChangeType.TRAINING_PLAN", "{ changes(types: [TRAINING_PLAN]) { __typename } }"),
    ("EnrolmentWhere.unit", r#"{ enrolments(where: {unit: {code: "A1"}}) { __typename } }"#),
    ("EnrolmentWhere.withoutClass", "{ enrolments(where: {withoutClass: false}) { __typename } }"),
    ("EnrolmentWhere.yearFrom", "{ enrolments(where: {yearFrom: 2021}) { __typename } }"),
    ("EnrolmentWhere.yearTo", "{ enrolments(where: {yearTo: 2021}) { __typename } }"),
];

fn lines() -> Vec<Line> {
    let composites: BTreeSet<String> = schema::composites().into_iter().collect();
    let mut lines = Vec::new();
    for field in schema::fields() {
        let coordinate = field.coordinate();
        let is_person = matches!(need(&coordinate), Some(Need::Scope(_) | Need::Numbers(_) | Need::Own(_)));
        if field.parent != "Query" && !is_person {
            continue;
        }
        let is_composite = composites.contains(&field.named);
        if let Some(line) = of_command(&field, is_composite) {
            lines.push(line);
            continue;
        }
        let (route, path) = route(&field.parent);
        let selection = if is_composite { " { __typename }" } else { "" };
        let selected = format!("{}{}{selection}", field.name, arguments(&coordinate));
        let path = path.split('.').filter(|step| !step.is_empty()).chain([field.name.as_str()]);
        lines.push(Line {
            name: coordinate,
            document: route.replace('%', &selected),
            path: path.map(str::to_owned).collect(),
            is_found_by_value: is_composite,
        });
    }
    for &(name, document) in WAYS_IN {
        let root = document.trim_start_matches("{ ").split(['(', ' ']).next().expect("a root field");
        let mut path = vec![root.to_owned()];
        path.extend(name.starts_with("Node.id").then(|| "id".to_owned()));
        lines.push(Line { name: name.to_owned(), document: document.to_owned(), path, is_found_by_value: true });
    }
    lines.sort_by(|a, b| a.name.cmp(&b.name));
    lines
}

/// The line for a mutation, its payload, or a type that only payloads contain. The table does not record whether a
/// payload has content, because these commands are refused.
fn of_command(field: &schema::Field, is_composite: bool) -> Option<Line> {
    let (command, selection) = match (field.parent.as_str(), act_inputs::of_payload(&field.parent)) {
        ("Mutation", _) => (field.name.clone(), "userErrors { code }".to_owned()),
        (_, Some(command)) => (
            command,
            format!("userErrors {{ code }} asked: {}{}", field.name, if is_composite { " { __typename }" } else { "" }),
        ),
        ("RuleError", _) => {
            ("rotationDecide".to_owned(), "userErrors { code ... on RuleError { check { __typename } } }".to_owned())
        }
        ("AppraisalWarning", _) => {
            ("appraisalRecord".to_owned(), format!("userErrors {{ code }} warnings {{ {} }}", field.name))
        }
        ("EnrolmentWarning", _) => {
            ("classEnrol".to_owned(), format!("userErrors {{ code }} warnings {{ {} }}", field.name))
        }
        _ => return None,
    };
    Some(Line {
        name: field.coordinate(),
        document: act_inputs::operation(&command, &selection),
        path: vec![command],
        is_found_by_value: true,
    })
}

async fn columns(app: &TestApp) -> Vec<Column<'_>> {
    let everything: Vec<String> = entity::value::Scope::all().map(|scope| scope.to_string()).collect();
    let everything: Vec<&str> = everything.iter().map(String::as_str).collect();
    let mut columns = vec![Column { name: "no token", caller: None }];
    for (name, scopes, unit) in [
        ("all scopes", everything.as_slice(), "P"),
        ("cadre", &["cadre:read"], "P"),
        ("identity", &["cadre:read", "cadre.identity:read"], "P"),
        ("political", &["cadre:read", "cadre.political:read"], "P"),
        ("origin", &["cadre:read", "cadre.origin:read"], "P"),
        ("health", &["cadre:read", "cadre.health:read"], "P"),
        ("identity alone", &["cadre.identity:read"], "P"),
        ("district A", &["cadre:read"], "A"),
        ("district B", &["cadre:read", "cadre.identity:read"], "B"),
        ("rotation", &["cadre:read", "rotation:read"], "P"),
        ("rotation alone", &["rotation:read"], "P"),
        ("rotation in B", &["cadre:read", "rotation:read"], "B"),
        ("appraisal", &["cadre:read", "appraisal:read"], "P"),
        ("appraisal in B", &["cadre:read", "appraisal:read"], "B"),
        ("training", &["cadre:read", "training:read"], "P"),
        ("training alone", &["training:read"], "P"),
        ("quota alone", &["quota:read"], "P"),
        ("training in B", &["cadre:read", "training:read", "quota:read"], "B"),
        ("acts", &["cadre:read", "rotation:read", "rotation:write"], "P"),
        ("acts in B", &["cadre:read", "rotation:read", "rotation:write"], "B"),
        ("quota acts", &["quota:read", "quota:allocate"], "P"),
        ("quota acts in B", &["quota:read", "quota:allocate"], "B"),
        ("appraisal acts", &["cadre:read", "appraisal:read", "appraisal:write"], "P"),
        ("training acts", &["cadre:read", "training:read", "training:write"], "P"),
        ("all acts in B", everything.as_slice(), "B"),
        ("clients admin", &["clients:admin"], "P"),
        ("stats", &["stats:read"], "P"),
        ("audit", &["cadre:read", "audit:read"], "P"),
        ("audit alone", &["audit:read"], "P"),
        ("audit in B", &["cadre:read", "audit:read"], "B"),
        ("no purpose", everything.as_slice(), "P"),
        ("revoked", everything.as_slice(), "P"),
        ("expired", everything.as_slice(), "P"),
    ] {
        let mut caller = app.caller(scopes, &[unit]).await;
        caller.purpose = caller.purpose.filter(|_| name != "no purpose");
        columns.push(Column { name, caller: Some(caller) });
    }
    let of = |name: &str| columns.iter().find(|column| column.name == name).and_then(|column| column.caller.as_ref());
    let (revoked, expired) = (of("revoked").expect("a column"), of("expired").expect("a column"));
    for caller in [revoked, expired] {
        assert_eq!(cell(app, Some(caller), &viewer()).await, "ok", "the control: both had access");
    }
    client::revoke(&app.database, clock(), revoked.id.parse().expect("an id")).await.expect("revoked");
    client::end_grant(&app.database, clock(), expired.id.parse().expect("an id")).await.expect("ended");
    for caller in [revoked, expired] {
        let out = async || (cell(app, Some(caller), &viewer()).await == "unauthenticated").then_some(());
        poll::until_async(out).await.expect("an ended right is refused within seconds");
    }
    columns
}

fn viewer() -> Line {
    Line {
        name: String::new(),
        document: "{ viewer { name } }".to_owned(),
        path: vec!["viewer".to_owned()],
        is_found_by_value: true,
    }
}

async fn cell(app: &TestApp, caller: Option<&Caller<'_>>, line: &Line) -> String {
    let body = json!({ "query": line.document });
    let request = match caller {
        Some(caller) => caller.post(&body),
        None => app.http().post(format!("{}/graphql", app.url)).json(&body),
    };
    let answer = request.send().await.expect("an answer");
    if answer.status() == StatusCode::UNAUTHORIZED {
        return "unauthenticated".to_owned();
    }
    let body: Value = answer.json().await.expect("JSON");
    let error = &body["errors"][0]["extensions"];
    match (error["code"].as_str(), error["field"].as_str()) {
        (None, _) => {}
        (Some("FORBIDDEN"), _) => return "forbidden".to_owned(),
        (Some("PURPOSE_REQUIRED"), _) => return "purpose".to_owned(),
        // The records were imported without single changes, so the feed starts later. The policy admitted the caller.
        (Some("RESYNC"), _) => return "ok".to_owned(),
        // A unit out of reach gets the same error as a unit that does not exist.
        (Some("INVALID"), Some(field)) if field.starts_with("where.") && field.ends_with(".code") => {
            return "not found".to_owned();
        }
        _ => panic!("{}: {body:#}", line.document),
    }
    let mut at = &body["data"];
    // A command on an object out of reach gets the same error as one on an object that does not exist.
    if line.path.first().is_some_and(|command| at[command]["userErrors"][0]["code"] == "NOT_FOUND") {
        return "not found".to_owned();
    }
    for step in &line.path {
        at = &at[step];
        while let Value::Array(items) = at {
            at = items.first().unwrap_or(&Value::Null);
        }
        if at.is_null() && (line.is_found_by_value || Some(step) != line.path.last()) {
            return "not found".to_owned();
        }
    }
    "ok".to_owned()
}

/// A rotation with a value in every column, and enough others that a rounded number is visible.
async fn write_rotation(app: &TestApp) {
    let of = Places::of(&app.database).await;
    let title = |code: &str| Some(code.parse().expect("a code"));
    let rotation = rotation::Model {
        state: RotationState::Placed,
        from_title_code: title("CV"),
        to_title_code: title("CT"),
        placement_title_code: title("BT"),
        preparing_unit_id: Some(of.unit("A")),
        placement_unit_id: Some(of.unit("A1P")),
        placed_on: Some(day("2017-03-01")),
        ..of.ended(["01/QĐ", "A-02", "PD1", "A1U", "2014-03-01"], "2017-03-01")
    };
    let id = rotation.id;
    let others = ["2014-02-01", "2014-02-02", "2014-02-03", "2014-02-04"];
    let others = others.map(|start| of.ended(["01/QĐ", "A-02", "PD1", "A1U", start], "2017-03-01"));
    keep_only(&app.database, std::iter::once(rotation).chain(others).collect()).await;
    let step = rotation_step::Model {
        rotation_id: id,
        version: 1,
        state: RotationState::Placed,
        on_day: day("2017-03-01"),
        planned_end_on: None,
        document_no: None,
        remark: None,
        at: clock().now(),
        actor: "operator".to_owned(),
    };
    let appraisal = rotation_appraisal::Model {
        rotation_id: id,
        year: 2015,
        result: AppraisalResult::Good,
        appraised_on: day("2015-12-31"),
        document_no: None,
    };
    let granted = rule_override::Model {
        rotation_id: id,
        key: RuleKey::MinTerm,
        reason: "x".to_owned(),
        granted_by: "x".to_owned(),
        granted_on: day("2014-01-01"),
        document_no: None,
    };
    let writer = app.database.writer();
    step.into_active_model().insert(writer).await.expect("written");
    appraisal.into_active_model().insert(writer).await.expect("written");
    granted.into_active_model().insert(writer).await.expect("written");
}

/// One plan with quotas from the district to an office, one class and one enrolment.
async fn write_training(app: &TestApp) {
    let of = Places::of(&app.database).await;
    let plan = training::plan(&of, ["KA", "A"], (2021, 2021));
    let of_a = training::quota(&of, &plan, ["A", "CMNV"], 40);
    let of_a1 = quota::Model { parent_id: Some(of_a.id), ..training::quota(&of, &plan, ["A1", "CMNV"], 20) };
    let of_a1u = quota::Model { parent_id: Some(of_a1.id), ..training::quota(&of, &plan, ["A1U", "CMNV"], 10) };
    let class = training_class::Model {
        plan_id: Some(plan.id),
        ..training::class(&of, ["LA", "CMNV", "A1", "2021-03-01", "2021-03-05"])
    };
    let rows = Rows {
        enrolments: vec![training::learner(&of, ["A-02", "A1U"], &class)],
        quotas: vec![of_a, of_a1, of_a1u],
        plans: vec![plan],
        sessions: vec![training::session(&class, "2021-03-02")],
        classes: vec![class],
    };
    training::write(&app.database, rows).await;
    app.app_state.refresh().await.expect("refreshed");
}

/// The webhook of a client.
async fn write_webhook(app: &TestApp, client: &str) {
    let sender = Sender::new(Destinations::new(["nhan.example.vn".to_owned()], false)).expect("a sender");
    let of = (client.parse().expect("an id"), "https://nhan.example.vn/hook");
    webhook::add(&store(&app.database), &sender, clock(), of).await.expect("a webhook");
}

/// An exemption, whose days and reason are protected.
async fn write_exemption(app: &TestApp) {
    let exemption = duty_exemption::Model {
        cadre_id: Places::of(&app.database).await.cadre("A-02"),
        duty_code: "BD-B".parse().expect("a code"),
        ..sample::duty_exemption()
    };
    exemption.into_active_model().reset_all().insert(app.database.writer()).await.expect("written");
}

async fn table(app: &TestApp) -> String {
    write_rotation(app).await;
    write_training(app).await;
    write_exemption(app).await;
    let all = app.all_seeing().await;
    let document = r#"{
        unit(by: {code: "A1"}) { id quotas(year: 2021) { nodes { id } } }
        cadre(by: {code: "A-02"}) { id appraisals(year: 2015) { id } identity { birthOn } qualifications { id } rotations { id } enrolments { nodes { id class { id plan { id } } } } }
    }"#;
    // With the header of a security server, so that the entry of the access log has a gateway.
    let sent = all.post(&json!({ "query": document })).header("X-Road-Client", "VN/GOV/T90").send().await;
    let ids: Value = sent.expect("an answer").json().await.expect("JSON");
    let ids = &ids["data"];
    let id = |pointer: &str| ids.pointer(pointer).and_then(Value::as_str).expect("an id").to_owned();
    let (unit, cadre, paper) = (id("/unit/id"), id("/cadre/id"), id("/cadre/qualifications/0/id"));
    let rotation = id("/cadre/rotations/0/id");
    // The client with all scopes over its unit administers the new client. It also reads the access log.
    let log = all.query(r#"{ cadre(by: {code: "A-02"}) { accessLog(first: 1) { nodes { id } } } }"#).await;
    let reading = log["cadre"]["accessLog"]["nodes"][0]["id"].as_str().expect("an id").to_owned();
    let administered = app.caller(&["clients:admin"], &["A1"]).await;
    for client in [&all.id, &administered.id] {
        write_webhook(app, client).await;
    }
    let training = [
        ("CLIENT", administered.id.clone()),
        ("APPRAISAL", id("/cadre/appraisals/0/id")),
        ("READING", reading),
        ("QUOTA", id("/unit/quotas/nodes/0/id")),
        ("ENROLMENT", id("/cadre/enrolments/nodes/0/id")),
        ("CLASS", id("/cadre/enrolments/nodes/0/class/id")),
        ("PLAN", id("/cadre/enrolments/nodes/0/class/plan/id")),
    ];
    let columns = columns(app).await;
    let width = lines().iter().map(|line| line.name.len()).max().unwrap_or(0);
    let mut text = format!("{:width$}", "");
    for column in &columns {
        write!(text, "  {:15}", column.name).expect("text grows");
    }
    for mut line in lines() {
        line.document = line.document.replace("UNIT\"", &format!("{unit}\""));
        line.document = line.document.replace("ROTATION\"", &format!("{rotation}\""));
        for (name, id) in &training {
            line.document = line.document.replace(&format!("\"{name}\""), &format!("\"{id}\""));
        }
        line.document =
            line.document.replace("CADRE\"", &format!("{cadre}\"")).replace("PAPER\"", &format!("{paper}\""));
        write!(text, "\n{:width$}", line.name).expect("text grows");
        for column in &columns {
            write!(text, "  {:15}", cell(app, column.caller.as_ref(), &line).await).expect("text grows");
        }
    }
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[expect(clippy::disallowed_methods, reason = "a setting of the tests, not of the application")]
fn rewrites() -> bool {
    env::var("UPDATE_EXPECT").is_ok_and(|value| !value.is_empty())
}

#[actix_web::test]
async fn every_caller_has_the_rights_in_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/access.txt");
    on_both(async |app| {
        let actual = table(app).await;
        if rewrites() && app.kind == Kind::Sqlite {
            fs::write(&path, &actual).expect("written");
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        let changed: Vec<_> = actual.lines().filter(|line| !expected.lines().any(|known| known == *line)).collect();
        assert!(actual == expected, "{:?}: review, then UPDATE_EXPECT=1; lines that changed:\n{changed:#?}", app.kind);
    })
    .await;
}

#[test]
fn every_coordinate_of_the_schema_has_a_policy_decision() {
    let undecided: Vec<_> = schema::coordinates().into_iter().filter(|coordinate| need(coordinate).is_none()).collect();
    assert!(undecided.is_empty(), "decide in domain::access::policy: {undecided:#?}");

    let listed: BTreeSet<String> = lines().into_iter().map(|line| line.name).collect();
    for coordinate in schema::coordinates() {
        let is_person = matches!(need(&coordinate), Some(Need::Scope(_) | Need::Numbers(_) | Need::Own(_)));
        // An argument is checked with its field, and an input of a command with the command.
        let is_asked_with_it = coordinate.contains('(') || act_inputs::names_input(&coordinate);
        assert!(!is_person || is_asked_with_it || listed.contains(&coordinate), "{coordinate} has no line");
    }
    assert!(sdl().contains("type Cadre implements Node"), "the control: this is the schema");
}

#[actix_web::test]
async fn a_refusal_names_fields_and_scopes_and_contains_no_data() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["P"]).await;

        let answer = caller
            .ask(
                r#"query($by: CadreKey!, $skip: Boolean!) {
                    cadre(by: $by) { fullName ... on Cadre @skip(if: $skip) { identity { birthOn } } ...more }
                }
                fragment more on Cadre { political { joinedPartyOn } }"#,
                json!({ "by": {"nationalId": "999000000001"}, "skip": true }),
            )
            .await;

        assert!(answer.get("data").is_none(), "{answer}");
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!(
            extensions["fields"],
            json!([
                "Cadre.identity",
                "Cadre.political",
                "CadreKey.nationalId",
                "Identity.birthOn",
                "Political.joinedPartyOn"
            ])
        );
        assert_eq!(extensions["missingScopes"], json!(["cadre.identity:read", "cadre.political:read"]));
    })
    .await;
}

#[actix_web::test]
async fn introspection_is_allowed() {
    on_both(async |app| {
        let caller = app.caller(&["stats:read"], &["A"]).await;

        let actual = caller
            .query(
                r#"{ __schema { queryType { name } directives { name args(includeDeprecated: true) { name } } }
                     __type(name: "Cadre") { kind fields(includeDeprecated: true) { name args { name } type { ofType { name } } } } }"#,
            )
            .await;

        assert_eq!(actual["__schema"]["queryType"]["name"], "Query");
        assert_eq!(actual["__type"]["kind"], "OBJECT");
    })
    .await;
}
