//! Who may see and do what: one table of role, action, field.
//!
//! Roles are checked here and nowhere else; what a role may not see never enters a tile, a feature, an
//! export, a report or a count. The table grows with what the program can do: an action that nothing
//! asks for is not listed. Invariants: a field or an action that no line names is nobody's; a token never
//! may more than its owner may at this moment.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

pub use crate::model::Role;
use crate::model::{LandUseClass, NotAWord, words};

/// What not everybody may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    /// Land use of defence and security (CQP, CAN).
    SecretLandUse,
}

/// Secret land use has no reader: it never leaves the server, whoever asks.
const FIELDS: &[(Field, &[Role])] = &[(Field::SecretLandUse, &[])];

words! {
    /// What not everybody may do. Everybody may look at the map.
    Action, "one of read_edits, edit_zones, read_plans, make_plans, approve_plans, read_alerts, handle_alerts, read_register, read_holders, edit_register, make_tokens, manage_accounts" {
        /// See who changed what, when and why.
        ReadEdits = "read_edits",
        /// Change zones, within the limits of `may_touch`.
        EditZones = "edit_zones",
        /// See every plan, its changes and figures.
        ReadPlans = "read_plans",
        /// Make plans, change and submit one's own, comment on all.
        MakePlans = "make_plans",
        /// Return, approve and publish plans of others.
        ApprovePlans = "approve_plans",
        /// See the work list on lost land: who has what until when, notes, photos.
        ReadAlerts = "read_alerts",
        /// Take steps, assign, note and photograph, within the limits of `may_touch`.
        HandleAlerts = "handle_alerts",
        /// Look through the register of codes on its desk.
        ReadRegister = "read_register",
        /// See who holds a farming area code, who farms there, who represents a cooperative, telephones and identity numbers.
        ReadHolders = "read_holders",
        /// Import the register of codes, change a code's status, within the limits of `may_touch_code`; import who is behind zones.
        EditRegister = "edit_register",
        /// Make, list and revoke tokens for oneself.
        MakeTokens = "make_tokens",
        /// Make, change and remove accounts, and anybody's tokens.
        ManageAccounts = "manage_accounts",
    }
}

use Role::{Administrator, Approver, Officer, Planner};

const ACTIONS: &[(Action, &[Role])] = &[
    (Action::ReadEdits, &[Officer, Planner, Approver, Administrator]),
    (Action::EditZones, &[Planner, Approver, Administrator]),
    (Action::ReadPlans, &[Officer, Planner, Approver, Administrator]),
    (Action::MakePlans, &[Planner, Approver, Administrator]),
    (Action::ApprovePlans, &[Approver, Administrator]),
    (Action::ReadAlerts, &[Officer, Planner, Approver, Administrator]),
    (Action::HandleAlerts, &[Officer, Approver, Administrator]),
    (Action::ReadRegister, &[Officer, Planner, Approver, Administrator]),
    (Action::ReadHolders, &[Officer, Administrator]),
    (Action::EditRegister, &[Officer, Approver, Administrator]),
    (Action::MakeTokens, &[Officer, Planner, Approver, Administrator]),
    (Action::ManageAccounts, &[Administrator]),
];

/// What a token can never be for: it would outlive itself, or its owner's account.
const NOT_FOR_TOKENS: &[Action] = &[Action::MakeTokens, Action::ManageAccounts];

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Empty for nobody.
    pub name: String,
    pub role: Role,
    /// Keys of the kinds that the person may change; empty: all.
    pub kinds: Vec<String>,
    /// Codes of the units whose zones the person may change; empty: all.
    pub units: Vec<String>,
    /// What a token was made for; none for who signed in.
    pub scope: Option<Vec<Action>>,
}

impl Person {
    /// The viewer without an account.
    pub fn nobody() -> Person {
        Person { name: String::new(), role: Role::Viewer, kinds: Vec::new(), units: Vec::new(), scope: None }
    }

    pub fn is_nobody(&self) -> bool {
        self.name.is_empty()
    }

    /// Everything the person may do, in the table's order.
    pub fn actions(&self) -> Vec<Action> {
        Action::ALL.iter().copied().filter(|action| may(self, *action).is_ok()).collect()
    }
}

