//! Imported training: places of classes and enrolments, seats taken, quotas used; on both databases.

use entity::{
    cadre, change, enrolment, programme, quota, training_class, training_plan, unit,
    value::{CadreCode, ClassCode, PlanCode, QuotaId, UnitCode},
};
use sea_orm::{
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, RelationTrait, prelude::Expr,
};

use crate::support::{Kind, TestApp, csv, on_both};

/// `plan unit programme mode seats bound used` of each quota, in the order of plan, programme and unit.
async fn quotas(app: &TestApp) -> Vec<String> {
    let rows = quota::Entity::find()
        .find_also_related(training_plan::Entity)
        .find_also_related(unit::Entity)
        .all(app.database.reader())
        .await
        .expect("quotas");
    let line = |(row, plan, unit): (quota::Model, Option<training_plan::Model>, Option<unit::Model>)| {
        let mode = row.mode.map_or("-".to_owned(), |mode| mode.to_string());
        let bound = if row.is_lower_bound { ">" } else { "=" };
        let (plan, unit) = (plan.expect("a plan").code, unit.expect("a unit").code);
        format!("{plan} {} {unit} {mode} {bound}{} {}", row.programme_code, row.seats, row.used)
    };
    let mut lines: Vec<String> = rows.into_iter().map(line).collect();
    lines.sort();
    lines
}

/// `class state seats taken version` of each class.
async fn classes(app: &TestApp) -> Vec<String> {
    let rows = training_class::Entity::find().order_by_asc(training_class::Column::Code);
    let line = |row: training_class::Model| format!("{} {} {} v{}", row.code, row.state, row.enrolled, row.version);
    rows.all(app.database.reader()).await.expect("classes").into_iter().map(line).collect()
}

/// The changes of the last command.
async fn changes(app: &TestApp) -> Vec<String> {
    let mut rows =
        change::Entity::find().order_by_desc(change::Column::Seq).all(app.database.reader()).await.expect("changes");
    let last = rows.first().expect("a change").audit_seq;
    rows.retain(|row| row.audit_seq == last);
    rows.reverse();
    rows.iter().map(|row| format!("{} {} {}", row.kind, row.object_type, row.object)).collect()
}

async fn quota_id(app: &TestApp, plan: &str, unit_code: &str) -> QuotaId {
    let row = quota::Entity::find()
        .join(sea_orm::JoinType::InnerJoin, quota::Relation::TrainingPlan.def())
        .join(sea_orm::JoinType::InnerJoin, quota::Relation::Unit.def())
        .filter(training_plan::Column::Code.eq(plan.parse::<PlanCode>().expect("a code")))
        .filter(unit::Column::Code.eq(unit_code.parse::<UnitCode>().expect("a code")))
        .one(app.database.reader());
    row.await.expect("a query").expect("a quota").id
}

/// `enrolments.csv` without grades.
fn enrolments(rows: &str) -> String {
    csv::enrolments("cadre_code,class_code,programme_code,unit_code,year,result", rows)
}

#[actix_web::test]
async fn seats_taken_and_quotas_used_follow_from_the_enrolments() {
    on_both(async |app| {
        assert_eq!(
            classes(app).await,
            [
                "LOP-A1 RUNNING 2 v1",
                "LOP-A2 OPEN_FOR_NOMINATION 1 v1",
                "LOP-A3 CLOSED 0 v1",
                "LOP-B1 CLOSED 2 v1",
                "LOP-P1 CLOSED 3 v1",
            ]
        );
        assert_eq!(
            quotas(app).await,
            [
                "KH-A CMNV A - =30 3",
                "KH-B TAT_CA B - >1 2",
                "KH-P LLCT_TC A FULL_TIME =4 1",
                "KH-P LLCT_TC B FULL_TIME =3 1",
                "KH-P LLCT_TC P - =10 1",
            ]
        );
        let registered = enrolment::Entity::find().filter(enrolment::Column::ClassId.is_null());
        assert_eq!(registered.count(app.database.reader()).await.expect("a count"), 2);
        let programme =
            programme::Entity::find_by_id("LLCT_TC".parse::<entity::value::ProgrammeCode>().expect("a code"));
        let level = programme.one(app.database.reader()).await.expect("a query").expect("one").level_code;
        assert_eq!(level.expect("a level").as_str(), "INTERMEDIATE");
    })
    .await;
}

