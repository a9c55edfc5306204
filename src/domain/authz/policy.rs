//! The whole policy on one screen: which scope opens which field, filter or sort.
//!
//! What is not decided here is closed: an operation that touches a place without a line is refused, and a test asks for
//! a line for every place of the schema. Types that speak of persons, and units, from which persons are reached, list
//! each field, so that a new field of theirs waits for its decision too.

mod act;

use std::collections::BTreeSet;

use entity::value::{DataCategory, Purpose, Scope};

use crate::error::{Error, Result};

/// What a coordinate of the schema asks of the grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A valid grant, whatever its scopes: no person can be seen through it.
    Nothing,
    /// This scope.
    Scope(Scope),
    /// Numbers of what this scope opens: that scope, or `stats:read`, with which they are rounded.
    Numbers(Scope),
    /// What concerns one person: this scope, or to ask for that person. Whose it is, the domain sees.
    Own(Scope),
}

impl Need {
    /// Whether these rights meet the need.
    fn is_met_by(self, rights: &Rights<'_>) -> bool {
        let has = |scope| rights.scopes.contains(&scope);
        match self {
            Self::Nothing => true,
            Self::Scope(scope) => has(scope),
            Self::Numbers(of) => has(of) || has(Scope::StatsRead),
            Self::Own(scope) => has(scope) || rights.is_for_a_cadre,
        }
    }

    /// The scope that opens the place whole.
    fn scope(self) -> Option<Scope> {
        match self {
            Self::Nothing => None,
            Self::Scope(scope) | Self::Numbers(scope) | Self::Own(scope) => Some(scope),
        }
    }
}

/// What a request may ask: the scopes of its caller, and its purpose.
#[derive(Clone, Copy, Debug)]
pub struct Rights<'a> {
    /// The scopes that both the grant and the token hold.
    pub scopes: &'a BTreeSet<Scope>,
    /// The purposes that the grant allows.
    pub purposes: &'a BTreeSet<Purpose>,
    /// The purpose that the request states; one of those.
    pub purpose: Option<Purpose>,
    /// Whether it is asked for a person who is known to be a cadre.
    pub is_for_a_cadre: bool,
}

/// The category of protected data that a scope opens: it is read for a purpose alone (Law 91/2025/QH15), and each
/// reading is logged. Nothing where the scope opens none.
pub fn category(scope: Scope) -> Option<DataCategory> {
    match scope {
        Scope::CadreIdentityRead => Some(DataCategory::Identity),
        Scope::CadrePoliticalRead => Some(DataCategory::Political),
        Scope::CadreOriginRead => Some(DataCategory::Origin),
        Scope::CadreRead
        | Scope::RotationRead
        | Scope::TrainingRead
        | Scope::QuotaRead
        | Scope::StatsRead
        | Scope::RotationWrite
        | Scope::TrainingWrite
        | Scope::QuotaAllocate
        | Scope::CadreWrite
        | Scope::ImportWrite
        | Scope::AuditRead
        | Scope::ClientsAdmin => None,
    }
}

/// The need of a schema coordinate: `Type.field`, `Type.field(argument:)`, `Input.field` or `Enum.VALUE`. Nothing where
/// no decision was taken.
pub fn need(coordinate: &str) -> Option<Need> {
    let (parent, place) = coordinate.split_once('.')?;
    match place.split_once('(') {
        Some((field, argument)) => of_argument(parent, field, argument.strip_suffix(":)")?),
        None => of_field(parent, place),
    }
}

