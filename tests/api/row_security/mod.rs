//! Row security of PostgreSQL, the second access check after `authz::Access`. The service's role neither owns the
//! tables nor bypasses row security, so it reads only rows within the reach of the request.

#[cfg(debug_assertions)]
mod drawn;

use std::{sync::Arc, time::Duration};

use cadre_api::{
    app_state::AppState,
    auth::Tokens,
    authz::Access,
    db::{self, Database, Pool, ReadMode, RowScope},
    graphql::engine::{DocumentOrigin, Engine, ExecutionRequest, ExecutionResponse},
    language::Language,
    limit::Limits,
};
use sea_orm::{ConnectionTrait, DbErr, Statement};
use uuid::Uuid;

use crate::support::{
    Kind, TestApp, allowance, as_service, bundle, clock, copy, database_name, fresh, on_both, open, poll,
    postgres::{self, OWNER, SERVICE},
    program::{self, Program},
    store,
};

/// Every table, and whether it has row security. Tables without it contain no facts about persons.
const TABLES: [(&str, bool); 65] = [
    ("access_entry", true),
    ("access_withholding", true),
    ("acting_person", false),
    ("acting_person_unit", false),
    ("appraisal", true),
    ("assertion_use", false),
    ("assignment", true),
    ("audit_entry", false),
    ("cadre", true),
    ("cadre_snapshot", true),
    ("change", false),
    ("class_session", false),
    ("client", false),
    ("client_document", false),
    ("client_grant", false),
    ("client_key", false),
    ("client_secret", false),
    ("document", false),
    ("duty", false),
    ("duty_exemption", true),
    ("duty_programme", false),
    ("enrolment", true),
    ("enrolment_quota", true),
    ("ethnic_group", false),
    ("external_client", false),
    ("feed_state", false),
    ("grant_unit", false),
    ("headcount", true),
    ("headcount_state", false),
    ("idempotency_key", false),
    ("institution", false),
    ("level_index", true),
    ("log_head", false),
    ("log_link", false),
    ("name_index", true),
    ("programme", false),
    ("projection", false),
    ("qualification", true),
    ("qualification_level", false),
    ("qualification_subject", false),
    ("quota", false),
    ("requirement", false),
    ("retirement_age", false),
    ("revoked_token", false),
    ("rotation", true),
    ("rotation_appraisal", true),
    ("rotation_step", true),
    ("rule", false),
    ("rule_override", true),
    ("seaql_migrations", false),
    ("signing_key", false),
    ("standard", false),
    ("standard_exemption", true),
    ("standard_scope", false),
    ("title", false),
    ("title_index", true),
    ("title_step", false),
    ("training_class", false),
    ("training_plan", false),
    ("unit", false),
    ("unit_area", false),
    ("unit_identifier", false),
    ("unit_succession", false),
    ("unit_version", false),
    ("webhook", false),
];

async fn rows(connection: &impl ConnectionTrait, sql: &str) -> Result<Vec<sea_orm::QueryResult>, DbErr> {
    connection.query_all_raw(Statement::from_string(connection.get_database_backend(), sql)).await
}

async fn count(connection: &impl ConnectionTrait, table: &str) -> i64 {
    let rows = rows(connection, &format!("SELECT count(*) FROM {table}")).await.expect(table);
    rows[0].try_get_by_index(0).expect("a count")
}

#[actix_web::test]
async fn every_table_has_row_security_or_contains_no_persons() {
    let (url, _) = copy(Kind::Postgres).await;
    let database = open(&url).await;
    let sql = "SELECT relname::text, relrowsecurity, relforcerowsecurity,
            (SELECT count(*) FROM pg_policy WHERE polrelid = pg_class.oid)
        FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname COLLATE \"C\"";
    let tables: Vec<(String, bool)> = rows(database.reader(), sql)
        .await
        .expect("tables")
        .iter()
        .map(|row| {
            let (name, is_on, is_forced, policies): (String, bool, bool, i64) =
                row.try_get_many_by_index().expect("four");
            assert_eq!(
                (is_on, policies),
                (is_forced, if is_on { 4 } else { 0 }),
                "{name}: enabled, forced, and four policies"
            );
            (name, is_on)
        })
        .collect();
    let tables: Vec<(&str, bool)> = tables.iter().map(|(name, is_on)| (name.as_str(), *is_on)).collect();

    assert_eq!(
        tables, TABLES,
        "add a new table here: with row security by `migration::wall::raise`, or without it if it contains no persons"
    );
    database.close().await.expect("closed");
}

