//! Deprecated parts of the API: headers of the responses, the page, and the metric. The schema of these tests deprecates
//! three parts of the schema of the service.

use std::sync::LazyLock;

use cadre_api::{
    graphql::{self, engine::Engine},
    telemetry,
};
use metrics_exporter_prometheus::PrometheusHandle;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::support::{Caller, Node, TestApp, clock, on_both};

/// Type, line of the declaration, and reason of each deprecation.
const DEPRECATED: [(&str, &str, &str); 3] = [
    (
        "type Unit ",
        "adminCode: String",
        "Use `identifiers` & `code`. Deprecated since 2026-12-01, removed on 2028-01-01.",
    ),
    ("input CadreWhere ", "gender: Gender", "Filter the rows. Deprecated since 2026-06-01, removed on 2028-06-01."),
    ("enum CadreOrderField ", "CODE", "Use `NAME`. Deprecated since 2027-01-01, removed on 2029-01-01."),
];

/// Begin of 2026-12-01 and of 2026-06-01 in Việt Nam.
const DECEMBER: &str = "@1796058000";
const JUNE: &str = "@1780246800";

static METRICS: LazyLock<PrometheusHandle> = LazyLock::new(|| telemetry::start_metrics().expect("a first recorder"));

/// The schema of the service with the deprecations.
fn sdl() -> String {
    let mut header = String::new();
    let mut deprecated = 0;
    let lines = graphql::sdl().lines().fold(String::new(), |mut text, line| {
        if !line.starts_with(['\t', ' ', '"', '}']) {
            line.clone_into(&mut header);
        }
        text += line;
        for (on, declared, reason) in DEPRECATED {
            if header.starts_with(on) && line.trim() == declared {
                text += &format!(" @deprecated(reason: {})", json!(reason));
                deprecated += 1;
            }
        }
        text + "\n"
    });
    assert_eq!(deprecated, DEPRECATED.len(), "every line was found");
    lines
}

async fn node(app: &TestApp) -> Node {
    let engine = Engine::checking(graphql::schema(), &sdl());
    Node::start_with(&app.service, clock(), &app.url, engine).await
}

/// The three headers of a response.
fn headers(headers: &HeaderMap) -> (Option<&str>, Option<&str>, Vec<&str>) {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().expect("text"));
    let links = headers.get_all("link").iter().map(|value| value.to_str().expect("text"));
    (text("deprecation"), text("sunset"), links.collect())
}

fn link(app: &TestApp, coordinate: &str) -> String {
    format!("<{}/deprecations#{coordinate}>; rel=\"deprecation\"", app.url)
}

/// How often a client has used a deprecated part.
fn counted(caller: &Caller<'_>, coordinate: &str) -> u64 {
    let metrics = METRICS.render();
    let is_counter = |line: &&str| {
        line.starts_with("cadre_deprecated_field_total{") && line.contains(coordinate) && line.contains(&caller.id)
    };
    let value = metrics.lines().find(is_counter).and_then(|line| line.rsplit(' ').next());
    value.map_or(0, |value| value.parse().expect("a number"))
}

