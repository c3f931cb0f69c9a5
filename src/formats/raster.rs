//! Land cover as cells: a GeoTIFF's facts, what refuses it, and its classes window by window.
//!
//! A cell is a class (a whole number) or nothing: nodata as the file states it, masked, NaN or infinite. A raster whose
//! cells are no classes (heights, several bands, fractions) is refused, never rounded.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{CString, c_char, c_void};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::ptr::{null, null_mut};
use std::sync::{Mutex, PoisonError};

use gdal::raster::RasterBand;
use gdal::{Dataset, DatasetOptions, GdalOpenFlags, Metadata};
use gdal_sys::{self as sys, GDALDataType as Type};

use super::{FormatError, archive, library};
use crate::crs::{Crs, CrsError, Operation, Transform};
use crate::geom::Window;
use crate::model::{Coord, EpsgCode, Issue, RasterClass, RasterLayer};

/// Which raster, and how to read it.
#[derive(Debug, Clone)]
pub struct RasterRequest<'a> {
    pub path: &'a Path,
    /// The band, counted from 1; needed when there are several.
    pub band: Option<&'a str>,
    /// Wins over what the file says.
    pub crs: Option<EpsgCode>,
    pub operation: Option<EpsgCode>,
    /// The workspace's CRS.
    pub target: EpsgCode,
}

/// A raster that can be taken, its cells not read yet.
#[derive(Debug)]
pub struct RasterSource {
    /// As GDAL opens it, also inside an archive.
    inner: PathBuf,
    pub path: PathBuf,
    /// Without file, hash and classes, which its copy tells.
    pub facts: RasterLayer,
    pub crs: Crs,
    pub operation: Option<Operation>,
    pub issues: Vec<Issue>,
    /// What the file calls its values.
    labels: BTreeMap<i32, String>,
}

/// What a raster's cells hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Census {
    pub classes: Vec<RasterClass>,
    pub n_nodata: u64,
}

/// More cells than this take hours: such a raster is cut first.
const MOST_CELLS: u64 = 100_000_000_000;
/// More different values than this are measurements, not classes.
const MOST_CLASSES: usize = 4096;
/// Cells that are read at once: 2048 × 2048.
const CELLS_AT_ONCE: u64 = 1 << 22;
/// Beyond this a number in a cell is a mark of nothing, whatever program made it.
const HUGE: f64 = 1e30;

/// Whether the file is a raster and no vector file, also inside a zip or gzip.
pub fn is_raster(path: &Path) -> bool {
    library::setup();
    find(path).is_some()
}

/// The raster as GDAL opens it; none when there is none, or several.
fn find(path: &Path) -> Option<PathBuf> {
    let is_one = |path: &PathBuf| library::is_raster(path) && library::identify(path).is_none();
    let mut found: Vec<PathBuf> = archive::rasters(path)?.into_iter().filter(is_one).collect();
    (found.len() == 1).then(|| found.pop()).flatten()
}

