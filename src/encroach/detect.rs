//! Events: connected land of one group inside one zone, as the layers of one epoch show it.
//!
//! Within a group overlaps count once. Groups are looked at each for itself: where a road is drawn over a built-up area,
//! the land is in an event of both, and sums over groups may count it twice; what a zone has lost counts it once.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::certainty::{self, Accuracy, Border};
use super::cover::{Cover, Room, Shared};
use super::identity::{self, Sameness};
use super::rights::{self, Built, MAX_EVIDENCE, Permits};
use crate::geom::{self, Outline};
use crate::index::Index;
use crate::legend::Rules;
use crate::model::{Epoch, Event, Evidence, EvidenceKind, Group, MultiPolygon, Permit, Polygon, Right, Zone};

/// A land-use shape of an epoch, with its code and what the legend says of it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    pub id: &'a str,
    pub code: &'a str,
    pub group: Group,
    /// Whether it is farmland, so that leaving it can be a loss.
    pub farm: bool,
    /// When it was observed, as the source has it.
    pub observed: Option<&'a str>,
    pub shape: &'a MultiPolygon,
}

/// What a detection rests on beside the zones.
#[derive(Debug, Clone, Copy)]
pub struct Basis<'a> {
    pub epoch: Epoch,
    /// Name of the land-use layer, for the evidence.
    pub layer: &'a str,
    pub land_use: &'a [Seen<'a>],
    pub earlier: Option<Earlier<'a>>,
    /// None: no layer tells by what right, and rights are `unknown`.
    pub permits: Option<&'a [Permit]>,
    pub rules: &'a Rules,
    pub accuracy: Accuracy,
    /// All epochs of land use, ascending: what the first shows is there from before.
    pub epochs: &'a [Epoch],
}

/// An epoch since which losses count: land that was lost already then does not count again; land that was no farm then
/// is no loss; of land that was not seen then nothing is said.
#[derive(Debug, Clone, Copy)]
pub struct Earlier<'a> {
    pub epoch: Epoch,
    pub land_use: &'a [Seen<'a>],
    /// Whether it shows all that there was, as a raster does: what it leaves out was not seen. Polygons often show built
    /// land alone; of them only a class that is not known was not seen.
    pub shows_all: bool,
    /// Land that was seen, but of which nobody may be told.
    pub withheld: &'a [MultiPolygon],
}

impl<'a> Earlier<'a> {
    /// Polygons, none withheld.
    pub fn new(epoch: Epoch, land_use: &'a [Seen<'a>]) -> Self {
        Earlier { epoch, land_use, shows_all: false, withheld: &[] }
    }
}

impl<'a> Seen<'a> {
    /// A shape of which nothing else is known.
    pub fn new(code: &'a str, group: Group, shape: &'a MultiPolygon) -> Self {
        Seen { id: "", code, group, farm: false, observed: None, shape }
    }
}

impl<'a> Basis<'a> {
    /// One epoch, and nothing else known.
    pub fn new(epoch: Epoch, land_use: &'a [Seen<'a>], rules: &'a Rules) -> Self {
        Basis { epoch, layer: "landuse", land_use, earlier: None, permits: None, rules, accuracy: Accuracy::default(), epochs: &[] }
    }

    /// The latest epoch before one.
    fn before(&self, epoch: Epoch) -> Option<Epoch> {
        self.epochs.iter().copied().filter(|e| *e < epoch).max()
    }
}

/// Events known from other epochs and earlier runs, by zone.
pub type Known<'a> = HashMap<&'a str, Vec<&'a Event>>;

/// What was seen and is no event.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct LeftOut {
    /// Pieces too small or too narrow to mean anything.
    pub n_slivers: u64,
    pub sliver_area_m2: f64,
    /// Transport and water too narrow to be more than a field track or a canal.
    pub n_tracks: u64,
    pub track_area_m2: f64,
    /// Pieces that errors of drawing explain.
    pub n_uncertain: u64,
    pub uncertain_area_m2: f64,
    /// Land that several features of one group cover, beyond the first: counted once.
    pub overlap_area_m2: f64,
    /// Land that only another source of the epoch shows as lost, m².
    pub other_source_area_m2: f64,
    /// Land shown as lost of which the earlier epoch, since which losses count, shows nothing, m².
    #[serde(default)]
    pub not_seen_before_m2: f64,
}

