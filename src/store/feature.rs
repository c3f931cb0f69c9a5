//! What each kind of feature is as a row: its columns, how it is bound, how it is read back.
//!
//! Reading is tolerant of other people's edits (numbers in text columns, columns that are gone) and
//! says which value of which column does not fit; it never guesses.

use std::ops::Deref;
use std::str::FromStr;

use rusqlite::types::ValueRef;
use rusqlite::{Row, Statement};

use super::blob::{self, BlobFault};
use super::schema::Must::{HaveValue, MayBeNull};
use super::schema::{Column, Must};
use crate::geom;
use crate::model::{Change, Context, Event, Geometry, Kept, LandUse, LayerRole, MultiPolygon, Permit, Unit, Zone};

/// A feature the workspace keeps. Implemented for `Zone`, `LandUse`, `Permit`, `Unit`, `Context`,
/// `CodeRecord` and `Event`, and closed: a layer holds features of one of them.
pub trait Feature: AsRow {}

impl<F: AsRow> Feature for F {}

mod closed {
    use super::*;

    /// The row that a feature is; not nameable outside the store.
    pub trait AsRow: Sized + Send {
        const ROLE: LayerRole;
        const GEOMETRY_TYPE: &'static str = "MULTIPOLYGON";
        /// After fid and geom, before kept columns, in the order of `bind` and `read`.
        const COLUMNS: &'static [Column];
        /// How many of the columns at the front identify a feature.
        const N_KEY: usize = 1;

        fn id(&self) -> &str;
        fn kept(&self) -> &[Option<String>];
        /// Writes the geometry blob; its bounds, none when empty.
        fn write_blob(&self, srs_id: i32, out: &mut Vec<u8>) -> Option<[f64; 4]>;
        fn area_m2(&self) -> f64;
        fn bind(&self, cells: &mut Binder<'_, '_>) -> rusqlite::Result<()>;
        fn read(cells: &mut Cells<'_>) -> Result<Self, RowFault>;
    }
}
pub(super) use closed::AsRow;

/// Binds the values of a row one after the other.
pub struct Binder<'s, 'c> {
    statement: &'s mut Statement<'c>,
    next: usize,
}

impl<'s, 'c> Binder<'s, 'c> {
    pub(super) fn new(statement: &'s mut Statement<'c>) -> Self {
        Binder { statement, next: 1 }
    }

    pub(super) fn value<T: rusqlite::ToSql>(&mut self, value: T) -> rusqlite::Result<()> {
        self.statement.raw_bind_parameter(self.next, value)?;
        self.next += 1;
        Ok(())
    }

    pub(super) fn text(&mut self, value: &Option<impl Deref<Target = str>>) -> rusqlite::Result<()> {
        self.value(value.as_deref())
    }
}

/// Why a row cannot be read, in words for a person.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RowFault {
    #[error("its column “{0}” is empty")]
    NoValue(&'static str),
    #[error("its column “{column}” is “{text}”: {expected}")]
    NotAWord { column: &'static str, text: String, expected: String },
    #[error("its geometry {0}")]
    Blob(#[from] BlobFault),
}

/// The cells of one row: fid, geom, the feature's columns, the kept ones.
pub struct Cells<'r> {
    row: &'r Row<'r>,
    next: usize,
    n_kept: usize,
    srs_id: i32,
}

impl<'r> Cells<'r> {
    pub(super) fn new(row: &'r Row<'r>, n_kept: usize, srs_id: i32) -> Self {
        Cells { row, next: 2, n_kept, srs_id }
    }

    fn cell(&mut self) -> ValueRef<'r> {
        let cell = self.row.get_ref(self.next).unwrap_or(ValueRef::Null);
        self.next += 1;
        cell
    }

    pub(super) fn text(&mut self) -> Option<String> {
        match self.cell() {
            ValueRef::Null => None,
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(match std::str::from_utf8(bytes) {
                Ok(text) => text.to_owned(),
                Err(_) => String::from_utf8_lossy(bytes).into_owned(),
            }),
            ValueRef::Integer(n) => Some(n.to_string()),
            ValueRef::Real(x) => Some(x.to_string()),
        }
    }

    pub(super) fn required(&mut self, column: &'static str) -> Result<String, RowFault> {
        self.text().ok_or(RowFault::NoValue(column))
    }

    pub(super) fn word<T: FromStr<Err = crate::model::NotAWord>>(&mut self, column: &'static str) -> Result<T, RowFault> {
        parse(column, &self.required(column)?)
    }

    pub(super) fn real(&mut self, column: &'static str) -> Result<Option<f64>, RowFault> {
        match self.cell() {
            ValueRef::Null => Ok(None),
            ValueRef::Real(x) => Ok(Some(x)),
            ValueRef::Integer(n) => Ok(Some(n as f64)),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                let text = String::from_utf8_lossy(bytes);
                let not_a_number = || RowFault::NotAWord { column, text: text.chars().take(80).collect(), expected: "not a number".into() };
                text.trim().parse().ok().filter(|x: &f64| x.is_finite()).map(Some).ok_or_else(not_a_number)
            }
        }
    }

