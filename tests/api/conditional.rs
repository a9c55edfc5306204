//! Conditional requests: an answer that the client already has is not sent again (RFC 9110, section 13.1.2), and a tag
//! changes with everything that may change the answer, and with nothing that the caller may not know.

use std::{
    cell::Cell,
    collections::HashSet,
    sync::atomic::{AtomicI64, Ordering},
};

use cadre_api::{
    clock::Clock,
    domain::{
        access_log::{self, Withhold},
        client::{self, Asked},
    },
    limit::Overrides,
};
use chrono::{DateTime, Utc};
use entity::value::{AllowedDocuments, Purpose};
use futures_util::join;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{Caller, Node, TestApp, clock, csv, import_text, on_both, poll};

const READ: [&str; 2] = ["cadre:read", "rotation:read"];
const WRITE: [&str; 3] = ["cadre:read", "rotation:read", "rotation:write"];

/// Documents with tags: the engine executes some of them, the fast path the others.
const RECORDS: [&str; 6] = [
    "{ cadres(first: 100) { nodes { code fullName unit { name } rotations { state } } totalCount { value } } }",
    "{ rotations { nodes { id state version checks { rule } } totalCount { value } } }",
    r#"{ unit(by: {code: "A"}) { name subunits { nodes { code } } composition(subject: "POLITICAL_THEORY") { total } } }"#,
    r#"{ unit(by: {code: "A"}) { rotationFlows(from: "2026-01-01", before: "2027-01-01") { direction rotations } } }"#,
    "{ titles { code name } rules { code } programmes { code } }",
    "{ units(first: 50) { nodes { code name } } __typename }",
];

/// Rotations of a person.
const BY_PERSON: &str = r#"{ rotations(where: {cadre: "A-04"}) { nodes { id state } } }"#;

/// Columns of an imported rotation.
const COLUMNS: &str = "cadre_code,from_unit_code,to_unit_code,form,start_on,end_on,decision_no";

/// Routes with tags.
const ROUTES: [&str; 4] = ["/v1/cadres?first=3", "/v1/cadres/A-04", "/v1/units/A", "/v1/rotations?first=5"];

/// An answer to GET.
#[derive(Debug)]
struct Answer {
    status: u16,
    tag: Option<String>,
    headers: reqwest::header::HeaderMap,
    body: String,
}

impl Answer {
    async fn of(request: RequestBuilder) -> Self {
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let tag = headers.get("etag").map(|tag| tag.to_str().expect("text").to_owned());
        Self { status, tag, headers, body: answer.text().await.expect("text") }
    }

    fn header(&self, name: &str) -> String {
        let values = self.headers.get_all(name).iter().map(|value| value.to_str().expect("text"));
        values.collect::<Vec<_>>().join(", ")
    }

    /// The tag of an answer that has one.
    fn tagged(self) -> String {
        assert_eq!(self.status, 200, "{self:?}");
        self.tag.unwrap_or_else(|| panic!("no tag: {}", self.body))
    }
}

fn document(text: &str) -> String {
    format!("/graphql?query={}", form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>())
}

/// Documents and routes with tags.
fn paths() -> Vec<String> {
    RECORDS.iter().map(|text| document(text)).chain(ROUTES.map(str::to_owned)).collect()
}

/// A request without a purpose.
fn get(app: &TestApp, caller: &Caller<'_>, path: &str) -> RequestBuilder {
    get_from(&app.url, app, caller, path)
}

fn get_from(url: &str, app: &TestApp, caller: &Caller<'_>, path: &str) -> RequestBuilder {
    app.http().get(format!("{url}{path}")).bearer_auth(&caller.token).header("Accept-Language", "en")
}

async fn tag(app: &TestApp, caller: &Caller<'_>, path: &str) -> String {
    Answer::of(get(app, caller, path)).await.tagged()
}

async fn tags(app: &TestApp, caller: &Caller<'_>) -> Vec<String> {
    let mut tags = Vec::new();
    for path in paths() {
        tags.push(tag(app, caller, &path).await);
    }
    tags
}

