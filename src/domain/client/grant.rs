//! Grants of clients (phạm vi được cấp): made, replaced, ended. None is ever changed: another takes its place from a day
//! on, and the one before stays in the history with the day on which it ended.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use entity::{
    client, client_grant, grant_unit, unit,
    value::{ChangeKind, ClientId, Day, GrantId, Period, Purpose, Scope, UnitCode, UnitId},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    sea_query::Expr,
};

use crate::{
    clock::Clock,
    db::Database,
    domain::{
        authz::{Act, Permit, Txn},
        client::{lock_living, place_below},
    },
    error::{Error, Result},
    language::Sentence,
    limit::Overrides,
    text,
};

/// Longest legal basis, in characters.
const LONGEST_BASIS: usize = 300;

/// A grant as the operator asks for it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Scopes (quyền), at least one.
    pub scopes: Vec<Scope>,
    /// Codes of the units whose subtrees it reaches, at least one.
    pub units: Vec<String>,
    /// Purposes (mục đích) that the client may state.
    pub purposes: Vec<Purpose>,
    /// First day; none: always, or today where it replaces another.
    pub valid_from: Option<Day>,
    /// First day no longer; none: until another takes its place or the client is revoked.
    pub valid_to: Option<Day>,
    /// Legal basis of readings of protected data (căn cứ pháp lý), such as a contract.
    pub legal_basis: Option<String>,
    /// Limits that hold instead of those of the service.
    pub limits: Overrides,
}

/// What a grant says, with its units found.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    pub scopes: Vec<Scope>,
    pub units: Vec<UnitId>,
    pub purposes: Vec<Purpose>,
    pub valid_from: Option<Day>,
    pub valid_to: Option<Day>,
    pub legal_basis: Option<String>,
    pub limits: Overrides,
}

/// A grant (phạm vi được cấp) as the operator sees it.
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
    /// First day no longer, as it was granted; none: without an end.
    pub valid_to: Option<Day>,
    /// First day no longer, because another took its place or it was ended.
    pub ended_on: Option<Day>,
    /// Legal basis of readings of protected data.
    pub legal_basis: Option<String>,
    /// Limits of its own.
    pub limits: Overrides,
}

impl Asked {
    /// Checks what can be told without the database, and gives the codes of the units.
    ///
    /// # Errors
    /// `Invalid` naming the field; `until` is what the last day is called.
    pub(super) fn ensure(&self, until: &str) -> Result<BTreeSet<UnitCode>> {
        if self.scopes.is_empty() {
            return Err(Error::invalid("scopes", "cần ít nhất một phạm vi", "at least one scope is needed"));
        }
        if self.units.is_empty() {
            return Err(Error::invalid("units", "cần ít nhất một đơn vị", "at least one unit is needed"));
        }
        ensure_basis(self.legal_basis.as_deref())?;
        if Period::new(self.valid_from, self.valid_to).is_none() {
            return Err(Error::invalid(
                until,
                "ngày hết hiệu lực phải sau ngày bắt đầu",
                "the grant must end after the day it begins",
            ));
        }
        unit_codes(&self.units)
    }

    /// The same with its units looked up and its legal basis cleaned.
    ///
    /// # Errors
    /// `Invalid` naming a code that no unit has, or the legal basis.
    pub(super) async fn found(self, connection: &impl ConnectionTrait, codes: &BTreeSet<UnitCode>) -> Result<Terms> {
        let units = units_by_code(connection, codes).await?;
        let legal_basis = ensure_basis(self.legal_basis.as_deref())?;
        let Self { scopes, purposes, valid_from, valid_to, limits, .. } = self;
        Ok(Terms { scopes, units, purposes, valid_from, valid_to, legal_basis, limits })
    }
}

/// Gives a client a grant in the place of the one before (cấp lại phạm vi), from today unless it says a later day. Every
/// node acts on it within 5 seconds of that day's beginning, also for tokens already issued.
///
/// # Errors
/// `Invalid` naming the field, such as a first day in the past; `NotFound` if there is no such client; `Conflict` if it
/// was revoked.
pub async fn grant(database: &Database, clock: Clock, id: ClientId, asked: Asked) -> Result<()> {
    let from = begins(asked.valid_from, clock.today())?;
    let asked = Asked { valid_from: Some(from), ..asked };
    let codes = asked.ensure("until")?;

    let permit = Permit::operator(database, clock, Act::ClientGrant);
    let txn = permit.begin(Some(id.to_string()), Some(detail(&asked.scopes, &codes))).await?;
    lock_living(&txn, id).await?;
    place_below(&txn, id, None).await?;
    let terms = asked.found(txn.connection(), &codes).await?;
    replace(&txn, id, from, &terms).await?;
    txn.commit().await
}

