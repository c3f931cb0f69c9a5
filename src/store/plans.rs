//! Plans: what differs from the map, zone by zone, with the edits that made it so.
//!
//! The tables are made with the first plan. No change of a plan makes a revision of the workspace, so that the map stays as it
//! is; a number of its own counts them (`plans_number`). Invariants: a plan, its zones and the edit that changed them are
//! committed together; a plan is published together with its edit of the map, or not at all.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

use super::error::{During, StoreError};
use super::writer::now;
use super::{Edit, SecretHash, Store, edits, layers, packed, schema};
use crate::model::{Coord, PlanState, PlanZone, Revision};

#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub id: String,
    pub name: String,
    pub note: String,
    /// The account's name.
    pub owner: String,
    pub state: PlanState,
    /// Grows by one with every change of the plan, comments aside.
    pub revision: Revision,
    /// The workspace's, when the plan was made.
    pub base_revision: Revision,
    pub decision: Option<String>,
    /// Of the secret by which anybody may read it.
    pub share: Option<SecretHash>,
    /// RFC 3339, UTC; set when it is written.
    pub created: String,
    pub changed: String,
    pub steps: Vec<PlanStep>,
    /// Zones in which it differs from the map; counted, not kept.
    pub n_zones: u64,
}

/// From one state to the next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanStep {
    pub state: PlanState,
    pub at: String,
    pub who: String,
    pub note: String,
}

/// An edit of a plan. The operations are not kept: what was before is all that taking it back needs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlanEdit {
    /// Unique in its plan.
    pub id: String,
    pub at: String,
    pub who: String,
    pub reason: String,
    /// Why it is kept although the map would refuse it.
    pub despite: Option<String>,
    pub undoes: Option<String>,
    pub changes: Vec<PlanChange>,
}

/// What an edit did to one zone of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanChange {
    pub zone: String,
    /// What the plan kept of it before; none: nothing.
    pub before: Option<PlanZone>,
    /// Marks what the edit left; none: nothing.
    pub mark: Option<u64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PlanComment {
    pub n: i64,
    pub who: String,
    pub at: String,
    pub text: String,
    pub place: Option<Coord>,
    pub is_resolved: bool,
}

/// Counts what is written to plans.
const NUMBER: &str = "plans";

impl Store {
    /// A number that differs when a plan was changed, whoever changed it.
    pub fn plans_number(&self) -> Result<u64, StoreError> {
        let text = layers::setting(&self.connection, &self.path, NUMBER)?;
        Ok(text.and_then(|text| text.parse().ok()).unwrap_or_default())
    }

