//! Commands: keys, versions, and the status of each kind of refusal.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Answer, filled, get, post, request, routes, transfer};
use crate::support::{Caller, TestApp, on_both};

/// Creates the transfer and gives its path.
async fn proposed(app: &TestApp, caller: &Caller<'_>) -> String {
    let answer = post(app, caller, "/v1/rotations", "propose", &transfer()).await;
    assert_eq!(answer.status, 201, "{:#}", answer.body);
    let location = answer.header("location").to_owned();
    location.strip_prefix(app.url.as_str()).expect("the public URL").to_owned()
}

#[actix_web::test]
async fn a_created_object_has_a_location_and_a_repeated_key_has_one_effect() {
    on_both(async |app| {
        let caller = app.all_seeing().await;
        let first = post(app, &caller, "/v1/rotations", "key", &transfer()).await;
        let again = post(app, &caller, "/v1/rotations", "\"key\"", &transfer()).await;

        assert_eq!((first.status, again.status), (201, 201), "{:#}", first.body);
        assert_eq!(first.body, again.body, "with and without quotation marks");
        assert!(first.body.get("userErrors").is_none());
        let id = first.body["rotation"]["id"].as_str().expect("an id").to_owned();
        assert_eq!(first.header("location"), format!("{}/v1/rotations/{id}", app.url));
        let read = get(app, &caller, &format!("/v1/rotations/{id}")).await.ok("rotation");
        assert_eq!((&read["state"], &read["cadre"]["code"]), (&json!("DRAFT"), &json!("A-04")));

        let mut other = transfer();
        other["plannedEndOn"] = json!("2027-09-01");
        let reused = post(app, &caller, "/v1/rotations", "key", &other).await;
        assert_eq!(reused.problem(), (422, "IDEMPOTENCY_KEY_REUSED"));
        let plan = json!({ "code": "KH/2026", "name": "Kế hoạch", "unitCode": "A", "yearFrom": 2026, "yearTo": 2026 });
        let plan = post(app, &caller, "/v1/training-plans", "plan", &plan).await;
        assert_eq!(
            (plan.status, plan.header("location")),
            (201, format!("{}/v1/training-plans/KH%2F2026", app.url).as_str())
        );
        let read = get(app, &caller, "/v1/training-plans/KH%2F2026").await.ok("plan");
        assert_eq!(read["code"], "KH/2026");
    })
    .await;
}

#[actix_web::test]
async fn refusals_have_the_status_of_their_kind() {
    on_both(async |app| {
        let caller = app.all_seeing().await;
        let path = proposed(app, &caller).await;
        let step = json!({ "step": "POLICY", "on": "2026-05-01" });
        let with = |mut body: Value, name: &str, value: Value| {
            body[name] = value;
            body
        };
        let advance = format!("{path}/advance");
        let missing = format!("/v1/rotations/{}/advance", "rot_00000000000000000000000000");
        for (path, body, status, code, field) in [
            (missing.as_str(), step.clone(), 404, "NOT_FOUND", "rotationId"),
            ("/v1/rotations", with(transfer(), "cadreCode", json!("NOBODY")), 422, "NOT_FOUND", "cadreCode"),
            (
                "/v1/rotations",
                with(transfer(), "plannedEndOn", json!("2020-01-01")),
                422,
                "INVALID_DAY",
                "plannedEndOn",
            ),
            (&format!("{path}/publish"), json!({}), 409, "WRONG_STEP", "rotationId"),
            (&advance, with(step.clone(), "on", json!("2030-01-01")), 422, "INVALID_DAY", "on"),
        ] {
            let answer = post(app, &caller, path, &format!("{path} {code}"), &body).await;
            assert_eq!(answer.problem(), (status, code), "{path}: {:#}", answer.body);
            assert_eq!(answer.body["errors"][0]["field"], field, "{path}: {:#}", answer.body);
            assert!(answer.body["errors"][0].get("__typename").is_none());
        }
        let wrong = post(app, &caller, &format!("{path}/publish"), "due", &json!({})).await;
        let error = &wrong.body["errors"][0];
        assert_eq!(
            (&error["state"], &error["due"][0]),
            (&json!("DRAFT"), &json!("rotationAdvance(step: POLICY)")),
            "{error:#}"
        );

        let versioned = async |version: &str| {
            let request = request(app, &caller, Method::POST, &advance).header("Idempotency-Key", version);
            Answer::of(request.header("If-Match", version).json(&step).send().await.expect("an answer")).await
        };
        let stale = versioned("\"7\"").await;
        assert_eq!(stale.problem(), (412, "VERSION_CONFLICT"));
        assert_eq!(stale.body["errors"][0]["currentVersion"], 1);
        for malformed in ["7", "W/\"1\"", "*", "\"x\""] {
            let answer = versioned(malformed).await;
            assert_eq!(answer.problem(), (400, "BAD_PARAMETER"), "{malformed}");
            assert_eq!(answer.body["errors"][0]["field"], "If-Match");
        }
        let advanced = versioned("\"1\"").await.ok("advance");
        assert_eq!(
            (&advanced["rotation"]["state"], &advanced["rotation"]["version"]),
            (&json!("POLICY_APPROVED"), &json!(2))
        );
    })
    .await;
}

