//! Accounts, sessions and tokens of a workspace: who somebody is, by what he shows.
//!
//! Nothing is remembered here: each question is answered by the file, so that a right that was taken away
//! is gone at once, whoever took it. Invariants: a secret is shown once, to its owner, and only its hash is kept;
//! an attempt to sign in is counted before the password is looked at, so that many at once are as many.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{EngineError, ErrorKind, Rulebook, Snapshot, in_order, password};
use crate::access::{self, Action, Person};
use crate::model::{LayerRole, Role, Unit};
use crate::store::{self, Counted, PrivateStore, Reader, SecretHash, StoreError, private_path};

pub use crate::store::{Account, SESSION_LASTS_S, Token};

/// Failures of a name that cost nothing; the next cost a wait that grows.
const FREE_OF_NAME: i64 = 5;
/// Of an address: a whole office may be behind one.
const FREE_OF_ADDRESS: i64 = 30;
const MOST_TOKENS: usize = 50;
pub const MOST_TOKEN_DAYS: u32 = 366;
const LONGEST_LABEL: usize = 100;
const TOKEN_BEGINS: &str = "fz_";

/// The accounts of a workspace, whether there are any or not. The file is made with the first.
#[derive(Debug)]
pub struct Accounts {
    path: PathBuf,
    open: Mutex<Option<PrivateStore>>,
}

/// What accounts may be limited to.
pub struct Limits<'a> {
    rulebook: &'a Rulebook,
    units: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    pub name: String,
    pub role: Role,
    #[serde(default)]
    pub kinds: Vec<String>,
    #[serde(default)]
    pub units: Vec<String>,
    /// None: one is made up.
    pub password: Option<String>,
}

/// What is to be another; what is not given stays.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct AccountChange {
    pub role: Option<Role>,
    pub kinds: Option<Vec<String>>,
    pub units: Option<Vec<String>>,
    pub is_disabled: Option<bool>,
    pub password: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    #[serde(default)]
    pub label: String,
    pub scope: Vec<Action>,
    pub expires_days: u32,
}

/// A session that has begun. The secret is for its owner alone.
pub struct Session {
    pub person: Person,
    pub secret: String,
}

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotIn {
    /// The name or the password; nobody is told which.
    Wrong,
    /// Too many failures: come again in so many seconds.
    Wait(u64),
}

impl Limits<'_> {
    pub fn of_snapshot(snapshot: &Snapshot) -> Limits<'_> {
        Limits { rulebook: &snapshot.rulebook, units: snapshot.units.iter().map(|view| view.unit.code.clone()).collect() }
    }

    /// Reads no more of the workspace than its units.
    pub fn of_workspace<'a>(workspace: &Path, rulebook: &'a Rulebook) -> Result<Limits<'a>, EngineError> {
        let reader = Reader::open(workspace)?;
        let mut units = Vec::new();
        for layer in in_order(reader.layers()?).iter().filter(|layer| layer.role == LayerRole::Boundaries) {
            units.extend(reader.features::<Unit>(&layer.name)?.0.into_iter().map(|unit| unit.code));
        }
        Ok(Limits { rulebook, units })
    }

    fn check(&self, kinds: &[String], units: &[String]) -> Result<(), EngineError> {
        if let Some(kind) = kinds.iter().find(|kind| self.rulebook.kinds.get(kind).is_none()) {
            let known: Vec<&str> = self.rulebook.kinds.kinds.iter().map(|kind| kind.key.as_str()).collect();
            return Err(EngineError::usage(format!("there is no kind “{kind}”; there are {}", known.join(", "))));
        }
        match units.iter().find(|unit| !self.units.contains(unit)) {
            Some(unit) => Err(EngineError::usage(format!("the workspace has no unit with the code “{unit}” among its boundaries"))),
            None => Ok(()),
        }
    }
}

pub(super) fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

