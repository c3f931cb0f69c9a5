//! `zones/units.csv`: the communes and wards of the city as public registers state them.

use super::{LegendError, Words, spelled};

/// Facts of one administrative unit.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitFact {
    pub code: String,
    pub name: String,
    pub full_name: String,
    /// The official area.
    pub area_km2: f64,
    /// A point inside, WGS 84 degrees.
    pub lon: f64,
    pub lat: f64,
    /// Communes and wards that it was made of, joined by `; `; empty where nobody says so.
    pub formerly: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Units {
    pub units: Vec<UnitFact>,
}

/// The column of boundaries that holds the names that units had or were made of, set apart by `;`.
pub const FORMERLY: &str = "formerly";

/// The names in a cell of that column.
pub fn former_names(cell: &str) -> Vec<String> {
    cell.split(';').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

const HEADER: [&str; 8] = ["code", "name", "full_name", "area_km2_official", "area_km2_measured", "lon", "lat", FORMERLY];

impl Units {
    /// Reads `code,name,full_name,area_km2_official,area_km2_measured,lon,lat,formerly` (RFC 4180; lines that begin
    /// with `#` are comments; the last may be left out); `file` names it in errors. Codes are unique, areas positive.
    pub fn parse(file: &str, text: &str) -> Result<Units, LegendError> {
        let mut records = records(file, text)?.into_iter();
        let n_columns = match records.next() {
            Some((_, header)) if header == HEADER || header == HEADER[..7] => header.len(),
            _ => return Err(LegendError::of(file, format!("the first line must be {}", HEADER.join(",")))),
        };
        let mut units: Vec<UnitFact> = Vec::new();
        for (line, fields) in records {
            let refuse = |message: String| LegendError::of(file, format!("line {line}: {message}"));
            let n_fields = fields.len();
            if n_fields != n_columns {
                return Err(refuse(format!("{n_fields} fields where {n_columns} are due")));
            }
            let mut fields = fields.into_iter();
            let [code, name, full_name, area_km2, _measured, lon, lat, formerly]: [String; HEADER.len()] =
                std::array::from_fn(|_| fields.next().unwrap_or_default());
            let number = |key: &str, text: &str, low: f64, high: f64| match text.trim().parse::<f64>() {
                Ok(value) if value >= low && value <= high => Ok(value),
                _ => Err(refuse(format!("{key} is “{text}”; write a number from {low} to {high} with a decimal point"))),
            };
            let area_km2 = number("area_km2_official", &area_km2, 0.001, 1e6)?;
            let (lon, lat) = (number("lon", &lon, -180.0, 180.0)?, number("lat", &lat, -90.0, 90.0)?);
            if code.is_empty() || name.is_empty() {
                return Err(refuse("a unit needs a code and a name".to_owned()));
            }
            if units.iter().any(|u| u.code == code) {
                return Err(refuse(format!("the code {code} is there twice")));
            }
            units.push(UnitFact { code, name, full_name, area_km2, lon, lat, formerly });
        }
        Ok(Units { units })
    }

    /// The unit of a code, which is text: `00004`.
    pub fn by_code(&self, code: &str) -> Option<&UnitFact> {
        self.units.iter().find(|u| u.code == code)
    }

    /// The units that a name names (`Ba Đình`, `phường ba dinh`): those spelled so, else those that are so
    /// without the diacritics that were not typed. More than one when the name is ambiguous.
    pub fn by_name(&self, name: &str) -> Vec<&UnitFact> {
        let key = spelled(name);
        let exact: Vec<&UnitFact> = self.units.iter().filter(|u| spelled(&u.name) == key || spelled(&u.full_name) == key).collect();
        if !exact.is_empty() {
            return exact;
        }
        let query = Words::new(name);
        self.units.iter().filter(|u| query.names(&Words::new(&u.name)) || query.names(&Words::new(&u.full_name))).collect()
    }
}

/// Splits CSV into records with the line each begins on; empty lines and comments are left out.
fn records(file: &str, text: &str) -> Result<Vec<(usize, Vec<String>)>, LegendError> {
    let mut chars = text.strip_prefix('\u{feff}').unwrap_or(text).chars().peekable();
    let mut records = Vec::new();
    let (mut line, mut begin) = (1, 1);
    let mut fields: Vec<String> = Vec::new();
    let mut field = String::new();
    while let Some(c) = chars.next() {
        match c {
            '#' if fields.is_empty() && field.is_empty() => while chars.next_if(|c| *c != '\n').is_some() {},
            '"' if field.is_empty() => loop {
                match chars.next() {
                    Some('"') if chars.next_if_eq(&'"').is_none() => break,
                    Some(c) => {
                        line += usize::from(c == '\n');
                        field.push(c);
                    }
                    None => return Err(LegendError::of(file, format!("line {begin}: a quotation mark is not closed"))),
                }
            },
            ',' => fields.push(std::mem::take(&mut field)),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' => {
                if !(fields.is_empty() && field.is_empty()) {
                    fields.push(std::mem::take(&mut field));
                    records.push((begin, std::mem::take(&mut fields)));
                }
                line += 1;
                begin = line;
            }
            c => field.push(c),
        }
    }
    if !(fields.is_empty() && field.is_empty()) {
        fields.push(field);
        records.push((begin, fields));
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hanoi() -> Units {
        Units::parse("zones/units.csv", include_str!("../../zones/units.csv")).unwrap()
    }

    #[test]
    fn hanoi_has_51_wards_and_75_communes_of_3359_square_kilometres() {
        let units = hanoi().units;
        let n = |prefix: &str| units.iter().filter(|u| u.full_name.starts_with(prefix)).count();
        assert_eq!((units.len(), n("Phường "), n("Xã ")), (126, 51, 75));
        let area_km2: f64 = units.iter().map(|u| u.area_km2).sum();
        assert!((area_km2 - 3359.2).abs() < 1.0, "{area_km2}");
        assert!(units.iter().all(|u| (105.2854..106.0201).contains(&u.lon) && (20.5643..21.3854).contains(&u.lat)));
    }

    #[test]
    fn every_unit_says_what_it_was_made_of_and_a_file_need_not() {
        let units = hanoi().units;
        assert!(units.iter().all(|u| u.formerly.split("; ").all(|name| !name.trim().is_empty())));
        let of =
            |name: &str| units.iter().filter(|u| u.formerly.split("; ").any(|n| n == name)).map(|u| u.name.as_str()).collect::<Vec<_>>();
        assert_eq!((of("Tráng Việt"), of("Văn Khê")), (vec!["Mê Linh"], vec!["Yên Lãng", "Tiến Thắng", "Mê Linh", "Ô Diên"]));
        let short = "code,name,full_name,area_km2_official,area_km2_measured,lon,lat\n1,A,Xã A,1,1,105,21\n";
        assert_eq!(Units::parse("u.csv", short).unwrap().units[0].formerly, "");
    }

    #[test]
    fn a_unit_is_found_by_code_and_by_name_with_and_without_diacritics() {
        let units = hanoi();
        assert_eq!(units.by_code("00004").map(|u| u.name.as_str()), Some("Ba Đình"));
        assert_eq!(units.by_code("4"), None);
        for name in ["Ba Đình", "ba dinh", "Phường Ba Đình", "PHUONG BA DINH", "ba đinh"] {
            assert_eq!(units.by_name(name).iter().map(|u| u.code.as_str()).collect::<Vec<_>>(), ["00004"], "{name}");
        }
        assert_eq!(units.by_name("Hòa Xá").len(), 1);
        for name in ["Ba", "Ba Đỉnh", ""] {
            assert!(units.by_name(name).is_empty(), "{name}");
        }
    }

    #[test]
    fn quotes_comments_and_windows_lines_are_read() {
        let text = "\u{feff}# a comment, with a comma\r\ncode,name,full_name,area_km2_official,area_km2_measured,lon,lat\r\n\r\n1,\"A, \"\"b\"\"\nc\",X,1,1,105,21";
        let units = Units::parse("units.csv", text).unwrap().units;
        assert_eq!(units.iter().map(|u| u.name.as_str()).collect::<Vec<_>>(), ["A, \"b\"\nc"]);
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        let error = |rows: &str| Units::parse("units.csv", &format!("{}\n{rows}", HEADER[..7].join(","))).unwrap_err().to_string();
        assert_eq!(
            error("1,A,A,x,1,105,21"),
            "units.csv: line 2: area_km2_official is “x”; write a number from 0.001 to 1000000 with a decimal point"
        );
        assert_eq!(error("1,A,A,1,1,105"), "units.csv: line 2: 6 fields where 7 are due");
        assert_eq!(error("1,A,A,1,1,105,21\n1,B,B,1,1,105,21"), "units.csv: line 3: the code 1 is there twice");
        assert_eq!(error("1,A,A,1,1,105,NaN"), "units.csv: line 2: lat is “NaN”; write a number from -90 to 90 with a decimal point");
        assert_eq!(error("1,\"A"), "units.csv: line 2: a quotation mark is not closed");
        assert!(Units::parse("units.csv", "").unwrap_err().to_string().contains("the first line must be code,name"));
    }
}
