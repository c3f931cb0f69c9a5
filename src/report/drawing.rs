//! A map as SVG: shapes in millimetres of paper. Only numbers and colours of ours enter it; texts are set beside it.

use std::fmt::Write;

use super::paper::{Corners, Frame};
use crate::model::{Coord, MultiPolygon, Ring, Text};

/// How far a drawn vertex may be from the true one, millimetres of paper: finer than any printer's dot.
pub const DRAWN_TO_MM: f64 = 0.01;
/// Shapes smaller than this are not seen, mm².
const LEAST_MM2: f64 = 0.02;
/// Shapes that one map draws; of more, the largest.
const MOST_SHAPES: usize = 20_000;

/// `#rrggbb`.
pub type Color = [u8; 3];

/// Lines over a surface, so that it is told apart without colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hatch {
    /// From lower left to upper right.
    Rising,
    Falling,
    Crossed,
    Level,
    Upright,
}

/// How a surface looks.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
pub struct Paint {
    pub fill: Option<Color>,
    /// Of the hatch, and of the line around.
    pub ink: Color,
    pub hatch: Option<Hatch>,
    /// Width of the line around, mm; 0 for none.
    pub line_mm: f64,
    pub is_dashed: bool,
}

/// What lies somewhere: land, or lines.
#[derive(Debug, Clone)]
pub enum Form {
    Land(MultiPolygon),
    /// As wide as their paint's line, whatever the scale.
    Lines(Vec<Ring>),
}

impl From<MultiPolygon> for Form {
    fn from(land: MultiPolygon) -> Form {
        Form::Land(land)
    }
}

/// A shape with its looks. Those that come first lie below.
#[derive(Debug, Clone)]
pub struct Drawn {
    pub shape: Form,
    pub paint: Paint,
}

/// A text on the map, its middle at a place.
#[derive(Debug, Clone)]
pub struct Label {
    pub at: Coord,
    pub text: String,
    /// What is meant, before its surroundings.
    pub is_subject: bool,
}

/// A map that is ready to be drawn.
#[derive(Debug, Clone)]
pub struct Map {
    pub title: Text,
    pub frame: Frame,
    pub corners: Corners,
    pub shapes: Vec<Drawn>,
    pub labels: Vec<Label>,
    /// What a reader who does not see it should know.
    pub alt: Text,
}

/// A line of the legend.
#[derive(Debug, Clone)]
pub struct Swatch {
    pub paint: Paint,
    pub text: Text,
}

fn hex([r, g, b]: Color) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

impl Map {
    /// The map, and how many shapes were too many to be drawn.
    pub fn svg(&self) -> (String, usize) {
        self.svg_to(DRAWN_TO_MM)
    }

    /// The same, drawn so finely.
    pub(super) fn svg_to(&self, drawn_to_mm: f64) -> (String, usize) {
        let (width, height) = (self.frame.width_mm, self.frame.height_mm);
        let mut svg = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm" viewBox="0 0 {width} {height}"><clipPath id="f"><path d="M0 0H{width}V{height}H0z"/></clipPath>"#
        );
        svg += &hatches(self.shapes.iter().map(|s| &s.paint));
        svg += r#"<g clip-path="url(#f)" stroke-linejoin="round">"#;
        let (drawn, n_left_out) = self.seen();
        for shape in drawn {
            draw(&mut svg, &path(&self.frame, &shape.shape, drawn_to_mm), &shape.paint);
        }
        svg += "</g>";
        svg += &self.crosses();
        svg += "</svg>";
        (svg, n_left_out)
    }

    /// What can be seen of the shapes, in their order.
    fn seen(&self) -> (Vec<&Drawn>, usize) {
        let sizes = self.shapes.iter().enumerate().map(|(i, drawn)| (i, self.size_mm2(drawn)));
        let mut seen: Vec<(usize, f64)> = sizes.filter(|(_, mm2)| *mm2 >= LEAST_MM2).collect();
        let n_left_out = seen.len().saturating_sub(MOST_SHAPES);
        if n_left_out > 0 {
            seen.sort_by(|a, b| b.1.total_cmp(&a.1));
            seen.truncate(MOST_SHAPES);
            seen.sort_unstable_by_key(|(i, _)| *i);
        }
        (seen.into_iter().map(|(i, _)| &self.shapes[i]).collect(), n_left_out)
    }

    /// Of paper that a shape covers.
    fn size_mm2(&self, drawn: &Drawn) -> f64 {
        match &drawn.shape {
            Form::Land(land) => crate::geom::area_m2(land) / self.frame.m2_per_mm2(),
            Form::Lines(lines) => {
                let length_m: f64 = lines.iter().flat_map(|line| line.lines()).map(|run| run.dx().hypot(run.dy())).sum();
                length_m * 1000.0 / f64::from(self.frame.scale) * drawn.paint.line_mm
            }
        }
    }

    /// Small crosses where lines of the grid meet.
    fn crosses(&self) -> String {
        let [eastings, northings] = self.frame.grid();
        let mut path = String::new();
        for x in &eastings {
            for y in &northings {
                let (x, y) = (x.at_mm, self.frame.height_mm - y.at_mm);
                let _ = write!(path, "M{:.3} {y:.3}h3M{x:.3} {:.3}v3", x - 1.5, y - 1.5);
            }
        }
        format!(r##"<path d="{path}" fill="none" stroke="#1f2a24" stroke-width="0.15" clip-path="url(#f)"/>"##)
    }
}

