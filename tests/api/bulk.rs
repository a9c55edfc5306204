//! Bulk writes on both databases store exactly the given rows, in their order, and lose no index.

use cadre_api::db::{
    Database,
    bulk::{self, Indexes, StagingTable},
};
use entity::{
    audit_entry, headcount, institution, level_index,
    value::{CadreId, CountScope, Day, UnitId},
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DatabaseBackend, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, Statement,
};
use uuid::Uuid;

use crate::support::{Kind, TestApp};

/// More rows than two statements can insert.
const MANY: usize = 2_345;

/// The definitions of all indexes.
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
async fn inserted_rows_are_stored_unchanged_and_in_order() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::empty(kind).await;
        let database = &app.database;
        let before = audit_entry::Entity::find().all(database.reader()).await.expect("entries").len();
        for count in [0, 1, MANY] {
            let txn = database.begin().await.expect("begun");
            bulk::enlarge_cache(&txn).await.expect("widened");
            bulk::insert(&txn, (0..count).map(entry)).await.expect("inserted");
            bulk::lower_sort_memory(&txn).await.expect("slim");
            bulk::restore_cache(&txn).await.expect("narrowed");
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
        app.stop().await;
    }
}

#[actix_web::test]
async fn a_row_without_a_column_of_the_first_row_is_refused() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::empty(kind).await;
        let txn = app.database.begin().await.expect("begun");
        let rows = [entry(1), audit_entry::ActiveModel { act: NotSet, ..entry(2) }];
        let refused = bulk::insert(&txn, rows).await;
        assert!(matches!(&refused, Err(DbErr::AttrNotSet(column)) if column == "act"), "{refused:?}");
        txn.rollback().await.expect("rolled back");
        app.stop().await;
    }
}

#[actix_web::test]
async fn a_filled_table_has_all_its_indexes_and_they_are_enforced() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::empty(kind).await;
        let (database, is_embedded) = (&app.database, kind == Kind::Sqlite);
        let unique = "CREATE UNIQUE INDEX institution_name_key ON institution (name)";
        database.writer().execute_unprepared(unique).await.expect("an index");
        let before = indexes(database).await;
        assert!(before.iter().any(|index| index.contains("institution_name_key")), "{before:?}");

        for (names, holds) in [(["Một", "Một"], false), (["Một", "Hai"], true)] {
            let txn = database.begin().await.expect("begun");
            let taken = Indexes::take::<institution::Entity>(&txn).await.expect("taken");
            let rows = [school("T1", names[0]), school("T2", names[1])];
            let inserted = bulk::insert(&txn, rows).await;
            assert_eq!(inserted.is_ok(), holds || is_embedded, "only the embedded database checks them afterwards");
            if inserted.is_ok() {
                assert_eq!(taken.rebuild(&txn).await.is_ok(), holds);
            }
            match holds {
                true => txn.commit().await.expect("committed"),
                false => txn.rollback().await.expect("rolled back"),
            }
            assert_eq!(indexes(database).await, before, "{names:?}");
        }

        // A table with rows keeps its indexes: the second of these names violates one immediately.
        let txn = database.begin().await.expect("begun");
        let taken = Indexes::take::<institution::Entity>(&txn).await.expect("taken");
        assert!(bulk::insert(&txn, [school("T3", "Hai")]).await.is_err());
        txn.rollback().await.expect("rolled back");
        drop(taken);
        assert_eq!(indexes(database).await, before);
        app.stop().await;
    }
}

/// Headcounts of one unit, one for each rank.
fn count(rank: i16, people: i32) -> headcount::Model {
    headcount::Model {
        scope: CountScope::Own,
        unit_id: UnitId(Uuid::nil()),
        key_leaders: false,
        subject_code: "\"?$1'".to_owned(),
        rank,
        day: Day::of(2026, 6, 1).expect("a day"),
        people,
    }
}

async fn counts(txn: &DatabaseTransaction) -> Vec<headcount::Model> {
    let counts = headcount::Entity::find().order_by_asc(headcount::Column::Rank);
    counts.filter(headcount::Column::UnitId.eq(UnitId(Uuid::nil()))).all(txn).await.expect("counts")
}

#[actix_web::test]
async fn rows_are_added_to_replaced_and_deleted_by_their_key() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::empty(kind).await;
        let txn = app.database.begin().await.expect("begun");
        let rows = |ranks: std::ops::Range<i16>, people: i32| ranks.map(move |rank| count(rank, people));
        let active = IntoActiveModel::<headcount::ActiveModel>::into_active_model;
        for many in [0, 1, 2_345] {
            bulk::add(&txn, rows(0..many, 5).map(active)).await.expect("new");
            bulk::add(&txn, rows(0..many, -3).map(active)).await.expect("added");
            assert_eq!(counts(&txn).await, rows(0..many, 2).collect::<Vec<_>>());
            bulk::replace(&txn, rows(many / 2..many + 1, 7).map(active)).await.expect("replaced");
            let expected: Vec<_> = rows(0..many / 2, 2).chain(rows(many / 2..many + 1, 7)).collect();
            assert_eq!(counts(&txn).await, expected);

            let key = |row: headcount::Model| headcount::ActiveModel { people: NotSet, ..active(row) };
            bulk::delete(&txn, rows(1..many + 1, 0).map(key)).await.expect("deleted");
            assert_eq!(counts(&txn).await, expected[..1], "the control: one row is missing");
            bulk::delete(&txn, rows(0..1, 0).map(key)).await.expect("deleted");
            assert!(counts(&txn).await.is_empty());
        }
        txn.rollback().await.expect("rolled back");
        app.stop().await;
    }
}

