//! The workspace as a file: what it holds, who else edits it, what is refused.

mod processes;

use std::path::{Path, PathBuf};
use std::time::Duration;

use farmzone::model::{
    Change, Context, ContextGroup, Coord, EpsgCode, Event, Evidence, EvidenceKind, Geometry, Group, LandUse, LayerRole, MultiPolygon,
    Permit, Polygon, Right, Ring, Unit, Zone,
};
use farmzone::store::{Feature, Mode, NewLayer, Setting, SrsDefinition, Store, StoreError};
use rusqlite::Connection;

const VN_2000_TM3: &str = r#"PROJCS["VN-2000 / TM-3 105-00",GEOGCS["VN-2000",DATUM["Vietnam_2000",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4756"]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",105],PARAMETER["scale_factor",0.9999],PARAMETER["false_easting",500000],PARAMETER["false_northing",0],UNIT["metre",1],AXIS["Easting",EAST],AXIS["Northing",NORTH],AUTHORITY["EPSG","5897"]]"#;

fn make(path: &Path) -> Store {
    let srs = SrsDefinition { name: "VN-2000 / TM-3 105-00".into(), wkt: VN_2000_TM3.into() };
    Store::create(path, EpsgCode::HANOI, srs).unwrap()
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("city.gpkg");
    (folder, path)
}

/// A rectangle with its lower left corner at 530,000 + x, 2,280,000 + y.
fn rectangle(x: f64, y: f64, width: f64, height: f64) -> MultiPolygon {
    let at = |dx: f64, dy: f64| Coord { x: 530_000.0 + x + dx, y: 2_280_000.0 + y + dy };
    MultiPolygon::new(vec![Polygon::new(Ring::new(vec![at(0., 0.), at(width, 0.), at(width, height), at(0., height), at(0., 0.)]), vec![])])
}

fn zone(id: &str, shape: MultiPolygon) -> Zone {
    Zone { name: Some("Cánh đồng Đường Lâm".into()), declared_area_m2: Some(12_000.5), ..Zone::new(id, "rice", shape) }
}

fn zones(ids: std::ops::Range<usize>) -> Vec<Zone> {
    ids.map(|i| zone(&format!("z{i}"), rectangle((i % 100) as f64 * 130.0, (i / 100) as f64 * 95.0, 120.3, 80.7))).collect()
}

fn from(source: &str) -> NewLayer {
    NewLayer { source: source.into(), source_crs: "EPSG:5897".into(), ..NewLayer::default() }
}

fn write<F: Feature>(store: &mut Store, layer: NewLayer, mode: Mode, features: &[F]) -> Result<farmzone::model::Layer, StoreError> {
    let mut writer = store.begin::<F>(layer, mode)?;
    for feature in features {
        writer.write(feature)?;
    }
    writer.finish()
}

fn read<F: Feature>(store: &Store, layer: &str) -> Vec<F> {
    let (features, issues) = store.reader().unwrap().features(layer).unwrap();
    assert_eq!(issues, []);
    features
}

/// A connection such as QGIS has: plain SQLite with the functions that the triggers call.
pub fn outsider(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.busy_timeout(Duration::from_secs(20)).unwrap();
    let flags = rusqlite::functions::FunctionFlags::SQLITE_UTF8;
    // The envelope of a header stands at byte 8: min x, max x, min y, max y.
    for (name, at) in [("ST_MinX", 8), ("ST_MaxX", 16), ("ST_MinY", 24), ("ST_MaxY", 32)] {
        let side =
            move |call: &rusqlite::functions::Context<'_>| Ok(f64::from_le_bytes(call.get::<Vec<u8>>(0)?[at..at + 8].try_into().unwrap()));
        connection.create_scalar_function(name, 1, flags, side).unwrap();
    }
    connection.create_scalar_function("ST_IsEmpty", 1, flags, |call| Ok(call.get::<Vec<u8>>(0)?[3] & 16 != 0)).unwrap();
    connection
}

