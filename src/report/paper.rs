//! From the ground to paper: which scale fits, what ground a map's frame shows, where its grid lies.

use crate::model::Coord;

/// Scales that a map has, as 1 : N.
const SCALES: [u32; 17] = [
    200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 25_000, 50_000, 100_000, 200_000, 250_000, 500_000, 1_000_000, 2_000_000, 5_000_000,
    10_000_000,
];

/// First digits of the scales of a map that shows what somebody sees: round, and near enough to each other.
const ROUND: [f64; 10] = [1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.5];

/// Part of the frame that the subject may fill.
const FILL: f64 = 0.86;

/// What a map shows: a rectangle of ground, a rectangle of paper, and the scale that joins them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// 1 : N.
    pub scale: u32,
    pub width_mm: f64,
    pub height_mm: f64,
    /// Min x, min y, max x, max y, metres of the workspace's CRS.
    pub bounds: [f64; 4],
}

/// Longitude and latitude of a frame's corners, degrees: lower left, lower right, upper left, upper right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Corners(pub [[f64; 2]; 4]);

/// A line of the grid where it meets the frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// From the frame's left or lower edge.
    pub at_mm: f64,
    /// Metres, or degrees.
    pub value: f64,
}

impl Frame {
    /// The largest scale of `SCALES`, at most 1 : `least`, at which `subject` fits paper of this size, with its middle in
    /// the middle.
    pub fn around(subject: [f64; 4], [width_mm, height_mm]: [f64; 2], least: u32) -> Frame {
        let [x0, y0, x1, y1] = subject;
        let needed = (1000.0 * (x1 - x0) / (FILL * width_mm)).max(1000.0 * (y1 - y0) / (FILL * height_mm));
        let fits = |scale: &&u32| **scale >= least && f64::from(**scale) >= needed;
        let scale = SCALES.iter().find(fits).copied().unwrap_or(SCALES[SCALES.len() - 1]);
        Frame::at([(x0 + x1) / 2.0, (y0 + y1) / 2.0], scale, [width_mm, height_mm])
    }

    /// The largest round scale, at most 1 : `least`, at which all of a box of ground is on paper of this size, with its middle in the middle.
    pub fn holding([x0, y0, x1, y1]: [f64; 4], [width_mm, height_mm]: [f64; 2], least: u32) -> Frame {
        let needed = (1000.0 * (x1 - x0) / width_mm).max(1000.0 * (y1 - y0) / height_mm).clamp(f64::from(least), 1e8);
        let power = 10_f64.powf(needed.log10().floor());
        let scale = ROUND.iter().map(|digit| digit * power).find(|scale| *scale >= needed * (1.0 - 1e-9)).unwrap_or(10.0 * power);
        Frame::at([(x0 + x1) / 2.0, (y0 + y1) / 2.0], scale.round() as u32, [width_mm, height_mm])
    }

    /// The frame of a scale whose middle is, to the metre, a place in the workspace's CRS.
    pub fn at([x, y]: [f64; 2], scale: u32, [width_mm, height_mm]: [f64; 2]) -> Frame {
        let half = [width_mm, height_mm].map(|mm| mm * f64::from(scale) / 2000.0);
        // On whole metres, so that the same ground is drawn alike in both maps.
        let (x, y) = (x.round(), y.round());
        Frame { scale, width_mm, height_mm, bounds: [x - half[0], y - half[1], x + half[0], y + half[1]] }
    }

    /// Millimetres from the frame's upper left corner, to the right and down.
    pub fn on_paper(&self, at: Coord) -> [f64; 2] {
        let mm_per_m = 1000.0 / f64::from(self.scale);
        [(at.x - self.bounds[0]) * mm_per_m, (self.bounds[3] - at.y) * mm_per_m]
    }

    /// Square metres of ground that a square millimetre shows.
    pub fn m2_per_mm2(&self) -> f64 {
        (f64::from(self.scale) / 1000.0).powi(2)
    }

    /// Metres between lines of the grid: about 35 mm apart on paper.
    pub fn grid_m(&self) -> f64 {
        round_below(0.045 * f64::from(self.scale))
    }

    /// Length of the scale bar on the ground, metres: about 40 mm on paper.
    pub fn bar_m(&self) -> f64 {
        round_below(0.05 * f64::from(self.scale))
    }

