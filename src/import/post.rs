//! Compares the posts of a bundle with the days and tiers of their units.

use std::collections::HashMap;

use entity::{
    assignment,
    value::{Day, Period, Tier, UnitId},
};
use sea_orm::ConnectionTrait;

use super::{
    finding::FindingCode,
    header::Header,
    resolve::{Pass, Resolved, RowStatus},
};
use crate::language::Sentence;

/// The tier of each unit over time. A unit whose rows could not be read has none.
pub(super) type Tiers = HashMap<UnitId, Vec<(Period, Tier)>>;

/// Conflict between a post and the days of its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnitFault {
    /// The post has no end, and the unit has ended, or does not exist yet when the post begins. The person would appear
    /// in no unit.
    Ended,
    /// The unit does not exist on some of the days of the post.
    Absent,
}

impl UnitFault {
    /// Compares the days of a post with those of its unit.
    pub fn of(unit: &[(Period, Tier)], (start_on, end_on): (Day, Option<Day>), today: Day) -> Option<Self> {
        // A future end of the unit will end the post, too.
        let last = start_on.max(today);
        if end_on.is_none() && !unit.iter().any(|(period, _)| period.holds(last)) {
            return Some(Self::Ended);
        }
        (!covers(unit, start_on, end_on.unwrap_or(last))).then_some(Self::Absent)
    }

    /// The code of the finding.
    pub fn code(self) -> FindingCode {
        match self {
            Self::Ended => FindingCode::PostInEndedUnit,
            Self::Absent => FindingCode::UnitNotAlive,
        }
    }

    /// Message to the user about the post.
    pub fn sentence(self) -> Sentence {
        let (vi, en) = match self {
            Self::Ended => (
                "chức danh chưa kết thúc nhưng đơn vị không còn tồn tại, nên người này sẽ không thuộc đơn vị nào; hãy \
                 ghi ngày kết thúc và thêm chức danh tại đơn vị sau sắp xếp",
                "the post has no end, but the unit no longer exists, so the person would belong to no unit; enter the \
                 end and add a post in the successor of the unit",
            ),
            Self::Absent => (
                "đơn vị không tồn tại trong một phần thời gian giữ chức danh; hãy kiểm tra ngày và mã đơn vị",
                "the unit does not exist on some days of the post; check the days and the code of the unit",
            ),
        };
        Sentence::new(vi, en)
    }
}

impl<C: ConnectionTrait> Pass<'_, C> {
    /// Checks the new posts of a batch against the days and tiers of their units and the status of their persons.
    pub fn doubt_posts_by_unit(&mut self, header: &Header, rows: &[Resolved<assignment::Model>], tiers: &Tiers) {
        let today = self.context.today;
        for Resolved { line, person, model, .. } in rows.iter().filter(|row| row.row_status == RowStatus::New) {
            let days = (model.start_on, model.end_on);
            let is_open = model.end_on.is_none_or(|end| end > today);
            if is_open && self.context.cadre_index.is_former(*person) {
                header.note(self.findings, (*line, "end_on"), FindingCode::PostAfterService, post_after_service);
            }
            let Some(unit) = tiers.get(&model.unit_id) else { continue };
            if let Some(fault) = UnitFault::of(unit, days, today) {
                header.note(self.findings, (*line, "unit_code"), fault.code(), || fault.sentence());
            }
            let tier = self.context.titles.get(&model.title_code).copied().flatten();
            if tier.is_some_and(|tier| is_of_other_tier(unit, days, tier)) {
                header.note(self.findings, (*line, "title_code"), FindingCode::TitleOfOtherTier, title_of_other_tier);
            }
        }
    }
}

/// Whether the unit exists on all days from `from` (inclusive) to `until` (exclusive).
fn covers(unit: &[(Period, Tier)], from: Day, until: Day) -> bool {
    let mut covered = from;
    // Versions do not overlap, so each step moves to the next one.
    while covered < until {
        match unit.iter().find(|(period, _)| period.holds(covered)).map(|(period, _)| period.until()) {
            Some(Some(end)) => covered = end,
            Some(None) => return true,
            None => return false,
        }
    }
    true
}

