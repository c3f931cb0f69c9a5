//! Events: connected land of one group inside one zone, as the layers of one epoch show it.
//!
//! Within a group overlaps count once. Groups are looked at each for itself: where a road is drawn over a built-up area,
//! the land is in an event of both, and sums over groups may count it twice.

use std::borrow::Borrow;
use std::collections::HashSet;

use rayon::prelude::*;

use super::cover::{Cover, Room, Shared};
use crate::geom;
use crate::legend::Rules;
use crate::model::{Epoch, Event, Group, MultiPolygon, Permit, Polygon, Right, Zone};

/// A land-use shape of the epoch, with its code and what the legend says of it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    pub code: &'a str,
    pub group: Group,
    pub shape: &'a MultiPolygon,
}

/// What was found, and what was left out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Detection {
    /// By zone, in the order given, then by group in the order of the rules.
    pub events: Vec<Event>,
    pub n_zones: u64,
    pub n_zones_encroached: u64,
    /// Pieces too small or too narrow to mean anything.
    pub n_slivers: u64,
    pub sliver_area_m2: f64,
    /// Transport too narrow to be more than a field track.
    pub n_tracks: u64,
    pub track_area_m2: f64,
}

/// Events of the rules' groups in every zone. Shapes are valid. Without permits every right is `unknown`.
pub fn detect<Z: Borrow<Zone> + Sync>(
    zones: &[Z],
    land_use: &[Seen],
    permits: Option<&[Permit]>,
    rules: &Rules,
    epoch: Epoch,
) -> Detection {
    let counted: Vec<&Seen> = land_use.iter().filter(|s| rules.groups.contains(&s.group)).collect();
    let cover = Cover::new(counted.iter().map(|s| s.shape).collect());
    let permits = permits.map(Permits::new);
    let ground = Ground { counted, cover, permits, rules, epoch };
    let found: Vec<Found> =
        zones.par_iter().with_min_len(16).map_init(Room::default, |room, zone| ground.in_zone(zone.borrow(), room)).collect();
    let mut detection = Detection { n_zones: zones.len() as u64, ..Detection::default() };
    let mut ids = HashSet::new();
    for found in found {
        detection.n_zones_encroached += u64::from(!found.events.is_empty());
        detection.n_slivers += found.n_slivers;
        detection.sliver_area_m2 += found.sliver_area_m2;
        detection.n_tracks += found.n_tracks;
        detection.track_area_m2 += found.track_area_m2;
        detection.events.extend(found.events.into_iter().map(|mut event| {
            event.id = free_id(&event.id, &mut ids);
            event
        }));
    }
    detection
}

/// What one zone has.
#[derive(Default)]
struct Found {
    events: Vec<Event>,
    n_slivers: u64,
    sliver_area_m2: f64,
    n_tracks: u64,
    track_area_m2: f64,
}

struct Ground<'a> {
    counted: Vec<&'a Seen<'a>>,
    cover: Cover<'a>,
    permits: Option<Permits<'a>>,
    rules: &'a Rules,
    epoch: Epoch,
}

