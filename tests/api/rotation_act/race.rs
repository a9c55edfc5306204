//! Sixty-four clients take a hundred people through decision, publication and start concurrently.

use std::collections::{BTreeMap, BTreeSet};

use entity::{
    assignment, rotation,
    value::{CadreId, RotationState},
};
use futures_util::future::join_all;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, SqlErr,
};
use serde_json::{Value, json};

use super::{WRITES, office, proposed, transfer, with, with_key};
use crate::support::{Caller, TestApp, csv, on_both};

const PEOPLE: usize = 100;
const CLIENTS: usize = 64;
/// Attempts of one client, each on another person.
const ATTEMPTS: usize = 4;

/// The refusals that a client may get because another was faster.
const LOST: [&str; 4] = ["ALREADY_DECIDED", "ALREADY_PUBLISHED", "POST_OVERLAPS", "WRONG_STEP"];

async fn import_people(app: &TestApp) {
    let (mut cadres, mut posts) = (String::new(), String::new());
    for at in 0..PEOPLE {
        cadres += &format!("R-{at},9990002{at:05},Người Thứ {at}\n");
        posts += &format!("R-{at},{}\n", if at % 2 == 0 { "A1U" } else { "A2U" });
    }
    let cadres = csv::cadres("code,national_id,full_name", &cadres);
    let posts = csv::assignments("cadre_code,unit_code", &posts);
    app.import_text(&[("cadres.csv", &cadres), ("assignments.csv", &posts)]).await;
}

/// Sends commands on one rotation in one operation, and returns the codes of the refusals.
async fn commands(caller: &Caller<'_>, id: &str, commands: &[(&str, Value)]) -> Vec<String> {
    let (mut declared, mut fields, mut variables) = (Vec::new(), Vec::new(), json!({}));
    for (at, (command, input)) in commands.iter().enumerate() {
        declared.push(format!("$i{at}: {}{}Input!", command[..1].to_uppercase(), &command[1..]));
        fields.push(format!("a{at}: {command}(input: $i{at}) {{ userErrors {{ code }} }}"));
        variables[format!("i{at}")] = with_key(with(input.clone(), json!({ "rotationId": id })));
    }
    let document = format!("mutation({}) {{ {} }}", declared.join(", "), fields.join(" "));
    let data = caller.query_with(&document, variables).await;
    let payloads = data.as_object().expect("payloads").values();
    payloads.filter_map(|payload| payload["userErrors"][0]["code"].as_str()).map(str::to_owned).collect()
}

/// A client with its rotations, and the codes of its refusals.
struct Client<'a> {
    caller: &'a Caller<'a>,
    preparing: &'static str,
    ids: Vec<String>,
    lost: BTreeSet<String>,
}

impl Client<'_> {
    /// Proposes to move some people and takes each rotation to the decision.
    async fn decide(&mut self, people: impl Iterator<Item = usize>) {
        let input = json!({
            "form": "TRANSFER", "toUnitCode": "B1U", "toTitleCode": "CC", "startOn": "2026-05-01",
            "preparingUnitCode": self.preparing,
        });
        let mut steps: Vec<_> =
            super::STEPS.iter().map(|step| ("rotationAdvance", json!({ "step": step, "on": "2026-04-01" }))).collect();
        steps.push(("rotationDecide", json!({ "decisionNo": "1", "decidedOn": "2026-04-10" })));
        for person in people {
            let id = proposed(self.caller, with(input.clone(), json!({ "cadreCode": format!("R-{person}") }))).await;
            self.lost.extend(commands(self.caller, &id, &steps).await);
            self.ids.push(id);
        }
    }

    /// Sends the same commands on each of its rotations.
    async fn on_each(&mut self, steps: &[&str]) {
        let steps: Vec<_> = steps.iter().map(|command| (*command, json!({}))).collect();
        for id in &self.ids {
            self.lost.extend(commands(self.caller, id, &steps).await);
        }
    }
}

/// The number of running rotations of each person.
async fn running_by_person(app: &TestApp) -> BTreeMap<CadreId, usize> {
    let running = rotation::Entity::find()
        .filter(rotation::Column::State.is_in([RotationState::InProgress, RotationState::Extended]))
        .all(app.database.reader())
        .await
        .expect("read");
    running.into_iter().fold(BTreeMap::new(), |mut count, row| {
        *count.entry(row.cadre_id).or_default() += 1;
        count
    })
}

