//! One kind of file after another: archives, code pages, MapInfo, GML, Esri JSON, KMZ, CSV, drawings.

use std::path::Path;

use farmzone::formats::FormatError;
use farmzone::geom;
use farmzone::model::LayerRole;

use super::{GOOD, Import, export, folder, geojson, landuse, names_in, sample_rows, write, zones};

/// A zip of stored (not packed) entries, as PKWARE's appnote has it.
pub fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut body, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in entries {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let mut common = Vec::new();
        for half in [20_u16, 0x800, 0, 0, 0x21] {
            common.extend(half.to_le_bytes());
        }
        for word in [crc.sum(), content.len() as u32, content.len() as u32] {
            common.extend(word.to_le_bytes());
        }
        common.extend((name.len() as u16).to_le_bytes());
        common.extend(0_u16.to_le_bytes());
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend((body.len() as u32).to_le_bytes());
        directory.extend(name.as_bytes());
        body.extend(b"PK\x03\x04");
        body.extend(&common);
        body.extend(name.as_bytes());
        body.extend(*content);
    }
    let (start, size) = (body.len() as u32, directory.len() as u32);
    body.extend(directory);
    body.extend(b"PK\x05\x06\0\0\0\0");
    body.extend((entries.len() as u16).to_le_bytes());
    body.extend((entries.len() as u16).to_le_bytes());
    body.extend(size.to_le_bytes());
    body.extend(start.to_le_bytes());
    body.extend([0, 0]);
    body
}

#[test]
fn a_zip_is_known_by_its_content_and_looked_into() {
    let folder = folder();
    export(&folder.path().join("a.shp"), None, sample_rows(4)).unwrap();
    let file = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let parts: Vec<(String, Vec<u8>)> =
        ["shp", "shx", "dbf", "prj", "cpg"].iter().map(|e| (format!("ban do/2024/a.{e}"), file(&format!("a.{e}")))).collect();
    let mut entries: Vec<(&str, &[u8])> = parts.iter().map(|(n, c)| (n.as_str(), c.as_slice())).collect();
    entries.push(("readme.txt", b"hello"));
    for name in ["a.zip", "no_ending", "odd.dat"] {
        let path = write(&folder, name, zip(&entries));
        let got = zones(&path).run().unwrap();
        assert_eq!((got.counts.n_kept, got.driver.as_str()), (4, "ESRI Shapefile"));
        assert_eq!(got.value(1, LayerRole::Zones, "name"), Some("Ruộng “Ứng Hòa”, số 1"));
    }
    let json = geojson(&[GOOD]);
    entries.push(("other/b.geojson", json.as_bytes()));
    let path = write(&folder, "two.zip", zip(&entries));
    let told = zones(&path).refusal();
    assert!(told.contains("--layer") && told.contains("2024/a.shp/a") && told.contains("other/b.geojson"), "{told}");
    for (layer, n) in [("b", 1), ("a", 4), ("b.geojson", 1), ("ban do/2024/a.shp", 4)] {
        assert_eq!(Import { layer: Some(layer), ..zones(&path) }.run().unwrap().counts.n_kept, n, "{layer}");
    }
    let without: Vec<(&str, &[u8])> = entries.iter().filter(|(n, _)| !n.ends_with("dbf") && !n.ends_with("json")).copied().collect();
    let path = write(&folder, "without.zip", zip(&without));
    assert!(zones(&path).refusal().contains("a.dbf"));
}

