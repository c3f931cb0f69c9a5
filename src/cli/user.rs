//! `farmzone user`: accounts on the machine where the workspace is, above all the first administrator.
//!
//! A password is never an argument, which others on the machine could read: it comes from the terminal without being
//! shown, from stdin, or is made up and printed once.

use std::io::{BufRead, IsTerminal, Read};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::output;
use crate::access::Action;
use crate::engine::{
    AccountChange, Accounts, EngineError, Limits, MOST_TOKEN_DAYS, NewAccount, NewToken, Rulebook, account_facts, generated_password,
    token_facts,
};
use crate::model::Role;

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make an account. Roles: officer, planner, approver, administrator.
    Add {
        /// The workspace (.gpkg).
        workspace: PathBuf,
        /// 1 to 64 letters, digits and the signs . _ - @; capitals do not matter.
        name: String,
        /// What the account may do: officer, planner, approver or administrator.
        #[arg(long)]
        role: Role,
        #[command(flatten)]
        limits: LimitArgs,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// List accounts and tokens, never a secret.
    List {
        /// The workspace (.gpkg).
        workspace: PathBuf,
    },
    /// Give an account another role or other limits, or disable it. It counts from the next request on.
    Change {
        /// The workspace (.gpkg).
        workspace: PathBuf,
        /// The account's name.
        name: String,
        /// Another role.
        #[arg(long)]
        role: Option<Role>,
        #[command(flatten)]
        limits: LimitArgs,
        /// Take all limits to kinds and units away.
        #[arg(long, conflicts_with_all = ["kind", "unit"])]
        no_limits: bool,
        /// Let nobody in by it; its sessions end, its tokens do not work.
        #[arg(long)]
        disable: bool,
        #[arg(long, conflicts_with = "disable")]
        enable: bool,
    },
    /// Remove an account with its sessions and tokens.
    Remove {
        /// The workspace (.gpkg).
        workspace: PathBuf,
        /// The account's name.
        name: String,
    },
    /// Set an account's password; its sessions end, and failed attempts are forgotten.
    Password {
        /// The workspace (.gpkg).
        workspace: PathBuf,
        /// The account's name.
        name: String,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// Make a token by which a program acts for an account; it is shown once.
    Token {
        /// The workspace (.gpkg).
        workspace: PathBuf,
        /// The account's name.
        name: String,
        /// What it is for, joined by commas: read_edits, edit_zones, read_plans, make_plans, approve_plans, read_alerts, handle_alerts.
        #[arg(long, required = true, value_delimiter = ',', value_name = "ACTION[,ACTION]")]
        scope: Vec<Action>,
        /// Days until it expires.
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_TOKEN_DAYS)))]
        expires: u32,
        /// What it is used by, for lists.
        #[arg(long, default_value = "")]
        label: String,
    },
    /// Revoke a token by its id.
    Revoke {
        /// The workspace (.gpkg).
        workspace: PathBuf,
        /// As `user list` shows it.
        id: String,
    },
}

#[derive(Debug, Args)]
pub struct LimitArgs {
    /// Only zones of this kind may be changed; may be given several times.
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// Only zones in the unit with this code may be changed; may be given several times.
    #[arg(long, value_name = "CODE")]
    unit: Vec<String>,
}

#[derive(Debug, Args)]
pub struct PasswordArgs {
    /// Read the password as one line from stdin.
    #[arg(long)]
    password_stdin: bool,
    /// Make a password up and print it, once.
    #[arg(long, conflicts_with = "password_stdin")]
    generate: bool,
}

