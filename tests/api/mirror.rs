//! `examples/mirror.py` follows the change feed while offices write on two nodes, while its reach and grants change, and
//! while it is killed and started again. In the end its copy equals a new copy.
//!
//! `CADRE_TEST_MIRROR_ROUNDS` sets the number of rounds of each writer.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use cadre_api::domain::{client, maintenance};
use chrono::Days;
use entity::value::Day;
use fastrand::Rng;
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, Database, Statement};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{
    client_admin::grant::asked,
    support::{Caller, Node, TestApp, clock, csv, on_both, poll, postgres::setting},
};

const WRITERS: usize = 16;
/// Rounds of each writer: a rotation and a training of a person, each up to a random step.
const ROUNDS: usize = 2;
/// How often the mirror is killed.
const KILLS: usize = 5;
const READ: [&str; 4] = ["cadre:read", "rotation:read", "training:read", "quota:read"];
const WRITE: [&str; 7] = [
    "cadre:read",
    "rotation:read",
    "rotation:write",
    "training:read",
    "training:write",
    "quota:read",
    "quota:allocate",
];

/// An office that sends commands to one of the nodes at a time.
struct Office<'a> {
    caller: &'a Caller<'a>,
    nodes: [String; 2],
    done: AtomicUsize,
}

impl Office<'_> {
    /// Sends a command, and gives the id of its object unless it is refused.
    async fn act(&self, name: &str, object: &str, mut input: Value) -> Option<String> {
        input["idempotencyKey"] = json!(Uuid::now_v7().to_string());
        let kind = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
        let document = format!(
            "mutation($input: {kind}!) {{ done: {name}(input: $input) {{ {object} {{ id }} userErrors {{ code }} }} }}"
        );
        let node = &self.nodes[fastrand::usize(..2)];
        let body = json!({ "query": document, "variables": { "input": input } });
        let answer = self.caller.post_to(node, &body).send().await.expect("an answer");
        let answer: Value = answer.json().await.expect("JSON");
        let id = answer["data"]["done"][object]["id"].as_str().map(str::to_owned);
        self.done.fetch_add(usize::from(id.is_some()), Ordering::Relaxed);
        id
    }

    /// Takes a rotation of a person up to a random step. Each round is three days after the one before, so that an
    /// ended rotation can be followed by another one.
    async fn rotate(&self, rng: &mut Rng, writer: usize, round: usize) -> Option<()> {
        let first = Day::of(2026, 1, 1).expect("a day").0 + Days::new(3 * round as u64);
        let (start, end) = (first.to_string(), (first + Days::new(2)).to_string());
        let to = ["A1U", "A2U", "B1U"][(writer + round + 1) % 3];
        let proposal = json!({
            "cadreCode": format!("T-{writer:02}"), "form": "ROTATION", "purpose": "DEVELOPMENT", "toUnitCode": to, "toTitleCode": "CC",
            "startOn": start, "plannedEndOn": "2029-06-01", "preparingUnitCode": (["P", "A", "B"][rng.usize(..3)]),
            "planning": { "documentNo": "1-QH", "validFrom": "2024-01-01" },
        });
        let id = self.act("rotationPropose", "rotation", proposal).await?;
        let cancels = rng.usize(..9);
        for (nth, step) in ["POLICY", "NOMINATION", "PREPARATION", "EXCHANGE"].into_iter().enumerate() {
            if nth == cancels {
                let input = json!({ "rotationId": id, "reason": "x" });
                return self.act("rotationCancel", "rotation", input).await.map(drop);
            }
            let input = json!({ "rotationId": id, "step": step, "on": start });
            self.act("rotationAdvance", "rotation", input).await?;
        }
        let decision = json!({ "rotationId": id, "decisionNo": "7-QĐ", "decidedOn": start });
        self.act("rotationDecide", "rotation", decision).await?;
        self.act("rotationPublish", "rotation", json!({ "rotationId": id })).await?;
        self.act("rotationStart", "rotation", json!({ "rotationId": id })).await?;
        let end = json!({ "rotationId": id, "endOn": end, "reason": "PROMOTED",
            "placement": { "unitCode": to, "titleCode": "CC" } });
        self.act("rotationEnd", "rotation", end).await.map(drop)
    }

    /// Issues a quota, plans a class and enrols a person, up to a random step.
    async fn train(&self, rng: &mut Rng, person: &str) -> Option<()> {
        let plan = format!("M-{}", Uuid::now_v7().simple());
        let draft = json!({ "code": plan, "name": "Kế hoạch", "documentNo": "1-KH", "unitCode": "P", "yearFrom": 2026,
            "yearTo": 2026 });
        self.act("planDraft", "plan", draft).await?;
        for state in ["COLLECTING_DEMAND", "CONSOLIDATED", "SUBMITTED"] {
            self.act("planAdvance", "plan", json!({ "planCode": plan, "to": state })).await?;
        }
        let approved = json!({ "planCode": plan, "to": "APPROVED", "documentNo": "2-KH" });
        self.act("planAdvance", "plan", approved).await?;
        let unit = ["A", "B"][rng.usize(..2)];
        let quota = json!({ "planCode": plan, "unitCode": unit, "programmeCode": "TAT_CA",
            "measure": "TURNS", "seats": 9 });
        let quota = self.act("quotaIssue", "quota", quota).await?;
        let below = json!({ "quotaId": quota, "unitCode": format!("{unit}1"), "seats": 2 });
        if rng.bool() {
            self.act("quotaAllocate", "quota", below).await;
        }
        let code = format!("L-{}", Uuid::now_v7().simple());
        let class = json!({ "code": code, "planCode": plan, "programmeCode": "LLCT_TC", "category": "TRAINING",
            "organiserUnitCode": (["PD1", "A1"][rng.usize(..2)]), "startOn": "2026-06-01", "lastOn": "2026-06-03",
            "capacity": 5 });
        self.act("classPlan", "class", class).await?;
        let to = |state: &str| json!({ "classCode": code, "to": state });
        self.act("classAdvance", "class", to("OPEN_FOR_NOMINATION")).await?;
        let enrol = json!({ "classCode": code, "cadreCode": person, "reason": "x" });
        let learner = self.act("classEnrol", "enrolment", enrol).await;
        if rng.usize(..4) == 0 {
            self.act("classAdvance", "class", to("CANCELLED")).await;
            return self.act("quotaRevoke", "quota", json!({ "quotaId": quota })).await.map(drop);
        }
        for state in ["CONFIRMED", "RUNNING"] {
            self.act("classAdvance", "class", to(state)).await;
        }
        let learner = learner?;
        let result = json!({ "enrolmentId": learner, "passed": true, "completedOn": "2026-06-01" });
        self.act("enrolmentComplete", "enrolment", result).await?;
        self.act("enrolmentRevoke", "enrolment", json!({ "enrolmentId": learner, "reason": "x" })).await.map(drop)
    }

    async fn write(&self, writer: usize, rounds: usize) {
        let mut rng = Rng::with_seed(writer as u64);
        for round in 0..rounds {
            self.rotate(&mut rng, writer, round).await;
            self.train(&mut rng, &format!("T-{:02}", (writer + round) % WRITERS)).await;
        }
    }
}

