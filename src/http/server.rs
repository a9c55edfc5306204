//! The server: routes, time limits, and graceful shutdown.

use std::{
    net::TcpListener,
    sync::{Arc, LazyLock},
    time::Duration,
};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, dev::Server, middleware::from_fn, web};
use tracing_actix_web::TracingLogger;

use crate::{
    graphql,
    http::{
        Service,
        asset::Asset,
        changes,
        compress::compressed,
        console,
        cors::cross_origin,
        deprecation,
        error::{self, only, read},
        export, graphql as endpoint, health, import, oauth, problem, rest, root,
        trace::{Spans, with_request_id},
    },
};

/// Time limit for receiving the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// Time after which an idle connection is closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);
/// Maximum time that a shutdown waits for requests in progress, in seconds: longer than the longest statement.
const SHUTDOWN_TIMEOUT: u64 = 35;

/// Binds the service to a listener. The server runs when it is awaited; a graceful stop completes accepted requests.
///
/// # Errors
/// If the listener cannot be used.
pub fn bind(service: Arc<Service>, listener: TcpListener) -> std::io::Result<Server> {
    let service = web::Data::from(service);
    let console = service.web.console;
    let server = HttpServer::new(move || {
        App::new()
            .wrap(from_fn(compressed))
            .wrap(from_fn(cross_origin))
            .wrap(from_fn(with_request_id))
            .wrap(TracingLogger::<Spans>::new())
            .app_data(web::Data::clone(&service))
            .app_data(web::Data::clone(&service.tokens))
            .configure(|config| console::routes(config, console))
            .configure(routes)
    });
    Ok(server
        .client_request_timeout(HEAD_TIMEOUT)
        .keep_alive(IDLE_TIMEOUT)
        .shutdown_timeout(SHUTDOWN_TIMEOUT)
        .disable_signals()
        .listen(listener)?
        .run())
}

/// Every route of the service.
fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/graphql")
                .route(web::post().to(endpoint::post))
                .route(web::get().to(endpoint::get))
                .route(web::head().to(endpoint::get))
                .default_service(only("GET, HEAD, POST")),
        )
        .service(web::resource("/").route(read(root::page)).default_service(only("GET, HEAD")))
        .service(web::resource("/schema.graphql").route(read(schema)).default_service(only("GET, HEAD")))
        .service(web::resource("/healthz").route(read(health::live)).default_service(only("GET, HEAD")))
        .service(web::resource("/readyz").route(read(health::ready)).default_service(only("GET, HEAD")))
        .service(web::resource("/metrics").route(read(health::metrics)).default_service(only("GET, HEAD")))
        .service(web::resource("/problems").route(read(problem::page)).default_service(only("GET, HEAD")))
        .service(web::resource("/deprecations").route(read(deprecation::page)).default_service(only("GET, HEAD")))
        .service(web::resource("/v1/changes").route(read(changes::get)).default_service(only("GET, HEAD")))
        .configure(oauth::routes)
        .configure(export::routes)
        .configure(import::routes)
        .configure(rest::routes)
        .default_service(web::to(error::no_such_route));
}

/// Serves the schema. It is public: it is in the project's repository.
async fn schema(request: HttpRequest) -> HttpResponse {
    static SDL: LazyLock<Asset> =
        LazyLock::new(|| Asset::of_text("application/graphql; charset=utf-8", graphql::sdl()));
    SDL.response(&request)
}
