//! What is particular to Viet Nam: which definitions are refused, which carry the datum VN-2000 under
//! what name, and which CRS coordinates are likely in when the declared one cannot be.

use super::binding::{Context, Object};
use super::{Crs, CrsError, Datum, within};
use crate::model::EpsgCode;

/// VN-2000 to WGS 84 (2): the seven parameters of Decision 05/2007.
pub(super) const DEFAULT_OPERATION: EpsgCode = EpsgCode(6960);

pub(super) fn urn(operation: EpsgCode) -> String {
    format!("urn:ogc:def:coordinateOperation:EPSG::{}", operation.0)
}

/// The deprecated zones and what each should have been.
const SWAPPED: [(u32, &str); 4] = [
    (6956, "EPSG:5896 (meridian 102°)"),
    (6957, "EPSG:5897 (meridian 105°)"),
    (6958, "EPSG:5898 (meridian 108°)"),
    (6959, "EPSG:5899 (meridian 107°45′)"),
];

pub(super) fn refused_code(code: EpsgCode) -> Option<CrsError> {
    let (_, instead) = SWAPPED.iter().find(|(swapped, _)| *swapped == code.0)?;
    Some(CrsError::Refused { name: code.to_string(), instead: format!("Use {instead} instead") })
}

/// The same error carried by a definition without a code, as in a .prj.
pub(super) fn refused_projection(name: &str, projected: &Object) -> Option<CrsError> {
    let conversion = projected.operation()?;
    if !conversion.method().starts_with("Transverse Mercator") {
        return None;
    }
    let is = |parameter, value: f64| conversion.parameter(parameter).is_some_and(|v| (v - value).abs() < 1e-6);
    (is("False easting", 0.0) && is("False northing", 500_000.0)).then(|| {
        let meridian = conversion.parameter("Longitude of natural origin");
        let instead = match meridian {
            Some(m) if (m - 102.0).abs() < 1e-6 => "Use EPSG:5896 instead",
            Some(m) if (m - 105.0).abs() < 1e-6 => "Use EPSG:5897 instead",
            Some(m) if (m - 108.0).abs() < 1e-6 => "Use EPSG:5898 instead",
            Some(m) if (m - 107.75).abs() < 1e-6 => "Use EPSG:5899 instead",
            _ => "Use one of EPSG:5896 to 5899 or 9205 to 9218 instead, by the meridian",
        };
        CrsError::Refused { name: name.to_owned(), instead: format!("{instead} (say which with --crs)") }
    })
}

/// The zone of VN-2000 that `projected`, which lies on WGS 84, has the projection of: the datum was then likely lost on
/// the way, as in MapInfo files written by GDAL. A scale of 0.9999 is no other country's; the 6° zones are those of
/// UTM on WGS 84 too, so that only one that nobody named is suspected.
pub(super) fn lost_zone(context: &Context, projected: &Object, is_named: bool) -> Option<EpsgCode> {
    let zone = zone_of(context, projected)?;
    let scale = projected.operation()?.parameter("Scale factor at natural origin")?;
    super::epsg(&zone).filter(|_| !is_named || (scale - 0.9999).abs() < 1e-9)
}

/// The zone of VN-2000 that a projection is by its parameters, whatever the file calls it.
pub(super) fn zone_of<'c>(context: &'c Context, projected: &Object) -> Option<Object<'c>> {
    const PARAMETERS: [&str; 5] =
        ["Latitude of natural origin", "Longitude of natural origin", "Scale factor at natural origin", "False easting", "False northing"];
    let of = |object: &Object| {
        let conversion = object.operation().filter(|c| c.method().starts_with("Transverse Mercator"))?;
        let values: Option<Vec<f64>> = PARAMETERS.iter().map(|p| conversion.parameter(p)).collect();
        values.filter(|_| object.axes().iter().all(|axis| (axis.unit_factor - 1.0).abs() < 1e-12))
    };
    let wanted = of(projected)?;
    let zones = [3405, 3406].into_iter().chain(5896..=5899).chain(9205..=9218);
    let mut zones = zones.filter_map(|code| context.create(&EpsgCode(code).to_string()));
    zones.find(|zone| of(zone).is_some_and(|values| values.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 1e-6)))
}

/// What a projected CRS without a name is called: its projection and what it rests on.
pub(super) fn described(projected: &Object, base: &Object, datum: Datum) -> String {
    let ground = match datum {
        Datum::Vn2000 => "VN-2000".to_owned(),
        Datum::Wgs84 => "WGS 84".to_owned(),
        Datum::Other => base.datum().map_or_else(|| base.name(), |datum| datum.name()),
    };
    let Some(conversion) = projected.operation() else { return format!("a projection on {ground}") };
    let words = [
        ("Longitude of natural origin", "meridian ", "°"),
        ("Scale factor at natural origin", "scale ", ""),
        ("False easting", "false easting ", " m"),
        ("False northing", "false northing ", " m"),
    ];
    let parts: Vec<String> =
        words.iter().filter_map(|(parameter, word, unit)| Some(format!("{word}{}{unit}", conversion.parameter(parameter)?))).collect();
    format!("{} ({}) on {ground}", conversion.method(), parts.join(", "))
}