/// Why somebody may not: what, and who may.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    #[error("{0} needs an account: sign in as {or}", or = or(roles(*.0)))]
    WithoutAccount(Action),
    #[error("{role} may not do this ({action}); {or} may", or = or(roles(*.action)))]
    Role { role: Role, action: Action },
    #[error("the token is not for this ({0}): make one whose scope holds it")]
    Scope(Action),
    #[error("{name} may change zones of the kinds {}, not of {kind}", .kinds.join(", "))]
    Kind { name: String, kind: String, kinds: Vec<String> },
    #[error("{name} may change zones in the units {}, not {}", .units.join(", "), .unit.as_ref().map_or("outside of all units".to_owned(), |unit| format!("in {unit}")))]
    Unit { name: String, unit: Option<String>, units: Vec<String> },
    #[error("{name} may change codes of the kinds {}; {code} is {}", .kinds.join(", "), .found.as_ref().map_or("of no kind that is known".to_owned(), |kind| format!("of {kind}")))]
    CodeKind { name: String, code: String, found: Option<String>, kinds: Vec<String> },
    #[error("{name} may change codes in the units {}; {code} lies {}", .units.join(", "), .unit.as_ref().map_or("in no unit that is known".to_owned(), |unit| format!("in {unit}")))]
    CodeUnit { name: String, code: String, unit: Option<String>, units: Vec<String> },
    #[error("{name} is limited to kinds or units, and may not put a file in place of the whole register: send what changes")]
    WholeRegister { name: String },
    #[error("{name} is limited to kinds or units, and may not change who is behind zones: a cooperative may have land of any")]
    Partners { name: String },
    #[error("this is a plan of {owner}, who alone changes it")]
    OthersPlan { owner: String },
    #[error("nobody decides on a plan of their own: somebody else has to return, approve and publish it")]
    OwnPlan,
    #[error("a token can never be for {0}")]
    NeverInAScope(Action),
}

fn or(roles: &[Role]) -> String {
    let names: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((only, _)) => (*only).to_owned(),
        None => "nobody".to_owned(),
    }
}

/// Who may do it.
pub fn roles(action: Action) -> &'static [Role] {
    ACTIONS.iter().find(|(a, _)| *a == action).map_or(&[], |(_, roles)| roles)
}

/// Whether the person may do it at all; what of it, `may_touch` says.
pub fn may(person: &Person, action: Action) -> Result<(), NotAllowed> {
    if !roles(action).contains(&person.role) {
        return Err(if person.is_nobody() { NotAllowed::WithoutAccount(action) } else { NotAllowed::Role { role: person.role, action } });
    }
    match &person.scope {
        Some(scope) if !scope.contains(&action) || NOT_FOR_TOKENS.contains(&action) => Err(NotAllowed::Scope(action)),
        _ => Ok(()),
    }
}

/// Whether zones of a kind, in a unit (none: outside of all), are the person's to change.
pub fn may_touch(person: &Person, kind: &str, unit: Option<&str>) -> Result<(), NotAllowed> {
    let (name, kinds, units) = (&person.name, &person.kinds, &person.units);
    if !kinds.is_empty() && !kinds.iter().any(|k| k == kind) {
        return Err(NotAllowed::Kind { name: name.clone(), kind: kind.to_owned(), kinds: kinds.clone() });
    }
    if !units.is_empty() && !units.iter().any(|u| Some(u.as_str()) == unit) {
        return Err(NotAllowed::Unit { name: name.clone(), unit: unit.map(str::to_owned), units: units.clone() });
    }
    Ok(())
}

/// Whether a code is the person's to change: by the kinds of its zones, else those its crop grows in, and by its unit.
pub fn may_touch_code(person: &Person, code: &str, of_kinds: &[String], unit: Option<&str>) -> Result<(), NotAllowed> {
    let (name, code) = (person.name.clone(), code.to_owned());
    if !person.kinds.is_empty() && !of_kinds.iter().any(|kind| person.kinds.contains(kind)) {
        return Err(NotAllowed::CodeKind { name, code, found: of_kinds.first().cloned(), kinds: person.kinds.clone() });
    }
    if !person.units.is_empty() && !person.units.iter().any(|u| Some(u.as_str()) == unit) {
        return Err(NotAllowed::CodeUnit { name, code, unit: unit.map(str::to_owned), units: person.units.clone() });
    }
    Ok(())
}

