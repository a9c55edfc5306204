//! The change log: every committed change of an object, written in the same transaction.

use sea_orm::entity::prelude::*;

use crate::value::{ChangeKind, UnitId};

/// A change.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "change")]
pub struct Model {
    /// Sequence number.
    #[sea_orm(primary_key)]
    pub seq: i64,
    /// The act that caused the change.
    #[sea_orm(indexed)]
    pub audit_seq: i64,
    /// Kind of the change.
    pub kind: ChangeKind,
    /// Name of the table of the object.
    pub object_type: String,
    /// Code of the object, or its id if it has no code.
    pub object: String,
    /// Unit whose reach may see the change, for example of an unpublished rotation; `None` if everyone who sees the
    /// object may.
    pub audience_id: Option<UnitId>,
    /// The act.
    #[sea_orm(belongs_to, from = "audit_seq", to = "seq")]
    pub audit: BelongsTo<super::audit_entry::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
