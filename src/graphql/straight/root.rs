//! Where a question begins: what its roots ask for, and what hangs on a unit and is read for it.

use async_graphql::Variables;
use entity::value::{Day, Hierarchy};

use crate::{
    domain::{
        authz::{Access, AuthorizedCadre, VisibleQuota},
        cadre::{self, CadreKey, CadreList, CadreOrder, CadreWhere},
        composition::{self, Composition as Counted},
        training::quota::{QuotaList, QuotasOf},
        unit::{self, Predecessors, Reach, UnitKey, UnitOnDay},
    },
    error::Result,
    graphql::{
        found,
        straight::{
            argument::Argument,
            composition::Composition,
            gather::Needs,
            page::{Connection, Count, Listing, Paging},
            person::Cadre,
            quota::Quota,
            selection::{Conditions, Selected},
            unit::Unit,
            write::{Out, With, Write, Written, write},
        },
        unit::asked_day,
    },
};

/// Something that is found by a statement of its own.
pub(super) struct Asked {
    when: Conditions,
    what: What,
}

enum What {
    Cadre { by: Argument<CadreKey>, as_of: Argument<Option<Day>> },
    Unit { by: Argument<UnitKey>, as_of: Argument<Option<Day>>, hanging: Vec<Asked> },
    Cadres(Box<CadresAsked>),
    Composition(Box<CompositionAsked>),
    Quotas(Box<QuotasAsked>),
}

struct CadresAsked {
    filter: Argument<Option<CadreWhere>>,
    search: Argument<Option<String>>,
    reach: Argument<Option<Reach>>,
    order: Argument<Option<Vec<CadreOrder>>>,
    as_of: Argument<Option<Day>>,
    paging: Paging,
    count: Option<Count>,
}

struct CompositionAsked {
    subject: Argument<String>,
    titles: Argument<Option<Vec<String>>>,
    key_leaders_only: Argument<Option<bool>>,
    hierarchy: Argument<Option<Hierarchy>>,
    reach: Argument<Option<Reach>>,
    as_of: Argument<Option<Day>>,
    decimals: Argument<Option<i32>>,
}

struct QuotasAsked {
    year: Argument<i32>,
    reach: Argument<Option<Reach>>,
    unused_only: Argument<Option<bool>>,
    include_predecessors: Argument<Option<bool>>,
    paging: Paging,
    count: Option<Count>,
}

/// What was found.
#[derive(Debug)]
pub(super) enum Found {
    /// There is none, or it was not asked for.
    Nothing,
    /// A person.
    Cadre(AuthorizedCadre),
    /// A unit and what hangs on it.
    Unit(UnitOnDay, Vec<Found>),
    /// A page of persons.
    Cadres(Listing<AuthorizedCadre>),
    /// A composition.
    Composition(Counted),
    /// A page of quotas.
    Quotas(Listing<VisibleQuota>),
}

impl Found {
    /// The quotas in it.
    pub fn quotas(&self) -> Vec<&VisibleQuota> {
        match self {
            Self::Quotas(listing) => listing.page.rows.iter().map(|(_, row)| row).collect(),
            Self::Unit(_, hanging) => hanging.iter().flat_map(Self::quotas).collect(),
            Self::Nothing | Self::Cadre(_) | Self::Cadres(_) | Self::Composition(_) => Vec::new(),
        }
    }
}

impl Asked {
    /// Finds it.
    ///
    /// # Errors
    /// Those of the resolvers of the same fields.
    pub async fn find(&self, access: &Access, needs: &Needs, variables: &Variables) -> Result<Found> {
        if !self.when.hold(variables) {
            return Ok(Found::Nothing);
        }
        match &self.what {
            What::Cadre { by, as_of } => {
                let (by, day) = (by.value(variables)?, as_of.value(variables)?.unwrap_or(access.today()));
                Ok(found(cadre::look_up(access, &by, needs.rotations(access)?, day).await)?
                    .map_or(Found::Nothing, Found::Cadre))
            }
            What::Unit { by, as_of, hanging } => {
                let (by, day) = (by.value(variables)?, as_of.value(variables)?.unwrap_or(access.today()));
                let Some(unit) = found(unit::look_up(access, &by, day))? else { return Ok(Found::Nothing) };
                let mut hung = Vec::with_capacity(hanging.len());
                for asked in hanging {
                    hung.push(asked.find_on(unit, access, needs, variables).await?);
                }
                Ok(Found::Unit(unit, hung))
            }
            What::Cadres(asked) => asked.find(None, access, needs, variables).await,
            // They hang on units alone.
            What::Composition(_) | What::Quotas(_) => Ok(Found::Nothing),
        }
    }

    async fn find_on(&self, unit: UnitOnDay, access: &Access, needs: &Needs, variables: &Variables) -> Result<Found> {
        if !self.when.hold(variables) {
            return Ok(Found::Nothing);
        }
        match &self.what {
            What::Cadres(asked) => asked.find(Some(unit), access, needs, variables).await,
            What::Composition(asked) => asked.find(unit, access, variables).await,
            What::Quotas(asked) => asked.find(unit, access, variables).await,
            What::Cadre { .. } | What::Unit { .. } => Ok(Found::Nothing),
        }
    }
}

