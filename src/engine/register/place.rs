//! Which codes a place belongs to: a position and how exact it is, against the borders of their land.

use super::verdicts::{CheckAsk, Checked};
use crate::engine::{EngineError, Snapshot};
use crate::geom;
use crate::model::{Coord, MultiPolygon};

/// Where a place lies to a code's land.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fix {
    /// To the border, metres; whether inside or outside.
    pub distance_m: f64,
    pub is_inside: bool,
    /// The border is nearer than the place is exact: it may lie on the other side.
    pub is_within_accuracy: bool,
}

/// Codes whose land is nearer than this are told, when the place lies in none.
const NEAR_M: f64 = 500.0;
const MOST_CODES: usize = 20;

impl Snapshot {
    /// Judges the codes whose land a place lies in, or may lie in; in none: those near by. The nearest first. Degrees, metres.
    pub fn check_place(&self, [lon, lat]: [f64; 2], accuracy_m: Option<f64>, ask: &CheckAsk) -> Result<Vec<Checked>, EngineError> {
        if !((-180.0..=180.0).contains(&lon) && (-90.0..=90.0).contains(&lat)) {
            return Err(EngineError::usage("a place is longitude and latitude in degrees, like 105.85,21.03"));
        }
        let accuracy_m = accuracy_m.unwrap_or(self.rulebook.codes.thresholds.fix_accuracy_m);
        if !(0.0..=10_000.0).contains(&accuracy_m) {
            return Err(EngineError::usage("the accuracy of a place is 0 to 10000 metres"));
        }
        let terms = self.check_terms(ask)?;
        let lands = self.code_lands();
        let Some(at) = self.metric_point([lon, lat])? else { return Ok(Vec::new()) };
        let reach = accuracy_m.max(NEAR_M);
        let near = lands.near([at.x - reach, at.y - reach, at.x + reach, at.y + reach]);
        let fix = |entry: usize| {
            let shape = &lands.ground.lands[entry].shape;
            let distance_m = distance_m(shape, at);
            Fix { distance_m, is_inside: geom::contains(shape, at), is_within_accuracy: distance_m <= accuracy_m }
        };
        let mut found: Vec<(usize, Fix)> = near.into_iter().map(|entry| (entry, fix(entry))).collect();
        let is_in = |(_, fix): &(usize, Fix)| fix.is_inside || fix.is_within_accuracy;
        let is_anywhere = found.iter().any(is_in);
        found.retain(|one| if is_anywhere { is_in(one) } else { one.1.distance_m <= NEAR_M });
        found.sort_by(|(a, x), (b, y)| y.is_inside.cmp(&x.is_inside).then(x.distance_m.total_cmp(&y.distance_m)).then(a.cmp(b)));
        let judged = found.into_iter().take(MOST_CODES).map(|(entry, fix)| {
            let code = self.codes.entries[entry].code.clone();
            Ok(Checked { fix: Some(fix), ..self.check_entry(entry, &code, &terms)? })
        });
        judged.collect()
    }

    /// A place in the workspace's CRS; none far from all data, where it may have none.
    fn metric_point(&self, [lon, lat]: [f64; 2]) -> Result<Option<Coord>, EngineError> {
        let Some([west, south, east, north]) = self.bounds()? else { return Ok(None) };
        // A tenth of a degree is some ten kilometres.
        if lon < west - 0.1 || lon > east + 0.1 || lat < south - 0.1 || lat > north + 0.1 {
            return Ok(None);
        }
        let [x0, y0, x1, y1] = self.place.bounds_from_lonlat([lon, lat, lon, lat])?;
        Ok(Some(Coord { x: (x0 + x1) / 2.0, y: (y0 + y1) / 2.0 }))
    }
}

/// To the nearest border, metres; infinite for no land.
fn distance_m(shape: &MultiPolygon, at: Coord) -> f64 {
    let rings = shape.0.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()));
    let edges = rings.flat_map(|ring| ring.0.windows(2).map(|w| [w[0], w[1]]));
    edges.map(|edge| geom::square_to_segment(at, edge)).fold(f64::INFINITY, f64::min).sqrt()
}
