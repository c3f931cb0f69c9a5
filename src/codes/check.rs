//! The checks of a code: by its records, and by its land.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::day::{Written, in_vietnamese, written};
use super::words::{hectares, number, percent, say};
use super::{CodeRules, Crop, Day, Land, status};
use crate::model::{CodeRecord, Epoch, NotAWord, Text, Verdict, words};

words! {
    /// What is checked.
    Check, "a check of a code" {
        Malformed = "malformed",
        Unknown = "unknown",
        Pending = "pending",
        Lapsed = "lapsed",
        Suspended = "suspended",
        Revoked = "revoked",
        Market = "market",
        DoubleRegistration = "double_registration",
        AreaMismatch = "area_mismatch",
        OutsideUnit = "outside_unit",
        Crop = "crop",
        Kind = "kind",
        Encroached = "encroached",
        Dwellings = "dwellings",
        OverDelivery = "over_delivery",
        StaleUnit = "stale_unit",
        StandardLapsed = "standard_lapsed",
        InspectionDue = "inspection_due",
        NoGeometry = "no_geometry",
    }
}

impl Check {
    /// Whether it asks if the code may be used at all: what cannot be decided there leaves the code undecided.
    fn is_of_standing(self) -> bool {
        matches!(
            self,
            Check::Malformed | Check::Unknown | Check::Pending | Check::Lapsed | Check::Suspended | Check::Revoked | Check::Market
        )
    }
}

/// What a finding rests on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rule {
    pub text: Text,
    pub source: String,
    pub valid_from: Epoch,
}

/// The land that shows a finding, for a map.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    Nothing,
    /// All of it.
    Land,
    /// What lies outside the units of these codes.
    OutsideOf(Vec<String>),
    /// What it shares with this code.
    SharedWith(String),
    /// Land use of these codes on it.
    LandUse(Vec<String>),
    /// These events on it.
    Events(Vec<String>),
}

/// A finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    pub check: Check,
    pub verdict: Verdict,
    pub message: Text,
    /// By name, with the unit in it.
    pub figures: Vec<(&'static str, f64)>,
    pub shown: Shown,
    pub rule: Rule,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asked<'a> {
    pub date: Day,
    /// A key of the markets.
    pub market: Option<&'a str>,
    /// Tonnes delivered under the code within a year.
    pub shipped_t: Option<f64>,
}

/// A code of the register, with all that is known of it.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// Its parts; at least one.
    pub records: &'a [&'a CodeRecord],
    /// None when nothing says where it is.
    pub land: Option<&'a Land>,
    /// By part, code and name of the unit of today that it states; none when it states none, or none of today's.
    pub stated_units: &'a [Option<(&'a str, &'a str)>],
    /// Whether there are boundaries of units at all.
    pub has_units: bool,
    /// Other live codes of the same market and crop, by code, at the date asked.
    pub is_rival: &'a dyn Fn(&str) -> bool,
    /// Zones that bear the code in their own papers.
    pub n_zones_bearing: usize,
    /// What people call a kind of zones, by its key.
    pub name_of_kind: &'a dyn Fn(&str) -> Text,
}

/// Everything that is wrong with a code of the register, or cannot be said of it.
pub fn judge(case: &Case, asked: &Asked, rules: &CodeRules) -> Vec<Reason> {
    let Some(first) = case.records.first() else { return Vec::new() };
    let finder = Finder { case, first, asked, rules, crop: case.records.iter().find_map(|r| rules.crop_of(r.crop.as_deref()?)) };
    let mut found = status::judge(case.records, asked, rules);
    found.extend(finder.shared_zones());
    match case.land {
        None => found.push(finder.no_geometry()),
        Some(land) => finder.on_land(land, &mut found),
    }
    found.extend(finder.over_delivery());
    found.extend(finder.stale_unit());
    // What was no rule yet on the day asked finds nothing; how the code stood does not rest on a rule's day.
    found.retain(|reason| reason.check.is_of_standing() || Day::first_of(reason.rule.valid_from) <= asked.date);
    found.sort_by_key(|reason| (std::cmp::Reverse(reason.verdict), reason.check));
    found
}

