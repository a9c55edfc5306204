//! Access to persons: every select is restricted to the caller's reach on the requested day. There is no other access.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use entity::{
    assignment, cadre, cadre_snapshot, qualification,
    value::{CadreId, Day, QualificationId, Scope, UnitId},
};
use sea_orm::{
    ColumnTrait, DerivePartialModel, EntityTrait, FromQueryResult, QueryFilter, QueryResult, QueryTrait, Select,
    sea_query::{Expr, ExprTrait, Func, Order, Query, SelectStatement, SimpleExpr},
};

use crate::{
    authz::{Access, AuthorizedCadre, AuthorizedCadreId, Protected, ReachedUnits, Rotations, WithRotations},
    db,
    error::Result,
    projection::cadre_snapshot::CadreSnapshot,
};

/// Persons that a caller may see.
#[derive(Clone, Copy, Debug)]
pub struct Cadres<'a> {
    access: &'a Access,
}

/// Post of a person by which a list finds the person on a day.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PostOn {
    /// A post of the person on the day.
    Current(Day),
    /// Of a person without a post on the day: the post whose unit keeps the file.
    OfFile(Day),
}

impl PostOn {
    /// The day.
    pub(crate) fn day(self) -> Day {
        match self {
            Self::Current(day) | Self::OfFile(day) => day,
        }
    }
}

/// Condition that a person holds a post within reach, or has no post and the file is in the caller's custody. Only
/// `Cadres::has_post` creates it, so persons that satisfy it may be shown.
#[derive(Debug)]
pub struct PostCondition(SimpleExpr);

impl From<PostCondition> for SimpleExpr {
    fn from(PostCondition(condition): PostCondition) -> Self {
        condition
    }
}

impl Access {
    /// Persons that the caller may see.
    ///
    /// # Errors
    /// `Forbidden` without `cadre:read`.
    pub fn cadres(&self) -> Result<Cadres<'_>> {
        self.require(Scope::CadreRead, "Cadre")?;
        Ok(Cadres { access: self })
    }
}

impl<'a> Cadres<'a> {
    /// Persons for statistics: counted, not shown, so no scope is required.
    pub(super) fn for_numbers(access: &'a Access) -> Self {
        Self { access }
    }

    /// Access of the caller.
    pub(super) fn access(&self) -> &Access {
        self.access
    }

    /// Condition that the post of the person is within reach, in one of the units, and has one of the titles. Refers to
    /// `cadre` of the outer select.
    pub(crate) fn has_post(
        &self,
        post: PostOn,
        units: Option<&ReachedUnits>,
        titles: Option<&[&str]>,
    ) -> PostCondition {
        match post {
            PostOn::Current(day) => {
                let posts = self.posts_on(day, units, titles);
                PostCondition(Expr::exists(of_cadre(posts).expr(Expr::val(1)).take()))
            }
            PostOn::OfFile(day) => {
                let has_none = Expr::exists(of_cadre(held_on(day)).expr(Expr::val(1)).take()).not();
                let of_file = self.post_of_file(day, units, titles).map(Expr::exists);
                PostCondition(of_file.into_iter().fold(has_none, ExprTrait::and))
            }
        }
    }

    /// Select of the post whose unit keeps the file of the person, who has no post on the day, if it satisfies the
    /// conditions; `None` without a condition. The same post as in `custodians`.
    fn post_of_file(&self, day: Day, units: Option<&ReachedUnits>, titles: Option<&[&str]>) -> Option<SelectStatement> {
        let units = units.map(|units| &*units.0).or(self.access.narrowing());
        if units.is_none() && titles.is_none() {
            return None;
        }
        use assignment::Column as Post;
        let left = of_cadre(Query::select().from(assignment::Entity).and_where(Post::EndOn.lte(day)).take())
            .column(Post::Id)
            .order_by(Post::EndOn, Order::Desc)
            .order_by(Post::StartOn, Order::Asc)
            .order_by(Post::Id, Order::Asc)
            .limit(1)
            .take();
        let coming = of_cadre(Query::select().from(assignment::Entity).take())
            .column(Post::Id)
            .order_by(Post::StartOn, Order::Asc)
            .order_by(Post::Id, Order::Desc)
            .limit(1)
            .take();
        let file = Func::coalesce([SimpleExpr::from(left), SimpleExpr::from(coming)]);
        let mut posts = Query::select()
            .expr(Expr::val(1))
            .from(assignment::Entity)
            .and_where(Expr::col((assignment::Entity, Post::Id)).eq(file))
            .take();
        if let Some(units) = units {
            let column = Expr::col((assignment::Entity, Post::UnitId));
            posts.and_where(db::is_any_id(self.access.backend(), column, units.iter().map(|unit| unit.0)));
        }
        self.restrict_titles(&mut posts, titles);
        Some(posts)
    }

    /// Select, without columns, of the posts held on the day within reach, in one of the units and with one of the
    /// titles.
    pub(crate) fn posts_on(&self, day: Day, units: Option<&ReachedUnits>, titles: Option<&[&str]>) -> SelectStatement {
        let mut posts = held_on(day);
        self.restrict_units(&mut posts, units);
        self.restrict_titles(&mut posts, titles);
        posts
    }

