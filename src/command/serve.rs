//! `cadre-api serve`.

use std::{io, net::TcpListener, process::ExitCode, sync::Arc, time::Duration};

use cadre_api::{
    auth::Tokens,
    clock::Clock,
    config::Settings,
    db::Database,
    domain::house::House,
    graphql::engine::Engine,
    http::{Service, server},
    limit::Budgets,
    telemetry,
};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::signal::unix::{SignalKind, signal};

use crate::command::{Stop, open_current};

/// How often the service looks for what other processes have committed.
const REFRESH: Duration = Duration::from_secs(1);

/// How often the service clears away what has ended.
const SWEEP: Duration = Duration::from_secs(60);

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
    let tokens = actix_web::web::Data::new(tokens);
    let service = Service {
        house: Arc::clone(&house),
        tokens: tokens.clone(),
        engine: Engine::default(),
        budgets: Budgets::under(settings.limits()),
        in_flight: settings.in_flight(),
        metrics,
    };
    let server = server::bind(Arc::new(service), listener).map_err(|error| Stop(format!("cannot serve: {error}")))?;
    let handle = server.handle();
    let refreshing = actix_web::rt::spawn(refresh(house, upkeep));
    let sweeping = actix_web::rt::spawn(sweep(tokens.into_inner()));
    actix_web::rt::spawn(async move {
        stop_signal().await;
        tracing::info!("stopping: finishing what was accepted");
        handle.stop(true).await;
    });
    tracing::info!(listen = %settings.listen, "serving");
    ready();
    server.await.map_err(|error| Stop(format!("the server broke off: {error}")))?;
    refreshing.abort();
    sweeping.abort();
    database.close().await.map_err(|error| Stop(error.to_string()))?;
    Ok(ExitCode::SUCCESS)
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

async fn sweep(tokens: Arc<Tokens>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        if let Err(error) = tokens.sweep().await {
            tracing::warn!(%error, "what has ended could not be cleared away");
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
