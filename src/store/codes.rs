//! The register of farming area codes as rows, and beside the workspace what of it only officers read.
//!
//! A row is one part of a code; its key is (code, part). The table is a layer of its own, whose rows may lack a shape.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Row, params};

use super::blob;
use super::error::{During, StoreError};
use super::feature::{AsRow, Binder, Cells, RowFault, integer, real, text};
use super::private::PrivateStore;
use super::schema::Column;
use super::schema::Must::{HaveValue, MayBeNull};
use crate::geom;
use crate::model::{CodeHolder, CodeRecord, LayerRole, MultiPolygon};

/// What joins the texts of a list in one cell.
const JOINED: &str = "; ";

fn joined(list: &[String]) -> Option<String> {
    (!list.is_empty()).then(|| list.join(JOINED))
}

fn taken_apart(text: Option<String>) -> Vec<String> {
    let parts = |text: String| text.split(';').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect();
    text.map(parts).unwrap_or_default()
}

impl AsRow for CodeRecord {
    const ROLE: LayerRole = LayerRole::Codes;
    const COLUMNS: &'static [Column] = &[
        text("code", HaveValue),
        text("part", MayBeNull),
        text("raw", MayBeNull),
        text("scheme", MayBeNull),
        text("zone_ids", MayBeNull),
        text("area_name", MayBeNull),
        text("address", MayBeNull),
        text("unit", MayBeNull),
        text("crop", MayBeNull),
        text("variety", MayBeNull),
        text("market", MayBeNull),
        text("status", HaveValue),
        text("status_history", MayBeNull),
        text("issued", MayBeNull),
        text("valid_from", MayBeNull),
        text("valid_to", MayBeNull),
        text("standard", MayBeNull),
        text("standard_no", MayBeNull),
        text("standard_until", MayBeNull),
        text("authority", MayBeNull),
        text("decision", MayBeNull),
        text("last_inspection", MayBeNull),
        text("next_inspection", MayBeNull),
        real("declared_area_m2", MayBeNull),
        real("yield_t_ha", MayBeNull),
        real("harvests", MayBeNull),
        integer("households", MayBeNull),
        text("legacy_codes", MayBeNull),
    ];
    const N_KEY: usize = 2;

    fn id(&self) -> &str {
        &self.code
    }

    fn kept(&self) -> &[Option<String>] {
        &self.kept
    }

    fn write_blob(&self, srs_id: i32, out: &mut Vec<u8>) -> Option<[f64; 4]> {
        blob::write_shape(&self.shape, srs_id, out)
    }

    fn area_m2(&self) -> f64 {
        geom::area_m2(&self.shape)
    }

    fn bind(&self, cells: &mut Binder<'_, '_>) -> rusqlite::Result<()> {
        cells.value(&self.code)?;
        cells.text(&self.part)?;
        cells.value(&self.raw)?;
        cells.value(&self.scheme)?;
        cells.text(&joined(&self.zone_ids))?;
        let texts = [&self.area_name, &self.address, &self.unit, &self.crop, &self.variety, &self.market];
        texts.iter().try_for_each(|value| cells.text(value))?;
        cells.value(self.status.as_str())?;
        let history = (!self.status_history.is_empty()).then(|| serde_json::to_string(&self.status_history).unwrap_or_default());
        cells.text(&history)?;
        [&self.issued, &self.valid_from, &self.valid_to, &self.standard, &self.standard_no, &self.standard_until]
            .iter()
            .try_for_each(|value| cells.text(value))?;
        [&self.authority, &self.decision, &self.last_inspection, &self.next_inspection].iter().try_for_each(|value| cells.text(value))?;
        [self.declared_area_m2, self.yield_t_ha, self.harvests].into_iter().try_for_each(|value| cells.value(value))?;
        cells.value(self.households)?;
        cells.text(&joined(&self.legacy_codes))
    }

    fn read(cells: &mut Cells<'_>) -> Result<Self, RowFault> {
        // A code without land of its own has an empty cell when another program wrote it.
        let shape = if cells.has_shape() { cells.shape()? } else { MultiPolygon::new(Vec::new()) };
        let code = cells.required("code")?;
        Ok(CodeRecord {
            shape,
            part: cells.text(),
            raw: cells.text().unwrap_or_else(|| code.clone()),
            code,
            scheme: cells.text().unwrap_or_default(),
            zone_ids: taken_apart(cells.text()),
            area_name: cells.text(),
            address: cells.text(),
            unit: cells.text(),
            crop: cells.text(),
            variety: cells.text(),
            market: cells.text(),
            status: cells.word("status")?,
            status_history: cells.text().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
            issued: cells.text(),
            valid_from: cells.text(),
            valid_to: cells.text(),
            standard: cells.text(),
            standard_no: cells.text(),
            standard_until: cells.text(),
            authority: cells.text(),
            decision: cells.text(),
            last_inspection: cells.text(),
            next_inspection: cells.text(),
            declared_area_m2: cells.real("declared_area_m2")?,
            yield_t_ha: cells.real("yield_t_ha")?,
            harvests: cells.real("harvests")?,
            households: cells.real("households")?.map(|n| n as u32),
            legacy_codes: taken_apart(cells.text()),
            kept: cells.kept(),
        })
    }
}