fn of_field(parent: &str, field: &str) -> Option<Need> {
    use Need::{Nothing, Numbers, Own, Scope as Needs};
    Some(match (parent, field) {
        // Numbers of persons, and no persons.
        ("Unit", "composition")
        | ("Composition", "subject" | "total" | "levels" | "atLeast" | "asOf" | "isRounded")
        | ("LevelShare", "level" | "count" | "percent")
        | ("Share", "count" | "percent") => Numbers(Scope::CadreRead),
        ("Unit", "rotationFlows")
        | ("RotationFlow", "direction" | "fromTier" | "toTier" | "rotations" | "persons" | "isRounded") => {
            Numbers(Scope::RotationRead)
        }
        ("Unit", "trainingProgress")
        | ("TrainingProgress", "year" | "untilYear" | "planned" | "plannedIsLowerBound" | "turns" | "persons")
        | ("TrainingProgress", "percentOfPlan" | "classes" | "isRounded") => Numbers(Scope::TrainingRead),

        // Protected facts, and every way to ask by them.
        ("Cadre", "identity") | ("CadreKey", "nationalId") | ("Identity", _) => Needs(Scope::CadreIdentityRead),
        ("Cadre", "political") | ("Political", _) => Needs(Scope::CadrePoliticalRead),
        ("Cadre", "origin") | ("Origin", _) => Needs(Scope::CadreOriginRead),

        // Who read protected facts.
        ("Cadre", "accessLog")
        | ("AccessEntry", "at" | "clientName" | "onBehalfOf" | "categories" | "purpose")
        | ("AccessEntryConnection", "edges" | "nodes" | "pageInfo" | "totalCount")
        | ("AccessEntryEdge", "cursor" | "node") => Own(Scope::AuditRead),

        // Persons, and ways to ask for them.
        ("Query", "cadre" | "cadres") | ("Unit", "cadres") | ("CadreKey", "id" | "code") => Needs(Scope::CadreRead),
        ("Cadre", "id" | "asOf" | "code" | "fullName" | "gender" | "category" | "status" | "unit" | "title")
        | ("Cadre", "assignments" | "qualifications" | "highest")
        | ("CadreConnection", "edges" | "nodes" | "pageInfo" | "totalCount")
        | ("CadreEdge", "cursor" | "node")
        | ("Assignment", "asOf" | "unit" | "title" | "startOn" | "endOn" | "isPrimary")
        | ("Qualification", "id" | "asOf" | "subject" | "level" | "fieldCode" | "institution" | "mode" | "grantedOn")
        | ("CadreWhere", "unit" | "titles" | "keyLeader" | "category" | "gender" | "codes" | "status" | "holds" | "and" | "or" | "not")
        | ("LevelCondition", "subject" | "atLeast" | "below" | "exactly")
        | ("CadreOrder", "field" | "direction")
        | ("CadreOrderField", "NAME" | "CODE" | "UNIT") => Needs(Scope::CadreRead),

        // Rotations.
        ("Query", "rotation" | "rotations") | ("RotationKey", "id") | ("Cadre", "rotations") => Needs(Scope::RotationRead),
        // A person stands behind a rotation by `cadre:read` alone: the field, and the way to ask by it.
        ("Rotation", "cadre") | ("RotationWhere", "cadre") => Needs(Scope::CadreRead),
        ("RotationWhere", "fromUnit" | "toUnit" | "unit" | "preparingUnit" | "forms" | "directions" | "states")
        | ("RotationWhere", "purposes" | "startFrom" | "startBefore" | "runningOn" | "endFrom" | "endBefore")
        | ("RotationWhere", "placementMissing")
        | ("RotationOrder", "field" | "direction")
        | ("RotationOrderField", "START" | "END")
        | ("Rotation", "id" | "asOf" | "form" | "purpose" | "direction" | "fromUnit" | "toUnit" | "fromTitle" | "toTitle")
        | ("Rotation", "fromTier" | "toTier" | "startOn" | "plannedEndOn" | "endOn" | "endReason" | "state")
        | ("Rotation", "preparingUnit" | "decisionNo" | "decidedOn" | "publishedOn" | "placement" | "version")
        | ("Rotation", "checks" | "overrides" | "steps" | "appraisals")
        | ("RotationStep", "state" | "on" | "plannedEndOn" | "documentNo" | "remark" | "at")
        | ("RotationAppraisal", "year" | "result" | "appraisedOn" | "documentNo")
        | ("Placement", "unit" | "title" | "on" | "decisionNo")
        | ("RotationConnection", "edges" | "nodes" | "pageInfo" | "totalCount")
        | ("RotationEdge", "cursor" | "node") => Needs(Scope::RotationRead),

        // What the rules say of a person's rotation.
        ("RuleCheck", "rule" | "result" | "legalBasis" | "verified" | "message" | "override")
        | ("RuleError", "check")
        | ("RuleOverride", "rule" | "reason" | "grantedBy" | "grantedOn" | "documentNo") => Needs(Scope::RotationRead),

        // Training: plans, classes, enrolments.
        ("Query", "trainingPlan" | "trainingClass" | "trainingClasses" | "enrolments")
        | ("Cadre", "enrolments")
        | ("CadreWhere", "trained") => Needs(Scope::TrainingRead),
        // A person stands behind an enrolment by `cadre:read` alone, a plan behind a quota by `training:read`.
        ("Enrolment", "cadre") | ("EnrolmentWhere", "cadre") => Needs(Scope::CadreRead),
        ("Quota", "plan") => Needs(Scope::TrainingRead),
        ("TrainedCondition", "year" | "programmes")
        | ("TrainingPlanKey" | "TrainingClassKey", "id" | "code")
        | ("TrainingPlan", "id" | "code" | "name" | "documentNo" | "unit" | "yearFrom" | "yearTo" | "state" | "version")
        | ("TrainingClass", "id" | "code" | "plan" | "programme" | "organiser" | "intake" | "category" | "mode")
        | ("TrainingClass", "startOn" | "lastOn" | "sessions" | "capacity" | "enrolled" | "reportedLearners" | "state")
        | ("TrainingClass", "fillPercent" | "enrolments" | "version")
        | ("TrainingClassWhere", "plan" | "programmes" | "categories" | "organiser" | "modes" | "states" | "intake")
        | ("TrainingClassWhere", "startFrom" | "startBefore" | "endFrom" | "endBefore")
        | ("TrainingClassOrder", "field" | "direction")
        | ("TrainingClassOrderField", "START_ON" | "CODE")
        | ("Enrolment", "id" | "class" | "programme" | "sendingUnit" | "year" | "state" | "grade" | "remark")
        | ("Enrolment", "version")
        | ("EnrolmentWhere", "unit" | "organiser" | "programmes" | "class" | "plan" | "categories" | "yearFrom")
        | ("EnrolmentWhere", "yearTo" | "states" | "withoutClass" | "includePredecessors")
        | ("TrainingClassConnection" | "EnrolmentConnection", "edges" | "nodes" | "pageInfo" | "totalCount")
        | ("TrainingClassEdge" | "EnrolmentEdge", "cursor" | "node") => Needs(Scope::TrainingRead),

        // Quotas.
        ("Query", "quota")
        | ("QuotaKey", "id")
        | ("Unit", "quotas")
        | ("TrainingPlan", "quotas")
        | ("Quota", "id" | "unit" | "programme" | "mode" | "measure" | "seats" | "seatsIsLowerBound" | "classes")
        | ("Quota", "allocated" | "used" | "remaining" | "fillPercent" | "parent" | "children" | "state" | "version")
        | ("QuotaConnection", "edges" | "nodes" | "pageInfo" | "totalCount")
        | ("QuotaEdge", "cursor" | "node") => Needs(Scope::QuotaRead),

        // Units and reference lists within reach.
        ("Query", "node" | "nodes" | "viewer" | "unit" | "units" | "titles" | "qualificationSubjects")
        | ("Query", "programmes" | "institutions" | "ethnicGroups" | "rules" | "retirementAges" | "__schema" | "__type")
        | ("Unit", "id" | "asOf" | "code" | "name" | "kind" | "tier" | "adminCode" | "validFrom" | "validTo")
        | ("Unit", "parent" | "ancestors" | "subunits" | "predecessors" | "successors" | "formerNames")
        | ("Node", "id")
        | ("UnitConnection" | "UnitEdge" | "UnitSuccession" | "FormerUnitName" | "PageInfo" | "BoundedCount", _)
        | ("Viewer" | "ViewerLimits", _)
        | ("Title" | "QualificationSubject" | "QualificationLevel" | "Institution" | "EthnicGroup" | "Programme", _)
        | ("Rule" | "RetirementAge" | "CountingBasis" | "RuleResult", _)
        | ("UnitKey" | "UnitWhere" | "UnitReach" | "UnitOrder" | "UnitOrderField", _)
        | ("Tier" | "UnitKind" | "SuccessionKind" | "Hierarchy" | "Reach" | "Direction", _)
        | ("Category" | "Gender" | "CadreStatus" | "StudyMode", _)
        // Words of closed sets: what they are said of is decided at the field and at the condition.
        | ("RotationForm" | "RotationDirection" | "RotationState" | "RotationPurpose" | "EndReason", _)
        | ("RotationStepName" | "AppraisalResult", _)
        | ("ProgrammeKind" | "PlanState" | "Measure" | "QuotaState" | "ClassCategory" | "ClassState", _)
        | ("EnrolmentState" | "Grade", _) => Nothing,
        // The schema itself is public.
        (introspected, _) if introspected.starts_with("__") => Nothing,

        _ => return act::of(parent, field),
    })
}

