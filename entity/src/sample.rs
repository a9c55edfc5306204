//! Sample rows for tests: one builder per table.
//!
//! A sample has invented values in the required columns and no values in the nullable ones. A test overwrites the
//! columns that matter to it: `rotation::Model { start_on, ..sample::rotation() }`. The builders do not name nullable
//! columns, so a new nullable column changes neither the builders nor the tests.

use sea_orm::{ActiveModelTrait, ActiveValue, ActiveValue::Set, ModelTrait, TryIntoModel};

use crate::{
    appraisal, assignment, cadre, duty, duty_exemption, enrolment, qualification, quota, rotation, training_class,
    training_plan, unit_version,
    value::{
        AppraisalId, AppraisalPeriod, AppraisalRating, AppraisalState, AppraisalSystem, AssignmentId, CadreId,
        CadreStatus, Category, ClassCategory, ClassId, ClassState, Day, DutyMeasure, EnrolmentId, EnrolmentState,
        ExemptionId, ExemptionReason, Gender, Measure, PartialDate, PlanId, PlanState, QualificationId, QuotaId,
        QuotaState, RotationDirection, RotationForm, RotationId, RotationState, SealedRating, SealedReason, Tier,
        UnitId, UnitKind, Verification, VersionId,
    },
};

/// A civil servant in service.
pub fn cadre() -> cadre::Model {
    row(cadre::ActiveModel {
        id: Set(CadreId::new()),
        code: code("CB-01"),
        full_name: text("Lò Văn An"),
        gender: Set(Gender::Male),
        category: Set(Category::CivilServant),
        status: Set(CadreStatus::Active),
        version: Set(1),
        ..cadre::ActiveModel::default_values()
    })
}

/// A primary post that has not ended.
pub fn assignment() -> assignment::Model {
    row(assignment::ActiveModel {
        id: Set(AssignmentId::new()),
        cadre_id: Set(CadreId::new()),
        unit_id: Set(UnitId::new()),
        title_code: code("X"),
        start_on: Set(day(2010, 1, 1)),
        is_primary: Set(true),
        ..assignment::ActiveModel::default_values()
    })
}

/// A qualification that was not granted by an enrolment.
pub fn qualification() -> qualification::Model {
    row(qualification::ActiveModel {
        id: Set(QualificationId::new()),
        cadre_id: Set(CadreId::new()),
        subject_code: code("POLITICAL_THEORY"),
        level_code: code("INTERMEDIATE"),
        granted_on: Set(PartialDate::Day(day(2012, 7, 1))),
        counts_from: Set(day(2012, 7, 1)),
        ..qualification::ActiveModel::default_values()
    })
}

/// A version of a commune that has no parent and always exists.
pub fn unit_version() -> unit_version::Model {
    row(unit_version::ActiveModel {
        id: Set(VersionId::new()),
        unit_id: Set(UnitId::new()),
        kind: Set(UnitKind::Commune),
        tier: Set(Tier::Commune),
        ..unit_version::ActiveModel::default_values()
    })
}

/// A rotation in progress.
pub fn rotation() -> rotation::Model {
    row(rotation::ActiveModel {
        id: Set(RotationId::new()),
        cadre_id: Set(CadreId::new()),
        form: Set(RotationForm::Rotation),
        direction: Set(RotationDirection::Down),
        from_unit_id: Set(UnitId::new()),
        from_tier: Set(Tier::Province),
        to_unit_id: Set(UnitId::new()),
        to_tier: Set(Tier::Commune),
        start_on: Set(day(2020, 1, 1)),
        state: Set(RotationState::InProgress),
        version: Set(1),
        ..rotation::ActiveModel::default_values()
    })
}

/// A published plan for one year.
pub fn training_plan() -> training_plan::Model {
    row(training_plan::ActiveModel {
        id: Set(PlanId::new()),
        code: code("K"),
        unit_id: Set(UnitId::new()),
        year_from: Set(2021),
        year_to: Set(2021),
        name: text("Kế hoạch"),
        state: Set(PlanState::Published),
        version: Set(1),
        ..training_plan::ActiveModel::default_values()
    })
}

