//! Plans: scenarios beside the map, drawn, submitted, decided on and published.
//!
//! A plan is judged as the map is: by the same operations and checks over what it shows (`sheet`). Nothing but its
//! publication changes the map. Invariants: only its owner changes a plan, and only as a draft or when it was returned; only
//! somebody else decides on it; what a link shows holds no person's name.

mod changes;
mod comments;
mod drawing;
mod figures;
mod publishing;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::accounts::{hash_of, new_secret};
use super::live::{Engine, Writing};
use super::sheet::Sheet;
use super::{EngineError, Page, Snapshot};
use crate::access::{self, Action, Person};
use crate::edit;
use crate::model::{PlanState, PlanZone, Revision};
use crate::store::{Plan, PlanStep, Reader};

pub use comments::{CommentAsk, CommentChange};
pub(super) use figures::PlanFigures;
pub use figures::SupplyAsk;
pub use publishing::DecideAsk;

/// A new plan.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanAsk {
    /// Chosen by who asks, so that the same one is not made twice; else the server gives one.
    #[serde(default)]
    pub id: Option<String>,
    pub name: String,
    #[serde(default)]
    pub note: String,
}

/// What is to be another; what is not given stays.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanPatch {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

/// Who reads a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanReader {
    Person,
    /// Anybody who was given the link; its secret.
    Link(String),
}

/// The id of the edit that publishes a plan holds it too.
const MOST_ID: usize = 40;
const MOST_NAME: usize = 200;
const MOST_NOTE: usize = 4_000;
/// Edits of a plan that its card lists.
const MOST_EDITS: usize = 200;

/// A plan with what differs in it, zone by zone.
pub(super) struct Drawn {
    pub plan: Plan,
    pub zones: BTreeMap<String, PlanZone>,
}

impl Drawn {
    fn read(reader: &Reader, id: &str) -> Result<Drawn, EngineError> {
        let plan = reader.plan(id)?.ok_or_else(|| none_of_id(id))?;
        let zones = reader.plan_zones(id)?.into_iter().map(|zone| (zone.id.clone(), zone)).collect();
        Ok(Drawn { plan, zones })
    }

    /// The map as the plan has it.
    pub fn sheet<'a>(&self, snapshot: &'a Snapshot) -> Sheet<'a> {
        let mut sheet = Sheet::of_map(snapshot);
        for (id, row) in &self.zones {
            let official = snapshot.official(id);
            let revision = revision_of(official.map(|(_, revision)| revision), row);
            sheet.over.insert(id.clone(), edit::planned(official.map(|(zone, _)| zone), row));
            sheet.revisions.insert(id.clone(), revision);
        }
        sheet
    }
}

/// Of a zone in a plan: another whenever what the plan shows of it is another, and no revision of the map, which are small.
fn revision_of(official: Option<Revision>, row: &PlanZone) -> Revision {
    let hash = blake3::hash(format!("{official:?} {}", edit::mark(row)).as_bytes());
    let bytes = hash.as_bytes().iter().take(6);
    bytes.fold(1, |n, byte| n << 8 | Revision::from(*byte))
}

fn none_of_id(id: &str) -> EngineError {
    EngineError::not_found(format!("there is no plan “{}”", id.chars().take(80).collect::<String>()))
}

/// A text of a person: trimmed, not too long, of lines without control characters.
pub(super) fn checked_text(what: &str, text: &str, least: usize, most: usize) -> Result<String, EngineError> {
    let text = text.trim();
    let length = text.chars().count();
    if length < least || length > most {
        return Err(EngineError::usage(format!("{what} has {least} to {most} characters, not {length}")));
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(EngineError::usage(format!("{what} holds a control character")));
    }
    Ok(text.to_owned())
}

impl Engine {
    /// What a change of a plan begins with: the right to write, the map as it is now, the plan as it is now.
    fn opened(&self, id: &str) -> Result<(std::sync::MutexGuard<'_, Writing>, std::sync::Arc<Snapshot>, Drawn), EngineError> {
        let mut writing = self.writing();
        let snapshot = self.caught_up(&mut writing)?;
        let drawn = Drawn::read(&snapshot.reader()?, id)?;
        Ok((writing, snapshot, drawn))
    }

