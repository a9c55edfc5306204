//! `cadre-api client` and `cadre-api token`.

use std::{fs, process::ExitCode};

use cadre_api::{
    auth::{Refused, Tokens},
    clock::Clock,
    config::{ClientAdd, ClientCommand, ClientGrant, ClientKeyCommand, Rights, Settings},
    db::Database,
    domain::client,
    error::Error,
    limit::Overrides,
};
use chrono::TimeDelta;
use entity::value::{AllowedDocuments, ClientId, Scope};

use crate::cli::{
    Stop,
    key::store,
    open_existing,
    output::{Output, note, state},
    user::external_name,
};

/// Manages clients.
pub async fn run(settings: &Settings, command: ClientCommand, out: &mut Output) -> Result<ExitCode, Stop> {
    let database = open_existing(settings).await?;
    match command {
        ClientCommand::Add(add) => {
            let (json, mut add) = (add.json, of(add));
            add.units = client::unit_codes_of(&database, Clock::System, add.units).await?;
            let registered = client::add(&database, Clock::System, add).await?;
            if !print_secret(json, registered.client_id, &registered.client_secret, out) {
                note(lost_secret("registered", registered.client_id));
            }
        }
        ClientCommand::List => {
            for client in client::list(&database, Clock::System).await? {
                out.line(format_args!("{}  {}  {}", client.id, client.name, state(client.revoked_at)));
                match &client.secrets[..] {
                    [] => out.line("    no secret"),
                    [Some(end), ..] => {
                        out.line(format_args!(
                            "    the old secret is valid until {}",
                            end.format("%Y-%m-%d %H:%M UTC")
                        ));
                    }
                    [None, ..] => {}
                }
                if let Some(administrator) = client.administrator {
                    out.line(format_args!("    administered by {administrator}"));
                }
                for (issuer, id) in &client.external {
                    out.line(format_args!("    {id} at {issuer}"));
                }
                for grant in &client.grants {
                    out.line(format_args!("    {}", line(grant)));
                }
            }
        }
        ClientCommand::Grant(grant) => {
            let (client, mut requested) = (grant.client, requested(grant));
            requested.units = client::unit_codes_of(&database, Clock::System, requested.units).await?;
            client::grant(&database, Clock::System, client, requested).await.map_err(unknown)?;
            out.line("granted; tokens already issued follow within 5 seconds of the grant's first day");
        }
        ClientCommand::Grants { client } => {
            for grant in client::history(&database, client).await.map_err(unknown)? {
                out.line(format_args!("{}", line(&grant)));
            }
        }
        ClientCommand::EndGrant { client } => {
            client::end_grant(&database, Clock::System, client).await.map_err(unknown)?;
            out.line("the grants are ended; tokens of the client stop working within 5 seconds");
        }
        ClientCommand::Revoke { client } => {
            client::revoke(&database, Clock::System, client).await.map_err(unknown)?;
            out.line("the client is revoked; its tokens stop working within 5 seconds");
        }
        ClientCommand::RotateSecret { client, overlap, json } => {
            // A duration that overflows is refused as too long.
            let overlap = TimeDelta::from_std(overlap).unwrap_or(TimeDelta::MAX);
            let secret = client::secret::rotate(&database, Clock::System, client, overlap).await.map_err(unknown)?;
            if !print_secret(json, client, &secret, out) {
                note(lost_secret("given a new secret", client));
            }
        }
        ClientCommand::EndSecrets { client } => {
            client::secret::end(&database, Clock::System, client).await.map_err(unknown)?;
            out.line("all secrets are removed; the client authenticates with its keys only");
        }
        ClientCommand::Link { client, issuer, external_id } => {
            let name = external_name(settings, issuer, external_id)?;
            client::external::link(&database, Clock::System, client, name).await.map_err(unknown)?;
            out.line("linked; tokens of the issuer with this name are accepted within 5 seconds");
        }
        ClientCommand::Unlink { issuer, external_id } => {
            let name = client::external::ExternalName { issuer, name: external_id };
            client::external::unlink(&database, Clock::System, name).await.map_err(|error| match error {
                Error::NotFound => Stop("no client is linked to this name; see `cadre-api client list`".into()),
                error => error.into(),
            })?;
            out.line("unlinked; tokens of the issuer with this name stop working within 5 seconds");
        }
        ClientCommand::Key(command) => key(&database, command, out).await?,
    }
    database.close().await.map_err(|error| Stop(error.to_string()))?;
    Ok(ExitCode::SUCCESS)
}

