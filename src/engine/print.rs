//! One map on one sheet of paper: what the page's map shows of a place, drawn anew from the true shapes at a scale.
//!
//! It is made of the parts that the maps of dossiers are made of, and holds what everybody may see.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::dossier::maps::{
    LABELLED_FROM_MM2, Labels, SUBJECT, Seen, Surface, around, color, event_paint, largest, lower, print_theme, text,
};
use super::figures::{Filter, group_name, right_name, touch};
use super::{EngineError, Snapshot};
use crate::geom;
use crate::model::{ContextGroup, Coord, Epoch, Geometry, Group, LayerRole, MultiPolygon, NotAWord, Ring, Text, words};
use crate::report::{
    self, Color, Drawn, Form, Frame, Lang, Map, Orientation, Paint, Paper, Print, PrintSource, Swatch, change_name, role_name,
};
use crate::tile::Theme;

words! {
    /// What a printed map shows, as the page's switches name it.
    PrintLayer, "one of zones, encroachments, landuse, units, context, labels" {
        Zones = "zones",
        Encroachments = "encroachments",
        LandUse = "landuse",
        Units = "units",
        Context = "context",
        Labels = "labels",
    }
}

/// Where the map lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PrintPlace {
    /// Everything, at the largest round scale that fits.
    Whole,
    /// A box of degrees (west, south, east, north), at the largest round scale that fits.
    Box([f64; 4]),
    /// Around a point (longitude, latitude), as 1 : N.
    At([f64; 2], u32),
}

/// What is to be printed.
#[derive(Debug, Clone)]
pub struct PrintAsk {
    pub place: PrintPlace,
    pub paper: Paper,
    pub orientation: Orientation,
    pub layers: Vec<PrintLayer>,
    pub filter: Filter,
    /// The zone that is marked.
    pub zone: Option<String>,
    /// Above the map; else the name of what is marked or filtered, or the map's own.
    pub title: Option<String>,
    pub lang: Lang,
    pub licence: Option<String>,
    /// Of the same view on the screen.
    pub address: String,
}

impl PrintAsk {
    /// Scales that can be asked for, 1 : N.
    pub const SCALES: std::ops::RangeInclusive<u32> = 100..=5_000_000;
}

/// The largest scale of a map that chooses its own.
const LARGEST_SCALE: u32 = 500;
/// How far from the data the middle of a map may lie, degrees.
const FAR: f64 = 0.5;
/// Corners of all shapes that one map looks at: more takes a server too long.
const MOST_VERTICES: usize = 6_000_000;
const MOST_ZONE_LABELS: usize = 200;
const MOST_PLACE_LABELS: usize = 60;
/// Letters of a label.
const MOST_LETTERS: usize = 40;
/// The narrowest line of a road or a stream, and the widest, mm.
const LINE_MM: [f64; 2] = [0.12, 6.0];
/// Metres, where nothing says how wide one is.
const ROAD_M: f64 = 10.0;
const STREAM_M: f64 = 20.0;

const UNIT: Paint = Paint { fill: None, ink: [110, 110, 110], hatch: None, line_mm: 0.22, is_dashed: true };

impl Snapshot {
    /// A map as a PDF.
    ///
    /// # Errors
    /// `NotFound`: a kind, unit, epoch or zone that is not there; `Usage`: a place where nothing is, too much for one sheet.
    pub fn print(&self, ask: &PrintAsk, made: OffsetDateTime) -> Result<Vec<u8>, EngineError> {
        let print = self.printed_map(ask, ask.paper.map_mm(ask.orientation), 1.0, made)?;
        report::print_pdf(&print, ask.lang).map_err(|e| EngineError::internal(e.to_string()))
    }

    /// The map alone as SVG, for a screen that cannot draw it: its frame is so many millimetres wide and high, and no sheet is around it.
    ///
    /// # Errors
    /// As `print`.
    pub fn picture(&self, ask: &PrintAsk, size_mm: [f64; 2]) -> Result<String, EngineError> {
        Ok(self.printed_map(ask, size_mm, Print::LETTERS_OF_PICTURE, OffsetDateTime::UNIX_EPOCH)?.picture(ask.lang))
    }

