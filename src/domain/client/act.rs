//! Acts of an administrator among the clients: registers clients, grants, revokes, renews secrets. It gives nothing that
//! it does not hold itself, and touches no client whose grants it could not have given.

use std::collections::BTreeSet;

use async_graphql::ID;
use chrono::TimeDelta;
use entity::{
    client,
    value::{ClientId, Day, Purpose, Scope, UnitId},
};

use crate::{
    auth::secret::Secret,
    domain::{
        access::{Access, Act, Txn},
        act::{within_reach, words},
        answered::{Begun, Request},
        client::{
            NameTaken, end, ensure_name,
            grant::{self, Terms},
            insert,
            list::{VisibleClient, look_up},
            raised, secret,
        },
        refusal::{Acted, Code, Outcome, Refusal, outcome},
    },
    error::{Error, Result},
    language::Sentence,
    limit::{Limits, Own},
};

/// Most units of a grant.
const MOST_UNITS: usize = 200;

/// A client to be registered (đăng ký hệ thống kết nối), with its grant.
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "ClientRegisterInput")]
pub struct Register {
    /// Key of the request, 1 to 200 characters: sent again under it, the same request happens once.
    pub idempotency_key: String,
    /// Name, at most 100 characters, such as the agency and its system; no other client has had it.
    pub name: String,
    /// What it may do, where, and until when.
    pub grant: GrantTerms,
}

/// A grant in the place of the one before (cấp lại phạm vi).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "ClientGrantInput")]
pub struct Grant {
    /// Key of the request, 1 to 200 characters: sent again under it, the same request happens once.
    pub idempotency_key: String,
    /// Id of the client.
    pub client_id: ID,
    /// The version that you saw last; the act is refused if it has changed since.
    pub expected_version: Option<i32>,
    /// What it may do from then on; what it held before ends.
    pub grant: GrantTerms,
}

/// The end of a client (thu hồi hệ thống kết nối).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "ClientRevokeInput")]
pub struct Revoke {
    /// Key of the request, 1 to 200 characters: sent again under it, the same request happens once.
    pub idempotency_key: String,
    /// Id of the client.
    pub client_id: ID,
    /// The version that you saw last; the act is refused if it has changed since.
    pub expected_version: Option<i32>,
}

/// A new secret for a client (cấp lại mã bí mật).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "ClientRotateSecretInput")]
pub struct RotateSecret {
    /// Key of the request, 1 to 200 characters: sent again under it, the same request happens once.
    pub idempotency_key: String,
    /// Id of the client.
    pub client_id: ID,
    /// The version that you saw last; the act is refused if it has changed since.
    pub expected_version: Option<i32>,
    /// Hours for which the old secret lives on, 0 to 720; none: it ends at once.
    pub overlap_hours: Option<i32>,
}

/// What a grant says (phạm vi được cấp). Nobody gives what they do not hold.
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "ClientGrantTerms")]
pub struct GrantTerms {
    /// Scopes (quyền), of those that you hold.
    pub scopes: Vec<String>,
    /// Codes of the units within your reach whose subtrees it reaches.
    pub unit_codes: Vec<String>,
    /// Purposes (mục đích truy cập), of those that you may state.
    pub purposes: Option<Vec<String>>,
    /// First day, today or later; none: today, at once.
    pub valid_from: Option<Day>,
    /// First day no longer; none: without an end.
    pub valid_to: Option<Day>,
    /// Legal basis of its readings of protected data (căn cứ pháp lý), at most 300 characters, such as a contract; stands in
    /// each entry of the access log.
    pub legal_basis: Option<String>,
    /// Requests per second, 1 to your own; none: as the service is set, or as your own grant is.
    pub requests_per_second: Option<i32>,
    /// Cost of operations per minute, 1 to your own; none: as the service is set, or as your own grant is.
    pub cost_per_minute: Option<i32>,
}

/// A client, with its secret where an act has just drawn one. The secret is shown once: it is kept nowhere, so the same
/// request sent again gets none.
pub struct Issued {
    /// The client.
    pub client: VisibleClient,
    /// The secret; none if the request was answered before.
    pub secret: Option<String>,
}

/// Registers a client, once for each key; with limits that are at most those under which the caller is itself.
///
/// # Errors
/// `Forbidden` without `clients:admin`.
pub async fn register(access: &Access, most: Limits, input: &Register) -> Result<Outcome<Issued>> {
    outcome(registered(access, most, input).await)
}

/// Gives a client a grant in the place of the one before, once for each key; with limits that are at most those under
/// which the caller is itself.
///
/// # Errors
/// `Forbidden` without `clients:admin`.
pub async fn grant(access: &Access, most: Limits, input: &Grant) -> Result<Outcome<VisibleClient>> {
    outcome(granted(access, most, input).await)
}

