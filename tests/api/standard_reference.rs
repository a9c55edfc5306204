//! Random people, titles and days: single results, counts and lists against a slow reference that reads the generated files
//! only. The seed is printed; `CADRE_TEST_SEED` draws the same again.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use serde_json::Value;

use crate::support::{Caller, Kind, TestApp, csv, postgres::setting};

/// Level codes by rank.
const PROFESSIONAL: [&str; 7] = ["NONE", "ELEMENTARY", "INTERMEDIATE", "COLLEGE", "UNIVERSITY", "MASTER", "DOCTORATE"];
const THEORY: [&str; 5] = ["", "ELEMENTARY", "INTERMEDIATE", "ADVANCED", "BACHELOR"];
const TITLES: [&str; 4] = ["T0", "T1", "T2", "T3"];
/// Units whose people are counted, with their tier; the communes are below districts until July 2025.
const COMMUNES: [&str; 6] = ["X1", "X2", "X3", "X4", "X5", "X6"];
const PEOPLE: usize = 90;
/// Results of requirements, the best first.
const RESULTS: [&str; 5] = ["PASS", "EXEMPT", "IN_TRANSITION", "INDETERMINATE", "FAIL"];
/// Days on which all people are compared.
const DAYS: usize = 14;

/// Parents of a unit by day: first day, parent.
fn parent(unit: &str, day: &str) -> Option<&'static str> {
    let after = day >= "2025-07-01";
    Some(match unit {
        "N" => return None,
        "P1" | "P2" => "N",
        "S1" | "D1" | "D2" => "P1",
        "D3" => "P2",
        "X1" if day < "2015-01-01" => "D1",
        "X1" if !after => "D2",
        "X2" if !after => "D1",
        "X3" | "X4" if !after => "D2",
        "X5" | "X6" if !after => "D3",
        "X5" | "X6" => "P2",
        _ => "P1",
    })
}

fn tier(unit: &str) -> &'static str {
    match &unit[..1] {
        "N" => "CENTRAL",
        "P" | "S" => "PROVINCE",
        "D" => "DISTRICT",
        _ => "COMMUNE",
    }
}

const UNITS: &str = "N,,NATION,CENTRAL,,\nP1,N,PROVINCE,PROVINCE,,\nP2,N,PROVINCE,PROVINCE,,\nS1,P1,DEPARTMENT,PROVINCE,,\n\
    D1,P1,DISTRICT,DISTRICT,,2025-07-01\nD2,P1,DISTRICT,DISTRICT,,2025-07-01\nD3,P2,DISTRICT,DISTRICT,,2025-07-01\n\
    X1,D1,COMMUNE,COMMUNE,,2015-01-01\nX1,D2,COMMUNE,COMMUNE,2015-01-01,2025-07-01\nX1,P1,COMMUNE,COMMUNE,2025-07-01,\n\
    X2,D1,COMMUNE,COMMUNE,,2025-07-01\nX2,P1,COMMUNE,COMMUNE,2025-07-01,\nX3,D2,COMMUNE,COMMUNE,,2025-07-01\n\
    X3,P1,COMMUNE,COMMUNE,2025-07-01,\nX4,D2,COMMUNE,COMMUNE,,2025-07-01\nX4,P1,COMMUNE,COMMUNE,2025-07-01,\n\
    X5,D3,COMMUNE,COMMUNE,,2025-07-01\nX5,P2,COMMUNE,COMMUNE,2025-07-01,\nX6,D3,COMMUNE,COMMUNE,,2025-07-01\n\
    X6,P2,COMMUNE,COMMUNE,2025-07-01,\n";

/// A post: unit, title, first day, end.
type Post = (&'static str, &'static str, String, Option<String>);

