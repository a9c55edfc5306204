//! Programmes that count for a duty. All programmes count for a duty without rows here.

use sea_orm::entity::prelude::*;

use crate::value::{DutyCode, ProgrammeCode};

/// A programme that counts for a duty.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "duty_programme")]
pub struct Model {
    /// Duty.
    #[sea_orm(primary_key, auto_increment = false)]
    pub duty_code: DutyCode,
    /// Programme.
    #[sea_orm(primary_key, auto_increment = false)]
    pub programme_code: ProgrammeCode,
    /// The duty.
    #[sea_orm(belongs_to, from = "duty_code", to = "code")]
    pub duty: BelongsTo<super::duty::Entity>,
    /// The programme.
    #[sea_orm(belongs_to, from = "programme_code", to = "code")]
    pub programme: BelongsTo<super::programme::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
