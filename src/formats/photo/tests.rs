//! Photos are made here, byte by byte, with everything that cameras put into them.

use exif::experimental::Writer;
use exif::{Field, Rational};
use proptest::prelude::*;

use super::*;

/// EXIF of a phone: place, time, maker, the side that is up.
pub(crate) fn exif_of_a_phone(time: &str, lonlat: [f64; 2], side: u16) -> Vec<u8> {
    let field = |tag, value| Field { tag, ifd_num: In::PRIMARY, value };
    let text = |text: &str| Value::Ascii(vec![text.as_bytes().to_vec()]);
    let angle = |degrees: f64| {
        let degrees = degrees.abs();
        let minutes = degrees.fract() * 60.0;
        let seconds = minutes.fract() * 60.0;
        let rational = |num: f64, denom: u32| Rational { num: (num * f64::from(denom)).round() as u32, denom };
        Value::Rational(vec![rational(degrees.trunc(), 1), rational(minutes.trunc(), 1), rational(seconds, 10_000)])
    };
    let fields = [
        field(Tag::Make, text("Nokia của bà Lan")),
        field(Tag::Orientation, Value::Short(vec![side])),
        field(Tag::DateTimeOriginal, text(time)),
        field(Tag::OffsetTimeOriginal, text("+07:00")),
        field(Tag::GPSLatitudeRef, text(if lonlat[1] < 0.0 { "S" } else { "N" })),
        field(Tag::GPSLatitude, angle(lonlat[1])),
        field(Tag::GPSLongitudeRef, text(if lonlat[0] < 0.0 { "W" } else { "E" })),
        field(Tag::GPSLongitude, angle(lonlat[0])),
    ];
    let mut writer = Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut out = std::io::Cursor::new(Vec::new());
    writer.write(&mut out, false).unwrap();
    out.into_inner()
}

fn segment(marker: u8, contents: &[u8]) -> Vec<u8> {
    let length = u16::try_from(contents.len() + 2).unwrap().to_be_bytes();
    [&[0xFF, marker][..], &length, contents].concat()
}

const SCAN: &[u8] = b"\x12\x34\xFF\x00\x56\xFF\xD0\x78";

/// A JPEG of two scans with all that can be told between, before and after them.
pub(crate) fn jpeg_with(exif: &[u8], width: u16, height: u16) -> Vec<u8> {
    let secret = b"SECRET";
    let frame = [&[8][..], &height.to_be_bytes(), &width.to_be_bytes(), &[1, 1, 0x11, 0]].concat();
    [
        &b"\xFF\xD8"[..],
        &segment(0xE0, b"JFIF\0\x01\x02\0\0\x48\0\x48\0\0"),
        &segment(0xE1, &[b"Exif\0\0", exif].concat()),
        &segment(0xE1, &[&b"http://ns.adobe.com/xap/1.0/\0"[..], secret].concat()),
        &segment(0xE2, &[&b"ICC_PROFILE\0\x01\x01"[..], secret].concat()),
        &segment(0xED, secret),
        &segment(0xFE, secret),
        &segment(0xEE, b"Adobe\0\x64\0\0\0\0\x01"),
        &segment(0xDB, &[0; 65]),
        &segment(0xC2, &frame),
        &segment(0xC4, &[0; 17]),
        &segment(0xDA, &[1, 1, 0, 0, 63, 0]),
        SCAN,
        &segment(0xFE, secret),
        &segment(0xE1, secret),
        &segment(0xDA, &[1, 1, 0, 0, 63, 1]),
        SCAN,
        b"\xFF\xD9",
        // A second picture, as phones put one there, with EXIF of its own.
        b"\xFF\xD8",
        &segment(0xE1, &[b"Exif\0\0", exif].concat()),
        secret,
    ]
    .concat()
}

fn phone() -> Vec<u8> {
    exif_of_a_phone("2026:11:20 09:30:05", [105.85, 21.03], 6)
}