#[derive(Default)]
struct Person {
    code: String,
    posts: Vec<Post>,
    /// Subject, rank, day.
    held: Vec<(&'static str, usize, String)>,
    /// Standard, requirement, first day, end.
    exempt: Vec<(String, String, String, Option<String>)>,
}

struct Requirement {
    code: String,
    subject: &'static str,
    rank: usize,
    is_must: bool,
    until: Option<String>,
    /// A level of another subject that meets it too: subject, rank.
    equivalent: Option<(&'static str, usize)>,
}

impl Requirement {
    /// The levels of which one is enough: subject, rank.
    fn levels(&self) -> Vec<(&'static str, usize)> {
        [(self.subject, self.rank)].into_iter().chain(self.equivalent).collect()
    }
}

struct Standard {
    code: String,
    issuer: Option<&'static str>,
    from: String,
    to: Option<String>,
    is_verified: bool,
    scopes: Vec<(&'static str, Option<&'static str>)>,
    requirements: Vec<Requirement>,
}

/// The generated world.
struct World {
    standards: Vec<Standard>,
    people: Vec<Person>,
}

fn day(rng: &mut Rng) -> String {
    format!("{}-{:02}-{:02}", rng.i32(2000..2030), rng.u8(1..13), rng.u8(1..29))
}

fn one<'a>(rng: &mut Rng, of: &[&'a str]) -> &'a str {
    of[rng.usize(..of.len())]
}

/// Whether two intervals have a common day.
fn overlap(one: (&str, Option<&str>), other: (&str, Option<&str>)) -> bool {
    one.1.is_none_or(|end| other.0 < end) && other.1.is_none_or(|end| one.0 < end)
}

impl World {
    fn draw(rng: &mut Rng) -> Self {
        let mut standards: Vec<Standard> = Vec::new();
        for number in 0..24 {
            let (mut from, mut to) = (day(rng), Some(day(rng)).filter(|_| rng.bool()));
            if to.as_ref().is_some_and(|to| *to <= from) {
                (from, to) = (to.expect("an end"), (from != "2000-01-01").then_some(from));
            }
            if to.as_ref() == Some(&from) {
                to = None;
            }
            let issuer = Some(one(rng, &["P1", "P2", "D1", "D2", "D3", "X1", "X3"])).filter(|_| rng.u8(..3) > 0);
            let mut standard = Standard {
                code: format!("S{number:02}"),
                issuer,
                from,
                to,
                is_verified: rng.u8(..5) > 0,
                scopes: Vec::new(),
                requirements: Vec::new(),
            };
            for title in &TITLES[..3] {
                let tier = [None, None, Some("COMMUNE"), Some("PROVINCE")][rng.usize(..4)];
                let days = (standard.from.as_str(), standard.to.as_deref());
                let is_taken = standards.iter().any(|other| {
                    other.issuer == issuer
                        && other.scopes.contains(&(title, tier))
                        && overlap(days, (&other.from, other.to.as_deref()))
                });
                if !is_taken && rng.u8(..3) > 0 {
                    standard.scopes.push((title, tier));
                }
            }
            for at in 0..rng.usize(1..4) {
                let (subject, levels) =
                    if rng.bool() { ("PROFESSIONAL", PROFESSIONAL.len()) } else { ("POLITICAL_THEORY", THEORY.len()) };
                let until = Some(day(rng)).filter(|until| *until > standard.from && rng.bool());
                let code = format!("R{at}");
                let is_must = rng.u8(..4) > 0;
                let rank = rng.usize(1..levels);
                let other = match subject {
                    "PROFESSIONAL" => ("POLITICAL_THEORY", rng.usize(1..THEORY.len())),
                    _ => ("PROFESSIONAL", rng.usize(1..PROFESSIONAL.len())),
                };
                let equivalent = Some(other).filter(|_| rng.u8(..3) == 0);
                standard.requirements.push(Requirement { code, subject, rank, is_must, until, equivalent });
            }
            standards.push(standard);
        }
        let mut people: Vec<Person> = (0..PEOPLE).map(|at| Person::draw(rng, at)).collect();
        for person in &mut people {
            let mut seen = BTreeSet::new();
            for _ in 0..rng.usize(..4) {
                let standard = &standards[rng.usize(..standards.len())];
                let requirement = &standard.requirements[rng.usize(..standard.requirements.len())];
                let from = day(rng);
                let to = Some(day(rng)).filter(|to| *to > from && rng.bool());
                let key = (standard.code.clone(), requirement.code.clone());
                if seen.insert(key.clone()) {
                    person.exempt.push((key.0, key.1, from, to));
                }
            }
        }
        Self { standards, people }
    }

