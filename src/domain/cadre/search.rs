//! Searches by name. A search starts from the rarest word within the requested units, so its cost depends on the number
//! of matches and not on the population.

use std::cmp::Reverse;

use entity::{cadre, name_index, value::CadreCode};
use sea_orm::{
    ColumnTrait, Condition, ExprTrait,
    prelude::Expr,
    sea_query::{Func, LikeExpr, Query, SelectStatement, SimpleExpr, UnionType},
};
use uuid::Uuid;

use crate::{
    authz::Access,
    db,
    domain::cadre::{CadreList, unit_scan},
    error::{Error, Result},
    text,
};

/// A word is not selective if at least this many people of the units have it: a scan in list order then finds matches
/// quickly, while reading and sorting all of them costs more.
const SELECTIVE_BELOW: u64 = 3_000;

/// Codes that the whole search may be: as typed, and in capitals.
fn codes(search: &str) -> Vec<CadreCode> {
    let typed = search.trim();
    let mut codes: Vec<CadreCode> =
        [typed.to_owned(), typed.to_uppercase()].iter().flat_map(|code| code.parse()).collect();
    codes.dedup();
    codes
}

/// Codes of a search that cannot be a name, because it has the form of a code and contains a digit. Such a search uses
/// the unique index of codes and reads no names.
fn codes_only(search: &str) -> Option<Vec<CadreCode>> {
    let codes = search.contains(|c: char| c.is_ascii_digit()).then(|| codes(search))?;
    (!codes.is_empty()).then_some(codes)
}

/// Condition that every word of the search begins a word of the name, or that the whole search is a code.
///
/// # Errors
/// `Invalid` for `search` if it is too long.
pub(super) fn matching(search: &str) -> Result<Condition> {
    ensure_short(search)?;
    // PostgreSQL rejects text with a NUL, so no stored name contains one.
    if search.contains('\0') {
        return Ok(Condition::all().add(Expr::val(1).eq(0)));
    }
    if let Some(codes) = codes_only(search) {
        return Ok(Condition::all().add(cadre::Column::Code.is_in(codes)));
    }
    let folded = text::fold(search);
    // A search of punctuation only matches no name; a blank search matches all names.
    let name = match folded.is_empty() && !search.trim().is_empty() {
        true => Condition::all().add(Expr::val(1).eq(0)),
        false => every_word(cadre::Column::SearchKey, &folded),
    };
    Ok(Condition::any().add(name).add(cadre::Column::Code.is_in(codes(search))))
}

/// Limits the length, and with it the number of words.
fn ensure_short(search: &str) -> Result<()> {
    const LONGEST: usize = 100;
    if search.chars().count() <= LONGEST {
        return Ok(());
    }
    Err(Error::invalid(
        "search",
        format!("Chuỗi tìm kiếm dài quá {LONGEST} ký tự; hãy rút ngắn."),
        format!("The search text is longer than {LONGEST} characters; shorten it."),
    ))
}

/// Condition that every word of a folded search begins a word of a folded name. In the name, each word follows a blank.
fn every_word(name: impl ColumnTrait, folded: &str) -> Condition {
    let mut all = Condition::all();
    for word in folded.split(' ') {
        // Folding keeps punctuation, so wildcards of LIKE are escaped.
        let word = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        all = all.add(name.like(LikeExpr::new(format!("% {word}%")).escape('\\')));
    }
    all
}

/// Condition that a person is in a superset of the search result, from the index of name words; `None` if the index
/// does not narrow the search and all people are scanned.
///
/// # Errors
/// `Invalid` for a search that is too long or an unknown code of a unit.
pub(super) async fn candidates(access: &Access, list: &CadreList) -> Result<Option<SimpleExpr>> {
    let Some(search) = list.search.as_deref().filter(|search| !search.contains('\0')) else { return Ok(None) };
    ensure_short(search)?;
    if let Some(codes) = codes_only(search) {
        return Ok(Some(cadre::Column::Code.is_in(codes)));
    }
    let Some(units) = units(access, list)?.filter(|units| units.len() <= unit_scan::MAX_UNITS) else {
        return Ok(None);
    };
    let (words, folded) = (Words { access, list, units }, text::fold(search));
    let mut rarest = None;
    for word in folded.split(' ').filter(|word| !word.is_empty()) {
        let (people, length) = (words.estimated_people(word).await?, Reverse(word.len()));
        rarest = rarest.into_iter().chain([(people, length, word)]).min();
    }
    let Some((_, _, word)) = rarest.filter(|(people, ..)| *people < SELECTIVE_BELOW) else { return Ok(None) };
    let by_code = Query::select()
        .column(cadre::Column::Id)
        .from(cadre::Entity)
        .and_where(cadre::Column::Code.is_in(codes(search)))
        .take();
    let mut found = words.people_with(word);
    found.column(name_index::Column::CadreId).cond_where(every_word(name_index::Column::Words, &folded));
    found.union(UnionType::All, by_code);
    Ok(Some(db::any_found(access.backend(), Expr::col((cadre::Entity, cadre::Column::Id)), found)))
}

