//! `private_key_jwt`: a client signs an assertion instead of sending a secret.

use cadre_api::clock::Clock;
use futures_util::future::join_all;
use serde_json::json;

use super::{ASSERTED, GRANT, Pair, sent};
use crate::support::{
    Kind, clock, copy, on_both,
    program::{PUBLIC_URL, Program, client, printed, refused},
};

#[actix_web::test]
async fn an_assertion_gets_one_token_under_concurrency() {
    on_both(async |app| {
        let mut caller = app.caller(&["cadre:read"], &["W"]).await;
        let (pair, id) = (Pair::of(app, &caller).await, caller.id.clone());
        let form = |jti: &str| {
            let assertion = pair.assertion(&id, &app.url, clock(), jti);
            format!("{GRANT}&{ASSERTED}&client_assertion={assertion}")
        };

        let answers = join_all((0..64).map(|_| sent(&app.url, "/oauth/token", form("same")))).await;

        let given: Vec<_> = answers.iter().filter(|answer| answer.0 == 200).collect();
        assert_eq!(given.len(), 1, "{:?}: {answers:?}", app.kind);
        assert!(answers.iter().all(|answer| answer.0 == 200 || answer.1["error"] == "invalid_client"), "{answers:?}");
        caller.token = given[0].1["access_token"].as_str().expect("a token").to_owned();
        assert_eq!(caller.query("{ viewer { clientId } }").await["viewer"]["clientId"], json!(id));

        let (status, answer) = sent(&app.url, "/oauth/token", form("same")).await;
        assert_eq!((status, &answer["error"]), (401, &json!("invalid_client")), "{:?}", app.kind);
        let again = (0..8).map(|at| form(&format!("another {at}")));
        for (status, answer) in join_all(again.map(|form| sent(&app.url, "/oauth/token", form))).await {
            assert_eq!(status, 200, "{:?}: the control: a valid assertion: {answer}", app.kind);
        }
    })
    .await;
}

#[actix_web::test]
async fn a_request_authenticates_its_client_by_one_method() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        let pair = Pair::of(app, &caller).await;
        let (id, secret) = (&caller.id, &caller.secret);
        let assertion = |jti: &str| pair.assertion(id, &app.url, clock(), jti);
        let good = |jti: &str| format!("{GRANT}&{ASSERTED}&client_assertion={}", assertion(jti));

        for (name, form, status, error) in [
            ("a secret too", format!("{}&client_id={id}&client_secret={secret}", good("1")), 400, "invalid_request"),
            ("half a secret too", format!("{}&client_secret=x", good("2")), 400, "invalid_request"),
            ("no type", format!("{GRANT}&client_assertion={}", assertion("3")), 400, "invalid_request"),
            ("no assertion", format!("{GRANT}&{ASSERTED}"), 400, "invalid_request"),
            (
                "no assertion, a secret",
                format!("{GRANT}&{ASSERTED}&client_id={id}&client_secret={secret}"),
                400,
                "invalid_request",
            ),
            (
                "another type",
                format!("{GRANT}&client_assertion_type=saml2-bearer&client_assertion={}", assertion("4")),
                401,
                "invalid_client",
            ),
            ("another id", format!("{}&client_id=cli_nobody", good("5")), 401, "invalid_client"),
            ("twice", format!("{}&client_assertion={}", good("6"), assertion("7")), 400, "invalid_request"),
            ("a scope that is not granted", format!("{}&scope=cadre:write", good("8")), 400, "invalid_scope"),
            ("the assertion of before", good("8"), 401, "invalid_client"),
            ("rubbish", format!("{GRANT}&{ASSERTED}&client_assertion=x.y.z"), 401, "invalid_client"),
        ] {
            let (found, answer) = sent(&app.url, "/oauth/token", form).await;
            assert_eq!((found, &answer["error"]), (status, &json!(error)), "{:?}: {name}: {answer}", app.kind);
        }
        let basic = app.http().post(format!("{}/oauth/token", app.url)).basic_auth(id, Some(secret));
        let basic = basic.header("Content-Type", "application/x-www-form-urlencoded").body(good("9"));
        assert_eq!(basic.send().await.expect("an answer").status(), 400, "Basic too");

        let (status, answer) = sent(&app.url, "/oauth/token", format!("{}&client_id={id}", good("9"))).await;
        assert_eq!(status, 200, "{:?}: the control: {answer}", app.kind);
    })
    .await;
}

