//! A file becomes the register, or changes it: first looked at row by row, then kept, all in one transaction.
//!
//! The public part goes into the workspace, what only officers read into the file beside it. Invariant: a failure leaves both as they
//! were, and a kill between the two commits leaves the holders as they were; what is set aside is told with its row.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};

use super::merge::{self, Act, Change, Known, Outcome};
use super::read::{self, ReadFile, Reading};
use crate::access::{self, Action, Person};
use crate::crs::Mistake;
use crate::engine::dropped::{Folder, folder_ending};
use crate::engine::import::{Applied, Import, Imported, write_issues};
use crate::engine::live::Engine;
use crate::engine::mistakes::{self, MOST_WITNESSES, Witness};
use crate::engine::{EngineError, Progress, Rulebook, import};
use crate::geom;
use crate::model::{CodeHolder, CodeRecord, Coord, EpsgCode, Issue, Layer, LayerRole, Revision, Unit};
use crate::store::{HolderKey, Mode, NewLayer, PrivateStore, Reader, Store, private_path};

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
    pub correct: Option<Mistake>,
    /// Kept; else only looked at.
    pub keep: bool,
    /// In place of the whole register.
    pub replace: bool,
    /// That the look was of which is kept; none where there was none.
    pub revision: Option<Revision>,
}

/// What a look at a register's file, or its keeping, comes to.
pub struct Looked {
    pub review: Value,
    /// Of the file and of all its rows.
    pub issues: Vec<Issue>,
}

impl Looked {
    /// The issues as CSV, as `--issues` writes them.
    pub fn issues_csv(&self) -> Result<Vec<u8>, EngineError> {
        let folder = Folder::new()?;
        let out = folder.place("csv");
        write_issues(&self.issues, &out)?;
        std::fs::read(&out).map_err(|e| EngineError::unavailable(format!("the table of issues could not be read again: {e}")))
    }
}

const ROWS_SHOWN: usize = 1_000;
pub(in crate::engine) const MOST_UNPACKED_MIB: u64 = 512;

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
        correct: request.correct,
        target: store.crs(),
        most_unpacked_mib: None,
    };
    let mut file = read::read(&reading, rulebook, progress)?;
    if file.suspects.is_some() {
        let reader = store.reader()?;
        let boundaries = reader.layers()?.into_iter().find(|layer| layer.role == LayerRole::Boundaries);
        let units = boundaries.map(|layer| reader.features::<Unit>(&layer.name)).transpose()?.unwrap_or_default().0;
        look_for_mistakes(&mut file, &units, &mistakes::known_places(&reader)?);
    }
    let outcomes = merge::outcomes(&mut file, &known(store)?, request.mode, super::today(rulebook).ok());
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
    let revision = if request.dry_run { store.revision()? } else { write(store, layer, &file, &outcomes, request.mode)? };
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

/// Names what likely went wrong with the land of a file, before all else; nothing is moved.
fn look_for_mistakes(file: &mut ReadFile, units: &[Unit], places: &HashMap<String, Coord>) {
    let Some(suspects) = file.suspects.take() else { return };
    let records = file.rows.iter().filter_map(|row| row.record.as_ref());
    let witness = |record: &CodeRecord| {
        let at = geom::pole(&record.shape)?;
        Some(Witness { id: String::new(), code: Some(record.code.clone()), unit: record.unit.clone(), at })
    };
    let witnesses: Vec<Witness> = records.filter_map(witness).take(MOST_WITNESSES).collect();
    if let Some(likely) = mistakes::likely(&witnesses, units, places, &suspects) {
        file.issues.insert(0, likely.issue());
    }
}

fn all_issues(file: &ReadFile) -> Vec<Issue> {
    file.issues.iter().chain(file.rows.iter().flat_map(|row| &row.issues)).cloned().collect()
}

/// The register as it is, and who holds its codes.
fn known(store: &Store) -> Result<Known, EngineError> {
    let reader: Reader = store.reader()?;
    let name = Layer::name_of(LayerRole::Codes, None);
    let is_there = reader.layers()?.iter().any(|layer| layer.name == name);
    let records = if is_there { reader.features::<CodeRecord>(&name)?.0 } else { Vec::new() };
    let holders = PrivateStore::open(&private_path(store.path()))?.map(|there| there.all_holders()).transpose()?;
    Ok(Known::new(records, holders.unwrap_or_default()))
}

