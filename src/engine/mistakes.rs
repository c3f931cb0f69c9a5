//! Whether what a file holds lies where it should: compared with the communes that its zones state, with the zones that are there
//! already, and with the city. What likely went wrong is named with the metres that it costs, and how to set it right; nothing is
//! moved.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::crs::{Mistake, Relocation};
use crate::formats::Source;
use crate::geom;
use crate::legend;
use crate::model::{Coord, Issue, Unit, Zone};
use crate::store::{Reader, StoreError};

/// A zone of the file: where it lies, and by what it may be known.
pub(super) struct Witness {
    pub id: String,
    pub code: Option<String>,
    pub unit: Option<String>,
    /// Its pole, workspace's CRS.
    pub at: Coord,
}

/// More tell no more.
pub(super) const MOST_WITNESSES: usize = 2_000;
/// Zones on which a suspicion may rest.
const FEWEST: usize = 3;
/// Of the witnesses, those that must be in place when it is right, and at most as it is.
const IN_PLACE: f64 = 0.8;
const OUT_OF_PLACE: f64 = 0.5;

/// What may have gone wrong with a file, each with where its zones would lie then.
pub(super) struct Suspects(Vec<(Mistake, Relocation)>);

impl Suspects {
    pub(super) fn of(source: &Source) -> Suspects {
        let possible = Mistake::possible(&source.crs).into_iter();
        Suspects(possible.filter_map(|mistake| Some((mistake, source.relocation(mistake).ok()?))).collect())
    }
}

/// What a suspicion rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ground {
    /// Zones of the same id or code that are there already: how far off they lie, metres.
    Zones,
    /// The communes that zones state, or any: the share of zones that lie in them.
    StatedUnits,
    Units,
}

/// What likely went wrong with the coordinates of a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Likely {
    mistake: Mistake,
    cost_m: f64,
    ground: Ground,
    /// That it rests on.
    n_zones: usize,
    /// In the measure of the ground: as the file is, and when it is set right.
    as_it_is: f64,
    set_right: f64,
}

impl Likely {
    /// For who imports zones on the command line, or a register anywhere.
    pub fn issue(&self) -> Issue {
        let Likely { mistake, n_zones, as_it_is, set_right, .. } = self;
        let where_ = if self.ground == Ground::StatedUnits { "in the commune that they state" } else { "in a commune" };
        let why = match self.ground {
            Ground::Zones => format!(
                "{n_zones} zones are in the workspace already, {as_it_is:.2} m away in the middle, and {set_right:.2} m when it is set right"
            ),
            Ground::StatedUnits | Ground::Units => {
                format!("{:.0} % of {n_zones} zones lie {where_}, and {:.0} % when it is set right", as_it_is * 100.0, set_right * 100.0)
            }
        };
        let message = format!("{}. {why}. Nothing was moved; --correct {mistake} sets it right", mistake.told(self.cost_m));
        let metres = |value: &f64| format!("{value:.2}").replace('.', ",");
        let percent = |share: &f64| format!("{:.0} %", share * 100.0);
        let why_vi = match self.ground {
            Ground::Zones => {
                format!(
                    "{n_zones} vùng của tệp đã có trên bản đồ: hiện cách khoảng {} m, nếu sửa còn {} m",
                    metres(as_it_is),
                    metres(set_right)
                )
            }
            Ground::StatedUnits => {
                format!("{} trong {n_zones} vùng nằm đúng xã ghi trong tệp; nếu sửa là {}", percent(as_it_is), percent(set_right))
            }
            Ground::Units => format!("{} trong {n_zones} vùng nằm trong một xã; nếu sửa là {}", percent(as_it_is), percent(set_right)),
        };
        let message_vi = format!("{}. {why_vi}. Chưa có gì bị dịch chuyển; sửa bằng --correct {mistake}", mistake.told_vi(self.cost_m));
        Issue::new("likely_mistake", None, message).in_vietnamese(message_vi)
    }

    /// For programs: `correct` is the word by which it is set right.
    pub fn facts(&self) -> Value {
        let ground = match self.ground {
            Ground::Zones => "zones",
            Ground::StatedUnits => "stated_units",
            Ground::Units => "units",
        };
        let hundredths = |value: f64| (value * 100.0).round() / 100.0;
        json!({
            "correct": self.mistake.to_string(), "cost_m": hundredths(self.cost_m), "rests_on": ground, "n_zones": self.n_zones,
            "as_it_is": hundredths(self.as_it_is), "set_right": hundredths(self.set_right),
        })
    }
}

