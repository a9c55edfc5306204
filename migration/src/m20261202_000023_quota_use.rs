//! The quotas that each enrolment uses, and one count of the used seats of a quota.
//!
//! `enrolment_quota` contains the quotas of all enrolments, recorded by commands or imports, and `quota.used` counts
//! all of them. Before, `used` counted the enrolments of commands and `used_before` those of imports. `used_before`
//! remains, with zero, so that the running version computes the same sum; a later release drops it. `quota.excess` is
//! the number of seats by which imported history exceeds the available ones, which the check constraint permits.

use sea_orm_migration::{
    prelude::*,
    schema::*,
    sea_orm::{DatabaseBackend, Statement, Value},
};

use crate::{
    column::{code, drop_all, index, kept_by, reference},
    wall::raise,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        open(manager).await?;
        link(manager).await?;
        run(manager, &[LEAVE_CANCELLED, LEAVE_POSTPONED, COUNT_LEARNERS, LINK_NAMED, &link_imported(backend)]).await?;
        unlink_acts(manager).await?;
        let values = format!("coalesce(n, 0) AS used, 0 AS used_before, {EXCESS} AS excess");
        match backend {
            DatabaseBackend::Postgres => {
                run(manager, &[EXPAND, &update("used, used_before, excess", &values, &uses(LINKED)), CHECK]).await
            }
            _ => remake(manager, true, (", excess", &values), &uses(LINKED)).await,
        }
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        open(manager).await?;
        let values = "coalesce(n, 0) AS used, used - coalesce(n, 0) AS used_before";
        match manager.get_database_backend() {
            DatabaseBackend::Postgres => {
                let uncheck = "ALTER TABLE quota DROP CONSTRAINT quota_check";
                run(manager, &[uncheck, &update("used, used_before", values, &uses(NAMED)), CONTRACT]).await?;
            }
            _ => remake(manager, false, ("", values), &uses(NAMED)).await?,
        }
        drop_all(manager, ["enrolment_quota"]).await
    }
}

async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}

/// Disables row security during the migration, because it also applies to the owner of the tables.
async fn open(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    match manager.get_database_backend() {
        DatabaseBackend::Postgres => run(manager, &["SELECT set_config('cadre.reach', '*', true)"]).await,
        _ => Ok(()),
    }
}

async fn link(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = Table::create();
    table
        .table("enrolment_quota")
        .col(uuid("enrolment_id"))
        .col(uuid("quota_id"))
        .foreign_key(&mut reference("enrolment_quota", ["enrolment_id"], "enrolment", ["id"]))
        .foreign_key(&mut reference("enrolment_quota", ["quota_id"], "quota", ["id"]));
    manager.create_table(kept_by(manager, table, ["enrolment_id", "quota_id"])).await?;
    index(manager, "enrolment_quota", ["quota_id"]).await?;
    raise(manager, "enrolment_quota", "EXISTS (SELECT FROM enrolment WHERE enrolment.id = enrolment_id)").await
}

/// State changes of the learners of a class that does not take place, as `classAdvance` makes them.
const LEAVE_CANCELLED: &str = "UPDATE enrolment SET state = 'DROPPED', version = version + 1
    WHERE state IN ('WAITLISTED', 'CONFIRMED', 'ATTENDING')
    AND class_id IN (SELECT id FROM training_class WHERE state = 'CANCELLED')";
const LEAVE_POSTPONED: &str = "UPDATE enrolment SET state = 'WAITLISTED', version = version + 1
    WHERE state IN ('CONFIRMED', 'ATTENDING')
    AND class_id IN (SELECT id FROM training_class WHERE state = 'POSTPONED')";
const COUNT_LEARNERS: &str = "UPDATE training_class SET enrolled = (SELECT count(*) FROM enrolment
        WHERE class_id = training_class.id AND enrolment.state IN ('CONFIRMED', 'ATTENDING', 'COMPLETED', 'FAILED'))
    WHERE state IN ('CANCELLED', 'POSTPONED')";

/// The quota that a command named.
const LINK_NAMED: &str = "INSERT INTO enrolment_quota (enrolment_id, quota_id)
    SELECT id, quota_id FROM enrolment WHERE quota_id IS NOT NULL";

