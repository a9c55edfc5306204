//! Root fields of a query, and the lists of a unit that a root returns.

use crate::{
    domain::unit::UnitOnDay,
    error::Result,
    graphql::{
        cadre::Cadre,
        composition::Composition,
        fast_path::{
            json::{JsonWriter, RenderContext},
            lookup::{CadresArguments, CompositionArguments, QuotasArguments, RootData, RootField, RootKind},
            page::Connection,
            paging::{Count, Paging},
            selection::{Render, Selected, Write, write},
        },
        training::quota::Quota,
        unit::Unit,
        view::View,
    },
};

/// The root fields.
pub(super) struct Query;

impl Render for Query {
    const NAME: &'static str = "Query";
    type Of<'a> = &'a [RootData];

    fn field(field: &Selected<'_>) -> Option<Write<Self>> {
        match field.name {
            "cadre" => {
                let set = field.set::<Cadre>()?;
                let index =
                    field.add_lookup(RootKind::Cadre { by: field.argument("by")?, as_of: field.argument("asOf")? });
                write::<Self>(move |results, with, out| match &results[index] {
                    RootData::Cadre(cadre) => set.one(cadre, with, out),
                    _ => out.leaf(()),
                })
            }
            "cadres" => {
                let page = cadres(field)?;
                write::<Self>(move |results, with, out| page(results, with, out))
            }
            "unit" => {
                let outer = field.compiling.lookups.take();
                let set = field.set::<RootUnit>()?;
                let children = field.compiling.lookups.replace(outer);
                let (by, as_of) = (field.argument("by")?, field.argument("asOf")?);
                let index = field.add_lookup(RootKind::Unit { by, as_of, children });
                write::<Self>(move |results, with, out| match &results[index] {
                    RootData::Unit(unit, children) => set.one((*unit, children), with, out),
                    _ => out.leaf(()),
                })
            }
            _ => None,
        }
    }
}

/// A unit that a root returns, with the results of its fields.
pub(super) struct RootUnit;

impl Render for RootUnit {
    const NAME: &'static str = <Unit as View>::NAME;
    type Of<'a> = (UnitOnDay, &'a [RootData]);

    fn field(field: &Selected<'_>) -> Option<Write<Self>> {
        match field.name {
            "cadres" => {
                let page = cadres(field)?;
                write::<Self>(move |(_, results), with, out| page(results, with, out))
            }
            "composition" => {
                let set = field.set::<Composition>()?;
                let index = field.add_lookup(RootKind::Composition(Box::new(CompositionArguments::of(field)?)));
                write::<Self>(move |(_, results), with, out| match &results[index] {
                    RootData::Composition(counted) => set.one(counted, with, out),
                    _ => out.leaf(()),
                })
            }
            "quotas" => {
                let set = field.set::<Connection<Quota>>()?;
                let count = field.compiling.count.take();
                let index = field.add_lookup(RootKind::Quotas(Box::new(QuotasArguments::of(field, count)?)));
                write::<Self>(move |(_, results), with, out| match &results[index] {
                    RootData::Quotas(listing) => set.one(listing, with, out),
                    _ => out.leaf(()),
                })
            }
            _ => {
                let write_plain = Unit::field(field)?;
                write::<Self>(move |(unit, _), with, out| write_plain(unit, with, out))
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
    let index = field.add_lookup(RootKind::Cadres(Box::new(CadresArguments::of(field, count)?)));
    Some(move |results: &[RootData], with: RenderContext<'_>, out: &mut JsonWriter| match &results[index] {
        RootData::Cadres(listing) => set.one(listing, with, out),
        _ => out.leaf(()),
    })
}

impl CadresArguments {
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
}

impl CompositionArguments {
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
}

impl QuotasArguments {
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
}

impl Paging {
    /// The paging arguments of a field.
    pub fn of(field: &Selected<'_>) -> Option<Self> {
        Some(Self {
            first: field.argument("first")?,
            after: field.argument("after")?,
            last: field.argument("last")?,
            before: field.argument("before")?,
        })
    }
}

impl Selected<'_> {
    /// Registers a lookup under the field's conditions and returns its index.
    fn add_lookup(&self, kind: RootKind) -> usize {
        self.compiling.add_lookup(RootField { when: self.when.clone(), kind })
    }
}
