//! The change feed as an event stream (WHATWG HTML, section 9.2).

use std::{convert::Infallible, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{self, Bytes},
};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::{sync::watch, time::timeout};

use super::{
    event::{Event, Page},
    page::{Read, page},
};
use crate::{
    http::{Service, limit},
    limit::OpenStream,
};

/// The media type of an event stream.
pub const STREAM: &str = "text/event-stream";

/// Interval of comments without content, so that proxies keep the connection open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Pause before the next attempt if the client is over a limit or the database is busy.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// An open event stream.
struct Open {
    request: HttpRequest,
    service: web::Data<Service>,
    asked: Value,
    commits: watch::Receiver<Option<i64>>,
    /// Counts the stream as long as it is open.
    _place: OpenStream,
    is_ended: bool,
}

/// Opens an event stream. The first page determines the status, so errors have the form of every other route.
pub(super) async fn open(request: HttpRequest, service: web::Data<Service>, mut asked: Value) -> HttpResponse {
    let commits = service.app_state.commits();
    let first = match page(&request, &service, &asked).await {
        Ok(first) => first,
        Err(response) => return response,
    };
    let place = match first.wait(&request, &service) {
        Ok(place) => place,
        Err(response) => return *response,
    };
    asked["after"] = json!(first.page.end);
    let beginning = format!("retry: 5000\n\n{}", lines(&first.page));
    let open = Open { request, service, asked, commits, _place: place, is_ended: false };
    let rest = stream::unfold(open, async |mut open| {
        let chunk = open.next().await?;
        Some((Ok::<_, Infallible>(chunk), open))
    });
    let beginning = stream::once(std::future::ready(Ok(Bytes::from(beginning))));
    let response = HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, STREAM))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(futures_util::StreamExt::chain(beginning, rest));
    limit::with_rate_limit_headers(response, &first.allowance)
}

fn lines(page: &Page) -> String {
    page.events.iter().map(Event::line).collect()
}

impl Open {
    /// The next part of the stream; `None` at its end. The token is verified again for each page, so the stream ends when
    /// the token expires or its client is revoked.
    async fn next(&mut self) -> Option<Bytes> {
        while !self.is_ended && self.commits.borrow().is_some() {
            match page(&self.request, &self.service, &self.asked).await {
                Ok(Read { page, .. }) => {
                    self.asked["after"] = json!(page.end);
                    if !page.events.is_empty() {
                        return Some(lines(&page).into());
                    }
                    if !page.has_more && timeout(KEEP_ALIVE, self.commits.changed()).await.is_err() {
                        return Some(Bytes::from_static(b":\n\n"));
                    }
                }
                Err(refused) if is_temporary(refused.status()) => tokio::time::sleep(RETRY_PAUSE).await,
                Err(refused) => {
                    self.is_ended = true;
                    let end = if refused.status() == StatusCode::GONE { "resync" } else { "end" };
                    return Some(format!("event: {end}\ndata: {{}}\n\n").into());
                }
            }
        }
        None
    }
}

fn is_temporary(status: StatusCode) -> bool {
    matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
}
