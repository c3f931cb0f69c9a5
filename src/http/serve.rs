//! Listening, and ending well: stop accepting, finish what runs, close the workspace.

use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::ServiceExt;

use super::{App, Readers, Settings, router};
use crate::engine::{Engine, EngineError};

/// How long open requests may take to finish once the server was told to end.
const FAREWELL: Duration = Duration::from_secs(10);
/// How long a reader may take to say what it wants; one that dribbles would hold a connection for ever.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);

/// How a workspace is served.
#[derive(Debug, Clone)]
pub struct Serving {
    pub bind: SocketAddr,
    /// Of drawn tiles, at most so many bytes are kept.
    pub most_tile_bytes: usize,
    pub readers: Readers,
    /// The address under which readers know the server.
    pub public_url: Option<String>,
    pub settings: Settings,
}

/// Serves until SIGINT or SIGTERM; `ready` is told the address, with the port that was found when 0 was asked for.
pub fn serve(engine: Engine, serving: Serving, ready: impl FnOnce(SocketAddr)) -> Result<(), EngineError> {
    let Serving { bind, most_tile_bytes, readers, public_url, settings } = serving;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("http").build();
    let runtime = runtime.map_err(|e| EngineError::internal(format!("no threads to serve with: {e}")))?;
    let app = App::configured(engine.clone(), most_tile_bytes, readers, public_url, settings);
    let served = runtime.block_on(listen(app, bind, ready));
    // Work that nobody waits for any more may not hold up the end.
    runtime.shutdown_timeout(Duration::from_secs(2));
    engine.close();
    served
}

async fn listen(app: App, bind: SocketAddr, ready: impl FnOnce(SocketAddr)) -> Result<(), EngineError> {
    let cannot = |e: std::io::Error| {
        EngineError::unavailable(format!(
            "cannot listen on {bind}: {e}; another program may use the port, choose one with --bind ADDRESS:PORT"
        ))
    };
    let listener = TcpListener::bind(bind).await.map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    let mut stop = Stop::listen()?;
    let (warm, expecting) = (app.clone(), app.clone());
    // What the map shows is made ready before anybody is told to come. Who comes earlier waits for his own layers.
    let warmed = tokio::task::spawn_blocking(move || {
        if let Err(error) = warm.snapshot().prepare_tiles(0) {
            tracing::warn!(%error, "the tiles could not be made ready");
        }
    });
    let ending = app.clone();
    let stopping = async move {
        let signal = stop.wait().await;
        tracing::info!(signal, "ending: no new requests, the open ones finish");
        // Streams would never finish by themselves.
        ending.0.ending.send_replace(true);
    };
    let connections = GracefulShutdown::new();
    let announcing = async move {
        // It fails only when its thread panicked, and then the tiles are made as they are asked for.
        let _ = warmed.await;
        tracing::info!(%address, "serving");
        ready(address);
        tokio::task::spawn_blocking(move || {
            let snapshot = expecting.snapshot();
            if let Err(error) = ["light", "dark"].into_iter().try_for_each(|theme| snapshot.overview(theme).map(drop)) {
                tracing::warn!(%error, "the picture of the whole map could not be drawn; pages open without it");
            }
            drop(snapshot);
            if let Err(error) = expecting.0.engine.expect_questions() {
                tracing::warn!(%error, "first questions will take longer than they should");
            }
        });
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = announcing => {}
        () = accept(listener, router(app), &connections) => {}
        () = stopping => {}
    }
    if tokio::time::timeout(FAREWELL, connections.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
    Ok(())
}

/// Takes connections for as long as it is polled.
async fn accept(listener: TcpListener, router: axum::Router, connections: &GracefulShutdown) {
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_PATIENCE);
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Too many open files, say: some will close.
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
        let with_peer = router.clone().map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request
        });
        let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(with_peer));
        let watched = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = watched.await {
                tracing::debug!(%error, "a connection broke off");
            }
        });
    }
}

/// The signals that end the server.
struct Stop {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Stop {
    fn listen() -> Result<Stop, EngineError> {
        #[cfg(unix)]
        {
            let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
            let terminate = terminate.map_err(|e| EngineError::internal(format!("cannot listen for signals: {e}")))?;
            Ok(Stop { terminate })
        }
        #[cfg(not(unix))]
        Ok(Stop {})
    }

    async fn wait(&mut self) -> &'static str {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
        #[cfg(not(unix))]
        {
            let _ = tokio::signal::ctrl_c().await;
            "SIGINT"
        }
    }
}