impl LeftOut {
    pub fn add(&mut self, other: &LeftOut) {
        self.n_slivers += other.n_slivers;
        self.sliver_area_m2 += other.sliver_area_m2;
        self.n_tracks += other.n_tracks;
        self.track_area_m2 += other.track_area_m2;
        self.n_uncertain += other.n_uncertain;
        self.uncertain_area_m2 += other.uncertain_area_m2;
        self.overlap_area_m2 += other.overlap_area_m2;
        self.other_source_area_m2 += other.other_source_area_m2;
        self.not_seen_before_m2 += other.not_seen_before_m2;
    }

    /// The other way round: what was added before.
    pub fn take(&mut self, other: &LeftOut) {
        self.n_slivers = self.n_slivers.saturating_sub(other.n_slivers);
        self.sliver_area_m2 -= other.sliver_area_m2;
        self.n_tracks = self.n_tracks.saturating_sub(other.n_tracks);
        self.track_area_m2 -= other.track_area_m2;
        self.n_uncertain = self.n_uncertain.saturating_sub(other.n_uncertain);
        self.uncertain_area_m2 -= other.uncertain_area_m2;
        self.overlap_area_m2 -= other.overlap_area_m2;
        self.other_source_area_m2 -= other.other_source_area_m2;
        self.not_seen_before_m2 -= other.not_seen_before_m2;
    }
}

/// What one zone has.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Finding {
    /// The largest first.
    pub events: Vec<Event>,
    /// What the epoch before shows and this one does not, as it was seen last.
    pub gone: Vec<Event>,
    pub left_out: LeftOut,
    /// Land in any event, m²: events of several groups count once.
    pub lost_m2: f64,
    /// Land of the zone of which the epoch shows nothing, m², as far as its source says so; whoever knows the source fills it in.
    pub not_seen_m2: f64,
}

/// What each zone has, in the order given. Shapes are valid.
pub fn detect<Z: Borrow<Zone> + Sync>(zones: &[Z], basis: &Basis, known: &Known) -> Vec<Finding> {
    let ground = Ground::new(*basis);
    let mut found: Vec<Finding> = zones
        .par_iter()
        .with_min_len(16)
        .map_init(Room::default, |room, zone| {
            let zone = zone.borrow();
            ground.in_zone(zone, known.get(zone.id.as_str()).map_or(&[][..], Vec::as_slice), room)
        })
        .collect();
    let mut taken: HashSet<String> = HashSet::new();
    found.iter_mut().flat_map(|f| &mut f.events).for_each(|event| keep_apart(&mut event.id, &mut taken));
    found
}

/// Another id for an event whose own is taken: zones of one id would give their events the same ids.
pub fn keep_apart(id: &mut String, taken: &mut HashSet<String>) {
    while !taken.insert(id.clone()) {
        *id = id_of(id);
    }
}

/// Less land than this is what rounding leaves.
const ROUNDING_M2: f64 = 1e-3;

struct Ground<'a> {
    basis: Basis<'a>,
    counted: Vec<&'a Seen<'a>>,
    cover: Cover<'a>,
    /// What was lost, or no farm, in the earlier epoch.
    earlier: Option<Cover<'a>>,
    not_seen: Option<NotSeen<'a>>,
    permits: Option<Permits<'a>>,
}

/// Land that an epoch does not show.
struct NotSeen<'a> {
    /// None: all that is not known.
    unmapped: Option<Cover<'a>>,
    known: Cover<'a>,
}

