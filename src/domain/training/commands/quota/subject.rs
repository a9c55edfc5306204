//! The quota as the subject of commands that change it.

use entity::quota;

use super::{lock_plan, seen};
use crate::{
    authz::{Access, Txn, VisibleQuota},
    domain::{
        command::{Ready, Subject},
        refusal::CommandResult,
    },
};

/// An existing quota, with its plan locked. Commands change its numbers by conditional statements, which lock it.
#[derive(Debug)]
pub struct Quota {
    /// The row before the command, then the current row, which the command reads.
    pub(super) row: quota::Model,
}

/// A quota, as the input of a command names it.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    id: &'a str,
    /// Number of seats for the audit log, if the command names one.
    seats: Option<i32>,
}

impl<'a> Target<'a> {
    /// The quota with an id.
    pub(super) fn of(id: &'a str, seats: Option<i32>) -> Self {
        Self { id, seats }
    }
}

impl Subject for Quota {
    type Target<'a> = Target<'a>;
    type Found = VisibleQuota;
    type Prepared = VisibleQuota;
    type Effect = ();
    type Written = quota::Model;
    type View = VisibleQuota;

    async fn find(access: &Access, target: Self::Target<'_>) -> CommandResult<VisibleQuota> {
        seen(access, target.id).await
    }

    async fn prepare(_: &Access, target: Self::Target<'_>, quota: VisibleQuota) -> CommandResult<Ready<VisibleQuota>> {
        Ok(Ready {
            object: quota.row().id.to_string(),
            units: vec![quota.row().unit_id],
            detail: target.seats.map(|seats| seats.to_string()),
            prepared: quota,
        })
    }

    async fn replay(access: &Access, object: &str, _: (Self::Target<'_>, VisibleQuota)) -> CommandResult<VisibleQuota> {
        seen(access, object).await
    }

    async fn lock(_: &Access, txn: &Txn, (_, quota): (Self::Target<'_>, VisibleQuota)) -> CommandResult<Self> {
        lock_plan(txn, quota.row().plan_id, "quotaId").await?;
        Ok(Self { row: quota.row().clone() })
    }

    /// The commands write the row and its changes themselves, because the order of the locks depends on them.
    async fn write(self, _: &Txn, (): ()) -> CommandResult<quota::Model> {
        Ok(self.row)
    }

    async fn view(access: &Access, row: quota::Model) -> CommandResult<Option<VisibleQuota>> {
        Ok(access.quotas()?.admitted(row))
    }
}
