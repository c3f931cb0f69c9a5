//! GeoPackage, FlatGeobuf, Shapefile and XLSX through GDAL; read back and counted before they count
//! as written, because not every driver notices a full disk. The unsafe code of writing is here.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::ptr::null;

use gdal::spatial_ref::{AxisMappingStrategy, SpatialRef};
use gdal_sys::{self as sys, OGRFieldType, OGRwkbGeometryType as Wkb};

use super::super::library::{self, first_failure};
use super::wkb::wkb;
use super::{Column, ColumnType, Format, Row, Table, Value, description};
use crate::model::{EpsgCode, Issue};

/// Longer text does not fit into a DBF field.
const DBF_TEXT_BYTES: usize = 254;
const DBF_NAME_BYTES: usize = 10;

pub(super) struct VectorSink {
    path: PathBuf,
    format: Format,
    dataset: sys::GDALDatasetH,
    srs: SpatialRef,
    layer: Option<Layer>,
    n_cut: u64,
}

struct Layer {
    handle: sys::OGRLayerH,
    definition: sys::OGRFeatureDefnH,
}

/// `KEY=value` options, alive as long as the list.
struct Options {
    _texts: Vec<CString>,
    pointers: Vec<*mut c_char>,
}

impl Options {
    fn new(options: &[String]) -> Options {
        let texts: Vec<CString> = options.iter().filter_map(|o| CString::new(o.as_str()).ok()).collect();
        let pointers = texts.iter().map(|t| t.as_ptr().cast_mut()).chain([std::ptr::null_mut()]).collect();
        Options { _texts: texts, pointers }
    }

    fn list(&mut self) -> *mut *mut c_char {
        self.pointers.as_mut_ptr()
    }
}

impl VectorSink {
    pub(super) fn create(path: &Path, format: Format, crs: EpsgCode) -> Result<VectorSink, String> {
        let driver = match format {
            Format::GeoPackage => c"GPKG",
            Format::FlatGeobuf => c"FlatGeobuf",
            Format::Shapefile => c"ESRI Shapefile",
            Format::Xlsx => c"XLSX",
            Format::GeoJson | Format::Kml | Format::Csv => return Err("this format is not GDAL's to write".to_owned()),
        };
        let mut srs = SpatialRef::from_epsg(crs.0).map_err(|e| e.to_string())?;
        srs.set_axis_mapping_strategy(AxisMappingStrategy::TraditionalGisOrder);
        let file = path.to_str().and_then(|p| CString::new(p).ok()).ok_or("its path is not UTF-8")?;
        library::take_failures();
        // SAFETY: NUL-terminated texts and a NULL-terminated list, alive during the call.
        let dataset = unsafe {
            let driver = sys::GDALGetDriverByName(driver.as_ptr());
            if driver.is_null() {
                return Err("the installed GDAL has no driver for this format".to_owned());
            }
            sys::GDALCreate(driver, file.as_ptr(), 0, 0, 0, sys::GDALDataType::GDT_Unknown, std::ptr::null_mut())
        };
        if dataset.is_null() {
            return Err(first_failure());
        }
        Ok(VectorSink { path: path.to_owned(), format, dataset, srs, layer: None, n_cut: 0 })
    }

