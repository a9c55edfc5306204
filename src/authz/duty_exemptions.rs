//! Exemptions of persons from duties. The reason may concern health, and the days and the document can suggest it, so the
//! whole record is protected: it requires the scope, a purpose and custody of the file, and is recorded in the access log.

use std::{collections::HashMap, fmt};

use entity::{
    duty_exemption,
    value::{CadreId, Scope},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, sea_query::Expr};

use crate::{
    authz::{Access, AuthorizedCadreId},
    db,
    error::Result,
};

/// An exemption in force, sealed. Only `Access::exemptions` opens it.
pub struct SealedExemption(pub(super) duty_exemption::Model);

impl fmt::Debug for SealedExemption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedExemption(sealed)")
    }
}

impl Access {
    /// The exemptions of persons that are not withdrawn, still sealed, oldest first.
    ///
    /// # Errors
    /// `Forbidden` without `cadre.health:read`; `PurposeRequired` without a purpose.
    pub async fn sealed_exemptions(
        &self,
        of: &[AuthorizedCadreId],
    ) -> Result<HashMap<AuthorizedCadreId, Vec<SealedExemption>>> {
        self.ensure_may_open(Scope::CadreHealthRead, "Cadre.dutyExemptions")?;
        let person = Expr::col((duty_exemption::Entity, duty_exemption::Column::CadreId));
        let rows = duty_exemption::Entity::find()
            .filter(db::any_id(self.backend(), person, of.iter().map(|seen| seen.id().0)))
            .filter(duty_exemption::Column::WithdrawnOn.is_null())
            .order_by_asc(duty_exemption::Column::ValidFrom)
            .order_by_asc(duty_exemption::Column::Id);
        let mut exemptions: HashMap<CadreId, Vec<SealedExemption>> = HashMap::new();
        for row in rows.all(self.reader()).await? {
            exemptions.entry(row.cadre_id).or_default().push(SealedExemption(row));
        }
        Ok(of.iter().filter_map(|seen| Some((*seen, exemptions.remove(&seen.id())?))).collect())
    }
}
