//! Imported enrolments and those of commands use the same seats: each quota has one number, which follows from its
//! enrolments.

use cadre_api::{
    domain::{maintenance, training::usage},
    import::Outcome,
};
use entity::{
    cadre, enrolment, enrolment_quota, quota, training_class, training_plan, unit,
    value::{CadreCode, ClassCode, EnrolmentId, PlanCode, QuotaId, UnitCode},
};
use migration::{Migrator, MigratorTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, RelationTrait};
use serde_json::json;

use super::{current_class, done, enrolled, issued, office, quota as given, quota_numbers, with};
use crate::support::{Caller, TestApp, clock, csv, on_both};

/// Columns of the enrolments of most tests.
const ENROLMENT: &str = "cadre_code,class_code,programme_code,unit_code,year,result";

/// The first quota that a plan gave to a unit.
async fn of_plan(app: &TestApp, plan: &str, unit_code: &str) -> String {
    let row = quota::Entity::find()
        .join(sea_orm::JoinType::InnerJoin, quota::Relation::TrainingPlan.def())
        .join(sea_orm::JoinType::InnerJoin, quota::Relation::Unit.def())
        .filter(training_plan::Column::Code.eq(plan.parse::<PlanCode>().expect("a code")))
        .filter(unit::Column::Code.eq(unit_code.parse::<UnitCode>().expect("a code")))
        .order_by_asc(quota::Column::Id)
        .one(app.database.reader());
    row.await.expect("read").expect("a quota").id.to_string()
}

/// The enrolment of a person in a class.
async fn seat(app: &TestApp, class: &str, person: &str) -> enrolment::Model {
    let row = enrolment::Entity::find()
        .join(sea_orm::JoinType::InnerJoin, enrolment::Relation::TrainingClass.def())
        .join(sea_orm::JoinType::InnerJoin, enrolment::Relation::Cadre.def())
        .filter(training_class::Column::Code.eq(class.parse::<ClassCode>().expect("a code")))
        .filter(cadre::Column::Code.eq(person.parse::<CadreCode>().expect("a code")))
        .one(app.database.reader());
    row.await.expect("read").expect("an enrolment")
}

async fn used(caller: &Caller<'_>, quota: &str) -> i64 {
    quota_numbers(caller, quota).await[2]
}

#[actix_web::test]
async fn seats_of_imported_learners_are_returned_and_a_person_counts_once() {
    on_both(async |app| {
        let caller = office(app).await;
        // By import, A-02 and A-03 are in LOP-A1 and A-06 is in LOP-A2; the quota counts persons.
        let persons = of_plan(app, "KH-A", "A").await;
        assert_eq!(used(&caller, &persons).await, 3);
        enrolled(&caller, "LOP-A2", "A-03", json!({ "quotaId": persons })).await;
        assert_eq!(used(&caller, &persons).await, 3, "A-03 already uses a seat by import");
        enrolled(&caller, "LOP-A2", "A-04", json!({ "quotaId": persons })).await;
        assert_eq!(used(&caller, &persons).await, 4);

        for (class, person, expected) in [("LOP-A1", "A-03", 4), ("LOP-A1", "A-02", 3)] {
            let id = seat(app, class, person).await.id.to_string();
            done(&caller, "enrolmentDrop", json!({ "enrolmentId": id, "reason": "Ốm" })).await;
            assert_eq!(used(&caller, &persons).await, expected, "{person}");
        }
        let to = |state: &str| json!({ "classCode": "LOP-A2", "to": state });
        done(&caller, "classAdvance", to("POSTPONED")).await;
        assert_eq!(used(&caller, &persons).await, 0);
        let days = json!({ "startOn": "2026-10-01", "lastOn": "2026-10-02" });
        done(&caller, "classAdvance", with(to("PLANNED"), days)).await;
        done(&caller, "classAdvance", to("OPEN_FOR_NOMINATION")).await;
        for (person, expected) in [("A-06", 1), ("A-04", 2)] {
            let id = seat(app, "LOP-A2", person).await.id.to_string();
            done(&caller, "enrolmentConfirm", json!({ "enrolmentId": id })).await;
            assert_eq!(used(&caller, &persons).await, expected, "{person}");
        }
        done(&caller, "classAdvance", to("CANCELLED")).await;
        assert_eq!(used(&caller, &persons).await, 0);
    })
    .await;
}

