//! The contract: `schema.graphql` is the served schema, and every name in it has a description.

use std::{collections::BTreeSet, fs, path::Path};

use async_graphql::{
    Positioned,
    parser::{
        parse_schema,
        types::{InputValueDefinition, Type, TypeKind, TypeSystemDefinition},
    },
};
use cadre_api::{domain::refusal, graphql::guard::schema_index::SchemaIndex};
use sea_orm::Iterable;

use crate::support::{postgres::setting, sdl};

#[test]
fn the_schema_in_the_repository_is_the_served_one() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    let served = cadre_api::graphql::sdl();
    if setting("UPDATE_EXPECT").is_some() {
        fs::write(&file, &served).expect("written");
    }
    let stored = fs::read_to_string(&file).expect("schema.graphql");
    let differs = stored.lines().zip(served.lines()).position(|(stored, served)| stored != served);
    assert!(stored == served, "they differ from line {differs:?} on; UPDATE_EXPECT=1 rewrites the file");
}

#[test]
fn every_name_of_the_schema_has_a_description() {
    assert_eq!(unexplained(&cadre_api::graphql::sdl()), Vec::<String>::new());
}

/// The control: a missing description is found.
#[test]
fn a_missing_description_is_found() {
    let sdl = r#"
        "Is explained." type Query { bare: Int "Word." word: Int "Is explained." full(bare: Int, "Is explained." full: Int): Int }
        type Bare { "Is explained." full: Int }
        "Is explained." input Input { bare: Int "Is explained." full: Int }
        "Is explained." enum Enum { BARE "Is explained." FULL }
        "Is explained." interface Interface { bare: Int }
        scalar BareScalar
    "#;
    let expected = [
        "Query.bare",
        "Query.word",
        "Query.full(bare:)",
        "Bare",
        "Input.bare",
        "Enum.BARE",
        "Interface.bare",
        "BareScalar",
    ];
    assert_eq!(unexplained(sdl), expected);
}

/// The index refuses a reason without its days; `guard::deprecation` has the control.
#[test]
fn every_deprecation_says_when_the_field_is_removed() {
    let sdl = cadre_api::graphql::sdl();
    let indexed = SchemaIndex::of(&sdl).deprecations().count();
    assert_eq!(indexed, sdl.matches(" @deprecated(").count());
}

/// Logs, metrics and the guide use the codes of `as_str`.
#[test]
fn the_codes_of_user_errors_are_those_of_the_enum() {
    let coordinates = sdl::coordinates();
    let listed: BTreeSet<&str> = coordinates.iter().filter_map(|of| of.strip_prefix("UserErrorCode.")).collect();
    let known: BTreeSet<&str> = refusal::Code::iter().map(refusal::Code::as_str).collect();
    assert_eq!(listed, known);
}

