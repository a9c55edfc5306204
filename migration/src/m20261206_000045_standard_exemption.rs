//! Exemptions of persons from requirements of standards.

use sea_orm_migration::{prelude::*, schema::*};

use crate::{
    column::{code, drop_all, index, reference},
    wall::{knows, raise},
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let exemption = Table::create()
            .table("standard_exemption")
            .col(uuid("id").primary_key())
            .col(uuid("cadre_id"))
            .col(code(manager, "standard_code").not_null())
            .col(code(manager, "requirement_code").not_null())
            .col(uuid("granted_by_id"))
            .col(string("document_no"))
            .col(date("valid_from"))
            .col(date_null("valid_to"))
            .col(string("reason"))
            .foreign_key(&mut reference("standard_exemption", ["cadre_id"], "cadre", ["id"]))
            .foreign_key(&mut reference("standard_exemption", ["granted_by_id"], "unit", ["id"]))
            .foreign_key(&mut reference(
                "standard_exemption",
                ["standard_code", "requirement_code"],
                "requirement",
                ["standard_code", "code"],
            ))
            .check(Expr::col("valid_from").lt(Expr::col("valid_to")))
            .to_owned();
        manager.create_table(exemption).await?;
        index(manager, "standard_exemption", ["cadre_id"]).await?;
        raise(manager, "standard_exemption", &knows("standard_exemption.cadre_id")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, ["standard_exemption"]).await
    }
}
