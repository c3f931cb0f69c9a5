//! Who is behind zones: tables imported from spreadsheets and text with their dirt, linked both ways, reckoned with, told to everybody
//! but for how partners are reached.

use farmzone::access::{Person, Role};
use farmzone::engine::{Page, PartnersAsk, RegisterAsk};
use farmzone::formats::{About, Column, ColumnType, Export, Row, Table, Value as Cell};
use farmzone::model::{EpsgCode, PartnerTable};
use serde_json::{Value, json};

use crate::edits::{X, Y, engine, loaded};
use crate::program::{Bench, geojson_in, square};
use crate::store::outsider;

const PARTNERS: &str = "DANH SÁCH HỢP TÁC XÃ,,,,,,
Mã HTX,Tên HTX,Loại hình,Số thành viên,Vùng,Người đại diện,Số điện thoại
C1,HTX Đại Thanh,Hợp tác xã,120,a; Z404,Nguyễn Văn Kín,0912345678
C2,HTX Bưởi,hội quán,x,b,Trần Thị Kín,
c1,HTX khác,,,,,
C3,HTX Lúa,HTX,12,,,
C3,HTX Lúa,HTX,12,,,
,,,,,,0900000000
";

/// A spreadsheet of rows of texts, the first the header.
fn spreadsheet(bench: &Bench, name: &str, rows: &[&[&str]]) -> std::path::PathBuf {
    let columns: Vec<Column> = rows[0].iter().map(|name| Column::new(name, ColumnType::Text)).collect();
    let about = About { source: String::new(), epoch: None, revision: 1, is_simulated: false, licence: None };
    let path = bench.path(name);
    let mut out = Export::create(&path, EpsgCode(5897), None).unwrap();
    let cell = |text: &&str| if text.is_empty() { Cell::Null } else { Cell::Text((*text).to_owned()) };
    let row = |cells: &&[&str]| Row { values: cells.iter().map(cell).collect(), shape: None };
    out.layer(&Table { name: "bang", columns: &columns, about: &about, is_polygons: true }, rows[1..].iter().map(row)).unwrap();
    out.finish().unwrap();
    path
}

fn issues(done: &Value) -> Vec<String> {
    let one = |issue: &Value| format!("{} {}", issue["feature"].as_str().unwrap_or("–"), issue["code"].as_str().unwrap());
    done["issues"].as_array().unwrap().iter().map(one).collect()
}

/// Two zones, of which a house takes a quarter of a hectare of the first by 2025; cooperatives, linkages, products, trace codes.
fn behind() -> Bench {
    let bench = loaded();
    let built = [
        (json!({ "id": "house", "code": "ONT" }), &square(X - 50.0, Y + 50.0, 20.0)[..]),
        (json!({ "id": "yard", "code": "ONT" }), &square(X + 20.0, Y + 20.0, 50.0)[..]),
    ];
    bench.import(&bench.write("2025.geojson", geojson_in(5897, &built)), "landuse", &["--epoch", "2025"]).ok();
    let linkages = spreadsheet(
        &bench,
        "linkages.xlsx",
        &[
            &[
                "Mã liên kết",
                "Tên liên kết",
                "Nhóm sản phẩm",
                "Bên sản xuất",
                "Bên mua",
                "Sản lượng (tấn)",
                "Diện tích (ha)",
                "Từ ngày",
                "Đến ngày",
            ],
            &["L1", "Lúa J02", "Lúa", "C1", "Siêu thị A", "90", "4", "2024-06-01", "31/12/2027"],
            &["L2", "Bưởi – siêu thị", "Cây ăn quả", "HTX Bưởi; HTX Ma", "Siêu thị A", "mười", "", "hôm qua", ""],
        ],
    );
    let done = bench.import(&linkages, "linkages", &[]).ok();
    assert_eq!((&done["driver"], &done["n_add"], &done["n_unlinked"]), (&json!("XLSX"), &json!(2), &json!(2)), "{done}");
    assert_eq!(
        issues(&done),
        ["2 not_there", "2 not_there", "3 not_a_number", "3 bad_date", "3 not_there", "3 not_there", "3 not_there"],
        "what names nobody is kept and told"
    );
    let done = bench.import(&bench.write("partners.csv", PARTNERS), "partners", &[]).ok();
    assert_eq!((&done["n_read"], &done["n_kept"], &done["n_rejected"]), (&json!(6), &json!(2), &json!(4)), "{done}");
    bench
}

