//! What is said of data that was not taken as it came.

use serde::Serialize;

/// Something a person should know about the data. Nothing is dropped without one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Issue {
    /// Stable, snake_case: `self_intersection`, `unknown_kind`, `unmapped_label` …
    pub code: &'static str,
    /// The feature's id in the source; none when it is about the file.
    pub feature: Option<String>,
    /// What is wrong, where, what was done.
    pub message: String,
    /// The same in Vietnamese, where a page shows it.
    #[serde(skip)]
    pub message_vi: Option<String>,
    /// Where, in the workspace's CRS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<[f64; 2]>,
    /// Area of the feature as read and as kept, m², when the two can differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area_before_m2: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area_after_m2: Option<f64>,
}

impl Issue {
    pub fn new(code: &'static str, feature: Option<&str>, message: impl Into<String>) -> Self {
        Issue {
            code,
            feature: feature.map(str::to_owned),
            message: message.into(),
            message_vi: None,
            at: None,
            area_before_m2: None,
            area_after_m2: None,
        }
    }

    pub fn in_vietnamese(self, message: impl Into<String>) -> Self {
        Issue { message_vi: Some(message.into()), ..self }
    }
}
