//! One map on one sheet of paper, to be printed: true to scale, with its legend and where it comes from.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::drawing::{Map, Swatch, swatch_svg};
use super::map_on_page::{MapOnPage, map_on_page};
use super::qr::qr_svg;
use super::words::{Lang, Said, Word};
use crate::model::{EpsgCode, NotAWord, Revision, Text, words};

/// A longer address makes a code whose modules are too small for a phone.
const MOST_QR_BYTES: usize = 500;
/// Letters of where a layer comes from.
const MOST_SOURCE: usize = 160;

words! {
    /// The size of the sheet.
    Paper, "one of a4, a3" {
        A4 = "a4",
        A3 = "a3",
    }
}

words! {
    /// How the sheet is held.
    Orientation, "one of landscape, portrait" {
        Landscape = "landscape",
        Portrait = "portrait",
    }
}

impl Paper {
    /// Of the sheet that the map takes, mm; what is left beside or below it is for the legend.
    pub fn map_mm(self, orientation: Orientation) -> [f64; 2] {
        match (self, orientation) {
            (Paper::A4, Orientation::Portrait) => [174.0, 178.0],
            (Paper::A4, Orientation::Landscape) => [198.0, 148.0],
            (Paper::A3, Orientation::Portrait) => [261.0, 290.0],
            (Paper::A3, Orientation::Landscape) => [316.0, 235.0],
        }
    }

    /// Columns of the legend where it stands below the map.
    fn n_columns(self) -> usize {
        match self {
            Paper::A4 => 4,
            Paper::A3 => 6,
        }
    }
}

/// Everything that a printed map says.
#[derive(Debug, Clone)]
pub struct Print {
    pub title: String,
    /// What the map of the whole is called.
    pub subtitle: Text,
    pub paper: Paper,
    pub orientation: Orientation,
    pub map: Map,
    pub legend: Vec<Swatch>,
    /// What a filter leaves on the map; none without one.
    pub only: Option<Text>,
    pub crs: EpsgCode,
    pub crs_name: String,
    pub sources: Vec<PrintSource>,
    /// Under what terms the data may be used, where somebody says so.
    pub licence: Option<String>,
    /// Where the same view is on the screen.
    pub address: String,
    pub revision: Revision,
    pub made: OffsetDateTime,
    pub simulated: bool,
}

/// Where a layer that is shown comes from.
#[derive(Debug, Clone)]
pub struct PrintSource {
    pub layer: Text,
    pub source: String,
}

/// What the template sets.
#[derive(Debug, Serialize)]
pub(super) struct PrintPage {
    lang: &'static str,
    title: String,
    subtitle: Said,
    paper: &'static str,
    is_landscape: bool,
    n_columns: usize,
    simulated: Option<Said>,
    map: MapOnPage,
    legend: Vec<(String, Said)>,
    legend_title: Said,
    facts: Vec<[Said; 2]>,
    qr: Option<String>,
    qr_words: Said,
    address: String,
    foot: Said,
}

