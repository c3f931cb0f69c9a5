//! Land cover that comes as cells: what share of a zone each class has, and where in it the land of some classes lies.
//!
//! Zones are brought to the raster, never the raster to the zones: no cell is resampled, every fraction is exact. Cells
//! are read a window at a time, each window once, so the raster may be larger than memory.

use rayon::prelude::*;

use crate::geom::{self, Coverage, CoveredRun, Window};
use crate::model::{Coord, MultiPolygon};

/// In a window's cells: the raster says nothing here, or nothing that may be told.
pub const NODATA: u16 = u16::MAX;

/// Moves points between the ground and the raster's cells; false when one of them has no image.
pub type Move<'a> = &'a (dyn Fn(&mut [Coord]) -> bool + Sync);

/// A raster's cells, and how they lie on the ground.
#[derive(Clone, Copy)]
pub struct Cells<'a> {
    pub width: u32,
    pub height: u32,
    /// How many columns and rows are best read at once.
    pub at_once: [u32; 2],
    /// Class values; a window's cells are places in this list, or `NODATA`.
    pub classes: &'a [i32],
    /// From the workspace's CRS to columns and rows, the corner of the first cell being (0, 0).
    pub to_cells: Move<'a>,
    pub to_ground: Move<'a>,
    /// Straight lines stay straight: one CRS for both.
    pub is_straight: bool,
}

/// What a raster shows of one zone.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ZoneShares {
    /// The zone's position.
    pub zone: u32,
    /// Class value and area, by value; classes the zone has nothing of are not in it.
    pub classes: Vec<(i32, f64)>,
    /// In cells without a class.
    pub nodata_m2: f64,
    /// Beyond the raster's edge.
    pub outside_m2: f64,
}

/// Fractions of cells by class (its place, or `NODATA`).
type Sums = Vec<(u16, f64)>;

/// What the raster shows of every zone, in their order: exact cell fractions, scaled to the zone's area in the workspace's
/// CRS, so that a zone's parts add up to it. `read` gives a window's cells row by row.
///
/// # Errors
/// What `read` says of the first window that it cannot read.
pub fn shares<E: Send>(
    zones: &[&MultiPolygon],
    cells: &Cells,
    read: impl Fn(Window) -> Result<Vec<u16>, E> + Sync,
) -> Result<Vec<ZoneShares>, E> {
    let placed: Vec<Option<Placed>> = zones.par_iter().map(|zone| Placed::new(zone, cells)).collect();
    let mut sums: Vec<Sums> = vec![Sums::new(); zones.len()];
    // As many windows at a time as there are threads: memory is bounded whatever the raster's size.
    for windows in windows_with_zones(&placed, cells).chunks(rayon::current_num_threads().max(1)) {
        let read: Result<Vec<Vec<u16>>, E> = windows.par_iter().map(|(window, _)| read(*window)).collect();
        let read = read?;
        let tasks: Vec<(usize, u32)> =
            windows.iter().enumerate().flat_map(|(w, (_, zones))| zones.iter().map(move |zone| (w, *zone))).collect();
        let found: Vec<Sums> = tasks
            .par_iter()
            .with_min_len(64)
            .map_init(
                || Adder::new(cells.classes.len()),
                |adder, &(w, zone)| match &placed[zone as usize] {
                    Some(placed) => adder.add_up(&placed.shape, windows[w].0, &read[w]),
                    None => Sums::new(),
                },
            )
            .collect();
        for ((_, zone), found) in tasks.into_iter().zip(found) {
            merge(&mut sums[zone as usize], found);
        }
    }
    let shares = zones.iter().zip(placed).zip(sums).enumerate();
    Ok(shares.map(|(i, ((zone, placed), sums))| in_m2(i as u32, zone, placed, &sums, cells)).collect())
}

