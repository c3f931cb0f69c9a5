//! A file becomes one of the tables of who is behind zones, or changes it: first looked at row by row, then kept, all in one
//! transaction.
//!
//! The public part goes into the workspace, how partners are reached into the file beside it. Invariant: a failure leaves both as
//! they were; what is set aside, and what names nobody, is told with its row.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use super::columns::PRIVATE;
use super::read::{self, ReadFile, ReadRow, Reading, full_key};
use super::{links_of, tables_of};
use crate::access::{self, Action, Person};
use crate::codes::PartnerRef;
use crate::engine::dropped::{Folder, folder_ending, in_our_words};
use crate::engine::import::{ISSUES_SHOWN, write_issues};
use crate::engine::live::Engine;
use crate::engine::register::import::{FileLooked, MOST_UNPACKED_MIB, RowLooked, review};
use crate::engine::register::merge::{Act, Change};
use crate::engine::register::{Looked, RegisterAsk};
use crate::engine::{EngineError, Progress, Rulebook, Snapshot};
use crate::formats;
use crate::model::{Issue, PartnerContact, PartnerTable, Revision};
use crate::store::{Mode, PartnerRow, PrivateStore, Reader, Store, StoreError, private_path};

/// What to import as which table, and how.
#[derive(Debug, Clone)]
pub struct PartnerImport<'a> {
    pub file: &'a Path,
    pub table: PartnerTable,
    pub layer: Option<&'a str>,
    pub fields: &'a BTreeMap<String, String>,
    pub encoding: Option<&'a str>,
    pub mode: Mode,
    pub strict: bool,
    /// Where to write all issues as a table.
    pub issues_out: Option<&'a Path>,
    pub dry_run: bool,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub struct PartnersImported {
    /// The table in the workspace.
    pub layer: &'static str,
    pub table: PartnerTable,
    pub source_layer: String,
    pub driver: &'static str,
    pub n_read: usize,
    pub n_kept: usize,
    pub n_add: usize,
    pub n_change: usize,
    pub n_same: usize,
    pub n_rejected: usize,
    /// Rows that name what is not there, or there more than once.
    pub n_unlinked: usize,
    pub n_issues: usize,
    /// The first thousand.
    pub issues: Vec<Issue>,
    pub revision: Revision,
    pub dry_run: bool,
}

/// What a row does.
#[derive(Debug)]
struct Outcome {
    act: Act,
    changes: Vec<Change>,
    row: Option<PartnerRow>,
    /// The row's key as the table has it: a file may spell it otherwise.
    key_before: Option<String>,
    contact: Option<PartnerContact>,
}

const NOTHING: Outcome = Outcome { act: Act::SetAside, changes: Vec::new(), row: None, key_before: None, contact: None };

/// Reads a file into a table, as the command line asks for it.
pub fn import_partners(
    workspace: &Path,
    rulebook: &Arc<Rulebook>,
    request: &PartnerImport,
    progress: Progress,
) -> Result<PartnersImported, EngineError> {
    if let Some(out) = request.issues_out {
        crate::engine::may_be_written(out, workspace)?;
        crate::engine::spares(out, request.file)?;
    }
    let table = request.table;
    let mut store = Store::open(workspace)?;
    store.settle()?;
    let snapshot = Snapshot::load(workspace, rulebook, None)?;
    if request.mode == Mode::New && snapshot.partners.tables.n_rows(table) > 0 {
        return Err(StoreError::LayerExists { name: table.table_name().to_owned() }.into());
    }
    let reading = Reading { path: request.file, table, layer: request.layer, fields: request.fields, encoding: request.encoding };
    let mut file = read::read(&reading, rulebook, progress)?;
    progress("comparing", 0, 0);
    let outcomes = outcomes(&snapshot, &mut file, table, request.mode)?;
    let n_unlinked = tell_unlinked(&snapshot, &mut file, &outcomes, table, request.mode == Mode::Replace)?;
    let issues = all_issues(&file);
    if let Some(out) = request.issues_out {
        write_issues(&issues, out)?;
    }
    let n = |act: Act| outcomes.iter().filter(|outcome| outcome.act == act).count();
    let shown: Vec<Issue> = issues.iter().take(ISSUES_SHOWN).cloned().collect();
    let (n_read, n_rejected, named) = (file.rows.len(), n(Act::SetAside), request.file.display());
    if n_read == n_rejected {
        return Err(EngineError::invalid(format!("{named}: nothing in it can be kept; the workspace is unchanged")).with_issues(shown));
    }
    if request.strict && !issues.is_empty() {
        let message = format!("{named}: {} issues, and --strict refuses a file with any; the workspace is unchanged", issues.len());
        return Err(EngineError::invalid(message).with_issues(shown));
    }
    progress("writing", 0, 0);
    let revision =
        if request.dry_run { store.revision()? } else { write(&mut store, table, &file, &outcomes, request.mode == Mode::Replace)? };
    Ok(PartnersImported {
        layer: table.table_name(),
        table,
        n_read,
        n_kept: n_read - n_rejected,
        n_add: n(Act::Add),
        n_change: n(Act::Change),
        n_same: n(Act::Same),
        n_rejected,
        n_unlinked,
        n_issues: issues.len(),
        issues: shown,
        revision,
        dry_run: request.dry_run,
        source_layer: file.layer,
        driver: file.driver,
    })
}