fn ask<T: rusqlite::types::FromSql>(connection: &Connection, sql: &str) -> T {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// The file is sound by SQLite's own checks, and the R-tree holds what the table holds.
fn assert_sound(path: &Path, table: &str) {
    let connection = outsider(path);
    assert_eq!(ask::<String>(&connection, "PRAGMA integrity_check"), "ok");
    assert_eq!(ask::<i64>(&connection, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_eq!(ask::<String>(&connection, &format!("SELECT rtreecheck('rtree_{table}_geom')")), "ok");
    let boxed = format!(
        r#"SELECT count(*) FROM "{table}" t LEFT JOIN "rtree_{table}_geom" r ON r.id = t.fid WHERE
           t.geom NOTNULL AND NOT ST_IsEmpty(t.geom) AND
           coalesce(r.minx <= ST_MinX(t.geom) AND r.maxx >= ST_MaxX(t.geom) AND r.miny <= ST_MinY(t.geom) AND r.maxy >= ST_MaxY(t.geom)
           AND r.minx > ST_MinX(t.geom) - 1 AND r.maxx < ST_MaxX(t.geom) + 1
           AND r.miny > ST_MinY(t.geom) - 1 AND r.maxy < ST_MaxY(t.geom) + 1, 0) = 0"#
    );
    assert_eq!(ask::<i64>(&connection, &boxed), 0, "boxes that are missing or do not fit");
    let orphans = format!(r#"SELECT count(*) FROM "rtree_{table}_geom" WHERE id NOT IN (SELECT fid FROM "{table}" WHERE geom NOTNULL)"#);
    assert_eq!(ask::<i64>(&connection, &orphans), 0, "boxes without a feature");
}

fn event(shape: MultiPolygon) -> Event {
    Event {
        id: "e".into(),
        zone_id: "1".into(),
        group: Group::Built,
        code: "ODT".into(),
        epoch: "2024".parse().unwrap(),
        since: "2019-05".parse().ok(),
        change: Some(Change::Grown),
        right: Right::Unknown,
        severity: Some(1),
        area_m2: 156.25,
        sigma_m2: Some(12.5),
        probability: None,
        share: 0.031,
        width_m: 8.5,
        n_sources: 2,
        n_agreeing: 1,
        evidence: vec![Evidence {
            kind: EvidenceKind::Decision,
            layer: "permits".into(),
            feature: "p1".into(),
            label: Some("12/QĐ-UBND".into()),
            area_m2: 150.0,
            date: None,
            counts: false,
        }],
        shape,
    }
}

#[test]
fn every_kind_of_feature_comes_back_as_it_went() {
    let (_folder, path) = folder();
    let mut store = make(&path);
    let two_parts = MultiPolygon::new([rectangle(0., 0., 10., 10.).0, rectangle(50., 0., 10., 10.).0].concat());

    let mut bare = zone("2", two_parts.clone());
    bare.name = None;
    bare.declared_area_m2 = None;
    bare.kept = vec![Some("x".into()), None];
    let mut full = zone("1", rectangle(0., 0., 100., 50.));
    full.kept = vec![None, Some("Nguyễn".into())];
    for (i, field) in [
        &mut full.code,
        &mut full.unit,
        &mut full.crop,
        &mut full.variety,
        &mut full.cooperative,
        &mut full.linkage,
        &mut full.products,
        &mut full.standard,
        &mut full.standard_no,
        &mut full.standard_until,
        &mut full.established,
    ]
    .into_iter()
    .enumerate()
    {
        *field = Some(format!("value {i}").into());
    }
    let keep = NewLayer { keep: vec!["Ghi chú".into(), "KIND".into()], ..from("vùng.shp") };
    let layer = write(&mut store, keep, Mode::New, &[full.clone(), bare.clone()]).unwrap();
    assert_eq!(layer.keep, ["Ghi chú", "KIND_2"]);
    assert_eq!((layer.n_features, layer.area_m2, layer.revision), (2, 5_200.0, 1));
    assert_eq!(layer.extent, Some([530_000.0, 2_280_000.0, 530_100.0, 2_280_050.0]));
    assert_eq!(read::<Zone>(&store, "zones"), [full, bare]);

    let use_of_land =
        LandUse { id: "7".into(), code: "ONT".into(), observed: Some("2024-06".into()), kept: vec![], shape: two_parts.clone() };
    let epoch = "2024-06".parse().ok();
    write(&mut store, NewLayer { epoch, legend: Some("vn".into()), ..from("hiện trạng") }, Mode::New, std::slice::from_ref(&use_of_land))
        .unwrap();
    assert_eq!(read::<LandUse>(&store, "landuse_2024_06"), [use_of_land]);

    let permit = Permit {
        id: "p".into(),
        right: Right::Planned,
        decision: Some("12/QĐ".into()),
        decided: None,
        valid_to: Some("2030".into()),
        kept: vec![],
        shape: two_parts.clone(),
    };
    write(&mut store, from("p"), Mode::New, std::slice::from_ref(&permit)).unwrap();
    assert_eq!(read::<Permit>(&store, "permits"), [permit]);

    let unit = |valid_from: Option<&str>| Unit {
        code: "00004".into(),
        name: "Ba Đình".into(),
        full_name: None,
        valid_from: valid_from.map(str::to_owned),
        kept: vec![],
        shape: two_parts.clone(),
    };
    let units = [unit(Some("2025-07-01")), unit(None)];
    write(&mut store, from("u"), Mode::New, &units).unwrap();
    assert_eq!(read::<Unit>(&store, "boundaries"), units);

    let shapes = [
        Geometry::Point(geo_types::Point::new(530_000.5, 2_280_000.25)),
        Geometry::LineString(Ring::new(vec![Coord { x: 530_000., y: 2_280_000. }, Coord { x: 530_100., y: 2_280_100. }])),
        Geometry::MultiPolygon(two_parts.clone()),
    ];
    let context: Vec<Context> = shapes
        .into_iter()
        .enumerate()
        .map(|(i, shape)| Context { id: i.to_string(), group: ContextGroup::ALL[i], name: None, width_m: Some(7.5), kept: vec![], shape })
        .collect();
    assert_eq!(write(&mut store, from("c"), Mode::New, &context).unwrap().area_m2, 200.0);
    assert_eq!(read::<Context>(&store, "context"), context);

    let event = event(two_parts);
    write(&mut store, from("detect"), Mode::New, std::slice::from_ref(&event)).unwrap();
    assert_eq!(read::<Event>(&store, "encroachments"), [event]);

    let layers = store.layers().unwrap();
    assert_eq!(
        layers.iter().map(|l| l.role).collect::<Vec<_>>(),
        [LayerRole::Boundaries, LayerRole::Context, LayerRole::Encroachments, LayerRole::LandUse, LayerRole::Permits, LayerRole::Zones]
    );
    assert_eq!(layers[5], layer);
    assert_eq!(store.revision().unwrap(), 6);
    drop(store);
    for table in ["zones", "landuse_2024_06", "context"] {
        assert_sound(&path, table);
    }
}

#[test]
fn a_layer_is_refused_replaced_added_to_or_updated_as_asked() {
    let (_folder, path) = folder();
    let mut store = make(&path);
    write(&mut store, from("a.shp"), Mode::New, &zones(0..200)).unwrap();

    let again = write(&mut store, from("a.shp"), Mode::New, &zones(0..1)).unwrap_err();
    assert!(matches!(&again, StoreError::LayerExists { name } if name == "zones"), "{again}");

    let clash = write(&mut store, from("b.shp"), Mode::Append, &zones(190..260)).unwrap_err();
    assert_eq!(
        clash.to_string(),
        "10 of the ids are in the layer “zones” already (z190, z191, z192, z193, z194, …): take --update to replace those features, or --replace"
    );
    assert_eq!(store.layers().unwrap()[0].n_features, 200);

    let layer = write(&mut store, NewLayer { keep: vec!["note".into()], ..from("b.shp") }, Mode::Append, &zones(200..260)).unwrap();
    assert_eq!((layer.n_features, layer.revision, layer.source.as_str()), (260, 2, "a.shp; b.shp"));
    assert_eq!(layer.keep, ["note"]);
    assert!((layer.area_m2 - 260.0 * 120.3 * 80.7).abs() < 1e-3, "{}", layer.area_m2);

    let mut changed = zone("z7", rectangle(0.0, 90_000.0, 10.0, 10.0));
    changed.kept = vec![Some("moved".into())];
    let mut added = zone("new", rectangle(50.0, 90_000.0, 10.0, 10.0));
    added.kept = vec![None];
    let layer =
        write(&mut store, NewLayer { keep: vec!["note".into()], ..from("c") }, Mode::Update, &[changed.clone(), added.clone()]).unwrap();
    assert_eq!((layer.n_features, layer.extent.unwrap()[3]), (261, 2_370_010.0));
    let now = read::<Zone>(&store, "zones");
    assert_eq!((&now[7], now.last().unwrap()), (&changed, &added));
    assert_eq!(now[8].kept, [None]);

    let twice = [zones(0..3), zones(1..3)].concat();
    let error = write(&mut store, from("d"), Mode::Replace, &twice).unwrap_err();
    assert_eq!(error.to_string(), "2 ids occur more than once (z1, z2): an id must be unique in the layer “zones”");
    assert_eq!(store.layers().unwrap()[0], layer);
    assert_eq!(write(&mut store, from("d"), Mode::Replace, &zones(5..9)).unwrap().n_features, 4);
    assert_eq!(read::<Zone>(&store, "zones"), zones(5..9));

    let mut abandoned = store.begin::<Zone>(from("e"), Mode::Replace).unwrap();
    abandoned.write(&zones(0..1)[0]).unwrap();
    drop(abandoned);
    assert_eq!(read::<Zone>(&store, "zones"), zones(5..9));

    let error = store.drop_layer("zoned").unwrap_err();
    assert_eq!(error.to_string(), "there is no layer “zoned”; there is: zones");
    store.drop_layer("zones").unwrap();
    assert_eq!(store.drop_layer("zones").unwrap_err().to_string(), "there is no layer “zones”; the workspace has none yet");
    write(&mut store, from("f"), Mode::Append, &zones(0..300)).unwrap();
    drop(store);
    assert_sound(&path, "zones");
}

#[test]
fn units_of_one_code_are_told_apart_by_their_date_when_updating() {
    let (_folder, path) = folder();
    let mut store = make(&path);
    let unit = |name: &str, valid_from: Option<&str>| Unit {
        code: "00004".into(),
        name: name.into(),
        full_name: None,
        valid_from: valid_from.map(str::to_owned),
        kept: vec![],
        shape: rectangle(0., 0., 1., 1.),
    };
    write(&mut store, from("u"), Mode::New, &[unit("old", None), unit("new", Some("2025-07-01"))]).unwrap();
    write(&mut store, from("u"), Mode::Update, &[unit("old, corrected", None)]).unwrap();
    assert_eq!(read::<Unit>(&store, "boundaries"), [unit("old, corrected", None), unit("new", Some("2025-07-01"))]);
}

#[test]
fn what_is_no_workspace_is_refused_with_the_reason() {
    let (folder, path) = folder();
    let refused = |path: &Path| Store::open(path).unwrap_err();
    assert!(matches!(refused(&path), StoreError::NotFound { .. }));
    assert!(refused(folder.path()).to_string().contains("it is a folder"));
    std::fs::write(&path, "").unwrap();
    assert!(refused(&path).to_string().contains("it is empty"));
    std::fs::write(&path, "id,wkt\n".repeat(500)).unwrap();
    assert!(refused(&path).to_string().contains("it is no SQLite database"));
    assert!(matches!(
        Store::create(&path, EpsgCode::HANOI, SrsDefinition { name: "n".into(), wkt: "w".into() }),
        Err(StoreError::FileExists { .. })
    ));
    let nowhere = folder.path().join("no/such/x.gpkg");
    assert!(Store::create(&nowhere, EpsgCode::HANOI, SrsDefinition { name: "n".into(), wkt: "w".into() }).is_err());

    let other = folder.path().join("other.gpkg");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    assert!(refused(&other).to_string().contains("another program's"));
    Connection::open(&other).unwrap().execute_batch("PRAGMA application_id = 0x47504B47").unwrap();
    assert!(matches!(refused(&other), StoreError::NotAWorkspace { .. }));
    let before = std::fs::read(&other).unwrap();
    let _ = refused(&other);
    assert_eq!(std::fs::read(&other).unwrap(), before, "a stranger's file was touched");

    let newer = folder.path().join("newer.gpkg");
    drop(make(&newer));
    Connection::open(&newer).unwrap().execute_batch("UPDATE farmzone_settings SET value = '12' WHERE key = 'version'").unwrap();
    let error = refused(&newer);
    assert!(matches!(&error, StoreError::NewerVersion { found, known: 4, .. } if found == "12"), "{error}");
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(names.iter().all(|n| !n.to_string_lossy().contains("draft")), "{names:?}");
}

#[test]
fn a_workspace_cut_anywhere_is_refused_or_reads_as_damaged() {
    let (folder, path) = folder();
    let mut store = make(&path);
    write(&mut store, from("a"), Mode::New, &zones(0..500)).unwrap();
    drop(store);
    let whole = std::fs::read(&path).unwrap();
    let cut = folder.path().join("cut.gpkg");
    for length in [1, 99, 100, 512, 4096, 4097, 10_000, 4096 * 12, whole.len() - 4096, whole.len() - 4095, whole.len() - 1] {
        std::fs::write(&cut, &whole[..length]).unwrap();
        let error = Store::open(&cut).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. } | StoreError::NotAGeoPackage { .. }), "{length}: {error}");
    }
}

#[test]
fn a_workspace_with_any_damage_is_read_or_refused_without_a_panic() {
    let (folder, path) = folder();
    let mut store = make(&path);
    write(&mut store, from("a"), Mode::New, &zones(0..300)).unwrap();
    drop(store);
    let whole = std::fs::read(&path).unwrap();
    let damaged = folder.path().join("damaged.gpkg");
    let mut n_noticed = 0;
    for round in 0..300usize {
        let mut bytes = whole.clone();
        // Every tenth round zeroes a whole page, the others overwrite some bytes anywhere.
        let at = round * 7919 * 31 % (bytes.len() - 4096);
        match round % 10 {
            0 => bytes[at / 4096 * 4096..][..4096].fill(0),
            n => bytes[at..at + 8 * n].fill((round * 37) as u8),
        }
        std::fs::write(&damaged, &bytes).unwrap();
        let outcome = Store::open(&damaged).and_then(|mut store| {
            store.layers()?;
            let issues = store.reader()?.features::<Zone>("zones")?.1.len();
            write(&mut store, from("b"), Mode::Update, &zones(290..310))?;
            Ok(issues)
        });
        n_noticed += usize::from(outcome.is_err() || outcome.is_ok_and(|n_issues| n_issues > 0));
        for ending in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{ending}", damaged.display()));
        }
    }
    assert!(n_noticed > 50, "{n_noticed}");
}

