//! Commands of administrators on clients: register, grant, revoke, rotate secrets. An administrator grants only rights
//! that it holds, and administers only clients without further rights.

use std::collections::BTreeSet;

use async_graphql::ID;
use chrono::TimeDelta;
use entity::{
    client,
    value::{ClientId, Day, Purpose, Scope, UnitId},
};

use crate::{
    auth::secret::Secret,
    authz::{Access, Act, Txn},
    db::{LockMode, lock as hold},
    domain::{
        client::{
            NameTaken,
            administrator::{self, Administrator},
            bump_version, end, ensure_name,
            grant::{self, Terms},
            insert,
            list::{VisibleClient, look_up},
            place_below,
            rights::Right,
            secret,
            share::{Exceeded, Shares},
        },
        command::{validate, within_reach},
        idempotency::{Claim, IdempotentRequest},
        refusal::{Code, CommandResult, Outcome, Refusal, outcome},
    },
    error::{Error, Result},
    language::Sentence,
    limit::{Limits, Overrides},
};

/// Maximum number of units in a grant.
const MAX_UNITS: usize = 200;

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

/// Replaces the grant of a client (cấp lại phạm vi).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "ClientGrantInput")]
pub struct Grant {
    /// Idempotency key, 1 to 200 characters. A request repeated with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the client.
    pub client_id: ID,
    /// Version that you read last; the command is rejected if the client has changed since.
    pub expected_version: Option<i32>,
    /// New grant; the previous grant ends when it begins.
    pub grant: GrantTerms,
}

/// Revokes a client (thu hồi hệ thống kết nối).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "ClientRevokeInput")]
pub struct Revoke {
    /// Idempotency key, 1 to 200 characters. A request repeated with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the client.
    pub client_id: ID,
    /// Version that you read last; the command is rejected if the client has changed since.
    pub expected_version: Option<i32>,
}

/// Issues a new secret to a client (cấp lại mã bí mật).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "ClientRotateSecretInput")]
pub struct RotateSecret {
    /// Idempotency key, 1 to 200 characters. A request repeated with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the client.
    pub client_id: ID,
    /// Version that you read last; the command is rejected if the client has changed since.
    pub expected_version: Option<i32>,
    /// Hours for which the old secret stays valid, 0 to 720; if absent, it ends at once.
    pub overlap_hours: Option<i32>,
}

/// Terms of a grant (phạm vi được cấp). You can grant only rights that you hold.
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "ClientGrantTerms")]
pub struct GrantTerms {
    /// Scopes (quyền), each held by you.
    pub scopes: Vec<String>,
    /// Codes of units within your reach; the grant includes their subtrees.
    pub unit_codes: Vec<String>,
    /// Purposes (mục đích truy cập), each allowed to you.
    pub purposes: Option<Vec<String>>,
    /// First day, inclusive, today or later; if absent, today.
    pub valid_from: Option<Day>,
    /// End of validity, exclusive, at most the end of your own grant; if absent, that end.
    pub valid_to: Option<Day>,
    /// Legal basis for reading protected data (căn cứ pháp lý), at most 300 characters, such as a contract; written to
    /// each entry of the access log.
    pub legal_basis: Option<String>,
    /// Requests per second, from 1 to your own limit; if absent, the limit of your own grant or the default of the
    /// service. A limit in your grant is shared by all clients below you.
    pub requests_per_second: Option<i32>,
    /// Cost of operations per minute, from 1 to your own limit; if absent, the limit of your own grant or the default
    /// of the service. A limit in your grant is shared by all clients below you.
    pub cost_per_minute: Option<i32>,
}

/// A client, with its secret if the command created one. The secret is shown once and not stored in plain text, so a
/// repeated request does not return it.
pub struct Issued {
    /// The client of the command.
    pub client: VisibleClient,
    /// The new secret; `None` for a repeated request.
    pub secret: Option<String>,
}

/// Registers a client, idempotent by key. `service` are the limits of a client whose grant has none.
///
/// # Errors
/// `Forbidden` without `clients:admin`.
pub async fn register(access: &Access, service: Limits, input: &Register) -> Result<Outcome<Issued>> {
    outcome(registered(access, service, input).await)
}

/// Replaces the grant of a client, idempotent by key.
///
/// # Errors
/// `Forbidden` without `clients:admin`.
pub async fn grant(access: &Access, service: Limits, input: &Grant) -> Result<Outcome<VisibleClient>> {
    outcome(granted(access, service, input).await)
}

