//! The program as operators meet it: how it starts, refuses, is watched, stops, and comes back.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use cadre_api::db::Database;
use sea_orm::{ConnectionTrait, DatabaseBackend, Statement};
use serde_json::{Value, json};

use crate::support::{
    Caller, Kind, bundle, copy, fresh, on_both, open, poll, postgres,
    program::{self, Program, client, printed, refused, run},
    wire::Wire,
};

const QUESTION: &str =
    r#"{ cadres(first: 3, orderBy: [{field: CODE}]) { nodes { code qualifications { level { code } } } } }"#;

#[actix_web::test]
async fn an_empty_folder_is_enough_to_serve() {
    let folder = tempfile::tempdir().expect("a folder");

    let program = Program::start(program::command(folder.path(), &["serve", "--listen", "127.0.0.1:0"]));

    assert!(folder.path().join("cadre.db").is_file());
    assert_eq!(program.said(), format!("cadre-api listens on {}\n", program.url));
    assert!(!program.url.ends_with(":0"), "{}", program.url);
    assert_eq!(program.get("/healthz").await, (200, "ok\n".to_owned()));
    assert_eq!(program.get("/readyz").await, (200, "ok\n".to_owned()));
    let (_, metadata) = program.get("/.well-known/oauth-authorization-server").await;
    let metadata: Value = serde_json::from_str(&metadata).expect("JSON");
    assert_eq!(metadata["issuer"], program.url, "the public URL follows the address that was taken");
}

#[test]
fn what_cannot_be_opened_is_named_with_the_way_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let within = |name: &str| format!("sqlite://{}", folder.path().join(name).display());
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("bound").to_string();
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let scribble = program::scribble(folder.path());
    fs::write(folder.path().join("empty.db"), "").expect("written");
    let read_only = format!("{}?mode=ro", within("empty.db"));

    for (url, args, expected) in [
        (
            "sqlite:///dev/null/cadre.db",
            &serve[..],
            "cannot be opened or created; check that the folder /dev/null exists",
        ),
        (within("no/such/folder.db").as_str(), &serve, "cannot be opened or created; check that the folder"),
        (scribble.as_str(), &serve, "is not an SQLite database; set CADRE_DATABASE_URL to another file"),
        (read_only.as_str(), &serve, "is read-only; make it and its folder"),
        (within("a.db").as_str(), &["serve", "--listen", &taken], "another program already listens on"),
        (within("a.db").as_str(), &["serve", "--listen", "nowhere"], "invalid value 'nowhere' for '--listen <LISTEN>'"),
        (within("a.db").as_str(), &["serve", "--listen", "192.0.2.1:80"], "choose another address with --listen"),
        (within("a.db").as_str(), &["serve", "--log", "a=b=c"], "CADRE_LOG"),
        (within("a.db").as_str(), &["serve", "--database-connections", "0"], "0 is not in 1..=200"),
        (within("a.db").as_str(), &["import", "/no/such/folder"], "/no/such/folder"),
        ("postgres://u:PASS-MARK@127.0.0.1:1/d", &serve, "no PostgreSQL server answers"),
        ("postgres://u:PASS-MARK@127.0.0.1:port/d", &serve, "CADRE_DATABASE_URL is invalid; write postgres://"),
        ("postgres://u:PASS-MARK@ho st/d", &serve, "CADRE_DATABASE_URL"),
        ("postgress://u:PASS-MARK@h/d", &serve, "write sqlite://PATH for the embedded database, or postgres://"),
        ("mysql://u:PASS-MARK@h/d", &["migrate", "status"], "write sqlite://PATH for the embedded database"),
        ("", &serve, "write sqlite://PATH"),
    ] {
        let said = refused(url, args);
        assert!(said.contains(expected), "{url} {args:?}: {said}");
        assert!(!said.contains("PASS-MARK"), "{url} {args:?}: {said}");
        assert!(
            said.lines().filter(|line| !line.starts_with('{') && !line.is_empty()).count() <= 8,
            "{url} {args:?}: {said}"
        );
    }
    let by_environment =
        program::command(folder.path(), &["serve"]).env("CADRE_DATABASE_URL", "pg://u:PASS-MARK@h/d").output();
    let said = String::from_utf8(by_environment.expect("run").stderr).expect("text");
    assert!(said.contains("CADRE_DATABASE_URL") && !said.contains("PASS-MARK"), "{said}");
    let help = program::command(folder.path(), &["serve", "--help"])
        .env("CADRE_DATABASE_URL", "postgres://u:PASS-MARK@h/d")
        .output();
    let said = String::from_utf8(help.expect("run").stdout).expect("text");
    assert!(said.contains("CADRE_DATABASE_URL") && !said.contains("PASS-MARK"), "{said}");
}