#[actix_web::test]
async fn row_security_hides_all_rows_until_a_reach_is_set() {
    let (url, _) = copy(Kind::Postgres).await;
    let service = Database::open(&as_service(&url), Pool::default()).await.expect("a database");
    let operator = Database::open(&as_service(&url), Pool { row_scope: RowScope::Everything, ..Pool::default() })
        .await
        .expect("a database");
    for (table, _) in TABLES.into_iter().filter(|(_, is_closed)| *is_closed) {
        assert_eq!(count(service.reader(), table).await, 0, "{table}");
        assert_eq!(count(service.writer(), table).await, 0, "{table}");
        let nothing = service.read_session(RowScope::of([uuid::Uuid::nil()].into_iter(), |_| false));
        assert_eq!(count(&nothing, table).await, 0, "{table}");
    }
    for table in ["cadre", "assignment", "qualification", "rotation", "enrolment"] {
        assert!(count(operator.reader(), table).await > 0, "the control: {table} has rows");
        let transaction = service.begin().await.expect("begun");
        assert!(count(&transaction, table).await > 0, "the control: a command sees {table}");
    }

    for sql in ["UPDATE cadre SET full_name = ''", "DELETE FROM enrolment"] {
        let done = service.writer().execute_unprepared(sql).await.expect("a statement that finds no rows");
        assert_eq!(done.rows_affected(), 0, "{sql}");
    }
    let copied = "INSERT INTO rule_override SELECT gen_random_uuid(), 'K', 'R', 'B', current_date, NULL";
    let refused = service.writer().execute_unprepared(copied).await.expect_err("a row out of reach");
    assert!(refused.to_string().contains("row-level security"), "{refused}");
    for database in [service, operator] {
        database.close().await.expect("closed");
    }
}

/// The control for these tests: a role that bypasses row security sees all rows, whatever the reach is.
#[actix_web::test]
async fn a_role_that_bypasses_row_security_sees_all_rows() {
    let (url, _) = copy(Kind::Postgres).await;
    let passing = Database::open(&url, Pool::default()).await.expect("a database");
    assert!(count(passing.reader(), "cadre").await > 0);
    passing.close().await.expect("closed");
}

/// A role that is no superuser can own the database. Row security is forced, so it applies to the owner as well.
#[actix_web::test]
async fn the_owner_of_the_tables_migrates_and_imports_but_sees_no_rows() {
    let url = postgres::server().create_owned(&database_name()).await;
    program::printed(&url, &["migrate", "up"]);
    program::printed(&url, &["import", bundle().to_str().expect("a plain path")]);
    let owner = Database::open(&url, Pool::default()).await.expect("a database");
    let operator = open(&url).await;
    for table in ["cadre", "assignment", "qualification", "rotation", "enrolment"] {
        assert_eq!(count(owner.reader(), table).await, 0, "{table}");
        assert!(count(operator.reader(), table).await > 0, "the control: {table} has rows");
    }
    let message = served(&url);
    assert!(message.contains("owns the tables") && message.contains("cadre-api migrate grant --to ROLE"), "{message}");
    let message = program::refused(&url, &["migrate", "grant", "--to", OWNER]);
    assert!(message.contains("owns tables"), "{message}");
    for database in [owner, operator] {
        database.close().await.expect("closed");
    }
}

/// The log of a service until it listens.
fn served(url: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let args = ["serve", "--listen", "127.0.0.1:0", "--log-format", "text", "--database-url", url];
    Program::start(program::command(folder.path(), &args)).log()
}

#[actix_web::test]
async fn read_connections_cannot_write() {
    on_both(async |app| {
        let service = app.app_state.database();
        let refused = service.reader().execute_unprepared("UPDATE title SET name = ''").await;
        assert!(refused.is_err(), "{refused:?}");
        let refused = service.read_session(RowScope::Everything).execute_unprepared("UPDATE title SET name = ''").await;
        assert!(refused.is_err(), "{refused:?}");
        let done =
            service.writer().execute_unprepared("UPDATE title SET name = name").await.expect("the control: a command");
        assert!(done.rows_affected() > 0);
    })
    .await;
}

/// One read connection, so that the next request uses the connection of the previous one.
async fn over_one_connection() -> Database {
    let (url, _) = copy(Kind::Postgres).await;
    let pool = Pool { max_connections: 1, ..Pool::default() };
    Database::open(&as_service(&url), pool).await.expect("a database")
}