/// Revokes a client, idempotent by key. All nodes reject its tokens within 5 seconds.
///
/// # Errors
/// `Forbidden` without `clients:admin`.
pub async fn revoke(access: &Access, service: Limits, input: &Revoke) -> Result<Outcome<VisibleClient>> {
    outcome(revoked(access, service, input).await)
}

/// Issues a new secret to a client, idempotent by key.
///
/// # Errors
/// `Forbidden` without `clients:admin`.
pub async fn rotate_secret(access: &Access, service: Limits, input: &RotateSecret) -> Result<Outcome<Issued>> {
    outcome(rotated(access, service, input).await)
}

async fn registered(access: &Access, service: Limits, input: &Register) -> CommandResult<Issued> {
    access.require(Scope::ClientsAdmin, Act::ClientAdd.name())?;
    let terms = terms(access, service, &input.grant).await?;
    let request =
        IdempotentRequest::of(access, Act::ClientAdd, &input.idempotency_key, input)?.noting(detail(access, &terms));
    let name = ensure_name(&input.name).map_err(|_| bad_name())?;
    let (id, secret) = (ClientId::new(), Secret::draw()?);
    let txn = match request.begin(access, &terms.units, &id.to_string()).await? {
        Claim::New(txn) => *txn,
        Claim::Replayed(object) => return answered_before(access, service, &object).await,
    };
    let before = ensure_held(access, service, &txn, &terms).await?;
    let administrator = Some(access.caller().client_id());
    insert(&txn, id, name, &secret, &terms, administrator).await?.map_err(|NameTaken| name_is_taken())?;
    ensure_sums(access, service, &txn, id, &before).await?;
    let client = written(&txn, id).await?;
    txn.commit().await?;
    Ok(Issued { client, secret: Some(secret.into_text()) })
}

async fn granted(access: &Access, service: Limits, input: &Grant) -> CommandResult<VisibleClient> {
    let id = named(access, service, &input.client_id).await?;
    let terms = terms(access, service, &input.grant).await?;
    let request =
        IdempotentRequest::of(access, Act::ClientGrant, &input.idempotency_key, input)?.noting(detail(access, &terms));
    let txn = match request.begin(access, &terms.units, &id.to_string()).await? {
        Claim::New(txn) => *txn,
        Claim::Replayed(_) => return seen(access, service, id).await,
    };
    let before = ensure_held(access, service, &txn, &terms).await?;
    lock(access, service, &txn, id, input.expected_version).await?;
    let caller = access.caller().client_id();
    // A client above the caller, or the caller itself, keeps its administrator: otherwise it would no longer count in
    // the totals above it.
    if !before.is_within(caller, id) {
        place_below(&txn, id, Some(caller)).await?;
    }
    grant::replace(&txn, id, terms.valid_from.unwrap_or(access.today()), &terms).await?;
    ensure_sums(access, service, &txn, id, &before).await?;
    let client = written(&txn, id).await?;
    txn.commit().await?;
    Ok(client)
}

async fn revoked(access: &Access, service: Limits, input: &Revoke) -> CommandResult<VisibleClient> {
    let id = named(access, service, &input.client_id).await?;
    let request = IdempotentRequest::of(access, Act::ClientRevoke, &input.idempotency_key, input)?;
    let txn = match request.begin(access, &[], &id.to_string()).await? {
        Claim::New(txn) => *txn,
        Claim::Replayed(_) => return seen(access, service, id).await,
    };
    lock(access, service, &txn, id, input.expected_version).await?;
    end(&txn, id).await?;
    let client = written(&txn, id).await?;
    txn.commit().await?;
    Ok(client)
}

async fn rotated(access: &Access, service: Limits, input: &RotateSecret) -> CommandResult<Issued> {
    let id = named(access, service, &input.client_id).await?;
    let most = i32::try_from(secret::LONGEST_OVERLAP.num_hours()).unwrap_or(i32::MAX);
    let hours = validate::between("overlapHours", input.overlap_hours.unwrap_or(0), (0, most))?;
    let request = IdempotentRequest::of(access, Act::ClientRotateSecret, &input.idempotency_key, input)?;
    let request = request.noting(format!("overlap {hours} h"));
    let drawn = Secret::draw()?;
    let txn = match request.begin(access, &[], &id.to_string()).await? {
        Claim::New(txn) => *txn,
        Claim::Replayed(object) => return answered_before(access, service, &object).await,
    };
    lock(access, service, &txn, id, input.expected_version).await?;
    secret::renew(&txn, id, &drawn, TimeDelta::hours(i64::from(hours))).await?;
    let client = written(&txn, id).await?;
    txn.commit().await?;
    Ok(Issued { client, secret: Some(drawn.into_text()) })
}

