//! Days of the classes that the caller may see. Classes without recorded days are left out.

use entity::value::{ClassCode, ClassId, Day};

use super::{
    classes,
    record::{Cell, Page, Record, word},
};
use crate::{
    authz::{Access, VisibleClass},
    domain::bundle::{self, FileFormat},
    error::Result,
};

/// The days of a class.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionRecord {
    class_id: ClassId,
    class_code: ClassCode,
    /// In ascending order.
    days: Vec<Day>,
}

impl Record for SessionRecord {
    const FORMAT: FileFormat = bundle::CLASS_SESSIONS;
    /// A class has up to 400 days.
    const PAGE: usize = 100;
    type Id = ClassId;

    async fn page(access: &Access, after: Option<ClassId>) -> Result<Page<Self>> {
        let (shown, read, last) = classes::after(access, after, Self::PAGE).await?;
        let seen: Vec<_> = shown.iter().map(VisibleClass::seen).collect();
        let mut sessions = access.training()?.sessions(&seen).await?;
        let records = shown.iter().filter_map(|class| {
            let days = sessions.remove(&class.seen())?;
            Some(Self { class_id: class.row().id, class_code: class.row().code.clone(), days })
        });
        Ok(Page::of(records.collect(), read, last))
    }

    fn rows(&self) -> usize {
        self.days.len()
    }

    fn cell(&self, row: usize, column: &str) -> Option<Cell<'_>> {
        Some(match column {
            "class_code" => word(&self.class_code),
            "on_day" => word(&self.days[row]),
            _ => return None,
        })
    }
}
