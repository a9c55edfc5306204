//! Commands on documents (văn bản): register a document of a unit, replace a document by another one. National documents
//! are changed by imports only.

use entity::{
    document,
    value::{ChangeKind, Day, DocumentCode, DocumentKind, Scope, UnitId},
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

use crate::{
    authz::{Access, Txn},
    domain::{
        command::{
            Command, CommandContext, Ready, Subject, Versioned, bump_version, unless_unique, validate, within_reach,
        },
        refusal::{Code, CommandResult, Refusal},
    },
    error::Error,
    reference::documents::{Document, identity, number_key},
};

/// Registration of a document (đăng ký văn bản).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "DocumentRegisterInput")]
pub struct Register {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Code of the document.
    pub code: String,
    /// Number with its symbol as printed, such as `134-KH/TU`, at most 100 characters.
    pub number: String,
    /// Kind of the document.
    pub kind: DocumentKind,
    /// Code of the unit that issued it.
    pub issuer_code: String,
    /// Day of signing.
    pub signed_on: Day,
    /// First day on which it is in force, inclusive.
    pub valid_from: Day,
    /// End day, exclusive; absent if it has no end.
    pub valid_to: Option<Day>,
    /// Title, at most 1,000 characters.
    pub title: String,
}

/// Replacement of a document by another one (thay thế văn bản).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "DocumentReplaceInput")]
pub struct Replace {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Code of the document that ends.
    pub document_code: String,
    /// The version that you read last; the command is rejected if the version has changed since.
    pub expected_version: Option<i32>,
    /// Code of the document that replaces it, of any issuer.
    pub successor_code: String,
    /// End day of the replaced document, exclusive: the successor is in force on this day.
    pub on: Day,
}

/// A document after a command, with its successor, which the reference data of the request may lack.
#[derive(Clone, Debug)]
pub struct Written {
    /// The document.
    pub document: Document,
    /// The document that replaced it.
    pub successor: Option<Document>,
}

impl Command for Register {
    const NAME: &'static str = "document.register";
    const SCOPE: Scope = Scope::DocumentWrite;
    const PAYLOAD: &'static str = "DocumentRegisterPayload";
    type Subject = NewDocument;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> &Self {
        self
    }

    async fn apply(&self, context: &mut CommandContext<'_, NewDocument>) -> CommandResult<()> {
        let row = &context.subject.0;
        let same = document::Entity::find().filter(document::Column::Identity.eq(row.identity.as_str()));
        if let Some(same) = same.one(context.txn.connection()).await? {
            return Err(number_taken(&same.code).into());
        }
        let insert = document::Entity::insert(row.clone().into_active_model().reset_all());
        let inserted = insert.exec_without_returning(context.txn.connection()).await;
        inserted.map(drop).map_err(|error| unless_unique(error, code_taken))
    }
}

impl Command for Replace {
    const NAME: &'static str = "document.replace";
    const SCOPE: Scope = Scope::DocumentWrite;
    const PAYLOAD: &'static str = "DocumentReplacePayload";
    type Subject = Existing;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> &Self {
        self
    }

    async fn apply(&self, context: &mut CommandContext<'_, Existing>) -> CommandResult<()> {
        let Existing { row, successor } = &mut context.subject;
        if let Some(by) = &row.replaced_by {
            return Err(already_replaced(by).into());
        }
        validate::later_than("on", self.on, row.valid_from)?;
        if row.valid_to.is_some_and(|end| end != self.on) {
            return Err(ended_otherwise(row).into());
        }
        row.valid_to = Some(self.on);
        if !row.can_be_replaced_by(successor) {
            return Err(not_in_force(successor, self.on).into());
        }
        row.replaced_by = Some(successor.code.clone());
        Ok(())
    }
}

/// A document that is registered.
#[derive(Debug)]
pub struct NewDocument(document::Model);

impl Subject for NewDocument {
    type Target<'a> = &'a Register;
    type Found = UnitId;
    type Prepared = Self;
    type Effect = ();
    type Written = document::Model;
    type View = Written;

    async fn find(access: &Access, input: Self::Target<'_>) -> CommandResult<UnitId> {
        Ok(within_reach(access, "issuerCode", &input.issuer_code)?)
    }

    async fn prepare(access: &Access, input: Self::Target<'_>, issuer: UnitId) -> CommandResult<Ready<Self>> {
        validate::not_in_future("signedOn", input.signed_on, access.today())?;
        let number = validate::text("number", &input.number, document::LONGEST_NUMBER)?;
        let is_number = number.starts_with(|c: char| c.is_ascii_digit()) && number_key(&number).is_some();
        let identity = identity(&number, Some(issuer), input.signed_on).filter(|_| is_number);
        if let Some(end) = input.valid_to {
            validate::later_than("validTo", end, input.valid_from)?;
        }
        let row = document::Model {
            code: validate::code("code", &input.code)?,
            identity: identity.ok_or_else(not_a_number)?,
            number,
            kind: input.kind,
            issuer_id: Some(issuer),
            signed_on: input.signed_on,
            valid_from: input.valid_from,
            valid_to: input.valid_to,
            replaced_by: None,
            title: validate::text("title", &input.title, document::LONGEST_TITLE)?,
            version: 1,
        };
        Ok(Ready { object: row.code.to_string(), units: vec![issuer], detail: None, prepared: Self(row) })
    }

    async fn replay(access: &Access, object: &str, _: (Self::Target<'_>, Self)) -> CommandResult<Written> {
        written(access, stored(access, "code", object).await?).await
    }

    async fn lock(_: &Access, _: &Txn, (_, prepared): (Self::Target<'_>, Self)) -> CommandResult<Self> {
        Ok(prepared)
    }

    async fn write(self, txn: &Txn, (): ()) -> CommandResult<document::Model> {
        txn.record(ChangeKind::Created, "document", self.0.code.to_string()).await?;
        Ok(self.0)
    }

    async fn view(_: &Access, row: document::Model) -> CommandResult<Option<Written>> {
        Ok(Some(Written { document: Document::of(row), successor: None }))
    }
}

/// A document that is replaced, and its successor, both locked.
#[derive(Debug)]
pub struct Existing {
    row: document::Model,
    successor: document::Model,
}

impl Versioned for document::Entity {
    const ID: document::Column = document::Column::Code;
    const VERSION: document::Column = document::Column::Version;

    fn version(row: &document::Model) -> i32 {
        row.version
    }
}

impl Subject for Existing {
    type Target<'a> = &'a Replace;
    type Found = (document::Model, document::Model);
    type Prepared = (DocumentCode, DocumentCode);
    type Effect = ();
    type Written = Self;
    type View = Written;

    async fn find(access: &Access, input: Self::Target<'_>) -> CommandResult<Self::Found> {
        let row = stored(access, "documentCode", &input.document_code).await?;
        match row.issuer_id {
            None => return Err(national().into()),
            Some(issuer) if !access.reaches(issuer) => return Err(issued_elsewhere().into()),
            Some(_) => {}
        }
        let successor = stored(access, "successorCode", &input.successor_code).await?;
        Ok((row, successor))
    }

    async fn prepare(
        _: &Access,
        input: Self::Target<'_>,
        (row, successor): Self::Found,
    ) -> CommandResult<Ready<Self::Prepared>> {
        let detail = format!("{} {}", successor.code, input.on);
        let (object, units) = (row.code.to_string(), row.issuer_id.into_iter().collect());
        Ok(Ready { object, units, detail: Some(detail), prepared: (row.code, successor.code) })
    }

    async fn replay(access: &Access, object: &str, _: (Self::Target<'_>, Self::Prepared)) -> CommandResult<Written> {
        written(access, stored(access, "documentCode", object).await?).await
    }

    /// Locks both rows in the order of their codes, so that two opposite replacements do not wait for each other.
    async fn lock(
        _: &Access,
        txn: &Txn,
        (input, (code, successor)): (Self::Target<'_>, Self::Prepared),
    ) -> CommandResult<Self> {
        let both = document::Entity::find()
            .filter(document::Column::Code.is_in([code.as_str(), successor.as_str()]))
            .order_by_asc(document::Column::Code)
            .lock_exclusive()
            .all(txn.connection())
            .await?;
        let successor = both.into_iter().find(|row| row.code == successor);
        let successor = successor.ok_or_else(|| Error::internal("the successor of a document is missing"))?;
        let row = bump_version::<document::Entity>(txn, code.as_str(), input.expected_version).await?;
        Ok(Self { row, successor })
    }

    async fn write(self, txn: &Txn, (): ()) -> CommandResult<Self> {
        let update = document::Entity::update(self.row.clone().into_active_model().reset_all());
        update.exec_without_returning(txn.connection()).await?;
        txn.record(ChangeKind::Updated, "document", self.row.code.to_string()).await?;
        Ok(self)
    }

    async fn view(_: &Access, written: Self) -> CommandResult<Option<Written>> {
        let (document, successor) = (Document::of(written.row), Document::of(written.successor));
        Ok(Some(Written { document, successor: Some(successor) }))
    }
}

/// The row of a document. Read from the database, because the reference data can be a second old.
async fn stored(access: &Access, field: &str, code: &str) -> CommandResult<document::Model> {
    let row = document::Entity::find().filter(document::Column::Code.eq(code)).one(access.reader()).await?;
    Ok(row.ok_or_else(|| Refusal::not_found(field))?)
}

async fn written(access: &Access, row: document::Model) -> CommandResult<Written> {
    let successor = match &row.replaced_by {
        Some(code) => Some(Document::of(stored(access, "successorCode", code.as_str()).await?)),
        None => None,
    };
    Ok(Written { document: Document::of(row), successor })
}

fn not_a_number() -> Refusal {
    Refusal::input(
        Code::InvalidText,
        "number",
        "Số văn bản phải là số và ký hiệu như in trên văn bản, bắt đầu bằng chữ số, như 134-KH/TU; hãy sửa lại.",
        "The number must be the number and symbol as printed, beginning with a digit, such as 134-KH/TU; correct it.",
    )
}

fn number_taken(by: &DocumentCode) -> Refusal {
    Refusal::conflict(
        Code::CodeTaken,
        "number",
        format!(
            "Cùng cơ quan ban hành đã có văn bản {by} mang số này trong năm ký; hãy dùng văn bản đó hoặc sửa số, ngày ký."
        ),
        format!(
            "The document {by} of the same issuer and year of signing has this number; use that document, or correct the \
             number or the day."
        ),
    )
}

fn code_taken() -> Refusal {
    Refusal::conflict(
        Code::CodeTaken,
        "code",
        "Mã hoặc số văn bản này vừa được dùng cho văn bản khác; hãy tra lại danh sách văn bản rồi chọn mã khác.",
        "Another document has this code, or was just registered with this number; list the documents, then choose another \
         code.",
    )
}

fn already_replaced(by: &DocumentCode) -> Refusal {
    Refusal::conflict(
        Code::WrongStep,
        "documentCode",
        format!("Văn bản này đã được thay thế bằng văn bản {by}; hãy thay thế văn bản {by}."),
        format!("The document has been replaced by {by}; replace {by} instead."),
    )
}

fn ended_otherwise(row: &document::Model) -> Refusal {
    let end = row.valid_to.map(|end| end.to_string()).unwrap_or_default();
    Refusal::input(
        Code::InvalidDay,
        "on",
        format!("Văn bản này đã hết hiệu lực từ ngày {end}; hãy dùng ngày đó làm ngày thay thế."),
        format!("The document ended on {end}; use that day."),
    )
}

fn not_in_force(successor: &document::Model, on: Day) -> Refusal {
    let code = &successor.code;
    Refusal::input(
        Code::InvalidDay,
        "on",
        format!(
            "Văn bản thay thế {code} phải là văn bản khác và đang có hiệu lực vào ngày {on}; hãy sửa ngày hoặc chọn văn bản khác."
        ),
        format!(
            "The successor {code} must be another document that is in force on {on}; correct the day or choose another document."
        ),
    )
}

fn national() -> Refusal {
    Refusal::input(
        Code::NotOrganisedHere,
        "documentCode",
        "Văn bản của trung ương chỉ được cập nhật bằng cách nhập gói dữ liệu; hãy đề nghị quản trị viên.",
        "National documents are changed by imports only; ask the operator.",
    )
}

fn issued_elsewhere() -> Refusal {
    Refusal::input(
        Code::NotOrganisedHere,
        "documentCode",
        "Văn bản này do đơn vị ngoài phạm vi được cấp ban hành; chỉ đơn vị đó được thay thế, hãy đề nghị đơn vị đó.",
        "A unit out of your reach issued this document; only that unit can replace it, so ask that unit.",
    )
}
