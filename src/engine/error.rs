//! One error for every flow, and what kind of failure it is. `cli` turns the kind into an exit code,
//! `http` into a status, each in one table.

use serde_json::Value;

use crate::access::NotAllowed;
use crate::crs::CrsError;
use crate::formats::FormatError;
use crate::legend::LegendError;
use crate::model::{Issue, NotAWord, Revision};
use crate::store::StoreError;

/// What sort of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    Internal,
    Usage,
    NotFound,
    Invalid,
    Conflict,
    Unsupported,
    Unavailable,
    NotAllowed,
}

impl ErrorKind {
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorKind::Internal => "internal",
            ErrorKind::Usage => "usage",
            ErrorKind::NotFound => "not_found",
            ErrorKind::Invalid => "invalid_input",
            ErrorKind::Conflict => "conflict",
            ErrorKind::Unsupported => "unsupported",
            ErrorKind::Unavailable => "unavailable",
            ErrorKind::NotAllowed => "not_allowed",
        }
    }
}

/// A flow that did not reach its end; what it was about to change is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Format(#[from] FormatError),
    #[error(transparent)]
    Crs(#[from] CrsError),
    #[error(transparent)]
    Legend(#[from] LegendError),
    /// An edit that would do something wrong: each fault with its place and its repairs.
    #[error("{message}")]
    EditRefused { message: String, issues: Vec<Value> },
    /// An edit of zones that are others by now: what they are is in the details.
    #[error("{message}")]
    EditStale { message: String, details: Value },
    /// A plan that is of another revision than the one that was named.
    #[error("the plan is of revision {now} by now: read it again before you change it")]
    PlanMoved { now: Revision },
    /// An alert that is not as it was when it was seen; its ETag, when that is known.
    #[error("somebody else has changed the alert: read it again before you change it")]
    AlertMoved { now: Option<String> },
    /// A code of the register that is another than what was named by its mark.
    #[error("{code} changed since you read it: look at what is there now, then try again")]
    CodeMoved { code: String, etag: String },
    /// The register is another than the one that a file was looked at against.
    #[error(
        "the register changed since you looked at what the file would do (it is of revision {now} by now): look at it again, then keep it"
    )]
    RegisterMoved { now: Revision },
    /// A file that was sent and cannot be shown: why, in a word that stays; where a layer has to be chosen, which there are.
    #[error("{message}")]
    FileRefused { why: &'static str, message: String, layers: Vec<String> },
    #[error("{message}")]
    Refused { kind: ErrorKind, message: String, issues: Vec<Issue> },
}

impl From<NotAllowed> for EngineError {
    fn from(error: NotAllowed) -> Self {
        EngineError::refused(ErrorKind::NotAllowed, error.to_string())
    }
}

impl From<NotAWord> for EngineError {
    fn from(error: NotAWord) -> Self {
        EngineError::usage(error.to_string())
    }
}

impl EngineError {
    fn refused(kind: ErrorKind, message: impl Into<String>) -> Self {
        EngineError::Refused { kind, message: message.into(), issues: Vec::new() }
    }
    pub fn usage(message: impl Into<String>) -> Self {
        Self::refused(ErrorKind::Usage, message)
    }
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::refused(ErrorKind::NotFound, message)
    }
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::refused(ErrorKind::Invalid, message)
    }
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::refused(ErrorKind::Conflict, message)
    }
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::refused(ErrorKind::Unsupported, message)
    }
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::refused(ErrorKind::Unavailable, message)
    }
    pub fn internal(message: impl Into<String>) -> Self {
        Self::refused(ErrorKind::Internal, message)
    }
    pub fn with_issues(self, found: Vec<Issue>) -> Self {
        match self {
            EngineError::Refused { kind, message, .. } => EngineError::Refused { kind, message, issues: found },
            other => other,
        }
    }

    pub fn kind(&self) -> ErrorKind {
        match self {
            EngineError::Refused { kind, .. } => *kind,
            EngineError::Legend(_) | EngineError::Crs(_) => ErrorKind::Invalid,
            EngineError::EditRefused { .. } | EngineError::FileRefused { .. } => ErrorKind::Invalid,
            EngineError::EditStale { .. }
            | EngineError::PlanMoved { .. }
            | EngineError::RegisterMoved { .. }
            | EngineError::AlertMoved { .. }
            | EngineError::CodeMoved { .. } => ErrorKind::Conflict,
            EngineError::Store(error) => of_store(error),
            EngineError::Format(error) => of_format(error),
        }
    }

    /// The message with what lies behind it, down to the system's own words.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            let said = error.to_string();
            if !text.contains(&said) {
                text += &format!(": {said}");
            }
            cause = error.source();
        }
        text
    }

    pub fn issues(&self) -> &[Issue] {
        match self {
            EngineError::Refused { issues, .. } => issues,
            _ => &[],
        }
    }
}

fn of_store(error: &StoreError) -> ErrorKind {
    use StoreError as E;
    match error {
        E::NotFound { .. } | E::NoSuchLayer { .. } | E::NoSuchAccount { .. } | E::NoSuchToken { .. } => ErrorKind::NotFound,
        E::FileExists { .. }
        | E::LayerExists { .. }
        | E::ForeignTable { .. }
        | E::IdsExist { .. }
        | E::AccountExists { .. }
        | E::LastAdministrator { .. } => ErrorKind::Conflict,
        E::NotAGeoPackage { .. }
        | E::NotAWorkspace { .. }
        | E::NotAccounts { .. }
        | E::Damaged { .. }
        | E::DuplicateIds { .. }
        | E::OtherRole { .. } => ErrorKind::Invalid,
        E::NewerVersion { .. } => ErrorKind::Unsupported,
        E::ReadOnly { .. } | E::Exposed { .. } => ErrorKind::NotAllowed,
        // A folder that is missing, a disk that fails: the system's words follow as the cause.
        E::Busy { .. } | E::Full { .. } | E::CannotWrite { .. } | E::File { .. } | E::Database { .. } => ErrorKind::Unavailable,
    }
}

fn of_format(error: &FormatError) -> ErrorKind {
    use FormatError as E;
    match error {
        E::NotFound { .. } => ErrorKind::NotFound,
        E::Unsupported { .. } => ErrorKind::Unsupported,
        E::NotOurColumn { .. } | E::UnknownEncoding { .. } => ErrorKind::Usage,
        E::CannotWrite { .. } => ErrorKind::Unavailable,
        E::NotSpatial { .. }
        | E::Unreadable { .. }
        | E::NoCrs { .. }
        | E::RefusedCrs { .. }
        | E::ContradictingCrs { .. }
        | E::TooLarge { .. }
        | E::TooMuch { .. }
        | E::MissingColumn { .. }
        | E::NoTextsOn { .. }
        | E::ChooseLayer { .. }
        | E::NotLandCover { .. }
        | E::Empty { .. } => ErrorKind::Invalid,
    }
}
