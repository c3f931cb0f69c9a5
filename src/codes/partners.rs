//! Who is behind which zone, both ways: tables that name one another by key or by name, and zones that they name or that name them.
//!
//! A name that nothing bears, or that several bear, links nothing and is told; it is found when the other table comes. A row without
//! a zone of its own takes those of what it belongs to. Invariant: a row has a zone exactly when the zone has the row.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::legend::spelled;
use crate::model::{Linkage, NotAWord, Partner, PartnerTable, Product, TraceCode, words};

/// The four tables.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PartnerTables {
    pub partners: Vec<Partner>,
    pub linkages: Vec<Linkage>,
    pub products: Vec<Product>,
    pub traces: Vec<TraceCode>,
}

/// A row of one of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartnerRef {
    pub table: PartnerTable,
    pub place: usize,
}

words! {
    /// Why a row and a zone belong together.
    LinkedBy, "one of named, borne, linkage, partner, product" {
        /// The row names the zone, or a code that it stands for.
        Named = "named",
        /// The zone's own papers name the row.
        Borne = "borne",
        /// A linkage of the buyer's has the zone.
        Linkage = "linkage",
        /// The producer, or the owner, has the zone.
        Partner = "partner",
        /// The product that the code traces has the zone.
        Product = "product",
    }
}

/// A name in a row that links nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlinked {
    pub column: &'static str,
    pub text: String,
    /// Of so many rows; 0: of none.
    pub n_found: usize,
}

/// What a zone's own papers say of who is behind it.
#[derive(Debug, Clone, Copy, Default)]
pub struct ZonePapers<'a> {
    pub kind: &'a str,
    pub cooperative: Option<&'a str>,
    pub linkage: Option<&'a str>,
    pub products: Option<&'a str>,
}

/// Rows by key and by name.
#[derive(Debug, Default)]
struct Names {
    by_key: HashMap<String, usize>,
    by_name: HashMap<String, Vec<usize>>,
}

impl Names {
    fn of<'a>(rows: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> Names {
        let mut names = Names::default();
        for (place, (key, name)) in rows.enumerate() {
            names.by_key.entry(spelled(key)).or_insert(place);
            if let Some(name) = name {
                names.by_name.entry(spelled(name)).or_default().push(place);
            }
        }
        names
    }

    /// The row that a text names, or of how many it is the name.
    fn find(&self, text: &str) -> Result<usize, usize> {
        let spelled = spelled(text);
        if let Some(place) = self.by_key.get(&spelled) {
            return Ok(*place);
        }
        match self.by_name.get(&spelled).map(Vec::as_slice) {
            Some([one]) => Ok(*one),
            found => Err(found.map_or(0, <[usize]>::len)),
        }
    }
}

/// How rows and zones belong together.
#[derive(Debug, Default)]
pub struct PartnerLinks {
    /// By row: zones that it names or that name it, by place.
    own: HashMap<PartnerRef, BTreeMap<usize, LinkedBy>>,
    by_zone: HashMap<usize, BTreeSet<PartnerRef>>,
    producers: Vec<Vec<usize>>,
    buyers: Vec<Vec<usize>>,
    /// By product, trace code.
    owner_of_product: Vec<Option<usize>>,
    owner_of_trace: Vec<Option<usize>>,
    product_of_trace: Vec<Option<usize>>,
    /// By partner, product.
    grown_by: HashMap<usize, Vec<usize>>,
    bought_by: HashMap<usize, Vec<usize>>,
    products_of: HashMap<usize, Vec<usize>>,
    traces_of_partner: HashMap<usize, Vec<usize>>,
    traces_of_product: HashMap<usize, Vec<usize>>,
    unlinked: BTreeMap<PartnerRef, Vec<Unlinked>>,
    /// By linkage, product: of which kind of zones it takes those of others; none: of any.
    kinds_of_linkages: Vec<Option<String>>,
    kinds_of_products: Vec<Option<String>>,
    kinds_of_zones: Vec<String>,
}

use PartnerTable::{Linkages, Partners, Products, Traces};