/// A person of the district is recorded. The service is not asked to look.
async fn record(app: &TestApp, code: &str) {
    let number: u32 = code.bytes().map(u32::from).sum::<u32>() * 100 + code.len() as u32;
    let cadre = format!("{code},999008{number:06},Lê Văn Mới");
    let post = format!("{code},A1U,CC,2020-01-01");
    let cadres = csv::cadres("code,national_id,full_name", &cadre);
    let posts = csv::assignments("cadre_code,unit_code,title_code,start_on", &post);
    import_text(&app.database, &[("cadres.csv", &cadres), ("assignments.csv", &posts)]).await;
}

/// Executes a step on a rotation.
async fn step(caller: &Caller<'_>, name: &str, input: &str) -> String {
    static KEYS: AtomicI64 = AtomicI64::new(0);
    let key = KEYS.fetch_add(1, Ordering::Relaxed);
    let document = format!(
        "mutation {{ {name}(input: {{idempotencyKey: \"c{key}\", {input}}}) {{ rotation {{ id }} userErrors {{ code message }} }} }}"
    );
    let data = caller.query(&document).await;
    assert_eq!(data[name]["userErrors"], json!([]), "{document}");
    data[name]["rotation"]["id"].as_str().expect("an id").to_owned()
}

/// Proposes a rotation that the province prepares.
async fn propose(caller: &Caller<'_>, cadre: &str) -> String {
    let input = format!(
        "cadreCode: \"{cadre}\", form: ROTATION, purpose: DEVELOPMENT, toUnitCode: \"A1U\", toTitleCode: \"CC\", \
         startOn: \"2026-07-01\", plannedEndOn: \"2029-07-01\", preparingUnitCode: \"P\", \
         planning: {{documentNo: \"1-QH\", validFrom: \"2025-01-01\"}}"
    );
    step(caller, "rotationPropose", &input).await
}

#[actix_web::test]
async fn an_answer_that_the_client_has_is_not_sent_again() {
    on_both(async |app| {
        let caller = app.caller(&READ, &["A"]).await;
        for path in paths() {
            let first = Answer::of(get(app, &caller, &path)).await;
            assert_eq!(first.status, 200, "{path}: {}", first.body);
            assert_eq!(first.header("cache-control"), "private, no-cache", "{path}");
            assert!(first.header("vary").starts_with("Accept, Accept-Language, Authorization, X-Purpose"), "{path}");
            let tag = first.tag.expect("a tag");
            assert!(tag.starts_with("W/\"") && tag.ends_with('"') && tag.len() == 26, "{tag}");
            assert!(!first.body.contains("\"errors\""), "{path}: {}", first.body);

            let strong = tag.strip_prefix("W/").expect("weak").to_owned();
            for sent in [tag.clone(), strong, format!("\"x\", {tag}"), format!("W/\"x\",{tag} , \"y\""), "*".to_owned()]
            {
                let again = Answer::of(get(app, &caller, &path).header("If-None-Match", &sent)).await;
                assert_eq!((again.status, again.body.as_str()), (304, ""), "{path}: {sent}");
                assert_eq!(again.tag.as_ref(), Some(&tag), "{path}: {sent}");
                assert_eq!(again.header("cache-control"), "private, no-cache");
                assert_eq!(again.header("vary"), "Accept, Accept-Language, Authorization, X-Purpose, Accept-Encoding");
                assert!(again.header("ratelimit").contains("\"cost\""), "{:?}", again.headers);
            }
            for sent in ["\"x\"", "W/\"\"", "nonsense", ""] {
                let again = Answer::of(get(app, &caller, &path).header("If-None-Match", sent)).await;
                assert_eq!((again.status, again.body.as_str()), (200, first.body.as_str()), "{path}: {sent}");
                assert_eq!(again.tag.as_ref(), Some(&tag), "the same on the fast path, {path}: {sent}");
            }

            let url = format!("{}{path}", app.url);
            let head = app.http().request(Method::HEAD, url).bearer_auth(&caller.token).header("Accept-Language", "en");
            let head = Answer::of(head.header("If-None-Match", &tag)).await;
            assert_eq!((head.status, head.tag.as_ref()), (304, Some(&tag)), "{path}");
            let packed = Answer::of(get(app, &caller, &path).header("Accept-Encoding", "gzip")).await;
            assert_eq!((packed.status, packed.tag.as_ref()), (200, Some(&tag)), "one tag for both forms: {path}");
            assert_eq!(packed.header("vary").matches("Accept-Encoding").count(), usize::from(first.body.len() >= 1024));
        }
    })
    .await;
}

