//! What the renderer gets: a layer per colour, because that is all that it tells apart.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use maplibre::environment::OffscreenKernelEnvironment;
use maplibre::io::source_client::{HttpClient, HttpSourceClient, SourceClient, SourceFetchError};
use maplibre::style::Style;
use serde_json::{Value, json};

use crate::engine::{EngineError, PlainColor, Snapshot, TileCoord, TileFormat};

/// A layer's number is its depth, and what is deeper than the camera is high (179 units) is cut off.
const MOST_LAYERS: usize = 170;

/// The snapshot as the renderer sees it.
pub(super) struct Tiles {
    snapshot: Arc<Snapshot>,
    layers: Vec<PlainColor>,
    /// The first thing that went wrong: the renderer has no way to say it.
    fault: Mutex<Option<EngineError>>,
    n_kept: AtomicU32,
}

impl Tiles {
    pub(super) fn new(snapshot: &Arc<Snapshot>) -> Result<Tiles, EngineError> {
        // The renderer knows no opacity either.
        let layers = snapshot.plain_colors("light")?;
        if layers.len() > MOST_LAYERS {
            return Err(EngineError::unsupported(format!("the viewer draws {MOST_LAYERS} colours, this workspace has {}", layers.len())));
        }
        Ok(Tiles { snapshot: snapshot.clone(), layers, fault: Mutex::new(None), n_kept: AtomicU32::new(0) })
    }

    /// What the renderer has to know: the colour of each layer.
    pub(super) fn style(&self) -> Result<Style, EngineError> {
        let layer = |(at, of): (usize, &PlainColor)| json!({ "id": at.to_string(), "source_layer": at.to_string(), "type": "fill", "paint": { "fill-color": of.color } });
        let layers: Vec<Value> = self.layers.iter().enumerate().map(layer).collect();
        let style = json!({ "version": 8, "name": "farmzone", "metadata": {}, "sources": {}, "layers": layers });
        let mut style: Style = serde_json::from_value(style).map_err(|e| EngineError::internal(format!("the viewer's style: {e}")))?;
        // The number is no part of a style that is read, and nothing is drawn at 0.
        style.layers.iter_mut().zip(1..).for_each(|(layer, index)| layer.index = index);
        Ok(style)
    }

    /// What went wrong since the last question.
    pub(super) fn take_fault(&self) -> Option<EngineError> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Tiles that the renderer was given and has not let go of.
    pub(super) fn n_kept(&self) -> u32 {
        self.n_kept.load(Ordering::Relaxed)
    }

    pub(super) fn let_go(&self) {
        self.n_kept.store(0, Ordering::Relaxed);
    }

    /// The tile at an address as the renderer writes it: `…/{z}/{x}/{y}.pbf`, of a host that is never asked.
    fn at(&self, url: &str) -> Result<Vec<u8>, EngineError> {
        let mut parts = url.trim_end_matches(".pbf").rsplit('/');
        let [y, x, z] = std::array::from_fn(|_| parts.next().unwrap_or_default());
        let coord = TileCoord::parse(z, x, y).map_err(|e| EngineError::internal(format!("{url}: {e}")))?;
        self.n_kept.fetch_add(1, Ordering::Relaxed);
        let mut bytes = Vec::new();
        for (at, layer) in self.layers.iter().enumerate() {
            let Some((source, filter)) = &layer.of else {
                put_layer(&mut bytes, at, &whole_tile());
                continue;
            };
            let tile = self.snapshot.tile(&[*source], None, coord, filter, TileFormat::Mvt)?;
            if !tile.is_empty() {
                let rest = after_name(&tile).ok_or_else(|| EngineError::internal(format!("tile {coord} of {source} is not one layer")))?;
                put_layer(&mut bytes, at, rest);
            }
        }
        Ok(bytes)
    }
}

