//! A unit that can send people to a class of a plan sees the class: it has a quota that learners of the class can use.

use entity::{
    quota, training_class, training_plan,
    value::{Measure, PlanState, QuotaState, StudyMode},
};
use serde_json::json;

use super::district_a;
use crate::support::{
    on_both,
    rotation::Places,
    training::{Rows, class, learner, plan, quota as given, write},
};

/// A quota of a plan, a class of the plan, and whether the quota makes the class visible.
struct Case {
    what: &'static str,
    plan: PlanState,
    quota: (&'static str, &'static str, Option<StudyMode>, QuotaState),
    class: (&'static str, Option<StudyMode>),
    is_of_plan: bool,
    is_known: bool,
}

const ISSUED: QuotaState = QuotaState::Issued;
const FULL: Option<StudyMode> = Some(StudyMode::FullTime);

/// A visible class. With one change it is invisible.
const KNOWN: Case = Case {
    what: "a quota of the district",
    plan: PlanState::Published,
    quota: ("A", "CMNV", None, ISSUED),
    class: ("CMNV", FULL),
    is_of_plan: true,
    is_known: true,
};

const CASES: [Case; 21] = [
    KNOWN,
    Case { what: "of a unit below", quota: ("A1U", "CMNV", None, ISSUED), ..KNOWN },
    Case { what: "in the mode", quota: ("A", "CMNV", FULL, ISSUED), ..KNOWN },
    Case { what: "a class in no mode", class: ("CMNV", None), ..KNOWN },
    Case { what: "for every programme", quota: ("A", "TAT_CA", None, ISSUED), ..KNOWN },
    Case { what: "of an approved plan", plan: PlanState::Approved, ..KNOWN },
    Case { what: "of another district", quota: ("B", "CMNV", None, ISSUED), is_known: false, ..KNOWN },
    Case { what: "of the province", quota: ("P", "CMNV", None, ISSUED), is_known: false, ..KNOWN },
    Case { what: "for another programme", quota: ("A", "LLCT_TC", None, ISSUED), is_known: false, ..KNOWN },
    Case { what: "in another mode", quota: ("A", "CMNV", Some(StudyMode::PartTime), ISSUED), is_known: false, ..KNOWN },
    Case { what: "in a mode", quota: ("A", "CMNV", FULL, ISSUED), class: ("CMNV", None), is_known: false, ..KNOWN },
    Case { what: "taken back", quota: ("A", "CMNV", None, QuotaState::Revoked), is_known: false, ..KNOWN },
    Case { what: "of another plan", is_of_plan: false, is_known: false, ..KNOWN },
    Case { what: "a draft", plan: PlanState::Draft, is_known: false, ..KNOWN },
    Case { what: "asked for", plan: PlanState::CollectingDemand, is_known: false, ..KNOWN },
    Case { what: "put together", plan: PlanState::Consolidated, is_known: false, ..KNOWN },
    Case { what: "submitted", plan: PlanState::Submitted, is_known: false, ..KNOWN },
    Case { what: "sent back", plan: PlanState::Returned, is_known: false, ..KNOWN },
    Case { what: "closed", plan: PlanState::Closed, is_known: false, ..KNOWN },
    Case { what: "cancelled", plan: PlanState::Cancelled, is_known: false, ..KNOWN },
    Case { what: "a class of every programme", class: ("TAT_CA", FULL), is_known: false, ..KNOWN },
];

impl Case {
    /// The plan, the quota, and the class that B1 organises.
    fn rows(&self, of: &Places, at: usize) -> (training_plan::Model, quota::Model, training_class::Model) {
        let (unit, programme, mode, state) = self.quota;
        let plan = training_plan::Model { state: self.plan, ..plan(of, [&format!("K{at}"), "P"], (2021, 2021)) };
        let measure = if at.is_multiple_of(2) { Measure::Turns } else { Measure::Persons };
        let quota = quota::Model { mode, state, measure, ..given(of, &plan, [unit, programme], 9) };
        let (programme, mode) = self.class;
        let plan_id = self.is_of_plan.then_some(plan.id);
        let class = class(of, [&format!("L{at:02}"), programme, "B1", "2021-05-01", "2021-05-09"]);
        (plan, quota, training_class::Model { plan_id, mode, ..class })
    }
}

#[actix_web::test]
async fn a_unit_with_a_quota_for_a_class_sees_the_class_but_no_learners() {
    on_both(async |app| {
        let of = Places::of(&app.database).await;
        let mut rows = Rows::default();
        for (at, case) in CASES.iter().enumerate() {
            let (plan, quota, class) = case.rows(&of, at);
            rows.enrolments.push(learner(&of, ["B-01", "B1U"], &class));
            rows.plans.push(plan);
            rows.quotas.push(quota);
            rows.classes.push(class);
        }
        write(&app.database, rows).await;
        app.app_state.refresh().await.expect("refreshed");
        let (all, a) = (app.all_seeing().await, district_a(app).await);

        for (at, case) in CASES.iter().enumerate() {
            let document = format!(
                r#"{{ trainingClass(by: {{code: "L{at:02}"}}) {{ code enrolments {{ nodes {{ id }} totalCount {{ value }} }} }} }}"#
            );
            let (data, all_data) = (a.query(&document).await, all.query(&document).await);
            let total = &all_data["trainingClass"]["enrolments"]["totalCount"]["value"];
            assert_eq!(*total, 1, "the control for {}", case.what);
            let no_learners = json!({ "nodes": [], "totalCount": { "value": 0 } });
            let known = json!({ "code": format!("L{at:02}"), "enrolments": no_learners });
            let expected = if case.is_known { known } else { json!(null) };
            assert_eq!(data["trainingClass"], expected, "{}", case.what);
        }
        let listed = "{ trainingClasses(first: 100, orderBy: [{field: CODE}]) { nodes { code } totalCount { value } } }";
        let data = a.query(listed).await;
        let known: Vec<_> = (0..CASES.len()).filter(|at| CASES[*at].is_known).map(|at| format!("L{at:02}")).collect();
        assert_eq!(super::codes(&data, "/trainingClasses/nodes"), known);
        assert_eq!(data["trainingClasses"]["totalCount"]["value"], known.len());
        assert_eq!(all.query(listed).await["trainingClasses"]["totalCount"]["value"], CASES.len());
    })
    .await;
}
