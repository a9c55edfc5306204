//! Yearly duties: results of persons, filters, compliance of units, rights.

mod command;
mod drawn;
mod exemption;

use entity::{
    duty_exemption, enrolment, sample, training_class,
    value::{EnrolmentState, ExemptionReason, SealedReason},
};
use sea_orm::{ActiveModelTrait, IntoActiveModel};
use serde_json::{Value, json};

use crate::support::{
    Caller, Kind, TestApp, csv, on_both,
    rotation::{Places, day},
    training::{class, learner, sent},
};

const READ: [&str; 2] = ["cadre:read", "training:read"];

/// Programmes with hours, without hours, and duties that they count for.
async fn add_duties(app: &TestApp) {
    let programmes = csv::programmes(
        "code,name,kind,subject,hours",
        "N20,Chuyên đề 20 giờ,REFRESHER,JOB_SKILLS,20\n\
         N40,Chuyên đề 40 giờ,REFRESHER,JOB_SKILLS,40\n\
         N00,Chuyên đề,REFRESHER,JOB_SKILLS,\n",
    );
    let duties = csv::duties(
        "code,issuer_code,categories,key_leaders_only,measure,amount,norm_percent,valid_from,valid_to,verification",
        "ALL,,CADRE|CIVIL_SERVANT|PUBLIC_EMPLOYEE,false,PARTICIPATION,1,80,2020-01-01,,VERIFIED\n\
         A-CC,A,CIVIL_SERVANT,false,PARTICIPATION,1,100,2020-01-01,,VERIFIED\n\
         PARTY,PB,CADRE|CIVIL_SERVANT,false,PARTICIPATION,1,100,2020-01-01,,VERIFIED\n\
         HOURS,,CADRE|CIVIL_SERVANT,false,HOURS,40,100,2020-01-01,2025-12-10,VERIFIED\n\
         LEADERS,P,CADRE,true,PARTICIPATION,1,100,2020-01-01,,VERIFIED\n\
         UNSEEN,,CADRE|CIVIL_SERVANT,false,PARTICIPATION,1,100,2020-01-01,,UNVERIFIED\n",
    );
    let counting = "duty_code,programme_code\nHOURS,N20\nHOURS,N40\nHOURS,N00\nLEADERS,N40\n";
    app.import_text(&[("programmes.csv", &programmes), ("duties.csv", &duties), ("duty_programmes.csv", counting)])
        .await;
}

/// Writes classes and enrolments.
async fn add_training(app: &TestApp, classes: Vec<training_class::Model>, enrolments: Vec<enrolment::Model>) {
    let writer = app.database.writer();
    for row in classes {
        row.into_active_model().reset_all().insert(writer).await.expect("written");
    }
    for row in enrolments {
        row.into_active_model().reset_all().insert(writer).await.expect("written");
    }
}

/// Result, amount and reason of a duty for a person in a year.
async fn result_of(caller: &Caller<'_>, cadre: &str, (code, year): (&str, i32)) -> String {
    let document = "query($cadre: String!, $code: String!, $year: Int!) {
        cadre(by: {code: $cadre}) { duties(year: $year, codes: [$code]) { duty { code } result amount reason } } }";
    let answer = caller.query_with(document, json!({"cadre": cadre, "code": code, "year": year})).await;
    let Some(found) = answer["cadre"]["duties"].as_array().expect("duties").first() else { return "-".to_owned() };
    assert_eq!(found["duty"]["code"], code);
    let reason = found["reason"].as_str().map(|reason| format!(" {reason}")).unwrap_or_default();
    format!("{} {}{reason}", found["result"].as_str().expect("a result"), found["amount"])
}

/// Codes of the persons with a result of a duty in a year.
async fn with_result(caller: &Caller<'_>, (code, year): (&str, i32), result: &str) -> String {
    let document = format!(
        r#"{{ cadres(first: 100, orderBy: [{{field: CODE, direction: ASC}}],
            where: {{duty: {{code: "{code}", year: {year}, result: {result}}}}}) {{ nodes {{ code }} }} }}"#
    );
    let answer = caller.query(&document).await;
    let nodes = answer["cadres"]["nodes"].as_array().expect("nodes").iter();
    nodes.map(|node| node["code"].as_str().expect("a code")).collect::<Vec<_>>().join(" ")
}

const NUMBERS: &str = "bound done partly notDone exempt indeterminate percent meetsNorm";

