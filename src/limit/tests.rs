use governor::clock::FakeRelativeClock;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn budgets(clock: &FakeRelativeClock) -> Budgets<FakeRelativeClock> {
    Budgets::new(Limits::of(2, 600), Share::half(2, 4), clock.clone())
}

#[test]
fn a_second_has_its_requests_and_a_minute_its_cost_for_each_client() {
    let clock = FakeRelativeClock::default();
    let (budgets, client) = (budgets(&clock), Uuid::from_u128(1));
    let budget = budgets.of(client, Overrides::default());

    assert_eq!(budget.take(), Ok(Remaining { amount: 1, back_in: 1 }));
    assert_eq!(budgets.of(client, Overrides::default()).take(), Ok(Remaining { amount: 0, back_in: 1 }));
    assert_eq!(budget.take(), Err(Exceeded::Requests { limit: 2, wait: SECOND / 2 }));
    assert!(budgets.of(Uuid::from_u128(2), Overrides::default()).take().is_ok(), "another client has its own");
    clock.advance(SECOND / 2);
    assert_eq!(budget.take(), Ok(Remaining { amount: 0, back_in: 1 }));

    assert_eq!(budget.spend(500), Ok(Remaining { amount: 100, back_in: 50 }));
    let over = budget.spend(200).expect_err("too much");
    assert_eq!(over, Exceeded::Cost { cost: 200, limit: 600, wait: SECOND * 10 });
    assert_eq!(over.retry_after(), Some(10));
    assert!(budget.spend(100).is_ok(), "what is refused is not counted");
    clock.advance(SECOND * 20);
    assert!(budget.spend(200).is_ok());
    for cost in [601, u64::MAX] {
        let never = budget.spend(cost).expect_err("too much");
        assert_eq!((never, never.retry_after()), (Exceeded::Never { cost, limit: 600 }, None));
    }
}

#[test]
fn a_grant_sets_its_own_limits_and_others_start_full() {
    let clock = FakeRelativeClock::default();
    let (budgets, client) = (budgets(&clock), Uuid::from_u128(1));
    let own = Overrides::of_columns(Some(1), None);
    assert!(budgets.of(client, own).take().is_ok());
    assert!(budgets.of(client, own).take().is_err());
    assert_eq!(budgets.of(client, own).limits(), Limits::of(1, 600));

    assert!(budgets.of(client, Overrides::default()).take().is_ok());
    assert_eq!(Overrides::of_columns(Some(0), Some(-1)).columns(), (Some(1), Some(1)));
    let most = budgets.of(client, Overrides::of(Some(u32::MAX), Some(u32::MAX)));
    assert_eq!(most.limits(), Limits::of(MAX_REQUESTS, MAX_COST));
    assert!(most.take().is_ok() && most.spend(u64::from(MAX_COST)).is_ok());
}

#[test]
fn failed_attempts_are_bounded_for_each_address_and_client_together() {
    let clock = FakeRelativeClock::default();
    let (attempts, client) = (Attempts::new(clock.clone()), Uuid::from_u128(1));
    let from = |text: &str| Some(text.parse().expect("an address"));
    for at in 0..30 {
        assert!(attempts.fail(from("192.0.2.1"), client).is_ok(), "{at}");
    }
    assert_eq!(attempts.fail(from("192.0.2.1"), client), Err(SECOND * 6));
    assert_eq!(attempts.fail(from("::ffff:192.0.2.1"), client), Err(SECOND * 6), "the same address");
    for (other, client) in [("192.0.2.1", Uuid::from_u128(2)), ("192.0.2.2", client)] {
        assert!(attempts.fail(from(other), client).is_ok());
    }
    assert!(attempts.fail(None, client).is_ok());
    clock.advance(SECOND * 6);
    assert!(attempts.fail(from("192.0.2.1"), client).is_ok());
    assert!(attempts.fail(from("192.0.2.1"), client).is_err());

    for at in 0..30 {
        assert!(attempts.fail(from(&format!("2001:db8::{at}")), client).is_ok(), "{at}");
    }
    assert!(attempts.fail(from("2001:db8::ffff:0:0:1"), client).is_err(), "one network of IPv6");
    assert!(attempts.fail(from("2001:db8:0:1::1"), client).is_ok());
}

#[test]
fn the_counters_are_bounded() {
    let attempts = Attempts::new(FakeRelativeClock::default());
    for id in 0..3 * CACHE_CAPACITY as u128 {
        assert!(attempts.fail(None, Uuid::from_u128(id)).is_ok());
    }
    assert!(attempts.of.len() <= CACHE_CAPACITY, "{}", attempts.of.len());
}

#[test]
fn a_permit_is_released_when_its_request_is_done() {
    let in_flight = InFlight::at_most(1);
    let first = in_flight.enter();
    assert!(first.is_some() && in_flight.enter().is_none());
    drop(first);
    assert!(in_flight.enter().is_some());
    assert!(InFlight::default().most() >= IN_FLIGHT_PER_CORE);
}

#[test]
fn a_wait_is_rounded_up_to_whole_seconds() {
    for (millis, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (59_999, 60)] {
        assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds);
    }
}

#[tokio::test]
async fn operations_of_a_client_wait_for_each_other_and_those_of_others_do_not() {
    let budgets = Budgets::under(Limits::default(), Share::half(2, 4));
    let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let budget = budgets.of(one, Overrides::default());

    let first = budget.turn().await.expect("the first");
    let mut second = std::pin::pin!(budget.turn());
    assert!(futures_util::poll!(&mut second).is_pending(), "one runs");
    assert_eq!(budget.turn().await.err(), Some(Exceeded::Turns { limit: 1 }), "one runs and one waits");
    assert!(budgets.of(other, Overrides::default()).turn().await.is_ok());

    drop(first);
    assert!(second.await.is_ok(), "the next one runs");
    assert!(budget.turn().await.is_ok(), "all places are free again");
}