#[actix_web::test]
async fn the_reads_of_a_request_see_one_snapshot_and_leave_no_reach_behind() {
    let service = over_one_connection().await;
    let read_session = service.read_session(RowScope::Everything);
    let before = count(&read_session, "title").await;
    let more = "INSERT INTO title (code, name, category, is_key_leader) VALUES ('NEW', 'N', 'CADRE', false)";
    service.writer().execute_unprepared(more).await.expect("written");
    assert_eq!(count(&read_session, "title").await, before);
    read_session.end().await;
    assert_eq!(count(&read_session, "title").await, before + 1);

    rows(&read_session, "SELECT 1 / 0").await.expect_err("a statement that fails");
    assert!(count(&read_session, "cadre").await > 0, "a statement after a failure succeeds");
    assert_eq!(in_transaction(&service).await, 1, "the control: a request keeps its transaction open");
    drop(read_session);
    assert_eq!(count(&service.read_session(RowScope::Nothing), "cadre").await, 0);
    at_rest(&service).await;
    service.close().await.expect("closed");
}

/// The number of other connections of the service with an open transaction. Settings of a transaction end with it.
async fn in_transaction(service: &Database) -> i64 {
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
        AND usename = current_user AND pid <> pg_backend_pid() AND state <> 'idle'";
    rows(service.reader(), others).await.expect("a count")[0].try_get_by_index(0).expect("a number")
}

/// Waits until no transaction is open.
async fn at_rest(service: &Database) {
    let rest = poll::until_async(async || (in_transaction(service).await == 0).then_some(())).await;
    rest.expect("no transaction is left open");
}

/// The client disconnects during a statement: the statement is cancelled, and the next request gets a connection.
#[actix_web::test]
async fn the_statement_of_an_abandoned_request_is_cancelled() {
    let service = over_one_connection().await;
    let lock = "SELECT pg_advisory_xact_lock(7)::text";
    for read_mode in [ReadMode::Single, ReadMode::Prepared, ReadMode::Any] {
        let transaction = service.begin().await.expect("begun");
        rows(&transaction, lock).await.expect("locked");
        let read_session = service.read_session(RowScope::Everything);
        read_session.start(read_mode).await;
        let prepared = read_session.prepared();
        tokio::select! {
            answered = text(&prepared, lock) => panic!("the control: the statement waits for the lock: {answered}"),
            both = poll::until_async(async || (in_transaction(&service).await == 2).then_some(())) => {
                both.expect("the statement is under way");
            }
        }
        drop(read_session);
        let stopped = poll::until_async(async || (in_transaction(&service).await == 1).then_some(())).await;
        stopped.expect("the statement ends while the lock is still held");
        let next = service.read_session(RowScope::Nothing);
        assert_eq!(count(&next, "cadre").await, 0, "{read_mode:?}");
        next.end().await;
        transaction.rollback().await.expect("the lock is free");
        at_rest(&service).await;
    }
    service.close().await.expect("closed");
}

/// The same at the time limit of an operation.
#[actix_web::test]
async fn a_statement_over_the_time_limit_is_cancelled() {
    let (url, _) = copy(Kind::Postgres).await;
    let pool = Pool { max_connections: 1, operation_timeout: Duration::from_millis(200), ..Pool::default() };
    let service = Database::open(&as_service(&url), pool).await.expect("a database");
    let read_session = service.read_session(RowScope::Everything);

    let error = rows(&read_session, "SELECT pg_sleep(3600)::text").await.expect_err("the statement takes an hour");
    assert!(db::is_timeout(&error), "{error}");
    at_rest(&service).await;
    let error = rows(&read_session, "SELECT 1").await.expect_err("no time is left");
    assert!(db::is_timeout(&error), "{error}");
    rows(&service.read_session(RowScope::Nothing), "SELECT 1").await.expect("another operation has its own time");
    service.close().await.expect("closed");
}

async fn text(connection: &impl ConnectionTrait, sql: &str) -> String {
    rows(connection, sql).await.expect("a row")[0].try_get_by_index(0).expect("a text")
}

