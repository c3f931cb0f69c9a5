//! Edits on a small coverage, and the law that ten thousand random ones keep.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::geom;
use crate::legend::{EditRules, Kinds, Rules};
use crate::model::Unit;

static NOTHING: Over = Over::new();

/// Zones with their index.
struct Map {
    zones: Vec<Zone>,
    index: Index,
    by_id: ById,
}

impl Map {
    fn new(zones: Vec<Zone>) -> Map {
        let index = Index::new(zones.iter().map(|z| geom::bounds(&z.shape)));
        let by_id = ById::new(zones.iter().map(|z| z.id.as_str()));
        Map { zones, index, by_id }
    }

    fn ground(&self) -> Ground<'_> {
        Ground { zones: self.zones.iter().collect(), index: &self.index, by_id: &self.by_id, over: &NOTHING }
    }

    fn zone(&self, id: &str) -> &Zone {
        &self.zones[self.by_id.get(id).unwrap()]
    }

    fn after(&self, edited: &Edited) -> Map {
        let mut zones: BTreeMap<String, Zone> = self.zones.iter().map(|z| (z.id.clone(), z.clone())).collect();
        for change in &edited.changes {
            match &change.after {
                Some(zone) => zones.insert(change.id.clone(), zone.clone()),
                None => zones.remove(&change.id),
            };
        }
        Map::new(zones.into_values().collect())
    }

    fn apply(&self, operations: &[Operation]) -> Result<Edited, Fault> {
        let mut n = 0;
        apply(&self.ground(), operations, || {
            n += 1;
            format!("new{n}")
        })
    }

    fn faults(&self, edited: &Edited) -> Vec<Fault> {
        let (kinds, rules) = (kinds(), rules());
        let none = |_: [f64; 4]| Vec::<&Unit>::new();
        check(&self.ground(), edited, &Asked { kinds: &kinds, code: &|_| None, rules: &rules, units: &none })
    }

    /// The map after an edit that nothing is wrong with.
    fn edited(&self, operations: &[Operation]) -> Map {
        let edited = self.apply(operations).unwrap();
        let faults = self.faults(&edited);
        assert!(faults.is_empty(), "{faults:?}");
        self.after(&edited)
    }

    fn codes_of_faults(&self, operations: &[Operation]) -> Vec<&'static str> {
        match self.apply(operations) {
            Ok(edited) => self.faults(&edited).iter().map(|f| f.code).collect(),
            Err(fault) => vec![fault.code],
        }
    }
}

fn kinds() -> Kinds {
    Kinds::parse("kinds.toml", include_str!("../../zones/kinds.toml")).unwrap()
}

fn rules() -> EditRules {
    Rules::parse("rules.toml", include_str!("../../zones/rules.toml")).unwrap().edit
}