    fn required_real(&mut self, column: &'static str) -> Result<f64, RowFault> {
        self.real(column)?.ok_or(RowFault::NoValue(column))
    }

    /// A small count; none of a workspace from before it was kept.
    fn small(&mut self, column: &'static str) -> Result<u8, RowFault> {
        // A saturating cast: a count that somebody edited is no reason to lose the row.
        Ok(self.real(column)?.unwrap_or_default() as u8)
    }

    pub(super) fn kept(&mut self) -> Kept {
        (0..self.n_kept).map(|_| self.text()).collect()
    }

    fn blob(&self) -> &'r [u8] {
        match self.row.get_ref(1) {
            Ok(ValueRef::Blob(bytes)) => bytes,
            _ => &[],
        }
    }

    /// Whether the row has a geometry at all.
    pub(super) fn has_shape(&self) -> bool {
        !self.blob().is_empty()
    }

    pub(super) fn shape(&self) -> Result<MultiPolygon, RowFault> {
        Ok(blob::read_shape(self.blob(), self.srs_id)?)
    }

    fn geometry(&self) -> Result<Geometry, RowFault> {
        Ok(blob::read_geometry(self.blob(), self.srs_id)?)
    }
}

fn parse<T: FromStr<Err = crate::model::NotAWord>>(column: &'static str, text: &str) -> Result<T, RowFault> {
    text.parse().map_err(|e: crate::model::NotAWord| RowFault::NotAWord { column, text: e.text, expected: format!("not {}", e.expected) })
}

pub(super) const fn text(name: &'static str, must: Must) -> Column {
    (name, "TEXT", must)
}

pub(super) const fn integer(name: &'static str, must: Must) -> Column {
    (name, "INTEGER", must)
}

pub(super) const fn real(name: &'static str, must: Must) -> Column {
    (name, "REAL", must)
}

/// What all features whose shape is a multipolygon do alike.
macro_rules! polygonal {
    ($id:ident) => {
        fn id(&self) -> &str {
            &self.$id
        }
        fn write_blob(&self, srs_id: i32, out: &mut Vec<u8>) -> Option<[f64; 4]> {
            blob::write_shape(&self.shape, srs_id, out)
        }
        fn area_m2(&self) -> f64 {
            geom::area_m2(&self.shape)
        }
    };
}

impl AsRow for Zone {
    const ROLE: LayerRole = LayerRole::Zones;
    const COLUMNS: &'static [Column] = &[
        text("id", HaveValue),
        text("kind", HaveValue),
        text("name", MayBeNull),
        text("code", MayBeNull),
        text("unit", MayBeNull),
        text("crop", MayBeNull),
        text("variety", MayBeNull),
        text("cooperative", MayBeNull),
        text("linkage", MayBeNull),
        text("products", MayBeNull),
        text("standard", MayBeNull),
        text("standard_no", MayBeNull),
        text("standard_until", MayBeNull),
        real("declared_area_m2", MayBeNull),
        text("established", MayBeNull),
    ];
    polygonal!(id);

    fn kept(&self) -> &[Option<String>] {
        &self.kept
    }

    fn bind(&self, cells: &mut Binder<'_, '_>) -> rusqlite::Result<()> {
        cells.value(&self.id)?;
        cells.value(&*self.kind)?;
        let texts = [&self.name, &self.code, &self.unit, &self.crop, &self.variety, &self.cooperative];
        texts.iter().try_for_each(|value| cells.text(value))?;
        [&self.linkage, &self.products, &self.standard, &self.standard_no, &self.standard_until]
            .iter()
            .try_for_each(|value| cells.text(value))?;
        cells.value(self.declared_area_m2)?;
        cells.text(&self.established)
    }

    fn read(cells: &mut Cells<'_>) -> Result<Self, RowFault> {
        Ok(Zone {
            shape: cells.shape()?,
            id: cells.required("id")?,
            kind: cells.required("kind")?.into(),
            name: cells.text().map(Into::into),
            code: cells.text().map(Into::into),
            unit: cells.text().map(Into::into),
            crop: cells.text().map(Into::into),
            variety: cells.text().map(Into::into),
            cooperative: cells.text().map(Into::into),
            linkage: cells.text().map(Into::into),
            products: cells.text().map(Into::into),
            standard: cells.text().map(Into::into),
            standard_no: cells.text().map(Into::into),
            standard_until: cells.text().map(Into::into),
            declared_area_m2: cells.real("declared_area_m2")?,
            established: cells.text().map(Into::into),
            kept: cells.kept(),
        })
    }
}

