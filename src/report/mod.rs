//! Finished rows and geometries into the bytes of a dossier, an A4 document with maps that are true to scale, or of one such map on a sheet.
//!
//! Knows no workspace, no file and no clock: it is given what it prints. Whatever comes from data (names, codes) reaches
//! the typesetter as a value and is never read as its language. Invariant: the same dossier gives the same bytes.
//! The only user of Typst and of the QR encoder.

mod code;
mod drawing;
mod map_on_page;
mod paper;
mod picture;
mod print;
mod qr;
mod sections;
mod statement;
mod typeset;
mod words;

pub use drawing::{Color, Drawn, Form, Hatch, Label, Map, Paint, Swatch, swatch_svg};
pub use paper::{Corners, Frame};
pub use print::{Orientation, Paper, Print, PrintSource};
pub use sections::{Dossier, Names, Thresholds, Verification, facts};
pub use statement::{
    Areas, Check, StatedCode, StatedEvent, StatedPart, StatedRing, StatedSource, StatedSubject, StatedTransition, StatedUnit, StatedZone,
    Statement, Subject, SubjectKind, VERDICT, ZoneOfCode, hash_of,
};
pub use typeset::{ReportError, pdf, print_pdf};
pub use words::{Lang, alert_status_name, change_name, code_status_name, moment, role_name};

#[cfg(test)]
mod tests;
