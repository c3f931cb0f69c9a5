//! The tables of a workspace in SQL: GeoPackage 1.3 (OGC 12-128r17), its R-tree extension, and ours.
//!
//! No name in here comes from a user but those of kept columns, which `column_names` makes safe.
//! Identifiers are always quoted.

use crate::model::EpsgCode;

/// "GPKG", what the standard puts into SQLite's application_id.
pub(super) const APPLICATION_ID: i32 = 0x4750_4B47;
/// Of the tables of farmzone's own; a workspace of a higher one is refused.
pub(super) const VERSION: u32 = 4;
/// What a workspace with a register of codes says.
pub(super) const VERSION_OF_CODES: u32 = 4;
/// What a workspace with edits says.
pub(super) const VERSION_OF_EDITS: u32 = 3;
/// What a workspace with rasters and without edits says.
pub(super) const VERSION_OF_RASTERS: u32 = 2;
/// What a workspace without rasters says, so that the farmzone before rasters opens it still.
const FIRST_VERSION: u32 = 1;

/// The columns of a feature table, after `fid` and `geom`: name, type, whether it must have a value.
pub type Column = (&'static str, &'static str, Must);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Must {
    HaveValue,
    MayBeNull,
}

/// Everything an empty workspace has, but the row of its own CRS.
pub(super) fn workspace(crs: EpsgCode) -> String {
    format!(
        r#"
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = 10300;
CREATE TABLE gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
INSERT INTO gpkg_spatial_ref_sys VALUES
  ('Undefined Cartesian SRS', -1, 'NONE', -1, 'undefined', 'undefined Cartesian coordinate reference system'),
  ('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', 'undefined geographic coordinate reference system'),
  ('WGS 84', 4326, 'EPSG', 4326, '{WGS84_WKT}', 'longitude and latitude in degrees');
CREATE TABLE gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL,
  z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
CREATE TABLE farmzone_settings (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, "key" TEXT NOT NULL UNIQUE, value TEXT NOT NULL);
CREATE TABLE farmzone_layers (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  name TEXT NOT NULL UNIQUE REFERENCES gpkg_contents(table_name) ON DELETE CASCADE,
  role TEXT NOT NULL, epoch TEXT, source TEXT NOT NULL, source_crs TEXT NOT NULL, operation TEXT, accuracy_m REAL, legend TEXT,
  keep TEXT NOT NULL, simulated INTEGER NOT NULL, n_features INTEGER NOT NULL, area_m2 REAL NOT NULL,
  imported_at TEXT NOT NULL, measured_at TEXT NOT NULL, revision INTEGER NOT NULL, raster TEXT);
INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) VALUES
  ('farmzone_settings', 'attributes', 'farmzone_settings', 'farmzone: the workspace itself', 0),
  ('farmzone_layers', 'attributes', 'farmzone_layers', 'farmzone: where each layer came from', 0);
INSERT INTO farmzone_settings ("key", value) VALUES ('version', '{FIRST_VERSION}'), ('crs', '{crs}'), ('revision', '0');
"#
    )
}

/// Edits of zones, what each changed, and the revisions of rows.
pub(super) const EDITS: &str = r#"
CREATE TABLE farmzone_edits (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, edit TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL, at TEXT NOT NULL,
  who TEXT NOT NULL, reason TEXT NOT NULL, decision TEXT, valid_from TEXT, undoes TEXT, operations TEXT NOT NULL, made TEXT NOT NULL);
CREATE INDEX farmzone_edits_revision ON farmzone_edits (revision);
CREATE TABLE farmzone_zone_changes (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, edit TEXT NOT NULL, zone TEXT NOT NULL, parents TEXT NOT NULL,
  before TEXT, after TEXT, before_geom BLOB, after_geom BLOB, UNIQUE (edit, zone));
CREATE INDEX farmzone_zone_changes_zone ON farmzone_zone_changes (zone);
CREATE TABLE farmzone_zone_revisions (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, zone TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL);
INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) VALUES
  ('farmzone_edits', 'attributes', 'farmzone_edits', 'farmzone: edits of zones', 0),
  ('farmzone_zone_changes', 'attributes', 'farmzone_zone_changes', 'farmzone: each zone before and after an edit', 0),
  ('farmzone_zone_revisions', 'attributes', 'farmzone_zone_revisions', 'farmzone: the revision that last changed a zone', 0);
"#;

