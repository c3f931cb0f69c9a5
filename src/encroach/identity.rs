//! The same event in another epoch: by place, through growth, shrinking and redrawing.

use std::collections::HashSet;

use super::cover::MIN_SHARED_M2;
use crate::geom::{self, Piece, SharedArea};
use crate::model::{Change, Epoch, Event, MultiPolygon};

/// A change smaller than this is none: as large as what counts as a sliver.
pub(super) struct Sameness {
    pub share: f64,
    pub change_m2: f64,
}

/// Gives every event found in one zone its id, its first epoch and what changed; what the epoch before shows and this
/// one does not, comes back as gone. `events` come without ids; `fresh` makes one for the n-th event.
pub(super) fn follow(
    events: &mut [Event],
    known: &[&Event],
    epoch: Epoch,
    before: Option<Epoch>,
    sameness: &Sameness,
    fresh: &dyn Fn(&Event, Option<Epoch>) -> String,
) -> Vec<Event> {
    let mut shared = SharedArea::default();
    let shapes: Vec<Vec<Piece>> = events.iter().map(|e| cut(&e.shape)).collect();
    let overlaps: Vec<Overlap> = overlaps(events, &shapes, known, &mut shared);
    let mut ids: Vec<Option<String>> = vec![None; events.len()];
    let mut taken: HashSet<&str> = HashSet::new();
    for tier in tiers(known, epoch) {
        let mut candidates: Vec<&Overlap> =
            overlaps.iter().filter(|o| known[o.known].epoch == tier && o.is_same(events, known, sameness.share)).collect();
        candidates.sort_by(|a, b| b.area_m2.total_cmp(&a.area_m2).then(a.event.cmp(&b.event)).then(a.known.cmp(&b.known)));
        for o in candidates {
            let id = known[o.known].id.as_str();
            if ids[o.event].is_none() && !taken.contains(id) {
                ids[o.event] = Some(id.to_owned());
                taken.insert(id);
            }
        }
    }
    for (i, event) in events.iter_mut().enumerate() {
        let since = first_seen(i, ids[i].as_deref(), event.area_m2, &overlaps, known, epoch, sameness.share);
        event.since = since;
        event.id = ids[i].take().unwrap_or_else(|| fresh(event, since));
        event.change = before.map(|before| change(i, event, &overlaps, known, before, sameness));
    }
    gone(events, &overlaps, known, epoch, before, sameness)
}

/// An event of an earlier epoch, with its bounds.
pub(super) type Before<'k> = ([f64; 4], &'k Event);

/// The known events of epochs before `epoch` and after `after`, the oldest first.
pub(super) fn before<'k>(known: &[&'k Event], epoch: Epoch, after: Option<Epoch>) -> Vec<Before<'k>> {
    let earlier = known.iter().filter(|k| k.epoch < epoch && after.is_none_or(|after| k.epoch > after));
    let mut before: Vec<Before> = earlier.filter_map(|k| Some((geom::bounds(&k.shape)?, *k))).collect();
    before.sort_by_key(|(_, k)| k.epoch);
    before
}

/// The event's land by the epoch that shows it first as lost, the oldest first.
pub(super) fn by_first_seen(event: &Event, before: &[Before]) -> Vec<(Epoch, MultiPolygon)> {
    let Some(bounds) = geom::bounds(&event.shape) else { return Vec::new() };
    let near: Vec<&Event> = before.iter().filter(|(b, _)| geom::box_distance(*b, bounds) == 0.0).map(|(_, k)| *k).collect();
    let mut parts = Vec::new();
    let mut rest = event.shape.clone();
    for of_epoch in near.chunk_by(|a, b| a.epoch == b.epoch) {
        let epoch = of_epoch[0].epoch;
        if of_epoch.iter().any(|k| k.shape == rest) {
            parts.push((epoch, rest));
            return parts;
        }
        let land = geom::union(&of_epoch.iter().map(|k| &k.shape).collect::<Vec<_>>());
        let seen = geom::intersection(&rest, &land);
        if geom::area_m2(&seen) <= MIN_SHARED_M2 {
            continue;
        }
        let later = geom::difference(&rest, &land);
        if geom::area_m2(&later) <= MIN_SHARED_M2 {
            parts.push((epoch, rest));
            return parts;
        }
        parts.push((epoch, seen));
        rest = later;
    }
    parts.push((event.epoch, rest));
    parts
}

/// An event and a known one that share land.
struct Overlap {
    event: usize,
    known: usize,
    area_m2: f64,
}