/// An argument needs what its field needs; what its value names is decided at the value's own type. Its name must be
/// known all the same: a new one is a new way to ask.
fn of_argument(parent: &str, field: &str, argument: &str) -> Option<Need> {
    // Ways to put the same people together anew, by which rounded numbers could be told apart.
    match (parent, field, argument) {
        ("Unit", "composition", "titles") => return Some(Need::Scope(Scope::CadreRead)),
        ("Unit", "rotationFlows", "forms") => return Some(Need::Scope(Scope::RotationRead)),
        ("Unit", "trainingProgress", "untilYear" | "includePredecessors") => {
            return Some(Need::Scope(Scope::TrainingRead));
        }
        _ => {}
    }
    let is_known = match (parent, field) {
        ("Query", "node") => argument == "id",
        ("Query", "nodes") => argument == "ids",
        ("Query", "unit" | "cadre") => matches!(argument, "by" | "asOf"),
        ("Query", "units" | "cadres") => matches!(argument, "where" | "search" | "orderBy" | "asOf") || pages(argument),
        ("Query", "rotations" | "trainingClasses") => matches!(argument, "where" | "orderBy") || pages(argument),
        ("Query", "enrolments") => argument == "where" || pages(argument),
        ("Query", "trainingPlan" | "trainingClass" | "rotation" | "quota") => argument == "by",
        ("TrainingClass", "enrolments")
        | ("TrainingPlan", "quotas")
        | ("Cadre", "accessLog")
        | ("Query", "clients") => pages(argument),
        ("Cadre", "enrolments") => argument == "year" || pages(argument),
        ("Unit", "quotas") => {
            matches!(argument, "year" | "reach" | "unusedOnly" | "includePredecessors") || pages(argument)
        }
        ("Unit", "trainingProgress") => {
            matches!(argument, "year" | "untilYear" | "programmes" | "reach" | "decimals")
        }
        ("TrainingProgress", "classes") => argument == "categories",
        ("Unit", "rotationFlows") => matches!(argument, "from" | "before" | "forms"),
        ("Unit", "parent" | "ancestors") => argument == "hierarchy",
        ("Unit", "subunits") => argument == "hierarchy" || pages(argument),
        ("Unit", "cadres") => matches!(argument, "where" | "reach" | "orderBy" | "asOf") || pages(argument),
        ("Unit", "composition") => {
            matches!(argument, "subject" | "titles" | "keyLeadersOnly" | "hierarchy" | "reach" | "asOf" | "decimals")
        }
        ("Cadre", "qualifications" | "highest") => argument == "subject",
        ("Composition", "atLeast") => argument == "level",
        ("Mutation", _) => argument == "input",
        ("CadreConnection" | "UnitConnection" | "RotationConnection", "totalCount")
        | ("TrainingClassConnection" | "EnrolmentConnection" | "QuotaConnection", "totalCount")
        | ("AccessEntryConnection" | "ClientConnection", "totalCount") => argument == "max",
        (introspected, _) => introspected.starts_with("__") || (introspected, field) == ("Query", "__type"),
    };
    if is_known { of_field(parent, field) } else { None }
}

