//! Whole tiles, read back with a reader of its own.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};
use std::fmt::Debug;
use std::sync::{Arc, Mutex, OnceLock};

use geo_types::{Geometry, line_string, point, polygon};
use proptest::prelude::*;

use super::ring::{GridPoint, turn, twice_area};
use super::*;
use crate::model::{Coord, MultiPolygon, Polygon, Ring};

mod changes;

/// Remembers everything.
struct Keeps;

#[derive(Debug)]
struct Kept<T>(Vec<OnceLock<T>>);

#[derive(Debug)]
struct KeptByNumber<T>(Mutex<HashMap<u64, Arc<T>>>);

impl Memory for Keeps {
    fn places<T: Debug + Send + Sync + 'static>(&self, n: usize) -> Box<dyn Places<T>> {
        Box::new(Kept((0..n).map(|_| OnceLock::new()).collect()))
    }

    fn lately<T: Debug + Send + Sync + 'static>(&self) -> Box<dyn Lately<T>> {
        Box::new(KeptByNumber(Mutex::default()))
    }
}

impl<T: Debug + Send + Sync> Places<T> for Kept<T> {
    fn get(&self, number: usize, make: &mut dyn FnMut() -> T) -> &T {
        self.0[number].get_or_init(make)
    }
}

impl<T: Debug + Send + Sync> Lately<T> for KeptByNumber<T> {
    fn get(&self, number: u64, make: &mut dyn FnMut() -> T) -> Arc<T> {
        self.0.lock().unwrap().entry(number).or_insert_with(|| Arc::new(make())).clone()
    }
}

/// A layer, and what its zooms show once they were asked for.
struct Layer {
    prepared: Prepared,
    merged: OnceCell<Option<Merged>>,
    strokes: [OnceCell<Strokes>; 17],
    labels: Option<Labels>,
    /// Whether the labels are meant.
    is_labels: bool,
}

impl Layer {
    fn new(layer: TileLayer, features: Vec<Given>) -> Layer {
        let prepared = Prepared::new(layer.labels().unwrap_or(layer), &rules(), features, None);
        let (labels, is_labels) = (Labels::new(&prepared, &rules(), &Keeps), layer.labels().is_some());
        Layer { prepared, merged: OnceCell::new(), strokes: std::array::from_fn(|_| OnceCell::new()), labels, is_labels }
    }

    fn shown(&self, z: u8) -> Shown<'_> {
        if let Some(labels) = self.labels.as_ref().filter(|_| self.is_labels) {
            return Shown::Labels(labels);
        }
        let merged = || self.merged.get_or_init(|| Merged::new(&self.prepared, &Keeps)).as_ref();
        let strokes = || self.strokes[usize::from(z)].get_or_init(|| Strokes::new(&self.prepared, z, &Keeps));
        self.prepared.is_merged_at(z).then(merged).flatten().map_or_else(|| Shown::Strokes(strokes()), Shown::Merged)
    }
}

fn tile(layers: &[&Layer], coord: TileCoord) -> Vec<u8> {
    filtered(layers, coord, &TileFilter::default())
}

fn filtered(layers: &[&Layer], coord: TileCoord, filter: &TileFilter) -> Vec<u8> {
    let shown: Vec<(&Prepared, Shown)> = layers.iter().map(|layer| (&layer.prepared, layer.shown(coord.z()))).collect();
    super::tile(&shown, coord, filter)
}

#[derive(Debug, PartialEq)]
struct ReadFeature {
    form: u64,
    properties: Vec<(String, String)>,
    /// Parts as drawn: rings open, lines as they are.
    parts: Vec<Vec<GridPoint>>,
}

impl ReadFeature {
    fn get(&self, key: &str) -> Option<&str> {
        self.properties.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut n = 0;
    for shift in (0..).step_by(7) {
        let byte = bytes[0];
        *bytes = &bytes[1..];
        n |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return n;
        }
    }
    unreachable!("a varint ends")
}