#[test]
fn a_zip_that_climbs_out_or_is_damaged_or_holds_nothing_is_refused() {
    let folder = folder();
    let json = geojson(&[GOOD]);
    for climbing in ["../evil.geojson", "a/../../evil.geojson", "/etc/evil.geojson", "..\\evil.geojson"] {
        let path = write(&folder, "climbing.zip", zip(&[("good.geojson", json.as_bytes()), (climbing, json.as_bytes())]));
        let told = zones(&path).refusal();
        assert!(told.contains("leads out"), "{told}");
    }
    let whole = zip(&[("a.geojson", json.as_bytes())]);
    assert_eq!(zones(&write(&folder, "whole.zip", &whole)).run().unwrap().counts.n_kept, 1);
    for (n, bytes) in
        [zip(&[("a.txt", b"x")]), zip(&[]), whole[..whole.len() / 2].to_vec(), whole[..whole.len() - 30].to_vec()].iter().enumerate()
    {
        let path = write(&folder, &format!("bad{n}.zip"), bytes);
        assert!(zones(&path).run().is_err(), "{n}");
    }
    let path = write(&folder, "p.zip", zip(&[("a.parquet", b"PAR1")]));
    assert!(matches!(zones(&path).run(), Err(FormatError::Unsupported { .. })));
}

#[test]
fn a_gzipped_file_is_read_in_place() {
    use std::io::Write;
    let folder = folder();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(geojson(&[GOOD, GOOD]).as_bytes()).unwrap();
    let path = write(&folder, "a.geojson.gz", packed.finish().unwrap());
    assert_eq!(zones(&path).run().unwrap().counts.n_kept, 2);
    assert_eq!(names_in(&folder), ["a.geojson.gz"]);
}

/// The bytes of a .dbf with one text column `KIND` of 20 bytes and language byte 0.
fn dbf(values: &[&[u8]]) -> Vec<u8> {
    let mut bytes = vec![3, 124, 1, 1];
    bytes.extend((values.len() as u32).to_le_bytes());
    bytes.extend(65_u16.to_le_bytes());
    bytes.extend(21_u16.to_le_bytes());
    bytes.extend([0; 20]);
    bytes.extend(b"KIND\0\0\0\0\0\0\0C\0\0\0\0\x14\0");
    bytes.extend([0; 14]);
    bytes.push(13);
    for value in values {
        bytes.push(b' ');
        bytes.extend(*value);
        bytes.extend(vec![b' '; 20 - value.len()]);
    }
    bytes
}

#[test]
fn text_of_a_shapefile_that_does_not_say_its_encoding() {
    let folder = folder();
    let path = folder.path().join("a.shp");
    export(&path, None, sample_rows(2)).unwrap();
    std::fs::remove_file(path.with_extension("cpg")).unwrap();
    let kinds = |values: &[&[u8]], encoding| {
        write(&folder, "a.dbf", dbf(values));
        let got = Import { encoding, ..zones(&path) }.run().unwrap();
        let kinds: Vec<String> = got.features.iter().map(|f| f.values[1].clone().unwrap_or_default()).collect();
        (kinds, got.codes())
    };
    let texts = |a: &str, b: &str| vec![a.to_owned(), b.to_owned()];
    assert_eq!(kinds(&["lúa".as_bytes(), "rau a\u{301}n toàn".as_bytes()], None), (texts("lúa", "rau án toàn"), vec![]));
    assert_eq!(kinds(&[b"l\xfaa", b"Ho\xcca"], None), (texts("lúa", "Hòa"), vec!["encoding_assumed"]));
    assert_eq!(kinds(&[b"l\xfaa", b"Ho\xcca"], Some("CP1258")), (texts("lúa", "Hòa"), vec![]));
    assert_eq!(kinds(&["lúa".as_bytes(), b"b"], Some("ISO-8859-1")).0[0], "lÃºa");
    assert_eq!(kinds(&[b"l\xf3a", b"b"], Some("TCVN3")).0[0], "lúa");
    let told = Import { encoding: Some("klingon"), ..zones(&path) }.refusal();
    assert!(told.contains("klingon"), "{told}");
}

const MIF: &str = r#"Version 300
Charset "Neutral"
Delimiter ","
CoordSys Earth Projection 8, 9999, 28, -191.90441429, -39.30318279, -111.45032835, 0.00928836, -0.01975479, 0.00427372, -0.252906278, 0, "m", 105, 0, 0.9999, 500000, 0
Columns 2
  id Char(10)
  kind Char(20)
Data

Region 1
  5
588000 2326000
588100 2326000
588100 2326100
588000 2326100
588000 2326000
    Pen (1,2,0)
"#;

