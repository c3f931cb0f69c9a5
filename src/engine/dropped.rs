//! A file that somebody drops on the map: read as an import reads it, told, and not kept.
//!
//! What is to be kept of it goes the way of every other edit. Invariant: nothing of the file is on the disk when the answer is
//! given, or when there is none.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::accounts::new_secret;
use super::import::{Sorter, kind_of};
use super::mistakes::{Suspects, Witness};
use super::{EngineError, Rulebook, Snapshot, ZoneView};
use crate::crs::Mistake;
use crate::edit;
use crate::formats::{self, Doubles, Feature, FormatError, Limits, Record, Request, Source, TEXTS_SET_ASIDE, TEXTS_TAKEN, TextLayer};
use crate::geom;
use crate::model::{Coord, EpsgCode, Issue, LayerRole, Zone};

/// How to read the file: the words of an import.
#[derive(Debug, Clone, Default)]
pub struct DropAsk {
    /// Of the file's name, so that its format is known.
    pub ending: String,
    pub layer: Option<String>,
    /// Ours = theirs.
    pub fields: BTreeMap<String, String>,
    pub crs: Option<EpsgCode>,
    pub operation: Option<EpsgCode>,
    pub correct: Option<Mistake>,
    pub encoding: Option<String>,
}

/// Endings by which formats are known.
const ENDINGS: [&str; 22] = [
    "gpkg", "zip", "geojson", "json", "geojsonl", "kml", "kmz", "dxf", "dgn", "csv", "tsv", "gml", "xml", "gpx", "fgb", "shp", "tab",
    "mif", "xlsx", "ods", "xlsm", "txt",
];
/// More are no edit but an import.
const MOST_FEATURES: u64 = 10_000;
const MOST_UNPACKED_MIB: u64 = 512;
const MOST_COLUMNS: usize = 100;
const MOST_SAMPLES: usize = 5;
const MOST_SAMPLE_CHARACTERS: usize = 60;
const PATIENCE: Duration = Duration::from_secs(50);

impl Snapshot {
    /// What is in a file, as the zones that it would make.
    ///
    /// # Errors
    /// `FileRefused`, with a word for why.
    pub fn look_at_dropped(&self, bytes: &[u8], ask: &DropAsk) -> Result<Value, EngineError> {
        let folder = Folder::new()?;
        let path = folder.put(bytes, folder_ending(&format!(".{}", ask.ending)))?;
        self.read_dropped(&path, ask).map_err(|error| match error {
            EngineError::Format(error) => refused(error, &path),
            other => other,
        })
    }