/// Compliance of a unit.
async fn compliance(caller: &Caller<'_>, unit: &str, (code, year): (&str, i32)) -> Value {
    let document =
        format!(r#"{{ unit(by: {{code: "{unit}"}}) {{ duty(code: "{code}", year: {year}) {{ {NUMBERS} }} }} }}"#);
    caller.query(&document).await["unit"]["duty"].clone()
}

#[actix_web::test]
async fn a_duty_is_shown_with_its_issuer_and_its_programmes() {
    on_both(async |app| {
        add_duties(app).await;
        let caller = app.caller(&["cadre:read"], &["B"]).await;
        let answer = caller
            .query(
                "{ duties { code } of2025: duties(year: 2025) { code name issuer { code } categories keyLeadersOnly measure
                   amount normPercent programmes { code hours } validFrom validTo legalBasis verified } }",
            )
            .await;
        let codes: Vec<&str> =
            answer["duties"].as_array().expect("duties").iter().filter_map(|duty| duty["code"].as_str()).collect();
        assert_eq!(codes, ["A-CC", "ALL", "BD-B", "HOURS", "LEADERS", "PARTY", "UNSEEN"]);
        let of2025 = answer["of2025"].as_array().expect("duties");
        // HOURS ends within the year.
        assert_eq!(of2025.iter().filter_map(|duty| duty["code"].as_str()).collect::<Vec<_>>().join(" "), "A-CC ALL LEADERS PARTY UNSEEN");
        assert_eq!(
            of2025[2],
            json!({
                "code": "LEADERS",
                "name": "Chế độ",
                // Out of reach, and named by the duty.
                "issuer": {"code": "P"},
                "categories": ["CADRE"],
                "keyLeadersOnly": true,
                "measure": "PARTICIPATION",
                "amount": 1,
                "normPercent": 100,
                "programmes": [{"code": "N40", "hours": 40}],
                "validFrom": "2020-01-01",
                "validTo": null,
                "legalBasis": "1-QĐ",
                "verified": true
            })
        );
        assert_eq!((&of2025[1]["issuer"], &of2025[1]["programmes"]), (&Value::Null, &json!([])));
        assert_eq!(of2025[4]["verified"], false);
    })
    .await;
}

