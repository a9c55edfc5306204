use entity::value::Purpose;

use super::*;

fn admitted(scopes: &BTreeSet<Scope>, purpose: Option<Purpose>, coordinates: &[&str]) -> Result<()> {
    let purposes = BTreeSet::from([Purpose::Personnel, Purpose::Training]);
    admit(&Rights { scopes, purposes: &purposes, purpose, is_for_a_cadre: false }, coordinates.iter().copied())
}

#[test]
fn protected_data_requires_a_purpose() {
    let everything: BTreeSet<Scope> = Scope::all().collect();
    let coordinates = ["Query.cadre", "Cadre.origin", "CadreKey.nationalId", "Cadre.fullName"];

    let Err(Error::PurposeRequired { fields, allowed }) = admitted(&everything, None, &coordinates) else {
        panic!("two places are protected")
    };

    assert_eq!(fields, ["Cadre.origin", "CadreKey.nationalId"]);
    assert_eq!(allowed, [Purpose::Personnel, Purpose::Training]);
    assert!(admitted(&everything, Some(Purpose::Training), &coordinates).is_ok());
    assert!(admitted(&everything, None, &["Query.cadre", "Cadre.fullName"]).is_ok(), "the control");
    let protected: Vec<_> = Scope::all().filter_map(category).collect();
    assert_eq!(
        protected,
        [
            DataCategory::Identity,
            DataCategory::Political,
            DataCategory::Origin,
            DataCategory::Health,
            DataCategory::Appraisal,
        ]
    );
}

#[test]
fn a_refusal_names_every_closed_field_and_every_missing_scope() {
    let scopes = BTreeSet::from([Scope::CadreRead, Scope::CadreOriginRead]);
    let coordinates = ["Query.cadre", "Cadre.fullName", "Cadre.origin", "Cadre.identity", "Cadre.political"];

    let Err(Error::Forbidden { fields, missing }) = admitted(&scopes, None, &coordinates) else {
        panic!("two groups are closed")
    };

    assert_eq!(fields, ["Cadre.identity", "Cadre.political"]);
    assert_eq!(missing, [Scope::CadreIdentityRead, Scope::CadrePoliticalRead]);
    assert!(admitted(&scopes, Some(Purpose::Personnel), &coordinates[..3]).is_ok());
}

#[test]
fn results_of_rules_for_a_person_need_the_scope_of_rotations() {
    let needs = Some(Need::Scope(Scope::RotationRead));
    for field in ["rule", "result", "legalBasis", "verified", "message", "override"] {
        assert_eq!(need(&format!("RuleCheck.{field}")), needs, "{field}");
    }
    for field in ["reason", "grantedBy", "grantedOn", "documentNo"] {
        assert_eq!(need(&format!("RuleOverride.{field}")), needs, "{field}");
    }
    assert_eq!(need("Rule.legalBasis"), Some(Need::Nothing), "the control: a rule speaks of nobody");
}

#[test]
fn a_coordinate_without_a_rule_is_closed_to_all_callers() {
    let everything: BTreeSet<Scope> = Scope::all().collect();
    for place in [
        "Query.everyone",
        "Mutation.everything",
        "Cadre.salary",
        "Unit.salaries",
        "CadreWhere.bornAfter",
        "CadreOrderField.BIRTH",
        "RuleCheck.birthOn",
        "Payslip.amount",
        "Query.cadres(bornAfter:)",
        "Cadre.fullName(of:)",
        "Cadre",
        "PayslipConnection.nodes",
        "PayslipEdge.node",
        "CadreConnection.salaries",
        "CadreConnection.nodes(salaryAbove:)",
        "Mutation.rotationForget",
        "RotationForgetInput.rotationId",
        "RotationForgetPayload.rotation",
        "Input.idempotencyKey",
        "Payload.userErrors",
    ] {
        assert_eq!(need(place), None, "{place}");
        assert!(matches!(admitted(&everything, None, &[place]), Err(Error::Internal(_))), "{place}");
    }
    assert!(admitted(&everything, None, &["Query.cadres(search:)", "Query.__type(name:)", "__Type.name"]).is_ok());
}

#[test]
fn pages_follow_their_objects() {
    for (node, field) in [("Cadre", "id"), ("Rotation", "id"), ("Client", "id"), ("Unit", "id"), ("AccessEntry", "at")]
    {
        let of_node = need(&format!("{node}.{field}"));
        assert!(of_node.is_some(), "{node}");
        for place in ["Connection.edges", "Connection.nodes", "Connection.totalCount(max:)", "Edge.cursor", "Edge.node"]
        {
            assert_eq!(need(&format!("{node}{place}")), of_node, "{node}{place}");
        }
    }
}

#[test]
fn inputs_and_payloads_follow_their_mutation() {
    let write = Some(Need::Scope(Scope::TrainingWrite));
    for place in ["Mutation.classPlan", "Mutation.classPlan(input:)", "ClassPlanInput.code", "ClassEnrolInput.reason"] {
        assert_eq!(need(place), write, "{place}");
    }
    for (place, scope) in [
        ("ClassPlanPayload.class", Scope::TrainingRead),
        ("QuotaIssuePayload.userErrors", Scope::QuotaRead),
        ("RotationEndPayload.rotation", Scope::RotationRead),
        ("ClientGrantPayload.client", Scope::ClientsAdmin),
        ("ClassEnrolInput.quotaId", Scope::QuotaRead),
        ("ClassEnrolInput.cadreCode", Scope::CadreRead),
    ] {
        assert_eq!(need(place), Some(Need::Scope(scope)), "{place}");
    }
}
