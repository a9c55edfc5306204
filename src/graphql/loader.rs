//! Batching: keys of many fields in one response are read by one statement.
//!
//! There is no timer: a field adds its key and yields, so that its siblings add theirs. The first
//! field to resume reads the rows of all keys.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use entity::{
    appraisal, rotation, rotation_appraisal, rotation_step, rule_override,
    value::{ClassId, Day, PlanId, QuotaId},
};
use tokio::{sync::Mutex as Gate, task::yield_now};

use crate::{
    authz::{
        Access, AppraisalYears, AuthorizedCadre, AuthorizedCadreId, AuthorizedClassId, AuthorizedRotationId, Protected,
        RelatedCadre, RuleInputs, SealedExemption, VisibleClass, VisiblePlan, VisibleQuota,
    },
    domain::{
        client::visible::VisibleClientId,
        duty::{self, PersonDuty},
        standard::Exemption,
        training::study::{self, StudyRecord},
        webhook::{self, VisibleWebhook},
    },
    error::Result,
    reference::duties::DutyYear,
};

/// Number of consecutive yields without a new key before the rows are read.
const IDLE_YIELDS: usize = 2;

/// Batches of one request. Never shared between requests: they contain data visible to one caller.
#[derive(Debug)]
pub struct Loaders {
    access: Arc<Access>,
    protected: Batch<AuthorizedCadreId, Protected>,
    rotations: Batch<AuthorizedCadreId, Vec<rotation::Model>>,
    persons: Batch<RelatedCadre, Option<AuthorizedCadre>>,
    plans: Batch<PlanId, Option<VisiblePlan>>,
    classes: Batch<ClassId, Option<VisibleClass>>,
    sessions: Batch<AuthorizedClassId, Vec<Day>>,
    quotas: Batch<QuotaId, Option<VisibleQuota>>,
    children: Batch<QuotaId, Vec<VisibleQuota>>,
    steps: Batch<AuthorizedRotationId, Vec<rotation_step::Model>>,
    appraisals: Batch<AuthorizedRotationId, Vec<rotation_appraisal::Model>>,
    overrides: Batch<AuthorizedRotationId, Vec<rule_override::Model>>,
    rule_inputs: Batch<AuthorizedRotationId, Option<RuleInputs>>,
    webhooks: Batch<VisibleClientId, Option<VisibleWebhook>>,
    duties: Batch<(AuthorizedCadreId, DutyYear), Vec<PersonDuty>>,
    appraisals_of: Batch<(AuthorizedCadreId, AppraisalYears), Vec<appraisal::Model>>,
    duty_exemptions: Batch<AuthorizedCadreId, Vec<SealedExemption>>,
    study_records: Batch<(AuthorizedCadreId, i32), StudyRecord>,
    standard_exemptions: Batch<(AuthorizedCadreId, Day), Vec<Exemption>>,
}

impl Loaders {
    /// Batches for a caller's access.
    pub fn new(access: Arc<Access>) -> Self {
        Self {
            access,
            protected: Batch::default(),
            rotations: Batch::default(),
            persons: Batch::default(),
            plans: Batch::default(),
            classes: Batch::default(),
            sessions: Batch::default(),
            quotas: Batch::default(),
            children: Batch::default(),
            steps: Batch::default(),
            appraisals: Batch::default(),
            overrides: Batch::default(),
            rule_inputs: Batch::default(),
            webhooks: Batch::default(),
            duties: Batch::default(),
            appraisals_of: Batch::default(),
            duty_exemptions: Batch::default(),
            study_records: Batch::default(),
            standard_exemptions: Batch::default(),
        }
    }

    /// Clears all batches after a command: each of several commands in one operation must return its own result.
    pub fn forget(&self) {
        self.protected.forget();
        self.rotations.forget();
        self.persons.forget();
        self.plans.forget();
        self.classes.forget();
        self.sessions.forget();
        self.quotas.forget();
        self.children.forget();
        self.steps.forget();
        self.appraisals.forget();
        self.overrides.forget();
        self.rule_inputs.forget();
        self.webhooks.forget();
        self.duties.forget();
        self.appraisals_of.forget();
        self.duty_exemptions.forget();
        self.study_records.forget();
        self.standard_exemptions.forget();
    }

