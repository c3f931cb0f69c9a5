//! What became what between two epochs, inside each zone: areas of land-use code to land-use code.
//!
//! From the land itself, never from differences of totals: every part of a zone is looked at with what both epochs say
//! of it. Each epoch is made a partition first, so that land is counted once.

use rayon::prelude::*;

use super::cover::{MIN_SHARED_M2, Part, Pieces, Room, cut};
use super::overlay::{Pair, overlay};
use crate::geom::{self, Piece, SharedArea};
use crate::model::MultiPolygon;

/// A land-use shape and its class, by a number that the caller gives. Where shapes overlap, the lower class counts.
#[derive(Debug, Clone, Copy)]
pub struct Used<'a> {
    pub class: u32,
    pub shape: &'a MultiPolygon,
}

/// Land of one zone that was of one class and is of another or the same; none: the epoch does not show it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transition {
    /// Place of the zone.
    pub zone: u32,
    pub from: Option<u32>,
    pub to: Option<u32>,
    pub area_m2: f64,
}

/// By zone, then class. Land that neither epoch shows is not told. Sums over `to` are what `from` covers, and the other way.
pub fn transitions(zones: &[&MultiPolygon], from: &[Used], to: &[Used]) -> Vec<Transition> {
    let (from, to) = (Partition::new(from), Partition::new(to));
    let twins = twins(&from, &to);
    let (from_pairs, to_pairs) = (from.in_zones(zones), to.in_zones(zones));
    let (from_pieces, to_pieces) = (Pieces::new(&from.refs()), Pieces::new(&to.refs()));
    let moved: Vec<Vec<Pair3>> = cut(zones)
        .par_chunks(256)
        .map_init(
            || (Room::default(), SharedArea::default()),
            |(room, shared), pieces| {
                let mut moved = Vec::new();
                for (part, piece) in pieces {
                    moved_in(*part, piece, &from_pieces, &to_pieces, &twins, room, shared, &mut moved);
                }
                moved
            },
        )
        .collect();
    let mut all: Vec<Transition> = Vec::new();
    for pair in &from_pairs {
        if twins[pair.land_use as usize].is_some() {
            let class = Some(from.classes[pair.land_use as usize]);
            all.push(Transition { zone: pair.zone, from: class, to: class, area_m2: pair.area_m2 });
        }
    }
    for (zone, f, t, area_m2) in moved.into_iter().flatten() {
        all.push(Transition { zone, from: Some(from.classes[f as usize]), to: Some(to.classes[t as usize]), area_m2 });
    }
    let mut all = summed(all);
    let unseen = unseen(&all, &from_pairs, &from.classes, &to_pairs, &to.classes);
    all.extend(unseen);
    let mut all = summed(all);
    all.retain(|t| t.area_m2 > MIN_SHARED_M2);
    all
}

/// Zone, shape before, shape after, m².
type Pair3 = (u32, u32, u32, f64);

#[expect(clippy::too_many_arguments, reason = "one piece, what it is asked for, and the buffers")]
fn moved_in(
    part: Part,
    piece: &Piece,
    from: &Pieces,
    to: &Pieces,
    twins: &[Option<u32>],
    room: &mut Room,
    shared: &mut SharedArea,
    moved: &mut Vec<Pair3>,
) {
    let before = from.near(piece.bounds, room);
    if before.iter().all(|(part, _)| twins[part.shape as usize].is_some()) {
        return;
    }
    let after = to.near(piece.bounds, room);
    for (f, a) in before.iter().filter(|(f, _)| twins[f.shape as usize].is_none()) {
        if shared.of(piece, a) == 0.0 {
            continue;
        }
        for (t, b) in &after {
            let area_m2 = shared.of_three(piece, a, b);
            if area_m2 != 0.0 {
                moved.push((part.shape, f.shape, t.shape, area_m2));
            }
        }
    }
}

