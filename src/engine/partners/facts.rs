//! Who is behind zones as JSON, in the shapes of `docs/api.md`: lists, cards, what a zone's card says, what a search finds.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde_json::{Value, json};

use super::supply::SupplyOf;
use crate::codes::{LinkedBy, PartnerRef, PartnerTables, date};
use crate::engine::figures::{geojson, rounded_m2, rounded_share};
use crate::engine::{EngineError, Page, Snapshot};
use crate::legend::Words;
use crate::model::{MultiPolygon, PartnerKind, PartnerTable};
use crate::store::{PrivateStore, private_path};

/// Which rows of a table are listed; what is none is not asked for.
#[derive(Debug, Clone, Default)]
pub struct PartnersAsk {
    /// In the key, the name, the commune, the crop, the owner.
    pub text: Option<String>,
    /// Of partners.
    pub kinds: Vec<PartnerKind>,
    /// Behind this zone.
    pub zone: Option<String>,
}

/// A row that a search found.
pub(in crate::engine) type PartnerHit = PartnerRef;

/// On a card so many zones, and so many rows of each table, are told one by one.
const MOST_ZONES: usize = 200;
const MOST_LINKED: usize = 100;
/// On a zone's card.
const MOST_BEHIND: usize = 20;
/// The outline of more vertices is not sent.
const MOST_VERTICES: usize = 60_000;

/// What a search's result is called.
fn type_of(table: PartnerTable) -> &'static str {
    match table {
        PartnerTable::Partners => "partner",
        PartnerTable::Linkages => "linkage",
        PartnerTable::Products => "product",
        PartnerTable::Traces => "trace",
    }
}

/// What a row says, as its table has it.
fn row_facts(tables: &PartnerTables, row: PartnerRef) -> Value {
    let facts = match row.table {
        PartnerTable::Partners => tables.partners.get(row.place).map(|one| json!(one)),
        PartnerTable::Linkages => tables.linkages.get(row.place).map(|one| json!(one)),
        PartnerTable::Products => tables.products.get(row.place).map(|one| json!(one)),
        PartnerTable::Traces => tables.traces.get(row.place).map(|one| json!(one)),
    };
    facts.unwrap_or_default()
}

/// A row in a list of others: what it is, and as what it is there.
fn short_facts(tables: &PartnerTables, row: PartnerRef) -> Value {
    let (id, name) = tables.named(row);
    let mut facts = json!({ "id": id, "name": name });
    match row.table {
        PartnerTable::Partners => facts["kind"] = json!(tables.partners.get(row.place).and_then(|p| p.kind)),
        PartnerTable::Linkages => {
            let linkage = tables.linkages.get(row.place);
            facts["crop"] = json!(linkage.and_then(|l| l.crop.as_deref()));
            facts["valid_to"] = json!(linkage.and_then(|l| l.valid_to.as_deref()));
        }
        PartnerTable::Products => facts["stars"] = json!(tables.products.get(row.place).and_then(|p| p.stars)),
        PartnerTable::Traces => facts["valid_to"] = json!(tables.traces.get(row.place).and_then(|t| t.valid_to.as_deref())),
    }
    facts
}

/// What a row is found by: what it is called, and what else it says.
pub(in crate::engine) struct PartnerWords {
    /// Its name, its key.
    pub own: Vec<Words>,
    /// The commune, the crop, the owner.
    pub more: Vec<Words>,
}

fn sought(tables: &PartnerTables, row: PartnerRef) -> PartnerWords {
    let (id, name) = tables.named(row);
    let more = match row.table {
        PartnerTable::Partners => tables.partners.get(row.place).map(|p| vec![p.unit.as_deref()]),
        PartnerTable::Linkages => tables.linkages.get(row.place).map(|l| vec![l.crop.as_deref(), l.decision.as_deref()]),
        PartnerTable::Products => tables.products.get(row.place).map(|p| vec![p.owner.as_deref()]),
        PartnerTable::Traces => tables.traces.get(row.place).map(|t| vec![t.product.as_deref(), t.owner.as_deref()]),
    };
    PartnerWords {
        own: name.into_iter().chain([id]).map(Words::new).collect(),
        more: more.into_iter().flatten().flatten().map(Words::new).collect(),
    }
}

