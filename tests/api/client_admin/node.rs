//! Grants and revocations at one node take effect on every node.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{
    Kind, copy, poll,
    program::{Program, printed},
};

const CADRES: &str = "{ cadres(first: 1) { nodes { code } } }";

/// Registers a client at the first node, with a token from the second.
async fn register_client(nodes: &[Program; 2], admin: &str, round: usize) -> (String, String) {
    let document = format!(
        r#"mutation {{ clientRegister(input: {{
            idempotencyKey: "register {round}", name: "Cổng {round}",
            grant: {{scopes: ["cadre:read", "stats:read"], unitCodes: ["A"]}}
        }}) {{ client {{ id }} secret userErrors {{ code }} }} }}"#
    );
    let answer = nodes[0].ask(admin, &document).await.1["data"]["clientRegister"].take();
    let word = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    let (id, secret) = (word(&answer["client"]["id"]), word(&answer["secret"]));
    let token = nodes[1].exchange(&id, &secret).await.expect("a token");
    (id, token)
}

/// Revokes one client, or removes one of its scopes, at one node. Both nodes then refuse it and still accept another
/// client.
async fn revoke_and_check(nodes: &[Program; 2], admin: &str, round: usize) {
    let (id, token) = register_client(nodes, admin, round).await;
    for node in nodes {
        let (status, answer) = node.ask(&token, CADRES).await;
        assert_eq!((status, &answer["errors"]), (200, &Value::Null), "{answer}");
    }
    let is_revoked = round.is_multiple_of(2);
    let (name, rest) = match is_revoked {
        true => ("clientRevoke", ""),
        false => ("clientGrant", r#"grant: {scopes: ["stats:read"], unitCodes: ["A"]}"#),
    };
    let input = format!(r#"idempotencyKey: "act {round}", clientId: "{id}", expectedVersion: 1, {rest}"#);
    let document =
        format!("mutation {{ {name}(input: {{{input}}}) {{ client {{ version }} userErrors {{ code }} }} }}");
    let done = nodes[round / 2 % 2].ask(admin, &document).await.1;
    assert_eq!(done["data"][name], json!({ "client": { "version": 2 }, "userErrors": [] }), "{done}");
    for node in nodes {
        let refused = async || {
            let (status, answer) = node.ask(&token, CADRES).await;
            let code = &answer["errors"][0]["extensions"]["code"];
            let is_refused = if is_revoked { status == 401 } else { code == "FORBIDDEN" };
            is_refused.then_some(())
        };
        poll::until_async(refused).await.expect("a revoked right ends at every node");
    }
}

#[actix_web::test]
async fn revocations_and_smaller_grants_take_effect_at_every_node_twenty_times() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (url, _folder) = copy(kind).await;
        let scopes = ["--scope", "cadre:read", "stats:read", "clients:admin"];
        let add = [&["client", "add", "--name", "admin", "--unit", "P", "--json"][..], &scopes].concat();
        let made: Value = serde_json::from_str(&printed(&url, &add)).expect("JSON");
        let word = |name: &str| made[name].as_str().expect("a word").to_owned();
        let nodes = [Program::serve(&url), Program::serve(&url)];
        let admin = nodes[0].token(&(word("client_id"), word("client_secret"))).await;

        for wave in 0..4 {
            join_all((0..5).map(|at| revoke_and_check(&nodes, &admin, wave * 5 + at))).await;
        }
        assert_eq!(nodes[1].ask(&admin, CADRES).await.0, 200, "{kind:?}: the control");
    }
}