fn holds(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

fn png_with(exif: &[u8], width: u32) -> Vec<u8> {
    let head = [&width.to_be_bytes()[..], &2u32.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let chunks: [([u8; 4], &[u8]); 6] = [
        (*b"IHDR", &head),
        (*b"eXIf", exif),
        (*b"tEXt", b"Comment\0SECRET"),
        (*b"tIME", b"\x07\xEA\x0B\x14\0\0\0"),
        (*b"IDAT", b"picture"),
        (*b"IEND", b""),
    ];
    for (kind, contents) in chunks {
        out.extend(img_parts::png::PngChunk::new(kind, Bytes::copy_from_slice(contents)).encoder().bytes());
    }
    [out, b"SECRET".to_vec()].concat()
}

fn webp_with(exif: &[u8]) -> Vec<u8> {
    let mut chunks = Vec::new();
    let parts: [(&[u8; 4], &[u8]); 5] = [
        (b"VP8X", b"\x2C\0\0\0\x3F\0\0\x1F\0\0"),
        (b"ICCP", b"SECRET"),
        (b"VP8 ", b"\x50\x5a\x00\x9d\x01\x2a\x40\x00\x20\x00picture!"),
        (b"EXIF", exif),
        (b"XMP ", b"SECRET"),
    ];
    for (id, data) in parts {
        chunks.extend_from_slice(id);
        chunks.extend((data.len() as u32).to_le_bytes());
        chunks.extend_from_slice(data);
        chunks.extend(std::iter::repeat_n(0, data.len() % 2));
    }
    [&b"RIFF"[..], &(chunks.len() as u32 + 4).to_le_bytes(), b"WEBP", &chunks].concat()
}

#[test]
fn what_a_photo_says_is_read_and_nothing_of_it_is_in_what_comes_out() {
    for (made, media_type, size) in [
        (jpeg_with(&phone(), 64, 32), "image/jpeg", (64, 32)),
        (png_with(&phone(), 64), "image/png", (64, 2)),
        (webp_with(&phone()), "image/webp", (64, 32)),
    ] {
        assert!(holds(&made, b"SECRET") && holds(&made, "bà Lan".as_bytes()));
        let photo = read(&made).unwrap();
        assert_eq!((photo.media_type, (photo.width, photo.height)), (media_type, size));
        assert_eq!(photo.taken.as_deref(), Some("2026-11-20T09:30:05+07:00"));
        let [lon, lat] = photo.lonlat.unwrap();
        assert!((lon - 105.85).abs() < 1e-6 && (lat - 21.03).abs() < 1e-6, "{media_type}: {lon} {lat}");
        assert!(!holds(&photo.bytes, b"SECRET") && !holds(&photo.bytes, b"Lan") && !holds(&photo.bytes, b"2026:"), "{media_type}");
        let again = read(&photo.bytes).unwrap();
        assert_eq!((again.taken, again.lonlat, (again.width, again.height)), (None, None, size), "{media_type}");
        assert_eq!(again.bytes, photo.bytes, "{media_type}: the side that is up stays, and nothing else is left to take out");
        assert!(holds(&photo.bytes, &exif_of_orientation(6)), "{media_type}");
    }
}

#[test]
fn the_picture_itself_stays_to_the_last_bit() {
    let photo = read(&jpeg_with(&phone(), 64, 32)).unwrap();
    let second = segment(0xDA, &[1, 1, 0, 0, 63, 1]);
    let end = [&segment(0xDA, &[1, 1, 0, 0, 63, 0])[..], SCAN, &second, SCAN, b"\xFF\xD9"].concat();
    assert!(photo.bytes.ends_with(&end) && holds(&photo.bytes, b"Adobe"));
    assert!(holds(&read(&png_with(&phone(), 64)).unwrap().bytes, b"IDATpicture"));
    assert!(holds(&read(&webp_with(&phone())).unwrap().bytes, b"picture!"));
    let plain = read(&jpeg_with(&exif_of_a_phone("2026:11:20 09:30:05", [105.85, 21.03], 1), 64, 32)).unwrap();
    assert!(!holds(&plain.bytes, b"Exif"), "who held the camera upright needs none");
}

#[test]
fn a_clock_that_was_not_set_and_a_place_without_a_fix_say_nothing() {
    for (time, lonlat) in [("1970:01:01 00:00:00", [0.0, 0.0]), ("0000:00:00 00:00:00", [0.0, 0.0]), ("2026:13:41 25:61:61", [200.0, 21.0])]
    {
        let photo = read(&jpeg_with(&exif_of_a_phone(time, lonlat, 1), 4, 4)).unwrap();
        assert_eq!((photo.taken, photo.lonlat), (None, None), "{time}");
    }
    let south_west = read(&jpeg_with(&exif_of_a_phone("2026:11:20 09:30:05", [-70.5, -33.25], 1), 4, 4)).unwrap();
    assert_eq!(south_west.lonlat, Some([-70.5, -33.25]));
}

#[test]
fn what_is_no_photo_is_refused_whatever_it_is_called() {
    for (bytes, why) in [
        (&b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"[..], PhotoError::NotAPhoto),
        (b"<!doctype html><script>alert(1)</script>", PhotoError::NotAPhoto),
        (b"GIF89a", PhotoError::NotAPhoto),
        (b"%PDF-1.7", PhotoError::NotAPhoto),
        (b"", PhotoError::NotAPhoto),
        (b"\0\0\0\x18ftypheic\0\0\0\0", PhotoError::Heic),
        (b"\xFF\xD8\xFF<script>alert(1)</script>", PhotoError::Damaged),
        (b"\x89PNG\r\n\x1a\n", PhotoError::Damaged),
        (b"RIFF\x04\0\0\0WEBP", PhotoError::Damaged),
    ] {
        assert_eq!(read(bytes), Err(why), "{}", String::from_utf8_lossy(bytes));
    }
    let whole = jpeg_with(&phone(), 4, 4);
    let at = whole.windows(2).rposition(|two| two == b"\xFF\xD9").unwrap();
    assert_eq!(read(&whole[..at]), Err(PhotoError::Damaged), "cut short");
    assert_eq!(read(&jpeg_with(&phone(), 40_000, 2)), Err(PhotoError::TooManyPixels { width: 40_000, height: 2 }));
    assert_eq!(read(&png_with(&phone(), 4_000_000_000)), Err(PhotoError::TooManyPixels { width: 4_000_000_000, height: 2 }));
    assert_eq!(read(&jpeg_with(&phone(), 0, 2)), Err(PhotoError::Damaged));
}

proptest! {
    #[test]
    fn no_bytes_are_too_strange(at in 0usize..2_000, byte: u8, cut in 0usize..2_000, which in 0usize..3) {
        let mut made = match which {
            0 => jpeg_with(&phone(), 64, 32),
            1 => png_with(&phone(), 64),
            _ => webp_with(&phone()),
        };
        let at = at % made.len();
        made[at] = byte;
        if cut % 3 == 0 {
            made.truncate(cut);
        }
        if let Ok(photo) = read(&made) {
            prop_assert!(read(&photo.bytes).is_ok_and(|again| again.lonlat.is_none() && again.taken.is_none()));
        }
    }
}
