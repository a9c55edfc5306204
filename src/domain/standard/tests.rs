//! Selection of requirements and results, by tables of cases.

use entity::{
    requirement, standard, standard_scope,
    value::{Day, LevelCode, Severity, SubjectCode, Tier, UnitId, Verification},
};

use super::judge::{Applied, Basis, StandardResult, applicable, of_title};
use crate::reference::standards::{Standards, UnitClass};

fn day(text: &str) -> Day {
    text.parse().expect(text)
}

/// Units of the tests: a province and a district that issue standards.
struct Issuers {
    province: UnitId,
    district: UnitId,
}

impl Issuers {
    fn new() -> Self {
        Self { province: UnitId::new(), district: UnitId::new() }
    }

    fn named(&self, name: &str) -> Option<UnitId> {
        match name {
            "" => None,
            "P" => Some(self.province),
            _ => Some(self.district),
        }
    }

    /// A commune below both.
    fn commune(&self) -> UnitClass {
        UnitClass { tier: Tier::Commune, issuers: vec![self.district, self.province] }
    }

    /// Standards of the title X, from lines `code issuer tier from to verification`, with requirements from lines
    /// `standard code level severity transition equivalents`. `-` is an empty value. All requirements are in one subject, and the
    /// level is its rank.
    fn standards(&self, standards: &[&str], requirements: &[&str]) -> Standards {
        let word = |text: &str| if text == "U" { Verification::Unverified } else { Verification::Verified };
        let mut scopes = Vec::new();
        let row = |line: &&str| {
            let whole: Vec<&str> = line.split(' ').collect();
            let [code, issuer, tier, from, to, verification] = whole[..] else { panic!("{line}") };
            let open = |text: &str| (text != "-").then(|| text.to_owned());
            scopes.push(standard_scope::Model {
                standard_code: code.parse().expect(code),
                title_code: "X".parse().expect("a code"),
                tier: open(tier).map(|tier| tier.parse().expect("a tier")),
            });
            standard::Model {
                code: code.parse().expect(code),
                name: code.to_owned(),
                issuer_id: open(issuer).and_then(|issuer| self.named(&issuer)),
                document_no: "1".to_owned(),
                valid_from: day(from),
                valid_to: open(to).map(|to| day(&to)),
                verification: word(verification),
            }
        };
        let standards = standards.iter().map(row).collect();
        let row = |line: &&str| {
            let cells: Vec<&str> = line.split(' ').collect();
            let subject = if cells[1].starts_with('L') { "POLITICAL_THEORY" } else { "PROFESSIONAL" };
            requirement::Model {
                standard_code: cells[0].parse().expect("a code"),
                code: cells[1].parse().expect("a code"),
                subject_code: subject.parse().expect("a code"),
                level_code: cells[2].parse().expect("a code"),
                severity: if cells[3] == "SHOULD" { Severity::Should } else { Severity::Must },
                transition_until: cells.get(4).filter(|until| **until != "-").map(|until| day(until)),
                legal_basis: "1".to_owned(),
                equivalents: cells.get(5).map(|all| all.replace('|', " ")).unwrap_or_default(),
            }
        };
        let requirements = requirements.iter().map(row).collect();
        let rank = |_: &SubjectCode, level: &LevelCode| level.as_str().parse().ok();
        Standards::of(standards, (scopes, requirements), rank)
    }
}

