//! A test that does not end stops the whole run and prints its name and where it waits. Otherwise the run would hang
//! without an explanation.

use std::{
    cell::OnceCell,
    collections::BTreeMap,
    fs,
    io::{self, Write},
    path::PathBuf,
    process::{self, Command},
    sync::{Mutex, MutexGuard, Once, PoisonError},
    thread,
    time::{Duration, Instant},
};

use super::poll;

/// Ten times the duration of the longest test on a slow machine.
const TIMEOUT: Duration = Duration::from_secs(1_200);

/// The start of each running test, by name.
static RUNNING: Mutex<BTreeMap<String, Instant>> = Mutex::new(BTreeMap::new());

/// A running test; it ends with its thread.
struct Running(String);

impl Drop for Running {
    fn drop(&mut self) {
        running().remove(&self.0);
    }
}

/// Watches the test of the current thread until it ends. Called by everything that a test may wait for.
pub fn watch() {
    thread_local!(static OF_THREAD: OnceCell<Option<Running>> = const { OnceCell::new() });
    static WATCHER: Once = Once::new();
    OF_THREAD.with(|of_thread| {
        of_thread.get_or_init(|| {
            // The thread of a test has its name. Other threads only wait on behalf of such a thread.
            let name = thread::current().name().filter(|name| name.contains("::"))?.to_owned();
            running().insert(name.clone(), Instant::now());
            Some(Running(name))
        });
    });
    WATCHER.call_once(|| drop(thread::spawn(|| end_what_is_overdue(TIMEOUT))));
}

fn running() -> MutexGuard<'static, BTreeMap<String, Instant>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn end_what_is_overdue(patience: Duration) {
    loop {
        if let Some(names) = poll::until(|| overdue(patience)) {
            let report =
                format!("\nno end after {} s: {}\n{}", patience.as_secs(), names.join(", "), waiting_threads());
            // Bypasses the captured output of tests. If standard error is closed, the exit status is enough.
            let _written = io::stderr().write_all(report.as_bytes());
            process::exit(101);
        }
    }
}

/// The tests that have been running for longer than this.
fn overdue(patience: Duration) -> Option<Vec<String>> {
    let running = running();
    let names: Vec<String> =
        running.iter().filter(|(_, since)| since.elapsed() >= patience).map(|(name, _)| name.clone()).collect();
    (!names.is_empty()).then_some(names)
}

/// Where the threads of this process wait, if the system provides that, and all processes.
fn waiting_threads() -> String {
    let tasks: Vec<PathBuf> =
        fs::read_dir("/proc/self/task").into_iter().flatten().flatten().map(|task| task.path()).collect();
    let read = |task: &PathBuf, file| fs::read_to_string(task.join(file)).unwrap_or_default().trim().to_owned();
    let threads: String =
        tasks.iter().map(|task| format!("{}: {}\n", read(task, "comm"), read(task, "wchan"))).collect();
    let processes = Command::new("ps").args(["-eo", "pid,ppid,stat,etime,args"]).output();
    threads + &processes.map_or_else(|error| error.to_string(), |ps| String::from_utf8_lossy(&ps.stdout).into_owned())
}

#[test]
fn a_test_is_overdue_after_its_timeout_and_until_its_end() {
    let test = thread::Builder::new().name("overdue::of_a_control".to_owned()).spawn(|| {
        watch();
        let is_among =
            |patience| overdue(patience).unwrap_or_default().iter().any(|name| name == "overdue::of_a_control");
        (is_among(Duration::ZERO), is_among(TIMEOUT))
    });
    assert_eq!(test.expect("a thread").join().expect("no panic"), (true, false));
    let left = overdue(Duration::ZERO).unwrap_or_default();
    assert!(!left.iter().any(|name| name == "overdue::of_a_control"), "the test has ended: {left:?}");
}
