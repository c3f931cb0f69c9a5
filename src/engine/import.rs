//! A file becomes a layer: `formats` reads, `legend` says what the labels mean, `store` keeps it, all in
//! one transaction. Nothing is dropped without an issue, nothing is half loaded.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use serde::Serialize;

use super::mistakes::{self, Likely, MOST_WITNESSES, Suspects, Witness};
use super::{EngineError, Progress, Rulebook, raster_import};
use crate::codes;
use crate::crs::Mistake;
use crate::encroach;
use crate::formats::{self, Doubles, Feature, Request, Source};
use crate::geom;
use crate::legend::{self, Kinds, Legend};
use crate::model::{
    Context, ContextGroup, Coord, Epoch, EpsgCode, Issue, LandUse, Layer, LayerRole, MultiPolygon, NotAWord, Permit, Revision, Right, Unit,
    Zone,
};
use crate::store::{self, Mode, NewLayer, Reader, Setting, Store};

/// What to import, and how.
#[derive(Debug, Clone)]
pub struct Import<'a> {
    pub file: &'a Path,
    pub role: LayerRole,
    pub layer: Option<&'a str>,
    pub fields: &'a BTreeMap<String, String>,
    pub kind: Option<&'a str>,
    pub code: Option<&'a str>,
    pub keep: &'a [String],
    pub epoch: Option<Epoch>,
    /// One of the rulebook's legends, or a TOML file.
    pub legend: &'a str,
    pub crs: Option<EpsgCode>,
    pub operation: Option<EpsgCode>,
    /// What went wrong on the way to the file, to be set right.
    pub correct: Option<Mistake>,
    pub accuracy_m: Option<f64>,
    pub source: Option<&'a str>,
    pub encoding: Option<&'a str>,
    pub mode: Mode,
    pub strict: bool,
    /// Where to write all issues as a table.
    pub issues_out: Option<&'a Path>,
    pub dry_run: bool,
    /// Marks the layer as made up.
    pub simulated: bool,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Imported {
    pub layer: String,
    pub role: LayerRole,
    pub epoch: Option<Epoch>,
    pub source_layer: String,
    pub driver: String,
    pub n_read: u64,
    pub n_kept: u64,
    pub n_repaired: u64,
    pub n_rejected: u64,
    pub crs: Applied,
    pub area_before_m2: f64,
    pub area_after_m2: f64,
    /// Zones wholly or partly outside every unit: kept, with an issue each.
    pub n_outside: usize,
    /// For a raster, whose cells `n_read` and `n_kept` count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raster: Option<RasterFacts>,
    /// Labels that the legend does not know, the largest area first.
    pub unmapped: Vec<Unmapped>,
    pub n_issues: usize,
    /// The first thousand.
    pub issues: Vec<Issue>,
    pub revision: Revision,
    pub dry_run: bool,
}

/// The file's CRS and what led from it to the workspace's.
#[derive(Debug, Serialize)]
pub struct Applied {
    pub source: String,
    pub operation: Option<String>,
}

/// What a raster is, beside its classes.
#[derive(Debug, Serialize)]
pub struct RasterFacts {
    pub width: u32,
    pub height: u32,
    /// In units of its CRS.
    pub pixel_size: [f64; 2],
    pub nodata: Option<String>,
    /// Cells without a class.
    pub n_nodata: u64,
    pub n_classes: usize,
}

#[derive(Debug, Serialize)]
pub struct Unmapped {
    pub label: String,
    pub n: u64,
    pub area_m2: f64,
}

pub(super) const ISSUES_SHOWN: usize = 1000;
/// So many are remembered for `--issues`; a file with more is beyond reading line by line.
const ISSUES_KEPT: usize = 1_000_000;