impl<'a> NotSeen<'a> {
    /// None where the epoch says of nothing that it does not show it.
    fn in_epoch(epoch: &Earlier<'a>) -> Option<NotSeen<'a>> {
        let (unmapped, known): (Vec<&Seen>, Vec<&Seen>) = epoch.land_use.iter().partition(|s| s.group == Group::Unmapped);
        if unmapped.is_empty() && !epoch.shows_all {
            return None;
        }
        let unmapped = (!epoch.shows_all).then(|| Cover::new(unmapped.iter().map(|s| s.shape).collect()));
        Some(NotSeen { unmapped, known: Cover::new(known.iter().map(|s| s.shape).chain(epoch.withheld).collect()) })
    }

    /// What of some land is not shown.
    fn of(&self, land: &MultiPolygon, room: &mut Room) -> MultiPolygon {
        let covered = |land: &MultiPolygon, cover: &Cover, room: &mut Room| {
            let shapes: Vec<u32> = cover.over(land, room).iter().map(|s| s.shape).collect();
            if shapes.is_empty() { MultiPolygon::new(Vec::new()) } else { cover.land(land, &shapes, room) }
        };
        let unmapped = self.unmapped.as_ref().map(|cover| covered(land, cover, room));
        let land = unmapped.as_ref().unwrap_or(land);
        if land.0.is_empty() {
            return land.clone();
        }
        geom::difference(land, &covered(land, &self.known, room))
    }
}

impl<'a> Ground<'a> {
    fn new(basis: Basis<'a>) -> Self {
        let counts = |s: &&Seen| basis.rules.groups.contains(&s.group);
        let counted: Vec<&Seen> = basis.land_use.iter().filter(counts).collect();
        let cover = Cover::new(counted.iter().map(|s| s.shape).collect());
        let earlier = basis.earlier.map(|earlier| {
            let lost = earlier.land_use.iter().filter(|s| counts(s) || !(s.farm || s.group == Group::Unmapped));
            Cover::new(lost.map(|s| s.shape).collect())
        });
        let not_seen = basis.earlier.as_ref().and_then(NotSeen::in_epoch);
        Ground { counted, cover, earlier, not_seen, permits: basis.permits.map(Permits::new), basis }
    }

    fn in_zone(&self, zone: &Zone, known: &[&Event], room: &mut Room) -> Finding {
        let mut found = Finding::default();
        let rules = self.basis.rules;
        let shared = self.cover.over(&zone.shape, room);
        if shared.is_empty() && known.is_empty() {
            return found;
        }
        let zone_area_m2 = geom::area_m2(&zone.shape);
        let before = self.earlier.as_ref().map(|cover| (cover, cover.over(&zone.shape, room)));
        for &group in &rules.groups {
            let of_group: Vec<Shared> = shared.iter().copied().filter(|s| self.seen(s.shape).group == group).collect();
            if of_group.is_empty() {
                continue;
            }
            let mut land = self.land(zone, zone_area_m2, &of_group, room);
            let overlap_m2 = of_group.iter().map(|s| s.area_m2).sum::<f64>() - geom::area_m2(&land);
            found.left_out.overlap_area_m2 += if overlap_m2 > ROUNDING_M2 { overlap_m2 } else { 0.0 };
            if let Some((cover, lost)) = before.as_ref().filter(|(_, lost)| !lost.is_empty()) {
                let lost: Vec<u32> = lost.iter().map(|s| s.shape).collect();
                land = geom::difference(&land, &cover.land(&zone.shape, &lost, room));
            }
            if let Some(not_seen) = &self.not_seen {
                let unknown = not_seen.of(&land, room);
                let unknown_m2 = geom::area_m2(&unknown);
                if unknown_m2 > ROUNDING_M2 {
                    found.left_out.not_seen_before_m2 += unknown_m2;
                    land = geom::difference(&land, &unknown);
                }
            }
            let here = Here { zone, zone_area_m2, group, of_group: &of_group, before: before.as_ref() };
            for shape in pieces(land, rules.merge_gap_m) {
                self.judge(&here, shape, room, &mut found);
            }
        }
        self.tell_apart(zone, zone_area_m2, known, &mut found, room);
        found
    }

