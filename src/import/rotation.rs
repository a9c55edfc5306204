//! Resolves the rotations of a bundle, and compares them with the database, the posts and the units.

use std::collections::{HashMap, HashSet};

use entity::{
    assignment, rotation, unit_version,
    value::{CadreId, Day, Period, RotationState, UnitId},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::{
    cadre_index::Person,
    finding::FindingCode,
    header::Header,
    person_overlaps::Fingerprint,
    resolve::{Pass, Resolved, RowStatus},
    rotation_history::{Move, Phase},
    row::{CadreRow, RotationRow, UnitRow},
    table::Row,
};
use crate::{error::Result, language::Sentence};

/// A person's time in a unit, stored for the checks of rotations; 20 bytes.
#[derive(Clone, Copy)]
pub(super) struct Tenure {
    person: Person,
    unit: Fingerprint,
    start_on: Day,
    end_on: Option<Day>,
}

impl Tenure {
    /// The stay of a post.
    pub fn of(person: Person, post: &assignment::Model) -> Self {
        Self { person, unit: Fingerprint::of(post.unit_id), start_on: post.start_on, end_on: post.end_on }
    }

    /// Whether a person who leaves the unit on the day leaves this post.
    pub fn is_left(&self, unit: UnitId, day: Day) -> bool {
        self.unit == Fingerprint::of(unit) && self.start_on < day && self.end_on.is_none_or(|end| day <= end)
    }

    /// Whether a person who joins the unit on the day takes up this post.
    pub fn is_taken_up(&self, unit: UnitId, day: Day) -> bool {
        self.unit == Fingerprint::of(unit) && self.start_on == day
    }
}

/// The stays of all persons, sorted by person.
#[derive(Default)]
pub(super) struct Tenures(Vec<Tenure>);

impl Tenures {
    /// Sorts the stays by person.
    pub fn new(mut stays: Vec<Tenure>) -> Self {
        stays.sort_unstable_by_key(|stay| stay.person);
        Self(stays)
    }

    /// The stays of a person.
    pub fn of(&self, person: Person) -> &[Tenure] {
        let from = self.0.partition_point(|stay| stay.person < person);
        let until = self.0.partition_point(|stay| stay.person <= person);
        &self.0[from..until]
    }
}

/// The days on which each unit exists.
pub(super) struct UnitLifetimes(HashMap<UnitId, Vec<Period>>);

impl UnitLifetimes {
    /// The days on which the units of these versions exist.
    pub fn of<'a>(versions: impl Iterator<Item = &'a unit_version::Model>) -> Self {
        let mut lifetimes: HashMap<UnitId, Vec<Period>> = HashMap::new();
        for version in versions {
            lifetimes.entry(version.unit_id).or_default().extend(version.period());
        }
        Self(lifetimes)
    }

    /// Whether a unit exists on a day; true for a unit whose rows could not be read.
    fn exists_on(&self, unit: UnitId, day: Day) -> bool {
        self.0.get(&unit).is_none_or(|periods| periods.iter().any(|period| period.holds(day)))
    }

    /// Whether a unit exists on some day of a year.
    pub fn exists_in(&self, unit: UnitId, year: i32) -> bool {
        let year = Period::new(Day::of(year, 1, 1), Day::of(year + 1, 1, 1));
        let shares = |period: &Period| year.is_none_or(|year| period.overlaps(&year));
        self.0.get(&unit).is_none_or(|periods| periods.iter().any(shares))
    }
}

