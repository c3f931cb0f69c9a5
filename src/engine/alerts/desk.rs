//! What officers do with alerts: steps, whose they are and until when, notes, photos.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::facts::{Alert, none_of_id, note_facts, today, why_again};
use crate::access::{self, Action, Person};
use crate::engine::accounts::now;
use crate::engine::plans::checked_text;
use crate::engine::{Engine, EngineError, Snapshot, as_seen};
use crate::formats::photo::{self, PhotoError};
use crate::model::{AlertRecord, AlertStatus, Epoch, StepRefused};
use crate::store::{AlertNote, AlertPhoto, AlertStep};

/// From one status to the next.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepAsk {
    pub status: AlertStatus,
    #[serde(default)]
    pub reason: String,
}

/// What is to be another; what is not given stays, null takes away.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertPatch {
    /// An account's name.
    #[serde(default, deserialize_with = "given")]
    pub assigned: Option<Option<String>>,
    /// A day, `YYYY-MM-DD`.
    #[serde(default, deserialize_with = "given")]
    pub due: Option<Option<String>>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteAsk {
    pub text: String,
}

/// Tells null from nothing.
fn given<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(value).map(Some)
}

const MOST_REASON: usize = 2_000;
const MOST_NOTE: usize = 4_000;
/// More than these of one alert is a file for another place.
const MOST_NOTES: u32 = 1_000;
const MOST_PHOTOS: u32 = 40;
const MOST_NAME: usize = 120;
/// No work list reaches further.
const LAST_YEAR: u16 = 2100;

impl From<StepRefused> for EngineError {
    fn from(refused: StepRefused) -> Self {
        match refused {
            StepRefused::NoSuchStep { .. } => EngineError::conflict(refused.to_string()),
            StepRefused::NoReason { .. } => EngineError::usage(refused.to_string()),
        }
    }
}

impl Engine {
    /// Takes a step with an alert that is still as the person has seen it (`expected` is its ETag).
    pub fn step_alert(&self, id: &str, expected: &str, ask: &StepAsk, person: &Person) -> Result<Value, EngineError> {
        access::may(person, Action::HandleAlerts)?;
        let reason = checked_text("a reason", &ask.reason, 0, MOST_REASON)?;
        let mut writing = self.writing();
        let snapshot = self.looked(&mut writing)?;
        let book = snapshot.book()?;
        let alert = snapshot.alert_to_handle(&book, id, person)?;
        let desk = self.accounts().alert_desk(id)?;
        as_seen(&alert.etag(&desk), expected, |now| EngineError::AlertMoved { now: Some(now) })?;
        alert.status.step_to(ask.status, &reason)?;
        let (record, steps) = stepped(&alert, ask.status, &reason, &person.name)?;
        self.accounts().add_alert_steps(id, &steps)?;
        if writing.store.step_alert(&record, alert.n_steps())?.is_none() {
            return Err(EngineError::AlertMoved { now: None });
        }
        self.publish(&mut writing, &snapshot)?.alert_card(id, self.accounts())
    }

    /// Says whose an alert is and until when.
    pub fn patch_alert(&self, id: &str, expected: &str, patch: &AlertPatch, person: &Person) -> Result<Value, EngineError> {
        access::may(person, Action::HandleAlerts)?;
        let snapshot = self.snapshot();
        let book = snapshot.book()?;
        let alert = snapshot.alert_to_handle(&book, id, person)?;
        let mut desk = self.accounts().alert_desk(id)?;
        as_seen(&alert.etag(&desk), expected, |now| EngineError::AlertMoved { now: Some(now) })?;
        if let Some(assigned) = &patch.assigned {
            desk.assigned = assigned.as_deref().map(|name| self.assignee(&snapshot, &alert, name)).transpose()?;
        }
        if let Some(due) = &patch.due {
            desk.due = due.as_deref().map(due_day).transpose()?;
        }
        if !self.accounts().assign_alert(id, &desk)? {
            return Err(EngineError::AlertMoved { now: None });
        }
        snapshot.alert_card(id, self.accounts())
    }

