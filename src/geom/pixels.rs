//! How much of each cell of a grid a shape covers: exact area, not samples.
//!
//! Every edge adds its signed area to the cells it crosses and its height to all cells to the right, as scan converters
//! with exact coverage do; a walk along each row adds them up. Cells without an edge come as runs of one fraction. The
//! work is that of the edges and the cells they cross, whatever the shape's size.

use super::rings::is_usable;
use crate::model::{Coord, MultiPolygon, Polygon};

/// Columns and rows of a grid, `begin` included, `end` not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    pub begin: [u32; 2],
    pub end: [u32; 2],
}

impl Window {
    /// The cells of a width and a height from the corner on.
    pub fn whole(width: u32, height: u32) -> Window {
        Window { begin: [0, 0], end: [width, height] }
    }

    pub fn width(&self) -> usize {
        self.end[0].saturating_sub(self.begin[0]) as usize
    }

    pub fn height(&self) -> usize {
        self.end[1].saturating_sub(self.begin[1]) as usize
    }

    pub fn is_empty(&self) -> bool {
        self.width() == 0 || self.height() == 0
    }

    /// The cells that a box in cell coordinates meets; empty when it lies outside.
    pub fn around(&self, [x0, y0, x1, y1]: [f64; 4]) -> Window {
        // `as` saturates, and turns NaN into 0.
        let inside = |at: f64, axis: usize| (at as u32).clamp(self.begin[axis], self.end[axis]);
        let begin = [inside(x0.floor(), 0), inside(y0.floor(), 1)];
        Window { begin, end: [inside(x1.ceil(), 0).max(begin[0]), inside(y1.ceil(), 1).max(begin[1])] }
    }
}

/// Cells of one row, all covered to the same fraction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CoveredRun {
    pub row: u32,
    /// Columns, `end` not included.
    pub begin: u32,
    pub end: u32,
    /// 0 to 1.
    pub fraction: f64,
}

/// Sums of rounding errors stay far below, a part of a cell that means land far above.
const NOTHING: f64 = 1e-12;

/// What the edges in one cell do: to it (`area`), and to all cells to the right (`height`).
#[derive(Debug, Clone, Copy)]
struct Mark {
    row: u32,
    column: u32,
    area: f64,
    height: f64,
}

/// Finds covered cells; keeps its buffer from one shape to the next.
#[derive(Debug, Default)]
pub struct Coverage {
    marks: Vec<Mark>,
}

impl Coverage {
    /// Visits the cells of the window that a valid shape in cell coordinates (x along columns, y along rows, cell (0, 0)
    /// from 0 to 1) covers, row by row. Rings may run either way; what lies outside of the window is left out.
    pub fn visit(&mut self, shape: &MultiPolygon, window: Window, mut visit: impl FnMut(CoveredRun)) {
        self.marks.clear();
        if window.is_empty() {
            return;
        }
        for polygon in &shape.0 {
            self.add_ring(&polygon.exterior().0, 1.0, window);
            for hole in polygon.interiors() {
                self.add_ring(&hole.0, -1.0, window);
            }
        }
        // Stable: marks of one cell are added in the order of the edges.
        self.marks.sort_by_key(|m| (m.row, m.column));
        let mut rest = self.marks.as_slice();
        while let Some(first) = rest.first() {
            let n = rest.partition_point(|m| m.row == first.row);
            let (row, next) = rest.split_at(n);
            walk(row, window.end[0], &mut visit);
            rest = next;
        }
    }

    fn add_ring(&mut self, ring: &[Coord], side: f64, window: Window) {
        if !ring.iter().all(|c| is_usable(*c)) {
            return;
        }
        // Rows run downward or upward and rings either way: what counts is that a shell adds and a hole takes away.
        let sign = if super::measure::signed_area_m2(ring) < 0.0 { side } else { -side };
        for edge in ring.windows(2) {
            self.add_edge(edge[0], edge[1], sign, window);
        }
    }

    /// Cuts an edge at the window's top, bottom, left and right. Left of it only its height counts, right of it nothing.
    fn add_edge(&mut self, from: Coord, to: Coord, sign: f64, window: Window) {
        // Downward always, so that both neighbours of a border cut it at the same points.
        let (from, to, sign) = if from.y <= to.y { (from, to, sign) } else { (to, from, -sign) };
        let [left, top] = window.begin.map(f64::from);
        let [right, bottom] = window.end.map(f64::from);
        if to.y <= top || from.y >= bottom || from.y == to.y {
            return;
        }
        let line = Line::new(from, to);
        let (y0, y1) = (from.y.max(top), to.y.min(bottom));
        let mut cuts = [y0, y1, y1, y1];
        let mut n = 1;
        let across = if from.x <= to.x { [left, right] } else { [right, left] };
        for x in across.into_iter().filter(|x| (from.x < *x) != (to.x < *x)) {
            let y = line.y_at(x);
            if y > cuts[n - 1] && y < y1 {
                cuts[n] = y;
                n += 1;
            }
        }
        for i in 0..n {
            let (a, b) = (cuts[i], cuts[i + 1]);
            let middle = line.x_at(a / 2.0 + b / 2.0);
            if middle <= left {
                self.add_rows(window.begin[0], a, b, sign, window.end[1]);
            } else if middle < right {
                self.add_part(&line, a, b, sign, window);
            }
        }
    }

