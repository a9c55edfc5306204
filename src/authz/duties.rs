//! Records that decide a duty: posts, enrolments that the caller may see, and exemptions. All facts of a person are
//! expressions on `cadre` of the outer select, so that a single result, a filter and a count use the same ones.

use std::{collections::HashMap, sync::Arc};

use entity::{
    assignment, cadre, duty_exemption, enrolment, programme, training_class,
    value::{CadreId, CadreStatus, ClassState, DutyMeasure, EnrolmentState, Hierarchy, ProgrammeCode, UnitId},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, QueryFilter, QueryResult, QuerySelect, QueryTrait,
    sea_query::{Alias, Expr, ExprTrait, Func, Order, Query, SelectStatement, SimpleExpr},
};

use crate::{
    authz::{Access, AuthorizedCadreId, Cadres, ReachedUnits, Statistics, Training},
    db,
    error::Result,
    reference::{
        duties::{Duty, DutyYear},
        units::{Reach, UnitSet},
    },
};

/// Facts of a person for a duty and a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DutyFacts {
    /// The person has one of the categories of the duty. Categories have no history: today's one counts.
    pub has_category: bool,
    /// The person had a title of key leaders on at least one day of the year. Only read for a duty of key leaders.
    pub was_key_leader: bool,
    /// The person is in service on the day by which the year is counted, and the primary post is in a unit within reach
    /// and below the issuer.
    pub is_counted: bool,
    /// Courses or hours that count, by the measure of the duty.
    pub amount: u64,
    /// An exemption has at least one day of the year.
    pub is_exempt: bool,
    /// A completed programme that counts has no recorded hours. Only read for a duty in hours.
    pub lacks_hours: bool,
    /// A class that counts ended in the year without a result of the person.
    pub lacks_result: bool,
    /// The person had a primary post out of reach in the year.
    pub was_out_of_reach: bool,
}

/// The facts as expressions, each 0 or 1, the amount a number.
pub(crate) struct FactExpressions {
    pub has_category: SimpleExpr,
    pub was_key_leader: SimpleExpr,
    pub is_counted: SimpleExpr,
    pub amount: SimpleExpr,
    pub is_exempt: SimpleExpr,
    pub lacks_hours: SimpleExpr,
    pub lacks_result: SimpleExpr,
    pub was_out_of_reach: SimpleExpr,
}

/// Records of a duty in a year.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DutyRecords<'a> {
    access: &'a Access,
    training: Training<'a>,
    duty: &'a Duty,
    year: DutyYear,
}

impl<'a> Training<'a> {
    /// Records of a duty in a year.
    pub(crate) fn duty_records(self, duty: &'a Duty, year: DutyYear) -> DutyRecords<'a> {
        DutyRecords { access: self.access(), training: self, duty, year }
    }
}

impl<'a> Statistics<'a> {
    /// Records of a duty in a year, for numbers.
    pub(crate) fn duty_records(&self, duty: &'a Duty, year: DutyYear) -> DutyRecords<'a> {
        Training::for_numbers(self.access()).duty_records(duty, year)
    }
}

impl DutyRecords<'_> {
    /// Facts of persons that the caller may see.
    pub async fn facts(&self, of: &[AuthorizedCadreId]) -> Result<HashMap<AuthorizedCadreId, DutyFacts>> {
        let id = Expr::col((cadre::Entity, cadre::Column::Id));
        let mut select = self.select();
        select.expr_as(id.clone(), "cadre_id").and_where(db::any_id(
            self.access.backend(),
            id,
            of.iter().map(|seen| seen.id().0),
        ));
        let mut facts = HashMap::new();
        for row in self.access.reader().query_all(&select).await? {
            facts.insert(row.try_get::<CadreId>("", "cadre_id")?, fact_row(&row)?);
        }
        Ok(of.iter().filter_map(|seen| Some((*seen, facts.remove(&seen.id())?))).collect())
    }

