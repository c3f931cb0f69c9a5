//! The data that anybody may take along: each public layer of the map as a file, and what its fields mean.
//!
//! Public is what the map shows to everybody: zones, lost land, land use, communes, background. Not among them are the register of
//! codes, which answers for one code at a time, decisions and plans, and columns that an import kept beside ours, of which
//! nobody said that they are public.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::accounts::new_secret;
use super::export::{ExportAsk, write_layer};
use super::fields::{Field, fields_about, fields_of};
use super::{EngineError, Snapshot};
use crate::formats::{LICENCE, csv_cell};
use crate::model::{Epoch, EpsgCode, Layer, LayerRole, NotAWord, Revision, Text};
use crate::report::role_name;
use crate::store;

/// What a layer is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DataFormat {
    GeoPackage,
    GeoJson,
    Csv,
}

impl DataFormat {
    pub const ALL: [DataFormat; 3] = [DataFormat::GeoPackage, DataFormat::GeoJson, DataFormat::Csv];

    pub fn ending(self) -> &'static str {
        match self {
            DataFormat::GeoPackage => "gpkg",
            DataFormat::GeoJson => "geojson",
            DataFormat::Csv => "csv",
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            DataFormat::GeoPackage => "application/geopackage+sqlite3",
            DataFormat::GeoJson => "application/geo+json",
            DataFormat::Csv => "text/csv; charset=utf-8",
        }
    }
}

impl std::str::FromStr for DataFormat {
    type Err = NotAWord;

    fn from_str(text: &str) -> Result<Self, NotAWord> {
        let found = DataFormat::ALL.into_iter().find(|format| format.ending() == text);
        found.ok_or_else(|| NotAWord::new(text, "one of gpkg, geojson, csv"))
    }
}

/// A layer that may be taken along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataLayer {
    /// `zones`, `units`, `context`, `encroachments_2024`, `landuse_2024`.
    pub name: String,
    pub role: LayerRole,
    pub epoch: Option<Epoch>,
    /// What people call it.
    pub title: Text,
    pub source: String,
}

/// Larger layers are for `farmzone export`.
const MOST_FEATURES: u64 = 500_000;

/// A file in a folder of its own among the system's temporary ones; both are removed when it is dropped.
#[derive(Debug)]
pub struct DataFile {
    pub path: PathBuf,
    folder: PathBuf,
    pub n_bytes: u64,
}

