//! The figures that the demo does not contain: training of Điện Biên from 2010 to 2014 and in 2021, of Bình Phước in
//! 2023 with the plan of 2024, and of the Party bloc of Hòa Bình. They are added to the files of the demo's bundle.

use std::{
    fmt::Write as _,
    fs::OpenOptions,
    io::{self, Write as _},
    path::Path,
};

use cadre_api::demo;

const UNITS: &str = "\
HV,TW,,ACADEMY,CENTRAL,Học viện Chính trị khu vực,,,
DB-TCT,DB,,POLITICAL_SCHOOL,PROVINCE,Trường Chính trị tỉnh Điện Biên,,,
BP,TW,,PROVINCE,PROVINCE,Tỉnh Bình Phước,70,,
BP-SNV,BP,,DEPARTMENT,PROVINCE,Sở Nội vụ tỉnh Bình Phước,,,
BP-TCT,BP,,POLITICAL_SCHOOL,PROVINCE,Trường Chính trị tỉnh Bình Phước,,,
HB,TW,,PROVINCE,PROVINCE,Tỉnh Hòa Bình,17,,
HB-DUK,HB,,PARTY_COMMITTEE,PROVINCE,Đảng ủy Khối các cơ quan tỉnh Hòa Bình,,,
HB-SNV,HB,HB-DUK,DEPARTMENT,PROVINCE,Sở Nội vụ tỉnh Hòa Bình,,,
";
const TITLES: &str = "CV,Chuyên viên,CIVIL_SERVANT,,false,,\n";
const PROGRAMMES: &str = "\
LLCT_CC,Cao cấp lý luận chính trị,TRAINING,POLITICAL_THEORY,ADVANCED
LLCT_CN,Cử nhân chính trị,TRAINING,POLITICAL_THEORY,BACHELOR
CM_THS,Thạc sĩ,TRAINING,PROFESSIONAL,MASTER
CM_TS,Tiến sĩ,TRAINING,PROFESSIONAL,DOCTORATE
SDH,Sau đại học,TRAINING,JOB_SKILLS,
NUOC_NGOAI,Bồi dưỡng ở nước ngoài,REFRESHER,JOB_SKILLS,
CHUC_DANH,Bồi dưỡng theo chức danh,REFRESHER,JOB_SKILLS,
QPAN_1,Quốc phòng và an ninh đối tượng 1,REFRESHER,DEFENCE_SECURITY,GROUP_1
QPAN_2,Quốc phòng và an ninh đối tượng 2,REFRESHER,DEFENCE_SECURITY,GROUP_2
CN_164,Cập nhật kiến thức theo Quy định 164,REFRESHER,JOB_SKILLS,
KH134,Bồi dưỡng theo Kế hoạch 134,REFRESHER,JOB_SKILLS,
KH_UBND,Bồi dưỡng theo kế hoạch của UBND tỉnh,REFRESHER,JOB_SKILLS,
BD_CHUNG,Bồi dưỡng chung,REFRESHER,JOB_SKILLS,
BD_THON,Bồi dưỡng cán bộ thôn bản,REFRESHER,JOB_SKILLS,
TAT_CA,Tất cả chương trình,REFRESHER,ANY,
";
/// The norm of the province, and the updating of 2023 as a duty. The interval of Quy định 164-QĐ/TW is not known, so the
/// national duty is not verified; the province's own is invented for the count.
const DUTIES: &str = "\
VN-QD164-2013,Cập nhật kiến thức theo Quy định 164,,CADRE|CIVIL_SERVANT,false,PARTICIPATION,1,100,2013-02-01,2024-05-10,Quy định 164-QĐ/TW,UNVERIFIED
BP-DA05-100,Bồi dưỡng hằng năm,BP,CADRE|CIVIL_SERVANT|PUBLIC_EMPLOYEE,false,PARTICIPATION,1,100,2022-07-12,2025-07-01,Đề án 05-ĐA/TU,VERIFIED
BP-CN,Cập nhật kiến thức của tỉnh,BP,CADRE|CIVIL_SERVANT,false,PARTICIPATION,1,100,2022-01-01,2025-07-01,Đề án thử,VERIFIED
";
const DUTY_PROGRAMMES: &str = "\
VN-QD164-2013,CN_164
BP-CN,CN_164
";
const PLANS: &str = "\
KH-DB-2010,DB,2010,2014,10-KH/TU,Kế hoạch đào tạo giai đoạn 2010 - 2014,CLOSED
KH-DB-2014,DB,2014,2014,14-KH/UBND,Kế hoạch đào tạo năm 2014,CLOSED
KH-DB-2021,DB,2021,2021,21-KH/UBND,Kế hoạch đào tạo năm 2021,CLOSED
KH-BP-2023,BP,2023,2023,23-KH/TU,Kế hoạch đào tạo năm 2023,CLOSED
KH-BP-2024,BP,2024,2024,24-KH/TU,Kế hoạch đào tạo năm 2024,PUBLISHED
KH-HB-2015,HB-DUK,2015,2020,15-KH/DUK,Kế hoạch đào tạo giai đoạn 2015 - 2020,CLOSED
";
/// The plan of 2021 has 25,980 turns, of which 8,145 are the district's.
const QUOTAS: &str = "\
KH-DB-2014,DB,TAT_CA,,TURNS,MORE_THAN,17000,
KH-DB-2021,DB-SNV,TAT_CA,,TURNS,EXACT,17835,
KH-DB-2021,DB-DB,TAT_CA,,TURNS,EXACT,8145,
KH-BP-2024,BP,LLCT_CC,FULL_TIME,PERSONS,EXACT,30,
KH-BP-2024,BP,LLCT_CC,PART_TIME,PERSONS,EXACT,36,
KH-BP-2024,BP,LLCT_TC,,PERSONS,EXACT,360,6
KH-BP-2024,BP,SDH,,PERSONS,EXACT,12,
KH-BP-2024,BP,BD_CHUNG,,TURNS,MORE_THAN,2000,
";

