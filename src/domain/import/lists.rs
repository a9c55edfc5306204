//! The lists of a bundle, small enough to be held whole: titles, institutions, units and their successions.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
};

use entity::{
    institution, title, unit, unit_succession, unit_version,
    value::{Hierarchy, SuccessionId, UnitCode, UnitId, VersionId},
};

use super::{
    finding::{FindingCode, Findings},
    row::{SuccessionRow, UnitRow},
    table::{Header, Row},
    tree::{Span, Tree, Version},
    world::{World, differs, repeated_code},
};
use crate::language::Sentence;

/// A list whose rows are known by a code.
pub(super) trait Listed: Row {
    /// Its code.
    type Code: Eq + Hash + Clone;

    /// The code of the row.
    fn code(&self) -> &Self::Code;

    /// The columns in which a stored row differs.
    fn differing(&self, stored: &Self) -> Vec<&'static str>;
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

/// The rows that the database lacks.
pub(super) fn listed<T: Listed>(
    header: &Header,
    rows: Vec<(u64, T)>,
    stored: &HashMap<T::Code, T>,
    findings: &mut Findings,
) -> Vec<T> {
    let mut seen = HashSet::new();
    let mut new = Vec::new();
    for (line, row) in rows {
        if !seen.insert(row.code().clone()) {
            header.note(findings, (line, "code"), FindingCode::RepeatedCode, repeated_code);
            continue;
        }
        let Some(there) = stored.get(row.code()) else {
            new.push(row);
            continue;
        };
        for column in row.differing(there) {
            header.note(findings, (line, column), FindingCode::Differs, differs);
        }
    }
    new
}

/// What the bundle adds to the units.
#[derive(Default)]
pub(super) struct NewUnits {
    pub units: Vec<unit::Model>,
    pub versions: Vec<unit_version::Model>,
    pub successions: Vec<unit_succession::Model>,
    /// Units that the database held before and that get versions or successions.
    pub touched: HashSet<UnitCode>,
}

impl NewUnits {
    /// Resolves the rows of `units.csv` against each other and the database.
    pub fn read(&mut self, header: &Header, rows: &[(u64, UnitRow)], world: &mut World, findings: &mut Findings) {
        for (_, row) in rows {
            if !world.units.contains_key(&row.code) {
                let id = UnitId::new();
                world.units.insert(row.code.clone(), id);
                self.units.push(unit::Model { id, code: row.code.clone() });
            }
        }
        let mut versions: Vec<Version> = world.known.versions.values().flatten().filter_map(stored_version).collect();
        for (line, row) in rows {
            let parent = parent(world, findings, header, (*line, "parent_code"), row.parent.as_ref());
            let party = parent_of_party(world, findings, header, *line, row);
            let version = model(row, world.units[&row.code], parent, party);
            let stored = world.known.versions.get(&version.unit_id).map_or(&[][..], Vec::as_slice);
            let is_stored = stored.iter().any(|there| is_same(there, &version));
            versions.push(Version {
                unit: version.unit_id,
                span: Span::of(&row.period),
                parent: version.parent_id,
                party_parent: version.party_parent_id,
                line: Some(*line),
            });
            if is_stored {
                continue;
            }
            if stored.iter().any(|there| there.period().is_some_and(|period| period.overlaps(&row.period))) {
                header.note(findings, (*line, "code"), FindingCode::Differs, unit_differs);
                continue;
            }
            if !stored.is_empty() {
                self.touched.insert(row.code.clone());
            }
            self.versions.push(version);
        }
        note_tree(header, &Tree::new(versions), findings);
    }