/// The field that shows each column of a bundle, by file.
const READ_AS: [(&str, &[(&str, &str)]); 28] = [
    (
        "units.csv",
        &[
            ("code", "Unit.code"),
            ("parent_code", "Unit.parent"),
            ("party_parent_code", "Unit.parent"),
            ("kind", "Unit.kind"),
            ("tier", "Unit.tier"),
            ("name", "Unit.name"),
            ("admin_code", "Unit.adminCode"),
            ("valid_from", "Unit.validFrom"),
            ("valid_to", "Unit.validTo"),
        ],
    ),
    (
        "unit_successions.csv",
        &[
            ("predecessor_code", "Unit.successors"),
            ("successor_code", "Unit.predecessors"),
            ("kind", "UnitSuccession.kind"),
            ("on_date", "UnitSuccession.on"),
            ("document", "UnitSuccession.document"),
        ],
    ),
    (
        "unit_identifiers.csv",
        &[
            ("unit_code", "Unit.identifiers"),
            ("system", "UnitIdentifier.system"),
            ("value", "UnitIdentifier.value"),
            ("valid_from", "UnitIdentifier.validFrom"),
            ("valid_to", "UnitIdentifier.validTo"),
        ],
    ),
    (
        "unit_areas.csv",
        &[
            ("unit_code", "Unit.areas"),
            ("area", "UnitArea.area"),
            ("valid_from", "UnitArea.validFrom"),
            ("valid_to", "UnitArea.validTo"),
            ("document_no", "UnitArea.documentNo"),
        ],
    ),
    (
        "documents.csv",
        &[
            ("code", "Document.code"),
            ("number", "Document.number"),
            ("kind", "Document.kind"),
            ("issuer_code", "Document.issuer"),
            ("signed_on", "Document.signedOn"),
            ("valid_from", "Document.validFrom"),
            ("valid_to", "Document.validTo"),
            ("replaced_by_code", "Document.replacedBy"),
            ("title", "Document.title"),
        ],
    ),
    (
        "titles.csv",
        &[
            ("code", "Title.code"),
            ("name", "Title.name"),
            ("category", "Title.category"),
            ("tier", "Title.tier"),
            ("is_key_leader", "Title.isKeyLeader"),
            ("group", "Title.group"),
            ("role", "Title.role"),
        ],
    ),
    (
        "title_steps.csv",
        &[
            ("title_code", "Title.steps"),
            ("step", "TitleStep.value"),
            ("valid_from", "TitleStep.validFrom"),
            ("valid_to", "TitleStep.validTo"),
            ("legal_basis", "TitleStep.legalBasis"),
            ("verification", "TitleStep.verified"),
        ],
    ),
    ("institutions.csv", &[("code", "Institution.code"), ("name", "Institution.name")]),
    (
        "standards.csv",
        &[
            ("code", "Standard.code"),
            ("name", "Standard.name"),
            ("issuer_code", "Standard.issuer"),
            ("document_no", "Standard.documentNo"),
            ("valid_from", "Standard.validFrom"),
            ("valid_to", "Standard.validTo"),
            ("verification", "Standard.verified"),
        ],
    ),
    (
        "standard_scopes.csv",
        &[("standard_code", "Standard.scopes"), ("title_code", "StandardScope.title"), ("tier", "StandardScope.tier")],
    ),
    (
        "requirements.csv",
        &[
            ("standard_code", "Standard.requirements"),
            ("code", "Requirement.code"),
            ("subject", "Requirement.subject"),
            ("level", "Requirement.level"),
            ("severity", "Requirement.severity"),
            ("transition_until", "Requirement.transitionUntil"),
            ("legal_basis", "Requirement.legalBasis"),
            ("equivalents", "Requirement.equivalents"),
        ],
    ),
    (
        "rules.csv",
        &[
            ("code", "Rule.code"),
            ("key", "Rule.key"),
            ("form", "Rule.form"),
            ("category", "Rule.category"),
            ("purpose", "Rule.purpose"),
            ("value", "Rule.value"),
            ("basis", "Rule.countingBasis"),
            ("valid_from", "Rule.validFrom"),
            ("valid_to", "Rule.validTo"),
            ("legal_basis", "Rule.legalBasis"),
            ("verification", "Rule.verified"),
        ],
    ),
    (
        "retirement_ages.csv",
        &[
            ("code", "RetirementAge.code"),
            ("gender", "RetirementAge.gender"),
            ("valid_from", "RetirementAge.validFrom"),
            ("age_months", "RetirementAge.months"),
            ("legal_basis", "RetirementAge.legalBasis"),
            ("verification", "RetirementAge.verified"),
        ],
    ),
    (
        "cadres.csv",
        &[
            ("code", "Cadre.code"),
            ("national_id", "Identity.nationalId"),
            ("full_name", "Cadre.fullName"),
            ("gender", "Cadre.gender"),
            ("birth_on", "Identity.birthOn"),
            ("ethnicity_code", "Origin.ethnicity"),
            ("native_place_code", "Identity.nativePlaceCode"),
            ("joined_service_on", "Cadre.joinedServiceOn"),
            ("joined_party_on", "Political.joinedPartyOn"),
            ("category", "Cadre.category"),
            ("rank_code", "Cadre.rankCode"),
            ("status", "Cadre.status"),
        ],
    ),
    (
        "assignments.csv",
        &[
            ("cadre_code", "Cadre.assignments"),
            ("unit_code", "Assignment.unit"),
            ("title_code", "Assignment.title"),
            ("start_on", "Assignment.startOn"),
            ("end_on", "Assignment.endOn"),
            ("is_primary", "Assignment.isPrimary"),
        ],
    ),
    (
        "qualifications.csv",
        &[
            ("cadre_code", "Cadre.qualifications"),
            ("subject", "Qualification.subject"),
            ("level", "Qualification.level"),
            ("field_code", "Qualification.fieldCode"),
            ("institution_code", "Qualification.institution"),
            ("mode", "Qualification.mode"),
            ("granted_on", "Qualification.grantedOn"),
        ],
    ),
    (
        "rotations.csv",
        &[
            ("cadre_code", "Rotation.cadre"),
            ("from_unit_code", "Rotation.fromUnit"),
            ("to_unit_code", "Rotation.toUnit"),
            ("form", "Rotation.form"),
            ("start_on", "Rotation.startOn"),
            ("end_on", "Rotation.endOn"),
            ("decision_no", "Rotation.decisionNo"),
        ],
    ),
    (
        "programmes.csv",
        &[
            ("code", "Programme.code"),
            ("name", "Programme.name"),
            ("kind", "Programme.kind"),
            ("subject", "Programme.subject"),
            ("level", "Programme.level"),
            ("hours", "Programme.hours"),
        ],
    ),
    (
        "duties.csv",
        &[
            ("code", "Duty.code"),
            ("name", "Duty.name"),
            ("issuer_code", "Duty.issuer"),
            ("categories", "Duty.categories"),
            ("key_leaders_only", "Duty.keyLeadersOnly"),
            ("measure", "Duty.measure"),
            ("amount", "Duty.amount"),
            ("norm_percent", "Duty.normPercent"),
            ("valid_from", "Duty.validFrom"),
            ("valid_to", "Duty.validTo"),
            ("legal_basis", "Duty.legalBasis"),
            ("verification", "Duty.verified"),
        ],
    ),
    ("duty_programmes.csv", &[("duty_code", "Duty.code"), ("programme_code", "Duty.programmes")]),
    (
        "training_plans.csv",
        &[
            ("code", "TrainingPlan.code"),
            ("unit_code", "TrainingPlan.unit"),
            ("year_from", "TrainingPlan.yearFrom"),
            ("year_to", "TrainingPlan.yearTo"),
            ("document_no", "TrainingPlan.documentNo"),
            ("name", "TrainingPlan.name"),
            ("status", "TrainingPlan.state"),
        ],
    ),
    (
        "quotas.csv",
        &[
            ("plan_code", "Quota.plan"),
            ("unit_code", "Quota.unit"),
            ("programme_code", "Quota.programme"),
            ("mode", "Quota.mode"),
            ("measure", "Quota.measure"),
            ("bound", "Quota.seatsIsLowerBound"),
            ("quantity", "Quota.seats"),
            ("classes", "Quota.classes"),
        ],
    ),
    (
        "classes.csv",
        &[
            ("code", "TrainingClass.code"),
            ("plan_code", "TrainingClass.plan"),
            ("programme_code", "TrainingClass.programme"),
            ("organiser_code", "TrainingClass.organiser"),
            ("intake", "TrainingClass.intake"),
            ("category", "TrainingClass.category"),
            ("mode", "TrainingClass.mode"),
            ("start_on", "TrainingClass.startOn"),
            ("end_on", "TrainingClass.lastOn"),
            ("capacity", "TrainingClass.capacity"),
            ("reported_learners", "TrainingClass.reportedLearners"),
            ("status", "TrainingClass.state"),
        ],
    ),
    ("class_sessions.csv", &[("class_code", "TrainingClass.code"), ("on_day", "TrainingClass.sessions")]),
    (
        "enrolments.csv",
        &[
            ("cadre_code", "Enrolment.cadre"),
            ("class_code", "Enrolment.class"),
            ("programme_code", "Enrolment.programme"),
            ("unit_code", "Enrolment.sendingUnit"),
            ("year", "Enrolment.year"),
            ("result", "Enrolment.state"),
            ("grade", "Enrolment.grade"),
        ],
    ),
    (
        "duty_exemptions.csv",
        &[
            ("cadre_code", "Cadre.dutyExemptions"),
            ("duty_code", "DutyExemption.duty"),
            ("valid_from", "DutyExemption.validFrom"),
            ("valid_to", "DutyExemption.validTo"),
            ("reason", "DutyExemption.reason"),
            ("document_no", "DutyExemption.documentNo"),
        ],
    ),
    (
        "appraisals.csv",
        &[
            ("cadre_code", "Cadre.appraisals"),
            ("system", "Appraisal.system"),
            ("period", "Appraisal.period"),
            ("year", "Appraisal.year"),
            ("number", "Appraisal.number"),
            ("unit_code", "Appraisal.unit"),
            ("points", "Appraisal.points"),
            ("result", "Appraisal.result"),
            ("decided_on", "Appraisal.decidedOn"),
            ("document_no", "Appraisal.documentNo"),
        ],
    ),
    (
        "standard_exemptions.csv",
        &[
            ("cadre_code", "Cadre.standing"),
            ("standard_code", "RequirementCheck.standard"),
            ("requirement_code", "RequirementCheck.requirement"),
            ("granted_by_code", WITHHELD),
            ("document_no", WITHHELD),
            // The days show in the results `EXEMPT` of these days.
            ("valid_from", "RequirementCheck.result"),
            ("valid_to", "RequirementCheck.result"),
            ("reason", WITHHELD),
        ],
    ),
];

