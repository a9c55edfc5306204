//! A PostgreSQL server that the tests start from the installed binaries, once per test process. It runs in a temporary
//! folder behind a unix socket and stops when the test process ends, for whatever reason: a small `sh` script
//! (`watchdog.sh`) starts the server and stops it when its standard input is closed. That is a pipe whose other end
//! only the test process has. `CADRE_TEST_POSTGRES_URL` names another server to use (its databases then remain);
//! `PG_BINDIR` names the folder of the binaries.

use std::env;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};
use tokio::sync::{Mutex, OnceCell};

use super::poll;

const BINARIES: [&str; 2] = ["initdb", "postgres"];

/// Tests need no durability; the other settings are those of production.
const SETTINGS: [&str; 13] = [
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_connections=400",
    "jit=off",
    "timezone=UTC",
    "log_timezone=UTC",
    "logging_collector=off",
    "log_destination=stderr",
];

/// The role of the service in the tests: it neither owns the tables nor bypasses row security.
pub const SERVICE: &str = "cadre_test_service";

/// A role that owns databases and has no other privileges.
pub const OWNER: &str = "cadre_test_owner";

/// The server of this test process; the first caller starts it.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| match setting("CADRE_TEST_POSTGRES_URL") {
        Some(url) => Server { url, one_at_a_time: Mutex::new(()), roles: OnceCell::new(), running: None },
        None => Server::start(),
    })
}

/// A PostgreSQL server on which the tests may create databases.
pub struct Server {
    url: String,
    one_at_a_time: Mutex<()>,
    roles: OnceCell<()>,
    running: Option<Running>,
}

impl Server {
    /// The URL of the database with that name, whether it exists or not.
    pub fn url(&self, database: &str) -> String {
        with_database(&self.url, database)
    }

