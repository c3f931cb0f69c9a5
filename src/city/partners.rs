//! Who is behind the simulated zones: cooperatives that the zones' papers name, farms, buyers, linkages, OCOP products and trace
//! codes, with the few names that lead nowhere which such tables have. Nothing of it exists; every row says so.

use std::collections::BTreeMap;

use super::UnitPoint;
use super::dice::Dice;
use super::figures::Figures;
use crate::geom;
use crate::model::{Linkage, Partner, PartnerKind, Product, TraceCode, Zone};

/// The four tables.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Behind {
    pub partners: Vec<Partner>,
    pub linkages: Vec<Linkage>,
    pub products: Vec<Product>,
    pub traces: Vec<TraceCode>,
}

/// What a cooperative's zones are of, the first of them first.
struct Fields<'a> {
    name: &'a str,
    kind: &'a str,
    unit: Option<&'a str>,
    crop: Option<&'a str>,
    area_ha: f64,
}

/// Likely tonnes a hectare and year; what is not weighed has none.
fn t_per_ha(kind: &str) -> Option<f64> {
    match kind {
        "rice" => Some(12.0),
        "safe_vegetables" => Some(80.0),
        "aquaculture" => Some(5.0),
        "mulberry" => Some(31.0),
        "fruit" => Some(18.0),
        "tea" => Some(8.5),
        _ => None,
    }
}

/// What is made of what grows there.
fn made_of(kind: &str) -> &'static [&'static str] {
    match kind {
        "rice" => &["Gạo J02", "Gạo nếp cái hoa vàng", "Gạo hữu cơ", "Bún khô", "Bánh gạo"],
        "safe_vegetables" => &["Rau cải an toàn", "Cà chua", "Dưa chuột muối", "Rau gia vị", "Su hào"],
        "aquaculture" => &["Chả cá", "Cá trắm kho", "Ruốc cá", "Cá rô phi phi lê"],
        "mulberry" => &["Tơ tằm", "Khăn lụa", "Trà lá dâu", "Mứt dâu tằm"],
        "fruit" => &["Bưởi Diễn", "Nhãn chín muộn", "Cam Canh", "Chuối sấy", "Ổi lê"],
        "flowers" => &["Trà hoa cúc", "Nước hoa hồng", "Hoa sấy khô"],
        "tea" => &["Chè búp", "Chè xanh ướp sen", "Trà túi lọc"],
        "livestock" => &["Trứng gà", "Giò lụa", "Sữa tươi thanh trùng", "Thịt lợn sạch"],
        "craft_material" => &["Giỏ mây", "Khay tre", "Chiếu cói"],
        _ => &["Nông sản sạch"],
    }
}

/// The tables of the drawn zones.
pub(super) fn tables(figures: &Figures, units: &[UnitPoint], zones: &[Zone]) -> Behind {
    let mut dice = Dice::new(figures.seed, "partners");
    let fields = cooperatives(units, zones);
    let mut behind = Behind { partners: partners(figures, &fields, units, zones, &mut dice), ..Behind::default() };
    behind.linkages = linkages(figures, &fields, zones, &mut dice);
    behind.products = products(figures, &fields, &mut dice);
    behind.traces = (0..figures.partners.n_traces)
        .map(|n| TraceCode {
            code: format!("TXNG-MP-{:05}", n + 1),
            product: (figures.partners.n_products > 0).then(|| product_id(n % figures.partners.n_products)),
            issued: Some(format!("{}-{:02}-{:02}", 2023 + dice.index(3), 1 + dice.index(12), 1 + dice.index(28))),
            valid_to: dice.chance(0.5).then(|| format!("{}-12-31", 2025 + dice.index(4))),
            simulated: true,
            ..TraceCode::default()
        })
        .collect();
    behind
}

/// Cooperatives in the order in which zones name them.
fn cooperatives<'a>(units: &'a [UnitPoint], zones: &'a [Zone]) -> Vec<Fields<'a>> {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut fields: Vec<Fields> = Vec::new();
    for zone in zones {
        let Some(name) = zone.cooperative.as_deref() else { continue };
        let place = *places.entry(name).or_insert(fields.len());
        if place == fields.len() {
            let unit = units.iter().find(|unit| Some(unit.code.as_str()) == zone.unit.as_deref()).map(|unit| unit.name.as_str());
            fields.push(Fields { name, kind: &zone.kind, unit, crop: zone.crop.as_deref(), area_ha: 0.0 });
        }
        fields[place].area_ha += geom::area_m2(&zone.shape) / 1e4;
    }
    fields
}

fn cooperative_id(place: usize) -> String {
    format!("HTX-MP-{:04}", place + 1)
}

fn buyer_id(place: usize) -> String {
    format!("BM-MP-{:02}", place + 1)
}

