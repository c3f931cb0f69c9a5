//! Each operation on the desk.

use std::collections::{BTreeSet, HashMap};

use super::desk::Desk;
use super::knit::{Bits, bits, each_point, knit, knit_point, points, square};
use super::{Edited, Fault, Ground, MOST_VERTICES, Moved, Operation, Point, Rings, SNAP_M, attributes, divide, gaps, polygons_of};
use crate::geom;
use crate::model::{Coord, MultiPolygon, Zone};

/// More operations than this are no edit but an import.
const MOST_OPERATIONS: usize = 1_000;

/// Applies operations one after the other. `new_id` names the zones they make. The fault says which could not be applied; what
/// could is for `check` to judge.
pub fn apply(ground: &Ground, operations: &[Operation], mut new_id: impl FnMut() -> String) -> Result<Edited, Fault> {
    if operations.len() > MOST_OPERATIONS {
        let n = operations.len();
        let vi = format!("{n} thao tác trong một lần lưu; nhiều nhất là {MOST_OPERATIONS}.");
        return Err(Fault::error("too_large", vi, format!("{n} operations in one edit; {MOST_OPERATIONS} are possible.")));
    }
    let mut desk = Desk::new(ground);
    for (i, operation) in operations.iter().enumerate() {
        let touched = step(&mut desk, operation, i, &mut new_id)?;
        knit(&mut desk, &touched);
    }
    let edited = desk.done();
    let n_vertices: usize = edited.changes.iter().filter_map(|c| c.after.as_ref()).map(|z| points(&z.shape).count()).sum();
    if n_vertices > MOST_VERTICES {
        let vi = format!("Các vùng được sửa có {n_vertices} đỉnh; nhiều nhất là {MOST_VERTICES}. Hãy nhập bằng tệp.");
        let en = format!("The edited zones have {n_vertices} vertices; {MOST_VERTICES} are possible. Import them as a file.");
        return Err(Fault::error("too_large", vi, en));
    }
    Ok(edited)
}

