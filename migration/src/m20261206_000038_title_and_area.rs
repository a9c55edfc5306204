//! Groups, roles and steps of titles, and areas of units.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{code, drop_all, reference};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [code(manager, "group_code"), string_null("role")] {
            manager.alter_table(Table::alter().table("title").add_column(column).to_owned()).await?;
        }

        let step = Table::create()
            .table("title_step")
            .col(code(manager, "title_code").not_null())
            .col(date("valid_from"))
            .col(date_null("valid_to"))
            .col(small_integer("step"))
            .col(string("legal_basis"))
            .col(string("verification"))
            .primary_key(Index::create().col("title_code").col("valid_from"))
            .foreign_key(&mut reference("title_step", ["title_code"], "title", ["code"]))
            .check(Expr::col("valid_from").lt(Expr::col("valid_to")))
            .check(Expr::col("step").gt(0))
            .to_owned();
        manager.create_table(step).await?;

        let area = Table::create()
            .table("unit_area")
            .col(uuid("unit_id"))
            .col(string("area"))
            .col(date("valid_from"))
            .col(date_null("valid_to"))
            .col(string_null("document_no"))
            .primary_key(Index::create().col("unit_id").col("area").col("valid_from"))
            .foreign_key(&mut reference("unit_area", ["unit_id"], "unit", ["id"]))
            .check(Expr::col("valid_from").lt(Expr::col("valid_to")))
            .to_owned();
        manager.create_table(area).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, ["title_step", "unit_area"]).await?;
        for column in ["group_code", "role"] {
            manager.alter_table(Table::alter().table("title").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