fn product_id(place: usize) -> String {
    format!("OCOP-MP-{:04}", place + 1)
}

/// The first three buyers: a rice mill, a silk workshop, a chain of supermarkets.
const N_FIRST_BUYERS: usize = 3;

fn partners(figures: &Figures, fields: &[Fields], units: &[UnitPoint], zones: &[Zone], dice: &mut Dice) -> Vec<Partner> {
    let mut partners: Vec<Partner> = Vec::new();
    for (n, field) in fields.iter().enumerate() {
        partners.push(Partner {
            id: cooperative_id(n),
            name: Some(field.name.to_owned()),
            kind: Some(PartnerKind::Cooperative),
            unit: field.unit.map(str::to_owned),
            address: field.unit.map(|unit| format!("{unit}, Hà Nội (mô phỏng)")),
            members: Some(7 + dice.index(240) as u32),
            founded: Some((2004 + dice.index(20)).to_string()),
            simulated: true,
            ..Partner::default()
        });
    }
    let is_farm = |zone: &&Zone| zone.cooperative.is_none() && ["livestock", "aquaculture", "fruit"].contains(&zone.kind.as_str());
    for (n, zone) in zones.iter().filter(is_farm).take(figures.partners.n_farms).enumerate() {
        let unit = units.iter().find(|unit| Some(unit.code.as_str()) == zone.unit.as_deref());
        partners.push(Partner {
            id: format!("TT-MP-{:04}", n + 1),
            name: Some(format!("Trang trại mô phỏng {}", n + 1)),
            kind: Some(PartnerKind::Farm),
            unit: unit.map(|unit| unit.name.clone()),
            members: Some(1 + dice.index(12) as u32),
            founded: Some((2008 + dice.index(16)).to_string()),
            zone_ids: vec![zone.id.clone()],
            simulated: true,
            ..Partner::default()
        });
    }
    for n in 0..figures.partners.n_buyers.max(N_FIRST_BUYERS) {
        let (kind, name) = match n {
            0 => (PartnerKind::Processor, "Nhà máy gạo mô phỏng".to_owned()),
            1 => (PartnerKind::Processor, "Xưởng ươm tơ mô phỏng".to_owned()),
            2 => (PartnerKind::Buyer, "Chuỗi siêu thị mô phỏng A".to_owned()),
            _ if n % 3 == 0 => (PartnerKind::Buyer, format!("Bếp ăn mô phỏng {}", n - 2)),
            _ => (PartnerKind::Buyer, format!("Siêu thị mô phỏng {}", n - 2)),
        };
        partners.push(Partner { id: buyer_id(n), name: Some(name), kind: Some(kind), simulated: true, ..Partner::default() });
    }
    partners
}

