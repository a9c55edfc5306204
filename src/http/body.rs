//! Request bodies: read with limits on size and time before they are parsed.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    HttpRequest, HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    http::{StatusCode, header},
    web::{Bytes, BytesMut, Payload},
};
use futures_util::StreamExt;

use crate::http::error::Refused;

/// Maximum size of a body, in bytes.
pub const LARGEST: usize = 256 * 1024;
/// Time limit for receiving a body.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Reads the body of a JSON request.
///
/// # Errors
/// 415 unless it is plain `application/json` in UTF-8, 413 over the size limit, 408 over the time limit, 400 if the
/// connection breaks.
pub async fn json(request: &HttpRequest, payload: &mut Payload) -> Result<Bytes, Refused> {
    ensure_json(request)?;
    within(request, payload, (LARGEST, TIMEOUT)).await
}

/// Reads a body within limits on its size, in bytes, and on time.
///
/// # Errors
/// 413 over the size limit, 408 over the time limit, 400 if the connection breaks.
pub async fn within(
    request: &HttpRequest,
    payload: &mut Payload,
    (largest, limit): (usize, Duration),
) -> Result<Bytes, Refused> {
    let seconds = limit.as_secs();
    match tokio::time::timeout(limit, bounded(request, payload, largest)).await {
        Ok(read) => read,
        Err(_) => Err(Refused::new(
            StatusCode::REQUEST_TIMEOUT,
            "REQUEST_TIMEOUT",
            format!("Chưa nhận đủ nội dung yêu cầu trong {seconds} giây; hãy gửi lại."),
            format!("The body did not arrive within {seconds} seconds; send it again."),
        )),
    }
}

async fn bounded(request: &HttpRequest, payload: &mut Payload, largest: usize) -> Result<Bytes, Refused> {
    let too_large = || {
        Refused::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "PAYLOAD_TOO_LARGE",
            format!("Nội dung yêu cầu vượt quá {} KiB; hãy chia thành nhiều yêu cầu.", largest / 1024),
            format!("The body is larger than {} KiB; split the request.", largest / 1024),
        )
    };
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > largest) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| {
            Refused::bad_request(
                "Kết nối bị ngắt khi đang nhận nội dung yêu cầu; hãy gửi lại.",
                "The connection was interrupted while the body was received; send the request again.",
            )
        })?;
        if body.len() + chunk.len() > largest {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// The response to a request whose body was not read completely, so that the connection is closed afterwards.
///
/// The server would otherwise drain the body to keep the connection alive; it closes the connection of a chunked body.
pub fn unread(response: HttpResponse, payload: Payload) -> HttpResponse {
    response.map_body(|_, answer| BoxBody::new(Unread { answer, _payload: payload }))
}

struct Unread {
    answer: BoxBody,
    _payload: Payload,
}

impl MessageBody for Unread {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.answer.size()
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.get_mut().answer).poll_next(cx)
    }
}

/// Other content types can be sent by a browser from a foreign page without a preflight request, so they are refused.
fn ensure_json(request: &HttpRequest) -> Result<(), Refused> {
    let unsupported =
        |vi: &str, en: &str| Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", vi, en));
    let encoded = request.headers().get_all(header::CONTENT_ENCODING).any(|encoding| encoding != "identity");
    if encoded {
        return unsupported(
            "Dịch vụ không nhận nội dung nén; hãy gửi nội dung không nén.",
            "Compressed bodies are not supported; send the body uncompressed.",
        );
    }
    let mut types = request.headers().get_all(header::CONTENT_TYPE);
    let media = types.next().and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let mut parts = media.split(';').map(str::trim);
    let is_json = parts.next() == Some("application/json") && types.next().is_none();
    let is_utf8 = parts.all(|part| {
        part.strip_prefix("charset=").is_none_or(|charset| matches!(charset.trim_matches('"'), "utf-8" | "utf8"))
    });
    if is_json && is_utf8 {
        return Ok(());
    }
    unsupported(
        "Hãy gửi JSON với tiêu đề `Content-Type: application/json` (UTF-8).",
        "Send JSON with the header `Content-Type: application/json` (UTF-8).",
    )
}
