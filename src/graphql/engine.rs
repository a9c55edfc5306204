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
        error::{PartialErrors, not_registered, refused, shown, translate},
        guard::{
            cache::Documents,
            deprecation::Deprecation,
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

/// Result of a request, with the deprecated parts of the schema that it uses.
#[derive(Debug)]
pub struct Executed {
    /// The response.
    pub response: ExecutionResponse,
    /// Deprecated fields, arguments, input fields and enum values of an admitted operation.
    pub deprecations: Arc<[Deprecation]>,
}

impl From<ExecutionResponse> for Executed {
    fn from(response: ExecutionResponse) -> Self {
        Self { response, deprecations: Arc::default() }
    }
}

/// Response to a request.
#[derive(Debug)]
pub enum ExecutionResponse {
    /// Refused before execution; there is no `data`.
    Refused(Vec<ServerError>),
    /// Over a cost limit of the client, for now.
    Limited(Exceeded),
    /// A mutation in a request that allows only queries.
    MutationByGet,
    /// Executed; the response may contain errors and data.
    Ran(Box<Response>),
    /// Executed without errors on the fast path: the whole body.
    Written(Vec<u8>),
}

/// A document that the caller may execute, with the complete variables.
struct Admitted {
    document: Arc<Document>,
    variables: Variables,
    deprecations: Arc<[Deprecation]>,
}

/// The schema and the cache of compiled documents.
pub struct Engine {
    schema: ServiceSchema,
    documents: Documents,
}

impl Default for Engine {
    fn default() -> Self {
        let schema = schema();
        let sdl = schema.sdl();
        Self::checking(schema, &sdl)
    }
}

impl Engine {
    /// An engine that checks documents against the SDL of the schema.
    pub fn checking(schema: ServiceSchema, sdl: &str) -> Self {
        Self { schema, documents: Documents::new(Arc::new(SchemaIndex::of(sdl)), Limits::default()) }
    }

    /// Executes a request of a caller. The result is released after its disclosures were logged.
    pub async fn answer(&self, access: Arc<Access>, mut question: ExecutionRequest) -> Unaudited<Executed> {
        let sent = std::mem::take(&mut question.variables);
        access.runs(&question.document);
        let answer = self.run(Arc::clone(&access), &question, sent).await;
        Unaudited::new(access, answer)
    }

    /// The schema that documents are checked against.
    pub fn schema_index(&self) -> &SchemaIndex {
        self.documents.schema_index()
    }

    async fn run(&self, access: Arc<Access>, question: &ExecutionRequest, sent: Variables) -> Executed {
        let Admitted { document, variables, deprecations } = match self.admitted(&access, question, sent) {
            Ok(admitted) => admitted,
            Err(answer) => return Executed::from(*answer),
        };
        for of in deprecations.iter() {
            let labels = [("field", of.coordinate.to_string()), ("client", access.caller().client_id().to_string())];
            metrics::counter!("cadre_deprecated_field_total", &labels).increment(1);
        }
        Executed { response: self.respond(access, question, (&document, variables)).await, deprecations }
    }

    /// Executes an admitted document, if possible on the fast path.
    async fn respond(
        &self,
        access: Arc<Access>,
        question: &ExecutionRequest,
        (document, variables): (&Document, Variables),
    ) -> ExecutionResponse {
        if let Some(body) = self.written(document, &access, question, &variables).await {
            return ExecutionResponse::Written(body);
        }
        let mut request = Request::new("").variables(variables);
        request.operation_name.clone_from(&question.operation_name);
        request.set_parsed_query(document.executable().clone());
        let (language, partial_errors) = (question.language, PartialErrors::default());
        let request =
            request.data(Loaders::new(Arc::clone(&access))).data(access).data(language).data(partial_errors.clone());
        let request = request.data(Arc::clone(&question.allowance));
        let mut response = self.schema.execute(request).await;
        // Not executed: the engine's validation refused the document.
        let refused = response.is_err() && response.errors.iter().all(|error| error.path.is_empty());
        translate(&mut response, &partial_errors, self.documents.schema_index(), (language, &question.request_id));
        if refused {
            return ExecutionResponse::Refused(response.errors);
        }
        document.find_fast_path(self.documents.schema_index());
        ExecutionResponse::Ran(Box::new(response))
    }

    /// Executes the query on the fast path. If there is none or it fails, the engine executes the query again; that is
    /// safe, because a query changes nothing.
    async fn written(
        &self,
        document: &Document,
        access: &Access,
        question: &ExecutionRequest,
        variables: &Variables,
    ) -> Option<Vec<u8>> {
        let fast_path = document.fast_path()?;
        let operation = document.operation(question.operation_name.as_deref()).ok()?;
        if !operation.fits(self.documents.schema_index(), variables) {
            return None;
        }
        let answer = AssertUnwindSafe(fast_path.answer(access, question.language, variables)).catch_unwind().await;
        access.continue_reading(ReadMode::Any).await;
        answer.ok()?.ok()
    }

    /// Compiles the document and authorizes all its fields, filters and sort keys before execution.
    fn admitted(
        &self,
        access: &Access,
        question: &ExecutionRequest,
        sent: Variables,
    ) -> Result<Admitted, Box<ExecutionResponse>> {
        let (language, id) = (question.language, question.request_id.as_str());
        let refuse = |refusal| Box::new(ExecutionResponse::Refused(vec![refused(&refusal, language, id)]));
        let document = self.documents.get_or_compile(&question.document).map_err(refuse)?;
        let operation = document.operation(question.operation_name.as_deref()).map_err(refuse)?;
        if question.queries_only && operation.kind == Kind::Mutation {
            return Err(Box::new(ExecutionResponse::MutationByGet));
        }
        if !is_allowed(access, question.origin, operation) {
            return Err(Box::new(ExecutionResponse::Refused(vec![not_registered(language, id)])));
        }
        let plan = operation.plan(self.documents.schema_index(), &sent).map_err(refuse)?;
        metrics::histogram!("cadre_operation_cost").record(plan.cost as f64);
        policy::admit(&access.rights(), plan.coordinates.iter().map(|touched| touched.as_str()))
            .map_err(|error| Box::new(ExecutionResponse::Refused(vec![shown(&error, language, id)])))?;
        question.allowance.spend(plan.cost).map_err(|over| match over {
            Exceeded::Never { cost, limit } => {
                refuse(Rejection::limit(Measure::ClientCost, u64::from(limit), cost, None))
            }
            over => Box::new(ExecutionResponse::Limited(over)),
        })?;
        let variables = operation.coerce_variables(self.documents.schema_index(), sent).map_err(refuse)?;
        Ok(Admitted { document, variables, deprecations: plan.deprecations })
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