/// Which datum a geographic CRS rests on, by its code, its name, or the seven parameters it came with.
pub(super) fn datum_of(base: &Object, to_wgs84: Option<[f64; 7]>) -> Datum {
    let id = |object: &Object| object.id().filter(|(authority, _)| authority == "EPSG").map(|(_, code)| code);
    let datum = base.datum();
    let datum_id = datum.as_ref().and_then(id);
    let base_id = id(base);
    let is = |base_codes: &[&str], datum_codes: &[&str]| {
        base_id.as_deref().is_some_and(|code| base_codes.contains(&code))
            || datum_id.as_deref().is_some_and(|code| datum_codes.contains(&code))
    };
    if is(&["4756"], &["6756"]) {
        return Datum::Vn2000;
    }
    let names = [base.name(), datum.map(|d| d.name()).unwrap_or_default()].map(|name| letters(&name));
    if names.iter().any(|name| is_vn2000(name)) || to_wgs84.is_some_and(is_vn2000_shift) {
        return Datum::Vn2000;
    }
    let is_shifted = to_wgs84.is_some_and(|values| values.iter().any(|v| *v != 0.0));
    let is_wgs84 = |name: &String| name == "wgs84" || name.starts_with("worldgeodeticsystem1984") || name == "wgs1984";
    if !is_shifted && (is(&["4326", "4979"], &["6326"]) || names.iter().any(is_wgs84)) { Datum::Wgs84 } else { Datum::Other }
}

/// Lower-case letters and digits of a name, without the `D_` and `GCS_` of .prj files.
fn letters(name: &str) -> String {
    let name = name.trim();
    let name = ["D_", "GCS_", "Datum_"].iter().find_map(|p| name.strip_prefix(p)).unwrap_or(name);
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

fn is_vn2000(letters: &str) -> bool {
    ["vn2000", "vietnam2000", "vn2k"].iter().any(|name| letters.starts_with(name))
}

/// The first three parameters, metres, of EPSG:6960 and EPSG:5194 tell the datum, whatever it is called.
fn is_vn2000_shift(values: [f64; 7]) -> bool {
    [[-191.904_414_29, -39.303_182_79, -111.450_328_35], [-192.873, -39.382, -111.202]]
        .iter()
        .any(|known| known.iter().zip(values).all(|(k, v)| (k - v).abs() < 0.01))
}

/// Where a CRS without a stated area of use can be used: Viet Nam, or five zones either side of a transverse Mercator's meridian.
pub(super) fn area_without_code(datum: Datum, object: &Object) -> Option<[f64; 4]> {
    const VIET_NAM: [f64; 4] = [102.14, 8.33, 109.53, 23.4];
    let meridian = || {
        let conversion = object.operation()?;
        conversion.method().starts_with("Transverse Mercator").then(|| conversion.parameter("Longitude of natural origin"))?
    };
    match (datum, meridian()) {
        (Datum::Vn2000, Some(m)) if (102.0..=110.0).contains(&m) => {
            Some([(m - 3.0).max(VIET_NAM[0]), VIET_NAM[1], (m + 3.0).min(VIET_NAM[2]), VIET_NAM[3]])
        }
        (Datum::Vn2000, _) => Some(VIET_NAM),
        (_, Some(m)) if (-165.0..=165.0).contains(&m) => Some([m - 15.0, -80.0, m + 15.0, 84.0]),
        _ => None,
    }
}

/// What coordinates that cannot be in `declared` are likely in, as advice to a person.
pub(super) fn likely_truth(declared: &Crs, bounds: [f64; 4]) -> String {
    let [x0, y0, x1, y1] = bounds;
    let swapped = [y0, x0, y1, x1];
    if !declared.is_geographic && within(bounds, super::WORLD_DEG) {
        return "they look like degrees of longitude and latitude; say so with --crs EPSG:4326 (or EPSG:4756 for VN-2000)".to_owned();
    }
    if declared.is_likely_swapped(bounds) {
        return "easting and northing seem to be swapped (in Vietnamese tables X is the northing); exchange the two, or try again with \
                --correct swap_axes"
            .to_owned();
    }
    let fitting: Vec<String> =
        candidates().filter(|crs| crs.code != declared.code && crs.fits_without_margin(bounds)).map(|crs| crs.label()).take(4).collect();
    if !fitting.is_empty() {
        return format!("they would fit {}; say which with --crs", fitting.join(", "));
    }
    if candidates().any(|crs| crs.fits_without_margin(swapped)) {
        return "easting and northing seem to be swapped (in Vietnamese tables X is the northing), and the CRS is another; \
                exchange the two and say which CRS with --crs"
            .to_owned();
    }
    if declared.is_geographic && within(bounds, [-1000.0, -1000.0, 1000.0, 1000.0]) {
        return "longitudes end at 180 and latitudes at 90; correct the coordinates in the file".to_owned();
    }
    if declared.is_geographic {
        return "they look like metres of a projected CRS; say which with --crs (Hanoi: EPSG:5897)".to_owned();
    }
    "find out the CRS that they were drawn in and say so with --crs".to_owned()
}

/// What is met in Viet Nam, likeliest first.
fn candidates() -> impl Iterator<Item = Crs> {
    [5897, 3405, 5898, 5896, 5899, 9209, 9210, 9211, 9208, 3406, 32648, 32649, 3857]
        .into_iter()
        .filter_map(|code| Crs::from_epsg(EpsgCode(code)).ok())
}

impl Crs {
    /// Whether the middle of the bounds lies in the area of use itself.
    fn fits_without_margin(&self, bounds: [f64; 4]) -> bool {
        let middle = crate::model::Coord { x: (bounds[0] + bounds[2]) / 2.0, y: (bounds[1] + bounds[3]) / 2.0 };
        const VIET_NAM: [f64; 4] = [102.14, 8.33, 109.53, 23.4];
        let Ok(geographic) = Crs::from_epsg(EpsgCode::WGS84).and_then(|wgs84| super::Transform::new(self, &wgs84, None)) else {
            return false;
        };
        geographic.point(middle).is_ok_and(|c| within([c.x, c.y, c.x, c.y], self.area_deg) && within([c.x, c.y, c.x, c.y], VIET_NAM))
    }
}