/// Columns that are stored and that no field shows: an exemption from a requirement may depend on protected data, and its
/// document and unit may name the reason.
const WITHHELD: &str = "";

/// `docs/import.md` lists the files and columns; another test compares it with the code.
#[test]
fn every_imported_column_is_readable() {
    let guide = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/import.md")).expect("the guide");
    let rows = guide.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(".csv` | "));
    let documented: Vec<(String, Vec<&str>)> = rows
        .map(|(file, rest)| {
            let columns = rest.split(" |").next().expect("a cell");
            (format!("{file}.csv"), columns.split(", ").collect())
        })
        .collect();
    let read: Vec<(String, Vec<&str>)> =
        READ_AS.iter().map(|(file, of)| ((*file).to_owned(), of.iter().map(|(column, _)| *column).collect())).collect();
    assert_eq!(documented, read, "each column of each file has a field");

    let fields: Vec<String> = sdl::fields().iter().map(sdl::Field::coordinate).collect();
    let columns = READ_AS.iter().flat_map(|(_, columns)| *columns);
    let (withheld, shown): (Vec<_>, Vec<_>) = columns.partition(|(_, field)| *field == WITHHELD);
    assert_eq!(
        withheld.iter().map(|(column, _)| *column).collect::<Vec<_>>(),
        ["granted_by_code", "document_no", "reason"]
    );
    assert!(!fields.iter().any(|field| field.contains("tandardExemption")), "no field shows such an exemption");
    for (column, field) in shown {
        assert!(fields.iter().any(|known| known == field), "{column}: {field}");
    }
}

