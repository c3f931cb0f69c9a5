//! Edits of a plan: judged by what the plan shows, kept as what differs, taken back.

use serde_json::{Value, json};

use super::{Drawn, is_open};
use crate::access::{self, Person};
use crate::edit::{self, Change, Edited, Fault};
use crate::engine::edits::{MOST_TRIES, check_words};
use crate::engine::sheet::Sheet;
use crate::engine::{EditAsk, Engine, EngineError, Snapshot, UndoAsk};
use crate::model::PlanZone;
use crate::store::{Plan, PlanChange, PlanEdit};

/// An edit of a plan that was judged.
struct Judged {
    edited: Edited,
    issues: Vec<Fault>,
    /// What the plan keeps of each zone that changed.
    zones: Vec<(String, Option<PlanZone>)>,
}

impl Judged {
    /// What it is answered with; `drawn` is made what it leaves.
    fn answer(self, snapshot: &Snapshot, drawn: &mut Drawn, id: &str, is_kept: bool) -> Value {
        let ids: Vec<&str> = self.edited.changes.iter().map(|c| c.id.as_str()).collect();
        for (id, row) in self.zones {
            match row {
                Some(row) => drop(drawn.zones.insert(id, row)),
                None => drop(drawn.zones.remove(&id)),
            }
        }
        let mut answer = answer(&drawn.sheet(snapshot), &drawn.plan, id, is_kept, &ids);
        answer["made"] = json!(self.edited.made);
        answer["issues"] = self.issues.iter().map(|fault| snapshot.fault_facts(fault)).collect();
        answer
    }
}

impl Engine {
    /// Applies an edit to a plan, for its owner.
    pub fn edit_plan(&self, plan: &str, ask: &EditAsk, person: &Person) -> Result<Value, EngineError> {
        check_words(&ask.id, &ask.reason, ask.decision.as_deref(), ask.valid_from.as_deref())?;
        let despite = ask.despite.as_deref().map(str::trim);
        if let Some(why) = despite {
            check_words(&ask.id, why, None, None)?;
        }
        let new = PlanEdit { despite: despite.map(str::to_owned), ..new_edit(&ask.id, &ask.reason, None, person) };
        self.draw(plan, new, person, ask.is_dry_run, |snapshot, drawn| {
            let judged = drawn.sheet(snapshot).judge(ask, &format!("{} {}", drawn.plan.id, ask.id), person)?;
            let row = |c: &Change| (c.id.clone(), edit::differing(snapshot.official(&c.id), drawn.zones.get(&c.id), c));
            let zones = judged.edited.changes.iter().map(row).collect();
            Ok(Judged { edited: judged.edited, issues: judged.issues, zones })
        })
    }

    /// Takes an edit of a plan back, when nothing in the plan changed its zones since. What was is a draft again, whatever is
    /// wrong with it: publishing judges it.
    pub fn undo_in_plan(&self, plan: &str, edit: &str, ask: &UndoAsk, person: &Person) -> Result<Value, EngineError> {
        check_words(&ask.id, &ask.reason, None, None)?;
        let none = || EngineError::not_found(format!("the plan has no edit “{}”", edit.chars().take(80).collect::<String>()));
        let new = new_edit(&ask.id, &ask.reason, Some(edit), person);
        self.draw(plan, new, person, false, |snapshot, drawn| {
            let old = snapshot.reader()?.plan_edit(&drawn.plan.id, edit)?.ok_or_else(none)?;
            let sheet = drawn.sheet(snapshot);
            let is_other = |c: &&PlanChange| drawn.zones.get(&c.zone).map(edit::mark) != c.mark;
            let moved_on: Vec<&str> = old.changes.iter().filter(is_other).map(|c| c.zone.as_str()).collect();
            if !moved_on.is_empty() {
                let message = format!("edit {edit} cannot be taken back: {} changed since", moved_on.join(", "));
                return Err(sheet.stale(message, &moved_on)?);
            }
            let change = |c: &PlanChange| {
                let official = snapshot.official(&c.zone).map(|(zone, _)| zone);
                let after = match &c.before {
                    Some(row) => edit::planned(official, row),
                    None => official.cloned(),
                };
                Change { id: c.zone.clone(), before: sheet.zone(&c.zone).map(|(zone, _)| zone.clone()), after, parents: Vec::new() }
            };
            let edited = Edited { changes: old.changes.iter().map(change).collect(), ..Edited::default() };
            let judged = sheet.check_edited(&sheet.ground(), edited, person, true)?;
            let zones = old.changes.into_iter().map(|c| (c.zone, c.before)).collect();
            Ok(Judged { edited: judged.edited, issues: judged.issues, zones })
        })
    }

