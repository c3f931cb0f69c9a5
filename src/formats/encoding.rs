//! Bytes of an attribute as text: UTF-8 where they are, else the encoding that was named or assumed;
//! always composed (NFC) and trimmed.

use std::ffi::{CStr, CString};

use unicode_normalization::{UnicodeNormalization, is_nfc_quick};

use super::{fonts, library};

/// What bytes that are not UTF-8 are taken for when nobody says: Windows' Vietnamese code page.
pub(super) const ASSUMED: &str = "CP1258";

/// An encoding that iconv knows, or VNI, which it does not.
#[derive(Debug, Clone)]
pub(super) struct Encoding {
    name: CString,
}

const VNI: &CStr = c"VNI";
/// What iconv calls TCVN 5712.
const TCVN: &CStr = c"TCVN";

impl Encoding {
    /// None when the name is not known. `TCVN3` (the ABC fonts' bytes) is TCVN 5712.
    pub(super) fn named(name: &str) -> Option<Encoding> {
        let upper = name.trim().to_uppercase();
        let name = match upper.as_str() {
            "TCVN3" | "TCVN" | "TCVN5712" | "ABC" => "TCVN".to_owned(),
            "VNI" | "VNI-WINDOWS" | "VNI WINDOWS" => return Some(Encoding { name: VNI.to_owned() }),
            "WINDOWS-1258" | "1258" => "CP1258".to_owned(),
            "UTF8" => "UTF-8".to_owned(),
            "LATIN1" => "ISO-8859-1".to_owned(),
            _ => upper,
        };
        let is_word = !name.is_empty() && name.len() < 40 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_:.".contains(&b));
        let encoding = Encoding { name: CString::new(name).ok().filter(|_| is_word)? };
        // GDAL hands bytes in an encoding that it does not know back as they are: one above ASCII shows it.
        let is_known = encoding.is_utf8() || !library::recode(c"a\xe1", &encoding.name)?.contains('\u{fffd}');
        is_known.then_some(encoding)
    }

    /// Every byte is a letter: the last resort.
    pub(super) fn latin1() -> Encoding {
        Encoding { name: c"ISO-8859-1".to_owned() }
    }

    pub(super) fn is_utf8(&self) -> bool {
        self.name.as_c_str() == c"UTF-8"
    }

    /// As people call it.
    pub(super) fn name(&self) -> &str {
        if self.name.as_c_str() == TCVN { "TCVN3" } else { self.name.to_str().unwrap_or_default() }
    }

    /// Whether it is that of a font of before Unicode: text in it may claim to be in a Western code page, or in Unicode.
    pub(super) fn is_of_a_font(&self) -> bool {
        [VNI, TCVN].contains(&self.name.as_c_str())
    }

    /// Bytes that do not fit the encoding are read as Latin-1, so that nothing is lost.
    pub(super) fn decode(&self, bytes: &CStr) -> String {
        if self.name.as_c_str() == VNI {
            return fonts::from_vni(bytes.to_bytes());
        }
        library::recode(bytes, &self.name).unwrap_or_else(|| bytes.to_bytes().iter().map(|b| char::from(*b)).collect())
    }
}

/// Composed, without surrounding space; none when nothing is left.
pub(super) fn clean(text: &str) -> Option<String> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0' || c == '\u{feff}');
    if text.is_empty() {
        return None;
    }
    if text.is_ascii() || is_nfc_quick(text.chars()) == unicode_normalization::IsNormalized::Yes {
        return Some(text.to_owned());
    }
    Some(text.nfc().collect())
}

/// Whether bytes are UTF-8, but for a last letter that a field of fixed width has cut.
pub(super) fn is_utf8_maybe_cut(bytes: &[u8]) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(e) => e.error_len().is_none(),
    }
}

/// UTF-8 bytes as text; a cut last letter goes, other faults show as �.
pub(super) fn utf8(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(e) if e.error_len().is_none() => String::from_utf8_lossy(&bytes[..e.valid_up_to()]).into_owned(),
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vietnamese_code_pages_become_composed_text() {
        // "Hòa" as CP1258 writes it: o with a combining grave.
        let cp1258 = Encoding::named("windows-1258").unwrap();
        assert_eq!(clean(&cp1258.decode(c"Ho\xcca ")).as_deref(), Some("Hòa"));
        let tcvn = Encoding::named("TCVN3").unwrap();
        assert_eq!(clean(&tcvn.decode(c"\xd8nh")).as_deref().map(|t| t.chars().count()), Some(3));
        assert!(Encoding::named("nonsense-17").is_none() && Encoding::named("").is_none() && Encoding::named("a b").is_none());
    }

    #[test]
    fn a_cut_letter_is_still_utf8_and_a_foreign_byte_is_not() {
        assert!(is_utf8_maybe_cut("Ứng Hòa".as_bytes()));
        assert!(is_utf8_maybe_cut(&"Ứng Hò".as_bytes()[..8]));
        assert!(!is_utf8_maybe_cut(b"Ho\xcca"));
        assert_eq!(utf8(&"Hò".as_bytes()[..2]), "H");
    }

    #[test]
    fn text_is_trimmed_and_composed() {
        assert_eq!(clean(" Ho\u{0300}a\0\0").as_deref(), Some("Hòa"));
        assert_eq!(clean(" \t "), None);
    }
}
