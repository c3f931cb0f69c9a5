//! Land cover that comes as cells, one epoch of it: what the workspace's layer and its GeoTIFF say, ready to be asked.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use super::EngineError;
use crate::crs::{Crs, Transform};
use crate::encroach::raster::{self, Cells, ZoneShares};
use crate::formats::raster::Raster;
use crate::legend::{LandUseClass, Legend};
use crate::model::{Coord, Epoch, EpsgCode, Group, LandUse, MultiPolygon, RasterClass, RasterLayer, Zone};
use crate::store;

/// One epoch's raster. Cells of withheld classes read as nodata, whatever is asked.
#[derive(Debug)]
pub struct EpochRaster {
    pub epoch: Epoch,
    pub legend: Arc<Legend>,
    pub layer: RasterLayer,
    /// By the place of `layer.classes`: the legend's code, or the label that the legend does not know.
    pub codes: Vec<String>,
    /// Class values, in the same order.
    values: Vec<i32>,
    pub n_withheld: usize,
    raster: Raster,
    /// The same with the cells of withheld classes alone; none when there are none.
    hidden: Option<Raster>,
    to_raster: Transform,
    to_workspace: Transform,
}

impl EpochRaster {
    /// `may_be_seen` judges each class by its code. The GeoTIFF is opened, no cell is read.
    pub fn open(
        workspace: &Path,
        crs: EpsgCode,
        (epoch, layer): (Epoch, &RasterLayer),
        legend: Arc<Legend>,
        may_be_seen: impl Fn(&str) -> bool,
    ) -> Result<EpochRaster, EngineError> {
        let codes: Vec<String> = layer.classes.iter().map(|c| code_of(&legend, c)).collect();
        let shown: Vec<bool> = codes.iter().map(|code| may_be_seen(code)).collect();
        let path = store::raster_path(workspace, layer);
        let raster = Raster::open(&path, layer, &shown)?;
        let withheld: Vec<bool> = shown.iter().map(|shown| !shown).collect();
        let hidden = withheld.contains(&true).then(|| Raster::open(&path, layer, &withheld)).transpose()?;
        let to_raster = Transform::new(&Crs::from_epsg(crs)?, &Crs::parse(&layer.crs)?, layer.operation)?;
        Ok(EpochRaster {
            epoch,
            legend,
            codes,
            values: layer.classes.iter().map(|c| c.value).collect(),
            n_withheld: shown.iter().filter(|shown| !**shown).count(),
            raster,
            hidden,
            to_workspace: to_raster.inverse(),
            to_raster,
            layer: layer.clone(),
        })
    }

    /// The class at a place of `layer.classes`; none when the legend does not know it.
    pub fn class(&self, place: usize) -> Option<&LandUseClass> {
        self.codes.get(place).and_then(|code| self.legend.class(code))
    }

    /// What the raster shows of each zone, in their order.
    pub fn shares(&self, zones: &[&MultiPolygon]) -> Result<Vec<ZoneShares>, EngineError> {
        self.with_cells(|cells| raster::shares(zones, cells, |window| Ok(self.raster.read(window)?)))
    }

    /// What the raster shows of the zones, as land use: one feature for each zone and class.
    pub(super) fn land_use<'z>(&self, zones: impl Iterator<Item = &'z Zone>) -> Result<Vec<LandUse>, EngineError> {
        let zones: Vec<&Zone> = zones.collect();
        let of_zone = |zone: &&Zone| -> Result<Vec<LandUse>, EngineError> {
            let all = |class: u16| Some(u32::from(class));
            let lands = self.with_cells(|cells| raster::lands(&zone.shape, all, cells, |window| self.raster.read(window)))?;
            let feature = |(class, shape): (u32, MultiPolygon)| {
                let code = self.codes[class as usize].clone();
                LandUse { id: format!("{} {code}", zone.id), code, observed: None, kept: Vec::new(), shape }
            };
            Ok(lands.into_iter().map(feature).collect())
        };
        let found: Vec<Vec<LandUse>> = zones.par_iter().map(of_zone).collect::<Result<_, _>>()?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Land of the zones that nobody may see.
    pub(super) fn withheld<'z>(&self, zones: impl Iterator<Item = &'z Zone>) -> Result<Vec<MultiPolygon>, EngineError> {
        let Some(hidden) = &self.hidden else { return Ok(Vec::new()) };
        let zones: Vec<&Zone> = zones.collect();
        let of_zone = |zone: &&Zone| -> Result<Vec<MultiPolygon>, EngineError> {
            let lands = self.with_cells(|cells| raster::lands(&zone.shape, |_| Some(0), cells, |window| hidden.read(window)))?;
            Ok(lands.into_iter().map(|(_, shape)| shape).collect())
        };
        let found: Vec<Vec<MultiPolygon>> = zones.par_iter().map(of_zone).collect::<Result<_, _>>()?;
        Ok(found.into_iter().flatten().collect())
    }

    /// What the raster does not show of each zone, m²: no cell, no class, or one that the legend does not know. Withheld
    /// land is no such land: it could be measured by it.
    pub(super) fn not_seen_m2(&self, zones: &[&MultiPolygon]) -> Result<Vec<f64>, EngineError> {
        let known: HashSet<i32> =
            (0..self.codes.len()).filter(|&i| self.class(i).is_some_and(|c| c.group != Group::Unmapped)).map(|i| self.values[i]).collect();
        let sum = |s: &ZoneShares, take: &dyn Fn(i32) -> bool| s.classes.iter().filter(|c| take(c.0)).fold(0.0, |sum, c| sum + c.1);
        let shown = self.shares(zones)?;
        let mut not_seen: Vec<f64> = shown.iter().map(|s| s.nodata_m2 + s.outside_m2 + sum(s, &|value| !known.contains(&value))).collect();
        if let Some(hidden) = &self.hidden {
            let withheld = self.with_cells(|cells| raster::shares(zones, cells, |window| hidden.read(window)))?;
            not_seen.iter_mut().zip(&withheld).for_each(|(m2, s)| *m2 = (*m2 - sum(s, &|_| true)).max(0.0));
        }
        Ok(not_seen)
    }

    fn with_cells<R>(&self, ask: impl FnOnce(&Cells) -> R) -> R {
        let to_cells = |points: &mut [Coord]| {
            let is_moved = self.to_raster.apply(points).is_ok();
            points.iter_mut().for_each(|c| *c = self.layer.to_cells(*c));
            is_moved
        };
        let to_ground = |points: &mut [Coord]| {
            points.iter_mut().for_each(|c| *c = self.layer.to_ground(*c));
            self.to_workspace.apply(points).is_ok()
        };
        ask(&Cells {
            width: self.layer.width,
            height: self.layer.height,
            at_once: self.raster.at_once,
            classes: &self.values,
            to_cells: &to_cells,
            to_ground: &to_ground,
            is_straight: self.to_raster.is_identity(),
        })
    }
}

/// The legend's code of a value, by the value itself or by what the file calls it; else that name, or the value.
pub(super) fn code_of(legend: &Legend, class: &RasterClass) -> String {
    let value = class.value.to_string();
    let known = legend.class(&value).or_else(|| legend.class(class.label.as_deref()?));
    known.map_or_else(|| class.label.clone().unwrap_or(value), |c| c.code.clone())
}