/// Turns in 2021 of the district, and of the rest of the province.
const TURNS: [(&str, usize); 2] = [("DB-DB", 8_672), ("DB-SNV", 27_071 - 8_672)];

/// Rows to add to each file.
#[derive(Default)]
struct Rows {
    units: String,
    cadres: String,
    assignments: String,
    qualifications: String,
    classes: String,
    enrolments: String,
    people: usize,
    made: usize,
}

/// The common columns of some classes: plan, organiser, programme, category, mode, year.
#[derive(Clone, Copy)]
struct Kind<'a> {
    plan: &'a str,
    organiser: &'a str,
    programme: &'a str,
    category: &'a str,
    mode: &'a str,
    year: usize,
}

/// Writes the demo's bundle with these rows to an existing folder.
pub fn write(dir: &Path) -> io::Result<()> {
    demo::write_bundle(dir)?;
    let mut rows = Rows::default();
    rows.dien_bien();
    rows.binh_phuoc();
    rows.hoa_binh();
    for (file, text) in [
        ("units.csv", &format!("{UNITS}{}", rows.units)[..]),
        ("titles.csv", TITLES),
        ("programmes.csv", PROGRAMMES),
        ("duties.csv", DUTIES),
        ("duty_programmes.csv", DUTY_PROGRAMMES),
        ("training_plans.csv", PLANS),
        ("quotas.csv", QUOTAS),
        ("cadres.csv", &rows.cadres),
        ("assignments.csv", &rows.assignments),
        ("qualifications.csv", &rows.qualifications),
        ("classes.csv", &rows.classes),
        ("enrolments.csv", &rows.enrolments),
    ] {
        OpenOptions::new().append(true).open(dir.join(file))?.write_all(text.as_bytes())?;
    }
    Ok(())
}

impl Rows {
    fn dien_bien(&mut self) {
        let (district, rest) = (self.staff(500, "DB-DB"), self.staff(1_300, "DB-SNV"));
        let period = |organiser, programme, category, mode, year| Kind {
            plan: "KH-DB-2010",
            organiser,
            programme,
            category,
            mode,
            year,
        };
        self.filled(period("HV", "LLCT_CN", "EXTERNAL", "FULL_TIME", 2012), 1, &rest[..432]);
        for (year, learners) in [(2011, 432..545), (2012, 545..657), (2013, 657..769)] {
            self.filled(period("DB-TCT", "LLCT_CC", "TRAINING", "IN_SERVICE", year), 1, &rest[learners]);
        }
        self.filled(period("DB-TCT", "LLCT_TC", "TRAINING", "PART_TIME", 2013), 20, &rest[..1_212]);
        self.filled(period("DB-TCT", "XD_DANG", "UPDATE", "PART_TIME", 2014), 18, &rest[..1_008]);
        self.villages();

        let of = Kind {
            plan: "KH-DB-2021",
            organiser: "DB-TCT",
            programme: "CMNV",
            category: "TRAINING",
            mode: "PART_TIME",
            year: 2021,
        };
        let classes: Vec<String> = (0..341).map(|_| self.class(of, "")).collect();
        for ((unit, turns), people) in TURNS.into_iter().zip([&district, &rest]) {
            // Neither number of people has a factor in common with the number of classes, so no pair occurs twice.
            for turn in 0..turns {
                let (cadre, class) = (&people[turn % people.len()], &classes[turn % classes.len()]);
                self.enrolment(&cadre.0, class, unit, of);
            }
        }
    }

    /// Ten political centres hold 15 to 20 classes a year for 40 to 50 people of villages. One opened in 2013.
    fn villages(&mut self) {
        for centre in 0..10 {
            let code = format!("DB-TT-{centre}");
            let name = format!("Trung tâm Bồi dưỡng chính trị số {}", centre + 1);
            let _ = writeln!(self.units, "{code},DB,,POLITICAL_CENTRE,DISTRICT,{name},,,");
            for year in if centre == 0 { 2013..=2014 } else { 2010..=2014 } {
                let of = Kind {
                    plan: "KH-DB-2010",
                    organiser: &code,
                    programme: "BD_THON",
                    category: "VILLAGE",
                    mode: "PART_TIME",
                    year,
                };
                for class in 0..15 + (centre + year) % 6 {
                    self.class(of, &(40 + class % 11).to_string());
                }
            }
        }
    }