/// The persons with two primary posts on the same day.
async fn with_overlapping_posts(app: &TestApp) -> BTreeSet<CadreId> {
    let posts = assignment::Entity::find().filter(assignment::Column::IsPrimary.eq(true)).all(app.database.reader());
    let posts = posts.await.expect("read");
    let overlap = |a: &assignment::Model, b: &assignment::Model| {
        let begins_before = |a: &assignment::Model, b: &assignment::Model| b.end_on.is_none_or(|end| a.start_on < end);
        a.id != b.id && a.cadre_id == b.cadre_id && begins_before(a, b) && begins_before(b, a)
    };
    let is_doubled = |post: &&assignment::Model| posts.iter().any(|other| overlap(post, other));
    posts.iter().filter(is_doubled).map(|post| post.cadre_id).collect()
}

#[actix_web::test]
async fn no_race_gives_a_person_two_rotations_or_two_posts() {
    on_both(async |app| {
        import_people(app).await;
        let callers = join_all((0..8).map(|_| app.caller(&WRITES, &["P"]))).await;
        let before = running_by_person(app).await.len();

        let client = |at: usize| Client {
            caller: &callers[at % callers.len()],
            preparing: ["P", "A"][at % 2],
            ids: Vec::new(),
            lost: BTreeSet::new(),
        };
        let mut clients: Vec<_> = (0..CLIENTS).map(client).collect();

        // Neighbouring clients work on the same person in the same round, and all take each part of the procedure at
        // once.
        let people =
            |at: usize| (0..ATTEMPTS).map(move |round| at * PEOPLE / (CLIENTS * ATTEMPTS) + round * PEOPLE / ATTEMPTS);
        join_all(clients.iter_mut().enumerate().map(|(at, client)| client.decide(people(at)))).await;
        for steps in [&["rotationPublish"][..], &["rotationStart"], &["rotationPublish", "rotationStart"]] {
            join_all(clients.iter_mut().map(|client| client.on_each(steps))).await;
        }
        let lost: BTreeSet<String> = clients.into_iter().flat_map(|client| client.lost).collect();

        let running = running_by_person(app).await;
        assert!(running.values().all(|rotations| *rotations == 1), "{running:?}");
        assert!(with_overlapping_posts(app).await.is_empty());
        assert_eq!(lost.iter().map(String::as_str).collect::<Vec<_>>(), LOST, "each kind of refusal occurred");
        assert_eq!(running.len() - before, PEOPLE, "each person was moved");
    })
    .await;
}

/// The control: a check before the write admits both; only the index stops the second.
#[actix_web::test]
async fn a_check_before_the_write_would_admit_two_running_rotations() {
    on_both(async |app| {
        let caller = office(app).await;
        let ids = [proposed(&caller, transfer()).await, proposed(&caller, transfer()).await];
        let person = |running: &BTreeMap<CadreId, usize>, cadre| running.get(&cadre).copied().unwrap_or_default();
        let row = row(app, &ids[0]).await;

        let (checked, checked_too) = (running_by_person(app).await, running_by_person(app).await);
        assert_eq!((person(&checked, row.cadre_id), person(&checked_too, row.cadre_id)), (0, 0), "both checks pass");
        start(app, &ids[0]).await.expect("the first starts");
        let refused = start(app, &ids[1]).await.expect_err("the index refuses the second");
        assert!(matches!(refused.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))), "{refused}");
        assert_eq!(person(&running_by_person(app).await, row.cadre_id), 1);

        app.database.writer().execute_unprepared("DROP INDEX rotation_running_key").await.expect("dropped");
        start(app, &ids[1]).await.expect("without the index the second starts as well");
        assert_eq!(person(&running_by_person(app).await, row.cadre_id), 2);
    })
    .await;
}

async fn row(app: &TestApp, id: &str) -> rotation::Model {
    let id: entity::value::RotationId = id.parse().expect("an id");
    rotation::Entity::find_by_id(id).one(app.database.reader()).await.expect("read").expect("a rotation")
}

/// Writes the state as a naive command would.
async fn start(app: &TestApp, id: &str) -> Result<rotation::Model, DbErr> {
    let id: entity::value::RotationId = id.parse().expect("an id");
    let started = rotation::ActiveModel { id: Set(id), state: Set(RotationState::InProgress), ..Default::default() };
    started.update(app.database.writer()).await
}
