//! Demo population: an import bundle with invented people.
//!
//! It contains the 75 key commune cadres of one district with their training, the 16 members of one commune's Party
//! executive committee and the rotations of one province. Its statistics reproduce published figures: 44 % with a
//! university degree, 15 of 16, 14 of 16; 26, 32, 13 and 20 rotations by direction.

mod rotation;
mod training;

use std::{fmt::Write as _, fs, io, path::Path};

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

const TITLES: &str = "code,name,category,tier,is_key_leader
X_BT,Bí thư Đảng ủy xã,CADRE,COMMUNE,true
X_PBT,Phó Bí thư Đảng ủy xã,CADRE,COMMUNE,true
X_CTHD,Chủ tịch HĐND xã,CADRE,COMMUNE,true
X_CT,Chủ tịch UBND xã,CADRE,COMMUNE,true
X_PCT,Phó Chủ tịch UBND xã,CADRE,COMMUNE,true
X_UV,Ủy viên Ban Chấp hành Đảng bộ xã,CADRE,COMMUNE,false
X_CC,Công chức cấp xã,CIVIL_SERVANT,COMMUNE,false
H_PTP,Phó Trưởng phòng cấp huyện,CIVIL_SERVANT,DISTRICT,true
T_PGD,Phó Giám đốc sở,CIVIL_SERVANT,PROVINCE,true
";
const INSTITUTIONS: &str = "code,name
DHLUAT,Trường Đại học Luật Hà Nội
TCT,Trường Chính trị tỉnh
";

/// Files of a bundle under construction.
struct Bundle {
    units: String,
    cadres: String,
    assignments: String,
    qualifications: String,
    rotations: String,
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
        ("units.csv", bundle.units.as_str()),
        ("titles.csv", TITLES),
        ("institutions.csv", INSTITUTIONS),
        ("cadres.csv", &bundle.cadres),
        ("assignments.csv", &bundle.assignments),
        ("qualifications.csv", &bundle.qualifications),
        ("rotations.csv", &bundle.rotations),
    ];
    for (name, text) in files.into_iter().chain(training.files()) {
        fs::write(dir.join(name), text)?;
    }
    Ok(())
}

impl Bundle {
    fn new() -> Self {
        let mut bundle = Self {
            units: "code,parent_code,party_parent_code,kind,tier,name,admin_code,valid_from,valid_to\n".to_owned(),
            cadres: "code,national_id,full_name,gender,birth_on,ethnicity_code,native_place_code,joined_service_on,\
                     joined_party_on,category,rank_code,status\n"
                .to_owned(),
            assignments: "cadre_code,unit_code,title_code,start_on,end_on,is_primary\n".to_owned(),
            qualifications: "cadre_code,subject,level,field_code,institution_code,mode,granted_on\n".to_owned(),
            rotations: "cadre_code,from_unit_code,to_unit_code,form,start_on,end_on,decision_no\n".to_owned(),
            people: 0,
            key_cadres: Vec::new(),
        };
        bundle.unit(ROOT, "", "NATION", "CENTRAL", "Trung ương", "");
        bundle.unit("BN", ROOT, "PROVINCE", "PROVINCE", "Tỉnh Bắc Ninh", "27");
        bundle.unit(DISTRICT, "BN", "DISTRICT", "DISTRICT", "Huyện Lương Tài", "264");
        bundle.unit("DB", ROOT, "PROVINCE", "PROVINCE", "Tỉnh Điện Biên", "11");
        bundle.unit("DB-DB", "DB", "DISTRICT", "DISTRICT", "Huyện Điện Biên", "100");
        bundle.unit(COMMUNE, "DB-DB", "COMMUNE", "COMMUNE", "Xã Thanh Nưa", "03322");
        bundle
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
                let (nth, year) = (self.people, 1995 + self.people % 15);
                let professional = match nth {
                    0..33 => "UNIVERSITY",
                    33 => "COLLEGE",
                    34..73 => "INTERMEDIATE",
                    _ => "ELEMENTARY",
                };
                // In another order than the degrees, so that the two distributions are independent.
                let theory = match nth * 7 % 75 {
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
        for nth in 0..16 {
            let title = ["X_BT", "X_PBT", "X_CTHD", "X_CT", "X_PCT"].get(nth).copied().unwrap_or("X_CC");
            let unit = if title.contains("BT") { &party } else { &state };
            let professional = ["INTERMEDIATE", "MASTER"].get(nth).copied().unwrap_or("UNIVERSITY");
            let theory = match nth {
                2 | 3 => "ELEMENTARY",
                0 | 1 => "ADVANCED",
                _ => "INTERMEDIATE",
            };
            self.person(&Person { unit, title, professional, theory, since: "2020-06-15", year: 2000 + nth });
            let _ = writeln!(self.assignments, "{},{party},X_UV,2020-06-20,,false", self.code());
        }
    }

    fn unit(&mut self, code: &str, parent: &str, kind: &str, tier: &str, name: &str, admin_code: &str) {
        let _ = writeln!(self.units, "{code},{parent},,{kind},{tier},{name},{admin_code},,");
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
        self.papers(person.professional, person.theory, person.year);
    }

    /// Writes a new person, without post and qualifications.
    fn cadre(&mut self, names: &Names, birth: usize, title: &str) {
        let (nth, male) = (self.people, !self.people.is_multiple_of(4));
        self.people += 1;
        let code = self.code();
        let pick = usize::from(male);
        let name = format!(
            "{} {} {}",
            names.families[nth * 3 % names.families.len()],
            names.middles[pick][nth / 3 % 4],
            names.givens[pick][nth * 5 % 9],
        );
        let gender = if male { "MALE" } else { "FEMALE" };
        let category = if matches!(title, "X_CC" | "H_PTP" | "T_PGD") { "CIVIL_SERVANT" } else { "CADRE" };
        let _ = writeln!(
            self.cadres,
            "{code},999{nth:09},{name},{gender},{birth}-{:02}-{:02},{},,{}-09-01,{}-02-03,{category},,ACTIVE",
            nth % 12 + 1,
            nth % 28 + 1,
            names.ethnicity,
            birth + 23,
            birth + 27,
        );
    }

    /// Writes a primary post of the last person written.
    fn post(&mut self, unit: &str, title: &str, (start, end): (&str, &str)) {
        let _ = writeln!(self.assignments, "{},{unit},{title},{start},{end},true", self.code());
    }

    /// Writes the degree of the last person written, and a qualification in political theory two years later.
    fn papers(&mut self, professional: &str, theory: &str, year: usize) {
        let code = self.code();
        let _ = writeln!(
            self.qualifications,
            "{code},PROFESSIONAL,{professional},7380101,DHLUAT,WORK_STUDY,{year}\n\
             {code},POLITICAL_THEORY,{theory},,TCT,PART_TIME,{}-07",
            year + 2,
        );
    }
}
