//! The webhook of a client as its administrators see it: the host and the deliveries, never the secret or the path.

use serde_json::{Value, json};

use crate::{
    support::{Caller, on_both},
    webhook::{Announcing, receiver::Receiver},
};

const CLIENTS: &str = "{ clients(first: 100) { nodes { id webhook { host state createdAt disabledAt pendingSince
    nextAttemptAt lastDeliveredAt failures lastFailedAt lastFailure } } } }";

/// The webhooks that an administrator sees, with their clients.
async fn webhooks(by: &Caller<'_>) -> Vec<(String, Value)> {
    let text = by.raw(CLIENTS, json!({})).await;
    assert!(!text.contains("/hook") && !text.contains("whsec"), "neither the path nor the secret: {text}");
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    let clients = answer["data"]["clients"]["nodes"].as_array().unwrap_or_else(|| panic!("clients: {answer}"));
    clients.iter().map(|node| (node["id"].as_str().expect("an id").to_owned(), node["webhook"].clone())).collect()
}

#[actix_web::test]
async fn an_administrator_sees_the_deliveries_of_its_clients_and_no_secret() {
    on_both(async |app| {
        let receiver = Receiver::start();
        let mut of = Announcing::new(app, &receiver).await;
        let admin = app.caller(&["cadre:read", "clients:admin"], &["P"]).await;
        let client = of.client.to_string();
        let expect = async |expected: Value| {
            let mut webhook = json!({
                "host": receiver.host(), "state": "ACTIVE", "createdAt": "2026-06-01T05:00:00Z", "disabledAt": null,
                "pendingSince": null, "nextAttemptAt": null, "lastDeliveredAt": null, "failures": 0,
                "lastFailedAt": null, "lastFailure": null,
            });
            webhook.as_object_mut().expect("an object").extend(expected.as_object().expect("an object").clone());
            let expected = [(client.clone(), webhook), (admin.id.clone(), Value::Null)];
            assert_eq!(webhooks(&admin).await, expected, "{:?}", app.kind);
        };
        expect(json!({})).await;

        receiver.answer(&["500 Broken"]);
        of.change().await;
        assert_eq!(of.after(1).await, of.failed("500"));
        expect(json!({
            "state": "FAILING", "pendingSince": "2026-06-01T05:00:01Z", "nextAttemptAt": "2026-06-01T05:00:06Z",
            "failures": 1, "lastFailedAt": "2026-06-01T05:00:01Z", "lastFailure": "500",
        }))
        .await;

        assert_eq!(of.after(5).await, of.delivered());
        expect(json!({
            "lastDeliveredAt": "2026-06-01T05:00:06Z", "lastFailedAt": "2026-06-01T05:00:01Z", "lastFailure": "500",
        }))
        .await;

        receiver.answer(&["410 Gone"]);
        of.change().await;
        assert_eq!(of.after(1).await, of.disabled("410"));
        expect(json!({
            "state": "DISABLED", "disabledAt": "2026-06-01T05:00:07Z", "pendingSince": "2026-06-01T05:00:07Z",
            "lastDeliveredAt": "2026-06-01T05:00:06Z", "failures": 1, "lastFailedAt": "2026-06-01T05:00:07Z",
            "lastFailure": "410",
        }))
        .await;

        let by_id = format!(r#"{{ node(id: "{}") {{ ... on Client {{ webhook {{ state }} }} }} }}"#, of.client);
        assert_eq!(admin.query(&by_id).await["node"]["webhook"]["state"], "DISABLED");
        let request = app.http().get(format!("{}/v1/clients", app.url)).bearer_auth(&admin.token);
        let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        assert_eq!(answer["items"][0]["webhook"]["lastFailure"], "410", "{answer}");
    })
    .await;
}

#[actix_web::test]
async fn a_webhook_is_shown_only_with_its_client() {
    on_both(async |app| {
        let receiver = Receiver::start();
        let of = Announcing::new(app, &receiver).await;
        let id = of.client.to_string();
        let beside = app.caller(&["cadre:read", "clients:admin"], &["B"]).await;
        assert!(webhooks(&beside).await.iter().all(|(client, _)| *client != id), "an administrator of another unit");
        let own = app.caller(&["cadre:read"], &["P"]).await;
        assert_eq!(own.errors(CLIENTS).await, ["FORBIDDEN"], "without the scope");
        let above = app.caller(&["cadre:read", "clients:admin"], &["P"]).await;
        let shown = webhooks(&above).await;
        assert!(shown.iter().any(|(client, webhook)| *client == id && !webhook.is_null()), "the control: {shown:?}");
    })
    .await;
}
