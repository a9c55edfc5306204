//! Drawn records: the result of a person, the filter and the compliance of units agree with a slow calculation that is
//! written here once more. The seed is printed; `CADRE_TEST_SEED` draws the same records again.

use std::{collections::BTreeMap, fmt::Write as _, fs};

use entity::{
    duty_exemption, enrolment, sample, training_class,
    value::{Day, EnrolmentState},
};
use fastrand::Rng;
use sea_orm::{ActiveModelTrait, IntoActiveModel};
use serde_json::{Value, json};

use crate::support::{
    Caller, Kind, TestApp, bundle, csv,
    postgres::setting,
    rotation::{Places, day},
};

const PERSONS: usize = 70;
const YEARS: [i32; 3] = [2024, 2025, 2026];
/// The clock of the tests.
const TODAY: &str = "2026-06-01";

/// Units with their superiors in both trees.
const UNITS: [(&str, &[&str]); 7] = [
    ("A1P", &["A1", "A", "P", "W"]),
    ("A1U", &["A1", "A", "P", "W"]),
    ("A2U", &["A2", "A", "P", "W"]),
    ("B1U", &["B1", "B", "P", "W"]),
    ("C1U", &["C1", "A", "P", "W"]),
    ("PD1", &["P", "PB", "W"]),
    ("PD2", &["P", "PB", "W"]),
];
const CATEGORIES: [&str; 3] = ["CADRE", "CIVIL_SERVANT", "PUBLIC_EMPLOYEE"];
/// Titles, and whether they are of key leaders.
const TITLES: [(&str, bool); 4] = [("BT", true), ("CT", true), ("CC", false), ("CV", false)];
/// Programmes with their hours.
const PROGRAMMES: [(&str, Option<u64>); 3] = [("N20", Some(20)), ("N40", Some(40)), ("N00", None)];

struct Duty {
    code: &'static str,
    issuer: &'static str,
    categories: &'static [&'static str],
    of_leaders: bool,
    in_hours: bool,
    amount: u64,
    days: (&'static str, &'static str),
    is_verified: bool,
    programmes: &'static [&'static str],
}

const DUTIES: [Duty; 6] = [
    Duty {
        code: "D1",
        issuer: "",
        categories: &CATEGORIES,
        of_leaders: false,
        in_hours: false,
        amount: 1,
        days: ("2020-01-01", ""),
        is_verified: true,
        programmes: &[],
    },
    Duty {
        code: "D2",
        issuer: "A",
        categories: &["CIVIL_SERVANT", "PUBLIC_EMPLOYEE"],
        of_leaders: false,
        in_hours: false,
        amount: 2,
        days: ("2020-01-01", "2027-01-01"),
        is_verified: true,
        programmes: &["N20", "N40"],
    },
    Duty {
        code: "D3",
        issuer: "PB",
        categories: &["CADRE", "CIVIL_SERVANT"],
        of_leaders: false,
        in_hours: true,
        amount: 40,
        days: ("2024-01-01", ""),
        is_verified: true,
        programmes: &[],
    },
    Duty {
        code: "D4",
        issuer: "",
        categories: &CATEGORIES,
        of_leaders: true,
        in_hours: true,
        amount: 40,
        days: ("2020-01-01", "2025-12-31"),
        is_verified: true,
        programmes: &["N20", "N00"],
    },
    Duty {
        code: "D5",
        issuer: "P",
        categories: &CATEGORIES,
        of_leaders: false,
        in_hours: false,
        amount: 1,
        days: ("2020-01-01", ""),
        is_verified: false,
        programmes: &[],
    },
    Duty {
        code: "D6",
        issuer: "P",
        categories: &["CADRE", "CIVIL_SERVANT"],
        of_leaders: true,
        in_hours: false,
        amount: 1,
        days: ("2020-01-01", ""),
        is_verified: true,
        programmes: &["N40"],
    },
];

struct Post {
    unit: usize,
    title: usize,
    from: Day,
    until: Option<Day>,
    is_primary: bool,
}

struct Seat {
    sender: usize,
    programme: usize,
    /// First and last day of the class.
    class: Option<(Day, Day)>,
    year: i32,
    state: EnrolmentState,
}

