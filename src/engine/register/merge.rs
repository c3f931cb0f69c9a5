//! What a file does to the register that is there: which parts its rows are of, and what of them becomes another.
//!
//! Invariant of an update: what a file has no column for stays as it was, also the status and the land.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::read::{ReadFile, ReadRow};
use crate::codes::Day;
use crate::geom;
use crate::model::{CodeHolder, CodeRecord, Issue, MultiPolygon, StatusStep};
use crate::store::{HolderKey, Mode};

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Act {
    Add,
    Change,
    Same,
    SetAside,
}

impl Act {
    pub fn as_str(self) -> &'static str {
        match self {
            Act::Add => "add",
            Act::Change => "change",
            Act::Same => "same",
            Act::SetAside => "set_aside",
        }
    }
}

/// A field that becomes another, as texts; of what only officers read, that it does.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine) struct Change {
    pub field: &'static str,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// What a row does: to one part, or, when it names none and brings no land, to all parts of its code.
#[derive(Debug)]
pub(super) struct Outcome {
    pub act: Act,
    pub changes: Vec<Change>,
    pub records: Vec<CodeRecord>,
    pub holders: Vec<(HolderKey, CodeHolder)>,
}

/// The register before a file comes.
#[derive(Debug, Default)]
pub(super) struct Known {
    by_code: HashMap<String, Vec<CodeRecord>>,
    holders: BTreeMap<HolderKey, CodeHolder>,
}

/// Columns of what only officers read.
pub(super) const PRIVATE: [&str; 4] = ["holder", "phone", "identity_no", "farmers"];

pub(super) fn key(record: &CodeRecord) -> HolderKey {
    (record.code.clone(), record.part.clone().unwrap_or_default())
}

impl Known {
    pub fn new(records: Vec<CodeRecord>, holders: BTreeMap<HolderKey, CodeHolder>) -> Known {
        let mut by_code: HashMap<String, Vec<CodeRecord>> = HashMap::new();
        records.into_iter().for_each(|record| by_code.entry(record.code.clone()).or_default().push(record));
        Known { by_code, holders }
    }

    /// The parts of a code; none of one that is not there.
    pub fn parts(&self, code: &str) -> &[CodeRecord] {
        self.by_code.get(code).map_or(&[], Vec::as_slice)
    }

    fn part(&self, code: &str, part: &Option<String>) -> Option<&CodeRecord> {
        self.parts(code).iter().find(|old| old.part == *part)
    }
}

/// What each row of a file does. A row of which it cannot be said which part it is of is set aside.
pub(super) fn outcomes(file: &mut ReadFile, known: &Known, mode: Mode, today: Option<Day>) -> Vec<Outcome> {
    let parts = if mode == Mode::Update { parts_of_rows(file, known) } else { HashMap::new() };
    let has_private = PRIVATE.iter().any(|column| file.mapping.contains_key(*column));
    let outcome = |(n, row): (usize, &ReadRow)| {
        let Some(record) = &row.record else { return Outcome::none() };
        let mut outcome = Outcome { act: Act::Same, ..Outcome::none() };
        let of = parts.get(&n).cloned().unwrap_or_else(|| vec![record.part.clone()]);
        for part in of {
            let old = known.part(&record.code, &part);
            let new = match mode {
                Mode::Update => updated(file, row, record, old.or_else(|| known.parts(&record.code).first()), part, today),
                _ => replaced(row, record, old),
            };
            let changes = old.map(|old| changes(old, &new)).unwrap_or_default();
            let is_same = old.is_some_and(|old| changes.is_empty() && old.status_history == new.status_history && old.kept == new.kept);
            if old.is_none() {
                outcome.act = Act::Add;
            } else if !is_same && outcome.act == Act::Same {
                outcome.act = Act::Change;
            }
            for change in changes {
                if !outcome.changes.contains(&change) {
                    outcome.changes.push(change);
                }
            }
            if has_private {
                outcome.hold(file, row, known, &new, mode);
            }
            outcome.records.push(new);
        }
        outcome
    };
    file.rows.iter().enumerate().map(outcome).collect()
}

impl Outcome {
    /// Of a row that was set aside.
    pub fn none() -> Outcome {
        Outcome { act: Act::SetAside, changes: Vec::new(), records: Vec::new(), holders: Vec::new() }
    }

