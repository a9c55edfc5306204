//! Exemptions of persons from requirements.

use entity::{cadre, standard_exemption, value::Day};
use sea_orm::{
    ColumnTrait,
    sea_query::{Expr, ExprTrait, Query, SimpleExpr},
};

use super::judge::Applied;

/// Condition that the `cadre` of the outer select is exempt from a requirement on the day.
pub(in crate::domain) fn is_exempt(of: &Applied<'_>, day: Day) -> SimpleExpr {
    use standard_exemption::Column as Exempt;
    let (standard, code) = of.key();
    let person = Expr::col((standard_exemption::Entity, Exempt::CadreId));
    Expr::exists(
        Query::select()
            .expr(Expr::val(1))
            .from(standard_exemption::Entity)
            .and_where(person.equals((cadre::Entity, cadre::Column::Id)))
            .and_where(Exempt::StandardCode.eq(standard))
            .and_where(Exempt::RequirementCode.eq(code))
            .and_where(Exempt::ValidFrom.lte(day))
            .and_where(Exempt::ValidTo.is_null().or(Exempt::ValidTo.gt(day)))
            .take(),
    )
}
