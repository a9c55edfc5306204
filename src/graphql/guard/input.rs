//! Collects the schema coordinates in an argument's value: fields of input objects and values of enums, at any depth.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use async_graphql::parser::types::{BaseType, Type};
use async_graphql::{Name, Value};
use entity::value::{Day, PartialDate};

use crate::graphql::guard::coordinate::Coordinate;
use crate::graphql::guard::cost::Cost;
use crate::graphql::guard::input_value::{Form, Input};
use crate::graphql::guard::price;
use crate::graphql::guard::rejection::UnknownValue;
use crate::graphql::guard::schema_index::{InputShape, SchemaIndex};
use crate::text;

/// A variable and the input type at its use.
pub(super) type Use = (Name, Arc<str>);

/// Walks a value by the declared input type and records its coordinates. Returns the variables in it and the total
/// price. Unknown fields are skipped: validation refuses them later.
pub(super) fn walk<I: Input>(
    schema_index: &SchemaIndex,
    named: &Arc<str>,
    value: &I,
    coordinates: &mut BTreeSet<Coordinate>,
) -> (Vec<Use>, Cost) {
    let mut cost = Cost::default();
    let mut variables = Vec::new();
    let mut pending = vec![(named, value)];
    while let Some((named, value)) = pending.pop() {
        if !schema_index.has_inner_coordinates(named) {
            continue;
        }
        if let Some(name) = value.variable() {
            variables.push((name.clone(), named.clone()));
            cost.add(Cost::of_input(name.clone(), named.clone()));
        }
        if let Some(of_enum) = value.word().and_then(|word| schema_index.enum_value(named, word)) {
            coordinates.insert(of_enum.clone());
            cost.add(Cost::fixed(price::of(of_enum)));
        }
        for (name, inner) in value.children() {
            let Some(name) = name else {
                pending.push((named, inner));
                continue;
            };
            let Some(field) = schema_index.input_field(named, name) else {
                continue;
            };
            coordinates.insert(field.coordinate.clone());
            cost.add(price::of_value(&field.coordinate, inner));
            pending.push((&field.named, inner));
        }
    }
    (variables, cost)
}

/// Whether a value is certainly valid for a declared type (GraphQL, section 3), as the engine's validation requires of
/// arguments. Variables in it are assumed to be valid. A type unknown to the schema is left to the engine's validation.
pub fn fits<I: Input>(schema_index: &SchemaIndex, declared: &Type, value: &I) -> bool {
    if value.variable().is_some() {
        return true;
    }
    match (&declared.base, value.form()) {
        (_, Form::Null) => declared.nullable,
        (BaseType::List(of), Form::List) => value.children().into_iter().all(|(_, item)| fits(schema_index, of, item)),
        (BaseType::List(of), _) => fits(schema_index, of, value),
        (BaseType::Named(name), form) => {
            if let Some(fields) = schema_index.input_fields(name) {
                return form == Form::Object
                    && has_fields(schema_index, fields, schema_index.is_one_of(name), &value.children());
            }
            if let Some(values) = schema_index.enum_values(name) {
                return value.enum_word().is_some_and(|word| values.contains_key(word));
            }
            match name.as_str() {
                "Boolean" => form == Form::Boolean,
                "Int" => form == Form::Whole,
                "ID" => matches!(form, Form::Text | Form::Whole | Form::Large),
                "Float" => matches!(form, Form::Whole | Form::Large | Form::Other),
                "Date" => form == Form::Text && value.word().is_some_and(|text| text.parse::<Day>().is_ok()),
                "PartialDate" => {
                    form == Form::Text && value.word().is_some_and(|text| text.parse::<PartialDate>().is_ok())
                }
                "String" => form == Form::Text,
                _ => true,
            }
        }
    }
}

/// The longest word that a message repeats, in bytes.
const LONGEST_WORD: usize = 100;

