//! Pyramids of tiles as files: read back, every tile is the one that a map is served; whole or not there.

mod archive;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use archive::{Address, PmTiles, gunzip, mbtiles, metadata_of_mbtiles};
use farmzone::engine::{self, Rulebook, Snapshot, TileCoord, TileFilter, TileFormat, TileLayer};
use serde_json::{Value, json};

use crate::program::{Bench, answer, geojson_in, square};

const X: f64 = 580_000.0;
const Y: f64 = 2_320_000.0;

/// A commune, a field so wide that tiles of zoom 14 lie wholly inside, another beside it, houses of two years, a place.
fn workspace() -> Bench {
    let bench = Bench::with_workspace("EPSG:5897");
    let load = |name: &str, features: &[(Value, &[[f64; 2]])], role: &str, more: &[&str]| {
        let file = bench.write(name, geojson_in(5897, features));
        bench.import(&file, role, more).ok();
    };
    let house = square(X + 5_000.0, Y + 5_000.0, 60.0);
    let houses =
        [(json!({ "id": "house", "code": "ONT" }), &house[..]), (json!({ "id": "rice", "code": "LUC" }), &square(X, Y, 16_000.0)[..])];
    load(
        "communes.geojson",
        &[(json!({ "code": "10001", "name": "Đại Thanh" }), &square(X - 1_000.0, Y - 1_000.0, 20_000.0))],
        "boundaries",
        &[],
    );
    let zones = [
        (json!({ "id": "a", "kind": "rice", "name": "Vùng lúa Đại Thanh" }), &square(X, Y, 14_000.0)[..]),
        (json!({ "id": "b", "kind": "fruit", "name": "Vùng bưởi" }), &square(X + 14_000.0, Y, 300.0)[..]),
    ];
    load("zones.geojson", &zones, "zones", &[]);
    load("landuse.geojson", &houses[1..], "landuse", &["--epoch", "2019"]);
    load("landuse.geojson", &houses, "landuse", &["--epoch", "2024"]);
    // Outside of all the rest.
    load("context.geojson", &[(json!({ "id": "lake", "name": "Hồ" }), &square(X - 30_000.0, Y, 900.0))], "context", &["--kind", "water"]);
    bench
}

fn snapshot(bench: &Bench) -> Snapshot {
    engine::open(&bench.path("w.gpkg"), &Arc::new(Rulebook::load(None).unwrap())).unwrap()
}

