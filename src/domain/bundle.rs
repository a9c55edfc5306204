//! The files of an import bundle and their columns. The import reads them and the export writes them.

/// The format of a file.
#[derive(Clone, Copy, Debug)]
pub struct FileFormat {
    /// Name of the file.
    pub name: &'static str,
    /// All columns. A file may have them in any order.
    pub columns: &'static [&'static str],
    /// The columns that a file may lack.
    ///
    /// These are the columns whose empty cell means that the value is not recorded. A column whose empty cell states a
    /// fact (no end, no parent, no limit, any form) is not among them: if it was forgotten, the file would state that
    /// fact in each row.
    pub optional: &'static [&'static str],
    /// The file of the example bundle.
    pub example: &'static str,
}

/// Versions of units.
pub const UNITS: FileFormat = FileFormat {
    name: "units.csv",
    columns: &[
        "code",
        "parent_code",
        "party_parent_code",
        "kind",
        "tier",
        "name",
        "admin_code",
        "valid_from",
        "valid_to",
    ],
    optional: &["admin_code"],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/units.csv")),
};

/// Successions between units.
pub const UNIT_SUCCESSIONS: FileFormat = FileFormat {
    name: "unit_successions.csv",
    columns: &["predecessor_code", "successor_code", "kind", "on_date", "document"],
    optional: &["document"],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/unit_successions.csv")),
};

/// Identifiers of units in national systems.
pub const UNIT_IDENTIFIERS: FileFormat = FileFormat {
    name: "unit_identifiers.csv",
    columns: &["unit_code", "system", "value", "valid_from", "valid_to"],
    optional: &[],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/unit_identifiers.csv")),
};

/// Areas of units.
pub const UNIT_AREAS: FileFormat = FileFormat {
    name: "unit_areas.csv",
    columns: &["unit_code", "area", "valid_from", "valid_to", "document_no"],
    optional: &["document_no"],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/unit_areas.csv")),
};

/// Documents: resolutions, schemes, plans and decisions.
pub const DOCUMENTS: FileFormat = FileFormat {
    name: "documents.csv",
    columns: &[
        "code",
        "number",
        "kind",
        "issuer_code",
        "signed_on",
        "valid_from",
        "valid_to",
        "replaced_by_code",
        "title",
    ],
    optional: &[],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/documents.csv")),
};

/// Titles.
pub const TITLES: FileFormat = FileFormat {
    name: "titles.csv",
    columns: &["code", "name", "category", "tier", "is_key_leader", "group", "role"],
    optional: &["group", "role"],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/titles.csv")),
};

/// Steps of titles.
pub const TITLE_STEPS: FileFormat = FileFormat {
    name: "title_steps.csv",
    columns: &["title_code", "step", "valid_from", "valid_to", "legal_basis", "verification"],
    optional: &[],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/title_steps.csv")),
};

/// Institutions that award qualifications.
pub const INSTITUTIONS: FileFormat = FileFormat {
    name: "institutions.csv",
    columns: &["code", "name"],
    optional: &[],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/institutions.csv")),
};

/// Standards of titles.
pub const STANDARDS: FileFormat = FileFormat {
    name: "standards.csv",
    columns: &["code", "name", "issuer_code", "document_no", "valid_from", "valid_to", "verification"],
    optional: &[],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/standards.csv")),
};

/// Titles to which standards apply.
pub const STANDARD_SCOPES: FileFormat = FileFormat {
    name: "standard_scopes.csv",
    columns: &["standard_code", "title_code", "tier"],
    optional: &[],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/standard_scopes.csv")),
};

/// Requirements of standards.
pub const REQUIREMENTS: FileFormat = FileFormat {
    name: "requirements.csv",
    columns: &[
        "standard_code",
        "code",
        "subject",
        "level",
        "severity",
        "transition_until",
        "legal_basis",
        "equivalents",
    ],
    optional: &["equivalents"],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/requirements.csv")),
};

/// Rules of the office.
pub const RULES: FileFormat = FileFormat {
    name: "rules.csv",
    columns: &[
        "code",
        "key",
        "form",
        "category",
        "purpose",
        "value",
        "basis",
        "valid_from",
        "valid_to",
        "legal_basis",
        "verification",
    ],
    optional: &[],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/rules.csv")),
};

/// Retirement ages of the office.
pub const RETIREMENT_AGES: FileFormat = FileFormat {
    name: "retirement_ages.csv",
    columns: &["code", "gender", "valid_from", "age_months", "legal_basis", "verification"],
    optional: &[],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/retirement_ages.csv")),
};

/// Training programmes.
pub const PROGRAMMES: FileFormat = FileFormat {
    name: "programmes.csv",
    columns: &["code", "name", "kind", "subject", "level", "hours"],
    optional: &["level", "hours"],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/programmes.csv")),
};

