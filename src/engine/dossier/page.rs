//! What the page of one zone shows: what it is, what each epoch shows of it, and what became of it.

use serde_json::Value;
use time::OffsetDateTime;

use crate::engine::{EngineError, ErrorKind, Snapshot};
use crate::model::{Epoch, Layer, LayerRole, Text};
use crate::report::{Subject, SubjectKind, swatch_svg};

/// Epochs that have a map, from the latest on back.
const MOST_MAPS: usize = 8;

/// A zone for readers without a script, or what is known of one that is no longer there.
#[derive(Debug)]
pub struct ZonePage {
    pub id: String,
    /// None: it was retired.
    pub present: Option<PresentZone>,
    /// As `zone_versions` for who may not know who edited.
    pub versions: Value,
    /// As `layers` has them: the sources of the zones and of land use.
    pub sources: Vec<PageSource>,
    pub simulated: bool,
    pub revision: u64,
    /// What the map is called.
    pub title: Text,
}

#[derive(Debug)]
pub struct PresentZone {
    /// As `zone_card` and `zone_history`.
    pub card: Value,
    pub history: Value,
    /// By epoch, the oldest first; one without an epoch where there is no land use.
    pub maps: Vec<PageMap>,
    /// SVG of a swatch, and what it stands for.
    pub legend: Vec<(String, Text)>,
}

/// A map as SVG, its units millimetres.
#[derive(Debug)]
pub struct PageMap {
    pub epoch: Option<Epoch>,
    pub svg: String,
    pub alt: Text,
    pub width_mm: f64,
    /// Of the scale bar, on the ground and on the map.
    pub bar_m: f64,
    pub bar_mm: f64,
}

#[derive(Debug)]
pub struct PageSource {
    pub layer: String,
    pub source: String,
    pub imported_at: String,
}

impl Snapshot {
    /// What the page of a zone shows.
    ///
    /// # Errors
    /// `NotFound`: no zone has this id, and none had it.
    pub fn zone_page(&self, id: &str) -> Result<ZonePage, EngineError> {
        let versions = self.zone_versions(id, false)?;
        let present = match self.present_zone(id) {
            Ok(zone) => Some(zone),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let is_shown = |l: &&Layer| [LayerRole::Zones, LayerRole::LandUse].contains(&l.role);
        let sources = self.layers.iter().filter(is_shown).map(|l| PageSource {
            layer: l.name.clone(),
            source: l.source.clone(),
            imported_at: l.imported_at.clone(),
        });
        Ok(ZonePage {
            id: id.to_owned(),
            present,
            versions,
            sources: sources.collect(),
            simulated: self.simulated(),
            revision: self.revision,
            title: self.title(),
        })
    }

    fn present_zone(&self, id: &str) -> Result<PresentZone, EngineError> {
        let (card, history) = (self.zone_card(id, None)?, self.zone_history(id)?);
        let subject = Subject { kind: SubjectKind::Zone, id: id.to_owned() };
        let mut found = self.gather(&subject, OffsetDateTime::now_utc())?;
        found.epochs = self.epochs[self.epochs.len().saturating_sub(MOST_MAPS)..].to_vec();
        let (maps, legend) = self.dossier_maps(&found)?;
        let epochs = found.epochs.iter().copied().map(Some).chain(std::iter::repeat(None));
        let maps = maps.into_iter().zip(epochs).map(|(map, epoch)| PageMap {
            epoch,
            svg: map.svg().0,
            width_mm: map.frame.width_mm,
            bar_m: map.frame.bar_m(),
            bar_mm: 1000.0 * map.frame.bar_m() / f64::from(map.frame.scale),
            alt: map.alt,
        });
        let legend = legend.into_iter().map(|swatch| (swatch_svg(&swatch.paint), swatch.text));
        Ok(PresentZone { card, history, maps: maps.collect(), legend: legend.collect() })
    }
}