/// Opens a raster and looks at everything but its cells.
///
/// # Errors
/// `NotFound`, `Unreadable`, `Unsupported`, `ChooseLayer`, `NoCrs`, `RefusedCrs`, `ContradictingCrs`, `NotLandCover`.
pub fn open_raster(request: &RasterRequest) -> Result<RasterSource, FormatError> {
    library::setup();
    let path = request.path;
    let inner = find(path).ok_or_else(|| FormatError::NotFound { path: path.to_owned() })?;
    // Dropped after the dataset.
    let _aside = ReadingAside::begin();
    let dataset = open_source(path, &inner)?;
    let n_bands = dataset.raster_count();
    let pages = dataset.metadata_domain("SUBDATASETS").map_or(0, |d| d.len() / 2);
    if pages > 1 || n_bands == 0 {
        return Err(FormatError::Unsupported {
            what: format!("{}: a file of {pages} rasters", path.display()),
            convert: "Take one out first (gdal_translate GTIFF_DIR:1:FILE.tif ONE.tif)".to_owned(),
        });
    }
    let band_number = choose_band(request, n_bands)?;
    let band = dataset.rasterband(band_number).map_err(|_| unreadable(path))?;
    let geotransform = placed(path, &dataset)?;
    let (width, height) = size(path, &dataset)?;
    let kind = Kind::of(&band).ok_or_else(|| not_land_cover(path, "its cells are complex numbers"))?;
    let unscaled = band.scale().is_none_or(|s| s == 1.0) && band.offset().is_none_or(|o| o == 0.0);
    if !unscaled {
        return Err(not_land_cover(path, "its cells are scaled measurements (scale or offset), not classes"));
    }
    if has_mask_beside(&inner) {
        return Err(not_land_cover(path, "its mask lies in another file (.msk): put both into one with gdal_translate"));
    }
    let mut issues = Vec::new();
    if let Some(how) = blurred(&dataset) {
        let message = format!("the file is compressed with loss ({how}): cells at the edges of classes may hold values that nobody drew");
        issues.push(Issue::new("lossy_compression", None, message));
    }
    let mut crs = source_crs(request, &dataset)?;
    if let Some(twin) = crs.unnamed_twin() {
        let message =
            format!("the file does not name its datum; its numbers are those of {}, which it was taken for (else say --crs)", twin.label());
        issues.push(Issue::new("crs_assumed", None, message));
        crs = twin;
    }
    let facts = RasterLayer {
        file: String::new(),
        hash: String::new(),
        band: band_number as u32,
        width,
        height,
        geotransform,
        pixel_size: [geotransform[1].hypot(geotransform[4]), geotransform[2].hypot(geotransform[5])],
        crs: crs.definition().to_owned(),
        operation: request.operation,
        nodata: stated_nodata(&band),
        classes: Vec::new(),
    };
    if let Some(nodata) = facts.nodata.as_deref().filter(|n| !kind.can_hold(n)) {
        let message = format!("the stated nodata {nodata} is no value that a cell of this raster can have; no cell counts as nodata by it");
        issues.push(Issue::new("nodata_out_of_range", None, message));
    }
    let center = facts.to_ground(Coord { x: f64::from(width) / 2.0, y: f64::from(height) / 2.0 });
    if let Some(message) = crs.contradiction([center.x, center.y, center.x, center.y]) {
        return Err(FormatError::ContradictingCrs { path: path.to_owned(), message, is_swapped: false });
    }
    let refused = |source| FormatError::RefusedCrs { path: path.to_owned(), source };
    let target = Crs::from_epsg(request.target).map_err(refused)?;
    let operation = Transform::new(&target, &crs, request.operation).map_err(refused)?.operation().cloned();
    issues.extend(of_operation(request, &crs, &target, operation.as_ref()));
    Ok(RasterSource { inner, path: path.to_owned(), facts, crs, operation, issues, labels: labels(&band) })
}

/// The compression, where it changes the values of cells.
fn blurred(dataset: &Dataset) -> Option<String> {
    let structure = |key| dataset.metadata_item(key, "IMAGE_STRUCTURE");
    let how = structure("COMPRESSION")?;
    (how.contains("JPEG") || structure("COMPRESSION_REVERSIBILITY").is_some_and(|r| r.contains("LOSSY"))).then_some(how)
}

impl RasterSource {
    /// Copies the file's bytes as they are (out of an archive: unpacked).
    ///
    /// # Errors
    /// `Unreadable` when the source fails, `CannotWrite` when the copy does.
    pub fn copy(&self, out: &mut dyn Write) -> Result<(), FormatError> {
        let name = self.inner.to_str().and_then(|p| CString::new(p).ok()).ok_or_else(|| unreadable(&self.path))?;
        let mut buffer = vec![0_u8; 1 << 20];
        // SAFETY: a NUL-terminated path.
        let file = unsafe { sys::VSIFOpenL(name.as_ptr(), c"rb".as_ptr()) };
        if file.is_null() {
            return Err(unreadable(&self.path));
        }
        let copied = loop {
            // SAFETY: the file is open; the buffer holds as many bytes as are asked for.
            let n = unsafe { sys::VSIFReadL(buffer.as_mut_ptr().cast::<c_void>(), 1, buffer.len(), file) };
            if let Err(e) = out.write_all(&buffer[..n.min(buffer.len())]) {
                break Err(FormatError::CannotWrite { path: self.path.clone(), reason: e.to_string() });
            }
            if n < buffer.len() {
                break Ok(());
            }
        };
        // SAFETY: closed once.
        unsafe { sys::VSIFCloseL(file) };
        copied
    }