fn square_at(x: f64, y: f64, side: f64) -> Rings {
    vec![vec![vec![[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]]]
}

fn zone(id: &str, rings: &Rings) -> Zone {
    Zone::new(id, "rice", geom::repair(polygons_of(rings)).shape)
}

/// Two squares of 100 m side by side, `a` west of `b`.
fn two() -> Map {
    Map::new(vec![zone("a", &square_at(580_000.0, 2_320_000.0, 100.0)), zone("b", &square_at(580_100.0, 2_320_000.0, 100.0))])
}

fn area(map: &Map, id: &str) -> f64 {
    geom::area_m2(&map.zone(id).shape)
}

fn at(x: f64, y: f64) -> Point {
    [580_000.0 + x, 2_320_000.0 + y]
}

fn put(id: Option<&str>, polygons: Rings) -> Operation {
    Operation::Put { id: id.map(str::to_owned), polygons: Some(polygons), properties: BTreeMap::from([("kind".into(), "rice".into())]) }
}

#[test]
fn a_shared_border_moves_in_both_neighbours_to_the_same_bits() {
    let moves = vec![Moved { from: at(100.0, 0.0), to: at(103.137, 0.3) }, Moved { from: at(100.0, 100.0), to: at(110.01, 100.2) }];
    let map = two().edited(&[Operation::Move { moves, zones: None }]);
    assert!((area(&map, "a") + area(&map, "b") - 20_000.0).abs() < 60.0 && area(&map, "a") > 10_600.0);
    let moved = |id| knit::points(&map.zone(id).shape).any(|c| c.x.to_bits() == at(103.137, 0.3)[0].to_bits());
    assert!(moved("a") && moved("b"));
    assert_eq!(overlap_m2(&map.zone("a").shape, &map.zone("b").shape), 0.0);
}

#[test]
fn a_border_that_is_torn_narrowly_leaves_a_gap_that_is_told_with_its_repairs() {
    let map = two();
    let moves = vec![Moved { from: at(100.0, 0.0), to: at(99.8, 0.0) }, Moved { from: at(100.0, 100.0), to: at(99.8, 100.0) }];
    let edited = map.apply(&[Operation::Move { moves, zones: Some(vec!["a".into()]) }]).unwrap();
    let faults = map.faults(&edited);
    assert_eq!(faults.iter().map(|f| f.code).collect::<Vec<_>>(), ["gap"]);
    assert!((faults[0].area_m2.unwrap() - 20.0).abs() < 0.1, "{faults:?}");
    assert_eq!(faults[0].repairs.len(), 2);
    for repair in &faults[0].repairs {
        let mended = map.after(&edited).edited(&repair.operations);
        assert!((area(&mended, "a") + area(&mended, "b") - 20_000.0).abs() < 0.01);
    }
}

#[test]
fn a_border_that_is_pulled_over_its_neighbour_is_an_overlap_and_each_repair_ends_it() {
    let map = two();
    let moves = vec![Moved { from: at(100.0, 100.0), to: at(120.0, 100.0) }];
    let edited = map.apply(&[Operation::Move { moves, zones: Some(vec!["a".into()]) }]).unwrap();
    let faults = map.faults(&edited);
    assert_eq!(faults.iter().map(|f| f.code).collect::<Vec<_>>(), ["overlap"]);
    assert!((faults[0].area_m2.unwrap() - 1_000.0).abs() < 1e-6);
    assert_eq!(faults[0].repairs.len(), 2);
    for repair in &faults[0].repairs {
        let mended = map.after(&edited).edited(&repair.operations);
        assert!((area(&mended, "a") + area(&mended, "b") - 20_000.0).abs() < 1e-5);
    }
}

#[test]
fn a_split_by_areas_gives_each_to_a_hundredth_of_a_square_metre_also_of_a_zone_with_a_hole() {
    let hole = vec![at(40.0, 40.0), at(40.0, 60.0), at(60.0, 60.0), at(60.0, 40.0), at(40.0, 40.0)];
    let mut rings = square_at(580_000.0, 2_320_000.0, 100.0);
    rings[0].push(hole);
    let map = Map::new(vec![zone("a", &rings), zone("b", &square_at(580_100.0, 2_320_000.0, 100.0))]);
    for bearing_deg in [0.0, 33.3, 90.0, 211.0] {
        let split = Operation::Split { id: "a".into(), line: None, areas_m2: Some(vec![1_234.56, 3_000.0, 2_500.0]), bearing_deg };
        let split = map.edited(&[split]);
        let areas: Vec<f64> = split.zones.iter().filter(|z| z.id != "b").map(|z| geom::area_m2(&z.shape)).collect();
        for (has, wanted) in areas.iter().zip([1_234.56, 3_000.0, 2_500.0, 2_865.44]) {
            assert!((has - wanted).abs() < 0.01, "{bearing_deg}°: {areas:?}");
        }
        assert_knit(&split);
    }
}

#[test]
fn a_line_splits_and_a_merge_gives_the_same_zone_again() {
    let map = two();
    let split = map.edited(&[Operation::Split {
        id: "a".into(),
        line: Some(vec![at(-10.0, 33.0), at(110.0, 71.7)]),
        areas_m2: None,
        bearing_deg: 0.0,
    }]);
    assert_eq!(split.zones.len(), 3);
    assert_knit(&split);
    assert!(knit::points(&map.zone("b").shape).count() < knit::points(&split.zone("b").shape).count(), "the neighbour has the new vertex");
    let whole = split.edited(&[Operation::Merge { ids: vec!["new1".into(), "a".into()] }]);
    assert!((area(&whole, "new1") - 10_000.0).abs() < 1e-5 && whole.zones.len() == 2);
    let short = Operation::Split { id: "a".into(), line: Some(vec![at(10.0, 33.0), at(60.0, 33.0)]), areas_m2: None, bearing_deg: 0.0 };
    assert_eq!(map.codes_of_faults(&[short]), ["not_cut"]);
}

#[test]
fn a_gap_that_zones_enclose_is_filled_and_land_is_drawn_to_a_neighbour_beside() {
    let ring = |x: f64, y: f64, w: f64, h: f64| vec![vec![vec![at(x, y), at(x + w, y), at(x + w, y + h), at(x, y + h), at(x, y)]]];
    let around = [
        ("s", ring(0.0, 0.0, 90.0, 30.0)),
        ("w", ring(0.0, 30.0, 30.0, 30.0)),
        ("e", ring(60.0, 30.0, 30.0, 30.0)),
        ("n", ring(0.0, 60.0, 90.0, 30.0)),
    ];
    let map = Map::new(around.iter().map(|(id, rings)| zone(id, rings)).collect());
    let filled = map.edited(&[Operation::FillGap { at: at(45.0, 45.0), into: "w".into() }]);
    assert!((area(&filled, "w") - 1_800.0).abs() < 1e-6);
    assert_eq!(map.codes_of_faults(&[Operation::FillGap { at: at(145.0, 45.0), into: "w".into() }]), ["no_gap"]);
    let far = Map::new(vec![zone("a", &square_at(580_000.0, 2_320_000.0, 100.0)), zone("b", &square_at(580_103.0, 2_320_000.0, 100.0))]);
    let near = far.edited(&[Operation::Extend { id: "a".into(), within_m: 4.0 }]);
    assert!((area(&near, "a") - 10_300.0).abs() < 0.01, "{}", area(&near, "a"));
    assert_knit(&near);
}

#[test]
fn land_between_borders_that_were_torn_apart_is_given_back_by_extending() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    for _ in 0..200 {
        let (sin, cos) = random.random_range(0.0..std::f64::consts::TAU).sin_cos();
        let turned = |x: f64, y: f64| [583_445.193_907_777_5 + cos * x - sin * y, 2_312_091.572_732_457_4 + sin * x + cos * y];
        let (west, east) = (random.random_range(200.0..500.0), random.random_range(200.0..500.0));
        // No corner is quite a right angle, and no side quite straight on.
        let lean = random.random_range(-0.002..0.002) * east;
        let ring = |corners: [Point; 4]| vec![vec![vec![corners[0], corners[1], corners[2], corners[3], corners[0]]]];
        let a = ring([turned(-west, -1.3), turned(0.0, 0.0), turned(-2.2, 440.0), turned(-west, 439.7)]);
        let b = ring([turned(0.0, 0.0), turned(east, lean), turned(east - 2.0, 440.0 + lean), turned(-2.2, 440.0)]);
        let map = Map::new(vec![zone("a", &a), zone("b", &b)]);
        let torn =
            Moved { from: turned(-2.2, 440.0), to: turned(-2.2 - random.random_range(1.0..18.0), random.random_range(439.5..444.0)) };
        let zones = Some(vec!["a".to_owned()]);
        let after = map.edited(&[Operation::Move { moves: vec![torn], zones }, Operation::Extend { id: "a".into(), within_m: 30.0 }]);
        let apart_m2 = geom::area_m2(&geom::difference(&map.zone("a").shape, &after.zone("a").shape));
        // The mouth stays open a little, and half a metre of the side in the north.
        assert!(apart_m2 < 500.0, "{apart_m2} m² of the torn land stay open");
        assert!(knit::points(&after.zone("a").shape).count() < 12, "{:?}", after.zone("a").shape);
        assert_knit(&after);
    }
}

