//! Exemptions of persons from requirements of standards.

use std::collections::{HashMap, HashSet};

use entity::{
    standard_exemption,
    value::{CadreCode, CadreId, Day, ExemptionId, Period, RequirementCode, StandardCode, UnitCode},
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use super::{
    batch::count_by_status,
    cadre_index::Person,
    cell::{Cells, code, day},
    checked::Checked,
    finding::FindingCode,
    header::Header,
    reference_lists::unit_of,
    resolve::{Pass, Resolved, RowStatus},
    row::CadreRow,
    standard::RequirementRow,
    table::Row,
};
use crate::{
    authz::Txn,
    domain::bundle::{self, FileFormat},
    error::Result,
    language::Sentence,
};

/// An exemption of a person from a requirement.
pub(super) struct StandardExemptionRow {
    cadre: CadreCode,
    standard: StandardCode,
    requirement: RequirementCode,
    granted_by: UnitCode,
    document_no: String,
    valid_from: Day,
    valid_to: Option<Day>,
    reason: String,
}

impl Row for StandardExemptionRow {
    const FORMAT: FileFormat = bundle::STANDARD_EXEMPTIONS;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let cadre = cells.required("cadre_code", code);
        let standard = cells.required("standard_code", code);
        let requirement = cells.required("requirement_code", code);
        let granted_by = cells.required("granted_by_code", code);
        let document_no = cells.name("document_no");
        let valid_from = cells.required("valid_from", day);
        let valid_to = cells.optional("valid_to", day);
        let reason = cells.name("reason");
        let (valid_from, valid_to) = (valid_from?, valid_to?);
        if Period::new(Some(valid_from), valid_to).is_none() {
            cells.empty_interval("valid_to");
            return None;
        }
        let (cadre, standard, requirement) = (cadre?, standard?, requirement?);
        let (granted_by, document_no, reason) = (granted_by?, document_no?, reason?);
        Some(Self { cadre, standard, requirement, granted_by, document_no, valid_from, valid_to, reason })
    }
}

/// Identity of an exemption: person, standard, requirement, first day.
type Identity = (CadreId, StandardCode, RequirementCode, Day);

fn identity(row: &standard_exemption::Model) -> Identity {
    (row.cadre_id, row.standard_code.clone(), row.requirement_code.clone(), row.valid_from)
}

impl<C: ConnectionTrait> Pass<'_, C> {
    /// The exemptions of a batch, compared with the database.
    async fn standard_exemptions(
        &mut self,
        header: &Header,
        rows: Vec<(u64, StandardExemptionRow)>,
    ) -> Result<Vec<Resolved<standard_exemption::Model>>> {
        self.add_stored_cadres(rows.iter().map(|(_, row)| &row.cadre)).await?;
        let resolved = rows.into_iter().filter_map(|(line, row)| self.standard_exemption(header, line, row));
        let mut found: Vec<_> = resolved.collect();
        let stored = self.stored_standard_exemptions(&self.stored_persons(&found)).await?;
        for Resolved { line, row_status, model, .. } in &mut found {
            let Some(there) = stored.get(&identity(model)) else { continue };
            let columns = [
                ("granted_by_code", model.granted_by_id == there.granted_by_id),
                ("document_no", model.document_no == there.document_no),
                ("valid_to", model.valid_to == there.valid_to),
                ("reason", model.reason == there.reason),
            ];
            let differing = columns.into_iter().filter(|(_, same)| !same).map(|(column, _)| column).collect();
            let is_unchanged = header.note_differing(self.findings, *line, differing);
            *row_status = if is_unchanged { RowStatus::Unchanged } else { RowStatus::Differs };
        }
        Ok(found)
    }

    fn standard_exemption(
        &mut self,
        header: &Header,
        line: u64,
        row: StandardExemptionRow,
    ) -> Option<Resolved<standard_exemption::Model>> {
        let (findings, context) = (&mut *self.findings, &*self.context);
        let person = context.cadre_index.find(row.cadre.as_str());
        if person.is_none() {
            context.unknown(findings, header, (line, "cadre_code"), (CadreRow::FILE, row.cadre.as_str()));
        }
        let key = (row.standard, row.requirement);
        let is_known = context.requirements.contains(&key);
        let (standard_code, requirement_code) = key;
        if !is_known {
            let of = (RequirementRow::FILE, requirement_code.as_str());
            context.unknown(findings, header, (line, "requirement_code"), of);
        }
        let granted_by = unit_of(context, findings, header, (line, "granted_by_code"), Some(&row.granted_by));
        let (person, granted_by_id) = (person?, granted_by?);
        let model = standard_exemption::Model {
            id: ExemptionId::new(),
            cadre_id: context.cadre_index.id(person),
            standard_code,
            requirement_code,
            granted_by_id,
            document_no: row.document_no,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            reason: row.reason,
        };
        is_known.then_some(Resolved { line, person, row_status: RowStatus::New, model })
    }

    /// The exemptions of these persons in the database.
    async fn stored_standard_exemptions(
        &self,
        persons: &[(CadreId, Person)],
    ) -> Result<HashMap<Identity, standard_exemption::Model>> {
        if persons.is_empty() {
            return Ok(HashMap::new());
        }
        let asked = self.any_person(standard_exemption::Column::CadreId, persons);
        let rows = standard_exemption::Entity::find().filter(asked).all(self.connection).await?;
        Ok(rows.into_iter().map(|row| (identity(&row), row)).collect())
    }

    /// Checks the exemptions.
    pub async fn check_standard_exemptions(&mut self) -> Result<Checked> {
        // A requirement may be unknown because of an error in its row, its standard or the issuer of that.
        if self.findings.errors > 0 {
            self.context.mark_unreadable(RequirementRow::FILE);
        }
        let mut seen = HashSet::new();
        let mut repeated = Vec::new();
        let step = async |pass: &mut Self, header: &Header, rows| {
            let found = pass.standard_exemptions(header, rows).await?;
            let again = found.iter().filter(|row| !seen.insert(identity(&row.model)));
            repeated.extend(again.map(|row| row.line));
            Ok(count_by_status(&found))
        };
        let (checked, header) = self.batches(step).await?;
        for line in repeated {
            header.note(self.findings, (line, "cadre_code"), FindingCode::RepeatedRow, repeated_exemption);
        }
        Ok(checked)
    }
}

impl Pass<'_, DatabaseTransaction> {
    /// Writes the new exemptions. Each is recorded as an update of its person.
    pub async fn load_standard_exemptions(&mut self, txn: &Txn) -> Result<Checked> {
        let step = async |pass: &mut Self, header: &Header, rows| {
            let found = pass.standard_exemptions(header, rows).await?;
            pass.write_new(txn, found, |_| None).await
        };
        Ok(self.batches(step).await?.0)
    }
}

fn repeated_exemption() -> Sentence {
    Sentence::new(
        "một dòng trước trong tệp đã miễn yêu cầu này cho người này từ cùng ngày; hãy bỏ một trong hai dòng",
        "an earlier row of the file exempts the person from this requirement from the same day; remove one of the two rows",
    )
}