#[actix_web::test]
async fn imported_seats_beyond_a_quota_are_returned_one_by_one() {
    on_both(async |app| {
        let caller = office(app).await;
        let turns = issued(&caller, with(given(1), json!({ "unitCode": "A2" }))).await;
        let class = csv::classes(
            "code,plan_code,programme_code,organiser_code,start_on,end_on",
            "LOP-H,KH-A,CMNV,A,2026-05-04,2026-07-31\n",
        );
        let rows = csv::enrolments(
            ENROLMENT,
            "A-03,LOP-H,CMNV,A2U,2026,ATTENDING\nA-04,LOP-H,CMNV,A2U,2026,ATTENDING\n\
             A-02,LOP-H,CMNV,A2U,2026,ATTENDING\n",
        );
        app.import_text(&[("classes.csv", &class), ("enrolments.csv", &rows)]).await;
        assert_eq!(quota_numbers(&caller, &turns).await[2..4], [3, -2]);
        for (person, left) in [("A-03", -1), ("A-04", 0), ("A-02", 1)] {
            let id = seat(app, "LOP-H", person).await.id.to_string();
            done(&caller, "enrolmentDrop", json!({ "enrolmentId": id, "reason": "Ốm" })).await;
            assert_eq!(quota_numbers(&caller, &turns).await[3], left, "{person}");
        }
        enrolled(&caller, "LOP-H", "A-03", json!({ "quotaId": turns })).await;
        assert_eq!(quota_numbers(&caller, &turns).await[2..4], [1, 0]);
    })
    .await;
}

#[actix_web::test]
async fn an_import_moves_no_used_seats_and_counts_no_command_without_a_quota() {
    on_both(async |app| {
        let caller = office(app).await;
        let class = csv::classes(
            "code,plan_code,programme_code,organiser_code,category,mode,start_on,end_on",
            "LOP-P9,KH-P,LLCT_TC,PD1,TRAINING,FULL_TIME,2026-09-07,2026-09-30\n",
        );
        app.import_text(&[("classes.csv", &class)]).await;
        enrolled(&caller, "LOP-P9", "A-04", json!({})).await;
        let mut quotas = Vec::new();
        for unit_code in ["P", "A", "B"] {
            quotas.push(of_plan(app, "KH-P", unit_code).await);
        }
        // Allocated, so that no seat of this quota is left for the learners of the other rows.
        done(&caller, "quotaAllocate", json!({ "quotaId": quotas[1], "unitCode": "A2", "seats": 3 })).await;

        let nearer =
            csv::quotas("plan_code,unit_code,programme_code,quantity", "KH-P,A1,LLCT_TC,1\nKH-P,B1,LLCT_TC,1\n");
        let rows = csv::enrolments(ENROLMENT, "A-02,LOP-P9,LLCT_TC,A1U,2026,CONFIRMED\n");
        app.import_text(&[("quotas.csv", &nearer), ("enrolments.csv", &rows)]).await;

        for quota in &quotas {
            assert_eq!(used(&caller, quota).await, 1, "earlier use of seats does not move");
        }
        assert_eq!(used(&caller, &of_plan(app, "KH-P", "A1").await).await, 1);
        assert_eq!(used(&caller, &of_plan(app, "KH-P", "B1").await).await, 0, "B-02 counts for B");
    })
    .await;
}