/// Finds the client of an input, if the caller may administer it.
async fn named(access: &Access, service: Limits, id: &ID) -> CommandResult<ClientId> {
    let id = id.parse().map_err(|_| Refusal::not_found("clientId"))?;
    Ok(seen(access, service, id).await?.row().id)
}

async fn seen(access: &Access, service: Limits, id: ClientId) -> CommandResult<VisibleClient> {
    match look_up(access, service, access.reader(), id).await {
        Err(Error::NotFound) => Err(Refusal::not_found("clientId").into()),
        found => Ok(found?),
    }
}

/// Reads the client after the command. It is returned even if the command removed rights of the caller, so that a
/// successful command is not answered with `NotFound`.
async fn written(txn: &Txn, id: ClientId) -> CommandResult<VisibleClient> {
    let standing = administrator::read(txn.connection(), Some(&[id])).await?.pop();
    let standing = standing.ok_or_else(|| Error::internal("a client is gone"))?;
    Ok(VisibleClient::new(standing.row, standing.grants))
}

/// Result of a repeated request, without the secret, which is not stored in plain text.
async fn answered_before(access: &Access, service: Limits, object: &str) -> CommandResult<Issued> {
    let id = object.parse().map_err(|_| Error::internal("an answered act names no client"))?;
    Ok(Issued { client: seen(access, service, id).await?, secret: None })
}

