//! The land that shows a finding.

use super::verdicts::Checked;
use crate::codes::Shown;
use crate::engine::{EngineError, Snapshot};
use crate::geom;
use crate::model::MultiPolygon;

impl Snapshot {
    /// Beside the reasons of a code: where each can be seen, workspace CRS.
    pub(super) fn evidence(&self, checked: &Checked) -> Result<Vec<Option<MultiPolygon>>, EngineError> {
        let entry = checked.code.as_deref().and_then(|code| self.codes.place(code));
        let shape = match entry {
            Some(entry) => self.code_lands().ground.lands[entry].shape.clone(),
            None => {
                let zones: Vec<&MultiPolygon> =
                    checked.zone_ids.iter().filter_map(|id| self.zones.by_id(id)).map(|i| &self.zones.list[i].zone.shape).collect();
                geom::union(&zones)
            }
        };
        checked.reasons.iter().map(|reason| Ok(self.land_that_shows(&shape, &reason.shown)?.filter(|land| !land.0.is_empty()))).collect()
    }

    fn land_that_shows(&self, shape: &MultiPolygon, shown: &Shown) -> Result<Option<MultiPolygon>, EngineError> {
        let on_it = |others: Vec<&MultiPolygon>| Some(geom::intersection(shape, &geom::union(&others)));
        Ok(match shown {
            Shown::Nothing => None,
            Shown::Land => Some(shape.clone()),
            Shown::OutsideOf(codes) => {
                let units: Vec<_> = self.units.iter().filter(|unit| codes.contains(&unit.unit.code)).map(|unit| &unit.unit.shape).collect();
                Some(geom::difference(shape, &geom::union(&units)))
            }
            Shown::SharedWith(code) => {
                let other = self.codes.place(code).map(|entry| &self.code_lands().ground.lands[entry].shape);
                other.map(|other| geom::intersection(shape, other))
            }
            Shown::LandUse(codes) => {
                let Some((epoch, bounds)) = self.epoch(None)?.zip(geom::bounds(shape)) else { return Ok(None) };
                let land_use = self.land_use(epoch)?;
                let is_asked = |l: &&crate::model::LandUse| land_use.class(l).is_some_and(|class| codes.contains(&class.code));
                on_it(land_use.near(bounds).into_iter().filter(is_asked).map(|l| &l.shape).collect())
            }
            Shown::Events(ids) => {
                let Some(epoch) = self.epoch(None)? else { return Ok(None) };
                let found = self.losses(epoch)?;
                on_it(ids.iter().filter_map(|id| found.by_id(id)).map(|event| &event.shape).collect())
            }
        })
    }
}
