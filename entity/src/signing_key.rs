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
    /// Purpose of the key.
    pub purpose: KeyPurpose,
    /// PKCS#8 document (ES256) or random bytes (HMAC), encrypted: nonce, ciphertext and tag of AES-256-GCM.
    pub material: Vec<u8>,
    /// Time of generation.
    pub created_at: DateTimeUtc,
    /// Id of the key encryption key; `None` if the material is not encrypted, as written by an earlier version.
    pub encryption_key_id: Option<String>,
    /// Time from which an access token key signs; `None`: from its generation on.
    pub signs_from: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
