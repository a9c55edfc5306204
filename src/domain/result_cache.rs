//! Query results cached until the next commit.
//!
//! Cache key: sequence number of the last committed command. Commits are serialised, so equal numbers mean equal data.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

use sea_orm::ConnectionTrait;

use crate::{domain::hash_chain, error::Result};

/// Capacity; the cache is cleared when it is full.
const MAX: usize = 8_192;

/// Results by query, each with the log position of the last command when it was read.
#[derive(Debug)]
pub(in crate::domain) struct ResultCache<Q, A>(Mutex<HashMap<Q, (i64, A)>>);

impl<Q, A> Default for ResultCache<Q, A> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<Q: Eq + Hash, A: Clone> ResultCache<Q, A> {
    /// Returns the cached result if `act` is still the last command.
    pub fn after(&self, act: i64, question: &Q) -> Option<A> {
        self.answers().get(question).filter(|(found, _)| *found == act).map(|(_, answer)| answer.clone())
    }

    /// Caches a result that was read together with, or after, the position of the last command.
    pub fn keep(&self, act: i64, question: Q, answer: A) {
        let mut answers = self.answers();
        if answers.len() >= MAX && !answers.contains_key(&question) {
            answers.clear();
        }
        answers.insert(question, (act, answer));
    }

    fn answers(&self) -> MutexGuard<'_, HashMap<Q, (i64, A)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Scan position in the log; most entries are access records and are skipped.
#[derive(Debug, Default)]
pub(in crate::domain) struct LastCommandCursor(Mutex<Looked>);

#[derive(Clone, Copy, Debug, Default)]
struct Looked {
    until: i64,
    last: i64,
}

impl LastCommandCursor {
    /// Starts the scan at `place`, which also serves as the position of the last command.
    pub fn from(place: i64) -> Self {
        Self(Mutex::new(Looked { until: place, last: place }))
    }

    /// Returns the position of the last command where the log ends at `end`. Falls back to `end` when the position is
    /// older than the scan.
    pub async fn last(&self, connection: &impl ConnectionTrait, end: i64) -> Result<i64> {
        let Looked { until, last } = *self.looked();
        if end <= until {
            return Ok(if last <= end { last } else { end });
        }
        let last = hash_chain::last_act_after(connection, until).await?.unwrap_or(last);
        let mut looked = self.looked();
        if end > looked.until {
            *looked = Looked { until: end, last };
        }
        Ok(last)
    }

    fn looked(&self) -> MutexGuard<'_, Looked> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_given_after_the_act_after_which_it_was_found_and_no_other() {
        let answers = ResultCache::default();
        answers.keep(7, "who", 3);
        assert_eq!(answers.after(7, &"who"), Some(3));
        assert_eq!([answers.after(8, &"who"), answers.after(6, &"who"), answers.after(7, &"what")], [None; 3]);
        answers.keep(8, "who", 4);
        assert_eq!([answers.after(8, &"who"), answers.after(7, &"who")], [Some(4), None]);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let answers = ResultCache::default();
        (0..3 * MAX).for_each(|question| answers.keep(1, question, ()));
        assert!(answers.answers().len() <= MAX);
        assert_eq!(answers.after(1, &(3 * MAX - 1)), Some(()), "the control: the last one is there");
    }
}
