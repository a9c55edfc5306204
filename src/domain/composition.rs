//! Composition (cơ cấu trình độ): number of people with a post in a unit on a day, by highest level.

use entity::{
    assignment, qualification, qualification_level,
    value::{Day, Hierarchy, Scope, UnitId},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait,
    sea_query::{Alias, Expr, ExprTrait, Func, Query, SelectStatement},
};
use serde::Serialize;

use crate::{
    authz::{Access, ReachedUnits, Statistics},
    db::ReadMode,
    domain::{
        percent::{decimals, percent},
        qualification::subject,
        unit::titles,
    },
    error::Result,
    projection::headcount::{self, Counted, Counts},
    reference::units::{Reach, Subtree},
};

/// Arguments of a composition.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Unit to count.
    pub unit: UnitId,
    /// Code of the subject.
    pub subject: String,
    /// Titles of the posts to count, by code; `None` for all titles.
    pub titles: Option<Vec<String>>,
    /// Whether only posts of key leaders count.
    pub key_leaders_only: bool,
    /// Tree of the subtree.
    pub hierarchy: Hierarchy,
    /// The unit alone or its subtree.
    pub reach: Reach,
    /// Day of the composition.
    pub day: Day,
    /// Decimals of the percentages, 0 to 6.
    pub decimals: i32,
}

/// Number of people by their highest level.
#[derive(Clone, Debug)]
pub struct Composition {
    /// Code of the subject.
    pub subject: String,
    /// Total number of people.
    pub total: u64,
    /// Number of people by the rank of their highest level, for every level of the subject, lowest first.
    pub by_rank: Vec<(i16, u64)>,
    /// Number of people without a recorded qualification in the subject.
    pub none: u64,
    /// Day of the composition.
    pub day: Day,
    /// Decimals of the percentages.
    pub decimals: u32,
    /// Whether the counts are rounded to multiples of five.
    pub is_rounded: bool,
}

impl Composition {
    /// Number of people whose highest level has this rank or a higher one.
    pub fn at_least(&self, rank: i16) -> u64 {
        self.by_rank.iter().filter(|(of, _)| *of >= rank).map(|(_, count)| count).sum()
    }

    /// A count as a percentage of the total, rounded once; at most 100 even if the counts are rounded.
    pub fn percent(&self, count: u64) -> f64 {
        percent(Ord::min(count, self.total), self.total, self.decimals)
    }
}

/// Cell of a count for rounding, independent of the day.
#[derive(Serialize)]
struct Cell<'a> {
    /// Fingerprint of the units, so that different queries for the same units use the same cell.
    composition_of: &'a str,
    key_leaders_only: bool,
    /// Subject and rank, if the count is for one level.
    level: Option<(&'a str, Option<i16>)>,
}

/// Counts the people who hold a post, primary or concurrent, by their highest level; each person once. With
/// `stats:read` alone, counts are rounded and need not add up.
///
/// # Errors
/// `Forbidden` without `cadre:read` and `stats:read`, or with titles but without `cadre:read`; `Invalid` for an unknown
/// subject or title, or decimals outside 0 to 6.
pub async fn compose(access: &Access, asked: &Asked) -> Result<Composition> {
    let statistics = access.statistics(Scope::CadreRead, "Composition")?;
    if asked.titles.is_some() {
        // Titles allow many overlapping sets of posts; differences of their rounded counts could identify a person.
        access.require(Scope::CadreRead, "Unit.composition(titles:)")?;
    }
    let of = subject(access, "subject", &asked.subject)?;
    let decimals = decimals(asked.decimals)?;
    let subtree = access.subtree((asked.unit, asked.hierarchy, asked.reach, asked.day));
    let counts = match counts_from_projection(access, asked, &subtree).await? {
        Some(counts) => counts,
        None => count_people(access, &statistics, asked, &subtree).await?,
    };
    let mut composition = Composition {
        subject: asked.subject.clone(),
        total: counts.total,
        by_rank: of.levels.iter().map(|level| (level.rank, counts.of(level.rank))).collect(),
        none: counts.none(),
        day: asked.day,
        decimals,
        is_rounded: statistics.is_rounded(),
    };
    composition.show(&statistics, asked, || access.fingerprint(&subtree));
    Ok(composition)
}

/// Counts from the projection, if it covers the query and the caller reaches all units.
async fn counts_from_projection(access: &Access, asked: &Asked, subtree: &Subtree) -> Result<Option<Counts>> {
    if asked.titles.is_some() || !access.reaches_all_of(subtree) {
        return Ok(None);
    }
    let count_people = Counted {
        unit: asked.unit,
        subtree: (asked.reach == Reach::Subtree).then_some(asked.hierarchy),
        key_leaders: asked.key_leaders_only,
        subject: Some(&asked.subject),
        day: asked.day,
    };
    headcount::counts(&access.prepared(), access.reference_data(), count_people).await
}

