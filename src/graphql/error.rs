//! Converts all errors into GraphQL errors: a stable code and a message in the client's language.
//!
//! Messages never contain values of the document or of a variable, or text of the database. Validation errors repeat
//! names of the document.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql::{
    ErrorExtensionValues, PathSegment, QueryPathNode, QueryPathSegment, Response, ServerError, ServerResult, Value,
    async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextResolve, ResolveInfo},
};
use entity::value::Purpose;
use futures_util::FutureExt;

use crate::{
    error::{Error, Resync},
    graphql::guard::{
        explain::client_message,
        rejection::{Code, Rejection},
        schema_index::SchemaIndex,
    },
    language::{Language, Sentence},
};

/// Maximum number of errors in one response.
const MAX_ERRORS: usize = 20;

/// Stable code of an error, for programs.
pub fn code(error: &Error) -> &'static str {
    match error {
        Error::NotFound => "NOT_FOUND",
        Error::Forbidden { .. } => "FORBIDDEN",
        Error::PurposeRequired { .. } => "PURPOSE_REQUIRED",
        Error::PurposeNotAllowed { .. } => "PURPOSE_NOT_ALLOWED",
        Error::Invalid { .. } => "INVALID",
        Error::Resync(_) => "RESYNC",
        Error::Conflict(_) => "CONFLICT",
        Error::Unavailable(_) => "UNAVAILABLE",
        Error::TimedOut(_) => "OPERATION_TIMEOUT",
        Error::Internal(_) => "INTERNAL",
    }
}

/// Message of an error, for people.
pub fn sentence(error: &Error) -> Sentence {
    match error {
        Error::NotFound => Sentence::new("Không tìm thấy trong phạm vi được cấp.", "Not found within your reach."),
        Error::Forbidden { fields, missing } => {
            let (fields, missing) = (fields.join(", "), to_strings(missing).join(", "));
            Sentence::new(
                format!(
                    "Hệ thống kết nối không có quyền đọc {fields}; hãy đề nghị đơn vị vận hành cấp thêm quyền: \
                     {missing}."
                ),
                format!("Your client may not read {fields}; ask the operator to grant {missing}."),
            )
        }
        Error::PurposeRequired { fields, allowed } => {
            let fields = fields.join(", ");
            with_allowed_purposes(
                allowed,
                &format!("Dữ liệu được bảo vệ ({fields}) chỉ được đọc khi nêu mục đích trong tiêu đề X-Purpose"),
                &format!("Protected data ({fields}) can only be read with a purpose in the header X-Purpose"),
            )
        }
        Error::PurposeNotAllowed { allowed } => with_allowed_purposes(
            allowed,
            "Hệ thống kết nối không được phép đọc dữ liệu với mục đích nêu trong tiêu đề X-Purpose",
            "Your client may not read data for the purpose in the header X-Purpose",
        ),
        Error::Invalid { sentence, .. } | Error::Conflict(sentence) => sentence.clone(),
        Error::Resync(reason) => resync(*reason),
        Error::Unavailable(_) => Sentence::new(
            "Cơ sở dữ liệu đang bận hoặc gián đoạn; hãy gửi lại yêu cầu sau giây lát.",
            "The database is busy or not available; send the request again in a moment.",
        ),
        Error::TimedOut(_) => Sentence::new(
            "Thao tác đã vượt quá thời gian cho phép và bị dừng; hãy thu hẹp điều kiện, bỏ bớt totalCount, hoặc chia thành \
             nhiều yêu cầu.",
            "The operation exceeded its time limit and was stopped; narrow its conditions, remove `totalCount`, or \
             split it into several requests.",
        ),
        Error::Internal(_) => Sentence::new(
            "Hệ thống gặp lỗi nội bộ; khi báo lỗi, hãy gửi kèm mã yêu cầu (requestId).",
            "Internal error of the service; report it with the request id (requestId).",
        ),
    }
}

