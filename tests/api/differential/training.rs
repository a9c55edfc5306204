//! Random queries about training.

use std::path::Path;

use super::{Draw, Pools, rows};

/// The fields of a class and of an enrolment that both databases must agree on: codes instead of ids.
const CLASS: &str = "code plan { code } programme { code } organiser { code name } intake category mode startOn lastOn \
    capacity enrolled reportedLearners state fillPercent version";
const ENROLMENT: &str = "cadre { code fullName unit { code } } class { code } programme { code } sendingUnit { code name } \
    year state grade version";
const PLAN: &str = "code name documentNo unit { code name } yearFrom yearTo state version";
const QUOTA: &str = "plan { code } unit { code } programme { code } mode measure seats seatsIsLowerBound classes allocated \
    used remaining fillPercent state version";

/// Values that random queries about training use.
pub struct Names {
    programmes: Vec<String>,
    duties: Vec<String>,
    plans: Vec<String>,
    classes: Vec<String>,
    learners: Vec<String>,
    senders: Vec<String>,
    organisers: Vec<String>,
    years: Vec<String>,
}

impl Names {
    pub fn read(bundle: &Path) -> Self {
        let column = |file: &str, at: usize| -> Vec<String> {
            let rows = rows(bundle, file);
            rows.iter().filter_map(|row| row.get(at)).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
        };
        Self {
            programmes: column("programmes.csv", 0),
            duties: if bundle.join("duties.csv").exists() { column("duties.csv", 0) } else { vec!["NONE".to_owned()] },
            plans: column("training_plans.csv", 0),
            classes: column("classes.csv", 0),
            learners: column("enrolments.csv", 0),
            senders: column("enrolments.csv", 3),
            organisers: column("classes.csv", 3),
            years: column("enrolments.csv", 4),
        }
    }
}

impl Draw {
    pub fn about_training(&mut self, pools: &Pools) -> String {
        let (names, first) = (&pools.training, self.0.u8(1..20));
        let page = "pageInfo { hasNextPage endCursor } totalCount { value }";
        match self.0.u8(..14) {
            10 => {
                let (filter, order) = (self.of_plans(pools), *self.of(&["CODE", "YEAR_FROM"]));
                let direction = *self.of(&["ASC", "DESC"]);
                format!(
                    "query q($after: String) {{ list: trainingPlans(where: {{{filter}}}, first: {first}, after: $after, \
                     orderBy: [{{field: {order}, direction: {direction}}}]) {{ nodes {{ {PLAN} }} {page} }} }}"
                )
            }
            11 => {
                let filter = self.of_quotas(pools);
                format!(
                    "query q($after: String) {{ list: quotas(where: {{{filter}}}, first: {first}, after: $after) \
                     {{ nodes {{ {QUOTA} }} {page} }} }}"
                )
            }
            12 => {
                let (unit, year) = (self.a_unit(pools), self.of(&names.years).to_owned());
                let duty = self.of(&names.duties).to_owned();
                format!(
                    "{{ unit(by: {{code: \"{unit}\"}}) {{ duty(code: \"{duty}\", year: {year}) {{ bound done partly notDone \
                     exempt indeterminate percent meetsNorm unnamedLearners countedOn }} }} }}"
                )
            }
            13 => {
                let (duty, year) = (self.of(&names.duties).to_owned(), self.of(&names.years).to_owned());
                let result = *self.of(&["DONE", "PARTLY", "NOT_DONE", "EXEMPT", "NOT_APPLICABLE", "INDETERMINATE"]);
                format!(
                    "query q($after: String) {{ list: cadres(where: {{duty: {{code: \"{duty}\", year: {year}, result: \
                     {result}}}}}, first: {first}, after: $after) {{ nodes {{ code duties(year: {year}) {{ duty {{ code }} \
                     result amount reason }} }} {page} }} }}"
                )
            }
            0..3 => {
                let (filter, order) = (self.of_classes(pools), *self.of(&["START_ON", "CODE"]));
                let direction = *self.of(&["ASC", "DESC"]);
                format!(
                    "query q($after: String) {{ list: trainingClasses(where: {{{filter}}}, first: {first}, after: $after, \
                     orderBy: [{{field: {order}, direction: {direction}}}]) {{ nodes {{ {CLASS} }} {page} }} }}"
                )
            }
            3..6 => {
                let filter = self.of_enrolments(pools);
                format!(
                    "query q($after: String) {{ list: enrolments(where: {{{filter}}}, first: {first}, after: $after) \
                     {{ nodes {{ {ENROLMENT} }} {page} }} }}"
                )
            }
            6 => {
                let (learner, day) = (self.of(&names.learners).to_owned(), self.day(pools));
                format!(
                    "{{ cadre(by: {{code: \"{learner}\"}}, asOf: \"{day}\") {{ enrolments {{ nodes {{ {ENROLMENT} }} }} }} }}"
                )
            }
            7 => {
                let (unit, year) = (self.a_unit(pools), self.of(&names.years).to_owned());
                let unused = self.0.bool();
                format!(
                    "{{ unit(by: {{code: \"{unit}\"}}) {{ quotas(year: {year}, reach: SUBTREE, unusedOnly: {unused}) \
                     {{ nodes {{ {QUOTA} }} totalCount {{ value }} }} }} }}"
                )
            }
            8 => {
                let (unit, year) = (self.a_unit(pools), self.of(&names.years).to_owned());
                let programmes = self.programmes(pools);
                format!(
                    "{{ unit(by: {{code: \"{unit}\"}}) {{ trainingProgress(year: {year}, {programmes}) {{ planned \
                     plannedIsLowerBound turns persons percentOfPlan classes(categories: [TRAINING, UPDATE]) }} }} }}"
                )
            }
            _ => {
                let (year, programmes) = (self.of(&names.years).to_owned(), self.programmes(pools));
                let trained = format!("trained: {{year: {year}, {programmes}}}");
                let condition = if self.0.bool() { trained } else { format!("not: {{{trained}}}") };
                format!(
                    "query q($after: String) {{ list: cadres(where: {{{condition}}}, first: {first}, after: $after) \
                     {{ nodes {{ code }} {page} }} }}"
                )
            }
        }
    }

