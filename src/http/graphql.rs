//! The GraphQL endpoint (GraphQL over HTTP, draft of 2025): content negotiation, request format, response status.

use std::{panic::AssertUnwindSafe, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};
use async_graphql::{ServerError, Variables};
use futures_util::FutureExt;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    authz::Access,
    error::Error,
    graphql::{
        engine::{Executed, ExecutionRequest, ExecutionResponse},
        error::{client_error, code, sentence},
    },
    http::{
        Service, bearer, body, conditional, deprecation,
        error::{Refused, allowing, language, request_id},
        limit,
        persisted::{Requested, Unresolved},
        purpose,
    },
    limit::Allowance,
};

/// The two media types of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Media {
    /// `application/json`: errors of a document have status 200.
    Json,
    /// `application/graphql-response+json`: errors of a document have a 4xx status.
    Response,
}

/// Parts of a GraphQL request.
#[derive(Debug)]
struct GraphqlRequest {
    document: Requested,
    operation_name: Option<String>,
    variables: Variables,
}

/// Parts of a response; the response to a refused request has no `data`.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "<[ServerError]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a async_graphql::Value>,
}

/// `POST /graphql`.
pub async fn post(request: HttpRequest, mut payload: web::Payload, service: web::Data<Service>) -> HttpResponse {
    let (access, allowance) = match admitted(&request, &service).await {
        Ok(admitted) => admitted,
        Err(response) => return body::unread(response, payload),
    };
    let parts = async {
        let media = Media::negotiate(&request)?;
        let bytes = body::json(&request, &mut payload).await?;
        Ok((media, GraphqlRequest::of_body(&bytes)?))
    };
    let response = match parts.await {
        Ok((media, parts)) => match parts.execution_request(&request, &service, (&access, &allowance)).await {
            Ok(execution_request) => {
                let execution_request = ExecutionRequest { queries_only: false, ..execution_request };
                answered(&request, &service, access, media, execution_request).await
            }
            Err(unresolved) => media.unresolved(&request, unresolved),
        },
        Err(refused) => body::unread(Refused::response(&refused, &request), payload),
    };
    limit::with_rate_limit_headers(response, &allowance)
}

/// `GET /graphql`: queries only.
pub async fn get(request: HttpRequest, service: web::Data<Service>) -> HttpResponse {
    let (access, allowance) = match admitted(&request, &service).await {
        Ok(admitted) => admitted,
        Err(response) => return response,
    };
    let response = match Media::negotiate(&request)
        .and_then(|media| Ok((media, GraphqlRequest::of_url(request.query_string())?)))
    {
        Ok((media, parts)) => match parts.execution_request(&request, &service, (&access, &allowance)).await {
            Ok(execution_request) => {
                let validation = conditional::validation(&request, media.name());
                let execution_request = ExecutionRequest { validation: validation.clone(), ..execution_request };
                let response = answered(&request, &service, access, media, execution_request).await;
                conditional::validated(response, validation.as_deref())
            }
            Err(unresolved) => media.unresolved(&request, unresolved),
        },
        Err(refused) => refused.response(&request),
    };
    limit::with_rate_limit_headers(response, &allowance)
}

/// Authenticates and limits a request: 401 before any GraphQL is parsed, and 429 for too many requests before the body
/// is read.
pub(super) async fn admitted(
    request: &HttpRequest,
    service: &Service,
) -> Result<(Arc<Access>, Arc<Allowance>), HttpResponse> {
    match bearer::caller(request, &service.tokens).await {
        Ok(caller) => {
            tracing::Span::current().record("client.id", tracing::field::display(caller.client_id()));
            let allowance = limit::admitted(request, service, &caller).map_err(|refused| *refused)?;
            let access = purpose::stated(request).and_then(|purpose| {
                let app_state = Arc::clone(&service.app_state);
                let access = Access::of(caller, purpose, app_state, allowance.service_limits());
                let access = access.map(|access| access.through(service.security_servers.gateway(request)));
                access.map_err(|error| purpose_denied(&error))
            });
            let access =
                access.map_err(|refused| limit::with_rate_limit_headers(refused.response(request), &allowance))?;
            Ok((Arc::new(access), allowance))
        }
        Err(challenge) => Err(actix_web::ResponseError::error_response(&challenge)),
    }
}

/// A purpose that the grant does not allow.
fn purpose_denied(error: &Error) -> Refused {
    Refused { status: StatusCode::FORBIDDEN, code: code(error), sentence: sentence(error) }
}

