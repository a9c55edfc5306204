//! Lookups of a query: its root fields, and the lists of a unit under a root field.

use std::{borrow::Cow, iter::Sum};

use async_graphql::Variables;
use entity::value::{Day, Hierarchy};

use crate::{
    authz::{Access, AuthorizedCadre, VisibleQuota},
    domain::{
        cadre::{self, CadreKey, CadreList, CadreOrder, CadreWhere},
        composition::{self, Composition},
        training::quota::{QuotaList, QuotasOf},
        unit::{self, UnitKey, UnitOnDay},
    },
    error::Result,
    graphql::{
        context::found,
        fast_path::{
            argument::Argument,
            conditions::Conditions,
            paging::{Count, Listing, Paging},
            prefetch::Requirements,
        },
        unit::list_day,
    },
    reference::units::{Predecessors, Reach},
};

/// A lookup with its own statement.
pub(super) struct RootField {
    /// Conditions of the field.
    pub when: Conditions,
    /// The kind of lookup.
    pub kind: RootKind,
}

/// Kinds of lookups.
pub(super) enum RootKind {
    /// A person.
    Cadre { by: Argument<CadreKey>, as_of: Argument<Option<Day>> },
    /// A unit, with the lookups of its fields.
    Unit { by: Argument<UnitKey>, as_of: Argument<Option<Day>>, children: Vec<RootField> },
    /// A page of persons.
    Cadres(Box<CadresArguments>),
    /// A composition of a unit.
    Composition(Box<CompositionArguments>),
    /// A page of quotas of a unit.
    Quotas(Box<QuotasArguments>),
}

/// Arguments of a page of persons.
pub(super) struct CadresArguments {
    pub filter: Argument<Option<CadreWhere>>,
    pub search: Option<Argument<Option<String>>>,
    pub reach: Option<Argument<Reach>>,
    pub order: Argument<Option<Vec<CadreOrder>>>,
    pub as_of: Argument<Option<Day>>,
    pub paging: Paging,
    pub count: Option<Count>,
}

/// Arguments of a composition.
pub(super) struct CompositionArguments {
    pub subject: Argument<String>,
    pub titles: Argument<Option<Vec<String>>>,
    pub key_leaders_only: Argument<bool>,
    pub hierarchy: Argument<Hierarchy>,
    pub reach: Argument<Reach>,
    pub as_of: Argument<Option<Day>>,
    pub decimals: Argument<i32>,
}

/// Arguments of a page of quotas.
pub(super) struct QuotasArguments {
    pub year: Argument<i32>,
    pub reach: Argument<Reach>,
    pub unused_only: Argument<bool>,
    pub include_predecessors: Argument<bool>,
    pub paging: Paging,
    pub count: Option<Count>,
}

/// Result of a lookup.
#[derive(Debug)]
pub(super) enum RootData {
    /// Not found, or not selected.
    Nothing,
    /// A person.
    Cadre(AuthorizedCadre),
    /// A unit and the results of its fields.
    Unit(UnitOnDay, Vec<RootData>),
    /// A page of persons.
    Cadres(Listing<AuthorizedCadre>),
    /// A composition.
    Composition(Composition),
    /// A page of quotas.
    Quotas(Listing<VisibleQuota>),
}

impl RootData {
    /// The quotas in this result.
    pub fn quotas(&self) -> Vec<&VisibleQuota> {
        match self {
            Self::Quotas(listing) => listing.page.rows.iter().map(|(_, row)| row).collect(),
            Self::Unit(_, children) => children.iter().flat_map(Self::quotas).collect(),
            Self::Nothing | Self::Cadre(_) | Self::Cadres(_) | Self::Composition(_) => Vec::new(),
        }
    }
}

/// Statements of lookups.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reads {
    /// Number of statements whose rows become part of the response.
    pub statements: usize,
    /// Whether one of the statements follows a prepared statement, so that PostgreSQL should choose
    /// its plan.
    pub need_choice: bool,
}

impl Sum for Reads {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, reads| Self {
            statements: sum.statements + reads.statements,
            need_choice: sum.need_choice || reads.need_choice,
        })
    }
}

impl RootField {
    /// The statements of the lookup.
    pub fn reads(&self) -> Reads {
        let statements_of = |count: &Option<Count>| 1 + usize::from(count.is_some());
        match &self.kind {
            RootKind::Cadre { .. } | RootKind::Composition(_) => Reads { statements: 1, need_choice: false },
            RootKind::Unit { children, .. } => children.iter().map(Self::reads).sum(),
            RootKind::Cadres(lookup) => Reads { statements: statements_of(&lookup.count), need_choice: false },
            RootKind::Quotas(lookup) => {
                Reads { statements: statements_of(&lookup.count), need_choice: lookup.count.is_some() }
            }
        }
    }

