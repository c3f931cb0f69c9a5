//! One map as a picture for a screen that cannot draw maps itself: the drawing of a sheet with its words in it, as SVG.
//!
//! Texts of the data are escaped where they enter. Millimetres are those of CSS, 96 pixels to an inch.

use std::fmt::Write;

use super::drawing::{Label, swatch_svg};
use super::print::Print;
use super::words::Lang;

/// Of a line of the legend, and of a line of words, mm.
const LINE_MM: f64 = 5.6;
/// A column of the legend is at least as wide.
const COLUMN_MM: f64 = 62.0;
const MARGIN_MM: f64 = 2.0;
/// Of a letter of the legend, on an average.
const LETTER_MM: f64 = 1.6;
/// Finer is not seen on a screen, whose pixels are a quarter of a millimetre.
const DRAWN_TO_MM: f64 = 0.1;
const INK: &str = "#1f2a24";

/// Text for XML; what XML 1.0 cannot hold at all is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

/// A text that is no longer than there is room.
fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// A drawing within a drawing, where a millimetre is the unit and needs no name.
fn inside(svg: &str) -> String {
    svg.replacen("mm\"", "\"", 2)
}

// Writing to a string cannot fail, so the results of `write!` are dropped.
impl Print {
    /// How much larger than on paper the letters on the map are.
    pub const LETTERS_OF_PICTURE: f64 = 1.5;

    /// The map with its names, scale bar, legend, and that it is simulated where it is. Sources, terms and filters are
    /// words of the page around.
    pub fn picture(&self, lang: Lang) -> String {
        let frame = self.map.frame;
        let (width, map_height) = (frame.width_mm, frame.height_mm);
        let n_columns = ((width - 2.0 * MARGIN_MM) / COLUMN_MM).floor().max(1.0) as usize;
        let n_lines = self.legend.len().div_ceil(n_columns);
        let height = map_height + 2.0 * MARGIN_MM + LINE_MM * (n_lines as f64 + 1.0);
        let alt = escaped(lang.pick(&self.map.alt.vi, &self.map.alt.en));
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}mm\" height=\"{height}mm\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
             font-family=\"'Be Vietnam Pro', system-ui, sans-serif\" font-size=\"3\"><title>{alt}</title><path d=\"M0 0H{width}V{height}H0z\" fill=\"#fff\"/>"
        );
        out += &inside(&self.map.svg_to(DRAWN_TO_MM).0);
        let _ = write!(
            out,
            "<g text-anchor=\"middle\" fill=\"{INK}\" stroke=\"#fff\" stroke-width=\".8\" stroke-linejoin=\"round\" paint-order=\"stroke\">"
        );
        for Label { at, text, is_subject } in &self.map.labels {
            let [x, y] = frame.on_paper(*at);
            let weight = if *is_subject { " font-weight=\"600\"" } else { "" };
            let _ = write!(out, "<text x=\"{x:.2}\" y=\"{:.2}\"{weight}>{}</text>", y + 1.0, escaped(text));
        }
        out += "</g>";
        if self.simulated {
            let mark = lang.pick("DỮ LIỆU MÔ PHỎNG", "SIMULATED DATA");
            let _ = write!(
                out,
                "<text x=\"{MARGIN_MM}\" y=\"6\" fill=\"#8a1c1c\" font-weight=\"600\" stroke=\"#fff\" stroke-width=\"1.2\" paint-order=\"stroke\">{mark}</text>"
            );
        }
        let mut y = map_height + MARGIN_MM;
        let (bar_m, bar_mm) = (frame.bar_m(), frame.bar_m() * 1000.0 / f64::from(frame.scale));
        let (low, mid) = (y + 3.6, y + 1.8);
        let _ = write!(
            out,
            "<path d=\"M{MARGIN_MM} {mid:.2}V{low:.2}h{bar_mm:.3}V{mid:.2}\" fill=\"none\" stroke=\"{INK}\" stroke-width=\".4\"/><text x=\"{:.2}\" y=\"{low:.2}\" fill=\"{INK}\">{}</text>",
            MARGIN_MM + bar_mm + 2.0,
            if bar_m >= 1000.0 { format!("{} km", lang.number(bar_m / 1000.0, 0)) } else { format!("{} m", lang.number(bar_m, 0)) },
        );
        y += LINE_MM;
        let column_mm = (width - 2.0 * MARGIN_MM) / n_columns as f64;
        for (i, swatch) in self.legend.iter().enumerate() {
            let x = MARGIN_MM + column_mm * (i / n_lines) as f64;
            let y = y + LINE_MM * (i % n_lines) as f64;
            let paint = inside(&swatch_svg(&swatch.paint)).replacen("<svg ", &format!("<svg x=\"{x:.2}\" y=\"{y:.2}\" "), 1);
            let text = shortened(lang.pick(&swatch.text.vi, &swatch.text.en), ((column_mm - 12.0) / LETTER_MM) as usize);
            let _ = write!(out, "{paint}<text x=\"{:.2}\" y=\"{:.2}\" fill=\"{INK}\">{}</text>", x + 10.0, y + 3.4, escaped(&text));
        }
        out += "</svg>\n";
        out
    }
}
