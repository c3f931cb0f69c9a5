//! Files in and out, through the face of `formats`: every format, every kind of damage.

pub mod kinds;
mod real;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use farmzone::formats::{
    self, About, Column, ColumnType, Counts, Doubles, Export, Feature, FormatError, Record, Request, Row, Table, Value,
};
use farmzone::geom;
use farmzone::model::{EpsgCode, Geometry, Issue, LayerRole, MultiPolygon, Polygon, Ring};
use tempfile::TempDir;

/// Arguments of an import, with what most tests want.
struct Import<'a> {
    path: &'a Path,
    role: LayerRole,
    layer: Option<&'a str>,
    fields: &'a [(&'a str, &'a str)],
    keep: &'a [&'a str],
    kind: Option<&'a str>,
    code: Option<&'a str>,
    crs: Option<u32>,
    encoding: Option<&'a str>,
    doubles: Doubles,
    target: EpsgCode,
}

#[derive(Debug)]
struct Imported {
    driver: String,
    crs: String,
    operation: Option<String>,
    counts: Counts,
    features: Vec<Feature>,
    issues: Vec<Issue>,
}

impl Imported {
    fn codes(&self) -> Vec<&'static str> {
        self.issues.iter().map(|i| i.code).collect()
    }
    fn ids(&self) -> Vec<&str> {
        self.features.iter().map(|f| f.id.as_str()).collect()
    }
    fn value(&self, at: usize, role: LayerRole, column: &str) -> Option<&str> {
        let place = formats::columns::of(role).iter().position(|c| *c == column).unwrap();
        self.features[at].values[place].as_deref()
    }
}

fn zones(path: &Path) -> Import<'_> {
    Import {
        path,
        role: LayerRole::Zones,
        layer: None,
        fields: &[],
        keep: &[],
        kind: None,
        code: None,
        crs: None,
        encoding: None,
        doubles: Doubles::Renamed,
        target: EpsgCode::HANOI,
    }
}

fn landuse(path: &Path) -> Import<'_> {
    Import { role: LayerRole::LandUse, ..zones(path) }
}