/// The zones that got another shape.
fn step(desk: &mut Desk, operation: &Operation, i: usize, new_id: &mut dyn FnMut() -> String) -> Result<Vec<String>, Fault> {
    match operation {
        Operation::Put { id, polygons, properties } => {
            let known = id.as_deref().and_then(|id| desk.find(id)).cloned();
            let is_new = known.is_none();
            let zone = match known {
                Some(zone) => zone,
                None => Zone::new(&checked_id(desk, id.as_deref(), new_id)?, "", MultiPolygon::new(Vec::new())),
            };
            let mut zone = attributes::set(&zone, properties)?;
            if let Some(rings) = polygons {
                zone.shape = shape_of(rings, &zone.id)?;
            }
            if is_new && (polygons.is_none() || zone.kind.is_empty()) {
                let en = "A new zone needs polygons and properties.kind; a zone that exists is named by its id.";
                return Err(Fault::error("incomplete", "Vùng mới cần polygons và properties.kind.", en).of(&[&zone.id]));
            }
            let id = zone.id.clone();
            if is_new {
                desk.made.entry(i).or_default().push(id.clone());
            }
            desk.put(zone);
            Ok(if polygons.is_some() { vec![id] } else { Vec::new() })
        }
        Operation::Remove { id } => {
            desk.zone(id)?;
            desk.remove(id);
            Ok(Vec::new())
        }
        Operation::Move { moves, zones } => move_vertices(desk, moves, zones.as_deref()),
        Operation::Insert { at, edge, zones } => insert(desk, *at, *edge, zones.as_deref()),
        Operation::Delete { at, zones } => delete(desk, *at, zones.as_deref()),
        Operation::Split { id, line, areas_m2, bearing_deg } => {
            let zone = desk.zone(id)?.clone();
            let parts = match (line, areas_m2) {
                (Some(line), None) => divide::by_line(&zone, &coords(line)?)?,
                (None, Some(areas)) => divide::by_areas(&zone, areas, *bearing_deg)?,
                _ => {
                    return Err(Fault::error(
                        "incomplete",
                        "Tách vùng cần line hoặc areas_m2.",
                        "A split needs line or areas_m2, one of them.",
                    )
                    .of(&[id]));
                }
            };
            let mut touched = Vec::new();
            for (n, shape) in parts.into_iter().enumerate() {
                let part_id = if n == 0 { zone.id.clone() } else { checked_id(desk, None, new_id)? };
                if n > 0 {
                    desk.made.entry(i).or_default().push(part_id.clone());
                }
                // A declared area and a code are of the whole, not of each part.
                let whole = if n == 0 { zone.clone() } else { Zone { declared_area_m2: None, code: None, ..zone.clone() } };
                desk.put(Zone { id: part_id.clone(), shape, ..whole });
                desk.inherit(&part_id, &zone.id);
                touched.push(part_id);
            }
            Ok(touched)
        }
        Operation::Merge { ids } => merge(desk, ids),
        Operation::CutOut { id, polygons } => {
            let zone = desk.zone(id)?.clone();
            let knife = shape_of(polygons, id)?;
            let shape = geom::difference(&zone.shape, &knife);
            if shape.0.is_empty() {
                let en = format!("Nothing of {id} is left; remove the zone instead.");
                return Err(Fault::error("empty", format!("Vùng {id} không còn gì; hãy xóa vùng."), en).of(&[id]));
            }
            if geom::area_m2(&shape) >= geom::area_m2(&zone.shape) {
                let en = format!("The land to cut out does not lie in {id}.");
                return Err(Fault::error("nothing_changed", format!("Phần cắt ra không nằm trong vùng {id}."), en).of(&[id]));
            }
            desk.put(Zone { shape, ..zone });
            Ok(vec![id.clone()])
        }
        Operation::FillGap { at, into } => {
            let at = coord(*at)?;
            let zone = desk.zone(into)?.clone();
            let Some(gap) = gaps::around(desk, at) else {
                let en = "There is no gap enclosed by zones at this place.";
                return Err(Fault::error("no_gap", "Ở đây không có khoảng trống giữa các vùng.", en).at(Some(at)));
            };
            let shape = geom::union(&[&zone.shape, &gap]);
            desk.put(Zone { shape, ..zone });
            Ok(vec![into.clone()])
        }
        Operation::Extend { id, within_m } => {
            let zone = desk.zone(id)?.clone();
            if !(*within_m > 0.0 && *within_m <= 100.0) {
                return Err(Fault::error("attribute", "within_m phải từ 0 đến 100.", "within_m must be above 0 and at most 100.").of(&[id]));
            }
            let strips = gaps::strips_beside(desk, &zone, *within_m);
            if strips.0.is_empty() {
                let vi = format!("Không có khoảng trống hẹp hơn {within_m} m bên vùng {id}.");
                return Err(Fault::error("no_gap", vi, format!("No land narrower than {within_m} m lies beside {id}.")).of(&[id]));
            }
            let shape = gaps::with_strips(desk, &zone, &strips);
            desk.put(Zone { shape, ..zone });
            Ok(vec![id.clone()])
        }
    }
}

/// An id that no zone has.
fn checked_id(desk: &Desk, wanted: Option<&str>, new_id: &mut dyn FnMut() -> String) -> Result<String, Fault> {
    let Some(wanted) = wanted else {
        return Ok(std::iter::repeat_with(new_id).find(|id| desk.find(id).is_none()).unwrap_or_default());
    };
    let is_plain = !wanted.is_empty() && wanted.chars().count() <= 64 && wanted.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
    if !is_plain {
        let shown: String = wanted.chars().take(80).collect();
        let en = format!("“{shown}” cannot be an id: 1 to 64 letters, digits, “-”, “_” and “.”.");
        return Err(Fault::error("id", format!("“{shown}” không dùng làm mã vùng được."), en));
    }
    Ok(wanted.to_owned())
}