    /// Protected data of a person, sealed.
    pub async fn protected(&self, of: AuthorizedCadreId) -> Result<Arc<Protected>> {
        self.protected.load(of, async |keys| self.access.cadres()?.protected(&keys).await).await
    }

    /// Current rotations of a person, newest first.
    pub async fn rotations(&self, of: AuthorizedCadreId) -> Result<Arc<Vec<rotation::Model>>> {
        self.rotations.load(of, async |keys| self.access.rotations()?.of(&keys).await).await
    }

    /// The person behind an object that is visible to the caller.
    pub async fn person(&self, person: RelatedCadre) -> Result<Arc<Option<AuthorizedCadre>>> {
        let read = async |keys: Vec<RelatedCadre>| {
            let persons = self.access.persons(&keys).await?;
            Ok(persons.into_iter().map(|(key, person)| (key, Some(person))).collect())
        };
        self.persons.load(person, read).await
    }

    /// A training plan, if visible to the caller.
    pub async fn plan(&self, id: PlanId) -> Result<Arc<Option<VisiblePlan>>> {
        let read = async |keys: Vec<PlanId>| {
            let plans = self.access.training()?.plans_by_ids(&keys).await?;
            Ok(plans.into_iter().map(|plan| (plan.row().id, Some(plan))).collect())
        };
        self.plans.load(id, read).await
    }

    /// A class, if visible to the caller.
    pub async fn class(&self, id: ClassId) -> Result<Arc<Option<VisibleClass>>> {
        let read = async |keys: Vec<ClassId>| {
            let classes = self.access.training()?.classes_by_ids(&keys).await?;
            Ok(classes.into_iter().map(|class| (class.row().id, Some(class))).collect())
        };
        self.classes.load(id, read).await
    }

    /// The sessions of a class, by day.
    pub async fn sessions(&self, of: AuthorizedClassId) -> Result<Arc<Vec<Day>>> {
        self.sessions.load(of, async |keys| self.access.training()?.sessions(&keys).await).await
    }

    /// A quota, if visible to the caller.
    pub async fn quota(&self, id: QuotaId) -> Result<Arc<Option<VisibleQuota>>> {
        let read = async |keys: Vec<QuotaId>| {
            let quotas = self.access.quotas()?.by_ids(&keys).await?;
            Ok(quotas.into_iter().map(|quota| (quota.row().id, Some(quota))).collect())
        };
        self.quotas.load(id, read).await
    }

    /// The quotas allocated from a quota.
    pub async fn children(&self, of: QuotaId) -> Result<Arc<Vec<VisibleQuota>>> {
        self.children.load(of, async |keys| self.access.quotas()?.children(&keys).await).await
    }

    /// The steps of a rotation, oldest first.
    pub async fn steps(&self, of: AuthorizedRotationId) -> Result<Arc<Vec<rotation_step::Model>>> {
        self.steps.load(of, async |keys| self.access.rotations()?.steps(&keys).await).await
    }

    /// The appraisals of a rotation, by year.
    pub async fn appraisals(&self, of: AuthorizedRotationId) -> Result<Arc<Vec<rotation_appraisal::Model>>> {
        self.appraisals.load(of, async |keys| self.access.rotations()?.appraisals(&keys).await).await
    }

    /// The rule overrides granted for a rotation.
    pub async fn overrides(&self, of: AuthorizedRotationId) -> Result<Arc<Vec<rule_override::Model>>> {
        self.overrides.load(of, async |keys| self.access.rotations()?.overrides(&keys).await).await
    }

    /// Exemptions of a person from duties, sealed.
    pub async fn duty_exemptions(&self, of: AuthorizedCadreId) -> Result<Arc<Vec<SealedExemption>>> {
        self.duty_exemptions.load(of, async |keys| self.access.sealed_exemptions(&keys).await).await
    }