#[test]
fn a_file_or_folder_that_cannot_be_written_is_named() {
    let (_folder, path) = folder();
    drop(make(&path));
    let lock = |path: &Path, mode: u32| std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    lock(&path, 0o444);
    if std::fs::OpenOptions::new().append(true).open(&path).is_ok() {
        println!("skipped: this user may write everywhere");
        return;
    }
    assert!(matches!(Store::open(&path), Err(StoreError::ReadOnly { .. })));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("city.gpkg");
    drop(make(&path));
    lock(folder.path(), 0o555);
    let opened = Store::open(&path);
    let srs = SrsDefinition { name: "n".into(), wkt: "w".into() };
    let made = Store::create(&folder.path().join("new.gpkg"), EpsgCode::HANOI, srs);
    lock(folder.path(), 0o755);
    assert!(matches!(opened, Err(StoreError::ReadOnly { .. })), "{opened:?}");
    assert!(matches!(made, Err(StoreError::ReadOnly { .. })), "{made:?}");
}

#[test]
fn edits_made_in_qgis_are_seen_and_what_cannot_be_read_is_told() {
    let (_folder, path) = folder();
    let mut store = make(&path);
    write(&mut store, NewLayer { keep: vec!["note".into()], ..from("a") }, Mode::New, &zones(0..300)).unwrap();
    let watch = store.watch().unwrap();
    let before = watch.data_version().unwrap();

    let qgis = outsider(&path);
    // A polygon where multipolygons are, other types in text columns, a column more and a column less.
    let shape = "(SELECT geom FROM zones WHERE fid = 1)";
    qgis.execute_batch(&format!(
        "BEGIN;
        ALTER TABLE zones ADD COLUMN drawn_by TEXT;
        ALTER TABLE zones DROP COLUMN note;
        ALTER TABLE zones DROP COLUMN variety;
        INSERT INTO zones (geom, id, kind) VALUES (CAST(substr({shape}, 1, 40) || x'0103000000' || substr({shape}, 55) AS BLOB), 'drawn', 'tea');
        UPDATE zones SET geom = (SELECT geom FROM zones WHERE fid = 200), declared_area_m2 = 'about 5' WHERE fid = 3;
        UPDATE zones SET declared_area_m2 = '7', name = x'ff41' WHERE fid = 4;
        UPDATE zones SET geom = NULL WHERE fid = 5;
        UPDATE zones SET geom = CAST(x'4750' || zeroblob(60) AS BLOB) WHERE fid = 6;
        UPDATE zones SET fid = 1000 WHERE fid = 7;
        DELETE FROM zones WHERE fid BETWEEN 8 AND 60;
        UPDATE gpkg_contents SET last_change = '2031-01-01T00:00:00.000Z' WHERE table_name = 'zones';
        COMMIT;"
    ))
    .unwrap();

    assert_ne!(watch.data_version().unwrap(), before);
    let (now, issues) = store.reader().unwrap().features::<Zone>("zones").unwrap();
    assert_eq!(now.len(), 301 - 53 - 3);
    assert_eq!(now.iter().find(|z| z.id == "drawn").unwrap().shape, rectangle(0., 0., 120.3, 80.7));
    let messages: Vec<&str> = issues.iter().map(|i| i.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "feature 3 of the layer “zones” was left out: its column “declared_area_m2” is “about 5”: not a number",
            "feature 5 of the layer “zones” was left out: its geometry is missing",
            "feature 6 of the layer “zones” was left out: its geometry is of a type that is not read here (WKB type 0); polygons, lines and points are",
        ]
    );
    let fourth = now.iter().find(|z| z.id == "z3").unwrap();
    assert_eq!((fourth.declared_area_m2, fourth.name.as_deref()), (Some(7.0), Some("\u{fffd}A")));
    let layer = &store.layers().unwrap()[0];
    assert_eq!(layer.n_features, 301 - 53);
    assert!(layer.area_m2 < 246.5 * 120.3 * 80.7, "{}", layer.area_m2);
    assert_sound(&path, "zones");

    // And we go on writing where they left it.
    write(&mut store, from("b"), Mode::Update, &zones(0..10)).unwrap();
    qgis.execute_batch("DELETE FROM zones WHERE fid > 250").unwrap();
    assert_eq!(store.mark_changed().unwrap(), 3);
    let layer = &store.layers().unwrap()[0];
    assert_eq!((layer.n_features, layer.revision), (250 - 53 - 1, 3));
    drop((qgis, watch, store));
    assert_sound(&path, "zones");
}