#[actix_web::test]
async fn too_few_seats_are_a_conflict_with_their_numbers() {
    on_both(async |app| {
        let caller = app.all_seeing().await;
        let quotas = caller.query(r#"{ quotas(where: {plan: "KH-P"}) { nodes { id seats unit { code } } } }"#).await;
        let quotas = quotas["quotas"]["nodes"].as_array().expect("quotas").clone();
        let of_p = quotas.iter().find(|quota| quota["unit"]["code"] == "P").expect("a quota of P");
        let path = format!("/v1/quotas/{}/allocate", of_p["id"].as_str().expect("an id"));

        let refused = post(app, &caller, &path, "many", &json!({ "unitCode": "A", "seats": 1_000 })).await;
        assert_eq!(refused.problem(), (409, "QUOTA_EXHAUSTED"), "{:#}", refused.body);
        assert_eq!(refused.body["errors"][0]["seats"], of_p["seats"], "{:#}", refused.body);
    })
    .await;
}

/// Every route of a command requires a key and takes nothing unknown.
#[actix_web::test]
async fn a_command_requires_a_key_and_known_members() {
    let app = TestApp::new(crate::support::Kind::Sqlite).await;
    let caller = app.all_seeing().await;
    for (_, path) in routes(&app).await.into_iter().filter(|(method, _)| method == "POST") {
        let path = filled(&app, &caller, &path).await;
        let unknown = post(&app, &caller, &path, "key", &json!({ "nothing": 1 })).await;
        assert_eq!(unknown.problem(), (400, "BAD_PARAMETER"), "{path}");
        assert_eq!(unknown.body["errors"][0]["field"], "nothing", "{path}");
        if path.ends_with("/by-national-id") {
            continue;
        }
        let sent = request(&app, &caller, Method::POST, &path).json(&json!({})).send().await;
        let answer = Answer::of(sent.expect("an answer")).await;
        assert_eq!(answer.problem(), (400, "BAD_PARAMETER"), "{path}");
        let in_body = post(&app, &caller, &path, "key", &json!({ "idempotencyKey": "k" })).await;
        assert_eq!(in_body.problem(), (400, "BAD_PARAMETER"), "{path}: the key is a header");
    }
    let path = proposed(&app, &caller).await;
    let sent =
        request(&app, &caller, Method::POST, &format!("{path}/cancel")).json(&json!({ "reason": "x" })).send().await;
    let answer = Answer::of(sent.expect("an answer")).await;
    assert_eq!(answer.body["errors"][0]["field"], "Idempotency-Key", "{:#}", answer.body);
    for (body, field) in [
        (json!({}), "reason"),
        (json!({ "reason": null }), "reason"),
        (json!({ "reason": 5 }), "reason"),
        (json!({ "reason": ["x", 5] }), "reason"),
    ] {
        let answer = post(&app, &caller, &format!("{path}/cancel"), "bad", &body).await;
        assert_eq!(answer.problem(), (400, "BAD_PARAMETER"), "{body}");
        assert_eq!(answer.body["errors"][0]["field"], field, "{body}");
    }
    app.stop().await;
}

#[actix_web::test]
async fn a_command_without_members_needs_no_body() {
    let app = TestApp::new(crate::support::Kind::Sqlite).await;
    let caller = app.all_seeing().await;
    let path = proposed(&app, &caller).await;

    let sent = request(&app, &caller, Method::POST, &format!("{path}/start")).header("Idempotency-Key", "start");
    let answer = Answer::of(sent.send().await.expect("an answer")).await;

    assert_eq!(answer.problem(), (409, "WRONG_STEP"), "it reached the command");
    app.stop().await;
}

#[actix_web::test]
async fn a_command_needs_its_scope() {
    let app = TestApp::new(crate::support::Kind::Sqlite).await;
    let caller = app.caller(&["cadre:read", "rotation:read"], &["P"]).await;

    let answer = post(&app, &caller, "/v1/rotations", "key", &transfer()).await;

    assert_eq!(answer.problem(), (403, "FORBIDDEN"));
    assert_eq!(answer.body["errors"][0]["missingScopes"], json!(["rotation:write"]));
    app.stop().await;
}

#[actix_web::test]
async fn a_secret_is_returned_once() {
    let app = TestApp::new(crate::support::Kind::Sqlite).await;
    let caller = app.all_seeing().await;
    let body = json!({ "name": "Sở Nội vụ", "grant": { "scopes": ["cadre:read"], "unitCodes": ["A"], "purposes": ["PERSONNEL"] } });

    let first = post(&app, &caller, "/v1/clients", "key", &body).await;
    let again = post(&app, &caller, "/v1/clients", "key", &body).await;

    assert_eq!((first.status, again.status), (201, 201), "{:#}", first.body);
    let id = first.body["client"]["id"].as_str().expect("an id");
    assert_eq!(first.header("location"), format!("{}/v1/clients/{id}", app.url));
    assert!(first.body["secret"].is_string() && again.body["secret"].is_null());
    assert_eq!(first.body["client"]["grants"][0]["units"][0]["code"], "A");
    let nested = json!({ "name": "x", "grant": { "scopes": ["cadre:read"], "unitCodes": ["A"], "nothing": 1 } });
    let answer = post(&app, &caller, "/v1/clients", "other", &nested).await;
    assert_eq!(answer.problem(), (400, "BAD_PARAMETER"));
    assert_eq!(answer.body["errors"][0]["field"], "grant");
    app.stop().await;
}
