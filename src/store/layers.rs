//! What the workspace says of itself: its settings, its revision, its layers.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::blob;
use super::error::{During, StoreError};
use super::feature::area_of_polygons_m2;
use super::schema::quoted;
use crate::geom;
use crate::model::{Layer, Revision};

pub(super) fn setting(connection: &Connection, path: &Path, key: &str) -> Result<Option<String>, StoreError> {
    let sql = r#"SELECT value FROM farmzone_settings WHERE "key" = ?1"#;
    connection.query_row(sql, [key], |r| r.get(0)).optional().during(path, "reading its settings")
}

/// Inside a transaction of the caller.
pub(super) fn set_setting(connection: &Connection, path: &Path, key: &str, value: &str) -> Result<(), StoreError> {
    let sql = r#"INSERT INTO farmzone_settings ("key", value) VALUES (?1, ?2) ON CONFLICT("key") DO UPDATE SET value = excluded.value"#;
    connection.execute(sql, [key, value]).during(path, "writing its settings").map(drop)
}

/// From now on only a farmzone that knows this version opens the workspace. Inside a transaction of the caller.
pub(super) fn needs_version(connection: &Connection, path: &Path, version: u32) -> Result<(), StoreError> {
    let found = setting(connection, path, "version")?.and_then(|text| text.parse::<u32>().ok()).unwrap_or_default();
    if found >= version { Ok(()) } else { set_setting(connection, path, "version", &version.to_string()) }
}

pub(super) fn revision(connection: &Connection, path: &Path) -> Result<Revision, StoreError> {
    let text = setting(connection, path, "revision")?;
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| StoreError::Damaged { path: path.to_owned(), what: "its settings state no revision".to_owned() })
}

/// Inside a transaction of the caller, which changes something else too.
pub(super) fn next_revision(connection: &Connection, path: &Path) -> Result<Revision, StoreError> {
    let next = revision(connection, path)? + 1;
    set_setting(connection, path, "revision", &next.to_string())?;
    Ok(next)
}

pub(super) fn srs_id(connection: &Connection, path: &Path) -> Result<i32, StoreError> {
    let text = setting(connection, path, "crs")?;
    let code = text.and_then(|text| text.parse::<crate::model::EpsgCode>().ok()).and_then(|crs| i32::try_from(crs.0).ok());
    code.ok_or_else(|| StoreError::Damaged { path: path.to_owned(), what: "its settings state no coordinate system".to_owned() })
}

/// The layers by name, but those whose table somebody took away. What QGIS or GDAL changed since the
/// import is counted and measured anew.
pub(super) fn all(connection: &Connection, path: &Path) -> Result<Vec<Layer>, StoreError> {
    // A workspace made before there were rasters has no column for them.
    let raster = if has_raster_column(connection, path)? { "raster" } else { "NULL" };
    let sql = format!(
        "SELECT name, role, epoch, source, source_crs, operation, accuracy_m, legend, keep, simulated, n_features, area_m2,
            imported_at, l.revision, min_x, min_y, max_x, max_y, last_change = measured_at, {raster}
        FROM farmzone_layers l JOIN gpkg_contents c ON c.table_name = l.name
        WHERE EXISTS (SELECT 1 FROM sqlite_master m WHERE m.type = 'table' AND m.name = l.name) ORDER BY name"
    );
    let doing = "reading its list of layers";
    let mut statement = connection.prepare(&sql).during(path, doing)?;
    let mut rows = statement.query([]).during(path, doing)?;
    let mut layers = Vec::new();
    while let Some(row) = rows.next().during(path, doing)? {
        let mut layer = layer(row).during(path, doing)?.map_err(|what| StoreError::Damaged { path: path.to_owned(), what })?;
        if layer.raster.is_none() && !row.get::<_, bool>(18).during(path, doing)? {
            let measure = measure(connection, path, &layer.name)?;
            (layer.n_features, layer.area_m2, layer.extent) = (measure.n_features, measure.area_m2, measure.extent);
        }
        layers.push(layer);
    }
    Ok(layers)
}

