//! A zone cut into parts: by a line, or into areas one after the other along a bearing.

use super::{Fault, square_metres};
use crate::geom;
use crate::model::{Coord, MultiPolygon, Polygon, Ring, Zone};

/// So near to what was asked a part must come, m².
const AREA_TOLERANCE_M2: f64 = 0.01;

const MOST_PARTS: usize = 500;

/// The parts on the sides of a line, the largest first. Polygons of the zone that the line leaves whole go with the first.
pub(super) fn by_line(zone: &Zone, line: &[Coord]) -> Result<Vec<MultiPolygon>, Fault> {
    let id = &zone.id;
    if line.len() < 2 {
        return Err(Fault::error("incomplete", "Đường tách cần ít nhất hai điểm.", "The line needs two points or more.").of(&[id]));
    }
    let (mut parts, mut whole) = (Vec::new(), Vec::new());
    for polygon in &zone.shape.0 {
        let alone = MultiPolygon::new(vec![polygon.clone()]);
        let mut cut = geom::slice(&alone, &[line.to_vec()]);
        if cut.len() < 2 { whole.push(polygon.clone()) } else { parts.append(&mut cut) }
    }
    if parts.is_empty() {
        let en = format!("The line does not cut {id} in two: it must begin and end outside it or on its border.");
        let vi = format!("Đường này không tách {id} làm hai: hai đầu phải nằm ngoài hoặc trên ranh của vùng.");
        return Err(Fault::error("not_cut", vi, en).of(&[id]).at(line.first().copied()));
    }
    parts.sort_by(|a, b| geom::area_m2(b).total_cmp(&geom::area_m2(a)));
    if let Some(first) = parts.first_mut() {
        first.0.extend(whole);
    }
    Ok(parts)
}

/// Parts of these areas in order along a bearing, and what is left over as one more.
pub(super) fn by_areas(zone: &Zone, areas_m2: &[f64], bearing_deg: f64) -> Result<Vec<MultiPolygon>, Fault> {
    let id = &zone.id;
    let refuse = |vi: String, en: String| Err(Fault::error("areas", vi, en).of(&[id]));
    if areas_m2.is_empty() || areas_m2.len() > MOST_PARTS || !bearing_deg.is_finite() {
        let vi = format!("Danh sách cần từ 1 đến {MOST_PARTS} diện tích.");
        return refuse(vi, format!("The list needs 1 to {MOST_PARTS} areas, and the bearing must be a number."));
    }
    if let Some(bad) = areas_m2.iter().find(|m2| !(m2.is_finite() && **m2 >= 1.0)) {
        return refuse(format!("{bad} không phải diện tích từ 1 m² trở lên."), format!("{bad} is no area of 1 m² or more."));
    }
    let total_m2 = geom::area_m2(&zone.shape);
    let asked_m2: f64 = areas_m2.iter().sum();
    if asked_m2 > total_m2 + AREA_TOLERANCE_M2 {
        let (asked, has) = (square_metres(asked_m2), square_metres(total_m2));
        let vi = format!("Tổng diện tích {} lớn hơn vùng ({}).", asked.vi, has.vi);
        return refuse(vi, format!("The areas add up to {}, the zone has {}.", asked.en, has.en));
    }
    let along = Along::new(&zone.shape, bearing_deg);
    let mut cuts = Vec::new();
    let mut below_m2 = 0.0;
    for area in areas_m2 {
        below_m2 += area;
        if below_m2 < total_m2 - AREA_TOLERANCE_M2 {
            cuts.push(along.at(below_m2));
        }
    }
    let lines: Vec<Vec<Coord>> = cuts.iter().map(|t| along.line(*t)).collect();
    let mut parts: Vec<Vec<MultiPolygon>> = vec![Vec::new(); cuts.len() + 1];
    for piece in geom::slice(&zone.shape, &lines) {
        // A piece lies between two cuts: the middle of its extent says which.
        let middle = along.middle(&piece);
        parts[cuts.iter().filter(|t| **t < middle).count()].push(piece);
    }
    let parts: Vec<MultiPolygon> = parts.into_iter().map(|pieces| geom::union(&pieces.iter().collect::<Vec<_>>())).collect();
    let wanted = areas_m2.iter().copied().chain(std::iter::once((total_m2 - asked_m2).max(0.0)));
    for (part, wanted) in parts.iter().zip(wanted) {
        let m2 = geom::area_m2(part);
        if (m2 - wanted).abs() > AREA_TOLERANCE_M2 {
            let (has, wanted) = (square_metres(m2), square_metres(wanted));
            let en = format!("A part of {} cannot be cut off along this bearing ({} came out); turn the bearing.", wanted.en, has.en);
            return refuse(format!("Không tách được {} theo hướng này; hãy đổi hướng.", wanted.vi), en);
        }
    }
    if parts.len() < 2 {
        return refuse("Diện tích này là cả vùng.".to_owned(), "This area is the whole zone.".to_owned());
    }
    Ok(parts)
}

