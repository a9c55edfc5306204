//! Units as an operator names them: by code, or by an identifier in a national system.

use entity::{
    unit, unit_identifier,
    value::{Day, IdentifierSystem},
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, Iterable, QueryFilter};

use crate::{
    clock::Clock,
    db::Database,
    error::{Error, Result},
};

/// Replaces each identifier `SYSTEM:VALUE` by the code of the unit to which it belongs today. Codes of units contain no
/// colon, so other texts are unchanged.
///
/// # Errors
/// `Invalid` for an identifier that belongs to no unit today.
pub async fn unit_codes_of(database: &Database, clock: Clock, names: Vec<String>) -> Result<Vec<String>> {
    let mut codes = Vec::with_capacity(names.len());
    for name in names {
        let code = match name.split_once(':') {
            None => name,
            Some((system, value)) => match system.parse() {
                Ok(system) => code_of(database, (system, value), clock.today()).await?.ok_or_else(|| unknown(&name))?,
                Err(_) => return Err(unknown(&name)),
            },
        };
        codes.push(code);
    }
    Ok(codes)
}

/// The unit to which an identifier belongs on a day. Only the whole identifier is looked up: its parts do not name
/// other units.
async fn code_of(database: &Database, (system, value): (IdentifierSystem, &str), day: Day) -> Result<Option<String>> {
    use unit_identifier::Column::{System, ValidFrom, ValidTo, Value};
    let found = unit_identifier::Entity::find()
        .find_also_related(unit::Entity)
        .filter(System.eq(system))
        .filter(Value.eq(value))
        .filter(Condition::any().add(ValidFrom.is_null()).add(ValidFrom.lte(day)))
        .filter(Condition::any().add(ValidTo.is_null()).add(ValidTo.gt(day)))
        .one(database.reader())
        .await?;
    Ok(found.and_then(|(_, unit)| unit).map(|unit| unit.code.to_string()))
}

fn unknown(name: &str) -> Error {
    // The text may be arbitrary; it is truncated and escaped for the message.
    let name: String = name.chars().take(80).flat_map(char::escape_debug).collect();
    let systems = IdentifierSystem::iter().map(|system| system.to_string()).collect::<Vec<_>>().join(", ");
    Error::invalid(
        "units",
        format!(
            "hôm nay không có đơn vị nào mang mã định danh {name}; mã định danh viết là HỆ_THỐNG:MÃ, hệ thống là một trong \
             {systems}; hoặc hãy dùng mã đơn vị"
        ),
        format!(
            "no unit has the identifier {name} today; an identifier is written SYSTEM:VALUE, with a system of {systems}; \
             or name the code of the unit"
        ),
    )
}
