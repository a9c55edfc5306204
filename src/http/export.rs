//! `GET /v1/export/{type}`: all records of a type that the caller may see, as a stream.
//!
//! A task reads the pages and hands them to the response one by one: the next one is released when the connection has
//! taken the one before, so memory does not depend on the number of records. The readings of a chunk are logged before it
//! is handed over.

use std::{fmt, sync::Arc, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        Method, StatusCode,
        header::{self, HeaderName},
    },
    web::{self, Bytes},
};
use futures_util::stream;
use tokio::{sync::mpsc, time::timeout};
use tracing::Instrument;

use crate::{
    auth::{Caller, Denied, Reason, Tokens},
    domain::export::{Chunk, CsvForm, Export, ExportType, Form},
    error::Error,
    graphql::error::shown,
    http::{
        Service, bearer,
        error::{Refused, language, only, read, request_id},
        graphql, limit,
        rest::answer,
    },
    limit::{Allowance, ExportPlace, ExportsFull},
};

/// Path of an export.
const PATH: &str = "/v1/export/{type}";

/// How long an export may last. The snapshot of the database cannot be kept for hours.
const LONGEST: Duration = Duration::from_secs(30 * 60);
/// How long the connection may take to accept a chunk.
const SLOWEST_CLIENT: Duration = Duration::from_secs(30);
/// How long an export waits for the budget of its client before a chunk.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Seconds after which a client retries if too many exports are running.
const RETRY_AFTER: u64 = 10;

const CURSOR: HeaderName = HeaderName::from_static("x-change-cursor");
const AS_OF: HeaderName = HeaderName::from_static("x-as-of");
const WITHHELD: HeaderName = HeaderName::from_static("x-withheld");

/// Adds the route of exports.
pub fn routes(config: &mut web::ServiceConfig) {
    config.service(web::resource(PATH).route(read(export)).default_service(only("GET, HEAD")));
}

/// Parameters of the URL.
#[derive(Debug, Default)]
struct Parameters {
    after: Option<String>,
    csv: CsvForm,
}

/// A part of the body. Without `End` the response is broken off, whatever the reason.
enum Part {
    Chunk(Vec<u8>),
    End,
}

/// The export did not come to its end. The connection is closed without the end of the body.
#[derive(Debug)]
struct BrokenOff;

impl fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the export was broken off")
    }
}

impl std::error::Error for BrokenOff {}

async fn export(request: HttpRequest, service: web::Data<Service>) -> HttpResponse {
    let (access, allowance) = match graphql::admitted(&request, &service).await {
        Ok(admitted) => admitted,
        Err(response) => return response,
    };
    let requested = || {
        let of: ExportType = request.match_info().query("type").parse().map_err(|_| no_such_type())?;
        let (form, after) = requested_form(&request)?;
        Ok::<_, Refused>((of, form, after))
    };
    let response = match requested() {
        Ok((of, form, after)) => match Export::begin(&access, of, form, after) {
            Ok(export) => {
                let caller = access.caller().clone();
                let answer = Answer { of, form, caller, allowance: Arc::clone(&allowance) };
                answer.sent(export, &request, service).await
            }
            Err(error) => refused(&request, &error),
        },
        Err(refused) => refused.response(&request),
    };
    limit::with_rate_limit_headers(response, &allowance)
}

/// An export that will be sent.
struct Answer {
    of: ExportType,
    form: Form,
    caller: Caller,
    allowance: Arc<Allowance>,
}

impl Answer {
    async fn sent(self, mut export: Export, request: &HttpRequest, service: web::Data<Service>) -> HttpResponse {
        let mut response = self.head(&export);
        if request.method() == Method::HEAD {
            return response.streaming(stream::empty::<Result<Bytes, BrokenOff>>());
        }
        let place = match service.exports.enter(self.caller.client_id().0) {
            Ok(place) => place,
            Err(full) => return too_many(request, full),
        };
        // The first page is read before the response begins, so that its errors have a status.
        let first = match export.next().await {
            Ok(first) => first,
            Err(error) => return refused(request, &error),
        };
        let (sender, receiver) = mpsc::channel(1);
        let running = Running {
            export,
            sender,
            allowance: self.allowance,
            token: bearer::token(request).map(str::to_owned),
            caller: self.caller,
            tokens: service.tokens.clone(),
            request_id: request_id(request),
            _place: place,
        };
        actix_web::rt::spawn(running.run(first).in_current_span());
        response.streaming(stream::unfold(Some(receiver), async |receiver| {
            let mut receiver: mpsc::Receiver<Part> = receiver?;
            match receiver.recv().await {
                Some(Part::Chunk(bytes)) => Some((Ok(Bytes::from(bytes)), Some(receiver))),
                Some(Part::End) => None,
                None => Some((Err(BrokenOff), None)),
            }
        }))
    }