/// The heaviest finding that can be decided. What cannot be decided of a code's standing leaves it undecided, whatever else there is
/// to look at.
pub fn weigh(reasons: &[Reason]) -> Verdict {
    let is_open = |reason: &Reason| reason.verdict == Verdict::Unknown && reason.check.is_of_standing();
    let heaviest = reasons.iter().map(|reason| reason.verdict).filter(|verdict| *verdict != Verdict::Unknown).max();
    match heaviest {
        Some(Verdict::Invalid) => Verdict::Invalid,
        _ if reasons.iter().any(is_open) => Verdict::Unknown,
        heaviest => heaviest.unwrap_or(Verdict::Valid),
    }
}

impl CodeRules {
    /// A finding of the weight that the rules give the check.
    pub fn reason(&self, check: Check, message: Text) -> Reason {
        let rule = self.checks.get(&check);
        Reason {
            check,
            verdict: rule.map_or(Verdict::Unknown, |rule| rule.verdict),
            message,
            figures: Vec::new(),
            shown: Shown::Nothing,
            rule: Rule {
                text: rule.map_or_else(|| say("", ""), |rule| rule.rule.clone()),
                source: rule.map(|rule| rule.source.clone()).unwrap_or_default(),
                valid_from: rule.map_or(self.valid_from, |rule| rule.valid_from),
            },
        }
    }

    /// That a check could not be made.
    pub fn undecided(&self, check: Check, message: Text) -> Reason {
        Reason { verdict: Verdict::Unknown, ..self.reason(check, message) }
    }
}

impl Reason {
    fn with(self, figures: &[(&'static str, f64)], shown: Shown) -> Reason {
        Reason { figures: figures.to_vec(), shown, ..self }
    }
}

/// What several parts declare together: what each states when all state the same and that is nearer, else their sum.
pub fn declared_m2(records: &[&CodeRecord], measured_m2: Option<f64>) -> Option<f64> {
    let stated: Vec<f64> = records.iter().filter_map(|r| r.declared_area_m2).filter(|m2| *m2 > 0.0).collect();
    let (first, sum) = (*stated.first()?, stated.iter().sum::<f64>());
    let far = |m2: f64| measured_m2.map_or(0.0, |measured| (m2 - measured).abs());
    let is_whole = stated.len() > 1 && stated.iter().all(|m2| *m2 == first) && far(first) <= far(sum);
    Some(if is_whole { first } else { sum })
}

struct Finder<'a> {
    case: &'a Case<'a>,
    first: &'a CodeRecord,
    asked: &'a Asked<'a>,
    rules: &'a CodeRules,
    crop: Option<&'a Crop>,
}

impl Finder<'_> {
    fn no_geometry(&self) -> Reason {
        let message = say(
            "Hồ sơ không có ranh giới và không gắn với vùng nào trên bản đồ: không kiểm tra được vị trí, diện tích, loại đất",
            "The record has no border and names no zone of the map: place, area and land use cannot be checked",
        );
        self.rules.reason(Check::NoGeometry, message)
    }

    fn on_land(&self, land: &Land, found: &mut Vec<Reason>) {
        found.extend(self.double_registration(land));
        found.extend(self.area_mismatch(land));
        found.extend(self.outside_unit(land));
        found.extend(self.kind(land));
        found.extend(self.crop_on_land(land));
        found.extend(self.dwellings(land));
        found.extend(self.encroached(land));
    }

    /// More zones bear the code than the register has parts of it.
    fn shared_zones(&self) -> Option<Reason> {
        let n_parts = self.case.records.len().max(self.case.records.iter().map(|r| r.zone_ids.len()).sum());
        let n_zones = self.case.n_zones_bearing;
        (n_zones > n_parts).then(|| {
            let message = say(
                format!("{n_zones} vùng trên bản đồ mang mã này, sổ đăng ký chỉ có {n_parts}"),
                format!("{n_zones} zones of the map bear this code, the register has {n_parts}"),
            );
            let figures = [("n_zones", n_zones as f64), ("n_parts", n_parts as f64)];
            self.rules.reason(Check::DoubleRegistration, message).with(&figures, Shown::Land)
        })
    }

