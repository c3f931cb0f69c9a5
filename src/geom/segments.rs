//! The segments of many rings: how two of them meet, which lie near each other, which rings go around a point.
//!
//! Few segments are compared one by one; many through a tree of boxes over runs of neighbours.
//! Signs come from exact predicates (Shewchuk 1997), so that a touch is a touch and not nearly a crossing.

use std::borrow::Cow;
use std::ops::ControlFlow;

use super::measure::{box_distance, box_of, box_square, segments_distance, square_to_segment};
use crate::model::Coord;

/// Positive when `c` lies to the left of the line from `a` to `b`, zero when on it: exact.
pub(super) fn orientation(a: Coord, b: Coord, c: Coord) -> f64 {
    let exact = |p: Coord| robust::Coord { x: p.x, y: p.y };
    robust::orient2d(exact(a), exact(b), exact(c))
}

/// How two segments meet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Meeting {
    Apart,
    /// They share this end point of one or both, and nothing else.
    Touch(Coord),
    /// They share more than a point of their lines.
    Overlap(Coord),
    /// Each passes from one side of the other to its other side.
    Cross(Coord),
}

pub(super) fn meeting(p: [Coord; 2], q: [Coord; 2]) -> Meeting {
    if boxes_apart(p, q) {
        return Meeting::Apart;
    }
    let (q0, q1) = (orientation(p[0], p[1], q[0]), orientation(p[0], p[1], q[1]));
    if (q0 > 0.0 && q1 > 0.0) || (q0 < 0.0 && q1 < 0.0) {
        return Meeting::Apart;
    }
    if q0 == 0.0 && q1 == 0.0 {
        return collinear_meeting(p, q);
    }
    let (p0, p1) = (orientation(q[0], q[1], p[0]), orientation(q[0], q[1], p[1]));
    if (p0 > 0.0 && p1 > 0.0) || (p0 < 0.0 && p1 < 0.0) {
        return Meeting::Apart;
    }
    for (sign, end) in [(q0, q[0]), (q1, q[1]), (p0, p[0]), (p1, p[1])] {
        if sign == 0.0 {
            return Meeting::Touch(end);
        }
    }
    let t = p0 / (p0 - p1);
    Meeting::Cross(Coord { x: p[0].x + t * (p[1].x - p[0].x), y: p[0].y + t * (p[1].y - p[0].y) })
}

fn boxes_apart(p: [Coord; 2], q: [Coord; 2]) -> bool {
    p[0].x.max(p[1].x) < q[0].x.min(q[1].x)
        || q[0].x.max(q[1].x) < p[0].x.min(p[1].x)
        || p[0].y.max(p[1].y) < q[0].y.min(q[1].y)
        || q[0].y.max(q[1].y) < p[0].y.min(p[1].y)
}

/// Both on one line, boxes not apart: the inner two of the four ends in order along the line bound what is shared.
fn collinear_meeting(p: [Coord; 2], q: [Coord; 2]) -> Meeting {
    let along = |s: [Coord; 2]| if (s[0].x, s[0].y) <= (s[1].x, s[1].y) { s } else { [s[1], s[0]] };
    let (p, q) = (along(p), along(q));
    let from = if (p[0].x, p[0].y) >= (q[0].x, q[0].y) { p[0] } else { q[0] };
    let to = if (p[1].x, p[1].y) <= (q[1].x, q[1].y) { p[1] } else { q[1] };
    match (from.x, from.y).partial_cmp(&(to.x, to.y)) {
        Some(std::cmp::Ordering::Less) => Meeting::Overlap(from),
        Some(std::cmp::Ordering::Equal) => Meeting::Touch(from),
        _ => Meeting::Apart,
    }
}

/// Which segment: the `at`-th of the `ring`-th ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub ring: u32,
    pub at: u32,
}

type Box4 = [f64; 4];

/// A few consecutive segments of one ring.
struct Run {
    bounds: Box4,
    /// Where its ring begins: the ring goes around no point to the left.
    ring_left: f64,
    ring: u32,
    from: u32,
    to: u32,
}

struct Node {
    bounds: Box4,
    /// Where the first of its runs' rings begins.
    rings_left: f64,
    /// Runs `from..to`; a leaf when there are no children.
    from: u32,
    to: u32,
    children: Option<(u32, u32)>,
}

/// Below this number of segments a tree costs more than it saves.
const MANY_SEGMENTS: usize = 64;
const SEGMENTS_IN_RUN: usize = 8;
const RUNS_IN_LEAF: usize = 4;

/// Closed rings without repeated points.
pub(super) struct Segments<'a> {
    rings: Cow<'a, [Cow<'a, [Coord]>]>,
    runs: Vec<Run>,
    nodes: Vec<Node>,
}

