//! Arguments of compiled selections: parsed once with the document if they contain no variables, otherwise for each
//! response.

use std::borrow::Cow;

use async_graphql::{InputType, Variables, indexmap::IndexMap};
use async_graphql_value::{ConstValue, Value as Literal};

use crate::{
    error::{Error, Result},
    graphql::{fast_path::selection::Selected, guard::input},
};

/// The value of an argument.
pub(super) enum Argument<T> {
    /// Constant: the same in each response.
    Known(T),
    /// Contains variables. If it is one that was not sent, the default of the schema applies.
    Open(Literal, Option<ConstValue>),
}

impl Selected<'_> {
    /// An argument of the field, with the default of the schema; `None` if the engine would reject its literal.
    pub fn argument<T: InputType>(&self, name: &str) -> Option<Argument<T>> {
        let schema_index = self.compiling.schema_index;
        let declared = schema_index.field(self.on, self.name)?.argument(name)?;
        let default = declared.default.clone();
        let Some(literal) = self.literal(name) else { return T::parse(default).ok().map(Argument::Known) };
        if !input::fits(schema_index, &declared.of, literal) {
            return None;
        }
        match literal.clone().into_const() {
            Some(value) => T::parse(Some(value)).ok().map(Argument::Known),
            None => Some(Argument::Open(literal.clone(), default)),
        }
    }

    /// An argument that not every field with this kind of result has.
    pub fn argument_if_declared<T: InputType>(&self, name: &str) -> Option<Option<Argument<T>>> {
        match self.compiling.schema_index.field(self.on, self.name)?.argument(name) {
            Some(_) => self.argument(name).map(Some),
            None => Some(None),
        }
    }
}

impl<T: InputType + Clone> Argument<T> {
    /// The value in a response.
    ///
    /// # Errors
    /// If the variables do not form a valid value.
    pub fn value(&self, variables: &Variables) -> Result<Cow<'_, T>> {
        match self {
            Self::Known(value) => Ok(Cow::Borrowed(value)),
            Self::Open(literal, default) => {
                let value = T::parse(settled(literal, variables).or_else(|| default.clone()));
                value.map(Cow::Owned).map_err(|_| Error::internal("a value that its argument cannot hold"))
            }
        }
    }
}

/// A literal with its variables substituted: a variable that was not sent is absent, and null in a list (GraphQL,
/// section 3.10).
fn settled(literal: &Literal, variables: &Variables) -> Option<ConstValue> {
    match literal {
        Literal::Variable(name) => variables.get(name).cloned(),
        Literal::List(items) => {
            let items = items.iter().map(|item| settled(item, variables).unwrap_or_default());
            Some(ConstValue::List(items.collect()))
        }
        Literal::Object(fields) => {
            let fields = fields.iter().filter_map(|(name, value)| Some((name.clone(), settled(value, variables)?)));
            Some(ConstValue::Object(fields.collect::<IndexMap<_, _>>()))
        }
        literal => literal.clone().into_const(),
    }
}