    /// Who holds a part by the row; what it has no column for stays.
    fn hold(&mut self, file: &ReadFile, row: &ReadRow, known: &Known, record: &CodeRecord, mode: Mode) {
        let key = key(record);
        let old = known.holders.get(&key);
        // An update's part that comes is held by who holds the code.
        let sibling = || known.parts(&record.code).first().and_then(|first| known.holders.get(&self::key(first)));
        let before = old.or_else(|| if mode == Mode::Update { sibling() } else { None }).cloned().unwrap_or_default();
        let kept = |column: &str, new: &Option<String>, before: Option<String>| {
            let says = file.mapping.contains_key(column) && (mode != Mode::Update || is_said(file, row, column));
            if says { new.clone() } else { before }
        };
        let holder = CodeHolder {
            holder: kept("holder", &row.holder.holder, before.holder),
            phone: kept("phone", &row.holder.phone, before.phone),
            identity_no: kept("identity_no", &row.holder.identity_no, before.identity_no),
            farmers: kept("farmers", &row.holder.farmers, before.farmers),
        };
        let nobody = CodeHolder::default();
        let before = old.unwrap_or(&nobody);
        let fields = [
            ("holder", before.holder != holder.holder),
            ("phone", before.phone != holder.phone),
            ("identity_no", before.identity_no != holder.identity_no),
            ("farmers", before.farmers != holder.farmers),
        ];
        if self.act == Act::Same && fields.iter().any(|(_, is_other)| *is_other) {
            self.act = Act::Change;
        }
        if self.act == Act::Change {
            let told = fields.into_iter().filter(|(_, is_other)| *is_other);
            self.changes.extend(told.map(|(field, _)| Change { field, before: None, after: None }));
        }
        if !(holder.is_empty() && old.is_none()) {
            self.holders.push((key, holder));
        }
    }
}

/// Whether a row says something of a column: the file has it, and what stands there could be read.
fn is_said(file: &ReadFile, row: &ReadRow, column: &str) -> bool {
    file.mapping.contains_key(column) && !row.unread.contains(&column)
}

/// The register's record with what the row says; a part that is new begins as its code is.
fn updated(
    file: &ReadFile,
    row: &ReadRow,
    new: &CodeRecord,
    before: Option<&CodeRecord>,
    part: Option<String>,
    today: Option<Day>,
) -> CodeRecord {
    let Some(before) = before else { return CodeRecord { part, ..new.clone() } };
    let is_new_part = before.part != part;
    let mut record = CodeRecord { part, scheme: new.scheme.clone(), ..before.clone() };
    if is_new_part {
        record.raw.clone_from(&new.raw);
        record.zone_ids.clear();
        record.shape = MultiPolygon::new(Vec::new());
        record.kept.clear();
    }
    macro_rules! take {
        ($($field:ident),*) => { $(if is_said(file, row, stringify!($field)) { record.$field.clone_from(&new.$field); })* };
    }
    take!(zone_ids, area_name, address, unit, crop, variety, issued, valid_from, valid_to, standard, standard_no, standard_until);
    take!(authority, decision, last_inspection, next_inspection, yield_t_ha, harvests, households, legacy_codes);
    let areas = ["declared_area_m2", "declared_area_ha"];
    if areas.iter().any(|column| is_said(file, row, column)) && !areas.iter().any(|column| row.unread.contains(column)) {
        record.declared_area_m2 = new.declared_area_m2;
    }
    if is_said(file, row, "market") || record.market.is_none() {
        record.market.clone_from(&new.market);
    }
    if !new.shape.0.is_empty() {
        record.shape.clone_from(&new.shape);
    }
    if !new.kept.is_empty() {
        record.kept.clone_from(&new.kept);
    }
    if row.has_status {
        record.status = new.status;
    }
    let step = new.status_history.last().filter(|step| row.has_status || row.has_since || step.reason.is_some());
    // When a code that was suspended came back is not the day on which it was given out: without one it is today.
    let is_other = before.status != record.status;
    let since = |step: &StatusStep| {
        let today = || today.filter(|_| is_other).map(|day| day.to_string());
        step.since.clone().filter(|_| row.has_since).or_else(today)
    };
    let step = step.map(|step| StatusStep { status: record.status, since: since(step), reason: step.reason.clone() });
    continue_history(&mut record, row, step);
    record
}

/// A record in place of the one of before; its history goes on.
fn replaced(row: &ReadRow, new: &CodeRecord, old: Option<&CodeRecord>) -> CodeRecord {
    let Some(old) = old else { return new.clone() };
    let mut record = CodeRecord { raw: old.raw.clone(), status_history: old.status_history.clone(), ..new.clone() };
    continue_history(&mut record, row, new.status_history.last().cloned());
    record
}

/// The new step, when the row tells of another.
fn continue_history(record: &mut CodeRecord, row: &ReadRow, step: Option<StatusStep>) {
    let is_new = |last: &StatusStep, new: &StatusStep| {
        last.status != new.status || (new.reason.is_some() && last.reason != new.reason) || (row.has_since && last.since != new.since)
    };
    let step = step.filter(|new| record.status_history.last().is_none_or(|last| is_new(last, new)));
    record.status_history.extend(step);
}

/// What becomes another, field by field.
fn changes(old: &CodeRecord, new: &CodeRecord) -> Vec<Change> {
    let [before, after] = [old, new].map(texts);
    let pairs = before.into_iter().zip(after).filter(|(before, after)| before.1 != after.1);
    let mut changes: Vec<Change> = pairs.map(|((field, before), (_, after))| Change { field, before, after }).collect();
    if old.shape != new.shape {
        let area = |shape: &MultiPolygon| (!shape.0.is_empty()).then(|| format!("{:.0} m²", geom::area_m2(shape)));
        changes.push(Change { field: "land", before: area(&old.shape), after: area(&new.shape) });
    }
    changes
}

