//! The files of a bundle, open side by side.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use csv::{Writer, WriterBuilder};

/// A file that rows are added to.
pub struct Table(Writer<File>);

impl Table {
    fn create(folder: &Path, name: &str, columns: &str) -> csv::Result<Self> {
        let file = File::create(folder.join(name))?;
        let mut writer = WriterBuilder::new().buffer_capacity(1 << 18).from_writer(file);
        writer.write_record(columns.split(','))?;
        Ok(Self(writer))
    }

    /// Adds a row.
    pub fn add<const N: usize>(&mut self, row: [&str; N]) -> csv::Result<()> {
        self.0.write_record(row)
    }
}

/// The files; their columns are those that `cadre-api import` asks for.
pub struct Bundle {
    pub units: Table,
    pub titles: Table,
    pub institutions: Table,
    pub programmes: Table,
    pub plans: Table,
    pub quotas: Table,
    pub classes: Table,
    pub cadres: Table,
    pub posts: Table,
    pub qualifications: Table,
    pub rotations: Table,
    pub enrolments: Table,
}

impl Bundle {
    /// Begins all files in a folder; what was in them goes.
    pub fn create(folder: &Path) -> csv::Result<Self> {
        fs::create_dir_all(folder)?;
        let table = |name: &str, columns| Table::create(folder, &format!("{name}.csv"), columns);
        Ok(Self {
            units: table("units", "code,parent_code,party_parent_code,kind,tier,name,admin_code,valid_from,valid_to")?,
            titles: table("titles", "code,name,category,tier,is_key_leader")?,
            institutions: table("institutions", "code,name")?,
            programmes: table("programmes", "code,name,kind,subject,level")?,
            plans: table("training_plans", "code,unit_code,year_from,year_to,document_no,name,status")?,
            quotas: table("quotas", "plan_code,unit_code,programme_code,mode,measure,bound,quantity,classes")?,
            classes: table(
                "classes",
                "code,plan_code,programme_code,organiser_code,intake,category,mode,start_on,end_on,capacity,\
                 reported_learners,status",
            )?,
            cadres: table(
                "cadres",
                "code,national_id,full_name,gender,birth_on,ethnicity_code,native_place_code,joined_service_on,\
                 joined_party_on,category,rank_code,status",
            )?,
            posts: table("assignments", "cadre_code,unit_code,title_code,start_on,end_on,is_primary")?,
            qualifications: table(
                "qualifications",
                "cadre_code,subject,level,field_code,institution_code,mode,granted_on",
            )?,
            rotations: table("rotations", "cadre_code,from_unit_code,to_unit_code,form,start_on,end_on,decision_no")?,
            enrolments: table("enrolments", "cadre_code,class_code,programme_code,unit_code,year,result,grade")?,
        })
    }

    /// Writes out what is still held back.
    pub fn finish(self) -> io::Result<()> {
        let Self { units, titles, institutions, programmes, plans, quotas, .. } = self;
        let Self { classes, cadres, posts, qualifications, rotations, enrolments, .. } = self;
        let lists = [units, titles, institutions, programmes, plans, quotas];
        let people = [classes, cadres, posts, qualifications, rotations, enrolments];
        lists.into_iter().chain(people).try_for_each(|mut table| table.0.flush())
    }
}