#[actix_web::test]
async fn an_answer_that_the_client_has_costs_one() {
    let app = TestApp::new(crate::support::Kind::Sqlite).await;
    let caller = app.caller(&READ, &["A"]).await;
    let path = document(RECORDS[0]);
    let left = |answer: &Answer| {
        let limit = answer.header("ratelimit");
        let cost =
            limit.split("\"cost\";r=").nth(1).and_then(|rest| rest.split(';').next()).expect("a cost").to_owned();
        cost.parse::<i64>().expect("a number")
    };
    let first = Answer::of(get(&app, &caller, &path)).await;
    let after_first = left(&first);
    let tag = first.tagged();
    let again = Answer::of(get(&app, &caller, &path).header("If-None-Match", &tag)).await;
    let whole = Answer::of(get(&app, &caller, &path)).await;

    // Some of the amount comes back while the test runs, so the second number may be higher than the first.
    assert!(after_first - left(&again) <= 1, "{after_first} {}", left(&again));
    assert!(left(&again) - left(&whole) > 100, "the control: the whole answer costs more");
    let unknown = app.http().get(format!("{}{path}", app.url)).bearer_auth("x").header("If-None-Match", &tag);
    assert_eq!(Answer::of(unknown).await.status, 401, "a tag proves nothing");
    app.stop().await;
}

#[actix_web::test]
async fn a_tag_changes_with_a_command_on_what_the_client_sees() {
    on_both(async |app| {
        let caller = app.caller(&READ, &["A"]).await;
        let before = tags(app, &caller).await;
        assert_eq!(tags(app, &caller).await, before, "the control");

        record(app, "N-1").await;

        for (path, before) in paths().iter().zip(&before) {
            let answer = Answer::of(get(app, &caller, path).header("If-None-Match", before)).await;
            assert_eq!(answer.status, 200, "{path}");
            assert_ne!(answer.tag.as_ref(), Some(before), "{path}");
        }
        let people = Answer::of(get(app, &caller, &document(RECORDS[0])).header("If-None-Match", &before[0])).await;
        assert!(people.body.contains("N-1"), "{}", people.body);
    })
    .await;
}

#[actix_web::test]
async fn a_tag_belongs_to_one_request_of_one_client_with_its_rights() {
    on_both(async |app| {
        let (caller, other) = (app.caller(&READ, &["A"]).await, app.caller(&READ, &["A"]).await);
        let narrow = app
            .http()
            .post(format!("{}/oauth/token", app.url))
            .basic_auth(&caller.id, Some(&caller.secret))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials&scope=cadre%3Aread")
            .send()
            .await
            .expect("an answer");
        let narrow: Value = serde_json::from_str(&narrow.text().await.expect("text")).expect("JSON");
        let narrow = narrow["access_token"].as_str().expect("a token");
        let path = |text: &str, variables: Value, name: &str| {
            let variables = variables.to_string();
            let pairs = [("query", text), ("variables", &variables), ("operationName", name)];
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
            format!("/graphql?{query}")
        };
        let text = "query A($n: Int) { cadres(first: $n) { nodes { code } } } query B($n: Int) { cadres(first: $n) { nodes { code } } }";
        let asked = path(text, json!({ "n": 2 }), "A");
        let all = [
            get(app, &caller, &asked),
            get(app, &other, &asked),
            app.http().get(format!("{}{asked}", app.url)).bearer_auth(narrow).header("Accept-Language", "en"),
            app.http().get(format!("{}{asked}", app.url)).bearer_auth(&caller.token).header("Accept-Language", "vi"),
            get(app, &caller, &asked).header("Accept", "application/graphql-response+json"),
            get(app, &caller, &path(text, json!({ "n": 3 }), "A")),
            get(app, &caller, &path(text, json!({ "n": 2 }), "B")),
            get(app, &caller, &path(&format!("{text} "), json!({ "n": 2 }), "A")),
            get(app, &caller, "/v1/cadres?first=2"),
            get(app, &caller, "/v1/cadres?first=3"),
        ];
        let (count, mut tags) = (all.len(), HashSet::new());
        for request in all {
            tags.insert(Answer::of(request).await.tagged());
        }
        assert_eq!(tags.len(), count);
        tags.insert(tag(app, &caller, &asked).await);
        assert_eq!(tags.len(), count, "the control: the same request has the same tag");
    })
    .await;
}

