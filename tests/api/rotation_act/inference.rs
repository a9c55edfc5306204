//! No response to a client that may not read identities depends on a day of birth. Two databases differ only in days of
//! birth. Both get the same random commands and queries, and the bytes of all responses are compared. The control is a
//! client that may read identities: its responses differ, and each such reading is logged.

use entity::{access_entry, cadre, value::BirthDate};
use fastrand::Rng;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel, PaginatorTrait};
use serde_json::{Value, json};

use super::{STEPS, WRITES, service::DECIDES};
use crate::support::{Caller, Kind, TestApp, postgres::setting, rotation::day};

/// Proposals of one request.
const BATCH: usize = 10;

const PEOPLE: [&str; 9] = ["A-01", "A-02", "A-03", "A-04", "A-06", "M-01", "P-01", "P-02", "B-02"];
const PLACES: [(&str, &str); 4] = [("A1U", "CC"), ("B1U", "CC"), ("PD1", "CV"), ("PD2", "CV")];

const ROTATION: &str = "rotation { id state version startOn
    checks { rule result legalBasis verified message override { reason } } }
    userErrors { __typename code message field ... on RuleError { check { rule result message } } }";

/// One of the two databases, and the ids of the rotations proposed in it, in order.
struct Side<'a> {
    callers: Vec<Caller<'a>>,
    ids: Vec<String>,
}

impl Side<'_> {
    /// The bytes of a response, in which each rotation's id is replaced by its index.
    async fn ask(&mut self, (by, document): (usize, &str)) -> String {
        let id = |word: &str| match word.strip_prefix('%').and_then(|place| place.parse::<usize>().ok()) {
            Some(place) => self.ids[place].clone(),
            None => word.to_owned(),
        };
        let document = document.split('"').map(id).collect::<Vec<_>>().join("\"");
        let answer = self.callers[by].raw(&document, json!({})).await;
        let ids = &mut self.ids;
        let place = |word: &str| {
            if !word.starts_with("rot_") {
                return word.to_owned();
            }
            let place = ids.iter().position(|id| id == word).unwrap_or_else(|| {
                ids.push(word.to_owned());
                ids.len() - 1
            });
            format!("%{place}")
        };
        answer.split('"').map(place).collect::<Vec<_>>().join("\"")
    }
}

/// Gives each person a random day of birth, so that rules of remaining service are satisfied for some and broken for
/// others.
async fn draw_births(app: &TestApp, mut draw: Rng) {
    for person in cadre::Entity::find().all(app.database.reader()).await.expect("read") {
        let birth = format!("{}-{:02}-{:02}", draw.i32(1958..1992), draw.u8(1..=12), draw.u8(1..=28));
        let birth_on = Set(Some(BirthDate::seal(day(&birth))));
        let row = cadre::ActiveModel { birth_on, ..person.into_active_model() };
        row.update(app.database.writer()).await.expect("written");
    }
}

/// Callers without the scope, with the scope and no purpose, and with both.
async fn callers(app: &TestApp) -> Vec<Caller<'_>> {
    let (without, mut no_purpose) = (app.caller(&WRITES, &["P"]).await, app.caller(&DECIDES, &["P"]).await);
    no_purpose.purpose = None;
    vec![without, no_purpose, app.caller(&DECIDES, &["P"]).await]
}

/// Proposals of one request, most on days on which a rule of remaining service is in force.
fn proposals(draw: &mut Rng, batch: usize) -> String {
    let mut document = String::from("mutation {");
    for at in 0..BATCH {
        let (unit, title) = PLACES[draw.usize(..PLACES.len())];
        let (person, form) = (PEOPLE[draw.usize(..PEOPLE.len())], ["ROTATION", "ROTATION", "TRANSFER", "SECONDMENT"]);
        let start = format!("{}-{:02}-{:02}", draw.i32(2017..=2026), draw.u8(1..=12), draw.u8(1..=28));
        let purpose = ["null", "null", "NON_LOCAL", "TWO_TERM_LIMIT"][draw.usize(..4)];
        document += &format!(
            r#" p{at}: rotationPropose(input: {{ idempotencyKey: "{batch}-{at}", cadreCode: "{person}", form: {},
                purpose: {purpose}, toUnitCode: "{unit}", toTitleCode: "{title}", startOn: "{start}",
                plannedEndOn: "{}-01-01", preparingUnitCode: "P",
                planning: {{ documentNo: "1", validFrom: "2010-01-01" }} }}) {{ {ROTATION} }}"#,
            form[draw.usize(..4)],
            draw.i32(2027..2032),
        );
    }
    document + " }"
}

