//! Links between clients and their identities at external issuers.

use entity::{
    external_client,
    value::{ChangeKind, ClientId},
};
use sea_orm::{ActiveValue::Set, EntityTrait, QueryFilter, TryInsertResult};

use crate::{
    authz::Permit,
    clock::Clock,
    db::Database,
    domain::client::row::{kind, lock_active},
    error::{Error, Result},
    language::Sentence,
};

/// Maximum length of an external id, in bytes (OpenID Connect Core 1.0, section 2, of `sub`).
const LONGEST_NAME: usize = 255;

/// Identity of a client or a user at an external issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalName {
    /// Issuer, exactly as in its tokens.
    pub issuer: String,
    /// Id at the issuer.
    pub name: String,
}

impl ExternalName {
    /// Validates issuer and id.
    ///
    /// # Errors
    /// `Invalid` if a token cannot contain the value.
    pub(in crate::domain) fn ensure(self, field: &str) -> Result<Self> {
        let is_name =
            |text: &str| (1..=LONGEST_NAME).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        match (is_name(&self.issuer), is_name(&self.name)) {
            (true, true) => Ok(self),
            (issuer_fits, _) => Err(Error::invalid(
                if issuer_fits { field } else { "issuer" },
                format!(
                    "phải có từ 1 đến {LONGEST_NAME} ký tự ASCII, không có khoảng trắng, ghi đúng như trong mã truy cập"
                ),
                format!("write 1 to {LONGEST_NAME} ASCII characters without blanks, exactly as in the tokens"),
            )),
        }
    }
}

/// Links a client to its identity at an external issuer (liên kết hệ thống kết nối). Tokens of the issuer for that
/// identity have the rights of the client's grant.
///
/// # Errors
/// `Invalid` for an identity that no token can contain; `NotFound` if the client does not exist; `Conflict` if it was
/// revoked, or the identity is already linked.
pub async fn link(database: &Database, clock: Clock, client: ClientId, name: ExternalName) -> Result<()> {
    let name = name.ensure("external-id")?;
    let permit = Permit::operator(database, clock, kind("client.link"));
    let txn = permit.begin(Some(client.to_string()), Some(object(&name))).await?;
    lock_active(&txn, client).await?;
    let object = object(&name);
    let row = external_client::ActiveModel {
        issuer: Set(name.issuer),
        external_id: Set(name.name),
        client_id: Set(client),
        created_at: Set(txn.at()),
    };
    let (issuer, id) = (external_client::Column::Issuer, external_client::Column::ExternalId);
    let insert = external_client::Entity::insert(row).on_conflict_do_nothing_on([issuer, id]);
    let TryInsertResult::Inserted(1..) = insert.exec_without_returning(txn.connection()).await? else {
        return Err(Error::Conflict(Sentence::new(
            "tên này của bên cấp mã đã được liên kết với một hệ thống kết nối; hãy bỏ liên kết đó trước",
            "this name of the issuer is already linked to a client; unlink it first",
        )));
    };
    txn.record(ChangeKind::Created, "external_client", object).await?;
    txn.commit().await
}

/// Removes the link of a client to an external issuer (bỏ liên kết). Tokens of the issuer for that identity are
/// rejected within 5 seconds.
///
/// # Errors
/// `NotFound` if the identity is not linked.
pub async fn unlink(database: &Database, clock: Clock, name: ExternalName) -> Result<()> {
    let object = object(&name);
    let txn = Permit::operator(database, clock, kind("client.unlink")).begin(Some(object.clone()), None).await?;
    let linked = external_client::Entity::delete_many()
        .filter(external_client::COLUMN.issuer.eq(name.issuer))
        .filter(external_client::COLUMN.external_id.eq(name.name));
    if linked.exec(txn.connection()).await?.rows_affected == 0 {
        return Err(Error::NotFound);
    }
    txn.record(ChangeKind::Ended, "external_client", object).await?;
    txn.commit().await
}

fn object(name: &ExternalName) -> String {
    format!("{} {}", name.issuer, name.name)
}
