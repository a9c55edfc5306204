//! The change feed: each caller gets each change within its reach and scopes once, in the order of the commits.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU32, Ordering},
};

use cadre_api::{
    clock::Clock,
    domain::{client, maintenance},
};
use entity::{assignment, change, sample, value::ChangeKind};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, sea_query::Expr};
use serde_json::{Value, json};

use crate::{
    client_admin::grant::requested,
    support::{
        Caller, TestApp, clock, csv, on_both, poll,
        rotation::{Places, day},
    },
};

const READ: [&str; 4] = ["cadre:read", "rotation:read", "training:read", "quota:read"];
const WRITE: [&str; 6] =
    ["cadre:read", "rotation:read", "rotation:write", "training:read", "training:write", "quota:read"];

const FEED: &str = "query($after: String, $first: Int = 100, $types: [ChangeType!]) {
  changes(after: $after, first: $first, types: $types) {
    edges { cursor node { id type objectId code operation } }
    pageInfo { endCursor hasNextPage }
  }
}";

/// A reader of the feed with its cursor.
struct Reader<'a> {
    caller: &'a Caller<'a>,
    cursor: String,
}

impl<'a> Reader<'a> {
    async fn from_now(caller: &'a Caller<'a>) -> Self {
        let data = caller.query("{ changeCursor }").await;
        Self { caller, cursor: data["changeCursor"].as_str().expect("a cursor").to_owned() }
    }

    /// All changes since the last call, as `OPERATION TYPE code`, with the id if the object has no code.
    async fn news(&mut self, first: usize) -> Vec<String> {
        let mut news = Vec::new();
        loop {
            let page = self.caller.query_with(FEED, json!({ "after": self.cursor, "first": first })).await;
            let page = &page["changes"];
            for edge in page["edges"].as_array().expect("edges") {
                let node = &edge["node"];
                let text = |name: &str| node[name].as_str().unwrap_or_default().to_owned();
                let object = if node["code"].is_null() { text("objectId") } else { text("code") };
                news.push(format!("{} {} {object}", text("operation"), text("type")));
            }
            self.cursor = page["pageInfo"]["endCursor"].as_str().expect("a cursor").to_owned();
            if page["pageInfo"]["hasNextPage"] == false {
                return news;
            }
        }
    }

    async fn refusal(&self) -> Value {
        let answer = self.caller.ask(FEED, json!({ "after": self.cursor })).await;
        answer["errors"][0]["extensions"].clone()
    }
}

async fn command(caller: &Caller<'_>, name: &str, object: &str, input: &str) -> Value {
    static KEYS: AtomicU32 = AtomicU32::new(0);
    let key = KEYS.fetch_add(1, Ordering::Relaxed);
    let document = format!(
        "mutation {{ {name}(input: {{idempotencyKey: \"feed-{key}\", {input}}}) \
         {{ {object} {{ id }} userErrors {{ code message field }} }} }}"
    );
    let mut data = caller.query(&document).await;
    assert_eq!(data[name]["userErrors"], json!([]), "{document}");
    data[name][object]["id"].take()
}

/// Proposes a rotation of A-03 from A2U to B1U, prepared by the province, that begins today.
async fn decided(caller: &Caller<'_>) -> String {
    let input = r#"cadreCode: "A-03", form: ROTATION, purpose: DEVELOPMENT, toUnitCode: "B1U", toTitleCode: "CC",
        startOn: "2026-06-01", plannedEndOn: "2029-06-01", preparingUnitCode: "P",
        planning: {documentNo: "1-QH", validFrom: "2025-01-01"}"#;
    let id = command(caller, "rotationPropose", "rotation", input).await.as_str().expect("an id").to_owned();
    for step in ["POLICY", "NOMINATION", "PREPARATION", "EXCHANGE"] {
        let input = format!("rotationId: \"{id}\", step: {step}, on: \"2026-06-01\"");
        command(caller, "rotationAdvance", "rotation", &input).await;
    }
    let input = format!("rotationId: \"{id}\", decisionNo: \"7-QĐ\", decidedOn: \"2026-06-01\"");
    command(caller, "rotationDecide", "rotation", &input).await;
    id
}