#[test]
fn a_refused_password_is_not_repeated() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    let server = thread::spawn(move || {
        let (mut client, _) = listener.accept().expect("a client");
        let mut buffer = [0; 1024];
        let _startup = client.read(&mut buffer).expect("a startup message");
        client.write_all(b"R\0\0\0\x08\0\0\0\x03").expect("asked for the password");
        let read = client.read(&mut buffer).expect("a password");
        let text = b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user \"u\"\0\0";
        let length = u32::try_from(text.len() + 4).expect("short").to_be_bytes();
        client.write_all(&[b"E", &length[..], text].concat()).expect("refused");
        buffer[..read].windows(9).any(|nine| nine == b"PASS-MARK")
    });

    let said = refused(&format!("postgres://u:PASS-MARK@{address}/d?sslmode=disable"), &["migrate", "status"]);

    assert!(server.join().expect("it does not panic"), "the control: the password was sent");
    assert!(said.contains("refused the user or password of CADRE_DATABASE_URL"), "{said}");
    assert!(!said.contains("PASS-MARK"), "{said}");
}

async fn execute(database: &Database, sql: &str) {
    database.writer().execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

const FROM_TOMORROW: &str =
    "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20991231_000001_tomorrow', 0)";
const NOT_FROM_TOMORROW: &str = "DELETE FROM seaql_migrations WHERE version = 'm20991231_000001_tomorrow'";

#[actix_web::test]
async fn a_schema_of_another_version_is_refused_with_the_way_out() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (url, _folder) = fresh(kind).await;
        let serve = ["serve", "--listen", "127.0.0.1:0"];
        if kind == Kind::Postgres {
            let said = refused(&url, &serve);
            assert!(said.contains("older") && said.contains("run `cadre-api migrate up`"), "{said}");
            let said = refused(&url, &["client", "list"]);
            assert!(said.contains("run `cadre-api migrate up`"), "{said}");
        }
        assert!(
            printed(&url, &["migrate", "status"]).contains("migrations not yet applied: run `cadre-api migrate up`")
        );
        assert!(printed(&url, &["migrate", "up"]).contains("the schema is up to date"));
        assert!(printed(&url, &["migrate", "up"]).contains("the schema was already up to date"));
        assert_eq!(printed(&url, &["migrate", "status"]), "the schema is up to date\n");
        assert_eq!(printed(&url, &["migrate", "down", "--yes"]), "1 migration rolled back\n");
        assert!(printed(&url, &["migrate", "status"]).starts_with("1 migration not yet applied"));
        assert!(printed(&url, &["migrate", "up"]).starts_with("1 migration applied"));

        let database = open(&url).await;
        execute(&database, FROM_TOMORROW).await;
        for args in [&serve[..], &["migrate", "up"], &["migrate", "down"], &["client", "list"]] {
            let said = refused(&url, args);
            assert!(
                said.contains("newer version of cadre-api") && said.contains("m20991231_000001_tomorrow"),
                "{args:?}: {said}"
            );
        }
        assert!(printed(&url, &["migrate", "status"]).contains("unknown to this version: m20991231_000001_tomorrow"));
        execute(&database, NOT_FROM_TOMORROW).await;
        assert_eq!(printed(&url, &["migrate", "status"]), "the schema is up to date\n");
        database.close().await.expect("closed");
    }
}

#[actix_web::test]
async fn what_was_accepted_is_answered_before_it_stops() {
    let (url, _folder) = copy(Kind::Sqlite).await;
    let client = client(&url);
    let mut program = Program::serve(&url);
    let token = program.token(&client).await;
    let body = json!({ "query": QUESTION }).to_string();
    let length = format!("Content-Length: {}\r\n", body.len());

    // Accepted, and still sending: the server says "100 Continue" once it has read the head.
    let mut accepted: Vec<Wire> = (0..32).map(|_| Wire::to(&program.url)).collect();
    for wire in &mut accepted {
        wire.post(&token, &format!("{length}Expect: 100-continue\r\n"));
        assert_eq!(wire.answer().expect("a word").status, 100);
    }
    let mut idle = Wire::to(&program.url);
    idle.post(&token, &length);
    idle.send(&body).expect("sent");
    assert_eq!(idle.answer().expect("an answer").status, 200);

    program.terminate();
    poll::until(|| program.log().contains("stopping").then_some(())).expect("it was told to stop");
    for wire in &mut accepted {
        wire.send(&body).expect("it still listens to whom it has accepted");
    }
    for wire in &mut accepted {
        let answer = wire.answer().expect("a whole answer");
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.json()["data"]["cadres"]["nodes"][0]["code"], "A-01");
    }
    assert!(idle.closes(), "who asks nothing does not hold up the stop");
    assert_eq!(program.ended().code(), Some(0), "{}", program.log());
    assert!(std::net::TcpStream::connect(program.url.trim_start_matches("http://")).is_err());
}

