//! The command line and its environment. The doc comments here are the manual that `--help` prints.

mod client;
mod document;
mod line;
mod log;
mod rights;
mod user;
mod value;
mod web;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use clap::{Args, Parser, Subcommand, ValueEnum};
pub use client::{ClientAdd, ClientCommand, ClientGrant, ClientKeyCommand};
pub use document::DocumentCommand;
use entity::value::{CadreCode, ClientId, Day, Scope};
pub use log::LogFormat;
pub use rights::Rights;
use tracing_subscriber::filter::{LevelFilter, Targets};
pub use user::{PersonAdd, PersonCommand};
pub use value::public_url;
use value::{DatabaseUrl, one_of};
pub use web::{Console, CorsOrigins};

use crate::{
    db::Pool,
    language::Language,
    limit::{self, InFlight, Limits},
};

/// Cadres, their qualifications, rotations and training, over GraphQL.
#[derive(Debug, Parser)]
#[command(name = "cadre-api", version, max_term_width = 120)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Settings that every command reads.
    #[command(flatten)]
    pub settings: Settings,
}

/// Settings, as flags or in the environment.
#[derive(Clone, Debug, Args)]
pub struct Settings {
    /// The database: `sqlite://PATH` (embedded; created if missing) or `postgres://USER:PASSWORD@HOST/NAME`.
    #[arg(
        long,
        global = true,
        env = "CADRE_DATABASE_URL",
        default_value = "sqlite://cadre.db",
        hide_env_values = true
    )]
    #[arg(value_parser = DatabaseUrl)]
    pub database_url: String,
    /// Address to listen on.
    #[arg(long, global = true, env = "CADRE_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// URL under which clients reach the service: issuer and audience of tokens. [default: http:// and the address]
    #[arg(long, global = true, env = "CADRE_PUBLIC_URL", value_parser = public_url)]
    pub public_url: Option<String>,
    /// Most connections to a PostgreSQL server for questions, and as many for acts, besides five set aside for rights and
    /// for registers; more than 8 rarely gain anything.
    #[arg(long, global = true, env = "CADRE_DATABASE_CONNECTIONS", default_value_t = 8)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=200))]
    pub database_connections: u32,
    /// Seconds that one statement may run on a PostgreSQL server.
    #[arg(long, global = true, env = "CADRE_STATEMENT_TIMEOUT", default_value_t = 30)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub statement_timeout: u64,
    /// Seconds that the reads of one operation may take altogether, on either database; then they are stopped.
    #[arg(long, global = true, env = "CADRE_OPERATION_TIMEOUT", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub operation_timeout: u64,
    /// Key that encrypts the keys of the service in the database: 32 bytes in base64 (`openssl rand -base64 32`). On the
    /// command line others can see it: use the environment, or the file.
    #[arg(long, global = true, env = "CADRE_KEY_ENCRYPTION_KEY", hide_env_values = true)]
    pub key_encryption_key: Option<String>,
    /// File that holds this key. [default: beside an embedded database, made if missing; none for a server]
    #[arg(long, global = true, env = "CADRE_KEY_ENCRYPTION_KEY_FILE")]
    pub key_encryption_key_file: Option<String>,
    /// Days after which the key that signs access tokens makes way for a new one.
    #[arg(long, global = true, env = "CADRE_KEY_ROTATION_DAYS", default_value_t = 90)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub key_rotation_days: u32,
    /// File to which signed checkpoints of the logs are appended; it should lie on another machine. [default: beside an
    /// embedded database; none for a server]
    #[arg(long, global = true, env = "CADRE_AUDIT_CHECKPOINTS")]
    pub audit_checkpoints: Option<PathBuf>,
    /// File with the table of external issuers whose tokens are taken, in JSON. [default: none but this service]
    #[arg(long, global = true, env = "CADRE_ISSUERS")]
    pub issuers: Option<String>,
    /// Requests per second that a client may send, unless its grant says otherwise.
    #[arg(long, global = true, env = "CADRE_CLIENT_REQUESTS_PER_SECOND", default_value_t = limit::REQUESTS_PER_SECOND)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(limit::MAX_REQUESTS)))]
    pub client_requests_per_second: u32,
    /// Cost of operations per minute that a client may ask for, unless its grant says otherwise.
    #[arg(long, global = true, env = "CADRE_CLIENT_COST_PER_MINUTE", default_value_t = limit::COST_PER_MINUTE)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(limit::MAX_COST)))]
    pub client_cost_per_minute: u32,
    /// GraphQL requests that are worked on at once; more are answered with 503. [default: 64 for each core]
    #[arg(long, global = true, env = "CADRE_MAX_IN_FLIGHT", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_in_flight: Option<u32>,
    /// Origins of web pages that may call the API from a browser, such as `https://app.example.vn`, separated by commas;
    /// `*` for all. [default: none]
    #[arg(long, global = true, env = "CADRE_CORS_ORIGINS", value_parser = web::cors_origins)]
    pub cors_origins: Option<CorsOrigins>,
    /// Console for queries in the browser, at `/console`. [default: off; on in the demo]
    #[arg(long, global = true, env = "CADRE_CONSOLE", value_enum)]
    pub console: Option<Console>,
    /// Addresses of X-Road security servers, separated by commas: `X-Road-Client`, `X-Road-Id`, `X-Road-UserId` and
    /// `X-Road-Issue` of their requests are recorded in the access log. [default: none; these headers are ignored]
    #[arg(long, global = true, env = "CADRE_SECURITY_SERVERS", value_delimiter = ',')]
    pub security_servers: Vec<IpAddr>,
    /// What to log: `error`, `warn`, `info`, `debug`, `trace`, `off`, or a filter such as `info,sqlx=warn`. [default: info;
    /// warn in the demo]
    #[arg(long, global = true, env = "CADRE_LOG", value_parser = log::log_filter)]
    pub log: Option<Targets>,
    /// Form of the log, which goes to standard error.
    #[arg(long, global = true, env = "CADRE_LOG_FORMAT", value_enum, default_value_t = LogFormat::Auto)]
    pub log_format: LogFormat,
}

