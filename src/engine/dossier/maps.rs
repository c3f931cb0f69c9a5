//! The maps of a dossier: what lies where in each epoch, in the colours of the print style. Printed maps (`engine::print`) are
//! made of the same parts.

use std::collections::BTreeMap;

use super::gather::{Gathered, Ground};
use crate::engine::figures::right_name;
use crate::engine::rulebook::tiles_text;
use crate::engine::{EngineError, Snapshot};
use crate::geom;
use crate::model::{AlertStatus, Coord, Epoch, Event, Group, MultiPolygon, Right, Text};
use crate::report::{Color, Corners, Drawn, Frame, Hatch, Label, Map, Paint, Swatch};
use crate::tile::Theme;

/// Of the paper that a map takes, mm: two on a page, one alone.
const PAPER_OF_TWO: [f64; 2] = [162.0, 94.0];
const PAPER_OF_ONE: [f64; 2] = [162.0, 130.0];
/// The largest scales: a house is seen with the fields around it.
const LARGEST_SCALE_OF_ZONE: u32 = 500;
const LARGEST_SCALE_OF_EVENT: u32 = 1_000;
/// An event is shown with so much land around it, times its own size.
const AROUND_EVENT: f64 = 2.6;
/// A surface that is smaller gets no label, mm².
pub(in crate::engine) const LABELLED_FROM_MM2: f64 = 45.0;
const MOST_CODE_LABELS: usize = 60;
const MOST_EVENT_LABELS: usize = 60;
const MOST_PART_LABELS: usize = 30;
/// Middles of two labels are at least so far apart, mm.
const APART_MM: [f64; 2] = [8.0, 3.2];

pub(in crate::engine) const SUBJECT: Paint = Paint { fill: None, ink: [11, 79, 60], hatch: None, line_mm: 0.7, is_dashed: false };
/// An event that officers found to be no loss.
const REJECTED: Paint = Paint { fill: None, ink: [28, 78, 160], hatch: None, line_mm: 0.6, is_dashed: true };
const NEIGHBOUR: Paint = Paint { fill: None, ink: [62, 74, 68], hatch: None, line_mm: 0.3, is_dashed: true };
/// The line between two land uses, and what a class without a colour is painted with.
const QUIET: Color = [150, 146, 134];
const NO_COLOR: &str = "#dcd8cf";

/// How an event is drawn, by what it rests on: red means loss without a ground, and every ground has a hatch of its own.
pub(in crate::engine) fn event_paint(right: Right) -> Paint {
    let (ink, hatch) = match right {
        Right::Unplanned => ([179, 0, 27], Some(Hatch::Crossed)),
        Right::Planned => ([160, 98, 0], Some(Hatch::Rising)),
        Right::Permitted => ([70, 80, 75], Some(Hatch::Falling)),
        Right::FarmStructure => ([70, 80, 75], Some(Hatch::Level)),
        Right::Legacy => ([70, 80, 75], Some(Hatch::Upright)),
        Right::Unknown => ([70, 80, 75], None),
    };
    Paint { fill: None, ink, hatch, line_mm: 0.35, is_dashed: false }
}

pub(in crate::engine) fn color(hex: &str) -> Color {
    let part = |at: usize| hex.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok()).unwrap_or(220);
    [part(1), part(3), part(5)]
}

pub(in crate::engine) fn text(vi: String, en: String) -> Text {
    Text { vi, en }
}

/// Classes and rights that the maps show, for the legend.
#[derive(Default)]
pub(in crate::engine) struct Seen {
    classes: BTreeMap<String, (Paint, Text)>,
    pub rights: BTreeMap<Right, Paint>,
    has_rejected: bool,
    has_neighbours: bool,
}

