//! The stream of a layer: read in chunks on one thread, brought through the door on all, handed out in
//! the file's order. Memory: a few chunks, whatever the size of the file.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::BuildHasher;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rayon::prelude::*;

use super::super::cad::Texts;
use super::super::columns::Origin;
use super::super::{FormatError, library};
use super::feature::{Door, Feature, Passed, Unfinished};
use super::raw::{FeatureHandle, LayerHandle, TextReading};
use super::{Doubles, Plan, Source, damaged, unreadable};
use crate::model::{Coord, Issue, LayerRole};

/// One feature of the file and what is to be said about it; or only issues, about the file.
#[derive(Debug, Default)]
pub struct Record {
    /// None when it was set aside; the issues say why.
    pub feature: Option<Feature>,
    pub issues: Vec<Issue>,
    /// 1 for a feature of the file, 0 for what concerns the file as a whole.
    pub n_read: u64,
}

/// What became of the file's features.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Counts {
    pub n_read: u64,
    pub n_kept: u64,
    pub n_repaired: u64,
    pub n_rejected: u64,
    pub n_issues: u64,
    /// Sums over the kept features.
    pub area_before_m2: f64,
    pub area_after_m2: f64,
}

/// Texts of a drawing that are on one of its CAD layers (levels).
#[derive(Debug, Clone, PartialEq)]
pub struct TextLayer {
    pub name: String,
    pub n: u64,
    pub samples: Vec<String>,
}

/// Codes of what is said of a drawing's texts, which are features of the file and none of the layer.
pub const TEXTS_TAKEN: &str = "texts_taken";
pub const TEXTS_SET_ASIDE: &str = "texts";

/// A chunk ends at whichever comes first.
const CHUNK_FEATURES: usize = 2048;
const CHUNK_VERTICES: usize = 200_000;
/// So many features in a row that cannot be in the CRS are enough to refuse the file.
const SURE_OUTSIDE: u64 = 1000;

impl Source {
    /// Hands every feature to `each`, in the file's order; stops at its first error.
    ///
    /// # Errors
    /// `Unreadable` when the file is damaged further on, `ContradictingCrs` when most features cannot be
    /// in the CRS, `Empty` when there is no feature; and what `each` returns. What was handed out before
    /// an error must not be kept.
    pub fn read<E: From<FormatError>>(mut self, mut each: impl FnMut(Record) -> Result<(), E>) -> Result<Counts, E> {
        let texts = match self.texts.take() {
            Some(texts) => Some(self.collect_texts(texts).map_err(E::from)?),
            None => None,
        };
        let mut tally = Tally::new(&self);
        let (sender, receiver) = sync_channel(2);
        let source = &self;
        // GDAL's dataset may be used by one thread at a time: the reading one, until it is joined.
        let shared = Exclusive(source);
        std::thread::scope(|scope| {
            let reading = scope.spawn(move || {
                let shared = shared;
                shared.0.produce(texts.as_ref(), &sender)
            });
            // Who takes the features may be slow too.
            let handed = tally.hand_out(receiver, &mut |record| {
                source.within_limits(0).map_err(E::from)?;
                each(record)
            });
            let read = reading.join().unwrap_or_else(|_| Err(unreadable(&source.path, "reading it broke off")));
            handed?;
            read.map_err(E::from)
        })?;
        tally.finish(each)
    }