pub(super) fn coord([x, y]: Point) -> Result<Coord, Fault> {
    // What lies farther from the origin is no place in any metric CRS.
    if x.is_finite() && y.is_finite() && x.abs() < 1e8 && y.abs() < 1e8 {
        return Ok(Coord { x, y });
    }
    Err(Fault::error("invalid", format!("[{x}, {y}] không phải tọa độ."), format!("[{x}, {y}] is no coordinate in metres.")))
}

fn coords(line: &[Point]) -> Result<Vec<Coord>, Fault> {
    line.iter().map(|at| coord(*at)).collect()
}

/// Polygons as they were sent, as they are when they are valid; else what is wrong, with the repair.
fn shape_of(rings: &Rings, id: &str) -> Result<MultiPolygon, Fault> {
    let n_vertices: usize = rings.iter().flatten().map(Vec::len).sum();
    if n_vertices > MOST_VERTICES {
        let vi = format!("Hình có {n_vertices} đỉnh; nhiều nhất là {MOST_VERTICES}. Hãy nhập bằng tệp.");
        let en = format!("The shape has {n_vertices} vertices; {MOST_VERTICES} are possible. Import it as a file.");
        return Err(Fault::error("too_large", vi, en).of(&[id]));
    }
    for at in rings.iter().flatten().flatten() {
        coord(*at).map_err(|fault| fault.of(&[id]))?;
    }
    let polygons = polygons_of(rings);
    let drawn = MultiPolygon::new(polygons.clone());
    let faults = geom::validate(&drawn);
    let Some(first) = faults.iter().find(|f| f.kind != geom::FaultKind::RepeatedPoints) else {
        // Direction of rings and repeated points are no faults.
        return Ok(geom::repair(polygons).shape);
    };
    let repaired = geom::repair(polygons);
    let mut fault = invalid(first, id);
    if !repaired.shape.0.is_empty() {
        let put =
            Operation::Put { id: Some(id.to_owned()), polygons: Some(super::rings_of(&repaired.shape)), properties: Default::default() };
        let area = super::square_metres(repaired.area_after_m2);
        fault = fault.mended_by(
            format!("Giữ phần đất mà các đường bao quanh ({})", area.vi),
            format!("Keep the land that the lines enclose ({})", area.en),
            vec![put],
        );
    }
    Err(fault)
}

pub(super) fn invalid(fault: &geom::Fault, id: &str) -> Fault {
    use geom::FaultKind as K;
    let (vi, en) = match fault.kind {
        K::NotFinite => ("có tọa độ không phải số", "a coordinate is no number"),
        K::Unclosed => ("đường bao chưa khép kín", "a ring is not closed"),
        K::TooFewPoints => ("đường bao có ít hơn ba đỉnh", "a ring has fewer than three points"),
        K::RepeatedPoints => ("có đỉnh trùng nhau", "a point is repeated"),
        K::SelfIntersection => ("đường ranh tự cắt", "the border crosses itself"),
        K::RingsIntersect => ("hai đường bao cắt nhau", "two rings cross"),
        K::HoleOutsideShell => ("lỗ nằm ngoài vùng", "a hole lies outside"),
        K::NestedHoles => ("lỗ nằm trong lỗ", "a hole lies in a hole"),
        K::DuplicateRing => ("đường bao bị lặp", "a ring is there twice"),
        K::InteriorNotConnected => ("lỗ cắt rời vùng", "holes cut the zone in two"),
        K::PolygonsOverlap => ("các phần của vùng chồng nhau", "parts of the zone overlap"),
    };
    Fault::error("invalid", format!("Hình của {id} không hợp lệ: {vi}."), format!("The shape of {id} is not valid: {en}."))
        .of(&[id])
        .at(fault.at)
}