    /// Creates an empty database, or a copy of `template`, which must have no connections. One at a time: PostgreSQL
    /// makes concurrent copies wait for each other, and after a while they fail.
    pub async fn create_database(&self, name: &str, template: Option<&str>) {
        let template = template.unwrap_or("template0");
        let strategy =
            if self.running.as_ref().is_some_and(Running::copies_files) { " STRATEGY file_copy" } else { "" };
        let statement = format!("CREATE DATABASE {} TEMPLATE {}{strategy}", plain(name), plain(template));

        let _turn = self.one_at_a_time.lock().await;
        let db = connect(&self.url).await.unwrap_or_else(|error| panic!("no connection to the test server: {error}"));
        db.execute_unprepared(&statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
        db.close().await.expect("a connection that has answered can be closed");
    }

    /// Creates an empty database in a folder of this machine. Returns its URL and a future that drops it.
    pub async fn create_database_on(&self, folder: &Path) -> (String, impl Future<Output = ()>) {
        let running = self.running.as_ref().expect("a server that the tests started");
        let owner = fs::metadata(running.folder.join("data")).expect("the server's folder");
        let location = folder.join("tablespace");
        fs::create_dir(&location).expect("made");
        chown(&location, Some(owner.uid()), Some(owner.gid())).expect("ownership transferred");
        let name = format!("t{}", uuid::Uuid::now_v7().simple());
        let run = async |statement: String| {
            let db = connect(&self.url).await.expect("the test server answers");
            db.execute_unprepared(&statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
            db.close().await.expect("a connection that has answered can be closed");
        };
        run(format!("CREATE TABLESPACE {name} LOCATION '{}'", location.display())).await;
        run(format!("CREATE DATABASE {name} TEMPLATE template0 TABLESPACE {name}")).await;
        let url = self.url(&name);
        let drop = async move {
            run(format!("DROP DATABASE {name} WITH (FORCE)")).await;
            run(format!("DROP TABLESPACE {name}")).await;
        };
        (url, drop)
    }

    /// Creates the roles of the tests, once. An external server may have them already.
    pub async fn make_roles(&self) {
        let make = async || {
            let db = connect(&self.url).await.expect("the test server answers");
            for role in [SERVICE, OWNER] {
                let made = db.execute_unprepared(&format!("CREATE ROLE {role} LOGIN PASSWORD '{role}'")).await;
                let there = db.execute_unprepared(&format!("ALTER ROLE {role} LOGIN")).await;
                there.unwrap_or_else(|error| panic!("no role {role}: {made:?}, {error}"));
            }
            db.close().await.expect("a connection that has answered can be closed");
        };
        self.roles.get_or_init(make).await;
    }

    /// Creates an empty database that the unprivileged owner owns, and returns its URL for that role.
    pub async fn create_owned(&self, name: &str) -> String {
        self.make_roles().await;
        self.create_database(name, None).await;
        let db = connect(&self.url).await.expect("the test server answers");
        let given = db.execute_unprepared(&format!("ALTER DATABASE {} OWNER TO {OWNER}", plain(name))).await;
        given.unwrap_or_else(|error| panic!("ownership not transferred: {error}"));
        db.close().await.expect("a connection that has answered can be closed");
        as_role(&self.url(name), OWNER)
    }

    /// Starts a separate server, for a test that would disturb others.
    pub fn start() -> Self {
        let running = Running::start(&binaries());
        let url = format!("postgres://postgres@localhost/postgres?host={}", running.folder.display());
        running.wait_until_it_answers(&url);
        Self { url, one_at_a_time: Mutex::new(()), roles: OnceCell::new(), running: Some(running) }
    }
}

/// A server that the tests started, and the pipe that keeps it alive.
struct Running {
    folder: PathBuf,
    server_pid: u32,
    _watchdog: Child,
    _lifeline: ChildStdin,
}

impl Running {
    fn start(bindir: &Path) -> Self {
        let folder = folder();
        let owner = unprivileged_owner(&folder);

        let mut watchdog = Command::new("sh");
        watchdog
            .arg("-c")
            .arg(include_str!("watchdog.sh"))
            .arg("watchdog.sh")
            .args([bindir, &folder])
            .args(SETTINGS.iter().flat_map(|setting| ["-c", setting]))
            .current_dir("/")
            .process_group(0) // A Ctrl-C at the terminal stops the tests, and they stop the server by the pipe.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if let Some((uid, gid)) = owner {
            watchdog.uid(uid).gid(gid);
        }
        let mut watchdog = watchdog.spawn().expect("there is a POSIX shell");

        let lifeline = watchdog.stdin.take().expect("standard input is piped");
        let mut output = String::new();
        let mut stdout = watchdog.stdout.take().expect("standard output is piped");
        let mut byte = [0];
        while !output.ends_with('\n') || !output.starts_with("started ") {
            if stdout.read(&mut byte).expect("the watchdog's output can be read") == 0 {
                panic!("the PostgreSQL of {} did not start: {output}", bindir.display());
            }
            output.push(byte[0].into());
        }
        let server_pid = output["started ".len()..].trim().parse().expect("a shell's $! is a number");
        Self { folder, server_pid, _watchdog: watchdog, _lifeline: lifeline }
    }

    /// On a separate thread and runtime, because the caller may be in a runtime already.
    fn wait_until_it_answers(&self, url: &str) {
        let answers = std::thread::scope(|scope| {
            scope
                .spawn(|| {
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .enable_all()
                        .build()
                        .expect("a runtime can be built");
                    poll::until(|| runtime.block_on(async { connect(url).await.ok()?.close().await.ok() })).is_some()
                })
                .join()
                .expect("the thread does not panic")
        });
        assert!(answers, "the PostgreSQL in {} does not answer: {}", self.folder.display(), self.log());
    }

    /// With `fsync` off, twice as fast as PostgreSQL's default. Available since version 15.
    fn copies_files(&self) -> bool {
        let version = fs::read_to_string(self.folder.join("data/PG_VERSION")).unwrap_or_default();
        version.trim().parse::<u32>().is_ok_and(|version| version >= 15)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_else(|error| error.to_string())
    }
}

async fn connect(url: &str) -> Result<DatabaseConnection, sea_orm::DbErr> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await
}

