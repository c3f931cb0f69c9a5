//! The flows: import, overlay, detect, export, tiles, serve, demo. The only place where pure code meets I/O.
//!
//! A command opens the workspace, does one flow and ends; a server holds an `Engine`, which keeps the
//! current snapshot and makes the next one when the workspace changes, whoever changed it. Writers
//! commit to the store first; a snapshot is never changed.

mod accounts;
mod alerts;
mod data;
mod demo;
mod detect;
mod dossier;
mod draft;
mod dropped;
mod edits;
mod error;
mod events;
mod export;
mod fields;
mod figures;
mod gzip;
mod history;
mod import;
mod lists;
mod live;
mod maps;
mod mistakes;
mod overview;
mod partners;
mod password;
mod place;
mod planning;
mod plans;
mod print;
mod pyramid;
mod raster;
mod raster_import;
mod register;
mod rulebook;
mod search;
mod sheet;
mod snapshot;
mod tiles;
mod transitions;

pub use crate::store::EditFilter;
pub use accounts::{
    Account, AccountChange, Accounts, Limits, MOST_TOKEN_DAYS, NewAccount, NewToken, NotIn, SESSION_LASTS_S, Session, Token, account_facts,
    csrf_of, is_csrf, token_facts,
};
pub use alerts::{AlertPatch, AlertSort, AlertsAsk, Feed, FeedItem, NoteAsk, StepAsk};
pub use data::{DataFile, DataFormat, DataLayer};
pub use demo::{make_demo, simulated_city};
pub use detect::{DetectAsk, Detection, Found, NotSeen, Overlay, OverlayRow, Totals, detect};
pub use dossier::{
    DossierAsk, DossierFile, PageMap, PageSource, PresentZone, Seal, Stated, Verified, ZonePage, day_and_hour, write_dossier,
};
pub use dropped::DropAsk;
pub use edits::{EditAsk, UndoAsk};
pub use error::{EngineError, ErrorKind};
pub use events::EpochEvents;
#[cfg(feature = "native-viewer")]
pub use export::write_picture;
pub use export::{ExportAsk, Exported, export, write_events, write_figures, write_transitions};
pub use fields::{Field, fields_about, fields_of};
pub use figures::{Filter, Page, Sum, group_name, hex, right_name};
pub use gzip::{Gzip, gzip};
pub use history::AsOf;
pub use import::{Import, Imported, RasterFacts, import};
pub use lists::{EventSort, ListAsk, Order, Places, TableAsk, TableFile, ZoneSort};
pub use live::{Engine, News};
pub use maps::StyleAsk;
pub use overview::PlainColor;
pub use partners::{PartnerImport, PartnersAsk, PartnersImported, import_partners};
pub use password::generated_password;
pub use place::{CrsFacts, Place};
pub use planning::{Figures, FiguresAsk, FiguresBy, FiguresRow};
pub use plans::{CommentAsk, CommentChange, DecideAsk, PlanAsk, PlanPatch, PlanReader, SupplyAsk};
pub use print::{PrintAsk, PrintLayer, PrintPlace};
pub use pyramid::{Pyramid, PyramidAsk, pyramid};
pub use raster::EpochRaster;
pub use register::{CheckAsk, CheckTerms, Checked, CodeList, CodesAsk, Looked, RegisterAsk, StatusAsk};
pub use rulebook::{Rulebook, tiles_file, tiles_text};
pub use snapshot::{EpochLandUse, Snapshot, UnitView, ZoneView, Zones};
pub use tiles::TileChanges;
pub use transitions::{By, Moved, TransitionsAsk};