#[test]
fn what_cannot_be_is_refused_with_a_reason() {
    let map = two();
    let crossed = vec![vec![vec![at(300.0, 0.0), at(400.0, 100.0), at(400.0, 0.0), at(300.0, 100.0)]]];
    let fault = map.apply(&[put(None, crossed)]).unwrap_err();
    assert_eq!((fault.code, fault.repairs.len()), ("invalid", 1));
    assert!(fault.at.is_some());
    for (code, operation) in [
        ("not_found", Operation::Remove { id: "c".into() }),
        ("not_found", Operation::Merge { ids: vec!["a".into(), "c".into()] }),
        ("incomplete", Operation::Merge { ids: vec!["a".into()] }),
        ("incomplete", Operation::Put { id: None, polygons: Some(square_at(0.0, 0.0, 20.0)), properties: BTreeMap::new() }),
        ("invalid", put(None, square_at(f64::NAN, 0.0, 20.0))),
        ("invalid", put(None, vec![vec![vec![[0.0, 0.0], [1.0, 0.0]]]])),
        ("invalid", put(None, square_at(1e300, 0.0, 20.0))),
        ("id", put(Some("<script>"), square_at(0.0, 0.0, 20.0))),
        ("too_small", put(Some("c"), square_at(580_300.0, 2_320_000.0, 5.0))),
        ("too_large", put(Some("c"), vec![vec![vec![[1.0, 2.0]; MOST_VERTICES + 1]]])),
        ("no_vertex", Operation::Delete { at: at(50.0, 50.0), zones: None }),
        ("no_edge", Operation::Insert { at: at(50.0, 50.0), edge: [at(0.0, 0.0), at(100.0, 100.0)], zones: None }),
        ("areas", Operation::Split { id: "a".into(), line: None, areas_m2: Some(vec![9_000.0, 2_000.0]), bearing_deg: 0.0 }),
        ("areas", Operation::Split { id: "a".into(), line: None, areas_m2: Some(vec![f64::NAN]), bearing_deg: 0.0 }),
        ("areas", Operation::Split { id: "a".into(), line: None, areas_m2: Some(vec![100.0]), bearing_deg: f64::INFINITY }),
        ("empty", Operation::CutOut { id: "a".into(), polygons: square_at(579_990.0, 2_319_990.0, 200.0) }),
        ("nothing_changed", Operation::CutOut { id: "a".into(), polygons: square_at(0.0, 0.0, 20.0) }),
        ("attribute", Operation::Extend { id: "a".into(), within_m: f64::NAN }),
    ] {
        assert_eq!(map.codes_of_faults(std::slice::from_ref(&operation)), [code], "{operation:?}");
    }
}

