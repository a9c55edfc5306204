//! The gateway through which a request came.

/// The request of an X-Road security server, as its headers describe it. It is recorded with the readings of protected
/// data, and it gives no rights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gateway {
    /// Information system that sent the request (`X-Road-Client`).
    pub client: Option<String>,
    /// Id of the message (`X-Road-Id`).
    pub request: Option<String>,
    /// User of the information system (`X-Road-UserId`).
    pub user: Option<String>,
    /// Case or document for which the request was sent (`X-Road-Issue`).
    pub issue: Option<String>,
}
