//! A table without shapes, row by row, and the file in memory that is made of its vertices.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::encoding::Encoding;
use super::super::vertices::{self, Polygons, Row};
use super::super::{FormatError, library};
use super::{Texting, raw, unreadable};
use crate::model::Issue;

/// A table of more rows is no list of vertices that somebody wrote.
const MOST_ROWS: usize = 2_000_000;

/// The rows of a table, with the heading where the file's names are one. Numbers of rows are those of the file.
pub(super) fn rows(layer: &raw::LayerHandle, is_raw: bool, encoding: Option<&Encoding>, driver: &str) -> Vec<Row> {
    let names = layer.columns();
    let texting = Texting::of(encoding.cloned(), is_raw, driver, layer, &|_| true, &mut Vec::new());
    let reading = raw::TextReading::new(layer, &texting, false);
    // What GDAL calls columns of a table without a heading.
    let is_made_up =
        |name: &String| ["Field", "field_"].iter().any(|start| name.strip_prefix(start).is_some_and(|n| n.parse::<u32>().is_ok()));
    let mut rows = Vec::new();
    if !names.iter().all(is_made_up) {
        rows.push((1, names.iter().map(|name| texting.name(name)).collect()));
    }
    layer.restart();
    while rows.len() < MOST_ROWS
        && let Some(feature) = layer.next()
    {
        let cells = (0..names.len()).map(|field| feature.text(field, &reading).unwrap_or_default()).collect();
        rows.push((rows.len() + 1, cells));
    }
    layer.restart();
    library::take_failures();
    rows
}

/// A file of shapes in memory, gone with this.
pub(super) struct Made {
    pub path: PathBuf,
    pub issues: Vec<Issue>,
    /// What GDAL reads: borrowed, for it would give back memory of ours as if it were its own. Let go after the file.
    _bytes: Vec<u8>,
}

impl Made {
    pub fn new(polygons: &Polygons) -> Result<Made, FormatError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let path = PathBuf::from(format!("/vsimem/farmzone-{}-{}.csv", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
        let mut bytes = vertices::as_csv(polygons);
        // The file stays for as long as `Made`, which takes it away.
        let kept = gdal::vsi::create_mem_file_from_ref(&path, &mut bytes).map(std::mem::forget);
        kept.map_err(|error| unreadable(&path, error.to_string()))?;
        Ok(Made { path, issues: polygons.issues.clone(), _bytes: bytes })
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // It takes memory, and nothing else depends on it.
        let _ = gdal::vsi::unlink_mem_file(&self.path);
    }
}