struct Exemption {
    duty: usize,
    from: Day,
    until: Option<Day>,
}

struct Person {
    code: String,
    category: &'static str,
    posts: Vec<Post>,
    seats: Vec<Seat>,
    exemptions: Vec<Exemption>,
}

fn draw_day(rng: &mut Rng, years: std::ops::Range<i32>) -> Day {
    // The ends of years are the interesting days.
    let year = rng.i32(years);
    match rng.u8(..6) {
        0 => Day::of(year, 12, 31),
        1 => Day::of(year, 1, 1),
        _ => Day::of(year, rng.u32(1..=12), rng.u32(1..=28)),
    }
    .expect("a day")
}

fn draw_person(rng: &mut Rng, nth: usize) -> Person {
    let mut posts = Vec::new();
    let (mut from, today) = (draw_day(rng, 2019..2025), day(TODAY));
    // Consecutive primary posts; some persons have left.
    for _ in 0..rng.usize(1..4) {
        let until = draw_day(rng, from.year()..2027);
        if until <= from || until > today {
            break;
        }
        posts.push((from, Some(until)));
        from = until;
    }
    if rng.u8(..4) > 0 && from <= today {
        posts.push((from, None));
    }
    let mut posts: Vec<Post> = posts
        .into_iter()
        .map(|(from, until)| {
            let (unit, title) = (rng.usize(..UNITS.len()), rng.usize(..TITLES.len()));
            Post { unit, title, from, until, is_primary: true }
        })
        .collect();
    if rng.bool() {
        let (unit, title) = (rng.usize(..UNITS.len()), rng.usize(..TITLES.len()));
        let from = draw_day(rng, 2019..2026);
        posts.push(Post { unit, title, from, until: None, is_primary: false });
    }
    let seats = (0..rng.usize(..5))
        .map(|_| {
            let year = rng.i32(2023..2027);
            let class = rng.bool().then(|| {
                let from = draw_day(rng, year..year + 1);
                (from, Ord::max(from, draw_day(rng, year..year + 2)))
            });
            use EnrolmentState::{Attending, Completed, Confirmed, Dropped, Failed};
            let state = [Completed, Completed, Completed, Attending, Confirmed, Failed, Dropped][rng.usize(..7)];
            let sender = rng.usize(..UNITS.len());
            Seat { sender, programme: rng.usize(..PROGRAMMES.len()), class, year, state }
        })
        .collect();
    let exemptions = (0..rng.usize(..3))
        .map(|_| {
            let from = draw_day(rng, 2022..2027);
            let until = Some(draw_day(rng, from.year()..2028)).filter(|until| *until > from);
            Exemption { duty: rng.usize(..DUTIES.len()), from, until }
        })
        .collect();
    let category = CATEGORIES[rng.usize(..CATEGORIES.len())];
    Person { code: format!("R{nth:03}"), category, posts, seats, exemptions }
}

fn lies_below(unit: usize, root: &str) -> bool {
    let (code, above) = UNITS[unit];
    code == root || above.contains(&root)
}

/// Primary post on a day: of two, the later one.
fn main_post(person: &Person, on: Day) -> Option<&Post> {
    let held = person.posts.iter().filter(|post| post.is_primary && post.from <= on);
    held.filter(|post| post.until.is_none_or(|until| on < until)).max_by_key(|post| post.from)
}

fn year_days(year: i32) -> (Day, Day, Day) {
    let (first, last) = (Day::of(year, 1, 1).expect("a day"), Day::of(year, 12, 31).expect("a day"));
    (first, last, Ord::min(last, day(TODAY)))
}

fn is_in_force(duty: &Duty, year: i32) -> bool {
    let (first, last, _) = year_days(year);
    day(duty.days.0) <= first && (duty.days.1.is_empty() || last < day(duty.days.1))
}

