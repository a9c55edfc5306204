//! API clients (hệ thống kết nối): registered with a grant, given new secrets, revoked.

pub mod external;
pub mod key;
pub mod secret;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use chrono::{DateTime, Utc};
use entity::{
    client, client_grant, client_secret, external_client, grant_unit, unit,
    value::{ChangeKind, ClientId, Day, GrantId, Period, Purpose, Scope, UnitCode, UnitId},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    SqlErr, sea_query::Expr,
};

use crate::{
    auth::secret::Secret,
    clock::Clock,
    db::Database,
    domain::access::{Act, Permit},
    error::{Error, Result},
    language::Sentence,
    text,
};

/// Longest name of a client, in characters.
const LONGEST_NAME: usize = 100;
/// Longest legal basis, in characters.
const LONGEST_BASIS: usize = 300;

/// A client to be registered, with its grant.
#[derive(Clone, Debug)]
pub struct Add {
    /// Name; no other client has had it.
    pub name: String,
    /// Scopes (phạm vi), at least one.
    pub scopes: Vec<Scope>,
    /// Codes of the units whose subtrees it reaches, at least one.
    pub units: Vec<String>,
    /// Purposes (mục đích) that it may state.
    pub purposes: Vec<Purpose>,
    /// First day; none: always.
    pub valid_from: Option<Day>,
    /// First day no longer; none: until revoked.
    pub valid_to: Option<Day>,
    /// Legal basis (căn cứ pháp lý) of its readings of protected data; written into each entry of the access log.
    pub legal_basis: Option<String>,
}

/// What the operator hands to the client's owner. The secret is nowhere else.
pub struct Registered {
    /// Client id.
    pub client_id: ClientId,
    /// Secret.
    pub client_secret: String,
}

impl fmt::Debug for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registered").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// A client as the operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Client id.
    pub id: ClientId,
    /// Name.
    pub name: String,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When it was revoked; none: it lives.
    pub revoked_at: Option<DateTime<Utc>>,
    /// What external issuers call it: issuer and id.
    pub external: Vec<(String, String)>,
    /// When its secrets end, of which the lasting one comes last; one that has ended is left out.
    pub secrets: Vec<Option<DateTime<Utc>>>,
    /// Its grants, oldest first.
    pub grants: Vec<ListedGrant>,
}

/// A grant (phạm vi) as the operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedGrant {
    /// Scopes.
    pub scopes: Vec<Scope>,
    /// Purposes.
    pub purposes: Vec<Purpose>,
    /// Codes of the units.
    pub units: Vec<UnitCode>,
    /// First day; none: always.
    pub valid_from: Option<Day>,
    /// First day no longer; none: until revoked.
    pub valid_to: Option<Day>,
}

/// Registers a client (đăng ký hệ thống kết nối).
pub async fn add(database: &Database, clock: Clock, add: Add) -> Result<Registered> {
    let name = ensure_name(&add.name)?;
    ensure_grant(&add)?;
    let codes = unit_codes(&add.units)?;
    let (id, secret) = (ClientId::new(), Secret::draw()?);

    let txn = Permit::operator(database, clock, Act::ClientAdd).begin(Some(id.to_string()), None).await?;
    let connection = txn.connection();
    let units = units_by_code(connection, &codes).await?;
    let row = client::ActiveModel { id: Set(id), name: Set(name), created_at: Set(clock.now()), revoked_at: Set(None) };
    row.insert(connection).await.map_err(name_is_taken)?;
    secret::insert(connection, id, &secret, clock).await?;
    insert_grant(connection, id, &add, units).await?;
    txn.record(ChangeKind::Created, "client", id.to_string()).await?;
    txn.commit().await?;

    Ok(Registered { client_id: id, client_secret: secret.into_text() })
}

/// Every client, living or revoked, oldest first.
pub async fn list(database: &Database, clock: Clock) -> Result<Vec<Listed>> {
    let connection = database.reader();
    let clients = client::Entity::find().order_by_asc(client::COLUMN.id).all(connection).await?;
    let grants = client_grant::Entity::find().order_by_asc(client_grant::COLUMN.id).all(connection).await?;
    let roots = grant_unit::Entity::find().find_also_related(unit::Entity).all(connection).await?;

    let mut units: BTreeMap<GrantId, Vec<UnitCode>> = BTreeMap::new();
    for (root, unit) in roots {
        units.entry(root.grant_id).or_default().extend(unit.map(|unit| unit.code));
    }
    let mut granted: BTreeMap<ClientId, Vec<ListedGrant>> = BTreeMap::new();
    for row in grants {
        let mut units = units.remove(&row.id).unwrap_or_default();
        units.sort_unstable();
        granted.entry(row.client_id).or_default().push(ListedGrant {
            scopes: row.scopes().collect(),
            purposes: row.purposes().collect(),
            units,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
        });
    }
    let now = clock.now();
    let mut held: BTreeMap<ClientId, Vec<Option<DateTime<Utc>>>> = BTreeMap::new();
    let secrets = client_secret::Entity::find().order_by_asc(client_secret::COLUMN.id).all(connection).await?;
    for row in secrets.into_iter().filter(|row| row.expires_at.is_none_or(|end| end > now)) {
        held.entry(row.client_id).or_default().push(row.expires_at);
    }
    let mut names: BTreeMap<ClientId, Vec<(String, String)>> = BTreeMap::new();
    for row in external_client::Entity::find().order_by_asc(external_client::COLUMN.issuer).all(connection).await? {
        names.entry(row.client_id).or_default().push((row.issuer, row.external_id));
    }
    let listed = |row: client::Model| Listed {
        external: names.remove(&row.id).unwrap_or_default(),
        secrets: held.remove(&row.id).unwrap_or_default(),
        grants: granted.remove(&row.id).unwrap_or_default(),
        id: row.id,
        name: row.name,
        created_at: row.created_at,
        revoked_at: row.revoked_at,
    };
    Ok(clients.into_iter().map(listed).collect())
}