impl Ground<'_> {
    fn in_zone(&self, zone: &Zone, room: &mut Room) -> Found {
        let mut found = Found::default();
        let shared = self.cover.over(&zone.shape, room);
        if shared.is_empty() {
            return found;
        }
        let zone_area_m2 = geom::area_m2(&zone.shape);
        for &group in &self.rules.groups {
            let of_group: Vec<Shared> = shared.iter().copied().filter(|s| self.seen(s.shape).group == group).collect();
            if of_group.is_empty() {
                continue;
            }
            let land = self.land(zone, zone_area_m2, &of_group, room);
            for shape in pieces(land, self.rules.merge_gap_m) {
                self.judge(zone, zone_area_m2, group, shape, &of_group, room, &mut found);
            }
        }
        found
    }

    fn seen(&self, shape: u32) -> &Seen<'_> {
        self.counted[shape as usize]
    }

    fn land(&self, zone: &Zone, zone_area_m2: f64, of_group: &[Shared], room: &mut Room) -> MultiPolygon {
        // One shape that covers the zone to the last digit of its area leaves nothing to cut.
        if of_group.iter().any(|s| s.area_m2 >= zone_area_m2 * (1.0 - 1e-12)) {
            return zone.shape.clone();
        }
        let shapes: Vec<u32> = of_group.iter().map(|s| s.shape).collect();
        self.cover.land(&zone.shape, &shapes, room)
    }

    /// A piece is an event, a sliver or a field track.
    #[expect(clippy::too_many_arguments, reason = "one piece with all that is known where it was found")]
    fn judge(
        &self,
        zone: &Zone,
        zone_area_m2: f64,
        group: Group,
        shape: MultiPolygon,
        of_group: &[Shared],
        room: &mut Room,
        found: &mut Found,
    ) {
        let rules = self.rules;
        let (area_m2, width_m) = (geom::area_m2(&shape), geom::width_m(&shape));
        if area_m2 < rules.sliver_area_m2 || (width_m < rules.sliver_width_m && area_m2 < rules.sliver_narrow_area_m2) {
            found.n_slivers += 1;
            found.sliver_area_m2 += area_m2;
            return;
        }
        if group == Group::Transport && width_m < rules.track_width_m {
            found.n_tracks += 1;
            found.track_area_m2 += area_m2;
            return;
        }
        let right = self.permits.as_ref().map_or(Right::Unknown, |p| p.right_of(&shape, area_m2, rules.permit_cover_share, room));
        found.events.push(Event {
            // Where it is; `detect` makes an id of it.
            id: place(zone, group, self.epoch, &shape),
            zone_id: zone.id.clone(),
            group,
            code: self.main_code(&shape, of_group, room).to_owned(),
            epoch: self.epoch,
            since: None,
            right,
            area_m2,
            share: (area_m2 / zone_area_m2).clamp(0.0, 1.0),
            width_m,
            shape,
        });
    }

    /// The code with the largest part of the piece; of equal ones the first in the alphabet.
    fn main_code(&self, shape: &MultiPolygon, of_group: &[Shared], room: &mut Room) -> &str {
        let first = self.seen(of_group[0].shape).code;
        if of_group.iter().all(|s| self.seen(s.shape).code == first) {
            return first;
        }
        let group = self.seen(of_group[0].shape).group;
        let over = self.cover.over(shape, room);
        let mut parts: Vec<(&str, f64)> = over
            .iter()
            .map(|s| (self.seen(s.shape), s.area_m2))
            .filter(|(seen, _)| seen.group == group)
            .map(|(seen, m2)| (seen.code, m2))
            .collect();
        parts.sort_by(|a, b| a.0.cmp(b.0).then(a.1.total_cmp(&b.1)));
        parts.dedup_by(|next, sum| {
            let same = next.0 == sum.0;
            if same {
                sum.1 += next.1;
            }
            same
        });
        let largest = parts.iter().map(|p| p.1).fold(0.0, f64::max);
        // Equal to the last digits is equal.
        parts.iter().find(|p| p.1 >= largest * (1.0 - 1e-9)).map_or(first, |p| p.0)
    }
}

/// Land on which building is allowed.
struct Permits<'a> {
    rights: Vec<Right>,
    cover: Cover<'a>,
}

impl<'a> Permits<'a> {
    fn new(permits: &'a [Permit]) -> Self {
        Permits { rights: permits.iter().map(|p| p.right).collect(), cover: Cover::new(permits.iter().map(|p| &p.shape).collect()) }
    }