    fn printed_map(&self, ask: &PrintAsk, paper_mm: [f64; 2], letters: f64, made: OffsetDateTime) -> Result<Print, EngineError> {
        self.known(&ask.filter)?;
        let epoch = self.epoch(ask.filter.epoch)?;
        let marked = match &ask.zone {
            Some(id) => Some(self.zones.by_id(id).ok_or_else(|| EngineError::not_found(format!("no zone “{id}”")))?),
            None => None,
        };
        let frame = self.frame_of(ask, paper_mm)?;
        let mut drawing = Drawing::of(self, ask, frame, epoch)?;
        if ask.layers.contains(&PrintLayer::LandUse) {
            drawing.land_use()?;
        }
        if ask.layers.contains(&PrintLayer::Context) {
            drawing.context()?;
        }
        drawing.zones_and_losses()?;
        if ask.layers.contains(&PrintLayer::Units) {
            drawing.units();
        }
        if let Some(marked) = marked {
            let zone = &self.zones.list[marked];
            drawing.put(zone.zone.shape.clone(), SUBJECT)?;
            let name = zone.zone.name.as_deref().unwrap_or(&zone.zone.id);
            drawing.legend.insert(0, Swatch { paint: SUBJECT, text: text(format!("Vùng {name}"), format!("Zone {name}")) });
        }
        let Drawing { shapes, mut legend, seen, names, .. } = drawing;
        legend.extend(seen.changes_and_classes());
        let mut labels = Labels { frame, size: letters, taken: Vec::new() };
        if ask.layers.contains(&PrintLayer::Labels) {
            names.into_iter().for_each(|(at, name)| labels.put(Some(at), &name.chars().take(MOST_LETTERS).collect::<String>(), false));
        }
        let title = ask.title.clone().unwrap_or_else(|| self.title_of(ask, marked));
        let shown = epoch.map_or_else(
            || text("Bản đồ".to_owned(), "Map".to_owned()),
            |epoch| text(format!("Hiện trạng {epoch}"), format!("Land as of {epoch}")),
        );
        let alt = text(format!("Bản đồ {title}, tỷ lệ 1 : {}", frame.scale), format!("Map of {title}, scale 1 : {}", frame.scale));
        Ok(Print {
            title,
            subtitle: self.title(),
            paper: ask.paper,
            orientation: ask.orientation,
            map: Map { title: shown, corners: self.corners(frame)?, frame, shapes, labels: labels.taken, alt },
            legend,
            only: self.only(&ask.filter),
            crs: self.place.crs,
            crs_name: self.place.facts.name.clone(),
            sources: self.print_sources(ask, epoch),
            licence: ask.licence.clone(),
            address: ask.address.clone(),
            revision: self.revision,
            made,
            simulated: self.simulated(),
        })
    }

    fn frame_of(&self, ask: &PrintAsk, paper: [f64; 2]) -> Result<Frame, EngineError> {
        let data = self.bounds()?.zip(self.extent).ok_or_else(|| EngineError::not_found("the map is empty: there is nothing to print"))?;
        let (degrees, extent) = data;
        let nowhere = || {
            let [w, s, e, n] = degrees;
            EngineError::usage(format!("nothing of the map lies there; it lies within {w},{s},{e},{n} (west, south, east, north)"))
        };
        match ask.place {
            PrintPlace::Whole => Ok(Frame::holding(extent, paper, LARGEST_SCALE)),
            PrintPlace::Box(bbox) => {
                let [w, s, e, n] = degrees;
                let cut = [bbox[0].max(w - FAR), bbox[1].max(s - FAR), bbox[2].min(e + FAR), bbox[3].min(n + FAR)];
                if cut[0] >= cut[2] || cut[1] >= cut[3] {
                    return Err(nowhere());
                }
                Ok(Frame::holding(self.place.bounds_from_lonlat(cut)?, paper, LARGEST_SCALE))
            }
            PrintPlace::At([lon, lat], scale) => {
                if !touch([degrees[0] - FAR, degrees[1] - FAR, degrees[2] + FAR, degrees[3] + FAR], [lon, lat, lon, lat]) {
                    return Err(nowhere());
                }
                let at = self.place.point_from_lonlat(Coord { x: lon, y: lat })?;
                Ok(Frame::at([at.x, at.y], scale, paper))
            }
        }
    }