/// A failing root field becomes null. If it were not nullable, the results of its siblings would be lost, such as the
/// only copy of a new secret.
#[test]
fn a_failing_root_keeps_the_results_of_its_siblings() {
    let never_null = |sdl: &str| -> Vec<String> {
        let fields = fields_of(sdl).into_iter().filter(|(on, _, of)| {
            let (is_list, is_query) = (of.base.to_string().ends_with("Connection"), on == "Query");
            !of.nullable && (on == "Mutation" || (is_query && is_list))
        });
        fields.map(|(on, name, _)| format!("{on}.{name}")).collect()
    };

    assert_eq!(never_null(&cadre_api::graphql::sdl()), Vec::<String>::new());
    let control = "type Query { all: AConnection! some: AConnection one: Int! } type Mutation { act: A! }";
    assert_eq!(never_null(control), ["Query.all", "Mutation.act"]);
}

fn fields_of(sdl: &str) -> Vec<(String, String, Type)> {
    let mut fields = Vec::new();
    for definition in parse_schema(sdl).expect("a schema").definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let TypeKind::Object(object) = &definition.node.kind else { continue };
        for field in &object.fields {
            let (on, name) = (definition.node.name.node.to_string(), field.node.name.node.to_string());
            fields.push((on, name, field.node.ty.node.clone()));
        }
    }
    fields
}

