//! All tiles of a workspace in one file, for a map without a server: PMTiles or MBTiles.
//!
//! Tiles are drawn in parallel and written in the order of the Hilbert curve, a batch at a time, so that
//! memory does not grow with the pyramid. Under the final name there is the old file or the whole new one.

use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use rayon::prelude::*;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::draft::Draft;
use super::gzip::{Gzip, gzip};
use super::{EngineError, Progress, Rulebook, Snapshot, ends_with, maps};
use crate::formats::{FormatError, PmTiles, PmTilesHead};
use crate::geom;
use crate::model::{Epoch, Revision};
use crate::store::MbTiles;
use crate::tile::{TileCoord, TileFilter, TileFormat, TileLayer, along_hilbert, lonlat_to_mercator};

/// Drawn and held in memory at a time: some megabytes, as few tiles are over 100 KB.
const BATCH: usize = 64;

/// Which tiles are asked for.
#[derive(Debug, Clone)]
pub struct PyramidAsk {
    /// Joined in each tile.
    pub layers: Vec<TileLayer>,
    pub min_zoom: u8,
    pub max_zoom: u8,
    /// Of the land use; the latest without it.
    pub epoch: Option<Epoch>,
}

#[derive(Debug, Serialize)]
pub struct Pyramid {
    pub out: String,
    pub layers: Vec<String>,
    pub minzoom: u8,
    pub maxzoom: u8,
    /// West, south, east, north, degrees.
    pub bounds: [f64; 4],
    pub epoch: Option<Epoch>,
    pub n_tiles: u64,
    /// Length of the file.
    pub bytes: u64,
    /// From opening the workspace to the file in its place.
    pub duration_ms: f64,
    pub revision: Revision,
}

/// Writes a pyramid; the ending of `out` chooses PMTiles or MBTiles.
pub fn pyramid(
    workspace: &Path,
    rulebook: &Arc<Rulebook>,
    ask: &PyramidAsk,
    out: &Path,
    progress: Progress,
) -> Result<Pyramid, EngineError> {
    let started = Instant::now();
    let format = Format::of(out)?;
    let zooms = ask.zooms()?;
    super::may_be_written(out, workspace)?;
    progress("reading the workspace", 0, 0);
    let snapshot = super::open(workspace, rulebook)?;
    let epoch = snapshot.epoch(ask.epoch)?;
    let extent = snapshot.extent_of(&ask.layers, epoch)?;
    let draft = Draft::beside(out)?;
    let mut archive = format.begin(&draft, out, &snapshot.told(ask, epoch, extent.degrees)?)?;
    for (n, layer) in (0..).zip(&ask.layers) {
        progress("preparing layers", n, ask.layers.len() as u64);
        snapshot.prepare_layer(*layer, epoch, ask.min_zoom)?;
    }
    let n_tiles = write_tiles(&snapshot, ask, epoch, &extent, &mut archive, progress)?;
    if n_tiles == 0 {
        let names = names(&ask.layers).join(", ");
        let message = format!("nothing of {names} is drawn at zoom {} to {}: ask for deeper zooms", zooms.start(), zooms.end());
        return Err(EngineError::not_found(message));
    }
    archive.finish()?;
    Ok(Pyramid {
        out: out.display().to_string(),
        layers: names(&ask.layers),
        minzoom: ask.min_zoom,
        maxzoom: ask.max_zoom,
        bounds: extent.degrees,
        epoch,
        n_tiles,
        bytes: draft.put()?,
        duration_ms: started.elapsed().as_secs_f64() * 1e3,
        revision: snapshot.revision,
    })
}

fn names(layers: &[TileLayer]) -> Vec<String> {
    layers.iter().map(TileLayer::to_string).collect()
}

impl PyramidAsk {
    fn zooms(&self) -> Result<RangeInclusive<u8>, EngineError> {
        let (min, max) = (self.min_zoom, self.max_zoom);
        if max > TileCoord::MAX_ZOOM {
            let message = format!("--maxzoom {max} is beyond {}, the deepest zoom; a map overzooms from there", TileCoord::MAX_ZOOM);
            return Err(EngineError::usage(message));
        }
        if min > max {
            return Err(EngineError::usage(format!("--minzoom {min} is deeper than --maxzoom {max}")));
        }
        Ok(min..=max)
    }
}

/// Where the layers asked for lie: west, south, east, north.
struct Extent {
    degrees: [f64; 4],
    mercator_m: [f64; 4],
}

