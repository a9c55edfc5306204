//! Which places of the schema an argument's value names: the fields of input objects and the values of enums, at any depth.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql::{Name, Value};
use async_graphql_value::Value as Literal;

use crate::graphql::operation::shape::{Coordinate, Shape};

/// What the guard must see of a value, be it written in the document or sent as a variable.
pub(super) trait Input {
    /// The variable that stands here.
    fn variable(&self) -> Option<&Name>;
    /// The word that may be an enum's value; in JSON enums are strings.
    fn word(&self) -> Option<&str>;
    /// The items of a list, or the fields of an object with their names.
    fn inside(&self) -> Vec<(Option<&str>, &Self)>;
}

/// A variable together with the input type of the place where it is used.
pub(super) type Use = (Name, Arc<str>);

/// Walks a value by the declared input type and notes the coordinates that it names; answers with the variables in it.
/// What the schema does not know is passed over: validation refuses it afterwards.
pub(super) fn walk<I: Input>(
    shape: &Shape,
    named: &Arc<str>,
    value: &I,
    touches: &mut BTreeSet<Coordinate>,
) -> Vec<Use> {
    let mut variables = Vec::new();
    let mut waiting = vec![(named, value)];
    while let Some((named, value)) = waiting.pop() {
        if !shape.has_inner_coordinates(named) {
            continue;
        }
        if let Some(name) = value.variable() {
            variables.push((name.clone(), named.clone()));
        }
        touches.extend(value.word().and_then(|word| shape.enum_value(named, word)).cloned());
        for (name, inner) in value.inside() {
            let Some(name) = name else {
                waiting.push((named, inner));
                continue;
            };
            let Some(field) = shape.input_field(named, name) else {
                continue;
            };
            touches.insert(field.coordinate.clone());
            waiting.push((&field.named, inner));
        }
    }
    variables
}

/// Whether a value nests deeper than allowed; it is left to nobody's recursion to find out.
pub(super) fn nests_deeper(value: &Value, limit: u64) -> bool {
    let mut waiting = vec![(value, 0)];
    while let Some((value, depth)) = waiting.pop() {
        if depth > limit {
            return true;
        }
        waiting.extend(value.inside().into_iter().map(|(_, inner)| (inner, depth + 1)));
    }
    false
}

impl Input for Literal {
    fn variable(&self) -> Option<&Name> {
        if let Literal::Variable(name) = self { Some(name) } else { None }
    }

    fn word(&self) -> Option<&str> {
        match self {
            Literal::Enum(name) => Some(name),
            Literal::String(text) => Some(text),
            _ => None,
        }
    }

    fn inside(&self) -> Vec<(Option<&str>, &Self)> {
        match self {
            Literal::List(items) => items.iter().map(|item| (None, item)).collect(),
            Literal::Object(fields) => fields.iter().map(|(name, value)| (Some(name.as_str()), value)).collect(),
            _ => Vec::new(),
        }
    }
}

impl Input for Value {
    fn variable(&self) -> Option<&Name> {
        None
    }

    fn word(&self) -> Option<&str> {
        match self {
            Value::Enum(name) => Some(name),
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    fn inside(&self) -> Vec<(Option<&str>, &Self)> {
        match self {
            Value::List(items) => items.iter().map(|item| (None, item)).collect(),
            Value::Object(fields) => fields.iter().map(|(name, value)| (Some(name.as_str()), value)).collect(),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Value;

    use super::nests_deeper;

    #[test]
    fn nesting_is_measured_without_recursion() {
        for (depth, expected) in [(0, false), (32, false), (33, true), (2_000, true)] {
            let value = (0..depth).fold(Value::Null, |inner, _| Value::List(vec![inner]));

            assert_eq!(nests_deeper(&value, 32), expected, "{depth}");
        }
    }
}
