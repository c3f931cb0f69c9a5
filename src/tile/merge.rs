//! Low zooms: features that agree in some properties are drawn as areas, cell by cell, with true areas and shared
//! borders. See `cells` for what a cell shows and `outline` for the lines.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::TileCoord;
use super::cells::{Part, Shares, within};
use super::memory::{Memory, Places};
use super::mvt::{Commands, EXTENT};
use super::outline::{Labelled, NOTHING, outlines};
use super::prepare::{Form, Item, NO_VALUE, Prepared, WorldPoint};
use super::rules::UNITS_PER_PIXEL;
use crate::geom;
use crate::model::{Coord, MultiPolygon, Polygon, Ring};

/// The areas of every zoom at which a layer is merged. A tile's are outlined when it is first drawn.
#[derive(Debug)]
pub struct Merged {
    /// By zoom, from 0 on.
    zooms: Vec<Zoom>,
    buffer_px: u32,
}

#[derive(Debug)]
struct Zoom {
    /// The places of the properties that areas have, among the layer's keys.
    keys: Vec<usize>,
    /// log2 of a cell's side in tile units.
    bits: u32,
    tiles: Tiles,
    /// By a tile's number.
    areas: Box<dyn Places<Vec<Area>>>,
    /// An item of each class.
    items: Vec<u32>,
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

/// Beyond so many tiles at the deepest merged zoom a layer is drawn feature by feature: a city has dozens.
const MOST_TILES: u64 = 20_000;
/// As many cells in one tile as a quarter of a pixel is worth drawing.
const MOST_FINE_CELLS: f64 = 300_000.0;
/// So many sides of cells between two classes in one tile: two bytes or three each, about half of it is left after compression.
const MOST_SIDES: usize = 220_000;
/// log2 of a cell's side in tile units: a quarter of a pixel, …, four pixels.
const FINEST: u32 = 1;
const COARSEST: u32 = 5;
/// A narrower margin would not hold a small outline.
const LEAST_MARGIN: usize = 8;

/// A tile's labels, what each class has, hectares, and how many sides of cells lie between two classes.
#[derive(Debug)]
struct Tile {
    part: Part,
    /// Of the part's cells, runs of one label after the other: where it ends, and the label.
    runs: Vec<(u32, u16)>,
    totals: Vec<(u16, f64)>,
    n_sides: usize,
    /// Among those of its zoom.
    number: usize,
}

type Tiles = HashMap<[u32; 2], Tile>;

impl Merged {
    /// None when the layer is not merged at any zoom, or has more classes or tiles than are worth merging.
    pub fn new(prepared: &Prepared, memory: &impl Memory) -> Option<Merged> {
        let end = prepared.rules.merge_below;
        let deepest = end.checked_sub(1)?;
        let names = prepared.layer().keys();
        let places = |keys: &[String]| (0..names.len()).filter(|at| keys.iter().any(|key| key == names[*at])).collect::<Vec<usize>>();
        let keys: Vec<Vec<usize>> = (0..end).map(|z| prepared.rules.merged_by(z).map(places)).collect::<Option<_>>()?;
        let classes: Vec<Classes> = keys.iter().map(|keys| Classes::new(prepared, keys)).collect::<Option<_>>()?;
        let polygons = |at: &u32| prepared.items()[*at as usize].form == Form::Polygon;
        let items: Vec<u32> = (0..prepared.len() as u32).filter(polygons).collect();
        let n_tiles: u64 = items.iter().map(|at| n_tiles(deepest, prepared.items()[*at as usize].bounds)).sum();
        if n_tiles > MOST_TILES + 4 * items.len() as u64 {
            return None;
        }
        let bits = fitting_bits(prepared, deepest, &items);
        let wider = classes.windows(2).map(|pair| pair[1].first.iter().map(|item| pair[0].of_item[*item as usize]).collect()).collect();
        let whole = Whole { prepared, deepest, classes: &classes, wider, bits: &bits };
        let mut labelled: Vec<Tiles> = (0..end).map(|_| Tiles::default()).collect();
        for (z, address, tile) in whole.label(0, [0, 0], &items).1 {
            labelled[usize::from(z)].insert(address, tile);
        }
        let zooms = (0..end).zip(keys).zip(labelled).map(|((z, keys), tiles)| {
            let (bits, mut tiles) = whole.fitting(z, bits[usize::from(z)], tiles, &items);
            tiles.values_mut().zip(0..).for_each(|(tile, number)| tile.number = number);
            Zoom { keys, bits, areas: memory.places(tiles.len()), tiles, items: classes[usize::from(z)].first.clone() }
        });
        Some(Merged { zooms: zooms.collect(), buffer_px: prepared.rules.buffer_px })
    }