#[test]
fn mapinfo_files_are_read_with_their_own_datum() {
    let folder = folder();
    let path = write(&folder, "a.mif", MIF);
    write(&folder, "a.mid", "\"m1\",\"rice\"\n");
    let got = zones(&path).run().unwrap();
    assert_eq!((got.counts.n_kept, got.ids(), got.operation.as_deref()), (1, vec!["m1"], None), "{}", got.crs);
    assert_eq!(got.crs, "EPSG:5897");
    assert!((got.features[0].area_after_m2 - 10_000.0).abs() < 0.01);
    let tab = folder.path().join("b.tab");
    copy_with_gdal(&path, &tab, "MapInfo File");
    let got = zones(&tab).run().unwrap();
    assert_eq!((got.counts.n_kept, got.ids(), got.operation.as_deref()), (1, vec!["m1"], None), "{}", got.crs);
    assert_eq!(got.crs, "EPSG:5897");
    // A TAB keeps coordinates as whole numbers of its own grid.
    assert!((got.features[0].area_after_m2 - 10_000.0).abs() < 5.0, "{}", got.features[0].area_after_m2);
}

#[test]
fn a_mapinfo_file_that_lost_the_datum_vn_2000_is_told_what_to_do() {
    let folder = folder();
    for (zone, crs) in [("EPSG:5897", 5897), ("EPSG:9209", 9209), ("EPSG:3405", 3405)] {
        let square = "[[[588000,2326000],[588100,2326000],[588100,2326100],[588000,2326100],[588000,2326000]]]";
        let text = format!(
            r#"{{"type":"FeatureCollection","crs":{{"type":"name","properties":{{"name":"{zone}"}}}},"features":[{{"type":"Feature",
            "properties":{{"id":"m1","kind":"rice"}},"geometry":{{"type":"Polygon","coordinates":{square}}}}}]}}"#
        );
        let source = write(&folder, &format!("{crs}.geojson"), text);
        for ending in ["tab", "mif"] {
            let file = folder.path().join(format!("{crs}.{ending}"));
            copy_with_gdal(&source, &file, "MapInfo File");
            let got = zones(&file).run().unwrap();
            let told: Vec<&str> = got.issues.iter().filter(|i| i.code == "likely_vn2000").map(|i| i.message.as_str()).collect();
            assert_eq!((got.counts.n_kept, told.len()), (1, 1), "{} {:?}", got.crs, got.issues);
            assert!(told[0].contains(&format!("--crs {zone}")), "{}", told[0]);
            let mended = Import { crs: Some(crs), ..zones(&file) }.run().unwrap();
            assert_eq!(mended.codes(), Vec::<&str>::new(), "{zone}");
            let at = |got: &super::Imported| geom::bounds(&got.features[0].shape.clone().into_polygons()).unwrap();
            let off_m = (at(&mended)[0] - at(&got)[0]).hypot(at(&mended)[1] - at(&got)[1]);
            assert!((200.0..250.0).contains(&off_m), "{off_m}");
        }
    }
    // UTM on WGS 84 that says so, by its code or its name, is meant.
    for ending in ["gpkg", "shp"] {
        let path = folder.path().join(format!("utm.{ending}"));
        export(&path, Some(32648), sample_rows(2)).unwrap();
        assert!(!zones(&path).run().unwrap().codes().contains(&"likely_vn2000"), "{ending}");
    }
}