/// A swatch of a legend, 8 by 4.5 mm.
pub fn swatch_svg(paint: &Paint) -> String {
    let mut svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="8mm" height="4.5mm" viewBox="0 0 8 4.5">"#.to_owned();
    svg += &hatches(std::iter::once(paint));
    draw(&mut svg, "M.4 .4H7.6V4.1H.4z", paint);
    svg + "</svg>"
}

/// The patterns that some paints need, each once.
fn hatches<'a>(paints: impl Iterator<Item = &'a Paint>) -> String {
    let mut needed: Vec<(Hatch, Color)> = paints.filter_map(|p| Some((p.hatch?, p.ink))).collect();
    needed.sort_unstable();
    needed.dedup();
    let pattern = |(hatch, ink): &(Hatch, Color)| {
        let lines = match hatch {
            Hatch::Rising => "M-.4 .4L.4 -.4M0 1.6L1.6 0M1.2 2L2 1.2",
            Hatch::Falling => "M-.4 1.2L.4 2M0 0L1.6 1.6M1.2 -.4L2 .4",
            Hatch::Level => "M0 .4H1.6M0 1.2H1.6",
            Hatch::Upright => "M.4 0V1.6M1.2 0V1.6",
            Hatch::Crossed => "M-.4 .4L.4 -.4M0 1.6L1.6 0M1.2 2L2 1.2M-.4 1.2L.4 2M0 0L1.6 1.6M1.2 -.4L2 .4",
        };
        let (name, ink) = (pattern_name(*hatch, *ink), hex(*ink));
        format!(
            r#"<pattern id="{name}" width="1.6" height="1.6" patternUnits="userSpaceOnUse"><path d="{lines}" fill="none" stroke="{ink}" stroke-width=".28"/></pattern>"#
        )
    };
    needed.iter().map(pattern).collect()
}

fn pattern_name(hatch: Hatch, [r, g, b]: Color) -> String {
    format!("h{}{r:02x}{g:02x}{b:02x}", hatch as u8)
}

fn draw(svg: &mut String, path: &str, paint: &Paint) {
    if path.is_empty() {
        return;
    }
    let mut surface = |fill: &str, more: &str| {
        let _ = write!(svg, r#"<path d="{path}" fill="{fill}" fill-rule="evenodd"{more}/>"#);
    };
    let fill = paint.fill.map(hex);
    if let (Some(fill), true) = (&fill, paint.hatch.is_some() || paint.line_mm == 0.0) {
        surface(fill, "");
    }
    let line = if paint.line_mm > 0.0 {
        let dashes = if paint.is_dashed { r#" stroke-dasharray="1.6 .9""# } else { "" };
        format!(r#" stroke="{}" stroke-width="{}"{dashes}"#, hex(paint.ink), paint.line_mm)
    } else {
        String::new()
    };
    match (paint.hatch, fill) {
        (Some(hatch), _) => surface(&format!("url(#{})", pattern_name(hatch, paint.ink)), &line),
        (None, Some(fill)) if paint.line_mm > 0.0 => surface(&fill, &line),
        (None, None) if paint.line_mm > 0.0 => surface("none", &line),
        _ => {}
    }
}

/// Rings or lines on paper. A vertex is left out where it lies as near to the one before as `drawn_to_mm`.
fn path(frame: &Frame, shape: &Form, drawn_to_mm: f64) -> String {
    let mut path = String::new();
    match shape {
        Form::Land(land) => {
            for polygon in &land.0 {
                for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
                    let n_open = ring.0.len().saturating_sub(1);
                    if run_path(&mut path, frame, &ring.0[..n_open], drawn_to_mm) {
                        path.push('z');
                    }
                }
            }
        }
        Form::Lines(lines) => lines.iter().for_each(|line| {
            run_path(&mut path, frame, &line.0, drawn_to_mm);
        }),
    }
    path
}

/// Whether there was anything to draw.
fn run_path(path: &mut String, frame: &Frame, run: &[Coord], drawn_to_mm: f64) -> bool {
    let decimals = if drawn_to_mm < 0.1 { 3 } else { 2 };
    let mut last: Option<[f64; 2]> = None;
    for at in run {
        let here = frame.on_paper(*at);
        let is_near = |[x, y]: [f64; 2]| (x - here[0]).hypot(y - here[1]) < drawn_to_mm;
        if last.is_some_and(is_near) {
            continue;
        }
        let _ = write!(path, "{}{:.decimals$} {:.decimals$}", if last.is_none() { 'M' } else { 'L' }, here[0], here[1]);
        last = Some(here);
    }
    last.is_some()
}