    /// Number of persons by their facts: of those whose primary post is in the units on the day by which the year is
    /// counted.
    pub async fn counted(&self, units: &ReachedUnits) -> Result<Vec<(DutyFacts, u64)>> {
        let mut posts = Cadres::for_numbers(self.access).posts_on(self.year.counted_on, Some(units), None);
        posts
            .column((assignment::Entity, assignment::Column::CadreId))
            .and_where(assignment::Column::IsPrimary.eq(true));
        let unit = self.primary_unit();
        let mut people = self.select();
        people
            .and_where(Expr::col((cadre::Entity, cadre::Column::Id)).in_subquery(posts))
            // Of two primary posts, the later one decides.
            .and_where(db::is_any_id(self.access.backend(), unit, units.ids()));
        let mut select = Query::select();
        select.from_subquery(people, Alias::new("person")).expr_as(Func::count(Expr::cust("*")), "people");
        for name in NAMES {
            select.column(name).add_group_by([Expr::col(name)]);
        }
        let mut counted = Vec::new();
        for row in self.access.reader().query_all(&select).await? {
            let people: i64 = row.try_get("", "people")?;
            counted.push((fact_row(&row)?, u64::try_from(people).unwrap_or(0)));
        }
        Ok(counted)
    }

    /// Learners of classes that count and ended in the year, organised by the units and recorded without names.
    pub async fn unnamed_learners(&self, units: &ReachedUnits) -> Result<u64> {
        use training_class::Column as Class;
        let organiser = Expr::col((training_class::Entity, Class::OrganiserId));
        let mut classes = self
            .training
            .classes()
            .filter(db::any_id(self.access.backend(), organiser, units.ids()))
            .filter(Class::EndOn.between(self.year.first, Ord::min(self.year.last, self.access.today())))
            .filter(Class::State.is_not_in(ClassState::NOT_HELD));
        if !self.duty.programmes().is_empty() {
            let codes = self.duty.programmes().iter().map(ProgrammeCode::as_str);
            classes = classes.filter(Class::ProgrammeCode.is_in(codes));
        }
        let learners: Option<Option<i64>> = classes
            .select_only()
            .expr_as(Func::sum(Expr::col((training_class::Entity, Class::ReportedLearners))), "learners")
            .into_tuple()
            .one(self.access.reader())
            .await?;
        Ok(u64::try_from(learners.flatten().unwrap_or(0)).unwrap_or(0))
    }

    /// Select of the facts of persons.
    fn select(&self) -> SelectStatement {
        let facts = self.expressions();
        let mut select = Query::select().from(cadre::Entity).take();
        let expressions = [
            facts.has_category,
            facts.was_key_leader,
            facts.is_counted,
            facts.amount,
            facts.is_exempt,
            facts.lacks_hours,
            facts.lacks_result,
            facts.was_out_of_reach,
        ];
        for (name, expression) in NAMES.into_iter().zip(expressions) {
            select.expr_as(expression, name);
        }
        select
    }

    /// The facts of `cadre` of the outer select.
    pub fn expressions(&self) -> FactExpressions {
        FactExpressions {
            has_category: flag(cadre::Column::Category.is_in(self.duty.row().categories())),
            was_key_leader: self.was_key_leader(),
            is_counted: self.is_counted(),
            amount: self.amount(),
            is_exempt: self.is_exempt(),
            lacks_hours: self.lacks_hours(),
            lacks_result: self.lacks_result(),
            was_out_of_reach: self.was_out_of_reach(),
        }
    }

    /// Unit of the primary post on the day by which the year is counted; of two, that of the later started one. A post
    /// without an end does not outlast the service of the person.
    fn primary_unit(&self) -> SimpleExpr {
        use assignment::Column as Post;
        let day = self.year.counted_on;
        let lasts = Post::EndOn.gt(day).or(Post::EndOn.is_null().and(cadre::Column::Status.eq(CadreStatus::Active)));
        of_cadre(
            Query::select().column(Post::UnitId).from(assignment::Entity).take(),
            (assignment::Entity, Post::CadreId),
        )
        .and_where(Post::IsPrimary.eq(true))
        .and_where(Post::StartOn.lte(day))
        .and_where(lasts)
        .order_by((assignment::Entity, Post::StartOn), Order::Desc)
        .order_by((assignment::Entity, Post::Id), Order::Desc)
        .limit(1)
        .take()
        .into()
    }

    /// The primary post is within reach and below the issuer.
    fn is_counted(&self) -> SimpleExpr {
        let unit = self.primary_unit();
        flag(match self.counting_units() {
            None => unit.is_not_null(),
            Some(units) => db::is_any_id(self.access.backend(), unit, units.iter().map(|unit| unit.0)),
        })
    }