fn put_varint(out: &mut Vec<u8>, mut n: usize) {
    while n >= 0x80 {
        out.push((n as u8) | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn varint(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let n_bytes = bytes.iter().take(5).position(|byte| *byte < 0x80)? + 1;
    let (number, rest) = bytes.split_at(n_bytes);
    Some((number.iter().rev().fold(0, |n, byte| (n << 7) | usize::from(byte & 0x7f)), rest))
}

/// Appends a layer under its number; `rest` is what follows version and name.
fn put_layer(tile: &mut Vec<u8>, number: usize, rest: &[u8]) {
    let name = number.to_string();
    let mut head = vec![(15 << 3), 2, (1 << 3) | 2];
    put_varint(&mut head, name.len());
    head.extend_from_slice(name.as_bytes());
    tile.push((3 << 3) | 2);
    put_varint(tile, head.len() + rest.len());
    tile.extend_from_slice(&head);
    tile.extend_from_slice(rest);
}

/// Of a tile with one layer as the engine writes it: what follows the layer's version and name.
fn after_name(tile: &[u8]) -> Option<&[u8]> {
    let (n_bytes, layer) = varint(tile.strip_prefix(&[(3 << 3) | 2])?)?;
    let layer = layer.get(..n_bytes).filter(|whole| whole.len() == layer.len())?;
    let (n_bytes, rest) = varint(layer.strip_prefix(&[(15 << 3), 2, (1 << 3) | 2])?)?;
    rest.get(n_bytes..)
}

/// One polygon that is the tile, and the extent.
fn whole_tile() -> Vec<u8> {
    // Move to 0,0; line to 4096,0, to 4096,4096, to 0,4096; close. In zigzag varints.
    let geometry = [9, 0, 0, (3 << 3) | 2, 0x80, 0x40, 0, 0, 0x80, 0x40, 0xff, 0x3f, 0, 15];
    let mut feature = vec![(3 << 3), 3, (4 << 3) | 2, geometry.len() as u8];
    feature.extend_from_slice(&geometry);
    let mut rest = vec![(2 << 3) | 2, feature.len() as u8];
    rest.extend_from_slice(&feature);
    rest.extend_from_slice(&[(5 << 3), 0x80, 0x20]);
    rest
}

/// The seam: the renderer's HTTP client, and what its workers have of it. Empty where the renderer makes one of its own
/// (`OffscreenKernelEnvironment::create`), which it does for no call that goes through `machine`.
#[derive(Clone, Default)]
pub(super) struct Source(pub(super) Option<Arc<Tiles>>);

/// A future of the renderer's that is there at once.
type Answer<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, SourceFetchError>> + 'a>>;

impl HttpClient for Source {
    fn fetch<'me, 'url, 'answer>(&'me self, url: &'url str) -> Answer<'answer>
    where
        'me: 'answer,
        'url: 'answer,
        Self: 'answer,
    {
        let found = match &self.0 {
            None => Err(SourceFetchError("no tiles here".into())),
            Some(tiles) => tiles.at(url).map_err(|error| {
                let told = error.chain();
                tiles.fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                SourceFetchError(told.into())
            }),
        };
        Box::pin(std::future::ready(found))
    }
}

impl OffscreenKernelEnvironment for Source {
    type HttpClient = Source;

    fn create() -> Self {
        Source::default()
    }

    fn source_client(&self) -> SourceClient<Source> {
        SourceClient::new(HttpSourceClient::new(self.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_is_found_behind_its_name_and_put_under_another() {
        let mut tile = Vec::new();
        put_layer(&mut tile, 17, &whole_tile());
        assert_eq!(after_name(&tile), Some(&whole_tile()[..]));
        let mut two = tile.clone();
        put_layer(&mut two, 18, &whole_tile());
        assert_eq!(after_name(&two), None);
        for end in 0..tile.len() {
            assert_eq!(after_name(&tile[..end]), None, "{end}");
        }
        let long = vec![7; 300];
        let mut tile = Vec::new();
        put_layer(&mut tile, 3, &long);
        assert_eq!(after_name(&tile), Some(&long[..]));
    }
}
