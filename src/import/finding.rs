//! Findings of an import about a cell, a row or a file.

use std::{collections::HashMap, fmt};

use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::language::Sentence;

/// Whether a finding stops the import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Severity {
    /// The row is invalid or contradicts others: no row of the bundle is loaded.
    Error,
    /// The row is recorded, but should be checked.
    Warning,
}

/// Code of a finding. The names are stable: other systems may depend on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FindingCode {
    /// A file of the format is not a regular file.
    NotAFile,
    /// A column is missing, repeated or unknown.
    BadHeader,
    /// The separator of the columns is not a comma.
    BadSeparator,
    /// A record has too few or too many fields, is too long, or a quotation mark is never closed.
    BadRecord,
    /// The bytes are not UTF-8, or contain a NUL.
    BadEncoding,
    /// A cell is not a valid value of its column.
    BadValue,
    /// A cell contains the error value of a spreadsheet or the null value of a database.
    NotAValue,
    /// A text uses an encoding from before Unicode, or lost characters in a conversion.
    GarbledText,
    /// A required cell is empty.
    MissingValue,
    /// An interval ends before or when it starts.
    EmptyInterval,
    /// A code exists neither in the bundle nor in the database.
    UnknownCode,
    /// The subject of qualification is not in the list.
    UnknownSubject,
    /// The subject does not have this level.
    UnknownLevel,
    /// Two rows have the same code. Units: two versions share a day. Identifiers: two rows with the same value share a
    /// day. Rules: the code belongs to a rule that ships with the service.
    RepeatedCode,
    /// Two rows of a file without codes are equal.
    RepeatedRow,
    /// The row names an object out of reach of the client that imports, or one that does not exist.
    OutOfReach,
    /// The stored row differs: an import adds history and never overwrites.
    Differs,
    /// Two standards of one issuer apply to the same title and tier on the same days.
    StandardOverlap,
    /// A unit is its own ancestor.
    UnitCycle,
    /// A unit is deeper than a tree may be.
    UnitTooDeep,
    /// The parent of a unit does not exist throughout the interval of the row.
    ParentNotAlive,
    /// A post has no end, but its unit no longer exists.
    PostInEndedUnit,
    /// A person has retired, left or died, but has a post that has not ended.
    PostAfterService,
    /// A person has, or would get, two running or two future rotations.
    RotationRunning,
    /// A class would have more learners than seats; reported on the first learner without a seat.
    ClassFull,
    /// Two primary posts of a person overlap; reported on the later one.
    TwoPrimaryPosts,
    /// Two rotations of a person overlap; reported on the later one.
    RotationOverlap,
    /// A rotation has the same unit as origin and destination.
    SameUnit,
    /// A unit does not exist on all days of a post, on the start day of a rotation, or in the year of an enrolment.
    UnitNotAlive,
    /// The tiers of a title and its unit differ.
    TitleOfOtherTier,
    /// A class begins and ends outside the years of its plan.
    ClassOutsidePlan,
    /// Two persons have the same name and the same birthday.
    SamePerson,
    /// No post is recorded at the origin of a rotation.
    NoPostLeft,
    /// No post is recorded that begins with a rotation in its destination.
    NoPostTakenUp,
    /// Two full-time classes of a person overlap; reported on the later one.
    OverlappingClasses,
    /// The programme of an enrolment is not that of its class.
    OtherProgramme,
    /// The year of an enrolment lies outside the years of its class.
    YearOutsideClass,
    /// The year of an enrolment is not the year in which its class begins.
    OtherYear,
    /// An enrolment has a result, but its class is cancelled or postponed.
    ResultWithoutClass,
    /// An enrolment takes a seat, but its class is cancelled or postponed.
    ClassNotHeld,
    /// A class has the state of a class that has begun, or an enrolment has a result, before its first day.
    NotYetBegun,
    /// The points of an appraisal do not give its result, or no scale of points was in force on the day.
    PointsDisagree,
    /// A quota is new, and its plan already has learners in the database. The quota does not count them.
    QuotaAfterLearners,
    /// An enrolment has a grade but no result.
    GradeWithoutResult,
    /// An enrolment is on a waiting list but has no class.
    WaitingForNoClass,
    /// A person has the same qualification with another date.
    QualificationRedated,
    /// A text was not in the composed form of Unicode (NFC); it is converted.
    TextNotNfc,
    /// A text had invisible characters, special or repeated blanks, or look-alikes of Đ; they are removed or replaced.
    TextCleaned,
    /// A text began or ended with white space; it is trimmed.
    TextTrimmed,
    /// A date is possible but not likely.
    DoubtfulDate,
    /// A personal identity number does not match the person, or another person has it too.
    DoubtfulNationalId,
    /// A file that the importer does not know.
    UnknownFile,
}

