//! Our columns, role by role, and how a file's columns are found for them.
//!
//! Names match without case; an option wins over a column. Pure: names in, plan out.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use crate::model::LayerRole;

/// What a layer of this role stores, in the order of `Feature::values`.
pub fn of(role: LayerRole) -> &'static [&'static str] {
    match role {
        LayerRole::Zones => &[
            "id",
            "kind",
            "name",
            "code",
            "unit",
            "crop",
            "variety",
            "cooperative",
            "linkage",
            "products",
            "standard",
            "standard_no",
            "standard_until",
            "declared_area_m2",
            "established",
        ],
        LayerRole::LandUse => &["id", "code", "observed"],
        LayerRole::Permits => &["id", "right", "decision", "decided", "valid_to"],
        LayerRole::Boundaries => &["code", "name", "full_name", "valid_from"],
        LayerRole::Context => &["id", "group", "name", "width_m"],
        LayerRole::Codes => CODES,
        LayerRole::Encroachments => &["id"],
    }
}

const CODES: &[&str] = &[
    "code",
    "part",
    "zone_ids",
    "area_name",
    "address",
    "unit",
    "crop",
    "variety",
    "market",
    "status",
    "status_since",
    "status_reason",
    "issued",
    "valid_from",
    "valid_to",
    "standard",
    "standard_no",
    "standard_until",
    "authority",
    "decision",
    "last_inspection",
    "next_inspection",
    "declared_area_m2",
    "declared_area_ha",
    "yield_t_ha",
    "harvests",
    "households",
    "legacy_codes",
    "holder",
    "phone",
    "identity_no",
    "farmers",
];

/// Those that a file must have, unless an option gives the value.
pub fn required(role: LayerRole) -> &'static [&'static str] {
    match role {
        LayerRole::Zones => &["kind"],
        LayerRole::LandUse => &["code"],
        LayerRole::Permits => &["right"],
        LayerRole::Boundaries => &["code", "name"],
        LayerRole::Context => &["group"],
        LayerRole::Codes => &["code"],
        LayerRole::Encroachments => &[],
    }
}

/// The column that says what a thing is: what a CAD layer's name fills, and what `--kind` (land use: `--code`) gives.
pub fn label(role: LayerRole) -> Option<&'static str> {
    match role {
        LayerRole::Zones => Some("kind"),
        LayerRole::LandUse => Some("code"),
        LayerRole::Permits => Some("right"),
        LayerRole::Context => Some("group"),
        LayerRole::Boundaries | LayerRole::Codes | LayerRole::Encroachments => None,
    }
}

/// Where the value of one of our columns comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// The file's column at this place.
    Field(usize),
    FeatureId,
    /// The CAD layer's name or level; of other files the layer's name.
    LayerName,
    /// The texts inside the polygon; with a name, only those on that CAD layer.
    Texts(Option<String>),
    Constant(String),
    Nothing,
}

/// Why no plan could be made.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// The file has no such column: ours, the one looked for, the option that helps.
    Missing { ours: String, wanted: String, option: String },
    /// `--field` or `--kind` names a column that the role does not have.
    NotOurs(String),
    /// `@text` on a file that has no texts.
    NoTexts,
}

/// What the request and the file say about columns.
pub(super) struct Columns<'a> {
    pub role: LayerRole,
    /// The file's columns, in its order.
    pub existing: &'a [String],
    /// Name of the column that holds the feature id, when it is none of the above.
    pub fid_column: &'a str,
    pub fields: &'a BTreeMap<String, String>,
    pub kind: Option<&'a str>,
    pub code: Option<&'a str>,
    pub is_cad: bool,
    /// Names longer than ten characters may have been cut (Shapefile).
    pub is_cut_at_ten: bool,
}

