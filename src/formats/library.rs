//! GDAL set up once: no silent replacement of deprecated CRSs, no side files, no network, no printing.
//! What it complains about is caught per thread and handed to whoever asked.

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_void};
use std::path::Path;
use std::sync::OnceLock;

use gdal::errors::CplErrType;
use gdal::{Dataset, DatasetOptions, DriverManager, GdalOpenFlags};

thread_local! {
    static FAILURES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Drivers that reach beyond the one file they are given: servers, databases, files that name other files.
const NOT_FILES: [&str; 19] = [
    "OGR_VRT",
    "HTTP",
    "WFS",
    "OAPIF",
    "OGCAPI",
    "CSW",
    "EEDA",
    "Carto",
    "Elasticsearch",
    "PLSCENES",
    "AmigoCloud",
    "NGW",
    "PostgreSQL",
    "MySQL",
    "MSSQLSpatial",
    "ODBC",
    "PGDUMP",
    "GMLAS",
    "OGR_OGDI",
];

/// Names of the drivers that files are opened with.
fn drivers() -> &'static [String] {
    static DRIVERS: OnceLock<Vec<String>> = OnceLock::new();
    DRIVERS.get_or_init(|| {
        // Before anything else: GDAL would turn EPSG:6957 into 5897 in silence.
        let settings = [
            ("OSR_USE_NON_DEPRECATED", "NO"),
            ("GDAL_PAM_ENABLED", "NO"),
            // Megabytes: rasters are read by whole blocks, each once; the default is a twentieth of the memory.
            ("GDAL_CACHEMAX", "128"),
            ("CPL_DEBUG", "OFF"),
            ("OGR_GEOJSON_MAX_OBJ_SIZE", "1000"),
            ("SHAPE_RESTORE_SHX", "NO"),
            ("GDAL_HTTP_TIMEOUT", "1"),
            ("DXF_INCLUDE_RAW_CODE_VALUES", "NO"),
            ("GML_SKIP_RESOLVE_ELEMS", "ALL"),
            ("CPL_VSIL_GZIP_WRITE_PROPERTIES", "NO"),
        ];
        for (key, value) in settings {
            // Fails only on a NUL byte inside.
            let _ = gdal::config::set_config_option(key, value);
        }
        gdal::config::set_error_handler(|kind, _, message| {
            if matches!(kind, CplErrType::Failure | CplErrType::Fatal) {
                FAILURES.with(|f| {
                    let mut failures = f.borrow_mut();
                    if failures.len() < 20 {
                        failures.push(without_place(message.trim()).to_owned());
                    }
                });
            }
        });
        DriverManager::register_all();
        DriverManager::all().map(|d| d.short_name()).filter(|name| !NOT_FILES.contains(&name.as_str())).collect()
    })
}

/// Runs once; every door of `formats` calls it first.
pub(super) fn setup() {
    drivers();
}

/// GDAL's message without the line of its source: `./ogr/x.cpp, 1148: error at…`.
fn without_place(message: &str) -> &str {
    message.split_once(": ").filter(|(place, _)| place.contains(".cpp, ")).map_or(message, |(_, rest)| rest)
}

/// What GDAL called failures on this thread since the last call.
pub(super) fn take_failures() -> Vec<String> {
    FAILURES.with(|f| std::mem::take(&mut *f.borrow_mut()))
}

/// The first failure, or a plain sentence when GDAL gave none.
pub(super) fn first_failure() -> String {
    take_failures().into_iter().next().unwrap_or_else(|| "the library gives no reason".to_owned())
}

/// Opens a file (or `/vsizip/` path) for reading vectors.
///
/// # Errors
/// What GDAL said; empty when no driver knows the file.
pub(super) fn open_vector(path: &Path, open_options: &[&str]) -> Result<Dataset, Vec<String>> {
    let names: Vec<&str> = drivers().iter().map(String::as_str).collect();
    take_failures();
    let options = DatasetOptions {
        open_flags: GdalOpenFlags::GDAL_OF_READONLY | GdalOpenFlags::GDAL_OF_VECTOR,
        allowed_drivers: Some(&names),
        open_options: Some(open_options),
        sibling_files: None,
    };
    Dataset::open_ex(path, options).map_err(|_| take_failures())
}

/// Whether a folder as a whole is something to read vectors from.
pub(super) fn opens(folder: &Path) -> bool {
    let is_one = open_vector(folder, &[]).is_ok();
    take_failures();
    is_one
}

/// Whether GDAL takes it for a raster, by its first bytes: opening might reach for what it refers to.
pub(super) fn is_raster(path: &Path) -> bool {
    identified(path, GdalOpenFlags::GDAL_OF_RASTER, &[]).is_some()
}

/// Short name of the driver that would open the path for vectors, by its first bytes.
pub(super) fn identify(path: &Path) -> Option<String> {
    identified(path, GdalOpenFlags::GDAL_OF_VECTOR, drivers())
}

/// With no driver named, all are asked.
fn identified(path: &Path, kind: GdalOpenFlags, among: &[String]) -> Option<String> {
    setup();
    let names: Vec<CString> = among.iter().filter_map(|n| CString::new(n.as_str()).ok()).collect();
    let mut pointers: Vec<*const c_char> = names.iter().map(|n| n.as_ptr()).collect();
    pointers.push(std::ptr::null());
    let list = if among.is_empty() { std::ptr::null() } else { pointers.as_ptr() };
    let path = CString::new(path.to_str()?).ok()?;
    // SAFETY: a NUL-terminated path and a NULL-terminated list, alive during the call; the driver's name is static.
    let name = unsafe {
        let driver = gdal_sys::GDALIdentifyDriverEx(path.as_ptr(), kind.bits(), list, std::ptr::null());
        if driver.is_null() { None } else { text(gdal_sys::GDALGetDriverShortName(driver)) }
    };
    take_failures();
    name
}

/// Text that GDAL owns, copied; bytes that are not UTF-8 are replaced.
pub(super) fn text(pointer: *const c_char) -> Option<String> {
    // SAFETY: GDAL returns null or a NUL-terminated string that lives until its owner is asked again.
    (!pointer.is_null()).then(|| unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned())
}

/// Bytes in an encoding that iconv knows, as UTF-8; none when it knows no such encoding or the bytes do not fit.
pub(super) fn recode(bytes: &CStr, encoding: &CStr) -> Option<String> {
    setup();
    take_failures();
    // Encodings with combining marks hold the last letter back, and GDAL never asks for it: give them one to hold.
    let held = CString::new([bytes.to_bytes(), b"\n"].concat()).ok()?;
    // SAFETY: three NUL-terminated strings; the result is GDAL's to free, once.
    let decoded = unsafe {
        let pointer = gdal_sys::CPLRecode(held.as_ptr(), encoding.as_ptr(), c"UTF-8".as_ptr());
        let decoded = text(pointer);
        gdal_sys::VSIFree(pointer.cast::<c_void>());
        decoded
    };
    if !take_failures().is_empty() {
        return None;
    }
    decoded.map(|mut text| {
        if text.ends_with('\n') {
            text.pop();
        }
        text
    })
}
