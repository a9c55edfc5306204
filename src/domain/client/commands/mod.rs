//! Commands of administrators on clients: register, grant, revoke, rotate secrets. An administrator grants only rights
//! that it holds, and administers only clients without further rights.

mod grant;
mod register;
mod revoke;
mod rotate_secret;
mod subject;
mod terms;

pub use grant::{Grant, Grantee};
pub use register::{NewClient, Register};
pub use revoke::Revoke;
pub use rotate_secret::RotateSecret;
pub use subject::{Client, Issued};
pub use terms::GrantTerms;