#[test]
fn a_table_that_somebody_else_made_or_dropped_is_no_layer() {
    let (_folder, path) = folder();
    let mut store = make(&path);
    let qgis = outsider(&path);
    qgis.execute_batch("CREATE TABLE Zones (x); INSERT INTO Zones VALUES (1)").unwrap();
    let error = write(&mut store, from("a"), Mode::Replace, &zones(0..2)).unwrap_err();
    assert!(matches!(&error, StoreError::ForeignTable { name, .. } if name == "zones"), "{error}");
    qgis.execute_batch("DROP TABLE Zones").unwrap();
    write(&mut store, from("a"), Mode::New, &zones(0..2)).unwrap();
    qgis.execute_batch("DROP TABLE rtree_zones_geom; DROP TABLE zones").unwrap();
    assert_eq!(store.layers().unwrap(), []);
    write(&mut store, from("a"), Mode::New, &zones(0..2)).unwrap();
    assert_eq!(read::<Zone>(&store, "zones").len(), 2);
}

#[test]
fn a_reader_sees_one_state_and_a_watch_every_commit() {
    fn moves_between_threads<T: Send>() {}
    moves_between_threads::<(Store, farmzone::store::Reader, farmzone::store::Watch)>();
    let (_folder, path) = folder();
    let mut store = make(&path);
    write(&mut store, from("a"), Mode::New, &zones(0..10)).unwrap();
    let watch = store.watch().unwrap();
    let reader = store.reader().unwrap();
    let mut seen = watch.data_version().unwrap();
    for n in 2..6 {
        write(&mut store, from("a"), Mode::Replace, &zones(0..n)).unwrap();
        let now = watch.data_version().unwrap();
        assert_ne!(now, seen);
        seen = now;
    }
    assert_eq!(watch.data_version().unwrap(), seen);
    assert_eq!((reader.revision(), reader.layers().unwrap()[0].n_features), (1, 10));
    assert_eq!(reader.features::<Zone>("zones").unwrap().0.len(), 10);
    assert_eq!(store.reader().unwrap().revision(), 5);
    assert!(matches!(reader.features::<LandUse>("zones"), Err(StoreError::OtherRole { .. })));

    store.set_setting(&Setting::Simulated, "seed 7").unwrap();
    assert_eq!(reader.setting(&Setting::Simulated).unwrap(), None);
    assert_eq!(store.setting(&Setting::Simulated).unwrap().as_deref(), Some("seed 7"));
}