/// Revokes a client (thu hồi): its tokens are worth nothing within 5 seconds, everywhere.
///
/// # Errors
/// `NotFound` if there is no such client; `Conflict` if it was revoked.
pub async fn revoke(database: &Database, clock: Clock, id: ClientId) -> Result<()> {
    let txn = Permit::operator(database, clock, Act::ClientRevoke).begin(Some(id.to_string()), None).await?;
    secret::lock_living(&txn, id).await?;
    client::Entity::update_many()
        .col_expr(client::Column::RevokedAt, Expr::value(clock.now()))
        .filter(client::COLUMN.id.eq(id))
        .exec(txn.connection())
        .await?;
    txn.record(ChangeKind::Ended, "client", id.to_string()).await?;
    txn.commit().await
}

fn has_been_revoked() -> Error {
    Error::Conflict(Sentence::new(
        "hệ thống kết nối này đã bị thu hồi; hãy đăng ký hệ thống mới",
        "this client has been revoked; register a new one",
    ))
}

fn ensure_name(name: &str) -> Result<String> {
    let length = name.chars().count();
    let is_plain = name.trim() == name && !name.chars().any(char::is_control);
    if !(1..=LONGEST_NAME).contains(&length) || !is_plain {
        return Err(Error::invalid(
            "name",
            "tên có từ 1 đến 100 ký tự, không có khoảng trắng ở đầu hoặc cuối, không có ký tự điều khiển",
            "a name has 1 to 100 characters, no blank at either end and no control characters",
        ));
    }
    Ok(text::nfc(name).into_owned())
}

fn ensure_grant(add: &Add) -> Result<()> {
    if add.scopes.is_empty() {
        return Err(Error::invalid("scopes", "cần ít nhất một phạm vi", "at least one scope is needed"));
    }
    if add.units.is_empty() {
        return Err(Error::invalid("units", "cần ít nhất một đơn vị", "at least one unit is needed"));
    }
    let is_plain =
        |basis: &str| (1..=LONGEST_BASIS).contains(&basis.chars().count()) && !basis.chars().any(char::is_control);
    if !add.legal_basis.as_deref().is_none_or(is_plain) {
        return Err(Error::invalid(
            "legal_basis",
            format!("căn cứ pháp lý có từ 1 đến {LONGEST_BASIS} ký tự, không có ký tự điều khiển"),
            format!("a legal basis has 1 to {LONGEST_BASIS} characters and no control characters"),
        ));
    }
    if Period::new(add.valid_from, add.valid_to).is_none() {
        return Err(Error::invalid(
            "valid_to",
            "ngày hết hiệu lực phải sau ngày bắt đầu",
            "the grant must end after the day it begins",
        ));
    }
    Ok(())
}

pub(super) fn unit_codes(texts: &[String]) -> Result<BTreeSet<UnitCode>> {
    texts.iter().map(|text| text.parse().map_err(|_| no_such_unit(text))).collect()
}

fn no_such_unit(code: &str) -> Error {
    // What is no code may be anything; a long one would drown the sentence.
    let code: String = code.chars().take(40).flat_map(char::escape_debug).collect();
    Error::invalid(
        "units",
        format!("không có đơn vị nào mang mã \"{code}\""),
        format!("no unit has the code \"{code}\""),
    )
}

pub(super) async fn units_by_code(
    connection: &impl ConnectionTrait,
    codes: &BTreeSet<UnitCode>,
) -> Result<Vec<UnitId>> {
    let wanted = unit::COLUMN.code.is_in(codes.iter().cloned());
    let found = unit::Entity::find().filter(wanted).all(connection).await?;
    let known: BTreeSet<_> = found.iter().map(|unit| &unit.code).collect();
    match codes.iter().find(|code| !known.contains(code)) {
        Some(unknown) => Err(no_such_unit(unknown.as_str())),
        None => Ok(found.iter().map(|unit| unit.id).collect()),
    }
}

async fn insert_grant(
    connection: &impl ConnectionTrait,
    client_id: ClientId,
    add: &Add,
    units: Vec<UnitId>,
) -> Result<()> {
    let id = GrantId::new();
    let grant = client_grant::ActiveModel {
        id: Set(id),
        client_id: Set(client_id),
        scopes: Set(words(&add.scopes)),
        purposes: Set(words(&add.purposes)),
        valid_from: Set(add.valid_from),
        valid_to: Set(add.valid_to),
        legal_basis: Set(add.legal_basis.as_deref().map(|basis| text::nfc(basis).into_owned())),
    };
    grant.insert(connection).await?;
    let roots = units.into_iter().map(|unit_id| grant_unit::ActiveModel { grant_id: Set(id), unit_id: Set(unit_id) });
    grant_unit::Entity::insert_many(roots).exec_without_returning(connection).await?;
    Ok(())
}

/// The words of a set, each once, in the order of their declaration.
pub(super) fn words<T: Ord + Copy + fmt::Display>(set: &[T]) -> String {
    let set: BTreeSet<T> = set.iter().copied().collect();
    set.iter().map(T::to_string).collect::<Vec<_>>().join(" ")
}

fn name_is_taken(error: DbErr) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Error::Conflict(Sentence::new(
            "đã có hệ thống kết nối mang tên này; hãy chọn tên khác",
            "a client of this name exists already; choose another name",
        )),
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests;