    /// Select, without columns, of the posts of any day within reach, in one of the units.
    pub(crate) fn posts_ever(&self, units: Option<&ReachedUnits>) -> SelectStatement {
        let mut posts = Query::select().from(assignment::Entity).take();
        self.restrict_units(&mut posts, units);
        posts
    }

    fn restrict_units(&self, posts: &mut SelectStatement, units: Option<&ReachedUnits>) {
        let backend = self.access.backend();
        // If no units are given, the reach is the filter.
        if let Some(units) = units.map(|units| &*units.0).or(self.access.narrowing()) {
            let column = Expr::col((assignment::Entity, assignment::Column::UnitId));
            let ids = units.iter().map(|unit| unit.0);
            // The planner underestimates the posts of a long list of units and would start with them; for more than
            // half of all units, the condition is written so that it is checked for each post instead.
            posts.and_where(match 2 * units.len() > self.access.reference_data().units().len() {
                true => db::is_any_id(backend, column, ids),
                false => db::any_id(backend, column, ids),
            });
        }
    }

    fn restrict_titles(&self, posts: &mut SelectStatement, titles: Option<&[&str]>) {
        if let Some(titles) = titles {
            let column = Expr::col((assignment::Entity, assignment::Column::TitleCode));
            posts.and_where(db::any_word(self.access.backend(), column, titles.iter().copied()));
        }
    }

    /// Selects the persons whose post is in one of the units, or anywhere within reach if none are given.
    pub(crate) fn select(&self, post: PostOn, units: Option<&ReachedUnits>) -> Select<cadre::Entity> {
        self.select_who(self.has_post(post, units, None))
    }

    /// Selects the persons who satisfy the condition.
    pub(crate) fn select_who(&self, condition: PostCondition) -> Select<cadre::Entity> {
        cadre::Entity::find().filter(condition.0)
    }

    /// Wraps the card of a person returned by `Self::select` for the day.
    pub(crate) fn admitted(&self, card: WithRotations<CadreSnapshot>, day: Day) -> AuthorizedCadre {
        self.shown(card, day, true)
    }

    /// Wraps the card of a person for whom access is already proven.
    pub(super) fn shown(&self, card: WithRotations<CadreSnapshot>, day: Day, is_in_custody: bool) -> AuthorizedCadre {
        let WithRotations { of: mut card, rotations } = card;
        let has_custody = is_in_custody && self.keeps_file_today(&card.posts, day);
        if self.access.narrowing().is_some() {
            card.posts.retain(|post| self.access.reaches(post.unit_id));
        }
        AuthorizedCadre { card: Arc::new(card), rotations: rotations.map(Arc::from), day, has_custody }
    }

    /// Cards that satisfy a condition on their columns, without restriction to the reach.
    pub(super) async fn cards(
        &self,
        condition: SimpleExpr,
        with: Option<Rotations<'_>>,
    ) -> Result<Vec<WithRotations<CadreSnapshot>>> {
        let select = cadre_snapshot::Entity::find().filter(condition).into_query();
        let card = |row: &QueryResult| CadreSnapshot::of(&cadre_snapshot::Model::from_query_result(row, "")?);
        self.access.read_beside(&self.access.prepared(), select, with, card).await
    }

    /// Finds persons by a condition on their cards, in service or not, whose files are in the caller's custody.
    /// Includes rotations if they are requested.
    pub(crate) async fn find(
        &self,
        condition: SimpleExpr,
        with: Option<Rotations<'_>>,
        day: Day,
    ) -> Result<Vec<AuthorizedCadre>> {
        let cards = self.cards(condition, with).await?;
        let kept = cards.into_iter().filter(|card| self.keeps_file(&card.of.posts, day));
        let mut shown: Vec<AuthorizedCadre> = kept.map(|card| self.shown(card, day, true)).collect();
        self.access.read_apart(shown.iter_mut().collect(), with).await?;
        Ok(shown)
    }

    /// Whether the file of a person with these posts is in the caller's custody on the day.
    pub(super) fn keeps_file(&self, posts: &[assignment::Model], day: Day) -> bool {
        match posts {
            [] => self.access.narrowing().is_none(),
            posts => custodians(posts, day).any(|unit| self.access.reaches(unit)),
        }
    }

    /// Whether a file that is in the caller's custody on `day` is in it today.
    fn keeps_file_today(&self, posts: &[assignment::Model], day: Day) -> bool {
        let today = self.access.today();
        day == today || self.keeps_file(posts, today)
    }

    /// Whether the protected facts of a person with these posts are open to the caller on the day.
    pub(super) fn has_custody(&self, posts: &[assignment::Model], day: Day) -> bool {
        self.keeps_file(posts, day) && self.keeps_file_today(posts, day)
    }