    /// Keeps a new plan; false when there is one of this id.
    pub fn add_plan(&mut self, plan: &Plan) -> Result<bool, StoreError> {
        self.change_plans("writing a plan", |connection, path| {
            if !has_tables(connection, path)? {
                connection.execute_batch(schema::PLANS).during(path, "making room for plans")?;
            }
            let at = now();
            let sql = "INSERT INTO farmzone_plans (plan, name, note, owner, state, revision, base_revision, created, changed, steps)
                VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?7, ?8) ON CONFLICT (plan) DO NOTHING";
            let steps = vec![PlanStep { state: plan.state, at: at.clone(), who: plan.owner.clone(), note: String::new() }];
            let steps = serde_json::to_string(&steps).unwrap_or_default();
            let base = plan.base_revision as i64;
            let values = params![plan.id, plan.name, plan.note, plan.owner, plan.state.as_str(), base, at, steps];
            Ok(connection.execute(sql, values).during(path, "writing a plan")? == 1)
        })
    }

    /// Makes a plan what is given, with an edit and what it makes of its zones; false, and nothing written, when the plan is of
    /// another revision than `plan.revision` by now.
    pub fn change_plan(&mut self, plan: &Plan, edit: Option<&PlanEdit>, zones: &[(String, Option<PlanZone>)]) -> Result<bool, StoreError> {
        self.change_plans("writing a plan", |connection, path| {
            let Some(row) = write_plan(connection, path, plan)? else { return Ok(false) };
            write_zones(connection, path, row, zones)?;
            if let Some(edit) = edit {
                write_edit(connection, path, row, edit)?;
            }
            Ok(true)
        })
    }

    /// Makes the map what a plan has, with the plan's new state, or does nothing: when the map is not of the revision `expected`
    /// or the plan not of `plan.revision` any more, the answer is none.
    pub fn publish_plan(&mut self, plan: &Plan, edit: Edit, expected: Revision) -> Result<Option<Edit>, StoreError> {
        let mut kept = None;
        self.change_plans("publishing a plan", |connection, path| {
            if write_plan(connection, path, plan)?.is_some() {
                kept = edits::keep(connection, path, edit, expected)?;
            }
            Ok(kept.is_some())
        })?;
        Ok(kept)
    }

    /// Takes a plan away with all that belongs to it; false when it is of another revision by now.
    pub fn remove_plan(&mut self, id: &str, expected: Revision) -> Result<bool, StoreError> {
        self.change_plans("removing a plan", |connection, path| {
            let doing = "removing a plan";
            let sql = "SELECT id FROM farmzone_plans WHERE plan = ?1 AND revision = ?2";
            let row: Option<i64> =
                connection.query_row(sql, params![id, expected as i64], |row| row.get(0)).optional().during(path, doing)?;
            let Some(row) = row else { return Ok(false) };
            for sql in [
                "DELETE FROM farmzone_plan_changes WHERE id IN (SELECT c.id FROM farmzone_plan_edits e JOIN farmzone_plan_changes c
                    ON c.id BETWEEN first_change AND first_change + n_changes - 1 WHERE plan = ?1)",
                "DELETE FROM farmzone_plan_edits WHERE plan = ?1",
                "DELETE FROM farmzone_plan_zones WHERE plan = ?1",
                "DELETE FROM farmzone_plan_comments WHERE plan = ?1",
                "DELETE FROM farmzone_plans WHERE id = ?1",
            ] {
                connection.execute(sql, [row]).during(path, doing)?;
            }
            Ok(true)
        })
    }

    /// Adds a comment to a plan; its number, none when there is no such plan.
    pub fn add_plan_comment(&mut self, plan: &str, comment: &PlanComment) -> Result<Option<i64>, StoreError> {
        let mut number = None;
        self.change_plans("writing a comment", |connection, path| {
            let sql = "INSERT INTO farmzone_plan_comments (plan, who, at, text, x, y, is_resolved)
                SELECT id, ?2, ?3, ?4, ?5, ?6, 0 FROM farmzone_plans WHERE plan = ?1";
            let values = params![plan, comment.who, now(), comment.text, comment.place.map(|at| at.x), comment.place.map(|at| at.y)];
            let is_written = connection.execute(sql, values).during(path, "writing a comment")? == 1;
            number = is_written.then(|| connection.last_insert_rowid());
            Ok(is_written)
        })?;
        Ok(number)
    }

    /// Makes a comment another, or takes it away; false when it is not there.
    pub fn change_plan_comment(&mut self, n: i64, comment: Option<&PlanComment>) -> Result<bool, StoreError> {
        self.change_plans("writing a comment", |connection, path| {
            let n_rows = match comment {
                Some(PlanComment { text, is_resolved, .. }) => {
                    let sql = "UPDATE farmzone_plan_comments SET text = ?2, is_resolved = ?3 WHERE id = ?1";
                    connection.execute(sql, params![n, text, is_resolved])
                }
                None => connection.execute("DELETE FROM farmzone_plan_comments WHERE id = ?1", [n]),
            };
            Ok(n_rows.during(path, "writing a comment")? == 1)
        })
    }

    /// A change of plans in one transaction; nothing is written when `deed` says so.
    fn change_plans(
        &mut self,
        doing: &'static str,
        deed: impl FnOnce(&Connection, &Path) -> Result<bool, StoreError>,
    ) -> Result<bool, StoreError> {
        let path = self.path.as_path();
        let transaction = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate).during(path, doing)?;
        let is_done = deed(&transaction, path)?;
        if is_done {
            let number = self.plans_number()? + 1;
            layers::set_setting(&transaction, path, NUMBER, &number.to_string())?;
            transaction.commit().during(path, doing)?;
        }
        Ok(is_done)
    }
}