#[actix_web::test]
async fn the_result_follows_from_posts_training_and_exemptions() {
    on_both(async |app| {
        add_duties(app).await;
        let of = Places::of(&app.database).await;
        let over_new_year = class(&of, ["X-NY", "N40", "A", "2023-11-01", "2024-02-01"]);
        let running = class(&of, ["X-RUN", "N40", "A", "2023-10-01", "2024-01-31"]);
        let ended = class(&of, ["X-END", "N40", "A", "2023-10-01", "2023-11-30"]);
        let attending = |row: enrolment::Model| enrolment::Model { state: EnrolmentState::Attending, ..row };
        let enrolments = vec![
            // Two half courses of 20 hours, in 2023 one.
            sent(&of, ["A-01", "N20", "A1P"], 2022),
            enrolment::Model {
                programme_code: "N20".parse().expect("a code"),
                ..sent(&of, ["A-01", "CMNV", "A1P"], 2022)
            },
            sent(&of, ["A-01", "N20", "A1P"], 2023),
            // A course over New Year counts where it ends.
            learner(&of, ["A-02", "A1U"], &over_new_year),
            // A course that runs at the end of the year.
            attending(learner(&of, ["A-03", "A2U"], &running)),
            // A course that has ended without a result.
            attending(learner(&of, ["A-04", "A2U"], &ended)),
            // Hours that are not recorded.
            sent(&of, ["A-06", "N00", "C1U"], 2023),
            // Without a seat.
            enrolment::Model { state: EnrolmentState::Dropped, ..sent(&of, ["P-01", "N40", "PD1"], 2023) },
            enrolment::Model { state: EnrolmentState::Registered, ..sent(&of, ["P-02", "N40", "PD2"], 2023) },
        ];
        add_training(app, vec![over_new_year, running, ended], enrolments).await;
        let exemptions = csv::duty_exemptions(
            "cadre_code,duty_code,valid_from,valid_to,reason",
            "P-01,ALL,2022-06-01,2023-01-01,SICK\n\
             P-02,ALL,2023-12-31,,MATERNITY\n\
             A-06,ALL,2023-01-01,2024-01-01,ABROAD\n\
             A-05,ALL,2020-01-01,,RETIRING\n",
        );
        app.import_text(&[("duty_exemptions.csv", &exemptions)]).await;
        let caller = app.caller(&READ, &["W"]).await;

        for (cadre, code, year, result) in [
            ("A-01", "HOURS", 2022, "DONE 40"),
            ("A-01", "HOURS", 2023, "PARTLY 20"),
            ("A-01", "ALL", 2022, "DONE 2"),
            ("A-01", "ALL", 2024, "NOT_DONE 0"),
            ("A-02", "ALL", 2023, "NOT_DONE 0"),
            ("A-02", "ALL", 2024, "DONE 1"),
            ("A-02", "HOURS", 2024, "DONE 40"),
            ("A-03", "ALL", 2023, "DONE 1"),
            // Hours count when the course is completed; after its end, the result is missing.
            ("A-03", "HOURS", 2023, "NOT_DONE 0"),
            ("A-03", "HOURS", 2024, "INDETERMINATE 0 RESULT_MISSING"),
            ("A-04", "ALL", 2023, "INDETERMINATE 0 RESULT_MISSING"),
            ("A-06", "HOURS", 2023, "INDETERMINATE 0 HOURS_MISSING"),
            // Done in spite of the exemption.
            ("A-06", "ALL", 2023, "DONE 1"),
            ("P-01", "ALL", 2021, "NOT_DONE 0"),
            ("P-01", "ALL", 2022, "EXEMPT 0"),
            ("P-01", "ALL", 2023, "NOT_DONE 0"),
            // One day of the year.
            ("P-02", "ALL", 2023, "EXEMPT 0"),
            ("P-02", "ALL", 2022, "NOT_DONE 0"),
            ("P-02", "PARTY", 2023, "NOT_DONE 0"),
            // The issuer's trees: administrative and Party.
            ("P-01", "A-CC", 2023, "NOT_APPLICABLE 0"),
            ("A-03", "A-CC", 2023, "DONE 1"),
            ("A-02", "A-CC", 2024, "NOT_APPLICABLE 0"),
            ("A-03", "PARTY", 2023, "NOT_APPLICABLE 0"),
            ("A-02", "LEADERS", 2024, "DONE 1"),
            ("A-03", "LEADERS", 2023, "NOT_APPLICABLE 0"),
            ("A-01", "LEADERS", 2022, "NOT_DONE 0"),
            // Retired before the year.
            ("A-05", "ALL", 2021, "NOT_APPLICABLE 0"),
            ("A-01", "UNSEEN", 2022, "INDETERMINATE 2 UNVERIFIED"),
            // The current year.
            ("A-01", "ALL", 2026, "INDETERMINATE 0 YEAR_RUNNING"),
            ("P-02", "ALL", 2026, "EXEMPT 0"),
            // Abolished within the year, and not yet issued.
            ("A-01", "HOURS", 2025, "-"),
            ("A-01", "ALL", 2019, "-"),
        ] {
            assert_eq!(result_of(&caller, cadre, (code, year)).await, result, "{cadre} {code} {year}");
        }

        assert_eq!(with_result(&caller, ("ALL", 2023), "DONE").await, "A-01 A-03 A-06");
        assert_eq!(with_result(&caller, ("ALL", 2023), "EXEMPT").await, "P-02");
        assert_eq!(with_result(&caller, ("ALL", 2023), "INDETERMINATE").await, "A-04");
        assert_eq!(with_result(&caller, ("ALL", 2023), "NOT_DONE").await, "A-02 B-01 B-02 M-01 P-01");
        assert_eq!(with_result(&caller, ("HOURS", 2023), "PARTLY").await, "A-01");
        let everybody = "A-01 A-02 A-03 A-04 A-06 B-01 B-02 M-01 P-01 P-02";
        assert_eq!(with_result(&caller, ("HOURS", 2025), "NOT_APPLICABLE").await, everybody);
        assert_eq!(with_result(&caller, ("UNSEEN", 2023), "INDETERMINATE").await, everybody);

        let numbers = |bound: u32, [done, partly, not_done, exempt, indeterminate]: [u32; 5], rest: (Value, Value)| {
            json!({"bound": bound, "done": done, "partly": partly, "notDone": not_done, "exempt": exempt,
                   "indeterminate": indeterminate, "percent": rest.0, "meetsNorm": rest.1})
        };
        // 3 of 9: with the uncertain one at most 4, below 80 %.
        let of_all = numbers(10, [3, 0, 5, 1, 1], (json!(33.3), json!(false)));
        assert_eq!(compliance(&caller, "W", ("ALL", 2023)).await, of_all);
        // A-03 did it, A-04 is uncertain.
        let uncertain = numbers(2, [1, 0, 0, 0, 1], (json!(50.0), Value::Null));
        assert_eq!(compliance(&caller, "A", ("A-CC", 2023)).await, uncertain);
        assert_eq!(compliance(&caller, "P", ("A-CC", 2023)).await, uncertain);
        assert_eq!(
            compliance(&caller, "A1U", ("ALL", 2024)).await,
            numbers(1, [1, 0, 0, 0, 0], (json!(100.0), json!(true)))
        );
        let none = numbers(0, [0; 5], (Value::Null, Value::Null));
        assert_eq!(compliance(&caller, "W", ("HOURS", 2025)).await, none);
        assert_eq!(compliance(&caller, "B", ("A-CC", 2023)).await, none);
    })
    .await;
}