    /// Results of a person's duties in a year.
    pub async fn duties(&self, of: AuthorizedCadreId, year: DutyYear) -> Result<Arc<Vec<PersonDuty>>> {
        let read = async |keys: Vec<(AuthorizedCadreId, DutyYear)>| {
            let mut of_year: HashMap<DutyYear, Vec<AuthorizedCadreId>> = HashMap::new();
            keys.iter().for_each(|(person, year)| of_year.entry(*year).or_default().push(*person));
            let mut found = HashMap::new();
            for (year, persons) in of_year {
                let results = duty::of_persons(&self.access, &persons, year).await?;
                found.extend(results.into_iter().map(|(person, duties)| ((person, year), duties)));
            }
            Ok(found)
        };
        self.duties.load((of, year), read).await
    }

    /// Appraisals of a person in some years, sealed.
    pub async fn appraisals_of(
        &self,
        of: AuthorizedCadreId,
        years: AppraisalYears,
    ) -> Result<Arc<Vec<appraisal::Model>>> {
        let read = async |keys: Vec<(AuthorizedCadreId, AppraisalYears)>| {
            let mut of_years: HashMap<AppraisalYears, Vec<AuthorizedCadreId>> = HashMap::new();
            keys.iter().for_each(|(person, years)| of_years.entry(*years).or_default().push(*person));
            let mut found = HashMap::new();
            for (years, persons) in of_years {
                let rows = self.access.cadres()?.appraisals(&persons, years).await?;
                found.extend(rows.into_iter().map(|(person, rows)| ((person, years), rows)));
            }
            Ok(found)
        };
        self.appraisals_of.load((of, years), read).await
    }

    /// Study record of a person in a year.
    pub async fn study_records(&self, of: AuthorizedCadreId, year: i32) -> Result<Arc<StudyRecord>> {
        let read = async |keys: Vec<(AuthorizedCadreId, i32)>| {
            let mut of_year: HashMap<i32, Vec<AuthorizedCadreId>> = HashMap::new();
            keys.iter().for_each(|(person, year)| of_year.entry(*year).or_default().push(*person));
            let mut found = HashMap::new();
            for (year, persons) in of_year {
                let records = study::of_persons(&self.access, &persons, year).await?;
                found.extend(records.into_iter().map(|(person, record)| ((person, year), record)));
            }
            Ok(found)
        };
        self.study_records.load((of, year), read).await
    }

    /// Requirements of standards from which a person is exempt on a day.
    pub async fn standard_exemptions(&self, of: AuthorizedCadreId, day: Day) -> Result<Arc<Vec<Exemption>>> {
        let read = async |keys: Vec<(AuthorizedCadreId, Day)>| {
            let mut of_day: HashMap<Day, Vec<AuthorizedCadreId>> = HashMap::new();
            keys.iter().for_each(|(person, day)| of_day.entry(*day).or_default().push(*person));
            let mut found = HashMap::new();
            for (day, persons) in of_day {
                let exempt = self.access.standard_exemptions(&persons, day).await?;
                found.extend(exempt.into_iter().map(|(person, exempt)| ((person, day), exempt)));
            }
            Ok(found)
        };
        self.standard_exemptions.load((of, day), read).await
    }

    /// Input of the rule checks of a rotation.
    pub async fn rule_inputs(&self, of: AuthorizedRotationId) -> Result<Arc<Option<RuleInputs>>> {
        let read = async |keys: Vec<AuthorizedRotationId>| {
            let rule_inputs = self.access.rotations()?.rule_inputs(&keys).await?;
            Ok(rule_inputs.into_iter().map(|(key, rule_inputs)| (key, Some(rule_inputs))).collect())
        };
        self.rule_inputs.load(of, read).await
    }

    /// The webhook of a client.
    pub async fn webhook(&self, of: VisibleClientId) -> Result<Arc<Option<VisibleWebhook>>> {
        let read = async |keys: Vec<VisibleClientId>| {
            let webhooks = webhook::of_clients(&self.access, &keys).await?;
            Ok(webhooks.into_iter().map(|(key, webhook)| (key, Some(webhook))).collect())
        };
        self.webhooks.load(of, read).await
    }
}

