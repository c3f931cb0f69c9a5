//! Which columns of a register's file are ours: by our name, or by what registers call them.

use std::collections::BTreeMap;

use crate::formats::columns;
use crate::legend::fold;
use crate::model::LayerRole;

/// Folded names, without what stands in brackets; the first that a file has wins.
const CALLED: &[Called] = &[
    (
        "code",
        &[
            "ma so vung trong",
            "ma vung trong",
            "ma so",
            "ma so co so",
            "ma so ao",
            "ma vt",
            "ma",
            "puc",
            "puc code",
            "farming area code",
            "area code",
        ],
    ),
    ("part", &["thua", "so thua", "phan", "khu", "lo"]),
    ("zone_ids", &["zone id", "zone", "ma vung", "vung ban do"]),
    ("area_name", &["ten vung trong", "ten vung", "ten co so", "ten", "area name", "name of area"]),
    ("address", &["dia chi", "dia diem", "vi tri"]),
    ("unit", &["xa phuong", "xa", "phuong xa", "phuong", "don vi hanh chinh", "commune"]),
    ("crop", &["cay trong", "loai cay", "loai cay trong", "san pham", "doi tuong nuoi", "ten cay trong"]),
    ("variety", &["giong", "giong cay trong", "ten giong"]),
    ("market", &["thi truong", "thi truong xuat khau", "nuoc nhap khau", "thi truong nhap khau", "export market"]),
    ("status", &["trang thai", "tinh trang", "tinh trang ma", "trang thai ma", "hien trang"]),
    ("status_since", &["ngay thay doi trang thai", "ngay thu hoi", "ngay tam dung", "trang thai tu ngay"]),
    ("status_reason", &["ly do", "ly do thu hoi", "ly do tam dung"]),
    ("issued", &["ngay cap", "ngay cap ma", "thoi gian cap", "date of issue"]),
    ("valid_from", &["hieu luc tu", "hieu luc tu ngay", "tu ngay", "ngay hieu luc"]),
    ("valid_to", &["hieu luc den", "hieu luc den ngay", "den ngay", "ngay het han", "het han", "thoi han", "ngay het hieu luc"]),
    ("standard", &["tieu chuan", "chung nhan", "tieu chuan chung nhan"]),
    ("standard_no", &["so chung nhan", "so giay chung nhan", "ma so chung nhan"]),
    ("standard_until", &["han chung nhan", "chung nhan den ngay", "ngay het han chung nhan"]),
    ("authority", &["co quan cap", "don vi cap", "noi cap"]),
    ("decision", &["so quyet dinh", "quyet dinh", "van ban cap"]),
    ("last_inspection", &["ngay kiem tra", "kiem tra gan nhat", "lan kiem tra gan nhat", "ngay giam sat"]),
    ("next_inspection", &["kiem tra tiep theo", "ky kiem tra tiep theo", "ngay kiem tra tiep theo"]),
    ("declared_area_ha", &["dien tich ha", "dien tich dang ky ha", "area ha"]),
    ("declared_area_m2", &["dien tich m2", "dien tich dang ky m2", "area m2"]),
    ("yield_t_ha", &["nang suat", "nang suat tan ha", "nang suat tan ha vu"]),
    ("harvests", &["so vu", "so vu nam", "vu nam"]),
    ("households", &["so ho", "so ho tham gia", "so ho dan", "households"]),
    ("legacy_codes", &["ma cu", "ma so cu", "ma so truoc day"]),
    ("holder", &["nguoi dai dien", "to chuc dang ky", "chu ma", "ten to chuc ca nhan", "dai dien", "chu co so"]),
    ("phone", &["dien thoai", "so dien thoai", "sdt", "dien thoai lien he"]),
    ("identity_no", &["cccd", "so cccd", "cmnd", "so dinh danh", "can cuoc cong dan"]),
    ("farmers", &["danh sach ho", "danh sach nong dan", "danh sach nong ho"]),
];

/// An area's column that names no unit: taken as hectares, and said.
const AREA_WITHOUT_UNIT: &[&str] = &["dien tich", "dien tich dang ky", "tong dien tich", "area"];

/// Ours = theirs.
pub(in crate::engine) type Mapping = BTreeMap<String, String>;

