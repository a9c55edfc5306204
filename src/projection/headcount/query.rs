//! Reads the counts with one statement: a range scan on a prefix of the primary key, independent of the size of the
//! subtree.

use entity::{
    headcount, headcount_state,
    value::{Day, Hierarchy, UnitId},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, ExprTrait,
    prelude::Expr,
    sea_query::{Query, SelectStatement},
};

use super::{VERSION, dimensions::scope};
use crate::{error::Result, reference::ReferenceData};

/// Selects the people to count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted<'a> {
    /// Unit whose people are counted.
    pub unit: UnitId,
    /// Hierarchy of the subtree; `None` counts the unit alone.
    pub subtree: Option<Hierarchy>,
    /// Whether only posts of key leaders count.
    pub key_leaders: bool,
    /// Code of the subject whose levels split the count; `None` for the total only.
    pub subject: Option<&'a str>,
    /// Day of the count.
    pub day: Day,
}

/// Number of people of a unit or subtree on a day. A person with several posts counts once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// All people.
    pub total: u64,
    /// Number of people by the rank of their highest level. People without a level are not included.
    pub by_rank: Vec<(i16, u64)>,
}

impl Counts {
    /// Number of people whose highest level has this rank.
    pub(crate) fn of(&self, rank: i16) -> u64 {
        self.by_rank.iter().filter(|(of, _)| *of == rank).map(|(_, people)| people).sum()
    }

    /// Number of people who hold no level.
    pub(crate) fn none(&self) -> u64 {
        self.total.saturating_sub(self.by_rank.iter().map(|(_, people)| people).sum())
    }
}

/// Reads the counts; `None` if the tables do not cover the day, or use units that are missing in the caller's snapshot.
/// The caller has already checked that the client may see the number and reaches all units of the subtree.
pub(crate) async fn counts(
    connection: &impl ConnectionTrait,
    reference_data: &ReferenceData,
    of: Counted<'_>,
) -> Result<Option<Counts>> {
    let mut counts = Counts::default();
    let rows = connection.query_all(&select(reference_data, of)).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    for row in &rows {
        let (version, base_date): (i32, Option<Day>) = (row.try_get("", "version")?, row.try_get("", "base_on")?);
        let list_change: i64 = row.try_get("", "list_change")?;
        let covers_day = version == VERSION && base_date.is_some_and(|base_date| base_date <= of.day);
        if !covers_day || reference_data.log_position() < list_change {
            return Ok(None);
        }
        let Some(rank) = row.try_get::<Option<i16>>("", "rank")? else { continue };
        let people = u64::try_from(row.try_get::<i64>("", "people")?).unwrap_or(0);
        match row.try_get::<String>("", "subject_code")?.is_empty() {
            true => counts.total = people,
            false if people > 0 => counts.by_rank.push((rank, people)),
            false => {}
        }
    }
    Ok(Some(counts))
}

/// Selects the head and the counts in one statement, so that no fold can happen in between.
fn select(reference_data: &ReferenceData, of: Counted<'_>) -> SelectStatement {
    use {headcount::Column as Count, headcount_state::Column as Head};
    let head = |column| Expr::col((headcount_state::Entity, column));
    let count = |column| Expr::col((headcount::Entity, column));
    let scope = scope(reference_data.units(), of.unit, of.subtree);
    let is_requested = Count::Scope
        .eq(scope)
        .and(Count::UnitId.eq(of.unit))
        .and(Count::KeyLeaders.eq(of.key_leaders))
        .and(Count::SubjectCode.is_in(["", of.subject.unwrap_or_default()]))
        .and(Count::Day.lte(of.day));
    let mut select = Query::select();
    select
        .columns([Head::Version, Head::BaseOn, Head::ListChange].map(|column| (headcount_state::Entity, column)))
        .columns([Count::SubjectCode, Count::Rank].map(|column| (headcount::Entity, column)))
        .expr_as(count(Count::People).sum(), "people")
        .from(headcount_state::Entity)
        .left_join(headcount::Entity, is_requested)
        .add_group_by([head(Head::Version), head(Head::BaseOn), head(Head::ListChange)])
        .add_group_by([count(Count::SubjectCode), count(Count::Rank)]);
    select
}
