//! Who may see and do what: one table of role, action, field.
//!
//! Roles are checked here and nowhere else; what a role may not see never enters a tile, a feature, an
//! export, a report or a count. The table grows with what the program can do: an action that nothing
//! asks for is not listed. Invariant: a field that no line names is shown to nobody.

use crate::model::LandUseClass;
pub use crate::model::Role;

/// What not everybody may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    /// Land use of defence and security (CQP, CAN).
    SecretLandUse,
}

/// Secret land use has no reader: it never leaves the server, whoever asks.
const FIELDS: &[(Field, &[Role])] = &[(Field::SecretLandUse, &[])];

/// Whether land use of `class` may be shown to `role`: its shape, its code, its area, its count.
pub fn may_see_land_use(role: Role, class: &LandUseClass) -> bool {
    !class.secret || FIELDS.iter().any(|(f, roles)| *f == Field::SecretLandUse && roles.contains(&role))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::legend::Legend;

    #[test]
    fn defence_and_security_are_shown_to_nobody_and_every_other_land_use_to_everybody() {
        let legend = Legend::parse("vn.toml", include_str!("../zones/legends/vn.toml")).unwrap();
        for role in Role::ALL {
            let hidden: Vec<&str> = legend.classes.iter().filter(|c| !may_see_land_use(*role, c)).map(|c| c.code.as_str()).collect();
            assert_eq!(hidden, ["CQP", "CAN"], "{role}");
        }
    }
}
