//! Enums of rotations.

use std::{fmt, str::FromStr};

use sea_orm::{DeriveActiveEnum, EnumIter, sea_query::StringLen};

use super::set::{UnknownWord, words};

words!(RotationForm, RotationDirection, RotationState, RotationPurpose, EndReason, AppraisalResult);

/// Form of a move (hình thức điều động cán bộ).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum RotationForm {
    /// Rotation (luân chuyển): to another leading title for a limited time, to continue training.
    #[sea_orm(string_value = "ROTATION")]
    Rotation,
    /// Transfer (điều động).
    #[sea_orm(string_value = "TRANSFER")]
    Transfer,
    /// Secondment (biệt phái).
    #[sea_orm(string_value = "SECONDMENT")]
    Secondment,
}

/// Direction of a rotation, from the tiers and territories of both units on its start day (hướng luân chuyển).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum RotationDirection {
    /// To a lower tier (từ trên xuống).
    #[sea_orm(string_value = "DOWN")]
    Down,
    /// To a higher tier (từ dưới lên).
    #[sea_orm(string_value = "UP")]
    Up,
    /// To another territory on the same tier (giữa các địa phương).
    #[sea_orm(string_value = "LATERAL_LOCALITY")]
    LateralLocality,
    /// To another agency of the same tier and territory (giữa các cơ quan cùng cấp).
    #[sea_orm(string_value = "LATERAL_AGENCY")]
    LateralAgency,
}

/// State of a rotation (trạng thái), Decree 170/2025, Arts. 46 and 50. Before PUBLISHED it is visible to the preparing
/// unit only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum RotationState {
    /// Proposed; the policy is not approved yet.
    #[sea_orm(string_value = "DRAFT")]
    Draft,
    /// Step 1: the policy is approved (đề xuất chủ trương).
    #[sea_orm(string_value = "POLICY_APPROVED")]
    PolicyApproved,
    /// Step 2: units have nominated (giới thiệu nhân sự).
    #[sea_orm(string_value = "NOMINATED")]
    Nominated,
    /// Step 3: standards, place and title have been reviewed (chuẩn bị nhân sự).
    #[sea_orm(string_value = "PREPARED")]
    Prepared,
    /// Step 4: exchanged with the sending and the receiving unit and with the person (trao đổi).
    #[sea_orm(string_value = "EXCHANGED")]
    Exchanged,
    /// Step 5: decided (ban hành quyết định).
    #[sea_orm(string_value = "DECIDED")]
    Decided,
    /// The decision is published (công bố).
    #[sea_orm(string_value = "PUBLISHED")]
    Published,
    /// Running (đang luân chuyển).
    #[sea_orm(string_value = "IN_PROGRESS")]
    InProgress,
    /// Running with a later planned end (gia hạn).
    #[sea_orm(string_value = "EXTENDED")]
    Extended,
    /// Ended; no placement is recorded (đã kết thúc).
    #[sea_orm(string_value = "ENDED")]
    Ended,
    /// Ended and placed (đã bố trí sau luân chuyển).
    #[sea_orm(string_value = "PLACED")]
    Placed,
    /// Cancelled before the decision (hủy).
    #[sea_orm(string_value = "CANCELLED")]
    Cancelled,
    /// The decision was revoked before the rotation began (thu hồi quyết định).
    #[sea_orm(string_value = "REVOKED")]
    Revoked,
}

/// Purpose of a rotation (mục đích luân chuyển), Regulation 65-QĐ/TW, Art. 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum RotationPurpose {
    /// To train a person who is planned for a leading title (đào tạo, bồi dưỡng).
    #[sea_orm(string_value = "DEVELOPMENT")]
    Development,
    /// To appoint a head from another locality (bố trí người không là người địa phương).
    #[sea_orm(string_value = "NON_LOCAL")]
    NonLocal,
    /// To limit heads to two consecutive terms (không giữ chức vụ quá hai nhiệm kỳ liên tiếp).
    #[sea_orm(string_value = "TWO_TERM_LIMIT")]
    TwoTermLimit,
    /// To reinforce an understaffed unit (tăng cường).
    #[sea_orm(string_value = "REINFORCE")]
    Reinforce,
}

/// Reason of the end of a rotation (lý do kết thúc).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum EndReason {
    /// The term is over (hết thời hạn).
    #[sea_orm(string_value = "TERM_COMPLETED")]
    TermCompleted,
    /// The person stays at the destination permanently, and no longer counts as rotated (ổn định tại nơi đến), Decree
    /// 170/2025, Art. 50.
    #[sea_orm(string_value = "STABILISED_AT_DESTINATION")]
    StabilisedAtDestination,
    /// Back to the unit of origin (trở về nơi đi).
    #[sea_orm(string_value = "RETURNED")]
    Returned,
    /// Promoted (được bổ nhiệm chức vụ cao hơn).
    #[sea_orm(string_value = "PROMOTED")]
    Promoted,
    /// Transferred to another unit (được điều động tiếp).
    #[sea_orm(string_value = "TRANSFERRED_ON")]
    TransferredOn,
    /// The unit was dissolved (đơn vị giải thể).
    #[sea_orm(string_value = "UNIT_DISSOLVED")]
    UnitDissolved,
    /// Disciplinary measure (kỷ luật).
    #[sea_orm(string_value = "DISCIPLINE")]
    Discipline,
    /// Retired (nghỉ hưu).
    #[sea_orm(string_value = "RETIRED")]
    Retired,
    /// Another reason (lý do khác).
    #[sea_orm(string_value = "OTHER")]
    Other,
}

/// Result of a yearly appraisal (xếp loại chất lượng hằng năm).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum AppraisalResult {
    /// Tasks fulfilled excellently (hoàn thành xuất sắc nhiệm vụ).
    #[sea_orm(string_value = "EXCELLENT")]
    Excellent,
    /// Tasks fulfilled well (hoàn thành tốt nhiệm vụ).
    #[sea_orm(string_value = "GOOD")]
    Good,
    /// Tasks fulfilled (hoàn thành nhiệm vụ).
    #[sea_orm(string_value = "FULFILLED")]
    Fulfilled,
    /// Tasks not fulfilled (không hoàn thành nhiệm vụ).
    #[sea_orm(string_value = "NOT_FULFILLED")]
    NotFulfilled,
}

impl RotationState {
    /// The states before publication, and the final states without a rotation: visible to the preparing unit only,
    /// unless the rotation was published before it was revoked.
    pub const EMBARGOED: [Self; 8] = [
        Self::Draft,
        Self::PolicyApproved,
        Self::Nominated,
        Self::Prepared,
        Self::Exchanged,
        Self::Decided,
        Self::Cancelled,
        Self::Revoked,
    ];

    /// Whether the state is one of `EMBARGOED`.
    pub fn is_embargoed(self) -> bool {
        Self::EMBARGOED.contains(&self)
    }

    /// Whether the rotation is running.
    pub fn is_running(self) -> bool {
        matches!(self, Self::InProgress | Self::Extended)
    }

    /// Whether the rotation has begun; it may have ended since.
    pub fn has_started(self) -> bool {
        self.is_running() || matches!(self, Self::Ended | Self::Placed)
    }
}
