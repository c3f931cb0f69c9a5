//! The words of the field: zone, kind, unit, layer, land use, epoch, group, right, event, issue, revision.
//!
//! Types only, with their text forms; no algorithm, no I/O. Shapes are `geo_types` in the workspace's
//! metric CRS (metres; x easting, y northing), valid since they passed the door (`formats`).

mod alerts;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use alerts::{AlertRecord, AlertStatus, StepRefused};
/// A text that never changes: one word where there is none, and a city has a million zones.
pub use arcstr::ArcStr;

pub type Coord = geo_types::Coord<f64>;
pub type Ring = geo_types::LineString<f64>;
pub type Polygon = geo_types::Polygon<f64>;
pub type MultiPolygon = geo_types::MultiPolygon<f64>;
pub type Geometry = geo_types::Geometry<f64>;

/// The workspace's revision: grows by one with every committed change.
pub type Revision = u64;

/// What a text that names one of our words did not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{text}” is not {expected}")]
pub struct NotAWord {
    pub text: String,
    pub expected: String,
}

impl NotAWord {
    pub fn new(text: &str, expected: impl Into<String>) -> Self {
        // A message never repeats more than a line of what somebody sent.
        NotAWord { text: text.chars().take(80).collect(), expected: expected.into() }
    }
}

/// An EPSG code as in `EPSG:5897`. Whether such a CRS exists and is allowed is for `crs` to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EpsgCode(pub u32);

impl EpsgCode {
    /// VN-2000 / TM-3, meridian 105°: Hanoi's legal CRS.
    pub const HANOI: EpsgCode = EpsgCode(5897);
    pub const WGS84: EpsgCode = EpsgCode(4326);
    pub const WEB_MERCATOR: EpsgCode = EpsgCode(3857);
}

impl FromStr for EpsgCode {
    type Err = NotAWord;
    fn from_str(text: &str) -> Result<Self, NotAWord> {
        let t = text.trim();
        let digits = match t.get(..5) {
            Some(prefix) if prefix.eq_ignore_ascii_case("epsg:") => &t[5..],
            _ => t,
        };
        match digits.parse::<u32>() {
            Ok(n) if (1024..=999_999).contains(&n) && digits.bytes().all(|b| b.is_ascii_digit()) => Ok(EpsgCode(n)),
            _ => Err(NotAWord::new(text, "an EPSG code like EPSG:5897")),
        }
    }
}

impl fmt::Display for EpsgCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EPSG:{}", self.0)
    }
}

impl Serialize for EpsgCode {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EpsgCode {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// When a layer shows the ground: a year, a month or a day (`2024`, `2024-06`, `2024-06-30`).
/// Orders by time; a year comes before its months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Epoch {
    pub year: u16,
    pub month: Option<u8>,
    pub day: Option<u8>,
}

impl Epoch {
    pub fn year(year: u16) -> Self {
        Epoch { year, month: None, day: None }
    }

    /// A date as tables have it, with what follows it (the hour): as ISO, or day first as in Viet Nam (`30/6/2024`,
    /// `06/2024`). The year has four digits, so that it is never taken for a day.
    pub fn written(text: &str) -> Option<(Epoch, &str)> {
        let text = text.trim();
        let (date, rest) = text.split_at(text.find(['T', ' ']).unwrap_or(text.len()));
        let parts: Vec<&str> = date.split(['/', '.', '-']).collect();
        let iso = match parts[..] {
            [y, m, d] if y.len() == 4 => format!("{y}-{m:0>2}-{d:0>2}"),
            [d, m, y] => format!("{y}-{m:0>2}-{d:0>2}"),
            [y, m] if y.len() == 4 && date.contains('-') => format!("{y}-{m:0>2}"),
            [m, y] => format!("{y}-{m:0>2}"),
            _ => date.to_owned(),
        };
        Some((iso.parse().ok()?, rest))
    }
}

impl FromStr for Epoch {
    type Err = NotAWord;
    fn from_str(text: &str) -> Result<Self, NotAWord> {
        let no = || NotAWord::new(text, "an epoch like 2024, 2024-06 or 2024-06-30 (years 1900 to 2199)");
        let number = |part: &str, width: usize| -> Option<u16> {
            (part.len() == width && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok())?
        };
        let mut parts = text.trim().split('-');
        let year = parts.next().and_then(|p| number(p, 4)).filter(|y| (1900..2200).contains(y)).ok_or_else(no)?;
        let month = match parts.next() {
            None => None,
            Some(p) => Some(number(p, 2).filter(|m| (1..=12).contains(m)).ok_or_else(no)? as u8),
        };
        let day = match (month, parts.next()) {
            (_, None) => None,
            (None, Some(_)) => return Err(no()),
            (Some(m), Some(p)) => {
                let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
                let last = match m {
                    2 => 28 + u16::from(leap),
                    4 | 6 | 9 | 11 => 30,
                    _ => 31,
                };
                Some(number(p, 2).filter(|d| (1..=last).contains(d)).ok_or_else(no)? as u8)
            }
        };
        if parts.next().is_some() {
            return Err(no());
        }
        Ok(Epoch { year, month, day })
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        if let Some(m) = self.month {
            write!(f, "-{m:02}")?;
        }
        if let Some(d) = self.day {
            write!(f, "-{d:02}")?;
        }
        Ok(())
    }
}

impl Serialize for Epoch {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Epoch {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// An enum whose variants have one fixed text form, the same in SQL, JSON, TOML and on the command line.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $expected:literal { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }
        }