fn layer(row: &Row<'_>) -> rusqlite::Result<Result<Layer, String>> {
    let (name, role, epoch): (String, String, Option<String>) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let keep: String = row.get(8)?;
    let raster = row.get::<_, Option<String>>(19)?.map(|text| serde_json::from_str(&text)).transpose();
    let (Ok(role), Ok(epoch), Ok(keep), Ok(raster)) =
        (role.parse(), epoch.map(|e| e.parse()).transpose(), serde_json::from_str(&keep), raster)
    else {
        return Ok(Err(format!("farmzone_layers says of “{name}” what cannot be read: role “{role}”, keep “{keep}”")));
    };
    let extent = match (row.get(14)?, row.get(15)?, row.get(16)?, row.get(17)?) {
        (Some(min_x), Some(min_y), Some(max_x), Some(max_y)) => Some([min_x, min_y, max_x, max_y]),
        _ => None,
    };
    Ok(Ok(Layer {
        name,
        role,
        epoch,
        source: row.get(3)?,
        source_crs: row.get(4)?,
        operation: row.get(5)?,
        accuracy_m: row.get(6)?,
        legend: row.get(7)?,
        keep,
        simulated: row.get(9)?,
        n_features: row.get::<_, i64>(10)?.max(0) as u64,
        area_m2: row.get(11)?,
        extent,
        imported_at: row.get(12)?,
        revision: row.get::<_, i64>(13)?.max(0) as Revision,
        raster,
    }))
}

pub(super) fn has_raster_column(connection: &Connection, path: &Path) -> Result<bool, StoreError> {
    Ok(super::writer::columns_of(connection, path, "farmzone_layers")?.iter().any(|column| column == "raster"))
}

/// Whether no other program changed a layer since it was measured.
pub(super) fn are_settled(connection: &Connection, path: &Path) -> Result<bool, StoreError> {
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM farmzone_layers l JOIN gpkg_contents c ON c.table_name = l.name
        WHERE last_change <> measured_at)";
    connection.query_row(sql, [], |row| row.get(0)).during(path, "looking for changes by other programs")
}

/// One layer, or `NoSuchLayer` with the names there are.
pub(super) fn named(connection: &Connection, path: &Path, name: &str) -> Result<Layer, StoreError> {
    let layers = all(connection, path)?;
    let present = layers.iter().map(|layer| layer.name.clone()).collect();
    layers.into_iter().find(|layer| layer.name == name).ok_or_else(|| StoreError::NoSuchLayer { name: name.to_owned(), present })
}

/// Writes what a layer is: into `farmzone_layers`, and extent and time into `gpkg_contents`.
pub(super) fn record(connection: &Connection, path: &Path, layer: &Layer) -> Result<(), StoreError> {
    let doing = "writing its list of layers";
    let [min_x, min_y, max_x, max_y] = layer.extent.map_or([None; 4], |extent| extent.map(Some));
    let sql =
        "UPDATE gpkg_contents SET last_change = ?2, min_x = ?3, min_y = ?4, max_x = ?5, max_y = ?6, description = ?7 WHERE table_name = ?1";
    let description = format!("farmzone: {}", layer.source);
    connection.execute(sql, params![layer.name, layer.imported_at, min_x, min_y, max_x, max_y, description]).during(path, doing)?;
    connection.execute("DELETE FROM farmzone_layers WHERE name = ?1", [&layer.name]).during(path, doing)?;
    let sql = "INSERT INTO farmzone_layers (name, role, epoch, source, source_crs, operation, accuracy_m, legend, keep, simulated,
            n_features, area_m2, imported_at, measured_at, revision)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13, ?14)";
    let values = params![
        layer.name,
        layer.role.as_str(),
        layer.epoch.map(|epoch| epoch.to_string()),
        layer.source,
        layer.source_crs,
        layer.operation,
        layer.accuracy_m,
        layer.legend,
        serde_json::json!(layer.keep).to_string(),
        layer.simulated,
        layer.n_features as i64,
        layer.area_m2,
        layer.imported_at,
        layer.revision as i64,
    ];
    connection.execute(sql, values).during(path, doing).map(drop)
}

