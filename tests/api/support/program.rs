//! The program as a separate process: output, log and exit status.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use serde_json::{Value, json};

use super::{KEY_ENCRYPTION_KEY, canary, overdue, poll};

/// Settings of the environment that must not reach a process of the tests.
const SETTINGS: [&str; 27] = [
    "CADRE_IMPORT_ARCHIVE",
    "CADRE_IMPORT_ENTRIES",
    "CADRE_IMPORT_UNPACKED",
    "CADRE_MAX_EXPORTS",
    "CADRE_CLIENT_EXPORTS",
    "CADRE_AUDIT_CHECKPOINTS",
    "CADRE_DATABASE_URL",
    "CADRE_LISTEN",
    "CADRE_PUBLIC_URL",
    "CADRE_DATABASE_CONNECTIONS",
    "CADRE_STATEMENT_TIMEOUT",
    "CADRE_OPERATION_TIMEOUT",
    "CADRE_KEY_ENCRYPTION_KEY",
    "CADRE_KEY_ENCRYPTION_KEY_FILE",
    "CADRE_KEY_ROTATION_DAYS",
    "CADRE_ISSUERS",
    "CADRE_CLIENT_REQUESTS_PER_SECOND",
    "CADRE_CLIENT_COST_PER_MINUTE",
    "CADRE_MAX_IN_FLIGHT",
    "CADRE_STREAMS_PER_CLIENT",
    "CADRE_CORS_ORIGINS",
    "CADRE_CONSOLE",
    "CADRE_SECURITY_SERVERS",
    "CADRE_WEBHOOK_HOSTS",
    "CADRE_WEBHOOK_PRIVATE_ADDRESSES",
    "CADRE_LOG",
    "CADRE_LOG_FORMAT",
];

/// The public URL of programs that the tests start, because their ports are not known in advance.
pub const PUBLIC_URL: &str = "http://cadre.test";

/// A running `cadre-api serve`. Killed on drop.
pub struct Program {
    child: Child,
    stdout: Text,
    stderr: Text,
    /// The URL at which it listens.
    pub url: String,
}

/// The output of a pipe so far.
#[derive(Clone, Default)]
struct Text(Arc<Mutex<String>>);

/// The program, not started, in a folder without files.
pub fn command(folder: &Path, args: &[&str]) -> Command {
    overdue::watch();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cadre-api"));
    for setting in SETTINGS {
        command.env_remove(setting);
    }
    command.env("CADRE_KEY_ENCRYPTION_KEY", KEY_ENCRYPTION_KEY);
    command.args(args).current_dir(folder).stdin(Stdio::null());
    command
}

/// The same command, started by another program.
pub fn through(command: &Command, by: &[&str]) -> Command {
    let mut started = Command::new(by[0]);
    started.args(&by[1..]).arg(command.get_program()).args(command.get_args()).stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => started.env(name, value),
            None => started.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        started.current_dir(folder);
    }
    started
}

/// Runs a command of the program on a database until it exits.
pub fn run(url: &str, args: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let args = [args, &["--database-url", url, "--public-url", PUBLIC_URL]].concat();
    let mut command = command(folder.path(), &args);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let (stdout, stderr) =
        (Text::of(child.stdout.take().expect("piped")), Text::of(child.stderr.take().expect("piped")));
    let status = poll::until(|| child.try_wait().expect("a child"));
    let Some(status) = status else {
        child.kill().expect("a child of this process");
        panic!("{args:?} does not end: {}", stderr.text());
    };
    Output { status, stdout: stdout.whole().into_bytes(), stderr: stderr.whole().into_bytes() }
}

