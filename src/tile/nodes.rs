//! Borders on a coarser grid: every vertex goes to its grid point, and an edge that passes through the cell around a
//! grid point where some vertex went is bent through that point (snap rounding, Hobby 1999). What did not cross before
//! does not cross after; a vertex that touched its neighbour's edge still does; shared borders stay shared. Edges get a
//! vertex where they cross from tile to tile, so that tiles meet exactly.
//!
//! The world is divided into squares; a square's nodes are found when an edge first passes through it.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use super::memory::{Lately, Memory};
use super::mvt::{EXTENT, IdHasher};
use super::prepare::{Form, Prepared, WorldPoint};
use super::ring::GridPoint;

type ById<V> = HashMap<u64, V, BuildHasherDefault<IdHasher>>;

/// Squares are no larger than tiles of this zoom.
const FINEST_SQUARES: u8 = 14;

/// The grid of one zoom, and the squares that were looked at lately.
#[derive(Debug)]
pub(super) struct Nodes {
    z: u8,
    /// log2 of the grid in tile units.
    grid_bits: u32,
    /// log2 of a bucket's side, and of a square's, in tile units.
    bucket_bits: u32,
    square_bits: u32,
    squares: Box<dyn Lately<Square>>,
}

/// The grid points of one square that edges are bent through, in tile units from the world's corner.
#[derive(Debug)]
struct Square {
    /// In order of their buckets.
    points: Vec<GridPoint>,
    /// Where a bucket's points begin and end.
    buckets: ById<(u32, u32)>,
}

/// A layer's borders on the grid of one zoom, for one who routes edges near each other.
pub(super) struct Router<'a> {
    nodes: &'a Nodes,
    prepared: &'a Prepared,
    squares: ById<Arc<Square>>,
    last: Option<(u64, Arc<Square>)>,
}

fn address([x, y]: [i32; 2]) -> u64 {
    (u64::from(x as u32) << 32) | u64::from(y as u32)
}

impl Nodes {
    pub(super) fn new(prepared: &Prepared, z: u8, memory: &impl Memory) -> Nodes {
        let grid_bits = prepared.rules.grid_bits(z);
        let square_bits = 12 + u32::from(z) - u32::from((z + 1).min(FINEST_SQUARES));
        let bucket_bits = bucket_bits(prepared, z).clamp(grid_bits, square_bits);
        Nodes { z, grid_bits, bucket_bits, square_bits, squares: memory.lately() }
    }

    fn shift(&self) -> u32 {
        20 - u32::from(self.z)
    }

    /// A world point on the grid, in tile units from the world's corner.
    pub(super) fn snap(&self, p: WorldPoint) -> GridPoint {
        let shift = self.shift() + self.grid_bits;
        p.map(|w| if shift == 0 { w as i32 } else { (((i64::from(w) + (1_i64 << (shift - 1))) >> shift) << self.grid_bits) as i32 })
    }

    fn square(&self, prepared: &Prepared, at: [i32; 2]) -> Arc<Square> {
        self.squares.get(address(at), &mut || self.look(prepared, at))
    }

    /// Finds the nodes of a square: where vertices go, and where edges cross from tile to tile.
    fn look(&self, prepared: &Prepared, at: [i32; 2]) -> Square {
        let side = 1_i64 << self.square_bits;
        // A vertex goes half a grid step at most.
        let step = 1_i64 << self.grid_bits;
        let corner = at.map(|v| i64::from(v) * side);
        let world = |units: i64| (units << self.shift()).clamp(0, i64::from(u32::MAX)) as u32;
        let [west, north] = corner.map(|v| world(v - step));
        let [east, south] = corner.map(|v| world(v + side + step));
        let mut points: Vec<GridPoint> = Vec::new();
        let ours = |p: &GridPoint| p.map(|v| v >> self.square_bits) == at;
        for place in prepared.items_in([west, north, east, south]) {
            let item = &prepared.items()[place];
            if item.form != Form::Polygon || item.from_zoom > self.z {
                continue;
            }
            for (ring, _) in prepared.parts(item) {
                let Some(&last) = ring.last() else { continue };
                let mut before = last;
                for &p in ring {
                    let (a, b) = (before, p);
                    before = p;
                    if a[0].max(b[0]) < west || a[0].min(b[0]) > east || a[1].max(b[1]) < north || a[1].min(b[1]) > south {
                        continue;
                    }
                    points.extend(Some(self.snap(b)).filter(ours));
                    self.seams(a, b, |p| points.extend(Some(p).filter(ours)));
                }
            }
        }
        points.sort_unstable();
        points.dedup();
        points.sort_by_cached_key(|p| self.bucket(*p));
        let mut start = 0;
        let ends = points.chunk_by(|a, b| self.bucket(*a) == self.bucket(*b)).map(|same| {
            let range = (start, start + same.len() as u32);
            start = range.1;
            (self.bucket(same[0]), range)
        });
        let buckets = ends.collect();
        points.shrink_to_fit();
        Square { points, buckets }
    }

    fn bucket(&self, p: GridPoint) -> u64 {
        address(p.map(|v| v >> self.bucket_bits))
    }

