//! A window of the desktop, by maplibre-winit: drag to move, the wheel to zoom, Escape to close.

use std::convert::Infallible;
use std::sync::Arc;

use maplibre::event_loop::EventLoop;
use maplibre::map::{Map, MapError};
use maplibre::render::builder::RendererBuilder;
use maplibre::render::settings::TextureFormat;
use maplibre::window::MapWindow;
use maplibre_winit::WinitMapWindowConfig;

use super::Look;
use super::aim::Aim;
use super::machine::{Ours, at_once, caught, kernel, no_vulkan, plugins, renderer_settings, wgpu_settings};
use super::tiles::Tiles;
use crate::engine::{EngineError, Snapshot};

type Desktop = Ours<WinitMapWindowConfig<()>>;

pub(super) fn open(snapshot: &Snapshot, tiles: &Arc<Tiles>, look: Look, title: &str) -> Result<Infallible, EngineError> {
    let style = tiles.style()?;
    let renderer =
        RendererBuilder::new().with_wgpu_settings(wgpu_settings()).with_renderer_settings(renderer_settings(TextureFormat::Bgra8Unorm));
    // winit panics where it finds no display.
    let no_display = "no display to open a window on (--png OUT draws into a file)";
    let make = || Map::<Desktop>::new(style, kernel(tiles, WinitMapWindowConfig::new(title.to_owned())), renderer, plugins(tiles));
    let mut map = caught(no_display, make)?.map_err(failed)?;
    let started = caught("the window cannot be drawn to", || at_once(map.initialize_renderer()))?;
    started.ok_or_else(|| EngineError::internal("the renderer waits for something before it draws"))?.map_err(failed)?;

    // Only now the window has a size.
    let size = map.window().size();
    let aim = Aim::new(snapshot, look, [size.width(), size.height()])?;
    map.context_mut().map_err(failed)?.view_state = aim.view_state(size);
    let events = map.window_mut().take_event_loop().ok_or_else(|| EngineError::internal("the window has no events"))?;
    // Ends the process with code 0 when the window is closed.
    caught("the window was closed by a fault of the renderer", || events.run(map, None))?;
    Err(EngineError::internal("the window's events ended"))
}

fn failed(error: MapError) -> EngineError {
    match error {
        MapError::DeviceInit(why) => no_vulkan(why),
        other => EngineError::internal(format!("the map cannot be drawn: {other}")),
    }
}