async fn key(database: &Database, command: ClientKeyCommand, out: &mut Output) -> Result<(), Stop> {
    match command {
        ClientKeyCommand::Add { client, file, kid, algorithm } => {
            let text = fs::read_to_string(&file);
            let text = text.map_err(|error| Stop(format!("{} cannot be read: {error}", file.display())))?;
            let add = client::key::Add { client, text, kid, algorithm };
            let key = client::key::add(database, Clock::System, add).await.map_err(unknown)?;
            out.line(format_args!("key id:     {}\nalgorithm:  {}", key.kid, key.algorithm));
        }
        ClientKeyCommand::List { client } => {
            for key in client::key::list(database, client).await.map_err(unknown)? {
                out.line(format_args!("{}  {}  {}", key.kid, key.algorithm, state(key.revoked_at)));
            }
        }
        ClientKeyCommand::Revoke { client, kid } => {
            client::key::revoke(database, Clock::System, client, &kid).await.map_err(|error| match error {
                Error::NotFound => Stop("the client has no key with this id; see `cadre-api client key list`".into()),
                error => error.into(),
            })?;
            out.line(
                "the key is revoked; its assertions are refused from now on, and tokens already issued expire within 10 \
                 minutes",
            );
        }
    }
    Ok(())
}

/// Prints an access token.
pub async fn token(
    settings: &Settings,
    client: ClientId,
    scopes: &[Scope],
    out: &mut Output,
) -> Result<ExitCode, Stop> {
    let store = store(settings, open_existing(settings).await?).await?;
    let tokens = Tokens::load(store, Clock::System, &settings.public_url()).await?;
    let requested = scopes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let requested = Some(requested.as_str()).filter(|requested| !requested.is_empty());
    let token = tokens.for_operator(client, requested).await.map_err(|refused| match refused {
        Refused::InvalidClient | Refused::TooManyAttempts(_) | Refused::InvalidAssertion(_) => {
            Stop("there is no client with this id, or it is revoked; see `cadre-api client list`".into())
        }
        Refused::UnauthorizedClient => {
            Stop("the client has no grant that is valid today; add one with `cadre-api client grant`".into())
        }
        Refused::InvalidScope => {
            Stop("the client's grant does not include all of these scopes; see `cadre-api client list`".into())
        }
        Refused::Failed(error) => error.into(),
    })?;
    out.line(format_args!("{}", token.token));
    note(format_args!("issued for {}; a service with another CADRE_PUBLIC_URL refuses it", settings.public_url()));
    Ok(ExitCode::SUCCESS)
}

/// Explains that no client has the id.
pub(super) fn unknown(error: Error) -> Stop {
    match error {
        Error::NotFound => Stop("no client has this id; see `cadre-api client list`".into()),
        error => error.into(),
    }
}

fn line(grant: &client::ListedGrant) -> String {
    let words = |words: Vec<String>| words.join(" ");
    let scopes = words(grant.scopes.iter().map(ToString::to_string).collect());
    let units = words(grant.units.iter().map(ToString::to_string).collect());
    let from = grant.valid_from.map(|day| format!(" from {day}")).unwrap_or_default();
    let to = grant.valid_to.map(|day| format!(" until {day}")).unwrap_or_default();
    let purposes = words(grant.purposes.iter().map(ToString::to_string).collect());
    let purposes = if purposes.is_empty() { purposes } else { format!(" for {purposes}") };
    let ended = grant.ended_on.map(|day| format!(", ended on {day}")).unwrap_or_default();
    let requests = grant.limits.requests_per_second.map(|most| format!(", {most} requests a second"));
    let cost = grant.limits.cost_per_minute.map(|most| format!(", cost {most} a minute"));
    let (requests, cost) = (requests.unwrap_or_default(), cost.unwrap_or_default());
    let documents = match grant.documents {
        AllowedDocuments::Any => "",
        AllowedDocuments::Registered => ", registered documents only",
    };
    format!("{scopes} in {units}{purposes}{from}{to}{requests}{cost}{documents}{ended}")
}

fn requested(grant: ClientGrant) -> client::Asked {
    let Rights { scopes, units, purposes } = grant.rights;
    client::Asked {
        scopes,
        units,
        purposes,
        valid_from: grant.from,
        valid_to: grant.until,
        legal_basis: grant.legal_basis,
        limits: Overrides::of(grant.requests_per_second, grant.cost_per_minute),
        documents: grant.documents,
    }
}

fn of(add: ClientAdd) -> client::Add {
    let ClientAdd { name, rights, from, until, legal_basis, documents, json: _ } = add;
    let Rights { scopes, units, purposes } = rights;
    client::Add { name, scopes, units, purposes, valid_from: from, valid_to: until, legal_basis, documents }
}

/// Prints an id and its secret. Returns false if they could not be written.
fn print_secret(json: bool, id: ClientId, secret: &str, out: &mut Output) -> bool {
    if json {
        out.line(serde_json::json!({ "client_id": id.to_string(), "client_secret": secret }));
    } else {
        out.line(format_args!(
            "client id:      {id}\nclient secret:  {secret}\nThe secret is shown only once; send it to the client over \
             a secure channel."
        ));
    }
    out.is_written()
}

/// Message about a secret that could not be printed. Only its hash is stored, so the secret is lost; the change to the
/// client remains.
fn lost_secret(done: &str, client: ClientId) -> String {
    format!(
        "cadre-api: client {client} was {done}, but its secret could not be printed and is lost; create another one \
         with `cadre-api client rotate-secret --client {client}`"
    )
}
