//! Sixty-four clients request seats concurrently. No more seats are given than exist.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use entity::{quota, value::QuotaId};
use futures_util::future::join_all;
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, SimpleExpr},
};
use serde_json::{Value, json};

use super::{issued, office, quota as given, quota_numbers, with_key};
use crate::support::{Caller, TestApp, on_both};

const TASKS: usize = 64;
const REQUESTS: usize = 10_000;
const SEATS: i32 = 500;

/// Sends a command like a client that retries with the same key if the service asks for it. Returns the code of the
/// refusal.
pub(super) async fn code(caller: &Caller<'_>, command: &str, input: Value) -> String {
    let input_type = format!("{}{}Input", command[..1].to_uppercase(), &command[1..]);
    let document =
        format!("mutation($input: {input_type}!) {{ done: {command}(input: $input) {{ userErrors {{ code }} }} }}");
    let input = json!({ "input": with_key(input) });
    loop {
        let answer = caller.ask(&document, input.clone()).await;
        match answer["errors"][0]["extensions"]["code"].as_str() {
            Some("UNAVAILABLE") => {}
            Some(_) => panic!("{answer:#}"),
            None => return answer["data"]["done"]["userErrors"][0]["code"].as_str().unwrap_or("DONE").to_owned(),
        }
    }
}

/// Sends requests from sixty-four tasks, each the next unsent request, and counts the results.
pub(super) async fn race(requests: usize, send: impl AsyncFn(usize) -> String) -> BTreeMap<String, usize> {
    let next = AtomicUsize::new(0);
    let task = async || {
        let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= requests {
                return outcomes;
            }
            *outcomes.entry(send(at).await).or_default() += 1;
        }
    };
    let mut all = BTreeMap::new();
    for outcomes in join_all((0..TASKS).map(|_| task())).await {
        for (code, count) in outcomes {
            *all.entry(code).or_default() += count;
        }
    }
    all
}

#[actix_web::test]
async fn ten_thousand_concurrent_requests_get_exactly_the_free_seats() {
    on_both(async |app| {
        let caller = office(app).await;
        let root = issued(&caller, given(SEATS)).await;
        let units = ["A1", "A2", "C1", "A1U", "A2U", "C1U", "A1P"];

        let outcomes = race(REQUESTS, async |at| {
            let input = json!({ "quotaId": root, "unitCode": units[at % units.len()], "seats": 1 });
            code(&caller, "quotaAllocate", input).await
        })
        .await;

        let seats = usize::try_from(SEATS).expect("a number");
        let expected = [("DONE".to_owned(), seats), ("QUOTA_EXHAUSTED".to_owned(), REQUESTS - seats)];
        assert_eq!(outcomes, expected.into());
        assert_eq!(quota_numbers(&caller, &root).await, [500, 500, 0, 0, 501]);
        let children = children(app, &root).await;
        assert_eq!(children.iter().map(|child| child.seats).sum::<i32>(), SEATS);
        assert_eq!(children.len(), units.len(), "each unit has one");
    })
    .await;
}

async fn children(app: &TestApp, of: &str) -> Vec<quota::Model> {
    let of: QuotaId = of.parse().expect("an id");
    let children = quota::Entity::find().filter(quota::Column::ParentId.eq(of));
    children.all(app.database.reader()).await.expect("read")
}

/// The control: reading, checking and writing in separate statements allocates too many seats, and without the check a
/// constraint of the table refuses.
#[actix_web::test]
async fn a_check_before_the_write_would_allocate_too_many_seats() {
    on_both(async |app| {
        let caller = office(app).await;
        let root = issued(&caller, given(5)).await;
        let id: QuotaId = root.parse().expect("an id");
        let read = async || {
            let row = quota::Entity::find_by_id(id).one(app.database.reader()).await.expect("read");
            let row = row.expect("a quota");
            (row.allocated < row.seats).then_some(row.allocated + 1)
        };
        let write = async |allocated: SimpleExpr| {
            let update = quota::Entity::update_many().filter(quota::Column::Id.eq(id));
            update.col_expr(quota::Column::Allocated, allocated).exec(app.database.writer()).await
        };

        let mut granted = 0;
        while let Some(first) = read().await {
            let more: Vec<_> = join_all((1..8).map(|_| read())).await.into_iter().flatten().collect();
            for allocated in more.into_iter().chain([first]) {
                write(Expr::val(allocated)).await.expect("the constraints are satisfied");
                granted += 1;
            }
        }

        assert_eq!(granted, 40, "eight were promised each of five seats");
        let one_more = Expr::col(quota::Column::Allocated).add(1);
        write(one_more).await.expect_err("a constraint refuses the write without a check");
        let allocated: Option<i32> = quota::Entity::find_by_id(id)
            .select_only()
            .column(quota::Column::Allocated)
            .into_tuple()
            .one(app.database.reader())
            .await
            .expect("read");
        assert_eq!(allocated, Some(5));
    })
    .await;
}

#[actix_web::test]
async fn concurrent_allocations_and_returns_neither_lose_nor_create_seats() {
    on_both(async |app| {
        let caller = office(app).await;
        let root = issued(&caller, given(20)).await;
        let units = ["A1", "A2", "C1"];
        let child = join_all(units.map(|unit| super::allocated_quota(&caller, &root, unit, 3))).await;

        let outcomes = race(600, async |at| {
            let (unit, child) = (units[at % 3], &child[at % 3]);
            match at % 5 {
                0 | 1 => {
                    let input = json!({ "quotaId": root, "unitCode": unit, "seats": 1 });
                    code(&caller, "quotaAllocate", input).await
                }
                2 => code(&caller, "quotaReturn", json!({ "quotaId": child, "seats": 1 })).await,
                3 => {
                    let below = format!("{unit}U");
                    let input = json!({ "quotaId": child, "unitCode": below, "seats": 1 });
                    code(&caller, "quotaAllocate", input).await
                }
                _ => code(&caller, "quotaAmend", json!({ "quotaId": root, "seats": 18 + at % 4 })).await,
            }
        })
        .await;

        assert!(
            outcomes.keys().all(|code| ["DONE", "QUOTA_EXHAUSTED", "QUOTA_IN_USE"].contains(&code.as_str())),
            "{outcomes:?}"
        );
        assert!(outcomes["DONE"] > 20, "{outcomes:?}");
        let [seats, allocated, ..] = quota_numbers(&caller, &root).await;
        assert!(allocated <= seats);
        let of_root = children(app, &root).await;
        assert_eq!(of_root.iter().map(|child| i64::from(child.seats)).sum::<i64>(), allocated);
        for child in of_root {
            let below: i32 = children(app, &child.id.to_string()).await.iter().map(|below| below.seats).sum();
            assert_eq!(below, child.allocated);
            assert!(child.allocated <= child.seats);
        }
    })
    .await;
}