    /// What a reader would call the map: the zone that is marked, the communes that it is of, or the whole.
    fn title_of(&self, ask: &PrintAsk, marked: Option<usize>) -> String {
        let said = |text: Text| if ask.lang == Lang::En { text.en } else { text.vi };
        match (marked, ask.filter.units.as_slice()) {
            (Some(zone), _) => {
                let zone = &self.zones.list[zone].zone;
                zone.name.as_deref().unwrap_or(&zone.id).to_owned()
            }
            (None, [unit]) => self.unit_name(unit),
            _ => said(self.title()),
        }
    }

    fn unit_name(&self, code: &str) -> String {
        self.units.iter().find(|u| u.unit.code == code).map_or_else(|| code.to_owned(), |u| u.unit.name.clone())
    }

    /// What a filter takes, in words.
    fn only(&self, filter: &Filter) -> Option<Text> {
        let mut parts: Vec<Text> = Vec::new();
        parts.extend(filter.kinds.iter().filter_map(|kind| self.rulebook.kinds.get(kind)).map(|kind| kind.name.clone()));
        parts.extend(filter.units.iter().map(|unit| self.unit_name(unit)).map(|name| text(name.clone(), name)));
        let about = |vi: &str, en: &str, names: Vec<Text>| {
            let joined = |of: fn(&Text) -> &String| names.iter().map(of).map(|name| lower(name)).collect::<Vec<_>>().join(", ");
            (!names.is_empty()).then(|| text(format!("{vi}: {}", joined(|n| &n.vi)), format!("{en}: {}", joined(|n| &n.en))))
        };
        parts.extend(about("biến động thành", "changes to", filter.groups.iter().map(|group| group_name(*group)).collect()));
        parts.extend(about("căn cứ", "by right", filter.rights.iter().map(|right| right_name(*right)).collect()));
        parts.extend(about(
            "so với kỳ trước",
            "against the epoch before",
            filter.changes.iter().map(|change| change_name(*change)).collect(),
        ));
        parts.extend(filter.min_severity.map(|step| text(format!("từ mức {step}"), format!("from step {step} on"))));
        parts.extend(filter.since.map(|(from, to)| {
            let span = if from == to { from.to_string() } else { format!("{from}–{to}") };
            text(format!("thấy lần đầu {span}"), format!("first seen {span}"))
        }));
        let joined = |of: fn(&Text) -> &str| parts.iter().map(of).collect::<Vec<_>>().join("; ");
        (!parts.is_empty()).then(|| text(joined(|p| &p.vi), joined(|p| &p.en)))
    }

    fn print_sources(&self, ask: &PrintAsk, epoch: Option<Epoch>) -> Vec<PrintSource> {
        let shows_land_use =
            [PrintLayer::LandUse, PrintLayer::Encroachments, PrintLayer::Context].iter().any(|layer| ask.layers.contains(layer));
        let is_shown = |role: LayerRole, of: Option<Epoch>| match role {
            LayerRole::Zones => ask.layers.contains(&PrintLayer::Zones),
            LayerRole::LandUse => shows_land_use && of == epoch,
            LayerRole::Boundaries => ask.layers.contains(&PrintLayer::Units),
            LayerRole::Context => ask.layers.contains(&PrintLayer::Context),
            LayerRole::Permits => ask.layers.contains(&PrintLayer::Encroachments),
            LayerRole::Codes | LayerRole::Encroachments => false,
        };
        let mut sources: Vec<PrintSource> = Vec::new();
        for layer in self.layers.iter().filter(|layer| is_shown(layer.role, layer.epoch)) {
            let name = role_name(layer.role);
            // Layers of one source are told together.
            match sources.iter_mut().find(|known| known.source == layer.source) {
                Some(known) => {
                    known.layer.vi += &format!(", {}", lower(&name.vi));
                    known.layer.en += &format!(", {}", lower(&name.en));
                }
                None => sources.push(PrintSource { layer: name, source: layer.source.clone() }),
            }
        }
        sources
    }
}