/// Result, amount and reason for a caller that reaches the units below a root.
fn expected(person: &Person, duty: &Duty, year: i32, root: &str) -> (&'static str, u64, Option<&'static str>) {
    let (first, last, counted_on) = year_days(year);
    let none = ("NOT_APPLICABLE", 0, None);
    let Some(post) = main_post(person, counted_on) else { return none };
    let of_year = || {
        let begun = person.posts.iter().filter(|post| post.from <= counted_on);
        begun.filter(|post| post.until.is_none_or(|until| first < until))
    };
    let is_bound = is_in_force(duty, year)
        && lies_below(post.unit, root)
        && (duty.issuer.is_empty() || lies_below(post.unit, duty.issuer))
        && duty.categories.contains(&person.category)
        && (!duty.of_leaders || of_year().any(|post| TITLES[post.title].1));
    if !is_bound {
        return none;
    }
    let (mut amount, mut lacks_hours, mut lacks_result) = (0, false, false);
    // Only training that a unit within reach sent to is visible; all classes are organised by W.
    for seat in person.seats.iter().filter(|seat| root == "W" || lies_below(seat.sender, root)) {
        let (code, hours) = PROGRAMMES[seat.programme];
        if !duty.programmes.is_empty() && !duty.programmes.contains(&code) {
            continue;
        }
        let ends_on = seat.class.map(|(_, end)| end);
        let ends_in_year = ends_on.map_or(seat.year == year, |end| first <= end && end <= last);
        let is_at_end = match seat.class {
            None => seat.year == year,
            Some((from, end)) => from <= last && last <= end,
        };
        match seat.state {
            EnrolmentState::Completed if ends_in_year => match (duty.in_hours, hours) {
                (false, _) => amount += 1,
                (true, Some(hours)) => amount += hours,
                (true, None) => lacks_hours = true,
            },
            EnrolmentState::Attending if duty.in_hours => lacks_result |= ends_in_year,
            // The end of the current year is ahead.
            EnrolmentState::Attending if is_at_end => amount += u64::from(last < day(TODAY)),
            EnrolmentState::Attending => lacks_result |= ends_in_year,
            EnrolmentState::Confirmed => lacks_result |= ends_on.is_some() && ends_in_year,
            _ => {}
        }
    }
    let is_exempt = person.exemptions.iter().any(|exemption| {
        DUTIES[exemption.duty].code == duty.code
            && exemption.from <= last
            && exemption.until.is_none_or(|until| first < until)
    });
    let was_elsewhere = of_year().any(|post| post.is_primary && !lies_below(post.unit, root));
    let unclear = |reason| ("INDETERMINATE", amount, Some(reason));
    if !duty.is_verified {
        unclear("UNVERIFIED")
    } else if amount >= duty.amount {
        ("DONE", amount, None)
    } else if is_exempt {
        ("EXEMPT", amount, None)
    } else if last >= day(TODAY) {
        unclear("YEAR_RUNNING")
    } else if lacks_hours {
        unclear("HOURS_MISSING")
    } else if lacks_result {
        unclear("RESULT_MISSING")
    } else if was_elsewhere {
        unclear("OUT_OF_REACH")
    } else if amount > 0 {
        ("PARTLY", amount, None)
    } else {
        ("NOT_DONE", amount, None)
    }
}

