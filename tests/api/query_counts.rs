//! What a page costs in SQL statements: the same whatever it holds.
//!
//! The program runs as a process of its own, so that its counter counts nothing else. In the background it looks at the
//! change log and at the clients' rights all the time, on a connection of its own, whose statements are left out. Once a
//! minute it clears away what has ended: that only ever adds, so each question is asked a few times and the smallest
//! difference is what the question itself needs.

use std::fs;

use cadre_api::demo;
use data_encoding::BASE64URL_NOPAD;
use entity::{quota, rotation, training_class, training_plan, value::RotationState};
use serde_json::{Value, json};

use crate::support::{
    self, csv,
    program::{self, Program},
    rotation::{Places, day, keep_only},
    training::{self, Rows},
};

/// How often each question is asked.
const TIMES: usize = 5;

/// The program, serving the 245 people of the demonstration from a file.
struct Served {
    program: Program,
    token: String,
    http: reqwest::Client,
    _folder: tempfile::TempDir,
}

impl Served {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = format!("sqlite://{}", folder.path().join("cadre.db").display());
        let bundle = folder.path().join("bundle");
        fs::create_dir(&bundle).expect("a folder");
        demo::write_bundle(&bundle).expect("written");
        program::printed(&database, &["import", bundle.to_str().expect("a plain path")]);
        import_districts(&database);
        write_rotations(&database).await;
        write_training(&database).await;
        let scopes =
            ["cadre:read", "cadre.identity:read", "rotation:read", "training:read", "quota:read", "clients:admin"];
        let scopes = scopes.map(|scope| ["--scope", scope]);
        let scopes = scopes.concat();
        let add = [
            &["client", "add", "--json", "--name", "counter"],
            &scopes[..],
            &["--purpose", "PERSONNEL", "--unit", demo::ROOT],
        ];
        let add = add.concat();
        let client: Value = serde_json::from_str(&program::printed(&database, &add)).expect("JSON");
        let word = |name: &str| client[name].as_str().expect("a word").to_owned();

        let program = Program::serve(&database);
        let token = program.token(&(word("client_id"), word("client_secret"))).await;
        Self { program, token, http: reqwest::Client::new(), _folder: folder }
    }

    async fn ask(&self, document: &str, variables: &Value) -> Value {
        let body = json!({ "query": document, "variables": variables });
        let request = self.http.post(format!("{}/graphql", self.program.url)).bearer_auth(&self.token);
        let request = request.header("X-Purpose", "PERSONNEL").json(&body);
        let mut answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        assert!(answer.get("errors").is_none(), "{answer:#}");
        answer["data"].take()
    }

    async fn counted(&self) -> u64 {
        let (_, text) = self.program.get("/metrics").await;
        let lines = text.lines().filter(|line| line.starts_with("cadre_database_statements_total"));
        let asked = lines.filter(|line| !line.contains(r#"pool="control""#));
        let values: Vec<u64> = asked.filter_map(|line| line.rsplit(' ').next()?.parse().ok()).collect();
        assert!(!values.is_empty(), "the counter is shown: {text}");
        values.iter().sum()
    }

    /// Statements of a question, and its answer.
    async fn cost(&self, document: &str, variables: Value) -> (u64, Value) {
        let (mut least, mut answer) = (u64::MAX, Value::Null);
        for _ in 0..TIMES {
            let before = self.counted().await;
            answer = self.ask(document, &variables).await;
            least = least.min(self.counted().await - before);
        }
        (least, answer)
    }
}

#[actix_web::test]
async fn logging_who_was_read_costs_the_same_statements_whatever_their_number() {
    let served = Served::start().await;
    let page = "query($first: Int) { cadres(first: $first) { nodes { code identity { birthOn } } } }";
    let open = "query($first: Int) { cadres(first: $first) { nodes { code } } }";

    let mut costs = Vec::new();
    for first in [1, 5, 50] {
        let (cost, answer) = served.cost(page, json!({ "first": first })).await;
        assert_eq!(rows(&answer, "/cadres/nodes"), first, "the control: the pages differ");
        costs.push(cost);
    }
    let (of_open, _) = served.cost(open, json!({ "first": 50 })).await;

    // The page, what is protected of its people; then the end of the chain, the entries, their links, the end of the chain again.
    assert_eq!((of_open, costs), (1, vec![6, 6, 6]));
}

fn rows(answer: &Value, pointer: &str) -> usize {
    answer.pointer(pointer).and_then(Value::as_array).map_or(0, Vec::len)
}

#[actix_web::test]
async fn a_page_costs_the_same_statements_whatever_it_holds() {
    let served = Served::start().await;
    let page = "query($first: Int) { cadres(first: $first, orderBy: [{field: CODE}]) {
        nodes {
            code unit { code parent { code } } title { name }
            assignments { unit { code } title { name } }
            qualifications { institution { name } level { label } subject { label } }
            highest(subject: \"PROFESSIONAL\") { level { label } }
        }
        totalCount { value }
    } }";

    let mut costs = Vec::new();
    for first in [1, 5, 50] {
        let (cost, answer) = served.cost(page, json!({ "first": first })).await;
        assert_eq!(rows(&answer, "/cadres/nodes"), first, "the control: the pages differ");
        assert!(
            rows(&answer, "/cadres/nodes/0/qualifications") > 0 && rows(&answer, "/cadres/nodes/0/assignments") > 0
        );
        assert_eq!(answer["cadres"]["totalCount"]["value"], 245);
        costs.push(cost);
    }

    // The page with the cards of its people, the total.
    assert_eq!(costs, [2, 2, 2]);
}

