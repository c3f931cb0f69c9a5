//! Rings and lines on a tile's grid: cleaned of needless points, clipped to a window, in whole numbers.

/// A point in tile units, x to the right, y downwards.
pub(super) type GridPoint = [i32; 2];

/// The part of the plane that is kept: min x, min y, max x, max y.
pub(super) type Window = [i32; 4];

/// Twice the signed area of the triangle a, b, c: positive when it turns clockwise on the screen.
pub(super) fn turn(a: GridPoint, b: GridPoint, c: GridPoint) -> i64 {
    let d = |i: usize, p: GridPoint| i64::from(p[i]) - i64::from(a[i]);
    d(0, b) * d(1, c) - d(0, c) * d(1, b)
}

/// Twice the signed area of an open ring: positive when it is clockwise on the screen.
pub(super) fn twice_area(ring: &[GridPoint]) -> i64 {
    let Some(&o) = ring.first() else { return 0 };
    ring.windows(2).map(|w| turn(o, w[0], w[1])).sum()
}

/// Takes out points that repeat and points on a straight line between their neighbours, spikes among
/// them. The ring encloses the same land; empty when it enclosed none.
pub(super) fn clean_ring(ring: &mut Vec<GridPoint>) {
    clean_ring_but(ring, |_| false);
}

/// The same, but some points stay where the ring goes straight on through them.
pub(super) fn clean_ring_but(ring: &mut Vec<GridPoint>, stays: impl Fn(GridPoint) -> bool) {
    let needless = |a: GridPoint, b: GridPoint, c: GridPoint| a == b || (turn(a, b, c) == 0 && !(stays(b) && onward(a, b, c)));
    let mut kept = 0;
    for at in 0..ring.len() {
        let point = ring[at];
        while kept >= 1 && (ring[kept - 1] == point || (kept >= 2 && needless(ring[kept - 2], ring[kept - 1], point))) {
            kept -= 1;
        }
        ring[kept] = point;
        kept += 1;
    }
    ring.truncate(kept);
    loop {
        let n = ring.len();
        if n < 3 {
            return ring.clear();
        }
        if ring[n - 1] == ring[0] || needless(ring[n - 2], ring[n - 1], ring[0]) {
            ring.pop();
        } else if needless(ring[n - 1], ring[0], ring[1]) {
            ring.remove(0);
        } else {
            return;
        }
    }
}

/// Takes out points of a line that repeat or lie straight between their neighbours on the way onward.
pub(super) fn clean_line(line: &mut Vec<GridPoint>) {
    let mut kept = 0;
    for at in 0..line.len() {
        let point = line[at];
        if kept >= 1 && line[kept - 1] == point {
            continue;
        }
        if kept >= 2 && turn(line[kept - 2], line[kept - 1], point) == 0 && onward(line[kept - 2], line[kept - 1], point) {
            kept -= 1;
        }
        line[kept] = point;
        kept += 1;
    }
    line.truncate(kept);
}

fn onward(a: GridPoint, b: GridPoint, c: GridPoint) -> bool {
    let step = |i: usize| (i64::from(b[i]) - i64::from(a[i])) * (i64::from(c[i]) - i64::from(b[i]));
    step(0) + step(1) > 0
}

/// Whether every point lies in the window.
pub(super) fn inside(points: &[GridPoint], window: Window) -> bool {
    points.iter().all(|p| window[0] <= p[0] && p[0] <= window[2] && window[1] <= p[1] && p[1] <= window[3])
}

/// A border of the window: the axis across it, its place, and which side is kept.
#[derive(Clone, Copy)]
struct Border {
    axis: usize,
    at: i32,
    keep_above: bool,
}

impl Border {
    fn all(window: Window) -> [Border; 4] {
        let border = |axis, at, keep_above| Border { axis, at, keep_above };
        [border(0, window[0], true), border(0, window[2], false), border(1, window[1], true), border(1, window[3], false)]
    }

    fn keeps(self, p: GridPoint) -> bool {
        if self.keep_above { p[self.axis] >= self.at } else { p[self.axis] <= self.at }
    }

    /// Where an edge that passes the border meets it: the same point whichever way the edge runs, so
    /// that two neighbours stay joined.
    fn crossing(self, a: GridPoint, b: GridPoint) -> GridPoint {
        let (low, high) = if a[self.axis] <= b[self.axis] { (a, b) } else { (b, a) };
        let other = 1 - self.axis;
        let run = i64::from(high[self.axis]) - i64::from(low[self.axis]);
        let rise = i64::from(high[other]) - i64::from(low[other]);
        let part = i64::from(self.at) - i64::from(low[self.axis]);
        // `run` is positive: the ends lie on different sides. Rounded half up.
        let moved = (2 * rise * part + run).div_euclid(2 * run.max(1));
        let mut point = low;
        point[self.axis] = self.at;
        point[other] = (i64::from(low[other]) + moved) as i32;
        point
    }
}

