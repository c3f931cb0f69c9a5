//! Rings from arcs: the shapes of groups of areas, with holes, sharing every vertex with neighbours.

use std::collections::HashMap;

use super::arcs::{Arc, Arcs, NO_NODE};
use super::lattice::Point;
use crate::geom;
use crate::model::{Coord, MultiPolygon, Polygon, Ring};

/// Which copy of an arc a shape ends at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// The near side of roads and rivers: land.
    Side,
    /// The middle of them: administrative borders.
    Center,
}

/// The shapes of groups 1, 2 … (index 0 stays empty). `group_of` is by label; 0 belongs to none.
pub(super) fn shapes(arcs: &Arcs, group_of: &[u32], n_groups: usize, edge: Edge) -> Vec<MultiPolygon> {
    let mut rings: Vec<Vec<Ring>> = vec![Vec::new(); n_groups + 1];
    let group = |label: u32| group_of[label as usize];
    let mut done = vec![[false; 2]; arcs.arcs.len()];
    for start in 0..arcs.arcs.len() {
        for forward in [true, false] {
            let arc = &arcs.arcs[start];
            let own = group(if forward { arc.left } else { arc.right });
            let other = group(if forward { arc.right } else { arc.left });
            if own == 0 || !parts(arc, own, other, edge) || done[start][usize::from(forward)] {
                continue;
            }
            let points = walk(arcs, &group, &mut done, start as u32, forward, own, edge);
            if let Some(ring) = closed_ring(points) {
                rings[own as usize].push(ring);
            }
        }
    }
    rings.into_iter().map(assemble).collect()
}

/// Whether an arc is a border of the group on one side: another group lies beyond, or a road between.
fn parts(arc: &Arc, own: u32, other: u32, edge: Edge) -> bool {
    own != other || (edge == Edge::Side && arc.left_side != arc.right_side)
}

fn copy_of(arcs: &Arcs, arc: u32, forward: bool, edge: Edge) -> &[Point] {
    let arc = &arcs.arcs[arc as usize];
    match (edge, forward) {
        (Edge::Center, _) => &arc.center,
        (Edge::Side, true) => &arc.left_side,
        (Edge::Side, false) => &arc.right_side,
    }
}

/// Goes round with the group on the left until the start comes back.
fn walk(
    arcs: &Arcs,
    group: &impl Fn(u32) -> u32,
    done: &mut [[bool; 2]],
    start: u32,
    start_forward: bool,
    own: u32,
    edge: Edge,
) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    let (mut arc, mut forward) = (start, start_forward);
    loop {
        done[arc as usize][usize::from(forward)] = true;
        let copy = copy_of(arcs, arc, forward, edge);
        let mut push = |p: Point| {
            if points.last() != Some(&p) {
                points.push(p);
            }
        };
        if forward {
            copy.iter().copied().for_each(&mut push)
        } else {
            copy.iter().rev().copied().for_each(&mut push)
        }
        let a = &arcs.arcs[arc as usize];
        let (node, back) = if forward { (a.to, a.heading_to()) } else { (a.from, a.heading_from()) };
        if node == NO_NODE {
            return points;
        }
        let end = points[points.len() - 1];
        let node = &arcs.nodes[node as usize];
        let mut next: Option<(u32, bool)> = None;
        // From the sharpest right turn to the left, so that a group that meets itself in a corner gets
        // a shell and a hole rather than one ring that touches itself; but a road may not be jumped.
        // Where a road ends inside the group, the last turn leads back along its other side.
        for turn in [1u8, 2, 3, 4] {
            let Some((candidate, leaves_at_start)) = node.arcs[((back + turn) % 4) as usize] else { continue };
            let c = &arcs.arcs[candidate as usize];
            let (left, right) = if leaves_at_start { (c.left, c.right) } else { (c.right, c.left) };
            if group(left) != own
                || !parts(c, own, group(right), edge)
                || (done[candidate as usize][usize::from(leaves_at_start)] && (candidate, leaves_at_start) != (start, start_forward))
            {
                continue;
            }
            let copy = copy_of(arcs, candidate, leaves_at_start, edge);
            let begin = if leaves_at_start { copy[0] } else { copy[copy.len() - 1] };
            if begin == end || next.is_none() {
                let settled = begin == end;
                next = Some((candidate, leaves_at_start));
                if settled {
                    break;
                }
            }
        }
        match next {
            Some(step) => (arc, forward) = step,
            None => return points,
        }
        if arc == start && forward == start_forward {
            return points;
        }
    }
}