#[test]
fn tables_of_either_format_are_read_row_by_row_with_their_dirt() {
    let bench = behind();
    let issues_file = bench.path("issues.csv");
    let again = bench.import(&bench.path("partners.csv"), "partners", &["--replace", "--issues", "issues.csv", "--dry-run"]).ok();
    assert_eq!(issues(&again), ["3 contrary_rows", "4 unknown_kind", "4 not_a_number", "5 contrary_rows", "7 duplicate", "8 missing_key"]);
    let table = std::fs::read_to_string(&issues_file).unwrap();
    assert!(table.lines().count() == 7 && !table.contains("0912345678") && !table.contains("Kín"), "{table}");
    bench.import(&bench.path("partners.csv"), "partners", &[]).refused(5, &["farmzone_partners", "--replace", "--update"]);
    bench.import(&bench.path("partners.csv"), "partners", &["--strict", "--replace"]).refused(4, &["--strict"]);
    bench.import(&bench.path("partners.csv"), "partners", &["--replace", "--crs", "EPSG:5897"]).refused(2, &["--crs"]);
    bench.import(&bench.path("partners.csv"), "partners", &["--replace", "--field", "name=Tên"]).refused(4, &["Tên"]);
    bench.import(&bench.path("2025.geojson"), "partners", &["--replace"]).refused(6, &[".xlsx"]);
    bench.import(&bench.write("none.csv", "id,name\n,\n,x�\n"), "partners", &["--replace"]).refused(4, &["unchanged"]);
    // Both of the rows that say otherwise were left: the one that is right is sent, with a row that is there.
    let more = bench.write("more.csv", "Mã HTX,Tên HTX,Số thành viên\nC1,HTX Đại Thanh,121\nC4,HTX Ma,3\nC3,HTX Lúa,9\n");
    let appended = bench.import(&more, "partners", &["--append", "--dry-run"]).ok();
    assert_eq!((&appended["n_add"], issues(&appended)), (&json!(2), vec!["4 already_there".to_owned()]), "{appended}");
    let appended = bench.import(&more, "partners", &["--append"]).ok();
    assert_eq!((&appended["n_add"], &appended["n_unlinked"]), (&json!(2), &json!(0)));
    bench.import(&more, "partners", &["--append"]).refused(4, &["nothing in it can be kept"]);
    let updated = bench.write("updated.csv", "Mã HTX,Vùng\nc1,a; Z404\n");
    let done = bench.import(&updated, "partners", &["--update"]).ok();
    assert_eq!((&done["n_change"], issues(&done)), (&json!(1), vec!["2 not_there".to_owned()]));
    let card = engine(&bench).snapshot().partner_card(PartnerTable::Partners, "C1", false).unwrap();
    assert_eq!((&card["members"], &card["name"]), (&json!(121), &json!("HTX Đại Thanh")), "what the file has no column for stays");
    // Another program sees attributes, and their values.
    let seen: (String, i64) = outsider(&bench.path("w.gpkg"))
        .query_row(
            "SELECT data_type, (SELECT count(*) FROM farmzone_partners) FROM gpkg_contents WHERE table_name = 'farmzone_partners'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!(seen, ("attributes".to_owned(), 4));
}

/// With everything that the dirt above left out.
fn linked() -> Bench {
    let bench = behind();
    let partners = "id,name,kind,zone_ids,representative,phone,identity_no
C1,HTX Đại Thanh,cooperative,a,Nguyễn Văn Kín,0912345678,001099000123
C2,HTX Bưởi,cooperative,b,Trần Thị Kín,,
S1,Siêu thị A,buyer,,Phạm Kín,0987654321,
";
    bench.import(&bench.write("whole.csv", partners), "partners", &["--replace"]).ok();
    let products = "Tên sản phẩm,Hạng sao,Năm công nhận,Chủ thể\nGạo Đại Thanh,4 sao,2024,HTX Đại Thanh\nBưởi sấy,9 sao,2023,C2\n";
    let done = bench.import(&bench.write("products.csv", products), "products", &[]).ok();
    assert_eq!(issues(&done), ["3 bad_stars"]);
    let traces = "Mã truy xuất,Sản phẩm\nT-1,Gạo Đại Thanh\nT-2,Gạo ma\n";
    assert_eq!(issues(&bench.import(&bench.write("traces.csv", traces), "traces", &[]).ok()), ["3 not_there"]);
    bench
}

fn ids(rows: &Value) -> Vec<&str> {
    rows.as_array().unwrap().iter().map(|row| row["id"].as_str().or(row["code"].as_str()).unwrap()).collect()
}

#[test]
fn zones_and_who_is_behind_them_lead_to_one_another_and_tonnes_are_counted() {
    let bench = linked();
    let engine = engine(&bench);
    let snapshot = engine.snapshot();
    let behind = snapshot.zone_card("a", None).unwrap()["properties"]["behind"].clone();
    let of = |table: &str| ids(&behind[table]["rows"]).iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    assert_eq!((of("partners"), of("linkages")), (vec!["C1".to_owned(), "S1".to_owned()], vec!["L1".to_owned()]), "{behind}");
    assert_eq!((of("products"), of("traces")), (vec!["Gạo Đại Thanh (HTX Đại Thanh)".to_owned()], vec!["T-1".to_owned()]));
    for table in PartnerTable::ALL {
        for id in of(table.as_str()) {
            let card = snapshot.partner_card(*table, &id, false).unwrap();
            assert!(ids(&card["zones"]).contains(&"a"), "{table} {id}: {card}");
        }
    }
    let linkage = snapshot.partner_card(PartnerTable::Linkages, "L1", false).unwrap();
    assert_eq!((ids(&linkage["zones"]), &linkage["linked"]["partners"]["n"]), (vec!["a"], &json!(2)));
    assert_eq!(linkage["linked"]["partners"]["rows"][0], json!({ "id": "S1", "name": "Siêu thị A", "kind": "buyer", "as": ["buyer"] }));
    assert_eq!(linkage["geometry"]["type"], "Polygon");
    // 4 ha of rice, a quarter of one lost, 12 t a hectare and year.
    let supply = &linkage["supply"];
    assert_eq!((&supply["kept_m2"], &supply["supply_t"], &supply["lost_t"]), (&json!(37_500.0), &json!(45.0), &json!(3.0)), "{supply}");
    assert_eq!(supply["by_since"], json!([{ "since": "2025", "lost_m2": 2_500.0, "lost_t": 3.0, "is_since_start": true }]));
    assert_eq!((&supply["contracted_t_share"], &supply["contracted_ha_share"]), (&json!(0.5), &json!(0.9375)));
    let unlinked = snapshot.partner_card(PartnerTable::Linkages, "L2", false).unwrap();
    assert_eq!(unlinked["unlinked"], json!([{ "column": "producers", "text": "HTX Ma", "n_found": 0 }]));
    assert_eq!((ids(&unlinked["zones"]), &unlinked["contracted_t"]), (vec!["b"], &Value::Null));
    // A yield that the linkage itself states wins over that of the kind.
    let stated = bench.write("stated.csv", "id,yield_t_ha,harvests\nL1,\"5,5\",2\n");
    bench.import(&stated, "linkages", &["--update"]).ok();
    let snapshot = crate::edits::engine(&bench).snapshot();
    assert_eq!(snapshot.partner_card(PartnerTable::Linkages, "L1", false).unwrap()["supply"]["supply_t"], json!(41.3));
    // Harvests alone, too; a zone of another kind under one stated yield is of the same; one without a yield adds nothing.
    let supply_of = |rows: &str| {
        bench.import(&bench.write("other.csv", rows), "linkages", &["--update"]).ok();
        let supply = crate::edits::engine(&bench).snapshot().partner_card(PartnerTable::Linkages, "L1", false).unwrap()["supply"].clone();
        let of_kind = |kind: &str| supply["by"].as_array().unwrap().iter().find(|part| part["kind"] == kind).unwrap()["supply_t"].clone();
        (supply["supply_t"].clone(), supply["of"].clone(), of_kind("rice"))
    };
    assert_eq!(supply_of("id,yield_t_ha,harvests\nL1,,3\n").0, json!(67.5));
    let (all, of, rice) = supply_of("id,yield_t_ha,harvests,zone_ids\nL1,4,1,a; b\n");
    assert!(all.as_f64() > rice.as_f64() && rice == json!(15.0) && of == Value::Null, "{all} {of} {rice}");
    let (all, of, rice) = supply_of("id,yield_t_ha,harvests,zone_ids\nL1,,,a; b\n");
    assert_eq!((all, of, rice), (Value::Null, Value::Null, json!(45.0)), "paddy and pomelos do not add up");
    // Lists.
    let list = |ask: PartnersAsk| snapshot.partners_list(PartnerTable::Partners, &ask, Page::default()).unwrap();
    assert_eq!(ids(&list(PartnersAsk { text: Some("dai thanh".to_owned()), ..PartnersAsk::default() })["partners"]), ["C1"]);
    assert_eq!(ids(&list(PartnersAsk { zone: Some("b".to_owned()), ..PartnersAsk::default() })["partners"]), ["C2", "S1"]);
    let buyers = list(PartnersAsk { kinds: vec!["buyer".parse().unwrap()], ..PartnersAsk::default() });
    assert_eq!(
        (ids(&buyers["partners"]), &buyers["partners"][0]["n_zones"]),
        (vec!["S1"], &json!(2)),
        "a buyer has the zones that grow for it"
    );
    let linkages = snapshot.partners_list(PartnerTable::Linkages, &PartnersAsk::default(), Page::default()).unwrap();
    assert_eq!((&linkages["n"], &linkages["n_unlinked"]), (&json!(2), &json!(1)));
    // The search finds all of them, and says where they lie.
    for (typed, of_type, id) in [
        ("htx dai thanh", "partner", "C1"),
        ("Lúa J02", "linkage", "L1"),
        ("gao dai thanh", "product", "Gạo Đại Thanh (HTX Đại Thanh)"),
        ("T-1", "trace", "T-1"),
    ] {
        let first = snapshot.search(typed, 5).unwrap()["results"][0].clone();
        assert_eq!(
            (first["type"].as_str(), first["id"].as_str(), first["bounds"].is_array()),
            (Some(of_type), Some(id), true),
            "{typed}: {first}"
        );
    }
    let nowhere = snapshot.search("T-2", 5).unwrap()["results"][0].clone();
    assert_eq!((&nowhere["id"], &nowhere["bounds"], &nowhere["center"]), (&json!("T-2"), &Value::Null, &Value::Null));
}

#[test]
fn how_a_partner_is_reached_is_for_who_may_read_holders_and_in_no_file_of_the_map() {
    let bench = linked();
    let engine = engine(&bench);
    let snapshot = engine.snapshot();
    let officers = snapshot.partner_card(PartnerTable::Partners, "C1", true).unwrap();
    assert_eq!(officers["private"]["phone"], "0912345678");
    let secrets = ["0912345678", "0987654321", "001099000123", "Kín"];
    let mut told = vec![snapshot.zone_card("a", None).unwrap().to_string(), snapshot.search("kin", 50).unwrap().to_string()];
    for table in PartnerTable::ALL {
        told.push(snapshot.partners_list(*table, &PartnersAsk::default(), Page::default()).unwrap().to_string());
    }
    for id in ["C1", "C2", "S1"] {
        told.push(snapshot.partner_card(PartnerTable::Partners, id, false).unwrap().to_string());
    }
    for secret in secrets {
        assert!(told.iter().all(|text| !text.contains(secret)), "{secret}");
        let workspace = std::fs::read(bench.path("w.gpkg")).unwrap();
        assert!(!workspace.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()), "{secret} is in the workspace");
    }
    let private = std::fs::read(bench.path("w.private.sqlite")).unwrap();
    assert!(private.windows(10).any(|bytes| bytes == b"0912345678"), "it is beside it");
    // A copy takes it along; who goes takes it away.
    bench.run(&["backup", "w.gpkg", "copy.gpkg"]).ok();
    let copy = std::fs::read(bench.path("copy.private.sqlite")).unwrap();
    assert!(copy.windows(10).any(|bytes| bytes == b"0912345678"));
    bench.import(&bench.write("gone.csv", "id,name\nC2,HTX Bưởi\n"), "partners", &["--replace"]).ok();
    let after = crate::edits::engine(&bench).snapshot();
    assert!(after.partner_card(PartnerTable::Partners, "C1", true).is_err());
    let stays = after.partner_card(PartnerTable::Partners, "C2", true).unwrap();
    assert_eq!(stays["private"]["representative"], "Trần Thị Kín", "of who stays what is known stays");
    // A file that spells the key otherwise, and has one column of how they are reached, leaves the others.
    bench.import(&bench.write("phone.csv", "id,name,phone\nc2,HTX Bưởi,0900111222\n"), "partners", &["--replace"]).ok();
    let replaced = crate::edits::engine(&bench).snapshot().partner_card(PartnerTable::Partners, "c2", true).unwrap();
    let reached = &replaced["private"];
    assert_eq!((&reached["representative"], &reached["phone"]), (&json!("Trần Thị Kín"), &json!("0900111222")));
    bench.import(&bench.write("spelled.csv", "id,name\nC2,HTX Bưởi\n"), "partners", &["--replace"]).ok();
    let spelled = crate::edits::engine(&bench).snapshot().partner_card(PartnerTable::Partners, "C2", true).unwrap();
    assert_eq!(spelled["private"], replaced["private"], "a key that is spelled otherwise is the same partner's");
    bench.run(&["drop", "w.gpkg", "farmzone_partners"]).ok();
    bench.run(&["drop", "w.gpkg", "farmzone_partners"]).refused(3, &["farmzone_partners"]);
    bench.import(&bench.write("again.csv", "id,name\nC2,HTX Bưởi\n"), "partners", &[]).ok();
    let again = crate::edits::engine(&bench).snapshot().partner_card(PartnerTable::Partners, "C2", true).unwrap();
    assert_eq!(again["private"]["representative"], Value::Null, "with the table went how they are reached");
}

