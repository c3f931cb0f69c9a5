//! What maplibre-rs is made of here: our tiles in place of its network, work that is done at once, bounds to what it takes.

use std::borrow::Cow;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::{self, AssertUnwindSafe};
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::vec::IntoIter;

use cgmath::Point3;
use maplibre::context::MapContext;
use maplibre::coords::Zoom;
use maplibre::environment::Environment;
use maplibre::io::apc::{AsyncProcedure, AsyncProcedureCall, CallError, Context, Input, IntoMessage, Message, SendError};
use maplibre::io::geometry_index::GeometryIndex;
use maplibre::io::scheduler::NopScheduler;
use maplibre::kernel::{Kernel, KernelBuilder};
use maplibre::plugin::Plugin;
use maplibre::render::eventually::Eventually;
use maplibre::render::graph::RenderGraph;
use maplibre::render::settings::{Backends, RendererSettings, TextureFormat, WgpuSettings};
use maplibre::render::{RenderPlugin, RenderStageLabel};
use maplibre::schedule::Schedule;
use maplibre::tcs::system::{System, SystemContainer};
use maplibre::tcs::world::World;
use maplibre::vector::{DefaultVectorTransferables, VectorBufferPool, VectorPlugin};
use maplibre::window::MapWindowConfig;

use super::aim::{UNITS_HIGH, deepest};
use super::tiles::{Source, Tiles};
use crate::engine::EngineError;

/// maplibre-rs with our parts in it, and the window of a kind.
pub(super) struct Ours<W>(PhantomData<W>);

impl<W: MapWindowConfig> Environment for Ours<W> {
    type MapWindowConfig = W;
    type AsyncProcedureCall = AtOnce;
    // Nothing is scheduled beside `AtOnce`; the crate's own for Tokio throws away what it is given (docs/viewer.md).
    type Scheduler = NopScheduler;
    type HttpClient = Source;
    type OffscreenKernelEnvironment = Source;
}

pub(super) fn kernel<W: MapWindowConfig>(tiles: &Arc<Tiles>, window: W) -> Kernel<Ours<W>> {
    let source = Source(Some(tiles.clone()));
    KernelBuilder::new()
        .with_map_window_config(window)
        .with_http_client(source.clone())
        .with_apc(AtOnce { source, answers: Answers::default() })
        .with_scheduler(NopScheduler)
        .build()
}

/// What is drawn, with the bounds in front: systems run in the order in which plugins add them.
pub(super) fn plugins<W: MapWindowConfig>(tiles: &Arc<Tiles>) -> Vec<Box<dyn Plugin<Ours<W>>>> {
    vec![Box::new(RenderPlugin), Box::new(Bounds(tiles.clone())), Box::new(VectorPlugin::<DefaultVectorTransferables>::default())]
}

/// Vulkan on Linux, Metal or Direct3D 12 elsewhere. Through OpenGL the crate's version of wgpu needs a display also for a picture.
pub(super) fn wgpu_settings() -> WgpuSettings {
    WgpuSettings { backends: Some(Backends::PRIMARY), ..WgpuSettings::default() }
}

/// Colours as they are told: the first format that a screen offers takes them for light, and they come out pale.
pub(super) fn renderer_settings(format: TextureFormat) -> RendererSettings {
    RendererSettings { texture_format: Some(format), ..RendererSettings::default() }
}

pub(super) fn no_vulkan(error: impl std::fmt::Display) -> EngineError {
    EngineError::unavailable(format!(
        "no Vulkan device to draw with ({error}): on Linux, mesa-vulkan-drivers draws without a graphics card"
    ))
}

/// The value of a future that waits for nothing; none when it does.
pub(super) fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut std::task::Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// Runs what may panic in maplibre-rs, wgpu or winit, which have no errors where we cannot know before: a display that does not
/// answer, a driver that gives up, memory that is not there.
///
/// # Errors
/// `Unavailable` with what the panic said.
pub(super) fn caught<T>(doing: &str, run: impl FnOnce() -> T) -> Result<T, EngineError> {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let done = panic::catch_unwind(AssertUnwindSafe(run));
    panic::set_hook(hook);
    done.map_err(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        EngineError::unavailable(format!("{doing}: {}", said.unwrap_or("the renderer gave up without a reason")))
    })
}