impl Columns<'_> {
    /// One origin for each column of `of(role)`.
    pub(super) fn plan(&self) -> Result<Vec<Origin>, Problem> {
        let ours = of(self.role);
        for name in self.fields.keys() {
            // Boundaries keep no id of ours, but a file may name one for its issues.
            if !ours.iter().any(|our| our.eq_ignore_ascii_case(name.trim())) && !name.trim().eq_ignore_ascii_case("id") {
                return Err(Problem::NotOurs(name.clone()));
            }
        }
        if self.kind.is_some() && label(self.role).is_none_or(|label| label == "code") {
            return Err(Problem::NotOurs("kind".to_owned()));
        }
        if self.code.is_some() && !ours.contains(&"code") {
            return Err(Problem::NotOurs("code".to_owned()));
        }
        ours.iter().map(|our| self.origin(our)).collect()
    }

    /// Where the feature's id comes from.
    pub(super) fn id(&self) -> Result<Origin, Problem> {
        match self.origin("id")? {
            Origin::Nothing => Ok(Origin::FeatureId),
            origin => Ok(origin),
        }
    }

    /// One origin for each column to keep.
    pub(super) fn kept(&self, keep: &[String]) -> Result<Vec<Origin>, Problem> {
        keep.iter().map(|name| self.named(name, name, "--keep".to_owned())).collect()
    }

    fn origin(&self, our: &str) -> Result<Origin, Problem> {
        let is_label = label(self.role) == Some(our);
        let given = match our {
            "code" => self.code,
            _ if is_label => self.kind,
            _ => None,
        };
        if let Some(value) = given {
            return Ok(Origin::Constant(value.nfc().collect()));
        }
        if let Some((_, theirs)) = self.fields.iter().find(|(name, _)| name.trim().eq_ignore_ascii_case(our)) {
            return self.named(our, theirs, format!("--field {our}=COLUMN"));
        }
        if let Some(at) = self.find(our) {
            return Ok(Origin::Field(at));
        }
        if self.is_cad && is_label {
            return Ok(Origin::LayerName);
        }
        if required(self.role).contains(&our) {
            let mut option = format!("--field {our}=COLUMN");
            match (our, is_label) {
                ("code", true) => option += ", or give all one value with --code",
                (_, true) => option += ", or give all one value with --kind",
                _ => {}
            }
            return Err(Problem::Missing { ours: our.to_owned(), wanted: our.to_owned(), option });
        }
        Ok(Origin::Nothing)
    }

    fn named(&self, our: &str, theirs: &str, option: String) -> Result<Origin, Problem> {
        let theirs = theirs.trim();
        let lower = theirs.to_lowercase();
        if lower == "@layer" {
            return Ok(Origin::LayerName);
        }
        if lower == "@text" || lower.starts_with("@text:") {
            let only = theirs.split_once(':').map(|(_, layer)| layer.trim().to_owned());
            return if self.is_cad { Ok(Origin::Texts(only)) } else { Err(Problem::NoTexts) };
        }
        match self.find(theirs) {
            Some(at) => Ok(Origin::Field(at)),
            None if lower == "fid" || (!self.fid_column.is_empty() && same(self.fid_column, theirs)) => Ok(Origin::FeatureId),
            None => Err(Problem::Missing { ours: our.to_owned(), wanted: theirs.to_owned(), option }),
        }
    }

    /// The exact name first, then without case, then as a Shapefile cuts it.
    fn find(&self, name: &str) -> Option<usize> {
        let exact = self.existing.iter().position(|e| e == name);
        let alike = || self.existing.iter().position(|e| same(e, name));
        let cut = || {
            let short: String = name.chars().take(10).collect();
            (self.is_cut_at_ten && name.chars().count() > 10).then(|| self.existing.iter().position(|e| same(e, &short))).flatten()
        };
        exact.or_else(alike).or_else(cut)
    }
}

fn same(a: &str, b: &str) -> bool {
    let fold = |s: &str| s.trim().nfc().flat_map(char::to_lowercase).collect::<String>();
    fold(a) == fold(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(role: LayerRole, existing: &[&str], fields: &[(&str, &str)], kind: Option<&str>) -> Result<Vec<Origin>, Problem> {
        let existing: Vec<String> = existing.iter().map(|s| (*s).to_owned()).collect();
        let fields = fields.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        Columns { role, existing: &existing, fid_column: "fid", fields: &fields, kind, code: None, is_cad: false, is_cut_at_ten: true }
            .plan()
    }

    fn origin_of(our: &str, role: LayerRole, plan: Vec<Origin>) -> Origin {
        plan[of(role).iter().position(|c| *c == our).unwrap()].clone()
    }

    #[test]
    fn names_match_without_case_in_either_composition_and_as_a_shapefile_cuts_them() {
        let found = plan(LayerRole::Zones, &["KIND", "Standard_u", "Lo\u{61}\u{323}i"], &[("crop", "LO\u{1EA0}I")], None).unwrap();
        assert_eq!(origin_of("kind", LayerRole::Zones, found.clone()), Origin::Field(0));
        assert_eq!(origin_of("standard_until", LayerRole::Zones, found.clone()), Origin::Field(1));
        assert_eq!(origin_of("crop", LayerRole::Zones, found), Origin::Field(2));
    }

    #[test]
    fn an_option_wins_over_a_column() {
        let found = plan(LayerRole::Zones, &["kind", "loai"], &[("kind", "loai")], None).unwrap();
        assert_eq!(origin_of("kind", LayerRole::Zones, found), Origin::Field(1));
        let found = plan(LayerRole::Zones, &["kind"], &[], Some("rice")).unwrap();
        assert_eq!(origin_of("kind", LayerRole::Zones, found), Origin::Constant("rice".into()));
    }

    #[test]
    fn what_is_missing_is_named_with_the_option_that_helps() {
        let Err(Problem::Missing { ours, option, .. }) = plan(LayerRole::LandUse, &["loai"], &[], None) else { panic!() };
        assert_eq!((ours.as_str(), option.as_str()), ("code", "--field code=COLUMN, or give all one value with --code"));
        assert!(matches!(plan(LayerRole::Zones, &["a"], &[("kind", "b")], None), Err(Problem::Missing { .. })));
        assert_eq!(plan(LayerRole::Zones, &["kind"], &[("colour", "kind")], None), Err(Problem::NotOurs("colour".into())));
        assert_eq!(plan(LayerRole::Zones, &["kind"], &[("name", "@text")], None), Err(Problem::NoTexts));
        assert_eq!(plan(LayerRole::LandUse, &["code"], &[], Some("rice")), Err(Problem::NotOurs("kind".into())));
    }

    #[test]
    fn a_file_column_called_fid_is_the_feature_id() {
        let found = plan(LayerRole::Zones, &["kind"], &[("id", "FID")], None).unwrap();
        assert_eq!(origin_of("id", LayerRole::Zones, found), Origin::FeatureId);
    }
}