/// Reads a file into the workspace.
pub fn import(workspace: &Path, rulebook: &Rulebook, request: &Import, progress: Progress) -> Result<Imported, EngineError> {
    if request.role == LayerRole::LandUse && request.epoch.is_none() {
        return Err(EngineError::usage("land use shows the ground at some time: say when with --epoch YYYY (or YYYY-MM, YYYY-MM-DD)"));
    }
    if request.role != LayerRole::LandUse && request.epoch.is_some() {
        return Err(EngineError::usage(format!(
            "--epoch is for land use, which changes from year to year; leave it out for {}",
            request.role
        )));
    }
    if let Some(out) = request.issues_out {
        super::may_be_written(out, workspace)?;
        super::spares(out, request.file)?;
    }
    let mut store = Store::open(workspace)?;
    if request.role == LayerRole::LandUse && formats::raster::is_raster(request.file) {
        return raster_import::import(&mut store, request, &Chosen::find(rulebook, request.legend)?, progress);
    }
    let name = Layer::name_of(request.role, request.epoch);
    if request.mode == Mode::New && store.layers()?.iter().any(|l| l.name == name) {
        return Err(store::StoreError::LayerExists { name }.into());
    }
    if request.role == LayerRole::Codes {
        return super::register::import_codes(&mut store, rulebook, request, progress);
    }
    let legend = (request.role == LayerRole::LandUse).then(|| Chosen::find(rulebook, request.legend)).transpose()?;
    if let (Some(legend), Mode::Append | Mode::Update) = (&legend, request.mode)
        && let Some(there) = store.layers()?.into_iter().find(|l| l.name == name).and_then(|l| l.legend)
        && there != legend.name
    {
        return Err(EngineError::conflict(format!(
            "{name} was read through the legend {there}, this file through {}: a layer has one legend; take --replace",
            legend.name
        )));
    }
    if let (LayerRole::Zones, Some(kind)) = (request.role, request.kind) {
        kind_of(&rulebook.kinds, kind).ok_or_else(|| EngineError::invalid(unknown_kind(&rulebook.kinds, kind)))?;
    }
    let mut source = formats::open(&Request {
        path: request.file,
        layer: request.layer,
        role: request.role,
        fields: request.fields,
        keep: request.keep,
        kind: request.kind,
        code: request.code,
        crs: request.crs,
        operation: request.operation,
        correct: request.correct,
        encoding: request.encoding,
        doubles: if request.mode == Mode::Update { Doubles::SetAside } else { Doubles::Renamed },
        target: store.crs(),
    })?;
    // A layer that was exported as simulated stays so: its own column is read along, and not kept.
    let says_simulated = source.read_along(SIMULATED);
    let is_zones = request.role == LayerRole::Zones;
    let units = if is_zones { units(workspace)? } else { Vec::new() };
    let suspects = (is_zones && request.correct.is_none()).then(|| Suspects::of(&source));
    let places = if suspects.is_some() { mistakes::known_places(&Reader::open(workspace)?)? } else { HashMap::new() };
    let mut sorter = Sorter { says_simulated, suspects, places, ..Sorter::new(rulebook, legend.as_ref().map(|l| &l.legend), units) };
    match request.role {
        LayerRole::Zones => write(&mut store, request, source, legend.as_ref(), &mut sorter, progress, Sorter::zone),
        LayerRole::LandUse => write(&mut store, request, source, legend.as_ref(), &mut sorter, progress, Sorter::land_use),
        LayerRole::Permits => write(&mut store, request, source, legend.as_ref(), &mut sorter, progress, Sorter::permit),
        LayerRole::Boundaries => write(&mut store, request, source, legend.as_ref(), &mut sorter, progress, Sorter::unit),
        LayerRole::Context => write(&mut store, request, source, legend.as_ref(), &mut sorter, progress, Sorter::context),
        LayerRole::Codes => Err(EngineError::internal("a register is read by its own way")),
        LayerRole::Encroachments => Err(EngineError::usage("encroachments are found by `farmzone detect`, not imported")),
    }
}

/// The legend that was asked for: one of ours, or the user's own with its text.
pub(super) struct Chosen {
    pub name: String,
    pub legend: Legend,
    pub text: Option<String>,
}

impl Chosen {
    fn find(rulebook: &Rulebook, asked: &str) -> Result<Chosen, EngineError> {
        if !asked.ends_with(".toml") {
            return Ok(Chosen { name: asked.to_owned(), legend: rulebook.legend(asked)?, text: None });
        }
        let text = match std::fs::read_to_string(asked) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Err(EngineError::not_found(format!("{asked}: no such file"))),
            Err(e) => return Err(EngineError::invalid(format!("{asked}: {e}"))),
        };
        let legend = Legend::parse(asked, &text)?;
        // Named by its content, so that another legend of the same file name is another legend.
        let name = format!("{}-{}", legend.name, &blake3::hash(text.as_bytes()).to_hex()[..8]);
        Ok(Chosen { name, legend, text: Some(text) })
    }
}

