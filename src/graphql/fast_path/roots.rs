//! Root fields of a query, and the lists of a unit that a root returns.

use crate::{
    domain::unit::UnitOnDay,
    error::Result,
    graphql::{
        cadre::Cadre,
        composition::Composition,
        fast_path::{
            json::{JsonWriter, RenderContext},
            lookup::{CadresAsked, CompositionAsked, QuotasAsked, RootData, RootField, RootKind},
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
    fn ask(&self, what: RootKind) -> usize {
        self.compiling.ask(RootField { when: self.when.clone(), what })
    }
}
