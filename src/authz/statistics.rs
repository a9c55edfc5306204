//! Statistics on persons: exact for callers that may see the persons, rounded for callers with only `stats:read`.

use entity::value::{Day, Scope};
use sea_orm::{Select, sea_query::SelectStatement};
use serde::Serialize;

use crate::{
    app_state::{RoundingKey, rounded},
    authz::{Access, Cadres, Quotas, ReachedUnits, Rotations, Training},
    error::Result,
};

/// Statistics that a caller may see.
#[derive(Clone, Copy, Debug)]
pub struct Statistics<'a> {
    access: &'a Access,
    key: Option<&'a RoundingKey>,
}

impl Access {
    /// Statistics on data that the scope `detail` opens: exact with that scope, rounded with `stats:read` alone.
    ///
    /// # Errors
    /// `Forbidden` without either scope.
    pub(crate) fn statistics(&self, detail: Scope, field: &str) -> Result<Statistics<'_>> {
        if self.caller.has(detail) {
            return Ok(Statistics { access: self, key: None });
        }
        match self.caller.has(Scope::StatsRead) {
            true => Ok(Statistics { access: self, key: Some(self.app_state.rounding_key()) }),
            false => self.require(detail, field).map(|()| Statistics { access: self, key: None }),
        }
    }
}

impl<'a> Statistics<'a> {
    /// The access of the caller.
    pub(super) fn access(&self) -> &'a Access {
        self.access
    }
}

impl Statistics<'_> {
    /// Whether counts are rounded.
    pub(crate) fn is_rounded(&self) -> bool {
        self.key.is_some()
    }

    /// A count as the caller may see it. `cell` identifies the counted set, independent of the day. Two queries for the
    /// same set must use the same cell; otherwise the offsets of the rounding could be averaged out.
    pub(crate) fn shown(&self, cell: &impl Serialize, count: u64) -> u64 {
        self.key.map_or(count, |key| rounded(count, key.draw(cell)))
    }

    /// Select, without columns, of the posts held on the day in the units, with one of the titles.
    pub(crate) fn posts_on(&self, day: Day, units: &ReachedUnits, titles: Option<&[&str]>) -> SelectStatement {
        Cadres::for_numbers(self.access).posts_on(day, Some(units), titles)
    }

    /// Published rotations that are not revoked.
    pub(crate) fn rotations(&self) -> Select<entity::rotation::Entity> {
        Rotations::for_numbers(self.access).select_published()
    }

    /// Enrolments within reach.
    pub(crate) fn enrolments(&self) -> Select<entity::enrolment::Entity> {
        Training::for_numbers(self.access).enrolments()
    }

    /// Classes within reach.
    pub(crate) fn classes(&self) -> Select<entity::training_class::Entity> {
        Training::for_numbers(self.access).classes()
    }

    /// Quotas within reach, the reference of training progress. Does not require the scope of quotas.
    pub(crate) fn quotas(&self) -> Select<entity::quota::Entity> {
        Quotas::for_numbers(self.access).select()
    }
}
