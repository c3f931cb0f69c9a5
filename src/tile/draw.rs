//! One tile: what of each layer lies in it at its zoom, as MVT bytes.

use std::collections::{HashMap, HashSet};

use super::labels::Labels;
use super::merge::Merged;
use super::mvt::{Commands, EXTENT, GeometryType, LayerBytes, parts, text_value};
use super::prepare::{Form, Item, NO_VALUE, Prepared, WorldPoint, pixels_at};
use super::ring::{GridPoint, Window, clean_line, clean_ring, clip_line, clip_ring, inside, twice_area};
use super::rules::UNITS_PER_PIXEL;
use super::simple::is_simple;
use super::strokes::Strokes;
use super::{LayerRules, TileCoord, TileLayer};
use crate::geom;

/// What of a layer is drawn: features whose property is one of the texts. A layer without the property is drawn whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct TileFilter {
    /// Name of the property, and the texts that are let in.
    pub only: Vec<(&'static str, Vec<String>)>,
}

/// The layers at an address as an MVT, in the order given; no bytes when there is nothing to show.
pub fn tile(layers: &[(&Prepared, Shown)], coord: TileCoord, filter: &TileFilter) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (prepared, shown) in layers {
        let (layer, rules) = match shown {
            Shown::Labels(labels) => (labels.layer, &labels.rules),
            _ => (prepared.layer(), &prepared.rules),
        };
        if rules.is_drawn_at(coord.z()) {
            Drawing::new(prepared, layer, rules, coord, filter).draw(*shown, &mut bytes);
        }
    }
    bytes
}

