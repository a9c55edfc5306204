//! The client as the subject of commands.

use entity::value::ClientId;

use crate::{
    authz::{Access, Area, Txn},
    domain::{
        client::{administrator, list::look_up, row::bump_version, secret::LONGEST_OVERLAP, visible::VisibleClient},
        command::{Ready, Subject, validate},
        refusal::{CommandResult, Refusal},
    },
    error::Error,
    language::Sentence,
};

/// A client, with its secret if the command created one. The secret is shown once and not stored in plain text, so a
/// repeated request does not return it.
pub struct Issued {
    /// The client of the command.
    pub client: VisibleClient,
    /// The new secret; `None` for a repeated request.
    pub secret: Option<String>,
}

/// An existing client, locked.
#[derive(Debug)]
pub struct Client {
    pub(super) id: ClientId,
    /// Hours for which the old secret stays valid, if the command replaces it.
    overlap_hours: Option<i32>,
}

/// A client, as the input of a command names it.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    id: &'a str,
    expected_version: Option<i32>,
    overlap_hours: Option<i32>,
}

impl<'a> Target<'a> {
    /// The client with an id. `None` accepts any version.
    pub(super) fn of(id: &'a str, expected_version: Option<i32>) -> Self {
        Self { id, expected_version, overlap_hours: None }
    }

    /// Adds the hours for which the old secret stays valid.
    pub(super) fn with_overlap(self, hours: i32) -> Self {
        Self { overlap_hours: Some(hours), ..self }
    }
}

impl Subject for Client {
    type Target<'a> = Target<'a>;
    type Found = Self;
    type Prepared = Self;
    type Effect = Option<String>;
    type Written = Issued;
    type View = Issued;

    const AREA: Area = Area::Administration;

    async fn find(access: &Access, target: Self::Target<'_>) -> CommandResult<Self> {
        let id = seen(access, target.id).await?.row().id;
        let most = i32::try_from(LONGEST_OVERLAP.num_hours()).unwrap_or(i32::MAX);
        let in_bounds = |hours| validate::between("overlapHours", hours, (0, most));
        Ok(Self { id, overlap_hours: target.overlap_hours.map(in_bounds).transpose()? })
    }

    async fn prepare(_: &Access, _: Self::Target<'_>, client: Self) -> CommandResult<Ready<Self>> {
        let detail = client.overlap_hours.map(|hours| format!("overlap {hours} h"));
        Ok(Ready { object: client.id.to_string(), units: Vec::new(), detail, prepared: client })
    }

    async fn replay(access: &Access, object: &str, _: (Self::Target<'_>, Self)) -> CommandResult<Issued> {
        Ok(Issued { client: seen(access, object).await?, secret: None })
    }

    async fn lock(access: &Access, txn: &Txn, (target, client): (Self::Target<'_>, Self)) -> CommandResult<Self> {
        lock(access, txn, (client.id, target.expected_version)).await?;
        Ok(client)
    }

    async fn write(self, txn: &Txn, secret: Option<String>) -> CommandResult<Issued> {
        Ok(Issued { client: written(txn, self.id).await?, secret })
    }

    async fn view(_: &Access, issued: Issued) -> CommandResult<Option<Issued>> {
        Ok(Some(issued))
    }
}

/// Finds the client of an input, if the caller may administer it.
pub(super) async fn seen(access: &Access, id: &str) -> CommandResult<VisibleClient> {
    let id = id.parse().map_err(|_| Refusal::not_found("clientId"))?;
    match look_up(access, access.reader(), id).await {
        Err(Error::NotFound) => Err(Refusal::not_found("clientId").into()),
        found => Ok(found?),
    }
}

/// Reads the client after the command. It is returned even if the command removed rights of the caller, so that a
/// successful command does not result in `NotFound`.
pub(super) async fn written(txn: &Txn, id: ClientId) -> CommandResult<VisibleClient> {
    let standing = administrator::read(txn.connection(), Some(&[id])).await?.pop();
    let standing = standing.ok_or_else(|| Error::internal("the row of a client is missing"))?;
    Ok(VisibleClient::new(standing.row, standing.grants))
}

/// Locks a client that is not revoked and has the expected version. Its rights are compared again, because another
/// command may have extended them.
pub(super) async fn lock(access: &Access, txn: &Txn, (id, expected): (ClientId, Option<i32>)) -> CommandResult<()> {
    let row = bump_version(txn, id).await?;
    match look_up(access, txn.connection(), id).await {
        Err(Error::NotFound) => return Err(Refusal::not_found("clientId").into()),
        known => drop(known?),
    }
    if row.revoked_at.is_some() {
        let sentence = Sentence::new(
            "Hệ thống kết nối này đã bị thu hồi; hãy đăng ký hệ thống mới.",
            "This client is revoked; register a new one.",
        );
        return Err(Refusal::step("clientId", &"REVOKED", Vec::new(), sentence).into());
    }
    let before = row.version - 1;
    if expected.is_some_and(|expected| expected != before) {
        return Err(Refusal::version(before).into());
    }
    Ok(())
}