fn all_issues(file: &ReadFile) -> Vec<Issue> {
    file.issues.iter().chain(file.rows.iter().flat_map(|row| &row.issues)).cloned().collect()
}

/// What each row of a file does to the table as it is.
fn outcomes(snapshot: &Snapshot, file: &mut ReadFile, table: PartnerTable, mode: Mode) -> Result<Vec<Outcome>, EngineError> {
    let olds = Reader::open(&snapshot.path)?.partner_rows(table)?;
    let olds: HashMap<String, PartnerRow> = olds.into_iter().map(|row| (full_key(&row), row)).collect();
    let has_private = PRIVATE.iter().any(|column| file.mapping.contains_key(*column));
    let private = if has_private { PrivateStore::open(&private_path(&snapshot.path))? } else { None };
    let mut outcomes = Vec::with_capacity(file.rows.len());
    for read in &mut file.rows {
        let Some(new) = read.row.clone() else {
            outcomes.push(NOTHING);
            continue;
        };
        let old = olds.get(&full_key(&new));
        if let (Some(_), Mode::Append) = (old, mode) {
            let key = read.key.clone();
            let en = format!("“{key}” is in the table already: take --update to change it");
            read.set_aside("already_there", format!("“{key}” đã có trong bảng: hãy chọn cập nhật để thay đổi"), en);
            outcomes.push(NOTHING);
            continue;
        }
        let row = match (old, mode) {
            (Some(old), Mode::Update) => updated(&file.mapping, read, old, &new),
            _ => new,
        };
        let mut outcome = Outcome { act: if old.is_some() { Act::Same } else { Act::Add }, ..NOTHING };
        if let Some(old) = old {
            outcome.changes = changes(table, old, &row);
            outcome.key_before = Some(key_of(table, old));
        }
        if has_private {
            let there = private.as_ref().zip(outcome.key_before.as_deref());
            let before = there.map(|(there, key)| there.contact(key)).transpose()?.flatten().unwrap_or_default();
            let contact = reached(&file.mapping, read, &before, mode);
            let fields = [
                ("representative", before.representative != contact.representative),
                ("phone", before.phone != contact.phone),
                ("identity_no", before.identity_no != contact.identity_no),
            ];
            if old.is_some() {
                let told = fields.into_iter().filter(|(_, is_other)| *is_other);
                outcome.changes.extend(told.map(|(field, _)| Change { field, before: None, after: None }));
            }
            outcome.contact = (contact != before).then_some(contact);
        }
        if outcome.act == Act::Same && !outcome.changes.is_empty() {
            outcome.act = Act::Change;
        }
        outcome.row = Some(row);
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

fn key_of(table: PartnerTable, row: &PartnerRow) -> String {
    row.get(table.key()).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Whether a row says something of a column: the file has it, and what stands there could be read.
fn is_said(mapping: &BTreeMap<String, String>, read: &ReadRow, column: &str) -> bool {
    mapping.contains_key(column) && !read.unread.contains(&column)
}

/// The row of the table with what the file's says; it keeps the key that it has.
fn updated(mapping: &BTreeMap<String, String>, read: &ReadRow, old: &PartnerRow, new: &PartnerRow) -> PartnerRow {
    let mut row = old.clone();
    for (column, value) in new.iter().filter(|(column, _)| !["id", "code"].contains(&column.as_str())) {
        if is_said(mapping, read, column) {
            row.insert(column.clone(), value.clone());
        }
    }
    row
}

/// How a partner is reached by the row; what it has no column for stays.
fn reached(mapping: &BTreeMap<String, String>, read: &ReadRow, before: &PartnerContact, mode: Mode) -> PartnerContact {
    let ReadRow { contact, .. } = read;
    let kept = |column: &str, new: &Option<String>, before: &Option<String>| {
        let says = mapping.contains_key(column) && (mode != Mode::Update || is_said(mapping, read, column));
        if says { new.clone() } else { before.clone() }
    };
    PartnerContact {
        representative: kept("representative", &contact.representative, &before.representative),
        phone: kept("phone", &contact.phone, &before.phone),
        identity_no: kept("identity_no", &contact.identity_no, &before.identity_no),
    }
}

fn changes(table: PartnerTable, old: &PartnerRow, new: &PartnerRow) -> Vec<Change> {
    let text = |row: &PartnerRow, column: &str| match row.get(column) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Array(list)) if !list.is_empty() => Some(list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; ")),
        None | Some(Value::Null | Value::Array(_)) => None,
        Some(other) => Some(other.to_string()),
    };
    let pairs = table.columns().iter().map(|(field, _)| Change { field, before: text(old, field), after: text(new, field) });
    pairs.filter(|change| change.before != change.after).collect()
}

/// Tells each row what it names that is not there, once the table is as the file makes it; of how many rows that is.
fn tell_unlinked(
    snapshot: &Snapshot,
    file: &mut ReadFile,
    outcomes: &[Outcome],
    table: PartnerTable,
    replace: bool,
) -> Result<usize, EngineError> {
    let reader = Reader::open(&snapshot.path)?;
    let mut rows: BTreeMap<PartnerTable, Vec<PartnerRow>> = BTreeMap::new();
    for other in PartnerTable::ALL.iter().filter(|other| **other != table) {
        rows.insert(*other, reader.partner_rows(*other)?);
    }
    // Those of the file first, in its order, so that a row's place is known.
    let of_file: Vec<usize> = (0..outcomes.len()).filter(|n| outcomes[*n].row.is_some()).collect();
    let mut ours: Vec<PartnerRow> = of_file.iter().filter_map(|n| outcomes[*n].row.clone()).collect();
    if !replace {
        let keys: std::collections::HashSet<String> = ours.iter().map(full_key).collect();
        ours.extend(reader.partner_rows(table)?.into_iter().filter(|row| !keys.contains(&full_key(row))));
    }
    rows.insert(table, ours);
    let links = links_of(snapshot, &tables_of(rows));
    let mut n_unlinked = 0;
    for (place, n) in of_file.into_iter().enumerate() {
        let unlinked = links.unlinked(PartnerRef { table, place });
        n_unlinked += usize::from(!unlinked.is_empty());
        for one in unlinked {
            let (read, name) = (&mut file.rows[n], super::shown(&one.text));
            let theirs = file.mapping.get(one.column).cloned().unwrap_or_else(|| one.column.to_owned());
            let (vi, en) = match one.n_found {
                0 => (
                    format!("Ô “{theirs}”: không có “{name}”; giữ như đã ghi, sẽ tự nối khi có"),
                    format!("{} “{name}” is not there; it was kept, and is linked when it comes", one.column),
                ),
                many => (
                    format!("Ô “{theirs}”: có {many} mục cùng tên “{name}”; hãy ghi mã, chưa nối với mục nào"),
                    format!("{} “{name}” is the name of {many}; write the id: it is linked to none", one.column),
                ),
            };
            read.note(if one.n_found == 0 { "not_there" } else { "ambiguous_name" }, vi, en);
        }
    }
    Ok(n_unlinked)
}

/// Keeps what came of the rows.
fn write(store: &mut Store, table: PartnerTable, file: &ReadFile, outcomes: &[Outcome], replace: bool) -> Result<Revision, EngineError> {
    let rows: Vec<PartnerRow> = outcomes.iter().filter_map(|outcome| outcome.row.clone()).collect();
    let with_row = outcomes.iter().filter_map(|outcome| Some((key_of(table, outcome.row.as_ref()?), outcome.contact.clone()?)));
    let mut contacts: BTreeMap<String, PartnerContact> = with_row.collect();
    let path = private_path(store.path());
    let there = if table == PartnerTable::Partners { PrivateStore::open(&path)? } else { None };
    if let (true, Some(there)) = (replace, &there) {
        // What the file says nothing of stays with the partners that stay; the others' goes.
        for outcome in outcomes {
            let (Some(row), Some(before)) = (&outcome.row, &outcome.key_before) else { continue };
            let key = key_of(table, row);
            if let (false, Some(kept)) = (contacts.contains_key(&key), there.contact(before)?) {
                contacts.insert(key, kept);
            }
        }
    }
    let mut put = || Ok::<_, EngineError>(store.put_partners(table, &rows, replace)?);
    if contacts.is_empty() && !(replace && there.is_some()) {
        return put();
    }
    debug_assert!(table == PartnerTable::Partners, "{}", file.layer);
    let mut private = match there {
        Some(there) => there,
        None => PrivateStore::open_or_create(&path)?,
    };
    private.put_contacts(&contacts, replace, put)
}

/// Takes a table out; with the partners goes how they are reached.
pub(in crate::engine) fn drop_table(workspace: &Path, table: PartnerTable) -> Result<Revision, EngineError> {
    let mut store = Store::open(workspace)?;
    let private = if table == PartnerTable::Partners { PrivateStore::open(&private_path(workspace))? } else { None };
    let mut drop = || Ok::<_, EngineError>(store.drop_partners(table)?);
    match private {
        Some(mut private) => private.put_contacts(&BTreeMap::new(), true, drop),
        None => drop(),
    }
}

impl Engine {
    /// Looks at a table that somebody sent, and keeps it when that is asked for and the table is as it was looked at.
    ///
    /// # Errors
    /// `RegisterMoved`.
    pub fn import_partner_table(
        &self,
        bytes: &[u8],
        table: PartnerTable,
        ask: &RegisterAsk,
        person: &Person,
    ) -> Result<Looked, EngineError> {
        access::may(person, Action::EditRegister)?;
        access::may_edit_partners(person)?;
        let folder = Folder::new()?;
        let path = folder.put(bytes, folder_ending(&ask.filename))?;
        let told = |error: EngineError| in_our_words(error, &path);
        if crate::engine::ends_with(&path, "xlsx") {
            formats::check_sent(&path, MOST_UNPACKED_MIB).map_err(|error| told(error.into()))?;
        }
        let reading = Reading { path: &path, table, layer: ask.layer.as_deref(), fields: &ask.mapping, encoding: ask.encoding.as_deref() };
        // Before anybody waits for the right to write.
        let mut file = read::read(&reading, &self.snapshot().rulebook, &mut |_, _, _| {}).map_err(told)?;
        let mut writing = self.writing();
        let snapshot = self.looked(&mut writing)?;
        if ask.keep && ask.revision.is_some_and(|seen| seen < snapshot.partners.written) {
            return Err(EngineError::RegisterMoved { now: snapshot.revision });
        }
        let mode = if ask.replace { Mode::Replace } else { Mode::Update };
        let outcomes = outcomes(&snapshot, &mut file, table, mode)?;
        tell_unlinked(&snapshot, &mut file, &outcomes, table, ask.replace)?;
        let mut review = review_of_table(&file, &outcomes, ask);
        review["revision"] = json!(snapshot.revision);
        review["kept"] = json!(false);
        let is_empty = outcomes.iter().all(|outcome| outcome.act == Act::SetAside);
        if ask.keep && !is_empty {
            write(&mut writing.store, table, &file, &outcomes, ask.replace)?;
            let next = self.publish(&mut writing, &snapshot)?;
            review["revision"] = json!(next.revision);
            review["kept"] = json!(true);
        }
        Ok(Looked { review, issues: all_issues(&file) })
    }
}

fn review_of_table(file: &ReadFile, outcomes: &[Outcome], ask: &RegisterAsk) -> Value {
    let looked = file.rows.iter().zip(outcomes).map(|(row, outcome)| RowLooked {
        number: row.number,
        code: &row.key,
        part: None,
        act: outcome.act,
        changes: &outcome.changes,
        issues: &row.issues,
    });
    let rows: Vec<RowLooked> = looked.collect();
    let ReadFile { columns, mapping, driver, layer, issues, .. } = file;
    review(&FileLooked { columns, mapping, driver, layer, issues }, &rows, ask)
}