fn at(table: PartnerTable, place: usize) -> PartnerRef {
    PartnerRef { table, place }
}

impl PartnerLinks {
    /// `zones` in their order; `zones_named` gives the places of the zones of an id or an area code.
    pub fn of<'z>(
        tables: &PartnerTables,
        zones: impl Iterator<Item = ZonePapers<'z>>,
        zones_named: impl Fn(&str) -> Vec<usize>,
    ) -> PartnerLinks {
        let mut links = PartnerLinks::default();
        let partners = Names::of(tables.partners.iter().map(|p| (p.id.as_str(), p.name.as_deref())));
        let linkages = Names::of(tables.linkages.iter().map(|l| (l.id.as_str(), l.name.as_deref())));
        let products = Names::of(tables.products.iter().map(|p| (p.id.as_str(), p.name.as_deref())));
        for (n, partner) in tables.partners.iter().enumerate() {
            links.name_zones(at(Partners, n), &partner.zone_ids, &zones_named);
        }
        for (n, linkage) in tables.linkages.iter().enumerate() {
            links.name_zones(at(Linkages, n), &linkage.zone_ids, &zones_named);
            let [producers, buyers] = [("producers", &linkage.producers), ("buyers", &linkage.buyers)]
                .map(|(column, texts)| texts.iter().filter_map(|t| links.find(&partners, at(Linkages, n), column, t)).collect::<Vec<_>>());
            producers.iter().for_each(|p| links.grown_by.entry(*p).or_default().push(n));
            buyers.iter().for_each(|p| links.bought_by.entry(*p).or_default().push(n));
            links.producers.push(producers);
            links.buyers.push(buyers);
            links.kinds_of_linkages.push(linkage.kind.clone());
        }
        for (n, product) in tables.products.iter().enumerate() {
            links.name_zones(at(Products, n), &product.zone_ids, &zones_named);
            let owner = product.owner.as_deref().and_then(|text| links.find(&partners, at(Products, n), "owner", text));
            owner.into_iter().for_each(|p| links.products_of.entry(p).or_default().push(n));
            links.owner_of_product.push(owner);
            links.kinds_of_products.push(product.kind.clone());
        }
        for (n, trace) in tables.traces.iter().enumerate() {
            links.name_zones(at(Traces, n), &trace.zone_ids, &zones_named);
            let owner = trace.owner.as_deref().and_then(|text| links.find(&partners, at(Traces, n), "owner", text));
            let product = trace.product.as_deref().and_then(|text| links.find(&products, at(Traces, n), "product", text));
            owner.into_iter().for_each(|p| links.traces_of_partner.entry(p).or_default().push(n));
            product.into_iter().for_each(|p| links.traces_of_product.entry(p).or_default().push(n));
            links.owner_of_trace.push(owner);
            links.product_of_trace.push(product);
        }
        for (zone, papers) in zones.enumerate() {
            let borne = |names: &Names, text: Option<&str>| text.and_then(|text| names.find(text).ok());
            let found =
                [borne(&partners, papers.cooperative).map(|n| at(Partners, n)), borne(&linkages, papers.linkage).map(|n| at(Linkages, n))];
            let listed = papers.products.into_iter().flat_map(|text| text.split([';', ','])).map(str::trim);
            let made = listed.filter_map(|text| products.find(text).ok()).map(|n| at(Products, n));
            let all: Vec<PartnerRef> = found.into_iter().flatten().chain(made).collect();
            all.into_iter().for_each(|row| links.join(row, zone, LinkedBy::Borne));
            links.kinds_of_zones.push(papers.kind.to_owned());
        }
        links
    }

    fn join(&mut self, row: PartnerRef, zone: usize, by: LinkedBy) {
        self.own.entry(row).or_default().entry(zone).or_insert(by);
        self.by_zone.entry(zone).or_default().insert(row);
    }

    fn name_zones(&mut self, row: PartnerRef, named: &[String], zones_named: &impl Fn(&str) -> Vec<usize>) {
        for text in named {
            let found = zones_named(text);
            if found.is_empty() {
                self.unlinked.entry(row).or_default().push(Unlinked { column: "zone_ids", text: text.clone(), n_found: 0 });
            }
            found.into_iter().for_each(|zone| self.join(row, zone, LinkedBy::Named));
        }
    }

    fn find(&mut self, names: &Names, row: PartnerRef, column: &'static str, text: &str) -> Option<usize> {
        match names.find(text) {
            Ok(place) => Some(place),
            Err(n_found) => {
                self.unlinked.entry(row).or_default().push(Unlinked { column, text: text.to_owned(), n_found });
                None
            }
        }
    }

    fn own(&self, row: PartnerRef) -> impl Iterator<Item = (usize, LinkedBy)> + '_ {
        self.own.get(&row).into_iter().flatten().map(|(zone, by)| (*zone, *by))
    }

    fn has_own(&self, row: PartnerRef) -> bool {
        self.own.contains_key(&row)
    }

    /// Whether a linkage or product that has no zone of its own takes one of a partner's.
    fn takes(&self, kind: Option<&Option<String>>, zone: usize) -> bool {
        kind.and_then(Option::as_ref).is_none_or(|kind| self.kinds_of_zones.get(zone) == Some(kind))
    }

    fn of_partners<'a>(
        &'a self,
        partners: impl Iterator<Item = usize> + 'a,
        kind: Option<&'a Option<String>>,
    ) -> BTreeMap<usize, LinkedBy> {
        let zones = partners.flat_map(|partner| self.own(at(Partners, partner)));
        zones.filter(|(zone, _)| self.takes(kind, *zone)).map(|(zone, _)| (zone, LinkedBy::Partner)).collect()
    }

    /// The zones of a row, by place, and why each is one.
    pub fn zones_of(&self, row: PartnerRef) -> BTreeMap<usize, LinkedBy> {
        let own: BTreeMap<usize, LinkedBy> = self.own(row).collect();
        let PartnerRef { table, place } = row;
        match table {
            Partners => {
                let bought = self.bought_by.get(&place).into_iter().flatten();
                let mut zones = own;
                for zone in bought.flat_map(|linkage| self.zones_of(at(Linkages, *linkage)).into_keys()) {
                    zones.entry(zone).or_insert(LinkedBy::Linkage);
                }
                zones
            }
            _ if !own.is_empty() => own,
            Linkages => self.of_partners(self.producers(place).iter().copied(), self.kinds_of_linkages.get(place)),
            Products => {
                let owner = self.owner_of_product.get(place).copied().flatten();
                self.of_partners(owner.into_iter(), self.kinds_of_products.get(place))
            }
            Traces => match self.product_of_trace.get(place).copied().flatten() {
                Some(product) => self.zones_of(at(Products, product)).into_keys().map(|zone| (zone, LinkedBy::Product)).collect(),
                None => self.of_partners(self.owner_of_trace.get(place).copied().flatten().into_iter(), None),
            },
        }
    }

    /// Everything that has a zone, and why.
    pub fn behind(&self, zone: usize) -> BTreeMap<PartnerRef, LinkedBy> {
        let own = |row: PartnerRef| Some((row, self.own.get(&row)?.get(&zone).copied()?));
        let mut behind: BTreeMap<PartnerRef, LinkedBy> =
            self.by_zone.get(&zone).into_iter().flatten().filter_map(|row| own(*row)).collect();
        let of = |behind: &BTreeMap<PartnerRef, LinkedBy>, table: PartnerTable| -> Vec<usize> {
            behind.keys().filter(|row| row.table == table).map(|row| row.place).collect()
        };
        let all = |by: &HashMap<usize, Vec<usize>>, place: usize| by.get(&place).cloned().unwrap_or_default();
        let add = |behind: &mut BTreeMap<PartnerRef, LinkedBy>, row: PartnerRef, by: LinkedBy| {
            if !self.has_own(row) {
                behind.entry(row).or_insert(by);
            }
        };
        for partner in of(&behind, Partners) {
            for linkage in all(&self.grown_by, partner).into_iter().filter(|n| self.takes(self.kinds_of_linkages.get(*n), zone)) {
                add(&mut behind, at(Linkages, linkage), LinkedBy::Partner);
            }
            for product in all(&self.products_of, partner).into_iter().filter(|n| self.takes(self.kinds_of_products.get(*n), zone)) {
                add(&mut behind, at(Products, product), LinkedBy::Partner);
            }
            let is_alone = |n: &usize| self.product_of_trace.get(*n).copied().flatten().is_none();
            for trace in all(&self.traces_of_partner, partner).into_iter().filter(is_alone) {
                add(&mut behind, at(Traces, trace), LinkedBy::Partner);
            }
        }
        for product in of(&behind, Products) {
            for trace in all(&self.traces_of_product, product) {
                add(&mut behind, at(Traces, trace), LinkedBy::Product);
            }
        }
        for buyer in of(&behind, Linkages).into_iter().flat_map(|linkage| self.buyers(linkage).to_vec()) {
            behind.entry(at(Partners, buyer)).or_insert(LinkedBy::Linkage);
        }
        behind
    }

    /// Partners that grow for a linkage.
    pub fn producers(&self, linkage: usize) -> &[usize] {
        self.producers.get(linkage).map_or(&[], Vec::as_slice)
    }

    /// Partners that a linkage grows for.
    pub fn buyers(&self, linkage: usize) -> &[usize] {
        self.buyers.get(linkage).map_or(&[], Vec::as_slice)
    }

    /// Rows that a row names, and rows that name it.
    pub fn related(&self, row: PartnerRef) -> BTreeSet<PartnerRef> {
        let PartnerRef { table, place } = row;
        let of = |table: PartnerTable, by: &HashMap<usize, Vec<usize>>| -> Vec<PartnerRef> {
            by.get(&place).into_iter().flatten().map(|n| at(table, *n)).collect()
        };
        let one = |table: PartnerTable, by: &[Option<usize>]| -> Vec<PartnerRef> {
            by.get(place).copied().flatten().into_iter().map(|n| at(table, n)).collect()
        };
        let found = match table {
            Partners => vec![
                of(Linkages, &self.grown_by),
                of(Linkages, &self.bought_by),
                of(Products, &self.products_of),
                of(Traces, &self.traces_of_partner),
            ],
            Linkages => vec![self.producers(place).iter().chain(self.buyers(place)).map(|n| at(Partners, *n)).collect()],
            Products => vec![one(Partners, &self.owner_of_product), of(Traces, &self.traces_of_product)],
            Traces => vec![one(Products, &self.product_of_trace), one(Partners, &self.owner_of_trace)],
        };
        found.into_iter().flatten().collect()
    }

    /// What a row names that is not there, or there more than once.
    pub fn unlinked(&self, row: PartnerRef) -> &[Unlinked] {
        self.unlinked.get(&row).map_or(&[], Vec::as_slice)
    }

    /// Rows of a table that name what is not there.
    pub fn n_unlinked(&self, table: PartnerTable) -> usize {
        self.unlinked.keys().filter(|row| row.table == table).count()
    }
}

