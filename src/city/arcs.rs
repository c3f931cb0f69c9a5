//! Borders of the lattice's areas as smooth arcs, each made once and shared by both sides.
//!
//! An arc that belongs to a line (road, dyke, small river) has a copy on either side at half the
//! line's width, so that land ends where the road begins. All copies that meet in one sector of a
//! node end in the same point, so that neighbours share borders to the last bit.
//! Invariant: no two copies cross, no sliver beside a line is turned over. Smoothing that would do so is taken
//! back arc by arc; the unsmoothed arc (through the middles of cell borders) cannot cross another.

use std::collections::{BTreeMap, BTreeSet};

use super::crossings::crossing_arcs;
use super::curves::{offset, simplified};
use super::lattice::{Lattice, Point, Walls};

/// Of an arc that is a closed loop.
pub(super) const NO_NODE: u32 = u32::MAX;

/// Headings: 0 east, 1 north, 2 west, 3 south.
pub(super) struct Node {
    /// Where the lattice has it, and where it is drawn.
    corner: Point,
    pub at: Point,
    /// By heading: the arc that leaves there, and whether it does so at its start.
    pub arcs: [Option<(u32, bool)>; 4],
}

pub(super) struct Arc {
    pub from: u32,
    pub to: u32,
    pub left: u32,
    pub right: u32,
    /// The line it belongs to; 0 is none.
    pub line: u16,
    /// Heading away from `from`, and away from `to`.
    heading_from: u8,
    heading_to: u8,
    /// Middles of the cell borders, without the nodes; a loop repeats its first point.
    raw: Vec<Point>,
    /// As drawn from node to node.
    pub center: Vec<Point>,
    /// As the land on either side sees it; the same for both when the arc is no line.
    pub left_side: Vec<Point>,
    pub right_side: Vec<Point>,
    /// How much smoothing was taken back: 0 none, 3 all.
    level: u8,
}

pub(super) struct Arcs {
    pub nodes: Vec<Node>,
    pub arcs: Vec<Arc>,
}

const N_ROUNDS: [usize; 4] = [12, 5, 2, 0];
const WIDTH_KEPT: [f64; 4] = [1.0, 0.6, 0.3, 0.0];

impl Arcs {
    /// Traces and smooths all borders. `width_m` is by line number (0: none).
    pub fn trace(lattice: &Lattice, labels: &[u32], walls: &Walls, width_m: &[f64]) -> Arcs {
        let mut arcs = trace(lattice, labels, walls);
        let mut fresh = vec![true; arcs.arcs.len()];
        // Each round takes something back, three times at most per arc; in practice ten rounds do.
        for _ in 0..40 {
            arcs.smooth(lattice.cell_m);
            arcs.widen(width_m);
            let mut crossing = crossing_arcs(&arcs.arcs, &fresh);
            crossing.extend(arcs.turned_over());
            if crossing.is_empty() {
                break;
            }
            fresh = arcs.take_back(&crossing);
        }
        arcs
    }

    /// Pairs of arcs that part a sliver from the rest, where the line along one is wider than the sliver: its edge has
    /// passed the other arc without crossing it, and the sliver is turned over.
    fn turned_over(&self) -> Vec<u32> {
        let mut between: BTreeMap<[u32; 2], Vec<u32>> = BTreeMap::new();
        for (number, arc) in self.arcs.iter().enumerate().filter(|(_, a)| a.from != NO_NODE) {
            between.entry([arc.from.min(arc.to), arc.from.max(arc.to)]).or_default().push(number as u32);
        }
        let mut found = Vec::new();
        for numbers in between.values() {
            for (k, &a) in numbers.iter().enumerate() {
                for &b in &numbers[k + 1..] {
                    // Both labels of the first arc, each with the sliver on the left.
                    let is_over = [true, false].into_iter().any(|forward| {
                        let (label, from) = (self.arcs[a as usize].label(forward), self.arcs[a as usize].start(forward));
                        // Back along the other arc.
                        let back = self.arcs[b as usize].start(true) != from;
                        let areas = |area: &dyn Fn(u32, bool) -> f64| area(a, forward) + area(b, back);
                        self.arcs[b as usize].label(back) == label
                            && areas(&|arc, forward| self.swept_on_the_lattice_m2(arc, forward)) > 0.0
                            && areas(&|arc, forward| self.swept_m2(arc, forward)) < 0.0
                    });
                    found.extend(is_over.then_some([a, b]).into_iter().flatten());
                }
            }
        }
        found
    }

