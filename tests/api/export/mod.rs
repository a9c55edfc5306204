//! Exports: all records that a caller may see, each once, complete or recognisably not.

mod form;
mod reach;
mod round_trip;
mod stream;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::Caller;

/// All types, each with its file in a bundle.
pub const TYPES: [(&str, &str); 26] = [
    ("units", "units.csv"),
    ("unit-successions", "unit_successions.csv"),
    ("unit-identifiers", "unit_identifiers.csv"),
    ("unit-areas", "unit_areas.csv"),
    ("documents", "documents.csv"),
    ("titles", "titles.csv"),
    ("title-steps", "title_steps.csv"),
    ("institutions", "institutions.csv"),
    ("standards", "standards.csv"),
    ("standard-scopes", "standard_scopes.csv"),
    ("requirements", "requirements.csv"),
    ("rules", "rules.csv"),
    ("retirement-ages", "retirement_ages.csv"),
    ("programmes", "programmes.csv"),
    ("duties", "duties.csv"),
    ("duty-programmes", "duty_programmes.csv"),
    ("plans", "training_plans.csv"),
    ("quotas", "quotas.csv"),
    ("cadres", "cadres.csv"),
    ("assignments", "assignments.csv"),
    ("qualifications", "qualifications.csv"),
    ("rotations", "rotations.csv"),
    ("classes", "classes.csv"),
    ("sessions", "class_sessions.csv"),
    ("enrolments", "enrolments.csv"),
    ("appraisals", "appraisals.csv"),
];

/// A complete export as NDJSON.
pub struct Export {
    pub head: Value,
    /// The lines between the first and the last.
    pub lines: Vec<String>,
}

impl Export {
    /// The values of a key, in their order.
    pub fn texts(&self, pointer: &str) -> Vec<String> {
        let text = |record: Value| record.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        self.records().into_iter().filter_map(text).collect()
    }

    pub fn records(&self) -> Vec<Value> {
        self.lines.iter().map(|line| serde_json::from_str(line).expect("a JSON object per line")).collect()
    }
}

/// The export of a type, with parameters if need be, which must be complete.
pub async fn ndjson(caller: &Caller<'_>, of: &str) -> Export {
    let text = text(caller, of, "application/x-ndjson").await;
    whole(&text).unwrap_or_else(|| panic!("{of} is not complete: {text}"))
}

/// The text of an export.
pub async fn text(caller: &Caller<'_>, of: &str, media: &str) -> String {
    let answer = caller.get(&format!("/v1/export/{of}")).header("Accept", media).send().await.expect("an answer");
    let status = answer.status();
    let text = answer.text().await.expect("text");
    assert_eq!(status, 200, "{of}: {text}");
    caller.rights.check(&of, &text);
    text
}

/// The export, if the text is complete: its last line has the number and the digest of the lines before it.
pub fn whole(text: &str) -> Option<Export> {
    let lines: Vec<&str> = text.strip_suffix('\n')?.split('\n').collect();
    let (last, before) = lines.split_last()?;
    let end: Value = serde_json::from_str(last).ok()?;
    let digest = Sha256::digest(format!("{}\n", before.join("\n")));
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let (head, records) = before.split_first()?;
    let is_complete = end["end"] == true && end["rows"] == records.len() && end["sha256"] == digest.as_str();
    let lines = records.iter().map(|line| (*line).to_owned()).collect();
    is_complete.then(|| Export { head: serde_json::from_str(head).expect("a head"), lines })
}
