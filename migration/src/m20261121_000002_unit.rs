//! Units, their versions and successions.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{code, drop_all, index, reference};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let unit = Table::create()
            .table("unit")
            .col(uuid("id").primary_key())
            .col(code(manager, "code").not_null().unique_key())
            .to_owned();
        manager.create_table(unit).await?;

        let version = Table::create()
            .table("unit_version")
            .col(uuid("id").primary_key())
            .col(uuid("unit_id"))
            .col(date_null("valid_from"))
            .col(date_null("valid_to"))
            .col(string("name"))
            .col(string("kind"))
            .col(string("tier"))
            .col(string_null("admin_code"))
            .col(uuid_null("parent_id"))
            .col(uuid_null("party_parent_id"))
            .foreign_key(&mut reference("unit_version", ["unit_id"], "unit", ["id"]))
            .foreign_key(&mut reference("unit_version", ["parent_id"], "unit", ["id"]))
            .foreign_key(&mut reference("unit_version", ["party_parent_id"], "unit", ["id"]))
            .check(Expr::col("valid_from").lt(Expr::col("valid_to")))
            .to_owned();
        manager.create_table(version).await?;
        index(manager, "unit_version", ["unit_id"]).await?;

        let succession = Table::create()
            .table("unit_succession")
            .col(uuid("id").primary_key())
            .col(uuid("predecessor_id"))
            .col(uuid("successor_id"))
            .col(string("kind"))
            .col(date("on_date"))
            .col(string_null("document"))
            .foreign_key(&mut reference("unit_succession", ["predecessor_id"], "unit", ["id"]))
            .foreign_key(&mut reference("unit_succession", ["successor_id"], "unit", ["id"]))
            .check(Expr::col("predecessor_id").ne(Expr::col("successor_id")))
            .to_owned();
        manager.create_table(succession).await?;
        index(manager, "unit_succession", ["predecessor_id"]).await?;
        index(manager, "unit_succession", ["successor_id"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, ["unit", "unit_version", "unit_succession"]).await
    }
}