/// What the program does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the API. An embedded database is migrated first; a PostgreSQL database is migrated by `migrate up`.
    Serve {
        /// Use a fresh temporary database with a small population, register a client, ask a question, print a token.
        #[arg(long)]
        demo: bool,
    },
    /// Move the database's schema, or show how it stands.
    #[command(subcommand)]
    Migrate(Migrate),
    /// Load an import bundle, all or nothing, and report every finding.
    Import {
        /// Folder with the bundle's CSV files.
        dir: PathBuf,
        /// Write an empty bundle into the folder instead: each file with its header and one example row as a comment.
        #[arg(long, conflicts_with_all = ["dry_run", "json", "all"])]
        template: bool,
        /// Check everything and load nothing.
        #[arg(long)]
        dry_run: bool,
        /// Print the report as JSON, which holds both languages.
        #[arg(long)]
        json: bool,
        /// Print every finding on its own line instead of the first 20 of each code.
        #[arg(long, conflicts_with = "json")]
        all: bool,
        /// Language of the report.
        #[arg(long, value_enum, default_value_t = ReportLanguage::En)]
        language: ReportLanguage,
    },
    /// Manage API clients and their grants.
    #[command(subcommand)]
    Client(ClientCommand),
    /// Manage the documents that clients name by a hash instead of sending their text.
    #[command(subcommand)]
    Document(DocumentCommand),
    /// Manage the persons for whom clients ask by tokens of external issuers.
    #[command(subcommand)]
    Person(PersonCommand),
    /// List the keys that sign access tokens, or renew them.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Read the access log, withhold parts of it, and verify that no log was changed.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Hold the read models against what they are derived from and name the first difference; exit status 1 then.
    Verify {
        /// Make them anew where they differ.
        #[arg(long)]
        repair: bool,
    },
    /// Print an access token of a client, for an operator at the keyboard.
    Token {
        /// Client id.
        #[arg(long)]
        client: ClientId,
        /// Ask for these scopes only.
        #[arg(long, num_args = 1.., value_parser = one_of::<Scope>())]
        scope: Vec<Scope>,
    },
    /// Print the GraphQL schema.
    Schema,
}

/// Language of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportLanguage {
    /// Tiếng Việt.
    Vi,
    /// English.
    En,
}

impl From<ReportLanguage> for Language {
    fn from(language: ReportLanguage) -> Self {
        match language {
            ReportLanguage::Vi => Self::Vietnamese,
            ReportLanguage::En => Self::English,
        }
    }
}