    fn double_registration(&self, land: &Land) -> Vec<Reason> {
        let t = &self.rules.thresholds;
        let is_found =
            |o: &&super::Overlap| o.area_m2 > (t.overlap_share * o.smaller_m2).max(t.overlap_m2) && (self.case.is_rival)(&o.code);
        let reason = |o: &super::Overlap| {
            let (area, share) = (hectares(o.area_m2), percent(o.area_m2 / o.smaller_m2.max(1.0)));
            let message = say(
                format!("Trùng {} ({} của vùng nhỏ hơn) với mã {} còn hiệu lực, cùng thị trường và cây trồng", area.vi, share.vi, o.code),
                format!("Shares {} ({} of the smaller) with the live code {} of the same market and crop", area.en, share.en, o.code),
            );
            let figures = [("overlap_m2", o.area_m2), ("smaller_m2", o.smaller_m2)];
            self.rules.reason(Check::DoubleRegistration, message).with(&figures, Shown::SharedWith(o.code.clone()))
        };
        land.overlaps.iter().filter(is_found).map(reason).collect()
    }

    fn area_mismatch(&self, land: &Land) -> Option<Reason> {
        let t = &self.rules.thresholds;
        let declared_m2 = declared_m2(self.case.records, Some(land.area_m2))?;
        let allowed_m2 = (t.area_share * land.area_m2).max(t.area_sigmas * land.sigma_m2.unwrap_or(0.0));
        let off_m2 = declared_m2 - land.area_m2;
        (off_m2.abs() > allowed_m2).then(|| {
            let [declared, measured, allowed] = [declared_m2, land.area_m2, allowed_m2].map(hectares);
            let share = percent(off_m2.abs() / land.area_m2.max(1.0));
            let (more_vi, more_en) = if off_m2 > 0.0 { ("lớn", "larger") } else { ("nhỏ", "smaller") };
            let message = say(
                format!(
                    "Diện tích đăng ký {} {more_vi} hơn diện tích đo {} là {} (cho phép {})",
                    declared.vi, measured.vi, share.vi, allowed.vi
                ),
                format!(
                    "The declared area {} is {} {more_en} than the measured {} (allowed {})",
                    declared.en, share.en, measured.en, allowed.en
                ),
            );
            let figures = [("declared_m2", declared_m2), ("measured_m2", land.area_m2), ("allowed_m2", allowed_m2)];
            self.rules.reason(Check::AreaMismatch, message).with(&figures, Shown::Land)
        })
    }

    fn outside_unit(&self, land: &Land) -> Option<Reason> {
        let states = |record: &&&CodeRecord| record.unit.is_some();
        let n_stating = self.case.records.iter().filter(states).count();
        if n_stating == 0 {
            return None;
        }
        let Some(units) = &land.units else {
            let message = say(
                "Chưa có ranh giới xã, phường: không kiểm tra được vị trí",
                "There are no boundaries of communes: the place cannot be checked",
            );
            return Some(self.rules.undecided(Check::OutsideUnit, message));
        };
        // A unit that is none of today's is told by `stale_unit`. Parts may lie in units of their own: together they lie in all of them.
        let all: Vec<(&str, &str)> = self.case.stated_units.iter().flatten().copied().collect();
        if all.len() < n_stating {
            return None;
        }
        let codes: BTreeSet<&str> = all.iter().map(|(code, _)| *code).collect();
        let names: BTreeSet<&str> = all.iter().map(|(_, name)| *name).collect();
        let name = names.into_iter().collect::<Vec<_>>().join(", ");
        let share = units.iter().filter(|unit| codes.contains(unit.code.as_str())).map(|unit| unit.share).sum::<f64>().min(1.0);
        (share < self.rules.thresholds.inside_unit_share).then(|| {
            let inside = percent(share);
            let real = units.first().map_or_else(
                || say("ngoài mọi xã, phường", "outside of all communes"),
                |unit| {
                    let share = percent(unit.share);
                    say(format!("{} ({})", unit.name, share.vi), format!("{} ({})", unit.name, share.en))
                },
            );
            let message = say(
                format!("Chỉ {} vùng trồng nằm trong {name} ghi trong hồ sơ; phần lớn ở {}", inside.vi, real.vi),
                format!("Only {} of the land lies in {name}, which the record states; most lies in {}", inside.en, real.en),
            );
            let figures = [("inside_share", share), ("least_share", self.rules.thresholds.inside_unit_share)];
            self.rules.reason(Check::OutsideUnit, message).with(&figures, Shown::OutsideOf(codes.into_iter().map(str::to_owned).collect()))
        })
    }

