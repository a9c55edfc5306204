//! The server is killed during commands and imports. Acknowledged commands are stored, nothing is stored twice, and all
//! sums are correct.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    process::Stdio,
    rc::Rc,
    sync::atomic::{AtomicUsize, Ordering},
};

use cadre_api::db::Database;
use entity::{
    assignment, cadre, enrolment, idempotency_key, quota, training_class, unit,
    value::{EnrolmentState, QuotaId, UnitId},
};
use fastrand::Rng;
use futures_util::future::join_all;
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseBackend, EntityTrait, QueryFilter, Statement};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::support::{
    Kind, copy, csv, open,
    postgres::setting,
    program::{self, Program},
};

const ROUNDS: usize = 20;
/// People who can be enrolled: more than all rounds together enrol.
const PEOPLE: usize = 3_000;
/// Concurrent senders of commands: half allocate quotas, half enrol people.
const SENDERS: usize = 8;
/// Units that get allocations.
const BELOW: [&str; 3] = ["A", "B", "PD1"];

/// A command that was sent.
#[derive(Clone, Debug)]
enum Sent {
    Allocate { unit: &'static str, seats: i32 },
    Enrol { person: String },
}

/// The commands of all rounds and their outcomes.
#[derive(Default)]
struct Ledger {
    sent: BTreeMap<String, Sent>,
    acknowledged: BTreeSet<String>,
}

/// A message of a sender.
enum News {
    Sends(String, Sent),
    Acknowledged(String),
}

/// The settings of a sender.
struct Desk {
    url: String,
    token: String,
    quota: String,
    next: AtomicUsize,
    seed: u64,
}

#[actix_web::test]
async fn acknowledged_commands_survive_a_kill() {
    let seed = setting("CADRE_TEST_SEED").map_or_else(|| fastrand::u64(..), |seed| seed.parse().expect("a seed"));
    println!("CADRE_TEST_SEED={seed}");
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let mut rng = Rng::with_seed(seed);
        let (url, _folder) = copy(kind).await;
        import(&url, &bundle());
        let client = office(&url);
        let quota = province_quota(&url).await;
        let (mut ledger, mut imported, mut next) = (Ledger::default(), BTreeSet::new(), 0);

        for round in 0..ROUNDS {
            let program = Program::serve(&url);
            let token = program.token(&client).await;
            if let Some(key) = ledger.acknowledged.first().cloned() {
                let before = sums(&url).await;
                let again = send(&program.url, &token, &quota.to_string(), &key, &ledger.sent[&key]).await;
                assert!(again, "an acknowledged command is acknowledged again: {key}");
                assert_eq!(sums(&url).await, before, "and has no second effect");
            }
            let desk = Rc::new(Desk {
                url: program.url.clone(),
                token,
                quota: quota.to_string(),
                next: AtomicUsize::new(next),
                seed: rng.u64(..),
            });
            imported.extend(run_until_killed(program, &desk, &url, (round, rng.usize(3..40)), &mut ledger).await);
            next = desk.next.load(Ordering::Relaxed);
            check(kind, &url, &ledger, &imported).await;
        }

        let (commands, acknowledged) = (ledger.sent.len(), ledger.acknowledged.len());
        assert!(acknowledged >= 3 * ROUNDS, "the control: {acknowledged} of {commands} commands were acknowledged");
    }
}

/// Runs commands and an import until some commands are acknowledged, then kills the server and the import. Returns the
/// number of the round if its import succeeded.
async fn run_until_killed(
    program: Program,
    desk: &Rc<Desk>,
    url: &str,
    (round, enough): (usize, usize),
    ledger: &mut Ledger,
) -> Option<usize> {
    let folder = tempfile::tempdir().expect("a folder");
    write_person(folder.path(), round);
    let args = ["import", folder.path().to_str().expect("UTF-8"), "--database-url", url];
    let mut importing = program::command(folder.path(), &args);
    let mut importing = importing.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");

    let (tell, mut news) = unbounded_channel();
    let senders: Vec<_> =
        (0..SENDERS).map(|at| actix_web::rt::spawn(send_commands(Rc::clone(desk), at, tell.clone()))).collect();
    drop(tell);
    let (mut program, mut acknowledged) = (Some(program), 0);
    while let Some(news) = news.recv().await {
        match news {
            News::Sends(key, sent_command) => drop(ledger.sent.insert(key, sent_command)),
            News::Acknowledged(key) => {
                acknowledged += 1;
                ledger.acknowledged.insert(key);
            }
        }
        if acknowledged >= enough
            && let Some(program) = program.take()
        {
            program.kill();
            // The import may have ended already.
            let _ended = importing.kill();
        }
    }
    let through = importing.wait().expect("ended").success().then_some(round);
    join_all(senders).await.into_iter().for_each(|ended| ended.expect("no panic"));
    through
}