    /// Executes the lookup.
    ///
    /// # Errors
    /// The errors of the resolvers of the same fields.
    pub async fn find(&self, access: &Access, requirements: &Requirements, variables: &Variables) -> Result<RootData> {
        if !self.when.are_met(variables) {
            return Ok(RootData::Nothing);
        }
        match &self.kind {
            RootKind::Cadre { by, as_of } => {
                let (by, day) = (by.value(variables)?, as_of.value(variables)?.unwrap_or(access.today()));
                Ok(found(cadre::look_up(access, &by, requirements.rotations(access)?, day).await)?
                    .map_or(RootData::Nothing, RootData::Cadre))
            }
            RootKind::Unit { by, as_of, children } => {
                let (by, day) = (by.value(variables)?, as_of.value(variables)?.unwrap_or(access.today()));
                let Some(unit) = found(unit::look_up(access, &by, day))? else { return Ok(RootData::Nothing) };
                let mut child_results = Vec::with_capacity(children.len());
                for lookup in children {
                    child_results.push(lookup.find_on(unit, access, requirements, variables).await?);
                }
                Ok(RootData::Unit(unit, child_results))
            }
            RootKind::Cadres(lookup) => lookup.find(None, access, requirements, variables).await,
            // Compositions and quotas are selected on a unit only.
            RootKind::Composition(_) | RootKind::Quotas(_) => Ok(RootData::Nothing),
        }
    }

    async fn find_on(
        &self,
        unit: UnitOnDay,
        access: &Access,
        requirements: &Requirements,
        variables: &Variables,
    ) -> Result<RootData> {
        if !self.when.are_met(variables) {
            return Ok(RootData::Nothing);
        }
        match &self.kind {
            RootKind::Cadres(lookup) => lookup.find(Some(unit), access, requirements, variables).await,
            RootKind::Composition(lookup) => lookup.find(unit, access, variables).await,
            RootKind::Quotas(lookup) => lookup.find(unit, access, variables).await,
            RootKind::Cadre { .. } | RootKind::Unit { .. } => Ok(RootData::Nothing),
        }
    }
}

impl CadresArguments {
    async fn find(
        &self,
        on: Option<UnitOnDay>,
        access: &Access,
        requirements: &Requirements,
        variables: &Variables,
    ) -> Result<RootData> {
        let as_of = *self.as_of.value(variables)?;
        let reach = self.reach.as_ref().map(|reach| reach.value(variables)).transpose()?;
        let search = self.search.as_ref().map(|search| search.value(variables)).transpose()?;
        let list = CadreList {
            within: on.zip(reach).map(|(unit, reach)| (unit.id(), *reach)),
            filter: self.filter.value(variables)?.into_owned().unwrap_or_default(),
            search: search.and_then(Cow::into_owned),
            order: self.order.value(variables)?.into_owned().unwrap_or_default(),
            as_of: on.map_or(as_of, |unit| list_day(access, unit, as_of)),
        };
        let page = list.page(access, &self.paging.value(variables)?, requirements.rotations(access)?).await?;
        let count = match self.count.as_ref().map(|count| count.bound(variables)).transpose()?.flatten() {
            Some(max) => Some(list.count(access, max).await?),
            None => None,
        };
        Ok(RootData::Cadres(Listing { page, count }))
    }
}

impl CompositionArguments {
    async fn find(&self, unit: UnitOnDay, access: &Access, variables: &Variables) -> Result<RootData> {
        let lookup = composition::Asked {
            unit: unit.id(),
            subject: self.subject.value(variables)?.into_owned(),
            titles: self.titles.value(variables)?.into_owned(),
            key_leaders_only: *self.key_leaders_only.value(variables)?,
            hierarchy: *self.hierarchy.value(variables)?,
            reach: *self.reach.value(variables)?,
            day: self.as_of.value(variables)?.unwrap_or(unit.day()),
            decimals: *self.decimals.value(variables)?,
        };
        composition::compose(access, &lookup).await.map(RootData::Composition)
    }
}

impl QuotasArguments {
    async fn find(&self, unit: UnitOnDay, access: &Access, variables: &Variables) -> Result<RootData> {
        let (year, reach) = (*self.year.value(variables)?, *self.reach.value(variables)?);
        let predecessors = Predecessors::from_argument(*self.include_predecessors.value(variables)?);
        let of = QuotasOf::Unit { unit: unit.id(), year, reach, predecessors };
        let list = QuotaList::of(of, *self.unused_only.value(variables)?);
        let page = list.page(access, &self.paging.value(variables)?).await?;
        let count = match self.count.as_ref().map(|count| count.bound(variables)).transpose()?.flatten() {
            Some(max) => Some(list.count(access, max).await?),
            None => None,
        };
        Ok(RootData::Quotas(Listing { page, count }))
    }
}
