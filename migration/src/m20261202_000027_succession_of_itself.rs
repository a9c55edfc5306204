//! A unit that is renamed, reclassified or moved and keeps its code becomes its own successor, so that the change has a
//! document.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DatabaseBackend};

use crate::column::{index, reference};

#[derive(DeriveMigrationName)]
pub struct Migration;

const ITSELF: &str = "predecessor_id <> successor_id OR kind IN ('RENAME', 'RECLASSIFY', 'MOVE')";
const ANOTHER: &str = "predecessor_id <> successor_id";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        check(manager, ITSELF).await
    }

    /// The older table does not allow links of a unit to itself.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let itself = "DELETE FROM unit_succession WHERE predecessor_id = successor_id";
        manager.get_connection().execute_unprepared(itself).await?;
        check(manager, ANOTHER).await
    }
}

/// Replaces the check constraint of the table. SQLite cannot alter one, so the table is copied.
async fn check(manager: &SchemaManager<'_>, condition: &'static str) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    if manager.get_database_backend() == DatabaseBackend::Postgres {
        let statement = format!(
            "ALTER TABLE unit_succession DROP CONSTRAINT unit_succession_check;
             ALTER TABLE unit_succession ADD CONSTRAINT unit_succession_check CHECK ({condition})"
        );
        return connection.execute_unprepared(&statement).await.map(drop);
    }
    let copy = Table::create()
        .table("unit_succession_copy")
        .col(uuid("id").primary_key())
        .col(uuid("predecessor_id"))
        .col(uuid("successor_id"))
        .col(string("kind"))
        .col(date("on_date"))
        .col(string_null("document"))
        .foreign_key(&mut reference("unit_succession", ["predecessor_id"], "unit", ["id"]))
        .foreign_key(&mut reference("unit_succession", ["successor_id"], "unit", ["id"]))
        .check(Expr::cust(condition))
        .to_owned();
    manager.create_table(copy).await?;
    let rows = "INSERT INTO unit_succession_copy SELECT id, predecessor_id, successor_id, kind, on_date, document \
                FROM unit_succession";
    connection.execute_unprepared(rows).await?;
    manager.drop_table(Table::drop().table("unit_succession").to_owned()).await?;
    manager.rename_table(Table::rename().table("unit_succession_copy", "unit_succession").to_owned()).await?;
    index(manager, "unit_succession", ["predecessor_id"]).await?;
    index(manager, "unit_succession", ["successor_id"]).await
}
