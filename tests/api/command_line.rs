//! Commands in pipes and on terminals: output, prompts and exit status.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::ffi::OsStrExt,
    path::Path,
    process::{Child, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use rustix::pty;
use serde_json::Value;

use crate::support::{
    Kind, bundle, copy, fresh, poll,
    program::{self, PUBLIC_URL, Program, client, printed, refused, run},
};

/// A pipe whose reader is closed.
fn closed_pipe() -> Stdio {
    let (reader, writer) = io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

/// Runs a command to its end with the given outputs. Returns standard error as text if it was a file.
fn run_into(url: &str, args: &[&str], stdout: Stdio, stderr: Option<Stdio>) -> (ExitStatus, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let args = [args, &["--database-url", url, "--public-url", PUBLIC_URL]].concat();
    let path = folder.path().join("stderr");
    let stderr = stderr.unwrap_or_else(|| File::create(&path).expect("a file").into());
    let mut child =
        program::command(folder.path(), &args).stdout(stdout).stderr(stderr).spawn().expect("the program starts");
    let status = poll::until(|| child.try_wait().expect("a child")).unwrap_or_else(|| {
        child.kill().expect("a child of this process");
        panic!("{args:?} does not end")
    });
    (status, fs::read_to_string(&path).unwrap_or_default())
}

#[actix_web::test]
async fn a_closed_pipe_changes_no_exit_status() {
    let (bundle, empty) = (bundle(), tempfile::tempdir().expect("a folder"));
    fs::write(empty.path().join("units.csv"), "code\n").expect("written");
    let document = empty.path().join("document.graphql");
    fs::write(&document, "{ viewer { name } }").expect("written");
    let document = document.to_str().expect("UTF-8");
    let (bundle, broken) = (bundle.to_str().expect("UTF-8"), empty.path().to_str().expect("UTF-8"));
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (url, _folder) = copy(kind).await;
        let (id, _) = client(&url);
        let id = id.as_str();
        let commands: &[(&[&str], i32)] = &[
            (&["schema"], 0),
            (&["--help"], 0),
            (&["client", "add", "--help"], 0),
            (&["--version"], 0),
            (&["no-such-command"], 2),
            (&["import", bundle], 0),
            (&["import", bundle, "--dry-run", "--json"], 0),
            (&["import", broken], 1),
            (&["client", "add", "--name", "a", "--scope", "cadre:read", "--unit", "W"], 0),
            (&["client", "add", "--name", "a", "--scope", "cadre:read", "--unit", "W"], 1),
            (&["client", "add", "--name", "b", "--scope", "cadre:read", "--unit", "W", "--json"], 0),
            (&["client", "grant", "--client", id, "--scope", "cadre:read", "--unit", "W"], 0),
            (&["client", "grants", "--client", id], 0),
            (&["client", "rotate-secret", "--client", id], 0),
            (&["client", "key", "list", "--client", id], 0),
            (&["client", "list"], 0),
            (&["document", "add", "--client", id, document], 0),
            (&["document", "list", "--client", id], 0),
            (&["document", "check"], 0),
            (&["token", "--client", id], 0),
            (&["client", "end-grant", "--client", id], 0),
            (&["client", "revoke", "--client", id], 0),
            (&["person", "list"], 0),
            (&["person", "add", "--issuer", "https://i", "--subject", "s", "--scope", "cadre:read", "--unit", "W"], 0),
            (&["key", "rotate"], 0),
            (&["key", "list"], 0),
            (&["audit", "list"], 0),
            (&["audit", "list", "--json"], 0),
            (&["audit", "verify"], 0),
            (&["verify"], 0),
            (&["verify", "--repair"], 0),
            (&["migrate", "status"], 0),
            (&["migrate", "down"], 1),
            (&["migrate", "down", "--yes"], 0),
            (&["migrate", "up"], 0),
            (&["migrate", "grant", "--to", "nobody"], 1),
        ];
        for (args, expected) in commands {
            let (status, message) = run_into(&url, args, closed_pipe(), None);
            assert_eq!(status.code(), Some(*expected), "{kind:?} {args:?}: {message}");
            assert!(!message.contains("panic") && !message.contains("Broken pipe"), "{kind:?} {args:?}: {message}");
        }
        // The same without standard error. Each command then repeats its effect or refuses.
        for (args, _) in commands {
            let (status, _) = run_into(&url, args, closed_pipe(), Some(closed_pipe()));
            assert!(matches!(status.code(), Some(0..=2)), "{kind:?} {args:?}: {status:?}");
        }
        assert_eq!(printed(&url, &["migrate", "status"]), "the schema is up to date\n", "{kind:?}");
    }
}

#[actix_web::test]
async fn an_import_succeeds_if_its_report_cannot_be_printed() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (url, _folder) = fresh(kind).await;
        drop(printed(&url, &["migrate", "up"]));
        let dir = bundle();
        let import = ["import", dir.to_str().expect("UTF-8")];

        let (status, message) = run_into(&url, &import, closed_pipe(), None);

        assert_eq!(status.code(), Some(0), "{kind:?}: {message}");
        assert!(printed(&url, &import).contains("Nothing new"), "{kind:?}");
    }
}