/// Units in which the listed people hold a post; `None` for all units.
fn units(access: &Access, list: &CadreList) -> Result<Option<Vec<Uuid>>> {
    let asked = unit_scan::units(access, list)?.map(|units| units.ids().collect());
    Ok(asked.or_else(|| Some(access.narrowing()?.iter().map(|unit| unit.0).collect())))
}

/// Name words in the units of a list.
struct Words<'a> {
    access: &'a Access,
    list: &'a CadreList,
    units: Vec<Uuid>,
}

impl Words<'_> {
    /// Select, without columns, of people with a word that has this prefix.
    fn people_with(&self, beginning: &str) -> SelectStatement {
        use name_index::Column as Word;
        let mut found = Query::select();
        found
            .from(name_index::Entity)
            .and_where(db::any_id(self.access.backend(), Expr::col(Word::UnitId), self.units.iter().copied()))
            .and_where(Word::Words.gte(format!(" {beginning}")));
        if let Some(successor) = successor(beginning) {
            found.and_where(Word::Words.lt(format!(" {successor}")));
        }
        found
    }

    /// Estimated number of people with a word that has this prefix, at most `SELECTIVE_BELOW`; used to choose a strategy.
    async fn estimated_people(&self, beginning: &str) -> Result<u64> {
        let (within, unit) = (self.list.within, &self.list.filter.unit);
        let name = format!("words {within:?} {unit:?} {} {beginning}", self.units.len());
        if let Some(people) = self.access.caches().row_estimate(&name) {
            return Ok(people);
        }
        let bounded = self.people_with(beginning).expr_as(Expr::val(1), "one").limit(SELECTIVE_BELOW).take();
        let count =
            Query::select().expr_as(Func::count(Expr::cust("*")), "found").from_subquery(bounded, "bounded").take();
        let people = self.access.number(&count).await?;
        self.access.caches().keep_row_estimate(name, people);
        Ok(people)
    }
}

/// Smallest text after all texts with this prefix, in code point order; `None` if there is none.
fn successor(beginning: &str) -> Option<String> {
    let mut rest = beginning.chars();
    while let Some(last) = rest.next_back() {
        // The next character after the last one, if any; the range skips surrogates.
        if let Some(next) = (last..=char::MAX).nth(1) {
            return Some(format!("{}{next}", rest.as_str()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_with_a_digit_is_a_code_and_nothing_else() {
        for (search, codes, codes_only) in [
            ("CB0001", "CB0001", true),
            (" cb0001 ", "cb0001 CB0001", true),
            ("BN", "BN", false),
            ("an", "an AN", false),
            ("nguyen van 2", "", false),
            ("Ánh2", "", false),
            ("", "", false),
        ] {
            let text = |codes: Vec<CadreCode>| codes.iter().map(CadreCode::as_str).collect::<Vec<_>>().join(" ");
            assert_eq!(text(super::codes(search)), codes, "{search:?}");
            assert_eq!(super::codes_only(search).is_some(), codes_only, "{search:?}");
        }
    }

    #[test]
    fn texts_with_a_prefix_sort_before_its_successor() {
        for (beginning, expected) in [
            ("a", Some("b")),
            ("hung", Some("hunh")),
            ("h'", Some("h(")),
            ("a\u{d7ff}", Some("a\u{e000}")),
            ("a\u{10ffff}", Some("b")),
            ("\u{10ffff}\u{10ffff}", None),
        ] {
            assert_eq!(successor(beginning).as_deref(), expected, "{beginning:?}");
        }
        let successor = successor("hung").expect("something");
        assert!(["hung", "hunga", "hung\u{10ffff}\u{10ffff}"].iter().all(|word| *word < successor.as_str()));
        assert!(["hunh", "huong"].iter().all(|word| *word >= successor.as_str()), "the control");
    }
}
