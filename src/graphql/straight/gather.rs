//! What the values of an answer hang on, read before anything is written: one batch for each kind.

use std::collections::HashMap;

use entity::{
    rotation,
    value::{PlanId, QuotaId},
};
use futures_util::future::try_join;

use crate::{
    domain::access::{Access, Seen, Visible, VisiblePlan, VisibleQuota},
    error::Result,
    graphql::straight::root::Found,
};

/// Which kinds a selection needs.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// The rotations of persons.
    pub rotations: bool,
    /// The plans of quotas.
    pub plans: bool,
    /// How many levels of quotas below those of a list.
    pub children: usize,
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    rotations: HashMap<Seen, Vec<rotation::Model>>,
    plans: HashMap<PlanId, VisiblePlan>,
    children: HashMap<QuotaId, Vec<VisibleQuota>>,
}

impl Gathered {
    /// Reads what is needed of what was found.
    ///
    /// # Errors
    /// `Forbidden` without the scopes; `Unavailable` from the database.
    pub async fn of(access: &Access, needs: &Needs, found: &[Found]) -> Result<Self> {
        let persons: Vec<Seen> = found.iter().flat_map(Found::persons).map(Visible::seen).collect();
        let quotas: Vec<&VisibleQuota> = found.iter().flat_map(Found::quotas).collect();
        let (rotations, (plans, children)) =
            try_join(of_persons(access, needs, &persons), of_quotas(access, needs, &quotas)).await?;
        Ok(Self { rotations, plans, children })
    }

    /// The rotations of a person, newest first, as they are now.
    pub fn rotations(&self, of: &Visible) -> &[rotation::Model] {
        self.rotations.get(&of.seen()).map(Vec::as_slice).unwrap_or_default()
    }

    /// A plan, if the caller may know of it.
    pub fn plan(&self, id: PlanId) -> Option<&VisiblePlan> {
        self.plans.get(&id)
    }

    /// The quotas that were handed on from a quota.
    pub fn children(&self, of: QuotaId) -> &[VisibleQuota] {
        self.children.get(&of).map(Vec::as_slice).unwrap_or_default()
    }
}

type By<K, V> = HashMap<K, Vec<V>>;

async fn of_persons(access: &Access, needs: &Needs, persons: &[Seen]) -> Result<By<Seen, rotation::Model>> {
    if !needs.rotations || persons.is_empty() {
        return Ok(HashMap::new());
    }
    access.rotations()?.of(persons).await
}

async fn of_quotas(
    access: &Access,
    needs: &Needs,
    quotas: &[&VisibleQuota],
) -> Result<(HashMap<PlanId, VisiblePlan>, By<QuotaId, VisibleQuota>)> {
    let mut children: By<QuotaId, VisibleQuota> = HashMap::new();
    let mut level: Vec<QuotaId> = quotas.iter().map(|quota| quota.row().id).collect();
    for _ in 0..needs.children {
        if level.is_empty() {
            break;
        }
        let below = access.quotas()?.children(&level).await?;
        level = below.values().flatten().map(|quota| quota.row().id).collect();
        children.extend(below);
    }
    let mut plans = HashMap::new();
    if needs.plans && !quotas.is_empty() {
        let all = quotas.iter().copied().chain(children.values().flatten());
        let mut ids: Vec<PlanId> = all.map(|quota| quota.row().plan_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let read = access.training()?.plans_by_ids(&ids).await?;
        plans.extend(read.into_iter().map(|plan| (plan.row().id, plan)));
    }
    Ok((plans, children))
}
