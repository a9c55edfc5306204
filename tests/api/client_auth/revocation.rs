//! `POST /oauth/revoke` and `POST /oauth/introspect`.

use serde_json::{Value, json};

use super::{ASSERTED, Pair, sent};
use crate::support::{
    Caller, Kind, TestApp, clock, copy, on_both, poll,
    program::{Program, client},
};

const VIEWER: &str = "{ viewer { clientId } }";

async fn status(caller: &Caller<'_>) -> u16 {
    caller.post(&json!({ "query": VIEWER })).send().await.expect("an answer").status().as_u16()
}

/// Sends a form with a client's id and secret.
async fn send_form(app: &TestApp, path: &str, by: &Caller<'_>, form: &str) -> (u16, Value) {
    sent(&app.url, path, format!("{form}&client_id={}&client_secret={}", by.id, by.secret)).await
}

#[actix_web::test]
async fn a_revoked_token_is_refused_and_no_other() {
    on_both(async |app| {
        let mut caller = app.caller(&["cadre:read"], &["W"]).await;
        let other = app.caller(&["cadre:read", "clients:admin"], &["W"]).await;
        assert_eq!((status(&caller).await, status(&other).await), (200, 200));

        let (found, answer) = send_form(app, "/oauth/revoke", &other, &format!("token={}", caller.token)).await;
        assert_eq!((found, &answer["error"]), (400, &json!("unauthorized_client")), "another's token: {answer}");
        assert_eq!(status(&caller).await, 200, "{:?}: it is still valid", app.kind);

        let form = format!("token={}&token_type_hint=refresh_token", caller.token);
        for _ in 0..2 {
            let (found, answer) = send_form(app, "/oauth/revoke", &caller, &form).await;
            assert_eq!((found, answer), (200, Value::Null), "{:?}: a second revocation changes nothing", app.kind);
        }
        assert_eq!(status(&caller).await, 401, "{:?}", app.kind);
        assert_eq!(status(&other).await, 200, "{:?}: the control", app.kind);

        caller.token = app.token(&caller.id, &caller.secret).await;
        assert_eq!(status(&caller).await, 200, "{:?}: the client gets another token", app.kind);
    })
    .await;
}

#[actix_web::test]
async fn a_revoked_token_is_refused_by_every_node() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (url, _folder) = copy(kind).await;
        let (id, secret) = client(&url);
        let (first, second) = (Program::serve(&url), Program::serve(&url));
        let token = first.token(&(id.clone(), secret.clone())).await;
        let other_token = first.token(&(id.clone(), secret.clone())).await;
        assert_eq!(second.ask(&token, VIEWER).await.0, 200, "{kind:?}");

        let form = format!("token={token}&client_id={id}&client_secret={secret}");
        assert_eq!(sent(&first.url, "/oauth/revoke", form).await.0, 200, "{kind:?}");

        assert_eq!(first.ask(&token, VIEWER).await.0, 401, "{kind:?}: at this node at once");
        let refused = poll::until_async(async || (second.ask(&token, VIEWER).await.0 == 401).then_some(())).await;
        refused.expect("the other node has loaded the revocation");
        assert_eq!(second.ask(&other_token, VIEWER).await.0, 200, "{kind:?}: the control");
    }
}

#[actix_web::test]
async fn an_invalid_token_is_no_error_and_an_unauthenticated_client_is_refused() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        let forged = format!("{}x", caller.token);
        for token in ["x", "a.b.c", forged.as_str()] {
            let (found, answer) = send_form(app, "/oauth/revoke", &caller, &format!("token={token}")).await;
            assert_eq!((found, answer), (200, Value::Null), "{token}");
            let (found, answer) = send_form(app, "/oauth/introspect", &caller, &format!("token={token}")).await;
            assert_eq!((found, answer), (200, json!({ "active": false })), "{token}");
        }
        for path in ["/oauth/revoke", "/oauth/introspect"] {
            let token = &caller.token;
            for (name, form, status, error) in [
                ("no client", format!("token={token}"), 401, "invalid_client"),
                (
                    "a wrong secret",
                    format!("token={token}&client_id={}&client_secret=x", caller.id),
                    401,
                    "invalid_client",
                ),
                (
                    "no token",
                    format!("client_id={}&client_secret={}", caller.id, caller.secret),
                    400,
                    "invalid_request",
                ),
                ("two tokens", format!("token={token}&token={token}"), 400, "invalid_request"),
            ] {
                let (found, answer) = sent(&app.url, path, form).await;
                assert_eq!((found, &answer["error"]), (status, &json!(error)), "{path}: {name}: {answer}");
            }
        }
        assert_eq!(status(&caller).await, 200, "{:?}: nothing was revoked", app.kind);
    })
    .await;
}

#[actix_web::test]
async fn a_client_introspects_its_own_tokens_and_the_administrator_all() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read", "stats:read"], &["W"]).await;
        let stranger = app.caller(&["cadre:read", "audit:read"], &["W"]).await;
        let administrator = app.caller(&["clients:admin"], &["A"]).await;
        let form = format!("token={}", caller.token);
        let pair = Pair::of(app, &caller).await;
        let asserted = pair.assertion(&caller.id, &app.url, clock(), "to ask");

        let (found, own) = send_form(app, "/oauth/introspect", &caller, &form).await;
        assert_eq!(found, 200);
        let now = clock().now().timestamp();
        assert_eq!(own["active"], json!(true), "{own}");
        for (name, value) in [
            ("scope", json!("cadre:read stats:read")),
            ("client_id", json!(caller.id)),
            ("sub", json!(caller.id)),
            ("token_type", json!("Bearer")),
            ("iss", json!(app.url)),
            ("aud", json!(app.url)),
            ("iat", json!(now)),
            ("exp", json!(now + 600)),
        ] {
            assert_eq!(own[name], value, "{name}");
        }
        let by_assertion = format!("{form}&{ASSERTED}&client_assertion={asserted}");
        assert_eq!(sent(&app.url, "/oauth/introspect", by_assertion).await, (200, own.clone()), "{:?}", app.kind);
        assert_eq!(send_form(app, "/oauth/introspect", &administrator, &form).await, (200, own.clone()));
        let nothing = json!({ "active": false });
        assert_eq!(send_form(app, "/oauth/introspect", &stranger, &form).await, (200, nothing.clone()));

        send_form(app, "/oauth/revoke", &caller, &form).await;
        for by in [&caller, &administrator, &stranger] {
            assert_eq!(send_form(app, "/oauth/introspect", by, &form).await, (200, nothing.clone()), "{:?}", app.kind);
        }
    })
    .await;
}
