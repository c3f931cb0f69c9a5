//! Borders on a coarser grid: every vertex goes to its grid point, and an edge that passes through the cell around a
//! grid point where some vertex went is bent through that point (snap rounding, Hobby 1999). What did not cross before
//! does not cross after; a vertex that touched its neighbour's edge still does; shared borders stay shared. Edges get a
//! vertex where they cross from tile to tile, so that tiles meet exactly.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::mvt::{EXTENT, IdHasher};
use super::prepare::WorldPoint;
use super::ring::GridPoint;

/// Grid points that edges are bent through, in tile units from the world's corner.
pub(super) struct Nodes {
    z: u8,
    /// log2 of the grid in tile units.
    grid_bits: u32,
    /// log2 of a bucket's side in tile units.
    bucket_bits: u32,
    /// In order of their buckets.
    points: Vec<GridPoint>,
    /// Where a bucket's points begin and end.
    buckets: HashMap<u64, (u32, u32), BuildHasherDefault<IdHasher>>,
}

impl Nodes {
    /// From the rings of a layer: open, each a slice of points.
    pub(super) fn new<'a>(z: u8, grid_bits: u32, rings: impl Iterator<Item = &'a [WorldPoint]>) -> Nodes {
        let mut nodes = Nodes { z, grid_bits, bucket_bits: 0, points: Vec::new(), buckets: HashMap::default() };
        let mut points: Vec<GridPoint> = Vec::new();
        for ring in rings {
            for (&a, &b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
                points.push(nodes.snap(a));
                nodes.seams(a, b, &mut points);
            }
        }
        points.sort_unstable();
        points.dedup();
        nodes.bucket_bits = bucket_bits(&points, grid_bits);
        points.sort_by_cached_key(|p| nodes.bucket(*p));
        let mut start = 0;
        let ends = points.chunk_by(|a, b| nodes.bucket(*a) == nodes.bucket(*b)).map(|same| {
            let range = (start, start + same.len() as u32);
            start = range.1;
            (nodes.bucket(same[0]), range)
        });
        nodes.buckets = ends.collect();
        nodes.points = points;
        nodes
    }

    fn shift(&self) -> u32 {
        20 - u32::from(self.z)
    }

    /// A world point on the grid, in tile units from the world's corner.
    pub(super) fn snap(&self, p: WorldPoint) -> GridPoint {
        let shift = self.shift() + self.grid_bits;
        p.map(|w| if shift == 0 { w as i32 } else { (((i64::from(w) + (1_i64 << (shift - 1))) >> shift) << self.grid_bits) as i32 })
    }

    fn bucket(&self, p: GridPoint) -> u64 {
        self.bucket_of(p.map(|v| v >> self.bucket_bits))
    }

    fn bucket_of(&self, [x, y]: [i32; 2]) -> u64 {
        (u64::from(x as u32) << 32) | u64::from(y as u32)
    }

    /// Where an edge crosses from tile to tile, on the grid.
    fn seams(&self, a: WorldPoint, b: WorldPoint, found: &mut Vec<GridPoint>) {
        let (low, high) = if a <= b { (a, b) } else { (b, a) };
        let scale = (1_u64 << self.shift()) as f64;
        let grid = (1_u64 << self.grid_bits) as f64;
        for axis in 0..2 {
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
                found.push(point);
                seam += 1.0;
            }
        }
    }

    /// The grid points of an open ring, bent through nodes.
    pub(super) fn route(&self, ring: &[WorldPoint]) -> Vec<GridPoint> {
        let mut routed = Vec::with_capacity(ring.len() + 4);
        let mut on_the_way = Vec::new();
        for (&a, &b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
            routed.push(self.snap(a));
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

    /// Nodes whose cell the edge meets, in order from `a`.
    fn along(&self, a: WorldPoint, b: WorldPoint, found: &mut Vec<(f64, GridPoint)>) {
        let (start, end) = (self.snap(a), self.snap(b));
        let scale = (1_u64 << self.shift()) as f64;
        let half = (1_u64 << self.grid_bits) as f64 / 2.0;
        let [from, to] = [a, b].map(|p| p.map(|v| f64::from(v) / scale));
        let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
        let reach = half * (dx.abs() + dy.abs());
        // Along x, bucket by bucket; in each only the rows that the edge comes to.
        let bucket = |v: f64| (v.max(0.0) as i32) >> self.bucket_bits;
        let side = (1_i64 << self.bucket_bits) as f64;
        let (low_y, high_y) = (from[1].min(to[1]) - half, from[1].max(to[1]) + half);
        for bx in bucket(from[0].min(to[0]) - half)..=bucket(from[0].max(to[0]) + half) {
            let (mut first, mut last) = (low_y, high_y);
            if dx > side {
                let at = |x: f64| from[1] + dy * ((x - from[0]) / dx);
                let (left, right) = (at(f64::from(bx) * side - half), at((f64::from(bx) + 1.0) * side + half));
                first = first.max(left.min(right) - half);
                last = last.min(left.max(right) + half);
            }
            for by in bucket(first)..=bucket(last.max(first)) {
                let Some(&(begin, stop)) = self.buckets.get(&self.bucket_of([bx, by])) else { continue };
                for &p in &self.points[begin as usize..stop as usize] {
                    let (px, py) = (f64::from(p[0]) - from[0], f64::from(p[1]) - from[1]);
                    let met = (dx * py - dy * px).abs() <= reach
                        && (from[0].min(to[0]) - half..=from[0].max(to[0]) + half).contains(&f64::from(p[0]))
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

/// Buckets that hold a few points each.
fn bucket_bits(points: &[GridPoint], grid_bits: u32) -> u32 {
    let (mut low, mut high) = ([i32::MAX; 2], [i32::MIN; 2]);
    for p in points {
        for axis in 0..2 {
            low[axis] = low[axis].min(p[axis]);
            high[axis] = high[axis].max(p[axis]);
        }
    }
    if points.is_empty() {
        return grid_bits;
    }
    let area = (f64::from(high[0]) - f64::from(low[0]) + 1.0) * (f64::from(high[1]) - f64::from(low[1]) + 1.0);
    let side = (area / points.len() as f64 * 2.0).sqrt().max(1.0);
    (side.log2().round() as u32).clamp(grid_bits, 24)
}
