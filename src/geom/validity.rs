//! Is this shape valid as OGC simple features say: closed, simple rings that do not cross or share a line, holes
//! inside their shell and not inside each other, an interior in one piece, polygons that do not overlap.
//!
//! Rings that touch at single points are valid. The direction of rings and exact consecutive repetitions are no faults.

use std::borrow::Cow;
use std::ops::ControlFlow;

use super::measure::signed_area_m2;
use super::rings::{clean, rings_of_polygon};
use super::segments::{Meeting, Place, Segments, orientation};
use super::{Fault, FaultKind};
use crate::model::{Coord, MultiPolygon, Polygon, Ring};

/// More faults than this tell nobody more.
const MAX_FAULTS: usize = 16;

/// The faults of a shape, at most sixteen; empty when it is valid.
pub fn validate(shape: &MultiPolygon) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut rings = Vec::with_capacity(shape.0.len());
    for (polygon, p) in shape.0.iter().enumerate() {
        for (position, ring) in std::iter::once(p.exterior()).chain(p.interiors()).enumerate() {
            if let Some(points) = clean(&ring.0, &mut faults) {
                rings.push(Outline { polygon: polygon as u32, is_shell: position == 0, points });
            }
        }
    }
    if faults.is_empty() {
        faults = faults_of(&rings);
    }
    faults.truncate(MAX_FAULTS);
    faults
}

/// A clean ring and whose it is.
pub(super) struct Outline<'a> {
    pub polygon: u32,
    pub is_shell: bool,
    pub points: Cow<'a, [Coord]>,
}

/// The faults of clean rings, shell before its holes.
pub(super) fn faults_of(outlines: &[Outline]) -> Vec<Fault> {
    let rings: Vec<Cow<[Coord]>> = outlines.iter().map(|o| Cow::Borrowed(o.points.as_ref())).collect();
    let segments = Segments::new(&rings);
    let mut check = Check { outlines, segments: &segments, faults: Vec::new(), touches: Vec::new() };
    // Stopping early is an answer too: enough faults were found.
    let _ = segments.each_meeting(&mut |a, b, met| check.note(a, b, met));
    if check.faults.is_empty() && outlines.len() > 1 {
        check.nesting();
        check.connection();
    }
    check.faults
}

/// The same rings, each hole in the smallest shell that goes around it; a hole without a shell is left out.
/// For shapes whose rings do not cross.
pub(super) fn renest(shape: MultiPolygon) -> MultiPolygon {
    let mut outlines: Vec<Outline> = Vec::new();
    for (polygon, p) in shape.0.iter().enumerate() {
        let rings = rings_of_polygon(p).enumerate();
        outlines.extend(rings.map(|(i, points)| Outline { polygon: polygon as u32, is_shell: i == 0, points: Cow::Borrowed(points) }));
    }
    let rings: Vec<Cow<[Coord]>> = outlines.iter().map(|o| Cow::Borrowed(o.points.as_ref())).collect();
    let segments = Segments::new(&rings);
    let mut check = Check { outlines: &outlines, segments: &segments, faults: Vec::new(), touches: Vec::new() };
    let _ = segments.each_meeting(&mut |a, b, met| {
        if let (Meeting::Touch(at), true) = (met, a.ring != b.ring) {
            check.touches.push(Touch { rings: [a.ring, b.ring], at: bits(at) });
        }
        ControlFlow::Continue(())
    });
    let shared = check.shared_points();
    let size = |ring: u32| signed_area_m2(&outlines[ring as usize].points).abs();
    let mut holes: Vec<Vec<Ring>> = vec![Vec::new(); shape.0.len()];
    for ring in (0..outlines.len() as u32).filter(|&r| !outlines[r as usize].is_shell) {
        let around = segments.rings_around(check.point_off_the_others(ring, &shared));
        let shells = around.into_iter().filter(|&r| outlines[r as usize].is_shell);
        if let Some(shell) = shells.min_by(|&a, &b| size(a).total_cmp(&size(b))) {
            holes[outlines[shell as usize].polygon as usize].push(Ring::new(outlines[ring as usize].points.to_vec()));
        }
    }
    MultiPolygon::new(shape.0.iter().zip(holes).map(|(p, holes)| Polygon::new(p.exterior().clone(), holes)).collect())
}

