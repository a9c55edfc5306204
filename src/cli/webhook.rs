//! `cadre-api webhook`, and the task that delivers announcements.

use std::{process::ExitCode, time::Duration};

use cadre_api::{
    auth::KeyStore,
    clock::Clock,
    config::{Settings, WebhookCommand},
    domain::webhook::{self, Destinations, Sender},
    error::Error,
};
use chrono::{DateTime, TimeDelta, Utc};

use crate::cli::{Stop, key::store, open_existing, output::Output};

/// Interval of checking for changes to announce.
const PERIOD: Duration = Duration::from_secs(1);

/// Manages webhooks.
pub async fn run(settings: &Settings, act: WebhookCommand, out: &mut Output) -> Result<ExitCode, Stop> {
    let store = store(settings, open_existing(settings).await?).await?;
    let sender = sender(settings)?;
    let mut status = ExitCode::SUCCESS;
    match act {
        WebhookCommand::Add { client, url } => {
            let added = webhook::add(&store, &sender, Clock::System, (client, &url)).await.map_err(no_client)?;
            out.line(format_args!(
                "secret:      {}\npublic key:  {}\nThe secret is shown only now; hand it over safely.",
                added.secret, added.public_key
            ));
        }
        WebhookCommand::List => list(&store, out).await?,
        WebhookCommand::Remove { client } => {
            webhook::remove(&store, Clock::System, client).await.map_err(no_webhook)?;
            out.line("removed");
        }
        WebhookCommand::RotateSecret { client, overlap } => {
            // An overflow is refused as too long.
            let overlap = TimeDelta::from_std(overlap).unwrap_or(TimeDelta::MAX);
            let secret = webhook::rotate_secret(&store, Clock::System, client, overlap).await.map_err(no_webhook)?;
            out.line(format_args!("secret:  {secret}\nThe secret is shown only now; hand it over safely."));
        }
        WebhookCommand::Replay { client } => {
            webhook::replay(&store, Clock::System, client).await.map_err(no_webhook)?;
            out.line("the service announces within seconds");
        }
        WebhookCommand::Enable { client } => {
            webhook::enable(&store, Clock::System, client).await.map_err(no_webhook)?;
            out.line("enabled");
        }
        WebhookCommand::Test { client } => {
            match webhook::test(&store, &sender, Clock::System, client).await.map_err(no_webhook)? {
                Ok(answer) => {
                    out.line(format_args!("status {}: {}", answer.status, answer.text));
                    if !(200..300).contains(&answer.status) {
                        status = ExitCode::FAILURE;
                    }
                }
                Err(failure) => {
                    out.line(format_args!("no response: {}", failure.word()));
                    status = ExitCode::FAILURE;
                }
            }
        }
    }
    store.database.close().await.map_err(|error| Stop(error.to_string()))?;
    Ok(status)
}

async fn list(store: &KeyStore, out: &mut Output) -> Result<(), Stop> {
    if let Some(key) = webhook::public_key(store).await? {
        out.line(format_args!("public key:  {key}"));
    }
    for of in webhook::list(store).await? {
        let state = if of.disabled_at.is_some() { "DISABLED" } else { "ACTIVE" };
        out.line(format_args!("{}  {state}  {}", of.client, of.url));
        let time = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M:%S UTC").to_string();
        if let Some(at) = of.last_success_at {
            out.line(format_args!("    last success {}", time(at)));
        }
        if let Some((at, why)) = of.last_failure {
            out.line(format_args!("    last failure {}: {why}", time(at)));
        }
        if let Some(since) = of.pending_since {
            out.line(format_args!("    pending since {}, next attempt {}", time(since), time(of.next_attempt_at)));
        }
        if let Some(until) = of.previous_secret_until {
            out.line(format_args!("    the old secret signs too until {}", time(until)));
        }
    }
    Ok(())
}

/// The sender of the settings.
pub fn sender(settings: &Settings) -> Result<Sender, Stop> {
    let hosts = settings.webhook_hosts.iter().cloned();
    Ok(Sender::new(Destinations::new(hosts, settings.webhook_private_addresses))?)
}

/// Announces changes until the task is aborted. Steps may overlap: a slow endpoint does not delay the others.
pub async fn deliver(store: KeyStore, sender: Sender) {
    loop {
        let (of_step, by) = (store.clone(), sender.clone());
        actix_web::rt::spawn(async move {
            if let Err(error) = step(&of_step, &by).await {
                tracing::warn!(%error, "changes could not be announced to webhooks");
            }
        });
        tokio::time::sleep(PERIOD).await;
    }
}

async fn step(store: &KeyStore, sender: &Sender) -> Result<(), Error> {
    webhook::deliver_due(store, sender, Clock::System).await?;
    let oldest = webhook::oldest_pending(store).await?;
    let age = oldest.map_or(TimeDelta::zero(), |since| Clock::System.now() - since);
    metrics::gauge!("cadre_webhook_oldest_pending_seconds").set(age.as_seconds_f64().max(0.0));
    Ok(())
}

fn no_client(error: Error) -> Stop {
    match error {
        Error::NotFound => Stop("no client has this id; see `cadre-api client list`".into()),
        error => error.into(),
    }
}

fn no_webhook(error: Error) -> Stop {
    match error {
        Error::NotFound => Stop("the client has no webhook; see `cadre-api webhook list`".into()),
        error => error.into(),
    }
}
