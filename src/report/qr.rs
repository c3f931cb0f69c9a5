//! A QR code as vectors.

use std::fmt::Write;

use qrcodegen::{QrCode, QrCodeEcc, QrSegment};

/// The code of `address` + `id` as SVG, black on nothing, with the quiet zone of four modules; none when it is too long
/// for any code. `id` in capitals and digits takes little room.
pub fn qr_svg(address: &str, id: &str) -> Option<String> {
    let id = if id.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()) {
        QrSegment::make_alphanumeric(id)
    } else {
        QrSegment::make_bytes(id.as_bytes())
    };
    let code = QrCode::encode_segments(&[QrSegment::make_bytes(address.as_bytes()), id], QrCodeEcc::Medium).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            // Writing to a string cannot fail.
            let _ = write!(path, "M{x} {y}h1v1h-1z");
        }
    }
    let size = code.size() + 8;
    Some(format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 -4 {size} {size}"><path d="{path}" shape-rendering="crispEdges"/></svg>"#
    ))
}
