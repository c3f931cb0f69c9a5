//! What lies where: water, town, village, hill, field blocks, dealt out on the lattice.
//!
//! Gives every cell a label and every label its commune and class. Field blocks are rows of bricks
//! in bent coordinates that follow the nearest road or the river, so that they look ploughed, not drawn.

use super::UnitPoint;
use super::curves::distance_m;
use super::dice::{Dice, hash_unit, noise, rough_noise};
use super::figures::{Blob, Figures};
use super::lattice::{Lattice, Point, Walls, clear_walls, connected, join_small, part_diagonals};
use super::roads::{Line, LineKind};
use super::waters::{River, RiverView};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Class {
    River,
    Lake,
    /// Farmland between dyke and river.
    Alluvium,
    Urban,
    Village,
    Industry,
    Forest,
    /// Farmland on the foot of hills.
    Slope,
    Farm,
    Military,
    Cemetery,
    Pond,
}

impl Class {
    pub fn is_farm(self) -> bool {
        matches!(self, Class::Alluvium | Class::Slope | Class::Farm)
    }

    pub fn is_settled(self) -> bool {
        matches!(self, Class::Urban | Class::Village | Class::Industry)
    }

    fn is_water(self) -> bool {
        matches!(self, Class::River | Class::Lake | Class::Pond)
    }
}

/// One label's land.
#[derive(Clone, Copy, Debug)]
pub(super) struct Area {
    /// Place in the list of units.
    pub unit: usize,
    pub class: Class,
    /// The stretch between roads, rivers and borders that it belongs to.
    pub stretch: u32,
    /// The river or lake it is water of: rivers first, then lakes, from 0 on.
    pub water: Option<usize>,
}

pub(super) struct Ground {
    /// By cell; 0 is outside.
    pub labels: Vec<u32>,
    /// By label; index 0 means nothing.
    pub areas: Vec<Area>,
    pub walls: Walls,
}

/// Deals out all land. Appends the dykes and canals to `lines`.
pub(super) fn deal(
    lattice: &Lattice,
    figures: &Figures,
    units: &[UnitPoint],
    unit_of: &[u8],
    rivers: &[River],
    views: &[Option<RiverView>],
    lines: &mut Vec<Line>,
) -> Ground {
    let seed = figures.seed;
    let mut walls = Walls::new(lattice);
    for (k, line) in lines.iter().enumerate() {
        for curve in &line.curves {
            walls.build(lattice, curve, k as u16 + 1);
        }
    }
    let stamps = stamp(lattice, figures, units, views);
    let classes: Vec<Option<Class>> =
        (0..lattice.n_cells()).map(|c| (unit_of[c] != 0).then(|| class_of(lattice.center(c), figures, views[c], stamps[c]))).collect();
    let dyke = |c: usize| views[c].is_some_and(|v| v.in_water || v.on_alluvium);
    let stretch_keys: Vec<u64> =
        (0..lattice.n_cells()).map(|c| if unit_of[c] == 0 { 0 } else { (u64::from(unit_of[c]) << 1) | u64::from(dyke(c)) }).collect();
    let (stretches, first) = connected(lattice, &stretch_keys, &walls);
    let headings = headings(lattice, &stretches, first.len(), lines, seed);
    let pieces: Vec<Piece> = (0..lattice.n_cells())
        .map(|c| {
            classes[c].map_or(Piece::default(), |class| {
                piece(lattice.center(c), class, stretches[c], headings[stretches[c] as usize], views[c], seed)
            })
        })
        .collect();
    let dyke_line = lines.len() as u16 + 1;
    let river_names: Vec<&str> = figures.rivers.iter().map(|r| r.name.as_str()).collect();
    lines.push(Line {
        kind: LineKind::Dyke,
        name: format!("Đê {}", river_names.first().unwrap_or(&"").to_lowercase()),
        width_m: 18.0,
        curves: Vec::new(),
    });
    lines.push(Line { kind: LineKind::Canal, name: "Kênh nội đồng".to_owned(), width_m: 9.0, curves: Vec::new() });
    raise_dykes_and_canals(lattice, &mut walls, &classes, &pieces, &stretches, views, rivers, dyke_line);
    let keys: Vec<u64> = (0..lattice.n_cells())
        .map(|c| match classes[c] {
            None => 0,
            Some(class) => (u64::from(unit_of[c]) << 56) | ((class as u64) << 48) | (u64::from(stretches[c]) << 28) | pieces[c].number(),
        })
        .collect();
    let (mut labels, first) = connected(lattice, &keys, &walls);
    let areas: Vec<Area> = first
        .iter()
        .map(|&c| Area {
            unit: (unit_of[c] as usize).saturating_sub(1),
            class: classes[c].unwrap_or(Class::Farm),
            stretch: stretches[c],
            water: water_of(classes[c], views[c], stamps[c], rivers.len(), figures.lakes.len()),
        })
        .collect();
    let kin = |a: u32, b: u32| kinship(&areas, a, b);
    let cell_ha = lattice.cell_m * lattice.cell_m / 1e4;
    let too_small = |label: u32, cells: f64, width: f64| {
        let class = areas[label as usize].class;
        let (least_ha, least_width) = match class {
            c if c.is_farm() => (2.2, 2.6),
            Class::Urban => (1.6, 2.2),
            Class::Forest => (6.0, 3.0),
            Class::River => (6.0, 2.0),
            _ => (0.9, 1.6),
        };
        cells * cell_ha < least_ha || width < least_width
    };
    join_small(lattice, &mut labels, &walls, areas.len(), too_small, kin);
    let wide: Vec<bool> = std::iter::once(false).chain(lines.iter().map(|l| l.width_m >= 12.0)).collect();
    clear_walls(lattice, &mut labels, &walls, |line| wide[usize::from(line)]);
    part_diagonals(lattice, &mut labels, kin);
    let islands = islands(lattice, &mut labels, &walls, &areas, seed);
    Ground { labels, areas: areas.into_iter().chain(islands).collect(), walls }
}

