//! Migrations and entities agree on the tables: migrations in both directions, and the changes that the ORM would make.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use cadre_api::db::{Database, SchemaState};
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseBackend, Statement};
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{Kind, fresh, open};

const BOTH: [Kind; 2] = [Kind::Sqlite, Kind::Postgres];

#[actix_web::test]
async fn migrations_go_up_down_to_nothing_and_up_again() {
    for kind in BOTH {
        let (url, _folder) = fresh(kind).await;
        let database = open(&url).await;
        let all = Migrator::migrations().len();
        assert_eq!(database.schema_state().await.expect("a state"), SchemaState::Older(all));

        Migrator::up(database.writer(), None).await.expect("up");
        assert_eq!(database.schema_state().await.expect("a state"), SchemaState::Current);
        let once = tables(&database).await;
        assert!(once.len() > 50, "the control: there are tables, columns and keys: {once:#?}");

        for left in 1..=all {
            Migrator::down(database.writer(), Some(1)).await.expect("down");
            assert_eq!(database.schema_state().await.expect("a state"), SchemaState::Older(left));
        }
        let rest = tables(&database).await;
        assert!(rest.iter().all(|line| line.contains("seaql_migrations")), "{kind:?}: left behind: {rest:#?}");

        Migrator::up(database.writer(), None).await.expect("migrated again");
        assert_eq!(tables(&database).await, once, "{kind:?}");
        database.close().await.expect("closed");
    }
}

#[actix_web::test]
async fn migrations_keep_secrets_in_both_directions() {
    for kind in BOTH {
        let (url, _folder) = fresh(kind).await;
        let database = open(&url).await;
        let before = Migrator::migrations().iter().position(|step| step.name() == "m20261125_000010_client_secret");
        let before = u32::try_from(before.expect("a migration")).expect("few");
        Migrator::up(database.writer(), Some(before)).await.expect("up");
        let (id, now) = match kind {
            Kind::Sqlite => ("x'00112233445566778899aabbccddee01'", "'2026-06-01 05:00:00+00:00'"),
            Kind::Postgres => ("'00112233-4455-6677-8899-aabbccddee01'", "now()"),
        };
        let insert =
            format!("INSERT INTO client (id, name, secret_hash, created_at) VALUES ({id}, 'Cổng', 'abc', {now})");
        database.writer().execute_unprepared(&insert).await.expect("a client");

        Migrator::up(database.writer(), Some(1)).await.expect("up");
        let carried = "SELECT hash FROM client_secret s JOIN client c ON c.id = s.client_id \
                       WHERE c.name = 'Cổng' AND expires_at IS NULL";
        assert_eq!(texts(&database, carried).await, ["abc"], "{kind:?}");

        // A secret that was renewed since the migration is carried back as it is; an ending secret is not.
        let renew = "UPDATE client_secret SET hash = 'def'";
        database.writer().execute_unprepared(renew).await.expect("renewed");
        let old = format!(
            "INSERT INTO client_secret (id, client_id, hash, created_at, expires_at) VALUES ({}, {id}, 'abc', {now}, {now})",
            id.replace("01'", "02'")
        );
        database.writer().execute_unprepared(&old).await.expect("an old secret");
        Migrator::down(database.writer(), Some(1)).await.expect("down");
        assert_eq!(texts(&database, "SELECT secret_hash FROM client").await, ["def"], "{kind:?}");

        Migrator::up(database.writer(), None).await.expect("migrated again");
        assert_eq!(texts(&database, carried).await, ["def"], "{kind:?}");
        database.close().await.expect("closed");
    }
}

#[actix_web::test]
async fn entities_and_tables_agree() {
    for kind in BOTH {
        let (url, _folder) = fresh(kind).await;
        let database = open(&url).await;
        Migrator::up(database.writer(), None).await.expect("up");
        assert_eq!(set_aside_conditional_keys(&database).await, CONDITIONAL_KEYS, "{kind:?}");
        let before = tables(&database).await;

        let mut warnings = synced(&database).await;
        if kind == Kind::Sqlite {
            // SQLite has two names for the same storage: bytes without a length.
            warnings.retain(|warning| {
                !warning.contains("is `blob` in the database but the entity defines `varbinary_blob`")
            });
        }

        let after = tables(&database).await;
        // The ORM recognises only unique indexes of PostgreSQL. It would add the others again under another name, which
        // is harmless if the table already has an index over the same columns.
        let is_twin = |line: &str| match (line.split_once(" ON "), line.contains("INDEX \"idx-")) {
            (Some((_, over)), true) => before.iter().any(|had| had.split_once(" ON ").is_some_and(|had| had.1 == over)),
            _ => false,
        };
        let added: Vec<_> = after.iter().filter(|line| !before.contains(line) && !is_twin(line)).collect();
        let dropped: Vec<_> = before.iter().filter(|line| !after.contains(line)).collect();
        assert!(added.is_empty() && dropped.is_empty(), "{kind:?}: the ORM would add {added:#?} and drop {dropped:#?}");
        assert_eq!(warnings, Vec::<String>::new(), "{kind:?}");
        database.close().await.expect("closed");
    }
}