impl<'a> Segments<'a> {
    pub(super) fn new(rings: &'a [Cow<'a, [Coord]>]) -> Self {
        let n_segments: usize = rings.iter().map(|r| r.len().saturating_sub(1)).sum();
        if n_segments < MANY_SEGMENTS {
            return Segments { rings: Cow::Borrowed(rings), runs: Vec::new(), nodes: Vec::new() };
        }
        Segments::with_tree(Cow::Borrowed(rings))
    }

    /// With a tree however few they are; without one only when there are none.
    pub(super) fn with_tree(rings: Cow<'a, [Cow<'a, [Coord]>]>) -> Self {
        let mut segments = Segments { rings, runs: Vec::new(), nodes: Vec::new() };
        for (ring, points) in segments.rings.iter().enumerate() {
            let last = points.len().saturating_sub(1);
            let ring_left = points.iter().fold(f64::INFINITY, |left, c| left.min(c.x));
            for from in (0..last).step_by(SEGMENTS_IN_RUN) {
                let to = (from + SEGMENTS_IN_RUN).min(last);
                let bounds = points[from..=to].iter().fold(EMPTY, |b, c| grow(b, [c.x, c.y, c.x, c.y]));
                segments.runs.push(Run { bounds, ring_left, ring: ring as u32, from: from as u32, to: to as u32 });
            }
        }
        let mut runs = std::mem::take(&mut segments.runs);
        if runs.is_empty() {
            return segments;
        }
        segments.grow_node(&mut runs, 0);
        segments.runs = runs;
        segments
    }

    /// Splits at the median of the longer side, so that the depth is logarithmic whatever the shape.
    fn grow_node(&mut self, runs: &mut [Run], offset: usize) -> u32 {
        let bounds = runs.iter().fold(EMPTY, |b, r| grow(b, r.bounds));
        let rings_left = runs.iter().fold(f64::INFINITY, |left, r| left.min(r.ring_left));
        let id = self.nodes.len();
        self.nodes.push(Node { bounds, rings_left, from: offset as u32, to: (offset + runs.len()) as u32, children: None });
        if runs.len() > RUNS_IN_LEAF {
            let axis = usize::from(bounds[3] - bounds[1] > bounds[2] - bounds[0]);
            let middle = runs.len() / 2;
            runs.select_nth_unstable_by(middle, |a, b| {
                let place = |r: &Run| (r.bounds[axis] + r.bounds[axis + 2], r.ring, r.from);
                let ((x, i, j), (y, k, l)) = (place(a), place(b));
                x.total_cmp(&y).then((i, j).cmp(&(k, l)))
            });
            let (low, high) = runs.split_at_mut(middle);
            let left = self.grow_node(low, offset);
            let right = self.grow_node(high, offset + middle);
            self.nodes[id].children = Some((left, right));
        }
        id as u32
    }

    pub(super) fn first_point(&self) -> Option<Coord> {
        self.rings.first()?.first().copied()
    }

    pub(super) fn segment(&self, place: Place) -> [Coord; 2] {
        let ring = &self.rings[place.ring as usize];
        [ring[place.at as usize], ring[place.at as usize + 1]]
    }

    /// Every pair of segments that do not lie apart, once, except neighbours that only share their vertex.
    pub(super) fn each_meeting(&self, visit: &mut dyn FnMut(Place, Place, Meeting) -> ControlFlow<()>) -> ControlFlow<()> {
        if self.nodes.is_empty() {
            let whole = |(ring, points): (usize, &Cow<[Coord]>)| Run {
                bounds: points.iter().fold(EMPTY, |b, c| grow(b, [c.x, c.y, c.x, c.y])),
                ring_left: f64::NEG_INFINITY,
                ring: ring as u32,
                from: 0,
                to: points.len().saturating_sub(1) as u32,
            };
            // One ring, the usual case, needs no list.
            if let [ring] = &*self.rings {
                return self.meet_inside(&whole((0, ring)), visit);
            }
            let runs: Vec<Run> = self.rings.iter().enumerate().map(whole).collect();
            for (i, a) in runs.iter().enumerate() {
                self.meet_inside(a, visit)?;
                for b in &runs[i + 1..] {
                    self.meet_between(a, b, visit)?;
                }
            }
            return ControlFlow::Continue(());
        }
        self.meet_in_node(0, visit)
    }

    fn meet_in_node(&self, id: u32, visit: &mut dyn FnMut(Place, Place, Meeting) -> ControlFlow<()>) -> ControlFlow<()> {
        let node = &self.nodes[id as usize];
        if let Some((left, right)) = node.children {
            self.meet_in_node(left, visit)?;
            self.meet_in_node(right, visit)?;
            return self.meet_across(left, right, visit);
        }
        let runs = &self.runs[node.from as usize..node.to as usize];
        for (i, a) in runs.iter().enumerate() {
            self.meet_inside(a, visit)?;
            for b in &runs[i + 1..] {
                self.meet_between(a, b, visit)?;
            }
        }
        ControlFlow::Continue(())
    }

    fn meet_across(&self, a: u32, b: u32, visit: &mut dyn FnMut(Place, Place, Meeting) -> ControlFlow<()>) -> ControlFlow<()> {
        let (na, nb) = (&self.nodes[a as usize], &self.nodes[b as usize]);
        if apart(na.bounds, nb.bounds) {
            return ControlFlow::Continue(());
        }
        match (na.children, nb.children) {
            (Some((l, r)), other) if other.is_none() || na.to - na.from >= nb.to - nb.from => {
                self.meet_across(l, b, visit)?;
                self.meet_across(r, b, visit)
            }
            (_, Some((l, r))) => {
                self.meet_across(a, l, visit)?;
                self.meet_across(a, r, visit)
            }
            _ => {
                for x in &self.runs[na.from as usize..na.to as usize] {
                    for y in &self.runs[nb.from as usize..nb.to as usize] {
                        self.meet_between(x, y, visit)?;
                    }
                }
                ControlFlow::Continue(())
            }
        }
    }

    fn meet_inside(&self, run: &Run, visit: &mut dyn FnMut(Place, Place, Meeting) -> ControlFlow<()>) -> ControlFlow<()> {
        for i in run.from..run.to {
            for j in i + 1..run.to {
                self.meet(Place { ring: run.ring, at: i }, Place { ring: run.ring, at: j }, visit)?;
            }
        }
        ControlFlow::Continue(())
    }

    fn meet_between(&self, a: &Run, b: &Run, visit: &mut dyn FnMut(Place, Place, Meeting) -> ControlFlow<()>) -> ControlFlow<()> {
        if apart(a.bounds, b.bounds) {
            return ControlFlow::Continue(());
        }
        for i in a.from..a.to {
            let place = Place { ring: a.ring, at: i };
            let [p, q] = self.segment(place);
            if apart([p.x.min(q.x), p.y.min(q.y), p.x.max(q.x), p.y.max(q.y)], b.bounds) {
                continue;
            }
            for j in b.from..b.to {
                self.meet(place, Place { ring: b.ring, at: j }, visit)?;
            }
        }
        ControlFlow::Continue(())
    }

    fn meet(&self, a: Place, b: Place, visit: &mut dyn FnMut(Place, Place, Meeting) -> ControlFlow<()>) -> ControlFlow<()> {
        match meeting(self.segment(a), self.segment(b)) {
            Meeting::Apart => ControlFlow::Continue(()),
            Meeting::Touch(_) if self.are_neighbours(a, b) => ControlFlow::Continue(()),
            met => visit(a, b, met),
        }
    }

    fn are_neighbours(&self, a: Place, b: Place) -> bool {
        let n = self.rings[a.ring as usize].len() as u32 - 1;
        a.ring == b.ring && ((a.at + 1) % n == b.at || (b.at + 1) % n == a.at)
    }

    /// Whether some segment comes nearer than `gap_m` to one of the others; both have trees.
    pub(super) fn come_nearer(&self, other: &Segments, gap_m: f64) -> bool {
        !self.nodes.is_empty() && !other.nodes.is_empty() && self.nodes_come_nearer(0, other, 0, gap_m)
    }

    fn nodes_come_nearer(&self, a: u32, other: &Segments, b: u32, gap_m: f64) -> bool {
        let (na, nb) = (&self.nodes[a as usize], &other.nodes[b as usize]);
        if box_distance(na.bounds, nb.bounds) >= gap_m {
            return false;
        }
        match (na.children, nb.children) {
            (Some((l, r)), other_children) if other_children.is_none() || na.to - na.from >= nb.to - nb.from => {
                self.nodes_come_nearer(l, other, b, gap_m) || self.nodes_come_nearer(r, other, b, gap_m)
            }
            (_, Some((l, r))) => self.nodes_come_nearer(a, other, l, gap_m) || self.nodes_come_nearer(a, other, r, gap_m),
            _ => {
                let theirs = &other.runs[nb.from as usize..nb.to as usize];
                let mine = &self.runs[na.from as usize..na.to as usize];
                mine.iter().any(|x| theirs.iter().any(|y| self.runs_come_nearer(x, other, y, gap_m)))
            }
        }
    }

    fn runs_come_nearer(&self, x: &Run, other: &Segments, y: &Run, gap_m: f64) -> bool {
        box_distance(x.bounds, y.bounds) < gap_m
            && (x.from..x.to).map(|at| self.segment(Place { ring: x.ring, at })).any(|p| {
                box_distance(box_of(p), y.bounds) < gap_m
                    && (y.from..y.to)
                        .map(|at| other.segment(Place { ring: y.ring, at }))
                        .any(|q| box_distance(box_of(p), box_of(q)) < gap_m && segments_distance(p, q) < gap_m)
            })
    }

    /// The square of the least distance to the others, of segments that do not cross, when it is at most `most`; both have trees.
    pub(super) fn square_within(&self, other: &Segments, most: f64) -> Option<f64> {
        if self.nodes.is_empty() || other.nodes.is_empty() {
            return None;
        }
        let mut best = most.next_up();
        self.nearest_in_nodes(0, other, 0, &mut best);
        (best <= most).then_some(best)
    }

    fn nearest_in_nodes(&self, a: u32, other: &Segments, b: u32, best: &mut f64) {
        let (na, nb) = (&self.nodes[a as usize], &other.nodes[b as usize]);
        if box_square(na.bounds, nb.bounds) >= *best {
            return;
        }
        match (na.children, nb.children) {
            (Some((l, r)), other_children) if other_children.is_none() || na.to - na.from >= nb.to - nb.from => {
                let square = |child: u32| box_square(self.nodes[child as usize].bounds, nb.bounds);
                let (first, second) = if square(l) <= square(r) { (l, r) } else { (r, l) };
                self.nearest_in_nodes(first, other, b, best);
                self.nearest_in_nodes(second, other, b, best);
            }
            (_, Some((l, r))) => {
                let square = |child: u32| box_square(na.bounds, other.nodes[child as usize].bounds);
                let (first, second) = if square(l) <= square(r) { (l, r) } else { (r, l) };
                self.nearest_in_nodes(a, other, first, best);
                self.nearest_in_nodes(a, other, second, best);
            }
            _ => {
                for x in &self.runs[na.from as usize..na.to as usize] {
                    for y in &other.runs[nb.from as usize..nb.to as usize] {
                        if box_square(x.bounds, y.bounds) < *best {
                            nearest(self.points(x), other.points(y), y.bounds, best);
                            nearest(other.points(y), self.points(x), x.bounds, best);
                        }
                    }
                }
            }
        }
    }

    fn points(&self, run: &Run) -> &[Coord] {
        &self.rings[run.ring as usize][run.from as usize..=run.to as usize]
    }

    /// The rings that go around the point, in order: those that a ray to the right leaves an odd number of times.
    pub(super) fn rings_around(&self, at: Coord) -> Vec<u32> {
        let mut crossed = Vec::new();
        if self.nodes.is_empty() {
            for (ring, points) in self.rings.iter().enumerate() {
                crossed.extend(points.windows(2).filter(|w| ray_crosses([w[0], w[1]], at)).map(|_| ring as u32));
            }
        } else {
            let mut open = vec![0u32];
            while let Some(id) = open.pop() {
                let node = &self.nodes[id as usize];
                // A ring that lies wholly to the right is crossed an even number of times: a sieve's other holes need no look.
                if node.rings_left > at.x || node.bounds[2] < at.x || node.bounds[1] > at.y || node.bounds[3] < at.y {
                    continue;
                }
                if let Some((left, right)) = node.children {
                    open.extend([left, right]);
                    continue;
                }
                for run in self.runs[node.from as usize..node.to as usize].iter().filter(|run| run.ring_left <= at.x) {
                    let points = &self.rings[run.ring as usize][run.from as usize..=run.to as usize];
                    crossed.extend(points.windows(2).filter(|w| ray_crosses([w[0], w[1]], at)).map(|_| run.ring));
                }
            }
            crossed.sort_unstable();
        }
        let mut around = Vec::new();
        for group in crossed.chunk_by(|a, b| a == b) {
            if group.len() % 2 == 1 {
                around.extend(group.first());
            }
        }
        around
    }
}

/// Lowers `best` to the square of the least distance from a point to the line within `bounds`.
fn nearest(points: &[Coord], line: &[Coord], bounds: Box4, best: &mut f64) {
    for at in points {
        if box_square([at.x, at.y, at.x, at.y], bounds) < *best {
            *best = line.windows(2).map(|w| square_to_segment(*at, [w[0], w[1]])).fold(*best, f64::min);
        }
    }
}

/// Whether a ray from the point to the right crosses the segment.
pub(super) fn ray_crosses([a, b]: [Coord; 2], at: Coord) -> bool {
    if (a.y > at.y) == (b.y > at.y) || a.x.max(b.x) < at.x {
        return false;
    }
    let (low, high) = if a.y < b.y { (a, b) } else { (b, a) };
    orientation(low, high, at) > 0.0
}

const EMPTY: Box4 = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];

fn grow(a: Box4, b: Box4) -> Box4 {
    [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
}

fn apart(a: Box4, b: Box4) -> bool {
    a[2] < b[0] || b[2] < a[0] || a[3] < b[1] || b[3] < a[1]
}