fn linkages(figures: &Figures, fields: &[Fields], zones: &[Zone], dice: &mut Dice) -> Vec<Linkage> {
    let place_of = |name: &str| fields.iter().position(|field| field.name == name);
    let growing = |takes: &dyn Fn(&Zone) -> bool| {
        let mut places: Vec<usize> = zones.iter().filter(|z| takes(z)).filter_map(|z| place_of(z.cooperative.as_deref()?)).collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter().map(cooperative_id).collect::<Vec<String>>()
    };
    let hectares = |takes: &dyn Fn(&Zone) -> bool| zones.iter().filter(|z| takes(z)).map(|z| geom::area_m2(&z.shape) / 1e4).sum::<f64>();
    let in_j02 = |zone: &Zone| zone.linkage.is_some();
    let j02 = Linkage {
        id: "LK-MP-001".to_owned(),
        // As the zones' papers have it: by this name they are found.
        name: Some("Liên kết lúa J02".to_owned()),
        kind: Some("rice".to_owned()),
        crop: Some("Lúa J02".to_owned()),
        producers: growing(&in_j02),
        buyers: vec![buyer_id(0)],
        contracted_t: Some(45_000.0),
        contracted_ha: Some(figures.register.linkage_ha),
        yield_t_ha: Some(6.25),
        harvests: Some(2.0),
        valid_from: Some("2022-01-01".to_owned()),
        valid_to: Some("2027-12-31".to_owned()),
        decision: Some("Hợp đồng mô phỏng 01/2022".to_owned()),
        simulated: true,
        ..Linkage::default()
    };
    let area_m2 = |zone: &&Zone| geom::area_m2(&zone.shape);
    let vegetables = zones.iter().filter(|zone| zone.kind == "safe_vegetables");
    let largest = vegetables.max_by(|a, b| area_m2(a).total_cmp(&area_m2(b)).then(b.id.cmp(&a.id)));
    let in_van_duc = |zone: &Zone| Some(&zone.id) == largest.map(|zone| &zone.id);
    let van_duc = Linkage {
        id: "LK-MP-002".to_owned(),
        name: Some("Rau an toàn Văn Đức – siêu thị".to_owned()),
        kind: Some("safe_vegetables".to_owned()),
        crop: Some("Rau".to_owned()),
        producers: growing(&in_van_duc),
        buyers: vec![buyer_id(2)],
        contracted_t: Some(15_000.0),
        contracted_ha: Some(250.0),
        valid_from: Some("2023-01-01".to_owned()),
        valid_to: Some("2028-12-31".to_owned()),
        decision: Some("Hợp đồng mô phỏng 02/2023".to_owned()),
        zone_ids: largest.map(|zone| zone.id.clone()).into_iter().collect(),
        simulated: true,
        ..Linkage::default()
    };
    let is_mulberry = |zone: &Zone| zone.kind == "mulberry";
    let silk = Linkage {
        id: "LK-MP-003".to_owned(),
        name: Some("Dâu tằm – tơ lụa".to_owned()),
        kind: Some("mulberry".to_owned()),
        crop: Some("Lá dâu".to_owned()),
        producers: growing(&is_mulberry),
        buyers: vec![buyer_id(1)],
        contracted_t: Some((hectares(&is_mulberry) * 25.0 / 100.0).round() * 100.0),
        contracted_ha: Some((hectares(&is_mulberry) / 10.0).round() * 10.0),
        valid_from: Some("2024-01-01".to_owned()),
        valid_to: Some("2029-12-31".to_owned()),
        decision: Some("Hợp đồng mô phỏng 03/2024".to_owned()),
        zone_ids: zones.iter().filter(|zone| is_mulberry(zone)).map(|zone| zone.id.clone()).collect(),
        simulated: true,
        ..Linkage::default()
    };
    let mut linkages = vec![j02, van_duc, silk];
    while linkages.len() < figures.partners.n_linkages && !fields.is_empty() {
        let number = linkages.len() + 1;
        let place = dice.index(fields.len());
        let field = &fields[place];
        let (of_harvest, is_over, has_gone, has_ended) =
            (dice.range(0.4, 0.95), dice.chance(0.08), dice.chance(figures.partners.share_unlinked), dice.chance(0.15));
        let buyers = 1 + dice.index(3);
        let buyers: Vec<String> =
            (0..buyers).map(|_| buyer_id(N_FIRST_BUYERS + dice.index(figures.partners.n_buyers.saturating_sub(3).max(1)))).collect();
        let start = 2020 + dice.index(5);
        let contracted_t =
            t_per_ha(field.kind).map(|t| ((field.area_ha * t * if is_over { 1.4 } else { of_harvest }).ceil() * 10.0).round() / 10.0);
        let gone = has_gone.then(|| format!("HTX đã giải thể {number} (mô phỏng)"));
        linkages.push(Linkage {
            id: format!("LK-MP-{number:03}"),
            name: Some(format!("Liên kết {} {}", field.crop.unwrap_or("nông sản").to_lowercase(), field.unit.unwrap_or("Hà Nội"))),
            kind: Some(field.kind.to_owned()),
            crop: field.crop.map(str::to_owned),
            producers: std::iter::once(cooperative_id(place)).chain(gone).collect(),
            buyers,
            contracted_t,
            contracted_ha: Some((field.area_ha * of_harvest).ceil()),
            valid_from: Some(format!("{start}-01-01")),
            valid_to: Some(format!("{}-12-31", if has_ended { 2024 } else { 2027 + dice.index(4) })),
            decision: Some(format!("Hợp đồng mô phỏng {number:02}/{start}")),
            simulated: true,
            ..Linkage::default()
        });
    }
    linkages
}

fn products(figures: &Figures, fields: &[Fields], dice: &mut Dice) -> Vec<Product> {
    let n_products = if fields.is_empty() { 0 } else { figures.partners.n_products };
    let product = |n: usize| {
        let place = dice.index(fields.len());
        let field = &fields[place];
        let made = made_of(field.kind);
        let (year, stars) = (2019 + dice.index(6), [3, 3, 3, 3, 4, 4, 4, 5][dice.index(8)]);
        Product {
            id: product_id(n),
            name: Some(format!("{} {}", made[dice.index(made.len())], field.unit.unwrap_or("Hà Nội"))),
            kind: Some(field.kind.to_owned()),
            stars: Some(stars),
            recognised: Some(year.to_string()),
            valid_to: Some(format!("{}-12-31", year + 3)),
            decision: Some(format!("{}/QĐ-UBND (mô phỏng)", 100 + dice.index(6000))),
            owner: Some(cooperative_id(place)),
            simulated: true,
            ..Product::default()
        }
    };
    (0..n_products).map(product).collect()
}
