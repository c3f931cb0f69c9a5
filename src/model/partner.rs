//! Who is behind a zone: cooperatives, farms and buyers, what binds them, what is made of it, and the codes by which it is traced.
//!
//! Four tables without shapes. Each row has a key in `id` (`code` of a trace code) and names others by key or by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::NotAWord;

words! {
    /// What a table is taken as (`import --as`).
    PartnerTable, "one of partners, linkages, products, traces" {
        Partners = "partners",
        /// Production and consumption, bound by a contract.
        Linkages = "linkages",
        /// OCOP products.
        Products = "products",
        /// Codes by which a product is traced.
        Traces = "traces",
    }
}

words! {
    /// What a partner is.
    PartnerKind, "one of cooperative, group, farm, household, processor, buyer, other" {
        Cooperative = "cooperative",
        /// A group of households that is no cooperative.
        Group = "group",
        Farm = "farm",
        Household = "household",
        Processor = "processor",
        /// A supermarket, a trader, a kitchen.
        Buyer = "buyer",
        Other = "other",
    }
}

/// What the cells of a column hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellKind {
    /// Tells the rows of a table apart; every row has one.
    Key,
    Text,
    /// ISO: 2024, 2024-06, 2024-06-30.
    Date,
    /// 0 or more.
    Number,
    /// A whole number, 0 or more.
    Count,
    /// Texts joined by `; `.
    List,
    PartnerKind,
    /// A key of `kinds.toml`.
    ZoneKind,
    /// 1 to 5.
    Stars,
    /// Whether the row is made up.
    Simulated,
}

/// Columns of a table, the key first.
pub type PartnerColumns = &'static [(&'static str, CellKind)];

use CellKind as C;

impl PartnerTable {
    /// The table in the workspace.
    pub fn table_name(self) -> &'static str {
        match self {
            PartnerTable::Partners => "farmzone_partners",
            PartnerTable::Linkages => "farmzone_linkages",
            PartnerTable::Products => "farmzone_products",
            PartnerTable::Traces => "farmzone_traces",
        }
    }

    pub fn columns(self) -> PartnerColumns {
        match self {
            PartnerTable::Partners => &[
                ("id", C::Key),
                ("name", C::Text),
                ("kind", C::PartnerKind),
                ("unit", C::Text),
                ("address", C::Text),
                ("members", C::Count),
                ("founded", C::Date),
                ("zone_ids", C::List),
                ("simulated", C::Simulated),
            ],
            PartnerTable::Linkages => &[
                ("id", C::Key),
                ("name", C::Text),
                ("kind", C::ZoneKind),
                ("crop", C::Text),
                ("producers", C::List),
                ("buyers", C::List),
                ("contracted_t", C::Number),
                ("contracted_ha", C::Number),
                ("yield_t_ha", C::Number),
                ("harvests", C::Number),
                ("valid_from", C::Date),
                ("valid_to", C::Date),
                ("decision", C::Text),
                ("zone_ids", C::List),
                ("simulated", C::Simulated),
            ],
            PartnerTable::Products => &[
                ("id", C::Key),
                ("name", C::Text),
                ("kind", C::ZoneKind),
                ("stars", C::Stars),
                ("recognised", C::Date),
                ("valid_to", C::Date),
                ("decision", C::Text),
                ("owner", C::Text),
                ("zone_ids", C::List),
                ("simulated", C::Simulated),
            ],
            PartnerTable::Traces => &[
                ("code", C::Key),
                ("name", C::Text),
                ("product", C::Text),
                ("owner", C::Text),
                ("issued", C::Date),
                ("valid_to", C::Date),
                ("zone_ids", C::List),
                ("simulated", C::Simulated),
            ],
        }
    }

    /// The column that tells the rows apart.
    pub fn key(self) -> &'static str {
        if self == PartnerTable::Traces { "code" } else { "id" }
    }
}

/// A cooperative, a farm, a buyer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Partner {
    pub id: String,
    pub name: Option<String>,
    pub kind: Option<PartnerKind>,
    /// The commune as the table states it: a code or a name.
    pub unit: Option<String>,
    pub address: Option<String>,
    pub members: Option<u32>,
    pub founded: Option<String>,
    /// Ids of zones, or farming area codes that zones stand for.
    pub zone_ids: Vec<String>,
    pub simulated: bool,
}

/// Who grows for whom, what, how much, since when, by which decision.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Linkage {
    pub id: String,
    pub name: Option<String>,
    /// The kind of the zones that grow for it.
    pub kind: Option<String>,
    pub crop: Option<String>,
    /// Partners, by key or name.
    pub producers: Vec<String>,
    pub buyers: Vec<String>,
    /// Tonnes a year, hectares.
    pub contracted_t: Option<f64>,
    pub contracted_ha: Option<f64>,
    /// Tonnes a hectare and harvest; harvests a year. None: what `yields.toml` says.
    pub yield_t_ha: Option<f64>,
    pub harvests: Option<f64>,
    pub valid_from: Option<String>,
    pub valid_to: Option<String>,
    pub decision: Option<String>,
    pub zone_ids: Vec<String>,
    pub simulated: bool,
}

/// An OCOP product.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Product {
    pub id: String,
    pub name: Option<String>,
    /// The kind of the zones that it is made from.
    pub kind: Option<String>,
    pub stars: Option<u8>,
    pub recognised: Option<String>,
    pub valid_to: Option<String>,
    pub decision: Option<String>,
    /// A partner, by key or name.
    pub owner: Option<String>,
    pub zone_ids: Vec<String>,
    pub simulated: bool,
}

/// A code by which a product is traced.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TraceCode {
    pub code: String,
    pub name: Option<String>,
    /// By key or name.
    pub product: Option<String>,
    pub owner: Option<String>,
    pub issued: Option<String>,
    pub valid_to: Option<String>,
    pub zone_ids: Vec<String>,
    pub simulated: bool,
}

/// What of a partner only officers read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PartnerContact {
    pub representative: Option<String>,
    pub phone: Option<String>,
    pub identity_no: Option<String>,
}

impl PartnerContact {
    pub fn is_empty(&self) -> bool {
        *self == PartnerContact::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The columns are the fields: what is written is what is read.
    #[test]
    fn every_column_is_a_field_of_its_row_and_every_field_a_column() {
        let fields = |row: serde_json::Value| row.as_object().unwrap().keys().cloned().collect::<Vec<String>>();
        for table in PartnerTable::ALL {
            let row = match table {
                PartnerTable::Partners => serde_json::to_value(Partner::default()),
                PartnerTable::Linkages => serde_json::to_value(Linkage::default()),
                PartnerTable::Products => serde_json::to_value(Product::default()),
                PartnerTable::Traces => serde_json::to_value(TraceCode::default()),
            };
            let mut fields = fields(row.unwrap());
            let mut columns: Vec<String> = table.columns().iter().map(|(name, _)| (*name).to_owned()).collect();
            assert_eq!(table.columns()[0], (table.key(), CellKind::Key));
            fields.sort();
            columns.sort();
            assert_eq!(fields, columns, "{table}");
        }
    }
}
