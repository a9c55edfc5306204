//! Files of a bundle for tests. A test names the columns that it needs; the others have defaults. The headers of the
//! format are only here, so that a new column of the format changes no test. Optional columns of the format may be
//! missing.

use ::csv::{Reader, Writer};

/// The columns of a file, each with its default.
type Columns = &'static [(&'static str, &'static str)];

/// `units.csv`: by default a commune without an end and without a Party parent.
pub fn units(columns: &str, rows: &str) -> String {
    const UNITS: Columns = &[
        ("code", ""),
        ("parent_code", ""),
        ("party_parent_code", ""),
        ("kind", "COMMUNE"),
        ("tier", "COMMUNE"),
        ("name", ""),
        ("admin_code", ""),
        ("valid_from", ""),
        ("valid_to", ""),
    ];
    file(UNITS, columns, rows)
}

/// `unit_successions.csv`: by default mergers without a document.
pub fn unit_successions(columns: &str, rows: &str) -> String {
    const SUCCESSIONS: Columns =
        &[("predecessor_code", ""), ("successor_code", ""), ("kind", "MERGE"), ("on_date", ""), ("document", "")];
    file(SUCCESSIONS, columns, rows)
}

/// `unit_identifiers.csv`: by default agency codes without a start and an end.
pub fn unit_identifiers(columns: &str, rows: &str) -> String {
    const IDENTIFIERS: Columns =
        &[("unit_code", ""), ("system", "VN_AGENCY"), ("value", ""), ("valid_from", ""), ("valid_to", "")];
    file(IDENTIFIERS, columns, rows)
}

/// `titles.csv`: by default titles of cadres in units of any tier, not of key leaders.
pub fn titles(columns: &str, rows: &str) -> String {
    const TITLES: Columns =
        &[("code", ""), ("name", ""), ("category", "CADRE"), ("tier", ""), ("is_key_leader", "false")];
    file(TITLES, columns, rows)
}

/// `rules.csv`: by default rules of the office on the minimum term of rotations, in force since 2026.
pub fn rules(columns: &str, rows: &str) -> String {
    const RULES: Columns = &[
        ("code", ""),
        ("key", "rotation.min_term_months"),
        ("form", "ROTATION"),
        ("category", ""),
        ("purpose", ""),
        ("value", ""),
        ("basis", "PER_ROTATION"),
        ("valid_from", "2026-01-01"),
        ("valid_to", ""),
        ("legal_basis", ""),
        ("verification", "UNVERIFIED"),
    ];
    file(RULES, columns, rows)
}

/// `programmes.csv`: by default training programmes that grant no level.
pub fn programmes(columns: &str, rows: &str) -> String {
    const PROGRAMMES: Columns = &[("code", ""), ("name", ""), ("kind", "TRAINING"), ("subject", ""), ("level", "")];
    file(PROGRAMMES, columns, rows)
}

/// `training_plans.csv`: by default plans of the province P for 2026 that are approved.
pub fn training_plans(columns: &str, rows: &str) -> String {
    const PLANS: Columns = &[
        ("code", ""),
        ("unit_code", "P"),
        ("year_from", "2026"),
        ("year_to", "2026"),
        ("document_no", ""),
        ("name", "Kế hoạch"),
        ("status", "APPROVED"),
    ];
    file(PLANS, columns, rows)
}

/// `quotas.csv`: by default exact numbers of turns in classes of any mode.
pub fn quotas(columns: &str, rows: &str) -> String {
    const QUOTAS: Columns = &[
        ("plan_code", ""),
        ("unit_code", ""),
        ("programme_code", ""),
        ("mode", ""),
        ("measure", "TURNS"),
        ("bound", "EXACT"),
        ("quantity", ""),
        ("classes", ""),
    ];
    file(QUOTAS, columns, rows)
}

