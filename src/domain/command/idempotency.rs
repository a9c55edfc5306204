//! Idempotency: a command that is sent again with the same key is executed once, and every response is equal.

use data_encoding::HEXLOWER;
use entity::{
    idempotency_key,
    value::{ClientId, UnitId},
};
use sea_orm::{ActiveValue::Set, EntityTrait, TryInsertResult};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    authz::{Access, CommandKind, Txn},
    domain::refusal::{Code, CommandResult, Refusal},
    error::Error,
};

/// Maximum length of a key, in characters.
const LONGEST_KEY: usize = 200;

/// A command of a client with its idempotency key.
#[derive(Clone, Debug)]
pub(super) struct IdempotentRequest {
    kind: CommandKind,
    client: ClientId,
    key: String,
    /// SHA-256 of the command and its input.
    print: String,
}

/// Result of claiming an idempotency key.
#[derive(Debug)]
pub(super) enum Claim {
    /// A new request: the transaction contains its key and its audit entry.
    New(Box<Txn>),
    /// A repeated request, with the object of the first request.
    Replayed(String),
}

impl IdempotentRequest {
    /// Request of a caller.
    pub(super) fn of(access: &Access, kind: CommandKind, key: &str, input: &impl Serialize) -> CommandResult<Self> {
        let length = key.chars().count();
        if length == 0 || length > LONGEST_KEY || key.contains('\0') {
            return Err(Refusal::input(
                Code::InvalidKey,
                "idempotencyKey",
                format!("Khóa chống lặp phải có từ 1 đến {LONGEST_KEY} ký tự; hãy dùng một UUID mới cho mỗi lệnh."),
                format!("An idempotency key must have 1 to {LONGEST_KEY} characters; use a new UUID for each command."),
            )
            .into());
        }
        let input = serde_json::to_string(input).map_err(Error::internal)?;
        let print = HEXLOWER.encode(&Sha256::digest(format!("{}\n{input}", kind.name())));
        // Users on whose behalf one client acts have separate keys, so that no user gets the response of another.
        let person = access.caller().on_behalf_of().map(|person| format!("{} ", person.id()));
        let key = format!("{}{key}", person.unwrap_or_default());
        Ok(Self { kind, client: access.caller().client_id(), key, print })
    }

    /// Begins the command on an object and its units, unless the request is repeated. The detail is for the audit
    /// entry: numbers and codes, never a protected value.
    pub(super) async fn begin(
        &self,
        access: &Access,
        units: &[UnitId],
        (object, detail): (String, Option<String>),
    ) -> CommandResult<Claim> {
        let txn = access.may(self.kind, units)?.begin(Some(object.clone()), detail).await?;
        Ok(match self.claim(&txn, &object).await? {
            None => Claim::New(Box::new(txn)),
            Some(object) => Claim::Replayed(object),
        })
    }

    /// Claims the key in the command's transaction. Returns the object of the first request if this one is repeated. A
    /// concurrent request with the same key waits here until the first request has ended.
    async fn claim(&self, txn: &Txn, object: &str) -> CommandResult<Option<String>> {
        let row = idempotency_key::ActiveModel {
            client_id: Set(self.client),
            key: Set(self.key.clone()),
            request: Set(self.print.clone()),
            object: Set(object.to_owned()),
            at: Set(txn.at()),
        };
        let insert = idempotency_key::Entity::insert(row)
            .on_conflict_do_nothing_on([idempotency_key::Column::ClientId, idempotency_key::Column::Key]);
        if let TryInsertResult::Inserted(1..) = insert.exec_without_returning(txn.connection()).await? {
            return Ok(None);
        }
        let before = idempotency_key::Entity::find_by_id((self.client, self.key.clone())).one(txn.connection()).await?;
        let before = before.ok_or_else(|| Error::internal("the stored request of an idempotency key is missing"))?;
        if before.request == self.print {
            return Ok(Some(before.object));
        }
        Err(Refusal::conflict(
            Code::IdempotencyKeyReused,
            "idempotencyKey",
            "Khóa chống lặp này đã được dùng cho một yêu cầu khác; hãy dùng khóa mới cho lệnh mới.",
            "This idempotency key was used for another request; use a new key for a new command.",
        )
        .into())
    }
}
