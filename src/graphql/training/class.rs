//! Classes (lớp) of programmes.

use async_graphql::{Context, ID, Object};
use entity::value::{ClassCategory, ClassState, Day, StudyMode};

use crate::{
    authz::VisibleClass,
    domain::{
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
    page::PageArgs,
};

/// A class (lớp) of a programme, as of today.
pub struct TrainingClass(pub VisibleClass);

impl Listed for TrainingClass {
    const CONNECTION: &'static str = "TrainingClassConnection";
    const EDGE: &'static str = "TrainingClassEdge";
}

/// A class (lớp) of a programme, as of today.
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

    /// Plan of the class (kế hoạch); null if there is none or it is out of reach.
    async fn plan(&self, ctx: &Context<'_>) -> Result<Option<TrainingPlan>> {
        let Some(plan) = self.0.row().plan_id else { return Ok(None) };
        TrainingPlan::of(ctx, plan).await
    }

    /// Programme of the class (chương trình).
    async fn programme(&self, ctx: &Context<'_>) -> Result<Programme> {
        Programme::of(ctx, &self.0.row().programme_code)
    }

    /// Organising unit (đơn vị tổ chức), as of the first day. Returned even if it is out of reach; its related objects
    /// are not accessible then.
    async fn organiser(&self, ctx: &Context<'_>) -> Result<Unit> {
        let row = self.0.row();
        unit::named_by(ctx.access(), &self.0, row.organiser_id, row.start_on).map(Unit).ok_or(Error::NotFound)
    }

    /// Number of the intake (khóa).
    async fn intake(&self) -> Option<&str> {
        self.0.row().intake.as_deref()
    }

    /// Category of the class (loại lớp).
    async fn category(&self) -> ClassCategory {
        self.0.row().category
    }

    /// Mode of study (hình thức).
    async fn mode(&self) -> Option<StudyMode> {
        self.0.row().mode
    }

    /// First day, inclusive (khai giảng).
    async fn start_on(&self) -> Day {
        self.0.row().start_on
    }

    /// Last day, inclusive (bế giảng).
    async fn last_on(&self) -> Day {
        self.0.row().end_on
    }

    /// Days of its sessions (buổi học), in order; empty if they are not recorded.
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<Day>> {
        Ok(ctx.loaders().sessions(self.0.seen()).await?.to_vec())
    }

    /// Number of seats (sĩ số tối đa); null if unlimited.
    async fn capacity(&self) -> Option<i32> {
        self.0.row().capacity
    }

    /// Number of seats taken (số học viên).
    async fn enrolled(&self) -> i32 {
        self.0.row().enrolled
    }

    /// Reported number of learners (số học viên báo cáo), if names are not recorded or in addition to them.
    async fn reported_learners(&self) -> Option<i32> {
        self.0.row().reported_learners
    }

    /// State of the class (trạng thái).
    async fn state(&self) -> ClassState {
        self.0.row().state
    }

    /// Learners in percent of the seats, to one decimal (tỷ lệ lấp đầy), by the greater of seats taken and reported
    /// learners. Null if the seats are unlimited.
    async fn fill_percent(&self) -> Option<f64> {
        class::fill_percent(self.0.row())
    }

    /// Enrolments (danh sách học viên) in the order of recording: all if the organiser is within reach; otherwise those
    /// of units within reach.
    async fn enrolments(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Number of entries from the start of the list, 0 to 100; 20 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "A cursor; the page begins after it.")] after: Option<String>,
        #[graphql(desc = "Number of entries from the end of the list, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor; the page ends before it.")] before: Option<String>,
    ) -> Result<Connection<Enrolment>> {
        let list = EnrolmentList { of: EnrolmentsOf::Class(self.0.row().id), ..EnrolmentList::default() };
        Enrolment::list(ctx, list, PageArgs { first, after, last, before }).await
    }

    /// Increases with every change; send it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.row().version
    }
}
