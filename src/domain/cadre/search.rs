//! Searches by name. They begin at the rarest word in the units that are asked for, so that they cost what there is to
//! find there, however many people there are elsewhere.

use std::cmp::Reverse;

use entity::{cadre, cadre_word};
use sea_orm::{
    ColumnTrait, Condition, ExprTrait,
    prelude::Expr,
    sea_query::{Func, LikeExpr, Query, SelectStatement, SimpleExpr, UnionType},
};
use uuid::Uuid;

use crate::{
    db,
    domain::{
        authz::Access,
        cadre::{CadreList, unit_scan},
        scalar,
    },
    error::{Error, Result},
    text,
};

/// A word that so many have in the units tells little: who goes through everybody in the order of the list meets them soon,
/// and to look at all of them and sort them costs more.
const MANY: u64 = 3_000;

/// Every word begins a word of the name; or the whole is a code.
///
/// # Errors
/// `Invalid` naming `search` if it is too long.
pub(super) fn matching(search: &str) -> Result<Condition> {
    ensure_short(search)?;
    // PostgreSQL takes no text with a NUL in it, so no name has one.
    if search.contains('\0') {
        return Ok(Condition::all().add(Expr::val(1).eq(0)));
    }
    let folded = text::fold(search);
    // Signs alone begin no word, while a blank search finds everybody.
    let name = match folded.is_empty() && !search.trim().is_empty() {
        true => Condition::all().add(Expr::val(1).eq(0)),
        false => every_word(cadre::Column::SearchKey, &folded),
    };
    Ok(Condition::any().add(name).add(cadre::Column::Code.eq(search.trim())))
}

/// So that a search has few words, each of which is looked for.
fn ensure_short(search: &str) -> Result<()> {
    const LONGEST: usize = 100;
    if search.chars().count() <= LONGEST {
        return Ok(());
    }
    Err(Error::invalid(
        "search",
        format!("Chuỗi tìm kiếm dài quá {LONGEST} ký tự; hãy rút ngắn."),
        format!("The search is longer than {LONGEST} characters; shorten it."),
    ))
}

/// Every word of a folded search begins a word of a folded name, in which each stands after a blank.
fn every_word(name: impl ColumnTrait, folded: &str) -> Condition {
    let mut all = Condition::all();
    for word in folded.split(' ') {
        // The fold keeps signs, so the pattern's own are escaped.
        let word = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        all = all.add(name.like(LikeExpr::new(format!("% {word}%")).escape('\\')));
    }
    all
}

/// That a person is one of some among whom are all whom the list's search finds, as the words of names tell; nothing
/// where they do not narrow it, and it goes through everybody.
///
/// # Errors
/// `Invalid` for a search that is too long, and for a code of a unit that names nothing.
pub(super) async fn candidates(access: &Access, list: &CadreList) -> Result<Option<SimpleExpr>> {
    let Some(search) = list.search.as_deref().filter(|search| !search.contains('\0')) else { return Ok(None) };
    ensure_short(search)?;
    let Some(units) = units(access, list)?.filter(|units| units.len() <= unit_scan::MAX_UNITS) else {
        return Ok(None);
    };
    let (words, folded) = (Words { access, list, units }, text::fold(search));
    let mut rarest = None;
    for word in folded.split(' ').filter(|word| !word.is_empty()) {
        let (people, length) = (words.about(word).await?, Reverse(word.len()));
        rarest = rarest.into_iter().chain([(people, length, word)]).min();
    }
    let Some((_, _, word)) = rarest.filter(|(people, ..)| *people < MANY) else { return Ok(None) };
    let by_code = Query::select()
        .column(cadre::Column::Id)
        .from(cadre::Entity)
        .and_where(cadre::Column::Code.eq(search.trim()))
        .take();
    let mut found = words.who_has(word);
    found.column(cadre_word::Column::CadreId).cond_where(every_word(cadre_word::Column::Words, &folded));
    found.union(UnionType::All, by_code);
    Ok(Some(db::any_found(access.backend(), Expr::col((cadre::Entity, cadre::Column::Id)), found)))
}

/// The units in one of which whoever is listed holds a post; nothing where that may be any.
fn units(access: &Access, list: &CadreList) -> Result<Option<Vec<Uuid>>> {
    let asked = unit_scan::units(access, list)?.map(|units| units.ids().collect());
    Ok(asked.or_else(|| Some(access.narrowing()?.iter().map(|unit| unit.0).collect())))
}

/// The words of names in the units of a list.
struct Words<'a> {
    access: &'a Access,
    list: &'a CadreList,
    units: Vec<Uuid>,
}

impl Words<'_> {
    /// Who has a word that begins so; without columns.
    fn who_has(&self, beginning: &str) -> SelectStatement {
        use cadre_word::Column as Word;
        let mut found = Query::select();
        found
            .from(cadre_word::Entity)
            .and_where(db::any_id(self.access.backend(), Expr::col(Word::UnitId), self.units.iter().copied()))
            .and_where(Word::Words.gte(format!(" {beginning}")));
        if let Some(after) = after(beginning) {
            found.and_where(Word::Words.lt(format!(" {after}")));
        }
        found
    }

    /// About how many people have a word that begins so, at most `MANY`: good enough to choose by.
    async fn about(&self, beginning: &str) -> Result<u64> {
        let (within, unit) = (self.list.within, &self.list.filter.unit);
        let name = format!("words {within:?} {unit:?} {} {beginning}", self.units.len());
        if let Some(people) = self.access.reference_data().size(&name) {
            return Ok(people);
        }
        let bounded = self.who_has(beginning).expr_as(Expr::val(1), "one").limit(MANY).take();
        let count =
            Query::select().expr_as(Func::count(Expr::cust("*")), "found").from_subquery(bounded, "bounded").take();
        let people = u64::try_from(scalar(self.access, &count).await?).unwrap_or(0);
        self.access.reference_data().remember_size(name, people);
        Ok(people)
    }
}

/// What comes after all texts that begin so, by code point; nothing where nothing does.
fn after(beginning: &str) -> Option<String> {
    let mut rest = beginning.chars();
    while let Some(last) = rest.next_back() {
        // A character comes after every other but the last one there is; surrogates are none.
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
    fn what_begins_so_lies_before_what_comes_after() {
        for (beginning, expected) in [
            ("a", Some("b")),
            ("hung", Some("hunh")),
            ("h'", Some("h(")),
            ("a\u{d7ff}", Some("a\u{e000}")),
            ("a\u{10ffff}", Some("b")),
            ("\u{10ffff}\u{10ffff}", None),
        ] {
            assert_eq!(after(beginning).as_deref(), expected, "{beginning:?}");
        }
        let after = after("hung").expect("something");
        assert!(["hung", "hunga", "hung\u{10ffff}\u{10ffff}"].iter().all(|word| *word < after.as_str()));
        assert!(["hunh", "huong"].iter().all(|word| *word >= after.as_str()), "the control");
    }
}
