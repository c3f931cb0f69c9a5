//! Layers, fields and shapes as GDAL hands them over, taken out in bulk. The unsafe code of reading is here.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::marker::PhantomData;
use std::path::Path;
use std::ptr::{null, null_mut};

use gdal::Dataset;
use gdal_sys::{self as sys, OGRFieldType, OGRwkbGeometryType as Wkb};

use super::super::encoding::{self, Encoding};
use super::super::{cad, fonts, library};
use crate::model::{Coord, Polygon, Ring};

/// A GeoPackage in WAL mode that nobody has unfinished work in. Opened as usual, SQLite would make
/// files beside it and take them away again: reading must leave no trace.
pub(super) fn is_idle_database(path: &Path) -> bool {
    let is_wal = first_bytes(path, 20).is_some_and(|head| head.starts_with(b"SQLite format 3\0") && head.get(18..20) == Some(&[2, 2]));
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    is_wal && first_bytes(Path::new(&log), 1).is_none_or(|bytes| bytes.is_empty())
}

/// A layer, alive as long as its dataset.
pub(super) struct LayerHandle<'d> {
    handle: sys::OGRLayerH,
    dataset: PhantomData<&'d Dataset>,
}

/// A file, also one inside an archive.
pub(super) fn exists(path: &Path) -> bool {
    first_bytes(path, 1).is_some()
}

/// The first bytes of a file, at most `n`, also of one inside an archive.
pub(super) fn first_bytes(path: &Path, n: usize) -> Option<Vec<u8>> {
    let path = CString::new(path.to_str()?).ok()?;
    let mut bytes = vec![0_u8; n];
    // SAFETY: a NUL-terminated path; the buffer holds `n` bytes; the file is closed once.
    let read = unsafe {
        let file = sys::VSIFOpenL(path.as_ptr(), c"rb".as_ptr());
        if file.is_null() {
            library::take_failures();
            return None;
        }
        let read = sys::VSIFReadL(bytes.as_mut_ptr().cast::<c_void>(), 1, n, file);
        sys::VSIFCloseL(file);
        read
    };
    bytes.truncate(read);
    Some(bytes)
}

// SAFETY of the calls below: `handle` is a layer of a dataset that outlives `self`; pointers that GDAL
// returns are copied from before it is called again; out-pointers point to locals.
impl<'d> LayerHandle<'d> {
    pub(super) fn of(dataset: &'d Dataset, index: usize) -> Option<Self> {
        let handle = unsafe { sys::GDALDatasetGetLayer(dataset.c_dataset(), c_int::try_from(index).ok()?) };
        (!handle.is_null()).then_some(LayerHandle { handle, dataset: PhantomData })
    }

    pub(super) fn name(&self) -> String {
        library::text(unsafe { sys::OGR_L_GetName(self.handle) }).unwrap_or_default()
    }

    pub(super) fn has_shapes(&self) -> bool {
        unsafe { sys::OGR_L_GetGeomType(self.handle) != Wkb::wkbNone }
    }

    fn definition(&self) -> sys::OGRFeatureDefnH {
        unsafe { sys::OGR_L_GetLayerDefn(self.handle) }
    }

    fn fields(&self) -> Vec<(CString, OGRFieldType::Type)> {
        let definition = self.definition();
        let n = unsafe { sys::OGR_FD_GetFieldCount(definition) };
        (0..n)
            .map(|i| unsafe {
                let field = sys::OGR_FD_GetFieldDefn(definition, i);
                let name = sys::OGR_Fld_GetNameRef(field);
                let name = if name.is_null() { CString::default() } else { CStr::from_ptr(name).to_owned() };
                (name, sys::OGR_Fld_GetType(field))
            })
            .collect()
    }

    pub(super) fn columns(&self) -> Vec<String> {
        self.fields().into_iter().map(|(name, _)| name.to_string_lossy().into_owned()).collect()
    }

    /// Name of the column that holds the feature id; empty when there is none.
    pub(super) fn fid_column(&self) -> String {
        library::text(unsafe { sys::OGR_L_GetFIDColumn(self.handle) }).unwrap_or_default()
    }