/// Keeps what came of the rows.
fn write(store: &mut Store, layer: NewLayer, file: &ReadFile, outcomes: &[Outcome], mode: Mode) -> Result<u64, EngineError> {
    let has_private = merge::PRIVATE.iter().any(|column| file.mapping.contains_key(*column));
    let path = private_path(store.path());
    let there = PrivateStore::open(&path)?;
    let records: Vec<&CodeRecord> = outcomes.iter().flat_map(|outcome| &outcome.records).collect();
    let mut holders: BTreeMap<HolderKey, CodeHolder> = outcomes.iter().flat_map(|outcome| outcome.holders.iter().cloned()).collect();
    if let (false, Mode::Replace, Some(there)) = (has_private, mode, &there) {
        // A file without those columns says nothing of who holds the codes that stay.
        let kept: BTreeSet<HolderKey> = records.iter().map(|record| merge::key(record)).collect();
        holders.extend(there.all_holders()?.into_iter().filter(|(key, _)| kept.contains(key)));
    }
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

impl Engine {
    /// Looks at a register that somebody sent, and keeps it when that is asked for and the register is as it was looked at. Codes
    /// that are not the person's to change are set aside.
    ///
    /// # Errors
    /// `RegisterMoved`.
    pub fn import_register(&self, bytes: &[u8], ask: &RegisterAsk, person: &Person) -> Result<Looked, EngineError> {
        access::may(person, Action::EditRegister)?;
        if ask.replace {
            access::may_replace_register(person)?;
        }
        let folder = Folder::new()?;
        let path = folder.put(bytes, folder_ending(&ask.filename))?;
        let told = |error: EngineError| crate::engine::dropped::in_our_words(error, &path);
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
            correct: ask.correct,
            target: now.place.crs,
            most_unpacked_mib: Some(MOST_UNPACKED_MIB),
        };
        let mut file = read::read(&reading, &now.rulebook, &mut |_, _, _| {}).map_err(told)?;
        if file.suspects.is_some() {
            let units: Vec<Unit> = now.units.iter().map(|unit| unit.unit.clone()).collect();
            let by_code = now.zones.list.iter().filter_map(|view| Some((format!("code {}", view.zone.code.as_ref()?), view.center())));
            look_for_mistakes(&mut file, &units, &by_code.collect());
        }
        let mut writing = self.writing();
        let snapshot = self.looked(&mut writing)?;
        let old = snapshot.layer(LayerRole::Codes);
        let mode = match (old.is_some(), ask.replace) {
            (false, _) => Mode::New,
            (true, true) => Mode::Replace,
            (true, false) => Mode::Update,
        };
        let changed = old.map_or(0, |old| old.revision);
        if ask.keep && ask.revision.is_some_and(|seen| seen < changed) {
            return Err(EngineError::RegisterMoved { now: snapshot.revision });
        }
        let mut outcomes = merge::outcomes(&mut file, &known(&writing.store)?, mode, super::today(&snapshot.rulebook).ok());
        for (row, outcome) in file.rows.iter_mut().zip(&mut outcomes) {
            if let Some(why) = snapshot.why_not_theirs(outcome, person) {
                let vi = "Đất của mã này không thuộc loại hoặc xã mà tài khoản được phép sửa. Dòng được để lại";
                let issue = Issue::new("not_yours", Some(&row.number.to_string()), format!("{why}. The row was set aside"));
                row.issues.push(issue.in_vietnamese(vi));
                *outcome = Outcome::none();
            }
        }
        let mut review = review_of_register(&file, &outcomes, ask);
        review["revision"] = json!(snapshot.revision);
        review["kept"] = json!(false);
        let is_empty = outcomes.iter().all(|outcome| outcome.act == Act::SetAside);
        if !ask.keep || is_empty {
            return Ok(Looked { review, issues: all_issues(&file) });
        }
        let (source_crs, operation) = file.crs.clone().unwrap_or_else(|| (writing.store.crs().to_string(), None));
        let source = ask.filename.chars().filter(|c| !c.is_control()).take(200).collect();
        let mut layer = NewLayer { source, source_crs, operation, simulated: file.is_simulated, ..NewLayer::default() };
        if let Some(old) = old.filter(|_| !ask.replace) {
            layer.accuracy_m = old.accuracy_m;
            layer.keep.clone_from(&old.keep);
        }
        write(&mut writing.store, layer, &file, &outcomes, mode)?;
        let next = self.publish(&mut writing, &snapshot)?;
        review["revision"] = json!(next.revision);
        review["kept"] = json!(true);
        Ok(Looked { review, issues: all_issues(&file) })
    }
}