#[actix_web::test]
async fn a_secret_that_was_not_printed_is_replaced_as_standard_error_explains() {
    let (url, _folder) = copy(Kind::Sqlite).await;
    let add = ["client", "add", "--name", "unread", "--scope", "cadre:read", "--unit", "W"];

    let (status, message) = run_into(&url, &add, closed_pipe(), None);

    assert_eq!(status.code(), Some(0), "the client is registered: {message}");
    let message = message.lines().find(|line| line.starts_with("cadre-api: ")).unwrap_or_else(|| panic!("{message}"));
    assert!(message.contains("was registered, but its secret could not be printed"), "{message}");
    let (_, rotate) = message.split_once("`cadre-api ").expect("a command");
    let rotate: Vec<&str> = rotate.split('`').next().expect("its end").split(' ').collect();
    let (status, message) = run_into(&url, &rotate, closed_pipe(), None);
    assert_eq!(status.code(), Some(0), "{message}");
    assert!(message.contains("was given a new secret, but its secret could not be printed"), "{message}");
    let made: Value = serde_json::from_str(&printed(&url, &[&rotate[..], &["--json"]].concat())).expect("JSON");
    let program = Program::serve(&url);
    let word = |name: &str| made[name].as_str().expect("a word").to_owned();
    assert!(program.exchange(&word("client_id"), &word("client_secret")).await.is_some(), "the new secret is valid");
}

#[actix_web::test]
async fn a_service_without_standard_output_and_error_continues_serving() {
    let (url, _folder) = copy(Kind::Sqlite).await;
    let folder = tempfile::tempdir().expect("a folder");
    // The test cannot read the port from the output of the service, so it chooses a free one.
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound").to_string();
    let args = ["serve", "--listen", &free, "--database-url", &url];
    let mut child = program::command(folder.path(), &args)
        .stdout(closed_pipe())
        .stderr(closed_pipe())
        .spawn()
        .expect("the program starts");

    let answers = poll::until_async(async || {
        // Connections are refused until the service listens.
        let answer = reqwest::get(format!("http://{free}/healthz")).await.ok()?;
        Some(answer.status().as_u16())
    });
    let first = answers.await;
    let again = reqwest::get(format!("http://{free}/readyz")).await.map(|answer| answer.status().as_u16());

    child.kill().expect("a child of this process");
    child.wait().expect("killed");
    assert_eq!((first, again.ok()), (Some(200), Some(200)));
}

/// `/dev/full` exists only on Linux.
#[cfg(target_os = "linux")]
#[test]
fn an_output_that_fails_is_an_error() {
    let full = Stdio::from(OpenOptions::new().write(true).open("/dev/full").expect("the device"));
    let (status, message) = run_into("sqlite:///dev/null/never-opened.db", &["schema"], full, None);
    assert_eq!(status.code(), Some(1), "{message}");
    assert!(message.contains("was executed, but its output could not be written: No space left"), "{message}");
}

