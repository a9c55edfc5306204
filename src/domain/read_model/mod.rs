//! Read models: what is derived from other tables so that a question costs the same however much there is. The writing
//! transaction keeps them, so no reader ever sees one that is behind.
//!
//! Whatever an act wrote of persons is compared, before and after, when it commits. After an import, which may touch
//! everybody, they are made anew; so they are where their form is another one than this program's.

pub mod card;

use std::{collections::BTreeSet, fmt};

use entity::{
    cadre, cadre_card, read_model,
    value::{CadreCode, CadreId},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, sea_query::OnConflict,
};
use uuid::Uuid;

use crate::{
    clock::Clock,
    db::Database,
    domain::access::{Act, Permit},
    error::Result,
};
use card::Of;

/// Persons that are looked at together: a few statements for each so many.
const BATCH: usize = 2_000;

/// More persons than this are not renewed one by one: all are.
const MANY: usize = 20_000;

/// The name under which the form of cards stands.
const CARD: &str = "card";

/// The persons of whom an act wrote something that read models are derived from.
#[derive(Clone, Debug)]
pub(in crate::domain) enum Touched {
    /// These.
    These(BTreeSet<CadreId>),
    /// So many that all are made anew.
    Everybody,
}

impl Default for Touched {
    fn default() -> Self {
        Self::These(BTreeSet::new())
    }
}

impl Touched {
    /// Notes a person.
    pub(in crate::domain) fn add(&mut self, person: CadreId) {
        if let Self::These(persons) = self {
            persons.insert(person);
            if persons.len() > MANY {
                *self = Self::Everybody;
            }
        }
    }
}

/// The first place where a read model is not what follows from the tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The card of a person.
    Card(CadreCode),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Card(code) => write!(f, "the card of {code} does not say what the tables say"),
        }
    }
}

/// Brings the read models up to what a transaction has written of persons.
pub(in crate::domain) async fn renew(txn: &DatabaseTransaction, touched: Touched) -> Result<()> {
    let persons: Vec<CadreId> = match touched {
        Touched::These(persons) => persons.into_iter().collect(),
        Touched::Everybody => return make(txn).await,
    };
    for persons in persons.chunks(BATCH) {
        card::locked(txn, persons).await?;
        card::write(txn, &card::made(txn, Of::These(persons)).await?).await?;
    }
    Ok(())
}

/// Makes all read models anew.
///
/// # Errors
/// `Unavailable` or `Internal` if the database does not answer.
pub async fn rebuild(database: &Database, clock: Clock) -> Result<()> {
    let txn = Permit::operator(database, clock, Act::ReadModelRebuild).begin(None, None).await?;
    txn.everybody_changed();
    txn.commit().await
}

/// Makes all read models anew where their form is not this program's.
///
/// # Errors
/// As `rebuild`.
pub async fn adopt(database: &Database, clock: Clock) -> Result<()> {
    let state = read_model::Entity::find_by_id(CARD).one(database.control()).await?;
    match state {
        Some(state) if state.version == i32::from(card::VERSION) => Ok(()),
        _ => rebuild(database, clock).await,
    }
}

/// Compares the read models with what follows from the tables, as one transaction sees both, and gives the first
/// difference.
///
/// # Errors
/// `Unavailable` or `Internal` if the database does not answer. A difference is no error.
pub async fn verify(connection: &DatabaseTransaction) -> Result<Option<Difference>> {
    let mut after = CadreId(Uuid::nil());
    while let Some((first, last)) = batch(connection, after).await? {
        let (made, kept) = (
            card::made(connection, Of::Range(first, last)).await?,
            card::kept(connection, Of::Range(first, last)).await?,
        );
        if let Some(code) = card::difference(&made, &kept)? {
            return Ok(Some(Difference::Card(code)));
        }
        after = last;
    }
    Ok(None)
}

async fn make(txn: &DatabaseTransaction) -> Result<()> {
    cadre_card::Entity::delete_many().exec(txn).await?;
    let mut after = CadreId(Uuid::nil());
    while let Some((first, last)) = batch(txn, after).await? {
        card::write(txn, &card::made(txn, Of::Range(first, last)).await?).await?;
        after = last;
    }
    let state = read_model::ActiveModel { name: Set(CARD.to_owned()), version: Set(card::VERSION.into()) };
    let replacing = OnConflict::column(read_model::Column::Name).update_column(read_model::Column::Version).to_owned();
    read_model::Entity::insert(state).on_conflict(replacing).exec_without_returning(txn).await?;
    Ok(())
}

/// The first and the last of the next persons by id. Ids grow with time, so who was recorded together is read together.
async fn batch(connection: &impl ConnectionTrait, after: CadreId) -> Result<Option<(CadreId, CadreId)>> {
    let ids = cadre::Entity::find()
        .select_only()
        .column(cadre::Column::Id)
        .filter(cadre::Column::Id.gt(after))
        .order_by_asc(cadre::Column::Id)
        .limit(BATCH as u64)
        .into_tuple::<Uuid>()
        .all(connection)
        .await?;
    Ok(ids.first().zip(ids.last()).map(|(first, last)| (CadreId(*first), CadreId(*last))))
}
