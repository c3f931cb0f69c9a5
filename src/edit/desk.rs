//! The zones while an edit is applied: those that changed lie over the ground as it was.

use std::collections::{BTreeMap, BTreeSet};

use super::{Change, Edited, Fault, Ground};
use crate::geom;
use crate::model::{Coord, Zone};

/// The ground and what was changed of it so far.
pub(super) struct Desk<'a> {
    pub ground: &'a Ground<'a>,
    /// What a zone is now; none when it is no more.
    now: BTreeMap<String, Option<Zone>>,
    parents: BTreeMap<String, BTreeSet<String>>,
    pub made: BTreeMap<usize, Vec<String>>,
}

impl<'a> Desk<'a> {
    pub fn new(ground: &'a Ground<'a>) -> Desk<'a> {
        Desk { ground, now: BTreeMap::new(), parents: BTreeMap::new(), made: BTreeMap::new() }
    }

    pub fn find(&self, id: &str) -> Option<&Zone> {
        match self.now.get(id) {
            Some(zone) => zone.as_ref(),
            None => self.ground.zone(id),
        }
    }

    pub fn zone(&self, id: &str) -> Result<&Zone, Fault> {
        self.find(id).ok_or_else(|| {
            let shown: String = id.chars().take(80).collect();
            Fault::error("not_found", format!("Không có vùng “{shown}”."), format!("There is no zone “{shown}”.")).of(&[&shown])
        })
    }

    pub fn put(&mut self, zone: Zone) {
        self.now.insert(zone.id.clone(), Some(zone));
    }

    pub fn remove(&mut self, id: &str) {
        self.now.insert(id.to_owned(), None);
    }

    /// `id` holds land that was `parent`'s.
    pub fn inherit(&mut self, id: &str, parent: &str) {
        if id != parent {
            self.parents.entry(id.to_owned()).or_default().insert(parent.to_owned());
        }
    }

    /// Zones whose box meets a box made wider by a margin, by id.
    pub fn near(&self, [x0, y0, x1, y1]: [f64; 4], margin_m: f64) -> Vec<&Zone> {
        let wide = [x0 - margin_m, y0 - margin_m, x1 + margin_m, y1 + margin_m];
        let meets = |zone: &&Zone| {
            geom::bounds(&zone.shape).is_some_and(|b| b[0] <= wide[2] && b[1] <= wide[3] && b[2] >= wide[0] && b[3] >= wide[1])
        };
        let untouched = self.ground.within(wide).into_iter().filter(|zone| !self.now.contains_key(&zone.id));
        let mut found: Vec<&Zone> = untouched.chain(self.now.values().flatten()).filter(meets).collect();
        found.sort_by(|a, b| a.id.cmp(&b.id));
        found
    }

    /// The same as it was before the edit.
    pub fn near_before(&self, [x0, y0, x1, y1]: [f64; 4], margin_m: f64) -> Vec<&Zone> {
        let wide = [x0 - margin_m, y0 - margin_m, x1 + margin_m, y1 + margin_m];
        self.ground.within(wide)
    }

    /// Zones that lie at a place.
    pub fn near_point(&self, at: Coord, margin_m: f64) -> Vec<&Zone> {
        self.near([at.x, at.y, at.x, at.y], margin_m)
    }

    pub fn done(self) -> Edited {
        let (ground, parents) = (self.ground, self.parents);
        let change = |(id, mut after): (String, Option<Zone>)| {
            // Rings run as they do everywhere; what is not valid stays as it is, to be told.
            if let Some(zone) = &mut after {
                let tidy = geom::repair(zone.shape.0.clone());
                if tidy.faults.is_empty() {
                    zone.shape = tidy.shape;
                }
            }
            let before = ground.zone(&id).cloned();
            let parents = parents.get(&id).into_iter().flatten().cloned().collect();
            (before != after).then_some(Change { id, before, after, parents })
        };
        Edited { changes: self.now.into_iter().filter_map(change).collect(), made: self.made }
    }

    /// An edit that was applied, laid over its ground again.
    pub fn of(ground: &'a Ground<'a>, edited: &Edited) -> Desk<'a> {
        let mut desk = Desk::new(ground);
        desk.now = edited.changes.iter().map(|change| (change.id.clone(), change.after.clone())).collect();
        desk
    }
}