    /// Somebody who may work on the alert himself.
    fn assignee(&self, snapshot: &Snapshot, alert: &Alert, name: &str) -> Result<String, EngineError> {
        let name = access::account_name(name)?;
        let person = self.accounts().active(&name)?;
        let person = person.ok_or_else(|| EngineError::usage(format!("there is no account “{name}”, or it is disabled")))?;
        snapshot.may_handle(alert, &person).map_err(|why| EngineError::usage(format!("{name} cannot be given this alert: {why}")))?;
        Ok(name)
    }

    pub fn note_on_alert(&self, id: &str, ask: &NoteAsk, person: &Person) -> Result<Value, EngineError> {
        access::may(person, Action::HandleAlerts)?;
        let text = checked_text("a note", &ask.text, 1, MOST_NOTE)?;
        let snapshot = self.snapshot();
        snapshot.alert_to_handle(&snapshot.book()?, id, person)?;
        let mut note = AlertNote { id: 0, at: now(), who: person.name.clone(), text };
        let number = self.accounts().add_alert_note(id, &note, MOST_NOTES)?;
        note.id = number.ok_or_else(|| EngineError::conflict(format!("the alert has {MOST_NOTES} notes, no more are possible")))?;
        Ok(note_facts(&note))
    }

    /// Keeps a photo without what it says of itself; what it said of time and place is kept beside it.
    pub fn add_photo_to_alert(&self, id: &str, name: &str, bytes: &[u8], person: &Person) -> Result<Value, EngineError> {
        access::may(person, Action::HandleAlerts)?;
        let snapshot = self.snapshot();
        let book = snapshot.book()?;
        let alert = snapshot.alert_to_handle(&book, id, person)?;
        let photo = photo::read(bytes)?;
        let mut kept = AlertPhoto {
            id: 0,
            at: now(),
            who: person.name.clone(),
            name: plain_name(name, photo.media_type),
            media_type: photo.media_type.to_owned(),
            taken: photo.taken,
            lonlat: photo.lonlat.map(|at| at.map(|degrees| (degrees * 1e7).round() / 1e7)),
            original: *blake3::hash(bytes).as_bytes(),
            n_bytes: photo.bytes.len() as u64,
        };
        let number = self.accounts().add_alert_photo(id, &kept, &photo.bytes, MOST_PHOTOS)?;
        kept.id = number.ok_or_else(|| EngineError::conflict(format!("the alert has {MOST_PHOTOS} photos, no more are possible")))?;
        Ok(snapshot.photo_facts(&kept, alert.shape()))
    }

    /// The media type and the bytes of a photo as others may have it.
    pub fn photo_of_alert(&self, id: &str, number: i64) -> Result<(String, Vec<u8>), EngineError> {
        let found = self.accounts().alert_photo(id, number)?;
        let (photo, bytes) = found.ok_or_else(|| EngineError::not_found(format!("the alert has no photo {number}")))?;
        Ok((photo.media_type, bytes))
    }
}

impl From<PhotoError> for EngineError {
    fn from(error: PhotoError) -> Self {
        let why = match error {
            PhotoError::NotAPhoto | PhotoError::Heic => "unsupported",
            PhotoError::Damaged => "damaged",
            PhotoError::TooManyPixels { .. } => "too_large",
        };
        EngineError::FileRefused { why, message: error.to_string(), layers: Vec::new() }
    }
}

impl Snapshot {
    /// The alert, for who may work on it.
    fn alert_to_handle<'a>(&'a self, book: &'a super::facts::Book, id: &'a str, person: &Person) -> Result<Alert<'a>, EngineError> {
        let alert = self.alert_of(book, id).ok_or_else(|| none_of_id(id))?;
        self.may_handle(&alert, person)?;
        Ok(alert)
    }

    /// Within the person's kinds and units; an alert whose zone is gone is for whoever has no limits.
    fn may_handle(&self, alert: &Alert, person: &Person) -> Result<(), access::NotAllowed> {
        access::may(person, Action::HandleAlerts)?;
        let kind = alert.zone.map_or("", |zone| zone.zone.kind.as_str());
        access::may_touch(person, kind, self.unit_code_of(alert))
    }
}