impl PartnerTables {
    pub fn is_empty(&self) -> bool {
        PartnerTable::ALL.iter().all(|table| self.n_rows(*table) == 0)
    }

    pub fn n_rows(&self, table: PartnerTable) -> usize {
        match table {
            Partners => self.partners.len(),
            Linkages => self.linkages.len(),
            Products => self.products.len(),
            Traces => self.traces.len(),
        }
    }

    /// Key and name of a row; empty of one that is not there.
    pub fn named(&self, row: PartnerRef) -> (&str, Option<&str>) {
        let named = match row.table {
            Partners => self.partners.get(row.place).map(|p| (p.id.as_str(), p.name.as_deref())),
            Linkages => self.linkages.get(row.place).map(|l| (l.id.as_str(), l.name.as_deref())),
            Products => self.products.get(row.place).map(|p| (p.id.as_str(), p.name.as_deref())),
            Traces => self.traces.get(row.place).map(|t| (t.code.as_str(), t.name.as_deref())),
        };
        named.unwrap_or_default()
    }

    /// Every row of a table.
    pub fn rows(&self, table: PartnerTable) -> impl Iterator<Item = PartnerRef> + use<> {
        (0..self.n_rows(table)).map(move |place| PartnerRef { table, place })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(|text| (*text).to_owned()).collect()
    }