    /// Persons by id, in no particular order. Persons out of reach are omitted.
    pub async fn by_ids(&self, ids: &[CadreId], day: Day) -> Result<Vec<AuthorizedCadre>> {
        self.find(self.is_one_of(ids.iter().copied()), None, day).await
    }

    /// Condition that a card belongs to one of the persons.
    pub(super) fn is_one_of(&self, ids: impl Iterator<Item = CadreId>) -> SimpleExpr {
        let column = Expr::col((cadre_snapshot::Entity, cadre_snapshot::Column::CadreId));
        db::any_id(self.access.backend(), column, ids.map(|id| id.0))
    }

    /// Qualifications by id, of persons whose files are in the caller's custody on the day.
    pub async fn qualifications_by_ids(&self, ids: &[QualificationId], day: Day) -> Result<Vec<qualification::Model>> {
        let column = Expr::col((qualification::Entity, qualification::Column::Id));
        let mut rows = qualification::Entity::find()
            .filter(db::any_id(self.access.backend(), column, ids.iter().map(|id| id.0)))
            .filter(qualification::Column::CountsFrom.lte(day))
            .all(self.access.reader())
            .await?;
        let holders: Vec<CadreId> = rows.iter().map(|row| row.cadre_id).collect();
        let seen: HashSet<CadreId> = self.by_ids(&holders, day).await?.iter().map(AuthorizedCadre::id).collect();
        rows.retain(|row| seen.contains(&row.cadre_id));
        Ok(rows)
    }

    /// Protected data of persons, still sealed.
    pub async fn protected(&self, of: &[AuthorizedCadreId]) -> Result<HashMap<AuthorizedCadreId, Protected>> {
        let column = Expr::col((cadre::Entity, cadre::Column::Id));
        let rows = cadre::Entity::find()
            .filter(db::any_id(self.access.backend(), column, of.iter().map(|seen| seen.id().0)))
            .into_partial_model::<ProtectedOf>()
            .all(self.access.reader())
            .await?;
        let mut rows: HashMap<CadreId, Protected> = rows.into_iter().map(|row| (row.id, row.protected)).collect();
        Ok(of.iter().filter_map(|seen| Some((*seen, rows.remove(&seen.id())?))).collect())
    }
}

/// Select, without columns, of the posts held on a day.
fn held_on(day: Day) -> SelectStatement {
    Query::select()
        .from(assignment::Entity)
        .and_where(assignment::Column::StartOn.lte(day))
        .and_where(assignment::Column::EndOn.is_null().or(assignment::Column::EndOn.gt(day)))
        .take()
}

/// Restricts a select of posts to those of `cadre` of the outer select.
fn of_cadre(mut posts: SelectStatement) -> SelectStatement {
    let person = Expr::col((assignment::Entity, assignment::Column::CadreId));
    posts.and_where(person.equals((cadre::Entity, cadre::Column::Id)));
    posts
}

/// Id and protected data of a person.
#[derive(DerivePartialModel)]
#[sea_orm(entity = "cadre::Entity")]
struct ProtectedOf {
    id: CadreId,
    #[sea_orm(nested)]
    protected: Protected,
}

/// Units that keep a person's file on a day: the units where the person holds posts; without a current post, the unit
/// of the last ended post; before the first post, the unit of the first.
pub(crate) fn custodians(posts: &[assignment::Model], day: Day) -> impl Iterator<Item = UnitId> {
    let held = posts.iter().filter(move |post| post.is_held_on(day)).map(|post| post.unit_id);
    let left = posts.iter().filter(|post| post.end_on.is_some_and(|end| end <= day)).max_by_key(|post| post.end_on);
    let coming = posts.iter().min_by_key(|post| post.start_on);
    let otherwise = if posts.iter().any(|post| post.is_held_on(day)) { None } else { left.or(coming) };
    held.chain(otherwise.map(|post| post.unit_id))
}

#[cfg(test)]
mod tests {
    use entity::sample;

    use super::*;

    #[test]
    fn a_file_is_kept_where_the_person_serves_or_served_last() {
        let (cadre, first, second, third) = (CadreId::new(), UnitId::new(), UnitId::new(), UnitId::new());
        let post = |unit, start: &str, end: &str| assignment::Model {
            cadre_id: cadre,
            unit_id: unit,
            start_on: start.parse().expect("a day"),
            end_on: end.parse().ok(),
            ..sample::assignment()
        };
        let posts = [
            post(third, "2018-01-01", "2020-01-01"),
            post(second, "2015-01-01", "2016-01-01"),
            post(first, "2010-01-01", "2015-01-01"),
        ];
        for (day, unit) in [
            ("2009-01-01", first),
            ("2010-01-01", first),
            ("2014-12-31", first),
            ("2015-01-01", second),
            ("2016-01-01", second),
            ("2017-12-31", second),
            ("2018-01-01", third),
            ("2026-01-01", third),
        ] {
            let found: Vec<_> = custodians(&posts, day.parse().expect("a day")).collect();
            assert_eq!(found, [unit], "{day}");
        }
        assert_eq!(custodians(&[], "2020-01-01".parse().expect("a day")).count(), 0);
    }
}
