//! Enums of training.

use std::{fmt, str::FromStr};

use sea_orm::{DeriveActiveEnum, EnumIter, sea_query::StringLen};

use super::set::{UnknownWord, words};

words!(ProgrammeKind, PlanState, Measure, QuotaState, ClassCategory, ClassState, EnrolmentState, Grade);

/// Kind of a programme (loại chương trình).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum ProgrammeKind {
    /// Training towards a diploma (đào tạo).
    #[sea_orm(string_value = "TRAINING")]
    Training,
    /// Refresher training (bồi dưỡng).
    #[sea_orm(string_value = "REFRESHER")]
    Refresher,
}

/// State of a training plan (trạng thái kế hoạch).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum PlanState {
    /// In preparation (dự thảo).
    #[sea_orm(string_value = "DRAFT")]
    Draft,
    /// Units register their demand (thu thập nhu cầu).
    #[sea_orm(string_value = "COLLECTING_DEMAND")]
    CollectingDemand,
    /// Demand is consolidated (tổng hợp).
    #[sea_orm(string_value = "CONSOLIDATED")]
    Consolidated,
    /// Submitted for approval (trình duyệt).
    #[sea_orm(string_value = "SUBMITTED")]
    Submitted,
    /// Returned for revision (trả lại).
    #[sea_orm(string_value = "RETURNED")]
    Returned,
    /// Approved (phê duyệt).
    #[sea_orm(string_value = "APPROVED")]
    Approved,
    /// Issued to the units (ban hành).
    #[sea_orm(string_value = "PUBLISHED")]
    Published,
    /// Closed (kết thúc).
    #[sea_orm(string_value = "CLOSED")]
    Closed,
    /// Cancelled (hủy).
    #[sea_orm(string_value = "CANCELLED")]
    Cancelled,
}

/// Unit of counting of a quota (đơn vị tính chỉ tiêu).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Measure {
    /// Distinct persons (người).
    #[sea_orm(string_value = "PERSONS")]
    Persons,
    /// Turns (lượt): one person in two courses counts twice.
    #[sea_orm(string_value = "TURNS")]
    Turns,
}

/// State of a quota (trạng thái chỉ tiêu).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum QuotaState {
    /// In force (đã giao).
    #[sea_orm(string_value = "ISSUED")]
    Issued,
    /// Revoked without use (thu hồi).
    #[sea_orm(string_value = "REVOKED")]
    Revoked,
}

/// Category of a class (loại lớp).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum ClassCategory {
    /// Training (đào tạo).
    #[sea_orm(string_value = "TRAINING")]
    Training,
    /// Refresher training (bồi dưỡng).
    #[sea_orm(string_value = "REFRESHER")]
    Refresher,
    /// Updating of knowledge (cập nhật kiến thức).
    #[sea_orm(string_value = "UPDATE")]
    Update,
    /// Workshop (tập huấn).
    #[sea_orm(string_value = "WORKSHOP")]
    Workshop,
    /// For cadres of villages; head counts only (thôn, bản).
    #[sea_orm(string_value = "VILLAGE")]
    Village,
    /// Held outside the locality (gửi đi học nơi khác).
    #[sea_orm(string_value = "EXTERNAL")]
    External,
    /// For future leaders (tạo nguồn cán bộ).
    #[sea_orm(string_value = "LEADERSHIP_PIPELINE")]
    LeadershipPipeline,
}

/// State of a class (trạng thái lớp).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum ClassState {
    /// Planned (dự kiến).
    #[sea_orm(string_value = "PLANNED")]
    Planned,
    /// Open for enrolment (chiêu sinh).
    #[sea_orm(string_value = "OPEN_FOR_NOMINATION")]
    OpenForNomination,
    /// Confirmed to take place (xác nhận mở lớp).
    #[sea_orm(string_value = "CONFIRMED")]
    Confirmed,
    /// Running (đang học).
    #[sea_orm(string_value = "RUNNING")]
    Running,
    /// Completed; results may be missing (đã học xong).
    #[sea_orm(string_value = "COMPLETED")]
    Completed,
    /// Closed, with all results (bế giảng).
    #[sea_orm(string_value = "CLOSED")]
    Closed,
    /// Postponed (hoãn).
    #[sea_orm(string_value = "POSTPONED")]
    Postponed,
    /// Cancelled (hủy).
    #[sea_orm(string_value = "CANCELLED")]
    Cancelled,
}

/// State of an enrolment (trạng thái học viên).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum EnrolmentState {
    /// Registered only, without a seat (đăng ký).
    #[sea_orm(string_value = "REGISTERED")]
    Registered,
    /// On the waiting list (dự bị).
    #[sea_orm(string_value = "WAITLISTED")]
    Waitlisted,
    /// Confirmed with a seat (được cử đi học).
    #[sea_orm(string_value = "CONFIRMED")]
    Confirmed,
    /// Attending (đang học).
    #[sea_orm(string_value = "ATTENDING")]
    Attending,
    /// Completed (hoàn thành).
    #[sea_orm(string_value = "COMPLETED")]
    Completed,
    /// Did not pass (không đạt).
    #[sea_orm(string_value = "FAILED")]
    Failed,
    /// Dropped out (thôi học).
    #[sea_orm(string_value = "DROPPED")]
    Dropped,
    /// Transferred to another class (chuyển lớp).
    #[sea_orm(string_value = "TRANSFERRED")]
    Transferred,
    /// Deferred (bảo lưu).
    #[sea_orm(string_value = "DEFERRED")]
    Deferred,
}

/// Grade of a result (xếp loại).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Grade {
    /// Excellent (xuất sắc).
    #[sea_orm(string_value = "EXCELLENT")]
    Excellent,
    /// Very good (giỏi).
    #[sea_orm(string_value = "VERY_GOOD")]
    VeryGood,
    /// Good (khá).
    #[sea_orm(string_value = "GOOD")]
    Good,
    /// Average (trung bình).
    #[sea_orm(string_value = "AVERAGE")]
    Average,
}

impl PlanState {
    /// The states in which quotas of a plan can be issued, allocated and used.
    pub const GIVING: [Self; 2] = [Self::Approved, Self::Published];

    /// The states from approval on, in which the seats of a plan count as planned. A draft may still change, and a
    /// cancelled plan does not count.
    pub const APPROVED: [Self; 3] = [Self::Approved, Self::Published, Self::Closed];
}

impl ClassState {
    /// The states of a class that does not take place, or has not begun.
    pub const NOT_HELD: [Self; 3] = [Self::Planned, Self::Postponed, Self::Cancelled];
    /// The states that allow enrolments.
    pub const ENROLLING: [Self; 3] = [Self::OpenForNomination, Self::Confirmed, Self::Running];
    /// The states that allow results.
    pub const WITH_RESULTS: [Self; 3] = [Self::Running, Self::Completed, Self::Closed];
}

impl EnrolmentState {
    /// The states that use a seat of the class and of the quota.
    pub const SEATED: [Self; 4] = [Self::Confirmed, Self::Attending, Self::Completed, Self::Failed];

    /// Whether the state uses a seat.
    pub fn is_seated(self) -> bool {
        Self::SEATED.contains(&self)
    }
}
