//! Tile addresses and lists of tile layers, as they stand in a URL.
#![no_main]

use farmzone::tile::{TileCoord, TileLayer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(tile) = text.parse::<TileCoord>() {
        assert!(tile.z() <= TileCoord::MAX_ZOOM);
        assert!(tile.x() < 1 << tile.z() && tile.y() < 1 << tile.z());
        assert_eq!(tile.to_string().parse(), Ok(tile));
        let [west, south, east, north] = tile.bounds_m(0.0);
        assert!(west < east && south < north && [west, south, east, north].iter().all(|m| m.is_finite()));
    }
    if let Ok(layers) = TileLayer::parse_list(text) {
        let written = layers.iter().map(|layer| layer.as_str()).collect::<Vec<_>>().join(",");
        assert_eq!(TileLayer::parse_list(&written), Ok(layers));
    }
});