impl AsRow for LandUse {
    const ROLE: LayerRole = LayerRole::LandUse;
    const COLUMNS: &'static [Column] = &[text("id", HaveValue), text("code", HaveValue), text("observed", MayBeNull)];
    polygonal!(id);

    fn kept(&self) -> &[Option<String>] {
        &self.kept
    }

    fn bind(&self, cells: &mut Binder<'_, '_>) -> rusqlite::Result<()> {
        cells.value(&self.id)?;
        cells.value(&self.code)?;
        cells.text(&self.observed)
    }

    fn read(cells: &mut Cells<'_>) -> Result<Self, RowFault> {
        Ok(LandUse {
            shape: cells.shape()?,
            id: cells.required("id")?,
            code: cells.required("code")?,
            observed: cells.text(),
            kept: cells.kept(),
        })
    }
}

impl AsRow for Permit {
    const ROLE: LayerRole = LayerRole::Permits;
    const COLUMNS: &'static [Column] = &[
        text("id", HaveValue),
        text("right", HaveValue),
        text("decision", MayBeNull),
        text("decided", MayBeNull),
        text("valid_to", MayBeNull),
    ];
    polygonal!(id);

    fn kept(&self) -> &[Option<String>] {
        &self.kept
    }

    fn bind(&self, cells: &mut Binder<'_, '_>) -> rusqlite::Result<()> {
        cells.value(&self.id)?;
        cells.value(self.right.as_str())?;
        [&self.decision, &self.decided, &self.valid_to].iter().try_for_each(|value| cells.text(value))
    }

    fn read(cells: &mut Cells<'_>) -> Result<Self, RowFault> {
        Ok(Permit {
            shape: cells.shape()?,
            id: cells.required("id")?,
            right: cells.word("right")?,
            decision: cells.text(),
            decided: cells.text(),
            valid_to: cells.text(),
            kept: cells.kept(),
        })
    }
}

impl AsRow for Unit {
    const ROLE: LayerRole = LayerRole::Boundaries;
    const COLUMNS: &'static [Column] =
        &[text("code", HaveValue), text("valid_from", MayBeNull), text("name", HaveValue), text("full_name", MayBeNull)];
    // All communes of 2025 carry codes that smaller units had before: a code alone names no place.
    const N_KEY: usize = 2;
    polygonal!(code);

    fn kept(&self) -> &[Option<String>] {
        &self.kept
    }

    fn bind(&self, cells: &mut Binder<'_, '_>) -> rusqlite::Result<()> {
        cells.value(&self.code)?;
        cells.text(&self.valid_from)?;
        cells.value(&self.name)?;
        cells.text(&self.full_name)
    }

    fn read(cells: &mut Cells<'_>) -> Result<Self, RowFault> {
        Ok(Unit {
            shape: cells.shape()?,
            code: cells.required("code")?,
            valid_from: cells.text(),
            name: cells.required("name")?,
            full_name: cells.text(),
            kept: cells.kept(),
        })
    }
}

impl AsRow for Context {
    const ROLE: LayerRole = LayerRole::Context;
    const GEOMETRY_TYPE: &'static str = "GEOMETRY";
    const COLUMNS: &'static [Column] =
        &[text("id", HaveValue), text("group", HaveValue), text("name", MayBeNull), real("width_m", MayBeNull)];

