//! `cargo bench --bench overlay [-- s|m|l]`: the time of `encroach::overlay` and `detect` on a made-up city, and of looking
//! again after one new land use. `-- SIZE write FILE.gpkg` writes the layers as a workspace, for other engines.
//!
//! The layers are made here (`coverage.rs`), deterministic, in the shape of Hanoi: s has 6 thousand zones,
//! m (the default) 234 thousand, l a million, x four. Times run from geometries in memory to the result.

mod again;
mod coverage;

use std::time::Instant;

use farmzone::encroach::{Basis, Finding, Known, LeftOut, Seen, detect, overlay};
use farmzone::geom;
use farmzone::legend::Rules;
use farmzone::model::{Epoch, Group, MultiPolygon, Zone};

/// As in the program.
#[global_allocator]
static HEAP: mimalloc::MiMalloc = mimalloc::MiMalloc;

const N_RUNS: usize = 5;

fn main() {
    let size = std::env::args().skip(1).find(|a| !a.starts_with('-')).unwrap_or_else(|| "m".to_owned());
    let (zone_cell_m, built_cell_m, scale) = match size.as_str() {
        "s" => (400.0, 60.0, 0.5),
        "m" => (130.0, 40.0, 1.0),
        "l" => (62.0, 20.0, 1.0),
        // Four million parcels: for `write`, to import and serve.
        "x" => (31.0, 20.0, 1.0),
        other => {
            eprintln!("no size {other}: s, m, l or x");
            std::process::exit(2);
        }
    };
    let (width_m, height_m) = (75_000.0 * scale, 91_000.0 * scale);
    let started = Instant::now();
    let zones = coverage::zones(width_m, height_m, zone_cell_m, 7);
    let built = coverage::built(width_m - 50.0, height_m - 50.0, built_cell_m, 8);
    let n_vertices: usize =
        built.iter().flat_map(|s| &s.0).flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors())).map(|r| r.0.len()).sum();
    println!(
        "{size}: {} zones, {} land uses with {n_vertices} vertices, made in {:.1} s",
        zones.len(),
        built.len(),
        started.elapsed().as_secs_f64()
    );

    let args: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    if let [_, word, out] = &args[..]
        && word == "write"
    {
        again::write(std::path::Path::new(out), zones, built);
        return;
    }
    let (zone_refs, built_refs): (Vec<&MultiPolygon>, Vec<&MultiPolygon>) = (zones.iter().collect(), built.iter().collect());
    let pairs = timed("overlay", || overlay(&zone_refs, &built_refs));
    let shared_m2: f64 = pairs.iter().map(|p| p.area_m2).sum();
    println!("  {} pairs share {shared_m2:.3} m²", pairs.len());

    let rules = Rules::parse("zones/rules.toml", include_str!("../../zones/rules.toml")).expect("our own rules are valid");
    let seen: Vec<Seen> = built.iter().map(|shape| Seen::new("ONT", Group::Built, shape)).collect();
    let zones: Vec<Zone> = zones.into_iter().enumerate().map(|(i, shape)| zone(i, shape)).collect();
    let found: Vec<Finding> = timed("detect", || detect(&zones, &Basis::new(Epoch::year(2024), &seen, &rules), &Known::new()));
    let mut left_out = LeftOut::default();
    found.iter().for_each(|f| left_out.add(&f.left_out));
    let events_m2: f64 = found.iter().flat_map(|f| &f.events).map(|e| e.area_m2).sum();
    let found_m2 = events_m2 + left_out.sliver_area_m2;
    let n_events: usize = found.iter().map(|f| f.events.len()).sum();
    println!("  {n_events} events and {} slivers of {found_m2:.3} m²", left_out.n_slivers);
    // Two ways to one number: integrals of edges, and shapes.
    let difference = (found_m2 - shared_m2).abs() / shared_m2;
    assert!(difference < 1e-8, "overlay and detect differ by {difference:e}");

    again::look_again(zones.clone(), built.clone());

    let bad = timed("validate", || zones.iter().map(|z| &z.shape).chain(&built).filter(|s| !geom::validate(s).is_empty()).count());
    assert_eq!(bad, 0, "the made-up layers are valid");
}

/// Runs it several times and prints the best and the median.
fn timed<T>(what: &str, run: impl Fn() -> T) -> T {
    let mut times = Vec::new();
    let mut last = None;
    for _ in 0..N_RUNS {
        let started = Instant::now();
        last = Some(run());
        times.push(started.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    println!("{what}: best {:.3} s, median {:.3} s of {N_RUNS}", times[0], times[N_RUNS / 2]);
    last.expect("it ran")
}

fn zone(i: usize, shape: MultiPolygon) -> Zone {
    Zone::new(&i.to_string(), "rice", shape)
}