        impl FromStr for $name {
            type Err = NotAWord;
            fn from_str(text: &str) -> Result<Self, NotAWord> {
                match text { $($text => Ok($name::$variant),)+ _ => Err(NotAWord::new(text, $expected)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use words;

mod code;
mod issue;
mod partner;
pub use code::{CodeHolder, CodeRecord, CodeStatus, StatusStep, Verdict};
pub use issue::Issue;
pub use partner::{CellKind, Linkage, Partner, PartnerColumns, PartnerContact, PartnerKind, PartnerTable, Product, TraceCode};

words! {
    /// What a layer is taken as (`import --as`); `encroachments` is what `detect` keeps.
    LayerRole, "one of zones, landuse, permits, boundaries, context, codes, encroachments" {
        Zones = "zones",
        LandUse = "landuse",
        Permits = "permits",
        Boundaries = "boundaries",
        Context = "context",
        /// The register of farming area codes.
        Codes = "codes",
        Encroachments = "encroachments",
    }
}

words! {
    /// What a land use does to farmland (domain: circular 08/2024 grouped for encroachment).
    Group, "one of built, transport, sealed, water, public, none, unmapped" {
        Built = "built",
        Transport = "transport",
        /// Soil otherwise sealed or lost: mining, dykes, waste, cemeteries.
        Sealed = "sealed",
        Water = "water",
        Public = "public",
        None = "none",
        /// The legend does not know the label: listed, never counted as built.
        Unmapped = "unmapped",
    }
}

words! {
    /// By what right a piece of farmland was lost. Evidence, never a verdict of guilt.
    Right, "one of permitted, planned, farm_structure, legacy, unplanned, unknown" {
        Permitted = "permitted",
        Planned = "planned",
        FarmStructure = "farm_structure",
        Legacy = "legacy",
        Unplanned = "unplanned",
        /// A layer that would tell is missing.
        Unknown = "unknown",
    }
}

words! {
    /// What became of an event since the epoch before.
    Change, "one of new, same, grown, shrunk, gone" {
        New = "new",
        Same = "same",
        Grown = "grown",
        Shrunk = "shrunk",
        /// Seen in the epoch before and no more.
        Gone = "gone",
    }
}

words! {
    /// What a piece of evidence is.
    EvidenceKind, "one of land_use, decision, plan, raster" {
        /// A land-use feature that shows the piece.
        LandUse = "land_use",
        Decision = "decision",
        Plan = "plan",
        /// A land-cover raster that covers the piece.
        Raster = "raster",
    }
}

words! {
    /// What a context feature is.
    ContextGroup, "one of road, water, place" {
        Road = "road",
        Water = "water",
        Place = "place",
    }
}

words! {
    /// What a person is to the system; `access` says what each may see and do.
    Role, "one of viewer, officer, planner, approver, administrator" {
        Viewer = "viewer",
        Officer = "officer",
        Planner = "planner",
        Approver = "approver",
        Administrator = "administrator",
    }
}

words! {
    /// How far a plan has come.
    PlanState, "one of draft, submitted, returned, approved, published" {
        Draft = "draft",
        Submitted = "submitted",
        Returned = "returned",
        Approved = "approved",
        Published = "published",
    }
}

/// One text in the two languages of the screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    pub vi: String,
    pub en: String,
}

/// One class of a land-use legend.
#[derive(Debug, Clone, PartialEq)]
pub struct LandUseClass {
    pub code: String,
    pub name: Text,
    pub group: Group,
    /// Whether land of this class is farmland, so that leaving it can be a loss.
    pub farm: bool,
    /// Defence and security: never leaves the server.
    pub secret: bool,
    /// The official colour.
    pub rgb: [u8; 3],
    /// For a code no longer given out, the codes that took its place (none when there is no single one).
    pub superseded_by: Option<Vec<String>>,
}

/// One layer of the workspace: where it came from and what it holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// Unique in the workspace: the role, with the epoch when it has one (`landuse_2024`, `landuse_2024_06`).
    pub name: String,
    pub role: LayerRole,
    pub epoch: Option<Epoch>,
    /// What `--source` said, else the file's name (without its folder).
    pub source: String,
    /// The file's CRS, `EPSG:3405` or a name when it has no code.
    pub source_crs: String,
    /// The datum operation that was applied, `EPSG:6960`; none when there was nothing to transform.
    pub operation: Option<String>,
    /// Standard deviation of a vertex, metres, when the source states one.
    pub accuracy_m: Option<f64>,
    /// The legend that land-use labels were mapped through.
    pub legend: Option<String>,
    /// Columns kept beside ours (`--keep`).
    pub keep: Vec<String>,
    pub simulated: bool,
    pub n_features: u64,
    /// Sum over the features in the workspace's CRS; overlaps count twice.
    pub area_m2: f64,
    /// min x, min y, max x, max y in the workspace's CRS; none when empty.
    pub extent: Option<[f64; 4]>,
    /// RFC 3339, UTC.
    pub imported_at: String,
    pub revision: Revision,
    /// For land cover that comes as cells; such a layer has no features.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raster: Option<RasterLayer>,
}

/// Land cover as cells of one class each: a GeoTIFF beside the workspace, and all that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RasterLayer {
    /// The file's name, without its folder: `WORKSPACE.HASH.tif`.
    pub file: String,
    /// First 16 hexadecimal digits of the BLAKE3 hash of the file.
    pub hash: String,
    /// Counted from 1.
    pub band: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// x = g[0] + column·g[1] + row·g[2], y = g[3] + column·g[4] + row·g[5], from the corner of the first cell.
    pub geotransform: [f64; 6],
    /// Width and height of a cell, in units of the raster's CRS.
    pub pixel_size: [f64; 2],
    /// The raster's CRS: a code or WKT.
    pub crs: String,
    /// The datum operation that was asked for, none for the default.
    pub operation: Option<EpsgCode>,
    /// As the file states it, `NaN` too; none when it states none.
    pub nodata: Option<String>,
    /// The values that occur, ascending.
    pub classes: Vec<RasterClass>,
}

/// A value that occurs in a raster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RasterClass {
    pub value: i32,
    /// What the file calls it.
    pub label: Option<String>,
    pub n_cells: u64,
}

impl RasterLayer {
    /// Side of a cell on the ground, metres, when all cells with a class cover `area_m2`; 0 without any.
    pub fn cell_m(&self, area_m2: f64) -> f64 {
        let n_cells: u64 = self.classes.iter().map(|c| c.n_cells).sum();
        if n_cells > 0 { (area_m2 / n_cells as f64).sqrt() } else { 0.0 }
    }