#[actix_web::test]
async fn a_person_who_moved_counts_once_in_the_last_unit() {
    on_both(async |app| {
        add_duties(app).await;
        // M-01 moved from A2U to B1U on 2018-01-01; a new duty makes the year before count, too.
        let old = csv::duties("code,valid_from", "OLD,2010-01-01\n");
        app.import_text(&[("duties.csv", &old)]).await;
        let of = Places::of(&app.database).await;
        add_training(app, vec![], vec![sent(&of, ["M-01", "N40", "A2U"], 2018)]).await;
        let all = app.caller(&READ, &["W"]).await;

        let bound = async |unit: &str, year: i32| compliance(&all, unit, ("OLD", year)).await["bound"].clone();
        for (unit, year, persons) in [("A2U", 2017, 3), ("A2U", 2018, 2), ("B1U", 2017, 2), ("B1U", 2018, 3)] {
            assert_eq!(bound(unit, year).await, persons, "{unit} {year}");
        }
        assert_eq!(result_of(&all, "M-01", ("OLD", 2018)).await, "DONE 1");
        assert_eq!(result_of(&all, "M-01", ("OLD", 2017)).await, "NOT_DONE 0");

        // In reach of B the training of A2U is not visible, and is not said to be missing.
        let of_b = app.caller(&READ, &["B"]).await;
        assert_eq!(result_of(&of_b, "M-01", ("OLD", 2018)).await, "NOT_DONE 0", "no post out of reach in 2018");
        assert_eq!(result_of(&of_b, "M-01", ("OLD", 2017)).await, "NOT_APPLICABLE 0", "A2U counts the person");
        let moved = csv::assignments(
            "cadre_code,unit_code,start_on,end_on",
            "NEW,A2U,2024-01-01,2024-06-01\nNEW,B1U,2024-06-01,\n",
        );
        let person = csv::cadres("code,national_id,full_name", "NEW,999000000099,Lò Văn Mới\n");
        app.import_text(&[("cadres.csv", &person), ("assignments.csv", &moved)]).await;
        assert_eq!(result_of(&of_b, "NEW", ("OLD", 2024)).await, "INDETERMINATE 0 OUT_OF_REACH");
        assert_eq!(result_of(&of_b, "NEW", ("OLD", 2025)).await, "NOT_DONE 0");
        assert_eq!(result_of(&all, "NEW", ("OLD", 2024)).await, "NOT_DONE 0");
        assert_eq!(with_result(&of_b, ("OLD", 2024), "INDETERMINATE").await, "NEW");
        assert_eq!(compliance(&of_b, "B", ("OLD", 2024)).await["indeterminate"], 1);
    })
    .await;
}

