//! Idempotency: an act that a client sends again under the same key happens once, and is answered alike each time.

use data_encoding::HEXLOWER;
use entity::{
    answered,
    value::{ClientId, UnitId},
};
use sea_orm::{ActiveValue::Set, EntityTrait, TryInsertResult};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    domain::{
        authz::{Access, Act, Txn},
        refusal::{Code, CommandResult, Refusal},
    },
    error::Error,
};

/// Longest key, in characters.
const LONGEST_KEY: usize = 200;

/// An act as a client asked for it, under its key.
#[derive(Clone, Debug)]
pub(in crate::domain) struct IdempotentRequest {
    act: Act,
    client: ClientId,
    key: String,
    /// SHA-256 of the act and its input.
    print: String,
    /// What the audit entry says of it.
    detail: Option<String>,
}

/// What became of a request to act.
#[derive(Debug)]
pub(in crate::domain) enum Claim {
    /// The act is under way, with its key and its audit entry in the transaction.
    New(Box<Txn>),
    /// The same request was answered before; it named this object.
    Replayed(String),
}

impl IdempotentRequest {
    /// The request of a caller.
    pub(in crate::domain) fn of(access: &Access, act: Act, key: &str, input: &impl Serialize) -> CommandResult<Self> {
        let length = key.chars().count();
        if length == 0 || length > LONGEST_KEY || key.contains('\0') {
            return Err(Refusal::input(
                Code::InvalidKey,
                "idempotencyKey",
                format!("Khóa chống lặp có từ 1 đến {LONGEST_KEY} ký tự; hãy dùng một UUID mới cho mỗi việc."),
                format!("An idempotency key has 1 to {LONGEST_KEY} characters; use a new UUID for each act."),
            )
            .into());
        }
        let input = serde_json::to_string(input).map_err(Error::internal)?;
        let print = HEXLOWER.encode(&Sha256::digest(format!("{}\n{input}", act.name())));
        // Persons for whom one client asks have keys of their own: none is answered what another was.
        let person = access.caller().on_behalf_of().map(|person| format!("{} ", person.id()));
        let key = format!("{}{key}", person.unwrap_or_default());
        Ok(Self { act, client: access.caller().client_id(), key, print, detail: None })
    }

    /// The same, with numbers and codes for its audit entry; never a protected value.
    pub(in crate::domain) fn noting(self, detail: String) -> Self {
        Self { detail: Some(detail), ..self }
    }

    /// Begins the act that concerns these units and is done to an object, unless the same request was answered before.
    pub(in crate::domain) async fn begin(
        &self,
        access: &Access,
        units: &[UnitId],
        object: &str,
    ) -> CommandResult<Claim> {
        let txn = access.may(self.act, units)?.begin(Some(object.to_owned()), self.detail.clone()).await?;
        Ok(match self.claim(&txn, object).await? {
            None => Claim::New(Box::new(txn)),
            Some(object) => Claim::Replayed(object),
        })
    }

    /// Takes the key for this act, inside its transaction. Gives the object that the same request named when it was
    /// answered before; nothing where it was not. Of two at once, the second waits here until the first has ended.
    async fn claim(&self, txn: &Txn, object: &str) -> CommandResult<Option<String>> {
        let row = answered::ActiveModel {
            client_id: Set(self.client),
            key: Set(self.key.clone()),
            request: Set(self.print.clone()),
            object: Set(object.to_owned()),
            at: Set(txn.at()),
        };
        let insert = answered::Entity::insert(row)
            .on_conflict_do_nothing_on([answered::Column::ClientId, answered::Column::Key]);
        if let TryInsertResult::Inserted(1..) = insert.exec_without_returning(txn.connection()).await? {
            return Ok(None);
        }
        let before = answered::Entity::find_by_id((self.client, self.key.clone())).one(txn.connection()).await?;
        let before = before.ok_or_else(|| Error::internal("an answered act is gone"))?;
        if before.request == self.print {
            return Ok(Some(before.object));
        }
        Err(Refusal::conflict(
            Code::IdempotencyKeyReused,
            "idempotencyKey",
            "Khóa này đã dùng cho một yêu cầu khác; hãy dùng khóa mới cho việc mới.",
            "This key was used for another request; use a new key for a new act.",
        )
        .into())
    }
}
