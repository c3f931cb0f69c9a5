//! Edits of zones: judged against the current snapshot, kept by the store, shown by the next snapshot.
//!
//! One edit at a time. What was judged by a revision is kept on that revision or judged again; the answer comes when it is
//! on the disk and served. Invariant: an edit that is refused changed nothing, and the same id makes one edit only.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::live::Engine;
use super::sheet::{Judged, Sheet};
use super::{EngineError, Page, Snapshot};
use crate::access::Person;
use crate::edit::{self, Edited, Fault, Operation};
use crate::geom;
use crate::model::{Epoch, LayerRole, Revision, Zone};
use crate::store::{Edit, EditFilter, Reader, ZoneChange};

/// What a planner asks for.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditAsk {
    /// Chosen by who asks; the same id again is answered with what the first made.
    pub id: String,
    pub reason: String,
    #[serde(default)]
    pub decision: Option<String>,
    /// From when on it holds in law.
    #[serde(default)]
    pub valid_from: Option<String>,
    /// The revision of every zone that the operations name.
    #[serde(default)]
    pub base: BTreeMap<String, Revision>,
    pub operations: Vec<Operation>,
    /// Judged and answered, not kept.
    #[serde(default)]
    pub is_dry_run: bool,
    /// Why a plan keeps it although the map would refuse it; the map takes none.
    #[serde(default)]
    pub despite: Option<String>,
}

/// What takes an edit back.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UndoAsk {
    pub id: String,
    pub reason: String,
}

const MOST_ID: usize = 64;
const MOST_REASON: usize = 1_000;
pub(super) const MOST_DECISION: usize = 200;
/// So often an edit is judged again because somebody else was quicker.
pub(super) const MOST_TRIES: usize = 20;

impl Engine {
    /// Applies an edit for a person who may edit, within what the person may touch.
    pub fn edit(&self, ask: &EditAsk, person: &Person) -> Result<Value, EngineError> {
        check_words(&ask.id, &ask.reason, ask.decision.as_deref(), ask.valid_from.as_deref())?;
        if ask.despite.is_some() {
            return Err(EngineError::usage("only a plan keeps an edit despite what is wrong with it: make a plan, and send it there"));
        }
        let new = Edit {
            id: ask.id.clone(),
            who: person.name.clone(),
            reason: ask.reason.trim().to_owned(),
            decision: ask.decision.clone().filter(|text| !text.trim().is_empty()),
            valid_from: ask.valid_from.clone(),
            operations: serde_json::to_string(&ask.operations).unwrap_or_default(),
            ..Edit::default()
        };
        self.make(new, ask.is_dry_run, |snapshot| Sheet::of_map(snapshot).judge(ask, &ask.id, person))
    }

    /// Takes an edit back: an ordinary edit that makes every zone what it was, when nothing changed them since.
    pub fn undo(&self, edit: &str, ask: &UndoAsk, person: &Person) -> Result<Value, EngineError> {
        check_words(&ask.id, &ask.reason, None, None)?;
        let old = self.snapshot().kept_edit(edit)?;
        let new = Edit {
            id: ask.id.clone(),
            who: person.name.clone(),
            reason: ask.reason.trim().to_owned(),
            undoes: Some(old.id.clone()),
            // What it takes back does not hold from the day on which that would have.
            valid_from: old.valid_from.clone().or_else(|| old.at.get(..10).map(str::to_owned)),
            operations: json!([{ "op": "undo", "edit": old.id }]).to_string(),
            ..Edit::default()
        };
        self.make(new, false, |snapshot| snapshot.judge_undo(&old, person))
    }

