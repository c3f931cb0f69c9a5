//! `farmzone view`: zones drawn by maplibre-rs, in a window of the desktop or as a PNG, without a server.
//!
//! Tiles come straight from the snapshot: the renderer asks for an address, `tiles` answers with what the engine draws there.
//! Here alone is the feature `native-viewer` at home, with the crates it brings. What the renderer can do and where it panics
//! stands in docs/viewer.md.

mod aim;
mod machine;
mod picture;
mod tiles;
mod window;

use std::convert::Infallible;
use std::sync::Arc;

use aim::Aim;
use tiles::Tiles;

use crate::engine::{EngineError, Lang, Snapshot};

/// Where to look; the whole workspace without it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Look {
    /// Longitude and latitude.
    pub center: Option<[f64; 2]>,
    /// As on the web map: the world is 512 · 2^zoom pixels wide.
    pub zoom: Option<f64>,
}

/// A picture as a PNG, width and height in pixels.
///
/// # Errors
/// `Usage` for a size or zoom that cannot be drawn, `NotFound` where there are no zones, `Unavailable` without Vulkan.
pub fn png(snapshot: &Arc<Snapshot>, look: Look, size: [u32; 2]) -> Result<Vec<u8>, EngineError> {
    let aim = Aim::of_picture(snapshot, look, size)?;
    let tiles = Arc::new(Tiles::new(snapshot)?);
    picture::draw(&tiles, &aim)
}

/// Opens a window; with its end the process ends, which is how winit's event loop works.
///
/// # Errors
/// As `png`; `Unavailable` also without a display.
pub fn window(snapshot: &Arc<Snapshot>, look: Look, lang: Lang) -> Result<Infallible, EngineError> {
    aim::has_zones(snapshot)?;
    let tiles = Arc::new(Tiles::new(snapshot)?);
    window::open(snapshot, &tiles, look, &title(snapshot, lang))
}

/// The place, the state of the data, and that it is made up where it is.
fn title(snapshot: &Snapshot, lang: Lang) -> String {
    let words = snapshot.title();
    let (name, revision, simulated) = match lang {
        Lang::En => (words.en, "revision", " (simulated)"),
        _ => (words.vi, "phiên bản", " (mô phỏng)"),
    };
    let simulated = if snapshot.simulated() { simulated } else { "" };
    format!("{name}{simulated} · {revision} {}", snapshot.revision)
}