#[actix_web::test]
async fn a_tag_changes_with_the_grant() {
    on_both(async |app| {
        let caller = app.caller(&READ, &["A"]).await;
        let path = document(RECORDS[0]);
        let before = Answer::of(get(app, &caller, &path)).await;
        let (body, before) = (before.body.clone(), before.tagged());

        let asked = Asked {
            scopes: caller.rights.scopes.iter().map(|scope| scope.parse().expect("a scope")).collect(),
            units: vec!["A1".to_owned()],
            purposes: Purpose::all().collect(),
            valid_from: None,
            valid_to: None,
            legal_basis: None,
            limits: Overrides::default(),
            documents: AllowedDocuments::Any,
        };
        client::grant(&app.database, clock(), caller.id.parse().expect("an id"), asked).await.expect("granted");

        let narrowed = async || {
            let answer = Answer::of(get(app, &caller, &path).header("If-None-Match", &before)).await;
            assert_eq!(answer.status, 200, "not even while the service does not know the grant");
            (answer.body != body).then_some(answer.tagged())
        };
        let after = poll::until_async(narrowed).await.expect("the service sees the grant");
        assert_ne!(after, before);
        assert_eq!(Answer::of(get(app, &caller, &path).header("If-None-Match", &after)).await.status, 304);
    })
    .await;
}

#[actix_web::test]
async fn a_tag_ends_with_the_day() {
    static HAND: AtomicI64 = AtomicI64::new(0);
    on_both(async |app| {
        let set = |moment: &str| {
            HAND.store(moment.parse::<DateTime<Utc>>().expect("a moment").timestamp(), Ordering::SeqCst);
        };
        set("2026-06-01T16:58:00Z");
        let mut caller = app.caller(&READ, &["A"]).await;
        let node = Node::start_as(&app.service, Clock::Hand(&HAND), None).await;
        let form = app.http().post(format!("{}/oauth/token", node.url)).basic_auth(&caller.id, Some(&caller.secret));
        let form = form.header("Content-Type", "application/x-www-form-urlencoded");
        let answer = Answer::of(form.body("grant_type=client_credentials")).await;
        let token: Value = serde_json::from_str(&answer.body).expect("JSON");
        caller.token = token["access_token"].as_str().expect("a token").to_owned();
        let path = document(RECORDS[0]);
        let before = Answer::of(get_from(&node.url, app, &caller, &path)).await.tagged();
        let same = || get_from(&node.url, app, &caller, &path).header("If-None-Match", &before);

        set("2026-06-01T16:59:59Z");
        assert_eq!(Answer::of(same()).await.status, 304, "the day ends in Việt Nam");
        set("2026-06-01T17:00:00Z");
        let after = Answer::of(same()).await;
        assert_eq!(after.status, 200);
        assert_ne!(after.tagged(), before);
        node.stop().await;
    })
    .await;
}

