//! The lists as shipped, and what installing them changes.

use entity::{audit_entry, change, qualification_level};
use migration::MigratorTrait;
use sea_orm::{EntityTrait, IntoActiveModel, PaginatorTrait};

use super::*;
use crate::db::Pool;

async fn empty() -> (tempfile::TempDir, Database) {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", dir.path().join("a.db").display());
    let database = Database::open(&url, Pool::default()).await.unwrap();
    migration::Migrator::up(database.writer(), None).await.unwrap();
    (dir, database)
}

#[test]
fn each_list_is_whole_and_in_nfc() {
    let (subjects, levels, groups) = (file_subjects().unwrap(), file_levels().unwrap(), file_ethnic_groups().unwrap());
    assert_eq!((subjects.len(), levels.len(), groups.len()), (7, 28, 54));
    for file in [SUBJECTS, LEVELS, ETHNIC_GROUPS] {
        assert_eq!(crate::text::nfc(file), file);
    }
    for level in &levels {
        assert!(subjects.iter().any(|subject| subject.code == level.subject_code), "{level:?}");
        let twins =
            levels.iter().filter(|other| (&other.subject_code, other.rank) == (&level.subject_code, level.rank));
        assert_eq!(twins.count(), 1, "{level:?}");
    }
    let mut of_1979: Vec<_> = groups.iter().map(|group| group.code_1979.clone()).collect();
    of_1979.sort();
    assert_eq!(of_1979, (1..=54).map(|number| format!("{number:02}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_second_install_writes_nothing_and_a_differing_row_is_put_right() {
    let (_dir, database) = empty().await;
    let entries = async || audit_entry::Entity::find().count(database.reader()).await.unwrap();

    assert!(install(&database, Clock::System).await.unwrap());
    assert_eq!(change::Entity::find().count(database.reader()).await.unwrap(), 7 + 28 + 54);
    assert!(!install(&database, Clock::System).await.unwrap());
    assert_eq!(entries().await, 1);

    let key = (file_levels().unwrap()[0].subject_code.clone(), file_levels().unwrap()[0].code.clone());
    let mut level = qualification_level::Entity::find_by_id(key.clone()).one(database.reader()).await.unwrap().unwrap();
    level.label_en = "?".to_owned();
    level.clone().into_active_model().reset_all().update(database.writer()).await.unwrap();
    level.code = "RETIRED_LEVEL".parse().unwrap();
    level.into_active_model().insert(database.writer()).await.unwrap();
    assert!(install(&database, Clock::System).await.unwrap());
    assert_eq!(entries().await, 2);
    let level = qualification_level::Entity::find_by_id(key).one(database.reader()).await.unwrap().unwrap();
    assert_eq!(level.label_en, file_levels().unwrap()[0].label_en);
    assert_eq!(qualification_level::Entity::find().count(database.reader()).await.unwrap(), 29);
}
