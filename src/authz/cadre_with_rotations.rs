//! On PostgreSQL, joins rotations to the card query to save a round trip. The result has one row for each rotation;
//! each row repeats the person's columns.

use std::cmp::Reverse;

use entity::{
    cadre_snapshot, rotation,
    value::{CadreId, RotationId},
};
use sea_orm::{
    ConnectionTrait, FromQueryResult, Iden, Iterable, QueryResult,
    sea_query::{CaseStatement, Condition, Expr, ExprTrait, Order, SelectStatement},
};

use crate::{
    authz::{Access, AuthorizedCadre, AuthorizedCadreId, Rotations},
    error::Result,
};

/// A person's part of the rows, with the person's rotations, newest first, if they were requested.
#[derive(Debug)]
pub struct WithRotations<T> {
    /// Value read from the person's columns.
    pub of: T,
    /// Current rotations; `None` if they were not read in this query.
    pub(crate) rotations: Option<Vec<rotation::Model>>,
}

impl Rotations<'_> {
    /// Joins rotations to a select of cards, whose order is unchanged. The person's id is read from the card, not from
    /// the rotation.
    fn join_rotations(&self, select: &mut SelectStatement) {
        let rotation_column = |column: rotation::Column| Expr::col((rotation::Entity, column));
        let card = |column: cadre_snapshot::Column| Expr::col((cadre_snapshot::Entity, column));
        // Skips the join for people without rotations, which are the majority.
        let person = CaseStatement::new()
            .case(card(cadre_snapshot::Column::HasRotations), card(cadre_snapshot::Column::CadreId));
        let of_person = rotation_column(rotation::Column::CadreId).eq(person);
        let join_rotations = rotation::Column::iter().filter(|column| !matches!(column, rotation::Column::CadreId));
        select
            .columns(join_rotations.map(|column| (rotation::Entity, column)))
            .left_join(rotation::Entity, Condition::all().add(of_person).add(self.narrowing()))
            .order_by((cadre_snapshot::Entity, cadre_snapshot::Column::CadreId), Order::Asc);
    }
}

impl Access {
    /// Runs a select of cards. Rotations are joined if they are requested and the database is one where a join saves
    /// time.
    ///
    /// # Errors
    /// `Unavailable` from the database; errors of `share`.
    pub(crate) async fn read_beside<T>(
        &self,
        connection: &impl ConnectionTrait,
        mut cards: SelectStatement,
        with: Option<Rotations<'_>>,
        share: impl Fn(&QueryResult) -> Result<T>,
    ) -> Result<Vec<WithRotations<T>>> {
        let with = with.filter(|_| self.app_state.database().joins());
        with.inspect(|rotations| rotations.join_rotations(&mut cards));
        group_by_person(&connection.query_all(&cards).await?, with, share)
    }

    /// Reads the rotations of persons whose cards were read without a join.
    ///
    /// # Errors
    /// `Unavailable` from the database.
    pub(crate) async fn read_apart(
        &self,
        persons: Vec<&mut AuthorizedCadre>,
        with: Option<Rotations<'_>>,
    ) -> Result<()> {
        let Some(rotations) = with.filter(|_| !self.app_state.database().joins()) else { return Ok(()) };
        let proofs: Vec<AuthorizedCadreId> = persons.iter().map(|person| person.seen()).collect();
        let mut of = rotations.of(&proofs).await?;
        for person in persons {
            person.rotations = Some(of.remove(&person.seen()).unwrap_or_default().into());
        }
        Ok(())
    }
}

/// Groups rows by person. Rows of one person must be adjacent.
fn group_by_person<T>(
    rows: &[QueryResult],
    with: Option<Rotations<'_>>,
    share: impl Fn(&QueryResult) -> Result<T>,
) -> Result<Vec<WithRotations<T>>> {
    let mut persons: Vec<WithRotations<T>> = Vec::with_capacity(rows.len());
    let mut last = None;
    for row in rows {
        let person: CadreId = row.try_get("", cadre_snapshot::Column::CadreId.unquoted())?;
        if last.replace(person) != Some(person) {
            persons.push(WithRotations { of: share(row)?, rotations: with.map(|_| Vec::new()) });
        }
        if let Some(rotations) = persons.last_mut().and_then(|person| person.rotations.as_mut()) {
            let rotation: Option<RotationId> = row.try_get("", rotation::Column::Id.unquoted())?;
            rotations.extend(rotation.map(|_| rotation::Model::from_query_result(row, "")).transpose()?);
        }
    }
    for rotations in persons.iter_mut().filter_map(|person| person.rotations.as_mut()) {
        rotations.sort_unstable_by_key(|rotation| Reverse((rotation.start_on, rotation.id)));
    }
    Ok(persons)
}
