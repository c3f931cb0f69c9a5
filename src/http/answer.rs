//! How an answer is written: content coding by Accept-Encoding, a strong ETag, 304, cache rules.

use std::io::Write;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

/// Smaller answers are not worth compressing.
const GZIP_FROM_BYTES: usize = 512;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Coding {
    Identity,
    Gzip,
}

impl Coding {
    /// What the reader takes: gzip when it is named with a weight above zero (RFC 9110, 12.5.3).
    pub(super) fn accepted(headers: &HeaderMap) -> Coding {
        let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|v| v.to_str().ok());
        let mut any = false;
        for item in values.flat_map(|value| value.split(',')) {
            let mut parts = item.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let weight = parts.find_map(|p| p.strip_prefix("q=")).map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0));
            if name.eq_ignore_ascii_case("gzip") {
                return if weight > 0.0 { Coding::Gzip } else { Coding::Identity };
            }
            any |= name == "*" && weight > 0.0;
        }
        if any { Coding::Gzip } else { Coding::Identity }
    }
}

/// A body in one coding, with the ETag of exactly these bytes' content.
#[derive(Debug, Clone)]
pub(super) struct Coded {
    pub coding: Coding,
    pub etag: HeaderValue,
    pub bytes: Bytes,
}

impl Coded {
    /// Hashes and, when it is taken and worth it, compresses. CPU work.
    pub(super) fn new(bytes: Vec<u8>, taken: Coding) -> Coded {
        let hash = blake3::hash(&bytes).to_hex();
        let coding = if bytes.len() >= GZIP_FROM_BYTES { taken } else { Coding::Identity };
        let mark = if coding == Coding::Gzip { "-gz" } else { "" };
        // A hash is hexadecimal: always a valid header.
        let etag =
            HeaderValue::from_str(&format!("\"{}{mark}\"", &hash.as_str()[..32])).unwrap_or_else(|_| HeaderValue::from_static("\"\""));
        let bytes = match coding {
            Coding::Identity => bytes,
            Coding::Gzip => gzip(&bytes),
        };
        Coded { coding, etag, bytes: bytes.into() }
    }

    /// The answer, or 304 when the reader has it.
    pub(super) fn respond(self, asked: &HeaderMap, content_type: &'static str, freshness: Freshness) -> Response<Body> {
        let unchanged = matches(asked, &self.etag);
        let mut response = Response::new(if unchanged { Body::empty() } else { Body::from(self.bytes) });
        let headers = response.headers_mut();
        headers.insert(header::ETAG, self.etag);
        headers.insert(header::CACHE_CONTROL, freshness.header());
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding, Host, X-Forwarded-Proto"));
        if unchanged {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        if self.coding == Coding::Gzip {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}

/// Level 2 of nine: tiles and JSON shrink nearly as far as at six in a third of the time. Writing to memory cannot fail.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::with_capacity(bytes.len() / 3 + 64), Compression::new(2));
    let _ = out.write_all(bytes);
    out.finish().unwrap_or_default()
}

/// How long an answer may be kept without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    /// Ask every time.
    Ask,
    /// The address names this revision: it never changes.
    Pinned,
}

impl Freshness {
    /// Pinned when the address names the revision that the answer was made from.
    pub(super) fn of(asked_rev: Option<u64>, revision: u64) -> Freshness {
        if asked_rev == Some(revision) { Freshness::Pinned } else { Freshness::Ask }
    }

    pub(super) fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Freshness::Ask => "no-cache",
            Freshness::Pinned => "public, max-age=31536000, immutable",
        })
    }
}

/// Whether If-None-Match names this ETag; weak marks do not matter for it (RFC 9110, 13.1.2).
pub(super) fn matches(asked: &HeaderMap, etag: &HeaderValue) -> bool {
    let Ok(etag) = etag.to_str() else { return false };
    let ours = etag.trim_start_matches("W/");
    let values = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|v| v.to_str().ok());
    values.flat_map(|v| v.split(',')).map(str::trim).any(|theirs| theirs == "*" || theirs.trim_start_matches("W/") == ours)
}

/// JSON as bytes. A `Value` always serialises.
pub(super) fn json_bytes(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(text: &'static str) -> Coding {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(text));
        Coding::accepted(&headers)
    }

    #[test]
    fn gzip_is_used_when_it_is_taken_and_only_then() {
        for taken in ["gzip", "br, gzip;q=0.5", "GZIP", "*"] {
            assert_eq!(accepted(taken), Coding::Gzip, "{taken}");
        }
        for refused in ["", "br", "gzip;q=0", "*;q=0", "*, gzip;q=0", "gzip;q=x"] {
            assert_eq!(accepted(refused), Coding::Identity, "{refused}");
        }
        assert_eq!(Coding::accepted(&HeaderMap::new()), Coding::Identity);
    }

    #[test]
    fn an_etag_differs_by_coding_and_matches_in_a_list() {
        let text = vec![b'a'; 2_000];
        let (plain, packed) = (Coded::new(text.clone(), Coding::Identity), Coded::new(text, Coding::Gzip));
        assert_ne!(plain.etag, packed.etag);
        assert!(packed.bytes.len() < 200);
        let mut headers = HeaderMap::new();
        let list = format!("\"other\", W/{}", plain.etag.to_str().unwrap());
        headers.insert(header::IF_NONE_MATCH, HeaderValue::from_str(&list).unwrap());
        assert!(matches(&headers, &plain.etag) && !matches(&headers, &packed.etag));
    }

    #[test]
    fn only_the_revision_it_was_made_from_pins_an_answer() {
        assert_eq!(Freshness::of(Some(3), 3), Freshness::Pinned);
        assert_eq!(Freshness::of(Some(4), 3), Freshness::Ask);
        assert_eq!(Freshness::of(None, 3), Freshness::Ask);
    }
}