/// Fifty people of the demonstration go from one commune to the next and are placed in a third.
async fn write_rotations(url: &str) {
    let database = support::open(url).await;
    let of = Places::of(&database).await;
    let rotations = (1..=50).map(|nth| {
        let unit = |at: i32| format!("BN-LT-{:02}-DU", at % 10 + 1);
        let (person, start) = (format!("CB{nth:04}"), format!("20{:02}-01-01", nth % 20));
        rotation::Model {
            state: RotationState::Placed,
            placement_unit_id: Some(of.unit(&unit(nth + 2))),
            placed_on: Some(day("2024-01-01")),
            to_title_code: Some("X_BT".parse().expect("a code")),
            preparing_unit_id: Some(of.unit("BN-LT")),
            ..of.ended(["1", &person, &unit(nth), &unit(nth + 1), &start], "2024-01-01")
        }
    });
    keep_only(&database, rotations.collect()).await;
    database.close().await.expect("closed");
}

#[actix_web::test]
async fn a_page_of_rotations_costs_the_same_statements_whatever_it_holds() {
    let served = Served::start().await;
    let page = r#"query($first: Int) { rotations(where: {unit: {code: "BN-LT"}}, first: $first) {
        nodes {
            state fromUnit { name parent { name } } toUnit { name ancestors { name } } fromTitle { name } toTitle { name }
            preparingUnit { name } placement { unit { name } title { name } }
            cadre { fullName unit { name } title { name } rotations { startOn toUnit { name } } }
            steps { state } appraisals { year } overrides { rule } checks { rule result }
        }
        totalCount { value }
    } }"#;

    let mut costs = Vec::new();
    for first in [1, 5, 50] {
        let (cost, answer) = served.cost(page, json!({ "first": first })).await;
        assert_eq!(rows(&answer, "/rotations/nodes"), first, "the control: the pages differ");
        assert_eq!(rows(&answer, "/rotations/nodes/0/cadre/rotations"), 1);
        assert!(answer["rotations"]["nodes"][0]["cadre"]["unit"]["name"].is_string());
        costs.push(cost);
    }
    let flows =
        r#"{ unit(by: {code: "BN-LT"}) { rotationFlows(from: "2000-01-01", before: "2030-01-01") { rotations } } }"#;
    let (of_flows, answer) = served.cost(flows, json!({})).await;

    // The page, the total, the cards of the people, their rotations; steps, appraisals, overrides; for the checks overrides
    // and the people once more. The caller may open the identity, which the check of the remaining service is derived from:
    // the cards of those in its custody, and four statements for the access log.
    assert_eq!(costs, [14, 14, 14]);
    assert_eq!((of_flows, &answer["unit"]["rotationFlows"][0]["rotations"]), (1, &json!(50)));
}