#[actix_web::test]
async fn after_a_kill_the_database_is_whole_and_serves_again() {
    let (url, _folder) = fresh(Kind::Sqlite).await;
    drop(printed(&url, &["migrate", "up"]));
    let dir = bundle();
    let import = ["import", dir.to_str().expect("UTF-8"), "--database-url", &url];
    let mut whole = 0;
    let journal = PathBuf::from(format!("{}-wal", url.trim_start_matches("sqlite://")));
    let written = || fs::metadata(&journal).map_or(0, |journal| journal.len());
    for bytes in [0, 1, 20_000, 40_000, 60_000, 80_000, 100_000, 200_000] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut importing = program::command(folder.path(), &import);
        let mut importing = importing.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        // Further and further into the import; one that is through by then does no harm.
        poll::until(|| (written() >= bytes || importing.try_wait().expect("a child").is_some()).then_some(()))
            .expect("it goes on");
        importing.kill().expect("a child of ours");
        importing.wait().expect("killed");
        let database = open(&url).await;
        assert_eq!(text(&database, "PRAGMA integrity_check").await, "ok");
        assert_eq!(text(&database, "SELECT coalesce(max('broken'), 'ok') FROM pragma_foreign_key_check").await, "ok");
        let counts =
            text(&database, "SELECT (SELECT count(*) FROM cadre) || ' ' || (SELECT count(*) FROM qualification)").await;
        assert!(["0 0", "11 20"].contains(&counts.as_str()), "half an import: {counts}");
        whole += usize::from(counts == "11 20");
        database.close().await.expect("closed");
    }
    if whole == 0 {
        drop(printed(&url, &import[..2]));
    }

    let client = client(&url);
    let program = Program::serve(&url);
    let token = program.token(&client).await;
    let (_, before) = program.ask(&token, QUESTION).await;
    assert_eq!(before["data"]["cadres"]["nodes"][0]["code"], "A-01", "{before}");
    let mut busy: Vec<Wire> = (0..16).map(|_| Wire::to(&program.url)).collect();
    let body = json!({ "query": QUESTION }).to_string();
    for wire in &mut busy {
        wire.post(&token, &format!("Content-Length: {}\r\n", body.len()));
        wire.send(&body).expect("sent");
    }
    program.kill();

    let program = Program::serve(&url);
    let (status, after) = program.ask(&token, QUESTION).await;
    assert_eq!((status, after), (200, before), "the same answer, to the same token");
    let database = open(&url).await;
    assert_eq!(text(&database, "PRAGMA integrity_check").await, "ok");
    database.close().await.expect("closed");
}

async fn text(database: &Database, sql: &str) -> String {
    let row = database.reader().query_one_raw(Statement::from_string(DatabaseBackend::Sqlite, sql)).await;
    row.expect("an answer").expect("a row").try_get_by_index(0).expect("text")
}

