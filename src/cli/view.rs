//! `farmzone view`: what the viewer is asked, or how to get one.

use super::args::{Cli, ViewArgs};
use crate::engine::{EngineError, Rulebook};

#[cfg(feature = "native-viewer")]
pub fn run(cli: &Cli, args: &ViewArgs, rulebook: Rulebook) -> Result<(), EngineError> {
    use std::sync::Arc;

    use serde_json::json;

    use super::output;
    use crate::engine;
    use crate::viewer::{self, Look};

    let snapshot = Arc::new(engine::open(&args.workspace, &Arc::new(rulebook))?);
    let look = Look { center: args.center, zoom: args.zoom };
    match &args.png {
        None => match viewer::window(&snapshot, look, args.lang)? {},
        Some(out) => {
            let picture = viewer::png(&snapshot, look, args.size)?;
            engine::write_picture(&snapshot, &picture, out)?;
            let [width, height] = args.size;
            let facts = json!({ "out": out, "width": width, "height": height, "bytes": picture.len(), "revision": snapshot.revision });
            let text = format!("{}: {width} × {height} pixels; revision {}", out.display(), snapshot.revision);
            output::result(cli.json, &facts, &text)
        }
    }
}

#[cfg(not(feature = "native-viewer"))]
pub fn run(_: &Cli, _: &ViewArgs, _: Rulebook) -> Result<(), EngineError> {
    Err(EngineError::unsupported(
        "this program was built without native-viewer: build it with “make viewer” or “cargo build --release --features native-viewer”",
    ))
}
