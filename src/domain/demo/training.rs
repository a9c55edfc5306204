//! The demo's training: a plan of the district with two quotas, its classes, and the key cadres who attended them.

use std::fmt::Write as _;

use super::Bundle;

pub(super) const PROGRAMMES: &str = "code,name,kind,subject,level
LLCT_TC,Trung cấp lý luận chính trị,TRAINING,POLITICAL_THEORY,INTERMEDIATE
XD_DANG,\"Nghiệp vụ xây dựng đảng, đoàn thể\",REFRESHER,JOB_SKILLS,
TIN,Tin học,REFRESHER,INFORMATICS,
";
pub(super) const PLANS: &str = "code,unit_code,year_from,year_to,document_no,name,status
KH-LT,BN-LT,2024,2026,15-KH/HU,\"Kế hoạch đào tạo, bồi dưỡng cán bộ chủ chốt cấp xã giai đoạn 2024 - 2026\",PUBLISHED
";
pub(super) const QUOTAS: &str = "plan_code,unit_code,programme_code,mode,measure,bound,quantity,classes
KH-LT,BN-LT,XD_DANG,,TURNS,EXACT,120,3
KH-LT,BN-LT,TIN,,PERSONS,MORE_THAN,20,1
";
pub(super) const CLASSES: &str = "code,plan_code,programme_code,organiser_code,intake,category,mode,start_on,end_on,\
capacity,reported_learners,status
LT-XDD-1,KH-LT,XD_DANG,BN-LT,1,REFRESHER,FULL_TIME,2024-05-13,2024-05-17,40,,CLOSED
LT-XDD-2,KH-LT,XD_DANG,BN-LT,2,REFRESHER,FULL_TIME,2025-04-14,2025-04-18,40,,CLOSED
LT-XDD-3,KH-LT,XD_DANG,BN-LT,3,REFRESHER,PART_TIME,2026-05-25,2026-12-18,40,,OPEN
LT-TIN-1,KH-LT,TIN,BN-LT,1,REFRESHER,PART_TIME,2025-09-06,2025-11-29,30,,CLOSED
";

/// A key cadre, and the unit that sends them to classes.
pub(super) struct Learner {
    pub code: String,
    pub unit: String,
}

impl Bundle {
    /// Two classes for one half of the key cadres each, one that runs and one in computing for some of them, and four who
    /// are only registered.
    pub(super) fn training(&mut self, learners: &[Learner]) {
        for (nth, learner) in learners.iter().enumerate() {
            let half = if nth % 2 == 0 { ("LT-XDD-1", 2024) } else { ("LT-XDD-2", 2025) };
            let result = match nth {
                5 => "DROPPED,",
                12 => "FAILED,",
                _ => ["COMPLETED,VERY_GOOD", "COMPLETED,GOOD", "COMPLETED,GOOD", "COMPLETED,AVERAGE"][nth / 2 % 4],
            };
            self.enrolment(learner, half, ("XD_DANG", result));
            if nth % 3 == 0 {
                self.enrolment(learner, ("LT-TIN-1", 2025), ("TIN", "COMPLETED,"));
            }
            if nth % 4 == 1 {
                self.enrolment(learner, ("LT-XDD-3", 2026), ("XD_DANG", "ATTENDING,"));
            }
            if nth % 20 == 7 {
                self.enrolment(learner, ("", 2026), ("LLCT_TC", "REGISTERED,"));
            }
        }
    }

    fn enrolment(&mut self, learner: &Learner, (class, year): (&str, u16), (programme, result): (&str, &str)) {
        let Learner { code, unit } = learner;
        let _ = writeln!(self.enrolments, "{code},{class},{programme},{unit},{year},{result}");
    }
}