/// Moves of the schema.
#[derive(Clone, Debug, Subcommand)]
pub enum Migrate {
    /// Bring the schema up to this version, and the reference lists with it.
    Up,
    /// Take back the newest migrations, after asking. Prints how many rows are lost with the tables they made.
    Down {
        /// How many.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        steps: u32,
        /// Do it without asking. Required where standard input or standard error is not a terminal.
        #[arg(long)]
        yes: bool,
    },
    /// Give a role of a PostgreSQL server what the service needs of the tables, and nothing else. `up` keeps it so.
    Grant {
        /// The role, which must exist; it may neither own the tables nor bypass row security.
        #[arg(long)]
        to: String,
    },
    /// Show how the schema stands.
    Status,
}

/// Management of the keys that sign access tokens.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum KeyCommand {
    /// List the keys: NEXT will sign, ACTIVE signs, RETIRED still verifies, ENDED goes.
    List,
    /// Make the next key. It signs after 10 minutes; the one before verifies until its last token has ended.
    Rotate {
        /// A key has leaked: replace all at once. Every token issued so far is refused within 5 seconds.
        #[arg(long)]
        leaked: bool,
    },
}

/// What the operator does with the logs.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Print who read whose protected data, oldest first; also what is withheld.
    List {
        /// Code of the person whose data was read; everybody if absent.
        #[arg(long)]
        subject: Option<CadreCode>,
        /// Print a JSON object per line.
        #[arg(long)]
        json: bool,
    },
    /// Withhold what a client reads of a person from the API until a day. The order given last counts.
    Withhold {
        /// Client id.
        #[arg(long)]
        client: ClientId,
        /// Code of the person.
        #[arg(long)]
        subject: String,
        /// First day on which it is told again.
        #[arg(long)]
        until: Day,
        /// Number of the document that orders it.
        #[arg(long)]
        document: String,
    },
    /// Recount the chain over all logs and name the first entry that is not what it was; exit status 1 then.
    Verify {
        /// File of checkpoints; that of the settings if absent.
        #[arg(long)]
        checkpoints: Option<PathBuf>,
    },
}

impl Settings {
    /// Log filter. The default of the demo is quieter: its printed instructions must stay visible.
    pub fn log_filter(&self, is_demo: bool) -> Targets {
        let level = if is_demo { LevelFilter::WARN } else { LevelFilter::INFO };
        self.log.clone().unwrap_or_else(|| Targets::new().with_default(level))
    }

    /// File of log checkpoints.
    pub fn checkpoints(&self) -> Option<PathBuf> {
        let beside = || {
            let path = self.database_url.strip_prefix("sqlite://")?.split('?').next()?;
            Some(PathBuf::from(format!("{path}.checkpoints")))
        };
        self.audit_checkpoints.clone().or_else(beside)
    }

    /// Settings of the pool of a server database.
    pub fn pool(&self) -> Pool {
        Pool {
            max_connections: self.database_connections,
            statement_timeout: Duration::from_secs(self.statement_timeout),
            operation_timeout: Duration::from_secs(self.operation_timeout),
            ..Pool::default()
        }
    }

    /// Default limits of clients.
    pub fn limits(&self) -> Limits {
        Limits::of(self.client_requests_per_second, self.client_cost_per_minute)
    }

    /// Limit on concurrent requests.
    pub fn in_flight(&self) -> InFlight {
        self.max_in_flight.map_or_else(InFlight::default, |most| InFlight::at_most(most as usize))
    }

    /// Issuer and audience of tokens.
    pub fn public_url(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| self.local_url())
    }

    /// URL of the service for this machine. Clients cannot use an address that means "all addresses of this machine",
    /// so the loopback address replaces it.
    pub fn local_url(&self) -> String {
        let mut reached = self.listen;
        if reached.ip().is_unspecified() {
            reached.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        format!("http://{reached}")
    }

    /// Path of the embedded database.
    pub fn embedded_path(&self) -> Option<&str> {
        self.database_url.strip_prefix("sqlite://").map(|path| path.split('?').next().unwrap_or(path))
    }

    /// Whether the database is embedded.
    pub fn is_embedded(&self) -> bool {
        self.database_url.starts_with("sqlite:")
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_public_url_is_one_that_clients_can_use() {
        for (args, expected) in [
            (&["--listen", "127.0.0.1:8081"][..], "http://127.0.0.1:8081"),
            (&["--listen", "0.0.0.0:8080"], "http://127.0.0.1:8080"),
            (&["--listen", "0.0.0.0:8080", "--public-url", "https://cadre.example.vn"], "https://cadre.example.vn"),
        ] {
            let cli = Cli::parse_from(["cadre-api", "schema"].iter().chain(args));
            assert_eq!(cli.settings.public_url(), expected);
        }
    }
}