#[test]
fn a_mapinfo_crs_is_known_by_its_parameters_or_described_by_them() {
    let folder = folder();
    let crs = |coordinates: &str| {
        let start = MIF.find("CoordSys").unwrap();
        let end = start + MIF[start..].find('\n').unwrap();
        let path = write(&folder, "c.mif", MIF.replace(&MIF[start..end], coordinates));
        write(&folder, "c.mid", "\"m1\",\"rice\"\n");
        zones(&path).run().unwrap().crs
    };
    assert_eq!(crs(r#"CoordSys Earth Projection 8, 104, "m", 105, 0, 0.9996, 500000, 0"#), "EPSG:32648");
    let unusual = crs(r#"CoordSys Earth Projection 8, 104, "m", 105.5, 0, 0.9999, 500000, 0"#);
    assert_eq!(unusual, "Transverse Mercator (meridian 105.5°, scale 0.9999, false easting 500000 m, false northing 0 m) on WGS 84");
}

/// The first layer of a file, in another format, by GDAL itself.
fn copy_with_gdal(from: &Path, to: &Path, driver: &str) {
    use gdal::vector::LayerAccess;
    let source = gdal::Dataset::open(from).unwrap();
    let layer = source.layer(0).unwrap();
    let mut target = gdal::DriverManager::get_driver_by_name(driver).unwrap().create_vector_only(to).unwrap();
    let srs = layer.spatial_ref();
    let ty = gdal_sys::OGRwkbGeometryType::wkbUnknown;
    let copy = target.create_layer(gdal::vector::LayerOptions { name: "elements", srs: srs.as_ref(), ty, options: None }).unwrap();
    let is_drawing = driver == "DGN";
    // A drawing's columns are there already.
    if !is_drawing && driver != "DXF" {
        for field in layer.defn().fields() {
            gdal::vector::FieldDefn::new(&field.name(), field.field_type()).unwrap().add_to_layer(&copy).unwrap();
        }
    }
    let mut layer = source.layer(0).unwrap();
    for feature in layer.features() {
        let mut new = gdal::vector::Feature::new(copy.defn()).unwrap();
        if is_drawing {
            new.set_field_integer(1, 10).unwrap();
        } else {
            for (name, value) in feature.fields() {
                if let (Ok(i), Some(value)) = (copy.defn().field_index(&name), value) {
                    new.set_field(i, &value).unwrap();
                }
            }
        }
        new.set_geometry(feature.geometry().unwrap().clone()).unwrap();
        new.create(&copy).unwrap();
    }
}

#[test]
fn gml_keeps_its_axes_and_leaves_no_side_file() {
    let folder = folder();
    let source = folder.path().join("a.gpkg");
    export(&source, None, sample_rows(2)).unwrap();
    let gml = folder.path().join("b.gml");
    copy_with_gdal(&source, &gml, "GML");
    let _ = std::fs::remove_file(folder.path().join("b.xsd"));
    let got = zones(&gml).run().unwrap();
    assert_eq!((got.driver.as_str(), got.counts.n_kept, got.crs.as_str()), ("GML", 2, "EPSG:5897"));
    let bounds = geom::bounds(&got.features[0].shape.clone().into_polygons()).unwrap();
    assert!((bounds[0] - 588_000.0).abs() < 0.01 && (bounds[1] - 2_326_000.0).abs() < 0.01, "{bounds:?}");
    assert_eq!(names_in(&folder), ["a.gpkg", "b.gml"]);
}

#[test]
fn esri_json_and_kmz() {
    let folder = folder();
    let esri = r#"{"geometryType":"esriGeometryPolygon","spatialReference":{"wkid":4326},"fields":[{"name":"OBJECTID","type":"esriFieldTypeOID"},{"name":"kind","type":"esriFieldTypeString"}],
        "features":[{"attributes":{"OBJECTID":7,"kind":"tea"},"geometry":{"rings":[[[105.85,21.03],[105.85,21.031],[105.851,21.031],[105.85,21.03]]]}}]}"#;
    let got = zones(&write(&folder, "c.json", esri)).run().unwrap();
    assert_eq!((got.driver.as_str(), got.counts.n_kept, got.value(0, LayerRole::Zones, "kind")), ("ESRIJSON", 1, Some("tea")));
    let kml = folder.path().join("d.kml");
    export(&kml, None, sample_rows(2)).unwrap();
    let kmz = write(&folder, "d.kmz", zip(&[("doc.kml", &std::fs::read(&kml).unwrap())]));
    assert_eq!(zones(&kmz).run().unwrap().counts.n_kept, 2);
}

#[test]
fn a_folder_of_a_kml_without_features_is_not_to_be_chosen() {
    let folder = folder();
    let placemark = |name: &str| {
        format!(
            "<Folder><name>{name}</name><Placemark><ExtendedData><Data name=\"kind\"><value>rice</value></Data></ExtendedData><Polygon><outerBoundaryIs><LinearRing>\
             <coordinates>105.85,21.03 105.86,21.03 105.86,21.04 105.85,21.03</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></Folder>"
        )
    };
    let kml = |folders: &str| format!("<kml xmlns=\"http://www.opengis.net/kml/2.2\"><Document>{folders}</Document></kml>");
    let empty = "<Folder><name>old</name></Folder>";
    let one = kml(&format!("{empty}{}<Folder><name>new</name></Folder>", placemark("zones")));
    let kmz = write(&folder, "a.kmz", zip(&[("doc.kml", one.as_bytes())]));
    let rice = |path| Import { kind: Some("rice"), ..zones(path) };
    assert_eq!(rice(&kmz).run().unwrap().counts.n_kept, 1);
    let two = kml(&format!("{empty}{}{}", placemark("north"), placemark("south")));
    let told = rice(&write(&folder, "b.kml", two)).refusal();
    assert!(told.contains("choose with --layer: north, south"), "{told}");
}

#[test]
fn a_folder_of_folders_is_looked_into_like_a_zip() {
    let folder = folder();
    let within = |name: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    };
    export(&within("nest/xã A/2024/a.shp"), None, sample_rows(3)).unwrap();
    std::fs::write(within("nest/readme.txt"), "hello").unwrap();
    let nest = folder.path().join("nest");
    assert_eq!(zones(&nest).run().unwrap().counts.n_kept, 3);
    std::fs::write(within("nest/xã B/b.geojson"), geojson(&[GOOD])).unwrap();
    let told = zones(&nest).refusal();
    assert!(told.contains("--layer") && told.contains("xã A/2024/a.shp/a") && told.contains("xã B/b.geojson"), "{told}");
    assert_eq!(Import { layer: Some("b.geojson"), ..zones(&nest) }.run().unwrap().counts.n_kept, 1);
    std::fs::write(within("bare/notes/readme.txt"), "hello").unwrap();
    let told = zones(&folder.path().join("bare")).refusal();
    assert!(told.contains("the folder holds notes/readme.txt"), "{told}");
}

#[test]
fn of_files_side_by_side_none_is_taken_in_silence() {
    let folder = folder();
    let path = folder.path().join("delivery");
    std::fs::create_dir_all(&path).unwrap();
    export(&path.join("a.shp"), None, sample_rows(3)).unwrap();
    assert_eq!(zones(&path).run().unwrap().counts.n_kept, 3);
    std::fs::write(path.join("other.geojson"), geojson(&[GOOD])).unwrap();
    let told = zones(&path).refusal();
    assert!(told.contains("choose with --layer: a.shp/a, other.geojson/"), "{told}");
    assert_eq!(Import { layer: Some("other"), ..zones(&path) }.run().unwrap().counts.n_kept, 1);
}

#[test]
fn a_table_in_utf_16_is_told_what_to_do() {
    let folder = folder();
    let csv = "id,kind,wkt\n1,rice,\"POLYGON((588000 2326000,588100 2326000,588100 2326100,588000 2326000))\"\n";
    let little: Vec<u8> = [0xfeff].into_iter().chain(csv.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = [0xfeff].into_iter().chain(csv.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    for path in [write(&folder, "a.csv", &little), write(&folder, "b.csv", big), write(&folder, "c.zip", zip(&[("a.csv", &little)]))] {
        let told = Import { crs: Some(5897), ..zones(&path) }.refusal();
        assert!(told.contains("UTF-16") && told.contains("UTF-8"), "{told}");
    }
    let marked = [b"\xef\xbb\xbf", csv.as_bytes()].concat();
    assert_eq!(Import { crs: Some(5897), ..zones(&write(&folder, "d.csv", marked)) }.run().unwrap().ids(), ["1"]);
}

#[test]
fn a_table_with_wkt_gives_areas_curves_and_heights_too() {
    let folder = folder();
    let csv = "ID,Kind,Geometry\nc1,rice,\"POLYGON((588000 2326000,588100 2326000,588100 2326100,588000 2326000))\"\nc2,rice,POINT(588000 2326000)\nc3,rice,nonsense\nc4,rice,\nc5,rice,nan\nc6,rice,\"POLYGON((1 2,\"\n";
    let got = Import { crs: Some(5897), ..zones(&write(&folder, "e.csv", csv)) }.run().unwrap();
    assert_eq!(
        (got.ids(), got.codes()),
        (vec!["c1"], vec!["not_a_polygon", "unreadable_shape", "no_geometry", "unreadable_shape", "unreadable_shape"])
    );
    assert!(got.issues[1].message.contains("“nonsense”") && got.issues[3].message.contains("“nan”"), "{:?}", got.issues);
    let curve = "id,kind,wkt\n1,rice,\"CURVEPOLYGON(CIRCULARSTRING(588000 2326000,588100 2326100,588200 2326000,588100 2325900,588000 2326000))\"\n2,rice,\"POLYGON Z((588000 2326000 5,588100 2326000 5,588100 2326100 5,588000 2326000 5))\"\n";
    let got = Import { crs: Some(5897), ..zones(&write(&folder, "f.csv", curve)) }.run().unwrap();
    assert!((got.features[0].area_after_m2 / (std::f64::consts::PI * 1e4) - 1.0).abs() < 0.005);
    assert_eq!(got.features[1].area_after_m2, 5_000.0);
}

/// One polyline of a DXF drawing.
fn polyline(layer: &str, closed: bool, points: &[(f64, f64)]) -> String {
    let mut text = format!("0\nLWPOLYLINE\n8\n{layer}\n90\n{}\n70\n{}\n", points.len(), u8::from(closed));
    for (x, y) in points {
        text += &format!("10\n{x}\n20\n{y}\n");
    }
    text
}

fn text(layer: &str, x: f64, y: f64, content: &str) -> String {
    format!("0\nTEXT\n8\n{layer}\n10\n{x}\n20\n{y}\n40\n2\n1\n{content}\n")
}

fn dxf() -> String {
    let square = |x: f64| [(x, 2_326_000.0), (x + 100.0, 2_326_000.0), (x + 100.0, 2_326_100.0), (x, 2_326_100.0)];
    let first = square(588_000.0);
    let entities = [
        polyline("LUC", true, &first),
        polyline("ONT", false, &[square(588_200.0).as_slice(), &[(588_200.0, 2_326_000.0)]].concat()),
        polyline("LUC", true, &square(588_400.0)),
        polyline("RANH", false, &first[..3]),
        text("SOTHUA", 588_050.0, 2_326_050.0, "152"),
        text("LOAIDAT", 588_060.0, 2_326_050.0, "LUK"),
        text("LOAIDAT", 588_250.0, 2_326_050.0, "ODT"),
    ];
    format!("0\nSECTION\n2\nENTITIES\n{}0\nENDSEC\n0\nEOF\n", entities.concat())
}

#[test]
fn a_drawings_closed_lines_are_polygons_its_layers_labels_its_texts_fields() {
    let folder = folder();
    let path = write(&folder, "a.dxf", dxf());
    assert!(landuse(&path).refusal().contains("--crs"));
    let drawing = Import { crs: Some(5897), ..landuse(&path) };
    let got = drawing.run().unwrap();
    let labels: Vec<_> = (0..3).map(|i| got.value(i, LayerRole::LandUse, "code").unwrap()).collect();
    assert_eq!(labels, ["LUC", "ONT", "LUC"]);
    assert_eq!(got.codes(), ["open_line", "texts", "closed_line"]);
    assert_eq!((got.counts.n_read, got.counts.n_kept, got.counts.n_rejected), (7, 3, 4));
    let got = Import { fields: &[("code", "@text")], keep: &["@layer"], ..drawing }.run().unwrap();
    let codes: Vec<_> = (0..3).map(|i| got.value(i, LayerRole::LandUse, "code")).collect();
    // Where no text says what the land is its layer does: defence land is known by that.
    assert_eq!(codes, [Some("152 LUK"), Some("ODT"), Some("LUC")]);
    assert_eq!(got.features[1].kept, [Some("ONT".to_owned())]);
    assert!(got.codes().contains(&"no_text_inside"));
    let several: Vec<&str> = got.issues.iter().filter(|i| i.code == "texts_of_several_layers").map(|i| i.message.as_str()).collect();
    assert_eq!(several.len(), 1);
    assert!(several[0].contains("LOAIDAT, SOTHUA") && several[0].contains("@text:LOAIDAT"), "{}", several[0]);
    let got = Import { fields: &[("code", "@text:loaidat")], crs: Some(5897), ..landuse(&path) }.run().unwrap();
    assert_eq!(got.value(0, LayerRole::LandUse, "code"), Some("LUK"));
    assert!(!got.codes().contains(&"texts_of_several_layers"));
    let drawing = Import { crs: Some(5897), ..landuse(&path) };
    let told = Import { fields: &[("code", "@text:NOPE")], ..drawing }.refusal();
    assert!(told.contains("“NOPE”") && told.contains("LOAIDAT, SOTHUA"), "{told}");
    let told = Import { fields: &[("kind", "@text")], ..zones(&write(&folder, "b.geojson", geojson(&[GOOD]))) }.refusal();
    assert!(told.contains("DXF"), "{told}");
}

#[test]
fn a_drawings_hatches_are_polygons_and_no_texts() {
    let folder = folder();
    let csv = "Layer,wkt\nLUC,\"POLYGON((588000 2326000,588100 2326000,588100 2326100,588000 2326100,588000 2326000))\"\n\
               ONT,\"POLYGON((588200 2326000,588300 2326000,588300 2326100,588200 2326100,588200 2326000))\"\n";
    let path = folder.path().join("a.dxf");
    copy_with_gdal(&write(&folder, "s.csv", csv), &path, "DXF");
    assert!(std::fs::read_to_string(&path).unwrap().contains("HATCH"));
    let got = Import { crs: Some(5897), ..landuse(&path) }.run().unwrap();
    assert_eq!((got.counts.n_read, got.counts.n_kept), (2, 2), "{:?}", got.issues);
    let labels: Vec<_> = (0..2).map(|i| got.value(i, LayerRole::LandUse, "code").unwrap()).collect();
    assert_eq!((labels, got.codes()), (vec!["LUC", "ONT"], vec![]));
    assert!((got.features[0].area_after_m2 - 10_000.0).abs() < 0.01);
}

#[test]
fn letters_that_a_drawing_writes_as_escapes_are_read() {
    let folder = folder();
    let path = write(&folder, "a.dxf", dxf().replace("\nLUC\n", "\n\\U+0110\\U+1EA5t l\\U+00FAa\n").replace("LUK", "\\U+0111\\U+1EA5t"));
    let drawing = Import { crs: Some(5897), ..landuse(&path) };
    assert_eq!(drawing.run().unwrap().value(0, LayerRole::LandUse, "code"), Some("Đất lúa"));
    let got = Import { fields: &[("code", "@text:LOAIDAT")], ..drawing }.run().unwrap();
    assert_eq!(got.value(0, LayerRole::LandUse, "code"), Some("đất"));
}

#[test]
fn a_dgn_drawing_gives_its_levels_as_labels() {
    let folder = folder();
    let csv = "id,wkt\n1,\"POLYGON((588000 2326000,588100 2326000,588100 2326100,588000 2326100,588000 2326000))\"\n";
    let source = write(&folder, "s.csv", csv);
    let path = folder.path().join("a.dgn");
    copy_with_gdal(&source, &path, "DGN");
    let got = Import { crs: Some(5897), ..landuse(&path) }.run().unwrap();
    assert_eq!((got.driver.as_str(), got.counts.n_kept, got.value(0, LayerRole::LandUse, "code")), ("DGN", 1, Some("10")));
    assert!((got.features[0].area_after_m2 - 10_000.0).abs() < 1.0);
    let path = write(&folder, "v8.dgn", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on");
    assert!(zones(&path).refusal().contains("V7"));
}
