//! Row security on the tables with personal data; on PostgreSQL only.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{DatabaseBackend, Statement},
};

use crate::wall::{knows, knows_somehow, raise, reaches, take_down};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DatabaseBackend::Postgres {
            return Ok(());
        }
        manager.get_connection().execute_unprepared(&functions(&schema(manager).await?)).await?;
        for (table, condition) in walls() {
            raise(manager, table, &condition).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DatabaseBackend::Postgres {
            return Ok(());
        }
        for (table, _) in walls() {
            take_down(manager, table).await?;
        }
        manager.get_connection().execute_unprepared(NO_FUNCTIONS).await.map(drop)
    }
}

/// Row conditions of each table.
fn walls() -> [(&'static str, String); 10] {
    let of_rotation = || "EXISTS (SELECT FROM rotation WHERE rotation.id = rotation_id)".to_owned();
    [
        ("cadre", knows("cadre.id")),
        // All posts of a visible person: the responsible unit of the file is derived from all of them.
        ("assignment", format!("{} OR {}", reaches("unit_id"), knows_somehow("cadre_id"))),
        ("qualification", knows("qualification.cadre_id")),
        ("rotation", rotation("rotation", &reaches)),
        ("rotation_step", of_rotation()),
        ("rotation_appraisal", of_rotation()),
        ("rule_override", of_rotation()),
        ("enrolment", enrolment("enrolment", "training_class", &reaches)),
        ("access_entry", knows("access_entry.cadre_id")),
        ("access_withholding", knows("access_withholding.cadre_id")),
    ]
}

/// A rotation is visible to both of its units after publication, and only to the preparing unit before.
fn rotation(table: &str, reaches: &dyn Fn(&str) -> String) -> String {
    let unit = |column: &str| reaches(&format!("{table}.{column}"));
    format!(
        "{} OR ({} OR {}) AND ({table}.published_on IS NOT NULL OR {table}.state NOT IN ('DRAFT', 'POLICY_APPROVED', \
         'NOMINATED', 'PREPARED', 'EXCHANGED', 'DECIDED', 'CANCELLED', 'REVOKED'))",
        unit("preparing_unit_id"),
        unit("from_unit_id"),
        unit("to_unit_id"),
    )
}

/// An enrolment is visible to the sending unit and to the organiser of its class.
fn enrolment(table: &str, classes: &str, reaches: &dyn Fn(&str) -> String) -> String {
    format!(
        "{} OR EXISTS (SELECT FROM {classes} AS class WHERE class.id = {table}.class_id AND {})",
        reaches(&format!("{table}.unit_id")),
        reaches("class.organiser_id"),
    )
}

/// The function that finds a person must see all tables, because otherwise their conditions would recurse endlessly:
/// inside it all rows are visible, and the reach is a parameter. PL/pgSQL caches its plan between statements. A `SET`
/// clause on the function would do the same, but an owner without superuser rights may not write it.
fn functions(schema: &str) -> String {
    let given = |column: &str| format!("{schema}.reaches({column}, bounds)");
    format!(
        "CREATE FUNCTION reaches_all() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
         RETURN current_setting('cadre.reach', true) = '*';

         CREATE FUNCTION reach() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE
         RETURN CASE WHEN current_setting('cadre.reach', true) LIKE '{{%'
                     THEN current_setting('cadre.reach', true)::uuid[] END;

         CREATE FUNCTION reaches(unit uuid, bounds uuid[]) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
         RETURN width_bucket(unit, bounds) % 2 = 1;

         CREATE FUNCTION reaches_cadre(person uuid, bounds uuid[]) RETURNS boolean
         LANGUAGE plpgsql STABLE COST 1000 AS $$
         DECLARE
             before text := current_setting('cadre.reach', true);
             ignored text := set_config('cadre.reach', '*', true);
             known boolean;
         BEGIN
             known := EXISTS (SELECT FROM {schema}.assignment WHERE cadre_id = person AND {})
                 OR EXISTS (SELECT FROM {schema}.rotation WHERE cadre_id = person AND ({}))
                 OR EXISTS (SELECT FROM {schema}.enrolment WHERE cadre_id = person AND ({}));
             ignored := set_config('cadre.reach', before, true);
             RETURN known;
         END $$;",
        given("unit_id"),
        rotation("rotation", &given),
        enrolment("enrolment", &format!("{schema}.training_class"), &given),
    )
}

/// The schema of the tables: a function that is called during a dump has an empty search path.
async fn schema(manager: &SchemaManager<'_>) -> Result<String, DbErr> {
    let select = Statement::from_string(DatabaseBackend::Postgres, "SELECT quote_ident(current_schema())");
    let row = manager.get_connection().query_one_raw(select).await?;
    row.ok_or_else(|| DbErr::Migration("there is no schema to migrate".to_owned()))?.try_get_by_index(0)
}

const NO_FUNCTIONS: &str = "DROP FUNCTION reaches_cadre(uuid, uuid[]);
    DROP FUNCTION reaches(uuid, uuid[]);
    DROP FUNCTION reach();
    DROP FUNCTION reaches_all();";
