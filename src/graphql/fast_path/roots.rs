//! Root fields of a query: what they look up, and the lists of a unit that are read for it.

use std::{borrow::Cow, iter::Sum};

use async_graphql::Variables;
use entity::value::{Day, Hierarchy};

use crate::{
    authz::{Access, AuthorizedCadre, VisibleQuota},
    domain::{
        cadre::{self, CadreKey, CadreList, CadreOrder, CadreWhere},
        composition::{self, Composition as Counted},
        training::quota::{QuotaList, QuotasOf},
        unit::{self, UnitKey, UnitOnDay},
    },
    error::Result,
    graphql::{
        cadre::Cadre,
        composition::Composition,
        fast_path::{
            argument::Argument,
            json::{JsonWriter, Render, RenderContext, Write, write},
            page::{Connection, Count, Listing, Paging},
            prefetch::Requirements,
            selection::{Conditions, Selected},
        },
        found,
        training::quota::Quota,
        unit::{Unit, asked_day},
        view::View,
    },
    reference::units::{Predecessors, Reach},
};

/// A lookup with its own statement.
pub(super) struct RootField {
    when: Conditions,
    what: RootKind,
}

enum RootKind {
    Cadre { by: Argument<CadreKey>, as_of: Argument<Option<Day>> },
    Unit { by: Argument<UnitKey>, as_of: Argument<Option<Day>>, hanging: Vec<RootField> },
    Cadres(Box<CadresAsked>),
    Composition(Box<CompositionAsked>),
    Quotas(Box<QuotasAsked>),
}

struct CadresAsked {
    filter: Argument<Option<CadreWhere>>,
    search: Option<Argument<Option<String>>>,
    reach: Option<Argument<Reach>>,
    order: Argument<Option<Vec<CadreOrder>>>,
    as_of: Argument<Option<Day>>,
    paging: Paging,
    count: Option<Count>,
}

struct CompositionAsked {
    subject: Argument<String>,
    titles: Argument<Option<Vec<String>>>,
    key_leaders_only: Argument<bool>,
    hierarchy: Argument<Hierarchy>,
    reach: Argument<Reach>,
    as_of: Argument<Option<Day>>,
    decimals: Argument<i32>,
}

struct QuotasAsked {
    year: Argument<i32>,
    reach: Argument<Reach>,
    unused_only: Argument<bool>,
    include_predecessors: Argument<bool>,
    paging: Paging,
    count: Option<Count>,
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
    Composition(Counted),
    /// A page of quotas.
    Quotas(Listing<VisibleQuota>),
}

impl RootData {
    /// The quotas in this result.
    pub fn quotas(&self) -> Vec<&VisibleQuota> {
        match self {
            Self::Quotas(listing) => listing.page.rows.iter().map(|(_, row)| row).collect(),
            Self::Unit(_, hanging) => hanging.iter().flat_map(Self::quotas).collect(),
            Self::Nothing | Self::Cadre(_) | Self::Cadres(_) | Self::Composition(_) => Vec::new(),
        }
    }
}

