//! Condition on training: participation in a year.

use entity::{cadre, enrolment, value::EnrolmentState};
use sea_orm::{
    ColumnTrait, Condition, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, SimpleExpr},
};

use crate::{authz::Access, domain::programme, error::Result};

/// Condition on training (đã qua đào tạo, bồi dưỡng): an enrolment in the year, visible to the caller, of a person who
/// takes or took part. Enrolments that are only registered, deferred or dropped do not count.
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
pub struct TrainedCondition {
    /// Calendar year.
    pub year: i32,
    /// Codes of programmes; any programme if absent.
    pub programmes: Option<Vec<String>>,
}

impl TrainedCondition {
    /// Condition on the `cadre` of the outer select.
    ///
    /// # Errors
    /// `Forbidden` without `training:read`; `Invalid` for unknown programmes.
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
