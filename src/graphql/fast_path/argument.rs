//! Arguments of compiled selections: parsed once with the document if they contain no variables, otherwise for each
//! response.

use std::borrow::Cow;

use async_graphql::{InputType, Variables, indexmap::IndexMap};
use async_graphql_value::{ConstValue, Value as Literal};

use crate::error::{Error, Result};

/// The value of an argument.
pub(super) enum Argument<T> {
    /// Constant: the same in each response.
    Known(T),
    /// Contains variables. If the argument is a single variable that the client did not send, the
    /// default of the schema applies.
    Open(Literal, Option<ConstValue>),
}

impl<T: InputType + Clone> Argument<T> {
    /// The value of the argument with the variables of one request.
    ///
    /// # Errors
    /// If the variables do not form a valid value.
    pub fn value(&self, variables: &Variables) -> Result<Cow<'_, T>> {
        match self {
            Self::Known(value) => Ok(Cow::Borrowed(value)),
            Self::Open(literal, default) => {
                let value = T::parse(substitute(literal, variables).or_else(|| default.clone()));
                value
                    .map(Cow::Owned)
                    .map_err(|_| Error::internal("an argument has a value that its type does not allow"))
            }
        }
    }
}

/// A literal with its variables substituted: a variable that was not sent is absent, and null in a list (GraphQL,
/// section 3.10).
fn substitute(literal: &Literal, variables: &Variables) -> Option<ConstValue> {
    match literal {
        Literal::Variable(name) => variables.get(name).cloned(),
        Literal::List(items) => {
            let items = items.iter().map(|item| substitute(item, variables).unwrap_or_default());
            Some(ConstValue::List(items.collect()))
        }
        Literal::Object(fields) => {
            let fields = fields.iter().filter_map(|(name, value)| Some((name.clone(), substitute(value, variables)?)));
            Some(ConstValue::Object(fields.collect::<IndexMap<_, _>>()))
        }
        literal => literal.clone().into_const(),
    }
}