/// Puts a pond or a hamlet into the middle of some field blocks: their zones have a hole there.
fn islands(lattice: &Lattice, labels: &mut [u32], walls: &Walls, areas: &[Area], seed: u64) -> Vec<Area> {
    /// Four cells by four without the corners, and a rim of two cells that stay field.
    const SIDE: usize = 4;
    const RIM: usize = 2;
    const WHOLE: usize = SIDE + 2 * RIM;
    let mut islands = Vec::new();
    let mut has_one = vec![false; areas.len()];
    for j in 0..lattice.ny.saturating_sub(WHOLE) {
        for i in 0..lattice.nx.saturating_sub(WHOLE) {
            let cells = |from: usize, to: usize| (from..to).flat_map(move |b| (from..to).map(move |a| (j + b) * lattice.nx + i + a));
            let field = labels[(j + WHOLE / 2) * lattice.nx + i + WHOLE / 2];
            let Some(area) = areas.get(field as usize).filter(|a| field != 0 && a.class == Class::Farm) else { continue };
            let chance = hash_unit(seed ^ 0x15, i64::from(field), 0);
            let is_open = |c: usize| labels[c] == field && walls.east[c] == 0 && walls.north[c] == 0;
            if has_one[field as usize] || chance > 0.06 || !cells(0, WHOLE).all(is_open) {
                continue;
            }
            has_one[field as usize] = true;
            let own = (areas.len() + islands.len()) as u32;
            let class = if chance > 0.03 { Class::Pond } else { Class::Village };
            islands.push(Area { class, ..*area });
            let [low, high] = [RIM, RIM + SIDE - 1];
            let is_corner = |c: usize| [low, high].contains(&(c / lattice.nx - j)) && [low, high].contains(&(c % lattice.nx - i));
            cells(RIM, RIM + SIDE).filter(|&c| !is_corner(c)).for_each(|c| labels[c] = own);
        }
    }
    islands
}

fn water_of(class: Option<Class>, view: Option<RiverView>, stamp: Option<Stamp>, n_rivers: usize, n_lakes: usize) -> Option<usize> {
    match class? {
        Class::River => Some(usize::from(view?.river)),
        // Lakes are stamped first, so their numbers are 1 to n_lakes.
        Class::Lake => Some(usize::from(stamp?.number)).filter(|&n| n >= 1 && n <= n_lakes).map(|n| n_rivers + n - 1),
        _ => None,
    }
}

/// How gladly one area joins another.
fn kinship(areas: &[Area], a: u32, b: u32) -> f64 {
    if a == 0 || b == 0 {
        return 0.0;
    }
    let (a, b) = (&areas[a as usize], &areas[b as usize]);
    let unit = if a.unit == b.unit { 1.0 } else { 0.01 };
    let class = if a.class == b.class {
        1.0
    } else if a.class.is_water() != b.class.is_water() {
        0.05
    } else if a.class.is_farm() == b.class.is_farm() {
        0.6
    } else {
        0.35
    };
    unit * class
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    class: Class,
    /// Which village, lake … it is.
    number: u16,
}

