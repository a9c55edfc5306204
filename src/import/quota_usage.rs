//! Attributes the enrolments of a bundle to quotas: once, when they are loaded. The seats are counted together with
//! those that commands recorded. Only quotas that rows of the bundle use are counted again.

use std::collections::{BTreeSet, HashSet};

use entity::{
    enrolment, enrolment_quota, programme, quota,
    value::{ChangeKind, EnrolmentState, QuotaId, QuotaState},
};
use futures_util::TryStreamExt;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter};

use super::{class_index::ClassEntry, write::record};
use crate::{
    authz::Txn,
    domain::training::usage::{self, Holders, Taught},
    error::{Error, Result},
    language::Sentence,
    reference::{ANY_PROGRAMME, units::Units},
};

/// Inputs of the attribution, and the quotas that were used.
#[derive(Debug)]
pub(super) struct Attribution {
    holders: Holders,
    units: Units,
    used: BTreeSet<QuotaId>,
}

impl Attribution {
    /// Reads the quotas in force, those of the bundle included, and the units.
    pub async fn read(connection: &DatabaseTransaction) -> Result<Self> {
        let any_programme =
            programme::Entity::find().filter(programme::Column::Subject.eq(ANY_PROGRAMME)).all(connection).await?;
        let any_programme: HashSet<_> = any_programme.into_iter().map(|programme| programme.code).collect();
        let mut holders = Holders::default();
        let mut quotas =
            quota::Entity::find().filter(quota::Column::State.eq(QuotaState::Issued)).stream(connection).await?;
        while let Some(quota) = quotas.try_next().await? {
            holders.add(&quota, any_programme.contains(&quota.programme_code));
        }
        drop(quotas);
        Ok(Self { holders, units: Units::load(connection).await?, used: BTreeSet::new() })
    }

    /// The quotas of an enrolment that takes a seat of its class, or may take one later.
    pub fn links(&mut self, row: &enrolment::Model, class: &ClassEntry) -> Vec<enrolment_quota::Model> {
        let Some(plan) = class.plan_id.filter(|_| row.state.is_seated() || row.state == EnrolmentState::Waitlisted)
        else {
            return Vec::new();
        };
        let taught = Taught { plan, programme: &row.programme_code, mode: class.mode };
        let quotas = self.holders.used_by(taught, &usage::with_ancestors(&self.units, row.unit_id, row.year));
        self.used.extend(&quotas);
        quotas.into_iter().map(|quota_id| enrolment_quota::Model { enrolment_id: row.id, quota_id }).collect()
    }

    /// The used quotas, in the order of their ids.
    pub fn used(self) -> Vec<QuotaId> {
        self.used.into_iter().collect()
    }
}

/// Recounts the used seats of quotas. Fails if imported history would exceed a quota whose seats commands allocated or
/// used.
pub(super) async fn settle(txn: &Txn, used: &[QuotaId], new: &HashSet<QuotaId>) -> Result<()> {
    let changed = usage::settle(txn.connection(), used).await?;
    let (mut updated, mut rows) = (Vec::new(), Vec::with_capacity(changed.len()));
    for (before, now) in changed {
        if now.excess > before.excess && is_bound(txn.connection(), &now).await? {
            return Err(short_quota(&now));
        }
        if new.contains(&now.id) {
            rows.push(quota::Model { version: before.version, ..now });
        } else {
            updated.push(now.id.to_string());
            rows.push(now);
        }
    }
    record(txn, ChangeKind::Updated, "quota", updated).await?;
    usage::store(txn.connection(), rows.into_iter()).await
}

/// Whether commands allocated or used seats of a quota.
async fn is_bound(connection: &DatabaseTransaction, quota: &quota::Model) -> Result<bool> {
    if quota.allocated > 0 {
        return Ok(true);
    }
    let of_commands = enrolment::Entity::find().filter(enrolment::Column::QuotaId.eq(quota.id));
    Ok(of_commands.filter(enrolment::Column::State.is_in(EnrolmentState::SEATED)).count(connection).await? > 0)
}

fn short_quota(quota: &quota::Model) -> Error {
    let (id, missing) = (quota.id, -i64::from(quota.remaining()));
    Error::Conflict(Sentence::new(
        format!(
            "chỉ tiêu {id} thiếu {missing} suất cho học viên của gói nhập sau khi trừ số đã phân bổ và đã sử dụng; chưa \
             có dữ liệu nào được ghi; hãy tăng chỉ tiêu rồi nhập lại"
        ),
        format!(
            "quota {id} lacks {missing} seats for the learners of the bundle after the allocated and used seats; \
             nothing was written; raise the quota and import the bundle again"
        ),
    ))
}
