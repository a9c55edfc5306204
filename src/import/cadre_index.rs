//! Compact index of the persons of an import by code, for millions of persons.

use std::hash::{BuildHasher, RandomState};

use entity::value::{BirthDate, CadreId, CadreStatus, Category};
use hashbrown::HashTable;

use crate::error::{Error, Result};

/// Index of a person in the `CadreIndex`.
pub(super) type Person = u32;

const STORED: u8 = 1;
const IN_FILE: u8 = 2;
const TOUCHED: u8 = 4;
const FORMER: u8 = 8;
/// The bits of the category.
const CATEGORY: u8 = 16 | 32;

/// All codes are concatenated in one string, and the table stores offsets in it: about 45 bytes per person.
#[derive(Default)]
pub(super) struct CadreIndex {
    codes: String,
    ends: Vec<u32>,
    places: HashTable<Person>,
    hasher: RandomState,
    ids: Vec<CadreId>,
    births: Vec<Option<BirthDate>>,
    marks: Vec<u8>,
}

impl CadreIndex {
    /// The person with the code.
    pub fn find(&self, code: &str) -> Option<Person> {
        self.places.find(self.hasher.hash_one(code), |person| self.code(*person) == code).copied()
    }

    /// Adds a person from the database.
    pub fn enter_stored(&mut self, code: &str, id: CadreId, birth: Option<BirthDate>) -> Result<Person> {
        self.enter(code, id, birth, STORED)
    }

    /// Adds a new person of the bundle, with a new id.
    pub fn enter_new(&mut self, code: &str, birth: Option<BirthDate>) -> Result<Person> {
        self.enter(code, CadreId::new(), birth, 0)
    }

    fn enter(&mut self, code: &str, id: CadreId, birth: Option<BirthDate>, marks: u8) -> Result<Person> {
        let person = Person::try_from(self.ids.len()).map_err(Error::internal)?;
        self.codes.push_str(code);
        self.ends.push(u32::try_from(self.codes.len()).map_err(Error::internal)?);
        self.ids.push(id);
        self.births.push(birth);
        self.marks.push(marks);
        let Self { codes, ends, places, hasher, .. } = self;
        places.insert_unique(hasher.hash_one(code), person, |other| hasher.hash_one(slice(codes, ends, *other)));
        Ok(person)
    }

    /// The code of a person.
    pub fn code(&self, person: Person) -> &str {
        slice(&self.codes, &self.ends, person)
    }

    /// The id of a person.
    pub fn id(&self, person: Person) -> CadreId {
        self.ids[person as usize]
    }

    /// The birth date of a person.
    pub fn birth(&self, person: Person) -> Option<&BirthDate> {
        self.births[person as usize].as_ref()
    }

    /// Notes the status of a person.
    pub fn set_status(&mut self, person: Person, status: CadreStatus) {
        if status != CadreStatus::Active {
            self.marks[person as usize] |= FORMER;
        }
    }

    /// Notes the category of a person.
    pub fn set_category(&mut self, person: Person, category: Category) {
        let bits = match category {
            Category::Cadre => 16,
            Category::CivilServant => 32,
            Category::PublicEmployee => CATEGORY,
        };
        let marks = &mut self.marks[person as usize];
        *marks = (*marks & !CATEGORY) | bits;
    }

    /// The category of a person, if it was noted.
    pub fn category(&self, person: Person) -> Option<Category> {
        match self.marks[person as usize] & CATEGORY {
            16 => Some(Category::Cadre),
            32 => Some(Category::CivilServant),
            CATEGORY => Some(Category::PublicEmployee),
            _ => None,
        }
    }

    /// Whether the person is no longer in service.
    pub fn is_former(&self, person: Person) -> bool {
        self.marks[person as usize] & FORMER != 0
    }

    /// Whether the person was stored before this import.
    pub fn is_stored(&self, person: Person) -> bool {
        self.marks[person as usize] & STORED != 0
    }

    /// Marks the person as present in the file; false if it was marked before.
    pub fn mark_present(&mut self, person: Person) -> bool {
        let marks = &mut self.marks[person as usize];
        let first = *marks & IN_FILE == 0;
        *marks |= IN_FILE;
        first
    }

    /// Begins another pass over the files: clears the marks of `mark_present`.
    pub fn clear_file_marks(&mut self) {
        self.marks.iter_mut().for_each(|marks| *marks &= !IN_FILE);
    }

    /// Notes that a stored person gets new rows.
    pub fn touch(&mut self, person: Person) {
        self.marks[person as usize] |= TOUCHED;
    }

    /// The stored persons that got new rows.
    pub fn touched(&self) -> impl Iterator<Item = &str> {
        let wanted = |(_, marks): &(Person, &u8)| **marks & (STORED | TOUCHED) == STORED | TOUCHED;
        (0..).zip(&self.marks).filter(wanted).map(|(person, _)| self.code(person))
    }
}

fn slice<'a>(codes: &'a str, ends: &[u32], person: Person) -> &'a str {
    let at = person as usize;
    let begin = at.checked_sub(1).map_or(0, |before| ends[before] as usize);
    &codes[begin..ends[at] as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_found_by_the_whole_code_only() {
        let mut cadre_index = CadreIndex::default();
        for number in 0..1_000 {
            let person = cadre_index.enter_new(&format!("CB{number}"), None).unwrap();
            assert_eq!(person, number);
        }
        let stored = cadre_index.enter_stored("X", CadreId::new(), None).unwrap();
        for number in 0..1_000 {
            assert_eq!(cadre_index.find(&format!("CB{number}")), Some(number));
        }
        assert_eq!(cadre_index.category(stored), None);
        for category in [Category::PublicEmployee, Category::Cadre, Category::CivilServant] {
            cadre_index.set_category(stored, category);
            assert_eq!((cadre_index.category(stored), cadre_index.is_stored(stored)), (Some(category), true));
        }
        assert_eq!(cadre_index.find("CB"), None);
        assert_eq!(cadre_index.find("CB1000"), None);
        assert!(cadre_index.mark_present(3) && !cadre_index.mark_present(3));
        cadre_index.clear_file_marks();
        assert!(cadre_index.mark_present(3));
        cadre_index.touch(3);
        cadre_index.touch(stored);
        assert_eq!(cadre_index.touched().collect::<Vec<_>>(), ["X"]);
    }
}