#[test]
fn what_was_wrong_before_is_inherited_by_parts_and_by_the_merged_and_new_wrong_beside_it_is_not() {
    // `b` lies half a metre over `a`.
    let map = Map::new(vec![zone("a", &square_at(580_000.0, 2_320_000.0, 100.0)), zone("b", &square_at(580_099.5, 2_320_000.0, 100.0))]);
    let split = Operation::Split { id: "a".into(), line: Some(vec![at(-10.0, 33.0), at(110.0, 71.7)]), areas_m2: None, bearing_deg: 0.0 };
    let split = map.edited(&[split]);
    split.edited(&[Operation::Merge { ids: vec!["new1".into(), "a".into()] }]);
    // The same amount of overlap in another place is new.
    let apart = vec![Moved { from: at(99.5, 0.0), to: at(101.0, 0.0) }, Moved { from: at(99.5, 100.0), to: at(101.0, 100.0) }];
    let onto = vec![Moved { from: at(0.0, 0.0), to: at(0.0, -40.0) }, Moved { from: at(100.0, 0.0), to: at(100.0, -40.0) }];
    let clean = map.edited(&[Operation::Move { moves: apart, zones: Some(vec!["b".into()]) }]);
    assert!(map.codes_of_faults(&[Operation::Move { moves: onto, zones: Some(vec!["a".into()]) }]).is_empty());
    assert_eq!(overlap_m2(&clean.zone("a").shape, &clean.zone("b").shape), 0.0);
    let down = vec![Moved { from: at(99.5, 0.0), to: at(60.0, 0.0) }, Moved { from: at(99.5, 100.0), to: at(101.0, 100.0) }];
    assert_eq!(map.codes_of_faults(&[Operation::Move { moves: down, zones: Some(vec!["b".into()]) }]), ["overlap"]);
}

#[test]
fn borders_that_part_at_an_angle_leave_no_gap_at_their_tip() {
    let map = two();
    let open = vec![Moved { from: at(100.0, 100.0), to: at(70.0, 100.0) }];
    assert!(map.codes_of_faults(&[Operation::Move { moves: open, zones: Some(vec!["a".into()]) }]).is_empty());
}

