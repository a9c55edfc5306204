//! Quotas used by enrolments.

use sea_orm::entity::prelude::*;

use crate::value::{EnrolmentId, QuotaId};

/// A quota of an enrolment. Written with the enrolment and never deleted. A seat of the quota is used while the
/// enrolment is in a state that takes a seat.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "enrolment_quota")]
pub struct Model {
    /// Enrolment.
    #[sea_orm(primary_key, auto_increment = false)]
    pub enrolment_id: EnrolmentId,
    /// Quota.
    #[sea_orm(primary_key, auto_increment = false, indexed)]
    pub quota_id: QuotaId,
    /// The enrolment.
    #[sea_orm(belongs_to, from = "enrolment_id", to = "id")]
    pub enrolment: BelongsTo<super::enrolment::Entity>,
    /// The quota.
    #[sea_orm(belongs_to, from = "quota_id", to = "id")]
    pub quota: BelongsTo<super::quota::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
