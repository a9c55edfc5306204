//! Appraisals of a bundle (đánh giá, xếp loại chất lượng).
//!
//! An import records history: it checks that points and result agree, and that each period has one result, but not the
//! months of work and the rating unit, because the posts of that time may not be recorded.

use std::collections::{HashMap, HashSet};

use entity::{
    appraisal,
    value::{
        AppraisalId, AppraisalPeriod, AppraisalRating, AppraisalState, AppraisalSystem, CadreCode, CadreId, Category,
        Day, SealedPoints, SealedRating, UnitCode,
    },
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use super::{
    batch::count_by_status,
    cadre_index::Person,
    cell::{Cells, Problem, code, day, word, year},
    checked::Checked,
    finding::{FindingCode, Findings},
    header::Header,
    resolve::{Pass, Resolved, RowStatus},
    row::{CadreRow, UnitRow},
    table::Row,
};
use crate::{
    authz::{Change, Txn},
    domain::{
        appraisal as rules,
        bundle::{self, FileFormat},
    },
    error::Result,
    language::Sentence,
    reference::appraisal_rules::{AppraisalCase, AppraisalRules},
};

/// An appraisal.
pub(super) struct AppraisalRow {
    pub cadre: CadreCode,
    system: AppraisalSystem,
    period: AppraisalPeriod,
    year: i32,
    number: i32,
    unit: UnitCode,
    points: Option<i32>,
    result: AppraisalRating,
    decided_on: Day,
    document_no: Option<String>,
}

impl Row for AppraisalRow {
    const FORMAT: FileFormat = bundle::APPRAISALS;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let cadre = cells.required("cadre_code", code);
        let system = cells.required("system", word);
        let period = cells.required::<AppraisalPeriod>("period", word);
        let year = cells.required("year", year);
        let number = match period.and_then(AppraisalPeriod::numbers) {
            Some(4) => cells.required("number", quarter),
            Some(_) => cells.required("number", month),
            None => cells.optional("number", none).map(|_| 0),
        };
        let unit = cells.required("unit_code", code);
        let points = cells.optional("points", points);
        let result = cells.required("result", word);
        let decided_on = cells.required("decided_on", day);
        let document_no = cells.text("document_no");
        Some(Self {
            cadre: cadre?,
            system: system?,
            period: period?,
            year: year?,
            number: number?,
            unit: unit?,
            points: points?,
            result: result?,
            decided_on: decided_on?,
            document_no: document_no?,
        })
    }
}

fn quarter(text: &str) -> std::result::Result<i32, Problem> {
    between(text, 4)
}

fn month(text: &str) -> std::result::Result<i32, Problem> {
    between(text, 12)
}

fn between(text: &str, largest: i32) -> std::result::Result<i32, Problem> {
    text.parse().ok().filter(|number| (1..=largest).contains(number)).ok_or_else(|| {
        Problem::from(Sentence::new(
            format!("phải là số nguyên từ 1 đến {largest}"),
            format!("must be a whole number from 1 to {largest}"),
        ))
    })
}

fn none(_: &str) -> std::result::Result<i32, Problem> {
    Err(Problem::from(Sentence::new(
        "đánh giá theo năm hoặc nhiệm kỳ không có số thứ tự; hãy để trống ô này",
        "an appraisal of a year or a term has no number; leave the cell empty",
    )))
}

fn points(text: &str) -> std::result::Result<i32, Problem> {
    rules::parse(text).ok_or_else(|| {
        Problem::from(Sentence::new(
            "điểm phải từ 0 đến 100, tối đa hai chữ số thập phân sau dấu chấm",
            "points must be from 0 to 100, with at most two decimals after a point",
        ))
    })
}

/// Identity of a current appraisal: person, system, period, year, number.
type Identity = (CadreId, AppraisalSystem, AppraisalPeriod, i32, i32);

fn identity(row: &appraisal::Model) -> Identity {
    (row.cadre_id, row.system, row.period, row.year, row.number)
}

/// The columns in which a row differs from a stored appraisal of the same identity.
fn differing(row: &appraisal::Model, stored: &appraisal::Model) -> Vec<&'static str> {
    let columns = [
        ("unit_code", row.unit_id == stored.unit_id),
        ("points", row.points == stored.points),
        ("result", row.result == stored.result),
        ("decided_on", row.decided_on == stored.decided_on),
        ("document_no", row.document_no == stored.document_no),
    ];
    columns.into_iter().filter(|(_, is_same)| !is_same).map(|(column, _)| column).collect()
}