/// Clips an open ring (Sutherland and Hodgman 1974). Parts that the window separates stay joined along
/// its border, which the caller has to undo.
pub(super) fn clip_ring(ring: &mut Vec<GridPoint>, window: Window) {
    let mut out = Vec::with_capacity(ring.len());
    for border in Border::all(window) {
        let Some(&last) = ring.last() else { return };
        let mut before = last;
        for &point in ring.iter() {
            if border.keeps(point) != border.keeps(before) {
                out.push(border.crossing(before, point));
            }
            if border.keeps(point) {
                out.push(point);
            }
            before = point;
        }
        std::mem::swap(ring, &mut out);
        out.clear();
    }
}

/// Clips a line: the parts of it that lie in the window, each of two points or more.
pub(super) fn clip_line(line: Vec<GridPoint>, window: Window) -> Vec<Vec<GridPoint>> {
    let mut parts = vec![line];
    for border in Border::all(window) {
        let mut kept = Vec::with_capacity(parts.len());
        for part in parts {
            let mut run: Vec<GridPoint> = Vec::new();
            for (at, &point) in part.iter().enumerate() {
                if let Some(&before) = at.checked_sub(1).and_then(|i| part.get(i))
                    && border.keeps(point) != border.keeps(before)
                {
                    run.push(border.crossing(before, point));
                }
                if border.keeps(point) {
                    run.push(point);
                } else {
                    kept.push(std::mem::take(&mut run));
                }
            }
            kept.push(run);
        }
        kept.retain(|run| run.len() >= 2);
        parts = kept;
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cleaned(ring: &[GridPoint]) -> Vec<GridPoint> {
        let mut ring = ring.to_vec();
        clean_ring(&mut ring);
        ring
    }

    #[test]
    fn cleaning_takes_repeats_straight_points_and_spikes_and_keeps_the_land() {
        let square = [[0, 0], [4, 0], [4, 4], [0, 4]];
        assert_eq!(cleaned(&[[0, 0], [2, 0], [4, 0], [4, 4], [4, 4], [0, 4]]), square);
        assert_eq!(cleaned(&[[0, 0], [4, 0], [9, 0], [4, 0], [4, 4], [0, 4]]), square);
        assert_eq!(cleaned(&[[2, 0], [4, 0], [4, 4], [0, 4], [0, 0]]), [[4, 0], [4, 4], [0, 4], [0, 0]]);
        assert!(cleaned(&[[0, 0], [4, 0], [2, 0]]).is_empty());
        assert!(cleaned(&[[0, 0], [4, 0], [4, 4], [4, 0]]).is_empty());
        assert_eq!(twice_area(&square), 32);
    }

    #[test]
    fn a_line_that_turns_back_keeps_its_turning_point() {
        let mut line = vec![[0, 0], [1, 1], [2, 2], [2, 2], [0, 0]];
        clean_line(&mut line);
        assert_eq!(line, [[0, 0], [2, 2], [0, 0]]);
    }

    #[test]
    fn a_line_that_leaves_and_returns_comes_in_two_parts() {
        let parts = clip_line(vec![[2, 2], [2, 12], [6, 12], [6, 2]], [0, 0, 10, 10]);
        assert_eq!(parts, [vec![[2, 2], [2, 10]], vec![[6, 10], [6, 2]]]);
        assert!(clip_line(vec![[-5, 20], [20, 20]], [0, 0, 10, 10]).is_empty());
    }

    proptest! {
        #[test]
        fn a_crossing_does_not_depend_on_the_way_of_the_edge(a in [-9000_i32..-1, -9000..9000], b in [1_i32..9000, -9000..9000]) {
            let border = Border { axis: 0, at: 0, keep_above: true };
            prop_assert_eq!(border.crossing(a, b), border.crossing(b, a));
        }

        #[test]
        fn clipping_leaves_nothing_outside_and_the_land_of_a_triangle_inside(
            ring in proptest::collection::vec([-40_i32..60, -40..60], 3), window in Just([0, 0, 20, 20])
        ) {
            let mut clipped = ring.clone();
            clip_ring(&mut clipped, window);
            prop_assert!(inside(&clipped, window));
            prop_assert!(twice_area(&clipped).abs() <= 800);
            if inside(&ring, window) {
                prop_assert_eq!(twice_area(&clipped), twice_area(&ring));
            }
        }
    }
}