/// The first enum value in a value of the document that its declared enum does not have; called for
/// values that do not fit. `None` if another part of the value does not fit. Strings are never
/// repeated, because they may be personal data. Words with a digit are not repeated either: no enum
/// value of the schema contains a digit, but identity numbers and dates do. Variables contain no
/// enum values in this form, because JSON writes them as strings.
pub fn unknown_value<I: Input>(schema_index: &SchemaIndex, declared: &Type, value: &I) -> Option<Box<UnknownValue>> {
    match (&declared.base, value.form()) {
        (BaseType::List(of), Form::List) => {
            value.children().into_iter().find_map(|(_, item)| unknown_value(schema_index, of, item))
        }
        (BaseType::List(of), _) => unknown_value(schema_index, of, value),
        (BaseType::Named(name), Form::Word) => {
            let (values, word) = (schema_index.enum_values(name)?, value.enum_word()?);
            let is_shown = word.len() <= LONGEST_WORD && !word.contains(|c: char| c.is_ascii_digit());
            let is_unknown = !values.contains_key(word) && is_shown;
            is_unknown.then(|| {
                Box::new(UnknownValue {
                    word: word.to_owned(),
                    of: name.to_string(),
                    similar: text::closest(word, values.keys().map(String::as_str)).map(str::to_owned),
                })
            })
        }
        (BaseType::Named(name), Form::Object) => {
            let fields = schema_index.input_fields(name)?;
            let of_field =
                |(name, value): (Option<&str>, &I)| unknown_value(schema_index, &fields.get(name?)?.of, value);
            value.children().into_iter().find_map(of_field)
        }
        _ => None,
    }
}

fn has_fields<I: Input>(
    schema_index: &SchemaIndex,
    fields: &HashMap<String, InputShape>,
    is_one_of: bool,
    members: &[(Option<&str>, &I)],
) -> bool {
    let all_fit = members.iter().all(|(name, value)| {
        let field = name.and_then(|name| fields.get(name));
        field.is_some_and(|field| fits(schema_index, &field.of, *value))
    });
    let is_present = |name: &str| members.iter().any(|(member, _)| *member == Some(name));
    let required_are_present =
        fields.iter().all(|(name, field)| field.of.nullable || field.default.is_some() || is_present(name));
    // The engine counts the fields of a value with variables, because a variable that is not sent
    // removes its field.
    let has_variables = members.iter().any(|(_, value)| value.variable().is_some());
    let is_one = !is_one_of || has_variables || matches!(members, [(_, value)] if value.form() != Form::Null);
    all_fit && required_are_present && is_one
}

/// Whether a value nests deeper than allowed. Iterative, so that deep values cannot overflow the stack.
pub(super) fn nests_deeper(value: &Value, limit: u64) -> bool {
    let mut pending = vec![(value, 0)];
    while let Some((value, depth)) = pending.pop() {
        if depth > limit {
            return true;
        }
        pending.extend(value.children().into_iter().map(|(_, inner)| (inner, depth + 1)));
    }
    false
}

#[cfg(test)]
mod tests {
    use async_graphql::Value;

    use async_graphql::parser::types::{Selection, Type};
    use serde_json::json;

    use super::{fits, nests_deeper};
    use crate::graphql::guard::test_schema;

