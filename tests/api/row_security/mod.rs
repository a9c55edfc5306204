//! Row security of PostgreSQL: the second wall behind `Access`. It holds the service, whose role neither owns the
//! tables nor passes it, and shows nothing that the reach of a question does not hold.

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

/// Every table, and whether row security closes it. What is open holds no facts about persons.
const TABLES: [(&str, bool); 53] = [
    ("access_entry", true),
    ("access_withholding", true),
    ("acting_person", false),
    ("acting_person_unit", false),
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
    ("retirement_age", false),
    ("revoked_token", false),
    ("rotation", true),
    ("rotation_appraisal", true),
    ("rotation_step", true),
    ("rule", false),
    ("rule_override", true),
    ("seaql_migrations", false),
    ("signing_key", false),
    ("title", false),
    ("training_class", false),
    ("training_plan", false),
    ("unit", false),
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
async fn every_table_is_closed_or_holds_no_persons() {
    let (url, _) = copy(Kind::Postgres).await;
    let database = open(&url).await;
    let said = "SELECT relname::text, relrowsecurity, relforcerowsecurity,
            (SELECT count(*) FROM pg_policy WHERE polrelid = pg_class.oid)
        FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname COLLATE \"C\"";
    let tables: Vec<(String, bool)> = rows(database.reader(), said)
        .await
        .expect("tables")
        .iter()
        .map(|row| {
            let (name, is_on, is_forced, policies): (String, bool, bool, i64) =
                row.try_get_many_by_index().expect("four");
            assert_eq!(
                (is_on, policies),
                (is_forced, if is_on { 4 } else { 0 }),
                "{name}: on, forced, and four policies"
            );
            (name, is_on)
        })
        .collect();
    let tables: Vec<(&str, bool)> = tables.iter().map(|(name, is_on)| (name.as_str(), *is_on)).collect();

    assert_eq!(
        tables, TABLES,
        "a new table is decided here: row security by `migration::wall::raise`, or it holds no facts about persons"
    );
    database.close().await.expect("closed");
}

#[actix_web::test]
async fn nobody_is_seen_and_nothing_written_before_a_reach_is_set() {
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
        assert!(count(operator.reader(), table).await > 0, "the control: {table} holds something");
        let act = service.begin().await.expect("begun");
        assert!(count(&act, table).await > 0, "the control: an act sees {table}");
    }

    for sql in ["UPDATE cadre SET full_name = ''", "DELETE FROM enrolment"] {
        let done = service.writer().execute_unprepared(sql).await.expect("a statement that finds nothing");
        assert_eq!(done.rows_affected(), 0, "{sql}");
    }
    let copied = "INSERT INTO rule_override SELECT gen_random_uuid(), 'K', 'R', 'B', current_date, NULL";
    let refused = service.writer().execute_unprepared(copied).await.expect_err("a row that nobody sees");
    assert!(refused.to_string().contains("row-level security"), "{refused}");
    for database in [service, operator] {
        database.close().await.expect("closed");
    }
}

/// The control of everything here: a role that passes row security sees all, whatever is set.
#[actix_web::test]
async fn a_role_that_passes_row_security_sees_everybody() {
    let (url, _) = copy(Kind::Postgres).await;
    let passing = Database::open(&url, Pool::default()).await.expect("a database");
    assert!(count(passing.reader(), "cadre").await > 0);
    passing.close().await.expect("closed");
}

/// A role that is no superuser can own the database, and is held by what it owns: the wall is forced.
#[actix_web::test]
async fn the_owner_of_the_tables_migrates_imports_and_sees_nobody() {
    let url = postgres::server().create_owned(&database_name()).await;
    program::printed(&url, &["migrate", "up"]);
    program::printed(&url, &["import", bundle().to_str().expect("a plain path")]);
    let owner = Database::open(&url, Pool::default()).await.expect("a database");
    let operator = open(&url).await;
    for table in ["cadre", "assignment", "qualification", "rotation", "enrolment"] {
        assert_eq!(count(owner.reader(), table).await, 0, "{table}");
        assert!(count(operator.reader(), table).await > 0, "the control: {table} holds something");
    }
    let said = served(&url);
    assert!(said.contains("owns the tables") && said.contains("cadre-api migrate grant --to ROLE"), "{said}");
    let said = program::refused(&url, &["migrate", "grant", "--to", OWNER]);
    assert!(said.contains("owns tables"), "{said}");
    for database in [owner, operator] {
        database.close().await.expect("closed");
    }
}

/// What a service logs until it listens.
fn served(url: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let args = ["serve", "--listen", "127.0.0.1:0", "--log-format", "text", "--database-url", url];
    Program::start(program::command(folder.path(), &args)).log()
}

