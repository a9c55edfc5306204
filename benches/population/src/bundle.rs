//! The files of a bundle, all open for writing.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use csv::{Writer, WriterBuilder};

/// A file of the bundle, in the order of `FILES`.
#[derive(Clone, Copy)]
pub enum Table {
    Units,
    Titles,
    Institutions,
    Programmes,
    Plans,
    Quotas,
    Classes,
    Cadres,
    Posts,
    Qualifications,
    Rotations,
    Enrolments,
}

/// Names and columns, in the format of `cadre-api import`.
const FILES: [(&str, &str); 12] = [
    ("units.csv", "code,parent_code,party_parent_code,kind,tier,name,admin_code,valid_from,valid_to"),
    ("titles.csv", "code,name,category,tier,is_key_leader"),
    ("institutions.csv", "code,name"),
    ("programmes.csv", "code,name,kind,subject,level"),
    ("training_plans.csv", "code,unit_code,year_from,year_to,document_no,name,status"),
    ("quotas.csv", "plan_code,unit_code,programme_code,mode,measure,bound,quantity,classes"),
    (
        "classes.csv",
        "code,plan_code,programme_code,organiser_code,intake,category,mode,start_on,end_on,capacity,reported_learners,\
         status",
    ),
    (
        "cadres.csv",
        "code,national_id,full_name,gender,birth_on,ethnicity_code,native_place_code,joined_service_on,joined_party_on,\
         category,rank_code,status",
    ),
    ("assignments.csv", "cadre_code,unit_code,title_code,start_on,end_on,is_primary"),
    ("qualifications.csv", "cadre_code,subject,level,field_code,institution_code,mode,granted_on"),
    ("rotations.csv", "cadre_code,from_unit_code,to_unit_code,form,start_on,end_on,decision_no"),
    ("enrolments.csv", "cadre_code,class_code,programme_code,unit_code,year,result,grade"),
];

/// All files, to which rows are added.
pub struct Bundle(Vec<Writer<File>>);

impl Bundle {
    /// Creates all files in a folder; existing files are replaced.
    pub fn create(folder: &Path) -> csv::Result<Self> {
        fs::create_dir_all(folder)?;
        let begin = |(name, columns): (&str, &str)| {
            let mut file = WriterBuilder::new().buffer_capacity(1 << 18).from_path(folder.join(name))?;
            file.write_record(columns.split(',')).map(|()| file)
        };
        FILES.into_iter().map(begin).collect::<csv::Result<_>>().map(Self)
    }

    /// Adds a row.
    pub fn add<const N: usize>(&mut self, table: Table, row: [&str; N]) -> csv::Result<()> {
        self.0[table as usize].write_record(row)
    }

    /// Flushes all files.
    pub fn finish(mut self) -> io::Result<()> {
        self.0.iter_mut().try_for_each(Writer::flush)
    }
}
