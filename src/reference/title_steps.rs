//! Steps of titles (bậc chức danh).

use std::collections::HashMap;

use entity::{
    title_step,
    value::{Day, TitleCode},
};
use sea_orm::{ConnectionTrait, EntityTrait};

use crate::error::Result;

/// All steps, by title.
#[derive(Debug, Default)]
pub struct TitleSteps(HashMap<TitleCode, Vec<title_step::Model>>);

impl TitleSteps {
    /// Steps from their rows.
    pub fn of(rows: Vec<title_step::Model>) -> Self {
        let mut by_title: HashMap<_, Vec<title_step::Model>> = HashMap::new();
        for row in rows {
            by_title.entry(row.title_code.clone()).or_default().push(row);
        }
        by_title.values_mut().for_each(|steps| steps.sort_unstable_by_key(|step| step.valid_from));
        Self(by_title)
    }

    /// Reads all steps.
    pub(crate) async fn load(connection: &impl ConnectionTrait) -> Result<Self> {
        Ok(Self::of(title_step::Entity::find().all(connection).await?))
    }

    /// Steps of a title, oldest first.
    pub fn of_title(&self, title: &str) -> &[title_step::Model] {
        self.0.get(title).map_or(&[], Vec::as_slice)
    }

    /// Step of a title on a day.
    pub fn on(&self, title: &str, day: Day) -> Option<&title_step::Model> {
        self.of_title(title).iter().find(|step| step.period().is_some_and(|period| period.holds(day)))
    }
}
