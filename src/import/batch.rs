//! Reads a file in batches, and builds the conditions of the queries for a batch.

use entity::value::CadreId;
use sea_orm::{
    ConnectionTrait,
    prelude::{Expr, Uuid},
    sea_query::{IntoColumnRef, SimpleExpr},
};

use super::{
    cadre_index::Person,
    checked::Checked,
    header::Header,
    resolve::{Pass, Resolved, RowStatus},
    table::{Row, Table},
};
use crate::{
    db::{any_id, any_word},
    error::Result,
};

/// Rows per batch.
const BATCH: usize = 2_000;

/// Number of new rows and number of unchanged rows in a batch.
pub(super) type Count = (u64, u64);

/// Counts the new rows and the unchanged rows.
pub(super) fn count_by_status<M>(rows: &[Resolved<M>]) -> Count {
    let count = |row_status| rows.iter().filter(|row| row.row_status == row_status).count() as u64;
    (count(RowStatus::New), count(RowStatus::Unchanged))
}

impl<C: ConnectionTrait> Pass<'_, C> {
    /// Reads a file in batches and calls `step` with the valid rows of each batch. Returns the totals of the file and
    /// its header.
    pub async fn batches<T: Row>(
        &mut self,
        mut step: impl AsyncFnMut(&mut Self, &Header, Vec<(u64, T)>) -> Result<Count>,
    ) -> Result<(Checked, Header)> {
        let mut table = Table::<T, _>::open(self.files, self.progress, self.findings)?;
        let header = table.header().clone();
        let (mut new, mut unchanged) = (0, 0);
        loop {
            let lines = table.batch(BATCH, self.findings)?;
            if lines.is_empty() {
                break;
            }
            let (rows, read) = (lines.len() as u64, self.context.whole(lines));
            let count = step(self, &header, read).await?;
            (new, unchanged) = (new + count.0, unchanged + count.1);
            self.progress.rows(rows);
        }
        if !table.is_whole() {
            // References to a file that was not read to its end are not reported as unknown.
            self.context.mark_unreadable(T::FILE);
        }
        Ok((Checked { file: T::FILE, rows: table.rows(), new, unchanged, print: table.print() }, header))
    }

    /// Condition: the column is the id of one of these persons.
    pub fn any_person(&self, column: impl IntoColumnRef, persons: &[(CadreId, Person)]) -> SimpleExpr {
        self.any_id(column, persons.iter().map(|(id, _)| id.0))
    }

    /// Condition: the column is one of these ids.
    pub fn any_id(&self, column: impl IntoColumnRef, ids: impl Iterator<Item = Uuid>) -> SimpleExpr {
        any_id(self.connection.get_database_backend(), Expr::col(column), ids)
    }

    /// Condition: the column is one of these codes.
    pub fn any_code<'a>(&self, column: impl IntoColumnRef, codes: impl Iterator<Item = &'a str>) -> SimpleExpr {
        any_word(self.connection.get_database_backend(), Expr::col(column), codes)
    }
}