fn resync(reason: Resync) -> Sentence {
    let (vi, en) = match reason {
        Resync::ReachChanged => ("phạm vi đơn vị của bạn đã thay đổi", "the units within your reach have changed"),
        Resync::ScopesChanged => ("quyền của bạn đã thay đổi", "the scopes of your grant have changed"),
        Resync::BulkLoad => ("dữ liệu đã được nhập hàng loạt", "data was loaded in bulk"),
    };
    Sentence::new(
        format!(
            "Không thể đọc tiếp dòng thay đổi từ con trỏ này vì {vi}; hãy lấy `changeCursor` mới, sao chép lại toàn bộ dữ \
             liệu, rồi đọc tiếp từ con trỏ mới."
        ),
        format!(
            "The change feed cannot continue from this cursor, because {en}; read a new `changeCursor`, copy all data \
             again, then continue from the new cursor."
        ),
    )
}

/// A message about purposes that lists the allowed ones as the solution.
fn with_allowed_purposes(allowed: &[Purpose], vi: &str, en: &str) -> Sentence {
    if allowed.is_empty() {
        return Sentence::new(
            format!("{vi}; hệ thống kết nối chưa được cấp mục đích nào, hãy đề nghị đơn vị vận hành cấp."),
            format!("{en}; your client's grant allows no purpose, ask the operator to grant one."),
        );
    }
    let allowed = to_strings(allowed).join(", ");
    Sentence::new(
        format!("{vi}; mục đích được cấp: {allowed}."),
        format!("{en}; your client's grant allows {allowed}."),
    )
}

fn to_strings(set: &[impl ToString]) -> Vec<String> {
    set.iter().map(ToString::to_string).collect()
}

/// Builds the error for the client, and logs the details that are hidden from it.
pub fn client_error(error: &Error, language: Language, request_id: &str) -> ServerError {
    match error {
        Error::Internal(source) => tracing::error!(request.id = request_id, error = %source, "internal error"),
        Error::Unavailable(source) => tracing::warn!(request.id = request_id, error = %source, "database unavailable"),
        Error::TimedOut(source) => tracing::warn!(request.id = request_id, error = %source, "operation timed out"),
        _ => {}
    }
    let mut client_error = ServerError::new(sentence(error).text(language), None);
    let mut extensions = extensions(code(error), request_id);
    match error {
        Error::Forbidden { fields, missing } => {
            extensions.set("fields", fields.clone());
            extensions.set("missingScopes", to_strings(missing));
        }
        Error::PurposeRequired { fields, allowed } => {
            extensions.set("fields", fields.clone());
            extensions.set("allowedPurposes", to_strings(allowed));
        }
        Error::PurposeNotAllowed { allowed } => extensions.set("allowedPurposes", to_strings(allowed)),
        Error::Invalid { field, .. } => extensions.set("field", field.as_str()),
        Error::Resync(resync) => extensions.set("reason", resync.as_str()),
        _ => {}
    }
    client_error.extensions = Some(extensions);
    client_error
}

/// Builds the error for a document that was refused before execution.
pub fn rejection_error(refusal: &Rejection, language: Language, request_id: &str) -> ServerError {
    let mut client_error = ServerError::new(refusal.sentence(language), refusal.at);
    client_error.extensions = Some(extensions(refusal.code().as_str(), request_id));
    client_error
}

/// Builds the error for a document that the client's grant does not allow.
pub fn not_registered(language: Language, request_id: &str) -> ServerError {
    let sentence = Sentence::new(
        "Hệ thống của bạn chỉ được chạy các văn bản truy vấn đã đăng ký, và văn bản này chưa đăng ký; hãy gửi đúng từng byte \
         văn bản đã đăng ký hoặc mã của nó trong `documentId`, hoặc đề nghị cơ quan vận hành đăng ký \
         (`cadre-api document add`).",
        "Your client may run registered documents only, and this document is not registered; send the registered text byte \
         by byte or its id in `documentId`, or ask the operator to register the document (`cadre-api document add`).",
    );
    with_code("DOCUMENT_NOT_REGISTERED", &sentence, language, request_id)
}

