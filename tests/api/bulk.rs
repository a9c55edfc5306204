//! Many rows at once, on both databases: what is written comes back, in its order, and no index is lost on the way.

use cadre_api::db::{
    Database,
    bulk::{self, Indexes},
};
use entity::{audit_entry, institution};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryOrder, Statement,
};

use crate::world::{Kind, World};

/// More than two statements full, and some.
const MANY: usize = 2_345;

/// Every index that a statement made.
pub async fn indexes(database: &Database) -> Vec<String> {
    let text = match database.backend() {
        sea_orm::DatabaseBackend::Postgres => {
            "SELECT indexdef AS sql FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
        }
        _ => "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY 1",
    };
    let rows =
        database.reader().query_all_raw(Statement::from_string(database.backend(), text)).await.expect("indexes");
    rows.iter().map(|row| row.try_get("", "sql").expect("a statement")).collect()
}

fn entry(number: usize) -> audit_entry::ActiveModel {
    audit_entry::ActiveModel {
        seq: NotSet,
        at: Set("2026-06-01T03:00:00.123456Z".parse().expect("a moment")),
        actor: Set(format!("{number} \"'\\{{}},\tĐỗ NULL")),
        act: Set(String::new()),
        object: Set(number.is_multiple_of(3).then(|| number.to_string())),
        detail: Set(number.is_multiple_of(2).then(String::new)),
    }
}

fn school(code: &str, name: &str) -> institution::ActiveModel {
    institution::Model { code: code.parse().expect(code), name: name.to_owned() }.into_active_model()
}

#[actix_web::test]
async fn rows_come_back_as_they_were_given_and_in_their_order() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::empty(kind).await;
        let database = &world.database;
        let before = audit_entry::Entity::find().all(database.reader()).await.expect("entries").len();
        for count in [0, 1, MANY] {
            let txn = database.begin().await.expect("begun");
            bulk::widen(&txn).await.expect("widened");
            bulk::insert(&txn, (0..count).map(entry)).await.expect("inserted");
            bulk::slim(&txn).await.expect("slim");
            bulk::narrow(&txn).await.expect("narrowed");
            txn.commit().await.expect("committed");
        }

        let rows = audit_entry::Entity::find().order_by_asc(audit_entry::Column::Seq).all(database.reader()).await;
        let rows = rows.expect("entries").split_off(before);
        assert_eq!(rows.len(), 1 + MANY);
        for (number, row) in (0..1).chain(0..MANY).zip(rows) {
            let given = entry(number);
            let found = audit_entry::ActiveModel { seq: NotSet, ..row.into_active_model().reset_all() };
            assert_eq!(found, given, "{number}");
        }
        world.stop().await;
    }
}

#[actix_web::test]
async fn a_row_that_lacks_what_the_first_one_sets_is_refused() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::empty(kind).await;
        let txn = world.database.begin().await.expect("begun");
        let rows = [entry(1), audit_entry::ActiveModel { act: NotSet, ..entry(2) }];
        let refused = bulk::insert(&txn, rows).await;
        assert!(matches!(&refused, Err(DbErr::AttrNotSet(column)) if column == "act"), "{refused:?}");
        txn.rollback().await.expect("rolled back");
        world.stop().await;
    }
}

#[actix_web::test]
async fn a_table_that_is_filled_has_its_indexes_again_and_they_hold() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::empty(kind).await;
        let (database, is_embedded) = (&world.database, kind == Kind::Sqlite);
        let unique = "CREATE UNIQUE INDEX institution_name_key ON institution (name)";
        database.writer().execute_unprepared(unique).await.expect("an index");
        let before = indexes(database).await;
        assert!(before.iter().any(|index| index.contains("institution_name_key")), "{before:?}");

        for (names, holds) in [(["Một", "Một"], false), (["Một", "Hai"], true)] {
            let txn = database.begin().await.expect("begun");
            let taken = Indexes::take::<institution::Entity>(&txn).await.expect("taken");
            let rows = [school("T1", names[0]), school("T2", names[1])];
            let inserted = bulk::insert(&txn, rows).await;
            assert_eq!(inserted.is_ok(), holds || is_embedded, "only the embedded database looks at them afterwards");
            if inserted.is_ok() {
                assert_eq!(taken.rebuild(&txn).await.is_ok(), holds);
            }
            match holds {
                true => txn.commit().await.expect("committed"),
                false => txn.rollback().await.expect("rolled back"),
            }
            assert_eq!(indexes(database).await, before, "{names:?}");
        }

        // A table with rows keeps its indexes: the second of these names is refused at once.
        let txn = database.begin().await.expect("begun");
        let taken = Indexes::take::<institution::Entity>(&txn).await.expect("taken");
        assert!(bulk::insert(&txn, [school("T3", "Hai")]).await.is_err());
        txn.rollback().await.expect("rolled back");
        drop(taken);
        assert_eq!(indexes(database).await, before);
        world.stop().await;
    }
}