    async fn load(&self, app: &TestApp) {
        let units: String = UNITS
            .lines()
            .map(|line| {
                let (code, rest) = line.split_once(',').expect("a code");
                format!("{code},{code},{rest}\n")
            })
            .collect();
        let titles: String = TITLES.map(|code| format!("{code},{code}\n")).concat();
        let open = |text: &Option<String>| text.clone().unwrap_or_default();
        let (mut standards, mut scopes, mut requirements) = (String::new(), String::new(), String::new());
        for of in &self.standards {
            let word = if of.is_verified { "VERIFIED" } else { "UNVERIFIED" };
            let code = &of.code;
            standards += &format!("{code},{},{},{},{word}\n", of.issuer.unwrap_or(""), of.from, open(&of.to));
            for (title, tier) in &of.scopes {
                scopes += &format!("{code},{title},{}\n", tier.unwrap_or(""));
            }
            for requirement in &of.requirements {
                let Requirement { code: name, subject, rank, is_must, until, equivalent } = requirement;
                let level_of = |subject: &str, rank: usize| {
                    if subject == "PROFESSIONAL" { PROFESSIONAL[rank] } else { THEORY[rank] }
                };
                let level = level_of(subject, *rank);
                let equivalent = equivalent.map(|(subject, rank)| format!("{subject}:{}", level_of(subject, rank)));
                let severity = if *is_must { "MUST" } else { "SHOULD" };
                requirements +=
                    &format!("{code},{name},{subject},{level},{severity},{},{}\n", open(until), open(&equivalent));
            }
        }
        let (mut cadres, mut posts, mut held, mut exempt) =
            (String::new(), String::new(), String::new(), String::new());
        for (at, person) in self.people.iter().enumerate() {
            let code = &person.code;
            cadres += &format!("{code},Lò Văn {at}\n");
            for (nth, (unit, title, from, to)) in person.posts.iter().enumerate() {
                posts += &format!("{code},{unit},{title},{from},{},{}\n", open(to), nth == 0);
            }
            for (standard, requirement, from, to) in &person.exempt {
                exempt += &format!("{code},{standard},{requirement},{from},{}\n", open(to));
            }
            for (subject, rank, on) in &person.held {
                let level = if *subject == "PROFESSIONAL" { PROFESSIONAL[*rank] } else { THEORY[*rank] };
                held += &format!("{code},{subject},{level},{on}\n");
            }
        }
        app.import_text(&[
            ("units.csv", &csv::units("code,name,parent_code,kind,tier,valid_from,valid_to", &units)),
            ("titles.csv", &csv::titles("code,name", &titles)),
            ("standards.csv", &csv::standards("code,issuer_code,valid_from,valid_to,verification", &standards)),
            ("standard_scopes.csv", &csv::standard_scopes("standard_code,title_code,tier", &scopes)),
            (
                "requirements.csv",
                &csv::requirements(
                    "standard_code,code,subject,level,severity,transition_until,equivalents",
                    &requirements,
                ),
            ),
            ("cadres.csv", &csv::cadres("code,full_name", &cadres)),
            (
                "assignments.csv",
                &csv::assignments("cadre_code,unit_code,title_code,start_on,end_on,is_primary", &posts),
            ),
            ("qualifications.csv", &csv::qualifications("cadre_code,subject,level,granted_on", &held)),
            (
                "standard_exemptions.csv",
                &csv::standard_exemptions(
                    "cadre_code,standard_code,requirement_code,valid_from,valid_to,granted_by_code",
                    &exempt.replace('\n', ",P1\n"),
                ),
            ),
        ])
        .await;
    }

