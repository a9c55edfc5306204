//! A grant over one district shows no object of another: by id, edge, filter, sort order, search, count, cursor or
//! error. Each check that an object is absent has a control: the response to an all-seeing caller contains it.

mod class;
mod edge;
mod leak_markers;
mod name;
mod reach;
mod training;

use std::collections::BTreeSet;

use entity::{rotation, value::RotationState};
use serde_json::Value;

use crate::support::{
    Caller, TestApp, csv,
    rotation::{Places, day, keep_only},
};

/// Imports additional units and people: AX moved from district A to B in 2015, with X-02 in it. AD of A was dissolved
/// into B1. B1U gave a part to A2U and still exists. X-01 has the primary post in B1U and a concurrent one in A2U.
async fn import_more(app: &TestApp) {
    let files = [
        (
            "units.csv",
            csv::units(
                "code,parent_code,name,admin_code,valid_from,valid_to",
                "AX,A,Xã Rời,90103,,2015-01-01\n\
                 AX,B,Xã Rời MARK-UNIT,90203,2015-01-01,\n\
                 AD,A,Xã Hết,90104,,2012-01-01\n",
            ),
        ),
        (
            "unit_successions.csv",
            csv::unit_successions(
                "predecessor_code,successor_code,kind,on_date",
                "AD,B1,MERGE,2012-01-01\nB1U,A2U,SPLIT,2019-01-01\n",
            ),
        ),
        (
            "cadres.csv",
            csv::cadres(
                "code,national_id,full_name,gender,birth_on,native_place_code,joined_service_on",
                "X-01,999000000041,Ngô Văn Ghép,MALE,1977-01-02,90101,2000-01-01\n\
                 X-02,999000000042,Tạ Thị MARK-NAME,FEMALE,1979-02-03,90103,2001-01-01\n",
            ),
        ),
        (
            "assignments.csv",
            csv::assignments(
                "cadre_code,unit_code,title_code,start_on,is_primary",
                "X-01,B1U,CT,2010-01-01,true\nX-01,A2U,CC,2011-01-01,false\nX-02,AX,CC,2005-01-01,true\n",
            ),
        ),
        (
            "qualifications.csv",
            csv::qualifications(
                "cadre_code,subject,level,institution_code,granted_on",
                "X-02,PROFESSIONAL,UNIVERSITY,DHX,2003\n",
            ),
        ),
    ];
    app.import_text(&files.each_ref().map(|(name, text)| (*name, text.as_str()))).await;
}

/// Rotations by the number of the decision. A sees R1, which started in A, and R2, which B prepared and which ended
/// with a placement in B1U. A does not see R3 within B, R4 of X-01 between units of B, the draft R5 of B1 within A, nor
/// R6 from A to B, which B gave up.
async fn write_rotations(app: &TestApp) {
    let of = Places::of(&app.database).await;
    let prepared = |state, rotation: rotation::Model| rotation::Model {
        state,
        preparing_unit_id: Some(of.unit("B1")),
        proposed_on: Some(rotation.start_on),
        ..rotation
    };
    let placed = rotation::Model {
        placement_unit_id: Some(of.unit("B1U")),
        placed_on: Some(day("2020-01-01")),
        ..of.ended(["R2", "A-02", "A1U", "A2U", "2016-01-01"], "2020-01-01")
    };
    let rotations = vec![
        of.ended(["R1", "M-01", "A2U", "B1U", "2018-01-01"], "2021-01-01"),
        prepared(RotationState::Placed, placed),
        of.rotation(["R3 MARK-DECISION", "B-02", "B", "B1U", "2013-01-01"]),
        of.ended(["R4 MARK-DECISION", "X-01", "B1U", "B", "2015-01-01"], "2016-01-01"),
        prepared(RotationState::Draft, of.rotation(["R5 MARK-DECISION", "A-04", "A2U", "A1U", "2026-01-01"])),
        prepared(RotationState::Revoked, of.rotation(["R6 MARK-DECISION", "B-01", "B1U", "A1U", "2025-01-01"])),
    ];
    keep_only(&app.database, rotations).await;
}

