//! The lines and polygons of a layer at one zoom, ready to be copied into tiles.

use super::memory::{Memory, Places};
use super::mvt::{Commands, EXTENT};
use super::nodes::{Nodes, Router};
use super::prepare::{Form, Item, Prepared};
use super::ring::{GridPoint, clean_line, clean_ring_but, twice_area};
use super::simple::is_simple;
use crate::geom;

/// Lines and polygons as the commands of a tile, each from its first point on: but for that point they are the same in
/// every tile that holds the whole. A block of them is made when one of it is first drawn.
#[derive(Debug)]
pub struct Strokes {
    z: u8,
    nodes: Nodes,
    blocks: Box<dyn Places<Block>>,
}

/// The strokes of items that stand next to each other.
#[derive(Debug, Default)]
struct Block {
    /// In tile units from the world's corner.
    starts: Vec<GridPoint>,
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

impl Strokes {
    /// Of a zoom, 0 to 16.
    pub fn new(prepared: &Prepared, z: u8, memory: &impl Memory) -> Strokes {
        Strokes { z, nodes: Nodes::new(prepared, z, memory), blocks: memory.places(prepared.n_blocks()) }
    }

    /// The first point of an item and the commands that follow; none when there is nothing left of it.
    pub(super) fn stroke(&self, prepared: &Prepared, place: usize) -> Option<(GridPoint, &[u8])> {
        let (block, items) = prepared.block_of(place);
        let at = place - items.start;
        let block = self.blocks.get(block, &mut || Block::new(prepared, self.z, &self.nodes, &prepared.items()[items.clone()]));
        let from = at.checked_sub(1).map_or(0, |before| block.ends[before] as usize);
        let bytes = &block.bytes[from..block.ends[at] as usize];
        (!bytes.is_empty()).then(|| (block.starts[at], bytes))
    }
}

impl Block {
    fn new(prepared: &Prepared, z: u8, nodes: &Nodes, items: &[Item]) -> Block {
        let mut block = Block::default();
        let mut commands = Commands::default();
        let mut router = Router::new(nodes, prepared);
        for item in items {
            let mut parts = match item.form {
                _ if item.from_zoom > z => Vec::new(),
                Form::Point => Vec::new(),
                Form::Line => lines(prepared, nodes, item),
                Form::Polygon => rings(prepared, &mut router, item),
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
            block.starts.push(start);
            block.bytes.extend_from_slice(&commands.bytes);
            block.ends.push(block.bytes.len() as u32);
        }
        block.bytes.shrink_to_fit();
        block
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
fn rings(prepared: &Prepared, router: &mut Router, item: &Item) -> Vec<Vec<GridPoint>> {
    let mut rings: Vec<Vec<GridPoint>> = Vec::new();
    let mut shell_is_drawn = false;
    for (points, hole) in prepared.parts(item) {
        if hole && !shell_is_drawn {
            continue;
        }
        let mut ring = router.route(points);
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
