//! Exemptions of persons from requirements of standards. Their reasons are never read.

use std::collections::HashMap;

use entity::{
    assignment, standard_exemption,
    value::{CadreId, Day, RequirementCode, StandardCode},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};

use super::{Access, AuthorizedCadreId, Statistics};
use crate::{db, error::Result};

/// Requirements from which each person is exempt: standard, code.
type Exemptions<K> = HashMap<K, Vec<(StandardCode, RequirementCode)>>;

impl Access {
    /// Exemptions of persons that the caller may see, in force on the day.
    pub(crate) async fn standard_exemptions(
        &self,
        of: &[AuthorizedCadreId],
        day: Day,
    ) -> Result<Exemptions<AuthorizedCadreId>> {
        let mut select = in_force(day);
        select.and_where(db::any_id(self.backend(), person(), of.iter().map(|seen| seen.id().0)));
        let mut found = self.select_exemptions(&select).await?;
        Ok(of.iter().filter_map(|seen| Some((*seen, found.remove(&seen.id())?))).collect())
    }

    async fn select_exemptions(&self, select: &SelectStatement) -> Result<Exemptions<CadreId>> {
        let mut found: Exemptions<CadreId> = HashMap::new();
        for row in self.reader().query_all(select).await? {
            let exemption = (row.try_get("", "standard_code")?, row.try_get("", "requirement_code")?);
            found.entry(row.try_get("", "cadre_id")?).or_default().push(exemption);
        }
        Ok(found)
    }
}

impl Statistics<'_> {
    /// Exemptions of the holders of some posts, in force on the day.
    pub(crate) async fn standard_exemptions(&self, posts: &SelectStatement, day: Day) -> Result<Exemptions<CadreId>> {
        let mut holders = posts.clone();
        holders.column((assignment::Entity, assignment::Column::CadreId));
        let mut select = in_force(day);
        select.and_where(person().in_subquery(holders));
        self.access().select_exemptions(&select).await
    }
}

fn person() -> Expr {
    Expr::col((standard_exemption::Entity, standard_exemption::Column::CadreId))
}

fn in_force(day: Day) -> SelectStatement {
    use standard_exemption::Column as Of;
    Query::select()
        .columns([Of::CadreId, Of::StandardCode, Of::RequirementCode].map(|of| (standard_exemption::Entity, of)))
        .from(standard_exemption::Entity)
        .and_where(Of::ValidFrom.lte(day))
        .and_where(Of::ValidTo.is_null().or(Of::ValidTo.gt(day)))
        .take()
}