    /// From columns and rows to the raster's CRS.
    pub fn to_ground(&self, Coord { x: column, y: row }: Coord) -> Coord {
        let g = self.geotransform;
        Coord { x: g[0] + column * g[1] + row * g[2], y: g[3] + column * g[4] + row * g[5] }
    }

    /// From the raster's CRS to columns and rows.
    pub fn to_cells(&self, at: Coord) -> Coord {
        let g = self.geotransform;
        let (x, y) = (at.x - g[0], at.y - g[3]);
        if g[2] == 0.0 && g[4] == 0.0 {
            return Coord { x: x / g[1], y: y / g[5] };
        }
        let area = g[1] * g[5] - g[2] * g[4];
        Coord { x: (x * g[5] - y * g[2]) / area, y: (y * g[1] - x * g[4]) / area }
    }

    pub fn n_cells(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

impl Layer {
    /// The one name that a raster of land use has: beside the polygons of the same epoch.
    pub fn name_of_raster(epoch: Epoch) -> String {
        Layer::name_of(LayerRole::LandUse, Some(epoch)).replacen("landuse", "landuse_raster", 1)
    }

    /// The one name that a role and an epoch have.
    pub fn name_of(role: LayerRole, epoch: Option<Epoch>) -> String {
        match epoch {
            // A table of farmzone's own, which other programs show beside the layers.
            None if role == LayerRole::Codes => "farmzone_codes".to_owned(),
            None => role.as_str().to_owned(),
            Some(epoch) => format!("{role}_{}", epoch.to_string().replace('-', "_")),
        }
    }
}

/// Columns kept by `--keep`, in the order of `Layer::keep`; `None` is SQL's NULL.
pub type Kept = Vec<Option<String>>;

/// A specialised farming zone. As text it is its attributes, without its shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    pub id: String,
    /// A key of `zones/kinds.toml`.
    pub kind: ArcStr,
    pub name: Option<ArcStr>,
    /// Farming area code, as written.
    pub code: Option<ArcStr>,
    /// The commune's code or name as the file states it; `Snapshot` finds the real one by place.
    pub unit: Option<ArcStr>,
    pub crop: Option<ArcStr>,
    pub variety: Option<ArcStr>,
    pub cooperative: Option<ArcStr>,
    /// The production–consumption linkage that takes what grows here.
    pub linkage: Option<ArcStr>,
    /// OCOP products made of it.
    pub products: Option<ArcStr>,
    pub standard: Option<ArcStr>,
    pub standard_no: Option<ArcStr>,
    pub standard_until: Option<ArcStr>,
    pub declared_area_m2: Option<f64>,
    pub established: Option<ArcStr>,
    #[serde(default, skip_serializing_if = "Kept::is_empty")]
    pub kept: Kept,
    #[serde(skip, default = "no_land")]
    pub shape: MultiPolygon,
}

fn no_land() -> MultiPolygon {
    MultiPolygon::new(Vec::new())
}

impl Zone {
    /// A zone of which no more is known.
    pub fn new(id: &str, kind: &str, shape: MultiPolygon) -> Zone {
        Zone {
            id: id.to_owned(),
            kind: kind.into(),
            name: None,
            code: None,
            unit: None,
            crop: None,
            variety: None,
            cooperative: None,
            linkage: None,
            products: None,
            standard: None,
            standard_no: None,
            standard_until: None,
            declared_area_m2: None,
            established: None,
            kept: Vec::new(),
            shape,
        }
    }
}

/// What a plan makes of one zone: no more than what differs from the map.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlanZone {
    pub id: String,
    /// The zone's revision that it was taken from; none: the plan made it.
    pub base: Option<Revision>,
    pub is_removed: bool,
    /// By name, what each was and what it becomes.
    pub attributes: BTreeMap<String, [Value; 2]>,
    /// None: as the map has it.
    pub shape: Option<MultiPolygon>,
    /// Marks the shape that this one was drawn from.
    pub base_shape: Option<u64>,
    /// Zones whose land it was, for one that was split off or merged into.
    pub parents: Vec<String>,
}

/// A land-use polygon of one epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct LandUse {
    pub id: String,
    /// The legend's code, or the file's label as it was when the legend does not know it.
    pub code: String,
    pub observed: Option<String>,
    pub kept: Kept,
    pub shape: MultiPolygon,
}

/// Land that a decision or a plan allows to be built on.
#[derive(Debug, Clone, PartialEq)]
pub struct Permit {
    pub id: String,
    /// `Permitted` or `Planned`.
    pub right: Right,
    pub decision: Option<String>,
    pub decided: Option<String>,
    pub valid_to: Option<String>,
    pub kept: Kept,
    pub shape: MultiPolygon,
}

/// An administrative unit: a commune or ward. The key is (code, valid_from).
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    pub code: String,
    pub name: String,
    pub full_name: Option<String>,
    pub valid_from: Option<String>,
    pub kept: Kept,
    pub shape: MultiPolygon,
}

