//! Pages and counts of lists of cadres. The lists contain people who hold a post on the requested day,
//! or, if requested, people without one whose file is in the caller's custody.

use entity::{assignment, cadre, cadre_snapshot, unit, value::Day};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, FromQueryResult, Iterable, QueryFilter, QueryResult, QuerySelect,
    QueryTrait, Select,
    sea_query::{Expr, ExprTrait, Func, Order, Query, SelectStatement, SimpleExpr},
};

use crate::{
    authz::{Access, AuthorizedCadre, Cadres, Rotations, WithRotations},
    db::ReadMode,
    domain::{
        cadre::{CadreList, CadreOrder, CadreOrderField, indexed_list, search, unit_scan},
        unit::below,
    },
    error::Result,
    page::{BoundedCount, Cursor, Key, Keyset, Page, PageArgs, Position, Window, ensure_each_once},
    projection::cadre_snapshot::CadreSnapshot,
};

/// A person of a page: the card and the sort keys of the list.
#[derive(FromQueryResult)]
struct Listed {
    #[sea_orm(nested)]
    card: cadre_snapshot::Model,
    sort_key: Vec<u8>,
    unit_key: String,
}

/// Alias of the subquery with the persons of the page.
const PAGE: &str = "page";

impl CadreList {
    /// A page of the list, with the rotations of its persons if requested.
    ///
    /// # Errors
    /// `Forbidden` without `cadre:read`; `Invalid` for unknown codes, a filter that is too large, a repeated sort key,
    /// wrong paging arguments or a foreign cursor.
    pub async fn page(
        &self,
        access: &Access,
        args: &PageArgs,
        with: Option<Rotations<'_>>,
    ) -> Result<Page<AuthorizedCadre>> {
        let (cadres, day) = (access.cadres()?, self.day(access));
        ensure_each_once(self.order.iter().map(|order| order.field))?;
        let cursors = access.cursors(&("cadres", self));
        let window = cursors.window(args)?;
        let rows_by_index = match indexed_list::keys(access, self, &window).await? {
            Some(keys) => self.read_rows(access, &access.prepared(), keys, &window, with).await?,
            None => Vec::new(),
        };
        // An empty result may mean that the page keys do not cover the day, so the page is read again without them.
        let rows = match rows_by_index.is_empty() {
            false => rows_by_index,
            true => {
                access.continue_reading(ReadMode::Single).await;
                self.find_rows(access, &window, with).await?
            }
        };
        let page = cursors.page(&window, rows, |row| self.position(&row.of));
        let admitted = |(cursor, row): (Cursor, WithRotations<Listed>)| {
            let card = WithRotations { of: CadreSnapshot::of(&row.of.card)?, rotations: row.rotations };
            Ok((cursor, cadres.admitted(card, day)))
        };
        let mut rows: Vec<(Cursor, AuthorizedCadre)> = page.rows.into_iter().map(admitted).collect::<Result<_>>()?;
        access.read_apart(rows.iter_mut().map(|(_, person)| person).collect(), with).await?;
        Ok(Page { rows, has_next: page.has_next, has_previous: page.has_previous })
    }

    /// Finds the persons of a page, among all people or among the candidates.
    async fn find_rows(
        &self,
        access: &Access,
        window: &Window,
        with: Option<Rotations<'_>>,
    ) -> Result<Vec<WithRotations<Listed>>> {
        let (reader, candidates) = (access.reader(), self.candidates(access, Some(window)).await?);
        let has_candidates = candidates.is_some();
        let keys = self.keys(access, window, candidates)?;
        match has_candidates {
            true => self.read_rows(access, &reader.prepared(), keys, window, with).await,
            false => self.read_rows(access, reader, keys, window, with).await,
        }
    }

    /// Reads the persons of a page, selected by `keys`, with their sort keys.
    async fn read_rows(
        &self,
        access: &Access,
        connection: &impl ConnectionTrait,
        keys: SelectStatement,
        window: &Window,
        with: Option<Rotations<'_>>,
    ) -> Result<Vec<WithRotations<Listed>>> {
        let read_rows = |row: &QueryResult| Ok(Listed::from_query_result(row, "")?);
        access.read_beside(connection, self.with_cards(keys, window), with, read_rows).await
    }

    /// Condition for a small superset of the result, by search words or by the posts of the units; `None` if scanning
    /// all people is cheaper.
    async fn candidates(&self, access: &Access, window: Option<&Window>) -> Result<Option<SimpleExpr>> {
        match search::candidates(access, self).await? {
            Some(candidates) => Ok(Some(candidates)),
            None => unit_scan::candidates(access, self, window).await,
        }
    }