impl Import<'_> {
    fn run(&self) -> Result<Imported, FormatError> {
        let fields: BTreeMap<String, String> = self.fields.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let keep: Vec<String> = self.keep.iter().map(|k| (*k).to_owned()).collect();
        let source = formats::open(&Request {
            path: self.path,
            layer: self.layer,
            role: self.role,
            fields: &fields,
            keep: &keep,
            kind: self.kind,
            code: self.code,
            crs: self.crs.map(EpsgCode),
            operation: None,
            correct: None,
            encoding: self.encoding,
            doubles: self.doubles,
            target: self.target,
        })?;
        let (driver, crs, operation) = (source.driver.clone(), source.crs.short(), source.operation.as_ref().map(ToString::to_string));
        let mut issues = source.issues.clone();
        let mut features = Vec::new();
        let counts = source.read(|record: Record| {
            features.extend(record.feature);
            issues.extend(record.issues);
            Ok::<_, FormatError>(())
        })?;
        assert_eq!(counts.n_kept as usize, features.len());
        for feature in &features {
            if let formats::Shape::Polygons(shape) = &feature.shape {
                assert!(geom::validate(shape).is_empty(), "{} is not valid", feature.id);
                assert!((geom::area_m2(shape) - feature.area_after_m2).abs() <= 1e-6 * feature.area_after_m2.max(1.0));
            }
        }
        Ok(Imported { driver, crs, operation, counts, features, issues })
    }

    fn refusal(&self) -> String {
        match self.run() {
            Ok(got) => panic!("{} was taken: {:?} {:?}", self.path.display(), got.counts, got.issues.iter().take(5).collect::<Vec<_>>()),
            Err(error) => error.to_string(),
        }
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn write(folder: &TempDir, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// A square of 100 m in EPSG:5897, its lower left corner so many metres from a point in Hanoi.
fn square(dx: f64, dy: f64) -> MultiPolygon {
    let (x, y) = (588_000.0 + dx, 2_326_000.0 + dy);
    let ring = Ring::from(vec![(x, y), (x + 100.0, y), (x + 100.0, y + 100.0), (x, y + 100.0), (x, y)]);
    MultiPolygon::new(vec![Polygon::new(ring, Vec::new())])
}

const COLUMNS: [(&str, ColumnType); 4] =
    [("id", ColumnType::Text), ("kind", ColumnType::Text), ("name", ColumnType::Text), ("declared_area_m2", ColumnType::Real)];

fn sample_rows(n: usize) -> Vec<Row> {
    (0..n)
        .map(|i| Row {
            values: vec![
                Value::Text(format!("z{i}")),
                Value::Text("rice".into()),
                Value::Text(format!("Ruộng “Ứng Hòa”, số {i}")),
                Value::Real(10_000.5),
            ],
            shape: Some(Geometry::MultiPolygon(square(150.0 * (i % 50) as f64, 150.0 * (i / 50) as f64))),
        })
        .collect()
}

fn about() -> About {
    About { source: "ban ve.dgn".into(), epoch: "2024".parse().ok(), revision: 7, is_simulated: true, licence: None }
}

fn export(path: &Path, crs: Option<u32>, rows: Vec<Row>) -> Result<Vec<Issue>, FormatError> {
    let columns: Vec<Column> = COLUMNS.iter().map(|(name, kind)| Column::new(name, *kind)).collect();
    let mut export = Export::create(path, EpsgCode::HANOI, crs.map(EpsgCode))?;
    export.layer(&Table { name: "zones", columns: &columns, about: &about(), is_polygons: true }, rows)?;
    export.finish()
}

fn names_in(folder: &TempDir) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn what_is_exported_is_imported_again_the_same() {
    let folder = folder();
    for (name, crs, expected_crs, tolerance_m2) in [
        ("a.gpkg", None, "EPSG:5897", 1e-5),
        ("b.fgb", None, "EPSG:5897", 1e-5),
        ("c.shp", None, "EPSG:5897", 1e-5),
        ("d.geojson", None, "EPSG:4326", 3.0),
        ("e.kml", None, "EPSG:4326", 3.0),
        ("f.gpkg", Some(4756), "EPSG:4756", 1e-4),
        ("g.gpkg", Some(32648), "EPSG:32648", 1e-4),
        ("h.fgb", Some(3405), "EPSG:3405", 1e-4),
        ("i.shp", Some(9210), "EPSG:9210", 1e-4),
        ("thửa đất.gpkg", None, "EPSG:5897", 1e-5),
    ] {
        let path = folder.path().join(name);
        let issues = export(&path, crs, sample_rows(30)).unwrap();
        let mut got = zones(&path).run().unwrap();
        // FlatGeobuf sorts by place.
        got.features.sort_by_key(|f| f.id[1..].parse::<u32>().unwrap_or_else(|_| panic!("{name}: {:?} {:?}", got.issues, f.id)));
        assert_eq!(got.counts.n_kept, 30, "{name}");
        assert_eq!(got.codes(), Vec::<&str>::new(), "{name}");
        assert_eq!(got.crs, expected_crs, "{name}");
        assert_eq!(got.features[3].id, "z3", "{name}");
        assert_eq!(got.value(3, LayerRole::Zones, "name"), Some("Ruộng “Ứng Hòa”, số 3"), "{name}");
        assert_eq!(got.value(3, LayerRole::Zones, "declared_area_m2"), Some("10000.5"), "{name}");
        assert_eq!(issues.iter().any(|i| i.code == "shortened_names"), name.ends_with(".shp"));
        for feature in &got.features {
            assert!((feature.area_after_m2 - 10_000.0).abs() < tolerance_m2, "{name} {}", feature.area_after_m2);
        }
        assert_eq!(got.operation.is_some(), !["EPSG:5897", "EPSG:4756", "EPSG:3405", "EPSG:9210"].contains(&expected_crs), "{name}");
        let kept = Import { keep: &["SOURCE", "epoch", "revision", "simulated"], ..zones(&path) }.run().unwrap();
        let about: Vec<_> = kept.features[0].kept.iter().map(|k| k.as_deref().unwrap_or("")).collect();
        assert_eq!(about, ["ban ve.dgn", "2024", "7", "1"], "{name}");
    }
    // CSV says its coordinates, not their CRS.
    let path = folder.path().join("j.csv");
    export(&path, None, sample_rows(3)).unwrap();
    assert!(zones(&path).refusal().contains("--crs"));
    let got = Import { crs: Some(5897), ..zones(&path) }.run().unwrap();
    assert_eq!((got.counts.n_kept, got.codes()), (3, vec![]));
    assert_eq!(got.value(1, LayerRole::Zones, "name"), Some("Ruộng “Ứng Hòa”, số 1"));
    // A spreadsheet has no shapes.
    let path = folder.path().join("k.xlsx");
    export(&path, None, sample_rows(3)).unwrap();
    assert!(zones(&path).refusal().contains("no shapes"));
}

#[test]
fn nothing_is_left_beside_an_export_and_a_failed_one_leaves_the_old_file() {
    let folder = folder();
    let path = folder.path().join("a.gpkg");
    export(&path, None, sample_rows(2)).unwrap();
    export(&path, None, sample_rows(5)).unwrap();
    assert_eq!(names_in(&folder), ["a.gpkg"]);
    // A row that cannot be transformed breaks the export off.
    let mut rows = sample_rows(3);
    rows[2].shape = Some(Geometry::Point((f64::NAN, 0.0).into()));
    assert!(export(&path, Some(4326), rows).is_err());
    assert_eq!(names_in(&folder), ["a.gpkg"]);
    assert_eq!(zones(&path).run().unwrap().counts.n_kept, 5);
    export(&folder.path().join("b.shp"), None, sample_rows(2)).unwrap();
    assert_eq!(names_in(&folder), ["a.gpkg", "b.cpg", "b.dbf", "b.prj", "b.shp", "b.shx"]);
}

#[test]
fn an_unknown_ending_a_missing_folder_and_a_second_crs_are_told() {
    let folder = folder();
    let told = |name: &str, crs| export(&folder.path().join(name), crs, sample_rows(1)).unwrap_err().to_string();
    assert!(told("a.parquet", None).contains(".gpkg, .geojson"));
    assert!(told("a", None).contains(".gpkg"));
    assert!(told("no/such/a.gpkg", None).contains("cannot be written"));
    assert!(told("a.geojson", Some(5897)).contains("4326"));
    assert!(told("a.gpkg", Some(6957)).contains("5897"));
    assert_eq!(names_in(&folder), Vec::<String>::new());
}

#[test]
fn a_geopackage_holds_several_layers_and_one_must_be_chosen() {
    let folder = folder();
    let path = folder.path().join("two.gpkg");
    let columns: Vec<Column> = COLUMNS.iter().map(|(name, kind)| Column::new(name, *kind)).collect();
    let mut export = Export::create(&path, EpsgCode::HANOI, None).unwrap();
    for name in ["zones", "other"] {
        export.layer(&Table { name, columns: &columns, about: &about(), is_polygons: true }, sample_rows(2)).unwrap();
    }
    export.finish().unwrap();
    let told = zones(&path).refusal();
    assert!(told.contains("zones, other"), "{told}");
    let told = Import { layer: Some("nothing"), ..zones(&path) }.refusal();
    assert!(told.contains("nothing") && told.contains("zones, other"), "{told}");
    assert_eq!(Import { layer: Some("OTHER"), ..zones(&path) }.run().unwrap().counts.n_kept, 2);
    let mut export = Export::create(&folder.path().join("one.fgb"), EpsgCode::HANOI, None).unwrap();
    export.layer(&Table { name: "a", columns: &columns, about: &about(), is_polygons: true }, sample_rows(1)).unwrap();
    assert!(export.layer(&Table { name: "b", columns: &columns, about: &about(), is_polygons: true }, sample_rows(1)).is_err());
}

/// GeoJSON of one feature for each geometry, in longitude and latitude.
fn geojson(geometries: &[&str]) -> String {
    let features: Vec<String> =
        geometries.iter().map(|g| format!(r#"{{"type":"Feature","properties":{{"kind":"rice"}},"geometry":{g}}}"#)).collect();
    format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
}

const GOOD: &str = r#"{"type":"Polygon","coordinates":[[[105.85,21.03],[105.851,21.03],[105.851,21.031],[105.85,21.031],[105.85,21.03]]]}"#;

#[test]
fn a_fault_of_a_feature_sets_it_aside_or_is_repaired_and_always_told() {
    let folder = folder();
    let cases: [(&str, &str, bool); 11] = [
        ("null", "no_geometry", false),
        (r#"{"type":"Polygon","coordinates":[]}"#, "no_geometry", false),
        (r#"{"type":"Point","coordinates":[105.85,21.03]}"#, "not_a_polygon", false),
        (r#"{"type":"LineString","coordinates":[[105.85,21.03],[105.86,21.03],[105.86,21.04]]}"#, "open_line", false),
        (r#"{"type":"LineString","coordinates":[[105.85,21.03],[105.86,21.03],[105.86,21.04],[105.85,21.03]]}"#, "closed_line", true),
        (r#"{"type":"Polygon","coordinates":[[[105.85,21.03],[105.86,21.03],[105.86,21.04],[105.85,21.04]]]}"#, "unclosed_ring", true),
        (r#"{"type":"Polygon","coordinates":[[[105.85,21.03],[105.86,21.03],[105.85,21.03]]]}"#, "nothing_left", false),
        (
            r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[105.85,21.03]},{"type":"Polygon","coordinates":[[[105.85,21.03],[105.86,21.03],[105.86,21.04],[105.85,21.03]]]}]}"#,
            "parts_left_out",
            true,
        ),
        (r#"{"type":"Polygon","coordinates":[[[5.85,52.03],[5.86,52.03],[5.86,52.04],[5.85,52.03]]]}"#, "far_from_workspace", true),
        (r#"{"type":"Polygon","coordinates":[[[105.85,211.03],[105.86,211.03],[105.86,211.04],[105.85,211.03]]]}"#, "outside_crs", false),
        (r#"{"type":"Polygon","coordinates":[[[105.85,1e400],[105.86,21.03],[105.86,21.04],[105.85,1e400]]]}"#, "not_finite", false),
    ];
    for (geometry, code, is_kept) in cases {
        let path = write(&folder, "a.geojson", geojson(&[GOOD, geometry, GOOD]));
        let got = zones(&path).run().unwrap_or_else(|e| panic!("{geometry}: {e}"));
        assert!(got.codes().contains(&code), "{geometry}: {:?}", got.issues);
        assert_eq!((got.counts.n_read, got.counts.n_kept), (3, if is_kept { 3 } else { 2 }), "{geometry}: {:?}", got.issues);
        assert_eq!(got.counts.n_rejected, u64::from(!is_kept));
        assert_eq!(got.counts.n_issues as usize, got.issues.len());
    }
}

#[test]
fn context_takes_roads_and_places() {
    let folder = folder();
    let line = r#"{"type":"LineString","coordinates":[[105.85,21.03],[105.86,21.03],[105.86,21.04]]}"#;
    let path = write(&folder, "a.geojson", geojson(&[GOOD, line, r#"{"type":"Point","coordinates":[105.85,21.03]}"#, "null"]));
    let got = Import { role: LayerRole::Context, kind: Some("road"), ..zones(&path) }.run().unwrap();
    assert_eq!((got.counts.n_kept, got.counts.n_rejected), (3, 1));
    assert_eq!(got.value(1, LayerRole::Context, "group"), Some("road"));
    assert!(matches!(got.features[1].shape, formats::Shape::Any(Geometry::LineString(_))));
}

#[test]
fn ids_are_distinct_and_what_was_changed_is_told() {
    let folder = folder();
    let feature = |id: &str| format!(r#"{{"type":"Feature","properties":{{"ID":{id},"kind":"rice"}},"geometry":{GOOD}}}"#);
    let all: Vec<String> = [r#""a""#, r#""a""#, "null", r#"" b ""#, r#""a-2""#].iter().map(|id| feature(id)).collect();
    let path = write(&folder, "a.geojson", format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, all.join(",")));
    let got = zones(&path).run().unwrap();
    assert_eq!(got.ids(), ["a", "a-2", "2", "b", "a-2-2"]);
    assert_eq!(got.codes(), ["duplicate_id", "missing_id", "duplicate_id"]);
    let got = Import { doubles: Doubles::SetAside, ..zones(&path) }.run().unwrap();
    assert_eq!((got.ids(), got.counts.n_rejected), (vec!["a", "2", "b", "a-2"], 1));
    assert_eq!(got.codes(), ["duplicate_id", "missing_id"]);
    assert!(got.issues[0].message.starts_with("features 1 and 2 of the file have the same id"), "{}", got.issues[0].message);
}

#[test]
fn columns_that_are_missing_are_named_with_those_that_are_there() {
    let folder = folder();
    let path = write(&folder, "a.geojson", geojson(&[GOOD]));
    let told = landuse(&path).refusal();
    assert!(told.contains("“code”") && told.contains("It has: kind") && told.contains("--field code=COLUMN"), "{told}");
    let told = Import { fields: &[("name", "ten")], ..zones(&path) }.refusal();
    assert!(told.contains("“ten”") && told.contains("kind"), "{told}");
    let told = Import { keep: &["owner"], ..zones(&path) }.refusal();
    assert!(told.contains("--keep"), "{told}");
    let told = Import { fields: &[("colour", "kind")], ..zones(&path) }.refusal();
    assert!(told.contains("crop"), "{told}");
    assert_eq!(Import { code: Some("LUC"), ..landuse(&path) }.run().unwrap().value(0, LayerRole::LandUse, "code"), Some("LUC"));
    let got = Import { kind: Some("tea"), ..zones(&path) }.run().unwrap();
    assert_eq!(got.value(0, LayerRole::Zones, "kind"), Some("tea"));
}

#[test]
fn what_is_no_spatial_file_is_told_apart() {
    let folder = folder();
    assert!(matches!(zones(&folder.path().join("no.gpkg")).run(), Err(FormatError::NotFound { .. })));
    let is_not_spatial = |name: &str, bytes: &[u8]| {
        let path = write(&folder, name, bytes);
        let result = zones(&path).run();
        assert!(
            matches!(result, Err(FormatError::NotSpatial { .. } | FormatError::Unreadable { .. })),
            "{name}: {:?}",
            result.map(|r| r.counts)
        );
    };
    is_not_spatial("empty.gpkg", b"");
    is_not_spatial("a.txt", b"hello");
    is_not_spatial("a.gpkg", b"hello, I am no database at all");
    is_not_spatial("a.geojson", b"{}");
    is_not_spatial("b.geojson", br#"{"type":"FeatureCollection","features":[{"type":"Feat"#);
    is_not_spatial("x.csv", b"id,kind,x,y\n1,rice,105.8,21.0\n");
    is_not_spatial("a.zip", b"PK\x03\x04 and nothing more");
    is_not_spatial("PG:dbname=x", b"hello");
    for (name, magic) in
        [("a.7z.001", &b"7z\xbc\xaf\x27\x1c...."[..]), ("a.parquet", b"PAR1...."), ("a.rar", b"Rar!...."), ("a.dwg", b"AC1032....")]
    {
        let path = write(&folder, name, magic);
        assert!(matches!(zones(&path).run(), Err(FormatError::Unsupported { .. })), "{name}");
    }
    let path = write(&folder, "none.geojson", geojson(&[]));
    assert!(matches!(zones(&path).run(), Err(FormatError::Empty { .. })), "{:?}", zones(&path).run().map(|r| r.counts));
    let vrt = r#"<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"#;
    is_not_spatial("a.vrt", vrt.as_bytes());
}

#[test]
fn coordinates_that_contradict_the_crs_refuse_the_file() {
    let folder = folder();
    let metres = r#"{"type":"Polygon","coordinates":[[[588000,2326000],[588100,2326000],[588100,2326100],[588000,2326000]]]}"#;
    let path = write(&folder, "metres.geojson", geojson(&[metres, metres]));
    let told = zones(&path).refusal();
    assert!(told.contains("EPSG:4326") && told.contains("EPSG:5897"), "{told}");
    let got = Import { crs: Some(5897), ..zones(&path) }.run().unwrap();
    assert_eq!((got.counts.n_kept, got.operation), (2, None));
    let path = write(&folder, "degrees.geojson", geojson(&[GOOD]));
    let told = Import { crs: Some(5897), ..zones(&path) }.refusal();
    assert!(told.contains("degrees"), "{told}");
    let swapped = r#"{"type":"Polygon","coordinates":[[[21.03,105.85],[21.03,105.851],[21.031,105.851],[21.03,105.85]]]}"#;
    let path = write(&folder, "swapped.geojson", geojson(&[swapped]));
    assert!(zones(&path).refusal().contains("swapped"));
    let path = write(&folder, "zone.geojson", geojson(&[metres]).replace("588", "1588"));
    assert!(Import { crs: Some(5897), ..zones(&path) }.refusal().contains("EPSG:5897"));
    for code in [6956, 6957, 6958, 6959, 1, 4978] {
        assert!(matches!(Import { crs: Some(code), ..zones(&path) }.run(), Err(FormatError::RefusedCrs { .. })), "{code}");
    }
}

const TM3_SWAPPED: &str = r#"PROJCS["VN_2000_TM3_105",GEOGCS["GCS_VN_2000",DATUM["D_Vietnam_2000",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",0.0],PARAMETER["False_Northing",500000.0],PARAMETER["Central_Meridian",105.0],PARAMETER["Scale_Factor",0.9999],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]"#;

#[test]
fn the_refused_zones_are_seen_in_a_prj_and_in_a_geopackage() {
    let folder = folder();
    let path = folder.path().join("a.shp");
    export(&path, None, sample_rows(2)).unwrap();
    write(&folder, "a.prj", TM3_SWAPPED);
    let told = zones(&path).refusal();
    assert!(told.contains("EPSG:5897"), "{told}");
    // A .prj of the right zone under a name of its own.
    write(
        &folder,
        "a.prj",
        TM3_SWAPPED
            .replace("\"False_Easting\",0.0", "\"False_Easting\",500000.0")
            .replace("\"False_Northing\",500000.0", "\"False_Northing\",0.0"),
    );
    let got = zones(&path).run().unwrap();
    assert_eq!((got.counts.n_kept, got.operation), (2, None));
    std::fs::remove_file(folder.path().join("a.prj")).unwrap();
    assert!(zones(&path).refusal().contains("--crs"));
    assert_eq!(Import { crs: Some(5897), ..zones(&path) }.run().unwrap().counts.n_kept, 2);

    let path = folder.path().join("b.gpkg");
    export(&path, None, sample_rows(2)).unwrap();
    let database = rusqlite::Connection::open(&path).unwrap();
    database
        .execute_batch(
            "UPDATE gpkg_spatial_ref_sys SET srs_id = 6957, organization_coordsys_id = 6957, srs_name = 'VN-2000 / TM-3 zone 482' WHERE srs_id = 5897;
             UPDATE gpkg_geometry_columns SET srs_id = 6957; UPDATE gpkg_contents SET srs_id = 6957;",
        )
        .unwrap();
    drop(database);
    let told = zones(&path).refusal();
    assert!(told.contains("5897"), "{told}");
}

#[test]
fn half_a_file_is_never_taken() {
    let folder = folder();
    for name in ["a.gpkg", "b.fgb", "c.shp", "d.geojson", "e.kml", "f.csv"] {
        let path = folder.path().join(name);
        export(&path, None, sample_rows(2000)).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for part in [2, 3] {
            std::fs::write(&path, &whole[..whole.len() * (part - 1) / part]).unwrap();
            let result = Import { crs: (name == "f.csv").then_some(5897), ..zones(&path) }.run();
            if name == "f.csv" {
                // Rows are whole or not there; a cut last row has no shape.
                let got = result.unwrap();
                assert!(got.counts.n_rejected <= 1, "{:?}", got.counts);
            } else {
                assert!(result.is_err(), "{name} at {part}: {:?}", result.map(|r| r.counts));
            }
        }
    }
    for missing in ["shx", "dbf"] {
        let path = folder.path().join("g.shp");
        export(&path, None, sample_rows(3)).unwrap();
        std::fs::remove_file(path.with_extension(missing)).unwrap();
        let told = zones(&path).refusal();
        assert!(told.contains(&format!("g.{missing}")), "{told}");
    }
    let path = folder.path().join("h.shp");
    export(&path, None, sample_rows(300)).unwrap();
    let dbf = std::fs::read(path.with_extension("dbf")).unwrap();
    std::fs::write(path.with_extension("dbf"), &dbf[..dbf.len() / 2]).unwrap();
    assert!(zones(&path).run().is_err());
}

#[test]
fn a_damaged_byte_anywhere_is_an_error_or_an_issue_and_never_a_panic() {
    let folder = folder();
    for name in ["a.gpkg", "b.fgb", "c.shp", "d.geojson", "e.kml"] {
        let path = folder.path().join(name);
        export(&path, None, sample_rows(20)).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..60 {
            let mut bytes = whole.clone();
            for _ in 0..3 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let at = (state >> 33) as usize % bytes.len();
                bytes[at] ^= (state >> 20) as u8 | 1;
            }
            std::fs::write(&path, &bytes).unwrap();
            if let Ok(got) = zones(&path).run() {
                assert_eq!(got.counts.n_read, got.counts.n_kept + got.counts.n_rejected);
            }
        }
    }
}

#[test]
fn a_text_that_xml_or_csv_could_trip_over_survives() {
    let folder = folder();
    let name = "a <b> & \"c\", 'd'; é\u{1}";
    for file in ["a.kml", "b.csv", "c.geojson", "d.gpkg", "e.shp"] {
        let mut rows = sample_rows(1);
        rows[0].values[2] = Value::Text(name.into());
        let path = folder.path().join(file);
        export(&path, None, rows).unwrap();
        let got = Import { crs: (file == "b.csv").then_some(5897), ..zones(&path) }.run().unwrap();
        // XML cannot hold control characters.
        let expected = if file == "a.kml" { name.trim_end_matches('\u{1}') } else { name };
        assert_eq!(got.value(0, LayerRole::Zones, "name"), Some(expected), "{file}");
    }
}

#[test]
fn a_reader_that_stops_stops_the_reading() {
    let folder = folder();
    let path = folder.path().join("a.gpkg");
    export(&path, None, sample_rows(9000)).unwrap();
    let fields = BTreeMap::new();
    let request = Request {
        path: &path,
        layer: None,
        role: LayerRole::Zones,
        fields: &fields,
        keep: &[],
        kind: None,
        code: None,
        crs: None,
        operation: Some(EpsgCode(5194)),
        correct: None,
        encoding: None,
        doubles: Doubles::Renamed,
        target: EpsgCode::HANOI,
    };
    let source = formats::open(&request).unwrap();
    assert_eq!(source.n_features, Some(9000));
    assert_eq!(source.issues[0].code, "operation_not_used");
    let mut n = 0;
    let result = source.read(|_| {
        n += 1;
        if n == 3 { Err(FormatError::UnknownEncoding { name: "stop".into() }) } else { Ok(()) }
    });
    assert!(matches!(result, Err(FormatError::UnknownEncoding { .. })));
    assert_eq!(n, 3);
}

#[test]
fn a_full_disk_is_an_error_and_leaves_nothing_under_the_final_name() {
    // A limit on file sizes for a process of its own; without the trap it would be killed.
    let script = "trap '' XFSZ; ulimit -f 64; exec \"$0\" --ignored --exact formats::exports_to_a_full_disk --nocapture";
    let output = std::process::Command::new("bash").arg("-c").arg(script).arg(std::env::current_exe().unwrap()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
#[ignore = "run by the test above, in a process whose files cannot grow"]
fn exports_to_a_full_disk() {
    let folder = folder();
    for name in ["a.gpkg", "b.fgb", "c.shp", "d.geojson", "e.kml", "f.csv", "g.xlsx"] {
        let result = export(&folder.path().join(name), None, sample_rows(20_000));
        assert!(matches!(result, Err(FormatError::CannotWrite { .. })), "{name}: {result:?}");
        assert_eq!(names_in(&folder), Vec::<String>::new(), "{name}");
    }
}