/// If a field with a default accepted null, null and absence could differ.
#[test]
fn an_argument_with_a_default_is_not_nullable() {
    let nullable = |sdl: &str| -> Vec<String> {
        let mut found = Vec::new();
        for definition in parse_schema(sdl).expect("a schema").definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let inputs = match &definition.node.kind {
                TypeKind::Object(object) => object.fields.iter().flat_map(|field| &field.node.arguments).collect(),
                TypeKind::InputObject(input) => input.fields.iter().collect::<Vec<_>>(),
                _ => continue,
            };
            let inputs =
                inputs.into_iter().filter(|input| input.node.default_value.is_some() && input.node.ty.node.nullable);
            found.extend(inputs.map(|input| format!("{}: {}", definition.node.name.node, input.node.name.node)));
        }
        found
    };

    assert_eq!(nullable(&cadre_api::graphql::sdl()), Vec::<String>::new());
    let control = "type Query { a(b: Int = 1, c: Int! = 1, d: Int): Int } input I { e: Int = 1 }";
    assert_eq!(nullable(control), ["Query: b", "I: e"]);
}

fn unexplained(sdl: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut look = |coordinate: String, description: &Option<Positioned<String>>| {
        // A single word only repeats the name.
        if description.as_ref().is_none_or(|description| description.node.split_whitespace().count() < 2) {
            found.push(coordinate);
        }
    };
    for definition in parse_schema(sdl).expect("a schema").definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let name = definition.node.name.node.as_str();
        look(name.to_owned(), &definition.node.description);
        let inputs = |inputs: &[Positioned<InputValueDefinition>]| -> Vec<_> {
            inputs.iter().map(|input| (input.node.name.node.to_string(), input.node.description.clone())).collect()
        };
        match &definition.node.kind {
            TypeKind::Object(_) | TypeKind::Interface(_) => {
                let fields = match &definition.node.kind {
                    TypeKind::Object(object) => &object.fields,
                    TypeKind::Interface(interface) => &interface.fields,
                    _ => continue,
                };
                for field in fields {
                    let field = &field.node;
                    look(format!("{name}.{}", field.name.node), &field.description);
                    for (argument, description) in inputs(&field.arguments) {
                        look(format!("{name}.{}({argument}:)", field.name.node), &description);
                    }
                }
            }
            TypeKind::InputObject(input) => {
                for (field, description) in inputs(&input.fields) {
                    look(format!("{name}.{field}"), &description);
                }
            }
            TypeKind::Enum(set) => {
                for value in &set.values {
                    look(format!("{name}.{}", value.node.value.node), &value.node.description);
                }
            }
            TypeKind::Scalar | TypeKind::Union(_) => {}
        }
    }
    found
}
