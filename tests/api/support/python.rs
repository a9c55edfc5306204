//! PyPI packages that tests run by Python.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// The folder of the programs of a virtual environment with the packages of a lock file (`requirements.txt` with hashes).
/// Installed once for each version of the lock file and of Python.
pub fn installed(name: &str, requirements: &Path) -> PathBuf {
    let lock_file = fs::read(requirements).unwrap_or_else(|error| panic!("{}: {error}", requirements.display()));
    let version = run(Command::new("python3").arg("--version"));
    let digest = HEXLOWER.encode(&Sha256::new().chain_update(version).chain_update(&lock_file).finalize());
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(cache).expect("a folder");
    let folder = cache.join(format!("python-{name}-{}", &digest[..16]));
    let programs = folder.join("bin");

    // Programs of a virtual environment contain its path, so it cannot be made elsewhere and moved.
    let lock = File::create(folder.with_extension("lock")).expect("a file");
    lock.lock().expect("a lock");
    let complete = folder.join("complete");
    if complete.exists() {
        return programs;
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
    let arguments = ["install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "--require-hashes"];
    run(Command::new(programs.join("pip")).args(arguments).arg("-r").arg(requirements));
    fs::write(complete, "").expect("written");
    programs
}

/// The output of a command that must succeed.
fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output();
    let output = output.unwrap_or_else(|error| panic!("this test needs python3 (Debian: python3-venv): {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    let hint = "this test needs python3 with venv (Debian: python3-venv), and the package index once";
    assert!(output.status.success(), "{command:?}: {hint}:\n{said}");
    output.stdout
}