    /// The properties that areas have, and the areas of a tile.
    pub(super) fn areas(&self, z: u8, x: u32, y: u32) -> (&[usize], &[Area]) {
        let Some(zoom) = self.zooms.get(usize::from(z)) else { return (&[], &[]) };
        let areas = zoom.tiles.get(&[x, y]).map(|tile| zoom.areas.get(tile.number, &mut || zoom.outline([x, y], tile, self.buffer_px)));
        (&zoom.keys, areas.map_or(&[], |areas| areas))
    }

    /// Tiles that are drawn otherwise than in another state of the layer.
    pub(super) fn differing(&self, prepared: &Prepared, other: &Merged, others: &Prepared) -> HashSet<TileCoord> {
        let mut found = HashSet::new();
        for (z, (ours, theirs)) in (0_u64..).zip(self.zooms.iter().zip(&other.zooms)) {
            let same_class = ours.classes_of(prepared, theirs, others);
            let known: HashSet<[u32; 2]> = ours.tiles.keys().chain(theirs.tiles.keys()).copied().collect();
            let differs = |at: &[u32; 2]| match (ours.tiles.get(at), theirs.tiles.get(at)) {
                (Some(a), Some(b)) => ours.bits != theirs.bits || !a.shows_the_same(b, &same_class),
                _ => true,
            };
            let changed: HashSet<[u32; 2]> = known.iter().filter(|at| differs(at)).copied().collect();
            // A tile shows a margin of its neighbours.
            let around = |[x, y]: [u32; 2]| {
                [-1, 0, 1].into_iter().flat_map(move |dy| [-1, 0, 1].map(|dx| [x.wrapping_add_signed(dx), y.wrapping_add_signed(dy)]))
            };
            let candidates: HashSet<[u32; 2]> = changed.iter().flat_map(|at| around(*at)).filter(|at| known.contains(at)).collect();
            let touched = candidates.into_iter().filter(|at| {
                changed.contains(at) || {
                    let relabel = |label: u16| same_class.get(usize::from(label)).copied().unwrap_or(NOTHING);
                    let mut was = theirs.window(*at, other.buffer_px);
                    was.labels.iter_mut().for_each(|label| *label = relabel(*label));
                    was != ours.window(*at, self.buffer_px)
                }
            });
            found.extend(touched.filter_map(|[x, y]| TileCoord::new(z, x.into(), y.into()).ok()));
        }
        found
    }
}

impl Tile {
    /// Whether another state's tile is drawn the same; `same_class` says which of our classes one of its is.
    fn shows_the_same(&self, other: &Tile, same_class: &[u16]) -> bool {
        let ours = |class: u16| same_class.get(usize::from(class)).copied().unwrap_or(NOTHING);
        let same_totals = || {
            let mut theirs: Vec<(u16, f64)> = other.totals.iter().map(|(class, ha)| (ours(*class), tenths(*ha))).collect();
            theirs.sort_by_key(|(class, _)| *class);
            theirs.into_iter().eq(self.totals.iter().map(|(class, ha)| (*class, tenths(*ha))))
        };
        self.part == other.part
            && self.runs.len() == other.runs.len()
            && self.runs.iter().zip(&other.runs).all(|((end, class), (to, of))| end == to && *class == ours(*of))
            && same_totals()
    }
}

/// Areas are told in tenths of a hectare.
pub(super) fn tenths(ha: f64) -> f64 {
    (ha * 10.0).round() / 10.0
}

impl Zoom {
    /// By another state's class, which of ours it is; `NOTHING` when we have none of its properties.
    fn classes_of(&self, prepared: &Prepared, other: &Zoom, others: &Prepared) -> Vec<u16> {
        fn properties<'a>(zoom: &'a Zoom, prepared: &'a Prepared, item: u32) -> Vec<Option<&'a [u8]>> {
            let tags = prepared.tags(&prepared.items()[item as usize]);
            zoom.keys.iter().map(|key| (tags[*key] != NO_VALUE).then(|| prepared.value(tags[*key]))).collect()
        }
        let ours: HashMap<Vec<Option<&[u8]>>, u16> =
            (0..NOTHING).zip(&self.items).map(|(class, item)| (properties(self, prepared, *item), class)).collect();
        other.items.iter().map(|item| ours.get(&properties(other, others, *item)).copied().unwrap_or(NOTHING)).collect()
    }

