//! Who is behind zones, in a snapshot: the four tables, how their rows and zones belong together, what a linkage can count on, and
//! how a file becomes a table.
//!
//! Links are sought when they are first asked for and shared for as long as nothing that they rest on is another. Invariant: how a
//! partner is reached is not in the snapshot; it is asked for by who may read it.

mod columns;
mod facts;
mod import;
mod read;
mod supply;

pub use facts::PartnersAsk;
pub(super) use facts::{PartnerHit, PartnerWords};
pub(super) use import::drop_table;
pub use import::{PartnerImport, PartnersImported, import_partners};

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde::de::DeserializeOwned;

use super::register::cells::shown;
use super::{EngineError, Snapshot};
use crate::codes::{PartnerLinks, PartnerTables, ZonePapers, parse};
use crate::model::{PartnerTable, Revision};
use crate::store::{PartnerRow, Reader};

/// The tables of a snapshot.
#[derive(Default)]
pub(super) struct Partners {
    /// Of what was read.
    stamp: String,
    /// The revision that last wrote one of them.
    written: Revision,
    pub tables: PartnerTables,
    words: OnceLock<Vec<(PartnerHit, PartnerWords)>>,
}

/// Their links, when they were sought.
pub(super) type Linked = OnceLock<Arc<PartnerLinks>>;

impl Partners {
    /// Those of before, when nothing wrote to the tables since.
    pub(super) fn load(reader: &Reader, before: Option<&Snapshot>) -> Result<Arc<Partners>, EngineError> {
        let stamp = reader.partners_stamp()?;
        if let Some(same) = before.map(|before| &before.partners).filter(|there| there.stamp == stamp) {
            return Ok(same.clone());
        }
        let mut rows = BTreeMap::new();
        for table in PartnerTable::ALL {
            rows.insert(*table, reader.partner_rows(*table)?);
        }
        let written = stamp.split('/').next().and_then(|number| number.parse().ok()).unwrap_or_default();
        Ok(Arc::new(Partners { stamp, written, tables: tables_of(rows), words: OnceLock::new() }))
    }
}

/// Rows as what they are; one that somebody's edit made unreadable is left out.
fn tables_of(mut rows: BTreeMap<PartnerTable, Vec<PartnerRow>>) -> PartnerTables {
    fn typed<T: DeserializeOwned>(rows: Option<Vec<PartnerRow>>, table: PartnerTable) -> Vec<T> {
        let rows = rows.unwrap_or_default();
        let n_rows = rows.len();
        // A cell of a list, a flag or a text is never null for serde: what is empty is left out.
        let filled = |row: PartnerRow| row.into_iter().filter(|(_, value)| !value.is_null()).collect::<PartnerRow>();
        let typed: Vec<T> = rows.into_iter().filter_map(|row| serde_json::from_value(filled(row).into()).ok()).collect();
        if typed.len() < n_rows {
            tracing::warn!(n_unreadable = n_rows - typed.len(), "rows of {} that cannot be read are left out", table.table_name());
        }
        typed
    }
    let mut take = |table| rows.remove(&table);
    PartnerTables {
        partners: typed(take(PartnerTable::Partners), PartnerTable::Partners),
        linkages: typed(take(PartnerTable::Linkages), PartnerTable::Linkages),
        products: typed(take(PartnerTable::Products), PartnerTable::Products),
        traces: typed(take(PartnerTable::Traces), PartnerTable::Traces),
    }
}

/// How the rows of tables and the zones of a snapshot belong together.
fn links_of(snapshot: &Snapshot, tables: &PartnerTables) -> PartnerLinks {
    let papers = snapshot.zones.list.iter().map(|view| ZonePapers {
        kind: &view.zone.kind,
        cooperative: view.zone.cooperative.as_deref(),
        linkage: view.zone.linkage.as_deref(),
        products: view.zone.products.as_deref(),
    });
    let named = |text: &str| match snapshot.zones.by_id(text) {
        Some(zone) => vec![zone],
        None => parse(text, &snapshot.rulebook.schemes).map(|code| snapshot.zones_of_code(&code.canonical)).unwrap_or_default(),
    };
    PartnerLinks::of(tables, papers, named)
}

impl Snapshot {
    pub(super) fn partner_links(&self) -> &Arc<PartnerLinks> {
        self.partner_links.get_or_init(|| Arc::new(links_of(self, &self.partners.tables)))
    }

    /// The links of a snapshot of before, when what they rest on is the same.
    pub(super) fn shared_partner_links(&self, before: &Snapshot) -> Option<Arc<PartnerLinks>> {
        let is_same = Arc::ptr_eq(&self.partners, &before.partners)
            && Arc::ptr_eq(&self.zones, &before.zones)
            && Arc::ptr_eq(&self.codes, &before.codes)
            && Arc::ptr_eq(&self.rulebook, &before.rulebook);
        before.partner_links.get().filter(|_| is_same).cloned()
    }
}
