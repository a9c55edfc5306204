//! Where the files of a bundle are: in a folder, or in memory.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use crate::error::{Error, Result};

/// The files of a bundle in memory, by name.
pub type Contents = BTreeMap<String, Vec<u8>>;

/// The files of a bundle.
#[derive(Clone, Copy, Debug)]
pub(super) enum Files<'a> {
    Folder(&'a Path),
    Memory(&'a Contents),
}

/// A file of a bundle, known or not.
#[derive(Debug)]
pub(super) struct Found {
    pub name: String,
    /// Its size; `None` if it is not a regular file.
    pub size: Option<u64>,
}

impl<'a> Files<'a> {
    /// The files, by name.
    pub fn list(self) -> Result<Vec<Found>> {
        match self {
            Self::Folder(dir) => in_folder(dir),
            Self::Memory(contents) => {
                let found =
                    |(name, bytes): (&String, &Vec<u8>)| Found { name: name.clone(), size: Some(bytes.len() as u64) };
                Ok(contents.iter().map(found).collect())
            }
        }
    }

    /// Opens a file of the format.
    pub fn open(self, file: &str) -> Result<Box<dyn Read + 'a>> {
        match self {
            Self::Folder(dir) => {
                let opened = File::open(dir.join(file)).map_err(|error| unreadable(file, &error))?;
                Ok(Box::new(opened))
            }
            Self::Memory(contents) => match contents.get(file) {
                Some(bytes) => Ok(Box::new(bytes.as_slice())),
                None => Err(unreadable(file, &io::Error::from(io::ErrorKind::NotFound))),
            },
        }
    }
}

fn in_folder(dir: &Path) -> Result<Vec<Found>> {
    let entries: io::Result<Vec<_>> = fs::read_dir(dir).and_then(|entries| entries.collect());
    let mut entries = entries.map_err(|error| no_folder(&error))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    let mut found = Vec::with_capacity(entries.len());
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        // Follows a link, as opening the file will. A pipe would block the import until something writes to it.
        let metadata = fs::metadata(entry.path());
        let size = match metadata {
            Ok(metadata) => metadata.is_file().then_some(metadata.len()),
            Err(error) if name.ends_with(".csv") => return Err(unreadable(&name, &error)),
            Err(_) => None,
        };
        found.push(Found { name, size });
    }
    Ok(found)
}

/// The file exists but cannot be read.
pub(super) fn unreadable(file: &str, error: &io::Error) -> Error {
    Error::invalid(file, format!("không đọc được tệp: {error}"), format!("the file cannot be read: {error}"))
}

fn no_folder(error: &io::Error) -> Error {
    Error::invalid("DIR", format!("không đọc được thư mục: {error}"), format!("the folder cannot be read: {error}"))
}