    /// The area between an arc's copy on its left, as one goes, and the origin: around an area these add up to it.
    fn swept_m2(&self, arc: u32, forward: bool) -> f64 {
        let arc = &self.arcs[arc as usize];
        if forward { swept_m2(arc.left_side.iter()) } else { -swept_m2(arc.right_side.iter()) }
    }

    /// The same before anything was smoothed or widened.
    fn swept_on_the_lattice_m2(&self, arc: u32, forward: bool) -> f64 {
        let arc = &self.arcs[arc as usize];
        let [from, to] = [arc.from, arc.to].map(|n| &self.nodes[n as usize].corner);
        let swept_m2 = swept_m2(std::iter::once(from).chain(&arc.raw).chain([to]));
        if forward { swept_m2 } else { -swept_m2 }
    }

    /// Takes back a step of smoothing of the given arcs; marks all whose shape that can change.
    fn take_back(&mut self, crossing: &BTreeSet<u32>) -> Vec<bool> {
        let mut moved = vec![false; self.nodes.len()];
        // An arc without any smoothing is cut short by the lines it ends at: they get narrower then.
        let stuck = crossing.iter().map(|&a| &self.arcs[a as usize]).filter(|a| a.level == 3 && a.from != NO_NODE);
        let around: BTreeSet<u32> =
            stuck.flat_map(|a| [a.from, a.to]).flat_map(|n| self.nodes[n as usize].arcs.iter().flatten().map(|&(a, _)| a)).collect();
        for &arc in crossing.union(&around) {
            let arc = &mut self.arcs[arc as usize];
            arc.level = (arc.level + 1).min(3);
            for node in [arc.from, arc.to].into_iter().filter(|&n| n != NO_NODE) {
                moved[node as usize] = true;
            }
        }
        let touched = |node: u32| node != NO_NODE && moved[node as usize];
        self.arcs.iter().enumerate().map(|(k, a)| touched(a.from) || touched(a.to) || crossing.contains(&(k as u32))).collect()
    }

    /// The node's arcs in the order of their headings.
    fn leaving(&self, node: &Node) -> Vec<(u8, u32, bool)> {
        (0..4u8).filter_map(|h| node.arcs[h as usize].map(|(arc, start)| (h, arc, start))).collect()
    }

    fn smooth(&mut self, cell_m: f64) {
        let mut points: Vec<Vec<Point>> = self.arcs.iter().map(|a| a.raw.clone()).collect();
        let mut places: Vec<Point> = self.nodes.iter().map(|n| n.corner).collect();
        let pairs: Vec<Option<[(u32, bool); 2]>> = self.nodes.iter().map(|n| self.through(n)).collect();
        let limit: Vec<usize> = self
            .nodes
            .iter()
            .map(|n| n.arcs.iter().flatten().map(|&(a, _)| N_ROUNDS[self.arcs[a as usize].level as usize]).min().unwrap_or(0))
            .collect();
        for round in 0..N_ROUNDS[0] {
            let end = |(arc, start): (u32, bool)| {
                let p = &points[arc as usize];
                if start { p[0] } else { p[p.len() - 1] }
            };
            let moved: Vec<Point> = places
                .iter()
                .zip(&pairs)
                .zip(&limit)
                .map(|((&at, pair), &limit)| match pair {
                    Some([a, b]) if round < limit => blend(end(*a), at, end(*b)),
                    _ => at,
                })
                .collect();
            for (arc, line) in self.arcs.iter().zip(&mut points) {
                if round < N_ROUNDS[arc.level as usize] {
                    smooth_once(arc, line, &places);
                }
            }
            places = moved;
        }
        for (arc, mut line) in self.arcs.iter_mut().zip(points) {
            if arc.from != NO_NODE {
                line.insert(0, places[arc.from as usize]);
                line.push(places[arc.to as usize]);
            }
            let tolerance_m = cell_m * if arc.line != 0 { 0.06 } else { 0.16 };
            arc.center = if arc.level < 2 { simplified(&line, tolerance_m) } else { line };
        }
        for (node, place) in self.nodes.iter_mut().zip(places) {
            node.at = place;
        }
    }

