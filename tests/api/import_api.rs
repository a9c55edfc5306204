//! Imports over the API: a bundle as a zip archive is loaded as on the command line, or refused as a whole.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    io::{Cursor, Write as _},
};

use cadre_api::import::Outcome;
use entity::{access_entry, audit_entry, cadre, value::Purpose};
use fastrand::Rng;
use reqwest::Method;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::task;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::{
    export::{TYPES, text},
    support::{
        Caller, Kind, TestApp, bundle, copy, csv, on_both, open, poll,
        program::{Program, printed},
        wire::Wire,
    },
};

/// All scopes that an import of any file needs.
pub const SCOPES: [&str; 10] = [
    "import:write",
    "cadre:read",
    "cadre.identity:read",
    "cadre.political:read",
    "cadre.origin:read",
    "cadre.health:read",
    "rotation:read",
    "training:read",
    "quota:read",
    "appraisal:read",
];

pub fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        archive.start_file(*name, SimpleFileOptions::default()).expect("a file");
        archive.write_all(text.as_bytes()).expect("written");
    }
    archive.finish().expect("an archive").into_inner()
}

pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("written");
        text
    })
}

/// An answer: status, text, JSON.
pub struct Answer {
    pub status: u16,
    pub text: String,
    pub body: Value,
}

impl Answer {
    fn code(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }

    /// Place and code of each error.
    fn errors(&self) -> Vec<String> {
        let errors = self.body["errors"].as_array().into_iter().flatten();
        let errors = errors.filter(|error| error["severity"] == "ERROR");
        let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        errors
            .map(|error| {
                let (file, column) = (word(&error["file"]), word(&error["column"]["name"]));
                format!("{file}:{} {column} {}", error["line"], word(&error["code"]))
            })
            .collect()
    }
}

/// Sends bytes to a path.
pub async fn put(caller: &Caller<'_>, app: &TestApp, path: &str, bytes: &[u8]) -> Answer {
    let request = app.http().request(Method::PUT, format!("{}{path}", app.url)).bearer_auth(&caller.token);
    let request = request.header("Accept-Language", "en").header("Content-Type", "application/zip");
    let request = caller.purpose.into_iter().fold(request, |request, purpose| request.header("X-Purpose", purpose));
    let answer = request.body(bytes.to_vec()).send().await.expect("an answer");
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("text");
    let body = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{path}: {text}"));
    Answer { status, text, body }
}

/// Sends files as an archive, with a mode.
async fn send(caller: &Caller<'_>, app: &TestApp, files: &[(&str, &str)], mode: &str) -> Answer {
    let bytes = zip(files);
    put(caller, app, &format!("/v1/imports/{}{mode}", digest(&bytes)), &bytes).await
}

/// Number of imports in the audit log, with their actors and objects.
async fn imports(app: &TestApp) -> Vec<(String, Option<String>)> {
    let rows = audit_entry::Entity::find().filter(audit_entry::Column::Act.eq("import")).all(app.database.reader());
    rows.await.expect("read").into_iter().map(|row| (row.actor, row.object)).collect()
}

/// A new person with a post in a unit.
pub fn person(code: &str, unit: &str) -> [(&'static str, String); 2] {
    [
        ("cadres.csv", csv::cadres("code,full_name", &format!("{code},Phạm Thị Mới\n"))),
        ("assignments.csv", csv::assignments("cadre_code,unit_code", &format!("{code},{unit}\n"))),
    ]
}

pub fn named<'a>(files: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    files.iter().map(|(name, text)| (*name, text.as_str())).collect()
}

/// The exports of a caller with all rights.
async fn exports(caller: &Caller<'_>) -> Vec<(&'static str, String)> {
    let mut files = Vec::new();
    for (of, file) in TYPES {
        files.push((file, text(caller, of, "text/csv").await));
    }
    files
}