    fn partner(id: &str, name: &str, zones: &[&str]) -> Partner {
        Partner { id: id.to_owned(), name: Some(name.to_owned()), zone_ids: texts(zones), ..Partner::default() }
    }

    fn tables() -> PartnerTables {
        PartnerTables {
            partners: vec![
                partner("C1", "HTX Văn Đức", &["Z0"]),
                partner("C2", "HTX Đại Thành", &["Z9", "VN-1"]),
                partner("B1", "Siêu thị A", &[]),
                partner("C3", "HTX Văn Đức", &[]),
            ],
            linkages: vec![
                Linkage {
                    id: "L1".to_owned(), producers: texts(&["C1", "htx đại thành"]), buyers: texts(&["B1"]), ..Linkage::default()
                },
                Linkage {
                    id: "L2".to_owned(),
                    producers: texts(&["C2", "HTX Văn Đức", "HTX X"]),
                    kind: Some("rice".to_owned()),
                    ..Linkage::default()
                },
            ],
            products: vec![
                Product { id: "P1".to_owned(), owner: Some("C1".to_owned()), ..Product::default() },
                Product { id: "P2".to_owned(), name: Some("Gạo".to_owned()), owner: Some("C2".to_owned()), ..Product::default() },
            ],
            traces: vec![
                TraceCode { code: "T1".to_owned(), product: Some("P1".to_owned()), ..TraceCode::default() },
                TraceCode { code: "T2".to_owned(), owner: Some("C2".to_owned()), ..TraceCode::default() },
                TraceCode { code: "T3".to_owned(), zone_ids: texts(&["Z2"]), ..TraceCode::default() },
            ],
        }
    }

