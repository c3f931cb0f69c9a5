//! Shapes in few bytes, for what is kept many times over: the coordinates' bits as differences, to the last bit.
//!
//! Numbers of variable length (7 bits a byte, the lowest first): polygons, rings of each, points of each ring without the last,
//! then per point what its easting's and northing's bits differ from those of the point before. Total on any bytes.

use crate::model::{Coord, MultiPolygon, Polygon, Ring};

pub(super) fn pack(shape: &MultiPolygon) -> Vec<u8> {
    let mut out = Vec::new();
    let mut last = [0i64; 2];
    put(shape.0.len() as u64, &mut out);
    for polygon in &shape.0 {
        put(1 + polygon.interiors().len() as u64, &mut out);
        for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
            let points = &ring.0[..ring.0.len().saturating_sub(1)];
            put(points.len() as u64, &mut out);
            for at in points {
                for (last, value) in last.iter_mut().zip([at.x, at.y]) {
                    let bits = value.to_bits() as i64;
                    let step = bits.wrapping_sub(*last);
                    // The sign goes into the lowest bit, so that small steps of either sign are short.
                    put(((step << 1) ^ (step >> 63)) as u64, &mut out);
                    *last = bits;
                }
            }
        }
    }
    out
}

/// None when the bytes are no packed shape.
pub(super) fn unpack(mut bytes: &[u8]) -> Option<MultiPolygon> {
    let mut last = [0i64; 2];
    let n_polygons = take(&mut bytes)?;
    let mut polygons = Vec::new();
    for _ in 0..n_polygons {
        let n_rings = take(&mut bytes)?;
        let mut rings = Vec::new();
        for _ in 0..n_rings {
            let n_points = take(&mut bytes)?;
            let mut points = Vec::new();
            for _ in 0..n_points {
                for last in &mut last {
                    let step = take(&mut bytes)?;
                    *last = last.wrapping_add((step >> 1) as i64 ^ -((step & 1) as i64));
                }
                points.push(Coord { x: f64::from_bits(last[0] as u64), y: f64::from_bits(last[1] as u64) });
            }
            points.push(*points.first()?);
            rings.push(Ring::new(points));
        }
        let mut rings = rings.into_iter();
        polygons.push(Polygon::new(rings.next()?, rings.collect()));
    }
    let all_finite = polygons.iter().flat_map(|p| p.exterior().0.iter()).all(|at| at.x.is_finite() && at.y.is_finite());
    (bytes.is_empty() && all_finite).then(|| MultiPolygon::new(polygons))
}

fn put(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ring(points: &[(f64, f64)]) -> Ring {
        let mut points: Vec<Coord> = points.iter().map(|&(x, y)| Coord { x, y }).collect();
        points.push(points[0]);
        Ring::new(points)
    }

    #[test]
    fn a_shape_comes_back_to_the_last_bit_and_is_shorter() {
        let shell =
            ring(&[(588_926.3676688075, 2_325_599.99997586), (589_020.4683810472, 2_325_606.3673996925), (589_309.9, 2_325_660.002)]);
        let hole = ring(&[(588_990.1, 2_325_605.3), (588_991.7, 2_325_605.9), (588_991.1, 2_325_604.2)]);
        let shape = MultiPolygon::new(vec![Polygon::new(shell.clone(), vec![hole]), Polygon::new(shell, Vec::new())]);
        let packed = pack(&shape);
        assert_eq!(unpack(&packed), Some(shape));
        assert!(packed.len() < 9 * 16 * 9 / 10, "{} bytes", packed.len());
        assert_eq!(unpack(&packed[..packed.len() - 1]), None);
        assert_eq!(unpack(&[]), None);
        assert_eq!(unpack(&[0xff; 40]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_shape_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(shape) = unpack(&bytes) {
                prop_assert!(shape.0.iter().all(|p| p.exterior().0.iter().all(|at| at.x.is_finite())));
            }
        }
    }
}
