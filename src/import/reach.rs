//! The reach of a client that imports: every object that a row names must be within it.
//!
//! It is checked before the rows are compared with the database, so that a report reveals nothing about records out of
//! reach. An object that does not exist is reported like one that is out of reach, as everywhere in the API.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    str::FromStr,
};

use entity::{
    assignment, cadre, training_class,
    value::{CadreId, ClassCode, PlanCode, UnitCode, UnitId},
};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, prelude::Expr};

use super::{
    bundle::{Bundle, FILES},
    cell::{Cells, Problem},
    existing::Existing,
    files::Files,
    finding::{FindingCode, Findings},
    header::Header,
    progress::Progress,
    table::{Row, Table},
};
use crate::{
    authz::Access,
    db,
    domain::bundle::{self, FileFormat},
    error::Result,
    language::Sentence,
};

/// Codes in one query.
const ASKED: usize = 1_000;
/// Rows that are read at a time.
const BATCH: usize = 2_000;

/// A kind of object that a row can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Kind {
    Unit,
    Person,
    Plan,
    Class,
    /// An entry of a list that all clients share, named by its own row.
    Entry,
    /// A part of such an entry, such as a requirement of a standard.
    EntryPart,
}

/// The kind of object that a column names; `None` for values, and for references to lists that all clients share.
fn kind(file: &str, column: &str) -> Option<Kind> {
    const LISTS: [FileFormat; 8] = [
        bundle::DOCUMENTS,
        bundle::TITLES,
        bundle::INSTITUTIONS,
        bundle::STANDARDS,
        bundle::RULES,
        bundle::RETIREMENT_AGES,
        bundle::PROGRAMMES,
        bundle::DUTIES,
    ];
    Some(match column {
        "code" if file == bundle::UNITS.name => Kind::Unit,
        "code" if file == bundle::CADRES.name => Kind::Person,
        "code" if file == bundle::TRAINING_PLANS.name => Kind::Plan,
        "code" if file == bundle::CLASSES.name => Kind::Class,
        "code" if LISTS.iter().any(|list| list.name == file) => Kind::Entry,
        "code" if file == bundle::REQUIREMENTS.name => Kind::EntryPart,
        "title_code" if file == bundle::TITLE_STEPS.name => Kind::EntryPart,
        "standard_code" if file != bundle::STANDARD_EXEMPTIONS.name => Kind::EntryPart,
        "duty_code" if file == bundle::DUTY_PROGRAMMES.name => Kind::EntryPart,
        "issuer_code" | "unit_code" | "from_unit_code" | "to_unit_code" | "organiser_code" | "parent_code"
        | "party_parent_code" | "predecessor_code" | "successor_code" | "sending_unit_code" | "granted_by_code" => {
            Kind::Unit
        }
        "cadre_code" => Kind::Person,
        "plan_code" => Kind::Plan,
        "class_code" => Kind::Class,
        _ => return None,
    })
}

/// The cells of a row, in the order of the columns of a file, given by its place in `FILES`.
struct RowCells<const FILE: usize>(Vec<Option<String>>);

impl<const FILE: usize> Row for RowCells<FILE> {
    const FORMAT: FileFormat = FILES[FILE];

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        Some(Self(Self::COLUMNS.iter().map(|column| cells.optional(column, as_it_is).flatten()).collect()))
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the type of functions that read cells")]
fn as_it_is(text: &str) -> Result<String, Problem> {
    Ok(text.to_owned())
}

/// A row with the cells that name objects: column, kind, code.
struct Named<'a> {
    header: &'a Header,
    line: u64,
    cells: Vec<(&'static str, Kind, &'a str)>,
}

impl Named<'_> {
    /// The code of the row itself, if its file has codes.
    fn own(&self) -> Option<&str> {
        self.cells.iter().find(|(column, ..)| *column == "code").map(|(.., code)| *code)
    }
}

/// Reads all rows of a bundle. Returns what makes a file unreadable, if any.
fn visit(files: Files<'_>, bundle: &Bundle, mut row: impl FnMut(&Named<'_>)) -> Result<Findings> {
    let mut findings = Findings::default();
    let mut is_whole = true;
    macro_rules! read {
        ($($file:literal)*) => {
            const _: () = assert!([$($file),*].len() == FILES.len(), "all files are read");
            $(if bundle.has(FILES[$file].name) {
                is_whole &= read_file::<$file>(files, &mut findings, &mut row)?;
            })*
        };
    }
    read!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27);
    Ok(if is_whole { Findings::default() } else { findings })
}