/// A page key whose position in the table does not follow from its number.
fn key(number: u32) -> level_index::Model {
    let id = Uuid::from_u128(u128::from(number.wrapping_mul(2_654_435_761)) << 96);
    level_index::Model {
        unit_id: UnitId(id),
        subject_code: "PROFESSIONAL".parse().expect("a code"),
        rank: 1,
        cadre_id: CadreId(id),
        from_on: Day::of(2026, 6, 1).expect("a day"),
        branch_id: UnitId(id),
        sort_key: number.to_be_bytes().to_vec(),
        until_on: number.is_multiple_of(2).then(|| Day::of(2026, 7, 1).expect("a day")),
    }
}

/// The keys in the physical order of the table.
async fn in_stored_order(txn: &DatabaseTransaction) -> Vec<level_index::Model> {
    let backend = txn.get_database_backend();
    let sql = match backend {
        DatabaseBackend::Postgres => "SELECT * FROM level_index ORDER BY ctid",
        _ => "SELECT * FROM level_index INDEXED BY sqlite_autoindex_level_index_1",
    };
    let keys = level_index::Entity::find().from_raw_sql(Statement::from_string(backend, sql));
    keys.all(txn).await.expect("keys")
}

#[actix_web::test]
async fn staged_rows_are_written_in_the_order_of_the_key() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::empty(kind).await;
        let before = indexes(&app.database).await;
        let given: Vec<_> = (0..2_345).map(key).collect();
        let mut sorted = given.clone();
        sorted.sort_by_key(|key| key.unit_id);
        let active = || given.iter().cloned().map(IntoActiveModel::into_active_model);

        // Twice in one transaction: the staged rows are deleted when they are written.
        let txn = app.database.begin().await.expect("begun");
        for _ in 0..2 {
            level_index::Entity::delete_many().exec(&txn).await.expect("emptied");
            let staging = StagingTable::open(&txn).await.expect("a place");
            staging.insert(&txn, active()).await.expect("set aside");
            assert!(in_stored_order(&txn).await.is_empty());
            staging.flush(&txn).await.expect("poured");
            let poured = in_stored_order(&txn).await;
            assert!(poured == sorted, "{kind:?}: {} rows, or another order", poured.len());
        }
        txn.commit().await.expect("committed");
        assert_eq!(indexes(&app.database).await, before);

        let txn = app.database.begin().await.expect("begun");
        level_index::Entity::delete_many().exec(&txn).await.expect("emptied");
        bulk::insert(&txn, active()).await.expect("inserted");
        let in_order = in_stored_order(&txn).await == sorted;
        assert_eq!(in_order, kind == Kind::Sqlite, "the control: PostgreSQL stores rows in the order of insertion");

        level_index::Entity::delete_many().exec(&txn).await.expect("emptied");
        let staging = StagingTable::open(&txn).await.expect("a place");
        staging.insert(&txn, active().chain(active().take(1))).await.expect("set aside");
        assert!(staging.flush(&txn).await.is_err(), "a duplicate key");
        txn.rollback().await.expect("rolled back");
        assert_eq!(indexes(&app.database).await, before);

        level_index::Entity::delete_many().exec(app.database.writer()).await.expect("emptied");
        app.stop().await;
    }
}

#[actix_web::test]
async fn a_role_without_the_right_to_stage_rows_writes_them_in_the_given_order() {
    let app = TestApp::empty(Kind::Postgres).await;
    for (privilege, is_in_order) in
        [("GRANT TEMPORARY ON DATABASE %I TO", true), ("REVOKE TEMPORARY ON DATABASE %I FROM", false)]
    {
        let statement = format!("DO $$ BEGIN EXECUTE format('{privilege} PUBLIC', current_database()); END $$");
        app.database.writer().execute_unprepared(&statement).await.expect("done");
        let txn = app.service.begin().await.expect("begun");
        let staging = StagingTable::open(&txn).await.expect("a place");
        staging.insert(&txn, (0..100).map(|number| key(number).into_active_model())).await.expect("written");
        staging.flush(&txn).await.expect("poured");
        let stored = in_stored_order(&txn).await;
        assert_eq!((stored.len(), stored.is_sorted_by_key(|key| key.unit_id)), (100, is_in_order));
        txn.rollback().await.expect("rolled back");
    }
    app.stop().await;
}
