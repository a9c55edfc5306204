//! Access of an export: one snapshot of the database, and the persons, posts and qualifications that the caller may see
//! in the order of their ids.

use std::{collections::HashMap, sync::Arc};

use entity::{
    appraisal, assignment, cadre_snapshot, qualification,
    value::{AppraisalId, AssignmentId, CadreId, QualificationId, Scope},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, Iterable, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Expr, ExprTrait, Order, Query, SelectStatement},
};
use uuid::Uuid;

use crate::{
    authz::{Access, AuthorizedCadre, Cadres, disclosures::Disclosures, policy},
    error::Result,
};

/// Rows in the order of their ids, each with its person. `last` is the id up to which they were searched; `None` at the
/// end.
#[derive(Debug)]
pub(crate) struct Scan<T, Id> {
    pub rows: Vec<T>,
    pub last: Option<Id>,
}

impl<T, Id> Scan<T, Id> {
    /// A scan that found `ids`; if it found fewer than requested, it has reached the end.
    fn of(rows: Vec<T>, ids: &[Id], size: usize) -> Self
    where
        Id: Copy,
    {
        Self { rows, last: ids.last().copied().filter(|_| ids.len() == size) }
    }
}

impl Access {
    /// The same access for an export: all reads see one snapshot, until the access is dropped. The access log names the
    /// export as the operation.
    pub fn for_export(&self, name: &str) -> Self {
        let mut disclosures = Disclosures::default();
        disclosures.gateway = self.disclosures.gateway.clone();
        disclosures.operation.get_or_init(|| name.to_owned());
        Self {
            app_state: Arc::clone(&self.app_state),
            snapshot: Arc::clone(&self.snapshot),
            caller: self.caller.clone(),
            purpose: self.purpose,
            disclosures,
            reach: Arc::clone(&self.reach),
            reach_digest: Arc::clone(&self.reach_digest),
            today: self.today,
            service_limits: self.service_limits,
            read_session: self.app_state.database().export_session(&self.read_session),
        }
    }

    /// Whether the caller has the scope of protected data, and states a purpose.
    pub(crate) fn may_open(&self, scope: Scope) -> bool {
        self.caller.has(scope) && (policy::category(scope).is_none() || self.purpose.is_some())
    }

    /// Forgets which disclosures were logged, so that the memory of an export does not grow. A later disclosure of the
    /// same person is logged again.
    pub(crate) fn forget_logged(&self) {
        self.disclosures.notes().written.clear();
    }
}