fn has_tables(connection: &Connection, path: &Path) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'farmzone_plans')";
    connection.query_row(sql, [], |row| row.get(0)).during(path, "looking for plans")
}

/// The row of the plan; none when it is of another revision.
fn write_plan(connection: &Connection, path: &Path, plan: &Plan) -> Result<Option<i64>, StoreError> {
    let sql = "UPDATE farmzone_plans SET name = ?3, note = ?4, state = ?5, decision = ?6, share = ?7, steps = ?8, changed = ?9,
        revision = revision + 1 WHERE plan = ?1 AND revision = ?2 RETURNING id";
    let steps = serde_json::to_string(&plan.steps).unwrap_or_default();
    let Plan { id, name, note, state, decision, share, .. } = plan;
    let values = params![id, plan.revision as i64, name, note, state.as_str(), decision, share.map(|hash| hash.to_vec()), steps, now()];
    connection.query_row(sql, values, |row| row.get(0)).optional().during(path, "writing a plan")
}

/// A zone's cells from `base` to `parents`.
type Cells = (Option<i64>, Option<String>, Option<Vec<u8>>, Option<i64>, Option<String>);

fn cells(zone: Option<&PlanZone>) -> Cells {
    let Some(zone) = zone else { return Cells::default() };
    let attributes = (!zone.is_removed).then(|| serde_json::json!(zone.attributes).to_string());
    let parents = (!zone.parents.is_empty()).then(|| serde_json::json!(zone.parents).to_string());
    (zone.base.map(|n| n as i64), attributes, zone.shape.as_ref().map(packed::pack), zone.base_shape.map(|n| n as i64), parents)
}

/// The same read: from the column `at` on.
fn plan_zone(row: &Row<'_>, id: String, at: usize) -> rusqlite::Result<Result<PlanZone, String>> {
    let (base, attributes): (Option<i64>, Option<String>) = (row.get(at)?, row.get(at + 1)?);
    let (shape, base_shape): (Option<Vec<u8>>, Option<i64>) = (row.get(at + 2)?, row.get(at + 3)?);
    let parents: Option<String> = row.get(at + 4)?;
    let damaged = |what: &str| format!("a plan keeps {what} of zone “{id}” that cannot be read");
    let shape = match shape.map(|bytes| packed::unpack(&bytes)) {
        Some(None) => return Ok(Err(damaged("a shape"))),
        shape => shape.flatten(),
    };
    let is_removed = attributes.is_none();
    let attributes = match attributes.map(|text| serde_json::from_str(&text)) {
        Some(Err(_)) => return Ok(Err(damaged("attributes"))),
        Some(Ok(attributes)) => attributes,
        None => Default::default(),
    };
    let parents = parents.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let (base, base_shape) = (base.map(|n| n.max(0) as Revision), base_shape.map(|n| n as u64));
    Ok(Ok(PlanZone { id, base, is_removed, attributes, shape, base_shape, parents }))
}

fn write_zones(connection: &Connection, path: &Path, plan: i64, zones: &[(String, Option<PlanZone>)]) -> Result<(), StoreError> {
    let doing = "writing a plan";
    let mut delete = connection.prepare("DELETE FROM farmzone_plan_zones WHERE plan = ?1 AND zone = ?2").during(path, doing)?;
    let sql =
        "INSERT INTO farmzone_plan_zones (plan, zone, base, attributes, shape, base_shape, parents) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        ON CONFLICT (plan, zone) DO UPDATE SET base = ?3, attributes = ?4, shape = ?5, base_shape = ?6, parents = ?7";
    let mut insert = connection.prepare(sql).during(path, doing)?;
    for (id, zone) in zones {
        if zone.is_none() {
            delete.execute(params![plan, id]).during(path, doing)?;
            continue;
        }
        let (base, attributes, shape, base_shape, parents) = cells(zone.as_ref());
        insert.execute(params![plan, id, base, attributes, shape, base_shape, parents]).during(path, doing)?;
    }
    Ok(())
}