    const ZONES: [ZonePapers<'static>; 4] = [
        ZonePapers { kind: "safe_vegetables", cooperative: None, linkage: None, products: None },
        ZonePapers { kind: "rice", cooperative: Some("HTX ĐẠI THÀNH"), linkage: None, products: Some("gạo; khác") },
        ZonePapers { kind: "tea", cooperative: Some("htx văn đức"), linkage: None, products: None },
        ZonePapers { kind: "fruit", cooperative: None, linkage: None, products: None },
    ];

    fn links(tables: &PartnerTables) -> PartnerLinks {
        let named = |text: &str| match text {
            "VN-1" => vec![3],
            _ => text.strip_prefix('Z').and_then(|n| n.parse().ok()).filter(|n: &usize| *n < ZONES.len()).into_iter().collect(),
        };
        PartnerLinks::of(tables, ZONES.into_iter(), named)
    }

    fn told(tables: &PartnerTables, rows: &BTreeMap<PartnerRef, LinkedBy>) -> Vec<String> {
        rows.iter().map(|(row, by)| format!("{} {by}", tables.named(*row).0)).collect()
    }

    #[test]
    fn rows_are_found_by_key_by_name_by_code_and_by_the_papers_of_zones() {
        let tables = tables();
        let links = links(&tables);
        let zones = |table, place| links.zones_of(at(table, place)).into_iter().map(|(z, by)| format!("{z} {by}")).collect::<Vec<_>>();
        assert_eq!(zones(Partners, 1), ["1 borne", "3 named"]);
        assert_eq!(zones(Linkages, 0), ["0 partner", "1 partner", "3 partner"]);
        assert_eq!(zones(Linkages, 1), ["1 partner"], "of the kind that it names");
        assert_eq!(zones(Partners, 2), ["0 linkage", "1 linkage", "3 linkage"], "a buyer has the zones that grow for it");
        assert_eq!(zones(Products, 1), ["1 borne"]);
        assert_eq!(
            [zones(Traces, 0), zones(Traces, 1), zones(Traces, 2)],
            [vec!["0 product"], vec!["1 partner", "3 partner"], vec!["2 named"]]
        );
        assert_eq!(told(&tables, &links.behind(1)), ["C2 borne", "B1 linkage", "L1 partner", "L2 partner", "P2 borne", "T2 partner"]);
        assert_eq!(links.behind(2).len(), 1, "a name that two bear is nobody's");
        let related: Vec<&str> = links.related(at(Partners, 1)).into_iter().map(|row| tables.named(row).0).collect();
        assert_eq!(related, ["L1", "L2", "P2", "T2"]);
    }

