//! Figures in sentences, in the two languages of the screen.

use crate::model::Text;

/// A text in both languages.
pub(super) fn say(vi: impl Into<String>, en: impl Into<String>) -> Text {
    Text { vi: vi.into(), en: en.into() }
}

/// A figure with thousands apart: `1.234,5` in Vietnamese, `1,234.5` in English.
pub fn number(value: f64, decimals: usize) -> Text {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let minus = if value < 0.0 && text.contains(|c: char| ('1'..='9').contains(&c)) { "−" } else { "" };
    let join = |thousands: char, point: char| {
        let mut out = minus.to_owned();
        for (i, digit) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i) % 3 == 0 {
                out.push(thousands);
            }
            out.push(digit);
        }
        if !rest.is_empty() {
            out.push(point);
            out.push_str(rest);
        }
        out
    };
    Text { vi: join('.', ','), en: join(',', '.') }
}

/// An area: hectares from one hectare on, else m².
pub fn hectares(area_m2: f64) -> Text {
    let (value, decimals, unit) = if area_m2 >= 10_000.0 { (area_m2 / 10_000.0, 2, "ha") } else { (area_m2, 0, "m²") };
    let Text { vi, en } = number(value, decimals);
    Text { vi: format!("{vi} {unit}"), en: format!("{en} {unit}") }
}

/// A share as per cent, one decimal.
pub(super) fn percent(share: f64) -> Text {
    let Text { vi, en } = number(share * 100.0, 1);
    Text { vi: format!("{vi} %"), en: format!("{en} %") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_the_signs_of_their_language() {
        assert_eq!(number(1_234_567.85, 1), say("1.234.567,9", "1,234,567.9"));
        assert_eq!(number(-0.04, 1), say("0,0", "0.0"));
        assert_eq!(hectares(12_345.0), say("1,23 ha", "1.23 ha"));
        assert_eq!(hectares(9_999.4), say("9.999 m²", "9,999 m²"));
        assert_eq!(percent(0.9505), say("95,0 %", "95.0 %"));
    }
}
