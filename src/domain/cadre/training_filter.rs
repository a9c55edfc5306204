//! The condition on training: who took part in a year.

use entity::{cadre, enrolment, value::EnrolmentState};
use sea_orm::{
    ColumnTrait, Condition, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, SimpleExpr},
};

use crate::{
    domain::{authz::Access, programme},
    error::Result,
};

/// A condition on training (đã qua đào tạo, bồi dưỡng): an enrolment of a year, of which the caller may know, that takes or
/// took part. What was only registered, put off or given up does not count.
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
pub struct TrainedCondition {
    /// Calendar year.
    pub year: i32,
    /// In one of these programmes, by code; in any, if absent.
    pub programmes: Option<Vec<String>>,
}

impl TrainedCondition {
    /// Refers to the `cadre` of the outer select.
    ///
    /// # Errors
    /// `Forbidden` without `training:read`; `Invalid` for programmes that are not there.
    pub(super) fn condition(&self, access: &Access, field: &str) -> Result<SimpleExpr> {
        if let Some(codes) = &self.programmes {
            programme::ensure_known(access, &format!("{field}.programmes"), codes)?;
        }
        let codes = self.programmes.as_ref();
        let person = Expr::col((enrolment::Entity, enrolment::Column::CadreId));
        let enrolments = access
            .training()?
            .enrolments()
            .filter(person.equals((cadre::Entity, cadre::Column::Id)))
            .filter(enrolment::Column::Year.eq(self.year))
            .filter(enrolment::Column::State.is_in(EnrolmentState::SEATED))
            .filter(Condition::all().add_option(
                codes.map(|codes| enrolment::Column::ProgrammeCode.is_in(codes.iter().map(String::as_str))),
            ))
            .select_only()
            .column(enrolment::Column::Id)
            .into_query();
        Ok(Expr::exists(enrolments))
    }
}
