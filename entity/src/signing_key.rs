//! Keys of the service: for access tokens, page cursors and checkpoints of the logs.

use sea_orm::entity::prelude::*;

use crate::value::KeyPurpose;

/// A key. Its material never leaves the process.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_key")]
pub struct Model {
    /// Key id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kid: String,
    /// What it is for.
    pub purpose: KeyPurpose,
    /// PKCS#8 document (ES256) or random bytes (HMAC).
    pub material: Vec<u8>,
    /// When it was made; the newest one signs, all of them verify.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
