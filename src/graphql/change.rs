//! The change feed.

use async_graphql::{Context, ID, Object, SimpleObject, connection::PageInfo};

use crate::{
    authz::{ChangeOperation, ChangeType, VisibleChange},
    domain::change::{self, ChangePage, DEFAULT_CHANGES},
    error::Result,
    graphql::{ContextExt, instant::Instant},
};

/// Root fields of the change feed.
#[derive(Default)]
pub struct ChangeQuery;

#[Object]
impl ChangeQuery {
    /// Changes after a cursor within reach (dòng thay đổi), in the order of their commits, each exactly once. A change
    /// names an object and contains no data of it: read the object by its id. The error `RESYNC` says that the feed
    /// cannot continue from the cursor: copy the data again, and follow the feed from a new `changeCursor`.
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only changes after this cursor; null for the beginning of the feed.")] after: Option<String>,
        #[graphql(default_with = "DEFAULT_CHANGES", desc = "Maximum number of changes, 1 to 1,000.")] first: i32,
        #[graphql(desc = "Types of objects; null for all types that the scopes of the client show.")] types: Option<
            Vec<ChangeType>,
        >,
    ) -> Result<Option<ChangeConnection>> {
        let page = change::page(ctx.access(), (after.as_deref(), first), types.as_deref()).await?;
        Ok(Some(ChangeConnection(page)))
    }

    /// Cursor of the end of the change feed now. To begin, read this cursor, copy the data, then read `changes` after
    /// it.
    async fn change_cursor(&self, ctx: &Context<'_>) -> String {
        change::latest(ctx.access())
    }
}

/// A page of the change feed.
pub struct ChangeConnection(ChangePage);

/// A page of the change feed.
#[Object]
impl ChangeConnection {
    /// The changes with their cursors.
    async fn edges(&self) -> Vec<ChangeEdge> {
        let edge = |of| ChangeEdge { cursor: self.0.cursor(of), node: Change::of(&self.0, of) };
        self.0.changes.iter().map(edge).collect()
    }

    /// The changes.
    async fn nodes(&self) -> Vec<Change> {
        self.0.changes.iter().map(|of| Change::of(&self.0, of)).collect()
    }

    /// Position of the page. `endCursor` is never null: continue from it, also if the page has no changes.
    /// `hasNextPage` says whether more changes may follow now.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_previous_page: false,
            has_next_page: self.0.has_next,
            start_cursor: self.0.changes.first().map(|of| self.0.cursor(of)),
            end_cursor: Some(self.0.end_cursor()),
        }
    }
}

/// A change with its cursor.
#[derive(SimpleObject)]
pub struct ChangeEdge {
    /// Cursor directly after the change; valid for this client only.
    cursor: String,
    /// The change.
    node: Change,
}

/// A change of an object (thay đổi). It contains no data of the object.
#[derive(SimpleObject)]
pub struct Change {
    /// Id of the event, equal for repeated deliveries; valid for this client only.
    id: ID,
    /// Type of the object.
    r#type: ChangeType,
    /// Id of the object, for `node` and `nodes`; null for entries of reference lists.
    object_id: Option<ID>,
    /// Code of the object; null if objects of the type have none.
    code: Option<String>,
    /// What the change is for this client.
    operation: ChangeOperation,
    /// Time of the change.
    at: Instant,
}

impl Change {
    fn of(page: &ChangePage, change: &VisibleChange) -> Self {
        Self {
            id: page.event_id(change).into(),
            r#type: change.of(),
            object_id: change.object_id().map(Into::into),
            code: change.code().map(str::to_owned),
            operation: change.operation(),
            at: Instant(change.at()),
        }
    }
}
