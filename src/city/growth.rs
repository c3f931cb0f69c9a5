//! How the city grows into its farmland: projects, new roads, small unplanned pieces, crop switches,
//! farm works. Every piece is the truth that detection is measured against.
//!
//! Invariant: a piece lies inside its host (a zone, or a farm block outside the zones), and pieces of
//! one host stay at least `GAP_M` apart, so that none merge.

use super::curves::distance_m;
use super::dice::Dice;
use super::figures::{Figures, GrowthFigures, Sizes};
use super::lattice::Point;
use crate::geom;
use crate::model::{Coord, Group, MultiPolygon, Polygon, Right, Ring};

const GAP_M: f64 = 16.0;

/// A stretch of a host's border with a road or houses behind it; the host lies to the left.
#[derive(Clone, Copy)]
pub(super) struct Front {
    pub a: Point,
    pub b: Point,
    pub is_road: bool,
}

/// Land that can be built on.
pub(super) struct Host {
    /// Place in the list of zones; none outside them.
    pub zone: Option<usize>,
    pub is_rice: bool,
    pub is_ward: bool,
    pub shape: MultiPolygon,
    pub area_m2: f64,
    pub middle: Point,
    pub fronts: Vec<Front>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nature {
    /// Farmland built over or sealed.
    Loss,
    /// Rice land turned to another crop: no loss.
    CropSwitch,
    /// A field track or ditch: no loss, although its code looks like one.
    FarmWorks,
}

impl Nature {
    pub fn as_str(self) -> &'static str {
        match self {
            Nature::Loss => "loss",
            Nature::CropSwitch => "crop_switch",
            Nature::FarmWorks => "farm_works",
        }
    }
}

/// A piece of land that changed.
pub(super) struct Change {
    pub host: usize,
    pub nature: Nature,
    pub group: Group,
    pub code: String,
    /// Place in the list of epochs.
    pub since: usize,
    pub right: Right,
    pub shape: MultiPolygon,
    pub area_m2: f64,
}

/// Land that a plan or a decision names.
pub(super) struct Allotment {
    pub right: Right,
    /// Place in the list of epochs in which it is built; one more than the last: not yet.
    pub since: usize,
    pub shape: MultiPolygon,
}

pub(super) struct Growth {
    pub changes: Vec<Change>,
    pub allotments: Vec<Allotment>,
}

type Quad = [Point; 4];

struct Builder<'a> {
    figures: &'a Figures,
    hosts: &'a [Host],
    /// What is taken already, by host.
    taken: Vec<Vec<Quad>>,
    lost_m2: Vec<f64>,
    growth: Growth,
}

