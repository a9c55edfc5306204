//! Posts that rotations close and open. No command makes a person's primary posts overlap, or moves a person out of a
//! post that the person no longer holds.

use entity::{
    assignment,
    value::{AssignmentId, Day, RotationDirection, Tier, TitleCode, UnitId},
};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::subject::Rotation;
use crate::{
    authz::Access,
    domain::{
        command::CommandContext,
        refusal::{Code, CommandResult, Refusal},
        rotation::{Standing, direction},
    },
};

/// A destination: a unit and a title in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The unit.
    pub unit: UnitId,
    /// The title.
    pub title: TitleCode,
}

/// The names of the fields that state a place in an input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    /// Field of the unit.
    pub unit: &'static str,
    /// Field of the title.
    pub title: &'static str,
}

impl Place {
    /// The place that an input names, within the caller's reach, for a day.
    pub(super) fn named(access: &Access, fields: Fields, codes: (&str, &str), day: Day) -> Result<Self, Refusal> {
        let unit = access.reference_data().units().by_code(codes.0).filter(|unit| access.reaches(unit.row.id));
        let unit = unit.ok_or_else(|| Refusal::not_found(fields.unit))?;
        let title = access.reference_data().title(codes.1).ok_or_else(|| Refusal::not_found(fields.title))?;
        let place = Self { unit: unit.row.id, title: title.code.clone() };
        place.ensure_open(access, fields, day)?;
        Ok(place)
    }

    /// Checks that a post can begin at this place on a day: the unit exists, and the title belongs to its tier.
    pub(super) fn ensure_open(&self, access: &Access, fields: Fields, day: Day) -> Result<(), Refusal> {
        let unit = access.reference_data().units().get(self.unit).ok_or_else(|| Refusal::not_found(fields.unit))?;
        let code = &unit.row.code;
        let version = unit.on(day).ok_or_else(|| {
            Refusal::input(
                Code::UnitNotAlive,
                fields.unit,
                format!("Đơn vị {code} không tồn tại vào ngày {day}; hãy chọn đơn vị kế thừa hoặc ngày khác."),
                format!("The unit {code} does not exist on {day}; choose its successor or another day."),
            )
        })?;
        let tier = access.reference_data().title(self.title.as_str()).and_then(|title| title.tier);
        match tier.filter(|tier| *tier != version.tier) {
            None => Ok(()),
            Some(tier) => Err(Refusal::input(
                Code::TitleNotOfTier,
                fields.title,
                format!(
                    "Chức danh {} thuộc cấp {tier}, đơn vị {code} vào ngày {day} thuộc cấp {}; hãy chọn chức danh của \
                     cấp đó.",
                    self.title, version.tier
                ),
                format!(
                    "The title {} belongs to the tier {tier}, but the unit {code} belongs to {} on {day}; choose a \
                     title of that tier.",
                    self.title, version.tier
                ),
            )),
        }
    }
}

/// Tiers and direction of a move on its start day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// Tier of the origin.
    pub from_tier: Tier,
    /// Tier of the destination.
    pub to_tier: Tier,
    /// Direction.
    pub direction: RotationDirection,
}

impl Route {
    /// The route between two units on a day.
    pub(super) fn of(access: &Access, from: UnitId, to: UnitId, day: Day) -> Result<Self, Refusal> {
        let units = access.reference_data().units();
        let standing = |unit| Standing::of(units, unit, day).ok_or_else(|| Refusal::not_found("rotationId"));
        let (from, to) = (standing(from)?, standing(to)?);
        Ok(Self { from_tier: from.tier, to_tier: to.tier, direction: direction(from, to) })
    }
}

/// The primary post in a unit that a person holds on the day before `on` and can leave on `on`: the post has no end, or
/// ends on or after that day.
fn post_to_leave(posts: &[assignment::Model], unit: UnitId, on: Day) -> Option<&assignment::Model> {
    let could_leave = |post: &&assignment::Model| {
        post.is_primary && post.unit_id == unit && post.start_on < on && post.end_on.is_none_or(|end| on <= end)
    };
    posts.iter().filter(could_leave).max_by_key(|post| (post.start_on, post.id))
}

/// Whether no primary post except `left` is held on the day or begins after it.
fn is_free_from(posts: &[assignment::Model], day: Day, left: Option<AssignmentId>) -> bool {
    let overlaps =
        |post: &assignment::Model| post.is_primary && Some(post.id) != left && post.end_on.is_none_or(|end| day < end);
    !posts.iter().any(overlaps)
}

