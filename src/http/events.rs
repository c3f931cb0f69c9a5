//! `/events`: browsers are told when the workspace changes.

use std::convert::Infallible;
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::ask::Ask;
use super::error::ApiError;
use super::{App, Shared};
use crate::model::Revision;

/// Open streams at one time.
pub(super) const MOST_LISTENERS: usize = 2_000;

/// Starts the thread that waits for the engine and tells the streams; it ends with the app.
pub(super) fn follow(shared: &Arc<Shared>) {
    let engine = shared.engine.clone();
    let weak: Weak<Shared> = Arc::downgrade(shared);
    let mut known = *shared.revision.borrow();
    let started = std::thread::Builder::new().name("tell".to_owned()).spawn(move || {
        while weak.strong_count() > 0 {
            let revision = engine.wait_for_change(known, Duration::from_secs(1));
            let Some(shared) = weak.upgrade() else { return };
            if revision != known {
                known = revision;
                shared.revision.send_replace(revision);
            }
        }
    });
    if let Err(error) = started {
        tracing::error!(%error, "no thread to follow the workspace; browsers will not be told of changes");
    }
}

impl App {
    /// Streams that are open now.
    pub(super) fn listening(&self) -> usize {
        MOST_LISTENERS - self.0.listeners.available_permits()
    }
}

fn event(revision: Revision) -> Result<Event, Infallible> {
    Ok(Event::default().event("revision").data(json!({ "revision": revision }).to_string()))
}

/// The present revision at once, then every new one, until the reader or the server goes.
pub(super) async fn stream(State(app): State<App>, uri: Uri) -> Result<Response, ApiError> {
    Ask::read(&uri, &[])?;
    let place = app.0.listeners.clone().try_acquire_owned();
    let place = place.map_err(|_| ApiError::too_many("too many pages listen for changes; ask again in a while"))?;
    let (send, receive) = mpsc::channel(4);
    let (mut revision, mut ending) = (app.0.revision.subscribe(), app.0.ending.subscribe());
    tokio::spawn(async move {
        let _place = place;
        loop {
            let now = *revision.borrow_and_update();
            if send.send(event(now)).await.is_err() {
                return;
            }
            tokio::select! {
                changed = revision.changed() => if changed.is_err() { return },
                _ = ending.changed() => return,
                () = send.closed() => return,
            }
        }
    });
    let stream = Sse::new(ReceiverStream::new(receive)).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)));
    Ok(([(header::CACHE_CONTROL, "no-store"), (header::HeaderName::from_static("x-accel-buffering"), "no")], stream).into_response())
}