/// Plans: what of each zone differs from the map, the edits that made it so, what people say of it.
pub(super) const PLANS: &str = r#"
CREATE TABLE farmzone_plans (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, plan TEXT NOT NULL UNIQUE, name TEXT NOT NULL, note TEXT NOT NULL, owner TEXT NOT NULL,
  state TEXT NOT NULL, revision INTEGER NOT NULL, base_revision INTEGER NOT NULL, decision TEXT, share BLOB UNIQUE,
  created TEXT NOT NULL, changed TEXT NOT NULL, steps TEXT NOT NULL);
CREATE TABLE farmzone_plan_zones (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, plan INTEGER NOT NULL, zone TEXT NOT NULL, base INTEGER, attributes TEXT, shape BLOB,
  base_shape INTEGER, parents TEXT, UNIQUE (plan, zone));
CREATE TABLE farmzone_plan_edits (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, plan INTEGER NOT NULL, edit TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL,
  reason TEXT NOT NULL, despite TEXT, undoes TEXT, first_change INTEGER NOT NULL, n_changes INTEGER NOT NULL, UNIQUE (plan, edit));
CREATE TABLE farmzone_plan_changes (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, zone TEXT NOT NULL, base INTEGER, attributes TEXT, shape BLOB, base_shape INTEGER,
  parents TEXT, was_there INTEGER NOT NULL, mark INTEGER);
CREATE TABLE farmzone_plan_comments (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, plan INTEGER NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL, text TEXT NOT NULL,
  x REAL, y REAL, is_resolved INTEGER NOT NULL);
CREATE INDEX farmzone_plan_comments_plan ON farmzone_plan_comments (plan);
INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) VALUES
  ('farmzone_plans', 'attributes', 'farmzone_plans', 'farmzone: plans', 0),
  ('farmzone_plan_zones', 'attributes', 'farmzone_plan_zones', 'farmzone: what of each zone differs in a plan', 0),
  ('farmzone_plan_edits', 'attributes', 'farmzone_plan_edits', 'farmzone: edits of plans', 0),
  ('farmzone_plan_changes', 'attributes', 'farmzone_plan_changes', 'farmzone: each zone of a plan before an edit', 0),
  ('farmzone_plan_comments', 'attributes', 'farmzone_plan_comments', 'farmzone: what people say of a plan', 0);
"#;

/// Note the revision of every zone whose row changes, whoever changes it. It is the next one: who writes makes it.
pub(super) fn revision_triggers(zones: &str) -> String {
    let t = quoted(zones);
    let note = |id: &str| {
        // Not OR REPLACE: the statement that fires a trigger decides about conflicts in it.
        format!(
            r#"DELETE FROM farmzone_zone_revisions WHERE zone = {id};
INSERT INTO farmzone_zone_revisions (zone, revision)
  SELECT {id}, 1 + CAST(value AS INTEGER) FROM farmzone_settings WHERE "key" = 'revision' AND {id} IS NOT NULL;"#
        )
    };
    let (new, old) = (note("NEW.id"), note("OLD.id"));
    format!(
        r#"
CREATE TRIGGER IF NOT EXISTS "{zones}_revision_insert" AFTER INSERT ON {t} BEGIN {new} END;
CREATE TRIGGER IF NOT EXISTS "{zones}_revision_update" AFTER UPDATE ON {t} BEGIN {old} {new} END;
CREATE TRIGGER IF NOT EXISTS "{zones}_revision_delete" AFTER DELETE ON {t} BEGIN {old} END;
"#
    )
}

const WGS84_WKT: &str = concat!(
    r#"GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],"#,
    r#"AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],"#,
    r#"UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AXIS["Latitude",NORTH],AXIS["Longitude",EAST],"#,
    r#"AUTHORITY["EPSG","4326"]]"#
);

/// An identifier in SQL's double quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

pub(super) fn feature_table(table: &str, geometry_type: &str, columns: &[Column], keep: &[String]) -> String {
    let ours = columns.iter().map(|(name, sql_type, must)| match must {
        Must::HaveValue => format!(", {} {sql_type} NOT NULL", quoted(name)),
        Must::MayBeNull => format!(", {} {sql_type}", quoted(name)),
    });
    let kept = keep.iter().map(|name| format!(", {} TEXT", quoted(name)));
    let columns: String = ours.chain(kept).collect();
    format!("CREATE TABLE {} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom {geometry_type}{columns})", quoted(table))
}

