//! The engine: compiles a document, authorizes it, and executes it. async-graphql never receives text that has not
//! passed the guard.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_graphql::{Request, Response, ServerError, Variables};
use entity::value::AllowedDocuments;
use futures_util::FutureExt;

use crate::{
    authz::{Access, Unaudited, policy},
    db::ReadMode,
    graphql::{
        ServiceSchema,
        error::{PartialErrors, client_error, not_registered, rejection_error, translate},
        guard::{
            cache::Documents,
            document::{Document, Kind, Operation},
            limits::Limits,
            rejection::{Measure, Rejection},
            schema_index::SchemaIndex,
        },
        loader::Loaders,
        schema,
    },
    language::Language,
    limit::{Allowance, Exceeded},
};

/// A GraphQL request.
#[derive(Debug)]
pub struct ExecutionRequest {
    /// Text of the document.
    pub document: String,
    /// Origin of the document.
    pub origin: DocumentOrigin,
    /// Name of the operation to execute.
    pub operation_name: Option<String>,
    /// Values of the variables.
    pub variables: Variables,
    /// Language of the messages.
    pub language: Language,
    /// Request id for errors and logs.
    pub request_id: String,
    /// Whether only queries are allowed (a GET request).
    pub queries_only: bool,
    /// Remaining limits of the client.
    pub allowance: Arc<Allowance>,
}

/// Origin of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentOrigin {
    /// The client sent a text that is not registered.
    Sent,
    /// Registered for the client, or part of the service.
    Registered,
}

/// Result of a request.
#[derive(Debug)]
pub enum ExecutionResponse {
    /// Refused before execution; there is no `data`.
    Refused(Vec<ServerError>),
    /// The operation exceeds the client's remaining cost; it may succeed later.
    Limited(Exceeded),
    /// A mutation in a request that allows only queries.
    MutationByGet,
    /// Executed; the response may contain errors and data.
    Ran(Box<Response>),
    /// Executed without errors on the fast path: the whole body.
    Written(Vec<u8>),
}

/// The schema and the cache of compiled documents.
pub struct Engine {
    schema: ServiceSchema,
    documents: Documents,
}

impl Default for Engine {
    fn default() -> Self {
        let schema = schema();
        let schema_index = Arc::new(SchemaIndex::of(&schema.sdl()));
        Self { schema, documents: Documents::new(schema_index, Limits::default()) }
    }
}

impl Engine {
    /// Executes a request of a caller. The result is released after its disclosures were logged.
    pub async fn answer(
        &self,
        access: Arc<Access>,
        mut execution_request: ExecutionRequest,
    ) -> Unaudited<ExecutionResponse> {
        let sent_variables = std::mem::take(&mut execution_request.variables);
        access.runs(&execution_request.document);
        let response = self.run(Arc::clone(&access), &execution_request, sent_variables).await;
        Unaudited::new(access, response)
    }

    /// The schema that documents are checked against.
    pub fn schema_index(&self) -> &SchemaIndex {
        self.documents.schema_index()
    }

    async fn run(
        &self,
        access: Arc<Access>,
        execution_request: &ExecutionRequest,
        sent_variables: Variables,
    ) -> ExecutionResponse {
        let (document, variables) = match self.admit(&access, execution_request, sent_variables) {
            Ok(admitted) => admitted,
            Err(response) => return *response,
        };
        if let Some(body) = self.run_fast_path(&document, &access, execution_request, &variables).await {
            return ExecutionResponse::Written(body);
        }
        let mut request = Request::new("").variables(variables);
        request.operation_name.clone_from(&execution_request.operation_name);
        request.set_parsed_query(document.executable().clone());
        let (language, partial_errors) = (execution_request.language, PartialErrors::default());
        let request =
            request.data(Loaders::new(Arc::clone(&access))).data(access).data(language).data(partial_errors.clone());
        let request = request.data(Arc::clone(&execution_request.allowance));
        let mut response = self.schema.execute(request).await;
        // Not executed: the engine's validation refused the document.
        let is_refused = response.is_err() && response.errors.iter().all(|error| error.path.is_empty());
        translate(
            &mut response,
            &partial_errors,
            self.documents.schema_index(),
            (language, &execution_request.request_id),
        );
        if is_refused {
            return ExecutionResponse::Refused(response.errors);
        }
        document.find_fast_path(self.documents.schema_index());
        ExecutionResponse::Ran(Box::new(response))
    }

    /// Executes the query on the fast path. `None` if there is no fast path or it fails: the engine
    /// then executes the query. That is safe, because a query changes nothing.
    async fn run_fast_path(
        &self,
        document: &Document,
        access: &Access,
        execution_request: &ExecutionRequest,
        variables: &Variables,
    ) -> Option<Vec<u8>> {
        let fast_path = document.fast_path()?;
        let operation = document.operation(execution_request.operation_name.as_deref()).ok()?;
        if !operation.fits(self.documents.schema_index(), variables) {
            return None;
        }
        let result =
            AssertUnwindSafe(fast_path.answer(access, execution_request.language, variables)).catch_unwind().await;
        access.continue_reading(ReadMode::Any).await;
        result.ok()?.ok()
    }

    /// Compiles the document and authorizes all its fields, filters and sort keys before execution; returns it with the
    /// complete variables.
    fn admit(
        &self,
        access: &Access,
        execution_request: &ExecutionRequest,
        sent_variables: Variables,
    ) -> Result<(Arc<Document>, Variables), Box<ExecutionResponse>> {
        let (language, id) = (execution_request.language, execution_request.request_id.as_str());
        let refuse = |refusal| Box::new(ExecutionResponse::Refused(vec![rejection_error(&refusal, language, id)]));
        let document = self.documents.get_or_compile(&execution_request.document).map_err(refuse)?;
        let operation = document.operation(execution_request.operation_name.as_deref()).map_err(refuse)?;
        if execution_request.queries_only && operation.kind == Kind::Mutation {
            return Err(Box::new(ExecutionResponse::MutationByGet));
        }
        if !is_allowed(access, execution_request.origin, operation) {
            return Err(Box::new(ExecutionResponse::Refused(vec![not_registered(language, id)])));
        }
        let plan = operation.plan(self.documents.schema_index(), &sent_variables).map_err(refuse)?;
        metrics::histogram!("cadre_operation_cost").record(plan.cost as f64);
        policy::admit(&access.rights(), plan.coordinates.iter().map(|touched| touched.as_str()))
            .map_err(|error| Box::new(ExecutionResponse::Refused(vec![client_error(&error, language, id)])))?;
        execution_request.allowance.spend(plan.cost).map_err(|over| match over {
            Exceeded::Never { cost, limit } => {
                refuse(Rejection::limit(Measure::ClientCost, u64::from(limit), cost, None))
            }
            over => Box::new(ExecutionResponse::Limited(over)),
        })?;
        let variables = operation.coerce_variables(self.documents.schema_index(), sent_variables).map_err(refuse)?;
        Ok((document, variables))
    }
}

/// Whether the caller's grant allows the document. Introspection is always allowed: it reveals only the schema, which is
/// public.
fn is_allowed(access: &Access, origin: DocumentOrigin, operation: &Operation) -> bool {
    match (access.caller().documents(), origin) {
        (AllowedDocuments::Any, _) | (AllowedDocuments::Registered, DocumentOrigin::Registered) => true,
        (AllowedDocuments::Registered, DocumentOrigin::Sent) => operation.is_introspection(),
    }
}
