//! Curves in the plane: smooth ones through given points, parallels, fewer points.

use super::lattice::Point;

pub(super) fn distance_m(a: Point, b: Point) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// A curve through the points (Catmull–Rom), with a point about every `step_m`.
pub(super) fn through(points: &[Point], step_m: f64) -> Vec<Point> {
    let n = points.len();
    let mut curve: Vec<Point> = points.first().copied().into_iter().collect();
    for k in 1..n {
        let (a, b) = (points[k - 1], points[k]);
        let before = if k >= 2 { points[k - 2] } else { a };
        let after = points.get(k + 1).copied().unwrap_or(b);
        let tangents = ([(b[0] - before[0]) / 2.0, (b[1] - before[1]) / 2.0], [(after[0] - a[0]) / 2.0, (after[1] - a[1]) / 2.0]);
        hermite(&mut curve, a, tangents.0, b, tangents.1, step_m);
    }
    curve
}

/// Appends the cubic from `a` to `b` with the given tangents, without `a` itself.
pub(super) fn hermite(curve: &mut Vec<Point>, a: Point, tangent_a: Point, b: Point, tangent_b: Point, step_m: f64) {
    let n_steps = (distance_m(a, b) / step_m).ceil().max(1.0) as usize;
    for k in 1..=n_steps {
        let t = k as f64 / n_steps as f64;
        let (t2, t3) = (t * t, t * t * t);
        let (wa, wta, wb, wtb) = (2.0 * t3 - 3.0 * t2 + 1.0, t3 - 2.0 * t2 + t, 3.0 * t2 - 2.0 * t3, t3 - t2);
        let at = |axis: usize| wa * a[axis] + wta * tangent_a[axis] + wb * b[axis] + wtb * tangent_b[axis];
        curve.push([at(0), at(1)]);
    }
}

/// The parallel at `distance` to the left (negative: right), vertex by vertex. A closed curve stays closed.
pub(super) fn offset(line: &[Point], distance: f64) -> Vec<Point> {
    let n = line.len();
    if distance == 0.0 || n < 2 {
        return line.to_vec();
    }
    let closed = line[0] == line[n - 1];
    let normal = |a: Point, b: Point| {
        let length = distance_m(a, b).max(1e-9);
        [-(b[1] - a[1]) / length, (b[0] - a[0]) / length]
    };
    (0..n)
        .map(|k| {
            let before = if k > 0 { Some(k - 1) } else { closed.then(|| n - 2) };
            let after = if k + 1 < n { Some(k + 1) } else { closed.then_some(1) };
            let at = line[k];
            let a = before.map(|b| normal(line[b], at));
            let b = after.map(|b| normal(at, line[b]));
            let (a, b) = (a.or(b).unwrap_or([0.0; 2]), b.or(a).unwrap_or([0.0; 2]));
            let sum = [a[0] + b[0], a[1] + b[1]];
            // The mitre, at most half as long again.
            let scale = distance * 2.0 / (sum[0] * sum[0] + sum[1] * sum[1]).max(1.78);
            [at[0] + sum[0] * scale, at[1] + sum[1] * scale]
        })
        .collect()
}

/// The line with fewer points (Douglas and Peucker 1973); its ends stay. A closed line keeps three points.
pub(super) fn simplified(line: &[Point], tolerance_m: f64) -> Vec<Point> {
    let n = line.len();
    if n < 4 {
        return line.to_vec();
    }
    let mut keep = vec![false; n];
    (keep[0], keep[n - 1]) = (true, true);
    let mut spans = Vec::new();
    if line[0] == line[n - 1] {
        // A loop has no chord: part it in three.
        let (a, b) = (n / 3, 2 * n / 3);
        (keep[a], keep[b]) = (true, true);
        spans.extend([(0, a), (a, b), (b, n - 1)]);
    } else {
        spans.push((0, n - 1));
    }
    while let Some((a, b)) = spans.pop() {
        let chord = [line[b][0] - line[a][0], line[b][1] - line[a][1]];
        let length = chord[0].hypot(chord[1]).max(1e-9);
        let far = (a + 1..b)
            .map(|k| (((line[k][0] - line[a][0]) * chord[1] - (line[k][1] - line[a][1]) * chord[0]).abs() / length, k))
            .fold((tolerance_m, 0), |best, far| if far.0 > best.0 { far } else { best });
        if far.1 != 0 {
            keep[far.1] = true;
            spans.extend([(a, far.1), (far.1, b)]);
        }
    }
    line.iter().zip(keep).filter(|(_, kept)| *kept).map(|(p, _)| *p).collect()
}

/// The nearest place on a polyline: distance, how far along (m), and on which side (positive: left).
#[derive(Debug, Clone, Copy)]
pub(super) struct Nearest {
    pub distance_m: f64,
    pub along_m: f64,
    pub side: f64,
}

/// The nearest place on the segment from `a` to `b` that starts `along_m` down its line.
pub(super) fn nearest_on_segment(at: Point, a: Point, b: Point, along_m: f64) -> Nearest {
    let d = [b[0] - a[0], b[1] - a[1]];
    let length2 = (d[0] * d[0] + d[1] * d[1]).max(1e-12);
    let t = (((at[0] - a[0]) * d[0] + (at[1] - a[1]) * d[1]) / length2).clamp(0.0, 1.0);
    let foot = [a[0] + d[0] * t, a[1] + d[1] * t];
    let side = d[0] * (at[1] - a[1]) - d[1] * (at[0] - a[0]);
    Nearest { distance_m: distance_m(at, foot), along_m: along_m + t * length2.sqrt(), side }
}
