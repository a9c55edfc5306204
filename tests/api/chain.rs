//! The hash chain over the logs detects each changed, deleted, inserted or moved entry, even if the owner of the
//! database changed it. The seed is printed; `CADRE_TEST_SEED` repeats a run.

use std::fs;

use cadre_api::{
    audit::{self, Checkpoint, Fault, Intact, Wrong, verify_chain},
    db::Database,
    domain::{access_log, maintenance},
};
use entity::{audit_entry, log_head, log_link, value::Log};
use fastrand::Rng;
use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryOrder, Statement,
};

use crate::support::{
    Kind, TestApp, clock, copy, on_both, open,
    postgres::setting,
    program::{self, Program},
    rotation::day,
};

/// Random changes on each database.
const DRAWS: usize = 500;

/// A column that the attacker changes: table, key, column, and the new value in SQL.
const EDITS: [(&str, &str, &str, &str); 26] = [
    ("audit_entry", "seq", "actor", "actor || 'x'"),
    ("audit_entry", "seq", "act", "'client.add '"),
    ("audit_entry", "seq", "object", "coalesce(object || 'x', '')"),
    ("audit_entry", "seq", "detail", "coalesce(detail || ' ', '')"),
    ("audit_entry", "seq", "at", "'2020-01-01 00:00:00.000001+00:00'"),
    ("change", "seq", "kind", "CASE kind WHEN 'ENDED' THEN 'UPDATED' ELSE 'ENDED' END"),
    ("change", "seq", "kind", "'REMOVED'"),
    ("change", "seq", "object_type", "object_type || 's'"),
    ("change", "seq", "object", "object || ' '"),
    ("access_entry", "seq", "categories", "categories || ' ORIGIN'"),
    ("access_entry", "seq", "purpose", "CASE purpose WHEN 'TRAINING' THEN 'PLANNING' ELSE 'TRAINING' END"),
    ("access_entry", "seq", "purpose", "'CURIOSITY'"),
    ("access_entry", "seq", "legal_basis", "NULL"),
    ("access_entry", "seq", "on_behalf_of", "''"),
    ("access_entry", "seq", "operation", "upper(operation)"),
    ("access_entry", "seq", "gateway_client", "'VN/GOV'"),
    ("access_entry", "seq", "gateway_issue", "''"),
    ("access_entry", "seq", "at", "'2026-06-01 05:00:00.000001+00:00'"),
    ("access_entry", "seq", "client_id", "(SELECT id FROM client WHERE id <> client_id LIMIT 1)"),
    ("access_entry", "seq", "cadre_id", "(SELECT id FROM cadre WHERE id <> cadre_id LIMIT 1)"),
    ("access_withholding", "seq", "document_no", "document_no || '0'"),
    ("access_withholding", "seq", "until_on", "'2099-01-01'"),
    ("log_link", "position", "log", "CASE log WHEN 'AUDIT' THEN 'ACCESS' ELSE 'AUDIT' END"),
    ("log_link", "position", "log", "'OTHER'"),
    ("log_link", "position", "entry", "entry + 1"),
    ("log_link", "position", "hash", "(SELECT hash FROM log_link l WHERE l.position <> log_link.position LIMIT 1)"),
];

/// An attacker inside a transaction that is never committed.
struct Tamperer<'a> {
    inner: &'a DatabaseTransaction,
    links: &'a [log_link::Model],
    rng: &'a mut Rng,
}

