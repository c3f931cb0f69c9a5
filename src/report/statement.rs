//! What a dossier states, without words of any language: the part that its hash is of.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::{
    AlertStatus, Change, CodeStatus, Epoch, EpsgCode, Evidence, Group, LayerRole, NotAWord, Right, StatusStep, Text, Verdict, words,
};

words! {
    /// What a dossier is about.
    SubjectKind, "one of zone, event, code" {
        Zone = "zone",
        Event = "event",
        Code = "code",
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
    #[serde(flatten)]
    pub about: StatedSubject,
    pub areas: Areas,
    /// Epochs of land use that the workspace has, the oldest first.
    pub epochs: Vec<Epoch>,
    /// Of a zone or a code those of the latest epoch, the largest first; of an event itself.
    pub events: Vec<StatedEvent>,
    /// More events than are listed.
    pub n_events: usize,
    /// Between the two epochs of the maps; of a zone or a code.
    pub transitions: Vec<StatedTransition>,
    pub checks: Vec<Check>,
    pub sources: Vec<StatedSource>,
    /// Rings of the zone's or the code's land: each polygon's outer ring, then its holes; not closed.
    pub rings: Vec<StatedRing>,
}

/// What is known of the subject: in the statement a member `zone` (also of an event, which lies in one) or `code`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StatedSubject {
    Zone(Box<StatedZone>),
    Code(StatedCode),
}

impl StatedSubject {
    /// What people call it; none where it has no name.
    pub fn name(&self) -> Option<&str> {
        let name = match self {
            StatedSubject::Zone(zone) => zone.name.as_deref(),
            StatedSubject::Code(code) => code.parts.iter().find_map(|part| part.area_name.as_deref()),
        };
        name.filter(|name| !name.trim().is_empty())
    }

    /// Of the commune that holds most of it.
    pub fn unit_name(&self) -> Option<&str> {
        match self {
            StatedSubject::Zone(zone) => zone.unit.as_ref().map(|[_, name]| name.as_str()),
            StatedSubject::Code(code) => code.units.first().map(|unit| unit.name.as_str()),
        }
    }
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

/// A code as the register has it, and where it lies.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct StatedCode {
    /// The one way to write it.
    pub code: String,
    /// Of all parts together.
    pub declared_area_m2: Option<f64>,
    /// Communes that its land lies in, the largest share first.
    pub units: Vec<StatedUnit>,
    /// Of the register; none of a code that only zones bear.
    pub parts: Vec<StatedPart>,
    /// Zones that stand for it, or that it lies in.
    pub zones: Vec<ZoneOfCode>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatedUnit {
    pub code: String,
    pub name: String,
    /// Of the code's land, 0 to 1.
    pub share: f64,
}

/// What everybody may read of one part of a code. Dates are ISO, or as written where they are none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatedPart {
    pub part: Option<String>,
    pub status: CodeStatus,
    /// The latest last.
    pub status_history: Vec<StatusStep>,
    pub area_name: Option<String>,
    pub address: Option<String>,
    /// As the register states it.
    pub unit: Option<String>,
    pub crop: Option<String>,
    pub variety: Option<String>,
    /// Keys, joined by `, `.
    pub market: Option<String>,
    pub issued: Option<String>,
    pub valid_from: Option<String>,
    pub valid_to: Option<String>,
    pub authority: Option<String>,
    pub decision: Option<String>,
    pub standard: Option<String>,
    pub standard_no: Option<String>,
    pub standard_until: Option<String>,
    pub last_inspection: Option<String>,
    pub next_inspection: Option<String>,
    pub declared_area_m2: Option<f64>,
    pub yield_t_ha: Option<f64>,
    pub harvests: Option<f64>,
    pub households: Option<u32>,
    pub legacy_codes: Vec<String>,
    /// It came with a border; else zones stand for it.
    pub has_own_land: bool,
    /// Ids of the zones that stand for it.
    pub zone_ids: Vec<String>,
    /// Of its land; none when nothing says where it is.
    pub area_m2: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ZoneOfCode {
    pub id: String,
    pub name: Option<String>,
    pub kind: String,
    /// Code and name.
    pub unit: Option<[String; 2]>,
    pub area_m2: f64,
}

/// Of the zone, or of the code's land.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Areas {
    /// In the plane of the workspace's CRS: the legal one. 0 of a code of which nothing says where it is.
    pub area_m2: f64,
    /// None where the latest epoch shows nothing of it, or there is none; of a code also where most of it lies in no zone.
    pub lost_m2: Option<f64>,
    pub kept_m2: Option<f64>,
    pub not_seen_m2: Option<f64>,
    /// 0 to 1, outside every commune.
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
    /// Of a code: so much of it lies on the code's land.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_land_m2: Option<f64>,
    /// Officers found that it is no loss; stated where they did.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_rejected: bool,
    /// How far officers are; no part of what is hashed: a step of their work changes nothing on the land.
    #[serde(skip)]
    pub status: AlertStatus,
}

/// An empty code is land that the epoch does not show.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatedTransition {
    pub from: String,
    pub to: String,
    pub area_m2: f64,
}

/// In a row of checks: what follows from all that were made.
pub const VERDICT: &str = "verdict";

/// One check of an area code, or (`verdict`) what follows from all of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    pub code: String,
    /// Which check: `lapsed`, `area_mismatch` …; `verdict`, which comes first.
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
