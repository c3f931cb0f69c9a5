//! The search box: units, zones, codes and who is behind zones of which a text answers what was typed; with typing mistakes where nothing else does.

use rayon::prelude::*;

use serde_json::{Value, json};

use super::EngineError;
use super::figures::rounded_m2;
use super::partners::{PartnerHit, PartnerWords};
use super::snapshot::{Snapshot, UnitView, Zones};
use crate::legend::Words;
use crate::model::{Coord, Unit};

/// The texts of every unit and zone, taken apart once per snapshot of them.
#[derive(Debug)]
pub(super) struct Searchable {
    units: Vec<PlaceWords>,
    zones: Vec<PlaceWords>,
}

/// What a unit or a zone is found by: what it is called; and what a unit was called or made of, who a zone's papers say is behind it.
#[derive(Debug)]
struct PlaceWords {
    own: Vec<Words>,
    behind: Vec<Words>,
}

impl PlaceWords {
    fn all(&self) -> impl Iterator<Item = &Words> + Clone {
        self.own.iter().chain(&self.behind)
    }
}

impl UnitView {
    /// The first of its former names that was typed, or meant, where the unit's own name was not.
    fn former_name(&self, typed: &Words, is_guess: bool) -> Option<&str> {
        let Unit { name, full_name, code, .. } = &self.unit;
        let own = [Some(name.as_str()), full_name.as_deref(), Some(code.as_str())];
        let n_mistakes = |text: &str| match is_guess {
            false => typed.found_in(&Words::new(text)).then_some(0),
            true => typed.mistakes_in(&Words::new(text)),
        };
        let of_own = own.into_iter().flatten().filter_map(n_mistakes).min();
        let (n, name) = self.former_names.iter().filter_map(|name| Some((n_mistakes(name)?, name))).min_by_key(|(n, _)| *n)?;
        of_own.is_none_or(|of_own| n < of_own).then_some(name)
    }
}

impl Searchable {
    pub(super) fn new(units: &[UnitView], zones: &Zones) -> Searchable {
        let words = |texts: &[Option<&str>]| texts.iter().flatten().map(|t| Words::new(t)).collect();
        Searchable {
            units: units
                .iter()
                .map(|u| {
                    let own = words(&[Some(u.unit.name.as_str()), u.unit.full_name.as_deref(), Some(&u.unit.code)]);
                    PlaceWords { own, behind: u.former_names.iter().map(|name| Words::new(name)).collect() }
                })
                .collect(),
            zones: zones
                .list
                .iter()
                .map(|z| PlaceWords {
                    own: words(&[z.zone.name.as_deref(), z.zone.code.as_deref(), Some(&z.zone.id)]),
                    behind: words(&[z.zone.cooperative.as_deref(), z.zone.linkage.as_deref(), z.zone.products.as_deref()]),
                })
                .collect(),
        }
    }
}