/// Sends commands until the server is gone.
async fn send_commands(desk: Rc<Desk>, at: usize, tell: UnboundedSender<News>) {
    let mut rng = Rng::with_seed(desk.seed ^ at as u64);
    loop {
        let sent_command = if at.is_multiple_of(2) {
            Sent::Allocate { unit: BELOW[rng.usize(..BELOW.len())], seats: rng.i32(1..4) }
        } else {
            Sent::Enrol { person: format!("K-{}", desk.next.fetch_add(1, Ordering::Relaxed)) }
        };
        let key = uuid::Uuid::now_v7().to_string();
        let _sent = tell.send(News::Sends(key.clone(), sent_command.clone()));
        if !send(&desk.url, &desk.token, &desk.quota, &key, &sent_command).await {
            return;
        }
        let _sent = tell.send(News::Acknowledged(key));
    }
}

/// Sends a command and returns whether it was acknowledged. A refusal is a mistake in the test.
async fn send(url: &str, token: &str, quota: &str, key: &str, sent_command: &Sent) -> bool {
    let document = match sent_command {
        Sent::Allocate { unit, seats } => format!(
            "mutation {{ quotaAllocate(input: {{idempotencyKey: \"{key}\", quotaId: \"{quota}\", unitCode: \"{unit}\", \
             seats: {seats}}}) {{ child {{ id }} userErrors {{ code message }} }} }}"
        ),
        Sent::Enrol { person } => format!(
            "mutation {{ classEnrol(input: {{idempotencyKey: \"{key}\", classCode: \"LOP-K\", cadreCode: \"{person}\", \
             quotaId: \"{quota}\"}}) {{ enrolment {{ id }} userErrors {{ code message }} }} }}"
        ),
    };
    let request = reqwest::Client::new().post(format!("{url}/graphql")).bearer_auth(token);
    let Ok(answer) = request.json(&json!({ "query": document })).send().await else { return false };
    let Ok(answer) = answer.json::<Value>().await else { return false };
    let payload = answer["data"].as_object().and_then(|data| data.values().next());
    assert_eq!(payload.map(|payload| &payload["userErrors"]), Some(&json!([])), "{document}: {answer}");
    true
}

/// A plan with a large quota of the province, a class without a limit, and people to enrol.
fn bundle() -> Vec<(&'static str, String)> {
    let (mut cadres, mut posts) = (String::new(), String::new());
    for at in 0..PEOPLE {
        writeln!(cadres, "K-{at},9990003{at:05},Người Thứ {at}").expect("text");
        writeln!(posts, "K-{at},A1U").expect("text");
    }
    let class = "LOP-K,KH-K,CMNV,PD1,2026-05-04,2026-05-29\n";
    vec![
        ("cadres.csv", csv::cadres("code,national_id,full_name", &cadres)),
        ("assignments.csv", csv::assignments("cadre_code,unit_code", &posts)),
        ("training_plans.csv", csv::training_plans("code,document_no", "KH-K,1/KH\n")),
        ("quotas.csv", csv::quotas("plan_code,unit_code,programme_code,quantity", "KH-K,P,CMNV,100000\n")),
        ("classes.csv", csv::classes("code,plan_code,programme_code,organiser_code,start_on,end_on", class)),
    ]
}

/// The bundle of a round: one person with one post.
fn write_person(folder: &std::path::Path, round: usize) {
    let cadre = format!("I-{round},9990004{round:05},Người Mới {round},FEMALE\n");
    fs::write(folder.join("cadres.csv"), csv::cadres("code,national_id,full_name,gender", &cadre)).expect("written");
    let post = csv::assignments("cadre_code,unit_code", &format!("I-{round},A2U\n"));
    fs::write(folder.join("assignments.csv"), post).expect("written");
}

fn import(url: &str, files: &[(&str, String)]) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("written");
    }
    program::printed(url, &["import", folder.path().to_str().expect("UTF-8")]);
}

/// A client that allocates and enrols in the whole province: id and secret.
fn office(url: &str) -> (String, String) {
    let scopes = ["cadre:read", "training:read", "training:write", "quota:read", "quota:allocate"];
    let scopes = scopes.map(|scope| ["--scope", scope]).concat();
    let add = [&["client", "add", "--json", "--name", "office"], &scopes[..], &["--unit", "W"]].concat();
    let made: Value = serde_json::from_str(&program::printed(url, &add)).expect("JSON");
    let word = |name: &str| made[name].as_str().expect("a word").to_owned();
    (word("client_id"), word("client_secret"))
}