/// What an alert is after a step, and the steps that led there: two when it is new again.
fn stepped(alert: &Alert, to: AlertStatus, reason: &str, who: &str) -> Result<(AlertRecord, Vec<AlertStep>), EngineError> {
    let (at, before) = (now(), alert.n_steps());
    let again = alert.grown_m2.map(|grown_m2| {
        let why = why_again(grown_m2);
        AlertStep { n: before + 1, status: AlertStatus::New, at, who: String::new(), reason: format!("{} · {}", why.vi, why.en) }
    });
    let n_steps = before + 1 + u32::from(again.is_some());
    let step = AlertStep { n: n_steps, status: to, at, who: who.to_owned(), reason: reason.to_owned() };
    let steps = again.into_iter().chain([step]).collect();
    let record = match (alert.event, alert.record) {
        (Some(event), _) => AlertRecord {
            event: event.id.clone(),
            status: to,
            n_steps,
            changed: String::new(),
            zone_id: event.zone_id.clone(),
            group: event.group,
            code: event.code.clone(),
            epoch: event.epoch,
            since: event.since,
            right: event.right,
            area_m2: event.area_m2,
            shape: event.shape.clone(),
        },
        (None, Some(record)) => AlertRecord { status: to, n_steps, ..record.clone() },
        (None, None) => return Err(none_of_id(alert.id)),
    };
    Ok((record, steps))
}

fn due_day(text: &str) -> Result<String, EngineError> {
    let shown: String = text.chars().take(40).collect();
    let day: Option<Epoch> = text.parse().ok().filter(|day: &Epoch| day.day.is_some());
    let day = day.ok_or_else(|| EngineError::usage(format!("due: “{shown}” is not a day like 2026-12-31")))?;
    if day < today() || day.year > LAST_YEAR {
        return Err(EngineError::usage(format!(
            "due: {day} is over already, or after {LAST_YEAR}: name a day from today ({}) on",
            today()
        )));
    }
    Ok(day.to_string())
}

/// A name that no file system or header stumbles over, with the ending of what it is.
fn plain_name(name: &str, media_type: &str) -> String {
    let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let base = base.rsplit_once('.').map_or(base, |(base, _)| base);
    let is_plain = |c: &char| c.is_alphanumeric() || "-_ ().,+".contains(*c);
    let plain: String = base.chars().filter(is_plain).take(MOST_NAME).collect();
    let plain = plain.trim_matches([' ', '.']);
    let plain = if plain.is_empty() { "photo" } else { plain };
    let ending = match media_type {
        "image/png" => "png",
        "image/webp" => "webp",
        _ => "jpg",
    };
    format!("{plain}.{ending}")
}

/// What is said of one alert.
#[derive(Default)]
pub(in crate::engine) struct Said {
    pub desk: crate::store::AlertDesk,
    pub steps: Vec<AlertStep>,
    pub notes: Vec<AlertNote>,
    pub photos: Vec<AlertPhoto>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_to_come_is_due_and_no_other() {
        assert_eq!(due_day("2099-12-31").unwrap(), "2099-12-31");
        for bad in ["1970-01-01", "2026-02-30", "2099", "2099-12", "9999-01-01", "mai", ""] {
            assert!(due_day(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_of_a_photo_is_plain_and_says_what_it_is() {
        for (name, plain) in [
            ("IMG 01.HEIC", "IMG 01.jpg"),
            ("../../etc/passwd", "passwd.jpg"),
            ("C:\\ảnh\\nhà kho.png", "nhà kho.jpg"),
            ("\"\r\n<script>.jpg", "script.jpg"),
            ("", "photo.jpg"),
            ("...", "photo.jpg"),
        ] {
            assert_eq!(plain_name(name, "image/jpeg"), plain, "{name}");
        }
        assert_eq!(plain_name(&"x".repeat(10_000), "image/webp").len(), MOST_NAME + 5);
    }

    #[test]
    fn null_takes_away_and_what_is_not_given_stays() {
        let patch = |text| serde_json::from_str::<AlertPatch>(text).unwrap();
        assert_eq!(patch("{}"), AlertPatch::default());
        assert_eq!(patch(r#"{"assigned": null}"#).assigned, Some(None));
        assert_eq!(patch(r#"{"due": "2026-12-01"}"#).due, Some(Some("2026-12-01".to_owned())));
        assert!(serde_json::from_str::<AlertPatch>(r#"{"status": "closed"}"#).is_err());
    }
}
