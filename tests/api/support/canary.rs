//! Marked values: the protected values of the small province. No response of the whole suite may contain one without
//! the right to it, and no log line and no metric may contain any.

use std::{
    collections::{HashMap, HashSet},
    fmt, io,
    path::Path,
    sync::{LazyLock, Mutex, PoisonError},
};

use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use super::bundle;

/// A protected value as JSON, with the scope that it requires and the persons who have it.
#[derive(Debug)]
pub struct Mark {
    pub value: String,
    pub scope: &'static str,
    persons: HashSet<String>,
}

/// The protected columns of a file of persons.
pub const COLUMNS: [(&str, &str); 5] = [
    ("national_id", "cadre.identity:read"),
    ("birth_on", "cadre.identity:read"),
    ("native_place_code", "cadre.identity:read"),
    ("joined_party_on", "cadre.political:read"),
    ("ethnicity_code", "cadre.origin:read"),
];

/// The marked values of the small province.
pub static MARKS: LazyLock<Vec<Mark>> = LazyLock::new(|| marks(&rows("cadres.csv")));

/// The persons within the subtree of each unit, on any day.
static REACHED: LazyLock<HashMap<String, HashSet<String>>> = LazyLock::new(reached);

/// Protected values found in logs.
static LEAKS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The rights of a caller that decide about marked values.
#[derive(Clone, Debug)]
pub struct Rights {
    pub scopes: HashSet<String>,
    pub units: Vec<String>,
}

impl Rights {
    /// Whether the caller may see a marked value: it has the scope and reaches a person who has the value.
    fn open(&self, mark: &Mark) -> bool {
        let reaches = |unit: &String| REACHED.get(unit).is_none_or(|persons| !persons.is_disjoint(&mark.persons));
        self.scopes.contains(mark.scope) && self.units.iter().any(reaches)
    }

    /// The marked values in a response that the caller may not see.
    pub fn leaks<'a>(&self, answer: &str, marks: &'a [Mark]) -> Vec<&'a Mark> {
        marks.iter().filter(|mark| !self.open(mark) && answer.contains(&format!("\"{}\"", mark.value))).collect()
    }

    /// Panics if a response contains a marked value that the caller may not see.
    pub fn check(&self, query: &dyn fmt::Display, answer: &str) {
        let leaks = self.leaks(answer, &MARKS);
        assert!(leaks.is_empty(), "{self:?} may not see {leaks:?}\nquery: {query}\nresponse: {answer}");
        let leaks = LEAKS.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(leaks.is_empty(), "the log contains protected values: {leaks:#?}");
    }
}

/// Whether a public text, such as a log or a metric, contains an identity number: all identity numbers of the tests
/// begin with 999. A part of a request id, which has hyphens, does not count.
pub fn contains_identity_number(text: &str) -> bool {
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let is_identity =
        |word: &str| word.len() == 12 && word.starts_with("999") && word.bytes().all(|b| b.is_ascii_digit());
    words.any(is_identity) || MARKS.iter().any(|mark| mark.value.len() == 10 && text.contains(&mark.value))
}

/// Sends the log of the application to the output of the test, and checks each line.
pub fn watch_the_log() {
    let filter = EnvFilter::new("warn,cadre_api=trace,actix_http=off");
    // A second test application finds it initialised.
    let _started = tracing_subscriber::fmt().with_env_filter(filter).with_writer(Watched).try_init();
}

struct Watched;

impl io::Write for Watched {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        if contains_identity_number(&text) {
            LEAKS.lock().unwrap_or_else(PoisonError::into_inner).push(text.into_owned());
        }
        if [" WARN ", " ERROR "].iter().any(|level| String::from_utf8_lossy(line).contains(level)) {
            io::stderr().write_all(line)?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Watched {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

type Row = HashMap<String, String>;

fn rows(file: &str) -> Vec<Row> {
    read(&bundle().join(file))
}

/// The rows of a CSV file by column names.
pub fn read(path: &Path) -> Vec<Row> {
    let mut file = csv::Reader::from_path(path).expect("a file of the bundle");
    file.deserialize().map(|row| row.expect("a row")).collect()
}

fn marks(persons: &[Row]) -> Vec<Mark> {
    let mut marks: HashMap<(String, &'static str), HashSet<String>> = HashMap::new();
    for (person, (column, scope)) in persons.iter().flat_map(|person| COLUMNS.map(|of| (person, of))) {
        if !person[column].is_empty() {
            marks.entry((person[column].clone(), scope)).or_default().insert(person["code"].clone());
        }
    }
    marks.into_iter().map(|((value, scope), persons)| Mark { value, scope, persons }).collect()
}

fn reached() -> HashMap<String, HashSet<String>> {
    let units = rows("units.csv");
    let codes: HashSet<&String> = units.iter().map(|unit| &unit["code"]).collect();
    let mut below: HashMap<&String, HashSet<&String>> =
        codes.iter().map(|code| (*code, HashSet::from([*code]))).collect();
    // Downwards in both trees, and from successors to predecessors.
    let mut edges: Vec<(String, String)> = Vec::new();
    for unit in &units {
        edges.extend(["parent_code", "party_parent_code"].map(|of| (unit[of].clone(), unit["code"].clone())));
    }
    let successions = rows("unit_successions.csv");
    edges.extend(successions.iter().map(|row| (row["successor_code"].clone(), row["predecessor_code"].clone())));
    for _ in 0..codes.len() {
        for (above, under) in &edges {
            if let (Some(more), Some(above)) = (below.get(under).cloned(), below.get_mut(above)) {
                above.extend(more);
            }
        }
    }
    let posts = rows("assignments.csv");
    let persons = |units: &HashSet<&String>| {
        posts.iter().filter(|post| units.contains(&post["unit_code"])).map(|post| post["cadre_code"].clone()).collect()
    };
    below.iter().map(|(unit, units)| ((*unit).clone(), persons(units))).collect()
}