    /// The labels of a tile and its margin.
    fn window(&self, address: [u32; 2], buffer_px: u32) -> Labelled {
        let side = (EXTENT >> self.bits) as isize;
        let margin = ((buffer_px as usize * UNITS_PER_PIXEL as usize) >> self.bits).max(LEAST_MARGIN).next_power_of_two();
        let reach = -(margin as isize)..side + margin as isize;
        let neighbours = [-1, 0, 1].into_iter().flat_map(|dy| [-1, 0, 1].map(|dx| [dx, dy]));
        let beside: Vec<([isize; 2], &Tile)> = neighbours
            .filter_map(|d| {
                let tile = self.tiles.get(&[address[0].wrapping_add_signed(d[0]), address[1].wrapping_add_signed(d[1])])?;
                Some(([0, 1].map(|axis| d[axis] as isize * side + tile.part.begin[axis] as isize), tile))
            })
            .collect();
        // As much of the tile and its margin as holds something.
        let mut bounds = [reach.end, reach.end, reach.start, reach.start];
        for ([x, y], tile) in &beside {
            let [width, height] = tile.part.size.map(|size| size as isize);
            bounds = [bounds[0].min(*x), bounds[1].min(*y), bounds[2].max(x + width), bounds[3].max(y + height)];
        }
        let [x0, y0, x1, y1] = bounds.map(|v| v.clamp(reach.start, reach.end));
        let (width, height) = ((x1 - x0).max(0) as usize, (y1 - y0).max(0) as usize);
        let mut window = Labelled { begin: [x0, y0], width, labels: vec![NOTHING; width * height], margin, bits: self.bits };
        beside.iter().for_each(|(begin, tile)| paste(&mut window, *begin, tile));
        window
    }