#[test]
fn attributes_are_set_by_name_and_checked() {
    let map = two();
    let set = |name: &str, value: serde_json::Value| {
        let properties = BTreeMap::from([(name.to_owned(), value)]);
        [Operation::Put { id: Some("a".into()), polygons: None, properties }]
    };
    let named = map.edited(&set("name", "  <b>Đồng Lúa</b> ".into()));
    assert_eq!(named.zone("a").name.as_deref(), Some("<b>Đồng Lúa</b>"));
    assert_eq!(named.edited(&set("name", serde_json::Value::Null)).zone("a").name, None);
    for (code, name, value) in [
        ("kind", "kind", "wheat".into()),
        ("attribute", "kind", serde_json::Value::Null),
        ("attribute", "name", 7.into()),
        ("attribute", "name", "x".repeat(300).into()),
        ("attribute", "name", "a\u{0}b".into()),
        ("attribute", "owner", "x".into()),
        ("attribute", "id", "x".into()),
        ("attribute", "declared_area_m2", "much".into()),
        ("attribute", "declared_area_m2", (-4).into()),
        ("date", "established", "soon".into()),
    ] {
        assert_eq!(map.codes_of_faults(&set(name, value)), [code], "{name}");
    }
}

/// A vertex on a neighbour's border is a vertex of the neighbour, with the same bits.
fn assert_knit(map: &Map) {
    assert_knit_after(map, &|| String::new());
}

fn assert_knit_after(map: &Map, context: &dyn Fn() -> String) {
    for a in &map.zones {
        for b in map.zones.iter().filter(|b| b.id != a.id) {
            let theirs: std::collections::HashSet<_> = knit::points(&b.shape).map(knit::bits).collect();
            for at in knit::points(&a.shape) {
                let edges = b.shape.0.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors())).flat_map(|r| r.0.windows(2));
                let nearest = edges.map(|w| geom::square_to_segment(at, [w[0], w[1]])).fold(f64::INFINITY, f64::min);
                assert!(
                    nearest > SNAP_M * SNAP_M || theirs.contains(&knit::bits(at)),
                    "{} has {at:?}, {} has not, {} m away. {}",
                    a.id,
                    b.id,
                    nearest.sqrt(),
                    context()
                );
            }
        }
    }
}

/// A coverage of crooked quadrangles, one of them with a lake that another zone fills.
fn coverage(random: &mut ChaCha8Rng) -> Map {
    const SIDE: usize = 4;
    let mut place = vec![[0.0; 2]; (SIDE + 1) * (SIDE + 1)];
    for (i, at) in place.iter_mut().enumerate() {
        let (column, row) = (i % (SIDE + 1), i / (SIDE + 1));
        let jitter: [f64; 2] = [random.random_range(-25.0..25.0), random.random_range(-25.0..25.0)];
        *at = [585_000.0 + 100.0 * column as f64 + jitter[0], 2_325_000.0 + 100.0 * row as f64 + jitter[1]];
    }
    let corner = |column: usize, row: usize| place[row * (SIDE + 1) + column];
    let mut zones = Vec::new();
    for row in 0..SIDE {
        for column in 0..SIDE {
            let ring = vec![corner(column, row), corner(column + 1, row), corner(column + 1, row + 1), corner(column, row + 1)];
            zones.push(zone(&format!("z{column}{row}"), &vec![vec![ring]]));
        }
    }
    let middle = geom::pole(&zones[5].shape).unwrap();
    let lake = zone("lake", &square_at(middle.x - 8.0, middle.y - 8.0, 16.0));
    zones[5].shape = geom::difference(&zones[5].shape, &lake.shape);
    zones.push(lake);
    zones.sort_by(|a, b| a.id.cmp(&b.id));
    Map::new(zones)
}