#[test]
fn a_table_that_is_sent_is_looked_at_first_and_kept_against_what_was_looked_at() {
    let bench = linked();
    let engine = engine(&bench);
    let officer = Person { name: "an".to_owned(), role: Role::Officer, ..Person::nobody() };
    let file = "Mã,Tên,Số điện thoại\nC1,HTX Đại Thanh mới,0911111111\nC9,HTX Chín,\n,,\nC9,HTX khác,\n";
    let mut ask = RegisterAsk { filename: "p.csv".to_owned(), ..RegisterAsk::default() };
    let look = |ask: &RegisterAsk| engine.import_partner_table(file.as_bytes(), PartnerTable::Partners, ask, &officer);
    let review = look(&ask).unwrap().review;
    let n = |name: &str| review[name].as_u64().unwrap();
    assert_eq!((n("n_change"), n("n_add"), n("n_set_aside")), (1, 0, 2), "{review}");
    let changes = &review["rows"][0]["changes"];
    assert_eq!(changes[0], json!({ "field": "name", "before": "HTX Đại Thanh", "after": "HTX Đại Thanh mới" }));
    assert_eq!(changes[1], json!({ "field": "phone", "before": null, "after": null }), "that it changes, and not what");
    assert_eq!((&review["kept"], review["rows"][1]["issues"][0]["code"].as_str()), (&json!(false), Some("contrary_rows")));
    ask.keep = true;
    ask.revision = review["revision"].as_u64();
    assert_eq!(look(&ask).unwrap().review["kept"], true);
    assert!(look(&ask).is_err(), "it was looked at before that");
    let card = engine.snapshot().partner_card(PartnerTable::Partners, "C1", true).unwrap();
    assert_eq!((&card["name"], &card["private"]["phone"]), (&json!("HTX Đại Thanh mới"), &json!("0911111111")));
    assert_eq!(card["private"]["representative"], "Nguyễn Văn Kín");
    ask.revision = None;
    let limited = Person { units: vec!["10001".to_owned()], ..officer.clone() };
    let refused = engine.import_partner_table(file.as_bytes(), PartnerTable::Partners, &ask, &limited).err().unwrap();
    assert!(refused.to_string().contains("limited"), "{refused}");
    let viewer = Person::nobody();
    assert!(engine.import_partner_table(file.as_bytes(), PartnerTable::Partners, &ask, &viewer).is_err());
}
