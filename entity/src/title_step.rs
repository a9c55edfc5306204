//! Steps of titles (bậc chức danh): the order of titles, which instruments change over time.

use sea_orm::entity::prelude::*;

use crate::value::{Day, Period, TitleCode, Verification};

/// The step of a title from `valid_from` (inclusive) to `valid_to` (exclusive). On each day a title has at most one.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "title_step")]
pub struct Model {
    /// Title.
    #[sea_orm(primary_key, auto_increment = false)]
    pub title_code: TitleCode,
    /// First day, inclusive.
    #[sea_orm(primary_key, auto_increment = false)]
    pub valid_from: Day,
    /// End day, exclusive; `None` if in force.
    pub valid_to: Option<Day>,
    /// Step; 1 is the highest.
    pub step: i16,
    /// Legal instrument and article.
    pub legal_basis: String,
    /// Whether it was compared with the text of the instrument.
    pub verification: Verification,
    /// The title.
    #[sea_orm(belongs_to, from = "title_code", to = "code")]
    pub title: BelongsTo<super::title::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The period of this step; `None` if the row's interval is empty.
    pub fn period(&self) -> Option<Period> {
        Period::new(Some(self.valid_from), self.valid_to)
    }
}
