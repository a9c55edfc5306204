//! Access to appraisals (đánh giá, xếp loại chất lượng). They are protected data about a person: an appraisal is opened
//! only if the person's file is in the caller's custody on the requested day and today, and each opening is recorded for
//! the access log. `protected_fields` opens them; this module reads them, sealed.

use std::collections::HashMap;

use entity::{
    appraisal,
    value::{AppraisalId, CadreId},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, sea_query::Expr};

use crate::{
    authz::{AuthorizedCadre, AuthorizedCadreId, Cadres},
    db,
    error::Result,
};

/// First and last year of appraisals, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AppraisalYears(pub i32, pub i32);

impl Cadres<'_> {
    /// Appraisals of persons in the years, sealed, latest period first.
    pub async fn appraisals(
        &self,
        of: &[AuthorizedCadreId],
        AppraisalYears(first, last): AppraisalYears,
    ) -> Result<HashMap<AuthorizedCadreId, Vec<appraisal::Model>>> {
        let person = Expr::col((appraisal::Entity, appraisal::Column::CadreId));
        let rows = appraisal::Entity::find()
            .filter(db::any_id(self.access().backend(), person, of.iter().map(|seen| seen.id().0)))
            .filter(appraisal::Column::Year.between(first, last))
            .order_by_desc(appraisal::Column::Year)
            .order_by_asc(appraisal::Column::System)
            .order_by_asc(appraisal::Column::Period)
            .order_by_desc(appraisal::Column::Number)
            .order_by_desc(appraisal::Column::Id)
            .all(self.access().reader())
            .await?;
        let mut of_person: HashMap<CadreId, Vec<appraisal::Model>> = HashMap::new();
        rows.into_iter().for_each(|row| of_person.entry(row.cadre_id).or_default().push(row));
        Ok(of.iter().map(|seen| (*seen, of_person.get(&seen.id()).cloned().unwrap_or_default())).collect())
    }

    /// Appraisals by id with their persons, sealed, of persons whose files are in the caller's custody today.
    pub(crate) async fn appraisals_by_ids(
        &self,
        ids: &[AppraisalId],
    ) -> Result<Vec<(appraisal::Model, AuthorizedCadre)>> {
        let id = Expr::col((appraisal::Entity, appraisal::Column::Id));
        let rows = appraisal::Entity::find()
            .filter(db::any_id(self.access().backend(), id, ids.iter().map(|id| id.0)))
            .all(self.access().reader())
            .await?;
        self.with_persons(rows, |row| row.cadre_id).await
    }
}