#[actix_web::test]
async fn later_enrolments_add_to_seats_and_quotas_and_show_as_changes() {
    on_both(async |app| {
        // A second turn of a person, a seat in a class that had none, and a person with another sending unit.
        let rows = "A-02,LOP-A2,CMNV,A1U,2026,CONFIRMED\nA-01,LOP-P1,LLCT_TC,A1P,2025,COMPLETED\n\
                    A-01,LOP-A3,CMNV,A1P,2025,DROPPED\nA-05,,CMNV,A1P,2026,REGISTERED\n";
        app.import_text(&[("enrolments.csv", &enrolments(rows))]).await;
        assert_eq!(
            classes(app).await,
            [
                "LOP-A1 RUNNING 2 v1",
                "LOP-A2 OPEN_FOR_NOMINATION 2 v2",
                "LOP-A3 CLOSED 0 v1",
                "LOP-B1 CLOSED 2 v1",
                "LOP-P1 CLOSED 4 v2",
            ]
        );
        let used = quotas(app).await;
        assert_eq!((&*used[0], &*used[2]), ("KH-A CMNV A - =30 3", "KH-P LLCT_TC A FULL_TIME =4 2"));
        let of_district = quota_id(app, "KH-P", "A").await;
        let (learners, others): (Vec<_>, Vec<_>) =
            changes(app).await.into_iter().partition(|change| change.starts_with("CREATED enrolment "));
        assert_eq!(learners.len(), 4);
        assert_eq!(
            others,
            [
                "UPDATED cadre A-05".to_owned(),
                "UPDATED training_class LOP-A2".to_owned(),
                "UPDATED training_class LOP-P1".to_owned(),
                format!("UPDATED quota {of_district}"),
                // The enrolment takes no seat, but makes the class visible to the sending unit.
                "UPDATED training_class LOP-A3".to_owned(),
            ]
        );

        // Learners keep the quota that they counted for when another quota is added later.
        let dir = tempfile::tempdir().expect("a folder");
        let rows = csv::quotas("plan_code,unit_code,programme_code,quantity", "KH-P,A1,LLCT_TC,1\n");
        std::fs::write(dir.path().join("quotas.csv"), rows).expect("written");
        let report = app.import(dir.path()).await;
        let found: Vec<_> = report.findings.iter().map(|found| (found.line, found.code.to_string())).collect();
        assert_eq!(found, [(Some(2), "QUOTA_AFTER_LEARNERS".to_owned())]);
        let used = quotas(app).await;
        assert!(used.contains(&"KH-P LLCT_TC A1 - =1 0".to_owned()), "{used:?}");
        assert!(used.contains(&"KH-P LLCT_TC A FULL_TIME =4 2".to_owned()), "{used:?}");
    })
    .await;
}

#[actix_web::test]
async fn no_class_has_more_learners_than_seats() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::new(kind).await;
        let before = (classes(&app).await, quotas(&app).await);
        let dir = tempfile::tempdir().expect("a folder");
        let rows = "A-01,LOP-P1,LLCT_TC,A1P,2025,COMPLETED\nA-02,LOP-P1,LLCT_TC,A1U,2025,FAILED\n";
        std::fs::write(dir.path().join("enrolments.csv"), enrolments(rows)).expect("written");
        let report = app.import(dir.path()).await;
        let [full] = &report.findings[..] else { panic!("{report:?}") };
        assert_eq!((full.line, full.code.to_string().as_str()), (Some(3), "CLASS_FULL"));
        assert!(full.sentence.en.contains("4 seats but 5 learners"), "{}", full.sentence.en);
        assert!(full.sentence.vi.contains("4 chỗ nhưng có 5 học viên"), "{}", full.sentence.vi);
        assert_eq!((classes(&app).await, quotas(&app).await), before);
        app.stop().await;
    }
}

#[actix_web::test]
async fn imported_learners_take_no_allocated_seats() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::new(kind).await;
        let quota = quota_id(&app, "KH-P", "A").await;
        for (allocated, loaded) in [(3, false), (2, true)] {
            let update = quota::Entity::update_many()
                .col_expr(quota::Column::Allocated, Expr::val(allocated))
                .filter(quota::Column::Id.eq(quota));
            update.exec(app.database.writer()).await.expect("allocated");
            let before = (classes(&app).await, quotas(&app).await);
            let dir = tempfile::tempdir().expect("a folder");
            let row = enrolments("A-01,LOP-P1,LLCT_TC,A1P,2025,COMPLETED\n");
            std::fs::write(dir.path().join("enrolments.csv"), row).expect("written");
            let options = cadre_api::import::Options { dry_run: false };
            let result = cadre_api::import::import(&app.database, crate::support::clock(), dir.path(), options).await;
            assert_eq!(result.is_ok(), loaded, "{result:?}");
            assert_eq!((classes(&app).await, quotas(&app).await) != before, loaded);
        }
        app.stop().await;
    }
}

