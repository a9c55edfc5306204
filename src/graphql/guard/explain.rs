//! Messages of the engine's validation, adapted for clients.
//!
//! A message may repeat names in the document: they are needed to find a misspelt field. It never repeats values, which may
//! be personal data.

use crate::{graphql::guard::schema_index::SchemaIndex, text};

/// Maximum length of a message for clients, in bytes.
const LONGEST_MESSAGE: usize = 300;

/// A message of the engine, with a similar name of the schema as a suggestion. `None` if it may contain more than names.
pub fn client_message(message: &str, schema_index: &SchemaIndex) -> Option<String> {
    if !contains_only_names(message) {
        return None;
    }
    let message = message.trim_end_matches('.');
    Some(match suggestion(message, schema_index) {
        Some(name) => format!("{message}. Did you mean \"{name}\"?"),
        None => format!("{message}."),
    })
}

/// Whether everything in quotation marks is a name or a type. Messages about values begin with "Invalid".
fn contains_only_names(message: &str) -> bool {
    let is_name = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "_$@![]".contains(c));
    let is_short = !message.is_empty() && message.len() <= LONGEST_MESSAGE;
    is_short && !message.starts_with("Invalid") && message.split('"').skip(1).step_by(2).all(is_name)
}

fn suggestion<'a>(message: &str, schema_index: &'a SchemaIndex) -> Option<&'a str> {
    let quoted: Vec<&str> = message.split('"').skip(1).step_by(2).collect();
    let what = message.split('"').next().unwrap_or_default();
    match (what, quoted.as_slice()) {
        ("Unknown field ", [field, on]) => text::closest(field, schema_index.field_names(on)),
        ("Unknown argument ", [argument, field, on]) => {
            text::closest(argument, schema_index.field(on, field)?.argument_names())
        }
        ("Unknown type ", [name]) => text::closest(name, schema_index.type_names()),
        ("Unknown directive ", [name]) => text::closest(name, ["include", "skip"]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::sdl;

    #[test]
    fn a_message_names_what_does_not_fit_and_what_may_be_meant() {
        let schema_index = SchemaIndex::of(&sdl());
        for (message, shown) in [
            (
                r#"Unknown field "fulName" on type "Cadre"."#,
                r#"Unknown field "fulName" on type "Cadre". Did you mean "fullName"?"#,
            ),
            (r#"Unknown field "xyz" on type "Cadre"."#, r#"Unknown field "xyz" on type "Cadre"."#),
            (
                r#"Unknown argument "frst" on field "cadres" of type "Query"."#,
                r#"Unknown argument "frst" on field "cadres" of type "Query". Did you mean "first"?"#,
            ),
            (r#"Unknown type "UnitWher""#, r#"Unknown type "UnitWher". Did you mean "UnitWhere"?"#),
            (r#"Unknown directive "skp""#, r#"Unknown directive "skp". Did you mean "skip"?"#),
            (
                r#"Variable "$day" of type "Int" used in position expecting type "[Date!]!""#,
                r#"Variable "$day" of type "Int" used in position expecting type "[Date!]!"."#,
            ),
        ] {
            assert_eq!(client_message(message, &schema_index).as_deref(), Some(shown));
        }
    }

    #[test]
    fn a_message_with_more_than_names_is_not_shown() {
        let schema_index = SchemaIndex::of(&sdl());
        for message in [
            r#"Invalid value for argument "x", expected type "Int""#,
            r#"Unknown field "a b" on type "Cadre"."#,
            r#"Unknown field "Đỗ" on type "Cadre"."#,
            &format!(r#"Unknown field "{}" on type "Cadre"."#, "a".repeat(LONGEST_MESSAGE)),
            "",
        ] {
            assert_eq!(client_message(message, &schema_index), None, "{message}");
        }
    }
}