    /// Makes an empty plan of the person's.
    pub fn make_plan(&self, ask: &PlanAsk, person: &Person) -> Result<Value, EngineError> {
        access::may(person, Action::MakePlans)?;
        let id = match &ask.id {
            Some(id) => id.clone(),
            None => format!("p-{}", &new_secret()?[..12]),
        };
        let is_plain = id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if id.is_empty() || id.len() > MOST_ID || !is_plain {
            return Err(EngineError::usage(format!("the id of a plan is 1 to {MOST_ID} letters a to z, digits, “-” and “_”")));
        }
        let name = checked_text("the name of a plan", &ask.name, 1, MOST_NAME)?;
        let note = checked_text("the note of a plan", &ask.note, 0, MOST_NOTE)?;
        let mut writing = self.writing();
        let snapshot = self.caught_up(&mut writing)?;
        let plan = Plan {
            id,
            name,
            note,
            owner: person.name.clone(),
            state: PlanState::Draft,
            revision: 1,
            base_revision: snapshot.revision,
            decision: None,
            share: None,
            created: String::new(),
            changed: String::new(),
            steps: Vec::new(),
            n_zones: 0,
        };
        let is_new = writing.store.add_plan(&plan)?;
        let kept = Drawn::read(&snapshot.reader()?, &plan.id)?;
        if !is_new && kept.plan.owner != person.name {
            return Err(EngineError::conflict(format!("there is a plan “{}” already, of somebody else: choose another id", plan.id)));
        }
        Ok(plan_facts(&kept.plan, &PlanReader::Person))
    }

    /// Changes a plan's name or note.
    pub fn patch_plan(&self, id: &str, expected: Revision, patch: &PlanPatch, person: &Person) -> Result<Value, EngineError> {
        self.change_plan(id, Some(expected), |plan| {
            access::may_change_plan(person, &plan.owner)?;
            is_open(plan)?;
            if let Some(name) = &patch.name {
                plan.name = checked_text("the name of a plan", name, 1, MOST_NAME)?;
            }
            if let Some(note) = &patch.note {
                plan.note = checked_text("the note of a plan", note, 0, MOST_NOTE)?;
            }
            Ok(())
        })
    }

    /// Removes a plan that was not published.
    pub fn remove_plan(&self, id: &str, expected: Revision, person: &Person) -> Result<(), EngineError> {
        let (mut writing, _, drawn) = self.opened(id)?;
        access::may_change_plan(person, &drawn.plan.owner)?;
        if drawn.plan.state == PlanState::Published {
            return Err(EngineError::conflict("a plan that was published stays: it is a part of the map's history"));
        }
        is_of(&drawn.plan, Some(expected))?;
        if writing.store.remove_plan(id, expected)? { Ok(()) } else { Err(EngineError::PlanMoved { now: expected + 1 }) }
    }

    /// Makes a link by which anybody may read the plan; the one before ends. The secret is told this once.
    pub fn share_plan(&self, id: &str, person: &Person) -> Result<Value, EngineError> {
        let secret = new_secret()?;
        let mut facts = self.change_plan(id, None, |plan| {
            access::may_change_plan(person, &plan.owner)?;
            plan.share = Some(hash_of(&secret));
            Ok(())
        })?;
        facts["share"] = json!(secret);
        Ok(facts)
    }

    /// Ends the link.
    pub fn unshare_plan(&self, id: &str, person: &Person) -> Result<(), EngineError> {
        let ended = self.change_plan(id, None, |plan| {
            access::may_change_plan(person, &plan.owner)?;
            plan.share = None;
            Ok(())
        });
        ended.map(drop)
    }

    fn change_plan(
        &self,
        id: &str,
        expected: Option<Revision>,
        change: impl FnOnce(&mut Plan) -> Result<(), EngineError>,
    ) -> Result<Value, EngineError> {
        let (mut writing, snapshot, Drawn { mut plan, .. }) = self.opened(id)?;
        change(&mut plan)?;
        is_of(&plan, expected)?;
        if !writing.store.change_plan(&plan, None, &[])? {
            return Err(EngineError::PlanMoved { now: plan.revision + 1 });
        }
        Ok(plan_facts(&Drawn::read(&snapshot.reader()?, id)?.plan, &PlanReader::Person))
    }
}