/// Whether the person may put a file in place of the register: who is limited changes a part of it.
pub fn may_replace_register(person: &Person) -> Result<(), NotAllowed> {
    let is_limited = !(person.kinds.is_empty() && person.units.is_empty());
    if is_limited { Err(NotAllowed::WholeRegister { name: person.name.clone() }) } else { Ok(()) }
}

/// Whether the person may change the tables of who is behind zones: these are of the whole city.
pub fn may_edit_partners(person: &Person) -> Result<(), NotAllowed> {
    let is_limited = !(person.kinds.is_empty() && person.units.is_empty());
    if is_limited { Err(NotAllowed::Partners { name: person.name.clone() }) } else { Ok(()) }
}

/// Whether the person may change, submit, share and remove a plan of `owner`.
pub fn may_change_plan(person: &Person, owner: &str) -> Result<(), NotAllowed> {
    may(person, Action::MakePlans)?;
    if person.name == owner { Ok(()) } else { Err(NotAllowed::OthersPlan { owner: owner.to_owned() }) }
}

/// Whether the person may return, approve and publish a plan of `owner`.
pub fn may_decide_plan(person: &Person, owner: &str) -> Result<(), NotAllowed> {
    may(person, Action::ApprovePlans)?;
    if person.name == owner { Err(NotAllowed::OwnPlan) } else { Ok(()) }
}

/// Whether the owner may make a token for these actions.
pub fn may_scope(owner: &Person, scope: &[Action]) -> Result<(), NotAllowed> {
    scope.iter().try_for_each(|action| match NOT_FOR_TOKENS.contains(action) {
        true => Err(NotAllowed::NeverInAScope(*action)),
        false => may(owner, *action),
    })
}

/// Whether land use of `class` may be shown to `role`: its shape, its code, its area, its count.
pub fn may_see_land_use(role: Role, class: &LandUseClass) -> bool {
    !class.secret || FIELDS.iter().any(|(f, roles)| *f == Field::SecretLandUse && roles.contains(&role))
}

/// Characters of an account's name.
const LONGEST_NAME: usize = 64;

