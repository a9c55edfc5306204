//! Writers for pages of lists; the output equals that of `graphql::page`.

use std::marker::PhantomData;

use crate::{
    authz::{AuthorizedCadre, VisibleQuota},
    graphql::{
        cadre::Cadre,
        fast_path::{
            paging::{Count, Listing},
            selection::{Render, Selected, Write, write},
        },
        page::Listed,
        training::quota::Quota,
        view::View,
    },
    page::{BoundedCount as Counted, Cursor},
};

/// A view with paged lists.
pub(super) trait Paged: View + Listed {
    /// Type of a row in a page.
    type Row: 'static;
    /// The value to write for a row.
    fn row(row: &Self::Row) -> <Self as View>::Of<'_>;
}

impl Paged for Cadre {
    type Row = AuthorizedCadre;

    fn row(row: &AuthorizedCadre) -> &AuthorizedCadre {
        row
    }
}

impl Paged for Quota {
    type Row = VisibleQuota;

    fn row(row: &VisibleQuota) -> &VisibleQuota {
        row
    }
}

/// A page of a list.
pub(super) struct Connection<T>(PhantomData<T>);

impl<T: Paged> Render for Connection<T> {
    const NAME: &'static str = T::CONNECTION;
    type Of<'a> = &'a Listing<T::Row>;

    fn field(field: &Selected<'_>) -> Option<Write<Self>> {
        match field.name {
            "edges" => {
                let set = field.set::<Edge<T>>()?;
                write::<Self>(move |listing, with, out| set.list(listing.page.rows.iter(), with, out))
            }
            "nodes" => {
                let set = field.set::<T>()?;
                write::<Self>(move |listing, with, out| {
                    set.list(listing.page.rows.iter().map(|(_, row)| T::row(row)), with, out)
                })
            }
            "pageInfo" => {
                let set = field.set::<PageInfo>()?;
                write::<Self>(move |listing, with, out| {
                    let page = &listing.page;
                    let place = Place {
                        has_next: page.has_next,
                        has_previous: page.has_previous,
                        start: page.rows.first().map(|(cursor, _)| cursor),
                        end: page.rows.last().map(|(cursor, _)| cursor),
                    };
                    set.one(place, with, out)
                })
            }
            "totalCount" => {
                let (max, when) = (field.argument("max")?, field.when.clone());
                // Only one count is supported; a list with two counts of different bounds is left to the engine.
                if field.compiling.count.replace(Some(Count { max, when })).is_some() {
                    return None;
                }
                let set = field.set::<BoundedCount>()?;
                write::<Self>(move |listing, with, out| set.option(listing.count.as_ref(), with, out))
            }
            _ => None,
        }
    }
}

/// A row of a page.
pub(super) struct Edge<T>(PhantomData<T>);

impl<T: Paged> Render for Edge<T> {
    const NAME: &'static str = T::EDGE;
    type Of<'a> = &'a (Cursor, T::Row);

    fn field(field: &Selected<'_>) -> Option<Write<Self>> {
        match field.name {
            "cursor" => write::<Self>(|(cursor, _), _, out| out.leaf(cursor.sealed())),
            "node" => {
                let set = field.set::<T>()?;
                write::<Self>(move |(_, row), with, out| set.one(T::row(row), with, out))
            }
            _ => None,
        }
    }
}

/// Position of a page in its list.
pub(super) struct PageInfo;

/// Position of a page in its list, with the cursors of its ends.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    has_next: bool,
    has_previous: bool,
    start: Option<&'a Cursor>,
    end: Option<&'a Cursor>,
}

impl Render for PageInfo {
    const NAME: &'static str = "PageInfo";
    type Of<'a> = Place<'a>;

    fn field(field: &Selected<'_>) -> Option<Write<Self>> {
        match field.name {
            "hasNextPage" => write::<Self>(|place, _, out| out.leaf(place.has_next)),
            "hasPreviousPage" => write::<Self>(|place, _, out| out.leaf(place.has_previous)),
            "startCursor" => write::<Self>(|place, _, out| out.leaf(place.start.map(Cursor::sealed))),
            "endCursor" => write::<Self>(|place, _, out| out.leaf(place.end.map(Cursor::sealed))),
            _ => None,
        }
    }
}

/// A count up to a bound.
pub(super) struct BoundedCount;

impl Render for BoundedCount {
    const NAME: &'static str = "BoundedCount";
    type Of<'a> = &'a Counted;

    fn field(field: &Selected<'_>) -> Option<Write<Self>> {
        match field.name {
            "value" => write::<Self>(|count, _, out| out.leaf(count.value)),
            "isExact" => write::<Self>(|count, _, out| out.leaf(count.is_exact)),
            _ => None,
        }
    }
}
