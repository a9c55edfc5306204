//! Hostile documents, bodies and slow connections are refused with a small response, at once, and the process survives.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::support::{
    Caller, Kind, TestApp, poll,
    program::{self, Program},
    wire::Wire,
};

/// Part of every hostile text. No response and no log line may repeat it.
const MARK: &str = "MARK-079204001234";
/// Maximum size of a response without data.
const SMALL: usize = 16 * 1024;

/// A separate process that serves the small province, with a token.
struct Target {
    program: Program,
    token: String,
    _folder: Option<tempfile::TempDir>,
}

impl Target {
    async fn new(flags: &[&str]) -> Self {
        let (url, folder) = crate::support::copy(Kind::Sqlite).await;
        let client = program::client(&url);
        let program = Program::serve_with(&url, flags);
        let token = program.token(&client).await;
        Self { program, token, _folder: folder }
    }

    /// Posts a body and returns status and text.
    async fn post(&self, body: String) -> (u16, String) {
        let request = reqwest::Client::new().post(format!("{}/graphql", self.program.url)).bearer_auth(&self.token);
        let answer = request.header("Content-Type", "application/json").body(body).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }

    async fn answers_well(&self) {
        let (status, body) = self.program.ask(&self.token, r#"{ unit(by: {code: "A1"}) { code } }"#).await;
        assert_eq!((status, body), (200, json!({ "data": { "unit": { "code": "A1" } } })));
    }
}

fn body(document: &str) -> String {
    json!({ "query": document }).to_string()
}

fn nested(open: &str, depth: usize, inner: &str, close: &str) -> String {
    [open.repeat(depth), inner.to_owned(), close.repeat(depth)].concat()
}

#[actix_web::test]
async fn the_process_survives_nesting_of_any_depth() {
    let mut target = Target::new(&[]).await;
    let by_variable = "query($w: UnitWhere) { units(where: $w) { nodes { code } } }";
    for depth in [10, 31, 32, 33, 100, 126, 127, 128, 1_000, 2_000, 10_000, 100_000] {
        let lists = nested("[", depth, "1", "]");
        let objects = nested("{a:", depth, "1", "}");
        let selections = nested("{a", depth, "{b}", "}");
        let json_objects = nested(r#"{"a":"#, depth, "1", "}");
        for sent in [
            body(&format!("{{ units(where: {{kinds: {lists}}}) {{ nodes {{ code }} }} }}")),
            body(&format!("{{ units(where: {objects}) {{ nodes {{ code }} }} }}")),
            body(&format!("{{ units(where: {}", "[".repeat(depth))),
            body(&format!("{{ units(where: {}", "{a:".repeat(depth))),
            body(&format!("query($a: {}) {{ __typename }}", nested("[", depth, "Int", "]"))),
            body(&format!("query($a: Int = {lists}) {{ __typename }}")),
            body(&format!("query @a(b: {lists}) {{ __typename }}")),
            body(&selections),
            body(&"{a".repeat(depth)),
            body(&nested("{...", depth, "{a}", "}")),
            body(&nested("{...on Query", depth, "{__typename}", "}")),
            body(&"(".repeat(depth)),
            json!({ "query": by_variable, "variables": { "w": 1 } }).to_string().replace(":1}", &format!(":{lists}}}")),
            json!({ "query": by_variable, "variables": { "w": 1 } })
                .to_string()
                .replace(":1}", &format!(":{json_objects}}}")),
            json!({ "query": "{__typename}", "extensions": 1 })
                .to_string()
                .replace(":1}", &format!(":{json_objects}}}")),
            lists.clone(),
            json_objects.clone(),
        ] {
            let start: String = sent.chars().take(60).collect();
            let (status, answer) = target.post(sent).await;
            assert!([200, 400, 413].contains(&status), "{depth} {start}: {status} {answer}");
            let well_nested = depth == 10 && (start.contains("...on Query") || start.contains("extensions"));
            assert!(well_nested || depth <= 127 || answer.contains("errors"), "{depth} {start}: {answer}");
            assert!(answer.len() < SMALL, "{depth} {start}: {}", answer.len());
        }
        assert!(target.program.lives(), "{depth}: {}", target.program.log());
        target.answers_well().await;
    }
}

/// The error codes and the length of the response to a document.
async fn refused(caller: &Caller<'_>, document: &str) -> (Vec<String>, usize) {
    let answer = caller.post(&json!({ "query": document })).send().await.expect("an answer");
    let text = answer.text().await.expect("text");
    let body: Value = serde_json::from_str(&text).expect("JSON");
    assert!(body.get("data").is_none(), "it ran: {text}");
    let errors = body["errors"].as_array().expect("errors");
    let code = |error: &Value| error["extensions"]["code"].as_str().expect("a code").to_owned();
    (errors.iter().map(code).collect(), text.len())
}

#[actix_web::test]
async fn short_documents_with_a_high_cost_are_refused_before_they_run() {
    let app = TestApp::new(Kind::Sqlite).await;
    let caller = app.caller(&["cadre:read"], &["W"]).await;
    let doubling = |levels: usize| {
        let fragments = (0..levels).map(|at| format!("fragment f{at} on Query {{ ...f{} ...f{} }} ", at + 1, at + 1));
        format!("{{ ...f0 }} {}fragment f{levels} on Query {{ __typename }}", fragments.collect::<String>())
    };
    let paged = |levels: usize| nested("subunits(first: 100) { nodes { ", levels, "code", " } }");

    for document in [
        doubling(26),
        doubling(45),
        doubling(100),
        format!("{{ unit(by: {{code: \"W\"}}) {{ {} }} }}", paged(4)),
        format!("{{ units(first: 100) {{ nodes {{ {} }} }} }}", paged(3)),
        format!("{{ node(id: \"x\") {{ ... on Unit {{ {} }} }} }}", paged(4)),
        format!("{{ nodes(ids: [\"x\", \"y\"]) {{ ... on Unit {{ {} }} }} }}", paged(4)),
        format!("{{ node(id: \"x\") {{ ...u }} }} fragment u on Node {{ ... on Unit {{ {} }} }}", paged(4)),
        format!("{{ __typename {} }}", "@a ".repeat(10_000)),
        format!("{{ viewer {{ {} }} }}", (0..10_000).map(|at| format!("a{at} ")).collect::<String>()),
        format!("{{ {} }}", (0..10_000).map(|at| format!("a{at}: __typename ")).collect::<String>()),
        format!("query({}) {{ __typename }}", (0..10_000).map(|at| format!("$a{at}: Int ")).collect::<String>()),
        format!("{{ viewer {{ {} }} }}", (0..150).map(|at| format!("a{at}: name ")).collect::<String>()),
    ] {
        let (codes, length) = refused(&caller, &document).await;
        assert_eq!(codes, ["OPERATION_TOO_COMPLEX"], "{}", &document[..60]);
        assert!(length < SMALL);
    }

    // The control: one level of pages is within the budget.
    caller.query(&format!("{{ unit(by: {{code: \"W\"}}) {{ {} }} }}", paged(1))).await;
    app.stop().await;
}

#[actix_web::test]
async fn invalid_documents_are_refused_with_a_short_message() {
    let app = TestApp::new(Kind::Sqlite).await;
    let caller = app.caller(&["cadre:read"], &["W"]).await;
    let many = |count: usize, each: fn(usize) -> String| (0..count).map(each).collect::<String>();

    for (document, code) in [
        ("{ ...a } fragment a on Query { ...a }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
        ("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
        (
            "{ __typename } fragment a on Query { ...b } fragment b on Query { ...a }".to_owned(),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("subscription { a }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
        ("mutation { a a }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
        ("mutation { ...a ...a } fragment a on Mutation { inc }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
        (format!("{{ viewer {{ {} }} }}", many(4_000, |at| format!("a{at} "))), "GRAPHQL_VALIDATION_FAILED"),
        (format!("query({}) {{ __typename }}", many(50, |at| format!("$a{at}: Int "))), "GRAPHQL_VALIDATION_FAILED"),
        (format!("{{ viewer {{ name {} }} }}", many(50, |at| format!("@a{at} "))), "GRAPHQL_VALIDATION_FAILED"),
        (format!("{{ viewer {{ {} }} }}", many(100, |at| format!("a{at}: b{at} "))), "GRAPHQL_VALIDATION_FAILED"),
        ("{ units(first: 1, first: 2".to_owned(), "GRAPHQL_PARSE_FAILED"),
        (String::new(), "GRAPHQL_PARSE_FAILED"),
    ] {
        let (codes, length) = refused(&caller, &document).await;
        let start = &document[..document.len().min(60)];
        assert!(
            !codes.is_empty() && codes.len() <= 20 && codes.iter().all(|found| found == code),
            "{start}: {codes:?}"
        );
        assert!(length < SMALL, "{start}: {length}");
    }
    app.stop().await;
}

#[actix_web::test]
async fn variables_have_exactly_the_sent_values() {
    let app = TestApp::new(Kind::Sqlite).await;
    let caller = app.caller(&["cadre:read"], &["W"]).await;
    let total = async |document: &str, variables: Value| {
        let data = caller.query_with(document, variables).await;
        data["cadres"]["totalCount"]["value"].as_u64().expect("a count")
    };

    let missing = "query($x: Boolean!) { viewer @skip(if: $x) { name } __typename }";
    let answer = caller.ask(missing, json!({})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_VARIABLES", "{answer}");
    assert!(answer.get("data").is_none(), "{answer}");

    assert_eq!(caller.errors(missing).await, ["BAD_VARIABLES"]);

    let all = total("{ cadres { totalCount { value } } }", json!({})).await;
    let by_gender = "query($g: Gender) { cadres(where: {gender: $g}) { totalCount { value } } }";
    let women = total(by_gender, json!({ "g": "FEMALE" })).await;
    assert!(0 < women && women < all, "the control: the variable counts if it is sent");
    assert_eq!(total(by_gender, json!({})).await, all, "a variable that was not sent is absent");
    let by_default = "query($g: Gender = FEMALE) { cadres(where: {gender: $g}) { totalCount { value } } }";
    assert_eq!(total(by_default, json!({})).await, women);
    let nested = "query($g: Gender) { cadres(where: {and: [{gender: $g}]}) { totalCount { value } } }";
    assert_eq!(total(nested, json!({})).await, all);
    app.stop().await;
}

#[actix_web::test]
async fn introspection_and_suggestions_require_a_token() {
    let app = TestApp::new(Kind::Sqlite).await;
    let caller = app.caller(&["stats:read"], &["W"]).await;

    let data = caller.query("{ __schema { queryType { name } } __type(name: \"Unit\") { name } }").await;
    assert_eq!(data, json!({ "__schema": { "queryType": { "name": "Query" } }, "__type": { "name": "Unit" } }));
    for document in ["{ __schema { queryType { name } } }", "{ viewr { name } }"] {
        let request = app.http().post(format!("{}/graphql", app.url)).json(&json!({ "query": document }));
        let text = request.send().await.expect("an answer").text().await.expect("text");
        assert!(!text.contains("viewer") && !text.contains("Query"), "{document}: {text}");
        let known = caller.ask(document, json!({})).await.to_string();
        assert!(known.contains("viewer") || known.contains("Query"), "the control: {document}: {known}");
    }
    app.stop().await;
}

#[actix_web::test]
async fn no_value_of_a_request_is_returned_and_no_text_of_it_is_logged() {
    let target = Target::new(&["--log", "trace"]).await;
    let url = &target.program.url;
    let http = reqwest::Client::new();
    let documents = [
        format!("{{ cadre(by: {{nationalId: \"{MARK}\"}} {{ fullName "),
        format!("{{ cadre(by: {{code: \"{MARK}"),
        format!("{{ ? {MARK} }}"),
        format!("query {MARK} {{ viewer {{ name }} }}").replace('-', "_"),
        format!("{{ units(where: {{kinds: [{}]}}) {{ nodes {{ code }} }} }}", MARK.replace('-', "_")),
        format!("{{ units(after: \"{MARK}\") {{ nodes {{ code }} }} }}"),
        format!("{{ cadres(search: \"{MARK}\") {{ nodes {{ code }} }} }}"),
        format!("{{ unit(by: {{code: \"{MARK}\"}}) {{ code }} }}"),
        format!("{{ unit(by: {{code: \"A\"}}, asOf: \"{MARK}\") {{ code }} }}"),
        format!("{{ node(id: \"{MARK}\") {{ id }} }}"),
        format!("{{ unit(by: {{code: \"A\"}}) {{ composition(subject: \"{MARK}\") {{ total }} }} }}"),
        format!("{{ units(where: {{unit: {{code: \"{MARK}\"}}}}) {{ nodes {{ code }} }} }}"),
    ];
    // The response repeats names that a client chose, so that it finds the misspelt one. The log does not.
    let names = [
        format!("{{ {} {{ a }} }}", MARK.replace('-', "_")),
        format!("{{ viewer {{ {} }} }}", MARK.replace('-', "_")),
        format!("query($a: {}) {{ __typename }}", MARK.replace('-', "_")),
        format!("{{ ...{} }}", MARK.replace('-', "_")),
    ];
    for document in &names {
        let body = json!({ "query": document });
        let request = http.post(format!("{url}/graphql")).bearer_auth(&target.token).json(&body);
        assert!(request.send().await.expect("an answer").status().is_success(), "{document}");
    }
    let mut sent: Vec<(reqwest::RequestBuilder, &str)> = Vec::new();
    for document in &documents {
        sent.push((
            http.post(format!("{url}/graphql")).bearer_auth(&target.token).json(&json!({ "query": document })),
            document,
        ));
    }
    let with = |variables: Value, document: &str| {
        let body = json!({ "query": document, "variables": variables });
        http.post(format!("{url}/graphql")).bearer_auth(&target.token).json(&body)
    };
    sent.push((
        with(json!({ "g": MARK }), "query($g: Gender) { cadres(where: {gender: $g}) { nodes { code } } }"),
        "enum",
    ));
    sent.push((with(json!({ "d": MARK }), "query($d: Date) { units(asOf: $d) { nodes { code } } }"), "scalar"));
    sent.push((
        with(json!({ "w": { MARK: MARK } }), "query($w: UnitWhere) { units(where: $w) { nodes { code } } }"),
        "field",
    ));
    sent.push((with(json!({ MARK: MARK }), "{ __typename }"), "undeclared"));
    sent.push((with(json!({ "c": MARK }), "query($c: String!) { unit(by: {code: $c}) { code } }"), "code"));
    let named = json!({ "query": "{ __typename }", "operationName": MARK, MARK: MARK, "extensions": { MARK: MARK } });
    sent.push((http.post(format!("{url}/graphql")).bearer_auth(&target.token).json(&named), "operation name"));
    let json = |body: String| {
        http.post(format!("{url}/graphql"))
            .bearer_auth(&target.token)
            .header("Content-Type", "application/json")
            .body(body)
    };
    sent.push((json(format!("{{\"query\": \"{MARK}")), "broken JSON"));
    sent.push((json(format!("\"{MARK}\"")), "JSON of another kind"));
    sent.push((
        http.get(format!("{url}/graphql?query={MARK}&variables={MARK}")).bearer_auth(&target.token),
        "query string",
    ));
    sent.push((http.get(format!("{url}/graphql?access_token={MARK}")), "token in the URL"));
    sent.push((http.get(format!("{url}/{MARK}")), "path"));
    sent.push((http.get(format!("{url}/healthz")).header("User-Agent", MARK).header("Referer", MARK), "headers"));
    sent.push((http.post(format!("{url}/graphql")).bearer_auth(MARK).json(&named), "token"));
    sent.push((
        http.post(format!("{url}/graphql")).bearer_auth(format!("{}{MARK}", target.token)).json(&named),
        "signature",
    ));
    let form = format!("grant_type=client_credentials&client_id={MARK}&client_secret={MARK}");
    let token = http.post(format!("{url}/oauth/token")).header("Content-Type", "application/x-www-form-urlencoded");
    sent.push((token.body(form), "credentials"));
    let mut ids = Vec::new();
    for (request, what) in sent {
        let answer = request.send().await.expect("an answer");
        ids.extend(answer.headers().get("X-Request-Id").map(|id| id.to_str().expect("ASCII").to_owned()));
        let head = format!("{:?}", answer.headers());
        let text = answer.text().await.expect("text");
        for part in [&head, &text] {
            assert!(!part.contains("079204001234"), "{what}: {part}");
        }
    }

    let last = ids.pop().expect("responses carry ids");
    poll::until(|| target.program.log().contains(&last).then_some(())).expect("the control: the log holds requests");
    let log = target.program.log();
    let line = log.lines().find(|line| line.contains("079204001234"));
    assert_eq!(line, None, "no text of a request is in the log");
    let secret = target.token.rsplit('.').next().expect("a signature");
    assert_eq!(log.lines().find(|line| line.contains(secret)), None, "a token is in the log");
}

#[actix_web::test]
async fn bodies_that_are_too_large_are_refused_unread() {
    let app = TestApp::new(Kind::Sqlite).await;
    let caller = app.caller(&["cadre:read"], &["W"]).await;

    for announced in [262_145_u64, 50_000_000, 200_000_000, u64::MAX] {
        let mut wire = Wire::to(&app.url);
        wire.post(&caller.token, &format!("Content-Length: {announced}\r\n"));
        let answer = wire.answer().expect("a response before the body");
        // A length that does not fit into memory is refused with the head.
        let expected = if announced == u64::MAX { 400 } else { 413 };
        assert!(answer.status == 413 || answer.status == expected, "{announced}: {answer:?}");
    }

    let mut wire = Wire::to(&app.url);
    wire.post(&caller.token, "Transfer-Encoding: chunked\r\n");
    let chunk = [b"10000\r\n".to_vec(), vec![b' '; 0x10000], b"\r\n".to_vec()].concat();
    for _ in 0..5 {
        wire.send(&chunk).expect("at most one byte too large");
    }
    let answer = wire.answer().expect("a response before the end");
    assert_eq!((answer.status, answer.code().as_str()), (413, "PAYLOAD_TOO_LARGE"));
    assert!(answer.head.to_ascii_lowercase().contains("connection: close"), "{}", answer.head);
    // A client that never stops sending is disconnected.
    let begun = Instant::now();
    while wire.send(&chunk).is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(60), "the server never stops reading");
    }

    let most = format!("{{\"query\": \"{{ __typename }}\"{}}}", " ".repeat(256 * 1024 - 27));
    assert_eq!(most.len(), 256 * 1024);
    let request = |body: String| caller.post(&json!(null)).body(body).send();
    assert_eq!(
        request(most.clone()).await.expect("an answer").status(),
        200,
        "the control: a body of this size is read"
    );
    assert_eq!(request(most + " ").await.expect("an answer").status(), 413);
    let variables = json!({ "query": "{ __typename }", "variables": { "a": "x".repeat(1_000_000) } }).to_string();
    assert_eq!(request(variables).await.expect("an answer").status(), 413);
    app.stop().await;
}

#[actix_web::test]
async fn only_plain_json_is_read() {
    let app = TestApp::new(Kind::Sqlite).await;
    let caller = app.caller(&["cadre:read"], &["W"]).await;
    let http = app.http();
    let endpoint = format!("{}/graphql", app.url);
    let body = json!({ "query": "{ __typename }" }).to_string();

    for encoding in ["gzip", "br", "deflate", "zstd", "identity, gzip", "x"] {
        let answer = caller.post(&json!({})).header("Content-Encoding", encoding).send().await.expect("an answer");
        assert_eq!(answer.status(), 415, "{encoding}");
    }
    for kind in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("application/graphql"),
        Some("application/graphql-response+json"),
        Some("application/jsonx"),
        Some("application/json; charset=utf-16"),
        Some("application/json, text/plain"),
        Some(""),
    ] {
        let request = http.post(&endpoint).bearer_auth(&caller.token).body(body.clone());
        let request = kind.into_iter().fold(request, |request, kind| request.header("Content-Type", kind));
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 415, "{kind:?}");
        let answer: Value = answer.json().await.expect("JSON");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNSUPPORTED_MEDIA_TYPE", "{kind:?}");
    }
    for kind in ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON;CHARSET=\"UTF-8\""] {
        let request = http.post(&endpoint).bearer_auth(&caller.token).header("Content-Type", kind).body(body.clone());
        assert_eq!(request.send().await.expect("an answer").status(), 200, "{kind}");
    }
    for batch in [
        "[]",
        "[{\"query\": \"{ __typename }\"}]",
        " \n\t[[{\"query\": \"{ __typename }\"}]]",
        "[1",
        "null",
        "1",
        "\"a\"",
        "",
    ] {
        let request = http.post(&endpoint).bearer_auth(&caller.token).header("Content-Type", "application/json");
        let answer = request.body(batch).send().await.expect("an answer");
        assert_eq!(answer.status(), 400, "{batch}");
    }
    let latin = caller.post(&json!(null)).body(b"{\"query\": \"{ __typename }\", \"a\": \"\xe9\"}".to_vec());
    assert_eq!(latin.send().await.expect("an answer").status(), 400, "not UTF-8");
    app.stop().await;
}

#[actix_web::test]
async fn a_mutation_by_get_is_refused() {
    let app = TestApp::new(Kind::Sqlite).await;
    let caller = app.caller(&["cadre:read"], &["W"]).await;

    for document in ["mutation{__typename}", "mutation a{__typename}", "query a{__typename} mutation b{__typename}"] {
        let request =
            app.http().get(format!("{}/graphql?operationName=b&query={}", app.url, document.replace(' ', "%20")));
        let answer = request.bearer_auth(&caller.token).send().await.expect("an answer");
        let status = answer.status().as_u16();
        let answer: Value = answer.json().await.expect("JSON");
        assert!(answer.get("data").is_none(), "{document}: {answer}");
        assert!(status == 405 || !document.contains(" b{"), "{document}: {status}");
    }
    let request = app.http().get(format!("{}/graphql?query=mutation%7B__typename%7D", app.url));
    let answer = request.bearer_auth(&caller.token).send().await.expect("an answer");
    assert_eq!(answer.status(), 405);
    assert_eq!(answer.headers()["allow"], "POST");
    app.stop().await;
}

#[actix_web::test]
async fn slow_senders_are_disconnected_with_a_timeout() {
    let app = TestApp::new(Kind::Sqlite).await;
    let caller = app.caller(&["cadre:read"], &["W"]).await;
    // The client is already cached, so a slow request is not refused because of a slow look-up.
    let known = poll::until_async(async || {
        let answer = caller.ask("{ viewer { clientId } }", json!({})).await;
        answer.get("errors").is_none().then_some(())
    });
    known.await.expect("the client is known");

    let mut never_a_body = Wire::to(&app.url);
    never_a_body.post(&caller.token, "Content-Length: 100\r\n");
    let mut drop_by_drop = Wire::to(&app.url);
    drop_by_drop.post(&caller.token, "Transfer-Encoding: chunked\r\n");
    let mut never_a_head = Wire::to(&app.url);
    never_a_head.send("POST /graphql HTTP/1.1\r\nHost: cadre.test\r\n").expect("sent");
    let mut never_a_form = Wire::to(&app.url);
    let head = "POST /oauth/token HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\n";
    never_a_form.send(head).expect("sent");

    // One byte now and then does not keep a connection open.
    let sent = AtomicUsize::new(0);
    let cut_off = poll::until(|| {
        sent.fetch_add(1, Ordering::Relaxed);
        drop_by_drop.send("1\r\n \r\n").is_err().then_some(())
    });
    assert!(cut_off.is_some(), "still open after {} drops", sent.load(Ordering::Relaxed));

    let answer = never_a_body.answer().expect("an answer");
    assert_eq!((answer.status, answer.code().as_str()), (408, "REQUEST_TIMEOUT"));
    assert!(never_a_body.closes());
    assert_eq!(never_a_form.answer().expect("an answer").status, 408);
    assert_eq!(never_a_head.answer().expect("an answer").status, 408);
    assert!(never_a_head.closes());
    app.stop().await;
}

#[actix_web::test]
async fn heads_that_are_too_large_or_broken_are_refused() {
    let app = TestApp::new(Kind::Sqlite).await;
    let caller = app.caller(&["cadre:read"], &["W"]).await;

    let mut wire = Wire::to(&app.url);
    let line = format!("X-Filler: {}\r\n", "x".repeat(4_000));
    let refused = wire.send(format!("GET /healthz HTTP/1.1\r\nHost: a\r\n{}", line.repeat(100))).is_err();
    let answer = wire.answer();
    assert!(refused || answer.as_ref().is_none_or(|answer| (400..500).contains(&answer.status)), "{answer:?}");

    for (name, head) in [
        ("two lengths", "Content-Length: 1\r\nContent-Length: 2\r\n"),
        ("length and chunks", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
        ("length of words", "Content-Length: many\r\n"),
    ] {
        let mut wire = Wire::to(&app.url);
        wire.post(&caller.token, head);
        // Completes the body in case the server still reads it.
        let _ = wire.send("0\r\n\r\n");
        let answer = wire.answer();
        assert!(answer.as_ref().is_none_or(|answer| answer.status == 400), "{name}: {answer:?}");
    }
    app.stop().await;
}
