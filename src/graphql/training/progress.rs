//! Progress (tiến độ thực hiện kế hoạch đào tạo, bồi dưỡng).

use async_graphql::{Context, Object};
use entity::value::ClassCategory;

use crate::{domain::training::progress::Progress, error::Result, graphql::ContextExt};

/// Progress of the plans of a year (tiến độ thực hiện kế hoạch): turns and persons compared with the planned seats.
pub struct TrainingProgress(pub Progress);

fn int(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Progress of the plans of a year (tiến độ thực hiện kế hoạch): turns and persons compared with the planned seats.
#[Object]
impl TrainingProgress {
    /// Calendar year; of several, the first (inclusive).
    async fn year(&self) -> i32 {
        self.0.year
    }

    /// Last calendar year, inclusive.
    async fn until_year(&self) -> i32 {
        self.0.until_year
    }

    /// Seats (chỉ tiêu) of the quotas in force, of plans for exactly one of the years. Plans count after their
    /// approval; drafts and cancelled plans do not. Allocated seats count at the receiving unit, so each seat counts
    /// once.
    async fn planned(&self) -> i32 {
        int(self.0.planned)
    }

    /// Whether one of those quotas is a lower bound ("trên", "hơn").
    async fn planned_is_lower_bound(&self) -> bool {
        self.0.planned_is_lower_bound
    }

    /// Turns (lượt): enrolments of the years that are confirmed, in progress, completed or failed. Enrolments that are
    /// only registered, waiting, dropped, transferred or deferred do not count.
    async fn turns(&self) -> i32 {
        int(self.0.turns)
    }

    /// Persons (người) of those turns, each counted once.
    async fn persons(&self) -> i32 {
        int(self.0.persons)
    }

    /// Whether turns and persons are rounded to multiples of five, as with `stats:read` alone.
    async fn is_rounded(&self) -> bool {
        self.0.is_rounded
    }

    /// Turns in percent of the planned seats, rounded once, half up (tỷ lệ hoàn thành); null if nothing was planned.
    async fn percent_of_plan(&self) -> Option<f64> {
        self.0.percent_of_plan()
    }

    /// Classes (lớp) that began in the years, organised by the unit or its subtree. Classes that are only planned,
    /// postponed or cancelled do not count.
    async fn classes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only classes of these categories; all if absent.")] categories: Option<Vec<ClassCategory>>,
    ) -> Result<i32> {
        self.0.classes(ctx.access(), categories.as_deref()).await.map(int)
    }
}