/// Revokes a client, once for each key: its tokens are worth nothing within 5 seconds, everywhere.
///
/// # Errors
/// `Forbidden` without `clients:admin`.
pub async fn revoke(access: &Access, input: &Revoke) -> Result<Outcome<VisibleClient>> {
    outcome(revoked(access, input).await)
}

/// Gives a client a new secret, once for each key.
///
/// # Errors
/// `Forbidden` without `clients:admin`.
pub async fn rotate_secret(access: &Access, input: &RotateSecret) -> Result<Outcome<Issued>> {
    outcome(rotated(access, input).await)
}

async fn registered(access: &Access, most: Limits, input: &Register) -> Acted<Issued> {
    access.require(Scope::ClientsAdmin, Act::ClientAdd.name())?;
    let terms = terms(access, most, &input.grant)?;
    let request = Request::of(access, Act::ClientAdd, &input.idempotency_key, input)?.noting(detail(access, &terms));
    let name = ensure_name(&input.name).map_err(|_| bad_name())?;
    let (id, secret) = (ClientId::new(), Secret::draw()?);
    let txn = match request.begin(access, &terms.units, &id.to_string()).await? {
        Begun::Now(txn) => *txn,
        Begun::Before(object) => return answered_before(access, &object).await,
    };
    insert(&txn, id, name, &secret, &terms).await?.map_err(|NameTaken| name_is_taken())?;
    txn.commit().await?;
    Ok(Issued { client: seen(access, id).await?, secret: Some(secret.into_text()) })
}

async fn granted(access: &Access, most: Limits, input: &Grant) -> Acted<VisibleClient> {
    let id = named(access, &input.client_id).await?;
    let terms = terms(access, most, &input.grant)?;
    let request = Request::of(access, Act::ClientGrant, &input.idempotency_key, input)?.noting(detail(access, &terms));
    let txn = match request.begin(access, &terms.units, &id.to_string()).await? {
        Begun::Now(txn) => *txn,
        Begun::Before(_) => return seen(access, id).await,
    };
    lock(access, &txn, id, input.expected_version).await?;
    grant::replace(&txn, id, terms.valid_from.unwrap_or(access.today()), &terms).await?;
    txn.commit().await?;
    seen(access, id).await
}

async fn revoked(access: &Access, input: &Revoke) -> Acted<VisibleClient> {
    let id = named(access, &input.client_id).await?;
    let request = Request::of(access, Act::ClientRevoke, &input.idempotency_key, input)?;
    let txn = match request.begin(access, &[], &id.to_string()).await? {
        Begun::Now(txn) => *txn,
        Begun::Before(_) => return seen(access, id).await,
    };
    lock(access, &txn, id, input.expected_version).await?;
    end(&txn, id).await?;
    txn.commit().await?;
    seen(access, id).await
}

async fn rotated(access: &Access, input: &RotateSecret) -> Acted<Issued> {
    let id = named(access, &input.client_id).await?;
    let most = i32::try_from(secret::LONGEST_OVERLAP.num_hours()).unwrap_or(i32::MAX);
    let hours = words::between("overlapHours", input.overlap_hours.unwrap_or(0), (0, most))?;
    let request = Request::of(access, Act::ClientRotateSecret, &input.idempotency_key, input)?;
    let request = request.noting(format!("overlap {hours} h"));
    let drawn = Secret::draw()?;
    let txn = match request.begin(access, &[], &id.to_string()).await? {
        Begun::Now(txn) => *txn,
        Begun::Before(object) => return answered_before(access, &object).await,
    };
    lock(access, &txn, id, input.expected_version).await?;
    secret::renew(&txn, id, &drawn, TimeDelta::hours(i64::from(hours))).await?;
    txn.commit().await?;
    Ok(Issued { client: seen(access, id).await?, secret: Some(drawn.into_text()) })
}

/// The client that an input names, if the caller may administer it.
async fn named(access: &Access, id: &ID) -> Acted<ClientId> {
    let id = id.parse().map_err(|_| Refusal::not_found("clientId"))?;
    Ok(seen(access, id).await?.row().id)
}

async fn seen(access: &Access, id: ClientId) -> Acted<VisibleClient> {
    match look_up(access, access.reader(), id).await {
        Err(Error::NotFound) => Err(Refusal::not_found("clientId").into()),
        found => Ok(found?),
    }
}

/// The same request was answered before: the secret that it showed is kept nowhere.
async fn answered_before(access: &Access, object: &str) -> Acted<Issued> {
    let id = object.parse().map_err(|_| Error::internal("an answered act names no client"))?;
    Ok(Issued { client: seen(access, id).await?, secret: None })
}

