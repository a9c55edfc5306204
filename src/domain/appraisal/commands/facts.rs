//! Checks of a stated result: its points, its period, the months of work and the rating unit.

use entity::{
    appraisal, assignment,
    value::{AppraisalPeriod, AppraisalRating, AppraisalState, AppraisalSystem, CadreId, Category, Day, UnitId},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::{
    authz::{Access, AuthorizedCadre, VisibleAppraisal},
    domain::{
        appraisal::{
            first_day, points,
            rater::{Rater, rater},
            scale::{check_points, problem},
            work::{Work, WorkJudgement, judge_work, work_in},
        },
        command::validate,
        refusal::{Code, CommandResult, Refusal},
    },
    error::Result,
    language::Sentence,
    reference::appraisal_rules::{AppraisalCase, AppraisalRule, AppraisalRuleKey, AppraisalRules},
};

/// A warning about a recorded result.
#[derive(Clone, Debug)]
pub struct Warning {
    /// Stable code of the warning, for programs.
    pub code: &'static str,
    /// Text of the warning.
    pub sentence: Sentence,
}

/// The period of an appraisal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Period {
    pub period: AppraisalPeriod,
    pub year: i32,
    /// 0 for a year and a term.
    pub number: i32,
}

impl Period {
    /// Validates the period of an input.
    pub fn of(period: AppraisalPeriod, year: i32, number: Option<i32>) -> Result<Self, Refusal> {
        let year = validate::between("year", year, (1800, 2199))?;
        let number = match (period.numbers(), number) {
            (Some(most), Some(number)) => validate::between("number", number, (1, most))?,
            (None, None) => 0,
            (Some(most), None) => return Err(without_number(most)),
            (None, Some(_)) => return Err(with_number()),
        };
        Ok(Self { period, year, number })
    }

    /// First day of the period; of a term, of its last year.
    fn first_day(self) -> Option<Day> {
        first_day(self.period, self.year, self.number)
    }

    /// Checks the day of the decision: in the period or later, and not in the future.
    pub fn ensure_decided(self, decided_on: Day, today: Day) -> Result<Day, Refusal> {
        validate::not_in_future("decidedOn", decided_on, today)?;
        self.first_day().map_or(Ok(decided_on), |first| validate::not_before("decidedOn", decided_on, first))
    }
}

/// The values of a result.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stated {
    pub category: Category,
    pub system: AppraisalSystem,
    pub period: Period,
    pub unit: UnitId,
    pub points: Option<i32>,
    pub result: AppraisalRating,
    pub decided_on: Day,
}

/// Points of an input, in hundredths.
pub(super) fn points_of(number: Option<f64>) -> Result<Option<i32>, Refusal> {
    let Some(number) = number else { return Ok(None) };
    let points = points::from_number(number).ok_or_else(|| {
        Refusal::input(
            Code::InvalidNumber,
            "points",
            "Điểm phải từ 0 đến 100, tối đa hai chữ số thập phân; hãy sửa lại.",
            "Points must be from 0 to 100 with at most two decimals; correct them.",
        )
    })?;
    Ok(Some(points))
}

impl Stated {
    fn case(&self) -> AppraisalCase {
        AppraisalCase { system: self.system, category: self.category, day: self.decided_on }
    }

    fn work_rule(&self) -> Option<&'static AppraisalRule> {
        let of_year = self.period.period == AppraisalPeriod::Year;
        let case = self.case();
        of_year.then(|| AppraisalRules::shipped().find(AppraisalRuleKey::WorkMonths, case)).flatten()
    }

    fn work(&self, person: &AuthorizedCadre, posts: &[assignment::Model]) -> WorkJudgement {
        let rule = self.work_rule();
        let months = rule.and_then(|rule| u32::try_from(rule.value).ok());
        let joined = person.card().joined_service_on;
        let work = months.map_or(Work::Unknown, |months| work_in(posts, joined, (self.period.year, months)));
        judge_work(rule, work, self.result)
    }

    /// Checks a result against the rules of the day of the decision and the posts of the person.
    pub fn ensure_valid(
        &self,
        access: &Access,
        (person, posts): (&AuthorizedCadre, &[assignment::Model]),
    ) -> Result<(), Refusal> {
        let case = self.case();
        if let Err(found) = check_points(AppraisalRules::shipped(), case, (self.points, self.result)) {
            let Sentence { vi, en } = problem(&found, case, self.points);
            return Err(Refusal::input(Code::PointsDisagree, "points", vi, en));
        }
        if self.work(person, posts) == WorkJudgement::Refused {
            return Err(too_little_work(self.period.year, self.work_rule()));
        }
        match rater(access.reference_data().units(), posts, (self.unit, self.decided_on)) {
            Rater::OfPerson | Rater::Unknown => Ok(()),
            Rater::Other => Err(not_rating_unit(self.decided_on)),
        }
    }

    /// What could not be decided.
    fn warnings(&self, access: &Access, (person, posts): (&AuthorizedCadre, &[assignment::Model])) -> Vec<Warning> {
        let work = match self.work(person, posts) {
            WorkJudgement::Allowed | WorkJudgement::Refused => None,
            WorkJudgement::TooShort => Some(work_too_short(self.period.year)),
            WorkJudgement::Unknown => Some(work_unknown(self.period.year)),
        };
        let rater = match rater(access.reference_data().units(), posts, (self.unit, self.decided_on)) {
            Rater::Unknown => Some(no_post(self.decided_on)),
            Rater::OfPerson | Rater::Other => None,
        };
        work.into_iter().chain(rater).collect()
    }
}