impl Drop for DataFile {
    fn drop(&mut self) {
        // What stays behind is the system's to tidy.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Snapshot {
    /// The layers that may be taken along, in the order in which they are told.
    pub fn data_layers(&self) -> Vec<DataLayer> {
        let source = |name: &str| self.layers.iter().find(|l| l.name == name).map_or_else(String::new, |l| l.source.clone());
        let layer = |name: &str, role: LayerRole, epoch: Option<Epoch>| {
            // Evidence is shown, never a verdict.
            let title = match role {
                LayerRole::Encroachments => Text { vi: "Đất đã mất".to_owned(), en: "Lost land".to_owned() },
                role => role_name(role),
            };
            let of = epoch.map_or_else(String::new, |epoch| format!(" {epoch}"));
            let title = Text { vi: title.vi + &of, en: title.en + &of };
            DataLayer { name: name.to_owned(), role, epoch, title, source: source(&Layer::name_of(role, epoch)) }
        };
        let mut layers = Vec::new();
        if self.layer(LayerRole::Zones).is_some() {
            layers.push(layer("zones", LayerRole::Zones, None));
        }
        for epoch in self.epochs.iter().rev() {
            layers.push(layer(&Layer::name_of(LayerRole::Encroachments, Some(*epoch)), LayerRole::Encroachments, Some(*epoch)));
        }
        for epoch in self.epochs.iter().rev().filter(|epoch| self.land_use_layer(**epoch).is_some_and(|l| l.raster.is_none())) {
            layers.push(layer(&Layer::name_of(LayerRole::LandUse, Some(*epoch)), LayerRole::LandUse, Some(*epoch)));
        }
        if self.layer(LayerRole::Boundaries).is_some() {
            layers.push(layer("units", LayerRole::Boundaries, None));
        }
        if self.layer(LayerRole::Context).is_some() {
            layers.push(layer("context", LayerRole::Context, None));
        }
        layers
    }

    /// How many features a file of the layer has; events are found for it where they are not known.
    fn n_features(&self, layer: &DataLayer) -> Result<u64, EngineError> {
        let n = match (layer.role, layer.epoch) {
            (LayerRole::Encroachments, Some(epoch)) => self.losses(epoch)?.events().count(),
            (LayerRole::LandUse, Some(epoch)) => self.land_use(epoch)?.land_use.len(),
            (LayerRole::Boundaries, _) => self.units.len(),
            (LayerRole::Context, _) => self.context.len(),
            _ => self.zones.list.len(),
        };
        Ok(n as u64)
    }

    /// The same for everybody: not of land use, whose number would tell what is withheld, nor where it is not known without looking.
    fn n_features_told(&self, layer: &DataLayer) -> Result<Option<u64>, EngineError> {
        let is_told = match (layer.role, layer.epoch) {
            (LayerRole::LandUse, _) => false,
            (LayerRole::Encroachments, Some(epoch)) => self.events_at_hand(epoch)?.is_some(),
            _ => true,
        };
        is_told.then(|| self.n_features(layer)).transpose()
    }

    /// `GET /api/v1/data`, of the present revision or of a past one, of which only the zones are kept.
    ///
    /// # Errors
    /// `NotFound`: the zones of that revision are not known. The workspace cannot be read.
    pub fn data_list(&self, licence: Option<&str>, as_of: Option<Revision>) -> Result<Value, EngineError> {
        let past = as_of.filter(|revision| *revision != self.revision);
        let n_then = past.map(|revision| self.zones_at(revision)).transpose()?.map(|zones| zones.len());
        let pinned = past.map_or_else(String::new, |revision| format!("?rev={revision}"));
        let row = |layer: DataLayer| {
            let files = DataFormat::ALL.map(|format| format!("{}.{}{pinned}", layer.name, format.ending()));
            let n_features = n_then.map_or_else(|| self.n_features_told(&layer), |n| Ok(Some(n as u64)))?;
            let fields = fields_of(layer.role).iter().chain(fields_about()).map(field_facts);
            Ok(json!({
                "layer": layer.name, "title": layer.title, "role": layer.role, "epoch": layer.epoch,
                "n_features": n_features, "source": layer.source, "files": files, "fields": fields.collect::<Vec<_>>(),
            }))
        };
        let layers = self.data_layers().into_iter().filter(|layer| past.is_none() || layer.role == LayerRole::Zones);
        let rows = layers.map(row).collect::<Result<Vec<_>, EngineError>>()?;
        Ok(json!({
            "revision": past.unwrap_or(self.revision), "present_revision": self.revision,
            "title": self.title(), "simulated": self.simulated(), "licence": licence,
            "crs": self.place.crs.to_string(), "layers": rows, "dictionary": "fields.csv",
        }))
    }

    /// What names the state that files of data show: they are good as long as it is the same.
    pub fn data_stamp(&self) -> String {
        format!("{}{}", self.pin(), self.alerts_stamp())
    }

    /// Writes a layer that may be taken along to a file of its own, which is gone with the last who holds it.
    ///
    /// # Errors
    /// `NotFound`: it is none of `data_layers`, or not kept of a past revision; `Unsupported`: it is too large; the file cannot be written.
    pub fn data_file(
        &self,
        name: &str,
        format: DataFormat,
        licence: Option<String>,
        as_of: Option<Revision>,
    ) -> Result<DataFile, EngineError> {
        let layers = self.data_layers();
        let Some(layer) = layers.iter().find(|layer| layer.name == name) else {
            let known: Vec<&str> = layers.iter().map(|layer| layer.name.as_str()).collect();
            let asked: String = name.chars().take(40).collect();
            return Err(EngineError::not_found(format!("no data “{asked}”; there are {}", known.join(", "))));
        };
        if self.n_features(layer)? > MOST_FEATURES {
            let message = format!("{name} has more than {MOST_FEATURES} features: `farmzone export` writes it");
            return Err(EngineError::unsupported(message));
        }
        let cannot = |e: std::io::Error| EngineError::unavailable(format!("the file cannot be written: {e}"));
        let folder = std::env::temp_dir().join(format!("farmzone-{}", new_secret()?));
        std::fs::create_dir(&folder).map_err(cannot)?;
        let mut file = DataFile { path: folder.join(format!("{name}.{}", format.ending())), folder, n_bytes: 0 };
        // A table is for who has no GIS: its shapes are in degrees, as in GeoJSON.
        let crs = (format == DataFormat::Csv).then_some(EpsgCode::WGS84);
        let has_licence = licence.is_some();
        let ask = ExportAsk { crs, licence, only_losses: true, as_of };
        write_layer(self, (layer.role, layer.epoch), &[], &file.path, &ask, &mut |_, _, _| {})?;
        if format == DataFormat::GeoPackage {
            let fields = fields_of(layer.role).iter().chain(fields_about()).filter(|field| has_licence || field.name != LICENCE);
            let meanings = fields.map(|field| (field.name, field.vi, field.line()));
            store::explain_columns(&file.path, &Layer::name_of(layer.role, layer.epoch), meanings)?;
        }
        file.n_bytes = std::fs::metadata(&file.path).map_err(cannot)?.len();
        Ok(file)
    }

    /// The dictionary of all fields as CSV.
    pub fn data_dictionary(&self) -> String {
        let mut out = "\u{feff}layer,field,unit,vi,en\r\n".to_owned();
        for layer in self.data_layers() {
            for field in fields_of(layer.role).iter().chain(fields_about()) {
                let cells = [layer.name.as_str(), field.name, field.unit, field.vi, field.en].map(csv_cell);
                out += &cells.join(",");
                out += "\r\n";
            }
        }
        out
    }
}

fn field_facts(field: &Field) -> Value {
    json!({ "name": field.name, "unit": Some(field.unit).filter(|unit| !unit.is_empty()), "meaning": { "vi": field.vi, "en": field.en } })
}
