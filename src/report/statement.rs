//! What a dossier states, without words of any language: the part that its hash is of.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::{Change, Epoch, EpsgCode, Evidence, Group, LayerRole, NotAWord, Right, Text, Verdict, words};

words! {
    /// What a dossier is about.
    SubjectKind, "one of zone, event" {
        Zone = "zone",
        Event = "event",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subject {
    pub kind: SubjectKind,
    pub id: String,
}

/// What holds of a subject as long as nobody changes the data it rests on. Areas are m², rounded to 0.1; coordinates
/// metres of `crs`, rounded to 0.001, as [easting, northing].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Statement {
    pub subject: Subject,
    pub crs: EpsgCode,
    pub simulated: bool,
    pub zone: StatedZone,
    pub areas: Areas,
    /// Epochs of land use that the workspace has, the oldest first.
    pub epochs: Vec<Epoch>,
    /// Of a zone those of the latest epoch, the largest first; of an event itself.
    pub events: Vec<StatedEvent>,
    /// More events than are listed.
    pub n_events: usize,
    /// Between the two epochs of the maps; of a zone.
    pub transitions: Vec<StatedTransition>,
    pub checks: Vec<Check>,
    pub sources: Vec<StatedSource>,
    /// Rings of the zone: each polygon's outer ring, then its holes; not closed.
    pub rings: Vec<StatedRing>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatedRing {
    /// Counted from 1.
    pub polygon: usize,
    pub is_hole: bool,
    pub vertices: Vec<[f64; 2]>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct StatedZone {
    pub id: String,
    pub kind: String,
    pub name: Option<String>,
    pub code: Option<String>,
    /// Code and name.
    pub unit: Option<[String; 2]>,
    pub crop: Option<String>,
    pub variety: Option<String>,
    pub cooperative: Option<String>,
    pub linkage: Option<String>,
    pub products: Option<String>,
    pub standard: Option<String>,
    pub standard_no: Option<String>,
    pub standard_until: Option<String>,
    pub declared_area_m2: Option<f64>,
    pub established: Option<String>,
}

/// Of the zone.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Areas {
    /// In the plane of the workspace's CRS: the legal one.
    pub area_m2: f64,
    /// None where the latest epoch shows nothing of the zone, or there is none.
    pub lost_m2: Option<f64>,
    pub kept_m2: Option<f64>,
    pub not_seen_m2: Option<f64>,
    /// Of the zone, 0 to 1, outside every commune.
    pub outside_share: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatedEvent {
    pub id: String,
    pub group: Group,
    pub code: String,
    pub epoch: Epoch,
    pub since: Option<Epoch>,
    pub change: Option<Change>,
    pub right: Right,
    /// Steps of severity reached.
    pub severity: Option<u8>,
    pub area_m2: f64,
    pub sigma_m2: Option<f64>,
    pub probability: Option<f64>,
    pub share: f64,
    pub width_m: f64,
    pub n_sources: u8,
    pub n_agreeing: u8,
    pub evidence: Vec<Evidence>,
}

/// An empty code is land that the epoch does not show.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatedTransition {
    pub from: String,
    pub to: String,
    pub area_m2: f64,
}

/// One check of an area code.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    pub code: String,
    /// Which check: `lapsed`, `area_mismatch` …
    pub check: String,
    pub verdict: Verdict,
    /// Why, for people; no part of what is hashed, since words may be bettered.
    #[serde(skip)]
    pub message: Text,
    /// The rule it rests on, with its source and date.
    #[serde(skip)]
    pub rule: Option<Text>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatedSource {
    pub layer: String,
    pub role: LayerRole,
    pub epoch: Option<Epoch>,
    pub source: String,
    pub source_crs: String,
    /// The datum operation that was applied.
    pub operation: Option<String>,
    pub accuracy_m: Option<f64>,
    /// RFC 3339; no part of what is hashed: the same file read once more is the same.
    #[serde(skip)]
    pub imported_at: String,
}

/// BLAKE3 of the statement as JSON, 64 hexadecimal digits: the members in the order of their declaration, no spaces.
pub fn hash_of(statement: &Statement) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    // A hasher takes every byte, and nothing of a statement has no JSON.
    let _ = serde_json::to_writer(&mut hasher, statement);
    hasher.finalize()
}