/// The units within the reach of a grant over district A today, listed by hand: its subtree, the district that merged
/// into it, and units that ended below it.
const UNITS_OF_A: [&str; 10] = ["A", "A1", "A1P", "A1U", "A2", "A2U", "AD", "C", "C1", "C1U"];
const ROTATIONS_OF_A: [&str; 2] = ["R1", "R2"];
const PEOPLE_OF_A: [&str; 7] = ["A-01", "A-02", "A-03", "A-04", "A-05", "A-06", "X-01"];
/// The people with a post in district A today.
const SERVING_IN_A: [&str; 6] = ["A-01", "A-02", "A-03", "A-04", "A-06", "X-01"];

/// Objects related to a unit. A rotation, a plan, a class and an enrolment name units out of reach, whose related
/// objects must stay invisible.
const HANGING: &str = r#"parent { id } ancestors { id } predecessors { unit { id } } successors { unit { id } }
    subunits { nodes { id } totalCount { value } } cadres(asOf: "2018-01-01") { nodes { id } totalCount { value } }
    composition(subject: "PROFESSIONAL", asOf: "2018-01-01") { total }
    rotationFlows(from: "2010-01-01", before: "2030-01-01") { rotations persons }
    quotas(year: 2021, reach: SUBTREE) { nodes { id } totalCount { value } }
    trainingProgress(year: 2021) { planned turns persons classes }"#;

/// The names of all objects with ids, for messages about the content of responses.
struct Ids {
    all: Vec<(String, String)>,
}

impl Ids {
    async fn of(all: &Caller<'_>, training: Vec<(String, String)>) -> Self {
        let mut ids = training;
        let mut note = |code: &str, id: &Value| ids.push((code.to_owned(), id.as_str().expect("an id").to_owned()));
        let units = all.query(r#"{ now: units(first: 100) { nodes { code id } } then: units(first: 100, asOf: "2011-12-31") { nodes { code id } } }"#).await;
        for unit in list(&units, "/now/nodes").iter().chain(list(&units, "/then/nodes")) {
            note(unit["code"].as_str().expect("a code"), &unit["id"]);
        }
        let serving = "{ cadres(first: 100) { nodes { code id qualifications { id } } } }";
        let retired = r#"{ cadre(by: {code: "A-05"}) { code id qualifications { id } } }"#;
        let (serving, retired) = (all.query(serving).await, all.query(retired).await);
        for cadre in list(&serving, "/cadres/nodes").iter().chain([&retired["cadre"]]) {
            let code = cadre["code"].as_str().expect("a code");
            note(code, &cadre["id"]);
            for paper in list(cadre, "/qualifications") {
                note(&format!("of {code}"), &paper["id"]);
            }
        }
        note("CLIENT", &Value::from(all.id.as_str()));
        let rotations = all.query("{ rotations(first: 100) { nodes { id decisionNo } } }").await;
        for rotation in list(&rotations, "/rotations/nodes") {
            let number = rotation["decisionNo"].as_str().and_then(|number| number.split(' ').next());
            note(number.expect("a number"), &rotation["id"]);
        }
        Self { all: ids }
    }

    fn fill(&self, document: &str) -> String {
        let mut document = document.replace("HANGING", HANGING);
        for (code, id) in &self.all {
            document = document.replace(&format!("%{code}%"), id);
        }
        assert!(!document.contains('%'), "{document}");
        document
    }

    /// The codes of all objects with ids in a response.
    fn codes_in(&self, answer: &Value) -> BTreeSet<&str> {
        let text = answer.to_string();
        self.all.iter().filter(|(_, id)| text.contains(id.as_str())).map(|(code, _)| code.as_str()).collect()
    }
}

fn list<'a>(of: &'a Value, pointer: &str) -> &'a Vec<Value> {
    of.pointer(pointer).and_then(Value::as_array).unwrap_or_else(|| panic!("no list {pointer} in {of:#}"))
}

fn codes(of: &Value, pointer: &str) -> Vec<String> {
    list(of, pointer).iter().map(|node| node["code"].as_str().expect("a code").to_owned()).collect()
}

async fn district_a(app: &TestApp) -> Caller<'_> {
    let scopes = [
        "cadre:read",
        "cadre.identity:read",
        "appraisal:read",
        "rotation:read",
        "training:read",
        "quota:read",
        "audit:read",
        "clients:admin",
    ];
    app.caller(&scopes, &["A"]).await
}
