//! A picture without a window: the renderer draws to a texture, which is copied out.

use std::rc::Rc;
use std::sync::Arc;

use maplibre::context::MapContext;
use maplibre::headless::window::HeadlessMapWindowConfig;
use maplibre::render::Renderer;
use maplibre::render::resource::Head;
use maplibre::render::settings::TextureFormat;
use maplibre::schedule::Schedule;
use maplibre::tcs::world::World;
use maplibre::window::{MapWindowConfig, WindowSize};

use super::aim::Aim;
use super::machine::{at_once, caught, kernel, no_vulkan, plugins, renderer_settings, wgpu_settings};
use super::tiles::Tiles;
use crate::engine::EngineError;

/// The first frame gets the tiles, the second draws what the first brought to the graphics card; one more costs nothing.
const FRAMES: usize = 3;

pub(super) fn draw(tiles: &Arc<Tiles>, aim: &Aim) -> Result<Vec<u8>, EngineError> {
    let pixels = caught("the picture could not be drawn", || drawn(tiles, aim))??;
    encoded(&pixels, aim.size).map_err(|e| EngineError::internal(format!("the picture could not be encoded: {e}")))
}

/// Four bytes a pixel, row by row.
fn drawn(tiles: &Arc<Tiles>, aim: &Aim) -> Result<Vec<u8>, EngineError> {
    let [width, height] = aim.size;
    let size = WindowSize::new(width, height).ok_or_else(|| EngineError::usage("a picture without pixels cannot be drawn"))?;
    let config = HeadlessMapWindowConfig::new(size);
    let window = config.create();
    let starting = Renderer::initialize_headless(&window, wgpu_settings(), renderer_settings(TextureFormat::Rgba8Unorm));
    let waits = || EngineError::internal("the renderer waits for something before it draws");
    let mut renderer = at_once(starting).ok_or_else(waits)?.map_err(no_vulkan)?;

    let kernel = Rc::new(kernel(tiles, config));
    let (mut schedule, mut world) = (Schedule::default(), World::default());
    for plugin in plugins(tiles) {
        plugin.build(&mut schedule, kernel.clone(), &mut world, &mut renderer.render_graph);
    }
    let mut context = MapContext { style: tiles.style()?, world, view_state: aim.view_state(size), renderer };
    for _ in 0..FRAMES {
        schedule.run_once(&mut context);
    }
    tiles.take_fault().map_or_else(|| copied(&context.renderer, aim.size), Err)
}

/// What is in the texture. The crate's own way (`HeadlessPlugin`) writes `frame_0.png` into the working folder and takes no tiles but 0/0/0.
fn copied(renderer: &Renderer, [width, height]: [u32; 2]) -> Result<Vec<u8>, EngineError> {
    let Head::Headless(texture) = renderer.surface().head() else {
        return Err(EngineError::internal("the renderer drew to a window"));
    };
    let mut encoder = renderer.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let layout = wgpu::ImageDataLayout { offset: 0, bytes_per_row: Some(texture.bytes_per_row()), rows_per_image: None };
    let extent = wgpu::Extent3d { width, height, depth_or_array_layers: 1 };
    encoder.copy_texture_to_buffer(texture.copy_texture(), wgpu::ImageCopyBuffer { buffer: texture.buffer(), layout }, extent);
    renderer.queue.submit(Some(encoder.finish()));
    let mapped = texture.map_async(&renderer.device).get_mapped_range();
    // Rows in the buffer are longer than those of the picture.
    let rows = mapped.chunks(texture.bytes_per_row().get() as usize);
    Ok(rows.flat_map(|row| &row[..4 * width as usize]).copied().collect())
}

fn encoded(pixels: &[u8], [width, height]: [u32; 2]) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}