fn write_edit(connection: &Connection, path: &Path, plan: i64, edit: &PlanEdit) -> Result<(), StoreError> {
    let doing = "writing an edit of a plan";
    let sql = "INSERT INTO farmzone_plan_changes (zone, base, attributes, shape, base_shape, parents, was_there, mark)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let mut insert = connection.prepare(sql).during(path, doing)?;
    for PlanChange { zone, before, mark } in &edit.changes {
        let (base, attributes, shape, base_shape, parents) = cells(before.as_ref());
        let mark = mark.map(|n| n as i64);
        insert.execute(params![zone, base, attributes, shape, base_shape, parents, before.is_some(), mark]).during(path, doing)?;
    }
    // The rows of one edit follow each other: a range costs less than an index.
    let n_changes = edit.changes.len() as i64;
    let first_change = connection.last_insert_rowid() - n_changes + 1;
    let sql = "INSERT INTO farmzone_plan_edits (plan, edit, at, who, reason, despite, undoes, first_change, n_changes)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let PlanEdit { id, who, reason, despite, undoes, .. } = edit;
    connection.execute(sql, params![plan, id, now(), who, reason, despite, undoes, first_change, n_changes]).during(path, doing).map(drop)
}

const COLUMNS: &str = "plan, name, note, owner, state, revision, base_revision, decision, share, created, changed, steps,
    (SELECT count(*) FROM farmzone_plan_zones z WHERE z.plan = p.id)";

fn read_plan(row: &Row<'_>) -> rusqlite::Result<Plan> {
    let (state, steps): (String, String) = (row.get(4)?, row.get(11)?);
    let share: Option<Vec<u8>> = row.get(8)?;
    Ok(Plan {
        id: row.get(0)?,
        name: row.get(1)?,
        note: row.get(2)?,
        owner: row.get(3)?,
        // A word that somebody else wrote is no state in which anything may be done.
        state: state.parse().unwrap_or(PlanState::Published),
        revision: row.get::<_, i64>(5)?.max(0) as Revision,
        base_revision: row.get::<_, i64>(6)?.max(0) as Revision,
        decision: row.get(7)?,
        share: share.and_then(|bytes| bytes.try_into().ok()),
        created: row.get(9)?,
        changed: row.get(10)?,
        steps: serde_json::from_str(&steps).unwrap_or_default(),
        n_zones: row.get::<_, i64>(12)?.max(0) as u64,
    })
}

const EDIT: &str = "SELECT edit, at, who, reason, despite, undoes, first_change, n_changes FROM farmzone_plan_edits e
    JOIN farmzone_plans p ON p.id = e.plan";

/// With its first change and how many there are.
fn read_edit(row: &Row<'_>) -> rusqlite::Result<(PlanEdit, [i64; 2])> {
    let (id, at, who, reason, despite, undoes) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?);
    Ok((PlanEdit { id, at, who, reason, despite, undoes, changes: Vec::new() }, [row.get(6)?, row.get(7)?]))
}

impl super::Reader {
    /// A part of the plans, the one changed last first; how many there are.
    pub fn plans(&self, limit: usize, offset: usize) -> Result<(Vec<Plan>, u64), StoreError> {
        let (connection, path, doing) = (&self.connection, self.path.as_path(), "reading the plans");
        if !has_tables(connection, path)? {
            return Ok((Vec::new(), 0));
        }
        let n: i64 = connection.query_row("SELECT count(*) FROM farmzone_plans", [], |row| row.get(0)).during(path, doing)?;
        let sql = format!("SELECT {COLUMNS} FROM farmzone_plans p ORDER BY changed DESC, id DESC LIMIT ?1 OFFSET ?2");
        let mut statement = connection.prepare(&sql).during(path, doing)?;
        let rows = statement.query_map(params![limit as i64, offset as i64], read_plan).during(path, doing)?;
        Ok((rows.collect::<rusqlite::Result<_>>().during(path, doing)?, n.unsigned_abs()))
    }

    pub fn plan(&self, id: &str) -> Result<Option<Plan>, StoreError> {
        if !has_tables(&self.connection, &self.path)? {
            return Ok(None);
        }
        let sql = format!("SELECT {COLUMNS} FROM farmzone_plans p WHERE plan = ?1");
        self.connection.query_row(&sql, [id], read_plan).optional().during(&self.path, "reading a plan")
    }