/// A name as accounts have it: the same however it was typed (NFKC, lower case). Letters of any script, digits and `. _ - @`.
pub fn account_name(text: &str) -> Result<String, NotAWord> {
    let name: String = text.trim().nfkc().flat_map(char::to_lowercase).nfkc().collect();
    let is_fit = |c: char| c.is_alphanumeric() || "._-@".contains(c);
    if name.is_empty() || name.chars().count() > LONGEST_NAME || !name.chars().all(is_fit) {
        return Err(NotAWord::new(text, "an account's name: 1 to 64 letters, digits and the signs . _ - @"));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::legend::Legend;

    fn person(role: Role) -> Person {
        Person { name: "lan".to_owned(), role, ..Person::nobody() }
    }

    #[test]
    fn defence_and_security_are_shown_to_nobody_and_every_other_land_use_to_everybody() {
        let legend = Legend::parse("vn.toml", include_str!("../zones/legends/vn.toml")).unwrap();
        for role in Role::ALL {
            let hidden: Vec<&str> = legend.classes.iter().filter(|c| !may_see_land_use(*role, c)).map(|c| c.code.as_str()).collect();
            assert_eq!(hidden, ["CQP", "CAN"], "{role}");
        }
    }

    /// The rows of docs/accounts.md that begin with an action.
    #[test]
    fn the_table_of_the_documentation_is_this_one() {
        let documented: Vec<(Action, Vec<Role>)> = include_str!("../docs/accounts.md")
            .lines()
            .filter_map(|line| {
                let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
                let action = cells.first()?.trim_matches('`').parse().ok()?;
                let may = |(role, cell): (&Role, &&str)| (*cell == "yes").then_some(*role);
                Some((action, Role::ALL.iter().zip(cells.get(2..)?).filter_map(may).collect()))
            })
            .collect();
        let ours: Vec<(Action, Vec<Role>)> = ACTIONS.iter().map(|(action, roles)| (*action, roles.to_vec())).collect();
        assert_eq!(documented, ours);
        assert_eq!(ours.iter().map(|(action, _)| *action).collect::<Vec<_>>(), Action::ALL);
    }

    #[test]
    fn who_may_not_is_told_who_may_and_nobody_to_sign_in() {
        let said = |person: &Person, action| may(person, action).unwrap_err().to_string();
        assert_eq!(
            said(&person(Role::Officer), Action::EditZones),
            "officer may not do this (edit_zones); planner, approver or administrator may"
        );
        assert_eq!(
            said(&Person::nobody(), Action::EditZones),
            "edit_zones needs an account: sign in as planner, approver or administrator"
        );
        assert!(Person::nobody().actions().is_empty());
        assert_eq!(person(Role::Administrator).actions(), Action::ALL);
    }

    #[test]
    fn a_token_may_what_its_scope_and_its_owner_may_and_never_make_accounts_or_tokens() {
        let token = |role, scope: &[Action]| Person { scope: Some(scope.to_vec()), ..person(role) };
        assert_eq!(token(Role::Planner, &[Action::ReadEdits]).actions(), [Action::ReadEdits]);
        // The owner was a planner when it was made.
        assert_eq!(token(Role::Officer, &[Action::ReadEdits, Action::EditZones]).actions(), [Action::ReadEdits]);
        let of_administrator = token(Role::Administrator, Action::ALL).actions();
        assert_eq!(of_administrator, Action::ALL.iter().copied().filter(|a| !NOT_FOR_TOKENS.contains(a)).collect::<Vec<_>>());
        assert_eq!(of_administrator.len(), 10);
        assert!(token(Role::Administrator, &[]).actions().is_empty());
        assert!(may_scope(&person(Role::Planner), &[Action::EditZones]).is_ok());
        for (role, scope) in
            [(Role::Officer, Action::EditZones), (Role::Administrator, Action::ManageAccounts), (Role::Planner, Action::MakeTokens)]
        {
            assert!(may_scope(&person(role), &[Action::ReadEdits, scope]).is_err(), "{role} {scope}");
        }
    }

    #[test]
    fn a_plan_is_its_owners_to_change_and_anybody_elses_to_decide_on() {
        let (lan, minh) = (person(Role::Approver), Person { name: "minh".to_owned(), ..person(Role::Administrator) });
        assert_eq!((may_change_plan(&lan, "lan"), may_decide_plan(&minh, "lan")), (Ok(()), Ok(())));
        assert_eq!(may_decide_plan(&lan, "lan"), Err(NotAllowed::OwnPlan));
        assert!(matches!(may_change_plan(&minh, "lan"), Err(NotAllowed::OthersPlan { .. })));
        assert!(matches!(may_decide_plan(&person(Role::Planner), "minh"), Err(NotAllowed::Role { .. })));
    }

    #[test]
    fn limits_to_kinds_and_units_both_hold_and_no_limit_is_no_limit() {
        let limited = Person { kinds: vec!["rice".to_owned()], units: vec!["10075".to_owned()], ..person(Role::Planner) };
        assert_eq!(may_touch(&limited, "rice", Some("10075")), Ok(()));
        for (kind, unit, words) in [
            ("tea", Some("10075"), "lan may change zones of the kinds rice, not of tea"),
            ("rice", Some("10076"), "lan may change zones in the units 10075, not in 10076"),
            ("rice", None, "not outside of all units"),
        ] {
            let said = may_touch(&limited, kind, unit).unwrap_err().to_string();
            assert!(said.contains(words), "{said}");
        }
        assert_eq!(may_touch(&person(Role::Planner), "tea", None), Ok(()));
    }

    #[test]
    fn a_name_is_the_same_however_it_is_typed() {
        assert_eq!(account_name(" Nguyễn.Lan@HaNoi ").unwrap(), account_name("nguye\u{302}\u{303}n.lan@hanoi").unwrap());
        for bad in ["", " ", "a b", "a/b", "<script>", "a\n", "a\u{202e}b", &"a".repeat(65)] {
            assert!(account_name(bad).is_err() || bad == "a\n", "{bad:?}");
        }
        assert_eq!(account_name("a\n").unwrap(), "a");
    }
}