    fn id(&self) -> &str {
        &self.id
    }

    fn kept(&self) -> &[Option<String>] {
        &self.kept
    }

    fn write_blob(&self, srs_id: i32, out: &mut Vec<u8>) -> Option<[f64; 4]> {
        blob::write_geometry(&self.shape, srs_id, out)
    }

    fn area_m2(&self) -> f64 {
        area_of_polygons_m2(&self.shape)
    }

    fn bind(&self, cells: &mut Binder<'_, '_>) -> rusqlite::Result<()> {
        cells.value(&self.id)?;
        cells.value(self.group.as_str())?;
        cells.text(&self.name)?;
        cells.value(self.width_m)
    }

    fn read(cells: &mut Cells<'_>) -> Result<Self, RowFault> {
        Ok(Context {
            shape: cells.geometry()?,
            id: cells.required("id")?,
            group: cells.word("group")?,
            name: cells.text(),
            width_m: cells.real("width_m")?,
            kept: cells.kept(),
        })
    }
}

impl AsRow for Event {
    const ROLE: LayerRole = LayerRole::Encroachments;
    const COLUMNS: &'static [Column] = &[
        text("id", HaveValue),
        text("zone_id", HaveValue),
        text("group", HaveValue),
        text("code", HaveValue),
        text("epoch", HaveValue),
        text("since", MayBeNull),
        text("change", MayBeNull),
        text("right", HaveValue),
        integer("severity", MayBeNull),
        real("area_m2", HaveValue),
        real("sigma_m2", MayBeNull),
        real("probability", MayBeNull),
        real("share", HaveValue),
        real("width_m", HaveValue),
        integer("n_sources", HaveValue),
        integer("n_agreeing", HaveValue),
        text("evidence", HaveValue),
    ];
    polygonal!(id);

    fn kept(&self) -> &[Option<String>] {
        &[]
    }

    fn bind(&self, cells: &mut Binder<'_, '_>) -> rusqlite::Result<()> {
        cells.value(&self.id)?;
        cells.value(&self.zone_id)?;
        cells.value(self.group.as_str())?;
        cells.value(&self.code)?;
        cells.value(self.epoch.to_string())?;
        cells.value(self.since.map(|epoch| epoch.to_string()))?;
        cells.value(self.change.map(Change::as_str))?;
        cells.value(self.right.as_str())?;
        cells.value(self.severity)?;
        [Some(self.area_m2), self.sigma_m2, self.probability, Some(self.share), Some(self.width_m)]
            .into_iter()
            .try_for_each(|value| cells.value(value))?;
        [self.n_sources, self.n_agreeing].into_iter().try_for_each(|value| cells.value(value))?;
        cells.value(serde_json::to_string(&self.evidence).unwrap_or_default())
    }

    fn read(cells: &mut Cells<'_>) -> Result<Self, RowFault> {
        Ok(Event {
            shape: cells.shape()?,
            id: cells.required("id")?,
            zone_id: cells.required("zone_id")?,
            group: cells.word("group")?,
            code: cells.required("code")?,
            epoch: cells.word("epoch")?,
            since: cells.text().map(|text| parse("since", &text)).transpose()?,
            change: cells.text().map(|text| parse("change", &text)).transpose()?,
            right: cells.word("right")?,
            severity: cells.real("severity")?.map(|steps| steps as u8),
            area_m2: cells.required_real("area_m2")?,
            sigma_m2: cells.real("sigma_m2")?,
            probability: cells.real("probability")?,
            share: cells.required_real("share")?,
            width_m: cells.required_real("width_m")?,
            n_sources: cells.small("n_sources")?,
            n_agreeing: cells.small("n_agreeing")?,
            evidence: cells.text().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
        })
    }
}

/// The area of a geometry that may be anything: what is no polygon has none.
pub(super) fn area_of_polygons_m2(geometry: &Geometry) -> f64 {
    match geometry {
        Geometry::Polygon(polygon) => geom::area_m2(&MultiPolygon::new(vec![polygon.clone()])),
        Geometry::MultiPolygon(shape) => geom::area_m2(shape),
        Geometry::GeometryCollection(parts) => parts.0.iter().map(area_of_polygons_m2).sum::<f64>() + 0.0,
        _ => 0.0,
    }
}
