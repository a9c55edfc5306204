//! An operation for each command that names every field of its input and does nothing: its idempotency key is empty. The
//! object and its reach are checked before the key, so that a caller out of reach learns nothing about the object.

use std::sync::LazyLock;

use async_graphql::parser::types::{BaseType, Type};

use crate::support::sdl::{self as schema, Inputs};

/// Values of the fields that a command looks up or checks before its key. Other fields get any value of their type.
/// `ROTATION`, `QUOTA`, `ENROLMENT`, `APPRAISAL` and `CLIENT` are placeholders for ids.
const VALUES: [(&str, &str); 27] = [
    ("idempotencyKey", r#""""#),
    ("expectedVersion", "0"),
    ("rotationId", r#""ROTATION""#),
    ("quotaId", r#""QUOTA""#),
    ("enrolmentId", r#""ENROLMENT""#),
    ("clientId", r#""CLIENT""#),
    ("appraisalId", r#""APPRAISAL""#),
    ("cadreCode", r#""A-02""#),
    ("dutyCode", r#""BD-B""#),
    ("classCode", r#""LA""#),
    ("planCode", r#""KA""#),
    ("documentCode", r#""VB-A""#),
    ("successorCode", r#""VB-P""#),
    ("issuerCode", r#""A1""#),
    ("programmeCode", r#""CMNV""#),
    ("QuotaAllocateInput.unitCode", r#""A1U""#),
    ("unitCode", r#""A1""#),
    ("organiserUnitCode", r#""A1""#),
    ("preparingUnitCode", r#""A""#),
    ("toUnitCode", r#""A2U""#),
    ("toTitleCode", r#""CC""#),
    ("rule", r#""rotation.min_term_months""#),
    ("scopes", r#"["clients:admin"]"#),
    ("unitCodes", r#"["A1"]"#),
    ("purposes", "[]"),
    ("ClientGrantTerms.validFrom", r#""2026-06-01""#),
    ("ClientGrantTerms.validTo", r#""2027-06-01""#),
];

static INPUTS: LazyLock<Inputs> = LazyLock::new(schema::inputs);

/// The operation of a command, with a selection of its payload.
pub fn operation(name: &str, selection: &str) -> String {
    let input = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    assert!(INPUTS.fields.contains_key(&input), "{name} has an input with its name");
    format!("mutation {{ {name}(input: {}) {{ {selection} }} }}", object(&input))
}

/// The command that a payload belongs to: `RotationEndPayload` to `rotationEnd`.
pub fn of_payload(payload: &str) -> Option<String> {
    let operation = payload.strip_suffix("Payload")?;
    Some(format!("{}{}", operation[..1].to_lowercase(), &operation[1..]))
}

/// Whether a field belongs to an input of a command, or to an input inside one: it is named with the command.
pub fn names_input(coordinate: &str) -> bool {
    let Some((input, _)) = coordinate.split_once('.') else { return false };
    INPUTS.of_mutations.iter().any(|named| named == input)
}

fn object(input: &str) -> String {
    let field = |(name, of): &(String, Type)| format!("{name}: {}", value(input, name, of));
    let fields: Vec<_> = INPUTS.fields[input].iter().map(field).collect();
    format!("{{{}}}", fields.join(", "))
}

fn value(input: &str, name: &str, of: &Type) -> String {
    let coordinate = format!("{input}.{name}");
    let given = VALUES.iter().find(|(field, _)| *field == coordinate || *field == name);
    match (given, &of.base) {
        (Some((_, value)), _) => (*value).to_owned(),
        (None, BaseType::List(of)) => format!("[{}]", value(input, name, of)),
        (None, BaseType::Named(of)) => match of.as_str() {
            "String" | "ID" => r#""x""#.to_owned(),
            "Int" => "1".to_owned(),
            "Float" => "1.5".to_owned(),
            "Boolean" => "false".to_owned(),
            "Date" => r#""2026-05-01""#.to_owned(),
            of if INPUTS.fields.contains_key(of) => object(of),
            of => INPUTS.enums.get(of).unwrap_or_else(|| panic!("{coordinate}: no value of {of}")).clone(),
        },
    }
}
