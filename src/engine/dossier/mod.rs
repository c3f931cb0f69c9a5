//! Dossiers of a zone, an event or an area code: what is stated, the maps, the files, and the seal by which a dossier is known again.
//!
//! Nothing is kept of a dossier: its id carries what it stated in short, sealed with a key of the workspace's private file.
//! Who holds the id learns whether it was made here and whether the data still says the same. A dossier holds only what
//! everybody may see. Invariant: what is stated (`report::Statement`) depends on the data alone, not on the moment, the
//! revision or the language.

mod code;
mod files;
mod gather;
pub(super) mod maps;
mod page;
mod seal;

use std::path::Path;

use time::OffsetDateTime;

use super::accounts::Accounts;
use super::{Engine, EngineError, Snapshot};
use crate::report::{self, Dossier, Lang, Subject, Verification};
use crate::store::SecretHash;

pub use page::{PageMap, PageSource, PresentZone, ZonePage};
pub use seal::{Seal, Stated, Verified};

/// Which dossier is asked for.
#[derive(Debug, Clone)]
pub struct DossierAsk {
    pub subject: Subject,
    pub lang: Lang,
    pub file: DossierFile,
    /// Where the server is reached, `https://host`, for the address of verification; none: the dossier says none.
    pub base: Option<String>,
}

/// What a dossier is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DossierFile {
    Pdf,
    Xlsx,
    GeoJson,
}

impl DossierFile {
    pub const ALL: [DossierFile; 3] = [DossierFile::Pdf, DossierFile::Xlsx, DossierFile::GeoJson];

    pub fn ending(self) -> &'static str {
        match self {
            DossierFile::Pdf => "pdf",
            DossierFile::Xlsx => "xlsx",
            DossierFile::GeoJson => "geojson",
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            DossierFile::Pdf => "application/pdf",
            DossierFile::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            DossierFile::GeoJson => "application/geo+json",
        }
    }
}

impl Snapshot {
    /// The bytes of a dossier made at a moment. What `key` gives seals it; without it nobody can verify it. It is asked for
    /// when it is known that there is something to be sealed.
    pub fn dossier(
        &self,
        ask: &DossierAsk,
        made: OffsetDateTime,
        key: impl FnOnce() -> Result<Option<SecretHash>, EngineError>,
    ) -> Result<Vec<u8>, EngineError> {
        let found = self.gather(&ask.subject, made)?;
        let sealed = key()?.and_then(|key| Seal::of(&found.statement, self.revision, made).written(&key));
        let verification = sealed.zip(ask.base.as_ref()).map(|(id, base)| Verification { address: format!("{base}/verify/"), id });
        let dossier = Dossier { verification, ..self.printed(&found, made, ask)? };
        match ask.file {
            DossierFile::Pdf => report::pdf(&dossier, ask.lang).map_err(|e| EngineError::internal(e.to_string())),
            DossierFile::Xlsx => self.dossier_sheets(&dossier, ask.lang),
            DossierFile::GeoJson => self.dossier_geojson(&dossier, &found.ground),
        }
    }

    /// Whether what a seal says is still so.
    pub fn verify(&self, seal: &Seal) -> Result<Verified, EngineError> {
        // Checks go by the day of the dossier, so that a later day alone changes nothing.
        let made = OffsetDateTime::from_unix_timestamp(seal.made).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let now = match self.gather(&seal.subject, made) {
            Ok(found) => Some(found.statement),
            Err(error) if error.kind() == super::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        Ok(Verified::of(seal, now.as_ref()))
    }
}

impl Engine {
    /// A dossier that can be verified.
    pub fn dossier(&self, ask: &DossierAsk) -> Result<Vec<u8>, EngineError> {
        self.snapshot().dossier(ask, OffsetDateTime::now_utc(), || self.accounts().dossier_key().map(Some))
    }

    /// What a dossier's id says, and whether it is still so.
    ///
    /// # Errors
    /// `NotFound`: no dossier that was made here has this id.
    pub fn verify(&self, id: &str) -> Result<(Seal, Verified), EngineError> {
        let none = || EngineError::not_found("no dossier that was made here has this id");
        let key = self.accounts().present_dossier_key()?;
        let seal = key.and_then(|key| Seal::read(id, &key)).ok_or_else(none)?;
        let verified = self.snapshot().verify(&seal)?;
        Ok((seal, verified))
    }
}

/// A moment in seconds since 1970, as a dossier writes it.
pub fn day_and_hour(seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(seconds).map_or_else(|_| String::new(), report::moment)
}

/// Writes a dossier to a file whose ending names what it is.
pub fn write_dossier(snapshot: &Snapshot, ask: &DossierAsk, out: &Path) -> Result<u64, EngineError> {
    super::may_be_written(out, &snapshot.path)?;
    let accounts = Accounts::of(&snapshot.path)?;
    let key = || match accounts.dossier_key() {
        Ok(key) => Ok(Some(key)),
        // Who may only read makes a dossier all the same.
        Err(error) => {
            tracing::warn!(error = %error.chain(), "the dossier cannot be verified: the workspace's private file cannot be written");
            Ok(None)
        }
    };
    let bytes = snapshot.dossier(ask, OffsetDateTime::now_utc(), key)?;
    super::export::write_text(out, |file| file.write_all(&bytes))?;
    Ok(bytes.len() as u64)
}