    fn read_dropped(&self, path: &Path, ask: &DropAsk) -> Result<Value, EngineError> {
        formats::check_sent(path, MOST_UNPACKED_MIB)?;
        let mut source = self.open_dropped(path, ask)?;
        source.limit(Limits { most_features: MOST_FEATURES, until: Instant::now() + PATIENCE });
        let columns: Vec<String> = source.columns.iter().take(MOST_COLUMNS).cloned().collect();
        for column in &columns {
            source.read_along(column);
        }
        let mapping = source.mapping();
        let mut report = json!({
            "driver": source.driver, "layer": source.layer, "layers": source.layers, "mapping": mapping, "revision": self.revision,
            "crs": { "source": source.crs.short(), "operation": source.operation.as_ref().map(ToString::to_string) },
        });
        let mut text_layers = source.text_layers(MOST_SAMPLES)?;
        if text_layers.len() > MOST_COLUMNS {
            // Those with the most texts.
            text_layers.sort_by_key(|layer| std::cmp::Reverse(layer.n));
            text_layers.truncate(MOST_COLUMNS);
            text_layers.sort_by(|a, b| a.name.cmp(&b.name));
        }
        let text_layers = text_layers.into_iter().map(|TextLayer { name, n, samples }| {
            let samples: Vec<String> = samples.into_iter().map(sample).collect();
            json!({ "name": name, "n": n, "samples": samples })
        });
        report["text_layers"] = text_layers.collect();
        let units = self.units.iter().map(|unit| unit.unit.clone()).collect();
        let mut sorter = Sorter::new(&self.rulebook, None, units);
        // What is set right already is not suspected.
        sorter.suspects = ask.correct.is_none().then(|| Suspects::of(&source));
        let mut reading = Reading {
            rulebook: &self.rulebook,
            sorter,
            samples: vec![Vec::new(); columns.len()],
            zones: Vec::new(),
            rejected: Vec::new(),
            issues: source.issues.clone(),
            n_read: 0,
            n_vertices: 0,
        };
        let counts = source.read(|record| reading.take(record))?;
        reading.look_outside();
        let by_code = self.zones_by_code();
        reading.sorter.places = self.places_of(&reading.sorter.witnesses, mapping.contains_key("id"), &by_code);
        report["likely_mistake"] = reading.sorter.likely_mistake().map_or(Value::Null, |likely| likely.facts());
        let features: Vec<Value> =
            reading.zones.iter().map(|zone| self.dropped_facts(zone, mapping.contains_key("id"), &by_code)).collect();
        let columns = columns.iter().zip(&reading.samples).map(|(name, samples)| json!({ "name": name, "samples": samples }));
        report["columns"] = columns.collect();
        report["features"] = features.into();
        report["rejected"] = json!(reading.rejected);
        report["issues"] = json!(reading.issues);
        for (name, n) in [("n_read", counts.n_read), ("n_kept", counts.n_kept), ("n_repaired", counts.n_repaired)] {
            report[name] = n.into();
        }
        report["n_rejected"] = reading.rejected.len().into();
        report["n_outside"] = reading.sorter.n_outside.into();
        report["area_before_m2"] = counts.area_before_m2.into();
        report["area_after_m2"] = counts.area_after_m2.into();
        Ok(report)
    }

    fn open_dropped(&self, path: &Path, ask: &DropAsk) -> Result<Source, FormatError> {
        let request = Request {
            path,
            layer: ask.layer.as_deref(),
            role: LayerRole::Zones,
            fields: &ask.fields,
            keep: &[],
            kind: None,
            code: None,
            crs: ask.crs,
            operation: ask.operation,
            correct: ask.correct,
            encoding: ask.encoding.as_deref(),
            doubles: Doubles::Renamed,
            target: self.place.crs,
        };
        match formats::open(&request) {
            // What the zones are is said when the file has been seen.
            Err(FormatError::MissingColumn { ours, .. }) if ours == "kind" && !ask.fields.contains_key("kind") => {
                formats::open(&Request { kind: Some(""), ..request })
            }
            opened => opened,
        }
    }

    /// Zones by a code that no other has.
    fn zones_by_code(&self) -> HashMap<&str, Option<&ZoneView>> {
        let mut by_code = HashMap::new();
        for view in &self.zones.list {
            if let Some(code) = view.zone.code.as_deref() {
                by_code.entry(code).and_modify(|one| *one = None).or_insert(Some(view.as_ref()));
            }
        }
        by_code
    }

    /// Where the zones that a file's may be lie already.
    fn places_of(&self, witnesses: &[Witness], has_ids: bool, by_code: &HashMap<&str, Option<&ZoneView>>) -> HashMap<String, Coord> {
        let mut places = HashMap::new();
        for Witness { id, code, .. } in witnesses {
            let by_id = self.zones.by_id(id).filter(|_| has_ids).map(|place| self.zones.list[place].center());
            places.extend(by_id.map(|at| (format!("id {id}"), at)));
            let coded = code.as_deref().and_then(|code| Some((format!("code {code}"), (*by_code.get(code)?)?.center())));
            places.extend(coded);
        }
        places
    }

