//! The simulated city and its known truth, from a seed.
//!
//! Land is dealt out on a fine lattice (`territory`, `waters`, `roads`, `ground`), borders become smooth
//! shared arcs (`arcs`, `rings`, `landscape`), blocks become zones with papers (`zoning`, `register`, `codes`, `partners`),
//! then the city grows into them (`growth`). Coordinates are EPSG:5897 metres; facts (names, official
//! areas, points) come in, every shape is invented. No files, no clock.
//! Invariants: the same figures and units give the same city, bit by bit; units, zones and land use
//! share borders exactly; every true event lies inside its zone.

mod arcs;
mod codes;
mod crossings;
mod curves;
mod dice;
mod figures;
mod ground;
mod growth;
mod landscape;
mod lattice;
mod partners;
mod register;
mod rings;
mod roads;
mod territory;
mod waters;
mod zoning;

pub use figures::{Figures, FiguresError};
pub use growth::Nature;
pub use partners::Behind;

use crate::geom;
use crate::model::{CodeRecord, Context, Epoch, Group, LandUse, MultiPolygon, Permit, Right, Unit, Zone};
use dice::{Dice, hash_unit};
use growth::{Growth, Host};
use landscape::Landscape;
use lattice::Lattice;
use zoning::{Draft, Plot};

/// Facts of one commune or ward, its point in EPSG:5897 metres.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitPoint {
    pub code: String,
    pub name: String,
    pub full_name: String,
    pub area_km2: f64,
    pub x: f64,
    pub y: f64,
    /// Communes that it was made of, kept beside its name.
    pub formerly: String,
}

/// Everything a workspace needs to hold the simulated city.
#[derive(Debug, Clone, PartialEq)]
pub struct City {
    pub units: Vec<Unit>,
    pub zones: Vec<Zone>,
    /// The register of farming area codes.
    pub codes: Vec<CodeRecord>,
    /// Cooperatives, linkages, products and trace codes.
    pub behind: Behind,
    pub context: Vec<Context>,
    /// A full coverage of the city for each epoch, in order.
    pub land_use: Vec<(Epoch, Vec<LandUse>)>,
    pub permits: Vec<Permit>,
    pub truth: Vec<TrueEvent>,
}

/// What really happened in a zone.
#[derive(Debug, Clone, PartialEq)]
pub struct TrueEvent {
    /// Of its land-use polygon in every epoch that shows it.
    pub id: String,
    pub zone_id: String,
    pub nature: Nature,
    pub group: Group,
    /// Land-use code.
    pub code: String,
    /// The first epoch that shows it.
    pub since: Epoch,
    /// `Unknown` for what is no loss.
    pub right: Right,
    pub area_m2: f64,
    pub shape: MultiPolygon,
}

/// Builds the city. `progress` hears what is being done and the share done, 0 to 1.
pub fn build(figures: &Figures, units: &[UnitPoint], progress: &mut dyn FnMut(&str, f64)) -> City {
    // A cell holds its unit's number in a byte.
    let units = &units[..units.len().min(254)];
    progress("communes", 0.0);
    let lattice = lattice_of(figures);
    let unit_of = territory::deal(&lattice, units, figures.bounds_m, figures.center_m, figures.seed);
    progress("rivers", 0.2);
    let rivers: Vec<waters::River> =
        figures.rivers.iter().enumerate().map(|(k, r)| waters::River::new(r, figures.center_m, figures.seed ^ (k as u64 * 97))).collect();
    let views = waters::survey(&lattice, &rivers, figures.center_m);
    progress("roads and fields", 0.35);
    let mut lines = roads::lines(figures, units, &rivers);
    let ground = ground::deal(&lattice, figures, units, &unit_of, &rivers, &views, &mut lines);
    progress("borders", 0.55);
    let land = Landscape::new(&lattice, ground, lines);
    progress("zones", 0.75);
    let plots = land.plots(&lattice, &views);
    let names: Vec<&str> = units.iter().map(|u| u.name.as_str()).collect();
    let mut drafts = zoning::zones(figures, &names, &plots);
    drafts.sort_by(|a, b| (&units[a.unit].code, a.kind, a.plots[0]).cmp(&(&units[b.unit].code, b.kind, b.plots[0])));
    let zone_of = labels_of(&drafts, &plots, land.areas.len());
    let shapes = rings::shapes(&land.arcs, &zone_of, drafts.len(), rings::Edge::Side).into_iter().skip(1).collect();
    let zones = register::zones(figures, units, &drafts, shapes);
    progress("growth", 0.85);
    let (hosts, host_of) = hosts(figures, units, &land, &plots, &drafts, &zones, &zone_of);
    let growth = growth::grow(figures, &hosts);
    progress("land use", 0.92);
    let land_use = land_use(figures, units, &land, &zone_of, &drafts, &host_of, &growth);
    let city = City {
        units: unit_rows(figures, units, land.unit_shapes(units.len())),
        context: land.context(figures, units),
        land_use,
        permits: permits(figures, &growth),
        truth: truth(figures, &hosts, &zones, &growth),
        codes: codes::records(figures, units, &zones),
        behind: partners::tables(figures, units, &zones),
        zones,
    };
    progress("done", 1.0);
    city
}

