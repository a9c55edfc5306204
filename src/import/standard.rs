//! Standards of titles (tiêu chuẩn chức danh) of a bundle: their scopes and their requirements.

use std::collections::{BTreeSet, HashMap, HashSet};

use entity::{
    requirement, standard, standard_scope,
    value::{
        Day, LevelCode, Period, RequirementCode, Severity, StandardCode, SubjectCode, Tier, TitleCode, UnitCode,
        UnitId, Verification,
    },
};

use super::{
    cell::{Cells, Problem, code, day, listed_code, word},
    context::{ImportContext, repeated_code, repeated_row},
    finding::{FindingCode, Findings},
    header::Header,
    reference_lists::unit_of,
    resolve::note_level,
    table::Row,
};
use crate::{
    domain::bundle::{self, FileFormat},
    language::Sentence,
};

/// Kinds of requirements that standards in law have and the service cannot check: only levels of qualification.
const OTHER_KINDS: [&str; 8] =
    ["AGE_MIN", "AGE_MAX", "SERVICE_MONTHS_MIN", "REMAINING_SERVICE_MIN", "PARTY", "GOOD_YEARS", "HELD_TITLE", "FIELD"];

/// A standard.
pub(super) struct StandardRow {
    code: StandardCode,
    name: String,
    issuer: Option<UnitCode>,
    document_no: String,
    valid_from: Day,
    valid_to: Option<Day>,
    verification: Verification,
}

impl Row for StandardRow {
    const FORMAT: FileFormat = bundle::STANDARDS;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let code_ = cells.required("code", code);
        let name = cells.name("name");
        let issuer = cells.optional("issuer_code", code);
        let document_no = cells.name("document_no");
        let (from, to) = (cells.required("valid_from", day), cells.optional("valid_to", day));
        let verification = cells.required("verification", word);
        let (valid_from, valid_to) = (from?, to?);
        if Period::new(Some(valid_from), valid_to).is_none() {
            cells.empty_interval("valid_to");
            return None;
        }
        let (code, name, issuer) = (code_?, name?, issuer?);
        Some(Self { code, name, issuer, document_no: document_no?, valid_from, valid_to, verification: verification? })
    }
}

impl StandardRow {
    fn model(self, issuer_id: Option<UnitId>) -> standard::Model {
        let Self { code, name, document_no, valid_from, valid_to, verification, .. } = self;
        standard::Model { code, name, issuer_id, document_no, valid_from, valid_to, verification }
    }
}

fn differing_standard(row: &standard::Model, stored: &standard::Model) -> Vec<&'static str> {
    let columns = [
        ("name", row.name == stored.name),
        ("issuer_code", row.issuer_id == stored.issuer_id),
        ("document_no", row.document_no == stored.document_no),
        ("valid_from", row.valid_from == stored.valid_from),
        ("valid_to", row.valid_to == stored.valid_to),
        ("verification", row.verification == stored.verification),
    ];
    columns.into_iter().filter(|(_, same)| !same).map(|(column, _)| column).collect()
}

/// A title to which a standard applies.
pub(super) struct ScopeRow {
    standard: StandardCode,
    title: TitleCode,
    tier: Option<Tier>,
}

impl Row for ScopeRow {
    const FORMAT: FileFormat = bundle::STANDARD_SCOPES;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let standard = cells.required("standard_code", code);
        let title = cells.required("title_code", code);
        let tier = cells.optional("tier", word);
        Some(Self { standard: standard?, title: title?, tier: tier? })
    }
}

/// A requirement of a standard.
pub(super) struct RequirementRow {
    standard: StandardCode,
    code: RequirementCode,
    subject: Result<SubjectCode, String>,
    level: Result<LevelCode, String>,
    severity: Severity,
    transition_until: Option<Day>,
    legal_basis: String,
    equivalents: Vec<(SubjectCode, LevelCode)>,
}