impl Snapshot {
    /// Both maps, and the legend of what occurs on them.
    pub(super) fn dossier_maps(&self, found: &Gathered) -> Result<(Vec<Map>, Vec<Swatch>), EngineError> {
        // Nothing says where a code without land is.
        let Some(bounds) = geom::bounds(&found.ground.shape) else { return Ok(Default::default()) };
        let theme = print_theme()?;
        let paper = if found.epochs.len() < 2 { PAPER_OF_ONE } else { PAPER_OF_TWO };
        let frame = match &found.event {
            None => Frame::around(bounds, paper, LARGEST_SCALE_OF_ZONE),
            Some(event) => Frame::around(widened(geom::bounds(&event.shape).unwrap_or_default()), paper, LARGEST_SCALE_OF_EVENT),
        };
        let mut seen = Seen::default();
        let epochs: Vec<Option<Epoch>> =
            if found.epochs.is_empty() { vec![None] } else { found.epochs.iter().copied().map(Some).collect() };
        let last = epochs.len() - 1;
        let maps = epochs.iter().enumerate().map(|(i, epoch)| {
            let title = match (i == last, last) {
                (_, 0) => ["Bản đồ", "Map"],
                (false, _) => ["Trước", "Before"],
                (true, _) => ["Sau", "After"],
            };
            self.dossier_map(found, frame, *epoch, title, &theme, &mut seen)
        });
        let maps = maps.collect::<Result<Vec<Map>, EngineError>>()?;
        Ok((maps, self.legend_of(seen, found)))
    }

    fn dossier_map(
        &self,
        found: &Gathered,
        frame: Frame,
        epoch: Option<Epoch>,
        [vi, en]: [&str; 2],
        theme: &Theme,
        seen: &mut Seen,
    ) -> Result<Map, EngineError> {
        let ground = &found.ground;
        let (mut shapes, codes) = match epoch {
            Some(epoch) => self.land_use_on(frame, epoch, theme, seen)?,
            None => Default::default(),
        };
        let events: Vec<Event> = match (epoch, &found.event) {
            (None, _) => Vec::new(),
            (Some(epoch), Some(event)) => {
                if event.epoch == epoch {
                    vec![event.clone()]
                } else {
                    Vec::new()
                }
            }
            (Some(epoch), None) => self.events_of_ground(ground, epoch)?,
        };
        let standing = self.standing()?;
        for event in &events {
            let paint = if standing.of(&event.id) == AlertStatus::Rejected {
                seen.has_rejected = true;
                REJECTED
            } else {
                seen.rights.entry(event.right).or_insert_with(|| event_paint(event.right)).clone()
            };
            shapes.push(Drawn { shape: geom::clip_to_rect(&event.shape, around(frame.bounds)).into(), paint });
        }
        let mut names = Vec::new();
        for i in self.zones.within(frame.bounds).into_iter().filter(|i| !(ground.is_zone && ground.zones.contains(i))) {
            let shape = geom::clip_to_rect(&self.zones.list[i].zone.shape, around(frame.bounds));
            names.extend(self.zones.list[i].zone.name.as_deref().map(|name| (geom::area_m2(&shape), name.to_owned(), shape.clone())));
            seen.has_neighbours |= !shape.0.is_empty();
            shapes.push(Drawn { shape: shape.into(), paint: NEIGHBOUR });
        }
        shapes.push(Drawn { shape: ground.shape.clone().into(), paint: SUBJECT });
        let mut labels = Labels { frame, size: 1.0, taken: Vec::new() };
        if found.event.is_none() && epoch == found.epochs.last().copied() {
            for (i, event) in events.iter().take(MOST_EVENT_LABELS).enumerate() {
                labels.put(geom::pole(&event.shape), &(i + 1).to_string(), true);
            }
        }
        for (part, shape) in ground.parts.iter().take(MOST_PART_LABELS) {
            // Phần, part: events have plain numbers.
            labels.put(geom::pole(shape), &format!("P {}", part.chars().take(20).collect::<String>()), true);
        }
        for (_, name, shape) in largest(names, 8) {
            labels.put(geom::pole(&shape), &name.chars().take(40).collect::<String>(), false);
        }
        for (area_m2, code, shape) in largest(codes, MOST_CODE_LABELS) {
            if area_m2 / frame.m2_per_mm2() >= LABELLED_FROM_MM2 {
                labels.put(geom::pole(&shape), &code.chars().take(12).collect::<String>(), false);
            }
        }
        let shown = epoch.map_or_else(String::new, |e| format!(" · {e}"));
        let subject = &ground.name;
        Ok(Map {
            title: text(format!("{vi}{shown}"), format!("{en}{shown}")),
            alt: text(
                format!("Bản đồ {subject}{shown}, tỷ lệ 1 : {}, {} biến động", frame.scale, events.len()),
                format!("Map of {subject}{shown}, scale 1 : {}, {} changes", frame.scale, events.len()),
            ),
            corners: self.corners(frame)?,
            frame,
            shapes,
            labels: labels.taken,
        })
    }

