//! Results of units (kết quả xếp loại của đơn vị).

use async_graphql::{Context, Object};
use entity::value::{AppraisalSystem, Category, Day};

use crate::{
    domain::{
        appraisal::{Counts, OverLimit},
        unit,
    },
    error::{Error, Result},
    graphql::{ContextExt, composition::int, unit::Unit},
};

/// Persons that a unit rated in a year, by their result.
pub struct UnitAppraisals(pub Counts);

/// Persons that a unit, or the units of its subtree, rated in a year, by their result (kết quả xếp loại). Each person has
/// one result at most; the numbers add up to `total` unless they are rounded.
#[Object]
impl UnitAppraisals {
    /// System of appraisal.
    async fn system(&self) -> AppraisalSystem {
        self.0.system
    }

    /// Calendar year of the results.
    async fn year(&self) -> i32 {
        self.0.year
    }

    /// Day by which the subtree was determined: the last day of the year, or today in the current year.
    async fn counted_on(&self) -> Day {
        self.0.counted_on
    }

    /// Persons with a result.
    async fn total(&self) -> i32 {
        int(self.0.total)
    }

    /// Persons with the result EXCELLENT (hoàn thành xuất sắc nhiệm vụ).
    async fn excellent(&self) -> i32 {
        int(self.0.by_rating[0])
    }

    /// Persons with the result GOOD (hoàn thành tốt nhiệm vụ).
    async fn good(&self) -> i32 {
        int(self.0.by_rating[1])
    }

    /// Persons with the result FULFILLED (hoàn thành nhiệm vụ).
    async fn fulfilled(&self) -> i32 {
        int(self.0.by_rating[2])
    }

    /// Persons with the result NOT_FULFILLED (không hoàn thành nhiệm vụ).
    async fn not_fulfilled(&self) -> i32 {
        int(self.0.by_rating[3])
    }

    /// Persons who were not rated (không xếp loại).
    async fn not_rated(&self) -> i32 {
        int(self.0.by_rating[4])
    }

    /// Persons with the result EXCELLENT in percent of those with GOOD or EXCELLENT; null if there are none.
    async fn excellent_percent(&self) -> Option<f64> {
        self.0.excellent_percent
    }

    /// Units in which the share of EXCELLENT is larger than the verified instrument of the day of the decision permits (vượt
    /// tỷ lệ). A warning: the limit is 25 percent if the unit itself is rated EXCELLENT, which is not recorded, and the
    /// instrument counts groups with similar tasks. Null if the numbers are rounded.
    async fn over_limit(&self) -> Option<Vec<AppraisalOverLimit>> {
        self.0.over_limit.as_ref().map(|units| units.iter().cloned().map(AppraisalOverLimit).collect())
    }

    /// Whether the numbers are rounded to multiples of five, as with `stats:read` alone.
    async fn is_rounded(&self) -> bool {
        self.0.is_rounded
    }
}

/// A unit with a larger share of EXCELLENT than its instrument permits.
pub struct AppraisalOverLimit(OverLimit);

/// A unit with a larger share of EXCELLENT than its instrument permits, for one category of persons.
#[Object]
impl AppraisalOverLimit {
    /// The unit that rated, as of today.
    async fn unit(&self, ctx: &Context<'_>) -> Result<Unit> {
        let access = ctx.access();
        unit::on_day(access, self.0.unit, access.today()).map(Unit).ok_or(Error::NotFound)
    }

    /// Category of the persons.
    async fn category(&self) -> Category {
        self.0.category
    }

    /// Persons with the result EXCELLENT.
    async fn excellent(&self) -> i32 {
        int(self.0.excellent)
    }

    /// Persons with the result GOOD or EXCELLENT.
    async fn good_or_better(&self) -> i32 {
        int(self.0.good_or_better)
    }

    /// Largest permitted share, in percent.
    async fn limit_percent(&self) -> i32 {
        self.0.limit_percent
    }

    /// Legal instrument and article (căn cứ pháp lý).
    async fn legal_basis(&self) -> &str {
        &self.0.legal_basis
    }
}
