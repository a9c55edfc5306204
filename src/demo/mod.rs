//! Demo population: an import bundle with invented people.
//!
//! It contains the 75 key commune cadres of one district with their training, the 16 members of one commune's Party
//! executive committee and the rotations of one province. Its statistics reproduce published figures: 44 % with a
//! university degree, 15 of 16, 14 of 16; 26, 32, 13 and 20 rotations by direction.

mod file;
mod rotation;
mod training;

use std::{fs, io, path::Path};

use file::CsvFile;

/// Code of the district of the key cadres.
pub const DISTRICT: &str = "BN-LT";
/// Code of the commune of the committee.
pub const COMMUNE: &str = "DB-DB-TN";
/// Code of the root unit.
pub const ROOT: &str = "TW";

const COMMUNES: [(&str, &str); 14] = [
    ("Thị trấn Thứa", "09496"),
    ("Xã An Thịnh", "09499"),
    ("Xã Trung Kênh", "09502"),
    ("Xã Phú Hòa", "09505"),
    ("Xã Mỹ Hương", "09508"),
    ("Xã Tân Lãng", "09511"),
    ("Xã Quảng Phú", "09514"),
    ("Xã Trừng Xá", "09517"),
    ("Xã Lai Hạ", "09520"),
    ("Xã Trung Chính", "09523"),
    ("Xã Minh Tân", "09526"),
    ("Xã Bình Định", "09529"),
    ("Xã Phú Lương", "09532"),
    ("Xã Lâm Thao", "09535"),
];
/// Names of the people of a place; women's names, then men's.
struct Names {
    families: [&'static str; 8],
    middles: [[&'static str; 4]; 2],
    givens: [[&'static str; 9]; 2],
    ethnicity: &'static str,
}

const NAMES: Names = Names {
    families: ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Lò"],
    middles: [["Thị", "Thu", "Ngọc", "Bích"], ["Văn", "Đình", "Quốc", "Xuân"]],
    givens: [
        ["Ánh", "Bình", "Dung", "Đào", "Hạnh", "Lan", "Oanh", "Thảo", "Yến"],
        ["An", "Ân", "Cường", "Đức", "Hùng", "Kiên", "Ơn", "Sơn", "Vượng"],
    ],
    ethnicity: "01",
};

const TITLES: &str = include_str!("titles.csv");
const INSTITUTIONS: &str = include_str!("institutions.csv");
const TITLE_STEPS: &str = include_str!("title_steps.csv");
const UNIT_AREAS: &str = include_str!("unit_areas.csv");
const DOCUMENTS: &str = include_str!("documents.csv");
const STANDARDS: &str = include_str!("standards.csv");
const STANDARD_SCOPES: &str = include_str!("standard_scopes.csv");
const REQUIREMENTS: &str = include_str!("requirements.csv");

/// Files of a bundle under construction.
struct Bundle {
    units: CsvFile,
    identifiers: CsvFile,
    cadres: CsvFile,
    assignments: CsvFile,
    qualifications: CsvFile,
    rotations: CsvFile,
    people: usize,
    /// Code and unit of each key cadre of the district.
    key_cadres: Vec<(String, String)>,
}

/// A person to write, with levels and main post.
struct Person<'a> {
    unit: &'a str,
    title: &'a str,
    professional: &'a str,
    theory: &'a str,
    since: &'a str,
    year: usize,
}

/// Writes the population as a bundle into an existing folder.
///
/// # Errors
/// If a file cannot be written.
pub fn write_bundle(dir: &Path) -> io::Result<()> {
    let mut bundle = Bundle::new();
    bundle.district();
    bundle.committee();
    bundle.rotations();
    let training = bundle.training();
    let files = [
        ("units.csv", bundle.units.text()),
        ("unit_identifiers.csv", bundle.identifiers.text()),
        ("titles.csv", TITLES),
        ("institutions.csv", INSTITUTIONS),
        ("title_steps.csv", TITLE_STEPS),
        ("unit_areas.csv", UNIT_AREAS),
        ("documents.csv", DOCUMENTS),
        ("standards.csv", STANDARDS),
        ("standard_scopes.csv", STANDARD_SCOPES),
        ("requirements.csv", REQUIREMENTS),
        ("cadres.csv", bundle.cadres.text()),
        ("assignments.csv", bundle.assignments.text()),
        ("qualifications.csv", bundle.qualifications.text()),
        ("rotations.csv", bundle.rotations.text()),
    ];
    for (name, text) in files.into_iter().chain(training.files()) {
        fs::write(dir.join(name), text)?;
    }
    Ok(())
}

impl Bundle {
    fn new() -> Self {
        let mut bundle = Self {
            units: CsvFile::default(),
            identifiers: CsvFile::default(),
            cadres: CsvFile::default(),
            assignments: CsvFile::default(),
            qualifications: CsvFile::default(),
            rotations: CsvFile::default(),
            people: 0,
            key_cadres: Vec::new(),
        };
        bundle.unit(ROOT, "", "NATION", "CENTRAL", "Trung ương", "");
        bundle.unit("BN", ROOT, "PROVINCE", "PROVINCE", "Tỉnh Bắc Ninh", "27");
        bundle.unit(DISTRICT, "BN", "DISTRICT", "DISTRICT", "Huyện Lương Tài", "264");
        bundle.unit("DB", ROOT, "PROVINCE", "PROVINCE", "Tỉnh Điện Biên", "11");
        bundle.unit("DB-DB", "DB", "DISTRICT", "DISTRICT", "Huyện Điện Biên", "100");
        bundle.unit(COMMUNE, "DB-DB", "COMMUNE", "COMMUNE", "Xã Thanh Nưa", "03322");
        bundle.identifiers();
        bundle
    }

    /// Adds identifiers. The codes of agencies and of Party organisations are invented.
    fn identifiers(&mut self) {
        let since = "2020-09-15";
        for (unit, system, value, (from, to)) in [
            ("BN", "VN_AGENCY", "T27", (since, "")),
            (DISTRICT, "VN_AGENCY", "T27.1", (since, "")),
            ("DB", "VN_AGENCY", "T11", (since, "")),
            ("DB-DB", "VN_AGENCY", "T11.2", (since, "")),
            (COMMUNE, "VN_AGENCY", "T11.2.3", (since, "")),
            (COMMUNE, "QCVN_102", "000.03.02.T11", ("2017-01-01", since)),
            (COMMUNE, "ADMIN_UNIT", "03322", ("", "")),
            (COMMUNE, "PARTY", "T11-02-03", ("", "")),
        ] {
            self.identifiers.add(&[
                ("unit_code", unit),
                ("system", system),
                ("value", value),
                ("valid_from", from),
                ("valid_to", to),
            ]);
        }
    }

    /// Adds 14 communes with five key leaders each, and a second vice-chair in five of them: 75 people.
    fn district(&mut self) {
        for (at, (name, admin_code)) in COMMUNES.iter().enumerate() {
            let commune = format!("{DISTRICT}-{:02}", at + 1);
            self.unit(&commune, DISTRICT, "COMMUNE", "COMMUNE", name, admin_code);
            // Within a longer name, the kind is written in lower case.
            let name = name.replacen("Xã", "xã", 1).replacen("Thị", "thị", 1);
            let party = self.below(&commune, "DU", "PARTY_COMMITTEE", &format!("Đảng ủy {name}"));
            let state = self.below(&commune, "UB", "PEOPLES_COMMITTEE", &format!("UBND {name}"));
            let second = if at < 5 { vec!["X_PCT"] } else { vec![] };
            for title in ["X_BT", "X_PBT", "X_CTHD", "X_CT", "X_PCT"].into_iter().chain(second) {
                let unit = if title.contains("BT") { &party } else { &state };
                let (number, year) = (self.people, 1995 + self.people % 15);
                let professional = match number {
                    0..33 => "UNIVERSITY",
                    33 => "COLLEGE",
                    34..73 => "INTERMEDIATE",
                    _ => "ELEMENTARY",
                };
                // Assigned in another order than the degrees, so that the two distributions are independent.
                let theory = match number * 7 % 75 {
                    0 => "ADVANCED",
                    1..67 => "INTERMEDIATE",
                    _ => "ELEMENTARY",
                };
                self.person(&Person { unit, title, professional, theory, since: "2010-06-01", year });
                self.key_cadres.push((self.code(), unit.clone()));
            }
        }
    }

    /// Adds 16 committee members: 15 with a university degree or higher, 14 with intermediate political theory or
    /// higher.
    fn committee(&mut self) {
        let party = self.below(COMMUNE, "DU", "PARTY_COMMITTEE", "Đảng ủy xã Thanh Nưa");
        let state = self.below(COMMUNE, "UB", "PEOPLES_COMMITTEE", "UBND xã Thanh Nưa");
        for number in 0..16 {
            let title = ["X_BT", "X_PBT", "X_CTHD", "X_CT", "X_PCT"].get(number).copied().unwrap_or("X_CC");
            let unit = if title.contains("BT") { &party } else { &state };
            let professional = ["INTERMEDIATE", "MASTER"].get(number).copied().unwrap_or("UNIVERSITY");
            let theory = match number {
                2 | 3 => "ELEMENTARY",
                0 | 1 => "ADVANCED",
                _ => "INTERMEDIATE",
            };
            self.person(&Person { unit, title, professional, theory, since: "2020-06-15", year: 2000 + number });
            self.add_post(&party, "X_UV", ("2020-06-20", ""), "false");
        }
    }

    fn unit(&mut self, code: &str, parent: &str, kind: &str, tier: &str, name: &str, admin_code: &str) {
        self.units.add(&[
            ("code", code),
            ("parent_code", parent),
            ("party_parent_code", ""),
            ("kind", kind),
            ("tier", tier),
            ("name", name),
            ("admin_code", admin_code),
            ("valid_from", ""),
            ("valid_to", ""),
        ]);
    }

    fn below(&mut self, commune: &str, suffix: &str, kind: &str, name: &str) -> String {
        let code = format!("{commune}-{suffix}");
        self.unit(&code, commune, kind, "COMMUNE", name, "");
        code
    }

    /// Code of the last person written.
    fn code(&self) -> String {
        format!("CB{:04}", self.people)
    }

    fn person(&mut self, person: &Person<'_>) {
        self.cadre(&NAMES, 1962 + self.people % 20, person.title);
        self.post(person.unit, person.title, (person.since, ""));
        self.qualifications(person.professional, person.theory, person.year);
    }

    /// Writes a new person, without post and qualifications.
    fn cadre(&mut self, names: &Names, birth: usize, title: &str) {
        let (number, male) = (self.people, !self.people.is_multiple_of(4));
        self.people += 1;
        let code = self.code();
        let pick = usize::from(male);
        let name = format!(
            "{} {} {}",
            names.families[number * 3 % names.families.len()],
            names.middles[pick][number / 3 % 4],
            names.givens[pick][number * 5 % 9],
        );
        let gender = if male { "MALE" } else { "FEMALE" };
        let category = if matches!(title, "X_CC" | "H_PTP" | "T_PGD") { "CIVIL_SERVANT" } else { "CADRE" };
        self.cadres.add(&[
            ("code", &code),
            ("national_id", &format!("999{number:09}")),
            ("full_name", &name),
            ("gender", gender),
            ("birth_on", &format!("{birth}-{:02}-{:02}", number % 12 + 1, number % 28 + 1)),
            ("ethnicity_code", names.ethnicity),
            ("native_place_code", ""),
            ("joined_service_on", &format!("{}-09-01", birth + 23)),
            ("joined_party_on", &format!("{}-02-03", birth + 27)),
            ("category", category),
            ("rank_code", ""),
            ("status", "ACTIVE"),
        ]);
    }

    /// Writes a primary post of the last person written.
    fn post(&mut self, unit: &str, title: &str, days: (&str, &str)) {
        self.add_post(unit, title, days, "true");
    }

    fn add_post(&mut self, unit: &str, title: &str, (start, end): (&str, &str), is_primary: &str) {
        let code = self.code();
        self.assignments.add(&[
            ("cadre_code", &code),
            ("unit_code", unit),
            ("title_code", title),
            ("start_on", start),
            ("end_on", end),
            ("is_primary", is_primary),
        ]);
    }

    /// Writes the degree of the last person written, and a qualification in political theory two years later.
    fn qualifications(&mut self, professional: &str, theory: &str, year: usize) {
        let (code, theory_on) = (self.code(), format!("{}-07", year + 2));
        for [subject, level, field, institution, mode, granted_on] in [
            ["PROFESSIONAL", professional, "7380101", "DHLUAT", "WORK_STUDY", &year.to_string()],
            ["POLITICAL_THEORY", theory, "", "TCT", "PART_TIME", &theory_on],
        ] {
            self.qualifications.add(&[
                ("cadre_code", &code),
                ("subject", subject),
                ("level", level),
                ("field_code", field),
                ("institution_code", institution),
                ("mode", mode),
                ("granted_on", granted_on),
            ]);
        }
    }
}
