//! The simulated register of farming area codes: what the zones bear, with the dirt that registers have, so that every check
//! finds something somewhere.

use super::UnitPoint;
use super::dice::Dice;
use super::figures::Figures;
use crate::geom;
use crate::model::{CodeRecord, CodeStatus, StatusStep, Zone};

/// What is wrong with a record, if anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dirt {
    None,
    Lapsed,
    Suspended,
    Revoked,
    Pending,
    Missing,
    OldUnit,
    OtherUnit,
    Area,
    Crop,
    Yield,
    Inspection,
    Standard,
}

/// One record for each code that zones bear, in their order, then codes that lie on others' land and one that lies nowhere.
pub(super) fn records(figures: &Figures, units: &[UnitPoint], zones: &[Zone]) -> Vec<CodeRecord> {
    let mut dice = Dice::new(figures.seed, "codes");
    let mut records: Vec<CodeRecord> = Vec::new();
    for zone in zones {
        let Some(code) = zone.code.as_deref().filter(|code| records.iter().all(|r| r.code != *code)) else { continue };
        let dirt = dirt(figures, &mut dice);
        // Drawn whether it is used or not, so that one figure changes no other record.
        let record = record(zone, code, dirt, units, &mut dice);
        if dirt != Dirt::Missing {
            records.push(record);
        }
    }
    let n_own = records.len();
    for n in 0..figures.codes.n_double.min(n_own) {
        let on = records[(n * 29 + 7) % n_own].clone();
        let code = format!("VN-HNOR-{:04}", 900 + n);
        records.push(CodeRecord { raw: code.clone(), code, scheme: scheme("VN-").to_owned(), decision: None, ..on });
    }
    let nowhere = CodeRecord {
        area_name: Some("Vùng chưa có bản đồ".to_owned()),
        issued: Some("2024-05-06".to_owned()),
        ..CodeRecord::new("VN-HNOR-0990", scheme("VN-"), CodeStatus::Active)
    };
    records
        .push(CodeRecord { market: Some("CHN".to_owned()), crop: Some("Bưởi".to_owned()), declared_area_m2: Some(52_000.0), ..nowhere });
    records
}

fn dirt(figures: &Figures, dice: &mut Dice) -> Dirt {
    let f = &figures.codes;
    let kinds = [
        (Dirt::Lapsed, f.share_lapsed),
        (Dirt::Suspended, f.share_suspended),
        (Dirt::Revoked, f.share_revoked),
        (Dirt::Pending, f.share_pending),
        (Dirt::Missing, f.share_missing),
        (Dirt::OldUnit, f.share_old_unit),
        (Dirt::OtherUnit, f.share_other_unit),
        (Dirt::Area, f.share_area),
        (Dirt::Crop, f.share_crop),
        (Dirt::Yield, f.share_yield),
        (Dirt::Inspection, f.share_inspection),
        (Dirt::Standard, f.share_standard),
    ];
    let mut left = dice.unit();
    for (dirt, share) in kinds {
        left -= share;
        if left < 0.0 {
            return dirt;
        }
    }
    Dirt::None
}

/// The grammar that the city's codes are of, by their beginning.
fn scheme(code: &str) -> &'static str {
    match code {
        code if code.starts_with("VN-") => "export_legacy",
        code if code.contains("-PUC-") => "decree_38_2026",
        _ => "aquaculture_pond",
    }
}

fn market(code: &str, dice: &mut Dice) -> String {
    let abroad = ["CHN", "USA", "AUS"][dice.index(3)];
    let of_code = match code.rsplit('-').next() {
        Some("CHN") => "CHN",
        Some("JPN") => "JPN",
        Some("EUR") => "EU",
        _ if code.starts_with("VN-") => abroad,
        _ => "VN",
    };
    of_code.to_owned()
}

/// A likely yield, t/ha and harvest, and harvests a year.
fn yields(kind: &str) -> Option<(f64, f64)> {
    match kind {
        "rice" => Some((6.0, 2.0)),
        "safe_vegetables" => Some((20.0, 4.0)),
        "fruit" => Some((18.0, 1.0)),
        "tea" => Some((1.4, 7.0)),
        "mulberry" => Some((3.5, 8.0)),
        "flowers" => Some((20.0, 2.0)),
        "aquaculture" => Some((9.0, 1.0)),
        _ => None,
    }
}

