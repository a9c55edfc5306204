//! Columns of a change for the change feed: the id of the object, and the units whose reach showed it before and after.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::index;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Columns of `change`, all null in older rows.
const COLUMNS: [&str; 3] = ["object_id", "units_before", "units_after"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [uuid_null(COLUMNS[0]), blob_null(COLUMNS[1]), blob_null(COLUMNS[2])] {
            manager.alter_table(Table::alter().table("change").add_column(column).to_owned()).await?;
        }
        // The changes of one command are read in their order, page by page.
        index(manager, "change", ["audit_seq", "seq"]).await?;
        manager.drop_index(Index::drop().name("change_audit_seq_idx").table("change").to_owned()).await?;
        // Most links belong to readings; the feed reads only the links of commands.
        let commands = Index::create()
            .name("log_link_command_idx")
            .table("log_link")
            .col("position")
            .and_where(Expr::cust("log = 'AUDIT'"))
            .to_owned();
        manager.create_index(commands).await?;
        let state = Table::create()
            .table("feed_state")
            .col(integer("id").primary_key())
            .col(date_null("recorded_until"))
            .to_owned();
        manager.create_table(state).await?;
        let row = Query::insert().into_table("feed_state").columns(["id"]).values_panic([1.into()]).to_owned();
        manager.execute(row).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("feed_state").to_owned()).await?;
        manager.drop_index(Index::drop().name("log_link_command_idx").table("log_link").to_owned()).await?;
        index(manager, "change", ["audit_seq"]).await?;
        manager.drop_index(Index::drop().name("change_audit_seq_seq_idx").table("change").to_owned()).await?;
        for column in COLUMNS {
            manager.alter_table(Table::alter().table("change").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