impl Overlap {
    fn is_same(&self, events: &[Event], known: &[&Event], share: f64) -> bool {
        let (event, known) = (&events[self.event], known[self.known]);
        event.group == known.group && self.area_m2 >= share * event.area_m2.min(known.area_m2)
    }
}

fn cut(shape: &MultiPolygon) -> Vec<Piece<'_>> {
    shape.0.iter().flat_map(geom::halve).collect()
}

fn overlaps(events: &[Event], shapes: &[Vec<Piece>], known: &[&Event], shared: &mut SharedArea) -> Vec<Overlap> {
    let bounds: Vec<Option<[f64; 4]>> = events.iter().map(|e| geom::bounds(&e.shape)).collect();
    let mut all = Vec::new();
    for (k, other) in known.iter().enumerate() {
        let Some(other_bounds) = geom::bounds(&other.shape) else { continue };
        let near = |b: &Option<[f64; 4]>| b.is_some_and(|b| geom::box_distance(b, other_bounds) == 0.0);
        if !bounds.iter().any(near) {
            continue;
        }
        let pieces = cut(&other.shape);
        for (e, _) in bounds.iter().enumerate().filter(|(_, b)| near(b)) {
            let area_m2: f64 = shapes[e].iter().flat_map(|a| pieces.iter().map(move |b| (a, b))).map(|(a, b)| shared.of(a, b)).sum();
            if area_m2 > 0.0 {
                all.push(Overlap { event: e, known: k, area_m2 });
            }
        }
    }
    all
}

/// Epochs to take ids from, the best first: this one (an earlier run), those before from the latest, those after.
fn tiers(known: &[&Event], epoch: Epoch) -> Vec<Epoch> {
    let mut epochs: Vec<Epoch> = known.iter().map(|k| k.epoch).collect();
    epochs.sort_unstable();
    epochs.dedup();
    let (earlier, later): (Vec<Epoch>, Vec<Epoch>) = epochs.into_iter().filter(|e| *e != epoch).partition(|e| *e < epoch);
    std::iter::once(epoch).chain(earlier.into_iter().rev()).chain(later).collect()
}

/// The first epoch that shows the event, or most of its land as a part of a larger one.
fn first_seen(
    event: usize,
    id: Option<&str>,
    area_m2: f64,
    overlaps: &[Overlap],
    known: &[&Event],
    epoch: Epoch,
    share: f64,
) -> Option<Epoch> {
    let earlier = overlaps.iter().filter(|o| o.event == event && known[o.known].epoch < epoch);
    earlier
        .filter(|o| Some(known[o.known].id.as_str()) == id || o.area_m2 >= share * area_m2)
        .map(|o| known[o.known].since.unwrap_or(known[o.known].epoch))
        .min()
}

fn change(i: usize, event: &Event, overlaps: &[Overlap], known: &[&Event], before: Epoch, sameness: &Sameness) -> Change {
    let was = overlaps
        .iter()
        .filter(|o| o.event == i && known[o.known].epoch == before && known[o.known].group == event.group)
        .map(|o| (known[o.known], o.area_m2));
    let earlier: Vec<(&Event, f64)> = was.collect();
    let Some((same, _)) = earlier.iter().find(|(k, _)| k.id == event.id) else {
        // A part of what was larger has shrunk; anything else is new.
        let part_m2: f64 = earlier.iter().map(|(_, m2)| m2).sum();
        return if part_m2 >= sameness.share * event.area_m2 { Change::Shrunk } else { Change::New };
    };
    let noise_m2 = sameness.change_m2.max(2.0 * event.sigma_m2.unwrap_or(0.0).hypot(same.sigma_m2.unwrap_or(0.0)));
    let more_m2 = event.area_m2 - same.area_m2;
    if more_m2.abs() <= noise_m2 {
        Change::Same
    } else if more_m2 > 0.0 {
        Change::Grown
    } else {
        Change::Shrunk
    }
}

/// What the epoch before shows and this one does not: less than the share of it is still in any event.
fn gone(events: &[Event], overlaps: &[Overlap], known: &[&Event], epoch: Epoch, before: Option<Epoch>, sameness: &Sameness) -> Vec<Event> {
    let mut gone = Vec::new();
    for (k, old) in known.iter().enumerate().filter(|(_, k)| Some(k.epoch) == before) {
        let left_m2: f64 = overlaps.iter().filter(|o| o.known == k).map(|o| o.area_m2).sum();
        if left_m2 < sameness.share * old.area_m2 && !events.iter().any(|e| e.id == old.id) {
            gone.push(Event { epoch, change: Some(Change::Gone), ..(*old).clone() });
        }
    }
    gone
}
