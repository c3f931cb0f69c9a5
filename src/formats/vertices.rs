//! A table of vertices, as certificates and surveys have it (`vertex | X | Y | edge`), as polygons. Pure: rows in, WKT out.
//!
//! In Vietnamese tables X is the northing and Y the easting, decimals have a comma, rings do not close. Lines above the heading are
//! left out; a cell that stands for several rows (merged) counts for those below it. What cannot be read is told by row, and the
//! polygon that it belongs to is set aside, not guessed.

use std::collections::{BTreeMap, HashSet};

use unicode_normalization::UnicodeNormalization;

use crate::model::{Coord, Issue};

/// A row of the table: its number in the file, from 1, and its cells.
pub(super) type Row = (usize, Vec<String>);

/// What a table of vertices is as a table of shapes.
#[derive(Debug, PartialEq)]
pub(super) struct Polygons {
    /// Names of the columns beside the shape.
    pub columns: Vec<String>,
    /// Of each polygon: its values, and its shape as WKT, easting first, rings as they are.
    pub features: Vec<(Vec<String>, String)>,
    pub issues: Vec<Issue>,
}

const NORTHINGS: [&str; 6] = ["northing", "north", "n", "lat", "latitude", "vido"];
const EASTINGS: [&str; 8] = ["easting", "east", "e", "lon", "lng", "long", "longitude", "kinhdo"];
/// Numbers of vertices, and lengths of edges: of no polygon as a whole.
const OF_VERTICES: [&str; 24] = [
    "dinh",
    "diem",
    "sohieudiem",
    "sohieudinh",
    "sohieu",
    "sohieumoc",
    "vertex",
    "point",
    "pointno",
    "tendiem",
    "stt",
    "tt",
    "no",
    "moc",
    "somoc",
    "sodinh",
    "canh",
    "edge",
    "chieudai",
    "chieudaicanh",
    "length",
    "khoangcach",
    "distance",
    "s",
];
/// Columns by which polygons are told apart, the likeliest first.
const OF_POLYGONS: [&str; 23] = [
    "id",
    "zone",
    "zoneid",
    "mavung",
    "code",
    "mavungtrong",
    "masovungtrong",
    "maso",
    "puc",
    "vung",
    "vungtrong",
    "ma",
    "thua",
    "sothua",
    "thuaso",
    "thuadat",
    "khu",
    "lo",
    "tenvung",
    "tenvungtrong",
    "ten",
    "name",
    "tenthua",
];
const OF_PARTS: [&str; 6] = ["part", "phan", "manh", "ring", "vong", "sophan"];
/// The heading is among the first rows.
pub(super) const MOST_ROWS_ABOVE: usize = 30;

/// Letters and digits alone, without marks, in lower case, without a unit: `Tọa độ X (m)` → `x`.
fn plain(name: &str) -> String {
    let without_unit = name.split(['(', '[']).next().unwrap_or_default();
    let letters: String = without_unit
        .nfd()
        .filter(|c| c.is_ascii_alphanumeric() || "đĐ".contains(*c))
        .flat_map(char::to_lowercase)
        .map(|c| if c == 'đ' { 'd' } else { c })
        .collect();
    let letters =
        ["toado", "td", "coord"].iter().find_map(|start| letters.strip_prefix(start).filter(|rest| !rest.is_empty())).unwrap_or(&letters);
    letters.strip_suffix("vn2000").filter(|rest| !rest.is_empty()).unwrap_or(letters).to_owned()
}

/// Where things stand in the table.
#[derive(Debug, PartialEq)]
struct Heading {
    /// Its place among the rows.
    row: usize,
    names: Vec<String>,
    x: usize,
    y: usize,
    /// The columns say northing and easting, and not X and Y.
    is_said: bool,
}