pub(super) fn grow(figures: &Figures, hosts: &[Host]) -> Growth {
    let mut builder = Builder {
        figures,
        hosts,
        taken: vec![Vec::new(); hosts.len()],
        lost_m2: vec![0.0; hosts.len()],
        growth: Growth { changes: Vec::new(), allotments: Vec::new() },
    };
    let growth = &figures.growth;
    let years = f64::from(figures.epochs[figures.epochs.len() - 1] - figures.epochs[0]);
    let inside: Vec<usize> = (0..hosts.len()).filter(|&h| hosts[h].zone.is_some()).collect();
    let outside: Vec<usize> = (0..hosts.len()).filter(|&h| hosts[h].zone.is_none()).collect();
    let lost_m2 = growth.yearly_loss * years * inside.iter().map(|&h| hosts[h].area_m2).sum::<f64>();
    let lawful_m2 = lost_m2 * growth.lawful_area;
    let (in_zones, elsewhere) = (Lottery::new(figures, hosts, &inside), Lottery::new(figures, hosts, &outside));

    let mut dice = Dice::new(figures.seed, "new roads");
    builder.fill(&in_zones, lawful_m2 * growth.transport_area, &mut dice, Builder::new_road);
    let mut dice = Dice::new(figures.seed, "projects");
    let n_before = builder.growth.allotments.len();
    builder.fill(&in_zones, lawful_m2 * (1.0 - growth.transport_area), &mut dice, Builder::project);
    let n_unbuilt = ((builder.growth.allotments.len() - n_before) as f64 * growth.unbuilt_share) as usize;
    builder.repeat(&in_zones, n_unbuilt, &mut dice, Builder::unbuilt_plan);
    builder.repeat(&elsewhere, growth.outside_projects, &mut dice, Builder::project);
    let mut dice = Dice::new(figures.seed, "small pieces");
    builder.fill(&in_zones, lost_m2 - lawful_m2, &mut dice, Builder::unplanned);
    builder.repeat(&elsewhere, growth.outside_pieces, &mut dice, Builder::unplanned);
    let large_rice: Vec<usize> = inside.iter().copied().filter(|&h| hosts[h].is_rice && hosts[h].area_m2 >= 50e4).collect();
    builder.repeat(&Lottery::new(figures, hosts, &large_rice), growth.farm_structures, &mut dice, Builder::farm_structure);

    let mut dice = Dice::new(figures.seed, "farm changes");
    let n_losses = builder.growth.changes.iter().filter(|c| hosts[c.host].zone.is_some()).count() as f64;
    let n_changes = n_losses / (1.0 - growth.switch_share - growth.farm_works_share);
    let rice: Vec<usize> = inside.iter().copied().filter(|&h| hosts[h].is_rice).collect();
    builder.repeat(&Lottery::even(hosts, &rice), (n_changes * growth.switch_share) as usize, &mut dice, Builder::crop_switch);
    builder.repeat(&Lottery::even(hosts, &inside), (n_changes * growth.farm_works_share) as usize, &mut dice, Builder::farm_works);
    builder.growth
}

/// Draws hosts, each by its weight.
struct Lottery {
    hosts: Vec<usize>,
    sums: Vec<f64>,
}

impl Lottery {
    /// By area, nearness to the center and direction.
    fn new(figures: &Figures, hosts: &[Host], among: &[usize]) -> Lottery {
        let weight = |h: &Host| h.area_m2 * pressure(&figures.growth, figures.center_m, h.middle);
        Self::by(hosts, among, weight)
    }

    /// By area alone.
    fn even(hosts: &[Host], among: &[usize]) -> Lottery {
        Self::by(hosts, among, |h| h.area_m2)
    }

    fn by(hosts: &[Host], among: &[usize], weight: impl Fn(&Host) -> f64) -> Lottery {
        let mut sum = 0.0;
        let sums = among
            .iter()
            .map(|&h| {
                sum += weight(&hosts[h]);
                sum
            })
            .collect();
        Lottery { hosts: among.to_vec(), sums }
    }

    fn draw(&self, dice: &mut Dice) -> Option<usize> {
        let at = dice.unit() * self.sums.last()?;
        self.hosts.get(self.sums.partition_point(|&s| s <= at)).or(self.hosts.last()).copied()
    }
}

/// How hard the city presses: 4 : 2 : 1 by distance, more to the west, south-west and south.
fn pressure(growth: &GrowthFigures, center: Point, at: Point) -> f64 {
    let km = distance_m(center, at) / 1000.0;
    let ring = growth.ring_weights[if km < 20.0 {
        0
    } else if km < 30.0 {
        1
    } else {
        2
    }];
    let angle = (at[1] - center[1]).atan2(at[0] - center[0]).to_degrees();
    // From due west (180°) over south-west to due south (-90°), 22.5° beyond either.
    let west = !(-67.5..=157.5).contains(&angle);
    ring * if west { growth.west_weight } else { 1.0 }
}

fn draw_size(sizes: &Sizes, dice: &mut Dice) -> f64 {
    for _ in 0..50 {
        let size = dice.log_normal(sizes.median, sizes.sigma);
        if (sizes.smallest..=sizes.largest).contains(&size) {
            return size;
        }
    }
    sizes.median
}