    /// A part left of the window: it covers the first column wholly, and all to the right.
    fn add_rows(&mut self, column: u32, y0: f64, y1: f64, sign: f64, end_row: u32) {
        let mut y = y0;
        let mut row = y0 as u32;
        while y < y1 && row < end_row {
            let below = y1.min(f64::from(row + 1));
            let height = sign * (below - y);
            self.marks.push(Mark { row, column, area: height, height });
            y = below;
            row += 1;
        }
    }

    /// A part inside the window's columns, row by row.
    fn add_part(&mut self, line: &Line, y0: f64, y1: f64, sign: f64, window: Window) {
        let [left, right] = [f64::from(window.begin[0]), f64::from(window.end[0])];
        let x_at = |y: f64| line.x_at(y).clamp(left, right);
        let (mut y, mut x) = (y0, x_at(y0));
        let mut row = y0 as u32;
        while y < y1 && row < window.end[1] {
            let below = y1.min(f64::from(row + 1));
            let next = x_at(below);
            self.add_in_row(row, Coord { x, y }, Coord { x: next, y: below }, sign, window);
            (y, x) = (below, next);
            row += 1;
        }
    }

    /// A part inside one row, cell by cell.
    fn add_in_row(&mut self, row: u32, from: Coord, to: Coord, sign: f64, window: Window) {
        let (first, last) = (from.x.min(to.x) as u32, from.x.max(to.x) as u32);
        let height = sign * (to.y - from.y);
        let rightmost = window.end[0] - 1;
        if first == last || first >= rightmost {
            let column = first.min(rightmost);
            let area = height * (f64::from(column) + 1.0 - (from.x / 2.0 + to.x / 2.0));
            self.marks.push(Mark { row, column, area, height });
            return;
        }
        // From left to right; the height goes with the width.
        let (x0, x1) = (from.x.min(to.x), from.x.max(to.x));
        let slope = height / (x1 - x0);
        let (mut x, mut done) = (x0, 0.0);
        for column in first..=last.min(rightmost) {
            let next = x1.min(f64::from(column) + 1.0);
            // The last part takes what is left, so that the row's heights add up.
            let part = if next >= x1 { height - done } else { slope * (next - x) };
            if part != 0.0 {
                self.marks.push(Mark { row, column, area: part * (f64::from(column) + 1.0 - (x / 2.0 + next / 2.0)), height: part });
            }
            done += part;
            x = next;
        }
    }
}

/// Adds up the marks of one row, from left to right.
fn walk(row: &[Mark], end: u32, visit: &mut impl FnMut(CoveredRun)) {
    let mut height = 0.0;
    let mut i = 0;
    while let Some(&Mark { row: at, column, .. }) = row.get(i) {
        let (mut area, before) = (0.0, height);
        while let Some(mark) = row.get(i).filter(|m| m.column == column) {
            area += mark.area;
            height += mark.height;
            i += 1;
        }
        let mut emit = |begin: u32, end: u32, covered: f64| {
            if covered > NOTHING && begin < end {
                visit(CoveredRun { row: at, begin, end, fraction: if covered > 1.0 - NOTHING { 1.0 } else { covered } });
            }
        };
        emit(column, column + 1, before + area);
        emit(column + 1, row.get(i).map_or(end, |m| m.column), height);
    }
}

/// An edge that runs downward.
struct Line {
    from: Coord,
    to: Coord,
    dx_dy: f64,
    dy_dx: f64,
}

impl Line {
    fn new(from: Coord, to: Coord) -> Line {
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        Line { from, to, dx_dy: dx / dy, dy_dx: dy / dx }
    }

    fn x_at(&self, y: f64) -> f64 {
        // From the nearer end, and never beyond either.
        let x = if y - self.from.y < self.to.y - y {
            self.from.x + (y - self.from.y) * self.dx_dy
        } else {
            self.to.x - (self.to.y - y) * self.dx_dy
        };
        x.clamp(self.from.x.min(self.to.x), self.from.x.max(self.to.x))
    }

    fn y_at(&self, x: f64) -> f64 {
        (self.from.y + (x - self.from.x) * self.dy_dx).clamp(self.from.y, self.to.y)
    }
}