/// Runs a command that must succeed, and returns its output.
pub fn printed(url: &str, args: &[&str]) -> String {
    let output = run(url, args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// Runs a command that must fail, and returns its error message.
pub fn refused(url: &str, args: &[&str]) -> String {
    let output = run(url, args);
    assert!(!output.status.success(), "{args:?} succeeded: {}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).expect("text")
}

/// Registers a client that reads all cadres, at the command line: id and secret.
pub fn client(url: &str) -> (String, String) {
    let name = uuid::Uuid::now_v7().to_string();
    let add = ["client", "add", "--name", &name, "--scope", "cadre:read", "--unit", "W", "--json"];
    let made: Value = serde_json::from_str(&printed(url, &add)).expect("JSON");
    let word = |name: &str| made[name].as_str().expect("a word").to_owned();
    (word("client_id"), word("client_secret"))
}

impl Program {
    /// Serves a database on a free port.
    pub fn serve(database_url: &str) -> Self {
        Self::serve_with(database_url, &[])
    }

    /// The same with more flags.
    pub fn serve_with(database_url: &str, flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database_url = &super::as_service(database_url);
        let args =
            [&["serve", "--listen", "127.0.0.1:0", "--database-url", database_url, "--public-url", PUBLIC_URL], flags];
        Self::start(command(folder.path(), &args.concat()))
    }

    /// Starts a serving command and waits until it prints its URL.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let stdout = Text::of(child.stdout.take().expect("piped"));
        let stderr = Text::of(child.stderr.take().expect("piped"));
        let mut program = Self { child, stdout, stderr, url: String::new() };
        let url = poll::until(|| {
            let printed_text = program.stdout.text();
            let url = printed_text.split_whitespace().find(|word| word.starts_with("http://127.0.0.1:"));
            // A line is complete only with its line break.
            let url =
                url.filter(|_| printed_text.ends_with('\n')).map(|url| url.trim_end_matches([';', '.']).to_owned());
            url.or_else(|| program.child.try_wait().expect("a child").map(|_| String::new()))
        });
        program.url = url
            .filter(|url| !url.is_empty())
            .unwrap_or_else(|| panic!("the program does not serve: {}", program.log()));
        program
    }

    /// An access token for a client, from the running program.
    pub async fn token(&self, (id, secret): &(String, String)) -> String {
        self.exchange(id, secret).await.expect("a token")
    }

    /// An access token, or none if the client is refused.
    pub async fn exchange(&self, id: &str, secret: &str) -> Option<String> {
        let request = reqwest::Client::new().post(format!("{}/oauth/token", self.url)).basic_auth(id, Some(secret));
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        let answer = request.body("grant_type=client_credentials").send().await.expect("an answer");
        let body: Value = answer.json().await.expect("JSON");
        body["access_token"].as_str().map(str::to_owned)
    }

    /// Sends a document: status and body.
    pub async fn ask(&self, token: &str, document: &str) -> (u16, Value) {
        let request = reqwest::Client::new().post(format!("{}/graphql", self.url)).bearer_auth(token);
        let answer = request.json(&json!({ "query": document })).send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }

    /// Gets a path: status and text.
    pub async fn get(&self, path: &str) -> (u16, String) {
        let answer = reqwest::get(format!("{}{path}", self.url)).await.expect("an answer");
        let (status, text) = (answer.status().as_u16(), answer.text().await.expect("text"));
        assert!(!canary::contains_identity_number(&text), "{path} contains an identity number: {text}");
        (status, text)
    }

    /// The standard output so far.
    pub fn output(&self) -> String {
        self.stdout.text()
    }

    /// The log so far.
    pub fn log(&self) -> String {
        let log = self.stderr.text();
        assert!(!canary::contains_identity_number(&log), "the log contains an identity number: {log}");
        log
    }

    /// Whether the process is running.
    pub fn lives(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends SIGTERM, like a service manager.
    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        let sent = Command::new("sh").args(["-c", "kill -TERM \"$1\"", "sh", &pid]).status().expect("a POSIX shell");
        assert!(sent.success(), "TERM to {pid}");
    }

    /// Waits until it has exited.
    pub fn ended(&mut self) -> ExitStatus {
        poll::until(|| self.child.try_wait().expect("a child"))
            .unwrap_or_else(|| panic!("the program does not exit: {}", self.log()))
    }

    /// Sends SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().expect("a child of this process");
        self.child.wait().expect("killed");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.log();
        }
        // It may have exited already.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Text {
    fn of(pipe: impl Read + Send + 'static) -> Self {
        let text = Self::default();
        let copy = text.clone();
        thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            let mut line = Vec::new();
            while pipe.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                copy.0.lock().unwrap_or_else(PoisonError::into_inner).push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        });
        text
    }

    /// The complete output, after the pipe is closed and its reader has ended.
    fn whole(&self) -> String {
        poll::until(|| (Arc::strong_count(&self.0) == 1).then_some(())).expect("a pipe ends with its process");
        self.text()
    }

    fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A file that is not a database.
pub fn scribble(folder: &Path) -> String {
    let file = folder.join("notes.txt");
    fs::write(&file, "These are notes and no database. ".repeat(200)).expect("written");
    format!("sqlite://{}", file.display())
}
