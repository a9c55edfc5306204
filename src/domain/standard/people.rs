//! The people of a gap, grouped by the profiles of their posts and by their highest levels. The few with an exemption are
//! read one by one.
//!
//! Most are read from the index of titles; a small part of a branch, and all people while the index does not exist, are
//! read from the posts and qualifications.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use entity::{
    assignment, qualification, qualification_level, title_index,
    value::{CadreId, Day},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseBackend, QueryResult,
    sea_query::{CaseStatement, Expr, ExprTrait, Func, Query, SelectStatement, SimpleExpr, UnionType},
};

use super::{judge::Exemption, profile::Profiles};
use crate::{
    authz::{Access, ReachedUnits, Statistics},
    db,
    error::Result,
    projection::headcount::levels,
    reference::ReferenceData,
};

/// Highest ranks by subject.
type Ranks = BTreeMap<String, Option<i16>>;

/// People with the same profiles and the same levels.
pub(super) struct People {
    /// Numbers of the profiles of their posts.
    pub profiles: BTreeSet<usize>,
    /// Highest rank in each subject.
    pub ranks: Ranks,
    /// Exemptions; people with any are not grouped.
    pub exempt: Vec<Exemption>,
    /// Number of people.
    pub count: u64,
}

/// The people with a post in the units with one of the titles.
pub(super) async fn grouped(
    access: &Access,
    statistics: &Statistics<'_>,
    (units, titles): (&ReachedUnits, Option<&[&str]>),
    (profiles, day): (&Profiles<'_>, Day),
) -> Result<Vec<People>> {
    let (subjects, reference_data, backend) = (profiles.subjects(), access.reference_data(), access.backend());
    let exempt = statistics.standard_exemptions(&statistics.posts_on(day, units, titles), day).await?;
    let others = |column: Expr| Condition::all().add(db::any_id(backend, column, exempt.keys().map(|id| id.0)).not());
    let mut people = Vec::new();
    if !exempt.is_empty() {
        let column = Expr::col((assignment::Entity, assignment::Column::CadreId));
        let mut posts = statistics.posts_on(day, units, titles);
        posts.and_where(db::any_id(backend, column, exempt.keys().map(|id| id.0)));
        for row in access.reader().query_all(&one_by_one(backend, posts, profiles, day)).await? {
            people.push(People::of_person(&row, &subjects, &exempt)?);
        }
    }
    let mask = levels::mask(reference_data, &subjects);
    if let Some((mask, mut rows)) = mask.zip(statistics.titles_on(day, units, titles)) {
        if !exempt.is_empty() {
            rows.cond_where(others(Expr::col((title_index::Entity, title_index::Column::CadreId))));
        }
        let rows = access.reader().query_all(&from_index(access.backend(), &rows, (profiles, mask))).await?;
        // Without a row, the index may not exist.
        if !rows.is_empty() {
            for row in &rows {
                people.push(People::of_index(row, &subjects, reference_data)?);
            }
            return Ok(people);
        }
    }
    let mut posts = statistics.posts_on(day, units, titles);
    if !exempt.is_empty() {
        posts.cond_where(others(Expr::col((assignment::Entity, assignment::Column::CadreId))));
    }
    for row in access.reader().query_all(&from_posts(backend, posts, profiles, day)).await? {
        people.push(People::of_posts(&row, &subjects)?);
    }
    Ok(people)
}

impl People {
    fn of_posts(row: &QueryResult, subjects: &[&str]) -> Result<Self> {
        Self::counted(row, ranks(row, subjects)?)
    }

    fn of_person(row: &QueryResult, subjects: &[&str], exempt: &HashMap<CadreId, Vec<Exemption>>) -> Result<Self> {
        let id: CadreId = row.try_get("", "cadre_id")?;
        let exempt = exempt.get(&id).cloned().unwrap_or_default();
        Ok(Self { profiles: numbers(row)?, ranks: ranks(row, subjects)?, exempt, count: 1 })
    }

    fn of_index(row: &QueryResult, subjects: &[&str], reference_data: &ReferenceData) -> Result<Self> {
        let levels: i64 = row.try_get("", "levels")?;
        let rank = |subject: &&str| ((*subject).to_owned(), levels::rank(reference_data, levels, subject));
        Self::counted(row, subjects.iter().map(rank).collect())
    }

    fn counted(row: &QueryResult, ranks: Ranks) -> Result<Self> {
        let count: i64 = row.try_get("", "people")?;
        let count = u64::try_from(count).unwrap_or(0);
        Ok(Self { profiles: numbers(row)?, ranks, exempt: Vec::new(), count })
    }
}

fn ranks(row: &QueryResult, subjects: &[&str]) -> Result<Ranks> {
    let mut ranks = BTreeMap::new();
    for (at, subject) in subjects.iter().enumerate() {
        ranks.insert((*subject).to_owned(), row.try_get("", &rank_column(at))?);
    }
    Ok(ranks)
}

/// Numbers of the profiles of a row.
fn numbers(row: &QueryResult) -> Result<BTreeSet<usize>> {
    let profiles: String = row.try_get("", "profiles")?;
    Ok(profiles.split(',').filter_map(|number| number.parse().ok()).collect())
}

fn rank_column(at: usize) -> String {
    format!("rank_{at}")
}

/// The profiles of a group of posts, separated by commas.
fn all_profiles(backend: DatabaseBackend) -> SimpleExpr {
    match backend {
        DatabaseBackend::Postgres => Expr::cust("string_agg(profile, ',')"),
        _ => Expr::cust("group_concat(profile, ',')"),
    }
}

/// Selects the number of people for each combination of profiles and levels from the index. A row of a person without
/// other titles is a person; the other rows are grouped by their person first.
fn from_index(
    backend: DatabaseBackend,
    rows: &SelectStatement,
    (profiles, mask): (&Profiles<'_>, i64),
) -> SelectStatement {
    use title_index::Column as Of;
    let column = |column| Expr::col((title_index::Entity, column));
    let rows = |is_only: bool| {
        let profile = profiles.number_of_post(backend, [column(Of::UnitId), column(Of::TitleCode)]);
        let mut rows = rows.clone();
        rows.and_where(Of::IsOnly.eq(is_only))
            .expr_as(profile, "profile")
            .expr_as(column(Of::Levels).bit_and(mask), "levels");
        rows
    };
    let mut several = rows(false);
    several.expr_as(column(Of::CadreId), "cadre_id");
    let several = Query::select()
        .expr_as(all_profiles(backend), "profiles")
        .expr_as(Func::max(Expr::col("levels")), "levels")
        .from_subquery(several, "post")
        .add_group_by([Expr::col("cadre_id")])
        .take();
    let counted = |of: SelectStatement, profiles: &'static str| {
        Query::select()
            .expr_as(Expr::col(profiles), "profiles")
            .column("levels")
            .expr_as(Func::count(Expr::cust("*")), "people")
            .from_subquery(of, "person")
            .add_group_by([Expr::col(profiles), Expr::col("levels")])
            .take()
    };
    counted(rows(true), "profile").union(UnionType::All, counted(several, "profiles")).take()
}

/// Selects the number of people for each combination of profiles and highest ranks.
fn from_posts(backend: DatabaseBackend, posts: SelectStatement, profiles: &Profiles<'_>, day: Day) -> SelectStatement {
    let subjects = profiles.subjects();
    let ranks: Vec<String> = (0..subjects.len()).map(rank_column).collect();
    let with_ranks = one_by_one(backend, posts, profiles, day);
    let columns = ["profiles".to_owned()].into_iter().chain(ranks);
    let mut groups =
        Query::select().expr_as(Func::count(Expr::cust("*")), "people").from_subquery(with_ranks, "with_ranks").take();
    for column in columns {
        groups.column(column.clone()).add_group_by([Expr::col(column)]);
    }
    groups
}

/// Selects each person with the profiles of the posts and the highest rank in each subject.
fn one_by_one(backend: DatabaseBackend, posts: SelectStatement, profiles: &Profiles<'_>, day: Day) -> SelectStatement {
    let (subjects, persons) = (profiles.subjects(), persons(backend, posts, profiles));
    if subjects.is_empty() { persons } else { with_ranks(backend, persons, &subjects, day) }
}

/// Selects each person once, with the profiles of the posts. `judged_id` is the person, or null without a profile, so that
/// the qualifications of those people are not read.
fn persons(backend: DatabaseBackend, mut posts: SelectStatement, profiles: &Profiles<'_>) -> SelectStatement {
    let columns = [assignment::Column::UnitId, assignment::Column::TitleCode]
        .map(|column| Expr::col((assignment::Entity, column)));
    posts
        .distinct()
        .expr_as(Expr::col((assignment::Entity, assignment::Column::CadreId)), "cadre_id")
        .expr_as(profiles.number_of_post(backend, columns), "profile");
    let has_profile = Expr::from(Func::max(Expr::col("profile"))).ne("");
    Query::select()
        .column("cadre_id")
        .expr_as(CaseStatement::new().case(has_profile, Expr::col("cadre_id")), "judged_id")
        .expr_as(all_profiles(backend), "profiles")
        .from_subquery(posts, "post")
        .add_group_by([Expr::col("cadre_id")])
        .take()
}

/// Adds the highest rank in each subject to the persons.
fn with_ranks(backend: DatabaseBackend, persons: SelectStatement, subjects: &[&str], day: Day) -> SelectStatement {
    let held = |column| Expr::col((qualification::Entity, column));
    let level = |column| Expr::col((qualification_level::Entity, column));
    let is_wanted = db::any_word(backend, held(qualification::Column::SubjectCode), subjects.iter().copied());
    let mut select = Query::select()
        .columns([("person", "cadre_id"), ("person", "profiles")])
        .from_subquery(persons, "person")
        .left_join(
            qualification::Entity,
            held(qualification::Column::CadreId)
                .equals(("person", "judged_id"))
                .and(is_wanted)
                .and(qualification::Column::CountsFrom.lte(day)),
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
        .add_group_by([Expr::col(("person", "cadre_id")), Expr::col(("person", "profiles"))])
        .take();
    for (at, subject) in subjects.iter().enumerate() {
        let is_of_subject = level(qualification_level::Column::SubjectCode).eq(*subject);
        let rank: SimpleExpr =
            CaseStatement::new().case(is_of_subject, level(qualification_level::Column::Rank)).into();
        select.expr_as(Func::max(rank), rank_column(at));
    }
    select
}
