//! The road network: main roads between commune centers, ring roads, small rivers and dykes as lines.
//!
//! A line has a number (its rank: the widest first), a name and a width. Curves only; the lattice
//! decides where exactly they run.

use super::UnitPoint;
use super::curves::{distance_m, hermite, nearest_on_segment, through};
use super::dice::{Dice, noise};
use super::figures::{Figures, RoadFigures};
use super::lattice::Point;
use super::waters::River;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum LineKind {
    Road,
    Stream,
    Dyke,
    Canal,
}

/// A line with a width: number = place in the list + 1.
pub(super) struct Line {
    pub kind: LineKind,
    pub name: String,
    pub width_m: f64,
    pub curves: Vec<Vec<Point>>,
}

/// An edge of the network between two communes, with the named road that takes it.
struct Edge {
    a: usize,
    b: usize,
    road: Option<usize>,
}

/// Streams and roads, in the order in which they are built.
pub(super) fn lines(figures: &Figures, units: &[UnitPoint], rivers: &[River]) -> Vec<Line> {
    let seed = figures.seed;
    let mut lines: Vec<Line> = figures
        .streams
        .iter()
        .enumerate()
        .map(|(k, s)| {
            let points: Vec<Point> = s.points.iter().map(|p| [p[0] * 1000.0, p[1] * 1000.0]).collect();
            let curve = wander(through(&points, 80.0), 260.0, seed ^ (0x900 + k as u64));
            Line { kind: LineKind::Stream, name: s.name.clone(), width_m: s.width_m, curves: vec![curve] }
        })
        .collect();
    let edges = network(figures, units, rivers);
    let mut named: Vec<Vec<Vec<Point>>> = vec![Vec::new(); figures.roads.len()];
    let mut other = Vec::new();
    for (n, edge) in edges.iter().enumerate() {
        let curve = edge_curve(units, &edges, n, seed);
        match edge.road {
            Some(road) => named[road].push(curve),
            None => other.push(curve),
        }
    }
    for (k, (road, mut curves)) in figures.roads.iter().zip(named).enumerate() {
        if let Some(radius_m) = road.ring_m {
            curves.push(ring(figures.center_m, radius_m, seed ^ (0xa00 + k as u64)));
        }
        lines.push(Line { kind: LineKind::Road, name: road.name.clone(), width_m: road.width_m, curves });
    }
    let mut dice = Dice::new(seed, "provincial roads");
    for (k, curve) in other.into_iter().enumerate() {
        let width_m = dice.range(14.0, 24.0).round();
        lines.push(Line { kind: LineKind::Road, name: format!("Đường tỉnh {}", 411 + k), width_m, curves: vec![curve] });
    }
    lines
}

fn ring(center: Point, radius_m: f64, seed: u64) -> Vec<Point> {
    let n = 72;
    let points: Vec<Point> = (0..=n)
        .map(|k| {
            let angle = std::f64::consts::TAU * (k % n) as f64 / n as f64;
            let probe = [angle.cos() * 8000.0, angle.sin() * 8000.0];
            let r = radius_m * (1.0 + 0.16 * noise(seed, probe, 5600.0));
            [center[0] + r * angle.cos(), center[1] + r * angle.sin()]
        })
        .collect();
    through(&points, 60.0)
}

/// Pushes a curve sideways by slow noise; its ends stay.
fn wander(curve: Vec<Point>, amplitude_m: f64, seed: u64) -> Vec<Point> {
    let n = curve.len();
    let mut along = vec![0.0; n];
    for k in 1..n {
        along[k] = along[k - 1] + distance_m(curve[k - 1], curve[k]);
    }
    let total = along.last().copied().unwrap_or(0.0);
    (0..n)
        .map(|k| {
            let (a, b) = (curve[k.saturating_sub(1)], curve[(k + 1).min(n - 1)]);
            let length = distance_m(a, b).max(1e-9);
            let calm = (along[k].min(total - along[k]) / 900.0).clamp(0.0, 1.0);
            let push = calm * amplitude_m * (0.7 * noise(seed, [along[k], 0.0], 2300.0) + 0.3 * noise(seed + 1, [along[k], 50.0], 900.0));
            [curve[k][0] - (b[1] - a[1]) / length * push, curve[k][1] + (b[0] - a[0]) / length * push]
        })
        .collect()
}

