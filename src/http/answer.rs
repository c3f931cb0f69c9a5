//! How an answer is written: content coding by Accept-Encoding, a strong ETag, 304, cache rules.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::Value;

use crate::engine::{Gzip, gzip};

/// Smaller answers are not worth compressing.
const COMPRESSED_FROM_BYTES: usize = 512;

/// How much the reader likes each of some names in a header, and all others (`*`); none: it does not say (RFC 9110, 12.4.2).
pub(super) fn weights<const N: usize>(headers: &HeaderMap, name: &HeaderName, offered: [&str; N]) -> ([Option<f32>; N], Option<f32>) {
    let (mut weights, mut others) = ([None; N], None);
    let values = headers.get_all(name).iter().filter_map(|v| v.to_str().ok());
    for item in values.flat_map(|value| value.split(',')) {
        let mut parts = item.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts.find_map(|p| p.strip_prefix("q=")).map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0));
        match offered.iter().position(|offered| offered.eq_ignore_ascii_case(name)) {
            Some(at) => weights[at] = Some(weight),
            None if name == "*" => others = Some(weight),
            None => {}
        }
    }
    (weights, others)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Coding {
    Identity,
    Gzip,
    Brotli,
    Zstd,
}

impl Coding {
    /// The quickest first: of two that the reader likes alike the first is taken.
    const OFFERED: [Coding; 3] = [Coding::Zstd, Coding::Gzip, Coding::Brotli];

    /// What the reader likes best of what is offered (RFC 9110, 12.5.3).
    pub(super) fn accepted(headers: &HeaderMap) -> Coding {
        Coding::best_of(Self::OFFERED, headers)
    }

    /// The same of some codings, the first of equals.
    pub(super) fn best_of<const N: usize>(offered: [Coding; N], headers: &HeaderMap) -> Coding {
        let (weights, others) = weights(headers, &header::ACCEPT_ENCODING, offered.map(Coding::name));
        let weight = |at: usize| weights[at].or(others).unwrap_or(0.0);
        let best = (0..N).filter(|&at| weight(at) > 0.0).reduce(|a, b| if weight(b) > weight(a) { b } else { a });
        best.map_or(Coding::Identity, |at| offered[at])
    }

    /// In `Content-Encoding`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Coding::Identity => "identity",
            Coding::Gzip => "gzip",
            Coding::Brotli => "br",
            Coding::Zstd => "zstd",
        }
    }

    fn compress(self, bytes: Vec<u8>) -> Vec<u8> {
        match self {
            Coding::Identity => bytes,
            Coding::Gzip => gzip(&bytes, Gzip::Quick),
            // Level 1 is as small as gzip's best on tiles; the input is in memory and the level is one that exists.
            Coding::Zstd => zstd::bulk::compress(&bytes, 1).unwrap_or_default(),
            Coding::Brotli => {
                let mut out = Vec::with_capacity(bytes.len() / 3 + 64);
                let params = brotli::enc::BrotliEncoderParams { quality: 4, size_hint: bytes.len(), ..Default::default() };
                // Writing to memory cannot fail.
                let _ = brotli::BrotliCompress(&mut bytes.as_slice(), &mut out, &params);
                out
            }
        }
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
        let coding = if bytes.len() >= COMPRESSED_FROM_BYTES { taken } else { Coding::Identity };
        let mark = if coding == Coding::Identity { String::new() } else { format!("-{}", coding.name()) };
        // A hash is hexadecimal: always a valid header.
        let etag =
            HeaderValue::from_str(&format!("\"{}{mark}\"", &hash.as_str()[..32])).unwrap_or_else(|_| HeaderValue::from_static("\"\""));
        Coded { coding, etag, bytes: coding.compress(bytes).into() }
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
        if self.coding != Coding::Identity {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(self.coding.name()));
        }
        response
    }
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
    fn the_coding_that_the_reader_likes_best_is_used_and_of_equals_the_quickest() {
        for (text, coding) in [
            ("gzip", Coding::Gzip),
            ("GZIP", Coding::Gzip),
            ("gzip, deflate, br, zstd", Coding::Zstd),
            ("gzip, br", Coding::Gzip),
            ("br, gzip;q=0.5", Coding::Brotli),
            ("br", Coding::Brotli),
            ("*", Coding::Zstd),
            ("*, zstd;q=0", Coding::Gzip),
            ("zstd;q=0.2, gzip;q=0.3", Coding::Gzip),
        ] {
            assert_eq!(accepted(text), coding, "{text}");
        }
        for refused in ["", "deflate", "gzip;q=0", "*;q=0", "gzip;q=x", "gzip;q=NaN", "identity"] {
            assert_eq!(accepted(refused), Coding::Identity, "{refused}");
        }
        assert_eq!(Coding::accepted(&HeaderMap::new()), Coding::Identity);
    }

    #[test]
    fn of_what_is_packed_already_the_smallest_is_taken_that_the_reader_takes() {
        for (text, coding) in
            [("gzip, br", Coding::Brotli), ("gzip, br;q=0.5", Coding::Gzip), ("zstd", Coding::Identity), ("*", Coding::Brotli)]
        {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(text))]);
            assert_eq!(Coding::best_of([Coding::Brotli, Coding::Gzip], &headers), coding, "{text}");
        }
    }

    #[test]
    fn every_coding_is_smaller_has_an_etag_of_its_own_and_gives_the_text_back() {
        let text: Vec<u8> = (0..2_000_u32).flat_map(|n| format!("zone {} ", n % 97).into_bytes()).collect();
        let codings = [Coding::Identity, Coding::Gzip, Coding::Brotli, Coding::Zstd];
        let coded = codings.map(|coding| Coded::new(text.clone(), coding));
        for (n, one) in coded.iter().enumerate() {
            assert!(n == 0 || one.bytes.len() < text.len() / 4, "{:?}: {} bytes", one.coding, one.bytes.len());
            assert!(coded.iter().skip(n + 1).all(|other| other.etag != one.etag));
        }
        let mut from_gzip = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&coded[1].bytes[..]), &mut from_gzip).unwrap();
        let mut from_brotli = Vec::new();
        brotli::BrotliDecompress(&mut &coded[2].bytes[..], &mut from_brotli).unwrap();
        let from_zstd = zstd::bulk::decompress(&coded[3].bytes, text.len()).unwrap();
        assert!([from_gzip, from_brotli, from_zstd].iter().all(|back| *back == text));
    }

    #[test]
    fn an_etag_matches_in_a_list_and_only_for_its_coding() {
        let text = vec![b'a'; 2_000];
        let (plain, packed) = (Coded::new(text.clone(), Coding::Identity), Coded::new(text, Coding::Gzip));
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