impl Extent {
    /// Whether it reaches into a tile, or so near that a border may be drawn there.
    fn touches(&self, coord: TileCoord) -> bool {
        let ([west, south, east, north], ours) = (coord.bounds_m(1.0), self.mercator_m);
        ours[0] <= east && ours[2] >= west && ours[1] <= north && ours[3] >= south
    }
}

fn around(boxes: impl IntoIterator<Item = [f64; 4]>) -> Option<[f64; 4]> {
    boxes.into_iter().reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])])
}

impl Snapshot {
    fn extent_of(&self, layers: &[TileLayer], epoch: Option<Epoch>) -> Result<Extent, EngineError> {
        let boxes = layers.iter().map(|layer| self.box_of(*layer, epoch)).collect::<Result<Vec<_>, _>>()?;
        let metric = around(boxes.into_iter().flatten()).ok_or_else(|| {
            let known: Vec<&str> = self.layers.iter().map(|l| l.name.as_str()).collect();
            let known = if known.is_empty() { "it is empty".to_owned() } else { format!("there are {}", known.join(", ")) };
            EngineError::not_found(format!("the workspace has nothing for {}; {known}", names(layers).join(", ")))
        })?;
        let degrees = self.lonlat_bounds(metric)?;
        let [southwest, northeast] = [lonlat_to_mercator(degrees[0], degrees[1]), lonlat_to_mercator(degrees[2], degrees[3])];
        Ok(Extent { degrees, mercator_m: [southwest.x, southwest.y, northeast.x, northeast.y] })
    }

    /// The box around a layer's features in the workspace's CRS.
    fn box_of(&self, layer: TileLayer, epoch: Option<Epoch>) -> Result<Option<[f64; 4]>, EngineError> {
        Ok(match (layer, epoch) {
            (TileLayer::Zones | TileLayer::ZoneLabels, _) => around(self.zones.list.iter().map(|zone| zone.bounds)),
            (TileLayer::Units | TileLayer::UnitLabels, _) => around(self.units.iter().map(|unit| unit.bounds)),
            (TileLayer::Context, _) => around(self.context.iter().filter_map(|c| geom::bounds_of_geometry(&c.shape))),
            (TileLayer::Encroachments, Some(epoch)) => around(self.losses(epoch)?.events().filter_map(|e| geom::bounds(&e.shape))),
            (TileLayer::LandUse, Some(epoch)) => around(self.land_use(epoch)?.land_use.iter().filter_map(|l| geom::bounds(&l.shape))),
            (TileLayer::Encroachments | TileLayer::LandUse, None) => None,
        })
    }

    /// What the pyramid says of itself, in the words of TileJSON.
    fn told(&self, ask: &PyramidAsk, epoch: Option<Epoch>, bounds: [f64; 4]) -> Result<Told, EngineError> {
        let title = self.title();
        let mut description = vec![title.en, format!("revision {}", self.revision)];
        description.extend(epoch.map(|epoch| format!("land use of {epoch}")));
        if self.simulated() {
            description.push("simulated data, no real place".to_owned());
        }
        let mut words = vec![
            ("name", json!(title.vi)),
            ("description", json!(description.join("; "))),
            ("type", json!("overlay")),
            ("version", json!(self.revision.to_string())),
            ("revision", json!(self.revision)),
            ("simulated", json!(self.simulated())),
            ("generator", json!(concat!("farmzone ", env!("CARGO_PKG_VERSION")))),
        ];
        words.extend(self.attribution("vi").map(|attribution| ("attribution", json!(attribution))));
        words.extend(epoch.map(|epoch| ("epoch", json!(epoch))));
        let zooms = ask.zooms()?;
        let vector_layers = maps::vector_layers(&ask.layers, zooms.clone())?;
        let center = [(bounds[0] + bounds[2]) / 2.0, (bounds[1] + bounds[3]) / 2.0];
        Ok(Told { words, zooms, bounds, center, center_zoom: 10.clamp(ask.min_zoom, ask.max_zoom), vector_layers })
    }
}

/// What a pyramid says of itself.
struct Told {
    /// Names and values that both formats have.
    words: Vec<(&'static str, Value)>,
    zooms: RangeInclusive<u8>,
    bounds: [f64; 4],
    center: [f64; 2],
    center_zoom: u8,
    vector_layers: Vec<Value>,
}

impl Told {
    fn as_head(&self) -> PmTilesHead {
        let mut metadata: Map<String, Value> = self.words.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        metadata.insert("vector_layers".to_owned(), json!(self.vector_layers));
        PmTilesHead {
            min_zoom: *self.zooms.start(),
            max_zoom: *self.zooms.end(),
            bounds: self.bounds,
            center: self.center,
            center_zoom: self.center_zoom,
            metadata: Value::Object(metadata).to_string(),
        }
    }