/// In both languages; Vietnamese is null where only the code says it. Options of the command line are those of the address, without
/// their dashes.
fn said(issues: &[Issue]) -> Vec<Value> {
    let text = |i: &Issue| json!({ "vi": i.message_vi, "en": i.message.replace(" --", " ") });
    issues.iter().map(|i| json!({ "code": i.code, "message": text(i) })).collect()
}

/// A row of a file as somebody looks it over.
pub(in crate::engine) struct RowLooked<'a> {
    pub number: u64,
    pub code: &'a str,
    pub part: Option<&'a str>,
    pub act: Act,
    pub changes: &'a [Change],
    pub issues: &'a [Issue],
}

/// What is told of a file as a whole.
pub(in crate::engine) struct FileLooked<'a> {
    pub columns: &'a [String],
    pub mapping: &'a BTreeMap<String, String>,
    pub driver: &'a str,
    pub layer: &'a str,
    pub issues: &'a [Issue],
}

fn review_of_register(file: &ReadFile, outcomes: &[Outcome], ask: &RegisterAsk) -> Value {
    let looked = file.rows.iter().zip(outcomes).map(|(row, outcome)| RowLooked {
        number: row.number,
        code: row.record.as_ref().map_or(row.code.as_str(), |record| &record.code),
        part: outcome.records.first().and_then(|record| record.part.as_deref()),
        act: outcome.act,
        changes: &outcome.changes,
        issues: &row.issues,
    });
    let rows: Vec<RowLooked> = looked.collect();
    let ReadFile { columns, mapping, driver, layer, issues, .. } = file;
    review(&FileLooked { columns, mapping, driver, layer, issues }, &rows, ask)
}

/// A file as somebody looks it over: which column is which, what each row does, what is wrong with it. A column that was left out
/// stands there with an empty name, so that it stays out when the same is sent again.
pub(in crate::engine) fn review(file: &FileLooked, rows: &[RowLooked], ask: &RegisterAsk) -> Value {
    // Of more rows than are shown those that somebody has to look at come first; shown are they in the file's order.
    let rank = |n: &usize| match (rows[*n].act, rows[*n].issues.is_empty()) {
        (Act::SetAside, _) => 0,
        (_, false) => 1,
        (Act::Add | Act::Change, true) => 2,
        (Act::Same, true) => 3,
    };
    let mut shown: Vec<usize> = (0..rows.len()).collect();
    shown.sort_by_key(rank);
    shown.truncate(ROWS_SHOWN);
    shown.sort_unstable();
    let told = shown.into_iter().map(|n| {
        let RowLooked { number, code, part, act, changes, issues } = &rows[n];
        let changes: Vec<Value> =
            changes.iter().map(|change| json!({ "field": change.field, "before": change.before, "after": change.after })).collect();
        json!({ "row": number, "code": code, "part": part, "action": act.as_str(), "changes": changes, "issues": said(issues) })
    });
    let n = |act: Act| rows.iter().filter(|row| row.act == act).count();
    let left_out = ask.mapping.iter().filter(|(_, theirs)| theirs.is_empty());
    let mapping: BTreeMap<&String, &String> = file.mapping.iter().chain(left_out).collect();
    json!({
        "columns": file.columns, "mapping": mapping, "driver": file.driver, "layer": file.layer,
        "rows": told.collect::<Vec<_>>(), "issues": said(file.issues),
        "n_issues": file.issues.len() + rows.iter().map(|row| row.issues.len()).sum::<usize>(), "n_rows": rows.len(),
        "n_add": n(Act::Add), "n_change": n(Act::Change), "n_same": n(Act::Same), "n_set_aside": n(Act::SetAside),
    })
}
