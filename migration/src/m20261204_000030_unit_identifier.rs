//! Identifiers of units in national systems.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{code, drop_all, index, reference, unique_while};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let identifier = Table::create()
            .table("unit_identifier")
            .col(uuid("id").primary_key())
            .col(uuid("unit_id"))
            .col(string("system"))
            .col(code(manager, "value").not_null())
            .col(date_null("valid_from"))
            .col(date_null("valid_to"))
            .foreign_key(&mut reference("unit_identifier", ["unit_id"], "unit", ["id"]))
            .check(Expr::col("valid_from").lt(Expr::col("valid_to")))
            .to_owned();
        manager.create_table(identifier).await?;
        index(manager, "unit_identifier", ["unit_id"]).await?;
        // A part of the rule that a value belongs to one unit on each day; the import checks the complete rule.
        unique_while(manager, "unit_identifier", "current", ["system", "value"], "valid_to IS NULL").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, ["unit_identifier"]).await
    }
}