impl<C: ConnectionTrait> Pass<'_, C> {
    /// The appraisals of a batch, compared with those in the database.
    async fn appraisals(
        &mut self,
        header: &Header,
        rows: Vec<(u64, AppraisalRow)>,
    ) -> Result<Vec<Resolved<appraisal::Model>>> {
        self.add_stored_cadres(rows.iter().map(|(_, row)| &row.cadre)).await?;
        let mut found: Vec<_> = rows.into_iter().filter_map(|(line, row)| self.appraisal(header, line, row)).collect();
        let stored = self.stored_appraisals(&self.stored_persons(&found)).await?;
        for Resolved { line, row_status, model, .. } in &mut found {
            let there = stored.get(&identity(model)).map_or(&[][..], Vec::as_slice);
            // A result that was corrected or annulled since is not brought back.
            if there.iter().any(|there| differing(model, there).is_empty()) {
                *row_status = RowStatus::Unchanged;
            } else if let Some(current) = there.iter().find(|there| there.state == AppraisalState::Current) {
                header.note_differing(self.findings, *line, differing(model, current));
                *row_status = RowStatus::Differs;
            }
        }
        Ok(found)
    }

    fn appraisal(&mut self, header: &Header, line: u64, row: AppraisalRow) -> Option<Resolved<appraisal::Model>> {
        let (findings, context) = (&mut *self.findings, &*self.context);
        let person = context.cadre_index.find(row.cadre.as_str());
        if person.is_none() {
            context.unknown(findings, header, (line, "cadre_code"), (CadreRow::FILE, row.cadre.as_str()));
        }
        let unit = context.units.get(&row.unit).copied();
        if unit.is_none() {
            context.unknown(findings, header, (line, "unit_code"), (UnitRow::FILE, row.unit.as_str()));
        }
        if row.decided_on > context.today {
            header.note(findings, (line, "decided_on"), FindingCode::NotYetBegun, not_yet_decided);
        }
        if rules::first_day(row.period, row.year, row.number).is_some_and(|first| row.decided_on < first) {
            header.note(findings, (line, "decided_on"), FindingCode::NotYetBegun, decided_too_early);
        }
        let category = person.and_then(|person| context.cadre_index.category(person));
        note_points(header, line, (&row, category), findings);
        let (person, unit_id, category) = (person?, unit?, category?);
        let model = appraisal::Model {
            id: AppraisalId::new(),
            cadre_id: context.cadre_index.id(person),
            category,
            system: row.system,
            period: row.period,
            year: row.year,
            number: row.number,
            unit_id,
            points: row.points.map(SealedPoints::seal),
            result: SealedRating::seal(row.result),
            decided_on: row.decided_on,
            document_no: row.document_no,
            state: AppraisalState::Current,
            superseded_by: None,
            ended_on: None,
            reason: None,
            version: 1,
        };
        Some(Resolved { line, person, row_status: RowStatus::New, model })
    }

    /// The appraisals of these persons in the database, of all states.
    async fn stored_appraisals(
        &self,
        persons: &[(CadreId, Person)],
    ) -> Result<HashMap<Identity, Vec<appraisal::Model>>> {
        if persons.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = appraisal::Entity::find()
            .filter(self.any_person(appraisal::Column::CadreId, persons))
            .all(self.connection)
            .await?;
        let mut stored: HashMap<Identity, Vec<appraisal::Model>> = HashMap::new();
        for row in rows {
            stored.entry(identity(&row)).or_default().push(row);
        }
        Ok(stored)
    }

    /// Checks the appraisals.
    pub async fn check_appraisals(&mut self) -> Result<Checked> {
        let mut seen = HashSet::new();
        let mut repeated = Vec::new();
        let step = async |pass: &mut Self, header: &Header, rows| {
            let found = pass.appraisals(header, rows).await?;
            let again = found.iter().filter(|row| !seen.insert(identity(&row.model)));
            repeated.extend(again.map(|row| row.line));
            Ok(count_by_status(&found))
        };
        let (checked, header) = self.batches(step).await?;
        for line in repeated {
            header.note(self.findings, (line, "cadre_code"), FindingCode::RepeatedRow, repeated_appraisal);
        }
        Ok(checked)
    }
}

impl Pass<'_, DatabaseTransaction> {
    /// Writes the new appraisals.
    pub async fn load_appraisals(&mut self, txn: &Txn) -> Result<Checked> {
        let step = async |pass: &mut Self, header: &Header, rows| {
            let found = pass.appraisals(header, rows).await?;
            pass.write_new(txn, found, |row| Some(Change::of_appraisal(row))).await
        };
        Ok(self.batches(step).await?.0)
    }
}

/// Notes points that contradict the result.
fn note_points(
    header: &Header,
    line: u64,
    (row, category): (&AppraisalRow, Option<Category>),
    findings: &mut Findings,
) {
    let Some(category) = category else { return };
    let case = AppraisalCase { system: row.system, category, day: row.decided_on };
    if let Err(problem) = rules::check_points(AppraisalRules::shipped(), case, (row.points, row.result)) {
        header.note(findings, (line, "points"), FindingCode::PointsDisagree, || {
            // The points are those of the row; a report shows no points.
            rules::problem(&problem, case, None)
        });
    }
}

fn not_yet_decided() -> Sentence {
    Sentence::new(
        "ngày quyết định sau ngày hôm nay nên chưa thể có kết quả; hãy sửa ngày",
        "the day of the decision is in the future, so there cannot be a result; correct the day",
    )
}

fn decided_too_early() -> Sentence {
    Sentence::new(
        "ngày quyết định trước khi kỳ đánh giá bắt đầu; hãy sửa ngày, năm hoặc số thứ tự của kỳ",
        "the day of the decision is before the period begins; correct the day, the year or the number of the period",
    )
}

fn repeated_appraisal() -> Sentence {
    Sentence::new(
        "một dòng trước trong tệp đã ghi kết quả của người này cho cùng hệ thống và cùng kỳ; hãy bỏ một trong hai dòng",
        "an earlier row of the file has the result of the person for the same system and period; remove one of the two \
         rows",
    )
}
