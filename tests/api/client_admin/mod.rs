//! Clients and their grants: at the command line, and over GraphQL for an administrator that is itself a client.

pub mod grant;
mod node;
mod rights;

use cadre_api::{
    domain::client::{self, Asked},
    limit::Overrides,
};
use entity::value::Purpose;
use serde_json::{Value, json};

use crate::support::{Caller, TestApp, clock, on_both, poll};

/// Sends a command on a client and returns its payload, with the codes and fields of the errors.
async fn command(by: &Caller<'_>, name: &str, input: &str, more: &str) -> Value {
    let document = format!(
        r#"mutation {{ {name}(input: {{{input}}}) {{ client {{ id version revokedAt }} {more} userErrors {{ code field message }} }} }}"#
    );
    by.query(&document).await[name].take()
}

/// The code and the field of the only error.
fn refusal(payload: &Value) -> (&str, String) {
    let error = &payload["userErrors"][0];
    let field: Vec<_> = error["field"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    (error["code"].as_str().unwrap_or("none"), field.join("."))
}

/// The ids of the clients that are visible to a caller.
async fn visible_clients(by: &Caller<'_>) -> Vec<String> {
    let list = by.query("{ clients(first: 100) { nodes { id } totalCount { value } } }").await;
    let ids: Vec<String> = list["clients"]["nodes"]
        .as_array()
        .expect("nodes")
        .iter()
        .map(|node| node["id"].as_str().expect("an id").to_owned())
        .collect();
    assert_eq!(list["clients"]["totalCount"]["value"], json!(ids.len()));
    ids
}

#[actix_web::test]
async fn an_administrator_cannot_grant_a_right_that_it_lacks() {
    on_both(async |app| {
        let admin = app.caller_for(&[Purpose::Training], &["cadre:read", "clients:admin"], &["A"]).await;
        let good = r#"scopes: ["cadre:read"], unitCodes: ["A1"]"#;
        for (grant, code, field) in [
            (r#"scopes: ["cadre:read", "rotation:read"], unitCodes: ["A1"]"#, "NOT_HELD", "scopes"),
            (r#"scopes: ["everything"], unitCodes: ["A1"]"#, "NOT_HELD", "scopes"),
            (r#"scopes: [], unitCodes: ["A1"]"#, "INVALID_NUMBER", "scopes"),
            (r#"scopes: ["cadre:read"], unitCodes: []"#, "INVALID_NUMBER", "unitCodes"),
            (r#"scopes: ["cadre:read"], unitCodes: ["A1", "B"]"#, "NOT_FOUND", "unitCodes"),
            (r#"scopes: ["cadre:read"], unitCodes: ["P"]"#, "NOT_FOUND", "unitCodes"),
            (r#"scopes: ["cadre:read"], unitCodes: ["NOWHERE"]"#, "NOT_FOUND", "unitCodes"),
            (&format!("{good}, purposes: [PERSONNEL]"), "NOT_HELD", "purposes"),
            (&format!(r#"{good}, legalBasis: " \n ""#), "INVALID_TEXT", "legalBasis"),
            (&format!("{good}, legalBasis: \"HD\u{202E} 1\""), "INVALID_TEXT", "legalBasis"),
            (&format!(r#"{good}, validFrom: "2026-05-31""#), "INVALID_DAY", "validFrom"),
            (&format!(r#"{good}, validTo: "2026-06-01""#), "INVALID_DAY", "validTo"),
            (&format!("{good}, requestsPerSecond: 0"), "INVALID_NUMBER", "requestsPerSecond"),
            (&format!("{good}, requestsPerSecond: 1001"), "INVALID_NUMBER", "requestsPerSecond"),
            (&format!("{good}, costPerMinute: 6000001"), "INVALID_NUMBER", "costPerMinute"),
        ] {
            let input = format!(r#"idempotencyKey: "k", name: "Cổng", grant: {{{grant}}}"#);
            let payload = command(&admin, "clientRegister", &input, "secret").await;
            assert_eq!(refusal(&payload), (code, format!("input.grant.{field}")), "{grant}: {payload}");
            assert!(payload["client"].is_null() && payload["secret"].is_null(), "{payload}");
        }
        let named = |name: &str| format!(r#"idempotencyKey: "k", name: "{name}", grant: {{{good}}}"#);
        for name in ["", " x", "x\\ny"] {
            assert_eq!(refusal(&command(&admin, "clientRegister", &named(name), "").await).0, "INVALID_TEXT", "{name}");
        }
        assert_eq!(
            visible_clients(&admin).await,
            std::slice::from_ref(&admin.id),
            "{:?}: no client was registered",
            app.kind
        );

        let payload = command(&admin, "clientRegister", &named("Cổng"), "secret").await;
        assert_eq!(payload["userErrors"], json!([]), "{payload}");
        let id = payload["client"]["id"].as_str().expect("an id").to_owned();
        assert_eq!(visible_clients(&admin).await, [admin.id.clone(), id], "{:?}", app.kind);
        let again = named("Cổng").replace("\"k\"", "\"l\"");
        assert_eq!(refusal(&command(&admin, "clientRegister", &again, "").await).0, "CODE_TAKEN");
        let reader = app.caller(&["cadre:read"], &["A"]).await;
        assert_eq!(reader.errors("{ clients { nodes { id } } }").await, ["FORBIDDEN"]);
    })
    .await;
}

#[actix_web::test]
async fn a_secret_is_shown_once() {
    on_both(async |app| {
        let admin = app.caller(&["cadre:read", "clients:admin"], &["A"]).await;
        let register = r#"idempotencyKey: "k", name: "Cổng", grant: {scopes: ["cadre:read"], unitCodes: ["A1"]}"#;

        let first = command(&admin, "clientRegister", register, "secret").await;
        let replay = command(&admin, "clientRegister", register, "secret").await;

        let (id, secret) =
            (first["client"]["id"].as_str().expect("an id"), first["secret"].as_str().expect("a secret"));
        assert_eq!((&replay["client"]["id"], &replay["secret"]), (&json!(id), &Value::Null), "{:?}", app.kind);
        drop(app.token(id, secret).await);

        let rotate = format!(r#"idempotencyKey: "r", clientId: "{id}", expectedVersion: 1, overlapHours: 0"#);
        let rotated = command(&admin, "clientRotateSecret", &rotate, "secret").await;
        let replay = command(&admin, "clientRotateSecret", &rotate, "secret").await;
        let new = rotated["secret"].as_str().expect("a secret");
        assert_ne!(new, secret);
        assert_eq!((&rotated["client"]["version"], &replay["secret"]), (&json!(2), &Value::Null));
        drop(app.token(id, new).await);

        // No table that records commands contains the secret.
        let stored = texts(app).await;
        assert!(stored.contains(id), "the control: the responses contain the client");
        assert!(!stored.contains(secret) && !stored.contains(new), "{:?}", app.kind);
        for hours in ["-1", "721"] {
            let input = format!(r#"idempotencyKey: "h", clientId: "{id}", overlapHours: {hours}"#);
            let refused = command(&admin, "clientRotateSecret", &input, "").await;
            assert_eq!(refusal(&refused), ("INVALID_NUMBER", "input.overlapHours".to_owned()));
        }
    })
    .await;
}

/// The content of the tables of commands, responses and secrets, as text.
async fn texts(app: &TestApp) -> String {
    use entity::{audit_entry, change, client_secret, idempotency_key};
    use sea_orm::EntityTrait;
    let reader = app.database.reader();
    let answers = idempotency_key::Entity::find().all(reader).await.expect("read");
    let entries = audit_entry::Entity::find().all(reader).await.expect("read");
    let changes = change::Entity::find().all(reader).await.expect("read");
    let secrets = client_secret::Entity::find().all(reader).await.expect("read");
    format!("{answers:?} {entries:?} {changes:?} {secrets:?}")
}

#[actix_web::test]
async fn a_client_with_rights_that_the_administrator_lacks_is_invisible() {
    on_both(async |app| {
        let admin = app.caller(&["cadre:read", "clients:admin"], &["A"]).await;
        let own = app.caller(&["cadre:read"], &["A1", "A2"]).await;
        let elsewhere = app.caller(&["cadre:read"], &["B"]).await;
        let above = app.caller(&["cadre:read"], &["P"]).await;
        let partly = app.caller(&["cadre:read"], &["A1", "B1"]).await;
        let more = app.caller(&["cadre:read", "rotation:read"], &["A1"]).await;
        let earlier = app.caller(&["cadre:read"], &["B"]).await;
        let id = earlier.id.parse().expect("an id");
        let narrow = grant::requested(&["cadre:read"], &["A1"]);
        client::grant(&app.database, clock(), id, narrow).await.expect("granted");
        let all = app.all_seeing().await;

        assert_eq!(visible_clients(&admin).await, [&admin, &own].map(|caller| caller.id.clone()), "{:?}", app.kind);
        assert_eq!(visible_clients(&all).await.len(), 8, "the control: a client with all rights sees all clients");

        let grant = r#"grant: {scopes: ["cadre:read"], unitCodes: ["A1"]}"#;
        let commands = [("clientGrant", grant), ("clientRevoke", ""), ("clientRotateSecret", "")];
        for (name, rest) in commands {
            let input = |id: &str| format!(r#"idempotencyKey: "{name}", clientId: "{id}", {rest}"#);
            let unknown = entity::value::ClientId::new().to_string();
            let missing = command(&admin, name, &input(&unknown), "").await;
            assert_eq!(refusal(&missing), ("NOT_FOUND", "input.clientId".to_owned()));
            assert_eq!(command(&admin, name, &input("nobody"), "").await, missing);
            for foreign in [&elsewhere, &above, &partly, &more, &earlier] {
                assert_eq!(command(&admin, name, &input(&foreign.id), "").await, missing, "{:?}: {name}", app.kind);
            }
            let done = command(&all, name, &input(&more.id), "").await;
            let is_over = name == "clientRotateSecret";
            assert_eq!(done["userErrors"] != json!([]), is_over, "the control: {done}");
            assert!(!is_over || refusal(&done).0 == "WRONG_STEP", "it has been revoked: {done}");
        }
        let page = admin.query("{ clients(first: 1) { nodes { name } pageInfo { hasNextPage endCursor } } }").await;
        assert_eq!(page["clients"]["pageInfo"]["hasNextPage"], json!(true));
        let after = format!(
            "{{ clients(first: 1, after: {}) {{ nodes {{ id }} }} }}",
            page["clients"]["pageInfo"]["endCursor"]
        );
        assert_eq!(admin.query(&after).await["clients"]["nodes"], json!([{ "id": own.id }]));
        assert_eq!(all.errors(&after).await, ["INVALID"], "another's cursor");
    })
    .await;
}

#[actix_web::test]
async fn a_command_on_a_client_requires_the_current_version() {
    on_both(async |app| {
        let admin = app.caller(&["cadre:read", "clients:admin"], &["A"]).await;
        let target = app.caller(&["cadre:read"], &["A1"]).await;
        let grant =
            r#"grant: {scopes: ["cadre:read"], unitCodes: ["A2"], validTo: "2027-01-01", requestsPerSecond: 5}"#;
        let input = |key: &str, version: i32, rest: &str| {
            format!(r#"idempotencyKey: "{key}", clientId: "{}", expectedVersion: {version}, {rest}"#, target.id)
        };

        let late = command(&admin, "clientGrant", &input("a", 7, grant), "").await;
        assert_eq!(refusal(&late), ("VERSION_CONFLICT", "input.expectedVersion".to_owned()));
        let done = command(&admin, "clientGrant", &input("a", 1, grant), "").await;
        assert_eq!((&done["client"]["version"], &done["userErrors"]), (&json!(2), &json!([])), "{done}");
        assert_eq!(command(&admin, "clientGrant", &input("a", 1, grant), "").await, done, "the same request again");
        let reused = command(&admin, "clientGrant", &input("a", 2, grant), "").await;
        assert_eq!(refusal(&reused).0, "IDEMPOTENCY_KEY_REUSED");

        let listed = admin
            .query(
                "{ clients(last: 1) { nodes { grants { scopes units { code } validFrom validTo endedOn isInForce
                   requestsPerSecond costPerMinute } } } }",
            )
            .await;
        let grant = |units, from, to, ended, is_in_force, requests| {
            json!({
                "scopes": ["cadre:read"], "units": [{ "code": units }], "validFrom": from, "validTo": to,
                "endedOn": ended, "isInForce": is_in_force, "requestsPerSecond": requests, "costPerMinute": null,
            })
        };
        let (nothing, day) = (Value::Null, json!("2026-06-01"));
        assert_eq!(
            listed["clients"]["nodes"][0]["grants"],
            json!([
                grant("A1", nothing.clone(), nothing.clone(), day.clone(), false, nothing.clone()),
                grant("A2", day, json!("2027-01-01"), nothing, true, json!(5)),
            ])
        );

        let revoked = command(&admin, "clientRevoke", &input("b", 2, ""), "").await;
        assert_eq!((&revoked["client"]["version"], &revoked["userErrors"]), (&json!(3), &json!([])), "{revoked}");
        assert!(revoked["client"]["revokedAt"].is_string());
        let again = command(&admin, "clientRevoke", &input("c", 3, ""), "").await;
        assert_eq!(refusal(&again), ("WRONG_STEP", "input.clientId".to_owned()));
    })
    .await;
}

#[actix_web::test]
async fn an_administrator_cannot_grant_more_requests_than_its_own() {
    on_both(async |app| {
        let scopes = ["cadre:read", "clients:admin"];
        let admin = app.caller(&scopes, &["A"]).await;
        let bounded = Asked { limits: Overrides::of(Some(7), None), ..grant::requested(&scopes, &["A"]) };
        client::grant(&app.database, clock(), admin.id.parse().expect("an id"), bounded).await.expect("granted");
        let own = "{ viewer { limits { requestsPerSecond } } }";
        let known = async || (admin.query(own).await["viewer"]["limits"]["requestsPerSecond"] == 7).then_some(());
        poll::until_async(known).await.expect("the service sees the grant");

        let register = async |name: &str, limit: &str| {
            let grant = format!(r#"grant: {{scopes: ["cadre:read"], unitCodes: ["A1"]{limit}}}"#);
            let input = format!(r#"idempotencyKey: "{name}", name: "{name}", {grant}"#);
            command(&admin, "clientRegister", &input, "secret").await
        };
        let more = register("more", ", requestsPerSecond: 8").await;
        assert_eq!(refusal(&more), ("INVALID_NUMBER", "input.grant.requestsPerSecond".to_owned()));
        for (name, limit, expected) in [("fewer", ", requestsPerSecond: 6", 6), ("as many", "", 7)] {
            let made = register(name, limit).await;
            let id = made["client"]["id"].as_str().unwrap_or_else(|| panic!("{made}"));
            let grants = client::history(&app.database, id.parse().expect("an id")).await.expect("grants");
            assert_eq!(grants[0].limits, Overrides::of(Some(expected), None), "{:?}: {name}", app.kind);
            // Revoking the client returns its share of the sum of the administrator's limits.
            client::revoke(&app.database, clock(), id.parse().expect("an id")).await.expect("revoked");
        }
    })
    .await;
}

#[actix_web::test]
async fn only_its_administrators_find_a_client_by_its_id() {
    on_both(async |app| {
        let admin = app.caller(&["cadre:read", "clients:admin"], &["A"]).await;
        let below = app.caller(&["cadre:read"], &["A1"]).await;
        let above = app.caller(&["cadre:read"], &["P"]).await;
        let document = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Client { name } } }";
        let ids = json!({ "ids": [below.id, above.id, admin.id, "cli_nothing"] });

        let found = admin.query_with(document, ids).await;

        let listed = visible_clients(&admin).await;
        let ids: Vec<&str> =
            found["nodes"].as_array().expect("nodes").iter().filter_map(|of| of["id"].as_str()).collect();
        assert_eq!(ids, [below.id.as_str(), admin.id.as_str()], "{:?}: {found}", app.kind);
        assert!(ids.iter().all(|id| listed.iter().any(|of| of == id)) && !listed.contains(&above.id));
        assert!(found["nodes"][0]["name"].is_string() && found["nodes"][0]["__typename"] == "Client", "{found}");
        let by_id = "query($id: ID!) { node(id: $id) { id } }";
        let reader = app.caller(&["cadre:read"], &["W"]).await;
        assert_eq!(reader.query_with(by_id, json!({ "id": below.id })).await["node"], Value::Null);
    })
    .await;
}