impl Row for RequirementRow {
    const FORMAT: FileFormat = bundle::REQUIREMENTS;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let standard = cells.required("standard_code", code);
        let code_ = cells.required("code", code);
        let subject = cells.required("subject", listed_code);
        let level = cells.required("level", listed_code);
        let severity = cells.required("severity", word);
        let transition_until = cells.optional("transition_until", day);
        let legal_basis = cells.name("legal_basis");
        let equivalents = cells.optional("equivalents", equivalents);
        Some(Self {
            standard: standard?,
            code: code_?,
            subject: subject?,
            level: level?,
            severity: severity?,
            transition_until: transition_until?,
            legal_basis: legal_basis?,
            equivalents: equivalents?.unwrap_or_default(),
        })
    }
}

/// Levels separated by `|`, each as `SUBJECT:LEVEL`.
fn equivalents(text: &str) -> Result<Vec<(SubjectCode, LevelCode)>, Problem> {
    let level = |word: &str| {
        let (subject, level) = word.split_once(':')?;
        Some((subject.parse().ok()?, level.parse().ok()?))
    };
    text.split('|').map(|word| level(word).ok_or_else(|| not_an_equivalent().into())).collect()
}

/// The finding about equivalent levels of a requirement, if any.
fn wrong_equivalents(
    of: &SubjectCode,
    equivalents: &[(SubjectCode, LevelCode)],
    context: &ImportContext,
) -> Option<(FindingCode, fn() -> Sentence)> {
    let mut subjects = HashSet::from([of]);
    if equivalents.iter().any(|(subject, _)| !subjects.insert(subject)) {
        return Some((FindingCode::BadValue, same_subject));
    }
    let levels = |subject: &SubjectCode| context.existing.levels.get(subject);
    let is_known = |(subject, level): &(SubjectCode, LevelCode)| levels(subject).is_some_and(|of| of.contains(level));
    (!equivalents.iter().all(is_known)).then_some((FindingCode::UnknownLevel, unknown_equivalent))
}

fn differing_requirement(row: &requirement::Model, stored: &requirement::Model) -> Vec<&'static str> {
    let columns = [
        ("subject", row.subject_code == stored.subject_code),
        ("level", row.level_code == stored.level_code),
        ("severity", row.severity == stored.severity),
        ("transition_until", row.transition_until == stored.transition_until),
        ("legal_basis", row.legal_basis == stored.legal_basis),
        ("equivalents", row.equivalents == stored.equivalents),
    ];
    columns.into_iter().filter(|(_, same)| !same).map(|(column, _)| column).collect()
}

/// New standards, scopes and requirements of the bundle.
#[derive(Default)]
pub(super) struct NewStandards {
    pub standards: Vec<standard::Model>,
    pub scopes: Vec<standard_scope::Model>,
    pub requirements: Vec<requirement::Model>,
    /// Stored standards that get scopes or requirements.
    pub touched: BTreeSet<StandardCode>,
    /// Standards whose issuer is unknown; references to them are not reported.
    unresolved: HashSet<StandardCode>,
}

impl NewStandards {
    /// Resolves the rows of `standards.csv`. Returns the number of unchanged ones.
    pub fn read(
        &mut self,
        header: &Header,
        rows: Vec<(u64, StandardRow)>,
        context: &ImportContext,
        findings: &mut Findings,
    ) -> u64 {
        let (mut seen, mut unchanged) = (HashSet::new(), 0);
        for (line, row) in rows {
            if !seen.insert(row.code.clone()) {
                header.note(findings, (line, "code"), FindingCode::RepeatedCode, repeated_code);
                continue;
            }
            let issuer = unit_of(context, findings, header, (line, "issuer_code"), row.issuer.as_ref());
            if issuer.is_none() && row.issuer.is_some() {
                self.unresolved.insert(row.code);
                continue;
            }
            let row = row.model(issuer);
            match context.existing.standards.standards.get(&row.code) {
                Some(stored) => {
                    unchanged += u64::from(header.note_differing(findings, line, differing_standard(&row, stored)));
                }
                None => self.standards.push(row),
            }
        }
        unchanged
    }

