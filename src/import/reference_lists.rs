//! The small lists of a bundle, read into memory: titles, institutions, units and their successions.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
};

use entity::{
    institution, title, unit, unit_area, unit_identifier, unit_succession, unit_version,
    value::{Day, Hierarchy, Period, SuccessionId, SuccessionKind, UnitCode, UnitId, VersionId},
};

use super::{
    context::{ImportContext, repeated_code, repeated_row},
    finding::{FindingCode, Findings},
    header::Header,
    row::{SuccessionRow, UnitRow},
    table::Row,
    tree::{MAX_LEVELS, Span, Tree, Version},
};
use crate::language::Sentence;

/// A list whose rows are identified by a code.
pub(super) trait Listed: Row {
    /// Type of the code.
    type Code: Eq + Hash + Clone;

    /// The code of the row.
    fn code(&self) -> &Self::Code;

    /// The columns in which a stored row differs.
    fn differing(&self, stored: &Self) -> Vec<&'static str>;

    /// Reports errors that are visible in a single row.
    fn check(&self, _header: &Header, _line: u64, _context: &ImportContext, _findings: &mut Findings) {}

    /// Reason why no row of a bundle may have the code of this stored row, if so.
    fn reserved(_stored: &Self) -> Option<Sentence> {
        None
    }
}

impl Listed for title::Model {
    type Code = entity::value::TitleCode;

    fn code(&self) -> &Self::Code {
        &self.code
    }

    fn differing(&self, stored: &Self) -> Vec<&'static str> {
        let columns = [
            ("name", self.name == stored.name),
            ("category", self.category == stored.category),
            ("tier", self.tier == stored.tier),
            ("is_key_leader", self.is_key_leader == stored.is_key_leader),
            // An empty value of the database is completed.
            ("group", stored.group_code.is_none() || self.group_code == stored.group_code),
            ("role", stored.role.is_none() || self.role == stored.role),
        ];
        columns.into_iter().filter(|(_, same)| !same).map(|(column, _)| column).collect()
    }
}

impl Listed for institution::Model {
    type Code = entity::value::InstitutionCode;

    fn code(&self) -> &Self::Code {
        &self.code
    }

    fn differing(&self, stored: &Self) -> Vec<&'static str> {
        if self.name == stored.name { Vec::new() } else { vec!["name"] }
    }
}

/// The new rows, and the number of unchanged ones.
pub(super) fn new_rows<T: Listed>(
    header: &Header,
    rows: Vec<(u64, T)>,
    stored: &HashMap<T::Code, T>,
    (context, findings): (&ImportContext, &mut Findings),
) -> (Vec<T>, u64) {
    let mut codes = HashSet::new();
    let (mut new, mut unchanged) = (Vec::new(), 0);
    for (line, row) in rows {
        if !codes.insert(row.code().clone()) {
            header.note(findings, (line, "code"), FindingCode::RepeatedCode, repeated_code);
            continue;
        }
        row.check(header, line, context, findings);
        let Some(there) = stored.get(row.code()) else {
            new.push(row);
            continue;
        };
        if let Some(sentence) = T::reserved(there) {
            header.note(findings, (line, "code"), FindingCode::RepeatedCode, || sentence);
            continue;
        }
        unchanged += u64::from(header.note_differing(findings, line, row.differing(there)));
    }
    (new, unchanged)
}

/// New rows of the unit files.
#[derive(Default)]
pub(super) struct NewUnits {
    pub units: Vec<unit::Model>,
    pub versions: Vec<unit_version::Model>,
    pub successions: Vec<unit_succession::Model>,
    pub identifiers: Vec<unit_identifier::Model>,
    pub areas: Vec<unit_area::Model>,
    /// Stored units that get versions, successions, identifiers or areas.
    pub touched: HashSet<UnitCode>,
    /// Number of unchanged versions, then of unchanged successions.
    pub unchanged: (u64, u64),
}