/// Height above the plain, 0 to about 1.2, by the hills around.
fn relief(at: Point, hills: &[Blob], seed: u64) -> f64 {
    let sum: f64 = hills
        .iter()
        .map(|h| {
            let d = distance_m(at, [h.at[0] * 1000.0, h.at[1] * 1000.0]) / h.radius_m;
            if d < 2.2 { (-d * d * 1.1).exp() * 1.3 } else { 0.0 }
        })
        .sum();
    if sum < 0.05 { 0.0 } else { sum * (1.0 + 0.55 * rough_noise(seed ^ 0x31, at, 2600.0)) }
}

fn class_of(at: Point, figures: &Figures, view: Option<RiverView>, stamp: Option<Stamp>) -> Class {
    if view.is_some_and(|v| v.in_water) {
        return Class::River;
    }
    if let Some(Stamp { class: Class::Lake, .. }) = stamp {
        return Class::Lake;
    }
    if view.is_some_and(|v| v.on_alluvium) {
        return match stamp {
            Some(Stamp { class: Class::Village, .. }) => Class::Village,
            _ => Class::Alluvium,
        };
    }
    let seed = figures.seed;
    let center_m = distance_m(at, figures.center_m);
    let core_m = if center_m > 17_000.0 {
        center_m
    } else {
        center_m * (1.0 + 0.30 * noise(seed ^ 0x41, at, 5200.0) + 0.10 * rough_noise(seed ^ 0x45, at, 1500.0))
    };
    if core_m < 8600.0 {
        return Class::Urban;
    }
    if let Some(stamp) = stamp {
        return stamp.class;
    }
    match relief(at, &figures.hills, seed) {
        h if h > 0.62 => Class::Forest,
        h if h > 0.24 => Class::Slope,
        _ => Class::Farm,
    }
}

/// Lakes, towns, villages, industry, barracks, cemeteries, ponds: by cell.
fn stamp(lattice: &Lattice, figures: &Figures, units: &[UnitPoint], views: &[Option<RiverView>]) -> Vec<Option<Stamp>> {
    let seed = figures.seed;
    let mut stamps: Vec<Option<Stamp>> = vec![None; lattice.n_cells()];
    let mut number = 0u16;
    let mut put = |at: Point, radius_m: f64, stretch: f64, angle: f64, rough: f64, class: Class, stamps: &mut Vec<Option<Stamp>>| {
        number = number.wrapping_add(1);
        let (sin, cos) = angle.sin_cos();
        let shape_seed = seed ^ 0x5000 ^ u64::from(number);
        lattice.around(at, radius_m * 2.0, |cell, p| {
            let (dx, dy) = (p[0] - at[0], p[1] - at[1]);
            let (u, v) = ((dx * cos + dy * sin) * stretch, (-dx * sin + dy * cos) / stretch);
            let d = if class == Class::Industry || class == Class::Military { (u.powi(4) + v.powi(4)).powf(0.25) } else { u.hypot(v) };
            let edge = 1.0 + rough * (0.7 * noise(shape_seed, p, radius_m * 0.95) + 0.45 * noise(shape_seed + 1, p, radius_m * 0.42));
            if d < radius_m * edge && (stamps[cell].is_none() || class == Class::Lake) {
                stamps[cell] = Some(Stamp { class, number });
            }
        });
    };
    for lake in &figures.lakes {
        put([lake.at[0] * 1000.0, lake.at[1] * 1000.0], lake.radius_m, 0.85, 0.6, 0.55, Class::Lake, &mut stamps);
    }
    let mut dice = Dice::new(seed, "settlements");
    for unit in units {
        let radius_m = (110.0 * unit.area_km2.sqrt()).clamp(350.0, 820.0) * dice.range(0.8, 1.25);
        put([unit.x, unit.y], radius_m, dice.range(0.75, 1.0), dice.range(0.0, 3.2), 0.6, Class::Village, &mut stamps);
    }
    let [x0, y0, x1, y1] = figures.bounds_m;
    let far = |p: Point| distance_m(p, figures.center_m);
    let scatter = |spacing_m: f64, dice: &mut Dice, visit: &mut dyn FnMut(Point, &mut Dice)| {
        let (nx, ny) = (((x1 - x0) / spacing_m) as usize + 1, ((y1 - y0) / spacing_m) as usize + 1);
        for j in 0..ny {
            for i in 0..nx {
                let p = [x0 + (i as f64 + dice.unit()) * spacing_m, y0 + (j as f64 + dice.unit()) * spacing_m];
                visit(p, dice);
            }
        }
    };
    let wet = |p: Point| lattice.cell_at(p).and_then(|c| views[c]).is_some_and(|v| v.in_water || v.on_alluvium);
    let height = |p: Point| relief(p, &figures.hills, seed);
    scatter(5200.0, &mut dice, &mut |p, dice| {
        let d = far(p);
        if d > 9000.0 && d < 34_000.0 && dice.chance(0.42) && !wet(p) && height(p) < 0.15 {
            put(p, dice.range(320.0, 760.0), dice.range(0.75, 1.0), dice.range(0.0, 3.2), 0.12, Class::Industry, &mut stamps);
        }
    });
    scatter(9000.0, &mut dice, &mut |p, dice| {
        if dice.chance(0.45) && !wet(p) {
            put(p, dice.range(180.0, 420.0), dice.range(0.8, 1.0), dice.range(0.0, 3.2), 0.15, Class::Military, &mut stamps);
        }
    });
    scatter(1180.0, &mut dice, &mut |p, dice| {
        let (keep, h) = (dice.chance(0.82), height(p));
        let radius_m = dice.log_normal(250.0, 0.38).clamp(110.0, 620.0) * (1.15 - (far(p) / 90_000.0)) * if wet(p) { 0.6 } else { 1.0 };
        let (stretch, angle) = (dice.range(0.62, 1.0), dice.range(0.0, 3.2));
        if keep && h < 0.5 && !(wet(p) && dice.chance(0.75)) {
            put(p, radius_m * (1.0 - 0.6 * h), stretch, angle, 0.75, Class::Village, &mut stamps);
        }
    });
    scatter(2100.0, &mut dice, &mut |p, dice| {
        if dice.chance(0.5) && !wet(p) {
            put(p, dice.range(70.0, 150.0), 0.8, dice.range(0.0, 3.2), 0.3, Class::Cemetery, &mut stamps);
        }
    });
    scatter(1900.0, &mut dice, &mut |p, dice| {
        if dice.chance(0.55) && !wet(p) {
            put(p, dice.range(70.0, 190.0), 0.7, dice.range(0.0, 3.2), 0.6, Class::Pond, &mut stamps);
        }
    });
    stamps
}