/// Gabriel graph of the centers without sharp forks and with few bridges; named roads take shortest paths in it.
fn network(figures: &Figures, units: &[UnitPoint], rivers: &[River]) -> Vec<Edge> {
    let at = |k: usize| [units[k].x, units[k].y];
    let n = units.len();
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for a in 0..n {
        for b in a + 1..n {
            let (p, q) = (at(a), at(b));
            let d = distance_m(p, q);
            let middle = [(p[0] + q[0]) / 2.0, (p[1] + q[1]) / 2.0];
            if d < 16_000.0 && (0..n).all(|c| c == a || c == b || distance_m(at(c), middle) >= d / 2.0) {
                pairs.push((d, a, b));
            }
        }
    }
    pairs.sort_by(|x, y| x.0.total_cmp(&y.0).then((x.1, x.2).cmp(&(y.1, y.2))));
    let mut edges: Vec<Edge> = Vec::new();
    let mut bridges: Vec<Point> = Vec::new();
    for (_, a, b) in pairs {
        let (p, q) = (at(a), at(b));
        let sharp = edges.iter().any(|e| {
            let shared = [(a, b), (b, a)].into_iter().find(|&(s, _)| e.a == s || e.b == s);
            shared.is_some_and(|(s, far)| {
                let other = at(if e.a == s { e.b } else { e.a });
                angle_between(at(s), at(far), other) < 0.7
            })
        });
        let crossed = rivers.iter().flat_map(|r| r.course.windows(2)).find_map(|w| crossing(p, q, w[0], w[1]));
        let through_lake =
            figures.lakes.iter().any(|l| nearest_on_segment([l.at[0] * 1000.0, l.at[1] * 1000.0], p, q, 0.0).distance_m < 0.8 * l.radius_m);
        if sharp || through_lake || crossed.is_some_and(|c| bridges.iter().any(|&b| distance_m(b, c) < 3500.0)) {
            continue;
        }
        bridges.extend(crossed);
        edges.push(Edge { a, b, road: None });
    }
    for (number, road) in figures.roads.iter().enumerate() {
        name_edges(units, &mut edges, number, road);
    }
    edges
}

fn name_edges(units: &[UnitPoint], edges: &mut [Edge], number: usize, road: &RoadFigures) {
    let stops: Vec<usize> = road.via.iter().filter_map(|name| units.iter().position(|u| &u.name == name)).collect();
    for pair in stops.windows(2) {
        for e in shortest_path(units, edges, pair[0], pair[1]) {
            edges[e].road.get_or_insert(number);
        }
    }
}

fn shortest_path(units: &[UnitPoint], edges: &[Edge], from: usize, to: usize) -> Vec<usize> {
    let mut cost = vec![f64::MAX; units.len()];
    let mut via: Vec<Option<usize>> = vec![None; units.len()];
    let mut open = vec![true; units.len()];
    cost[from] = 0.0;
    while let Some(here) = (0..units.len()).filter(|&k| open[k] && cost[k] < f64::MAX).min_by(|&a, &b| cost[a].total_cmp(&cost[b])) {
        open[here] = false;
        for (n, e) in edges.iter().enumerate().filter(|(_, e)| e.a == here || e.b == here) {
            let there = if e.a == here { e.b } else { e.a };
            let next = cost[here] + distance_m([units[e.a].x, units[e.a].y], [units[e.b].x, units[e.b].y]);
            if next < cost[there] {
                (cost[there], via[there]) = (next, Some(n));
            }
        }
    }
    let mut path = Vec::new();
    let mut at = to;
    while let Some(n) = via[at].filter(|_| at != from) {
        path.push(n);
        at = if edges[n].a == at { edges[n].b } else { edges[n].a };
    }
    path
}

/// Angle at `s` between the directions to `p` and `q`, radians.
fn angle_between(s: Point, p: Point, q: Point) -> f64 {
    let (u, v) = ([p[0] - s[0], p[1] - s[1]], [q[0] - s[0], q[1] - s[1]]);
    (u[0] * v[1] - u[1] * v[0]).abs().atan2(u[0] * v[0] + u[1] * v[1])
}

fn crossing(a: Point, b: Point, c: Point, d: Point) -> Option<Point> {
    let (u, v) = ([b[0] - a[0], b[1] - a[1]], [d[0] - c[0], d[1] - c[1]]);
    let cross = u[0] * v[1] - u[1] * v[0];
    let w = [c[0] - a[0], c[1] - a[1]];
    let (t, s) = ((w[0] * v[1] - w[1] * v[0]) / cross, (w[0] * u[1] - w[1] * u[0]) / cross);
    ((0.0..=1.0).contains(&t) && (0.0..=1.0).contains(&s)).then(|| [a[0] + u[0] * t, a[1] + u[1] * t])
}

/// The edge as a curve that goes on smoothly into the edge that faces it at either end.
fn edge_curve(units: &[UnitPoint], edges: &[Edge], n: usize, seed: u64) -> Vec<Point> {
    let edge = &edges[n];
    let at = |k: usize| [units[k].x, units[k].y];
    let (a, b) = (at(edge.a), at(edge.b));
    let length = distance_m(a, b);
    let tangent = |here: usize, there: usize| {
        let best = edges
            .iter()
            .enumerate()
            .filter(|&(m, e)| m != n && (e.a == here || e.b == here))
            .map(|(_, e)| {
                let other = if e.a == here { e.b } else { e.a };
                let same = if e.road.is_some() && e.road == edge.road { 0.6 } else { 0.0 };
                (angle_between(at(here), at(there), at(other)) + same, other)
            })
            .max_by(|x, y| x.0.total_cmp(&y.0));
        match best {
            Some((angle, other)) if angle > 2.2 => {
                let d = [at(there)[0] - at(other)[0], at(there)[1] - at(other)[1]];
                let scale = length / d[0].hypot(d[1]).max(1.0);
                [d[0] * scale, d[1] * scale]
            }
            _ => [at(there)[0] - at(here)[0], at(there)[1] - at(here)[1]],
        }
    };
    let (ta, tb) = (tangent(edge.a, edge.b), tangent(edge.b, edge.a));
    let mut curve = vec![a];
    hermite(&mut curve, a, ta, b, [-tb[0], -tb[1]], 50.0);
    wander(curve, (length * 0.07).min(420.0), seed ^ (0xb00 + n as u64))
}
