//! Photos that people send: JPEG, PNG and WebP, known by their content; the only user of `img-parts` and `exif`.
//!
//! What a photo says of place and time is read, then everything but the picture is taken out of the file, without touching the
//! picture itself: no EXIF, XMP, IPTC, comments, colour profiles, thumbnails, second pictures, nor anything after the picture's
//! end. Only which side is up stays, where a camera was held otherwise. Invariant: what comes out holds nothing that is not
//! needed to show the picture.

use exif::{In, Tag, Value};
use img_parts::jpeg::{Jpeg, JpegSegment, markers};
use img_parts::png::Png;
use img_parts::webp::WebP;
use img_parts::{Bytes, ImageEXIF};

/// Of a photo's longer side; cameras of today have a third of it.
const MOST_PIXELS_A_SIDE: u32 = 30_000;
/// Of a whole photo: what opens it must not need gigabytes.
const MOST_PIXELS: u64 = 200_000_000;

/// A photo without what it says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Photo {
    pub media_type: &'static str,
    pub width: u32,
    pub height: u32,
    /// The file without metadata.
    pub bytes: Vec<u8>,
    /// As the camera has it, ISO 8601: with an offset where the camera knew its time zone, else local time. None when the camera's
    /// clock was not set.
    pub taken: Option<String>,
    /// Longitude and latitude, degrees, WGS 84.
    pub lonlat: Option<[f64; 2]>,
}

/// Why something is no photo that can be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhotoError {
    #[error("this is no photo: JPEG, PNG and WebP are taken, known by their content and not by their name")]
    NotAPhoto,
    #[error("HEIC is not taken, since few browsers show it: set the camera to “most compatible” (JPEG), or send the photo converted")]
    Heic,
    #[error("the photo is damaged or cut short: send it again")]
    Damaged,
    #[error("the photo has {width} × {height} pixels; at most {MOST_PIXELS_A_SIDE} a side and {MOST_PIXELS} in all are taken")]
    TooManyPixels { width: u32, height: u32 },
}

/// Reads a photo of any origin.
///
/// # Errors
/// `NotAPhoto`, `Heic`, `Damaged`, `TooManyPixels`.
pub fn read(bytes: &[u8]) -> Result<Photo, PhotoError> {
    let (media_type, (width, height), facts, bytes) = match bytes {
        [0xFF, 0xD8, 0xFF, ..] => jpeg(bytes)?,
        [0x89, b'P', b'N', b'G', ..] => png(bytes)?,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => webp(bytes)?,
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => return Err(PhotoError::Heic),
        _ => return Err(PhotoError::NotAPhoto),
    };
    if width == 0 || height == 0 {
        return Err(PhotoError::Damaged);
    }
    if width.max(height) > MOST_PIXELS_A_SIDE || u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(PhotoError::TooManyPixels { width, height });
    }
    Ok(Photo { media_type, width, height, bytes, taken: facts.taken, lonlat: facts.lonlat })
}