    /// `permitted` when decisions cover the share of the event, `planned` when decisions and plans do.
    fn right_of(&self, shape: &MultiPolygon, area_m2: f64, cover_share: f64, room: &mut Room) -> Right {
        let over = self.cover.over(shape, room);
        let decided: Vec<Shared> = over.iter().copied().filter(|s| self.rights[s.shape as usize] == Right::Permitted).collect();
        for (right, by) in [(Right::Permitted, decided), (Right::Planned, over)] {
            if self.covered_m2(shape, &by, room) >= cover_share * area_m2 * (1.0 - 1e-9) && !by.is_empty() {
                return right;
            }
        }
        Right::Unplanned
    }

    /// Area of the shape that any of the permits covers, overlaps once.
    fn covered_m2(&self, shape: &MultiPolygon, by: &[Shared], room: &mut Room) -> f64 {
        match by {
            [] => 0.0,
            [one] => one.area_m2,
            _ => geom::area_m2(&self.cover.land(shape, &by.iter().map(|s| s.shape).collect::<Vec<_>>(), room)),
        }
    }
}

/// The land as connected pieces; what is nearer than the gap is one.
fn pieces(land: MultiPolygon, gap_m: f64) -> Vec<MultiPolygon> {
    let polygons: Vec<MultiPolygon> = land.0.into_iter().map(|p| MultiPolygon::new(vec![p])).collect();
    if polygons.len() < 2 {
        return polygons;
    }
    let bounds: Vec<[f64; 4]> = polygons.iter().map(|p| geom::bounds(p).unwrap_or([f64::NAN; 4])).collect();
    let mut by_left: Vec<usize> = (0..polygons.len()).collect();
    by_left.sort_by(|&i, &j| bounds[i][0].total_cmp(&bounds[j][0]).then(i.cmp(&j)));
    let mut leader: Vec<usize> = (0..polygons.len()).collect();
    for (n, &i) in by_left.iter().enumerate() {
        for &j in by_left[n + 1..].iter().take_while(|&&j| bounds[j][0] - bounds[i][2] < gap_m) {
            let (a, b) = (leader_of(&leader, i), leader_of(&leader, j));
            let near = a != b
                && geom::box_distance(bounds[i], bounds[j]) < gap_m
                && geom::distance_m(&polygons[i], &polygons[j]).is_some_and(|d| d < gap_m);
            if near {
                leader[a.max(b)] = a.min(b);
            }
        }
    }
    let mut merged: Vec<Vec<Polygon>> = vec![Vec::new(); polygons.len()];
    for (i, polygon) in polygons.into_iter().enumerate() {
        merged[leader_of(&leader, i)].extend(polygon.0);
    }
    merged.into_iter().filter(|m| !m.is_empty()).map(MultiPolygon::new).collect()
}

fn leader_of(leader: &[usize], mut i: usize) -> usize {
    while leader[i] != i {
        i = leader[i];
    }
    i
}

/// What an event is and where: zone, group, epoch, the middle of its bounds to the metre.
fn place(zone: &Zone, group: Group, epoch: Epoch, shape: &MultiPolygon) -> String {
    let [x0, y0, x1, y1] = geom::bounds(shape).unwrap_or_default();
    format!("{}\n{group}\n{epoch}\n{:.0} {:.0}", zone.id, (x0 + x1) / 2.0, (y0 + y1) / 2.0)
}

/// An id from the place, the same in every run. A second event of the same place gets the next.
fn free_id(place: &str, taken: &mut HashSet<String>) -> String {
    let mut n = 0u32;
    loop {
        let text = if n == 0 { place.to_owned() } else { format!("{place}\n{n}") };
        let id = format!("E-{}", base32(blake3::hash(text.as_bytes()).as_bytes()));
        if taken.insert(id.clone()) {
            return id;
        }
        n += 1;
    }
}

/// The first 60 bits in Crockford's alphabet, which has no letters that look like digits.
fn base32(bytes: &[u8; 32]) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let bits = bytes[..8].iter().fold(0u64, |bits, b| bits << 8 | u64::from(*b));
    (0..12).map(|i| char::from(ALPHABET[(bits >> (59 - 5 * i) & 31) as usize])).collect()
}