/// Fields of a message: number and bytes; a varint's value is given instead of bytes.
fn fields(mut bytes: &[u8]) -> Vec<(u64, u64, Vec<u8>)> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let n_bytes = match key & 7 {
            0 => {
                found.push((key >> 3, varint(&mut bytes), Vec::new()));
                continue;
            }
            1 => 8,
            2 => varint(&mut bytes) as usize,
            5 => 4,
            other => panic!("wire type {other}"),
        };
        found.push((key >> 3, 0, bytes[..n_bytes].to_vec()));
        bytes = &bytes[n_bytes..];
    }
    found
}

fn numbers(mut bytes: &[u8]) -> Vec<u32> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        found.push(varint(&mut bytes) as u32);
    }
    found
}

fn value_text(bytes: &[u8]) -> String {
    let (field, number, bytes) = fields(bytes).remove(0);
    match field {
        1 => String::from_utf8(bytes).unwrap(),
        2 => f32::from_le_bytes(bytes.try_into().unwrap()).to_string(),
        3 => f64::from_le_bytes(bytes.try_into().unwrap()).to_string(),
        5 => number.to_string(),
        6 => ((number >> 1) as i64 ^ -((number & 1) as i64)).to_string(),
        other => panic!("value field {other}"),
    }
}

fn parts(commands: &[u32]) -> Vec<Vec<GridPoint>> {
    let (mut parts, mut at, mut next): (Vec<Vec<GridPoint>>, GridPoint, usize) = (Vec::new(), [0, 0], 0);
    while next < commands.len() {
        let (command, count) = (commands[next] & 7, commands[next] >> 3);
        next += 1;
        if command == 7 {
            continue;
        }
        for _ in 0..count {
            for value in &mut at {
                *value += (commands[next] >> 1) as i32 ^ -((commands[next] & 1) as i32);
                next += 1;
            }
            if command == 1 {
                parts.push(Vec::new());
            }
            parts.last_mut().unwrap().push(at);
        }
    }
    parts
}

/// Every feature of every layer, by the layer's name.
fn read(tile: &[u8]) -> Vec<(String, Vec<ReadFeature>)> {
    let layer = |bytes: Vec<u8>| {
        let all = fields(&bytes);
        let of = |number: u64| all.iter().filter(move |f| f.0 == number);
        assert_eq!(of(15).next().unwrap().1, 2, "version");
        assert_eq!(of(5).next().unwrap().1, 4096, "extent");
        let keys: Vec<String> = of(3).map(|f| String::from_utf8(f.2.clone()).unwrap()).collect();
        let values: Vec<String> = of(4).map(|f| value_text(&f.2)).collect();
        let mut distinct = values.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), values.len(), "values are told once");
        let feature = |bytes: &[u8]| {
            let fields = fields(bytes);
            let of = |number: u64| fields.iter().find(|f| f.0 == number).unwrap();
            let tags = numbers(&of(2).2);
            let property = |pair: &[u32]| (keys[pair[0] as usize].clone(), values[pair[1] as usize].clone());
            ReadFeature { form: of(3).1, properties: tags.chunks(2).map(property).collect(), parts: parts(&numbers(&of(4).2)) }
        };
        let name = String::from_utf8(of(1).next().unwrap().2.clone()).unwrap();
        (name, of(2).map(|f| feature(&f.2)).collect())
    };
    fields(tile).into_iter().map(|(_, _, bytes)| layer(bytes)).collect()
}

fn rules() -> TileRules {
    TileRules::parse(include_str!("../../tiles/layers.toml")).unwrap()
}

fn hanoi(z: u8) -> TileCoord {
    TileCoord::at(z, lonlat_to_mercator(105.85, 21.03))
}

/// A place in a tile, given in its units, as Web Mercator metres.
fn at(coord: TileCoord, [x, y]: [f64; 2]) -> Coord {
    let [west, _, east, north] = coord.bounds_m(0.0);
    let unit_m = (east - west) / 4096.0;
    Coord { x: west + x * unit_m, y: north - y * unit_m }
}