    /// The national standard and that of the nearest issuer for a subject.
    fn chosen(&self, (title, unit): (&str, &str), on: &str, subject: &str) -> Vec<&Standard> {
        let asks = |of: &&Standard| {
            let is_in_force = of.from.as_str() <= on && of.to.as_deref().is_none_or(|to| on < to);
            let is_for = of.scopes.iter().any(|(of, t)| *of == title && t.is_none_or(|t| t == tier(unit)));
            is_in_force && is_for && of.requirements.iter().any(|of| of.subject == subject)
        };
        let all: Vec<_> = self.standards.iter().filter(asks).collect();
        let best = |issuer: Option<&str>| {
            let of_issuer = all.iter().copied().filter(|of| of.issuer == issuer);
            let is_specific = |of: &&Standard| of.scopes.iter().any(|(of, tier)| *of == title && tier.is_some());
            let (specific, general): (Vec<_>, Vec<_>) = of_issuer.partition(is_specific);
            let newest = |list: Vec<&'_ Standard>| {
                let mut newest: Option<&Standard> = None;
                for of in list {
                    if newest.is_none_or(|other| of.from > other.from) {
                        newest = Some(of);
                    }
                }
                newest.map(|of| of.code.clone())
            };
            newest(if specific.is_empty() { general } else { specific })
        };
        let mut codes: Vec<String> = best(None).into_iter().collect();
        let mut at = Some(unit);
        while let Some(issuer) = at {
            if let Some(code) = best(Some(issuer)) {
                codes.push(code);
                break;
            }
            at = parent(issuer, on);
        }
        all.into_iter().filter(|of| codes.contains(&of.code)).collect()
    }

    /// Result of a person for each requirement that remains, and for the title.
    fn judged(&self, person: &Person, post: (&str, &str), on: &str) -> (String, BTreeMap<(String, String), String>) {
        let mut results = BTreeMap::new();
        let (mut worst, mut asked) = (0, false);
        for subject in ["PROFESSIONAL", "POLITICAL_THEORY"] {
            let chosen = self.chosen(post, on, subject);
            let due = |of: &Standard, asked: &Requirement| {
                asked.until.clone().filter(|until| of.from.as_str() <= on && on < until.as_str()).unwrap_or_default()
            };
            let each = || {
                let asked = chosen.iter().flat_map(|of| of.requirements.iter().map(move |asked| (*of, asked)));
                asked.filter(|(_, asked)| asked.subject == subject)
            };
            let covers = |one: (&Standard, &Requirement), other: (&Standard, &Requirement)| {
                one.0.code != other.0.code
                    && one.1.levels().iter().all(|(subject, rank)| {
                        other.1.levels().iter().any(|(of, lowest)| of == subject && rank >= lowest)
                    })
                    && (one.1.is_must || !other.1.is_must)
                    && (one.0.is_verified || !other.0.is_verified)
                    && due(one.0, one.1) <= due(other.0, other.1)
            };
            let meets = |asked: &Requirement| {
                person.held.iter().filter(|(_, _, day)| day.as_str() <= on).any(|(held, rank, _)| {
                    asked.levels().iter().any(|(subject, lowest)| held == subject && rank >= lowest)
                })
            };
            let is_exempt = |of: (&Standard, &Requirement)| {
                person.exempt.iter().any(|(standard, code, from, to)| {
                    (standard, code) == (&of.0.code, &of.1.code)
                        && from.as_str() <= on
                        && to.as_deref().is_none_or(|to| on < to)
                })
            };
            // Without exemptions, and without requirements that are hidden.
            let plain = |of: (&Standard, &Requirement)| match () {
                () if !of.0.is_verified => 3,
                () if meets(of.1) => 0,
                () if due(of.0, of.1).is_empty() => 4,
                () => 2,
            };
            // Requirements that a requirement makes superfluous, if they bind as much.
            let lower = |of: (&Standard, &Requirement)| {
                let is_lower =
                    |other: &(&Standard, &Requirement)| covers(of, *other) && (other.1.is_must || !of.1.is_must);
                each().filter(is_lower).collect::<Vec<_>>()
            };
            let is_released = |of: (&Standard, &Requirement)| is_exempt(of) && ![0, 3].contains(&plain(of));
            // A national requirement that one of the issuer hides, hides nothing itself.
            let lowest = |of: (&Standard, &Requirement)| if is_released(of) { 1 } else { plain(of) };
            let weigh_hidden = |of: (&Standard, &Requirement)| match is_released(of) {
                true if of.0.issuer.is_some() => lower(of).into_iter().map(lowest).fold(1, Ord::max),
                true => 1,
                false => plain(of),
            };
            let weigh = |of: (&Standard, &Requirement)| match is_released(of) {
                true => lower(of).into_iter().map(weigh_hidden).fold(1, Ord::max),
                false => plain(of),
            };
            for of in each() {
                // First the national ones, then those of the issuer, as far as the former remain.
                let is_local = |of: &(&Standard, &Requirement)| of.0.issuer.is_some();
                let by_local = |of| each().any(|other| is_local(&other) && covers(other, of));
                let by_national = || each().any(|other| !is_local(&other) && covers(other, of) && !by_local(other));
                let is_covered = if is_local(&of) { by_national() } else { by_local(of) };
                if is_covered {
                    continue;
                }
                asked = true;
                let weight = weigh(of);
                if of.1.is_must {
                    worst = worst.max(weight);
                }
                results.insert((of.0.code.clone(), of.1.code.clone()), RESULTS[weight].to_owned());
            }
        }
        let title = if asked { RESULTS[worst] } else { "NOT_APPLICABLE" };
        (title.to_owned(), results)
    }

    /// Posts of a person on a day in a unit, its communes and departments included.
    fn posts<'a>(person: &'a Person, root: &'a str, on: &'a str) -> impl Iterator<Item = &'a Post> {
        let is_below = move |unit: &str| {
            let mut at = Some(unit);
            while let Some(unit) = at {
                if unit == root {
                    return true;
                }
                at = parent(unit, on);
            }
            false
        };
        let is_held = move |post: &&Post| {
            post.2.as_str() <= on && post.3.as_deref().is_none_or(|end| on < end) && is_below(post.0)
        };
        person.posts.iter().filter(is_held)
    }
}