    fn produce(&self, texts: Option<&Texts>, sender: &SyncSender<Vec<Passed>>) -> Result<(), FormatError> {
        let layer = self.layer_handle()?;
        let reading = TextReading::new(&layer, &self.texting, self.is_cad);
        let door = Door {
            crs: &self.crs,
            transform: &self.transform,
            is_swapped: self.is_swapped,
            moved: self.moved.as_ref(),
            takes_any: self.role == LayerRole::Context,
            may_lack_land: self.role == LayerRole::Codes,
            is_cad: self.is_cad,
        };
        let plan = &self.plan;
        layer.restart();
        library::take_failures();
        let mut n_read = 0_u64;
        let mut n_texts = 0_u64;
        loop {
            let mut chunk = Vec::with_capacity(CHUNK_FEATURES);
            let mut n_vertices = 0;
            let mut at_end = false;
            while chunk.len() < CHUNK_FEATURES && n_vertices < CHUNK_VERTICES {
                let Some(feature) = layer.next() else {
                    at_end = true;
                    break;
                };
                n_read += 1;
                self.within_limits(n_read)?;
                if self.is_cad && !door.takes_any && self.text_of(&feature, &reading).is_some() {
                    n_texts += 1;
                    continue;
                }
                let unfinished = self.take(&feature, &reading);
                n_vertices += unfinished.parts.as_ref().map_or(0, |p| p.n_vertices());
                chunk.push(unfinished);
            }
            if let Some(failure) = library::take_failures().into_iter().next() {
                let after = if n_read > 0 { format!(" (after {n_read} features)") } else { String::new() };
                return Err(damaged(&self.path, &format!("{failure}{after}")));
            }
            let mut passed: Vec<Passed> = chunk
                .into_par_iter()
                .map(|unfinished| {
                    let mut passed = door.pass(unfinished);
                    if let Some(texts) = texts {
                        join_texts(plan, texts, &mut passed);
                    }
                    passed
                })
                .collect();
            if at_end {
                passed.extend(self.about_texts(n_texts, texts.is_some()));
                passed.extend(reading.fell_back.get().then(|| fell_back(reading.fallback.name())));
            }
            if sender.send(passed).is_err() {
                // Whoever listened has stopped, and says why.
                return Ok(());
            }
            if at_end {
                break;
            }
        }
        match self.n_features {
            Some(expected) if n_read < expected => {
                Err(unreadable(&self.path, format!("it ends after {n_read} of {expected} features; the file is cut short")))
            }
            _ => Ok(()),
        }
    }

