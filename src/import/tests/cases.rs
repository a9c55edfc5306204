//! A small bundle of invented people, which is in the folder `bundle`, and edits that invalidate it. Contains only data,
//! so that a test of another binary can include this file and run the cases on another database.

/// A file of a bundle: name and content.
pub type File = (&'static str, &'static str);

/// A bundle without findings. Two tiers from July 2025, three before.
pub const BUNDLE: [File; 28] = [
    ("units.csv", include_str!("bundle/units.csv")),
    ("unit_successions.csv", include_str!("bundle/unit_successions.csv")),
    ("titles.csv", include_str!("bundle/titles.csv")),
    ("institutions.csv", include_str!("bundle/institutions.csv")),
    ("cadres.csv", include_str!("bundle/cadres.csv")),
    ("assignments.csv", include_str!("bundle/assignments.csv")),
    ("qualifications.csv", include_str!("bundle/qualifications.csv")),
    ("rotations.csv", include_str!("bundle/rotations.csv")),
    ("rules.csv", include_str!("bundle/rules.csv")),
    ("retirement_ages.csv", include_str!("bundle/retirement_ages.csv")),
    ("programmes.csv", include_str!("bundle/programmes.csv")),
    ("training_plans.csv", include_str!("bundle/training_plans.csv")),
    ("quotas.csv", include_str!("bundle/quotas.csv")),
    ("classes.csv", include_str!("bundle/classes.csv")),
    ("enrolments.csv", include_str!("bundle/enrolments.csv")),
    ("class_sessions.csv", include_str!("bundle/class_sessions.csv")),
    ("unit_identifiers.csv", include_str!("bundle/unit_identifiers.csv")),
    ("standards.csv", include_str!("bundle/standards.csv")),
    ("standard_scopes.csv", include_str!("bundle/standard_scopes.csv")),
    ("requirements.csv", include_str!("bundle/requirements.csv")),
    ("unit_areas.csv", include_str!("bundle/unit_areas.csv")),
    ("title_steps.csv", include_str!("bundle/title_steps.csv")),
    ("documents.csv", include_str!("bundle/documents.csv")),
    ("duties.csv", include_str!("bundle/duties.csv")),
    ("duty_programmes.csv", include_str!("bundle/duty_programmes.csv")),
    ("duty_exemptions.csv", include_str!("bundle/duty_exemptions.csv")),
    ("appraisals.csv", include_str!("bundle/appraisals.csv")),
    ("standard_exemptions.csv", include_str!("bundle/standard_exemptions.csv")),
];