impl Builder<'_> {
    /// Builds until so many m² are made, or nothing more fits.
    fn fill(&mut self, lottery: &Lottery, wanted_m2: f64, dice: &mut Dice, build: fn(&mut Self, &Lottery, &mut Dice, f64) -> f64) {
        let (mut made_m2, mut n_failed) = (0.0, 0);
        while made_m2 < wanted_m2 && n_failed < 2000 {
            let area_m2 = build(self, lottery, dice, wanted_m2 - made_m2);
            made_m2 += area_m2;
            n_failed = if area_m2 > 0.0 { 0 } else { n_failed + 1 };
        }
    }

    fn repeat(&mut self, lottery: &Lottery, n: usize, dice: &mut Dice, build: fn(&mut Self, &Lottery, &mut Dice, f64) -> f64) {
        for _ in 0..n {
            for _ in 0..12 {
                if build(self, lottery, dice, f64::MAX) > 0.0 {
                    break;
                }
            }
        }
    }

    /// The epoch in which something is first seen: as many as there are years between.
    fn epoch(&self, dice: &mut Dice) -> usize {
        let epochs = &self.figures.epochs;
        1 + dice.weighted(epochs.windows(2).map(|w| f64::from(w[1] - w[0])))
    }

    fn lawful(&self, dice: &mut Dice) -> Right {
        if dice.chance(self.figures.growth.permitted_share) { Right::Permitted } else { Right::Planned }
    }

    /// The land of a plan: what of the piece lies in the host.
    fn within(&self, host: usize, wide: &Quad) -> MultiPolygon {
        geom::intersection(&polygon(wide), &self.hosts[host].shape)
    }

    fn is_free(&self, host: usize, quad: &Quad) -> bool {
        self.taken[host].iter().all(|t| apart(t, quad, GAP_M))
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of a change")]
    fn add(
        &mut self,
        host: usize,
        quad: Quad,
        shape: MultiPolygon,
        nature: Nature,
        group: Group,
        code: &str,
        since: usize,
        right: Right,
    ) -> f64 {
        let area_m2 = geom::area_m2(&shape);
        self.taken[host].push(quad);
        if nature == Nature::Loss {
            self.lost_m2[host] += area_m2;
        }
        self.growth.changes.push(Change { host, nature, group, code: code.to_owned(), since, right, shape, area_m2 });
        area_m2
    }

    /// A place on a host's border: the point, the direction along it, the direction into the host.
    fn front(&self, host: usize, roads_only: bool, dice: &mut Dice) -> Option<(Point, Point, Point)> {
        let fronts = &self.hosts[host].fronts;
        let length = |f: &Front| if roads_only && !f.is_road { 0.0 } else { distance_m(f.a, f.b) };
        if fronts.iter().map(length).sum::<f64>() < 1.0 {
            return None;
        }
        let f = fronts[dice.weighted(fronts.iter().map(length))];
        let (t, l) = (dice.unit(), distance_m(f.a, f.b).max(1e-6));
        let along = [(f.b[0] - f.a[0]) / l, (f.b[1] - f.a[1]) / l];
        Some(([f.a[0] + (f.b[0] - f.a[0]) * t, f.a[1] + (f.b[1] - f.a[1]) * t], along, [-along[1], along[0]]))
    }

    fn project(&mut self, lottery: &Lottery, dice: &mut Dice, left_m2: f64) -> f64 {
        let growth = &self.figures.growth;
        let wanted_m2 = draw_size(&growth.planned_ha, dice) * 1e4;
        // The last one makes the sum right.
        let wanted_m2 = if wanted_m2 > left_m2 { left_m2.max(4000.0) } else { wanted_m2 };
        let placed = (0..60).find_map(|_| self.place(lottery, dice, wanted_m2));
        let Some((host, quad, shape, wide)) = placed else { return 0.0 };
        let since = self.epoch(dice);
        let right = self.lawful(dice);
        let uses = &growth.lawful_uses;
        let (code, group, _) = &uses[dice.weighted(uses.iter().map(|u| u.2))];
        let code = match code.as_str() {
            "ONT" if self.hosts[host].is_ward => "ODT",
            // An industrial park is large; what is small is a cluster.
            "SKK" if wanted_m2 < 15e4 => "SKN",
            code => code,
        };
        self.growth.allotments.push(Allotment { right, since, shape: self.within(host, &wide) });
        self.add(host, quad, shape, Nature::Loss, *group, code, since, right)
    }

    fn unbuilt_plan(&mut self, lottery: &Lottery, dice: &mut Dice, _: f64) -> f64 {
        let wanted_m2 = draw_size(&self.figures.growth.planned_ha, dice) * 1e4;
        let Some((host, quad, shape, wide)) = self.place(lottery, dice, wanted_m2) else { return 0.0 };
        // Nothing unplanned may lie inside by chance, or its right would be unclear.
        self.taken[host].push(quad);
        let since = self.figures.epochs.len();
        self.growth.allotments.push(Allotment { right: Right::Planned, since, shape: self.within(host, &wide) });
        geom::area_m2(&shape)
    }

    /// A compact piece of about `wanted_m2` on a road: host, its convex hull, its shape, the plan's land around it.
    fn place(&mut self, lottery: &Lottery, dice: &mut Dice, wanted_m2: f64) -> Option<(usize, Quad, MultiPolygon, Quad)> {
        // A large project needs a large host: draw until one is large enough, under the same pressure as
        // the first one drawn, lest wide open land far out gets all of them.
        let press = |h: usize| pressure(&self.figures.growth, self.figures.center_m, self.hosts[h].middle);
        let wished = press(lottery.draw(dice)?);
        let fits = |h: &usize| wanted_m2 + self.lost_m2[*h] <= 0.62 * self.hosts[*h].area_m2 && press(*h) == wished;
        let host = (0..400).find_map(|_| lottery.draw(dice).filter(fits))?;
        let (at, along, inward) = self.front(host, true, dice)?;
        let (aspect, lean) = (dice.range(0.6, 1.7), dice.range(-0.16, 0.16));
        let mut scale = 1.0;
        for _ in 0..4 {
            let (length, depth) = ((wanted_m2 * aspect).sqrt() * scale, (wanted_m2 / aspect).sqrt() * scale);
            // From beyond the border, so that the piece ends at the road.
            let quad = frame(at, along, inward, length / 2.0, -25.0, depth, lean);
            if !self.is_free(host, &quad) {
                return None;
            }
            let shape = largest(geom::intersection(&polygon(&quad), &self.hosts[host].shape));
            let area_m2 = geom::area_m2(&shape);
            if area_m2 < wanted_m2 * 0.2 {
                return None;
            }
            if (area_m2 / wanted_m2 - 1.0).abs() < 0.15 {
                // Thin remains between it and the zone's border would look like an error of drawing.
                // The plan is a little wider than what is built, and ends at the road as well.
                let [near, _] = depths(&shape, at, inward);
                let wide = frame(at, along, inward, length / 2.0 + 12.0, near - 2.0, depth + 12.0, lean);
                return (geom::width_m(&shape) > area_m2.sqrt() * 0.3).then_some((host, quad, shape, wide));
            }
            scale *= (wanted_m2 / area_m2).sqrt().min(1.6);
        }
        None
    }

    fn new_road(&mut self, lottery: &Lottery, dice: &mut Dice, _: f64) -> f64 {
        let Some(host) = lottery.draw(dice) else { return 0.0 };
        let [low, high] = self.figures.growth.transport_width_m;
        let (width_m, turn) = (dice.range(low, high), dice.range(-0.45, 0.45));
        let Some((at, along, inward)) = self.front(host, true, dice) else { return 0.0 };
        let (sin, cos) = turn.sin_cos();
        let (along, inward) = (
            [along[0] * cos + inward[0] * sin, along[1] * cos + inward[1] * sin],
            [inward[0] * cos - along[0] * sin, inward[1] * cos - along[1] * sin],
        );
        let quad = frame(at, along, inward, width_m / 2.0, -40.0, 2600.0, 0.0);
        let shape = largest(geom::intersection(&polygon(&quad), &self.hosts[host].shape));
        let area_m2 = geom::area_m2(&shape);
        if !self.is_free(host, &quad)
            || area_m2 < 9000.0
            || area_m2 > self.hosts[host].area_m2 * 0.25
            || geom::width_m(&shape) < width_m * 0.8
        {
            return 0.0;
        }
        let (since, right) = (self.epoch(dice), self.lawful(dice));
        let [near, far] = depths(&shape, at, inward);
        let wide = frame(at, along, inward, width_m / 2.0 + 8.0, near - 2.0, far + 2.0, 0.0);
        self.growth.allotments.push(Allotment { right, since, shape: self.within(host, &wide) });
        self.add(host, quad, shape, Nature::Loss, Group::Transport, "DGT", since, right)
    }

    /// A small rectangle near houses or a road, wholly inside its host.
    fn small(&mut self, host: usize, dice: &mut Dice, area_m2: f64, reach_m: f64) -> Option<Quad> {
        let (at, along, inward) = self.front(host, false, dice)?;
        let (aspect, off, lean) = (dice.range(0.8, 2.2), dice.unit(), dice.range(-0.08, 0.08));
        let (length, depth) = ((area_m2 * aspect).sqrt(), (area_m2 / aspect).sqrt());
        // Most stand by the road; the square keeps them near.
        let off = 2.0 + off * off * (reach_m - depth - 8.0).max(0.0);
        let quad = frame(at, along, inward, length / 2.0, off, off + depth, lean);
        (lies_inside(&quad, &self.hosts[host].shape) && self.is_free(host, &quad)).then_some(quad)
    }

    fn unplanned(&mut self, lottery: &Lottery, dice: &mut Dice, _: f64) -> f64 {
        let growth = &self.figures.growth;
        let area_m2 = draw_size(&growth.unplanned_m2, dice);
        let legacy = dice.chance(growth.legacy_share);
        let uses = &growth.unplanned_uses;
        let (code, group, _) = &uses[dice.weighted(uses.iter().map(|u| u.2))];
        let Some((host, quad)) = (0..20).find_map(|_| {
            let host = lottery.draw(dice)?;
            Some((host, self.small(host, dice, area_m2, growth.unplanned_reach_m)?))
        }) else {
            return 0.0;
        };
        let code = if code == "ONT" && self.hosts[host].is_ward { "ODT" } else { code };
        let (since, right) = if legacy { (0, Right::Legacy) } else { (self.epoch(dice), Right::Unplanned) };
        self.add(host, quad, polygon(&quad), Nature::Loss, *group, code, since, right)
    }

    fn farm_structure(&mut self, lottery: &Lottery, dice: &mut Dice, _: f64) -> f64 {
        let Some(host) = lottery.draw(dice) else { return 0.0 };
        let area_m2 = dice.range(120.0, 480.0);
        let since = self.epoch(dice);
        match self.small(host, dice, area_m2, self.figures.growth.unplanned_reach_m) {
            Some(quad) => self.add(host, quad, polygon(&quad), Nature::Loss, Group::Built, "SKC", since, Right::FarmStructure),
            None => 0.0,
        }
    }

    /// Somewhere in a host, as wide and deep as asked, turned like its first border.
    fn somewhere(&mut self, host: usize, dice: &mut Dice, width_m: f64, depth_m: f64) -> Option<Quad> {
        let [x0, y0, x1, y1] = geom::bounds(&self.hosts[host].shape)?;
        let at = [dice.range(x0, x1), dice.range(y0, y1)];
        let along = match self.hosts[host].fronts.first() {
            Some(f) => [(f.b[0] - f.a[0]) / distance_m(f.a, f.b).max(1e-6), (f.b[1] - f.a[1]) / distance_m(f.a, f.b).max(1e-6)],
            None => [1.0, 0.0],
        };
        let quad = frame(at, along, [-along[1], along[0]], width_m / 2.0, 0.0, depth_m, 0.0);
        (lies_inside(&quad, &self.hosts[host].shape) && self.is_free(host, &quad)).then_some(quad)
    }

    fn crop_switch(&mut self, lottery: &Lottery, dice: &mut Dice, _: f64) -> f64 {
        let Some(host) = lottery.draw(dice) else { return 0.0 };
        let (area_m2, aspect, pond) = (dice.log_normal(5000.0, 0.7).clamp(800.0, 30_000.0), dice.range(0.6, 1.8), dice.chance(0.4));
        let since = self.epoch(dice);
        match self.somewhere(host, dice, (area_m2 * aspect).sqrt(), (area_m2 / aspect).sqrt()) {
            Some(quad) => self.add(
                host,
                quad,
                polygon(&quad),
                Nature::CropSwitch,
                Group::None,
                if pond { "NTS" } else { "CLN" },
                since,
                Right::Unknown,
            ),
            None => 0.0,
        }
    }

    fn farm_works(&mut self, lottery: &Lottery, dice: &mut Dice, _: f64) -> f64 {
        let Some(host) = lottery.draw(dice) else { return 0.0 };
        let (width_m, length_m, track) = (dice.range(2.2, 3.3), dice.range(60.0, 220.0), dice.chance(0.6));
        let since = self.epoch(dice);
        let (group, code) = if track { (Group::Transport, "DGT") } else { (Group::Water, "DTL") };
        match self.somewhere(host, dice, width_m, length_m) {
            Some(quad) => self.add(host, quad, polygon(&quad), Nature::FarmWorks, group, code, since, Right::Unknown),
            None => 0.0,
        }
    }
}