impl Tamperer<'_> {
    async fn run(&self, sql: &str) -> u64 {
        let done = self.inner.execute_unprepared(sql).await;
        done.unwrap_or_else(|error| panic!("{sql}: {error}")).rows_affected()
    }

    async fn number(&self, sql: &str) -> i64 {
        let row = self.inner.query_one_raw(Statement::from_string(self.inner.get_database_backend(), sql)).await;
        row.expect(sql).expect(sql).try_get_by_index(0).expect(sql)
    }

    /// A random key of a table.
    async fn key(&mut self, table: &str, key: &str) -> i64 {
        let rows = self.number(&format!("SELECT count(*) FROM {table}")).await;
        let nth = self.rng.i64(0..rows);
        self.number(&format!("SELECT {key} FROM {table} ORDER BY {key} LIMIT 1 OFFSET {nth}")).await
    }

    /// The position of an entry in the chain.
    fn place(&self, log: Log, entry: i64) -> Option<i64> {
        self.links.iter().find(|link| link.log == log && link.entry == entry).map(|link| link.position)
    }

    /// The position of a row of a table in the chain.
    async fn place_of(&self, table: &str, key: i64) -> Option<i64> {
        match table {
            "audit_entry" => self.place(Log::Audit, key),
            "change" => {
                let entry_seq = self.number(&format!("SELECT audit_seq FROM change WHERE seq = {key}")).await;
                self.place(Log::Audit, entry_seq)
            }
            "access_entry" => self.place(Log::Access, key),
            "access_withholding" => self.place(Log::Withholding, key),
            _ => Some(key),
        }
    }

    /// Changes one value. Returns the position at which verification must find it.
    async fn edit(&mut self) -> (String, Option<i64>) {
        let (table, key, column, value) = EDITS[self.rng.usize(..EDITS.len())];
        let row = self.key(table, key).await;
        let place = self.place_of(table, row).await;
        let sql = format!("UPDATE {table} SET {column} = {value} WHERE {key} = {row}");
        assert_eq!(self.run(&sql).await, 1, "{sql}");
        (sql, place)
    }

    /// Deletes a row.
    async fn delete(&mut self) -> (String, Option<i64>) {
        let tables = ["audit_entry", "change", "access_entry", "access_withholding", "log_link"];
        let table = tables[self.rng.usize(..tables.len())];
        let key = if table == "log_link" { "position" } else { "seq" };
        let row = self.key(table, key).await;
        let place = self.place_of(table, row).await;
        let sql = format!("DELETE FROM {table} WHERE {key} = {row}");
        assert_eq!(self.run(&sql).await, 1, "{sql}");
        (sql, place)
    }

    /// Swaps two rows, or closes a gap.
    async fn reorder(&mut self) -> (String, Option<i64>) {
        let last = self.links.len() as i64;
        let one = self.rng.i64(1..last);
        let other = self.rng.i64(one + 1..=last);
        let swap = |column: &str| {
            format!(
                "UPDATE log_link SET {column} = (SELECT {column} FROM log_link o
                 WHERE o.position = {one} + {other} - log_link.position) WHERE position IN ({one}, {other})"
            )
        };
        let sqls = match self.rng.u8(0..4) {
            // The link of one entry refers to another entry.
            0 => vec![swap("entry"), swap("log")],
            1 => vec![swap("hash")],
            2 => vec![
                format!("UPDATE log_link SET position = 0 WHERE position = {one}"),
                format!("UPDATE log_link SET position = {one} WHERE position = {other}"),
                format!("UPDATE log_link SET position = {other} WHERE position = 0"),
            ],
            _ => vec![
                format!("DELETE FROM log_link WHERE position = {one}"),
                format!("UPDATE log_link SET position = -position WHERE position > {one}"),
                "UPDATE log_link SET position = -position - 1 WHERE position < 0".to_owned(),
            ],
        };
        for sql in &sqls {
            self.run(sql).await;
        }
        (sqls.join("; "), Some(one))
    }

    /// Inserts a forged row.
    async fn insert(&mut self) -> (String, Option<i64>) {
        let entry_seq = self.key("audit_entry", "seq").await;
        let place = self.place(Log::Audit, entry_seq);
        let (sql, place) = if self.rng.bool() {
            let row = format!(
                "INSERT INTO change (audit_seq, kind, object_type, object) VALUES ({entry_seq}, 'UPDATED', 'cadre', 'A-01')"
            );
            (row, place)
        } else {
            let row = format!(
                "INSERT INTO audit_entry (at, actor, act) SELECT at, actor, act FROM audit_entry WHERE seq = {entry_seq}"
            );
            (row, None)
        };
        self.run(&sql).await;
        (sql, place)
    }

    /// Deletes the newest entries with their links, and moves the head of the chain back.
    async fn cut(&mut self) -> (String, Option<i64>) {
        let left = self.rng.usize(1..self.links.len());
        for link in &self.links[left..] {
            let sqls = match link.log {
                Log::Audit => vec![
                    format!("DELETE FROM change WHERE audit_seq = {}", link.entry),
                    format!("DELETE FROM audit_entry WHERE seq = {}", link.entry),
                ],
                Log::Access => vec![format!("DELETE FROM access_entry WHERE seq = {}", link.entry)],
                Log::Withholding => vec![format!("DELETE FROM access_withholding WHERE seq = {}", link.entry)],
            };
            for sql in sqls.iter().chain([&format!("DELETE FROM log_link WHERE position = {}", link.position)]) {
                self.run(sql).await;
            }
        }
        self.run(&format!(
            "UPDATE log_head SET position = {left}, hash = (SELECT hash FROM log_link WHERE position = {left})"
        ))
        .await;
        (format!("all but {left} cut off"), Some(left as i64 + 1))
    }
}

