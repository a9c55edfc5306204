//! Selection of the rule in force if several apply to a move.

use super::*;

#[test]
fn the_most_specific_rule_is_in_force() {
    let key = RuleKey::MinTerm;
    let (form, category) = (Some(RotationForm::Rotation), Some(Category::CivilServant));
    let purpose = Some(RotationPurpose::NonLocal);
    let rule = |code| office(code, key, 1);
    let shipped = |code| rule::Model { origin: RuleOrigin::Shipped, ..rule(code) };
    let event =
        Event { form: RotationForm::Rotation, category: Category::CivilServant, purpose, day: day("2020-01-01") };
    // In each pair, the first rule takes precedence.
    for (first, second) in [
        (rule::Model { purpose, ..shipped("B") }, rule::Model { form, category, ..rule("A") }),
        (rule::Model { category, ..shipped("B") }, rule::Model { form, ..rule("A") }),
        (rule::Model { form, ..shipped("B") }, rule("A")),
        (rule("B"), rule::Model { valid_from: day("2019-01-01"), ..shipped("A") }),
        (rule::Model { valid_from: day("2000-01-02"), ..rule("B") }, rule("A")),
        (rule("A"), rule("B")),
    ] {
        for rows in [vec![first.clone(), second.clone()], vec![second.clone(), first.clone()]] {
            let rules = Rules::of(rows, Vec::new());
            assert_eq!(rules.rule_for(key, event), Some(&first), "{second:?}");
        }
    }

    // The control: outside its scope or days no rule is in force.
    let narrow = rule::Model { form, category, purpose, valid_to: Some(day("2020-01-02")), ..rule("A") };
    let rules = Rules::of(vec![narrow.clone()], Vec::new());
    assert_eq!(rules.rule_for(key, event), Some(&narrow));
    for other in [
        Event { form: RotationForm::Transfer, ..event },
        Event { category: Category::Cadre, ..event },
        Event { purpose: None, ..event },
        Event { purpose: Some(RotationPurpose::Reinforce), ..event },
        Event { day: day("2020-01-02"), ..event },
        Event { day: day("1999-12-31"), ..event },
    ] {
        assert_eq!(rules.rule_for(key, other), None, "{other:?}");
    }
    assert_eq!(rules.rule_for(RuleKey::MaxSecondmentTerm, event), None);
}
