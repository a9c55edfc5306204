//! `cadre-api serve --demo`: a small population in a temporary database, a client, a token, and instructions.

use std::{process::ExitCode, time::Duration};

use cadre_api::{
    auth::Tokens,
    clock::Clock,
    config::{Console, Settings},
    db::RowScope,
    demo,
    domain::client,
    import,
};
use entity::value::{AllowedDocuments, Purpose, Scope};
use serde_json::Value;

use crate::cli::{
    Stop,
    key::store,
    open_current,
    output::Output,
    serve::{listen, run},
};

/// Time limit of the first query.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Creates the population and serves it until stopped; everything is deleted afterwards.
pub async fn serve(mut settings: Settings, out: &mut Output) -> Result<ExitCode, Stop> {
    let listener = listen(&mut settings)?;
    settings.console.get_or_insert(Console::Demo);
    let folder = tempfile::tempdir().map_err(|error| Stop(format!("no temporary folder can be made: {error}")))?;
    let bundle = folder.path().join("bundle");
    settings.database_url = format!("sqlite://{}", folder.path().join("demo.db").display());
    let database = open_current(&settings, RowScope::Nothing).await?;
    std::fs::create_dir(&bundle)
        .and_then(|()| demo::write_bundle(&bundle))
        .map_err(|error| Stop(format!("the import bundle of the demo cannot be written: {error}")))?;
    let report = import::import(&database, Clock::System, &bundle, import::Options { dry_run: false }).await?;
    if report.outcome != import::Outcome::Loaded {
        return Err(Stop(
            "the import bundle of the demo was refused; this is an error in cadre-api, please report it".into(),
        ));
    }
    let add = client::Add {
        name: "demo".into(),
        scopes: Scope::all().filter(|scope| scope.to_string().ends_with(":read")).collect(),
        units: vec![demo::ROOT.into()],
        purposes: vec![Purpose::Personnel],
        valid_from: None,
        valid_to: None,
        legal_basis: None,
        documents: AllowedDocuments::Any,
    };
    let client = client::add(&database, Clock::System, add).await?;
    let store = store(&settings, database).await?;
    let tokens = Tokens::load(store.clone(), Clock::System, &settings.public_url()).await?;
    let token = tokens.for_operator(client.client_id, None).await.map_err(|error| Stop(error.to_string()))?;
    run(&settings, listener, store, async || {
        let answer = send_query(&settings.local_url(), &token.token).await;
        let answer = answer.unwrap_or_else(|error| format!("  (the question was not answered: {error})"));
        out.text(greeting(&settings, &client, &token.token, &answer));
    })
    .await
}

/// The first query. The same text is sent in the body of a request, where quotation marks are escaped.
fn first_query() -> String {
    format!(
        r#"{{ unit(by: {{code: \"{}\"}}) {{ name composition(subject: \"POLITICAL_THEORY\", keyLeadersOnly: true) {{ total levels {{ level {{ label }} count percent }} }} }} }}"#,
        demo::DISTRICT
    )
}

/// Sends the first query as a client would, and formats the response.
async fn send_query(at: &str, token: &str) -> Result<String, String> {
    let client = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build().map_err(|error| error.to_string())?;
    let request = client.post(format!("{at}/graphql")).bearer_auth(token).header("Accept-Language", "en");
    let request = request.header("Content-Type", "application/json");
    let sent = request.body(format!(r#"{{"query":"{}"}}"#, first_query())).send().await;
    let text = sent.map_err(|error| error.to_string())?.text().await.map_err(|error| error.to_string())?;
    let answer: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    table(&answer).ok_or(text)
}

/// The levels in the response, one per line.
fn table(answer: &Value) -> Option<String> {
    let composition = answer.pointer("/data/unit/composition")?;
    let mut lines = vec![format!("  {:<32}{:>4}", "total", composition["total"].as_u64()?)];
    for level in composition["levels"].as_array()? {
        let (count, percent) = (level["count"].as_u64()?, level["percent"].as_f64()?);
        if let (1.., Some(label)) = (count, level.pointer("/level/label").and_then(Value::as_str)) {
            lines.push(format!("  {label:<32}{count:>4}{percent:>7.1} %"));
        }
    }
    Some(lines.join("\n"))
}

/// Instructions. They fit on a terminal of 80 columns and 24 lines, of which the token takes nine.
fn greeting(settings: &Settings, client: &client::Registered, token: &str, answer: &str) -> String {
    let at = settings.local_url();
    let (id, secret, first_query) = (client.client_id, &client.client_secret, first_query());
    let more = match settings.console {
        Some(Console::On | Console::Demo) => format!("Browser: {at}/console. More: docs/api.md, /schema.graphql"),
        Some(Console::Off) | None => format!("More queries: docs/api.md. Schema: {at}/schema.graphql"),
    };
    format!(
        r#"cadre-api serves 245 invented people at {at}; Ctrl-C stops it.
Political theory of the key cadres of Huyện Lương Tài:
{answer}
Run the same query in another terminal (the token is valid for 10 minutes):
export TOKEN={token}
curl -sw '\n' {at}/graphql -H "Authorization: Bearer $TOKEN" -H 'Accept-Language: en' -H 'Content-Type: application/json' -d '{{"query":"{first_query}"}}'
Client id and secret, for new tokens: {id}:{secret}
{more}
"#
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_table_has_the_levels_with_at_least_one_person() {
        let level = |label: &str, count: u64, percent: f64| json!({ "level": { "label": label }, "count": count, "percent": percent });
        let levels = json!([level("A", 1, 12.5), level("B", 0, 0.0), { "level": null, "count": 7, "percent": 87.5 }]);
        let answer = json!({ "data": { "unit": { "composition": { "total": 8, "levels": levels } } } });
        let expected = "  total                              8\n  A                                  1   12.5 %";
        assert_eq!(table(&answer).as_deref(), Some(expected));
        assert_eq!(table(&json!({ "errors": [] })), None);
    }
}