// What `http` and `cli` name without looking past this storey.
pub use crate::codes::Day;
pub use crate::crs::Mistake;
pub use crate::encroach::Reach;
pub use crate::legend::{Target, Text, Words};
pub use crate::report::{Lang, Orientation, Paper, Subject, SubjectKind};
pub use crate::store::Mode;
pub use crate::tile::{NEAR_ZOOM, TileCoord, TileFilter, TileFormat, TileLayer, Touched};

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use crate::crs::Crs;
use crate::legend::Targets;
use crate::model::{Epoch, EpsgCode, Layer, PartnerTable, Revision};
use crate::store::{Reader, Setting, SrsDefinition, Store, StoreError};

/// What a flow says while it works: the step, how far it is, and how far it will go (0: unknown).
pub type Progress<'a> = &'a mut dyn FnMut(&str, u64, u64);

/// Refuses a change of what is not as it was seen. `*` is whatever there is (RFC 9110, 13.1.1).
fn as_seen(etag: &str, expected: &str, moved: impl FnOnce(String) -> EngineError) -> Result<(), EngineError> {
    if expected == "*" || expected == etag { Ok(()) } else { Err(moved(etag.to_owned())) }
}

/// A result may replace an older one, but not a workspace, nor what is no plain file.
fn may_be_written(out: &Path, workspace: &Path) -> Result<(), EngineError> {
    let refuse = |what: &str| Err(EngineError::conflict(format!("{} is {what}: write to another file", out.display())));
    if out.canonicalize().is_ok_and(|out| workspace.canonicalize().is_ok_and(|path| path == out)) {
        return refuse("the workspace itself");
    }
    match std::fs::symlink_metadata(out) {
        Ok(there) if there.is_symlink() => refuse("a link"),
        Ok(there) if !there.is_file() => refuse("no plain file"),
        Ok(_) if Reader::open(out).is_ok() => refuse("a workspace"),
        // Nothing is there; or what is wrong with the place shows when it is written.
        _ => Ok(()),
    }
}

/// What is written is not the file that is read, nor one that belongs to it: a file of its name, or inside the folder that it is.
fn spares(out: &Path, read: &Path) -> Result<(), EngineError> {
    let (Ok(there), Ok(read)) = (out.canonicalize(), read.canonicalize()) else { return Ok(()) };
    let belongs = there.starts_with(&read) || there.with_extension("") == read.with_extension("");
    if belongs {
        return Err(EngineError::conflict(format!("{} belongs to the file that is read: write to another file", out.display())));
    }
    Ok(())
}

fn ends_with(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case(ending))
}

/// The same for a table of text.
fn table_may_be_written(out: &Path, workspace: &Path) -> Result<(), EngineError> {
    may_be_written(out, workspace)?;
    if ends_with(out, "csv") {
        return Ok(());
    }
    Err(EngineError::usage(format!("{}: the result is a table; write it to a .csv file", out.display())))
}

/// Makes an empty workspace.
pub fn init(path: &Path, crs: EpsgCode) -> Result<Store, EngineError> {
    if !ends_with(path, "gpkg") {
        let shown = path.display();
        return Err(EngineError::usage(format!("{shown}: a workspace is a GeoPackage; name it {}", path.with_extension("gpkg").display())));
    }
    accounts::no_accounts_at(path)?;
    let crs = Crs::for_workspace(crs)?;
    Ok(Store::create(path, crs.code.unwrap_or(EpsgCode::HANOI), SrsDefinition { name: crs.name.clone(), wkt: crs.wkt1()? })?)
}

/// Opens a workspace and reads what it holds.
pub fn open(path: &Path, rulebook: &Arc<Rulebook>) -> Result<Snapshot, EngineError> {
    settle(path)?;
    Snapshot::load(path, rulebook, None)
}