/// Calls are done where they are made: tiles are drawn in milliseconds, and what the renderer asks for is there in the same frame.
pub(super) struct AtOnce {
    source: Source,
    answers: Answers,
}

/// Where a call puts what it found.
#[derive(Clone, Default)]
pub(super) struct Answers(Arc<Mutex<Vec<Message>>>);

impl Context for Answers {
    fn send<T: IntoMessage>(&self, message: T) -> Result<(), SendError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(message.into());
        Ok(())
    }
}

impl AsyncProcedureCall<Source> for AtOnce {
    type Context = Answers;
    type ReceiveIterator<F: FnMut(&Message) -> bool> = IntoIter<Message>;

    fn receive<F: FnMut(&Message) -> bool>(&self, filter: F) -> IntoIter<Message> {
        let mut kept = self.answers.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (wanted, others): (Vec<Message>, Vec<Message>) = std::mem::take(&mut *kept).into_iter().partition(filter);
        *kept = others;
        wanted.into_iter()
    }

    fn call(&self, input: Input, procedure: AsyncProcedure<Source, Answers>) -> Result<(), CallError> {
        // What goes wrong with a tile is kept by `Tiles`; an error here would be a panic there.
        match at_once(procedure(input, self.answers.clone(), self.source.clone())) {
            Some(Ok(())) => {}
            Some(Err(error)) => tracing::warn!(%error, "a tile was not drawn"),
            None => tracing::warn!("a tile was not drawn: the renderer waits for something"),
        }
        Ok(())
    }
}

/// Keeps the renderer inside what it takes: it has no bounds of its own, and panics beyond some.
struct Bounds(Arc<Tiles>);

impl<W: MapWindowConfig> Plugin<Ours<W>> for Bounds {
    fn build(&self, schedule: &mut Schedule, _: Rc<Kernel<Ours<W>>>, _: &mut World, _: &mut RenderGraph) {
        let bounding = Bounding { tiles: self.0.clone(), level: 0, before: None };
        schedule.add_system_to_stage(RenderStageLabel::Extract, SystemContainer::new(bounding));
    }
}

struct Bounding {
    tiles: Arc<Tiles>,
    /// The level of tiles in the frame before.
    level: u8,
    /// Zoom and camera in the frame before.
    before: Option<(f64, Point3<f64>)>,
}

/// It draws a missing tile from those below it, at most 128 in all, and panics where it finds more: with so many kept there are none too many.
const MOST_KEPT_BELOW: u32 = 96;
/// It lets go of nothing by itself.
const MOST_KEPT: u32 = 512;

impl System for Bounding {
    fn name(&self) -> Cow<'static, str> {
        "farmzone_bounds".into()
    }

    fn run(&mut self, MapContext { world, view_state, .. }: &mut MapContext) {
        // The zoom as a number: the type has none to give.
        let mut zoom = -view_state.zoom().scale_delta(&Zoom::new(0.0)).log2();
        let mut at = view_state.camera().position();
        if !(0.0..=deepest()).contains(&zoom) {
            // Beyond its end the wheel does nothing.
            (zoom, at) = self.before.unwrap_or((0.0, Point3::new(UNITS_HIGH / 2.0, UNITS_HIGH / 2.0, at.z)));
            view_state.update_zoom(Zoom::new(zoom));
        }
        // The middle stays on the map, which is not found again from beside it.
        let side = UNITS_HIGH * zoom.exp2();
        let inside = Point3::new(at.x.clamp(0.0, side), at.y.clamp(0.0, side), at.z);
        view_state.camera_mut().move_to(inside);
        self.before = Some((zoom, inside));
        let level = u8::from(view_state.visible_level());
        let most = if level < self.level { MOST_KEPT_BELOW } else { MOST_KEPT };
        if self.tiles.n_kept() > most {
            world.tiles.clear();
            world.tiles.geometry_index = GeometryIndex::new();
            if let Some(Eventually::Initialized(pool)) = world.resources.query_mut::<&mut Eventually<VectorBufferPool>>() {
                pool.clear();
            }
            self.tiles.let_go();
        }
        self.level = level;
    }
}
