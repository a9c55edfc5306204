//! Grants of clients (phạm vi được cấp): created, replaced, ended. A grant is never changed: a new one replaces it from
//! a day on, and the old one stays in the history with the day on which it ended.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use entity::{
    client, client_grant, grant_unit, unit,
    value::{AllowedDocuments, ChangeKind, ClientId, Day, GrantId, Period, Purpose, Scope, UnitCode, UnitId},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    sea_query::Expr,
};

use crate::{
    authz::{Permit, Txn},
    clock::Clock,
    db::Database,
    domain::client::row::{kind, lock_active, set_administrator},
    error::{Error, Result},
    language::Sentence,
    limit::Overrides,
    text,
};

/// Maximum length of a legal basis, in characters.
const LONGEST_BASIS: usize = 300;
/// Name of the command that replaces a grant, by the operator or by an administrator.
pub(super) const GRANT: &str = "client.grant";

/// A grant as entered by the operator.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Scopes (quyền), at least one.
    pub scopes: Vec<Scope>,
    /// Codes of the units whose subtrees the grant includes, at least one.
    pub units: Vec<String>,
    /// Purposes (mục đích) that the client may state.
    pub purposes: Vec<Purpose>,
    /// First day, inclusive; `None`: no beginning, or today if it replaces another grant.
    pub valid_from: Option<Day>,
    /// End, exclusive; `None`: until it is replaced or the client is revoked.
    pub valid_to: Option<Day>,
    /// Legal basis for reading protected data (căn cứ pháp lý), such as a contract.
    pub legal_basis: Option<String>,
    /// Limits that override those of the service.
    pub limits: Overrides,
    /// Documents that the client may run.
    pub documents: AllowedDocuments,
}

/// Validated terms of a grant, with its units resolved.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    pub scopes: Vec<Scope>,
    pub units: Vec<UnitId>,
    pub purposes: Vec<Purpose>,
    pub valid_from: Option<Day>,
    pub valid_to: Option<Day>,
    pub legal_basis: Option<String>,
    pub limits: Overrides,
    pub documents: AllowedDocuments,
}

/// A grant (phạm vi được cấp) for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedGrant {
    /// Scopes.
    pub scopes: Vec<Scope>,
    /// Purposes.
    pub purposes: Vec<Purpose>,
    /// Codes of the units.
    pub units: Vec<UnitCode>,
    /// First day, inclusive; `None`: no beginning.
    pub valid_from: Option<Day>,
    /// End as granted, exclusive; `None`: no end.
    pub valid_to: Option<Day>,
    /// Actual end, exclusive, if it was replaced or ended early.
    pub ended_on: Option<Day>,
    /// Legal basis for reading protected data.
    pub legal_basis: Option<String>,
    /// Limits in the grant.
    pub limits: Overrides,
    /// Documents that the client may run.
    pub documents: AllowedDocuments,
}

impl Asked {
    /// Validates the parts that need no database access, and returns the codes of the units.
    ///
    /// # Errors
    /// `Invalid` for the field; `until` is the name of the field with the end.
    pub(super) fn ensure(&self, until: &str) -> Result<BTreeSet<UnitCode>> {
        if self.scopes.is_empty() {
            return Err(Error::invalid("scopes", "cần nêu ít nhất một quyền", "at least one scope is required"));
        }
        if self.units.is_empty() {
            return Err(Error::invalid("units", "cần nêu ít nhất một đơn vị", "at least one unit is required"));
        }
        ensure_basis(self.legal_basis.as_deref())?;
        if Period::new(self.valid_from, self.valid_to).is_none() {
            return Err(Error::invalid(
                until,
                "ngày hết hiệu lực phải sau ngày bắt đầu",
                "the end of the grant must be after its first day",
            ));
        }
        unit_codes(&self.units)
    }

    /// Resolves the units and normalises the legal basis.
    ///
    /// # Errors
    /// `Invalid` for an unknown unit code or the legal basis.
    pub(super) async fn found(self, connection: &impl ConnectionTrait, codes: &BTreeSet<UnitCode>) -> Result<Terms> {
        let units = units_by_code(connection, codes).await?;
        let legal_basis = ensure_basis(self.legal_basis.as_deref())?;
        let Self { scopes, purposes, valid_from, valid_to, limits, documents, .. } = self;
        Ok(Terms { scopes, units, purposes, valid_from, valid_to, legal_basis, limits, documents })
    }
}