#[actix_web::test]
async fn readiness_follows_the_database_and_liveness_does_not() {
    let (url, _folder) = copy(Kind::Postgres).await;
    let client = client(&url);
    let program = Program::serve(&url);
    let token = program.token(&client).await;
    let ready = async |part: &str| {
        poll::until_async(async || {
            let (status, text) = program.get("/readyz").await;
            (status == if part == "ok" { 200 } else { 503 } && text.contains(part)).then_some(())
        })
        .await
        .unwrap_or_else(|| panic!("it is not: {part}"));
    };
    ready("ok").await;
    let database = open(&url).await;
    execute(&database, FROM_TOMORROW).await;
    ready("newer").await;
    execute(&database, NOT_FROM_TOMORROW).await;
    ready("ok").await;
    execute(&database, "CREATE TABLE kept AS SELECT * FROM seaql_migrations; DELETE FROM seaql_migrations").await;
    ready("older").await;
    execute(&database, "INSERT INTO seaql_migrations SELECT * FROM kept").await;
    ready("ok").await;
    database.close().await.expect("closed");

    // The database goes away under the running service, and comes back.
    let server = open(&postgres::server().url("postgres")).await;
    let name = url.split('?').next().and_then(|url| url.rsplit('/').next()).expect("a name").to_owned();
    execute(&server, &format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")).await;
    execute(&server, &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")).await;
    ready("does not answer").await;
    assert_eq!(program.get("/healthz").await, (200, "ok\n".to_owned()));
    let request = reqwest::Client::new().post(format!("{}/graphql", program.url)).bearer_auth(&token);
    let answer = request.json(&json!({ "query": QUESTION })).send().await.expect("an answer");
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    let answer: Value = answer.json().await.expect("JSON");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{answer}");

    execute(&server, &format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")).await;
    ready("ok").await;
    let back = poll::until_async(async || (program.ask(&token, QUESTION).await.0 == 200).then_some(())).await;
    back.expect("the service answers again");
    server.close().await.expect("closed");
}

#[actix_web::test]
async fn metrics_count_what_was_done() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (url, _folder) = copy(kind).await;
        let client = client(&url);
        let program = Program::serve(&url);
        let token = program.token(&client).await;
        for document in [QUESTION, QUESTION, "{ nothing }", "{ cadres { nodes { identity { birthOn } } } }"] {
            program.ask(&token, document).await;
        }
        program.get("/nowhere").await;
        let (status, _) = program.ask("nothing", "{").await;
        assert_eq!(status, 401);

        let (status, text) = program.get("/metrics").await;

        assert_eq!(status, 200);
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.and_then(|value| value.parse::<f64>().ok()).unwrap_or(-1.0)
        };
        for (name, least) in [
            (r#"cadre_requests_total{route="/graphql",status="200"}"#, 4.0),
            (r#"cadre_requests_total{route="/graphql",status="401"}"#, 1.0),
            (r#"cadre_requests_total{route="/oauth/token",status="200"}"#, 1.0),
            (r#"cadre_requests_total{route="other",status="404"}"#, 1.0),
            (r#"cadre_request_seconds_bucket{route="/graphql",le="+Inf"}"#, 5.0),
            (r#"cadre_request_seconds_count{route="/graphql"}"#, 5.0),
            (r#"cadre_errors_total{code="GRAPHQL_VALIDATION_FAILED"}"#, 1.0),
            (r#"cadre_errors_total{code="FORBIDDEN"}"#, 1.0),
            (r#"cadre_errors_total{code="UNAUTHENTICATED"}"#, 1.0),
            (r#"cadre_errors_total{code="NOT_FOUND"}"#, 1.0),
            (r#"cadre_database_statements_total{pool="query",failed="false"}"#, 4.0),
            ("cadre_database_statement_seconds_count", 4.0),
            (r#"cadre_database_connections{state="open"}"#, 1.0),
            (r#"cadre_database_connections{state="idle"}"#, 0.0),
            ("cadre_operation_cost_count", 3.0),
        ] {
            assert!(value(name) >= least, "{kind:?} {name} is {}:\n{text}", value(name));
        }
        assert!(text.contains("# HELP cadre_requests_total"), "{text}");
        assert!(!text.contains(&token) && !text.contains(&client.0), "{text}");
    }
}

#[actix_web::test]
async fn clients_live_and_end_at_the_command_line() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (url, _folder) = copy(kind).await;
        let (id, secret) = client(&url);
        let program = Program::serve(&url);
        let viewer = "{ viewer { clientId scopes units { code } } }";
        let token = program.exchange(&id, &secret).await.expect("a token");
        let (status, answer) = program.ask(&token, viewer).await;
        assert_eq!((status, &answer["data"]["viewer"]["clientId"]), (200, &json!(id)), "{answer}");
        assert!(printed(&url, &["client", "list"]).contains(&id));

        let typed = printed(&url, &["token", "--client", &id]);
        assert_eq!(program.ask(typed.trim(), viewer).await, (200, answer), "an operator's token is the client's");
        assert!(
            refused(&url, &["token", "--client", &id, "--scope", "quota:read"])
                .contains("does not include all of these")
        );

        let rotated = |more: &[&str]| {
            let said = printed(&url, &[&["client", "rotate-secret", "--client", &id, "--json"], more].concat());
            let said: Value = serde_json::from_str(&said).expect("JSON");
            said["client_secret"].as_str().expect("a secret").to_owned()
        };
        let overlapping = rotated(&["--overlap", "1d"]);
        assert!(program.exchange(&id, &secret).await.is_some() && program.exchange(&id, &overlapping).await.is_some());
        assert!(printed(&url, &["client", "list"]).contains("the old secret is valid until"));
        assert!(
            refused(&url, &["client", "rotate-secret", "--client", &id, "--overlap", "31d"])
                .contains("30 days at most")
        );
        assert!(refused(&url, &["client", "end-secrets", "--client", &id]).contains("no public key"));
        let new = rotated(&[]);
        assert_ne!(new, secret);
        assert_eq!(program.exchange(&id, &overlapping).await, None);
        poll::until_async(async || program.exchange(&id, &secret).await.is_none().then_some(()))
            .await
            .expect("the old secret ends");
        poll::until_async(async || program.exchange(&id, &new).await).await.expect("the new secret holds");

        assert!(printed(&url, &["client", "revoke", "--client", &id]).contains("within 5 seconds"));
        let refusing = async || (program.ask(&token, viewer).await.0 == 401).then_some(());
        poll::until_async(refusing).await.expect("a revoked client's token ends");
        assert_eq!(program.exchange(&id, &new).await, None);
        assert!(refused(&url, &["token", "--client", &id]).contains("there is no client with this id"));
        assert!(printed(&url, &["client", "list"]).contains("revoked"));

        for (args, expected) in [
            (vec!["client", "add", "--name", "x", "--scope", "cadre:read", "--unit", "NOWHERE"], "NOWHERE"),
            (vec!["client", "add", "--name", "x", "--scope", "everything", "--unit", "W"], "--scope"),
            (vec!["client", "add", "--name", "", "--scope", "cadre:read", "--unit", "W"], "name"),
            (vec!["client", "revoke", "--client", "nobody"], "CLIENT"),
        ] {
            let said = refused(&url, &args);
            assert!(said.contains(expected), "{args:?}: {said}");
        }
    }
}

#[actix_web::test]
async fn a_client_revoked_at_the_command_line_is_refused_by_a_service_that_runs() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        let other = app.caller(&["cadre:read"], &["W"]).await;
        let status = async |caller: &Caller<'_>| {
            let answer = caller.post(&json!({ "query": "{ __typename }" })).send().await.expect("an answer");
            answer.status().as_u16()
        };
        assert_eq!(status(&caller).await, 200, "{:?}", app.kind);

        drop(printed(&app.database_url, &["client", "revoke", "--client", &caller.id]));

        let refused = poll::until_async(async || (status(&caller).await == 401).then_some(())).await;
        assert!(refused.is_some(), "{:?}", app.kind);
        assert_eq!(status(&other).await, 200, "{:?}: the control: another client goes on", app.kind);
    })
    .await;
}

#[test]
fn the_schema_is_printed_as_it_stands_in_the_repository() {
    let (folder, url) = (tempfile::tempdir().expect("a folder"), "sqlite:///dev/null/never-opened.db");
    assert_eq!(printed(url, &["schema"]), include_str!("../../schema.graphql"));
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
    assert!(run(url, &["--version"]).status.success());
}

#[actix_web::test]
async fn the_demo_prints_lines_that_work_as_they_stand() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(program::command(folder.path(), &["serve", "--demo", "--listen", "127.0.0.1:0"]));
    let greeting = poll::until(|| Some(program.said()).filter(|said| said.contains("/schema.graphql"))).expect("said");

    assert_eq!(program.log(), "", "nothing but the greeting is on the screen");
    let rows: usize = greeting.lines().map(|line| line.chars().count().div_ceil(80).max(1)).sum();
    assert!(rows < 24, "{rows} rows do not fit on a terminal with a line for the cursor:\n{greeting}");
    let answered: Vec<String> =
        greeting.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for row in ["total 75", "Intermediate political theory 66 88.0 %"] {
        assert!(answered.iter().any(|line| line == row), "{row}: {greeting}");
    }
    let lines: Vec<&str> =
        greeting.lines().filter(|line| line.starts_with("export TOKEN=") || line.starts_with("curl ")).collect();
    assert_eq!(lines.len(), 2, "{greeting}");
    let answer = shell(folder.path(), &lines.join("\n"));
    assert!(answer.contains(r#""total":75"#) && answer.contains(r#""count":66,"percent":88.0"#), "{answer}");
    assert!(answer.ends_with("}\n"), "the prompt is on a line of its own: {answer:?}");
    let client = greeting
        .lines()
        .find_map(|line| line.strip_prefix("Client id and secret, for new tokens: "))
        .expect("a client");
    let (id, secret) = client.split_once(':').expect("a secret");
    assert!(program.exchange(id, secret).await.is_some());
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing of it stays");
}

fn shell(folder: &Path, script: &str) -> String {
    let output =
        Command::new("bash").args(["-c", script]).current_dir(folder).output().expect("bash is needed for this test");
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}