/// A polygon from rings in a tile's units.
fn in_tile(coord: TileCoord, rings: &[&[[f64; 2]]]) -> Polygon {
    let mut rings = rings.iter().map(|ring| Ring::new(ring.iter().map(|p| at(coord, *p)).collect()));
    let shell = rings.next().unwrap();
    Polygon::new(shell, rings.collect())
}

type Given = Feature<'static>;

fn given(shape: impl Into<Geometry>, values: Vec<Value<'static>>) -> Given {
    Feature::New { shape: shape.into(), values, source: None }
}

fn zone(id: &str, kind: &str, shape: impl Into<Geometry>) -> Given {
    let [id, kind] = [id, kind].map(|text| Value::from(text.to_owned()));
    given(shape, vec![id, kind, Value::Absent, Value::Absent, Value::Absent, 1.5.into(), 0.25.into()])
}

/// The values of a feature, to be changed: it is another one then.
fn renewed(feature: &mut Given) -> &mut Vec<Value<'static>> {
    let Feature::New { values, source, .. } = feature else { unreachable!("it is new") };
    *source = None;
    values
}

fn zones(features: Vec<Given>) -> Layer {
    Layer::new(TileLayer::Zones, features)
}

/// Twice the area that the rings of all features cover, holes taken off.
fn drawn_area(features: &[ReadFeature]) -> i64 {
    features.iter().flat_map(|f| &f.parts).map(|ring| twice_area(ring)).sum()
}

/// Whether two edges of the rings cross or run along each other; touching in a point is allowed.
fn has_crossing(rings: &[Vec<GridPoint>]) -> bool {
    let edges: Vec<(GridPoint, GridPoint)> =
        rings.iter().flat_map(|ring| ring.iter().copied().zip(ring.iter().copied().cycle().skip(1))).collect();
    edges.iter().enumerate().any(|(n, &(a, b))| {
        edges[n + 1..].iter().any(|&(c, d)| {
            let sides = [turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b)].map(i64::signum);
            let along = sides == [0; 4] && {
                let run = |axis: usize| a[axis].max(b[axis]).min(c[axis].max(d[axis])) - a[axis].min(b[axis]).max(c[axis].min(d[axis]));
                run(0) >= 0 && run(1) >= 0 && run(0).max(run(1)) > 0
            };
            along || (sides[0] * sides[1] < 0 && sides[2] * sides[3] < 0)
        })
    })
}

#[test]
fn a_square_with_a_hole_is_drawn_clockwise_with_its_hole_against_it() {
    let coord = hanoi(14);
    let shell = [[100.0, 100.0], [900.0, 100.0], [900.0, 900.0], [100.0, 900.0]];
    let hole = [[300.0, 300.0], [500.0, 300.0], [500.0, 500.0], [300.0, 500.0]];
    let layer = zones(vec![zone("z1", "rice", in_tile(coord, &[&shell, &hole]))]);
    let found = read(&tile(&[&layer], coord));
    let (name, features) = &found[0];
    assert_eq!((name.as_str(), features.len(), features[0].form), ("zones", 1, 3));
    assert_eq!(features[0].parts.iter().map(|ring| twice_area(ring)).collect::<Vec<_>>(), [2 * 800 * 800, -2 * 200 * 200]);
    assert_eq!(features[0].get("kind"), Some("rice"));
    assert_eq!(features[0].get("area_ha"), Some("1.5"));
    assert_eq!(features[0].get("name"), None);
}