async fn turns(caller: &Caller<'_>) -> i64 {
    let data = caller.query(r#"{ unit(by: {code: "A"}) { trainingProgress(year: 2026) { turns } } }"#).await;
    data["unit"]["trainingProgress"]["turns"].as_i64().expect("a number")
}

#[actix_web::test]
async fn learners_of_cancelled_and_postponed_classes_take_no_seats() {
    on_both(async |app| {
        let caller = office(app).await;
        let persons = of_plan(app, "KH-A", "A").await;
        let before = (used(&caller, &persons).await, turns(&caller).await);
        let classes = csv::classes(
            "code,plan_code,programme_code,organiser_code,start_on,end_on,status",
            "LOP-X1,KH-A,CMNV,A,2026-03-02,2026-03-03,CANCELLED\nLOP-X2,KH-A,CMNV,A,2026-03-09,2026-03-10,POSTPONED\n",
        );
        let rows =
            csv::enrolments(ENROLMENT, "A-04,LOP-X1,CMNV,A2U,2026,ATTENDING\nA-04,LOP-X2,CMNV,A2U,2026,CONFIRMED\n");
        let files = [("classes.csv", &classes[..]), ("enrolments.csv", &rows)];
        let report = loaded(app, &files).await;
        let found: Vec<_> = report.findings.iter().map(|found| (found.line, found.code.to_string())).collect();
        assert_eq!(found, [(Some(2), "CLASS_NOT_HELD".to_owned()), (Some(3), "CLASS_NOT_HELD".to_owned())]);
        assert_eq!((used(&caller, &persons).await, turns(&caller).await), before);
        for (class, expected) in [("LOP-X1", "DROPPED"), ("LOP-X2", "WAITLISTED")] {
            assert_eq!(seat(app, class, "A-04").await.state.to_string(), expected);
            assert_eq!(current_class(&caller, class).await["enrolled"], 0, "{class}");
        }
        assert_eq!(loaded(app, &files).await.outcome, Outcome::NothingNew, "the same bundle again");
    })
    .await;
}

async fn loaded(app: &TestApp, files: &[(&str, &str)]) -> cadre_api::import::Report {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).expect("written");
    }
    app.import(dir.path()).await
}

#[actix_web::test]
async fn inconsistent_columns_of_an_enrolment_are_reported() {
    on_both(async |app| {
        let classes = csv::classes(
            "code,programme_code,organiser_code,category,start_on,end_on,status",
            "LOP-X3,CMNV,A,VILLAGE,2025-12-31,2026-01-01,CLOSED\n\
             LOP-X4,CMNV,A,VILLAGE,2026-02-02,2026-02-03,CANCELLED\n\
             LOP-X5,CMNV,A,VILLAGE,2026-12-02,2026-12-03,CLOSED\n",
        );
        let rows = csv::enrolments(
            "grade,cadre_code,class_code,programme_code,unit_code,year,result",
            ",A-03,LOP-X3,CMNV,A2U,2019,COMPLETED\n,A-04,LOP-X3,CMNV,A2U,2026,COMPLETED\n\
             ,A-03,LOP-X4,CMNV,A2U,2026,COMPLETED\n,B-01,,CMNV,B1U,2027,COMPLETED\n,B-02,,CMNV,B1U,2026,WAITLISTED\n\
             GOOD,B-02,LOP-X3,CMNV,B1U,2025,DROPPED\n",
        );
        let report = loaded(app, &[("classes.csv", &classes), ("enrolments.csv", &rows)]).await;
        let found: Vec<_> = report
            .findings
            .iter()
            .map(|found| (found.line.expect("a line"), found.column.expect("a column").name, found.code.to_string()))
            .collect();
        let expected = [
            (4, "status", "NOT_YET_BEGUN"),
            (2, "year", "YEAR_OUTSIDE_CLASS"),
            (3, "year", "OTHER_YEAR"),
            (4, "result", "RESULT_WITHOUT_CLASS"),
            (5, "result", "NOT_YET_BEGUN"),
            (6, "result", "WAITING_FOR_NO_CLASS"),
            (7, "grade", "GRADE_WITHOUT_RESULT"),
        ];
        assert_eq!(found, expected.map(|(line, column, code)| (line, column, code.to_owned())));
    })
    .await;
}