impl Person {
    fn draw(rng: &mut Rng, at: usize) -> Self {
        let mut person = Self { code: format!("K{at:03}"), ..Self::default() };
        let mut days = BTreeSet::new();
        for _ in 0..rng.usize(1..5) {
            let from = day(rng);
            if !days.insert(from.clone()) || from.as_str() >= "2026-01-01" {
                continue;
            }
            let to = Some(day(rng)).filter(|to| *to > from && rng.bool());
            let unit = if rng.u8(..6) == 0 { "S1" } else { one(rng, &COMMUNES) };
            person.posts.push((unit, one(rng, &TITLES), from, to));
        }
        let mut days = BTreeSet::new();
        for _ in 0..rng.usize(..4) {
            let on = day(rng);
            if on.as_str() >= "2026-01-01" || !days.insert(on.clone()) {
                continue;
            }
            let (subject, levels) =
                if rng.bool() { ("PROFESSIONAL", PROFESSIONAL.len()) } else { ("POLITICAL_THEORY", THEORY.len()) };
            person.held.push((subject, rng.usize(1..levels), on));
        }
        person
    }
}

fn text(of: &Value, pointer: &str) -> String {
    of.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} of {of}")).to_owned()
}

fn items(of: &Value) -> &[Value] {
    of.as_array().expect("a list")
}

