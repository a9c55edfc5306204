//! Composition (cơ cấu trình độ): the highest levels of the people who hold a post in a unit on a day.

use entity::{
    assignment, qualification, qualification_level,
    value::{Day, Hierarchy, Scope, UnitId},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait,
    sea_query::{Alias, Expr, ExprTrait, Func, Query, SelectStatement},
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    domain::{
        authz::{Access, ReachedUnits, Statistics},
        hash_chain,
        percent::{decimals, percent},
        projection::headcount::{self, Counted, Counts, Lookup},
        qualification::subject,
        unit::{Reach, Subtree, titles},
    },
    error::Result,
};

/// Which composition is asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The unit.
    pub unit: UnitId,
    /// Code of the subject.
    pub subject: String,
    /// Only posts with one of these titles.
    pub titles: Option<Vec<String>>,
    /// Only posts that count as key leaders'.
    pub key_leaders_only: bool,
    /// Which tree the subtree is of.
    pub hierarchy: Hierarchy,
    /// The unit alone or its subtree.
    pub reach: Reach,
    /// The day.
    pub day: Day,
    /// Decimals of the percentages, 0 to 6.
    pub decimals: i32,
}

/// The people counted by their highest level.
#[derive(Clone, Debug)]
pub struct Composition {
    /// Code of the subject.
    pub subject: String,
    /// People counted.
    pub total: u64,
    /// People by the rank of their highest level, for every level of the subject, lowest first.
    pub by_rank: Vec<(i16, u64)>,
    /// People of whom no qualification in the subject is recorded.
    pub none: u64,
    /// The day.
    pub day: Day,
    /// Decimals of the percentages.
    pub decimals: u32,
    /// Whether the counts are rounded to multiples of five.
    pub is_rounded: bool,
}

impl Composition {
    /// People whose highest level has this rank or a higher one.
    pub fn at_least(&self, rank: i16) -> u64 {
        self.by_rank.iter().filter(|(of, _)| *of >= rank).map(|(_, count)| count).sum()
    }

    /// A count as a percentage of all, rounded once; at most 100, where the counts themselves are rounded.
    pub fn percent(&self, count: u64) -> f64 {
        percent(Ord::min(count, self.total), self.total, self.decimals)
    }
}

/// What is counted, whatever the day: the cell that a number of people belongs to.
#[derive(Serialize)]
struct Cell<'a> {
    /// Fingerprint of the units, so that two ways to ask for the same ones are one.
    composition_of: &'a str,
    key_leaders_only: bool,
    /// Subject and rank, where people of one level are counted.
    level: Option<(&'a str, Option<i16>)>,
}

/// Counts the people who hold a post, primary or concurrent, by their highest level; each person once. With `stats:read`
/// alone the counts are rounded and need not add up.
///
/// # Errors
/// `Forbidden` without `cadre:read` and `stats:read`, and for a question by titles without `cadre:read`; `Invalid` for an
/// unknown subject or title, or decimals outside 0 to 6.
pub async fn compose(access: &Access, asked: &Asked) -> Result<Composition> {
    let statistics = access.statistics(Scope::CadreRead, "Composition")?;
    if asked.titles.is_some() {
        // Posts can be put together in so many ways by their titles that rounding would hide nobody.
        access.require(Scope::CadreRead, "Unit.composition(titles:)")?;
    }
    let of = subject(access, "subject", &asked.subject)?;
    let decimals = decimals(asked.decimals)?;
    let subtree = access.reference_data().subtree((asked.unit, asked.hierarchy, asked.reach, asked.day));
    let counts = match kept(access, asked, &subtree).await? {
        Lookup::Counts(kept) => kept,
        Lookup::Nothing { end } => remembered(access, &statistics, asked, (&subtree, end)).await?,
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

/// The counts as they are kept, where the question is one that they answer and the caller reaches everybody in it.
async fn kept(access: &Access, asked: &Asked, subtree: &Subtree) -> Result<Lookup> {
    if asked.titles.is_some() || !access.reaches_all_of(subtree) {
        return Ok(Lookup::Nothing { end: hash_chain::end(&access.prepared()).await? });
    }
    let counted = Counted {
        unit: asked.unit,
        subtree: (asked.reach == Reach::Subtree).then_some(asked.hierarchy),
        key_leaders: asked.key_leaders_only,
        subject: Some(&asked.subject),
        day: asked.day,
    };
    headcount::counts(access, counted).await
}

/// What was counted, whoever asked: the digest of all that the counts follow from, as titles may be many. The numbers of the
/// same units are the same for all, before they are shown.
pub(in crate::domain) type Question = [u8; 32];

fn question(access: &Access, asked: &Asked, subtree: &Subtree) -> Question {
    let Asked { subject, titles, key_leaders_only, day, unit: _, hierarchy: _, reach: _, decimals: _ } = asked;
    let units = access.fingerprint(subtree);
    let text = serde_json::to_vec(&(units, subject, titles, key_leaders_only, day)).expect("plain data");
    Sha256::digest(&text).into()
}

/// The counts, as they were counted after the act that was the last one where the chain of logs ends, or now. Titles are
/// those of the snapshot, which is replaced with all that it remembers.
async fn remembered(
    access: &Access,
    statistics: &Statistics<'_>,
    asked: &Asked,
    (subtree, end): (&Subtree, i64),
) -> Result<Counts> {
    let question = question(access, asked, subtree);
    let (acts, compositions) = (access.reference_data().acts(), access.reference_data().compositions());
    let act = acts.last(&access.prepared(), end).await?;
    if let Some(counts) = compositions.after(act, &question) {
        return Ok(counts);
    }
    let counts = counted(access, statistics, asked, subtree).await?;
    compositions.keep(act, question, counts.clone());
    Ok(counts)
}

/// The counts, counted now.
async fn counted(access: &Access, statistics: &Statistics<'_>, asked: &Asked, subtree: &Subtree) -> Result<Counts> {
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
    /// Each count as the caller may see it.
    fn show(&mut self, statistics: &Statistics<'_>, asked: &Asked, fingerprint: impl FnOnce() -> String) {
        if !statistics.is_rounded() {
            return;
        }
        let fingerprint = fingerprint();
        let shown = |level, count| {
            let key_leaders_only = asked.key_leaders_only;
            statistics.shown(&Cell { composition_of: &fingerprint, key_leaders_only, level }, count)
        };
        self.total = shown(None, self.total);
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
    let titles = wanted_titles(access, asked)?;
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

fn wanted_titles<'a>(access: &'a Access, asked: &Asked) -> Result<Option<Vec<&'a str>>> {
    let named = asked.titles.as_deref().map(|codes| titles(access, "titles", codes)).transpose()?;
    if named.is_none() && !asked.key_leaders_only {
        return Ok(None);
    }
    let candidates = named.unwrap_or_else(|| access.reference_data().titles().collect());
    let wanted = candidates.into_iter().filter(|title| title.is_key_leader || !asked.key_leaders_only);
    Ok(Some(wanted.map(|title| title.code.as_str()).collect()))
}
