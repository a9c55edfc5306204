//! The program: parses the command line, runs one command, and explains a failure in one sentence.

#![deny(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "they panic when the reader has closed the pipe: use Output"
)]

mod cli;

use std::process::ExitCode;

use cadre_api::{
    auth,
    config::{Cli, Command},
    import::Extent,
    telemetry,
};
use cli::{
    Stop,
    import::Form,
    output::{Output, note},
};

/// Returns memory to the system soon after a peak. The system's allocator retains fragmented memory of large responses.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[actix_web::main]
async fn main() -> ExitCode {
    let cli = Cli::read();
    auth::install_provider();
    telemetry::log_panics();
    let mut out = Output::standard();
    let done = run(cli, &mut out).await;
    let is_done = done.is_ok();
    let status = done.unwrap_or_else(|Stop(sentence)| {
        note(format_args!("cadre-api: {sentence}"));
        ExitCode::FAILURE
    });
    match out.finish() {
        Ok(()) => status,
        Err(error) => {
            let done = if is_done { "the command was executed, but " } else { "" };
            note(format_args!("cadre-api: {done}its output could not be written: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli, out: &mut Output) -> Result<ExitCode, Stop> {
    let settings = cli.settings;
    let is_demo = matches!(cli.command, Command::Serve { demo: true });
    telemetry::start_logs(settings.log_filter(is_demo), settings.log_format).map_err(Stop)?;
    match cli.command {
        Command::Serve { demo: false } => cli::serve::serve(settings, out).await,
        Command::Serve { demo: true } => cli::demo::serve(settings, out).await,
        Command::Migrate(way) => cli::migrate::run(&settings, way, out).await,
        Command::Import { dir, template: true, .. } => cli::import::template(&dir),
        Command::Import { dir, dry_run, json, all, language, .. } => {
            let extent = if all { Extent::All } else { Extent::Short };
            let form = if json { Form::Json } else { Form::Text(language.into(), extent) };
            cli::import::run(&settings, &dir, dry_run, form, out).await
        }
        Command::Person(act) => cli::user::run(&settings, act, out).await,
        Command::Client(act) => cli::client::run(&settings, act, out).await,
        Command::Document(act) => cli::document::run(&settings, act, out).await,
        Command::Webhook(act) => cli::webhook::run(&settings, act, out).await,
        Command::Key(act) => cli::key::run(&settings, act, out).await,
        Command::Audit(act) => cli::audit::run(&settings, act, out).await,
        Command::Verify { repair } => cli::verify::run(&settings, repair, out).await,
        Command::Token { client, scope } => cli::client::token(&settings, client, &scope, out).await,
        Command::Schema => {
            out.text(cadre_api::graphql::sdl());
            Ok(ExitCode::SUCCESS)
        }
    }
}