impl<C: ConnectionTrait> Pass<'_, C> {
    /// The rotations of a batch, and those of the same persons that are only in the database.
    pub async fn rotations(
        &mut self,
        header: &Header,
        rows: Vec<(u64, RotationRow)>,
    ) -> Result<(Vec<Resolved<Move>>, Vec<(Person, rotation::Model)>)> {
        self.add_stored_cadres(rows.iter().map(|(_, row)| &row.cadre)).await?;
        let mut moves: Vec<_> =
            rows.into_iter().filter_map(|(line, row)| self.resolve_rotation(header, line, row)).collect();

        let persons = self.stored_persons(&moves);
        let mut stored = self.stored_rotations(&persons).await?;
        let mut matched = HashSet::new();
        for Resolved { line, row_status, model, .. } in &mut moves {
            let is_same =
                |there: &&rotation::Model| (there.to_unit_id, there.start_on) == (model.to_unit_id, model.start_on);
            let there = stored.get(&model.cadre_id).and_then(|there| there.iter().find(is_same));
            let Some(there) = there else { continue };
            matched.insert(there.id);
            model.stored = Some(there.state);
            let is_unchanged = header.note_differing(self.findings, *line, model.differing(there));
            *row_status = if is_unchanged { RowStatus::Unchanged } else { RowStatus::Differs };
        }
        let mut extra = Vec::new();
        for (id, person) in persons {
            let of_person = stored.remove(&id).unwrap_or_default().into_iter();
            extra.extend(of_person.filter(|there| !matched.contains(&there.id)).map(|there| (person, there)));
        }
        Ok((moves, extra))
    }

    /// The rotations of these persons in the database. Those under preparation are excluded: a finding would reveal
    /// them.
    async fn stored_rotations(&self, persons: &[(CadreId, Person)]) -> Result<HashMap<CadreId, Vec<rotation::Model>>> {
        let mut stored: HashMap<CadreId, Vec<rotation::Model>> = HashMap::new();
        if persons.is_empty() {
            return Ok(stored);
        }
        let query = rotation::Entity::find()
            .filter(self.any_person(rotation::Column::CadreId, persons))
            .filter(rotation::Column::State.is_not_in(RotationState::EMBARGOED));
        for rotation in query.all(self.connection).await? {
            stored.entry(rotation.cadre_id).or_default().push(rotation);
        }
        Ok(stored)
    }

    fn resolve_rotation(&mut self, header: &Header, line: u64, row: RotationRow) -> Option<Resolved<Move>> {
        let (findings, context) = (&mut *self.findings, &*self.context);
        let person = context.cadre_index.find(row.cadre.as_str());
        if person.is_none() {
            context.unknown(findings, header, (line, "cadre_code"), (CadreRow::FILE, row.cadre.as_str()));
        }
        let mut unit = |column, code: &entity::value::UnitCode| {
            let id = context.units.get(code).copied();
            if id.is_none() {
                context.unknown(findings, header, (line, column), (UnitRow::FILE, code.as_str()));
            }
            id
        };
        let (from, to) = (unit("from_unit_code", &row.from), unit("to_unit_code", &row.to));
        let (person, from_unit_id, to_unit_id) = (person?, from?, to?);
        let model = Move {
            cadre_id: context.cadre_index.id(person),
            from_unit_id,
            to_unit_id,
            form: row.form,
            start_on: row.start_on,
            end_on: row.end_on,
            decision_no: row.decision_no,
            stored: None,
        };
        Some(Resolved { line, person, row_status: RowStatus::New, model })
    }

    /// Reports units that do not exist on the first day, and rotations with equal units.
    pub fn doubt_units(&mut self, header: &Header, rows: &[Resolved<Move>], lifetimes: &UnitLifetimes) {
        for Resolved { line, model, .. } in rows {
            let day = model.start_on;
            if model.from_unit_id == model.to_unit_id {
                header.note(self.findings, (*line, "to_unit_code"), FindingCode::SameUnit, same_unit);
            }
            // A unit that ends on the day of departure existed until the day before.
            let existed = |day| lifetimes.exists_on(model.from_unit_id, day);
            if !existed(day) && !day.before().is_some_and(existed) {
                header.note(self.findings, (*line, "from_unit_code"), FindingCode::UnitNotAlive, unit_not_alive);
            }
            if !lifetimes.exists_on(model.to_unit_id, day) {
                header.note(self.findings, (*line, "to_unit_code"), FindingCode::UnitNotAlive, unit_not_alive);
            }
        }
    }

    /// Warns of rotations without a recorded post at their origin or their destination.
    pub async fn doubt_posts(&mut self, header: &Header, rows: &[Resolved<Move>], stays: &Tenures) -> Result<()> {
        let stored = self.posts(&self.stored_persons(rows)).await?;
        for Resolved { line, person, model, .. } in rows {
            let stored = stored.get(&model.cadre_id).map_or(&[][..], Vec::as_slice).iter();
            let stored = stored.map(|post: &assignment::Model| Tenure::of(*person, post));
            let mut stays = stays.of(*person).iter().copied().chain(stored);
            if !stays.clone().any(|stay| stay.is_left(model.from_unit_id, model.start_on)) {
                header.note(self.findings, (*line, "from_unit_code"), FindingCode::NoPostLeft, no_post_left);
            }
            // A future post may be recorded later.
            let has_begun = Phase::on(self.context.today, model.start_on, model.end_on) != Phase::ToCome;
            if has_begun && !stays.any(|stay| stay.is_taken_up(model.to_unit_id, model.start_on)) {
                header.note(self.findings, (*line, "to_unit_code"), FindingCode::NoPostTakenUp, no_post_taken_up);
            }
        }
        Ok(())
    }
}

fn same_unit() -> Sentence {
    Sentence::new(
        "nơi đến trùng với nơi đi; hãy kiểm tra hai mã đơn vị",
        "the destination is the same unit as the origin; check both codes",
    )
}

fn unit_not_alive() -> Sentence {
    Sentence::new(
        "đơn vị không tồn tại vào ngày bắt đầu; cấp và địa bàn được lấy theo thời điểm gần nhất; hãy kiểm tra ngày và \
         mã đơn vị",
        "the unit does not exist on the start day; its tier and territory are taken from the nearest day; check the day \
         and the code",
    )
}

fn no_post_left() -> Sentence {
    Sentence::new(
        "chưa có chức danh nào của người này tại nơi đi cho đến ngày bắt đầu; hãy bổ sung quá trình công tác hoặc kiểm \
         tra mã đơn vị",
        "no post of the person in this unit is recorded up to the start day; add the post or check the code",
    )
}

fn no_post_taken_up() -> Sentence {
    Sentence::new(
        "chưa có chức danh nào của người này tại nơi đến kể từ ngày bắt đầu; hãy bổ sung quá trình công tác hoặc kiểm \
         tra mã đơn vị",
        "no post of the person in this unit is recorded that begins on the start day; add the post or check the code",
    )
}

/// The sentence of `ROTATION_OVERLAP`.
pub(super) fn rotation_overlap() -> Sentence {
    Sentence::new(
        "vào ngày bắt đầu, người này đang được luân chuyển, điều động hoặc biệt phái theo một dòng khác; hãy kiểm tra \
         ngày của hai dòng",
        "the person is on another rotation on the start day; check the days of both rotations",
    )
}

/// The sentence of `ROTATION_RUNNING`.
pub(super) fn rotation_running() -> Sentence {
    Sentence::new(
        "người này đã có một lần luân chuyển đang thực hiện hoặc sắp bắt đầu; hãy ghi ngày kết thúc cho dòng này, hoặc \
         kết thúc lần luân chuyển kia rồi nhập lại",
        "the person already has a running or a future rotation; enter an end in this row, or end the other rotation and \
         import again",
    )
}