fn keys(applied: &[Applied<'_>]) -> Vec<String> {
    applied.iter().map(|of| format!("{}/{}", of.key().0, of.key().1)).collect()
}

fn selected(standards: &Standards, class: &UnitClass, on: &str) -> Vec<String> {
    keys(&applicable(standards, Basis::InForce, (&"X".parse().expect("a code"), class), day(on)))
}

/// Cases: standards, requirements, and the requirements that apply on 2020-06-01 in a commune.
type Selection = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

#[test]
fn the_standard_of_the_nearest_issuer_may_raise_and_not_lower() {
    let cases: &[Selection] = &[
        ("national alone", &["N - - 2010-01-01 - V"], &["N T 2 MUST"], &["N/T"]),
        ("no scope for the tier", &["N - PROVINCE 2010-01-01 - V"], &["N T 2 MUST"], &[]),
        ("raised", &["N - - 2010-01-01 - V", "P P - 2010-01-01 - V"], &["N T 2 MUST", "P T 4 MUST"], &["P/T"]),
        ("not lowered", &["N - - 2010-01-01 - V", "P P - 2010-01-01 - V"], &["N T 4 MUST", "P T 2 MUST"], &["N/T"]),
        ("equal", &["N - - 2010-01-01 - V", "P P - 2010-01-01 - V"], &["N T 2 MUST", "P T 2 MUST"], &["P/T"]),
        (
            "other subjects add up",
            &["N - - 2010-01-01 - V", "P P - 2010-01-01 - V"],
            &["N T 2 MUST", "P L 2 MUST"],
            &["P/L", "N/T"],
        ),
        (
            "a higher SHOULD leaves the MUST",
            &["N - - 2010-01-01 - V", "P P - 2010-01-01 - V"],
            &["N T 2 MUST", "P T 4 SHOULD"],
            &["P/T", "N/T"],
        ),
        (
            "a higher level in transition leaves the lower one that is due",
            &["N - - 2010-01-01 - V", "P P - 2010-01-01 - V"],
            &["N T 2 MUST", "P T 4 MUST 2021-01-01"],
            &["P/T", "N/T"],
        ),
        (
            "an unverified one does not hide a verified one",
            &["N - - 2010-01-01 - V", "P P - 2010-01-01 - U"],
            &["N T 2 MUST", "P T 4 MUST"],
            &["P/T", "N/T"],
        ),
        (
            "a verified one hides a lower unverified one",
            &["N - - 2010-01-01 - U", "P P - 2010-01-01 - V"],
            &["N T 2 MUST", "P T 4 MUST"],
            &["P/T"],
        ),
        (
            "the nearest issuer of the subject",
            &["D D - 2010-01-01 - V", "P P - 2010-01-01 - V"],
            &["D T 2 MUST", "P T 4 MUST", "P L 2 MUST"],
            &["P/L", "D/T"],
        ),
        (
            "the more specific scope, although older",
            &["P P COMMUNE 2010-01-01 - V", "Q P - 2015-01-01 - V"],
            &["P T 2 MUST", "Q T 4 MUST"],
            &["P/T"],
        ),
        (
            "the newer of two",
            &["P P - 2010-01-01 - V", "Q P - 2015-01-01 - V"],
            &["P T 4 MUST", "Q T 2 MUST"],
            &["Q/T"],
        ),
        (
            "an equivalent level does not hide a requirement that it does not meet",
            &["N - - 2010-01-01 - V", "P P - 2010-01-01 - V"],
            &["N T 2 MUST", "P T 4 MUST - INFORMATICS:1"],
            &["P/T", "N/T"],
        ),
        (
            "an equivalent level that meets the other one, too",
            &["N - - 2010-01-01 - V", "P P - 2010-01-01 - V"],
            &["N T 2 MUST - INFORMATICS:1", "P T 4 MUST - INFORMATICS:2"],
            &["P/T"],
        ),
        (
            "several requirements of one standard",
            &["P P - 2010-01-01 - V"],
            &["P T 2 MUST", "P T4 4 SHOULD", "P L 2 MUST"],
            &["P/L", "P/T", "P/T4"],
        ),
    ];
    for (name, standards, requirements, expected) in cases {
        let issuers = Issuers::new();
        let standards = issuers.standards(standards, requirements);
        assert_eq!(selected(&standards, &issuers.commune(), "2020-06-01"), *expected, "{name}");
    }
}

#[test]
fn a_standard_of_another_branch_does_not_apply() {
    let issuers = Issuers::new();
    let standards = issuers.standards(&["D D - 2010-01-01 - V"], &["D T 2 MUST"]);
    let class = |issuers| UnitClass { tier: Tier::Commune, issuers };
    assert_eq!(selected(&standards, &class(vec![issuers.district]), "2020-01-01"), ["D/T"]);
    assert_eq!(selected(&standards, &class(vec![issuers.province]), "2020-01-01"), [""; 0]);
    assert_eq!(selected(&standards, &class(vec![]), "2020-01-01"), [""; 0]);
}

#[test]
fn a_standard_is_in_force_from_its_first_day_until_the_day_before_its_end() {
    let issuers = Issuers::new();
    let standards =
        issuers.standards(&["N - - 2020-01-01 2021-01-01 V", "M - - 2021-01-01 - V"], &["N T 2 MUST", "M T 4 MUST"]);
    for (on, expected) in [
        ("2019-12-31", &[][..]),
        ("2020-01-01", &["N/T"]),
        ("2020-12-31", &["N/T"]),
        ("2021-01-01", &["M/T"]),
        ("2021-01-02", &["M/T"]),
    ] {
        assert_eq!(selected(&standards, &issuers.commune(), on), expected, "{on}");
    }
}

#[test]
fn a_requirement_is_met_awaited_missed_or_open() {
    use StandardResult::{Fail, InTransition, Indeterminate, Pass};
    let issuers = Issuers::new();
    let standards = issuers.standards(
        &["N - - 2020-01-01 - V", "U P - 2020-01-01 - U"],
        &["N T 4 MUST 2025-01-01", "N L 2 MUST", "U T 5 MUST"],
    );
    let title = "X".parse().expect("a code");
    let of = |basis, on: &str, (subject, rank): (&str, Option<i16>)| {
        let class = issuers.commune();
        let applied = applicable(&standards, basis, (&title, &class), day(on));
        let of: Vec<_> = applied
            .iter()
            .filter(|of| of.requirement.row.subject_code.as_str() == subject)
            .map(|of| of.judge(&|asked: &str| rank.filter(|_| asked == subject), &[], day(on)))
            .collect();
        of.into_iter().max()
    };
    let named = |code: &str| Basis::Named(standards.by_code(code).expect(code));
    for (basis, on, have, expected) in [
        (named("N"), "2024-12-31", ("PROFESSIONAL", Some(3)), InTransition),
        (named("N"), "2025-01-01", ("PROFESSIONAL", Some(3)), Fail),
        (named("N"), "2025-01-02", ("PROFESSIONAL", Some(3)), Fail),
        (named("N"), "2024-12-31", ("PROFESSIONAL", Some(4)), Pass),
        (named("N"), "2024-12-31", ("PROFESSIONAL", None), InTransition),
        (named("N"), "2020-01-01", ("PROFESSIONAL", Some(3)), InTransition),
        // Before the standard there is no transition.
        (named("N"), "2019-12-31", ("PROFESSIONAL", Some(3)), Fail),
        (named("N"), "2024-12-31", ("POLITICAL_THEORY", Some(1)), Fail),
        (named("N"), "2024-12-31", ("POLITICAL_THEORY", Some(2)), Pass),
        (named("N"), "2024-12-31", ("POLITICAL_THEORY", None), Fail),
        (named("U"), "2024-12-31", ("PROFESSIONAL", Some(6)), Indeterminate),
        (named("U"), "2024-12-31", ("PROFESSIONAL", None), Indeterminate),
    ] {
        assert_eq!(of(basis, on, have), Some(expected), "{on} {have:?}");
    }
    assert_eq!(of(Basis::InForce, "2019-12-31", ("PROFESSIONAL", None)), None);
}

#[test]
fn only_requirements_that_are_a_must_decide() {
    use StandardResult::{Fail, NotApplicable, Pass};
    let issuers = Issuers::new();
    let standards = issuers.standards(&["N - - 2020-01-01 - V"], &["N T 4 SHOULD", "N L 2 MUST"]);
    let (title, other) = ("X".parse().expect("a code"), "Y".parse().expect("a code"));
    let result = |title, theory| {
        let class = issuers.commune();
        let applied = applicable(&standards, Basis::InForce, (title, &class), day("2022-01-01"));
        let highest = |subject: &str| if subject == "PROFESSIONAL" { Some(1) } else { theory };
        of_title(&applied, (&highest, &[][..]), day("2022-01-01"))
    };
    assert_eq!(result(&title, Some(2)), Pass);
    assert_eq!(result(&title, None), Fail);
    assert_eq!(result(&other, None), NotApplicable);
}

#[test]
fn an_equivalent_level_of_another_subject_meets_a_requirement() {
    use StandardResult::{Fail, InTransition, Pass};
    let issuers = Issuers::new();
    let standards =
        issuers.standards(&["N - - 2020-01-01 - V"], &["N T 4 MUST 2025-01-01 INFORMATICS:2|ETHNIC_LANGUAGE:1"]);
    let title = "X".parse().expect("a code");
    let class = issuers.commune();
    for (on, held, expected) in [
        ("2024-12-31", &[("PROFESSIONAL", 3)][..], InTransition),
        ("2025-01-01", &[("PROFESSIONAL", 3)], Fail),
        ("2025-01-01", &[("PROFESSIONAL", 3), ("INFORMATICS", 1)], Fail),
        ("2025-01-01", &[("PROFESSIONAL", 3), ("INFORMATICS", 2)], Pass),
        ("2025-01-01", &[("ETHNIC_LANGUAGE", 1)], Pass),
        ("2025-01-01", &[("PROFESSIONAL", 4)], Pass),
        // A level of a subject that is not named.
        ("2025-01-01", &[("FOREIGN_LANGUAGE", 6)], Fail),
        ("2025-01-01", &[], Fail),
    ] {
        let applied = applicable(&standards, Basis::InForce, (&title, &class), day(on));
        let highest = |subject: &str| held.iter().find(|(of, _)| *of == subject).map(|(_, rank)| *rank);
        assert_eq!(of_title(&applied, (&highest, &[][..]), day(on)), expected, "{on} {held:?}");
        assert_eq!(applied[0].is_decisive(day(on)), on == "2025-01-01");
    }
}

/// Cases: standards, requirements, rank of the person, exemptions, and the result for the title.
type ExemptionCase =
    (&'static [&'static str], &'static [&'static str], Option<i16>, &'static [&'static str], StandardResult);