#[actix_web::test]
async fn a_question_writes_nothing_whatever_it_says() {
    on_both(async |app| {
        let service = app.app_state.database();
        let refused = service.reader().execute_unprepared("UPDATE title SET name = ''").await;
        assert!(refused.is_err(), "{refused:?}");
        let refused = service.read_session(RowScope::Everything).execute_unprepared("UPDATE title SET name = ''").await;
        assert!(refused.is_err(), "{refused:?}");
        let done =
            service.writer().execute_unprepared("UPDATE title SET name = name").await.expect("the control: an act");
        assert!(done.rows_affected() > 0);
    })
    .await;
}

/// One connection for questions, so that the next gets the one that the last has used.
async fn over_one_connection() -> Database {
    let (url, _) = copy(Kind::Postgres).await;
    let pool = Pool { max_connections: 1, ..Pool::default() };
    Database::open(&as_service(&url), pool).await.expect("a database")
}

#[actix_web::test]
async fn the_reads_of_a_question_see_one_moment_and_the_reach_ends_with_them() {
    let service = over_one_connection().await;
    let read_session = service.read_session(RowScope::Everything);
    let before = count(&read_session, "title").await;
    let more = "INSERT INTO title (code, name, category, is_key_leader) VALUES ('NEW', 'N', 'CADRE', false)";
    service.writer().execute_unprepared(more).await.expect("written");
    assert_eq!(count(&read_session, "title").await, before);
    read_session.end().await;
    assert_eq!(count(&read_session, "title").await, before + 1);

    rows(&read_session, "SELECT 1 / 0").await.expect_err("a statement that fails");
    assert!(count(&read_session, "cadre").await > 0, "what comes after a failure is answered");
    assert_eq!(in_transaction(&service).await, 1, "the control: a question holds its transaction");
    drop(read_session);
    assert_eq!(count(&service.read_session(RowScope::Nothing), "cadre").await, 0);
    at_rest(&service).await;
    service.close().await.expect("closed");
}

/// How many other connections of the service stand in a transaction. What is set within one ends with it.
async fn in_transaction(service: &Database) -> i64 {
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
        AND usename = current_user AND pid <> pg_backend_pid() AND state <> 'idle'";
    rows(service.reader(), others).await.expect("a count")[0].try_get_by_index(0).expect("a number")
}

/// Waits until none does.
async fn at_rest(service: &Database) {
    let rest = poll::until_async(async || (in_transaction(service).await == 0).then_some(())).await;
    rest.expect("no transaction is left open");
}