/// Writes the records.
async fn write(app: &TestApp, persons: &[Person]) {
    let file = |name: &str| fs::read_to_string(bundle().join(name)).expect("a file of the bundle");
    let (mut cadres, mut posts) = (String::new(), String::new());
    for (nth, person) in persons.iter().enumerate() {
        let is_active = person.posts.iter().any(|post| post.until.is_none());
        let status = if is_active { "ACTIVE" } else { "LEFT" };
        let _ = writeln!(cadres, "{},9990001{nth:05},Lò Văn Mẫu,{},{status}", person.code, person.category);
        for Post { unit, title, from, until, is_primary } in &person.posts {
            let until = until.map(|until| until.to_string()).unwrap_or_default();
            let (unit, title) = (UNITS[*unit].0, TITLES[*title].0);
            let _ = writeln!(posts, "{},{unit},{title},{from},{until},{is_primary}", person.code);
        }
    }
    let cadres = csv::cadres("code,national_id,full_name,category,status", &cadres);
    let posts = csv::assignments("cadre_code,unit_code,title_code,start_on,end_on,is_primary", &posts);
    let programmes: String = PROGRAMMES
        .iter()
        .map(|(code, hours)| {
            format!("{code},Chuyên đề,JOB_SKILLS,{}\n", hours.map(|hours| hours.to_string()).unwrap_or_default())
        })
        .collect();
    let programmes = csv::programmes("code,name,subject,hours", &programmes);
    let (mut duties, mut counting) = (String::new(), "duty_code,programme_code\n".to_owned());
    for duty in &DUTIES {
        let (measure, verification) = (
            if duty.in_hours { "HOURS" } else { "PARTICIPATION" },
            if duty.is_verified { "VERIFIED" } else { "UNVERIFIED" },
        );
        let _ = writeln!(
            duties,
            "{},{},{},{},{measure},{},{},{},{verification}",
            duty.code,
            duty.issuer,
            duty.categories.join("|"),
            duty.of_leaders,
            duty.amount,
            duty.days.0,
            duty.days.1
        );
        duty.programmes.iter().for_each(|programme| counting.push_str(&format!("{},{programme}\n", duty.code)));
    }
    let duties = csv::duties(
        "code,issuer_code,categories,key_leaders_only,measure,amount,valid_from,valid_to,verification",
        &duties,
    );
    app.import_text(&[
        ("units.csv", &file("units.csv")),
        ("titles.csv", &file("titles.csv")),
        ("programmes.csv", &programmes),
        ("duties.csv", &duties),
        ("duty_programmes.csv", &counting),
        ("cadres.csv", &cadres),
        ("assignments.csv", &posts),
    ])
    .await;
    write_training(app, persons).await;
}

async fn write_training(app: &TestApp, persons: &[Person]) {
    let (of, writer) = (Places::of(&app.database).await, app.database.writer());
    for person in persons {
        for (nth, seat) in person.seats.iter().enumerate() {
            let programme_code = PROGRAMMES[seat.programme].0.parse::<entity::value::ProgrammeCode>().expect("a code");
            let mut class_id = None;
            if let Some((start_on, end_on)) = seat.class {
                let class = training_class::Model {
                    code: format!("{}-{nth}", person.code).parse().expect("a code"),
                    programme_code: programme_code.clone(),
                    organiser_id: of.unit("W"),
                    start_on,
                    end_on,
                    ..sample::training_class()
                };
                class_id = Some(class.id);
                class.into_active_model().reset_all().insert(writer).await.expect("written");
            }
            let row = enrolment::Model {
                cadre_id: of.cadre(&person.code),
                class_id,
                programme_code,
                unit_id: of.unit(UNITS[seat.sender].0),
                year: seat.class.map_or(seat.year, |(from, _)| from.year()),
                state: seat.state,
                ..sample::enrolment()
            };
            row.into_active_model().reset_all().insert(writer).await.expect("written");
        }
        for exemption in &person.exemptions {
            let row = duty_exemption::Model {
                cadre_id: of.cadre(&person.code),
                duty_code: DUTIES[exemption.duty].code.parse().expect("a code"),
                valid_from: exemption.from,
                valid_to: exemption.until,
                ..sample::duty_exemption()
            };
            row.into_active_model().reset_all().insert(writer).await.expect("written");
        }
    }
}

/// The nodes of all people with a post within reach.
async fn nodes(caller: &Caller<'_>, arguments: &str, fields: &str) -> Vec<Value> {
    let document = format!("{{ cadres(first: 100{arguments}) {{ nodes {{ code {fields} }} }} }}");
    caller.query(&document).await["cadres"]["nodes"].as_array().expect("nodes").clone()
}