/// Replaces the grant of a client (cấp lại phạm vi), from today or from a later first day. Every node applies it within
/// 5 seconds after that day begins, also to tokens already issued.
///
/// # Errors
/// `Invalid` for the field, such as a first day in the past; `NotFound` if the client does not exist; `Conflict` if it
/// was revoked.
pub async fn grant(database: &Database, clock: Clock, id: ClientId, asked: Asked) -> Result<()> {
    let from = first_day(asked.valid_from, clock.today())?;
    let asked = Asked { valid_from: Some(from), ..asked };
    let codes = asked.ensure("until")?;

    let permit = Permit::operator(database, clock, kind(GRANT));
    let txn = permit.begin(Some(id.to_string()), Some(detail(&asked.scopes, &codes))).await?;
    lock_active(&txn, id).await?;
    set_administrator(&txn, id, None).await?;
    let terms = asked.found(txn.connection(), &codes).await?;
    replace(&txn, id, from, &terms).await?;
    txn.commit().await
}

/// Ends all current and future grants of a client today. It gets no tokens, and its existing tokens are rejected by all
/// nodes within 5 seconds, until it gets a new grant.
///
/// # Errors
/// `NotFound` if the client does not exist; `Conflict` if it was revoked, or has no current or future grant.
pub async fn end_grant(database: &Database, clock: Clock, id: ClientId) -> Result<()> {
    let txn = Permit::operator(database, clock, kind("client.end-grant")).begin(Some(id.to_string()), None).await?;
    lock_active(&txn, id).await?;
    if end_from(&txn, id, clock.today()).await? == 0 {
        return Err(Error::Conflict(Sentence::new(
            "hệ thống kết nối không có phạm vi được cấp nào đang có hiệu lực hoặc sắp có hiệu lực",
            "the client has no current or future grant",
        )));
    }
    txn.record(ChangeKind::Updated, "client", id.to_string()).await?;
    txn.commit().await
}

/// All grants of a client, oldest first.
///
/// # Errors
/// `NotFound` if the client does not exist.
pub async fn history(database: &Database, id: ClientId) -> Result<Vec<ListedGrant>> {
    client::Entity::find_by_id(id).one(database.reader()).await?.ok_or(Error::NotFound)?;
    Ok(listed(database.reader(), Some(id)).await?.remove(&id).unwrap_or_default())
}

/// Grants of one client or of all clients, oldest first.
pub(super) async fn listed(
    connection: &impl ConnectionTrait,
    of: Option<ClientId>,
) -> Result<BTreeMap<ClientId, Vec<ListedGrant>>> {
    let of = Condition::all().add_option(of.map(|id| client_grant::COLUMN.client_id.eq(id)));
    let grants = client_grant::Entity::find().filter(of).order_by_asc(client_grant::COLUMN.id).all(connection).await?;
    let ids = grants.iter().map(|row| row.id);
    let roots = grant_unit::Entity::find().filter(grant_unit::COLUMN.grant_id.is_in(ids));
    let mut units: BTreeMap<GrantId, Vec<UnitCode>> = BTreeMap::new();
    for (root, unit) in roots.find_also_related(unit::Entity).all(connection).await? {
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
            ended_on: row.ended_on,
            legal_basis: row.legal_basis,
            limits: Overrides::of_columns(row.requests_per_second, row.cost_per_minute),
            documents: row.documents,
        });
    }
    Ok(granted)
}

/// Inserts a grant that replaces the previous one from a day on.
pub(super) async fn replace(txn: &Txn, id: ClientId, from: Day, terms: &Terms) -> Result<()> {
    end_from(txn, id, from).await?;
    insert(txn.connection(), id, terms).await?;
    txn.record(ChangeKind::Updated, "client", id.to_string()).await
}

