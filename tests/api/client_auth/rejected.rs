//! The log explains why credentials are rejected, at the level of warnings. No response does.

use entity::value::ClientId;
use serde_json::json;

use super::{ASSERTED, GRANT, Pair, sent};
use crate::support::{
    Kind, clock, copy, poll,
    program::{PUBLIC_URL, Program, client},
};

#[actix_web::test]
async fn the_log_of_warnings_explains_each_rejected_credential() {
    let (url, _folder) = copy(Kind::Sqlite).await;
    let (id, secret) = client(&url);
    let program = Program::serve_with(&url, &["--log", "warn"]);
    let unknown = ClientId::new().to_string();
    let assertion = Pair::draw().assertion(&id, PUBLIC_URL, clock(), "one");

    let wrong = sent(&program.url, "/oauth/token", format!("{GRANT}&client_id={id}&client_secret=guess")).await;
    let of_unknown =
        sent(&program.url, "/oauth/token", format!("{GRANT}&client_id={unknown}&client_secret=guess")).await;
    assert_eq!(wrong, of_unknown, "the response does not say why");
    let asserted = format!("{GRANT}&{ASSERTED}&client_assertion={assertion}");
    assert_eq!(sent(&program.url, "/oauth/token", asserted).await.0, 401);
    assert_eq!(program.ask("x.y.z", "{ __typename }").await.0, 401);
    assert!(program.exchange(&id, &secret).await.is_some(), "the control");

    let lines = async || {
        let log = program.log();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let lines: Vec<_> = lines.filter(|line| line["message"] == "credential rejected").collect();
        (lines.len() >= 4).then_some(lines)
    };
    let lines = poll::until_async(lines).await.expect("four lines");
    let reasons: Vec<_> = lines.iter().map(|line| (&line["auth.credential"], &line["auth.reason"])).collect();
    let expected = [
        ("client secret", "secret"),
        ("client secret", "unknown client"),
        ("client assertion", "kid"),
        ("access token", "not base64url"),
    ]
    .map(|(credential, reason)| (json!(credential), json!(reason)));
    assert_eq!(reasons, expected.iter().map(|(credential, reason)| (credential, reason)).collect::<Vec<_>>());
    for (line, named) in lines.iter().zip([Some(&id), Some(&unknown), Some(&id), None]) {
        assert_eq!(line["level"], "WARN");
        assert!(line["span"]["request.id"].is_string(), "the line contains the id of its request: {line}");
        assert_eq!(line["span"]["client.id"].as_str(), named.map(String::as_str), "{line}");
    }
}
