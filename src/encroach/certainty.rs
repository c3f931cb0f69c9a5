//! How sure an event is: the error of its area, and the chance that it is more than an error of drawing.
//!
//! Model: every vertex of a layer lies off its place by independent normal errors in x and y with the layer's stated
//! standard deviation. Then, to first order, an edge moves its area by the mean of what its two ends move across it
//! (Chrisman and Yandell 1988, as summed up in the cadastral formula σ(A) = ½·σ·√Σ|P(i+1) − P(i−1)|²); where a border
//! of one layer cuts one of the other, the vertex moves with each edge by that edge's layer.

use crate::geom;
use crate::model::{Coord, MultiPolygon};

/// Standard deviation of a vertex in each layer, metres; none when the layer does not say.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Accuracy {
    pub zones_m: Option<f64>,
    pub land_use_m: Option<f64>,
}

impl Accuracy {
    pub(super) fn is_stated(self) -> bool {
        self.zones_m.is_some() || self.land_use_m.is_some()
    }

    /// Of one layer against the other, metres.
    fn relative_m(self) -> f64 {
        self.zones_m.unwrap_or(0.0).hypot(self.land_use_m.unwrap_or(0.0))
    }
}

/// A border nearer than this is the same border, metres.
const SAME_BORDER_M: f64 = 1e-6;

/// The zone's border near a piece, as edges.
pub(super) struct Border {
    edges: Vec<[Coord; 2]>,
}

impl Border {
    /// Edges of the shapes that come nearer than `reach_m` to the box.
    pub(super) fn near<'a>(shapes: impl IntoIterator<Item = &'a MultiPolygon>, [x0, y0, x1, y1]: [f64; 4], reach_m: f64) -> Border {
        let frame = [x0 - reach_m, y0 - reach_m, x1 + reach_m, y1 + reach_m];
        let mut edges = Vec::new();
        for w in shapes.into_iter().flat_map(|s| &s.0).flat_map(geom::rings_of_polygon).flat_map(|r| r.windows(2)) {
            let apart = w[0].x.max(w[1].x) < frame[0]
                || w[0].x.min(w[1].x) > frame[2]
                || w[0].y.max(w[1].y) < frame[1]
                || w[0].y.min(w[1].y) > frame[3];
            if !apart {
                edges.push([w[0], w[1]]);
            }
        }
        Border { edges }
    }

    fn distance_m(&self, at: Coord) -> f64 {
        self.edges.iter().map(|e| geom::square_to_segment(at, *e)).fold(f64::INFINITY, f64::min).sqrt()
    }
}

/// Standard deviation of the piece's area, m². `zone` is the zone's border near the piece.
pub(super) fn sigma_m2(piece: &MultiPolygon, zone: &Border, accuracy: Accuracy) -> f64 {
    let (of_zone, of_land_use) = (accuracy.zones_m.unwrap_or(0.0), accuracy.land_use_m.unwrap_or(0.0));
    let mut variance = 0.0;
    for ring in piece.0.iter().flat_map(geom::rings_of_polygon) {
        let n = ring.len().saturating_sub(1);
        let edges: Vec<(f64, f64, bool)> = (0..n).map(|i| edge(ring[i], ring[i + 1], zone)).collect();
        for i in 0..n {
            let (before, after) = (edges[(i + n - 1) % n], edges[i]);
            let sigma = |is_zone: bool| if is_zone { of_zone } else { of_land_use };
            let square = |x: f64, y: f64| 0.25 * (x * x + y * y);
            variance += if before.2 == after.2 {
                sigma(after.2).powi(2) * square(before.0 + after.0, before.1 + after.1)
            } else {
                sigma(before.2).powi(2) * square(before.0, before.1) + sigma(after.2).powi(2) * square(after.0, after.1)
            };
        }
    }
    variance.sqrt()
}

/// An edge as its vector, and whether it lies on the zone's border.
fn edge(a: Coord, b: Coord, zone: &Border) -> (f64, f64, bool) {
    let middle = Coord { x: (a.x + b.x) / 2.0, y: (a.y + b.y) / 2.0 };
    (b.x - a.x, b.y - a.y, zone.distance_m(middle) < SAME_BORDER_M)
}