fn heading(rows: &[Row]) -> Option<Heading> {
    rows.iter().take(MOST_ROWS_ABOVE).enumerate().find_map(|(row, (_, cells))| {
        let plain_cells: Vec<String> = cells.iter().map(|cell| plain(cell)).collect();
        let find = |names: &[&str]| plain_cells.iter().position(|cell| names.contains(&cell.as_str()));
        let (x, y, is_said) = match (find(&["x", "xm"]).zip(find(&["y", "ym"])), find(&NORTHINGS).zip(find(&EASTINGS))) {
            (Some((x, y)), _) => (x, y, false),
            (None, Some((north, east))) => (north, east, true),
            (None, None) => return None,
        };
        // Over columns that have a heading of two lines, the upper one is in the row before.
        let above = |at: usize| row.checked_sub(1).and_then(|r| rows[r].1.get(at)).filter(|cell| !cell.is_empty());
        let names =
            cells.iter().enumerate().map(|(at, cell)| if cell.is_empty() { above(at).cloned().unwrap_or_default() } else { cell.clone() });
        Some(Heading { row, names: names.collect(), x, y, is_said })
    })
}

/// Whether columns of coordinates are named in the first rows.
pub(super) fn has_heading(rows: &[Row]) -> bool {
    heading(rows).is_some()
}

/// A number as people write it: decimals with a comma or a point, thousands apart by points, commas or spaces.
pub fn number(text: &str) -> Option<f64> {
    let text: String = text.chars().filter(|c| !c.is_whitespace() && *c != '\u{a0}' && *c != '\'').collect();
    let count = |sign: char| text.matches(sign).count();
    let joined = match (text.rfind(','), text.rfind('.')) {
        (Some(comma), Some(point)) if comma > point => text.replace('.', "").replace(',', "."),
        (Some(_), Some(_)) => text.replace(',', ""),
        (Some(_), None) if count(',') > 1 => text.replace(',', ""),
        (Some(_), None) => text.replace(',', "."),
        (None, Some(_)) if count('.') > 1 => text.replace('.', ""),
        _ => text,
    };
    joined.parse::<f64>().ok().filter(|n| n.is_finite())
}

/// Whether a number is written as thousands are, and could have three decimals: `12.500`, `1,250`, but not `0.500`.
pub fn is_thousands(text: &str) -> bool {
    let text = text.trim();
    let mut parts = text.split(['.', ',']);
    let is_first = |part: &str| (1..=3).contains(&part.len()) && !part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit());
    let is_next = |part: &str| part.len() == 3 && part.bytes().all(|b| b.is_ascii_digit());
    let signs = [text.contains('.'), text.contains(',')];
    parts.next().is_some_and(is_first) && signs[0] != signs[1] && parts.all(is_next)
}

/// One polygon's vertices so far.
#[derive(Default)]
struct Group {
    key: String,
    values: Vec<String>,
    rings: Vec<Vec<Coord>>,
    part: String,
    first_label: String,
    fault: Option<String>,
    first_row: usize,
}

impl Group {
    fn ring_is_open(&self) -> bool {
        self.rings.last().is_some_and(|ring| !ring.is_empty())
    }

    fn end_ring(&mut self) {
        if self.ring_is_open() {
            self.rings.push(Vec::new());
        }
    }

    /// The shape, or why there is none.
    fn wkt(&self) -> Result<String, String> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let rings: Vec<&Vec<Coord>> = self.rings.iter().filter(|ring| !ring.is_empty()).collect();
        if let Some(short) = rings.iter().find(|ring| ring.len() < 3) {
            return Err(format!("{} vertices enclose no land", short.len()));
        }
        let ring = |ring: &Vec<Coord>| ring.iter().map(|c| format!("{} {}", c.x, c.y)).collect::<Vec<_>>().join(",");
        Ok(format!("MULTIPOLYGON({})", rings.iter().map(|r| format!("(({}))", ring(r))).collect::<Vec<_>>().join(",")))
    }
}

