//! Names of clients and persons at external issuers.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{drop_all, index, reference, unique_while};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let client = Table::create()
            .table("external_client")
            .col(string("issuer"))
            .col(string("external_id"))
            .col(uuid("client_id"))
            .col(timestamp_with_time_zone("created_at"))
            .primary_key(Index::create().col("issuer").col("external_id"))
            .foreign_key(&mut reference("external_client", ["client_id"], "client", ["id"]))
            .to_owned();
        manager.create_table(client).await?;
        index(manager, "external_client", ["client_id"]).await?;

        let person = Table::create()
            .table("acting_person")
            .col(uuid("id").primary_key())
            .col(string("issuer"))
            .col(string("subject"))
            .col(string("scopes"))
            .col(string("purposes"))
            .col(uuid_null("cadre_id"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone_null("revoked_at"))
            .foreign_key(&mut reference("acting_person", ["cadre_id"], "cadre", ["id"]))
            .to_owned();
        manager.create_table(person).await?;
        index(manager, "acting_person", ["cadre_id"]).await?;
        unique_while(manager, "acting_person", "living", ["issuer", "subject"], "revoked_at IS NULL").await?;

        let root = Table::create()
            .table("acting_person_unit")
            .col(uuid("person_id"))
            .col(uuid("unit_id"))
            .primary_key(Index::create().col("person_id").col("unit_id"))
            .foreign_key(&mut reference("acting_person_unit", ["person_id"], "acting_person", ["id"]))
            .foreign_key(&mut reference("acting_person_unit", ["unit_id"], "unit", ["id"]))
            .to_owned();
        manager.create_table(root).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, ["external_client", "acting_person", "acting_person_unit"]).await
    }
}