#[actix_web::test]
async fn keys_of_clients_are_managed_at_the_command_line() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (url, folder) = copy(kind).await;
        let files = folder.unwrap_or_else(|| tempfile::tempdir().expect("a folder"));
        let (id, _) = client(&url);
        let (pair, path) = (Pair::draw(), files.path().join("public.pem"));
        std::fs::write(&path, pair.pem()).expect("written");
        let path = path.to_str().expect("UTF-8");
        let program = Program::serve(&url);
        let exchange = async |jti: &str| {
            let assertion = pair.assertion(&id, PUBLIC_URL, Clock::System, jti);
            sent(&program.url, "/oauth/token", format!("{GRANT}&{ASSERTED}&client_assertion={assertion}")).await.0
        };
        assert_eq!(exchange("before").await, 401);

        let message = printed(&url, &["client", "key", "add", "--client", &id, "--file", path, "--kid", "k1"]);

        assert_eq!(message, "key id:     k1\nalgorithm:  ES256\n");
        assert_eq!(exchange("after").await, 200, "{kind:?}: {}", program.log());
        assert_eq!(printed(&url, &["client", "key", "list", "--client", &id]), "k1  ES256  live\n");
        let message = refused(&url, &["client", "key", "add", "--client", &id, "--file", path, "--kid", "k1"]);
        assert!(message.contains("has or had a key with this id"), "{message}");

        assert!(printed(&url, &["client", "key", "revoke", "--client", &id, "k1"]).starts_with("the key is revoked"));
        assert_eq!(exchange("revoked").await, 401, "{kind:?}");
        assert!(printed(&url, &["client", "key", "list", "--client", &id]).starts_with("k1  ES256  revoked "));
        let unknown = entity::value::ClientId::new().to_string();
        let private = files.path().join("private.pem");
        std::fs::write(&private, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").expect("written");
        for (args, expected) in [
            (vec!["revoke", "--client", &id, "k1"], "is already revoked"),
            (vec!["revoke", "--client", &id, "k2"], "no key with this id"),
            (vec!["list", "--client", &unknown], "no client has this id"),
            (vec!["add", "--client", &unknown, "--file", path], "no client has this id"),
            (vec!["add", "--client", &id, "--file", "/no/such.pem"], "/no/such.pem cannot be read"),
            (vec!["add", "--client", &id, "--file", private.to_str().expect("UTF-8")], "contains a private key"),
            (
                vec!["add", "--client", &id, "--file", path, "--algorithm", "RS256"],
                "cannot be used with this algorithm",
            ),
            (vec!["add", "--client", &id, "--file", path, "--algorithm", "HS256"], "choose from ES256, EdDSA"),
            (vec!["add", "--client", &id, "--file", path, "--kid", "a b"], "no blanks"),
        ] {
            let message = refused(&url, &[&["client", "key"], &args[..]].concat());
            assert!(message.contains(expected), "{args:?}: {message}");
        }
        for at in 2..=6 {
            drop(printed(&url, &["client", "key", "add", "--client", &id, "--file", path, "--kid", &format!("k{at}")]));
        }
        let message = refused(&url, &["client", "key", "add", "--client", &id, "--file", path]);
        assert!(message.contains("already has 5 keys"), "{message}");
        assert_eq!(exchange("one of five").await, 200, "{kind:?}");
    }
}
