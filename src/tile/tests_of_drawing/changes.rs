//! What a change of a layer touches, and what it leaves as it was.

use super::*;

/// What a tile shows, whatever the order of its features and properties.
fn seen(layer: &Layer, coord: TileCoord) -> Vec<String> {
    let mut seen: Vec<String> = read(&tile(&[layer], coord)).iter().flat_map(|(_, f)| f).map(|f| format!("{f:?}")).collect();
    seen.sort();
    seen
}

/// The labels of a tile.
fn labels_of(layer: &Layer, coord: TileCoord) -> Vec<String> {
    let bytes = super::super::tile(&[(&layer.prepared, Shown::Labels(layer.labels.as_ref().unwrap()))], coord, &TileFilter::default());
    read(&bytes).iter().flat_map(|(_, f)| f).map(|f| format!("{f:?}")).collect()
}

#[test]
fn a_change_touches_the_tiles_that_differ_and_hardly_any_other() {
    let coord = hanoi(12);
    let before = farmland(coord, 24, 60.0);
    let with = |change: &dyn Fn(&mut Vec<Given>)| {
        let mut after = before.clone();
        change(&mut after);
        zones(after)
    };
    let square = |low: f64, high: f64| -> Geometry { in_tile(coord, &[&[[low, low], [high, low], [high, high], [low, high]]]).into() };
    let layers: [(&str, Layer); 5] = [
        ("gone", with(&|zones| drop(zones.remove(300)))),
        ("come", with(&|zones| zones.push(zone("new", "tea", square(2500.0, 2560.0))))),
        ("far away", with(&|zones| zones.push(zone("new", "rice", square(3900.0, 4020.0))))),
        ("another kind", with(&|zones| renewed(&mut zones[300])[1] = "mulberry".into())),
        ("another name", with(&|zones| renewed(&mut zones[300])[2] = "Văn Đức".into())),
    ];
    let was = zones(before.clone());
    for (what, is) in &layers {
        let (mut n_differing, mut n_touched) = (0, 0);
        let near = Touched::between(&was.prepared, &is.prepared, is.labels.as_ref());
        assert_eq!((near.touches(hanoi(11)), near.is_whole()), (None, false), "{what}: merged zooms are not known yet");
        let merged = |layer: &Layer| layer.merged.get_or_init(|| Merged::new(&layer.prepared, &Keeps)).is_some();
        assert!(merged(&was) && merged(is));
        let (old, new) = (was.merged.get().unwrap().as_ref(), is.merged.get().unwrap().as_ref());
        let touched = near.with_merged((&was.prepared, old), (&is.prepared, new));
        let mut far = BTreeSet::new();
        assert!(touched.tiles_below(NEAR_ZOOM, 500, &mut far) && !touched.tiles_below(NEAR_ZOOM, 2, &mut BTreeSet::new()));
        for z in 8..=16_u8 {
            let scale = |v: u32, end: u32| if z < 12 { (v >> (12 - z)) + end } else { (v + end) << (z - 12) };
            for x in scale(coord.x(), 0).saturating_sub(1)..=scale(coord.x(), 1) {
                for y in scale(coord.y(), 0).saturating_sub(1)..=scale(coord.y(), 1) {
                    let tile = TileCoord::new(z.into(), x.into(), y.into()).unwrap();
                    let (differs, touches) = (seen(&was, tile) != seen(is, tile), touched.touches(tile).unwrap());
                    assert!(touches || !differs, "{what}: {tile} is stale");
                    let labels = touched.touches_labels(tile);
                    assert!(labels || labels_of(&was, tile) == labels_of(is, tile), "{what}: labels of {tile} are stale");
                    assert_eq!(far.contains(&tile), z < NEAR_ZOOM && (touches || labels && z >= 9), "{what}: {tile}");
                    n_differing += u32::from(differs);
                    n_touched += u32::from(touches);
                }
            }
        }
        assert!(n_differing >= if *what == "another name" { 5 } else { 9 }, "{what}: {n_differing}");
        assert!(f64::from(n_touched) <= 1.2 * f64::from(n_differing), "{what}: {n_touched} touched, {n_differing} differ");
    }
    let same = Touched::between(&was.prepared, &zones(before.into_iter().rev().collect()).prepared, None);
    assert!(same.n_boxes() == 0 && same.touches(hanoi(5)) == Some(false), "the order of features is no change");
}

#[test]
fn a_state_with_kept_features_draws_as_one_that_is_made_anew() {
    let coord = hanoi(12);
    let mut given = farmland(coord, 12, 90.0);
    for (name, feature) in (1..).zip(&mut given) {
        if let Feature::New { source, .. } = feature {
            *source = Some(name);
        }
    }
    let before = Prepared::new(TileLayer::Zones, &rules(), given.clone(), None);
    renewed(&mut given[7])[2] = "Văn Đức".into();
    given.remove(40);
    let fresh = zones(given.clone());
    let kept = given.into_iter().enumerate().map(|(at, feature)| match feature {
        // One that is made anew among those that are kept.
        Feature::New { source: Some(source), .. } if at != 20 => before.kept(source).expect("it has a source"),
        _ => feature,
    });
    let mut carried = zones(Vec::new());
    assert_eq!(before.kept(1_000_000), None);
    carried.prepared = Prepared::new(TileLayer::Zones, &rules(), kept, Some(&before));
    for z in [9, 11, 12, 14] {
        assert_eq!(tile(&[&fresh], hanoi(z)), tile(&[&carried], hanoi(z)), "zoom {z}");
    }
    assert_eq!(Touched::between(&fresh.prepared, &carried.prepared, None).n_boxes(), 0);
}