fn texts(r: &CodeRecord) -> Vec<(&'static str, Option<String>)> {
    let list = |list: &[String]| (!list.is_empty()).then(|| list.join("; "));
    let number = |number: Option<f64>| number.map(|n| n.to_string());
    let last = r.status_history.last();
    vec![
        ("status", Some(r.status.to_string())),
        ("status_since", last.and_then(|step| step.since.clone())),
        ("status_reason", last.and_then(|step| step.reason.clone())),
        ("market", r.market.clone()),
        ("crop", r.crop.clone()),
        ("variety", r.variety.clone()),
        ("area_name", r.area_name.clone()),
        ("address", r.address.clone()),
        ("unit", r.unit.clone()),
        ("zone_ids", list(&r.zone_ids)),
        ("issued", r.issued.clone()),
        ("valid_from", r.valid_from.clone()),
        ("valid_to", r.valid_to.clone()),
        ("declared_area_m2", number(r.declared_area_m2)),
        ("yield_t_ha", number(r.yield_t_ha)),
        ("harvests", number(r.harvests)),
        ("households", r.households.map(|n| n.to_string())),
        ("standard", r.standard.clone()),
        ("standard_no", r.standard_no.clone()),
        ("standard_until", r.standard_until.clone()),
        ("authority", r.authority.clone()),
        ("decision", r.decision.clone()),
        ("last_inspection", r.last_inspection.clone()),
        ("next_inspection", r.next_inspection.clone()),
        ("legacy_codes", list(&r.legacy_codes)),
    ]
}

/// Of rows of codes that are there: their parts, by the row's place.
fn parts_of_rows(file: &mut ReadFile, known: &Known) -> HashMap<usize, Vec<Option<String>>> {
    let mut by_code: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (n, row) in file.rows.iter().enumerate() {
        let Some(record) = row.record.as_ref().filter(|record| !known.parts(&record.code).is_empty()) else { continue };
        by_code.entry(record.code.clone()).or_default().push(n);
    }
    let mut parts = HashMap::new();
    for (code, places) in by_code {
        let olds = known.parts(&code);
        let named = |n: &usize| file.rows[*n].record.as_ref().filter(|_| file.rows[*n].is_part_named).map(|record| record.part.clone());
        let mut taken: HashSet<Option<String>> = places.iter().filter_map(named).collect();
        let unnamed: Vec<usize> = places.into_iter().filter(|n| !file.rows[*n].is_part_named).collect();
        let mut left: Vec<&CodeRecord> = olds.iter().filter(|old| !taken.contains(&old.part)).collect();
        if let [n] = unnamed.as_slice()
            && file.rows[*n].record.as_ref().is_some_and(|record| record.shape.0.is_empty() && record.zone_ids.is_empty())
            && left.len() > 1
        {
            parts.insert(*n, left.iter().map(|old| old.part.clone()).collect());
            continue;
        }
        let mut open: Vec<usize> = Vec::new();
        for n in unnamed {
            let same = file.rows[n].record.as_ref().and_then(|record| left.iter().position(|old| is_same_land(record, old)));
            match same {
                Some(at) => drop(parts.insert(n, vec![left.remove(at).part.clone()])),
                None => open.push(n),
            }
        }
        if !open.is_empty() && left.len() > 1 && left.len() != open.len() {
            for n in open {
                set_aside(&mut file.rows[n], &code, olds);
            }
            continue;
        }
        taken.extend(olds.iter().map(|old| old.part.clone()));
        let (mut left, mut next) = (left.into_iter(), if taken.contains(&None) { 2 } else { 1 });
        for n in open {
            let part = left.next().map(|old| old.part.clone()).unwrap_or_else(|| {
                while taken.contains(&Some(usize::to_string(&next))) {
                    next += 1;
                }
                Some(next.to_string())
            });
            taken.insert(part.clone());
            parts.insert(n, vec![part]);
        }
    }
    parts
}

fn is_same_land(a: &CodeRecord, b: &CodeRecord) -> bool {
    match (a.shape.0.is_empty(), b.shape.0.is_empty()) {
        (false, false) => a.shape == b.shape,
        (true, true) => !a.zone_ids.is_empty() && a.zone_ids == b.zone_ids,
        _ => false,
    }
}

fn set_aside(row: &mut ReadRow, code: &str, olds: &[CodeRecord]) {
    let parts: Vec<&str> = olds.iter().map(|old| old.part.as_deref().unwrap_or("–")).collect();
    let message = format!(
        "the register has {} parts of {code} ({}), and it cannot be said which this row is of: name the part in a column “part”. The row was set aside",
        olds.len(),
        parts.join(", ")
    );
    let vi = format!(
        "Sổ có {} phần của {code} ({}), không rõ dòng này thuộc phần nào: hãy ghi phần trong cột “part”. Dòng được để lại",
        olds.len(),
        parts.join(", ")
    );
    row.issues.push(Issue::new("which_part", Some(&row.number.to_string()), message).in_vietnamese(vi));
    row.record = None;
}
