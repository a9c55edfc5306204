//! The change log: every committed change of an object, written in the same transaction.

use sea_orm::entity::prelude::*;

use crate::value::{ChangeKind, UnitId, UnitIds};

/// A change.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "change")]
pub struct Model {
    /// Sequence number.
    #[sea_orm(primary_key)]
    pub seq: i64,
    /// The command that caused the change.
    pub audit_seq: i64,
    /// Kind of the change.
    pub kind: ChangeKind,
    /// Name of the table of the object.
    pub object_type: String,
    /// Code of the object, or its id if it has no code.
    pub object: String,
    /// Unit whose reach may see the change, for example of an unpublished rotation; `None` if all callers that see the
    /// object may see it.
    pub audience_id: Option<UnitId>,
    /// Id of the object; `None` for reference lists, administration, and changes whose units are unknown.
    pub object_id: Option<Uuid>,
    /// Units whose reach showed the object before the change; empty if it did not exist.
    pub units_before: Option<UnitIds>,
    /// Units whose reach shows the object after the change. `None` if they are unknown: in a bulk load, in changes
    /// recorded by an older version, and for objects that do not belong to units.
    pub units_after: Option<UnitIds>,
    /// The entry of the command.
    #[sea_orm(belongs_to, from = "audit_seq", to = "seq")]
    pub audit: BelongsTo<super::audit_entry::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
