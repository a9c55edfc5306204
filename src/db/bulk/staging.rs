//! Fills an empty table: first the rows in the order of the primary key, then its indexes.

use std::marker::PhantomData;

use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseBackend, DatabaseTransaction, DbErr, EntityTrait, IdenStatic, Iterable,
    PrimaryKeyToColumn, QuerySelect, QueryTrait, Statement,
    sea_query::{Expr, ExprTrait, Index, Query},
};

use super::{
    SORTING_CACHE, WIDE_CACHE, cache,
    table::{RowOperation, quoted},
    write,
};

/// The dropped indexes of a table that is being filled, as their `CREATE INDEX` statements.
#[derive(Debug)]
#[must_use = "the table lacks its indexes until they are rebuilt"]
pub struct Indexes(Vec<String>);

impl Indexes {
    /// Drops the indexes of an empty table on SQLite, except those of column constraints. SQLite then sorts the rows
    /// once for each index instead of updating scattered pages for each row; other connections read the old state until
    /// the commit. PostgreSQL keeps its indexes: dropping them would block readers until the commit.
    pub async fn take<E: EntityTrait>(txn: &DatabaseTransaction) -> Result<Self, DbErr> {
        let is_filled = E::find().select_only().expr(Expr::val(1)).limit(1);
        if txn.get_database_backend() == DatabaseBackend::Postgres
            || txn.query_one(is_filled.as_query()).await?.is_some()
        {
            return Ok(Self(Vec::new()));
        }
        let explicit_indexes = Query::select()
            .columns(["name", "sql"])
            .from("sqlite_master")
            .and_where(Expr::col("type").eq("index"))
            .and_where(Expr::col("tbl_name").eq(E::default().as_str()))
            .and_where(Expr::col("sql").is_not_null())
            .take();
        let mut statements = Vec::new();
        for row in txn.query_all(&explicit_indexes).await? {
            let (name, statement): (String, String) = (row.try_get("", "name")?, row.try_get("", "sql")?);
            txn.execute(&Index::drop().name(name).to_owned()).await?;
            statements.push(statement);
        }
        Ok(Self(statements))
    }

    /// Creates the indexes again; fails if a unique one is violated. Leaves the cache at `WIDE_CACHE`.
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

/// Staging table for rows that do not arrive in the order of their primary key. The database sorts them in bounded
/// memory into the final table. Pages are thus filled once; scattered inserts would read and write most of them
/// repeatedly.
#[derive(Debug)]
#[must_use = "the rows are not in the table until they are poured into it"]
pub struct StagingTable<E> {
    /// The dropped indexes of the table.
    indexes: Indexes,
    /// Name of the staging table.
    name: String,
    entity: PhantomData<E>,
}

impl<E: EntityTrait> StagingTable<E> {
    /// Creates the staging table of an empty table. It is dropped with the transaction.
    pub async fn open(txn: &DatabaseTransaction) -> Result<Self, DbErr> {
        let indexes = Indexes::take::<E>(txn).await?;
        let table = E::default().as_str();
        let mut name = format!("{table}_aside");
        let create = match txn.get_database_backend() {
            DatabaseBackend::Postgres if !may_create_temporary(txn).await? => {
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

    /// Writes rows into the staging table.
    ///
    /// # Errors
    /// As `insert`, except that `flush` reports duplicate keys.
    pub async fn insert<A: ActiveModelTrait<Entity = E>>(
        &self,
        txn: &DatabaseTransaction,
        rows: impl IntoIterator<Item = A>,
    ) -> Result<(), DbErr> {
        write(txn, rows, RowOperation::Insert, Some(&self.name)).await
    }

    /// Copies the rows into the table and rebuilds its indexes.
    ///
    /// # Errors
    /// Errors of the database, such as duplicate keys.
    pub async fn flush(self, txn: &DatabaseTransaction) -> Result<(), DbErr> {
        let (table, name) = (E::default().as_str(), self.name);
        if name != table {
            let columns = E::Column::iter().map(|column| quoted(column.as_str())).collect::<Vec<_>>().join(", ");
            let key =
                E::PrimaryKey::iter().map(|key| quoted(key.into_column().as_str())).collect::<Vec<_>>().join(", ");
            cache(txn, SORTING_CACHE).await?;
            let statement = format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM {name} ORDER BY {key}");
            txn.execute_unprepared(&statement).await?;
            txn.execute_unprepared(&format!("DROP TABLE {name}")).await?;
            cache(txn, WIDE_CACHE).await?;
        }
        self.indexes.rebuild(txn).await
    }
}

/// Whether PostgreSQL lets the role create temporary tables. If the operator has revoked this right, rows are written
/// directly in arrival order.
async fn may_create_temporary(txn: &DatabaseTransaction) -> Result<bool, DbErr> {
    let select = "SELECT has_database_privilege(current_database(), 'TEMPORARY')";
    let row = txn.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, select)).await?;
    row.map_or(Ok(false), |row| row.try_get_by_index(0))
}