#[actix_web::test]
async fn a_whole_bundle_loads_as_on_the_command_line() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let files: Vec<(String, String)> = fs::read_dir(bundle())
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
            .map(|path| {
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                (name, fs::read_to_string(path).expect("text"))
            })
            .collect();
        let units = fs::read_to_string(bundle().join("units.csv")).expect("text");
        let top: String = units.lines().filter(|line| line.starts_with("code,") || line.starts_with("W,")).fold(
            String::new(),
            |mut top, line| {
                top.push_str(line);
                top.push('\n');
                top
            },
        );
        let by_line = TestApp::empty(kind).await;
        by_line.import_text(&[("units.csv", &top)]).await;
        let report = by_line.import(&bundle()).await;
        assert_eq!(report.outcome, Outcome::Loaded, "{report:?}");

        let by_api = TestApp::empty(kind).await;
        by_api.import_text(&[("units.csv", &top)]).await;
        let caller = by_api.caller(&SCOPES, &["W"]).await;
        let sent: Vec<(String, &str)> =
            files.iter().map(|(name, text)| (format!("bundle/{name}"), text.as_str())).collect();
        let sent: Vec<(&str, &str)> = sent.iter().map(|(name, text)| (name.as_str(), *text)).collect();

        let checked = send(&caller, &by_api, &sent, "?mode=check").await;
        assert_eq!((checked.status, &checked.body["outcome"]), (200, &json!("DRY_RUN")), "{}", checked.text);
        assert_eq!(cadre::Entity::find().count(by_api.database.reader()).await.expect("read"), 0);

        let loaded = send(&caller, &by_api, &sent, "").await;
        assert_eq!(loaded.status, 200, "{}", loaded.text);
        assert_eq!(loaded.body, json!(report), "{kind:?}: the report is that of the command line");
        let archive = zip(&sent);
        assert_eq!(imports(&by_api).await.last(), Some(&(caller.id.clone(), Some(digest(&archive)))));

        let [one, other] = [by_line.all_seeing().await, by_api.all_seeing().await];
        for (one, other) in exports(&one).await.iter().zip(exports(&other).await) {
            assert_eq!(*one, other, "{kind:?}");
        }
        let before = imports(&by_api).await.len();
        for mode in ["", "?mode=load", "?mode=check"] {
            let again = send(&caller, &by_api, &sent, mode).await;
            assert_eq!((again.status, &again.text), (200, &loaded.text), "{mode}: the same bytes, the same report");
        }
        let stranger = by_api.caller(&SCOPES, &["W"]).await;
        let again = send(&stranger, &by_api, &sent, "").await;
        assert_eq!(again.body["outcome"], "NOTHING_NEW", "another client has its own reports");
        assert_eq!(imports(&by_api).await.len(), before, "nothing was loaded twice");
        by_line.stop().await;
        by_api.stop().await;
    }
}

#[actix_web::test]
async fn what_a_client_loads_is_in_the_change_feed_and_in_the_logs() {
    on_both(async |app| {
        let caller = app.caller(&SCOPES, &["A"]).await;
        let cursor = caller.query("{ changeCursor }").await["changeCursor"].take();
        let recorded = text(&app.all_seeing().await, "cadres", "text/csv").await;
        let row = recorded.lines().find(|line| line.starts_with("A-02,")).expect("A-02").to_owned();
        let mut files = person("Z-05", "A2U");
        writeln!(files[0].1, "{row}").expect("written");
        let logged = access_entry::Entity::find().count(app.database.reader()).await.expect("read");

        let loaded = send(&caller, app, &named(&files), "").await;
        assert_eq!((loaded.status, &loaded.body["outcome"]), (200, &json!("LOADED")), "{}", loaded.text);
        assert_eq!(loaded.body["files"][0]["new"], 1, "{}", loaded.text);
        assert_eq!(loaded.body["files"][0]["unchanged"], 1, "{}", loaded.text);

        let document = "query($after: String) { changes(after: $after) { nodes: edges { node { code operation } } } }";
        let changes = caller.query_with(document, json!({ "after": cursor })).await;
        let changes = changes["changes"]["nodes"].as_array().expect("changes").clone();
        assert!(changes.contains(&json!({ "node": { "code": "Z-05", "operation": "CREATED" } })), "{changes:?}");

        let entries = access_entry::Entity::find().find_also_related(cadre::Entity).all(app.database.reader()).await;
        let entries = entries.expect("read").split_off(usize::try_from(logged).expect("few"));
        let entries: Vec<_> = entries
            .into_iter()
            .map(|(entry, person)| (person.expect("a person").code.to_string(), entry.operation, entry.categories))
            .collect();
        let compared = ("A-02".to_owned(), "import".to_owned(), "IDENTITY POLITICAL ORIGIN".to_owned());
        assert_eq!(entries, [compared], "a recorded person was compared with a row");
    })
    .await;
}