/// The chance that errors of drawing do not reach as deep as the piece does, counted from the borders that could
/// explain it: a strip along them is doubtful, a piece that reaches far from them is real.
pub(super) fn probability(piece: &MultiPolygon, explaining: &Border, accuracy: Accuracy) -> f64 {
    let sigma_m = accuracy.relative_m();
    if sigma_m <= 0.0 || explaining.edges.is_empty() {
        return 1.0;
    }
    let certain_m = reach_m(accuracy);
    let mut depth_m: f64 = 0.0;
    // Corners, and middles of edges: a strip's far side is deepest there.
    let edges = piece.0.iter().flat_map(geom::rings_of_polygon).flat_map(|r| r.windows(2));
    for at in edges.flat_map(|w| [w[0], Coord { x: (w[0].x + w[1].x) / 2.0, y: (w[0].y + w[1].y) / 2.0 }]) {
        depth_m = depth_m.max(explaining.distance_m(at));
        if depth_m >= certain_m {
            return 1.0;
        }
    }
    for polygon in &piece.0 {
        if let Some(at) = geom::pole(&MultiPolygon::new(vec![polygon.clone()])) {
            depth_m = depth_m.max(explaining.distance_m(at));
        }
    }
    within(depth_m / sigma_m)
}

/// How far from a border a piece is certain: four standard deviations.
pub(super) fn reach_m(accuracy: Accuracy) -> f64 {
    4.0 * accuracy.relative_m()
}

/// Share of a normal distribution within ±z standard deviations (Abramowitz and Stegun 1964, 7.1.26; error 1.5e-7).
fn within(z: f64) -> f64 {
    let x = z / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let series = ((((1.061_405_429 * t - 1.453_152_027) * t + 1.421_413_741) * t - 0.284_496_736) * t + 0.254_829_592) * t;
    (1.0 - series * (-x * x).exp()).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Polygon, Ring};

    fn rect(x: f64, y: f64, w: f64, h: f64) -> MultiPolygon {
        let ring = [(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)];
        MultiPolygon::new(vec![Polygon::new(Ring::new(ring.map(|(x, y)| Coord { x, y }).to_vec()), vec![])])
    }

    const STATED: Accuracy = Accuracy { zones_m: None, land_use_m: Some(2.0) };

    #[test]
    fn a_square_inside_follows_the_cadastral_formula() {
        let zone = Border::near([&rect(0.0, 0.0, 1_000.0, 1_000.0)], [400.0, 400.0, 500.0, 500.0], 10.0);
        // Each of four vertices has the diagonal of its neighbours: ½·2·√(4·2·100²).
        let sigma = sigma_m2(&rect(400.0, 400.0, 100.0, 100.0), &zone, STATED);
        assert!((sigma - 2.0 * 0.5 * (8.0f64).sqrt() * 100.0).abs() < 1e-9, "{sigma}");
    }

    #[test]
    fn the_part_of_a_border_that_is_the_zones_moves_with_the_zone() {
        let zone_shape = rect(0.0, 0.0, 100.0, 100.0);
        let zone = Border::near([&zone_shape], [0.0, 0.0, 100.0, 100.0], 1.0);
        assert_eq!(sigma_m2(&zone_shape, &zone, STATED), 0.0);
        // Half of the zone: one edge of 100 m is the land use's, its two ends each move it by half.
        let half = sigma_m2(&rect(0.0, 0.0, 50.0, 100.0), &zone, STATED);
        assert!((half - 2.0 * 0.5 * (2.0f64).sqrt() * 100.0).abs() < 1e-9, "{half}");
    }

    #[test]
    fn a_strip_along_the_border_is_doubtful_and_a_road_across_is_not() {
        let zone_shape = rect(0.0, 0.0, 1_000.0, 1_000.0);
        let chance = |piece: &MultiPolygon| probability(piece, &Border::near([&zone_shape], geom::bounds(piece).unwrap(), 8.0), STATED);
        assert!((chance(&rect(0.0, 0.0, 1_000.0, 2.0)) - 0.682_689).abs() < 1e-6);
        assert!((chance(&rect(0.0, 0.0, 1_000.0, 4.0)) - 0.954_500).abs() < 1e-6);
        assert_eq!(chance(&rect(0.0, 500.0, 1_000.0, 3.0)), 1.0);
        assert_eq!(chance(&rect(0.0, 0.0, 10.0, 10.0)), 1.0);
        assert_eq!(chance(&zone_shape), 1.0);
    }
}