    fn a_unit(&mut self, pools: &Pools) -> String {
        let pool = if self.0.bool() { &pools.districts } else { &pools.training.senders };
        self.of(pool).to_owned()
    }

    /// `programmes` with one of them, or an empty string.
    fn programmes(&mut self, pools: &Pools) -> String {
        if self.0.bool() {
            return String::new();
        }
        format!("programmes: [\"{}\"]", self.of(&pools.training.programmes))
    }

    fn below(&mut self, code: &str) -> String {
        format!("{{code: \"{code}\", reach: {}}}", self.of(&["UNIT", "SUBTREE"]))
    }

    fn of_classes(&mut self, pools: &Pools) -> String {
        let names = &pools.training;
        let organiser = if self.0.bool() { &pools.districts } else { &names.organisers };
        match self.0.u8(..8) {
            0 => format!("plan: \"{}\"", self.of(&names.plans)),
            1 => self.programmes(pools),
            2 => format!("categories: {}", self.some(&["TRAINING", "REFRESHER", "UPDATE", "WORKSHOP", "EXTERNAL"])),
            3 => format!("modes: {}", self.some(&["FULL_TIME", "PART_TIME", "IN_SERVICE"])),
            4 => format!("startFrom: \"{}\", endBefore: \"{}\"", self.day(pools), self.day(pools)),
            5 => format!("endFrom: \"{}\", startBefore: \"{}\"", self.day(pools), self.day(pools)),
            _ => {
                let code = self.of(organiser).to_owned();
                format!("organiser: {}", self.below(&code))
            }
        }
    }

    fn of_plans(&mut self, pools: &Pools) -> String {
        match self.0.u8(..3) {
            0 => format!("yearFrom: {}", self.of(&pools.training.years)),
            1 => format!("states: {}", self.some(&["DRAFT", "APPROVED", "PUBLISHED", "CLOSED"])),
            _ => {
                let (code, year) = (self.a_unit(pools), self.of(&pools.training.years).to_owned());
                format!("unit: {}, yearTo: {year}", self.below(&code))
            }
        }
    }

    fn of_quotas(&mut self, pools: &Pools) -> String {
        match self.0.u8(..5) {
            0 => format!("plan: \"{}\"", self.of(&pools.training.plans)),
            1 => self.programmes(pools),
            2 => format!("states: {}, yearTo: {}", self.some(&["ISSUED", "REVOKED"]), self.of(&pools.training.years)),
            3 => format!("unusedOnly: {}, yearFrom: {}", self.0.bool(), self.of(&pools.training.years)),
            _ => {
                let code = self.a_unit(pools);
                format!("unit: {}", self.below(&code))
            }
        }
    }

    fn of_enrolments(&mut self, pools: &Pools) -> String {
        let names = &pools.training;
        match self.0.u8(..9) {
            0 => format!("cadre: \"{}\"", self.of(&names.learners)),
            1 => format!("class: \"{}\"", self.of(&names.classes)),
            2 => format!("plan: \"{}\"", self.of(&names.plans)),
            3 => format!("states: {}", self.some(&["REGISTERED", "DROPPED", "FAILED", "ATTENDING"])),
            4 => format!("withoutClass: {}, yearTo: {}", self.0.bool(), self.of(&names.years)),
            5 => self.programmes(pools),
            6 => {
                let code = self.of(&names.organisers).to_owned();
                format!("organiser: {}", self.below(&code))
            }
            _ => {
                let (code, year) = (self.a_unit(pools), self.of(&names.years).to_owned());
                format!("unit: {}, yearFrom: {year}", self.below(&code))
            }
        }
    }
}