/// Locks a client that is not revoked and has the expected version. Its rights are compared again, because another
/// command may have extended them.
async fn lock(
    access: &Access,
    service: Limits,
    txn: &Txn,
    id: ClientId,
    expected: Option<i32>,
) -> CommandResult<client::Model> {
    let row = bump_version(txn, id).await?;
    match look_up(access, service, txn.connection(), id).await {
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

/// Serialises grants of administrators until the transaction ends, and compares the terms with the caller's current
/// rights: its own grant may have been replaced since the request was accepted. Returns the shares before the command.
async fn ensure_held(access: &Access, service: Limits, txn: &Txn, terms: &Terms) -> CommandResult<Shares> {
    hold(txn.connection(), "cadre-api grants of administrators", LockMode::Alone).await.map_err(Error::from)?;
    let standings = administrator::read(txn.connection(), None).await?;
    let administrator = Administrator::of(access, service, &standings);
    let asked = administrator.rights_of_terms(terms);
    match administrator.own().map(|own| own.first_excess(&asked)) {
        Some(None) => Ok(administrator::shares(&standings, service, access.today())),
        Some(Some(right)) => Err(not_held(right).into()),
        None => Err(not_held(Right::Scope).into()),
    }
}

/// Checks that, with the changes of the transaction, the clients below each administrator stay within its limits in
/// total.
async fn ensure_sums(access: &Access, service: Limits, txn: &Txn, id: ClientId, before: &Shares) -> CommandResult<()> {
    let standings = administrator::read(txn.connection(), None).await?;
    let after = administrator::shares(&standings, service, access.today());
    match after.exceeded(before, id) {
        None => Ok(()),
        Some(Exceeded::Requests(left)) => Err(sum_exceeded("grant.requestsPerSecond", left).into()),
        Some(Exceeded::Cost(left)) => Err(sum_exceeded("grant.costPerMinute", left).into()),
    }
}

/// Validates the terms of a grant against the caller's rights. A missing limit or end is the caller's own.
async fn terms(access: &Access, service: Limits, asked: &GrantTerms) -> CommandResult<Terms> {
    let many = |field, count: usize, most: usize| {
        validate::between(field, i32::try_from(count).unwrap_or(i32::MAX), (1, i32::try_from(most).unwrap_or(i32::MAX)))
    };
    let scopes: BTreeSet<Scope> = Scope::all().collect();
    many("grant.unitCodes", asked.unit_codes.len(), MAX_UNITS)?;
    many("grant.scopes", asked.scopes.len(), scopes.len())?;
    let unit = |code: &String| within_reach(access, "grant.unitCodes", code);
    let units = asked.unit_codes.iter().map(unit).collect::<Result<Vec<UnitId>, _>>()?;
    let scope = |word: &String| held(word, access.caller().scopes(), "grant.scopes");
    let scopes = asked.scopes.iter().map(scope).collect::<Result<Vec<Scope>, _>>()?;
    let purpose = |word: &String| held(word, access.caller().purposes(), "grant.purposes");
    let purposes = asked.purposes.iter().flatten().map(purpose).collect::<Result<Vec<Purpose>, _>>()?;

    let administrator = Administrator::read(access, service, access.reader()).await?;
    let own = administrator.own().ok_or_else(|| not_held(Right::Scope))?;
    let (from, to) = period(access.today(), own.ends_on, asked)?;
    let most = own.limits.unwrap_or(service);
    let limits = limits(administrator.named, most, asked)?;
    let legal_basis = grant::ensure_basis(asked.legal_basis.as_deref()).map_err(|_| bad_basis())?;
    Ok(Terms { scopes, units, purposes, valid_from: Some(from), valid_to: to, legal_basis, limits })
}

/// Validates the period of a grant: from today or later, within the caller's own grant.
fn period(today: Day, own_end: Option<Day>, asked: &GrantTerms) -> Result<(Day, Option<Day>), Refusal> {
    let from = validate::not_before("grant.validFrom", asked.valid_from.unwrap_or(today), today)?;
    if let Some(own_end) = own_end {
        validate::earlier_than("grant.validFrom", from, own_end)?;
    }
    let to = asked.valid_to.map(|day| validate::later_than("grant.validTo", day, from)).transpose()?;
    match (to, own_end) {
        (Some(to), Some(own_end)) if own_end < to => Err(Refusal::input(
            Code::NotHeld,
            "grant.validTo",
            format!("Phạm vi của chính bạn hết hiệu lực ngày {own_end}; hãy chọn ngày đó hoặc trước đó."),
            format!("Your own grant ends on {own_end}; choose that day or an earlier one."),
        )),
        (to, own_end) => Ok((from, to.or(own_end))),
    }
}

/// Limits of a grant: at most the caller's limits; if absent, those of the caller's own grant.
fn limits(own: Overrides, most: Limits, asked: &GrantTerms) -> Result<Overrides, Refusal> {
    let limit = |field, asked: Option<i32>, own: Option<i32>, most: Option<i32>| match asked {
        Some(asked) => validate::between(field, asked, (1, most.unwrap_or(i32::MAX))).map(Some),
        None => Ok(own),
    };
    let (own_requests, own_cost) = own.columns();
    let (most_requests, most_cost) = Overrides::from(most).columns();
    Ok(Overrides::of_columns(
        limit("grant.requestsPerSecond", asked.requests_per_second, own_requests, most_requests)?,
        limit("grant.costPerMinute", asked.cost_per_minute, own_cost, most_cost)?,
    ))
}

/// Parses an enum value that the caller holds.
fn held<T: std::str::FromStr + Ord>(word: &str, holds: &BTreeSet<T>, field: &str) -> Result<T, Refusal> {
    word.parse().ok().filter(|word| holds.contains(word)).ok_or_else(|| lacking(field))
}

/// Error for a right that the caller does not hold, or has lost during the request.
fn not_held(right: Right) -> Refusal {
    lacking(match right {
        Right::Scope | Right::Key | Right::Issuer => "grant.scopes",
        Right::Purpose => "grant.purposes",
        Right::Unit => "grant.unitCodes",
        Right::Requests => "grant.requestsPerSecond",
        Right::Cost => "grant.costPerMinute",
        Right::End => "grant.validTo",
    })
}

fn lacking(field: &str) -> Refusal {
    Refusal::input(
        Code::NotHeld,
        field,
        "Bạn chỉ cấp được những quyền mà chính bạn đang có; hãy xem `viewer`.",
        "You can grant only rights that you hold yourself; see `viewer`.",
    )
}

fn sum_exceeded(field: &str, left: u64) -> Refusal {
    Refusal::input(
        Code::NotHeld,
        field,
        format!(
            "Tổng hạn mức của các hệ thống do bạn quản lý không được vượt hạn mức của bạn hoặc của cấp trên; còn cấp được \
             {left}. Hãy ghi một số không lớn hơn, hoặc giảm hạn mức của hệ thống khác."
        ),
        format!(
            "The limits of all clients that you administer may not exceed your own or those above you in sum; {left} can \
             still be granted here. Name a limit of at most that, or lower the limits of another client."
        ),
    )
}

/// Detail of a grant in the audit log.
fn detail(access: &Access, terms: &Terms) -> String {
    let units = access.reference_data().units();
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
