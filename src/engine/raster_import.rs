//! A GeoTIFF becomes a layer: copied beside the workspace, every cell looked at, its classes mapped by the legend.

use crate::crs::{Crs, Transform};
use crate::formats::raster::{Census, RasterRequest, RasterSource, open_raster};
use crate::geom;
use crate::model::{Coord, Issue, Layer, LayerRole, MultiPolygon, Polygon, RasterLayer, Ring};
use crate::store::{Mode, NewLayer, NewRaster, Setting, Store, StoreError};

use super::import::{Applied, Chosen, ISSUES_SHOWN, Import, Imported, RasterFacts, Unmapped, write_issues};
use super::raster::code_of;
use super::{EngineError, Progress};

/// Takes a raster of land use into the workspace.
pub(super) fn import(store: &mut Store, request: &Import, legend: &Chosen, progress: Progress) -> Result<Imported, EngineError> {
    let Some(epoch) = request.epoch else { return Err(EngineError::internal("a raster without an epoch")) };
    refuse_what_is_for_polygons(request)?;
    let name = Layer::name_of_raster(epoch);
    let layers = store.layers()?;
    if request.mode == Mode::New && layers.iter().any(|l| l.name == name) {
        return Err(EngineError::conflict(format!("the layer “{name}” exists already: take --replace")));
    }
    let source = open_raster(&RasterRequest {
        path: request.file,
        band: request.layer,
        crs: request.crs,
        operation: request.operation,
        target: store.crs(),
    })?;
    let mut draft = store.raster_draft()?;
    progress("copying", 0, 0);
    source.copy(&mut draft)?;
    let copy = draft.complete().map_err(|e| EngineError::unavailable(format!("the raster could not be copied: {e}")))?;
    let census = source.census(copy, &mut |done, total| progress("reading", done, total))?;
    let ground = Ground::of(&source, store.crs())?;
    let raster = RasterLayer { classes: census.classes.clone(), ..source.facts.clone() };
    let n_valid: u64 = census.classes.iter().map(|c| c.n_cells).sum();
    if n_valid == 0 {
        let message = format!("{}: every cell is nodata; the workspace is unchanged", request.file.display());
        return Err(EngineError::invalid(message).with_issues(source.issues));
    }
    let (unmapped, mut issues) = unmapped(legend, &census, ground.cell_m2);
    issues.splice(0..0, grid_codes(legend, &census, unmapped.len()));
    issues.splice(0..0, source.issues.iter().cloned());
    let others = layers.iter().filter(|l| l.name != name);
    issues.extend(compared(&raster, &ground, others));
    if let Some(out) = request.issues_out {
        write_issues(&issues, out)?;
    }
    if request.strict && !issues.is_empty() {
        let message = format!(
            "{}: {} issues, and --strict refuses a file with any; the workspace is unchanged",
            request.file.display(),
            issues.len()
        );
        return Err(EngineError::invalid(message).with_issues(issues));
    }
    let file_name = request.file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let applied = Applied { source: source.crs.short(), operation: source.operation.as_ref().map(ToString::to_string) };
    let layer = NewLayer {
        epoch: Some(epoch),
        source: request.source.map_or(file_name, str::to_owned),
        source_crs: applied.source.clone(),
        operation: applied.operation.clone(),
        accuracy_m: request.accuracy_m,
        legend: Some(legend.name.clone()),
        keep: Vec::new(),
        simulated: request.simulated,
    };
    let area_m2 = n_valid as f64 * ground.cell_m2;
    let facts = RasterFacts {
        width: raster.width,
        height: raster.height,
        pixel_size: raster.pixel_size,
        nodata: raster.nodata.clone(),
        n_nodata: census.n_nodata,
        n_classes: census.classes.len(),
    };
    let n_read = raster.n_cells();
    let revision = if request.dry_run {
        drop(draft);
        store.revision()?
    } else {
        progress("writing", 0, 0);
        let new = NewRaster { epoch, layer, raster, area_m2, extent: ground.extent };
        let legend = legend.text.as_deref().map(|text| (Setting::Legend(legend.name.clone()), text));
        store.put_raster(new, draft, legend, request.mode).map_err(only_replace)?.revision
    };
    Ok(Imported {
        layer: name,
        role: LayerRole::LandUse,
        epoch: Some(epoch),
        source_layer: source.facts.band.to_string(),
        driver: "GTiff".to_owned(),
        n_read,
        n_kept: n_valid,
        n_repaired: 0,
        n_rejected: 0,
        crs: applied,
        area_before_m2: area_m2,
        area_after_m2: area_m2,
        n_outside: 0,
        raster: Some(facts),
        unmapped,
        n_issues: issues.len(),
        issues: issues.into_iter().take(ISSUES_SHOWN).collect(),
        revision,
        dry_run: request.dry_run,
    })
}

/// A raster is one picture: nothing can be added to it.
fn only_replace(error: StoreError) -> EngineError {
    match error {
        StoreError::LayerExists { name } => EngineError::conflict(format!("the layer “{name}” exists already: take --replace")),
        other => other.into(),
    }
}

fn refuse_what_is_for_polygons(request: &Import) -> Result<(), EngineError> {
    let given = [
        ("--append", request.mode == Mode::Append),
        ("--update", request.mode == Mode::Update),
        ("--field", !request.fields.is_empty()),
        ("--kind", request.kind.is_some()),
        ("--code", request.code.is_some()),
        ("--keep", !request.keep.is_empty()),
        ("--encoding", request.encoding.is_some()),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        Some((option, _)) => Err(EngineError::usage(format!("{option} is for files of features; a raster has cells. Leave it out"))),
        None => Ok(()),
    }
}

