//! A file becomes the register, or changes it: first looked at row by row, then kept, all in one transaction.
//!
//! The public part goes into the workspace, what only officers read into the file beside it. Invariant: a failure leaves both as they
//! were, and a kill between the two commits leaves the holders as they were; what is set aside is told with its row.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};

use super::read::{self, ReadFile, ReadRow, Reading};
use crate::engine::dropped::{Folder, folder_ending};
use crate::engine::import::{Applied, Import, Imported, write_issues};
use crate::engine::live::Engine;
use crate::engine::{EngineError, Progress, Rulebook, import};
use crate::formats;
use crate::geom;
use crate::model::{CodeHolder, CodeRecord, EpsgCode, Issue, Layer, LayerRole};
use crate::store::{HolderKey, Mode, NewLayer, PrivateStore, Reader, Store, private_path};

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Add,
    Change,
    Same,
    SetAside,
}

impl Act {
    fn as_str(self) -> &'static str {
        match self {
            Act::Add => "add",
            Act::Change => "change",
            Act::Same => "same",
            Act::SetAside => "set_aside",
        }
    }
}

/// How a register that somebody sends is read and kept.
#[derive(Debug, Clone, Default)]
pub struct RegisterAsk {
    /// Of the file's name, so that its format is known, and for the record.
    pub filename: String,
    pub layer: Option<String>,
    /// Ours = theirs.
    pub mapping: BTreeMap<String, String>,
    pub crs: Option<EpsgCode>,
    pub operation: Option<EpsgCode>,
    pub encoding: Option<String>,
    /// Kept; else only looked at.
    pub keep: bool,
    /// In place of the whole register.
    pub replace: bool,
}

const ROWS_SHOWN: usize = 1_000;
const MOST_UNPACKED_MIB: u64 = 512;

/// Reads a file into the register, as the command line asks for it.
pub(in crate::engine) fn import_codes(
    store: &mut Store,
    rulebook: &Rulebook,
    request: &Import,
    progress: Progress,
) -> Result<Imported, EngineError> {
    if request.kind.is_some() || request.code.is_some() {
        return Err(EngineError::usage("--kind and --code are for zones and land use; a register names its codes by row"));
    }
    let reading = Reading {
        path: request.file,
        layer: request.layer,
        fields: request.fields,
        keep: request.keep,
        crs: request.crs,
        operation: request.operation,
        encoding: request.encoding,
        target: store.crs(),
    };
    let mut file = read::read(&reading, rulebook, progress)?;
    let issues = all_issues(&file);
    if let Some(out) = request.issues_out {
        write_issues(&issues, out)?;
    }
    let shown: Vec<Issue> = issues.iter().take(import::ISSUES_SHOWN).cloned().collect();
    let n_kept = file.rows.iter().filter(|row| row.record.is_some()).count() as u64;
    let named = request.file.display();
    if n_kept == 0 {
        return Err(EngineError::invalid(format!("{named}: nothing in it can be kept; the workspace is unchanged")).with_issues(shown));
    }
    if request.strict && !issues.is_empty() {
        let message = format!("{named}: {} issues, and --strict refuses a file with any; the workspace is unchanged", issues.len());
        return Err(EngineError::invalid(message).with_issues(shown));
    }
    let (n_read, n_repaired, area_before_m2) = (file.rows.len() as u64, file.n_repaired, file.area_before_m2);
    let area_after_m2 = file.rows.iter().filter_map(|row| row.record.as_ref()).map(|r| geom::area_m2(&r.shape)).sum();
    let (source_crs, operation) = file.crs.clone().unwrap_or_else(|| (store.crs().to_string(), None));
    let file_name = request.file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let layer = NewLayer {
        source: request.source.map_or(file_name, str::to_owned),
        source_crs: source_crs.clone(),
        operation: operation.clone(),
        accuracy_m: request.accuracy_m,
        keep: request.keep.to_vec(),
        simulated: request.simulated || file.is_simulated,
        ..NewLayer::default()
    };
    progress("writing", 0, 0);
    let revision = if request.dry_run { store.revision()? } else { write(store, layer, &mut file, request.mode)? };
    Ok(Imported {
        layer: Layer::name_of(LayerRole::Codes, None),
        role: LayerRole::Codes,
        epoch: None,
        source_layer: file.layer,
        driver: file.driver,
        n_read,
        n_kept,
        n_repaired,
        n_rejected: n_read - n_kept,
        crs: Applied { source: source_crs, operation },
        area_before_m2,
        area_after_m2,
        n_outside: 0,
        raster: None,
        unmapped: Vec::new(),
        n_issues: issues.len(),
        issues: shown,
        revision,
        dry_run: request.dry_run,
    })
}