#[actix_web::test]
async fn migrations_are_rolled_back_only_after_a_confirmation() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (url, _folder) = copy(kind).await;
        drop(printed(&url, &["migrate", "up"]));
        let all = ["migrate", "down", "--steps", "1000"];

        let message = refused(&url, &all);

        assert!(message.contains("nothing was changed; add --yes"), "{kind:?}: {message}");
        for lost in ["table cadre: 11 rows", "table qualification: 20 rows", "table class_session: "] {
            assert!(message.contains(lost), "{kind:?}: {lost}: {message}");
        }
        assert!(!message.contains("Applying migration"), "the scratch database is not logged: {message}");
        assert_eq!(printed(&url, &["migrate", "status"]), "the schema is up to date\n", "{kind:?}");
        assert_eq!(refused(&url, &["migrate", "down", "--steps", "0"]).matches("not in 1..").count(), 1);

        let taken = printed(&url, &[&all[..], &["--yes"]].concat());
        assert!(taken.ends_with(" migrations rolled back\n"), "{kind:?}: {taken}");
        let message = printed(&url, &[&all[..], &["--yes"]].concat());
        assert_eq!(message, "no migration has been applied, so there is nothing to roll back\n", "{kind:?}");
        let status = printed(&url, &["migrate", "status"]);
        assert_eq!(status.split(' ').next(), taken.split(' ').next(), "{kind:?}: {status}");
    }
}

#[test]
fn reading_commands_do_not_create_a_database() {
    let (folder, bundle) = (tempfile::tempdir().expect("a folder"), bundle());
    let url = format!("sqlite://{}", folder.path().join("cadre.db").display());
    let bundle = bundle.to_str().expect("UTF-8");
    for (args, status, expected) in [
        (&["migrate", "status"][..], 0, "which creates the database file"),
        (&["migrate", "down", "--yes"], 1, "cadre.db does not exist"),
        (&["migrate", "grant", "--to", "r"], 1, "an embedded database has no roles"),
        (&["import", bundle, "--dry-run"], 0, "Only checked: no errors"),
        (&["import", "/no/such/folder"], 1, "/no/such/folder: the folder cannot be read"),
        (&["client", "list"], 1, "cadre.db does not exist"),
        (&["verify", "--repair"], 1, "cadre.db does not exist"),
        (&["audit", "verify"], 1, "cadre.db does not exist"),
    ] {
        let output = run(&url, args);
        let message = [output.stdout, output.stderr].concat();
        let message = String::from_utf8_lossy(&message);
        assert_eq!(output.status.code(), Some(status), "{args:?}: {message}");
        assert!(message.contains(expected), "{args:?}: {message}");
        let files: Vec<_> = fs::read_dir(folder.path()).expect("a folder").collect();
        assert!(files.is_empty(), "{args:?}: {files:?}");
    }
}

/// A terminal, and the process that runs on it.
struct Terminal {
    child: Child,
    keys: File,
    screen: Arc<Mutex<String>>,
}