    fn layer_handle(&self) -> Result<LayerHandle<'_>, FormatError> {
        LayerHandle::of(&self.dataset, self.layer_index).ok_or_else(|| unreadable(&self.path, "the layer is gone"))
    }

    fn take(&self, feature: &FeatureHandle, reading: &TextReading) -> Unfinished {
        let fid = feature.fid();
        let value = |origin: &Origin| match origin {
            Origin::Field(field) => feature.text(*field, reading),
            Origin::FeatureId => Some(fid.to_string()),
            Origin::LayerName => self.plan.cad_layer.and_then(|field| feature.text(field, reading)),
            Origin::Constant(value) => Some(value.clone()),
            // Where no text lies inside, the CAD layer says what the land is: withheld land lies on one of its own.
            Origin::Texts(_) if self.role == LayerRole::LandUse => self.plan.cad_layer.and_then(|field| feature.text(field, reading)),
            Origin::Texts(_) | Origin::Nothing => None,
        };
        let parts = feature.parts();
        let shape_text = self.plan.shape_text.filter(|_| parts.is_none()).and_then(|field| feature.text(field, reading));
        Unfinished {
            fid,
            id: match &self.plan.id {
                Origin::FeatureId => None,
                origin => value(origin),
            },
            values: self.plan.values.iter().map(value).collect(),
            kept: self.plan.kept.iter().map(value).collect(),
            parts,
            shape_text,
        }
    }

    /// The text of a drawing's text element. A hatch carries the name of its pattern (`SOLID`) in the same field and is an area.
    fn text_of(&self, feature: &FeatureHandle, reading: &TextReading) -> Option<String> {
        self.plan.cad_text.filter(|_| feature.is_point()).and_then(|field| feature.text(field, reading))
    }

    /// What a drawing has as texts, by the CAD layer (level) they are on; nothing where they are no part of the format.
    ///
    /// # Errors
    /// `Unreadable` when the file is damaged; `TooMuch`.
    pub fn text_layers(&self, most_samples: usize) -> Result<Vec<TextLayer>, FormatError> {
        // Layers are one whatever the case of their names, as where one is named.
        let mut layers: BTreeMap<String, TextLayer> = BTreeMap::new();
        self.each_drawn_text(|_, on, text| {
            let layer = layers.entry(on.to_lowercase()).or_insert_with(|| TextLayer { name: on, n: 0, samples: Vec::new() });
            layer.n += 1;
            if layer.samples.len() < most_samples && !layer.samples.contains(&text) {
                layer.samples.push(text);
            }
        })?;
        Ok(layers.into_values().collect())
    }

    /// Hands out every text of a drawing, with the CAD layer it is on.
    fn each_drawn_text(&self, mut each: impl FnMut(&FeatureHandle, String, String)) -> Result<(), FormatError> {
        if self.plan.cad_text.is_none() {
            return Ok(());
        }
        let layer = self.layer_handle()?;
        let reading = TextReading::new(&layer, &self.texting, self.is_cad);
        layer.restart();
        library::take_failures();
        let mut n_read = 0;
        while let Some(feature) = layer.next() {
            n_read += 1;
            self.within_limits(n_read)?;
            let Some(text) = self.text_of(&feature, &reading) else { continue };
            let on = self.plan.cad_layer.and_then(|field| feature.text(field, &reading)).unwrap_or_default();
            each(&feature, on, text);
        }
        match library::take_failures().into_iter().next() {
            Some(failure) => Err(damaged(&self.path, &format!("{failure} (after {n_read} features)"))),
            None => Ok(()),
        }
    }

    /// A first pass over a drawing, for its texts.
    fn collect_texts(&self, mut texts: Texts) -> Result<Texts, FormatError> {
        self.each_drawn_text(|feature, on, text| {
            let Some(at) = feature.parts().and_then(|p| p.points.first().copied()) else { return };
            let at = if self.is_swapped { Coord { x: at.y, y: at.x } } else { at };
            if let Ok(at) = self.transform.point(at) {
                texts.add(at, &on, text);
            }
        })?;
        texts.sort();
        let only = self.plan.values.iter().chain(&self.plan.kept).filter_map(|o| match o {
            Origin::Texts(only) => only.as_deref(),
            _ => None,
        });
        for wanted in only {
            if !texts.are_on(wanted) {
                let layers: Vec<String> = texts.layers().into_iter().map(str::to_owned).collect();
                return Err(FormatError::NoTextsOn { path: self.path.clone(), wanted: wanted.to_owned(), layers });
            }
        }
        Ok(texts)
    }

    fn about_texts(&self, n_texts: u64, are_joined: bool) -> Option<Passed> {
        (n_texts > 0).then(|| {
            let issue = if are_joined {
                let message = format!("{n_texts} texts of the drawing were taken as values of the polygons around them");
                Issue::new(TEXTS_TAKEN, None, message)
            } else {
                let message = format!(
                    "{n_texts} texts of the drawing were set aside; --field NAME=@text takes them as values of the polygons around them"
                );
                Issue::new(TEXTS_SET_ASIDE, None, message)
            };
            let record = Record { feature: None, issues: vec![issue], n_read: n_texts };
            Passed { record, ..Passed::default() }
        })
    }
}

fn join_texts(plan: &Plan, texts: &Texts, passed: &mut Passed) {
    let Some(feature) = &mut passed.record.feature else { return };
    let super::Shape::Polygons(shape) = &feature.shape else { return };
    let mut is_missing = false;
    let mut layers: BTreeSet<&str> = BTreeSet::new();
    let values = plan.values.iter().zip(&mut feature.values).chain(plan.kept.iter().zip(&mut feature.kept));
    for (origin, value) in values {
        if let Origin::Texts(only) = origin {
            let inside = texts.inside(shape, only.as_deref());
            match inside {
                Some((text, on)) => {
                    layers.extend(on.into_iter().filter(|_| only.is_none()));
                    *value = Some(text);
                }
                None => is_missing = true,
            }
        }
    }
    if layers.len() > 1 {
        passed.text_layers = layers.into_iter().map(str::to_owned).collect();
    }
    if is_missing {
        passed.record.issues.push(Issue::new(
            "no_text_inside",
            Some(&feature.id),
            "no text lies inside the polygon; the field is left empty, the code of land use is its CAD layer",
        ));
    }
}