#[test]
fn a_shape_is_cut_at_the_buffer_and_its_separate_parts_come_apart() {
    let coord = hanoi(14);
    // A comb whose back lies beyond the right border and whose teeth reach in.
    let comb = [
        [2000.0, 500.0],
        [6000.0, 500.0],
        [6000.0, 2500.0],
        [2000.0, 2500.0],
        [2000.0, 2000.0],
        [5000.0, 2000.0],
        [5000.0, 1000.0],
        [2000.0, 1000.0],
    ];
    let found = read(&tile(&[&zones(vec![zone("z1", "rice", in_tile(coord, &[&comb]))])], coord));
    let feature = &found[0].1[0];
    assert_eq!(feature.parts.len(), 2);
    assert!(!has_crossing(&feature.parts));
    assert!(feature.parts.iter().flatten().all(|p| p[0] <= 4096 + 64));
    assert_eq!(drawn_area(&found[0].1), 2 * 2 * (4160 - 2000) * 500);
}

#[test]
fn the_whole_tile_is_land_when_a_shape_covers_it() {
    let coord = hanoi(16);
    let around = [[-9e5, -9e5], [9e5, -9e5], [9e5, 9e5], [-9e5, 9e5]];
    let found = read(&tile(&[&zones(vec![zone("z1", "rice", in_tile(coord, &[&around]))])], coord));
    assert_eq!(drawn_area(&found[0].1), 2 * (4096 + 128) * (4096 + 128));
}

#[test]
fn a_border_that_two_zones_share_is_the_same_in_both_and_in_the_next_tile() {
    let coord = hanoi(14);
    let border: Vec<[f64; 2]> = (0..60).map(|n| [2000.0 + f64::from(n * n % 37) * 1.3, 3000.0 + f64::from(n) * 33.3]).collect();
    let left: Vec<[f64; 2]> = border.iter().copied().chain([[1000.0, 4964.7], [1000.0, 3000.0]]).collect();
    let right: Vec<[f64; 2]> = border.iter().rev().copied().chain([[3000.0, 3000.0], [3000.0, 4964.7]]).collect();
    let both = [in_tile(coord, &[&left]), in_tile(coord, &[&right])];
    let layer = zones(both.into_iter().enumerate().map(|(n, p)| zone(&n.to_string(), "rice", p)).collect());
    let below = TileCoord::new(14, coord.x().into(), u64::from(coord.y()) + 1).unwrap();
    for (coord, down) in [(coord, 0), (below, 4096)] {
        let found = read(&tile(&[&layer], coord));
        let [left, right] = &found[0].1[..] else { panic!("two zones") };
        let on_border = |f: &ReadFeature| {
            let mut points: Vec<GridPoint> = f.parts.iter().flatten().filter(|p| (1500..2500).contains(&p[0])).copied().collect();
            points.sort();
            points
        };
        assert_eq!(on_border(left), on_border(right));
        assert!(on_border(left).len() > 10);
        assert_eq!(drawn_area(&found[0].1), 2 * 2000 * (if down == 0 { 4160 - 3000 } else { 4965 - 4096 + 64 }));
    }
}

#[test]
fn a_label_stands_once_in_one_tile_from_the_zoom_at_which_its_zone_is_wide_enough() {
    let coord = hanoi(12);
    let wide = [[4000.0, 4000.0], [4600.0, 4000.0], [4600.0, 4600.0], [4000.0, 4600.0]];
    let narrow = [[100.0, 100.0], [140.0, 100.0], [140.0, 140.0], [100.0, 140.0]];
    let feature = |id: &'static str, shape: Polygon| given(shape, vec![id.into(), "rice".into(), "Văn Đức".into()]);
    let features = vec![feature("wide", in_tile(coord, &[&wide])), feature("narrow", in_tile(coord, &[&narrow]))];
    let layer = Layer::new(TileLayer::ZoneLabels, features);
    let labels = |z: u8| -> Vec<String> {
        let scale = 1_u64 << z >> 12;
        let (x, y) = (u64::from(coord.x()), u64::from(coord.y()));
        let across = |first: u64| first * scale..(first + 2) * scale;
        let tiles = across(x).flat_map(|x| across(y).map(move |y| TileCoord::new(z.into(), x, y).unwrap()));
        let found = tiles.flat_map(|coord| read(&tile(&[&layer], coord)));
        found.flat_map(|(_, features)| features).map(|f| f.get("id").unwrap().to_owned()).collect()
    };
    assert_eq!(labels(12), ["wide"]);
    assert_eq!(labels(13), ["wide"]);
    assert_eq!(labels(15).len(), 2);
}