/// Builds the error for an id that no registered document of the client has.
pub fn no_such_document(language: Language, request_id: &str) -> ServerError {
    let sentence = Sentence::new(
        "Hệ thống của bạn không có văn bản truy vấn đăng ký với mã `documentId` này; hãy gửi văn bản trong `query`, hoặc đề \
         nghị cơ quan vận hành đăng ký (`cadre-api document add`).",
        "No document with this `documentId` is registered for your client; send the text in `query`, or ask the operator to \
         register it (`cadre-api document add`).",
    );
    with_code("DOCUMENT_NOT_FOUND", &sentence, language, request_id)
}

fn extensions(code: &str, request_id: &str) -> ErrorExtensionValues {
    metrics::counter!("cadre_errors_total", "code" => code.to_owned()).increment(1);
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code);
    extensions.set("requestId", request_id);
    extensions
}

/// Replaces the messages of the engine's own errors, truncates to `MAX_ERRORS`, and adds the errors of nullable
/// fields.
pub fn translate(
    response: &mut Response,
    partial_errors: &PartialErrors,
    schema_index: &SchemaIndex,
    (language, request_id): (Language, &str),
) {
    response.errors.append(&mut partial_errors.lock());
    response.errors.truncate(MAX_ERRORS);
    for error in &mut response.errors {
        let (path, locations) = (std::mem::take(&mut error.path), std::mem::take(&mut error.locations));
        let mut translated_error = match error.source::<Error>() {
            Some(source) => client_error(source, language, request_id),
            None if path.is_empty() => schema_mismatch(&error.message, schema_index, language, request_id),
            None => invalid_argument(language, request_id),
        };
        (translated_error.path, translated_error.locations) = (path, locations);
        *error = translated_error;
    }
}

/// Error of a document that does not match the schema.
fn schema_mismatch(message: &str, schema_index: &SchemaIndex, language: Language, request_id: &str) -> ServerError {
    let sentence = match client_message(message, schema_index) {
        Some(message) => Sentence::new(
            format!("Yêu cầu không khớp với lược đồ: {message} Xem /schema.graphql."),
            format!("{message} See /schema.graphql."),
        ),
        None => Sentence::new(
            "Yêu cầu không khớp với lược đồ tại vị trí này; xem /schema.graphql.",
            "The document does not match the schema at this position; see /schema.graphql.",
        ),
    };
    with_guard_code(Code::ValidationFailed, &sentence, language, request_id)
}

/// Error of a value that the engine could not parse during execution.
fn invalid_argument(language: Language, request_id: &str) -> ServerError {
    let sentence = Sentence::new(
        "Giá trị của một đối số không hợp lệ; xem kiểu của nó trong lược đồ.",
        "The value of an argument is invalid; see its type in the schema.",
    );
    with_guard_code(Code::BadVariables, &sentence, language, request_id)
}

fn with_guard_code(code: Code, sentence: &Sentence, language: Language, request_id: &str) -> ServerError {
    with_code(code.as_str(), sentence, language, request_id)
}

fn with_code(code: &str, sentence: &Sentence, language: Language, request_id: &str) -> ServerError {
    let mut client_error = ServerError::new(sentence.text(language), None);
    client_error.extensions = Some(extensions(code, request_id));
    client_error
}

/// Errors of nullable fields, which became null without affecting their siblings.
#[derive(Debug, Clone, Default)]
pub struct PartialErrors(Arc<Mutex<Vec<ServerError>>>);

