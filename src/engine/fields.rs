//! What the fields of exported layers mean: one line for each, in both languages.

use crate::formats::Column;
use crate::model::LayerRole;

/// A field of an exported layer.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub name: &'static str,
    /// `m²`, `m`, `degrees`; empty for what has none.
    pub unit: &'static str,
    pub vi: &'static str,
    pub en: &'static str,
}

const fn field(name: &'static str, unit: &'static str, vi: &'static str, en: &'static str) -> Field {
    Field { name, unit, vi, en }
}

const ZONES: &[Field] = &[
    field("id", "", "Mã của vùng trong bản đồ này", "Id of the zone in this map"),
    field("kind", "", "Loại vùng (khóa của kinds.toml: rice, fruit…)", "Kind of zone (a key of kinds.toml: rice, fruit…)"),
    field("name", "", "Tên vùng", "Name of the zone"),
    field("code", "", "Mã số vùng trồng, như ghi trong hồ sơ", "Farming area code, as written"),
    field("unit", "", "Mã xã, phường chứa phần lớn vùng", "Code of the commune that holds most of the zone"),
    field("unit_name", "", "Tên xã, phường ấy", "Name of that commune"),
    field("crop", "", "Cây trồng, vật nuôi", "Crop"),
    field("variety", "", "Giống", "Variety"),
    field("cooperative", "", "Hợp tác xã, trang trại", "Cooperative or farm"),
    field("linkage", "", "Liên kết sản xuất – tiêu thụ", "Linkage of production and consumption"),
    field("products", "", "Sản phẩm OCOP", "OCOP products"),
    field("standard", "", "Tiêu chuẩn (VietGAP, hữu cơ…)", "Standard (VietGAP, organic…)"),
    field("standard_no", "", "Số chứng nhận", "Number of the certificate"),
    field("standard_until", "", "Chứng nhận đến ngày", "Certified until"),
    field("declared_area_m2", "m²", "Diện tích kê khai", "Declared area"),
    field("established", "", "Lập từ", "Established"),
    field("area_m2", "m²", "Diện tích, mặt phẳng hệ tọa độ gốc, làm tròn 0,1", "Area in the plane of the map’s CRS, to 0.1"),
    field(
        "lost_m2",
        "m²",
        "Đã mất đến kỳ mới nhất; đất trong nhiều biến động tính một lần",
        "Lost by the latest epoch; land in several events once",
    ),
    field("n_events", "", "Số mảnh đất đã mất", "Pieces of lost land"),
];

const LAND_USE: &[Field] = &[
    field("id", "", "Mã của khoanh đất trong tệp gốc", "Id of the surface in its file"),
    field("code", "", "Mã loại đất", "Land-use code"),
    field(
        "group",
        "",
        "Nhóm: built, transport, sealed, water, public, none, unmapped",
        "Group: built, transport, sealed, water, public, none, unmapped",
    ),
    field("observed", "", "Ngày quan sát", "Observed on"),
];

const ENCROACHMENTS: &[Field] = &[
    field("id", "", "Mã biến động; giữ nguyên qua các kỳ", "Id of the event; stays over epochs"),
    field("zone_id", "", "Mã vùng bị ảnh hưởng", "Id of the zone concerned"),
    field(
        "group",
        "",
        "Đất trở thành gì: built, transport, sealed, water, public",
        "What the land became: built, transport, sealed, water, public",
    ),
    field("code", "", "Mã loại đất chiếm phần lớn nhất", "Land-use code of the largest part"),
    field("seen", "", "Kỳ quan sát", "Epoch in which it is seen"),
    field("since", "", "Kỳ đầu tiên thấy", "First epoch in which it was seen"),
    field("change", "", "So với kỳ trước: new, same, grown, shrunk", "Against the epoch before: new, same, grown, shrunk"),
    field(
        "right",
        "",
        "Căn cứ: permitted, planned, farm_structure, legacy, unplanned, unknown",
        "Right: permitted, planned, farm_structure, legacy, unplanned, unknown",
    ),
    field("severity", "", "Số bậc diện tích theo Nghị định 123/2024 (đất lúa)", "Steps of Decree 123/2024 reached (rice land)"),
    field("area_m2", "m²", "Diện tích", "Area"),
    field("sigma_m2", "m²", "Độ lệch chuẩn của diện tích", "Standard deviation of the area"),
    field("probability", "", "Xác suất là thật, 0 đến 1", "Probability that it is real, 0 to 1"),
    field("share", "", "Phần của vùng, 0 đến 1", "Share of the zone, 0 to 1"),
    field("width_m", "m", "Bề rộng", "Width"),
    field("n_sources", "", "Số nguồn quan sát", "Sources that look at it"),
    field("n_agreeing", "", "Số nguồn đồng ý", "Sources that agree"),
    field("evidence", "", "Căn cứ, chứng cứ", "Evidence"),
    field("status", "", "Cán bộ đã xử lý đến đâu; rejected là không tính mất", "How far officers are; rejected is no loss"),
];

const UNITS: &[Field] = &[
    field("code", "", "Mã xã, phường", "Code of the commune or ward"),
    field("name", "", "Tên", "Name"),
    field("full_name", "", "Tên đầy đủ", "Full name"),
    field("valid_from", "", "Có hiệu lực từ", "Valid from"),
    field("area_m2", "m²", "Diện tích", "Area"),
];

const CONTEXT: &[Field] = &[
    field("id", "", "Mã trong tệp gốc", "Id in its file"),
    field("group", "", "Loại: road, water, place", "Group: road, water, place"),
    field("name", "", "Tên", "Name"),
    field("width_m", "m", "Bề rộng", "Width"),
];

/// What every layer has at its end.
const ABOUT: &[Field] = &[
    field("source", "", "Nguồn dữ liệu", "Source"),
    field("epoch", "", "Kỳ (năm) của hiện trạng", "Epoch (year) of land use"),
    field("revision", "", "Phiên bản dữ liệu", "Revision of the data"),
    field("date", "", "Ngày ghi tệp (UTC)", "Day on which the file was written (UTC)"),
    field("simulated", "", "1: dữ liệu mô phỏng, không phải đất có thật", "1: simulated data, no real land"),
    field("licence", "", "Giấy phép, nếu máy chủ nêu", "Licence, where the server states one"),
];

/// The fields of a layer, without those of `ABOUT`; nothing for layers whose dictionary nobody wrote.
pub fn fields_of(role: LayerRole) -> &'static [Field] {
    match role {
        LayerRole::Zones => ZONES,
        LayerRole::LandUse => LAND_USE,
        LayerRole::Encroachments => ENCROACHMENTS,
        LayerRole::Boundaries => UNITS,
        LayerRole::Context => CONTEXT,
        LayerRole::Permits | LayerRole::Codes => &[],
    }
}

/// The fields that every layer has at its end.
pub fn fields_about() -> &'static [Field] {
    ABOUT
}

/// The columns with what they mean.
pub(super) fn explained(role: LayerRole, columns: Vec<Column>) -> Vec<Column> {
    let meaning = |name: &str| fields_of(role).iter().find(|field| field.name == name).map(Field::line);
    columns.into_iter().map(|column| Column { meaning: meaning(&column.name), ..column }).collect()
}

impl Field {
    /// `Diện tích / Area (m²)`.
    pub(super) fn line(&self) -> String {
        let unit = if self.unit.is_empty() { String::new() } else { format!(" ({})", self.unit) };
        format!("{} / {}{unit}", self.vi, self.en)
    }
}