#[test]
fn zones_smaller_than_a_pixel_become_squares_that_keep_the_area() {
    let coord = hanoi(10);
    // 64 × 64 fields of 4 × 4 units, a quarter of a pixel each, of two kinds in stripes.
    let features = (0..64 * 64).map(|n| {
        let (x, y) = (1000.0 + f64::from(n % 64) * 4.0, 1000.0 + f64::from(n / 64) * 4.0);
        let kind = if n / 64 % 4 < 2 { "rice" } else { "tea" };
        zone(&n.to_string(), kind, in_tile(coord, &[&[[x, y], [x + 4.0, y], [x + 4.0, y + 4.0], [x, y + 4.0]]]))
    });
    let found = read(&tile(&[&zones(features.collect())], coord));
    for kind in ["rice", "tea"] {
        let of: i64 = found[0].1.iter().filter(|f| f.get("kind") == Some(kind)).flat_map(|f| &f.parts).map(|r| twice_area(r)).sum();
        let true_area = 2 * 64 * 64 * 16 / 2;
        assert!((of - true_area).abs() <= true_area / 50, "{kind}: {of} drawn of {true_area}");
    }
}

#[test]
fn a_shape_of_which_only_the_box_reaches_into_a_tile_draws_nothing_there() {
    let coord = hanoi(11);
    // A ring of land around the tile; its box has its middle in the tile.
    let around = [[-5000.0, -5000.0], [9000.0, -5000.0], [9000.0, 9000.0], [-5000.0, 9000.0]];
    let lake = [[-900.0, -900.0], [5000.0, -900.0], [5000.0, 5000.0], [-900.0, 5000.0]];
    assert!(tile(&[&zones(vec![zone("ring", "rice", in_tile(coord, &[&around, &lake]))])], coord).is_empty());
}

#[test]
fn a_strip_narrower_than_a_cell_is_drawn_in_pieces_with_its_land() {
    let coord = hanoi(8);
    let strip = [[1002.2, 1000.0], [1003.9, 1000.0], [1003.9, 1400.0], [1002.2, 1400.0]];
    let found = read(&tile(&[&zones(vec![zone("z1", "rice", in_tile(coord, &[&strip]))])], coord));
    let (drawn, land) = (drawn_area(&found[0].1) as f64 / 2.0, 1.7 * 400.0);
    assert!((drawn - land).abs() <= 4.0, "{drawn} drawn of {land}");
}

/// A coverage of fields with wavy borders, in tile units: `n` by `n`, `size` wide, kinds in patches.
fn farmland(coord: TileCoord, n: i32, size: f64) -> Vec<Given> {
    let corner = |x: i32, y: i32| {
        let wave = |v: i32| f64::from((v * 7919).rem_euclid(101)) / 101.0 - 0.5;
        [700.0 + size * (f64::from(x) + 0.6 * wave(x * 31 + y * 17)), 900.0 + size * (f64::from(y) + 0.6 * wave(x * 13 + y * 57))]
    };
    let kinds = ["rice", "fruit", "tea", "mulberry"];
    let field = |at: i32| {
        let (x, y) = (at % n, at / n);
        let kind = kinds[((x / 5 * 3 + y / 7 * 5) % 4) as usize];
        let ring = [corner(x, y), corner(x + 1, y), corner(x + 1, y + 1), corner(x, y + 1)];
        zone(&at.to_string(), kind, in_tile(coord, &[&ring]))
    };
    (0..n * n).filter(|at| at % 11 != 3).map(field).collect()
}

