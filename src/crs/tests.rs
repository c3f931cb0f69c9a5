use super::*;
use crate::model::Coord;

fn between(from: &str, to: &str) -> Transform {
    Transform::new(&Crs::parse(from).unwrap(), &Crs::parse(to).unwrap(), None).unwrap()
}

fn close(a: Coord, x: f64, y: f64, tolerance: f64) {
    assert!((a.x - x).abs() <= tolerance && (a.y - y).abs() <= tolerance, "{a:?} is not {x} {y}");
}

const CUSTOM_TM3: &str = r#"PROJCS["VN2000_105",GEOGCS["GCS_VN-2000",DATUM["D_Vietnam_2000",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",105.0],PARAMETER["Scale_Factor",0.9999],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]"#;

#[test]
fn the_test_vector_of_hanoi_comes_out_to_the_millimetre() {
    let at = Coord { x: 105.85, y: 21.03 };
    let projected = between("EPSG:4756", "EPSG:5897").point(at).unwrap();
    close(projected, 588_350.757, 2_326_400.936, 0.0006);
    let transform = between("EPSG:5897", "EPSG:4326");
    close(transform.point(projected).unwrap(), 105.851882673, 21.029014035, 6e-10);
    assert_eq!(transform.operation().unwrap().to_string(), "EPSG:6960");
    assert_eq!(between("EPSG:4756", "EPSG:5897").operation(), None);
}

#[test]
fn a_way_and_its_way_back_restore_the_point() {
    for other in ["EPSG:4326", "EPSG:3857", "EPSG:32648", "EPSG:3405", "EPSG:4756", "EPSG:9210", CUSTOM_TM3] {
        let at = Coord { x: 588_350.757, y: 2_326_400.936 };
        let back = between(other, "EPSG:5897").point(between("EPSG:5897", other).point(at).unwrap()).unwrap();
        // Heights are not kept: 35 m of it between the two ellipsoids cost a millimetre on the way back.
        close(back, at.x, at.y, 0.002);
    }
}

#[test]
fn the_other_operation_lies_seven_decimetres_away_and_is_recorded() {
    let (vn, world) = (Crs::from_epsg(EpsgCode::HANOI).unwrap(), Crs::from_epsg(EpsgCode(32648)).unwrap());
    let at = Coord { x: 588_350.757, y: 2_326_400.936 };
    let a = Transform::new(&vn, &world, None).unwrap().point(at).unwrap();
    let other = Transform::new(&vn, &world, Some(EpsgCode(5194))).unwrap();
    let b = other.point(at).unwrap();
    let apart = (a.x - b.x).hypot(a.y - b.y);
    assert!((0.65..0.75).contains(&apart), "{apart}");
    assert_eq!(other.operation().unwrap().to_string(), "EPSG:5194");
}

#[test]
fn an_operation_that_leads_elsewhere_is_refused() {
    let (vn, world) = (Crs::from_epsg(EpsgCode::HANOI).unwrap(), Crs::from_epsg(EpsgCode::WGS84).unwrap());
    for code in [1149, 4326, 999_999] {
        assert!(matches!(Transform::new(&vn, &world, Some(EpsgCode(code))), Err(CrsError::BadOperation { .. })), "{code}");
    }
}

#[test]
fn vn_2000_is_known_by_any_of_its_names_and_by_its_parameters() {
    let tests = [
        CUSTOM_TM3.to_owned(),
        CUSTOM_TM3.replace("D_Vietnam_2000", "VN-2000"),
        CUSTOM_TM3.replace("D_Vietnam_2000", "D_VN_2000").replace("GCS_VN-2000", "unnamed"),
        "+proj=tmerc +lon_0=105 +k=0.9999 +x_0=500000 +ellps=WGS84 +towgs84=-191.90441429,-39.30318279,-111.45032835,0.00928836,-0.01975479,0.00427372,0.252906278 +units=m +type=crs".to_owned(),
        "EPSG:5897".to_owned(),
        "EPSG:9205".to_owned(),
        "EPSG:4756".to_owned(),
    ];
    for definition in tests {
        assert_eq!(Crs::parse(&definition).unwrap().datum, Datum::Vn2000, "{definition}");
    }
    for definition in ["EPSG:32648", "EPSG:4326", "EPSG:3857"] {
        assert_eq!(Crs::parse(definition).unwrap().datum, Datum::Wgs84);
    }
    assert_eq!(Crs::parse("EPSG:28992").unwrap().datum, Datum::Other);
    close(between(CUSTOM_TM3, "EPSG:5897").point(Coord { x: 588_350.757, y: 2_326_400.936 }).unwrap(), 588_350.757, 2_326_400.936, 1e-6);
    assert!(between(CUSTOM_TM3, "EPSG:4326").operation().is_some_and(|o| o.to_string() == "EPSG:6960"));
}

