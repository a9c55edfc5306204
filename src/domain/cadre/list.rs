//! Lists of cadres: conditions, search, order, pages, counts. They contain people who hold a post on the requested day,
//! or, if requested, people without one whose file is in the caller's custody.

use entity::{
    assignment, cadre, cadre_card, unit,
    value::{CadreCode, CadreStatus, Category, Day, Gender, UnitId},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, FromQueryResult, Iterable, QueryFilter, QueryResult, QuerySelect,
    QueryTrait, Select,
    sea_query::{Expr, ExprTrait, Func, Order, Query, SelectStatement, SimpleExpr},
};

use crate::{
    authz::{Access, AuthorizedCadre, Cadres, PostCondition, PostOn, Rotations, WithRotations},
    db::ReadMode,
    domain::{
        cadre::{indexed_list, level::LevelCondition, search, training_filter::TrainedCondition, unit_scan},
        unit::{below, meant, titles},
    },
    error::{Error, Result},
    page::{BoundedCount, Cursor, Direction, Key, Keyset, Page, PageArgs, Position, Window, ensure_each_once},
    projection::cadre_snapshot::CadreSnapshot,
    reference::units::{Reach, UnitReach},
};

/// Maximum number of `CadreWhere` objects in a filter, nested ones included. Each takes one or two subqueries.
const MAX_CONDITIONS: usize = 100;

/// Maximum number of codes in a condition.
const MOST_CODES: usize = 100;

/// Filter of cadres; all conditions of one object must hold. `unit`, `titles` and `keyLeader` of one object apply to
/// the same post: one that the person holds; with `withPost: false`, the last one, or the first if none has begun. A
/// filter contains at most 100 such objects in all.
#[derive(Clone, Debug, Default, async_graphql::InputObject, serde::Serialize)]
pub struct CadreWhere {
    /// Whether the people have a post on the requested day (đang giữ chức vụ); true if absent. With false, the people
    /// without one whose file is with a unit within reach: the unit of the last post, or of the first if none has
    /// begun. Only at the top of the filter.
    pub with_post: Option<bool>,
    /// Holds a post in this unit or subtree.
    pub unit: Option<UnitReach>,
    /// Holds one of these titles, by code.
    pub titles: Option<Vec<String>>,
    /// Whether the title is one of key leaders (cán bộ chủ chốt).
    pub key_leader: Option<bool>,
    /// Has this category.
    pub category: Option<Category>,
    /// Has this gender.
    pub gender: Option<Gender>,
    /// Has one of these codes (mã cán bộ), at most 100. Codes without a person within reach are ignored.
    pub codes: Option<Vec<String>>,
    /// Has this status now. Statuses have no history, so the requested day does not matter.
    pub status: Option<CadreStatus>,
    /// Highest level of the subject on the requested day.
    pub holds: Option<LevelCondition>,
    /// Took part in training in a year (đã qua đào tạo, bồi dưỡng). Requires `training:read`.
    pub trained: Option<TrainedCondition>,
    /// All of these conditions hold.
    pub and: Option<Vec<CadreWhere>>,
    /// At least one of these conditions holds.
    pub or: Option<Vec<CadreWhere>>,
    /// This condition does not hold.
    pub not: Option<Box<CadreWhere>>,
}

/// Sort keys of cadres.
#[derive(Clone, Copy, Debug, PartialEq, Eq, async_graphql::Enum, serde::Serialize)]
pub enum CadreOrderField {
    /// Given name, then the rest of the name, in Vietnamese order.
    Name,
    /// By code.
    Code,
    /// Code of the unit of the primary post on the requested day; people without one within reach come first.
    Unit,
}

/// One sort key of an order.
#[derive(Clone, Copy, Debug, async_graphql::InputObject, serde::Serialize)]
pub struct CadreOrder {
    /// Field to sort by.
    pub field: CadreOrderField,
    /// Ascending or descending; ascending by default.
    #[graphql(default_with = "Direction::Asc")]
    pub direction: Direction,
}

