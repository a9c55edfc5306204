//! An administrator sees and changes exactly the clients that have no right that it lacks, and grants only its own
//! rights.

use std::collections::BTreeSet;

use cadre_api::{
    domain::client::{
        self, Asked,
        external::{self, ExternalName},
        key,
    },
    limit::Overrides,
};
use entity::value::Purpose;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{command, grant, refusal, visible_clients};
use crate::support::{Caller, TestApp, clock, on_both, poll};

/// Random rights of a client, as the operator grants them.
#[derive(Clone, Debug)]
struct Drawn {
    scopes: BTreeSet<&'static str>,
    units: BTreeSet<&'static str>,
    purposes: BTreeSet<Purpose>,
    valid_to: Option<&'static str>,
    requests: Option<u32>,
    cost: Option<u32>,
    has_key: bool,
    issuers: BTreeSet<&'static str>,
}

/// P is above A and B, A above A1 and A2, B above B1.
const UNITS: [&str; 6] = ["P", "A", "B", "A1", "A2", "B1"];
const SCOPES: [&str; 3] = ["cadre:read", "stats:read", "rotation:read"];
const PURPOSES: [Purpose; 2] = [Purpose::Training, Purpose::Personnel];
const ISSUERS: [&str; 2] = ["https://one.example.vn", "https://two.example.vn"];
/// The limits of a client whose grant sets none.
const SERVICE: (u32, u32) = (1_000, 6_000_000);

fn some_of<T: Copy + Ord>(draw: &mut fastrand::Rng, all: &[T], least: usize) -> BTreeSet<T> {
    loop {
        let some: BTreeSet<T> = all.iter().copied().filter(|_| draw.bool()).collect();
        if some.len() >= least {
            return some;
        }
    }
}

impl Drawn {
    fn draw(draw: &mut fastrand::Rng) -> Self {
        let units = some_of(draw, &UNITS, 1).into_iter().take(2).collect();
        Self {
            scopes: some_of(draw, &SCOPES, 1),
            units,
            purposes: some_of(draw, &PURPOSES, 0),
            valid_to: draw.choice([None, Some("2026-12-31"), Some("2027-12-31")]).flatten(),
            requests: draw.choice([None, None, Some(900), Some(1_100)]).flatten(),
            cost: draw.choice([None, None, Some(5_000_000), Some(7_000_000)]).flatten(),
            has_key: draw.u8(0..4) == 0,
            issuers: if draw.bool() { BTreeSet::new() } else { some_of(draw, &ISSUERS, 0) },
        }
    }

    /// Rights that differ from an administrator's in few places, so that each difference alone decides.
    fn near(&self, draw: &mut fastrand::Rng) -> Self {
        let (mut near, other) = (self.clone(), Self::draw(draw));
        for _ in 0..draw.usize(0..3) {
            match draw.u8(0..8) {
                0 => near.scopes = other.scopes.clone(),
                1 => near.units = other.units.clone(),
                2 => near.purposes = other.purposes.clone(),
                3 => near.valid_to = other.valid_to,
                4 => near.requests = other.requests,
                5 => near.cost = other.cost,
                6 => near.has_key = !near.has_key,
                _ => near.issuers = other.issuers.clone(),
            }
        }
        near
    }