fn lattice_of(figures: &Figures) -> Lattice {
    let ([x0, y0, x1, y1], cell_m) = (figures.bounds_m, figures.cell_m);
    let n = |low: f64, high: f64| ((high - low) / cell_m) as usize + 7;
    Lattice { x0: x0 - 3.0 * cell_m, y0: y0 - 3.0 * cell_m, cell_m, nx: n(x0, x1), ny: n(y0, y1) }
}

fn unit_rows(figures: &Figures, units: &[UnitPoint], shapes: Vec<MultiPolygon>) -> Vec<Unit> {
    let row = |(u, shape): (&UnitPoint, MultiPolygon)| Unit {
        code: u.code.clone(),
        name: u.name.clone(),
        full_name: Some(u.full_name.clone()),
        valid_from: Some(figures.units_valid_from.clone()),
        kept: vec![Some(u.formerly.clone()).filter(|names| !names.is_empty())],
        shape,
    };
    units.iter().zip(shapes).map(row).collect()
}

/// By label, 1 + the zone it belongs to; 0 is none.
fn labels_of(drafts: &[Draft], plots: &[Plot], n_labels: usize) -> Vec<u32> {
    let mut zone_of = vec![0u32; n_labels];
    for (k, draft) in drafts.iter().enumerate() {
        draft.plots.iter().for_each(|&p| zone_of[plots[p].label as usize] = k as u32 + 1);
    }
    zone_of
}

fn is_ward(unit: &UnitPoint) -> bool {
    unit.full_name.starts_with("Phường")
}

/// Zones first, then the field blocks outside them; by label, 1 + its host.
fn hosts(
    figures: &Figures,
    units: &[UnitPoint],
    land: &Landscape,
    plots: &[Plot],
    drafts: &[Draft],
    zones: &[Zone],
    zone_of: &[u32],
) -> (Vec<Host>, Vec<u32>) {
    let free: Vec<&Plot> = plots.iter().filter(|p| zone_of[p.label as usize] == 0).collect();
    let mut host_of = zone_of.to_vec();
    for (k, plot) in free.iter().enumerate() {
        host_of[plot.label as usize] = (drafts.len() + k + 1) as u32;
    }
    let mut fronts = land.fronts(&host_of, drafts.len() + free.len());
    let mut take = |k: usize| std::mem::take(&mut fronts[k + 1]);
    let mut hosts = Vec::with_capacity(drafts.len() + free.len());
    for (k, (draft, zone)) in drafts.iter().zip(zones).enumerate() {
        let b = geom::bounds(&zone.shape).unwrap_or_default();
        hosts.push(Host {
            zone: Some(k),
            is_rice: figures.kinds[draft.kind].key == "rice",
            is_ward: is_ward(&units[draft.unit]),
            area_m2: geom::area_m2(&zone.shape),
            middle: [(b[0] + b[2]) / 2.0, (b[1] + b[3]) / 2.0],
            fronts: take(k),
            shape: zone.shape.clone(),
        });
    }
    for (k, plot) in free.iter().enumerate() {
        hosts.push(Host {
            zone: None,
            is_rice: false,
            is_ward: is_ward(&units[plot.unit]),
            shape: land.shapes[plot.label as usize].clone(),
            area_m2: plot.area_m2,
            middle: plot.middle,
            fronts: take(drafts.len() + k),
        });
    }
    (hosts, host_of)
}

fn overlap(a: [f64; 4], b: [f64; 4]) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

fn row(id: String, code: &str, year: u16, shape: MultiPolygon) -> LandUse {
    LandUse { id, code: code.to_owned(), observed: Some(year.to_string()), kept: Vec::new(), shape }
}

