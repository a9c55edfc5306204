//! The scale of points (thang điểm): the result that follows from points, by the instrument in force on the day of the
//! decision. Before such an instrument there are results without points.

use entity::value::AppraisalRating;

use super::points;
use crate::{
    language::Sentence,
    reference::appraisal_rules::{AppraisalCase, AppraisalRuleKey, AppraisalRules},
};

/// Contradiction between points and a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PointsProblem {
    /// No verified scale of points is in force on the day for the system and category.
    NoScale,
    /// A person who is not rated has no points.
    NotRated,
    /// The points give another result, by this instrument.
    OtherResult(AppraisalRating, String),
}

/// Checks that points and result agree. Without points there is nothing to check.
///
/// # Errors
/// The contradiction.
pub fn check_points(
    rules: &AppraisalRules,
    case: AppraisalCase,
    (points, result): (Option<i32>, AppraisalRating),
) -> Result<(), PointsProblem> {
    let Some(points) = points else { return Ok(()) };
    if result == AppraisalRating::NotRated {
        return Err(PointsProblem::NotRated);
    }
    let (expected, legal_basis) = result_of(rules, case, points).ok_or(PointsProblem::NoScale)?;
    if expected != result {
        return Err(PointsProblem::OtherResult(expected, legal_basis));
    }
    Ok(())
}

/// The result of points, and the instrument; `None` without a verified scale.
fn result_of(rules: &AppraisalRules, case: AppraisalCase, points: i32) -> Option<(AppraisalRating, String)> {
    let steps = [
        (AppraisalRuleKey::PointsExcellent, AppraisalRating::Excellent),
        (AppraisalRuleKey::PointsGood, AppraisalRating::Good),
        (AppraisalRuleKey::PointsFulfilled, AppraisalRating::Fulfilled),
    ];
    let mut legal_basis = String::new();
    for (key, rating) in steps {
        let rule = rules.find(key, case).filter(|rule| rule.is_verified())?;
        legal_basis.clone_from(&rule.legal_basis);
        if points >= rule.value * 100 {
            return Some((rating, legal_basis));
        }
    }
    Some((AppraisalRating::NotFulfilled, legal_basis))
}

/// Message about a contradiction, with a remedy. With `points` it names them and the result that they give; without, it
/// names neither.
pub fn problem(of: &PointsProblem, case: AppraisalCase, points: Option<i32>) -> Sentence {
    let (day, system) = (case.day, case.system);
    match of {
        PointsProblem::NoScale => Sentence::new(
            format!(
                "Vào ngày {day} chưa có văn bản đã đối chiếu quy định thang điểm cho hệ thống {system} và loại cán bộ này; \
                 hãy bỏ điểm và chỉ ghi mức xếp loại."
            ),
            format!(
                "On {day} no verified instrument sets a scale of points for the system {system} and this category; omit \
                 the points and record the result only."
            ),
        ),
        PointsProblem::NotRated => Sentence::new(
            "Người không được đánh giá, xếp loại thì không có điểm; hãy bỏ điểm hoặc sửa mức xếp loại.",
            "A person who is not rated has no points; omit the points or correct the result.",
        ),
        PointsProblem::OtherResult(expected, legal_basis) => match points.map(points::text) {
            Some(shown) => Sentence::new(
                format!(
                    "Theo {legal_basis}, {shown} điểm tương ứng với mức {expected}; hãy sửa điểm hoặc mức xếp loại."
                ),
                format!("By {legal_basis}, {shown} points give {expected}; correct the points or the result."),
            ),
            None => Sentence::new(
                format!("Theo {legal_basis}, điểm không tương ứng với mức xếp loại; hãy sửa điểm hoặc mức xếp loại."),
                format!("By {legal_basis}, the points do not give this result; correct the points or the result."),
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use entity::value::{AppraisalSystem, Category};

    use super::*;

    fn checked(
        (system, category, day): (AppraisalSystem, Category, &str),
        stated: (Option<&str>, AppraisalRating),
    ) -> Result<(), PointsProblem> {
        let case = AppraisalCase { system, category, day: day.parse().expect("a day") };
        let points = stated.0.map(|points| points::parse(points).expect("points"));
        check_points(AppraisalRules::shipped(), case, (points, stated.1))
    }

    #[test]
    fn points_and_result_agree_at_each_threshold() {
        use AppraisalRating::{Excellent, Fulfilled, Good, NotFulfilled};
        let all = [Excellent, Good, Fulfilled, NotFulfilled];
        let case = (AppraisalSystem::State, Category::CivilServant, "2026-01-01");
        for (points, expected) in [
            ("100", Excellent),
            ("90", Excellent),
            ("89.99", Good),
            ("70", Good),
            ("69.99", Fulfilled),
            ("50", Fulfilled),
            ("49.99", NotFulfilled),
            ("0", NotFulfilled),
        ] {
            for result in all {
                let found = checked(case, (Some(points), result));
                let other = PointsProblem::OtherResult(expected, "Nghị định 335/2025/NĐ-CP".to_owned());
                assert_eq!(found, if result == expected { Ok(()) } else { Err(other) }, "{points} {result}");
            }
        }
        assert_eq!(checked(case, (Some("0"), AppraisalRating::NotRated)), Err(PointsProblem::NotRated));
        assert!(
            all.into_iter().chain([AppraisalRating::NotRated]).all(|result| checked(case, (None, result)) == Ok(()))
        );
    }

    #[test]
    fn there_are_no_points_before_the_day_of_the_instrument() {
        use AppraisalSystem::{Party, State};
        use Category::{Cadre, CivilServant, PublicEmployee};
        for (system, category, before, first, after) in [
            (Party, CivilServant, "2025-08-29", "2025-08-30", "2025-08-31"),
            (State, Cadre, "2025-12-31", "2026-01-01", "2026-01-02"),
            (State, CivilServant, "2025-12-31", "2026-01-01", "2026-01-02"),
            (State, PublicEmployee, "2026-06-30", "2026-07-01", "2026-07-02"),
        ] {
            let on = |day| checked((system, category, day), (Some("75"), AppraisalRating::Good));
            assert_eq!(on(before), Err(PointsProblem::NoScale), "{system} {category}");
            assert_eq!((on(first), on(after)), (Ok(()), Ok(())), "{system} {category}");
            assert_eq!(checked((system, category, before), (None, AppraisalRating::Good)), Ok(()));
        }
    }

    #[test]
    fn a_message_names_the_instrument_and_a_remedy() {
        let case = AppraisalCase {
            system: AppraisalSystem::State,
            category: Category::CivilServant,
            day: "2026-01-01".parse().expect("a day"),
        };
        let other = PointsProblem::OtherResult(AppraisalRating::Good, "Nghị định 335/2025/NĐ-CP".to_owned());
        let said = problem(&other, case, Some(8_950));
        assert_eq!(said.en, "By Nghị định 335/2025/NĐ-CP, 89.5 points give GOOD; correct the points or the result.");
        for of in [PointsProblem::NoScale, PointsProblem::NotRated, other] {
            for points in [Some(8_950), None] {
                let said = problem(&of, case, points);
                assert_ne!(said.vi, said.en);
                assert!(points.is_some() || !said.en.contains("GOOD"), "{said:?}");
            }
        }
    }
}