/// A zone looked at along a bearing: how much of it lies before a line across.
struct Along<'a> {
    shape: &'a MultiPolygon,
    /// Points are taken from here, so that no digits are lost.
    origin: Coord,
    /// Unit vector of the bearing.
    forward: Coord,
    first: f64,
    last: f64,
    /// Half the length of a line that crosses the whole zone.
    reach: f64,
}

impl<'a> Along<'a> {
    fn new(shape: &'a MultiPolygon, bearing_deg: f64) -> Along<'a> {
        let turns = bearing_deg.rem_euclid(360.0);
        // Quarter turns are exact.
        let forward = match turns {
            0.0 => Coord { x: 0.0, y: 1.0 },
            90.0 => Coord { x: 1.0, y: 0.0 },
            180.0 => Coord { x: 0.0, y: -1.0 },
            270.0 => Coord { x: -1.0, y: 0.0 },
            _ => Coord { x: turns.to_radians().sin(), y: turns.to_radians().cos() },
        };
        let [x0, y0, x1, y1] = geom::bounds(shape).unwrap_or_default();
        let origin = Coord { x: (x0 + x1) / 2.0, y: (y0 + y1) / 2.0 };
        let mut along = Along { shape, origin, forward, first: 0.0, last: 0.0, reach: (x1 - x0).hypot(y1 - y0) + 1.0 };
        let heights: Vec<f64> = super::knit::points(shape).map(|at| along.height(at)).collect();
        along.first = heights.iter().copied().fold(f64::INFINITY, f64::min);
        along.last = heights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        along
    }

    fn height(&self, at: Coord) -> f64 {
        (at.x - self.origin.x) * self.forward.x + (at.y - self.origin.y) * self.forward.y
    }

    fn side(&self, at: Coord) -> f64 {
        (at.x - self.origin.x) * self.forward.y - (at.y - self.origin.y) * self.forward.x
    }

    fn middle(&self, piece: &MultiPolygon) -> f64 {
        let heights = super::knit::points(piece).map(|at| self.height(at));
        let [low, high] = heights.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], h| [low.min(h), high.max(h)]);
        (low + high) / 2.0
    }

    /// Area before the line at `t`, m²: each ring cut off at the line (Sutherland and Hodgman 1974), holes less.
    fn area_before(&self, t: f64) -> f64 {
        let place = |at: &Coord| (self.side(*at), self.height(*at));
        let below_m2 = |ring: &Ring| {
            let mut cut: Vec<(f64, f64)> = Vec::with_capacity(ring.0.len() + 4);
            for w in ring.0.windows(2) {
                let (a, b) = (place(&w[0]), place(&w[1]));
                if a.1 <= t {
                    cut.push(a);
                }
                if (a.1 <= t) != (b.1 <= t) {
                    cut.push((a.0 + (b.0 - a.0) * ((t - a.1) / (b.1 - a.1)), t));
                }
            }
            let next = cut.iter().cycle().skip(1);
            cut.iter().zip(next).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum::<f64>().abs() / 2.0
        };
        let polygon_m2 = |p: &Polygon| below_m2(p.exterior()) - p.interiors().iter().map(below_m2).sum::<f64>();
        self.shape.0.iter().map(polygon_m2).sum()
    }

    /// Where the line lies that has this area before it.
    fn at(&self, area_m2: f64) -> f64 {
        let (mut low, mut high) = (self.first, self.last);
        for _ in 0..200 {
            let middle = low + (high - low) / 2.0;
            if middle <= low || middle >= high {
                break;
            }
            if self.area_before(middle) < area_m2 { low = middle } else { high = middle }
        }
        high
    }

    /// Across the whole zone.
    fn line(&self, t: f64) -> Vec<Coord> {
        let Coord { x, y } = self.forward;
        let foot = Coord { x: self.origin.x + t * x, y: self.origin.y + t * y };
        [-1.0, 1.0].map(|side| Coord { x: foot.x + side * self.reach * y, y: foot.y - side * self.reach * x }).to_vec()
    }
}
