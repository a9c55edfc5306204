//! `cadre-api serve`.

use std::{io, net::TcpListener, process::ExitCode, sync::Arc, time::Duration};

use cadre_api::{
    auth::Tokens,
    clock::Clock,
    config::Settings,
    db::Database,
    domain::{audit::Keeper, house::House},
    graphql::engine::Engine,
    http::{Service, server},
    telemetry,
};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::Notify,
};

use crate::command::{Stop, open_current};

/// How often the service looks whether a checkpoint of the logs is due.
const CHECKPOINT: Duration = Duration::from_secs(10);

/// How often the service looks for what other processes have committed.
const REFRESH: Duration = Duration::from_secs(1);

/// Serves the API until it is told to stop.
pub async fn serve(mut settings: Settings) -> Result<ExitCode, Stop> {
    let listener = listen(&mut settings)?;
    let database = open_current(&settings).await?;
    run(&settings, listener, database, || println!("cadre-api listens on http://{}", settings.listen)).await
}

/// Takes the address before anything else, so that a second start fails at once. The settings then name the address that
/// was taken, where port 0 left the choice to the system.
pub fn listen(settings: &mut Settings) -> Result<TcpListener, Stop> {
    let address = settings.listen;
    let bound = TcpListener::bind(address).and_then(|listener| Ok((listener.local_addr()?, listener)));
    let (taken, listener) = bound.map_err(|error| {
        Stop(match error.kind() {
            io::ErrorKind::AddrInUse => format!(
                "another program listens on {address}; stop it, or choose another address with --listen or CADRE_LISTEN"
            ),
            io::ErrorKind::PermissionDenied => {
                format!("this user may not listen on {address}; choose a port above 1023 with --listen or CADRE_LISTEN")
            }
            _ => format!("cannot listen on {address}: {error}; choose another address with --listen or CADRE_LISTEN"),
        })
    })?;
    settings.listen = taken;
    Ok(listener)
}

/// Serves a database whose schema is current. `ready` is called once requests are accepted.
pub async fn run(
    settings: &Settings,
    listener: TcpListener,
    database: Database,
    ready: impl FnOnce(),
) -> Result<ExitCode, Stop> {
    let metrics = telemetry::start_metrics();
    let upkeep = metrics.clone();
    let tokens = Tokens::load(database.clone(), Clock::System, &settings.public_url()).await?;
    let house = Arc::new(House::open(database.clone(), Clock::System).await?);
    let service = Service {
        house: Arc::clone(&house),
        tokens: actix_web::web::Data::new(tokens),
        engine: Engine::default(),
        metrics,
    };
    let keeper = keeper(settings, &database);
    let server = server::bind(Arc::new(service), listener).map_err(|error| Stop(format!("cannot serve: {error}")))?;
    let handle = server.handle();
    let stopping = Arc::new(Notify::new());
    let refreshing = actix_web::rt::spawn(refresh(house, upkeep));
    let keeping = keeper.map(|keeper| actix_web::rt::spawn(keep(keeper, Arc::clone(&stopping))));
    actix_web::rt::spawn(async move {
        stop_signal().await;
        tracing::info!("stopping: finishing what was accepted");
        handle.stop(true).await;
    });
    tracing::info!(listen = %settings.listen, "serving");
    ready();
    server.await.map_err(|error| Stop(format!("the server broke off: {error}")))?;
    refreshing.abort();
    if let Some(keeping) = keeping {
        stopping.notify_one();
        keeping.await.map_err(|error| Stop(error.to_string()))?;
    }
    database.close().await.map_err(|error| Stop(error.to_string()))?;
    Ok(ExitCode::SUCCESS)
}

/// Who keeps checkpoints of the logs, if there is a place for them.
fn keeper(settings: &Settings, database: &Database) -> Option<Keeper> {
    let path = settings.checkpoints();
    if path.is_none() {
        tracing::warn!(
            "no checkpoints of the logs are kept; name a file on another machine in CADRE_AUDIT_CHECKPOINTS"
        );
    }
    Some(Keeper::new(database.clone(), Clock::System, path?))
}

/// Writes checkpoints until the service stops, and the last one then.
async fn keep(mut keeper: Keeper, stopping: Arc<Notify>) {
    while tokio::time::timeout(CHECKPOINT, stopping.notified()).await.is_err() {
        if let Err(error) = keeper.look().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "no checkpoint of the logs could be written");
        }
    }
    if let Err(error) = keeper.finish().await {
        tracing::warn!(error = &error as &dyn std::error::Error, "no last checkpoint of the logs could be written");
    }
}

async fn refresh(house: Arc<House>, metrics: Option<PrometheusHandle>) {
    loop {
        tokio::time::sleep(REFRESH).await;
        // Folds what was measured into its buckets, also where nobody asks for the metrics.
        if let Some(metrics) = &metrics {
            metrics.run_upkeep();
        }
        if let Err(error) = house.refresh().await {
            tracing::warn!(%error, "units and reference lists could not be refreshed");
        }
    }
}

async fn stop_signal() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
