//! Issues a duty.

use std::collections::BTreeSet;

use entity::{
    duty, duty_programme,
    value::{Category, ChangeKind, Day, DutyMeasure, ProgrammeCode, Scope, UnitId, Verification},
};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Iterable};

use super::recorded;
use crate::{
    authz::{Access, Txn},
    domain::{
        command::{Command, CommandContext, Ready, Subject, unless_unique, validate, within_reach},
        refusal::{Code, CommandResult, Refusal},
    },
    error::Error,
    reference::duties::Duty,
};

/// Longest name and longest legal basis, in characters.
const LONGEST_TEXT: usize = 500;
/// Bounds of the amount: more than the hours of a year is an error.
const AMOUNT: (i32, i32) = (1, 10_000);
/// Maximum number of programmes.
const MOST_PROGRAMMES: usize = 100;
/// Bounds of the norm, in percent.
const NORM: (i32, i32) = (1, 100);

/// A new yearly duty of a unit (ban hành chế độ bồi dưỡng bắt buộc hằng năm).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "DutyIssueInput")]
pub struct Issue {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Code of the duty.
    pub code: String,
    /// Name, at most 500 characters.
    pub name: String,
    /// Code of the unit that issues it, for the units below it in either tree (đơn vị ban hành).
    pub unit_code: String,
    /// Number and article of the instrument (số, ký hiệu văn bản), at most 500 characters.
    pub legal_basis: String,
    /// Categories of persons that it binds; at least one (đối tượng).
    pub categories: Vec<Category>,
    /// Whether it binds only persons with a title of key leaders on at least one day of the year (cán bộ chủ chốt).
    pub key_leaders_only: bool,
    /// How it is counted (cách tính).
    pub measure: DutyMeasure,
    /// Amount required in a calendar year, by the measure: from 1 to 10,000 courses or hours (mức yêu cầu).
    pub amount: i32,
    /// Share of the bound persons without an exemption who must do it, from 1 to 100 percent (chỉ tiêu tỷ lệ).
    pub norm_percent: i32,
    /// First day. The duty applies to each calendar year that lies wholly between its first and last day.
    pub valid_from: Day,
    /// Codes of the programmes that count, at most 100; absent or empty: all programmes (chương trình được tính).
    pub programme_codes: Option<Vec<String>>,
}

impl Command for Issue {
    const NAME: &'static str = "duty.issue";
    const SCOPE: Scope = Scope::TrainingWrite;
    const PAYLOAD: &'static str = "DutyIssuePayload";
    type Subject = NewDuty;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> &Self {
        self
    }

    async fn apply(&self, context: &mut CommandContext<'_, NewDuty>) -> CommandResult<()> {
        let (connection, NewDuty { row, programmes }) = (context.txn.connection(), &context.subject);
        let insert = duty::Entity::insert(row.clone().into_active_model().reset_all());
        insert.exec_without_returning(connection).await.map_err(|error| unless_unique(error, code_taken))?;
        let programmes = programmes
            .iter()
            .map(|programme| duty_programme::Model { duty_code: row.code.clone(), programme_code: programme.clone() });
        let programmes: Vec<_> = programmes.map(|row| row.into_active_model().reset_all()).collect();
        if !programmes.is_empty() {
            duty_programme::Entity::insert_many(programmes).exec_without_returning(connection).await?;
        }
        Ok(())
    }
}

/// A duty that is issued, with the programmes that count.
#[derive(Debug)]
pub struct NewDuty {
    row: duty::Model,
    programmes: BTreeSet<ProgrammeCode>,
}

impl Subject for NewDuty {
    type Target<'a> = &'a Issue;
    type Found = UnitId;
    type Prepared = Self;
    type Effect = ();
    type Written = duty::Model;
    type View = Duty;

    async fn find(access: &Access, input: Self::Target<'_>) -> CommandResult<UnitId> {
        access.training()?;
        Ok(within_reach(access, "unitCode", &input.unit_code)?)
    }

