//! The web app as it was built into the binary; without a build, a page that says how to make one.

use std::borrow::Cow;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse};
use rust_embed::{EmbeddedFile, RustEmbed};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};

use super::answer::{Coding, matches};
use super::error::{self, ApiError};
use crate::engine::tiles_file;

#[derive(RustEmbed)]
#[folder = "assets/dist/"]
#[allow_missing = true]
struct Dist;

/// Everything that is no other route. What the build did not pack is compressed on the way, but for fonts, which are already; queries are the page's own business.
pub(super) fn router() -> Router {
    let worth_it = DefaultPredicate::new().and(NotForContentType::const_new("font/"));
    Router::new().fallback(file).layer(CompressionLayer::new().compress_when(worth_it))
}

async fn file(method: Method, uri: Uri, headers: HeaderMap) -> Response<Body> {
    if method != Method::GET && method != Method::HEAD {
        return error::only_read(method).await;
    }
    let path = uri.path();
    let name = if path == "/" { "index.html" } else { path.trim_start_matches('/') };
    let found = Dist::get(name).or_else(|| name.starts_with("sprites/").then(|| tiles_file(name)).flatten());
    match found {
        Some(found) => {
            let (file, coding) = packed(name, &headers).unwrap_or((found, Coding::Identity));
            respond(name, file, coding, &headers)
        }
        None if path == "/" => not_built(),
        None => ApiError::not_found(format!("nothing is at {}", path.chars().take(80).collect::<String>())).into_response(),
    }
}

/// A file as the build packed it, which took its time, when it did and the reader takes it so.
fn packed(name: &str, asked: &HeaderMap) -> Option<(EmbeddedFile, Coding)> {
    let coding = Coding::best_of([Coding::Brotli, Coding::Gzip], asked);
    let ending = match coding {
        Coding::Brotli => "br",
        Coding::Gzip => "gz",
        _ => return None,
    };
    Some((Dist::get(&format!("{name}.{ending}"))?, coding))
}

fn respond(name: &str, file: EmbeddedFile, coding: Coding, asked: &HeaderMap) -> Response<Body> {
    let hash: String = file.metadata.sha256_hash().iter().take(12).map(|b| format!("{b:02x}")).collect();
    // Weak: what is not packed goes out in several content codings.
    let etag = HeaderValue::from_str(&format!("W/\"{hash}\"")).unwrap_or_else(|_| HeaderValue::from_static("W/\"\""));
    let unchanged = matches(asked, &etag);
    let bytes = match file.data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    let mut response = Response::new(if unchanged { Body::empty() } else { Body::from(bytes) });
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep(name)));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if unchanged {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    if coding != Coding::Identity {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    }
    let mime = content_type(name);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_str(&mime).unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream")),
    );
    response
}

fn content_type(name: &str) -> String {
    let mime = mime_guess::from_path(name).first_or_octet_stream();
    let is_text = mime.type_() == mime_guess::mime::TEXT
        || mime.subtype() == mime_guess::mime::JAVASCRIPT
        || mime.subtype() == mime_guess::mime::JSON;
    if is_text { format!("{mime}; charset=utf-8") } else { mime.to_string() }
}

/// Files of the build carry a hash in their names; fonts hardly ever change; the rest is asked for.
fn keep(name: &str) -> &'static str {
    if name.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else if name.starts_with("fonts/") {
        "public, max-age=604800"
    } else {
        "no-cache"
    }
}

fn not_built() -> Response<Body> {
    let page = include_str!("not_built.html");
    ([(header::CACHE_CONTROL, "no-store"), (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'")], Html(page))
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_go_out_under_their_type_and_only_named_by_hash_for_ever() {
        let types = ["index.html", "assets/app-1f2e.js", "a.css", "fonts/x.woff2", "a.svg", "a.webmanifest", "a.bin"].map(content_type);
        assert_eq!(
            types,
            [
                "text/html; charset=utf-8",
                "text/javascript; charset=utf-8",
                "text/css; charset=utf-8",
                "font/woff2",
                "image/svg+xml",
                "application/manifest+json",
                "application/octet-stream"
            ]
        );
        assert_eq!(keep("index.html"), "no-cache");
        assert!(keep("assets/app-1f2e.js").contains("immutable"));
    }
}