    pub(super) fn begin(&mut self, table: &Table, columns: &[Column], issues: &mut Vec<Issue>) -> Result<(), String> {
        let name = CString::new(table.name).map_err(|_| "the layer's name holds a NUL byte")?;
        let (kind, srs) = match self.format {
            Format::Xlsx => (Wkb::wkbNone, std::ptr::null_mut()),
            Format::Shapefile if !table.is_polygons => (Wkb::wkbUnknown, self.srs.to_c_hsrs()),
            _ if table.is_polygons => (Wkb::wkbMultiPolygon, self.srs.to_c_hsrs()),
            _ => (Wkb::wkbUnknown, self.srs.to_c_hsrs()),
        };
        let mut options = Options::new(&match self.format {
            Format::GeoPackage => vec!["GEOMETRY_NAME=geom".to_owned(), format!("DESCRIPTION={}", description(table))],
            Format::Shapefile => vec!["ENCODING=UTF-8".to_owned()],
            _ => Vec::new(),
        });
        let names = self.names(columns, issues);
        // SAFETY: `dataset` is open; texts and lists live during the calls; definitions are destroyed once.
        unsafe {
            let handle = sys::GDALDatasetCreateLayer(self.dataset, name.as_ptr(), srs, kind, options.list());
            if handle.is_null() {
                return Err(first_failure());
            }
            for (name, column) in names.iter().zip(columns) {
                let kind = match column.kind {
                    ColumnType::Text => OGRFieldType::OFTString,
                    ColumnType::Real => OGRFieldType::OFTReal,
                    ColumnType::Integer => OGRFieldType::OFTInteger64,
                };
                let field = sys::OGR_Fld_Create(name.as_ptr(), kind);
                if self.format == Format::Shapefile && column.kind == ColumnType::Text {
                    sys::OGR_Fld_SetWidth(field, DBF_TEXT_BYTES as c_int);
                }
                let result = sys::OGR_L_CreateField(handle, field, 1);
                sys::OGR_Fld_Destroy(field);
                if result != sys::OGRErr::OGRERR_NONE {
                    return Err(first_failure());
                }
            }
            if self.format == Format::GeoPackage {
                self.describe(handle, table);
                if self.layer.is_none() {
                    sys::GDALDatasetStartTransaction(self.dataset, 0);
                }
            }
            self.layer = Some(Layer { handle, definition: sys::OGR_L_GetLayerDefn(handle) });
        }
        self.check()
    }

    /// Metadata that GDAL keeps in the GeoPackage's own tables.
    ///
    /// # Safety
    /// `layer` belongs to the open dataset.
    unsafe fn describe(&self, layer: sys::OGRLayerH, table: &Table) {
        let about = table.about;
        let items = [
            (c"source", about.source.clone()),
            (c"epoch", about.epoch.map(|e| e.to_string()).unwrap_or_default()),
            (c"revision", about.revision.to_string()),
            (c"date", super::today()),
            (c"simulated", about.is_simulated.to_string()),
            (c"licence", about.licence.clone().unwrap_or_default()),
        ];
        for (key, value) in items {
            let Some(value) = Some(value).filter(|value| !value.is_empty()).and_then(|value| CString::new(value).ok()) else { continue };
            unsafe { sys::GDALSetMetadataItem(layer.cast::<c_void>(), key.as_ptr(), value.as_ptr(), null()) };
        }
    }

    /// Names as the format can hold them; a Shapefile's are cut to ten bytes and kept distinct.
    fn names(&self, columns: &[Column], issues: &mut Vec<Issue>) -> Vec<CString> {
        let mut taken: Vec<String> = Vec::new();
        let mut cut = Vec::new();
        for column in columns {
            let mut name = column.name.replace('\0', "");
            if self.format == Format::Shapefile {
                let limit = |name: &str, n: usize| {
                    let mut end = n.min(name.len());
                    while !name.is_char_boundary(end) {
                        end -= 1;
                    }
                    name[..end].to_owned()
                };
                let whole = name.clone();
                name = limit(&whole, DBF_NAME_BYTES);
                let mut n = 1;
                while taken.iter().any(|t| t.eq_ignore_ascii_case(&name)) {
                    n += 1;
                    name = format!("{}_{n}", limit(&whole, DBF_NAME_BYTES - 2));
                }
                if name != whole {
                    cut.push(format!("{whole} → {name}"));
                }
            }
            taken.push(name);
        }
        if !cut.is_empty() {
            issues.push(Issue::new(
                "shortened_names",
                None,
                format!("Shapefile column names have at most ten letters: {}", cut.join(", ")),
            ));
        }
        // NUL bytes were taken out above.
        taken.into_iter().map(|name| CString::new(name).unwrap_or_default()).collect()
    }

    pub(super) fn row(&mut self, row: &Row) -> Result<(), String> {
        let Some(layer) = &self.layer else { return Err("no layer was begun".to_owned()) };
        // SAFETY: the layer belongs to the open dataset; the feature is destroyed once and owns its geometry.
        unsafe {
            let feature = sys::OGR_F_Create(layer.definition);
            let mut result = Ok(());
            for (value, field) in row.values.iter().zip(0..) {
                self.n_cut += u64::from(set(feature, field, value, self.format));
            }
            if self.format != Format::Xlsx
                && let Some(shape) = &row.shape
            {
                let bytes = wkb(shape);
                let mut geometry = std::ptr::null_mut();
                let length = c_int::try_from(bytes.len()).unwrap_or(c_int::MAX);
                if sys::OGR_G_CreateFromWkb(bytes.as_ptr().cast::<c_void>(), std::ptr::null_mut(), &mut geometry, length)
                    == sys::OGRErr::OGRERR_NONE
                {
                    sys::OGR_F_SetGeometryDirectly(feature, geometry);
                } else {
                    result = Err(format!("a shape could not be written: {}", first_failure()));
                }
            }
            if result.is_ok() && sys::OGR_L_CreateFeature(layer.handle, feature) != sys::OGRErr::OGRERR_NONE {
                result = Err(first_failure());
            }
            sys::OGR_F_Destroy(feature);
            result
        }
    }

