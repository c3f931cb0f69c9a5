//! A farming area code as the register has it: what it says, of which land, since when, by whose decision.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Kept, MultiPolygon, NotAWord};

words! {
    /// How a code stands with the authority.
    CodeStatus, "one of pending, active, suspended, revoked" {
        Pending = "pending",
        Active = "active",
        Suspended = "suspended",
        Revoked = "revoked",
    }
}

impl CodeStatus {
    /// Of the parts' statuses that matters most which has the highest.
    pub fn gravity(self) -> u8 {
        match self {
            CodeStatus::Active => 0,
            CodeStatus::Pending => 1,
            CodeStatus::Suspended => 2,
            CodeStatus::Revoked => 3,
        }
    }
}

words! {
    /// What a check says of a code; `Unknown` where it cannot be decided.
    Verdict, "one of valid, warning, invalid, unknown" {
        Valid = "valid",
        Unknown = "unknown",
        Warning = "warning",
        Invalid = "invalid",
    }
}

/// A status that a code came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusStep {
    pub status: CodeStatus,
    /// ISO date; none when the register does not say.
    pub since: Option<String>,
    pub reason: Option<String>,
}

/// One part of a code: a code with one piece of land is one record. Dates are ISO, or as written where they are none.
#[derive(Debug, Clone, PartialEq)]
pub struct CodeRecord {
    /// The one way to write it.
    pub code: String,
    /// Tells the parts of a code apart; none for a code that has one.
    pub part: Option<String>,
    /// As the register's file had it.
    pub raw: String,
    /// The grammar's id.
    pub scheme: String,
    /// Zones that the register names, by id.
    pub zone_ids: Vec<String>,
    pub area_name: Option<String>,
    pub address: Option<String>,
    /// The commune as the register states it: a code or a name, of today or of before.
    pub unit: Option<String>,
    pub crop: Option<String>,
    pub variety: Option<String>,
    /// ISO 3166-1 alpha-3, `VN` for domestic, `EU`; several are joined by `, `.
    pub market: Option<String>,
    pub status: CodeStatus,
    /// The latest last.
    pub status_history: Vec<StatusStep>,
    pub issued: Option<String>,
    pub valid_from: Option<String>,
    pub valid_to: Option<String>,
    pub standard: Option<String>,
    pub standard_no: Option<String>,
    pub standard_until: Option<String>,
    pub authority: Option<String>,
    pub decision: Option<String>,
    pub last_inspection: Option<String>,
    pub next_inspection: Option<String>,
    pub declared_area_m2: Option<f64>,
    /// Tonnes a hectare and harvest.
    pub yield_t_ha: Option<f64>,
    /// A year.
    pub harvests: Option<f64>,
    pub households: Option<u32>,
    /// Numbers it bore before.
    pub legacy_codes: Vec<String>,
    pub kept: Kept,
    /// The land that came with it; empty where zones stand for it.
    pub shape: MultiPolygon,
}

impl CodeRecord {
    /// A record of which no more is known than its code.
    pub fn new(code: &str, scheme: &str, status: CodeStatus) -> CodeRecord {
        CodeRecord {
            code: code.to_owned(),
            part: None,
            raw: code.to_owned(),
            scheme: scheme.to_owned(),
            zone_ids: Vec::new(),
            area_name: None,
            address: None,
            unit: None,
            crop: None,
            variety: None,
            market: None,
            status,
            status_history: Vec::new(),
            issued: None,
            valid_from: None,
            valid_to: None,
            standard: None,
            standard_no: None,
            standard_until: None,
            authority: None,
            decision: None,
            last_inspection: None,
            next_inspection: None,
            declared_area_m2: None,
            yield_t_ha: None,
            harvests: None,
            households: None,
            legacy_codes: Vec::new(),
            kept: Kept::new(),
            shape: MultiPolygon::new(Vec::new()),
        }
    }

    /// The markets one by one.
    pub fn markets(&self) -> impl Iterator<Item = &str> {
        self.market.as_deref().unwrap_or_default().split(',').map(str::trim).filter(|market| !market.is_empty())
    }
}

/// What of a code only officers read: who holds it, and who farms there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CodeHolder {
    pub holder: Option<String>,
    pub phone: Option<String>,
    pub identity_no: Option<String>,
    pub farmers: Option<String>,
}

impl CodeHolder {
    pub fn is_empty(&self) -> bool {
        *self == CodeHolder::default()
    }
}