/// Where the raster lies in the workspace's CRS, as far as that can be said.
struct Ground {
    /// Of a cell in the middle.
    cell_m2: f64,
    extent: Option<[f64; 4]>,
}

impl Ground {
    fn of(source: &RasterSource, workspace: crate::model::EpsgCode) -> Result<Ground, EngineError> {
        let raster = &source.facts;
        let back = Transform::new(&Crs::from_epsg(workspace)?, &source.crs, raster.operation)?.inverse();
        let outline = |[x0, y0, x1, y1]: [f64; 4], n: u32| -> Option<Vec<Coord>> {
            let corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)];
            let along = |a: (f64, f64), b: (f64, f64), t: f64| Coord { x: a.0 + (b.0 - a.0) * t, y: a.1 + (b.1 - a.1) * t };
            let side = |s: &[(f64, f64)]| (0..n).map(|i| along(s[0], s[1], f64::from(i) / f64::from(n))).collect::<Vec<_>>();
            let mut points: Vec<Coord> = corners.windows(2).flat_map(side).map(|c| raster.to_ground(c)).collect();
            back.apply(&mut points).ok()?;
            points.push(*points.first()?);
            Some(points)
        };
        let (x, y) = (f64::from(raster.width / 2), f64::from(raster.height / 2));
        // A raster of the whole Earth cannot be shown in a workspace's CRS; its cells at the zones can.
        let cell = outline([x, y, x + 1.0, y + 1.0], 1).map(|ring| geom::ring_signed_area_m2(&Ring::new(ring)).abs());
        let frame = outline([0.0, 0.0, f64::from(raster.width), f64::from(raster.height)], 32);
        let extent = frame.and_then(|ring| geom::bounds(&MultiPolygon::new(vec![Polygon::new(Ring::new(ring), Vec::new())])));
        Ok(Ground { cell_m2: cell.unwrap_or(0.0), extent })
    }
}

/// Values that the legend does not know, the largest area first, with an issue each.
fn unmapped(legend: &Chosen, census: &Census, cell_m2: f64) -> (Vec<Unmapped>, Vec<Issue>) {
    let mut unmapped = Vec::new();
    let mut issues = Vec::new();
    for class in &census.classes {
        let label = code_of(&legend.legend, class);
        if legend.legend.class(&label).is_some() {
            continue;
        }
        let shown: String = label.chars().take(80).collect();
        let message = format!(
            "the legend does not know the value “{shown}” ({} cells); it is kept as unmapped and not counted as built",
            class.n_cells
        );
        issues.push(Issue::new("unmapped_label", Some(&class.value.to_string()), message));
        unmapped.push(Unmapped { label, n: class.n_cells, area_m2: class.n_cells as f64 * cell_m2 });
    }
    unmapped.sort_by(|a, b| b.area_m2.total_cmp(&a.area_m2).then_with(|| a.label.cmp(&b.label)));
    (unmapped, issues)
}

/// CORINE's rasters carry the classes as 1 to 44 (48: none), its vector files as 111 to 523.
fn grid_codes(legend: &Chosen, census: &Census, n_unmapped: usize) -> Option<Issue> {
    let is_grid = |value: i32| (1..=44).contains(&value) || value == 48;
    let is_meant = legend.name == "corine" && n_unmapped == census.classes.len() && census.classes.iter().all(|c| is_grid(c.value));
    let message = "the cells have CORINE's grid codes (1 to 44), not the three-digit ones of the legend corine: no class is known. \
                   Import it again with --legend corine_grid --replace";
    is_meant.then(|| Issue::new("corine_grid_codes", None, message))
}

/// What a person should know of this raster beside the other layers: years that do not compare, a place far off.
fn compared<'a>(raster: &RasterLayer, ground: &Ground, others: impl Iterator<Item = &'a Layer>) -> Vec<Issue> {
    let mut issues = Vec::new();
    let values = |r: &RasterLayer| -> Vec<i32> { r.classes.iter().map(|c| c.value).collect() };
    for layer in others {
        if layer.role == LayerRole::Zones
            && let (Some(zones), Some(cells)) = (layer.extent, ground.extent)
            && (zones[0] > cells[2] || zones[2] < cells[0] || zones[1] > cells[3] || zones[3] < cells[1])
        {
            issues.push(Issue::new("outside_zones", None, "no zone lies in the raster; it was kept"));
        }
        let (Some(other), Some(epoch)) = (&layer.raster, layer.epoch) else { continue };
        if (other.width, other.height, other.geotransform) != (raster.width, raster.height, raster.geotransform) || other.crs != raster.crs
        {
            let message = format!("the raster of {epoch} lies on another grid, or names its CRS in another way; both are kept as they are");
            issues.push(Issue::new("other_grid", None, message));
        }
        let (here, there) = (values(raster), values(other));
        let only = |a: &[i32], b: &[i32]| a.iter().filter(|v| !b.contains(v)).take(20).map(i32::to_string).collect::<Vec<_>>().join(", ");
        let (only_here, only_there) = (only(&here, &there), only(&there, &here));
        if !only_here.is_empty() || !only_there.is_empty() {
            let named = |values: String| if values.is_empty() { "none".to_owned() } else { values };
            let message = format!("values only here: {}; only in the raster of {epoch}: {}", named(only_here), named(only_there));
            issues.push(Issue::new("other_classes", None, message));
        }
    }
    issues
}
