//! Do any two borders cross? The check that makes smoothing safe.

use std::collections::BTreeSet;

use super::arcs::{Arc, NO_NODE};
use super::lattice::Point;

const BUCKET_M: f64 = 120.0;

/// Numbers of the arcs of which a copy crosses, touches or runs back over another one or itself
/// elsewhere than in a shared end. Only pairs with a fresh arc are looked at.
pub(super) fn crossing_arcs(arcs: &[Arc], fresh: &[bool]) -> BTreeSet<u32> {
    let mut segments: Vec<(u32, Point, Point)> = Vec::new();
    for (number, arc) in arcs.iter().enumerate() {
        let mut add = |line: &[Point]| segments.extend(line.windows(2).filter(|w| w[0] != w[1]).map(|w| (number as u32, w[0], w[1])));
        add(&arc.left_side);
        if arc.right_side != arc.left_side {
            add(&arc.right_side);
        }
    }
    add_hubs(arcs, &mut segments);
    let low = segments.iter().fold([f64::MAX; 2], |l, s| [l[0].min(s.1[0]).min(s.2[0]), l[1].min(s.1[1]).min(s.2[1])]);
    let high = segments.iter().fold([f64::MIN; 2], |h, s| [h[0].max(s.1[0]).max(s.2[0]), h[1].max(s.1[1]).max(s.2[1])]);
    if segments.is_empty() {
        return BTreeSet::new();
    }
    let slot = |axis: usize, v: f64| ((v - low[axis]) / BUCKET_M) as usize;
    let (nx, ny) = (slot(0, high[0]) + 1, slot(1, high[1]) + 1);
    let buckets_of = |&(_, a, b): &(u32, Point, Point)| {
        let span = |axis: usize| slot(axis, f64::min(a[axis], b[axis]))..=slot(axis, f64::max(a[axis], b[axis]));
        let (columns, rows) = (span(0), span(1));
        rows.flat_map(move |j| columns.clone().map(move |i| j * nx + i))
    };
    // Segments sorted by bucket, by counting.
    let mut starts = vec![0u32; nx * ny + 1];
    segments.iter().for_each(|s| buckets_of(s).for_each(|b| starts[b + 1] += 1));
    for b in 0..nx * ny {
        starts[b + 1] += starts[b];
    }
    let mut filled = starts.clone();
    let mut members = vec![0u32; starts[nx * ny] as usize];
    for (k, segment) in segments.iter().enumerate() {
        for b in buckets_of(segment) {
            members[filled[b] as usize] = k as u32;
            filled[b] += 1;
        }
    }
    let mut crossing = BTreeSet::new();
    for bucket in starts.windows(2) {
        let members = &members[bucket[0] as usize..bucket[1] as usize];
        for (n, &k) in members.iter().enumerate() {
            let (arc_a, a, b) = segments[k as usize];
            for &l in &members[n + 1..] {
                let (arc_b, c, d) = segments[l as usize];
                if (fresh[arc_a as usize] || fresh[arc_b as usize]) && meet(a, b, c, d) {
                    crossing.extend([arc_a, arc_b]);
                }
            }
        }
    }
    crossing
}

/// Where strips end at a node: from the sides' ends to the node. Neighbouring strips share them.
fn add_hubs(arcs: &[Arc], segments: &mut Vec<(u32, Point, Point)>) {
    let mut known = BTreeSet::new();
    for (number, arc) in arcs.iter().enumerate().filter(|(_, a)| a.from != NO_NODE && a.left_side != a.right_side) {
        let ends = |line: &[Point]| [line.first().copied(), line.last().copied()];
        let nodes = ends(&arc.center);
        for (side, node) in [&arc.left_side, &arc.right_side].into_iter().flat_map(|l| ends(l).into_iter().zip(nodes)) {
            if let (Some(side), Some(node)) = (side, node) {
                let bits = [side[0], side[1], node[0], node[1]].map(f64::to_bits);
                if side != node && known.insert(bits) {
                    segments.push((number as u32, side, node));
                }
            }
        }
    }
}

fn turn(a: Point, b: Point, c: Point) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

/// Whether two segments have more in common than one end.
fn meet(a: Point, b: Point, c: Point, d: Point) -> bool {
    for axis in 0..2 {
        if a[axis].max(b[axis]) < c[axis].min(d[axis]) || c[axis].max(d[axis]) < a[axis].min(b[axis]) {
            return false;
        }
    }
    let shared = match () {
        () if a == c => Some((a, b, d)),
        () if a == d => Some((a, b, c)),
        () if b == c => Some((b, a, d)),
        () if b == d => Some((b, a, c)),
        () => None,
    };
    if let Some((p, q, r)) = shared {
        let (u, v) = ([q[0] - p[0], q[1] - p[1]], [r[0] - p[0], r[1] - p[1]]);
        let length = u[0].hypot(u[1]) * v[0].hypot(v[1]);
        return q == r || (turn(p, q, r).abs() <= 1e-6 * length && u[0] * v[0] + u[1] * v[1] > 0.0);
    }
    let (p, q) = (turn(a, b, c), turn(a, b, d));
    let (r, s) = (turn(c, d, a), turn(c, d, b));
    p * q <= 0.0 && r * s <= 0.0
}
