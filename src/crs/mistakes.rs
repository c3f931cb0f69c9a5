//! What commonly goes wrong with coordinates in Viet Nam: which CRS they are in then, and where they would lie.

use std::fmt;
use std::str::FromStr;

use super::{Crs, CrsError, Datum, Transform};
use crate::model::{Coord, EpsgCode, NotAWord};

/// What went wrong on the way to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// Northing and easting are exchanged.
    SwappedAxes,
    /// Coordinates of UTM on VN-2000, taken for a zone of TM-3: about 700 m too far south in Hanoi.
    UtmForTm3,
    /// Coordinates of a zone of TM-3, taken for UTM: about 700 m too far north.
    Tm3ForUtm,
    /// The shift between VN-2000 and WGS 84 was not made, or was made where there was nothing to shift: about 224 m.
    NoDatumShift,
    /// The rotations of the shift have the other sign: about 0.75 m.
    FlippedDatumShift,
    /// Another zone of TM-3.
    OtherZone(EpsgCode),
}

/// `zone:EPSG:5898`.
const ZONE: &str = "zone:";

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mistake::SwappedAxes => f.write_str("swap_axes"),
            Mistake::UtmForTm3 => f.write_str("utm_for_tm3"),
            Mistake::Tm3ForUtm => f.write_str("tm3_for_utm"),
            Mistake::NoDatumShift => f.write_str("no_datum_shift"),
            Mistake::FlippedDatumShift => f.write_str("flipped_datum_shift"),
            Mistake::OtherZone(code) => write!(f, "{ZONE}{code}"),
        }
    }
}

impl FromStr for Mistake {
    type Err = NotAWord;

    fn from_str(text: &str) -> Result<Self, NotAWord> {
        use Mistake::{FlippedDatumShift, NoDatumShift, OtherZone, SwappedAxes, Tm3ForUtm, UtmForTm3};
        let text = text.trim();
        let zone = text.strip_prefix(ZONE).and_then(|code| code.parse().ok()).map(OtherZone);
        let known = [SwappedAxes, UtmForTm3, Tm3ForUtm, NoDatumShift, FlippedDatumShift].into_iter().find(|one| one.to_string() == text);
        known.or(zone).ok_or_else(|| {
            NotAWord::new(text, "one of swap_axes, utm_for_tm3, tm3_for_utm, no_datum_shift, flipped_datum_shift, zone:EPSG:N")
        })
    }
}

/// Zones of TM-3 that are met beside each other.
const ZONES: [u32; 8] = [5896, 5897, 5898, 5899, 9208, 9209, 9210, 9211];
const UTM_ON_VN2000: [(u32, u32); 2] = [(3405, 32648), (3406, 32649)];

impl Mistake {
    /// Those that are possible with coordinates that were taken for `declared`, the likeliest first.
    pub fn possible(declared: &Crs) -> Vec<Mistake> {
        use Mistake::{FlippedDatumShift, NoDatumShift, OtherZone, SwappedAxes, Tm3ForUtm, UtmForTm3};
        let zones = ZONES.into_iter().map(EpsgCode).filter(|code| Some(*code) != declared.code).map(OtherZone);
        let all = [SwappedAxes, UtmForTm3, Tm3ForUtm, NoDatumShift, FlippedDatumShift].into_iter().chain(zones);
        all.filter(|mistake| matches!(mistake, SwappedAxes | FlippedDatumShift) || mistake.truth(declared).is_some()).collect()
    }

    /// The CRS that the coordinates are in, when this is what went wrong; none when it cannot be, or when they are in `declared`.
    pub fn truth(&self, declared: &Crs) -> Option<Crs> {
        let code = declared.code.map(|code| code.0);
        let is_tm3 = code.is_some_and(|code| (5896..=5899).contains(&code) || (9205..=9218).contains(&code));
        let utm = UTM_ON_VN2000.iter().find(|(vn2000, wgs84)| [Some(*vn2000), Some(*wgs84)].contains(&code));
        let of = |code: u32| Crs::from_epsg(EpsgCode(code)).ok();
        match self {
            Mistake::SwappedAxes | Mistake::FlippedDatumShift => None,
            // The zone of 108° and those east of it lie in the next zone of UTM.
            Mistake::UtmForTm3 => is_tm3.then(|| of(if code == Some(5898) { 3406 } else { 3405 }))?,
            Mistake::Tm3ForUtm => utm.and_then(|(vn2000, _)| of(if *vn2000 == 3405 { 5897 } else { 5898 })),
            Mistake::OtherZone(zone) => is_tm3.then(|| Crs::from_epsg(*zone).ok())?.filter(|truth| truth.code != declared.code),
            Mistake::NoDatumShift => match (declared.datum, utm, code) {
                (Datum::Wgs84, Some((vn2000, _)), _) => of(*vn2000),
                (Datum::Vn2000, Some((_, wgs84)), _) => of(*wgs84),
                (Datum::Wgs84, None, _) if declared.is_geographic => of(4756),
                (Datum::Vn2000, None, _) if declared.is_geographic => of(4326),
                (Datum::Wgs84, None, _) => declared.lost_vn2000.and_then(|zone| Crs::from_epsg(zone).ok()),
                (Datum::Vn2000, None, Some(_)) if is_tm3 => on_wgs84(declared),
                _ => None,
            },
        }
    }

