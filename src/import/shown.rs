//! Decides which values of a bundle a report may show. No other module decides this.

/// Maximum length of a value that is shown, in characters.
const LONGEST: usize = 40;
/// Number of consecutive digits that could be an identity number in the wrong column.
const IDENTITY: usize = 9;

/// Columns whose values may be shown: codes, words of closed sets, numbers, and days that say nothing about a person.
/// All other columns, including future ones, are hidden: identity, names, birth, ethnic group, native place and Party.
const VISIBLE_COLUMNS: [&str; 73] = [
    "admin_code",
    "age_months",
    "amount",
    "area",
    "basis",
    "bound",
    "cadre_code",
    "capacity",
    "categories",
    "category",
    "class_code",
    "classes",
    "code",
    "duty_code",
    "decided_on",
    "end_on",
    "equivalents",
    "field_code",
    "form",
    "from_unit_code",
    "gender",
    "grade",
    "granted_by_code",
    "granted_on",
    "group",
    "hours",
    "institution_code",
    "is_key_leader",
    "is_primary",
    "issuer_code",
    "key",
    "key_leaders_only",
    "kind",
    "level",
    "measure",
    "mode",
    "norm_percent",
    "number",
    "on_date",
    "on_day",
    "organiser_code",
    "parent_code",
    "party_parent_code",
    "period",
    "plan_code",
    "predecessor_code",
    "programme_code",
    "purpose",
    "quantity",
    "rank_code",
    "replaced_by_code",
    "reported_learners",
    "requirement_code",
    "result",
    "role",
    "severity",
    "signed_on",
    "standard_code",
    "start_on",
    "status",
    "step",
    "subject",
    "successor_code",
    "system",
    "tier",
    "title_code",
    "to_unit_code",
    "transition_until",
    "unit_code",
    "valid_from",
    "valid_to",
    "value",
    "year",
];

/// Files with results or reasons of persons.
const PROTECTED: [&str; 3] = ["appraisals.csv", "duty_exemptions.csv", "standard_exemptions.csv"];
/// Their columns that only identify the person and the requirement. They are the first ones.
const FIRST_COLUMNS: [&str; 4] = ["cadre_code", "duty_code", "standard_code", "requirement_code"];

/// The value of a cell as a report may show it, if it may.
pub(super) fn shown<'a>(file: &str, column: &str, value: &'a str) -> Option<&'a str> {
    let is_plain = value.chars().all(|c| !c.is_control() && (c == ' ' || !c.is_whitespace()));
    let is_short = value.chars().count() <= LONGEST;
    let digits = value.split(|c: char| !c.is_numeric()).map(|digits| digits.chars().count()).max();
    let may_be_identity = digits.is_some_and(|longest| longest >= IDENTITY);
    // If a person's row lacks a cell, names and days of birth shift into neighbouring columns.
    let may_be_personal =
        file == "cadres.csv" && (value.contains(char::is_whitespace) || !value.contains(char::is_alphabetic));
    // If a row lacks cells, results, reasons and days shift into other columns.
    let may_be_protected = PROTECTED.contains(&file) && !FIRST_COLUMNS.contains(&column);
    let is_shown = VISIBLE_COLUMNS.contains(&column)
        && is_plain
        && is_short
        && !may_be_identity
        && !may_be_personal
        && !may_be_protected;
    is_shown.then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_of_a_person_is_shown() {
        for (file, column, value, is_shown) in [
            ("assignments.csv", "start_on", "12/03/1975", true),
            ("cadres.csv", "status", "Đang", true),
            ("units.csv", "kind", "Phường xã", true),
            ("cadres.csv", "national_id", "x", false),
            ("cadres.csv", "full_name", "x", false),
            ("cadres.csv", "birth_on", "x", false),
            ("cadres.csv", "ethnicity_code", "x", false),
            ("cadres.csv", "native_place_code", "x", false),
            ("cadres.csv", "joined_service_on", "x", false),
            ("cadres.csv", "joined_party_on", "x", false),
            ("cadres.csv", "a_new_column", "x", false),
            ("units.csv", "name", "x", false),
            // The reason of an exemption may concern health.
            ("duty_exemptions.csv", "reason", "SICKK", false),
            ("enrolments.csv", "result", "PASSED", true),
            ("appraisals.csv", "cadre_code", "C9", true),
            ("appraisals.csv", "period", "WEEK", false),
            ("appraisals.csv", "decided_on", "GOOD", false),
            ("duty_exemptions.csv", "duty_code", "BD", true),
            ("duty_exemptions.csv", "valid_to", "SICK", false),
            ("appraisals.csv", "result", "BEST", false),
            ("appraisals.csv", "points", "92", false),
            ("standard_exemptions.csv", "reason", "x", false),
            // Shifted into the next column.
            ("cadres.csv", "gender", "Đỗ Thị Thử", false),
            ("cadres.csv", "gender", "1980-01-02", false),
            ("cadres.csv", "code", "999000000001", false),
            ("assignments.csv", "cadre_code", "'999000000001", false),
            ("assignments.csv", "cadre_code", "９９９００００００００１", false),
            ("units.csv", "kind", "a\u{7}b", false),
            ("units.csv", "kind", "a\u{a0}b", false),
            ("units.csv", "kind", "12345678901234567890 12345678901234567890x", false),
        ] {
            assert_eq!(shown(file, column, value).is_some(), is_shown, "{file} {column} {value}");
        }
    }
}