/// The polygons of a table of vertices; none when it is no such table. `by` names the column by which polygons are told apart.
pub(super) fn polygons(rows: &[Row], by: Option<&str>) -> Option<Polygons> {
    let heading = heading(rows)?;
    let body = &rows[heading.row + 1..];
    let cell = |row: &Row, at: usize| row.1.get(at).map_or("", |cell| cell.trim()).to_owned();
    let pairs: Vec<(f64, f64)> =
        body.iter().filter_map(|row| Some((number(&cell(row, heading.x))?, number(&cell(row, heading.y))?))).collect();
    if pairs.len() < 3 {
        return None;
    }
    let is_x_north = heading.is_said || x_is_north(&pairs);
    let names: Vec<String> = heading.names.iter().map(|name| plain(name)).collect();
    let (group_by, part_by) = (group_column(&heading, &names, body, by), names.iter().position(|name| OF_PARTS.contains(&name.as_str())));
    let label_by = names.iter().position(|name| OF_VERTICES.contains(&name.as_str()));
    let kept: Vec<usize> = (0..names.len())
        .filter(|at| ![heading.x, heading.y].contains(at) && !names[*at].is_empty())
        .filter(|at| Some(*at) == group_by || (Some(*at) != part_by && !OF_VERTICES.contains(&names[*at].as_str())))
        .collect();
    let mut groups: Vec<Group> = Vec::new();
    let mut issues = Vec::new();
    let mut key = String::new();
    for row in body {
        let (x, y) = (cell(row, heading.x), cell(row, heading.y));
        let own_key = group_by.map(|at| cell(row, at)).filter(|key| !key.is_empty());
        if x.is_empty() && y.is_empty() {
            if let (None, Some(group)) = (group_by, groups.last_mut()) {
                group.end_ring();
            }
            // The name of a polygon may stand on a line of its own.
            key = own_key.unwrap_or(key);
            continue;
        }
        key = own_key.unwrap_or(key);
        let label = label_by.map(|at| cell(row, at)).unwrap_or_default();
        let known = groups.iter().rposition(|group| group.key == key);
        let at = known.unwrap_or_else(|| {
            groups.push(Group {
                key: key.clone(),
                values: vec![String::new(); kept.len()],
                rings: vec![Vec::new()],
                first_row: row.0,
                ..Group::default()
            });
            groups.len() - 1
        });
        let group = &mut groups[at];
        for (value, &column) in group.values.iter_mut().zip(&kept) {
            if value.is_empty() {
                *value = if Some(column) == group_by { key.clone() } else { cell(row, column) };
            }
        }
        let part = part_by.map(|at| cell(row, at)).filter(|part| !part.is_empty());
        if part.is_some_and(|part| std::mem::replace(&mut group.part, part.clone()) != part) {
            group.end_ring();
        }
        let (Some(x), Some(y)) = (number(&x), number(&y)) else {
            let shown = |text: &str| text.chars().take(40).collect::<String>();
            group.fault.get_or_insert(format!("row {}: X “{}”, Y “{}” are not two numbers", row.0, shown(&x), shown(&y)));
            continue;
        };
        let coord = if is_x_north { Coord { x: y, y: x } } else { Coord { x, y } };
        if is_crosswise(coord, &pairs, is_x_north) {
            group.fault.get_or_insert(format!("row {}: X and Y are exchanged, unlike in the other rows", row.0));
            continue;
        }
        let n = group.rings.last().map_or(0, Vec::len);
        // Numbers that begin anew begin another ring.
        if n >= 3 && !label.is_empty() && label == group.first_label && group.rings.last().and_then(|ring| ring.first()) != Some(&coord) {
            group.end_ring();
        }
        let Some(ring) = group.rings.last_mut() else { continue };
        if ring.is_empty() {
            group.first_label = label;
        }
        ring.push(coord);
        let is_closed = ring.len() > 3 && ring.first() == ring.last();
        if is_closed {
            group.end_ring();
        }
    }
    let mut features = Vec::new();
    let mut n_vertices = 0;
    for group in groups {
        match group.wkt() {
            Ok(wkt) => {
                n_vertices += group.rings.iter().map(Vec::len).sum::<usize>();
                features.push((group.values, wkt));
            }
            Err(why) => {
                let id = if group.key.is_empty() { format!("row {}", group.first_row) } else { group.key.clone() };
                issues.push(Issue::new("bad_vertices", Some(&id), format!("{why}; the polygon was set aside")));
            }
        }
    }
    let name = |at: usize| heading.names.get(at).map_or("", String::as_str);
    let axes = if is_x_north { (heading.x, heading.y) } else { (heading.y, heading.x) };
    let told = group_by.map_or("as one polygon, or by their numbers".to_owned(), |at| format!("by “{}”", name(at)));
    let message = format!(
        "a table of vertices: {} polygons of {n_vertices} vertices were made, told apart {told}; “{}” was taken as the northing, “{}” as the easting",
        features.len(),
        name(axes.0),
        name(axes.1)
    );
    issues.insert(0, Issue::new("vertex_table", None, message));
    let columns = kept.iter().map(|at| name(*at).trim().to_owned()).collect();
    Some(Polygons { columns, features, issues })
}

