//! The end of exemptions from duties, and at most one exemption in force of a person from one day on.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::unique_while;

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLE: &str = "duty_exemption";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [date_null("withdrawn_on"), string_null("end_document_no")] {
            manager.alter_table(Table::alter().table(TABLE).add_column(column).to_owned()).await?;
        }
        let columns = ["cadre_id", "duty_code", "valid_from"];
        unique_while(manager, TABLE, "in_force", columns, "withdrawn_on IS NULL").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // An older version would count a withdrawn exemption.
        let withdrawn = Query::delete().from_table(TABLE).and_where(Expr::col("withdrawn_on").is_not_null()).to_owned();
        manager.exec_stmt(withdrawn).await?;
        manager.drop_index(Index::drop().name("duty_exemption_in_force_key").table(TABLE).to_owned()).await?;
        for column in ["end_document_no", "withdrawn_on"] {
            manager.alter_table(Table::alter().table(TABLE).drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
