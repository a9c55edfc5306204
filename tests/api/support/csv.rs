//! Files of a bundle for tests. A test names the columns that it needs; the others have defaults.

use ::csv::{Reader, Writer};
use cadre_api::import::FILES;

/// `units.csv`: by default a commune without an end and without a Party parent.
pub fn units(columns: &str, rows: &str) -> String {
    file("units.csv", &[("kind", "COMMUNE"), ("tier", "COMMUNE")], columns, rows)
}

/// `unit_successions.csv`: by default mergers without a document.
pub fn unit_successions(columns: &str, rows: &str) -> String {
    file("unit_successions.csv", &[("kind", "MERGE")], columns, rows)
}

/// `unit_identifiers.csv`: by default agency codes without a start and an end.
pub fn unit_identifiers(columns: &str, rows: &str) -> String {
    file("unit_identifiers.csv", &[("system", "VN_AGENCY")], columns, rows)
}

/// `documents.csv`: by default national plans of 2020 that are in force.
pub fn documents(columns: &str, rows: &str) -> String {
    file(
        "documents.csv",
        &[("kind", "PLAN"), ("signed_on", "2020-01-01"), ("valid_from", "2020-01-01"), ("title", "Kế hoạch")],
        columns,
        rows,
    )
}

/// `titles.csv`: by default titles of cadres in units of any tier, not of key leaders.
pub fn titles(columns: &str, rows: &str) -> String {
    file("titles.csv", &[("category", "CADRE"), ("is_key_leader", "false")], columns, rows)
}

/// `title_steps.csv`: by default verified.
pub fn title_steps(columns: &str, rows: &str) -> String {
    file("title_steps.csv", &[("legal_basis", "4-QĐ/TU, Điều 1"), ("verification", "VERIFIED")], columns, rows)
}

/// `unit_areas.csv`: by default since 2010.
pub fn unit_areas(columns: &str, rows: &str) -> String {
    file("unit_areas.csv", &[("valid_from", "2010-01-01")], columns, rows)
}

/// `standards.csv`: by default verified national standards that are in force since 2010.
pub fn standards(columns: &str, rows: &str) -> String {
    file(
        "standards.csv",
        &[
            ("name", "Tiêu chuẩn"),
            ("document_no", "1-QĐ/TW"),
            ("valid_from", "2010-01-01"),
            ("verification", "VERIFIED"),
        ],
        columns,
        rows,
    )
}

/// `standard_scopes.csv`: by default in units of any tier.
pub fn standard_scopes(columns: &str, rows: &str) -> String {
    file("standard_scopes.csv", &[], columns, rows)
}

/// `requirements.csv`: by default requirements of professional education that are a MUST, without a transition.
pub fn requirements(columns: &str, rows: &str) -> String {
    file(
        "requirements.csv",
        &[("subject", "PROFESSIONAL"), ("severity", "MUST"), ("legal_basis", "1-QĐ/TW, Điều 2")],
        columns,
        rows,
    )
}

/// `rules.csv`: by default rules of the office on the minimum term of rotations, in force since 2026.
pub fn rules(columns: &str, rows: &str) -> String {
    file(
        "rules.csv",
        &[
            ("key", "rotation.min_term_months"),
            ("form", "ROTATION"),
            ("basis", "PER_ROTATION"),
            ("valid_from", "2026-01-01"),
            ("verification", "UNVERIFIED"),
        ],
        columns,
        rows,
    )
}

/// `programmes.csv`: by default training programmes that grant no level.
pub fn programmes(columns: &str, rows: &str) -> String {
    file("programmes.csv", &[("kind", "TRAINING")], columns, rows)
}

/// `duties.csv`: by default one course a year for all persons of the country since 2010, of which all must do it.
pub fn duties(columns: &str, rows: &str) -> String {
    file(
        "duties.csv",
        &[
            ("name", "Chế độ"),
            ("categories", "CADRE|CIVIL_SERVANT|PUBLIC_EMPLOYEE"),
            ("key_leaders_only", "false"),
            ("measure", "PARTICIPATION"),
            ("amount", "1"),
            ("norm_percent", "100"),
            ("valid_from", "2010-01-01"),
            ("legal_basis", "1-QĐ"),
            ("verification", "VERIFIED"),
        ],
        columns,
        rows,
    )
}

/// `duty_exemptions.csv`: by default without a document.
pub fn duty_exemptions(columns: &str, rows: &str) -> String {
    file("duty_exemptions.csv", &[("reason", "LONG_STUDY")], columns, rows)
}