#[actix_web::test]
async fn learners_without_names_count_for_no_person() {
    on_both(async |app| {
        add_duties(app).await;
        let of = Places::of(&app.database).await;
        let reported = |row: training_class::Model, learners| training_class::Model { reported_learners: Some(learners), ..row };
        let classes = vec![
            reported(class(&of, ["X-1", "N40", "A", "2023-03-01", "2023-03-02"]), 45),
            reported(class(&of, ["X-2", "N20", "A1", "2023-03-01", "2023-03-02"]), 5),
            reported(class(&of, ["X-3", "N40", "A", "2022-12-01", "2022-12-02"]), 7),
        ];
        add_training(app, classes, vec![]).await;
        let caller = app.caller(&READ, &["W"]).await;
        for (unit, code, learners) in [("A", "ALL", 50), ("A1", "ALL", 5), ("A", "LEADERS", 45), ("B", "ALL", 0)] {
            let document =
                format!(r#"{{ unit(by: {{code: "{unit}"}}) {{ duty(code: "{code}", year: 2023) {{ unnamedLearners done }} }} }}"#);
            let answer = caller.query(&document).await;
            assert_eq!(answer["unit"]["duty"], json!({"unnamedLearners": learners, "done": 0}), "{unit} {code}");
        }
    })
    .await;
}

#[actix_web::test]
async fn who_may_see_a_persons_training_sees_the_result_and_no_reason() {
    on_both(async |app| {
        add_duties(app).await;
        let of = Places::of(&app.database).await;
        let exemption = duty_exemption::Model {
            cadre_id: of.cadre("A-03"),
            duty_code: "ALL".parse().expect("a code"),
            valid_from: day("2023-01-01"),
            reason: SealedReason::seal(ExemptionReason::Sick),
            document_no: Some("7-QĐ/MARK".to_owned()),
            ..sample::duty_exemption()
        };
        exemption.into_active_model().reset_all().insert(app.database.writer()).await.expect("written");
        let question = r#"{ cadre(by: {code: "A-03"}) { duties(year: 2023) { result reason amount } } }"#;
        let all = app.all_seeing().await;
        let answer = all.raw(question, json!({})).await;
        assert!(answer.contains("EXEMPT"), "the control: {answer}");
        assert!(!answer.contains("SICK") && !answer.contains("MARK"), "{answer}");

        let without = app.caller(&["cadre:read"], &["W"]).await;
        for question in [
            question,
            r#"{ cadres(where: {duty: {code: "ALL", year: 2023, result: EXEMPT}}) { nodes { code } } }"#,
            r#"{ unit(by: {code: "A"}) { duty(code: "ALL", year: 2023) { bound } } }"#,
        ] {
            assert_eq!(without.errors(question).await, ["FORBIDDEN"], "{question}");
        }
        let elsewhere = app.caller(&READ, &["B"]).await;
        assert_eq!(elsewhere.query(question).await, json!({"cadre": null}));
        assert_eq!(with_result(&elsewhere, ("ALL", 2023), "EXEMPT").await, "");
    })
    .await;
}

#[actix_web::test]
async fn numbers_without_persons_are_rounded() {
    on_both(async |app| {
        add_duties(app).await;
        let exact = app.caller(&READ, &["W"]).await;
        let rounded = app.caller(&["stats:read"], &["W"]).await;
        let exact = compliance(&exact, "W", ("ALL", 2023)).await;
        assert_eq!((&exact["bound"], &exact["meetsNorm"]), (&json!(10), &json!(false)));
        let shown = compliance(&rounded, "W", ("ALL", 2023)).await;
        for field in ["bound", "done", "partly", "notDone", "exempt", "indeterminate"] {
            let (shown, exact) = (shown[field].as_i64().expect("a number"), exact[field].as_i64().expect("a number"));
            assert!(shown % 5 == 0 && (shown - exact).abs() < 5, "{field}: {shown} for {exact}");
        }
        assert_eq!(shown["meetsNorm"], Value::Null, "it would give away more than the rounded numbers");
        let question = r#"{ unit(by: {code: "W"}) { duty(code: "ALL", year: 2023) { isRounded } } }"#;
        assert_eq!(rounded.query(question).await["unit"]["duty"]["isRounded"], true);
    })
    .await;
}

#[actix_web::test]
async fn unknown_codes_and_years_ahead_are_refused() {
    let app = TestApp::new(Kind::Sqlite).await;
    add_duties(&app).await;
    let caller = app.caller(&READ, &["W"]).await;
    for question in [
        r#"{ unit(by: {code: "A"}) { duty(code: "NONE", year: 2023) { bound } } }"#,
        r#"{ unit(by: {code: "A"}) { duty(code: "ALL", year: 2027) { bound } } }"#,
        r#"{ unit(by: {code: "A"}) { duty(code: "ALL", year: 2023, decimals: 7) { bound } } }"#,
        r#"{ cadres(where: {duty: {code: "NONE", year: 2023, result: DONE}}) { nodes { code } } }"#,
        r#"{ cadres(where: {duty: {code: "ALL", year: 2027, result: DONE}}) { nodes { code } } }"#,
        r#"{ cadre(by: {code: "A-01"}) { duties(year: 2027) { result } } }"#,
        r#"{ cadre(by: {code: "A-01"}) { duties(year: 2023, codes: ["NONE"]) { result } } }"#,
    ] {
        assert_eq!(caller.errors(question).await, ["INVALID"], "{question}");
    }
    app.stop().await;
}