fn random_edit(map: &Map, random: &mut ChaCha8Rng) -> Operation {
    let pick = |random: &mut ChaCha8Rng| map.zones[random.random_range(0..map.zones.len())].clone();
    let zone = pick(random);
    let vertices: Vec<Coord> = knit::points(&zone.shape).collect();
    let i = random.random_range(0..vertices.len() - 1);
    let (a, b) = ([vertices[i].x, vertices[i].y], [vertices[i + 1].x, vertices[i + 1].y]);
    let reach = [0.0005, 0.5, 15.0, 60.0][random.random_range(0..4)];
    let mut near = |at: Point| [at[0] + random.random_range(-reach..reach), at[1] + random.random_range(-reach..reach)];
    let moved = Moved { from: a, to: near(a) };
    let (from, to) = (near(a), near(b));
    let middle = near([(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0]);
    let id = zone.id.clone();
    match random.random_range(0..13) {
        0..3 => Operation::Move { moves: vec![moved], zones: None },
        3 => Operation::Move { moves: vec![moved], zones: Some(vec![id]) },
        4 | 5 => Operation::Insert { at: middle, edge: [a, b], zones: None },
        6 => Operation::Delete { at: a, zones: None },
        7 => {
            let far = |p: Point, q: Point| [p[0] + 3.0 * (p[0] - q[0]), p[1] + 3.0 * (p[1] - q[1])];
            let center = geom::pole(&zone.shape).map_or(middle, |c| [c.x, c.y]);
            Operation::Split { id, line: Some(vec![far(center, from), center, far(center, to)]), areas_m2: None, bearing_deg: 0.0 }
        }
        8 => {
            let share = random.random_range(0.2..0.8);
            let areas_m2 = Some(vec![geom::area_m2(&zone.shape) * share]);
            Operation::Split { id, line: None, areas_m2, bearing_deg: random.random_range(0.0..360.0) }
        }
        9 => {
            let bounds = geom::bounds(&zone.shape).unwrap_or_default();
            let other = map.index.query(bounds).map(|i| &map.zones[i].id).find(|other| **other != id);
            Operation::Merge { ids: vec![id, other.cloned().unwrap_or_default()] }
        }
        10 => Operation::CutOut { id, polygons: square_at(middle[0], middle[1], 12.0 + reach) },
        11 => Operation::FillGap { at: middle, into: id },
        _ => put(None, square_at(middle[0], middle[1], 10.0 + reach)),
    }
}

/// Every overlap of two zones, m², and the land that they enclose and that is no zone.
fn faults_of_the_map(map: &Map) -> (f64, Vec<MultiPolygon>) {
    let mut overlap = 0.0;
    for (i, a) in map.zones.iter().enumerate() {
        let bounds = geom::bounds(&a.shape).unwrap();
        overlap += map.index.query(bounds).filter(|j| *j > i).map(|j| overlap_m2(&a.shape, &map.zones[j].shape)).sum::<f64>();
    }
    let land = geom::union(&map.zones.iter().map(|z| &z.shape).collect::<Vec<_>>());
    let holes = land.0.iter().flat_map(|p| p.interiors()).map(|r| geom::repair(vec![Polygon::new(r.clone(), Vec::new())]).shape);
    (overlap, holes.collect())
}

#[test]
fn ten_thousand_random_edits_make_no_overlap_no_gap_and_no_border_that_is_not_shared() {
    let rules = rules();
    let (mut n_accepted, mut n_refused) = (0, 0);
    for seed in 0..100 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut map = coverage(&mut random);
        for n in 0..100 {
            // Ids must be new: the map is renumbered by hand.
            let operation = random_edit(&map, &mut random);
            let mut k = 0;
            let applied = apply(&map.ground(), std::slice::from_ref(&operation), || {
                k += 1;
                format!("e{n}x{k}")
            });
            let Ok(edited) = applied else {
                n_refused += 1;
                continue;
            };
            let faults = map.faults(&edited);
            if !faults.is_empty() {
                n_refused += 1;
                continue;
            }
            n_accepted += 1;
            let after = map.after(&edited);
            let context = || format!("seed {seed}, edit {n}: {operation:?}");
            for zone in &after.zones {
                assert!(geom::validate(&zone.shape).is_empty() && !zone.shape.0.is_empty(), "{}", context());
            }
            let ((overlap_before, holes_before), (overlap, holes)) = (faults_of_the_map(&map), faults_of_the_map(&after));
            assert!(overlap <= overlap_before + 1e-5, "{overlap} m² overlap. {}", context());
            let known = geom::union(&holes_before.iter().collect::<Vec<_>>());
            for gap in holes.iter().filter(|hole| geom::area_m2(hole) < rules.min_zone_m2) {
                let new_m2 = geom::area_m2(&geom::difference(gap, &known));
                assert!(new_m2 < 1e-5, "a gap of {new_m2} m². {}", context());
            }
            assert_knit_after(&after, &context);
            // Taken back, nothing of it is left: the changes the other way round are an edit that nothing is wrong with.
            let turned = edited.changes.iter().map(|c| Change { before: c.after.clone(), after: c.before.clone(), ..c.clone() });
            let back = Edited { changes: turned.collect(), ..Edited::default() };
            assert!(after.after(&back).zones == map.zones, "{}", context());
            map = after;
        }
    }
    assert!(n_accepted > 2_000 && n_refused > 500, "{n_accepted} accepted, {n_refused} refused");
}
