//! Condition on the result of a duty.

use entity::value::{DutyMeasure, Verification};
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};

use crate::{
    authz::{Access, FactExpressions},
    domain::duty::{
        judge::{DutyResult, required},
        named, year,
    },
    error::Result,
    reference::duties::{Duty, YearState},
};

/// Condition on a duty (chế độ bồi dưỡng bắt buộc): the result of the person in a year, as `Cadre.duties` shows it.
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
pub struct DutyCondition {
    /// Code of the duty (mã chế độ).
    pub code: String,
    /// Calendar year.
    pub year: i32,
    /// Result of the duty.
    pub result: DutyResult,
}

impl DutyCondition {
    /// Condition on the `cadre` of the outer select.
    ///
    /// # Errors
    /// `Forbidden` without `training:read`; `Invalid` for an unknown duty or a year that has not begun.
    pub(in crate::domain) fn condition(&self, access: &Access, field: &str) -> Result<SimpleExpr> {
        let training = access.training()?;
        let duty = named(access, &format!("{field}.code"), &self.code)?;
        let year = year(access, &format!("{field}.year"), self.year)?;
        let facts = training.duty_records(duty, year).expressions();
        Ok(has_result(duty, year.state(duty.row()), facts, self.result))
    }
}

/// The same decisions as in `judge`, on expressions.
fn has_result(duty: &Duty, state: YearState, facts: FactExpressions, result: DutyResult) -> SimpleExpr {
    let row = duty.row();
    let all = |conditions: Vec<SimpleExpr>| conditions.into_iter().fold(truth(true), ExprTrait::and);
    let mut bound = vec![holds(facts.is_counted), holds(facts.has_category)];
    if row.key_leaders_only {
        bound.push(holds(facts.was_key_leader));
    }
    let bound = all(bound);
    let is_verified = match row.verification {
        Verification::Verified => true,
        Verification::Unverified => false,
    };
    match (state, result) {
        (YearState::NotInForce, result) => return truth(result == DutyResult::NotApplicable),
        (YearState::Running | YearState::Over, DutyResult::NotApplicable) => return bound.not(),
        (_, DutyResult::Indeterminate) if !is_verified => return bound,
        _ if !is_verified => return truth(false),
        _ => {}
    }
    let required = i64::try_from(required(row)).unwrap_or(i64::MAX);
    let is_done = facts.amount.clone().gte(required);
    let is_open = || all(vec![bound.clone(), is_done.clone().not(), holds(facts.is_exempt.clone()).not()]);
    let lacks_hours = match row.measure {
        DutyMeasure::Hours => holds(facts.lacks_hours),
        DutyMeasure::Participation => truth(false),
    };
    let is_unclear = match state {
        YearState::Over => lacks_hours.or(holds(facts.lacks_result)).or(holds(facts.was_out_of_reach)),
        YearState::Running | YearState::NotInForce => truth(true),
    };
    match result {
        DutyResult::Done => all(vec![bound, is_done]),
        DutyResult::Exempt => all(vec![bound, is_done.not(), holds(facts.is_exempt)]),
        DutyResult::Indeterminate => is_open().and(is_unclear),
        DutyResult::Partly => all(vec![is_open(), is_unclear.not(), facts.amount.gt(0)]),
        DutyResult::NotDone => all(vec![is_open(), is_unclear.not(), facts.amount.lte(0)]),
        DutyResult::NotApplicable => bound.not(),
    }
}

fn holds(fact: SimpleExpr) -> SimpleExpr {
    fact.eq(1)
}

fn truth(holds: bool) -> SimpleExpr {
    Expr::val(1).eq(i32::from(holds))
}