pub(super) fn time_text(seconds: i64) -> Option<String> {
    OffsetDateTime::from_unix_timestamp(seconds).ok()?.format(&Rfc3339).ok()
}

pub(super) fn hash_of(secret: &str) -> SecretHash {
    *blake3::hash(secret.as_bytes()).as_bytes()
}

pub(super) fn new_secret() -> Result<String, EngineError> {
    let bytes: [u8; 32] = password::random()?;
    Ok(blake3::Hash::from(bytes).to_hex().to_string())
}

fn person_of(account: Account, scope: Option<Vec<Action>>) -> Person {
    Person { name: account.name, role: account.role, kinds: account.kinds, units: account.units, scope }
}

fn no_viewers(role: Role) -> Result<(), EngineError> {
    if role != Role::Viewer {
        return Ok(());
    }
    let roles: Vec<&str> = Role::ALL.iter().filter(|r| **r != Role::Viewer).map(|r| r.as_str()).collect();
    Err(EngineError::usage(format!("everybody without an account is a viewer; an account is for one of {}", roles.join(", "))))
}

/// What is asked wrongly is the asker's to know; anything else is told as a fault of the file.
fn refused(error: StoreError) -> EngineError {
    match error {
        StoreError::NoSuchAccount { .. } | StoreError::NoSuchToken { .. } => EngineError::not_found(error.to_string()),
        StoreError::AccountExists { .. } | StoreError::LastAdministrator { .. } => EngineError::conflict(error.to_string()),
        other => other.into(),
    }
}

impl Accounts {
    /// Of a workspace that is there.
    pub fn of(workspace: &Path) -> Result<Accounts, EngineError> {
        Reader::open(workspace)?;
        let accounts = Accounts { path: private_path(workspace), open: Mutex::default() };
        // What is wrong with the file is said now.
        accounts.with(|_| Ok(()))?;
        Ok(accounts)
    }

