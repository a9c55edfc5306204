//! Study records of persons (kết quả học tập trong năm).

use async_graphql::{Context, Object, SimpleObject};
use entity::value::Grade;

use crate::{
    authz::AuthorizedCadreId,
    domain::{duty, training::study::StudyRecord as Record},
    error::Result,
    graphql::{ContextExt, composition::int, duty::CadreDuty},
};

/// Number of results with a grade.
#[derive(SimpleObject)]
pub struct StudyGrade {
    /// The grade (xếp loại).
    grade: Grade,
    /// Number of results.
    count: i32,
}

/// Training of a person in a year.
pub struct StudyRecord {
    /// The person.
    pub of: AuthorizedCadreId,
    /// Calendar year.
    pub year: i32,
    /// The numbers.
    pub record: Record,
}

/// Training of a person in a year (kết quả học tập trong năm): the facts that a system of appraisal can consider. The
/// service computes no points. Days of attendance are not recorded.
#[Object]
impl StudyRecord {
    /// Calendar year.
    async fn year(&self) -> i32 {
        self.year
    }

    /// Completed courses (số lượt hoàn thành).
    async fn completed(&self) -> i32 {
        int(self.record.completed)
    }

    /// Failed courses (không đạt).
    async fn failed(&self) -> i32 {
        int(self.record.failed)
    }

    /// Courses that the person left (thôi học).
    async fn dropped(&self) -> i32 {
        int(self.record.dropped)
    }

    /// Courses without a result so far: registered, on the waiting list, confirmed or attending.
    async fn open(&self) -> i32 {
        int(self.record.open)
    }

    /// Grades of the results (xếp loại), in the order of the grades.
    async fn grades(&self) -> Vec<StudyGrade> {
        let grades = self.record.grades.iter();
        grades.map(|(grade, count)| StudyGrade { grade: *grade, count: int(*count) }).collect()
    }

    /// Results of the yearly duties of the year (kết quả thực hiện chế độ bồi dưỡng).
    async fn duties(&self, ctx: &Context<'_>) -> Result<Vec<CadreDuty>> {
        let year = duty::year(ctx.access(), "year", self.year)?;
        let duties = ctx.loaders().duties(self.of, year).await?;
        CadreDuty::chosen(ctx, &duties, None)
    }
}
