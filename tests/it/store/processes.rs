//! What happens between processes: kills, two writers, a full disk, GDAL. A child is this test binary
//! again, told its part by the environment.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use farmzone::model::{Context, ContextGroup, Geometry, LandUse, Zone};
use farmzone::store::{Mode, NewLayer, Setting, Store, StoreError};
use rusqlite::Connection;

use super::{ask, assert_sound, event, folder, from, make, read, rectangle, write, zones};

const PART: &str = "FARMZONE_TEST_STORE_CHILD";

#[test]
#[ignore = "the part of a child process; the tests here start it"]
fn child() {
    let Ok(part) = std::env::var(PART) else { return };
    let (part, path) = part.split_once(':').unwrap();
    let path = Path::new(path);
    let mut out = std::io::stdout();
    match part {
        // Replaces the layer for ever; layer n of revision n holds the zones n .. n + 400.
        "replace" => {
            let mut store = Store::open(path).unwrap();
            loop {
                let n = store.revision().unwrap() as usize + 1;
                let layer = write(&mut store, from("child"), Mode::Replace, &zones(n..n + 400)).unwrap();
                writeln!(out, "ACK {}", layer.revision).unwrap();
                out.flush().unwrap();
            }
        }
        // Adds ten zones, 40 times.
        "append" => {
            for i in 0..40 {
                let mut store = Store::open(path).unwrap();
                let mut ours = zones(0..10);
                ours.iter_mut().for_each(|zone| zone.id = format!("{} {i} {}", std::process::id(), zone.id));
                write(&mut store, from("child"), Mode::Append, &ours).unwrap();
            }
        }
        // Tries to put in more than the limit on file sizes lets it.
        "grow" => {
            let mut store = Store::open(path).unwrap();
            let error = write(&mut store, from("child"), Mode::Replace, &zones(0..50_000)).unwrap_err();
            assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
            let layer = write(&mut store, from("child"), Mode::Append, &zones(100..102)).unwrap();
            writeln!(out, "ACK {}", layer.revision).unwrap();
        }
        other => panic!("no part {other}"),
    }
}

fn start(part: &str, path: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    child_arguments(&mut command, part, path).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

fn child_arguments<'c>(command: &'c mut Command, part: &str, path: &Path) -> &'c mut Command {
    command.args(["--exact", "store::processes::child", "--ignored", "--nocapture"]).env(PART, format!("{part}:{}", path.display()))
}

/// The revision a child says it has committed; tests print other lines too.
fn acknowledged(line: &str) -> Option<u64> {
    line.split_once("ACK ").and_then(|(_, n)| n.trim().parse().ok())
}

#[test]
fn killed_at_any_moment_it_holds_the_last_acknowledged_state() {
    let (_folder, path) = folder();
    drop(make(&path));
    let mut seen = 0;
    for round in 0..16u64 {
        let mut child = start("replace", &path);
        let mut acknowledgements =
            BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok).filter_map(|l| acknowledged(&l));
        // After some commits, at a moment spread over writing and committing the next (10 to 100 ms);
        // every fourth time while it is still starting.
        let n_waited = round as usize % 4;
        seen = acknowledgements.by_ref().take(n_waited).last().unwrap_or(seen);
        std::thread::sleep(Duration::from_micros(round * 7919 % 60_000));
        child.kill().unwrap();
        child.wait().unwrap();
        seen = acknowledgements.last().unwrap_or(seen);

        let store = Store::open(&path).unwrap();
        let revision = store.revision().unwrap();
        // What was committed but not yet said is there too: at most one more.
        assert!(revision == seen || revision == seen + 1, "{revision} after {seen}");
        if revision > 0 {
            let n = revision as usize;
            assert_eq!(read::<Zone>(&store, "zones"), zones(n..n + 400));
            assert_eq!(store.layers().unwrap()[0].revision, revision);
        }
        seen = revision;
        drop(store);
        if seen > 0 {
            assert_sound(&path, "zones");
        }
    }
    assert!(seen >= 4 * (1 + 2 + 3), "{seen}");
}

#[test]
fn two_processes_that_write_at_once_lose_and_corrupt_nothing() {
    let (_folder, path) = folder();
    let mut store = make(&path);
    write(&mut store, from("a"), Mode::New, &zones(0..1)).unwrap();
    let mut children = [start("append", &path), start("append", &path)];
    for _ in 0..20 {
        store.set_setting(&Setting::Title, "Hà Nội").unwrap();
    }
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
    assert_eq!(store.layers().unwrap()[0].n_features, 1 + 2 * 40 * 10);
    assert_eq!(store.revision().unwrap(), 1 + 2 * 40 + 20);
    drop(store);
    assert_sound(&path, "zones");
}

