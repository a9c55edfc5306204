//! Filters of cadres.

use entity::{
    cadre,
    value::{CadreCode, CadreStatus, Category, Gender, UnitId},
};
use sea_orm::{
    ColumnTrait, Condition,
    sea_query::{Expr, ExprTrait, SimpleExpr},
};

use crate::{
    authz::{Access, PostCondition, PostOn, ReachedUnits},
    domain::{
        cadre::{level::LevelCondition, standard_filter::StandardCondition, training_filter::TrainedCondition},
        duty::DutyCondition,
        unit::{meant, titles},
    },
    error::{Error, Result},
    reference::units::UnitReach,
};

/// Maximum number of `CadreWhere` objects in a filter, nested ones included. Each takes one or two subqueries.
const MAX_CONDITIONS: usize = 100;

/// Maximum number of codes in a condition.
const MOST_CODES: usize = 100;

/// Filter of cadres; all conditions of one object must hold. `unit`, `titles`, `keyLeader` and `belowStandard` of one
/// object apply to the same post: one that the person holds; with `withPost: false`, the last one, or the first if none has begun. A
/// filter contains at most 100 such objects in all.
#[derive(Clone, Debug, Default, async_graphql::InputObject, serde::Serialize)]
pub struct CadreWhere {
    /// Whether the people have a post on the requested day (đang giữ chức vụ); true if absent. With false, the people
    /// without one whose file is with a unit within reach: the unit of the last post, or of the first if none has
    /// begun. Only at the top of the filter.
    pub with_post: Option<bool>,
    /// Holds a post in this unit or subtree.
    pub unit: Option<UnitReach>,
    /// Holds one of these titles, by code.
    pub titles: Option<Vec<String>>,
    /// Whether the title is one of key leaders (cán bộ chủ chốt).
    pub key_leader: Option<bool>,
    /// Has this category.
    pub category: Option<Category>,
    /// Has this gender.
    pub gender: Option<Gender>,
    /// Has one of these codes (mã cán bộ), at most 100. Codes without a person within reach are ignored.
    pub codes: Option<Vec<String>>,
    /// Has this status now. Statuses have no history, so the requested day does not matter.
    pub status: Option<CadreStatus>,
    /// Highest level of the subject on the requested day.
    pub holds: Option<LevelCondition>,
    /// Took part in training in a year (đã qua đào tạo, bồi dưỡng). Requires `training:read`.
    pub trained: Option<TrainedCondition>,
    /// Does not meet the standard of the title (chưa đạt chuẩn chức danh).
    pub below_standard: Option<StandardCondition>,
    /// Has this result of a duty in a year (chế độ bồi dưỡng bắt buộc). Requires `training:read`.
    pub duty: Option<DutyCondition>,
    /// All of these conditions hold.
    pub and: Option<Vec<CadreWhere>>,
    /// At least one of these conditions holds.
    pub or: Option<Vec<CadreWhere>>,
    /// This condition does not hold.
    pub not: Option<Box<CadreWhere>>,
}

impl CadreWhere {
    /// Number of conditions, this one and nested ones. The guard has limited the nesting depth.
    fn conditions(&self) -> usize {
        let inner = self.and.iter().chain(&self.or).flatten().chain(self.not.as_deref());
        1 + inner.map(Self::conditions).sum::<usize>()
    }

    pub(super) fn ensure_small(&self) -> Result<()> {
        if self.conditions() <= MAX_CONDITIONS {
            return Ok(());
        }
        Err(Error::invalid(
            "where",
            format!("Bộ lọc có quá {MAX_CONDITIONS} điều kiện; hãy chia thành nhiều truy vấn."),
            format!("The filter has more than {MAX_CONDITIONS} conditions; split it into several queries."),
        ))
    }

    /// Condition of a filter within another.
    fn condition(&self, access: &Access, field: &str, on: PostOn) -> Result<Condition> {
        if self.with_post.is_some() {
            return Err(Error::invalid(
                format!("{field}.withPost"),
                "`withPost` áp dụng cho toàn bộ danh sách; hãy đặt ở cấp ngoài cùng của `where`.",
                "`withPost` applies to the whole list; move it to the top level of `where`.",
            ));
        }
        let post = self.post(access, field, on)?.map(SimpleExpr::from);
        let below = self.below(access, field, (on, None))?;
        Ok(Condition::all().add_option(post).add_option(below).add(self.rest(access, field, on)?))
    }