    /// Where an edge crosses from tile to tile, on the grid.
    fn seams(&self, a: WorldPoint, b: WorldPoint, mut found: impl FnMut(GridPoint)) {
        let (low, high) = if a <= b { (a, b) } else { (b, a) };
        let shift = self.shift();
        let scale = (1_u64 << shift) as f64;
        let grid = (1_u64 << self.grid_bits) as f64;
        for axis in 0..2 {
            // Most edges stay in their tile.
            let tile = |w: u32| u64::from(w) >> (shift + EXTENT.trailing_zeros());
            if tile(a[axis]) == tile(b[axis]) {
                continue;
            }
            let [from, to] = [low, high].map(|p| p.map(|v| f64::from(v) / scale));
            let (first, last) = (from[axis].min(to[axis]), from[axis].max(to[axis]));
            let extent = f64::from(EXTENT);
            let mut seam = (first / extent).floor() + 1.0;
            while seam * extent < last {
                let at = seam * extent;
                let other = from[1 - axis] + (to[1 - axis] - from[1 - axis]) * ((at - from[axis]) / (to[axis] - from[axis]));
                let mut point = [0; 2];
                point[axis] = at as i32;
                point[1 - axis] = ((other / grid).round() * grid) as i32;
                found(point);
                seam += 1.0;
            }
        }
    }
}

impl<'a> Router<'a> {
    pub(super) fn new(nodes: &'a Nodes, prepared: &'a Prepared) -> Router<'a> {
        Router { nodes, prepared, squares: HashMap::default(), last: None }
    }

    /// The grid points of an open ring, bent through nodes.
    pub(super) fn route(&mut self, ring: &[WorldPoint]) -> Vec<GridPoint> {
        let mut routed = Vec::with_capacity(ring.len() + 4);
        let mut on_the_way = Vec::new();
        for (&a, &b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
            routed.push(self.nodes.snap(a));
            on_the_way.clear();
            // From one end, whichever way the edge runs: the neighbour's is the same.
            if a <= b {
                self.along(a, b, &mut on_the_way);
            } else {
                self.along(b, a, &mut on_the_way);
                on_the_way.reverse();
            }
            routed.extend(on_the_way.iter().map(|(_, p)| *p));
        }
        routed
    }

    fn square(&mut self, at: [i32; 2]) -> &Square {
        let wanted = address(at);
        let known = self.last.take().filter(|(address, _)| *address == wanted);
        let square = known.map_or_else(
            || self.squares.entry(wanted).or_insert_with(|| self.nodes.square(self.prepared, at)).clone(),
            |(_, square)| square,
        );
        &self.last.insert((wanted, square)).1
    }

    /// Nodes whose cell the edge meets, in order from `a`.
    fn along(&mut self, a: WorldPoint, b: WorldPoint, found: &mut Vec<(f64, GridPoint)>) {
        let Nodes { grid_bits, bucket_bits, square_bits, .. } = *self.nodes;
        let (start, end) = (self.nodes.snap(a), self.nodes.snap(b));
        let scale = (1_u64 << self.nodes.shift()) as f64;
        let half = (1_u64 << grid_bits) as f64 / 2.0;
        let [from, to] = [a, b].map(|p| p.map(|v| f64::from(v) / scale));
        let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
        let reach = half * (dx.abs() + dy.abs());
        // Along x, bucket by bucket; in each only the rows that the edge comes to.
        let bucket = |v: f64| (v.max(0.0) as i32) >> bucket_bits;
        let side = (1_i64 << bucket_bits) as f64;
        let (low_y, high_y) = (from[1].min(to[1]) - half, from[1].max(to[1]) + half);
        let columns = from[0].min(to[0]) - half..=from[0].max(to[0]) + half;
        for bx in bucket(*columns.start())..=bucket(*columns.end()) {
            let (mut first, mut last) = (low_y, high_y);
            if dx > side {
                let at = |x: f64| from[1] + dy * ((x - from[0]) / dx);
                let (left, right) = (at(f64::from(bx) * side - half), at((f64::from(bx) + 1.0) * side + half));
                first = first.max(left.min(right) - half);
                last = last.min(left.max(right) + half);
            }
            for by in bucket(first)..=bucket(last.max(first)) {
                let square = self.square([bx, by].map(|v| v >> (square_bits - bucket_bits)));
                let Some(&(begin, stop)) = square.buckets.get(&address([bx, by])) else { continue };
                for &p in &square.points[begin as usize..stop as usize] {
                    let (px, py) = (f64::from(p[0]) - from[0], f64::from(p[1]) - from[1]);
                    let met = (dx * py - dy * px).abs() <= reach
                        && columns.contains(&f64::from(p[0]))
                        && (low_y..=high_y).contains(&f64::from(p[1]));
                    if met && p != start && p != end {
                        found.push((dx * px + dy * py, p));
                    }
                }
            }
        }
        found.sort_by(|p, q| p.0.total_cmp(&q.0).then(p.1.cmp(&q.1)));
    }
}

/// log2 of the side of buckets that hold a few points each, in tile units.
fn bucket_bits(prepared: &Prepared, z: u8) -> u32 {
    let (n_points, [west, north, east, south]) = prepared.spread();
    let unit = (1_u64 << (20 - u32::from(z))) as f64;
    let across = |low: u32, high: u32| f64::from(high.saturating_sub(low)) / unit + 1.0;
    let side = (across(west, east) * across(north, south) / n_points.max(1) as f64 * 2.0).sqrt().max(1.0);
    side.log2().round() as u32
}