/// The land of whole cells, given as runs of columns in rows (in any order, none twice), in cell coordinates: valid.
pub fn land_of_runs(runs: &[[u32; 3]]) -> MultiPolygon {
    let mut runs = runs.to_vec();
    runs.sort_unstable_by_key(|&[row, begin, end]| (begin, end, row));
    // Runs of the same columns one below the other are one rectangle: fewer edges.
    let mut blocks: Vec<[u32; 4]> = Vec::new();
    for [row, begin, end] in runs {
        match blocks.last_mut() {
            Some(block) if (block[0], block[2], block[3]) == (begin, end, row) => block[3] = row + 1,
            _ => blocks.push([begin, row, end, row + 1]),
        }
    }
    let ring = |[x0, y0, x1, y1]: [u32; 4]| -> Vec<Coord> {
        let corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)];
        corners.map(|(x, y)| Coord { x: f64::from(x), y: f64::from(y) }).to_vec()
    };
    let rings: Vec<Vec<Coord>> = blocks.into_iter().map(ring).collect();
    super::boolean::union_of_rings(rings.iter().map(Vec::as_slice))
}

/// The same rings with every point moved, whatever that does to the directions.
pub(crate) fn rings_moved<E>(shape: &MultiPolygon, mut moved: impl FnMut(&[Coord]) -> Result<Vec<Coord>, E>) -> Result<MultiPolygon, E> {
    let mut polygons = Vec::with_capacity(shape.0.len());
    for polygon in &shape.0 {
        let shell = moved(&polygon.exterior().0)?;
        let holes: Result<Vec<_>, E> = polygon.interiors().iter().map(|hole| Ok(moved(&hole.0)?.into())).collect();
        polygons.push(Polygon::new(shell.into(), holes?));
    }
    Ok(MultiPolygon::new(polygons))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::geom;
    use crate::model::Ring;

    fn shape(points: &[(f64, f64)]) -> MultiPolygon {
        let ring = Ring::new(points.iter().map(|&(x, y)| Coord { x, y }).collect());
        geom::repair(vec![Polygon::new(ring, vec![])]).shape
    }

    fn cell(column: u32, row: u32) -> MultiPolygon {
        let (x, y) = (f64::from(column), f64::from(row));
        shape(&[(x, y), (x + 1.0, y), (x + 1.0, y + 1.0), (x, y + 1.0)])
    }

    /// Fractions by cell of the window, row by row.
    fn fractions(shape: &MultiPolygon, window: Window) -> Vec<f64> {
        let mut all = vec![0.0; window.width() * window.height()];
        Coverage::default().visit(shape, window, |run| {
            assert!(run.begin < run.end && run.begin >= window.begin[0] && run.end <= window.end[0], "{run:?}");
            for column in run.begin..run.end {
                let at = (run.row - window.begin[1]) as usize * window.width() + (column - window.begin[0]) as usize;
                assert_eq!(all[at], 0.0, "a cell comes once: {run:?}");
                all[at] = run.fraction;
            }
        });
        all
    }

    fn assert_as_cut(shape: &MultiPolygon, window: Window) -> Result<(), TestCaseError> {
        for (i, fraction) in fractions(shape, window).into_iter().enumerate() {
            let (column, row) = (window.begin[0] + (i % window.width()) as u32, window.begin[1] + (i / window.width()) as u32);
            let cut = geom::area_m2(&geom::intersection(shape, &cell(column, row)));
            prop_assert!((fraction - cut).abs() <= 1e-11, "cell {column} {row}: {fraction}, cut {cut}");
        }
        Ok(())
    }

    /// A wavy ring with a wavy hole, and an island beside it.
    fn wavy(seed: u64) -> MultiPolygon {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut ring = |at: (f64, f64), size: f64| {
            let n = rng.random_range(3..30);
            let points: Vec<(f64, f64)> = (0..n)
                .map(|i| {
                    let (angle, r) = (f64::from(i) * std::f64::consts::TAU / f64::from(n), rng.random_range(0.4..1.0) * size);
                    (at.0 + r * angle.cos(), at.1 + r * angle.sin())
                })
                .collect();
            shape(&points)
        };
        let (shell, hole, island) = (ring((8.0, 7.0), 6.0), ring((8.3, 7.1), 2.0), ring((18.0, 3.0), 3.0));
        geom::union(&[&geom::difference(&shell, &hole), &island])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn fractions_are_the_areas_that_cutting_every_cell_gives(seed in any::<u64>()) {
            assert_as_cut(&wavy(seed), Window::whole(22, 16))?;
            // Cut on all four sides.
            assert_as_cut(&wavy(seed), Window { begin: [5, 3], end: [17, 9] })?;
        }

        #[test]
        fn windows_side_by_side_give_what_one_window_gives(seed in any::<u64>()) {
            let shape = wavy(seed);
            let whole: f64 = fractions(&shape, Window::whole(22, 16)).iter().sum();
            prop_assert!((whole - geom::area_m2(&shape)).abs() < 1e-10 * whole);
            let mut parts = 0.0;
            for (x, y) in [(0, 0), (7, 0), (14, 0), (0, 5), (7, 5), (14, 5), (0, 10), (7, 10), (14, 10)] {
                parts += fractions(&shape, Window { begin: [x, y], end: [(x + 7).min(22), (y + 5).min(16)] }).iter().sum::<f64>();
            }
            // The columns from 21 on are in no part.
            let last: f64 = fractions(&shape, Window { begin: [21, 0], end: [22, 15] }).iter().sum();
            let low: f64 = fractions(&shape, Window { begin: [0, 15], end: [22, 16] }).iter().sum();
            prop_assert!((parts + last + low - whole).abs() < 1e-10, "{parts} {last} {low} {whole}");
        }
    }

    #[test]
    fn rings_may_run_either_way_and_holes_as_they_like() {
        let points = [(1.0, 1.0), (5.0, 1.0), (5.0, 5.0), (1.0, 5.0), (1.0, 1.0)];
        let ring = |scale: f64, reversed: bool| {
            let mut points: Vec<Coord> =
                points.iter().map(|&(x, y)| Coord { x: 3.0 + (x - 3.0) * scale, y: 3.0 + (y - 3.0) * scale }).collect();
            if reversed {
                points.reverse();
            }
            Ring::new(points)
        };
        for (shell, hole) in [(true, true), (true, false), (false, true), (false, false)] {
            let shape = MultiPolygon::new(vec![Polygon::new(ring(1.0, shell), vec![ring(0.5, hole)])]);
            let sum: f64 = fractions(&shape, Window::whole(6, 6)).iter().sum();
            assert_eq!(sum, 12.0);
        }
    }

    #[test]
    fn a_large_shape_comes_as_one_run_a_row_and_costs_its_border_only() {
        let n = 4_000_000_000.0;
        let mut runs = Vec::new();
        let window = Window { begin: [1_000_000_000, 2_000_000_000], end: [3_000_000_000, 2_000_000_003] };
        Coverage::default().visit(&shape(&[(0.0, 0.0), (n, 0.0), (n, n), (0.0, n)]), window, |run| runs.push(run));
        let total: u64 = runs.iter().map(|r| u64::from(r.end - r.begin)).sum();
        assert!(runs.len() <= 6 && total == 6_000_000_000 && runs.iter().all(|r| r.fraction == 1.0), "{runs:?}");
    }

    #[test]
    fn what_is_no_shape_covers_nothing_and_breaks_nothing() {
        let window = Window::whole(4, 4);
        let raw = |points: &[(f64, f64)]| {
            MultiPolygon::new(vec![Polygon::new(Ring::new(points.iter().map(|&(x, y)| Coord { x, y }).collect()), vec![])])
        };
        for points in [
            &[][..],
            &[(1.0, 1.0)],
            &[(1.0, 1.0), (3.0, 3.0), (1.0, 1.0)],
            &[(f64::NAN, 0.0), (1.0, 1.0), (2.0, 0.0)],
            &[(-9.0, -9.0), (-5.0, -9.0), (-5.0, -5.0)],
            &[(9.0, 0.0), (11.0, 0.0), (11.0, 3.0)],
            &[(1.0, 2.0), (3.0, 2.0), (2.0, 2.0)],
        ] {
            assert_eq!(fractions(&raw(points), window).iter().sum::<f64>(), 0.0, "{points:?}");
        }
        assert!(fractions(&cell(1, 1), Window { begin: [2, 2], end: [2, 4] }).is_empty());
        let around = |bounds| Window::whole(10, 10).around(bounds);
        assert_eq!(around([2.5, -3.0, 4.0, 99.0]), Window { begin: [2, 0], end: [4, 10] });
        assert!(around([12.0, 0.0, 14.0, 1.0]).is_empty() && around([-5.0, 0.0, -1.0, 1.0]).is_empty());
        assert!(around([f64::NAN; 4]).is_empty());
    }

    #[test]
    fn runs_of_cells_become_valid_land_with_holes_and_corners_that_touch() {
        // A ring of cells around a hole, and a cell that touches its corner.
        let land = land_of_runs(&[[0, 0, 3], [1, 0, 1], [1, 2, 3], [2, 0, 3], [3, 3, 4]]);
        assert_eq!(geom::area_m2(&land), 9.0);
        assert_eq!((land.0.len(), geom::validate(&land).len()), (2, 0));
        assert!(land_of_runs(&[]).0.is_empty());
    }
}
