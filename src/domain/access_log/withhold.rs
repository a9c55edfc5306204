//! Withholds readings from the API until a day, as ordered in a lawful investigation (Law 91/2025/QH15).

use entity::{
    access_withholding, cadre, client,
    value::{CadreCode, ClientId, Day, Log},
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, QueryFilter,
};

use crate::{
    audit::hash_chain::{Content, Entry},
    authz::{Area, CommandKind, Permit},
    clock::Clock,
    db::Database,
    error::{Error, Result},
    text,
};

const WITHHOLD: CommandKind = CommandKind::of_operator("access.withhold", Area::Administration);

/// Maximum length of a document number, in characters.
const LONGEST_NUMBER: usize = 100;

/// An order to withhold a client's readings of a person's protected data.
#[derive(Clone, Debug)]
pub struct Withhold {
    /// Client that read or will read the data.
    pub client: ClientId,
    /// Code of the person.
    pub subject: String,
    /// First day on which the readings are shown again. A day that is not in the future withholds nothing.
    pub until: Day,
    /// Number of the document with the order.
    pub document_no: String,
}

/// Withholds a client's past and future readings of a person from the API until a day. The latest order applies, so
/// another one extends or ends it. Nothing is removed from the log.
///
/// # Errors
/// `Invalid` if the client or the person does not exist, or the document number is missing.
pub async fn withhold(database: &Database, clock: Clock, order: Withhold) -> Result<()> {
    let document_no = ensure_number(&order.document_no)?;
    let unknown_subject = || {
        Error::invalid(
            "subject",
            "không có cán bộ nào có mã này; hãy kiểm tra lại mã",
            "no cadre has this code; check it",
        )
    };
    let code: CadreCode = order.subject.parse().map_err(|_| unknown_subject())?;
    let detail = format!("{} until {}: {document_no}", order.client, order.until);

    let txn = Permit::operator(database, clock, WITHHOLD).begin(Some(code.to_string()), Some(detail)).await?;
    let connection = txn.connection();
    let person = cadre::Entity::find().filter(cadre::Column::Code.eq(code)).one(connection).await?;
    let person = person.ok_or_else(unknown_subject)?;
    if client::Entity::find_by_id(order.client).one(connection).await?.is_none() {
        return Err(Error::invalid(
            "client",
            "không có hệ thống kết nối nào có mã này; xem `cadre-api client list`",
            "no client has this id; see `cadre-api client list`",
        ));
    }
    let row = access_withholding::ActiveModel {
        seq: NotSet,
        at: Set(txn.at()),
        client_id: Set(order.client),
        cadre_id: Set(person.id),
        until_on: Set(order.until),
        document_no: Set(document_no),
    };
    let row = row.insert(connection).await?;
    // Not written to the change log: readers of the change feed must not learn of the order.
    txn.also(Entry { log: Log::Withholding, number: row.seq, content: Content::of_withholding(&row).digest() });
    txn.commit().await
}

fn ensure_number(number: &str) -> Result<String> {
    text::line(number.trim(), LONGEST_NUMBER).ok_or_else(|| {
        Error::invalid(
            "document",
            format!("số văn bản phải có từ 1 đến {LONGEST_NUMBER} ký tự, không có ký tự điều khiển"),
            format!("a document number must have 1 to {LONGEST_NUMBER} characters and no control characters"),
        )
    })
}
