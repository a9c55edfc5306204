//! A foreign object gets the same response as one that does not exist, and a foreign cursor the same as an invalid one.

use entity::value::{CadreId, ClassId, EnrolmentId, PlanId, QualificationId, QuotaId, RotationId, UnitId};
use serde_json::{Value, json};

use super::{codes, district_a, import_more, training, write_rotations};
use crate::support::{Caller, on_both};

/// Queries that name an object by `$v`: the type of the variable, a foreign value and an unknown value.
const NAMING: [(&str, &str, &str); 37] = [
    ("unit code", "String!", "{ unit(by: {code: $v}) { id } }"),
    ("unit code", "String!", "{ cadres(where: {unit: {code: $v}}) { nodes { id } } }"),
    ("unit code", "String!", "{ cadres(where: {not: {unit: {code: $v, reach: UNIT}}}) { nodes { id } } }"),
    (
        "unit code",
        "String!",
        "{ cadres(where: {or: [{gender: MALE}, {unit: {code: $v}}]}) { nodes { id } totalCount { value } } }",
    ),
    (
        "unit code",
        "String!",
        "{ cadres(where: {and: [{unit: {code: $v, hierarchy: PARTY}}]}) { totalCount { value } } }",
    ),
    ("unit code", "String!", "{ units(where: {unit: {code: $v}}) { nodes { id } } }"),
    ("unit code", "String!", r#"{ unit(by: {code: "A"}) { cadres(where: {unit: {code: $v}}) { nodes { id } } } }"#),
    ("unit code", "String!", "{ units(search: $v) { nodes { id } totalCount { value } } }"),
    ("unit id", "ID!", "{ unit(by: {id: $v}) { id } nodes(ids: [$v]) { id } }"),
    (
        "cadre code",
        "String!",
        "{ cadre(by: {code: $v}) { id } cadres(search: $v) { nodes { id } totalCount { value } } }",
    ),
    (
        "cadre id",
        "ID!",
        r#"{ cadre(by: {id: $v}) { id } node(id: $v) { id } then: cadre(by: {id: $v}, asOf: "2010-01-01") { id } }"#,
    ),
    ("national id", "String!", "{ cadre(by: {nationalId: $v}) { id } }"),
    ("qualification id", "ID!", "{ node(id: $v) { id } nodes(ids: [$v, $v]) { id } }"),
    (
        "name",
        "String!",
        "{ cadres(search: $v) { nodes { id } totalCount { value } } units(search: $v) { nodes { id } } }",
    ),
    ("admin code", "String!", "{ units(where: {adminCode: $v}) { nodes { id } totalCount { value isExact } } }"),
    ("unit code", "String!", "{ rotations(where: {unit: {code: $v}}) { nodes { id } totalCount { value } } }"),
    ("unit code", "String!", "{ rotations(where: {fromUnit: {code: $v, reach: UNIT}}) { nodes { id } } }"),
    ("unit code", "String!", "{ rotations(where: {toUnit: {code: $v, hierarchy: PARTY}}) { totalCount { value } } }"),
    ("unit code", "String!", "{ rotations(where: {preparingUnit: {code: $v}}) { nodes { id } } }"),
    ("cadre code", "String!", "{ rotations(where: {cadre: $v}) { nodes { id } totalCount { value } } }"),
    ("rotation id", "ID!", "{ node(id: $v) { id } nodes(ids: [$v]) { id } }"),
    ("draft id", "ID!", "{ node(id: $v) { id } nodes(ids: [$v]) { id } }"),
    (
        "unit code",
        "String!",
        "{ trainingClasses(where: {organiser: {code: $v}}) { nodes { id } totalCount { value } } }",
    ),
    ("unit code", "String!", "{ trainingPlans(where: {unit: {code: $v}}) { nodes { id } totalCount { value } } }"),
    ("unit code", "String!", "{ quotas(where: {unit: {code: $v}}) { nodes { id } totalCount { value } } }"),
    ("plan code", "String!", "{ quotas(where: {plan: $v}) { nodes { id } totalCount { value } } }"),
    ("unit code", "String!", "{ enrolments(where: {unit: {code: $v}}) { nodes { id } totalCount { value } } }"),
    ("unit code", "String!", "{ enrolments(where: {organiser: {code: $v, reach: UNIT}}) { nodes { id } } }"),
    ("cadre code", "String!", "{ enrolments(where: {cadre: $v}) { nodes { id } totalCount { value } } }"),
    ("plan code", "String!", "{ trainingPlan(by: {code: $v}) { id } }"),
    ("plan code", "String!", "{ trainingClasses(where: {plan: $v}) { nodes { id } totalCount { value } } }"),
    ("plan code", "String!", "{ enrolments(where: {plan: $v}) { nodes { id } totalCount { value } } }"),
    ("plan id", "ID!", "{ trainingPlan(by: {id: $v}) { id } node(id: $v) { id } }"),
    (
        "class code",
        "String!",
        "{ trainingClass(by: {code: $v}) { id } enrolments(where: {class: $v}) { nodes { id } } }",
    ),
    ("class id", "ID!", "{ trainingClass(by: {id: $v}) { id } nodes(ids: [$v]) { id } }"),
    ("quota id", "ID!", "{ node(id: $v) { id } nodes(ids: [$v]) { id } }"),
    ("enrolment id", "ID!", "{ node(id: $v) { id } nodes(ids: [$v]) { id } }"),
];

#[actix_web::test]
async fn a_foreign_object_gets_the_same_response_as_a_missing_one() {
    on_both(async |app| {
        import_more(app).await;
        write_rotations(app).await;
        let training = training::fill(app).await;
        let named = |name: &str| training.iter().find(|(of, _)| of == name).expect(name).1.clone();
        let (all, a) = (app.all_seeing().await, district_a(app).await);
        let ids = all
            .query(
                r#"{
                    unit(by: {code: "B1U"}) { id } cadre(by: {code: "B-01"}) { id qualifications { id } }
                    foreign: rotations(where: {cadre: "B-02"}) { nodes { id } }
                    draft: rotations(where: {cadre: "A-04"}) { nodes { id } }
                }"#,
            )
            .await;
        let id = |pointer: &str| ids.pointer(pointer).and_then(Value::as_str).expect("an id").to_owned();

        for (what, kind, document) in NAMING {
            let (foreign, missing) = match what {
                "unit code" => ("B1U".to_owned(), "B9U".to_owned()),
                "unit id" => (id("/unit/id"), UnitId::new().to_string()),
                "cadre code" => ("B-01".to_owned(), "B-99".to_owned()),
                "cadre id" => (id("/cadre/id"), CadreId::new().to_string()),
                "national id" => ("999000000031".to_owned(), "999000000999".to_owned()),
                "qualification id" => (id("/cadre/qualifications/0/id"), QualificationId::new().to_string()),
                "rotation id" => (id("/foreign/nodes/0/id"), RotationId::new().to_string()),
                "draft id" => (id("/draft/nodes/0/id"), RotationId::new().to_string()),
                "plan code" => ("KB".to_owned(), "KZ".to_owned()),
                "plan id" => (named("KB"), PlanId::new().to_string()),
                "class code" => ("TF".to_owned(), "TZ".to_owned()),
                "class id" => (named("TF"), ClassId::new().to_string()),
                "quota id" => (named("QB"), QuotaId::new().to_string()),
                "enrolment id" => (named("E4"), EnrolmentId::new().to_string()),
                "name" => ("mark".to_owned(), "nobody".to_owned()),
                "admin code" => ("90201".to_owned(), "99999".to_owned()),
                other => panic!("{other}"),
            };
            let document = format!("query($v: {kind}) {document}");
            let ask = async |caller: &Caller<'_>, v: &str| caller.raw(&document, json!({ "v": v })).await;

            assert_eq!(ask(&a, &foreign).await, ask(&a, &missing).await, "{document}");
            assert_ne!(ask(&all, &foreign).await, ask(&all, &missing).await, "the control: {document}");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_cursor_is_invalid_for_another_caller_or_list() {
    on_both(async |app| {
        import_more(app).await;
        write_rotations(app).await;
        training::fill(app).await;
        let (all, a, other) = (app.all_seeing().await, district_a(app).await, district_a(app).await);
        let cursor = async |caller: &Caller<'_>, list: &str| {
            let data = caller.query(&format!("{{ {list} {{ pageInfo {{ endCursor }} }} }}")).await;
            let root = list.split('(').next().expect("a root");
            data[root]["pageInfo"]["endCursor"].as_str().expect("a cursor").to_owned()
        };
        let mine = cursor(&a, "cadres(first: 2)").await;
        let cursors = [
            cursor(&all, "cadres(first: 2)").await,
            cursor(&other, "cadres(first: 2)").await,
            cursor(&a, "cadres(first: 2, orderBy: [{field: CODE}])").await,
            cursor(&a, "cadres(first: 2, where: {category: CADRE})").await,
            cursor(&a, r#"cadres(first: 2, search: "v")"#).await,
            cursor(&a, r#"cadres(first: 2, asOf: "2020-01-01")"#).await,
            cursor(&a, "units(first: 2)").await,
            cursor(&a, "rotations(first: 1)").await,
            cursor(&a, "trainingPlans(first: 1)").await,
            cursor(&a, "quotas(first: 1)").await,
            cursor(&a, "trainingClasses(first: 1)").await,
            cursor(&a, "enrolments(first: 1)").await,
            format!("{mine}A"),
            "nothing".to_owned(),
        ];
        let document = "query($after: String) { cadres(first: 2, after: $after) { nodes { code } } }";
        let refused = a.raw(document, json!({ "after": "nothing" })).await;

        for cursor in cursors {
            let answer = a.raw(document, json!({ "after": cursor })).await;
            assert_eq!(answer, refused, "each is refused with the same message");
        }
        assert!(refused.contains("\"INVALID\"") && refused.contains("\"after\""), "{refused}");
        let next = a.query_with(document, json!({ "after": mine })).await;
        assert_eq!(codes(&next, "/cadres/nodes").len(), 2, "the control: the caller's own cursor continues");
    })
    .await;
}