/// How far inward from `at` a shape begins and ends.
fn depths(shape: &MultiPolygon, at: Point, inward: Point) -> [f64; 2] {
    let depths = shape.0.iter().flat_map(|p| &p.exterior().0).map(|c| (c.x - at[0]) * inward[0] + (c.y - at[1]) * inward[1]);
    depths.fold([f64::MAX, f64::MIN], |[low, high], d| [low.min(d), high.max(d)])
}

/// A four-sided piece from `near` to `far` inward, `half` to either side of `at`; `lean` narrows its far side.
fn frame(at: Point, along: Point, inward: Point, half: f64, near: f64, far: f64, lean: f64) -> Quad {
    let p = |u: f64, v: f64| [at[0] + along[0] * u + inward[0] * v, at[1] + along[1] * u + inward[1] * v];
    [p(-half, near), p(half, near), p(half * (1.0 - lean), far), p(-half * (1.0 + lean * 0.4), far)]
}

fn polygon(quad: &Quad) -> MultiPolygon {
    let coord = |p: &Point| Coord { x: p[0], y: p[1] };
    MultiPolygon::new(vec![Polygon::new(Ring::new(quad.iter().chain([&quad[0]]).map(coord).collect()), Vec::new())])
}

fn largest(shape: MultiPolygon) -> MultiPolygon {
    let area = |p: &Polygon| geom::area_m2(&MultiPolygon::new(vec![p.clone()]));
    MultiPolygon::new(shape.0.into_iter().max_by(|a, b| area(a).total_cmp(&area(b))).into_iter().collect())
}