    /// What an epoch shows as lost of what a dossier is about, the largest first.
    fn events_of_ground(&self, ground: &Ground, epoch: Epoch) -> Result<Vec<Event>, EngineError> {
        match ground.zones[..] {
            [zone] if ground.is_zone => Ok(self.losses(epoch)?.of_zone(zone).to_vec()),
            _ => Ok(self.events_on(&ground.shape, epoch)?.into_iter().map(|(event, _)| event).collect()),
        }
    }

    /// What an epoch shows on a map: surfaces by colour, and each class's surfaces for labels.
    pub(in crate::engine) fn land_use_on(
        &self,
        frame: Frame,
        epoch: Epoch,
        theme: &Theme,
        seen: &mut Seen,
    ) -> Result<(Vec<Drawn>, Vec<Surface>), EngineError> {
        let land_use = self.land_use(epoch)?;
        let (mut shapes, mut surfaces) = (Vec::new(), Vec::new());
        let least_m2 = LABELLED_FROM_MM2 * frame.m2_per_mm2();
        for surface in land_use.near(frame.bounds) {
            let shape = geom::clip_to_rect(&surface.shape, around(frame.bounds));
            let area_m2 = geom::area_m2(&shape);
            if area_m2 <= 0.0 {
                continue;
            }
            let class = land_use.class(surface);
            let group = class.map_or(Group::Unmapped, |class| class.group);
            let (paint, _) = seen.classes.entry(surface.code.clone()).or_insert_with(|| {
                let fill = theme.landuse_color(&surface.code, group.as_str()).unwrap_or(NO_COLOR);
                let name = class.map_or_else(|| text(surface.code.clone(), surface.code.clone()), |class| class.name.clone());
                (Paint { fill: Some(color(fill)), ink: QUIET, hatch: None, line_mm: 0.07, is_dashed: false }, name)
            });
            if area_m2 >= least_m2 {
                surfaces.push((area_m2, surface.code.clone(), shape.clone()));
            }
            shapes.push(Drawn { shape: shape.into(), paint: paint.clone() });
        }
        Ok((shapes, surfaces))
    }

    pub(in crate::engine) fn corners(&self, frame: Frame) -> Result<Corners, EngineError> {
        let [x0, y0, x1, y1] = frame.bounds;
        let at = |x: f64, y: f64| self.place.point_to_lonlat(Coord { x, y }).map(|c| [c.x, c.y]);
        Ok(Corners([at(x0, y0)?, at(x1, y0)?, at(x0, y1)?, at(x1, y1)?]))
    }