async fn province_quota(url: &str) -> QuotaId {
    let database = open(url).await;
    let large = quota::Entity::find().filter(quota::Column::Seats.eq(100_000)).one(database.reader()).await;
    let id = large.expect("read").expect("a quota").id;
    database.close().await.expect("closed");
    id
}

/// The seats allocated to each unit from the province's quota, the total allocated, the seats used, and the number of
/// learners in the class.
async fn sums(url: &str) -> (BTreeMap<UnitId, i32>, i32, i32, i32) {
    let database = open(url).await;
    let quotas = quota::Entity::find().all(database.reader()).await.expect("read");
    let whole = quotas.iter().find(|quota| quota.seats == 100_000).expect("the province's").clone();
    let below = quotas.iter().filter(|quota| quota.parent_id == Some(whole.id));
    let class = training_class::Entity::find().filter(training_class::Column::Code.eq("LOP-K"));
    let class = class.one(database.reader()).await.expect("read").expect("a class");
    let below = below.map(|quota| (quota.unit_id, quota.seats)).collect();
    database.close().await.expect("closed");
    (below, whole.allocated, whole.used, class.enrolled)
}

/// Checks the database after a kill.
async fn check(kind: Kind, url: &str, ledger: &Ledger, imported: &BTreeSet<usize>) {
    let (below, allocated, used, enrolled) = sums(url).await;
    let database = open(url).await;
    let reader = database.reader();
    let done: BTreeSet<String> =
        idempotency_key::Entity::find().all(reader).await.expect("read").into_iter().map(|row| row.key).collect();
    let lost: Vec<_> = ledger.acknowledged.difference(&done).collect();
    assert!(lost.is_empty(), "acknowledged but not stored: {lost:?}");

    let units: BTreeMap<String, UnitId> = unit::Entity::find()
        .all(reader)
        .await
        .expect("read")
        .into_iter()
        .map(|row| (row.code.to_string(), row.id))
        .collect();
    let mut handed_on: BTreeMap<UnitId, i32> = BTreeMap::new();
    let mut sent_to_class = BTreeSet::new();
    for key in &done {
        match &ledger.sent[key] {
            Sent::Allocate { unit, seats } => *handed_on.entry(units[*unit]).or_default() += seats,
            Sent::Enrol { person } => drop(sent_to_class.insert(person.clone())),
        }
    }
    assert_eq!(below, handed_on, "each allocation is stored once");
    assert_eq!(allocated, handed_on.values().sum::<i32>());

    let people: BTreeMap<_, _> = cadre::Entity::find()
        .all(reader)
        .await
        .expect("read")
        .into_iter()
        .map(|row| (row.id, row.code.to_string()))
        .collect();
    let seated = enrolment::Entity::find()
        .filter(enrolment::Column::QuotaId.is_not_null())
        .filter(enrolment::Column::State.is_in(EnrolmentState::SEATED));
    let seated: Vec<_> =
        seated.all(reader).await.expect("read").into_iter().map(|row| people[&row.cadre_id].clone()).collect();
    assert_eq!(seated.len(), sent_to_class.len(), "each enrolment is stored once");
    assert_eq!(seated.into_iter().collect::<BTreeSet<_>>(), sent_to_class);
    assert_eq!((used, enrolled), (sent_to_class.len() as i32, sent_to_class.len() as i32));

    let posts: BTreeSet<_> =
        assignment::Entity::find().all(reader).await.expect("read").into_iter().map(|row| row.cadre_id).collect();
    let new = people.iter().filter(|(_, code)| code.starts_with("I-"));
    assert!(new.clone().all(|(id, _)| posts.contains(id)), "no import is stored in part");
    let new: BTreeSet<&str> = new.map(|(_, code)| code.as_str()).collect();
    assert!(
        imported.iter().all(|round| new.contains(format!("I-{round}").as_str())),
        "each import that succeeded is stored"
    );
    if kind == Kind::Sqlite {
        assert_consistent(&database).await;
    }
    database.close().await.expect("closed");
}

/// Runs SQLite's check of pages, indexes and foreign keys.
async fn assert_consistent(database: &Database) {
    for sql in ["PRAGMA integrity_check", "SELECT coalesce(max('broken'), 'ok') FROM pragma_foreign_key_check"] {
        let row = database.reader().query_one_raw(Statement::from_string(DatabaseBackend::Sqlite, sql)).await;
        let text: String = row.expect("an answer").expect("a row").try_get_by_index(0).expect("text");
        assert_eq!(text, "ok");
    }
}
