//! Classes (lớp) of programmes.

use async_graphql::{Context, ID, Object};
use entity::value::{ClassCategory, ClassState, Day, StudyMode};

use crate::{
    domain::{
        authz::VisibleClass,
        page::PageArgs,
        training::{
            class,
            enrolment::{EnrolmentList, EnrolmentsOf},
        },
        unit,
    },
    error::{Error, Result},
    graphql::{
        ContextExt,
        page::{Connection, Listed},
        programme::Programme,
        training::{enrolment::Enrolment, plan::TrainingPlan},
        unit::Unit,
    },
};

/// A class (lớp) of a programme, as it is today.
pub struct TrainingClass(pub VisibleClass);

impl Listed for TrainingClass {
    const CONNECTION: &'static str = "TrainingClassConnection";
    const EDGE: &'static str = "TrainingClassEdge";
}

/// A class (lớp) of a programme, as it is today.
#[Object]
impl TrainingClass {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        self.0.row().id.into()
    }

    /// Code (mã lớp).
    async fn code(&self) -> &str {
        self.0.row().code.as_str()
    }

    /// The plan that it belongs to (kế hoạch); null where there is none, and where that plan is out of reach.
    async fn plan(&self, ctx: &Context<'_>) -> Result<Option<TrainingPlan>> {
        let Some(plan) = self.0.row().plan_id else { return Ok(None) };
        TrainingPlan::of(ctx, plan).await
    }

    /// Programme (chương trình).
    async fn programme(&self, ctx: &Context<'_>) -> Result<Programme> {
        Programme::of(ctx, &self.0.row().programme_code)
    }

    /// The unit that holds it (đơn vị tổ chức), as it stood on the first day. Named even out of reach; what hangs on it
    /// is not opened.
    async fn organiser(&self, ctx: &Context<'_>) -> Result<Unit> {
        let row = self.0.row();
        unit::named_by(ctx.access(), &self.0, row.organiser_id, row.start_on).map(Unit).ok_or(Error::NotFound)
    }

    /// Number of the intake (khóa).
    async fn intake(&self) -> Option<&str> {
        self.0.row().intake.as_deref()
    }

    /// Category (loại lớp).
    async fn category(&self) -> ClassCategory {
        self.0.row().category
    }

    /// Mode (hình thức).
    async fn mode(&self) -> Option<StudyMode> {
        self.0.row().mode
    }

    /// First day (khai giảng).
    async fn start_on(&self) -> Day {
        self.0.row().start_on
    }

    /// Last day, inclusive (bế giảng).
    async fn last_on(&self) -> Day {
        self.0.row().end_on
    }

    /// The days on which it meets (buổi học), by day; empty where they are not stated.
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<Day>> {
        Ok(ctx.loaders().sessions(self.0.seen()).await?.to_vec())
    }

    /// Seats (sĩ số tối đa); null: not limited.
    async fn capacity(&self) -> Option<i32> {
        self.0.row().capacity
    }

    /// Seats taken (số học viên).
    async fn enrolled(&self) -> i32 {
        self.0.row().enrolled
    }

    /// Learners by head count (số học viên báo cáo), where names are not kept or beside them.
    async fn reported_learners(&self) -> Option<i32> {
        self.0.row().reported_learners
    }

    /// Where it stands (trạng thái).
    async fn state(&self) -> ClassState {
        self.0.row().state
    }

    /// Learners of the seats in percent, to one decimal (tỷ lệ lấp đầy): by the seats taken, or by the head count where
    /// that is greater. Null where the seats are not limited.
    async fn fill_percent(&self) -> Option<f64> {
        class::fill_percent(self.0.row())
    }

    /// Its enrolments (danh sách học viên) in the order in which they were recorded: all, for whoever reaches the
    /// organiser; otherwise those of units within reach.
    async fn enrolments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start of the list, 0 to 100; 20 if neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "A cursor: only what comes after it.")] after: Option<String>,
        #[graphql(desc = "How many from the end of the list, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor: only what comes before it.")] before: Option<String>,
    ) -> Result<Connection<Enrolment>> {
        let list = EnrolmentList { of: EnrolmentsOf::Class(self.0.row().id), ..EnrolmentList::default() };
        Enrolment::list(ctx, list, PageArgs { first, after, last, before }).await
    }

    /// Rises with every change; send it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.row().version
    }
}