/// Names come from the tests, so a bad name is a mistake in a test.
fn plain(name: &str) -> &str {
    let is_plain =
        !name.is_empty() && name.len() < 64 && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    assert!(is_plain, "a test database is named by 1 to 63 of [a-z0-9_], not {name:?}");
    name
}

fn with_database(url: &str, database: &str) -> String {
    let (address, options) = url.split_once('?').map_or((url, None), |(address, options)| (address, Some(options)));
    let authority = address.find("://").map_or(0, |at| at + "://".len());
    let end = address[authority..].find('/').map_or(address.len(), |at| authority + at);
    let options = options.map_or(String::new(), |options| format!("?{options}"));
    format!("{}/{database}{options}", &address[..end])
}

/// The same URL for another role of the tests.
pub fn as_role(url: &str, role: &str) -> String {
    let authority = url.find("://").map_or(0, |at| at + "://".len());
    let end = url[authority..].find(['/', '?']).map_or(url.len(), |at| authority + at);
    let host = url[authority..end].rsplit('@').next().unwrap_or_default();
    format!("{}{role}:{role}@{host}{}", &url[..authority], &url[end..])
}

#[expect(clippy::disallowed_methods, reason = "settings of the tests, not of the application")]
pub fn setting(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The folder of the server's binaries.
fn binaries() -> PathBuf {
    let named = setting("PG_BINDIR").map(PathBuf::from);
    let complete = |folder: &PathBuf| BINARIES.iter().all(|binary| folder.join(binary).is_file());
    if let Some(folder) = named {
        assert!(complete(&folder), "PG_BINDIR is {}, where initdb and postgres are not", folder.display());
        return folder;
    }

    let path = setting("PATH").unwrap_or_default();
    let installed = newest_first("/usr/lib/postgresql", "", "bin")
        .into_iter()
        .chain(newest_first("/opt/homebrew/opt", "postgresql@", "bin"))
        .chain(newest_first("/usr/local/opt", "postgresql@", "bin"))
        .chain(newest_first("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"));
    env::split_paths(&path).chain(installed).find(complete).unwrap_or_else(|| {
        panic!(
            "no PostgreSQL server binaries (initdb, postgres): install them (Debian: postgresql, Fedora: postgresql-server, \
             Homebrew: postgresql@17), or name their folder in PG_BINDIR, or a server's URL in CADRE_TEST_POSTGRES_URL"
        )
    })
}

/// The existing paths of the form `FOLDER/PREFIX<version>/LAST`, newest version first.
fn newest_first(folder: &str, prefix: &str, last: &str) -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?, entry.path().join(last)))
        })
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    versions.into_iter().map(|(_, path)| path).collect()
}

/// A new folder with a path short enough for a unix socket (about 100 bytes) and accessible to another user.
fn folder() -> PathBuf {
    let is_open =
        |folder: &Path| folder.ancestors().all(|f| fs::metadata(f).is_ok_and(|m| m.permissions().mode() & 0o001 != 0));
    let parent = [env::temp_dir(), "/tmp".into(), "/var/tmp".into()]
        .into_iter()
        .find(|folder| folder.as_os_str().len() < 64 && (is_open(folder) || !is_root(folder)))
        .expect("/tmp is open to all");
    tempfile::Builder::new().prefix("cadre-pg-").tempdir_in(parent).expect("a temporary folder can be made").keep()
}

fn is_root(parent: &Path) -> bool {
    let probe = tempfile::tempfile_in(parent).and_then(|file| file.metadata());
    probe.is_ok_and(|file| file.uid() == 0)
}

/// PostgreSQL refuses to run as root. Gives the folder to an unprivileged user and returns its ids.
fn unprivileged_owner(folder: &Path) -> Option<(u32, u32)> {
    if fs::metadata(folder).expect("the folder was just made").uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let (uid, gid) = ["postgres", "nobody"]
        .iter()
        .find_map(|name| users.lines().find_map(|line| ids(line, name)))
        .expect("PostgreSQL does not run as root, and /etc/passwd has neither postgres nor nobody to run it as");
    chown(folder, Some(uid), Some(gid)).expect("root can give a folder away");
    Some((uid, gid))
}

