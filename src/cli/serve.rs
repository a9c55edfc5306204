//! `cadre-api serve`.

use std::{
    io,
    net::TcpListener,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use cadre_api::{
    app_state::AppState,
    audit::Keeper,
    auth::{KeyStore, Tokens},
    clock::Clock,
    config::Settings,
    db::{Database, RlsStatus, RowScope},
    domain::{key, maintenance},
    error::Error,
    graphql::engine::Engine,
    http::{Service, WebSettings, gateway::SecurityServers, server},
    limit::{Budgets, Share, Streams},
    telemetry,
};
use chrono::TimeDelta;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::Notify,
};

use crate::cli::{Stop, key::store, open_current, output::Output, user::issuers, webhook};

/// Interval between checks whether a checkpoint of the logs is due.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(10);

/// Interval between checks for commits of other processes.
const REFRESH_INTERVAL: Duration = Duration::from_secs(1);

/// Interval between deletions of expired rows and checks for due key rotations.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(60);

/// Serves the API until a stop signal.
pub async fn serve(mut settings: Settings, out: &mut Output) -> Result<ExitCode, Stop> {
    let listener = listen(&mut settings)?;
    let database = open_current(&settings, RowScope::Nothing).await?;
    check_role(&database).await?;
    let store = store(&settings, database).await?;
    run(&settings, listener, store, async || {
        out.line(format_args!("cadre-api listens on http://{}", settings.listen));
    })
    .await
}

/// Logs a hint if row security does not apply to the role that the service logs in as.
async fn check_role(database: &Database) -> Result<(), Stop> {
    match database.rls_status(None).await.map_err(|error| Stop(error.to_string()))? {
        RlsStatus::Free => tracing::warn!(
            "the role of CADRE_DATABASE_URL is a superuser or has BYPASSRLS, so row security does not apply to it; use \
             a role without these rights, and grant it access with `cadre-api migrate grant --to ROLE`"
        ),
        RlsStatus::Owner => tracing::warn!(
            "the role of CADRE_DATABASE_URL owns the tables and could disable row security; use a role that owns none, \
             and grant it access with `cadre-api migrate grant --to ROLE`"
        ),
        RlsStatus::Bound | RlsStatus::Unknown => {}
    }
    Ok(())
}

/// Binds the address first, so that a second instance fails at once. Afterwards the settings contain the bound address,
/// which differs if the configured port is 0.
pub fn listen(settings: &mut Settings) -> Result<TcpListener, Stop> {
    let address = settings.listen;
    let bound = TcpListener::bind(address).and_then(|listener| Ok((listener.local_addr()?, listener)));
    let (bound_address, listener) = bound.map_err(|error| {
        Stop(match error.kind() {
            io::ErrorKind::AddrInUse => format!(
                "another program already listens on {address}; stop it, or choose another address with --listen or \
                 CADRE_LISTEN"
            ),
            io::ErrorKind::PermissionDenied => {
                format!("this user may not listen on {address}; choose a port above 1023 with --listen or CADRE_LISTEN")
            }
            _ => format!("cannot listen on {address}: {error}; choose another address with --listen or CADRE_LISTEN"),
        })
    })?;
    settings.listen = bound_address;
    Ok(listener)
}