    /// Reads every cell of the copy at `copy`: which classes there are, how many cells each has.
    ///
    /// # Errors
    /// `Unreadable`; `NotLandCover` when a cell holds no whole number, or there are too many different ones.
    pub fn census(&self, copy: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Census, FormatError> {
        let reader = Reader::open(copy, &self.facts).map_err(|e| e.at(&self.path))?;
        let mut counts: HashMap<i32, u64> = HashMap::new();
        let mut n_nodata = 0;
        let mut buffer = Buffer::default();
        let [columns, rows] = reader.at_once;
        for y in (0..self.facts.height).step_by(rows as usize) {
            progress(u64::from(y), u64::from(self.facts.height));
            for x in (0..self.facts.width).step_by(columns as usize) {
                let end = [x.saturating_add(columns).min(self.facts.width), y.saturating_add(rows).min(self.facts.height)];
                let values = reader.values(Window { begin: [x, y], end }, &mut buffer).map_err(|e| e.at(&self.path))?;
                // Neighbours are mostly alike: count them together.
                for alike in values.chunk_by(|a, b| a == b) {
                    match alike.first() {
                        Some(Some(value)) => *counts.entry(*value).or_default() += alike.len() as u64,
                        _ => n_nodata += alike.len() as u64,
                    }
                }
                if counts.len() > MOST_CLASSES {
                    let message = format!("it has more than {MOST_CLASSES} different values: measurements, not classes");
                    return Err(not_land_cover(&self.path, message));
                }
            }
        }
        let class = |(value, n_cells)| RasterClass { value, label: self.labels.get(&value).cloned(), n_cells };
        let mut classes: Vec<RasterClass> = counts.into_iter().map(class).collect();
        classes.sort_unstable_by_key(|c| c.value);
        Ok(Census { classes, n_nodata })
    }
}

/// A workspace's raster, read by any number of threads.
pub struct Raster {
    path: PathBuf,
    layer: RasterLayer,
    /// Columns and rows that are best read at once.
    pub at_once: [u32; 2],
    places: Places,
    idle: Mutex<Vec<(Reader, Buffer)>>,
}

impl Raster {
    /// Opens a workspace's copy as its layer describes it. Cells of a class that is not `shown` (by its place in
    /// `RasterLayer::classes`) read as nodata.
    ///
    /// # Errors
    /// `NotFound`, `Unreadable`.
    pub fn open(path: &Path, layer: &RasterLayer, shown: &[bool]) -> Result<Raster, FormatError> {
        library::setup();
        if !path.is_file() {
            return Err(FormatError::NotFound { path: path.to_owned() });
        }
        let reader = Reader::open(path, layer).map_err(|e| e.at(path))?;
        let places = Places::new(&layer.classes, shown);
        Ok(Raster {
            path: path.to_owned(),
            layer: layer.clone(),
            at_once: reader.at_once,
            places,
            idle: Mutex::new(vec![(reader, Buffer::default())]),
        })
    }

    /// The window's cells row by row, as places in `RasterLayer::classes`; 65535 where there is no class.
    ///
    /// # Errors
    /// `Unreadable`, also when a cell holds what the layer does not list: the file was changed.
    pub fn read(&self, window: Window) -> Result<Vec<u16>, FormatError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let (reader, mut buffer) = match idle {
            Some(reader) => reader,
            None => (Reader::open(&self.path, &self.layer).map_err(|e| e.at(&self.path))?, Buffer::default()),
        };
        let values = reader.values(window, &mut buffer).map_err(|e| e.at(&self.path))?;
        let mut places = Vec::with_capacity(values.len());
        for alike in values.chunk_by(|a, b| a == b) {
            let place = match alike.first() {
                Some(Some(value)) => self.places.of(*value).ok_or_else(|| self.changed(*value))?,
                _ => NODATA,
            };
            places.extend(std::iter::repeat_n(place, alike.len()));
        }
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((reader, buffer));
        Ok(places)
    }

    fn changed(&self, value: i32) -> FormatError {
        let reason = format!("it holds the value {value}, which it did not hold when it was imported; import it again with --replace");
        FormatError::Unreadable { path: self.path.clone(), reason }
    }
}

impl std::fmt::Debug for Raster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Raster({}, {} × {})", self.path.display(), self.layer.width, self.layer.height)
    }
}

/// No class, as `encroach` has it.
const NODATA: u16 = u16::MAX;

/// Class values → their place among the classes.
struct Places {
    by_value: HashMap<i32, u16>,
}

