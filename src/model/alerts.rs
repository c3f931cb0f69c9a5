//! Alerts: how far officers are with an event, and which step may follow which.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Epoch, Group, MultiPolygon, NotAWord, Right, words};

words! {
    /// How far officers are with an event. An event that nobody has looked at is `new`.
    AlertStatus, "one of new, checked, confirmed, rejected, handed_over, closed" {
        New = "new",
        /// Somebody is looking at it.
        Checked = "checked",
        /// The land is lost, and somebody has to act.
        Confirmed = "confirmed",
        /// No loss: an error of the data, or farm works. It is left out of every figure of lost land.
        Rejected = "rejected",
        /// With whoever has to act.
        HandedOver = "handed_over",
        Closed = "closed",
    }
}

/// Why a step may not be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepRefused {
    #[error("an alert that is {from} does not become {to}; it can become {}", listed(.from.next()))]
    NoSuchStep { from: AlertStatus, to: AlertStatus },
    #[error("say why: from {from} to {to} a reason is needed")]
    NoReason { from: AlertStatus, to: AlertStatus },
}

fn listed(statuses: &[AlertStatus]) -> String {
    statuses.iter().map(|status| status.as_str()).collect::<Vec<_>>().join(" or ")
}

impl AlertStatus {
    /// What it can become. Whatever was decided can be looked at once more.
    pub fn next(self) -> &'static [AlertStatus] {
        use AlertStatus::{Checked, Closed, Confirmed, HandedOver, New, Rejected};
        match self {
            New => &[Checked],
            Checked => &[Confirmed, Rejected],
            Confirmed => &[HandedOver, Closed, Checked],
            HandedOver => &[Closed, Checked],
            Rejected | Closed => &[Checked],
        }
    }

    /// Whether somebody has decided what the event is.
    pub fn is_judged(self) -> bool {
        !matches!(self, AlertStatus::New | AlertStatus::Checked)
    }

    /// Whether something is still to be done.
    pub fn is_open(self) -> bool {
        !matches!(self, AlertStatus::Rejected | AlertStatus::Closed)
    }

    /// Rejecting, going back, and closing what was handed to nobody are explained.
    fn needs_reason(self, to: AlertStatus) -> bool {
        let goes_back = self.is_judged() && to == AlertStatus::Checked;
        to == AlertStatus::Rejected || goes_back || (self == AlertStatus::Confirmed && to == AlertStatus::Closed)
    }

    /// Whether an alert of this status may become `to`, for this reason.
    ///
    /// # Errors
    /// `NoSuchStep` names what it can become; `NoReason` when the reason is empty and one is needed.
    pub fn step_to(self, to: AlertStatus, reason: &str) -> Result<(), StepRefused> {
        if !self.next().contains(&to) {
            return Err(StepRefused::NoSuchStep { from: self, to });
        }
        if self.needs_reason(to) && reason.trim().is_empty() {
            return Err(StepRefused::NoReason { from: self, to });
        }
        Ok(())
    }
}

/// What everybody may know of an event that a step was taken with, and the event as it was then.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertRecord {
    pub event: String,
    pub status: AlertStatus,
    /// Steps taken so far; who took them and why is kept elsewhere.
    pub n_steps: u32,
    /// When the last was taken, RFC 3339, UTC.
    pub changed: String,
    pub zone_id: String,
    pub group: Group,
    pub code: String,
    pub epoch: Epoch,
    pub since: Option<Epoch>,
    pub right: Right,
    pub area_m2: f64,
    /// Workspace's CRS.
    pub shape: MultiPolygon,
}

#[cfg(test)]
mod tests {
    use super::AlertStatus::{Checked, Closed, Confirmed, HandedOver, New, Rejected};
    use super::*;

    #[test]
    fn the_steps_are_those_of_the_work_and_no_others() {
        let allowed = [
            (New, Checked),
            (Checked, Confirmed),
            (Checked, Rejected),
            (Confirmed, HandedOver),
            (Confirmed, Closed),
            (HandedOver, Closed),
            (Confirmed, Checked),
            (HandedOver, Checked),
            (Rejected, Checked),
            (Closed, Checked),
        ];
        for &from in AlertStatus::ALL {
            for &to in AlertStatus::ALL {
                assert_eq!(from.step_to(to, "vì thế").is_ok(), allowed.contains(&(from, to)), "{from} to {to}");
            }
        }
        let told = New.step_to(Closed, "x").unwrap_err().to_string();
        assert_eq!(told, "an alert that is new does not become closed; it can become checked");
    }

    #[test]
    fn rejecting_going_back_and_closing_without_handing_over_need_a_reason() {
        for (from, to) in [(Checked, Rejected), (Rejected, Checked), (Closed, Checked), (HandedOver, Checked), (Confirmed, Closed)] {
            assert_eq!(from.step_to(to, " \n"), Err(StepRefused::NoReason { from, to }));
            assert_eq!(from.step_to(to, "đã xem thực địa"), Ok(()));
        }
        for (from, to) in [(New, Checked), (Checked, Confirmed), (Confirmed, HandedOver), (HandedOver, Closed)] {
            assert_eq!(from.step_to(to, ""), Ok(()));
        }
    }
}
