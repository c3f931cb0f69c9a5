//! `NAME.private.sqlite` beside the workspace: accounts, sessions, tokens, who failed to sign in, what officers keep to themselves,
//! who holds which code, and how partners are reached.
//!
//! Apart from the GeoPackage, because GIS programs list every table of that. Knows no clock (times are given,
//! in seconds since 1970), no password (it is given hashes) and no right. Invariants: only its owner can read
//! the file, from its first moment on; a change is flushed before it is told; one enabled administrator
//! always remains once there is one.

mod alerts;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use super::codes::HOLDERS;
use super::error::{During, StoreError};
use super::partners::CONTACTS;
use super::placing;
use crate::model::Role;
pub use alerts::{AlertDesk, AlertNote, AlertPhoto, AlertStep};

/// "FZPR", in SQLite's application_id.
const APPLICATION_ID: i32 = 0x465A_5052;
/// What each version added to the one before; a file of a higher version is refused.
const ADDED: &[&str] = &[ACCOUNTS, alerts::TABLES, HOLDERS, CONTACTS];
const VERSION: i32 = ADDED.len() as i32;

const ACCOUNTS: &str = "
CREATE TABLE accounts (
  name TEXT PRIMARY KEY, role TEXT NOT NULL, kinds TEXT NOT NULL, units TEXT NOT NULL, password TEXT NOT NULL,
  created INTEGER NOT NULL, is_disabled INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE sessions (
  hash BLOB PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts(name) ON DELETE CASCADE,
  created INTEGER NOT NULL, seen INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_account ON sessions(account);
CREATE TABLE tokens (
  id TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, owner TEXT NOT NULL REFERENCES accounts(name) ON DELETE CASCADE,
  label TEXT NOT NULL, scope TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL, used INTEGER) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_owner ON tokens(owner);
CREATE TABLE attempts (what BLOB PRIMARY KEY, n INTEGER NOT NULL, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;";

/// A session ends when nothing was asked in it for so long.
pub const SESSION_IDLE_S: i64 = 12 * 3600;
/// And after so long in any case.
pub const SESSION_LASTS_S: i64 = 7 * 24 * 3600;
/// When a session or a token was last used is written no more often.
const SEEN_EVERY_S: i64 = 300;
/// Of one account; the one not seen for longest ends.
const MOST_SESSIONS: i64 = 50;
/// Names and addresses whose failures are counted; of more, those with the fewest, then the oldest, are forgotten.
const MOST_COUNTED: i64 = 20_000;
const KEPT_COUNTED: i64 = 15_000;
/// Failures are forgotten when none came for so long.
const FORGOTTEN_AFTER_S: i64 = 24 * 3600;
/// A failure that was let pass costs so long, then twice, four times, …
const FIRST_WAIT_S: i64 = 2;
const LONGEST_WAIT_S: i64 = 15 * 60;

/// How long to wait for another writer, before `Busy`.
const PATIENCE: Duration = Duration::from_secs(5);

/// The hash of a secret that is not kept itself.
pub type SecretHash = [u8; 32];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub name: String,
    pub role: Role,
    /// Keys of kinds, codes of units that the account is limited to; empty: all.
    pub kinds: Vec<String>,
    pub units: Vec<String>,
    pub created: i64,
    pub is_disabled: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Names it in lists; no secret.
    pub id: String,
    pub owner: String,
    pub label: String,
    pub scope: Vec<String>,
    pub created: i64,
    pub expires: i64,
    pub used: Option<i64>,
}

/// Something whose failures to sign in are counted: a name or an address, hashed.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    pub what: SecretHash,
    /// Failures that cost nothing.
    pub n_free: i64,
}

/// `city.gpkg` → `city.private.sqlite`.
pub fn private_path(workspace: &Path) -> PathBuf {
    workspace.with_extension("private.sqlite")
}

/// The open file and its one connection.
#[derive(Debug)]
pub struct PrivateStore {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    /// Of the file that is open, to see when another was put in its place.
    inode: u64,
}

impl PrivateStore {
    /// Opens it, makes it where there is none.
    pub fn open_or_create(path: &Path) -> Result<PrivateStore, StoreError> {
        if let Some(store) = PrivateStore::open(path)? {
            return Ok(store);
        }
        match create(path) {
            // Somebody else was quicker.
            Err(StoreError::FileExists { .. }) | Ok(()) => {}
            Err(error) => return Err(error),
        }
        PrivateStore::open(path)?.ok_or_else(|| StoreError::NotAccounts { path: path.to_owned(), why: "it vanished when it was made" })
    }

    /// None when there is no file. Says apart: no file of ours, of a newer version, damaged, readable by others.
    pub fn open(path: &Path) -> Result<Option<PrivateStore>, StoreError> {
        let doing = "opening it";
        let meta = match fs::metadata(path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            meta => meta.during(path, doing)?,
        };
        let not = |why| StoreError::NotAccounts { path: path.to_owned(), why };
        if !meta.is_file() || meta.len() == 0 {
            return Err(not(if meta.is_dir() { "it is a folder" } else { "it is empty" }));
        }
        close_to_others(path, &meta)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).during(path, doing)?;
        connection.busy_timeout(PATIENCE).during(path, doing)?;
        let pragma = |name: &str| match connection.query_row(&format!("PRAGMA {name}"), [], |r| r.get::<_, i32>(0)) {
            Err(e) if e.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => Err(not("it is no SQLite database")),
            value => value.during(path, doing),
        };
        if pragma("application_id")? != APPLICATION_ID {
            return Err(not("it is another program's SQLite database"));
        }
        let version = pragma("user_version")?;
        if version > VERSION {
            return Err(StoreError::NewerVersion { path: path.to_owned(), found: version.to_string(), known: VERSION as u32 });
        }
        let pragmas = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF;
            PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 1048576;";
        connection.execute_batch(pragmas).during(path, doing)?;
        let mut store = PrivateStore { connection, path: path.to_owned(), inode: inode(&meta) };
        if version < VERSION {
            store.change("bringing it up to date", add_what_is_missing)?;
        }
        Ok(Some(store))
    }

    /// Whether the file is still the one at its path.
    pub fn is_in_place(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|meta| inode(&meta) == self.inode)
    }

    pub(super) fn change<T>(
        &mut self,
        doing: &'static str,
        deed: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.try_change(doing, |connection| deed(connection).map(Ok))?
    }

    /// A change that can find that it must not be: then nothing is changed.
    pub(super) fn try_change<T, E>(
        &mut self,
        doing: &'static str,
        deed: impl FnOnce(&Connection) -> rusqlite::Result<Result<T, E>>,
    ) -> Result<Result<T, E>, StoreError> {
        let transaction = Transaction::new(&mut self.connection, TransactionBehavior::Immediate).during(&self.path, doing)?;
        let done = deed(&transaction).during(&self.path, doing)?;
        if done.is_ok() {
            transaction.commit().during(&self.path, doing)?;
        }
        Ok(done)
    }
}