    fn seen(&self, shape: u32) -> &'a Seen<'a> {
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

    /// A piece is an event, a sliver, a field track or canal, or uncertain.
    fn judge(&self, here: &Here, shape: MultiPolygon, room: &mut Room, found: &mut Finding) {
        let rules = self.basis.rules;
        let (area_m2, width_m) = (geom::area_m2(&shape), geom::width_m(&shape));
        let left_out = &mut found.left_out;
        if rules.is_sliver(area_m2, width_m) {
            left_out.n_slivers += 1;
            left_out.sliver_area_m2 += area_m2;
            return;
        }
        let is_farm_works = match here.group {
            Group::Transport => width_m < rules.track_width_m,
            Group::Water => width_m < rules.canal_width_m,
            _ => false,
        };
        if is_farm_works {
            left_out.n_tracks += 1;
            left_out.track_area_m2 += area_m2;
            return;
        }
        let sure = self.certainty(here, &shape);
        if sure.is_some_and(|(_, probability)| probability < rules.min_probability) {
            left_out.n_uncertain += 1;
            left_out.uncertain_area_m2 += area_m2;
            return;
        }
        let parts = self.parts(here, &shape, area_m2, room);
        found.events.push(Event {
            id: String::new(),
            zone_id: here.zone.id.clone(),
            group: here.group,
            code: self.main_code(&parts).to_owned(),
            epoch: self.basis.epoch,
            since: None,
            change: None,
            right: Right::Unknown,
            severity: rules.severity(&here.zone.kind, area_m2),
            area_m2,
            sigma_m2: sure.map(|(sigma_m2, _)| sigma_m2),
            probability: sure.map(|(_, probability)| probability),
            share: (area_m2 / here.zone_area_m2).clamp(0.0, 1.0),
            width_m,
            n_sources: 1,
            n_agreeing: 1,
            evidence: parts.iter().take(MAX_EVIDENCE).map(|s| self.evidence(s)).collect(),
            shape,
        });
    }

    /// Error of the area, m², and the chance that the piece is real; none when no layer states its accuracy.
    fn certainty(&self, here: &Here, shape: &MultiPolygon) -> Option<(f64, f64)> {
        let accuracy = self.basis.accuracy;
        let bounds = geom::bounds(shape).filter(|_| accuracy.is_stated())?;
        let reach_m = certainty::reach_m(accuracy);
        let zone = Border::near([&here.zone.shape], bounds, reach_m);
        let sigma_m2 = certainty::sigma_m2(shape, &zone, accuracy);
        let probability = match here.before {
            None => certainty::probability(shape, &zone, accuracy),
            Some((cover, lost)) => {
                let explaining = std::iter::once(&here.zone.shape).chain(lost.iter().map(|s| cover.shape(s.shape)));
                certainty::probability(shape, &Border::near(explaining, bounds, reach_m), accuracy)
            }
        };
        Some((sigma_m2, probability))
    }

    /// The features of the group that make up the piece, the largest part first; of equal ones the first code.
    fn parts(&self, here: &Here, shape: &MultiPolygon, area_m2: f64, room: &mut Room) -> Vec<Shared> {
        if let [one] = here.of_group {
            return vec![Shared { area_m2, ..*one }];
        }
        let mut parts = self.cover.over(shape, room);
        parts.retain(|s| self.seen(s.shape).group == here.group);
        let name = |s: &Shared| (self.seen(s.shape).code, self.seen(s.shape).id);
        parts.sort_by(|a, b| b.area_m2.total_cmp(&a.area_m2).then_with(|| name(a).cmp(&name(b))));
        parts
    }

    /// The code with the largest part of the piece; of equal ones the first in the alphabet.
    fn main_code(&self, parts: &[Shared]) -> &'a str {
        let mut sums: Vec<(&str, f64)> = parts.iter().map(|s| (self.seen(s.shape).code, s.area_m2)).collect();
        sums.sort_by(|a, b| a.0.cmp(b.0).then(a.1.total_cmp(&b.1)));
        sums.dedup_by(|next, sum| {
            let same = next.0 == sum.0;
            if same {
                sum.1 += next.1;
            }
            same
        });
        let largest = sums.iter().map(|p| p.1).fold(0.0, f64::max);
        // Equal to the last digits is equal.
        sums.iter().find(|p| p.1 >= largest * (1.0 - 1e-9)).map_or("", |p| p.0)
    }

