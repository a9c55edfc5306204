//! Duties of a bundle, the programmes that count for them, and the exemptions of persons.

use std::collections::{HashMap, HashSet};

use entity::{
    duty, duty_exemption, duty_programme,
    value::{CadreId, Day, DutyCode, ExemptionId, SealedReason},
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use super::{
    batch::count_by_status,
    cadre_index::Person,
    checked::Checked,
    context::{ImportContext, repeated_code, repeated_row},
    duty_row::{DutyProgrammeRow, DutyRow, ExemptionRow},
    finding::{FindingCode, Findings},
    header::{Header, differs},
    reference_lists::unit_of,
    resolve::{Pass, Resolved, RowStatus},
    row::CadreRow,
    table::Row,
    training_lists::programme_of,
};
use crate::{authz::Txn, error::Result, language::Sentence};

/// New duties of the bundle, and the programmes that count for them.
#[derive(Default)]
pub(super) struct NewDuties {
    pub duties: Vec<duty::Model>,
    pub programmes: Vec<duty_programme::Model>,
    /// Number of unchanged duties, then of unchanged programmes.
    pub unchanged: (u64, u64),
}

impl NewDuties {
    /// Resolves the rows of `duties.csv`.
    pub fn read(
        &mut self,
        header: &Header,
        rows: Vec<(u64, DutyRow)>,
        context: &mut ImportContext,
        findings: &mut Findings,
    ) {
        let mut seen = HashSet::new();
        for (line, DutyRow { issuer, duty }) in rows {
            if !seen.insert(duty.code.clone()) {
                header.note(findings, (line, "code"), FindingCode::RepeatedCode, repeated_code);
                continue;
            }
            // Added even if its issuer is unknown, so that references to it are not reported.
            context.duties.insert(duty.code.clone());
            let issuer_unit_id = unit_of(context, findings, header, (line, "issuer_code"), issuer.as_ref());
            if issuer.is_some() != issuer_unit_id.is_some() {
                continue;
            }
            let duty = duty::Model { issuer_unit_id, ..duty };
            match context.existing.duties.get(&duty.code) {
                Some(there) => {
                    let is_unchanged = header.note_differing(findings, line, differing(&duty, there));
                    self.unchanged.0 += u64::from(is_unchanged);
                }
                None => self.duties.push(duty),
            }
        }
    }

    /// Resolves the rows of `duty_programmes.csv`. The programmes of a duty that is already recorded are fixed: another
    /// one would change results of past years.
    pub fn read_programmes(
        &mut self,
        header: &Header,
        rows: Vec<(u64, DutyProgrammeRow)>,
        context: &ImportContext,
        findings: &mut Findings,
    ) {
        let mut seen = HashSet::new();
        for (line, DutyProgrammeRow { duty, programme }) in rows {
            let is_known = knows_duty(context, findings, header, (line, &duty));
            let found = programme_of(context, findings, header, line, &programme);
            if !is_known || found.is_none() {
                continue;
            }
            let is_stored_duty = context.existing.duties.contains_key(&duty);
            let key = (duty, programme);
            if !seen.insert(key.clone()) {
                header.note(findings, (line, "duty_code"), FindingCode::RepeatedRow, repeated_row);
            } else if context.existing.duty_programmes.contains(&key) {
                self.unchanged.1 += 1;
            } else if is_stored_duty {
                header.note(findings, (line, "programme_code"), FindingCode::Differs, fixed_programmes);
            } else {
                let (duty_code, programme_code) = key;
                self.programmes.push(duty_programme::Model { duty_code, programme_code });
            }
        }
    }
}

/// The columns in which a recorded duty differs.
fn differing(duty: &duty::Model, stored: &duty::Model) -> Vec<&'static str> {
    let columns = [
        ("name", duty.name == stored.name),
        ("issuer_code", duty.issuer_unit_id == stored.issuer_unit_id),
        ("categories", duty.categories == stored.categories),
        ("key_leaders_only", duty.key_leaders_only == stored.key_leaders_only),
        ("measure", duty.measure == stored.measure),
        ("amount", duty.amount == stored.amount),
        ("norm_percent", duty.norm_percent == stored.norm_percent),
        ("valid_from", duty.valid_from == stored.valid_from),
        ("valid_to", duty.valid_to == stored.valid_to),
        ("legal_basis", duty.legal_basis == stored.legal_basis),
        ("verification", duty.verification == stored.verification),
    ];
    columns.into_iter().filter(|(_, same)| !same).map(|(column, _)| column).collect()
}