/// Changes of the head of the chain.
const HEADS: [&str; 4] = [
    "DELETE FROM log_head",
    "UPDATE log_head SET position = position - 1",
    "UPDATE log_head SET position = position + 1",
    "UPDATE log_head SET hash = (SELECT hash FROM log_link WHERE position = 1)",
];

/// Disables the triggers that protect the logs, as the owner of the database can. On PostgreSQL a superuser disables
/// triggers and keys.
async fn disable_guards(transaction: &DatabaseTransaction) {
    let sqls: Vec<String> = match transaction.get_database_backend() {
        DatabaseBackend::Postgres => vec!["SET LOCAL session_replication_role = replica".to_owned()],
        _ => {
            let tables = ["audit_entry", "change", "access_entry", "access_withholding", "log_link"];
            let drops = tables
                .iter()
                .flat_map(|table| ["update", "delete"].map(|operation| format!("DROP TRIGGER {table}_no_{operation}")));
            ["PRAGMA defer_foreign_keys = ON".to_owned()].into_iter().chain(drops).collect()
        }
    };
    for sql in sqls {
        transaction.execute_unprepared(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

/// Writes logs of commands, readings and orders.
async fn write_logs(app: &TestApp) {
    for purpose in ["PERSONNEL", "TRAINING", "PLANNING"] {
        let mut caller = app.all_seeing().await;
        caller.purpose = Some(purpose);
        for document in [
            r#"{ cadre(by: {code: "A-02"}) { identity { birthOn } } }"#,
            "{ cadres(first: 7) { nodes { origin { __typename } political { __typename } } } }",
        ] {
            caller.query(document).await;
        }
        for until in ["2026-07-01", "2026-08-01"] {
            let order = access_log::Withhold {
                client: caller.id.parse().expect("an id"),
                subject: "A-02".to_owned(),
                until: day(until),
                document_no: "7/CV".to_owned(),
            };
            access_log::withhold(&app.database, clock(), order).await.expect("withheld");
        }
    }
}

async fn end_of(app: &TestApp) -> Checkpoint {
    let head = log_head::Entity::find_by_id(1).one(app.database.reader()).await.expect("read").expect("a head");
    Checkpoint { position: head.position, hash: head.hash.try_into().expect("a hash"), at: clock().now() }
}

async fn counted(app: &TestApp, checkpoints: &[Checkpoint]) -> Result<Intact, Fault> {
    let snapshot = app.database.snapshot().await.expect("a snapshot");
    verify_chain(&snapshot, checkpoints).await.expect("counted")
}

#[actix_web::test]
async fn every_change_of_the_logs_is_found_at_its_position() {
    let seed = setting("CADRE_TEST_SEED").map_or_else(|| fastrand::u64(..), |seed| seed.parse().expect("a seed"));
    println!("CADRE_TEST_SEED={seed}");
    on_both(async |app| {
        write_logs(app).await;
        let end = end_of(app).await;
        let links = log_link::Entity::find().order_by_asc(log_link::Column::Position);
        let links = links.all(app.database.reader()).await.expect("read");
        assert_eq!(counted(app, &[end]).await, Ok(Intact { entries: end.position, checkpoints: 1 }));
        assert!(links.len() > 30, "the control: there are entries to change");

        let mut rng = Rng::with_seed(seed);
        let mut found = std::collections::BTreeMap::new();
        for draw in 0..DRAWS {
            let transaction = app.database.begin().await.expect("a transaction");
            disable_guards(&transaction).await;
            let mut tamperer = Tamperer { inner: &transaction, links: &links, rng: &mut rng };
            let (done, place) = match draw % 6 {
                0 => tamperer.edit().await,
                1 => tamperer.delete().await,
                2 => tamperer.reorder().await,
                3 => tamperer.insert().await,
                4 => {
                    let sql = HEADS[draw / 6 % HEADS.len()];
                    tamperer.run(sql).await;
                    (sql.to_owned(), Some(end.position + 1))
                }
                _ => tamperer.cut().await,
            };
            let hint = format!("{:?}, draw {draw} of seed {seed}: {done}", app.kind);

            let counted = verify_chain(&transaction, &[end]).await.unwrap_or_else(|error| panic!("{hint}: {error}"));
            transaction.rollback().await.expect("rolled back");

            let fault = counted.expect_err(&hint);
            assert_eq!(fault.position, place, "{hint}: {fault}");
            *found.entry(format!("{:?}", fault.what)).or_insert(0) += 1;
        }
        assert_eq!(counted(app, &[end]).await, Ok(Intact { entries: end.position, checkpoints: 1 }), "the control");
        let kinds: Vec<_> = found.keys().map(String::as_str).collect();
        assert_eq!(kinds, ["Changed", "CutTail", "Head", "LinkMissing", "Missing", "Order", "Unlinked"], "{found:?}");
    })
    .await;
}

#[actix_web::test]
async fn a_checkpoint_detects_a_rebuilt_chain() {
    on_both(async |app| {
        write_logs(app).await;
        let before = end_of(app).await;
        let transaction = app.database.begin().await.expect("a transaction");
        disable_guards(&transaction).await;
        for sql in [
            "DELETE FROM log_link",
            "DELETE FROM access_entry",
            "DELETE FROM access_withholding",
            "UPDATE audit_entry SET actor = 'another actor' WHERE seq = 2",
        ] {
            transaction.execute_unprepared(sql).await.expect(sql);
        }
        let start = log_head::ActiveModel {
            id: sea_orm::ActiveValue::Unchanged(1),
            position: sea_orm::ActiveValue::Set(0),
            hash: sea_orm::ActiveValue::Set(vec![0; 32]),
        };
        sea_orm::ActiveModelTrait::update(start, &transaction).await.expect("written");
        transaction.commit().await.expect("committed");
        audit::adopt(&app.database).await.expect("rebuilt");

        let after = end_of(app).await;
        assert_eq!(counted(app, &[]).await, Ok(Intact { entries: after.position, checkpoints: 0 }), "the control");
        let early = Checkpoint { position: 3, ..before };
        for (checkpoint, what) in [(before, Wrong::CutTail), (early, Wrong::Rewritten)] {
            assert_eq!(counted(app, &[checkpoint]).await.expect_err("a broken chain").what, what);
        }
    })
    .await;
}

#[actix_web::test]
async fn entries_older_than_the_chain_are_added_to_it_once() {
    on_both(async |app| {
        let audit_entries = audit_entry::Entity::find().count(app.database.reader()).await.expect("a count") as i64;
        for _ in 0..Migrator::migrations().len() {
            let names = Migrator::get_applied_migrations(app.database.writer()).await.expect("names");
            if !names.iter().any(|applied| applied.name().ends_with("access_log")) {
                break;
            }
            Migrator::down(app.database.writer(), Some(1)).await.expect("down");
        }
        Migrator::up(app.database.writer(), None).await.expect("up");
        assert_eq!(counted(app, &[]).await.expect_err("the control").what, Wrong::Unlinked);

        audit::adopt(&app.database).await.expect("old entries are added to the chain");
        let end = end_of(app).await;
        audit::adopt(&app.database).await.expect("nothing to do");

        assert_eq!(end_of(app).await.hash, end.hash, "an existing chain takes in no old entries");
        assert_eq!(counted(app, &[]).await, Ok(Intact { entries: audit_entries, checkpoints: 0 }));

        // The rolled back migrations dropped the tables of the read models.
        maintenance::ensure_projections(&app.database, clock()).await.expect("rebuilt");
    })
    .await;
}

/// Disables the protection of the logs and runs a statement, as the owner of the database can.
async fn tamper(database: &Database, sql: &str) {
    let transaction = database.begin().await.expect("a transaction");
    disable_guards(&transaction).await;
    transaction.execute_unprepared(sql).await.expect(sql);
    transaction.commit().await.expect("committed");
}

#[actix_web::test]
async fn the_program_writes_checkpoints_and_verifies_against_them() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (url, folder) = copy(kind).await;
        let elsewhere = tempfile::tempdir().expect("a folder");
        // With an embedded database, the checkpoint file is written by default.
        let (file, flags) = match &folder {
            Some(folder) => (folder.path().join("cadre.db.checkpoints"), Vec::new()),
            None => (elsewhere.path().join("kept"), vec!["--audit-checkpoints".to_owned()]),
        };
        let path = file.to_str().expect("a plain path").to_owned();
        let flags: Vec<_> = flags.iter().map(String::as_str).flat_map(|flag| [flag, path.as_str()]).collect();
        let mut program = Program::serve_with(&url, &flags);
        program.terminate();
        assert!(program.ended().success(), "{}", program.log());
        program::client(&url);

        let verify = ["audit", "verify", "--checkpoints", path.as_str()];
        let text = program::printed(&url, &verify);
        assert!(text.ends_with("entries, intact; 1 checkpoint matches\n"), "{text}");
        let line = fs::read_to_string(&file).expect("a file");
        let bent = elsewhere.path().join("bent");
        fs::write(&bent, line.replacen('.', ".A", 1)).expect("written");
        let bent = bent.to_str().expect("a plain path");
        for (name, expected) in [(bent, "line 1 of the checkpoint file was changed"), ("/nowhere", "cannot be read")] {
            let refused = program::refused(&url, &["audit", "verify", "--checkpoints", name]);
            assert!(refused.contains(expected), "{refused}");
        }

        let database = open(&url).await;
        tamper(&database, "UPDATE audit_entry SET actor = 'another actor' WHERE act = 'import'").await;
        database.close().await.expect("closed");
        let output = program::run(&url, &verify);
        let text = String::from_utf8(output.stdout).expect("text");
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.starts_with("NOT INTACT: the content was changed, log AUDIT, entry "), "{text}");
    }
}

