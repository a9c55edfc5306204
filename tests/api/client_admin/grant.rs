//! Grants at the command line, and their reach when units change.

use cadre_api::{domain::client::Asked, limit::Overrides};
use entity::{
    unit_succession, unit_version,
    value::{SuccessionId, SuccessionKind},
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::json;

use crate::support::{
    Kind, copy, csv, on_both, poll,
    program::{Program, client, printed, refused},
    rotation::{Places, day},
};

/// A grant that starts today.
pub fn requested(scopes: &[&str], units: &[&str]) -> Asked {
    Asked {
        scopes: scopes.iter().map(|scope| scope.parse().expect("a scope")).collect(),
        units: units.iter().map(ToString::to_string).collect(),
        purposes: entity::value::Purpose::all().collect(),
        valid_from: None,
        valid_to: None,
        legal_basis: None,
        limits: Overrides::default(),
        documents: entity::value::AllowedDocuments::Any,
    }
}

#[actix_web::test]
async fn grants_are_replaced_and_ended_at_the_command_line() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (url, _folder) = copy(kind).await;
        let (id, secret) = client(&url);
        let program = Program::serve(&url);
        let token = program.exchange(&id, &secret).await.expect("a token");
        let viewer = "{ viewer { scopes units { code } limits { requestsPerSecond costPerMinute } } }";
        assert_eq!(program.ask(&token, viewer).await.1["data"]["viewer"]["units"], json!([{ "code": "W" }]));

        let grant = ["client", "grant", "--client", &id, "--unit", "A"];
        let narrow = ["--scope", "cadre:read", "--purpose", "TRAINING", "--requests-per-second", "7"];
        let output = printed(&url, &[&grant[..], &narrow, &["--cost-per-minute", "9000"]].concat());
        assert!(output.contains("within 5 seconds"), "{output}");
        let expected = json!({
            "scopes": ["cadre:read"], "units": [{ "code": "A" }],
            "limits": { "requestsPerSecond": 7, "costPerMinute": 9000 },
        });
        let narrowed = async || (program.ask(&token, viewer).await.1["data"]["viewer"] == expected).then_some(());
        poll::until_async(narrowed).await.expect("the new grant applies to a token that was issued before");

        let history = printed(&url, &["client", "grants", "--client", &id]);
        let lines: Vec<_> = history.lines().collect();
        assert!(lines[0].starts_with("cadre:read in W, ended on "), "{history}");
        assert!(lines[1].starts_with("cadre:read in A for TRAINING from "), "{history}");
        assert!(lines[1].ends_with(", 7 requests a second, cost 9000 a minute"), "{history}");
        assert_eq!(lines.len(), 2);

        assert!(printed(&url, &["client", "end-grant", "--client", &id]).contains("ended"));
        let ended = async || (program.ask(&token, viewer).await.0 == 401).then_some(());
        poll::until_async(ended).await.expect("without a grant a token is rejected");
        assert_eq!(program.exchange(&id, &secret).await, None);
        assert!(refused(&url, &["client", "end-grant", "--client", &id]).contains("no current or future grant"));

        for (more, expected) in [
            (&["--scope", "cadre:read", "--from", "2020-01-01"][..], "today"),
            (&["--scope", "cadre:read", "--until", "2020-01-01"], "must be after its first day"),
            (&["--scope", "everything"], "--scope"),
            (&["--scope", "cadre:read", "--requests-per-second", "0"], "--requests-per-second"),
        ] {
            let output = refused(&url, &[&grant[..], more].concat());
            assert!(output.contains(expected), "{more:?}: {output}");
        }
        drop(printed(&url, &[&grant[..], &["--scope", "cadre:read"]].concat()));
        let again = async || program.exchange(&id, &secret).await;
        poll::until_async(again).await.expect("granted again");
    }
}

#[actix_web::test]
async fn the_command_line_names_units_by_identifiers_of_today() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (url, _folder) = copy(kind).await;
        let add = ["client", "add", "--name", "liên thông", "--scope", "cadre:read"];
        let units = ["--unit", "VN_AGENCY:T90.1.1", "B", "ADMIN_UNIT:903"];
        drop(printed(&url, &[&add[..], &units].concat()));
        let listed = printed(&url, &["client", "list"]);
        assert!(listed.contains("cadre:read in A A1 B\n"), "{kind:?}: {listed}");

        let (id, _) = client(&url);
        let grant = ["client", "grant", "--client", &id, "--scope", "cadre:read"];
        drop(printed(&url, &[&grant[..], &["--unit", "VN_AGENCY:T90.2.1"]].concat()));
        assert!(printed(&url, &["client", "grants", "--client", &id]).contains("cadre:read in B1"));
        let person = ["person", "add", "--issuer", "https://i", "--subject", "s", "--scope", "cadre:read"];
        drop(printed(&url, &[&person[..], &["--unit", "VN_AGENCY:T90.2.1"]].concat()));
        assert!(printed(&url, &["person", "list"]).contains("cadre:read in B1"));

        // Unknown, ended, a part of a value, another system, no system.
        for unit in ["VN_AGENCY:T91", "QCVN_102:001.01.00.T90", "VN_AGENCY:T90", "PARTY:T90.1.1", "TAX:1", ":", "A1:"] {
            for command in [&grant[..], &person] {
                let output = refused(&url, &[command, &["--unit", unit]].concat());
                assert!(output.contains(&format!("no unit has the identifier {unit} today")), "{kind:?}: {output}");
            }
        }
    }
}

#[actix_web::test]
async fn a_unit_that_merges_after_the_grant_is_read_by_its_successors_grant() {
    on_both(async |app| {
        let of = Places::of(&app.database).await;
        let successor = app.caller(&["cadre:read"], &["A1"]).await;
        let stranger = app.caller(&["cadre:read"], &["B"]).await;
        let query =
            r#"{ unit(by: {code: "A2"}) { code validTo } then: unit(by: {code: "A2"}, asOf: "2026-04-30") { name } }"#;
        let nothing = json!({ "unit": null, "then": null });
        assert_eq!(successor.query(query).await, nothing, "the control: another commune of the district");

        let (writer, on) = (app.database.writer(), day("2026-05-01"));
        let version = unit_version::Entity::find().filter(unit_version::COLUMN.unit_id.eq(of.unit("A2")));
        let version = version.one(writer).await.expect("read").expect("a version");
        let ended = unit_version::ActiveModel { valid_to: Set(Some(on)), ..version.into_active_model() };
        ended.update(writer).await.expect("written");
        let merged = unit_succession::ActiveModel {
            id: Set(SuccessionId::new()),
            predecessor_id: Set(of.unit("A2")),
            successor_id: Set(of.unit("A1")),
            kind: Set(SuccessionKind::Merge),
            on_date: Set(on),
            document: Set(None),
        };
        merged.insert(writer).await.expect("written");
        let more = csv::units("code,parent_code,name,admin_code", "A9,A,Xã Thêm,90199\n");
        app.import_text(&[("units.csv", &more)]).await;

        let expected_data = json!({ "unit": { "code": "A2", "validTo": "2026-05-01" }, "then": { "name": "Xã Đầm" } });
        assert_eq!(successor.query(query).await, expected_data, "{:?}: the same grant, the same token", app.kind);
        assert_eq!(stranger.query(query).await, nothing, "{:?}", app.kind);
    })
    .await;
}
