//! The way of a plan from draft to the map: submitted, returned or approved, published.
//!
//! What the map changed since the plan was drawn is taken over silently where the plan left it alone. Where both changed the
//! same, or lie on the same ground, the publication is refused with the list. Invariant: the map and the plan's state change
//! together or not at all.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Drawn, PlanReader, checked_text, is_of, plan_facts};
use crate::access::{self, Action, Person};
use crate::edit::{self, Change, Collision, Edited, Fault, Severity};
use crate::engine::accounts::new_secret;
use crate::engine::edits::{MOST_DECISION, MOST_TRIES, kept_changes};
use crate::engine::sheet::Sheet;
use crate::engine::{Engine, EngineError, ErrorKind, Snapshot};
use crate::model::{PlanState, Revision};
use crate::store::{Edit, Plan, PlanStep};

/// What is said when a plan goes on to its next state.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecideAsk {
    #[serde(default)]
    pub note: String,
    /// The document by which it is approved or published.
    #[serde(default)]
    pub decision: Option<String>,
}

const MOST_NOTE: usize = 1_000;

impl Engine {
    /// Submits a plan (by its owner), returns or approves it (by somebody else).
    pub fn decide_plan(
        &self,
        id: &str,
        to: PlanState,
        ask: &DecideAsk,
        expected: Option<Revision>,
        person: &Person,
    ) -> Result<Value, EngineError> {
        self.change_plan(id, expected, |plan| step(plan, to, ask, person))
    }

    /// Makes the map what an approved plan has, in one edit; all of it or nothing.
    pub fn publish_plan(&self, id: &str, ask: &DecideAsk, expected: Option<Revision>, person: &Person) -> Result<Value, EngineError> {
        for _ in 0..MOST_TRIES {
            let (mut writing, snapshot, mut drawn) = self.opened(id)?;
            is_of(&drawn.plan, expected)?;
            step(&mut drawn.plan, PlanState::Published, ask, person)?;
            let plan = &drawn.plan;
            let edited = snapshot.publishable(&drawn, &[&self.owner(plan)?, person])?;
            let name = &plan.name;
            let edit = Edit {
                id: format!("plan-{}-{}", plan.id, &new_secret()?[..12]),
                who: person.name.clone(),
                reason: if ask.note.trim().is_empty() { name.clone() } else { format!("{name}: {}", ask.note.trim()) },
                decision: plan.decision.clone(),
                operations: json!([{ "op": "publish", "plan": plan.id }]).to_string(),
                changes: kept_changes(edited.changes),
                ..Edit::default()
            };
            let edit_id = edit.id.clone();
            if let Some(kept) = writing.store.publish_plan(plan, edit, snapshot.revision)? {
                let next = self.publish(&mut writing, &snapshot)?;
                let mut facts = plan_facts(&Drawn::read(&next.reader()?, id)?.plan, &PlanReader::Person);
                facts["edit"] = json!({ "id": edit_id, "revision": kept.revision, "n_zones": kept.changes.len() });
                return Ok(facts);
            }
        }
        Err(EngineError::unavailable("other programs change the workspace all the time: try again in a while"))
    }

    /// The plan's owner with the rights of now: what was taken away since cannot be published.
    fn owner(&self, plan: &Plan) -> Result<Person, EngineError> {
        let refused = |why: String| EngineError::Refused { kind: ErrorKind::NotAllowed, message: why, issues: Vec::new() };
        let name = &plan.owner;
        let owner = self.accounts().active(name)?;
        let owner = owner.ok_or_else(|| refused(format!("{name}, whose plan this is, has no account any more: make the plan anew")))?;
        let may = access::may(&owner, Action::MakePlans);
        may.map_err(|error| refused(format!("{name}, whose plan this is, may make plans no more: {error}")))?;
        Ok(owner)
    }
}