/// What a map is served around the workspace, tile by tile, without the empty ones.
fn served(
    snapshot: &Snapshot,
    layers: &[TileLayer],
    epoch: Option<&str>,
    zooms: std::ops::RangeInclusive<u8>,
) -> BTreeMap<Address, Vec<u8>> {
    let epoch = epoch.map(|e| e.parse().unwrap());
    let mut tiles = BTreeMap::new();
    for z in zooms {
        let n = f64::from(1_u32 << z);
        // Wider than everything in it: 105.2° to 106.1° east, 20.7° to 21.3° north.
        let column = |lon: f64| ((lon + 180.0) / 360.0 * n) as u64;
        let row = |lat: f64| ((1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * n) as u64;
        for x in column(105.2)..=column(106.1) {
            for y in row(21.3)..=row(20.7) {
                let coord = TileCoord::new(z.into(), x, y).unwrap();
                let tile = snapshot.tile(layers, epoch, coord, &TileFilter::default(), TileFormat::Mvt).unwrap();
                if !tile.is_empty() {
                    tiles.insert((z, x as u32, y as u32), tile);
                }
            }
        }
    }
    tiles
}

fn unpacked(tiles: &BTreeMap<Address, Vec<u8>>) -> BTreeMap<Address, Vec<u8>> {
    tiles.iter().map(|(address, tile)| (*address, gunzip(tile))).collect()
}

fn n_distinct(tiles: &BTreeMap<Address, Vec<u8>>) -> usize {
    tiles.values().collect::<BTreeSet<_>>().len()
}

/// Addresses only: a thousand tiles in a message help nobody.
fn assert_same(found: &BTreeMap<Address, Vec<u8>>, expected: &BTreeMap<Address, Vec<u8>>) {
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    let other: Vec<&Address> = found.iter().filter(|(address, tile)| expected[address] != **tile).map(|(address, _)| address).collect();
    assert!(other.is_empty(), "not the bytes that are served: {other:?}");
}

fn names_in(bench: &Bench) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(bench.dir.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn both_formats_hold_every_tile_that_is_served_and_no_other() {
    let bench = workspace();
    let snapshot = snapshot(&bench);
    let expected = served(&snapshot, TileLayer::ALL, None, 6..=14);
    assert!(expected.len() > 60, "{}", expected.len());
    // Fields, houses, the commune and the lake far west of it are in them.
    let holds = |name: &[u8]| expected.values().any(|tile| tile.windows(name.len()).any(|w| w == name));
    assert!([&b"encroachments"[..], b"zone_labels", b"unit_labels", b"landuse", b"context"].into_iter().all(holds));

    let done = bench.run(&["tiles", "w.gpkg", "out.pmtiles"]).ok();
    let pmtiles = PmTiles::read(&bench.path("out.pmtiles"));
    assert_same(&unpacked(&pmtiles.tiles), &expected);
    assert_eq!(done["n_tiles"], expected.len());
    assert_eq!(done["bytes"], std::fs::metadata(bench.path("out.pmtiles")).unwrap().len());
    assert!(done["duration_ms"].as_f64().unwrap() > 0.0);
    assert_eq!((&done["epoch"], &done["revision"]), (&json!("2024"), &json!(snapshot.revision)));

    let done = bench.run(&["tiles", "w.gpkg", "out.mbtiles"]).ok();
    let tiles = mbtiles(&bench.path("out.mbtiles"));
    assert_same(&unpacked(&tiles), &expected);
    assert_eq!(
        (&done["n_tiles"], &done["bytes"]),
        (&json!(expected.len()), &json!(std::fs::metadata(bench.path("out.mbtiles")).unwrap().len()))
    );
    assert_eq!(tiles, pmtiles.tiles);
}

#[test]
fn tiles_alike_are_kept_once_in_the_order_of_the_curve() {
    let bench = workspace();
    bench.run(&["tiles", "w.gpkg", "out.pmtiles", "--layer", "zones"]).ok();
    bench.run(&["tiles", "w.gpkg", "out.mbtiles", "--layer", "zones"]).ok();
    let pmtiles = PmTiles::read(&bench.path("out.pmtiles"));
    let n_distinct = n_distinct(&pmtiles.tiles);
    assert!(n_distinct + 10 < pmtiles.tiles.len(), "the field holds whole tiles: {n_distinct} of {}", pmtiles.tiles.len());
    let head = &pmtiles.head;
    assert_eq!((head.n_addressed, head.n_contents), (pmtiles.tiles.len() as u64, n_distinct as u64));
    assert!(head.n_entries < head.n_addressed, "tiles alike that follow one another are one entry");
    assert!(head.is_clustered);
    // Clustered, by the specification: ids ascend, and each offset follows the one before or was there already.
    let mut next = 0;
    for (i, entry) in pmtiles.entries.iter().enumerate() {
        assert!(i == 0 || entry.id >= pmtiles.entries[i - 1].id + pmtiles.entries[i - 1].run, "{i}");
        assert!(entry.offset <= next, "a gap before entry {i}");
        next = next.max(entry.offset + entry.length);
    }
    let connection = rusqlite::Connection::open(bench.path("out.mbtiles")).unwrap();
    let count = |table: &str| connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |r| r.get::<_, i64>(0)).unwrap() as usize;
    assert_eq!((count("images"), count("map"), count("tiles")), (n_distinct, pmtiles.tiles.len(), pmtiles.tiles.len()));
}

#[test]
fn a_pyramid_says_what_it_holds_in_both_formats() {
    let bench = workspace();
    let args = ["--layer", "zone_labels,zones,landuse", "--minzoom", "8", "--maxzoom", "9"];
    let done = bench.run(&[&["tiles", "w.gpkg", "out.pmtiles"], &args[..]].concat()).ok();
    bench.run(&[&["tiles", "w.gpkg", "out.mbtiles"], &args[..]].concat()).ok();
    let pmtiles = PmTiles::read(&bench.path("out.pmtiles"));
    let (head, told) = (&pmtiles.head, &pmtiles.metadata);
    assert_eq!(done["layers"], json!(["landuse", "zones", "zone_labels"]));
    assert_eq!((head.min_zoom, head.max_zoom, head.center_zoom), (8, 9, 9));
    let bounds: Vec<f64> = done["bounds"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    assert!(head.bounds.iter().zip(&bounds).all(|(a, b)| (a - b).abs() < 2e-7), "{:?} {bounds:?}", head.bounds);
    assert!((bounds[0] - 105.77).abs() < 0.01 && (bounds[3] - 21.12).abs() < 0.01, "land use, not the lake: {bounds:?}");
    let center = [(bounds[0] + bounds[2]) / 2.0, (bounds[1] + bounds[3]) / 2.0];
    assert!(head.center.iter().zip(center).all(|(a, b)| (a - b).abs() < 2e-7), "{:?}", head.center);

    let layers = told["vector_layers"].as_array().unwrap();
    let of = |layer: &Value| (layer["id"].as_str().unwrap().to_owned(), layer["minzoom"].as_u64(), layer["maxzoom"].as_u64());
    let expected = [("landuse", 8), ("zones", 8), ("zone_labels", 9)].map(|(id, min)| (id.to_owned(), Some(min), Some(9)));
    assert_eq!(layers.iter().map(of).collect::<Vec<_>>(), expected);
    assert_eq!((&layers[1]["fields"]["kind"], &layers[1]["fields"]["area_ha"]), (&json!("String"), &json!("Number")));
    let revision = snapshot(&bench).revision;
    assert_eq!((&told["name"], &told["type"]), (&json!("Vùng sản xuất chuyên canh"), &json!("overlay")));
    assert_eq!((&told["revision"], &told["version"], &told["epoch"]), (&json!(revision), &json!(revision.to_string()), &json!("2024")));
    assert_eq!(told["attribution"], "zones.geojson · landuse.geojson · communes.geojson · context.geojson");
    assert!(told["simulated"] == false && !told["description"].as_str().unwrap().contains("simulated"));

    let rows = metadata_of_mbtiles(&bench.path("out.mbtiles"));
    for (name, value) in told.as_object().unwrap().iter().filter(|(name, _)| *name != "vector_layers") {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        assert_eq!(rows.get(name), Some(&text), "{name}");
    }
    let row = |name: &str| rows[name].as_str();
    assert_eq!([row("format"), row("minzoom"), row("maxzoom"), row("type")], ["pbf", "8", "9", "overlay"]);
    let json: Value = serde_json::from_str(row("json")).unwrap();
    assert_eq!(json["vector_layers"], told["vector_layers"]);
    let numbers = |name: &str| row(name).split(',').map(|n| n.parse().unwrap()).collect::<Vec<f64>>();
    assert_eq!((numbers("bounds"), numbers("center").len()), (bounds, 3));
}

#[test]
fn an_epoch_asked_for_is_the_one_that_is_drawn() {
    let bench = workspace();
    let snapshot = snapshot(&bench);
    bench.run(&["tiles", "w.gpkg", "old.pmtiles", "--epoch", "2019", "--minzoom", "12", "--maxzoom", "12"]).ok();
    let old = PmTiles::read(&bench.path("old.pmtiles"));
    let expected = served(&snapshot, TileLayer::ALL, Some("2019"), 12..=12);
    assert_same(&unpacked(&old.tiles), &expected);
    assert_ne!(expected, served(&snapshot, TileLayer::ALL, None, 12..=12));
    assert_eq!(old.metadata["epoch"], "2019");
    bench.run(&["tiles", "w.gpkg", "none.pmtiles", "--epoch", "2001"]).refused(3, &["2001", "2019", "2024"]);
}

#[test]
fn made_up_data_is_marked_as_such() {
    let bench = Bench::with_workspace("EPSG:5897");
    let file = bench.write("zones.geojson", geojson_in(5897, &[(json!({ "id": "a", "kind": "rice" }), &square(X, Y, 900.0))]));
    let import = engine::Import {
        file: &file,
        role: farmzone::model::LayerRole::Zones,
        layer: None,
        fields: &BTreeMap::new(),
        kind: None,
        code: None,
        keep: &[],
        epoch: None,
        legend: "vn",
        crs: None,
        operation: None,
        correct: None,
        accuracy_m: None,
        source: None,
        encoding: None,
        mode: engine::Mode::New,
        strict: false,
        issues_out: None,
        dry_run: false,
        simulated: true,
    };
    engine::import(&bench.path("w.gpkg"), &Rulebook::load(None).unwrap(), &import, &mut |_, _, _| {}).unwrap();
    bench.run(&["tiles", "w.gpkg", "out.pmtiles", "--maxzoom", "8"]).ok();
    let told = PmTiles::read(&bench.path("out.pmtiles")).metadata;
    assert_eq!((&told["simulated"], &told["attribution"]), (&json!(true), &json!("Dữ liệu mô phỏng")));
    assert!(told["description"].as_str().unwrap().contains("simulated data"));
}

#[test]
fn what_cannot_be_done_is_refused_with_what_is_wrong_and_leaves_nothing() {
    let bench = workspace();
    bench.run(&["init", "empty.gpkg"]).ok();
    bench.write("landuse_only.txt", "");
    let before = names_in(&bench);
    let refused = |args: &[&str], code: i32, words: &[&str]| bench.run(&[&["tiles"], args].concat()).refused(code, words);
    refused(&["w.gpkg", "out.zip"], 6, &["out.zip", ".pmtiles", ".mbtiles"]);
    refused(&["w.gpkg", "out"], 6, &[".pmtiles"]);
    refused(&["w.gpkg", "out.pmtiles", "--layer", "roads"], 2, &["“roads”", "zones", "encroachments"]);
    refused(&["w.gpkg", "out.pmtiles", "--layer", "zones,zones"], 2, &["once"]);
    refused(&["w.gpkg", "out.pmtiles", "--maxzoom", "17"], 2, &["--maxzoom 17", "16"]);
    refused(&["w.gpkg", "out.pmtiles", "--minzoom", "9", "--maxzoom", "8"], 2, &["--minzoom 9", "--maxzoom 8"]);
    refused(&["w.gpkg", "out.pmtiles", "--minzoom", "15"], 2, &["--minzoom 15", "--maxzoom 14"]);
    for wrong in ["-1", "x", "300"] {
        refused(&["w.gpkg", "out.pmtiles", &format!("--minzoom={wrong}")], 2, &["--minzoom"]);
    }
    refused(&["none.gpkg", "out.pmtiles"], 3, &["none.gpkg"]);
    refused(&["empty.gpkg", "out.pmtiles"], 3, &["empty"]);
    refused(&["w.gpkg", "out.mbtiles", "--layer", "zone_labels", "--maxzoom", "8"], 3, &["zone_labels", "8"]);
    refused(&["w.gpkg", "nowhere/out.pmtiles"], 7, &["nowhere"]);
    refused(&["w.gpkg", "nowhere/out.mbtiles"], 7, &["nowhere"]);
    refused(&["w.gpkg", "zones.geojson/out.pmtiles"], 7, &["zones.geojson"]);
    assert_eq!(names_in(&bench), before);

    std::fs::create_dir(bench.path("folder.pmtiles")).unwrap();
    refused(&["w.gpkg", "folder.pmtiles"], 5, &["folder.pmtiles"]);
    std::os::unix::fs::symlink(bench.path("w.gpkg"), bench.path("link.mbtiles")).unwrap();
    refused(&["w.gpkg", "link.mbtiles"], 5, &["the workspace itself"]);
    std::fs::copy(bench.path("w.gpkg"), bench.path("other.mbtiles")).unwrap();
    refused(&["w.gpkg", "other.mbtiles"], 5, &["a workspace"]);
    std::fs::hard_link(bench.path("w.gpkg"), bench.path("same.mbtiles")).unwrap();
    refused(&["w.gpkg", "same.mbtiles"], 5, &["a workspace"]);
    assert_eq!(bench.run(&["layers", "w.gpkg"]).ok()["layers"].as_array().unwrap().len(), 5);
}

#[test]
fn a_log_beside_the_place_is_not_played_into_the_new_file() {
    let bench = workspace();
    bench.write("out.mbtiles-wal", "left by another program");
    bench.run(&["tiles", "w.gpkg", "out.mbtiles"]).refused(5, &["out.mbtiles-wal"]);
    std::fs::remove_file(bench.path("out.mbtiles-wal")).unwrap();
    bench.run(&["tiles", "w.gpkg", "out.mbtiles", "--maxzoom", "7"]).ok();
}

#[test]
fn one_thread_writes_the_same_bytes_as_many() {
    let bench = workspace();
    for ending in ["pmtiles", "mbtiles"] {
        let files = ["1", "3"].map(|n_threads| {
            let name = format!("threads{n_threads}.{ending}");
            let output = bench.command(&["tiles", "w.gpkg", &name]).env("RAYON_NUM_THREADS", n_threads).output().unwrap();
            answer(&output).ok();
            std::fs::read(bench.path(&name)).unwrap()
        });
        assert!(files[0] == files[1], "{ending}");
    }
}

fn drafts(bench: &Bench) -> Vec<PathBuf> {
    let names = names_in(bench).into_iter().filter(|name| name.contains(".writing-"));
    names.map(|name| bench.path(&name)).collect()
}

/// Kills a long export while it writes: under the name there is what was there before.
fn kill_while_writing(bench: &Bench, out: &str) {
    let before = std::fs::read(bench.path(out)).ok();
    for _ in 0..20 {
        let args = ["tiles", "w.gpkg", out, "--minzoom", "0", "--maxzoom", "16"];
        let mut child = bench.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while drafts(bench).is_empty() && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        if child.wait().unwrap().signal() == Some(9) && drafts(bench).len() == 1 {
            assert!(std::fs::read(bench.path(out)).ok() == before, "{out} is not what it was");
            return;
        }
        // It was faster than we are.
        match &before {
            Some(bytes) => std::fs::write(bench.path(out), bytes).unwrap(),
            None => std::fs::remove_file(bench.path(out)).unwrap(),
        }
    }
    panic!("it was never killed while it wrote");
}

#[test]
fn a_killed_export_changes_nothing_under_the_name_and_the_next_one_cleans_up() {
    let bench = workspace();
    for out in ["out.pmtiles", "out.mbtiles"] {
        for maxzoom in ["8", "7"] {
            kill_while_writing(&bench, out);
            bench.run(&["tiles", "w.gpkg", out, "--maxzoom", maxzoom]).ok();
            assert_eq!(drafts(&bench), Vec::<PathBuf>::new());
        }
    }
    assert_eq!(PmTiles::read(&bench.path("out.pmtiles")).head.max_zoom, 7);
    assert_eq!(metadata_of_mbtiles(&bench.path("out.mbtiles"))["maxzoom"], "7");
}

#[test]
fn a_draft_that_somebody_still_writes_is_left_alone() {
    let bench = workspace();
    let living = bench.write("out.pmtiles.writing-1", "");
    let file = std::fs::File::open(&living).unwrap();
    file.lock().unwrap();
    let run = || bench.run(&["tiles", "w.gpkg", "out.pmtiles", "--maxzoom", "7"]).ok();
    let others = [bench.write("other.pmtiles.writing-1", ""), bench.write("out.pmtiles.writing-up", "")];
    run();
    assert!(living.exists());
    drop(file);
    run();
    assert!(!living.exists());
    assert!(others.iter().all(|path| path.exists()), "these are somebody else's");
}

#[test]
fn a_full_disk_is_told_and_what_was_there_stays() {
    let bench = workspace();
    for out in ["out.pmtiles", "out.mbtiles"] {
        bench.write(out, "what was there");
        let mut shell = std::process::Command::new("sh");
        // In blocks of 512 bytes: 32 KB.
        shell.current_dir(bench.dir.path()).args(["-c", r#"ulimit -f 64; exec "$0" "$@""#, env!("CARGO_BIN_EXE_farmzone")]);
        let output = shell.args(["--json", "tiles", "w.gpkg", out, "--maxzoom", "16"]).output().unwrap();
        answer(&output).refused(7, &[out, "cannot be written"]);
        assert_eq!(std::fs::read_to_string(bench.path(out)).unwrap(), "what was there");
        assert_eq!(drafts(&bench), Vec::<PathBuf>::new());
    }
}

#[test]
fn gdal_reads_an_mbtiles() {
    let version = std::process::Command::new("ogrinfo").arg("--version").output();
    if version.is_err() {
        println!("skipped: GDAL's ogrinfo is not installed");
        return;
    }
    let bench = workspace();
    bench.run(&["tiles", "w.gpkg", "out.mbtiles", "--layer", "zones", "--maxzoom", "12"]).ok();
    let info = |path: &Path| std::process::Command::new("ogrinfo").args(["-ro", "-al", "-so"]).arg(path).output().unwrap();
    let output = info(&bench.path("out.mbtiles"));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("MBTiles") && text.contains("kind: String"), "{text}");
}
