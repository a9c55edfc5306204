//! Reads a page of the change feed.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse};
use async_graphql::Variables;
use serde_json::Value;

use super::event::Page;
use crate::{
    graphql::engine::{DocumentOrigin, ExecutionRequest},
    http::{
        Service,
        error::{language, request_id},
        graphql, limit,
        rest::answer,
    },
    limit::Allowance,
};

const DOCUMENT: &str = "query Changes($after: String, $first: Int = 100, $types: [ChangeType!]) {
  changes(after: $after, first: $first, types: $types) {
    edges { cursor node { id type objectId code operation at } }
    pageInfo { endCursor hasNextPage }
  }
}";

/// Executes the document for the client, whose token is verified each time.
pub async fn page(
    request: &HttpRequest,
    service: &Service,
    asked: &Value,
) -> Result<(Page, Arc<Allowance>), HttpResponse> {
    let (access, allowance) = graphql::admitted(request, service).await?;
    let question = ExecutionRequest {
        document: DOCUMENT.to_owned(),
        origin: DocumentOrigin::Registered,
        operation_name: None,
        variables: Variables::from_json(asked.clone()),
        language: language(request),
        request_id: request_id(request),
        queries_only: true,
        allowance: Arc::clone(&allowance),
    };
    let executed = graphql::executed(request, service, access, question).await?;
    let data = answer::data(request, executed.response)
        .map_err(|response| limit::with_rate_limit_headers(*response, &allowance))?;
    Ok((Page::of(request, &data["changes"]), allowance))
}
