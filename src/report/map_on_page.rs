//! A map as a template sets it: the drawing, and beside it every text at its place.

use serde::Serialize;

use super::drawing::{Label, Map};
use super::paper::{Frame, Tick};
use super::words::{Lang, Said};

#[derive(Debug, Serialize)]
pub(super) struct MapOnPage {
    title: Said,
    scale: Said,
    svg: String,
    alt: String,
    width_mm: f64,
    height_mm: f64,
    eastings: Vec<(f64, String)>,
    northings: Vec<(f64, String)>,
    longitudes: Vec<(f64, String)>,
    latitudes: Vec<(f64, String)>,
    labels: Vec<(f64, f64, String, bool)>,
    bar_mm: f64,
    bar_words: [String; 3],
}

pub(super) fn map_on_page(map: &Map, lang: Lang) -> MapOnPage {
    let Frame { scale, width_mm, height_mm, .. } = map.frame;
    let (svg, n_left_out) = map.svg();
    let [eastings, northings] = map.frame.grid();
    let [longitudes, latitudes] = map.frame.degrees(&map.corners);
    // Written whole: a grid line is on whole metres wherever a map is of use.
    let metres = |ticks: Vec<Tick>| ticks.into_iter().map(|t| (t.at_mm, lang.number(t.value, 0))).collect();
    let degrees = |ticks: Vec<Tick>, side: &str| ticks.into_iter().map(|t| (t.at_mm, degrees_text(t.value, side))).collect();
    let bar_m = map.frame.bar_m();
    let bar = |m: f64| {
        if bar_m >= 2_000.0 { lang.number(m / 1000.0, usize::from(m % 1000.0 != 0.0)) } else { lang.number(m, usize::from(m % 1.0 != 0.0)) }
    };
    let unit = if bar_m >= 2_000.0 { "km" } else { "m" };
    let scale_text = |l: Lang| {
        let left_out = match (n_left_out, l) {
            (0, _) => String::new(),
            (n, Lang::En) => format!(" · {} smaller shapes are not drawn", l.number(n as f64, 0)),
            (n, _) => format!(" · không vẽ {} hình nhỏ hơn", l.number(n as f64, 0)),
        };
        format!("{} 1 : {}{left_out}", l.pick("Tỷ lệ", "Scale"), l.number(f64::from(scale), 0))
    };
    let label = |l: &Label| {
        let [x, y] = map.frame.on_paper(l.at);
        (x, y, l.text.clone(), l.is_subject)
    };
    MapOnPage {
        title: lang.text(&map.title),
        scale: lang.with(scale_text),
        svg,
        alt: lang.pick(&map.alt.vi, &map.alt.en).to_owned(),
        width_mm,
        height_mm,
        eastings: metres(eastings),
        northings: metres(northings),
        longitudes: degrees(longitudes, "E"),
        latitudes: degrees(latitudes, "N"),
        labels: map.labels.iter().map(label).collect(),
        bar_mm: bar_m * 1000.0 / f64::from(scale),
        bar_words: ["0".to_owned(), bar(bar_m / 2.0), format!("{} {unit}", bar(bar_m))],
    }
}

/// `105°46'30"E`.
fn degrees_text(value: f64, side: &str) -> String {
    // In tenths of a second, so that nothing is written as 60 seconds.
    let tenths = (value.abs() * 36_000.0).round() as u64;
    let (degrees, minutes, seconds, tenth) = (tenths / 36_000, tenths / 600 % 60, tenths / 10 % 60, tenths % 10);
    let tenth = if tenth == 0 { String::new() } else { format!(".{tenth}") };
    format!("{degrees}°{minutes:02}'{seconds:02}{tenth}\"{side}")
}