/// `appraisals.csv`: by default of a year by the State.
pub fn appraisals(columns: &str, rows: &str) -> String {
    file("appraisals.csv", &[("system", "STATE"), ("period", "YEAR")], columns, rows)
}

/// `standard_exemptions.csv`: by default of the province P from 2010 on.
pub fn standard_exemptions(columns: &str, rows: &str) -> String {
    let defaults =
        [("granted_by_code", "P"), ("document_no", "9-QĐ"), ("valid_from", "2010-01-01"), ("reason", "Sắp nghỉ hưu")];
    file("standard_exemptions.csv", &defaults, columns, rows)
}

/// `training_plans.csv`: by default plans of the province P for 2026 that are approved.
pub fn training_plans(columns: &str, rows: &str) -> String {
    file(
        "training_plans.csv",
        &[("unit_code", "P"), ("year_from", "2026"), ("year_to", "2026"), ("name", "Kế hoạch"), ("status", "APPROVED")],
        columns,
        rows,
    )
}

/// `quotas.csv`: by default exact numbers of turns in classes of any mode.
pub fn quotas(columns: &str, rows: &str) -> String {
    file("quotas.csv", &[("measure", "TURNS"), ("bound", "EXACT")], columns, rows)
}

/// `cadres.csv`: by default civil servants in service, born in 1980, not members of the Party.
pub fn cadres(columns: &str, rows: &str) -> String {
    file(
        "cadres.csv",
        &[
            ("gender", "MALE"),
            ("birth_on", "1980-01-01"),
            ("ethnicity_code", "01"),
            ("native_place_code", "90101"),
            ("joined_service_on", "2005-01-01"),
            ("category", "CIVIL_SERVANT"),
            ("status", "ACTIVE"),
        ],
        columns,
        rows,
    )
}

/// `assignments.csv`: by default primary posts of civil servants since 2010 that have not ended.
pub fn assignments(columns: &str, rows: &str) -> String {
    file("assignments.csv", &[("title_code", "CC"), ("start_on", "2010-01-01"), ("is_primary", "true")], columns, rows)
}

/// `qualifications.csv`: by default without a field, an institution and a mode.
pub fn qualifications(columns: &str, rows: &str) -> String {
    file("qualifications.csv", &[], columns, rows)
}

/// `classes.csv`: by default open, part-time classes without a plan and without a limit of seats.
pub fn classes(columns: &str, rows: &str) -> String {
    file(
        "classes.csv",
        &[("intake", "1"), ("category", "WORKSHOP"), ("mode", "PART_TIME"), ("status", "OPEN")],
        columns,
        rows,
    )
}

/// `enrolments.csv`: by default without a grade.
pub fn enrolments(columns: &str, rows: &str) -> String {
    file("enrolments.csv", &[], columns, rows)
}

/// A file of the format whose rows are given in these columns, separated by commas, one row per line. The other columns
/// have these defaults, or are empty.
fn file(name: &str, defaults: &[(&str, &str)], columns: &str, rows: &str) -> String {
    let format = FILES.iter().find(|file| file.name == name).expect("a file of the format").columns;
    let given = format!("{columns}\n{rows}");
    let mut given = Reader::from_reader(given.as_bytes());
    let columns = given.headers().expect("columns").clone();
    let mut known = columns.iter().chain(defaults.iter().map(|(column, _)| *column));
    assert_eq!(known.find(|column| !format.contains(column)), None, "{name} has no such column");
    let mut file = Writer::from_writer(Vec::new());
    file.write_record(format).expect("a header");
    for row in given.records() {
        let row = row.expect("a row with a field for each column");
        let cell = |name: &&'static str| {
            let default = || defaults.iter().find(|(column, _)| column == name).map_or("", |(_, default)| default);
            let at = columns.iter().position(|column| column == *name);
            at.map_or_else(default, |at| row.get(at).expect("a field for each column")).to_owned()
        };
        file.write_record(format.iter().map(cell)).expect("a row");
    }
    String::from_utf8(file.into_inner().expect("a file")).expect("UTF-8")
}

#[test]
fn a_row_has_the_given_values_and_defaults() {
    let text = titles("tier,code,name", "COMMUNE,A,\"Một, hai\"\n,B,Ba\n");
    assert_eq!(
        text,
        "code,name,category,tier,is_key_leader,group,role\nA,\"Một, hai\",CADRE,COMMUNE,false,,\nB,Ba,CADRE,,false,,\n"
    );
}