/// A single statement sets its reach without a transaction. It sees the same rows as a transaction with that reach, and
/// leaves no reach on the connection.
#[actix_web::test]
async fn a_single_statement_sees_the_rows_of_a_transaction_and_leaves_no_reach_behind() {
    let service = over_one_connection().await;
    let unit = "SELECT unit_id FROM assignment WHERE end_on IS NULL ORDER BY cadre_id LIMIT 1";
    let everything = service.read_session(RowScope::Everything);
    let unit: Uuid = rows(&everything, unit).await.expect("a post")[0].try_get_by_index(0).expect("its unit");
    everything.end().await;
    let sights =
        [RowScope::Nothing, RowScope::of([unit, Uuid::max()].into_iter(), |id| id == unit), RowScope::Everything];
    let mut counts = Vec::new();
    for row_scope in sights {
        let read_session = service.read_session(row_scope.clone());
        for table in ["cadre", "cadre_snapshot", "assignment", "rotation", "level_index", "headcount"] {
            let together = count(&read_session, table).await;
            // More executions than PostgreSQL plans individually before it switches to a generic plan.
            for _ in 0..7 {
                read_session.start(ReadMode::Single).await;
                assert_eq!(count(&read_session.prepared(), table).await, together, "{table} {row_scope:?}");
            }
            assert_eq!(in_transaction(&service).await, 0, "{table}: no reach stays on the connection");
            read_session.start(ReadMode::Any).await;
            counts.push(together);
        }
        read_session.end().await;
    }
    let [nothing, some, all] = [0, 6, 12].map(|at| counts[at]);
    assert!(nothing == 0 && 0 < some && some < all, "the control: {counts:?}");
    service.close().await.expect("closed");
}

#[actix_web::test]
async fn a_request_for_a_single_statement_reads_no_second_snapshot() {
    let (url, _) = copy(Kind::Postgres).await;
    let service = Database::open(&as_service(&url), Pool::default()).await.expect("a database");
    let read_session = service.read_session(RowScope::Everything);
    let one = "SELECT 1";

    read_session.start(ReadMode::Single).await;
    rows(&read_session.prepared(), one).await.expect("a single statement");
    rows(&read_session.prepared(), one).await.expect_err("a second one would read another snapshot");
    rows(&read_session, one).await.expect_err("an unprepared statement would do the same");
    read_session.continue_in(ReadMode::Single).await;
    rows(&read_session.prepared(), one).await.expect("another single statement, independent of the first");
    read_session.continue_in(ReadMode::Prepared).await;
    for _ in 0..2 {
        rows(&read_session.prepared(), one).await.expect("several in a transaction");
    }

    read_session.start(ReadMode::Single).await;
    rows(&read_session, one).await.expect("an unprepared statement begins a transaction");
    rows(&read_session.prepared(), one).await.expect("other statements continue in it");
    read_session.end().await;
    service.close().await.expect("closed");
}

/// Prepared statements use generic plans, until a transaction runs another statement.
#[actix_web::test]
async fn the_read_mode_selects_generic_or_custom_plans() {
    let (url, _) = copy(Kind::Postgres).await;
    let service = Database::open(&as_service(&url), Pool::default()).await.expect("a database");
    let read_session = service.read_session(RowScope::Everything);
    let mode = async || text(&read_session.prepared(), "SELECT current_setting('plan_cache_mode')").await;

    for (read_mode, expected) in
        [(ReadMode::Single, "force_generic_plan"), (ReadMode::Prepared, "force_generic_plan"), (ReadMode::Any, "auto")]
    {
        read_session.start(read_mode).await;
        assert_eq!(mode().await, expected, "{read_mode:?}");
    }
    read_session.start(ReadMode::Prepared).await;
    assert_eq!(mode().await, "force_generic_plan");
    rows(&read_session, "SELECT 1").await.expect("an unprepared statement");
    assert_eq!(mode().await, "auto");
    read_session.end().await;
    service.close().await.expect("closed");
}

/// Each command reads before, writes, and reads again. With one connection for each purpose, commands that hold one
/// while they wait for the other would deadlock.
#[actix_web::test]
async fn concurrent_commands_over_few_connections_do_not_deadlock() {
    let app = TestApp::new(Kind::Postgres).await;
    let pool = Pool { max_connections: 1, acquire_timeout: Duration::from_secs(60), ..Pool::default() };
    let service = Database::open(&as_service(&app.database_url), pool).await.expect("a database");
    let app_state = Arc::new(AppState::open(store(&service), clock()).await.expect("an application state"));
    let tokens = Tokens::load(store(&service), clock(), &app.url).await.expect("keys");
    let (engine, client) = (Engine::default(), app.all_seeing().await);
    let propose = async |nth: u32| {
        let caller = tokens.verifier.verify(&client.token, clock().now()).await.expect("a caller");
        let document = format!(
            r#"mutation {{ rotationPropose(input: {{idempotencyKey: "{nth}", cadreCode: "A-04", form: ROTATION, purpose:
            DEVELOPMENT, toUnitCode: "A1U", toTitleCode: "CC", startOn: "2026-07-01", plannedEndOn: "2029-07-01",
            preparingUnitCode: "P", planning: {{documentNo: "1-QH", validFrom: "2025-01-01"}}}})
            {{ rotation {{ cadre {{ code assignments {{ unit {{ code }} }} }} steps {{ state }} }} userErrors {{ message }} }} }}"#
        );
        let request = ExecutionRequest {
            document,
            origin: DocumentOrigin::Sent,
            operation_name: None,
            variables: async_graphql::Variables::default(),
            language: Language::English,
            request_id: String::new(),
            queries_only: false,
            allowance: allowance(),
            validation: None,
        };
        let access = Arc::new(Access::of(caller, None, Arc::clone(&app_state), Limits::default()).expect("no purpose"));
        let ExecutionResponse::Ran(answer) =
            engine.answer(access, request).await.audit().await.expect("logged").response
        else {
            panic!("it was refused");
        };
        let answer = serde_json::to_value(&*answer).expect("JSON");
        let rotation = &answer["data"]["rotationPropose"]["rotation"];
        assert_eq!(rotation["cadre"]["code"], "A-04", "{answer}");
        assert_eq!(rotation["steps"].as_array().map(Vec::len), Some(1), "the command reads its own writes: {answer}");
    };

    futures_util::future::join_all((0..64).map(propose)).await;

    service.close().await.expect("closed");
    app.stop().await;
}

