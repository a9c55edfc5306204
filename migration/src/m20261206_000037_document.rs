//! Documents: resolutions, schemes, plans and decisions.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{code, drop_all, index, reference};

const TABLES: [&str; 1] = ["document"];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let document = Table::create()
            .table("document")
            .col(code(manager, "code").primary_key())
            .col(string("number"))
            .col(string("kind"))
            .col(uuid_null("issuer_id"))
            .col(date("signed_on"))
            .col(date("valid_from"))
            .col(date_null("valid_to"))
            .col(code(manager, "replaced_by").null())
            .col(string("title"))
            .col(string("identity").unique_key())
            .col(integer("version"))
            .foreign_key(&mut reference("document", ["issuer_id"], "unit", ["id"]))
            .foreign_key(&mut reference("document", ["replaced_by"], "document", ["code"]))
            .check(Expr::col("valid_from").lt(Expr::col("valid_to")))
            .check(Expr::col("replaced_by").is_null().or(Expr::col("valid_to").is_not_null()))
            .check(Expr::col("replaced_by").is_null().or(Expr::col("replaced_by").ne(Expr::col("code"))))
            .to_owned();
        manager.create_table(document).await?;
        index(manager, "document", ["issuer_id"]).await?;
        index(manager, "document", ["replaced_by"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, TABLES).await
    }
}