#[actix_web::test]
async fn a_deprecated_part_is_announced_and_counted_for_its_client() {
    LazyLock::force(&METRICS);
    on_both(async |app| {
        let node = node(app).await;
        let caller = app.caller(&["cadre:read"], &["P"]).await;
        let other = app.caller(&["rotation:read"], &["P"]).await;
        let ask = async |by: &Caller<'_>, body: Value| {
            let answer = by.post_to(&node.url, &body).send().await.expect("an answer");
            let of = answer.headers().clone();
            (of, answer.json::<Value>().await.expect("JSON"))
        };
        let selected = json!({ "query": "query($code: String!) { unit(by: {code: $code}) { adminCode } }", "variables": {"code": "A1"} });
        // By the engine, then on the fast path.
        for times in 1..=3 {
            let (of, body) = ask(&caller, selected.clone()).await;
            assert!(body.get("errors").is_none() && body["data"]["unit"].is_object(), "{body}");
            let link = link(app, "Unit.adminCode");
            let expected = (Some(DECEMBER), Some("Fri, 31 Dec 2027 17:00:00 GMT"), vec![link.as_str()]);
            assert_eq!(headers(&of), expected, "{:?}", app.kind);
            assert_eq!(counted(&caller, "Unit.adminCode"), times);
        }

        let filtered = json!({
            "query": "query($w: CadreWhere) { cadres(where: $w, orderBy: [{field: CODE}]) { nodes { code } } }",
            "variables": {"w": {"gender": "FEMALE"}},
        });
        let (of, body) = ask(&caller, filtered.clone()).await;
        assert!(body.get("errors").is_none(), "{body}");
        let (by_code, by_gender) = (link(app, "CadreOrderField.CODE"), link(app, "CadreWhere.gender"));
        let expected = (Some(JUNE), Some("Wed, 31 May 2028 17:00:00 GMT"), vec![by_code.as_str(), by_gender.as_str()]);
        assert_eq!(headers(&of), expected, "the earliest days");
        assert_eq!((counted(&caller, "CadreWhere.gender"), counted(&caller, "CadreOrderField.CODE")), (1, 1));

        let (of, body) = ask(&other, filtered).await;
        assert_eq!(body["errors"][0]["extensions"]["code"], "FORBIDDEN", "{body}");
        assert_eq!(headers(&of), (None, None, vec![]), "it did not run");
        assert_eq!(counted(&other, "CadreWhere.gender"), 0);

        let current = json!({ "query": "{ unit(by: {code: \"A1\"}) { code } cadres(where: {category: CADRE}) { nodes { code } } }" });
        let (of, body) = ask(&caller, current).await;
        assert!(body.get("errors").is_none(), "{body}");
        assert_eq!(headers(&of), (None, None, vec![]), "the control: nothing is deprecated");
        node.stop().await;
    })
    .await;
}

#[actix_web::test]
async fn rest_responses_and_get_requests_announce_too() {
    on_both(async |app| {
        let node = node(app).await;
        let caller = app.caller(&["cadre:read"], &["P"]).await;
        let get = async |path: &str| {
            let request = app.http().get(format!("{}{path}", node.url)).bearer_auth(&caller.token);
            let answer = request.header("X-Purpose", "PERSONNEL").send().await.expect("an answer");
            (answer.status().as_u16(), answer.headers().clone(), answer.text().await.expect("text"))
        };
        let link = link(app, "Unit.adminCode");
        let expected = (Some(DECEMBER), Some("Fri, 31 Dec 2027 17:00:00 GMT"), vec![link.as_str()]);
        for path in ["/v1/units/A1", "/graphql?query=%7Bunit(by:%7Bcode:%22A1%22%7D)%7BadminCode%7D%7D"] {
            let (status, of, body) = get(path).await;
            assert_eq!((status, headers(&of)), (200, expected.clone()), "{path}: {body}");
        }

        let (status, of, body) = get("/v1/units?first=1").await;
        let links = headers(&of).2;
        assert_eq!(status, 200, "{body}");
        assert!(links.iter().any(|link| link.ends_with("rel=\"next\"")), "the next page stays: {links:?}");
        assert!(links.contains(&link.as_str()), "{links:?}");
        let (status, of, _) = get("/v1/titles").await;
        assert_eq!((status, headers(&of).0), (200, None), "the control: its document uses nothing deprecated");
        node.stop().await;
    })
    .await;
}

#[actix_web::test]
async fn the_page_lists_what_is_deprecated() {
    on_both(async |app| {
        let node = node(app).await;
        let get = async |url: &str| {
            let answer = app.http().get(format!("{url}/deprecations")).send().await.expect("an answer");
            assert_eq!(answer.status(), 200);
            answer.text().await.expect("text")
        };
        let page = get(&node.url).await;
        for expected in [
            "<dt id=\"Unit.adminCode\">",
            "<dt id=\"CadreWhere.gender\">",
            "<dt id=\"CadreOrderField.CODE\">",
            "Deprecated since 2026-12-01, removed on 2028-01-01.<br>Use `identifiers` &amp; `code`.",
        ] {
            assert!(page.contains(expected), "{expected}: {page}");
        }
        let current = get(&app.url).await;
        let deprecated = graphql::sdl().contains("@deprecated");
        assert_eq!(current.contains("<dt id="), deprecated, "{current}");
        node.stop().await;
    })
    .await;
}
