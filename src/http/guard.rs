//! What every request goes through: limits, a number in the log, patience, headers that protect the reader.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::IntoResponse;
use tower_http::catch_panic::CatchPanicLayer;

use super::App;
use super::error::{self, ApiError};
use super::session::IsKnown;
use super::settings::Settings;

/// Of a body. What is sent is small: an account, a token.
const MOST_BODY_BYTES: u64 = 64 * 1024;
/// Of an edit: the most vertices that it may have, written out.
pub(super) const MOST_EDIT_BYTES: u64 = 16 * 1024 * 1024;
/// Of a file that is dropped on the map.
pub(super) const MOST_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// Of a file with codes to be checked, which anybody may send: 200,000 codes with a little beside them.
pub(super) const MOST_LIST_BYTES: u64 = 16 * 1024 * 1024;
/// Of a photo.
pub(super) const MOST_PHOTO_BYTES: u64 = 20 * 1024 * 1024;
const MOST_ADDRESS_BYTES: usize = 8 * 1024;
/// The first question after a large import waits for its detection.
const PATIENCE: Duration = Duration::from_secs(60);
/// A file on its way from a slow network.
const PATIENCE_WITH_A_FILE: Duration = Duration::from_secs(300);

/// Everything comes from us alone, but for the basemap that the settings name; the icons of the map's controls are in its
/// style sheet as `data:`.
pub(super) fn content_policy(settings: &Settings) -> HeaderValue {
    policy(settings, "'none'")
}

/// The same for the page in its bare form, which sites that the settings name may hold in a frame; none where they name none.
pub(super) fn embed_policy(settings: &Settings) -> Option<HeaderValue> {
    (!settings.embed_origins.is_empty()).then(|| policy(settings, &settings.embed_origins.join(" ")))
}

fn policy(settings: &Settings, ancestors: &str) -> HeaderValue {
    let basemap = settings.basemap.as_ref().map(|basemap| format!(" {}", basemap.origin)).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data:{basemap}; font-src 'self'; \
         connect-src 'self'{basemap}; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
    );
    // An origin is letters, digits and `:/.-`: always a valid header.
    HeaderValue::from_str(&policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}

/// Wraps the routes. The outermost sees every answer, also those of the layers within.
pub(super) fn around(routes: Router<App>, app: App) -> Router<App> {
    routes
        .layer(DefaultBodyLimit::max(MOST_BODY_BYTES as usize))
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(middleware::from_fn(bounded))
        .layer(middleware::from_fn_with_state(app.clone(), protected))
        .layer(middleware::from_fn_with_state(app, logged))
}

/// Refuses what is too long or too large, and gives up on what takes too long.
async fn bounded(request: Request, next: Next) -> Response<Body> {
    let n_address_bytes = request.uri().path_and_query().map_or(0, |p| p.as_str().len());
    if n_address_bytes > MOST_ADDRESS_BYTES {
        return ApiError::too_long(format!("an address has at most {MOST_ADDRESS_BYTES} bytes")).into_response();
    }
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
    let path = request.uri().path();
    let is_edit = path == "/api/v1/edits" || (path.starts_with("/api/v1/plans/") && path.ends_with("/edits"));
    let is_photo = path.starts_with("/api/v1/alerts/") && path.ends_with("/photos");
    let (most_bytes, patience) = match path {
        "/api/v1/drops" | "/api/v1/imports" => (MOST_FILE_BYTES, PATIENCE_WITH_A_FILE),
        "/api/v1/codes/check" => (MOST_LIST_BYTES, PATIENCE_WITH_A_FILE),
        _ if is_photo => (MOST_PHOTO_BYTES, PATIENCE_WITH_A_FILE),
        _ if is_edit => (MOST_EDIT_BYTES, PATIENCE),
        _ => (MOST_BODY_BYTES, PATIENCE),
    };
    if length.is_some_and(|n| n > most_bytes) {
        return ApiError::too_large(format!("a request has at most {most_bytes} bytes")).into_response();
    }
    match tokio::time::timeout(patience, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::unavailable("the answer takes too long; ask for less, or again in a minute").into_response(),
    }
}

/// Whether pages of other hosts may read it: what is public anyway.
fn is_open(path: &str) -> bool {
    ["/api/", "/tiles/", "/styles/", "/fonts/", "/sprites/"].iter().any(|start| path.starts_with(start))
        || ["/style.json", "/openapi.json", "/health", "/events"].contains(&path)
}

/// The headers that protect the reader, and those that open the API to other pages.
async fn protected(State(app): State<App>, mut request: Request, next: Next) -> Response<Body> {
    let is_read = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    let open = is_read && is_open(request.uri().path());
    // In a frame nobody is signed in: the page's bare form asks for no session.
    // It reads the first `embed` of the address, so that nothing may stand before it.
    let is_bare = request.uri().path() == "/" && request.uri().query().is_some_and(|query| query.split('&').next() == Some("embed=1"));
    let embed_policy = app.0.embed_policy.as_ref().filter(|_| is_bare);
    let preflight = open && request.method() == Method::OPTIONS;
    let known = IsKnown::default();
    request.extensions_mut().insert(known.clone());
    let mut response = if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    // What is answered to a person is for no other page, and for no cache.
    let is_known = known.0.load(Ordering::Relaxed);
    if is_known {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let open = open && !is_known;
    let content_policy = embed_policy.unwrap_or(&app.0.content_policy);
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert_with(|| content_policy.clone());
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    if embed_policy.is_none() {
        set(header::X_FRAME_OPTIONS, "DENY");
    }
    set(header::REFERRER_POLICY, "no-referrer");
    set(HeaderName::from_static("permissions-policy"), "camera=(self), microphone=(), payment=(), usb=(), geolocation=(self)");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    if open {
        set(HeaderName::from_static("cross-origin-resource-policy"), "cross-origin");
        set(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        set(header::ACCESS_CONTROL_EXPOSE_HEADERS, "ETag, X-Request-Id");
    } else {
        set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    }
    if preflight {
        set(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD");
        set(header::ACCESS_CONTROL_ALLOW_HEADERS, "Accept, If-None-Match");
        set(header::ACCESS_CONTROL_MAX_AGE, "86400");
    }
    response
}

/// One line per request: what was asked for as a template, never the names or words somebody looked for.
async fn logged(State(app): State<App>, request: Request, next: Next) -> Response<Body> {
    let started = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map_or("(web app)", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let request_id = next_id();
    let mut response = next.run(request).await;
    let took = started.elapsed();
    let status = response.status().as_u16();
    app.0.metrics.count(&route, status, took);
    let ms = took.as_secs_f64() * 1000.0;
    tracing::info!(request_id, %method, path = route, status, ms = (ms * 10.0).round() / 10.0, "request");
    put_id(response.headers_mut(), &request_id);
    response
}

fn put_id(headers: &mut HeaderMap, request_id: &str) {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert("x-request-id", value);
    }
}

/// Numbers requests within the process; the log's time tells processes apart.
fn next_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    format!("{:x}-{:x}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}
