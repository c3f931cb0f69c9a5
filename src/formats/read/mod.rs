//! Opening a file for import: which layer, which columns, which CRS; refused here when one of them is at fault.

mod feature;
mod place;
mod raw;
mod stream;
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use gdal::Dataset;

pub use feature::{Feature, Shape};
pub use stream::{Counts, Record, TEXTS_SET_ASIDE, TEXTS_TAKEN, TextLayer};

use super::cad::Texts;
use super::columns::{Columns, Origin, Problem};
use super::encoding::{self, ASSUMED, Encoding};
use super::fonts::{self, Evidence};
use super::{FormatError, columns, library};
use crate::crs::{Crs, CrsError, Mistake, Operation, Relocation, Transform};
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
    /// What went wrong on the way to the file, to be set right.
    pub correct: Option<Mistake>,
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
    /// What moves shapes after the transformation, to set them right.
    moved: Option<Relocation>,
    target: Crs,
    plan: Plan,
    is_cad: bool,
    texting: Texting,
    texts: Option<Texts>,
    doubles: Doubles,
    limits: Option<Limits>,
    /// Outlives the dataset that is of it.
    _made: Option<table::Made>,
}

/// How much of a file is read before it is refused: a few bytes of a drawing may stand for more than anybody can read.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub most_features: u64,
    pub until: Instant,
}

impl Source {
    /// From now on reading breaks off with `TooMuch` beyond these.
    pub fn limit(&mut self, limits: Limits) {
        self.limits = Some(limits);
    }

    fn within_limits(&self, n_read: u64) -> Result<(), FormatError> {
        let Some(Limits { most_features, until }) = self.limits else { return Ok(()) };
        let too_much = |what: String| Err(FormatError::TooMuch { path: self.path.clone(), what });
        if n_read > most_features {
            return too_much(format!("the file has more than {most_features} features"));
        }
        if Instant::now() > until {
            return too_much("reading the file takes too long".to_owned());
        }
        Ok(())
    }

    /// Reads one more column, when the file has it: the last of each feature's `kept`.
    pub fn read_along(&mut self, column: &str) -> bool {
        let found = self.columns.iter().position(|c| c.eq_ignore_ascii_case(column));
        let Some((field, layer)) = found.zip(raw::LayerHandle::of(&self.dataset, self.layer_index)) else { return false };
        self.plan.kept.push(Origin::Field(field));
        layer.ignore_fields_but(|field| self.plan.uses(field));
        true
    }

