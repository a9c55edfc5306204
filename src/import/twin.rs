//! People with the same name and birthday: perhaps one person, recorded twice.

use std::collections::HashMap;

use entity::{
    cadre,
    value::{BirthDate, CadreCode},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use super::{
    finding::{FindingCode, Findings},
    header::Header,
    person_overlaps::{self, Fingerprint, Line},
    resolve::{IDS_PER_QUERY, Pass, padded},
    row::CadreRow,
};
use crate::{error::Result, language::Sentence, text};

/// Fingerprint of a person's name and birthday, with the line; 12 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Twin {
    print: Fingerprint,
    line: Line,
}

impl Twin {
    /// The fingerprint of a row; `None` unless the full date of birth is known.
    pub fn of(line: u64, row: &CadreRow) -> Option<Self> {
        let birth = row.birth_on?;
        Some(Self { print: Fingerprint::of((row.full_name.to_lowercase(), birth)), line: person_overlaps::line(line) })
    }
}

/// Reports each row that has the name and birthday of an earlier one.
pub(super) fn note(header: &Header, mut persons: Vec<Twin>, findings: &mut Findings) {
    persons.sort_unstable();
    for same in persons.chunk_by(|a, b| a.print == b.print) {
        let first = same[0].line;
        for twin in &same[1..] {
            let sentence = || same_person((&format!("dòng {first}"), &format!("line {first}")));
            header.note(findings, (u64::from(twin.line), "full_name"), FindingCode::SamePerson, sentence);
        }
    }
}

impl<C: ConnectionTrait> Pass<'_, C> {
    /// Warns of persons of the batch who have the name and birthday of another person in the database.
    pub async fn doubt_stored_persons(&mut self, header: &Header, rows: &[(u64, CadreRow)]) -> Result<()> {
        if !self.context.existing.has_cadres {
            return Ok(());
        }
        for rows in rows.chunks(IDS_PER_QUERY) {
            let born = rows.iter().filter(|(_, row)| row.birth_on.is_some());
            let names = padded(born.map(|(_, row)| text::sort_key(&row.full_name)));
            let question = cadre::Entity::find()
                .select_only()
                .columns([cadre::Column::SortKey, cadre::Column::BirthOn, cadre::Column::Code])
                .filter(cadre::Column::SortKey.is_in(names));
            type Holder = (Vec<u8>, Option<BirthDate>, CadreCode);
            let holders: Vec<Holder> = question.into_tuple().all(self.connection).await?;
            let mut of_name: HashMap<Vec<u8>, Vec<(Option<BirthDate>, CadreCode)>> = HashMap::new();
            for (name, birth, code) in holders {
                of_name.entry(name).or_default().push((birth, code));
            }
            for (line, row) in rows.iter().filter(|(_, row)| row.birth_on.is_some()) {
                let Some(others) = of_name.get(&text::sort_key(&row.full_name)) else { continue };
                let birth = row.birth_on.map(BirthDate::seal);
                let mut same = others.iter().filter(|(there, _)| *there == birth).map(|(_, code)| code).peekable();
                // A stored person was compared when the row was new.
                let is_stored = others.iter().any(|(_, code)| *code == row.code);
                if let (Some(other), false) = (same.peek(), is_stored) {
                    let sentence =
                        || same_person((&format!("{other} trong cơ sở dữ liệu"), &format!("{other} in the database")));
                    header.note(self.findings, (*line, "full_name"), FindingCode::SamePerson, sentence);
                }
            }
        }
        Ok(())
    }
}

fn same_person((vi, en): (&str, &str)) -> Sentence {
    Sentence::new(
        format!("họ tên và ngày sinh trùng với {vi}; hãy kiểm tra xem có phải một người được ghi hai lần"),
        format!("name and birthday are the same as those of {en}; check whether one person is recorded twice"),
    )
}
