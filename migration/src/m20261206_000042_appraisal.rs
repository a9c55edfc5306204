//! Appraisals of persons.

use sea_orm_migration::{prelude::*, schema::*};

use crate::{
    column::{drop_all, index, reference, unique_while},
    wall::{knows, raise, reaches},
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let appraisal = Table::create()
            .table("appraisal")
            .col(uuid("id").primary_key())
            .col(uuid("cadre_id"))
            .col(string("category"))
            .col(string("system"))
            .col(string("period"))
            .col(integer("year"))
            .col(integer("number"))
            .col(uuid("unit_id"))
            .col(integer_null("points"))
            .col(string("result"))
            .col(date("decided_on"))
            .col(string_null("document_no"))
            .col(string("state"))
            .col(uuid_null("superseded_by"))
            .col(date_null("ended_on"))
            .col(string_null("reason"))
            .col(integer("version"))
            .foreign_key(&mut reference("appraisal", ["cadre_id"], "cadre", ["id"]))
            .foreign_key(&mut reference("appraisal", ["unit_id"], "unit", ["id"]))
            .foreign_key(&mut reference("appraisal", ["superseded_by"], "appraisal", ["id"]))
            .check(Expr::col("points").between(0, 10_000))
            .check(Expr::col("number").between(0, 12))
            .check(Expr::col("superseded_by").is_null().or(Expr::col("state").eq("SUPERSEDED")))
            .to_owned();
        manager.create_table(appraisal).await?;
        let period = ["cadre_id", "system", "period", "year", "number"];
        unique_while(manager, "appraisal", "current", period, "state = 'CURRENT'").await?;
        index(manager, "appraisal", ["cadre_id", "year"]).await?;
        index(manager, "appraisal", ["unit_id", "year"]).await?;
        // A unit counts the appraisals that it decided, also of persons who have never had a post in it.
        let visible = format!("{} OR {}", reaches("appraisal.unit_id"), knows("appraisal.cadre_id"));
        raise(manager, "appraisal", &visible).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, ["appraisal"]).await
    }
}
