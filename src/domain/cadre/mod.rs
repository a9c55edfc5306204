//! Cadres (cán bộ): look-ups, lists and the posts of a day.

mod filter;
mod indexed_list;
mod level;
mod list;
mod list_page;
mod search;
mod standard_filter;
mod training_filter;
mod unit_scan;

pub use filter::CadreWhere;
pub use level::LevelCondition;
pub use list::{CadreList, CadreOrder, CadreOrderField};
pub use standard_filter::StandardCondition;
pub use training_filter::TrainedCondition;

use entity::{
    assignment, cadre, cadre_snapshot,
    value::{CadreCode, CadreId, Day, NationalId, Scope},
};
use sea_orm::{
    ColumnTrait,
    sea_query::{Query, SimpleExpr},
};

use crate::{
    authz::{Access, AuthorizedCadre, Rotations},
    error::{Error, Result},
};

/// Key of a person.
#[derive(Clone, Debug, async_graphql::OneofObject)]
pub enum CadreKey {
    /// Id of the person.
    Id(async_graphql::ID),
    /// Code of the person.
    Code(String),
    /// Personal identity number (số định danh cá nhân). Requires `cadre.identity:read`.
    NationalId(String),
}

/// Finds a person by id, code or identity number, in service or not, if the person's file is in the caller's custody on
/// the day; by identity number, also today. Includes rotations if requested.
///
/// # Errors
/// `NotFound`; `Forbidden` without the scope that the key requires; `Conflict` if several people have the same doubtful
/// identity number.
pub async fn look_up(
    access: &Access,
    key: &CadreKey,
    with: Option<Rotations<'_>>,
    day: Day,
) -> Result<AuthorizedCadre> {
    let condition: SimpleExpr = match key {
        CadreKey::Id(id) => {
            let id: CadreId = id.parse().map_err(|_| Error::NotFound)?;
            cadre_snapshot::Column::CadreId.eq(id)
        }
        CadreKey::Code(code) => {
            let code: CadreCode = code.parse().map_err(|_| Error::NotFound)?;
            cadre_snapshot::Column::Code.eq(code)
        }
        CadreKey::NationalId(number) => {
            access.require(Scope::CadreIdentityRead, "CadreKey.nationalId")?;
            // PostgreSQL rejects text with a NUL, so no stored number contains one.
            if number.contains('\0') {
                return Err(Error::NotFound);
            }
            let with_number = Query::select()
                .column(cadre::Column::Id)
                .from(cadre::Entity)
                .and_where(cadre::Column::NationalId.eq(NationalId::seal(number.clone())))
                .take();
            cadre_snapshot::Column::CadreId.in_subquery(with_number)
        }
    };
    let mut found = access.cadres()?.find(condition, with, day).await?;
    if matches!(key, CadreKey::NationalId(_)) {
        found.retain(AuthorizedCadre::has_custody);
        access.found_by_number(&found)?;
    }
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(Error::NotFound),
        _ => Err(Error::Conflict(crate::language::Sentence::new(
            "Có nhiều người cùng được ghi số định danh này; hãy tra cứu theo mã cán bộ.",
            "Several people are recorded with this identity number; look the person up by code.",
        ))),
    }
}

/// Post that determines a person's unit on a day: the primary post; of several, the post that started last.
pub fn post_on(posts: &[assignment::Model], day: Day) -> Option<&assignment::Model> {
    posts.iter().filter(|post| post.is_primary && post.is_held_on(day)).max_by_key(|post| (post.start_on, post.id))
}

#[cfg(test)]
mod tests {
    use entity::sample;

    use super::*;

    #[test]
    fn the_later_of_two_primary_posts_determines_the_unit() {
        let cadre = CadreId::new();
        let post = |start: &str, end: &str, is_primary| assignment::Model {
            cadre_id: cadre,
            start_on: start.parse().expect("a day"),
            end_on: end.parse().ok(),
            is_primary,
            ..sample::assignment()
        };
        let posts =
            [post("2010-01-01", "", true), post("2012-01-01", "2014-01-01", true), post("2013-01-01", "", false)];
        for (day, at) in
            [("2009-12-31", None), ("2011-01-01", Some(0)), ("2013-06-01", Some(1)), ("2014-01-01", Some(0))]
        {
            let day = day.parse().expect("a day");
            assert_eq!(post_on(&posts, day).map(|post| post.id), at.map(|at: usize| posts[at].id), "{day}");
        }
    }
}
