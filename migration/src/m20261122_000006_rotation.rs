//! Rotations with their steps, appraisals and overrides; rules and retirement ages; completed commands; changes with a
//! restricted audience.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{code, drop_all, index, reference, unique_while};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rotation(manager).await?;
        of_rotation(manager).await?;
        rule(manager).await?;

        let answered = Table::create()
            .table("answered")
            .col(uuid("client_id"))
            .col(string("key"))
            .col(string("request"))
            .col(string("object"))
            .col(timestamp_with_time_zone("at"))
            .primary_key(Index::create().col("client_id").col("key"))
            .foreign_key(&mut reference("answered", ["client_id"], "client", ["id"]))
            .to_owned();
        manager.create_table(answered).await?;

        let audience = Table::alter().table("change").add_column(uuid_null("audience_id")).to_owned();
        manager.alter_table(audience).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("change").drop_column("audience_id").to_owned()).await?;
        drop_all(
            manager,
            ["rotation", "rotation_step", "rotation_appraisal", "rule_override", "rule", "retirement_age", "answered"],
        )
        .await
    }
}

async fn rotation(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let rotation = Table::create()
        .table("rotation")
        .col(uuid("id").primary_key())
        .col(uuid("cadre_id"))
        .col(string("form"))
        .col(string_null("purpose"))
        .col(string("direction"))
        .col(uuid("from_unit_id"))
        .col(string("from_tier"))
        .col(code(manager, "from_title_code").null())
        .col(uuid("to_unit_id"))
        .col(string("to_tier"))
        .col(code(manager, "to_title_code").null())
        .col(date("start_on"))
        .col(date_null("planned_end_on"))
        .col(date_null("end_on"))
        .col(string_null("end_reason"))
        .col(date_null("extended_on"))
        .col(string("state"))
        .col(uuid_null("preparing_unit_id"))
        .col(date_null("proposed_on"))
        .col(string_null("decision_no"))
        .col(date_null("decided_on"))
        .col(date_null("published_on"))
        .col(string_null("planning_document"))
        .col(date_null("planning_from"))
        .col(date_null("planning_until"))
        .col(uuid_null("placement_unit_id"))
        .col(code(manager, "placement_title_code").null())
        .col(date_null("placed_on"))
        .col(string_null("placement_decision_no"))
        .col(integer("version"))
        .foreign_key(&mut reference("rotation", ["cadre_id"], "cadre", ["id"]))
        .foreign_key(&mut reference("rotation", ["from_unit_id"], "unit", ["id"]))
        .foreign_key(&mut reference("rotation", ["to_unit_id"], "unit", ["id"]))
        .foreign_key(&mut reference("rotation", ["preparing_unit_id"], "unit", ["id"]))
        .foreign_key(&mut reference("rotation", ["placement_unit_id"], "unit", ["id"]))
        .foreign_key(&mut reference("rotation", ["from_title_code"], "title", ["code"]))
        .foreign_key(&mut reference("rotation", ["to_title_code"], "title", ["code"]))
        .foreign_key(&mut reference("rotation", ["placement_title_code"], "title", ["code"]))
        .check(Expr::col("start_on").lt(Expr::col("end_on")))
        .check(Expr::col("start_on").lt(Expr::col("planned_end_on")))
        .check(Expr::col("end_on").lte(Expr::col("placed_on")))
        .to_owned();
    manager.create_table(rotation).await?;
    index(manager, "rotation", ["cadre_id", "start_on"]).await?;
    index(manager, "rotation", ["from_unit_id", "start_on"]).await?;
    index(manager, "rotation", ["to_unit_id", "start_on"]).await?;
    index(manager, "rotation", ["preparing_unit_id"]).await?;
    index(manager, "rotation", ["start_on", "id"]).await?;
    // Enforces the invariant "one running rotation per person" against concurrent writers. An unpublished decision
    // applies only within its preparing unit: otherwise a refusal would disclose it to others.
    unique_while(manager, "rotation", "running", ["cadre_id"], "state IN ('IN_PROGRESS', 'EXTENDED')").await?;
    unique_while(manager, "rotation", "published", ["cadre_id"], "state = 'PUBLISHED'").await?;
    unique_while(manager, "rotation", "decided", ["cadre_id", "preparing_unit_id"], "state = 'DECIDED'").await
}

async fn of_rotation(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let step = Table::create()
        .table("rotation_step")
        .col(uuid("rotation_id"))
        .col(integer("version"))
        .col(string("state"))
        .col(date("on_day"))
        .col(date_null("planned_end_on"))
        .col(string_null("document_no"))
        .col(string_null("remark"))
        .col(timestamp_with_time_zone("at"))
        .col(string("actor"))
        .primary_key(Index::create().col("rotation_id").col("version"))
        .foreign_key(&mut reference("rotation_step", ["rotation_id"], "rotation", ["id"]))
        .to_owned();
    manager.create_table(step).await?;

    let appraisal = Table::create()
        .table("rotation_appraisal")
        .col(uuid("rotation_id"))
        .col(integer("year"))
        .col(string("result"))
        .col(date("appraised_on"))
        .col(string_null("document_no"))
        .primary_key(Index::create().col("rotation_id").col("year"))
        .foreign_key(&mut reference("rotation_appraisal", ["rotation_id"], "rotation", ["id"]))
        .to_owned();
    manager.create_table(appraisal).await?;

    let override_of = Table::create()
        .table("rule_override")
        .col(uuid("rotation_id"))
        .col(string("key"))
        .col(string("reason"))
        .col(string("granted_by"))
        .col(date("granted_on"))
        .col(string_null("document_no"))
        .primary_key(Index::create().col("rotation_id").col("key"))
        .foreign_key(&mut reference("rule_override", ["rotation_id"], "rotation", ["id"]))
        .to_owned();
    manager.create_table(override_of).await
}

async fn rule(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let rule = Table::create()
        .table("rule")
        .col(code(manager, "code").not_null().primary_key())
        .col(string("key"))
        .col(string_null("form"))
        .col(string_null("category"))
        .col(string_null("purpose"))
        .col(integer("value"))
        .col(string("basis"))
        .col(date("valid_from"))
        .col(date_null("valid_to"))
        .col(string("legal_basis"))
        .col(string("verification"))
        .col(string("origin"))
        .check(Expr::col("valid_from").lt(Expr::col("valid_to")))
        .to_owned();
    manager.create_table(rule).await?;

    let age = Table::create()
        .table("retirement_age")
        .col(code(manager, "code").not_null().primary_key())
        .col(string("gender"))
        .col(date("valid_from"))
        .col(integer("age_months"))
        .col(string("legal_basis"))
        .col(string("verification"))
        .col(string("origin"))
        .to_owned();
    manager.create_table(age).await
}
