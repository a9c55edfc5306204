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

/// People counted by their highest level in a subject on a day.
pub struct Composition(pub composition::Composition);

/// People at one level.
#[derive(SimpleObject)]
pub struct LevelShare {
    /// The level; null if no qualification is recorded.
    level: Option<QualificationLevel>,
    /// Number of people with this highest level (người).
    count: i32,
    /// Their share of all in percent.
    percent: f64,
}

/// A part of the counted people.
#[derive(SimpleObject)]
pub struct Share {
    /// Number of people (người).
    count: i32,
    /// Their share of all in percent.
    percent: f64,
}

/// Converts a count for the schema; larger ones become `i32::MAX`.
pub(super) fn int(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// People counted by their highest level in a subject on a day.
#[Object]
impl Composition {
    /// Subject of the qualifications.
    async fn subject(&self, ctx: &Context<'_>) -> Result<QualificationSubject> {
        qualification::subject(ctx.access(), "subject", &self.0.subject).cloned().map(QualificationSubject)
    }

    /// Number of counted people (tổng số người).
    async fn total(&self) -> i32 {
        int(self.0.total)
    }

    /// Whether the counts are rounded to multiples of five, as with `stats:read` alone. Each count is rounded
    /// separately, so they may not add up to the total, and a count below five becomes 0 or 5.
    async fn is_rounded(&self) -> bool {
        self.0.is_rounded
    }

    /// All levels of the subject, lowest first, then the people without a recorded level. The counts add up to the
    /// total unless they are rounded.
    async fn levels(&self, ctx: &Context<'_>) -> Result<Vec<LevelShare>> {
        let subject = qualification::subject(ctx.access(), "subject", &self.0.subject)?;
        let levels = subject.levels.iter().cloned().map(|level| Some(QualificationLevel(level))).chain([None]);
        let counts = self.0.by_rank.iter().map(|(_, count)| *count).chain([self.0.none]);
        Ok(levels
            .zip(counts)
            .map(|(level, count)| LevelShare { level, count: int(count), percent: self.0.percent(count) })
            .collect())
    }

    /// People whose highest level is this level or higher ("trở lên").
    async fn at_least(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Code of a level of the subject.")] level: String,
    ) -> Result<Share> {
        let subject = qualification::subject(ctx.access(), "subject", &self.0.subject)?;
        let count = self.0.at_least(qualification::level(subject, "level", &level)?.rank);
        Ok(Share { count: int(count), percent: self.0.percent(count) })
    }

    /// Day of the count.
    async fn as_of(&self) -> Day {
        self.0.day
    }
}
