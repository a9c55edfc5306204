//! A small disk: a file system in memory that a test can fill and free.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// A mounted file system of a few megabytes. Unmounted on drop.
pub struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// Mounts a disk if possible: as root on Linux. Otherwise prints that to the output of the test.
    pub fn mount(megabytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir_in("/tmp").expect("a folder");
        let size = format!("size={megabytes}m,mode=777");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "cadre-test"]).arg(folder.path()).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self { folder }),
            refused => {
                println!("NOT TESTED on a mounted file system, which takes root on Linux: {refused:?}");
                None
            }
        }
    }

    /// The mount point.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Fills the disk until `free` bytes are left.
    pub fn fill_up_to(&self, free: u64) {
        let mut ballast = fs::File::create(self.ballast()).expect("created");
        while ballast.write_all(&[1; 4096]).is_ok() {}
        let length = ballast.metadata().expect("a file").len();
        ballast.set_len(length.saturating_sub(free)).expect("shortened");
    }

    /// Deletes the filling.
    pub fn free(&self) {
        fs::remove_file(self.ballast()).expect("removed");
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a killed process may keep a file open for a moment.
        let _unmounted = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}
