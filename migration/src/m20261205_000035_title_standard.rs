//! Standards of titles: scopes and requirements.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{code, drop_all, index, reference};

const TABLES: [&str; 3] = ["standard", "standard_scope", "requirement"];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let standard = Table::create()
            .table("standard")
            .col(code(manager, "code").primary_key())
            .col(string("name"))
            .col(uuid_null("issuer_id"))
            .col(string("document_no"))
            .col(date("valid_from"))
            .col(date_null("valid_to"))
            .col(string("verification"))
            .foreign_key(&mut reference("standard", ["issuer_id"], "unit", ["id"]))
            .check(Expr::col("valid_from").lt(Expr::col("valid_to")))
            .to_owned();
        manager.create_table(standard).await?;
        index(manager, "standard", ["issuer_id"]).await?;

        let scope = Table::create()
            .table("standard_scope")
            .col(code(manager, "standard_code").not_null())
            .col(code(manager, "title_code").not_null())
            .col(string_null("tier"))
            .primary_key(Index::create().col("standard_code").col("title_code"))
            .foreign_key(&mut reference("standard_scope", ["standard_code"], "standard", ["code"]))
            .foreign_key(&mut reference("standard_scope", ["title_code"], "title", ["code"]))
            .to_owned();
        manager.create_table(scope).await?;
        index(manager, "standard_scope", ["title_code"]).await?;

        let requirement = Table::create()
            .table("requirement")
            .col(code(manager, "standard_code").not_null())
            .col(code(manager, "code").not_null())
            .col(code(manager, "subject_code").not_null())
            .col(code(manager, "level_code").not_null())
            .col(string("severity"))
            .col(date_null("transition_until"))
            .col(string("legal_basis"))
            .primary_key(Index::create().col("standard_code").col("code"))
            .foreign_key(&mut reference("requirement", ["standard_code"], "standard", ["code"]))
            .foreign_key(&mut reference(
                "requirement",
                ["subject_code", "level_code"],
                "qualification_level",
                ["subject_code", "code"],
            ))
            .to_owned();
        manager.create_table(requirement).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, TABLES).await
    }
}
