//! Documents that a request names by a hash instead of sending their text: `documentId` (GraphQL over HTTP, appendix on
//! persisted documents, draft of 2026) and `extensions.persistedQuery` of Apollo's clients.
//!
//! A look-up never registers a document; only the operator does (decision 0033).

use actix_web::{HttpRequest, http::StatusCode};
use async_graphql::ServerError;
use entity::value::AllowedDocuments;
use serde_json::{Map, Value};

use crate::{
    auth::{Caller, ClientDocuments, DocumentHash, Tokens},
    error::Error,
    graphql::{
        engine::DocumentOrigin,
        error::{client_error, no_such_document, not_registered},
    },
    http::error::{Refused, language, request_id},
};

/// Prefix of the only kind of `documentId`.
const PREFIX: &str = "sha256:";

/// The document of a request: its text, its name, or both.
#[derive(Debug)]
pub(super) struct Requested {
    text: Option<String>,
    named: Option<Named>,
}

/// A document named by a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    /// By `documentId`.
    Id(DocumentHash),
    /// By Apollo's extension; `None` if it is not a SHA-256, so that no document has it.
    Apollo(Option<DocumentHash>),
}

/// A request whose document cannot be executed.
#[derive(Debug)]
pub(super) enum Unresolved {
    /// The same response for all media types.
    Refused(Refused),
    /// A GraphQL response with one error.
    Error(Box<ServerError>),
}

impl Requested {
    /// Takes `query` and `documentId` from the fields of a request and reads `extensions`.
    pub(super) fn take(fields: &mut Map<String, Value>) -> Result<Self, Refused> {
        let text = match fields.remove("query") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text),
            Some(_) => return Err(Refused::wrong_field("query")),
        };
        let id = match fields.remove("documentId") {
            None | Some(Value::Null) => None,
            Some(Value::String(id)) => Some(document_id(&id)?),
            Some(_) => return Err(Refused::wrong_field("documentId")),
        };
        if !matches!(fields.get("extensions"), None | Some(Value::Null | Value::Object(_))) {
            return Err(Refused::wrong_field("extensions"));
        }
        let apollo = fields.get("extensions").and_then(|extensions| extensions.get("persistedQuery"));
        let apollo = apollo.filter(|persisted| !persisted.is_null()).map(apollo_hash).transpose()?;
        let named = match (id, apollo) {
            (Some(id), Some(apollo)) if apollo != Some(id) => return Err(two_documents()),
            (Some(id), _) => Some(Named::Id(id)),
            (None, apollo) => apollo.map(Named::Apollo),
        };
        match (&text, named) {
            (None, None) => Err(Refused::wrong_field("query")),
            (Some(text), Some(named)) if named.hash() != Some(DocumentHash::of(text)) => Err(other_text()),
            _ => Ok(Self { text, named }),
        }
    }

    /// The text to execute, and whether it is registered. Reads the client's documents only if the result depends on
    /// them.
    pub(super) async fn resolve(
        self,
        request: &HttpRequest,
        (tokens, caller): (&Tokens, &Caller),
    ) -> Result<(String, DocumentOrigin), Unresolved> {
        let allowed = caller.documents();
        let text = match (self.text, allowed) {
            (Some(text), AllowedDocuments::Any) => return Ok((text, DocumentOrigin::Sent)),
            (text, _) => text,
        };
        let documents = tokens.documents_of(caller).await.map_err(|error| unavailable(request, &error))?;
        let hash = self.named.map_or_else(|| text.as_deref().map(DocumentHash::of), Named::hash);
        let registered = hash.and_then(|hash| documents.text(&hash));
        match (text, registered) {
            (Some(text), registered) => {
                let is_registered = registered.is_some();
                Ok((text, if is_registered { DocumentOrigin::Registered } else { DocumentOrigin::Sent }))
            }
            (None, Some(registered)) => Ok((registered.to_owned(), DocumentOrigin::Registered)),
            (None, None) => Err(self.named.map_or_else(
                || Unresolved::Refused(Refused::wrong_field("query")),
                |named| named.unknown(request, (allowed, &documents)),
            )),
        }
    }
}

impl Named {
    fn hash(self) -> Option<DocumentHash> {
        match self {
            Self::Id(hash) => Some(hash),
            Self::Apollo(hash) => hash,
        }
    }

    /// The response if no registered document has the hash.
    fn unknown(self, request: &HttpRequest, (allowed, documents): (AllowedDocuments, &ClientDocuments)) -> Unresolved {
        let (language, id) = (language(request), request_id(request));
        match (allowed, self) {
            // Sending the text would be refused too.
            (AllowedDocuments::Registered, _) => Unresolved::Error(Box::new(not_registered(language, &id))),
            (AllowedDocuments::Any, Self::Id(_)) => Unresolved::Error(Box::new(no_such_document(language, &id))),
            (AllowedDocuments::Any, Self::Apollo(_)) => Unresolved::Refused(unknown_to_apollo(documents)),
        }
    }
}

/// Apollo's clients recognise both responses by their message or code, and only with status 200, so the message is not
/// translated. After `PERSISTED_QUERY_NOT_FOUND` a client sends this document with its text, and the hash of the next
/// one. After `PERSISTED_QUERY_NOT_SUPPORTED` it sends no hashes any more; a client without registered documents thus
/// saves one request for each document.
fn unknown_to_apollo(documents: &ClientDocuments) -> Refused {
    let (code, message) = if documents.is_empty() {
        ("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported")
    } else {
        ("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
    };
    Refused::new(StatusCode::OK, code, message, message)
}

/// Parses a `documentId`: `sha256:` and 64 digits, or the digits alone.
fn document_id(id: &str) -> Result<DocumentHash, Refused> {
    id.strip_prefix(PREFIX).unwrap_or(id).parse().map_err(|_| {
        Refused::bad_request(
            "Trường `documentId` phải là `sha256:` và 64 chữ số thập lục phân viết thường: SHA-256 của văn bản.",
            "The field `documentId` is `sha256:` and 64 lower-case hexadecimal digits: the SHA-256 of the text.",
        )
    })
}

/// Reads `extensions.persistedQuery`; `None` if its hash is no SHA-256.
fn apollo_hash(persisted: &Value) -> Result<Option<DocumentHash>, Refused> {
    match (&persisted["version"], &persisted["sha256Hash"]) {
        (Value::Number(version), Value::String(hash)) if version.as_u64() == Some(1) => Ok(hash.parse().ok()),
        _ => Err(Refused::bad_request(
            "Trường `extensions.persistedQuery` phải có `version` là 1 và `sha256Hash` là chuỗi.",
            "The field `extensions.persistedQuery` has `version` 1 and a text `sha256Hash`.",
        )),
    }
}

fn two_documents() -> Refused {
    Refused::bad_request(
        "`documentId` và `extensions.persistedQuery` nêu hai văn bản khác nhau; hãy gửi một trong hai.",
        "`documentId` and `extensions.persistedQuery` name two documents; send one of them.",
    )
}

fn other_text() -> Refused {
    Refused::bad_request(
        "Mã đã nêu không phải là SHA-256 của văn bản trong `query`; hãy tính mã từ đúng văn bản gửi đi.",
        "The hash is not the SHA-256 of the text in `query`; compute it from the exact text that is sent.",
    )
}

fn unavailable(request: &HttpRequest, error: &Error) -> Unresolved {
    Unresolved::Error(Box::new(client_error(error, language(request), &request_id(request))))
}