fn units(workspace: &Path) -> Result<Vec<Unit>, EngineError> {
    let reader = Reader::open(workspace)?;
    let Some(layer) = reader.layers()?.into_iter().find(|l| l.role == LayerRole::Boundaries) else { return Ok(Vec::new()) };
    Ok(reader.features::<Unit>(&layer.name)?.0)
}

/// What becomes of one feature.
type Sort<'a, F> = fn(&mut Sorter<'a>, Feature) -> Option<F>;

fn write<'a, F: store::Feature>(
    store: &mut Store,
    request: &Import,
    source: Source,
    legend: Option<&Chosen>,
    sorter: &mut Sorter<'a>,
    progress: Progress,
    sort: Sort<'a, F>,
) -> Result<Imported, EngineError> {
    let file_name = request.file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let applied = Applied { source: source.crs.short(), operation: source.operation.as_ref().map(ToString::to_string) };
    let layer = NewLayer {
        epoch: request.epoch,
        source: request.source.map_or(file_name, str::to_owned),
        source_crs: applied.source.clone(),
        operation: applied.operation.clone(),
        accuracy_m: request.accuracy_m,
        legend: legend.map(|l| l.name.clone()),
        keep: request.keep.to_vec(),
        simulated: request.simulated,
    };
    let (source_layer, driver) = (source.layer.clone(), source.driver.clone());
    let total = source.n_features.unwrap_or(0);
    let mut writer = store.begin::<F>(layer, request.mode)?;
    sorter.note(source.issues.clone());
    let mut n_done = 0u64;
    let counts = source.read(|record| {
        sorter.note(record.issues);
        if let Some(feature) = record.feature.map(|f| sorter.marked(f)).and_then(|f| sort(sorter, f)) {
            writer.write(&feature)?;
        }
        n_done += 1;
        if n_done.is_multiple_of(512) {
            progress("reading", n_done, total);
        }
        Ok::<(), EngineError>(())
    })?;
    sorter.look_outside();
    sorter.look_for_mistakes();
    if let Some(out) = request.issues_out {
        write_issues(&sorter.issues, out)?;
    }
    let n_kept = counts.n_kept - sorter.n_rejected;
    let issues: Vec<Issue> = sorter.issues.iter().take(ISSUES_SHOWN).cloned().collect();
    if n_kept == 0 {
        return Err(EngineError::invalid(format!("{}: nothing in it can be kept; the workspace is unchanged", request.file.display()))
            .with_issues(issues));
    }
    if request.strict && sorter.n_issues > 0 {
        let message = format!(
            "{}: {} issues, and --strict refuses a file with any; the workspace is unchanged",
            request.file.display(),
            sorter.n_issues
        );
        return Err(EngineError::invalid(message).with_issues(issues));
    }
    progress("writing", 0, 0);
    if sorter.n_simulated > 0 {
        writer.mark_simulated();
    }
    let (name, revision) = if request.dry_run {
        drop(writer);
        (Layer::name_of(request.role, request.epoch), store.revision()?)
    } else {
        if let Some((legend, text)) = legend.and_then(|l| Some((l, l.text.as_ref()?))) {
            writer.set_setting(&Setting::Legend(legend.name.clone()), text)?;
        }
        let layer = writer.finish()?;
        (layer.name, layer.revision)
    };
    let mut unmapped: Vec<Unmapped> = sorter.unmapped.drain().map(|(label, (n, area_m2))| Unmapped { label, n, area_m2 }).collect();
    unmapped.sort_by(|a, b| b.area_m2.total_cmp(&a.area_m2).then_with(|| a.label.cmp(&b.label)));
    Ok(Imported {
        layer: name,
        role: request.role,
        epoch: request.epoch,
        source_layer,
        driver,
        n_read: counts.n_read,
        n_kept,
        n_repaired: counts.n_repaired,
        n_rejected: counts.n_read.saturating_sub(n_kept),
        crs: applied,
        area_before_m2: counts.area_before_m2,
        area_after_m2: counts.area_after_m2,
        n_outside: sorter.n_outside,
        raster: None,
        unmapped,
        n_issues: sorter.n_issues,
        issues,
        revision,
        dry_run: request.dry_run,
    })
}

