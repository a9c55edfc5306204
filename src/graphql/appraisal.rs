//! Appraisals of persons (đánh giá, xếp loại chất lượng), and good years.

use async_graphql::{Context, ID, Object};
use entity::value::{AppraisalPeriod, AppraisalRating, AppraisalState, AppraisalSystem, Day};

use crate::{
    authz::VisibleAppraisal,
    domain::{
        appraisal::{self, GoodYears as Years},
        rule::RuleResult,
        unit,
    },
    error::{Error, Result},
    graphql::{ContextExt, unit::Unit},
};

/// An appraisal of a person (đánh giá, xếp loại chất lượng) for a period, by one of the two systems.
pub struct Appraisal(pub VisibleAppraisal);

/// An appraisal of a person (đánh giá, xếp loại chất lượng) for a period, by one of the two systems. Results of the two
/// systems are never merged.
#[Object]
impl Appraisal {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        self.0.row().id.into()
    }

    /// System of appraisal (hệ thống đánh giá).
    async fn system(&self) -> AppraisalSystem {
        self.0.row().system
    }

    /// Period (kỳ đánh giá).
    async fn period(&self) -> AppraisalPeriod {
        self.0.row().period
    }

    /// Calendar year; for a term, the year in which it ends.
    async fn year(&self) -> i32 {
        self.0.row().year
    }

    /// Number of the quarter or month; null for a year and a term.
    async fn number(&self) -> Option<i32> {
        Some(self.0.row().number).filter(|number| *number > 0)
    }

    /// Unit that rated the person (đơn vị đánh giá), as of the day of the decision. Returned even if it is out of
    /// reach; its related objects are not accessible then.
    async fn unit(&self, ctx: &Context<'_>) -> Result<Unit> {
        let row = self.0.row();
        unit::named_by(ctx.access(), &self.0, row.unit_id, row.decided_on).map(Unit).ok_or(Error::NotFound)
    }

    /// Points (điểm), 0 to 100 with at most two decimals; null if there are none.
    async fn points(&self) -> Option<f64> {
        self.0.points().map(appraisal::to_number)
    }

    /// Result (mức xếp loại).
    async fn result(&self) -> AppraisalRating {
        self.0.rating()
    }

    /// Day of the decision.
    async fn decided_on(&self) -> Day {
        self.0.row().decided_on
    }

    /// Number of its document (số văn bản).
    async fn document_no(&self) -> Option<&str> {
        self.0.row().document_no.as_deref()
    }

    /// State (trạng thái), as of today.
    async fn state(&self) -> AppraisalState {
        self.0.row().state
    }

    /// Id of the appraisal that replaces it; null unless the state is SUPERSEDED.
    async fn superseded_by(&self) -> Option<ID> {
        self.0.row().superseded_by.map(Into::into)
    }

    /// Day on which it was corrected or annulled.
    async fn ended_on(&self) -> Option<Day> {
        self.0.row().ended_on
    }

    /// Reason of the correction or annulment (lý do).
    async fn reason(&self) -> Option<&str> {
        self.0.row().reason.as_deref()
    }

    /// Increases with every change; send it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.row().version
    }
}

/// Consecutive calendar years with the result EXCELLENT or GOOD.
pub struct GoodYears {
    /// The years.
    pub years: Years,
    /// Number of years that `result` checks.
    pub at_least: Option<i32>,
}

/// Consecutive calendar years immediately before a day in which the result was EXCELLENT or GOOD (số năm liên tục hoàn
/// thành tốt nhiệm vụ trở lên). A year with the result NOT_RATED neither counts nor ends them.
#[Object]
impl GoodYears {
    /// Number of the years.
    async fn years(&self) -> i32 {
        self.years.years
    }

    /// Whether the count stopped at a year without a result; there may be more good years.
    async fn is_lower_bound(&self) -> bool {
        self.years.is_lower_bound
    }

    /// Year at which the count stopped: it has a lower result, or no result.
    async fn end_year(&self) -> i32 {
        self.years.end_year
    }

    /// Whether there are at least `atLeast` years: PASS, FAIL, or INDETERMINATE if a missing result decides. Null
    /// without `atLeast`.
    async fn result(&self) -> Option<RuleResult> {
        self.at_least.map(|years| self.years.at_least(years))
    }
}
