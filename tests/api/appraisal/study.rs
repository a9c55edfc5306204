//! Study records: training of a person in a year.

use entity::{
    enrolment,
    value::{EnrolmentState, Grade},
};
use sea_orm::{ActiveModelTrait, IntoActiveModel};
use serde_json::{Value, json};

use super::code_of;
use crate::support::{
    Caller, on_both,
    rotation::Places,
    training::{class, learner},
};

async fn record(caller: &Caller<'_>, year: i32) -> Value {
    let document = format!(
        "{{ cadre(by: {{code: \"A-02\"}}) {{ studyRecord(year: {year}) {{ year completed failed dropped open \
         grades {{ grade count }} duties {{ duty {{ code }} result }} }} }} }}"
    );
    caller.query(&document).await["cadre"]["studyRecord"].take()
}

#[actix_web::test]
async fn a_study_record_counts_visible_enrolments_of_the_year() {
    on_both(async |app| {
        let of = Places::of(&app.database).await;
        let writer = app.database.writer();
        for (nth, (organiser, sender, state, grade)) in [
            ("A1", "A1U", EnrolmentState::Completed, Some(Grade::Good)),
            ("A1", "A1U", EnrolmentState::Completed, Some(Grade::Excellent)),
            ("A1", "A1U", EnrolmentState::Failed, None),
            ("A1", "A1U", EnrolmentState::Dropped, None),
            ("A1", "A1U", EnrolmentState::Attending, None),
            // Out of the reach of A.
            ("B1", "B1U", EnrolmentState::Completed, Some(Grade::Good)),
        ]
        .into_iter()
        .enumerate()
        {
            let code = format!("HT{nth}");
            let class = class(&of, [&code, "CMNV", organiser, "2023-03-01", "2023-03-05"]);
            let row = enrolment::Model { state, grade, ..learner(&of, ["A-02", sender], &class) };
            class.into_active_model().reset_all().insert(writer).await.expect("written");
            row.into_active_model().reset_all().insert(writer).await.expect("written");
        }
        let (a, all) = (app.caller(&["cadre:read", "training:read"], &["A"]).await, app.all_seeing().await);

        let found = record(&a, 2023).await;
        let numbers = ["year", "completed", "failed", "dropped", "open"].map(|name| found[name].as_i64());
        assert_eq!(numbers, [2023, 2, 1, 1, 1].map(Some), "{found}");
        assert_eq!(found["grades"], json!([{"grade": "EXCELLENT", "count": 1}, {"grade": "GOOD", "count": 1}]));
        assert_eq!(record(&all, 2023).await["completed"], 3, "the control: a class out of the reach of A");
        assert_eq!(record(&a, 2022).await["completed"], 0);

        let duties = "{ cadre(by: {code: \"A-02\"}) { duties(year: 2023) { duty { code } result } } }";
        assert_eq!(found["duties"], a.query(duties).await["cadre"]["duties"], "the results of the duties");
        let document = "{ cadre(by: {code: \"A-02\"}) { studyRecord(year: 2027) { completed } } }";
        assert_eq!(code_of(&a, None, document).await, "INVALID");
        let other = app.caller(&["cadre:read", "appraisal:read"], &["A"]).await;
        assert_eq!(code_of(&other, None, &document.replace("2027", "2023")).await, "FORBIDDEN");
    })
    .await;
}
