//! Text that was typed with a Vietnamese font of before Unicode (TCVN3, also called ABC, and VNI), or in the code page CP1258, and
//! taken for Western text: found by its syllables, and turned into Unicode.
//!
//! Invariants: text in ASCII, and text that holds any letter that Western code pages lack, stays as it is; a value is converted
//! only when more of its words are Vietnamese afterwards.

use std::ffi::CString;

use super::encoding::Encoding;
use super::syllables;
use crate::model::Issue;

/// Where Windows' Western code page differs from Latin-1: its characters of the bytes 0x80 to 0x9F.
const WESTERN: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–',
    '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// A vowel and the mark after it, as VNI writes them, and what they are. The marks are Western letters; capitals go along.
const VNI: &str = "aø=à aù=á aû=ả aõ=ã aï=ạ aâ=â aà=ầ aá=ấ aå=ẩ aã=ẫ aä=ậ aê=ă aè=ằ aé=ắ aú=ẳ aü=ẵ aë=ặ \
    eø=è eù=é eû=ẻ eõ=ẽ eï=ẹ eâ=ê eà=ề eá=ế eå=ể eã=ễ eä=ệ oø=ò où=ó oû=ỏ oõ=õ oï=ọ oâ=ô oà=ồ oá=ố oå=ổ oã=ỗ oä=ộ \
    ôø=ờ ôù=ớ ôû=ở ôõ=ỡ ôï=ợ uø=ù uù=ú uû=ủ uõ=ũ uï=ụ öø=ừ öù=ứ öû=ử öõ=ữ öï=ự yø=ỳ yù=ý yû=ỷ yõ=ỹ";
/// Letters that VNI writes as one.
const VNI_ALONE: &str = "ì=ì í=í æ=ỉ ó=ĩ ò=ị î=ỵ ñ=đ ô=ơ ö=ư";

/// The bytes of a text in Windows' Western code page; none when it holds a letter that the page lacks, or nothing beyond ASCII.
pub(super) fn western_bytes(text: &str) -> Option<Vec<u8>> {
    if text.is_ascii() {
        return None;
    }
    let byte = |c: char| match u32::from(c) {
        code @ 0..=0xFF => Some(code as u8),
        _ => WESTERN.iter().position(|western| *western == c).map(|at| 0x80 + at as u8),
    };
    text.chars().map(byte).collect()
}

fn western_text(bytes: &[u8]) -> String {
    let character = |byte: u8| if (0x80..0xA0).contains(&byte) { WESTERN[usize::from(byte - 0x80)] } else { char::from(byte) };
    bytes.iter().map(|byte| character(*byte)).collect()
}

/// VNI as Unicode.
pub(super) fn from_vni(bytes: &[u8]) -> String {
    let text: Vec<char> = western_text(bytes).chars().collect();
    let found = |table: &str, what: &str| {
        let pair = table.split(' ').find_map(|pair| pair.split_once('=').filter(|(written, _)| *written == what));
        pair.and_then(|(_, letter)| letter.chars().next())
    };
    let lower = |c: char| c.to_lowercase().next().unwrap_or(c);
    let cased = |letter: char, like: char| if like.is_uppercase() { letter.to_uppercase().next().unwrap_or(letter) } else { letter };
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&c) = text.get(at) {
        let pair = text.get(at + 1).and_then(|&mark| found(VNI, &format!("{}{}", lower(c), lower(mark))));
        let alone = || found(VNI_ALONE, &lower(c).to_string());
        out.push(pair.or_else(alone).map_or(c, |letter| cased(letter, c)));
        at += if pair.is_some() { 2 } else { 1 };
    }
    out
}

/// What a text could have been written in, and how many of its words are Vietnamese then.
pub(super) struct Evidence {
    candidates: Vec<(Encoding, usize)>,
    n_words: usize,
    /// Words that are Vietnamese as they are.
    n_as_is: usize,
    /// One text that shows it.
    example: Option<Vec<u8>>,
}

/// Words on which a verdict may rest.
const FEWEST_WORDS: usize = 2;
/// Of them, those that must be Vietnamese in the right encoding.
const SURE_SHARE: f64 = 0.75;
/// More are not looked at.
const MOST_WORDS: usize = 20_000;

impl Evidence {
    pub(super) fn new() -> Evidence {
        let candidates = ["CP1258", "TCVN3", "VNI"].into_iter().filter_map(Encoding::named).map(|encoding| (encoding, 0)).collect();
        Evidence { candidates, n_words: 0, n_as_is: 0, example: None }
    }

    /// Looks at one value, in bytes of a Western code page.
    pub(super) fn look(&mut self, bytes: &[u8]) {
        if bytes.is_ascii() || self.n_words >= MOST_WORDS {
            return;
        }
        let (n_words, n_as_is) = syllables::counted(&western_text(bytes));
        self.n_words += n_words;
        self.n_as_is += n_as_is;
        let Ok(text) = CString::new(bytes) else { return };
        for (encoding, n) in &mut self.candidates {
            // A mark of VNI stands apart from its letter: counted are words, not marks.
            let (n_then, n_right) = syllables::counted(&encoding.decode(&text));
            *n += n_right.min(n_words);
            if n_right == n_then && n_right > n_as_is && self.example.as_ref().is_none_or(|example| example.len() < bytes.len().min(40)) {
                self.example = Some(bytes.to_vec());
            }
        }
    }

