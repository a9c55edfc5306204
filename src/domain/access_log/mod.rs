//! Access log of one person (nhật ký truy cập), as lists for clients, and orders to withhold readings from it.

mod withhold;

pub use withhold::{Withhold, withhold};

use std::collections::HashSet;

use entity::{
    access_entry, access_withholding, client,
    value::{AccessEntryId, CadreId, DataCategory, Day, Scope},
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, Select,
    sea_query::{Alias, Expr, ExprTrait, Query, SimpleExpr},
};

use crate::{
    authz::{Access, AuthorizedCadre},
    error::{Error, Result},
    page::{BoundedCount, Direction, Key, Keyset, Page, PageArgs, Position},
};

/// Readings of one person's protected data, newest first.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct AccessLog {
    person: CadreId,
    /// Whether the person's file is in the caller's custody. If not, the list is empty.
    has_custody: bool,
}

/// A reading of a person's protected data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    row: access_entry::Model,
    client: String,
}

impl Reading {
    fn of((row, client): (access_entry::Model, Option<client::Model>)) -> Result<Self> {
        let client =
            client.ok_or_else(|| Error::internal("an access entry refers to a client that does not exist"))?.name;
        Ok(Self { row, client })
    }

    /// Readings by id, in no particular order: readings of persons whose files are in the caller's custody today, as
    /// `AccessLog` would list them. If a client acts for the person concerned, readings outside of custody are listed,
    /// but not found by id.
    pub async fn by_ids(access: &Access, ids: &[AccessEntryId]) -> Result<Vec<Self>> {
        let cadres = access.cadres()?;
        let rows = access_entry::Entity::find()
            .filter(access_entry::Column::Seq.is_in(ids.iter().map(|id| id.0)))
            .filter(is_withheld(access.today()).not())
            .find_also_related(client::Entity)
            .all(access.reader())
            .await?;
        let persons: Vec<CadreId> = rows.iter().map(|(row, _)| row.cadre_id).collect();
        let in_custody = cadres.by_ids(&persons, access.today()).await?;
        let is_open = |person: &CadreId| access.caller().has(Scope::AuditRead) || access.is_for(*person);
        let open: HashSet<CadreId> = in_custody.iter().map(AuthorizedCadre::id).filter(is_open).collect();
        rows.into_iter().filter(|(row, _)| open.contains(&row.cadre_id)).map(Self::of).collect()
    }

    /// Id of the entry.
    pub fn id(&self) -> AccessEntryId {
        AccessEntryId(self.row.seq)
    }

    /// Entry of the access log.
    pub fn row(&self) -> &access_entry::Model {
        &self.row
    }

    /// Categories of the data that was read.
    ///
    /// # Errors
    /// `Internal` for a category that this version does not know.
    pub fn categories(&self) -> Result<Vec<DataCategory>> {
        let words = self.row.categories.split_ascii_whitespace();
        words.map(|word| word.parse().map_err(Error::internal)).collect()
    }

    /// Name of the client that read the data.
    pub fn client(&self) -> &str {
        &self.client
    }
}

impl AccessLog {
    /// Access log of a person. Empty for callers that see the person only through a rotation or an enrolment.
    pub fn of(cadre: &AuthorizedCadre) -> Self {
        Self { person: cadre.id(), has_custody: cadre.has_custody() }
    }

    /// A page of the log, read in one statement.
    ///
    /// # Errors
    /// `Forbidden` without `audit:read`, unless the client acts on behalf of the person concerned; `Invalid` for wrong
    /// paging arguments and foreign cursors.
    pub async fn page(&self, access: &Access, args: &PageArgs) -> Result<Page<Reading>> {
        let cursors = access.cursors(&("access log", self));
        let window = cursors.window(args)?;
        let select = keyset().narrow(self.select(access)?, &window).find_also_related(client::Entity);
        let rows = select.all(access.reader()).await?;
        let rows = rows.into_iter().map(Reading::of).collect::<Result<Vec<_>>>()?;
        let position = |read: &Reading| Position { keys: vec![Key::Place(read.row.seq)], id: read.row.cadre_id.0 };
        Ok(cursors.page(&window, rows, position))
    }

    /// Number of readings, at most `max`.
    ///
    /// # Errors
    /// As `page`.
    pub async fn count(&self, access: &Access, max: u64) -> Result<BoundedCount> {
        access.count(self.select(access)?, max).await
    }

    fn select(&self, access: &Access) -> Result<Select<access_entry::Entity>> {
        // The person concerned may see who read the data (Law 91/2025/QH15).
        let is_own = access.is_for(self.person);
        if !is_own {
            access.require(Scope::AuditRead, "Cadre.accessLog")?;
        }
        let mut select = access_entry::Entity::find()
            .filter(access_entry::Column::CadreId.eq(self.person))
            .filter(is_withheld(access.today()).not());
        if !self.has_custody && !is_own {
            select = select.filter(Expr::val(1).eq(0));
        }
        Ok(select)
    }
}

/// Newest first. The log position is already unique; the person's id is used as the id of the cursor.
fn keyset() -> Keyset {
    let column = |column| Expr::col((access_entry::Entity, column));
    let keys = vec![(column(access_entry::Column::Seq), Direction::Desc)];
    Keyset::new(keys, column(access_entry::Column::CadreId))
}

/// Condition that the latest withholding of the client's readings of the person is in force on the day.
fn is_withheld(today: Day) -> SimpleExpr {
    let later = Alias::new("later");
    let withheld = |column| Expr::col((access_withholding::Entity, column));
    let mut after = Query::select();
    after
        .expr(Expr::val(1))
        .from_as(access_withholding::Entity, later.clone())
        .and_where(
            Expr::col((later.clone(), access_withholding::Column::CadreId))
                .eq(withheld(access_withholding::Column::CadreId)),
        )
        .and_where(
            Expr::col((later.clone(), access_withholding::Column::ClientId))
                .eq(withheld(access_withholding::Column::ClientId)),
        )
        .and_where(Expr::col((later, access_withholding::Column::Seq)).gt(withheld(access_withholding::Column::Seq)));
    let mut last = Query::select();
    last.expr(Expr::val(1))
        .from(access_withholding::Entity)
        .and_where(
            withheld(access_withholding::Column::CadreId).equals((access_entry::Entity, access_entry::Column::CadreId)),
        )
        .and_where(
            withheld(access_withholding::Column::ClientId)
                .equals((access_entry::Entity, access_entry::Column::ClientId)),
        )
        .and_where(access_withholding::Column::UntilOn.gt(today))
        .and_where(Expr::exists(after).not());
    Expr::exists(last)
}
