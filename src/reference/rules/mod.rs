//! Rules of law (quy định) as data: the rule in force for a case on a day. Value, scope, period and instrument are rows;
//! the check of each rule is code in `domain::rule`.

mod retirement;

pub use retirement::{RetirementAges, retires_on};

use std::cmp::Reverse;

use entity::{
    retirement_age, rule,
    value::{Category, Day, Period, RotationForm, RotationPurpose, RuleKey, RuleOrigin},
};
use sea_orm::{ConnectionTrait, EntityTrait};

use crate::error::Result;

/// All rules and retirement ages.
#[derive(Debug, Default)]
pub struct Rules {
    rows: Vec<rule::Model>,
    retirement_ages: RetirementAges,
}

/// A case to which rules apply: a move on its first day.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// Form of the move.
    pub form: RotationForm,
    /// Category of the person.
    pub category: Category,
    /// Purpose of the move, if recorded.
    pub purpose: Option<RotationPurpose>,
    /// First day of the move.
    pub day: Day,
}

impl Rules {
    /// Rules and ages from their rows.
    pub fn of(mut rows: Vec<rule::Model>, ages: Vec<retirement_age::Model>) -> Self {
        rows.sort_by(|a, b| a.code.cmp(&b.code));
        Self { rows, retirement_ages: RetirementAges::of(ages) }
    }

    /// Reads all rules and ages.
    pub(crate) async fn load(connection: &impl ConnectionTrait) -> Result<Self> {
        let rows = rule::Entity::find().all(connection).await?;
        let ages = retirement_age::Entity::find().all(connection).await?;
        Ok(Self::of(rows, ages))
    }

    /// All rules by code, in force or not.
    pub fn all(&self) -> &[rule::Model] {
        &self.rows
    }

    /// Retirement ages.
    pub fn retirement_ages(&self) -> &RetirementAges {
        &self.retirement_ages
    }

    /// Rule of a key in force for an event. Of several, the most specific applies: a rule with a purpose comes first,
    /// then a rule with a category, then one with a form; among these an office's rule comes before a shipped one, then
    /// the newest, then the first by code.
    pub fn rule_for(&self, key: RuleKey, event: Event) -> Option<&rule::Model> {
        let in_scope = self.rows.iter().filter(|rule| rule.key == key && applies_to(rule, event));
        in_scope.max_by_key(|rule| {
            let scope = (rule.purpose.is_some(), rule.category.is_some(), rule.form.is_some());
            let is_of_office = matches!(rule.origin, RuleOrigin::Office);
            (scope, is_of_office, rule.valid_from, Reverse(&rule.code))
        })
    }
}

/// Whether a rule is in force on the day of an event and its scope includes the event. A rule for a purpose does not
/// apply to a move without a recorded purpose.
fn applies_to(rule: &rule::Model, event: Event) -> bool {
    Period::new(Some(rule.valid_from), rule.valid_to).is_some_and(|period| period.holds(event.day))
        && rule.form.is_none_or(|form| form == event.form)
        && rule.category.is_none_or(|category| category == event.category)
        && rule.purpose.is_none_or(|purpose| event.purpose == Some(purpose))
}