    fn dropped_facts(&self, dropped: &DroppedZone, has_ids: bool, by_code: &HashMap<&str, Option<&ZoneView>>) -> Value {
        let zone = &dropped.zone;
        let by_id = || self.zones.by_id(&zone.id).filter(|_| has_ids).map(|i| ("id", self.zones.list[i].as_ref()));
        let by_code = || zone.code.as_deref().and_then(|code| *by_code.get(code)?).map(|view| ("code", view));
        let bounds = geom::bounds(&zone.shape);
        let same_as = by_id().or_else(by_code).map(|(by, view)| {
            let lies_there = bounds.is_some_and(|b| geom::box_distance(b, view.bounds) == 0.0);
            json!({ "id": view.zone.id, "by": by, "name": view.zone.name, "lies_there": lies_there })
        });
        let mut properties = edit::attributes_of(zone);
        properties.insert("kind".to_owned(), json!(dropped.kind));
        json!({
            "row": dropped.row, "id": zone.id, "label": dropped.label, "properties": properties, "polygons": edit::rings_of(&zone.shape),
            "area_m2": geom::area_m2(&zone.shape), "area_before_m2": dropped.area_before_m2, "is_repaired": dropped.is_repaired,
            "same_as": same_as, "issues": dropped.issues,
        })
    }
}

/// One feature of the file, as a zone.
struct DroppedZone {
    /// From 1, in the file's order.
    row: u64,
    zone: Zone,
    /// What the file says that it is, and the key of the kind, when that is one.
    label: Option<String>,
    kind: Option<String>,
    is_repaired: bool,
    area_before_m2: f64,
    issues: Vec<Issue>,
}

struct Reading<'a> {
    rulebook: &'a Rulebook,
    sorter: Sorter<'a>,
    /// Of each column.
    samples: Vec<Vec<String>>,
    zones: Vec<DroppedZone>,
    rejected: Vec<Value>,
    /// About the file.
    issues: Vec<Issue>,
    n_read: u64,
    n_vertices: usize,
}

impl Reading<'_> {
    fn take(&mut self, record: Record) -> Result<(), EngineError> {
        let Record { feature, mut issues, n_read } = record;
        self.n_read += n_read;
        let is_of_file = n_read == 0 || issues.iter().any(|issue| [TEXTS_SET_ASIDE, TEXTS_TAKEN].contains(&issue.code));
        match feature {
            None if is_of_file => self.issues.append(&mut issues),
            None => self.rejected.push(json!({ "row": self.n_read, "issues": issues })),
            Some(feature) => self.take_feature(feature, issues)?,
        }
        Ok(())
    }

    fn take_feature(&mut self, mut feature: Feature, mut issues: Vec<Issue>) -> Result<(), EngineError> {
        for (samples, value) in self.samples.iter_mut().zip(std::mem::take(&mut feature.kept)) {
            let value = value.map(sample).filter(|text| samples.len() < MOST_SAMPLES && !samples.contains(text));
            samples.extend(value);
        }
        let (is_repaired, area_before_m2) = (feature.is_repaired, feature.area_before_m2);
        let kinds = &self.rulebook.kinds;
        let [_, label, ..] = feature.values.as_mut_slice() else { return Err(EngineError::internal("zones have no column “kind”")) };
        // Zones of a kind that nobody knows yet are zones here.
        let some_kind = kinds.kinds.first().map(|kind| kind.key.clone());
        let label = std::mem::replace(label, some_kind).filter(|text| !text.trim().is_empty());
        let kind = label.as_deref().and_then(|label| kind_of(kinds, label));
        let Some(zone) = self.sorter.zone(feature) else { return Err(EngineError::internal("there is no kind of zones")) };
        issues.extend(self.sorter.take_issues());
        let rings =
            |polygon: &crate::model::Polygon| polygon.exterior().0.len() + polygon.interiors().iter().map(|r| r.0.len()).sum::<usize>();
        self.n_vertices += zone.shape.0.iter().map(rings).sum::<usize>();
        if self.n_vertices > edit::MOST_VERTICES {
            return Err(too_many(format!("the shapes have more than {} vertices", edit::MOST_VERTICES)));
        }
        self.zones.push(DroppedZone { row: self.n_read, zone, label, kind, is_repaired, area_before_m2, issues });
        Ok(())
    }

    /// Tells of each zone that lies outside the units.
    fn look_outside(&mut self) {
        self.sorter.look_outside();
        let places: HashMap<String, usize> = self.zones.iter().enumerate().map(|(i, zone)| (zone.zone.id.clone(), i)).collect();
        for issue in self.sorter.take_issues() {
            if let Some(&i) = issue.feature.as_ref().and_then(|id| places.get(id)) {
                self.zones[i].issues.push(issue);
            }
        }
    }
}