#[actix_web::test]
async fn a_move_is_reported_to_clients_that_lose_and_that_gain_the_person() {
    on_both(async |app| {
        let (office, nation) = (app.caller(&WRITE, &["P"]).await, app.caller(&READ, &["W"]).await);
        let (east, west, other) =
            (app.caller(&READ, &["A"]).await, app.caller(&READ, &["B"]).await, app.caller(&READ, &["PD1"]).await);
        let mut readers = Vec::new();
        for caller in [&office, &nation, &east, &west, &other] {
            readers.push(Reader::from_now(caller).await);
        }
        let id = decided(&office).await;
        let [office_news, nation_news, east_news, west_news, other_news] =
            news_of(&mut readers).await.try_into().expect("five");
        let steps = [vec![format!("CREATED ROTATION {id}")], vec![format!("UPDATED ROTATION {id}"); 5]].concat();
        assert_eq!((office_news, nation_news), (steps.clone(), steps), "the preparing unit's reach and all units");
        assert_eq!(
            (east_news, west_news, other_news),
            (vec![], vec![], vec![]),
            "before publication it is in no other feed"
        );

        command(&office, "rotationPublish", "rotation", &format!("rotationId: \"{id}\"")).await;
        let published = news_of(&mut readers).await;
        let (known, new) = (vec![format!("UPDATED ROTATION {id}")], vec![format!("ENTERED ROTATION {id}")]);
        assert_eq!(published, [known.clone(), known.clone(), new.clone(), new, vec![]]);

        command(&office, "rotationStart", "rotation", &format!("rotationId: \"{id}\"")).await;
        let started = news_of(&mut readers).await;
        let with = |operation: &str| vec![format!("UPDATED ROTATION {id}"), format!("{operation} CADRE A-03")];
        assert_eq!(started, [with("UPDATED"), with("UPDATED"), with("LEFT"), with("ENTERED"), vec![]]);
        assert_eq!(news_of(&mut readers).await, vec![Vec::<String>::new(); 5], "each change once");
    })
    .await;
}