    fn kind(&self, land: &Land) -> Option<Reason> {
        let (crop, asked) = (self.crop?, self.first.crop.as_deref()?);
        let is_other = |kind: &&String| !crop.kinds.contains(kind) && *kind != "other";
        let kind = land.kinds.iter().find(is_other)?;
        let name = (self.case.name_of_kind)(kind);
        let message = say(
            format!("Hồ sơ ghi cây trồng “{asked}”, vùng trên bản đồ là loại “{}”", name.vi),
            format!("The record states the crop “{asked}”, the zone on the map is of the kind “{}”", name.en),
        );
        Some(self.rules.reason(Check::Kind, message).with(&[], Shown::Land))
    }

    fn crop_on_land(&self, land: &Land) -> Option<Reason> {
        let asked = self.first.crop.as_deref()?;
        let Some(crop) = self.crop else {
            let message = say(
                format!("Chưa có quy tắc cho cây trồng “{asked}”: không kiểm tra được loại đất"),
                format!("There is no rule for the crop “{asked}”: the land use cannot be checked"),
            );
            return Some(self.rules.undecided(Check::Crop, message));
        };
        let Some(used) = &land.used else {
            let message = say(
                "Chưa có lớp sử dụng đất theo mã loại đất quốc gia: không kiểm tra được loại đất",
                "There is no land use by national codes: it cannot be checked what the land is for",
            );
            return Some(self.rules.undecided(Check::Crop, message));
        };
        let is_lawful = |u: &super::Used| u.stands_for.iter().any(|code| crop.land_use.contains(code));
        let is_dwelling = |u: &super::Used| self.rules.thresholds.dwelling_codes.contains(&u.code);
        let mut unlawful: Vec<&super::Used> = used.iter().filter(|u| !is_lawful(u) && !is_dwelling(u)).collect();
        unlawful.sort_by(|a, b| b.area_m2.total_cmp(&a.area_m2));
        let area_m2: f64 = unlawful.iter().map(|u| u.area_m2).sum();
        let t = &self.rules.thresholds;
        (area_m2 > (t.unlawful_share * land.area_m2).max(t.unlawful_m2)).then(|| {
            let (area, share) = (hectares(area_m2), percent(area_m2 / land.area_m2.max(1.0)));
            let of = |vi: bool| {
                let one = |u: &&super::Used| format!("{} {}", u.code, if vi { hectares(u.area_m2).vi } else { hectares(u.area_m2).en });
                unlawful.iter().take(5).map(one).collect::<Vec<_>>().join(", ")
            };
            let lawful = crop.land_use.join(", ");
            let message = say(
                format!("{} ({}) là đất không dành cho “{asked}” ({}); cây này trồng trên đất {lawful}", area.vi, share.vi, of(true)),
                format!("{} ({}) is land not for “{asked}” ({}); it is grown on {lawful}", area.en, share.en, of(false)),
            );
            let codes = unlawful.iter().map(|u| u.code.clone()).collect();
            self.rules.reason(Check::Crop, message).with(&[("unlawful_m2", area_m2), ("land_m2", land.area_m2)], Shown::LandUse(codes))
        })
    }

    fn dwellings(&self, land: &Land) -> Option<Reason> {
        let t = &self.rules.thresholds;
        let houses: Vec<&super::Used> = land.used.as_ref()?.iter().filter(|u| t.dwelling_codes.contains(&u.code)).collect();
        let area_m2: f64 = houses.iter().map(|u| u.area_m2).sum();
        (area_m2 >= t.dwelling_m2).then(|| {
            let area = hectares(area_m2);
            let codes: Vec<String> = houses.iter().map(|u| u.code.clone()).collect();
            let named = codes.join(", ");
            let message = say(
                format!("Trong vùng trồng có {} đất ở ({named})", area.vi),
                format!("There are {} of residential land in the area ({named})", area.en),
            );
            self.rules.reason(Check::Dwellings, message).with(&[("dwellings_m2", area_m2)], Shown::LandUse(codes))
        })
    }

