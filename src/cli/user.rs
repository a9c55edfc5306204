//! `cadre-api person`, and reading the table of issuers.

use std::{fs, process::ExitCode};

use cadre_api::{
    auth::Issuers,
    clock::Clock,
    config::{PersonAdd, PersonCommand, Rights, Settings},
    domain::{
        client::{external::ExternalName, unit_codes_of},
        user,
    },
    error::Error,
};

use crate::cli::{
    Stop, open_existing,
    output::{Output, state},
};

/// The issuers of the settings; empty without a file.
pub fn issuers(settings: &Settings) -> Result<Issuers, Stop> {
    let Some(path) = &settings.issuers else { return Ok(Issuers::default()) };
    let stop = |error: String| Stop(format!("the table of issuers {path} (CADRE_ISSUERS): {error}"));
    let text = fs::read_to_string(path).map_err(|error| stop(format!("the file cannot be read: {error}")))?;
    Issuers::read(&text, &settings.public_url()).map_err(stop)
}

/// A name at an issuer; if the table of issuers is configured, it must contain the issuer.
pub fn external_name(settings: &Settings, issuer: String, name: String) -> Result<ExternalName, Stop> {
    if settings.issuers.is_some() && !issuers(settings)?.names(&issuer) {
        return Err(Stop(
            "the table in CADRE_ISSUERS does not contain this issuer; write it exactly as in the table".into(),
        ));
    }
    Ok(ExternalName { issuer, name })
}

/// Manages acting persons.
pub async fn run(settings: &Settings, command: PersonCommand, out: &mut Output) -> Result<ExitCode, Stop> {
    let database = open_existing(settings).await?;
    match command {
        PersonCommand::Add(PersonAdd { issuer, subject, rights, cadre }) => {
            let Rights { scopes, units, purposes } = rights;
            let name = external_name(settings, issuer, subject)?;
            let units = unit_codes_of(&database, Clock::System, units).await?;
            let add = user::Add { name, scopes, units, purposes, cadre };
            out.line(format_args!("person id:  {}", user::add(&database, Clock::System, add).await?));
        }
        PersonCommand::List => {
            for person in user::list(&database).await? {
                let name = &person.name;
                out.line(format_args!("{}  {} {}  {}", person.id, name.issuer, name.name, state(person.revoked_at)));
                out.line(format_args!("    {}", line(&person)));
            }
        }
        PersonCommand::Revoke { person } => {
            user::revoke(&database, Clock::System, person).await.map_err(|error| match error {
                Error::NotFound => Stop("no person has this id; see `cadre-api person list`".into()),
                error => error.into(),
            })?;
            out.line("the person is revoked; tokens for them stop working within 5 seconds");
        }
    }
    database.close().await.map_err(|error| Stop(error.to_string()))?;
    Ok(ExitCode::SUCCESS)
}

fn line(person: &user::Listed) -> String {
    fn words(words: &[impl ToString]) -> String {
        words.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }
    let purposes = words(&person.purposes);
    let purposes = if purposes.is_empty() { purposes } else { format!(" for {purposes}") };
    let cadre = person.cadre.as_ref().map(|code| format!(", the cadre {code}")).unwrap_or_default();
    format!("{} in {}{purposes}{cadre}", words(&person.scopes), words(&person.units))
}
