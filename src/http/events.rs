//! `/events`: browsers are told when the workspace changes.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::ask::Ask;
use super::error::ApiError;
use super::tile_cache::TileKey;
use super::{App, Shared};
use crate::engine::{NEAR_ZOOM, News, Touched};

/// Open streams at one time.
pub(super) const MOST_LISTENERS: usize = 2_000;

/// News that wait for a slow reader; who misses some is told the present revision alone.
pub(super) const MOST_WAITING: usize = 16;
/// More boxes or tiles than this are not worth telling: the map asks for everything anew.
const MOST_TOLD: usize = 500;

/// One message of the stream.
#[derive(Debug, Clone)]
pub(super) struct Told {
    event: &'static str,
    data: Arc<str>,
}

impl Told {
    fn revision(data: &str) -> Told {
        Told { event: "revision", data: data.into() }
    }

    /// That some plan changed. Which one is for who may read plans, and listeners are anybody.
    fn plans(number: u64) -> Told {
        Told { event: "plans", data: json!({ "number": number }).to_string().into() }
    }
}

/// Starts the threads that wait for the engine, bring the kept tiles forward and tell the streams; they end with the app.
pub(super) fn follow(shared: &Arc<Shared>) {
    let engine = shared.engine.clone();
    let mut number = 0;
    repeat(shared, "tell", move || {
        number = engine.news_after(number, Duration::from_secs(1)).last().map_or(number, |news| news.number);
        catch_up
    });
    let engine = shared.engine.clone();
    let mut told = engine.plans_number_after(0, Duration::ZERO);
    repeat(shared, "tell-plans", move || {
        let number = engine.plans_number_after(told, Duration::from_secs(1));
        let before = std::mem::replace(&mut told, number);
        // Nobody may listen.
        move |shared: &Shared| drop((before != number).then(|| shared.news.send(Told::plans(number))))
    });
}

/// Waits and then does what there is to do, again and again, on a thread that ends with the app.
fn repeat<Do: FnOnce(&Shared)>(shared: &Arc<Shared>, name: &str, mut wait: impl FnMut() -> Do + Send + 'static) {
    let weak: Weak<Shared> = Arc::downgrade(shared);
    let started = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        while weak.strong_count() > 0 {
            let work = wait();
            let Some(shared) = weak.upgrade() else { return };
            work(&shared);
        }
    });
    if let Err(error) = started {
        tracing::error!(%error, "no thread to follow the workspace; browsers will not be told of changes");
    }
}

/// Brings the kept tiles to the revision that is served, and tells the streams.
pub(super) fn catch_up(shared: &Shared) {
    let mut number = shared.news_number.lock().unwrap_or_else(PoisonError::into_inner);
    for news in shared.engine.news_after(*number, Duration::ZERO) {
        *number = news.number;
        let touches = |key: &TileKey| news.changes.touches(&key.layers, key.epoch, key.coord);
        shared.tiles.advance(news.since, news.revision, touches);
        // Nobody may listen.
        let _ = shared.news.send(Told::revision(&told(&news)));
    }
}

/// What a browser is told: first where zooms at which every feature is drawn changed, then the tiles of the others. Without
/// `since` anything may be another.
fn told(news: &News) -> String {
    let mut told = json!({ "revision": news.revision });
    if let Some((key, changed)) = news.changes.of_map(news.epoch).filter(|_| news.is_same_style).and_then(|touched| changed(news, &touched))
    {
        told["since"] = news.since.into();
        told["pin"] = news.pin.clone().into();
        told["epoch"] = json!(news.epoch.map(|epoch| epoch.to_string()));
        told["near_zoom"] = NEAR_ZOOM.into();
        told[key] = changed;
    }
    told.to_string()
}

/// None when it is not known, or too much to be told.
fn changed(news: &News, touched: &[&Touched]) -> Option<(&'static str, Value)> {
    if news.is_far {
        let mut tiles = BTreeSet::new();
        let is_known = touched.iter().all(|touched| touched.is_whole() && touched.tiles_below(NEAR_ZOOM, MOST_TOLD, &mut tiles));
        let addresses = tiles.iter().map(|tile| json!([tile.z(), tile.x(), tile.y()]));
        return is_known.then(|| ("tiles", addresses.collect()));
    }
    let n_boxes: usize = touched.iter().map(|touched| touched.n_boxes()).sum();
    let boxes = touched.iter().flat_map(|touched| touched.boxes_lonlat()).map(|bounds| json!(bounds));
    (n_boxes <= MOST_TOLD).then(|| ("bounds", boxes.collect()))
}

impl App {
    /// Streams that are open now.
    pub(super) fn listening(&self) -> usize {
        MOST_LISTENERS - self.0.listeners.available_permits()
    }
}

fn event(Told { event, data }: &Told) -> Result<Event, Infallible> {
    Ok(Event::default().event(*event).data(data))
}

/// The present revision at once, then what every new one changed and that plans did, until the reader or the server goes.
pub(super) async fn stream(State(app): State<App>, uri: Uri) -> Result<Response, ApiError> {
    Ask::read(&uri, &[])?;
    let place = app.0.listeners.clone().try_acquire_owned();
    let place = place.map_err(|_| ApiError::too_many("too many pages listen for changes; ask again in a while"))?;
    let (send, receive) = mpsc::channel(4);
    let (mut news, mut ending) = (app.0.news.subscribe(), app.0.ending.subscribe());
    let engine = app.0.engine.clone();
    tokio::spawn(async move {
        let _place = place;
        let present = || vec![Told::revision(&json!({ "revision": engine.snapshot().revision }).to_string())];
        let mut all = present();
        loop {
            for told in all.drain(..) {
                if send.send(event(&told)).await.is_err() {
                    return;
                }
            }
            all = tokio::select! {
                told = news.recv() => match told {
                    Ok(told) => vec![told],
                    Err(RecvError::Lagged(_)) => {
                        let plans = Told::plans(engine.plans_number_after(0, Duration::ZERO));
                        present().into_iter().chain([plans]).collect()
                    }
                    Err(RecvError::Closed) => return,
                },
                _ = ending.changed() => return,
                () = send.closed() => return,
            };
        }
    });
    let stream = Sse::new(ReceiverStream::new(receive)).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)));
    Ok(([(header::CACHE_CONTROL, "no-store"), (header::HeaderName::from_static("x-accel-buffering"), "no")], stream).into_response())
}
