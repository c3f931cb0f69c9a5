//! Which columns of a file are ours: by our name, or by what such tables call them.

use crate::engine::register::columns::{Called, Mapping, found};
use crate::model::PartnerTable;

/// Columns of what only officers read; of partners alone.
pub(super) const PRIVATE: [&str; 3] = ["representative", "phone", "identity_no"];

const ZONES: &[&str] = &["vung", "ma vung", "vung ban do", "zone", "zones", "zone id", "ma so vung trong", "ma vung trong", "area codes"];

/// Folded names, without what stands in brackets; the first that a file has wins.
fn called(table: PartnerTable) -> &'static [Called] {
    match table {
        PartnerTable::Partners => &[
            ("id", &["ma", "ma so", "ma htx", "ma hop tac xa", "ma don vi", "ma so doanh nghiep", "partner id"]),
            ("name", &["ten", "ten htx", "ten hop tac xa", "ten don vi", "ten to chuc", "ten trang trai", "ten co so", "partner"]),
            ("kind", &["loai", "loai hinh", "hinh thuc", "loai to chuc", "type"]),
            ("unit", &["xa phuong", "xa", "phuong xa", "phuong", "don vi hanh chinh", "commune"]),
            ("address", &["dia chi", "dia diem", "tru so"]),
            ("members", &["so thanh vien", "thanh vien", "so ho", "so xa vien"]),
            ("founded", &["ngay thanh lap", "nam thanh lap", "thanh lap", "ngay dang ky"]),
            ("zone_ids", ZONES),
            ("representative", &["nguoi dai dien", "dai dien", "giam doc", "chu trang trai", "chu co so", "contact"]),
            ("phone", &["dien thoai", "so dien thoai", "sdt", "dien thoai lien he"]),
            ("identity_no", &["cccd", "so cccd", "cmnd", "so dinh danh", "can cuoc cong dan"]),
        ],
        PartnerTable::Linkages => &[
            ("id", &["ma", "ma so", "ma lien ket", "ma chuoi", "linkage id"]),
            ("name", &["ten", "ten lien ket", "ten chuoi", "chuoi lien ket", "lien ket", "linkage"]),
            ("kind", &["loai vung", "linh vuc", "nhom san pham"]),
            ("crop", &["cay trong", "san pham", "nong san", "mat hang", "product"]),
            ("producers", &["ben san xuat", "don vi san xuat", "nguoi san xuat", "htx", "hop tac xa", "ben ban", "producer"]),
            ("buyers", &["ben mua", "don vi thu mua", "don vi tieu thu", "doanh nghiep", "noi tieu thu", "ben tieu thu", "buyer"]),
            ("contracted_t", &["san luong", "san luong tan", "san luong tan nam", "san luong hop dong", "san luong hop dong tan", "tan"]),
            ("contracted_ha", &["dien tich", "dien tich ha", "quy mo ha", "dien tich lien ket ha", "dien tich hop dong ha", "ha"]),
            ("yield_t_ha", &["nang suat", "nang suat tan ha", "nang suat tan ha vu"]),
            ("harvests", &["so vu", "so vu nam", "vu nam"]),
            ("valid_from", &["tu ngay", "hieu luc tu", "ngay ky", "ngay bat dau", "bat dau"]),
            ("valid_to", &["den ngay", "hieu luc den", "ngay het han", "ngay ket thuc", "ket thuc", "thoi han"]),
            ("decision", &["so quyet dinh", "quyet dinh", "so hop dong", "hop dong", "van ban"]),
            ("zone_ids", ZONES),
        ],
        PartnerTable::Products => &[
            ("id", &["ma", "ma so", "ma san pham", "ma ocop", "product id"]),
            ("name", &["ten", "ten san pham", "san pham", "san pham ocop", "product"]),
            ("kind", &["loai vung", "linh vuc", "nhom san pham", "nhom"]),
            ("stars", &["so sao", "sao", "hang sao", "hang", "xep hang", "phan hang", "ket qua phan hang"]),
            ("recognised", &["nam", "nam cong nhan", "ngay cong nhan", "ngay cap", "cong nhan", "year"]),
            ("valid_to", &["den ngay", "hieu luc den", "ngay het han", "het han", "thoi han"]),
            ("decision", &["so quyet dinh", "quyet dinh", "van ban"]),
            ("owner", &["chu the", "ten chu the", "don vi", "co so san xuat", "chu so huu", "htx", "hop tac xa"]),
            ("zone_ids", ZONES),
        ],
        PartnerTable::Traces => &[
            ("code", &["ma truy xuat", "ma truy xuat nguon goc", "ma so truy xuat", "ma tem", "ma", "ma so", "gtin", "trace code"]),
            ("name", &["ten", "ten hang", "mo ta"]),
            ("product", &["san pham", "ten san pham", "ma san pham"]),
            ("owner", &["chu the", "ten chu the", "don vi", "co so san xuat", "htx", "hop tac xa", "doanh nghiep"]),
            ("issued", &["ngay cap", "ngay cap ma", "tu ngay"]),
            ("valid_to", &["den ngay", "hieu luc den", "ngay het han", "het han", "thoi han"]),
            ("zone_ids", ZONES),
        ],
    }
}