#[actix_web::test]
async fn overlaps_with_stored_enrolments_are_found() {
    on_both(async |app| {
        let class = csv::classes(
            "code,programme_code,organiser_code,mode,start_on,end_on,status",
            "LOP-A9,CMNV,A,FULL_TIME,2025-09-30,2025-10-01,CLOSED\n",
        );
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("classes.csv"), class).expect("written");
        let rows = "A-03,LOP-A9,CMNV,A2U,2025,COMPLETED\nA-04,LOP-A9,CMNV,A2U,2025,COMPLETED\n";
        std::fs::write(dir.path().join("enrolments.csv"), enrolments(rows)).expect("written");
        let report = app.import(dir.path()).await;
        // A-04 withdrew from the class that lasts until the first day of this one.
        let found: Vec<_> = report.findings.iter().map(|found| (found.line, found.code.to_string())).collect();
        assert_eq!(found, [(Some(2), "OVERLAPPING_CLASSES".to_owned())]);
        let again = app.import(dir.path()).await;
        assert_eq!(again.outcome, cadre_api::import::Outcome::NothingNew);
    })
    .await;
}

#[actix_web::test]
async fn the_level_column_of_programmes_is_optional() {
    on_both(async |app| {
        let rows = "name,code,subject,kind\nTrung cấp lý luận chính trị,LLCT_TC,POLITICAL_THEORY,TRAINING\n\
                    Cao cấp lý luận chính trị,LLCT_CC,POLITICAL_THEORY,TRAINING\n";
        app.import_text(&[("programmes.csv", rows)]).await;
        let levels: Vec<_> = programme::Entity::find()
            .filter(programme::Column::Subject.eq("POLITICAL_THEORY"))
            .order_by_asc(programme::Column::Code)
            .all(app.database.reader())
            .await
            .expect("programmes")
            .into_iter()
            .map(|row| (row.code.to_string(), row.level_code.map(|level| level.to_string())))
            .collect();
        let expected = [("LLCT_CC".to_owned(), None), ("LLCT_TC".to_owned(), Some("INTERMEDIATE".to_owned()))];
        assert_eq!(levels, expected);
    })
    .await;
}

#[actix_web::test]
async fn an_import_matches_either_enrolment_of_a_person_who_withdrew_and_returned() {
    on_both(async |app| {
        let person = cadre::Entity::find().filter(cadre::Column::Code.eq("A-04".parse::<CadreCode>().expect("a code")));
        let class = training_class::Entity::find()
            .filter(training_class::Column::Code.eq("LOP-P1".parse::<ClassCode>().expect("a code")));
        let reader = app.database.reader();
        let person = person.one(reader).await.expect("a query").expect("a person").id;
        let class = class.one(reader).await.expect("a query").expect("a class").id;
        let seat = enrolment::Entity::find()
            .filter(enrolment::Column::CadreId.eq(person))
            .filter(enrolment::Column::ClassId.eq(class));
        let first = seat.one(reader).await.expect("a query").expect("a row");
        let back = enrolment::Model {
            id: entity::value::EnrolmentId::new(),
            state: entity::value::EnrolmentState::Attending,
            ..first
        };
        let back: enrolment::ActiveModel = back.into();
        enrolment::Entity::insert(back).exec(app.database.writer()).await.expect("back");
        for (result, unchanged) in [("DROPPED", 1), ("ATTENDING", 1), ("COMPLETED", 0)] {
            let dir = tempfile::tempdir().expect("a folder");
            let row = enrolments(&format!("A-04,LOP-P1,LLCT_TC,A2U,2025,{result}\n"));
            std::fs::write(dir.path().join("enrolments.csv"), row).expect("written");
            let report = app.import(dir.path()).await;
            assert_eq!(report.files[0].unchanged, unchanged, "{report:?}");
        }
    })
    .await;
}
