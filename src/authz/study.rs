//! Enrolments of persons in a year, for their study records.

use std::collections::HashMap;

use entity::{enrolment, value::CadreId};
use sea_orm::{ColumnTrait, QueryFilter, sea_query::Expr};

use crate::{
    authz::{AuthorizedCadreId, Training},
    db,
    error::Result,
};

impl Training<'_> {
    /// Enrolments of persons in a year that the caller may see.
    pub(crate) async fn of_year(
        &self,
        of: &[AuthorizedCadreId],
        year: i32,
    ) -> Result<HashMap<AuthorizedCadreId, Vec<enrolment::Model>>> {
        let access = self.access();
        let person = Expr::col((enrolment::Entity, enrolment::Column::CadreId));
        let rows = self
            .enrolments()
            .filter(db::any_id(access.backend(), person, of.iter().map(|seen| seen.id().0)))
            .filter(enrolment::Column::Year.eq(year))
            .all(access.reader())
            .await?;
        let mut of_person: HashMap<CadreId, Vec<enrolment::Model>> = HashMap::new();
        rows.into_iter().for_each(|row| of_person.entry(row.cadre_id).or_default().push(row));
        Ok(of.iter().map(|seen| (*seen, of_person.remove(&seen.id()).unwrap_or_default())).collect())
    }
}