impl Places {
    fn new(classes: &[RasterClass], shown: &[bool]) -> Places {
        let place = |i: usize| if shown.get(i).is_some_and(|s| *s) { i as u16 } else { NODATA };
        Places { by_value: classes.iter().take(MOST_CLASSES).enumerate().map(|(i, c)| (c.value, place(i))).collect() }
    }

    fn of(&self, value: i32) -> Option<u16> {
        self.by_value.get(&value).copied()
    }
}

/// What can be wrong with cells, before it is known how the user calls the file.
enum Fault {
    Unreadable(String),
    NoClass { column: u64, row: u64, value: f64 },
}

impl Fault {
    fn at(self, path: &Path) -> FormatError {
        match self {
            Fault::Unreadable(reason) => FormatError::Unreadable { path: path.to_owned(), reason },
            Fault::NoClass { column, row, value } => not_land_cover(
                path,
                format!("the cell in column {column}, row {row} holds {value}, which is no class: land cover is whole numbers below 2^31"),
            ),
        }
    }
}

/// Rows of GDAL's own type, and of classes; kept from window to window.
#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    numbers: Vec<f64>,
    mask: Vec<u8>,
    values: Vec<Option<i32>>,
}

/// An open raster of one thread.
struct Reader {
    dataset: Dataset,
    band: usize,
    kind: Kind,
    nodata: Option<f64>,
    /// Validity lies in a band of its own.
    is_masked: bool,
    at_once: [u32; 2],
}

// SAFETY: a dataset may be used by any thread, one at a time: `Reader` is never shared, only handed on.
unsafe impl Send for Reader {}

impl Reader {
    fn open(path: &Path, layer: &RasterLayer) -> Result<Reader, Fault> {
        let fault = || Fault::Unreadable(library::first_failure());
        // As if nothing lay beside it: what the layer says of it is all that counts.
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let dataset = open(path, Some(&[&name])).map_err(|_| fault())?;
        let (width, height) = dataset.raster_size();
        if (width, height) != (layer.width as usize, layer.height as usize) {
            return Err(Fault::Unreadable(format!("it has {width} × {height} cells, not {} × {}", layer.width, layer.height)));
        }
        let (kind, is_masked, block) = {
            let band = dataset.rasterband(layer.band as usize).map_err(|_| fault())?;
            let flags = band.mask_flags().map_err(|_| fault())?;
            let kind = Kind::of(&band).ok_or_else(|| Fault::Unreadable("its cells are complex numbers".to_owned()))?;
            (kind, !flags.is_all_valid() && !flags.is_nodata(), band.block_size())
        };
        let nodata = layer.nodata.as_deref().and_then(|n| n.parse().ok());
        Ok(Reader { dataset, band: layer.band as usize, kind, nodata, is_masked, at_once: at_once(layer, block) })
    }

    /// The classes of a window's cells, row by row; none where there is none.
    fn values<'b>(&self, window: Window, buffer: &'b mut Buffer) -> Result<&'b [Option<i32>], Fault> {
        let fault = || Fault::Unreadable(library::first_failure());
        let band = self.dataset.rasterband(self.band).map_err(|_| fault())?;
        let n = window.width() * window.height();
        let Buffer { bytes, numbers, mask, values } = buffer;
        values.clear();
        library::take_failures();
        match self.kind {
            Kind::Byte | Kind::SignedByte => {
                bytes.resize(n, 0);
                fill(&band, window, bytes).map_err(|_| fault())?;
                let table: Vec<Option<i32>> = (0..=255_u8).map(|b| self.of_byte(b)).collect();
                values.extend(bytes.iter().map(|b| table[usize::from(*b)]));
            }
            _ => {
                numbers.resize(n, 0.0);
                fill(&band, window, numbers).map_err(|_| fault())?;
                for (i, number) in numbers.iter().enumerate() {
                    let place = (i % window.width(), i / window.width());
                    values.push(self.of_number(*number).map_err(|()| no_class(window, place, *number))?);
                }
            }
        }
        if self.is_masked {
            mask.resize(n, 0);
            band.open_mask_band().and_then(|band| fill(&band, window, mask)).map_err(|_| fault())?;
            for (value, _) in values.iter_mut().zip(mask).filter(|(_, m)| **m == 0) {
                *value = None;
            }
        }
        // A damaged block may come as zeros, with no more than a word about it.
        match library::take_failures().into_iter().next() {
            Some(reason) => Err(Fault::Unreadable(reason)),
            None => Ok(values),
        }
    }

    fn of_byte(&self, byte: u8) -> Option<i32> {
        let value = if self.kind == Kind::SignedByte { i32::from(byte as i8) } else { i32::from(byte) };
        (self.nodata != Some(f64::from(value))).then_some(value)
    }

    /// The class of a number; none for nodata; an error when it is neither.
    fn of_number(&self, number: f64) -> Result<Option<i32>, ()> {
        let is_nodata = match (self.kind, self.nodata) {
            (_, None) => false,
            (Kind::Float32, Some(nodata)) => nodata as f32 == number as f32,
            (_, Some(nodata)) => nodata == number,
        };
        // A nodata beyond what its type holds (−1.8e308) comes as the type's lowest value or as infinity.
        let is_mark = !number.is_finite() || number.abs() >= HUGE && self.nodata.is_some_and(|n| n.is_nan() || n.abs() >= HUGE);
        if is_nodata || is_mark {
            return Ok(None);
        }
        let value = number as i32;
        if f64::from(value) == number { Ok(Some(value)) } else { Err(()) }
    }
}

