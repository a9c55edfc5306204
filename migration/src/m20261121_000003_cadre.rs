//! Cadres, assignments, qualifications.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{code, drop_all, index, reference};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let cadre = Table::create()
            .table("cadre")
            .col(uuid("id").primary_key())
            .col(code(manager, "code").not_null().unique_key())
            .col(string_null("national_id"))
            .col(string("full_name"))
            .col(string("search_key"))
            .col(blob("sort_key"))
            .col(string("gender"))
            .col(date_null("birth_on"))
            .col(string_null("ethnicity_code"))
            .col(string_null("native_place_code"))
            .col(date_null("joined_service_on"))
            .col(date_null("joined_party_on"))
            .col(string("category"))
            .col(string_null("rank_code"))
            .col(string("status"))
            .col(integer("version"))
            .to_owned();
        manager.create_table(cadre).await?;
        index(manager, "cadre", ["national_id"]).await?;
        index(manager, "cadre", ["sort_key", "id"]).await?;

        let assignment = Table::create()
            .table("assignment")
            .col(uuid("id").primary_key())
            .col(uuid("cadre_id"))
            .col(uuid("unit_id"))
            .col(code(manager, "title_code").not_null())
            .col(date("start_on"))
            .col(date_null("end_on"))
            .col(boolean("is_primary"))
            .foreign_key(&mut reference("assignment", ["cadre_id"], "cadre", ["id"]))
            .foreign_key(&mut reference("assignment", ["unit_id"], "unit", ["id"]))
            .foreign_key(&mut reference("assignment", ["title_code"], "title", ["code"]))
            .check(Expr::col("start_on").lt(Expr::col("end_on")))
            .to_owned();
        manager.create_table(assignment).await?;
        index(manager, "assignment", ["cadre_id", "start_on"]).await?;
        index(manager, "assignment", ["unit_id", "start_on"]).await?;

        let qualification = Table::create()
            .table("qualification")
            .col(uuid("id").primary_key())
            .col(uuid("cadre_id"))
            .col(code(manager, "subject_code").not_null())
            .col(code(manager, "level_code").not_null())
            .col(string_null("field_code"))
            .col(code(manager, "institution_code").null())
            .col(string_null("mode"))
            .col(string("granted_on"))
            .col(date("counts_from"))
            .foreign_key(&mut reference("qualification", ["cadre_id"], "cadre", ["id"]))
            .foreign_key(&mut reference(
                "qualification",
                ["subject_code", "level_code"],
                "qualification_level",
                ["subject_code", "code"],
            ))
            .foreign_key(&mut reference("qualification", ["institution_code"], "institution", ["code"]))
            .to_owned();
        manager.create_table(qualification).await?;
        index(manager, "qualification", ["cadre_id", "subject_code"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, ["cadre", "assignment", "qualification"]).await
    }
}
