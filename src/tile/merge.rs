//! Low zooms: features that agree in some properties are drawn as areas, cell by cell, with true areas and shared
//! borders. See `cells` for what a cell shows and `outline` for the lines.

use std::collections::HashMap;

use rayon::prelude::*;

use super::cells::Shares;
use super::mvt::{Commands, EXTENT};
use super::outline::{Labelled, NOTHING, outlines};
use super::prepare::{Form, Item, Prepared, WorldPoint};
use super::rules::UNITS_PER_PIXEL;
use crate::geom;
use crate::model::{Coord, MultiPolygon, Polygon, Ring};

/// Areas by tile.
#[derive(Debug)]
pub(super) struct Merged {
    /// The places of the properties that areas have, among the layer's keys.
    pub keys: Vec<usize>,
    tiles: HashMap<[u32; 2], Vec<Area>>,
}

/// The land of one class in one tile.
#[derive(Debug)]
pub(super) struct Area {
    /// An item of the class: its properties are the area's.
    pub item: u32,
    /// Of the land it stands for, in this tile.
    pub area_ha: f64,
    /// Commands from the tile's corner on.
    pub geometry: Box<[u8]>,
}

/// Beyond so many tiles a zoom is drawn feature by feature: a city has dozens.
const MOST_TILES: usize = 20_000;
/// As many cells in one tile as a quarter of a pixel is worth drawing.
const MOST_FINE_CELLS: f64 = 300_000.0;
/// One layer's geometry in one tile; about half of it is left after compression.
const MOST_BYTES: usize = 600_000;
/// log2 of a cell's side in tile units: a quarter of a pixel, …, four pixels.
const FINEST: u32 = 1;
const COARSEST: u32 = 5;
/// A narrower margin would not hold a small outline.
const LEAST_MARGIN: usize = 8;

/// A tile's labels, runs of one label after the other: where it ends, and the label.
type Runs = Vec<(u32, u16)>;

impl Merged {
    /// None when there are more classes or tiles than are worth merging.
    pub(super) fn new(prepared: &Prepared, z: u8, keys: &[String]) -> Option<Merged> {
        let names = prepared.layer().keys();
        let keys: Vec<usize> = (0..names.len()).filter(|at| keys.iter().any(|key| key == names[*at])).collect();
        let classes = Classes::new(prepared, &keys)?;
        let tiles = items_by_tile(prepared, z)?;
        let cells_at = |bits: u32| f64::from(1_u32 << (12 + u32::from(z) - bits)).powi(2);
        let land = |items: &[u32]| items.iter().map(|at| prepared.items()[*at as usize].area).sum::<f64>();
        let most = tiles.iter().map(|(_, items)| land(items)).fold(0.0, f64::max);
        let fine = most * cells_at(FINEST) <= MOST_FINE_CELLS;
        let mut bits = if fine { FINEST } else { FINEST + 1 };
        loop {
            let tiles = draw(prepared, z, bits, &tiles, &classes);
            let largest = tiles.values().map(|areas| areas.iter().map(|area| area.geometry.len()).sum::<usize>()).max();
            if largest.unwrap_or(0) <= MOST_BYTES || bits >= COARSEST {
                return Some(Merged { keys, tiles });
            }
            bits += 1;
        }
    }

    pub(super) fn areas(&self, x: u32, y: u32) -> &[Area] {
        self.tiles.get(&[x, y]).map_or(&[], |areas| areas)
    }
}

/// Which items agree in the properties by which they are merged.
struct Classes {
    of_item: Vec<u16>,
    /// One item of each.
    first: Vec<u32>,
}

impl Classes {
    fn new(prepared: &Prepared, keys: &[usize]) -> Option<Classes> {
        let mut known: HashMap<Vec<u32>, u16> = HashMap::new();
        let mut classes = Classes { of_item: Vec::with_capacity(prepared.len()), first: Vec::new() };
        for (at, item) in prepared.items().iter().enumerate() {
            let tags = prepared.tags(item);
            let next = u16::try_from(known.len()).ok().filter(|class| *class < NOTHING)?;
            let class = *known.entry(keys.iter().map(|key| tags[*key]).collect()).or_insert(next);
            if class == next {
                classes.first.push(at as u32);
            }
            classes.of_item.push(class);
        }
        Some(classes)
    }
}

/// The polygons that reach into each tile of a zoom, in order.
fn items_by_tile(prepared: &Prepared, z: u8) -> Option<Vec<([u32; 2], Vec<u32>)>> {
    let shift = 32 - u32::from(z);
    let tile = |w: u32| (u64::from(w) >> shift) as u32;
    let mut tiles: HashMap<[u32; 2], Vec<u32>> = HashMap::new();
    for (at, item) in prepared.items().iter().enumerate() {
        if item.form != Form::Polygon || item.from_zoom > z {
            continue;
        }
        let [west, north, east, south] = item.bounds.map(tile);
        if u64::from(east - west + 1) * u64::from(south - north + 1) > MOST_TILES as u64 {
            return None;
        }
        for y in north..=south {
            for x in west..=east {
                tiles.entry([x, y]).or_default().push(at as u32);
            }
        }
        if tiles.len() > MOST_TILES {
            return None;
        }
    }
    let mut tiles: Vec<_> = tiles.into_iter().collect();
    tiles.sort_unstable_by_key(|(address, _)| *address);
    Some(tiles)
}

