//! Subjects of qualification (loại trình độ): a reference list included in the service.

use sea_orm::entity::prelude::*;

use crate::value::SubjectCode;

/// A subject of qualification.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "qualification_subject")]
pub struct Model {
    /// Code.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: SubjectCode,
    /// Vietnamese label.
    pub label_vi: String,
    /// English label.
    pub label_en: String,
    /// Position in the list.
    pub position: i16,
}

impl ActiveModelBehavior for ActiveModel {}