/// A map as it is being drawn, from the ground up.
struct Drawing<'a> {
    snapshot: &'a Snapshot,
    ask: &'a PrintAsk,
    frame: Frame,
    epoch: Option<Epoch>,
    theme: Theme,
    shapes: Vec<Drawn>,
    legend: Vec<Swatch>,
    seen: Seen,
    /// What is named and where, the most wanted first.
    names: Vec<(Coord, String)>,
    n_vertices: usize,
}

impl<'a> Drawing<'a> {
    fn of(snapshot: &'a Snapshot, ask: &'a PrintAsk, frame: Frame, epoch: Option<Epoch>) -> Result<Drawing<'a>, EngineError> {
        Ok(Drawing {
            snapshot,
            ask,
            frame,
            epoch,
            theme: print_theme()?,
            shapes: Vec::new(),
            legend: Vec::new(),
            seen: Seen::default(),
            names: Vec::new(),
            n_vertices: 0,
        })
    }

    fn ink(&self, name: &str) -> Color {
        color(self.theme.color(name).unwrap_or("#9a9a9a"))
    }

    fn shows(&self, layer: PrintLayer) -> bool {
        self.ask.layers.contains(&layer)
    }

    /// Counts what is looked at, so that one reader does not take the server from all others.
    fn count(&mut self, n_vertices: usize) -> Result<(), EngineError> {
        self.n_vertices += n_vertices;
        if self.n_vertices > MOST_VERTICES {
            return Err(EngineError::usage(
                "so much land is too much for one sheet: ask for a larger scale (a smaller number after 1 :), or without land use and background",
            ));
        }
        Ok(())
    }

    fn put(&mut self, land: MultiPolygon, paint: Paint) -> Result<(), EngineError> {
        self.count(n_vertices(&land))?;
        let shape = geom::clip_to_rect(&land, around(self.frame.bounds));
        if !shape.0.is_empty() {
            self.shapes.push(Drawn { shape: shape.into(), paint });
        }
        Ok(())
    }

    fn land_use(&mut self) -> Result<(), EngineError> {
        let Some(epoch) = self.epoch else { return Ok(()) };
        let near = self.snapshot.land_use(epoch)?;
        self.count(near.near(self.frame.bounds).iter().map(|surface| n_vertices(&surface.shape)).sum())?;
        let (shapes, _) = self.snapshot.land_use_on(self.frame, epoch, &self.theme, &mut self.seen)?;
        self.shapes.extend(shapes);
        Ok(())
    }

    /// Built land where land use is not shown, water and roads.
    fn context(&mut self) -> Result<(), EngineError> {
        let flat = |fill: Color| Paint { fill: Some(fill), ink: fill, hatch: None, line_mm: 0.0, is_dashed: false };
        if let (Some(epoch), false) = (self.epoch, self.shows(PrintLayer::LandUse)) {
            let (land_use, paint) = (self.snapshot.land_use(epoch)?, flat(self.ink("built")));
            let n_before = self.shapes.len();
            for surface in land_use.near(self.frame.bounds) {
                let group = land_use.class(surface).map_or(Group::Unmapped, |class| class.group);
                if matches!(group, Group::Built | Group::Transport | Group::Sealed | Group::Public) {
                    self.put(surface.shape.clone(), paint.clone())?;
                }
            }
            if self.shapes.len() > n_before {
                self.legend
                    .push(Swatch { paint, text: text("Đất xây dựng, giao thông".to_owned(), "Built land, roads".to_owned()) });
            }
        }
        let (water, road) = (self.ink("water"), self.ink("road"));
        let snapshot = self.snapshot;
        let bounds = self.frame.bounds;
        let mut seen = BTreeSet::new();
        let near = snapshot.context.iter().filter(|c| geom::bounds_of_geometry(&c.shape).is_some_and(|b| touch(b, bounds)));
        for context in near {
            let (ink, width_m) = match context.group {
                ContextGroup::Water => (water, context.width_m.unwrap_or(STREAM_M)),
                ContextGroup::Road => (road, context.width_m.unwrap_or(ROAD_M)),
                ContextGroup::Place => continue,
            };
            let line_mm = (width_m * 1000.0 / f64::from(self.frame.scale)).clamp(LINE_MM[0], LINE_MM[1]);
            let n_before = self.shapes.len();
            let mut parts = Parts::default();
            parts.take(&context.shape);
            for land in parts.lands {
                self.put(land, flat(ink))?;
            }
            self.count(parts.lines.iter().map(|line| line.0.len()).sum())?;
            let lines: Vec<Ring> = parts.lines.iter().flat_map(|line| runs_in(line, around(self.frame.bounds))).collect();
            if !lines.is_empty() {
                self.shapes
                    .push(Drawn { shape: Form::Lines(lines), paint: Paint { fill: None, ink, hatch: None, line_mm, is_dashed: false } });
            }
            if self.shapes.len() > n_before && seen.insert(context.group) {
                let (vi, en) = if context.group == ContextGroup::Water { ("Mặt nước", "Water") } else { ("Đường", "Road") };
                let paint = Paint { line_mm: if context.group == ContextGroup::Water { 0.0 } else { 0.6 }, ..flat(ink) };
                self.legend.push(Swatch { paint, text: text(vi.to_owned(), en.to_owned()) });
            }
        }
        Ok(())
    }

    /// Zones that the filter takes, their names, and over them what they lost in the events that it takes.
    fn zones_and_losses(&mut self) -> Result<(), EngineError> {
        let snapshot = self.snapshot;
        let filter = &self.ask.filter;
        let places: Vec<usize> = snapshot.zones.within(self.frame.bounds).into_iter().filter(|i| snapshot.takes_zone(filter, *i)).collect();
        let has_land_use = self.shows(PrintLayer::LandUse) && self.epoch.is_some();
        let mut named: Vec<Surface> = Vec::new();
        if self.shows(PrintLayer::Zones) {
            let mut seen = BTreeSet::new();
            for &place in &places {
                let view = &snapshot.zones.list[place];
                self.put(view.zone.shape.clone(), self.zone_paint(&view.zone.kind, has_land_use))?;
                seen.insert(view.zone.kind.to_string());
                named.push((view.area_m2, view.zone.name.as_deref().unwrap_or_default().to_owned(), view.zone.shape.clone()));
            }
            let kinds = snapshot.rulebook.kinds.kinds.iter().filter(|kind| seen.contains(&kind.key));
            let swatches: Vec<Swatch> =
                kinds.map(|kind| Swatch { paint: self.zone_paint(&kind.key, has_land_use), text: kind.name.clone() }).collect();
            self.legend.extend(swatches);
        }
        if let (true, Some(epoch)) = (self.shows(PrintLayer::Encroachments), self.epoch) {
            let found = snapshot.losses(epoch)?;
            for &place in &places {
                for event in Snapshot::asked_for(filter, &found, place).0 {
                    if geom::bounds(&event.shape).is_some_and(|bounds| touch(bounds, self.frame.bounds)) {
                        let paint = self.seen.rights.entry(event.right).or_insert_with(|| event_paint(event.right)).clone();
                        self.put(event.shape.clone(), paint)?;
                    }
                }
            }
        }
        let least_m2 = LABELLED_FROM_MM2 * self.frame.m2_per_mm2();
        named.retain(|(area_m2, name, _)| *area_m2 >= least_m2 && !name.is_empty());
        for (_, name, shape) in largest(named, MOST_ZONE_LABELS) {
            // Where of it is seen, not where its middle is.
            let at = geom::pole(&geom::clip_to_rect(&shape, self.frame.bounds));
            self.names.extend(at.map(|at| (at, name)));
        }
        if self.shows(PrintLayer::Context) {
            let place = |context: &crate::model::Context| match (&context.shape, context.group) {
                (Geometry::Point(point), ContextGroup::Place) => Some((point.0, context.name.clone()?)),
                _ => None,
            };
            let is_inside = |at: Coord| touch([at.x, at.y, at.x, at.y], self.frame.bounds);
            let places: Vec<_> =
                snapshot.context.iter().filter_map(place).filter(|(at, _)| is_inside(*at)).take(MOST_PLACE_LABELS).collect();
            self.names.extend(places);
        }
        Ok(())
    }

    /// In the kind's colour; over land use by its border alone.
    fn zone_paint(&self, kind: &str, is_over_land_use: bool) -> Paint {
        let known = self.snapshot.rulebook.kinds.get(kind).map(|kind| color(&kind.color_light));
        let hue = known.unwrap_or_else(|| self.ink("zone_unknown"));
        let darker = hue.map(|part| (f64::from(part) * 0.62) as u8);
        let paler = hue.map(|part| (255.0 - (255.0 - f64::from(part)) * 0.75) as u8);
        if is_over_land_use {
            Paint { fill: None, ink: darker, hatch: None, line_mm: 0.55, is_dashed: false }
        } else {
            Paint { fill: Some(paler), ink: darker, hatch: None, line_mm: 0.18, is_dashed: false }
        }
    }

    /// Borders of communes, and their names in capitals.
    fn units(&mut self) {
        let snapshot = self.snapshot;
        let n_before = self.shapes.len();
        for view in snapshot.units.iter().filter(|view| touch(view.bounds, self.frame.bounds)) {
            let seen = geom::clip_to_rect(&view.unit.shape, self.frame.bounds);
            self.names.extend(geom::pole(&seen).map(|at| (at, view.unit.name.to_uppercase())));
            let shape = geom::clip_to_rect(&view.unit.shape, around(self.frame.bounds));
            self.shapes.push(Drawn { shape: shape.into(), paint: UNIT });
        }
        if self.shapes.len() > n_before {
            self.legend.push(Swatch { paint: UNIT, text: text("Ranh giới xã, phường".to_owned(), "Border of communes".to_owned()) });
        }
    }
}

