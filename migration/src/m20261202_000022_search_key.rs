//! Search keys in which hyphens and apostrophes separate words, and i replaces y after a consonant and in "quy".
//!
//! The keys are folded already, so plain replacements give the same result as the service for new names. The service
//! rebuilds the words of names (`cadre_word`), because their format has a new version.

use sea_orm_migration::prelude::*;

/// Rewrites `cadre.search_key`.
#[derive(DeriveMigrationName)]
pub struct Migration;

const SEPARATORS: [&str; 16] = [
    "-", "\u{2010}", "\u{2011}", "\u{2012}", "\u{2013}", "\u{2014}", "\u{2015}", "''", "`", "\u{2bb}", "\u{2bc}",
    "\u{2bd}", "\u{2018}", "\u{2019}", "\u{201a}", "\u{201b}",
];
const CONSONANTS: &str = "bcdfghjklmnpqrstvwxz";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let separators = SEPARATORS.iter().map(|sign| ((*sign).to_owned(), " "));
        // Each pass halves the length of a run of blanks.
        let blanks = std::iter::repeat_n(("  ".to_owned(), " "), 7);
        let plain = separators.chain(blanks).fold("search_key".to_owned(), |key, (from, to)| replaced(&key, &from, to));
        let vowels = CONSONANTS.chars().map(|letter| (format!("{letter}y"), format!("{letter}i")));
        let vowels = vowels.chain([("quy".to_owned(), "qui".to_owned())]);
        let folded = vowels.fold(format!("rtrim({plain})"), |key, (from, to)| replaced(&key, &from, &to));
        let update = format!("UPDATE cadre SET search_key = {folded} WHERE search_key <> {folded}");
        manager.get_connection().execute_unprepared(&update).await.map(|_| ())
    }

    /// Leaves the keys unchanged: the previous version finds all names by them, except for searches with y.
    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}

fn replaced(key: &str, from: &str, to: &str) -> String {
    format!("replace({key}, '{from}', '{to}')")
}
