//! Commands of clients. A command declares its name, scope and payload next to its code; its `Subject` declares the
//! steps that all commands on one kind of object share. `execute` is the only pipeline, from the look-up to the commit,
//! so no command can skip a part of it.

mod idempotency;
mod lookup;
mod row;
pub(in crate::domain) mod validate;

pub(in crate::domain) use lookup::{person, within_reach};
pub(in crate::domain) use row::{Versioned, bump_version, raise_version, unless_unique};

use entity::value::{Scope, UnitId};
use idempotency::{Claim, IdempotentRequest};
use serde::Serialize;

use crate::{
    authz::{Access, Area, CommandKind, Txn},
    domain::refusal::{CommandResult, Outcome, outcome},
    error::{Error, Result},
};

/// A command of a client: the input of a mutation, and its effect on the subject.
pub trait Command: Serialize + Send + Sync + 'static {
    /// Name in the audit log, such as `rotation.extend`.
    const NAME: &'static str;
    /// Scope that allows the command.
    const SCOPE: Scope;
    /// Name of the payload in the schema.
    const PAYLOAD: &'static str;
    /// The kind of object that the command changes or creates.
    type Subject: Subject;

    /// The client's idempotency key.
    fn idempotency_key(&self) -> &str;

    /// The subject, as the input names it.
    fn target(&self) -> <Self::Subject as Subject>::Target<'_>;

    /// Applies the command to its locked subject. Writes all rows except the row of an existing subject, which
    /// `Subject::write` writes afterwards. A command that creates its object inserts it here.
    fn apply(
        &self,
        context: &mut CommandContext<'_, Self::Subject>,
    ) -> impl Future<Output = CommandResult<<Self::Subject as Subject>::Effect>> + Send;
}

/// The kind of object of a command, locked by its transaction. The steps are declared in the order in which `execute`
/// runs them.
pub trait Subject: Sized + Send + 'static {
    /// The object as the input names it, with the requirements of the command.
    type Target<'a>: Copy + Send + Sync;
    /// The object before the command, as the caller may see it.
    type Found: Send + 'static;
    /// The object before it is locked: all look-ups and checks outside of the transaction are done.
    type Prepared: Send + 'static;
    /// Result of applying a command.
    type Effect: Send + 'static;
    /// The rows after the command.
    type Written: Send + 'static;
    /// The view of the object for the caller.
    type View: Send + 'static;

    /// The data that the commands change.
    const AREA: Area = Area::Records;

    /// Finds the object for the caller. An object that the caller may not see is refused as not found.
    fn find(access: &Access, target: Self::Target<'_>) -> impl Future<Output = CommandResult<Self::Found>> + Send;

    /// Completes the checks outside of the transaction. Runs after the idempotency key is validated.
    fn prepare(
        access: &Access,
        target: Self::Target<'_>,
        found: Self::Found,
    ) -> impl Future<Output = CommandResult<Ready<Self::Prepared>>> + Send;

    /// The view for a repeated request. `object` is the object of the first request.
    fn replay(
        access: &Access,
        object: &str,
        named: (Self::Target<'_>, Self::Prepared),
    ) -> impl Future<Output = CommandResult<Self::View>> + Send;

    /// Locks the rows of the command in their fixed order, raises the version and reads the current rows.
    fn lock(
        access: &Access,
        txn: &Txn,
        named: (Self::Target<'_>, Self::Prepared),
    ) -> impl Future<Output = CommandResult<Self>> + Send;

    /// Writes the row of the object and its entries in the change log.
    fn write(self, txn: &Txn, effect: Self::Effect) -> impl Future<Output = CommandResult<Self::Written>> + Send;

    /// The view after the commit; `None` if the caller may not see the object, which is an internal error.
    fn view(access: &Access, written: Self::Written) -> impl Future<Output = CommandResult<Option<Self::View>>> + Send;
}

/// A command that is ready for its transaction.
#[derive(Debug)]
pub struct Ready<P> {
    /// Code or id of the object, for the audit log and for repeated requests.
    pub object: String,
    /// The units that the permit checks.
    pub units: Vec<UnitId>,
    /// Detail for the audit log: numbers and codes, never a protected value.
    pub detail: Option<String>,
    /// The object before it is locked.
    pub prepared: P,
}

/// Context of a running command: its transaction, with the subject locked. Only `execute` creates it.
#[derive(Debug)]
pub struct CommandContext<'a, S> {
    /// Access of the caller.
    pub(in crate::domain) access: &'a Access,
    /// The command's transaction.
    pub(in crate::domain) txn: Txn,
    /// The locked subject.
    pub(in crate::domain) subject: S,
}

/// Executes a command, once per idempotency key.
///
/// # Errors
/// `Forbidden` without the command's scope, or a scope that its look-ups require.
#[expect(
    clippy::manual_async_fn,
    reason = "Send is declared here: for concrete commands the compiler cannot prove it (rust-lang/rust#100013)"
)]
pub fn execute<'a, C: Command>(
    access: &'a Access,
    command: &'a C,
) -> impl Future<Output = Result<Outcome<<C::Subject as Subject>::View>>> + Send + 'a {
    async move { outcome(execute_once(access, command).await) }
}

async fn execute_once<C: Command>(access: &Access, command: &C) -> CommandResult<<C::Subject as Subject>::View> {
    let target = command.target();
    let found = C::Subject::find(access, target).await?;
    let kind = CommandKind::of_client(C::NAME, C::SCOPE, C::Subject::AREA);
    let request = IdempotentRequest::of(access, kind, command.idempotency_key(), command)?;
    let Ready { object, units, detail, prepared } = C::Subject::prepare(access, target, found).await?;
    let txn = match request.begin(access, &units, (object, detail)).await? {
        Claim::New(txn) => *txn,
        Claim::Replayed(object) => return C::Subject::replay(access, &object, (target, prepared)).await,
    };

    let subject = C::Subject::lock(access, &txn, (target, prepared)).await?;
    let mut context = CommandContext { access, txn, subject };
    let effect = command.apply(&mut context).await?;

    let CommandContext { txn, subject, .. } = context;
    let written = subject.write(&txn, effect).await?;
    txn.commit().await?;
    access.note_commit().await;
    let view = C::Subject::view(access, written).await?;
    view.ok_or_else(|| Error::internal("a command did not report its object").into())
}
