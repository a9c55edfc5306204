//! The engine: compiles a document, authorizes it, and executes it. async-graphql never receives text that has not
//! passed the guard.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_graphql::{Request, Response, ServerError, Variables};
use data_encoding::HEXLOWER;
use entity::value::AllowedDocuments;
use futures_util::FutureExt;
use sha2::{Digest, Sha256};

use crate::{
    authz::{Access, Unaudited, policy},
    db::ReadMode,
    graphql::{
        ServiceSchema,
        error::{PartialErrors, client_error, not_registered, rejection_error, translate},
        guard::{
            cache::Documents,
            deprecation::Deprecation,
            document::{Document, Kind, Operation, Plan},
            limits::Limits,
            rejection::{Measure, Rejection},
            schema_index::SchemaIndex,
        },
        loader::Loaders,
        schema,
        validation::{UNCHANGED, Validation},
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
    /// Validation of an answer that the client may already have; `None` if the answer has no tag.
    pub validation: Option<Arc<Validation>>,
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
    /// The operation exceeds the client's remaining cost; it may succeed later.
    Limited(Exceeded),
    /// A mutation in a request that allows only queries.
    MutationByGet,
    /// Not executed, because the client already has the answer.
    Unchanged,
    /// Executed; the response may contain errors and data.
    Ran(Box<Response>),
    /// Executed without errors on the fast path: the whole body.
    Written(Vec<u8>),
}

/// The schema and the cache of compiled documents.
pub struct Engine {
    schema: ServiceSchema,
    documents: Documents,
    /// Version of the program and digest of its schema. Another version may answer differently.
    version: String,
}

/// A request that may be executed.
struct Admitted {
    document: Arc<Document>,
    variables: Variables,
    /// Tag of the answer.
    tag: Option<String>,
    deprecations: Arc<[Deprecation]>,
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
        let version = format!("{} {}", env!("CARGO_PKG_VERSION"), HEXLOWER.encode(&Sha256::digest(sdl)));
        let documents = Documents::new(Arc::new(SchemaIndex::of(sdl)), Limits::default());
        Self { schema, documents, version }
    }

    /// Executes a request of a caller. The result is released after its disclosures were logged.
    pub async fn answer(&self, access: Arc<Access>, mut execution_request: ExecutionRequest) -> Unaudited<Executed> {
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
    ) -> Executed {
        let admitted = match self.admit(&access, execution_request, sent_variables).await {
            Ok(admitted) => admitted,
            Err(response) => return Executed::from(*response),
        };
        for deprecation in admitted.deprecations.iter() {
            let client = access.caller().client_id().to_string();
            let labels = [("field", deprecation.coordinate.to_string()), ("client", client)];
            metrics::counter!("cadre_deprecated_field_total", &labels).increment(1);
        }
        let deprecations = admitted.deprecations.clone();
        Executed { response: self.respond(access, execution_request, admitted).await, deprecations }
    }

    /// Executes an admitted document, if possible on the fast path.
    async fn respond(
        &self,
        access: Arc<Access>,
        execution_request: &ExecutionRequest,
        Admitted { document, variables, tag, .. }: Admitted,
    ) -> ExecutionResponse {
        let set_tag = |access: &Access| {
            if let (Some(validation), Some(tag)) = (&execution_request.validation, tag)
                && !access.has_disclosed()
            {
                validation.set_tag(tag);
            }
        };
        if let Some(body) = self.run_fast_path(&document, &access, execution_request, &variables).await {
            set_tag(&access);
            return ExecutionResponse::Written(body);
        }
        let mut request = Request::new("").variables(variables);
        request.operation_name.clone_from(&execution_request.operation_name);
        request.set_parsed_query(document.executable().clone());
        let (language, partial_errors) = (execution_request.language, PartialErrors::default());
        let request = request
            .data(Loaders::new(Arc::clone(&access)))
            .data(Arc::clone(&access))
            .data(language)
            .data(partial_errors.clone());
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
        if response.errors.is_empty() {
            set_tag(&access);
        }
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
    /// complete variables. If the client already has the answer, it is not executed.
    async fn admit(
        &self,
        access: &Access,
        execution_request: &ExecutionRequest,
        sent_variables: Variables,
    ) -> Result<Admitted, Box<ExecutionResponse>> {
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
        let tag = self.tag(access, execution_request, (&plan, &sent_variables)).await;
        let unchanged = tag.as_deref().and_then(|tag| execution_request.unchanged(tag));
        execution_request.allowance.spend(if unchanged.is_some() { UNCHANGED } else { plan.cost }).map_err(|over| {
            match over {
                Exceeded::Never { cost, limit } => {
                    refuse(Rejection::limit(Measure::ClientCost, u64::from(limit), cost, None))
                }
                over => Box::new(ExecutionResponse::Limited(over)),
            }
        })?;
        if let Some(validation) = unchanged {
            tag.into_iter().for_each(|tag| validation.set_tag(tag));
            return Err(Box::new(ExecutionResponse::Unchanged));
        }
        let variables = operation.coerce_variables(self.documents.schema_index(), sent_variables).map_err(refuse)?;
        Ok(Admitted { document, variables, tag, deprecations: plan.deprecations })
    }

    /// Tag of the answer; `None` if it has none. Called before anything is read for the answer. If the database does not
    /// answer, the operation itself reports it.
    async fn tag(
        &self,
        access: &Access,
        execution_request: &ExecutionRequest,
        (plan, sent_variables): (&Plan, &Variables),
    ) -> Option<String> {
        let validation = execution_request.validation.as_ref()?;
        if !plan.coordinates.iter().all(|coordinate| policy::follows_from_records(coordinate.as_str())) {
            return None;
        }
        let language = execution_request.language.tag();
        let request =
            (&self.version, validation.representation(), language, &execution_request.operation_name, sent_variables);
        access.tag(&request).await.ok().flatten()
    }
}

impl ExecutionRequest {
    /// The validation, if the client already has the answer with this tag.
    fn unchanged(&self, tag: &str) -> Option<&Validation> {
        self.validation.as_deref().filter(|validation| validation.includes(tag))
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
