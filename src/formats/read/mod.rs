//! Opening a file for import: which layer, which columns, which CRS; refused here when one of them is at fault.

mod feature;
mod place;
mod raw;
mod stream;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gdal::Dataset;

pub use feature::{Feature, Shape};
pub use stream::{Counts, Record};

use super::cad::Texts;
use super::columns::{Columns, Origin, Problem};
use super::encoding::{ASSUMED, Encoding};
use super::{FormatError, columns, library};
use crate::crs::{Crs, CrsError, Operation, Transform};
use crate::model::{EpsgCode, Issue, LayerRole};
use place::Place;

/// What to read and what to take from it.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    pub path: &'a Path,
    /// The layer inside the file; also the file inside a zip, or `file/layer`.
    pub layer: Option<&'a str>,
    pub role: LayerRole,
    /// Ours = theirs; theirs may be `@layer` (CAD layer or level, else the layer's name), `@text` or
    /// `@text:LAYER` (texts of a drawing inside the polygon). `id` names the id column of any role.
    pub fields: &'a BTreeMap<String, String>,
    /// Columns of the file to keep beside ours.
    pub keep: &'a [String],
    /// One value for the column that says what a thing is (zones kind, permits right, context group).
    pub kind: Option<&'a str>,
    /// One value for `code`.
    pub code: Option<&'a str>,
    /// Wins over what the file says.
    pub crs: Option<EpsgCode>,
    pub operation: Option<EpsgCode>,
    pub encoding: Option<&'a str>,
    pub doubles: Doubles,
    /// The workspace's CRS.
    pub target: EpsgCode,
}

/// What becomes of a feature whose id another had before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubles {
    /// Kept under another id: `7-2`.
    Renamed,
    /// The first stays alone: for files that say by the id which feature they mean.
    SetAside,
}

/// A layer of a file, ready to be read once.
pub struct Source {
    path: PathBuf,
    /// GDAL's short name: `GPKG`, `ESRI Shapefile`.
    pub driver: String,
    pub layer: String,
    /// All with shapes, as a request may name them.
    pub layers: Vec<String>,
    pub role: LayerRole,
    /// The file's columns, in its order.
    pub columns: Vec<String>,
    /// For a progress bar; none when counting would mean reading.
    pub n_features: Option<u64>,
    pub crs: Crs,
    /// What led from the source's datum to the workspace's; none when there was nothing to transform.
    pub operation: Option<Operation>,
    /// What a person should know about the file as a whole; not repeated by `read`.
    pub issues: Vec<Issue>,
    dataset: Dataset,
    layer_index: usize,
    transform: Transform,
    /// The file's coordinates come northing first.
    is_swapped: bool,
    target: Crs,
    plan: Plan,
    is_cad: bool,
    encoding: Encoding,
    is_raw_text: bool,
    texts: Option<Texts>,
    doubles: Doubles,
}

impl Source {
    /// Reads one more column, when the file has it: the last of each feature's `kept`.
    pub fn read_along(&mut self, column: &str) -> bool {
        let found = self.columns.iter().position(|c| c.eq_ignore_ascii_case(column));
        let Some((field, layer)) = found.zip(raw::LayerHandle::of(&self.dataset, self.layer_index)) else { return false };
        self.plan.kept.push(Origin::Field(field));
        layer.ignore_fields_but(|field| self.plan.uses(field));
        true
    }

    /// Our columns, each with the file's column that fills it, or `@layer` or `@text`; those that nothing of the file fills are not there.
    pub fn mapping(&self) -> BTreeMap<&'static str, String> {
        let theirs = |origin: &Origin| match origin {
            Origin::Field(field) => self.columns.get(*field).cloned(),
            Origin::LayerName => Some("@layer".to_owned()),
            Origin::Texts(only) => Some(only.as_ref().map_or("@text".to_owned(), |layer| format!("@text:{layer}"))),
            Origin::FeatureId | Origin::Constant(_) | Origin::Nothing => None,
        };
        columns::of(self.role).iter().zip(&self.plan.values).filter_map(|(our, origin)| Some((*our, theirs(origin)?))).collect()
    }
}