    /// What of each zone differs in a plan, by id.
    pub fn plan_zones(&self, plan: &str) -> Result<Vec<PlanZone>, StoreError> {
        let sql = "SELECT zone, z.base, attributes, shape, base_shape, parents FROM farmzone_plan_zones z
            JOIN farmzone_plans p ON p.id = z.plan WHERE p.plan = ?1 ORDER BY zone";
        let doing = "reading a plan";
        let mut statement = self.connection.prepare(sql).during(&self.path, doing)?;
        let rows = statement.query_map([plan], |row| plan_zone(row, row.get(0)?, 1)).during(&self.path, doing)?;
        let zones = rows.collect::<rusqlite::Result<Result<_, String>>>().during(&self.path, doing)?;
        zones.map_err(|what| StoreError::Damaged { path: self.path.clone(), what })
    }

    /// An edit of a plan with what it changed.
    pub fn plan_edit(&self, plan: &str, edit: &str) -> Result<Option<PlanEdit>, StoreError> {
        let doing = "reading an edit of a plan";
        let sql = format!("{EDIT} WHERE p.plan = ?1 AND edit = ?2");
        let found = self.connection.query_row(&sql, [plan, edit], read_edit).optional().during(&self.path, doing)?;
        let Some((mut edit, range)) = found else { return Ok(None) };
        let sql = "SELECT zone, base, attributes, shape, base_shape, parents, was_there, mark FROM farmzone_plan_changes
            WHERE id BETWEEN ?1 AND ?1 + ?2 - 1 ORDER BY id";
        let mut statement = self.connection.prepare(sql).during(&self.path, doing)?;
        let change = |row: &Row<'_>| -> rusqlite::Result<Result<PlanChange, String>> {
            let zone: String = row.get(0)?;
            let before = if row.get(6)? { Some(plan_zone(row, zone.clone(), 1)?) } else { None };
            let mark = row.get::<_, Option<i64>>(7)?.map(|n| n as u64);
            Ok(before.transpose().map(|before| PlanChange { zone, before, mark }))
        };
        let rows = statement.query_map(range, change).during(&self.path, doing)?;
        let changes = rows.collect::<rusqlite::Result<Result<_, String>>>().during(&self.path, doing)?;
        edit.changes = changes.map_err(|what| StoreError::Damaged { path: self.path.clone(), what })?;
        Ok(Some(edit))
    }

    /// The latest edits of a plan, without what they changed.
    pub fn plan_edits(&self, plan: &str, limit: usize) -> Result<Vec<PlanEdit>, StoreError> {
        let doing = "reading the edits of a plan";
        let sql = format!("{EDIT} WHERE p.plan = ?1 ORDER BY e.id DESC LIMIT ?2");
        let mut statement = self.connection.prepare(&sql).during(&self.path, doing)?;
        let rows = statement.query_map(params![plan, limit as i64], |row| Ok(read_edit(row)?.0)).during(&self.path, doing)?;
        rows.collect::<rusqlite::Result<_>>().during(&self.path, doing)
    }

    /// The comments on a plan, the oldest first.
    pub fn plan_comments(&self, plan: &str) -> Result<Vec<PlanComment>, StoreError> {
        let doing = "reading the comments on a plan";
        let sql = "SELECT c.id, who, at, text, x, y, is_resolved FROM farmzone_plan_comments c
            JOIN farmzone_plans p ON p.id = c.plan WHERE p.plan = ?1 ORDER BY c.id";
        let mut statement = self.connection.prepare(sql).during(&self.path, doing)?;
        let comment = |row: &Row<'_>| -> rusqlite::Result<PlanComment> {
            let place = row.get::<_, Option<f64>>(4)?.zip(row.get::<_, Option<f64>>(5)?).map(|(x, y)| Coord { x, y });
            Ok(PlanComment { n: row.get(0)?, who: row.get(1)?, at: row.get(2)?, text: row.get(3)?, place, is_resolved: row.get(6)? })
        };
        let rows = statement.query_map([plan], comment).during(&self.path, doing)?;
        rows.collect::<rusqlite::Result<_>>().during(&self.path, doing)
    }
}
