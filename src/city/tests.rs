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

fn figures() -> Figures {
    Figures::parse("demo.toml", include_str!("../../zones/demo.toml")).unwrap()
}

#[test]
fn sketch() {
    let t = Instant::now();
    let city = build(&figures(), &units(), &mut |what, _| eprintln!("{what} {:?}", t.elapsed()));
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
    for l in &city.land_use.last().unwrap().1 {
        dump(&format!("landuse {}", l.code), &l.shape);
    }
    for z in &city.zones {
        dump(&format!("zone {}", z.kind), &z.shape);
    }
    for e in &city.truth {
        if e.nature == Nature::Loss {
            dump(&format!("event {}", e.right), &e.shape);
        }
    }
    for u in &city.units {
        dump("unit", &u.shape);
    }
    for k in &figures().kinds {
        let own: Vec<f64> = city.zones.iter().filter(|z| z.kind == k.key).map(|z| geom::area_m2(&z.shape) / 1e4).collect();
        let units: std::collections::BTreeSet<_> = city.zones.iter().filter(|z| z.kind == k.key).map(|z| &z.unit).collect();
        eprintln!("{} n {} ha {:.1} of {} large {} max {:.1} units {}", k.key, own.len(), own.iter().sum::<f64>(), k.hectares, own.iter().filter(|a| **a >= 50.0).count(), own.iter().fold(0.0f64, |a, &b| a.max(b)), units.len());
    }
    for c in ["A", "L", "E"] {
        eprintln!("{c} {}", city.land_use.last().unwrap().1.iter().filter(|l| l.id.starts_with(c)).count());
    }
    for (e, l) in &city.land_use {
        eprintln!("{e} {} polygons {:.3} km2", l.len(), l.iter().map(|l| geom::area_m2(&l.shape)).sum::<f64>() / 1e6);
    }
    let loss: Vec<_> = city.truth.iter().filter(|e| e.nature == Nature::Loss).collect();
    let lost: f64 = loss.iter().map(|e| e.area_m2).sum();
    for r in Right::ALL {
        let own: Vec<_> = loss.iter().filter(|e| e.right == *r).collect();
        eprintln!("{r} n {} {:.3} area {:.4}", own.len(), own.len() as f64 / loss.len() as f64, own.iter().map(|e| e.area_m2).sum::<f64>() / lost);
    }
    eprintln!("yearly {:.4}, context {}, permits {}", lost / 11.0 / city.zones.iter().map(|z| geom::area_m2(&z.shape)).sum::<f64>(), city.context.len(), city.permits.len());
    if let Ok(path) = std::env::var("CITY_DUMP") {
        std::fs::write(path, out).unwrap();
    }
}