    /// WKT of the CRS, and whether data axes are mapped crosswise to its axes.
    pub(super) fn crs(&self) -> Option<(String, bool)> {
        unsafe {
            let srs = sys::OGR_L_GetSpatialRef(self.handle);
            if srs.is_null() {
                return None;
            }
            let mut pointer: *mut c_char = null_mut();
            let options = [c"FORMAT=WKT2_2019".as_ptr(), null()];
            sys::OSRExportToWktEx(srs, &mut pointer, options.as_ptr());
            let wkt = library::text(pointer);
            sys::VSIFree(pointer.cast::<c_void>());
            let mut n: c_int = 0;
            let mapping = sys::OSRGetDataAxisToSRSAxisMapping(srs, &mut n);
            let is_crosswise = n >= 2 && !mapping.is_null() && *mapping == 2 && *mapping.add(1) == 1;
            library::take_failures();
            wkt.filter(|w| !w.is_empty()).map(|wkt| (wkt, is_crosswise))
        }
    }

    /// Number of features, when the format knows it without reading them.
    pub(super) fn quick_count(&self) -> Option<u64> {
        let count = unsafe {
            if sys::OGR_L_TestCapability(self.handle, c"FastFeatureCount".as_ptr()) == 0 {
                return None;
            }
            sys::OGR_L_GetFeatureCount(self.handle, 1)
        };
        library::take_failures();
        u64::try_from(count).ok()
    }

    /// Attributes that nobody asked for are not even decoded.
    pub(super) fn ignore_fields_but(&self, is_used: impl Fn(usize) -> bool) {
        let names: Vec<CString> = self.fields().into_iter().enumerate().filter(|(i, _)| !is_used(*i)).map(|(_, (name, _))| name).collect();
        let mut pointers: Vec<*const c_char> = names.iter().map(|n| n.as_ptr()).collect();
        pointers.push(null());
        unsafe { sys::OGR_L_SetIgnoredFields(self.handle, pointers.as_mut_ptr()) };
        library::take_failures();
    }

    /// Whether there is no feature; reads one when the format does not know it without.
    pub(super) fn is_empty(&self) -> bool {
        let is_empty = self.quick_count().map_or_else(|| self.next().is_none(), |n| n == 0);
        self.restart();
        library::take_failures();
        is_empty
    }

    pub(super) fn restart(&self) {
        unsafe { sys::OGR_L_ResetReading(self.handle) };
    }

    /// Shows the bytes of every text of the given fields, in at most so many features.
    pub(super) fn each_text(&self, is_used: impl Fn(usize) -> bool, most_features: usize, mut look: impl FnMut(&[u8])) {
        let fields = self.fields();
        let is_text = |i: &usize| is_used(*i) && fields[*i].1 == OGRFieldType::OFTString;
        let texts: Vec<usize> = (0..fields.len()).filter(is_text).collect();
        if !texts.is_empty() {
            self.restart();
            let mut n_left = most_features;
            while n_left > 0
                && let Some(feature) = self.next()
            {
                texts.iter().filter_map(|field| feature.bytes(*field)).for_each(|bytes| look(bytes.to_bytes()));
                n_left -= 1;
            }
            self.restart();
        }
        library::take_failures();
    }

    /// The next feature; none at the end or when reading failed (`library::take_failures` tells).
    pub(super) fn next(&self) -> Option<FeatureHandle<'_>> {
        let handle = unsafe { sys::OGR_L_GetNextFeature(self.handle) };
        (!handle.is_null()).then_some(FeatureHandle { handle, layer: PhantomData })
    }
}

pub(super) struct FeatureHandle<'l> {
    handle: sys::OGRFeatureH,
    layer: PhantomData<&'l ()>,
}

impl Drop for FeatureHandle<'_> {
    fn drop(&mut self) {
        // SAFETY: owned, destroyed once.
        unsafe { sys::OGR_F_Destroy(self.handle) };
    }
}

