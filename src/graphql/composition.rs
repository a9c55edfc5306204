//! Compositions (cơ cấu trình độ): people counted by their highest level.

use async_graphql::{Context, Object, SimpleObject};
use entity::value::Day;

use crate::{
    domain::{composition, qualification},
    error::Result,
    graphql::{
        ContextExt,
        qualification::{QualificationLevel, QualificationSubject},
    },
};

/// People counted by the highest level that they hold in a subject on a day.
pub struct Composition(pub composition::Composition);

/// The people at one level.
#[derive(SimpleObject)]
pub struct LevelShare {
    /// The level; null: no qualification recorded.
    level: Option<QualificationLevel>,
    /// People whose highest level it is (người).
    count: i32,
    /// Their share of all in percent.
    percent: f64,
}

/// Some of the people counted.
#[derive(SimpleObject)]
pub struct Share {
    /// People (người).
    count: i32,
    /// Their share of all in percent.
    percent: f64,
}

/// A count as the schema has it.
pub(super) fn int(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// People counted by the highest level that they hold in a subject on a day.
#[Object]
impl Composition {
    /// The subject.
    async fn subject(&self, ctx: &Context<'_>) -> Result<QualificationSubject> {
        qualification::subject(ctx.access(), "subject", &self.0.subject).cloned().map(QualificationSubject)
    }

    /// People counted (tổng số người).
    async fn total(&self) -> i32 {
        int(self.0.total)
    }

    /// Whether the counts are rounded to multiples of five. So they are with `stats:read` alone, each by itself: then they
    /// need not add up, and a count under five is shown as 0 or 5.
    async fn is_rounded(&self) -> bool {
        self.0.is_rounded
    }

    /// Every level of the subject, lowest first, then those of whom none is recorded. The counts add up to the total
    /// unless they are rounded.
    async fn levels(&self, ctx: &Context<'_>) -> Result<Vec<LevelShare>> {
        let subject = qualification::subject(ctx.access(), "subject", &self.0.subject)?;
        let levels = subject.levels.iter().cloned().map(|level| Some(QualificationLevel(level))).chain([None]);
        let counts = self.0.by_rank.iter().map(|(_, count)| *count).chain([self.0.none]);
        Ok(levels
            .zip(counts)
            .map(|(level, count)| LevelShare { level, count: int(count), percent: self.0.percent(count) })
            .collect())
    }

    /// People whose highest level is this one or a higher one ("trở lên").
    async fn at_least(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Code of a level of the subject.")] level: String,
    ) -> Result<Share> {
        let subject = qualification::subject(ctx.access(), "subject", &self.0.subject)?;
        let count = self.0.at_least(qualification::level(subject, "level", &level)?.rank);
        Ok(Share { count: int(count), percent: self.0.percent(count) })
    }

    /// The day that was counted.
    async fn as_of(&self) -> Day {
        self.0.day
    }
}