fn land_use(
    figures: &Figures,
    units: &[UnitPoint],
    land: &Landscape,
    zone_of: &[u32],
    drafts: &[Draft],
    host_of: &[u32],
    growth: &Growth,
) -> Vec<(Epoch, Vec<LandUse>)> {
    let n_hosts = host_of.iter().max().map_or(0, |&h| h as usize);
    let mut by_host: Vec<Vec<(usize, [f64; 4])>> = vec![Vec::new(); n_hosts];
    for (k, change) in growth.changes.iter().enumerate() {
        by_host[change.host].extend(geom::bounds(&change.shape).map(|b| (k, b)));
    }
    let codes: Vec<&str> = (0..land.areas.len())
        .map(|label| match zone_of[label] {
            0 => land.land_code(figures, label, units.get(land.areas[label].unit).is_some_and(is_ward)),
            zone => {
                let table = &figures.kinds[drafts[zone as usize - 1].kind].land;
                let mut left = hash_unit(figures.seed ^ 0x1a4e, label as i64, 0) * table.iter().map(|t| t.1).sum::<f64>();
                let found = table.iter().find(|t| {
                    left -= t.1;
                    left < 0.0
                });
                found.or(table.first()).map_or("HNK", |t| t.0.as_str())
            }
        })
        .collect();
    let strips = land.strips();
    // What is left of a block changes only when something new is built on it.
    let mut left: Vec<MultiPolygon> = land.shapes.iter().take(land.areas.len()).cloned().collect();
    let mut epochs = Vec::new();
    for (number, &year) in figures.epochs.iter().enumerate() {
        let mut rows = Vec::new();
        for label in 1..land.areas.len() {
            if let (Some(bounds), Some(host)) = (geom::bounds(&land.shapes[label]), (host_of[label] as usize).checked_sub(1)) {
                let fresh = by_host[host].iter().filter(|&&(k, b)| growth.changes[k].since == number && overlap(b, bounds));
                let fresh: Vec<&MultiPolygon> = fresh.map(|&(k, _)| &growth.changes[k].shape).collect();
                if !fresh.is_empty() {
                    let built = MultiPolygon::new(fresh.iter().flat_map(|s| s.0.iter().cloned()).collect());
                    left[label] = geom::difference(&left[label], &built);
                }
            }
            if !left[label].0.is_empty() {
                rows.push(row(format!("A{label:05}"), codes[label], year, left[label].clone()));
            }
        }
        rows.extend(strips.iter().map(|(arc, code, shape)| row(format!("L{arc:05}"), code, year, shape.clone())));
        let built = growth.changes.iter().enumerate().filter(|(_, c)| c.since <= number);
        rows.extend(built.map(|(k, c)| row(event_id(k), &c.code, year, c.shape.clone())));
        epochs.push((Epoch::year(year), rows));
    }
    epochs
}

fn event_id(k: usize) -> String {
    format!("E{:05}", k + 1)
}

fn truth(figures: &Figures, hosts: &[Host], zones: &[Zone], growth: &Growth) -> Vec<TrueEvent> {
    let event = |(k, c): (usize, &growth::Change)| {
        let zone = hosts[c.host].zone?;
        Some(TrueEvent {
            id: event_id(k),
            zone_id: zones[zone].id.clone(),
            nature: c.nature,
            group: c.group,
            code: c.code.clone(),
            since: Epoch::year(figures.epochs[c.since]),
            right: c.right,
            area_m2: c.area_m2,
            shape: c.shape.clone(),
        })
    };
    growth.changes.iter().enumerate().filter_map(event).collect()
}

fn permits(figures: &Figures, growth: &Growth) -> Vec<Permit> {
    let mut dice = Dice::new(figures.seed, "permits");
    let last = figures.epochs.len() - 1;
    growth
        .allotments
        .iter()
        .enumerate()
        .map(|(k, a)| {
            // Decided within two years before it is first seen.
            let year = usize::from(figures.epochs[a.since.min(last)]) - if a.since > last { 0 } else { 1 + dice.index(2) };
            let (number, month, day) = (100 + dice.index(6800), 1 + dice.index(12), 1 + dice.index(28));
            let permitted = a.right == Right::Permitted;
            Permit {
                id: format!("P{:04}", k + 1),
                right: a.right,
                decision: Some(format!("{number}/{}", if permitted { "QĐ-UBND" } else { "QĐ-UBND-KHSDĐ" })),
                decided: Some(format!("{year}-{month:02}-{day:02}")),
                valid_to: (!permitted).then(|| "2030-12-31".to_owned()),
                kept: Vec::new(),
                shape: a.shape.clone(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