/// For each shape before, the same shape of the same class after, if there is one: it did not change.
fn twins(from: &Partition, to: &Partition) -> Vec<Option<u32>> {
    let key = |shape: &MultiPolygon| geom::bounds(shape).map(|b| b.map(f64::to_bits));
    let mut by_box = std::collections::HashMap::new();
    for (i, shape) in to.shapes.iter().enumerate() {
        by_box.entry(key(shape)).or_insert(i);
    }
    let twin = |(i, shape): (usize, &std::borrow::Cow<MultiPolygon>)| {
        let j = *by_box.get(&key(shape))?;
        (to.classes[j] == from.classes[i] && to.shapes[j] == *shape).then_some(j as u32)
    };
    from.shapes.iter().enumerate().map(twin).collect()
}

/// Shapes that do not overlap, with their classes.
struct Partition<'a> {
    classes: Vec<u32>,
    shapes: Vec<std::borrow::Cow<'a, MultiPolygon>>,
}

impl<'a> Partition<'a> {
    /// Takes from every shape what one before it, by class and place, covers.
    fn new(used: &[Used<'a>]) -> Self {
        let mut order: Vec<usize> = (0..used.len()).collect();
        order.sort_by_key(|&i| (used[i].class, geom::bounds(used[i].shape).map(|b| b.map(total_order))));
        let shapes: Vec<&MultiPolygon> = order.iter().map(|&i| used[i].shape).collect();
        let mut covering: Vec<Vec<u32>> = vec![Vec::new(); shapes.len()];
        for pair in overlay(&shapes, &shapes) {
            if pair.land_use < pair.zone {
                covering[pair.zone as usize].push(pair.land_use);
            }
        }
        let cut_out = |(i, by): (usize, &Vec<u32>)| match by[..] {
            [] => std::borrow::Cow::Borrowed(shapes[i]),
            _ => {
                let by: Vec<&MultiPolygon> = by.iter().map(|&j| shapes[j as usize]).collect();
                std::borrow::Cow::Owned(geom::difference(shapes[i], &geom::union(&by)))
            }
        };
        Partition {
            classes: order.iter().map(|&i| used[i].class).collect(),
            shapes: covering.par_iter().enumerate().map(cut_out).collect(),
        }
    }

    fn refs(&self) -> Vec<&MultiPolygon> {
        self.shapes.iter().map(|s| &**s).collect()
    }

    fn in_zones(&self, zones: &[&MultiPolygon]) -> Vec<Pair> {
        overlay(zones, &self.refs())
    }
}

/// Numbers in the order of the values.
fn total_order(value: f64) -> i64 {
    let bits = value.to_bits() as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

/// What an epoch covers of a zone beyond what the other epoch says of the same land.
fn unseen(moved: &[Transition], from: &[Pair], from_classes: &[u32], to: &[Pair], to_classes: &[u32]) -> Vec<Transition> {
    let covered = |pairs: &[Pair], classes: &[u32], is_from: bool| {
        let mut rest: Vec<Transition> = pairs.iter().map(|p| side(p.zone, classes[p.land_use as usize], p.area_m2, is_from)).collect();
        rest.extend(moved.iter().filter_map(|t| {
            let class = if is_from { t.from } else { t.to };
            class.map(|class| side(t.zone, class, -t.area_m2, is_from))
        }));
        let mut rest = summed(rest);
        // What rounding leaves of land that both show is nothing.
        rest.retain(|t| t.area_m2 > 1e-4);
        rest
    };
    let mut rest = covered(from, from_classes, true);
    rest.extend(covered(to, to_classes, false));
    rest
}

fn side(zone: u32, class: u32, area_m2: f64, is_from: bool) -> Transition {
    let (from, to) = if is_from { (Some(class), None) } else { (None, Some(class)) };
    Transition { zone, from, to, area_m2 }
}

/// One row for each zone and pair of classes.
fn summed(mut all: Vec<Transition>) -> Vec<Transition> {
    all.sort_by_key(|t| (t.zone, t.from, t.to));
    all.dedup_by(|next, sum| {
        let same = (next.zone, next.from, next.to) == (sum.zone, sum.from, sum.to);
        if same {
            sum.area_m2 += next.area_m2;
        }
        same
    });
    all
}