/// A row with another reason is refused, which tells the recorded one: so exemptions need the rights to read them.
#[actix_web::test]
async fn exemptions_are_compared_only_with_the_right_to_read_them() {
    on_both(async |app| {
        let recorded = csv::duty_exemptions("cadre_code,duty_code,valid_from", "A-02,BD-B,2016-01-01\n");
        app.import_text(&[("duty_exemptions.csv", &recorded)]).await;
        let without: Vec<&str> = SCOPES.into_iter().filter(|scope| *scope != "cadre.health:read").collect();
        let without = app.caller(&without, &["A"]).await;
        let caller = app.caller(&SCOPES, &["A"]).await;
        let silent = app.caller_for(&[Purpose::Personnel], &SCOPES, &["A"]).await;
        let other = csv::duty_exemptions("cadre_code,duty_code,valid_from,reason", "A-02,BD-B,2016-01-01,SICK\n");
        let files = [("duty_exemptions.csv", other.as_str())];

        let refused = send(&without, app, &files, "").await;
        assert_eq!(refused.code(), (403, "FORBIDDEN"), "{}", refused.text);
        assert_eq!(refused.body["errors"][0]["missingScopes"], json!(["cadre.health:read"]), "{}", refused.text);
        assert_eq!(send(&silent, app, &files, "").await.code(), (403, "PURPOSE_REQUIRED"));
        let logged = access_entry::Entity::find().count(app.database.reader()).await.expect("read");
        assert_eq!(logged, 0, "nothing was compared");

        let differs = send(&caller, app, &files, "").await;
        assert_eq!(differs.errors(), ["duty_exemptions.csv:2 reason DIFFERS"], "{}", differs.text);
        for reason in ["SICK", "LONG_STUDY"] {
            assert!(!differs.text.contains(reason), "{}", differs.text);
        }
        let entries = access_entry::Entity::find().find_also_related(cadre::Entity).all(app.database.reader()).await;
        let entries = entries.expect("read").into_iter();
        let entries: Vec<_> = entries
            .map(|(entry, person)| (person.expect("a person").code.to_string(), entry.operation, entry.categories))
            .collect();
        assert_eq!(entries, [("A-02".to_owned(), "import".to_owned(), "HEALTH".to_owned())], "{:?}", app.kind);
    })
    .await;
}