    /// Selects the persons of a page, among all people or the candidates.
    fn keys(&self, access: &Access, window: &Window, candidates: Option<SimpleExpr>) -> Result<SelectStatement> {
        let (cadres, day) = (access.cadres()?, self.day(access));
        let keys = self.select(access, candidates)?.select_only().columns([cadre::Column::Id, cadre::Column::SortKey]);
        let keys = keys.column(cadre::Column::Code).expr_as(self.unit_key(&cadres, day), "unit_key");
        let column = |column| Expr::col((cadre::Entity, column));
        Ok(self.keyset(column, || self.unit_key(&cadres, day)).narrow(keys, window).into_query())
    }

    /// Selects the page first, then joins only the cards of its persons.
    fn with_cards(&self, keys: SelectStatement, window: &Window) -> SelectStatement {
        let card = |column| Expr::col((cadre_snapshot::Entity, column));
        let mut select = Query::select()
            .columns(cadre_snapshot::Column::iter().map(|column| (cadre_snapshot::Entity, column)))
            .columns([(PAGE, "sort_key"), (PAGE, "unit_key")])
            .from_subquery(keys, PAGE)
            .inner_join(cadre_snapshot::Entity, card(cadre_snapshot::Column::CadreId).equals((PAGE, "id")))
            .take();
        let column = |column: cadre::Column| Expr::col((PAGE, column));
        self.keyset(column, || Expr::col((PAGE, "unit_key"))).order(&mut select, window);
        select
    }

    /// Total number, at most `max`.
    ///
    /// # Errors
    /// As `page`.
    pub async fn count(&self, access: &Access, max: u64) -> Result<BoundedCount> {
        access.cadres()?;
        if let Some(people) = indexed_list::count(access, self).await? {
            return Ok(BoundedCount::of(people, max));
        }
        let candidates = self.candidates(access, None).await?;
        access.count(self.select(access, candidates)?, max).await
    }

    fn select(&self, access: &Access, candidates: Option<SimpleExpr>) -> Result<Select<cadre::Entity>> {
        let (cadres, on) = (access.cadres()?, self.post_on(access));
        self.filter.ensure_small()?;
        let within = self.within.map(|(unit, reach)| below(access, unit, reach, on.day()));
        let (post, rest) = (self.filter.post(access, "where", on)?, self.filter.rest(access, "where", on)?);
        let below = self.filter.below(access, "where", (on, within.as_ref()))?;
        let select = match (within, post) {
            // A person who holds the requested post holds a post within reach, so no second condition is needed.
            (None, Some(post)) => cadres.select_who(post),
            (within, post) => {
                cadres.select(on, within.as_ref()).filter(Condition::all().add_option(post.map(SimpleExpr::from)))
            }
        };
        let searched = self.search.as_deref().map(search::matching).transpose()?;
        let others = Condition::all().add_option(below).add_option(searched).add_option(candidates);
        Ok(select.filter(rest).filter(others))
    }

    /// Code of the unit of the primary post on the day; empty if the order does not use it.
    fn unit_key(&self, cadres: &Cadres<'_>, day: Day) -> SimpleExpr {
        if !self.order.iter().any(|order| order.field == CadreOrderField::Unit) {
            return Expr::val("");
        }
        let mut post = cadres.posts_on(day, None, None);
        post.expr(Expr::col((unit::Entity, unit::Column::Code)))
            .inner_join(
                unit::Entity,
                Expr::col((unit::Entity, unit::Column::Id)).equals((assignment::Entity, assignment::Column::UnitId)),
            )
            .and_where(
                Expr::col((assignment::Entity, assignment::Column::CadreId)).equals((cadre::Entity, cadre::Column::Id)),
            )
            .and_where(assignment::Column::IsPrimary.eq(true))
            .order_by((assignment::Entity, assignment::Column::StartOn), Order::Desc)
            .order_by((assignment::Entity, assignment::Column::Id), Order::Desc)
            .limit(1);
        Func::coalesce([SimpleExpr::from(post), Expr::val("")]).into()
    }

    /// Keyset of the order, over columns of the person and the code of the unit.
    fn keyset(&self, column: impl Fn(cadre::Column) -> Expr, unit_key: impl Fn() -> Expr) -> Keyset {
        let keys = self.effective_order().map(|order| {
            let key = match order.field {
                CadreOrderField::Name => column(cadre::Column::SortKey),
                CadreOrderField::Code => column(cadre::Column::Code),
                CadreOrderField::Unit => unit_key(),
            };
            (key, order.direction)
        });
        Keyset::new(keys.collect(), column(cadre::Column::Id))
    }

    fn position(&self, row: &Listed) -> Position {
        let key = |order: CadreOrder| match order.field {
            CadreOrderField::Name => Key::Bytes(row.sort_key.clone()),
            CadreOrderField::Code => Key::Text(row.card.code.as_str().to_owned()),
            CadreOrderField::Unit => Key::Text(row.unit_key.clone()),
        };
        Position { keys: self.effective_order().map(key).collect(), id: row.card.cadre_id.0 }
    }
}
