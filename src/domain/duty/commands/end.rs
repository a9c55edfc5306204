//! Ends a duty.

use entity::{
    duty,
    value::{ChangeKind, Day, Scope},
};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QuerySelect};

use super::recorded;
use crate::{
    authz::{Access, Txn},
    domain::{
        command::{Command, CommandContext, Ready, Subject, validate},
        refusal::{Code, CommandResult, Refusal},
    },
    error::Error,
    reference::duties::Duty,
};

/// The end of a yearly duty (bãi bỏ chế độ bồi dưỡng bắt buộc).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "DutyEndInput")]
pub struct End {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Code of the duty.
    pub duty_code: String,
    /// Last day, inclusive. The duty applies to the calendar years that end on or before this day.
    pub last_day: Day,
    /// Number of the document that ends it (số, ký hiệu văn bản bãi bỏ); stored in the audit log.
    pub document_no: String,
}

impl Command for End {
    const NAME: &'static str = "duty.end";
    const SCOPE: Scope = Scope::TrainingWrite;
    const PAYLOAD: &'static str = "DutyEndPayload";
    type Subject = IssuedDuty;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> &Self {
        self
    }

    async fn apply(&self, context: &mut CommandContext<'_, IssuedDuty>) -> CommandResult<()> {
        let row = &mut context.subject.0;
        row.valid_to = Some(end_of(row, self.last_day)?);
        Ok(())
    }
}

/// The end of a duty, exclusive, if its last day is `last_day`.
fn end_of(row: &duty::Model, last_day: Day) -> Result<Day, Refusal> {
    if let Some(last) = row.valid_to.and_then(Day::before) {
        return Err(Refusal::conflict(
            Code::AlreadyEnded,
            "dutyCode",
            format!("Chế độ đã có ngày kết thúc là {last}; hãy ban hành chế độ mới nếu cần."),
            format!(
                "An end of the duty is already recorded: its last day is {last}; issue a new duty if one is needed."
            ),
        ));
    }
    validate::not_before("lastDay", last_day, row.valid_from)?;
    last_day.after().ok_or_else(|| {
        Refusal::input(
            Code::InvalidDay,
            "lastDay",
            format!("Ngày {last_day} là ngày cuối của lịch; hãy chọn ngày sớm hơn, hoặc không chấm dứt nếu chế độ không có ngày kết thúc."),
            format!("{last_day} is the last day of the calendar; omit this command if the duty has no end."),
        )
    })
}

/// A recorded duty of a unit within reach, locked.
#[derive(Debug)]
pub struct IssuedDuty(duty::Model);

impl Subject for IssuedDuty {
    type Target<'a> = &'a End;
    type Found = Duty;
    type Prepared = Duty;
    type Effect = ();
    type Written = duty::Model;
    type View = Duty;

    async fn find(access: &Access, input: Self::Target<'_>) -> CommandResult<Duty> {
        access.training()?;
        let duty = recorded(access, "dutyCode", &input.duty_code).await?;
        ensure_issued_here(access, &duty)?;
        Ok(duty)
    }

    async fn prepare(_: &Access, input: Self::Target<'_>, duty: Duty) -> CommandResult<Ready<Duty>> {
        let document_no = validate::number("documentNo", &input.document_no)?;
        Ok(Ready {
            object: duty.row().code.to_string(),
            units: duty.issuer().into_iter().collect(),
            detail: Some(format!("{} {document_no}", input.last_day)),
            prepared: duty,
        })
    }

    async fn replay(access: &Access, object: &str, _: (Self::Target<'_>, Duty)) -> CommandResult<Duty> {
        recorded(access, "dutyCode", object).await
    }

    async fn lock(_: &Access, txn: &Txn, (_, duty): (Self::Target<'_>, Duty)) -> CommandResult<Self> {
        let row = duty::Entity::find_by_id(duty.row().code.clone()).lock_exclusive().one(txn.connection()).await?;
        Ok(Self(row.ok_or_else(|| Error::internal("the row of a duty is missing"))?))
    }

    async fn write(self, txn: &Txn, (): ()) -> CommandResult<duty::Model> {
        let update = duty::Entity::update(self.0.clone().into_active_model().reset_all());
        update.exec_without_returning(txn.connection()).await?;
        txn.record(ChangeKind::Ended, "duty", self.0.code.to_string()).await?;
        Ok(self.0)
    }

    async fn view(access: &Access, row: duty::Model) -> CommandResult<Option<Duty>> {
        shown(access, &row).await
    }
}

/// The duty after a command on it. The reference data in memory is brought up to date, so that the next request of the
/// client finds the duty.
pub(super) async fn shown(access: &Access, row: &duty::Model) -> CommandResult<Option<Duty>> {
    access.refresh_reference_data().await;
    Ok(Duty::read(access.reader(), &row.code).await?)
}

/// Checks that a unit within reach issued the duty. Every caller may read all duties, so the refusal says why.
fn ensure_issued_here(access: &Access, duty: &Duty) -> Result<(), Refusal> {
    match duty.issuer() {
        Some(issuer) if access.reaches(issuer) => Ok(()),
        Some(issuer) => {
            let code = access.reference_data().units().get(issuer).map_or("-", |unit| unit.row.code.as_str());
            Err(Refusal::input(
                Code::NotIssuedHere,
                "dutyCode",
                format!("Chế độ này do đơn vị {code} ban hành; chỉ đơn vị đó được bãi bỏ, hãy đề nghị đơn vị đó."),
                format!("The unit {code} issued this duty; only that unit can end it, so ask that unit."),
            ))
        }
        None => Err(Refusal::input(
            Code::NotIssuedHere,
            "dutyCode",
            "Chế độ này áp dụng cho cả nước; chỉ đơn vị vận hành hệ thống ghi nhận thay đổi, hãy đề nghị đơn vị đó.",
            "This duty applies to the whole country; only the operator of the service records its changes, so ask the operator.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use entity::sample;

    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    #[test]
    fn a_duty_ends_after_its_last_day_and_once() {
        let duty = duty::Model { valid_from: day("2022-07-12"), ..sample::duty() };
        for (last, end) in [
            ("2022-07-11", Err(Code::InvalidDay)),
            ("2022-07-12", Ok(day("2022-07-13"))),
            ("2025-12-30", Ok(day("2025-12-31"))),
            ("2025-12-31", Ok(day("2026-01-01"))),
            ("2199-12-31", Err(Code::InvalidDay)),
        ] {
            assert_eq!(end_of(&duty, day(last)).map_err(|refusal| refusal.code()), end, "{last}");
        }
        let ended = duty::Model { valid_to: Some(day("2025-07-01")), ..duty };
        let again = end_of(&ended, day("2025-12-31")).map_err(|refusal| refusal.code());
        assert_eq!(again, Err(Code::AlreadyEnded));
    }
}
