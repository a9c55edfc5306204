//! Registers a client.

use entity::value::{ClientId, Scope};

use super::{
    subject::{Issued, seen, written},
    terms::{GrantTerms, HeldTerms, ensure_held, ensure_sums, held_terms},
};
use crate::{
    auth::secret::Secret,
    authz::{Access, Area, Txn},
    domain::{
        client::{ADD, NameTaken, ensure_name, insert, share::Shares},
        command::{Command, CommandContext, Ready, Subject},
        refusal::{Code, CommandResult, Refusal},
    },
};

/// Registers a client (đăng ký hệ thống kết nối) with its grant.
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "ClientRegisterInput")]
pub struct Register {
    /// Idempotency key, 1 to 200 characters. A request repeated with the same key is executed once.
    pub idempotency_key: String,
    /// Name, at most 100 characters, such as the agency and its system. Unique among all clients, past and present.
    pub name: String,
    /// Rights of the client, its units and validity.
    pub grant: GrantTerms,
}

impl Command for Register {
    const NAME: &'static str = ADD;
    const SCOPE: Scope = Scope::ClientsAdmin;
    const PAYLOAD: &'static str = "ClientRegisterPayload";
    type Subject = NewClient;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> &Self {
        self
    }

    async fn apply(&self, context: &mut CommandContext<'_, NewClient>) -> CommandResult<String> {
        let (access, txn, NewClient { of, before }) = (context.access, &context.txn, &context.subject);
        let secret = Secret::draw()?;
        let administrator = Some(access.caller().client_id());
        let inserted = insert(txn, of.id, of.name.clone(), &secret, &of.terms.0, administrator).await?;
        inserted.map_err(|NameTaken| name_is_taken())?;
        ensure_sums(access, txn, (of.id, before)).await?;
        Ok(secret.into_text())
    }
}

/// A client that is registered. No other administrator can make a grant meanwhile.
#[derive(Debug)]
pub struct NewClient {
    of: Registration,
    /// Shares of the limits before the command.
    before: Shares,
}

/// A client with its name and the terms of its grant.
#[derive(Debug)]
pub struct Registration {
    id: ClientId,
    name: String,
    terms: HeldTerms,
}

impl Subject for NewClient {
    type Target<'a> = &'a Register;
    type Found = HeldTerms;
    type Prepared = Registration;
    type Effect = String;
    type Written = Issued;
    type View = Issued;

    const AREA: Area = Area::Administration;

    async fn find(access: &Access, input: Self::Target<'_>) -> CommandResult<HeldTerms> {
        access.require(Scope::ClientsAdmin, ADD)?;
        held_terms(access, &input.grant).await
    }

    async fn prepare(access: &Access, input: Self::Target<'_>, terms: HeldTerms) -> CommandResult<Ready<Registration>> {
        let name = ensure_name(&input.name).map_err(|_| bad_name())?;
        let (id, units, detail) = (ClientId::new(), terms.0.units.clone(), Some(terms.detail(access)));
        Ok(Ready { object: id.to_string(), units, detail, prepared: Registration { id, name, terms } })
    }

    async fn replay(access: &Access, object: &str, _: (Self::Target<'_>, Registration)) -> CommandResult<Issued> {
        Ok(Issued { client: seen(access, object).await?, secret: None })
    }

    async fn lock(access: &Access, txn: &Txn, (_, of): (Self::Target<'_>, Registration)) -> CommandResult<Self> {
        let before = ensure_held(access, txn, &of.terms).await?;
        Ok(Self { of, before })
    }

    async fn write(self, txn: &Txn, secret: String) -> CommandResult<Issued> {
        Ok(Issued { client: written(txn, self.of.id).await?, secret: Some(secret) })
    }

    async fn view(_: &Access, issued: Issued) -> CommandResult<Option<Issued>> {
        Ok(Some(issued))
    }
}

fn bad_name() -> Refusal {
    Refusal::input(
        Code::InvalidText,
        "name",
        "Tên phải có từ 1 đến 100 ký tự, không có khoảng trắng ở đầu hoặc cuối, không có ký tự điều khiển; hãy sửa lại.",
        "A name must have 1 to 100 characters, no blank at the beginning or the end, and no control characters; correct \
         it.",
    )
}

fn name_is_taken() -> Refusal {
    Refusal::conflict(
        Code::CodeTaken,
        "name",
        "Tên này đã được dùng cho hệ thống kết nối khác; hãy chọn tên khác.",
        "Another client already has this name; choose another name.",
    )
}