impl Snapshot {
    /// Every row with the texts by which it is found; made when it is first asked for.
    pub(in crate::engine) fn sought_partners(&self) -> &[(PartnerRef, PartnerWords)] {
        let tables = &self.partners.tables;
        self.partners.words.get_or_init(|| {
            let rows: Vec<PartnerRef> = PartnerTable::ALL.iter().flat_map(|table| tables.rows(*table)).collect();
            rows.into_par_iter().map(|row| (row, sought(tables, row))).collect()
        })
    }

    /// What a search says of a row: where its zones lie; null of one that has none.
    pub(in crate::engine) fn partner_hit(&self, row: PartnerHit) -> Result<Value, EngineError> {
        let (id, name) = self.partners.tables.named(row);
        let zones: Vec<usize> = self.partner_links().zones_of(row).into_keys().collect();
        let bounds = self.bounds_of_zones(&zones);
        let center = zones.first().map(|zone| self.lonlat_point(self.zones.list[*zone].center())).transpose()?;
        Ok(json!({
            "type": type_of(row.table), "id": id, "name": name, "code": null, "kind": null, "unit_name": null,
            "area_m2": (!zones.is_empty()).then(|| rounded_m2(zones.iter().map(|zone| self.zones.list[*zone].area_m2).sum())),
            "center": center, "bounds": bounds.map(|bounds| self.lonlat_bounds(bounds)).transpose()?,
        }))
    }