/// All recorded posts of a person, within the caller's reach or not.
pub(super) async fn posts_of(connection: &impl ConnectionTrait, cadre: CadreId) -> Result<Vec<assignment::Model>> {
    Ok(assignment::Entity::find().filter(assignment::Column::CadreId.eq(cadre)).all(connection).await?)
}

/// Warnings about a recorded result, from the posts recorded now. None for one that does not count.
pub(super) async fn warnings(
    access: &Access,
    person: &AuthorizedCadre,
    of: &VisibleAppraisal,
) -> CommandResult<Vec<Warning>> {
    let row = of.row();
    if row.state != AppraisalState::Current {
        return Ok(Vec::new());
    }
    let posts = posts_of(&access.beyond_reach().await, row.cadre_id).await?;
    let stated = Stated {
        category: row.category,
        system: row.system,
        period: Period { period: row.period, year: row.year, number: row.number },
        unit: row.unit_id,
        points: of.points(),
        result: of.rating(),
        decided_on: row.decided_on,
    };
    Ok(stated.warnings(access, (person, &posts)))
}

/// The refusal of a second result of a period.
pub(super) fn already(row: &appraisal::Model) -> Refusal {
    let (system, period, year) = (row.system, row.period, row.year);
    Refusal::conflict(
        Code::AlreadyAppraised,
        "year",
        format!(
            "Người này đã có kết quả {system} cho kỳ này ({period} {year}); hãy dùng appraisalCorrect để đính chính, hoặc \
             appraisalAnnul để hủy bỏ trước."
        ),
        format!(
            "The person already has a {system} result for this period ({period} {year}); correct it with appraisalCorrect, \
             or annul it with appraisalAnnul first."
        ),
    )
}

fn without_number(most: i32) -> Refusal {
    Refusal::input(
        Code::InvalidNumber,
        "number",
        format!(
            "Đánh giá theo quý hoặc tháng phải có số thứ tự từ 1 đến {most}; hãy ghi số thứ tự quý hoặc tháng (number)."
        ),
        format!("An appraisal of a quarter or month needs its number, 1 to {most}; add number."),
    )
}

fn with_number() -> Refusal {
    Refusal::input(
        Code::InvalidNumber,
        "number",
        "Đánh giá theo năm hoặc nhiệm kỳ không có số thứ tự; hãy bỏ number.",
        "An appraisal of a year or a term has no number; omit number.",
    )
}

fn too_little_work(year: i32, rule: Option<&AppraisalRule>) -> Refusal {
    let (months, basis) = rule.map_or((0, ""), |rule| (rule.value, rule.legal_basis.as_str()));
    Refusal::input(
        Code::TooLittleWork,
        "result",
        format!(
            "Theo {basis}, người công tác chưa đủ {months} tháng trong năm {year} thì không được xếp loại; hãy ghi \
             NOT_RATED, hoặc kiểm tra quá trình công tác."
        ),
        format!(
            "By {basis}, a person who worked for less than {months} months in {year} is not rated; record NOT_RATED, or \
             check the assignments of the person."
        ),
    )
}

fn not_rating_unit(day: Day) -> Refusal {
    Refusal::input(
        Code::NotRatingUnit,
        "unitCode",
        format!(
            "Vào ngày {day}, người này không giữ chức danh ở đơn vị này hoặc đơn vị trực thuộc; hãy chọn đơn vị của người \
             này vào ngày đó (sau khi chuyển công tác thì đơn vị mới đánh giá)."
        ),
        format!(
            "On {day} the person has no post in this unit or below it; choose the person's unit of that day (after a move, \
             the new unit rates)."
        ),
    )
}

fn work_too_short(year: i32) -> Warning {
    Warning {
        code: "WORK_TOO_SHORT",
        sentence: Sentence::new(
            format!(
                "Theo quá trình công tác đã ghi, người này công tác chưa đủ thời gian trong năm {year} để được xếp loại; \
                 quy định này chưa được đối chiếu nên kết quả vẫn được ghi."
            ),
            format!(
                "By the recorded posts, the person worked for too few months in {year} to be rated; the rule is not \
                 verified, so the result was recorded."
            ),
        ),
    }
}

fn work_unknown(year: i32) -> Warning {
    Warning {
        code: "WORK_UNKNOWN",
        sentence: Sentence::new(
            format!("Quá trình công tác đã ghi không cho biết thời gian công tác trong năm {year}; hãy kiểm tra."),
            format!("The recorded posts do not say for how many months the person worked in {year}; check it."),
        ),
    }
}

fn no_post(day: Day) -> Warning {
    Warning {
        code: "NO_POST_ON_DAY",
        sentence: Sentence::new(
            format!("Không có chức danh nào được ghi vào ngày {day}; hãy kiểm tra đơn vị đánh giá."),
            format!("No post is recorded on {day}; check the rating unit."),
        ),
    }
}