    fn evidence(&self, part: &Shared) -> Evidence {
        let seen = self.seen(part.shape);
        Evidence {
            kind: EvidenceKind::LandUse,
            layer: self.basis.layer.to_owned(),
            feature: seen.id.to_owned(),
            label: Some(seen.code.to_owned()),
            area_m2: part.area_m2,
            date: seen.observed.map(str::to_owned),
            counts: true,
        }
    }

    /// By what right, and every paper that covers a part of it. `parts`: its land by the epoch in which it appeared.
    fn right_of(&self, event: &Event, parts: &[(Epoch, MultiPolygon)], room: &mut Room) -> (Right, Vec<Evidence>) {
        let Basis { rules, epochs, earlier, .. } = self.basis;
        let built = |parts| {
            let by = main_epoch(parts).unwrap_or(event.epoch);
            Built { after: self.basis.before(by), by }
        };
        let permits = self.permits.as_ref();
        let (right, evidence) =
            permits.map_or((None, Vec::new()), |permits| permits.right_of(&event.shape, event.area_m2, built(parts), rules, room));
        if let Some(right) = right {
            return (right, evidence);
        }
        // What was lost since an epoch was farmland then, whatever the first epoch shows.
        let baseline = epochs.first().filter(|_| epochs.len() > 1 && earlier.is_none());
        let old = parts.first().filter(|(first, _)| Some(first) == baseline);
        let old_m2 = old.map_or(0.0, |(_, land)| geom::area_m2(land));
        if old.is_some() && old_m2 >= rules.permit_cover_share * event.area_m2 * (1.0 - 1e-9) {
            return (Right::Legacy, evidence);
        }
        let Some(permits) = permits else { return (Right::Unknown, evidence) };
        // What the first epoch shows needs no paper; the rest may have one.
        let rest = old.map(|_| geom::union(&parts[1..].iter().map(|(_, land)| land).collect::<Vec<_>>()));
        let right = rest.and_then(|rest| permits.right_of(&rest, geom::area_m2(&rest), built(&parts[1..]), rules, room).0);
        (right.unwrap_or(Right::Unplanned), evidence)
    }

    /// Which event each is, since when, by what right; then what the zone has lost in all.
    fn tell_apart(&self, zone: &Zone, zone_area_m2: f64, known: &[&Event], found: &mut Finding, room: &mut Room) {
        let Basis { rules, epoch, epochs, .. } = self.basis;
        let baseline = epochs.first().filter(|_| epochs.len() > 1);
        let before = self.basis.before(epoch);
        let sameness = Sameness { share: rules.same_event_share, change_m2: rules.sliver_area_m2 };
        let fresh = |event: &Event, since: Option<Epoch>| id_of(&place(zone, event.group, since.unwrap_or(epoch), &event.shape));
        let gone = identity::follow(&mut found.events, known, epoch, before, &sameness, &fresh);
        if self.earlier.is_none() {
            found.gone = gone;
        } else {
            // What is left of an event after the cut says nothing of how it changed as a whole.
            found.events.iter_mut().for_each(|event| event.change = None);
        }
        let before = identity::before(known, epoch, self.basis.earlier.map(|earlier| earlier.epoch));
        for event in &mut found.events {
            event.since = baseline.map(|_| event.since.unwrap_or(epoch));
            let parts = identity::by_first_seen(event, &before);
            let (right, evidence) = self.right_of(event, &parts, room);
            event.right = right;
            event.evidence.extend(evidence);
            event.evidence.truncate(MAX_EVIDENCE);
            event.evidence.shrink_to_fit();
        }
        rights::farm_structures(&mut found.events, &zone.kind, zone_area_m2, rules);
        found.events.sort_by(|a, b| b.area_m2.total_cmp(&a.area_m2).then_with(|| a.id.cmp(&b.id)));
        // A vector of one has room for four.
        found.events.shrink_to_fit();
        found.lost_m2 = lost_m2(&found.events);
    }
}

/// The epoch in which the largest part of some land appeared; of equal parts the first.
fn main_epoch(parts: &[(Epoch, MultiPolygon)]) -> Option<Epoch> {
    let sized = parts.iter().map(|(epoch, land)| (*epoch, geom::area_m2(land)));
    sized.reduce(|most, next| if next.1 > most.1 { next } else { most }).map(|(epoch, _)| epoch)
}

/// One group in one zone.
struct Here<'z> {
    zone: &'z Zone,
    zone_area_m2: f64,
    group: Group,
    of_group: &'z [Shared],
    before: Option<&'z (&'z Cover<'z>, Vec<Shared>)>,
}