    /// The two arcs that run through a node as one: of the same line, else of any line, else those
    /// that face each other; none when nothing tells.
    fn through(&self, node: &Node) -> Option<[(u32, bool); 2]> {
        let leaving = self.leaving(node);
        let mut best: Option<(f64, [(u32, bool); 2])> = None;
        for (k, &(ha, a, sa)) in leaving.iter().enumerate() {
            for &(hb, b, sb) in &leaving[k + 1..] {
                let (la, lb) = (self.arcs[a as usize].line, self.arcs[b as usize].line);
                let kin = if la != 0 && la == lb {
                    4.0
                } else if la != 0 && lb != 0 {
                    2.0
                } else {
                    0.0
                };
                let score = kin + if (hb - ha) == 2 { 1.0 } else { 0.0 };
                if best.is_none_or(|(s, _)| score > s) {
                    best = Some((score, [(a, sa), (b, sb)]));
                }
            }
        }
        best.filter(|&(score, _)| score > 0.0).map(|(_, pair)| pair)
    }

    /// Makes the copies on either side.
    fn widen(&mut self, width_m: &[f64]) {
        let half: Vec<f64> =
            self.arcs.iter().map(|a| width_m.get(a.line as usize).copied().unwrap_or(0.0) / 2.0 * WIDTH_KEPT[a.level as usize]).collect();
        let sectors: Vec<[Point; 4]> = self.nodes.iter().map(|n| self.sector_points(n, &half)).collect();
        let ends: Vec<[[Point; 2]; 2]> = self
            .arcs
            .iter()
            .map(|a| {
                let at = |node: u32, heading: u8| {
                    if node == NO_NODE {
                        return [[0.0; 2]; 2];
                    }
                    let s = &sectors[node as usize];
                    // Sector h lies counter-clockwise of heading h: left of an arc that leaves there.
                    [s[heading as usize], s[(heading as usize + 3) % 4]]
                };
                [at(a.from, a.heading_from), at(a.to, a.heading_to)]
            })
            .collect();
        for ((arc, &half), ends) in self.arcs.iter_mut().zip(&half).zip(&ends) {
            let [[from_left, from_right], [to_right, to_left]] = *ends;
            if arc.from == NO_NODE {
                arc.left_side = offset(&arc.center, half);
                arc.right_side = offset(&arc.center, -half);
            } else if half > 0.0 {
                arc.left_side = between(from_left, offset(&arc.center, half), to_left, &arc.center);
                arc.right_side = between(from_right, offset(&arc.center, -half), to_right, &arc.center);
            } else {
                let (a, b) = (arc.center[0], arc.center[arc.center.len() - 1]);
                arc.left_side = between(from_left, arc.center.clone(), to_left, &arc.center);
                arc.right_side = arc.left_side.clone();
                arc.center = arc.left_side.clone();
                if arc.center[0] != a {
                    arc.center.insert(0, a);
                }
                if arc.center[arc.center.len() - 1] != b {
                    arc.center.push(b);
                }
            }
        }
    }

    /// Where the land in each sector around a node ends, by the heading on its clockwise side.
    /// Sectors between two lines share one point: where the lines' edges meet.
    fn sector_points(&self, node: &Node, half: &[f64]) -> [Point; 4] {
        let lines: Vec<(u8, Point, f64)> = self
            .leaving(node)
            .into_iter()
            .filter(|&(_, arc, _)| half[arc as usize] > 0.0)
            .map(|(h, arc, start)| (h, self.direction(arc, start), half[arc as usize]))
            .collect();
        let mut points = [node.at; 4];
        if lines.len() < 2 {
            return points;
        }
        for (k, &(heading, direction, half_a)) in lines.iter().enumerate() {
            let (next, next_direction, half_b) = lines[(k + 1) % lines.len()];
            let corner = edge_corner(node.at, direction, half_a, next_direction, half_b);
            let mut h = heading;
            while h != next {
                points[h as usize] = corner;
                h = (h + 1) % 4;
            }
        }
        points
    }

    /// The direction in which an arc leaves its node, over its first 40 m or so.
    fn direction(&self, arc: u32, start: bool) -> Point {
        let line = &self.arcs[arc as usize].center;
        let at = |k: usize| if start { line[k] } else { line[line.len() - 1 - k] };
        let origin = at(0);
        let far = (1..line.len()).map(at).find(|p| (p[0] - origin[0]).hypot(p[1] - origin[1]) > 40.0).unwrap_or_else(|| at(line.len() - 1));
        let (dx, dy) = (far[0] - origin[0], far[1] - origin[1]);
        let length = dx.hypot(dy).max(1e-9);
        [dx / length, dy / length]
    }
}

