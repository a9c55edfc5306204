//! Training of the demo: the published classes of the district from 2011 to 2014, external training, and a plan of 2014
//! with its quotas.

use super::{Bundle, DISTRICT, file::CsvFile};

const PROGRAMMES: &str = include_str!("programmes.csv");
const PLANS: &str = include_str!("training_plans.csv");
const QUOTAS: &str = include_str!("quotas.csv");
const DUTIES: &str = include_str!("duties.csv");
const DUTY_PROGRAMMES: &str = include_str!("duty_programmes.csv");
/// The yearly duty of the district.
const DUTY: &str = "LT-BD-NV";
/// Results of appraisals, one after another.
const RESULTS: [&str; 5] = ["GOOD", "GOOD", "EXCELLENT", "GOOD", "FULFILLED"];
const CENTRES: [(&str, &str, &str); 3] = [
    ("TT", "POLITICAL_CENTRE", "Trung tâm Bồi dưỡng chính trị huyện Lương Tài"),
    ("DN", "VOCATIONAL_CENTRE", "Trung tâm Dạy nghề huyện Lương Tài"),
    ("TX", "CONTINUING_EDUCATION_CENTRE", "Trung tâm Giáo dục thường xuyên huyện Lương Tài"),
];

/// A class: training centre, plan, programme, category, year, and the range of its key cadres.
type Class = (&'static str, &'static str, &'static str, &'static str, usize, std::ops::Range<usize>);
const CLASSES: [Class; 12] = [
    ("TT", "KH-LT-2011", "LLCT_TC", "TRAINING", 2011, 0..34),
    ("TT", "KH-LT-2011", "LLCT_TC", "TRAINING", 2012, 34..66),
    ("TT", "KH-LT-2011", "LLCT_SC", "TRAINING", 2011, 41..75),
    ("TT", "KH-LT-2011", "LLCT_SC", "TRAINING", 2012, 0..30),
    ("TX", "KH-LT-2011", "CM_DH", "TRAINING", 2011, 0..28),
    ("TX", "KH-LT-2011", "CM_CD", "TRAINING", 2011, 30..44),
    ("DN", "KH-LT-2011", "CM_TC", "TRAINING", 2011, 44..64),
    ("DN", "KH-LT-2011", "CM_TC", "TRAINING", 2012, 56..75),
    ("TT", "KH-LT-2011", "XD_DANG", "UPDATE", 2012, 0..38),
    ("TT", "KH-LT-2011", "XD_DANG", "UPDATE", 2013, 37..75),
    ("TT", "KH-LT-2014", "XD_DANG", "UPDATE", 2014, 0..46),
    ("TT", "KH-LT-2014", "CMNV", "WORKSHOP", 2014, 0..18),
];

/// Training files of the bundle.
#[derive(Default)]
pub(super) struct Training {
    classes: CsvFile,
    sessions: CsvFile,
    enrolments: CsvFile,
    exemptions: CsvFile,
    appraisals: CsvFile,
}

impl Training {
    /// Names and contents of the files.
    pub(super) fn files(&self) -> [(&'static str, &str); 10] {
        [
            ("programmes.csv", PROGRAMMES),
            ("duties.csv", DUTIES),
            ("duty_programmes.csv", DUTY_PROGRAMMES),
            ("training_plans.csv", PLANS),
            ("quotas.csv", QUOTAS),
            ("classes.csv", self.classes.text()),
            ("class_sessions.csv", self.sessions.text()),
            ("enrolments.csv", self.enrolments.text()),
            ("duty_exemptions.csv", self.exemptions.text()),
            ("appraisals.csv", self.appraisals.text()),
        ]
    }
}

impl Training {
    fn appraise(&mut self, (cadre, unit): (&str, &str), year: usize, result: &str) {
        self.appraisals.add(&[
            ("cadre_code", cadre),
            ("system", "STATE"),
            ("period", "YEAR"),
            ("year", &year.to_string()),
            ("number", ""),
            ("unit_code", unit),
            ("result", result),
            ("decided_on", &format!("{year}-12-15")),
        ]);
    }

    fn enrol(&mut self, (cadre, unit): (&str, &str), (class, programme): (&str, &str), year: usize, result: &str) {
        self.enrolments.add(&[
            ("cadre_code", cadre),
            ("class_code", class),
            ("programme_code", programme),
            ("unit_code", unit),
            ("year", &year.to_string()),
            ("result", result),
            ("grade", ""),
        ]);
    }
}

impl Bundle {
    /// Writes 8 classes that lead to a level, 4 short ones with a session on each of their three days, and 12 people
    /// trained elsewhere. The last learner of 2014 dropped out. Two people are exempt from the yearly duty of
    /// 2014. The first 20 key cadres have appraisals of 2012 to 2014.
    pub(super) fn training(&mut self) -> Training {
        for (suffix, kind, name) in CENTRES {
            self.unit(&format!("{DISTRICT}-{suffix}"), DISTRICT, kind, "DISTRICT", name, "");
        }
        let mut training = Training::default();
        for (nth, (centre, plan, programme, category, year, learners)) in (1..).zip(CLASSES) {
            // Classes that lead to a level take a year and a half, others three days; all are part-time.
            let days = if category == "TRAINING" { (4, year + 1, "10-05") } else { (9, year, "09-07") };
            let (month, end_year, end) = days;
            let class = format!("LOP-LT-{nth:02}");
            training.classes.add(&[
                ("code", &class),
                ("plan_code", plan),
                ("programme_code", programme),
                ("organiser_code", &format!("{DISTRICT}-{centre}")),
                ("intake", &nth.to_string()),
                ("category", category),
                ("mode", "PART_TIME"),
                ("start_on", &format!("{year}-{month:02}-05")),
                ("end_on", &format!("{end_year}-{end}")),
                ("capacity", "50"),
                ("reported_learners", ""),
                ("status", "CLOSED"),
            ]);
            if category != "TRAINING" {
                for day in 5..=7 {
                    let on_day = format!("{year}-{month:02}-{day:02}");
                    training.sessions.add(&[("class_code", &class), ("on_day", &on_day)]);
                }
            }
            for learner in learners {
                let result = if (year, learner) == (2014, 45) { "DROPPED" } else { "COMPLETED" };
                let (cadre, unit) = &self.key_cadres[learner];
                training.enrol((cadre, unit), (&class, programme), year, result);
            }
        }
        for (nth, (cadre, unit)) in self.key_cadres.iter().step_by(6).take(12).enumerate() {
            let (programme, year) = (["LLCT_TC", "CM_DH"][nth % 2], 2011 + nth % 4);
            training.enrol((cadre, unit), ("", programme), year, "COMPLETED");
        }
        for (cadre, _) in &self.key_cadres[46..48] {
            training.exemptions.add(&[
                ("cadre_code", cadre),
                ("duty_code", DUTY),
                ("valid_from", "2014-03-01"),
                ("valid_to", "2014-09-01"),
                ("reason", "LONG_STUDY"),
                ("document_no", "8-QĐ/HU"),
            ]);
        }
        for (nth, (cadre, unit)) in self.key_cadres.iter().take(20).enumerate() {
            for year in 2012..=2014 {
                training.appraise((cadre, unit), year, RESULTS[(nth + year) % RESULTS.len()]);
            }
        }
        training
    }
}
