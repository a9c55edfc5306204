//! An operation for each act that asks everything that the act takes and does nothing: its key is none. Reach is looked
//! at before the key, so that who does not reach the object is told nothing of it.

/// The acts with inputs that name each of their fields. `ROTATION`, `QUOTA`, `ENROLMENT` and
/// `CLIENT` stand for ids.
const ACTS: [(&str, &str); 30] = [
    (
        "rotationPropose",
        r#"cadreCode: "A-02", form: ROTATION, purpose: DEVELOPMENT, toUnitCode: "A2U", toTitleCode: "CC", startOn: "2026-05-01",
           plannedEndOn: "2029-05-01", preparingUnitCode: "A", remark: "x",
           planning: {documentNo: "1", validFrom: "2025-01-01", validUntil: "2030-01-01"}"#,
    ),
    (
        "rotationAdvance",
        r#"rotationId: "ROTATION", expectedVersion: 0, step: POLICY, on: "2026-05-01", documentNo: "1", remark: "x""#,
    ),
    (
        "rotationDecide",
        r#"rotationId: "ROTATION", expectedVersion: 0, decisionNo: "1", decidedOn: "2026-05-01", startOn: "2026-05-01",
           plannedEndOn: "2029-05-01""#,
    ),
    ("rotationPublish", r#"rotationId: "ROTATION", expectedVersion: 0, publishedOn: "2026-05-01""#),
    ("rotationStart", r#"rotationId: "ROTATION", expectedVersion: 0"#),
    (
        "rotationExtend",
        r#"rotationId: "ROTATION", expectedVersion: 0, plannedEndOn: "2029-05-01", decisionNo: "1", reason: "x""#,
    ),
    (
        "rotationEnd",
        r#"rotationId: "ROTATION", expectedVersion: 0, endOn: "2026-05-01", reason: OTHER, remark: "x",
           placement: {unitCode: "A2U", titleCode: "CC", decisionNo: "1"}"#,
    ),
    (
        "rotationPlace",
        r#"rotationId: "ROTATION", expectedVersion: 0, unitCode: "A2U", titleCode: "CC", placedOn: "2026-05-01", decisionNo: "1""#,
    ),
    ("rotationCancel", r#"rotationId: "ROTATION", expectedVersion: 0, reason: "x""#),
    (
        "rotationAppraise",
        r#"rotationId: "ROTATION", expectedVersion: 0, year: 2025, result: GOOD, appraisedOn: "2026-05-01", documentNo: "1""#,
    ),
    (
        "rotationOverride",
        r#"rotationId: "ROTATION", expectedVersion: 0, rule: "rotation.min_term_months", reason: "x", grantedBy: "x",
           grantedOn: "2026-05-01", documentNo: "1""#,
    ),
    (
        "quotaIssue",
        r#"planCode: "KA", unitCode: "A1", programmeCode: "CMNV", mode: FULL_TIME, measure: TURNS, seats: 1, isLowerBound: false,
           classes: 1"#,
    ),
    ("quotaAllocate", r#"quotaId: "QUOTA", unitCode: "A1U", seats: 1, expectedVersion: 0, mode: FULL_TIME"#),
    ("quotaReturn", r#"quotaId: "QUOTA", seats: 1, expectedVersion: 0"#),
    ("quotaRevoke", r#"quotaId: "QUOTA", expectedVersion: 0"#),
    ("quotaAmend", r#"quotaId: "QUOTA", seats: 1, expectedVersion: 0"#),
    (
        "classPlan",
        r#"code: "LX", planCode: "KA", programmeCode: "CMNV", organiserUnitCode: "A1", intake: "1", category: WORKSHOP,
           mode: FULL_TIME, startOn: "2026-06-08", lastOn: "2026-06-12",
           sessions: ["2026-06-08"], capacity: 1"#,
    ),
    (
        "classAdvance",
        r#"classCode: "LA", expectedVersion: 0, to: CLOSED, startOn: "2026-06-08", lastOn: "2026-06-12",
           sessions: ["2026-06-08"]"#,
    ),
    ("classAmend", r#"classCode: "LA", expectedVersion: 0, capacity: 1, unlimited: false, sessions: ["2021-03-01"]"#),
    ("classEnrol", r#"classCode: "LA", cadreCode: "A-02", quotaId: "QUOTA", reason: "x", waitlist: false"#),
    ("enrolmentConfirm", r#"enrolmentId: "ENROLMENT", expectedVersion: 0"#),
    ("enrolmentDrop", r#"enrolmentId: "ENROLMENT", expectedVersion: 0, reason: "x""#),
    (
        "enrolmentComplete",
        r#"enrolmentId: "ENROLMENT", expectedVersion: 0, passed: true, grade: GOOD, completedOn: "2026-05-01""#,
    ),
    ("enrolmentRevoke", r#"enrolmentId: "ENROLMENT", expectedVersion: 0, reason: "x""#),
    ("planDraft", r#"code: "KX", unitCode: "A1", name: "x", yearFrom: 2026, yearTo: 2026, documentNo: "1""#),
    ("planAdvance", r#"planCode: "KA", expectedVersion: 0, to: CLOSED, documentNo: "1""#),
    (
        "clientRegister",
        r#"name: "x", grant: {scopes: ["clients:admin"], unitCodes: ["A1"], purposes: [], validFrom: "2026-06-01",
           validTo: "2027-06-01", legalBasis: "Hợp đồng", requestsPerSecond: 1, costPerMinute: 1}"#,
    ),
    (
        "clientGrant",
        r#"clientId: "CLIENT", expectedVersion: 0, grant: {scopes: ["clients:admin"], unitCodes: ["A1"], purposes: [],
           validFrom: "2026-06-01", validTo: "2027-06-01", legalBasis: "Hợp đồng", requestsPerSecond: 1, costPerMinute: 1}"#,
    ),
    ("clientRevoke", r#"clientId: "CLIENT", expectedVersion: 0"#),
    ("clientRotateSecret", r#"clientId: "CLIENT", expectedVersion: 0, overlapHours: 1"#),
];

/// The operation of an act, with a selection of its payload.
pub fn act(name: &str, selection: &str) -> String {
    let (_, input) = ACTS.iter().find(|(act, _)| *act == name).unwrap_or_else(|| panic!("no probe of {name}"));
    format!(r#"mutation {{ {name}(input: {{idempotencyKey: "", {input}}}) {{ {selection} }} }}"#)
}

/// The act that a payload belongs to: `RotationEndPayload` to `rotationEnd`.
pub fn of_payload(payload: &str) -> Option<String> {
    let act = payload.strip_suffix("Payload")?;
    Some(format!("{}{}", act[..1].to_lowercase(), &act[1..]))
}

/// Whether some probe names a field of an input: it is asked with the act.
pub fn names_input(coordinate: &str) -> bool {
    let Some((input, field)) = coordinate.split_once('.') else { return false };
    let named = format!("{field}: ");
    let in_act = |act: &str| of_input(input).is_none_or(|own| own == act);
    ACTS.iter().any(|(act, text)| {
        (input.ends_with("Input") || input.ends_with("Terms"))
            && in_act(act)
            && (field == "idempotencyKey" || text.contains(&named))
    })
}

/// The act of an input; none for what stands inside one.
fn of_input(input: &str) -> Option<String> {
    let act = input.strip_suffix("Input")?;
    let act = format!("{}{}", act[..1].to_lowercase(), &act[1..]);
    ACTS.iter().any(|(name, _)| *name == act).then_some(act)
}
