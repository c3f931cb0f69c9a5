//! Whose a code is to change: by the kinds and the unit of its land, as it is and as it would be.

use super::merge::{Act, Outcome};
use crate::access::{self, NotAllowed, Person};
use crate::engine::{EngineError, Snapshot};
use crate::geom;
use crate::model::{CodeRecord, MultiPolygon};

impl Snapshot {
    /// Whether a code of the register is the person's to change.
    pub(super) fn may_change_code(&self, entry: usize, person: &Person) -> Result<(), EngineError> {
        let parts = self.codes.parts(entry);
        let lands = self.code_lands();
        Ok(self.may_touch(&parts, &lands.ground.lands[entry].shape, &lands.ground.lands[entry].zones, person)?)
    }

    /// Why what a row does is not the person's to do; none when it is, or when it does nothing.
    pub(super) fn why_not_theirs(&self, outcome: &Outcome, person: &Person) -> Option<NotAllowed> {
        if person.kinds.is_empty() && person.units.is_empty() || !matches!(outcome.act, Act::Add | Act::Change) {
            return None;
        }
        let there = outcome.records.first().and_then(|record| self.codes.place(&record.code));
        if let Some(entry) = there {
            let lands = self.code_lands();
            let land = &lands.ground.lands[entry];
            if let Err(why) = self.may_touch(&self.codes.parts(entry), &land.shape, &land.zones, person) {
                return Some(why);
            }
        }
        outcome.records.iter().find_map(|record| {
            let zones: Vec<usize> = record.zone_ids.iter().filter_map(|id| self.zones.by_id(id)).collect();
            let shapes: Vec<&MultiPolygon> = match record.shape.0.is_empty() {
                true => zones.iter().map(|zone| &self.zones.list[*zone].zone.shape).collect(),
                false => vec![&record.shape],
            };
            let zones = if record.shape.0.is_empty() { zones } else { self.zones_around(&record.shape) };
            self.may_touch(&[record], &geom::union(&shapes), &zones, person).err()
        })
    }

    fn may_touch(&self, parts: &[&CodeRecord], shape: &MultiPolygon, zones: &[usize], person: &Person) -> Result<(), NotAllowed> {
        let Some(first) = parts.first().filter(|_| !(person.kinds.is_empty() && person.units.is_empty())) else { return Ok(()) };
        let mut kinds: Vec<String> = zones.iter().map(|zone| self.zones.list[*zone].zone.kind.to_string()).collect();
        if kinds.is_empty() {
            let crop = parts.iter().find_map(|part| self.rulebook.codes.crop_of(part.crop.as_deref()?));
            kinds = crop.map(|crop| crop.kinds.clone()).unwrap_or_default();
        }
        let real = self.units_of(shape, geom::area_m2(shape)).into_iter().next().map(|unit| unit.code);
        let unit = real.or_else(|| parts.iter().find_map(|part| self.stated_unit(part)).map(|(code, _)| code.to_owned()));
        access::may_touch_code(person, &first.code, &kinds, unit.as_deref())
    }
}