/// In which direction the rows of each stretch run: along most of the lines at its border.
fn headings(lattice: &Lattice, stretches: &[u32], n_stretches: usize, lines: &[Line], seed: u64) -> Vec<f64> {
    let mut doubled = vec![[0.0f64; 2]; n_stretches];
    for pair in lines.iter().flat_map(|l| &l.curves).flat_map(|c| c.windows(2)) {
        let d = [pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]];
        let length = d[0].hypot(d[1]).max(1e-9);
        let middle = [(pair[0][0] + pair[1][0]) / 2.0, (pair[0][1] + pair[1][1]) / 2.0];
        for side in [-80.0, 80.0] {
            if let Some(cell) = lattice.cell_at([middle[0] - d[1] / length * side, middle[1] + d[0] / length * side]) {
                let sum = &mut doubled[stretches[cell] as usize];
                sum[0] += (d[0] * d[0] - d[1] * d[1]) / length;
                sum[1] += 2.0 * d[0] * d[1] / length;
            }
        }
    }
    doubled
        .iter()
        .enumerate()
        .map(|(k, d)| {
            let free = hash_unit(seed ^ 0x77, k as i64, 0) * std::f64::consts::PI;
            if d[0].hypot(d[1]) < 100.0 { free } else { d[1].atan2(d[0]) / 2.0 + 0.25 * (hash_unit(seed ^ 0x78, k as i64, 0) - 0.5) }
        })
        .collect()
}

/// A brick in a row of a stretch.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Piece {
    row: i32,
    brick: i32,
}

impl Piece {
    /// In 28 bits; two pieces of one stretch never share a number within ±8,191 rows and bricks.
    fn number(self) -> u64 {
        (((self.row + 8192) as u64 & 0x3fff) << 14) | ((self.brick + 8192) as u64 & 0x3fff)
    }
}