    /// The file as it is now, none when there is none.
    pub(super) fn with<T>(&self, deed: impl FnOnce(Option<&mut PrivateStore>) -> Result<T, EngineError>) -> Result<T, EngineError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.as_ref().is_none_or(|store| !store.is_in_place()) {
            *open = PrivateStore::open(&self.path)?;
        }
        deed(open.as_mut())
    }

    fn with_file<T>(&self, deed: impl FnOnce(&mut PrivateStore) -> Result<T, StoreError>, none: StoreError) -> Result<T, EngineError> {
        self.with(|store| store.map_or(Err(none), deed).map_err(refused))
    }

    pub fn has_administrator(&self) -> Result<bool, EngineError> {
        self.with(|store| Ok(store.map_or(Ok(false), |store| store.has_administrator())?))
    }

    pub fn exist(&self) -> Result<bool, EngineError> {
        // The file may be there for the holders of codes alone.
        self.with(|store| store.map_or(Ok(false), |store| Ok(!store.accounts()?.is_empty())))
    }

    /// Adds an account; its password when it was made up here.
    pub fn add(&self, new: NewAccount, limits: &Limits) -> Result<(Account, Option<String>), EngineError> {
        let name = access::account_name(&new.name)?;
        no_viewers(new.role)?;
        limits.check(&new.kinds, &new.units)?;
        let made = if new.password.is_none() { Some(password::generated_password()?) } else { None };
        let hash = password::kept(new.password.as_deref().or(made.as_deref()).unwrap_or_default())?;
        let account = Account { name, role: new.role, kinds: new.kinds, units: new.units, created: now(), is_disabled: false };
        self.with_made(|store| store.add_account(&account, &hash))?;
        Ok((account, made))
    }

    /// The key that dossiers are sealed with.
    pub(super) fn dossier_key(&self) -> Result<SecretHash, EngineError> {
        let new = password::random()?;
        self.with_made(|store| store.key("dossier", &new))
    }

    /// The same where there is a file already: without one no dossier was sealed.
    pub(super) fn present_dossier_key(&self) -> Result<Option<SecretHash>, EngineError> {
        let new = password::random()?;
        self.with(|store| Ok(store.map(|store| store.key("dossier", &new)).transpose()?))
    }

    /// In the file, which is made where there is none.
    fn with_made<T>(&self, deed: impl FnOnce(&mut PrivateStore) -> Result<T, StoreError>) -> Result<T, EngineError> {
        self.with(|_| Ok(()))?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let store = match open.as_mut() {
            Some(store) => store,
            None => open.insert(PrivateStore::open_or_create(&self.path)?),
        };
        deed(store).map_err(refused)
    }

    /// By name.
    pub fn list(&self) -> Result<Vec<Account>, EngineError> {
        self.with(|store| Ok(store.map_or(Ok(Vec::new()), |store| store.accounts())?))
    }

    /// Changes an account. A new password ends its sessions, but the one with the secret `kept`, and forgets its failures.
    pub fn change(&self, name: &str, change: AccountChange, limits: &Limits, kept: Option<&str>) -> Result<Account, EngineError> {
        let name = access::account_name(name)?;
        change.role.map_or(Ok(()), no_viewers)?;
        limits.check(change.kinds.as_deref().unwrap_or_default(), change.units.as_deref().unwrap_or_default())?;
        let hash = change.password.as_deref().map(password::kept).transpose()?;
        let edit = |account: &mut Account| {
            account.role = change.role.unwrap_or(account.role);
            account.is_disabled = change.is_disabled.unwrap_or(account.is_disabled);
            if let Some(kinds) = change.kinds {
                account.kinds = kinds;
            }
            if let Some(units) = change.units {
                account.units = units;
            }
        };
        let none = StoreError::NoSuchAccount { name: name.clone() };
        let deed = |store: &mut PrivateStore| {
            let account = store.change_account(&name, edit, hash.as_deref(), kept.map(hash_of).as_ref())?;
            if hash.is_some() {
                store.forgive(&counted_name(&name).what, None)?;
            }
            Ok(account)
        };
        self.with_file(deed, none)
    }

    /// Removes it with its sessions and tokens.
    pub fn remove(&self, name: &str) -> Result<(), EngineError> {
        let name = access::account_name(name)?;
        self.with_file(|store| store.remove_account(&name), StoreError::NoSuchAccount { name: name.clone() })
    }

    /// Begins a session. Takes as long whatever is wrong; `address` is where the asker is, when it is known.
    pub fn sign_in(&self, name: &str, password: &str, address: Option<IpAddr>) -> Result<Result<Session, NotIn>, EngineError> {
        let secret = new_secret()?;
        let begin = |store: &mut PrivateStore, name: &str| store.begin_session(&hash_of(&secret), name, now());
        let account = self.prove(name, password, address, begin)?;
        Ok(account.map(|account| Session { person: person_of(account, None), secret: secret.clone() }))
    }

    /// Whether it is the account's password, counted as an attempt to sign in.
    pub fn is_password(&self, name: &str, password: &str, address: Option<IpAddr>) -> Result<Result<(), NotIn>, EngineError> {
        Ok(self.prove(name, password, address, |_, _| Ok(()))?.map(drop))
    }

    fn prove(
        &self,
        name: &str,
        password: &str,
        address: Option<IpAddr>,
        then: impl FnOnce(&mut PrivateStore, &str) -> Result<(), StoreError>,
    ) -> Result<Result<Account, NotIn>, EngineError> {
        // What cannot be a name is one that nobody has.
        let name = access::account_name(name).unwrap_or_default();
        let (of_name, of_address) = (counted_name(&name), address.map(counted_address));
        let counted: Vec<Counted> = std::iter::once(of_name).chain(of_address).collect();
        let before = self.with(|store| {
            let Some(store) = store else { return Ok(Ok(None)) };
            match store.attempt(&counted, now())? {
                Err(seconds) => Ok(Err(NotIn::Wait(seconds.unsigned_abs()))),
                Ok(()) => Ok(Ok(store.password(&name)?)),
            }
        })?;
        let hash = match before {
            Ok(hash) => hash,
            Err(wait) => return Ok(Err(wait)),
        };
        // Not while others wait for the file.
        let is_right = password::matches(password, hash.as_deref());
        self.with(|store| {
            let Some(store) = store.filter(|_| is_right) else { return Ok(Err(NotIn::Wrong)) };
            let account = store.account(&name)?.filter(|account| !account.is_disabled);
            match account {
                Some(account) if store.password(&name)? == hash => {
                    then(store, &name)?;
                    store.forgive(&of_name.what, of_address.as_ref().map(|c| &c.what))?;
                    Ok(Ok(account))
                }
                _ => Ok(Err(NotIn::Wrong)),
            }
        })
    }

    /// Who has the session with this secret, now.
    pub fn of_session(&self, secret: &str) -> Result<Option<Person>, EngineError> {
        let account = self.with(|store| Ok(store.map_or(Ok(None), |store| store.session(&hash_of(secret), now()))?))?;
        Ok(account.map(|account| person_of(account, None)))
    }

    pub fn sign_out(&self, secret: &str) -> Result<(), EngineError> {
        self.with(|store| Ok(store.map_or(Ok(()), |store| store.end_session(&hash_of(secret)))?))
    }

    /// Makes a token for its owner; its text is shown now and never again.
    pub fn add_token(&self, owner: &Person, new: NewToken) -> Result<(Token, String), EngineError> {
        if new.scope.is_empty() {
            return Err(EngineError::usage("a token needs a scope: the actions that it is for"));
        }
        access::may_scope(owner, &new.scope)?;
        if !(1..=MOST_TOKEN_DAYS).contains(&new.expires_days) {
            return Err(EngineError::usage(format!("a token lasts 1 to {MOST_TOKEN_DAYS} days, not {}", new.expires_days)));
        }
        if new.label.chars().count() > LONGEST_LABEL {
            return Err(EngineError::usage(format!("a token's label has at most {LONGEST_LABEL} characters")));
        }
        if self.tokens(Some(&owner.name))?.len() >= MOST_TOKENS {
            return Err(EngineError::conflict(format!("{} has {MOST_TOKENS} tokens already: revoke those that are not used", owner.name)));
        }
        let text = format!("{TOKEN_BEGINS}{}", new_secret()?);
        let id: [u8; 8] = password::random()?;
        let created = now();
        let token = Token {
            id: format!("{:016x}", u64::from_be_bytes(id)),
            owner: owner.name.clone(),
            label: new.label,
            scope: new.scope.iter().map(|action| action.as_str().to_owned()).collect(),
            created,
            expires: created + i64::from(new.expires_days) * 24 * 3600,
            used: None,
        };
        self.with_file(|store| store.add_token(&token, &hash_of(&text)), StoreError::NoSuchAccount { name: owner.name.clone() })?;
        Ok((token, text))
    }

    /// Who has an account of this name now; none when it is gone or disabled.
    pub fn active(&self, name: &str) -> Result<Option<Person>, EngineError> {
        let account = self.with(|store| Ok(store.map_or(Ok(None), |store| store.account(name))?))?;
        Ok(account.filter(|account| !account.is_disabled).map(|account| person_of(account, None)))
    }

    /// The account as one that asks, for the command line.
    pub fn person(&self, name: &str) -> Result<Person, EngineError> {
        let name = access::account_name(name)?;
        let none = || StoreError::NoSuchAccount { name: name.clone() };
        let account = self.with_file(|store| store.account(&name)?.ok_or_else(none), none())?;
        Ok(person_of(account, None))
    }

    /// Of one owner, or of all.
    pub fn tokens(&self, owner: Option<&str>) -> Result<Vec<Token>, EngineError> {
        self.with(|store| Ok(store.map_or(Ok(Vec::new()), |store| store.tokens(owner))?))
    }

    /// Revokes a token: any, or only one of `owner`.
    pub fn remove_token(&self, id: &str, owner: Option<&str>) -> Result<(), EngineError> {
        self.with_file(|store| store.remove_token(id, owner), StoreError::NoSuchToken { id: id.chars().take(40).collect() })
    }

    /// Who has the token with this text, now, with its scope.
    pub fn of_token(&self, text: &str) -> Result<Option<Person>, EngineError> {
        if !text.starts_with(TOKEN_BEGINS) {
            return Ok(None);
        }
        let found = self.with(|store| Ok(store.map_or(Ok(None), |store| store.token(&hash_of(text), now()))?))?;
        // An action that this version does not know is nothing that it can do.
        let scope = |token: &Token| token.scope.iter().filter_map(|word| word.parse().ok()).collect();
        Ok(found.map(|(account, token)| person_of(account, Some(scope(&token)))))
    }
}