/// Commands that take a rotation to its decision and further, with or without an override, and queries for the
/// rotation.
fn commands(draw: &mut Rng, batch: usize, proposed: usize) -> Vec<String> {
    if proposed == 0 {
        return Vec::new();
    }
    let id = format!("%{}", draw.usize(..proposed));
    let mut documents = Vec::new();
    let mut command = |name: &str, rest: &str| {
        let key = documents.len();
        documents.push(format!(
            r#"mutation {{ {name}(input: {{ idempotencyKey: "{batch}-a{key}", rotationId: "{id}", {rest} }}) {{ {ROTATION} }} }}"#
        ));
    };
    for step in STEPS {
        command("rotationAdvance", &format!(r#"step: {step}, on: "2026-05-01""#));
    }
    if draw.u8(..4) == 0 {
        command(
            "rotationOverride",
            r#"rule: "rotation.min_remaining_service_months", reason: "r", grantedBy: "g", grantedOn: "2026-05-01""#,
        );
    }
    let start = format!("{}-{:02}-01", draw.i32(2018..=2026), draw.u8(1..=12));
    command("rotationDecide", &format!(r#"decisionNo: "1", decidedOn: "2026-05-01", startOn: "{start}""#));
    command("rotationDecide", r#"decisionNo: "1", decidedOn: "2026-05-01""#);
    command("rotationPublish", "");
    command("rotationCancel", r#"reason: "r""#);
    let responses =
        format!(r#"{{ node(id: "{id}") {{ ... on Rotation {{ state version checks {{ rule result message }} }} }} }}"#);
    let counted = "{ rotations(where: {states: [DECIDED, EXCHANGED, PUBLISHED, REVOKED]}) { totalCount { value } } }";
    documents.extend([responses, counted.to_owned()]);
    documents
}

/// Sends the same random commands to both databases. Returns the number of different responses, the number of all
/// responses, and the rotations proposed.
async fn differing(sides: &mut [Side<'_>; 2], (seed, requests): (u64, usize), by: &[usize]) -> (usize, usize, usize) {
    let mut draw = Rng::with_seed(seed);
    let (mut differ, mut responses, mut closed) = (0, 0, 0);
    for batch in 0..requests {
        let who = by[draw.usize(..by.len())];
        let mut documents = vec![proposals(&mut draw, batch)];
        documents.extend(commands(&mut draw, batch, sides[0].ids.len()));
        for document in documents {
            let [one, other] = sides;
            let answers = (one.ask((who, &document)).await, other.ask((who, &document)).await);
            let data: Value = serde_json::from_str(&answers.0).expect("JSON");
            // A refused decision is an error of the whole request.
            let code = data["errors"][0]["extensions"]["code"].as_str();
            let is_closed = matches!(code, Some("FORBIDDEN" | "PURPOSE_REQUIRED"));
            assert!(data["data"].is_object() || is_closed, "{document}\n{data}");
            closed += usize::from(is_closed);
            if answers.0 != answers.1 {
                assert!(by == [2], "seed {seed}, request {batch}: {document}\n{}\n{}", answers.0, answers.1);
                differ += 1;
            }
            responses += 1;
        }
    }
    assert_eq!(closed == 0, by == [2], "decisions are refused exactly for callers that may not read identities");
    (differ, responses, sides[0].ids.len())
}

async fn readings(app: &TestApp) -> u64 {
    access_entry::Entity::find().count(app.database.reader()).await.expect("a count")
}

async fn compare_responses(kind: Kind, requests: usize) {
    let seed = setting("CADRE_TEST_SEED").map_or_else(|| fastrand::u64(..), |seed| seed.parse().expect("a seed"));
    println!("CADRE_TEST_SEED={seed}");
    let worlds = [TestApp::new(kind).await, TestApp::new(kind).await];
    let mut draw = Rng::with_seed(seed ^ 1);
    for app in &worlds {
        draw_births(app, draw.fork()).await;
    }
    let mut sides = [
        Side { callers: callers(&worlds[0]).await, ids: Vec::new() },
        Side { callers: callers(&worlds[1]).await, ids: Vec::new() },
    ];

    let (differ, responses, proposed) = differing(&mut sides, (seed, requests), &[0, 1]).await;
    assert_eq!(differ, 0);
    assert!(
        proposed * 2 > requests * BATCH,
        "the control: many proposals are accepted: {proposed} of {}",
        requests * BATCH
    );
    assert_eq!((readings(&worlds[0]).await, readings(&worlds[1]).await), (0, 0));

    let (differ, control, _) = differing(&mut sides, (seed, 5), &[2]).await;
    assert!(differ > 0, "the control: none of {control} responses differs after {responses}");
    assert!(readings(&worlds[0]).await > 0, "the readings are logged");
    drop(sides);
    for app in worlds {
        app.stop().await;
    }
}

#[actix_web::test]
async fn no_response_to_two_thousand_proposals_depends_on_a_day_of_birth() {
    compare_responses(Kind::Sqlite, 2_000 / BATCH).await;
}

#[actix_web::test]
async fn no_response_on_postgres_depends_on_a_day_of_birth() {
    compare_responses(Kind::Postgres, 500 / BATCH).await;
}