/// The classes of a raster: a table without shapes, which stands for the raster in lists of tables.
pub(super) fn classes_table(table: &str) -> String {
    format!(
        "CREATE TABLE {} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, value INTEGER NOT NULL, label TEXT, n_cells INTEGER NOT NULL)",
        quoted(table)
    )
}

pub(super) fn tree(table: &str) -> String {
    format!("rtree_{table}_geom")
}

/// The R-tree, still without triggers. The form of this statement is what validators compare.
pub(super) fn tree_table(table: &str) -> String {
    format!(r#"CREATE VIRTUAL TABLE "rtree_{table}_geom" USING rtree(id, minx, maxx, miny, maxy)"#)
}

/// The six triggers of the standard's R-tree extension, which keep the tree right whoever edits.
pub(super) fn tree_triggers(table: &str) -> String {
    let (t, tree) = (quoted(table), tree(table));
    let insert = format!(
        r#"INSERT OR REPLACE INTO "{tree}" VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom));"#
    );
    let (filled, empty) = ("(NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))", "(NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))");
    format!(
        r#"
CREATE TRIGGER "{tree}_insert" AFTER INSERT ON {t} WHEN (NEW.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN {insert} END;
CREATE TRIGGER "{tree}_update1" AFTER UPDATE OF geom ON {t} WHEN OLD.fid = NEW.fid AND {filled}
BEGIN {insert} END;
CREATE TRIGGER "{tree}_update2" AFTER UPDATE OF geom ON {t} WHEN OLD.fid = NEW.fid AND {empty}
BEGIN DELETE FROM "{tree}" WHERE id = OLD.fid; END;
CREATE TRIGGER "{tree}_update3" AFTER UPDATE ON {t} WHEN OLD.fid != NEW.fid AND {filled}
BEGIN DELETE FROM "{tree}" WHERE id = OLD.fid; {insert} END;
CREATE TRIGGER "{tree}_update4" AFTER UPDATE ON {t} WHEN OLD.fid != NEW.fid AND {empty}
BEGIN DELETE FROM "{tree}" WHERE id IN (OLD.fid, NEW.fid); END;
CREATE TRIGGER "{tree}_delete" AFTER DELETE ON {t} WHEN OLD.geom NOT NULL
BEGIN DELETE FROM "{tree}" WHERE id = OLD.fid; END;
"#
    )
}

/// A unique index over what identifies a feature; a null counts as one value.
pub(super) fn key_index(table: &str, key: &[Column]) -> String {
    let parts: Vec<String> = key.iter().map(|column| key_part(column, &quoted(column.0))).collect();
    format!("CREATE UNIQUE INDEX {} ON {} ({})", quoted(&format!("{table}_key")), quoted(table), parts.join(", "))
}

/// `value` (a column or a parameter) as the key index holds it.
pub(super) fn key_part((_, _, must): &Column, value: &str) -> String {
    match must {
        Must::HaveValue => value.to_owned(),
        Must::MayBeNull => format!("coalesce({value}, '')"),
    }
}

/// Names for kept columns: what the owner called them, without what SQL or other programs stumble
/// over, and never one of ours (`taken`) nor twice the same.
pub(super) fn column_names(wanted: &[String], taken: &[&str]) -> Vec<String> {
    let fold = |name: &str| name.to_lowercase();
    let mut used: Vec<String> = taken.iter().copied().chain(["fid", "geom", "rowid", "oid", "_rowid_"]).map(fold).collect();
    let mut names = Vec::with_capacity(wanted.len());
    for name in wanted {
        let clean: String = name.trim().chars().filter(|c| !c.is_control() && !"\"'`[]\\;".contains(*c)).take(60).collect();
        let clean = if clean.is_empty() { "column".to_owned() } else { clean };
        let mut free = clean.clone();
        let mut n = 2;
        while used.contains(&fold(&free)) {
            free = format!("{clean}_{n}");
            n += 1;
        }
        used.push(fold(&free));
        names.push(free);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_column_never_takes_a_name_of_ours_nor_one_that_breaks_sql() {
        let wanted = ["Chủ đất", "ID", "geom", "a\"b", "  ", "A\"B", "x]; DROP TABLE zones"].map(str::to_owned);
        let names = column_names(&wanted, &["id", "kind"]);
        assert_eq!(names, ["Chủ đất", "ID_2", "geom_2", "ab", "column", "AB_2", "x DROP TABLE zones"]);
    }
}