/// Ends the grants of a client today, those to come with the one in force: it gets no tokens, and those that it has are
/// refused within 5 seconds everywhere, until it is granted something again.
///
/// # Errors
/// `NotFound` if there is no such client; `Conflict` if it was revoked, or has no grant that holds or is to come.
pub async fn end_grant(database: &Database, clock: Clock, id: ClientId) -> Result<()> {
    let txn = Permit::operator(database, clock, Act::ClientEndGrant).begin(Some(id.to_string()), None).await?;
    lock_living(&txn, id).await?;
    if end_from(&txn, id, clock.today()).await? == 0 {
        return Err(Error::Conflict(Sentence::new(
            "hệ thống kết nối không có phạm vi nào đang hoặc sắp có hiệu lực",
            "the client has no grant that holds or is to come",
        )));
    }
    txn.record(ChangeKind::Updated, "client", id.to_string()).await?;
    txn.commit().await
}

/// Every grant that a client has had, oldest first.
///
/// # Errors
/// `NotFound` if there is no such client.
pub async fn history(database: &Database, id: ClientId) -> Result<Vec<ListedGrant>> {
    client::Entity::find_by_id(id).one(database.reader()).await?.ok_or(Error::NotFound)?;
    Ok(listed(database.reader(), Some(id)).await?.remove(&id).unwrap_or_default())
}

/// The grants of a client, or of all, oldest first.
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
        });
    }
    Ok(granted)
}

/// Writes a grant that takes the place of the one before from a day on.
pub(super) async fn replace(txn: &Txn, id: ClientId, from: Day, terms: &Terms) -> Result<()> {
    end_from(txn, id, from).await?;
    insert(txn.connection(), id, terms).await?;
    txn.record(ChangeKind::Updated, "client", id.to_string()).await
}

/// Ends what would hold on a day or later, from that day on; gives how many grants that were.
async fn end_from(txn: &Txn, id: ClientId, day: Day) -> Result<u64> {
    let (end, ended) = (client_grant::COLUMN.valid_to, client_grant::COLUMN.ended_on);
    let update = client_grant::Entity::update_many()
        .col_expr(client_grant::Column::EndedOn, Expr::value(day))
        .filter(client_grant::COLUMN.client_id.eq(id))
        .filter(Condition::any().add(end.is_null()).add(end.gt(day)))
        .filter(Condition::any().add(ended.is_null()).add(ended.gt(day)));
    Ok(update.exec(txn.connection()).await?.rows_affected)
}

/// Writes a grant.
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
    };
    grant.insert(connection).await?;
    let units: BTreeSet<UnitId> = terms.units.iter().copied().collect();
    let roots = units.into_iter().map(|unit_id| grant_unit::ActiveModel { grant_id: Set(id), unit_id: Set(unit_id) });
    grant_unit::Entity::insert_many(roots).exec_without_returning(connection).await?;
    Ok(())
}

/// Checks a legal basis.
///
/// # Errors
/// `Invalid` naming `legal_basis`.
pub(super) fn ensure_basis(basis: Option<&str>) -> Result<Option<String>> {
    let line = basis.map(|basis| text::line(basis, LONGEST_BASIS).ok_or_else(bad_basis));
    line.transpose()
}

fn bad_basis() -> Error {
    Error::invalid(
        "legal_basis",
        format!("căn cứ pháp lý có từ 1 đến {LONGEST_BASIS} ký tự, không có ký tự điều khiển"),
        format!("a legal basis has 1 to {LONGEST_BASIS} characters and no control characters"),
    )
}

/// The first day of a grant that replaces another. What was allowed on a day that is over was allowed.
fn begins(from: Option<Day>, today: Day) -> Result<Day> {
    match from {
        Some(from) if from < today => Err(Error::invalid(
            "from",
            format!("phạm vi mới có hiệu lực sớm nhất từ hôm nay, {today}"),
            format!("a new grant begins today, {today}, or later"),
        )),
        from => Ok(from.unwrap_or(today)),
    }
}

/// What the audit log says of a grant: its scopes and the codes of its units.
pub(super) fn detail(scopes: &[Scope], units: &BTreeSet<UnitCode>) -> String {
    let units: Vec<_> = units.iter().map(UnitCode::as_str).collect();
    format!("{} in {}", words(scopes), units.join(" "))
}

/// Codes of units.
///
/// # Errors
/// `Invalid` naming what is no code.
pub(in crate::domain) fn unit_codes(texts: &[String]) -> Result<BTreeSet<UnitCode>> {
    texts.iter().map(|text| text.parse().map_err(|_| no_such_unit(text))).collect()
}

/// The units of these codes.
///
/// # Errors
/// `Invalid` naming a code that no unit has.
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

/// The words of a set, each once, in the order of their declaration.
pub(in crate::domain) fn words<T: Ord + Copy + fmt::Display>(set: &[T]) -> String {
    let set: BTreeSet<T> = set.iter().copied().collect();
    set.iter().map(T::to_string).collect::<Vec<_>>().join(" ")
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