/// Zones that an operation on vertices is for: those that were named, else all.
fn concerned<'z>(named: Option<&'z [String]>) -> impl Fn(&Zone) -> bool + 'z {
    move |zone| named.is_none_or(|ids| ids.contains(&zone.id))
}

fn all_there(desk: &Desk, named: Option<&[String]>) -> Result<(), Fault> {
    named.into_iter().flatten().try_for_each(|id| desk.zone(id).map(drop))
}

/// Every zone that has a vertex at one of these places has it there after this, also where another only ran along.
fn vertex_at(desk: &mut Desk, at: Coord) -> Result<Coord, Fault> {
    let near = desk.near_point(at, SNAP_M);
    let found = near.iter().flat_map(|z| points(&z.shape)).filter(|c| square(*c, at) <= SNAP_M * SNAP_M);
    let nearest = found.min_by(|a, b| square(*a, at).total_cmp(&square(*b, at)));
    let Some(vertex) = nearest else {
        let en = format!("No zone has a vertex at {:.3}, {:.3}.", at.x, at.y);
        return Err(Fault::error("no_vertex", format!("Không vùng nào có đỉnh tại {:.3}, {:.3}.", at.x, at.y), en).at(Some(at)));
    };
    knit_point(desk, vertex);
    Ok(vertex)
}

fn move_vertices(desk: &mut Desk, moves: &[Moved], named: Option<&[String]>) -> Result<Vec<String>, Fault> {
    all_there(desk, named)?;
    let mut places: HashMap<Bits, Coord> = HashMap::new();
    let mut from = Vec::with_capacity(moves.len());
    for Moved { from: a, to } in moves {
        let vertex = vertex_at(desk, coord(*a)?)?;
        places.insert(bits(vertex), coord(*to)?);
        from.push(vertex);
    }
    replaced(desk, &from, concerned(named), |at| places.get(&bits(at)).copied().unwrap_or(at))
}

fn insert(desk: &mut Desk, at: Point, edge: [Point; 2], named: Option<&[String]>) -> Result<Vec<String>, Fault> {
    all_there(desk, named)?;
    let (at, a, b) = (coord(at)?, vertex_at(desk, coord(edge[0])?)?, vertex_at(desk, coord(edge[1])?)?);
    let is_edge = |w: &[Coord]| (w[0] == a && w[1] == b) || (w[0] == b && w[1] == a);
    let near: Vec<Zone> = desk.near_point(a, SNAP_M).into_iter().filter(|zone| concerned(named)(zone)).cloned().collect();
    let mut touched = Vec::new();
    for mut zone in near {
        let mut is_changed = false;
        for polygon in &mut zone.shape.0 {
            let mut put = |ring: &mut crate::model::Ring| {
                let place = ring.0.windows(2).position(is_edge);
                is_changed |= place.is_some();
                place.into_iter().for_each(|i| ring.0.insert(i + 1, at));
            };
            polygon.exterior_mut(&mut put);
            polygon.interiors_mut(|rings| rings.iter_mut().for_each(&mut put));
        }
        if is_changed {
            touched.push(zone.id.clone());
            desk.put(zone);
        }
    }
    if touched.is_empty() {
        let en = format!("No border runs straight from {:.3}, {:.3} to {:.3}, {:.3}.", a.x, a.y, b.x, b.y);
        return Err(Fault::error("no_edge", "Không có cạnh ranh nào giữa hai đỉnh này.", en).at(Some(at)));
    }
    Ok(touched)
}