/// A list of cadres.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct CadreList {
    /// Unit of the parent field; applies in addition to `filter`.
    pub within: Option<(UnitId, Reach)>,
    /// Conditions of the list.
    pub filter: CadreWhere,
    /// Beginnings of words of the name, or a whole code.
    pub search: Option<String>,
    /// Sort order; by name if empty.
    pub order: Vec<CadreOrder>,
    /// Requested day; `None` for today, so that today's cursors stay valid tomorrow.
    pub as_of: Option<Day>,
}

/// A person of a page: the card and the sort keys of the list.
#[derive(FromQueryResult)]
struct Listed {
    #[sea_orm(nested)]
    card: cadre_card::Model,
    sort_key: Vec<u8>,
    unit_key: String,
}

/// Alias of the subquery with the persons of the page.
const PAGE: &str = "page";

impl CadreList {
    pub(super) fn day(&self, access: &Access) -> Day {
        self.as_of.unwrap_or(access.today())
    }

    /// Post by which the list finds people.
    pub(super) fn post_on(&self, access: &Access) -> PostOn {
        let day = self.day(access);
        if self.filter.with_post == Some(false) { PostOn::OfFile(day) } else { PostOn::Current(day) }
    }

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
        let kept = match indexed_list::keys(access, self, &window).await? {
            Some(keys) => self.listed(access, &access.prepared(), keys, &window, with).await?,
            None => Vec::new(),
        };
        // An empty result may mean that the page keys do not cover the day, so the page is read again without them.
        let rows = match kept.is_empty() {
            false => kept,
            true => {
                access.continue_reading(ReadMode::Single).await;
                self.found(access, &window, with).await?
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

    /// Finds the persons of a page among all people or the candidates.
    async fn found(
        &self,
        access: &Access,
        window: &Window,
        with: Option<Rotations<'_>>,
    ) -> Result<Vec<WithRotations<Listed>>> {
        let (reader, candidates) = (access.reader(), self.candidates(access, Some(window)).await?);
        let few = candidates.is_some();
        let keys = self.keys(access, window, candidates)?;
        match few {
            true => self.listed(access, &reader.prepared(), keys, window, with).await,
            false => self.listed(access, reader, keys, window, with).await,
        }
    }

    /// Reads the persons of a page, selected by `keys`, with their sort keys.
    async fn listed(
        &self,
        access: &Access,
        connection: &impl ConnectionTrait,
        keys: SelectStatement,
        window: &Window,
        with: Option<Rotations<'_>>,
    ) -> Result<Vec<WithRotations<Listed>>> {
        let listed = |row: &QueryResult| Ok(Listed::from_query_result(row, "")?);
        access.read_beside(connection, self.with_cards(keys, window), with, listed).await
    }

    /// Small superset of the result, by search words or by the posts of the units; `None` if scanning all people is
    /// cheaper.
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
        let card = |column| Expr::col((cadre_card::Entity, column));
        let mut select = Query::select()
            .columns(cadre_card::Column::iter().map(|column| (cadre_card::Entity, column)))
            .columns([(PAGE, "sort_key"), (PAGE, "unit_key")])
            .from_subquery(keys, PAGE)
            .inner_join(cadre_card::Entity, card(cadre_card::Column::CadreId).equals((PAGE, "id")))
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
        let select = match (within, post) {
            // A person who holds the requested post holds a post within reach, so no second condition is needed.
            (None, Some(post)) => cadres.select_who(post),
            (within, post) => {
                cadres.select(on, within.as_ref()).filter(Condition::all().add_option(post.map(SimpleExpr::from)))
            }
        };
        let searched = self.search.as_deref().map(search::matching).transpose()?;
        Ok(select.filter(rest).filter(Condition::all().add_option(searched).add_option(candidates)))
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

    pub(super) fn effective_order(&self) -> impl Iterator<Item = CadreOrder> {
        let by_name = CadreOrder { field: CadreOrderField::Name, direction: Direction::Asc };
        let otherwise = self.order.is_empty().then_some(by_name);
        self.order.iter().copied().chain(otherwise)
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

/// Condition on codes. Malformed codes match no one.
fn with_codes(field: &str, codes: &[String]) -> Result<SimpleExpr> {
    if codes.len() > MOST_CODES {
        return Err(Error::invalid(
            field,
            format!("Tối đa {MOST_CODES} mã; hãy chia thành nhiều câu hỏi."),
            format!("At most {MOST_CODES} codes; ask several questions instead."),
        ));
    }
    let codes: Vec<CadreCode> = codes.iter().filter_map(|code| code.parse().ok()).collect();
    Ok(cadre::Column::Code.is_in(codes))
}

impl CadreWhere {
    /// Number of conditions, this one and nested ones. The guard has limited the nesting depth.
    fn conditions(&self) -> usize {
        let inner = self.and.iter().chain(&self.or).flatten().chain(self.not.as_deref());
        1 + inner.map(Self::conditions).sum::<usize>()
    }

    fn ensure_small(&self) -> Result<()> {
        if self.conditions() <= MAX_CONDITIONS {
            return Ok(());
        }
        Err(Error::invalid(
            "where",
            format!("Bộ lọc có quá {MAX_CONDITIONS} điều kiện; hãy chia thành nhiều câu hỏi."),
            format!("The filter holds more than {MAX_CONDITIONS} conditions; ask several questions instead."),
        ))
    }

    /// Condition of a filter within another.
    fn condition(&self, access: &Access, field: &str, on: PostOn) -> Result<Condition> {
        if self.with_post.is_some() {
            return Err(Error::invalid(
                format!("{field}.withPost"),
                "`withPost` áp dụng cho cả danh sách; hãy đặt ở cấp ngoài cùng của `where`.",
                "`withPost` applies to the whole list; state it at the top of `where`.",
            ));
        }
        let post = self.post(access, field, on)?.map(SimpleExpr::from);
        Ok(Condition::all().add_option(post).add(self.rest(access, field, on)?))
    }

    /// Conditions that do not concern the post.
    fn rest(&self, access: &Access, field: &str, on: PostOn) -> Result<Condition> {
        let mut all = Condition::all();
        if let Some(category) = self.category {
            all = all.add(cadre::Column::Category.eq(category));
        }
        if let Some(gender) = self.gender {
            all = all.add(cadre::Column::Gender.eq(gender));
        }
        if let Some(codes) = &self.codes {
            all = all.add(with_codes(&format!("{field}.codes"), codes)?);
        }
        if let Some(status) = self.status {
            all = all.add(cadre::Column::Status.eq(status));
        }
        if let Some(holds) = &self.holds {
            all = all.add(holds.condition(access, &format!("{field}.holds"), on.day())?);
        }
        if let Some(trained) = &self.trained {
            all = all.add(trained.condition(access, &format!("{field}.trained"))?);
        }
        for part in self.and.iter().flatten() {
            all = all.add(part.condition(access, &format!("{field}.and"), on)?);
        }
        if let Some(parts) = &self.or {
            let mut any = Condition::any();
            for part in parts {
                any = any.add(part.condition(access, &format!("{field}.or"), on)?);
            }
            // An empty `or` matches no one; an empty condition would match everyone.
            all = all.add(if parts.is_empty() { any.add(Expr::val(1).eq(0)) } else { any });
        }
        if let Some(part) = &self.not {
            all = all.add(part.condition(access, &format!("{field}.not"), on)?.not());
        }
        // An empty condition is true. Written explicitly, so that its negation is false on both databases.
        Ok(if all.is_empty() { all.add(Expr::val(1).eq(1)) } else { all })
    }

    fn post(&self, access: &Access, field: &str, on: PostOn) -> Result<Option<PostCondition>> {
        if self.unit.is_none() && self.titles.is_none() && self.key_leader.is_none() {
            return Ok(None);
        }
        let units =
            self.unit.as_ref().map(|unit| meant(access, &format!("{field}.unit"), unit, on.day())).transpose()?;
        let named =
            self.titles.as_deref().map(|codes| titles(access, &format!("{field}.titles"), codes)).transpose()?;
        let codes: Option<Vec<&str>> = match (named, self.key_leader) {
            (None, None) => None,
            (named, key_leader) => {
                let candidates = named.unwrap_or_else(|| access.reference_data().titles().collect());
                let wanted =
                    candidates.into_iter().filter(|title| key_leader.is_none_or(|key| title.is_key_leader == key));
                Some(wanted.map(|title| title.code.as_str()).collect())
            }
        };
        Ok(Some(access.cadres()?.has_post(on, units.as_ref(), codes.as_deref())))
    }
}