/// A plan is changed as a draft, or when it was returned.
fn is_open(plan: &Plan) -> Result<(), EngineError> {
    if [PlanState::Draft, PlanState::Returned].contains(&plan.state) {
        return Ok(());
    }
    let way_on = if plan.state == PlanState::Published { "make a new plan" } else { "ask an approver to return it" };
    Err(EngineError::conflict(format!("the plan is {}: it can be changed no more; {way_on}", plan.state)))
}

fn is_of(plan: &Plan, expected: Option<Revision>) -> Result<(), EngineError> {
    if expected.is_none_or(|expected| expected == plan.revision) { Ok(()) } else { Err(EngineError::PlanMoved { now: plan.revision }) }
}

fn plan_facts(plan: &Plan, reader: &PlanReader) -> Value {
    let is_known = *reader == PlanReader::Person;
    let step = |step: &PlanStep| match is_known {
        true => json!({ "state": step.state, "at": step.at, "who": step.who, "note": step.note }),
        false => json!({ "state": step.state, "at": step.at }),
    };
    let mut facts = json!({
        "id": plan.id, "name": plan.name, "note": plan.note, "state": plan.state, "revision": plan.revision,
        "base_revision": plan.base_revision, "decision": plan.decision, "created": plan.created, "changed": plan.changed,
        "n_zones": plan.n_zones, "steps": plan.steps.iter().map(step).collect::<Vec<_>>(),
    });
    if is_known {
        facts["owner"] = json!(plan.owner);
        facts["is_shared"] = json!(plan.share.is_some());
    }
    facts
}

impl Snapshot {
    /// What is in the workspace beside this snapshot, as it is now.
    pub(super) fn reader(&self) -> Result<Reader, EngineError> {
        Ok(Reader::open(&self.path)?)
    }

    /// The plan for who may read it.
    pub(super) fn drawn(&self, id: &str, reader: &PlanReader) -> Result<Drawn, EngineError> {
        let store = self.reader()?;
        let PlanReader::Link(secret) = reader else { return Drawn::read(&store, id) };
        let hash = hash_of(secret);
        let is_shown = store.plan(id)?.is_some_and(|plan| plan.share == Some(hash));
        if is_shown { Drawn::read(&store, id) } else { Err(EngineError::not_found("no plan is behind this link, or it was taken back")) }
    }

    /// All plans, the one changed last first.
    pub fn plans_list(&self, page: Page) -> Result<Value, EngineError> {
        let (plans, n_matched) = self.reader()?.plans(page.limit, page.offset)?;
        let plans: Vec<Value> = plans.iter().map(|plan| plan_facts(plan, &PlanReader::Person)).collect();
        Ok(json!({ "n_matched": n_matched, "n_returned": plans.len(), "limit": page.limit, "offset": page.offset, "plans": plans }))
    }

    /// One plan, with its edits and comments for who is known.
    pub fn plan_card(&self, id: &str, reader: &PlanReader) -> Result<Value, EngineError> {
        let drawn = self.drawn(id, reader)?;
        let mut facts = plan_facts(&drawn.plan, reader);
        facts["bounds"] = json!(self.plan_bounds(&drawn)?);
        if *reader == PlanReader::Person {
            let store = self.reader()?;
            let edits = store.plan_edits(id, MOST_EDITS)?;
            let edit = |e: &crate::store::PlanEdit| json!({ "id": e.id, "at": e.at, "who": e.who, "reason": e.reason, "despite": e.despite, "undoes": e.undoes });
            facts["edits"] = edits.iter().map(edit).collect();
            facts["comments"] = self.comments_facts(&store.plan_comments(id)?);
        }
        Ok(facts)
    }

    /// The plan's zones in a box (degrees) or with these ids.
    pub fn plan_shapes(&self, id: &str, reader: &PlanReader, bbox: Option<[f64; 4]>, ids: &[String]) -> Result<Value, EngineError> {
        let drawn = self.drawn(id, reader)?;
        let mut shapes = drawn.sheet(self).shapes(bbox, ids)?;
        shapes["plan"] = json!({ "id": drawn.plan.id, "revision": drawn.plan.revision, "state": drawn.plan.state });
        Ok(shapes)
    }
}