#[actix_web::test]
async fn a_row_out_of_reach_refuses_the_whole_bundle() {
    on_both(async |app| {
        let caller = app.caller(&SCOPES, &["A"]).await;
        let foreign = text(&app.caller(&SCOPES, &["B"]).await, "cadres", "text/csv").await;
        let foreign = foreign.lines().nth(1).and_then(|line| line.split(',').next()).expect("a person of B").to_owned();
        let posts = |rows: &str| csv::assignments("cadre_code,unit_code", rows);
        let before = cadre::Entity::find().count(app.database.reader()).await.expect("read");
        let with_post = |unit: &str| {
            let mut files = person("Z-05", "A2U").to_vec();
            files[1].1 = posts(&format!("Z-05,A2U\nZ-05,{unit}\n"));
            files
        };
        let of_person = |code: &str| vec![("assignments.csv", posts(&format!("{code},A2U\n")))];
        for (files, place) in [
            (with_post("B1U"), "assignments.csv:3 unit_code"),
            (with_post("NONE"), "assignments.csv:3 unit_code"),
            (vec![person("Z-06", "A2U")[0].clone()], "cadres.csv:2 code"),
            (of_person(&foreign), "assignments.csv:2 cadre_code"),
            (of_person("Z-404"), "assignments.csv:2 cadre_code"),
            (vec![("titles.csv", csv::titles("code,name", "F9,Chức danh mới\n"))], "titles.csv:2 code"),
            (
                vec![("unit_identifiers.csv", csv::unit_identifiers("unit_code,value", "B1,T90.7.1\n"))],
                "unit_identifiers.csv:2 unit_code",
            ),
            (vec![("units.csv", csv::units("code,parent_code,name", "N1,B,Phòng mới\n"))], "units.csv:2 code"),
        ] {
            let refused = send(&caller, app, &named(&files), "").await;
            assert_eq!(refused.code(), (422, "IMPORT_REFUSED"), "{place}: {}", refused.text);
            let errors = refused.errors();
            assert_eq!(errors[0], format!("{place} OUT_OF_REACH"), "{errors:?}");
            assert!(errors.iter().all(|error| error.ends_with(" OUT_OF_REACH")), "nothing is compared: {errors:?}");
            let message = &refused.body["errors"][0];
            assert_eq!(message["message"], message["sentence"]["en"]);
            assert!(message["sentence"]["vi"].as_str().is_some_and(|text| !text.is_empty()));
        }
        assert_eq!(cadre::Entity::find().count(app.database.reader()).await.expect("read"), before);

        let below = [("units.csv", csv::units("code,parent_code,name", "N2,A,Phòng mới\n"))];
        let checked = send(&caller, app, &named(&below), "?mode=check").await;
        assert!(!checked.text.contains("OUT_OF_REACH"), "the control: a unit below the reach: {}", checked.text);
        let own = send(&caller, app, &named(&person("Z-05", "A2U")), "").await;
        assert_eq!(own.status, 200, "the control: {}", own.text);
    })
    .await;
}

#[actix_web::test]
async fn errors_of_rows_are_listed_with_their_places_and_nothing_is_written() {
    on_both(async |app| {
        let caller = app.caller(&SCOPES, &["W"]).await;
        let mut files = person("Z-05", "A2U");
        files[1].1.push_str("Z-05,A2U,NONE,2020-01-01,,true\n");
        let refused = send(&caller, app, &named(&files), "").await;
        assert_eq!(refused.code(), (422, "IMPORT_REFUSED"), "{}", refused.text);
        assert_eq!(refused.errors(), ["assignments.csv:3 title_code UNKNOWN_CODE"], "{}", refused.text);
        let stored = cadre::Entity::find().filter(cadre::Column::Code.eq("Z-05")).count(app.database.reader());
        assert_eq!(stored.await.expect("read"), 0);
        let corrected = person("Z-05", "A2U");
        assert_eq!(send(&caller, app, &named(&corrected), "").await.status, 200, "the control");
    })
    .await;
}

