//! A full or failing disk: acknowledged commands are stored, others are refused as `UNAVAILABLE`, and the service
//! recovers automatically.

use std::{collections::BTreeSet, fs, num::NonZeroU32, path::Path, process::Command};

use cadre_api::db::{Database, Pool};
use entity::{access_entry, cadre_snapshot, training_plan};
use sea_orm::{ConnectionTrait, DatabaseBackend, EntityTrait, PaginatorTrait, Statement};
use serde_json::{Value, json};

use crate::support::{
    Caller, Kind, TestApp, copy, csv,
    disk::SmallDisk,
    open, poll, postgres, prepared,
    program::{self, Program, printed, refused},
};

/// Maximum number of commands until the disk must be full.
const MAX: usize = 5_000;

/// Commands that are sent while the disk is full.
const MORE: usize = 30;

fn draft(code: &str) -> String {
    format!(
        "mutation {{ planDraft(input: {{idempotencyKey: \"{code}\", code: \"{code}\", unitCode: \"P\", yearFrom: 2027, \
         yearTo: 2027, name: \"Kế hoạch {code}\"}}) {{ plan {{ code }} userErrors {{ code message }} }} }}"
    )
}

/// Whether a response acknowledges the draft. The only other permitted response is `UNAVAILABLE`.
fn is_acknowledged(answer: &Value) -> bool {
    if answer["data"]["planDraft"]["userErrors"] == json!([]) {
        return true;
    }
    let codes: Vec<_> = answer["errors"].as_array().into_iter().flatten().map(|e| &e["extensions"]["code"]).collect();
    assert_eq!(codes, ["UNAVAILABLE"], "{answer:#}");
    false
}

/// Drafts plans until the disk is full and some more. Returns the codes of the acknowledged plans.
async fn draft_until_full(prefix: &str, send: impl AsyncFn(&str) -> Value) -> BTreeSet<String> {
    let (mut acknowledged, mut refused) = (BTreeSet::new(), 0);
    for nth in 0..MAX {
        let code = format!("{prefix}-{nth}");
        match is_acknowledged(&send(&draft(&code)).await) {
            true => drop(acknowledged.insert(code)),
            false => refused += 1,
        }
        if refused == MORE {
            assert!(!acknowledged.is_empty(), "the control: the first commands succeed");
            return acknowledged;
        }
    }
    panic!("the control: the disk does not get full")
}

/// The stored codes of the plans that a test has drafted.
async fn stored(database: &Database, prefix: &str) -> BTreeSet<String> {
    let plans = training_plan::Entity::find().all(database.reader()).await.expect("read");
    plans.into_iter().map(|plan| plan.code.to_string()).filter(|code| code.starts_with(prefix)).collect()
}

/// A full disk and its recovery, for a service in this process.
async fn fills_up_and_recovers(app: &TestApp, free: impl AsyncFnOnce()) {
    let caller = app.all_seeing().await;
    let ready = async || {
        let answer = app.http().get(format!("{}/readyz", app.url)).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    };
    assert_eq!(ready().await, (200, "ok\n".to_owned()), "the control");

    let mut acknowledged = draft_until_full("VOLL", async |document| caller.ask(document, json!({})).await).await;
    let (status, why) = ready().await;
    assert_eq!((status, why.contains("the disk of the database is full")), (503, true), "{why}");
    let read = caller.query("{ cadres(first: 1) { nodes { code } } }").await;
    assert_eq!(read["cadres"]["nodes"].as_array().map(Vec::len), Some(1), "requests without writes are answered");
    assert_eq!(ready().await.0, 503, "still");

    free().await;
    assert!(poll::until_async(async || (ready().await.0 == 200).then_some(())).await.is_some(), "{:?}", ready().await);
    for nth in 0..MORE {
        let code = format!("VOLL-after-{nth}");
        assert!(is_acknowledged(&caller.ask(&draft(&code), json!({})).await), "{code}");
        acknowledged.insert(code);
    }
    assert_eq!(stored(&app.database, "VOLL").await, acknowledged);
}

/// A `TestApp` whose database file can grow by a few pages only, with a table that can be dropped to free pages.
async fn narrow_app() -> TestApp {
    let (url, folder) = copy(Kind::Sqlite).await;
    let database = open(&url).await;
    execute(&database, "CREATE TABLE filler (page BLOB)").await;
    execute(&database, "INSERT INTO filler VALUES (zeroblob(4000000))").await;
    let count = Statement::from_string(DatabaseBackend::Sqlite, "PRAGMA page_count");
    let count = database.reader().query_one_raw(count).await.expect("read").expect("a row");
    let pages: u32 = count.try_get_by_index(0).expect("a number");
    database.close().await.expect("closed");
    let pool = Pool { max_pages: NonZeroU32::new(pages + 100), ..Pool::default() };
    TestApp::with_pool(Kind::Sqlite, url, folder, pool).await
}

