//! The files of an export are a bundle: imported into an empty database, they give the same answers.

use cadre_api::import::Outcome;
use serde_json::Value;

use super::{TYPES, text};
use crate::support::{Caller, Kind, TestApp};

/// Questions whose answers contain no ids.
const QUESTIONS: [&str; 12] = [
    "{ units(first: 100) { nodes { code name kind tier adminCode validFrom validTo parent { code }
       partyParent: parent(hierarchy: PARTY) { code } formerNames { name validFrom validTo }
       identifiers { system value validFrom validTo }
       predecessors { kind on document unit { code } } } } }",
    r#"{ units(first: 100, asOf: "2014-01-01") { nodes { code name validFrom validTo } } }"#,
    "{ titles { code name category tier isKeyLeader } institutions { code name } programmes { code name kind } }",
    "{ cadres(first: 100, orderBy: [{field: CODE}]) { nodes { code fullName gender category status joinedServiceOn rankCode
       unit { code } title { code } assignments { unit { code } title { code } startOn endOn isPrimary }
       qualifications { subject { code } level { code } fieldCode institution { code } mode grantedOn }
       identity { nationalId birthOn nativePlaceCode } political { joinedPartyOn } origin { ethnicity { code } } } } }",
    "{ cadres(first: 100, where: {withPost: false}) { nodes { code status assignments { unit { code } endOn } } } }",
    "{ rotations(first: 100) { nodes { cadre { code } form direction fromUnit { code } toUnit { code } startOn plannedEndOn
       endOn state decisionNo fromTitle { code } toTitle { code } placement { unit { code } on } } } }",
    "{ trainingPlans(first: 100) { nodes { code name documentNo yearFrom yearTo state unit { code } } } }",
    "{ quotas(first: 100) { nodes { plan { code } unit { code } programme { code } mode measure seats seatsIsLowerBound classes
       allocated used remaining state } } }",
    "{ trainingClasses(first: 100) { nodes { code plan { code } programme { code } organiser { code } intake category mode
       startOn lastOn sessions capacity enrolled reportedLearners state } } }",
    "{ enrolments(first: 100) { nodes { cadre { code } class { code } programme { code } sendingUnit { code } year state grade } } }",
    r#"{ unit(by: {code: "P"}) { composition(subject: "PROFESSIONAL") { total levels { level { code } count } } } }"#,
    "{ rules { code key form value validFrom validTo legalBasis verified } retirementAges { code gender months validFrom } }",
];

/// Rows of the office that the small province lacks.
const RULES: &str = "code,key,form,category,purpose,value,basis,valid_from,valid_to,legal_basis,verification\n\
    CQ-TERM,rotation.min_term_months,ROTATION,CADRE,,48,PER_TITLE,2020-01-01,2026-01-01,\"12-QĐ/TU, Điều 4\",VERIFIED\n\
    CQ-PLAN,rotation.requires_planning_entry,,,REINFORCE,0,ON_START_DAY,2020-01-01,,12-QĐ/TU,UNVERIFIED\n";
const AGES: &str =
    "code,gender,valid_from,age_months,legal_basis,verification\nCQ-F,FEMALE,1990-01-01,660,1-QĐ/TU,UNVERIFIED\n";
const TITLES: &str = "code,name,category,tier,is_key_leader\nQ-1,\"Trưởng ban \"\"Một\"\", Hai\",CADRE,,false\n";

async fn files(caller: &Caller<'_>) -> Vec<(&'static str, String)> {
    let mut files = Vec::new();
    for (of, file) in TYPES {
        files.push((file, text(caller, of, "text/csv").await));
    }
    files
}

async fn answers(caller: &Caller<'_>) -> Vec<Value> {
    let mut answers = Vec::new();
    for question in QUESTIONS {
        answers.push(caller.query(question).await);
    }
    answers
}

#[actix_web::test]
async fn an_export_imported_into_an_empty_database_gives_the_same_answers() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::new(kind).await;
        app.import_text(&[("rules.csv", RULES), ("retirement_ages.csv", AGES), ("titles.csv", TITLES)]).await;
        let reader = app.all_seeing().await;
        let exported = files(&reader).await;
        assert!(
            exported.iter().all(|(_, file)| file.lines().count() > 1),
            "the control: each file has rows: {exported:?}"
        );

        let folder = tempfile::tempdir().expect("a folder");
        for (file, text) in &exported {
            std::fs::write(folder.path().join(file), text).expect("written");
        }
        let copy = TestApp::empty(kind).await;
        let report = copy.import(folder.path()).await;
        assert_eq!(report.outcome, Outcome::Loaded, "{report:?}");
        let copied = copy.all_seeing().await;
        let again = files(&copied).await;
        for (one, other) in exported.iter().zip(&again) {
            assert_eq!(one, other, "{kind:?}: a second export has the same bytes");
        }
        for ((question, one), other) in QUESTIONS.iter().zip(answers(&reader).await).zip(answers(&copied).await) {
            assert_eq!(one, other, "{kind:?}: {question}");
        }
        let with_end = text(&copied, "cadres?end=line", "text/csv").await;
        std::fs::write(folder.path().join("cadres.csv"), with_end).expect("written");
        let report = copy.import(folder.path()).await;
        assert_eq!(report.outcome, Outcome::NothingNew, "the last line is a comment, and nothing is new: {report:?}");
        copy.stop().await;
        app.stop().await;
    }
}
