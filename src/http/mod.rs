//! Routes, JSON shapes, error → status: what `docs/api.md` says, and the web app.
//!
//! The only user of axum and the only async code. A request is read and bounded here, answered by the
//! engine's current snapshot on a blocking thread, and written with an ETag. Nothing is computed here.
//! Invariants: every route is in `openapi.json` and nothing else is; every failure goes through `error`;
//! no answer names another host but the one basemap that a city's settings name.

mod accounts;
mod alerts;
mod answer;
mod api;
mod ask;
mod codes;
mod data;
mod docs;
mod dossiers;
mod drops;
mod edits;
mod error;
mod events;
mod feed;
mod guard;
mod maps;
mod metrics;
mod pages;
mod partners;
mod plans;
mod print;
mod serve;
mod session;
mod settings;
mod tile_cache;
mod web_app;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::HeaderValue;
use axum::response::Redirect;
use axum::routing::{delete, get, patch, post, put};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, watch};
use tower::ServiceExt;

pub use serve::{Serving, serve};
pub use settings::{Basemap, BasemapKind, Settings, SettingsError};

use crate::engine::{Accounts, DossierFile, Engine, EngineError, Snapshot, SubjectKind, TableFile};
use error::ApiError;
use metrics::Metrics;
use tile_cache::TileCache;

/// What the handlers share. Clones are one and the same.
#[derive(Clone)]
pub struct App(Arc<Shared>);

struct Shared {
    engine: Engine,
    metrics: Metrics,
    tiles: TileCache,
    /// One permit per answer that is being computed, tiles aside.
    workers: Arc<Semaphore>,
    /// One permit per tile that is being drawn: however long they take, other answers do not wait for them.
    drawers: Arc<Semaphore>,
    /// One permit per edit that is being judged or written.
    editors: Arc<Semaphore>,
    /// One permit per file that is being sent or read.
    droppers: Arc<Semaphore>,
    /// The same of files that anybody may send: they keep nobody's from being read.
    checkers: Arc<Semaphore>,
    /// One permit per password that is being hashed.
    hashing: Arc<Semaphore>,
    /// One permit per dossier that is being made or verified.
    typesetters: Arc<Semaphore>,
    /// Files of open data that were made.
    data_files: data::KeptFiles,
    readers: Readers,
    /// `https://host`, under which the server is known outside; none: what each request says.
    public_url: Option<String>,
    settings: Settings,
    /// What pages may load, and from where.
    content_policy: HeaderValue,
    /// The same of the page in a frame; none where it may be in none.
    embed_policy: Option<HeaderValue>,
    /// What changed, as `/events` tells it.
    news: broadcast::Sender<events::Told>,
    /// The last of the engine's news that the tiles and the streams were told.
    news_number: Mutex<u64>,
    ending: watch::Sender<bool>,
    listeners: Arc<Semaphore>,
}

/// How readers come to the server, and so where it learns their addresses from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    Direct,
    /// Through a proxy of ours, which writes the reader's address at the end of X-Forwarded-For.
    BehindProxy,
}

/// One is judged while another is written.
const MOST_EDITING: usize = 2;

/// One file is read while another is on its way.
const MOST_DROPPING: usize = 2;

/// A dossier takes a core for a while, and memory for its maps.
const MOST_TYPESETTING: usize = 2;

/// Hashing a password takes 19 MiB and a core: a flood of attempts must leave the map alone.
const MOST_HASHING: usize = 2;

/// How long a request waits for a free worker before it is told to come again.
const WORKER_PATIENCE: Duration = Duration::from_secs(15);

impl App {
    /// Starts to follow the engine's revision; ends with the last clone. Keeps at most so many bytes of drawn tiles.
    pub fn new(engine: Engine, most_tile_bytes: usize) -> App {
        App::for_readers(engine, most_tile_bytes, Readers::Direct, None)
    }

    /// The same for readers that come in another way, to a server that is known under an address of its own.
    pub fn for_readers(engine: Engine, most_tile_bytes: usize, readers: Readers, public_url: Option<String>) -> App {
        App::configured(engine, most_tile_bytes, readers, public_url, Settings::default())
    }