/// Turns features into the words of their role, or sets them aside, and remembers what is to be said.
pub(super) struct Sorter<'a> {
    kinds: &'a Kinds,
    schemes: &'a codes::Schemes,
    legend: Option<&'a Legend>,
    units: Vec<Unit>,
    /// Zones that wait to be compared with the units: id, stated unit, shape.
    zones: Vec<(String, Option<String>, MultiPolygon)>,
    unmapped: HashMap<String, (u64, f64)>,
    issues: Vec<Issue>,
    n_issues: usize,
    n_rejected: u64,
    pub n_outside: usize,
    /// The last kept value of each feature is the file's `simulated`.
    says_simulated: bool,
    n_simulated: u64,
    /// What may have gone wrong with the file; none when that is not asked.
    pub suspects: Option<Suspects>,
    /// Where zones of an id or a code lie already.
    pub places: HashMap<String, Coord>,
    pub witnesses: Vec<Witness>,
    /// (code, valid_from) of the units so far.
    unit_keys: HashSet<(String, Option<String>)>,
    /// The first zone of each shape so far.
    shapes: HashMap<[u8; 16], Box<str>>,
}

/// The column by which an export says that its rows are made up.
const SIMULATED: &str = "simulated";

/// Zones compared with the units at a time: a bounded part of the file.
const ZONES_AT_A_TIME: usize = 20_000;
/// Two honest maps of one border differ; what sticks out by less than this share is not outside.
const OUTSIDE_SHARE: f64 = 0.02;