fn all_issues(file: &ReadFile) -> Vec<Issue> {
    file.issues.iter().chain(file.rows.iter().flat_map(|row| &row.issues)).cloned().collect()
}

fn key(record: &CodeRecord) -> HolderKey {
    (record.code.clone(), record.part.clone().unwrap_or_default())
}

fn register(store: &Store) -> Result<Vec<CodeRecord>, EngineError> {
    let reader: Reader = store.reader()?;
    let name = Layer::name_of(LayerRole::Codes, None);
    if !reader.layers()?.iter().any(|layer| layer.name == name) {
        return Ok(Vec::new());
    }
    Ok(reader.features::<CodeRecord>(&name)?.0)
}

/// Keeps the rows' records and holders; what was known of a code's earlier statuses goes on.
fn write(store: &mut Store, layer: NewLayer, file: &mut ReadFile, mode: Mode) -> Result<u64, EngineError> {
    let before: HashMap<HolderKey, CodeRecord> = register(store)?.into_iter().map(|record| (key(&record), record)).collect();
    for record in file.rows.iter_mut().filter_map(|row| row.record.as_mut()) {
        if let Some(old) = before.get(&key(record)) {
            continue_history(record, old);
        }
    }
    let has_private = ["holder", "phone", "identity_no", "farmers"].iter().any(|column| file.mapping.contains_key(*column));
    let path = private_path(store.path());
    let there = PrivateStore::open(&path)?;
    let mut holders: BTreeMap<HolderKey, CodeHolder> = BTreeMap::new();
    let kept: BTreeSet<HolderKey> = file.rows.iter().filter_map(|row| row.record.as_ref()).map(key).collect();
    if has_private {
        let rows = file.rows.iter().filter_map(|row| Some((key(row.record.as_ref()?), row.holder.clone())));
        holders.extend(rows.filter(|(_, holder)| !holder.is_empty()));
    } else if let (Mode::Replace, Some(there)) = (mode, &there) {
        // A file without those columns says nothing of who holds the codes that stay.
        holders.extend(there.all_holders()?.into_iter().filter(|(key, _)| kept.contains(key)));
    }
    let records: Vec<&CodeRecord> = file.rows.iter().filter_map(|row| row.record.as_ref()).collect();
    let mut put = || -> Result<u64, EngineError> {
        let mut writer = store.begin::<CodeRecord>(layer.clone(), mode)?;
        records.iter().try_for_each(|record| writer.write(record))?;
        Ok(writer.finish()?.revision)
    };
    let has_old = there.as_ref().map(PrivateStore::has_holders).transpose()?.unwrap_or(false);
    if holders.is_empty() && !(has_old && mode == Mode::Replace) {
        return put();
    }
    let mut private = match there {
        Some(there) => there,
        None => PrivateStore::open_or_create(&path)?,
    };
    private.put_holders(&holders, mode == Mode::Replace, put)
}

/// The steps of before, and the new one when it is another.
fn continue_history(record: &mut CodeRecord, old: &CodeRecord) {
    let new = record.status_history.pop();
    record.status_history = old.status_history.clone();
    let is_new = |last: &crate::model::StatusStep, new: &crate::model::StatusStep| {
        last.status != new.status || (new.reason.is_some() && (&last.since, &last.reason) != (&new.since, &new.reason))
    };
    let new = new.filter(|new| record.status_history.last().is_none_or(|last| is_new(last, new)));
    record.status_history.extend(new);
}

/// What a row does to the register.
fn act(row: &ReadRow, before: &HashMap<HolderKey, CodeRecord>) -> Act {
    let Some(record) = &row.record else { return Act::SetAside };
    let Some(old) = before.get(&key(record)) else { return Act::Add };
    let mut new = record.clone();
    continue_history(&mut new, old);
    // How it was written before does not matter.
    new.raw.clone_from(&old.raw);
    new.kept.clone_from(&old.kept);
    if new == *old { Act::Same } else { Act::Change }
}

