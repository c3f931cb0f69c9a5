use super::*;
use std::fmt::Write as _;
use std::time::Instant;

/// Gauss–Krüger of EPSG:5897 without datum shift: good enough to place points.
pub(super) fn hanoi_metres(lon: f64, lat: f64) -> (f64, f64) {
    let (a, f, k0) = (6_378_137.0f64, 1.0 / 298.257_223_563, 0.9999);
    let e2: f64 = f * (2.0 - f);
    let (p, dl) = (lat.to_radians(), (lon - 105.0 - 0.00188).to_radians());
    let ep2 = e2 / (1.0 - e2);
    let n = a / (1.0 - e2 * p.sin().powi(2)).sqrt();
    let (t, c, q) = (p.tan().powi(2), ep2 * p.cos().powi(2), dl * p.cos());
    let m = a
        * ((1.0 - e2 / 4.0 - 3.0 * e2 * e2 / 64.0) * p - (3.0 * e2 / 8.0 + 3.0 * e2 * e2 / 32.0) * (2.0 * p).sin()
            + (15.0 * e2 * e2 / 256.0) * (4.0 * p).sin());
    let x = 500_000.0 + k0 * n * (q + (1.0 - t + c) * q.powi(3) / 6.0);
    (x, k0 * (m + n * p.tan() * (q * q / 2.0 + (5.0 - t + 9.0 * c) * q.powi(4) / 24.0)))
}

pub(super) fn units() -> Vec<UnitPoint> {
    include_str!("../../zones/units.csv")
        .lines()
        .skip(1)
        .map(|line| {
            let f: Vec<&str> = line.split(',').collect();
            let (x, y) = hanoi_metres(f[5].parse().unwrap(), f[6].parse().unwrap());
            UnitPoint { code: f[0].into(), name: f[1].into(), full_name: f[2].into(), area_km2: f[3].parse().unwrap(), x, y }
        })
        .collect()
}

#[test]
fn sketch() {
    let figures = Figures::parse("demo.toml", include_str!("../../zones/demo.toml")).unwrap();
    let units = units();
    let t = Instant::now();
    let [x0, y0, x1, y1] = figures.bounds_m;
    let c = figures.cell_m;
    let lattice = lattice::Lattice { x0: x0 - 3.0 * c, y0: y0 - 3.0 * c, cell_m: c, nx: ((x1 - x0) / c) as usize + 7, ny: ((y1 - y0) / c) as usize + 7 };
    let unit_of = territory::deal(&lattice, &units, figures.bounds_m, figures.center_m, figures.seed);
    eprintln!("territory {:?}", t.elapsed());
    let rivers: Vec<_> = figures.rivers.iter().enumerate().map(|(k, r)| waters::River::new(r, figures.center_m, figures.seed ^ (k as u64 * 97))).collect();
    let views = waters::survey(&lattice, &rivers, figures.center_m);
    eprintln!("rivers {:?}", t.elapsed());
    let mut lines = roads::lines(&figures, &units, &rivers);
    eprintln!("roads {:?}", t.elapsed());
    let ground = ground::deal(&lattice, &figures, &units, &unit_of, &rivers, &views, &mut lines);
    eprintln!("ground {:?} {} areas", t.elapsed(), ground.areas.len());
    let widths: Vec<f64> = std::iter::once(0.0).chain(lines.iter().map(|l| l.width_m)).collect();
    let arcs = arcs::Arcs::trace(&lattice, &ground.labels, &ground.walls, &widths);
    eprintln!("arcs {:?} {} {}", t.elapsed(), arcs.arcs.len(), arcs.nodes.len());
    let identity: Vec<u32> = (0..ground.areas.len() as u32).collect();
    let shapes = rings::shapes(&arcs, &identity, identity.len(), rings::Edge::Side);
    eprintln!("shapes {:?}", t.elapsed());
    let unit_group: Vec<u32> = ground.areas.iter().enumerate().map(|(k, a)| if k == 0 { 0 } else { a.unit as u32 + 1 }).collect();
    let unit_shapes = rings::shapes(&arcs, &unit_group, units.len(), rings::Edge::Center);
    let strips = rings::strips(&arcs);
    let mut out = String::new();
    let mut dump = |name: &str, shape: &crate::model::MultiPolygon| {
        for p in &shape.0 {
            write!(out, "{name}").unwrap();
            for r in std::iter::once(p.exterior()).chain(p.interiors()) {
                out.push('|');
                for c in &r.0 {
                    write!(out, "{:.2},{:.2} ", c.x, c.y).unwrap();
                }
            }
            out.push('\n');
        }
    };
    for (k, s) in shapes.iter().enumerate().skip(1).filter(|(k, _)| *k < ground.areas.len()) {
        dump(&format!("area {:?}", ground.areas[k].class), s);
    }
    for (a, s) in &strips {
        dump(&format!("strip {:?}", lines[arcs.arcs[*a as usize].line as usize - 1].kind), s);
    }
    for (k, s) in unit_shapes.iter().enumerate().skip(1) {
        dump("unit", s);
        let km2 = crate::geom::area_m2(s) / 1e6;
        let off = km2 / units[k - 1].area_km2 - 1.0;
        if off.abs() > 0.1 {
            eprintln!("{} {:.1} of {:.1}", units[k - 1].name, km2, units[k - 1].area_km2);
        }
    }
    if let Ok(path) = std::env::var("CITY_DUMP") {
        std::fs::write(path, out).unwrap();
    }
}