    fn draw(
        &self,
        plan: &str,
        new: PlanEdit,
        person: &Person,
        is_dry_run: bool,
        judge: impl Fn(&Snapshot, &Drawn) -> Result<Judged, EngineError>,
    ) -> Result<Value, EngineError> {
        if is_dry_run {
            // Nobody who writes waits for it.
            let snapshot = self.snapshot();
            let mut drawn = Drawn::read(&snapshot.reader()?, plan)?;
            access::may_change_plan(person, &drawn.plan.owner)?;
            is_open(&drawn.plan)?;
            let judged = judge(&snapshot, &drawn)?;
            return Ok(judged.answer(&snapshot, &mut drawn, &new.id, false));
        }
        for _ in 0..MOST_TRIES {
            let (mut writing, snapshot, mut drawn) = self.opened(plan)?;
            access::may_change_plan(person, &drawn.plan.owner)?;
            if let Some(kept) = snapshot.reader()?.plan_edit(plan, &new.id)? {
                if (&kept.who, &kept.reason, &kept.undoes, &kept.despite) != (&new.who, &new.reason, &new.undoes, &new.despite) {
                    return Err(EngineError::conflict(format!("the plan has another edit “{}” already: choose another id", new.id)));
                }
                let ids: Vec<&str> = kept.changes.iter().map(|c| c.zone.as_str()).collect();
                return Ok(answer(&drawn.sheet(&snapshot), &drawn.plan, &new.id, true, &ids));
            }
            is_open(&drawn.plan)?;
            let judged = judge(&snapshot, &drawn)?;
            let is_kept = !judged.zones.is_empty();
            if is_kept {
                let change = |(id, row): &(String, Option<PlanZone>)| PlanChange {
                    zone: id.clone(),
                    before: drawn.zones.get(id).cloned(),
                    mark: row.as_ref().map(edit::mark),
                };
                let edit = PlanEdit { changes: judged.zones.iter().map(change).collect(), ..new.clone() };
                if !writing.store.change_plan(&drawn.plan, Some(&edit), &judged.zones)? {
                    continue;
                }
                drawn.plan.revision += 1;
            }
            return Ok(judged.answer(&snapshot, &mut drawn, &new.id, is_kept));
        }
        Err(EngineError::unavailable("other programs change the plan all the time: try again in a while"))
    }
}

fn new_edit(id: &str, reason: &str, undoes: Option<&str>, person: &Person) -> PlanEdit {
    let (who, undoes) = (person.name.clone(), undoes.map(str::to_owned));
    PlanEdit { id: id.to_owned(), who, reason: reason.trim().to_owned(), undoes, ..PlanEdit::default() }
}

/// What an edit of a plan is answered with: the zones as the plan has them now. The revision is the plan's; none in a dry run.
fn answer(sheet: &Sheet, plan: &Plan, edit: &str, is_kept: bool, ids: &[&str]) -> Value {
    let there = ids.iter().filter_map(|id| sheet.zone(id));
    let zones: Vec<Value> = there.map(|(zone, revision)| sheet.snapshot.shape_facts(zone, revision)).collect();
    let removed: Vec<&&str> = ids.iter().filter(|id| sheet.zone(id).is_none()).collect();
    json!({ "id": edit, "plan": plan.id, "revision": is_kept.then_some(plan.revision), "zones": zones, "removed": removed, "made": {}, "issues": [] })
}