impl<'a> Sorter<'a> {
    /// `units` are those that zones are compared with.
    pub fn new(rulebook: &'a Rulebook, legend: Option<&'a Legend>, units: Vec<Unit>) -> Sorter<'a> {
        Sorter {
            kinds: &rulebook.kinds,
            schemes: &rulebook.schemes,
            legend,
            units,
            zones: Vec::new(),
            unmapped: HashMap::new(),
            issues: Vec::new(),
            n_issues: 0,
            n_rejected: 0,
            n_outside: 0,
            says_simulated: false,
            n_simulated: 0,
            suspects: None,
            places: HashMap::new(),
            witnesses: Vec::new(),
            unit_keys: HashSet::new(),
            shapes: HashMap::new(),
        }
    }

    /// What was noted since this was asked last.
    pub fn take_issues(&mut self) -> Vec<Issue> {
        std::mem::take(&mut self.issues)
    }

    fn note(&mut self, issues: Vec<Issue>) {
        for issue in issues {
            self.n_issues += 1;
            if self.issues.len() < ISSUES_KEPT {
                self.issues.push(issue);
            }
        }
    }

    /// Takes the mark of made-up data off a feature, and counts it.
    fn marked(&mut self, mut feature: Feature) -> Feature {
        if self.says_simulated {
            let mark = feature.kept.pop().flatten();
            self.n_simulated += u64::from(mark.is_some_and(|m| ["1", "true", "yes"].contains(&m.trim().to_lowercase().as_str())));
        }
        feature
    }

    fn set_aside<F>(&mut self, code: &'static str, id: &str, message: String) -> Option<F> {
        self.n_rejected += 1;
        self.note(vec![Issue::new(code, Some(id), message)]);
        None
    }

    pub fn zone(&mut self, feature: Feature) -> Option<Zone> {
        let Feature { id, values, kept, shape, .. } = feature;
        let mut value = values.into_iter().skip(1);
        let mut next = || value.next().flatten();
        let Some(label) = next() else {
            return self.set_aside("missing_kind", &id, "the zone has no kind; it was set aside".to_owned());
        };
        let Some(kind) = kind_of(self.kinds, &label) else {
            let message = format!("{}; the zone was set aside", unknown_kind(self.kinds, &label));
            return self.set_aside("unknown_kind", &id, message);
        };
        let (name, code, unit, crop, variety, cooperative) = (next(), next(), next(), next(), next(), next());
        let (linkage, products) = (next(), next());
        let (standard, standard_no, standard_until, declared, established) = (next(), next(), next(), next(), next());
        let standard_until = self.date(&id, "standard_until", standard_until);
        let established = self.date(&id, "established", established);
        let declared_area_m2 = declared.as_deref().and_then(|text| self.number(&id, "declared_area_m2", text));
        if let Some(malformed) = code.as_deref().and_then(|c| codes::parse(c, self.schemes).err()) {
            self.note(vec![Issue::new("malformed_code", Some(&id), format!("{malformed}; the zone was kept with the code as written"))]);
        }
        let shape = shape.into_polygons();
        let corners = corners_of(&shape);
        if let Some(first) = self.shapes.get(&corners) {
            let message = format!("the zone has the very shape of “{first}”; both were kept, and their land counts twice");
            let at = geom::pole(&shape).map(|c| [c.x, c.y]);
            self.note(vec![Issue { at, ..Issue::new("identical_shape", Some(&id), message) }]);
        } else {
            self.shapes.insert(corners, id.as_str().into());
        }
        if self.suspects.is_some() && self.witnesses.len() < MOST_WITNESSES {
            let witness = |at| Witness { id: id.clone(), code: code.clone(), unit: unit.clone(), at };
            self.witnesses.extend(geom::pole(&shape).map(witness));
        }
        if !self.units.is_empty() {
            self.zones.push((id.clone(), unit.clone(), shape.clone()));
            if self.zones.len() >= ZONES_AT_A_TIME {
                self.look_outside();
            }
        }
        Some(Zone {
            id,
            kind: kind.into(),
            name: name.map(Into::into),
            code: code.map(Into::into),
            unit: unit.map(Into::into),
            crop: crop.map(Into::into),
            variety: variety.map(Into::into),
            cooperative: cooperative.map(Into::into),
            linkage: linkage.map(Into::into),
            products: products.map(Into::into),
            standard: standard.map(Into::into),
            standard_no: standard_no.map(Into::into),
            standard_until: standard_until.map(Into::into),
            declared_area_m2,
            established: established.map(Into::into),
            kept,
            shape,
        })
    }

    /// Lists the waiting zones that lie outside the units, and those that state another unit than the one they lie in.
    pub fn look_outside(&mut self) {
        let zones = std::mem::take(&mut self.zones);
        if zones.is_empty() {
            return;
        }
        let shapes: Vec<&MultiPolygon> = zones.iter().map(|(.., shape)| shape).collect();
        let units: Vec<&MultiPolygon> = self.units.iter().map(|unit| &unit.shape).collect();
        let mut inside_m2 = vec![0.0; zones.len()];
        let mut mostly: Vec<Option<(usize, f64)>> = vec![None; zones.len()];
        for pair in encroach::overlay(&shapes, &units) {
            let (zone, unit) = (pair.zone as usize, pair.land_use as usize);
            inside_m2[zone] += pair.area_m2;
            if mostly[zone].is_none_or(|(_, most_m2)| pair.area_m2 > most_m2) {
                mostly[zone] = Some((unit, pair.area_m2));
            }
        }
        for (((id, stated, shape), inside_m2), mostly) in zones.iter().zip(inside_m2).zip(mostly) {
            let at = || geom::pole(shape).map(|c| [c.x, c.y]);
            if let Some((stated, (unit, _))) = stated.as_deref().zip(mostly)
                && let Some(message) = self.units.get(unit).and_then(|unit| self.other_unit(stated, unit))
            {
                self.note(vec![Issue { at: at(), ..Issue::new("other_unit", Some(id), message) }]);
            }
            let area_m2 = geom::area_m2(shape);
            let outside = 1.0 - inside_m2 / area_m2;
            if outside > OUTSIDE_SHARE {
                self.n_outside += 1;
                let message =
                    format!("{:.1} % of the zone ({:.0} m²) lies outside every unit; it was kept", outside * 100.0, area_m2 - inside_m2);
                self.note(vec![Issue { at: at(), ..Issue::new("outside_boundaries", Some(id), message) }]);
            }
        }
    }

    /// Names what likely went wrong with the file's coordinates, before all else.
    fn look_for_mistakes(&mut self) {
        if let Some(likely) = self.likely_mistake() {
            self.n_issues += 1;
            self.issues.insert(0, likely.issue());
        }
    }

    /// What likely went wrong with the coordinates of the zones so far; asked once.
    pub fn likely_mistake(&mut self) -> Option<Likely> {
        let suspects = self.suspects.take()?;
        mistakes::likely(&self.witnesses, &self.units, &self.places, &suspects)
    }

    /// What to say of a zone that states a unit and lies in another; nothing when they are one, by code or by name.
    fn other_unit(&self, stated: &str, unit: &Unit) -> Option<String> {
        let spelled = legend::spelled(stated);
        let is = |unit: &Unit| {
            unit.code == stated
                || [Some(&unit.name), unit.full_name.as_ref()].into_iter().flatten().any(|name| legend::spelled(name) == spelled)
        };
        if is(unit) {
            return None;
        }
        let shown: String = stated.chars().take(60).collect();
        let today = format!("{} ({})", unit.name, unit.code);
        let since = unit.valid_from.as_ref().map_or(String::new(), |day| format!(", in force from {day}"));
        let why = match self.units.iter().find(|other| is(other)) {
            Some(other) => format!("that is the code of {} today, and may have been another place’s before July 2025", other.name),
            None => "no unit has this code or name today; it may be of before July 2025".to_owned(),
        };
        Some(format!("the zone states the unit “{shown}”: {why}. By where it lies it counts in {today}{since}; what it states was kept"))
    }

    fn land_use(&mut self, feature: Feature) -> Option<LandUse> {
        let Feature { id, values, kept, shape, area_after_m2, .. } = feature;
        let mut value = values.into_iter().skip(1);
        let label = value.next().flatten().unwrap_or_default();
        let observed = self.date(&id, "observed", value.next().flatten());
        let code = match self.legend.and_then(|l| l.class(&label)) {
            Some(class) => class.code.clone(),
            None => {
                let sum = self.unmapped.entry(label.clone()).or_default();
                sum.0 += 1;
                sum.1 += area_after_m2;
                if sum.0 == 1 {
                    let message = if label.is_empty() {
                        "a polygon has no label; it is kept as unmapped and not counted as built".to_owned()
                    } else {
                        format!(
                            "the legend does not know the label “{}”; it is kept as unmapped and not counted as built",
                            label.chars().take(80).collect::<String>()
                        )
                    };
                    self.note(vec![Issue::new("unmapped_label", Some(&id), message)]);
                }
                label
            }
        };
        Some(LandUse { id, code, observed, kept, shape: shape.into_polygons() })
    }

    fn permit(&mut self, feature: Feature) -> Option<Permit> {
        let Feature { id, values, kept, shape, .. } = feature;
        let mut value = values.into_iter().skip(1);
        let mut next = || value.next().flatten();
        let label = next().unwrap_or_default();
        let right = match label.trim().to_lowercase().parse::<Right>() {
            Ok(right @ (Right::Permitted | Right::Planned)) => right,
            _ => {
                let error = NotAWord::new(&label, "a permit's right: permitted or planned");
                return self.set_aside("unknown_right", &id, format!("{error}; it was set aside"));
            }
        };
        let (decision, decided, valid_to) = (next(), next(), next());
        let (decided, valid_to) = (self.date(&id, "decided", decided), self.date(&id, "valid_to", valid_to));
        Some(Permit { id, right, decision, decided, valid_to, kept, shape: shape.into_polygons() })
    }

    fn unit(&mut self, feature: Feature) -> Option<Unit> {
        let Feature { id, values, kept, shape, .. } = feature;
        let mut value = values.into_iter();
        let mut next = || value.next().flatten();
        let (Some(code), Some(name)) = (next(), next()) else {
            return self.set_aside("missing_code", &id, "the unit has no code or no name; it was set aside".to_owned());
        };
        let (full_name, valid_from) = (next(), next());
        let valid_from = self.date(&id, "valid_from", valid_from);
        if !self.unit_keys.insert((code.clone(), valid_from.clone())) {
            return self.set_aside(
                "duplicate_code",
                &id,
                format!("there is a unit of the code “{code}” already, valid from the same day; this one was set aside"),
            );
        }
        Some(Unit { code, name, full_name, valid_from, kept, shape: shape.into_polygons() })
    }

    fn context(&mut self, feature: Feature) -> Option<Context> {
        let Feature { id, values, kept, shape, .. } = feature;
        let mut value = values.into_iter().skip(1);
        let mut next = || value.next().flatten();
        let label = next().unwrap_or_default();
        let group = match label.trim().to_lowercase().parse::<ContextGroup>() {
            Ok(group) => group,
            Err(error) => return self.set_aside("unknown_group", &id, format!("{error}; it was set aside")),
        };
        let name = next();
        let width_m = next().as_deref().and_then(|text| self.number(&id, "width_m", text));
        Some(Context { id, group, name, width_m, kept, shape: shape.into_geometry() })
    }

    /// A date as ISO writes it; what is none stays as it is, with an issue.
    fn date(&mut self, id: &str, column: &str, text: Option<String>) -> Option<String> {
        let text = text?;
        // The hour may be written too, after a day.
        let is_hour = |rest: &str| rest.is_empty() || rest[1..].starts_with(|c: char| c.is_ascii_digit());
        if let Some((date, rest)) = Epoch::written(&text).filter(|(date, rest)| is_hour(rest) && (rest.is_empty() || date.day.is_some())) {
            return Some(format!("{date}{rest}"));
        }
        let shown: String = text.chars().take(40).collect();
        let message = format!(
            "{column} “{shown}” is no date; write 2024-06-30 or, day first, 30/6/2024, the year with four digits (or 2024, 2024-06); \
             it was kept as written"
        );
        self.note(vec![Issue::new("bad_date", Some(id), message)]);
        Some(text)
    }

    /// A positive number, with a point or a comma for the decimals; an issue when it is none.
    fn number(&mut self, id: &str, column: &str, text: &str) -> Option<f64> {
        let number = text.trim().replace(',', ".").parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
        if number.is_none() {
            let shown: String = text.chars().take(40).collect();
            self.note(vec![Issue::new("not_a_number", Some(id), format!("{column} “{shown}” is not a number; it was left empty"))]);
        }
        number
    }
}

