//! Parsing of the command line. `--help` of a subcommand lists its options without the common settings.

use clap::{Arg, Command as Line, CommandFactory, FromArgMatches};

use super::Cli;

/// Reference to the common settings, for commands that hide them.
const POINTER: &str = "Settings such as --database-url (CADRE_DATABASE_URL) are listed by `cadre-api --help`.";

/// The command that most settings are for. Its help lists them.
const SERVE: &str = "serve";

impl Cli {
    /// Parses the command line of the process; exits with a message if it is invalid.
    pub fn read() -> Self {
        Self::from_arg_matches(&line().get_matches()).unwrap_or_else(|error| error.exit())
    }
}

/// The command line; the help of subcommands hides the settings.
fn line() -> Line {
    let line = Cli::command();
    let settings: Vec<Arg> =
        line.get_arguments().filter(|argument| argument.is_global_set()).map(|arg| arg.clone().hide(true)).collect();
    line.mut_subcommands(|command| if command.get_name() == SERVE { command } else { hiding(command, &settings) })
}

fn hiding(command: Line, settings: &[Arg]) -> Line {
    // Clap does not propagate an argument that a subcommand already has.
    command.args(settings).after_help(POINTER).mut_subcommands(|command| hiding(command, settings))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The help of a command.
    fn help(args: &[&str]) -> String {
        let args = ["cadre-api"].iter().chain(args).chain(&["--help"]);
        line().try_get_matches_from(args).expect_err("help ends the reading").to_string()
    }

    #[test]
    fn the_line_is_consistent() {
        line().debug_assert();
    }

    #[test]
    fn a_command_shows_its_own_options() {
        for args in [&["schema"][..], &["import"], &["client"], &["client", "add"], &["client", "key", "list"]] {
            let help = help(args);
            assert!(help.contains(POINTER), "{args:?}: {help}");
            assert!(!help.contains("--listen") && !help.contains("--max-in-flight"), "{args:?}: {help}");
        }
        assert!(help(&["schema"]).lines().count() < 12, "{}", help(&["schema"]));
        for args in [&[][..], &["serve"]] {
            let help = help(args);
            assert!(help.contains("--listen") && help.contains("CADRE_MAX_IN_FLIGHT"), "{args:?}: {help}");
        }
    }

    #[test]
    fn the_help_of_rights_lists_scopes_and_purposes() {
        for args in [&["client", "add"], &["client", "grant"], &["person", "add"]] {
            let help = help(args);
            for word in ["cadre.identity:read", "clients:admin", "PERSONNEL", "CONFIRMATION"] {
                assert!(help.contains(word), "{args:?}: {word}: {help}");
            }
        }
    }

    #[test]
    fn a_hidden_setting_is_read_wherever_it_is_written() {
        for args in [
            &["--database-url", "sqlite://x.db", "client", "key", "list", "--client", "cli_agrcdbgks535raj5y3qaohgimu"]
                [..],
            &["client", "--database-url", "sqlite://x.db", "key", "list", "--client", "cli_agrcdbgks535raj5y3qaohgimu"],
            &["client", "key", "list", "--client", "cli_agrcdbgks535raj5y3qaohgimu", "--database-url", "sqlite://x.db"],
            &["schema", "--database-url", "sqlite://x.db"],
            &["serve", "--database-url", "sqlite://x.db"],
        ] {
            let matches = line().try_get_matches_from(["cadre-api"].iter().chain(args)).expect("read");
            let cli = Cli::from_arg_matches(&matches).expect("read");
            assert_eq!(cli.settings.database_url, "sqlite://x.db", "{args:?}");
        }
    }
}