impl Terminal {
    /// Runs a command on a terminal that is its standard input, output and error.
    fn run(folder: &Path, args: &[&str], variables: &[(&str, &str)]) -> Self {
        let master = pty::openpt(pty::OpenptFlags::RDWR | pty::OpenptFlags::NOCTTY).expect("a terminal");
        pty::grantpt(&master).expect("granted");
        pty::unlockpt(&master).expect("unlocked");
        let name = pty::ptsname(&master, Vec::new()).expect("a name");
        let path = Path::new(std::ffi::OsStr::from_bytes(name.as_bytes()));
        let side = || {
            Stdio::from(OpenOptions::new().read(true).write(true).open(path).expect("the other side of the terminal"))
        };
        let mut command = program::command(folder, args);
        command.env_remove("NO_COLOR").envs(variables.iter().copied());
        let child = command.stdin(side()).stdout(side()).stderr(side()).spawn().expect("the program starts");
        drop(command);
        let keys = File::from(master);
        let (mut reader, screen) = (keys.try_clone().expect("cloned"), Arc::new(Mutex::new(String::new())));
        let text_of_screen = Arc::clone(&screen);
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            // Reading fails once no process has the other side open.
            while let Ok(read @ 1..) = reader.read(&mut bytes) {
                text_of_screen.lock().expect("no panic").push_str(&String::from_utf8_lossy(&bytes[..read]));
            }
        });
        Self { child, keys, screen }
    }

    fn shows(&self, text: &str) {
        let text_of_screen = || self.screen.lock().expect("no panic").clone();
        poll::until(|| text_of_screen().contains(text).then_some(()))
            .unwrap_or_else(|| panic!("no {text}: {}", text_of_screen()));
    }

    fn types(&mut self, text: &str) {
        self.keys.write_all(text.as_bytes()).expect("typed");
    }

    /// The exit status and the complete output.
    fn finish(mut self) -> (Option<i32>, String) {
        let status = poll::until(|| self.child.try_wait().expect("a child"));
        let Some(status) = status else {
            self.child.kill().expect("a child of this process");
            panic!("the command does not end: {}", self.screen.lock().expect("no panic"));
        };
        poll::until(|| (Arc::strong_count(&self.screen) == 1).then_some(())).expect("a terminal ends with its process");
        (status.code(), self.screen.lock().expect("no panic").clone())
    }
}

#[test]
fn a_terminal_prompts_the_operator() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("cadre.db").display());
    drop(printed(&url, &["migrate", "up"]));
    for (answer, status, message) in [("no\n", 1, "nothing was changed"), ("yes\n", 0, "1 migration rolled back")] {
        let mut terminal = Terminal::run(folder.path(), &["migrate", "down"], &[]);
        terminal.shows("Type \"yes\" to continue:");
        assert_eq!(
            printed(&url, &["migrate", "status"]),
            "the schema is up to date\n",
            "the command waits for an answer"
        );
        terminal.types(answer);
        let (code, screen) = terminal.finish();
        assert_eq!(code, Some(status), "{screen}");
        assert!(screen.contains(message), "{screen}");
    }
    assert!(printed(&url, &["migrate", "status"]).starts_with("1 migration not yet applied"));
}

#[test]
fn the_log_has_colours_only_on_a_terminal_that_allows_them() {
    let folder = tempfile::tempdir().expect("a folder");
    for (variables, format, is_coloured) in [
        (&[][..], "text", true),
        (&[], "auto", true),
        (&[("NO_COLOR", "")], "text", true),
        (&[("NO_COLOR", "1")], "text", false),
        (&[], "json", false),
    ] {
        let args = ["migrate", "up", "--log-format", format];
        let (code, screen) = Terminal::run(folder.path(), &args, variables).finish();
        assert_eq!(code, Some(0), "{screen}");
        assert!(screen.contains("pending migrations"), "{screen}");
        assert_eq!(screen.contains('\u{1b}'), is_coloured, "{variables:?} {format}: {screen:?}");
    }
    let args = ["migrate", "up", "--log-format", "text"];
    let output = program::command(folder.path(), &args).output().expect("run");
    let message = String::from_utf8(output.stderr).expect("text");
    assert!(message.contains("pending migrations") && !message.contains('\u{1b}'), "{message:?}");
}

#[test]
fn an_invalid_log_filter_is_refused() {
    let url = "sqlite:///dev/null/never-opened.db";
    for filter in ["loud", "", "inof", "sqlx=warn", "info,sqlx=loud"] {
        let message = refused(url, &["schema", "--log", filter]);
        assert!(message.contains("--log") && message.contains("CADRE_LOG"), "{filter}: {message}");
    }
    for filter in ["off", "info", "info,sqlx=warn"] {
        assert!(run(url, &["schema", "--log", filter]).status.success(), "{filter}");
    }
}
