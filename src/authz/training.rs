//! Access to plans, quotas, classes and enrolments: every select is restricted to what the caller may see. There is no
//! other access.
//!
//! A caller may see:
//! - a quota if it reaches the unit that holds it;
//! - a plan if it reaches the plan's unit or the holder of one of its quotas;
//! - an enrolment if it reaches the sending unit or the organiser of the class;
//! - a class if it reaches its organiser, may see one of its enrolments, or reaches the holder of a quota of its plan
//!   that learners of the class can use.

use std::collections::HashMap;

use entity::{
    class_session, enrolment, quota, training_class, training_plan,
    value::{ClassId, Day, EnrolmentId, PlanCode, PlanId, PlanState, QuotaId, QuotaState, Scope, UnitId},
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, Select,
    sea_query::{Expr, ExprTrait, IntoColumnRef, Query, SelectStatement, SimpleExpr},
};

use crate::{
    authz::{Access, RelatedCadre},
    db,
    error::Result,
    reference::ANY_PROGRAMME,
};

/// Plans, classes and enrolments that a caller may see.
#[derive(Clone, Copy, Debug)]
pub struct Training<'a> {
    access: &'a Access,
}

/// Quotas that a caller may see.
#[derive(Clone, Copy, Debug)]
pub struct Quotas<'a> {
    access: &'a Access,
}

/// A plan that the caller may see. Only this module creates values of this and the following types, so a value is proof
/// of access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisiblePlan(training_plan::Model);

/// A class that the caller may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisibleClass(training_class::Model);

/// Proof that the caller may see a class; required to read its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AuthorizedClassId(ClassId);

/// An enrolment that the caller may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisibleEnrolment(enrolment::Model);

/// A quota that the caller may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisibleQuota(quota::Model);

impl VisiblePlan {
    /// Row of the plan.
    pub fn row(&self) -> &training_plan::Model {
        &self.0
    }
}

impl VisibleClass {
    /// Row of the class.
    pub fn row(&self) -> &training_class::Model {
        &self.0
    }

    /// Proof of access for reading the records of the class.
    pub fn seen(&self) -> AuthorizedClassId {
        AuthorizedClassId(self.0.id)
    }
}

impl VisibleEnrolment {
    /// Row of the enrolment.
    pub fn row(&self) -> &enrolment::Model {
        &self.0
    }
}

impl VisibleQuota {
    /// Row of the quota.
    pub fn row(&self) -> &quota::Model {
        &self.0
    }
}

impl Access {
    /// Plans, classes and enrolments that the caller may see.
    ///
    /// # Errors
    /// `Forbidden` without `training:read`.
    pub fn training(&self) -> Result<Training<'_>> {
        self.require(Scope::TrainingRead, "TrainingClass")?;
        Ok(Training { access: self })
    }

    /// Quotas that the caller may see.
    ///
    /// # Errors
    /// `Forbidden` without `quota:read`.
    pub fn quotas(&self) -> Result<Quotas<'_>> {
        self.require(Scope::QuotaRead, "Quota")?;
        Ok(Quotas { access: self })
    }

    /// Person of an enrolment; a caller that may see the enrolment may see its person. Shown as of today while the
    /// person's file is within reach, otherwise as of the last day on which the person was certainly within reach
    /// because of the enrolment: the first day of its class, or the last day of its year.
    pub fn learner_of(&self, enrolment: &VisibleEnrolment, class: Option<&VisibleClass>) -> RelatedCadre {
        let today = self.today;
        let last = class.map(|class| class.0.start_on).or(Day::end_of_year(enrolment.0.year));
        RelatedCadre::of(enrolment.0.cadre_id, today, Ord::min(last.unwrap_or(today), today))
    }

    fn knows(&self, unit: UnitId) -> bool {
        self.reference_data().units().get(unit).is_some()
    }

    /// Condition that a column contains a unit within reach; `None` if all units are.
    fn is_within(&self, column: impl IntoColumnRef) -> Option<SimpleExpr> {
        let reach = self.narrowing()?;
        Some(db::any_id(self.backend(), Expr::col(column), reach.iter().map(|unit: &UnitId| unit.0)))
    }
}

impl<'a> Quotas<'a> {
    /// Quotas for statistics: counted, not shown, so no scope is required.
    pub(super) fn for_numbers(access: &'a Access) -> Self {
        Self { access }
    }

    /// Base select of all queries on quotas, restricted to visible ones.
    pub(crate) fn select(&self) -> Select<quota::Entity> {
        let within = self.access.is_within((quota::Entity, quota::Column::UnitId));
        quota::Entity::find().filter(Condition::all().add_option(within))
    }

    /// Wraps a row returned by a select of this type. `None` if its unit was created after the request began.
    pub(crate) fn admitted(&self, row: quota::Model) -> Option<VisibleQuota> {
        self.access.knows(row.unit_id).then_some(VisibleQuota(row))
    }