#[test]
fn a_tile_that_would_be_too_large_is_drawn_in_larger_cells_with_the_same_land() {
    let coord = hanoi(11);
    // Fields of a pixel and a half, no two neighbours alike.
    let kinds = ["rice", "fruit", "tea", "mulberry"];
    let field = |at: i32| {
        let [x, y] = [at % 300, at / 300].map(|v| 200.0 + f64::from(v) * 12.0);
        let kind = kinds[((at * 7_919 + at / 300 * 104_729).rem_euclid(1_009) % 4) as usize];
        zone(&at.to_string(), kind, in_tile(coord, &[&[[x, y], [x + 12.0, y], [x + 12.0, y + 12.0], [x, y + 12.0]]]))
    };
    let given: Vec<Given> = (0..300 * 300).map(field).collect();
    let bytes = tile(&[&zones(given.clone())], coord);
    assert!((100_000..620_000).contains(&bytes.len()), "{} bytes", bytes.len());
    let features = read(&bytes).remove(0).1;
    for kind in kinds {
        let land = 2 * 144 * given.iter().filter(|f| matches!(f, Feature::New { values, .. } if values[1] == kind.into())).count() as i64;
        let drawn: i64 = features.iter().filter(|f| f.get("kind") == Some(kind)).flat_map(|f| &f.parts).map(|r| twice_area(r)).sum();
        assert!((drawn - land).abs() <= land / 20, "{kind}: {drawn} drawn of {land}");
    }
}

/// Where borders cross the line at `x`, by kind.
fn crossings(features: &[ReadFeature], x: f64) -> Vec<(String, i64)> {
    let mut found = Vec::new();
    for feature in features {
        for ring in &feature.parts {
            for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
                let [(ax, ay), (bx, by)] = [a, b].map(|p| (f64::from(p[0]), f64::from(p[1])));
                if (ax < x) != (bx < x) {
                    let y = ay + (by - ay) * ((x - ax) / (bx - ax));
                    found.push((feature.get("kind").unwrap().to_owned(), (y * 1e6).round() as i64));
                }
            }
        }
    }
    // Beyond the tile its buffer may end anywhere.
    found.retain(|(_, y)| (0..=4_096_000_000).contains(y));
    found.sort();
    found
}

#[test]
fn tiles_meet_without_a_gap_at_every_zoom() {
    let around = hanoi(9);
    let layer = zones(farmland(around, 60, 57.0));
    let mut n_crossings = 0;
    for z in 10..=14_u64 {
        let per_side = 1_u64 << z >> 9;
        let (x, y) = (u64::from(around.x()) * per_side, u64::from(around.y()) * per_side);
        let drawn = |x: u64, y: u64| {
            let bytes = tile(&[&layer], TileCoord::new(z, x, y).unwrap());
            if bytes.is_empty() { Vec::new() } else { read(&bytes).remove(0).1 }
        };
        for i in 1..per_side {
            for j in (0..per_side).step_by(3) {
                let [left, right] = [drawn(x + i - 1, y + j), drawn(x + i, y + j)];
                // Merged areas are the same all along the border, single zones on it.
                for beside in if z < 12 { vec![-0.25, 0.0, 0.25] } else { vec![0.0] } {
                    let [left, right] = [crossings(&left, 4096.0 + beside), crossings(&right, beside)];
                    assert_eq!(left, right, "zoom {z}, column {i}");
                    n_crossings += left.len();
                }
            }
        }
    }
    assert!(n_crossings > 1_000, "{n_crossings}");
}

fn shapes(features: &[ReadFeature]) -> MultiPolygon {
    let ring = |points: &Vec<GridPoint>| {
        Ring::new(points.iter().chain(points.first()).map(|p| Coord { x: p[0].into(), y: p[1].into() }).collect())
    };
    let mut polygons: Vec<Polygon> = Vec::new();
    for part in features.iter().flat_map(|f| &f.parts) {
        match polygons.last_mut().filter(|_| twice_area(part) < 0) {
            Some(polygon) => polygon.interiors_push(ring(part)),
            None => polygons.push(Polygon::new(ring(part), Vec::new())),
        }
    }
    MultiPolygon::new(polygons)
}

