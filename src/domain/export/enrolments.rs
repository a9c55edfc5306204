//! Enrolments that the caller may see.

use std::iter;

use entity::{
    enrolment,
    value::{EnrolmentId, EnrolmentState, Grade, ProgrammeCode},
};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect};

use super::{
    codes::{self, CadreRef, ClassRef, UnitRef},
    record::{Cell, Page, Record, maybe, word},
};
use crate::{
    authz::{Access, VisibleEnrolment},
    domain::bundle::{self, FileFormat},
    error::Result,
};

/// An enrolment. Without `cadre:read` the person is absent.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EnrolmentRecord {
    id: EnrolmentId,
    #[serde(skip_serializing_if = "Option::is_none")]
    cadre: Option<CadreRef>,
    class: Option<ClassRef>,
    programme_code: ProgrammeCode,
    sending_unit: UnitRef,
    year: i32,
    state: EnrolmentState,
    grade: Option<Grade>,
    remark: Option<String>,
    version: i32,
}

impl EnrolmentRecord {
    fn of(
        access: &Access,
        row: &enrolment::Model,
        (cadre, class): (Option<CadreRef>, Option<ClassRef>),
    ) -> Result<Self> {
        Ok(Self {
            id: row.id,
            cadre,
            class,
            programme_code: row.programme_code.clone(),
            sending_unit: codes::unit(access, row.unit_id)?,
            year: row.year,
            state: row.state,
            grade: row.grade,
            remark: row.remark.clone(),
            version: row.version,
        })
    }
}

impl Record for EnrolmentRecord {
    const FORMAT: FileFormat = bundle::ENROLMENTS;
    type Id = EnrolmentId;

    fn withheld(access: &Access) -> Vec<&'static str> {
        iter::once("cadre").filter(|_| !codes::shows_persons(access)).collect()
    }

    async fn page(access: &Access, after: Option<EnrolmentId>) -> Result<Page<Self>> {
        let training = access.training()?;
        let rows = training
            .enrolments()
            .filter(Condition::all().add_option(after.map(|after| enrolment::Column::Id.gt(after))))
            .order_by_asc(enrolment::Column::Id)
            .limit(Self::PAGE as u64)
            .all(access.reader())
            .await?;
        let (read, last) = (rows.len(), rows.last().map(|row| row.id));
        let shown: Vec<VisibleEnrolment> =
            rows.into_iter().filter_map(|row| training.admitted_enrolment(row)).collect();
        let related: Vec<_> = shown.iter().map(|enrolment| access.learner_of(enrolment, None)).collect();
        let persons = codes::persons(access, &related).await?;
        let classes = codes::classes(access, shown.iter().filter_map(|enrolment| enrolment.row().class_id)).await?;
        let records = shown.iter().zip(&related).map(|(enrolment, person)| {
            let class = enrolment.row().class_id.and_then(|class| classes.get(&class)).cloned();
            Self::of(access, enrolment.row(), (persons.get(person).cloned(), class))
        });
        Ok(Page::of(records.collect::<Result<_>>()?, read, last))
    }

    fn cell(&self, _: usize, column: &str) -> Option<Cell<'_>> {
        Some(match column {
            "cadre_code" => maybe(self.cadre.as_ref().map(|cadre| &cadre.code)),
            "class_code" => maybe(self.class.as_ref().map(|class| &class.code)),
            "programme_code" => word(&self.programme_code),
            "unit_code" => word(&self.sending_unit.code),
            "year" => word(&self.year),
            "result" => word(&self.state),
            "grade" => maybe(self.grade.as_ref()),
            _ => return None,
        })
    }
}