impl CadresAsked {
    fn of(field: &Selected<'_>, count: Option<Count>) -> Option<Self> {
        Some(Self {
            filter: field.argument("where")?,
            search: field.argument("search")?,
            reach: field.argument("reach")?,
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
        needs: &Needs,
        variables: &Variables,
    ) -> Result<Found> {
        let (reach, as_of) = (*self.reach.value(variables)?, *self.as_of.value(variables)?);
        let list = CadreList {
            within: on.map(|unit| (unit.id(), reach.unwrap_or(Reach::Subtree))),
            filter: self.filter.value(variables)?.into_owned().unwrap_or_default(),
            search: self.search.value(variables)?.into_owned(),
            order: self.order.value(variables)?.into_owned().unwrap_or_default(),
            as_of: on.map_or(as_of, |unit| asked_day(access, unit, as_of)),
        };
        let page = list.page(access, &self.paging.value(variables)?, needs.rotations(access)?).await?;
        let count = match self.count.as_ref().map(|count| count.bound(variables)).transpose()?.flatten() {
            Some(max) => Some(list.count(access, max).await?),
            None => None,
        };
        Ok(Found::Cadres(Listing { page, count }))
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

    async fn find(&self, unit: UnitOnDay, access: &Access, variables: &Variables) -> Result<Found> {
        let asked = composition::Asked {
            unit: unit.id(),
            subject: self.subject.value(variables)?.into_owned(),
            titles: self.titles.value(variables)?.into_owned(),
            key_leaders_only: self.key_leaders_only.value(variables)?.unwrap_or(false),
            hierarchy: self.hierarchy.value(variables)?.unwrap_or(Hierarchy::Administrative),
            reach: self.reach.value(variables)?.unwrap_or(Reach::Subtree),
            day: self.as_of.value(variables)?.unwrap_or(unit.day()),
            decimals: self.decimals.value(variables)?.unwrap_or(1),
        };
        composition::compose(access, &asked).await.map(Found::Composition)
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

    async fn find(&self, unit: UnitOnDay, access: &Access, variables: &Variables) -> Result<Found> {
        let (year, reach) = (*self.year.value(variables)?, self.reach.value(variables)?.unwrap_or(Reach::Unit));
        let predecessors = Predecessors::from_argument(self.include_predecessors.value(variables)?.unwrap_or(false));
        let of = QuotasOf::Unit { unit: unit.id(), year, reach, predecessors };
        let list = QuotaList { of, unused_only: self.unused_only.value(variables)?.unwrap_or(false) };
        let page = list.page(access, &self.paging.value(variables)?).await?;
        let count = match self.count.as_ref().map(|count| count.bound(variables)).transpose()?.flatten() {
            Some(max) => Some(list.count(access, max).await?),
            None => None,
        };
        Ok(Found::Quotas(Listing { page, count }))
    }
}

/// The roots.
pub(super) struct Query;

impl Written for Query {
    const NAME: &'static str = "Query";
    type Of<'a> = &'a [Found];

    fn field(field: &Selected<'_>) -> Option<Write<Self>> {
        match field.name {
            "cadre" => {
                let set = field.set::<Cadre>()?;
                let at = field.ask(What::Cadre { by: field.argument("by")?, as_of: field.argument("asOf")? });
                write::<Self>(move |found, with, out| match &found[at] {
                    Found::Cadre(cadre) => set.one(cadre, with, out),
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
                let at = field.ask(What::Unit { by, as_of, hanging });
                write::<Self>(move |found, with, out| match &found[at] {
                    Found::Unit(unit, hanging) => set.one((*unit, hanging), with, out),
                    _ => out.leaf(()),
                })
            }
            _ => None,
        }
    }
}

/// A unit that a root names, with what hangs on it.
pub(super) struct AskedUnit;

impl Written for AskedUnit {
    const NAME: &'static str = Unit::NAME;
    type Of<'a> = (UnitOnDay, &'a [Found]);

    fn field(field: &Selected<'_>) -> Option<Write<Self>> {
        match field.name {
            "cadres" => {
                let page = cadres(field)?;
                write::<Self>(move |(_, found), with, out| page(found, with, out))
            }
            "composition" => {
                let set = field.set::<Composition>()?;
                let at = field.ask(What::Composition(Box::new(CompositionAsked::of(field)?)));
                write::<Self>(move |(_, found), with, out| match &found[at] {
                    Found::Composition(counted) => set.one(counted, with, out),
                    _ => out.leaf(()),
                })
            }
            "quotas" => {
                let set = field.set::<Connection<Quota>>()?;
                let count = field.compiling.count.take();
                let at = field.ask(What::Quotas(Box::new(QuotasAsked::of(field, count)?)));
                write::<Self>(move |(_, found), with, out| match &found[at] {
                    Found::Quotas(listing) => set.one(listing, with, out),
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

/// Writes a page of persons, which is among what was found where the field stands.
fn cadres(
    field: &Selected<'_>,
) -> Option<impl for<'a> Fn(&'a [Found], With<'a>, &mut Out) -> Result<()> + Send + Sync + use<>> {
    let set = field.set::<Connection<Cadre>>()?;
    let count = field.compiling.count.take();
    let at = field.ask(What::Cadres(Box::new(CadresAsked::of(field, count)?)));
    Some(move |found: &[Found], with: With<'_>, out: &mut Out| match &found[at] {
        Found::Cadres(listing) => set.one(listing, with, out),
        _ => out.leaf(()),
    })
}

impl Selected<'_> {
    /// Notes that something must be found where the field is asked for, and gives its place.
    fn ask(&self, what: What) -> usize {
        self.compiling.ask(Asked { when: self.when.clone(), what })
    }
}