/// Statements of lookups.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reads {
    /// Number of statements whose rows become part of the response.
    pub statements: usize,
    /// Whether PostgreSQL should choose the plan of one that follows a prepared statement.
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
        let counted = |count: &Option<Count>| 1 + usize::from(count.is_some());
        match &self.what {
            RootKind::Cadre { .. } | RootKind::Composition(_) => Reads { statements: 1, need_choice: false },
            RootKind::Unit { hanging, .. } => hanging.iter().map(Self::reads).sum(),
            RootKind::Cadres(asked) => Reads { statements: counted(&asked.count), need_choice: false },
            RootKind::Quotas(asked) => Reads { statements: counted(&asked.count), need_choice: asked.count.is_some() },
        }
    }

    /// Executes the lookup.
    ///
    /// # Errors
    /// Those of the resolvers of the same fields.
    pub async fn find(&self, access: &Access, requirements: &Requirements, variables: &Variables) -> Result<RootData> {
        if !self.when.hold(variables) {
            return Ok(RootData::Nothing);
        }
        match &self.what {
            RootKind::Cadre { by, as_of } => {
                let (by, day) = (by.value(variables)?, as_of.value(variables)?.unwrap_or(access.today()));
                Ok(found(cadre::look_up(access, &by, requirements.rotations(access)?, day).await)?
                    .map_or(RootData::Nothing, RootData::Cadre))
            }
            RootKind::Unit { by, as_of, hanging } => {
                let (by, day) = (by.value(variables)?, as_of.value(variables)?.unwrap_or(access.today()));
                let Some(unit) = found(unit::look_up(access, &by, day))? else { return Ok(RootData::Nothing) };
                let mut hung = Vec::with_capacity(hanging.len());
                for asked in hanging {
                    hung.push(asked.find_on(unit, access, requirements, variables).await?);
                }
                Ok(RootData::Unit(unit, hung))
            }
            RootKind::Cadres(asked) => asked.find(None, access, requirements, variables).await,
            // These occur as fields of units only.
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
        if !self.when.hold(variables) {
            return Ok(RootData::Nothing);
        }
        match &self.what {
            RootKind::Cadres(asked) => asked.find(Some(unit), access, requirements, variables).await,
            RootKind::Composition(asked) => asked.find(unit, access, variables).await,
            RootKind::Quotas(asked) => asked.find(unit, access, variables).await,
            RootKind::Cadre { .. } | RootKind::Unit { .. } => Ok(RootData::Nothing),
        }
    }
}

impl CadresAsked {
    fn of(field: &Selected<'_>, count: Option<Count>) -> Option<Self> {
        Some(Self {
            filter: field.argument("where")?,
            search: field.argument_if_declared("search")?,
            reach: field.argument_if_declared("reach")?,
            order: field.argument("orderBy")?,
            as_of: field.argument("asOf")?,
            paging: Paging::of(field)?,
            count,
        })
    }

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
            as_of: on.map_or(as_of, |unit| asked_day(access, unit, as_of)),
        };
        let page = list.page(access, &self.paging.value(variables)?, requirements.rotations(access)?).await?;
        let count = match self.count.as_ref().map(|count| count.bound(variables)).transpose()?.flatten() {
            Some(max) => Some(list.count(access, max).await?),
            None => None,
        };
        Ok(RootData::Cadres(Listing { page, count }))
    }
}

impl CompositionAsked {
    fn of(field: &Selected<'_>) -> Option<Self> {
        Some(Self {
            subject: field.argument("subject")?,
            titles: field.argument("titles")?,
            key_leaders_only: field.argument("keyLeadersOnly")?,
            hierarchy: field.argument("hierarchy")?,
            reach: field.argument("reach")?,
            as_of: field.argument("asOf")?,
            decimals: field.argument("decimals")?,
        })
    }

    async fn find(&self, unit: UnitOnDay, access: &Access, variables: &Variables) -> Result<RootData> {
        let asked = composition::Asked {
            unit: unit.id(),
            subject: self.subject.value(variables)?.into_owned(),
            titles: self.titles.value(variables)?.into_owned(),
            key_leaders_only: *self.key_leaders_only.value(variables)?,
            hierarchy: *self.hierarchy.value(variables)?,
            reach: *self.reach.value(variables)?,
            day: self.as_of.value(variables)?.unwrap_or(unit.day()),
            decimals: *self.decimals.value(variables)?,
        };
        composition::compose(access, &asked).await.map(RootData::Composition)
    }
}

impl QuotasAsked {
    fn of(field: &Selected<'_>, count: Option<Count>) -> Option<Self> {
        Some(Self {
            year: field.argument("year")?,
            reach: field.argument("reach")?,
            unused_only: field.argument("unusedOnly")?,
            include_predecessors: field.argument("includePredecessors")?,
            paging: Paging::of(field)?,
            count,
        })
    }