#[test]
fn the_deprecated_zones_are_refused_by_code_and_by_their_numbers() {
    for (code, instead) in [(6956, "5896"), (6957, "5897"), (6958, "5898"), (6959, "5899")] {
        let message = Crs::from_epsg(EpsgCode(code)).unwrap_err().to_string();
        assert!(message.contains(instead), "{message}");
        assert!(matches!(Crs::parse(&format!("EPSG:{code}")), Err(CrsError::Refused { .. })));
    }
    let swapped = CUSTOM_TM3
        .replace("\"False_Easting\",500000.0", "\"False_Easting\",0.0")
        .replace("\"False_Northing\",0.0", "\"False_Northing\",500000.0");
    let message = Crs::parse(&swapped).unwrap_err().to_string();
    assert!(message.contains("EPSG:5897"), "{message}");
    assert!(Crs::parse("EPSG:1").is_err() && Crs::parse("").is_err() && Crs::parse("nonsense\0").is_err());
}

#[test]
fn coordinates_that_cannot_be_in_the_declared_crs_are_told_with_the_likely_truth() {
    let told = |code, bounds| Crs::from_epsg(EpsgCode(code)).unwrap().contradiction(bounds);
    let hanoi = [529_700.0, 2_274_600.0, 605_900.0, 2_365_900.0];
    assert_eq!(told(5897, hanoi), None);
    assert_eq!(told(3405, hanoi), None);
    assert_eq!(told(4326, [105.3, 20.5, 106.0, 21.4]), None);
    let cases: [(u32, [f64; 4], &str); 8] = [
        (5897, [105.3, 20.5, 106.0, 21.4], "degrees"),
        (5897, [2_274_600.0, 529_700.0, 2_365_900.0, 605_900.0], "swapped"),
        (4326, hanoi, "EPSG:5897"),
        (4326, [20.5, 105.3, 21.4, 106.0], "swapped"),
        (4326, [108.8, 200.1, 108.9, 200.2], "latitudes"),
        (4756, [20.5, 105.3, 21.4, 106.0], "swapped"),
        (5897, [1_529_700.0, 2_274_600.0, 1_605_900.0, 2_365_900.0], "--crs"),
        // Hanoi drawn in the zone of meridian 108° and declared as 105°.
        (5897, [218_000.0, 2_276_000.0, 294_000.0, 2_366_000.0], "--crs"),
    ];
    for (code, bounds, expected) in cases {
        let message = told(code, bounds).unwrap_or_default();
        assert!(message.contains(expected), "EPSG:{code} {bounds:?}: {message}");
    }
}

#[test]
fn a_farm_two_degrees_beyond_its_utm_zone_is_still_a_farm() {
    assert!(Crs::from_epsg(EpsgCode(32733)).unwrap().fits([1_070_000.0, 6_220_000.0, 1_100_000.0, 6_240_000.0]));
}

#[test]
fn a_workspace_is_projected_and_metric() {
    for good in [5897, 3405, 32733, 28992, 2154, 3035] {
        assert!(Crs::for_workspace(EpsgCode(good)).is_ok(), "{good}");
    }
    for bad in [4326, 4756, 3857, 6957, 2263, 4978, 5773] {
        assert!(Crs::for_workspace(EpsgCode(bad)).is_err(), "{bad}");
    }
}