type Read = (&'static str, (u32, u32), Facts, Vec<u8>);

fn jpeg(bytes: &[u8]) -> Result<Read, PhotoError> {
    let mut jpeg = Jpeg::from_bytes(Bytes::copy_from_slice(bytes)).map_err(|_| PhotoError::Damaged)?;
    let (width, height) = jpeg.dimensions().ok_or(PhotoError::Damaged)?;
    let facts = jpeg.exif().map(|exif| facts(&exif)).unwrap_or_default();
    let n_scans = jpeg.segments().iter().filter(|segment| segment.has_entropy()).count();
    if n_scans != 1 {
        return Err(PhotoError::Damaged);
    }
    jpeg.segments_mut().retain(is_of_picture);
    for segment in jpeg.segments_mut().iter_mut().filter(|segment| segment.has_entropy()) {
        let mut scans = Vec::with_capacity(bytes.len());
        // The segment's own marker, length and contents stand before what it holds of the picture.
        let head = segment.contents().clone();
        let whole = segment.clone().encoder().bytes();
        let scan = whole.get(head.len() + 4..).ok_or(PhotoError::Damaged)?;
        scans_of(scan, &mut scans).ok_or(PhotoError::Damaged)?;
        *segment = JpegSegment::new_with_entropy(markers::SOS, head, scans.into());
    }
    jpeg.set_exif(facts.upright.map(|side| exif_of_orientation(side).into()));
    Ok(("image/jpeg", (width.into(), height.into()), facts, jpeg.encoder().bytes().to_vec()))
}

/// Tables, frames and scans are; of what programs say, only how colours are coded.
fn is_of_picture(segment: &JpegSegment) -> bool {
    match segment.marker() {
        markers::APP14 => segment.contents().len() == 12 && segment.contents().starts_with(b"Adobe"),
        marker => is_table_or_frame(marker) || marker == markers::SOS,
    }
}

fn is_table_or_frame(marker: u8) -> bool {
    matches!(marker, markers::SOF0..=markers::SOF15 | markers::DQT | markers::DNL | markers::DRI)
}

/// The rest of a picture from its first scan on, with the tables and scans that follow, up to its end; what else stands
/// between or after them is left out. None when it has no end.
fn scans_of(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut at = 0;
    loop {
        let step = bytes.get(at..)?.iter().position(|byte| *byte == markers::P)?;
        out.extend_from_slice(&bytes[at..at + step]);
        at += step;
        match *bytes.get(at + 1)? {
            // A byte 0xFF of the scan itself, and marks within a scan.
            marker @ (0 | markers::RST0..=markers::RST7) => {
                out.extend_from_slice(&[markers::P, marker]);
                at += 2;
            }
            // Fill bytes.
            markers::P => at += 1,
            markers::EOI => {
                out.extend_from_slice(&[markers::P, markers::EOI]);
                return Some(());
            }
            marker => {
                let length = usize::from(u16::from_be_bytes([*bytes.get(at + 2)?, *bytes.get(at + 3)?]));
                let segment = bytes.get(at..at + 2 + length)?;
                if is_table_or_frame(marker) || marker == markers::SOS {
                    out.extend_from_slice(segment);
                }
                at += 2 + length;
            }
        }
    }
}

/// Chunks without which the picture would look otherwise.
const PNG_CHUNKS: [&[u8; 4]; 8] = [b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB"];

fn png(bytes: &[u8]) -> Result<Read, PhotoError> {
    let mut png = Png::from_bytes(Bytes::copy_from_slice(bytes)).map_err(|_| PhotoError::Damaged)?;
    let has = |kind: &[u8; 4]| png.chunk_by_type(*kind).is_some();
    let size = png.dimensions().filter(|_| has(b"IDAT") && has(b"IEND")).ok_or(PhotoError::Damaged)?;
    let facts = png.exif().map(|exif| facts(&exif)).unwrap_or_default();
    png.chunks_mut().retain(|chunk| PNG_CHUNKS.contains(&&chunk.kind()));
    png.set_exif(facts.upright.map(|side| exif_of_orientation(side).into()));
    Ok(("image/png", size, facts, png.encoder().bytes().to_vec()))
}

const WEBP_CHUNKS: [&[u8; 4]; 4] = [b"VP8X", b"VP8 ", b"VP8L", b"ALPH"];
/// In the flags of VP8X: there is a colour profile, there is XMP, the picture moves.
const WEBP_LEFT_OUT: u8 = 0b0010_0110;

fn webp(bytes: &[u8]) -> Result<Read, PhotoError> {
    let mut webp = WebP::from_bytes(Bytes::copy_from_slice(bytes)).map_err(|_| PhotoError::Damaged)?;
    let has = |id: &[u8; 4]| webp.has_chunk(*id);
    let size = webp.dimensions().filter(|_| has(b"VP8 ") || has(b"VP8L")).ok_or(PhotoError::Damaged)?;
    let facts = webp.exif().map(|exif| facts(&exif)).unwrap_or_default();
    webp.chunks_mut().retain(|chunk| WEBP_CHUNKS.contains(&&chunk.id()));
    for chunk in webp.chunks_mut().iter_mut().filter(|chunk| chunk.id() == *b"VP8X") {
        let mut head = chunk.content().data().map(|data| data.to_vec()).unwrap_or_default();
        head.iter_mut().take(1).for_each(|flags| *flags &= !WEBP_LEFT_OUT);
        *chunk = img_parts::riff::RiffChunk::new(*b"VP8X", img_parts::riff::RiffContent::Data(head.into()));
    }
    webp.set_exif(facts.upright.map(|side| exif_of_orientation(side).into()));
    Ok(("image/webp", size, facts, webp.encoder().bytes().to_vec()))
}

/// What a photo says of itself.
#[derive(Debug, Clone, PartialEq, Default)]
struct Facts {
    taken: Option<String>,
    lonlat: Option<[f64; 2]>,
    /// EXIF's number of the side that is up, when the camera was held otherwise: 2 to 8.
    upright: Option<u16>,
}

/// What can be read; what cannot is not known.
fn facts(exif: &[u8]) -> Facts {
    let mut reader = exif::Reader::new();
    reader.continue_on_error(true);
    let exif = match reader.read_raw(exif.to_vec()) {
        Ok(exif) => exif,
        Err(error) => match error.distill_partial_result(|_| {}) {
            Ok(exif) => exif,
            Err(_) => return Facts::default(),
        },
    };
    let orientation = exif.get_field(Tag::Orientation, In::PRIMARY).and_then(|field| field.value.get_uint(0));
    Facts {
        taken: taken(&exif),
        lonlat: lonlat(&exif),
        upright: orientation.filter(|side| (2..=8).contains(side)).and_then(|side| u16::try_from(side).ok()),
    }
}

fn ascii(exif: &exif::Exif, tag: Tag) -> Option<&[u8]> {
    match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Ascii(texts) => texts.first().map(Vec::as_slice),
        _ => None,
    }
}

/// Before this year no camera that knows its time took a photo for us.
const FIRST_YEAR: u16 = 2000;

fn taken(exif: &exif::Exif) -> Option<String> {
    let (text, offset) = [(Tag::DateTimeOriginal, Tag::OffsetTimeOriginal), (Tag::DateTime, Tag::OffsetTime)]
        .into_iter()
        .find_map(|(time, offset)| Some((ascii(exif, time)?, ascii(exif, offset))))?;
    let mut at = exif::DateTime::from_ascii(text).ok()?;
    let month = time::Month::try_from(at.month).ok()?;
    time::Date::from_calendar_date(at.year.into(), month, at.day).ok()?;
    time::Time::from_hms(at.hour, at.minute, at.second).ok()?;
    if at.year < FIRST_YEAR {
        return None;
    }
    let known = offset.is_some_and(|offset| at.parse_offset(offset).is_ok());
    let zone = at.offset.filter(|minutes| known && minutes.abs() <= 14 * 60).map_or(String::new(), |minutes| {
        let (sign, minutes) = if minutes < 0 { ('-', -minutes) } else { ('+', minutes) };
        format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    });
    Some(format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{zone}", at.year, at.month, at.day, at.hour, at.minute, at.second))
}

/// None also for 0, 0, which is what a camera without a fix writes.
fn lonlat(exif: &exif::Exif) -> Option<[f64; 2]> {
    let degrees = |tag: Tag| match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Rational(parts) => {
            let parts = parts.iter().take(3).map(exif::Rational::to_f64).chain([0.0, 0.0]);
            Some(parts.zip([1.0, 60.0, 3600.0]).map(|(part, per_degree)| part / per_degree).sum::<f64>())
        }
        _ => None,
    };
    let is_negative =
        |tag: Tag, letter: u8| ascii(exif, tag).is_some_and(|text| text.first().is_some_and(|c| c.eq_ignore_ascii_case(&letter)));
    let signed = |value: f64, is_negative: bool| if is_negative { -value } else { value };
    let lat = signed(degrees(Tag::GPSLatitude)?, is_negative(Tag::GPSLatitudeRef, b'S'));
    let lon = signed(degrees(Tag::GPSLongitude)?, is_negative(Tag::GPSLongitudeRef, b'W'));
    let on_earth = lon.abs() <= 180.0 && lat.abs() <= 90.0;
    (on_earth && (lon, lat) != (0.0, 0.0)).then_some([lon, lat])
}

/// EXIF that says which side is up and nothing else: TIFF, the highest byte first, one directory of one entry.
fn exif_of_orientation(side: u16) -> Vec<u8> {
    let mut out = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".to_vec();
    out.extend_from_slice(&side.to_be_bytes());
    out.extend_from_slice(&[0; 6]);
    out
}

#[cfg(test)]
mod tests;