    fn reach(&self) -> BTreeSet<&'static str> {
        let below = |unit: &str| -> &'static [&'static str] {
            match unit {
                "P" => &UNITS,
                "A" => &["A", "A1", "A2"],
                "B" => &["B", "B1"],
                "A1" => &["A1"],
                "A2" => &["A2"],
                _ => &["B1"],
            }
        };
        self.units.iter().flat_map(|unit| below(unit)).copied().collect()
    }

    /// The reference: compares every right separately.
    fn holds_all_of(&self, other: &Self) -> bool {
        let no_later = match (self.valid_to, other.valid_to) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(other)) => other <= own,
        };
        other.scopes.is_subset(&self.scopes)
            && other.reach().is_subset(&self.reach())
            && other.purposes.is_subset(&self.purposes)
            && no_later
            && other.requests.unwrap_or(SERVICE.0) <= self.requests.unwrap_or(SERVICE.0)
            && other.cost.unwrap_or(SERVICE.1) <= self.cost.unwrap_or(SERVICE.1)
            && (self.has_key || !other.has_key)
            && other.issuers.is_subset(&self.issuers)
    }

    /// A client with these rights. An administrator also has `clients:admin`.
    async fn create<'a>(&self, app: &'a TestApp, is_admin: bool) -> Caller<'a> {
        let mut scopes: Vec<&str> = self.scopes.iter().copied().collect();
        scopes.extend(is_admin.then_some("clients:admin"));
        let (units, purposes): (Vec<&str>, Vec<Purpose>) =
            (self.units.iter().copied().collect(), self.purposes.iter().copied().collect());
        let caller = app.caller_for(&purposes, &scopes, &units).await;
        let id = caller.id.parse().expect("an id");
        let requested = Asked {
            purposes,
            valid_to: self.valid_to.map(|day| day.parse().expect("a day")),
            limits: Overrides::of(self.requests, self.cost),
            ..grant::requested(&scopes, &units)
        };
        client::grant(&app.database, clock(), id, requested).await.expect("granted");
        if self.has_key {
            let text = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#.to_owned();
            let add = key::Add { client: id, text, kid: None, algorithm: None };
            key::add(&app.database, clock(), add).await.expect("a key");
        }
        for issuer in &self.issuers {
            let name = ExternalName { issuer: (*issuer).to_owned(), name: caller.id.clone() };
            external::link(&app.database, clock(), id, name).await.expect("linked");
        }
        caller
    }

    /// The input of `clientGrant` for these rights.
    fn terms(&self) -> String {
        let list = |words: Vec<String>| json!(words).to_string();
        let scopes = list(self.scopes.iter().map(ToString::to_string).collect());
        let units = list(self.units.iter().map(ToString::to_string).collect());
        let purposes: Vec<String> = self.purposes.iter().map(ToString::to_string).collect();
        let limit =
            |name: &str, limit: Option<u32>| limit.map(|limit| format!(", {name}: {limit}")).unwrap_or_default();
        let valid_to = self.valid_to.map(|day| format!(r#", validTo: "{day}""#)).unwrap_or_default();
        format!(
            "grant: {{scopes: {scopes}, unitCodes: {units}, purposes: [{}]{valid_to}{}{}}}",
            purposes.join(", "),
            limit("requestsPerSecond", self.requests),
            limit("costPerMinute", self.cost)
        )
    }
}

#[actix_web::test]
async fn an_administrator_manages_exactly_the_clients_without_a_right_that_it_lacks() {
    on_both(async |app| {
        let mut draw = fastrand::Rng::with_seed(14);
        let mut targets = Vec::new();
        let mut admins = Vec::new();
        for _ in 0..5 {
            let drawn = Drawn::draw(&mut draw);
            for _ in 0..6 {
                let near = drawn.near(&mut draw);
                targets.push((near.create(app, false).await, near));
            }
            admins.push((drawn.create(app, true).await, drawn));
        }
        // The control counts both outcomes.
        let (mut both, mut commands) = ([0; 2], 0);
        for (admin, own) in &admins {
            let visible: BTreeSet<String> = visible_clients(admin).await.into_iter().collect();
            for (target, rights) in &targets {
                let expected = own.holds_all_of(rights);
                both[usize::from(expected)] += 1;
                assert_eq!(visible.contains(&target.id), expected, "{:?}: sees\n{own:?}\n{rights:?}", app.kind);
                commands += 1;
                let input = format!(r#"idempotencyKey: "{commands}", clientId: "{}""#, target.id);
                let rotated = command(admin, "clientRotateSecret", &input, "secret").await;
                assert_eq!(rotated["secret"].is_string(), expected, "{:?}: {rotated}", app.kind);
                if !expected {
                    assert_eq!(refusal(&rotated), ("NOT_FOUND", "input.clientId".to_owned()));
                    for (name, rest) in [("clientRevoke", String::new()), ("clientGrant", own.terms())] {
                        let refused = command(admin, name, &format!("{input}, {rest}"), "").await;
                        assert_eq!(refusal(&refused), ("NOT_FOUND", "input.clientId".to_owned()), "{name}");
                    }
                }
            }
        }
        assert!(both[0] > 30 && both[1] > 10, "the control: both cases occur: {both:?}");
    })
    .await;
}

#[actix_web::test]
async fn an_administrator_grants_exactly_its_own_rights() {
    on_both(async |app| {
        let mut draw = fastrand::Rng::with_seed(15);
        let mut both = [0; 2];
        for round in 0..4 {
            // Without its own limits, which would also bound the sum of its grants.
            let own = Drawn { requests: None, cost: None, ..Drawn::draw(&mut draw) };
            let admin = own.create(app, true).await;
            for at in 0..10 {
                let requested = Drawn { has_key: false, issuers: BTreeSet::new(), ..own.near(&mut draw) };
                // A missing last day means the last day of the administrator.
                let meant = Drawn { valid_to: requested.valid_to.or(own.valid_to), ..requested.clone() };
                let expected = own.holds_all_of(&meant);
                both[usize::from(expected)] += 1;
                let input = format!(r#"idempotencyKey: "{at}", name: "Cổng {round} {at}", {}"#, requested.terms());
                let made = command(&admin, "clientRegister", &input, "secret").await;
                assert_eq!(made["secret"].is_string(), expected, "{:?}: {own:?}\n{requested:?}\n{made}", app.kind);
                let Some(id) = made["client"]["id"].as_str() else { continue };
                let grants = client::history(&app.database, id.parse().expect("an id")).await.expect("grants");
                assert_eq!(grants[0].valid_to, meant.valid_to.map(|day| day.parse().expect("a day")));
                assert!(visible_clients(&admin).await.contains(&id.to_owned()), "it sees the clients that it granted");
            }
        }
        assert!(both[0] > 5 && both[1] > 5, "the control: both cases occur: {both:?}");
    })
    .await;
}

/// An administrator over A with limits that the service has loaded.
async fn bounded<'a>(app: &'a TestApp, limits: Overrides, valid_to: Option<&str>) -> Caller<'a> {
    let scopes = ["cadre:read", "clients:admin"];
    let admin = app.caller(&scopes, &["A"]).await;
    let valid_to = valid_to.map(|day| day.parse().expect("a day"));
    let requested = Asked { limits, valid_to, ..grant::requested(&scopes, &["A"]) };
    client::grant(&app.database, clock(), admin.id.parse().expect("an id"), requested).await.expect("granted");
    let own = "{ viewer { limits { requestsPerSecond } } }";
    let expected = limits.columns().0.unwrap_or(1_000);
    let known = async || (admin.query(own).await["viewer"]["limits"]["requestsPerSecond"] == expected).then_some(());
    poll::until_async(known).await.expect("the service sees the grant");
    admin
}

async fn registered(by: &Caller<'_>, name: &str, more: &str) -> Value {
    let grant = format!(r#"grant: {{scopes: ["cadre:read", "clients:admin"], unitCodes: ["A"]{more}}}"#);
    command(by, "clientRegister", &format!(r#"idempotencyKey: "{name}", name: "{name}", {grant}"#), "secret").await
}

#[actix_web::test]
async fn no_grant_outlives_that_of_the_administrator() {
    on_both(async |app| {
        let admin = bounded(app, Overrides::default(), Some("2026-12-31")).await;
        let own = format!(r#"idempotencyKey: "own", clientId: "{}", "#, admin.id);
        let terms =
            |more: &str| format!(r#"grant: {{scopes: ["cadre:read", "clients:admin"], unitCodes: ["A"]{more}}}"#);

        let later = command(&admin, "clientGrant", &format!("{own}{}", terms(r#", validTo: "2027-01-01""#)), "").await;
        assert_eq!(refusal(&later), ("NOT_HELD", "input.grant.validTo".to_owned()), "{:?}", app.kind);
        let after = registered(&admin, "after", r#", validFrom: "2026-12-31""#).await;
        assert_eq!(refusal(&after), ("INVALID_DAY", "input.grant.validFrom".to_owned()));

        let ends = async |id: &str| {
            let grants = client::history(&app.database, id.parse().expect("an id")).await.expect("grants");
            grants.last().expect("a grant").valid_to.map(|day| day.to_string())
        };
        let child = registered(&admin, "child", "").await;
        let child = child["client"]["id"].as_str().unwrap_or_else(|| panic!("{child}"));
        assert_eq!(ends(child).await.as_deref(), Some("2026-12-31"), "{:?}: without a requested end", app.kind);
        let renewed = command(&admin, "clientGrant", &format!("{own}{}", terms("")), "").await;
        assert_eq!(renewed["userErrors"], json!([]), "{renewed}");
        assert_eq!(ends(&admin.id).await.as_deref(), Some("2026-12-31"), "{:?}: the own end", app.kind);
    })
    .await;
}

#[actix_web::test]
async fn the_sum_of_granted_limits_stays_within_the_administrators_limits() {
    on_both(async |app| {
        let admin = bounded(app, Overrides::of(Some(100), None), None).await;
        let first = registered(&admin, "first", ", requestsPerSecond: 60").await;
        let id = first["client"]["id"].as_str().unwrap_or_else(|| panic!("{first}")).to_owned();
        let secret = first["secret"].as_str().expect("a secret");

        let too_much = registered(&admin, "second", ", requestsPerSecond: 41").await;
        assert_eq!(refusal(&too_much), ("NOT_HELD", "input.grant.requestsPerSecond".to_owned()), "{:?}", app.kind);
        let message = too_much["userErrors"][0]["message"].as_str().expect("a message");
        assert!(message.contains(" 40 "), "the message states the remaining limit: {message}");
        let unnamed = registered(&admin, "second", "").await;
        assert_eq!(refusal(&unnamed).0, "NOT_HELD", "a missing limit would be the administrator's own");
        let to_come = registered(&admin, "second", r#", requestsPerSecond: 41, validFrom: "2026-07-01""#).await;
        assert_eq!(refusal(&to_come).0, "NOT_HELD", "a future grant counts too");

        // The first administers clients itself. Clients below it are also below its administrator.
        let mut first = app.caller(&["cadre:read"], &["A"]).await;
        first.token = app.token(&id, secret).await;
        first.purpose = None;
        let below = registered(&first, "below", ", requestsPerSecond: 41").await;
        assert_eq!(refusal(&below).0, "NOT_HELD", "{:?}: {below}", app.kind);
        let below = registered(&first, "below", ", requestsPerSecond: 40").await;
        assert_eq!(below["userErrors"], json!([]), "{below}");
        assert_eq!(refusal(&registered(&admin, "second", ", requestsPerSecond: 1").await).0, "NOT_HELD");

        // Grants to itself or to its administrator also count in the sum.
        let to = |id: &str, key: &str, requests: u32| {
            format!(
                r#"idempotencyKey: "{key}", clientId: "{id}", grant: {{scopes: ["cadre:read", "clients:admin"],
                   unitCodes: ["A"], requestsPerSecond: {requests}}}"#
            )
        };
        let itself = command(&first, "clientGrant", &to(&id, "itself", 60), "").await;
        assert_eq!(itself["userErrors"], json!([]), "{itself}");
        assert_eq!(refusal(&registered(&admin, "second", ", requestsPerSecond: 1").await).0, "NOT_HELD");

        // Returned limits can be granted again.
        let less = command(&admin, "clientGrant", &to(&id, "less", 50), "").await;
        assert_eq!(less["userErrors"], json!([]), "{less}");
        let second = registered(&admin, "second", ", requestsPerSecond: 10").await;
        assert_eq!(second["userErrors"], json!([]), "{:?}: {second}", app.kind);
        let revoke = format!(r#"idempotencyKey: "revoke", clientId: "{id}""#);
        assert_eq!(command(&admin, "clientRevoke", &revoke, "").await["userErrors"], json!([]));
        let third = registered(&admin, "third", ", requestsPerSecond: 50").await;
        assert_eq!(third["userErrors"], json!([]), "{:?}: {third}", app.kind);
    })
    .await;
}

#[actix_web::test]
async fn concurrent_grants_stay_within_the_sum() {
    on_both(async |app| {
        let admin = bounded(app, Overrides::of(Some(100), None), None).await;

        let names: Vec<String> = (0..8).map(|at| format!("Cổng {at}")).collect();
        let made = join_all(names.iter().map(|name| registered(&admin, name, ", requestsPerSecond: 30"))).await;

        let done = made.iter().filter(|payload| payload["secret"].is_string()).count();
        assert_eq!(done, 3, "{:?}: {made:?}", app.kind);
        assert!(
            made.iter().filter(|payload| payload["secret"].is_null()).all(|payload| refusal(payload).0 == "NOT_HELD")
        );
    })
    .await;
}

#[actix_web::test]
async fn an_administrator_cannot_grant_rights_that_it_has_lost() {
    on_both(async |app| {
        let admin = bounded(app, Overrides::default(), None).await;
        assert_eq!(registered(&admin, "before", "").await["userErrors"], json!([]), "the control");

        // At once, before the service has loaded the narrower grant.
        let id = admin.id.parse().expect("an id");
        let narrow = grant::requested(&["cadre:read", "clients:admin"], &["A1"]);
        client::grant(&app.database, clock(), id, narrow).await.expect("granted");
        let lost = registered(&admin, "after", "").await;
        assert!(matches!(refusal(&lost), ("NOT_HELD" | "NOT_FOUND", _)), "{:?}: {lost}", app.kind);

        client::revoke(&app.database, clock(), id).await.expect("revoked");
        let body = json!({ "query": format!(
            r#"mutation {{ clientRegister(input: {{idempotencyKey: "r", name: "r", grant: {{scopes: ["cadre:read"],
               unitCodes: ["A1"]}}}}) {{ secret }} }}"#
        ) });
        let answer = admin.post(&body).send().await.expect("an answer").text().await.expect("text");
        assert!(!answer.contains(r#""secret":""#), "{:?}: {answer}", app.kind);
    })
    .await;
}