    /// Where what is read would lie, had a mistake not been made.
    ///
    /// # Errors
    /// Those of the way from the true CRS.
    pub fn relocation(&self, mistake: Mistake) -> Result<Relocation, CrsError> {
        Relocation::new(mistake, &self.crs, &self.target, &self.transform)
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
    let by = ["id", "code"].iter().find_map(|our| request.fields.iter().find(|(name, _)| name.trim().eq_ignore_ascii_case(our)));
    let by = by.map(|(_, theirs)| theirs.as_str());
    let Place { dataset, layer_index, layer, layers, driver, is_raw_text, made } = place::find(path, request.layer, named.as_ref(), by)?;
    issues.extend(made.iter().flat_map(|made| made.issues.clone()));
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
    let (declared, is_swapped) = source_crs(request, &handle)?;
    let refused = |source| FormatError::RefusedCrs { path: path.to_owned(), source };
    let target = Crs::from_epsg(request.target).map_err(refused)?;
    let (crs, is_swapped) = corrected(request, declared, is_swapped, &mut issues)?;
    let transform = Transform::new(&crs, &target, request.operation).map_err(refused)?;
    let moved = (request.correct == Some(Mistake::FlippedDatumShift))
        .then(|| Relocation::new(Mistake::FlippedDatumShift, &crs, &target, &transform));
    let moved = moved.transpose().map_err(refused)?;
    let texting = Texting::of(named, is_raw_text, &driver, &handle, &|field| plan.uses(field), &mut issues);
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
        moved,
        target,
        plan,
        is_cad,
        texting,
        texts,
        doubles: request.doubles,
        limits: None,
        _made: made,
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

/// What the coordinates are in, when what went wrong is known.
fn corrected(request: &Request, declared: Crs, is_swapped: bool, issues: &mut Vec<Issue>) -> Result<(Crs, bool), FormatError> {
    let Some(mistake) = request.correct else { return Ok((declared, is_swapped)) };
    let (crs, is_swapped) = match mistake {
        Mistake::SwappedAxes => (declared.clone(), !is_swapped),
        Mistake::FlippedDatumShift => (declared.clone(), is_swapped),
        _ => match mistake.truth(&declared) {
            Some(truth) => (truth, is_swapped),
            None => {
                let message = format!("--correct {mistake} says nothing of coordinates in {}", declared.label());
                return Err(FormatError::ContradictingCrs { path: request.path.to_owned(), message, is_swapped: false });
            }
        },
    };
    let message =
        format!("corrected as asked ({mistake}): the file says {}, its coordinates were read as {}", declared.label(), crs.label());
    issues.push(Issue::new("corrected", None, message));
    Ok((crs, is_swapped))
}

/// How the bytes of text are read.
#[derive(Debug, Clone)]
struct Texting {
    encoding: Encoding,
    /// The bytes are the file's own, whatever they look like.
    is_raw: bool,
    /// What bytes that are not UTF-8 are taken for when the encoding says UTF-8.
    fallback: Encoding,
    /// What text that claims to be Unicode was typed in.
    font: Option<Encoding>,
}

/// Features whose text is looked at before a file is read.
const MOST_LOOKED_AT: usize = 20_000;

impl Texting {
    /// What was named, else what the syllables of the text tell, else UTF-8 and, for other bytes, CP1258.
    fn of(
        named: Option<Encoding>,
        is_raw: bool,
        driver: &str,
        layer: &raw::LayerHandle,
        is_used: &dyn Fn(usize) -> bool,
        issues: &mut Vec<Issue>,
    ) -> Texting {
        // Both are iconv's own names; should it know neither, bytes pass as Latin-1.
        let known = |name: &str| Encoding::named(name).unwrap_or_else(Encoding::latin1);
        if let Some(encoding) = named {
            // A drawing without a header is shown as Western by whoever does not know better.
            let font = (!is_raw || encoding.is_of_a_font()).then(|| encoding.clone());
            return Texting { encoding, is_raw, fallback: known(ASSUMED), font };
        }
        let [mut of_bytes, mut of_text] = [Evidence::new(), Evidence::new()];
        let mut is_utf8 = true;
        // The layers of an OpenStreetMap file come mixed, and are Unicode.
        let most_features = if driver == "OSM" { 0 } else { MOST_LOOKED_AT };
        layer.each_text(is_used, if is_raw { usize::MAX } else { most_features }, |bytes| match std::str::from_utf8(bytes) {
            Ok(text) => fonts::western_bytes(text).iter().for_each(|bytes| of_text.look(bytes)),
            Err(_) => {
                is_utf8 &= encoding::is_utf8_maybe_cut(bytes);
                of_bytes.look(bytes);
            }
        });
        let (likely, by_bytes) = of_bytes.verdict().unzip();
        let fallback = likely.unwrap_or_else(|| known(ASSUMED));
        if is_raw && !is_utf8 {
            let how = by_bytes.map_or(String::new(), |share| format!(", in which {:.0} % of its words are Vietnamese", share * 100.0));
            let message = format!(
                "the file does not say how its text is encoded and it is not UTF-8; it was read as {}{how}. Say it with --encoding",
                fallback.name()
            );
            issues.push(Issue::new("encoding_assumed", None, message));
            return Texting { encoding: fallback.clone(), is_raw, fallback, font: None };
        }
        let font = of_text.verdict();
        if let Some((font, share)) = &font {
            issues.push(fonts::told(&of_text, font, *share));
        }
        Texting { encoding: known("UTF-8"), is_raw, fallback, font: font.map(|(font, _)| font) }
    }

    /// The name of a column.
    fn name(&self, name: &str) -> String {
        self.font.as_ref().and_then(|font| fonts::converted(name, font)).unwrap_or_else(|| name.to_owned())
    }
}