fn piece(at: Point, class: Class, stretch: u32, heading: f64, view: Option<RiverView>, seed: u64) -> Piece {
    let seed = seed ^ (u64::from(stretch) << 20);
    let (sin, cos) = heading.sin_cos();
    let turned = [at[0] * cos + at[1] * sin, -at[0] * sin + at[1] * cos];
    let bend = |amplitude: f64, wavelength: f64, salt: u64| amplitude * noise(seed ^ salt, at, wavelength);
    let (u, v, row_m, brick_m) = match class {
        Class::Farm => {
            let row_m = 175.0 + 150.0 * hash_unit(seed, 1, 1);
            let brick_m = 245.0 + 225.0 * hash_unit(seed, 1, 2);
            (
                turned[0] + bend(90.0, 700.0, 3) + bend(26.0, 190.0, 5),
                turned[1] + bend(190.0, 1500.0, 4) + bend(24.0, 210.0, 6),
                row_m,
                brick_m,
            )
        }
        Class::Alluvium => match view {
            Some(v) => {
                let side = if v.left { 1.0 } else { -1.0 };
                let (along, off) = (f64::from(v.along_m), f64::from(v.distance_m));
                (along + bend(110.0, 600.0, 3) + 0.25 * off, side * (off + 4000.0) + bend(120.0, 900.0, 4), 460.0, 560.0)
            }
            None => (turned[0], turned[1], 400.0, 500.0),
        },
        Class::Slope => (turned[0] + bend(240.0, 900.0, 3), turned[1] + bend(260.0, 1100.0, 4), 420.0, 560.0),
        Class::Urban => (turned[0] + bend(60.0, 800.0, 3), turned[1] + bend(70.0, 900.0, 4), 300.0, 380.0),
        Class::Forest => (turned[0] + bend(420.0, 1500.0, 3), turned[1] + bend(420.0, 1700.0, 4), 1100.0, 1300.0),
        Class::Industry => (turned[0], turned[1], 420.0, 520.0),
        _ => return Piece::default(),
    };
    let row = slot(seed, 0, v, row_m);
    let slant = (hash_unit(seed ^ 0x99, i64::from(row), 7) - 0.5) * 0.7;
    let length = brick_m * (0.75 + 0.6 * hash_unit(seed ^ 0x9a, i64::from(row), 8));
    let shift = length * hash_unit(seed ^ 0x9b, i64::from(row), 9);
    let brick = slot(seed ^ 0x9c, i64::from(row) + 1, u + shift + slant * (v - f64::from(row) * row_m), length);
    // Rows and bricks count from the stretch's own corner of the city, so that they stay small.
    Piece { row: row.rem_euclid(16_000) - 8000, brick: brick.rem_euclid(16_000) - 8000 }
}

/// Which slot a coordinate falls in, when the borders between slots are shifted by up to a third.
fn slot(seed: u64, salt: i64, x: f64, size: f64) -> i32 {
    let k = (x / size).floor();
    let border = |n: f64| (n + 0.33 * (2.0 * hash_unit(seed ^ 0xabc, n as i64, salt) - 1.0)) * size;
    let k = if x < border(k) {
        k - 1.0
    } else if x >= border(k + 1.0) {
        k + 1.0
    } else {
        k
    };
    k as i32
}

#[expect(clippy::too_many_arguments, reason = "one pass over what the lattice knows")]
fn raise_dykes_and_canals(
    lattice: &Lattice,
    walls: &mut Walls,
    classes: &[Option<Class>],
    pieces: &[Piece],
    stretches: &[u32],
    views: &[Option<RiverView>],
    rivers: &[River],
    dyke_line: u16,
) {
    let nx = lattice.nx;
    let low = |c: usize| views[c].is_some_and(|v| v.in_water || v.on_alluvium);
    let dyked = |c: usize| views[c].is_some_and(|v| usize::from(v.river) < rivers.len() && v.on_alluvium);
    let canal = |a: usize, b: usize| {
        let (p, q) = (pieces[a], pieces[b]);
        classes[a] == Some(Class::Farm)
            && classes[b] == Some(Class::Farm)
            && stretches[a] == stretches[b]
            && (p.row - q.row).abs() == 1
            && hash_unit(u64::from(stretches[a]), i64::from(p.row.min(q.row)), 3) < 0.14
    };
    for c in 0..lattice.n_cells() - nx {
        for (next, east) in [(c + 1, true), (c + nx, false)] {
            if classes[c].is_none() || classes[next].is_none() {
                continue;
            }
            let line = if low(c) != low(next) && (dyked(c) || dyked(next)) {
                dyke_line
            } else if canal(c, next) {
                dyke_line + 1
            } else {
                continue;
            };
            let slot = if east { &mut walls.east[c] } else { &mut walls.north[c] };
            if *slot == 0 {
                *slot = line;
            }
        }
    }
}