fn sample(text: String) -> String {
    text.chars().take(MOST_SAMPLE_CHARACTERS).collect()
}

fn too_many(what: String) -> EngineError {
    let message = format!("{what}, more than can be looked at here: take a part of it, or have it imported with the command `import`");
    EngineError::FileRefused { why: "too_many", message, layers: Vec::new() }
}

fn cannot_keep(error: std::io::Error) -> EngineError {
    EngineError::unavailable(format!("there is no room to read the file: {error}"))
}

/// The fault of a file in words that name no path of ours.
fn refused(error: FormatError, path: &Path) -> EngineError {
    use FormatError as E;
    let why = match &error {
        E::TooMuch { what, .. } => return too_many(what.clone()),
        E::NoCrs { .. } => "no_crs",
        E::RefusedCrs { .. } => "refused_crs",
        E::ContradictingCrs { is_swapped: true, .. } => "swapped_axes",
        E::ContradictingCrs { .. } => "wrong_crs",
        E::ChooseLayer { .. } => "choose_layer",
        E::MissingColumn { .. } | E::NotOurColumn { .. } | E::NoTextsOn { .. } => "missing_column",
        E::Empty { .. } => "empty",
        E::NotSpatial { .. } => "not_spatial",
        E::Unsupported { .. } => "unsupported",
        E::TooLarge { .. } => "too_large",
        E::UnknownEncoding { .. } => "unknown_encoding",
        E::Unreadable { .. } | E::NotFound { .. } | E::NotLandCover { .. } | E::CannotWrite { .. } => "unreadable",
    };
    // The words of the command line are those of the address, without their dashes.
    let shown = path.display().to_string();
    let message = error.to_string().replace(&format!("{shown}: "), "").replace(&shown, "the file").replace(" --", " ");
    let layers = if let E::ChooseLayer { layers, .. } = error { layers } else { Vec::new() };
    EngineError::FileRefused { why, message, layers }
}

/// A folder of our own that is gone with what is in it when this goes.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> Result<Folder, EngineError> {
        use std::os::unix::fs::DirBuilderExt;
        // GDAL's messages name files by their true paths.
        let home = std::env::temp_dir().canonicalize().map_err(cannot_keep)?;
        let path = home.join(format!("farmzone-drop-{}", new_secret()?));
        std::fs::DirBuilder::new().mode(0o700).create(&path).map_err(cannot_keep)?;
        Ok(Folder(path))
    }

    /// The one file in it, of this ending.
    pub(super) fn place(&self, ending: &str) -> PathBuf {
        self.0.join(format!("file.{ending}"))
    }

    /// Keeps what was sent as its one file.
    pub(super) fn put(&self, bytes: &[u8], ending: &str) -> Result<PathBuf, EngineError> {
        let path = self.place(ending);
        std::fs::write(&path, bytes).map_err(cannot_keep)?;
        Ok(path)
    }
}

/// The ending of a file's name, when a format is known by it.
pub(super) fn folder_ending(filename: &str) -> &'static str {
    let asked = filename.rsplit_once('.').map_or("", |(_, ending)| ending);
    ENDINGS.iter().find(|known| known.eq_ignore_ascii_case(asked)).copied().unwrap_or("bin")
}

/// A fault of the file that was sent, in words that name no path of ours.
pub(super) fn in_our_words(error: EngineError, path: &Path) -> EngineError {
    match error {
        EngineError::Format(error) => refused(error, path),
        EngineError::Refused { kind, message, issues } => {
            let shown = path.display().to_string();
            let message = message.replace(&format!("{shown}: "), "").replace(&shown, "the file");
            EngineError::Refused { kind, message, issues }
        }
        other => other,
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind is the system's to tidy.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