#[test]
fn at_every_zoom_each_kind_has_its_land_and_nothing_overlaps() {
    let around = hanoi(9);
    for size in [2.0, 9.0, 40.0] {
        let given = farmland(around, 40, size);
        let land = |kind: &str| -> f64 {
            let of = |f: &Given| match f {
                Feature::New { shape: Geometry::Polygon(p), values, .. } if values[1] == kind.into() => {
                    crate::geom::area_m2(&MultiPolygon::new(vec![p.clone()]))
                }
                _ => 0.0,
            };
            given.iter().map(of).sum()
        };
        let truth: Vec<(&str, f64)> = ["rice", "fruit", "tea", "mulberry"].map(|kind| (kind, land(kind))).into();
        let layer = zones(given.clone());
        for z in [7_u64, 8, 9, 10, 11, 12] {
            let mut drawn: std::collections::BTreeMap<String, f64> = std::collections::BTreeMap::new();
            let mut n_tiles = 0;
            let per_side = 1_u64 << z.max(9) >> 9;
            let (x, y) = (u64::from(around.x()), u64::from(around.y()));
            let (x, y) = if z < 9 { (x >> (9 - z), y >> (9 - z)) } else { (x * per_side, y * per_side) };
            for (x, y) in (0..per_side).flat_map(|i| (0..per_side).map(move |j| (x + i, y + j))) {
                let coord = TileCoord::new(z, x, y).unwrap();
                let bytes = tile(&[&layer], coord);
                if bytes.is_empty() {
                    continue;
                }
                n_tiles += 1;
                let [west, south, east, north] = coord.bounds_m(0.0);
                let unit_m2 = (east - west) * (north - south) / 4096.0 / 4096.0;
                let features = read(&bytes).remove(0).1;
                let whole = crate::geom::area_m2(&crate::geom::union(&[&shapes(&features)]));
                let mut sum = 0.0;
                for feature in &features {
                    let shape = shapes(std::slice::from_ref(feature));
                    assert!(crate::geom::validate(&shape).is_empty(), "zoom {z}, {size}: {:?}", crate::geom::validate(&shape));
                    sum += crate::geom::area_m2(&shape);
                    let inside = crate::geom::clip_to_rect(&shape, [0.0, 0.0, 4096.0, 4096.0]);
                    *drawn.entry(feature.get("kind").unwrap().to_owned()).or_default() += crate::geom::area_m2(&inside) * unit_m2;
                }
                assert!((sum - whole).abs() < 1e-9 * sum, "zoom {z}, fields of {size}: {} overlaps", sum - whole);
            }
            assert!(n_tiles > 0);
            for (kind, land_m2) in &truth {
                let share = drawn.get(*kind).copied().unwrap_or(0.0) / land_m2;
                assert!((0.95..=1.05).contains(&share), "zoom {z}, fields of {size}: {share} of {kind}");
            }
        }
    }
}

#[test]
fn roads_are_lines_and_come_by_group_and_width() {
    let coord = hanoi(11);
    let road = |name: &'static str, width_m: f64| {
        let line = line_string![at(coord, [-500.0, 10.0]), at(coord, [100.0, 10.0]), at(coord, [5000.0, 900.0])];
        given(line, vec!["road".into(), name.into(), width_m.into()])
    };
    let place = given(point! { x: at(coord, [7.0, 7.0]).x, y: at(coord, [7.0, 7.0]).y }, vec!["place".into(), "Bát Tràng".into()]);
    let layer = Layer::new(TileLayer::Context, vec![road("track", 5.0), road("QL1A", 30.0), place]);
    let found = read(&tile(&[&layer], coord));
    let names: Vec<_> = found[0].1.iter().map(|f| (f.form, f.get("name").unwrap(), f.parts.len())).collect();
    assert!(names.contains(&(2, "QL1A", 1)) && names.contains(&(1, "Bát Tràng", 1)) && names.len() == 2, "{names:?}");
    let line = found[0].1.iter().find(|f| f.form == 2).unwrap();
    assert!(line.parts[0].iter().all(|p| (-64..=4160).contains(&p[0])));
    assert!(tile(&[&layer], hanoi(7)).is_empty());
}