#[test]
fn a_clean_stop_leaves_one_complete_file() {
    let (folder, path) = folder();
    let mut store = make(&path);
    write(&mut store, from("a"), Mode::New, &zones(0..10)).unwrap();
    drop(store);
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["city.gpkg"]);
    let copy = folder.path().join("copy.gpkg");
    std::fs::copy(&path, &copy).unwrap();
    assert_eq!(read::<Zone>(&Store::open(&copy).unwrap(), "zones"), zones(0..10));
}

#[test]
fn a_backup_is_of_one_moment_while_another_thread_writes() {
    let (folder, path) = folder();
    let mut store = make(&path);
    write(&mut store, from("a"), Mode::New, &zones(0..3000)).unwrap();
    let out = folder.path().join("copy.gpkg");
    let writing = std::thread::spawn({
        let path = path.clone();
        move || {
            let mut store = Store::open(&path).unwrap();
            for n in 1..40 {
                write(&mut store, from("a"), Mode::Replace, &zones(n..n + 3000)).unwrap();
            }
        }
    });
    let mut steps = Vec::new();
    for i in 0..5 {
        let out = folder.path().join(format!("copy{i}.gpkg"));
        store.backup(&out, &mut |done, all| steps.push((done, all))).unwrap();
        let copy = Store::open(&out).unwrap();
        let n = copy.revision().unwrap() as usize - 1;
        assert_eq!(read::<Zone>(&copy, "zones"), zones(n..n + 3000));
        drop(copy);
        assert_sound(&out, "zones");
    }
    assert!(steps.iter().any(|(done, all)| done == all && *all > 100), "{steps:?}");
    writing.join().unwrap();
    store.backup(&out, &mut |_, _| {}).unwrap();
    let before = std::fs::read(&out).unwrap();
    assert!(matches!(store.backup(&out, &mut |_, _| {}), Err(StoreError::FileExists { .. })));
    assert_eq!(std::fs::read(&out).unwrap(), before);
}
