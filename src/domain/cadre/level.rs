//! Conditions on the highest level that a person holds in a subject.

use entity::{
    cadre, qualification as row,
    value::{Day, LevelCode},
};
use sea_orm::{
    ColumnTrait, Condition,
    sea_query::{Expr, ExprTrait, Query, SimpleExpr},
};

use crate::{
    authz::Access,
    db,
    domain::qualification,
    error::{Error, Result},
    reference::Subject,
};

/// Condition on the highest level that a person holds in a subject. Without a bound, any level matches.
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
pub struct LevelCondition {
    /// Code of the subject.
    pub subject: String,
    /// The highest level is this one or higher.
    pub at_least: Option<String>,
    /// The highest level is lower than this one, or no level is recorded.
    pub below: Option<String>,
    /// The highest level is exactly this one.
    pub exactly: Option<String>,
}

/// Ranks of the levels in a condition.
struct Bounds {
    at_least: Option<i16>,
    below: Option<i16>,
    exactly: Option<i16>,
}

impl LevelCondition {
    /// Subject and ranks of the condition.
    fn bounds<'a>(&self, access: &'a Access, field: &str) -> Result<(&'a Subject, Bounds)> {
        let subject = qualification::subject(access, &format!("{field}.subject"), &self.subject)?;
        let rank = |name: &str, level: &Option<String>| {
            let level = level.as_deref();
            let found = level.map(|level| qualification::level(subject, &format!("{field}.{name}"), level));
            Ok::<_, Error>(found.transpose()?.map(|level| level.rank))
        };
        let (at_least, below) = (rank("atLeast", &self.at_least)?, rank("below", &self.below)?);
        Ok((subject, Bounds { at_least, below, exactly: rank("exactly", &self.exactly)? }))
    }

    /// Ranks that the highest level may have, and whether people without a level match.
    pub(super) fn ranks(&self, access: &Access, field: &str) -> Result<(Vec<i16>, bool)> {
        let (subject, Bounds { at_least, below, exactly }) = self.bounds(access, field)?;
        let is_wanted = |rank: i16| {
            at_least.is_none_or(|bound| rank >= bound)
                && below.is_none_or(|bound| rank < bound)
                && exactly.is_none_or(|bound| rank == bound)
        };
        let ranks = subject.levels.iter().map(|level| level.rank).filter(|rank| is_wanted(*rank));
        Ok((ranks.collect(), below.is_some() && at_least.is_none() && exactly.is_none()))
    }

    pub(super) fn condition(&self, access: &Access, field: &str, day: Day) -> Result<Condition> {
        let (subject, Bounds { at_least, below, exactly }) = self.bounds(access, field)?;
        let holds = |wanted: &dyn Fn(i16) -> bool| {
            let levels = subject.levels.iter().filter(|level| wanted(level.rank)).map(|level| &level.code);
            holds_level(access, subject.row.code.as_str(), levels, day)
        };
        let mut all = Condition::all();
        if let Some(bound) = at_least {
            all = all.add(holds(&|rank| rank >= bound));
        }
        if let Some(bound) = below {
            all = all.add(holds(&|rank| rank >= bound).not());
        }
        if let Some(bound) = exactly {
            all = all.add(holds(&|rank| rank == bound)).add(holds(&|rank| rank > bound).not());
        }
        Ok(if all.is_empty() { all.add(holds(&|_| true)) } else { all })
    }
}

/// Condition that the person of the outer select holds one of the levels of a subject.
pub(super) fn holds_level<'a>(
    access: &Access,
    subject: &str,
    levels: impl Iterator<Item = &'a LevelCode>,
    day: Day,
) -> SimpleExpr {
    let level = Expr::col((row::Entity, row::Column::LevelCode));
    let held = Query::select()
        .expr(Expr::val(1))
        .from(row::Entity)
        .and_where(Expr::col((row::Entity, row::Column::CadreId)).equals((cadre::Entity, cadre::Column::Id)))
        .and_where(row::Column::SubjectCode.eq(subject))
        .and_where(row::Column::CountsFrom.lte(day))
        .and_where(db::any_word(access.backend(), level, levels.map(LevelCode::as_str)))
        .take();
    Expr::exists(held)
}
