//! Commands outside the state machine of a rotation: yearly appraisals and overrides of rules.

use async_graphql::ID;
use chrono::Datelike;
use entity::{
    rotation_appraisal, rule_override,
    value::{AppraisalResult, Day, RotationId, RuleKey, Scope},
};
use sea_orm::{ActiveValue::Set, EntityTrait, Iterable};

use super::subject::{Rotation, StepRecord, Target};
use crate::domain::{
    command::{Command, CommandContext, validate},
    refusal::{Code, CommandResult, Refusal},
    rotation::state::Transition,
};

/// The appraisal of a year (nhận xét, đánh giá hằng năm), Regulation 65-QĐ/TW.
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "RotationAppraiseInput")]
pub struct Appraise {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the rotation.
    pub rotation_id: ID,
    /// The version that you read last; the command is rejected if the version has changed since.
    pub expected_version: Option<i32>,
    /// Calendar year, within the term; each year once.
    pub year: i32,
    /// Result of the appraisal (kết quả đánh giá).
    pub result: AppraisalResult,
    /// Day of the appraisal, today at the latest.
    pub appraised_on: Day,
    /// Number of its document.
    pub document_no: Option<String>,
}

impl Command for Appraise {
    const NAME: &'static str = "rotation.appraise";
    const SCOPE: Scope = Scope::RotationWrite;
    const PAYLOAD: &'static str = "RotationAppraisePayload";
    type Subject = Rotation;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> Target<'_> {
        Target::of(&self.rotation_id, self.expected_version, Transition::Appraise)
    }

    async fn apply(&self, context: &mut CommandContext<'_, Rotation>) -> CommandResult<StepRecord> {
        let (start, today) = (context.subject.row.start_on, context.today());
        let on = validate::not_in_future("appraisedOn", self.appraised_on, today)?;
        validate::not_before("appraisedOn", on, start)?;
        let last = context.subject.row.end_on.and_then(Day::before).map_or(today, |last| last.min(today));
        ensure_in_term(self.year, start, last)?;
        let document_no = validate::number_if("documentNo", self.document_no.as_deref())?;

        let key = (context.subject.row.id, self.year);
        let connection = context.txn.connection();
        if rotation_appraisal::Entity::find_by_id(key).one(connection).await?.is_some() {
            return Err(already_appraised(self.year).into());
        }
        let row = rotation_appraisal::ActiveModel {
            rotation_id: Set(key.0),
            year: Set(self.year),
            result: Set(self.result),
            appraised_on: Set(on),
            document_no: Set(document_no.clone()),
        };
        rotation_appraisal::Entity::insert(row).exec_without_returning(connection).await?;
        Ok(StepRecord { on, document_no, remark: None })
    }
}

fn ensure_in_term(year: i32, first: Day, last: Day) -> Result<(), Refusal> {
    let (first, last) = (first.0.year(), last.0.year());
    if (first..=last).contains(&year) {
        return Ok(());
    }
    Err(Refusal::input(
        Code::InvalidYear,
        "year",
        format!(
            "Năm {year} nằm ngoài thời gian luân chuyển (từ {first} đến {last}); hãy chọn một năm trong thời gian đó."
        ),
        format!("The year {year} is outside the rotation ({first} to {last}); choose a year within it."),
    ))
}

fn already_appraised(year: i32) -> Refusal {
    Refusal::conflict(
        Code::AlreadyAppraised,
        "year",
        format!("Năm {year} đã có đánh giá; mỗi năm chỉ được ghi một lần, hãy chọn năm khác."),
        format!("The year {year} already has an appraisal; each year is appraised once, so choose another year."),
    )
}

/// Override of a rule: a special case (trường hợp đặc biệt) that the competent authority decided.
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "RotationOverrideInput")]
pub struct Override {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the rotation.
    pub rotation_id: ID,
    /// The version that you read last; the command is rejected if the version has changed since.
    pub expected_version: Option<i32>,
    /// Key word of the rule, such as `rotation.min_term_months`.
    pub rule: String,
    /// Reason, at most 2,000 characters.
    pub reason: String,
    /// Authority that granted it.
    pub granted_by: String,
    /// Day on which it was granted, today at the latest.
    pub granted_on: Day,
    /// Number of its document.
    pub document_no: Option<String>,
}

impl Command for Override {
    const NAME: &'static str = "rotation.override";
    const SCOPE: Scope = Scope::RotationWrite;
    const PAYLOAD: &'static str = "RotationOverridePayload";
    type Subject = Rotation;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> Target<'_> {
        Target::of(&self.rotation_id, self.expected_version, Transition::Override)
    }

    async fn apply(&self, context: &mut CommandContext<'_, Rotation>) -> CommandResult<StepRecord> {
        let key: RuleKey = self.rule.parse().map_err(|_| unknown_rule())?;
        let on = validate::not_in_future("grantedOn", self.granted_on, context.today())?;
        let reason = validate::remark("reason", &self.reason)?;
        let document_no = validate::number_if("documentNo", self.document_no.as_deref())?;

        let id: RotationId = context.subject.row.id;
        let connection = context.txn.connection();
        if rule_override::Entity::find_by_id((id, key)).one(connection).await?.is_some() {
            return Err(already_overridden(key).into());
        }
        let row = rule_override::ActiveModel {
            rotation_id: Set(id),
            key: Set(key),
            reason: Set(reason.clone()),
            granted_by: Set(validate::remark("grantedBy", &self.granted_by)?),
            granted_on: Set(on),
            document_no: Set(document_no.clone()),
        };
        rule_override::Entity::insert(row).exec_without_returning(connection).await?;
        Ok(StepRecord { on, document_no, remark: Some(reason) })
    }
}

fn unknown_rule() -> Refusal {
    let known: Vec<_> = RuleKey::iter().map(|key| key.to_string()).collect();
    let known = known.join(", ");
    Refusal::input(
        Code::InvalidRule,
        "rule",
        format!("Không có quy định nào có từ khóa này; hãy chọn một trong: {known}."),
        format!("No rule has this key; choose one of {known}."),
    )
}

fn already_overridden(key: RuleKey) -> Refusal {
    Refusal::conflict(
        Code::AlreadyOverridden,
        "rule",
        format!("Hồ sơ này đã có ngoại lệ đối với quy định {key}; không cần ghi nhận lại."),
        format!("The rule {key} is already overridden for this rotation; nothing needs to be recorded."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_is_appraised_within_the_term() {
        let day = |text: &str| -> Day { text.parse().expect("a day") };
        let (first, last) = (day("2023-12-31"), day("2025-01-01"));
        for (year, good) in [(2022, false), (2023, true), (2024, true), (2025, true), (2026, false)] {
            assert_eq!(ensure_in_term(year, first, last).is_ok(), good, "{year}");
        }
    }
}