/// A road, a river, a place: what helps a reader of the map. Points, lines or polygons.
#[derive(Debug, Clone, PartialEq)]
pub struct Context {
    pub id: String,
    pub group: ContextGroup,
    pub name: Option<String>,
    pub width_m: Option<f64>,
    pub kept: Kept,
    pub shape: Geometry,
}

/// One connected piece of land of one group, lost inside one zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Stable over re-runs and epochs: what is still there in a later epoch keeps its id.
    pub id: String,
    pub zone_id: String,
    pub group: Group,
    /// The land-use code with the largest part of the piece.
    pub code: String,
    /// The epoch it was seen in.
    pub epoch: Epoch,
    /// The first epoch it was seen in; none with one epoch.
    pub since: Option<Epoch>,
    /// Against the epoch before; none where there is none.
    pub change: Option<Change>,
    pub right: Right,
    /// How many of the rules' steps of severity the area reaches; none in a zone of a kind that they are not for.
    pub severity: Option<u8>,
    pub area_m2: f64,
    /// Standard deviation of the area from the stated accuracy of the layers, m²; none when none states one.
    pub sigma_m2: Option<f64>,
    /// That it is more than an error of drawing, 0 to 1; none when no layer states its accuracy.
    pub probability: Option<f64>,
    /// Of the zone's area, 0 to 1.
    pub share: f64,
    /// Mean width, metres: twice the area over the perimeter.
    pub width_m: f64,
    /// Sources of the epoch that cover the place, and those of them that show the event.
    pub n_sources: u8,
    pub n_agreeing: u8,
    /// What the event and its right rest on, the largest part first.
    pub evidence: Vec<Evidence>,
    pub shape: MultiPolygon,
}