fn ids(line: &str, name: &str) -> Option<(u32, u32)> {
    let mut fields = line.split(':');
    (fields.next()? == name).then_some(())?;
    Some((fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[tokio::test]
async fn a_server_answers() {
    let db = connect(&server().url("postgres")).await.unwrap();

    let row = db
        .query_one_raw(sea_orm::Statement::from_string(db.get_database_backend(), "select 1 as one"))
        .await
        .unwrap()
        .unwrap();

    assert_eq!(row.try_get::<i32>("", "one").unwrap(), 1);
}

#[tokio::test]
async fn a_database_is_a_copy_of_its_template() {
    let template = format!("template_{}", uuid::Uuid::now_v7().simple());
    server().create_database(&template, None).await;
    let db = connect(&server().url(&template)).await.unwrap();
    db.execute_unprepared("create table kept (id int); insert into kept values (7)").await.unwrap();
    db.close().await.unwrap();

    let copies = [1, 2, 3].map(|copy| format!("{template}_{copy}"));
    futures_util::future::join_all(copies.iter().map(|copy| server().create_database(copy, Some(&template)))).await;

    for copy in copies {
        let db = connect(&server().url(&copy)).await.unwrap();
        let rows = db.execute_unprepared("update kept set id = 8 where id = 7").await.unwrap().rows_affected();
        assert_eq!(rows, 1, "{copy}");
    }
}

#[test]
fn a_url_keeps_everything_but_its_database() {
    let cases = [
        ("postgres://u:p@h:5432/postgres?sslmode=disable", "postgres://u:p@h:5432/x?sslmode=disable"),
        ("postgres://u@localhost/postgres?host=/tmp/a", "postgres://u@localhost/x?host=/tmp/a"),
        ("postgres://h", "postgres://h/x"),
        ("postgres://h/", "postgres://h/x"),
    ];
    for (url, expected) in cases {
        assert_eq!(with_database(url, "x"), expected);
    }
}

#[test]
#[should_panic(expected = "a test database is named by")]
fn an_invalid_database_name_is_refused() {
    plain("x; drop database y");
}

/// The process that `a_server_stops_with_its_owner_even_after_kill_9` starts and kills. Does nothing otherwise.
#[test]
fn owner_to_be_killed() {
    if setting("CADRE_TEST_OWNER").is_some() {
        let running = Running::start(&binaries());
        println!("\nowner of {} in {}", running.server_pid, running.folder.display());
        poll::until(|| None::<()>);
    }
}

#[test]
fn a_server_stops_with_its_owner_even_after_kill_9() {
    if setting("CADRE_TEST_POSTGRES_URL").is_some() {
        return; // With an external server, the binaries may be missing.
    }
    let mut owner = Command::new(env::current_exe().unwrap())
        .args(["--exact", "support::postgres::owner_to_be_killed", "--nocapture"])
        .env("CADRE_TEST_OWNER", "yes")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(owner.stdout.take().unwrap()));
    let line =
        lines.map_while(Result::ok).find(|line| line.starts_with("owner of ")).expect("the owner started a server");
    let (pid, folder) = line.trim_start_matches("owner of ").split_once(" in ").unwrap();
    assert!(lives(pid), "the control: the server runs before its owner is killed");

    owner.kill().unwrap(); // SIGKILL runs no handlers.
    owner.wait().unwrap();

    poll::until(|| (!lives(pid)).then_some(())).expect("the server ends when its owner was killed");
    poll::until(|| (!Path::new(folder).exists()).then_some(())).expect("its folder goes too");
}

fn lives(pid: &str) -> bool {
    Command::new("sh")
        .args(["-c", "kill -0 \"$1\" 2>/dev/null", "sh", pid])
        .status()
        .is_ok_and(|status| status.success())
}
