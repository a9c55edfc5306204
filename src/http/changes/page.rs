//! Reads a page of the change feed.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse};
use async_graphql::Variables;
use entity::value::ClientId;
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
    limit::{Allowance, OpenStream},
};

const DOCUMENT: &str = "query Changes($after: String, $first: Int = 100, $types: [ChangeType!]) {
  changes(after: $after, first: $first, types: $types) {
    edges { cursor node { id type objectId code operation at } }
    pageInfo { endCursor hasNextPage }
  }
}";

/// A page that was read for a client.
pub struct Read {
    pub page: Page,
    pub allowance: Arc<Allowance>,
    client: ClientId,
}

impl Read {
    /// Permission to wait for changes; the response if too many requests of the client wait.
    pub fn wait(&self, request: &HttpRequest, service: &Service) -> Result<OpenStream, Box<HttpResponse>> {
        service.streams.open(self.client.0).ok_or_else(|| {
            let refused = limit::too_many_streams(request, service.streams.most());
            Box::new(limit::with_rate_limit_headers(refused, &self.allowance))
        })
    }
}

/// Executes the document for the client, whose token is verified each time.
pub async fn page(request: &HttpRequest, service: &Service, asked: &Value) -> Result<Read, HttpResponse> {
    let (access, allowance) = graphql::admitted(request, service).await?;
    let client = access.caller().client_id();
    let execution_request = ExecutionRequest {
        document: DOCUMENT.to_owned(),
        origin: DocumentOrigin::Registered,
        operation_name: None,
        variables: Variables::from_json(asked.clone()),
        language: language(request),
        request_id: request_id(request),
        queries_only: true,
        allowance: Arc::clone(&allowance),
        validation: None,
    };
    let executed = graphql::executed(request, service, access, execution_request).await?;
    let data = answer::data(request, executed.response)
        .map_err(|response| limit::with_rate_limit_headers(*response, &allowance))?;
    Ok(Read { page: Page::of(request, &data["changes"]), allowance, client })
}