impl Engine {
    /// Looks at a register that somebody sent, and keeps it when that is asked for.
    pub fn import_register(&self, bytes: &[u8], ask: &RegisterAsk) -> Result<Value, EngineError> {
        let folder = Folder::new()?;
        let path = folder.put(bytes, folder_ending(&ask.filename))?;
        let told = |error: EngineError| crate::engine::dropped::in_our_words(error, &path);
        if !formats::is_sheet(&path) {
            formats::check_sent(&path, MOST_UNPACKED_MIB).map_err(|error| told(error.into()))?;
        }
        // Before anybody waits for the right to write.
        let now = self.snapshot();
        let reading = Reading {
            path: &path,
            layer: ask.layer.as_deref(),
            fields: &ask.mapping,
            keep: &[],
            crs: ask.crs,
            operation: ask.operation,
            encoding: ask.encoding.as_deref(),
            target: now.place.crs,
        };
        let mut file = read::read(&reading, &now.rulebook, &mut |_, _, _| {}).map_err(told)?;
        let mut writing = self.writing();
        let snapshot = self.looked(&mut writing)?;
        let before: HashMap<HolderKey, CodeRecord> = register(&writing.store)?.into_iter().map(|record| (key(&record), record)).collect();
        let mut review = review(&file, &before);
        review["revision"] = json!(snapshot.revision);
        review["kept"] = json!(false);
        let is_empty = file.rows.iter().all(|row| row.record.is_none());
        if !ask.keep || is_empty {
            return Ok(review);
        }
        let (source_crs, operation) = file.crs.clone().unwrap_or_else(|| (writing.store.crs().to_string(), None));
        let source = ask.filename.chars().filter(|c| !c.is_control()).take(200).collect();
        let mut layer = NewLayer { source, source_crs, operation, simulated: file.is_simulated, ..NewLayer::default() };
        let old = snapshot.layer(LayerRole::Codes);
        if let Some(old) = old.filter(|_| !ask.replace) {
            layer.accuracy_m = old.accuracy_m;
            layer.keep.clone_from(&old.keep);
        }
        let mode = match (old.is_some(), ask.replace) {
            (false, _) => Mode::New,
            (true, true) => Mode::Replace,
            (true, false) => Mode::Update,
        };
        if mode == Mode::Update {
            // A column that was kept once has no value in what is sent.
            let kept: HashMap<&HolderKey, &CodeRecord> = before.iter().collect();
            for record in file.rows.iter_mut().filter_map(|row| row.record.as_mut()) {
                record.kept = kept.get(&key(record)).map(|old| old.kept.clone()).unwrap_or_default();
            }
        }
        write(&mut writing.store, layer, &mut file, mode)?;
        let next = self.publish(&mut writing, &snapshot)?;
        review["revision"] = json!(next.revision);
        review["kept"] = json!(true);
        Ok(review)
    }
}

/// A file as somebody looks it over: which column is which, what each row does, what is wrong with it.
fn review(file: &ReadFile, before: &HashMap<HolderKey, CodeRecord>) -> Value {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut rows = Vec::new();
    for row in &file.rows {
        let act = act(row, before);
        *counts.entry(act.as_str()).or_default() += 1;
        if rows.len() < ROWS_SHOWN {
            let code = row.record.as_ref().map_or(row.code.as_str(), |record| &record.code);
            let part = row.record.as_ref().and_then(|record| record.part.as_deref());
            rows.push(json!({ "row": row.number, "code": code, "part": part, "action": act.as_str(), "issues": said(&row.issues) }));
        }
    }
    let n = |act: Act| counts.get(act.as_str()).copied().unwrap_or_default();
    json!({
        "columns": file.columns, "mapping": file.mapping, "driver": file.driver, "layer": file.layer, "rows": rows, "issues": said(&file.issues),
        "n_rows": file.rows.len(), "n_add": n(Act::Add), "n_change": n(Act::Change), "n_same": n(Act::Same), "n_set_aside": n(Act::SetAside),
    })
}

/// In both languages; Vietnamese is null where only the code says it.
fn said(issues: &[Issue]) -> Vec<Value> {
    issues.iter().map(|i| json!({ "code": i.code, "message": { "vi": i.message_vi, "en": i.message } })).collect()
}
