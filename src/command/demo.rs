//! `cadre-api serve --demo`: a small population in a temporary database, a client, a token, and what to try.

use std::process::ExitCode;

use cadre_api::{
    auth::Tokens,
    clock::Clock,
    config::Settings,
    db::Sight,
    domain::{client, demo, import},
};
use entity::value::{Purpose, Scope};

use crate::command::{
    Stop,
    key::store,
    open_current,
    output::Output,
    serve::{listen, run},
};

/// Builds the population and serves it until stopped; nothing of it stays.
pub async fn serve(mut settings: Settings, out: &mut Output) -> Result<ExitCode, Stop> {
    let listener = listen(&mut settings)?;
    let folder = tempfile::tempdir().map_err(|error| Stop(format!("no temporary folder can be made: {error}")))?;
    let bundle = folder.path().join("bundle");
    settings.database_url = format!("sqlite://{}", folder.path().join("demo.db").display());
    let database = open_current(&settings, Sight::Nothing).await?;
    std::fs::create_dir(&bundle)
        .and_then(|()| demo::write_bundle(&bundle))
        .map_err(|error| Stop(format!("the demo's bundle cannot be written: {error}")))?;
    let report = import::import(&database, Clock::System, &bundle, import::Options { dry_run: false }).await?;
    if report.outcome != import::Outcome::Loaded {
        return Err(Stop("the demo's bundle was refused; this is a fault of cadre-api".into()));
    }
    let add = client::Add {
        name: "demo".into(),
        scopes: Scope::all().filter(|scope| scope.to_string().ends_with(":read")).collect(),
        units: vec![demo::ROOT.into()],
        purposes: vec![Purpose::Personnel],
        valid_from: None,
        valid_to: None,
        legal_basis: None,
    };
    let made = client::add(&database, Clock::System, add).await?;
    let store = store(&settings, database).await?;
    let tokens = Tokens::load(store.clone(), Clock::System, &settings.public_url()).await?;
    let token = tokens.for_operator(made.client_id, None).await.map_err(|error| Stop(error.to_string()))?;
    let guide = guide(&settings, &made, &token.token);
    run(&settings, listener, store, || out.line(guide)).await
}

fn guide(settings: &Settings, made: &client::Registered, token: &str) -> String {
    let (at, district, commune) = (format!("http://{}", settings.listen), demo::DISTRICT, demo::COMMUNE);
    let (id, secret) = (made.client_id, &made.client_secret);
    format!(
        r#"cadre-api serves a small invented population at {at}; stop it with Ctrl-C, nothing stays.

A token for the next 10 minutes:

TOKEN={token}

Four questions to try (paste the line above first):

1. Which political theory do the 75 key cadres of a district hold?

curl -s {at}/graphql -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -H 'Accept-Language: en' -d '{{"query":"{{ unit(by: {{code: \"{district}\"}}) {{ name composition(subject: \"POLITICAL_THEORY\", keyLeadersOnly: true) {{ total levels {{ level {{ label }} count percent }} }} }} }}"}}'

2. How many of a commune's Party committee hold a university degree or more?

curl -s {at}/graphql -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{{"query":"{{ unit(by: {{code: \"{commune}\"}}) {{ name composition(subject: \"PROFESSIONAL\", titles: [\"X_UV\"], decimals: 2) {{ total atLeast(level: \"UNIVERSITY\") {{ count percent }} }} }} }}"}}'

3. Who in the district has less than intermediate political theory?

curl -s {at}/graphql -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{{"query":"{{ cadres(first: 5, where: {{unit: {{code: \"{district}\"}}, holds: {{subject: \"POLITICAL_THEORY\", below: \"INTERMEDIATE\"}}}}) {{ totalCount {{ value }} nodes {{ fullName title {{ name }} unit {{ name }} highest(subject: \"POLITICAL_THEORY\") {{ level {{ label }} grantedOn }} }} }} }}"}}'

4. Protected data is asked for with a purpose: when was a person born?

curl -s {at}/graphql -H "Authorization: Bearer $TOKEN" -H 'X-Purpose: PERSONNEL' -H 'Content-Type: application/json' -d '{{"query":"{{ cadre(by: {{code: \"CB0076\"}}) {{ fullName identity {{ birthOn }} }} }}"}}'

Next: a new token from the client's own secret, the schema, and search without tone marks:

curl -s {at}/oauth/token -u {id}:{secret} -d grant_type=client_credentials
curl -s {at}/schema.graphql
curl -s {at}/graphql -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{{"query":"{{ units(search: \"thanh nua\") {{ nodes {{ code name kind }} }} }}"}}'
"#
    )
}