/// Accounts.
impl PrivateStore {
    /// Adds one with the hash of its password, in the PHC form.
    pub fn add_account(&mut self, account: &Account, password: &str) -> Result<(), StoreError> {
        self.try_change("adding an account", |c| {
            if account_named(c, &account.name)?.is_some() {
                return Ok(Err(StoreError::AccountExists { name: account.name.clone() }));
            }
            let sql = "INSERT INTO accounts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            let (kinds, units) = (list(&account.kinds), list(&account.units));
            let row = params![account.name, account.role.as_str(), kinds, units, password, account.created, account.is_disabled];
            c.execute(sql, row).map(|_| Ok(()))
        })?
    }

    /// By name.
    pub fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let doing = "listing accounts";
        let mut statement =
            self.connection.prepare(&format!("SELECT {ACCOUNT} FROM accounts a ORDER BY name")).during(&self.path, doing)?;
        let rows = statement.query_map([], account_of).during(&self.path, doing)?;
        rows.collect::<rusqlite::Result<_>>().during(&self.path, doing)
    }

    pub fn account(&self, name: &str) -> Result<Option<Account>, StoreError> {
        account_named(&self.connection, name).during(&self.path, "reading an account")
    }

    /// The hash of the account's password.
    pub fn password(&self, name: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT password FROM accounts WHERE name = ?1";
        self.connection.query_row(sql, [name], |r| r.get(0)).optional().during(&self.path, "reading an account")
    }

    pub fn has_administrator(&self) -> Result<bool, StoreError> {
        has_administrator(&self.connection).during(&self.path, "listing accounts")
    }

    /// What `edit` makes of the account; a new password ends its sessions but `kept`. Refuses to leave no administrator.
    pub fn change_account(
        &mut self,
        name: &str,
        edit: impl FnOnce(&mut Account),
        password: Option<&str>,
        kept: Option<&SecretHash>,
    ) -> Result<Account, StoreError> {
        self.try_change("changing an account", |c| {
            let Some(mut account) = account_named(c, name)? else {
                return Ok(Err(StoreError::NoSuchAccount { name: name.to_owned() }));
            };
            let had_administrator = has_administrator(c)?;
            edit(&mut account);
            let sql = "UPDATE accounts SET role = ?2, kinds = ?3, units = ?4, is_disabled = ?5 WHERE name = ?1";
            c.execute(sql, params![name, account.role.as_str(), list(&account.kinds), list(&account.units), account.is_disabled])?;
            if account.is_disabled {
                c.execute("DELETE FROM sessions WHERE account = ?1", [name])?;
            }
            if let Some(password) = password {
                c.execute("UPDATE accounts SET password = ?2 WHERE name = ?1", [name, password])?;
                c.execute("DELETE FROM sessions WHERE account = ?1 AND hash IS NOT ?2", params![name, kept])?;
            }
            Ok(if had_administrator && !has_administrator(c)? { Err(last(name)) } else { Ok(account) })
        })?
    }

    /// Removes it with its sessions and tokens. Refuses to leave no administrator.
    pub fn remove_account(&mut self, name: &str) -> Result<(), StoreError> {
        self.try_change("removing an account", |c| {
            let had_administrator = has_administrator(c)?;
            if c.execute("DELETE FROM accounts WHERE name = ?1", [name])? == 0 {
                return Ok(Err(StoreError::NoSuchAccount { name: name.to_owned() }));
            }
            Ok(if had_administrator && !has_administrator(c)? { Err(last(name)) } else { Ok(()) })
        })?
    }
}