fn delete(desk: &mut Desk, at: Point, named: Option<&[String]>) -> Result<Vec<String>, Fault> {
    all_there(desk, named)?;
    let vertex = vertex_at(desk, coord(at)?)?;
    let near: Vec<Zone> = desk.near_point(vertex, SNAP_M).into_iter().filter(|zone| concerned(named)(zone)).cloned().collect();
    let mut touched = Vec::new();
    for mut zone in near {
        let mut is_changed = false;
        for polygon in &mut zone.shape.0 {
            let mut thin = |ring: &mut crate::model::Ring| {
                if ring.0.contains(&vertex) {
                    is_changed = true;
                    ring.0.pop();
                    ring.0.retain(|c| *c != vertex);
                    let first = ring.0.first().copied();
                    ring.0.extend(first);
                }
            };
            polygon.exterior_mut(&mut thin);
            polygon.interiors_mut(|rings| rings.iter_mut().for_each(&mut thin));
        }
        if is_changed {
            let n_rings = n_rings(&zone.shape);
            zone.shape = each_point(&zone.shape, |c| c);
            still_there(&zone, n_rings)?;
            touched.push(zone.id.clone());
            desk.put(zone);
        }
    }
    Ok(touched)
}

fn n_rings(shape: &MultiPolygon) -> usize {
    shape.0.iter().map(|p| 1 + p.interiors().len()).sum()
}

/// A zone, a part or a hole does not vanish because a vertex went.
fn still_there(zone: &Zone, n_rings_before: usize) -> Result<(), Fault> {
    let id = &zone.id;
    if !zone.shape.0.is_empty() {
        if n_rings(&zone.shape) == n_rings_before {
            return Ok(());
        }
        let en = format!("A hole or a part of {id} would vanish: it has three vertices; draw the zone anew without it instead.");
        return Err(Fault::error("ring_lost", format!("Một lỗ hoặc một phần của {id} sẽ mất."), en).of(&[id]));
    }
    let en = format!("Nothing of {id} is left; remove the zone instead.");
    Err(Fault::error("empty", format!("Vùng {id} không còn gì; hãy xóa vùng."), en).of(&[id]))
}

fn replaced(
    desk: &mut Desk,
    near: &[Coord],
    is_concerned: impl Fn(&Zone) -> bool,
    place: impl Fn(Coord) -> Coord,
) -> Result<Vec<String>, Fault> {
    let ids: BTreeSet<String> =
        near.iter().flat_map(|at| desk.near_point(*at, SNAP_M)).filter(|z| is_concerned(z)).map(|z| z.id.clone()).collect();
    let mut touched = Vec::new();
    for id in ids {
        let zone = desk.zone(&id)?.clone();
        let shape = each_point(&zone.shape, &place);
        if shape != zone.shape {
            let n_rings = n_rings(&zone.shape);
            let zone = Zone { shape, ..zone };
            still_there(&zone, n_rings)?;
            desk.put(zone);
            touched.push(id);
        }
    }
    if touched.is_empty() {
        let en = "None of these zones has a vertex there, or it is there already.";
        return Err(Fault::error("nothing_changed", "Không đỉnh nào của các vùng này thay đổi.", en).at(near.first().copied()));
    }
    Ok(touched)
}

fn merge(desk: &mut Desk, ids: &[String]) -> Result<Vec<String>, Fault> {
    let distinct: BTreeSet<&String> = ids.iter().collect();
    let [first, others @ ..] = ids else {
        return Err(Fault::error("incomplete", "Gộp cần ít nhất hai vùng.", "A merge needs two zones or more."));
    };
    if others.is_empty() || distinct.len() < ids.len() {
        return Err(Fault::error("incomplete", "Gộp cần ít nhất hai vùng khác nhau.", "A merge needs two zones or more, each named once."));
    }
    let zones = ids.iter().map(|id| desk.zone(id).cloned()).collect::<Result<Vec<Zone>, Fault>>()?;
    let shapes: Vec<&MultiPolygon> = zones.iter().map(|z| &z.shape).collect();
    let shape = geom::union(&shapes);
    desk.put(Zone { shape, ..zones[0].clone() });
    for id in others {
        desk.remove(id);
        desk.inherit(first, id);
    }
    Ok(vec![first.clone()])
}
