//! The printed figures of Bình Phước about yearly training: the norm of 100 % (F201), and 1,039 people in 13 classes of
//! updating in 2023 (F215). No share of compliance was printed, and none is stated here.

use serde_json::json;

use crate::{facts::unit, support::Caller};

/// Asks for the norm as data, and for the people who did the updating.
pub async fn ask(caller: &Caller<'_>) {
    let province = unit(caller, r#"where: {adminCode: "70"}"#).await;
    let answer = caller
        .query("{ duties(year: 2023) { code issuer { code } normPercent measure amount legalBasis verified } }")
        .await;
    let duties = answer["duties"].as_array().expect("duties");
    let norm = duties.iter().find(|duty| duty["code"] == "BP-DA05-100").expect("the norm");
    let expected = json!({
        "code": "BP-DA05-100",
        "issuer": {"code": province},
        "normPercent": 100,
        "measure": "PARTICIPATION",
        "amount": 1,
        "legalBasis": "Đề án 05-ĐA/TU",
        "verified": true
    });
    assert_eq!(*norm, expected, "F201");

    let compliance = async |code: &str| {
        let document = format!(
            r#"{{ unit(by: {{code: "{province}"}}) {{ duty(code: "{code}", year: 2023) {{
                bound done partly notDone exempt indeterminate unnamedLearners }} }} }}"#
        );
        caller.query(&document).await["unit"]["duty"].clone()
    };
    let updated = compliance("BP-CN").await;
    assert_eq!(updated["done"], 1_039, "F215b: {updated}");
    let listed = caller
        .query(&format!(
            r#"{{ cadres(where: {{unit: {{code: "{province}"}}, duty: {{code: "BP-CN", year: 2023, result: DONE}}}}) {{
                totalCount {{ value }} }} }}"#
        ))
        .await;
    assert_eq!(listed["cadres"]["totalCount"]["value"], 1_039, "F215b");

    // Each of them did what the province asks, too; and the instrument of the nation was not compared.
    let all = compliance("BP-DA05-100").await;
    assert!(all["done"].as_i64() >= Some(1_039), "{all}");
    let national = compliance("VN-QD164-2013").await;
    assert_eq!((&national["done"], &national["indeterminate"]), (&json!(0), &national["bound"]), "{national}");
    for numbers in [&updated, &all, &national] {
        let number = |field: &str| numbers[field].as_i64().expect("a number");
        let results = ["done", "partly", "notDone", "exempt", "indeterminate"];
        assert_eq!(results.map(number).iter().sum::<i64>(), number("bound"), "{numbers}");
        assert_eq!(number("bound"), all["bound"].as_i64().expect("a number"), "each person of the province");
    }
}