// SAFETY of the calls below: as for `LayerHandle`.
impl FeatureHandle<'_> {
    pub(super) fn fid(&self) -> i64 {
        unsafe { sys::OGR_F_GetFID(self.handle) }
    }

    fn bytes(&self, field: usize) -> Option<&CStr> {
        let field = c_int::try_from(field).ok()?;
        unsafe {
            if sys::OGR_F_IsFieldSetAndNotNull(self.handle, field) == 0 {
                return None;
            }
            let pointer = sys::OGR_F_GetFieldAsString(self.handle, field);
            (!pointer.is_null()).then(|| CStr::from_ptr(pointer))
        }
    }

    /// A field as text: composed, trimmed, dates as RFC 3339 writes them; none for NULL and blank.
    pub(super) fn text(&self, field: usize, reading: &TextReading) -> Option<String> {
        match reading.kinds.get(field) {
            Some(&OGRFieldType::OFTDate | &OGRFieldType::OFTDateTime) => self.date(field),
            Some(&OGRFieldType::OFTString) => {
                let bytes = self.bytes(field)?;
                let decoded;
                let is_claimed = |text: &str| reading.encoding.is_of_a_font() && !text.is_ascii();
                let text = match std::str::from_utf8(bytes.to_bytes()) {
                    Ok(text) if !reading.is_raw || reading.encoding.is_utf8() || is_claimed(text) => match reading.of_font(text) {
                        Some(converted) => {
                            decoded = converted;
                            &decoded
                        }
                        None => text,
                    },
                    _ => {
                        decoded = reading.decode(bytes);
                        &decoded
                    }
                };
                if reading.is_escaped { encoding::clean(&cad::unescaped(text)) } else { encoding::clean(text) }
            }
            Some(&OGRFieldType::OFTReal) => self.real(field),
            _ => encoding::clean(&self.bytes(field)?.to_string_lossy()),
        }
    }

    /// The shortest text of a number; a DBF's would carry fifteen zeros.
    fn real(&self, field: usize) -> Option<String> {
        let at = c_int::try_from(field).ok()?;
        let number = unsafe {
            if sys::OGR_F_IsFieldSetAndNotNull(self.handle, at) == 0 {
                return None;
            }
            sys::OGR_F_GetFieldAsDouble(self.handle, at)
        };
        number.is_finite().then(|| number.to_string())
    }

    fn date(&self, field: usize) -> Option<String> {
        let at = c_int::try_from(field).ok()?;
        let [mut year, mut month, mut day, mut hour, mut minute, mut zone] = [0; 6];
        let mut second = 0.0_f32;
        let known = unsafe {
            sys::OGR_F_IsFieldSetAndNotNull(self.handle, at) != 0
                && sys::OGR_F_GetFieldAsDateTimeEx(
                    self.handle,
                    at,
                    &mut year,
                    &mut month,
                    &mut day,
                    &mut hour,
                    &mut minute,
                    &mut second,
                    &mut zone,
                ) != 0
        };
        if !known {
            return None;
        }
        let date = format!("{year:04}-{month:02}-{day:02}");
        if hour == 0 && minute == 0 && second == 0.0 {
            return Some(date);
        }
        // GDAL: 100 is UTC, each step a quarter of an hour; 0 and 1 say nothing of the zone.
        let zone = match zone {
            100 => "Z".to_owned(),
            z if z > 1 => {
                let minutes = (z - 100) * 15;
                format!("{}{:02}:{:02}", if minutes < 0 { '-' } else { '+' }, minutes.abs() / 60, minutes.abs() % 60)
            }
            _ => String::new(),
        };
        Some(format!("{date}T{hour:02}:{minute:02}:{:02}{zone}", second.clamp(0.0, 60.0) as u32))
    }

    /// Whether the shape is a single point, as that of a drawing's text is.
    pub(super) fn is_point(&self) -> bool {
        let geometry = unsafe { sys::OGR_F_GetGeometryRef(self.handle) };
        !geometry.is_null() && flat(unsafe { sys::OGR_G_GetGeometryType(geometry) }) == Wkb::wkbPoint
    }

    /// The parts of the shape; none when the feature has no shape at all.
    pub(super) fn parts(&self) -> Option<Parts> {
        let geometry = unsafe { sys::OGR_F_GetGeometryRef(self.handle) };
        if geometry.is_null() {
            return None;
        }
        let mut parts = Parts::default();
        unsafe { parts.take(geometry, 0) };
        Some(parts)
    }
}

/// How the bytes of text fields are read.
pub(super) struct TextReading {
    pub kinds: Vec<OGRFieldType::Type>,
    pub encoding: Encoding,
    /// The bytes are the file's own, whatever they look like.
    pub is_raw: bool,
    /// Letters beyond ASCII may be written as `\\U+XXXX` (DXF).
    pub is_escaped: bool,
    /// What bytes that are not UTF-8 are taken for when the encoding says UTF-8.
    pub fallback: Encoding,
    /// What text that claims to be Unicode was typed in.
    pub font: Option<Encoding>,
    /// Set when the fallback was needed.
    pub fell_back: std::cell::Cell<bool>,
}

impl TextReading {
    pub(super) fn new(layer: &LayerHandle, texts: &super::Texting, is_escaped: bool) -> Self {
        let kinds = layer.fields().into_iter().map(|(_, kind)| kind).collect();
        let super::Texting { encoding, is_raw, fallback, font } = texts.clone();
        TextReading { kinds, encoding, is_raw, is_escaped, fallback, font, fell_back: std::cell::Cell::new(false) }
    }

    fn of_font(&self, text: &str) -> Option<String> {
        self.font.as_ref().and_then(|font| fonts::converted(text, font))
    }

