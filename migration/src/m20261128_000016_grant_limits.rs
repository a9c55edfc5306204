//! Early ends of replaced grants, limits of grants, and versions of clients.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One column at a time: SQLite accepts only one per statement.
        for (table, column) in [
            ("client", integer("version").default(1).to_owned()),
            ("client_grant", date_null("ended_on")),
            ("client_grant", integer_null("requests_per_second")),
            ("client_grant", integer_null("cost_per_minute")),
        ] {
            manager.alter_table(Table::alter().table(table).add_column(column).to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in [
            ("client_grant", "cost_per_minute"),
            ("client_grant", "requests_per_second"),
            ("client_grant", "ended_on"),
            ("client", "version"),
        ] {
            manager.alter_table(Table::alter().table(table).drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