    /// Conditions that do not concern the post.
    pub(super) fn rest(&self, access: &Access, field: &str, on: PostOn) -> Result<Condition> {
        let mut all = Condition::all();
        if let Some(category) = self.category {
            all = all.add(cadre::Column::Category.eq(category));
        }
        if let Some(gender) = self.gender {
            all = all.add(cadre::Column::Gender.eq(gender));
        }
        if let Some(codes) = &self.codes {
            all = all.add(with_codes(&format!("{field}.codes"), codes)?);
        }
        if let Some(status) = self.status {
            all = all.add(cadre::Column::Status.eq(status));
        }
        if let Some(holds) = &self.holds {
            all = all.add(holds.condition(access, &format!("{field}.holds"), on.day())?);
        }
        if let Some(trained) = &self.trained {
            all = all.add(trained.condition(access, &format!("{field}.trained"))?);
        }
        if let Some(duty) = &self.duty {
            all = all.add(duty.condition(access, &format!("{field}.duty"))?);
        }
        for part in self.and.iter().flatten() {
            all = all.add(part.condition(access, &format!("{field}.and"), on)?);
        }
        if let Some(parts) = &self.or {
            let mut any = Condition::any();
            for part in parts {
                any = any.add(part.condition(access, &format!("{field}.or"), on)?);
            }
            // An empty `or` matches no one; an empty condition would match everyone.
            all = all.add(if parts.is_empty() { any.add(Expr::val(1).eq(0)) } else { any });
        }
        if let Some(part) = &self.not {
            all = all.add(part.condition(access, &format!("{field}.not"), on)?.not());
        }
        // An empty condition is true. Written explicitly, so that its negation is false on both databases.
        Ok(if all.is_empty() { all.add(Expr::val(1).eq(1)) } else { all })
    }

    /// Condition that the post is one of the requested ones; `None` if any will do.
    pub(super) fn post(&self, access: &Access, field: &str, on: PostOn) -> Result<Option<PostCondition>> {
        if self.unit.is_none() && self.titles.is_none() && self.key_leader.is_none() {
            return Ok(None);
        }
        let Posts { units, titles } = self.posts(access, field, on)?;
        Ok(Some(access.cadres()?.has_post(on, units.as_ref(), titles.as_deref())))
    }

    /// Condition that the person does not meet the standard of one of the requested posts, which are also in the units
    /// `within`, if given.
    pub(super) fn below(
        &self,
        access: &Access,
        field: &str,
        (on, within): (PostOn, Option<&ReachedUnits>),
    ) -> Result<Option<Condition>> {
        let Some(below) = &self.below_standard else { return Ok(None) };
        let Posts { units, titles } = self.posts(access, field, on)?;
        let common = match (&units, within) {
            (Some(units), Some(within)) => {
                let both = units.ids().map(UnitId).filter(|unit| within.contains(*unit));
                Some(access.within_reach(both.collect()))
            }
            _ => None,
        };
        let units = common.as_ref().or(units.as_ref()).or(within);
        below.condition(access, &format!("{field}.belowStandard"), (on, units, titles.as_deref())).map(Some)
    }

    /// Units and titles of the requested posts.
    fn posts<'a>(&self, access: &'a Access, field: &str, on: PostOn) -> Result<Posts<'a>> {
        let units =
            self.unit.as_ref().map(|unit| meant(access, &format!("{field}.unit"), unit, on.day())).transpose()?;
        let named =
            self.titles.as_deref().map(|codes| titles(access, &format!("{field}.titles"), codes)).transpose()?;
        let titles = match (named, self.key_leader) {
            (None, None) => None,
            (named, key_leader) => {
                let candidates = named.unwrap_or_else(|| access.reference_data().titles().collect());
                let wanted =
                    candidates.into_iter().filter(|title| key_leader.is_none_or(|key| title.is_key_leader == key));
                Some(wanted.map(|title| title.code.as_str()).collect())
            }
        };
        Ok(Posts { units, titles })
    }
}

/// Units and titles of requested posts; `None` for any.
struct Posts<'a> {
    units: Option<ReachedUnits>,
    titles: Option<Vec<&'a str>>,
}

/// Condition on codes. Malformed codes match no one.
fn with_codes(field: &str, codes: &[String]) -> Result<SimpleExpr> {
    if codes.len() > MOST_CODES {
        return Err(Error::invalid(
            field,
            format!("Danh sách có quá {MOST_CODES} mã; hãy chia thành nhiều truy vấn."),
            format!("The list has more than {MOST_CODES} codes; split it into several queries."),
        ));
    }
    let codes: Vec<CadreCode> = codes.iter().filter_map(|code| code.parse().ok()).collect();
    Ok(cadre::Column::Code.is_in(codes))
}