#[test]
fn a_full_disk_is_told_and_the_old_content_stays() {
    let (_folder, path) = folder();
    let mut store = make(&path);
    write(&mut store, from("a"), Mode::New, &zones(0..100)).unwrap();
    drop(store);
    let mut command = Command::new("sh");
    // In blocks of 512 bytes: 1 MB. The signal is ignored, as the program does when it starts.
    command.args(["-c", r#"trap '' XFSZ; ulimit -f 2048; exec "$0" "$@""#]).arg(std::env::current_exe().unwrap());
    let output = child_arguments(&mut command, "grow", &path).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text} {}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(text.lines().find_map(acknowledged), Some(2));
    let store = Store::open(&path).unwrap();
    assert_eq!(read::<Zone>(&store, "zones"), zones(0..102));
    drop(store);
    assert_sound(&path, "zones");
}

fn has_gdal() -> bool {
    let has = Command::new("ogrinfo").arg("--version").output().is_ok() && Command::new("ogr2ogr").arg("--version").output().is_ok();
    if !has {
        println!("skipped: GDAL's ogrinfo and ogr2ogr are not installed");
    }
    has
}

#[test]
fn gdal_reads_it_without_a_warning() {
    if !has_gdal() {
        return;
    }
    let (folder, path) = folder();
    let mut store = make(&path);
    write(&mut store, from("a"), Mode::New, &zones(0..100)).unwrap();
    write(&mut store, from("b"), Mode::New, &[event(rectangle(0., 0., 10., 10.))]).unwrap();
    let shape = Geometry::Point(geo_types::Point::new(530_000.0, 2_280_000.0));
    let place = Context { id: "1".into(), group: ContextGroup::Place, name: None, width_m: None, kept: vec![], shape };
    write(&mut store, from("c"), Mode::New, &[place]).unwrap();
    write::<LandUse>(&mut store, NewLayer { epoch: "2024".parse().ok(), ..from("d") }, Mode::New, &[]).unwrap();
    drop(store);
    for arguments in [&["-ro", "-al", "-so"][..], &["-al", "-so"]] {
        let output = Command::new("ogrinfo").args(arguments).arg(&path).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        let text = String::from_utf8_lossy(&output.stdout);
        for expected in [
            "Feature Count: 100",
            "Geometry: Multi Polygon",
            "ID[\"EPSG\",5897]",
            "Extent: (530000.000000, 2280000.000000) - (542990.300000, 2280080.700000)",
            "kind: String",
        ] {
            assert!(text.contains(expected), "{expected} not in {text}");
        }
    }
    let edit = "UPDATE zones SET name = 'by GDAL', geom = (SELECT geom FROM zones WHERE fid = 50) WHERE fid = 3";
    let output = Command::new("ogrinfo").args(["-dialect", "sqlite", "-sql", edit]).arg(&path).output().unwrap();
    assert_eq!((String::from_utf8_lossy(&output.stderr).as_ref(), output.status.success()), ("", true));
    assert_sound(&path, "zones");
    let out = folder.path().join("out.gpkg");
    let output = Command::new("ogr2ogr").args(["-f", "GPKG"]).arg(&out).arg(&path).arg("zones").output().unwrap();
    assert_eq!((String::from_utf8_lossy(&output.stderr).as_ref(), output.status.success()), ("", true));
    assert_eq!(ask::<i64>(&Connection::open(&out).unwrap(), "SELECT count(*) FROM zones WHERE name = 'by GDAL'"), 1);
}

#[test]
fn gdal_that_opens_and_closes_it_during_a_thousand_writes_loses_nothing() {
    if !has_gdal() {
        return;
    }
    let (_folder, path) = folder();
    let mut store = Some(make(&path));
    write(store.as_mut().unwrap(), from("a"), Mode::New, &zones(0..10)).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    let n_looks = std::thread::scope(|scope| {
        let looking = scope.spawn(|| {
            let mut n_looks = 0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                let mut info = Command::new("ogrinfo");
                info.args(if n_looks % 2 == 0 { &["-ro", "-al", "-so"][..] } else { &["-al", "-so"] }).arg(&path);
                let mut copy = Command::new("ogr2ogr");
                copy.args(["-f", "GeoJSON", "/vsistdout/"]).arg(&path).arg("zones");
                let output = if n_looks % 3 == 2 { copy } else { info }.output().unwrap();
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                n_looks += 1;
            }
            n_looks
        });
        let start = Instant::now();
        for i in 0..1000 {
            let mut one = zones(i..i + 1);
            one[0].id = format!("w{i}");
            let open = store.get_or_insert_with(|| Store::open(&path).unwrap());
            write(open, from("a"), Mode::Append, &one).unwrap();
            assert_eq!(open.revision().unwrap(), i as u64 + 2, "after {:?}", start.elapsed());
            // Now and then nobody of ours holds it, and GDAL is the last to close it.
            if i % 100 == 99 {
                store = None;
            }
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        looking.join().unwrap()
    });
    assert!(n_looks > 3, "GDAL hardly looked: {n_looks}");
    let store = Store::open(&path).unwrap();
    let ids: Vec<String> = read::<Zone>(&store, "zones").into_iter().map(|zone| zone.id).collect();
    assert_eq!(ids.len(), 1010);
    assert_eq!(ids[10..], (0..1000).map(|i| format!("w{i}")).collect::<Vec<_>>());
    drop(store);
    assert_sound(&path, "zones");
}
