//! Do any two borders cross? The check that makes smoothing safe.

use std::collections::{BTreeSet, HashMap};

use super::arcs::Arc;
use super::lattice::Point;

const BUCKET_M: f64 = 120.0;

/// Numbers of the arcs of which a copy crosses, touches or runs back over another one or itself
/// elsewhere than in a shared end.
pub(super) fn crossing_arcs(arcs: &[Arc]) -> BTreeSet<u32> {
    let mut segments: Vec<(u32, Point, Point)> = Vec::new();
    for (number, arc) in arcs.iter().enumerate() {
        let mut add = |line: &[Point]| segments.extend(line.windows(2).filter(|w| w[0] != w[1]).map(|w| (number as u32, w[0], w[1])));
        add(&arc.left_side);
        if arc.right_side != arc.left_side {
            add(&arc.right_side);
        }
    }
    let mut buckets: HashMap<(i64, i64), Vec<u32>> = HashMap::new();
    for (k, &(_, a, b)) in segments.iter().enumerate() {
        let span = |axis: usize| {
            let low = (a[axis].min(b[axis]) / BUCKET_M).floor() as i64;
            low..=(a[axis].max(b[axis]) / BUCKET_M).floor() as i64
        };
        for i in span(0) {
            for j in span(1) {
                buckets.entry((i, j)).or_default().push(k as u32);
            }
        }
    }
    // The order of buckets does not matter: the result is a set.
    let mut crossing = BTreeSet::new();
    for members in buckets.values() {
        for (n, &k) in members.iter().enumerate() {
            let (arc_a, a, b) = segments[k as usize];
            for &l in &members[n + 1..] {
                let (arc_b, c, d) = segments[l as usize];
                if meet(a, b, c, d) {
                    crossing.extend([arc_a, arc_b]);
                }
            }
        }
    }
    crossing
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