#[actix_web::test]
async fn answers_that_show_more_than_records_have_no_tag() {
    on_both(async |app| {
        let caller = app.all_seeing().await;
        let without = async |request: RequestBuilder, expected: u16| {
            let request = request.header("If-None-Match", "*");
            let answer = Answer::of(request).await;
            let seen = (answer.status, answer.tag.clone(), answer.header("cache-control"));
            assert_eq!(seen, (expected, None, "no-store".to_owned()), "{}", answer.body);
        };
        for text in [
            "{ viewer { name limits { costPerMinute } } }",
            "{ clients { nodes { id } } }",
            "{ changeCursor }",
            "{ changes(first: 1) { nodes { id } } }",
            r#"{ cadre(by: {code: "A-04"}) { accessLog { nodes { id } } } }"#,
            r#"{ node(id: "x") { id } }"#,
            "{ nodes(ids: []) { id } }",
            "{ __schema { queryType { name } } }",
            // With an error, whether the engine or the policy reports it.
            "{ nothing }",
            "{ titles { code } cadre(by: {}) { code } }",
            r#"{ titles { code } unit(by: {code: "A"}) { composition(subject: "NONE") { total } } }"#,
            r#"{ cadre(by: {code: "A-04"}) { identity { nationalId } } }"#,
            r#"{ cadre(by: {nationalId: "999000000004"}) { code } }"#,
        ] {
            without(get(app, &caller, &document(text)), 200).await;
        }
        let protected = document(r#"{ cadre(by: {code: "A-04"}) { code identity { nationalId } } }"#);
        without(get(app, &caller, &protected).header("X-Purpose", "PERSONNEL"), 200).await;
        without(get(app, &caller, &document(RECORDS[0])).header("X-Purpose", "PERSONNEL"), 200).await;
        without(caller.post(&json!({ "query": RECORDS[0] })), 200).await;
        without(get(app, &caller, "/v1/viewer"), 200).await;
        without(get(app, &caller, "/v1/clients"), 200).await;
        let cursor = caller.query("{ changeCursor }").await;
        let cursor = cursor["changeCursor"].as_str().expect("a cursor");
        without(get(app, &caller, &format!("/v1/changes?after={cursor}")), 200).await;
        without(get(app, &caller, "/v1/cadres/none"), 404).await;
        without(get(app, &caller, "/v1/cadres?first=1000"), 400).await;
        without(get(app, &caller, "/v1/cadres/A-04/identity").header("X-Purpose", "PERSONNEL"), 200).await;
        without(get(app, &caller, "/v1/cadres/A-04/identity"), 403).await;
        assert_eq!(
            Answer::of(get(app, &caller, &document(RECORDS[0])).header("If-None-Match", "*")).await.status,
            304,
            "the control"
        );
    })
    .await;
}

#[actix_web::test]
async fn a_tag_does_not_show_what_the_caller_may_not_know() {
    on_both(async |app| {
        let office = app.caller(&WRITE, &["P"]).await;
        let outsider = app.caller(&READ, &["A"]).await;
        let reader = app.caller(&["cadre:read", "cadre.identity:read"], &["A"]).await;
        let before = tags(app, &outsider).await;
        let unchanged = async |when: &str| {
            for (path, tag) in paths().iter().zip(&before) {
                let answer = Answer::of(get(app, &outsider, path).header("If-None-Match", tag)).await;
                assert_eq!((answer.status, answer.tag.as_ref()), (304, Some(tag)), "{when}: {path}");
            }
        };
        let mut seen = tags(app, &office).await;
        let mut changed = async |when: &str| {
            let now = tags(app, &office).await;
            assert!(now.iter().zip(&seen).all(|(now, before)| now != before), "the control, {when}");
            seen = now;
        };

        let id = propose(&office, "A-04").await;
        unchanged("proposed").await;
        changed("proposed").await;
        for part in ["POLICY", "NOMINATION", "PREPARATION", "EXCHANGE"] {
            let input = format!("rotationId: \"{id}\", step: {part}, on: \"2026-06-01\"");
            step(&office, "rotationAdvance", &input).await;
            unchanged(part).await;
            changed(part).await;
        }
        let input = format!("rotationId: \"{id}\", decisionNo: \"7-QĐ\", decidedOn: \"2026-06-01\"");
        step(&office, "rotationDecide", &input).await;
        unchanged("decided").await;
        changed("decided").await;

        let data = reader.query(r#"{ cadre(by: {code: "A-04"}) { identity { nationalId } } }"#).await;
        assert_eq!(data["cadre"]["identity"]["nationalId"], "999000000004", "protected data was read");
        unchanged("a reading").await;
        let order = Withhold {
            client: reader.id.parse().expect("an id"),
            subject: "A-04".to_owned(),
            until: "2027-01-01".parse().expect("a day"),
            document_no: "9-YC".to_owned(),
        };
        access_log::withhold(&app.database, clock(), order).await.expect("withheld");
        unchanged("an order to withhold readings").await;

        // A process that starts now must know the same.
        let node = Node::start_as(&app.service, clock(), Some(&app.url)).await;
        for (path, tag) in paths().iter().zip(&before) {
            let answer = Answer::of(get_from(&node.url, app, &outsider, path).header("If-None-Match", tag)).await;
            assert_eq!(answer.status, 304, "another process: {path}");
        }
        node.stop().await;

        step(&office, "rotationPublish", &format!("rotationId: \"{id}\"")).await;
        for (path, tag) in paths().iter().zip(&before) {
            let answer = Answer::of(get(app, &outsider, path).header("If-None-Match", tag)).await;
            assert_eq!(answer.status, 200, "the control: the publication is public: {path}");
        }
        changed("published").await;
    })
    .await;
}

/// An imported rotation has no preparing unit and is public. A revocation hides it from all callers but those who see
/// every unit, so it counts for all who saw it.
#[actix_web::test]
async fn the_tag_of_a_caller_changes_when_an_imported_rotation_is_revoked() {
    on_both(async |app| {
        let row = "A-04,A2U,A1U,TRANSFER,2026-07-01,,";
        import_text(&app.database, &[("rotations.csv", &format!("{COLUMNS}\n{row}\n"))]).await;
        app.app_state.refresh().await.expect("refreshed");
        let (office, nation) = (app.caller(&WRITE, &["P"]).await, app.caller(&READ, &["W"]).await);
        let (outsider, path) = (app.caller(&READ, &["B"]).await, document(BY_PERSON));
        let listed = async |caller: &Caller<'_>, tag: &str| {
            let answer = Answer::of(get(app, caller, &path).header("If-None-Match", tag)).await;
            let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
            let states = body["data"]["rotations"]["nodes"].as_array().cloned().unwrap_or_default();
            let states = states.iter().map(|node| node["state"].as_str().expect("a state").to_owned());
            (answer.status, answer.tag.expect("a tag"), states.collect::<Vec<_>>())
        };
        for caller in [&office, &nation] {
            assert_eq!(listed(caller, "\"\"").await.2, ["PUBLISHED"], "{:?}", app.kind);
        }
        assert_eq!(listed(&outsider, "\"\"").await.2, [""; 0], "{:?}", app.kind);
        let [of_office, of_nation] = [listed(&office, "\"\"").await.1, listed(&nation, "\"\"").await.1];
        let id = office.query(BY_PERSON).await["rotations"]["nodes"][0]["id"].as_str().expect("an id").to_owned();

        step(&office, "rotationCancel", &format!("rotationId: \"{id}\", reason: \"Quyết định thu hồi\"")).await;

        let (status, tag, states) = listed(&nation, &of_nation).await;
        assert_eq!((status, states.as_slice()), (200, &["REVOKED".to_owned()][..]), "{:?}", app.kind);
        assert_ne!(tag, of_nation);
        let (status, tag, states) = listed(&office, &of_office).await;
        assert_eq!((status, states.len()), (200, 0), "{:?}: it is not published any more", app.kind);
        assert_ne!(tag, of_office);
        assert_eq!(listed(&office, &tag).await.0, 304, "the control");
    })
    .await;
}

#[actix_web::test]
async fn all_processes_give_one_tag_and_none_for_units_that_are_not_in_memory() {
    on_both(async |app| {
        let office = app.caller(&WRITE, &["P"]).await;
        let early = Node::start_as(&app.service, clock(), Some(&app.url)).await;
        record(app, "N-1").await;
        propose(&office, "A-04").await;
        let late = Node::start_as(&app.service, clock(), Some(&app.url)).await;
        let here = tags(app, &office).await;
        for (path, tag) in paths().iter().zip(&here) {
            for node in [&early, &late] {
                assert_eq!(&Answer::of(get_from(&node.url, app, &office, path)).await.tagged(), tag, "{path}");
            }
        }

        let title = csv::titles("code,name", "N-T,Chức danh mới");
        import_text(&app.database, &[("titles.csv", &title)]).await;

        for (path, tag) in paths().iter().zip(&here) {
            let answer = Answer::of(get(app, &office, path).header("If-None-Match", tag)).await;
            assert_eq!((answer.status, answer.tag), (200, None), "the titles in memory are older: {path}");
        }
        app.app_state.refresh().await.expect("refreshed");
        late.app_state.refresh().await.expect("refreshed");
        let here = tags(app, &office).await;
        for (path, tag) in paths().iter().zip(&here) {
            assert_eq!(&Answer::of(get_from(&late.url, app, &office, path)).await.tagged(), tag, "{path}");
            let answer = Answer::of(get_from(&early.url, app, &office, path).header("If-None-Match", tag)).await;
            assert_eq!((answer.status, answer.tag), (200, None), "not refreshed yet: {path}");
        }
        early.stop().await;
        late.stop().await;
    })
    .await;
}

/// People and rotations that the reader must at least know of, by the commands that were answered.
#[derive(Debug, Default)]
struct Committed {
    people: Cell<u64>,
    rotations: Cell<u64>,
    is_over: Cell<bool>,
}

#[actix_web::test]
async fn beside_writers_a_client_never_keeps_an_answer_that_is_out_of_date() {
    on_both(async |app| {
        let office = app.caller(&WRITE, &["P"]).await;
        let node = Node::start_as(&app.service, clock(), Some(&app.url)).await;
        let path = document("{ cadres { totalCount { value } } rotations { totalCount { value } } }");
        let held = async |body: &str| {
            let body: Value = serde_json::from_str(body).expect("JSON");
            let count = |name: &str| body["data"][name]["totalCount"]["value"].as_u64().expect("a count");
            (count("cadres"), count("rotations"))
        };
        let first = Answer::of(get(app, &office, &path)).await;
        let start = held(&first.body).await;
        let committed = Committed::default();

        let importer = async {
            for nth in 0..8 {
                Box::pin(record(app, &format!("N-{}", "x".repeat(nth + 1)))).await;
                committed.people.set(committed.people.get() + 1);
            }
        };
        let proposer = async {
            for cadre in ["A-01", "A-03", "A-04", "A-06", "P-01", "P-02"] {
                Box::pin(propose(&office, cadre)).await;
                committed.rotations.set(committed.rotations.get() + 1);
            }
        };
        let writers = async {
            join!(Box::pin(importer), Box::pin(proposer));
            committed.is_over.set(true);
        };
        let reader = async {
            let (mut body, mut tag) = (first.body.clone(), first.tag.clone().expect("a tag"));
            let (mut kept, mut replaced) = (0, 0);
            for url in [&app.url, &node.url].into_iter().cycle() {
                let is_last = committed.is_over.get();
                let known = (start.0 + committed.people.get(), start.1 + committed.rotations.get());
                let answer = Answer::of(get_from(url, app, &office, &path).header("If-None-Match", &tag)).await;
                match answer.status {
                    304 => kept += 1,
                    200 => {
                        replaced += 1;
                        (body, tag) = (answer.body.clone(), answer.tagged());
                    }
                    _ => panic!("{answer:?}"),
                }
                let now = held(&body).await;
                assert!(now.0 >= known.0 && now.1 >= known.1, "{now:?}, but {known:?} was committed; {kept} kept");
                if is_last {
                    assert_eq!(now, known, "the final state");
                    break;
                }
            }
            let again = Answer::of(get(app, &office, &path).header("If-None-Match", &tag)).await;
            assert_eq!(again.status, 304, "nothing changes any more");
            assert!(replaced > 1, "the control: the answers changed, {replaced} of {}", kept + replaced);
        };
        join!(Box::pin(writers), Box::pin(reader));
        node.stop().await;
    })
    .await;
}