#[test]
fn an_exemption_releases_from_its_requirement_and_not_from_one_that_it_hides() {
    use StandardResult::{Exempt, Fail, InTransition, Indeterminate, Pass};
    let title = "X".parse().expect("a code");
    let both = &["N - - 2010-01-01 - V", "P P - 2010-01-01 - V"][..];
    let cases: &[ExemptionCase] = &[
        (&["N - - 2010-01-01 - V"], &["N T 4 MUST"], Some(3), &[], Fail),
        (&["N - - 2010-01-01 - V"], &["N T 4 MUST"], Some(3), &["N/T"], Exempt),
        (&["N - - 2010-01-01 - V"], &["N T 4 MUST"], None, &["N/T"], Exempt),
        (&["N - - 2010-01-01 - V"], &["N T 4 MUST"], Some(4), &["N/T"], Pass),
        (&["N - - 2010-01-01 - V"], &["N T 4 MUST"], Some(3), &["N/L", "M/T"], Fail),
        (&["N - - 2010-01-01 - V"], &["N T 4 MUST", "N L 2 MUST"], Some(3), &["N/T"], Fail),
        (&["N - - 2010-01-01 - V"], &["N T 4 MUST", "N L 2 MUST"], Some(3), &["N/T", "N/L"], Exempt),
        (&["N - - 2010-01-01 - V"], &["N T 4 MUST 2025-01-01"], Some(3), &["N/T"], Exempt),
        (&["N - - 2010-01-01 - V"], &["N T 4 MUST", "N L 2 MUST 2025-01-01"], Some(3), &["N/T"], InTransition),
        (&["N - - 2010-01-01 - U"], &["N T 4 MUST"], Some(3), &["N/T"], Indeterminate),
        // The national requirement that the one of the issuer makes superfluous.
        (both, &["N T 2 MUST", "P T 4 MUST"], Some(3), &["P/T"], Exempt),
        (both, &["N T 2 MUST", "P T 4 MUST"], Some(1), &["P/T"], Fail),
        (both, &["N T 2 MUST", "P T 4 MUST"], Some(1), &["P/T", "N/T"], Exempt),
        (both, &["N T 2 MUST", "P T 4 MUST"], Some(1), &["N/T"], Fail),
        (both, &["N T 4 MUST", "P T 2 MUST"], Some(1), &["N/T"], Fail),
        (both, &["N T 4 MUST", "P T 2 MUST"], Some(2), &["N/T"], Exempt),
        (both, &["N T 2 SHOULD", "P T 4 MUST"], Some(1), &["P/T"], Exempt),
    ];
    for (rows, requirements, rank, exempt, expected) in cases {
        let issuers = Issuers::new();
        let standards = issuers.standards(rows, requirements);
        let class = issuers.commune();
        let applied = applicable(&standards, Basis::InForce, (&title, &class), day("2020-06-01"));
        let exemption = |key: &&str| {
            let (standard, code) = key.split_once('/').expect("a key");
            (standard.parse().expect("a code"), code.parse().expect("a code"))
        };
        let exempt: Vec<_> = exempt.iter().map(exemption).collect();
        let highest = |subject: &str| rank.filter(|_| subject == "PROFESSIONAL");
        let seen = of_title(&applied, (&highest, &exempt[..]), day("2020-06-01"));
        assert_eq!(seen, *expected, "{rows:?} {requirements:?} {rank:?} {exempt:?}");
    }
}