fn fell_back(encoding: &str) -> Passed {
    let message = format!("some text is not UTF-8 and was read as {encoding}; say the encoding with --encoding");
    Passed { record: Record { issues: vec![Issue::new("encoding_assumed", None, message)], ..Record::default() }, ..Passed::default() }
}

/// The promise that the source is used by the reading thread alone while that runs.
struct Exclusive<'a>(&'a Source);
// SAFETY: `read` consumes the source; between spawn and join only the reading thread touches the
// dataset, other fields are read only; GDAL datasets may move between threads.
unsafe impl Send for Exclusive<'_> {}

/// Counts, distinct ids, and what is only known at the end.
struct Tally {
    counts: Counts,
    /// Hash of each id, and which feature of the file (from 1) had it first.
    ids: HashMap<u128, u64>,
    hashers: [RandomState; 2],
    /// Ids come from a column: they can be missing or double.
    has_id_column: bool,
    doubles: Doubles,
    n_outside: u64,
    outside: Option<[f64; 4]>,
    n_closed_lines: usize,
    /// CAD layers whose texts were joined with those of another.
    text_layers: BTreeSet<String>,
    is_cad: bool,
    n_far: u64,
    path: std::path::PathBuf,
    layer: String,
    crs: crate::crs::Crs,
    target: crate::crs::Crs,
}

impl Tally {
    fn new(source: &Source) -> Tally {
        Tally {
            counts: Counts::default(),
            ids: HashMap::new(),
            doubles: source.doubles,
            hashers: [RandomState::new(), RandomState::new()],
            has_id_column: !matches!(source.plan.id, Origin::FeatureId),
            n_outside: 0,
            outside: None,
            n_closed_lines: 0,
            text_layers: BTreeSet::new(),
            is_cad: source.is_cad,
            n_far: 0,
            path: source.path.clone(),
            layer: source.layer.clone(),
            crs: source.crs.clone(),
            target: source.target.clone(),
        }
    }

    fn hand_out<E: From<FormatError>>(
        &mut self,
        chunks: Receiver<Vec<Passed>>,
        each: &mut impl FnMut(Record) -> Result<(), E>,
    ) -> Result<(), E> {
        for chunk in chunks {
            for mut passed in chunk {
                self.count(&mut passed);
                if self.n_outside >= SURE_OUTSIDE && self.n_outside == self.counts.n_read {
                    return Err(self.contradiction().into());
                }
                each(passed.record)?;
            }
        }
        Ok(())
    }

    fn count(&mut self, passed: &mut Passed) {
        self.n_closed_lines += passed.closed_lines;
        self.text_layers.extend(std::mem::take(&mut passed.text_layers));
        self.n_outside += u64::from(passed.outside.is_some());
        if let Some(bounds) = passed.outside {
            self.outside =
                Some(self.outside.map_or(bounds, |b| [b[0].min(bounds[0]), b[1].min(bounds[1]), b[2].max(bounds[2]), b[3].max(bounds[3])]));
        }
        let has_id = passed.has_id;
        let record = &mut passed.record;
        self.counts.n_read += record.n_read;
        if self.has_id_column
            && let Some(feature) = &mut record.feature
            && let Some((issue, stays)) = self.distinct(feature, has_id)
        {
            record.issues.push(issue);
            record.feature = record.feature.take().filter(|_| stays);
        }
        match &mut record.feature {
            Some(feature) => {
                if let Some(bounds) = bounds(&feature.shape) {
                    self.n_far += u64::from(!self.target.fits(bounds));
                }
                self.counts.n_kept += 1;
                self.counts.n_repaired += u64::from(feature.is_repaired);
                self.counts.area_before_m2 += feature.area_before_m2;
                self.counts.area_after_m2 += feature.area_after_m2;
            }
            None if record.issues.iter().any(|i| i.code == TEXTS_TAKEN) => {}
            None => self.counts.n_rejected += record.n_read,
        }
        self.counts.n_issues += record.issues.len() as u64;
    }