    fn encroached(&self, land: &Land) -> Option<Reason> {
        let t = &self.rules.thresholds;
        let Some(lost) = &land.lost else {
            let message = say(
                "Chưa có lớp sử dụng đất, hoặc đất của mã nằm ngoài các vùng được theo dõi: không biết có bị xây dựng không",
                "There is no land use, or the land lies outside of the zones that are watched: it is not known whether it was built on",
            );
            return Some(self.rules.undecided(Check::Encroached, message));
        };
        let first = |of: fn(&CodeRecord) -> &Option<String>| {
            let dates = self.case.records.iter().filter_map(|r| match written(of(r)) {
                Written::Date(date) => Some(date),
                _ => None,
            });
            dates.min()
        };
        // Without a day of issue the one counts from which it is in force.
        let issued = first(|r| &r.issued);
        let from = issued.or_else(|| first(|r| &r.valid_from));
        // Built after the issue when an epoch at or after that day shows it first. Without a date of issue nothing is before it.
        let is_since = |l: &&super::Lost| match (from, l.since) {
            (Some(issued), Some(since)) => l.before.is_some() && Day::last_of(since) >= Day::first_of(issued),
            (None, _) => true,
            (Some(_), None) => false,
        };
        let counted: Vec<&super::Lost> = lost.iter().filter(|l| t.encroached_groups.contains(&l.group)).filter(is_since).collect();
        let area_m2: f64 = counted.iter().map(|l| l.area_m2).sum();
        let share = area_m2 / land.area_m2.max(1.0);
        (area_m2 >= t.encroached_m2 || (share >= t.encroached_share && area_m2 > 0.0)).then(|| {
            let (area, share_words) = (hectares(area_m2), percent(share));
            let when = from.map_or_else(
                || say("theo lớp sử dụng đất (sổ không ghi ngày cấp)", "by the land use (the register has no date of issue)"),
                |from| match issued {
                    Some(_) => say(format!("từ ngày cấp {}", in_vietnamese(from)), format!("since it was issued ({from})")),
                    None => say(format!("từ ngày có hiệu lực {}", in_vietnamese(from)), format!("since it is in force ({from})")),
                },
            );
            let message = say(
                format!("{} ({}) đã bị xây dựng hoặc bê tông hóa {}", area.vi, share_words.vi, when.vi),
                format!("{} ({}) was built on or sealed {}", area.en, share_words.en, when.en),
            );
            let events = counted.iter().map(|l| l.event.clone()).collect();
            let figures = [("lost_m2", area_m2), ("lost_share", share), ("n_events", counted.len() as f64)];
            self.rules.reason(Check::Encroached, message).with(&figures, Shown::Events(events))
        })
    }

