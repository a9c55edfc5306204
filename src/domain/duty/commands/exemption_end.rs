//! Ends the exemption of a person from a duty.

use entity::{
    duty_exemption,
    value::{Day, Scope},
};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

use super::exemption::{Exemptions, Target};
use crate::domain::{
    command::{Command, CommandContext, validate},
    refusal::{Code, CommandResult, Refusal},
};

/// The end of the exemption of a person from a duty (chấm dứt việc miễn, hoãn).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "DutyExemptionEndInput")]
pub struct EndExemption {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Code of the person.
    pub cadre_code: String,
    /// Code of the duty.
    pub duty_code: String,
    /// The first calendar year without the exemption. An exemption that began before this year ends with the year before;
    /// one that began in this year is withdrawn.
    pub year: i32,
    /// Number of the document that ends it.
    pub document_no: String,
}

impl Command for EndExemption {
    const NAME: &'static str = "duty.exemption_end";
    const SCOPE: Scope = Scope::TrainingWrite;
    const PAYLOAD: &'static str = "DutyExemptionEndPayload";
    type Subject = Exemptions;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> Target<'_> {
        Target { cadre_code: &self.cadre_code, duty_code: &self.duty_code, year: self.year }
    }

    async fn apply(&self, context: &mut CommandContext<'_, Exemptions>) -> CommandResult<()> {
        let (today, txn) = (context.access.today(), &context.txn);
        let Exemptions { in_force, year: (first, _), .. } = &context.subject;
        if in_force.is_empty() {
            return Err(not_exempt(self.year).into());
        }
        let document_no = validate::number("documentNo", &self.document_no)?;
        for row in in_force {
            let row = ended((row.clone(), *first), today);
            let row = duty_exemption::Model { end_document_no: Some(document_no.clone()), ..row };
            let update = duty_exemption::Entity::update(row.into_active_model().reset_all());
            update.exec_without_returning(txn.connection()).await?;
        }
        Ok(())
    }
}

/// The exemption without the year that begins on a day, and without later years.
fn ended((row, year): (duty_exemption::Model, Day), today: Day) -> duty_exemption::Model {
    match row.valid_from < year {
        true => duty_exemption::Model { valid_to: Some(year), ..row },
        false => duty_exemption::Model { withdrawn_on: Some(today), ..row },
    }
}

fn not_exempt(year: i32) -> Refusal {
    Refusal::conflict(
        Code::NotExempt,
        "year",
        format!("Người này không được miễn chế độ này trong năm {year}; hãy kiểm tra năm và mã chế độ."),
        format!("The person is not exempt from this duty in {year}; check the year and the code of the duty."),
    )
}

#[cfg(test)]
mod tests {
    use entity::sample;

    use super::*;

    #[test]
    fn an_exemption_ends_before_the_year_or_is_withdrawn() {
        let day = |text: &str| -> Day { text.parse().expect("a day") };
        let today = day("2026-06-01");
        for (from, to, end, withdrawn_on) in [
            ("2024-12-31", "", Some(day("2025-01-01")), None),
            ("2020-01-01", "2027-01-01", Some(day("2025-01-01")), None),
            ("2025-01-01", "", None, Some(today)),
            ("2025-01-02", "2026-01-01", Some(day("2026-01-01")), Some(today)),
        ] {
            let row =
                duty_exemption::Model { valid_from: day(from), valid_to: to.parse().ok(), ..sample::duty_exemption() };
            let ended = ended((row, day("2025-01-01")), today);
            assert_eq!((ended.valid_to, ended.withdrawn_on), (end, withdrawn_on), "{from} {to}");
        }
    }
}
