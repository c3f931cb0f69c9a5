//! The one door to Typst: a template of ours, data as values, fonts in the program; no file, no package, no network.

use std::sync::LazyLock;

use serde::Serialize;
use time::OffsetDateTime;
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use super::print::Print;
use super::sections::Dossier;
use super::words::Lang;

const FONTS: [&[u8]; 2] = [include_bytes!("fonts/BeVietnamPro-Regular.ttf"), include_bytes!("fonts/BeVietnamPro-SemiBold.ttf")];

/// A document that could not be set: a fault of the template, not of the reader.
#[derive(Debug, thiserror::Error)]
#[error("the document could not be typeset: {0}")]
pub struct ReportError(String);

/// What kind of document is set.
#[derive(Debug, Clone, Copy)]
enum Template {
    Dossier,
    Print,
}

/// What every document is set with.
struct House {
    functions: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    data: FileId,
    dossier: Source,
    print: Source,
}

static HOUSE: LazyLock<Result<House, ReportError>> = LazyLock::new(House::build);

impl House {
    fn build() -> Result<House, ReportError> {
        let place = |name: &str| {
            let path = VirtualPath::new(name).map_err(|e| ReportError(format!("{name}: {e:?}")))?;
            Ok(RootedPath::new(VirtualRoot::Project, path).intern())
        };
        let fonts: Vec<Font> = FONTS.iter().flat_map(|bytes| Font::iter(Bytes::new(*bytes))).collect();
        let dossier = concat!(include_str!("common.typ"), include_str!("dossier.typ"));
        let print = concat!(include_str!("common.typ"), include_str!("print.typ"));
        Ok(House {
            functions: LazyHash::new(Library::default()),
            book: LazyHash::new(FontBook::from_infos(fonts.iter().map(|font| font.info().clone()))),
            fonts,
            data: place("data.json")?,
            dossier: Source::new(place("dossier.typ")?, dossier.to_owned()),
            print: Source::new(place("print.typ")?, print.to_owned()),
        })
    }
}

/// One document being set.
struct Sheet<'a> {
    house: &'a House,
    template: &'a Source,
    data: Bytes,
}

impl World for Sheet<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.house.functions
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.house.book
    }

    fn main(&self) -> FileId {
        self.template.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.template.id() { Ok(self.template.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == self.house.data { Ok(self.data.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.house.fonts.get(index).cloned()
    }

    /// The template is told the moment; it does not ask a clock.
    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

fn failed(faults: impl IntoIterator<Item = SourceDiagnostic>) -> ReportError {
    ReportError(faults.into_iter().map(|fault| fault.message.to_string()).collect::<Vec<_>>().join("; "))
}

fn set(template: Template, values: &impl Serialize) -> Result<PagedDocument, ReportError> {
    let house = HOUSE.as_ref().map_err(|e| ReportError(e.0.clone()))?;
    let template = match template {
        Template::Dossier => &house.dossier,
        Template::Print => &house.print,
    };
    let data = Bytes::new(serde_json::to_vec(values).map_err(|e| ReportError(e.to_string()))?);
    let document = typst::compile::<PagedDocument>(&Sheet { house, template, data }).output.map_err(failed);
    // What it remembers of this document serves no other.
    typst::comemo::evict(0);
    document
}

/// The dossier laid out on pages.
pub(super) fn laid_out(dossier: &Dossier, lang: Lang) -> Result<PagedDocument, ReportError> {
    set(Template::Dossier, &dossier.page(lang))
}

/// The printed map laid out on its page, and on others where its legend needs them.
pub(super) fn laid_out_print(print: &Print, lang: Lang) -> Result<PagedDocument, ReportError> {
    set(Template::Print, &print.page(lang))
}

/// The dossier as a PDF: tagged, PDF/A-2a where every letter of its texts is in the fonts, else without that claim.
///
/// # Errors
/// `ReportError`: the template does not fit what it is given.
pub fn pdf(dossier: &Dossier, lang: Lang) -> Result<Vec<u8>, ReportError> {
    let ident = format!("{} {}", super::hash_of(&dossier.statement).to_hex(), dossier.made.unix_timestamp());
    written(&laid_out(dossier, lang)?, ident, dossier.made)
}

/// A printed map as a PDF of the same standards.
///
/// # Errors
/// `ReportError`: the template does not fit what it is given.
pub fn print_pdf(print: &Print, lang: Lang) -> Result<Vec<u8>, ReportError> {
    let page = blake3::hash(&serde_json::to_vec(&print.page(lang)).map_err(|e| ReportError(e.to_string()))?);
    written(&laid_out_print(print, lang)?, page.to_hex().to_string(), print.made)
}

fn written(document: &PagedDocument, ident: String, made: OffsetDateTime) -> Result<Vec<u8>, ReportError> {
    let archival = PdfStandards::new(&[PdfStandard::A_2a]).map_err(|e| ReportError(e.message().to_string()))?;
    let options = |standards| PdfOptions {
        ident: Smart::Custom(ident.clone()),
        creator: Smart::Custom(Some("farmzone".to_owned())),
        timestamp: datetime(made).map(Timestamp::new_utc),
        standards,
        ..PdfOptions::default()
    };
    let written = typst_pdf::pdf(document, &options(archival)).or_else(|_| typst_pdf::pdf(document, &options(PdfStandards::default())));
    typst::comemo::evict(0);
    written.map_err(failed)
}

fn datetime(at: OffsetDateTime) -> Option<Datetime> {
    Datetime::from_ymd_hms(at.year(), at.month().into(), at.day(), at.hour(), at.minute(), at.second())
}