/// Ends all grants in force on or after a day, from that day on. Returns their number.
async fn end_from(txn: &Txn, id: ClientId, day: Day) -> Result<u64> {
    let (end, ended) = (client_grant::COLUMN.valid_to, client_grant::COLUMN.ended_on);
    let update = client_grant::Entity::update_many()
        .col_expr(client_grant::Column::EndedOn, Expr::value(day))
        .filter(client_grant::COLUMN.client_id.eq(id))
        .filter(Condition::any().add(end.is_null()).add(end.gt(day)))
        .filter(Condition::any().add(ended.is_null()).add(ended.gt(day)));
    Ok(update.exec(txn.connection()).await?.rows_affected)
}

/// Inserts a grant.
pub(super) async fn insert(connection: &impl ConnectionTrait, client_id: ClientId, terms: &Terms) -> Result<()> {
    let id = GrantId::new();
    let (requests_per_second, cost_per_minute) = terms.limits.columns();
    let grant = client_grant::ActiveModel {
        id: Set(id),
        client_id: Set(client_id),
        scopes: Set(words(&terms.scopes)),
        purposes: Set(words(&terms.purposes)),
        valid_from: Set(terms.valid_from),
        valid_to: Set(terms.valid_to),
        legal_basis: Set(terms.legal_basis.clone()),
        ended_on: Set(None),
        requests_per_second: Set(requests_per_second),
        cost_per_minute: Set(cost_per_minute),
        documents: Set(terms.documents),
    };
    grant.insert(connection).await?;
    let units: BTreeSet<UnitId> = terms.units.iter().copied().collect();
    let roots = units.into_iter().map(|unit_id| grant_unit::ActiveModel { grant_id: Set(id), unit_id: Set(unit_id) });
    grant_unit::Entity::insert_many(roots).exec_without_returning(connection).await?;
    Ok(())
}

/// Validates a legal basis.
///
/// # Errors
/// `Invalid` for `legal_basis`.
pub(super) fn ensure_basis(basis: Option<&str>) -> Result<Option<String>> {
    let line = basis.map(|basis| text::line(basis, LONGEST_BASIS).ok_or_else(bad_basis));
    line.transpose()
}

fn bad_basis() -> Error {
    Error::invalid(
        "legal_basis",
        format!("căn cứ pháp lý phải có từ 1 đến {LONGEST_BASIS} ký tự, không có ký tự điều khiển"),
        format!("a legal basis must have 1 to {LONGEST_BASIS} characters and no control characters"),
    )
}

/// Validates the first day of a replacement. A past day is rejected, because rights in the past cannot change.
fn first_day(from: Option<Day>, today: Day) -> Result<Day> {
    match from {
        Some(from) if from < today => Err(Error::invalid(
            "from",
            format!("phạm vi mới phải có hiệu lực từ hôm nay, {today}, hoặc muộn hơn"),
            format!("a new grant must begin today, {today}, or later"),
        )),
        from => Ok(from.unwrap_or(today)),
    }
}

/// Detail of a grant in the audit log: its scopes and unit codes.
pub(super) fn detail(scopes: &[Scope], units: &BTreeSet<UnitCode>) -> String {
    let units: Vec<_> = units.iter().map(UnitCode::as_str).collect();
    format!("{} in {}", words(scopes), units.join(" "))
}

/// Parses unit codes.
///
/// # Errors
/// `Invalid` for malformed text.
pub(in crate::domain) fn unit_codes(texts: &[String]) -> Result<BTreeSet<UnitCode>> {
    texts.iter().map(|text| text.parse().map_err(|_| no_such_unit(text))).collect()
}

/// Resolves unit codes.
///
/// # Errors
/// `Invalid` for an unknown code.
pub(in crate::domain) async fn units_by_code(
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

/// Values of a set, without duplicates, in declaration order, separated by blanks.
pub(in crate::domain) fn words<T: Ord + Copy + fmt::Display>(set: &[T]) -> String {
    let set: BTreeSet<T> = set.iter().copied().collect();
    set.iter().map(T::to_string).collect::<Vec<_>>().join(" ")
}

fn no_such_unit(code: &str) -> Error {
    // The text may be arbitrary; it is truncated and escaped for the message.
    let code: String = code.chars().take(40).flat_map(char::escape_debug).collect();
    Error::invalid("units", format!("không có đơn vị nào có mã \"{code}\""), format!("no unit has the code \"{code}\""))
}