    /// Units within reach that the duty binds; `None` for all units.
    fn counting_units(&self) -> Option<Arc<UnitSet>> {
        let reach = self.access.narrowing();
        let Some(issuer) = self.duty.issuer() else { return reach.map(|reach| Arc::new(reach.clone())) };
        let trees = [Hierarchy::Administrative, Hierarchy::Party];
        let subtree = |tree| self.access.subtree((issuer, tree, Reach::Subtree, self.year.counted_on));
        let mut units = UnitSet::new();
        for tree in trees {
            units.extend(subtree(tree).units().iter().copied());
        }
        units.retain(|unit: &UnitId| reach.is_none_or(|reach| reach.contains(unit)));
        Some(Arc::new(units))
    }

    /// A post of a key leader on at least one day of the year.
    fn was_key_leader(&self) -> SimpleExpr {
        if !self.duty.row().key_leaders_only {
            return Expr::val(0);
        }
        let titles = self.access.reference_data().titles().filter(|title| title.is_key_leader);
        let title = Expr::col((assignment::Entity, assignment::Column::TitleCode));
        let mut posts = self.posts_of_year();
        posts.and_where(db::any_word(self.access.backend(), title, titles.map(|title| title.code.as_str())));
        flag(Expr::exists(posts))
    }

    /// A primary post out of reach on at least one day of the year.
    fn was_out_of_reach(&self) -> SimpleExpr {
        let Some(reach) = self.access.narrowing() else { return Expr::val(0) };
        let unit = Expr::col((assignment::Entity, assignment::Column::UnitId));
        let is_within = db::is_any_id(self.access.backend(), unit, reach.iter().map(|unit| unit.0));
        let mut posts = self.posts_of_year();
        posts.and_where(assignment::Column::IsPrimary.eq(true)).and_where(is_within.not());
        flag(Expr::exists(posts))
    }

    /// Posts of the person in the year, up to the day by which it is counted.
    fn posts_of_year(&self) -> SelectStatement {
        use assignment::Column as Post;
        of_cadre(
            Query::select().expr(Expr::val(1)).from(assignment::Entity).take(),
            (assignment::Entity, Post::CadreId),
        )
        .and_where(Post::StartOn.lte(self.year.counted_on))
        .and_where(Post::EndOn.is_null().or(Post::EndOn.gt(self.year.first)))
        .take()
    }

    /// An exemption with at least one day of the year.
    fn is_exempt(&self) -> SimpleExpr {
        use duty_exemption::Column as Exemption;
        let person = (duty_exemption::Entity, Exemption::CadreId);
        let exemptions = of_cadre(Query::select().expr(Expr::val(1)).from(duty_exemption::Entity).take(), person)
            .and_where(Exemption::DutyCode.eq(self.duty.row().code.clone()))
            .and_where(Exemption::WithdrawnOn.is_null())
            .and_where(Exemption::ValidFrom.lte(self.year.last))
            .and_where(Exemption::ValidTo.is_null().or(Exemption::ValidTo.gt(self.year.first)))
            .take();
        flag(Expr::exists(exemptions))
    }

    /// Courses in which the person took part, or hours of completed programmes.
    fn amount(&self) -> SimpleExpr {
        let hours = Expr::col((programme::Entity, programme::Column::Hours));
        match self.duty.row().measure {
            DutyMeasure::Participation => self
                .enrolments(Condition::any().add(self.is_completed()).add(self.is_attending()))
                .expr(Func::count(Expr::cust("*")))
                .take()
                .into(),
            DutyMeasure::Hours => {
                let sum: SimpleExpr = self.enrolments(self.is_completed()).expr(Func::sum(hours)).take().into();
                Func::coalesce([sum, Expr::val(0)]).into()
            }
        }
    }

    /// A completed programme without recorded hours.
    fn lacks_hours(&self) -> SimpleExpr {
        match self.duty.row().measure {
            DutyMeasure::Participation => Expr::val(0),
            DutyMeasure::Hours => {
                let mut enrolments = self.enrolments(self.is_completed());
                enrolments.expr(Expr::val(1)).and_where(programme::Column::Hours.is_null());
                flag(Expr::exists(enrolments))
            }
        }
    }

