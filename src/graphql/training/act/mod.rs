//! Acts on training: what they take is an input of the domain, what they give is the object or why not.

mod quota;

pub use quota::QuotaMutation;
