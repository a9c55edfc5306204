//! Figures that newspapers once printed, requested over HTTP with a token. Counts and percentages must be exact. The
//! demo's population contains most of them; `province` adds the others.

mod duty;
mod province;
mod training;

use cadre_api::{demo, import::Outcome};
use serde_json::{Value, json};

use crate::support::{Caller, Kind, TestApp};

/// The counted people.
struct People {
    /// The key of the unit.
    find: &'static str,
    /// Arguments of the composition other than the subject.
    of: &'static str,
}

const COMMITTEE: People =
    People { find: r#"where: {adminCode: "03322"}"#, of: r#"titles: ["X_UV"], asOf: "2021-12-31", decimals: 2"# };
const KEY_CADRES: People =
    People { find: r#"where: {adminCode: "264"}"#, of: r#"keyLeadersOnly: true, asOf: "2014-12-31""# };
const BLOC: People = People {
    find: r#"search: "dang uy khoi cac co quan tinh hoa binh""#,
    of: r#"hierarchy: PARTY, asOf: "2019-12-31""#,
};

/// One query each: the number of the figure, the people, the subject, and the requested fields of the composition.
const FACTS: [(&str, &People, &str, &str, &str); 12] = [
    ("F107", &COMMITTEE, "PROFESSIONAL", "total", "16"),
    ("F108", &COMMITTEE, "PROFESSIONAL", r#"atLeast(level: "UNIVERSITY")"#, r#"{"count":15,"percent":93.75}"#),
    ("F109", &COMMITTEE, "POLITICAL_THEORY", r#"atLeast(level: "INTERMEDIATE")"#, r#"{"count":14,"percent":87.5}"#),
    ("F301", &KEY_CADRES, "PROFESSIONAL", "total", "75"),
    ("F302", &KEY_CADRES, "PROFESSIONAL", "UNIVERSITY", r#"{"count":33,"percent":44.0}"#),
    ("F303", &KEY_CADRES, "PROFESSIONAL", "COLLEGE", r#"{"count":1,"percent":1.3}"#),
    ("F304", &KEY_CADRES, "PROFESSIONAL", "INTERMEDIATE", r#"{"count":39,"percent":52.0}"#),
    ("F305", &KEY_CADRES, "PROFESSIONAL", "ELEMENTARY", r#"{"count":2,"percent":2.7}"#),
    ("F306", &KEY_CADRES, "POLITICAL_THEORY", "ADVANCED", r#"{"count":1,"percent":1.3}"#),
    ("F307", &KEY_CADRES, "POLITICAL_THEORY", "INTERMEDIATE", r#"{"count":66,"percent":88.0}"#),
    ("F308", &KEY_CADRES, "POLITICAL_THEORY", "ELEMENTARY", r#"{"count":8,"percent":10.7}"#),
    ("F402", &BLOC, "POLITICAL_THEORY", r#"atLeast(level: "INTERMEDIATE")"#, r#"{"count":1500,"percent":50.0}"#),
];

/// The rotations of a province from 2010 to 2014: 26 between province and districts, 32 and 13 between districts and
/// communes, 20 on one tier.
const FLOWS: [(&str, &str, &str, i64); 6] = [
    ("DOWN", "PROVINCE", "DISTRICT", 15),
    ("DOWN", "DISTRICT", "COMMUNE", 32),
    ("UP", "DISTRICT", "PROVINCE", 11),
    ("UP", "COMMUNE", "DISTRICT", 13),
    ("LATERAL_LOCALITY", "DISTRICT", "DISTRICT", 8),
    ("LATERAL_AGENCY", "PROVINCE", "PROVINCE", 12),
];

/// Requests the flows of the province and of its district, by administrative code.
async fn ask_flows(caller: &Caller<'_>, province: &str, district: &str) {
    let flows = async |find: &str, from: &str| {
        let code = unit(caller, find).await;
        let document = format!(
            r#"{{ unit(by: {{code: "{code}"}}) {{
                rotationFlows(from: "{from}", before: "2015-01-01") {{ direction fromTier toTier rotations persons }}
            }} }}"#
        );
        caller.query(&document).await["unit"]["rotationFlows"].as_array().expect("flows").clone()
    };
    let printed = FLOWS.map(|(direction, from, to, rotations)| {
        json!({ "direction": direction, "fromTier": from, "toTier": to, "rotations": rotations })
    });
    let mut found = flows(province, "2010-01-01").await;
    for flow in &mut found {
        let persons = flow.as_object_mut().and_then(|flow| flow.remove("persons")).expect("persons");
        assert!(persons.as_i64() <= flow["rotations"].as_i64(), "{flow}: {persons}");
    }
    assert_eq!(found, printed);

    // "Since 2000 the district rotated more than 60 people."
    let found = flows(district, "2000-01-01").await;
    let within = found.iter().filter(|flow| flow["fromTier"] != "PROVINCE" && flow["toTier"] != "PROVINCE");
    let persons: i64 = within.filter_map(|flow| flow["persons"].as_i64()).sum();
    assert!(persons > 60, "{persons}");
}

async fn unit(caller: &Caller<'_>, find: &str) -> String {
    let data = caller.query(&format!("{{ units({find}) {{ nodes {{ code }} }} }}")).await;
    let nodes = data["units"]["nodes"].as_array().expect("nodes");
    assert_eq!(nodes.len(), 1, "{find}: {nodes:?}");
    nodes[0]["code"].as_str().expect("a code").to_owned()
}

async fn ask(caller: &Caller<'_>, (fact, people, subject, read, expected): &(&str, &People, &str, &str, &str)) {
    let code = unit(caller, people.find).await;
    let is_level = read.chars().all(|c| c.is_ascii_uppercase());
    let field = match *read {
        "total" => "value: total".to_owned(),
        _ if is_level => "value: levels { level { code } count percent }".to_owned(),
        other => format!("value: {other} {{ count percent }}"),
    };
    let document = format!(
        r#"{{ unit(by: {{code: "{code}"}}) {{ composition(subject: "{subject}", {}) {{ {field} }} }} }}"#,
        people.of
    );
    let data = caller.query(&document).await;
    let mut value = data["unit"]["composition"]["value"].clone();
    if is_level {
        let levels = value.as_array().expect("levels");
        let level = levels.iter().find(|level| level["level"]["code"] == json!(read)).expect("the level");
        value = json!({ "count": level["count"], "percent": level["percent"] });
    }
    assert_eq!(value, serde_json::from_str::<Value>(expected).expect("JSON"), "{fact}");
}

#[actix_web::test]
async fn the_demo_reproduces_the_published_figures() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::empty(kind).await;
        let bundle = tempfile::tempdir().expect("a folder");
        demo::write_bundle(bundle.path()).expect("written");
        assert_eq!(app.import(bundle.path()).await.outcome, Outcome::Loaded);
        let caller = app.caller(&["cadre:read", "rotation:read", "training:read"], &[demo::ROOT]).await;

        for fact in FACTS.iter().filter(|fact| fact.0 != "F402") {
            ask(&caller, fact).await;
        }
        ask_flows(&caller, r#"where: {adminCode: "11"}"#, r#"where: {adminCode: "101"}"#).await;
        training::ask_district(&caller).await;
        app.stop().await;
    }
}

#[actix_web::test]
async fn a_province_reproduces_every_published_figure() {
    let bundle = tempfile::tempdir().expect("a folder");
    province::write(bundle.path()).expect("written");
    let bundle = bundle.path();
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::empty(kind).await;
        let report = app.import(bundle).await;
        assert_eq!(report.outcome, Outcome::Loaded, "{:?}", report.findings.first());
        let caller = app.caller(&["cadre:read", "rotation:read", "training:read", "quota:read"], &[demo::ROOT]).await;

        for fact in &FACTS {
            ask(&caller, fact).await;
        }
        ask_flows(&caller, r#"where: {adminCode: "11"}"#, r#"where: {adminCode: "101"}"#).await;
        training::ask(&caller).await;
        duty::ask(&caller).await;
        assert_eq!(app.import(bundle).await.outcome, Outcome::NothingNew);
        app.stop().await;
    }
}