#[actix_web::test]
async fn a_request_that_cannot_be_imported_is_refused() {
    on_both(async |app| {
        let caller = app.caller(&SCOPES, &["A"]).await;
        let files = person("Z-05", "A2U");
        let bytes = zip(&named(&files));
        let path = |bytes: &[u8]| format!("/v1/imports/{}", digest(bytes));
        let (torn, text) = (&bytes[..bytes.len() - 30], b"code,full_name\n".as_slice());
        let empty = zip(&[("readme.txt", "x")]);
        let apart = zip(&[("a/cadres.csv", "x"), ("b/assignments.csv", "x")]);
        for (path, bytes, status, code) in [
            (path(b"other"), bytes.as_slice(), 400, "DIGEST_MISMATCH"),
            (path(torn), torn, 400, "BAD_ARCHIVE"),
            (path(text), text, 400, "BAD_ARCHIVE"),
            (path(&empty), empty.as_slice(), 400, "BAD_ARCHIVE"),
            (path(&apart), apart.as_slice(), 400, "BAD_ARCHIVE"),
            (path(&bytes).to_uppercase().replace("/V1/IMPORTS", "/v1/imports"), &bytes, 400, "BAD_PARAMETER"),
            (format!("{}?mode=try", path(&bytes)), &bytes, 400, "BAD_PARAMETER"),
            ("/v1/imports/1".to_owned(), &bytes, 400, "BAD_PARAMETER"),
        ] {
            let refused = put(&caller, app, &path, bytes).await;
            assert_eq!(refused.code(), (status, code), "{path}: {}", refused.text);
        }
        for (scopes, missing) in [
            (&["cadre:read"][..], json!(["import:write"])),
            (
                &["import:write", "cadre.origin:read"],
                json!(["cadre:read", "cadre.identity:read", "cadre.political:read"]),
            ),
        ] {
            let caller = app.caller(scopes, &["A"]).await;
            let refused = put(&caller, app, &path(&bytes), &bytes).await;
            assert_eq!(refused.code(), (403, "FORBIDDEN"), "{}", refused.text);
            assert_eq!(refused.body["errors"][0]["missingScopes"], missing, "{}", refused.text);
        }
        let silent = app.caller_for(&[Purpose::Personnel], &SCOPES, &["A"]).await;
        assert_eq!(put(&silent, app, &path(&bytes), &bytes).await.code(), (403, "PURPOSE_REQUIRED"));

        let url = format!("{}{}", app.url, path(&bytes));
        let json = app.http().put(&url).bearer_auth(&caller.token).json(&json!({})).send().await.expect("an answer");
        assert_eq!(json.status(), 415);
        let read = app.http().get(&url).bearer_auth(&caller.token).send().await.expect("an answer");
        assert_eq!((read.status().as_u16(), read.headers()["allow"].to_str().ok()), (405, Some("PUT")));
        let nobody = app.http().put(&url).body(bytes.clone()).send().await.expect("an answer");
        assert_eq!(nobody.status(), 401);
        assert!(imports(app).await.iter().all(|(actor, _)| actor == "operator"), "nothing was loaded");
    })
    .await;
}

/// An import has its place from the head of its request on, so one whose body has not arrived yet is running.
#[actix_web::test]
async fn while_an_import_runs_another_one_is_sent_again_later() {
    on_both(async |app| {
        let caller = app.caller(&SCOPES, &["A"]).await;
        let [first, second] = ["Z-05", "Z-06"].map(|code| zip(&named(&person(code, "A2U"))));
        let path = |bytes: &[u8]| format!("/v1/imports/{}", digest(bytes));
        let send = async || {
            let request = app.http().put(format!("{}{}", app.url, path(&second))).bearer_auth(&caller.token);
            let request = request.header("Content-Type", "application/zip").header("X-Purpose", "PERSONNEL");
            request.header("Accept-Language", "en").body(second.clone()).send().await.expect("an answer")
        };
        let head = format!(
            "PUT {} HTTP/1.1\r\nHost: cadre.test\r\nAuthorization: Bearer {}\r\nX-Purpose: PERSONNEL\r\n\
             Content-Type: application/zip\r\nContent-Length: {}\r\n\r\n",
            path(&first),
            caller.token,
            first.len()
        );
        // If a probe has the place when a head arrives, that request is refused; then another one is begun.
        let mut wires = Vec::new();
        let busy = poll::until_async(async || {
            let mut wire = Wire::to(&app.url);
            wire.send(&head).expect("sent");
            wires.push(wire);
            let probe = put(&caller, app, &path(b"other"), &second).await;
            (probe.status == 503).then_some(())
        });
        busy.await.expect("an import runs");

        let answer = send().await;
        assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().ok()), (503, Some("5")));
        let problem: Value = answer.json().await.expect("JSON");
        assert_eq!(problem["code"], "UNAVAILABLE", "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|text| text.contains("another bundle")), "{problem}");

        let answers = task::spawn_blocking(move || {
            // A refused request may be closed before its body arrives.
            wires.iter_mut().for_each(|wire| drop(wire.send(&first)));
            wires.iter_mut().filter_map(Wire::answer).map(|answer| (answer.status, answer.body)).collect::<Vec<_>>()
        });
        let answers = answers.await.expect("ended");
        let loaded = answers.iter().filter(|(status, body)| *status == 200 && body.contains("\"LOADED\"")).count();
        assert!(loaded > 0 && answers.iter().all(|(status, _)| [200, 503].contains(status)), "{answers:?}");
        let again = send().await;
        let (status, report) = (again.status().as_u16(), again.json::<Value>().await.expect("JSON"));
        assert_eq!((status, &report["outcome"]), (200, &json!("LOADED")), "the control: {report}");
    })
    .await;
}