/// The example with its environment.
struct Mirror<'a> {
    caller: &'a Caller<'a>,
    url: String,
    folder: TempDir,
}

impl Mirror<'_> {
    fn command(&self, copy: &str) -> Command {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/mirror.py");
        let mut command = Command::new("python3");
        command.arg(program).arg(self.copy(copy)).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env("CADRE_URL", &self.url).env("INTERVAL", "0.1");
        command.env("CLIENT_ID", &self.caller.id).env("CLIENT_SECRET", &self.caller.secret);
        command
    }

    fn copy(&self, copy: &str) -> PathBuf {
        self.folder.path().join(copy)
    }

    fn start(&self) -> Child {
        self.command("followed.db").stdout(Stdio::null()).spawn().expect("python3 is installed")
    }

    /// Follows the feed to its end, and gives the copy: the objects by id.
    async fn finished(&self, copy: &str) -> BTreeMap<String, (String, String)> {
        let mut command = self.command(copy);
        command.arg("--once");
        let output = tokio::task::spawn_blocking(move || command.output()).await.expect("ended").expect("started");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let database = Database::connect(format!("sqlite://{}", self.copy(copy).display())).await.expect("a copy");
        let select = Statement::from_string(database.get_database_backend(), "SELECT id, type, body FROM object");
        let rows = database.query_all_raw(select).await.expect("rows");
        let text = |row: &sea_orm::QueryResult, at| row.try_get_by_index::<String>(at).expect("text");
        rows.iter().map(|row| (text(row, 0), (text(row, 1), text(row, 2)))).collect()
    }
}

