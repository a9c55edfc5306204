//! Reference lists: subjects, levels, ethnic groups, titles, institutions.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{code, drop_all, reference};

const TABLES: [&str; 5] = ["qualification_subject", "qualification_level", "ethnic_group", "title", "institution"];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let subject = Table::create()
            .table("qualification_subject")
            .col(code(manager, "code").primary_key())
            .col(string("label_vi"))
            .col(string("label_en"))
            .col(small_integer("position"))
            .to_owned();
        manager.create_table(subject).await?;

        let level = Table::create()
            .table("qualification_level")
            .col(code(manager, "subject_code").not_null())
            .col(code(manager, "code").not_null())
            .col(small_integer("rank"))
            .col(string("label_vi"))
            .col(string("label_en"))
            .primary_key(Index::create().col("subject_code").col("code"))
            .foreign_key(&mut reference("qualification_level", ["subject_code"], "qualification_subject", ["code"]))
            .to_owned();
        manager.create_table(level).await?;

        let ethnic_group = Table::create()
            .table("ethnic_group")
            .col(code(manager, "code").primary_key())
            .col(string("name"))
            .col(string("other_names"))
            .col(string("code_1979"))
            .to_owned();
        manager.create_table(ethnic_group).await?;

        let title = Table::create()
            .table("title")
            .col(code(manager, "code").primary_key())
            .col(string("name"))
            .col(string("category"))
            .col(string_null("tier"))
            .col(boolean("is_key_leader"))
            .to_owned();
        manager.create_table(title).await?;

        let institution = Table::create()
            .table("institution")
            .col(code(manager, "code").primary_key())
            .col(string("name"))
            .to_owned();
        manager.create_table(institution).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, TABLES).await
    }
}