impl Cadres<'_> {
    /// Persons after an id whose files are in the caller's custody today, with or without a post.
    pub(crate) async fn after(&self, after: Option<CadreId>, size: usize) -> Result<Scan<AuthorizedCadre, CadreId>> {
        let ids = self.ids_after(after, size).await?;
        let mut persons = self.by_ids(&ids, self.access().today()).await?;
        persons.sort_unstable_by_key(AuthorizedCadre::id);
        Ok(Scan::of(persons, &ids, size))
    }

    /// Candidates: persons after an id with any post within reach, or all persons if the reach contains all units.
    async fn ids_after(&self, after: Option<CadreId>, size: usize) -> Result<Vec<CadreId>> {
        let (mut ids, column) = match self.access().narrowing() {
            None => {
                let ids = Query::select().from(cadre_snapshot::Entity).take();
                (ids, Expr::col((cadre_snapshot::Entity, cadre_snapshot::Column::CadreId)))
            }
            Some(_) => {
                let posts = self.posts_ever(None).distinct().take();
                (posts, Expr::col((assignment::Entity, assignment::Column::CadreId)))
            }
        };
        ids.expr_as(column.clone(), "id");
        page(&mut ids, &column, after.map(|id| id.0), size);
        let rows = self.access().reader().query_all(&ids).await?;
        rows.iter().map(|row| Ok(CadreId(row.try_get::<Uuid>("", "id")?))).collect()
    }

    /// Posts after an id in units within reach, of persons whose files are in the caller's custody today.
    pub(crate) async fn posts_after(
        &self,
        after: Option<AssignmentId>,
        size: usize,
    ) -> Result<Scan<(assignment::Model, AuthorizedCadre), AssignmentId>> {
        let mut posts = self.posts_ever(None);
        posts.columns(assignment::Column::iter().map(|column| (assignment::Entity, column)));
        let column = Expr::col((assignment::Entity, assignment::Column::Id));
        page(&mut posts, &column, after.map(|id| id.0), size);
        let rows = self.access().reader().query_all(&posts).await?;
        let posts = rows.iter().map(|row| Ok(assignment::Model::from_query_result(row, "")?));
        let posts: Vec<assignment::Model> = posts.collect::<Result<_>>()?;
        let ids: Vec<AssignmentId> = posts.iter().map(|post| post.id).collect();
        Ok(Scan::of(self.with_persons(posts, |post| post.cadre_id).await?, &ids, size))
    }

    /// Qualifications after an id, of persons whose files are in the caller's custody today.
    pub(crate) async fn qualifications_after(
        &self,
        after: Option<QualificationId>,
        size: usize,
    ) -> Result<Scan<(qualification::Model, AuthorizedCadre), QualificationId>> {
        let holders = self.holders().map(|posts| qualification::Column::CadreId.in_subquery(posts));
        let rows = qualification::Entity::find()
            .filter(Condition::all().add_option(after.map(|after| qualification::Column::Id.gt(after))))
            .filter(Condition::all().add_option(holders))
            .order_by_asc(qualification::Column::Id)
            .limit(size as u64)
            .all(self.access().reader())
            .await?;
        let ids: Vec<QualificationId> = rows.iter().map(|row| row.id).collect();
        Ok(Scan::of(self.with_persons(rows, |row| row.cadre_id).await?, &ids, size))
    }

    /// Persons with a post within reach on any day; `None` if the reach contains all units.
    fn holders(&self) -> Option<SelectStatement> {
        self.access().narrowing()?;
        let mut posts = self.posts_ever(None);
        posts.column((assignment::Entity, assignment::Column::CadreId));
        Some(posts)
    }

    /// Appraisals after an id, sealed, of persons whose files are in the caller's custody today.
    pub(crate) async fn appraisals_after(
        &self,
        after: Option<AppraisalId>,
        size: usize,
    ) -> Result<Scan<(appraisal::Model, AuthorizedCadre), AppraisalId>> {
        let holders = self.holders().map(|posts| appraisal::Column::CadreId.in_subquery(posts));
        let rows = appraisal::Entity::find()
            .filter(Condition::all().add_option(after.map(|after| appraisal::Column::Id.gt(after))))
            .filter(Condition::all().add_option(holders))
            .order_by_asc(appraisal::Column::Id)
            .limit(size as u64)
            .all(self.access().reader())
            .await?;
        let ids: Vec<AppraisalId> = rows.iter().map(|row| row.id).collect();
        Ok(Scan::of(self.with_persons(rows, |row| row.cadre_id).await?, &ids, size))
    }

    /// Rows with their persons, without those of persons whose files are not in the caller's custody today.
    pub(super) async fn with_persons<T>(
        &self,
        rows: Vec<T>,
        person: impl Fn(&T) -> CadreId,
    ) -> Result<Vec<(T, AuthorizedCadre)>> {
        let mut ids: Vec<CadreId> = rows.iter().map(&person).collect();
        ids.sort_unstable();
        ids.dedup();
        let persons = self.by_ids(&ids, self.access().today()).await?;
        let persons: HashMap<CadreId, AuthorizedCadre> = persons.into_iter().map(|cadre| (cadre.id(), cadre)).collect();
        Ok(rows.into_iter().filter_map(|row| persons.get(&person(&row)).cloned().map(|cadre| (row, cadre))).collect())
    }
}

/// Restricts a select to a page of the rows after an id, in the order of the ids.
fn page(select: &mut SelectStatement, id: &Expr, after: Option<Uuid>, size: usize) {
    if let Some(after) = after {
        select.and_where(id.clone().gt(after));
    }
    select.order_by_expr(id.clone(), Order::Asc).limit(size as u64);
}