fn pages(argument: &str) -> bool {
    matches!(argument, "first" | "after" | "last" | "before")
}

/// Checks an operation before it runs.
///
/// # Errors
/// `Forbidden` with every coordinate that is closed and the scopes that would open it; `PurposeRequired` with every
/// coordinate of protected data where no purpose is stated; `Internal` where the operation touches a place without a
/// decision.
pub fn admit<'a>(rights: &Rights<'_>, coordinates: impl Iterator<Item = &'a str>) -> Result<()> {
    let (mut fields, mut protected) = (Vec::new(), Vec::new());
    let mut missing = BTreeSet::new();
    for coordinate in coordinates {
        match need(coordinate) {
            Some(need) if need.is_met_by(rights) => {
                protected.extend(need.scope().and_then(category).map(|_| coordinate.to_owned()));
            }
            Some(need) => {
                fields.push(coordinate.to_owned());
                missing.extend(need.scope());
            }
            None => return Err(Error::internal(format!("no decision was taken on {coordinate}"))),
        }
    }
    if !fields.is_empty() {
        return Err(Error::Forbidden { fields, missing: missing.into_iter().collect() });
    }
    if !protected.is_empty() && rights.purpose.is_none() {
        return Err(Error::PurposeRequired { fields: protected, allowed: rights.purposes.iter().copied().collect() });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