impl Arc {
    /// The label on the left of one who goes forward or back.
    fn label(&self, forward: bool) -> u32 {
        if forward { self.left } else { self.right }
    }

    /// The node from which one goes forward or back.
    fn start(&self, forward: bool) -> u32 {
        if forward { self.from } else { self.to }
    }

    pub fn heading_from(&self) -> u8 {
        self.heading_from
    }

    pub fn heading_to(&self) -> u8 {
        self.heading_to
    }
}

fn swept_m2<'a>(line: impl Iterator<Item = &'a Point> + Clone) -> f64 {
    line.clone().zip(line.skip(1)).map(|(a, b)| (a[0] * b[1] - b[0] * a[1]) / 2.0).sum()
}

fn blend(a: Point, b: Point, c: Point) -> Point {
    [0.25 * a[0] + 0.5 * b[0] + 0.25 * c[0], 0.25 * a[1] + 0.5 * b[1] + 0.25 * c[1]]
}

fn smooth_once(arc: &Arc, line: &mut [Point], places: &[Point]) {
    let n = line.len();
    let (mut before, last, after);
    if arc.from == NO_NODE {
        (before, last, after) = (line[n - 2], n - 1, line[0]);
    } else {
        (before, last, after) = (places[arc.from as usize], n, places[arc.to as usize]);
    }
    let first = line[0];
    for k in 0..last {
        let here = line[k];
        let next = if k + 1 < last {
            line[k + 1]
        } else if arc.from == NO_NODE {
            first
        } else {
            after
        };
        line[k] = blend(before, here, next);
        before = here;
    }
    if arc.from == NO_NODE {
        line[n - 1] = line[0];
    }
}

/// The copy of an arc with its ends in the sectors' points; what lies nearer to a node than that is dropped.
fn between(from: Point, line: Vec<Point>, to: Point, center: &[Point]) -> Vec<Point> {
    let (a, b) = (center[0], center[center.len() - 1]);
    let distance = |p: Point, q: Point| (p[0] - q[0]).hypot(p[1] - q[1]);
    let (clear_a, clear_b) = (distance(from, a) + 1.0, distance(to, b) + 1.0);
    let inner = &line[1..line.len() - 1];
    let kept = inner.iter().copied().filter(|&p| distance(p, a) > clear_a && distance(p, b) > clear_b);
    std::iter::once(from).chain(kept).chain(std::iter::once(to)).collect()
}

/// Where the left edge of one line meets the right edge of the next counter-clockwise.
fn edge_corner(node: Point, a: Point, half_a: f64, b: Point, half_b: f64) -> Point {
    let start_a = [-a[1] * half_a, a[0] * half_a];
    let start_b = [b[1] * half_b, -b[0] * half_b];
    let cross = a[0] * b[1] - a[1] * b[0];
    let middle = [(start_a[0] + start_b[0]) / 2.0, (start_a[1] + start_b[1]) / 2.0];
    let corner = if cross.abs() < 0.2 {
        middle
    } else {
        let t = ((start_b[0] - start_a[0]) * b[1] - (start_b[1] - start_a[1]) * b[0]) / cross;
        [start_a[0] + a[0] * t, start_a[1] + a[1] * t]
    };
    let (length, most) = (corner[0].hypot(corner[1]), 2.5 * half_a.max(half_b));
    let scale = if length > most { most / length } else { 1.0 };
    [node[0] + corner[0] * scale, node[1] + corner[1] * scale]
}

/// The cracks of the lattice: borders between cells of different labels.
struct Cracks<'a> {
    lattice: &'a Lattice,
    labels: &'a [u32],
    walls: &'a Walls,
}