    /// What it is, for a person, with what it costs.
    pub fn told(&self, cost_m: f64) -> String {
        let what = match self {
            Mistake::SwappedAxes => "northing and easting are exchanged (in Vietnamese tables X is the northing)".to_owned(),
            Mistake::UtmForTm3 => "the coordinates are UTM on VN-2000, and were taken for TM-3".to_owned(),
            Mistake::Tm3ForUtm => "the coordinates are TM-3, and were taken for UTM".to_owned(),
            Mistake::NoDatumShift => "the shift between VN-2000 and WGS 84 was left out on the way, or made twice".to_owned(),
            Mistake::FlippedDatumShift => "the rotations of the shift between VN-2000 and WGS 84 have the wrong sign".to_owned(),
            Mistake::OtherZone(zone) => format!("the coordinates are of another zone of TM-3, {zone}"),
        };
        let cost = if cost_m < 10.0 { format!("{cost_m:.2} m") } else { format!("{cost_m:.0} m") };
        format!("{what}; that costs {cost}")
    }

    /// The same in Vietnamese.
    pub fn told_vi(&self, cost_m: f64) -> String {
        let what = match self {
            Mistake::SwappedAxes => "X và Y bị đổi chỗ (trong bảng của Việt Nam X hướng Bắc)".to_owned(),
            Mistake::UtmForTm3 => "tọa độ là UTM trên VN-2000 nhưng được đọc là TM-3".to_owned(),
            Mistake::Tm3ForUtm => "tọa độ là TM-3 nhưng được đọc là UTM".to_owned(),
            Mistake::NoDatumShift => "chưa chuyển giữa VN-2000 và WGS 84, hoặc đã chuyển hai lần".to_owned(),
            Mistake::FlippedDatumShift => "phép chuyển giữa VN-2000 và WGS 84 bị sai dấu góc xoay".to_owned(),
            Mistake::OtherZone(zone) => format!("tọa độ thuộc múi TM-3 khác, {zone}"),
        };
        let cost = if cost_m < 10.0 { format!("{cost_m:.2}").replace('.', ",") } else { format!("{cost_m:.0}") };
        format!("{what}; lệch khoảng {cost} m")
    }
}

/// The same projection on WGS 84.
fn on_wgs84(declared: &Crs) -> Option<Crs> {
    let plain = declared.proj4().ok()?;
    let words =
        plain.split_whitespace().filter(|word| !["+ellps", "+towgs84", "+datum", "+type"].iter().any(|start| word.starts_with(start)));
    Crs::parse(&format!("{} +datum=WGS84 +type=crs", words.collect::<Vec<_>>().join(" "))).ok()
}

/// Where a point of the workspace would lie, had the mistake not been made.
#[derive(Debug)]
pub struct Relocation {
    /// From the workspace back to what the file holds, and from there by the truth.
    back: Transform,
    forward: Transform,
    is_swapped: bool,
    to_lonlat: Option<Transform>,
}

impl Relocation {
    /// `read_by` is the way by which the file's coordinates came to `target`.
    ///
    /// # Errors
    /// `NoWay`, `BadOperation` of the way from the true CRS.
    pub fn new(mistake: Mistake, declared: &Crs, target: &Crs, read_by: &Transform) -> Result<Relocation, CrsError> {
        let forward = mistake.truth(declared).map_or_else(|| Ok(read_by.clone()), |truth| Transform::new(&truth, target, None))?;
        let to_lonlat =
            (mistake == Mistake::FlippedDatumShift).then(|| Transform::new(target, &Crs::from_epsg(EpsgCode::WGS84)?, None)).transpose()?;
        Ok(Relocation { back: read_by.inverse(), forward, is_swapped: mistake == Mistake::SwappedAxes, to_lonlat })
    }