async fn execute(database: &Database, sql: &str) {
    database.writer().execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

#[actix_web::test]
async fn a_full_database_file_loses_no_acknowledged_write_and_recovers() {
    let app = narrow_app().await;
    fills_up_and_recovers(&app, async || execute(&app.database, "DROP TABLE filler").await).await;
    app.stop().await;
}

#[actix_web::test]
async fn protected_data_is_not_sent_if_the_access_log_cannot_be_written() {
    let app = narrow_app().await;
    let caller = app.all_seeing().await;
    let identity = read_identity(&caller).await;
    let number = identity["data"]["cadres"]["nodes"][0]["identity"]["nationalId"].as_str().expect("the control");
    draft_until_full("VOLL", async |document| caller.ask(document, json!({})).await).await;

    let logged = async || access_entry::Entity::find().count(app.database.reader()).await.expect("read");
    let (before, mut answered, mut refused) = (logged().await, 0, 0);
    // Existing pages still have space for some entries.
    while refused < MORE {
        let answer = read_identity(&caller).await;
        match answer.get("errors") {
            None => answered += 1,
            Some(errors) => {
                assert_eq!(errors[0]["extensions"]["code"], "UNAVAILABLE", "{answer:#}");
                assert!(answer["data"].is_null() && !answer.to_string().contains(number), "{answer:#}");
                refused += 1;
            }
        }
        assert_eq!(logged().await, before + answered, "each response has its entry");
    }

    execute(&app.database, "DROP TABLE filler").await;
    let answer = read_identity(&caller).await;
    assert!(answer.get("errors").is_none(), "{answer:#}");
    assert_eq!(logged().await, before + answered + 1);
    app.stop().await;
}

async fn read_identity(caller: &Caller<'_>) -> Value {
    caller.ask(r#"{ cadres(first: 1) { nodes { code identity { nationalId } } } }"#, json!({})).await
}

#[actix_web::test]
async fn a_full_disk_loses_no_acknowledged_write_and_the_service_recovers() {
    let Some(disk) = SmallDisk::mount(24) else { return };
    let (url, client, _folder) = database_on(disk.path()).await;
    let program = Program::serve(&url);
    disk.fill_up_to(3_600_000);
    process_fails_and_recovers(program, (&url, &client), "the disk of the database is full", |_| disk.free()).await;
}

/// Writes fail with an I/O error: exceeding the limit of a file's size is not a full disk.
#[actix_web::test]
async fn a_failing_disk_loses_no_acknowledged_write_and_the_service_recovers() {
    let prlimit =
        |args: &[&str]| Command::new("prlimit").args(args).output().is_ok_and(|output| output.status.success());
    if !prlimit(&["--version"]) {
        println!("NOT TESTED: prlimit of util-linux is not here");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (url, client, _folder) = database_on(folder.path()).await;
    let args = ["serve", "--listen", "127.0.0.1:0", "--database-url", &url, "--public-url", program::PUBLIC_URL];
    let limited = program::through(
        &program::command(folder.path(), &args),
        &["prlimit", "--fsize=2500000:", "sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""],
    );
    let lift = |pid: u32| assert!(prlimit(&["--pid", &pid.to_string(), "--fsize=unlimited:"]), "the limit is lifted");
    process_fails_and_recovers(Program::start(limited), (&url, &client), "the disk of the database has failed", lift)
        .await;
}

/// A failing disk, for the program: commands fail, `/readyz` states the reason, and acknowledged commands are stored.
async fn process_fails_and_recovers(
    mut program: Program,
    (url, client): (&str, &(String, String)),
    why: &str,
    mend: impl FnOnce(u32),
) {
    let token = program.token(client).await;
    assert_eq!(program.get("/readyz").await, (200, "ok\n".to_owned()), "the control");
    let send = async |document: &str| program.ask(&token, document).await.1;
    let mut acknowledged = draft_until_full("VOLL", send).await;
    let (status, message) = program.get("/readyz").await;
    assert_eq!((status, message.contains(why)), (503, true), "{message}");

    mend(program.pid());
    let ready = poll::until_async(async || (program.get("/readyz").await.0 == 200).then_some(())).await;
    assert!(ready.is_some(), "{:?}", program.get("/readyz").await);
    for nth in 0..MORE {
        let code = format!("VOLL-after-{nth}");
        assert!(is_acknowledged(&program.ask(&token, &draft(&code)).await.1), "{code}");
        acknowledged.insert(code);
    }
    program.terminate();
    assert!(program.ended().success(), "{}", program.log());

    let database = open(url).await;
    assert_eq!(stored(&database, "VOLL").await, acknowledged);
    database.close().await.expect("closed");
    assert!(printed(url, &["verify"]).contains("intact"));
    assert!(printed(url, &["audit", "verify"]).contains("intact"));
}

/// A copy of the database in a folder, and a client that drafts plans.
async fn database_on(folder: &Path) -> (String, (String, String), impl Sized) {
    let (url, template) = copy(Kind::Sqlite).await;
    let file = folder.join("cadre.db");
    fs::copy(url.trim_start_matches("sqlite://"), &file).expect("copied");
    let url = format!("sqlite://{}", file.display());
    let scopes = ["--scope", "cadre:read", "--scope", "training:read", "--scope", "training:write"];
    let add = [&["client", "add", "--json", "--name", "office"], &scopes[..], &["--unit", "W"]].concat();
    let made: Value = serde_json::from_str(&printed(&url, &add)).expect("JSON");
    let word = |name: &str| made[name].as_str().expect("a word").to_owned();
    (url, (word("client_id"), word("client_secret")), template)
}

#[actix_web::test]
async fn a_command_on_a_full_disk_fails_and_writes_nothing() {
    let Some(disk) = SmallDisk::mount(24) else { return };
    let (url, ..) = database_on(disk.path()).await;
    let database = open(&url).await;
    let cards = cadre_snapshot::Entity::find().count(database.reader()).await.expect("read");
    execute(&database, "DELETE FROM cadre_snapshot WHERE rowid = (SELECT min(rowid) FROM cadre_snapshot)").await;
    let plans = training_plan::Entity::find().count(database.reader()).await.expect("read");
    database.close().await.expect("closed");

    let bundle = tempfile::tempdir().expect("a folder");
    let rows: String = (0..4_000).map(|nth| format!("VOLL-{nth},2027,2027,Kế hoạch {nth}\n")).collect();
    fs::write(bundle.path().join("training_plans.csv"), csv::training_plans("code,year_from,year_to,name", &rows))
        .expect("written");
    let import = ["import", bundle.path().to_str().expect("UTF-8")];

    disk.fill_up_to(100_000);
    for args in [&import[..], &["verify", "--repair"]] {
        let message = refused(&url, args);
        assert!(message.contains("the disk of the database is full"), "{args:?}: {message}");
    }
    disk.free();
    let database = open(&url).await;
    let counted = training_plan::Entity::find().count(database.reader()).await.expect("read");
    assert_eq!(counted, plans, "no row of the import is stored");
    database.close().await.expect("closed");
    assert!(printed(&url, &["verify", "--repair"]).contains("intact"));
    printed(&url, &import);
    let database = open(&url).await;
    assert_eq!(cadre_snapshot::Entity::find().count(database.reader()).await.expect("read"), cards);
    assert_eq!(training_plan::Entity::find().count(database.reader()).await.expect("read"), plans + 4_000);
    database.close().await.expect("closed");
}

#[actix_web::test]
async fn a_full_tablespace_loses_no_acknowledged_write_and_the_service_recovers() {
    if postgres::setting("CADRE_TEST_POSTGRES_URL").is_some() {
        println!("NOT TESTED: there may be no server binaries beside the server of CADRE_TEST_POSTGRES_URL");
        return;
    }
    let Some(disk) = SmallDisk::mount(64) else { return };
    // A separate server: a full tablespace fails the checkpoints of the whole server.
    let server = postgres::Server::start();
    server.make_roles().await;
    let (url, drop_database) = server.create_database_on(disk.path()).await;
    prepared(&url).await.close().await.expect("closed");
    let app = TestApp::with_pool(Kind::Postgres, url, None, Pool::default()).await;
    app.import(&crate::support::bundle()).await;
    disk.fill_up_to(400_000);
    fills_up_and_recovers(&app, async || disk.free()).await;
    app.stop().await;
    drop_database.await;
}

#[actix_web::test]
async fn a_log_that_cannot_be_written_breaks_no_response() {
    if !fs::exists("/dev/full").is_ok_and(|exists| exists) {
        println!("NOT TESTED: there is no /dev/full here");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let plain = program::command(folder.path(), &["serve", "--listen", "127.0.0.1:0", "--log", "debug"]);
    let command = program::through(&plain, &["sh", "-c", "exec \"$0\" \"$@\" 2>/dev/full"]);
    let mut program = Program::start(command);
    for _ in 0..3 {
        assert_eq!(program.get("/readyz").await, (200, "ok\n".to_owned()));
        assert_eq!(program.ask("no-token", "{ __typename }").await.0, 401);
    }
    let (_, metrics) = program.get("/metrics").await;
    let lost = metrics.lines().find_map(|line| line.strip_prefix("cadre_log_lines_lost_total "));
    assert!(lost.is_some_and(|lost| lost != "0"), "{metrics}");
    program.terminate();
    assert!(program.ended().success());
}