fn n_vertices(land: &MultiPolygon) -> usize {
    land.0.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors())).map(|ring| ring.0.len()).sum()
}

/// A shape of any kind as lands and lines; points are neither.
#[derive(Default)]
struct Parts {
    lands: Vec<MultiPolygon>,
    lines: Vec<Ring>,
}

impl Parts {
    fn take(&mut self, shape: &Geometry) {
        match shape {
            Geometry::Polygon(polygon) => self.lands.push(MultiPolygon::new(vec![polygon.clone()])),
            Geometry::MultiPolygon(land) => self.lands.push(land.clone()),
            Geometry::LineString(line) => self.lines.push(line.clone()),
            Geometry::MultiLineString(lines) => self.lines.extend(lines.0.iter().cloned()),
            Geometry::GeometryCollection(all) => all.0.iter().for_each(|part| self.take(part)),
            _ => {}
        }
    }
}

/// What of a line comes near a box: runs of edges whose own boxes meet it.
fn runs_in(line: &Ring, bounds: [f64; 4]) -> Vec<Ring> {
    let mut runs: Vec<Vec<Coord>> = Vec::new();
    let mut is_running = false;
    for edge in line.0.windows(2) {
        let [a, b] = [edge[0], edge[1]];
        let meets = touch([a.x.min(b.x), a.y.min(b.y), a.x.max(b.x), a.y.max(b.y)], bounds);
        match (meets, is_running, runs.last_mut()) {
            (true, true, Some(run)) => run.push(b),
            (true, _, _) => runs.push(vec![a, b]),
            _ => {}
        }
        is_running = meets;
    }
    runs.into_iter().map(Ring::new).collect()
}