/// The land of each class inside one zone, valid, in the workspace's CRS. `key` puts the classes (by their place in
/// `Cells::classes`) together, or leaves them out; land of one key is one shape, by key.
///
/// # Errors
/// What `read` says of the first window that it cannot read.
pub fn lands<E>(
    zone: &MultiPolygon,
    key: impl Fn(u16) -> Option<u32>,
    cells: &Cells,
    read: impl Fn(Window) -> Result<Vec<u16>, E>,
) -> Result<Vec<(u32, MultiPolygon)>, E> {
    let Some(placed) = Placed::new(zone, cells) else { return Ok(Vec::new()) };
    let key = |class: &u16| if usize::from(*class) < cells.classes.len() { key(*class) } else { None };
    let mut coverage = Coverage::default();
    let mut runs: std::collections::BTreeMap<u32, Vec<[u32; 3]>> = std::collections::BTreeMap::new();
    for window in parts_of(Window::whole(cells.width, cells.height).around(placed.bounds), cells.at_once) {
        let mut covered: Vec<CoveredRun> = Vec::new();
        coverage.visit(&placed.shape, window, |run| covered.push(run));
        if covered.is_empty() {
            continue;
        }
        let values = read(window)?;
        for run in covered {
            let mut column = run.begin;
            for same in row_of(&values, window, run).chunk_by(|a, b| key(a) == key(b)) {
                let end = column + same.len() as u32;
                if let Some(key) = same.first().and_then(key) {
                    runs.entry(key).or_default().push([run.row, column, end]);
                }
                column = end;
            }
        }
    }
    let land = |runs: &[[u32; 3]]| {
        let land = geom::rings_moved(&geom::land_of_runs(runs), |ring| bent(ring, cells.to_ground, cells.is_straight, Unit::Cells));
        // An outline that the CRS cannot take was refused when the zone was placed.
        land.map_or(MultiPolygon::new(Vec::new()), |land| geom::intersection(zone, &land))
    };
    let lands = runs.into_iter().map(|(key, runs)| (key, land(&runs)));
    Ok(lands.filter(|(_, land)| !land.0.is_empty()).collect())
}

/// A zone in cell coordinates.
struct Placed {
    shape: MultiPolygon,
    bounds: [f64; 4],
}

impl Placed {
    /// None for a zone without area, and for one that the raster's CRS cannot show.
    fn new(zone: &MultiPolygon, cells: &Cells) -> Option<Placed> {
        let shape = geom::rings_moved(zone, |ring| bent(ring, cells.to_cells, cells.is_straight, Unit::Ground)).ok()?;
        let bounds = geom::bounds(&shape).filter(|b| b.iter().all(|v| v.is_finite()))?;
        Some(Placed { shape, bounds })
    }

    fn is_inside(&self, cells: &Cells) -> bool {
        let [x0, y0, x1, y1] = self.bounds;
        x0 >= 0.0 && y0 >= 0.0 && x1 <= f64::from(cells.width) && y1 <= f64::from(cells.height)
    }
}

/// What the points of a ring are measured in before they are moved.
#[derive(Clone, Copy, PartialEq)]
enum Unit {
    Ground,
    Cells,
}

/// How far a moved edge may stray from its true curve, in cells: a quarter of the thousandth that is promised.
const STRAY_CELLS: f64 = 2.5e-4;
/// More points than this no edge on the Earth needs.
const MOST_PARTS: f64 = 4096.0;

struct NoImage;