/// Whether X is the northing, as in Vietnamese tables: eastings of a zone have six digits before the decimals, northings seven, and
/// longitudes of Viet Nam are larger than latitudes.
fn x_is_north(pairs: &[(f64, f64)]) -> bool {
    let n_of = |is: &dyn Fn(f64, f64) -> bool| pairs.iter().filter(|(x, y)| is(*x, *y)).count();
    let is_degrees = 2 * n_of(&|x, y| x.abs() <= 180.0 && y.abs() <= 180.0) > pairs.len();
    if is_degrees { 2 * n_of(&|x, y| x < y) > pairs.len() } else { 2 * n_of(&|x, y| x < 1e6 && y >= 1e6) <= pairs.len() }
}

/// Whether a vertex lies where most do when its two numbers are exchanged, and not as it stands.
fn is_crosswise(coord: Coord, pairs: &[(f64, f64)], is_x_north: bool) -> bool {
    let (x, y) = if is_x_north { (coord.y, coord.x) } else { (coord.x, coord.y) };
    let (first_x, first_y) = pairs[pairs.len() / 2];
    let near = |a: f64, b: f64| (a - b).abs() < 200_000.0;
    near(x, first_y) && near(y, first_x) && !near(x, first_x) && !near(y, first_y)
}

fn group_column(heading: &Heading, names: &[String], body: &[Row], by: Option<&str>) -> Option<usize> {
    if let Some(by) = by {
        let asked = heading.names.iter().position(|name| name.trim().to_lowercase() == by.trim().to_lowercase());
        return asked.or_else(|| names.iter().position(|name| *name == plain(by)));
    }
    let n_filled = |at: usize| body.iter().filter_map(move |row| row.1.get(at)).filter(|cell| !cell.trim().is_empty());
    // A number of its own for every vertex tells no polygons apart.
    let repeats = |at: usize| {
        let distinct: HashSet<&str> = n_filled(at).map(|cell| cell.trim()).collect();
        !distinct.is_empty() && 3 * distinct.len() <= body.len()
    };
    let candidates = OF_POLYGONS.iter().filter_map(|wanted| names.iter().position(|name| name == wanted));
    candidates.into_iter().find(|at| *at != heading.x && *at != heading.y && repeats(*at))
}