    fn outline(&self, address: [u32; 2], tile: &Tile, buffer_px: u32) -> Vec<Area> {
        let window = self.window(address, buffer_px);
        let area_ha = |class: u16| tile.totals.iter().find(|(of, _)| *of == class).map_or(0.0, |(_, ha)| *ha);
        let mut commands = Commands::default();
        let area = |(class, rings): (u16, Vec<Vec<[i32; 2]>>)| {
            commands.clear();
            rings.iter().for_each(|ring| commands.ring(ring));
            let item = self.items[usize::from(class)];
            Area { item, area_ha: tenths(area_ha(class)), geometry: commands.bytes.as_slice().into() }
        };
        outlines(&window).into_iter().map(area).collect()
    }
}

/// log2 of a cell's side at each zoom: a quarter of a pixel while a city is small, half a pixel after.
fn fitting_bits(prepared: &Prepared, deepest: u8, items: &[u32]) -> Vec<u32> {
    let mut most: Vec<f64> = Vec::new();
    for z in 0..=deepest {
        let mut land: HashMap<[u32; 2], f64> = HashMap::new();
        for &at in items {
            let item = &prepared.items()[at as usize];
            // Where its middle lies; no tile holds more than itself.
            let [x, y] = [(item.bounds[0], item.bounds[2]), (item.bounds[1], item.bounds[3])];
            let middle = [x, y].map(|(low, high)| tile_of(z, low + (high - low) / 2));
            *land.entry(middle).or_default() += item.area;
        }
        let whole = 1.0 / f64::from(1_u32 << z).powi(2);
        most.push(land.into_values().fold(0.0, f64::max).min(whole));
    }
    let cells = |z: usize, bits: u32| most[z] * f64::from(1_u32 << (12 + z as u32 - bits)).powi(2);
    (0..=usize::from(deepest)).map(|z| if cells(z, FINEST) <= MOST_FINE_CELLS { FINEST } else { FINEST + 1 }).collect()
}

fn tile_of(z: u8, w: u32) -> u32 {
    (u64::from(w) >> (32 - u32::from(z))) as u32
}

/// How many tiles of a zoom a box meets.
fn n_tiles(z: u8, bounds: [u32; 4]) -> u64 {
    let [west, north, east, south] = bounds.map(|w| u64::from(tile_of(z, w)));
    (east - west + 1) * (south - north + 1)
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

/// A layer while its zooms are made.
struct Whole<'a> {
    prepared: &'a Prepared,
    deepest: u8,
    /// By zoom.
    classes: &'a [Classes],
    /// By zoom, the class there that holds one of the next zoom.
    wider: Vec<Vec<u16>>,
    bits: &'a [u32],
}

impl Whole<'_> {
    /// Labels a tile and all below it. Only the deepest tiles are measured: what a cell of a wider zoom holds is what
    /// its parts hold.
    fn label(&self, z: u8, address: [u32; 2], items: &[u32]) -> (Shares, Vec<(u8, [u32; 2], Tile)>) {
        let at = usize::from(z);
        let bits = self.bits[at];
        if z == self.deepest {
            let shares = self.measure(z, bits, address, items);
            let tile = self.tile(z, bits, address, &shares);
            return (shares, vec![(z, address, tile)]);
        }
        let quarters: Vec<[u32; 2]> = [[0, 0], [1, 0], [0, 1], [1, 1]].into();
        let below: Vec<([u32; 2], (Shares, Vec<_>))> = quarters
            .into_par_iter()
            .filter_map(|quarter| {
                let child = [0, 1].map(|axis| 2 * address[axis] + quarter[axis]);
                let inside = self.meeting(z + 1, child, items);
                (!inside.is_empty()).then(|| (quarter, self.label(z + 1, child, &inside)))
            })
            .collect();
        let side = EXTENT >> bits;
        let folds = bits + 1 - self.bits[at + 1];
        let corners = below.iter().flat_map(|(quarter, (parts, _))| {
            let Part { begin, size } = parts.part();
            let last = [begin[0] + size[0] - 1, begin[1] + size[1] - 1];
            [within(begin, *quarter, side, folds), within(last, *quarter, side, folds)]
        });
        let (begin, end) = corners.fold(([side; 2], [0; 2]), |(low, high), at| {
            ([low[0].min(at[0]), low[1].min(at[1])], [high[0].max(at[0] + 1), high[1].max(at[1] + 1)])
        });
        let mut shares = Shares::new(Part::around(begin, end, side));
        let mut tiles = Vec::new();
        for (quarter, (parts, found)) in below {
            shares.fold(&parts, quarter, side, folds, &self.wider[at]);
            tiles.extend(found);
        }
        tiles.push((z, address, self.tile(z, bits, address, &shares)));
        (shares, tiles)
    }

    /// Those of the items that reach into a tile.
    fn meeting(&self, z: u8, [x, y]: [u32; 2], items: &[u32]) -> Vec<u32> {
        let meets = |at: &&u32| {
            let [west, north, east, south] = self.prepared.items()[**at as usize].bounds.map(|w| tile_of(z, w));
            (west..=east).contains(&x) && (north..=south).contains(&y)
        };
        items.iter().filter(meets).copied().collect()
    }