pub fn run(as_json: bool, command: &UserCommand, rulebook: &Rulebook) -> Result<(), EngineError> {
    match command {
        UserCommand::Add { workspace, name, role, limits: LimitArgs { kind, unit }, password } => {
            let accounts = Accounts::of(workspace)?;
            let limits = Limits::of_workspace(workspace, rulebook)?;
            let password = password.read()?;
            let new = NewAccount { name: name.clone(), role: *role, kinds: kind.clone(), units: unit.clone(), password };
            let (account, made) = accounts.add(new, &limits)?;
            told(as_json, account_facts(&account), &format!("{}: an account as {}", account.name, account.role), made)
        }
        UserCommand::List { workspace } => {
            let accounts = Accounts::of(workspace)?;
            let users: Vec<Value> = accounts.list()?.iter().map(account_facts).collect();
            let tokens: Vec<Value> = accounts.tokens(None)?.iter().map(token_facts).collect();
            let text = listed(&users, &tokens);
            output::result(as_json, &json!({ "users": users, "tokens": tokens }), &text)
        }
        UserCommand::Change { workspace, name, role, limits: LimitArgs { kind, unit }, no_limits, disable, enable } => {
            let given = |names: &Vec<String>| (*no_limits || !names.is_empty()).then(|| names.clone());
            let is_disabled = (*disable || *enable).then_some(*disable);
            let change = AccountChange { role: *role, kinds: given(kind), units: given(unit), is_disabled, password: None };
            let account = Accounts::of(workspace)?.change(name, change, &Limits::of_workspace(workspace, rulebook)?, None)?;
            told(as_json, account_facts(&account), &format!("{}: changed", account.name), None)
        }
        UserCommand::Remove { workspace, name } => {
            Accounts::of(workspace)?.remove(name)?;
            told(as_json, json!({ "name": name, "is_removed": true }), &format!("{name}: removed"), None)
        }
        UserCommand::Password { workspace, name, password } => {
            let accounts = Accounts::of(workspace)?;
            // Before a password is asked for that nobody could use.
            accounts.person(name)?;
            let limits = Limits::of_workspace(workspace, rulebook)?;
            let given = password.read()?;
            let made = if given.is_none() { Some(generated_password()?) } else { None };
            let change = AccountChange { password: given.or_else(|| made.clone()), ..AccountChange::default() };
            let account = accounts.change(name, change, &limits, None)?;
            told(as_json, account_facts(&account), &format!("{}: another password; its sessions ended", account.name), made)
        }
        UserCommand::Token { workspace, name, scope, expires, label } => {
            let accounts = Accounts::of(workspace)?;
            let new = NewToken { label: label.clone(), scope: scope.clone(), expires_days: *expires };
            let (token, text) = accounts.add_token(&accounts.person(name)?, new)?;
            let mut facts = token_facts(&token);
            facts["token"] = text.clone().into();
            let expires = facts["expires"].as_str().unwrap_or_default().to_owned();
            output::result(as_json, &facts, &format!("{text}\nshown once; id {}, expires {expires}", token.id))
        }
        UserCommand::Revoke { workspace, id } => {
            Accounts::of(workspace)?.remove_token(id, None)?;
            told(as_json, json!({ "id": id, "is_revoked": true }), &format!("{id}: revoked"), None)
        }
    }
}

/// Facts, with the password that was made up, which is printed nowhere else.
fn told(as_json: bool, mut facts: Value, text: &str, made: Option<String>) -> Result<(), EngineError> {
    let Some(password) = made else { return output::result(as_json, &facts, text) };
    facts["password"] = password.clone().into();
    output::result(as_json, &facts, &format!("{text}\npassword (shown once): {password}"))
}

fn listed(users: &[Value], tokens: &[Value]) -> String {
    if users.is_empty() {
        return "no accounts; make the first with `farmzone user add WORKSPACE NAME --role administrator`".to_owned();
    }
    let names = |value: &Value| value.as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
    let word = |value: &Value| value.as_str().unwrap_or("–").to_owned();
    let user = |user: &Value| {
        let limits = [("kinds", names(&user["kinds"])), ("units", names(&user["units"]))];
        let limits = limits.iter().filter(|(_, list)| !list.is_empty()).map(|(what, list)| format!("  {what}: {list}"));
        let disabled = if user["is_disabled"] == true { "  disabled" } else { "" };
        format!("{}  {}{disabled}{}", word(&user["name"]), word(&user["role"]), limits.collect::<String>())
    };
    let token = |token: &Value| {
        let (id, owner, scope) = (word(&token["id"]), word(&token["owner"]), names(&token["scope"]));
        format!(
            "token {id}  {owner}  {scope}  expires {}  used {}  {}",
            word(&token["expires"]),
            word(&token["used"]),
            word(&token["label"])
        )
    };
    users.iter().map(user).chain(tokens.iter().map(token)).collect::<Vec<_>>().join("\n")
}

impl PasswordArgs {
    /// The password; none when one is to be made up.
    fn read(&self) -> Result<Option<String>, EngineError> {
        let failed = |e: std::io::Error| EngineError::unavailable(format!("the password could not be read: {e}"));
        if self.generate {
            return Ok(None);
        }
        if self.password_stdin {
            let mut line = String::new();
            // More than any password has.
            std::io::stdin().lock().take(4_096).read_line(&mut line).map_err(failed)?;
            return Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()));
        }
        if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            let told = "there is no terminal to ask for the password: give it by --password-stdin, or take --generate";
            return Err(EngineError::usage(told));
        }
        let ask = |what: &str| {
            eprint!("{what}: ");
            console::Term::stderr().read_secure_line().map_err(failed)
        };
        let password = ask("password (at least 10 characters, not shown)")?;
        if password != ask("once more")? {
            return Err(EngineError::usage("the two are not the same; nothing was changed"));
        }
        Ok(Some(password))
    }
}

/// Makes one account per role for a simulated city that has none; name, role and password of each.
pub fn demo_accounts(workspace: &Path, rulebook: &Rulebook) -> Result<Vec<Value>, EngineError> {
    let accounts = Accounts::of(workspace)?;
    if accounts.exist()? {
        return Ok(Vec::new());
    }
    let limits = Limits::of_workspace(workspace, rulebook)?;
    let roles = Role::ALL.iter().filter(|role| **role != Role::Viewer);
    let add = |role: &Role| {
        let new = NewAccount { name: role.to_string(), role: *role, kinds: Vec::new(), units: Vec::new(), password: None };
        let (account, password) = accounts.add(new, &limits)?;
        Ok(json!({ "name": account.name, "role": account.role, "password": password }))
    };
    roles.map(add).collect()
}
