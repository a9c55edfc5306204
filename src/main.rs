//! The program: reads the command line, runs one command, and says in a sentence why it could not.

mod command;

use std::process::ExitCode;

use cadre_api::{
    auth,
    config::{Cli, Command},
    domain::import::Extent,
    telemetry,
};
use clap::Parser;
use command::import::Form;

#[actix_web::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    auth::install_provider();
    telemetry::log_panics();
    let settings = cli.settings;
    let done = match telemetry::start_logs(&settings.log, settings.log_format) {
        Err(sentence) => Err(command::Stop(sentence)),
        Ok(()) => match cli.command {
            Command::Serve { demo: false } => command::serve::serve(settings).await,
            Command::Serve { demo: true } => command::demo::serve(settings).await,
            Command::Migrate(way) => command::migrate::run(&settings, way).await,
            Command::Import { dir, template: true, .. } => command::import::template(&dir),
            Command::Import { dir, dry_run, json, all, language, .. } => {
                let extent = if all { Extent::All } else { Extent::Short };
                let form = if json { Form::Json } else { Form::Text(language.into(), extent) };
                command::import::run(&settings, &dir, dry_run, form).await
            }
            Command::Person(act) => command::person::run(&settings, act).await,
            Command::Client(act) => command::client::run(&settings, act).await,
            Command::Key(act) => command::key::run(&settings, act).await,
            Command::Audit(act) => command::audit::run(&settings, act).await,
            Command::Verify { repair } => command::verify::run(&settings, repair).await,
            Command::Token { client, scope } => command::client::token(&settings, client, &scope).await,
            Command::Schema => {
                print!("{}", cadre_api::graphql::sdl());
                Ok(ExitCode::SUCCESS)
            }
        },
    };
    done.unwrap_or_else(|command::Stop(sentence)| {
        eprintln!("cadre-api: {sentence}");
        ExitCode::FAILURE
    })
}