/// All people with a post on a day, with their standings, in pages; and for one title for each page.
async fn people(caller: &Caller<'_>, on: &str) -> Vec<Value> {
    let fields = "title { code } unit { code } result requirements { standard { code } requirement { code } result }";
    let mut all = Vec::new();
    let mut after = Value::Null;
    for title in TITLES.iter().cycle() {
        let selection =
            format!(r#"unit {{ code }} standing {{ {fields} }} {title}: standing(title: "{title}") {{ {fields} }}"#);
        let document = format!(
            r#"query($after: String) {{ cadres(asOf: "{on}", first: 12, after: $after) {{ nodes {{ code {selection} }} pageInfo {{ hasNextPage endCursor }} }} }}"#
        );
        let seen = caller.query_with(&document, serde_json::json!({ "after": after })).await;
        all.extend_from_slice(items(&seen["cadres"]["nodes"]));
        if seen["cadres"]["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = seen["cadres"]["pageInfo"]["endCursor"].clone();
    }
    all
}

#[actix_web::test]
async fn single_results_counts_and_lists_agree_with_a_slow_reference() {
    let seed = setting("CADRE_TEST_SEED").map_or_else(|| fastrand::u64(..), |seed| seed.parse().expect("a seed"));
    println!("CADRE_TEST_SEED={seed}");
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let mut rng = Rng::with_seed(seed);
        let world = World::draw(&mut rng);
        let app = TestApp::empty(kind).await;
        world.load(&app).await;
        let caller = app.caller(&["cadre:read"], &["N"]).await;
        let (mut compared, mut failed, mut below) = (0, 0, 0);
        let mut days: Vec<String> = (0..DAYS).map(|_| day(&mut rng)).collect();
        // The days around the end of the districts, and around the borders of a standard and of a transition.
        days.extend(["2025-06-30", "2025-07-01"].map(str::to_owned));
        days.extend(world.standards.iter().take(4).map(|of| of.from.clone()));
        days.extend(world.standards.iter().flat_map(|of| &of.requirements).filter_map(|of| of.until.clone()).take(3));
        for on in &days {
            compared += singles(&world, &caller, on, &format!("{kind:?} {seed}")).await;
            for root in ["N", "P1", "P2", "D1", "D2", "X1"] {
                let hint = format!("{kind:?} {on} {root} of seed {seed}");
                let (people, worst) = bulk(&world, &caller, (root, on), &hint).await;
                failed += people;
                below += worst;
            }
        }
        assert!(compared >= 2_000, "the control: {compared} results were compared");
        assert!(failed > 300 && below > 30, "the control: {failed} people, {below} below the standard");
        app.stop().await;
    }
}

/// Compares each person with the reference; for the titles held, and for a named title. Returns the number of comparisons.
async fn singles(world: &World, caller: &Caller<'_>, on: &str, hint: &str) -> usize {
    let mut compared = 0;
    for seen in people(caller, on).await {
        let person = world.people.iter().find(|person| person.code == seen["code"]).expect("a person");
        let check = |of: &Value| {
            let post = (text(of, "/title/code"), text(of, "/unit/code"));
            let (result, requirements) = world.judged(person, (&post.0, &post.1), on);
            let shown = items(&of["requirements"])
                .iter()
                .map(|of| ((text(of, "/standard/code"), text(of, "/requirement/code")), text(of, "/result")));
            let shown: BTreeMap<_, _> = shown.collect();
            assert_eq!((text(of, "/result"), shown), (result, requirements), "{hint}: {} {post:?} {on}", person.code);
        };
        let held: BTreeSet<_> =
            World::posts(person, "N", on).map(|post| (post.1.to_owned(), post.0.to_owned())).collect();
        let shown = items(&seen["standing"]).iter().map(|of| (text(of, "/title/code"), text(of, "/unit/code")));
        assert_eq!(shown.collect::<BTreeSet<_>>(), held, "{hint}: {} {on}", person.code);
        items(&seen["standing"]).iter().for_each(check);
        compared += held.len();
        for title in TITLES.into_iter().filter(|title| !seen[title].is_null()) {
            items(&seen[title]).iter().for_each(check);
            compared += items(&seen[title]).len();
            if !held.iter().any(|(of, _)| of == title) && !seen["unit"].is_null() {
                assert_eq!(
                    seen[title][0]["unit"], seen["unit"],
                    "a title that is not held, in the unit of the primary post"
                );
            }
        }
    }
    compared
}

/// Compares the counts and the list of a unit with the reference. Returns the number of people, and of people below.
async fn bulk(world: &World, caller: &Caller<'_>, (root, on): (&str, &str), hint: &str) -> (usize, usize) {
    let document = format!(
        r#"{{ gap: unit(by: {{code: "{root}"}}) {{ standardGap(asOf: "{on}") {{
            holders exempt met below inTransition indeterminate notApplicable
            requirements {{ standard {{ code }} requirement {{ code }} met exempt below inTransition indeterminate }} }} }}
            below: cadres(where: {{unit: {{code: "{root}"}}, belowStandard: {{}}}}, asOf: "{on}", first: 100) {{ nodes {{ code }} }}
            missing: cadres(where: {{unit: {{code: "{root}"}}, titles: ["T0", "T3"], belowStandard: {{requirement: "R0"}}}}, asOf: "{on}", first: 100) {{ nodes {{ code }} }} }}"#
    );
    let seen = caller.query(&document).await;
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    let mut of_requirement: BTreeMap<(String, String, String), i64> = BTreeMap::new();
    let (mut below, mut missing) = (BTreeSet::new(), BTreeSet::new());
    let order = ["NOT_APPLICABLE", "PASS", "EXEMPT", "IN_TRANSITION", "INDETERMINATE", "FAIL"];
    for person in &world.people {
        let mut worst = None;
        let mut each = BTreeMap::new();
        for (unit, title, ..) in World::posts(person, root, on) {
            let (result, requirements) = world.judged(person, (title, unit), on);
            let place = order.iter().position(|of| *of == result).expect("a result");
            worst = worst.max(Some(place));
            let fails = requirements.iter().any(|((_, code), result)| code == "R0" && result == "FAIL");
            if fails && ["T0", "T3"].contains(title) {
                missing.insert(person.code.clone());
            }
            each.extend(requirements);
        }
        let Some(worst) = worst else { continue };
        *counts.entry(order[worst].to_owned()).or_default() += 1;
        if order[worst] == "FAIL" {
            below.insert(person.code.clone());
        }
        for ((standard, code), result) in each {
            *of_requirement.entry((standard, code, result)).or_default() += 1;
        }
    }
    let gap = &seen["gap"]["standardGap"];
    let names = ["notApplicable", "met", "exempt", "inTransition", "indeterminate", "below"];
    for (name, result) in names.iter().zip(order) {
        assert_eq!(gap[*name], counts.get(result).copied().unwrap_or(0), "{hint} {name}: {gap}");
    }
    assert_eq!(gap["holders"], counts.values().sum::<i64>(), "{hint}");
    let mut shown = BTreeMap::new();
    for of in items(&gap["requirements"]) {
        for (name, result) in names.iter().zip(order).skip(1) {
            let count = of[*name].as_i64().expect("a count");
            if count > 0 {
                shown.insert((text(of, "/standard/code"), text(of, "/requirement/code"), result.to_owned()), count);
            }
        }
    }
    assert_eq!(shown, of_requirement, "{hint}");
    let codes = |list: &str| items(&seen[list]["nodes"]).iter().map(|of| text(of, "/code")).collect::<BTreeSet<_>>();
    assert_eq!(codes("below"), below, "{hint}");
    assert_eq!(codes("missing"), missing, "{hint}");
    (usize::try_from(counts.values().sum::<i64>()).expect("a count"), below.len())
}