    fn over_delivery(&self) -> Option<Reason> {
        let measured_m2 = self.case.land.map(|land| land.area_m2).filter(|m2| *m2 > 0.0);
        let declared_m2 = declared_m2(self.case.records, measured_m2);
        let stated_t = || {
            let (yield_t_ha, harvests) = (self.first.yield_t_ha?, self.first.harvests.unwrap_or(1.0));
            Some(declared_m2.or(measured_m2)? / 10_000.0 * yield_t_ha * harvests)
        };
        let (tonnes, words) = match self.asked.shipped_t {
            Some(shipped_t) => (shipped_t, say("Sản lượng giao", "The delivered tonnage")),
            None => (stated_t()?, say("Sản lượng theo hồ sơ", "The declared tonnage")),
        };
        let cap = self.crop.and_then(|crop| Some((crop, crop.max_t_ha?)));
        let Some(((crop, max_t_ha), area_m2)) = cap.zip(measured_m2.or(declared_m2)) else {
            let message = say(
                "Thiếu diện tích hoặc mức năng suất cao nhất của cây trồng: không kiểm tra được sản lượng",
                "The area, or the highest yield of the crop, is not known: the tonnage cannot be checked",
            );
            return self.asked.shipped_t.map(|_| self.rules.undecided(Check::OverDelivery, message));
        };
        let harvests = match crop.max_harvests {
            Some(most) => self.first.harvests.filter(|n| *n > 0.0).map_or(most, |n| n.min(most)),
            None => self.first.harvests.unwrap_or(1.0),
        };
        let most_t = area_m2 / 10_000.0 * max_t_ha * harvests;
        (tonnes > most_t).then(|| {
            let [t, most, cap, n] =
                [(tonnes, 1), (most_t, 1), (max_t_ha, 1), (harvests, 0)].map(|(value, decimals)| number(value, decimals));
            let area = hectares(area_m2);
            let message = say(
                format!(
                    "{} {} tấn vượt mức cao nhất {} tấn ({} × {} tấn/ha × {} vụ): có thể mã bị mượn",
                    words.vi, t.vi, most.vi, area.vi, cap.vi, n.vi
                ),
                format!(
                    "{} of {} t is above the most possible, {} t ({} × {} t/ha × {} harvests): the code may be lent",
                    words.en, t.en, most.en, area.en, cap.en, n.en
                ),
            );
            self.rules
                .reason(Check::OverDelivery, message)
                .with(&[("tonnes", tonnes), ("most_t", most_t), ("area_m2", area_m2)], Shown::Nothing)
        })
    }

    fn stale_unit(&self) -> Option<Reason> {
        let stated = self.case.records.iter().flat_map(|record| [&record.unit, &record.address]).flatten();
        if let Some(district) = stated.into_iter().find_map(|text| self.rules.district_in(text)) {
            let until = self.rules.districts_until;
            let message = say(
                format!("Hồ sơ ghi “{district}”: cấp huyện đã kết thúc ngày {}{}", in_vietnamese(until), self.now_in().vi),
                format!("The record names “{district}”: districts ended on {until}{}", self.now_in().en),
            );
            return Some(self.rules.reason(Check::StaleUnit, message));
        }
        if !self.case.has_units {
            return None;
        }
        let mut parts = self.case.records.iter().zip(self.case.stated_units);
        let (record, unit) = parts.find_map(|(record, known)| Some((record, record.unit.as_deref().filter(|_| known.is_none())?)))?;
        let message = match is_old_number(self.rules, record, unit) {
            true => say(
                format!(
                    "Mã xã {unit} trong hồ sơ cấp trước {}, khi cùng mã số có thể chỉ một xã khác{}",
                    in_vietnamese(self.rules.thresholds.units_since),
                    self.now_in().vi
                ),
                format!(
                    "The commune's code {unit} is of before {}, when it may have named another commune{}",
                    self.rules.thresholds.units_since,
                    self.now_in().en
                ),
            ),
            false => say(
                format!("“{}” không phải xã, phường hiện nay{}", shortened(unit), self.now_in().vi),
                format!("“{}” is no commune of today{}", shortened(unit), self.now_in().en),
            ),
        };
        Some(self.rules.reason(Check::StaleUnit, message))
    }

    /// Where the land lies today, when that is known.
    fn now_in(&self) -> Text {
        let unit = self.case.land.and_then(|land| land.units.as_ref()?.first());
        unit.map_or_else(|| say("", ""), |unit| say(format!("; nay thuộc {}", unit.name), format!("; today it lies in {}", unit.name)))
    }
}

/// Whether a unit is stated by a number that was written down when it may have named another territory.
pub fn is_old_number(rules: &CodeRules, record: &CodeRecord, unit: &str) -> bool {
    let is_number = unit.trim().bytes().all(|b| b.is_ascii_digit());
    let dates = [&record.issued, &record.valid_from].into_iter();
    let first = dates.filter_map(|date| match written(date) {
        Written::Date(date) => Some(Day::first_of(date)),
        _ => None,
    });
    is_number && first.min().is_some_and(|day| day < rules.units_since())
}

pub(super) fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}
