//! Exports (kết xuất): all records of one type that a caller may see, page by page, in the order of their ids.
//!
//! All pages of an export see one snapshot of the database. A type implements `Record`: how its pages are read, and the
//! cells of its rows in the file of the import bundle. `Export` writes them as NDJSON or CSV.

mod appraisals;
mod areas;
mod assignments;
mod cadres;
mod classes;
mod codes;
mod csv;
mod documents;
mod duties;
mod enrolments;
mod export_type;
mod identifiers;
mod lists;
mod plans;
mod qualifications;
mod quotas;
mod record;
mod rotations;
mod rules;
mod sessions;
mod standards;
mod stream;
mod successions;
mod title_steps;
mod units;

pub use self::csv::CsvForm;
pub use export_type::ExportType;
pub use stream::{Chunk, Export, Form};