#[actix_web::test]
async fn the_service_can_only_append_to_the_logs() {
    let (url, _) = copy(Kind::Postgres).await;
    let service = Database::open(&as_service(&url), Pool::default()).await.expect("a database");
    for table in ["audit_entry", "change", "access_entry", "access_withholding", "log_link"] {
        let place = if table == "log_link" { "position" } else { "seq" };
        let update = format!("UPDATE {table} SET {place} = {place}");
        for sql in [format!("DELETE FROM {table}"), update, format!("TRUNCATE {table}")] {
            let refused = service.writer().execute_unprepared(&sql).await.expect_err(&sql).to_string();
            assert!(refused.contains("permission denied"), "{sql}: {refused}");
        }
    }
    for sql in ["DELETE FROM seaql_migrations", "DROP POLICY seen ON cadre", "CREATE TABLE mine (id integer)"] {
        service.writer().execute_unprepared(sql).await.expect_err(sql);
    }
    service.close().await.expect("closed");
}

#[actix_web::test]
async fn rights_are_granted_only_to_a_role_that_row_security_applies_to() {
    let (url, _) = fresh(Kind::Postgres).await;
    program::printed(&url, &["migrate", "up"]);
    postgres::server().make_roles().await;
    let message = program::refused(&as_service(&url), &["client", "list"]);
    assert!(message.contains("lacks a right"), "the control: {message}");

    let message = program::printed(&url, &["migrate", "grant", "--to", SERVICE]);
    assert!(message.contains("the service can use the role"), "{message}");
    program::printed(&url, &["migrate", "grant", "--to", SERVICE]);
    program::printed(&as_service(&url), &["client", "list"]);

    // A migration grants the rights on new tables.
    program::printed(&url, &["migrate", "down", "--yes"]);
    let database = open(&url).await;
    let revoked = format!("REVOKE ALL ON cadre FROM {SERVICE}");
    database.writer().execute_unprepared(&revoked).await.expect("revoked");
    program::printed(&url, &["migrate", "up"]);
    let service = Database::open(&as_service(&url), Pool::default()).await.expect("a database");
    assert_eq!(count(service.reader(), "cadre").await, 0);
    service.close().await.expect("closed");

    let who = rows(database.reader(), "SELECT current_user::text").await.expect("a row");
    let who: String = who[0].try_get_by_index(0).expect("a name");
    database.close().await.expect("closed");
    let message = program::refused(&url, &["migrate", "grant", "--to", &who]);
    assert!(message.contains("superuser"), "{message}");
    let message = program::refused(&url, &["migrate", "grant", "--to", "nobody; DROP TABLE cadre"]);
    assert!(message.contains("the role nobody; DROP TABLE cadre does not exist"), "{message}");
    let folder = tempfile::tempdir().expect("a folder");
    let embedded = format!("sqlite://{}", folder.path().join("cadre.db").display());
    let message = program::refused(&embedded, &["migrate", "grant", "--to", SERVICE]);
    assert!(message.contains("no roles"), "{message}");
}

#[actix_web::test]
async fn the_service_warns_if_its_role_bypasses_row_security() {
    let (url, _) = copy(Kind::Postgres).await;
    let message = served(&url);
    assert!(message.contains("is a superuser") && message.contains("cadre-api migrate grant --to ROLE"), "{message}");
    let message = served(&as_service(&url));
    assert!(!message.contains("row security"), "{message}");
}
