//! Alerts: the events of the latest epoch as a work list, and what their status means to every figure.
//!
//! Invariants: an event keeps its status over re-runs of detection, by its id; a rejected event is in no figure and on no map,
//! and `losses` is where that is decided; an event that grew beyond what was judged is new again; one that is gone keeps its
//! history.

mod desk;
mod facts;
mod feed;
mod kept;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::events::EpochEvents;
use super::snapshot::Lazy;
use super::{EngineError, Snapshot};
use crate::encroach;
use crate::model::{AlertRecord, AlertStatus, Epoch, Event, Revision};
use crate::store::Reader;

pub use desk::{AlertPatch, NoteAsk, StepAsk};
pub use facts::{AlertSort, AlertsAsk};
pub use feed::{Feed, FeedItem};

/// What the workspace says of alerts, and what follows for this snapshot's events.
pub(super) struct Alerts {
    /// Differs when a step was taken since.
    number: Revision,
    records: Arc<BTreeMap<String, AlertRecord>>,
    standing: Arc<Lazy<Standing>>,
    /// The events that count as lost land.
    losses: BTreeMap<Epoch, Lazy<EpochEvents>>,
}

/// How far officers are with each event that is not new.
#[derive(Debug, Default)]
pub(super) struct Standing {
    by_event: HashMap<String, AlertStatus>,
    /// New again: land beyond what was judged, m².
    grown: HashMap<String, f64>,
    pub(super) n_rejected: usize,
    /// Another when other events are rejected.
    stamp_of_rejected: String,
}

impl Standing {
    pub(super) fn of(&self, event: &str) -> AlertStatus {
        self.by_event.get(event).copied().unwrap_or(AlertStatus::New)
    }
}

impl Alerts {
    /// Reads them; what follows is shared with the snapshot before where it still holds.
    pub(super) fn load(reader: &Reader, before: Option<&Snapshot>) -> Result<Alerts, EngineError> {
        let number = reader.alerts_number()?;
        let records = match before.map(|b| &b.alerts).filter(|b| b.number == number) {
            Some(same) => same.records.clone(),
            None => Arc::new(reader.alerts()?.into_iter().map(|record| (record.event.clone(), record)).collect()),
        };
        Ok(Alerts { number, records, standing: Lazy::new(String::new()), losses: BTreeMap::new() })
    }

    /// To be called when it is known which events the snapshot shares with the one before.
    pub(super) fn settle(&mut self, latest: Option<(Epoch, bool)>, epochs: &[Epoch], before: Option<&Snapshot>) {
        let is_shared = latest.is_none_or(|(_, is_shared)| is_shared);
        if let Some(same) = before.map(|b| &b.alerts).filter(|b| is_shared && Arc::ptr_eq(&b.records, &self.records)) {
            self.standing = same.standing.clone();
        }
        self.losses = epochs.iter().map(|epoch| (*epoch, Lazy::alone(String::new()))).collect();
    }
}

impl Snapshot {
    /// What each event of the latest epoch has come to.
    pub(super) fn standing(&self) -> Result<Arc<Standing>, EngineError> {
        self.alerts.standing.get(|| {
            let mut standing = Standing::default();
            if self.alerts.records.is_empty() {
                return Ok(standing);
            }
            let latest = self.epoch(None)?.map(|epoch| self.events(epoch)).transpose()?;
            let mut rejected = blake3::Hasher::new();
            for record in self.alerts.records.values() {
                let event = latest.as_ref().and_then(|events| events.by_id(&record.event));
                let growth_m2 = event.filter(|_| record.status.is_judged()).and_then(|event| self.growth_m2(event, record));
                if let Some(growth_m2) = growth_m2 {
                    standing.grown.insert(record.event.clone(), growth_m2);
                    continue;
                }
                if record.status == AlertStatus::Rejected {
                    standing.n_rejected += 1;
                    rejected.update(record.event.as_bytes()).update(b"\0");
                }
                standing.by_event.insert(record.event.clone(), record.status);
            }
            standing.stamp_of_rejected = rejected.finalize().to_hex().to_string();
            Ok(standing)
        })
    }

    fn growth_m2(&self, event: &Event, record: &AlertRecord) -> Option<f64> {
        encroach::growth_m2(event, &record.shape, self.rulebook.rules.sliver_area_m2)
    }

    /// The events of an epoch that count as lost land: all but the rejected ones. Figures, maps and lists of zones ask this.
    pub fn losses(&self, epoch: Epoch) -> Result<Arc<EpochEvents>, EngineError> {
        let (found, standing) = (self.events(epoch)?, self.standing()?);
        let is_rejected = |event: &Event| standing.of(&event.id) == AlertStatus::Rejected;
        match self.alerts.losses.get(&epoch) {
            Some(lazy) if standing.n_rejected > 0 => lazy.get(|| Ok(found.without(&is_rejected))),
            _ => Ok(found),
        }
    }

    /// What maps of events rest on beyond their detection.
    pub(super) fn alerts_stamp(&self) -> String {
        if self.alerts.records.is_empty() { String::new() } else { format!(" alerts@{}", self.alerts.number) }
    }

    /// What maps of zones rest on beyond their detection; when that cannot be found, they rest on every step.
    pub(super) fn rejected_stamp(&self) -> String {
        match self.standing() {
            Ok(standing) if standing.n_rejected > 0 => format!(" without {}", standing.stamp_of_rejected),
            Ok(_) => String::new(),
            Err(_) => self.alerts_stamp(),
        }
    }
}