async fn answered(
    request: &HttpRequest,
    service: &Service,
    access: Arc<Access>,
    media: Media,
    execution_request: ExecutionRequest,
) -> HttpResponse {
    let Executed { response, deprecations } = match executed(request, service, access, execution_request).await {
        Ok(executed) => executed,
        Err(response) => return response,
    };
    let response = match response {
        ExecutionResponse::Ran(response) => {
            let (errors, data) = (&response.errors, Some(&response.data));
            media.answer(request, status_of(errors, StatusCode::OK), &Body { errors, data })
        }
        ExecutionResponse::Written(body) => media.sent(request, StatusCode::OK, body),
        ExecutionResponse::Refused(errors) => media.refused(request, &errors),
        ExecutionResponse::Limited(over) => limit::limited(request, over),
        ExecutionResponse::Unchanged => HttpResponse::NotModified().finish(),
        ExecutionResponse::MutationByGet => allowing(mutation_by_get().response(request), "POST"),
    };
    deprecation::with_headers(request, response, &deprecations)
}

/// Runs a request within the limits on concurrent requests. If its disclosures cannot be logged, it is refused.
pub(super) async fn executed(
    request: &HttpRequest,
    service: &Service,
    access: Arc<Access>,
    execution_request: ExecutionRequest,
) -> Result<Executed, HttpResponse> {
    // A request is counted as in flight after its body was received, so that slow senders do not use up the limit.
    let Some(_in_flight) = service.in_flight.enter() else { return Err(limit::busy(request)) };
    let _turn = execution_request.allowance.turn().await.map_err(|over| limit::limited(request, over))?;
    // The engine catches panics of resolvers itself; this catches all others.
    let executed = async { service.engine.answer(access, execution_request).await.audit().await };
    match AssertUnwindSafe(executed).catch_unwind().await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) => {
            let error = client_error(&error, language(request), &request_id(request));
            Ok(ExecutionResponse::Refused(vec![error]).into())
        }
        Err(_) => Err(internal_error().response(request)),
    }
}

fn mutation_by_get() -> Refused {
    Refused::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "METHOD_NOT_ALLOWED",
        "GET chỉ dùng để truy vấn; hãy gửi mutation bằng POST.",
        "GET is only for queries; send mutations by POST.",
    )
}

fn internal_error() -> Refused {
    Refused::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "INTERNAL",
        "Hệ thống gặp lỗi nội bộ; khi báo lỗi, hãy gửi kèm mã yêu cầu (requestId).",
        "Internal error of the service; report it with the request id (requestId).",
    )
}

/// If the database is unavailable, the whole response has status 503, so that clients and load balancers retry.
fn status_of(errors: &[ServerError], otherwise: StatusCode) -> StatusCode {
    let has = |code: &str| {
        errors.iter().any(|error| {
            let found = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
            matches!(found, Some(async_graphql::Value::String(found)) if found == code)
        })
    };
    match otherwise {
        _ if has("UNAVAILABLE") => StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::BAD_REQUEST
            if ["FORBIDDEN", "PURPOSE_REQUIRED", "DOCUMENT_NOT_REGISTERED"].into_iter().any(has) =>
        {
            StatusCode::FORBIDDEN
        }
        _ => otherwise,
    }
}

impl Media {
    /// The media type that the client prefers; JSON by default.
    fn negotiate(request: &HttpRequest) -> Result<Self, Refused> {
        let values: Vec<_> =
            request.headers().get_all(header::ACCEPT).filter_map(|value| value.to_str().ok()).collect();
        if values.is_empty() {
            return Ok(Self::Json);
        }
        let mut best: Option<(f32, Self)> = None;
        for range in values.join(",").split(',') {
            let mut parts = range.split(';').map(|part| part.trim().to_ascii_lowercase());
            let media = match parts.next().as_deref() {
                Some("application/graphql-response+json") => Self::Response,
                Some("application/json" | "application/*" | "*/*") => Self::Json,
                _ => continue,
            };
            let q = parts.find_map(|part| part.strip_prefix("q=").map(|q| q.parse().unwrap_or(0.0))).unwrap_or(1.0);
            if q > best.map_or(0.0, |(q, _)| q) {
                best = Some((q, media));
            }
        }
        best.map(|(_, media)| media).ok_or_else(|| {
            Refused::new(
                StatusCode::NOT_ACCEPTABLE,
                "NOT_ACCEPTABLE",
                "Tiêu đề Accept không chấp nhận định dạng nào của dịch vụ; hãy gửi `Accept: \
                 application/graphql-response+json` hoặc `Accept: application/json`.",
                "The Accept header accepts no format of the service; send `Accept: application/graphql-response+json` \
                 or `Accept: application/json`.",
            )
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::Response => "application/graphql-response+json; charset=utf-8",
        }
    }

    fn answer(self, request: &HttpRequest, status: StatusCode, body: &Body<'_>) -> HttpResponse {
        match serde_json::to_vec(body) {
            Ok(bytes) => self.sent(request, status, bytes),
            Err(_) => HttpResponse::InternalServerError().finish(),
        }
    }

    /// A response without `data`.
    fn refused(self, request: &HttpRequest, errors: &[ServerError]) -> HttpResponse {
        let status = match self {
            Self::Json => status_of(errors, StatusCode::OK),
            Self::Response => status_of(errors, StatusCode::BAD_REQUEST),
        };
        self.answer(request, status, &Body { errors, data: None })
    }

    /// The response to a request whose document cannot be executed.
    fn unresolved(self, request: &HttpRequest, unresolved: Unresolved) -> HttpResponse {
        match unresolved {
            Unresolved::Refused(refused) => refused.response(request),
            Unresolved::Error(error) => self.refused(request, &[*error]),
        }
    }

    fn sent(self, request: &HttpRequest, status: StatusCode, body: Vec<u8>) -> HttpResponse {
        let mut response = HttpResponse::build(status);
        response
            .insert_header((header::CONTENT_TYPE, self.name()))
            .insert_header((header::CONTENT_LANGUAGE, language(request).tag()))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::VARY, "Accept, Accept-Language, Authorization"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header((header::RETRY_AFTER, "1"));
        }
        response.body(body)
    }
}

