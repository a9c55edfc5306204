//! Sessions of classes of a bundle: each on a day of its class, each once.

use std::collections::{HashMap, HashSet};

use entity::{
    class_session, training_class,
    value::{ChangeKind, ClassCode, ClassId, Day},
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter, prelude::Expr};

use super::{
    cell::{Cells, code, day},
    checked::Checked,
    class::ClassRow,
    class_index::Class,
    context::repeated_row,
    finding::FindingCode,
    header::Header,
    resolve::Pass,
    table::Row,
    write::{insert, record},
};
use crate::{
    authz::Txn,
    domain::{
        bundle::{self, FileFormat},
        training::session::MAX,
    },
    error::Result,
    language::Sentence,
};

/// A session day of a class.
pub(super) struct SessionRow {
    class: ClassCode,
    on_day: Day,
}

impl Row for SessionRow {
    const FORMAT: FileFormat = bundle::CLASS_SESSIONS;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let class = cells.must("class_code", code);
        let on_day = cells.must("on_day", day);
        Some(Self { class: class?, on_day: on_day? })
    }
}

/// The sessions of the classes that a pass has seen.
#[derive(Default)]
struct Timetable {
    of_class: HashMap<Class, Days>,
}

/// The sessions of one class.
#[derive(Default)]
struct Days {
    /// Days that were stored before the import.
    stored: HashSet<Day>,
    /// Days read from the file so far.
    named: HashSet<Day>,
}

/// The sessions of a batch, compared with the database.
#[derive(Default)]
struct Found {
    new: Vec<(Class, Day)>,
    unchanged: u64,
}

impl<C: ConnectionTrait> Pass<'_, C> {
    /// The new sessions of a batch, and the number of unchanged ones.
    async fn sessions(
        &mut self,
        header: &Header,
        rows: Vec<(u64, SessionRow)>,
        timetable: &mut Timetable,
    ) -> Result<Found> {
        self.meet_classes(rows.iter().map(|(_, row)| &row.class)).await?;
        self.meet_sessions(&rows, timetable).await?;
        let mut found = Found::default();
        for (line, row) in rows {
            let Some(class) = self.context.classes.find(&row.class) else {
                let at = (line, "class_code");
                self.context.unknown(self.findings, header, at, (ClassRow::FILE, row.class.as_str()));
                continue;
            };
            let kept = self.context.classes.get(class);
            let days = timetable.of_class.entry(class).or_default();
            if !(kept.start_on..=kept.end_on).contains(&row.on_day) {
                header.note(self.findings, (line, "on_day"), FindingCode::BadValue, outside);
            } else if !days.named.insert(row.on_day) {
                header.note(self.findings, (line, "class_code"), FindingCode::RepeatedRow, repeated_row);
            } else if days.named.len() == MAX + 1 {
                header.note(self.findings, (line, "class_code"), FindingCode::BadValue, too_many);
            } else if days.stored.contains(&row.on_day) {
                found.unchanged += 1;
            } else if days.stored.is_empty() {
                found.new.push((class, row.on_day));
            } else {
                header.note(self.findings, (line, "on_day"), FindingCode::Differs, stated_otherwise);
            }
        }
        Ok(found)
    }

    /// Reads the stored sessions of classes that this pass has not seen before.
    async fn meet_sessions(&self, rows: &[(u64, SessionRow)], timetable: &mut Timetable) -> Result<()> {
        let classes = &self.context.classes;
        let mut of_id: HashMap<ClassId, Class> = HashMap::new();
        for class in rows.iter().filter_map(|(_, row)| classes.find(&row.class)) {
            if !timetable.of_class.contains_key(&class) && classes.is_stored(class) {
                of_id.insert(classes.get(class).id, class);
            }
            timetable.of_class.entry(class).or_default();
        }
        let mut ids: Vec<ClassId> = of_id.keys().copied().collect();
        ids.sort_unstable();
        if ids.is_empty() {
            return Ok(());
        }
        let asked = self.any_id(class_session::Column::ClassId, ids.iter().map(|id| id.0));
        for there in class_session::Entity::find().filter(asked).all(self.connection).await? {
            let days = of_id.get(&there.class_id).and_then(|class| timetable.of_class.get_mut(class));
            if let Some(days) = days {
                days.stored.insert(there.on_day);
            }
        }
        Ok(())
    }

    /// Checks the sessions.
    pub async fn check_sessions(&mut self) -> Result<Checked> {
        let mut timetable = Timetable::default();
        let step = async |pass: &mut Self, header: &Header, rows| {
            let found = pass.sessions(header, rows, &mut timetable).await?;
            Ok((found.new.len() as u64, found.unchanged))
        };
        Ok(self.batches(step).await?.0)
    }
}

impl Pass<'_, DatabaseTransaction> {
    /// Writes the new sessions. For a class that was stored before, they are recorded as an update; a new class is
    /// recorded as created.
    pub async fn load_sessions(&mut self, txn: &Txn) -> Result<Checked> {
        let mut timetable = Timetable::default();
        let mut changed: HashSet<Class> = HashSet::new();
        let step = async |pass: &mut Self, header: &Header, rows| {
            let found = pass.sessions(header, rows, &mut timetable).await?;
            let count = (found.new.len() as u64, found.unchanged);
            let classes = &pass.context.classes;
            changed.extend(found.new.iter().map(|(class, _)| *class).filter(|class| classes.is_stored(*class)));
            let row = |(class, on_day)| class_session::Model { class_id: classes.get(class).id, on_day };
            insert(txn, found.new.into_iter().map(row)).await?;
            Ok(count)
        };
        let (checked, _) = self.batches(step).await?;
        self.change_classes(txn, &changed).await?;
        Ok(checked)
    }

    async fn change_classes(&self, txn: &Txn, changed: &HashSet<Class>) -> Result<()> {
        let mut ids: Vec<ClassId> = changed.iter().map(|class| self.context.classes.get(*class).id).collect();
        ids.sort_unstable();
        let raise = training_class::Entity::update_many()
            .col_expr(training_class::Column::Version, Expr::col(training_class::Column::Version).add(1))
            .filter(self.any_id(training_class::Column::Id, ids.iter().map(|id| id.0)));
        raise.exec(txn.connection()).await?;
        let codes = self.context.classes.codes_of(changed).into_iter().map(ToString::to_string).collect();
        record(txn, ChangeKind::Updated, "training_class", codes).await
    }
}

fn outside() -> Sentence {
    Sentence::new(
        "ngày này nằm ngoài thời gian của lớp (từ start_on đến end_on trong classes.csv); hãy sửa hoặc bỏ dòng này",
        "the day is outside the class (start_on to end_on in classes.csv); correct or remove this row",
    )
}

fn too_many() -> Sentence {
    Sentence::new(
        format!("lớp này có quá {MAX} buổi học; hãy bỏ bớt"),
        format!("the class has more than {MAX} sessions; remove some"),
    )
}

fn stated_otherwise() -> Sentence {
    Sentence::new(
        "cơ sở dữ liệu đã có các buổi học của lớp này và không có ngày này; hãy thay đổi các buổi học bằng classAmend",
        "the database already has the sessions of this class, and this day is not among them; change the sessions with \
         classAmend",
    )
}