/// What an edit made of a layer: its size, its time, its revision. Inside a transaction of the caller.
pub(super) fn record_change(connection: &Connection, path: &Path, layer: &Layer, at: &str) -> Result<(), StoreError> {
    let doing = "writing its list of layers";
    let [min_x, min_y, max_x, max_y] = layer.extent.map_or([None; 4], |extent| extent.map(Some));
    let sql = "UPDATE gpkg_contents SET last_change = ?2, min_x = ?3, min_y = ?4, max_x = ?5, max_y = ?6 WHERE table_name = ?1";
    connection.execute(sql, params![layer.name, at, min_x, min_y, max_x, max_y]).during(path, doing)?;
    let sql = "UPDATE farmzone_layers SET n_features = ?2, area_m2 = ?3, revision = ?4, measured_at = ?5 WHERE name = ?1";
    let values = params![layer.name, layer.n_features as i64, layer.area_m2, layer.revision as i64, at];
    connection.execute(sql, values).during(path, doing).map(drop)
}

/// Measures every layer anew and says that it is of `revision`: for changes that farmzone did not make
/// and cannot tell where they were. Inside a transaction of the caller.
pub(super) fn measure_all(connection: &Connection, path: &Path, revision: Revision) -> Result<(), StoreError> {
    let doing = "measuring a layer";
    for layer in all(connection, path)? {
        let Measure { n_features, area_m2, extent } = match layer.raster {
            // Its cells lie in another file, which nobody edits.
            Some(_) => Measure { n_features: layer.n_features, area_m2: layer.area_m2, extent: layer.extent },
            None => measure(connection, path, &layer.name)?,
        };
        let [min_x, min_y, max_x, max_y] = extent.map_or([None; 4], |extent| extent.map(Some));
        let sql = "UPDATE gpkg_contents SET min_x = ?2, min_y = ?3, max_x = ?4, max_y = ?5 WHERE table_name = ?1";
        connection.execute(sql, params![layer.name, min_x, min_y, max_x, max_y]).during(path, doing)?;
        let sql = "UPDATE farmzone_layers SET n_features = ?2, area_m2 = ?3, revision = ?4,
            measured_at = (SELECT last_change FROM gpkg_contents WHERE table_name = ?1) WHERE name = ?1";
        connection.execute(sql, params![layer.name, n_features as i64, area_m2, revision as i64]).during(path, doing)?;
    }
    Ok(())
}

/// What a layer's features add up to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Measure {
    pub n_features: u64,
    pub area_m2: f64,
    pub extent: Option<[f64; 4]>,
}

impl Measure {
    pub(super) fn add(&mut self, area_m2: f64, bounds: Option<[f64; 4]>) {
        self.n_features += 1;
        self.area_m2 += area_m2;
        self.extent = match (self.extent, bounds) {
            (Some(a), Some(b)) => Some([a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]),
            (one, other) => one.or(other),
        };
    }
}

/// Reads every geometry of a layer's table; what cannot be read counts as a feature without area.
pub(super) fn measure(connection: &Connection, path: &Path, table: &str) -> Result<Measure, StoreError> {
    let srs_id = srs_id(connection, path)?;
    let doing = "measuring a layer";
    let mut statement = connection.prepare(&format!("SELECT geom FROM {} ORDER BY fid", quoted(table))).during(path, doing)?;
    let mut rows = statement.query([]).during(path, doing)?;
    let mut measure = Measure::default();
    while let Some(row) = rows.next().during(path, doing)? {
        let blob = row.get_ref(0).during(path, doing)?;
        match blob.as_blob().ok().and_then(|bytes| blob::read_geometry(bytes, srs_id).ok()) {
            Some(geometry) => measure.add(area_of_polygons_m2(&geometry), geom::bounds_of_geometry(&geometry)),
            None => measure.add(0.0, None),
        }
    }
    Ok(measure)
}