impl GraphqlRequest {
    /// The request for the engine, by default limited to queries.
    async fn execution_request(
        self,
        request: &HttpRequest,
        service: &Service,
        (access, allowance): (&Access, &Arc<Allowance>),
    ) -> Result<ExecutionRequest, Unresolved> {
        let (document, origin) = self.document.resolve(request, (&service.tokens, access.caller())).await?;
        Ok(ExecutionRequest {
            document,
            origin,
            operation_name: self.operation_name,
            variables: self.variables,
            language: language(request),
            request_id: request_id(request),
            queries_only: true,
            allowance: Arc::clone(allowance),
            validation: None,
        })
    }

    fn of_body(bytes: &[u8]) -> Result<Self, Refused> {
        if bytes.trim_ascii_start().starts_with(b"[") {
            return Err(Refused::bad_request(
                "Dịch vụ không nhận nhiều yêu cầu trong một mảng; hãy gửi riêng từng yêu cầu.",
                "Batches are not supported; send each GraphQL request as a separate HTTP request.",
            ));
        }
        let fields: Map<String, Value> = serde_json::from_slice(bytes).map_err(|_| {
            Refused::bad_request(
                "Nội dung không phải là một đối tượng JSON hợp lệ; hãy gửi đối tượng có trường `query`.",
                "The body is not a valid JSON object; send an object with the field `query`.",
            )
        })?;
        Self::of(fields)
    }

    fn of_url(query_string: &str) -> Result<Self, Refused> {
        let broken = || {
            Refused::bad_request(
                "Tham số trên URL không hợp lệ; hãy mã hóa phần trăm các tham số và nêu mỗi tham số một lần.",
                "The parameters of the URL are invalid; percent-encode them and send each parameter once.",
            )
        };
        let pairs = web::Query::<Vec<(String, String)>>::from_query(query_string).map_err(|_| broken())?;
        let mut fields = Map::new();
        for (name, text) in pairs.into_inner() {
            let value = match name.as_str() {
                "variables" | "extensions" => serde_json::from_str(&text).map_err(|_| broken())?,
                // The draft reads an empty name as no name.
                "operationName" if text.is_empty() => Value::Null,
                _ => Value::String(text),
            };
            if fields.insert(name, value).is_some() {
                return Err(broken());
            }
        }
        Self::of(fields)
    }

    /// Validates the types: `query`, `documentId` and `operationName` are texts, `variables` and `extensions` objects. Each
    /// may be null or absent, but a document must be sent or named.
    fn of(mut fields: Map<String, Value>) -> Result<Self, Refused> {
        let document = Requested::take(&mut fields)?;
        let operation_name = match fields.remove("operationName") {
            None | Some(Value::Null) => None,
            Some(Value::String(name)) => Some(name),
            Some(_) => return Err(Refused::wrong_field("operationName")),
        };
        let variables = match fields.remove("variables") {
            None | Some(Value::Null) => Variables::default(),
            Some(object @ Value::Object(_)) => Variables::from_json(object),
            Some(_) => return Err(Refused::wrong_field("variables")),
        };
        Ok(Self { document, operation_name, variables })
    }
}