/// The zones that are there already: the poles of those whose id or code no other has.
pub(super) fn known_places(reader: &Reader) -> Result<HashMap<String, Coord>, StoreError> {
    let Some(layer) = reader.layers()?.into_iter().find(|layer| layer.role == crate::model::LayerRole::Zones) else {
        return Ok(HashMap::new());
    };
    let mut places: HashMap<String, Option<Coord>> = HashMap::new();
    for zone in reader.features::<Zone>(&layer.name)?.0 {
        let Some(at) = geom::pole(&zone.shape) else { continue };
        let names = [Some(format!("id {}", zone.id)), zone.code.map(|code| format!("code {code}"))];
        for name in names.into_iter().flatten() {
            places.entry(name).and_modify(|place| *place = None).or_insert(Some(at));
        }
    }
    Ok(places.into_iter().filter_map(|(name, at)| Some((name, at?))).collect())
}

/// What likely went wrong; none when all is in place, nothing can be compared, or no mistake explains it.
pub(super) fn likely(witnesses: &[Witness], units: &[Unit], places: &HashMap<String, Coord>, suspects: &Suspects) -> Option<Likely> {
    by_same_zones(witnesses, places, suspects).or_else(|| by_units(witnesses, units, suspects))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Zones of the same id or code lie elsewhere, all by the same way.
fn by_same_zones(witnesses: &[Witness], places: &HashMap<String, Coord>, suspects: &Suspects) -> Option<Likely> {
    let place = |w: &Witness| {
        let by_code = || w.code.as_ref().and_then(|code| places.get(&format!("code {code}")));
        places.get(&format!("id {}", w.id)).or_else(by_code).copied()
    };
    let pairs: Vec<(Coord, Coord)> = witnesses.iter().filter_map(|w| Some((w.at, place(w)?))).collect();
    if pairs.len() < FEWEST {
        return None;
    }
    let apart = |moved: &dyn Fn(Coord) -> Option<Coord>| {
        let far = |(at, there): &(Coord, Coord)| moved(*at).map_or(f64::INFINITY, |at| (at.x - there.x).hypot(at.y - there.y));
        median(pairs.iter().map(far).collect())
    };
    let as_it_is = apart(&Some);
    let (mistake, left_m) = suspects.0.iter().map(|(mistake, to)| (*mistake, apart(&|at| to.of(at)))).min_by(|a, b| a.1.total_cmp(&b.1))?;
    // Set right, zones must lie far better than before, and no farther off than redrawing explains.
    let is_explained = as_it_is > 0.4 && left_m < as_it_is / 5.0 && left_m < 30.0;
    let n_zones = pairs.len();
    is_explained.then_some(Likely { mistake, cost_m: as_it_is, ground: Ground::Zones, n_zones, as_it_is, set_right: left_m })
}

/// Zones do not lie in the communes that they state, or in none.
fn by_units(witnesses: &[Witness], units: &[Unit], suspects: &Suspects) -> Option<Likely> {
    if units.is_empty() || witnesses.len() < FEWEST {
        return None;
    }
    let boxes: Vec<Option<[f64; 4]>> = units.iter().map(|unit| geom::bounds(&unit.shape)).collect();
    let holds = |unit: usize, at: Coord| {
        boxes[unit].is_some_and(|[x0, y0, x1, y1]| x0 <= at.x && at.x <= x1 && y0 <= at.y && at.y <= y1)
            && geom::contains(&units[unit].shape, at)
    };
    let stated = |w: &Witness| {
        let stated = w.unit.as_deref()?;
        let spelled = legend::spelled(stated);
        units.iter().position(|unit| unit.code == stated || legend::spelled(&unit.name) == spelled)
    };
    let known: Vec<(Option<usize>, Coord)> = witnesses.iter().map(|w| (stated(w), w.at)).collect();
    let says_where = known.iter().filter(|(unit, _)| unit.is_some()).count() >= FEWEST;
    let judged: Vec<&(Option<usize>, Coord)> = known.iter().filter(|(unit, _)| !says_where || unit.is_some()).collect();
    let in_place = |moved: &dyn Fn(Coord) -> Option<Coord>| {
        let is_there = |(unit, at): &&&(Option<usize>, Coord)| {
            moved(*at).is_some_and(|at| unit.map_or_else(|| (0..units.len()).any(|unit| holds(unit, at)), |unit| holds(unit, at)))
        };
        judged.iter().filter(is_there).count() as f64 / judged.len().max(1) as f64
    };
    let as_it_is = in_place(&Some);
    if as_it_is > OUT_OF_PLACE {
        return None;
    }
    let better = suspects.0.iter().map(|(mistake, to)| (mistake, to, in_place(&|at| to.of(at))));
    // Of equals the likelier, which comes first.
    let (mistake, to, then) = better.reduce(|best, next| if next.2 > best.2 { next } else { best })?;
    if then < IN_PLACE {
        return None;
    }
    let cost_m = median(judged.iter().filter_map(|(_, at)| to.of(*at).map(|there| (there.x - at.x).hypot(there.y - at.y))).collect());
    let ground = if says_where { Ground::StatedUnits } else { Ground::Units };
    Some(Likely { mistake: *mistake, cost_m, ground, n_zones: judged.len(), as_it_is, set_right: then })
}