/// Whether the tier of the unit differs from that of the title on all days of the post.
fn is_of_other_tier(unit: &[(Period, Tier)], (start_on, end_on): (Day, Option<Day>), title: Tier) -> bool {
    let Some(days) = Period::new(Some(start_on), end_on) else { return false };
    let mut tiers = unit.iter().filter(|(period, _)| period.overlaps(&days)).map(|(_, tier)| *tier).peekable();
    tiers.peek().is_some() && !tiers.any(|tier| tier == title)
}

fn title_of_other_tier() -> Sentence {
    Sentence::new(
        "chức danh thuộc cấp khác với cấp của đơn vị; hãy kiểm tra mã chức danh và mã đơn vị",
        "the title belongs to another tier than the unit; check both codes",
    )
}

fn post_after_service() -> Sentence {
    Sentence::new(
        "người này đã nghỉ hưu, thôi việc hoặc từ trần nhưng chức danh chưa kết thúc; hãy ghi ngày kết thúc hoặc sửa trạng thái",
        "the person has retired, left or died, but the post has not ended; enter its end or correct the status",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect(text)
    }

    fn unit(versions: &[(&str, &str, Tier)]) -> Vec<(Period, Tier)> {
        let version = |(from, until, tier): &(&str, &str, Tier)| {
            (Period::new(from.parse().ok(), until.parse().ok()).expect("a period"), *tier)
        };
        versions.iter().map(version).collect()
    }

    #[test]
    fn a_post_lies_within_the_days_of_its_unit() {
        let today = day("2026-06-01");
        let always = unit(&[("", "", Tier::Commune)]);
        let ended = unit(&[("", "2025-07-01", Tier::Commune)]);
        let moved = unit(&[("", "2025-07-01", Tier::Commune), ("2025-07-01", "", Tier::Commune)]);
        let gap = unit(&[("2000-01-01", "2010-01-01", Tier::Commune), ("2011-01-01", "", Tier::Commune)]);
        let to_end = unit(&[("", "2027-01-01", Tier::Commune)]);
        let to_come = unit(&[("2027-01-01", "", Tier::Commune)]);
        for (unit, start, end, fault) in [
            (&always, "1990-01-01", "", None),
            (&always, "1990-01-01", "2030-01-01", None),
            (&ended, "2020-01-01", "", Some(UnitFault::Ended)),
            (&ended, "2020-01-01", "2025-07-01", None),
            (&ended, "2020-01-01", "2025-07-02", Some(UnitFault::Absent)),
            (&moved, "2020-01-01", "", None),
            (&moved, "2020-01-01", "2026-01-01", None),
            (&gap, "2005-01-01", "", Some(UnitFault::Absent)),
            (&gap, "1999-12-31", "2009-01-01", Some(UnitFault::Absent)),
            (&gap, "2011-01-01", "", None),
            (&to_end, "2020-01-01", "", None),
            (&to_end, "2020-01-01", "2028-01-01", Some(UnitFault::Absent)),
            (&to_come, "2027-01-01", "", None),
            (&to_come, "2020-01-01", "", Some(UnitFault::Ended)),
        ] {
            assert_eq!(UnitFault::of(unit, (day(start), end.parse().ok()), today), fault, "{start} {end}");
        }
    }

    #[test]
    fn a_title_must_have_the_tier_of_the_unit_at_that_time() {
        let unit = unit(&[("2000-01-01", "2010-01-01", Tier::District), ("2010-01-01", "", Tier::Commune)]);
        for (start, end, title, is_other) in [
            ("2005-01-01", "2006-01-01", Tier::District, false),
            ("2005-01-01", "2006-01-01", Tier::Commune, true),
            ("2005-01-01", "", Tier::Commune, false),
            ("2012-01-01", "", Tier::District, true),
            // The unit does not exist on these days, which another check reports.
            ("1990-01-01", "1991-01-01", Tier::Commune, false),
        ] {
            assert_eq!(
                is_of_other_tier(&unit, (day(start), end.parse().ok()), title),
                is_other,
                "{start} {end} {title}"
            );
        }
    }
}