    fn legend_of(&self, seen: Seen, found: &Gathered) -> Vec<Swatch> {
        let said = |vi: &str, en: &str| text(vi.to_owned(), en.to_owned());
        let subject = match (&found.event, found.ground.is_zone) {
            (None, true) => said("Ranh giới vùng này", "Border of this zone"),
            (None, false) => said("Ranh giới đất của mã này", "Border of this code’s land"),
            (Some(_), _) => said("Ranh giới vùng bị ảnh hưởng", "Border of the zone concerned"),
        };
        let mut legend = vec![Swatch { paint: SUBJECT, text: subject }];
        if seen.has_neighbours {
            let name = if found.ground.is_zone {
                said("Vùng sản xuất lân cận", "Neighbouring zones")
            } else {
                said("Vùng sản xuất", "Zones")
            };
            legend.push(Swatch { paint: NEIGHBOUR, text: name });
        }
        if seen.has_rejected {
            let name = said("Biến động đã bị bác bỏ, không tính là mất đất", "Rejected change, not counted as lost");
            legend.push(Swatch { paint: REJECTED, text: name });
        }
        legend.extend(seen.changes_and_classes());
        legend
    }
}

impl Seen {
    /// The legend of what was lost, and of land use.
    pub fn changes_and_classes(self) -> impl Iterator<Item = Swatch> {
        let changes = self.rights.into_iter().map(|(right, paint)| {
            let name = right_name(right);
            Swatch { paint, text: text(format!("Biến động: {}", lower(&name.vi)), format!("Change: {}", lower(&name.en))) }
        });
        let classes = self.classes.into_iter().map(|(code, (paint, name))| {
            let named = |name: &str| if name == code { code.clone() } else { format!("{code} – {name}") };
            Swatch { paint, text: text(named(&name.vi), named(&name.en)) }
        });
        changes.chain(classes)
    }
}

/// The colours of paper.
pub(in crate::engine) fn print_theme() -> Result<Theme, EngineError> {
    let theme = tiles_text("styles/print.toml").unwrap_or_default();
    Theme::parse("print", &theme).map_err(|e| EngineError::internal(e.to_string()))
}

/// Area on the ground, what it is called, and where it lies.
pub(in crate::engine) type Surface = (f64, String, MultiPolygon);

pub(in crate::engine) fn largest(mut surfaces: Vec<Surface>, n: usize) -> Vec<Surface> {
    surfaces.sort_by(|a, b| b.0.total_cmp(&a.0));
    surfaces.truncate(n);
    surfaces
}

pub(in crate::engine) fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// A little more than the frame, so that what is cut off has its edge outside.
pub(in crate::engine) fn around([x0, y0, x1, y1]: [f64; 4]) -> [f64; 4] {
    let margin = (x1 - x0) * 0.02;
    [x0 - margin, y0 - margin, x1 + margin, y1 + margin]
}

fn widened([x0, y0, x1, y1]: [f64; 4]) -> [f64; 4] {
    let by = (AROUND_EVENT - 1.0) / 2.0;
    let (width, height) = ((x1 - x0) * by, (y1 - y0) * by);
    [x0 - width, y0 - height, x1 + width, y1 + height]
}

/// Labels that keep apart from those before them.
pub(in crate::engine) struct Labels {
    pub frame: Frame,
    /// How large letters are, 1 as on paper.
    pub size: f64,
    pub taken: Vec<Label>,
}

impl Labels {
    pub fn put(&mut self, at: Option<Coord>, text: &str, is_subject: bool) {
        let Some(at) = at else { return };
        let [x, y] = self.frame.on_paper(at);
        // A long text reaches further to both sides.
        let half = |text: &str| self.size * (text.chars().count() as f64 * 0.55).max(APART_MM[0] / 2.0);
        let (width, height) = (self.frame.width_mm, self.frame.height_mm);
        let is_inside = x > half(text) && y > 2.0 && x < width - half(text) && y < height - 2.0;
        // Where the arrow to the north and the scale bar stand.
        let is_under = x + half(text) > width - 9.0 && y < 15.0 || x - half(text) < 60.0 && y > height - 13.0;
        let meets = |other: &Label| {
            let [other_x, other_y] = self.frame.on_paper(other.at);
            (other_x - x).abs() < half(&other.text) + half(text) && (other_y - y).abs() < self.size * APART_MM[1]
        };
        if is_inside && !is_under && !self.taken.iter().any(meets) {
            self.taken.push(Label { at, text: text.to_owned(), is_subject });
        }
    }
}