/// More people than one page of the import.
const PEOPLE: usize = 4_000;
/// How often the service is killed.
const KILLS: usize = 4;

#[actix_web::test]
async fn an_import_whose_service_is_killed_is_whole_or_not_there_and_can_be_repeated() {
    let mut rng = Rng::new();
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (url, _folder) = copy(kind).await;
        let mut add = vec!["client", "add", "--name", "office", "--unit", "A", "--purpose", "PERSONNEL", "--json"];
        SCOPES.iter().for_each(|scope| add.extend(["--scope", scope]));
        add.extend(["--legal-basis", "Hợp đồng 1/2026"]);
        let made: Value = serde_json::from_str(&printed(&url, &add)).expect("JSON");
        let client = ["client_id", "client_secret"].map(|name| made[name].as_str().expect("a word").to_owned());
        let client = client.into();
        let (mut people, mut posts) = (String::new(), String::new());
        for nth in 0..PEOPLE {
            writeln!(people, "N-{nth:04},Nguyễn Văn Mới").expect("written");
            writeln!(posts, "N-{nth:04},A2U").expect("written");
        }
        let files = [
            ("cadres.csv", csv::cadres("code,full_name", &people)),
            ("assignments.csv", csv::assignments("cadre_code,unit_code", &posts)),
        ];
        let bytes = zip(&named(&files));
        let loaded = async || {
            let database = open(&url).await;
            let of_bundle = cadre::Entity::find().filter(cadre::Column::Code.starts_with("N-"));
            let found = of_bundle.count(database.reader()).await.expect("read");
            let imports = audit_entry::Entity::find().filter(audit_entry::Column::Object.eq(digest(&bytes)));
            let imports = imports.count(database.reader()).await.expect("read");
            database.close().await.expect("closed");
            assert!([(0, 0), (PEOPLE as u64, 1)].contains(&(found, imports)), "{kind:?}: {found} people, {imports}");
        };
        let request = |program: &Program, token: &str| {
            let request = reqwest::Client::new().put(format!("{}/v1/imports/{}", program.url, digest(&bytes)));
            let request = request.bearer_auth(token).header("Content-Type", "application/zip");
            request.header("X-Purpose", "PERSONNEL").body(bytes.clone())
        };
        for _ in 0..KILLS {
            let program = Program::serve(&url);
            let token = program.token(&client).await;
            let sending = actix_web::rt::spawn(request(&program, &token).send());
            // Each look takes a while, so the service is killed at various moments of the import.
            for _ in 0..rng.usize(1..200) {
                program.get("/healthz").await;
            }
            program.kill();
            drop(sending.await);
            loaded().await;
        }
        let program = Program::serve(&url);
        let token = program.token(&client).await;
        let mut reports = BTreeSet::new();
        for _ in 0..2 {
            let answer = request(&program, &token).send().await.expect("an answer");
            let status = answer.status();
            let text = answer.text().await.expect("text");
            assert_eq!(status, 200, "{text}");
            reports.insert(text);
        }
        assert_eq!(reports.len(), 1, "a repeated request has the same report");
        assert!(reports.first().is_some_and(|report| report.contains("\"LOADED\"")), "{reports:?}");
        loaded().await;
        program.kill();
    }
}
