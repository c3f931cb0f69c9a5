//! One tile: what of each layer lies in it, generalised to the zoom, as MVT bytes.

use std::collections::{HashMap, HashSet};

use super::TileCoord;
use super::mvt::{Commands, EXTENT, GeometryType, LayerBytes};
use super::prepare::{Form, Item, Prepared, WorldPoint, pixels_at};
use super::ring::{GridPoint, Window, clean_line, clean_ring, clip_line, clip_ring, inside, twice_area};
use super::rules::UNITS_PER_PIXEL;
use super::simple::is_simple;
use crate::geom;

/// The layers at an address as an MVT, in the order given; no bytes when there is nothing to show.
pub fn tile(layers: &[&Prepared], coord: TileCoord) -> Vec<u8> {
    let mut bytes = Vec::new();
    for prepared in layers {
        if (prepared.rules.min_zoom..=prepared.rules.max_zoom).contains(&coord.z()) {
            Drawing::new(prepared, coord).draw(&mut bytes);
        }
    }
    bytes
}

/// From the world's grid to the tile's.
#[derive(Clone, Copy)]
struct Frame {
    coord: TileCoord,
    /// log2 of the grid in tile units.
    grid_bits: u32,
    window: Window,
}

impl Frame {
    /// Snaps in the world's grid and only then moves to the tile, so that a vertex lands on the same
    /// place in every tile that holds it.
    fn point(self, p: WorldPoint) -> GridPoint {
        let shift = 20 - u32::from(self.coord.z()) + self.grid_bits;
        let snap = |w: u32, tile: u32| {
            let grid = (i64::from(w) + (1_i64 << (shift - 1))) >> shift;
            ((grid << self.grid_bits) - i64::from(tile) * i64::from(EXTENT)) as i32
        };
        [snap(p[0], self.coord.x()), snap(p[1], self.coord.y())]
    }

    /// The window and a grid step more, in the world's grid.
    fn world_window(self) -> [u32; 4] {
        let shift = 20 - u32::from(self.coord.z());
        let step = 1_i64 << self.grid_bits;
        let world = |units: i64, tile: u32| ((units + i64::from(tile) * i64::from(EXTENT)) << shift).clamp(0, i64::from(u32::MAX)) as u32;
        let [west, north, east, south] = self.window.map(i64::from);
        let (x, y) = (self.coord.x(), self.coord.y());
        [world(west - step, x), world(north - step, y), world(east + step, x), world(south + step, y)]
    }

    /// Whether a box of the world lies in the window.
    fn holds(self, [west, north, east, south]: [u32; 4]) -> bool {
        inside(&[self.point([west, north]), self.point([east, south])], self.window)
    }

    /// Whether a point of the world lies in this tile and in no other.
    fn owns(self, p: WorldPoint) -> bool {
        let column = |w: u32| (u64::from(w) >> (32 - u32::from(self.coord.z()))) as u32;
        column(p[0]) == self.coord.x() && column(p[1]) == self.coord.y()
    }
}

struct Drawing<'a> {
    prepared: &'a Prepared,
    frame: Frame,
    bytes: LayerBytes<'a>,
    commands: Commands,
    dust: Dust,
    pixels: f64,
}

/// Area that was too small to be drawn, by class, px²; and the places that are taken.
#[derive(Default)]
struct Dust {
    waiting_px2: HashMap<u32, f64>,
    taken: HashSet<(u32, GridPoint)>,
}

impl<'a> Drawing<'a> {
    fn new(prepared: &'a Prepared, coord: TileCoord) -> Self {
        let buffer = prepared.rules.buffer_px as i32 * UNITS_PER_PIXEL as i32;
        let end = EXTENT as i32 + buffer;
        let frame = Frame { coord, grid_bits: prepared.rules.grid_bits(coord.z()), window: [-buffer, -buffer, end, end] };
        Drawing {
            prepared,
            frame,
            bytes: LayerBytes::new(prepared, coord.z()),
            commands: Commands::default(),
            dust: Dust::default(),
            pixels: pixels_at(coord.z()),
        }
    }

    fn draw(mut self, tile: &mut Vec<u8>) {
        let z = self.frame.coord.z();
        let mut items = self.prepared.items_in(self.frame.world_window());
        items.retain(|item| item.from_zoom <= z);
        if self.prepared.layer.is_labels() {
            // The map places what comes first: the widest.
            items.sort_by(|a, b| b.area.total_cmp(&a.area));
        }
        for item in items {
            match item.form {
                Form::Point => self.draw_point(item),
                Form::Line => self.draw_line(item),
                Form::Polygon => self.draw_polygon(item),
            }
        }
        self.bytes.finish(self.prepared.layer, tile);
    }