    /// Easting lines (at from the left) and northing lines (at from below).
    pub fn grid(&self) -> [Vec<Tick>; 2] {
        let step = self.grid_m();
        let mm_per_m = 1000.0 / f64::from(self.scale);
        let lines = |low: f64, high: f64| {
            let first = (low / step).ceil();
            let n = ((high / step).floor() - first).clamp(-1.0, 40.0) as i64;
            (0..=n).map(|i| (first + i as f64) * step).map(|value| Tick { at_mm: (value - low) * mm_per_m, value }).collect()
        };
        [lines(self.bounds[0], self.bounds[2]), lines(self.bounds[1], self.bounds[3])]
    }

    /// Where whole seconds of longitude meet the upper edge and of latitude the right one. Along an edge of a few
    /// kilometres degrees run straight to a thousandth of a millimetre.
    pub fn degrees(&self, Corners([_, lower_right, upper_left, upper_right]): &Corners) -> [Vec<Tick>; 2] {
        let lines = |low: f64, high: f64, length_mm: f64| -> Vec<Tick> {
            let per_mm = (high - low) / length_mm;
            if !(per_mm.is_finite() && per_mm > 0.0) {
                return Vec::new();
            }
            let step = seconds_above(per_mm * 45.0 * 3600.0) / 3600.0;
            let first = (low / step).ceil();
            let n = ((high / step).floor() - first).clamp(-1.0, 40.0) as i64;
            (0..=n).map(|i| (first + i as f64) * step).map(|value| Tick { at_mm: (value - low) / per_mm, value }).collect()
        };
        [lines(upper_left[0], upper_right[0], self.width_mm), lines(lower_right[1], upper_right[1], self.height_mm)]
    }
}

/// 1, 2 or 5 times a power of ten, at most `value`.
fn round_below(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    [5.0, 2.0].into_iter().map(|n| n * power).find(|v| *v <= value * (1.0 + 1e-12)).unwrap_or(power)
}

/// Seconds of arc that divide minutes and degrees, at least `value`.
fn seconds_above(value: f64) -> f64 {
    const STEPS: [f64; 14] = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0];
    STEPS.into_iter().find(|step| *step >= value).unwrap_or(36_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_round_and_the_subject_fits() {
        for (size_m, least, scale) in
            [(10.0, 500, 500), (500.0, 500, 5_000), (1_000.0, 500, 10_000), (2e4, 500, 200_000), (1e12, 1, 10_000_000)]
        {
            let frame = Frame::around([0.0, 0.0, size_m, size_m / 2.0], [160.0, 100.0], least);
            assert_eq!(frame.scale, scale, "{size_m}");
            let ground_m = frame.bounds[2] - frame.bounds[0];
            assert!((ground_m / f64::from(scale) * 1000.0 - 160.0).abs() < 1e-6);
        }
    }

    #[test]
    fn a_box_is_held_at_a_scale_that_is_round_and_no_smaller_than_it_must_be() {
        for (size_m, scale) in [(1.0, 500), (160.0, 1_000), (161.0, 1_250), (100_000.0, 750_000), (130_000.0, 1_000_000)] {
            let frame = Frame::holding([0.0, 0.0, size_m, size_m / 2.0], [160.0, 100.0], 500);
            assert_eq!(frame.scale, scale, "{size_m}");
            assert!(frame.bounds[2] - frame.bounds[0] >= size_m - 1.0);
        }
    }

    #[test]
    fn the_grid_is_round_and_lies_where_its_value_says() {
        let frame = Frame::around([588_000.0, 2_326_000.0, 588_700.0, 2_326_300.0], [160.0, 100.0], 500);
        assert_eq!((frame.scale, frame.grid_m(), frame.bar_m()), (10_000, 200.0, 500.0));
        let [eastings, northings] = frame.grid();
        assert_eq!((eastings.len(), northings.len()), (8, 5));
        for tick in eastings {
            let [x, _] = frame.on_paper(Coord { x: tick.value, y: frame.bounds[1] });
            assert!((x - tick.at_mm).abs() < 1e-9 && tick.value % 200.0 == 0.0);
        }
    }

    #[test]
    fn whole_seconds_lie_between_the_corners() {
        let frame = Frame::around([0.0, 0.0, 700.0, 300.0], [160.0, 100.0], 500);
        let corners = Corners([[105.0, 21.0], [105.015, 21.0], [105.0, 21.01], [105.015, 21.01]]);
        let [lon, lat] = frame.degrees(&corners);
        assert!(lon.len() >= 2 && lat.len() >= 2, "{lon:?} {lat:?}");
        assert!(lon.iter().all(|t| (0.0..=160.0).contains(&t.at_mm) && ((t.value * 3600.0).round() - t.value * 3600.0).abs() < 1e-6));
        assert!(frame.degrees(&Corners([[0.0; 2]; 4])).iter().all(Vec::is_empty));
    }
}
