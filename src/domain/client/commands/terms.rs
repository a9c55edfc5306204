//! Terms of the grants that administrators make, compared with the rights of the administrator.

use std::collections::BTreeSet;

use entity::value::{AllowedDocuments, ClientId, Day, Purpose, Scope, UnitId};

use crate::{
    authz::{Access, Txn},
    db::{LockMode, lock as hold},
    domain::{
        client::{
            administrator::{self, Administrator},
            grant::{self, Terms},
            rights::Right,
            share::{Exceeded, Shares},
        },
        command::{validate, within_reach},
        refusal::{Code, CommandResult, Refusal},
    },
    error::Error,
    limit::{Limits, Overrides},
};

/// Maximum number of units in a grant.
const MAX_UNITS: usize = 200;

/// Terms of a grant (phạm vi được cấp). You can grant only rights that you hold.
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "ClientGrantTerms")]
pub struct GrantTerms {
    /// Scopes (quyền), each held by you.
    pub scopes: Vec<String>,
    /// Codes of units within your reach; the grant includes their subtrees.
    pub unit_codes: Vec<String>,
    /// Purposes (mục đích truy cập), each allowed to you.
    pub purposes: Option<Vec<Purpose>>,
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
    /// Documents that the client may run (văn bản truy vấn được phép); `ANY` only if your own grant allows it. If absent,
    /// those of your own grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documents: Option<AllowedDocuments>,
}

/// Terms of a grant of which the caller holds each right.
#[derive(Debug)]
pub struct HeldTerms(pub(super) Terms);

impl HeldTerms {
    /// Detail of the grant for the audit log.
    pub(super) fn detail(&self, access: &Access) -> String {
        let units = access.reference_data().units();
        let codes = self.0.units.iter().filter_map(|unit| Some(units.get(*unit)?.row.code.clone())).collect();
        grant::detail(&self.0.scopes, &codes)
    }
}

/// Serialises grants of administrators until the transaction ends, and compares the terms with the caller's current
/// rights: the caller's own grant may have been replaced since the request was accepted. Returns the shares before the
/// command.
pub(super) async fn ensure_held(access: &Access, txn: &Txn, HeldTerms(terms): &HeldTerms) -> CommandResult<Shares> {
    hold(txn.connection(), "cadre-api grants of administrators", LockMode::Alone).await.map_err(Error::from)?;
    let standings = administrator::read(txn.connection(), None).await?;
    let administrator = Administrator::of(access, &standings);
    let asked = administrator.rights_of_terms(terms);
    match administrator.own().map(|own| own.first_excess(&asked)) {
        Some(None) => Ok(administrator::shares(&standings, access.service_limits(), access.today())),
        Some(Some(right)) => Err(not_held(right).into()),
        None => Err(not_held(Right::Scope).into()),
    }
}

/// Checks that, with the changes of the transaction, the clients below each administrator stay within its limits in
/// total.
pub(super) async fn ensure_sums(access: &Access, txn: &Txn, (id, before): (ClientId, &Shares)) -> CommandResult<()> {
    let standings = administrator::read(txn.connection(), None).await?;
    let after = administrator::shares(&standings, access.service_limits(), access.today());
    match after.exceeded(before, id) {
        None => Ok(()),
        Some(Exceeded::Requests(left)) => Err(sum_exceeded("grant.requestsPerSecond", left).into()),
        Some(Exceeded::Cost(left)) => Err(sum_exceeded("grant.costPerMinute", left).into()),
    }
}

/// Validates the terms of a grant against the caller's rights. A missing limit or end is taken from the caller's own
/// grant.
pub(super) async fn held_terms(access: &Access, asked: &GrantTerms) -> CommandResult<HeldTerms> {
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
    let purposes: Vec<Purpose> = asked.purposes.iter().flatten().copied().collect();
    if purposes.iter().any(|purpose| !access.caller().purposes().contains(purpose)) {
        return Err(not_held(Right::Purpose).into());
    }

    let administrator = Administrator::read(access, access.reader()).await?;
    let own = administrator.own().ok_or_else(|| not_held(Right::Scope))?;
    let (from, to) = period(access.today(), own.ends_on, asked)?;
    let most = own.limits.unwrap_or(access.service_limits());
    let limits = limits(administrator.named, most, asked)?;
    let legal_basis = grant::ensure_basis(asked.legal_basis.as_deref()).map_err(|_| bad_basis())?;
    let documents = asked.documents.unwrap_or(own.documents);
    if documents > own.documents {
        return Err(not_held(Right::Documents).into());
    }
    let (valid_from, valid_to) = (Some(from), to);
    Ok(HeldTerms(Terms { scopes, units, purposes, valid_from, valid_to, legal_basis, limits, documents }))
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
            format!(
                "Phạm vi được cấp của hệ thống quản lý hết hiệu lực ngày {own_end}; hãy chọn ngày đó hoặc một ngày \
                 trước đó."
            ),
            format!("Your own grant ends on {own_end}; choose that day or an earlier day."),
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
    word.parse().ok().filter(|word| holds.contains(word)).ok_or_else(|| refused_scope(field))
}

/// Error for a right that the caller does not hold, or has lost during the request.
fn not_held(right: Right) -> Refusal {
    refused_scope(match right {
        Right::Scope | Right::Key | Right::Issuer => "grant.scopes",
        Right::Purpose => "grant.purposes",
        Right::Unit => "grant.unitCodes",
        Right::Requests => "grant.requestsPerSecond",
        Right::Cost => "grant.costPerMinute",
        Right::End => "grant.validTo",
        Right::Documents => "grant.documents",
    })
}

fn refused_scope(field: &str) -> Refusal {
    Refusal::input(
        Code::NotHeld,
        field,
        "Chỉ được cấp những quyền mà hệ thống quản lý đang có; hãy xem `viewer`.",
        "You can only grant rights that your own client has; see `viewer`.",
    )
}

fn sum_exceeded(field: &str, left: u64) -> Refusal {
    Refusal::input(
        Code::NotHeld,
        field,
        format!(
            "Tổng hạn mức của các hệ thống kết nối được quản lý không được vượt hạn mức của hệ thống quản lý và của cấp \
             trên; còn cấp được {left}. Hãy chọn hạn mức không vượt quá số này, hoặc giảm hạn mức của hệ thống khác."
        ),
        format!(
            "The sum of the limits of all clients that you administer must not exceed your own limit and those of the \
             administrators above you; {left} can still be granted. Choose a limit of at most {left}, or lower the \
             limit of another client."
        ),
    )
}

fn bad_basis() -> Refusal {
    Refusal::input(
        Code::InvalidText,
        "grant.legalBasis",
        "Căn cứ pháp lý phải có từ 1 đến 300 ký tự, không có ký tự điều khiển; hãy sửa lại.",
        "A legal basis must have 1 to 300 characters and no control characters; correct it.",
    )
}