/// Whether two convex pieces lie at least `gap_m` apart along some side's direction.
fn apart(a: &Quad, b: &Quad, gap_m: f64) -> bool {
    let separates = |p: &Quad, q: &Quad| {
        (0..4).any(|k| {
            let (s, t) = (p[k], p[(k + 1) % 4]);
            let length = distance_m(s, t).max(1e-9);
            let normal = [(t[1] - s[1]) / length, -(t[0] - s[0]) / length];
            q.iter().map(|c| (c[0] - s[0]) * normal[0] + (c[1] - s[1]) * normal[1]).fold(f64::MAX, f64::min) >= gap_m
        })
    };
    separates(a, b) || separates(b, a)
}

/// Whether a convex piece lies inside a shape without touching its border.
fn lies_inside(quad: &Quad, shape: &MultiPolygon) -> bool {
    let coord = |p: &Point| Coord { x: p[0], y: p[1] };
    if !geom::contains(shape, coord(&quad[0])) {
        return false;
    }
    let (low, high) =
        quad.iter().fold(([f64::MAX; 2], [f64::MIN; 2]), |(l, h), p| ([l[0].min(p[0]), l[1].min(p[1])], [h[0].max(p[0]), h[1].max(p[1])]));
    let rings = shape.0.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()));
    rings.flat_map(|r| r.0.windows(2)).all(|w| {
        let (a, b) = ([w[0].x, w[0].y], [w[1].x, w[1].y]);
        let far = (0..2).any(|k| a[k].max(b[k]) < low[k] - 1.0 || a[k].min(b[k]) > high[k] + 1.0);
        far || apart(quad, &[a, b, b, a], 0.5)
    })
}