fn no_class(window: Window, (column, row): (usize, usize), value: f64) -> Fault {
    Fault::NoClass { column: u64::from(window.begin[0]) + column as u64, row: u64::from(window.begin[1]) + row as u64, value }
}

fn fill<T: Copy + gdal::raster::GdalType>(band: &RasterBand, window: Window, into: &mut [T]) -> gdal::errors::Result<()> {
    let size = (window.width(), window.height());
    band.read_into_slice((window.begin[0] as isize, window.begin[1] as isize), size, size, into, None)
}

/// What GDAL calls a band's type, as far as reading differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Byte,
    /// GDAL before 3.7 has no type for it, and calls it a byte.
    SignedByte,
    /// From the lowest to the highest value.
    Integer(i64, i64),
    Float32,
    Float64,
}

impl Kind {
    fn of(band: &RasterBand) -> Option<Kind> {
        Some(match band.band_type() as Type::Type {
            Type::GDT_Byte if band.metadata_item("PIXELTYPE", "IMAGE_STRUCTURE").as_deref() == Some("SIGNEDBYTE") => Kind::SignedByte,
            Type::GDT_Byte => Kind::Byte,
            Type::GDT_UInt16 => Kind::Integer(0, i64::from(u16::MAX)),
            Type::GDT_Int16 => Kind::Integer(i64::from(i16::MIN), i64::from(i16::MAX)),
            Type::GDT_UInt32 => Kind::Integer(0, i64::from(u32::MAX)),
            Type::GDT_Int32 => Kind::Integer(i64::from(i32::MIN), i64::from(i32::MAX)),
            Type::GDT_UInt64 => Kind::Integer(0, i64::MAX),
            Type::GDT_Int64 => Kind::Integer(i64::MIN, i64::MAX),
            Type::GDT_Float32 => Kind::Float32,
            Type::GDT_Float64 => Kind::Float64,
            _ => return None,
        })
    }

    fn can_hold(self, nodata: &str) -> bool {
        let Ok(value) = nodata.parse::<f64>() else { return false };
        let within = |low: i64, high: i64| value.fract() == 0.0 && value >= low as f64 && value <= high as f64;
        match self {
            Kind::Byte => within(0, 255),
            Kind::SignedByte => within(-128, 127),
            Kind::Integer(low, high) => within(low, high),
            Kind::Float32 | Kind::Float64 => true,
        }
    }
}

/// Whole blocks, some four million cells: full rows of a striped raster, squares of a tiled one. Of blocks that are much
/// larger a part, so that memory stays bounded whatever a file says.
fn at_once(layer: &RasterLayer, (block_width, block_height): (usize, usize)) -> [u32; 2] {
    let limited = |n: u64, limit: u32| n.clamp(1, u64::from(limit.max(1))) as u32;
    let whole = |wanted: u64, block: u64| (wanted / block).max(1) * block;
    let block_width = (block_width as u64).clamp(1, CELLS_AT_ONCE);
    let block_height = (block_height as u64).clamp(1, (4 * CELLS_AT_ONCE / block_width).max(1));
    let columns = match u64::from(layer.width) {
        width if block_width >= width => width,
        _ => whole(CELLS_AT_ONCE.isqrt(), block_width),
    };
    let columns = limited(columns, layer.width);
    [columns, limited(whole(CELLS_AT_ONCE / u64::from(columns), block_height), layer.height)]
}