    fn decode(&self, bytes: &CStr) -> String {
        if !self.encoding.is_utf8() {
            return self.encoding.decode(bytes);
        }
        if encoding::is_utf8_maybe_cut(bytes.to_bytes()) {
            return encoding::utf8(bytes.to_bytes());
        }
        self.fell_back.set(true);
        self.fallback.decode(bytes)
    }
}

/// A shape taken apart; curves as lines, heights and measures left out.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub polygons: Vec<Polygon>,
    pub lines: Vec<Ring>,
    pub points: Vec<Coord>,
    /// Rings whose last point was not the first; they are closed now.
    pub n_unclosed: usize,
}

impl Parts {
    pub(super) fn is_empty(&self) -> bool {
        self.polygons.is_empty() && self.lines.is_empty() && self.points.is_empty()
    }

    pub(super) fn n_vertices(&self) -> usize {
        let of = |p: &Polygon| p.exterior().0.len() + p.interiors().iter().map(|r| r.0.len()).sum::<usize>();
        self.polygons.iter().map(of).sum::<usize>() + self.lines.iter().map(|l| l.0.len()).sum::<usize>() + self.points.len()
    }

    /// # Safety
    /// `geometry` is alive and not changed during the call.
    unsafe fn take(&mut self, geometry: sys::OGRGeometryH, depth: usize) {
        // Deeper nesting than any format allows is an attack, not a shape.
        if geometry.is_null() || depth > 64 {
            return;
        }
        unsafe {
            match flat(sys::OGR_G_GetGeometryType(geometry)) {
                Wkb::wkbPoint => self.points.extend(coords(geometry)),
                Wkb::wkbLineString | Wkb::wkbLinearRing => {
                    let line = coords(geometry);
                    if !line.is_empty() {
                        self.lines.push(Ring::new(line));
                    }
                }
                Wkb::wkbPolygon | Wkb::wkbTriangle => {
                    let n = sys::OGR_G_GetGeometryCount(geometry);
                    let mut rings = Vec::with_capacity(n.max(0) as usize);
                    for i in 0..n {
                        let ring = coords(sys::OGR_G_GetGeometryRef(geometry, i));
                        // `Polygon::new` closes rings; a person should still know.
                        self.n_unclosed += usize::from(ring.first() != ring.last());
                        rings.push(Ring::new(ring));
                    }
                    let mut rings = rings.into_iter();
                    if let Some(shell) = rings.next().filter(|r| !r.0.is_empty()) {
                        self.polygons.push(Polygon::new(shell, rings.collect()));
                    }
                }
                Wkb::wkbCircularString | Wkb::wkbCompoundCurve | Wkb::wkbCurvePolygon | Wkb::wkbMultiCurve | Wkb::wkbMultiSurface => {
                    let lines = sys::OGR_G_GetLinearGeometry(geometry, 0.0, null_mut());
                    if !lines.is_null() && sys::OGR_GT_IsNonLinear(sys::OGR_G_GetGeometryType(lines)) == 0 {
                        self.take(lines, depth + 1);
                    }
                    sys::OGR_G_DestroyGeometry(lines);
                }
                // Multi-geometries, collections, TIN and polyhedral surfaces.
                _ => {
                    for i in 0..sys::OGR_G_GetGeometryCount(geometry) {
                        self.take(sys::OGR_G_GetGeometryRef(geometry, i), depth + 1);
                    }
                }
            }
        }
    }
}

fn flat(kind: Wkb::Type) -> Wkb::Type {
    // SAFETY: arithmetic on the number of a geometry type.
    unsafe { sys::OGR_GT_Flatten(kind) }
}

/// # Safety
/// `line` is a live point, line or ring, or null.
unsafe fn coords(line: sys::OGRGeometryH) -> Vec<Coord> {
    if line.is_null() {
        return Vec::new();
    }
    unsafe {
        let Ok(n) = usize::try_from(sys::OGR_G_GetPointCount(line)) else { return Vec::new() };
        let mut coords = vec![Coord { x: f64::NAN, y: f64::NAN }; n];
        if n == 0 || sys::OGR_G_IsEmpty(line) != 0 {
            return Vec::new();
        }
        let base = coords.as_mut_ptr();
        let stride = size_of::<Coord>() as c_int;
        sys::OGR_G_GetPoints(
            line,
            (&raw mut (*base).x).cast::<c_void>(),
            stride,
            (&raw mut (*base).y).cast::<c_void>(),
            stride,
            null_mut(),
            0,
        );
        coords
    }
}
