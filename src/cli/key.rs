//! `cadre-api key`, and the source of the key encryption key.

use std::{fs, io::Write, path::Path, process::ExitCode, sync::Arc};

use cadre_api::{
    auth::{KeyEncryption, KeyState, KeyStore},
    clock::Clock,
    config::{KeyCommand, Settings},
    db::Database,
    domain::key,
};

use crate::cli::{Stop, open_existing, output::Output};

/// Required content of the file or variable.
const FORM: &str = "32 bytes in base64, such as `openssl rand -base64 32` prints";

/// Lists or rotates the access token keys.
pub async fn run(settings: &Settings, command: KeyCommand, out: &mut Output) -> Result<ExitCode, Stop> {
    let store = store(settings, open_existing(settings).await?).await?;
    match command {
        KeyCommand::List => {
            for key in key::list(&store, Clock::System).await? {
                let state = match key.state {
                    KeyState::Next => "NEXT",
                    KeyState::Active => "ACTIVE",
                    KeyState::Retired => "RETIRED",
                    KeyState::Ended => "ENDED",
                };
                out.line(format_args!(
                    "{}  {state}  signs from {}",
                    key.kid,
                    key.signs_from.format("%Y-%m-%d %H:%M UTC")
                ));
            }
        }
        KeyCommand::Rotate { leaked } => {
            let key_file = if leaked {
                key::replace(&store, Clock::System).await?
            } else {
                key::rotate(&store, Clock::System).await?
            };
            out.line(format_args!("{} signs from {}", key_file.kid, key_file.signs_from.format("%Y-%m-%d %H:%M UTC")));
        }
    }
    store.database.close().await.map_err(|error| Stop(error.to_string()))?;
    Ok(ExitCode::SUCCESS)
}

/// The keys of a database; missing ones are generated, unencrypted ones are encrypted.
pub async fn store(settings: &Settings, database: Database) -> Result<KeyStore, Stop> {
    let encryption = Arc::new(encryption(settings, &database).await?);
    let store = KeyStore { database, encryption };
    key::ensure(&store, Clock::System).await?;
    Ok(store)
}

async fn encryption(settings: &Settings, database: &Database) -> Result<KeyEncryption, Stop> {
    // Compose files and similar tools pass an empty text for a missing value.
    let text = settings.key_encryption_key.as_deref().filter(|text| !text.is_empty());
    let file = settings.key_encryption_key_file.as_deref().filter(|file| !file.is_empty());
    match (text, file, settings.embedded_path()) {
        (Some(_), Some(_), _) => {
            Err(Stop("set CADRE_KEY_ENCRYPTION_KEY or CADRE_KEY_ENCRYPTION_KEY_FILE, not both".into()))
        }
        (Some(text), None, _) => KeyEncryption::read(text)
            .ok_or_else(|| Stop(format!("CADRE_KEY_ENCRYPTION_KEY is invalid; it must be {FORM}"))),
        (None, Some(file), _) => read(Path::new(file)),
        (None, None, Some(path)) => key_file_next_to_database(Path::new(&format!("{path}.key")), database).await,
        (None, None, None) => Err(Stop(format!(
            "CADRE_KEY_ENCRYPTION_KEY_FILE is not set; it names the file with the key that encrypts the signing keys in \
             the database. Write {FORM}, into a file that only this user can read, set CADRE_KEY_ENCRYPTION_KEY_FILE to \
             its path, and store a copy separately from the backups of the database"
        ))),
    }
}

fn read(file: &Path) -> Result<KeyEncryption, Stop> {
    let text = fs::read_to_string(file);
    let text = text.map_err(|error| Stop(format!("the key file {} cannot be read: {error}", file.display())))?;
    KeyEncryption::read(&text)
        .ok_or_else(|| Stop(format!("the key file {} is invalid; it must contain {FORM}", file.display())))
}

/// The key file next to an embedded database. It is created once, with the database, readable by its owner only.
async fn key_file_next_to_database(file: &Path, database: &Database) -> Result<KeyEncryption, Stop> {
    if file.exists() {
        return read(file);
    }
    if key::has_encrypted(database).await? {
        return Err(Stop(format!(
            "the key file {} is missing, and the keys in the database are encrypted with it; restore the file, or set \
             CADRE_KEY_ENCRYPTION_KEY to the key",
            file.display()
        )));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let text = KeyEncryption::draw()?;
    let key_file = tempfile::NamedTempFile::new_in(folder).and_then(|mut key_file| {
        writeln!(key_file, "{text}")?;
        key_file.as_file().sync_all()?;
        Ok(key_file)
    });
    let key_file =
        key_file.map_err(|error| Stop(format!("the key file {} cannot be created: {error}", file.display())))?;
    // If two programs start at once, one creates the complete file and the other uses it.
    let _file_exists = key_file.persist_noclobber(file);
    read(file)
}
