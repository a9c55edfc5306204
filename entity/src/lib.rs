//! Storage of cadre-api: values (one type for database, JSON and GraphQL) and one file per table.
//!
//! Rows contain no rules: pure methods use one row only; code that needs other rows, the caller or an error is in the
//! service's domain.

pub mod value;

pub mod access_entry;
pub mod access_withholding;
pub mod acting_person;
pub mod acting_person_unit;
pub mod assertion_use;
pub mod assignment;
pub mod audit_entry;
pub mod cadre;
pub mod cadre_snapshot;
pub mod change;
pub mod class_session;
pub mod client;
pub mod client_grant;
pub mod client_key;
pub mod client_secret;
pub mod enrolment;
pub mod enrolment_quota;
pub mod ethnic_group;
pub mod external_client;
pub mod feed_state;
pub mod grant_unit;
pub mod headcount;
pub mod headcount_state;
pub mod idempotency_key;
pub mod institution;
pub mod level_index;
pub mod log_head;
pub mod log_link;
pub mod name_index;
pub mod programme;
pub mod projection;
pub mod qualification;
pub mod qualification_level;
pub mod qualification_subject;
pub mod quota;
pub mod retirement_age;
pub mod revoked_token;
pub mod rotation;
pub mod rotation_appraisal;
pub mod rotation_step;
pub mod rule;
pub mod rule_override;
#[cfg(feature = "sample")]
pub mod sample;
pub mod signing_key;
pub mod title;
pub mod training_class;
pub mod training_plan;
pub mod unit;
pub mod unit_succession;
pub mod unit_version;
