//! Cadres (cán bộ, công chức, viên chức): persons in the service of the state.

use sea_orm::entity::prelude::*;

use crate::value::{
    BirthDate, CadreCode, CadreId, CadreStatus, Category, Day, Ethnicity, Gender, NationalId, NativePlace, PartyDate,
};

/// A cadre. Protected data are sealed values.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cadre")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CadreId,
    /// Code.
    #[sea_orm(unique)]
    pub code: CadreCode,
    /// Personal identity number; protected.
    #[sea_orm(indexed)]
    pub national_id: Option<NationalId>,
    /// Full name as in the personnel file, in NFC.
    pub full_name: String,
    /// Folded name for search: lower case, without diacritics, each word after a blank.
    pub search_key: String,
    /// Collation key of given name, then the rest, in Vietnamese order.
    pub sort_key: Vec<u8>,
    /// Gender.
    pub gender: Gender,
    /// Day of birth; protected.
    pub birth_on: Option<BirthDate>,
    /// Ethnic group; protected.
    pub ethnicity_code: Option<Ethnicity>,
    /// Place of origin; protected.
    pub native_place_code: Option<NativePlace>,
    /// Day of entering the service.
    pub joined_service_on: Option<Day>,
    /// Day of joining the Party; protected.
    pub joined_party_on: Option<PartyDate>,
    /// Category.
    pub category: Category,
    /// Code of the rank (ngạch).
    pub rank_code: Option<String>,
    /// Status.
    pub status: CadreStatus,
    /// Increases with every change of this row.
    pub version: i32,
}

impl ActiveModelBehavior for ActiveModel {}