/// Locks a client that lives and is at the version that was seen last. What another act has granted meanwhile may have
/// put it out of the caller's hands.
async fn lock(access: &Access, txn: &Txn, id: ClientId, expected: Option<i32>) -> Acted<client::Model> {
    let row = raised(txn, id).await?;
    match look_up(access, txn.connection(), id).await {
        Err(Error::NotFound) => return Err(Refusal::not_found("clientId").into()),
        known => drop(known?),
    }
    if row.revoked_at.is_some() {
        let sentence = Sentence::new(
            "Hệ thống kết nối này đã bị thu hồi; hãy đăng ký hệ thống mới.",
            "This client has been revoked; register a new one.",
        );
        return Err(Refusal::step("clientId", &"REVOKED", Vec::new(), sentence).into());
    }
    let before = row.version - 1;
    if expected.is_some_and(|expected| expected != before) {
        return Err(Refusal::version(before).into());
    }
    Ok(row)
}

/// What a grant says, if the caller may give it: units within reach, scopes and purposes that it holds itself.
fn terms(access: &Access, most: Limits, asked: &GrantTerms) -> Result<Terms, Refusal> {
    let many = |field, count: usize, most: usize| {
        words::between(field, i32::try_from(count).unwrap_or(i32::MAX), (1, i32::try_from(most).unwrap_or(i32::MAX)))
    };
    let scopes: BTreeSet<Scope> = Scope::all().collect();
    many("grant.unitCodes", asked.unit_codes.len(), MOST_UNITS)?;
    many("grant.scopes", asked.scopes.len(), scopes.len())?;
    let unit = |code: &String| within_reach(access, "grant.unitCodes", code);
    let units = asked.unit_codes.iter().map(unit).collect::<Result<Vec<UnitId>, _>>()?;
    let scope = |word: &String| held(word, access.caller().scopes(), "grant.scopes");
    let scopes = asked.scopes.iter().map(scope).collect::<Result<Vec<Scope>, _>>()?;
    let purpose = |word: &String| held(word, access.caller().purposes(), "grant.purposes");
    let purposes = asked.purposes.iter().flatten().map(purpose).collect::<Result<Vec<Purpose>, _>>()?;

    let today = access.today();
    let from = words::not_before("grant.validFrom", asked.valid_from.unwrap_or(today), today)?;
    let to = asked.valid_to.map(|day| words::later_than("grant.validTo", day, from)).transpose()?;
    let limits = limits(access.caller().limits(), most, asked)?;
    grant::ensure_basis(asked.legal_basis.as_deref()).map_err(|_| bad_basis())?;
    let legal_basis = asked.legal_basis.clone();
    Ok(Terms { scopes, units, purposes, valid_from: Some(from), valid_to: to, legal_basis, limits })
}

/// The limits of a grant: at most those of the caller, and those of its own grant where none are named.
fn limits(own: Own, most: Limits, asked: &GrantTerms) -> Result<Own, Refusal> {
    let limit = |field, asked: Option<i32>, own: Option<i32>, most: Option<i32>| match asked {
        Some(asked) => words::between(field, asked, (1, most.unwrap_or(i32::MAX))).map(Some),
        None => Ok(own),
    };
    let (own_requests, own_cost) = own.columns();
    let (most_requests, most_cost) = Own::from(most).columns();
    Ok(Own::of_columns(
        limit("grant.requestsPerSecond", asked.requests_per_second, own_requests, most_requests)?,
        limit("grant.costPerMinute", asked.cost_per_minute, own_cost, most_cost)?,
    ))
}

/// A word of a closed set that the caller holds.
fn held<T: std::str::FromStr + Ord>(word: &str, holds: &BTreeSet<T>, field: &str) -> Result<T, Refusal> {
    word.parse().ok().filter(|word| holds.contains(word)).ok_or_else(|| {
        Refusal::input(
            Code::NotHeld,
            field,
            "Bạn chỉ cấp được quyền và mục đích mà chính bạn đang có; hãy xem `viewer`.",
            "You give only scopes and purposes that you hold yourself; see `viewer`.",
        )
    })
}

/// What the audit log says of a grant.
fn detail(access: &Access, terms: &Terms) -> String {
    let units = access.registry().units();
    let codes = terms.units.iter().filter_map(|unit| Some(units.get(*unit)?.row.code.clone())).collect();
    grant::detail(&terms.scopes, &codes)
}

fn bad_name() -> Refusal {
    Refusal::input(
        Code::InvalidText,
        "name",
        "Tên có từ 1 đến 100 ký tự, không có khoảng trắng ở đầu hoặc cuối, không có ký tự điều khiển; hãy sửa lại.",
        "A name has 1 to 100 characters, no blank at either end and no control characters; correct it.",
    )
}

fn bad_basis() -> Refusal {
    Refusal::input(
        Code::InvalidText,
        "grant.legalBasis",
        "Căn cứ pháp lý có từ 1 đến 300 ký tự, không có ký tự điều khiển; hãy sửa lại.",
        "A legal basis has 1 to 300 characters and no control characters; correct it.",
    )
}

fn name_is_taken() -> Refusal {
    Refusal::conflict(
        Code::CodeTaken,
        "name",
        "Đã có hệ thống kết nối mang tên này; hãy chọn tên khác.",
        "Another client has this name; choose another one.",
    )
}
