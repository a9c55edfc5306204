//! Cost of an operation as a polynomial in its page sizes: computed once for a document, evaluated for each request.

use std::sync::Arc;

use async_graphql::{Name, Value};

/// Maximum page size; larger requests are refused when arguments are parsed.
const LONGEST_PAGE: u64 = 100;
/// Default bound of a total count.
const COUNTED_BY_DEFAULT: u64 = 10_000;
/// Highest `max` of a total count.
const MOST_COUNTED: u64 = 1_000_000;

/// A cost that may depend on variables: a constant, and open terms that contain variables.
#[derive(Clone, Debug, Default)]
pub(super) struct Cost {
    fixed: u64,
    open: Vec<Term>,
}

#[derive(Clone, Debug)]
struct Term {
    times: u64,
    size: Size,
    of: Of,
}

#[derive(Clone, Debug)]
enum Of {
    Cost(Cost),
    /// Cost of the fragment at an index.
    Fragment(usize),
    /// Prices of the fields named by a variable of an input type.
    Input(Name, Arc<str>),
}

/// The values of the variables that costs depend on.
pub(super) trait VariableValues {
    /// The value of a variable.
    fn value(&self, name: &Name) -> Option<&Value>;
    /// Prices of the fields named by a variable of an input type.
    fn price(&self, name: &Name, named: &Arc<str>) -> u64;
}

/// A request without variables.
struct Nothing;

impl VariableValues for Nothing {
    fn value(&self, _: &Name) -> Option<&Value> {
        None
    }

    fn price(&self, _: &Name, _: &Arc<str>) -> u64 {
        0
    }
}

/// How many times a list repeats its selection.
#[derive(Clone, Debug)]
pub(super) enum Size {
    Known(u64),
    /// The larger of the requested amounts, else the default of the schema.
    Page {
        asked: Vec<Amount>,
        default: u64,
    },
    /// Length of the list in a variable.
    Count(Name),
    /// A constant number, possibly zero.
    Times(u64),
    /// A bounded count: 10 for the first 10,000, 1 for each 10,000 after them.
    CountedTo(Option<Amount>),
    /// One if the variable has a value, otherwise zero.
    IfPresent(Name),
}

/// A number in a document.
#[derive(Clone, Debug)]
pub(super) enum Amount {
    Known(u64),
    Variable(Name),
}

impl Cost {
    pub(super) fn fixed(fixed: u64) -> Cost {
        Cost { fixed, open: Vec::new() }
    }

    /// Cost of a fragment by reference, so that fragments are not copied into their spreads.
    pub(super) fn of_fragment(index: usize, cost: &Cost) -> Cost {
        if cost.open.is_empty() {
            return Cost::fixed(cost.fixed);
        }
        Cost::open(Size::Known(1), Of::Fragment(index))
    }

    /// Prices of the fields that a variable of an input type will name.
    pub(super) fn of_input(name: Name, named: Arc<str>) -> Cost {
        Cost::open(Size::Known(1), Of::Input(name, named))
    }

    fn open(size: Size, of: Of) -> Cost {
        Cost { fixed: 0, open: vec![Term { times: 1, size, of }] }
    }

    pub(super) fn add(&mut self, other: Cost) {
        self.fixed = self.fixed.saturating_add(other.fixed);
        self.open.extend(other.open);
    }

    pub(super) fn repeated(mut self, size: Size) -> Cost {
        if self.fixed == 0 && self.open.is_empty() {
            return self;
        }
        match size.into_constant() {
            Size::Times(times) => {
                self.fixed = self.fixed.saturating_mul(times);
                for term in &mut self.open {
                    term.times = term.times.saturating_mul(times);
                }
                self
            }
            size => Cost::open(size, Of::Cost(self)),
        }
    }

    /// A tenth, rounded up, for values read from memory. Open terms are not reduced; introspection has none.
    pub(super) fn tenth(mut self) -> Cost {
        self.fixed = self.fixed.div_ceil(10);
        self
    }

    /// Evaluates the cost with the costs of fragments and the values of variables.
    pub(super) fn value(&self, fragments: &[u64], variables: &impl VariableValues) -> u64 {
        self.open.iter().fold(self.fixed, |sum, term| {
            let of = match &term.of {
                Of::Cost(cost) => cost.value(fragments, variables),
                Of::Fragment(index) => fragments.get(*index).copied().unwrap_or(u64::MAX),
                Of::Input(name, named) => variables.price(name, named),
            };
            sum.saturating_add(term.times.saturating_mul(term.size.value(variables)).saturating_mul(of))
        })
    }
}

impl Size {
    /// Resolves a page without variables to a constant.
    fn into_constant(self) -> Size {
        let has_variables = match &self {
            Size::Known(_) | Size::Times(_) => false,
            Size::Page { asked, .. } => asked.iter().any(|amount| matches!(amount, Amount::Variable(_))),
            Size::CountedTo(most) => matches!(most, Some(Amount::Variable(_))),
            Size::Count(_) | Size::IfPresent(_) => true,
        };
        if has_variables { self } else { Size::Times(self.value(&Nothing)) }
    }

    // At least one: an empty page must not make a large selection free, since it is validated anyway.
    fn value(&self, variables: &impl VariableValues) -> u64 {
        match self {
            Size::Times(times) => *times,
            Size::IfPresent(name) => u64::from(variables.value(name).is_some_and(|value| *value != Value::Null)),
            Size::Known(size) => (*size).max(1),
            Size::Page { asked, default } => {
                let longest = asked.iter().filter_map(|amount| amount.value(variables)).max();
                longest.unwrap_or(*default).clamp(1, LONGEST_PAGE)
            }
            Size::CountedTo(most) => {
                let most = most.as_ref().and_then(|amount| amount.value(variables)).unwrap_or(0);
                9 + most.clamp(1, MOST_COUNTED).div_ceil(COUNTED_BY_DEFAULT)
            }
            Size::Count(name) => match variables.value(name) {
                Some(Value::List(items)) => (items.len() as u64).max(1),
                _ => 1,
            },
        }
    }
}

impl Amount {
    fn value(&self, variables: &impl VariableValues) -> Option<u64> {
        match self {
            Amount::Known(amount) => Some(*amount),
            Amount::Variable(name) => match variables.value(name)? {
                Value::Null => None,
                // An invalid number is refused later; until then it counts as the maximum.
                Value::Number(number) if number.as_i64().is_some_and(|number| number < 0) => Some(0),
                Value::Number(number) => Some(number.as_u64().unwrap_or(u64::MAX)),
                _ => Some(u64::MAX),
            },
        }
    }
}