    /// Resolves the rows of `standard_scopes.csv`. Returns the number of unchanged ones.
    pub fn read_scopes(
        &mut self,
        header: &Header,
        rows: Vec<(u64, ScopeRow)>,
        context: &ImportContext,
        findings: &mut Findings,
    ) -> u64 {
        let (mut seen, mut unchanged) = (HashSet::new(), 0);
        let mut lines = Vec::new();
        for (line, ScopeRow { standard, title, tier }) in rows {
            let is_known = self.is_known(header, (line, &standard), context, findings);
            if !context.titles.contains_key(&title) {
                let of = (<entity::title::Model as Row>::FILE, title.as_str());
                context.unknown(findings, header, (line, "title_code"), of);
                continue;
            }
            if !is_known {
                continue;
            }
            let key = (standard, title);
            if !seen.insert(key.clone()) {
                header.note(findings, (line, "standard_code"), FindingCode::RepeatedRow, repeated_row);
                continue;
            }
            if let Some(stored) = context.existing.standards.scopes.get(&key) {
                let differing = if stored.tier == tier { vec![] } else { vec!["tier"] };
                unchanged += u64::from(header.note_differing(findings, line, differing));
                continue;
            }
            let (standard_code, title_code) = key;
            self.touch(&standard_code, context);
            lines.push(line);
            self.scopes.push(standard_scope::Model { standard_code, title_code, tier });
        }
        for at in self.overlapping(context) {
            header.note(findings, (lines[at], "title_code"), FindingCode::StandardOverlap, overlap);
        }
        unchanged
    }

    /// Resolves the rows of `requirements.csv`. Returns the number of unchanged ones.
    pub fn read_requirements(
        &mut self,
        header: &Header,
        rows: Vec<(u64, RequirementRow)>,
        context: &ImportContext,
        findings: &mut Findings,
    ) -> u64 {
        let (mut seen, mut unchanged) = (HashSet::new(), 0);
        for (line, row) in rows {
            let Some(row) = self.requirement(header, (line, row), context, findings) else { continue };
            let key = (row.standard_code.clone(), row.code.clone());
            if !seen.insert(key.clone()) {
                header.note(findings, (line, "code"), FindingCode::RepeatedCode, repeated_code);
                continue;
            }
            match context.existing.standards.requirements.get(&key) {
                Some(stored) => {
                    unchanged += u64::from(header.note_differing(findings, line, differing_requirement(&row, stored)));
                }
                None => {
                    self.touch(&row.standard_code, context);
                    self.requirements.push(row);
                }
            }
        }
        unchanged
    }

    fn requirement(
        &self,
        header: &Header,
        (line, row): (u64, RequirementRow),
        context: &ImportContext,
        findings: &mut Findings,
    ) -> Option<requirement::Model> {
        let is_known = self.is_known(header, (line, &row.standard), context, findings);
        let other_kind = row.subject.as_ref().ok().filter(|subject| OTHER_KINDS.contains(&subject.as_str()));
        if other_kind.is_some() {
            header.note(findings, (line, "subject"), FindingCode::UnknownSubject, not_a_qualification);
            return None;
        }
        if !note_level(header, line, (row.subject.as_ref(), row.level.as_ref()), context, findings) || !is_known {
            return None;
        }
        let subject_code = row.subject.ok()?;
        let standard = self.standard(&row.standard, context)?;
        if let Some((code, sentence)) = wrong_equivalents(&subject_code, &row.equivalents, context) {
            header.note(findings, (line, "equivalents"), code, sentence);
            return None;
        }
        if row.transition_until.is_some_and(|until| until <= standard.valid_from) {
            header.note(findings, (line, "transition_until"), FindingCode::EmptyInterval, no_transition);
            return None;
        }
        Some(requirement::Model {
            standard_code: row.standard,
            code: row.code,
            subject_code,
            level_code: row.level.ok()?,
            severity: row.severity,
            transition_until: row.transition_until,
            legal_basis: row.legal_basis,
            equivalents: words(&row.equivalents),
        })
    }

    /// The standard, of the bundle or of the database.
    fn standard<'a>(&'a self, code: &StandardCode, context: &'a ImportContext) -> Option<&'a standard::Model> {
        let new = || self.standards.iter().find(|standard| standard.code == *code);
        context.existing.standards.standards.get(code).or_else(new)
    }