fn draw(prepared: &Prepared, z: u8, bits: u32, tiles: &[([u32; 2], Vec<u32>)], classes: &Classes) -> HashMap<[u32; 2], Vec<Area>> {
    let side = (EXTENT >> bits) as usize;
    let labelled: HashMap<[u32; 2], (Runs, Vec<(u16, f64)>)> = tiles
        .par_iter()
        .map(|(address, items)| {
            let shares = shares(prepared, z, bits, *address, items, classes);
            let totals = shares.totals(|row| cell_ha(z, bits, address[1], row)).into_iter().collect();
            (*address, (runs(&shares.labels()), totals))
        })
        .collect();
    let areas = |address: &[u32; 2]| {
        let buffer_px = prepared.rules.buffer_px as usize;
        let margin = ((buffer_px * UNITS_PER_PIXEL as usize) >> bits).max(LEAST_MARGIN).next_power_of_two();
        let mut window = Labelled { side: side + 2 * margin, margin, labels: vec![NOTHING; (side + 2 * margin).pow(2)], bits };
        for dy in -1..=1 {
            for dx in -1..=1 {
                let beside = [address[0].wrapping_add_signed(dx), address[1].wrapping_add_signed(dy)];
                if let Some((runs, _)) = labelled.get(&beside) {
                    paste(&mut window, runs, side, [dx as isize, dy as isize]);
                }
            }
        }
        let totals = labelled.get(address).map_or(&[][..], |(_, totals)| totals);
        let area_ha = |class: u16| totals.iter().find(|(of, _)| *of == class).map_or(0.0, |(_, ha)| *ha);
        let mut commands = Commands::default();
        let area = |(class, rings): (u16, Vec<Vec<[i32; 2]>>)| {
            commands.clear();
            rings.iter().for_each(|ring| commands.ring(ring));
            Area { item: classes.first[usize::from(class)], area_ha: area_ha(class), geometry: commands.bytes.as_slice().into() }
        };
        outlines(&window).into_iter().map(area).collect::<Vec<Area>>()
    };
    tiles.par_iter().map(|(address, _)| (*address, areas(address))).collect()
}

/// Hectares of a cell on the ground: the map's scale grows with the latitude (Web Mercator, on the sphere).
fn cell_ha(z: u8, bits: u32, tile_y: u32, row: usize) -> f64 {
    let n_cells = f64::from(1_u32 << (12 + u32::from(z) - bits));
    let from_north = (f64::from(tile_y) * f64::from(EXTENT >> bits) + row as f64 + 0.5) / n_cells;
    let side_m = 2.0 * super::WEB_MERCATOR_HALF_M / n_cells / (std::f64::consts::PI * (1.0 - 2.0 * from_north)).cosh();
    side_m * side_m / 10_000.0
}

fn shares(prepared: &Prepared, z: u8, bits: u32, address: [u32; 2], items: &[u32], classes: &Classes) -> Shares {
    let side = EXTENT >> bits;
    let mut shares = Shares::new(side as usize);
    let mut coverage = geom::Coverage::default();
    let window = geom::Window::whole(side, side);
    let per_cell = f64::from(1_u32 << (20 - u32::from(z))) * f64::from(1_u32 << bits);
    let corner = address.map(|v| f64::from(v) * f64::from(side));
    let coord = |p: &WorldPoint| Coord { x: f64::from(p[0]) / per_cell - corner[0], y: f64::from(p[1]) / per_cell - corner[1] };
    for &at in items {
        let item = &prepared.items()[at as usize];
        let shape = shape(prepared, item, coord);
        let class = classes.of_item[at as usize];
        coverage.visit(&shape, window, |run| shares.add(run.row, run.begin..run.end, class, run.fraction as f32));
    }
    shares
}

fn shape(prepared: &Prepared, item: &Item, coord: impl Fn(&WorldPoint) -> Coord) -> MultiPolygon {
    let mut polygons: Vec<Polygon> = Vec::new();
    for (points, hole) in prepared.parts(item) {
        let ring = Ring::new(points.iter().chain(points.first()).map(&coord).collect());
        match polygons.last_mut().filter(|_| hole) {
            Some(polygon) => polygon.interiors_push(ring),
            None => polygons.push(Polygon::new(ring, Vec::new())),
        }
    }
    MultiPolygon::new(polygons)
}

fn runs(labels: &[u16]) -> Runs {
    let mut end = 0;
    let run = |same: &[u16]| {
        end += same.len() as u32;
        (end, same[0])
    };
    labels.chunk_by(|a, b| a == b).map(run).collect()
}

/// Copies the part of a tile's labels that lies in the window; `beside` says which neighbour it is.
fn paste(window: &mut Labelled, runs: &Runs, side: usize, beside: [isize; 2]) {
    let margin = window.margin as isize;
    let end = window.side as isize;
    // Of the tile's first cell in the window.
    let [x0, y0] = beside.map(|d| margin + d * side as isize);
    let mut from = 0;
    for &(to, label) in runs {
        let (begin, stop) = (from, to as usize);
        from = stop;
        if label == NOTHING {
            continue;
        }
        for row in begin / side..=(stop - 1) / side {
            let y = y0 + row as isize;
            if y < 0 || y >= end {
                continue;
            }
            let columns = [begin.max(row * side), stop.min((row + 1) * side)].map(|cell| x0 + (cell - row * side) as isize);
            let [first, last] = columns.map(|x| x.clamp(0, end) as usize);
            let line = y as usize * window.side;
            window.labels[line + first..line + last].fill(label);
        }
    }
}
