//! Validation of answers that a client already has (RFC 9110, section 13.1.2).
//!
//! A query has a tag if it shows records only (`policy::follows_from_records`) and states no purpose. The tag is
//! computed before the query is executed. If the client has sent it, the query is not executed. An answer with errors, or
//! one that opened protected data, gets no tag, so no client can send the tag of such an answer.

use std::sync::OnceLock;

/// Cost of an answer that the client already has.
pub const UNCHANGED: u64 = 1;

/// Tags that the client has sent, and the tag of the answer.
#[derive(Debug)]
pub struct Validation {
    representation: &'static str,
    sent: SentTags,
    tag: OnceLock<String>,
}

/// Tags that the client has sent.
#[derive(Debug, PartialEq, Eq)]
pub enum SentTags {
    /// Any tag (`*`): the client has some answer.
    Any,
    /// These tags; none if the client has no answer.
    Tags(Vec<String>),
}

impl Validation {
    /// Validation of an answer in a representation, such as a media type.
    pub fn new(representation: &'static str, sent: SentTags) -> Self {
        Self { representation, sent, tag: OnceLock::new() }
    }

    /// Representation of the answer.
    pub fn representation(&self) -> &'static str {
        self.representation
    }

    /// Whether the client has the answer with this tag.
    pub fn includes(&self, tag: &str) -> bool {
        matches!(&self.sent, SentTags::Tags(tags) if tags.iter().any(|sent| sent == tag))
    }

    /// Whether the client has some answer, of unknown tag.
    pub fn includes_any(&self) -> bool {
        self.sent == SentTags::Any
    }

    /// Tag of the answer, if it has one.
    pub fn tag(&self) -> Option<&str> {
        self.tag.get().map(String::as_str)
    }

    /// Sets the tag of the answer. A request has one answer, so only the first call sets it.
    pub fn set_tag(&self, tag: String) {
        self.tag.get_or_init(|| tag);
    }
}
