//! Exempts a person from a duty in a year.

use entity::{
    duty_exemption,
    value::{ExemptionId, ExemptionReason, Scope, SealedReason},
};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

use super::exemption::{Exemptions, Target};
use crate::{
    domain::{
        command::{Command, CommandContext, unless_unique, validate},
        refusal::{Code, CommandResult, Refusal},
    },
    reference::duties::is_in_force,
};

/// The exemption of a person from a duty in a calendar year (miễn, hoãn thực hiện chế độ).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "DutyExemptInput")]
pub struct Exempt {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Code of the person.
    pub cadre_code: String,
    /// Code of the duty.
    pub duty_code: String,
    /// Calendar year, past or future, in which the duty is in force on all days.
    pub year: i32,
    /// Reason (lý do). It may concern health: it is protected and shown only by `Cadre.dutyExemptions`.
    pub reason: ExemptionReason,
    /// Number of its document; protected like the reason.
    pub document_no: Option<String>,
}

impl Command for Exempt {
    const NAME: &'static str = "duty.exempt";
    const SCOPE: Scope = Scope::TrainingWrite;
    const PAYLOAD: &'static str = "DutyExemptPayload";
    type Subject = Exemptions;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> Target<'_> {
        Target { cadre_code: &self.cadre_code, duty_code: &self.duty_code, year: self.year }
    }

    async fn apply(&self, context: &mut CommandContext<'_, Exemptions>) -> CommandResult<()> {
        let Exemptions { cadre, duty, year: (first, end), in_force, .. } = &context.subject;
        if !is_in_force(duty.row(), self.year) {
            return Err(not_in_force(self.year).into());
        }
        if !in_force.is_empty() {
            return Err(already_exempt(self.year).into());
        }
        let row = duty_exemption::Model {
            id: ExemptionId::new(),
            cadre_id: cadre.id,
            duty_code: duty.row().code.clone(),
            valid_from: *first,
            valid_to: Some(*end),
            reason: SealedReason::seal(self.reason),
            document_no: validate::number_if("documentNo", self.document_no.as_deref())?,
            withdrawn_on: None,
            end_document_no: None,
        };
        let insert = duty_exemption::Entity::insert(row.into_active_model().reset_all());
        let inserted = insert.exec_without_returning(context.txn.connection()).await;
        inserted.map(drop).map_err(|error| unless_unique(error, || already_exempt(self.year)))
    }
}

fn not_in_force(year: i32) -> Refusal {
    Refusal::input(
        Code::InvalidYear,
        "year",
        format!("Chế độ này không áp dụng cho cả năm {year}, nên không cần miễn; hãy kiểm tra năm và mã chế độ."),
        format!(
            "The duty does not apply to {year}, so no exemption is needed; check the year and the code of the duty."
        ),
    )
}

fn already_exempt(year: i32) -> Refusal {
    Refusal::conflict(
        Code::AlreadyExempt,
        "year",
        format!("Người này đã được miễn chế độ này trong năm {year}; nếu cần sửa, hãy chấm dứt miễn rồi ghi lại."),
        format!(
            "The person is already exempt from this duty in {year}; to correct it, end the exemption and record it again."
        ),
    )
}
