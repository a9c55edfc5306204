//! Clients as external issuers name them: linked, and unlinked again.

use entity::{
    external_client,
    value::{ChangeKind, ClientId},
};
use sea_orm::{ActiveValue::Set, EntityTrait, QueryFilter, TryInsertResult};

use crate::{
    clock::Clock,
    db::Database,
    domain::{
        authz::{Act, Permit},
        client::lock_living,
    },
    error::{Error, Result},
    language::Sentence,
};

/// Longest name that an issuer gives, in bytes (OpenID Connect Core 1.0, section 2, of `sub`).
const LONGEST_NAME: usize = 255;

/// What an external issuer calls a client or a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalName {
    /// Issuer, as its tokens spell it.
    pub issuer: String,
    /// Its name for the client or the person.
    pub name: String,
}

impl ExternalName {
    /// # Errors
    /// `Invalid` if it is no name that a token can carry.
    pub(in crate::domain) fn ensure(self, field: &str) -> Result<Self> {
        let is_name =
            |text: &str| (1..=LONGEST_NAME).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        match (is_name(&self.issuer), is_name(&self.name)) {
            (true, true) => Ok(self),
            (issuer_fits, _) => Err(Error::invalid(
                if issuer_fits { field } else { "issuer" },
                format!("cần từ 1 đến {LONGEST_NAME} ký tự ASCII, không có khoảng trắng, đúng như trong mã truy cập"),
                format!("write 1 to {LONGEST_NAME} ASCII characters without blanks, exactly as tokens spell it"),
            )),
        }
    }
}

/// Links a client with what an external issuer calls it (liên kết hệ thống kết nối): tokens of the issuer for that name
/// open what the grant of the client opens.
///
/// # Errors
/// `Invalid` for a name that no token can carry; `NotFound` if there is no such client; `Conflict` if it was revoked, or
/// the name is linked.
pub async fn link(database: &Database, clock: Clock, client: ClientId, name: ExternalName) -> Result<()> {
    let name = name.ensure("external-id")?;
    let permit = Permit::operator(database, clock, Act::ClientLink);
    let txn = permit.begin(Some(client.to_string()), Some(object(&name))).await?;
    lock_living(&txn, client).await?;
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
            "tên này của bên cấp mã đã liên kết với một hệ thống kết nối; hãy bỏ liên kết đó trước",
            "this name of the issuer is linked with a client already; unlink it first",
        )));
    };
    txn.record(ChangeKind::Created, "external_client", object).await?;
    txn.commit().await
}

/// Forgets what an external issuer calls a client (bỏ liên kết): tokens of the issuer for that name are worth nothing
/// within 5 seconds.
///
/// # Errors
/// `NotFound` if the name is not linked.
pub async fn unlink(database: &Database, clock: Clock, name: ExternalName) -> Result<()> {
    let object = object(&name);
    let txn = Permit::operator(database, clock, Act::ClientUnlink).begin(Some(object.clone()), None).await?;
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