/// Yearly duties of training.
pub const DUTIES: FileFormat = FileFormat {
    name: "duties.csv",
    columns: &[
        "code",
        "name",
        "issuer_code",
        "categories",
        "key_leaders_only",
        "measure",
        "amount",
        "norm_percent",
        "valid_from",
        "valid_to",
        "legal_basis",
        "verification",
    ],
    optional: &[],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/duties.csv")),
};

/// Programmes that count for duties.
pub const DUTY_PROGRAMMES: FileFormat = FileFormat {
    name: "duty_programmes.csv",
    columns: &["duty_code", "programme_code"],
    optional: &[],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/duty_programmes.csv")),
};

/// Exemptions of persons from duties.
pub const DUTY_EXEMPTIONS: FileFormat = FileFormat {
    name: "duty_exemptions.csv",
    columns: &["cadre_code", "duty_code", "valid_from", "valid_to", "reason", "document_no"],
    optional: &["document_no"],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/duty_exemptions.csv")),
};

/// Appraisals of persons.
pub const APPRAISALS: FileFormat = FileFormat {
    name: "appraisals.csv",
    columns: &[
        "cadre_code",
        "system",
        "period",
        "year",
        "number",
        "unit_code",
        "points",
        "result",
        "decided_on",
        "document_no",
    ],
    optional: &["points", "document_no"],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/appraisals.csv")),
};

/// Exemptions of persons from requirements of standards.
pub const STANDARD_EXEMPTIONS: FileFormat = FileFormat {
    name: "standard_exemptions.csv",
    columns: &[
        "cadre_code",
        "standard_code",
        "requirement_code",
        "granted_by_code",
        "document_no",
        "valid_from",
        "valid_to",
        "reason",
    ],
    optional: &[],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/standard_exemptions.csv")),
};

/// Training plans.
pub const TRAINING_PLANS: FileFormat = FileFormat {
    name: "training_plans.csv",
    columns: &["code", "unit_code", "year_from", "year_to", "document_no", "name", "status"],
    optional: &["document_no"],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/training_plans.csv")),
};

/// Quotas that a plan issues.
pub const QUOTAS: FileFormat = FileFormat {
    name: "quotas.csv",
    columns: &["plan_code", "unit_code", "programme_code", "mode", "measure", "bound", "quantity", "classes"],
    optional: &["classes"],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/quotas.csv")),
};

/// Persons.
pub const CADRES: FileFormat = FileFormat {
    name: "cadres.csv",
    columns: &[
        "code",
        "national_id",
        "full_name",
        "gender",
        "birth_on",
        "ethnicity_code",
        "native_place_code",
        "joined_service_on",
        "joined_party_on",
        "category",
        "rank_code",
        "status",
    ],
    optional: &[
        "national_id",
        "birth_on",
        "ethnicity_code",
        "native_place_code",
        "joined_service_on",
        "joined_party_on",
        "rank_code",
    ],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/cadres.csv")),
};

/// Posts of persons.
pub const ASSIGNMENTS: FileFormat = FileFormat {
    name: "assignments.csv",
    columns: &["cadre_code", "unit_code", "title_code", "start_on", "end_on", "is_primary"],
    optional: &[],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/assignments.csv")),
};

/// Qualifications of persons.
pub const QUALIFICATIONS: FileFormat = FileFormat {
    name: "qualifications.csv",
    columns: &["cadre_code", "subject", "level", "field_code", "institution_code", "mode", "granted_on"],
    optional: &["field_code", "institution_code", "mode"],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/qualifications.csv")),
};

/// Rotations, transfers and secondments.
pub const ROTATIONS: FileFormat = FileFormat {
    name: "rotations.csv",
    columns: &["cadre_code", "from_unit_code", "to_unit_code", "form", "start_on", "end_on", "decision_no"],
    optional: &["decision_no"],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/rotations.csv")),
};

/// Classes.
pub const CLASSES: FileFormat = FileFormat {
    name: "classes.csv",
    columns: &[
        "code",
        "plan_code",
        "programme_code",
        "organiser_code",
        "intake",
        "category",
        "mode",
        "start_on",
        "end_on",
        "capacity",
        "reported_learners",
        "status",
    ],
    optional: &["intake", "mode", "reported_learners"],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/classes.csv")),
};

/// Days of classes.
pub const CLASS_SESSIONS: FileFormat = FileFormat {
    name: "class_sessions.csv",
    columns: &["class_code", "on_day"],
    optional: &[],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/class_sessions.csv")),
};

/// Enrolments.
pub const ENROLMENTS: FileFormat = FileFormat {
    name: "enrolments.csv",
    columns: &["cadre_code", "class_code", "programme_code", "unit_code", "year", "result", "grade"],
    optional: &["grade"],
    example: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle/enrolments.csv")),
};