/// A change to the bundle and the only finding that it must cause: in `file`, the `old` text is replaced by the `new`
/// one.
pub struct Case {
    /// The file to change.
    pub file: &'static str,
    /// Text to replace: its first occurrence in the file. Empty: `new` is appended.
    pub old: &'static str,
    /// The replacement.
    pub new: &'static str,
    /// File, line, name and position of the column, code.
    pub finding: (&'static str, u64, &'static str, usize, &'static str),
}

macro_rules! cases {
    ($($file:literal: $old:literal => $new:literal; $line:literal $column:literal $position:literal $code:literal)*) => {
        [$(Case {
            file: concat!($file, ".csv"),
            old: $old,
            new: $new,
            finding: (concat!($file, ".csv"), $line, $column, $position, $code),
        }),*]
    };
}

/// Each of these refuses the whole bundle.
pub static BROKEN: [Case; 256] = cases! {
    "units": "kind,tier" => "tier"; 1 "" 0 "BAD_HEADER"
    "units": "kind,tier" => "tier,tier"; 1 "" 0 "BAD_HEADER"
    "units": "kind,tier" => "kind,tier,colour"; 1 "" 0 "BAD_HEADER"
    "units": "code,parent" => "Code,parent"; 1 "" 0 "BAD_HEADER"
    "units": "P,N,,PROVINCE" => "P,N,PROVINCE"; 3 "" 0 "BAD_RECORD"
    "units": "P,N,,PROVINCE" => "P,N,,,PROVINCE"; 3 "" 0 "BAD_RECORD"
    "institutions": "Trường Thử" => "\"Trường Thử"; 2 "" 0 "BAD_RECORD"
    "units": "Tỉnh Thử" => "Tỉnh\0Thử"; 3 "name" 6 "BAD_ENCODING"
    "units": "Tỉnh Thử" => "\"Tỉnh\nThử\""; 3 "name" 6 "BAD_VALUE"
    "units": "Tỉnh Thử" => ""; 3 "name" 6 "MISSING_VALUE"
    "units": "P,N,,PROVINCE,PROVINCE" => "P,N,,TOWN,PROVINCE"; 3 "kind" 4 "BAD_VALUE"
    "units": "P,N,,PROVINCE,PROVINCE" => "P,N,,PROVINCE,province"; 3 "tier" 5 "BAD_VALUE"
    "units": "P,N,,PROVINCE,PROVINCE" => "P,N,,PROVINCE,"; 3 "tier" 5 "MISSING_VALUE"
    "units": ",11,," => ",11 ,,"; 3 "admin_code" 7 "BAD_VALUE"
    "units": "X,P,,COMMUNE" => "X,Q,,COMMUNE"; 7 "parent_code" 2 "UNKNOWN_CODE"
    "units": "S,P,B," => "S,P,Q,"; 8 "party_parent_code" 3 "UNKNOWN_CODE"
    "units": "03124,2025-07-01," => "03124,2025-06-30,"; 7 "code" 1 "REPEATED_CODE"
    "units": "" => "B,P,,PARTY_BLOC,PROVINCE,Khác,,,\n"; 9 "code" 1 "REPEATED_CODE"
    "units": "03124,2025-07-01," => "03124,2025-07-01,2025-07-01"; 7 "valid_to" 9 "EMPTY_INTERVAL"
    "units": "03124,,2025-07-01" => "03124,,2025-13-01"; 6 "valid_to" 9 "BAD_VALUE"
    "units": "X,P,,COMMUNE" => "X,D,,COMMUNE"; 7 "parent_code" 2 "PARENT_NOT_ALIVE"
    "units": "B,P,,PARTY_BLOC" => "B,P,D,PARTY_BLOC"; 4 "party_parent_code" 3 "PARENT_NOT_ALIVE"
    "units": "P,N,,PROVINCE" => "P,P,,PROVINCE"; 3 "parent_code" 2 "UNIT_CYCLE"
    "units": "B,P,,PARTY_BLOC" => "B,P,S,PARTY_BLOC"; 4 "party_parent_code" 3 "UNIT_CYCLE"
    "unit_successions": "D,X," => "Q,X,"; 2 "predecessor_code" 1 "UNKNOWN_CODE"
    "unit_successions": "D,X," => "D,Q,"; 2 "successor_code" 2 "UNKNOWN_CODE"
    "unit_successions": "D,X," => "X,X,"; 2 "successor_code" 2 "BAD_VALUE"
    "unit_successions": "DISSOLVE" => "EATEN"; 2 "kind" 3 "BAD_VALUE"
    "unit_successions": "" => "D,X,DISSOLVE,2025-07-01,\n"; 3 "predecessor_code" 1 "REPEATED_ROW"
    "unit_identifiers": "S,VN" => "Q,VN"; 2 "unit_code" 1 "UNKNOWN_CODE"
    "unit_identifiers": "VN_AGENCY" => "AGENCY"; 2 "system" 2 "BAD_VALUE"
    "unit_identifiers": "H99.12," => "h99.12,"; 2 "value" 3 "BAD_VALUE"
    "unit_identifiers": "H99.12," => ","; 2 "value" 3 "MISSING_VALUE"
    "unit_identifiers": "000.00" => "00.00"; 3 "value" 3 "BAD_VALUE"
    "unit_identifiers": "097,," => "97A,,"; 4 "value" 3 "BAD_VALUE"
    "unit_identifiers": "097,2026-01-01," => "097,2026-01-01,2026-01-01"; 5 "valid_to" 5 "EMPTY_INTERVAL"
    "unit_identifiers": "097,2026-01-01" => "097,2025-06-30"; 5 "value" 3 "REPEATED_CODE"
    "unit_identifiers": "" => "D,ADMIN_UNIT,097,,2025-07-01\n"; 6 "unit_code" 1 "REPEATED_ROW"
    "unit_identifiers": "" => "B,PARTY,a b,,\n"; 6 "value" 3 "BAD_VALUE"
    "titles": "" => "BT,Lại,CADRE,,true,,\n"; 4 "code" 1 "REPEATED_CODE"
    "titles": "COMMUNE,true" => "COMMUNE,True"; 2 "is_key_leader" 5 "BAD_VALUE"
    "titles": "CADRE" => "CHIEF"; 2 "category" 3 "BAD_VALUE"
    "institutions": "" => "T1,Trường khác\n"; 3 "code" 1 "REPEATED_CODE"
    "institutions": "T1," => " T1,"; 2 "code" 1 "BAD_VALUE"
    "cadres": "Đỗ Thị Thử" => ""; 2 "full_name" 3 "MISSING_VALUE"
    "cadres": "1980-01-02" => "02/01/1980"; 2 "birth_on" 5 "BAD_VALUE"
    "cadres": "1980-01-02" => "1979-02-29"; 2 "birth_on" 5 "BAD_VALUE"
    "cadres": "999000000001" => "99900000001"; 2 "national_id" 2 "BAD_VALUE"
    "cadres": "999000000001" => "99900000000x"; 2 "national_id" 2 "BAD_VALUE"
    "cadres": "999000000001" => "9.99E+11"; 2 "national_id" 2 "BAD_VALUE"
    "cadres": "999000000001" => "'999000000001"; 2 "national_id" 2 "BAD_VALUE"
    "cadres": "999000000001" => "９９９００００００００１"; 2 "national_id" 2 "BAD_VALUE"
    "cadres": "999000000001" => "NULL"; 2 "national_id" 2 "NOT_A_VALUE"
    "cadres": "Đỗ Thị Thử" => "§ç ThÞ Thö"; 2 "full_name" 3 "GARBLED_TEXT"
    "cadres": "Đỗ Thị Thử" => "Ñoã Thò Maãu"; 2 "full_name" 3 "GARBLED_TEXT"
    "cadres": "Đỗ Thị Thử" => "Äá»— Thá»‹"; 2 "full_name" 3 "GARBLED_TEXT"
    "cadres": "Đỗ Thị Thử" => "Đ\u{FFFD} Thị Thử"; 2 "full_name" 3 "GARBLED_TEXT"
    "cadres": "Đỗ Thị Thử" => "Đỗ \u{202E}Thị Thử"; 2 "full_name" 3 "GARBLED_TEXT"
    "cadres": "Đỗ Thị Thử" => "#REF!"; 2 "full_name" 3 "NOT_A_VALUE"
    "cadres": "01.003" => "#N/A"; 3 "rank_code" 11 "NOT_A_VALUE"
    "assignments": "C2,S,CV" => "C2,#REF!,CV"; 4 "unit_code" 2 "NOT_A_VALUE"
    "assignments": "C2,S,CV" => "C2,NULL,CV"; 4 "unit_code" 2 "NOT_A_VALUE"
    "assignments": "C2,S,CV" => "C2,S\u{200B},CV"; 4 "unit_code" 2 "BAD_VALUE"
    "cadres": "FEMALE" => "Nữ"; 2 "gender" 4 "BAD_VALUE"
    "cadres": ",01,03124" => ",55,03124"; 2 "ethnicity_code" 6 "UNKNOWN_CODE"
    "cadres": "RETIRED" => "GONE"; 4 "status" 12 "BAD_VALUE"
    "cadres": "" => "C1,,Ai Đó,MALE,,,,,,CADRE,,ACTIVE\n"; 6 "code" 1 "REPEATED_CODE"
    "assignments": "C2,S,CV" => "C9,S,CV"; 4 "cadre_code" 1 "UNKNOWN_CODE"
    "assignments": "C2,S,CV" => "C2,Q,CV"; 4 "unit_code" 2 "UNKNOWN_CODE"
    "assignments": "C2,S,CV" => "C2,S,QQ"; 4 "title_code" 3 "UNKNOWN_CODE"
    "assignments": "2012-01-01,,true" => ",,true"; 3 "start_on" 4 "MISSING_VALUE"
    "assignments": "2012-01-01,,true" => "2012-01-01,2012-01-01,true"; 3 "end_on" 5 "EMPTY_INTERVAL"
    "assignments": "2012-01-01,,true" => "2012-01-01,2011-01-01,true"; 3 "end_on" 5 "EMPTY_INTERVAL"
    "assignments": "2012-01-01,,true" => "2012-01-01,,"; 3 "is_primary" 6 "MISSING_VALUE"
    "assignments": "2016-01-01,false" => "2016-01-01,false\nC2,D,CV,2014-01-01,,false"; 6 "unit_code" 2 "POST_IN_ENDED_UNIT"
    "assignments": "" => "C3,S,CV,2020-01-01,,true\n"; 9 "end_on" 5 "POST_AFTER_SERVICE"
    "assignments": "" => "C3,S,CV,2020-01-01,2030-01-01,true\n"; 9 "end_on" 5 "POST_AFTER_SERVICE"
    "assignments": "" => "C1,X,BT,2012-01-01,2013-01-01,true\n"; 9 "cadre_code" 1 "REPEATED_ROW"
    "qualifications": "C2,INFORMATICS" => "C9,INFORMATICS"; 4 "cadre_code" 1 "UNKNOWN_CODE"
    "qualifications": "C2,INFORMATICS" => "C2,DRIVING"; 4 "subject" 2 "UNKNOWN_SUBJECT"
    "qualifications": "INFORMATICS,BASIC" => "INFORMATICS,MASTER"; 4 "level" 3 "UNKNOWN_LEVEL"
    "qualifications": "7310101,T1" => "7310101,T9"; 2 "institution_code" 5 "UNKNOWN_CODE"
    "qualifications": "REGULAR" => "NIGHTLY"; 2 "mode" 6 "BAD_VALUE"
    "qualifications": "2010-06" => "06/2010"; 3 "granted_on" 7 "BAD_VALUE"
    "qualifications": "" => "C2,INFORMATICS,BASIC,,,,2014-06-01\n"; 5 "cadre_code" 1 "REPEATED_ROW"
    "rotations": "C2,S," => "C9,S,"; 3 "cadre_code" 1 "UNKNOWN_CODE"
    "rotations": "C2,S," => "C2,Q,"; 3 "from_unit_code" 2 "UNKNOWN_CODE"
    "rotations": "C2,S,X" => "C2,S,Q"; 3 "to_unit_code" 3 "UNKNOWN_CODE"
    "rotations": "SECONDMENT" => "LOAN"; 3 "form" 4 "BAD_VALUE"
    "rotations": "2015-01-01" => ""; 3 "start_on" 5 "MISSING_VALUE"
    "rotations": "2016-01-01" => "2015-01-01"; 3 "end_on" 6 "EMPTY_INTERVAL"
    "rotations": "2016-01-01" => "2014-12-31"; 3 "end_on" 6 "EMPTY_INTERVAL"
    "rotations": "2016-01-01" => "2016"; 3 "end_on" 6 "BAD_VALUE"
    "rotations": "" => "C2,S,X,SECONDMENT,2015-01-01,2016-01-01,\n"; 5 "cadre_code" 1 "REPEATED_ROW"
    "rotations": "" => "C2,S,X,ROTATION,2015-01-01,,9-QĐ\n"; 5 "cadre_code" 1 "REPEATED_ROW"
    "rotations": "12-QĐ/TU" => "12\u{7}"; 2 "decision_no" 7 "BAD_VALUE"
    "rotations": "form,start_on" => "form"; 1 "" 0 "BAD_HEADER"
    "rotations": "" => "C2,S,X,ROTATION,2090-01-01,2091-01-01,\nC2,S,P,ROTATION,2091-01-01,,\n"; 6 "cadre_code" 1 "ROTATION_RUNNING"
    "rules": "TU-TERM,rotation.min_term_months" => "TU-TERM,rotation.colour"; 2 "key" 2 "BAD_VALUE"
    "rules": "months,ROTATION" => "months,LOAN"; 2 "form" 3 "BAD_VALUE"
    "rules": ",CADRE," => ",CHIEF,"; 2 "category" 4 "BAD_VALUE"
    "rules": "REINFORCE" => "FUN"; 3 "purpose" 5 "BAD_VALUE"
    "rules": ",48," => ",-1,"; 2 "value" 6 "BAD_VALUE"
    "rules": ",48," => ",1201,"; 2 "value" 6 "BAD_VALUE"
    "rules": ",48," => ",4.5,"; 2 "value" 6 "BAD_VALUE"
    "rules": ",0,ON" => ",2,ON"; 3 "value" 6 "BAD_VALUE"
    "rules": "PER_TITLE" => "PER_YEAR"; 2 "basis" 7 "BAD_VALUE"
    "rules": "2026-01-01" => "2020-01-01"; 2 "valid_to" 9 "EMPTY_INTERVAL"
    "rules": ",12-QĐ/TU," => ",,"; 3 "legal_basis" 10 "MISSING_VALUE"
    "rules": "UNVERIFIED" => "MAYBE"; 3 "verification" 11 "BAD_VALUE"
    "rules": "TU-PLAN" => "TU-TERM"; 3 "code" 1 "REPEATED_CODE"
    "rules": "TU-PLAN" => "VN-QD98-MIN-TERM"; 3 "code" 1 "REPEATED_CODE"
    "retirement_ages": ",660," => ",1201,"; 2 "age_months" 4 "BAD_VALUE"
    "retirement_ages": "1990-01-01" => "1990-02-01"; 2 "valid_from" 3 "BAD_VALUE"
    "retirement_ages": "TU-F" => "VN-BLLD-MALE-1995"; 2 "code" 1 "REPEATED_CODE"
    "standards": "code,name" => "name"; 1 "" 0 "BAD_HEADER"
    "standards": "xã,P," => "xã,Q,"; 2 "issuer_code" 3 "UNKNOWN_CODE"
    "standards": "1-QĐ/TU" => ""; 2 "document_no" 4 "MISSING_VALUE"
    "standards": "2020-01-01,2026" => "2020,2026"; 2 "valid_from" 5 "BAD_VALUE"
    "standards": "2020-01-01,2026-01-01" => "2026-01-01,2026-01-01"; 2 "valid_to" 6 "EMPTY_INTERVAL"
    "standards": "UNVERIFIED" => "DRAFT"; 3 "verification" 7 "BAD_VALUE"
    "standards": "" => "TC2,Lại,,3-QĐ/TW,2030-01-01,,VERIFIED\n"; 4 "code" 1 "REPEATED_CODE"
    "standard_scopes": "TC2," => "TC9,"; 4 "standard_code" 1 "UNKNOWN_CODE"
    "standard_scopes": "TC2,BT" => "TC2,GV"; 4 "title_code" 2 "UNKNOWN_CODE"
    "standard_scopes": "COMMUNE" => "VILLAGE"; 2 "tier" 3 "BAD_VALUE"
    "standard_scopes": "" => "TC2,BT,PROVINCE\n"; 5 "standard_code" 1 "REPEATED_ROW"
    "requirements": "TC2," => "TC9,"; 4 "standard_code" 1 "UNKNOWN_CODE"
    "requirements": "PROFESSIONAL,UNIVERSITY" => "CAREER,UNIVERSITY"; 2 "subject" 3 "UNKNOWN_SUBJECT"
    "requirements": "PROFESSIONAL,UNIVERSITY" => "AGE_MIN,UNIVERSITY"; 2 "subject" 3 "UNKNOWN_SUBJECT"
    "requirements": "PROFESSIONAL,UNIVERSITY" => "PROFESSIONAL,ADVANCED"; 2 "level" 4 "UNKNOWN_LEVEL"
    "requirements": "MUST,2025" => "MAY,2025"; 2 "severity" 5 "BAD_VALUE"
    "requirements": "2025-01-01" => "2020-01-01"; 2 "transition_until" 6 "EMPTY_INTERVAL"
    "requirements": "2-QĐ/TW, Điều 2" => ""; 4 "legal_basis" 7 "MISSING_VALUE"
    "requirements": "TC1,LL" => "TC1,TD"; 3 "code" 2 "REPEATED_CODE"
    "requirements": "STATE_MANAGEMENT:SPECIALIST" => "SPECIALIST"; 3 "equivalents" 8 "BAD_VALUE"
    "requirements": "STATE_MANAGEMENT:SPECIALIST" => "POLITICAL_THEORY:ADVANCED"; 3 "equivalents" 8 "BAD_VALUE"
    "requirements": ":SPECIALIST" => ":SPECIALIST|STATE_MANAGEMENT:OFFICER"; 3 "equivalents" 8 "BAD_VALUE"
    "requirements": "STATE_MANAGEMENT:SPECIALIST" => "STATE_MANAGEMENT:BASIC"; 3 "equivalents" 8 "UNKNOWN_LEVEL"
    "standard_scopes": "" => "TC3,CV,\n"; 5 "standard_code" 1 "UNKNOWN_CODE"
    "programmes": "kind,subject" => "kind"; 1 "" 0 "BAD_HEADER"
    "programmes": "TRAINING" => "COURSE"; 2 "kind" 3 "BAD_VALUE"
    "programmes": "ANY" => ""; 4 "subject" 4 "MISSING_VALUE"
    "programmes": "INTERMEDIATE" => "MASTER"; 2 "level" 5 "UNKNOWN_LEVEL"
    "programmes": "JOB_SKILLS," => "JOB_SKILLS,BASIC"; 3 "subject" 4 "UNKNOWN_SUBJECT"
    "programmes": "" => "LL,Lại,TRAINING,ANY,,\n"; 5 "code" 1 "REPEATED_CODE"
    "training_plans": "KH1,P," => "KH1,Q,"; 2 "unit_code" 2 "UNKNOWN_CODE"
    "training_plans": "2025,2026" => "25,2026"; 2 "year_from" 3 "BAD_VALUE"
    "training_plans": "2025,2026" => "2025,2024"; 2 "year_to" 4 "EMPTY_INTERVAL"
    "training_plans": "APPROVED" => "DONE"; 2 "status" 7 "BAD_VALUE"
    "training_plans": "" => "KH1,P,2026,2026,,Lại,DRAFT\n"; 3 "code" 1 "REPEATED_CODE"
    "quotas": "KH1,X" => "KH9,X"; 3 "plan_code" 1 "UNKNOWN_CODE"
    "quotas": "KH1,X" => "KH1,Q"; 3 "unit_code" 2 "UNKNOWN_CODE"
    "quotas": "X,LL" => "X,QQ"; 3 "programme_code" 3 "UNKNOWN_CODE"
    "quotas": "FULL_TIME" => "NIGHTLY"; 3 "mode" 4 "BAD_VALUE"
    "quotas": "TURNS" => "SEATS"; 2 "measure" 5 "BAD_VALUE"
    "quotas": "MORE_THAN" => "ABOUT"; 4 "bound" 6 "BAD_VALUE"
    "quotas": "EXACT,5" => "EXACT,-5"; 2 "quantity" 7 "BAD_VALUE"
    "quotas": "EXACT,5" => "EXACT,"; 2 "quantity" 7 "MISSING_VALUE"
    "quotas": "EXACT,5,1" => "EXACT,5,1.5"; 2 "classes" 8 "BAD_VALUE"
    "quotas": "" => "KH1,P,LL,,TURNS,EXACT,6,\n"; 5 "plan_code" 1 "REPEATED_ROW"
    "classes": "L1,KH1" => "L1,KH9"; 2 "plan_code" 2 "UNKNOWN_CODE"
    "classes": "L1,KH1,LL" => "L1,KH1,QQ"; 2 "programme_code" 3 "UNKNOWN_CODE"
    "classes": "S,K1" => "Q,K1"; 2 "organiser_code" 4 "UNKNOWN_CODE"
    "classes": "TRAINING" => "LESSON"; 2 "category" 6 "BAD_VALUE"
    "classes": "2025-05-05,2025-05-05" => "2025-05-05,2025-05-04"; 3 "end_on" 9 "EMPTY_INTERVAL"
    "classes": "06-30,2," => "06-30,two,"; 2 "capacity" 10 "BAD_VALUE"
    "classes": "OPEN" => "OPENED"; 4 "status" 12 "BAD_VALUE"
    "classes": "" => "L1,,NV,S,,VILLAGE,,2025-01-01,2025-01-02,,,CLOSED\n"; 5 "code" 1 "REPEATED_CODE"
    "class_sessions": "on_day" => "day"; 1 "" 0 "BAD_HEADER"
    "class_sessions": "L2," => "L9,"; 4 "class_code" 1 "UNKNOWN_CODE"
    "class_sessions": "L2," => ","; 4 "class_code" 1 "MISSING_VALUE"
    "class_sessions": "2025-05-05" => "05/05/2025"; 4 "on_day" 2 "BAD_VALUE"
    "class_sessions": "2025-03-03" => "2025-03-02"; 2 "on_day" 2 "BAD_VALUE"
    "class_sessions": "2025-06-30" => "2025-07-01"; 3 "on_day" 2 "BAD_VALUE"
    "class_sessions": "" => "L1,2025-03-03\n"; 5 "class_code" 1 "REPEATED_ROW"
    "enrolments": "C2,L2" => "C9,L2"; 4 "cadre_code" 1 "UNKNOWN_CODE"
    "enrolments": "C2,L2" => "C2,L9"; 4 "class_code" 2 "UNKNOWN_CODE"
    "enrolments": "C3,,LL" => "C3,,QQ"; 7 "programme_code" 3 "UNKNOWN_CODE"
    "enrolments": "C3,,LL,P" => "C3,,LL,Q"; 7 "unit_code" 4 "UNKNOWN_CODE"
    "enrolments": "P,2026" => "P,26"; 7 "year" 5 "BAD_VALUE"
    "enrolments": "REGISTERED" => "WAITING"; 7 "result" 6 "BAD_VALUE"
    "enrolments": "GOOD" => "Khá"; 2 "grade" 7 "BAD_VALUE"
    "enrolments": "" => "C1,L1,LL,X,2025,DROPPED,\n"; 8 "cadre_code" 1 "REPEATED_ROW"
    "enrolments": "" => "C3,,LL,P,2026,DROPPED,\n"; 8 "cadre_code" 1 "REPEATED_ROW"
    "enrolments": "" => "C3,L3,LL,P,2026,CONFIRMED,\n"; 8 "class_code" 2 "CLASS_FULL"
    "programmes": "SKILLS,," => "SKILLS,,-1"; 3 "hours" 6 "BAD_VALUE"
    "duties": "norm_percent," => ""; 1 "" 0 "BAD_HEADER"
    "duties": "Cập nhật kiến thức" => ""; 2 "name" 2 "MISSING_VALUE"
    "duties": ",P,CADRE" => ",Q,CADRE"; 2 "issuer_code" 3 "UNKNOWN_CODE"
    "duties": "CADRE|CIVIL" => "CADRE,CIVIL"; 2 "" 0 "BAD_RECORD"
    "duties": "CADRE|CIVIL" => "CADRE|CHIEF|CIVIL"; 2 "categories" 4 "BAD_VALUE"
    "duties": ",CADRE|CIVIL_SERVANT," => ",,"; 2 "categories" 4 "MISSING_VALUE"
    "duties": "true,PART" => "1,PART"; 2 "key_leaders_only" 5 "BAD_VALUE"
    "duties": "PARTICIPATION" => "DAYS"; 2 "measure" 6 "BAD_VALUE"
    "duties": "PATION,1," => "PATION,0,"; 2 "amount" 7 "BAD_VALUE"
    "duties": ",80," => ",101,"; 2 "norm_percent" 8 "BAD_VALUE"
    "duties": "2026-01-01,,12" => "2026-01-01,2026-01-01,12"; 2 "valid_to" 10 "EMPTY_INTERVAL"
    "duties": "VERIFIED" => "MAYBE"; 2 "verification" 12 "BAD_VALUE"
    "duties": "" => "CN,Lại,,CADRE,false,HOURS,40,100,2020-01-01,,1-QĐ,VERIFIED\n"; 4 "code" 1 "REPEATED_CODE"
    "duty_programmes": "CN," => "CX,"; 2 "duty_code" 1 "UNKNOWN_CODE"
    "duty_programmes": "CN,NV" => "CN,QQ"; 2 "programme_code" 2 "UNKNOWN_CODE"
    "duty_programmes": "" => "CN,NV\n"; 4 "duty_code" 1 "REPEATED_ROW"
    "standard_exemptions": "C2,TC1" => "C9,TC1"; 2 "cadre_code" 1 "UNKNOWN_CODE"
    "standard_exemptions": "TC1,TD" => "TC2,LL"; 2 "requirement_code" 3 "UNKNOWN_CODE"
    "standard_exemptions": "TD,P" => "TD,Q9"; 2 "granted_by_code" 4 "UNKNOWN_CODE"
    "standard_exemptions": "6-QĐ" => ""; 2 "document_no" 5 "MISSING_VALUE"
    "standard_exemptions": "2025-09-01" => "2024-03-01"; 2 "valid_to" 7 "EMPTY_INTERVAL"
    "standard_exemptions": "Sắp nghỉ hưu" => ""; 2 "reason" 8 "MISSING_VALUE"
    "standard_exemptions": "" => "C2,TC1,TD,P,8-QĐ,2024-03-01,,Khác\n"; 4 "cadre_code" 1 "REPEATED_ROW"
    "duty_exemptions": "C2,CN" => "C9,CN"; 2 "cadre_code" 1 "UNKNOWN_CODE"
    "duty_exemptions": "C2,CN" => "C2,CX"; 2 "duty_code" 2 "UNKNOWN_CODE"
    "duty_exemptions": "2026-03-01" => "03/2026"; 2 "valid_from" 3 "BAD_VALUE"
    "duty_exemptions": "2026-09-01" => "2026-03-01"; 2 "valid_to" 4 "EMPTY_INTERVAL"
    "duty_exemptions": "LONG_STUDY" => "HOLIDAY"; 2 "reason" 5 "BAD_VALUE"
    "duty_exemptions": "" => "C2,CN,2026-03-01,,NEW,\n"; 4 "cadre_code" 1 "REPEATED_ROW"
    "appraisals": "C1,STATE" => "C9,STATE"; 2 "cadre_code" 1 "UNKNOWN_CODE"
    "appraisals": "C1,STATE" => "C1,UNION"; 2 "system" 2 "BAD_VALUE"
    "appraisals": "MONTH,2025,12" => "MONTH,2025,13"; 5 "number" 5 "BAD_VALUE"
    "appraisals": "QUARTER,2026,1" => "QUARTER,2026,5"; 4 "number" 5 "BAD_VALUE"
    "appraisals": "QUARTER,2026,1" => "QUARTER,2026,"; 4 "number" 5 "MISSING_VALUE"
    "appraisals": "YEAR,2025,," => "YEAR,2025,1,"; 2 "number" 5 "BAD_VALUE"
    "appraisals": ",,X,,GOOD" => ",,Q,,GOOD"; 2 "unit_code" 6 "UNKNOWN_CODE"
    "appraisals": "91.5" => "91.555"; 3 "points" 7 "BAD_VALUE"
    "appraisals": "91.5" => "100.5"; 3 "points" 7 "BAD_VALUE"
    "appraisals": "91.5" => "89.99"; 3 "points" 7 "POINTS_DISAGREE"
    "appraisals": ",,GOOD,2025-12-15" => ",75,GOOD,2025-12-15"; 2 "points" 7 "POINTS_DISAGREE"
    "appraisals": "NOT_RATED" => "UNRATED"; 5 "result" 8 "BAD_VALUE"
    "appraisals": "2026-01-02" => "2026-06-02"; 5 "decided_on" 9 "NOT_YET_BEGUN"
    "appraisals": "" => "C1,STATE,YEAR,2025,,S,,FULFILLED,2025-12-20,\n"; 6 "cadre_code" 1 "REPEATED_ROW"
    "titles": "COMMUNE_KEY" => "COMMUNE KEY"; 2 "group" 6 "BAD_VALUE"
    "titles": "HEAD" => "CHIEF"; 2 "role" 7 "BAD_VALUE"
    "title_steps": "BT,1" => "GV,1"; 2 "title_code" 1 "UNKNOWN_CODE"
    "title_steps": "BT,1" => "BT,0"; 2 "step" 2 "BAD_VALUE"
    "title_steps": "BT,1" => "BT,1.5"; 2 "step" 2 "BAD_VALUE"
    "title_steps": "2022-05-05,2025-09-08" => "2025-09-08,2025-09-08"; 2 "valid_to" 4 "EMPTY_INTERVAL"
    "title_steps": "UNVERIFIED" => "DRAFT"; 2 "verification" 6 "BAD_VALUE"
    "title_steps": "" => "BT,1,2026-01-01,,Lại,VERIFIED\n"; 4 "valid_from" 3 "REPEATED_CODE"
    "title_steps": "" => "BT,1,2025-09-08,,Lại,VERIFIED\n"; 4 "title_code" 1 "REPEATED_ROW"
    "unit_areas": "X,BORDER" => "Q,BORDER"; 2 "unit_code" 1 "UNKNOWN_CODE"
    "unit_areas": "X,BORDER" => "X,DESERT"; 2 "area" 2 "BAD_VALUE"
    "unit_areas": "2020-01-01,2026" => "2020,2026"; 2 "valid_from" 3 "BAD_VALUE"
    "unit_areas": "" => "X,NORMAL,2025-12-31,,\n"; 4 "area" 2 "REPEATED_CODE"
    "unit_areas": "" => "X,BORDER,2020-01-01,2026-01-01,1-QĐ/UBDT\n"; 4 "unit_code" 1 "REPEATED_ROW"
    "documents": "code,number" => "number"; 1 "" 0 "BAD_HEADER"
    "documents": "12-QĐ/TU" => "QĐ-12"; 2 "number" 2 "BAD_VALUE"
    "documents": "12-QĐ/TU" => "12"; 2 "number" 2 "BAD_VALUE"
    "documents": "DECISION" => "LETTER"; 2 "kind" 3 "BAD_VALUE"
    "documents": "SION,P," => "SION,Q,"; 2 "issuer_code" 4 "UNKNOWN_CODE"
    "documents": "P,2019-12-20" => "P,12/2019"; 2 "signed_on" 5 "BAD_VALUE"
    "documents": "2020-01-01,2026-01-01" => "2020-01-01,2020-01-01"; 2 "valid_to" 7 "EMPTY_INTERVAL"
    "documents": "2026-01-01,D2" => "2026-01-01,D9"; 2 "replaced_by_code" 8 "UNKNOWN_CODE"
    "documents": "2026-01-01,D2" => ",D2"; 2 "replaced_by_code" 8 "BAD_VALUE"
    "documents": "2026-01-01,D2" => "2025-12-31,D2"; 2 "replaced_by_code" 8 "BAD_VALUE"
    "documents": "2026-01-01,D2" => "2026-01-01,D1"; 2 "replaced_by_code" 8 "BAD_VALUE"
    "documents": "" => "D1,9-QĐ/TU,DECISION,P,2020-01-01,2020-01-01,,,Lại\n"; 5 "code" 1 "REPEATED_CODE"
    "documents": "" => "D4,012-qđ/TU,DECISION,P,2019-01-01,2020-01-01,,,Lại\n"; 5 "number" 2 "REPEATED_CODE"
};

/// Each of these is loaded, with a warning.
pub static DOUBTFUL: [Case; 36] = cases! {
    "units": "Tỉnh Thử" => "Ti\u{309}nh Thử"; 3 "name" 6 "TEXT_NOT_NFC"
    "units": "Tỉnh Thử" => "Tỉnh Thử "; 3 "name" 6 "TEXT_TRIMMED"
    "unit_successions": "quyết số" => "quye\u{302}\u{301}t số"; 2 "document" 5 "TEXT_NOT_NFC"
    "cadres": "Đỗ Thị Thử" => "Đô\u{303} Thị Thử"; 2 "full_name" 3 "TEXT_NOT_NFC"
    "cadres": "Đỗ Thị Thử" => "Đỗ\u{A0}Thị Thử"; 2 "full_name" 3 "TEXT_CLEANED"
    "cadres": "Đỗ Thị Thử" => "Đỗ Thị\u{200B} Th\u{AD}ử"; 2 "full_name" 3 "TEXT_CLEANED"
    "cadres": "Đỗ Thị Thử" => "\u{189}ỗ Thị  Thử"; 2 "full_name" 3 "TEXT_CLEANED"
    "units": "Xã Thử" => "Xã Thử\u{FEFF}"; 6 "name" 6 "TEXT_CLEANED"
    "cadres": "999000000001" => "000080000001"; 2 "national_id" 2 "DOUBTFUL_NATIONAL_ID"
    "cadres": "999000000001" => "000181000001"; 2 "national_id" 2 "DOUBTFUL_NATIONAL_ID"
    "cadres": "999000000002" => "999000000001"; 3 "national_id" 2 "DOUBTFUL_NATIONAL_ID"
    "cadres": "2003-05-01" => "1980-01-02"; 2 "joined_service_on" 8 "DOUBTFUL_DATE"
    "cadres": "2006-02-03" => "1998-01-01"; 2 "joined_party_on" 9 "DOUBTFUL_DATE"
    "cadres": "C3,,Giàng A Ví,MALE,," => "C3,,Giàng A Ví,MALE,2100-01-01,"; 4 "birth_on" 5 "DOUBTFUL_DATE"
    "assignments": "C1,X,CV,2003-05-01" => "C1,X,CV,1998-01-01"; 2 "start_on" 4 "DOUBTFUL_DATE"
    "assignments": "C1,X,BT,2012-01-01" => "C1,X,BT,2100-01-01"; 3 "start_on" 4 "DOUBTFUL_DATE"
    "assignments": "2003-05-01,2012-01-01,true" => "2003-05-01,2012-01-02,true"; 3 "start_on" 4 "TWO_PRIMARY_POSTS"
    "assignments": "2016-01-01,false" => "2016-01-01,true"; 5 "start_on" 4 "TWO_PRIMARY_POSTS"
    "assignments": "" => "C2,D,CV,2014-01-01,2026-01-01,false\n"; 9 "unit_code" 2 "UNIT_NOT_ALIVE"
    "assignments": "" => "C2,S,BT,2014-01-01,2016-01-01,false\n"; 9 "title_code" 3 "TITLE_OF_OTHER_TIER"
    "cadres": "" => "C5,,đỗ thị thử,FEMALE,1980-01-02,,,,,CADRE,,ACTIVE\n"; 6 "full_name" 3 "SAME_PERSON"
    "classes": "" => "L4,KH1,NV,S,,WORKSHOP,,2024-01-01,2024-01-02,,,CLOSED\n"; 5 "start_on" 8 "CLASS_OUTSIDE_PLAN"
    "qualifications": "REGULAR,2002" => "REGULAR,1993"; 2 "granted_on" 7 "DOUBTFUL_DATE"
    "qualifications": "REGULAR,2002" => "REGULAR,2100"; 2 "granted_on" 7 "DOUBTFUL_DATE"
    "qualifications": "2010-06" => "1994-01-01"; 3 "granted_on" 7 "DOUBTFUL_DATE"
    "qualifications": "" => "C2,INFORMATICS,BASIC,,,,2014-06-02\n"; 5 "granted_on" 7 "QUALIFICATION_REDATED"
    "rotations": "12-QĐ/TU" => "12-QĐ/TU "; 2 "decision_no" 7 "TEXT_TRIMMED"
    "rotations": "2013-01-01,12" => "2013-01-02,12"; 4 "start_on" 5 "ROTATION_OVERLAP"
    "rotations": "" => "C1,X,X,TRANSFER,2012-01-01,,\n"; 5 "to_unit_code" 3 "SAME_UNIT"
    "rotations": "" => "C2,S,D,ROTATION,2100-01-01,,\n"; 5 "to_unit_code" 3 "UNIT_NOT_ALIVE"
    "rotations": "C2,S,X" => "C2,P,X"; 3 "from_unit_code" 2 "NO_POST_LEFT"
    "rotations": "C2,S,X" => "C2,S,P"; 3 "to_unit_code" 3 "NO_POST_TAKEN_UP"
    "training_plans": "Kế hoạch năm" => "Kế hoạch năm "; 2 "name" 6 "TEXT_TRIMMED"
    "enrolments": "C4,L3,LL" => "C4,L3,NV"; 6 "programme_code" 3 "OTHER_PROGRAMME"
    "enrolments": "C4,L3,LL,S" => "C4,L3,LL,D"; 6 "unit_code" 4 "UNIT_NOT_ALIVE"
    "enrolments": "DROPPED" => "FAILED"; 4 "class_code" 2 "OVERLAPPING_CLASSES"
};

/// Each of these contradicts the bundle once it has been loaded.
pub static DIFFERING: [Case; 71] = cases! {
    "units": "Tỉnh Thử" => "Tỉnh Khác"; 3 "code" 1 "DIFFERS"
    "units": "X,D,,COMMUNE" => "X,P,,COMMUNE"; 6 "code" 1 "DIFFERS"
    "unit_successions": "Điều 2" => "Điều 3"; 2 "document" 5 "DIFFERS"
    "unit_identifiers": "S,VN" => "P,VN"; 2 "value" 3 "DIFFERS"
    "unit_identifiers": "H99.12,2020" => "H99.12,2021"; 2 "value" 3 "DIFFERS"
    "unit_identifiers": "2026-01-01," => "2026-01-01,2030-01-01"; 5 "value" 3 "DIFFERS"
    "titles": "Bí thư, xã" => "Bí thư xã"; 2 "name" 2 "DIFFERS"
    "titles": "COMMUNE,true" => "COMMUNE,false"; 2 "is_key_leader" 5 "DIFFERS"
    "institutions": "Trường Thử" => "Trường Khác"; 2 "name" 2 "DIFFERS"
    "cadres": "999000000002" => "999000000003"; 3 "national_id" 2 "DIFFERS"
    "cadres": "RETIRED" => "LEFT"; 4 "status" 12 "DIFFERS"
    "assignments": "2012-01-01,,true" => "2012-01-01,2020-01-01,true"; 3 "end_on" 5 "DIFFERS"
    "rotations": "C2,S," => "C2,P,"; 3 "from_unit_code" 2 "DIFFERS"
    "rotations": "SECONDMENT" => "TRANSFER"; 3 "form" 4 "DIFFERS"
    "rotations": "2016-01-01" => "2016-01-02"; 3 "end_on" 6 "DIFFERS"
    "rotations": "2016-01-01" => ""; 3 "end_on" 6 "DIFFERS"
    "rotations": "2016-01-01," => "2016-01-01,7-QĐ"; 3 "decision_no" 7 "DIFFERS"
    "rotations": "12-QĐ/TU" => ""; 2 "decision_no" 7 "DIFFERS"
    "rules": ",48," => ",36,"; 2 "value" 6 "DIFFERS"
    "rules": "2020-01-01,," => "2020-01-01,2030-01-01,"; 3 "valid_to" 9 "DIFFERS"
    "retirement_ages": ",660," => ",661,"; 2 "age_months" 4 "DIFFERS"
    "retirement_ages": "1-QĐ/TU" => "2-QĐ/TU"; 2 "legal_basis" 5 "DIFFERS"
    "standards": "Tiêu chuẩn chung" => "Tiêu chuẩn"; 3 "name" 2 "DIFFERS"
    "standards": "chung,," => "chung,P,"; 3 "issuer_code" 3 "DIFFERS"
    "standards": "2026-01-01,,UN" => "2026-01-01,,"; 3 "verification" 7 "DIFFERS"
    "standard_scopes": "CV," => "CV,PROVINCE"; 3 "tier" 3 "DIFFERS"
    "requirements": "MUST,2025-01-01" => "MUST,2024-01-01"; 2 "transition_until" 6 "DIFFERS"
    "requirements": "SHOULD" => "MUST"; 4 "severity" 5 "DIFFERS"
    "requirements": "COLLEGE" => "UNIVERSITY"; 4 "level" 4 "DIFFERS"
    "requirements": ":SPECIALIST" => ":OFFICER"; 3 "equivalents" 8 "DIFFERS"
    "programmes": "Nghiệp vụ, kỹ năng" => "Nghiệp vụ"; 3 "name" 2 "DIFFERS"
    "programmes": "INTERMEDIATE" => ""; 2 "level" 5 "DIFFERS"
    "training_plans": "1-KH" => ""; 2 "document_no" 5 "DIFFERS"
    "training_plans": "APPROVED" => "CLOSED"; 2 "status" 7 "DIFFERS"
    "quotas": "EXACT,5" => "EXACT,6"; 2 "quantity" 7 "DIFFERS"
    "quotas": "MORE_THAN" => "EXACT"; 4 "bound" 6 "DIFFERS"
    "classes": "K1" => "K9"; 2 "intake" 5 "DIFFERS"
    "classes": "2025-05-05,2025-05-05" => "2025-05-05,2025-05-06"; 3 "end_on" 9 "DIFFERS"
    "classes": "OPEN" => "CANCELLED"; 4 "status" 12 "DIFFERS"
    "class_sessions": "2025-06-30" => "2025-06-29"; 3 "on_day" 2 "DIFFERS"
    "enrolments": "C1,L1,LL,X" => "C1,L1,LL,S"; 2 "unit_code" 4 "DIFFERS"
    "enrolments": "X,2025" => "X,2024"; 2 "year" 5 "DIFFERS"
    "enrolments": "COMPLETED,GOOD" => "FAILED,GOOD"; 2 "result" 6 "DIFFERS"
    "enrolments": "COMPLETED,GOOD" => "COMPLETED,"; 2 "grade" 7 "DIFFERS"
    "programmes": "SKILLS,," => "SKILLS,,40"; 3 "hours" 6 "DIFFERS"
    "duties": ",P,CADRE" => ",X,CADRE"; 2 "issuer_code" 3 "DIFFERS"
    "duties": "PATION,1," => "PATION,2,"; 2 "amount" 7 "DIFFERS"
    "duties": ",80," => ",90,"; 2 "norm_percent" 8 "DIFFERS"
    "duties": "|CIVIL_SERVANT" => ""; 2 "categories" 4 "DIFFERS"
    "duty_programmes": "" => "CN,TC\n"; 4 "programme_code" 2 "DIFFERS"
    "duty_programmes": "" => "GIO,NV\n"; 4 "programme_code" 2 "DIFFERS"
    "standard_exemptions": "6-QĐ" => "8-QĐ"; 2 "document_no" 5 "DIFFERS"
    "standard_exemptions": "2025-09-01" => "2025-10-01"; 2 "valid_to" 7 "DIFFERS"
    "standard_exemptions": "Sắp nghỉ hưu" => "Khác"; 2 "reason" 8 "DIFFERS"
    "duty_exemptions": "2026-09-01" => "2026-10-01"; 2 "valid_to" 4 "DIFFERS"
    "duty_exemptions": "LONG_STUDY" => "SICK"; 2 "reason" 5 "DIFFERS"
    "duty_exemptions": "5-QĐ" => "6-QĐ"; 2 "document_no" 6 "DIFFERS"
    "appraisals": ",,X,,GOOD" => ",,S,,GOOD"; 2 "unit_code" 6 "DIFFERS"
    "appraisals": "91.5" => "92.5"; 3 "points" 7 "DIFFERS"
    "appraisals": "NOT_RATED" => "GOOD"; 5 "result" 8 "DIFFERS"
    "appraisals": "2025-12-16" => "2025-12-17"; 3 "decided_on" 9 "DIFFERS"
    "appraisals": "5-TB" => "6-TB"; 2 "document_no" 10 "DIFFERS"
    "titles": "COMMUNE_KEY" => "OTHER"; 2 "group" 6 "DIFFERS"
    "titles": "HEAD" => ""; 2 "role" 7 "DIFFERS"
    "title_steps": "BT,1" => "BT,2"; 2 "step" 2 "DIFFERS"
    "title_steps": "UNVERIFIED" => "VERIFIED"; 2 "verification" 6 "DIFFERS"
    "unit_areas": "1-QĐ/UBDT" => ""; 2 "document_no" 5 "DIFFERS"
    "documents": "12-QĐ/TU" => "13-QĐ/TU"; 2 "number" 2 "DIFFERS"
    "documents": "DECISION,P,2025" => "DECISION,,2025"; 3 "issuer_code" 4 "DIFFERS"
    "documents": "Nghị quyết chung" => "Nghị quyết"; 4 "title" 9 "DIFFERS"
    "documents": "2026-01-01,D2" => "2026-01-01,"; 2 "replaced_by_code" 8 "DIFFERS"
};

impl Case {
    /// The bundle with the change.
    pub fn bundle(&self) -> Vec<(&'static str, String)> {
        let changed = |(name, text): File| {
            let text = match (name == self.file, self.old) {
                (false, _) => text.to_owned(),
                (true, "") => format!("{text}{}", self.new),
                (true, old) => {
                    assert!(text.contains(old), "{name} does not hold {old:?}");
                    text.replacen(old, self.new, 1)
                }
            };
            (name, text)
        };
        BUNDLE.into_iter().map(changed).collect()
    }
}
