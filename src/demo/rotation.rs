//! Rotations of the demo: those of Điện Biên province that began from 2010 to 2014, 91 in total, and those of its
//! district Điện Biên Đông since 2000, more than 60.

use super::{Bundle, Names};

/// Start year of the rotations that are still running.
const RUNNING_SINCE: usize = 2025;
/// Code of the province.
const PROVINCE: &str = "DB";
const DEPARTMENTS: [(&str, &str); 4] = [
    ("DB-SNV", "Sở Nội vụ tỉnh Điện Biên"),
    ("DB-STC", "Sở Tài chính tỉnh Điện Biên"),
    ("DB-STP", "Sở Tư pháp tỉnh Điện Biên"),
    ("DB-SNN", "Sở Nông nghiệp tỉnh Điện Biên"),
];
const OFFICES: [(&str, &str); 2] = [("NV", "Phòng Nội vụ"), ("TC", "Phòng Tài chính - Kế hoạch")];

/// A district: code, name and administrative code, and the same of its communes.
type District = (&'static str, &'static str, &'static str, [(&'static str, &'static str, &'static str); 3]);
const DISTRICTS: [District; 3] = [
    (
        "DB-DBD",
        "huyện Điện Biên Đông",
        "101",
        [("NS", "xã Na Son", "03205"), ("PN", "xã Phì Nhừ", "03208"), ("ML", "xã Mường Luân", "03214")],
    ),
    (
        "DB-DB",
        "huyện Điện Biên",
        "100",
        [("MP", "xã Mường Pồn", "03319"), ("TL", "xã Thanh Luông", "03328"), ("TH", "xã Thanh Hưng", "03331")],
    ),
    (
        "DB-TG",
        "huyện Tuần Giáo",
        "099",
        [("QT", "xã Quài Tở", "03295"), ("QC", "xã Quài Cang", "03289"), ("CS", "xã Chiềng Sinh", "03298")],
    ),
];
const NAMES: Names = Names {
    families: ["Quàng", "Cà", "Giàng", "Vừ", "Sùng", "Tòng", "Mùa", "Lường"],
    middles: [["Thị", "Thanh", "Hồng", "Mai"], ["Văn", "Xuân", "Minh", "Đức"]],
    givens: [
        ["Chung", "Điệp", "Hoa", "Hương", "Nhung", "Pà", "Thoa", "Tươi", "Xuyến"],
        ["Chính", "Dũng", "Hặc", "Inh", "Panh", "Pao", "Thắng", "Toàn", "Vinh"],
    ],
    ethnicity: "03",
};

/// A unit, and the title of posts there before, during or after a rotation.
#[derive(Clone)]
struct Place {
    unit: String,
    title: &'static str,
}

/// Rotations in one direction.
struct Stream<'a> {
    form: &'static str,
    from: &'a [Place],
    to: &'a [Place],
    /// First year, and the number of years over which they are spread.
    since: (usize, usize),
}

impl Bundle {
    pub(super) fn rotations(&mut self) {
        let departments = DEPARTMENTS.map(|(code, name)| {
            self.unit(code, PROVINCE, "DEPARTMENT", "PROVINCE", name, "");
            Place { unit: code.to_owned(), title: "T_PGD" }
        });
        let districts = DISTRICTS.each_ref().map(|district| self.district_with_offices(district));
        let offices = districts.each_ref().map(|(offices, _)| offices.as_slice()).concat();
        let stream = |from, to, since| Stream { form: "ROTATION", from, to, since };

        // Between the province and its districts: 15 down and 11 up; between sectors 12.
        self.stream(15, &stream(&departments, &offices, (2010, 5)));
        self.stream(11, &stream(&offices, &departments, (2010, 5)));
        self.stream(12, &stream(&departments, &departments, (2010, 5)));
        // Between offices and communes: 32 down and 13 up. Điện Biên Đông has few of these, and many in earlier years.
        for ((offices, communes), (down, up)) in districts.iter().zip([(4, 2), (14, 6), (14, 5)]) {
            self.stream(down, &stream(offices, communes, (2010, 5)));
            self.stream(up, &stream(communes, offices, (2010, 5)));
        }
        let [(east, east_communes), (west, _), (north, _)] = &districts;
        self.stream(28, &stream(east, east_communes, (2000, 10)));
        self.stream(28, &stream(east_communes, east, (2000, 10)));
        // Between districts: 8.
        self.stream(4, &stream(east, west, (2010, 5)));
        self.stream(4, &stream(west, north, (2010, 5)));
        // Two running rotations, and moves of the other forms, which are not rotations in the strict sense.
        self.stream(2, &stream(&departments, east, (RUNNING_SINCE, 1)));
        self.stream(3, &Stream { form: "TRANSFER", ..stream(west, north, (2012, 3)) });
        self.stream(2, &Stream { form: "SECONDMENT", ..stream(&departments, east_communes, (2016, 2)) });
    }

    /// Writes a district, unless it exists, with its offices and some communes. Returns the offices and the communes.
    fn district_with_offices(&mut self, (code, name, admin_code, communes): &District) -> (Vec<Place>, Vec<Place>) {
        if *code != "DB-DB" {
            self.unit(code, PROVINCE, "DISTRICT", "DISTRICT", &name.replacen('h', "H", 1), admin_code);
        }
        let offices = OFFICES.map(|(suffix, office)| {
            let unit = format!("{code}-{suffix}");
            self.unit(&unit, code, "OFFICE", "DISTRICT", &format!("{office} {name}"), "");
            Place { unit, title: "H_PTP" }
        });
        let communes = communes.map(|(suffix, name, admin_code)| {
            let commune = format!("{code}-{suffix}");
            self.unit(&commune, code, "COMMUNE", "COMMUNE", &name.replacen('x', "X", 1), admin_code);
            let unit = self.below(&commune, "UB", "PEOPLES_COMMITTEE", &format!("UBND {name}"));
            Place { unit, title: "X_PCT" }
        });
        (offices.into(), communes.into())
    }

    /// Writes rotations of three years, each of a different person, who returns to the old unit.
    fn stream(&mut self, count: usize, stream: &Stream<'_>) {
        for nth in 0..count {
            // Uses the next unit, so that a stream within one list has different origins and destinations.
            let (from, to) = (&stream.from[nth % stream.from.len()], &stream.to[(nth + 1) % stream.to.len()]);
            let (year, month) = (stream.since.0 + nth % stream.since.1, (nth * 5 + 2) % 6 + 1);
            let [before, start, end] = [year - 4, year, year + 3].map(|year| format!("{year}-{month:02}-01"));
            let end = if year == RUNNING_SINCE { String::new() } else { end };

            self.cadre(&NAMES, year - 36 + nth % 7, from.title);
            self.post(&from.unit, from.title, (&before, &start));
            self.post(&to.unit, to.title, (&start, &end));
            if !end.is_empty() {
                self.post(&from.unit, from.title, (&end, ""));
            }
            self.qualifications("UNIVERSITY", ["INTERMEDIATE", "ADVANCED"][nth % 2], year - 10);
            let (code, decision) = (self.code(), format!("{}-QĐ/{year}", self.people));
            self.rotations.add(&[
                ("cadre_code", &code),
                ("from_unit_code", &from.unit),
                ("to_unit_code", &to.unit),
                ("form", stream.form),
                ("start_on", &start),
                ("end_on", &end),
                ("decision_no", &decision),
            ]);
        }
    }
}
