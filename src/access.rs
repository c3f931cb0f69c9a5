//! Who may see and do what: one table of role, action, field.
//!
//! Roles are checked here and nowhere else; what a role may not see never enters a tile, a feature, an
//! export, a report or a count. The table grows with what the program can do: an action that nothing
//! asks for is not listed. Invariant: an action or a field that no line names is allowed to nobody.

pub use crate::model::Role;

use crate::legend::LandUseClass;

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Look at the map, the figures, the zones and the evidence.
    Read,
    /// Load files into the workspace, take layers out.
    Import,
}

/// What not everybody may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    /// Land use of defence and security (CQP, CAN).
    SecretLandUse,
}

const EVERYBODY: &[Role] = Role::ALL;

const ACTIONS: &[(Action, &[Role])] = &[(Action::Read, EVERYBODY), (Action::Import, &[Role::Administrator])];

/// Secret land use has no reader: it never leaves the server, whoever asks.
const FIELDS: &[(Field, &[Role])] = &[(Field::SecretLandUse, &[])];

/// Whether `role` may do `action`.
pub fn may(role: Role, action: Action) -> bool {
    ACTIONS.iter().any(|(a, roles)| *a == action && roles.contains(&role))
}

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

    #[test]
    fn everybody_reads_and_only_an_administrator_imports() {
        for role in Role::ALL {
            assert!(may(*role, Action::Read), "{role}");
            assert_eq!(may(*role, Action::Import), *role == Role::Administrator, "{role}");
        }
    }
}