    fn head(&self, export: &Export) -> actix_web::HttpResponseBuilder {
        let (media, extension) = match self.form {
            Form::Ndjson => ("application/x-ndjson; charset=utf-8", "ndjson"),
            Form::Csv(_) => ("text/csv; charset=utf-8; header=present", "csv"),
        };
        let name = self.of.file().trim_end_matches("csv");
        let mut response = HttpResponse::Ok();
        response
            .insert_header((header::CONTENT_TYPE, media))
            .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}{extension}\"")))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::VARY, "Accept, Authorization, X-Purpose"))
            .insert_header((CURSOR, export.cursor()))
            .insert_header((AS_OF, export.as_of()));
        if !export.withheld().is_empty() {
            response.insert_header((WITHHELD, export.withheld().join(", ")));
        }
        response
    }
}

/// An export whose chunks are being sent.
struct Running {
    export: Export,
    sender: mpsc::Sender<Part>,
    allowance: Arc<Allowance>,
    token: Option<String>,
    caller: Caller,
    tokens: web::Data<Tokens>,
    request_id: String,
    _place: ExportPlace,
}

impl Running {
    /// Sends all chunks. Whatever stops it, the response then has no end.
    async fn run(mut self, first: Option<Chunk>) {
        match timeout(LONGEST, self.send_all(first)).await {
            Ok(Ok(())) => {}
            Ok(Err(Stopped::ClientLeft)) => tracing::info!("the client closed an export"),
            Ok(Err(Stopped::ClientTooSlow)) => tracing::info!("an export was broken off: its client took nothing"),
            Ok(Err(Stopped::NoBudget)) => {
                tracing::info!("an export was broken off: the budget of its client is used up");
            }
            Ok(Err(Stopped::RightsChanged)) => {
                tracing::info!("an export was broken off: the rights of its client changed");
            }
            Ok(Err(Stopped::Failed(error))) => log(&error, &self.request_id),
            Err(_) => tracing::warn!("an export was broken off at its time limit"),
        }
    }

    async fn send_all(&mut self, first: Option<Chunk>) -> Result<(), Stopped> {
        let mut next = first;
        while let Some(chunk) = next {
            self.send(chunk).await?;
            next = self.export.next().await?;
        }
        self.permit().await?.send(Part::End);
        Ok(())
    }

    /// Sends a chunk: after the one before was taken, within the budget, with its readings logged.
    async fn send(&self, chunk: Chunk) -> Result<(), Stopped> {
        let permit = self.permit().await?;
        self.allowance.spend_steadily(chunk.cost, LONGEST_WAIT).await.map_err(|_| Stopped::NoBudget)?;
        self.check_rights().await?;
        permit.send(Part::Chunk(chunk.lines.audit().await?));
        Ok(())
    }

    async fn permit(&self) -> Result<mpsc::Permit<'_, Part>, Stopped> {
        match timeout(SLOWEST_CLIENT, self.sender.reserve()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) => Err(Stopped::ClientLeft),
            Err(_) => Err(Stopped::ClientTooSlow),
        }
    }

    /// Checks that the rights of the client have not changed since the export began. A token may expire meanwhile.
    async fn check_rights(&self) -> Result<(), Stopped> {
        let token = self.token.as_deref().ok_or(Stopped::RightsChanged)?;
        match self.tokens.verifier.verify(token, self.tokens.clock.now()).await {
            Ok(caller) if caller.has_rights_of(&self.caller) => Ok(()),
            Err(Denied::Invalid(Reason::Expired)) => Ok(()),
            Ok(_) | Err(Denied::Invalid(_)) => Err(Stopped::RightsChanged),
            Err(Denied::Unavailable(error)) => Err(Stopped::Failed(error)),
        }
    }
}