struct Plan {
    values: Vec<Origin>,
    id: Origin,
    kept: Vec<Origin>,
    /// Field of the file that names the CAD layer or level.
    cad_layer: Option<usize>,
    cad_text: Option<usize>,
    /// Field of a table that holds the shape as text.
    shape_text: Option<usize>,
}

impl Plan {
    fn uses(&self, field: usize) -> bool {
        let used = self.values.iter().chain(&self.kept).chain([&self.id]);
        let for_all = [self.cad_layer, self.cad_text, self.shape_text];
        for_all.contains(&Some(field)) || used.into_iter().any(|o| *o == Origin::Field(field))
    }

    fn wants_texts(&self) -> bool {
        self.values.iter().chain(&self.kept).any(|o| matches!(o, Origin::Texts(_)))
    }
}

const CAD_DRIVERS: [&str; 3] = ["DXF", "DGN", "CAD"];

/// Opens a file, finds the layer, the columns and the CRS.
///
/// # Errors
/// Every variant of `FormatError` but `CannotWrite`.
pub fn open(request: &Request) -> Result<Source, FormatError> {
    library::setup();
    let path = request.path;
    let named = request
        .encoding
        .map(|name| Encoding::named(name).ok_or_else(|| FormatError::UnknownEncoding { name: name.to_owned() }))
        .transpose()?;
    let mut issues = Vec::new();
    let Place { dataset, layer_index, layer, layers, driver, is_raw_text } = place::find(path, request.layer, named.as_ref())?;
    let is_cad = CAD_DRIVERS.contains(&driver.as_str());
    let handle = raw::LayerHandle::of(&dataset, layer_index).ok_or_else(|| unreadable(path, "the layer is gone"))?;
    let n_features = handle.quick_count();
    if n_features == Some(0) {
        return Err(FormatError::Empty { path: path.to_owned(), layer });
    }
    let existing = handle.columns();
    let is_shapefile = driver == "ESRI Shapefile";
    let fid_column = handle.fid_column();
    let finder = Columns {
        role: request.role,
        existing: &existing,
        fid_column: &fid_column,
        fields: request.fields,
        kind: request.kind,
        code: request.code,
        is_cad,
        is_cut_at_ten: is_shapefile,
    };
    let problem = |problem| match problem {
        Problem::Missing { ours, wanted, option } => {
            FormatError::MissingColumn { path: path.to_owned(), ours, wanted, existing: existing.clone(), option }
        }
        Problem::NotOurs(name) => FormatError::NotOurColumn {
            name,
            role: request.role.as_str(),
            known: columns::of(request.role).iter().map(|c| (*c).to_owned()).collect(),
        },
        Problem::NoTexts => FormatError::Unsupported {
            what: format!("{}: “@text”", path.display()),
            convert: "Only drawings (DXF, DGN) have texts beside their polygons; name a column instead".to_owned(),
        },
    };
    let field = |name: &str| existing.iter().position(|c| c.eq_ignore_ascii_case(name));
    let mut plan = Plan {
        values: finder.plan().map_err(problem)?,
        id: finder.id().map_err(problem)?,
        kept: finder.kept(request.keep).map_err(problem)?,
        cad_layer: is_cad.then(|| field("Layer").or_else(|| field("Level"))).flatten(),
        cad_text: is_cad.then(|| field("Text")).flatten(),
        shape_text: place::shape_column(&driver, &existing),
    };
    if !is_cad {
        let fill = |origin: &mut Origin| {
            if *origin == Origin::LayerName {
                *origin = Origin::Constant(layer.clone());
            }
        };
        plan.values.iter_mut().chain(&mut plan.kept).for_each(fill);
    }
    let (crs, is_swapped) = source_crs(request, &handle)?;
    let refused = |source| FormatError::RefusedCrs { path: path.to_owned(), source };
    let target = Crs::from_epsg(request.target).map_err(refused)?;
    let transform = Transform::new(&crs, &target, request.operation).map_err(refused)?;
    let encoding = match named {
        Some(encoding) => encoding,
        None => assumed_encoding(is_raw_text, &handle, &plan, &mut issues),
    };
    handle.ignore_fields_but(|field| plan.uses(field));
    let operation = transform.operation().cloned();
    if request.operation.is_some() && operation.is_none() {
        issues.push(Issue::new(
            "operation_not_used",
            None,
            format!("{} rests on the workspace's datum already; no operation was applied", crs.label()),
        ));
    }
    if operation.as_ref().is_some_and(|o| o.is_ballpark) {
        let message = format!("no operation from {} to {} is known here; the shapes may lie many metres off", crs.label(), target.label());
        issues.push(Issue::new("ballpark_operation", None, message));
    }
    if let Some(zone) = crs.lost_vn2000 {
        let message = format!(
            "the file says WGS 84 with the projection of a VN-2000 zone; MapInfo files often lose the datum VN-2000 on the way, \
             which shifts shapes by some 220 m. If they were drawn in VN-2000, import with --crs {zone}"
        );
        issues.push(Issue::new("likely_vn2000", None, message));
    }
    let texts = plan.wants_texts().then(Texts::default);
    Ok(Source {
        path: path.to_owned(),
        driver,
        layer,
        layers,
        role: request.role,
        columns: existing,
        n_features,
        crs,
        operation,
        issues,
        dataset,
        layer_index,
        transform,
        is_swapped,
        target,
        plan,
        is_cad,
        encoding,
        is_raw_text,
        texts,
        doubles: request.doubles,
    })
}

