//! Values in documents and variables, as the guard needs them.

use async_graphql::{Name, Value};
use async_graphql_value::{Number, Value as Literal};

/// A value in the document or in a variable, as the guard needs it.
pub trait Input {
    /// The variable, if the value is one.
    fn variable(&self) -> Option<&Name>;
    /// The word that may be an enum value; JSON writes enums as strings.
    fn word(&self) -> Option<&str>;
    /// The word of an enum: in a document a name, never a string.
    fn enum_word(&self) -> Option<&str>;
    /// The items of a list, or the fields of an object with their names.
    fn children(&self) -> Vec<(Option<&str>, &Self)>;
    /// Kind of the value.
    fn form(&self) -> Form;
}

/// Kind of a value, regardless of its declared type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Null.
    Null,
    /// True or false.
    Boolean,
    /// A whole number of 32 bits.
    Whole,
    /// A larger whole number.
    Large,
    /// Another number, or bytes.
    Other,
    /// Text.
    Text,
    /// An enum value.
    Word,
    /// A list.
    List,
    /// An object.
    Object,
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

    fn enum_word(&self) -> Option<&str> {
        if let Literal::Enum(name) = self { Some(name) } else { None }
    }

    fn children(&self) -> Vec<(Option<&str>, &Self)> {
        match self {
            Literal::List(items) => items.iter().map(|item| (None, item)).collect(),
            Literal::Object(fields) => fields.iter().map(|(name, value)| (Some(name.as_str()), value)).collect(),
            _ => Vec::new(),
        }
    }

    fn form(&self) -> Form {
        match self {
            Literal::Null => Form::Null,
            Literal::Boolean(_) => Form::Boolean,
            Literal::Number(number) => form_of(number),
            Literal::Binary(_) | Literal::Variable(_) => Form::Other,
            Literal::String(_) => Form::Text,
            Literal::Enum(_) => Form::Word,
            Literal::List(_) => Form::List,
            Literal::Object(_) => Form::Object,
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

    fn enum_word(&self) -> Option<&str> {
        self.word()
    }

    fn children(&self) -> Vec<(Option<&str>, &Self)> {
        match self {
            Value::List(items) => items.iter().map(|item| (None, item)).collect(),
            Value::Object(fields) => fields.iter().map(|(name, value)| (Some(name.as_str()), value)).collect(),
            _ => Vec::new(),
        }
    }

    fn form(&self) -> Form {
        match self {
            Value::Null => Form::Null,
            Value::Boolean(_) => Form::Boolean,
            Value::Number(number) => form_of(number),
            Value::Binary(_) => Form::Other,
            Value::String(_) => Form::Text,
            Value::Enum(_) => Form::Word,
            Value::List(_) => Form::List,
            Value::Object(_) => Form::Object,
        }
    }
}

fn form_of(number: &Number) -> Form {
    match number.as_i64() {
        Some(whole) if i32::try_from(whole).is_ok() => Form::Whole,
        Some(_) => Form::Large,
        None if number.is_u64() => Form::Large,
        None => Form::Other,
    }
}