    async fn find(&self, unit: UnitOnDay, access: &Access, variables: &Variables) -> Result<RootData> {
        let (year, reach) = (*self.year.value(variables)?, *self.reach.value(variables)?);
        let predecessors = Predecessors::from_argument(*self.include_predecessors.value(variables)?);
        let of = QuotasOf::Unit { unit: unit.id(), year, reach, predecessors };
        let list = QuotaList { of, unused_only: *self.unused_only.value(variables)? };
        let page = list.page(access, &self.paging.value(variables)?).await?;
        let count = match self.count.as_ref().map(|count| count.bound(variables)).transpose()?.flatten() {
            Some(max) => Some(list.count(access, max).await?),
            None => None,
        };
        Ok(RootData::Quotas(Listing { page, count }))
    }
}

/// The root fields.
pub(super) struct Query;

impl Render for Query {
    const NAME: &'static str = "Query";
    type Of<'a> = &'a [RootData];

    fn field(field: &Selected<'_>) -> Option<Write<Self>> {
        match field.name {
            "cadre" => {
                let set = field.set::<Cadre>()?;
                let at = field.ask(RootKind::Cadre { by: field.argument("by")?, as_of: field.argument("asOf")? });
                write::<Self>(move |found, with, out| match &found[at] {
                    RootData::Cadre(cadre) => set.one(cadre, with, out),
                    _ => out.leaf(()),
                })
            }
            "cadres" => {
                let page = cadres(field)?;
                write::<Self>(move |found, with, out| page(found, with, out))
            }
            "unit" => {
                let outer = field.compiling.asked.take();
                let set = field.set::<AskedUnit>()?;
                let hanging = field.compiling.asked.replace(outer);
                let (by, as_of) = (field.argument("by")?, field.argument("asOf")?);
                let at = field.ask(RootKind::Unit { by, as_of, hanging });
                write::<Self>(move |found, with, out| match &found[at] {
                    RootData::Unit(unit, hanging) => set.one((*unit, hanging), with, out),
                    _ => out.leaf(()),
                })
            }
            _ => None,
        }
    }
}

/// A unit that a root returns, with the results of its fields.
pub(super) struct AskedUnit;

impl Render for AskedUnit {
    const NAME: &'static str = <Unit as View>::NAME;
    type Of<'a> = (UnitOnDay, &'a [RootData]);

    fn field(field: &Selected<'_>) -> Option<Write<Self>> {
        match field.name {
            "cadres" => {
                let page = cadres(field)?;
                write::<Self>(move |(_, found), with, out| page(found, with, out))
            }
            "composition" => {
                let set = field.set::<Composition>()?;
                let at = field.ask(RootKind::Composition(Box::new(CompositionAsked::of(field)?)));
                write::<Self>(move |(_, found), with, out| match &found[at] {
                    RootData::Composition(counted) => set.one(counted, with, out),
                    _ => out.leaf(()),
                })
            }
            "quotas" => {
                let set = field.set::<Connection<Quota>>()?;
                let count = field.compiling.count.take();
                let at = field.ask(RootKind::Quotas(Box::new(QuotasAsked::of(field, count)?)));
                write::<Self>(move |(_, found), with, out| match &found[at] {
                    RootData::Quotas(listing) => set.one(listing, with, out),
                    _ => out.leaf(()),
                })
            }
            _ => {
                let plain = Unit::field(field)?;
                write::<Self>(move |(unit, _), with, out| plain(unit, with, out))
            }
        }
    }
}

/// Writes a page of persons from the results of the selected object.
fn cadres(
    field: &Selected<'_>,
) -> Option<impl for<'a> Fn(&'a [RootData], RenderContext<'a>, &mut JsonWriter) -> Result<()> + Send + Sync + use<>> {
    let set = field.set::<Connection<Cadre>>()?;
    let count = field.compiling.count.take();
    let at = field.ask(RootKind::Cadres(Box::new(CadresAsked::of(field, count)?)));
    Some(move |found: &[RootData], with: RenderContext<'_>, out: &mut JsonWriter| match &found[at] {
        RootData::Cadres(listing) => set.one(listing, with, out),
        _ => out.leaf(()),
    })
}

impl Selected<'_> {
    /// Registers a lookup under the field's conditions and returns its index.
    fn ask(&self, what: RootKind) -> usize {
        self.compiling.ask(RootField { when: self.when.clone(), what })
    }
}