#[actix_web::test]
async fn revoking_an_imported_pass_revokes_exactly_its_qualification() {
    on_both(async |app| {
        // LOP-P1 lasted from March to September 2025.
        let papers = csv::qualifications(
            "cadre_code,subject,level,institution_code,granted_on",
            "A-03,POLITICAL_THEORY,INTERMEDIATE,TCT,2025-10\nB-02,POLITICAL_THEORY,INTERMEDIATE,TCT,2012\n",
        );
        app.import_text(&[("qualifications.csv", &papers)]).await;
        let caller = office(app).await;
        let levels = async |person: &str| {
            let document = format!(
                r#"{{ cadre(by: {{code: "{person}"}}) {{ qualifications(subject: "POLITICAL_THEORY") {{ level {{ code }} }} }} }}"#
            );
            let granted = caller.query(&document).await;
            let papers = granted["cadre"]["qualifications"].as_array().expect("a list").clone();
            papers.iter().filter(|paper| paper["level"]["code"] == "INTERMEDIATE").count()
        };
        assert_eq!([levels("A-03").await, levels("B-02").await], [1, 1]);
        for person in ["A-03", "B-02"] {
            let id = seat(app, "LOP-P1", person).await.id.to_string();
            done(&caller, "enrolmentRevoke", json!({ "enrolmentId": id, "reason": "Nhầm" })).await;
        }
        assert_eq!([levels("A-03").await, levels("B-02").await], [0, 1], "that of 2012 was granted before");
        let id = seat(app, "LOP-P1", "A-03").await.id.to_string();
        let result = json!({ "enrolmentId": id, "passed": true, "completedOn": "2026-05-04" });
        done(&caller, "enrolmentComplete", result).await;
        assert_eq!(levels("A-03").await, 1);
    })
    .await;
}

/// Quotas and the enrolments that use them, as stored.
async fn stored(app: &TestApp) -> (Vec<(QuotaId, i32, i32)>, Vec<(EnrolmentId, QuotaId)>) {
    let quotas = quota::Entity::find().order_by_asc(quota::Column::Id).all(app.database.writer()).await;
    let links = enrolment_quota::Entity::find().all(app.database.writer()).await.expect("read");
    let mut links: Vec<_> = links.into_iter().map(|link| (link.enrolment_id, link.quota_id)).collect();
    links.sort();
    (quotas.expect("read").into_iter().map(|row| (row.id, row.used, row.excess)).collect(), links)
}

#[actix_web::test]
async fn migrations_keep_used_seats_in_both_directions() {
    on_both(async |app| {
        let caller = office(app).await;
        let persons = of_plan(app, "KH-A", "A").await;
        enrolled(&caller, "LOP-A2", "A-04", json!({ "quotaId": persons })).await;
        // A command without a quota uses none, before and after the migrations.
        enrolled(&caller, "LOP-A2", "A-02", json!({})).await;
        let before = stored(app).await;
        assert!(before.1.len() > 8, "the control: {before:?}");

        let all = Migrator::migrations();
        let at = all.iter().position(|step| step.name() == "m20261202_000023_quota_use").expect("a migration");
        let steps = u32::try_from(all.len() - at).expect("few");
        Migrator::down(app.database.writer(), Some(steps)).await.expect("down");
        let sums =
            "SELECT CAST(sum(used) AS bigint) AS by_commands, CAST(sum(used_before) AS bigint) AS by_import FROM quota";
        let row = sea_orm::ConnectionTrait::query_one_raw(
            app.database.writer(),
            sea_orm::Statement::from_string(app.database.backend(), sums),
        );
        let row = row.await.expect("read").expect("sums");
        let total: i64 = before.0.iter().map(|(_, used, _)| i64::from(*used)).sum();
        let (by_commands, by_import): (i64, i64) =
            (row.try_get("", "by_commands").expect("by commands"), row.try_get("", "by_import").expect("by import"));
        assert_eq!((by_commands, by_import), (1, total - 1));

        Migrator::up(app.database.writer(), None).await.expect("migrated again");
        // As the first start after an upgrade does: a later migration has emptied tables of the counts.
        maintenance::rebuild_projections(&app.database, clock()).await.expect("rebuilt");
        assert_eq!(stored(app).await, before);
        let snapshot = app.database.snapshot().await.expect("a snapshot");
        assert_eq!(usage::verify(&snapshot).await.expect("read").differences, []);
    })
    .await;
}
