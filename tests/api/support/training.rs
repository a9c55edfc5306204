//! Training written directly to its tables: for states and years that neither a bundle nor a command can produce.

use cadre_api::db::Database;
use entity::{
    class_session, enrolment, enrolment_quota, programme, quota, sample, training_class, training_plan,
    value::{ProgrammeKind, QuotaId},
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel};

use crate::support::{
    TestApp, csv, import_text,
    rotation::{Places, day},
};

/// The programmes of every fixture: code, kind, subject, granted level.
const PROGRAMMES: [(&str, ProgrammeKind, &str, &str); 3] = [
    ("LLCT_TC", ProgrammeKind::Training, "POLITICAL_THEORY", "INTERMEDIATE"),
    ("CMNV", ProgrammeKind::Refresher, "JOB_SKILLS", ""),
    ("CN_164", ProgrammeKind::Refresher, "KNOWLEDGE_UPDATE", ""),
];

/// Rows of training that are written together.
#[derive(Default)]
pub struct Rows {
    pub plans: Vec<training_plan::Model>,
    pub quotas: Vec<quota::Model>,
    pub classes: Vec<training_class::Model>,
    pub sessions: Vec<class_session::Model>,
    pub enrolments: Vec<enrolment::Model>,
}

/// A published plan: code, unit, first and last year.
pub fn plan(of: &Places, [code, unit]: [&str; 2], (year_from, year_to): (i32, i32)) -> training_plan::Model {
    training_plan::Model {
        code: code.parse().expect("a code"),
        unit_id: of.unit(unit),
        year_from,
        year_to,
        document_no: Some(format!("{code}/KH")),
        name: format!("Kế hoạch {code}"),
        ..sample::training_plan()
    }
}

/// An unused quota in force: plan, unit, programme, seats.
pub fn quota(of: &Places, plan: &training_plan::Model, [unit, programme]: [&str; 2], seats: i32) -> quota::Model {
    quota::Model {
        plan_id: plan.id,
        unit_id: of.unit(unit),
        programme_code: programme.parse().expect("a code"),
        seats,
        ..sample::quota()
    }
}

/// A closed class: code, programme, organiser, first and last day.
pub fn class(of: &Places, [code, programme, organiser, start, end]: [&str; 5]) -> training_class::Model {
    training_class::Model {
        code: code.parse().expect("a code"),
        programme_code: programme.parse().expect("a code"),
        organiser_id: of.unit(organiser),
        start_on: day(start),
        end_on: day(end),
        ..sample::training_class()
    }
}

/// A session of a class.
pub fn session(of: &training_class::Model, on_day: &str) -> class_session::Model {
    class_session::Model { class_id: of.id, on_day: day(on_day) }
}

/// A completed enrolment: person, programme, sending unit, year.
pub fn sent(of: &Places, [cadre, programme, unit]: [&str; 3], year: i32) -> enrolment::Model {
    enrolment::Model {
        cadre_id: of.cadre(cadre),
        programme_code: programme.parse().expect("a code"),
        unit_id: of.unit(unit),
        year,
        ..sample::enrolment()
    }
}

/// The same in a class, with its programme and the year of its start.
pub fn learner(of: &Places, [cadre, unit]: [&str; 2], class: &training_class::Model) -> enrolment::Model {
    let programme = class.programme_code.as_str();
    enrolment::Model { class_id: Some(class.id), ..sent(of, [cadre, programme, unit], class.start_on.year()) }
}

/// Imports the programmes and writes the rows. A running application must refresh afterwards.
pub async fn write(database: &Database, rows: Rows) {
    let writer = database.writer();
    // Rows of the bundle are deleted, so that the test contains everything that it counts.
    enrolment_quota::Entity::delete_many().exec(writer).await.expect("deleted");
    enrolment::Entity::delete_many().exec(writer).await.expect("deleted");
    class_session::Entity::delete_many().exec(writer).await.expect("deleted");
    training_class::Entity::delete_many().exec(writer).await.expect("deleted");
    quota::Entity::delete_many().exec(writer).await.expect("deleted");
    training_plan::Entity::delete_many().exec(writer).await.expect("deleted");
    import_programmes(database).await;
    for row in rows.plans {
        row.into_active_model().reset_all().insert(writer).await.expect("written");
    }
    for row in rows.quotas {
        row.into_active_model().reset_all().insert(writer).await.expect("written");
    }
    for row in rows.classes {
        row.into_active_model().reset_all().insert(writer).await.expect("written");
    }
    for row in rows.sessions {
        row.into_active_model().reset_all().insert(writer).await.expect("written");
    }
    for row in rows.enrolments {
        row.into_active_model().reset_all().insert(writer).await.expect("written");
    }
}

/// Makes imported learners use seats of a quota, also beyond its seats.
pub async fn use_up(app: &TestApp, quota: &str, seats: i32) {
    let writer = app.database.writer();
    let id: QuotaId = quota.parse().expect("an id");
    let row = quota::Entity::find_by_id(id).one(writer).await.expect("read").expect("a quota");
    let of = Places::of(&app.database).await;
    for _ in 0..seats {
        let learner = sent(&of, ["A-02", row.programme_code.as_str(), "A1U"], 2026);
        let link = enrolment_quota::Model { enrolment_id: learner.id, quota_id: id };
        learner.into_active_model().reset_all().insert(writer).await.expect("written");
        link.into_active_model().reset_all().insert(writer).await.expect("written");
    }
    let used = row.used + seats;
    let excess = Ord::max(row.allocated + used - row.seats, 0);
    let row = quota::ActiveModel { id: Set(id), used: Set(used), excess: Set(excess), ..Default::default() };
    row.update(writer).await.expect("written");
}

/// Imports the programmes that are missing.
async fn import_programmes(database: &Database) {
    let there = programme::Entity::find().all(database.writer()).await.expect("read");
    let missing = PROGRAMMES.iter().filter(|new| there.iter().all(|old| old.code.as_str() != new.0));
    let lines: String = missing
        .map(|(code, kind, subject, level)| format!("{subject},{level},{code},{kind},Chương trình {code}\n"))
        .collect();
    if !lines.is_empty() {
        let file = csv::programmes("subject,level,code,kind,name", &lines);
        import_text(database, &[("programmes.csv", &file)]).await;
    }
}