/// `cadres.csv`: by default civil servants in service, born in 1980, not members of the Party.
pub fn cadres(columns: &str, rows: &str) -> String {
    const CADRES: Columns = &[
        ("code", ""),
        ("national_id", ""),
        ("full_name", ""),
        ("gender", "MALE"),
        ("birth_on", "1980-01-01"),
        ("ethnicity_code", "01"),
        ("native_place_code", "90101"),
        ("joined_service_on", "2005-01-01"),
        ("joined_party_on", ""),
        ("category", "CIVIL_SERVANT"),
        ("rank_code", ""),
        ("status", "ACTIVE"),
    ];
    file(CADRES, columns, rows)
}

/// `assignments.csv`: by default primary posts of civil servants since 2010 that have not ended.
pub fn assignments(columns: &str, rows: &str) -> String {
    const ASSIGNMENTS: Columns = &[
        ("cadre_code", ""),
        ("unit_code", ""),
        ("title_code", "CC"),
        ("start_on", "2010-01-01"),
        ("end_on", ""),
        ("is_primary", "true"),
    ];
    file(ASSIGNMENTS, columns, rows)
}

/// `qualifications.csv`: by default without a field, an institution and a mode.
pub fn qualifications(columns: &str, rows: &str) -> String {
    const QUALIFICATIONS: Columns = &[
        ("cadre_code", ""),
        ("subject", ""),
        ("level", ""),
        ("field_code", ""),
        ("institution_code", ""),
        ("mode", ""),
        ("granted_on", ""),
    ];
    file(QUALIFICATIONS, columns, rows)
}

/// `classes.csv`: by default open, part-time classes without a plan and without a limit of seats.
pub fn classes(columns: &str, rows: &str) -> String {
    const CLASSES: Columns = &[
        ("code", ""),
        ("plan_code", ""),
        ("programme_code", ""),
        ("organiser_code", ""),
        ("intake", "1"),
        ("category", "WORKSHOP"),
        ("mode", "PART_TIME"),
        ("start_on", ""),
        ("end_on", ""),
        ("capacity", ""),
        ("reported_learners", ""),
        ("status", "OPEN"),
    ];
    file(CLASSES, columns, rows)
}

/// `enrolments.csv`: by default without a grade.
pub fn enrolments(columns: &str, rows: &str) -> String {
    const ENROLMENTS: Columns = &[
        ("cadre_code", ""),
        ("class_code", ""),
        ("programme_code", ""),
        ("unit_code", ""),
        ("year", ""),
        ("result", ""),
        ("grade", ""),
    ];
    file(ENROLMENTS, columns, rows)
}

/// A file with these rows: columns separated by commas, one row per line.
fn file(format: Columns, columns: &str, rows: &str) -> String {
    let given = format!("{columns}\n{rows}");
    let mut given = Reader::from_reader(given.as_bytes());
    let columns = given.headers().expect("columns").clone();
    let unknown = columns.iter().find(|column| format.iter().all(|(name, _)| name != column));
    assert_eq!(unknown, None, "the format has no such column");
    let mut file = Writer::from_writer(Vec::new());
    file.write_record(format.iter().map(|(name, _)| name)).expect("a header");
    for row in given.records() {
        let row = row.expect("a row with a field for each column");
        let cell = |(name, default): &(&str, &'static str)| {
            let at = columns.iter().position(|column| column == *name);
            at.map_or(*default, |at| row.get(at).expect("a field for each column")).to_owned()
        };
        file.write_record(format.iter().map(cell)).expect("a row");
    }
    String::from_utf8(file.into_inner().expect("a file")).expect("UTF-8")
}

#[test]
fn a_row_has_the_given_values_and_defaults() {
    let text = titles("tier,code,name", "COMMUNE,A,\"Một, hai\"\n,B,Ba\n");
    assert_eq!(text, "code,name,category,tier,is_key_leader\nA,\"Một, hai\",CADRE,COMMUNE,false\nB,Ba,CADRE,,false\n");
}
