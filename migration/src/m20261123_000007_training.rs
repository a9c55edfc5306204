//! Programmes, plans, quotas, classes, enrolments.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{code, drop_all, index, reference, unique_while};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        plan(manager).await?;
        quota(manager).await?;
        class(manager).await?;
        enrolment(manager).await?;

        // A result grants a qualification once.
        let paper = Table::alter().table("qualification").add_column(uuid_null("enrolment_id")).to_owned();
        manager.alter_table(paper).await?;
        let mut once = Index::create();
        once.name(ONCE).table("qualification").unique().col("enrolment_id");
        manager.create_index(once).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name(ONCE).table("qualification").to_owned()).await?;
        manager.alter_table(Table::alter().table("qualification").drop_column("enrolment_id").to_owned()).await?;
        drop_all(manager, ["programme", "training_plan", "quota", "training_class", "enrolment"]).await
    }
}

/// Prevents a second qualification for the same result.
const ONCE: &str = "qualification_enrolment_id_key";

async fn plan(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let programme = Table::create()
        .table("programme")
        .col(code(manager, "code").not_null().primary_key())
        .col(string("name"))
        .col(string("kind"))
        .col(string("subject"))
        .col(code(manager, "level_code").null())
        .to_owned();
    manager.create_table(programme).await?;

    let plan = Table::create()
        .table("training_plan")
        .col(uuid("id").primary_key())
        .col(code(manager, "code").not_null().unique_key())
        .col(uuid("unit_id"))
        .col(integer("year_from"))
        .col(integer("year_to"))
        .col(string_null("document_no"))
        .col(string("name"))
        .col(string("state"))
        .col(integer("version"))
        .foreign_key(&mut reference("training_plan", ["unit_id"], "unit", ["id"]))
        .check(Expr::col("year_from").lte(Expr::col("year_to")))
        .to_owned();
    manager.create_table(plan).await?;
    index(manager, "training_plan", ["unit_id"]).await
}

async fn quota(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let quota = Table::create()
        .table("quota")
        .col(uuid("id").primary_key())
        .col(uuid("plan_id"))
        .col(uuid("unit_id"))
        .col(code(manager, "programme_code").not_null())
        .col(string_null("mode"))
        .col(string("measure"))
        .col(integer("seats"))
        .col(boolean("is_lower_bound"))
        .col(integer_null("classes"))
        .col(integer("allocated"))
        .col(integer("used"))
        .col(integer("used_before"))
        .col(uuid_null("parent_id"))
        .col(string("state"))
        .col(integer("version"))
        .foreign_key(&mut reference("quota", ["plan_id"], "training_plan", ["id"]))
        .foreign_key(&mut reference("quota", ["unit_id"], "unit", ["id"]))
        .foreign_key(&mut reference("quota", ["programme_code"], "programme", ["code"]))
        .foreign_key(&mut reference("quota", ["parent_id"], "quota", ["id"]))
        .check(Expr::col("seats").gte(0))
        .check(Expr::col("allocated").gte(0))
        .check(Expr::col("used").gte(0))
        .check(Expr::col("used_before").gte(0))
        // The invariant of quotas, also for concurrent writers: only imported history may exceed the seats, and then
        // nothing can be added.
        .check(Expr::cust("is_lower_bound OR allocated + used = 0 OR allocated + used + used_before <= seats"))
        .to_owned();
    manager.create_table(quota).await?;
    index(manager, "quota", ["plan_id", "programme_code"]).await?;
    index(manager, "quota", ["unit_id"]).await?;
    index(manager, "quota", ["parent_id"]).await
}

async fn class(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let class = Table::create()
        .table("training_class")
        .col(uuid("id").primary_key())
        .col(code(manager, "code").not_null().unique_key())
        .col(uuid_null("plan_id"))
        .col(code(manager, "programme_code").not_null())
        .col(uuid("organiser_id"))
        .col(string_null("intake"))
        .col(string("category"))
        .col(string_null("mode"))
        .col(date("start_on"))
        .col(date("end_on"))
        .col(integer_null("capacity"))
        .col(integer("enrolled"))
        .col(integer_null("reported_learners"))
        .col(string("state"))
        .col(integer("version"))
        .foreign_key(&mut reference("training_class", ["plan_id"], "training_plan", ["id"]))
        .foreign_key(&mut reference("training_class", ["programme_code"], "programme", ["code"]))
        .foreign_key(&mut reference("training_class", ["organiser_id"], "unit", ["id"]))
        .check(Expr::col("start_on").lte(Expr::col("end_on")))
        .check(Expr::col("enrolled").gte(0))
        // The invariant of classes, also for concurrent writers.
        .check(Expr::col("enrolled").lte(Expr::col("capacity")))
        .to_owned();
    manager.create_table(class).await?;
    index(manager, "training_class", ["organiser_id", "start_on"]).await?;
    index(manager, "training_class", ["plan_id"]).await?;
    index(manager, "training_class", ["start_on", "id"]).await
}

async fn enrolment(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let enrolment = Table::create()
        .table("enrolment")
        .col(uuid("id").primary_key())
        .col(uuid("cadre_id"))
        .col(uuid_null("class_id"))
        .col(code(manager, "programme_code").not_null())
        .col(uuid("unit_id"))
        .col(integer("year"))
        .col(string("state"))
        .col(string_null("grade"))
        .col(uuid_null("quota_id"))
        .col(string_null("remark"))
        .col(integer("version"))
        .foreign_key(&mut reference("enrolment", ["cadre_id"], "cadre", ["id"]))
        .foreign_key(&mut reference("enrolment", ["class_id"], "training_class", ["id"]))
        .foreign_key(&mut reference("enrolment", ["programme_code"], "programme", ["code"]))
        .foreign_key(&mut reference("enrolment", ["unit_id"], "unit", ["id"]))
        .foreign_key(&mut reference("enrolment", ["quota_id"], "quota", ["id"]))
        .to_owned();
    manager.create_table(enrolment).await?;
    index(manager, "enrolment", ["cadre_id", "year"]).await?;
    index(manager, "enrolment", ["unit_id", "year"]).await?;
    index(manager, "enrolment", ["class_id"]).await?;
    index(manager, "enrolment", ["quota_id"]).await?;
    // A person has at most one seat in a class; a person who dropped out may enrol again.
    let present = "class_id IS NOT NULL AND state NOT IN ('DROPPED', 'TRANSFERRED', 'DEFERRED')";
    unique_while(manager, "enrolment", "present", ["class_id", "cadre_id"], present).await
}