    async fn prepare(access: &Access, input: Self::Target<'_>, issuer: UnitId) -> CommandResult<Ready<Self>> {
        ensure_exists(access, issuer, input.valid_from)?;
        let row = duty::Model {
            code: validate::code("code", &input.code)?,
            name: validate::text("name", &input.name, LONGEST_TEXT)?,
            issuer_unit_id: Some(issuer),
            legal_basis: validate::text("legalBasis", &input.legal_basis, LONGEST_TEXT)?,
            categories: categories(&input.categories)?,
            key_leaders_only: input.key_leaders_only,
            measure: input.measure,
            amount: validate::between("amount", input.amount, AMOUNT)?,
            norm_percent: validate::between("normPercent", input.norm_percent, NORM)?,
            valid_from: input.valid_from,
            valid_to: None,
            // The issuer knows the instrument that it issued.
            verification: Verification::Verified,
        };
        let programmes = programmes(access, input.programme_codes.as_deref().unwrap_or_default())?;
        Ok(Ready {
            object: row.code.to_string(),
            units: vec![issuer],
            detail: None,
            prepared: Self { row, programmes },
        })
    }

    async fn replay(access: &Access, object: &str, _: (Self::Target<'_>, Self)) -> CommandResult<Duty> {
        recorded(access, "code", object).await
    }

    async fn lock(_: &Access, _: &Txn, (_, prepared): (Self::Target<'_>, Self)) -> CommandResult<Self> {
        Ok(prepared)
    }

    async fn write(self, txn: &Txn, (): ()) -> CommandResult<duty::Model> {
        txn.record(ChangeKind::Created, "duty", self.row.code.to_string()).await?;
        Ok(self.row)
    }

    async fn view(access: &Access, row: duty::Model) -> CommandResult<Option<Duty>> {
        super::end::shown(access, &row).await
    }
}

/// The categories as they are stored: separated by spaces, in the order of their declaration.
fn categories(named: &[Category]) -> Result<String, Refusal> {
    let words = Category::iter().filter(|category| named.contains(category)).map(|category| category.to_string());
    let words: Vec<String> = words.collect();
    if words.is_empty() {
        return Err(Refusal::input(
            Code::InvalidText,
            "categories",
            "Chế độ phải có ít nhất một đối tượng; hãy ghi `CADRE`, `CIVIL_SERVANT` hoặc `PUBLIC_EMPLOYEE`.",
            "A duty binds at least one category; state `CADRE`, `CIVIL_SERVANT` or `PUBLIC_EMPLOYEE`.",
        ));
    }
    Ok(words.join(" "))
}

fn programmes(access: &Access, codes: &[String]) -> CommandResult<BTreeSet<ProgrammeCode>> {
    if codes.len() > MOST_PROGRAMMES {
        let (count, most) = (codes.len(), MOST_PROGRAMMES);
        return Err(Refusal::input(
            Code::InvalidNumber,
            "programmeCodes",
            format!("Danh sách có {count} chương trình, tối đa {most}; hãy bỏ bớt, hoặc bỏ trường này để tính mọi chương trình."),
            format!("The list has {count} programmes, the limit is {most}; shorten it, or omit the field to count all programmes."),
        )
        .into());
    }
    let known = |code: &String| {
        let programme = access.reference_data().programme(code);
        programme.map(|programme| programme.code.clone()).ok_or_else(|| Refusal::not_found("programmeCodes").into())
    };
    codes.iter().map(known).collect()
}

/// Checks that the issuer exists on the first day of the duty.
fn ensure_exists(access: &Access, issuer: UnitId, day: Day) -> CommandResult<()> {
    let unit = access.reference_data().units().get(issuer);
    let unit = unit.ok_or_else(|| Error::internal("a unit within reach is not in memory"))?;
    if unit.on(day).is_some() {
        return Ok(());
    }
    let code = unit.row.code.as_str();
    Err(Refusal::input(
        Code::UnitNotAlive,
        "validFrom",
        format!("Đơn vị {code} không tồn tại vào ngày {day}; hãy chọn ngày khác hoặc đơn vị khác."),
        format!("The unit {code} does not exist on {day}; choose another day or another unit."),
    )
    .into())
}

fn code_taken() -> Refusal {
    Refusal::conflict(
        Code::CodeTaken,
        "code",
        "Mã chế độ này đã được dùng; hãy chọn mã khác.",
        "Another duty already has this code; choose another code.",
    )
}