/// Sessions.
impl PrivateStore {
    /// Begins one; what has expired, and what is too many for the account, goes.
    pub fn begin_session(&mut self, hash: &SecretHash, account: &str, now: i64) -> Result<(), StoreError> {
        self.change("beginning a session", |c| {
            c.execute("DELETE FROM sessions WHERE created <= ?1 OR seen <= ?2", [now - SESSION_LASTS_S, now - SESSION_IDLE_S])?;
            c.execute("INSERT INTO sessions VALUES (?1, ?2, ?3, ?3)", params![hash, account, now])?;
            let sql =
                "DELETE FROM sessions WHERE hash IN (SELECT hash FROM sessions WHERE account = ?1 ORDER BY seen DESC LIMIT -1 OFFSET ?2)";
            c.execute(sql, params![account, MOST_SESSIONS]).map(drop)
        })
    }

    /// Whose session it is now; none when it has ended or the account is disabled.
    pub fn session(&mut self, hash: &SecretHash, now: i64) -> Result<Option<Account>, StoreError> {
        let sql = format!(
            "SELECT {ACCOUNT}, s.seen FROM sessions s JOIN accounts a ON a.name = s.account
             WHERE s.hash = ?1 AND NOT a.is_disabled AND s.created > ?2 AND s.seen > ?3"
        );
        let row = params![hash, now - SESSION_LASTS_S, now - SESSION_IDLE_S];
        let found = self.connection.query_row(&sql, row, |r| Ok((account_of(r)?, r.get::<_, i64>(6)?))).optional();
        let Some((account, seen)) = found.during(&self.path, "reading a session")? else { return Ok(None) };
        if now - seen >= SEEN_EVERY_S {
            // A session that could not be marked as seen ends a little early.
            let _ = self.connection.execute("UPDATE sessions SET seen = ?2 WHERE hash = ?1", params![hash, now]);
        }
        Ok(Some(account))
    }

    pub fn end_session(&mut self, hash: &SecretHash) -> Result<(), StoreError> {
        self.change("ending a session", |c| c.execute("DELETE FROM sessions WHERE hash = ?1", [hash]).map(drop))
    }
}

/// Tokens.
impl PrivateStore {
    pub fn add_token(&mut self, token: &Token, hash: &SecretHash) -> Result<(), StoreError> {
        self.try_change("adding a token", |c| {
            if account_named(c, &token.owner)?.is_none() {
                return Ok(Err(StoreError::NoSuchAccount { name: token.owner.clone() }));
            }
            let sql = "INSERT INTO tokens VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL)";
            let row = params![token.id, hash, token.owner, token.label, list(&token.scope), token.created, token.expires];
            c.execute(sql, row).map(|_| Ok(()))
        })?
    }

