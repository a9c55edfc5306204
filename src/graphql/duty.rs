//! Yearly duties (chế độ bồi dưỡng bắt buộc), their results for persons, and the compliance of units.

use async_graphql::{Context, Object};
use entity::value::{Category, Day, DutyMeasure, ExemptionReason, Verification};

use crate::{
    authz::Exemption,
    domain::{
        duty::{self, Compliance, DutyResult, IndeterminateReason, Outcome, PersonDuty},
        unit,
    },
    error::Result,
    graphql::{ContextExt, document::Document, programme::Programme, unit::Unit},
    reference::duties::is_in_force,
};

/// Root fields of duties.
#[derive(Default)]
pub struct DutyQuery;

#[Object]
impl DutyQuery {
    /// Yearly duties (chế độ bồi dưỡng bắt buộc), including past ones, by code.
    async fn duties(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only duties that are in force on all days of this calendar year.")] year: Option<i32>,
    ) -> Vec<Duty> {
        let duties = ctx.reference_data().duties().all().iter();
        duties.filter(|duty| year.is_none_or(|year| is_in_force(duty.row(), year))).cloned().map(Duty).collect()
    }
}

/// A yearly duty (chế độ bồi dưỡng bắt buộc): training that an instrument requires of persons every year. It applies to
/// the calendar years in which it is in force on all days.
pub struct Duty(pub crate::reference::duties::Duty);

/// A yearly duty (chế độ bồi dưỡng bắt buộc): training that an instrument requires of persons every year. It applies to
/// the calendar years in which it is in force on all days.
#[Object]
impl Duty {
    /// Code of the duty (mã chế độ).
    async fn code(&self) -> &str {
        self.0.row().code.as_str()
    }

    /// Name of the duty (tên chế độ).
    async fn name(&self) -> &str {
        &self.0.row().name
    }

    /// Unit that issued it, for the units below it in either tree (đơn vị ban hành); null for the whole country.
    async fn issuer(&self, ctx: &Context<'_>) -> Option<Unit> {
        let access = ctx.access();
        unit::named_by(access, &self.0, self.0.issuer()?, access.today()).map(Unit)
    }

    /// Categories of persons that it binds (đối tượng).
    async fn categories(&self) -> Vec<Category> {
        self.0.row().categories().collect()
    }

    /// Whether it binds only persons with a title of key leaders on at least one day of the year (cán bộ chủ chốt).
    async fn key_leaders_only(&self) -> bool {
        self.0.row().key_leaders_only
    }

    /// How it is counted (cách tính).
    async fn measure(&self) -> DutyMeasure {
        self.0.row().measure
    }

    /// Amount required in a year: courses or hours, by the measure (mức yêu cầu).
    async fn amount(&self) -> i32 {
        self.0.row().amount
    }

    /// Share of the bound persons without an exemption who must do it, in percent (chỉ tiêu tỷ lệ).
    async fn norm_percent(&self) -> i32 {
        self.0.row().norm_percent
    }

    /// Programmes that count, by code (chương trình được tính); all programmes count if the list is empty.
    async fn programmes(&self, ctx: &Context<'_>) -> Result<Vec<Programme>> {
        self.0.programmes().iter().map(|code| Programme::of(ctx, code)).collect()
    }

    /// First day, inclusive.
    async fn valid_from(&self) -> Day {
        self.0.row().valid_from
    }

    /// End day, exclusive; null if no end is recorded.
    async fn valid_to(&self) -> Option<Day> {
        self.0.row().valid_to
    }

    /// Legal instrument and article (căn cứ pháp lý).
    async fn legal_basis(&self) -> &str {
        &self.0.row().legal_basis
    }

    /// Registered document (văn bản) that `legalBasis` names; null if none is registered or several are possible.
    async fn document(&self, ctx: &Context<'_>) -> Option<Document> {
        Document::cited(ctx, &self.0.row().legal_basis, (self.0.issuer(), self.0.row().valid_from))
    }

    /// Whether the values were compared with the text of the instrument (đã đối chiếu). An unverified duty decides
    /// nothing: its results are `INDETERMINATE`.
    async fn verified(&self) -> bool {
        matches!(self.0.row().verification, Verification::Verified)
    }
}

/// Result of a duty for a person in a year (kết quả thực hiện chế độ của một người).
pub struct CadreDuty {
    duty: crate::reference::duties::Duty,
    outcome: Outcome,
}

