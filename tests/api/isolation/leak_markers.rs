//! No response to district A contains a marked value of district B.

use serde_json::json;

use super::{Ids, district_a, import_more, training, write_rotations};
use crate::support::on_both;

#[actix_web::test]
async fn no_response_to_a_contains_a_marked_value_of_b() {
    on_both(async |app| {
        import_more(app).await;
        write_rotations(app).await;
        let (all, a) = (app.all_seeing().await, district_a(app).await);
        let training = training::fill(app).await;
        let b = app.caller(&["cadre:read", "rotation:read", "training:read", "quota:read"], &["B"]).await;
        let ids = Ids::of(&all, training).await;
        let deep = "code name parent { name } ancestors { name } subunits(first: 5) { nodes { name } } \
                    predecessors { unit { name } document } successors { unit { name } document }";
        let person = "code fullName unit { name parent { name } } title { name } assignments { unit { name } title { name } } \
                      qualifications { institution { name } } highest(subject: \"PROFESSIONAL\") { id }";
        let mut documents = Vec::new();
        for day in ["2009-01-01", "2014-01-01", "2017-12-31", "2018-01-01", "2026-06-01"] {
            documents.push(format!(r#"{{ units(first: 20, asOf: "{day}") {{ nodes {{ {deep} }} totalCount {{ value }} }} }}"#));
            documents.push(format!(r#"{{ cadres(first: 20, asOf: "{day}") {{ nodes {{ {person} }} totalCount {{ value }} }} }}"#));
            for code in ["A", "AX", "B", "B1U", "W", "P"] {
                documents.push(format!(
                    r#"{{ unit(by: {{code: "{code}"}}, asOf: "{day}") {{ {deep} cadres(first: 10) {{ nodes {{ {person} }} }} }} }}"#
                ));
            }
            for code in ["B-01", "B-02", "M-01", "X-01", "X-02"] {
                documents.push(format!(r#"{{ cadre(by: {{code: "{code}"}}, asOf: "{day}") {{ {person} }} }}"#));
            }
        }
        for code in ["B", "B1", "B-01", "X-02", "of B-01"] {
            documents.push(ids.fill(&format!(
                r#"{{ node(id: "%{code}%") {{ id ... on Unit {{ {deep} }} ... on Cadre {{ {person} }} }} }}"#
            )));
        }
        // The name of a unit that a rotation names is visible; objects related to the unit are not.
        let hanging = "code parent { name } ancestors { name } subunits { nodes { name } } cadres(first: 5) { nodes { fullName } }";
        let rotation = format!(
            "decisionNo fromUnit {{ {hanging} }} toUnit {{ {hanging} }} preparingUnit {{ {hanging} }} placement {{ unit {{ {hanging} }} }} \
             cadre {{ code unit {{ name }} assignments {{ unit {{ name }} }} rotations {{ decisionNo }} }}"
        );
        for condition in ["{}", "{states: [DRAFT, REVOKED, IN_PROGRESS]}", r#"{runningOn: "2015-06-01"}"#, r#"{cadre: "X-01"}"#] {
            documents.push(format!("{{ rotations(where: {condition}) {{ nodes {{ {rotation} }} totalCount {{ value }} }} }}"));
        }
        for code in ["A-04", "B-01", "B-02", "M-01", "X-01"] {
            documents.push(format!(r#"{{ cadre(by: {{code: "{code}"}}) {{ rotations {{ {rotation} }} }} }}"#));
        }
        for number in ["R2", "R3", "R5", "R6"] {
            documents.push(ids.fill(&format!(r#"{{ node(id: "%{number}%") {{ ... on Rotation {{ {rotation} }} }} }}"#)));
        }
        let plan = "code name unit { code } quotas { nodes { seats unit { name } } }";
        let class = format!(
            "code intake sessions plan {{ {plan} }} organiser {{ {hanging} }} \
             enrolments(first: 5) {{ nodes {{ sendingUnit {{ {hanging} }} cadre {{ code unit {{ name }} }} }} }}"
        );
        documents.push(format!("{{ trainingPlans {{ nodes {{ {plan} }} totalCount {{ value }} }} }}"));
        documents.push(format!("{{ quotas {{ nodes {{ seats unit {{ name }} plan {{ {plan} }} }} totalCount {{ value }} }} }}"));
        documents.push(format!("{{ trainingClasses(first: 5) {{ nodes {{ {class} }} totalCount {{ value }} }} }}"));
        documents.push(format!("{{ enrolments(first: 5) {{ nodes {{ class {{ {class} }} }} totalCount {{ value }} }} }}"));
        documents.push(format!(r#"{{ trainingPlan(by: {{code: "KB"}}) {{ {plan} }} trainingClass(by: {{code: "TF"}}) {{ {class} }} }}"#));
        for search in ["mark", "MARK-NAME", "tây", "B-01"] {
            documents.push(format!(
                r#"{{ cadres(search: "{search}") {{ nodes {{ {person} }} }} units(search: "{search}") {{ nodes {{ {deep} }} }} }}"#
            ));
        }

        let (mut marked_for_all, mut marked_for_b) = (0, 0);
        for document in &documents {
            let response = a.raw(document, json!({})).await;
            assert!(!response.to_lowercase().contains("mark-"), "{document}\n{response}");
            assert!(!response.contains("\"errors\""), "{document}\n{response}");
            marked_for_all += usize::from(all.raw(document, json!({})).await.contains("MARK-"));
            marked_for_b += usize::from(b.raw(document, json!({})).await.contains("MARK-"));
        }
        let sent = documents.len();
        assert!(marked_for_all > sent / 2, "the control: {marked_for_all} of {sent} responses contain the mark");
        assert!(marked_for_b > sent / 4, "the control: {marked_for_b} of {sent} responses contain the mark");
    })
    .await;
}