/// Whether the duty in `duty_code` exists; reports it if not.
fn knows_duty(
    context: &ImportContext,
    findings: &mut Findings,
    header: &Header,
    (line, code): (u64, &DutyCode),
) -> bool {
    let is_known = context.duties.contains(code);
    if !is_known {
        context.unknown(findings, header, (line, "duty_code"), (DutyRow::FILE, code.as_str()));
    }
    is_known
}

/// Identity of an exemption: person, duty, first day.
type Identity = (CadreId, DutyCode, Day);

fn identity(row: &duty_exemption::Model) -> Identity {
    (row.cadre_id, row.duty_code.clone(), row.valid_from)
}

impl<C: ConnectionTrait> Pass<'_, C> {
    /// The exemptions of a batch, compared with the database.
    async fn exemptions(
        &mut self,
        header: &Header,
        rows: Vec<(u64, ExemptionRow)>,
    ) -> Result<Vec<Resolved<duty_exemption::Model>>> {
        self.add_stored_cadres(rows.iter().map(|(_, row)| &row.cadre)).await?;
        let mut found: Vec<_> = rows.into_iter().filter_map(|(line, row)| self.exemption(header, line, row)).collect();
        let stored = self.stored_exemptions(&self.stored_persons(&found)).await?;
        for Resolved { line, row_status, model, .. } in &mut found {
            let Some(there) = stored.get(&identity(model)) else { continue };
            let columns = [
                ("valid_to", model.valid_to == there.valid_to),
                ("reason", model.reason == there.reason),
                ("document_no", model.document_no == there.document_no),
            ];
            let differing = columns.into_iter().filter(|(_, same)| !same).map(|(column, _)| column).collect();
            let is_unchanged = header.note_differing(self.findings, *line, differing);
            *row_status = if is_unchanged { RowStatus::Unchanged } else { RowStatus::Differs };
        }
        Ok(found)
    }

    fn exemption(&mut self, header: &Header, line: u64, row: ExemptionRow) -> Option<Resolved<duty_exemption::Model>> {
        let (findings, context) = (&mut *self.findings, &*self.context);
        let person = context.cadre_index.find(row.cadre.as_str());
        if person.is_none() {
            context.unknown(findings, header, (line, "cadre_code"), (CadreRow::FILE, row.cadre.as_str()));
        }
        let is_known = knows_duty(context, findings, header, (line, &row.duty));
        let person = person?;
        let model = duty_exemption::Model {
            id: ExemptionId::new(),
            cadre_id: context.cadre_index.id(person),
            duty_code: row.duty,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            reason: SealedReason::seal(row.reason),
            document_no: row.document_no,
            withdrawn_on: None,
            end_document_no: None,
        };
        is_known.then_some(Resolved { line, person, row_status: RowStatus::New, model })
    }

    /// The exemptions of these persons in the database.
    async fn stored_exemptions(
        &self,
        persons: &[(CadreId, Person)],
    ) -> Result<HashMap<Identity, duty_exemption::Model>> {
        if persons.is_empty() {
            return Ok(HashMap::new());
        }
        let asked = self.any_person(duty_exemption::Column::CadreId, persons);
        let mut rows = duty_exemption::Entity::find().filter(asked).all(self.connection).await?;
        // A withdrawn exemption that was granted again is compared as it is now.
        rows.sort_by_key(|row| row.withdrawn_on.is_none());
        Ok(rows.into_iter().map(|row| (identity(&row), row)).collect())
    }

    /// Checks the exemptions.
    pub async fn check_exemptions(&mut self) -> Result<Checked> {
        let mut seen = HashSet::new();
        let mut repeated = Vec::new();
        let step = async |pass: &mut Self, header: &Header, rows| {
            let found = pass.exemptions(header, rows).await?;
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
    pub async fn load_exemptions(&mut self, txn: &Txn) -> Result<Checked> {
        let step = async |pass: &mut Self, header: &Header, rows| {
            let found = pass.exemptions(header, rows).await?;
            pass.write_new(txn, found, |_| None).await
        };
        Ok(self.batches(step).await?.0)
    }
}

fn fixed_programmes() -> Sentence {
    let Sentence { vi, en } = differs();
    Sentence::new(
        format!("chế độ này đã được ghi với danh sách chương trình khác; {vi}"),
        format!("the duty is recorded with other programmes; {en}"),
    )
}

fn repeated_exemption() -> Sentence {
    Sentence::new(
        "một dòng trước trong tệp đã miễn chế độ này cho người này từ cùng ngày; hãy bỏ một trong hai dòng",
        "an earlier row of the file exempts the person from this duty from the same day; remove one of the two rows",
    )
}
