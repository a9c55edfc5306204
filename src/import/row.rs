//! The rows of a bundle, typed.

use entity::{
    cadre, institution, title,
    value::{
        BirthDate, CadreCode, CadreId, CadreStatus, Category, Day, Ethnicity, Gender, InstitutionCode, LevelCode,
        NationalId, NativePlace, PartialDate, PartyDate, Period, RotationForm, StudyMode, SubjectCode, SuccessionKind,
        Tier, TitleCode, TitleRole, UnitCode, UnitKind,
    },
};

use super::{
    cell::{Cells, code, date, day, flag, listed_code, national_id, untyped_code, word},
    table::Row,
};
use crate::{
    domain::bundle::{self, FileFormat},
    text,
};

/// A unit during an interval.
#[derive(Clone, Debug)]
pub(super) struct UnitRow {
    pub code: UnitCode,
    pub parent: Option<UnitCode>,
    pub party_parent: Option<UnitCode>,
    pub kind: UnitKind,
    pub tier: Tier,
    pub name: String,
    pub admin_code: Option<String>,
    pub period: Period,
}

impl Row for UnitRow {
    const FORMAT: FileFormat = bundle::UNITS;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let code_ = cells.required("code", code);
        let parent = cells.optional("parent_code", code);
        let party_parent = cells.optional("party_parent_code", code);
        let kind = cells.required("kind", word);
        let tier = cells.required("tier", word);
        let name = cells.name("name");
        let admin_code = cells.optional("admin_code", untyped_code);
        let (from, to) = (cells.optional("valid_from", day), cells.optional("valid_to", day));
        let (from, to) = (from?, to?);
        let period = Period::new(from, to);
        if period.is_none() {
            cells.empty_interval("valid_to");
        }
        Some(Self {
            code: code_?,
            parent: parent?,
            party_parent: party_parent?,
            kind: kind?,
            tier: tier?,
            name: name?,
            admin_code: admin_code?,
            period: period?,
        })
    }
}

/// A link between two units.
#[derive(Clone, Debug)]
pub(super) struct SuccessionRow {
    pub predecessor: UnitCode,
    pub successor: UnitCode,
    pub kind: SuccessionKind,
    pub on_date: Day,
    pub document: Option<String>,
}

impl Row for SuccessionRow {
    const FORMAT: FileFormat = bundle::UNIT_SUCCESSIONS;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let predecessor = cells.required("predecessor_code", code);
        let successor = cells.required("successor_code", code);
        let kind = cells.required("kind", word);
        let on_date = cells.required("on_date", day);
        let document = cells.text("document");
        Some(Self {
            predecessor: predecessor?,
            successor: successor?,
            kind: kind?,
            on_date: on_date?,
            document: document?,
        })
    }
}

impl Row for title::Model {
    const FORMAT: FileFormat = bundle::TITLES;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let code_ = cells.required::<TitleCode>("code", code);
        let name = cells.name("name");
        let category = cells.required::<Category>("category", word);
        let tier = cells.optional::<Tier>("tier", word);
        let is_key_leader = cells.required("is_key_leader", flag);
        let group_code = cells.optional("group", code);
        let role = cells.optional::<TitleRole>("role", word);
        Some(Self {
            code: code_?,
            name: name?,
            category: category?,
            tier: tier?,
            is_key_leader: is_key_leader?,
            group_code: group_code?,
            role: role?,
        })
    }
}

impl Row for institution::Model {
    const FORMAT: FileFormat = bundle::INSTITUTIONS;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let code_ = cells.required::<InstitutionCode>("code", code);
        let name = cells.name("name");
        Some(Self { code: code_?, name: name? })
    }
}

/// A person in clear text, dropped once its facts are checked and sealed; therefore without `Debug`.
pub(super) struct CadreRow {
    pub code: CadreCode,
    pub national_id: Option<String>,
    pub full_name: String,
    pub gender: Gender,
    pub birth_on: Option<Day>,
    pub ethnicity_code: Option<String>,
    pub native_place_code: Option<String>,
    pub joined_service_on: Option<Day>,
    pub joined_party_on: Option<Day>,
    pub category: Category,
    pub rank_code: Option<String>,
    pub status: CadreStatus,
}

impl Row for CadreRow {
    const FORMAT: FileFormat = bundle::CADRES;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let code_ = cells.required("code", code);
        let national_id = cells.optional("national_id", national_id);
        let full_name = cells.name("full_name");
        let gender = cells.required("gender", word);
        let birth_on = cells.optional("birth_on", day);
        let ethnicity_code = cells.optional("ethnicity_code", untyped_code);
        let native_place_code = cells.optional("native_place_code", untyped_code);
        let joined_service_on = cells.optional("joined_service_on", day);
        let joined_party_on = cells.optional("joined_party_on", day);
        let category = cells.required("category", word);
        let rank_code = cells.optional("rank_code", untyped_code);
        let status = cells.required("status", word);
        Some(Self {
            code: code_?,
            national_id: national_id?,
            full_name: full_name?,
            gender: gender?,
            birth_on: birth_on?,
            ethnicity_code: ethnicity_code?,
            native_place_code: native_place_code?,
            joined_service_on: joined_service_on?,
            joined_party_on: joined_party_on?,
            category: category?,
            rank_code: rank_code?,
            status: status?,
        })
    }
}

