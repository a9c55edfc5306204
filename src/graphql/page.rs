//! Connections (Relay Cursor Connections) over pages of the domain.

use std::borrow::Cow;

use async_graphql::{Context, Object, ObjectType, OutputType, TypeName, connection::PageInfo};

use crate::{
    domain::{
        access_log::AccessLog,
        cadre::CadreList,
        client::list::ClientList,
        document::DocumentList,
        rotation::RotationList,
        training::{class::ClassList, enrolment::EnrolmentList, plan::PlanList, quota::QuotaList},
        unit::UnitList,
    },
    error::{Error, Result},
    graphql::ContextExt,
    page::{BoundedCount, Cursor, Page},
};

/// A view with a connection type.
pub trait Listed: OutputType + ObjectType {
    /// Name of the view's connection type.
    const CONNECTION: &'static str;
    /// Name of the view's edge type.
    const EDGE: &'static str;
}

/// Source of a connection's total count. It is counted only if it is selected.
#[derive(Debug)]
pub enum Total {
    /// A list of units.
    Units(UnitList),
    /// A list of documents.
    Documents(DocumentList),
    /// A list of cadres.
    Cadres(CadreList),
    /// A list of rotations.
    Rotations(RotationList),
    /// A list of plans.
    Plans(PlanList),
    /// A list of classes.
    Classes(ClassList),
    /// A list of enrolments.
    Enrolments(EnrolmentList),
    /// A list of quotas.
    Quotas(QuotaList),
    /// The access log of a person.
    AccessEntries(AccessLog),
    /// A list of clients.
    Clients(ClientList),
}

/// A page of a list, with cursors and a count.
pub struct Connection<V> {
    edges: Vec<Edge<V>>,
    has_next_page: bool,
    has_previous_page: bool,
    total: Total,
}

/// A row of a page with its cursor.
pub struct Edge<V> {
    cursor: Cursor,
    node: V,
}

impl<V> Connection<V> {
    /// Converts a page of rows; `view` makes the view of a row.
    pub fn new<T>(page: Page<T>, total: Total, view: impl Fn(T) -> V) -> Self {
        Self {
            has_next_page: page.has_next,
            has_previous_page: page.has_previous,
            edges: page.rows.into_iter().map(|(cursor, row)| Edge { cursor, node: view(row) }).collect(),
            total,
        }
    }
}

/// Default bound of a total count.
const COUNTED_BY_DEFAULT: i32 = 10_000;

/// Validates the bound of a total count.
///
/// # Errors
/// `Invalid` outside 1 to 1,000,000.
pub(super) fn bound(max: i32) -> Result<u64> {
    u64::try_from(max)
        .ok()
        .filter(|max| (1..=1_000_000).contains(max))
        .ok_or_else(|| Error::invalid("max", "`max` phải từ 1 đến 1.000.000.", "`max` must be from 1 to 1,000,000."))
}

impl<V: Listed> TypeName for Connection<V> {
    fn type_name() -> Cow<'static, str> {
        V::CONNECTION.into()
    }
}

impl<V: Listed> TypeName for Edge<V> {
    fn type_name() -> Cow<'static, str> {
        V::EDGE.into()
    }
}

/// A page of a list.
#[Object(name_type)]
impl<V: Listed> Connection<V> {
    /// The rows with their cursors.
    async fn edges(&self) -> &[Edge<V>] {
        &self.edges
    }

    /// The rows.
    async fn nodes(&self) -> Vec<&V> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// Position of the page in the list.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_previous_page: self.has_previous_page,
            has_next_page: self.has_next_page,
            start_cursor: self.edges.first().map(|edge| edge.cursor.sealed()),
            end_cursor: self.edges.last().map(|edge| edge.cursor.sealed()),
        }
    }

    /// Size of the whole list, counted up to `max` (1 to 1,000,000).
    async fn total_count(
        &self,
        ctx: &Context<'_>,
        #[graphql(default_with = "COUNTED_BY_DEFAULT", desc = "Count at which counting stops, 1 to 1,000,000.")]
        max: i32,
    ) -> Result<BoundedCount> {
        let max = bound(max)?;
        match &self.total {
            Total::Units(list) => list.count(ctx.access(), max),
            Total::Documents(list) => list.count(ctx.access(), max),
            Total::Cadres(list) => list.count(ctx.access(), max).await,
            Total::Rotations(list) => list.count(ctx.access(), max).await,
            Total::Plans(list) => list.count(ctx.access(), max).await,
            Total::Classes(list) => list.count(ctx.access(), max).await,
            Total::Enrolments(list) => list.count(ctx.access(), max).await,
            Total::Quotas(list) => list.count(ctx.access(), max).await,
            Total::AccessEntries(log) => log.count(ctx.access(), max).await,
            Total::Clients(list) => list.count(ctx.access(), max).await,
        }
    }
}

/// A row of a page with its cursor.
#[Object(name_type)]
impl<V: Listed> Edge<V> {
    /// Cursor of the row; valid for this list and this client only.
    async fn cursor(&self) -> String {
        self.cursor.sealed()
    }

    /// The row.
    async fn node(&self) -> &V {
        &self.node
    }
}
