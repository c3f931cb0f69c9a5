//! `/metrics`: counts as Prometheus text.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};

use super::App;
use super::ask::Ask;
use super::error::ApiError;

/// Requests by route and status; routes are templates, so that there are few.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    requests: Mutex<BTreeMap<(String, u16), (u64, Duration)>>,
}

impl Metrics {
    pub(super) fn count(&self, route: &str, status: u16, took: Duration) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = requests.entry((route.to_owned(), status)).or_default();
        entry.0 += 1;
        entry.1 += took;
    }
}

pub(super) async fn text(State(app): State<App>, uri: Uri) -> Result<Response, ApiError> {
    Ask::read(&uri, &[])?;
    let mut out = String::new();
    {
        let mut family = |name: &str, kind: &str, help: &str, rows: &[(String, String)]| {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "# HELP farmzone_{name} {help}\n# TYPE farmzone_{name} {kind}");
            for (labels, value) in rows {
                let _ = writeln!(out, "farmzone_{name}{labels} {value}");
            }
        };
        let requests = app.0.metrics.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let row = |(route, status): &(String, u16), value: String| (format!("{{route=\"{route}\",status=\"{status}\"}}"), value);
        let counts: Vec<_> = requests.iter().map(|(key, (n, _))| row(key, n.to_string())).collect();
        let seconds: Vec<_> = requests.iter().map(|(key, (_, took))| row(key, format!("{:.6}", took.as_secs_f64()))).collect();
        drop(requests);
        family("http_requests_total", "counter", "Requests answered.", &counts);
        family("http_request_seconds_total", "counter", "Time spent on them.", &seconds);
        let cache = app.0.tiles.counts();
        let plain = |value: String| [(String::new(), value)];
        family("tile_cache_hits_total", "counter", "Tiles answered from memory.", &plain(cache.n_hits.to_string()));
        family("tile_cache_misses_total", "counter", "Tiles that had to be drawn.", &plain(cache.n_misses.to_string()));
        family("tile_cache_bytes", "gauge", "Memory of the kept tiles.", &plain(cache.n_bytes.to_string()));
        family("tile_cache_tiles", "gauge", "Tiles kept.", &plain(cache.n_tiles.to_string()));
        let snapshot = app.snapshot();
        family("revision", "gauge", "The workspace's revision.", &plain(snapshot.revision.to_string()));
        family("listeners", "gauge", "Open streams of /events.", &plain(app.listening().to_string()));
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], out).into_response())
}
