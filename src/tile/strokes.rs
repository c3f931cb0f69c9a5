//! The lines and polygons of a layer at one zoom, ready to be copied into tiles.

use rayon::prelude::*;

use super::mvt::{Commands, EXTENT};
use super::nodes::Nodes;
use super::prepare::{Form, Item, Prepared};
use super::ring::{GridPoint, clean_line, clean_ring_but, twice_area};
use super::simple::is_simple;
use crate::geom;

/// Lines and polygons as the commands of a tile, each from its first point on: but for that point they are the same in
/// every tile that holds the whole.
#[derive(Debug, Default)]
pub struct Strokes {
    /// In tile units from the world's corner.
    starts: Vec<GridPoint>,
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

/// Items that one thread takes at a time.
const CHUNK: usize = 2048;

impl Strokes {
    /// Of a zoom, 0 to 16.
    pub fn new(prepared: &Prepared, z: u8) -> Strokes {
        let items = prepared.items();
        // Points need none.
        if items.iter().all(|item| item.form == Form::Point) {
            return Strokes::default();
        }
        let polygons = items.iter().filter(|item| item.form == Form::Polygon && item.from_zoom <= z);
        let grid_bits = prepared.rules.grid_bits(z);
        let nodes = Nodes::new(z, grid_bits, polygons.flat_map(|item| prepared.parts(item).map(|(ring, _)| ring)));
        let chunks: Vec<Strokes> = items.par_chunks(CHUNK).map(|items| Strokes::of_items(prepared, z, &nodes, items)).collect();
        let mut all = Strokes::default();
        for chunk in chunks {
            let before = all.bytes.len() as u32;
            all.starts.extend(chunk.starts);
            all.ends.extend(chunk.ends.iter().map(|end| before + end));
            all.bytes.extend(chunk.bytes);
        }
        all.bytes.shrink_to_fit();
        all
    }

    fn of_items(prepared: &Prepared, z: u8, nodes: &Nodes, items: &[Item]) -> Strokes {
        let mut strokes = Strokes::default();
        let mut commands = Commands::default();
        for item in items {
            let mut parts = match item.form {
                _ if item.from_zoom > z => Vec::new(),
                Form::Point => Vec::new(),
                Form::Line => lines(prepared, nodes, item),
                Form::Polygon => rings(prepared, nodes, item),
            };
            let is_polygon = item.form == Form::Polygon;
            if is_polygon && !parts.is_empty() && !is_simple(&parts) {
                parts = geom::enclosed_on_grid(&parts).into_iter().flatten().collect();
            }
            let start = parts.first().and_then(|part| part.first()).copied().unwrap_or_default();
            commands.clear_at(start);
            for (n, part) in parts.iter().enumerate() {
                if n > 0 {
                    commands.point(part[0]);
                }
                commands.line_on(&part[1..]);
                if is_polygon {
                    commands.close();
                }
            }
            strokes.starts.push(start);
            strokes.bytes.extend_from_slice(&commands.bytes);
            strokes.ends.push(strokes.bytes.len() as u32);
        }
        strokes
    }

    /// The first point of an item and the commands that follow; none when there is nothing left of it.
    pub(super) fn stroke(&self, place: usize) -> Option<(GridPoint, &[u8])> {
        let from = place.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        let bytes = &self.bytes[from..self.ends[place] as usize];
        (!bytes.is_empty()).then(|| (self.starts[place], bytes))
    }
}

fn lines(prepared: &Prepared, nodes: &Nodes, item: &Item) -> Vec<Vec<GridPoint>> {
    let mut lines = Vec::new();
    for (points, _) in prepared.parts(item) {
        let mut line: Vec<GridPoint> = points.iter().map(|p| nodes.snap(*p)).collect();
        clean_line(&mut line);
        if line.len() >= 2 {
            lines.push(line);
        }
    }
    lines
}

/// Each shell followed by its holes, on the grid.
fn rings(prepared: &Prepared, nodes: &Nodes, item: &Item) -> Vec<Vec<GridPoint>> {
    let mut rings: Vec<Vec<GridPoint>> = Vec::new();
    let mut shell_is_drawn = false;
    for (points, hole) in prepared.parts(item) {
        if hole && !shell_is_drawn {
            continue;
        }
        let mut ring = nodes.route(points);
        // Where a tile ends: what is cut beyond it must not move the border within.
        let on_seam = |p: GridPoint| p.iter().any(|v| v.rem_euclid(EXTENT as i32) == 0);
        clean_ring_but(&mut ring, on_seam);
        // A ring that snapping turned inside out was too thin to be land (or a hole).
        let drawn = if hole { twice_area(&ring) < 0 } else { twice_area(&ring) > 0 };
        shell_is_drawn = if hole { shell_is_drawn } else { drawn };
        if drawn {
            rings.push(ring);
        }
    }
    rings
}