/// What of a layer a zoom shows, made from it for that zoom.
#[derive(Debug, Clone, Copy)]
pub enum Shown<'a> {
    Merged(&'a Merged),
    Strokes(&'a Strokes),
    Labels(&'a Labels),
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
    /// The tile's corner in tile units from the world's corner.
    fn corner(self) -> GridPoint {
        [self.coord.x(), self.coord.y()].map(|v| (v * EXTENT) as i32)
    }

    /// Snaps in the world's grid and only then moves to the tile, so that a vertex lands on the same
    /// place in every tile that holds it.
    fn point(self, p: WorldPoint) -> GridPoint {
        let shift = 20 - u32::from(self.coord.z()) + self.grid_bits;
        let corner = self.corner();
        [0, 1].map(|axis| ((((i64::from(p[axis]) + (1_i64 << (shift - 1))) >> shift) << self.grid_bits) as i32) - corner[axis])
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
    rules: &'a LayerRules,
    frame: Frame,
    bytes: LayerBytes<'a>,
    commands: Commands,
    dust: Dust,
    pixels: f64,
    /// Places of the keys that are filtered, and the encoded values that are let in.
    only: Vec<(usize, Vec<Vec<u8>>)>,
}

/// Area that was too small to be drawn, by class, px²; and the places that are taken.
#[derive(Default)]
struct Dust {
    waiting_px2: HashMap<u32, f64>,
    taken: HashSet<(u32, GridPoint)>,
}

impl<'a> Drawing<'a> {
    fn new(prepared: &'a Prepared, layer: TileLayer, rules: &'a LayerRules, coord: TileCoord, filter: &TileFilter) -> Self {
        let keys = prepared.layer().keys();
        let only = filter.only.iter().filter_map(|(name, texts)| {
            let key = keys.iter().position(|key| key == name)?;
            Some((key, texts.iter().map(|text| text_value(text)).collect()))
        });
        let buffer = rules.buffer_px as i32 * UNITS_PER_PIXEL as i32;
        let end = EXTENT as i32 + buffer;
        let frame = Frame { coord, grid_bits: rules.grid_bits(coord.z()), window: [-buffer, -buffer, end, end] };
        Drawing {
            prepared,
            rules,
            frame,
            bytes: LayerBytes::new(prepared, layer, rules, coord.z()),
            commands: Commands::default(),
            dust: Dust::default(),
            pixels: pixels_at(coord.z()),
            only: only.collect(),
        }
    }

    fn draw(mut self, shown: Shown, tile: &mut Vec<u8>) {
        match shown {
            Shown::Merged(merged) => self.draw_areas(merged),
            Shown::Strokes(strokes) => self.draw_items(strokes),
            Shown::Labels(labels) => self.draw_labels(labels),
        }
        self.bytes.finish(tile);
    }

    /// Whether the filter lets an item in.
    fn shows(&self, item: &Item) -> bool {
        let tags = self.prepared.tags(item);
        self.only.iter().all(|(key, wanted)| tags[*key] != NO_VALUE && wanted.iter().any(|value| value == self.prepared.value(tags[*key])))
    }

    fn draw_areas(&mut self, merged: &Merged) {
        let area_key = self.prepared.layer().keys().iter().position(|key| *key == "area_ha");
        let (keys, areas) = merged.areas(self.frame.coord.z(), self.frame.coord.x(), self.frame.coord.y());
        for area in areas {
            let item = &self.prepared.items()[area.item as usize];
            if !self.shows(item) {
                continue;
            }
            let tags = self.prepared.tags(item);
            keys.iter().for_each(|key| self.bytes.tag(*key, tags[*key]));
            if let Some(key) = area_key {
                self.bytes.tag_number(key, area.area_ha);
            }
            self.bytes.add(GeometryType::Polygon, &[], &area.geometry);
        }
    }

    fn draw_items(&mut self, strokes: &Strokes) {
        let z = self.frame.coord.z();
        let items = self.prepared.items();
        let mut places = self.prepared.items_in(self.frame.world_window());
        places.retain(|place| items[*place].from_zoom <= z && self.shows(&items[*place]));
        for place in places {
            let item = &items[place];
            match item.form {
                Form::Point => self.draw_point(item),
                Form::Line => self.draw_stroke(strokes, place, GeometryType::Line),
                Form::Polygon if item.area * self.pixels < self.rules.min_area_px2 => self.draw_dust(item),
                Form::Polygon => self.draw_stroke(strokes, place, GeometryType::Polygon),
            }
        }
    }

    fn draw_labels(&mut self, labels: &Labels) {
        let z = self.frame.coord.z();
        let items = self.prepared.items();
        let mut places = self.prepared.items_in(self.frame.world_window());
        places.retain(|place| labels.stands(*place, z) && self.shows(&items[*place]));
        // The map places what comes first: the widest.
        places.sort_by(|a, b| items[*b].area.total_cmp(&items[*a].area));
        for place in places {
            let point = labels.place(self.prepared, place);
            if self.frame.owns(point) {
                let tags = self.prepared.tags(&items[place]);
                labels.keys.iter().enumerate().for_each(|(key, from)| self.bytes.tag(key, tags[*from]));
                self.add_point(point);
            }
        }
    }

    /// Adds a feature with the commands at hand, and what follows them.
    fn add(&mut self, form: GeometryType, item: &Item, rest: &[u8]) {
        self.prepared.tags(item).iter().enumerate().for_each(|(key, id)| self.bytes.tag(key, *id));
        self.bytes.add(form, &self.commands.bytes, rest);
        self.commands.clear();
    }

    fn draw_point(&mut self, item: &Item) {
        let Some(point) = self.prepared.parts(item).find_map(|(points, _)| points.first().copied()) else { return };
        if self.frame.owns(point) {
            self.prepared.tags(item).iter().enumerate().for_each(|(key, id)| self.bytes.tag(key, *id));
            self.add_point(point);
        }
    }

    /// Adds a point with the properties that were told.
    fn add_point(&mut self, point: WorldPoint) {
        self.commands.point(Frame { grid_bits: 0, ..self.frame }.point(point));
        self.bytes.add(GeometryType::Point, &self.commands.bytes, &[]);
        self.commands.clear();
    }

    fn draw_stroke(&mut self, strokes: &Strokes, place: usize, form: GeometryType) {
        let item = &self.prepared.items()[place];
        let whole = self.frame.holds(item.bounds);
        let Some((start, bytes)) = strokes.stroke(self.prepared, place) else {
            // Too thin for the grid.
            if whole && form == GeometryType::Polygon {
                self.draw_dust(item);
            }
            return;
        };
        let corner = self.frame.corner();
        let start = [start[0] - corner[0], start[1] - corner[1]];
        if whole {
            self.commands.point(start);
            return self.add(form, item, bytes);
        }
        let parts = parts(bytes, start);
        if form == GeometryType::Line {
            for mut part in parts.into_iter().flat_map(|part| clip_line(part, self.frame.window)) {
                clean_line(&mut part);
                if part.len() >= 2 {
                    self.commands.line(&part);
                }
            }
        } else {
            self.clipped(parts).iter().for_each(|ring| self.commands.ring(ring));
        }
        if !self.commands.bytes.is_empty() {
            self.add(form, item, &[]);
        }
    }

    /// The part of valid rings that lies in the window, valid: each shell followed by its holes.
    fn clipped(&self, parts: Vec<Vec<GridPoint>>) -> Vec<Vec<GridPoint>> {
        let mut rings: Vec<Vec<GridPoint>> = Vec::new();
        let mut shell_is_drawn = false;
        for mut ring in parts {
            let hole = twice_area(&ring) < 0;
            if hole && !shell_is_drawn {
                continue;
            }
            if !inside(&ring, self.frame.window) {
                clip_ring(&mut ring, self.frame.window);
                clean_ring(&mut ring);
            }
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
    fn draw_dust(&mut self, item: &Item) {
        let Some(side_px) = self.rules.dust_side_px else { return };
        let area_px2 = item.area * self.pixels;
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
            self.add(GeometryType::Polygon, item, &[]);
        }
    }
}