/// Nine districts of the province, each with some of 690 communes: with the province 700 units.
fn import_districts(database: &str) {
    let mut units = String::new();
    for at in 0..DISTRICTS {
        units += &format!("Q{at},BN,DISTRICT,DISTRICT,Huyện Thứ {at}\n");
    }
    for at in 0..COMMUNES {
        units += &format!("Q{}-{at},Q{},COMMUNE,COMMUNE,Xã Thứ {at}\n", at % DISTRICTS, at % DISTRICTS);
    }
    let units = csv::units("code,parent_code,kind,tier,name", &units);
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("units.csv"), units).expect("written");
    program::printed(database, &["import", folder.path().to_str().expect("a plain path")]);
}

const DISTRICTS: usize = 9;
const COMMUNES: usize = 690;

/// A quota of the province that is handed on to its nine districts, and from each to its communes.
fn tree(of: &Places, plan: &training_plan::Model) -> Vec<quota::Model> {
    let held = |unit: &str, seats: usize| training::quota(of, plan, [unit, "CMNV"], i32::try_from(seats).expect("few"));
    let whole = quota::Model { allocated: 690, ..held("BN", COMMUNES) };
    let district = |at: usize| {
        let seats = (0..COMMUNES).filter(|commune| commune % DISTRICTS == at).count();
        quota::Model { allocated: seats as i32, parent_id: Some(whole.id), ..held(&format!("Q{at}"), seats) }
    };
    let districts: Vec<_> = (0..DISTRICTS).map(district).collect();
    let commune = |at: usize| quota::Model {
        parent_id: Some(districts[at % DISTRICTS].id),
        ..held(&format!("Q{}-{at}", at % DISTRICTS), 1)
    };
    let communes: Vec<_> = (0..COMMUNES).map(commune).collect();
    [vec![whole], districts, communes].concat()
}

/// The days on which each of the fifty classes meets.
const DAYS: [&str; 3] = ["2014-03-01", "2014-03-03", "2014-03-05"];

/// Fifty classes of a plan in ten communes, each with a learner of another, and a quota for each commune.
async fn write_training(url: &str) {
    let database = support::open(url).await;
    let of = Places::of(&database).await;
    let commune = |at: usize| format!("BN-LT-{:02}-DU", at % 10 + 1);
    let plan = training::plan(&of, ["KLT", "BN-LT"], (2014, 2014));
    let whole = quota::Model { allocated: 100, ..training::quota(&of, &plan, ["BN-LT", "CMNV"], 200) };
    let part = |at: usize| quota::Model {
        parent_id: Some(whole.id),
        ..training::quota(&of, &plan, [commune(at).as_str(), "CMNV"], 10)
    };
    let class = |at: usize| training_class::Model {
        plan_id: Some(plan.id),
        ..training::class(&of, [format!("L{at:02}").as_str(), "CMNV", &commune(at), "2014-03-01", "2014-03-05"])
    };
    let classes: Vec<_> = (0..50).map(class).collect();
    let of_tree = training::plan(&of, ["KTREE", "BN"], (2016, 2016));
    let learner = |(at, class): (usize, &training_class::Model)| {
        training::learner(&of, [format!("CB{:04}", at + 1).as_str(), &commune(at + 1)], class)
    };
    let rows = Rows {
        enrolments: classes.iter().enumerate().map(learner).collect(),
        quotas: [whole.clone()].into_iter().chain((0..10).map(part)).chain(tree(&of, &of_tree)).collect(),
        plans: vec![plan, of_tree],
        sessions: classes.iter().flat_map(|class| DAYS.map(|day| training::session(class, day))).collect(),
        classes,
    };
    training::write(&database, rows).await;
    database.close().await.expect("closed");
}

