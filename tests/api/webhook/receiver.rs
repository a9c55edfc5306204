//! An endpoint of a client: answers with the statuses that a test wants, and keeps what it received.

use std::{
    collections::{HashMap, VecDeque},
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

/// A request.
#[derive(Clone, Debug)]
pub struct Received {
    pub head: HashMap<String, String>,
    pub body: String,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.head.get(name).unwrap_or_else(|| panic!("no {name}: {self:?}"))
    }
}

#[derive(Default)]
struct State {
    connections: usize,
    received: Vec<Received>,
    answers: VecDeque<String>,
}

/// The endpoint. Its thread ends with the process.
pub struct Receiver {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                locked(&shared).connections += 1;
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { port, state }
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.host())
    }

    /// The next answers: a status, or a status with further header lines; `SILENCE` never answers. Then always 204.
    pub fn answer(&self, answers: &[&str]) {
        locked(&self.state).answers.extend(answers.iter().map(ToString::to_string));
    }

    /// All requests so far.
    pub fn received(&self) -> Vec<Received> {
        locked(&self.state).received.clone()
    }

    /// Number of connections so far.
    pub fn connections(&self) -> usize {
        locked(&self.state).connections
    }
}

pub const SILENCE: &str = "";

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream);
    let Some(request) = read(&mut reader) else { return };
    let answer = {
        let mut state = locked(state);
        state.received.push(request);
        state.answers.pop_front().unwrap_or_else(|| "204 No Content".to_owned())
    };
    if answer == SILENCE {
        // Waits until the other side gives up.
        let _closed = reader.read_to_end(&mut Vec::new());
        return;
    }
    // The other side may have gone.
    let _written = write!(reader.get_mut(), "HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
}

/// A request; `None` if it is no HTTP.
fn read(reader: &mut impl BufRead) -> Option<Received> {
    let line = |reader: &mut dyn BufRead| {
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line).ok()?;
        Some(String::from_utf8(line).ok()?.trim_end().to_owned())
    };
    if !line(reader)?.starts_with("POST /") {
        return None;
    }
    let mut head = HashMap::new();
    loop {
        let line = line(reader)?;
        let Some((name, value)) = line.split_once(": ") else { break };
        head.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let mut body = vec![0; head.get("content-length")?.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    Some(Received { head, body: String::from_utf8(body).ok()? })
}