impl Print {
    /// What is printed, in a language; each value is text.
    pub(super) fn page(&self, lang: Lang) -> PrintPage {
        let [width_mm, height_mm] = [self.map.frame.width_mm, self.map.frame.height_mm].map(|mm| lang.number(mm, 0));
        let mut facts: Vec<[Said; 2]> = Vec::new();
        let mut tell = |word: Word, value: Said| facts.push([lang.say(word), value]);
        if let Some(only) = &self.only {
            tell(Word("Chỉ hiện", "Only"), lang.text(only));
        }
        tell(Word("Hệ tọa độ", "Coordinates"), format!("{} ({}), WGS 84", self.crs_name, self.crs).into());
        for PrintSource { layer, source } in &self.sources {
            facts.push([lang.text(layer), source.chars().take(MOST_SOURCE).collect::<String>().into()]);
        }
        let mut tell = |word: Word, value: Said| facts.push([lang.say(word), value]);
        let licence = self.licence.clone().map(Said::One);
        tell(Word("Giấy phép", "Licence"), licence.unwrap_or_else(|| lang.say(Word("chưa nêu", "none is stated"))));
        let foot = |l: Lang| {
            format!(
                "{} {} · {} {} · {} {width_mm} × {height_mm} mm",
                l.pick("Phiên bản dữ liệu", "Data revision"),
                self.revision,
                l.pick("lập", "made"),
                l.moment(self.made),
                l.pick(
                    "In ở 100 %, không thu cho vừa trang, thì tỷ lệ đúng; khung bản đồ",
                    "Printed at 100 %, not fitted to the page, the scale is true; the map’s frame is"
                ),
            )
        };
        PrintPage {
            lang: lang.code(),
            title: self.title.clone(),
            subtitle: lang.text(&self.subtitle),
            paper: self.paper.as_str(),
            is_landscape: self.orientation == Orientation::Landscape,
            n_columns: self.paper.n_columns(),
            simulated: self.simulated.then(|| lang.say(Word("DỮ LIỆU MÔ PHỎNG – KHÔNG PHẢI ĐẤT CÓ THẬT", "SIMULATED DATA – NO REAL LAND"))),
            map: map_on_page(&self.map, lang),
            legend: self.legend.iter().map(|s| (swatch_svg(&s.paint), lang.text(&s.text))).collect(),
            legend_title: lang.say(Word("Chú giải", "Legend")),
            facts,
            qr: Some(&self.address).filter(|address| address.len() <= MOST_QR_BYTES).and_then(|address| qr_svg(address, "")),
            qr_words: lang.say(Word("Mở bản đồ này", "Open this map")),
            address: self.address.clone(),
            foot: lang.with(foot),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use typst::layout::{Frame as Laid, FrameItem};

    use super::super::typeset::{laid_out_print, print_pdf};
    use super::super::{Color, Corners, Drawn, Frame, Label, Paint};
    use super::*;
    use crate::model::{Coord, MultiPolygon, Polygon, Ring};

    const NAME: &str = "Vùng #panic(\"x\") *đậm* $x$ <b>";
    const BORDER: [u8; 3] = [11, 79, 60];

    fn text(vi: &str, en: &str) -> Text {
        Text { vi: vi.to_owned(), en: en.to_owned() }
    }

    /// A print of a square that is as wide as the frame but for a tenth on each side.
    fn print(paper: Paper, orientation: Orientation, n_swatches: usize) -> (Print, f64) {
        let frame = Frame::at([588_350.0, 2_326_400.0], 10_000, paper.map_mm(orientation));
        let side_m = 0.8 * (frame.bounds[2] - frame.bounds[0]);
        let at = |x: f64, y: f64| Coord { x: 588_350.0 + x * side_m / 2.0, y: 2_326_400.0 + y * side_m / 2.0 };
        let ring = Ring::new(vec![at(-1.0, -1.0), at(1.0, -1.0), at(1.0, 1.0), at(-1.0, 1.0), at(-1.0, -1.0)]);
        let paint = Paint { fill: None, ink: BORDER, hatch: None, line_mm: 0.5, is_dashed: false };
        let map = Map {
            title: text("Năm 2024", "Year 2024"),
            frame,
            corners: Corners([[105.85, 21.02], [105.866, 21.02], [105.85, 21.0285], [105.866, 21.0285]]),
            shapes: vec![Drawn { shape: MultiPolygon::new(vec![Polygon::new(ring, Vec::new())]).into(), paint: paint.clone() }],
            labels: Vec::new(),
            alt: text("Bản đồ", "Map"),
        };
        let swatch = |i: usize| Swatch { paint: paint.clone(), text: text(&format!("Loại đất {i}"), &format!("Class {i}")) };
        let print = Print {
            title: NAME.to_owned(),
            subtitle: text("Hà Nội", "Hanoi"),
            paper,
            orientation,
            map,
            legend: (0..n_swatches).map(swatch).collect(),
            only: Some(text("Lúa", "Rice")),
            crs: EpsgCode(5897),
            crs_name: "VN-2000 / TM-3 105-00".to_owned(),
            sources: vec![PrintSource { layer: text("Vùng", "Zones"), source: NAME.to_owned() }],
            licence: Some("CC BY 4.0".to_owned()),
            address: "https://map.example.vn/#map=11/21.03/105.85&kind=rice".to_owned(),
            revision: 7,
            made: OffsetDateTime::UNIX_EPOCH,
            simulated: true,
        };
        (print, side_m)
    }

    /// Every size of paper, and how it is held.
    fn sheets() -> impl Iterator<Item = (Paper, Orientation)> {
        Paper::ALL.iter().flat_map(|paper| Orientation::ALL.iter().map(|orientation| (*paper, *orientation)))
    }

    /// The largest picture of a page, as it lies there: its size and the words around it.
    fn look(frame: &Laid, largest: &mut [f64; 2], words: &mut String) {
        for (_, item) in frame.items() {
            match item {
                FrameItem::Group(group) => {
                    let (sx, sy) = (group.transform.sx.get(), group.transform.sy.get());
                    assert!(sx.abs() < 1e-9 || (sx, sy) == (1.0, 1.0), "nothing scales what is inside: {sx} {sy}");
                    look(&group.frame, largest, words);
                }
                FrameItem::Image(_, size, _) if size.x.to_mm() > largest[0] => *largest = [size.x.to_mm(), size.y.to_mm()],
                FrameItem::Text(text) => *words += text.text.as_str(),
                _ => {}
            }
        }
    }

    #[test]
    fn a_sheet_is_one_page_and_what_is_drawn_on_it_is_as_long_as_the_scale_says() {
        for (paper, orientation) in sheets() {
            let (print, side_m) = print(paper, orientation, 12);
            let document = laid_out_print(&print, Lang::Vi).unwrap();
            assert_eq!(document.pages().len(), 1, "{paper} {orientation}");
            let page = &document.pages()[0].frame;
            let long_mm = if paper == Paper::A4 { 297.0 } else { 420.0 };
            let across_mm = if orientation == Orientation::Landscape { page.width() } else { page.height() }.to_mm();
            assert!((across_mm - long_mm).abs() < 0.1, "{across_mm}");
            let (mut drawn, mut words) = ([0.0; 2], String::new());
            look(page, &mut drawn, &mut words);
            let frame_mm = paper.map_mm(orientation);
            assert!((drawn[0] - frame_mm[0]).abs() < 0.01 && (drawn[1] - frame_mm[1]).abs() < 0.01, "{drawn:?}");
            // From the ground, through the drawing, to the paper.
            let svg = print.map.svg().0;
            let path = svg.split("<path ").find(|path| path.contains("stroke=\"#0b4f3c\"")).unwrap();
            let corners: Vec<f64> = path
                .trim_start_matches("d=\"M")
                .split('"')
                .next()
                .unwrap()
                .split(['L', ' ', 'z'])
                .filter(|number| !number.is_empty())
                .map(|number| number.parse().unwrap())
                .collect();
            let wide = corners.iter().step_by(2).copied().fold(0.0, f64::max) - corners.iter().step_by(2).copied().fold(1e9, f64::min);
            let on_paper_mm = wide * drawn[0] / frame_mm[0];
            let true_mm = side_m * 1000.0 / 10_000.0;
            assert!((on_paper_mm - true_mm).abs() <= 0.2, "{on_paper_mm} mm for {true_mm} mm");
            assert!((on_paper_mm - true_mm).abs() <= 0.02, "no printer is as good: {on_paper_mm} mm for {true_mm} mm");
        }
    }

    /// The widest and highest of what a PDF strokes in a colour, mm, as its own operators put it on the paper.
    fn stroked_mm(pdf: &[u8], ink: Color) -> [f64; 2] {
        let wanted = ink.map(|part| f64::from(part) / 255.0);
        let mut largest = [0.0_f64; 2];
        let starts = pdf.windows(7).enumerate().filter(|(_, bytes)| bytes == b"stream\n" || bytes == b"stream\r");
        for (start, _) in starts {
            let packed = &pdf[start + 6..];
            let packed = &packed[packed.iter().position(|byte| !b"\r\n".contains(byte)).unwrap_or(0)..];
            let mut content = Vec::new();
            // What is no packed stream (or ends one) has nothing for us.
            if flate2::read::ZlibDecoder::new(packed).read_to_end(&mut content).is_err() {
                continue;
            }
            // Texts are in parentheses, where a backslash takes what follows for a letter; names and arrays stand close.
            let (mut plain, mut depth, mut is_taken) = (String::new(), 0, false);
            for byte in content {
                match byte {
                    _ if is_taken => is_taken = false,
                    b'\\' => is_taken = true,
                    b'(' => depth += 1,
                    b')' => depth -= 1,
                    _ if depth > 0 => {}
                    b'/' | b'<' | b'[' => plain.extend([' ', char::from(byte)]),
                    _ => plain.push(char::from(byte)),
                }
            }
            let (mut on_paper, mut kept) = ([1.0, 0.0, 0.0, 1.0, 0.0, 0.0], Vec::new());
            let (mut numbers, mut corners, mut stroke): (Vec<f64>, Vec<[f64; 2]>, Vec<f64>) = Default::default();
            for word in plain.split_ascii_whitespace() {
                if let Ok(number) = word.parse::<f64>() {
                    numbers.push(number);
                    continue;
                }
                match (word, numbers.as_slice()) {
                    ("q", _) => kept.push(on_paper),
                    ("Q", _) => on_paper = kept.pop().unwrap_or(on_paper),
                    ("cm", &[a, b, c, d, e, f]) => {
                        let [p, q, r, s, t, u] = on_paper;
                        on_paper = [a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u];
                    }
                    ("m" | "l", &[x, y]) => {
                        let [a, b, c, d, e, f] = on_paper;
                        corners.push([x * a + y * c + e, x * b + y * d + f]);
                    }
                    ("SCN", rgb) => stroke = rgb.to_vec(),
                    ("S" | "s" | "B" | "B*" | "f" | "f*" | "n", _) => {
                        let is_wanted = stroke.len() == 3 && stroke.iter().zip(wanted).all(|(is, wanted)| (is - wanted).abs() < 0.002);
                        if is_wanted && ["S", "s", "B", "B*"].contains(&word) {
                            for side in [0, 1] {
                                let at = corners.iter().map(|corner| corner[side]);
                                let length_pt = at.clone().fold(f64::MIN, f64::max) - at.fold(f64::MAX, f64::min);
                                largest[side] = largest[side].max(length_pt * 25.4 / 72.0);
                            }
                        }
                        corners.clear();
                    }
                    _ => {}
                }
                numbers.clear();
            }
        }
        largest
    }

    #[test]
    fn what_is_drawn_in_the_file_itself_is_as_long_as_the_scale_says_to_a_fifth_of_a_millimetre() {
        for (paper, orientation) in sheets() {
            let (print, side_m) = print(paper, orientation, 3);
            let pdf = print_pdf(&print, Lang::En).unwrap();
            let drawn = stroked_mm(&pdf, BORDER);
            // What the frame cuts off is cut off when it is shown: the path is whole.
            let true_mm = side_m * 1000.0 / 10_000.0;
            for side_mm in drawn {
                assert!((side_mm - true_mm).abs() <= 0.2, "{paper} {orientation}: {drawn:?} mm for {true_mm} mm");
            }
        }
    }

    #[test]
    fn a_sheet_says_all_of_it_in_each_language_and_reads_no_name_as_markup() {
        for (lang, said) in [
            (Lang::Vi, ["1 : 10.000", "Chú giải", "Loại đất 3", "Giấy phép", "DỮ LIỆU MÔ PHỎNG", "Phiên bản dữ liệu 7", "Hà Nội", "Lúa"]),
            (Lang::En, ["1 : 10,000", "Legend", "Class 3", "Licence", "SIMULATED DATA", "Data revision 7", "Hanoi", "Rice"]),
        ] {
            let (print, _) = print(Paper::A4, Orientation::Landscape, 6);
            let document = laid_out_print(&print, lang).unwrap();
            let mut words = String::new();
            document.pages().iter().for_each(|page| look(&page.frame, &mut [0.0; 2], &mut words));
            for said in said.iter().chain(&["CC BY 4.0", "EPSG:5897", "VN-2000"]) {
                assert!(words.contains(said), "{said}: {words}");
            }
            assert_eq!(words.matches("#panic(\"x\") *đậm* $x$ <b>").count(), 2, "the title and the source: {words}");
            assert!(print_pdf(&print, lang).unwrap().starts_with(b"%PDF"));
        }
    }

    #[test]
    fn a_legend_that_is_too_long_goes_on_on_the_next_page_and_the_map_stays_as_large() {
        for (paper, orientation) in sheets() {
            let (print, _) = print(paper, orientation, 200);
            let document = laid_out_print(&print, Lang::En).unwrap();
            let (mut drawn, mut words) = ([0.0; 2], String::new());
            document.pages().iter().for_each(|page| look(&page.frame, &mut drawn, &mut words));
            assert!(document.pages().len() > 1 && words.contains("Class 199"));
            assert!((drawn[0] - paper.map_mm(orientation)[0]).abs() < 0.01);
        }
    }

    #[test]
    fn an_address_that_no_phone_could_read_has_no_code() {
        let (print, _) = print(Paper::A4, Orientation::Portrait, 1);
        assert!(print.page(Lang::Vi).qr.is_some());
        let long = Print { address: format!("https://map.example.vn/#{}", "x".repeat(2_000)), ..print };
        assert!(long.page(Lang::Vi).qr.is_none());
        assert!(print_pdf(&long, Lang::Vi).is_ok());
    }

    #[test]
    fn a_picture_has_its_words_in_it_as_words_and_its_parts_as_large_as_they_are() {
        let (mut print, _) = print(Paper::A4, Orientation::Portrait, 5);
        print.map.labels = vec![Label { at: Coord { x: 588_350.0, y: 2_326_400.0 }, text: format!("{NAME}\u{1}"), is_subject: false }];
        for (lang, said) in [(Lang::Vi, ["DỮ LIỆU MÔ PHỎNG", "Loại đất 4"]), (Lang::En, ["SIMULATED DATA", "Class 4"])] {
            let picture = print.picture(lang);
            assert!(said.iter().all(|said| picture.contains(said)), "{picture}");
            assert!(picture.contains("&lt;b&gt;</text>") && !picture.contains("<b>") && !picture.contains('\u{1}'), "{picture}");
            // Within a drawing a millimetre is the unit; named, it would be one of the screen.
            assert_eq!(picture.matches("mm\"").count(), 2, "the picture's own width and height: {picture}");
        }
    }
}
