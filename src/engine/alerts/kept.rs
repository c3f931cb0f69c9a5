//! The alerts' part of the file of accounts. Without accounts there is nothing in it, and nobody to write.

use std::collections::BTreeMap;

use super::desk::Said;
use crate::engine::{Accounts, EngineError};
use crate::store::{AlertDesk, AlertNote, AlertPhoto, AlertStep, PrivateStore, StoreError};

impl Accounts {
    fn read<T: Default>(&self, deed: impl FnOnce(&PrivateStore) -> Result<T, StoreError>) -> Result<T, EngineError> {
        self.with(|store| Ok(store.map_or_else(|| Ok(T::default()), |store| deed(store))?))
    }

    fn write<T>(&self, deed: impl FnOnce(&mut PrivateStore) -> Result<T, StoreError>) -> Result<T, EngineError> {
        let gone = || EngineError::unavailable("the file of accounts is gone");
        self.with(|store| Ok(deed(store.ok_or_else(gone)?)?))
    }

    pub(super) fn alert_desks(&self) -> Result<BTreeMap<String, AlertDesk>, EngineError> {
        self.read(|store| store.alert_desks())
    }

    pub(super) fn alert_desk(&self, event: &str) -> Result<AlertDesk, EngineError> {
        self.read(|store| store.alert_desk(event))
    }

    /// All that is said of an alert that had so many steps.
    pub(super) fn said_of_alert(&self, event: &str, n_steps: u32) -> Result<Said, EngineError> {
        self.read(|store| {
            Ok(Said {
                desk: store.alert_desk(event)?,
                steps: store.alert_steps(event, n_steps)?,
                notes: store.alert_notes(event)?,
                photos: store.alert_photos(event)?,
            })
        })
    }

    pub(super) fn add_alert_steps(&self, event: &str, steps: &[AlertStep]) -> Result<(), EngineError> {
        self.write(|store| store.add_alert_steps(event, steps))
    }

    /// False when somebody else was quicker.
    pub(super) fn assign_alert(&self, event: &str, desk: &AlertDesk) -> Result<bool, EngineError> {
        self.write(|store| store.assign_alert(event, desk.revision, desk.assigned.as_deref(), desk.due.as_deref()))
    }

    pub(super) fn add_alert_note(&self, event: &str, note: &AlertNote, most: u32) -> Result<Option<i64>, EngineError> {
        self.write(|store| store.add_alert_note(event, note, most))
    }

    pub(super) fn add_alert_photo(&self, event: &str, photo: &AlertPhoto, bytes: &[u8], most: u32) -> Result<Option<i64>, EngineError> {
        self.write(|store| store.add_alert_photo(event, photo, bytes, most))
    }

    pub(super) fn alert_photo(&self, event: &str, id: i64) -> Result<Option<(AlertPhoto, Vec<u8>)>, EngineError> {
        self.read(|store| store.alert_photo(event, id))
    }
}
