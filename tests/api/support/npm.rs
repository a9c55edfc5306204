//! npm packages that tests run with Node.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// A folder with these files, which include `package.json` and `package-lock.json`, and with the packages of the lock
/// file. Installed once for each version of the files.
pub fn installed(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let digest = files.iter().fold(Sha256::new(), |digest, (_, text)| digest.chain_update(text)).finalize();
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = cache.join(format!("{name}-{}", &HEXLOWER.encode(&digest)[..16]));
    if folder.exists() {
        return folder;
    }
    fs::create_dir_all(cache).expect("a folder");
    let new = tempfile::tempdir_in(cache).expect("a folder");
    for (name, text) in files {
        fs::write(new.path().join(name), text).expect("written");
    }
    let arguments = ["ci", "--no-audit", "--no-fund", "--ignore-scripts"];
    let npm = Command::new("npm").args(arguments).current_dir(new.path()).output();
    let npm = npm.unwrap_or_else(|error| panic!("this test needs node and npm (Debian: nodejs, npm): {error}"));
    let errors = String::from_utf8_lossy(&npm.stderr);
    assert!(npm.status.success(), "npm cannot install {name}; it needs its registry once:\n{errors}");
    // If two processes install at the same time, the second uses the folder of the first.
    let renamed = fs::rename(new.path(), &folder);
    assert!(renamed.is_ok() || folder.exists(), "{renamed:?}");
    folder
}