#[actix_web::test]
async fn pages_of_training_cost_the_same_statements_whatever_they_hold() {
    let served = Served::start().await;
    let cost = async |document: &str, pointer: &str| {
        let mut costs = Vec::new();
        for first in [2, 5, 10] {
            let (cost, answer) = served.cost(document, json!({ "first": first })).await;
            assert_eq!(rows(&answer, pointer), first, "the control: the pages of {document} differ: {answer:#}");
            costs.push(cost);
        }
        assert!(costs.iter().all(|cost| *cost == costs[0]), "{document}: {costs:?}");
        costs[0]
    };

    let classes = r#"query($first: Int) { trainingClasses(where: {organiser: {code: "BN-LT"}}, first: $first) {
        nodes { code programme { name level { code } } organiser { name parent { name } } plan { name unit { name } } sessions
            enrolled fillPercent }
        totalCount { value }
    } }"#;
    let enrolments = r#"query($first: Int) { enrolments(where: {unit: {code: "BN-LT"}}, first: $first) {
        nodes { cadre { fullName unit { name } title { name } } class { code plan { code } organiser { name } } sendingUnit { name } }
        totalCount { value }
    } }"#;
    let quotas = r#"query($first: Int) { unit(by: {code: "BN-LT"}) { quotas(year: 2014, reach: SUBTREE, first: $first) {
        nodes { seats unit { name } programme { name } plan { code } parent { seats plan { code } } children { seats unit { name } } }
        totalCount { value }
    } } }"#;
    let all_quotas = r#"query($first: Int) { quotas(where: {unit: {code: "BN-LT"}}, first: $first) {
        nodes { seats unit { name } programme { name } plan { code } parent { seats } children { seats } }
        totalCount { value }
    } }"#;
    let progress = r#"{ unit(by: {code: "BN-LT"}) { trainingProgress(year: 2014) { planned turns persons percentOfPlan classes } } }"#;

    // The page, the total, the plans, the sessions.
    assert_eq!(cost(classes, "/trainingClasses/nodes").await, 4);
    let (_, answer) = served.cost(classes, json!({ "first": 2 })).await;
    assert_eq!(answer["trainingClasses"]["nodes"][1]["sessions"], json!(DAYS), "the control: there are sessions");
    // The page, the total, the classes, their plans, the cards of the people.
    assert_eq!(cost(enrolments, "/enrolments/nodes").await, 5);
    // The page, the total, the plans, the parents, the children.
    assert_eq!(cost(quotas, "/unit/quotas/nodes").await, 5);
    assert_eq!(cost(all_quotas, "/quotas/nodes").await, 5);
    let (of_progress, answer) = served.cost(progress, json!({})).await;
    assert_eq!(
        answer["unit"]["trainingProgress"],
        json!({"planned": 200, "turns": 50, "persons": 50, "percentOfPlan": 25.0, "classes": 50})
    );
    assert_eq!(of_progress, 3, "seats, turns, classes");
}

#[actix_web::test]
async fn a_tree_of_quotas_is_read_in_a_statement_for_each_level() {
    let served = Served::start().await;
    let node = "seats allocated used remaining unit { code name }";
    let down = format!(
        "{{ unit(by: {{code: \"BN\"}}) {{ quotas(year: 2016) {{ nodes {{ {node} children {{ {node} children {{ {node} }} }} }} }} }} }}"
    );
    let up = format!(
        "{{ unit(by: {{code: \"Q0-0\"}}) {{ quotas(year: 2016) {{ nodes {{ {node} parent {{ {node} parent {{ {node} }} }} }} }} }} }}"
    );

    let (of_tree, answer) = served.cost(&down, json!({})).await;
    let districts = answer["unit"]["quotas"]["nodes"][0]["children"].as_array().expect("districts");
    let communes: usize = districts.iter().map(|district| rows(district, "/children")).sum();
    assert_eq!((districts.len(), communes), (DISTRICTS, COMMUNES), "the control: the whole tree is there");
    assert_eq!(answer["unit"]["quotas"]["nodes"][0]["remaining"], 0);
    assert_eq!(of_tree, 3, "the province, its districts, their communes");

    let (of_road, answer) = served.cost(&up, json!({})).await;
    assert_eq!(answer["unit"]["quotas"]["nodes"][0]["parent"]["parent"]["unit"]["code"], "BN");
    assert_eq!(of_road, 3, "the commune, its district, the province");
}

#[actix_web::test]
async fn a_page_of_clients_costs_the_same_statements_whatever_it_holds() {
    let served = Served::start().await;
    for at in 0..4 {
        let input = json!({
            "idempotencyKey": at.to_string(), "name": at.to_string(),
            "grant": { "scopes": ["cadre:read"], "unitCodes": [demo::ROOT] },
        });
        let register = "mutation($input: ClientRegisterInput!) { clientRegister(input: $input) { client { id } } }";
        drop(served.ask(register, &json!({ "input": input })).await);
    }
    let page = "query($first: Int) { clients(first: $first) { nodes { name grants { units { name } } } } }";

    let mut costs = Vec::new();
    for first in [1, 5] {
        let (cost, answer) = served.cost(page, json!({ "first": first })).await;
        assert_eq!(rows(&answer, "/clients/nodes"), first, "the control: the pages differ");
        costs.push(cost);
    }

    // The clients, the grants, their units, the keys, the links.
    assert_eq!(costs, [5, 5]);
    let with_webhooks = "query($first: Int) { clients(first: $first) { nodes { webhook { state } } } }";
    for first in [1, 5] {
        let (cost, _) = served.cost(with_webhooks, json!({ "first": first })).await;
        assert_eq!(cost, 6, "one statement more for the webhooks of {first}");
    }
}