/// One feature that an event or its right rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    pub kind: EvidenceKind,
    pub layer: String,
    pub feature: String,
    /// What the source calls it: the land-use code, the number of the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Area shared with the event, m².
    pub area_m2: f64,
    /// Observed or decided, as the source has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// False when it does not count: not in force when the land was built on.
    pub counts: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_is_a_year_a_month_or_a_day_and_nothing_else() {
        for good in ["2024", "2024-06", "2024-02-29", "1900"] {
            assert_eq!(good.parse::<Epoch>().unwrap().to_string(), good);
        }
        for bad in ["", "24", "2024-", "2024-13", "2023-02-29", "2024-6", "2024-06-31", "2024-06-01-01", "2200", "+024", "２０２４"] {
            assert!(bad.parse::<Epoch>().is_err(), "{bad}");
        }
        assert!(Epoch::year(2024) < "2024-01".parse().unwrap());
    }

    #[test]
    fn a_date_of_a_table_is_read_as_iso_or_day_first() {
        for (text, iso, rest) in [
            ("31/12/2024", "2024-12-31", ""),
            (" 1.2.2024 ", "2024-02-01", ""),
            ("01-02-2024", "2024-02-01", ""),
            ("2024/6/30", "2024-06-30", ""),
            ("2024-06", "2024-06", ""),
            ("6/2024", "2024-06", ""),
            ("2024", "2024", ""),
            ("2024-06-30T07:00:00Z", "2024-06-30", "T07:00:00Z"),
        ] {
            assert_eq!(Epoch::written(text), Some((iso.parse().unwrap(), rest)), "{text}");
        }
        for bad in ["", "31/2/2024", "12/31/2024", "31/12/24", "1/2/3", "soon", "2024/13/01", "2024.5", "1/2/3/2024", "é/é/2024", "é-é"]
        {
            assert_eq!(Epoch::written(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_epsg_code_is_read_with_or_without_its_authority() {
        assert_eq!("epsg:5897".parse(), Ok(EpsgCode::HANOI));
        assert_eq!("5897".parse(), Ok(EpsgCode::HANOI));
        for bad in ["", "EPSG:", "EPSG:12", "ESRI:5897", "+5897", "EPSG:9999999999", "é5897"] {
            assert!(bad.parse::<EpsgCode>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_layer_is_named_by_role_and_epoch() {
        assert_eq!(Layer::name_of(LayerRole::Zones, None), "zones");
        assert_eq!(Layer::name_of(LayerRole::LandUse, "2024-06".parse().ok()), "landuse_2024_06");
    }
}
