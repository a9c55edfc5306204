//! Prefetches related rows, one batch per kind, before anything is written.

use std::collections::HashMap;

use entity::value::{PlanId, QuotaId};

use crate::{
    authz::{Access, Rotations, VisiblePlan, VisibleQuota},
    error::Result,
};

/// A kind of related rows that a field needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// Rotations of persons, read together with them.
    Rotations,
    /// Plans of quotas.
    Plans,
    /// Quotas allocated from quotas.
    Children,
}

/// Kinds of related rows that a selection needs.
#[derive(Debug, Default)]
pub(super) struct Requirements {
    /// Rotations of persons, read together with them.
    pub rotations: bool,
    /// Plans of quotas.
    pub plans: bool,
    /// Levels of quotas below those of a list.
    pub children: usize,
}

impl Requirements {
    /// Number of statements that read the rows.
    pub fn statements(&self) -> usize {
        self.children + usize::from(self.plans)
    }

    /// The option to read rotations with persons, if they are needed.
    ///
    /// # Errors
    /// `Forbidden` without `rotation:read`.
    pub fn rotations<'a>(&self, access: &'a Access) -> Result<Option<Rotations<'a>>> {
        self.rotations.then(|| access.rotations()).transpose()
    }
}

/// The prefetched rows.
#[derive(Debug, Default)]
pub struct Prefetched {
    plans: HashMap<PlanId, VisiblePlan>,
    children: HashMap<QuotaId, Vec<VisibleQuota>>,
}

impl Prefetched {
    /// Prefetches the rows that are needed for these quotas.
    ///
    /// # Errors
    /// `Forbidden` without the scopes; `Unavailable` from the database.
    pub(super) async fn of(access: &Access, requirements: &Requirements, quotas: &[&VisibleQuota]) -> Result<Self> {
        let (plans, children) = of_quotas(access, requirements, quotas).await?;
        Ok(Self { plans, children })
    }

    /// A plan, if it is visible to the caller.
    pub fn plan(&self, id: PlanId) -> Option<&VisiblePlan> {
        self.plans.get(&id)
    }

    /// The quotas allocated from a quota.
    pub fn children(&self, of: QuotaId) -> &[VisibleQuota] {
        self.children.get(&of).map(Vec::as_slice).unwrap_or_default()
    }
}

async fn of_quotas(
    access: &Access,
    requirements: &Requirements,
    quotas: &[&VisibleQuota],
) -> Result<(HashMap<PlanId, VisiblePlan>, HashMap<QuotaId, Vec<VisibleQuota>>)> {
    let mut children: HashMap<QuotaId, Vec<VisibleQuota>> = HashMap::new();
    let mut level: Vec<QuotaId> = quotas.iter().map(|quota| quota.row().id).collect();
    for _ in 0..requirements.children {
        if level.is_empty() {
            break;
        }
        let below = access.quotas()?.children(&level).await?;
        level = below.values().flatten().map(|quota| quota.row().id).collect();
        children.extend(below);
    }
    let mut plans = HashMap::new();
    if requirements.plans && !quotas.is_empty() {
        let all = quotas.iter().copied().chain(children.values().flatten());
        let mut ids: Vec<PlanId> = all.map(|quota| quota.row().plan_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let visible_plans = access.training()?.plans_by_ids(&ids).await?;
        plans.extend(visible_plans.into_iter().map(|plan| (plan.row().id, plan)));
    }
    Ok((plans, children))
}