/// The same for shapes of the same corners, wherever and whichever way round their rings begin.
fn corners_of(shape: &MultiPolygon) -> [u8; 16] {
    let rings = shape.0.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()));
    let mut corners: Vec<&Coord> = rings.flat_map(|ring| ring.0.split_last().map_or(&[][..], |(_, open)| open)).collect();
    corners.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    let mut hash = blake3::Hasher::new();
    for corner in corners {
        hash.update(&corner.x.to_le_bytes()).update(&corner.y.to_le_bytes());
    }
    let mut key = [0; 16];
    hash.finalize_xof().fill(&mut key);
    key
}

/// A kind by its key or its name in either language, whatever the case.
pub(super) fn kind_of(kinds: &Kinds, label: &str) -> Option<String> {
    let spelled = legend::spelled(label);
    let fits = |k: &&legend::Kind| [&k.key, &k.name.vi, &k.name.en].iter().any(|t| legend::spelled(t) == spelled);
    kinds.kinds.iter().find(fits).map(|k| k.key.clone())
}

fn unknown_kind(kinds: &Kinds, label: &str) -> String {
    let known: Vec<&str> = kinds.kinds.iter().map(|k| k.key.as_str()).collect();
    NotAWord::new(label, format!("a kind of zone; there are {}", known.join(", "))).to_string()
}

/// `code,feature,message,x,y,area_before_m2,area_after_m2`, whole or not at all.
pub(super) fn write_issues(issues: &[Issue], out: &Path) -> Result<(), EngineError> {
    let number = |n: Option<f64>| n.map_or(String::new(), |n| n.to_string());
    super::export::write_text(out, |file| {
        writeln!(file, "code,feature,message,x,y,area_before_m2,area_after_m2")?;
        for issue in issues {
            let (x, y) = (issue.at.map(|p| p[0]), issue.at.map(|p| p[1]));
            let cells = [
                issue.code.to_owned(),
                issue.feature.clone().unwrap_or_default(),
                issue.message.clone(),
                number(x),
                number(y),
                number(issue.area_before_m2),
                number(issue.area_after_m2),
            ];
            writeln!(file, "{}", cells.map(|c| formats::csv_cell(&c).into_owned()).join(","))?;
        }
        Ok(())
    })
}