/// What a page has to show with everything that changes something: only who can read the answers to this session knows it.
pub fn csrf_of(secret: &str) -> String {
    blake3::Hash::from(blake3::derive_key("farmzone: CSRF token of a session", secret.as_bytes())).to_hex().to_string()
}

/// Compares in a time that says nothing.
pub fn is_csrf(secret: &str, shown: &str) -> bool {
    let ours = blake3::Hash::from(blake3::derive_key("farmzone: CSRF token of a session", secret.as_bytes()));
    blake3::Hash::from_hex(shown.as_bytes()).is_ok_and(|shown| shown == ours)
}

fn counted_name(name: &str) -> Counted {
    Counted { what: blake3::derive_key("farmzone: attempts by name", name.as_bytes()), n_free: FREE_OF_NAME }
}

/// An IPv6 address stands for its network of 64 bits, which one reader has to himself.
fn counted_address(address: IpAddr) -> Counted {
    let bytes = match address.to_canonical() {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets()[..8].to_vec(),
    };
    Counted { what: blake3::derive_key("farmzone: attempts by address", &bytes), n_free: FREE_OF_ADDRESS }
}

/// An account as people and scripts read it.
pub fn account_facts(account: &Account) -> Value {
    let Account { name, role, kinds, units, created, is_disabled } = account;
    json!({ "name": name, "role": role, "kinds": kinds, "units": units, "created": time_text(*created), "is_disabled": is_disabled })
}

