//! Yearly duties of training, the programmes that count for them, exemptions of persons, and the hours of programmes.

use sea_orm_migration::{prelude::*, schema::*};

use crate::{
    column::{code, drop_all, index, kept_by, reference},
    wall::{knows, raise},
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let hours = Table::alter().table("programme").add_column(integer_null("hours")).to_owned();
        manager.alter_table(hours).await?;

        let duty = Table::create()
            .table("duty")
            .col(code(manager, "code").not_null().primary_key())
            .col(string("name"))
            .col(uuid_null("issuer_unit_id"))
            .col(string("legal_basis"))
            .col(string("categories"))
            .col(boolean("key_leaders_only"))
            .col(string("measure"))
            .col(integer("amount"))
            .col(integer("norm_percent"))
            .col(date("valid_from"))
            .col(date_null("valid_to"))
            .col(string("verification"))
            .foreign_key(&mut reference("duty", ["issuer_unit_id"], "unit", ["id"]))
            .check(Expr::col("valid_from").lt(Expr::col("valid_to")))
            .check(Expr::col("amount").gt(0))
            .check(Expr::col("norm_percent").between(1, 100))
            .to_owned();
        manager.create_table(duty).await?;

        let programme = Table::create()
            .table("duty_programme")
            .col(code(manager, "duty_code").not_null())
            .col(code(manager, "programme_code").not_null())
            .foreign_key(&mut reference("duty_programme", ["duty_code"], "duty", ["code"]))
            .foreign_key(&mut reference("duty_programme", ["programme_code"], "programme", ["code"]))
            .to_owned();
        manager.create_table(kept_by(manager, programme, ["duty_code", "programme_code"])).await?;

        let exemption = Table::create()
            .table("duty_exemption")
            .col(uuid("id").primary_key())
            .col(uuid("cadre_id"))
            .col(code(manager, "duty_code").not_null())
            .col(date("valid_from"))
            .col(date_null("valid_to"))
            .col(string("reason"))
            .col(string_null("document_no"))
            .foreign_key(&mut reference("duty_exemption", ["cadre_id"], "cadre", ["id"]))
            .foreign_key(&mut reference("duty_exemption", ["duty_code"], "duty", ["code"]))
            .check(Expr::col("valid_from").lt(Expr::col("valid_to")))
            .to_owned();
        manager.create_table(exemption).await?;
        index(manager, "duty_exemption", ["cadre_id", "duty_code"]).await?;
        raise(manager, "duty_exemption", &knows("duty_exemption.cadre_id")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, ["duty", "duty_programme", "duty_exemption"]).await?;
        manager.alter_table(Table::alter().table("programme").drop_column("hours").to_owned()).await
    }
}