/// Gives what another program (QGIS, say) changed meanwhile a revision of its own, where the workspace can be written.
fn settle(path: &Path) -> Result<(), EngineError> {
    match Store::open(path) {
        Ok(mut store) => Ok(store.settle().map(|_| ())?),
        Err(StoreError::ReadOnly { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// A layer, and how many of its features no result counts because somebody took their shape away.
#[derive(Debug, Serialize)]
pub struct Listed {
    #[serde(flatten)]
    pub layer: Layer,
    pub n_without_shape: u64,
}

/// The layers of a workspace, by role, then epoch.
pub fn layers(path: &Path) -> Result<Vec<Listed>, EngineError> {
    let reader = Reader::open(path)?;
    // Cells have no shapes to miss.
    let n_without = |layer: &Layer| if layer.raster.is_some() { Ok(0) } else { reader.n_without_shape(layer) };
    let listed = |layer: Layer| Ok(Listed { n_without_shape: n_without(&layer)?, layer });
    in_order(reader.layers()?).into_iter().map(listed).collect()
}

fn in_order(mut layers: Vec<Layer>) -> Vec<Layer> {
    layers.sort_by_key(|l| (l.role, l.epoch));
    layers
}

/// Takes a layer out.
pub fn drop_layer(path: &Path, name: &str) -> Result<Revision, EngineError> {
    match PartnerTable::ALL.iter().find(|table| table.table_name() == name) {
        Some(table) => partners::drop_table(path, *table),
        None => Ok(Store::open(path)?.drop_layer(name)?),
    }
}

/// What a plan asks the workspace to hold, with `file`'s in place of what was asked before.
pub fn targets(path: &Path, rulebook: &Rulebook, file: Option<&Path>) -> Result<Targets, EngineError> {
    let Some(file) = file else { return targets_in(&Reader::open(path)?) };
    let shown = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => EngineError::not_found(format!("{shown}: no such file")),
        _ => EngineError::invalid(format!("{shown}: {e}")),
    })?;
    let targets = Targets::parse(&shown, &text)?;
    for target in &targets.targets {
        if rulebook.kinds.get(&target.kind).is_none() {
            let known: Vec<&str> = rulebook.kinds.kinds.iter().map(|k| k.key.as_str()).collect();
            return Err(EngineError::invalid(format!("{shown}: no kind “{}”; there are {}", target.kind, known.join(", "))));
        }
    }
    Store::open(path)?.set_setting(&Setting::Targets, &text)?;
    Ok(targets)
}

fn targets_in(reader: &Reader) -> Result<Targets, EngineError> {
    let text = reader.setting(&Setting::Targets)?.unwrap_or_default();
    Ok(Targets::parse("the workspace's targets", &text)?)
}

/// What was copied beside the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The file with the accounts; none when there are no accounts.
    pub accounts: Option<std::path::PathBuf>,
    pub n_accounts: usize,
}

/// A consistent copy, also while the workspace is served, with its accounts in a file of their own.
pub fn backup(path: &Path, out: &Path, progress: Progress) -> Result<Backup, EngineError> {
    let store = Store::open(path)?;
    accounts::no_accounts_at(out)?;
    store.backup(out, &mut |done, total| progress("copying", done, total))?;
    let (accounts, n_accounts) = accounts::backup(path, out)?.unzip();
    Ok(Backup { accounts, n_accounts: n_accounts.unwrap_or(0) })
}

/// Every pair of zone and land-use polygon (or raster class) that shares area, written to `out` as a table.
pub fn overlay(
    path: &Path,
    rulebook: &Arc<Rulebook>,
    epoch: Option<Epoch>,
    raster: bool,
    out: Option<&Path>,
) -> Result<Overlay, EngineError> {
    if let Some(out) = out {
        table_may_be_written(out, path)?;
    }
    settle(path)?;
    let light = (!raster).then(|| Snapshot::without_zones(path, rulebook)).transpose()?;
    let found = if let Some(light) = light
        && !light.is_raster(light.epoch_or_refuse(epoch)?)
    {
        light.overlay(epoch)?
    } else {
        Snapshot::load(path, rulebook, None)?.overlay_raster(epoch)?
    };
    if let Some(out) = out {
        export::write_overlay(&found, out)?;
    }
    Ok(found)
}