    /// What each class covers of a tile's cells, exactly.
    fn measure(&self, z: u8, bits: u32, address: [u32; 2], items: &[u32]) -> Shares {
        let side = EXTENT >> bits;
        let around = items.iter().map(|at| self.prepared.items()[*at as usize].bounds);
        let around = around.reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]).unwrap_or_default();
        let per_world_cell = 20 - u32::from(z) + bits;
        let cell = |w: u32, axis: usize| (w >> per_world_cell).saturating_sub(address[axis] * side).min(side - 1);
        let [begin, last] = [[around[0], around[1]], [around[2], around[3]]].map(|[x, y]| [cell(x, 0), cell(y, 1)]);
        let part = Part::around(begin, last.map(|v| v + 1), side);
        let mut shares = Shares::new(part);
        let mut coverage = geom::Coverage::default();
        let window = geom::Window { begin: part.begin, end: [part.begin[0] + part.size[0], part.begin[1] + part.size[1]] };
        let per_cell = f64::from(1_u32 << (20 - u32::from(z))) * f64::from(1_u32 << bits);
        let corner = address.map(|v| f64::from(v) * f64::from(side));
        let coord = |p: &WorldPoint| Coord { x: f64::from(p[0]) / per_cell - corner[0], y: f64::from(p[1]) / per_cell - corner[1] };
        for &at in items {
            let shape = shape(self.prepared, &self.prepared.items()[at as usize], coord);
            let class = self.classes[usize::from(z)].of_item[at as usize];
            coverage.visit(&shape, window, |run| shares.add(run.row, run.begin..run.end, class, run.fraction as f32));
        }
        shares.settle();
        shares
    }

    fn tile(&self, z: u8, bits: u32, address: [u32; 2], shares: &Shares) -> Tile {
        let n_classes = self.classes[usize::from(z)].first.len();
        let totals = shares.totals(n_classes, |row| cell_ha(z, bits, address[1], row));
        let totals = (0..NOTHING).zip(totals).filter(|(_, ha)| *ha > 0.0).collect();
        let labels = shares.labels(n_classes);
        let n_sides = n_sides(&labels, shares.part().size[0] as usize);
        Tile { part: shares.part(), runs: runs(&labels), totals, n_sides, number: 0 }
    }

    /// The tiles of a zoom, on larger cells when there would be too much to draw in one; log2 of a cell's side.
    fn fitting(&self, z: u8, mut bits: u32, mut labelled: Tiles, items: &[u32]) -> (u32, Tiles) {
        while bits < COARSEST && labelled.values().any(|tile| tile.n_sides > MOST_SIDES) {
            bits += 1;
            let again = |address: &[u32; 2]| {
                let shares = self.measure(z, bits, *address, &self.meeting(z, *address, items));
                (*address, self.tile(z, bits, *address, &shares))
            };
            labelled = labelled.par_iter().map(|(address, _)| again(address)).collect();
        }
        (bits, labelled)
    }
}

/// Hectares of a cell on the ground: the map's scale grows with the latitude (Web Mercator, on the sphere).
fn cell_ha(z: u8, bits: u32, tile_y: u32, row: u32) -> f64 {
    let n_cells = f64::from(1_u32 << (12 + u32::from(z) - bits));
    let from_north = (f64::from(tile_y) * f64::from(EXTENT >> bits) + f64::from(row) + 0.5) / n_cells;
    let side_m = 2.0 * super::WEB_MERCATOR_HALF_M / n_cells / (std::f64::consts::PI * (1.0 - 2.0 * from_north)).cosh();
    side_m * side_m / 10_000.0
}

/// An item's polygons, on whatever grid.
pub(super) fn shape(prepared: &Prepared, item: &Item, coord: impl Fn(&WorldPoint) -> Coord) -> MultiPolygon {
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

fn runs(labels: &[u16]) -> Vec<(u32, u16)> {
    let mut end = 0;
    let run = |same: &[u16]| {
        end += same.len() as u32;
        (end, same[0])
    };
    labels.chunk_by(|a, b| a == b).map(run).collect()
}

/// How many sides of cells lie between two labels.
fn n_sides(labels: &[u16], width: usize) -> usize {
    let differ = |a: &[u16], b: &[u16]| -> u32 { a.iter().zip(b).map(|(a, b)| u32::from(a != b)).sum() };
    let upright: u32 = labels.chunks_exact(width.max(1)).map(|row| differ(row, &row[1..])).sum();
    (upright + differ(labels, labels.get(width..).unwrap_or(&[]))) as usize
}

/// Copies the part of a tile's labels that lies in the window; `begin` says where its first cell lies.
fn paste(window: &mut Labelled, begin: [isize; 2], tile: &Tile) {
    let width = tile.part.size[0] as usize;
    let [x0, y0] = [0, 1].map(|axis| begin[axis] - window.begin[axis]);
    let height = window.labels.len().checked_div(window.width).unwrap_or(0) as isize;
    let mut from = 0;
    for &(to, label) in &tile.runs {
        let (first, stop) = (from, to as usize);
        from = stop;
        if label == NOTHING {
            continue;
        }
        for row in first / width..=(stop - 1) / width {
            let y = y0 + row as isize;
            if y < 0 || y >= height {
                continue;
            }
            let columns = [first.max(row * width), stop.min((row + 1) * width)].map(|cell| x0 + (cell - row * width) as isize);
            let [first, last] = columns.map(|x| x.clamp(0, window.width as isize) as usize);
            let line = y as usize * window.width;
            window.labels[line + first..line + last].fill(label);
        }
    }
}