impl FindingCode {
    /// Whether such a finding stops the import.
    pub fn severity(self) -> Severity {
        match self {
            Self::NotAFile
            | Self::BadHeader
            | Self::BadSeparator
            | Self::BadRecord
            | Self::BadEncoding
            | Self::BadValue
            | Self::NotAValue
            | Self::GarbledText
            | Self::MissingValue
            | Self::EmptyInterval
            | Self::UnknownCode
            | Self::UnknownSubject
            | Self::UnknownLevel
            | Self::RepeatedCode
            | Self::RepeatedRow
            | Self::OutOfReach
            | Self::Differs
            | Self::StandardOverlap
            | Self::UnitCycle
            | Self::UnitTooDeep
            | Self::ParentNotAlive
            | Self::PostInEndedUnit
            | Self::PostAfterService
            | Self::RotationRunning
            | Self::ClassFull
            | Self::YearOutsideClass
            | Self::ResultWithoutClass
            | Self::NotYetBegun
            | Self::PointsDisagree
            | Self::WaitingForNoClass => Severity::Error,
            Self::TwoPrimaryPosts
            | Self::RotationOverlap
            | Self::SameUnit
            | Self::UnitNotAlive
            | Self::TitleOfOtherTier
            | Self::ClassOutsidePlan
            | Self::SamePerson
            | Self::NoPostLeft
            | Self::NoPostTakenUp
            | Self::OverlappingClasses
            | Self::OtherProgramme
            | Self::OtherYear
            | Self::ClassNotHeld
            | Self::GradeWithoutResult
            | Self::QualificationRedated
            | Self::QuotaAfterLearners
            | Self::TextNotNfc
            | Self::TextCleaned
            | Self::TextTrimmed
            | Self::DoubtfulDate
            | Self::DoubtfulNationalId
            | Self::UnknownFile => Severity::Warning,
        }
    }
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Same spelling as in serialisation.
        self.serialize(f)
    }
}

/// A column of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Name of the column, as in the description of the format.
    pub name: &'static str,
    /// Position in this file, from 1.
    pub position: usize,
}

/// One finding. Its sentence never contains a protected value; it may contain codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Whether the finding stops the import.
    pub severity: Severity,
    /// File of the bundle.
    pub file: String,
    /// Line on which the record begins, from 1; `None` for the whole file.
    pub line: Option<u64>,
    /// Column; `None` for the whole record.
    pub column: Option<Column>,
    /// Code of the finding.
    pub code: FindingCode,
    /// Message: the problem in this row and its remedy.
    #[serde(serialize_with = "both_languages")]
    pub sentence: Sentence,
}

fn both_languages<S: Serializer>(sentence: &Sentence, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(2))?;
    map.serialize_entry("vi", &sentence.vi)?;
    map.serialize_entry("en", &sentence.en)?;
    map.end()
}

/// Position of a finding in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub line: Option<u64>,
    pub column: Option<Column>,
}

/// Number of findings of a code in a file that are not listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unlisted {
    /// File of the bundle.
    pub file: String,
    /// Code of the findings.
    pub code: FindingCode,
    /// Number of findings that are not listed.
    pub more: u64,
}

/// Maximum number of listed findings per file and code; further ones are only counted, which bounds memory.
const LISTED: u64 = 1_000;

/// All findings of an import.
#[derive(Debug, Default)]
pub(super) struct Findings {
    listed: Vec<Finding>,
    counts: HashMap<(&'static str, FindingCode), u64>,
    order: Vec<(&'static str, FindingCode)>,
    pub errors: u64,
    pub warnings: u64,
}

impl Findings {
    /// Notes a finding; `sentence` is made only if the finding is listed.
    pub fn note(&mut self, file: &'static str, place: Place, code: FindingCode, sentence: impl FnOnce() -> Sentence) {
        let count = self.counts.entry((file, code)).or_insert_with(|| {
            self.order.push((file, code));
            0
        });
        *count += 1;
        if *count <= LISTED {
            self.push(file.to_owned(), place, code, sentence());
        }
        self.count(code);
    }

    /// Notes a file that the format does not know.
    pub fn unknown_file(&mut self, name: String, sentence: Sentence) {
        self.push(name, Place::default(), FindingCode::UnknownFile, sentence);
        self.count(FindingCode::UnknownFile);
    }

    fn push(&mut self, file: String, place: Place, code: FindingCode, sentence: Sentence) {
        let (line, column) = (place.line, place.column);
        self.listed.push(Finding { severity: code.severity(), file, line, column, code, sentence });
    }

    fn count(&mut self, code: FindingCode) {
        match code.severity() {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
        }
    }

    /// The listed findings, by file in the order of their first finding and by line; and the counts of unlisted ones.
    pub fn into_lists(mut self) -> (Vec<Finding>, Vec<Unlisted>) {
        let mut files: Vec<String> = Vec::new();
        for finding in &self.listed {
            if !files.contains(&finding.file) {
                files.push(finding.file.clone());
            }
        }
        self.listed.sort_by_key(|finding| {
            let file = files.iter().position(|file| *file == finding.file);
            (file, finding.line, finding.column.map(|column| column.position))
        });
        let more = |key: &(&'static str, FindingCode)| self.counts.get(key).map_or(0, |n| n.saturating_sub(LISTED));
        let unlisted = self
            .order
            .iter()
            .filter(|key| more(key) > 0)
            .map(|key| Unlisted { file: key.0.to_owned(), code: key.1, more: more(key) })
            .collect();
        (self.listed, unlisted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_a_thousand_findings_of_a_kind_are_counted() {
        let mut findings = Findings::default();
        for line in 0..1_005 {
            let place = Place { line: Some(line), column: None };
            findings.note("cadres.csv", place, FindingCode::TextNotNfc, || Sentence::new("", ""));
        }
        findings.note("cadres.csv", Place::default(), FindingCode::BadValue, || Sentence::new("", ""));
        assert_eq!((findings.errors, findings.warnings), (1, 1_005));
        let (listed, unlisted) = findings.into_lists();
        assert_eq!(listed.len(), 1_001);
        let more = Unlisted { file: "cadres.csv".to_owned(), code: FindingCode::TextNotNfc, more: 5 };
        assert_eq!(unlisted, [more]);
    }

    #[test]
    fn a_code_is_spelled_in_capitals() {
        assert_eq!(FindingCode::TwoPrimaryPosts.to_string(), "TWO_PRIMARY_POSTS");
        assert_eq!(FindingCode::BadValue.to_string(), "BAD_VALUE");
    }
}
