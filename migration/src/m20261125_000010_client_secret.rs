//! A table for the secrets of clients: two may be valid during a rotation. Secrets in the client table are copied, in
//! both directions.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{drop_all, index, reference, unique_while};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let secret = Table::create()
            .table("client_secret")
            .col(uuid("id").primary_key())
            .col(uuid("client_id"))
            .col(string("hash"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone_null("expires_at"))
            .foreign_key(&mut reference("client_secret", ["client_id"], "client", ["id"]))
            .to_owned();
        manager.create_table(secret).await?;
        index(manager, "client_secret", ["client_id"]).await?;
        unique_while(manager, "client_secret", "lasting", ["client_id"], "expires_at IS NULL").await?;

        // Each client has one secret, so the id of the client is used as the id of its first secret. An empty text is
        // not a valid hash.
        let carry = "INSERT INTO client_secret (id, client_id, hash, created_at) \
                     SELECT id, id, secret_hash, created_at FROM client WHERE secret_hash <> ''";
        manager.get_connection().execute_unprepared(carry).await?;
        // No release has this column, so it is dropped at once: a remaining hash would outlive its secret.
        manager.alter_table(Table::alter().table("client").drop_column("secret_hash").to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = string("secret_hash").default("").to_owned();
        manager.alter_table(Table::alter().table("client").add_column(column).to_owned()).await?;
        let carry = "UPDATE client SET secret_hash = coalesce((SELECT hash FROM client_secret \
                     WHERE client_secret.client_id = client.id AND expires_at IS NULL), '')";
        manager.get_connection().execute_unprepared(carry).await?;
        drop_all(manager, ["client_secret"]).await
    }
}