#[actix_web::test]
async fn a_result_a_list_and_a_count_agree_on_drawn_records() {
    let seed = setting("CADRE_TEST_SEED").map_or_else(|| fastrand::u64(..), |seed| seed.parse().expect("a seed"));
    println!("CADRE_TEST_SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    let persons: Vec<Person> = (0..PERSONS).map(|nth| draw_person(&mut rng, nth)).collect();
    let mut met = BTreeMap::new();
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::empty(kind).await;
        write(&app, &persons).await;
        for root in ["W", "A", "PB"] {
            let caller = app.caller(&["cadre:read", "training:read"], &[root]).await;
            for year in YEARS {
                let seen = format!("{kind:?} {root} {year} of seed {seed}");
                compare_persons(&caller, (&persons, root, year), &seen, &mut met).await;
                compare_units(&caller, (&persons, root, year), &seen).await;
            }
        }
        app.stop().await;
    }
    let results: Vec<&str> = met.keys().copied().collect();
    assert_eq!(
        results,
        ["DONE", "EXEMPT", "INDETERMINATE", "NOT_APPLICABLE", "NOT_DONE", "PARTLY"],
        "the control: each result was drawn with seed {seed}"
    );
}

async fn compare_persons(
    caller: &Caller<'_>,
    (persons, root, year): (&[Person], &str, i32),
    seen: &str,
    met: &mut BTreeMap<&'static str, usize>,
) {
    let fields = format!("duties(year: {year}) {{ duty {{ code }} result amount reason }}");
    let shown = nodes(caller, "", &fields).await;
    let of_code = |code: &Value| persons.iter().find(|person| code == person.code.as_str()).expect("a drawn person");
    for node in &shown {
        let person = of_code(&node["code"]);
        let wanted: Vec<Value> = DUTIES
            .iter()
            .filter(|duty| is_in_force(duty, year))
            .map(|duty| {
                let (result, amount, reason) = expected(person, duty, year, root);
                *met.entry(result).or_default() += 1;
                json!({"duty": {"code": duty.code}, "result": result, "amount": amount, "reason": reason})
            })
            .collect();
        assert_eq!(node["duties"], json!(wanted), "{} {seen}", person.code);
    }
    for duty in &DUTIES {
        for result in ["DONE", "PARTLY", "NOT_DONE", "EXEMPT", "NOT_APPLICABLE", "INDETERMINATE"] {
            let filter = format!(r#", where: {{duty: {{code: "{}", year: {year}, result: {result}}}}}"#, duty.code);
            let listed = nodes(caller, &filter, "").await;
            let wanted: Vec<&Value> = shown
                .iter()
                .filter(|node| expected(of_code(&node["code"]), duty, year, root).0 == result)
                .map(|node| &node["code"])
                .collect();
            let listed: Vec<&Value> = listed.iter().map(|node| &node["code"]).collect();
            assert_eq!(listed, wanted, "{} {result} {seen}", duty.code);
        }
    }
}

async fn compare_units(caller: &Caller<'_>, (persons, root, year): (&[Person], &str, i32), seen: &str) {
    let (_, _, counted_on) = year_days(year);
    for duty in &DUTIES {
        for unit in ["W", "P", "A", "B", "A2U", "PD1"] {
            let reached = unit == root || UNITS.iter().any(|(code, above)| *code == unit && above.contains(&root));
            let document = format!(
                r#"{{ unit(by: {{code: "{unit}"}}) {{ duty(code: "{}", year: {year}) {{
                    bound done partly notDone exempt indeterminate }} }} }}"#,
                duty.code
            );
            let shown = caller.query(&document).await["unit"]["duty"].clone();
            let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
            for person in persons {
                let post = main_post(person, counted_on);
                if post.is_some_and(|post| lies_below(post.unit, unit)) {
                    *counts.entry(expected(person, duty, year, root).0).or_default() += 1;
                }
            }
            let count = |result: &str| counts.get(result).copied().unwrap_or(0);
            let of = |results: &[&str]| results.iter().map(|result| count(result)).sum::<u64>();
            let wanted = json!({
                "bound": of(&["DONE", "PARTLY", "NOT_DONE", "EXEMPT", "INDETERMINATE"]),
                "done": count("DONE"), "partly": count("PARTLY"), "notDone": count("NOT_DONE"),
                "exempt": count("EXEMPT"), "indeterminate": count("INDETERMINATE"),
            });
            // A unit out of reach is not found.
            let is_within = root == "W" || reached;
            match shown.is_null() {
                true => assert!(!is_within, "{unit} {seen}"),
                false => assert_eq!(shown, wanted, "{} {unit} {seen}", duty.code),
            }
        }
    }
}