/// A quota in force with no used seats.
pub fn quota() -> quota::Model {
    row(quota::ActiveModel {
        id: Set(QuotaId::new()),
        plan_id: Set(PlanId::new()),
        unit_id: Set(UnitId::new()),
        programme_code: code("P"),
        measure: Set(Measure::Turns),
        seats: Set(10),
        state: Set(QuotaState::Issued),
        version: Set(1),
        ..quota::ActiveModel::default_values()
    })
}

/// A closed class without learners and without a limit of seats.
pub fn training_class() -> training_class::Model {
    row(training_class::ActiveModel {
        id: Set(ClassId::new()),
        code: code("L1"),
        programme_code: code("P"),
        organiser_id: Set(UnitId::new()),
        category: Set(ClassCategory::Training),
        start_on: Set(day(2021, 1, 1)),
        end_on: Set(day(2021, 1, 31)),
        state: Set(ClassState::Closed),
        version: Set(1),
        ..training_class::ActiveModel::default_values()
    })
}

/// A completed enrolment outside of a class.
pub fn enrolment() -> enrolment::Model {
    row(enrolment::ActiveModel {
        id: Set(EnrolmentId::new()),
        cadre_id: Set(CadreId::new()),
        programme_code: code("P"),
        unit_id: Set(UnitId::new()),
        year: Set(2021),
        state: Set(EnrolmentState::Completed),
        version: Set(1),
        ..enrolment::ActiveModel::default_values()
    })
}

/// A verified duty of the whole country since 2000: one course a year for persons of each category.
pub fn duty() -> duty::Model {
    row(duty::ActiveModel {
        code: code("D"),
        name: text("Chế độ bồi dưỡng"),
        legal_basis: text("1-QĐ"),
        categories: text("CADRE CIVIL_SERVANT PUBLIC_EMPLOYEE"),
        measure: Set(DutyMeasure::Participation),
        amount: Set(1),
        norm_percent: Set(100),
        valid_from: Set(day(2000, 1, 1)),
        verification: Set(Verification::Verified),
        ..duty::ActiveModel::default_values()
    })
}

/// An exemption from the sample duty, without an end.
pub fn duty_exemption() -> duty_exemption::Model {
    row(duty_exemption::ActiveModel {
        id: Set(ExemptionId::new()),
        cadre_id: Set(CadreId::new()),
        duty_code: code("D"),
        valid_from: Set(day(2021, 1, 1)),
        reason: Set(SealedReason::seal(ExemptionReason::LongStudy)),
        ..duty_exemption::ActiveModel::default_values()
    })
}

/// A current appraisal of a year by the State, with the result GOOD.
pub fn appraisal() -> appraisal::Model {
    row(appraisal::ActiveModel {
        id: Set(AppraisalId::new()),
        cadre_id: Set(CadreId::new()),
        category: Set(Category::CivilServant),
        system: Set(AppraisalSystem::State),
        period: Set(AppraisalPeriod::Year),
        year: Set(2021),
        number: Set(0),
        unit_id: Set(UnitId::new()),
        result: Set(SealedRating::seal(AppraisalRating::Good)),
        decided_on: Set(day(2021, 12, 10)),
        state: Set(AppraisalState::Current),
        version: Set(1),
        ..appraisal::ActiveModel::default_values()
    })
}

fn row<A: ActiveModelTrait + TryIntoModel<M>, M: ModelTrait>(sample: A) -> M {
    sample.try_into_model().expect("a sample has a value in each required column")
}

fn text(text: &str) -> ActiveValue<String> {
    Set(text.to_owned())
}

fn code<T: std::str::FromStr + Into<sea_orm::Value>>(text: &str) -> ActiveValue<T> {
    match text.parse() {
        Ok(code) => Set(code),
        Err(_) => panic!("{text} is not a code"),
    }
}

fn day(year: i32, month: u32, day: u32) -> Day {
    Day::of(year, month, day).expect("a day")
}