#[derive(Debug)]
struct Batch<K, V> {
    state: Mutex<BatchState<K, V>>,
    gate: Gate<()>,
}

#[derive(Debug)]
struct BatchState<K, V> {
    wanted: HashSet<K>,
    loaded: HashMap<K, Result<Arc<V>>>,
}

impl<K, V> Default for Batch<K, V> {
    fn default() -> Self {
        Self { state: Mutex::new(BatchState { wanted: HashSet::new(), loaded: HashMap::new() }), gate: Gate::new(()) }
    }
}

impl<K: Copy + Eq + Hash, V: Default> Batch<K, V> {
    async fn load(&self, key: K, read: impl AsyncFnOnce(Vec<K>) -> Result<HashMap<K, V>>) -> Result<Arc<V>> {
        if let Some(value) = self.add_key(key) {
            return value;
        }
        yield_now().await;
        let _gate = self.gate.lock().await;
        if let Some(value) = self.loaded(key) {
            return value;
        }
        self.wait_for_siblings().await;
        let keys: Vec<K> = mem::take(&mut self.state().wanted).into_iter().collect();
        let mut read = read(keys.clone()).await;
        let mut state = self.state();
        for key in keys {
            let value = match &mut read {
                Ok(values) => Ok(Arc::new(values.remove(&key).unwrap_or_default())),
                Err(error) => Err(error.clone()),
            };
            state.loaded.insert(key, value);
        }
        state.loaded.get(&key).cloned().unwrap_or_else(|| Ok(Arc::default()))
    }

    fn forget(&self) {
        self.state().loaded.clear();
    }

    /// Waits until no sibling field adds a key. Siblings resume over several polls. The runtime
    /// makes long-running tasks yield, so some siblings resume one or two polls later.
    async fn wait_for_siblings(&self) {
        let (mut known, mut idle) = (self.state().wanted.len(), 0);
        while idle < IDLE_YIELDS {
            yield_now().await;
            let now = self.state().wanted.len();
            idle = if now > known { 0 } else { idle + 1 };
            known = now;
        }
    }

    /// Adds a key that is not loaded yet.
    fn add_key(&self, key: K) -> Option<Result<Arc<V>>> {
        let mut state = self.state();
        let value = state.loaded.get(&key).cloned();
        if value.is_none() {
            state.wanted.insert(key);
        }
        value
    }

    fn loaded(&self, key: K) -> Option<Result<Arc<V>>> {
        self.state().loaded.get(&key).cloned()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, BatchState<K, V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn a_hundred_fields_cause_one_read() {
        let (batch, reads) = (Batch::<u32, u32>::default(), AtomicUsize::new(0));
        let load = |key: u32| {
            batch.load(key, async |keys: Vec<u32>| {
                reads.fetch_add(1, Ordering::SeqCst);
                Ok(keys.into_iter().map(|key| (key, key * 2)).collect())
            })
        };

        let values = join_all((0..100).chain(0..100).map(load)).await;

        for (at, value) in values.into_iter().enumerate() {
            assert_eq!(*value.expect("read"), (at as u32 % 100) * 2);
        }
        assert_eq!(reads.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_key_added_a_poll_later_is_read_with_the_others() {
        let (batch, reads) = (Batch::<u32, u32>::default(), AtomicUsize::new(0));
        let load = async |key: u32| {
            for _ in 0..key {
                yield_now().await;
            }
            let read = async |keys: Vec<u32>| {
                reads.fetch_add(1, Ordering::SeqCst);
                Ok(keys.into_iter().map(|key| (key, key)).collect())
            };
            batch.load(key, read).await
        };

        let values = join_all((0..40).map(load)).await;

        assert!(values.into_iter().enumerate().all(|(at, value)| *value.expect("read") == at as u32));
        assert_eq!(reads.load(Ordering::SeqCst), 1);
    }
}
