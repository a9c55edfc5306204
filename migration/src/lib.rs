//! The migrations of the schema. A migration never imports the entities, because its effect must not change later.
//!
//! Expand and contract: each migration works with the running version of the service and with the next one; a column or
//! table is dropped one release after its last use.

use sea_orm_migration::prelude::*;

mod column;
mod m20261121_000001_reference;
mod m20261121_000002_unit;
mod m20261121_000003_cadre;
mod m20261121_000004_access;
mod m20261121_000005_log;
mod m20261122_000006_rotation;
mod m20261123_000007_training;
mod m20261124_000008_class_session;
mod m20261125_000009_client_key;
mod m20261125_000010_client_secret;
mod m20261125_000011_revoked_token;
mod m20261125_000012_key_encryption;
mod m20261126_000013_access_log;
mod m20261127_000014_row_security;
mod m20261128_000015_external_issuer;
mod m20261128_000016_grant_limits;
mod m20261129_000017_card;
mod m20261129_000018_level_count;
mod m20261130_000019_cadre_word;
mod m20261201_000020_key_branch;
pub mod m20261202_000022_search_key;
mod m20261202_000023_quota_use;
mod m20261202_000025_client_administrator;
mod m20261202_000027_succession_of_itself;
mod m20261203_000028_table_names;
mod m20261204_000029_change_feed;
mod m20261204_000030_unit_identifier;
mod m20261204_000031_client_document;
mod m20261204_000033_access_gateway;
mod m20261204_000034_webhook;
mod m20261205_000035_title_standard;
mod m20261205_000036_duty;
mod m20261206_000037_document;
mod m20261206_000038_title_and_area;
mod m20261206_000040_title_index;
mod m20261206_000041_requirement_equivalents;
mod m20261206_000042_appraisal;
mod m20261206_000043_duty_exemption;
mod m20261206_000044_change_statistics;
mod m20261206_000045_standard_exemption;
mod wall;

pub use sea_orm_migration::prelude::{MigrationTrait, MigratorTrait, SchemaManager};

/// All migrations, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_reference::Migration),
            Box::new(m20261121_000002_unit::Migration),
            Box::new(m20261121_000003_cadre::Migration),
            Box::new(m20261121_000004_access::Migration),
            Box::new(m20261121_000005_log::Migration),
            Box::new(m20261122_000006_rotation::Migration),
            Box::new(m20261123_000007_training::Migration),
            Box::new(m20261124_000008_class_session::Migration),
            Box::new(m20261125_000009_client_key::Migration),
            Box::new(m20261125_000010_client_secret::Migration),
            Box::new(m20261125_000011_revoked_token::Migration),
            Box::new(m20261125_000012_key_encryption::Migration),
            Box::new(m20261126_000013_access_log::Migration),
            Box::new(m20261127_000014_row_security::Migration),
            Box::new(m20261128_000015_external_issuer::Migration),
            Box::new(m20261128_000016_grant_limits::Migration),
            Box::new(m20261129_000017_card::Migration),
            Box::new(m20261129_000018_level_count::Migration),
            Box::new(m20261130_000019_cadre_word::Migration),
            Box::new(m20261201_000020_key_branch::Migration),
            Box::new(m20261202_000022_search_key::Migration),
            Box::new(m20261202_000023_quota_use::Migration),
            Box::new(m20261202_000025_client_administrator::Migration),
            Box::new(m20261202_000027_succession_of_itself::Migration),
            Box::new(m20261203_000028_table_names::Migration),
            Box::new(m20261204_000029_change_feed::Migration),
            Box::new(m20261204_000030_unit_identifier::Migration),
            Box::new(m20261204_000031_client_document::Migration),
            Box::new(m20261204_000033_access_gateway::Migration),
            Box::new(m20261204_000034_webhook::Migration),
            Box::new(m20261205_000035_title_standard::Migration),
            Box::new(m20261205_000036_duty::Migration),
            Box::new(m20261206_000037_document::Migration),
            Box::new(m20261206_000038_title_and_area::Migration),
            Box::new(m20261206_000040_title_index::Migration),
            Box::new(m20261206_000041_requirement_equivalents::Migration),
            Box::new(m20261206_000042_appraisal::Migration),
            Box::new(m20261206_000043_duty_exemption::Migration),
            Box::new(m20261206_000044_change_statistics::Migration),
            Box::new(m20261206_000045_standard_exemption::Migration),
        ]
    }
}