    /// The rows of the table `metadata` of MBTiles 1.3.
    fn as_rows(&self) -> Vec<(&'static str, String)> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let mut rows: Vec<(&str, String)> = self.words.iter().map(|(name, value)| (*name, text(value))).collect();
        let ([west, south, east, north], [lon, lat]) = (self.bounds, self.center);
        rows.extend([
            ("format", "pbf".to_owned()),
            ("bounds", format!("{west},{south},{east},{north}")),
            ("center", format!("{lon},{lat},{}", self.center_zoom)),
            ("minzoom", self.zooms.start().to_string()),
            ("maxzoom", self.zooms.end().to_string()),
            ("json", json!({ "vector_layers": self.vector_layers }).to_string()),
        ]);
        rows
    }
}

#[derive(Clone, Copy)]
enum Format {
    PmTiles,
    MbTiles,
}

impl Format {
    fn of(out: &Path) -> Result<Format, EngineError> {
        if ends_with(out, "pmtiles") {
            return Ok(Format::PmTiles);
        }
        if ends_with(out, "mbtiles") {
            return Ok(Format::MbTiles);
        }
        let what = format!("the ending of {} as a pyramid of tiles", out.display());
        Err(FormatError::Unsupported { what, convert: "Use .pmtiles or .mbtiles".to_owned() }.into())
    }

    fn begin(self, draft: &Draft, out: &Path, told: &Told) -> Result<Archive, EngineError> {
        Ok(match self {
            Format::PmTiles => Archive::PmTiles(Box::new(PmTiles::create(draft.handle()?, out, &told.as_head())?)),
            Format::MbTiles => Archive::MbTiles(MbTiles::create(draft.path(), out, &told.as_rows())?),
        })
    }
}

/// The file that is being written.
enum Archive {
    PmTiles(Box<PmTiles>),
    MbTiles(MbTiles),
}

impl Archive {
    fn add(&mut self, coord: TileCoord, gzip: &[u8]) -> Result<(), EngineError> {
        let (z, x, y) = (coord.z(), coord.x(), coord.y());
        match self {
            Archive::PmTiles(archive) => Ok(archive.add(z, x, y, gzip)?),
            Archive::MbTiles(archive) => Ok(archive.add(z, x, y, gzip)?),
        }
    }

    fn finish(self) -> Result<(), EngineError> {
        match self {
            Archive::PmTiles(archive) => Ok(archive.finish()?),
            Archive::MbTiles(archive) => Ok(archive.finish()?),
        }
    }
}

/// Draws and writes; returns how many tiles have something.
fn write_tiles(
    snapshot: &Snapshot,
    ask: &PyramidAsk,
    epoch: Option<Epoch>,
    extent: &Extent,
    archive: &mut Archive,
    progress: Progress,
) -> Result<u64, EngineError> {
    let walk = || (ask.min_zoom..=ask.max_zoom).flat_map(|z| along_hilbert(z, |coord| extent.touches(coord)));
    let total = walk().count() as u64;
    let (mut done, mut n_tiles) = (0, 0);
    let mut coords = walk();
    loop {
        progress("drawing tiles", done, total);
        let batch: Vec<TileCoord> = coords.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return Ok(n_tiles);
        }
        let draw = |coord: &TileCoord| {
            snapshot.tile(&ask.layers, epoch, *coord, &TileFilter::default(), TileFormat::Mvt).map(|tile| packed(&tile))
        };
        // One by one: a tile of a low zoom holds as much as hundreds of a deep one.
        let tiles = batch.par_iter().with_max_len(1).map(draw).collect::<Result<Vec<_>, EngineError>>()?;
        for (coord, tile) in batch.iter().zip(&tiles).filter(|(_, tile)| !tile.is_empty()) {
            archive.add(*coord, tile)?;
            n_tiles += 1;
        }
        done += batch.len() as u64;
    }
}

/// A tile in gzip; nothing for a tile without anything.
fn packed(tile: &[u8]) -> Vec<u8> {
    if tile.is_empty() { Vec::new() } else { gzip(tile, Gzip::Small) }
}
