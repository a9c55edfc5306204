//! The change log: every committed change of an object, in the transaction of the change.

use sea_orm::entity::prelude::*;

use crate::value::{ChangeKind, UnitId};

/// A change.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "change")]
pub struct Model {
    /// Place in the feed.
    #[sea_orm(primary_key)]
    pub seq: i64,
    /// The act that made it.
    #[sea_orm(indexed)]
    pub audit_seq: i64,
    /// What it did.
    pub kind: ChangeKind,
    /// Name of the table of the object.
    pub object_type: String,
    /// Code of the object, or its id where it has none.
    pub object: String,
    /// Unit whose scope alone may be told of it, as of a rotation that is not published; none: everyone who sees the object.
    pub audience_id: Option<UnitId>,
    /// The act.
    #[sea_orm(belongs_to, from = "audit_seq", to = "seq")]
    pub audit: BelongsTo<super::audit_entry::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