#[test]
fn a_filter_lets_in_what_it_names_one_by_one_and_merged_and_leaves_other_layers_alone() {
    let coord = hanoi(12);
    let farmland = zones(farmland(coord, 20, 90.0));
    let road = Geometry::LineString(line_string![at(coord, [10.0, 10.0]), at(coord, [900.0, 900.0])]);
    let roads = Layer::new(TileLayer::Context, vec![given(road, vec!["road".into(), "QL1A".into(), 30.0.into()])]);
    for z in [10, 12] {
        let coord = hanoi(z);
        let drawn = |only: &[&str]| {
            let filter = TileFilter { only: vec![("kind", only.iter().map(|kind| (*kind).to_owned()).collect())] };
            let found = read(&filtered(&[&roads, &farmland], coord, &filter));
            let kinds = |of: &str| -> std::collections::BTreeSet<String> {
                let layers = found.iter().filter(|(name, _)| name == of);
                layers.flat_map(|(_, features)| features).map(|f| f.get("kind").unwrap_or("-").to_owned()).collect()
            };
            (kinds("context").len(), kinds("zones").into_iter().collect::<Vec<String>>())
        };
        assert_eq!(drawn(&["tea", "rice"]), (1, vec!["rice".to_owned(), "tea".to_owned()]), "zoom {z}");
        assert_eq!(drawn(&["silk"]), (1, Vec::new()));
    }
}

#[test]
fn nothing_to_show_gives_no_bytes() {
    assert!(tile(&[&zones(Vec::new())], hanoi(3)).is_empty());
    let nowhere = polygon![(x: f64::NAN, y: 0.0), (x: f64::INFINITY, y: 1.0), (x: 1.0, y: f64::NAN)];
    assert!(zones(vec![zone("z1", "rice", nowhere)]).prepared.is_empty());
}

/// A star around a middle: radii in tile units, one per direction.
fn star(coord: TileCoord, middle: [f64; 2], radii: &[f64]) -> Polygon {
    let n = radii.len() as f64;
    let ring: Vec<[f64; 2]> = radii
        .iter()
        .enumerate()
        .map(|(i, r)| {
            let angle = std::f64::consts::TAU * i as f64 / n;
            [middle[0] + r * angle.cos(), middle[1] + r * angle.sin()]
        })
        .collect();
    in_tile(coord, &[&ring])
}

proptest! {
    #[test]
    fn every_polygon_of_a_tile_is_valid(
        z in 8_u8..=14,
        radii in proptest::collection::vec(0.3_f64..60.0, 5..60),
        middle in [-40.0_f64..140.0, 4000.0_f64..4200.0],
    ) {
        let coord = hanoi(z);
        let stars = vec![zone("a", "rice", star(coord, middle, &radii)), zone("b", "rice", MultiPolygon::new(vec![
            star(coord, [middle[0] + 200.0, middle[1]], &radii),
            star(coord, [middle[0] + 340.0, middle[1]], &radii),
        ]))];
        for (_, features) in read(&tile(&[&zones(stars)], coord)) {
            for feature in features {
                prop_assert!(twice_area(&feature.parts[0]) > 0, "the first ring is a shell");
                prop_assert!(!has_crossing(&feature.parts), "{:?}", feature.parts);
                for ring in &feature.parts {
                    prop_assert!(ring.len() >= 3 && twice_area(ring) != 0);
                }
            }
        }
    }
}