/// Counts the people in the database.
async fn count_people(
    access: &Access,
    statistics: &Statistics<'_>,
    asked: &Asked,
    subtree: &Subtree,
) -> Result<Counts> {
    access.continue_reading(ReadMode::Any).await;
    let select = counts(access, statistics, asked, &access.within(subtree))?;
    let mut counts = Counts::default();
    for row in access.reader().query_all(&select).await? {
        let (rank, people): (Option<i16>, i64) = (row.try_get("", "top")?, row.try_get("", "people")?);
        let people = u64::try_from(people).unwrap_or(0);
        counts.total += people;
        counts.by_rank.extend(rank.map(|rank| (rank, people)));
    }
    Ok(counts)
}

impl Composition {
    /// Rounds each count for the caller.
    fn show(&mut self, statistics: &Statistics<'_>, asked: &Asked, fingerprint: impl FnOnce() -> String) {
        if !statistics.is_rounded() {
            return;
        }
        let fingerprint = fingerprint();
        let shown = |level, count| {
            let key_leaders_only = asked.key_leaders_only;
            statistics.shown(&Cell { composition_of: &fingerprint, key_leaders_only, level }, count)
        };
        self.total = shown_total(statistics, (&fingerprint, asked.key_leaders_only), self.total);
        self.none = shown(Some((&asked.subject, None)), self.none);
        for (rank, count) in &mut self.by_rank {
            *count = shown(Some((&asked.subject, Some(*rank))), *count);
        }
    }
}

fn counts(
    access: &Access,
    statistics: &Statistics<'_>,
    asked: &Asked,
    units: &ReachedUnits,
) -> Result<SelectStatement> {
    let titles = wanted_titles(access, asked.titles.as_deref(), asked.key_leaders_only)?;
    let mut people = statistics.posts_on(asked.day, units, titles.as_deref());
    people.distinct().expr_as(Expr::col((assignment::Entity, assignment::Column::CadreId)), "cadre_id");

    let held = |column| Expr::col((qualification::Entity, column));
    let level = |column| Expr::col((qualification_level::Entity, column));
    let highest = Query::select()
        .expr_as(Func::max(level(qualification_level::Column::Rank)), "top")
        .from_subquery(people, Alias::new("person"))
        .left_join(
            qualification::Entity,
            held(qualification::Column::CadreId)
                .equals(("person", "cadre_id"))
                .and(qualification::Column::SubjectCode.eq(asked.subject.as_str()))
                .and(qualification::Column::CountsFrom.lte(asked.day)),
        )
        .left_join(
            qualification_level::Entity,
            level(qualification_level::Column::SubjectCode)
                .equals((qualification::Entity, qualification::Column::SubjectCode))
                .and(
                    level(qualification_level::Column::Code)
                        .equals((qualification::Entity, qualification::Column::LevelCode)),
                ),
        )
        .add_group_by([Expr::col(("person", "cadre_id"))])
        .take();
    Ok(Query::select()
        .column("top")
        .expr_as(Func::count(Expr::cust("*")), "people")
        .from_subquery(highest, Alias::new("highest"))
        .add_group_by([Expr::col("top")])
        .to_owned())
}

/// Codes of the titles of the posts to count: the named ones, or all, as far as they are of key leaders if only those
/// count; `None` for all titles.
pub(in crate::domain) fn wanted_titles<'a>(
    access: &'a Access,
    named: Option<&[String]>,
    key_leaders_only: bool,
) -> Result<Option<Vec<&'a str>>> {
    let named = named.map(|codes| titles(access, "titles", codes)).transpose()?;
    if named.is_none() && !key_leaders_only {
        return Ok(None);
    }
    let candidates = named.unwrap_or_else(|| access.reference_data().titles().collect());
    let wanted = candidates.into_iter().filter(|title| title.is_key_leader || !key_leaders_only);
    Ok(Some(wanted.map(|title| title.code.as_str()).collect()))
}

/// The number of all people of some units as the caller may see it. All statistics use this cell for it.
pub(in crate::domain) fn shown_total(
    statistics: &Statistics<'_>,
    (fingerprint, key_leaders_only): (&str, bool),
    total: u64,
) -> u64 {
    statistics.shown(&Cell { composition_of: fingerprint, key_leaders_only, level: None }, total)
}