/// Why an export stopped before its end.
enum Stopped {
    ClientLeft,
    ClientTooSlow,
    NoBudget,
    RightsChanged,
    Failed(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// The form that the client prefers, NDJSON by default, and the record to continue after.
fn requested_form(request: &HttpRequest) -> Result<(Form, Option<String>), Refused> {
    let Parameters { after, csv } = parameters(request.query_string())?;
    let form = match prefers_csv(request)? {
        true => Form::Csv(csv),
        false if csv == CsvForm::default() => Form::Ndjson,
        false => {
            return Err(bad_parameter(
                "`for` và `end` chỉ dùng với CSV; hãy gửi tiêu đề Accept: text/csv.",
                "`for` and `end` belong to CSV; send the header Accept: text/csv.",
            ));
        }
    };
    Ok((form, after))
}

fn parameters(query_string: &str) -> Result<Parameters, Refused> {
    let mut known = Parameters::default();
    for (name, value) in form_urlencoded::parse(query_string.as_bytes()) {
        match (name.as_ref(), value.as_ref()) {
            ("after", id) if known.after.is_none() => known.after = Some(id.to_owned()),
            ("for", "spreadsheet") => known.csv.for_spreadsheet = true,
            ("end", "line") => known.csv.has_end = true,
            _ => {
                return Err(bad_parameter(
                    "Tham số của kết xuất: `after` (mã của dòng cuối đã nhận), `for=spreadsheet`, `end=line`, mỗi tham số một lần.",
                    "An export takes `after` (id of the last line received), `for=spreadsheet` and `end=line`, each once.",
                ));
            }
        }
    }
    Ok(known)
}

fn bad_parameter(vi: &str, en: &str) -> Refused {
    Refused::new(StatusCode::BAD_REQUEST, "BAD_PARAMETER", vi, en)
}

/// Whether the client prefers CSV; NDJSON by default.
fn prefers_csv(request: &HttpRequest) -> Result<bool, Refused> {
    let values: Vec<_> = request.headers().get_all(header::ACCEPT).filter_map(|value| value.to_str().ok()).collect();
    if values.is_empty() {
        return Ok(false);
    }
    let mut best: Option<(f32, bool)> = None;
    for range in values.join(",").split(',') {
        let mut parts = range.split(';').map(|part| part.trim().to_ascii_lowercase());
        let is_csv = match parts.next().as_deref() {
            Some("text/csv" | "text/*") => true,
            Some("application/x-ndjson" | "application/*" | "*/*") => false,
            _ => continue,
        };
        let q = parts.find_map(|part| part.strip_prefix("q=").map(|q| q.parse().unwrap_or(0.0))).unwrap_or(1.0);
        if q > best.map_or(0.0, |(q, _)| q) {
            best = Some((q, is_csv));
        }
    }
    best.map(|(_, is_csv)| is_csv).ok_or_else(|| {
        Refused::new(
            StatusCode::NOT_ACCEPTABLE,
            "NOT_ACCEPTABLE",
            "Tệp kết xuất có dạng `application/x-ndjson` hoặc `text/csv`; hãy sửa tiêu đề Accept.",
            "Exports are `application/x-ndjson` or `text/csv`; correct the Accept header.",
        )
    })
}

fn no_such_type() -> Refused {
    let types = ExportType::all().map(ExportType::name).collect::<Vec<_>>().join(", ");
    Refused::new(
        StatusCode::NOT_FOUND,
        "NOT_FOUND",
        format!("Không có loại kết xuất này; các loại: {types}."),
        format!("There is no such export; the types are {types}."),
    )
}

/// The problem for an error before the first byte.
fn refused(request: &HttpRequest, error: &Error) -> HttpResponse {
    answer::of_errors(request, &[shown(error, language(request), &request_id(request))])
}

/// Logs the details that are hidden from the client.
fn log(error: &Error, request_id: &str) {
    match error {
        Error::Internal(source) => tracing::error!(request.id = request_id, error = %source, "an export failed"),
        Error::Unavailable(source) | Error::TimedOut(source) => {
            tracing::warn!(request.id = request_id, error = %source, "an export failed");
        }
        _ => {}
    }
}

/// Response if too many exports are running.
fn too_many(request: &HttpRequest, full: ExportsFull) -> HttpResponse {
    metrics::counter!("cadre_limited_total", "limit" => "exports").increment(1);
    let refused = match full {
        ExportsFull::Client(most) => Refused::new(
            StatusCode::TOO_MANY_REQUESTS,
            "RATE_LIMITED",
            format!(
                "Mỗi lúc hệ thống của bạn được chạy {most} kết xuất; hãy gửi lại sau khi kết xuất đang chạy kết thúc."
            ),
            format!(
                "Your client may run {most} exports at once; send this request again when the running one has ended."
            ),
        ),
        ExportsFull::All => Refused::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "UNAVAILABLE",
            "Dịch vụ đang chạy nhiều kết xuất nhất có thể; hãy gửi lại sau ít phút.",
            "The service is running as many exports as it can; send this request again in a few minutes.",
        ),
    };
    let mut response = refused.response(request);
    response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from(RETRY_AFTER));
    response
}