fn closed_ring(mut points: Vec<Point>) -> Option<Ring> {
    while points.len() > 1 && points[0] == points[points.len() - 1] {
        points.pop();
    }
    // A spike goes out and straight back.
    let mut k = 0;
    while points.len() > 3 && k < points.len() {
        let n = points.len();
        if points[(k + n - 1) % n] == points[(k + 1) % n] {
            let after = (k + 1) % n;
            let (high, low) = (k.max(after), k.min(after));
            points.remove(high);
            points.remove(low);
            k = k.saturating_sub(2);
        } else {
            k += 1;
        }
    }
    if points.len() < 3 {
        return None;
    }
    points.push(points[0]);
    Some(Ring::new(points.into_iter().map(|[x, y]| Coord { x, y }).collect()))
}

/// Shells (counter-clockwise) with the holes that lie in them.
fn assemble(rings: Vec<Ring>) -> MultiPolygon {
    let (shells, holes): (Vec<Ring>, Vec<Ring>) =
        rings.into_iter().filter(|r| geom::ring_signed_area_m2(r).abs() > 1.0).partition(|r| geom::ring_signed_area_m2(r) > 0.0);
    let mut polygons: Vec<Polygon> = shells.into_iter().map(|s| Polygon::new(s, Vec::new())).collect();
    let mut by_shell: HashMap<usize, Vec<Ring>> = HashMap::new();
    for hole in holes {
        // A loop that smoothing turned over lies outside every shell: it is no hole.
        if let Some(owner) = owner(&polygons, &hole) {
            by_shell.entry(owner).or_default().push(hole);
        }
    }
    for (shell, polygon) in polygons.iter_mut().enumerate() {
        for hole in by_shell.remove(&shell).unwrap_or_default() {
            polygon.interiors_push(hole);
        }
    }
    MultiPolygon::new(polygons)
}

/// The smallest shell that holds the middle of the hole's first edge or a vertex near it.
fn owner(polygons: &[Polygon], hole: &Ring) -> Option<usize> {
    let at = Coord { x: (hole.0[0].x + hole.0[1].x) / 2.0, y: (hole.0[0].y + hole.0[1].y) / 2.0 };
    let holds = |p: &Polygon| geom::contains(&MultiPolygon::new(vec![Polygon::new(p.exterior().clone(), Vec::new())]), at);
    let area = |p: &Polygon| geom::ring_signed_area_m2(p.exterior());
    (0..polygons.len()).filter(|&k| holds(&polygons[k])).min_by(|&a, &b| area(&polygons[a]).total_cmp(&area(&polygons[b])))
}

/// The strips between the two sides of lines, one per arc: (arc number, shape).
pub(super) fn strips(arcs: &Arcs) -> Vec<(u32, MultiPolygon)> {
    let mut strips = Vec::new();
    for (number, arc) in arcs.arcs.iter().enumerate() {
        if arc.left_side == arc.right_side {
            continue;
        }
        let mut points: Vec<Point> = Vec::new();
        points.extend(arc.right_side.iter());
        if arc.from == NO_NODE {
            let outer = closed_ring(arc.right_side.clone());
            let inner = closed_ring(arc.left_side.clone());
            if let (Some(outer), Some(inner)) = (outer, inner) {
                let (a, b) = (geom::ring_signed_area_m2(&outer).abs(), geom::ring_signed_area_m2(&inner).abs());
                let (shell, hole) = if a > b { (outer, inner) } else { (inner, outer) };
                strips.push((number as u32, MultiPolygon::new(vec![Polygon::new(shell, vec![hole])])));
            }
            continue;
        }
        points.push(arcs.nodes[arc.to as usize].at);
        points.extend(arc.left_side.iter().rev());
        points.push(arcs.nodes[arc.from as usize].at);
        points.dedup();
        if let Some(ring) = closed_ring(points) {
            strips.push((number as u32, MultiPolygon::new(vec![Polygon::new(ring, Vec::new())])));
        }
    }
    strips
}