    /// By owner, the latest first; of one owner, or of all. Expired ones too.
    pub fn tokens(&self, owner: Option<&str>) -> Result<Vec<Token>, StoreError> {
        let doing = "listing tokens";
        let sql = format!("SELECT {TOKEN} FROM tokens t WHERE ?1 IS NULL OR owner = ?1 ORDER BY owner, created DESC, id");
        let mut statement = self.connection.prepare(&sql).during(&self.path, doing)?;
        let rows = statement.query_map([owner], |row| token_of(row, 0)).during(&self.path, doing)?;
        rows.collect::<rusqlite::Result<_>>().during(&self.path, doing)
    }

    /// The token and its owner now; none when it has expired or the account is disabled.
    pub fn token(&mut self, hash: &SecretHash, now: i64) -> Result<Option<(Account, Token)>, StoreError> {
        let sql = format!(
            "SELECT {ACCOUNT}, {TOKEN} FROM tokens t JOIN accounts a ON a.name = t.owner WHERE t.hash = ?1 AND NOT a.is_disabled AND t.expires > ?2"
        );
        let found = self.connection.query_row(&sql, params![hash, now], |r| Ok((account_of(r)?, token_of(r, 6)?))).optional();
        let Some((account, token)) = found.during(&self.path, "reading a token")? else { return Ok(None) };
        if token.used.is_none_or(|used| now - used >= SEEN_EVERY_S) {
            // For people who tidy up; nothing depends on it.
            let _ = self.connection.execute("UPDATE tokens SET used = ?2 WHERE id = ?1", params![token.id, now]);
        }
        Ok(Some((account, token)))
    }

    /// Revokes a token: any, or only one of `owner`.
    pub fn remove_token(&mut self, id: &str, owner: Option<&str>) -> Result<(), StoreError> {
        let sql = "DELETE FROM tokens WHERE id = ?1 AND (?2 IS NULL OR owner = ?2)";
        let n = self.change("removing a token", |c| c.execute(sql, params![id, owner]))?;
        if n == 0 { Err(StoreError::NoSuchToken { id: id.chars().take(40).collect() }) } else { Ok(()) }
    }
}

/// Attempts to sign in.
impl PrivateStore {
    /// Counts an attempt of all of these as failed, before it is known; `forgive` takes that back. When one of them has to
    /// wait nothing is counted, and the seconds are told.
    pub fn attempt(&mut self, counted: &[Counted], now: i64) -> Result<Result<(), i64>, StoreError> {
        self.try_change("counting an attempt", |c| {
            let mut waits = 0;
            for one in counted {
                waits = waits.max(wait_s(c, one, now)?);
            }
            if waits > 0 {
                return Ok(Err(waits));
            }
            c.execute("DELETE FROM attempts WHERE last <= ?1", [now - FORGOTTEN_AFTER_S])?;
            for one in counted {
                let sql = "INSERT INTO attempts VALUES (?1, 1, ?2) ON CONFLICT (what) DO UPDATE SET n = n + 1, last = ?2";
                c.execute(sql, params![one.what, now])?;
            }
            if c.query_row("SELECT count(*) FROM attempts", [], |r| r.get::<_, i64>(0))? > MOST_COUNTED {
                let sql = "DELETE FROM attempts WHERE what IN (SELECT what FROM attempts ORDER BY n DESC, last DESC LIMIT -1 OFFSET ?1)";
                c.execute(sql, [KEPT_COUNTED])?;
            }
            Ok(Ok(()))
        })
    }

    /// A successful attempt: the name starts anew, for the address it did not count.
    pub fn forgive(&mut self, name: &SecretHash, address: Option<&SecretHash>) -> Result<(), StoreError> {
        self.change("counting an attempt", |c| {
            c.execute("DELETE FROM attempts WHERE what = ?1", [name])?;
            c.execute("UPDATE attempts SET n = n - 1 WHERE what = ?1", params![address]).map(drop)
        })
    }
}

/// Backup.
impl PrivateStore {
    /// Copies accounts and tokens to `out`, which must not exist; sessions and counted failures stay behind.
    pub fn backup(&self, out: &Path) -> Result<(), StoreError> {
        placing::copy_private(&self.connection, out, "PRAGMA secure_delete = ON; DELETE FROM sessions; DELETE FROM attempts;")
    }
}