    fn binh_phuoc(&mut self) {
        let staff = self.staff(1_300, "BP-SNV");
        for (programme, organiser, category, classes, learners) in [
            ("LLCT_CC", "HV", "EXTERNAL", 1, 73),
            ("LLCT_TC", "BP-TCT", "TRAINING", 7, 358),
            ("NUOC_NGOAI", "HV", "EXTERNAL", 1, 5),
            ("CHUC_DANH", "HV", "EXTERNAL", 1, 59),
            ("QPAN_1", "HV", "EXTERNAL", 1, 4),
            ("QPAN_2", "HV", "EXTERNAL", 1, 46),
            ("CN_164", "BP-TCT", "UPDATE", 13, 1_039),
            ("CMNV", "BP-TCT", "WORKSHOP", 20, 1_000),
            ("CMNV", "BP-TCT", "WORKSHOP", 20, 1_000),
            ("KH134", "BP-TCT", "UPDATE", 2, 48),
            ("KH_UBND", "BP-TCT", "UPDATE", 17, 1_273),
        ] {
            let of = Kind { plan: "KH-BP-2023", organiser, programme, category, mode: "PART_TIME", year: 2023 };
            self.filled(of, classes, &staff[..learners]);
        }
        for (nth, (cadre, unit)) in staff[..8].iter().enumerate() {
            let programme = if nth < 2 { "CM_THS" } else { "CM_TS" };
            let _ = writeln!(self.enrolments, "{cadre},,{programme},{unit},2023,REGISTERED,");
        }
    }

    /// 1,500 of 3,000 people have intermediate political theory. Of 15 classes four began in 2019, and three ended then.
    fn hoa_binh(&mut self) {
        let staff = self.staff(3_000, "HB-SNV");
        for (cadre, _) in &staff[..1_500] {
            let _ = writeln!(self.qualifications, "{cadre},POLITICAL_THEORY,INTERMEDIATE,,TCT,PART_TIME,2012-07");
        }
        for (year, classes) in [(2015, 3), (2016, 3), (2017, 2), (2018, 3), (2019, 4)] {
            let learners = if year == 2019 { &staff[..240] } else { &[] };
            let of = Kind {
                plan: "KH-HB-2015",
                organiser: "HB-DUK",
                programme: "LLCT_TC",
                category: "TRAINING",
                mode: "PART_TIME",
                year,
            };
            self.filled(of, classes, learners);
        }
    }

    /// New people of a unit: their codes, and the unit.
    fn staff(&mut self, number: usize, unit: &str) -> Vec<(String, String)> {
        let families = ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng"];
        let givens = ["An", "Bình", "Cường", "Dũng", "Hà", "Hùng", "Lan", "Minh", "Nam", "Sơn", "Yến"];
        (0..number)
            .map(|_| {
                self.people += 1;
                let nth = self.people;
                let code = format!("PR{nth:05}");
                let (family, given) = (families[nth % families.len()], givens[nth / 7 % givens.len()]);
                let birth = format!("{}-{:02}-{:02}", 1965 + nth / 336 % 18, nth % 12 + 1, nth / 12 % 28 + 1);
                let _ = writeln!(
                    self.cadres,
                    "{code},9991{nth:08},{family} Văn {given},MALE,{birth},01,,2006-09-01,,CIVIL_SERVANT,,ACTIVE"
                );
                let _ = writeln!(self.assignments, "{code},{unit},CV,2009-06-01,,true");
                (code, unit.to_owned())
            })
            .collect()
    }

    /// Some classes of a kind, with the learners distributed evenly.
    fn filled(&mut self, of: Kind<'_>, classes: usize, learners: &[(String, String)]) {
        let classes: Vec<String> = (0..classes).map(|_| self.class(of, "")).collect();
        for (nth, (cadre, unit)) in learners.iter().enumerate() {
            self.enrolment(cadre, &classes[nth % classes.len()], unit, of);
        }
    }

    /// A class. In Hòa Bình, a class that grants a level of political theory lasts until the next year.
    fn class(&mut self, of: Kind<'_>, reported: &str) -> String {
        self.made += 1;
        let Kind { plan, organiser, programme, category, mode, year } = of;
        let (nth, code) = (self.made, format!("LOP-{:05}", self.made));
        let end = if organiser == "HB-DUK" { format!("{}-03-10", year + 1) } else { format!("{year}-11-10") };
        let _ = writeln!(
            self.classes,
            "{code},{plan},{programme},{organiser},{nth},{category},{mode},{year}-04-10,{end},,{reported},CLOSED"
        );
        code
    }

    fn enrolment(&mut self, cadre: &str, class: &str, unit: &str, of: Kind<'_>) {
        let _ = writeln!(self.enrolments, "{cadre},{class},{},{unit},{},COMPLETED,", of.programme, of.year);
    }
}