    fn check(&self) -> Result<(), String> {
        library::take_failures().into_iter().next().map_or(Ok(()), |failure| Err(format!("{failure} (is the disk full?)")))
    }

    /// Closes the file and reads it back.
    pub(super) fn finish(mut self, layers: &[(String, u64)], issues: &mut Vec<Issue>) -> Result<(), String> {
        if self.n_cut > 0 {
            let message = format!("{} texts were longer than the {DBF_TEXT_BYTES} bytes of a Shapefile field and were cut", self.n_cut);
            issues.push(Issue::new("cut_text", None, message));
        }
        if self.format == Format::GeoPackage && !layers.is_empty() {
            // SAFETY: the dataset is open.
            unsafe { sys::GDALDatasetCommitTransaction(self.dataset) };
            self.check()?;
        }
        self.close();
        self.check()?;
        self.read_back(layers)
    }

    fn close(&mut self) {
        if !self.dataset.is_null() {
            // SAFETY: open, closed once; no layer handle is used afterwards.
            unsafe { sys::GDALClose(self.dataset) };
            self.dataset = std::ptr::null_mut();
            self.layer = None;
        }
    }

    fn read_back(&self, layers: &[(String, u64)]) -> Result<(), String> {
        // Without the option, a sheet of text only would lose its first row to a guess.
        let options: &[&str] = if self.format == Format::Xlsx { &["HEADERS=FORCE"] } else { &[] };
        let dataset = library::open_vector(&self.path, options).map_err(|failures| {
            let why = failures.into_iter().next().unwrap_or_else(|| "no more is known".to_owned());
            format!("what was written cannot be read back (is the disk full?): {why}")
        })?;
        for ((name, expected), index) in layers.iter().zip(0..) {
            let mut n = 0;
            // SAFETY: the dataset is open; each feature is destroyed once.
            unsafe {
                let layer = sys::GDALDatasetGetLayer(dataset.c_dataset(), index);
                if layer.is_null() && *expected == 0 {
                    continue;
                }
                while !layer.is_null() {
                    let feature = sys::OGR_L_GetNextFeature(layer);
                    if feature.is_null() {
                        break;
                    }
                    sys::OGR_F_Destroy(feature);
                    n += 1;
                }
            }
            self.check()?;
            if n != *expected {
                return Err(format!("of {expected} rows of “{name}” only {n} can be read back; is the disk full?"));
            }
        }
        Ok(())
    }
}

impl Drop for VectorSink {
    fn drop(&mut self) {
        self.close();
        library::take_failures();
    }
}

/// Sets a field; true when a text was too long for it.
///
/// # Safety
/// `feature` is alive and has the field.
unsafe fn set(feature: sys::OGRFeatureH, field: c_int, value: &Value, format: Format) -> bool {
    unsafe {
        match value {
            Value::Real(number) if number.is_finite() => sys::OGR_F_SetFieldDouble(feature, field, *number),
            Value::Null | Value::Real(_) => sys::OGR_F_SetFieldNull(feature, field),
            Value::Integer(number) => sys::OGR_F_SetFieldInteger64(feature, field, *number),
            Value::Text(text) => {
                let mut end = text.find('\0').unwrap_or(text.len());
                let is_cut = format == Format::Shapefile && end > DBF_TEXT_BYTES;
                if is_cut {
                    end = DBF_TEXT_BYTES;
                    while !text.is_char_boundary(end) {
                        end -= 1;
                    }
                }
                let bytes = [&text.as_bytes()[..end], b"\0"].concat();
                if let Ok(text) = CStr::from_bytes_with_nul(&bytes) {
                    sys::OGR_F_SetFieldString(feature, field, text.as_ptr());
                }
                return is_cut;
            }
        }
    }
    false
}