/// Seconds that one has to wait; a clock that was set back does not make it longer.
fn wait_s(connection: &Connection, one: &Counted, now: i64) -> rusqlite::Result<i64> {
    let sql = "SELECT n, last FROM attempts WHERE what = ?1 AND last > ?2";
    let found = connection.query_row(sql, params![one.what, now - FORGOTTEN_AFTER_S], |r| Ok((r.get::<_, i64>(0)?, r.get::<_, i64>(1)?)));
    let Some((n, last)) = found.optional()? else { return Ok(0) };
    if n < one.n_free {
        return Ok(0);
    }
    let wait = (FIRST_WAIT_S << (n - one.n_free).min(10)).min(LONGEST_WAIT_S);
    Ok((last.min(now) + wait - now).max(0))
}

const ACCOUNT: &str = "a.name, a.role, a.kinds, a.units, a.created, a.is_disabled";
const TOKEN: &str = "t.id, t.owner, t.label, t.scope, t.created, t.expires, t.used";

fn account_of(row: &Row<'_>) -> rusqlite::Result<Account> {
    let role: String = row.get(1)?;
    Ok(Account {
        name: row.get(0)?,
        // A role of a later version may do nothing here.
        role: role.parse().unwrap_or(Role::Viewer),
        kinds: names(row, 2)?,
        units: names(row, 3)?,
        created: row.get(4)?,
        is_disabled: row.get(5)?,
    })
}

fn token_of(row: &Row<'_>, at: usize) -> rusqlite::Result<Token> {
    Ok(Token {
        id: row.get(at)?,
        owner: row.get(at + 1)?,
        label: row.get(at + 2)?,
        scope: names(row, at + 3)?,
        created: row.get(at + 4)?,
        expires: row.get(at + 5)?,
        used: row.get(at + 6)?,
    })
}

fn account_named(connection: &Connection, name: &str) -> rusqlite::Result<Option<Account>> {
    connection.query_row(&format!("SELECT {ACCOUNT} FROM accounts a WHERE name = ?1"), [name], account_of).optional()
}

fn has_administrator(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM accounts WHERE role = ?1 AND NOT is_disabled)";
    connection.query_row(sql, [Role::Administrator.as_str()], |r| r.get(0))
}

fn last(name: &str) -> StoreError {
    StoreError::LastAdministrator { name: name.to_owned() }
}

/// A list of texts always serialises.
fn list(names: &[String]) -> String {
    serde_json::to_string(names).unwrap_or_default()
}

/// A list that cannot be read is no empty one, which would mean “all”.
fn names(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<String>> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|e| rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(e)))
}

fn create(path: &Path) -> Result<(), StoreError> {
    let doing = "making it";
    let draft = placing::Draft::beside(path)?;
    let connection = draft.open_private()?;
    let sql = format!("PRAGMA application_id = {APPLICATION_ID}; BEGIN;");
    connection.execute_batch(&sql).and_then(|()| add_what_is_missing(&connection)).during(path, doing)?;
    connection.execute_batch("COMMIT").during(path, doing)?;
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).during(path, doing)?;
    connection.close().map_err(|(_, e)| e).during(path, doing)?;
    draft.put()
}

/// Inside a transaction of the caller: somebody else may have been quicker.
fn add_what_is_missing(connection: &Connection) -> rusqlite::Result<()> {
    let version: u32 = connection.query_row("PRAGMA user_version", [], |r| r.get(0))?;
    ADDED.iter().skip(version as usize).try_for_each(|tables| connection.execute_batch(tables))?;
    connection.pragma_update(None, "user_version", VERSION)
}

/// Takes the rights of group and others away, with a warning; refuses when that cannot be done.
#[cfg(unix)]
fn close_to_others(path: &Path, meta: &fs::Metadata) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = meta.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    if fs::set_permissions(path, fs::Permissions::from_mode(0o600)).is_err() {
        return Err(StoreError::Exposed { path: path.to_owned(), mode });
    }
    tracing::warn!(path = %path.display(), mode = format!("{mode:04o}"), "other users of this machine could read the accounts' hashes; now only its owner can: if others may have, set new passwords");
    Ok(())
}

#[cfg(not(unix))]
fn close_to_others(_: &Path, _: &fs::Metadata) -> Result<(), StoreError> {
    Ok(())
}

#[cfg(unix)]
fn inode(meta: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(meta)
}

#[cfg(not(unix))]
fn inode(_: &fs::Metadata) -> u64 {
    0
}

#[cfg(test)]
mod tests;
