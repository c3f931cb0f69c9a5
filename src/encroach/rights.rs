//! By what right land was built on: decisions and plans in force when it was, farm buildings, the baseline.

use super::cover::{Cover, Room, Shared};
use super::dates::{Span, date};
use crate::geom;
use crate::legend::Rules;
use crate::model::{Epoch, Event, Evidence, EvidenceKind, Group, MultiPolygon, Permit, Right};

/// Evidence beyond the largest says nothing more.
pub(super) const MAX_EVIDENCE: usize = 12;

/// Land on which building is allowed.
pub(super) struct Permits<'a> {
    permits: &'a [Permit],
    /// When each was in force, as far as it says.
    in_force: Vec<(Option<Span>, Option<Span>)>,
    cover: Cover<'a>,
}

/// When a piece was built on: after the epoch that does not show it yet, and by the first that does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Built {
    pub after: Option<Epoch>,
    pub by: Epoch,
}

impl<'a> Permits<'a> {
    pub(super) fn new(permits: &'a [Permit]) -> Self {
        let date_of = |text: &Option<String>| text.as_deref().and_then(date);
        Permits {
            permits,
            in_force: permits.iter().map(|p| (date_of(&p.decided), date_of(&p.valid_to))).collect(),
            cover: Cover::new(permits.iter().map(|p| &p.shape).collect()),
        }
    }

    /// `permitted` when decisions in force cover the share of the event, `planned` when decisions and plans do; none
    /// otherwise. Everything that covers a part of it is evidence.
    pub(super) fn right_of(
        &self,
        shape: &MultiPolygon,
        area_m2: f64,
        built: Built,
        rules: &Rules,
        room: &mut Room,
    ) -> (Option<Right>, Vec<Evidence>) {
        let over = self.cover.over(shape, room);
        let counting: Vec<Shared> = over.iter().copied().filter(|s| self.counts(s.shape, built)).collect();
        let decided: Vec<Shared> = counting.iter().copied().filter(|s| self.permit(s.shape).right == Right::Permitted).collect();
        let enough_m2 = rules.permit_cover_share * area_m2 * (1.0 - 1e-9);
        let rests_on = [(Right::Permitted, decided), (Right::Planned, counting)]
            .into_iter()
            .find(|(_, by)| !by.is_empty() && self.covered_m2(shape, by, room) >= enough_m2);
        let evidence = over.iter().map(|s| self.evidence(*s, built)).collect();
        (rests_on.map(|(right, _)| right), evidence)
    }

    fn permit(&self, place: u32) -> &'a Permit {
        &self.permits[place as usize]
    }

    /// Whether it was in force at some time at which the land may have been built on. A date that is missing or
    /// cannot be read speaks for the permit.
    fn counts(&self, place: u32, built: Built) -> bool {
        let (decided, valid_to) = self.in_force[place as usize];
        decided.is_none_or(|d| d.first <= Span::from(built.by).last)
            && built.after.is_none_or(|after| valid_to.is_none_or(|v| v.last >= Span::from(after).first))
    }

    fn evidence(&self, shared: Shared, built: Built) -> Evidence {
        let permit = self.permit(shared.shape);
        Evidence {
            kind: if permit.right == Right::Permitted { EvidenceKind::Decision } else { EvidenceKind::Plan },
            layer: "permits".to_owned(),
            feature: permit.id.clone(),
            label: permit.decision.clone(),
            area_m2: shared.area_m2,
            date: permit.decided.clone(),
            counts: self.counts(shared.shape, built),
        }
    }

    /// Area of the shape that any of the permits covers, overlaps once.
    fn covered_m2(&self, shape: &MultiPolygon, by: &[Shared], room: &mut Room) -> f64 {
        match by {
            [] => 0.0,
            [one] => one.area_m2,
            _ => geom::area_m2(&self.cover.land(shape, &by.iter().map(|s| s.shape).collect::<Vec<_>>(), room)),
        }
    }
}

/// Of a zone's built pieces without a right, the oldest and smallest that together stay within what farm buildings may take;
/// no dwellings. Each says since when it is there.
pub(super) fn farm_structures(events: &mut [Event], kind: &str, zone_area_m2: f64, rules: &Rules) {
    let allowed = &rules.farm_structure;
    if zone_area_m2 < allowed.zone_area_m2 || !allowed.kinds.iter().any(|k| k == kind) {
        return;
    }
    let may_serve_the_farm = |e: &&mut Event| {
        e.right == Right::Unplanned
            && e.group == Group::Built
            && e.area_m2 <= allowed.max_area_m2
            && !allowed.except_codes.contains(&e.code)
    };
    let mut candidates: Vec<&mut Event> = events.iter_mut().filter(may_serve_the_farm).collect();
    candidates.sort_by(|a, b| a.since.cmp(&b.since).then(a.area_m2.total_cmp(&b.area_m2)).then_with(|| a.id.cmp(&b.id)));
    let mut left_m2 = allowed.max_share * zone_area_m2;
    for event in candidates {
        left_m2 -= event.area_m2;
        if left_m2 < 0.0 {
            break;
        }
        event.right = Right::FarmStructure;
    }
}