#[actix_web::test]
async fn the_operator_reads_and_withholds_entries_at_the_command_line() {
    let app = TestApp::new(Kind::Sqlite).await;
    let caller = app.all_seeing().await;
    caller.query(r#"{ a: cadre(by: {code: "A-02"}) { identity { birthOn } } b: cadre(by: {code: "A-01"}) { origin { __typename } } }"#).await;
    let url = app.database_url.clone();

    let order = ["--client", &caller.id, "--subject", "A-02", "--until", "2099-01-01", "--document", "12/CV"];
    program::printed(&url, &[&["audit", "withhold"], &order[..]].concat());
    let lines = program::printed(&url, &["audit", "list"]);
    let of_one = program::printed(&url, &["audit", "list", "--subject", "A-02", "--json"]);
    let refused = program::refused(
        &url,
        &["audit", "withhold", "--client", &caller.id, "--subject", "X", "--until", "2099-01-01", "--document", "1"],
    );

    assert_eq!(lines.lines().count(), 2, "{lines}");
    assert!(lines.contains("A-02  IDENTITY  PERSONNEL") && lines.contains("withheld until 2099-01-01"), "{lines}");
    let line: serde_json::Value = serde_json::from_str(&of_one).expect("one line of JSON");
    assert_eq!((&line["subject"], &line["withheld_until"]), (&"A-02".into(), &"2099-01-01".into()));
    assert!(refused.contains("no cadre has this code; check it"), "{refused}");
    app.stop().await;
}
