//! What a register knows of each zone: name, code, cooperative, variety, certificate, declared area;
//! with the small errors that registers have.

use super::UnitPoint;
use super::dice::Dice;
use super::figures::Figures;
use super::zoning::Draft;
use crate::geom;
use crate::model::{MultiPolygon, Zone};

/// The register's rows for the drawn zones, in their order; ids `Z00001` … .
pub(super) fn zones(figures: &Figures, units: &[UnitPoint], drafts: &[Draft], shapes: Vec<MultiPolygon>) -> Vec<Zone> {
    let mut dice = Dice::new(figures.seed, "register");
    let mut per_unit: std::collections::BTreeMap<(usize, usize), usize> = Default::default();
    let mut linkage_left_ha = figures.register.linkage_ha;
    let mut zones: Vec<Zone> = Vec::with_capacity(drafts.len());
    for (k, (draft, shape)) in drafts.iter().zip(shapes).enumerate() {
        let (kind, unit) = (&figures.kinds[draft.kind], &units[draft.unit]);
        let area_m2 = geom::area_m2(&shape);
        let number = per_unit.entry((draft.unit, draft.kind)).or_default();
        *number += 1;
        let linked = kind.key == "rice" && area_m2 >= 30e4 && linkage_left_ha > 0.0 && dice.chance(0.5);
        if linked {
            linkage_left_ha -= area_m2 / 1e4;
        }
        let variety = if linked { "J02".to_owned() } else { kind.varieties[dice.index(kind.varieties.len())].clone() };
        let title = if linked { "Vùng lúa liên kết J02" } else { kind.title.as_str() };
        let (standard, standard_no, standard_until) = certificate(figures, &kind.key, k, &mut dice);
        zones.push(Zone {
            id: format!("Z{:05}", k + 1),
            kind: kind.key.as_str().into(),
            name: Some(if *number == 1 {
                arcstr::format!("{title} {}", unit.name)
            } else {
                arcstr::format!("{title} {} {number}", unit.name)
            }),
            code: None,
            unit: Some(unit.code.as_str().into()),
            crop: Some(kind.crop.as_str().into()),
            variety: Some(variety.into()),
            cooperative: cooperative(&kind.key, &unit.name, *number, &mut dice).map(Into::into),
            linkage: linked.then(|| arcstr::literal!("Liên kết lúa J02")),
            products: None,
            standard: standard.map(Into::into),
            standard_no: standard_no.map(Into::into),
            standard_until: standard_until.map(Into::into),
            declared_area_m2: Some(declared(area_m2, figures.register.share_mismatch, &mut dice)),
            established: Some(arcstr::format!("{}-{:02}-{:02}", 2006 + dice.index(8), 1 + dice.index(12), 1 + dice.index(28))),
            kept: Vec::new(),
            shape,
        });
    }
    codes(figures, &mut zones, &mut dice);
    zones
}

fn cooperative(kind: &str, unit: &str, number: usize, dice: &mut Dice) -> Option<String> {
    let chance = dice.unit();
    let field = match kind {
        "safe_vegetables" => "HTX rau an toàn",
        "flowers" => "HTX hoa",
        "aquaculture" => "HTX thủy sản",
        "livestock" => "HTX chăn nuôi",
        "tea" => "HTX chè",
        _ => "HTX DVNN",
    };
    // About six communes' zones in ten are worked through a cooperative, a few of them in each commune.
    (chance < 0.62).then(|| if number % 4 < 2 { format!("{field} {unit}") } else { format!("{field} {unit} {}", number % 4) })
}

fn certificate(figures: &Figures, kind: &str, k: usize, dice: &mut Dice) -> (Option<String>, Option<String>, Option<String>) {
    let share = match kind {
        "safe_vegetables" => 0.9,
        "rice" => figures.register.share_standard * 0.8,
        "mulberry" | "craft_material" => 0.05,
        _ => figures.register.share_standard,
    };
    let (has, organic, lapsed) = (dice.chance(share), dice.chance(0.12), dice.chance(figures.register.share_lapsed));
    let (month, day, year) = (1 + dice.index(12), 1 + dice.index(28), dice.index(3));
    if !has {
        return (None, None, None);
    }
    let (standard, prefix) = if organic { ("Hữu cơ TCVN 11041", "HC") } else { ("VietGAP", "VG") };
    // The register was read in the middle of 2025.
    let until =
        if lapsed { format!("{}-{:02}-{day:02}", 2023 + year.min(1), month) } else { format!("{}-{:02}-{day:02}", 2026 + year, month) };
    (Some(standard.to_owned()), Some(format!("{prefix}-01-{:05}", 1000 + k)), Some(until))
}

/// What the zone's papers say, rounded like a person rounds; some are far off.
fn declared(area_m2: f64, share_mismatch: f64, dice: &mut Dice) -> f64 {
    let (mismatched, sign, much, little) = (dice.chance(share_mismatch), dice.chance(0.35), dice.range(0.025, 0.16), dice.normal());
    let factor = if mismatched { 1.0 + if sign { -much } else { much } } else { 1.0 + (little * 0.004).clamp(-0.012, 0.012) };
    (area_m2 * factor / 10.0).round() * 10.0
}

/// Gives the most likely zones a farming area code, and a few numbers to two of them.
fn codes(figures: &Figures, zones: &mut [Zone], dice: &mut Dice) {
    let register = &figures.register;
    let appetite = |kind: &str| match kind {
        "fruit" => 5.0,
        "safe_vegetables" => 4.0,
        "tea" => 3.0,
        "aquaculture" => 1.6,
        "rice" => 0.5,
        _ => 0.3,
    };
    let mut coded: Vec<usize> = Vec::new();
    let wanted = register.n_coded.min(zones.len());
    let mut order: Vec<(f64, usize)> = zones.iter().enumerate().map(|(k, z)| (dice.unit().ln() / appetite(&z.kind), k)).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    coded.extend(order.iter().take(wanted).map(|&(_, k)| k));
    coded.sort_unstable();
    for (n, &k) in coded.iter().enumerate() {
        let fresh = dice.chance(register.share_new_grammar);
        let zone = &mut zones[k];
        zone.code = Some(match zone.kind.as_str() {
            "aquaculture" => arcstr::format!("01-01-{:04}-{:03}", 1 + n, 1 + n % 7),
            kind if fresh => {
                let crop = match kind {
                    "fruit" => "BUOI",
                    "safe_vegetables" => "RAU",
                    "tea" => "CHE",
                    "rice" => "LUA",
                    _ => "KHAC",
                };
                let market = ["", "-CHN", "-JPN", "-EUR"][n % 4];
                arcstr::format!("01-PUC-{crop}{:02}-{:06}{market}", 1 + n % 20, n + 1)
            }
            _ => arcstr::format!("VN-HNOR-{:04}", n + 1),
        });
    }
    let n_twice = if coded.len() < 2 { 0 } else { ((coded.len() as f64 * register.share_duplicate_code).round() as usize).max(1) };
    for pair in 0..n_twice {
        let (a, b) = (coded[(pair * 37 + 3) % coded.len()], coded[(pair * 53 + 11) % coded.len()]);
        zones[b].code = zones[a].code.clone();
    }
}