/// Serves a database whose schema is current. `ready` runs concurrently with the server, after requests are accepted.
pub async fn run(
    settings: &Settings,
    listener: TcpListener,
    store: KeyStore,
    ready: impl AsyncFnOnce(),
) -> Result<ExitCode, Stop> {
    let metrics = telemetry::start_metrics();
    let metrics_of_refresh = metrics.clone();
    let tokens = Tokens::load(store.clone(), Clock::System, &settings.public_url()).await?.trusting(issuers(settings)?);
    let app_state = Arc::new(AppState::open(store.clone(), Clock::System).await?);
    let tokens = actix_web::web::Data::new(tokens);
    let in_flight = settings.in_flight();
    let share = Share::half(store.database.connections(), in_flight.most());
    let service = Service {
        app_state: Arc::clone(&app_state),
        tokens: tokens.clone(),
        engine: Engine::default(),
        budgets: Budgets::under(settings.limits(), share),
        in_flight,
        streams: Streams::at_most(settings.streams_per_client),
        security_servers: SecurityServers::of(&settings.security_servers),
        exports: settings.exports(),
        imports: settings.imports(),
        metrics,
        web: WebSettings {
            cors_origins: settings.cors_origins.clone().unwrap_or_default(),
            console: settings.console.unwrap_or_default(),
        },
    };
    let keeper = keeper(settings, &store);
    let server =
        server::bind(Arc::new(service), listener).map_err(|error| Stop(format!("the server cannot start: {error}")))?;
    let handle = server.handle();
    let stopping = Arc::new(Notify::new());
    let refresh_task = actix_web::rt::spawn(refresh(Arc::clone(&app_state), metrics_of_refresh));
    let rotation = TimeDelta::days(settings.key_rotation_days.into());
    let issuer_key_task = actix_web::rt::spawn(renew(tokens.clone().into_inner()));
    let upkeep = actix_web::rt::spawn(run_upkeep(tokens.into_inner(), store.clone(), rotation));
    let announcing = actix_web::rt::spawn(webhook::deliver(store.clone(), webhook::sender(settings)?));
    let checkpoints = keeper.map(|keeper| actix_web::rt::spawn(keep_checkpoints(keeper, Arc::clone(&stopping))));
    let (stop, state_until_stop) = (stop_signal(), app_state);
    actix_web::rt::spawn(async move {
        stop.await;
        state_until_stop.stop_waiting();
        tracing::info!("stopping: completing the accepted requests");
        handle.stop(true).await;
    });
    tracing::info!(listen = %settings.listen, "serving");
    let (server_result, ()) = tokio::join!(server, ready());
    server_result.map_err(|error| Stop(format!("the server stopped unexpectedly: {error}")))?;
    refresh_task.abort();
    issuer_key_task.abort();
    upkeep.abort();
    announcing.abort();
    let mut last_checkpoint = Ok(());
    if let Some(checkpoints) = checkpoints {
        stopping.notify_one();
        last_checkpoint = checkpoints.await.map_err(|error| Stop(error.to_string()))?;
    }
    store.database.close().await.map_err(|error| Stop(error.to_string()))?;
    last_checkpoint.map(|()| ExitCode::SUCCESS)
}

/// Writer of log checkpoints, if a location is configured.
fn keeper(settings: &Settings, store: &KeyStore) -> Option<Keeper> {
    let path = settings.checkpoints();
    if path.is_none() {
        tracing::warn!(
            "checkpoints of the logs are not written; set CADRE_AUDIT_CHECKPOINTS to a file on another machine"
        );
    }
    Some(Keeper::new(store.clone(), Clock::System, path?))
}

/// Writes checkpoints until the service stops, and a last one at the stop. A failed write is retried; the command fails
/// if the last one fails.
async fn keep_checkpoints(mut keeper: Keeper, stopping: Arc<Notify>) -> Result<(), Stop> {
    while tokio::time::timeout(CHECKPOINT_INTERVAL, stopping.notified()).await.is_err() {
        if let Err(error) = keeper.write_if_due().await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a checkpoint of the logs could not be written; the service tries again"
            );
        }
    }
    keeper.finish().await.map_err(|error| {
        let Stop(why) = error.into();
        Stop(format!("the last checkpoint of the logs could not be written: {why}"))
    })
}

async fn refresh(app_state: Arc<AppState>, metrics: Option<PrometheusHandle>) {
    loop {
        tokio::time::sleep(REFRESH_INTERVAL).await;
        // Aggregates recorded metrics into their buckets, even if they are never fetched.
        if let Some(metrics) = &metrics {
            metrics.run_upkeep();
        }
        if let Err(error) = app_state.refresh().await {
            tracing::warn!(%error, "units and reference lists could not be refreshed");
        }
    }
}

/// Fetches the keys of external issuers at the start, and again when they are due.
async fn renew(tokens: Arc<Tokens>) {
    loop {
        tokens.renew_issuers(Instant::now()).await;
        tokio::time::sleep(UPKEEP_INTERVAL).await;
    }
}

/// Deletes expired rows and rotates the keys on schedule. All instances do so; only the first one has an effect.
async fn run_upkeep(tokens: Arc<Tokens>, store: KeyStore, rotation: TimeDelta) {
    loop {
        if let Err(error) = upkeep(&tokens, &store, rotation).await {
            tracing::warn!(%error, "expired rows could not be deleted, or keys could not be rotated; the service tries \
                                    again");
        }
        tokio::time::sleep(UPKEEP_INTERVAL).await;
    }
}

async fn upkeep(tokens: &Tokens, store: &KeyStore, rotation: TimeDelta) -> Result<(), Error> {
    tokens.sweep().await?;
    if key::rotate_if_due(store, Clock::System, rotation).await? {
        tracing::info!("the next key for access tokens was created");
    }
    for kid in key::destroy_ended(store, Clock::System).await? {
        tracing::info!(kid, "an expired key for access tokens was deleted");
    }
    if maintenance::record_day(&store.database, Clock::System).await? {
        tracing::info!("the changes of a new day were recorded");
    }
    tokens.refresh().await
}

/// Completes on a stop signal. Listens from the call on, not from the first poll.
fn stop_signal() -> impl Future<Output = ()> {
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    async move {
        let (Ok(mut terminate), Ok(mut interrupt)) = signals else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}