/// Two rings share a point.
struct Touch {
    rings: [u32; 2],
    at: [u64; 2],
}

/// A coordinate as something that has an order; minus zero is the same place as zero.
fn bits(c: Coord) -> [u64; 2] {
    [(c.x + 0.0).to_bits(), (c.y + 0.0).to_bits()]
}

struct Check<'a> {
    outlines: &'a [Outline<'a>],
    segments: &'a Segments<'a>,
    faults: Vec<Fault>,
    touches: Vec<Touch>,
}

impl Check<'_> {
    fn fault(&mut self, kind: FaultKind, at: Coord) -> ControlFlow<()> {
        self.faults.push(Fault { kind, at: Some(at) });
        if self.faults.len() < MAX_FAULTS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn outline(&self, ring: u32) -> &Outline<'_> {
        &self.outlines[ring as usize]
    }

    fn note(&mut self, a: Place, b: Place, met: Meeting) -> ControlFlow<()> {
        let (oa, ob) = (self.outline(a.ring), self.outline(b.ring));
        let between = match (a.ring == b.ring, oa.polygon == ob.polygon) {
            (true, _) => FaultKind::SelfIntersection,
            (_, true) => FaultKind::RingsIntersect,
            _ => FaultKind::PolygonsOverlap,
        };
        match met {
            Meeting::Apart => ControlFlow::Continue(()),
            Meeting::Cross(at) => self.fault(between, at),
            Meeting::Overlap(at) if between == FaultKind::RingsIntersect && same_ring(&oa.points, &ob.points) => {
                // Every edge of the two overlaps: one fault says it.
                let told = self.faults.iter().any(|f| f.kind == FaultKind::DuplicateRing);
                if told { ControlFlow::Continue(()) } else { self.fault(FaultKind::DuplicateRing, at) }
            }
            Meeting::Overlap(at) => self.fault(between, at),
            Meeting::Touch(at) if a.ring == b.ring => self.fault(between, at),
            Meeting::Touch(at) => {
                if self.passes_through(a, b, at) {
                    return self.fault(between, at);
                }
                self.touches.push(Touch { rings: [a.ring, b.ring], at: bits(at) });
                ControlFlow::Continue(())
            }
        }
    }

    /// Whether two rings that share the point change sides there.
    fn passes_through(&self, a: Place, b: Place, at: Coord) -> bool {
        let [from, to] = self.arms(a, at);
        let [p, q] = self.arms(b, at);
        in_corner(at, from, to, p) != in_corner(at, from, to, q)
    }

    /// The points before and after `at` on its ring, where `at` lies on the segment at `place`.
    fn arms(&self, place: Place, at: Coord) -> [Coord; 2] {
        let [from, to] = self.segments.segment(place);
        let n = self.outline(place.ring).points.len() as u32 - 1;
        if at == from {
            [self.segments.segment(Place { at: (place.at + n - 1) % n, ..place })[0], to]
        } else if at == to {
            [from, self.segments.segment(Place { at: (place.at + 1) % n, ..place })[1]]
        } else {
            [from, to]
        }
    }

    /// Holes inside their shell, no hole in a hole, no polygon in the interior of another.
    fn nesting(&mut self) {
        let shared = self.shared_points();
        for ring in 0..self.outlines.len() as u32 {
            let own = self.outline(ring);
            let at = self.point_off_the_others(ring, &shared);
            let around = self.segments.rings_around(at);
            let (mut in_shell, mut in_sibling) = (false, false);
            // How often each other polygon's rings go around: once is its land, twice one of its holes.
            let mut others: Vec<u32> = Vec::new();
            for &r in around.iter().filter(|&&r| r != ring) {
                let outline = self.outline(r);
                if outline.polygon == own.polygon {
                    in_shell |= outline.is_shell;
                    in_sibling |= !outline.is_shell;
                } else {
                    others.push(outline.polygon);
                }
            }
            let found = if own.is_shell {
                others.sort_unstable();
                let inside_land = others.chunk_by(|a, b| a == b).any(|g| g.len() % 2 == 1);
                inside_land.then_some(FaultKind::PolygonsOverlap)
            } else if !in_shell {
                Some(FaultKind::HoleOutsideShell)
            } else {
                in_sibling.then_some(FaultKind::NestedHoles)
            };
            if let Some(kind) = found
                && self.fault(kind, at).is_break()
            {
                return;
            }
        }
    }

    /// Rings with the points they share with others, in order.
    fn shared_points(&self) -> Vec<(u32, [u64; 2])> {
        let mut shared: Vec<(u32, [u64; 2])> = self.touches.iter().flat_map(|t| t.rings.map(|ring| (ring, t.at))).collect();
        shared.sort_unstable();
        shared
    }

    /// A point of the ring that no other ring shares: a vertex, else the middle of an edge.
    fn point_off_the_others(&self, ring: u32, shared: &[(u32, [u64; 2])]) -> Coord {
        let points = &self.outline(ring).points;
        let middle = Coord { x: (points[0].x + points[1].x) / 2.0, y: (points[0].y + points[1].y) / 2.0 };
        points.iter().copied().find(|&c| shared.binary_search(&(ring, bits(c))).is_err()).unwrap_or(middle)
    }

    /// The interior of a polygon is in one piece when its rings and the points they share form no cycle.
    fn connection(&mut self) {
        let mut links: Vec<(u32, [u64; 2], u32)> = Vec::new();
        for t in &self.touches {
            let polygon = self.outline(t.rings[0]).polygon;
            if polygon == self.outline(t.rings[1]).polygon {
                links.extend(t.rings.map(|ring| (polygon, t.at, ring)));
            }
        }
        links.sort_unstable();
        links.dedup();
        let mut points: Vec<(u32, [u64; 2])> = links.iter().map(|l| (l.0, l.1)).collect();
        points.dedup();
        let n_rings = self.outlines.len();
        let mut parent: Vec<usize> = (0..n_rings + points.len()).collect();
        let mut point = 0;
        for (polygon, at, ring) in links {
            while points[point] != (polygon, at) {
                point += 1;
            }
            let (a, b) = (root(&mut parent, ring as usize), root(&mut parent, n_rings + point));
            if a == b {
                let at = Coord { x: f64::from_bits(at[0]), y: f64::from_bits(at[1]) };
                if self.fault(FaultKind::InteriorNotConnected, at).is_break() {
                    return;
                }
            }
            parent[a] = b;
        }
    }
}

fn root(parent: &mut [usize], mut i: usize) -> usize {
    while parent[i] != i {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    i
}

/// Whether the direction to `p` lies strictly inside the corner that turns counter-clockwise from `from` to `to`.
fn in_corner(at: Coord, from: Coord, to: Coord, p: Coord) -> bool {
    let turn = orientation(at, from, to);
    let after_from = orientation(at, from, p);
    let before_to = orientation(at, p, to);
    if turn > 0.0 {
        after_from > 0.0 && before_to > 0.0
    } else if turn < 0.0 {
        after_from > 0.0 || before_to > 0.0
    } else {
        after_from > 0.0
    }
}

/// Whether two closed rings have the same vertices in the same or the opposite order.
pub(super) fn same_ring(a: &[Coord], b: &[Coord]) -> bool {
    let n = a.len().saturating_sub(1);
    if n + 1 != b.len() || n == 0 {
        return a == b;
    }
    let Some(start) = b.iter().position(|c| *c == a[0]) else { return false };
    (0..n).all(|i| a[i] == b[(start + i) % n]) || (0..n).all(|i| a[i] == b[(start + n - i % n) % n])
}