fn read_file<const FILE: usize>(
    files: Files<'_>,
    findings: &mut Findings,
    row: &mut impl FnMut(&Named<'_>),
) -> Result<bool> {
    let mut table = Table::<RowCells<FILE>, _>::open(files, &Progress::hidden(), findings)?;
    let header = table.header().clone();
    let kinds: Vec<_> = FILES[FILE].columns.iter().map(|column| (*column, kind(header.file, column))).collect();
    loop {
        let lines = table.batch(BATCH, findings)?;
        if lines.is_empty() {
            return Ok(table.is_whole());
        }
        for line in &lines {
            let Ok(RowCells(cells)) = &line.row else { continue };
            let cells = kinds.iter().zip(cells);
            let cells = cells.filter_map(|((column, kind), cell)| Some((*column, (*kind)?, cell.as_deref()?)));
            row(&Named { header: &header, line: line.line, cells: cells.collect() });
        }
    }
}

/// All codes that a bundle names.
#[derive(Default)]
struct Codes {
    named: HashMap<Kind, HashSet<String>>,
    /// Codes with a row in the file of their kind.
    own: HashMap<Kind, HashSet<String>>,
    /// The parents of the units of the bundle, by unit.
    parents: HashMap<String, HashSet<String>>,
    /// Persons with a post in the bundle.
    placed: HashSet<String>,
}

impl Codes {
    fn add(&mut self, row: &Named<'_>) {
        for (column, kind, code) in &row.cells {
            self.named.entry(*kind).or_default().insert((*code).to_owned());
            if *column == "code" {
                self.own.entry(*kind).or_default().insert((*code).to_owned());
            }
        }
        if row.header.file == bundle::UNITS.name
            && let Some(unit) = row.own()
        {
            let parents =
                row.cells.iter().filter(|(column, ..)| *column != "code").map(|(.., code)| (*code).to_owned());
            self.parents.entry(unit.to_owned()).or_default().extend(parents);
        }
        if row.header.file == bundle::ASSIGNMENTS.name {
            let person = row.cells.iter().filter(|(_, kind, _)| *kind == Kind::Person);
            self.placed.extend(person.map(|(.., code)| (*code).to_owned()));
        }
    }

    fn all(&self, kind: Kind) -> impl Iterator<Item = &String> {
        self.named.get(&kind).into_iter().flatten()
    }

    fn has_row(&self, kind: Kind, code: &str) -> bool {
        self.own.get(&kind).is_some_and(|codes| codes.contains(code))
    }
}

/// Codes out of reach, by kind.
type Refused = HashMap<Kind, HashSet<String>>;

/// The recorded persons that the rows of a file name.
pub(super) async fn recorded_persons(
    (files, bundle): (Files<'_>, &Bundle),
    file: &str,
    connection: &impl ConnectionTrait,
) -> Result<Vec<CadreId>> {
    let mut codes: HashSet<String> = HashSet::new();
    visit(files, bundle, |row| {
        if row.header.file == file {
            let persons = row.cells.iter().filter(|(_, kind, _)| *kind == Kind::Person);
            codes.extend(persons.map(|(.., code)| (*code).to_owned()));
        }
    })?;
    let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    let mut recorded: Vec<CadreId> = persons(connection, &codes).await?.into_values().collect();
    recorded.sort_unstable();
    Ok(recorded)
}

/// Notes every row that names an object out of the reach of a client.
pub(super) async fn check(
    access: &Access,
    (files, bundle): (Files<'_>, &Bundle),
    (existing, connection): (&Existing, &impl ConnectionTrait),
    findings: &mut Findings,
) -> Result<()> {
    if access.narrowing().is_none() {
        return Ok(());
    }
    let mut codes = Codes::default();
    let unreadable = visit(files, bundle, |row| codes.add(row))?;
    if unreadable.errors > 0 {
        *findings = unreadable;
        return Ok(());
    }
    let refused = Refused::from([
        (Kind::Unit, units(access, &codes, existing)),
        (Kind::Person, persons_out_of_reach(access, &codes, connection).await?),
        (Kind::Plan, plans(access, &codes, existing)),
        (Kind::Class, classes(access, &codes, connection).await?),
    ]);
    visit(files, bundle, |row| note(row, (&refused, &codes, existing), findings))?;
    Ok(())
}

fn note(row: &Named<'_>, (refused, codes, existing): (&Refused, &Codes, &Existing), findings: &mut Findings) {
    for (column, kind, code) in &row.cells {
        let is_refused = match kind {
            Kind::Entry => !is_recorded(row.header.file, code, existing),
            Kind::EntryPart => true,
            _ => refused.get(kind).is_some_and(|codes| codes.contains(*code)),
        };
        let is_parent = row.header.file == bundle::UNITS.name && *column != "code";
        if is_refused && !(is_parent && is_recorded_parent(row, code, existing)) {
            let is_new = *kind == Kind::Person && codes.has_row(Kind::Person, code) && !codes.placed.contains(*code);
            let at = (row.line, *column);
            row.header.note(findings, at, FindingCode::OutOfReach, || sentence(*kind, is_new));
        }
    }
}

/// Units of the database within reach, and new units below them, are not refused.
fn units(access: &Access, codes: &Codes, existing: &Existing) -> HashSet<String> {
    let recorded = |code: &str| parsed::<UnitCode>(code).and_then(|code| existing.units.get(&code)).copied();
    let mut within: HashSet<&str> = HashSet::new();
    for code in codes.all(Kind::Unit) {
        if recorded(code).is_some_and(|id| access.reaches(id)) {
            within.insert(code);
        }
    }
    loop {
        let is_below = |code: &&String| {
            let parents = codes.parents.get(*code).filter(|parents| !parents.is_empty());
            let is_new = !within.contains(code.as_str()) && recorded(code).is_none();
            is_new && parents.is_some_and(|parents| parents.iter().all(|parent| within.contains(parent.as_str())))
        };
        let below: Vec<&String> = codes.all(Kind::Unit).filter(is_below).collect();
        if below.is_empty() {
            break;
        }
        within.extend(below.into_iter().map(String::as_str));
    }
    codes.all(Kind::Unit).filter(|code| !within.contains(code.as_str())).cloned().collect()
}

/// Persons in the caller's custody today, and new persons with a post, are not refused.
async fn persons_out_of_reach(
    access: &Access,
    codes: &Codes,
    connection: &impl ConnectionTrait,
) -> Result<HashSet<String>> {
    let mut refused = HashSet::new();
    let named: Vec<&str> = codes.all(Kind::Person).map(String::as_str).collect();
    for named in named.chunks(ASKED) {
        let recorded = persons(connection, named).await?;
        let posts = assignment::Entity::find()
            .filter(db::any_id(
                connection.get_database_backend(),
                Expr::col(assignment::Column::CadreId),
                recorded.values().map(|id| id.0),
            ))
            .all(connection)
            .await?;
        let mut of_person: HashMap<CadreId, Vec<assignment::Model>> = HashMap::new();
        posts.into_iter().for_each(|post| of_person.entry(post.cadre_id).or_default().push(post));
        for code in named {
            let is_within = match recorded.get(*code) {
                Some(id) => access.keeps_file_today(of_person.get(id).map_or(&[], Vec::as_slice))?,
                None => codes.has_row(Kind::Person, code) && codes.placed.contains(*code),
            };
            if !is_within {
                refused.insert((*code).to_owned());
            }
        }
    }
    Ok(refused)
}

/// Ids of recorded persons, by code.
async fn persons(connection: &impl ConnectionTrait, codes: &[&str]) -> Result<HashMap<String, CadreId>> {
    let mut found = HashMap::new();
    for codes in codes.chunks(ASKED) {
        let is_named =
            db::any_word(connection.get_database_backend(), Expr::col(cadre::Column::Code), codes.iter().copied());
        let rows: Vec<(String, CadreId)> = cadre::Entity::find()
            .select_only()
            .columns([cadre::Column::Code, cadre::Column::Id])
            .filter(is_named)
            .into_tuple()
            .all(connection)
            .await?;
        found.extend(rows);
    }
    Ok(found)
}

fn plans(access: &Access, codes: &Codes, existing: &Existing) -> HashSet<String> {
    let is_within = |code: &str| match parsed::<PlanCode>(code).and_then(|code| existing.plans.get(&code)) {
        Some(plan) => access.reaches(plan.unit_id),
        None => codes.has_row(Kind::Plan, code),
    };
    codes.all(Kind::Plan).filter(|code| !is_within(code)).cloned().collect()
}

async fn classes(access: &Access, codes: &Codes, connection: &impl ConnectionTrait) -> Result<HashSet<String>> {
    let mut refused = HashSet::new();
    let named: Vec<&str> = codes.all(Kind::Class).map(String::as_str).collect();
    for named in named.chunks(ASKED) {
        let is_named = db::any_word(
            connection.get_database_backend(),
            Expr::col(training_class::Column::Code),
            named.iter().copied(),
        );
        let rows: Vec<(ClassCode, UnitId)> = training_class::Entity::find()
            .select_only()
            .columns([training_class::Column::Code, training_class::Column::OrganiserId])
            .filter(is_named)
            .into_tuple()
            .all(connection)
            .await?;
        let recorded: HashMap<String, UnitId> = rows.into_iter().map(|(code, unit)| (code.to_string(), unit)).collect();
        let is_within = |code: &str| match recorded.get(code) {
            Some(unit) => access.reaches(*unit),
            None => codes.has_row(Kind::Class, code),
        };
        refused.extend(named.iter().filter(|code| !is_within(code)).map(|code| (*code).to_owned()));
    }
    Ok(refused)
}

/// Whether a list that all clients share has the entry already.
fn is_recorded(file: &str, code: &str, existing: &Existing) -> bool {
    fn has<Code: FromStr + Eq + Hash, T>(list: &HashMap<Code, T>, code: &str) -> bool {
        parsed(code).is_some_and(|code| list.contains_key(&code))
    }
    match file {
        _ if file == bundle::DOCUMENTS.name => has(&existing.documents, code),
        _ if file == bundle::TITLES.name => has(&existing.titles, code),
        _ if file == bundle::INSTITUTIONS.name => has(&existing.institutions, code),
        _ if file == bundle::STANDARDS.name => has(&existing.standards.standards, code),
        _ if file == bundle::DUTIES.name => has(&existing.duties, code),
        _ if file == bundle::RULES.name => has(&existing.rules, code),
        _ if file == bundle::RETIREMENT_AGES.name => has(&existing.retirement_ages, code),
        _ => has(&existing.programmes, code),
    }
}

/// Whether the recorded versions of the unit of a row have this parent: it may be out of reach.
fn is_recorded_parent(row: &Named<'_>, parent: &str, existing: &Existing) -> bool {
    let id = |code: &str| parsed::<UnitCode>(code).and_then(|code| existing.units.get(&code));
    let (Some(unit), Some(parent)) = (row.own().and_then(id), id(parent)) else { return false };
    let mut versions = existing.versions.get(unit).into_iter().flatten();
    versions.any(|version| [version.parent_id, version.party_parent_id].contains(&Some(*parent)))
}

/// A text as a code; `None` if it cannot be one.
fn parsed<T: FromStr>(code: &str) -> Option<T> {
    code.parse().ok()
}

fn sentence(kind: Kind, is_new: bool) -> Sentence {
    let (vi, en) = match kind {
        Kind::Person if is_new => (
            "nhân sự mới phải có chức danh trong phạm vi của hệ thống; hãy bổ sung dòng trong assignments.csv",
            "a new person must have a post within reach of the client; add a row to assignments.csv",
        ),
        Kind::Unit => (
            "đơn vị không tồn tại hoặc nằm ngoài phạm vi của hệ thống; đơn vị mới phải có đơn vị cấp trên trong phạm vi",
            "the unit does not exist or is out of reach of the client; a new unit must have its parents within reach",
        ),
        Kind::Person => (
            "nhân sự không tồn tại hoặc hồ sơ nằm ngoài phạm vi của hệ thống",
            "the person does not exist, or the file is out of reach of the client",
        ),
        Kind::Plan => (
            "kế hoạch không tồn tại hoặc nằm ngoài phạm vi của hệ thống",
            "the plan does not exist or is out of reach of the client",
        ),
        Kind::Class => (
            "lớp không tồn tại hoặc nằm ngoài phạm vi của hệ thống",
            "the class does not exist or is out of reach of the client",
        ),
        Kind::Entry | Kind::EntryPart => (
            "chỉ hệ thống có phạm vi toàn bộ các đơn vị mới được thêm mục vào danh mục dùng chung; hãy đề nghị cơ quan vận \
             hành nhập mục này",
            "only a client with reach over all units may add entries to lists that all clients share; ask the operator to \
             import this entry",
        ),
    };
    Sentence::new(vi, en)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A new column with codes is assigned to a kind, or to the lists that all clients share.
    #[test]
    fn every_column_with_codes_is_known() {
        let others: BTreeSet<&str> = FILES
            .iter()
            .flat_map(|file| file.columns.iter().filter(|column| kind(file.name, column).is_none()))
            .copied()
            .filter(|column| column.ends_with("code"))
            .collect();
        let lists = [
            "admin_code",
            "duty_code",
            "ethnicity_code",
            "field_code",
            "institution_code",
            "native_place_code",
            "programme_code",
            "rank_code",
            "replaced_by_code",
            "requirement_code",
            "standard_code",
            "title_code",
        ];
        assert_eq!(others, BTreeSet::from(lists));
    }
}