impl Searchable {
    /// Whether a zone answers what was typed: one of its texts holds the words.
    pub(super) fn answers(&self, zone: usize, typed: &Words) -> bool {
        self.zones.get(zone).is_some_and(|texts| texts.all().any(|text| typed.found_in(text)))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hit {
    Unit(usize),
    Zone(usize),
    /// A code of the register: its place among the entries.
    Code(usize),
    Partner(PartnerHit),
}

impl Snapshot {
    /// `GET /api/v1/search`: the best first; what is named exactly before what only holds the words, units before zones, places before partners.
    pub fn search(&self, query: &str, limit: usize) -> Result<Value, EngineError> {
        let typed = Words::new(query);
        let mut hits: Vec<(u8, usize, Hit)> = Vec::new();
        let has_letters = query.chars().any(char::is_alphanumeric);
        if has_letters {
            let searchable = self.searchable();
            let best =
                |texts: &[Words], of: [u8; 2]| texts.iter().filter_map(|text| rank(&typed, text)).min().map(|at| of[usize::from(at)]);
            let n_words = |texts: &[Words]| texts.first().map_or(0, Words::n_words);
            for (i, PlaceWords { own, behind }) in searchable.units.iter().enumerate() {
                let found = [best(own, [NAMED, HOLDS]), best(behind, [HOLDS, BEHIND])].into_iter().flatten().min();
                hits.extend(found.map(|rank| (rank, n_words(own), Hit::Unit(i))));
            }
            for (i, PlaceWords { own, behind }) in searchable.zones.iter().enumerate() {
                let found = [best(own, [NAMED, HOLDS]), best(behind, [BEHIND, BEHIND])].into_iter().flatten().min();
                hits.extend(found.map(|rank| (rank, n_words(own), Hit::Zone(i))));
            }
            let lands = self.code_lands();
            let words = lands.words(&self.codes);
            // A code that a zone bears is found with the zone.
            let is_borne = |entry: usize| lands.zone_of(entry).is_some_and(|zone| hits.iter().any(|(_, _, hit)| *hit == Hit::Zone(zone)));
            let found = words.iter().enumerate().filter_map(|(entry, text)| {
                let rank = best(std::slice::from_ref(text), [NAMED, HOLDS])?;
                Some((rank, text.n_words(), Hit::Code(entry)))
            });
            let codes: Vec<(u8, usize, Hit)> = found.filter(|(_, _, hit)| !matches!(hit, Hit::Code(entry) if is_borne(*entry))).collect();
            for (row, PartnerWords { own, more }) in self.sought_partners() {
                let found =
                    [best(own, [PARTNER_NAMED, PARTNER_HOLDS]), best(more, [PARTNER_HOLDS, PARTNER_HOLDS])].into_iter().flatten().min();
                hits.extend(found.map(|rank| (rank, n_words(own), Hit::Partner(*row))));
            }
            hits.extend(codes.into_iter().filter(|(_, _, hit)| matches!(hit, Hit::Code(entry) if lands.bounds_of(*entry).is_some())));
        }
        // What is no word has no mistakes either.
        let is_guess = has_letters && hits.is_empty();
        if is_guess {
            hits = self.with_mistakes(&typed);
        }
        let n_matched = hits.len();
        hits.sort_unstable();
        let told = |hit: Hit| {
            let mut facts = self.hit(hit)?;
            if let Hit::Unit(i) = hit {
                facts["found_by"] = json!(self.units[i].former_name(&typed, is_guess));
            }
            Ok(facts)
        };
        let results = hits.iter().take(limit).map(|(_, _, hit)| told(*hit)).collect::<Result<Vec<Value>, EngineError>>()?;
        Ok(json!({ "revision": self.revision, "n_matched": n_matched, "is_guess": is_guess && n_matched > 0, "results": results }))
    }

    /// Units, zones and partners that were meant, most likely: those with the fewest mistakes.
    fn with_mistakes(&self, typed: &Words) -> Vec<(u8, usize, Hit)> {
        let searchable = self.searchable();
        fn nearest<'w>(typed: &Words, texts: impl Iterator<Item = &'w Words> + Clone, hit: Hit) -> Option<(u8, usize, Hit)> {
            let n_mistakes = texts.clone().filter_map(|text| typed.mistakes_in(text)).min()?;
            let n_words = texts.clone().next().map_or(0, Words::n_words);
            // What is called alike is more likely a place.
            let n_words = if matches!(hit, Hit::Partner(_)) { n_words + MOST_WORDS } else { n_words };
            Some((MISTAKEN + n_mistakes as u8, n_words, hit))
        }
        let mut hits: Vec<_> =
            searchable.units.par_iter().enumerate().filter_map(|(i, texts)| nearest(typed, texts.all(), Hit::Unit(i))).collect();
        hits.par_extend(searchable.zones.par_iter().enumerate().filter_map(|(i, texts)| nearest(typed, texts.all(), Hit::Zone(i))));
        hits.par_extend(self.sought_partners().par_iter().filter_map(|(row, texts)| nearest(typed, texts.own.iter(), Hit::Partner(*row))));
        let least = hits.iter().map(|(rank, ..)| *rank).min();
        hits.retain(|(rank, ..)| Some(*rank) == least);
        hits
    }

    fn hit(&self, hit: Hit) -> Result<Value, EngineError> {
        match hit {
            Hit::Unit(i) => {
                let view = &self.units[i];
                Ok(json!({
                    "type": "unit", "id": view.unit.code, "name": view.unit.full_name.as_ref().unwrap_or(&view.unit.name), "code": view.unit.code,
                    "kind": null, "unit_name": null, "area_m2": rounded_m2(view.area_m2), "center": self.lonlat_point(view.center)?,
                    "bounds": self.lonlat_bounds(view.bounds)?,
                }))
            }
            Hit::Code(entry) => {
                let lands = self.code_lands();
                let (code, bounds) = (&self.codes.entries[entry].code, lands.bounds_of(entry).unwrap_or_default());
                if let Some(zone) = lands.zone_of(entry) {
                    let mut facts = self.hit(Hit::Zone(zone))?;
                    facts["code"] = json!(code);
                    return Ok(facts);
                }
                let middle = Coord { x: (bounds[0] + bounds[2]) / 2.0, y: (bounds[1] + bounds[3]) / 2.0 };
                let name = self.codes.parts(entry).iter().find_map(|record| record.area_name.clone());
                Ok(json!({
                    "type": "code", "id": code, "name": name, "code": code, "kind": null, "unit_name": null, "area_m2": null,
                    "center": self.lonlat_point(middle)?, "bounds": self.lonlat_bounds(bounds)?,
                }))
            }
            Hit::Partner(row) => self.partner_hit(row),
            Hit::Zone(i) => {
                let view = &self.zones.list[i];
                Ok(json!({
                    "type": "zone", "id": view.zone.id, "name": view.zone.name, "code": view.zone.code, "kind": view.zone.kind,
                    "unit_name": self.unit_of(view).map(|u| u.unit.name.as_str()), "area_m2": rounded_m2(view.area_m2),
                    "center": self.lonlat_point(view.center())?, "bounds": self.lonlat_bounds(view.bounds)?,
                }))
            }
        }
    }
}

/// Ranks, the best first: a place or a code that is named exactly, a partner that is; a place whose name holds the words, a partner
/// whose texts do; a zone whose papers name who was typed.
const NAMED: u8 = 0;
const PARTNER_NAMED: u8 = 1;
const HOLDS: u8 = 2;
const PARTNER_HOLDS: u8 = 3;
const BEHIND: u8 = 4;
/// The rank of what was meant without a mistake; with each mistake one more.
const MISTAKEN: u8 = 5;
/// More than any name has.
const MOST_WORDS: usize = 10_000;

fn rank(query: &Words, text: &Words) -> Option<u8> {
    if query.names(text) { Some(0) } else { query.found_in(text).then_some(1) }
}
