//! A small schema for the guard's tests, an excerpt of the contract.

use std::sync::{Arc, LazyLock};

use async_graphql::{Value, Variables};
use serde_json::json;

use crate::graphql::guard::compile::compile;
use crate::graphql::guard::document::Plan;
use crate::graphql::guard::limits::Limits;
use crate::graphql::guard::rejection::Rejection;
use crate::graphql::guard::schema_index::SchemaIndex;

const SDL: &str = r#"
interface Node { id: ID! }
union Subject = Cadre | Unit
type BoundedCount { value: Int! isExact: Boolean! }
type PageInfo { hasNextPage: Boolean! endCursor: String }
type Query {
  node(id: ID!): Node
  nodes(ids: [ID!]!): [Node]!
  subject(id: ID!): Subject
  unit(by: UnitKey!, asOf: String): Unit
  cadre(by: CadreKey!): Cadre
  cadres(where: CadreWhere, search: String, orderBy: [CadreOrder!], first: Int = 20, after: String, last: Int, before: String): CadreConnection!
  programmes: [String!]!
}
type Mutation { inc(by: Int): Int! rotationPropose(input: RotationProposeInput!): Cadre }
input RotationProposeInput { idempotencyKey: String! cadre: CadreKey! }
input UnitKey @oneOf { id: ID code: String }
input CadreKey @oneOf { id: ID code: String nationalId: String }
enum Reach { UNIT SUBTREE }
type Unit implements Node {
  id: ID!
  name: String!
  parent: Unit
  ancestors: [Unit!]!
  children(first: Int = 20, last: Int): UnitConnection!
  cadres(where: CadreWhere, first: Int = 20, last: Int): CadreConnection!
  rotationFlows: [RotationFlow!]!
  composition(asOf: String): Int!
}
type RotationFlow { rotations: Int! }
type UnitConnection { edges: [UnitEdge!]! nodes: [Unit!]! pageInfo: PageInfo! totalCount(max: Int = 10000): BoundedCount! }
type UnitEdge { node: Unit! cursor: String! }
type Cadre implements Node { id: ID! fullName: String! unit: Unit identity: Identity rotations: [Rotation!]! }
type CadreConnection { edges: [CadreEdge!]! nodes: [Cadre!]! pageInfo: PageInfo! totalCount(max: Int = 10000): BoundedCount! }
type CadreEdge { node: Cadre! cursor: String! }
type Rotation { id: ID! cadre: Cadre! toUnit: Unit! }
type Identity { nationalId: String birthOn: String }
input CadreWhere { unit: UnitReach bornAfter: String and: [CadreWhere!] or: [CadreWhere!] not: CadreWhere }
input UnitReach { code: String! reach: Reach = SUBTREE }
input CadreOrder { field: CadreOrderField! descending: Boolean = false }
enum CadreOrderField { NAME CODE BIRTH }
"#;

/// The introspection query of the reference implementation, version 16, with all options.
pub(super) const INTROSPECTION: &str = r"
query IntrospectionQuery {
  __schema {
    description
    queryType { name kind } mutationType { name kind } subscriptionType { name kind }
    types { ...FullType }
    directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } }
  }
}
fragment FullType on __Type {
  kind name description specifiedByURL isOneOf
  fields(includeDeprecated: true) {
    name description
    args(includeDeprecated: true) { ...InputValue }
    type { ...TypeRef }
    isDeprecated deprecationReason
  }
  inputFields(includeDeprecated: true) { ...InputValue }
  interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
  possibleTypes { ...TypeRef }
}
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
fragment TypeRef on __Type {
  kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType {
    kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } }
}";

pub(super) fn schema_index() -> Arc<SchemaIndex> {
    static SHAPE: LazyLock<Arc<SchemaIndex>> = LazyLock::new(|| Arc::new(SchemaIndex::of(SDL)));
    Arc::clone(&SHAPE)
}

pub(super) fn variables(json: serde_json::Value) -> Variables {
    Variables::from_value(Value::from_json(json).expect("test variables are JSON"))
}

/// Compiles and plans the only operation of a document.
pub(super) fn plan(text: &str, sent: serde_json::Value) -> Result<Plan, Rejection> {
    let schema_index = schema_index();
    let document = compile(&schema_index, &Limits::default(), text)?;
    document.operation(None)?.plan(&schema_index, &variables(sent))
}

/// Result for a document without variables: `ok`, or the code and the rule of the refusal.
pub(super) fn outcome(text: &str) -> String {
    match plan(text, json!({})) {
        Ok(_) => "ok".to_owned(),
        Err(refusal) => refusal.to_string(),
    }
}