    fn make(&self, new: Edit, is_dry_run: bool, judge: impl Fn(&Snapshot) -> Result<Judged, EngineError>) -> Result<Value, EngineError> {
        if is_dry_run {
            let snapshot = self.snapshot();
            let Judged { edited, issues } = judge(&snapshot)?;
            return Ok(snapshot.edit_answer(&kept_as(&new, edited), &issues, true));
        }
        for n_tries in 0..MOST_TRIES {
            let judged_by = self.snapshot();
            // Most are judged while others write; who was overtaken again and again is judged while nobody can.
            let is_free = n_tries < MOST_TRIES / 2;
            let judged = if is_free && !judged_by.has_edit(&new.id)? { Some(judge(&judged_by)?) } else { None };
            let mut writing = self.writing();
            if let Some(kept) = writing.store.edit(&new.id)? {
                return self.answer_again(&kept, &new);
            }
            let snapshot = self.caught_up(&mut writing)?;
            let is_overtaken = snapshot.revision != judged_by.revision;
            if is_overtaken && is_free {
                continue;
            }
            let Judged { edited, issues } = match judged.filter(|_| !is_overtaken) {
                Some(judged) => judged,
                None => judge(&snapshot)?,
            };
            let edit = kept_as(&new, edited);
            if edit.changes.is_empty() {
                return Ok(snapshot.edit_answer(&edit, &issues, true));
            }
            if let Some(kept) = writing.store.edit_zones(edit, snapshot.revision)? {
                let next = self.publish(&mut writing, &snapshot)?;
                return Ok(next.edit_answer(&kept, &issues, false));
            }
            self.look_again(&mut writing);
        }
        Err(EngineError::unavailable("other programs change the workspace all the time: try again in a while"))
    }

    /// Of an id that was there already: what it made, when it is the same edit.
    fn answer_again(&self, kept: &Edit, new: &Edit) -> Result<Value, EngineError> {
        if (&kept.who, &kept.operations, &kept.undoes) != (&new.who, &new.operations, &new.undoes) {
            return Err(EngineError::conflict(format!("there is another edit “{}” already: choose another id", new.id)));
        }
        Ok(self.snapshot().edit_answer(kept, &[], false))
    }
}

fn kept_as(new: &Edit, edited: Edited) -> Edit {
    let made = serde_json::to_string(&edited.made).unwrap_or_default();
    Edit { made, changes: kept_changes(edited.changes), ..new.clone() }
}

pub(super) fn kept_changes(changes: Vec<edit::Change>) -> Vec<ZoneChange> {
    let kept = |c: edit::Change| ZoneChange { id: c.id, before: c.before, after: c.after, parents: c.parents };
    changes.into_iter().map(kept).collect()
}

pub(super) fn check_words(id: &str, reason: &str, decision: Option<&str>, valid_from: Option<&str>) -> Result<(), EngineError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if id.is_empty() || id.len() > MOST_ID || !id.chars().all(is_plain) {
        return Err(EngineError::usage(format!("the id of an edit is 1 to {MOST_ID} letters a to z, digits, “-” and “_”")));
    }
    let reason_length = reason.trim().chars().count();
    if reason_length == 0 || reason_length > MOST_REASON {
        return Err(EngineError::usage(format!("the reason of an edit has 1 to {MOST_REASON} characters")));
    }
    if decision.is_some_and(|text| text.chars().count() > MOST_DECISION) {
        return Err(EngineError::usage(format!("the decision has at most {MOST_DECISION} characters")));
    }
    match valid_from.map(Epoch::written) {
        Some(None) => Err(EngineError::usage("valid_from is no date; write it like 2026-11-22")),
        Some(Some((_, rest))) if !rest.is_empty() => Err(EngineError::usage("valid_from is a date without an hour, like 2026-11-22")),
        _ => Ok(()),
    }
}

impl Snapshot {
    fn judge_undo(&self, old: &Edit, person: &Person) -> Result<Judged, EngineError> {
        let sheet = Sheet::of_map(self);
        let ground = sheet.ground();
        let now = |id: &str| ground.zone(id);
        let moved_on: Vec<&str> = old.changes.iter().filter(|c| now(&c.id) != c.after.as_ref()).map(|c| c.id.as_str()).collect();
        if !moved_on.is_empty() {
            let message = format!("edit {} cannot be taken back: {} changed since", old.id, moved_on.join(", "));
            return Err(sheet.stale(message, &moved_on)?);
        }
        let change =
            |c: &ZoneChange| edit::Change { id: c.id.clone(), before: c.after.clone(), after: c.before.clone(), parents: Vec::new() };
        let edited = Edited { changes: old.changes.iter().map(change).collect(), ..Edited::default() };
        self.check_rights(&edited, person)?;
        // What was so before was accepted then; wrong is only what it would do to zones that came or changed since.
        let is_old = |id: &String| old.changes.iter().any(|c| c.id == *id);
        let is_newer = |id: &String| !is_old(id) && self.official(id).is_some_and(|(_, revision)| revision > old.revision);
        let is_wrong = |fault: &Fault| ["overlap", "gap"].contains(&fault.code) && fault.zones.iter().any(is_newer);
        let (errors, issues): (Vec<Fault>, Vec<Fault>) = sheet.faults(&ground, &edited)?.into_iter().partition(is_wrong);
        let issues = issues.into_iter().map(Fault::warning).collect();
        if errors.is_empty() { Ok(Judged { edited, issues }) } else { Err(self.refused(&errors)) }
    }

