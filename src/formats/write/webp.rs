//! Pixels as a WebP, by GDAL's driver.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use gdal::DriverManager;
use gdal::raster::{Buffer, RasterCreationOptions};
use gdal::vsi::get_vsi_mem_file_bytes_owned;

use super::super::{FormatError, library};

static N_MADE: AtomicU64 = AtomicU64::new(0);

/// A picture of a map: `pixels` are red, green, blue and alpha (not multiplied) of each, row by row; quality 1 to 100.
///
/// # Errors
/// `CannotWrite` where the system's GDAL has no WebP.
pub fn webp(pixels: &[u8], [width, height]: [usize; 2], quality: u8) -> Result<Vec<u8>, FormatError> {
    library::setup();
    // In GDAL's own memory, where nothing else is of this name.
    let path = PathBuf::from(format!("/vsimem/farmzone-picture-{}.webp", N_MADE.fetch_add(1, Ordering::Relaxed)));
    written(&path, pixels, [width, height], quality)
        .map_err(|e| FormatError::CannotWrite { path: "a picture (WebP)".into(), reason: e.to_string() })
}

fn written(path: &Path, pixels: &[u8], [width, height]: [usize; 2], quality: u8) -> gdal::errors::Result<Vec<u8>> {
    let canvas = DriverManager::get_driver_by_name("MEM")?.create_with_band_type::<u8, _>("", width, height, 4)?;
    for (band, channel) in (1..=4).zip(0..) {
        let plane = pixels.iter().skip(channel).step_by(4).copied().collect();
        canvas.rasterband(band)?.write((0, 0), (width, height), &mut Buffer::new((width, height), plane))?;
    }
    let options = RasterCreationOptions::from_iter([format!("QUALITY={quality}")]);
    drop(canvas.create_copy(&DriverManager::get_driver_by_name("WEBP")?, path, &options)?);
    get_vsi_mem_file_bytes_owned(path)
}