    /// The encoding in which the words are Vietnamese; none when that cannot be said, or they are as they stand. How sure: the
    /// share of the words that are Vietnamese.
    pub(super) fn verdict(&self) -> Option<(Encoding, f64)> {
        let best = self.candidates.iter().rev().max_by_key(|(_, n)| *n)?;
        let share = best.1 as f64 / self.n_words.max(1) as f64;
        let is_sure = self.n_words >= FEWEST_WORDS && share >= SURE_SHARE && best.1 > 2 * self.n_as_is;
        is_sure.then(|| (best.0.clone(), share))
    }

    /// `“Hµ Néi” is “Hà Nội”`.
    pub(super) fn shown(&self, encoding: &Encoding) -> String {
        let Some(bytes) = &self.example else { return String::new() };
        let was: String = western_text(bytes).chars().take(40).collect();
        let is = converted(&was, encoding).unwrap_or_else(|| was.clone());
        format!("“{was}” is “{is}”")
    }
}

/// What is told of text that was converted.
pub(super) fn told(evidence: &Evidence, font: &Encoding, share: f64) -> Issue {
    let message = format!(
        "the text was written in {} and passes for Western text: {}; it was converted, since {:.0} % of its words are Vietnamese then. \
         --encoding UTF-8 takes it as it stands",
        font.name(),
        evidence.shown(font),
        share * 100.0
    );
    Issue::new("text_converted", None, message)
}

/// A value as Unicode; none when it is Unicode already, as far as its syllables tell.
pub(super) fn converted(text: &str, encoding: &Encoding) -> Option<String> {
    let bytes = western_bytes(text)?;
    if encoding.is_utf8() {
        // Other text than this is no UTF-8 by chance.
        return String::from_utf8(bytes).ok();
    }
    let bytes = CString::new(bytes).ok()?;
    let then = encoding.decode(&bytes);
    let ((_, before), (_, after)) = (syllables::counted(text), syllables::counted(&then));
    (after > before).then_some(then)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Hà Nội`, `Đường Lâm`, `Ứng Hòa` in each, as a Western reader shows them.
    const WRITTEN: [(&str, [&str; 3]); 2] =
        [("TCVN3", ["Hµ Néi", "§\u{ad}êng L©m", "øng Hßa"]), ("VNI", ["Haø Noäi", "Ñöôøng Laâm", "ÖÙng Hoøa"])];

    #[test]
    fn fonts_of_before_unicode_become_unicode() {
        let read = |encoding: &str, text: &str| {
            let bytes = CString::new(western_bytes(text).unwrap()).unwrap();
            super::super::encoding::clean(&Encoding::named(encoding).unwrap().decode(&bytes)).unwrap()
        };
        assert_eq!(WRITTEN[0].1.map(|text| read("TCVN3", text)), ["Hà Nội", "Đường Lâm", "ứng Hòa"]);
        assert_eq!(WRITTEN[1].1.map(|text| read("VNI", text)), ["Hà Nội", "Đường Lâm", "Ứng Hòa"]);
        assert_eq!(read("VNI", "XAÕ ÑAÏI THAÏNH, quyù 3, hæ, myõ, khoûe"), "XÃ ĐẠI THẠNH, quý 3, hỉ, mỹ, khỏe");
    }

    #[test]
    fn utf_8_that_was_taken_for_western_is_told_by_its_bytes() {
        let utf_8 = Encoding::named("UTF-8").unwrap();
        assert_eq!(converted("Rau an toÃ\u{a0}n", &utf_8).as_deref(), Some("Rau an toàn"));
        for text in ["Rau an toàn", "Hµ Néi", "Hà Nội", "LUC"] {
            assert_eq!(converted(text, &utf_8), None, "{text}");
        }
    }

    #[test]
    fn the_syllables_tell_in_which_it_was_written() {
        for (name, texts) in [("TCVN3", WRITTEN[0].1), ("VNI", WRITTEN[1].1)] {
            let mut evidence = Evidence::new();
            texts.iter().for_each(|text| evidence.look(&western_bytes(text).unwrap()));
            let (found, share) = evidence.verdict().unwrap();
            assert_eq!((found.name(), share), (name, 1.0));
            assert!(evidence.shown(&found).contains("” is “"));
        }
        let mut evidence = Evidence::new();
        ["xa\u{de} \u{d0}\u{f4}ng", "Ho\u{cc}a Ma\u{ec}c", "Ta\u{f2}n"]
            .iter()
            .for_each(|text| evidence.look(&western_bytes(text).unwrap()));
        assert!(evidence.verdict().is_some_and(|(found, _)| found.name() == "CP1258"));
    }

    #[test]
    fn what_is_right_or_of_another_tongue_stays() {
        for texts in [["Hà Nội", "Đường Lâm"], ["xã Hà", "là má"], ["Zürich Größe", "naïve café"], ["Zone A", "B"]] {
            let mut evidence = Evidence::new();
            texts.iter().filter_map(|text| western_bytes(text)).for_each(|bytes| evidence.look(&bytes));
            assert!(evidence.verdict().is_none(), "{texts:?}");
            for encoding in ["TCVN3", "VNI"] {
                let encoding = Encoding::named(encoding).unwrap();
                assert!(texts.iter().all(|text| converted(text, &encoding).is_none()), "{texts:?}");
            }
        }
        assert!(western_bytes("Nội").is_none(), "a letter that no Western page has");
    }
}