/// Land in any of a zone's events, m²: a road drawn over built land is in an event of each, but lost once.
pub fn lost_m2<E: Borrow<Event>>(events: &[E]) -> f64 {
    let events = || events.iter().map(Borrow::borrow);
    let sum_m2 = events().fold(0.0, |sum, e| sum + e.area_m2);
    let group = events().next().map(|e| e.group);
    if events().all(|e| Some(e.group) == group) {
        return sum_m2;
    }
    let shapes: Vec<&MultiPolygon> = events().map(|e| &e.shape).collect();
    sum_m2.min(geom::area_m2(&geom::union(&shapes)))
}

/// The land as connected pieces; what is nearer than the gap is one.
fn pieces(land: MultiPolygon, gap_m: f64) -> Vec<MultiPolygon> {
    let polygons: Vec<MultiPolygon> = land.0.into_iter().map(|p| MultiPolygon::new(vec![p])).collect();
    if polygons.len() < 2 {
        return polygons;
    }
    let bounds: Vec<[f64; 4]> = polygons.iter().map(|p| geom::bounds(p).unwrap_or([f64::NAN; 4])).collect();
    let index = Index::new(bounds.iter().map(|b| Some(*b)));
    // Made for those that have others near.
    let mut outlines: Vec<Option<Outline>> = polygons.iter().map(|_| None).collect();
    let mut leader: Vec<usize> = (0..polygons.len()).collect();
    for (i, [x0, y0, x1, y1]) in bounds.iter().enumerate() {
        for j in index.query_in_order([x0 - gap_m, y0 - gap_m, x1 + gap_m, y1 + gap_m]).into_iter().filter(|j| *j > i) {
            let (a, b) = (leader_of(&leader, i), leader_of(&leader, j));
            if a == b || geom::box_distance(bounds[i], bounds[j]) >= gap_m {
                continue;
            }
            for k in [i, j] {
                outlines[k].get_or_insert_with(|| Outline::new(&polygons[k]));
            }
            let are_near = outlines[i].as_ref().zip(outlines[j].as_ref()).is_some_and(|(a, b)| a.is_nearer_than(b, gap_m));
            if are_near {
                leader[a.max(b)] = a.min(b);
            }
        }
    }
    drop(outlines);
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

/// What an event is and where: zone, group, first epoch, the middle of its bounds to the metre.
fn place(zone: &Zone, group: Group, epoch: Epoch, shape: &MultiPolygon) -> String {
    let [x0, y0, x1, y1] = geom::bounds(shape).unwrap_or_default();
    format!("{}\n{group}\n{epoch}\n{:.0} {:.0}", zone.id, (x0 + x1) / 2.0, (y0 + y1) / 2.0)
}

/// An id from a text, the same in every run.
fn id_of(text: &str) -> String {
    format!("E-{}", base32(blake3::hash(text.as_bytes()).as_bytes()))
}

/// The first 60 bits in Crockford's alphabet, which has no letters that look like digits.
fn base32(bytes: &[u8; 32]) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let bits = bytes[..8].iter().fold(0u64, |bits, b| bits << 8 | u64::from(*b));
    (0..12).map(|i| char::from(ALPHABET[(bits >> (59 - 5 * i) & 31) as usize])).collect()
}