    /// None when it would lie nowhere.
    pub fn of(&self, at: Coord) -> Option<Coord> {
        if let Some(to_lonlat) = &self.to_lonlat {
            let [east, north] = flipped_shift_m(to_lonlat.point(at).ok()?);
            return Some(Coord { x: at.x + east, y: at.y + north });
        }
        let raw = self.back.point(at).ok()?;
        let raw = if self.is_swapped { Coord { x: raw.y, y: raw.x } } else { raw };
        self.forward.point(raw).ok()
    }
}

/// What shapes have to move by, east and north in metres, that were shifted from VN-2000 to WGS 84 with the rotations of EPSG:6960 in
/// the other sign. With small angles a point moves by twice the cross product of rotation and place.
pub fn flipped_shift_m(lonlat: Coord) -> [f64; 2] {
    /// Seconds of arc: the coordinate-frame rotations of Decision 05/2007.
    const ROTATION: [f64; 3] = [-0.009_288_36, 0.019_754_79, -0.004_273_72];
    const RADIUS_M: f64 = 6_378_137.0;
    let [rx, ry, rz] = ROTATION.map(|seconds: f64| (seconds / 3600.0).to_radians());
    let (lon, lat) = (lonlat.x.to_radians(), lonlat.y.to_radians());
    let [x, y, z] = [RADIUS_M * lat.cos() * lon.cos(), RADIUS_M * lat.cos() * lon.sin(), RADIUS_M * lat.sin()];
    // The frame turns one way, the point the other: X + rz Y − ry Z, and so on.
    let [dx, dy, dz] = [rz * y - ry * z, rx * z - rz * x, ry * x - rx * y].map(|d| 2.0 * d);
    let east = -lon.sin() * dx + lon.cos() * dy;
    let north = -lat.sin() * lon.cos() * dx - lat.sin() * lon.sin() * dy + lat.cos() * dz;
    [east, north]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crs(code: u32) -> Crs {
        Crs::from_epsg(EpsgCode(code)).unwrap()
    }

    /// How far a point in Hanoi moves, when what was declared `declared` is set right; east and north.
    fn moved_m(mistake: Mistake, declared: u32) -> [f64; 2] {
        let target = crs(5897);
        let read_by = Transform::new(&crs(declared), &target, None).unwrap();
        let at = Coord { x: 588_350.757, y: 2_326_400.936 };
        let there = Relocation::new(mistake, &crs(declared), &target, &read_by).unwrap().of(at).unwrap();
        [there.x - at.x, there.y - at.y]
    }

    #[test]
    fn every_mistake_costs_what_it_is_known_to_cost_in_hanoi() {
        let length = |[x, y]: [f64; 2]| x.hypot(y);
        let [_, north] = moved_m(Mistake::UtmForTm3, 5897);
        assert!((650.0..750.0).contains(&north), "{north}");
        let [_, north] = moved_m(Mistake::Tm3ForUtm, 3405);
        assert!((-750.0..-650.0).contains(&north), "{north}");
        for declared in [5897, 3405, 4756, 4326, 32648] {
            let cost = length(moved_m(Mistake::NoDatumShift, declared));
            assert!((220.0..228.0).contains(&cost), "EPSG:{declared}: {cost}");
        }
        let cost = length(moved_m(Mistake::FlippedDatumShift, 4326));
        assert!((0.6..0.9).contains(&cost), "{cost}");
        assert!(length(moved_m(Mistake::OtherZone(EpsgCode(5898)), 5897)) > 300_000.0);
    }

    #[test]
    fn what_cannot_have_happened_is_not_offered_and_words_are_read_as_they_are_written() {
        let of = |code| Mistake::possible(&crs(code));
        assert!(of(5897).contains(&Mistake::UtmForTm3) && !of(5897).contains(&Mistake::Tm3ForUtm));
        assert!(of(3405).contains(&Mistake::Tm3ForUtm) && !of(3405).contains(&Mistake::UtmForTm3));
        assert!(!of(3857).contains(&Mistake::NoDatumShift));
        for mistake in of(5897).into_iter().chain(of(4326)) {
            assert_eq!(mistake.to_string().parse(), Ok(mistake));
        }
        assert!("utm".parse::<Mistake>().unwrap_err().to_string().contains("utm_for_tm3"));
    }
}