impl PartialErrors {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<ServerError>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Converts an error or panic of a nullable field into null and an entry in `errors` (GraphQL, section 6.4.4).
pub struct NullOnError;

impl ExtensionFactory for NullOnError {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for NullOnError {
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let (path, nullable) = (info.path_node, !info.return_type.ends_with('!'));
        let result = match AssertUnwindSafe(next.run(ctx, info)).catch_unwind().await {
            Ok(result) => result,
            Err(_) => {
                let mut error = ServerError::new("panic", None);
                error.source = Some(Arc::new(Error::internal("a resolver panicked")));
                error.path = segments(path);
                Err(error)
            }
        };
        match (result, ctx.data_opt::<PartialErrors>()) {
            (Err(error), Some(partial_errors)) if nullable => {
                partial_errors.lock().push(error);
                Ok(Some(Value::Null))
            }
            (result, _) => result,
        }
    }
}

fn segments(path: &QueryPathNode<'_>) -> Vec<PathSegment> {
    let segment = match path.segment {
        QueryPathSegment::Index(at) => PathSegment::Index(at),
        QueryPathSegment::Name(name) => PathSegment::Field(name.to_owned()),
    };
    path.parent.map(segments).unwrap_or_default().into_iter().chain([segment]).collect()
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, Object, Request, Schema};
    use serde_json::json;

    use super::*;

    fn broken() -> i32 {
        panic!("MARK")
    }

    struct Query;

    #[Object]
    impl Query {
        async fn good(&self) -> i32 {
            1
        }

        async fn panics(&self) -> Option<i32> {
            Some(broken())
        }

        async fn fails(&self) -> Result<Option<i32>, Error> {
            Err(Error::internal("MARK"))
        }

        async fn is_missing(&self) -> Result<i32, Error> {
            Err(Error::NotFound)
        }

        async fn inner(&self) -> Option<Inner> {
            Some(Inner)
        }

        async fn list(&self) -> Vec<Option<Inner>> {
            vec![Some(Inner), None]
        }
    }

    struct Inner;

    #[Object]
    impl Inner {
        async fn good(&self) -> i32 {
            2
        }

        async fn must(&self) -> i32 {
            broken()
        }
    }

    async fn run(document: &str) -> serde_json::Value {
        let schema = Schema::build(Query, EmptyMutation, EmptySubscription).extension(NullOnError).finish();
        let partial_errors = PartialErrors::default();
        let mut response = schema.execute(Request::new(document).data(partial_errors.clone())).await;
        translate(&mut response, &partial_errors, &SchemaIndex::of(&schema.sdl()), (Language::English, "r1"));
        let mut errors: Vec<_> = response
            .errors
            .iter()
            .map(|error| json!({ "code": error.extensions.as_ref().and_then(|e| e.get("code")), "path": error.path }))
            .collect();
        errors.sort_by_key(ToString::to_string);
        assert!(!serde_json::to_string(&response).expect("JSON").contains("MARK"), "{document}");
        json!([response.data, errors])
    }

    #[tokio::test]
    async fn a_resolver_that_fails_or_panics_leaves_its_siblings_alive() {
        for (document, expected) in [
            ("{ good }", json!([{ "good": 1 }, []])),
            (
                "{ a: good panics b: good }",
                json!([{ "a": 1, "panics": null, "b": 1 }, [{ "code": "INTERNAL", "path": ["panics"] }]]),
            ),
            (
                "{ fails panics good }",
                json!([{ "fails": null, "panics": null, "good": 1 },
                    [{ "code": "INTERNAL", "path": ["fails"] }, { "code": "INTERNAL", "path": ["panics"] }]]),
            ),
            (
                "{ inner { good must } good }",
                json!([{ "inner": null, "good": 1 }, [{ "code": "INTERNAL", "path": ["inner", "must"] }]]),
            ),
            (
                "{ list { good must } good }",
                json!([{ "list": [null, null], "good": 1 }, [{ "code": "INTERNAL", "path": ["list", 0, "must"] }]]),
            ),
            ("{ good isMissing }", json!([null, [{ "code": "NOT_FOUND", "path": ["isMissing"] }]])),
        ] {
            assert_eq!(run(document).await, expected, "{document}");
        }
    }

    #[tokio::test]
    async fn no_response_has_more_than_twenty_errors() {
        let fields: String = (0..50).map(|at| format!("a{at}: fails ")).collect();

        let answer = run(&format!("{{ {fields} }}")).await;

        assert_eq!(answer[1].as_array().map(Vec::len), Some(MAX_ERRORS));
        assert_eq!(answer[0].as_object().map(serde_json::Map::len), Some(50));
    }
}