    /// Quotas by id, in id order. Quotas that the caller may not see are omitted.
    pub async fn by_ids(&self, ids: &[QuotaId]) -> Result<Vec<VisibleQuota>> {
        self.read(quota::Column::Id, ids).await
    }

    /// Child quotas, by parent, in the order in which they were recorded. Quotas that the caller may not see are
    /// omitted.
    pub async fn children(&self, of: &[QuotaId]) -> Result<HashMap<QuotaId, Vec<VisibleQuota>>> {
        let mut children: HashMap<QuotaId, Vec<_>> = HashMap::new();
        for child in self.read(quota::Column::ParentId, of).await? {
            if let Some(parent) = child.0.parent_id {
                children.entry(parent).or_default().push(child);
            }
        }
        Ok(children)
    }

    /// Plan by code, to issue its quotas; `None` if its unit is out of reach.
    pub(crate) async fn plan_for_issue(&self, code: PlanCode) -> Result<Option<training_plan::Model>> {
        let plan = training_plan::Entity::find().filter(training_plan::Column::Code.eq(code));
        let plan = plan.one(self.access.reader()).await?;
        Ok(plan.filter(|plan| self.access.reaches(plan.unit_id)))
    }

    async fn read(&self, column: quota::Column, ids: &[QuotaId]) -> Result<Vec<VisibleQuota>> {
        let column = Expr::col((quota::Entity, column));
        let of_ids = db::any_id(self.access.backend(), column, ids.iter().map(|id| id.0));
        let select = self.select().filter(of_ids).order_by_asc(quota::Column::Id);
        let rows = select.all(&self.access.prepared()).await?;
        Ok(rows.into_iter().filter_map(|row| self.admitted(row)).collect())
    }
}