#[actix_web::test]
async fn things_by_id_cost_the_same_statements_whatever_their_number() {
    let served = Served::start().await;
    let all = served
        .ask(
            "{ cadres(first: 50) { nodes { id qualifications { id } } } units(first: 50) { nodes { id } } }",
            &json!({}),
        )
        .await;
    let people: Vec<&Value> = all["cadres"]["nodes"].as_array().expect("nodes").iter().collect();
    let document = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename ... on Cadre { unit { code } qualifications { id } } ... on Qualification { level { code } } } }";

    let mut costs = Vec::new();
    for count in [1, 25] {
        let ids: Vec<&Value> =
            people.iter().take(count).flat_map(|person| [&person["id"], &person["qualifications"][0]["id"]]).collect();
        let (cost, answer) = served.cost(document, json!({ "ids": ids })).await;
        let found = answer["nodes"].as_array().expect("nodes").iter().filter(|node| !node.is_null()).count();
        assert_eq!(found, 2 * count, "the control: the answers differ");
        costs.push(cost);
    }
    let units: Vec<&Value> = all["units"]["nodes"].as_array().expect("nodes").iter().map(|unit| &unit["id"]).collect();
    let (of_units, answer) = served
        .cost(
            "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Unit { name parent { name } } } }",
            json!({ "ids": units }),
        )
        .await;

    assert_eq!(costs[0], costs[1], "{costs:?}");
    assert_eq!(of_units, 0, "units are in memory");
    assert!(rows(&answer, "/nodes") == units.len() && units.len() > 40);
}

#[actix_web::test]
async fn the_count_grows_where_nothing_is_batched() {
    let served = Served::start().await;
    let look_up = |count: usize| {
        let fields: Vec<String> =
            (1..=count).map(|nth| format!(r#"p{nth}: cadre(by: {{code: "CB{nth:04}"}}) {{ code }}"#)).collect();
        format!("{{ {} }}", fields.join(" "))
    };

    let (one, _) = served.cost(&look_up(1), json!({})).await;
    let (ten, answer) = served.cost(&look_up(10), json!({})).await;

    assert_eq!(answer.as_object().map(serde_json::Map::len), Some(10));
    assert!(one > 0 && ten == 10 * one, "the control: the counter sees a statement per look-up: {one}, {ten}");
}

#[actix_web::test]
async fn known_and_unknown_clients_are_refused_after_the_same_statements() {
    let served = Served::start().await;
    let known = served.ask("{ viewer { clientId } }", &json!({})).await["viewer"]["clientId"].clone();
    let unknown = entity::value::ClientId::new().to_string();
    let url = format!("{}/oauth/token", served.program.url);
    let assertion = |id: &str| {
        let part = |value: Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let claims = json!({ "iss": id, "sub": id, "aud": program::PUBLIC_URL, "jti": id, "exp": 4_000_000_000_u64 });
        format!("{}.{}.{}", part(json!({ "alg": "ES256" })), part(claims), BASE64URL_NOPAD.encode(&[1; 64]))
    };
    let asserted = "client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion";

    let mut costs = Vec::new();
    for id in [known.as_str().expect("an id"), &unknown, "nobody"] {
        for form in [format!("client_id={id}&client_secret=guess"), format!("{asserted}={}", assertion(id))] {
            let mut least = u64::MAX;
            for _ in 0..TIMES {
                let before = served.counted().await;
                let request = served.http.post(&url).header("Content-Type", "application/x-www-form-urlencoded");
                let body = format!("grant_type=client_credentials&{form}");
                assert_eq!(request.body(body).send().await.expect("an answer").status(), 401);
                least = least.min(served.counted().await - before);
            }
            costs.push(least);
        }
    }

    // The secret by its hash; the client and its keys. What is no id is refused before any assertion is looked at.
    assert_eq!(costs, [1, 2, 1, 2, 1, 0]);
}