/// A ring moved to the other side, its edges cut into as many parts as their curves need.
fn bent(ring: &[Coord], to: Move, is_straight: bool, from: Unit) -> Result<Vec<Coord>, NoImage> {
    let mut moved = ring.to_vec();
    if is_straight {
        return if to(&mut moved) { Ok(moved) } else { Err(NoImage) };
    }
    let between = |a: Coord, b: Coord, t: f64| Coord { x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t };
    moved.extend(ring.windows(2).map(|e| between(e[0], e[1], 0.5)));
    if !to(&mut moved) {
        return Err(NoImage);
    }
    let (corners, middles) = moved.split_at(ring.len());
    let mut points: Vec<Coord> = Vec::with_capacity(ring.len());
    for (edge, (image, middle)) in ring.windows(2).zip(corners.windows(2).zip(middles)) {
        let straight = between(image[0], image[1], 0.5);
        let stray = (middle.x - straight.x).hypot(middle.y - straight.y);
        let stray_cells = match from {
            Unit::Ground => stray,
            // The curve is the same share of the edge on both sides.
            Unit::Cells => {
                let length = (image[1].x - image[0].x).hypot(image[1].y - image[0].y);
                if length > 0.0 { stray / length * (edge[1].x - edge[0].x).hypot(edge[1].y - edge[0].y) } else { 0.0 }
            }
        };
        // A chord of 1/n of a curve strays 1/n² as far.
        let n = (stray_cells / STRAY_CELLS).sqrt().ceil().clamp(1.0, MOST_PARTS);
        points.extend((0..n as u32).map(|i| between(edge[0], edge[1], f64::from(i) / n)));
    }
    points.extend(ring.last());
    if to(&mut points) { Ok(points) } else { Err(NoImage) }
}

/// A window cut into parts that are read at once, row by row of parts, at the raster's own multiples of their size.
fn parts_of(window: Window, [columns, rows]: [u32; 2]) -> Vec<Window> {
    let cuts = |axis: usize, step: u32| -> Vec<[u32; 2]> {
        let (begin, end, step) = (window.begin[axis], window.end[axis], step.max(1));
        let first = begin / step;
        let last = end.div_ceil(step);
        (first..last).map(|i| [(i * step).max(begin), i.saturating_add(1).saturating_mul(step).min(end)]).collect()
    };
    let (across, down) = (cuts(0, columns), cuts(1, rows));
    let part = |y: &[u32; 2], x: &[u32; 2]| Window { begin: [x[0], y[0]], end: [x[1], y[1]] };
    down.iter().flat_map(|y| across.iter().map(move |x| part(y, x))).filter(|w| !w.is_empty()).collect()
}

/// The windows that any zone's box meets, each with those zones, by place.
fn windows_with_zones(placed: &[Option<Placed>], cells: &Cells) -> Vec<(Window, Vec<u32>)> {
    let [columns, rows] = cells.at_once.map(|n| n.max(1));
    let whole = Window::whole(cells.width, cells.height);
    let mut by_place: std::collections::BTreeMap<[u32; 2], Vec<u32>> = std::collections::BTreeMap::new();
    for (i, zone) in placed.iter().enumerate() {
        let Some(zone) = zone else { continue };
        let box_ = whole.around(zone.bounds);
        if box_.is_empty() {
            continue;
        }
        for y in box_.begin[1] / rows..box_.end[1].div_ceil(rows) {
            for x in box_.begin[0] / columns..box_.end[0].div_ceil(columns) {
                by_place.entry([y, x]).or_default().push(i as u32);
            }
        }
    }
    let window = |[y, x]: [u32; 2]| Window {
        begin: [x * columns, y * rows],
        end: [(x + 1).saturating_mul(columns).min(cells.width), (y + 1).saturating_mul(rows).min(cells.height)],
    };
    by_place.into_iter().map(|(place, zones)| (window(place), zones)).collect()
}

/// The cells of a run in its window's cells; none when there are too few of them.
fn row_of(values: &[u16], window: Window, run: CoveredRun) -> &[u16] {
    let row = (run.row - window.begin[1]) as usize * window.width();
    let [from, to] = [run.begin, run.end].map(|column| row + (column - window.begin[0]) as usize);
    values.get(from..to).unwrap_or_default()
}

/// Adds up fractions by class; keeps its buffers from one zone to the next.
struct Adder {
    coverage: Coverage,
    /// By class, the last one for cells without.
    by_class: Vec<f64>,
}

impl Adder {
    fn new(n_classes: usize) -> Adder {
        Adder { coverage: Coverage::default(), by_class: vec![0.0; n_classes + 1] }
    }