    /// Resolves the rows of `unit_successions.csv`.
    pub fn read_successions(
        &mut self,
        header: &Header,
        rows: Vec<(u64, SuccessionRow)>,
        world: &World,
        findings: &mut Findings,
    ) {
        let mut seen = HashSet::new();
        for (line, row) in rows {
            let predecessor = parent(world, findings, header, (line, "predecessor_code"), Some(&row.predecessor));
            let successor = parent(world, findings, header, (line, "successor_code"), Some(&row.successor));
            let (Some(predecessor_id), Some(successor_id)) = (predecessor, successor) else { continue };
            if predecessor_id == successor_id {
                header.note(findings, (line, "successor_code"), FindingCode::BadValue, || {
                    Sentence::new("đơn vị không thể kế thừa chính nó", "a unit cannot succeed itself")
                });
                continue;
            }
            if !seen.insert((predecessor_id, successor_id, row.kind, row.on_date)) {
                header.note(findings, (line, "predecessor_code"), FindingCode::RepeatedRow, || {
                    Sentence::new("dòng này đã có ở trên", "an earlier row says the same")
                });
                continue;
            }
            let is_same = |there: &&unit_succession::Model| {
                (there.predecessor_id, there.successor_id, there.kind, there.on_date)
                    == (predecessor_id, successor_id, row.kind, row.on_date)
            };
            if let Some(there) = world.known.successions.iter().find(is_same) {
                if there.document != row.document {
                    header.note(findings, (line, "document"), FindingCode::Differs, differs);
                }
                continue;
            }
            let stored =
                [&row.predecessor, &row.successor].into_iter().filter(|code| world.known.units.contains_key(*code));
            self.touched.extend(stored.cloned());
            let (kind, on_date, document) = (row.kind, row.on_date, row.document);
            let id = SuccessionId::new();
            self.successions.push(unit_succession::Model { id, predecessor_id, successor_id, kind, on_date, document });
        }
    }
}

fn parent_of_party(
    world: &World,
    findings: &mut Findings,
    header: &Header,
    line: u64,
    row: &UnitRow,
) -> Option<UnitId> {
    parent(world, findings, header, (line, "party_parent_code"), row.party_parent.as_ref())
}

/// The unit that a cell names, if it names one.
fn parent(
    world: &World,
    findings: &mut Findings,
    header: &Header,
    at: (u64, &str),
    code: Option<&UnitCode>,
) -> Option<UnitId> {
    let code = code?;
    let id = world.units.get(code).copied();
    if id.is_none() {
        world.unknown(findings, header, at, (UnitRow::FILE, code.as_str()));
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

/// Whether two versions say the same; their ids are only drawn.
fn is_same(stored: &unit_version::Model, version: &unit_version::Model) -> bool {
    unit_version::Model { id: version.id, ..stored.clone() } == *version
}

fn stored_version(version: &unit_version::Model) -> Option<Version> {
    Some(Version {
        unit: version.unit_id,
        span: Span::of(&version.period()?),
        parent: version.parent_id,
        party_parent: version.party_parent_id,
        line: None,
    })
}

fn unit_differs() -> Sentence {
    Sentence::new(
        "cơ sở dữ liệu đang giữ nội dung khác của đơn vị này trong cùng thời gian; nhập dữ liệu chỉ thêm, không ghi đè",
        "the database holds this unit otherwise on the same days; an import adds, it never overwrites",
    )
}

fn note_tree(header: &Header, tree: &Tree, findings: &mut Findings) {
    for line in tree.overlapping() {
        header.note(findings, (line, "code"), FindingCode::RepeatedCode, || {
            Sentence::new(
                "mã này đã có ở dòng khác với khoảng thời gian chồng lên nhau",
                "another row has this code for some of the same days",
            )
        });
    }
    for (hierarchy, column) in [(Hierarchy::Administrative, "parent_code"), (Hierarchy::Party, "party_parent_code")] {
        for line in tree.orphaned(hierarchy) {
            header.note(findings, (line, column), FindingCode::ParentNotAlive, || {
                Sentence::new(
                    "đơn vị cấp trên không tồn tại trong toàn bộ khoảng thời gian của dòng này",
                    "the parent does not exist on all the days of this row",
                )
            });
        }
        for line in tree.circular(hierarchy) {
            header.note(findings, (line, column), FindingCode::UnitCycle, || {
                Sentence::new(
                    "các đơn vị cấp trên tạo thành vòng: đi ngược lên sẽ trở lại chính đơn vị này",
                    "the parents form a circle: going up from this unit leads back to it",
                )
            });
        }
    }
}