#[test]
fn a_point_without_an_image_is_an_error_and_never_infinite() {
    let transform = between("EPSG:4326", "EPSG:5897");
    for (x, y) in [(f64::NAN, 1.0), (f64::INFINITY, 1.0), (105.0, 91.0), (105.0, 1e300)] {
        assert!(matches!(transform.point(Coord { x, y }), Err(CrsError::OutOfReach { .. })), "{x} {y}");
    }
    let mut points = [Coord { x: 105.0, y: 21.0 }, Coord { x: 105.0, y: 95.0 }];
    assert!(transform.apply(&mut points).is_err());
    assert!(transform.apply(&mut []).is_ok());
}

#[test]
fn many_threads_share_one_transform() {
    use rayon::prelude::*;
    let transform = between("EPSG:5897", "EPSG:3857");
    let point = |i: i32| transform.point(Coord { x: 530_000.0 + f64::from(i), y: 2_300_000.0 }).unwrap();
    let together: Vec<Coord> = (0..2_000).into_par_iter().map(point).collect();
    assert_eq!(together, (0..2_000).map(point).collect::<Vec<_>>());
}

#[test]
fn browsers_get_the_shift_with_its_signs_turned() {
    insta::assert_snapshot!(proj4_definition(EpsgCode::HANOI).unwrap(), @"+proj=tmerc +lat_0=0 +lon_0=105 +k=0.9999 +x_0=500000 +y_0=0 +ellps=WGS84 +units=m +towgs84=-191.90441429,-39.30318279,-111.45032835,0.00928836,-0.01975479,0.00427372,0.252906278 +no_defs");
    insta::assert_snapshot!(proj4_definition(EpsgCode(32648)).unwrap(), @"+proj=utm +zone=48 +datum=WGS84 +units=m +no_defs");
    // The Dutch grid cannot be had there: the best seven parameters stand in for it.
    let dutch = proj4_definition(EpsgCode(28992)).unwrap();
    assert!(dutch.starts_with("+proj=sterea ") && dutch.contains("+towgs84=565."), "{dutch}");
}

#[test]
fn other_datums_go_through_what_proj_thinks_best_and_its_name_is_kept() {
    let transform = between("EPSG:28992", "EPSG:4326");
    close(transform.point(Coord { x: 155_000.0, y: 463_000.0 }).unwrap(), 5.3872, 52.1552, 1e-4);
    assert!(transform.operation().is_some(), "{transform:?}");
    assert_eq!(between("EPSG:32733", "EPSG:4326").operation(), None);
    assert_eq!(between("EPSG:32733", "EPSG:3857").operation(), None);
}

#[test]
fn every_point_of_the_oracle_is_met_to_the_millimetre() {
    let Some(folder) = std::env::var_os("FARMZONE_TEST_DATA").filter(|f| !f.is_empty()) else {
        eprintln!("skipped: FARMZONE_TEST_DATA is not set");
        return;
    };
    let rows = std::fs::read_to_string(std::path::Path::new(&folder).join("oracles/vn2000_points.csv")).unwrap();
    let mut n = 0;
    let mut worst_m: f64 = 0.0;
    let mut ways = std::collections::BTreeMap::new();
    for row in rows.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let number = |i: usize| cells[i].parse::<f64>().unwrap();
        let target = Crs::parse(cells[2]).unwrap();
        let (source, operation) = match cells[3] {
            "VN-2000 to WGS 84 (1)" => (EpsgCode::WGS84, Some(EpsgCode(5194))),
            "VN-2000 to WGS 84 (2)" => (EpsgCode::WGS84, None),
            _ => (EpsgCode(4756), None),
        };
        let way = ways
            .entry((cells[2].to_owned(), cells[3].to_owned()))
            .or_insert_with(|| Transform::new(&Crs::from_epsg(source).unwrap(), &target, operation).unwrap());
        let got = way.point(Coord { x: number(0), y: number(1) }).unwrap();
        worst_m = worst_m.max((got.x - number(4)).hypot(got.y - number(5)));
        n += 1;
    }
    assert_eq!(n, 1100);
    assert!(worst_m < 0.0002, "{worst_m}");
}