impl NewUnits {
    /// Resolves the rows of `units.csv` against each other and the database.
    pub fn read(
        &mut self,
        header: &Header,
        rows: &[(u64, UnitRow)],
        context: &mut ImportContext,
        findings: &mut Findings,
    ) {
        for (_, row) in rows {
            if !context.units.contains_key(&row.code) {
                let id = UnitId::new();
                context.units.insert(row.code.clone(), id);
                self.units.push(unit::Model { id, code: row.code.clone() });
            }
        }
        let mut versions: Vec<Version> =
            context.existing.versions.values().flatten().filter_map(stored_version).collect();
        for (line, row) in rows {
            let parent = unit_of(context, findings, header, (*line, "parent_code"), row.parent.as_ref());
            let party = unit_of(context, findings, header, (*line, "party_parent_code"), row.party_parent.as_ref());
            let version = model(row, context.units[&row.code], parent, party);
            versions.push(Version { line: Some(*line), ..tree_version(&version, &row.period) });
            let is_resolved = (parent.is_some(), party.is_some()) == (row.parent.is_some(), row.party_parent.is_some());
            if is_resolved {
                self.add(header, (*line, row), version, (context, findings));
            }
        }
        note_tree(header, &Tree::new(versions), findings);
    }

    /// Adds a version, unless the database has it or another version on its days.
    fn add(
        &mut self,
        header: &Header,
        (line, row): (u64, &UnitRow),
        version: unit_version::Model,
        (context, findings): (&ImportContext, &mut Findings),
    ) {
        let stored = context.existing.versions.get(&version.unit_id).map_or(&[][..], Vec::as_slice);
        if stored.iter().any(|there| is_same(header, there, &version)) {
            self.unchanged.0 += 1;
        } else if stored.iter().any(|there| there.period().is_some_and(|period| period.overlaps(&row.period))) {
            header.note(findings, (line, "code"), FindingCode::Differs, unit_differs);
        } else {
            if context.existing.units.contains_key(&row.code) {
                self.touched.insert(row.code.clone());
            }
            self.versions.push(version);
        }
    }

    /// Resolves the rows of `unit_successions.csv`.
    pub fn read_successions(
        &mut self,
        header: &Header,
        rows: Vec<(u64, SuccessionRow)>,
        context: &ImportContext,
        findings: &mut Findings,
    ) {
        let stored: HashMap<_, _> = context.existing.successions.iter().map(|there| (identity(there), there)).collect();
        let mut before = HashSet::new();
        for (line, row) in rows {
            let Some(succession) = succession(header, (line, &row), context, findings) else { continue };
            if !before.insert(identity(&succession)) {
                header.note(findings, (line, "predecessor_code"), FindingCode::RepeatedRow, repeated_row);
                continue;
            }
            match stored.get(&identity(&succession)) {
                Some(there) => {
                    let differing = if there.document == succession.document { vec![] } else { vec!["document"] };
                    self.unchanged.1 += u64::from(header.note_differing(findings, line, differing));
                }
                None => {
                    let is_stored = |code: &UnitCode| context.existing.units.contains_key(code);
                    self.touched.extend([row.predecessor, row.successor].into_iter().filter(is_stored));
                    self.successions.push(succession);
                }
            }
        }
    }
}

/// Identity of a succession.
fn identity(succession: &unit_succession::Model) -> (UnitId, UnitId, SuccessionKind, Day) {
    (succession.predecessor_id, succession.successor_id, succession.kind, succession.on_date)
}

/// Whether a unit can keep its code in such an event.
fn may_keep_code(kind: SuccessionKind) -> bool {
    match kind {
        SuccessionKind::Rename | SuccessionKind::Reclassify | SuccessionKind::Move => true,
        SuccessionKind::Merge | SuccessionKind::Split | SuccessionKind::Dissolve => false,
    }
}

fn succession(
    header: &Header,
    (line, row): (u64, &SuccessionRow),
    context: &ImportContext,
    findings: &mut Findings,
) -> Option<unit_succession::Model> {
    let predecessor = unit_of(context, findings, header, (line, "predecessor_code"), Some(&row.predecessor));
    let successor = unit_of(context, findings, header, (line, "successor_code"), Some(&row.successor));
    let (predecessor_id, successor_id) = (predecessor?, successor?);
    if predecessor_id == successor_id && !may_keep_code(row.kind) {
        header.note(findings, (line, "successor_code"), FindingCode::BadValue, || {
            Sentence::new(
                "đơn vị trước và sau sắp xếp chỉ có thể là một khi đổi tên (RENAME), chuyển loại (RECLASSIFY) hoặc \
                 chuyển đơn vị trực thuộc (MOVE); hãy sửa loại sắp xếp hoặc một trong hai mã",
                "predecessor and successor can only be the same unit for RENAME, RECLASSIFY or MOVE; correct the kind \
                 or one of the two codes",
            )
        });
        return None;
    }
    let (id, kind, on_date, document) = (SuccessionId::new(), row.kind, row.on_date, row.document.clone());
    Some(unit_succession::Model { id, predecessor_id, successor_id, kind, on_date, document })
}

