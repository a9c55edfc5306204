//! PostgreSQL finds the changes of one command by index, also after an import that wrote most of the table.

use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement, TransactionTrait};

use crate::support::{Kind, TestApp};

const IMPORT: &str = "\
    INSERT INTO change (audit_seq, kind, object_type, object) \
    SELECT (SELECT max(seq) FROM audit_entry), 'CREATED', 'cadre', 'x' FROM generate_series(1, 20000)";
/// As the tags of responses read it.
const FIRST_CHANGE: &str = "\
    EXPLAIN SELECT (SELECT change.seq FROM change \
        WHERE change.audit_seq = audit_entry.seq AND change.audience_id IS NULL LIMIT 1) FROM audit_entry";

async fn plan(transaction: &DatabaseTransaction) -> String {
    transaction.execute_unprepared("ANALYZE change").await.expect("analysed");
    let explain = Statement::from_string(transaction.get_database_backend(), FIRST_CHANGE);
    let rows = transaction.query_all_raw(explain).await.expect("a plan");
    let lines = rows.iter().map(|row| row.try_get_by_index::<String>(0).expect("a line"));
    lines.collect::<Vec<_>>().join("\n")
}

#[actix_web::test]
async fn the_changes_of_a_command_are_found_by_index_after_a_large_import() {
    let app = TestApp::new(Kind::Postgres).await;
    let transaction = app.database.writer().begin().await.expect("a transaction");
    transaction.execute_unprepared(IMPORT).await.expect("imported");

    let with_setting = plan(&transaction).await;
    assert!(with_setting.contains("using change_audit_seq_seq_idx"), "{with_setting}");
    assert!(!with_setting.contains("Seq Scan on change"), "{with_setting}");

    let reset = "ALTER TABLE change ALTER COLUMN audit_seq RESET (n_distinct)";
    transaction.execute_unprepared(reset).await.expect("reset");
    let sampled = plan(&transaction).await;
    assert!(sampled.contains("Seq Scan on change"), "the control: {sampled}");

    transaction.rollback().await.expect("rolled back");
    app.stop().await;
}