    /// The same with what the city sets.
    pub fn configured(engine: Engine, most_tile_bytes: usize, readers: Readers, public_url: Option<String>, settings: Settings) -> App {
        let n_workers = std::thread::available_parallelism().map_or(2, |n| n.get()).max(2);
        let revision = engine.snapshot().revision;
        let shared = Arc::new(Shared {
            engine,
            metrics: Metrics::default(),
            tiles: TileCache::new(most_tile_bytes, revision),
            workers: Arc::new(Semaphore::new(n_workers)),
            drawers: Arc::new(Semaphore::new(n_workers)),
            editors: Arc::new(Semaphore::new(MOST_EDITING)),
            droppers: Arc::new(Semaphore::new(MOST_DROPPING)),
            checkers: Arc::new(Semaphore::new(MOST_DROPPING)),
            hashing: Arc::new(Semaphore::new(MOST_HASHING)),
            typesetters: Arc::new(Semaphore::new(MOST_TYPESETTING)),
            data_files: data::KeptFiles::default(),
            readers,
            public_url,
            content_policy: guard::content_policy(&settings),
            embed_policy: guard::embed_policy(&settings),
            settings,
            news: broadcast::channel(events::MOST_WAITING).0,
            news_number: Mutex::new(0),
            ending: watch::channel(false).0,
            listeners: Arc::new(Semaphore::new(events::MOST_LISTENERS)),
        });
        events::follow(&shared);
        App(shared)
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        self.0.engine.snapshot()
    }

    /// The path of the public address, without a slash at its end: what the site lies below on its host.
    fn below(&self) -> &str {
        let url = self.0.public_url.as_deref().unwrap_or_default();
        let host_at = url.find("://").map_or(0, |at| at + 3);
        url[host_at..].find('/').map_or("", |at| &url[host_at + at..])
    }

    /// Runs work on the current snapshot away from the async threads, as many at a time as there are cores.
    async fn compute<T, W>(&self, work: W) -> Result<T, ApiError>
    where
        T: Send + 'static,
        W: FnOnce(&Snapshot) -> Result<T, EngineError> + Send + 'static,
    {
        self.compute_in(&self.0.workers, work).await
    }

    /// The same for tiles, which have places of their own.
    async fn draw<T, W>(&self, work: W) -> Result<T, ApiError>
    where
        T: Send + 'static,
        W: FnOnce(&Snapshot) -> Result<T, EngineError> + Send + 'static,
    {
        self.compute_in(&self.0.drawers, work).await
    }

    async fn compute_in<T, W>(&self, places: &Arc<Semaphore>, work: W) -> Result<T, ApiError>
    where
        T: Send + 'static,
        W: FnOnce(&Snapshot) -> Result<T, EngineError> + Send + 'static,
    {
        let permit = permit(places).await?;
        let snapshot = self.snapshot();
        blocking(move || {
            // Held until the work is done, also when nobody waits for it any more.
            let _permit = permit;
            work(&snapshot)
        })
        .await
    }

    /// Asks the accounts something that takes no time but the disk's.
    async fn ask_accounts<T, W>(&self, work: W) -> Result<T, ApiError>
    where
        T: Send + 'static,
        W: FnOnce(&Accounts) -> Result<T, EngineError> + Send + 'static,
    {
        let engine = self.0.engine.clone();
        blocking(move || work(engine.accounts())).await
    }

    /// The same for what hashes a password, a few at a time.
    async fn prove<T, W>(&self, work: W) -> Result<T, ApiError>
    where
        T: Send + 'static,
        W: FnOnce(&Accounts) -> Result<T, EngineError> + Send + 'static,
    {
        let permit = permit(&self.0.hashing).await?;
        self.ask_accounts(move |accounts| {
            let _permit = permit;
            work(accounts)
        })
        .await
    }
}