/// Our column's name, and what tables call it: folded, without what stands in brackets.
pub(in crate::engine) type Called = (&'static str, &'static [&'static str]);

/// `Diện tích (ha)` → `dien tich ha`.
fn key(header: &str) -> String {
    let folded = fold(header).replace("m²", "m2");
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Columns whose brackets say a unit, which may not be left out.
fn has_unit(our: &str) -> bool {
    our.starts_with("declared_area") || ["yield_t_ha", "contracted_t", "contracted_ha"].contains(&our)
}

/// The same without what stands in brackets.
fn bare_key(header: &str) -> String {
    key(header.split(['(', '[']).next().unwrap_or_default())
}

/// Which columns fill ours: those that `given` names, then those of our names, then those that are called so. What `given` leaves out
/// stays in it with an empty name.
pub(in crate::engine) fn found(ours: &[&str], called: &[Called], existing: &[Option<String>], given: &Mapping) -> Mapping {
    let mut mapping = given.clone();
    let is_free = |mapping: &Mapping, theirs: &str| !mapping.values().any(|taken| taken.eq_ignore_ascii_case(theirs));
    let named = |ours: &str| existing.iter().flatten().find(|name| name.eq_ignore_ascii_case(ours));
    for our in ours {
        if let Some(theirs) = named(our).filter(|theirs| !mapping.contains_key(*our) && is_free(&mapping, theirs)) {
            mapping.insert((*our).to_owned(), theirs.clone());
        }
    }
    for (our, names) in called {
        let theirs = names.iter().find_map(|name| {
            let free = || existing.iter().flatten().filter(|theirs| is_free(&mapping, theirs));
            let whole = free().find(|theirs| key(theirs) == *name);
            whole.or_else(|| free().find(|theirs| bare_key(theirs) == *name && !has_unit(our)))
        });
        if let Some(theirs) = theirs.filter(|_| !mapping.contains_key(*our)) {
            mapping.insert((*our).to_owned(), theirs.clone());
        }
    }
    mapping
}

/// Which of a file's columns fill ours: those that `given` names, then those of our names, then those that registers call so. With
/// them whether an area's unit was guessed. An empty name in `given` leaves the column out.
pub(super) fn mapping(existing: &[Option<String>], given: &Mapping) -> (Mapping, bool) {
    let mut mapping = found(columns::of(LayerRole::Codes), CALLED, existing, given);
    let is_free = |mapping: &Mapping, theirs: &str| !mapping.values().any(|taken| taken.eq_ignore_ascii_case(theirs));
    let mut is_guessed = false;
    if !mapping.contains_key("declared_area_ha") && !mapping.contains_key("declared_area_m2") {
        let theirs =
            existing.iter().flatten().find(|theirs| AREA_WITHOUT_UNIT.contains(&key(theirs).as_str()) && is_free(&mapping, theirs));
        if let Some(theirs) = theirs {
            mapping.insert("declared_area_ha".to_owned(), theirs.clone());
            is_guessed = true;
        }
    }
    mapping.retain(|_, theirs| !theirs.is_empty());
    (mapping, is_guessed)
}

/// How many of ours a row's cells name: the row with most is the header.
pub(super) fn n_named(cells: &[Option<String>], given: &Mapping) -> usize {
    let n_given = given.values().filter(|theirs| cells.iter().flatten().any(|cell| cell.eq_ignore_ascii_case(theirs))).count();
    mapping(cells, &Mapping::new()).0.len() + n_given
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(names: &[&str]) -> Vec<Option<String>> {
        names.iter().map(|name| Some((*name).to_owned())).collect()
    }

    #[test]
    fn a_register_s_own_words_are_understood_and_an_option_wins() {
        let names = header(&[
            "TT",
            "Mã số vùng trồng",
            "Tên vùng trồng",
            "Diện tích (ha)",
            "Thị trường",
            "Ngày cấp",
            "Người đại diện",
            "Số điện thoại",
        ]);
        let (found, is_guessed) = mapping(&names, &Mapping::new());
        let pairs: Vec<String> = found.iter().map(|(our, theirs)| format!("{our}={theirs}")).collect();
        assert_eq!(
            pairs,
            [
                "area_name=Tên vùng trồng",
                "code=Mã số vùng trồng",
                "declared_area_ha=Diện tích (ha)",
                "holder=Người đại diện",
                "issued=Ngày cấp",
                "market=Thị trường",
                "phone=Số điện thoại"
            ]
        );
        assert!(!is_guessed);
        let given = Mapping::from([("code".to_owned(), "TT".to_owned())]);
        assert_eq!(mapping(&names, &given).0["code"], "TT");
        let left_out = Mapping::from([("market".to_owned(), String::new())]);
        assert!(!mapping(&names, &left_out).0.contains_key("market"), "an empty name leaves it out");
        let (plain, is_guessed) = mapping(&header(&["code", "Diện tích"]), &Mapping::new());
        assert!(is_guessed && plain["declared_area_ha"] == "Diện tích");
        assert_eq!(n_named(&header(&["DANH SÁCH MÃ SỐ VÙNG TRỒNG NĂM 2025"]), &Mapping::new()), 0);
    }
}