/// The quotas that imported enrolments use: the quotas of the nearest unit, from the sending unit upwards, with a quota
/// of the plan and programme, and of the nearest one with a quota for any programme.
fn link_imported(backend: DatabaseBackend) -> String {
    let (end_of_year, day_before) = match backend {
        DatabaseBackend::Postgres => ("make_date(year, 12, 31)", "ended_on - 1"),
        _ => ("printf('%04d-12-31', year)", "date(ended_on, '-1 day')"),
    };
    // A unit that ended within the year is placed in the tree of its last day.
    format!(
        "INSERT INTO enrolment_quota (enrolment_id, quota_id)
         WITH RECURSIVE sent AS (
             SELECT enrolment.id, enrolment.unit_id, enrolment.year, enrolment.programme_code, class.plan_id, class.mode
             FROM enrolment JOIN training_class AS class ON class.id = enrolment.class_id
             WHERE enrolment.quota_id IS NULL AND class.plan_id IS NOT NULL
             AND enrolment.state IN ('WAITLISTED', 'CONFIRMED', 'ATTENDING', 'COMPLETED', 'FAILED')
         ), sender AS (
             SELECT DISTINCT unit_id, year, {end_of_year} AS year_end,
                 (SELECT valid_to FROM unit_version AS version WHERE version.unit_id = sent.unit_id
                  ORDER BY valid_from IS NULL, valid_from DESC LIMIT 1) AS ended_on
             FROM sent
         ), place AS (
             SELECT unit_id, year, CASE WHEN ended_on <= year_end THEN {day_before} ELSE year_end END AS last_day, year_end
             FROM sender
         ), day AS (
             SELECT place.unit_id, place.year,
                 CASE WHEN {last_day_year} = place.year THEN last_day ELSE year_end END AS on_day FROM place
         ), way AS (
             SELECT unit_id AS sender, year, on_day, unit_id, 0 AS depth FROM day
             UNION ALL
             SELECT way.sender, way.year, way.on_day, version.parent_id, way.depth + 1
             FROM way JOIN unit_version AS version ON version.id = coalesce(
                 (SELECT begun.id FROM unit_version AS begun WHERE begun.unit_id = way.unit_id
                  AND (begun.valid_from IS NULL OR begun.valid_from <= way.on_day)
                  ORDER BY begun.valid_from IS NULL, begun.valid_from DESC LIMIT 1),
                 (SELECT first.id FROM unit_version AS first WHERE first.unit_id = way.unit_id
                  ORDER BY first.valid_from LIMIT 1))
             WHERE version.parent_id IS NOT NULL AND way.depth < 100
         ), nearest AS (
             SELECT way.sender, way.year, quota.plan_id, quota.programme_code, min(way.depth) AS depth
             FROM way JOIN quota ON quota.unit_id = way.unit_id AND quota.state = 'ISSUED'
             GROUP BY way.sender, way.year, quota.plan_id, quota.programme_code
         )
         SELECT sent.id, quota.id FROM sent
         JOIN nearest ON nearest.sender = sent.unit_id AND nearest.year = sent.year AND nearest.plan_id = sent.plan_id
         JOIN programme ON programme.code = nearest.programme_code
             AND (programme.code = sent.programme_code OR programme.subject = 'ANY')
         JOIN way ON way.sender = nearest.sender AND way.year = nearest.year AND way.depth = nearest.depth
         JOIN quota ON quota.unit_id = way.unit_id AND quota.plan_id = nearest.plan_id AND quota.state = 'ISSUED'
             AND quota.programme_code = nearest.programme_code AND (quota.mode IS NULL OR quota.mode = sent.mode)",
        last_day_year = match backend {
            DatabaseBackend::Postgres => "extract(year FROM last_day)",
            _ => "CAST(substr(last_day, 1, 4) AS integer)",
        },
    )
}

/// Enrolments of commands that named no quota use none. An import records no change of an enrolment, a command does.
async fn unlink_acts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let (connection, backend) = (manager.get_connection(), manager.get_database_backend());
    let created = "SELECT object FROM change WHERE object_type = 'enrolment' AND kind = 'CREATED'";
    for row in connection.query_all_raw(Statement::from_string(backend, created)).await? {
        let object: String = row.try_get_by_index(0)?;
        let id = object.strip_prefix("enr_").and_then(decoded);
        let id = id.ok_or_else(|| DbErr::Migration(format!("the change log names no enrolment: {object}")))?;
        let place = if backend == DatabaseBackend::Postgres { "$1" } else { "?" };
        let delete = format!(
            "DELETE FROM enrolment_quota WHERE enrolment_id = {place}
             AND EXISTS (SELECT 1 FROM enrolment WHERE enrolment.id = enrolment_id AND enrolment.quota_id IS NULL)"
        );
        connection.execute_raw(Statement::from_sql_and_values(backend, delete, [Value::from(id)])).await?;
    }
    Ok(())
}