fn open(path: &Path, siblings: Option<&[&str]>) -> Result<Dataset, ()> {
    library::take_failures();
    let options = DatasetOptions {
        open_flags: GdalOpenFlags::GDAL_OF_READONLY | GdalOpenFlags::GDAL_OF_RASTER,
        allowed_drivers: Some(&["GTiff"]),
        open_options: None,
        sibling_files: siblings,
    };
    Dataset::open_ex(path, options).map_err(|_| ())
}

/// While it lives, GDAL reads what an .aux.xml says beside a raster that this thread opened. It does so when it is first
/// asked for any of it, not when it opens the file.
struct ReadingAside;

impl ReadingAside {
    fn begin() -> ReadingAside {
        // Fails only on a NUL byte inside.
        let _ = gdal::config::set_thread_local_config_option("GDAL_PAM_ENABLED", "YES");
        ReadingAside
    }
}

impl Drop for ReadingAside {
    fn drop(&mut self) {
        let _ = gdal::config::clear_thread_local_config_option("GDAL_PAM_ENABLED");
    }
}

fn open_source(path: &Path, inner: &Path) -> Result<Dataset, FormatError> {
    open(inner, None).map_err(|()| match library::take_failures().into_iter().find(|m| !m.contains("not recognized")) {
        Some(reason) => FormatError::Unreadable { path: path.to_owned(), reason },
        None => FormatError::Unsupported {
            what: format!("{}: a raster that is no GeoTIFF", path.display()),
            convert: "Turn it into one first (gdal_translate FILE OUT.tif)".to_owned(),
        },
    })
}

fn choose_band(request: &RasterRequest, n_bands: usize) -> Result<usize, FormatError> {
    let choose = |asked: Option<&str>| FormatError::ChooseLayer {
        path: request.path.to_owned(),
        asked: asked.map(str::to_owned),
        layers: (1..=n_bands).map(|n| n.to_string()).collect(),
    };
    match request.band {
        None if n_bands == 1 => Ok(1),
        None => Err(choose(None)),
        Some(asked) => asked.trim().parse().ok().filter(|n| (1..=n_bands).contains(n)).ok_or_else(|| choose(Some(asked))),
    }
}

fn size(path: &Path, dataset: &Dataset) -> Result<(u32, u32), FormatError> {
    let (width, height) = dataset.raster_size();
    if width as u64 * height as u64 > MOST_CELLS {
        return Err(FormatError::Unsupported {
            what: format!("{}: a raster of {width} × {height} cells", path.display()),
            convert: "Cut your area out of it first (gdal_translate -projwin)".to_owned(),
        });
    }
    // GDAL counts both in an i32.
    Ok((width as u32, height as u32))
}

fn placed(path: &Path, dataset: &Dataset) -> Result<[f64; 6], FormatError> {
    let nowhere = |why: &str| not_land_cover(path, format!("it does not say where on the ground it lies: {why}"));
    let g = dataset.geo_transform().map_err(|_| nowhere("no georeference in it, no world file beside it"))?;
    library::take_failures();
    let area = g[1] * g[5] - g[2] * g[4];
    if !g.iter().all(|v| v.is_finite()) || area == 0.0 || !area.is_finite() {
        return Err(nowhere("its cells have no size"));
    }
    Ok(g)
}

fn has_mask_beside(inner: &Path) -> bool {
    let mut mask = inner.as_os_str().to_owned();
    mask.push(".msk");
    Path::new(&mask).exists()
}

fn stated_nodata(band: &RasterBand) -> Option<String> {
    let text = |v: f64| if v.is_nan() { "NaN".to_owned() } else { v.to_string() };
    let stated = match band.band_type() as Type::Type {
        Type::GDT_Int64 => band.no_data_value_i64().map(|v| v.to_string()),
        Type::GDT_UInt64 => band.no_data_value_u64().map(|v| v.to_string()),
        _ => band.no_data_value().map(text),
    };
    library::take_failures();
    stated
}