impl Cracks<'_> {
    /// The crack that leaves corner (i, j) in a heading: (left label, right label, line); none when both sides are one.
    fn leaving(&self, i: usize, j: usize, heading: u8) -> Option<(u32, u32, u16)> {
        let nx = self.lattice.nx;
        let cell = j * nx + i;
        let (left, right, line) = match heading {
            0 => (cell, cell - nx, self.walls.north[cell - nx]),
            1 => (cell - 1, cell, self.walls.east[cell - 1]),
            2 => (cell - nx - 1, cell - 1, self.walls.north[cell - nx - 1]),
            _ => (cell - nx, cell - nx - 1, self.walls.east[cell - nx - 1]),
        };
        let (left, right) = (self.labels[left], self.labels[right]);
        // Lines end at the city's edge: outside there is nothing to be parted.
        let line = if left == 0 || right == 0 { 0 } else { line };
        (left != right).then_some((left, right, line))
    }

    fn slot(&self, i: usize, j: usize, heading: u8) -> usize {
        let nx = self.lattice.nx;
        match heading {
            0 => 2 * (j * nx + i),
            1 => 2 * (j * nx + i) + 1,
            2 => 2 * (j * nx + i - 1),
            _ => 2 * ((j - 1) * nx + i) + 1,
        }
    }

    fn is_node(&self, i: usize, j: usize) -> bool {
        let mut lines = (0..4).filter_map(|h| self.leaving(i, j, h)).map(|c| c.2);
        let (first, second) = (lines.next(), lines.next());
        second.is_some() && (lines.next().is_some() || first != second)
    }
}

fn step(i: usize, j: usize, heading: u8) -> (usize, usize) {
    match heading {
        0 => (i + 1, j),
        1 => (i, j + 1),
        2 => (i - 1, j),
        _ => (i, j - 1),
    }
}

fn trace(lattice: &Lattice, labels: &[u32], walls: &Walls) -> Arcs {
    let cracks = Cracks { lattice, labels, walls };
    let mut numbers: std::collections::HashMap<usize, u32> = Default::default();
    let mut nodes: Vec<Node> = Vec::new();
    let mut corners: Vec<(usize, usize)> = Vec::new();
    let mut loop_starts: Vec<(usize, usize, u8)> = Vec::new();
    for j in 1..lattice.ny {
        for i in 1..lattice.nx {
            let cell = j * lattice.nx + i;
            let own = labels[cell];
            if labels[cell - 1] == own && labels[cell - lattice.nx] == own && labels[cell - lattice.nx - 1] == own {
                continue;
            }
            if cracks.is_node(i, j) {
                numbers.insert(j * lattice.nx + i, nodes.len() as u32);
                nodes.push(Node { corner: lattice.corner(i, j), at: lattice.corner(i, j), arcs: [None; 4] });
                corners.push((i, j));
            } else if cracks.leaving(i, j, 0).is_some() {
                loop_starts.push((i, j, 0));
            }
        }
    }
    let mut seen = vec![false; 2 * lattice.n_cells()];
    let mut arcs = Vec::new();
    let starts = corners.iter().flat_map(|&(i, j)| (0..4).map(move |h| (i, j, h))).chain(loop_starts);
    for (i, j, heading) in starts {
        let Some((left, right, line)) = cracks.leaving(i, j, heading) else { continue };
        if seen[cracks.slot(i, j, heading)] {
            continue;
        }
        let from = numbers.get(&(j * lattice.nx + i)).copied();
        let (mut at, mut h) = ((i, j), heading);
        let mut raw = Vec::new();
        let to = loop {
            seen[cracks.slot(at.0, at.1, h)] = true;
            let a = lattice.corner(at.0, at.1);
            at = step(at.0, at.1, h);
            let b = lattice.corner(at.0, at.1);
            raw.push([(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0]);
            if let Some(&node) = numbers.get(&(at.1 * lattice.nx + at.0)) {
                break Some(node);
            }
            if at == (i, j) {
                break None;
            }
            let back = (h + 2) % 4;
            // A corner that is no node has exactly two cracks.
            match (0..4).find(|&n| n != back && cracks.leaving(at.0, at.1, n).is_some()) {
                Some(next) => h = next,
                None => break None,
            }
        };
        let number = arcs.len() as u32;
        let heading_to = (h + 2) % 4;
        if let (Some(from), Some(to)) = (from, to) {
            nodes[from as usize].arcs[heading as usize] = Some((number, true));
            nodes[to as usize].arcs[heading_to as usize] = Some((number, false));
        } else {
            raw.push(raw[0]);
        }
        arcs.push(Arc {
            from: from.unwrap_or(NO_NODE),
            to: to.unwrap_or(NO_NODE),
            left,
            right,
            line,
            heading_from: heading,
            heading_to,
            raw,
            center: Vec::new(),
            left_side: Vec::new(),
            right_side: Vec::new(),
            level: 0,
        });
    }
    Arcs { nodes, arcs }
}