/// Decodes an id from its 26 base32 characters.
fn decoded(text: &str) -> Option<sea_orm_migration::sea_orm::prelude::Uuid> {
    let mut bits = 0_u128;
    let digits = text.bytes().map(|byte| match byte {
        b'a'..=b'z' => Some(byte - b'a'),
        b'2'..=b'7' => Some(byte - b'2' + 26),
        _ => None,
    });
    let digits: Vec<u8> = digits.collect::<Option<_>>().filter(|digits: &Vec<u8>| digits.len() == 26)?;
    let (last, first) = digits.split_last()?;
    first.iter().for_each(|digit| bits = bits << 5 | u128::from(*digit));
    // 26 characters contain two bits more than an id.
    Some(sea_orm_migration::sea_orm::prelude::Uuid::from_u128(bits << 3 | u128::from(last >> 2)))
}

/// Enrolments with their quotas, and enrolments with the quota that a command named.
const LINKED: &str = "enrolment_quota AS link JOIN enrolment ON enrolment.id = link.enrolment_id";
const NAMED: &str = "enrolment AS link JOIN enrolment ON enrolment.id = link.id";

/// The used seats of each quota: a quota of persons counts each person once.
fn uses(of: &str) -> String {
    format!(
        "SELECT link.quota_id, count(DISTINCT CASE WHEN quota.measure = 'PERSONS' THEN enrolment.cadre_id
             ELSE enrolment.id END) AS n
         FROM {of} JOIN quota ON quota.id = link.quota_id
         WHERE enrolment.state IN ('CONFIRMED', 'ATTENDING', 'COMPLETED', 'FAILED') GROUP BY link.quota_id"
    )
}

/// Number of seats by which the used ones exceed the available ones.
const EXCESS: &str = "CASE WHEN is_lower_bound OR allocated + coalesce(n, 0) <= seats THEN 0
    ELSE allocated + coalesce(n, 0) - seats END";

/// An update of all quotas on PostgreSQL.
fn update(columns: &str, values: &str, uses: &str) -> String {
    format!(
        "UPDATE quota SET ({columns}) = (SELECT {columns} FROM (SELECT quota.id, {values}
             FROM quota LEFT JOIN ({uses}) AS counted ON counted.quota_id = quota.id) AS now WHERE now.id = quota.id)"
    )
}

const EXPAND: &str = "ALTER TABLE quota DROP CONSTRAINT quota_check;
    ALTER TABLE quota ALTER COLUMN used_before SET DEFAULT 0;
    ALTER TABLE quota ADD COLUMN excess integer NOT NULL DEFAULT 0 CHECK (excess >= 0)";
const CHECK: &str = "ALTER TABLE quota ADD CONSTRAINT quota_check CHECK (is_lower_bound OR allocated + used + used_before <= seats + excess)";
const CONTRACT: &str = "ALTER TABLE quota DROP COLUMN excess;
    ALTER TABLE quota ALTER COLUMN used_before DROP DEFAULT;
    ALTER TABLE quota ADD CONSTRAINT quota_check
        CHECK (is_lower_bound OR allocated + used = 0 OR allocated + used + used_before <= seats)";

const COLUMNS: &str = "id, plan_id, unit_id, programme_code, mode, measure, seats, is_lower_bound, classes, allocated, \
                       parent_id, state, version";

/// Recreates the table on SQLite, which cannot alter a check constraint. Foreign keys of other tables are checked at
/// the commit.
async fn remake(
    manager: &SchemaManager<'_>,
    has_excess: bool,
    (column, values): (&str, &str),
    uses: &str,
) -> Result<(), DbErr> {
    let copy = "CREATE TABLE quota_copied AS SELECT * FROM quota";
    let count = format!("CREATE TABLE quota_counted AS {uses}");
    run(manager, &["PRAGMA defer_foreign_keys = ON", copy, &count, "DROP TABLE quota"]).await?;
    quota(manager, has_excess).await?;
    let fill = format!(
        "INSERT INTO quota ({COLUMNS}, used, used_before{column}) SELECT {COLUMNS}, {values}
         FROM quota_copied LEFT JOIN quota_counted ON quota_counted.quota_id = quota_copied.id"
    );
    run(manager, &[&fill, "DROP TABLE quota_copied", "DROP TABLE quota_counted"]).await
}

async fn quota(manager: &SchemaManager<'_>, has_excess: bool) -> Result<(), DbErr> {
    let mut used_before = integer("used_before");
    let mut table = Table::create();
    table
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
        .col(if has_excess { used_before.default(0) } else { &mut used_before })
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
        .check(Expr::col("used_before").gte(0));
    if has_excess {
        table.col(integer("excess").default(0));
        table.check(Expr::col("excess").gte(0));
        table.check(Expr::cust("is_lower_bound OR allocated + used + used_before <= seats + excess"));
    } else {
        table.check(Expr::cust("is_lower_bound OR allocated + used = 0 OR allocated + used + used_before <= seats"));
    }
    manager.create_table(table).await?;
    index(manager, "quota", ["plan_id", "programme_code"]).await?;
    index(manager, "quota", ["unit_id"]).await?;
    index(manager, "quota", ["parent_id"]).await
}