    fn bounds_of_zones(&self, zones: &[usize]) -> Option<[f64; 4]> {
        let boxes = zones.iter().filter_map(|zone| self.zones.list.get(*zone)).map(|view| view.bounds);
        boxes.reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])])
    }

    /// `GET /api/v1/partners`, `/linkages`, `/products`, `/traces`: a page of a table, in its order.
    pub fn partners_list(&self, table: PartnerTable, ask: &PartnersAsk, page: Page) -> Result<Value, EngineError> {
        let (tables, links) = (&self.partners.tables, self.partner_links());
        let words = ask.text.as_deref().map(Words::new);
        let behind = match &ask.zone {
            Some(id) => {
                let zone = self.zones.by_id(id).ok_or_else(|| EngineError::not_found(format!("no zone “{id}”")))?;
                Some(links.behind(zone))
            }
            None => None,
        };
        let of_table = self.sought_partners().iter().filter(|(row, _)| row.table == table);
        let takes = |row: &PartnerRef, texts: &PartnerWords| {
            words.as_ref().is_none_or(|words| texts.own.iter().chain(&texts.more).any(|text| words.found_in(text)))
                && behind.as_ref().is_none_or(|behind| behind.contains_key(row))
                && (ask.kinds.is_empty()
                    || tables.partners.get(row.place).and_then(|p| p.kind).is_some_and(|kind| ask.kinds.contains(&kind)))
        };
        let taken: Vec<PartnerRef> = of_table.filter(|(row, texts)| takes(row, texts)).map(|(row, _)| *row).collect();
        let rows = taken.iter().skip(page.offset).take(page.limit).map(|row| {
            let mut facts = row_facts(tables, *row);
            facts["n_zones"] = json!(links.zones_of(*row).len());
            facts["n_unlinked"] = json!(links.unlinked(*row).len());
            facts
        });
        Ok(json!({
            "revision": self.revision, "n": taken.len(), "n_unlinked": links.n_unlinked(table), "limit": page.limit, "offset": page.offset,
            table.as_str(): rows.collect::<Vec<Value>>(),
        }))
    }

    /// `GET /api/v1/partners/{id}` and so on: a row with its zones, what it belongs to, what it can count on; `reads_holders` for
    /// who may read how a partner is reached.
    pub fn partner_card(&self, table: PartnerTable, id: &str, reads_holders: bool) -> Result<Value, EngineError> {
        let (tables, links) = (&self.partners.tables, self.partner_links());
        let row = tables.rows(table).find(|row| tables.named(*row).0 == id);
        let shown: String = id.chars().take(80).collect();
        let row = row.ok_or_else(|| EngineError::not_found(format!("no {} “{shown}”", type_of(table))))?;
        let zones = links.zones_of(row);
        let places: Vec<usize> = zones.keys().copied().collect();
        let mut facts = row_facts(tables, row);
        facts["revision"] = json!(self.revision);
        facts["n_zones"] = json!(zones.len());
        facts["zones"] = self.zones_facts(&zones)?;
        facts["bounds"] = json!(self.bounds_of_zones(&places).map(|bounds| self.lonlat_bounds(bounds)).transpose()?);
        facts["geometry"] = self.outline(&places)?;
        let unlinked = links.unlinked(row).iter().take(MOST_LINKED);
        facts["unlinked"] = unlinked.map(|one| json!({ "column": one.column, "text": one.text, "n_found": one.n_found })).collect();
        facts["linked"] = self.linked_facts(row);
        let linkage = (table == PartnerTable::Linkages).then(|| tables.linkages.get(row.place)).flatten();
        let ask = linkage.map_or_else(SupplyOf::default, |linkage| SupplyOf {
            yield_t_ha: linkage.yield_t_ha,
            harvests: linkage.harvests,
            start: linkage.valid_from.as_deref().and_then(date),
            contracted_t: linkage.contracted_t,
            contracted_ha: linkage.contracted_ha,
        });
        facts["supply"] = if places.is_empty() { Value::Null } else { self.supply_facts(&places, ask)? };
        facts["shared_with"] = if linkage.is_some() { self.shared_facts(row, &zones) } else { json!([]) };
        if reads_holders && table == PartnerTable::Partners {
            let there = PrivateStore::open(&private_path(&self.path))?;
            let contact = there.map(|there| there.contact(tables.named(row).0)).transpose()?.flatten();
            facts["private"] = json!(contact.unwrap_or_default());
        }
        Ok(facts)
    }

    fn zones_facts(&self, zones: &BTreeMap<usize, LinkedBy>) -> Result<Value, EngineError> {
        let found = self.epoch(None)?.map(|epoch| self.losses(epoch)).transpose()?;
        let mut by_area: Vec<(usize, LinkedBy)> = zones.iter().map(|(zone, by)| (*zone, *by)).collect();
        by_area.sort_by(|a, b| self.zones.list[b.0].area_m2.total_cmp(&self.zones.list[a.0].area_m2).then(a.0.cmp(&b.0)));
        let zone = |(place, by): (usize, LinkedBy)| {
            let view = &self.zones.list[place];
            let lost_m2 = found.as_ref().and_then(|found| self.lost_m2(found, place));
            json!({
                "id": view.zone.id, "name": view.zone.name, "kind": view.zone.kind, "code": view.zone.code,
                "unit_name": self.unit_of(view).map(|unit| unit.unit.name.as_str()), "area_m2": rounded_m2(view.area_m2),
                "lost_m2": lost_m2.map(rounded_m2), "lost_share": lost_m2.map(|lost| rounded_share(lost / view.area_m2)), "by": by,
            })
        };
        Ok(by_area.into_iter().take(MOST_ZONES).map(zone).collect())
    }

    /// The zones' shapes as one, for a map; null when there are none, or too many vertices.
    fn outline(&self, zones: &[usize]) -> Result<Value, EngineError> {
        let shapes = || zones.iter().map(|zone| &self.zones.list[*zone].zone.shape);
        let n_vertices: usize = shapes()
            .flat_map(|shape| &shape.0)
            .map(|polygon| polygon.exterior().0.len() + polygon.interiors().iter().map(|ring| ring.0.len()).sum::<usize>())
            .sum();
        if n_vertices == 0 || n_vertices > MOST_VERTICES {
            return Ok(Value::Null);
        }
        let all = MultiPolygon::new(shapes().flat_map(|shape| shape.0.iter().cloned()).collect());
        Ok(geojson(&self.place.to_lonlat(&all)?))
    }

    /// What a row belongs to, table by table, and as what.
    fn linked_facts(&self, row: PartnerRef) -> Value {
        let (tables, links) = (&self.partners.tables, self.partner_links());
        let related = links.related(row);
        let of = |table: PartnerTable| {
            let mut linked: Vec<&PartnerRef> = related.iter().filter(|one| one.table == table).collect();
            // Who buys is told before the many who grow.
            if row.table == PartnerTable::Linkages {
                linked.sort_by_key(|one| !links.buyers(row.place).contains(&one.place));
            }
            let facts = linked.iter().take(MOST_LINKED).map(|one| {
                let mut facts = short_facts(tables, **one);
                let (linkage, partner) = if row.table == PartnerTable::Linkages { (row, **one) } else { (**one, row) };
                if linkage.table == PartnerTable::Linkages {
                    let is_producer = links.producers(linkage.place).contains(&partner.place);
                    let is_buyer = links.buyers(linkage.place).contains(&partner.place);
                    let parts = [("producer", is_producer), ("buyer", is_buyer)];
                    facts["as"] = parts.iter().filter(|(_, is)| *is).map(|(part, _)| json!(part)).collect();
                }
                facts
            });
            json!({ "n": linked.len(), "rows": facts.collect::<Vec<Value>>() })
        };
        PartnerTable::ALL.iter().map(|table| (table.as_str().to_owned(), of(*table))).collect::<serde_json::Map<String, Value>>().into()
    }

    /// Other linkages that count on some of the same zones.
    fn shared_facts(&self, row: PartnerRef, zones: &BTreeMap<usize, LinkedBy>) -> Value {
        let (tables, links) = (&self.partners.tables, self.partner_links());
        let mut others: BTreeMap<PartnerRef, (usize, f64)> = BTreeMap::new();
        for zone in zones.keys() {
            let behind = links.behind(*zone).into_keys().filter(|other| other.table == PartnerTable::Linkages && *other != row);
            for other in behind {
                let sum = others.entry(other).or_default();
                (sum.0, sum.1) = (sum.0 + 1, sum.1 + self.zones.list[*zone].area_m2);
            }
        }
        let mut others: Vec<(PartnerRef, (usize, f64))> = others.into_iter().collect();
        others.sort_by(|a, b| b.1.1.total_cmp(&a.1.1));
        let fact = |(other, (n_zones, area_m2)): &(PartnerRef, (usize, f64))| {
            let mut facts = short_facts(tables, *other);
            (facts["n_zones"], facts["area_m2"]) = (json!(n_zones), json!(rounded_m2(*area_m2)));
            facts
        };
        others.iter().take(MOST_BEHIND).map(fact).collect()
    }

    /// What a zone's card says of who is behind it; null in a workspace that has none of the tables.
    pub(in crate::engine) fn behind_facts(&self, zone: usize) -> Value {
        let tables = &self.partners.tables;
        if tables.is_empty() {
            return Value::Null;
        }
        let behind = self.partner_links().behind(zone);
        let of = |table: PartnerTable| {
            let rows = behind.iter().filter(move |(row, _)| row.table == table);
            let facts = rows.clone().take(MOST_BEHIND).map(|(row, by)| {
                let mut facts = short_facts(tables, *row);
                facts["by"] = json!(by);
                facts
            });
            json!({ "n": rows.clone().count(), "rows": facts.collect::<Vec<Value>>() })
        };
        PartnerTable::ALL.iter().map(|table| (table.as_str().to_owned(), of(*table))).collect::<serde_json::Map<String, Value>>().into()
    }
}