    /// Whether a standard exists; notes it if not.
    fn is_known(
        &self,
        header: &Header,
        (line, code): (u64, &StandardCode),
        context: &ImportContext,
        findings: &mut Findings,
    ) -> bool {
        let is_known = self.standard(code, context).is_some() || self.unresolved.contains(code);
        if !is_known {
            context.unknown(findings, header, (line, "standard_code"), (StandardRow::FILE, code.as_str()));
        }
        is_known
    }

    fn touch(&mut self, standard: &StandardCode, context: &ImportContext) {
        if context.existing.standards.standards.contains_key(standard) {
            self.touched.insert(standard.clone());
        }
    }

    /// Positions of new scopes that another standard of the same issuer has too on some of the same days.
    fn overlapping(&self, context: &ImportContext) -> Vec<usize> {
        let period = |scope: &standard_scope::Model| {
            let standard = self.standard(&scope.standard_code, context)?;
            Some((standard.issuer_id, standard.period()?))
        };
        let mut known: HashMap<_, Vec<Period>> = HashMap::new();
        for scope in context.existing.standards.scopes.values() {
            let Some((issuer, period)) = period(scope) else { continue };
            known.entry((issuer, &scope.title_code, scope.tier)).or_default().push(period);
        }
        let mut overlapping = Vec::new();
        for (at, scope) in self.scopes.iter().enumerate() {
            let Some((issuer, period)) = period(scope) else { continue };
            let periods = known.entry((issuer, &scope.title_code, scope.tier)).or_default();
            if periods.iter().any(|other| other.overlaps(&period)) {
                overlapping.push(at);
            }
            periods.push(period);
        }
        overlapping
    }
}

/// Equivalent levels as they are stored, in a fixed order.
fn words(equivalents: &[(SubjectCode, LevelCode)]) -> String {
    let mut words: Vec<String> = equivalents.iter().map(|(subject, level)| format!("{subject}:{level}")).collect();
    words.sort_unstable();
    words.join(" ")
}

fn not_an_equivalent() -> Sentence {
    Sentence::new(
        "trình độ tương đương viết là LOẠI:MỨC, nhiều giá trị cách nhau bằng dấu |, ví dụ POLITICAL_THEORY:ADVANCED",
        "an equivalent level is written SUBJECT:LEVEL, several separated by |, such as POLITICAL_THEORY:ADVANCED",
    )
}

fn same_subject() -> Sentence {
    Sentence::new(
        "trình độ tương đương phải thuộc loại trình độ khác với yêu cầu, mỗi loại một lần; hãy chỉ giữ mức thấp nhất của mỗi \
         loại",
        "equivalent levels must be of other subjects than the requirement, each subject once; give only the lowest level of \
         each",
    )
}

fn unknown_equivalent() -> Sentence {
    Sentence::new(
        "trình độ tương đương không có trong danh mục; xem các mã tại `qualificationSubjects`",
        "an equivalent level is not in the list; see the codes under `qualificationSubjects`",
    )
}

fn overlap() -> Sentence {
    Sentence::new(
        "cùng cơ quan ban hành đã có tiêu chuẩn khác cho chức danh và cấp này trong thời gian chồng lấn; hãy đặt ngày hết \
         hiệu lực cho tiêu chuẩn cũ hoặc bỏ một trong hai dòng",
        "another standard of the same issuer applies to this title and tier on some of the same days; end the older \
         standard or remove one of the two rows",
    )
}

fn not_a_qualification() -> Sentence {
    Sentence::new(
        "phần mềm chỉ đối chiếu yêu cầu về trình độ; yêu cầu về tuổi, thời gian công tác, đảng viên, kết quả đánh giá hoặc \
         chức danh đã giữ chưa được hỗ trợ; hãy bỏ dòng này",
        "only requirements of qualification can be checked; requirements of age, service, Party membership, appraisal or \
         former titles are not supported; remove this row",
    )
}

fn no_transition() -> Sentence {
    Sentence::new(
        "thời hạn chuẩn hóa phải sau ngày tiêu chuẩn có hiệu lực (ngày này không được tính); hãy sửa ngày hoặc để trống nếu \
         không có thời hạn",
        "the transition must end after the standard begins (the day is exclusive); correct the day, or leave it empty if \
         there is no transition",
    )
}
