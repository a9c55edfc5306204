//! An import during commands: commands that are committed during validation do not stop it, and a command that
//! contradicts the bundle is reported.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use entity::{audit_entry, cadre, training_plan};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use crate::support::{
    Kind, copy, csv, open, poll,
    program::{self, Program, printed},
};

/// People in the bundle: enough for many commands to be committed during validation.
const PEOPLE: usize = 6_000;

/// Plans in the bundle that contradicts the commands.
const PLANS: usize = 3_000;

fn write_people(folder: &Path) {
    let (mut cadres, mut posts) = (String::new(), String::new());
    for at in 0..PEOPLE {
        writeln!(cadres, "BESIDE-{at},9990005{at:05},Người Thứ {at}").expect("text");
        writeln!(posts, "BESIDE-{at},A1U").expect("text");
    }
    fs::write(folder.join("cadres.csv"), csv::cadres("code,national_id,full_name", &cadres)).expect("written");
    fs::write(folder.join("assignments.csv"), csv::assignments("cadre_code,unit_code", &posts)).expect("written");
}

/// A client that drafts plans: id and secret.
fn office(url: &str) -> (String, String) {
    let scopes = ["--scope", "training:read", "--scope", "training:write"];
    let add = [&["client", "add", "--json", "--name", "office"], &scopes[..], &["--unit", "W"]].concat();
    let made: Value = serde_json::from_str(&printed(url, &add)).expect("JSON");
    let word = |name: &str| made[name].as_str().expect("a word").to_owned();
    (word("client_id"), word("client_secret"))
}

/// A running import and its log.
struct Import {
    child: Child,
    log: Arc<Mutex<String>>,
}

impl Import {
    /// Starts an import and waits until it validates.
    fn start(url: &str, folder: &Path) -> Self {
        let args = ["import", "--json", folder.to_str().expect("UTF-8"), "--database-url", url, "--log", "info"];
        let mut command = program::command(folder, &args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let log = Arc::new(Mutex::new(String::new()));
        let (lines, copy) = (BufReader::new(child.stderr.take().expect("piped")).lines(), Arc::clone(&log));
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                copy.lock().unwrap_or_else(PoisonError::into_inner).push_str(&format!("{line}\n"));
            }
        });
        let import = Self { child, log };
        poll::until(|| import.log().contains("checking").then_some(())).expect("the import validates");
        import
    }

    fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn is_over(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_some()
    }

    /// Whether it succeeded, its report and its log.
    fn end(self) -> (bool, Value, String) {
        let output = self.child.wait_with_output().expect("ended");
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (output.status.success(), serde_json::from_slice(&output.stdout).unwrap_or_default(), log)
    }
}

/// Drafts plans `PREFIX-0`, `PREFIX-1` and so on until the import ends. Returns the number of acknowledged plans.
async fn draft_until_over(import: &mut Import, program: &Program, token: &str, prefix: &str) -> u64 {
    let mut acknowledged = 0;
    for nth in 0.. {
        if import.is_over() {
            break;
        }
        let document = format!(
            "mutation {{ planDraft(input: {{idempotencyKey: \"{prefix}-{nth}\", code: \"{prefix}-{nth}\", unitCode: \"P\", \
             yearFrom: 2027, yearTo: 2027, name: \"Kế hoạch của phòng\"}}) {{ userErrors {{ code }} }} }}"
        );
        let (_, answer) = program.ask(token, &document).await;
        if answer["data"]["planDraft"]["userErrors"] == json!([]) {
            acknowledged += 1;
        } else {
            // While the import loads, a command may wait longer than its time limit.
            assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{answer:#}");
        }
    }
    acknowledged
}

#[actix_web::test]
async fn an_import_succeeds_while_commands_are_committed() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (url, _folder) = copy(kind).await;
        let program = Program::serve(&url);
        let token = program.token(&office(&url)).await;
        let bundle = tempfile::tempdir().expect("a folder");
        write_people(bundle.path());

        let mut import = Import::start(&url, bundle.path());
        let acknowledged = draft_until_over(&mut import, &program, &token, "KHAC").await;
        let (is_success, report, log) = import.end();
        assert!(is_success, "{kind:?}: {log}");
        assert_eq!((&report["outcome"], &report["errors"]), (&json!("LOADED"), &json!(0)), "{kind:?}: {log}");
        assert!(log.contains("validated again"), "the control: a command was committed meanwhile\n{log}");

        let database = open(&url).await;
        let plans = training_plan::Entity::find().filter(training_plan::Column::Code.starts_with("KHAC-"));
        assert_eq!(plans.count(database.reader()).await.expect("read"), acknowledged, "{kind:?}");
        let people = cadre::Entity::find().filter(cadre::Column::Code.starts_with("BESIDE-"));
        assert_eq!(people.count(database.reader()).await.expect("read"), PEOPLE as u64, "{kind:?}");
        database.close().await.expect("closed");
        assert!(printed(&url, &["verify"]).contains("intact"));
    }
}

#[actix_web::test]
async fn a_command_that_contradicts_the_bundle_is_reported_and_nothing_is_loaded() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (url, _folder) = copy(kind).await;
        let program = Program::serve(&url);
        let token = program.token(&office(&url)).await;
        let bundle = tempfile::tempdir().expect("a folder");
        write_people(bundle.path());
        let plans: String = (0..PLANS).map(|nth| format!("TRUNG-{nth},2027,2027,Kế hoạch của tỉnh\n")).collect();
        let plans = csv::training_plans("code,year_from,year_to,name", &plans);
        fs::write(bundle.path().join("training_plans.csv"), plans).expect("written");

        let mut import = Import::start(&url, bundle.path());
        let acknowledged = draft_until_over(&mut import, &program, &token, "TRUNG").await;
        let (is_success, report, log) = import.end();
        assert!(!is_success && acknowledged > 0, "{kind:?}: {log}");
        assert_eq!(report["outcome"], json!("REFUSED"), "{kind:?}: {log}");
        let findings = report["findings"].as_array().expect("findings");
        let differs = |finding: &&Value| finding["file"] == "training_plans.csv" && finding["code"] == "DIFFERS";
        assert!(findings.iter().any(|finding| differs(&finding)), "{kind:?}: {findings:#?}");

        let database = open(&url).await;
        let people = cadre::Entity::find().filter(cadre::Column::Code.starts_with("BESIDE-"));
        assert_eq!(people.count(database.reader()).await.expect("read"), 0, "{kind:?}");
        let plans = training_plan::Entity::find().filter(training_plan::Column::Code.starts_with("TRUNG-"));
        assert_eq!(plans.count(database.reader()).await.expect("read"), acknowledged, "{kind:?}");
        let last = audit_entry::Entity::find().order_by_desc(audit_entry::Column::Seq).one(database.reader()).await;
        assert_eq!(last.expect("read").expect("an entry").act, "plan.draft", "the import has no entry");
        database.close().await.expect("closed");
    }
}