    /// A seat in a class that ended in the year, without a result.
    fn lacks_result(&self) -> SimpleExpr {
        use enrolment::Column as Seat;
        use training_class::Column as Class;
        let (year, number) = (self.year, self.year.number());
        let has_ended = || Class::EndOn.between(year.first, year.last);
        let attended = match self.duty.row().measure {
            // On the last day of the year the person takes part.
            DutyMeasure::Participation => {
                Condition::all().add(Class::EndOn.gte(year.first)).add(Class::EndOn.lt(year.last))
            }
            DutyMeasure::Hours => {
                Condition::any().add(has_ended()).add(Seat::ClassId.is_null().and(Seat::Year.eq(number)))
            }
        };
        let lacks = Condition::any()
            .add(Seat::State.eq(EnrolmentState::Confirmed).and(has_ended()))
            .add(Condition::all().add(Seat::State.eq(EnrolmentState::Attending)).add(attended));
        flag(Expr::exists(self.enrolments(lacks).expr(Expr::val(1)).take()))
    }

    /// The enrolment was completed in the year. A class counts in the year in which it ends.
    fn is_completed(&self) -> Condition {
        use enrolment::Column as Seat;
        let year = self.year;
        let elsewhere = Seat::ClassId.is_null().and(Seat::Year.eq(year.number()));
        Condition::all()
            .add(Seat::State.eq(EnrolmentState::Completed))
            .add(elsewhere.or(training_class::Column::EndOn.between(year.first, year.last)))
    }

    /// The person was attending at the end of the year.
    fn is_attending(&self) -> Condition {
        use enrolment::Column as Seat;
        use training_class::Column as Class;
        let year = self.year;
        let elsewhere = Seat::ClassId.is_null().and(Seat::Year.eq(year.number()));
        let runs = Class::StartOn.lte(year.last).and(Class::EndOn.gte(year.last));
        let attends = Condition::all().add(Seat::State.eq(EnrolmentState::Attending)).add(elsewhere.or(runs));
        match year.counted_on == year.last {
            true => attends,
            // The end of the year is ahead.
            false => attends.add(Expr::val(1).eq(0)),
        }
    }

    /// Enrolments of the person that the caller may see, in programmes that count, with their class and programme.
    fn enrolments(&self, condition: Condition) -> SelectStatement {
        use enrolment::Column as Seat;
        let class = (training_class::Entity, training_class::Column::Id);
        let of_programme = (programme::Entity, programme::Column::Code);
        let mut select = self.training.enrolments().select_only().into_query();
        select
            .left_join(training_class::Entity, Expr::col((enrolment::Entity, Seat::ClassId)).equals(class))
            .inner_join(programme::Entity, Expr::col((enrolment::Entity, Seat::ProgrammeCode)).equals(of_programme))
            .cond_where(condition);
        let programmes = self.duty.programmes();
        if !programmes.is_empty() {
            let code = Expr::col((enrolment::Entity, Seat::ProgrammeCode));
            let codes = programmes.iter().map(ProgrammeCode::as_str);
            select.and_where(db::any_word(self.access.backend(), code, codes));
        }
        of_cadre(select, (enrolment::Entity, Seat::CadreId))
    }
}

/// Names of the facts in a result, in the order of `FactExpressions`.
const NAMES: [&str; 8] = [
    "has_category",
    "was_key_leader",
    "is_counted",
    "amount",
    "is_exempt",
    "lacks_hours",
    "lacks_result",
    "was_out_of_reach",
];

fn fact_row(row: &QueryResult) -> Result<DutyFacts> {
    let flag = |name| -> Result<bool> { Ok(row.try_get::<i32>("", name)? != 0) };
    let amount: i64 = row.try_get("", "amount")?;
    Ok(DutyFacts {
        has_category: flag("has_category")?,
        was_key_leader: flag("was_key_leader")?,
        is_counted: flag("is_counted")?,
        amount: u64::try_from(amount).unwrap_or(0),
        is_exempt: flag("is_exempt")?,
        lacks_hours: flag("lacks_hours")?,
        lacks_result: flag("lacks_result")?,
        was_out_of_reach: flag("was_out_of_reach")?,
    })
}

/// 1 if the condition holds, otherwise 0; never null.
fn flag(condition: impl Into<Condition>) -> SimpleExpr {
    Expr::case(condition.into(), 1).finally(0).into()
}

/// Restricts a select to the rows of `cadre` of the outer select.
fn of_cadre<C: ColumnTrait>(
    mut select: SelectStatement,
    person: (impl sea_orm::sea_query::IntoIden + 'static, C),
) -> SelectStatement {
    let (table, column) = person;
    select.and_where(Expr::col((table, column)).equals((cadre::Entity, cadre::Column::Id)));
    select
}