/// A table of WKT that the CSV driver reads.
pub(super) fn as_csv(polygons: &Polygons) -> Vec<u8> {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut used: BTreeMap<String, usize> = BTreeMap::new();
    let names = polygons.columns.iter().map(|name| {
        let n = used.entry(name.to_lowercase()).or_default();
        *n += 1;
        if *n == 1 { quoted(name) } else { quoted(&format!("{name}_{n}")) }
    });
    let mut out = std::iter::once("\"wkt\"".to_owned()).chain(names).collect::<Vec<_>>().join(",") + "\n";
    for (values, wkt) in &polygons.features {
        out += &(std::iter::once(quoted(wkt)).chain(values.iter().map(|value| quoted(value))).collect::<Vec<_>>().join(",") + "\n");
    }
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Vec<Row> {
        text.lines().enumerate().map(|(n, line)| (n + 1, line.split('|').map(|cell| cell.trim().to_owned()).collect())).collect()
    }

    #[test]
    fn a_certificates_table_with_a_title_and_a_decimal_comma_is_one_polygon() {
        let rows = table(
            "BẢNG LIỆT KÊ TỌA ĐỘ\nSố hiệu điểm|Tọa độ||Cạnh (m)\n|X (m)|Y (m)|\n1|2326400,936|588350,757|100,00\n2|2 326 500,936|588 350,757|100,00\n\
             3|2.326.500,936|588.450,757|100,00\n4|2326400.936|588450.757|100,00\n1|2326400,936|588350,757|",
        );
        let found = polygons(&rows, None).unwrap();
        let ring = "588350.757 2326400.936,588350.757 2326500.936,588450.757 2326500.936,588450.757 2326400.936,588350.757 2326400.936";
        assert_eq!(found.features, [(vec![], format!("MULTIPOLYGON((({ring})))"))]);
        assert!(found.columns.is_empty() && found.issues.len() == 1);
        assert!(found.issues[0].message.contains("“X (m)” was taken as the northing, “Y (m)” as the easting"), "{:?}", found.issues);
    }

    #[test]
    fn polygons_are_told_apart_by_a_code_that_merged_cells_give_once_and_parts_by_their_column() {
        let rows = table(
            "Mã số vùng trồng|Kind|Phần|Đỉnh|X|Y\nVN-1|lúa|1|1|2300000|580000\n|||2|2300100|580000\n|||3|2300100|580100\n\
             VN-2|chè|1|1|2301000|580000\n||1|2|2301100|580000\n||1|3|2301100|580100\n||2|1|2302000|580000\n||2|2|2302100|580000\n||2|3|2302100|580100",
        );
        let found = polygons(&rows, None).unwrap();
        assert_eq!(found.columns, ["Mã số vùng trồng", "Kind"]);
        assert_eq!(found.features.iter().map(|(values, _)| values.join(" ")).collect::<Vec<_>>(), ["VN-1 lúa", "VN-2 chè"]);
        assert_eq!(found.features.iter().map(|(_, wkt)| wkt.matches("((").count()).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(String::from_utf8(as_csv(&found)).unwrap().lines().next(), Some("\"wkt\",\"Mã số vùng trồng\",\"Kind\""));
    }

    #[test]
    fn numbers_that_begin_anew_begin_another_ring_and_x_may_be_the_easting() {
        let rows =
            table("STT|X|Y\n1|580000|2300000\n2|580100|2300000\n3|580100|2300100\n1|581000|2300000\n2|581100|2300000\n3|581100|2300100");
        let found = polygons(&rows, None).unwrap();
        assert_eq!(found.features.len(), 1);
        assert_eq!(found.features[0].1.matches("((").count(), 2, "{}", found.features[0].1);
        assert!(
            found.features[0].1.starts_with("MULTIPOLYGON(((580000 2300000,")
                && found.issues[0].message.contains("“Y” was taken as the northing")
        );
        let said = table("No,E,N\n".replace(',', "|").as_str().trim())
            .into_iter()
            .chain(table("x|588000|2300000\nx|588100|2300000\nx|588100|2300100"))
            .collect::<Vec<_>>();
        assert!(polygons(&said, None).unwrap().features[0].1.contains("588000 2300000"));
    }

    #[test]
    fn what_cannot_be_read_is_told_by_row_and_the_others_go_on() {
        let rows = table(
            "zone|X|Y\na|2300000|580000\na|mờ|580000\na|2300100|580100\na|2300100|580000\nb|2300000|581000\nb|2300100|581000\nb|2300100|581100\n\
             c|2300000|582000\nc|2300100|582000\nd|2300000|583000\nd|583000|2300100\nd|2300100|583100",
        );
        let found = polygons(&rows, Some("ZONE")).unwrap();
        assert_eq!(found.features.iter().map(|(values, _)| values[0].as_str()).collect::<Vec<_>>(), ["b"]);
        let told: Vec<String> = found.issues[1..].iter().map(|i| format!("{}: {}", i.feature.as_deref().unwrap(), i.message)).collect();
        assert_eq!(told.len(), 3);
        assert!(
            told[0].starts_with("a: row 3: X “mờ”")
                && told[1].starts_with("c: 2 vertices")
                && told[2].starts_with("d: row 12: X and Y are exchanged"),
            "{told:?}"
        );
    }

    #[test]
    fn other_tables_are_none() {
        assert_eq!(polygons(&table("name|area\na|1\nb|2\nc|3"), None), None);
        assert_eq!(polygons(&table("X|Y\n1|2"), None), None);
        assert_eq!(polygons(&[], None), None);
        for (text, value) in
            [("1,5", 1.5), ("1.234,5", 1234.5), ("1,234.5", 1234.5), ("2.326.400", 2_326_400.0), ("2 326 400,9", 2_326_400.9)]
        {
            assert_eq!(number(text), Some(value), "{text}");
        }
        assert!(["", "x", "1,2.3,4", "∞", "nan"].iter().all(|text| number(text).is_none()));
    }
}
