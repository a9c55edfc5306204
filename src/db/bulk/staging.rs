//! Filling a table as a whole: its indexes after its rows, and its rows in the order of its key.

use std::marker::PhantomData;

use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseBackend, DatabaseTransaction, DbErr, EntityTrait, IdenStatic, Iterable,
    PrimaryKeyToColumn, QuerySelect, QueryTrait, Statement,
    sea_query::{Expr, ExprTrait, Index, Query},
};

use super::{SORTING_CACHE, WIDE_CACHE, Way, cache, table::quoted, write};

/// The indexes of a table that is being filled, as the statements that make them.
#[derive(Debug)]
#[must_use = "the table lacks its indexes until they are rebuilt"]
pub struct Indexes(Vec<String>);

impl Indexes {
    /// Takes the indexes from an empty table that is about to be filled, all but those that columns are declared with.
    /// SQLite then sorts the rows once for each index, instead of reading and writing pages here and there for each row;
    /// others read the table as it was until the commit. On PostgreSQL they stay: there, whoever reads the table would
    /// have to wait for the commit.
    pub async fn take<E: EntityTrait>(txn: &DatabaseTransaction) -> Result<Self, DbErr> {
        let is_filled = E::find().select_only().expr(Expr::val(1)).limit(1);
        if txn.get_database_backend() == DatabaseBackend::Postgres
            || txn.query_one(is_filled.as_query()).await?.is_some()
        {
            return Ok(Self(Vec::new()));
        }
        let made_by_statement = Query::select()
            .columns(["name", "sql"])
            .from("sqlite_master")
            .and_where(Expr::col("type").eq("index"))
            .and_where(Expr::col("tbl_name").eq(E::default().as_str()))
            .and_where(Expr::col("sql").is_not_null())
            .take();
        let mut statements = Vec::new();
        for row in txn.query_all(&made_by_statement).await? {
            let (name, statement): (String, String) = (row.try_get("", "name")?, row.try_get("", "sql")?);
            txn.execute(&Index::drop().name(name).to_owned()).await?;
            statements.push(statement);
        }
        Ok(Self(statements))
    }

    /// Makes them again; the rows must be as unique as they demand. The cache is a wide one afterwards.
    pub async fn rebuild(self, txn: &DatabaseTransaction) -> Result<(), DbErr> {
        if self.0.is_empty() {
            return Ok(());
        }
        cache(txn, SORTING_CACHE).await?;
        for statement in self.0 {
            txn.execute_unprepared(&statement).await?;
        }
        cache(txn, WIDE_CACHE).await
    }
}

/// Rows of a table that come in another order than that of its primary key. They are written aside first and then, sorted
/// by the database in bounded memory, into the table: pages are filled one after the other, where rows here and there
/// would have most of them read and written again and again.
#[derive(Debug)]
#[must_use = "the rows are not in the table until they are poured into it"]
pub struct StagingTable<E> {
    /// The indexes of the table meanwhile.
    indexes: Indexes,
    /// The table that the rows stand in until then.
    name: String,
    entity: PhantomData<E>,
}

impl<E: EntityTrait> StagingTable<E> {
    /// A place for the rows of a table, which must be empty. It is gone with the transaction.
    pub async fn open(txn: &DatabaseTransaction) -> Result<Self, DbErr> {
        let indexes = Indexes::take::<E>(txn).await?;
        let table = E::default().as_str();
        let mut name = format!("{table}_aside");
        let create = match txn.get_database_backend() {
            DatabaseBackend::Postgres if !may_set_aside(txn).await? => {
                name = table.to_owned();
                None
            }
            DatabaseBackend::Postgres => {
                Some(format!("CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS SELECT * FROM {table} WITH NO DATA"))
            }
            _ => Some(format!("CREATE TEMPORARY TABLE {name} AS SELECT * FROM {table} WHERE false")),
        };
        if let Some(create) = create {
            txn.execute_unprepared(&create).await?;
        }
        Ok(Self { indexes, name, entity: PhantomData })
    }

    /// Writes rows aside.
    ///
    /// # Errors
    /// As `insert`; but a key that is there twice is found when they are poured.
    pub async fn insert<A: ActiveModelTrait<Entity = E>>(
        &self,
        txn: &DatabaseTransaction,
        rows: impl IntoIterator<Item = A>,
    ) -> Result<(), DbErr> {
        write(txn, rows, Way::Insert, Some(&self.name)).await
    }

    /// Brings the rows into the table, and makes its indexes.
    ///
    /// # Errors
    /// What the database refuses, such as two rows with one key.
    pub async fn flush(self, txn: &DatabaseTransaction) -> Result<(), DbErr> {
        let (table, name) = (E::default().as_str(), self.name);
        if name != table {
            let columns = E::Column::iter().map(|column| quoted(column.as_str())).collect::<Vec<_>>().join(", ");
            let key =
                E::PrimaryKey::iter().map(|key| quoted(key.into_column().as_str())).collect::<Vec<_>>().join(", ");
            cache(txn, SORTING_CACHE).await?;
            let pour = format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM {name} ORDER BY {key}");
            txn.execute_unprepared(&pour).await?;
            txn.execute_unprepared(&format!("DROP TABLE {name}")).await?;
            cache(txn, WIDE_CACHE).await?;
        }
        self.indexes.rebuild(txn).await
    }
}

/// Whether PostgreSQL lets the role set rows aside. Where an operator has taken that right from everybody, rows go into the
/// table as they come.
async fn may_set_aside(txn: &DatabaseTransaction) -> Result<bool, DbErr> {
    let select = "SELECT has_database_privilege(current_database(), 'TEMPORARY')";
    let row = txn.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, select)).await?;
    row.map_or(Ok(false), |row| row.try_get_by_index(0))
}
