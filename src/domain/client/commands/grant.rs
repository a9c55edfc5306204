//! Replaces the grant of a client.

use async_graphql::ID;
use entity::value::{ClientId, Scope};

use super::{
    subject::{Issued, lock, seen, written},
    terms::{GrantTerms, HeldTerms, ensure_held, ensure_sums, held_terms},
};
use crate::{
    authz::{Access, Area, Txn},
    domain::{
        client::{
            grant::{GRANT, replace},
            row::set_administrator,
            share::Shares,
        },
        command::{Command, CommandContext, Ready, Subject},
        refusal::CommandResult,
    },
};

/// Replaces the grant of a client (cấp lại phạm vi).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "ClientGrantInput")]
pub struct Grant {
    /// Idempotency key, 1 to 200 characters. A request repeated with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the client.
    pub client_id: ID,
    /// Version that you read last; the command is rejected if the client has changed since.
    pub expected_version: Option<i32>,
    /// New grant; the previous grant ends when it begins.
    pub grant: GrantTerms,
}

impl Command for Grant {
    const NAME: &'static str = GRANT;
    const SCOPE: Scope = Scope::ClientsAdmin;
    const PAYLOAD: &'static str = "ClientGrantPayload";
    type Subject = Grantee;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> &Self {
        self
    }

    async fn apply(&self, context: &mut CommandContext<'_, Grantee>) -> CommandResult<()> {
        let (access, txn, Grantee { of, before }) = (context.access, &context.txn, &context.subject);
        let (caller, terms) = (access.caller().client_id(), &of.terms.0);
        // A client above the caller, or the caller itself, keeps its administrator: otherwise it would no longer count
        // in the totals of the administrators above it.
        if !before.is_within(caller, of.id) {
            set_administrator(txn, of.id, Some(caller)).await?;
        }
        replace(txn, of.id, terms.valid_from.unwrap_or(access.today()), terms).await?;
        ensure_sums(access, txn, (of.id, before)).await
    }
}

/// A client whose grant is replaced. It is locked, and no other administrator can make a grant meanwhile.
#[derive(Debug)]
pub struct Grantee {
    of: Regrant,
    /// Shares of the limits before the command.
    before: Shares,
}

/// A client with the terms of its new grant.
#[derive(Debug)]
pub struct Regrant {
    id: ClientId,
    terms: HeldTerms,
}

impl Subject for Grantee {
    type Target<'a> = &'a Grant;
    type Found = Regrant;
    type Prepared = Regrant;
    type Effect = ();
    type Written = Issued;
    type View = Issued;

    const AREA: Area = Area::Administration;

    async fn find(access: &Access, input: Self::Target<'_>) -> CommandResult<Regrant> {
        let id = seen(access, &input.client_id).await?.row().id;
        Ok(Regrant { id, terms: held_terms(access, &input.grant).await? })
    }

    async fn prepare(access: &Access, _: Self::Target<'_>, of: Regrant) -> CommandResult<Ready<Regrant>> {
        let (units, detail) = (of.terms.0.units.clone(), Some(of.terms.detail(access)));
        Ok(Ready { object: of.id.to_string(), units, detail, prepared: of })
    }

    async fn replay(access: &Access, object: &str, _: (Self::Target<'_>, Regrant)) -> CommandResult<Issued> {
        Ok(Issued { client: seen(access, object).await?, secret: None })
    }

    async fn lock(access: &Access, txn: &Txn, (input, of): (Self::Target<'_>, Regrant)) -> CommandResult<Self> {
        let before = ensure_held(access, txn, &of.terms).await?;
        lock(access, txn, (of.id, input.expected_version)).await?;
        Ok(Self { of, before })
    }

    async fn write(self, txn: &Txn, (): ()) -> CommandResult<Issued> {
        Ok(Issued { client: written(txn, self.of.id).await?, secret: None })
    }

    async fn view(_: &Access, issued: Issued) -> CommandResult<Option<Issued>> {
        Ok(Some(issued))
    }
}