fn source_crs(request: &RasterRequest, dataset: &Dataset) -> Result<Crs, FormatError> {
    let path = request.path;
    let refused = |source| FormatError::RefusedCrs { path: path.to_owned(), source };
    if let Some(code) = request.crs {
        return Crs::from_epsg(code).map_err(refused);
    }
    let no_crs = || FormatError::NoCrs { path: path.to_owned() };
    // A raster's columns run east before its rows run south, whatever order the CRS states.
    match Crs::parse(&wkt(dataset).ok_or_else(no_crs)?) {
        Ok(crs) if crs.name.to_lowercase().starts_with("undefined") || crs.name == "unknown" && crs.is_geographic => Err(no_crs()),
        Ok(crs) => Ok(crs),
        Err(CrsError::NotOfTheGround { .. }) => Err(no_crs()),
        Err(source) => Err(refused(source)),
    }
}

fn wkt(dataset: &Dataset) -> Option<String> {
    let mut pointer: *mut c_char = null_mut();
    let options = [c"FORMAT=WKT2_2019".as_ptr(), null()];
    // SAFETY: the dataset is open and owns its reference system; the text is GDAL's to free, once.
    let wkt = unsafe {
        let srs = sys::GDALGetSpatialRef(dataset.c_dataset());
        if srs.is_null() {
            return None;
        }
        sys::OSRExportToWktEx(srs, &mut pointer, options.as_ptr());
        let wkt = library::text(pointer);
        sys::VSIFree(pointer.cast::<c_void>());
        wkt
    };
    library::take_failures();
    wkt.filter(|w| !w.is_empty())
}

/// Names of the values, as the file or its .aux.xml gives them.
fn labels(band: &RasterBand) -> BTreeMap<i32, String> {
    let mut labels = BTreeMap::new();
    // SAFETY: the band is open; the list is GDAL's, ends with null, and is copied before GDAL is asked again.
    unsafe {
        let names = sys::GDALGetRasterCategoryNames(band.c_rasterband());
        if names.is_null() {
            return labels;
        }
        for value in 0..MOST_CLASSES {
            let name = *names.add(value);
            if name.is_null() {
                break;
            }
            if let Some(name) = library::text(name).map(|n| n.trim().to_owned()).filter(|n| !n.is_empty()) {
                labels.insert(value as i32, name);
            }
        }
    }
    labels
}

fn of_operation(request: &RasterRequest, crs: &Crs, target: &Crs, operation: Option<&Operation>) -> Option<Issue> {
    match operation {
        None if request.operation.is_some() => Some(Issue::new(
            "operation_not_used",
            None,
            format!("{} rests on the workspace's datum already; no operation was applied", crs.label()),
        )),
        Some(operation) if operation.is_ballpark => Some(Issue::new(
            "ballpark_operation",
            None,
            format!("no operation from {} to {} is known here; the cells may lie many metres off", crs.label(), target.label()),
        )),
        _ => None,
    }
}

fn unreadable(path: &Path) -> FormatError {
    FormatError::Unreadable { path: path.to_owned(), reason: library::first_failure() }
}

fn not_land_cover(path: &Path, reason: impl Into<String>) -> FormatError {
    FormatError::NotLandCover { path: path.to_owned(), reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(width: u32, height: u32) -> RasterLayer {
        RasterLayer {
            file: String::new(),
            hash: String::new(),
            band: 1,
            width,
            height,
            geotransform: [0.0, 1.0, 0.0, 0.0, 0.0, -1.0],
            pixel_size: [1.0; 2],
            crs: String::new(),
            operation: None,
            nodata: None,
            classes: Vec::new(),
        }
    }

    #[test]
    fn windows_are_whole_blocks_and_bounded_whatever_the_file_says() {
        assert_eq!(at_once(&layer(7500, 9100), (256, 256)), [2048, 2048]);
        assert_eq!(at_once(&layer(916, 889), (916, 8)), [916, 889]);
        assert_eq!(at_once(&layer(7500, 9100), (7500, 8)), [7500, 552]);
        for (size, block) in
            [((2_000_000_000, 400), (2_000_000_000, 1)), ((90_000, 90_000), (90_000, 90_000)), ((1 << 20, 1 << 20), (1 << 16, 1 << 16))]
        {
            let [columns, rows] = at_once(&layer(size.0, size.1), block);
            let n = u64::from(columns) * u64::from(rows);
            assert!((1..=4 * CELLS_AT_ONCE).contains(&n), "{size:?} {block:?}: {columns} × {rows}");
        }
        assert_eq!(at_once(&layer(0, 0), (0, 0)), [1, 1]);
    }
}