async fn permit(workers: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, ApiError> {
    match tokio::time::timeout(WORKER_PATIENCE, workers.clone().acquire_owned()).await {
        Ok(Ok(permit)) => Ok(permit),
        _ => Err(ApiError::unavailable("the server is busy; ask again in a few seconds")),
    }
}

/// A file, and a permit that is held until it is read, also when nobody waits for it any more: what is sent is in memory as long.
async fn file_sent(readers: &Arc<Semaphore>, request: Request) -> Result<(OwnedSemaphorePermit, Bytes), ApiError> {
    match tokio::time::timeout(WORKER_PATIENCE, readers.clone().acquire_owned()).await {
        Ok(Ok(permit)) => Ok((permit, ask::received(request).await?)),
        _ => Err(ApiError::unavailable("others are sending files; send it again in a few seconds")),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, EngineError> + Send + 'static) -> Result<T, ApiError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(ApiError::from),
        Err(_) => Err(ApiError::internal("the answer could not be computed")),
    }
}

/// Every documented path, as `openapi.json` writes it.
pub const ROUTES: &[&str] = &[
    "/health",
    "/metrics",
    "/openapi.json",
    "/docs",
    "/verify/{id}",
    "/zones",
    "/zones/{id}",
    "/data",
    "/events",
    "/style.json",
    "/styles/{name}.json",
    "/tiles/{layers}.json",
    "/tiles/{layers}/{z}/{x}/{y}",
    "/api/v1/session",
    "/api/v1/users",
    "/api/v1/users/{name}",
    "/api/v1/tokens",
    "/api/v1/tokens/{id}",
    "/api/v1/summary",
    "/api/v1/kinds",
    "/api/v1/layers",
    "/api/v1/units",
    "/api/v1/units/{code}",
    "/api/v1/zones",
    "/api/v1/zones.csv",
    "/api/v1/zones.xlsx",
    "/api/v1/zones/shapes",
    "/api/v1/zones/{id}",
    "/api/v1/zones/{id}/history",
    "/api/v1/zones/{id}/versions",
    "/api/v1/zones/{id}/dossier.pdf",
    "/api/v1/zones/{id}/dossier.xlsx",
    "/api/v1/zones/{id}/dossier.geojson",
    "/api/v1/changes",
    "/api/v1/edits",
    "/api/v1/edits/{id}",
    "/api/v1/edits/{id}/undo",
    "/api/v1/drops",
    "/api/v1/plans",
    "/api/v1/plans/{id}",
    "/api/v1/plans/{id}/edits",
    "/api/v1/plans/{id}/edits/{edit}/undo",
    "/api/v1/plans/{id}/shapes",
    "/api/v1/plans/{id}/changes",
    "/api/v1/plans/{id}/changes.xlsx",
    "/api/v1/plans/{id}/figures",
    "/api/v1/plans/{id}/comments",
    "/api/v1/plans/{id}/comments/{n}",
    "/api/v1/plans/{id}/submit",
    "/api/v1/plans/{id}/return",
    "/api/v1/plans/{id}/approve",
    "/api/v1/plans/{id}/publish",
    "/api/v1/plans/{id}/share",
    "/api/v1/codes",
    "/api/v1/codes/rules",
    "/api/v1/codes/check",
    "/api/v1/codes/{code}",
    "/api/v1/codes/{code}/status",
    "/api/v1/codes/{code}/dossier.pdf",
    "/api/v1/codes/{code}/dossier.xlsx",
    "/api/v1/codes/{code}/dossier.geojson",
    "/api/v1/imports",
    "/api/v1/partners",
    "/api/v1/partners/{id}",
    "/api/v1/linkages",
    "/api/v1/linkages/{id}",
    "/api/v1/products",
    "/api/v1/products/{id}",
    "/api/v1/traces",
    "/api/v1/traces/{id}",
    "/api/v1/transitions",
    "/api/v1/figures",
    "/api/v1/supply",
    "/api/v1/encroachments",
    "/api/v1/encroachments.csv",
    "/api/v1/encroachments.xlsx",
    "/api/v1/encroachments/{id}",
    "/api/v1/alerts",
    "/api/v1/alerts/digest",
    "/api/v1/alerts/{event}",
    "/api/v1/alerts/{event}/step",
    "/api/v1/alerts/{event}/notes",
    "/api/v1/alerts/{event}/photos",
    "/api/v1/alerts/{event}/photos/{n}",
    "/api/v1/feed.json",
    "/api/v1/feed.rss",
    "/api/v1/encroachments/{id}/dossier.pdf",
    "/api/v1/encroachments/{id}/dossier.xlsx",
    "/api/v1/encroachments/{id}/dossier.geojson",
    "/api/v1/search",
    "/api/v1/landuse/classes",
    "/api/v1/overview.webp",
    "/api/v1/print.pdf",
    "/api/v1/print.svg",
    "/api/v1/data",
    "/api/v1/data/{layer}.{format}",
];

/// The whole site. The router matches `{name}.json` by one piece of the path; the handler reads the ending.
pub fn router(app: App) -> Router {
    let routes = Router::new()
        .route("/health", get(api::health))
        .route("/metrics", get(metrics::text))
        .route("/openapi.json", get(docs::openapi))
        .route("/docs", get(docs::page))
        .route("/verify/{id}", get(dossiers::verify))
        .route("/zones", get(pages::zones))
        .route("/zones/{id}", get(pages::zone))
        .route("/data", get(data::data_page))
        .route("/events", get(events::stream))
        .route("/style.json", get(maps::style_of_the_house))
        .route("/styles/{name_json}", get(maps::style))
        .route("/tiles/{layers_json}", get(maps::tile_json))
        .route("/tiles/{layers}/{z}/{x}/{y}", get(maps::tile))
        .route("/api/v1/session", get(session::show).post(session::sign_in).delete(session::sign_out))
        .route("/api/v1/users", get(accounts::users).post(accounts::add_user))
        .route("/api/v1/users/{name}", patch(accounts::change_user).delete(accounts::remove_user))
        .route("/api/v1/tokens", get(accounts::tokens).post(accounts::add_token))
        .route("/api/v1/tokens/{id}", delete(accounts::remove_token))
        .route("/api/v1/summary", get(api::summary))
        .route("/api/v1/kinds", get(api::kinds))
        .route("/api/v1/layers", get(api::layers))
        .route("/api/v1/units", get(api::units))
        .route("/api/v1/units/{code}", get(api::unit))
        .route("/api/v1/zones", get(api::zones))
        .route("/api/v1/zones.csv", api::zones_table(TableFile::Csv))
        .route("/api/v1/zones.xlsx", api::zones_table(TableFile::Xlsx))
        .route("/api/v1/zones/shapes", get(edits::shapes))
        .route("/api/v1/zones/{id}", get(api::zone))
        .route("/api/v1/zones/{id}/history", get(api::zone_history))
        .route("/api/v1/zones/{id}/versions", get(edits::versions))
        .route("/api/v1/changes", get(edits::changes))
        .route("/api/v1/edits", get(edits::list).post(edits::make).layer(DefaultBodyLimit::max(guard::MOST_EDIT_BYTES as usize)))
        .route("/api/v1/edits/{id}", get(edits::one))
        .route("/api/v1/edits/{id}/undo", post(edits::undo))
        .route("/api/v1/drops", post(drops::look).layer(DefaultBodyLimit::max(guard::MOST_FILE_BYTES as usize)))
        .route("/api/v1/plans", get(plans::list).post(plans::make))
        .route("/api/v1/plans/{id}", get(plans::one).patch(plans::patch).delete(plans::remove))
        .route("/api/v1/plans/{id}/edits", post(plans::edit).layer(DefaultBodyLimit::max(guard::MOST_EDIT_BYTES as usize)))
        .route("/api/v1/plans/{id}/edits/{edit}/undo", post(plans::undo))
        .route("/api/v1/plans/{id}/shapes", get(plans::shapes))
        .route("/api/v1/plans/{id}/changes", get(plans::changes))
        .route("/api/v1/plans/{id}/changes.xlsx", get(plans::changes_sheet))
        .route("/api/v1/plans/{id}/figures", get(plans::figures))
        .route("/api/v1/plans/{id}/comments", post(plans::comment))
        .route("/api/v1/plans/{id}/comments/{n}", patch(plans::change_comment).delete(plans::remove_comment))
        .route("/api/v1/plans/{id}/submit", post(plans::submit))
        .route("/api/v1/plans/{id}/return", post(plans::give_back))
        .route("/api/v1/plans/{id}/approve", post(plans::approve))
        .route("/api/v1/plans/{id}/publish", post(plans::publish))
        .route("/api/v1/plans/{id}/share", post(plans::share).delete(plans::unshare))
        .route("/api/v1/codes", get(codes::list))
        .route("/api/v1/codes/rules", get(codes::rules))
        .route("/api/v1/codes/check", post(codes::check).layer(DefaultBodyLimit::max(guard::MOST_LIST_BYTES as usize)))
        .route("/api/v1/codes/{code}", get(codes::one))
        .route("/api/v1/codes/{code}/status", put(codes::put_status))
        .route("/api/v1/imports", post(codes::import).layer(DefaultBodyLimit::max(guard::MOST_FILE_BYTES as usize)))
        .route("/api/v1/partners", get(partners::partners))
        .route("/api/v1/partners/{id}", get(partners::partner))
        .route("/api/v1/linkages", get(partners::linkages))
        .route("/api/v1/linkages/{id}", get(partners::linkage))
        .route("/api/v1/products", get(partners::products))
        .route("/api/v1/products/{id}", get(partners::product))
        .route("/api/v1/traces", get(partners::traces))
        .route("/api/v1/traces/{id}", get(partners::trace))
        .route("/api/v1/transitions", get(api::transitions))
        .route("/api/v1/figures", get(api::figures))
        .route("/api/v1/supply", get(api::supply))
        .route("/api/v1/encroachments", get(api::encroachments))
        .route("/api/v1/encroachments.csv", api::encroachments_table(TableFile::Csv))
        .route("/api/v1/encroachments.xlsx", api::encroachments_table(TableFile::Xlsx))
        .route("/api/v1/encroachments/{id}", get(api::encroachment))
        .route("/api/v1/alerts", get(alerts::list))
        .route("/api/v1/alerts/digest", get(alerts::digest))
        .route("/api/v1/alerts/{event}", get(alerts::one).patch(alerts::patch))
        .route("/api/v1/alerts/{event}/step", post(alerts::step))
        .route("/api/v1/alerts/{event}/notes", post(alerts::note))
        .route("/api/v1/alerts/{event}/photos", post(alerts::add_photo).layer(DefaultBodyLimit::max(guard::MOST_PHOTO_BYTES as usize)))
        .route("/api/v1/alerts/{event}/photos/{n}", get(alerts::photo))
        .route("/api/v1/feed.json", get(feed::json_feed))
        .route("/api/v1/feed.rss", get(feed::rss))
        .route("/api/v1/search", get(api::search))
        .route("/api/v1/landuse/classes", get(api::land_use_classes))
        .route("/api/v1/print.pdf", get(print::pdf))
        .route("/api/v1/print.svg", get(print::svg))
        .route("/api/v1/overview.webp", get(print::overview))
        .route("/api/v1/data", get(data::list))
        .route("/api/v1/data/{file}", get(data::file))
        .merge(dossier_routes())
        .fallback_service(web_app::router())
        .method_not_allowed_fallback(error::method_not_allowed);
    let site = guard::around(routes, app.clone()).with_state(app.clone());
    match app.below() {
        "" => site,
        path => below(path, site),
    }
}

/// A site for readers who come below a path, whether the proxy takes the path off or not.
fn below(path: &str, site: Router) -> Router {
    let (start, whole): (Arc<str>, String) = (path.into(), format!("{path}/"));
    let without = move |mut request: Request| {
        let rest = request.uri().path_and_query().and_then(|p| p.as_str().strip_prefix(&*start)).filter(|rest| rest.starts_with('/'));
        if let Some(uri) = rest.and_then(|rest| rest.parse().ok()) {
            *request.uri_mut() = uri;
        }
        request
    };
    // What a page names is beside it only when its own address ends with a slash.
    let to_whole = get(move || async move { Redirect::permanent(&whole) });
    Router::new().route(path, to_whole).fallback_service(site.map_request(without))
}

fn dossier_routes() -> Router<App> {
    let subjects = [("zones/{id}", SubjectKind::Zone), ("encroachments/{id}", SubjectKind::Event), ("codes/{code}", SubjectKind::Code)];
    let all = subjects.into_iter().flat_map(|subject| DossierFile::ALL.map(|file| (subject, file)));
    all.fold(Router::new(), |routes, ((path, kind), file)| {
        routes.route(&format!("/api/v1/{path}/dossier.{}", file.ending()), dossiers::of(kind, file))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{self, Rulebook};
    use crate::model::EpsgCode;

    #[test]
    fn tiles_that_take_long_hold_up_tiles_alone_and_give_their_places_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.gpkg");
        drop(engine::init(&path, EpsgCode(5897)).unwrap());
        let app = App::new(Engine::serve(&path, Rulebook::load(None).unwrap()).unwrap(), 1 << 20);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let n_places = app.0.drawers.available_permits();
            let (end, _) = broadcast::channel::<()>(1);
            let drawn: Vec<_> = (0..n_places)
                .map(|_| {
                    let (app, mut end) = (app.clone(), end.subscribe());
                    let slow = move |_: &Snapshot| Ok(end.blocking_recv().is_ok());
                    tokio::spawn(async move { tokio::time::timeout(Duration::from_millis(50), app.draw(slow)).await })
                })
                .collect();
            for answer in drawn {
                assert!(answer.await.unwrap().is_err(), "nobody waits for them any more");
            }
            assert_eq!(app.0.drawers.available_permits(), 0, "but they are still being drawn");
            assert_eq!(app.compute(|s| Ok(s.revision)).await.unwrap(), app.snapshot().revision);
            end.send(()).unwrap();
            assert!(app.draw(|_| Ok(true)).await.unwrap());
            let all = app.0.drawers.clone().acquire_many_owned(n_places as u32);
            assert!(tokio::time::timeout(Duration::from_secs(10), all).await.is_ok());
        });
    }
}