    #[test]
    fn what_names_nobody_is_told_and_found_when_the_other_table_comes() {
        let mut tables = tables();
        let before = links(&tables);
        let said = |links: &PartnerLinks, row| -> Vec<String> {
            links.unlinked(row).iter().map(|u| format!("{} {} {}", u.column, u.text, u.n_found)).collect()
        };
        assert_eq!(said(&before, at(Partners, 1)), ["zone_ids Z9 0"]);
        assert_eq!(said(&before, at(Linkages, 1)), ["producers HTX Văn Đức 2", "producers HTX X 0"]);
        assert_eq!((before.n_unlinked(Linkages), before.n_unlinked(Traces)), (1, 0));
        tables.partners.push(partner("C4", "HTX X", &["Z1"]));
        tables.partners.remove(3);
        let after = links(&tables);
        assert_eq!(said(&after, at(Linkages, 1)), Vec::<String>::new());
        assert_eq!(after.producers(1), [1, 0, 3]);
    }

    #[test]
    fn a_row_has_a_zone_exactly_when_the_zone_has_the_row() {
        use proptest::prelude::*;
        let list = |of: &'static [&'static str]| proptest::collection::vec(proptest::sample::select(of), 0..3);
        const ZONE: &[&str] = &["Z0", "Z1", "Z2", "VN-1", "Z7"];
        const PARTNER: &[&str] = &["C0", "C1", "C2", "C3"];
        const KIND: &[Option<&str>] = &[None, Some("rice"), Some("tea")];
        let kind = || proptest::sample::select(KIND).prop_map(|kind| kind.map(str::to_owned));
        let partners = proptest::collection::vec(list(ZONE), 3);
        let linkages = proptest::collection::vec((list(PARTNER), list(PARTNER), list(ZONE), kind()), 3);
        let products = proptest::collection::vec((list(PARTNER), list(ZONE), kind()), 3);
        let traces = proptest::collection::vec((list(PARTNER), list(&["P0", "P1", "P2"]), list(ZONE)), 3);
        proptest!(|((partners, linkages, products, traces) in (partners, linkages, products, traces))| {
            let tables = PartnerTables {
                partners: partners.iter().enumerate().map(|(n, z)| partner(&format!("C{n}"), "HTX", z)).collect(),
                linkages: linkages.into_iter().enumerate().map(|(n, (p, b, z, kind))| Linkage {
                    id: format!("L{n}"), producers: texts(&p), buyers: texts(&b), zone_ids: texts(&z), kind, ..Linkage::default()
                }).collect(),
                products: products.into_iter().enumerate().map(|(n, (o, z, kind))| Product {
                    id: format!("P{n}"), owner: o.first().map(|o| (*o).to_owned()), zone_ids: texts(&z), kind, ..Product::default()
                }).collect(),
                traces: traces.into_iter().enumerate().map(|(n, (o, p, z))| TraceCode {
                    code: format!("T{n}"), owner: o.first().map(|o| (*o).to_owned()), product: p.first().map(|p| (*p).to_owned()),
                    zone_ids: texts(&z), ..TraceCode::default()
                }).collect(),
            };
            let links = links(&tables);
            let forth: BTreeSet<(PartnerRef, usize)> = PartnerTable::ALL.iter().flat_map(|table| tables.rows(*table))
                .flat_map(|row| links.zones_of(row).into_keys().map(move |zone| (row, zone))).collect();
            let back: BTreeSet<(PartnerRef, usize)> = (0..ZONES.len()).flat_map(|zone| links.behind(zone).into_keys().map(move |row| (row, zone))).collect();
            prop_assert_eq!(forth, back);
        });
    }
}
