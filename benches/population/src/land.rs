//! Units: the nation, provinces of the same size, and in each departments, districts and their communes.
//!
//! A province always has about 10,000 people, so a query about a commune or a province is comparable at every scale,
//! and only the nation grows with the number of people.

use crate::bundle::{Bundle, Table};

/// Code of the root unit.
pub const NATION: &str = "VN";
/// Number of people in a province.
const PEOPLE: u32 = 10_000;
const DEPARTMENTS: u32 = 8;
const DISTRICTS: u32 = 3;
const COMMUNES: u32 = 8;
/// Number of units of a province in which people work.
const OFFICES: u32 = DEPARTMENTS + DISTRICTS * (1 + COMMUNES);

const PLACES: [&str; 10] = ["An", "Bình", "Châu", "Đông", "Giang", "Hòa", "Long", "Minh", "Phú", "Tân"];

/// Kind of a unit, with its number among its siblings.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Office {
    Department,
    District,
    Commune,
}

/// A unit in which people work.
#[derive(Clone)]
pub struct Place {
    pub code: String,
    pub office: Office,
    pub province: u32,
}

/// All units.
pub struct Land {
    pub provinces: u32,
    cadres: u32,
}

impl Land {
    /// Creates as many provinces as this number of people needs.
    pub fn of(cadres: u32) -> Self {
        Self { provinces: cadres.div_ceil(PEOPLE), cadres }
    }

    /// The home province of a person; both are numbered from 1.
    pub fn home(&self, cadre: u32) -> u32 {
        let before = u64::from(cadre - 1) * u64::from(self.provinces) / u64::from(self.cadres);
        u32::try_from(before).map_or(self.provinces, |before| before + 1)
    }

    /// A random unit of a province in which people work.
    pub fn place(&self, province: u32, rng: &mut fastrand::Rng) -> Place {
        office(province, rng.u32(..OFFICES))
    }

    /// Writes the units and their titles.
    pub fn write(&self, bundle: &mut Bundle) -> csv::Result<()> {
        bundle.add(Table::Units, [NATION, "", "", "NATION", "CENTRAL", "Trung ương", "", "", ""])?;
        for number in 1..=self.provinces {
            let (code, name) = (province(number), format!("Tỉnh {}", name_of(number)));
            bundle.add(Table::Units, [&code, NATION, "", "PROVINCE", "PROVINCE", &name, "", "", ""])?;
            for place in offices(number) {
                let (kind, tier, name) = place.office.words();
                let tail = place.code.rsplit('-').next().unwrap_or_default();
                let name = format!("{name} {} {}", name_of(number), &tail[1..]);
                let parent = place.code.rsplit_once('-').map_or("", |(parent, _)| parent);
                bundle.add(Table::Units, [&place.code, parent, "", kind, tier, &name, "", "", ""])?;
            }
        }
        TITLES.into_iter().try_for_each(|title| bundle.add(Table::Titles, title))
    }
}

/// The code of a province by its number, from 1.
pub fn province(number: u32) -> String {
    format!("P{number:04}")
}

/// All units of a province in which people work.
pub fn offices(province: u32) -> impl Iterator<Item = Place> {
    (0..OFFICES).map(move |at| office(province, at))
}

fn office(number: u32, at: u32) -> Place {
    let code = province(number);
    let Some(at) = at.checked_sub(DEPARTMENTS) else {
        return Place { code: format!("{code}-S{:02}", at + 1), office: Office::Department, province: number };
    };
    let (district, commune) = (at / (1 + COMMUNES) + 1, at % (1 + COMMUNES));
    if commune == 0 {
        return Place { code: format!("{code}-H{district:02}"), office: Office::District, province: number };
    }
    let code = format!("{code}-H{district:02}-X{commune:02}");
    Place { code, office: Office::Commune, province: number }
}

fn name_of(number: u32) -> String {
    let at = number as usize;
    format!("{} {} {number}", PLACES[at % PLACES.len()], PLACES[at / PLACES.len() % PLACES.len()])
}

impl Office {
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Department => ("DEPARTMENT", "PROVINCE", "Sở"),
            Self::District => ("DISTRICT", "DISTRICT", "Huyện"),
            Self::Commune => ("COMMUNE", "COMMUNE", "Xã"),
        }
    }

    /// The titles of such a unit, highest first.
    pub fn titles(self) -> [&'static str; 4] {
        match self {
            Self::Department => ["S_GD", "S_PGD", "S_TP", "S_CV"],
            Self::District => ["H_BT", "H_CT", "H_TP", "H_CV"],
            Self::Commune => ["X_BT", "X_CT", "X_PCT", "X_CC"],
        }
    }
}

/// The title of a concurrent post.
pub const MEMBER: &str = "UV";

const TITLES: [[&str; 5]; 13] = [
    ["S_GD", "Giám đốc sở", "CIVIL_SERVANT", "PROVINCE", "true"],
    ["S_PGD", "Phó Giám đốc sở", "CIVIL_SERVANT", "PROVINCE", "true"],
    ["S_TP", "Trưởng phòng của sở", "CIVIL_SERVANT", "PROVINCE", "false"],
    ["S_CV", "Chuyên viên của sở", "CIVIL_SERVANT", "PROVINCE", "false"],
    ["H_BT", "Bí thư huyện ủy", "CADRE", "DISTRICT", "true"],
    ["H_CT", "Chủ tịch UBND huyện", "CADRE", "DISTRICT", "true"],
    ["H_TP", "Trưởng phòng cấp huyện", "CIVIL_SERVANT", "DISTRICT", "false"],
    ["H_CV", "Chuyên viên cấp huyện", "CIVIL_SERVANT", "DISTRICT", "false"],
    ["X_BT", "Bí thư Đảng ủy xã", "CADRE", "COMMUNE", "true"],
    ["X_CT", "Chủ tịch UBND xã", "CADRE", "COMMUNE", "true"],
    ["X_PCT", "Phó Chủ tịch UBND xã", "CADRE", "COMMUNE", "false"],
    ["X_CC", "Công chức cấp xã", "CIVIL_SERVANT", "COMMUNE", "false"],
    [MEMBER, "Ủy viên Ban Chấp hành Đảng bộ", "CADRE", "", "false"],
];
