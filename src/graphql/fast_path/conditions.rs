//! Conditions of selections: `@skip` and `@include`.

use async_graphql::{Name, Positioned, Variables, parser::types::Directive};
use async_graphql_value::{ConstValue, Value as Literal};

/// Conditions of a selection; all of them must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Conditions(Vec<Condition>);

/// `@include` or `@skip` by a variable.
#[derive(Clone, Debug, PartialEq)]
struct Condition {
    variable: Name,
    /// Required value of the variable.
    required_value: bool,
}

impl Conditions {
    /// Whether all conditions hold. The engine treats a variable that was not sent as false.
    pub fn are_met(&self, variables: &Variables) -> bool {
        self.0.iter().all(|condition| {
            let value = variables.get(&condition.variable);
            matches!(value, Some(ConstValue::Boolean(true))) == condition.required_value
        })
    }

    /// Adds the conditions of these directives. `None` if a constant excludes the selection, which
    /// is left to the engine.
    pub fn and(&self, directives: &[Positioned<Directive>]) -> Option<Self> {
        let mut all = self.clone();
        for directive in directives {
            let required_value = match directive.node.name.node.as_str() {
                "include" => true,
                "skip" => false,
                _ => return None,
            };
            match &directive.node.get_argument("if")?.node {
                Literal::Boolean(value) if *value == required_value => {}
                Literal::Variable(name) => all.0.push(Condition { variable: name.clone(), required_value }),
                _ => return None,
            }
        }
        Some(all)
    }
}