impl<'a> Training<'a> {
    /// The access of the caller.
    pub(super) fn access(&self) -> &'a Access {
        self.access
    }

    /// Plans, classes and enrolments for statistics: counted, not shown, so no scope is required.
    pub(super) fn for_numbers(access: &'a Access) -> Self {
        Self { access }
    }

    /// Base select of all queries on plans, restricted to visible ones.
    pub(crate) fn plans(&self) -> Select<training_plan::Entity> {
        let own = self.access.is_within((training_plan::Entity, training_plan::Column::UnitId));
        let quota = self.access.is_within((quota::Entity, quota::Column::UnitId));
        training_plan::Entity::find().filter(either(own, quota, |within| {
            let plan = (training_plan::Entity, training_plan::Column::Id);
            let of_plan = Expr::col((quota::Entity, quota::Column::PlanId)).equals(plan);
            Query::select().expr(Expr::val(1)).from(quota::Entity).and_where(of_plan).and_where(within).take()
        }))
    }

    /// Base select of all queries on classes, restricted to visible ones.
    pub(crate) fn classes(&self) -> Select<training_class::Entity> {
        let own = self.access.is_within((training_class::Entity, training_class::Column::OrganiserId));
        let sent = self.access.is_within((enrolment::Entity, enrolment::Column::UnitId));
        let known = either(own, sent, |within| {
            let class = (training_class::Entity, training_class::Column::Id);
            let of_class = Expr::col((enrolment::Entity, enrolment::Column::ClassId)).equals(class);
            Query::select().expr(Expr::val(1)).from(enrolment::Entity).and_where(of_class).and_where(within).take()
        });
        let held = self.access.is_within((quota::Entity, quota::Column::UnitId));
        training_class::Entity::find()
            .filter(known.add_option(held.map(|within| Expr::exists(self.quotas_for(within)))))
    }

    /// Quotas of units within reach that learners of a class can use: quotas in force, of the class's plan in a state
    /// that issues quotas, for its programme or all programmes, and for its mode or any mode.
    fn quotas_for(&self, within: SimpleExpr) -> SelectStatement {
        let class = |column| Expr::col((training_class::Entity, column));
        let quota = |column| Expr::col((quota::Entity, column));
        let of_all = self.access.reference_data().programmes().filter(|programme| programme.subject == ANY_PROGRAMME);
        let of_all = of_all.map(|programme| Expr::val(programme.code.as_str()));
        let programmes = std::iter::once(class(training_class::Column::ProgrammeCode)).chain(of_all);
        let usable_quotas = Query::select()
            .column(training_plan::Column::Id)
            .from(training_plan::Entity)
            .and_where(training_plan::Column::State.is_in(PlanState::GIVING))
            .take();
        Query::select()
            .expr(Expr::val(1))
            .from(quota::Entity)
            .and_where(quota(quota::Column::PlanId).eq(class(training_class::Column::PlanId)))
            .and_where(quota(quota::Column::ProgrammeCode).is_in(programmes))
            .and_where(
                quota(quota::Column::Mode)
                    .is_null()
                    .or(quota(quota::Column::Mode).eq(class(training_class::Column::Mode))),
            )
            .and_where(quota::Column::State.eq(QuotaState::Issued))
            .and_where(quota(quota::Column::PlanId).in_subquery(usable_quotas))
            .and_where(within)
            .take()
    }

    /// Base select of all queries on enrolments, restricted to visible ones.
    pub(crate) fn enrolments(&self) -> Select<enrolment::Entity> {
        let sent = self.access.is_within((enrolment::Entity, enrolment::Column::UnitId));
        let organised = self.access.is_within((training_class::Entity, training_class::Column::OrganiserId));
        enrolment::Entity::find().filter(either(sent, organised, |within| {
            let class = (training_class::Entity, training_class::Column::Id);
            let of_class = Expr::col((enrolment::Entity, enrolment::Column::ClassId)).equals(class);
            Query::select().expr(Expr::val(1)).from(training_class::Entity).and_where(of_class).and_where(within).take()
        }))
    }

    /// Wraps a plan returned by a select of this type. `None` if its unit was created after the request began.
    pub(crate) fn admitted_plan(&self, row: training_plan::Model) -> Option<VisiblePlan> {
        self.access.knows(row.unit_id).then_some(VisiblePlan(row))
    }

    /// Wraps a class returned by a select of this type. `None` if its organiser was created after the request began.
    pub(crate) fn admitted_class(&self, row: training_class::Model) -> Option<VisibleClass> {
        self.access.knows(row.organiser_id).then_some(VisibleClass(row))
    }

    /// Wraps an enrolment returned by a select of this type. `None` if its unit was created after the request began.
    pub(crate) fn admitted_enrolment(&self, row: enrolment::Model) -> Option<VisibleEnrolment> {
        self.access.knows(row.unit_id).then_some(VisibleEnrolment(row))
    }

    /// Plans by id, in no particular order. Plans that the caller may not see are omitted.
    pub async fn plans_by_ids(&self, ids: &[PlanId]) -> Result<Vec<VisiblePlan>> {
        let column = Expr::col((training_plan::Entity, training_plan::Column::Id));
        let of_ids = db::any_id(self.access.backend(), column, ids.iter().map(|id| id.0));
        let rows = self.plans().filter(of_ids).all(&self.access.prepared()).await?;
        Ok(rows.into_iter().filter_map(|row| self.admitted_plan(row)).collect())
    }

    /// Classes by id, in no particular order. Classes that the caller may not see are omitted.
    pub async fn classes_by_ids(&self, ids: &[ClassId]) -> Result<Vec<VisibleClass>> {
        let column = Expr::col((training_class::Entity, training_class::Column::Id));
        let of_ids = db::any_id(self.access.backend(), column, ids.iter().map(|id| id.0));
        let rows = self.classes().filter(of_ids).all(&self.access.prepared()).await?;
        Ok(rows.into_iter().filter_map(|row| self.admitted_class(row)).collect())
    }

    /// Days of the sessions of classes, in ascending order.
    pub async fn sessions(&self, of: &[AuthorizedClassId]) -> Result<HashMap<AuthorizedClassId, Vec<Day>>> {
        let column = Expr::col((class_session::Entity, class_session::Column::ClassId));
        let rows = class_session::Entity::find()
            .filter(db::any_id(self.access.backend(), column, of.iter().map(|seen| seen.0.0)))
            .order_by_asc(class_session::Column::OnDay)
            .all(self.access.reader())
            .await?;
        let mut sessions: HashMap<AuthorizedClassId, Vec<Day>> = HashMap::new();
        for row in rows {
            sessions.entry(AuthorizedClassId(row.class_id)).or_default().push(row.on_day);
        }
        Ok(sessions)
    }

    /// Enrolments by id, in no particular order. Enrolments that the caller may not see are omitted.
    pub async fn enrolments_by_ids(&self, ids: &[EnrolmentId]) -> Result<Vec<VisibleEnrolment>> {
        let column = Expr::col((enrolment::Entity, enrolment::Column::Id));
        let of_ids = db::any_id(self.access.backend(), column, ids.iter().map(|id| id.0));
        let rows = self.enrolments().filter(of_ids).all(&self.access.prepared()).await?;
        Ok(rows.into_iter().filter_map(|row| self.admitted_enrolment(row)).collect())
    }
}

/// Condition that the row's own unit is within reach, or that a row that refers to it has a unit within reach.
fn either(
    own: Option<SimpleExpr>,
    other: Option<SimpleExpr>,
    referring: impl FnOnce(SimpleExpr) -> SelectStatement,
) -> Condition {
    match (own, other) {
        (Some(own), Some(other)) => Condition::any().add(own).add(Expr::exists(referring(other))),
        _ => Condition::all(),
    }
}