/// The unit of a cell, unless the cell is empty.
pub(super) fn unit_of(
    context: &ImportContext,
    findings: &mut Findings,
    header: &Header,
    at: (u64, &str),
    code: Option<&UnitCode>,
) -> Option<UnitId> {
    let code = code?;
    let id = context.units.get(code).copied();
    if id.is_none() {
        context.unknown(findings, header, at, (UnitRow::FILE, code.as_str()));
    }
    id
}

fn model(row: &UnitRow, unit_id: UnitId, parent_id: Option<UnitId>, party_id: Option<UnitId>) -> unit_version::Model {
    unit_version::Model {
        id: VersionId::new(),
        unit_id,
        valid_from: row.period.from(),
        valid_to: row.period.until(),
        name: row.name.clone(),
        kind: row.kind,
        tier: row.tier,
        admin_code: row.admin_code.clone(),
        parent_id,
        party_parent_id: party_id,
    }
}

/// Whether two versions are equal except for their random ids and for a column that the file lacks.
fn is_same(header: &Header, stored: &unit_version::Model, version: &unit_version::Model) -> bool {
    let admin_code = stored.admin_code.clone().filter(|_| header.has("admin_code"));
    unit_version::Model { id: version.id, admin_code, ..stored.clone() } == *version
}

fn stored_version(version: &unit_version::Model) -> Option<Version> {
    Some(tree_version(version, &version.period()?))
}

/// Converts a version to the input of the checks on the tree.
fn tree_version(version: &unit_version::Model, period: &Period) -> Version {
    Version {
        unit: version.unit_id,
        span: Span::of(period),
        parent: version.parent_id,
        party_parent: version.party_parent_id,
        line: None,
    }
}

fn unit_differs() -> Sentence {
    Sentence::new(
        "cơ sở dữ liệu đã có nội dung khác của đơn vị này trong cùng thời gian; việc nhập chỉ thêm dữ liệu, không ghi \
         đè; hãy sửa hoặc bỏ dòng này",
        "the database has other data of this unit for the same days; an import only adds and never overwrites; correct \
         or remove this row",
    )
}

fn note_tree(header: &Header, tree: &Tree, findings: &mut Findings) {
    for line in tree.overlapping() {
        header.note(findings, (line, "code"), FindingCode::RepeatedCode, || {
            Sentence::new(
                "mã này đã có ở một dòng khác có thời gian chồng lấn; hãy sửa thời gian của một trong hai dòng",
                "another row has this code for some of the same days; correct the days of one of the two rows",
            )
        });
    }
    for (hierarchy, column) in [(Hierarchy::Administrative, "parent_code"), (Hierarchy::Party, "party_parent_code")] {
        for line in tree.orphaned(hierarchy) {
            header.note(findings, (line, column), FindingCode::ParentNotAlive, || {
                Sentence::new(
                    "đơn vị cấp trên không tồn tại trong toàn bộ thời gian của dòng này; hãy sửa thời gian hoặc chia \
                     thành nhiều dòng",
                    "the parent does not exist on all days of this row; correct the days or split the row",
                )
            });
        }
        for line in tree.too_deep(hierarchy) {
            header.note(findings, (line, column), FindingCode::UnitTooDeep, || {
                Sentence::new(
                    format!("cây đơn vị có hơn {MAX_LEVELS} cấp tính đến đơn vị này; hãy kiểm tra các đơn vị cấp trên"),
                    format!(
                        "the tree of units has more than {MAX_LEVELS} levels above and including this unit; check its \
                         parents"
                    ),
                )
            });
        }
        for line in tree.circular(hierarchy) {
            header.note(findings, (line, column), FindingCode::UnitCycle, || {
                Sentence::new(
                    "các đơn vị cấp trên tạo thành vòng lặp và dẫn trở lại chính đơn vị này; hãy sửa mã đơn vị cấp trên",
                    "the parents form a cycle that leads back to this unit; correct the code of a parent",
                )
            });
        }
    }
}
