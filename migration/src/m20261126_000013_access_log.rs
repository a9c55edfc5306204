//! The access log of protected data, its withheld entries, the chain over all logs, and triggers that make them
//! append-only.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DatabaseBackend};

use crate::column::{drop_all, index, reference};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Append-only tables.
const APPEND_ONLY: [&str; 5] = ["audit_entry", "change", "access_entry", "access_withholding", "log_link"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let basis = Table::alter().table("client_grant").add_column(string_null("legal_basis")).to_owned();
        manager.alter_table(basis).await?;
        access(manager).await?;
        chain(manager).await?;
        if manager.get_database_backend() == DatabaseBackend::Postgres {
            execute(manager, REFUSE.to_owned()).await?;
        }
        for table in APPEND_ONLY {
            for trigger in triggers(manager.get_database_backend(), table) {
                execute(manager, trigger).await?;
            }
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, ["access_entry", "access_withholding", "log_link", "log_head"]).await?;
        for table in ["audit_entry", "change"] {
            for name in names(manager.get_database_backend(), table) {
                execute(manager, dropping(manager.get_database_backend(), table, &name)).await?;
            }
        }
        if manager.get_database_backend() == DatabaseBackend::Postgres {
            execute(manager, "DROP FUNCTION append_only()".to_owned()).await?;
        }
        manager.alter_table(Table::alter().table("client_grant").drop_column("legal_basis").to_owned()).await
    }
}

async fn access(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let entry = Table::create()
        .table("access_entry")
        .col(big_integer("seq").primary_key())
        .col(timestamp_with_time_zone("at"))
        .col(uuid("client_id"))
        .col(string_null("on_behalf_of"))
        .col(uuid("cadre_id"))
        .col(string("categories"))
        .col(string("purpose"))
        .col(string_null("legal_basis"))
        .col(string("operation"))
        .foreign_key(&mut reference("access_entry", ["client_id"], "client", ["id"]))
        .foreign_key(&mut reference("access_entry", ["cadre_id"], "cadre", ["id"]))
        .to_owned();
    manager.create_table(entry).await?;
    index(manager, "access_entry", ["cadre_id"]).await?;

    let withholding = Table::create()
        .table("access_withholding")
        .col(big_pk_auto("seq"))
        .col(timestamp_with_time_zone("at"))
        .col(uuid("client_id"))
        .col(uuid("cadre_id"))
        .col(date("until_on"))
        .col(string("document_no"))
        .foreign_key(&mut reference("access_withholding", ["client_id"], "client", ["id"]))
        .foreign_key(&mut reference("access_withholding", ["cadre_id"], "cadre", ["id"]))
        .to_owned();
    manager.create_table(withholding).await?;
    index(manager, "access_withholding", ["cadre_id"]).await
}

/// The links of the chain, and the row that serialises writers.
async fn chain(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let link = Table::create()
        .table("log_link")
        .col(big_integer("position").primary_key())
        .col(string("log"))
        .col(big_integer("entry"))
        .col(blob("hash"))
        .to_owned();
    manager.create_table(link).await?;
    index(manager, "log_link", ["entry"]).await?;

    let head = Table::create()
        .table("log_head")
        .col(integer("id").primary_key())
        .col(big_integer("position"))
        .col(blob("hash"))
        .to_owned();
    manager.create_table(head).await?;
    let start = Query::insert()
        .into_table("log_head")
        .columns(["id", "position", "hash"])
        .values_panic([1.into(), 0.into(), vec![0_u8; 32].into()])
        .to_owned();
    manager.execute(start).await
}

/// On PostgreSQL one function serves the triggers of all tables.
const REFUSE: &str = "CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$";

fn names(backend: DatabaseBackend, table: &str) -> Vec<String> {
    match backend {
        DatabaseBackend::Postgres => vec![format!("{table}_append_only")],
        _ => ["update", "delete"].map(|act| format!("{table}_no_{act}")).to_vec(),
    }
}

fn triggers(backend: DatabaseBackend, table: &str) -> Vec<String> {
    let names = names(backend, table);
    match backend {
        DatabaseBackend::Postgres => vec![format!(
            "CREATE TRIGGER {} BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} \
             FOR EACH STATEMENT EXECUTE FUNCTION append_only()",
            names[0]
        )],
        _ => ["UPDATE", "DELETE"]
            .iter()
            .zip(names)
            .map(|(act, name)| {
                format!(
                    "CREATE TRIGGER {name} BEFORE {act} ON {table} \
                     BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
            })
            .collect(),
    }
}

fn dropping(backend: DatabaseBackend, table: &str, trigger: &str) -> String {
    match backend {
        DatabaseBackend::Postgres => format!("DROP TRIGGER {trigger} ON {table}"),
        _ => format!("DROP TRIGGER {trigger}"),
    }
}

async fn execute(manager: &SchemaManager<'_>, statement: String) -> Result<(), DbErr> {
    manager.get_connection().execute_unprepared(&statement).await.map(drop)
}
