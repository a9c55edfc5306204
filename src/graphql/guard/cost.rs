//! What an operation costs, as a polynomial in the sizes of its pages: worked out once for a document, filled in for each request.

use std::sync::Arc;

use async_graphql::{Name, Value};

/// No page is longer; a request for more is refused where it is read.
const LONGEST_PAGE: u64 = 100;
/// How far a total counts unless `max` says otherwise.
const COUNTED_BY_DEFAULT: u64 = 10_000;
/// The highest `max` of a total.
const MOST_COUNTED: u64 = 1_000_000;

/// A cost that may wait for variables: a fixed part and terms that are still open.
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
    /// The cost at a place of the list of fragments' costs.
    Fragment(usize),
    /// The prices of what a variable of an input type names.
    Input(Name, Arc<str>),
}

/// What a cost waits for: the variables of a request.
pub(super) trait Sent {
    /// The value of a variable.
    fn value(&self, name: &Name) -> Option<&Value>;
    /// The prices of what a variable of an input type names.
    fn price(&self, name: &Name, named: &Arc<str>) -> u64;
}

/// No variables.
struct Nothing;

impl Sent for Nothing {
    fn value(&self, _: &Name) -> Option<&Value> {
        None
    }

    fn price(&self, _: &Name, _: &Arc<str>) -> u64 {
        0
    }
}

/// How many times a list repeats what is selected in it.
#[derive(Clone, Debug)]
pub(super) enum Size {
    Known(u64),
    /// The longer of the asked amounts, else the default of the schema.
    Page {
        asked: Vec<Amount>,
        default: u64,
    },
    /// As many as the list in a variable is long.
    Count(Name),
    /// Exactly so many, also none.
    Times(u64),
    /// For a count that stops at an amount: 10 for the first 10,000, 1 for each 10,000 after them.
    CountedTo(Option<Amount>),
    /// Once if the variable has a value, otherwise not.
    Given(Name),
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

    /// The cost of a fragment by reference, so that a fragment is never copied into those that spread it.
    pub(super) fn of_fragment(index: usize, cost: &Cost) -> Cost {
        if cost.open.is_empty() {
            return Cost::fixed(cost.fixed);
        }
        Cost::open(Size::Known(1), Of::Fragment(index))
    }

    /// The prices of what a variable of an input type will name.
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
        match size.settled() {
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

    /// A tenth, rounded up: for what is read from memory. Open terms keep their price, for introspection has none.
    pub(super) fn tenth(mut self) -> Cost {
        self.fixed = self.fixed.div_ceil(10);
        self
    }

    /// The number, given the costs of the fragments and the values of the variables.
    pub(super) fn value(&self, fragments: &[u64], sent: &impl Sent) -> u64 {
        self.open.iter().fold(self.fixed, |sum, term| {
            let of = match &term.of {
                Of::Cost(cost) => cost.value(fragments, sent),
                Of::Fragment(index) => fragments.get(*index).copied().unwrap_or(u64::MAX),
                Of::Input(name, named) => sent.price(name, named),
            };
            sum.saturating_add(term.times.saturating_mul(term.size.value(sent)).saturating_mul(of))
        })
    }
}

impl Size {
    /// A page without variables is a number already.
    fn settled(self) -> Size {
        let waits = match &self {
            Size::Known(_) | Size::Times(_) => false,
            Size::Page { asked, .. } => asked.iter().any(|amount| matches!(amount, Amount::Variable(_))),
            Size::CountedTo(most) => matches!(most, Some(Amount::Variable(_))),
            Size::Count(_) | Size::Given(_) => true,
        };
        if waits { self } else { Size::Times(self.value(&Nothing)) }
    }

    // A list is never less than one: an empty page must not make a large selection free, for it is validated all the same.
    fn value(&self, sent: &impl Sent) -> u64 {
        match self {
            Size::Times(times) => *times,
            Size::Given(name) => u64::from(sent.value(name).is_some_and(|value| *value != Value::Null)),
            Size::Known(size) => (*size).max(1),
            Size::Page { asked, default } => {
                let longest = asked.iter().filter_map(|amount| amount.value(sent)).max();
                longest.unwrap_or(*default).clamp(1, LONGEST_PAGE)
            }
            Size::CountedTo(most) => {
                let most = most.as_ref().and_then(|amount| amount.value(sent)).unwrap_or(0);
                9 + most.clamp(1, MOST_COUNTED).div_ceil(COUNTED_BY_DEFAULT)
            }
            Size::Count(name) => match sent.value(name) {
                Some(Value::List(items)) => (items.len() as u64).max(1),
                _ => 1,
            },
        }
    }
}

impl Amount {
    fn value(&self, sent: &impl Sent) -> Option<u64> {
        match self {
            Amount::Known(amount) => Some(*amount),
            Amount::Variable(name) => match sent.value(name)? {
                Value::Null => None,
                // What is no number is refused later; until then it counts as the worst.
                Value::Number(number) if number.as_i64().is_some_and(|number| number < 0) => Some(0),
                Value::Number(number) => Some(number.as_u64().unwrap_or(u64::MAX)),
                _ => Some(u64::MAX),
            },
        }
    }
}