impl CadreRow {
    /// The row for the database.
    pub fn model(self, id: CadreId) -> cadre::Model {
        cadre::Model {
            id,
            code: self.code,
            national_id: self.national_id.map(NationalId::seal),
            search_key: text::search_key(&self.full_name),
            sort_key: text::sort_key(&self.full_name),
            full_name: self.full_name,
            gender: self.gender,
            birth_on: self.birth_on.map(BirthDate::seal),
            ethnicity_code: self.ethnicity_code.map(Ethnicity::seal),
            native_place_code: self.native_place_code.map(NativePlace::seal),
            joined_service_on: self.joined_service_on,
            joined_party_on: self.joined_party_on.map(PartyDate::seal),
            category: self.category,
            rank_code: self.rank_code,
            status: self.status,
            version: 1,
        }
    }

    /// The columns in which a stored person differs; also those that the file lacks.
    pub fn differing(&self, stored: &cadre::Model) -> Vec<&'static str> {
        let columns = [
            ("national_id", stored.national_id == self.national_id.clone().map(NationalId::seal)),
            ("full_name", stored.full_name == self.full_name),
            ("gender", stored.gender == self.gender),
            ("birth_on", stored.birth_on == self.birth_on.map(BirthDate::seal)),
            ("ethnicity_code", stored.ethnicity_code == self.ethnicity_code.clone().map(Ethnicity::seal)),
            ("native_place_code", stored.native_place_code == self.native_place_code.clone().map(NativePlace::seal)),
            ("joined_service_on", stored.joined_service_on == self.joined_service_on),
            ("joined_party_on", stored.joined_party_on == self.joined_party_on.map(PartyDate::seal)),
            ("category", stored.category == self.category),
            ("rank_code", stored.rank_code == self.rank_code),
            ("status", stored.status == self.status),
        ];
        columns.into_iter().filter(|(_, same)| !same).map(|(column, _)| column).collect()
    }
}

/// A post of a person.
pub(super) struct AssignmentRow {
    pub cadre: CadreCode,
    pub unit: UnitCode,
    pub title: TitleCode,
    pub start_on: Day,
    pub end_on: Option<Day>,
    pub is_primary: bool,
}

impl Row for AssignmentRow {
    const FORMAT: FileFormat = bundle::ASSIGNMENTS;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let cadre = cells.required("cadre_code", code);
        let unit = cells.required("unit_code", code);
        let title = cells.required("title_code", code);
        let start_on = cells.required("start_on", day);
        let end_on = cells.optional("end_on", day);
        let is_primary = cells.required("is_primary", flag);
        let (start_on, end_on) = (start_on?, end_on?);
        if Period::new(Some(start_on), end_on).is_none() {
            cells.empty_interval("end_on");
            return None;
        }
        Some(Self { cadre: cadre?, unit: unit?, title: title?, start_on, end_on, is_primary: is_primary? })
    }
}

/// A qualification of a person.
pub(super) struct QualificationRow {
    pub cadre: CadreCode,
    /// The code, or the text of the cell if it is not a code.
    pub subject: Result<SubjectCode, String>,
    /// The code, or the text of the cell if it is not a code.
    pub level: Result<LevelCode, String>,
    pub field_code: Option<String>,
    pub institution: Option<InstitutionCode>,
    pub mode: Option<StudyMode>,
    pub granted_on: PartialDate,
}

impl Row for QualificationRow {
    const FORMAT: FileFormat = bundle::QUALIFICATIONS;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let cadre = cells.required("cadre_code", code);
        let subject = cells.required("subject", listed_code);
        let level = cells.required("level", listed_code);
        let field_code = cells.optional("field_code", untyped_code);
        let institution = cells.optional("institution_code", code);
        let mode = cells.optional("mode", word);
        let granted_on = cells.required("granted_on", date);
        Some(Self {
            cadre: cadre?,
            subject: subject?,
            level: level?,
            field_code: field_code?,
            institution: institution?,
            mode: mode?,
            granted_on: granted_on?,
        })
    }
}

/// A rotation, a transfer or a secondment of a person.
pub(super) struct RotationRow {
    pub cadre: CadreCode,
    pub from: UnitCode,
    pub to: UnitCode,
    pub form: RotationForm,
    pub start_on: Day,
    pub end_on: Option<Day>,
    pub decision_no: Option<String>,
}

impl Row for RotationRow {
    const FORMAT: FileFormat = bundle::ROTATIONS;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let cadre = cells.required("cadre_code", code);
        let from = cells.required("from_unit_code", code);
        let to = cells.required("to_unit_code", code);
        let form = cells.required("form", word);
        let start_on = cells.required("start_on", day);
        let end_on = cells.optional("end_on", day);
        let decision_no = cells.text("decision_no");
        let (start_on, end_on) = (start_on?, end_on?);
        if Period::new(Some(start_on), end_on).is_none() {
            cells.empty_interval("end_on");
            return None;
        }
        Some(Self { cadre: cadre?, from: from?, to: to?, form: form?, start_on, end_on, decision_no: decision_no? })
    }
}