fn record(zone: &Zone, code: &str, dirt: Dirt, units: &[UnitPoint], dice: &mut Dice) -> CodeRecord {
    let area_m2 = geom::area_m2(&zone.shape);
    let (year, month, day) = (2020 + dice.index(5), 1 + dice.index(12), 1 + dice.index(28));
    let issued = format!("{year}-{month:02}-{day:02}");
    let status = match dirt {
        Dirt::Suspended => CodeStatus::Suspended,
        Dirt::Revoked => CodeStatus::Revoked,
        Dirt::Pending => CodeStatus::Pending,
        _ => CodeStatus::Active,
    };
    let why = match dirt {
        Dirt::Suspended => Some("Phát hiện dư lượng vượt mức cho phép"),
        Dirt::Revoked => Some("Không duy trì điều kiện vùng trồng"),
        _ => None,
    };
    let mut status_history = vec![StatusStep { status: CodeStatus::Active, since: Some(issued.clone()), reason: None }];
    if status != CodeStatus::Active {
        let since = Some(format!("2026-{:02}-15", 1 + dice.index(9)));
        status_history.push(StatusStep { status, since, reason: why.map(str::to_owned) });
    }
    let own = units.iter().find(|u| Some(u.code.as_str()) == zone.unit.as_deref());
    let other = units[dice.index(units.len())].full_name.clone();
    let unit = match dirt {
        Dirt::OldUnit => {
            Some(format!("Xã {}, huyện {}", ["Cao Thành", "Hòa Nam", "Tân Ước"][dice.index(3)], ["Ứng Hòa", "Thanh Oai"][dice.index(2)]))
        }
        Dirt::OtherUnit => Some(other),
        _ => own.map(|u| u.full_name.clone()),
    };
    let declared = area_m2
        * match dirt {
            Dirt::Area => 1.0 + if dice.chance(0.7) { dice.range(0.05, 0.4) } else { -dice.range(0.05, 0.2) },
            _ => 1.0 + (dice.normal() * 0.003).clamp(-0.009, 0.009),
        };
    let (yield_t_ha, harvests) = yields(&zone.kind).unzip();
    let lent = if dirt == Dirt::Yield { 6.0 } else { dice.range(0.8, 1.1) };
    let crop = if dirt == Dirt::Crop { if zone.kind == "tea" { "Lúa" } else { "Chè" } } else { zone.crop.as_deref().unwrap_or("Rau") };
    let has_standard = zone.standard.is_some() || dirt == Dirt::Standard;
    CodeRecord {
        area_name: zone.name.as_deref().map(str::to_owned),
        address: own.map(|u| format!("{}, Thành phố Hà Nội", u.full_name)),
        unit,
        crop: Some(crop.to_owned()),
        variety: zone.variety.as_deref().map(str::to_owned),
        market: Some(market(code, dice)),
        status_history,
        valid_from: Some(issued.clone()),
        valid_to: Some(match dirt {
            Dirt::Lapsed => format!("2025-{:02}-30", 1 + 2 * dice.index(6)),
            _ => format!("{}-12-31", 2028 + dice.index(3)),
        }),
        issued: Some(issued),
        standard: has_standard.then(|| zone.standard.as_deref().unwrap_or("VietGAP").to_owned()),
        standard_no: zone.standard_no.as_deref().map(str::to_owned),
        standard_until: has_standard.then(|| if dirt == Dirt::Standard { "2025-08-31" } else { "2028-06-30" }.to_owned()),
        authority: Some("Chi cục Trồng trọt và Bảo vệ thực vật Hà Nội (mô phỏng)".to_owned()),
        decision: Some(format!("{}/QĐ-BVTV", 100 + dice.index(900))),
        last_inspection: Some("2026-03-10".to_owned()),
        next_inspection: Some(if dirt == Dirt::Inspection { "2026-04-30" } else { "2027-03-31" }.to_owned()),
        declared_area_m2: Some((declared / 10.0).round() * 10.0),
        yield_t_ha: yield_t_ha.map(|t| (t * lent * 10.0).round() / 10.0),
        harvests,
        households: Some(8 + dice.index(120) as u32),
        zone_ids: vec![zone.id.clone()],
        ..CodeRecord::new(code, scheme(code), status)
    }
}