async fn news_of(readers: &mut [Reader<'_>]) -> Vec<Vec<String>> {
    let mut news = Vec::new();
    for reader in readers {
        news.push(reader.news(100).await);
    }
    news
}

#[actix_web::test]
async fn the_planned_end_of_a_post_is_reported_on_its_day() {
    on_both(async |app| {
        let (east, west) = (app.caller(&READ, &["A"]).await, app.caller(&READ, &["B"]).await);
        maintenance::record_day(&app.database, clock()).await.expect("recorded");
        let places = Places::of(&app.database).await;
        let post = assignment::Entity::update_many()
            .filter(assignment::Column::CadreId.eq(places.cadre("A-04")))
            .filter(assignment::Column::EndOn.is_null())
            .col_expr(assignment::Column::EndOn, Expr::value(day("2026-06-02")));
        post.exec(app.database.writer()).await.expect("written");
        let next = assignment::Model {
            cadre_id: places.cadre("A-04"),
            unit_id: places.unit("B1U"),
            title_code: "CC".parse().expect("a code"),
            start_on: day("2026-06-02"),
            ..sample::assignment()
        };
        next.into_active_model().reset_all().insert(app.database.writer()).await.expect("written");
        maintenance::rebuild_projections(&app.database, clock()).await.expect("rebuilt");

        let mut readers = [Reader::from_now(&east).await, Reader::from_now(&west).await];
        let recorded = maintenance::record_day(&app.database, clock()).await.expect("recorded");
        assert!(!recorded, "the day is recorded");
        let tomorrow = Clock::Fixed("2026-06-01T17:00:00Z".parse().expect("a moment"));
        assert!(maintenance::record_day(&app.database, tomorrow).await.expect("recorded"));
        assert!(!maintenance::record_day(&app.database, tomorrow).await.expect("recorded"), "once");
        assert_eq!(news_of(&mut readers).await, [["LEFT CADRE A-04"], ["ENTERED CADRE A-04"]]);
    })
    .await;
}

#[actix_web::test]
async fn pages_of_one_contain_the_same_changes_as_one_page() {
    on_both(async |app| {
        let office = app.caller(&WRITE, &["P"]).await;
        let (mut one, mut all) = (Reader::from_now(&office).await, Reader::from_now(&office).await);
        let id = decided(&office).await;
        command(&office, "rotationPublish", "rotation", &format!("rotationId: \"{id}\"")).await;
        command(&office, "rotationStart", "rotation", &format!("rotationId: \"{id}\"")).await;
        let (one, all) = (one.news(1).await, all.news(1_000).await);
        assert_eq!(one.len(), 9);
        assert_eq!(one, all);
    })
    .await;
}

#[actix_web::test]
async fn a_cursor_made_with_other_rights_is_refused_with_the_reason() {
    on_both(async |app| {
        let (east, west) = (app.caller(&READ, &["A"]).await, app.caller(&READ, &["B"]).await);
        let reader = Reader::from_now(&east).await;
        let foreign = Reader { caller: &west, cursor: reader.cursor.clone() };
        assert_eq!(foreign.refusal().await["code"], "INVALID", "cursors are bound to their client");
        assert!(reader.refusal().await.is_null(), "the control");

        let client = || east.id.parse().expect("an id");
        for (scopes, units, reason) in
            [(&READ[..], &["A", "B"][..], "REACH_CHANGED"), (&READ[..2], &["A"][..], "SCOPES_CHANGED")]
        {
            client::grant(&app.database, clock(), client(), requested(scopes, units)).await.expect("granted");
            let refused = async || {
                let refusal = reader.refusal().await;
                (refusal["reason"] == reason).then_some(refusal)
            };
            let refusal = poll::until_async(refused).await.expect("the service sees the grant");
            assert_eq!(refusal["code"], "RESYNC");
        }
        client::grant(&app.database, clock(), client(), requested(&READ, &["A"])).await.expect("granted");
        let continues = async || reader.refusal().await.is_null().then_some(());
        poll::until_async(continues).await.expect("with the same rights the cursor is valid again");
    })
    .await;
}

#[actix_web::test]
async fn types_follow_the_scopes() {
    on_both(async |app| {
        let office = app.caller(&WRITE, &["P"]).await;
        let persons = app.caller(&["cadre:read"], &["P"]).await;
        let mut reader = Reader::from_now(&persons).await;
        let mut all = Reader::from_now(&office).await;
        let id = decided(&office).await;
        command(&office, "rotationPublish", "rotation", &format!("rotationId: \"{id}\"")).await;
        command(&office, "rotationStart", "rotation", &format!("rotationId: \"{id}\"")).await;
        assert_eq!(reader.news(100).await, ["UPDATED CADRE A-03"], "no change of rotations without their scope");
        assert!(all.news(100).await.len() > 5, "the control");

        let refused = persons.errors("{ changes(types: [CADRE, ROTATION]) { nodes { id } } }").await;
        assert_eq!(refused, ["FORBIDDEN"]);
        let some = "{ changes(types: [CADRE], first: 0) { nodes { id } } }";
        assert_eq!(persons.errors(some).await, ["INVALID"], "a page has at least one change");
    })
    .await;
}

#[actix_web::test]
async fn a_small_import_is_reported_record_by_record() {
    on_both(async |app| {
        let (east, nation) = (app.caller(&READ, &["A"]).await, app.caller(&READ, &["W"]).await);
        let mut readers = [Reader::from_now(&east).await, Reader::from_now(&nation).await];
        app.import_text(&[
            (
                "cadres.csv",
                &csv::cadres("code,national_id,full_name", "N-1,999000000091,Lê Văn Mới\nN-2,999000000092,Lê Thị Mới"),
            ),
            (
                "assignments.csv",
                &csv::assignments(
                    "cadre_code,unit_code,title_code,start_on",
                    "N-1,A1U,CC,2020-01-01\nN-2,B1U,CC,2020-01-01",
                ),
            ),
        ])
        .await;
        let [east, nation] = news_of(&mut readers).await.try_into().expect("two");
        assert_eq!(east, ["CREATED CADRE N-1"]);
        assert_eq!(nation, ["CREATED CADRE N-1", "CREATED CADRE N-2"]);
    })
    .await;
}

#[actix_web::test]
async fn a_bulk_load_requires_a_new_copy() {
    on_both(async |app| {
        let nation = app.caller(&READ, &["W"]).await;
        let from_the_beginning = nation.ask("{ changes { nodes { id } } }", json!({})).await;
        let refusal = &from_the_beginning["errors"][0]["extensions"];
        assert_eq!(
            (&refusal["code"], &refusal["reason"]),
            (&json!("RESYNC"), &json!("BULK_LOAD")),
            "{from_the_beginning}"
        );
        let types = nation.query("{ changes(types: [UNIT, TITLE]) { nodes { type code } } }").await;
        assert!(
            types["changes"]["nodes"].as_array().expect("nodes").len() > 10,
            "changes of units and lists are in the feed: {types}"
        );
    })
    .await;
}

/// Concurrent transactions commit in another order than they draw their numbers. No reader misses a change.
#[actix_web::test]
async fn readers_miss_no_change_of_concurrent_writers() {
    const WRITERS: usize = 12;
    const ROUNDS: usize = 6;
    on_both(async |app| {
        let scopes = ["training:read", "training:write", "quota:read", "quota:allocate"];
        let office = app.caller(&scopes, &["P"]).await;
        let mut readers = [Reader::from_now(&office).await, Reader::from_now(&office).await];
        let begin = last_change(app).await;
        let draft = async |writer: usize| {
            for round in 0..ROUNDS {
                let input = format!(
                    "code: \"F-{writer}-{round}\", name: \"Kế hoạch\", documentNo: \"1-KH\", unitCode: \"P\", \
                     yearFrom: 2026, yearTo: 2026"
                );
                command(&office, "planDraft", "plan", &input).await;
            }
        };
        let writers = futures_util::future::join_all((0..WRITERS).map(draft));
        let mut received = [Vec::new(), Vec::new()];
        let reading = async {
            while received.iter().any(|received: &Vec<String>| received.len() < WRITERS * ROUNDS) {
                for (reader, received) in readers.iter_mut().zip(&mut received) {
                    received.extend(reader.news(3).await);
                }
            }
        };
        futures_util::join!(writers, reading);
        let recorded = change::Entity::find().filter(change::Column::Seq.gt(begin)).all(app.database.reader()).await;
        let recorded = recorded.expect("read").into_iter().filter(|row| row.object_type == "training_plan");
        let expected: BTreeSet<String> = recorded
            .map(|row| {
                assert_eq!(row.kind, ChangeKind::Created);
                format!("CREATED TRAINING_PLAN {}", row.object)
            })
            .collect();
        assert_eq!(expected.len(), WRITERS * ROUNDS);
        for received in received {
            assert_eq!(received.len(), WRITERS * ROUNDS, "each change once");
            assert_eq!(received.into_iter().collect::<BTreeSet<_>>(), expected);
        }
    })
    .await;
}

async fn last_change(app: &TestApp) -> i64 {
    let last = change::Entity::find().order_by_desc(change::Column::Seq).one(app.database.reader()).await;
    last.expect("read").map_or(0, |row| row.seq)
}