/// A token as people and scripts read it, never its text.
pub fn token_facts(token: &Token) -> Value {
    let Token { id, owner, label, scope, created, expires, used } = token;
    let (created, expires) = (time_text(*created), time_text(*expires));
    json!({ "id": id, "owner": owner, "label": label, "scope": scope, "created": created, "expires": expires, "used": used.and_then(time_text) })
}

/// Where the accounts of a copied workspace are, and how many; none when there are none.
pub(super) fn backup(workspace: &Path, out: &Path) -> Result<Option<(PathBuf, usize)>, EngineError> {
    let Some(store) = PrivateStore::open(&private_path(workspace))? else { return Ok(None) };
    let to = private_path(out);
    store.backup(&to)?;
    Ok(Some((to, store.accounts()?.len())))
}

/// Refuses a place where the accounts of another workspace lie: they would be those of the new one.
pub(super) fn no_accounts_at(workspace: &Path) -> Result<(), EngineError> {
    let path = store::private_path(workspace);
    match std::fs::symlink_metadata(&path) {
        Ok(_) => {
            let told = format!("{} lies there, with the accounts of another workspace: move it away first", path.display());
            Err(EngineError::Refused { kind: ErrorKind::Conflict, message: told, issues: Vec::new() })
        }
        Err(_) => Ok(()),
    }
}