    fn add_up(&mut self, shape: &MultiPolygon, window: Window, values: &[u16]) -> Sums {
        let nodata = self.by_class.len() - 1;
        let by_class = &mut self.by_class;
        self.coverage.visit(shape, window, |run| {
            for class in row_of(values, window, run) {
                by_class[usize::from(*class).min(nodata)] += run.fraction;
            }
        });
        let place = |i: usize| if i == nodata { NODATA } else { i as u16 };
        let sums = by_class.iter().enumerate().filter(|(_, sum)| **sum > 0.0).map(|(i, sum)| (place(i), *sum)).collect();
        by_class.fill(0.0);
        sums
    }
}

/// Both are ordered by class.
fn merge(sums: &mut Sums, more: Sums) {
    if sums.is_empty() {
        *sums = more;
        return;
    }
    for (class, sum) in more {
        match sums.binary_search_by_key(&class, |s| s.0) {
            Ok(i) => sums[i].1 += sum,
            Err(i) => sums.insert(i, (class, sum)),
        }
    }
}

fn in_m2(zone: u32, shape: &MultiPolygon, placed: Option<Placed>, sums: &Sums, cells: &Cells) -> ZoneShares {
    let area_m2 = geom::area_m2(shape);
    let Some(placed) = placed else { return ZoneShares { zone, outside_m2: area_m2, ..ZoneShares::default() } };
    let inside: f64 = sums.iter().map(|(_, sum)| sum).sum();
    // A zone within the raster has nothing outside, whatever the last digits say.
    let outside = if placed.is_inside(cells) { 0.0 } else { (geom::area_m2(&placed.shape) - inside).max(0.0) };
    let total = inside + outside;
    if total <= 0.0 {
        return ZoneShares { zone, ..ZoneShares::default() };
    }
    let m2 = area_m2 / total;
    let mut shares = ZoneShares { zone, outside_m2: outside * m2, ..ZoneShares::default() };
    for &(class, sum) in sums {
        match cells.classes.get(usize::from(class)) {
            Some(value) => shares.classes.push((*value, sum * m2)),
            None => shares.nodata_m2 += sum * m2,
        }
    }
    shares.classes.sort_unstable_by_key(|(value, _)| *value);
    shares
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;
    use rand::{Rng, RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::model::{Polygon, Ring};

    const WIDTH: u32 = 23;
    const HEIGHT: u32 = 17;
    const CLASSES: [i32; 3] = [-5, 10, 50];
    /// A cell of 10 m, turned by 30°, far from the origin.
    const TURN: (f64, f64) = (8.660_254_037_844_387, 5.0);
    const ORIGIN: Coord = Coord { x: 580_000.0, y: 2_320_000.0 };

    fn to_ground(points: &mut [Coord]) -> bool {
        for c in points {
            let (x, y) = (c.x, c.y);
            *c = Coord { x: ORIGIN.x + x * TURN.0 + y * TURN.1, y: ORIGIN.y + x * TURN.1 - y * TURN.0 };
        }
        true
    }

    fn to_cells(points: &mut [Coord]) -> bool {
        for c in points {
            let (x, y) = (c.x - ORIGIN.x, c.y - ORIGIN.y);
            *c = Coord { x: (x * TURN.0 + y * TURN.1) / 100.0, y: (x * TURN.1 - y * TURN.0) / 100.0 };
        }
        true
    }

    const CELLS: Cells<'static> = Cells {
        width: WIDTH,
        height: HEIGHT,
        at_once: [8, 6],
        classes: &CLASSES,
        to_cells: &to_cells,
        to_ground: &to_ground,
        is_straight: true,
    };

    struct Raster(Vec<u16>);

    impl Raster {
        fn random(rng: &mut impl Rng) -> Raster {
            let cell = |_| match rng.random_range(0..4u16) {
                3 => NODATA,
                class => class,
            };
            Raster((0..WIDTH * HEIGHT).map(cell).collect())
        }

        fn read(&self, window: Window) -> Result<Vec<u16>, Infallible> {
            let row = |y: u32| (window.begin[0]..window.end[0]).map(move |x| self.0[(y * WIDTH + x) as usize]);
            Ok((window.begin[1]..window.end[1]).flat_map(row).collect())
        }

        /// Cut cell by cell.
        fn area_m2(&self, zone: &MultiPolygon, class: u16) -> f64 {
            let of_class = |i: &usize| self.0[*i] == class;
            let cut = |i: usize| geom::area_m2(&geom::intersection(zone, &cell(i as u32 % WIDTH, i as u32 / WIDTH)));
            (0..self.0.len()).filter(of_class).map(cut).sum()
        }
    }

    fn on_ground(points: &[(f64, f64)]) -> MultiPolygon {
        let mut points: Vec<Coord> = points.iter().map(|&(x, y)| Coord { x, y }).collect();
        to_ground(&mut points);
        geom::repair(vec![Polygon::new(Ring::new(points), vec![])]).shape
    }

    fn cell(column: u32, row: u32) -> MultiPolygon {
        let (x, y) = (f64::from(column), f64::from(row));
        on_ground(&[(x, y), (x + 1.0, y), (x + 1.0, y + 1.0), (x, y + 1.0)])
    }

    /// Some zones stick out of the raster, one lies beside it, one has no area.
    fn zones(rng: &mut impl Rng) -> Vec<MultiPolygon> {
        let mut zones: Vec<MultiPolygon> = (0..6)
            .map(|_| {
                let (x, y, n) = (rng.random_range(0.0..23.0), rng.random_range(0.0..17.0), rng.random_range(3..12));
                let point = |i: i32| {
                    let (angle, r) = (f64::from(i) * std::f64::consts::TAU / f64::from(n), rng.random_range(1.0..7.0));
                    (x + r * f64::cos(angle), y + r * f64::sin(angle))
                };
                on_ground(&(0..n).map(point).collect::<Vec<_>>())
            })
            .collect();
        zones.push(on_ground(&[(30.0, 3.0), (34.0, 3.0), (34.0, 9.0)]));
        zones.push(MultiPolygon::new(Vec::new()));
        zones
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn shares_are_what_cutting_every_cell_gives_and_add_up_to_the_zone(seed in any::<u64>()) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let (raster, zones) = (Raster::random(&mut rng), zones(&mut rng));
            let refs: Vec<&MultiPolygon> = zones.iter().collect();
            let found = shares(&refs, &CELLS, |w| raster.read(w)).unwrap();
            for (i, (shares, zone)) in found.iter().zip(&zones).enumerate() {
                prop_assert_eq!(shares.zone as usize, i);
                let area_m2 = geom::area_m2(zone);
                let mut sum = shares.nodata_m2 + shares.outside_m2;
                let check = |found: f64, cut: f64| {
                    prop_assert!((found - cut).abs() < 1e-9 * area_m2.max(100.0), "zone {i}: {found}, cut {cut}");
                    Ok(())
                };
                for (class, value) in CLASSES.iter().enumerate() {
                    let of_class = shares.classes.iter().find(|c| c.0 == *value).map_or(0.0, |c| c.1);
                    sum += of_class;
                    check(of_class, raster.area_m2(zone, class as u16))?;
                }
                check(shares.nodata_m2, raster.area_m2(zone, NODATA))?;
                check(sum, area_m2)?;
            }
            prop_assert!(found[6].outside_m2 > 0.0 && found[6].classes.is_empty() && found[6].nodata_m2 == 0.0);
            prop_assert_eq!(&found[7], &ZoneShares { zone: 7, ..ZoneShares::default() });
        }

        #[test]
        fn windows_and_threads_change_no_digit_that_counts(seed in any::<u64>()) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let (raster, zones) = (Raster::random(&mut rng), zones(&mut rng));
            let refs: Vec<&MultiPolygon> = zones.iter().collect();
            let run = |n_threads: usize, at_once: [u32; 2]| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
                pool.install(|| shares(&refs, &Cells { at_once, ..CELLS }, |w| raster.read(w)).unwrap())
            };
            prop_assert_eq!(run(1, [8, 6]), run(2, [8, 6]));
            for (a, b) in run(1, [1000, 1000]).iter().zip(run(2, [3, 1])) {
                prop_assert_eq!(a.classes.len(), b.classes.len());
                for (a, b) in a.classes.iter().zip(b.classes) {
                    prop_assert!(a.0 == b.0 && (a.1 - b.1).abs() < 1e-8, "{a:?} {b:?}");
                }
            }
        }

        #[test]
        fn land_of_classes_is_valid_inside_the_zone_and_as_large_as_their_shares(seed in any::<u64>()) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let (raster, zones) = (Raster::random(&mut rng), zones(&mut rng));
            let refs: Vec<&MultiPolygon> = zones.iter().collect();
            let found = shares(&refs, &CELLS, |w| raster.read(w)).unwrap();
            for (zone, shares) in zones.iter().zip(found) {
                let wanted = |class: u16| [Some(0), None, Some(0)][usize::from(class)];
                let land = lands(zone, wanted, &CELLS, |w| raster.read(w)).unwrap();
                let land = land.into_iter().next().map_or(MultiPolygon::new(vec![]), |(_, land)| land);
                let expected: f64 = shares.classes.iter().filter(|c| c.0 != 10).map(|c| c.1).sum();
                prop_assert!((geom::area_m2(&land) - expected).abs() < 1e-4, "{} {expected}", geom::area_m2(&land));
                prop_assert!(geom::validate(&land).is_empty());
                prop_assert!(geom::area_m2(&geom::difference(&land, zone)) < 1e-4);
            }
        }
    }

    #[test]
    fn a_curved_way_is_followed_to_a_thousandth_of_a_cell() {
        // Straight ground lines become parabolas of up to a hundred cells.
        fn curve(points: &mut [Coord]) -> bool {
            points.iter_mut().for_each(|c| c.y += (c.x - 1000.0) * (c.x - 1000.0) / 1e4);
            true
        }
        let square = [(0.0, 100.0), (2000.0, 100.0), (2000.0, 300.0), (0.0, 300.0), (0.0, 100.0)];
        let ring: Vec<Coord> = square.iter().map(|&(x, y)| Coord { x, y }).collect();
        let Ok(moved) = bent(&ring, &curve, false, Unit::Ground) else { panic!() };
        for edge in moved.windows(2) {
            let x = edge[0].x / 2.0 + edge[1].x / 2.0;
            let y = edge[0].y / 2.0 + edge[1].y / 2.0 - (x - 1000.0) * (x - 1000.0) / 1e4;
            if edge[0].x != edge[1].x {
                assert!((y - 100.0).abs().min((y - 300.0).abs()) < 1e-3, "{edge:?}");
            }
        }
        assert!(moved.first() == moved.last() && moved.len() > 100 && moved.len() < 3000, "{}", moved.len());
        assert!(bent(&ring, &|_: &mut [Coord]| false, false, Unit::Ground).is_err());
    }

    #[test]
    fn a_window_that_cannot_be_read_fails_the_whole() {
        let zone = on_ground(&[(1.0, 1.0), (9.0, 1.0), (9.0, 9.0)]);
        assert_eq!(shares(&[&zone], &CELLS, |_| Err::<Vec<u16>, _>("disk")), Err("disk"));
        assert_eq!(lands(&zone, |_| Some(0), &CELLS, |_| Err::<Vec<u16>, _>("disk")), Err("disk"));
        // Fewer cells than asked for are no cells.
        let short = shares(&[&zone], &CELLS, |_| Ok::<_, Infallible>(Vec::new())).unwrap();
        assert!(short[0].classes.is_empty());
    }
}