fn unreadable(path: &Path, reason: impl Into<String>) -> FormatError {
    FormatError::Unreadable { path: path.to_owned(), reason: reason.into() }
}

/// What the library says of a file, with a way on.
fn damaged(path: &Path, reason: &str) -> FormatError {
    unreadable(path, format!("{reason}. It is damaged or cut short: get another copy, or open it in QGIS and save it anew"))
}

/// The CRS to read in, and whether the file's coordinates come northing first.
fn source_crs(request: &Request, layer: &raw::LayerHandle) -> Result<(Crs, bool), FormatError> {
    let path = request.path;
    let refused = |source| FormatError::RefusedCrs { path: path.to_owned(), source };
    if let Some(code) = request.crs {
        return Ok((Crs::from_epsg(code).map_err(refused)?, false));
    }
    let no_crs = || FormatError::NoCrs { path: path.to_owned() };
    let (wkt, is_mapped_crosswise) = layer.crs().ok_or_else(no_crs)?;
    match Crs::parse(&wkt) {
        // GeoPackage's srs_id 0 and -1.
        Ok(crs) if crs.name.to_lowercase().starts_with("undefined") || crs.name == "unknown" && crs.is_geographic => Err(no_crs()),
        Ok(crs) => {
            let is_swapped = is_mapped_crosswise != crs.is_north_first;
            Ok((crs, is_swapped))
        }
        Err(CrsError::NotOfTheGround { .. }) => Err(no_crs()),
        Err(source) => Err(refused(source)),
    }
}

/// UTF-8, unless a file that does not say holds other bytes.
fn assumed_encoding(is_raw_text: bool, layer: &raw::LayerHandle, plan: &Plan, issues: &mut Vec<Issue>) -> Encoding {
    // Both are iconv's own names; should it know neither, bytes pass as Latin-1.
    let known = |name: &str| Encoding::named(name).unwrap_or_else(Encoding::latin1);
    if is_raw_text && !layer.texts_are_utf8(|field| plan.uses(field)) {
        let message =
            format!("the file does not say how its text is encoded and it is not UTF-8; it was read as {ASSUMED}. Say it with --encoding");
        issues.push(Issue::new("encoding_assumed", None, message));
        return known(ASSUMED);
    }
    known("UTF-8")
}
