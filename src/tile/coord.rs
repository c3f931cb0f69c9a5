//! Where a tile is: zoom, column, row; its bounds in Web Mercator.

use std::fmt;
use std::str::FromStr;

use crate::model::Coord;

/// Half the side of the Web Mercator square (EPSG:3857), metres.
pub const WEB_MERCATOR_HALF_M: f64 = 20_037_508.342_789_244;

/// A tile address that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    #[error("{part} of a tile must be a whole number, not “{text}”")]
    NotANumber { part: &'static str, text: String },
    #[error("zoom {z} is beyond 16, the deepest that is served; a map overzooms from there")]
    TooDeep { z: u64 },
    #[error("{part} {value} is outside zoom {z}, which has {part} 0 to {last}")]
    Outside { part: &'static str, value: u64, z: u8, last: u32 },
    #[error("a tile's address is z/x/y, not “{text}”")]
    NotAnAddress { text: String },
}

/// A tile's address: zoom 0 to 16, column from the west, row from the north.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileCoord {
    z: u8,
    x: u32,
    y: u32,
}

impl TileCoord {
    pub const MAX_ZOOM: u8 = 16;

    /// Refuses a zoom beyond 16, and a column or row outside it.
    pub fn new(z: u64, x: u64, y: u64) -> Result<TileCoord, TileError> {
        if z > u64::from(Self::MAX_ZOOM) {
            return Err(TileError::TooDeep { z });
        }
        let z = z as u8;
        let last = (1_u32 << z) - 1;
        let inside = |part, value: u64| match u32::try_from(value) {
            Ok(n) if n <= last => Ok(n),
            _ => Err(TileError::Outside { part, value, z, last }),
        };
        Ok(TileCoord { z, x: inside("x", x)?, y: inside("y", y)? })
    }

    /// Reads the three parts of an address as they stand in a URL: decimal digits and nothing else.
    pub fn parse(z: &str, x: &str, y: &str) -> Result<TileCoord, TileError> {
        TileCoord::new(whole("z", z)?, whole("x", x)?, whole("y", y)?)
    }

    /// The tile that holds a point of Web Mercator, metres; points outside the square go to its edge.
    pub fn at(z: u8, point_m: Coord) -> TileCoord {
        let z = z.min(Self::MAX_ZOOM);
        let n_tiles = f64::from(1_u32 << z);
        let index = |share: f64| ((share * n_tiles).floor().max(0.0) as u32).min((1_u32 << z) - 1);
        let side_m = 2.0 * WEB_MERCATOR_HALF_M;
        TileCoord { z, x: index((point_m.x + WEB_MERCATOR_HALF_M) / side_m), y: index((WEB_MERCATOR_HALF_M - point_m.y) / side_m) }
    }

    pub fn z(self) -> u8 {
        self.z
    }

    pub fn x(self) -> u32 {
        self.x
    }

    pub fn y(self) -> u32 {
        self.y
    }

    /// West, south, east, north in Web Mercator metres, widened by `buffer` of the tile's side on every side.
    pub fn bounds_m(self, buffer: f64) -> [f64; 4] {
        let side_m = 2.0 * WEB_MERCATOR_HALF_M / f64::from(1_u32 << self.z);
        let west = f64::from(self.x) * side_m - WEB_MERCATOR_HALF_M;
        let north = WEB_MERCATOR_HALF_M - f64::from(self.y) * side_m;
        let more = buffer * side_m;
        [west - more, north - side_m - more, west + side_m + more, north + more]
    }
}

fn whole(part: &'static str, text: &str) -> Result<u64, TileError> {
    let short: String = text.chars().take(40).collect();
    let digits = !text.is_empty() && text.len() <= 12 && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().ok_or(TileError::NotANumber { part, text: short })
}

impl FromStr for TileCoord {
    type Err = TileError;
    fn from_str(text: &str) -> Result<Self, TileError> {
        let mut parts = text.split('/');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(z), Some(x), Some(y), None) => TileCoord::parse(z, x, y),
            _ => Err(TileError::NotAnAddress { text: text.chars().take(40).collect() }),
        }
    }
}

impl fmt::Display for TileCoord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.z, self.x, self.y)
    }
}

/// Degrees to Web Mercator metres on the sphere that EPSG:3857 is defined on; latitudes are held within ±85.06°.
pub fn lonlat_to_mercator(lon: f64, lat: f64) -> Coord {
    let lat = lat.clamp(-85.051_128_779_806_6, 85.051_128_779_806_6).to_radians();
    Coord { x: lon / 180.0 * WEB_MERCATOR_HALF_M, y: lat.tan().asinh() / std::f64::consts::PI * WEB_MERCATOR_HALF_M }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_outside_its_zoom_is_refused_with_the_range() {
        assert_eq!("0/0/0".parse::<TileCoord>().unwrap().to_string(), "0/0/0");
        assert_eq!("16/65535/65535".parse::<TileCoord>().unwrap().to_string(), "16/65535/65535");
        let message = |text: &str| text.parse::<TileCoord>().unwrap_err().to_string();
        assert_eq!(message("3/8/0"), "x 8 is outside zoom 3, which has x 0 to 7");
        assert_eq!(message("3/0/9"), "y 9 is outside zoom 3, which has y 0 to 7");
        assert_eq!(message("17/0/0"), "zoom 17 is beyond 16, the deepest that is served; a map overzooms from there");
        assert_eq!(message("1/-1/0"), "x of a tile must be a whole number, not “-1”");
        assert_eq!(message("1/1"), "a tile's address is z/x/y, not “1/1”");
        for bad in ["", "//", "1/1/1/1", "+1/0/0", "1/0/0.mvt", " 1/0/0", "1/99999999999999999999/0", "１/0/0", "0/0/4294967296"] {
            assert!(bad.parse::<TileCoord>().is_err(), "{bad}");
        }
    }

    #[test]
    fn hanoi_lies_in_the_tile_that_every_map_knows() {
        let hanoi = lonlat_to_mercator(105.85, 21.03);
        assert_eq!(TileCoord::at(12, hanoi).to_string(), "12/3252/1803");
        let [west, south, east, north] = TileCoord::at(12, hanoi).bounds_m(0.0);
        assert!(west <= hanoi.x && hanoi.x < east && south < hanoi.y && hanoi.y <= north);
        assert!((east - west - 9_783.939_620_502_5).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC*") {
            let _ = text.parse::<TileCoord>();
        }

        #[test]
        fn an_address_that_was_read_is_written_the_same(z in 0_u8..=16, x in any::<u32>(), y in any::<u32>()) {
            let mask = (1_u32 << z) - 1;
            let text = format!("{z}/{}/{}", x & mask, y & mask);
            prop_assert_eq!(text.parse::<TileCoord>().unwrap().to_string(), text);
        }
    }
}
