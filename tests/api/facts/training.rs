//! Published figures of training: classes, turns, persons, quotas and shares of plans.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{facts::unit, support::Caller};

/// How a figure of the unit `UNIT` is queried.
enum Read {
    /// The progress of the unit: arguments and field.
    Progress(&'static str, &'static str),
    /// The number of classes with a condition.
    Classes(&'static str),
    /// The number of turns with a condition.
    Turns(&'static str),
    /// The number of people with turns that match a condition.
    Persons(&'static str),
}

/// How a figure was printed.
enum Printed {
    Exactly(f64),
    MoreThan(f64),
    AtLeast(f64),
}

use Printed::{AtLeast, Exactly, MoreThan};
use Read::{Classes, Persons, Progress, Turns};

/// A figure: its number, the key of the unit, the query, and the printed value.
type Figure = (&'static str, &'static str, Read, Printed);

const DIEN_BIEN: &str = r#"where: {adminCode: "11"}"#;
const DIEN_BIEN_DISTRICT: &str = r#"where: {adminCode: "100"}"#;
const BINH_PHUOC: &str = r#"where: {adminCode: "70"}"#;
const LUONG_TAI: &str = r#"where: {adminCode: "264"}"#;
const CENTRE: &str = r#"search: "trung tam boi duong chinh tri huyen luong tai""#;
const BLOC: &str = r#"search: "dang uy khoi cac co quan tinh hoa binh""#;

/// The figures of 2010 to 2014 and of 2021 in Điện Biên.
const IN_DIEN_BIEN: [Figure; 13] = [
    (
        "F002",
        DIEN_BIEN,
        Persons(
            r#"unit: {code: "UNIT"}, programmes: ["LLCT_CC", "LLCT_CN"], categories: [EXTERNAL], yearFrom: 2010, yearTo: 2014"#,
        ),
        Exactly(432.0),
    ),
    (
        "F003",
        DIEN_BIEN,
        Classes(
            r#"organiser: {code: "UNIT"}, programmes: ["LLCT_CC"], modes: [IN_SERVICE], startFrom: "2010-01-01", startBefore: "2015-01-01""#,
        ),
        Exactly(3.0),
    ),
    (
        "F004",
        DIEN_BIEN,
        Persons(
            r#"organiser: {code: "UNIT"}, programmes: ["LLCT_CC"], categories: [TRAINING], yearFrom: 2010, yearTo: 2014"#,
        ),
        Exactly(337.0),
    ),
    (
        "F005",
        DIEN_BIEN,
        Progress(r#"year: 2010, untilYear: 2014, programmes: ["LLCT_TC"]"#, "persons"),
        MoreThan(1200.0),
    ),
    (
        "F006",
        DIEN_BIEN,
        Progress(r#"year: 2010, untilYear: 2014, programmes: ["XD_DANG"]"#, "persons"),
        MoreThan(1000.0),
    ),
    ("F101", DIEN_BIEN, Progress("year: 2021", "classes(categories: [TRAINING])"), Exactly(341.0)),
    ("F102", DIEN_BIEN, Progress("year: 2021", "turns"), Exactly(27071.0)),
    ("F103", DIEN_BIEN, Progress("year: 2021", "percentOfPlan"), Exactly(104.2)),
    ("F103, the plan", DIEN_BIEN, Progress("year: 2021", "planned"), Exactly(25980.0)),
    ("F104", DIEN_BIEN_DISTRICT, Progress("year: 2021", "turns"), Exactly(8672.0)),
    ("F105", DIEN_BIEN_DISTRICT, Progress("year: 2021", "planned"), Exactly(8145.0)),
    ("F106", DIEN_BIEN_DISTRICT, Progress("year: 2021, decimals: 0", "percentOfPlan"), Exactly(106.0)),
    ("F106, more exactly", DIEN_BIEN_DISTRICT, Progress("year: 2021, decimals: 2", "percentOfPlan"), Exactly(106.47)),
];

/// The figures of 2023 in Bình Phước, and the joint one of the plan of 2024.
const IN_BINH_PHUOC: [Figure; 18] = [
    ("F205", BINH_PHUOC, Progress(r#"year: 2023, programmes: ["LLCT_CC"]"#, "persons"), Exactly(73.0)),
    ("F206", BINH_PHUOC, Progress(r#"year: 2023, programmes: ["LLCT_TC"]"#, "classes"), Exactly(7.0)),
    ("F207", BINH_PHUOC, Progress(r#"year: 2023, programmes: ["LLCT_TC"]"#, "persons"), Exactly(358.0)),
    (
        "F208",
        BINH_PHUOC,
        Persons(r#"unit: {code: "UNIT"}, states: [REGISTERED], withoutClass: true, yearFrom: 2023, yearTo: 2023"#),
        Exactly(8.0),
    ),
    (
        "F209",
        BINH_PHUOC,
        Persons(r#"unit: {code: "UNIT"}, states: [REGISTERED], programmes: ["CM_THS"]"#),
        Exactly(2.0),
    ),
    ("F210", BINH_PHUOC, Persons(r#"unit: {code: "UNIT"}, states: [REGISTERED], programmes: ["CM_TS"]"#), Exactly(6.0)),
    ("F211", BINH_PHUOC, Progress(r#"year: 2023, programmes: ["NUOC_NGOAI"]"#, "persons"), Exactly(5.0)),
    ("F212", BINH_PHUOC, Progress(r#"year: 2023, programmes: ["CHUC_DANH"]"#, "persons"), Exactly(59.0)),
    ("F213", BINH_PHUOC, Progress(r#"year: 2023, programmes: ["QPAN_1"]"#, "persons"), Exactly(4.0)),
    ("F214", BINH_PHUOC, Progress(r#"year: 2023, programmes: ["QPAN_2"]"#, "persons"), Exactly(46.0)),
    (
        "F215a",
        BINH_PHUOC,
        Progress(r#"year: 2023, programmes: ["CN_164"]"#, "classes(categories: [UPDATE])"),
        Exactly(13.0),
    ),
    ("F215b", BINH_PHUOC, Progress(r#"year: 2023, programmes: ["CN_164"]"#, "persons"), Exactly(1039.0)),
    ("F217", BINH_PHUOC, Progress(r#"year: 2023, programmes: ["CMNV"]"#, "turns"), Exactly(2000.0)),
    ("F218a", BINH_PHUOC, Progress(r#"year: 2023, programmes: ["KH134"]"#, "classes"), Exactly(2.0)),
    ("F218b", BINH_PHUOC, Progress(r#"year: 2023, programmes: ["KH134"]"#, "persons"), Exactly(48.0)),
    ("F219a", BINH_PHUOC, Progress(r#"year: 2023, programmes: ["KH_UBND"]"#, "classes"), Exactly(17.0)),
    ("F219b", BINH_PHUOC, Progress(r#"year: 2023, programmes: ["KH_UBND"]"#, "persons"), Exactly(1273.0)),
    ("F221", BINH_PHUOC, Progress(r#"year: 2024, programmes: ["LLCT_CC"]"#, "planned"), Exactly(66.0)),
];

/// The figures of 2011 to 2014 in Lương Tài.
const IN_LUONG_TAI: [Figure; 7] = [
    ("F309", CENTRE, Classes(r#"organiser: {code: "UNIT"}, programmes: ["LLCT_TC"]"#), Exactly(2.0)),
    ("F310", CENTRE, Classes(r#"organiser: {code: "UNIT"}, programmes: ["LLCT_SC"]"#), Exactly(2.0)),
    ("F311", LUONG_TAI, Classes(r#"organiser: {code: "UNIT"}, programmes: ["CM_DH"]"#), Exactly(1.0)),
    ("F312", LUONG_TAI, Classes(r#"organiser: {code: "UNIT"}, programmes: ["CM_CD"]"#), Exactly(1.0)),
    ("F313", LUONG_TAI, Classes(r#"organiser: {code: "UNIT"}, programmes: ["CM_TC"]"#), Exactly(2.0)),
    (
        "F314",
        LUONG_TAI,
        Persons(r#"unit: {code: "UNIT"}, withoutClass: true, yearFrom: 2011, yearTo: 2014"#),
        AtLeast(10.0),
    ),
    (
        "F315",
        LUONG_TAI,
        Turns(r#"unit: {code: "UNIT"}, categories: [UPDATE], yearFrom: 2011, yearTo: 2014"#),
        AtLeast(100.0),
    ),
];

/// The figures of 2015 to 2019 in the Party bloc of Hòa Bình.
const IN_HOA_BINH: [Figure; 4] = [
    (
        "F401",
        BLOC,
        Classes(
            r#"organiser: {code: "UNIT"}, programmes: ["LLCT_TC"], startFrom: "2015-01-01", startBefore: "2020-01-01""#,
        ),
        Exactly(15.0),
    ),
    (
        "F403",
        BLOC,
        Classes(r#"organiser: {code: "UNIT"}, startFrom: "2019-01-01", startBefore: "2020-01-01""#),
        Exactly(4.0),
    ),
    ("F404", BLOC, Persons(r#"organiser: {code: "UNIT"}, yearFrom: 2019, yearTo: 2019"#), Exactly(240.0)),
    (
        "F405",
        BLOC,
        Classes(
            r#"organiser: {code: "UNIT"}, startBefore: "2019-01-01", endFrom: "2019-01-01", endBefore: "2020-01-01""#,
        ),
        Exactly(3.0),
    ),
];

/// Checks every published figure of training.
pub async fn ask(caller: &Caller<'_>) {
    ask_for(caller, IN_DIEN_BIEN.iter().chain(&IN_BINH_PHUOC).chain(&IN_LUONG_TAI).chain(&IN_HOA_BINH)).await;
    village_classes(caller).await;
    quotas(caller).await;
    years_of_classes(caller).await;
}

/// Checks the figures of one district, which the demo contains.
pub async fn ask_district(caller: &Caller<'_>) {
    ask_for(caller, IN_LUONG_TAI.iter()).await;
}

async fn ask_for(caller: &Caller<'_>, figures: impl Iterator<Item = &Figure>) {
    for (fact, find, read, printed) in figures {
        let code = unit(caller, find).await;
        let found = value(caller, read, &code).await;
        let holds = match printed {
            Exactly(figure) => found == *figure,
            MoreThan(figure) => found > *figure,
            AtLeast(figure) => found >= *figure,
        };
        assert!(holds, "{fact}: {found}");
    }
}

async fn value(caller: &Caller<'_>, read: &Read, code: &str) -> f64 {
    let total = async |list: &str, condition: &str| {
        let condition = condition.replace("UNIT", code);
        let document = format!("{{ {list}(where: {{{condition}}}) {{ totalCount(max: 1000000) {{ value }} }} }}");
        caller.query(&document).await[list]["totalCount"]["value"].take()
    };
    let value = match read {
        Progress(arguments, field) => {
            let document = format!(
                r#"{{ unit(by: {{code: "{code}"}}) {{ trainingProgress({arguments}) {{ value: {field} }} }} }}"#
            );
            caller.query(&document).await["unit"]["trainingProgress"]["value"].take()
        }
        Classes(condition) => total("trainingClasses", condition).await,
        Turns(condition) => total("enrolments", condition).await,
        Persons(condition) => json!(persons(caller, &condition.replace("UNIT", code)).await),
    };
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

/// The number of people with these enrolments, read page by page.
async fn persons(caller: &Caller<'_>, condition: &str) -> usize {
    let document = format!(
        "query($after: String) {{ enrolments(where: {{{condition}}}, first: 100, after: $after) {{
            nodes {{ cadre {{ code }} }} pageInfo {{ hasNextPage endCursor }}
        }} }}"
    );
    let (mut people, mut after) = (BTreeSet::new(), Value::Null);
    loop {
        let page = caller.query_with(&document, json!({ "after": after })).await["enrolments"].take();
        let nodes = page["nodes"].as_array().expect("nodes");
        people.extend(nodes.iter().map(|node| node["cadre"]["code"].as_str().expect("a code").to_owned()));
        if page["pageInfo"]["hasNextPage"] == false {
            return people.len();
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

/// F007, F008: each political centre of a district held 15 to 20 classes a year for villages, of 40 to 50 learners.
async fn village_classes(caller: &Caller<'_>) {
    let province = unit(caller, DIEN_BIEN).await;
    let document = format!(
        r#"{{ units(where: {{unit: {{code: "{province}"}}, kinds: [POLITICAL_CENTRE]}}, first: 100) {{ nodes {{ code }} }} }}"#
    );
    let centres = caller.query(&document).await["units"]["nodes"].take();
    let centres = centres.as_array().expect("nodes");
    assert_eq!(centres.len(), 10);
    let (mut classes, mut learners) = (Vec::new(), Vec::new());
    for (centre, year) in centres.iter().flat_map(|centre| (2010..=2014).map(move |year| (centre, year))) {
        let document = format!(
            r#"{{ trainingClasses(
                where: {{organiser: {{code: {}}}, categories: [VILLAGE], startFrom: "{year}-01-01", startBefore: "{}-01-01"}}
                first: 100
            ) {{ nodes {{ reportedLearners }} }} }}"#,
            centre["code"],
            year + 1
        );
        let class_rows = caller.query(&document).await["trainingClasses"]["nodes"].take();
        let class_rows = class_rows.as_array().expect("nodes");
        learners.extend(class_rows.iter().map(|class| class["reportedLearners"].as_i64().expect("a head count")));
        classes.extend((!class_rows.is_empty()).then_some(class_rows.len()));
    }
    // One district was founded during the period.
    assert_eq!(classes.len(), 47, "pairs of a centre and a year with classes");
    assert_eq!((classes.iter().min(), classes.iter().max()), (Some(&15), Some(&20)), "F007");
    assert_eq!((learners.iter().min(), learners.iter().max()), (Some(&40), Some(&50)), "F008");
}

/// F009, F221 to F227: the quotas of 2014 in Điện Biên and of 2024 in Bình Phước.
async fn quotas(caller: &Caller<'_>) {
    let given = async |find: &str, year: i32| {
        let code = unit(caller, find).await;
        let document = format!(
            r#"{{ unit(by: {{code: "{code}"}}) {{ quotas(year: {year}) {{
                nodes {{ programme {{ code }} mode measure seats seatsIsLowerBound classes }}
            }} }} }}"#
        );
        let nodes = caller.query(&document).await["unit"]["quotas"]["nodes"].take();
        let mut summary: Vec<String> = nodes.as_array().expect("nodes").iter().map(summary).collect();
        summary.sort();
        summary
    };
    assert_eq!(given(DIEN_BIEN, 2014).await, ["TAT_CA: more than 17000 TURNS"], "F009");
    assert_eq!(
        given(BINH_PHUOC, 2024).await,
        [
            "BD_CHUNG: more than 2000 TURNS",
            "LLCT_CC: 30 PERSONS FULL_TIME",
            "LLCT_CC: 36 PERSONS PART_TIME",
            "LLCT_TC: 360 PERSONS in 6 classes",
            "SDH: 12 PERSONS",
        ],
        "F222 to F227"
    );
}

fn summary(quota: &Value) -> String {
    let word = |field: &Value| field.as_str().expect("a word").to_owned();
    let bound = if quota["seatsIsLowerBound"] == true { "more than " } else { "" };
    let mode = quota["mode"].as_str().map(|mode| format!(" {mode}")).unwrap_or_default();
    let classes = quota["classes"].as_i64().map(|classes| format!(" in {classes} classes")).unwrap_or_default();
    format!(
        "{}: {bound}{} {}{mode}{classes}",
        word(&quota["programme"]["code"]),
        quota["seats"],
        word(&quota["measure"])
    )
}

/// F406: the bloc opened classes in five years.
async fn years_of_classes(caller: &Caller<'_>) {
    let code = unit(caller, BLOC).await;
    let document = format!(
        r#"{{ trainingClasses(where: {{organiser: {{code: "{code}"}}, programmes: ["LLCT_TC"]}}, first: 100) {{ nodes {{ startOn }} }} }}"#
    );
    let classes = caller.query(&document).await["trainingClasses"]["nodes"].take();
    let year = |class: &Value| class["startOn"].as_str().expect("a day")[..4].to_owned();
    let years: BTreeSet<String> = classes.as_array().expect("nodes").iter().map(year).collect();
    assert_eq!(years.into_iter().collect::<Vec<_>>(), ["2015", "2016", "2017", "2018", "2019"]);
}