/// Moves a plan to its next state, when it may go there and the person may say so.
fn step(plan: &mut Plan, to: PlanState, ask: &DecideAsk, person: &Person) -> Result<(), EngineError> {
    use PlanState::{Approved, Draft, Published, Returned, Submitted};
    let from: &[PlanState] = match to {
        Submitted => &[Draft, Returned],
        Returned => &[Submitted, Approved],
        Approved => &[Submitted],
        Published => &[Approved],
        Draft => &[],
    };
    match to {
        Submitted => access::may_change_plan(person, &plan.owner)?,
        _ => access::may_decide_plan(person, &plan.owner)?,
    }
    if !from.contains(&plan.state) {
        let from: Vec<&str> = from.iter().map(|state| state.as_str()).collect();
        let now = plan.state;
        return Err(EngineError::conflict(format!("the plan is {now}; only a plan that is {} can be {to}", from.join(" or "))));
    }
    let note = checked_text("the note", &ask.note, 0, MOST_NOTE)?;
    if to == Returned && note.is_empty() {
        return Err(EngineError::usage("a plan is returned with a note that says why"));
    }
    if to == Submitted && plan.n_zones == 0 {
        return Err(EngineError::conflict("the plan changes no zone yet"));
    }
    if let Some(decision) = ask.decision.as_deref().filter(|text| !text.trim().is_empty()) {
        plan.decision = Some(checked_text("the decision", decision, 1, MOST_DECISION)?);
    }
    if to == Published && plan.decision.is_none() {
        return Err(EngineError::usage("a plan is published with its decision: give its number as “decision”"));
    }
    plan.state = to;
    plan.steps.push(PlanStep { state: to, at: time_text(), who: person.name.clone(), note });
    Ok(())
}

fn time_text() -> String {
    let now = time::OffsetDateTime::now_utc();
    now.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}

impl Snapshot {
    /// Zones that the plan and the map both changed since.
    pub(super) fn collisions(&self, drawn: &Drawn) -> Vec<Collision> {
        drawn.zones.values().filter_map(|row| edit::collision(self.official(&row.id), row)).collect()
    }

    /// What a plan makes of the map as it is now.
    pub(super) fn difference(&self, drawn: &Drawn) -> Edited {
        let change = |(id, row): (&String, &crate::model::PlanZone)| {
            let before = self.official(id).map(|(zone, _)| zone);
            let after = edit::planned(before, row);
            let parents = row.parents.clone();
            (before != after.as_ref()).then(|| Change { id: id.clone(), before: before.cloned(), after, parents })
        };
        Edited { changes: drawn.zones.iter().filter_map(change).collect(), ..Edited::default() }
    }

    /// What publishing does to the map, when nothing stands against it; it must be in the rights of all these.
    fn publishable(&self, drawn: &Drawn, people: &[&Person]) -> Result<Edited, EngineError> {
        let (collisions, faults, edited) = self.against(drawn)?;
        if !collisions.is_empty() {
            let n = collisions.len();
            let message = format!("the plan does not fit on the map as it is now, {n} places collide: return the plan and mend them");
            return Err(EngineError::EditStale { message, details: json!({ "collisions": collisions }) });
        }
        if edited.changes.is_empty() {
            return Err(EngineError::conflict("nothing in the plan differs from the map any more"));
        }
        people.iter().try_for_each(|person| self.check_rights(&edited, person))?;
        if faults.is_empty() { Ok(edited) } else { Err(self.refused(&faults)) }
    }

    /// What stands against publishing a plan now: what collides, other faults, and what it would do.
    pub(super) fn against(&self, drawn: &Drawn) -> Result<(Vec<Value>, Vec<Fault>, Edited), EngineError> {
        let mut collisions: Vec<Value> = self.collisions(drawn).iter().map(|found| self.collision_facts(drawn, found)).collect();
        let edited = self.difference(drawn);
        let sheet = Sheet::of_map(self);
        let faults = sheet.faults(&sheet.ground(), &edited)?;
        let errors = faults.into_iter().filter(|fault| fault.severity == Severity::Error);
        let (overlaps, others): (Vec<Fault>, Vec<Fault>) = errors.partition(|fault| fault.code == "overlap");
        for fault in &overlaps {
            let mut facts = self.fault_facts(fault);
            facts["what"] = json!("overlap");
            collisions.push(facts);
        }
        // Zones that collide make faults that are none of their own.
        Ok((collisions, others, edited))
    }

    fn collision_facts(&self, drawn: &Drawn, Collision { zone, what, fields }: &Collision) -> Value {
        let official = self.official(zone);
        let theirs = official.map(|(zone, revision)| self.shape_facts(zone, revision));
        let planned = drawn.zones.get(zone).and_then(|row| edit::planned(official.map(|(zone, _)| zone), row));
        let ours = planned.map(|zone| self.shape_facts(&zone, drawn.plan.revision));
        let field = |f: &edit::FieldCollision| json!({ "field": f.field, "base": f.base, "theirs": f.theirs, "ours": f.ours });
        let fields: Vec<Value> = fields.iter().map(field).collect();
        json!({ "what": what, "zone": zone, "fields": fields, "theirs": theirs, "ours": ours })
    }
}