impl CadreDuty {
    /// The results of the duties with these codes; of all if there are none.
    ///
    /// # Errors
    /// `Invalid` for an unknown code.
    pub fn chosen(ctx: &Context<'_>, duties: &[PersonDuty], codes: Option<&[String]>) -> Result<Vec<Self>> {
        duty::ensure_known(ctx.access(), "codes", codes.unwrap_or_default())?;
        let is_chosen = |code: &str| codes.is_none_or(|codes| codes.iter().any(|known| known == code));
        let chosen = duties.iter().filter(|(duty, _)| is_chosen(duty.row().code.as_str()));
        Ok(chosen.map(|(duty, outcome)| Self { duty: duty.clone(), outcome: *outcome }).collect())
    }
}

/// Result of a duty for a person in a year (kết quả thực hiện chế độ của một người).
#[Object]
impl CadreDuty {
    /// The duty (chế độ).
    async fn duty(&self) -> Duty {
        Duty(self.duty.clone())
    }

    /// Result (kết quả).
    async fn result(&self) -> DutyResult {
        self.outcome.result
    }

    /// Courses or hours that count, by the measure of the duty (mức đã thực hiện); zero if the duty does not apply.
    async fn amount(&self) -> i32 {
        int(self.outcome.amount)
    }

    /// Reason of an uncertain result (lý do chưa xác định); otherwise null.
    async fn reason(&self) -> Option<IndeterminateReason> {
        self.outcome.reason
    }
}

/// An exemption of a person from a yearly duty (miễn, hoãn thực hiện chế độ): protected, because it may concern health.
pub struct DutyExemption(pub Exemption);

/// An exemption of a person from a yearly duty (miễn, hoãn thực hiện chế độ): protected, because it may concern health.
#[Object]
impl DutyExemption {
    /// The duty (chế độ).
    async fn duty(&self) -> Duty {
        Duty(self.0.duty.clone())
    }

    /// First day, inclusive. A person is exempt in each calendar year with at least one day of the exemption.
    async fn valid_from(&self) -> Day {
        self.0.valid_from
    }

    /// End day, exclusive; null if it has no end.
    async fn valid_to(&self) -> Option<Day> {
        self.0.valid_to
    }

    /// Reason (lý do).
    async fn reason(&self) -> ExemptionReason {
        self.0.reason
    }

    /// Number of its document (số, ký hiệu văn bản); null if not recorded.
    async fn document_no(&self) -> Option<&str> {
        self.0.document_no.as_deref()
    }
}

/// Compliance of a unit with a duty in a year (kết quả thực hiện chế độ của đơn vị): persons, each once.
pub struct DutyCompliance(pub Compliance);

fn int(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Compliance of a unit with a duty in a year (kết quả thực hiện chế độ của đơn vị): persons, each once.
#[Object]
impl DutyCompliance {
    /// The duty (chế độ).
    async fn duty(&self) -> Duty {
        Duty(self.0.duty.clone())
    }

    /// Calendar year.
    async fn year(&self) -> i32 {
        self.0.year
    }

    /// Day by which units and posts were determined: the last day of the year, or today in the current year.
    async fn counted_on(&self) -> Day {
        self.0.counted_on
    }

    /// Persons whom the duty binds (số người thuộc đối tượng): the sum of all results. Zero if the duty is not in force
    /// on all days of the year.
    async fn bound(&self) -> i32 {
        int(self.0.bound)
    }

    /// Persons who did it (số người đã thực hiện).
    async fn done(&self) -> i32 {
        int(self.0.done)
    }

    /// Persons who did a part (số người thực hiện một phần).
    async fn partly(&self) -> i32 {
        int(self.0.partly)
    }

    /// Persons who did nothing (số người chưa thực hiện).
    async fn not_done(&self) -> i32 {
        int(self.0.not_done)
    }

    /// Exempt persons who did not do it (số người được miễn, hoãn).
    async fn exempt(&self) -> i32 {
        int(self.0.exempt)
    }

    /// Persons whose result is not certain (số người chưa xác định).
    async fn indeterminate(&self) -> i32 {
        int(self.0.indeterminate)
    }

    /// Persons who did it in percent of the bound persons without the exempt ones, rounded once, half up (tỷ lệ thực
    /// hiện); null if there are none.
    async fn percent(&self) -> Option<f64> {
        self.0.percent()
    }

    /// Whether the share reaches the norm of the duty, compared without rounding (đạt chỉ tiêu). Null if no person is
    /// obliged, if the uncertain results could change it, or if the numbers are rounded.
    async fn meets_norm(&self) -> Option<bool> {
        self.0.meets_norm()
    }

    /// Learners of classes that count and ended in the year, organised by the unit or its subtree and recorded as a
    /// number without names (học viên không ghi tên). They count for no person.
    async fn unnamed_learners(&self) -> i32 {
        int(self.0.unnamed_learners)
    }

    /// Whether the numbers of persons are rounded to multiples of five, as with `stats:read` alone. Rounded numbers need
    /// not add up.
    async fn is_rounded(&self) -> bool {
        self.0.is_rounded
    }
}
