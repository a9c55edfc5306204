//! Installs the reference lists that ship with the product.

use entity::value::ChangeKind;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, ModelTrait};

use crate::{
    authz::{Area, CommandKind, Permit, Txn},
    clock::Clock,
    db::Database,
    error::Result,
    reference::lists::Pending,
};

const INSTALL: CommandKind = CommandKind::of_operator("reference.install", Area::Records);

/// Updates the reference lists (danh mục) in the database to the files of this version, in one transaction. Returns
/// whether anything changed. Rows that were removed from a file remain, because records may refer to them. Rules and
/// ages that an office added are left unchanged, even if a shipped one has the same code.
pub async fn install_reference_lists(database: &Database, clock: Clock) -> Result<bool> {
    if Pending::find(database.reader()).await?.is_empty() {
        return Ok(false);
    }

    let txn = Permit::operator(database, clock, INSTALL).begin(None, None).await?;
    // Checked again inside the transaction: another process may have installed the lists meanwhile.
    let pending = Pending::find(txn.connection()).await?;
    if pending.is_empty() {
        return Ok(false);
    }
    if !pending.levels.is_empty() {
        txn.all_persons_changed();
    }
    write(&txn, pending.subjects, "qualification_subject", |row| row.code.to_string()).await?;
    write(&txn, pending.levels, "qualification_level", |row| format!("{}/{}", row.subject_code, row.code)).await?;
    write(&txn, pending.ethnic_groups, "ethnic_group", |row| row.code.clone()).await?;
    write(&txn, pending.rules, "rule", |row| row.code.to_string()).await?;
    write(&txn, pending.retirement_ages, "retirement_age", |row| row.code.to_string()).await?;
    txn.commit().await?;
    Ok(true)
}

async fn write<M, A>(txn: &Txn, rows: Vec<(ChangeKind, M)>, table: &str, object: impl Fn(&M) -> String) -> Result<()>
where
    M: ModelTrait + IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = M::Entity>,
{
    for (kind, row) in rows {
        txn.record(kind, table, object(&row)).await?;
        // Values of a model count as unchanged, and an update would write nothing; `reset_all` marks all as changed.
        let row = row.into_active_model().reset_all();
        match kind {
            ChangeKind::Created => A::Entity::insert(row).exec_without_returning(txn.connection()).await.map(drop)?,
            ChangeKind::Updated | ChangeKind::Ended => {
                A::Entity::update(row).exec_without_returning(txn.connection()).await.map(drop)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use entity::{audit_entry, change, qualification_level, retirement_age, rule, value::RuleOrigin};
    use migration::MigratorTrait;
    use sea_orm::PaginatorTrait;

    use super::*;
    use crate::{
        db::Pool,
        reference::lists::{file_levels, file_retirement_ages, file_rules},
    };

    async fn empty() -> (tempfile::TempDir, Database) {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", dir.path().join("a.db").display());
        let database = Database::open(&url, Pool::default()).await.unwrap();
        migration::Migrator::up(database.writer(), None).await.unwrap();
        (dir, database)
    }

    #[tokio::test]
    async fn a_second_install_writes_nothing_and_a_differing_row_is_corrected() {
        let (_dir, database) = empty().await;
        let entries = async || audit_entry::Entity::find().count(database.reader()).await.unwrap();

        assert!(install_reference_lists(&database, Clock::System).await.unwrap());
        assert_eq!(change::Entity::find().count(database.reader()).await.unwrap(), 7 + 28 + 54 + 16 + 25);
        assert!(!install_reference_lists(&database, Clock::System).await.unwrap());
        assert_eq!(entries().await, 1);

        let key = (file_levels().unwrap()[0].subject_code.clone(), file_levels().unwrap()[0].code.clone());
        let mut level =
            qualification_level::Entity::find_by_id(key.clone()).one(database.reader()).await.unwrap().unwrap();
        level.label_en = "?".to_owned();
        level.clone().into_active_model().reset_all().update(database.writer()).await.unwrap();
        level.code = "RETIRED_LEVEL".parse().unwrap();
        level.into_active_model().insert(database.writer()).await.unwrap();
        assert!(install_reference_lists(&database, Clock::System).await.unwrap());
        assert_eq!(entries().await, 2);
        let level = qualification_level::Entity::find_by_id(key).one(database.reader()).await.unwrap().unwrap();
        assert_eq!(level.label_en, file_levels().unwrap()[0].label_en);
        assert_eq!(qualification_level::Entity::find().count(database.reader()).await.unwrap(), 29);
    }

    #[tokio::test]
    async fn rows_of_an_office_are_left_unchanged() {
        let (_dir, database) = empty().await;
        let mut own_rule = file_rules().unwrap().remove(0);
        let mut own_age = file_retirement_ages().unwrap().remove(0);
        (own_rule.origin, own_rule.value) = (RuleOrigin::Office, 24);
        (own_age.origin, own_age.age_months) = (RuleOrigin::Office, 700);
        own_rule.clone().into_active_model().insert(database.writer()).await.unwrap();
        own_age.clone().into_active_model().insert(database.writer()).await.unwrap();

        assert!(install_reference_lists(&database, Clock::System).await.unwrap());
        assert!(!install_reference_lists(&database, Clock::System).await.unwrap());

        let rules = rule::Entity::find().all(database.reader()).await.unwrap();
        let ages = retirement_age::Entity::find().all(database.reader()).await.unwrap();
        assert_eq!((rules.len(), ages.len()), (16, 25));
        assert!(rules.contains(&own_rule) && ages.contains(&own_age));

        // The control: a shipped row that differs is corrected.
        let mut changed = rules.iter().find(|rule| rule.code != own_rule.code).unwrap().clone();
        changed.value += 1;
        changed.clone().into_active_model().reset_all().update(database.writer()).await.unwrap();
        assert!(install_reference_lists(&database, Clock::System).await.unwrap());
        let rules = rule::Entity::find().all(database.reader()).await.unwrap();
        assert!(!rules.contains(&changed) && rules.contains(&own_rule));
    }
}