impl CommandContext<'_, Rotation> {
    /// The person's primary post in a unit that the person can leave on a day, limited to one title if it is known.
    pub(super) async fn leave(
        &mut self,
        unit: UnitId,
        title: Option<&TitleCode>,
        on: Day,
    ) -> CommandResult<AssignmentId> {
        let post = self.find_post_to_leave(unit, title, on).await?;
        if post.end_on != Some(on) {
            let closed = assignment::ActiveModel { id: Set(post.id), end_on: Set(Some(on)), ..Default::default() };
            assignment::Entity::update(closed)
                .exec_without_returning(self.txn.of_person(self.subject.row.cadre_id))
                .await?;
            self.subject.moved = true;
        }
        Ok(post.id)
    }

    /// The post that `leave` would close.
    pub(super) async fn find_post_to_leave(
        &self,
        unit: UnitId,
        title: Option<&TitleCode>,
        on: Day,
    ) -> CommandResult<assignment::Model> {
        let posts = self.posts().await?;
        let post = post_to_leave(&posts, unit, on).filter(|post| title.is_none_or(|title| *title == post.title_code));
        Ok(post.cloned().ok_or_else(|| post_changed(on))?)
    }

    /// Checks that no primary post except `left` is held on the day or begins after it.
    pub(super) async fn ensure_free_from(&self, on: Day, left: Option<AssignmentId>) -> CommandResult<()> {
        if is_free_from(&self.posts().await?, on, left) {
            return Ok(());
        }
        Err(Refusal::conflict(
            Code::PostOverlaps,
            "rotationId",
            format!("Người này còn giữ một chức danh chính khác từ ngày {on} trở đi; hãy kết thúc chức danh đó trước."),
            format!("The person has another primary post on {on} or later; end that post first."),
        )
        .into())
    }

    /// The title of the primary post that the person holds in a unit on a day and keeps.
    pub(super) async fn kept(&self, unit: UnitId, on: Day) -> CommandResult<TitleCode> {
        let posts = self.posts().await?;
        let post = post_to_leave(&posts, unit, on).filter(|post| post.is_held_on(on));
        Ok(post.ok_or_else(|| post_changed(on))?.title_code.clone())
    }

    /// Opens a primary post from a day on. `left` is the post that the person leaves on that day, if any.
    pub(super) async fn take_up(&mut self, place: &Place, on: Day, left: Option<AssignmentId>) -> CommandResult<()> {
        self.ensure_free_from(on, left).await?;
        let opened = assignment::ActiveModel {
            id: Set(AssignmentId::new()),
            cadre_id: Set(self.subject.row.cadre_id),
            unit_id: Set(place.unit),
            title_code: Set(place.title.clone()),
            start_on: Set(on),
            end_on: Set(None),
            is_primary: Set(true),
        };
        assignment::Entity::insert(opened)
            .exec_without_returning(self.txn.of_person(self.subject.row.cadre_id))
            .await?;
        self.subject.moved = true;
        Ok(())
    }

    async fn posts(&self) -> CommandResult<Vec<assignment::Model>> {
        let of_person = assignment::Entity::find().filter(assignment::Column::CadreId.eq(self.subject.row.cadre_id));
        Ok(of_person.all(self.connection()).await?)
    }

    fn connection(&self) -> &impl ConnectionTrait {
        self.txn.connection()
    }
}

fn post_changed(on: Day) -> Refusal {
    Refusal::conflict(
        Code::PostChanged,
        "rotationId",
        format!(
            "Trước ngày {on}, người này không giữ chức danh chính mà hồ sơ luân chuyển ghi; hãy kiểm tra quá trình công \
             tác."
        ),
        format!(
            "Before {on} the person does not hold the primary post that the rotation names; check their assignments."
        ),
    )
}

#[cfg(test)]
mod tests {
    use entity::sample;

    use super::*;

    fn post(unit: UnitId, start: &str, end: &str, is_primary: bool) -> assignment::Model {
        assignment::Model {
            unit_id: unit,
            start_on: start.parse().expect("a day"),
            end_on: end.parse().ok(),
            is_primary,
            ..sample::assignment()
        }
    }

    #[test]
    fn a_post_can_be_left_if_it_is_held_on_the_day_before() {
        let (here, there) = (UnitId::new(), UnitId::new());
        let on: Day = "2020-01-01".parse().expect("a day");
        for (post, expected) in [
            (post(here, "2015-01-01", "", true), true),
            (post(here, "2015-01-01", "2020-01-01", true), true),
            (post(here, "2015-01-01", "2021-01-01", true), true),
            (post(here, "2015-01-01", "2019-12-31", true), false),
            (post(here, "2020-01-01", "", true), false),
            (post(here, "2015-01-01", "", false), false),
            (post(there, "2015-01-01", "", true), false),
        ] {
            assert_eq!(post_to_leave(std::slice::from_ref(&post), here, on).is_some(), expected, "{post:?}");
        }
    }

    #[test]
    fn a_primary_post_on_the_day_prevents_another_one() {
        let unit = UnitId::new();
        let on: Day = "2020-01-01".parse().expect("a day");
        for (post, expected) in [
            (post(unit, "2015-01-01", "2020-01-01", true), true),
            (post(unit, "2015-01-01", "2020-01-02", true), false),
            (post(unit, "2015-01-01", "", true), false),
            (post(unit, "2020-01-01", "", true), false),
            (post(unit, "2022-01-01", "2023-01-01", true), false),
            (post(unit, "2015-01-01", "", false), true),
        ] {
            let posts = [post];
            assert_eq!(is_free_from(&posts, on, None), expected, "{posts:?}");
            assert!(is_free_from(&posts, on, Some(posts[0].id)), "the one that is left does not stand in the way");
        }
    }
}
