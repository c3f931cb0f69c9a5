use super::*;

const NOW: i64 = 1_800_000_000;

fn account(name: &str, role: Role) -> Account {
    Account { name: name.to_owned(), role, kinds: vec!["rice".to_owned()], units: Vec::new(), created: NOW, is_disabled: false }
}

fn hash(n: u8) -> SecretHash {
    [n; 32]
}

/// With an administrator `lan` and a planner `minh`.
fn store() -> (tempfile::TempDir, PrivateStore) {
    let dir = tempfile::tempdir().unwrap();
    let mut store = PrivateStore::open_or_create(&dir.path().join("w.private.sqlite")).unwrap();
    store.add_account(&account("lan", Role::Administrator), "phc of lan").unwrap();
    store.add_account(&account("minh", Role::Planner), "phc of minh").unwrap();
    (dir, store)
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn an_account_comes_back_as_it_was_and_its_name_is_given_once() {
    let (_dir, mut store) = store();
    assert_eq!(store.accounts().unwrap(), [account("lan", Role::Administrator), account("minh", Role::Planner)]);
    assert_eq!(store.password("minh").unwrap().as_deref(), Some("phc of minh"));
    assert!(matches!(store.add_account(&account("minh", Role::Officer), "x"), Err(StoreError::AccountExists { .. })));
    assert_eq!((store.account("an").unwrap(), store.password("an").unwrap()), (None, None));
}

#[test]
fn the_last_administrator_stays_one() {
    let (_dir, mut store) = store();
    let is_last = |done: Result<(), StoreError>| assert!(matches!(done, Err(StoreError::LastAdministrator { .. })), "{done:?}");
    is_last(store.remove_account("lan"));
    is_last(store.change_account("lan", |a| a.role = Role::Planner, None, None).map(drop));
    is_last(store.change_account("lan", |a| a.is_disabled = true, None, None).map(drop));
    assert_eq!(store.account("lan").unwrap(), Some(account("lan", Role::Administrator)));
    store.change_account("minh", |a| a.role = Role::Administrator, None, None).unwrap();
    store.remove_account("lan").unwrap();
    assert!(matches!(store.remove_account("lan"), Err(StoreError::NoSuchAccount { .. })));
}

#[test]
fn a_session_ends_when_it_is_idle_when_it_is_old_and_with_its_account() {
    let (_dir, mut store) = store();
    let alive = |store: &mut PrivateStore, n, now| store.session(&hash(n), now).unwrap().map(|a| a.name);
    store.begin_session(&hash(1), "minh", NOW).unwrap();
    assert_eq!(alive(&mut store, 1, NOW + SESSION_IDLE_S - 1).as_deref(), Some("minh"));
    assert_eq!(alive(&mut store, 2, NOW), None);
    assert_eq!(alive(&mut store, 1, NOW + 2 * SESSION_IDLE_S - 1), None, "idle");
    // Asked every hour it lives, but no longer than a week.
    store.begin_session(&hash(3), "minh", NOW).unwrap();
    let last = (1..400).map(|h| NOW + h * 3600).take_while(|now| alive(&mut store, 3, *now).is_some()).last();
    assert_eq!(last, Some(NOW + SESSION_LASTS_S - 3600));
    store.begin_session(&hash(4), "minh", NOW).unwrap();
    store.change_account("minh", |a| a.is_disabled = true, None, None).unwrap();
    assert_eq!(alive(&mut store, 4, NOW), None, "disabled");
    store.change_account("minh", |a| a.is_disabled = false, None, None).unwrap();
    assert_eq!(alive(&mut store, 4, NOW), None, "and it does not come back");
    store.begin_session(&hash(5), "minh", NOW).unwrap();
    store.remove_account("minh").unwrap();
    assert_eq!(alive(&mut store, 5, NOW), None, "removed");
}

#[test]
fn a_new_password_ends_the_other_sessions_and_too_many_push_out_the_oldest() {
    let (_dir, mut store) = store();
    (1..=3).for_each(|n| store.begin_session(&hash(n), "minh", NOW).unwrap());
    store.begin_session(&hash(9), "lan", NOW).unwrap();
    store.change_account("minh", |_| {}, Some("another"), Some(&hash(2))).unwrap();
    let alive: Vec<u8> = [1, 2, 3, 9].into_iter().filter(|n| store.session(&hash(*n), NOW).unwrap().is_some()).collect();
    assert_eq!(alive, [2, 9]);
    (100..=150).for_each(|n| store.begin_session(&hash(n), "minh", NOW + i64::from(n)).unwrap());
    assert!(store.session(&hash(2), NOW).unwrap().is_none() && store.session(&hash(9), NOW).unwrap().is_some());
}

#[test]
fn a_token_works_until_it_expires_is_revoked_or_its_owner_is_disabled() {
    let (_dir, mut store) = store();
    let token = |id: &str| Token {
        id: id.to_owned(),
        owner: "minh".to_owned(),
        label: "report".to_owned(),
        scope: vec!["read_edits".to_owned()],
        created: NOW,
        expires: NOW + 100,
        used: None,
    };
    store.add_token(&token("t1"), &hash(1)).unwrap();
    assert_eq!(store.token(&hash(1), NOW + 99).unwrap(), Some((account("minh", Role::Planner), token("t1"))));
    assert_eq!(store.tokens(Some("minh")).unwrap()[0].used, Some(NOW + 99));
    assert!(store.token(&hash(1), NOW + 100).unwrap().is_none() && store.tokens(Some("lan")).unwrap().is_empty());
    assert!(matches!(store.remove_token("t1", Some("lan")), Err(StoreError::NoSuchToken { .. })));
    store.change_account("minh", |a| a.is_disabled = true, None, None).unwrap();
    assert!(store.token(&hash(1), NOW).unwrap().is_none());
    store.remove_token("t1", None).unwrap();
    assert!(store.tokens(None).unwrap().is_empty());
}

#[test]
fn failures_cost_ever_longer_waits_over_a_restart_and_a_success_ends_them() {
    let (dir, mut store) = store();
    let name = Counted { what: hash(1), n_free: 3 };
    let address = Counted { what: hash(2), n_free: 10 };
    let mut at = NOW;
    let mut waits = Vec::new();
    for _ in 0..14 {
        if let Err(wait) = store.attempt(&[name, address], at).unwrap() {
            waits.push(wait);
            at += wait;
            assert_eq!(store.attempt(&[name, address], at).unwrap(), Ok(()));
        }
    }
    assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
    let mut store = {
        drop(store);
        PrivateStore::open(&dir.path().join("w.private.sqlite")).unwrap().unwrap()
    };
    assert_eq!(store.attempt(&[name, address], at + 1).unwrap(), Err(899));
    // The clock was set back by a year: the wait is no longer than it was.
    assert_eq!(store.attempt(&[name], at - 365 * 24 * 3600).unwrap(), Err(900));
    store.forgive(&name.what, Some(&address.what)).unwrap();
    assert_eq!(store.attempt(&[name], at + 1).unwrap(), Ok(()));
    assert!(store.attempt(&[address], at + 1).unwrap().is_err(), "the address still has the others");
    assert_eq!(store.attempt(&[address], at + FORGOTTEN_AFTER_S).unwrap(), Ok(()));
}

#[test]
fn a_flood_of_names_fills_nothing_and_makes_nobody_forgotten_who_failed_often() {
    let (_dir, mut store) = store();
    let counted = |n: u64| Counted { what: *blake3::hash(&n.to_le_bytes()).as_bytes(), n_free: 3 };
    (0..3).for_each(|_| store.attempt(&[counted(0)], NOW).unwrap().unwrap());
    let names: Vec<Counted> = (1..=MOST_COUNTED as u64).map(counted).collect();
    store.attempt(&names, NOW + 1).unwrap().unwrap();
    let n: i64 = store.connection.query_row("SELECT count(*) FROM attempts", [], |r| r.get(0)).unwrap();
    assert_eq!(n, KEPT_COUNTED);
    assert!(store.attempt(&[counted(0)], NOW + 1).unwrap().is_err());
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_the_file_and_its_log_from_the_first_moment_on() {
    use std::os::unix::fs::PermissionsExt;
    let (dir, store) = store();
    let path = dir.path().join("w.private.sqlite");
    for ending in ["", "-wal", "-shm"] {
        assert_eq!(mode(&super::super::connection::beside(&path, ending)), 0o600, "{ending}");
    }
    drop(store);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(PrivateStore::open(&path).unwrap().unwrap().accounts().unwrap().len(), 2);
    assert_eq!(mode(&path), 0o600, "taken back");
}

#[test]
fn a_copy_has_the_accounts_and_tokens_and_no_session() {
    let (dir, mut store) = store();
    store.begin_session(&hash(7), "lan", NOW).unwrap();
    let out = dir.path().join("copy.private.sqlite");
    store.backup(&out).unwrap();
    assert!(matches!(store.backup(&out), Err(StoreError::FileExists { .. })));
    let mut copy = PrivateStore::open(&out).unwrap().unwrap();
    assert_eq!(copy.accounts().unwrap(), store.accounts().unwrap());
    assert_eq!(copy.password("lan").unwrap(), store.password("lan").unwrap());
    assert!(copy.session(&hash(7), NOW).unwrap().is_none() && store.session(&hash(7), NOW).unwrap().is_some());
    #[cfg(unix)]
    assert_eq!(mode(&out), 0o600);
    assert!(!fs::read(&out).unwrap().windows(32).any(|bytes| bytes == hash(7)), "nor what was one");
}

#[test]
fn a_file_that_is_none_of_ours_is_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("w.private.sqlite");
    let told = |bytes: Option<&[u8]>| {
        if let Some(bytes) = bytes {
            fs::write(&path, bytes).unwrap();
        }
        PrivateStore::open(&path).unwrap_err().to_string()
    };
    assert!(PrivateStore::open(&path).unwrap().is_none());
    assert!(told(Some(b"")).contains("it is empty"));
    assert!(told(Some(&[b'x'; 5_000])).contains("no SQLite database"));
    fs::remove_file(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE a (b)").unwrap();
    assert!(told(None).contains("another program's"));
    fs::remove_file(&path).unwrap();
    create(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    assert!(told(None).contains("newer farmzone (version 99; this one knows up to 4)"));
}