    fn edit_answer(&self, edit: &Edit, issues: &[Fault], is_dry_run: bool) -> Value {
        let revision = |id: &str| self.zones.by_id(id).map_or(edit.revision, |i| self.zones.list[i].revision);
        let after = edit.changes.iter().filter_map(|c| c.after.as_ref());
        let zones: Vec<Value> =
            after.map(|zone| self.shape_facts(zone, if is_dry_run { revision(&zone.id) } else { edit.revision })).collect();
        let removed: Vec<&String> = edit.changes.iter().filter(|c| c.after.is_none()).map(|c| &c.id).collect();
        let issues: Vec<Value> = issues.iter().map(|fault| self.fault_facts(fault)).collect();
        let made: Value = serde_json::from_str(&edit.made).unwrap_or_else(|_| json!({}));
        json!({
            "id": edit.id, "revision": (!is_dry_run).then_some(edit.revision), "zones": zones, "removed": removed, "made": made,
            "issues": issues,
        })
    }

    fn has_edit(&self, id: &str) -> Result<bool, EngineError> {
        Ok(Reader::open(&self.path)?.has_edit(id)?)
    }

    fn kept_edit(&self, id: &str) -> Result<Edit, EngineError> {
        let edit = Reader::open(&self.path)?.edit(id)?;
        edit.ok_or_else(|| EngineError::not_found(format!("there is no edit “{}”", id.chars().take(80).collect::<String>())))
    }

    /// The edits that a filter takes, the latest first.
    pub fn edits_list(&self, which: &EditFilter, page: Page) -> Result<Value, EngineError> {
        let (edits, n_matched) = Reader::open(&self.path)?.edits(which, page.limit, page.offset)?;
        Ok(json!({ "n_matched": n_matched, "edits": edits.iter().map(edit_facts).collect::<Vec<_>>() }))
    }

    /// One edit, with every zone before and after it.
    pub fn edit_card(&self, id: &str) -> Result<Value, EngineError> {
        let edit = self.kept_edit(id)?;
        let mut facts = edit_facts(&edit);
        let of = |zone: &Option<Zone>| zone.as_ref().map(|zone| self.shape_facts(zone, edit.revision));
        let both = edit.changes.iter().map(|c| json!({ "id": c.id, "before": of(&c.before), "after": of(&c.after), "parents": c.parents }));
        facts["zones"] = both.collect();
        facts["operations"] = serde_json::from_str(&edit.operations).unwrap_or_default();
        Ok(facts)
    }

    /// Whether the workspace has zones to edit; the store makes the layer with the first.
    pub(super) fn has_zones_layer(&self) -> bool {
        self.layer(LayerRole::Zones).is_some()
    }
}

pub(super) fn edit_facts(edit: &Edit) -> Value {
    let area = |zone: &Option<Zone>| zone.as_ref().map(|z| geom::area_m2(&z.shape));
    let zones: Vec<Value> = edit
        .changes
        .iter()
        .map(|c| {
            let change = match (&c.before, &c.after) {
                (None, _) => "made",
                (_, None) => "removed",
                _ => "changed",
            };
            let name = c.after.as_ref().or(c.before.as_ref()).and_then(|zone| zone.name.as_ref());
            json!({
                "id": c.id, "change": change, "name": name, "area_before_m2": area(&c.before), "area_after_m2": area(&c.after),
                "parents": c.parents,
            })
        })
        .collect();
    json!({
        "id": edit.id, "revision": edit.revision, "at": edit.at, "who": edit.who, "reason": edit.reason, "decision": edit.decision,
        "valid_from": edit.valid_from, "undoes": edit.undoes, "n_zones": zones.len(), "zones": zones,
    })
}
