//! Users (người dùng) on whose behalf clients act with tokens of external issuers: registration with rights, list and
//! revocation. The effective rights are the rights that both the client and the user have.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entity::{
    acting_person, acting_person_unit, cadre, unit,
    value::{CadreCode, CadreId, ChangeKind, PersonId, Purpose, Scope, UnitCode},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    SqlErr, sea_query::Expr,
};

use crate::{
    authz::{Area, CommandKind, Permit},
    clock::Clock,
    db::Database,
    domain::client::{external::ExternalName, unit_codes, units_by_code, words},
    error::{Error, Result},
    language::Sentence,
};

const ADD: CommandKind = CommandKind::of_operator("person.add", Area::Administration);
const REVOKE: CommandKind = CommandKind::of_operator("person.revoke", Area::Administration);

/// Input for registering a user.
#[derive(Clone, Debug)]
pub struct Add {
    /// Identity of the user at the issuer.
    pub name: ExternalName,
    /// Scopes (phạm vi), at least one.
    pub scopes: Vec<Scope>,
    /// Codes of the units whose subtrees the user reaches, at least one.
    pub units: Vec<String>,
    /// Purposes (mục đích) that may be stated on behalf of the user.
    pub purposes: Vec<Purpose>,
    /// Code of the user's own cadre record, if known.
    pub cadre: Option<String>,
}

/// A user for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Id of the user.
    pub id: PersonId,
    /// Identity of the user at the issuer.
    pub name: ExternalName,
    /// Scopes.
    pub scopes: Vec<Scope>,
    /// Purposes.
    pub purposes: Vec<Purpose>,
    /// Codes of the units.
    pub units: Vec<UnitCode>,
    /// Code of the user's own cadre record.
    pub cadre: Option<CadreCode>,
    /// Time of revocation; `None` if the user is active.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Registers a user (đăng ký người dùng).
///
/// # Errors
/// `Invalid` for an identity that no token can contain, without a scope or a unit, or for an unknown unit or cadre;
/// `Conflict` if an active user has the same identity.
pub async fn add(database: &Database, clock: Clock, add: Add) -> Result<PersonId> {
    let name = add.name.ensure("subject")?;
    if add.scopes.is_empty() {
        return Err(Error::invalid("scopes", "cần nêu ít nhất một quyền", "at least one scope is required"));
    }
    if add.units.is_empty() {
        return Err(Error::invalid("units", "cần nêu ít nhất một đơn vị", "at least one unit is required"));
    }
    let (codes, id) = (unit_codes(&add.units)?, PersonId::new());

    let txn = Permit::operator(database, clock, ADD).begin(Some(id.to_string()), None).await?;
    let connection = txn.connection();
    let units = units_by_code(connection, &codes).await?;
    let cadre_id = match &add.cadre {
        Some(code) => Some(cadre_by_code(connection, code).await?),
        None => None,
    };
    let row = acting_person::ActiveModel {
        id: Set(id),
        issuer: Set(name.issuer),
        subject: Set(name.name),
        scopes: Set(words(&add.scopes)),
        purposes: Set(words(&add.purposes)),
        cadre_id: Set(cadre_id),
        created_at: Set(txn.at()),
        revoked_at: Set(None),
    };
    row.insert(connection).await.map_err(name_is_taken)?;
    let root = |unit_id| acting_person_unit::ActiveModel { person_id: Set(id), unit_id: Set(unit_id) };
    let roots = units.into_iter().map(root);
    acting_person_unit::Entity::insert_many(roots).exec_without_returning(connection).await?;
    txn.record(ChangeKind::Created, "acting_person", id.to_string()).await?;
    txn.commit().await?;
    Ok(id)
}

/// Lists all users, active and revoked, oldest first.
pub async fn list(database: &Database) -> Result<Vec<Listed>> {
    let connection = database.reader();
    let persons = acting_person::Entity::find().find_also_related(cadre::Entity);
    let persons = persons.order_by_asc(acting_person::COLUMN.id).all(connection).await?;
    let roots = acting_person_unit::Entity::find().find_also_related(unit::Entity).all(connection).await?;
    let mut units: BTreeMap<PersonId, Vec<UnitCode>> = BTreeMap::new();
    for (root, unit) in roots {
        units.entry(root.person_id).or_default().extend(unit.map(|unit| unit.code));
    }
    let listed = |(row, cadre): (acting_person::Model, Option<cadre::Model>)| {
        let mut units = units.remove(&row.id).unwrap_or_default();
        units.sort_unstable();
        Listed {
            id: row.id,
            scopes: row.scopes().collect(),
            purposes: row.purposes().collect(),
            units,
            cadre: cadre.map(|cadre| cadre.code),
            revoked_at: row.revoked_at,
            name: ExternalName { issuer: row.issuer, name: row.subject },
        }
    };
    Ok(persons.into_iter().map(listed).collect())
}

/// Revokes a user (thu hồi). All instances reject tokens for the user within 5 seconds. The identity may be registered
/// again, with other rights.
///
/// # Errors
/// `NotFound` if the user does not exist; `Conflict` if already revoked.
pub async fn revoke(database: &Database, clock: Clock, id: PersonId) -> Result<()> {
    let txn = Permit::operator(database, clock, REVOKE).begin(Some(id.to_string()), None).await?;
    acting_person::Entity::find_by_id(id).one(txn.connection()).await?.ok_or(Error::NotFound)?;
    let changed = acting_person::Entity::update_many()
        .col_expr(acting_person::Column::RevokedAt, Expr::value(txn.at()))
        .filter(acting_person::COLUMN.id.eq(id))
        .filter(acting_person::COLUMN.revoked_at.is_null())
        .exec(txn.connection())
        .await?;
    if changed.rows_affected == 0 {
        return Err(Error::Conflict(Sentence::new("người dùng này đã bị thu hồi", "this person is already revoked")));
    }
    txn.record(ChangeKind::Ended, "acting_person", id.to_string()).await?;
    txn.commit().await
}

async fn cadre_by_code(connection: &impl ConnectionTrait, code: &str) -> Result<CadreId> {
    let unknown = || {
        Error::invalid(
            "cadre",
            "không có cán bộ nào có mã này; hãy kiểm tra lại mã",
            "no cadre has this code; check it",
        )
    };
    let code: CadreCode = code.parse().map_err(|_| unknown())?;
    let found = cadre::Entity::find().filter(cadre::COLUMN.code.eq(code)).one(connection).await?;
    Ok(found.ok_or_else(unknown)?.id)
}

fn name_is_taken(error: DbErr) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Error::Conflict(Sentence::new(
            "đã có một người dùng đang hiệu lực với tên này của bên cấp mã; hãy thu hồi người dùng đó trước",
            "a registered person already has this name at the issuer; revoke that person first",
        )),
        _ => error.into(),
    }
}
