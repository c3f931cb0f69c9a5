//! A code comes to another status: the step is added to its history, and what it rests on is compared first.

use serde::Deserialize;
use serde_json::Value;

use super::facts::etag_of;
use super::verdicts::CheckAsk;
use crate::access::{Action, Person, may};
use crate::codes::Day;
use crate::engine::live::Engine;
use crate::engine::{EngineError, Snapshot, as_seen};
use crate::model::{CodeRecord, CodeStatus, LayerRole, StatusStep};
use crate::store::{Mode, NewLayer};

/// What a code is to be, why, and since when.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusAsk {
    pub status: CodeStatus,
    pub reason: String,
    /// A date; none: today.
    #[serde(default)]
    pub since: Option<String>,
}

const MOST_REASON: usize = 1_000;

impl Engine {
    /// Changes the status of every part of a code that is as `expected` marks it.
    pub fn set_code_status(&self, typed: &str, ask: &StatusAsk, expected: &str, person: &Person) -> Result<Value, EngineError> {
        may(person, Action::EditRegister)?;
        let reason = ask.reason.trim();
        if reason.is_empty() || reason.chars().count() > MOST_REASON {
            return Err(EngineError::usage(format!("the reason of a status has 1 to {MOST_REASON} characters")));
        }
        let mut writing = self.writing();
        let snapshot = self.looked(&mut writing)?;
        let since: Day = match ask.since.as_deref() {
            Some(text) => text.parse()?,
            None => super::today(&snapshot.rulebook)?,
        };
        let today = super::today(&snapshot.rulebook)?;
        if since > today {
            return Err(EngineError::usage(format!("since {since} is after today ({today}): a status is told when it has begun")));
        }
        let (entry, layer) = found(&snapshot, typed)?;
        snapshot.may_change_code(entry, person)?;
        let parts = snapshot.codes.parts(entry);
        let moved = |etag| EngineError::CodeMoved { code: snapshot.codes.entries[entry].code.clone(), etag };
        as_seen(&etag_of(&parts), expected, moved)?;
        let step = StatusStep { status: ask.status, since: Some(since.to_string()), reason: Some(reason.to_owned()) };
        let changed: Vec<CodeRecord> = parts
            .into_iter()
            .map(|record| {
                let mut record = record.clone();
                record.status = ask.status;
                record.status_history.push(step.clone());
                record
            })
            .collect();
        let mut writer = writing.store.begin::<CodeRecord>(layer, Mode::Update)?;
        changed.iter().try_for_each(|record| writer.write(record))?;
        writer.finish()?;
        let next = self.publish(&mut writing, &snapshot)?;
        tracing::info!(code = changed.first().map(|r| r.code.as_str()), status = %ask.status, who = person.name, "a code came to another status");
        next.code_card(
            &changed.first().map(|r| r.code.clone()).unwrap_or_default(),
            &CheckAsk::default(),
            may(person, Action::ReadHolders).is_ok(),
        )
    }
}

/// The place of a code in the register, and its layer as it is.
fn found(snapshot: &Snapshot, typed: &str) -> Result<(usize, NewLayer), EngineError> {
    let shown: String = typed.chars().take(80).collect();
    let none = || EngineError::not_found(format!("no code “{shown}” in the register"));
    let code = crate::codes::parse(typed, &snapshot.rulebook.schemes).map_err(|_| none())?;
    let (entry, old) = snapshot.codes.place(&code.canonical).zip(snapshot.layer(LayerRole::Codes)).ok_or_else(none)?;
    let layer = NewLayer {
        source: old.source.clone(),
        source_crs: old.source_crs.clone(),
        operation: old.operation.clone(),
        accuracy_m: old.accuracy_m,
        keep: old.keep.clone(),
        simulated: old.simulated,
        ..NewLayer::default()
    };
    Ok((entry, layer))
}