    #[test]
    fn a_value_fits_its_declared_type_or_not() {
        let schema_index = test_schema::schema_index();
        let table = [
            ("Int", json!(1), true),
            ("Int", json!(2_147_483_647), true),
            ("Int", json!(2_147_483_648_u64), false),
            ("Int", json!(-2_147_483_649_i64), false),
            ("ID", json!(2_147_483_648_u64), true),
            ("Date", json!("2026-02-28"), true),
            ("Date", json!("2026-02-30"), false),
            ("Date", json!(20_260_228), false),
            ("PartialDate", json!("2026-02"), true),
            ("PartialDate", json!("2026-13"), false),
            ("Unknown", json!("left to the engine"), true),
            ("Int", json!(1.5), false),
            ("Int", json!("1"), false),
            ("Int", json!(null), true),
            ("Int!", json!(null), false),
            ("ID", json!(1), true),
            ("ID", json!("a"), true),
            ("Boolean!", json!(true), true),
            ("Boolean!", json!("true"), false),
            ("String", json!(["a"]), false),
            ("[ID!]!", json!(["a", "b"]), true),
            ("[ID!]!", json!("a"), true),
            ("[ID!]!", json!(["a", null]), false),
            ("Reach", json!("UNIT"), true),
            ("Reach", json!("EVERYTHING"), false),
            ("Reach", json!(1), false),
            ("CadreKey", json!({ "code": "a" }), true),
            ("CadreKey", json!({}), false),
            ("CadreKey", json!({ "code": null }), false),
            ("CadreKey", json!({ "code": "a", "id": "b" }), false),
            ("UnitReach", json!({ "code": "a" }), true),
            ("UnitReach", json!({ "reach": "UNIT" }), false),
            ("CadreOrder", json!({ "field": "NAME" }), true),
            ("CadreOrder", json!({ "field": "NAME", "ascending": true }), false),
            ("CadreWhere", json!({ "and": [{ "not": { "bornAfter": "1990" } }] }), true),
            ("CadreWhere", json!({ "and": [{ "not": { "bornSince": "1990" } }] }), false),
            ("CadreWhere", json!("a"), false),
        ];
        for (declared, sent, expected) in table {
            let of = Type::new(declared).expect(declared);
            let value = Value::from_json(sent.clone()).expect("JSON");
            assert_eq!(fits(&schema_index, &of, &value), expected, "{declared} {sent}");
        }
    }

    #[test]
    fn an_unknown_enum_value_is_named_and_a_string_is_not() {
        let schema_index = test_schema::schema_index();
        let table = [
            ("Reach", "SUBTRE", Some(("SUBTRE", "Reach", Some("SUBTREE")))),
            ("Reach!", "EVERYTHING", Some(("EVERYTHING", "Reach", None))),
            ("Reach", "subtree", Some(("subtree", "Reach", Some("SUBTREE")))),
            ("Reach", "SUBTREE", None),
            ("Reach", "\"SUBTRE\"", None),
            ("Reach", "UNIT_999000000001", None),
            ("UnitReach", "{code: \"A\", reach: UNITS}", Some(("UNITS", "Reach", Some("UNIT")))),
            ("CadreWhere", "{and: [{}, {unit: {code: X, reach: UNI}}]}", Some(("UNI", "Reach", Some("UNIT")))),
            ("[CadreOrder!]", "{field: NAMES}", Some(("NAMES", "CadreOrderField", Some("NAME")))),
            ("CadreWhere", "{reach: UNI}", None),
            ("Int", "ONE", None),
            ("String", "ONE", None),
        ];
        for (declared, written, expected) in table {
            let document = async_graphql::parser::parse_query(format!("{{ f(a: {written}) }}")).expect(written);
            let operation = document.operations.iter().next().expect("an operation").1;
            let Selection::Field(field) = &operation.node.selection_set.node.items[0].node else { panic!("{written}") };
            let value = &field.node.arguments[0].1.node;
            let of = Type::new(declared).expect(declared);
            let found = super::unknown_value(&schema_index, &of, value);
            let found = found.as_ref().map(|of| (of.word.as_str(), of.of.as_str(), of.similar.as_deref()));
            assert_eq!(found, expected, "{declared} {written}");
        }
        let long = Value::Enum(async_graphql::Name::new("A".repeat(super::LONGEST_WORD + 1)));
        assert_eq!(super::unknown_value(&schema_index, &Type::new("Reach").expect("a type"), &long), None);
    }

    #[test]
    fn nesting_is_measured_without_recursion() {
        for (depth, expected) in [(0, false), (32, false), (33, true), (2_000, true)] {
            let value = (0..depth).fold(Value::Null, |inner, _| Value::List(vec![inner]));

            assert_eq!(nests_deeper(&value, 32), expected, "{depth}");
        }
    }
}
