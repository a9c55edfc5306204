//! Training of the demo: the published classes of the district from 2011 to 2014, training elsewhere, and a plan of
//! 2014 with its quotas.

use std::fmt::Write as _;

use super::{Bundle, DISTRICT};

const PROGRAMMES: &str = "code,name,kind,subject,level
LLCT_SC,Sơ cấp lý luận chính trị,TRAINING,POLITICAL_THEORY,ELEMENTARY
LLCT_TC,Trung cấp lý luận chính trị,TRAINING,POLITICAL_THEORY,INTERMEDIATE
CM_TC,Trung cấp chuyên môn,TRAINING,PROFESSIONAL,INTERMEDIATE
CM_CD,Cao đẳng,TRAINING,PROFESSIONAL,COLLEGE
CM_DH,Đại học,TRAINING,PROFESSIONAL,UNIVERSITY
XD_DANG,\"Nghiệp vụ xây dựng đảng, đoàn thể\",REFRESHER,JOB_SKILLS,
CMNV,\"Tập huấn chuyên môn, nghiệp vụ\",REFRESHER,JOB_SKILLS,
";
const PLANS: &str = "code,unit_code,year_from,year_to,document_no,name,status
KH-LT-2011,BN-LT,2011,2015,11-KH/HU,Kế hoạch đào tạo cán bộ chủ chốt cấp xã giai đoạn 2011 - 2015,PUBLISHED
KH-LT-2014,BN-LT,2014,2014,14-KH/HU,\"Kế hoạch bồi dưỡng cán bộ, công chức năm 2014\",PUBLISHED
";
const QUOTAS: &str = "plan_code,unit_code,programme_code,mode,measure,bound,quantity,classes
KH-LT-2014,BN-LT,XD_DANG,,TURNS,EXACT,40,1
KH-LT-2014,BN-LT,CMNV,,TURNS,EXACT,20,1
";
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
pub(super) struct Training {
    classes: String,
    sessions: String,
    enrolments: String,
}

impl Training {
    /// Names and contents of the files.
    pub(super) fn files(&self) -> [(&'static str, &str); 6] {
        [
            ("programmes.csv", PROGRAMMES),
            ("training_plans.csv", PLANS),
            ("quotas.csv", QUOTAS),
            ("classes.csv", &self.classes),
            ("class_sessions.csv", &self.sessions),
            ("enrolments.csv", &self.enrolments),
        ]
    }
}

impl Bundle {
    /// Writes 8 classes towards a level and 4 short ones with a session on each of their three days, and 12 people
    /// trained elsewhere. The last learner of 2014 dropped out.
    pub(super) fn training(&mut self) -> Training {
        for (suffix, kind, name) in CENTRES {
            self.unit(&format!("{DISTRICT}-{suffix}"), DISTRICT, kind, "DISTRICT", name, "");
        }
        let mut training = Training {
            classes: "code,plan_code,programme_code,organiser_code,intake,category,mode,start_on,end_on,capacity,\
                      reported_learners,status\n"
                .to_owned(),
            sessions: "class_code,on_day\n".to_owned(),
            enrolments: "cadre_code,class_code,programme_code,unit_code,year,result,grade\n".to_owned(),
        };
        for (nth, (centre, plan, programme, category, year, learners)) in (1..).zip(CLASSES) {
            // Classes towards a level take a year and a half, others three days; all are part-time.
            let days = if category == "TRAINING" { (4, year + 1, "10-05") } else { (9, year, "09-07") };
            let (month, end_year, end) = days;
            let class = format!("LOP-LT-{nth:02}");
            let _ = writeln!(
                training.classes,
                "{class},{plan},{programme},{DISTRICT}-{centre},{nth},{category},PART_TIME,{year}-{month:02}-05,\
                 {end_year}-{end},50,,CLOSED",
            );
            if category != "TRAINING" {
                for day in 5..=7 {
                    let _ = writeln!(training.sessions, "{class},{year}-{month:02}-{day:02}");
                }
            }
            for learner in learners {
                let result = if (year, learner) == (2014, 45) { "DROPPED" } else { "COMPLETED" };
                let (cadre, unit) = &self.key_cadres[learner];
                let _ = writeln!(training.enrolments, "{cadre},{class},{programme},{unit},{year},{result},");
            }
        }
        for (nth, (cadre, unit)) in self.key_cadres.iter().step_by(6).take(12).enumerate() {
            let (programme, year) = (["LLCT_TC", "CM_DH"][nth % 2], 2011 + nth % 4);
            let _ = writeln!(training.enrolments, "{cadre},,{programme},{unit},{year},COMPLETED,");
        }
        training
    }
}