/// The control: a missing column, a column of another type, and a unique index without a declaration are detected.
#[actix_web::test]
async fn a_difference_between_entities_and_tables_is_detected() {
    for kind in BOTH {
        for (name, change, is_warned) in [
            ("a missing column", "ALTER TABLE institution DROP COLUMN name", false),
            ("an index that no entity declares", "CREATE UNIQUE INDEX odd ON assignment (start_on)", false),
            (
                "a column of another type",
                "ALTER TABLE institution DROP COLUMN name; ALTER TABLE institution ADD COLUMN name integer",
                true,
            ),
        ] {
            let (url, _folder) = fresh(kind).await;
            let database = open(&url).await;
            Migrator::up(database.writer(), None).await.expect("up");
            set_aside_conditional_keys(&database).await;
            database.writer().execute_unprepared(change).await.expect("changed");
            let before = tables(&database).await;

            // PostgreSQL refuses to drop an index as a constraint: that counts as detected.
            let noticed = match try_sync(&database).await {
                Ok(warnings) if is_warned => !warnings.is_empty(),
                Ok(_) => tables(&database).await != before,
                Err(_) => true,
            };

            assert!(noticed, "{kind:?}: {name}");
            database.close().await.expect("closed");
        }
    }
}

/// Partial unique indexes, which no entity can declare; the ORM would drop them.
const CONDITIONAL_KEYS: [&str; 9] = [
    "acting_person_living_key",
    "appraisal_current_key",
    "client_secret_lasting_key",
    "duty_exemption_in_force_key",
    "enrolment_present_key",
    "rotation_decided_key",
    "rotation_published_key",
    "rotation_running_key",
    "unit_identifier_current_key",
];

/// Drops the partial unique indexes and returns their names.
async fn set_aside_conditional_keys(database: &Database) -> Vec<String> {
    let lines = tables(database).await;
    let with_condition = lines.iter().filter(|line| line.contains("UNIQUE INDEX") && line.contains(" WHERE "));
    let mut names: Vec<String> = with_condition
        .filter_map(|line| line.split_once("UNIQUE INDEX ")?.1.split(' ').next())
        .map(|name| name.trim_matches('"').to_owned())
        .collect();
    names.sort();
    for name in &names {
        database.writer().execute_unprepared(&format!("DROP INDEX {name}")).await.expect("dropped");
    }
    names
}

/// The catalogue of the database: columns, keys, checks and indexes, one line each.
async fn tables(database: &Database) -> Vec<String> {
    let texts = match database.backend() {
        DatabaseBackend::Postgres => {
            "SELECT concat_ws(' ', 'column', table_name, ordinal_position, column_name, data_type, collation_name, is_nullable, column_default)
               FROM information_schema.columns WHERE table_schema = 'public'
             UNION ALL SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid))
               FROM pg_constraint WHERE connamespace = 'public'::regnamespace
             UNION ALL SELECT concat_ws(' ', 'index', indexdef) FROM pg_indexes WHERE schemaname = 'public'
             ORDER BY 1"
        }
        _ => {
            "SELECT 'column ' || m.name || ' ' || c.cid || ' ' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || c.pk
               FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'
             UNION ALL SELECT m.type || ' ' || m.tbl_name || ' ' || m.name || ' ' || coalesce(m.sql, '')
               FROM sqlite_master m WHERE m.name NOT LIKE 'sqlite_sequence'
             ORDER BY 1"
        }
    };
    self::texts(database, texts).await
}

/// The first column of a query.
async fn texts(database: &Database, sql: &str) -> Vec<String> {
    let select = Statement::from_string(database.backend(), sql);
    let rows = database.writer().query_all_raw(select).await.expect("rows");
    rows.iter().map(|row| row.try_get_by_index(0).expect("text")).collect()
}

async fn synced(database: &Database) -> Vec<String> {
    try_sync(database).await.expect("the ORM reads the tables")
}

/// Lets the ORM add everything that entities declare and tables lack. Returns its warnings.
async fn try_sync(database: &Database) -> Result<Vec<String>, sea_orm::DbErr> {
    let log = Log::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_ansi(false).with_writer(log.clone());
    let listening = tracing::subscriber::set_default(subscriber.finish());
    let entities = database.writer().get_schema_registry("entity::*");
    let synced = entities.sync(database.writer()).await;
    drop(listening);
    synced?;
    let log = log.0.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(String::from_utf8_lossy(&log).lines().map(str::to_owned).collect())
}

/// The log of the ORM.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
