//! What a coordinate shows: records, which only commands change, or something else.
//!
//! The answer to an operation that shows records alone has a tag. Closed by default: a coordinate counts as a record
//! only if its scope opens records, or if it is listed as reference data.

use entity::value::Scope;

use super::{Need, need};

/// Whether the coordinate shows nothing but records and reference data: its value follows from them, the rights of the
/// caller, the day and the language.
pub fn follows_from_records(coordinate: &str) -> bool {
    match need(coordinate) {
        Some(Need::Scope(scope) | Need::Numbers(scope)) => opens_records(scope),
        Some(Need::Nothing) => {
            let place = coordinate.split('(').next().unwrap_or_default();
            place.split_once('.').is_some_and(|(parent, field)| is_in_reference_data(parent, field))
        }
        Some(Need::Own(_)) | None => false,
    }
}

/// Whether a scope opens records that are not protected. The others open logs, clients, and data whose readings are
/// logged.
fn opens_records(scope: Scope) -> bool {
    match scope {
        Scope::CadreRead | Scope::RotationRead | Scope::TrainingRead | Scope::QuotaRead => true,
        Scope::CadreIdentityRead
        | Scope::CadrePoliticalRead
        | Scope::CadreOriginRead
        | Scope::AppraisalRead
        | Scope::AppraisalWrite
        | Scope::CadreHealthRead
        | Scope::StatsRead
        | Scope::RotationWrite
        | Scope::TrainingWrite
        | Scope::QuotaAllocate
        | Scope::DocumentWrite
        | Scope::CadreWrite
        | Scope::ImportWrite
        | Scope::AuditRead
        | Scope::ClientsAdmin => false,
    }
}

/// Whether the coordinate is reference data, or part of a page of it.
fn is_in_reference_data(parent: &str, field: &str) -> bool {
    let node = parent.strip_suffix("Connection").or_else(|| parent.strip_suffix("Edge"));
    is_reference_data(parent, field) || node.is_some_and(|node| is_reference_data(node, "id"))
}

/// Units and reference lists within reach. All callers may read them.
pub(super) fn is_reference_data(parent: &str, field: &str) -> bool {
    matches!(
        (parent, field),
        ("Query", "unit" | "units" | "titles" | "qualificationSubjects")
            | ("Query", "programmes" | "institutions" | "ethnicGroups" | "rules" | "retirementAges")
            | ("Unit", "id" | "asOf" | "code" | "name" | "kind" | "tier" | "adminCode" | "validFrom" | "validTo")
            | ("Unit", "parent" | "ancestors" | "subunits" | "predecessors" | "successors" | "formerNames" | "identifiers" | "areas")
            | ("Node", "id")
            | ("UnitSuccession" | "FormerUnitName" | "UnitIdentifier" | "PageInfo" | "BoundedCount", _)
            | ("TitleStep" | "TitleWhere" | "TitleRole" | "UnitArea" | "AreaKind", _)
            | ("Title" | "QualificationSubject" | "QualificationLevel" | "Institution" | "EthnicGroup" | "Programme", _)
            | ("Rule" | "RetirementAge" | "CountingBasis" | "RuleResult", _)
            | ("Query", "standards" | "duties" | "document" | "documents")
            | ("Document" | "DocumentKind" | "DocumentWhere" | "DocumentKey" | "DocumentNumberKey", _)
            | ("Duty" | "DutyMeasure" | "DutyResult" | "IndeterminateReason", _)
            | ("Standard" | "StandardScope" | "StandardWhere" | "Requirement" | "EquivalentLevel", _)
            | ("Severity" | "StandardResult", _)
            | ("UnitKey" | "IdentifierKey" | "UnitWhere" | "UnitReach" | "UnitOrder" | "UnitOrderField", _)
            | ("Tier" | "UnitKind" | "SuccessionKind" | "IdentifierSystem" | "Hierarchy" | "Reach" | "Direction", _)
            | ("Category" | "Gender" | "CadreStatus" | "StudyMode" | "ExemptionReason", _)
            // Values of enums: access is decided at the fields and filters that use them.
            | ("RotationForm" | "RotationDirection" | "RotationState" | "RotationPurpose" | "EndReason", _)
            | ("RotationStepName" | "AppraisalResult", _)
            | ("AppraisalSystem" | "AppraisalPeriod" | "AppraisalRating" | "AppraisalState", _)
            | ("ProgrammeKind" | "PlanState" | "Measure" | "QuotaState" | "ClassCategory" | "ClassState", _)
            | ("EnrolmentState" | "Grade" | "Purpose" | "DataCategory" | "UserErrorCode", _)
            | ("AllowedDocuments" | "WebhookState", _)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_told_from_everything_else() {
        for coordinate in [
            "Query.cadres",
            "Query.cadres(first:)",
            "CadreConnection.nodes",
            "CadreConnection.totalCount(max:)",
            "Cadre.fullName",
            "CadreOrderField.NAME",
            "Unit.composition",
            "Unit.composition(titles:)",
            "Query.unit(by:)",
            "UnitConnection.totalCount(max:)",
            "UnitEdge.node",
            "RotationState.PUBLISHED",
            "PageInfo.endCursor",
            "Rotation.checks",
            "RuleCheck.rule",
        ] {
            assert!(follows_from_records(coordinate), "{coordinate}");
        }
        for coordinate in [
            "Query.node",
            "Query.nodes(ids:)",
            "Query.viewer",
            "Viewer.limits",
            "ViewerLimits.costPerMinute",
            "Query.clients",
            "Client.name",
            "ClientConnection.nodes",
            "Cadre.accessLog",
            "AccessEntry.at",
            "Query.changes",
            "Query.changeCursor",
            "Change.id",
            "Cadre.identity",
            "Cadre.appraisals",
            "Appraisal.result",
            "Cadre.dutyExemptions",
            "DutyExemption.reason",
            "Political.partyJoinedOn",
            "CadreKey.nationalId",
            "Query.__schema",
            "__Type.name",
            "Mutation.rotationPublish",
            "Query.newField",
            "NewType.field",
        ] {
            assert!(!follows_from_records(coordinate), "{coordinate}");
        }
    }
}