#[actix_web::test]
async fn a_mirror_of_the_feed_equals_a_new_copy() {
    let rounds = setting("CADRE_TEST_MIRROR_ROUNDS").and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    on_both(async |app| {
        people(app).await;
        let (office, reader) = (app.caller(&WRITE, &["P"]).await, app.caller(&READ, &["A"]).await);
        let second = Node::start_as(&app.service, clock(), Some(&app.url)).await;
        let nodes = [app.url.clone(), second.url.clone()];
        let office = Office { caller: &office, nodes, done: AtomicUsize::new(0) };
        let folder = tempfile::tempdir().expect("a folder");
        let mirror = Mirror { caller: &reader, url: app.url.clone(), folder };
        let is_writing = AtomicBool::new(true);

        let writers = async {
            join_all((0..WRITERS).map(|writer| office.write(writer, rounds))).await;
            is_writing.store(false, Ordering::Relaxed);
        };
        let mirroring = async {
            let mut kills = 0;
            while is_writing.load(Ordering::Relaxed) || kills < KILLS {
                let mut child = mirror.start();
                let before = office.done.load(Ordering::Relaxed);
                let goes_on =
                    || !is_writing.load(Ordering::Relaxed) || office.done.load(Ordering::Relaxed) > before + 20;
                poll::until_async(async || goes_on().then_some(())).await;
                child.kill().expect("killed");
                child.wait().expect("ended");
                kills += 1;
                change_rights(app, &reader, kills).await;
            }
            kills
        };
        let ((), kills) = futures_util::join!(writers, mirroring);
        let sees_both = async || {
            let data = reader.query("{ viewer { units { code } } }").await;
            (data["viewer"]["units"].as_array().map(Vec::len) == Some(1 + kills % 2)).then_some(())
        };
        poll::until_async(sees_both).await.expect("the service sees the last grant");
        maintenance::record_day(&app.database, clock()).await.expect("recorded");

        let (followed, copied) = (mirror.finished("followed.db").await, mirror.finished("copied.db").await);
        let done = office.done.load(Ordering::Relaxed);
        println!("{:?}: {done} commands, killed {kills} times, {} objects", app.kind, copied.len());
        assert!(done > WRITERS * rounds, "the control: commands were done: {done}");
        for of in ["Unit", "Cadre", "Rotation", "TrainingPlan", "Quota", "TrainingClass", "Enrolment"] {
            assert!(copied.values().any(|(copied, _)| copied == of), "the control: {of} is copied");
        }
        assert_eq!(followed, copied, "{:?}: after {done} commands", app.kind);
        second.stop().await;
    })
    .await;
}

/// Changes the reach of the reader every other time.
async fn change_rights(app: &TestApp, reader: &Caller<'_>, nth: usize) {
    let units: &[&str] = if nth.is_multiple_of(2) { &["A"] } else { &["A", "B"] };
    let id = reader.id.parse().expect("an id");
    client::grant(&app.database, clock(), id, asked(&READ, units)).await.expect("granted");
}

/// The persons whom the writers rotate and train.
async fn people(app: &TestApp) {
    let (mut cadres, mut posts) = (String::new(), String::new());
    for at in 0..WRITERS {
        writeln!(cadres, "T-{at:02},9990005{at:05},Người Mẫu {at}").expect("text");
        writeln!(posts, "T-{at:02},{},CC,2010-01-01", ["A1U", "A2U", "B1U"][at % 3]).expect("text");
    }
    app.import_text(&[
        ("cadres.csv", &csv::cadres("code,national_id,full_name", &cadres)[..]),
        ("assignments.csv", &csv::assignments("cadre_code,unit_code,title_code,start_on", &posts)),
    ])
    .await;
}