/// (code, part); the part is empty for a code that has one.
pub type HolderKey = (String, String);

/// Makes the table that a file of the first version lacks.
pub(super) const HOLDERS: &str = "
CREATE TABLE IF NOT EXISTS code_holders (
  code TEXT NOT NULL, part TEXT NOT NULL, holder TEXT, phone TEXT, identity_no TEXT, farmers TEXT,
  PRIMARY KEY (code, part)) STRICT, WITHOUT ROWID;";

/// Holders of codes.
impl PrivateStore {
    /// By part, of one code.
    pub fn holders(&self, code: &str) -> Result<BTreeMap<String, CodeHolder>, StoreError> {
        let doing = "reading who holds a code";
        let sql = "SELECT part, holder, phone, identity_no, farmers FROM code_holders WHERE code = ?1";
        let mut statement = self.connection.prepare(sql).during(&self.path, doing)?;
        let rows = statement.query_map([code], |row| Ok((row.get(0)?, holder_of(row)?))).during(&self.path, doing)?;
        rows.collect::<rusqlite::Result<_>>().during(&self.path, doing)
    }

    /// Every one that is kept.
    pub fn all_holders(&self) -> Result<BTreeMap<HolderKey, CodeHolder>, StoreError> {
        let doing = "reading who holds the codes";
        let sql = "SELECT part, holder, phone, identity_no, farmers, code FROM code_holders";
        let mut statement = self.connection.prepare(sql).during(&self.path, doing)?;
        let rows = statement.query_map([], |row| Ok(((row.get(5)?, row.get(0)?), holder_of(row)?))).during(&self.path, doing)?;
        rows.collect::<rusqlite::Result<_>>().during(&self.path, doing)
    }

    /// Writes holders, in place of all that there were or beside them (what is empty goes), and then does `then`; when that fails nothing is
    /// changed here.
    pub fn put_holders<T, E: From<StoreError>>(
        &mut self,
        holders: &BTreeMap<HolderKey, CodeHolder>,
        replace: bool,
        then: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let done = self.try_change("writing who holds the codes", |c| {
            if replace {
                c.execute("DELETE FROM code_holders", [])?;
            }
            let sql = "INSERT INTO code_holders VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (code, part) DO UPDATE
                SET holder = ?3, phone = ?4, identity_no = ?5, farmers = ?6";
            let mut insert = c.prepare(sql)?;
            let mut remove = c.prepare("DELETE FROM code_holders WHERE code = ?1 AND part = ?2")?;
            for ((code, part), held) in holders {
                if held.is_empty() {
                    remove.execute(params![code, part])?;
                    continue;
                }
                let CodeHolder { holder, phone, identity_no, farmers } = held;
                insert.execute(params![code, part, holder, phone, identity_no, farmers])?;
            }
            Ok(then())
        });
        done.map_err(E::from)?
    }

    /// Whether anything is kept of any holder.
    pub fn has_holders(&self) -> Result<bool, StoreError> {
        let found: Option<i64> = self
            .connection
            .query_row("SELECT 1 FROM code_holders LIMIT 1", [], |row| row.get(0))
            .optional()
            .during(&self.path, "reading who holds the codes")?;
        Ok(found.is_some())
    }
}

fn holder_of(row: &Row<'_>) -> rusqlite::Result<CodeHolder> {
    Ok(CodeHolder { holder: row.get(1)?, phone: row.get(2)?, identity_no: row.get(3)?, farmers: row.get(4)? })
}

#[cfg(test)]
mod tests {
    use super::super::{Account, Mode, NewLayer, SrsDefinition, Store, private_path};
    use super::*;
    use crate::model::{CodeStatus, Coord, EpsgCode, Polygon, Role, StatusStep};

    fn square() -> MultiPolygon {
        let corners = [(0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0), (0.0, 0.0)];
        let ring = corners.iter().map(|(x, y)| Coord { x: *x, y: *y }).collect();
        MultiPolygon::new(vec![Polygon::new(geo_types::LineString::new(ring), Vec::new())])
    }

    fn record(code: &str, part: Option<&str>) -> CodeRecord {
        CodeRecord { part: part.map(str::to_owned), ..CodeRecord::new(code, "export_legacy", CodeStatus::Active) }
    }

    fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let srs = SrsDefinition { name: "VN-2000".to_owned(), wkt: "LOCAL_CS[\"x\"]".to_owned() };
        let store = Store::create(&dir.path().join("w.gpkg"), EpsgCode::HANOI, srs).unwrap();
        (dir, store)
    }

    #[test]
    fn a_register_comes_back_as_it_was_with_and_without_land() {
        let (_dir, mut store) = store();
        let full = CodeRecord {
            raw: "vn hnor 0001".to_owned(),
            zone_ids: vec!["Z1".to_owned(), "Z2".to_owned()],
            market: Some("CHN, USA".to_owned()),
            status_history: vec![StatusStep { status: CodeStatus::Active, since: Some("2024-01-02".to_owned()), reason: None }],
            declared_area_m2: Some(10_050.0),
            harvests: Some(2.0),
            households: Some(31),
            legacy_codes: vec!["VN-HNOR-001".to_owned()],
            shape: square(),
            ..record("VN-HNOR-0001", Some("2"))
        };
        let mut writer = store.begin::<CodeRecord>(NewLayer::default(), Mode::New).unwrap();
        let records = [record("VN-HNOR-0001", Some("1")), full, record("VN-HNOR-0002", None)];
        records.iter().for_each(|r| writer.write(r).unwrap());
        let layer = writer.finish().unwrap();
        assert_eq!((layer.name.as_str(), layer.n_features, layer.area_m2), ("farmzone_codes", 3, 10_000.0));
        let (read, issues) = store.reader().unwrap().features::<CodeRecord>("farmzone_codes").unwrap();
        assert_eq!((read.as_slice(), issues.len()), (&records[..], 0));
    }

    #[test]
    fn a_code_has_each_part_once_and_an_update_changes_the_part_it_names() {
        let (_dir, mut store) = store();
        let mut writer = store.begin::<CodeRecord>(NewLayer::default(), Mode::New).unwrap();
        writer.write(&record("A", None)).unwrap();
        writer.write(&record("A", None)).unwrap();
        assert!(matches!(writer.finish(), Err(StoreError::DuplicateIds { .. })));
        let mut writer = store.begin::<CodeRecord>(NewLayer::default(), Mode::New).unwrap();
        [record("A", None), record("A", Some("2"))].iter().for_each(|r| writer.write(r).unwrap());
        writer.finish().unwrap();
        let mut writer = store.begin::<CodeRecord>(NewLayer::default(), Mode::Update).unwrap();
        writer.write(&CodeRecord { status: CodeStatus::Revoked, ..record("A", None) }).unwrap();
        writer.finish().unwrap();
        let (read, _) = store.reader().unwrap().features::<CodeRecord>("farmzone_codes").unwrap();
        assert_eq!(read.iter().map(|r| r.status).collect::<Vec<_>>(), [CodeStatus::Revoked, CodeStatus::Active]);
    }

    #[test]
    fn holders_are_kept_apart_and_a_failure_after_them_leaves_them_as_they_were() {
        let (dir, _store) = store();
        let mut store = PrivateStore::open_or_create(&private_path(&dir.path().join("w.gpkg"))).unwrap();
        let holder = |phone: &str| CodeHolder { phone: Some(phone.to_owned()), ..CodeHolder::default() };
        let one = |code: &str, phone: &str| BTreeMap::from([((code.to_owned(), String::new()), holder(phone))]);
        let done =
            |store: &mut PrivateStore, holders: &BTreeMap<_, _>, replace| store.put_holders(holders, replace, || Ok::<_, StoreError>(()));
        done(&mut store, &one("A", "1"), false).unwrap();
        done(&mut store, &one("B", "2"), false).unwrap();
        assert_eq!(store.holders("A").unwrap()[""], holder("1"));
        let fails = || Err::<(), _>(StoreError::LastAdministrator { name: "x".to_owned() });
        assert!(store.put_holders(&one("A", "9"), true, fails).is_err());
        assert_eq!(store.all_holders().unwrap().len(), 2);
        assert_eq!(store.holders("A").unwrap()[""], holder("1"), "nothing was changed");
        done(&mut store, &BTreeMap::from([(("B".to_owned(), String::new()), CodeHolder::default())]), false).unwrap();
        assert!(store.holders("B").unwrap().is_empty(), "who holds nothing is not kept");
        done(&mut store, &one("B", "2"), false).unwrap();
        done(&mut store, &one("C", "3"), true).unwrap();
        assert_eq!(store.all_holders().unwrap().into_keys().collect::<Vec<_>>(), [("C".to_owned(), String::new())]);
    }

    #[test]
    fn accounts_of_a_file_of_an_earlier_version_stay_and_it_can_hold_holders() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("w.private.sqlite");
        let mut first = PrivateStore::open_or_create(&path).unwrap();
        let account =
            Account { name: "lan".to_owned(), role: Role::Planner, kinds: Vec::new(), units: Vec::new(), created: 1, is_disabled: false };
        first.add_account(&account, "phc").unwrap();
        first.connection.execute_batch("DROP TABLE code_holders; PRAGMA user_version = 2;").unwrap();
        drop(first);
        let open = || PrivateStore::open(&path).unwrap().unwrap();
        let (one, another) = (open(), open());
        assert_eq!(one.accounts().unwrap(), [account]);
        assert!(!one.has_holders().unwrap() && !another.has_holders().unwrap());
    }
}