    fn add(&mut self, form: GeometryType, item: &Item) {
        self.bytes.add(form, self.prepared.tags(item), &self.commands);
        self.commands.clear();
    }

    fn draw_point(&mut self, item: &Item) {
        let Some(point) = self.prepared.parts(item).find_map(|(points, _)| points.first().copied()) else { return };
        if self.frame.owns(point) {
            self.commands.point(Frame { grid_bits: 0, ..self.frame }.point(point));
            self.add(GeometryType::Point, item);
        }
    }

    fn draw_line(&mut self, item: &Item) {
        let mut n_parts = 0;
        for (points, _) in self.prepared.parts(item) {
            let mut line: Vec<GridPoint> = points.iter().map(|p| self.frame.point(*p)).collect();
            clean_line(&mut line);
            let parts = if inside(&line, self.frame.window) { vec![line] } else { clip_line(line, self.frame.window) };
            for mut part in parts {
                clean_line(&mut part);
                if part.len() >= 2 {
                    self.commands.line(&part);
                    n_parts += 1;
                }
            }
        }
        if n_parts > 0 {
            self.add(GeometryType::Line, item);
        }
    }

    fn draw_polygon(&mut self, item: &Item) {
        let area_px2 = item.area * self.pixels;
        if area_px2 < self.prepared.rules.min_area_px2 {
            return self.draw_dust(item, area_px2);
        }
        let mut rings = self.generalised(item, self.frame);
        if rings.is_empty() && self.frame.grid_bits > 0 {
            // A strip can be narrower than the grid and still a pixel and more of land.
            rings = self.generalised(item, Frame { grid_bits: 0, ..self.frame });
        }
        if rings.is_empty() {
            // Either it was too thin for the grid, or only its box reaches into this tile.
            if self.frame.holds(item.bounds) {
                self.draw_dust(item, area_px2);
            }
            return;
        }
        for ring in &rings {
            self.commands.ring(ring);
        }
        self.add(GeometryType::Polygon, item);
    }

    /// The item's rings on the grid, clipped, valid: each shell followed by its holes.
    fn generalised(&self, item: &Item, frame: Frame) -> Vec<Vec<GridPoint>> {
        let mut rings: Vec<Vec<GridPoint>> = Vec::new();
        let mut shell_is_drawn = false;
        for (points, hole) in self.prepared.parts(item) {
            if hole && !shell_is_drawn {
                continue;
            }
            let mut ring: Vec<GridPoint> = points.iter().map(|p| frame.point(*p)).collect();
            if !inside(&ring, frame.window) {
                clip_ring(&mut ring, frame.window);
            }
            clean_ring(&mut ring);
            // A ring that snapping turned inside out was too thin to be land (or a hole).
            let drawn = if hole { twice_area(&ring) < 0 } else { twice_area(&ring) > 0 };
            shell_is_drawn = if hole { shell_is_drawn } else { drawn };
            if drawn {
                rings.push(ring);
            }
        }
        if rings.is_empty() || is_simple(&rings) { rings } else { geom::enclosed_on_grid(&rings).into_iter().flatten().collect() }
    }

    /// Gathers what is too small to be drawn in its own shape, and draws a square of the same area
    /// where enough has come together. Each item counts in the one tile that holds its middle.
    fn draw_dust(&mut self, item: &Item, area_px2: f64) {
        let Some(side_px) = self.prepared.rules.dust_side_px else { return };
        let middle = |low: u32, high: u32| ((u64::from(low) + u64::from(high)) / 2) as u32;
        let at = [middle(item.bounds[0], item.bounds[2]), middle(item.bounds[1], item.bounds[3])];
        if !self.frame.owns(at) {
            return;
        }
        let waiting = self.dust.waiting_px2.entry(item.class).or_default();
        *waiting += area_px2;
        let square_px2 = f64::from(side_px * side_px);
        let side = (side_px as i32) * UNITS_PER_PIXEL as i32;
        let [x, y] = Frame { grid_bits: 0, ..self.frame }.point(at).map(|v| v.clamp(0, EXTENT as i32 - 1).div_euclid(side) * side);
        // Half a square is enough to draw one: the rest is owed, and the area is true on the whole.
        if *waiting >= square_px2 / 2.0 && self.dust.taken.insert((item.class, [x, y])) {
            *waiting -= square_px2;
            self.commands.ring(&[[x, y], [x + side, y], [x + side, y + side], [x, y + side]]);
            self.add(GeometryType::Polygon, item);
        }
    }
}