/// The client is gone in the middle of a statement: the statement is stopped, and the next question gets a connection.
#[actix_web::test]
async fn a_statement_that_nothing_waits_for_is_stopped() {
    let service = over_one_connection().await;
    let lock = "SELECT pg_advisory_xact_lock(7)::text";
    for read_mode in [ReadMode::Single, ReadMode::Prepared, ReadMode::Any] {
        let act = service.begin().await.expect("begun");
        rows(&act, lock).await.expect("locked");
        let read_session = service.read_session(RowScope::Everything);
        read_session.start(read_mode).await;
        let kept = read_session.prepared();
        tokio::select! {
            answered = text(&kept, lock) => panic!("the control: it waits for the lock: {answered}"),
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
        act.rollback().await.expect("the lock is free");
        at_rest(&service).await;
    }
    service.close().await.expect("closed");
}

/// The same at the time limit of an operation.
#[actix_web::test]
async fn a_statement_over_the_time_limit_is_stopped() {
    let (url, _) = copy(Kind::Postgres).await;
    let pool = Pool { max_connections: 1, operation_timeout: Duration::from_millis(200), ..Pool::default() };
    let service = Database::open(&as_service(&url), pool).await.expect("a database");
    let read_session = service.read_session(RowScope::Everything);

    let error = rows(&read_session, "SELECT pg_sleep(3600)::text").await.expect_err("it takes an hour");
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

/// A statement alone sets its sight itself. All see as much as a transaction of the same sight, and leave nothing
/// behind.
#[actix_web::test]
async fn a_statement_alone_sees_what_a_transaction_sees_and_leaves_no_reach_behind() {
    let service = over_one_connection().await;
    let unit = "SELECT unit_id FROM assignment WHERE end_on IS NULL ORDER BY cadre_id LIMIT 1";
    let everything = service.read_session(RowScope::Everything);
    let unit: Uuid = rows(&everything, unit).await.expect("a post")[0].try_get_by_index(0).expect("its unit");
    everything.end().await;
    let sights =
        [RowScope::Nothing, RowScope::of([unit, Uuid::max()].into_iter(), |id| id == unit), RowScope::Everything];
    let mut seen = Vec::new();
    for row_scope in sights {
        let read_session = service.read_session(row_scope.clone());
        for table in ["cadre", "cadre_snapshot", "assignment", "rotation", "level_index", "headcount"] {
            let together = count(&read_session, table).await;
            // More often than PostgreSQL looks at values before it keeps a plan.
            for _ in 0..7 {
                read_session.start(ReadMode::Single).await;
                assert_eq!(count(&read_session.prepared(), table).await, together, "{table} {row_scope:?}");
            }
            assert_eq!(in_transaction(&service).await, 0, "{table}: the reach is not left behind");
            read_session.start(ReadMode::Any).await;
            seen.push(together);
        }
        read_session.end().await;
    }
    let [nothing, some, all] = [0, 6, 12].map(|at| seen[at]);
    assert!(nothing == 0 && 0 < some && some < all, "the control: {seen:?}");
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
    rows(&read_session, one).await.expect_err("so would one that is not prepared");
    read_session.continue_in(ReadMode::Single).await;
    rows(&read_session.prepared(), one).await.expect("another one, without the rows of the first");
    read_session.continue_in(ReadMode::Prepared).await;
    for _ in 0..2 {
        rows(&read_session.prepared(), one).await.expect("several in a transaction");
    }

    read_session.start(ReadMode::Single).await;
    rows(&read_session, one).await.expect("one that is not prepared begins a transaction");
    rows(&read_session.prepared(), one).await.expect("others continue in it");
    read_session.end().await;
    service.close().await.expect("closed");
}

/// Prepared statements use generic plans, until a transaction runs another statement.
#[actix_web::test]
async fn the_read_mode_decides_on_the_plans() {
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
    rows(&read_session, "SELECT 1").await.expect("a statement that is not prepared");
    assert_eq!(mode().await, "auto");
    read_session.end().await;
    service.close().await.expect("closed");
}

/// Each act reads before, writes, and reads again; one connection for each kind would be a trap if it kept the first.
#[actix_web::test]
async fn acts_at_once_over_few_connections_do_not_wait_for_each_other() {
    let app = TestApp::new(Kind::Postgres).await;
    let pool = Pool { max_connections: 1, acquire_timeout: Duration::from_secs(60), ..Pool::default() };
    let service = Database::open(&as_service(&app.database_url), pool).await.expect("a database");
    let app_state = Arc::new(AppState::open(store(&service), clock()).await.expect("a house"));
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
        let question = ExecutionRequest {
            document,
            origin: DocumentOrigin::Sent,
            operation_name: None,
            variables: async_graphql::Variables::default(),
            language: Language::English,
            request_id: String::new(),
            queries_only: false,
            allowance: allowance(),
        };
        let access = Arc::new(Access::of(caller, None, Arc::clone(&app_state), Limits::default()).expect("no purpose"));
        let ExecutionResponse::Ran(answer) =
            engine.answer(access, question).await.audit().await.expect("logged").response
        else {
            panic!("it was refused");
        };
        let answer = serde_json::to_value(&*answer).expect("JSON");
        let rotation = &answer["data"]["rotationPropose"]["rotation"];
        assert_eq!(rotation["cadre"]["code"], "A-04", "{answer}");
        assert_eq!(rotation["steps"].as_array().map(Vec::len), Some(1), "the act reads what it wrote: {answer}");
    };

    futures_util::future::join_all((0..64).map(propose)).await;

    service.close().await.expect("closed");
    app.stop().await;
}

#[actix_web::test]
async fn the_service_adds_to_the_logs_and_changes_nothing_in_them() {
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
async fn rights_are_granted_to_a_role_that_the_wall_holds_and_to_no_other() {
    let (url, _) = fresh(Kind::Postgres).await;
    program::printed(&url, &["migrate", "up"]);
    postgres::server().make_roles().await;
    let said = program::refused(&as_service(&url), &["client", "list"]);
    assert!(said.contains("lacks a right"), "the control: {said}");

    let said = program::printed(&url, &["migrate", "grant", "--to", SERVICE]);
    assert!(said.contains("the service can use the role"), "{said}");
    program::printed(&url, &["migrate", "grant", "--to", SERVICE]);
    program::printed(&as_service(&url), &["client", "list"]);

    // Rights on what is new come with it.
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
    let said = program::refused(&url, &["migrate", "grant", "--to", &who]);
    assert!(said.contains("superuser"), "{said}");
    let said = program::refused(&url, &["migrate", "grant", "--to", "nobody; DROP TABLE cadre"]);
    assert!(said.contains("the role nobody; DROP TABLE cadre does not exist"), "{said}");
    let folder = tempfile::tempdir().expect("a folder");
    let embedded = format!("sqlite://{}", folder.path().join("cadre.db").display());
    let said = program::refused(&embedded, &["migrate", "grant", "--to", SERVICE]);
    assert!(said.contains("no roles"), "{said}");
}

#[actix_web::test]
async fn the_service_warns_where_its_role_passes_row_security() {
    let (url, _) = copy(Kind::Postgres).await;
    let said = served(&url);
    assert!(said.contains("is a superuser") && said.contains("cadre-api migrate grant --to ROLE"), "{said}");
    let said = served(&as_service(&url));
    assert!(!said.contains("row security"), "{said}");
}