/// What a file can fill, what only officers read last.
pub(super) fn ours(table: PartnerTable) -> Vec<&'static str> {
    let private: &[&str] = if table == PartnerTable::Partners { &PRIVATE } else { &[] };
    table.columns().iter().map(|(name, _)| *name).chain(private.iter().copied()).collect()
}

/// Which of a file's columns fill ours. An empty name in `given` leaves the column out.
pub(super) fn mapping(table: PartnerTable, existing: &[Option<String>], given: &Mapping) -> Mapping {
    let mut mapping = found(&ours(table), called(table), existing, given);
    mapping.retain(|_, theirs| !theirs.is_empty());
    mapping
}

/// How many of ours a row's cells name: the row with most is the header.
pub(super) fn n_named(table: PartnerTable, cells: &[Option<String>], given: &Mapping) -> usize {
    let n_given = given.values().filter(|theirs| cells.iter().flatten().any(|cell| cell.eq_ignore_ascii_case(theirs))).count();
    mapping(table, cells, &Mapping::new()).len() + n_given
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_called_so_is_a_column_of_the_table() {
        for table in PartnerTable::ALL {
            for (our, names) in called(*table) {
                assert!(ours(*table).contains(our), "{table} {our}");
                let column = [Some(names[0].to_owned())];
                assert_eq!(mapping(*table, &column, &Mapping::new()).into_keys().collect::<Vec<_>>(), [*our], "{table}");
            }
        }
        // A tax number is a person's identity number where the partner is a household.
        let tax = [Some("Mã số thuế".to_owned())];
        assert!(mapping(PartnerTable::Partners, &tax, &Mapping::new()).is_empty());
        // Another unit is another column: a tenth of a tonne is no tonne.
        let heads = ["Năng suất (tạ/ha)", "Sản lượng (kg)", "Diện tích (m²)"].map(|head| Some(head.to_owned()));
        assert!(mapping(PartnerTable::Linkages, &heads, &Mapping::new()).is_empty());
        let heads = ["Năng suất (tấn/ha)", "Sản lượng (tấn/năm)", "Diện tích (ha)"].map(|head| Some(head.to_owned()));
        assert_eq!(mapping(PartnerTable::Linkages, &heads, &Mapping::new()).len(), 3);
        let heads = ["STT", "Tên HTX", "Xã/phường", "Số thành viên", "Số điện thoại"].map(|head| Some(head.to_owned()));
        let keys: Vec<String> = mapping(PartnerTable::Partners, &heads, &Mapping::new()).into_keys().collect();
        assert_eq!(keys, ["members", "name", "phone", "unit"]);
    }
}