    /// Makes a missing or double id distinct, or sets the double aside: what is to be said, and whether the feature stays.
    fn distinct(&mut self, feature: &mut Feature, has_id: bool) -> Option<(Issue, bool)> {
        let hash = |id: &str| {
            let [a, b] = &self.hashers;
            u128::from(a.hash_one(id)) << 64 | u128::from(b.hash_one(id))
        };
        let place = self.counts.n_read;
        let wanted = feature.id.clone();
        let mut n = 1;
        while let Some(first) = self.ids.get(&hash(&feature.id)) {
            if has_id && self.doubles == Doubles::SetAside {
                let message =
                    format!("features {first} and {place} of the file have the same id; the first was taken, the second set aside");
                return Some((Issue::new("duplicate_id", Some(&wanted), message), false));
            }
            n += 1;
            feature.id = format!("{wanted}-{n}");
        }
        self.ids.insert(hash(&feature.id), place);
        match (has_id, n) {
            (true, 1) => None,
            (true, _) => Some((Issue::new("duplicate_id", Some(&wanted), format!("the id is there before; kept as {}", feature.id)), true)),
            (false, _) => {
                Some((Issue::new("missing_id", Some(&feature.id), format!("the feature has no id; kept as {}", feature.id)), true))
            }
        }
    }

    fn contradiction(&self) -> FormatError {
        let message = self.outside.and_then(|bounds| self.crs.contradiction(bounds)).unwrap_or_else(|| {
            format!(
                "{} of {} shapes lie where {} cannot be used; say the right one with --crs",
                self.n_outside,
                self.counts.n_read,
                self.crs.label()
            )
        });
        let is_swapped = self.outside.is_some_and(|bounds| self.crs.is_likely_swapped(bounds));
        FormatError::ContradictingCrs { path: self.path.clone(), message, is_swapped }
    }

    fn finish<E: From<FormatError>>(mut self, mut each: impl FnMut(Record) -> Result<(), E>) -> Result<Counts, E> {
        if self.counts.n_read == 0 {
            return Err(FormatError::Empty { path: self.path, layer: self.layer }.into());
        }
        if self.n_outside > 0 && self.n_outside >= self.counts.n_kept {
            return Err(self.contradiction().into());
        }
        let mut issues = Vec::new();
        if self.is_cad && self.n_closed_lines > 0 {
            issues.push(Issue::new("closed_line", None, format!("{} closed lines were taken as polygons", self.n_closed_lines)));
        }
        if !self.text_layers.is_empty() {
            let layers: Vec<String> = self.text_layers.iter().cloned().collect();
            let message = format!(
                "texts of several CAD layers lie in the same polygons and were joined: {}; take those of one with @text:LAYER, such as @text:{}",
                super::super::listed(&layers),
                layers[0]
            );
            issues.push(Issue::new("texts_of_several_layers", None, message));
        }
        if self.n_far > 0 {
            let message = format!(
                "{} of {} shapes lie outside the area where {} is true; their areas are distorted. Was the file's CRS right ({})?",
                self.n_far,
                self.counts.n_kept,
                self.target.label(),
                self.crs.label()
            );
            issues.push(Issue::new("far_from_workspace", None, message));
        }
        self.counts.n_issues += issues.len() as u64;
        if !issues.is_empty() {
            each(Record { issues, ..Record::default() })?;
        }
        Ok(self.counts)
    }
}

fn bounds(shape: &super::Shape) -> Option<[f64; 4]> {
    match shape {
        super::Shape::Polygons(polygons) => crate::geom::bounds(polygons),
        super::Shape::Any(geometry) => crate::geom::bounds_of_geometry(geometry),
    }
}
