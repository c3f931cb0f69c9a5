// What a pointer move costs with a whole city loaded: snapping, the neighbours of a moved vertex, handles, what is drawn.
import { expect, test } from 'vitest';
import { Draft } from './draft.ts';
import { NO_PROPERTIES } from './operation.ts';
import { Eye, handle_at, handles } from './scene.ts';
import type { Ring, Xy, ZoneShape } from './shape.ts';
import { snap } from './snap.ts';

const SIDE = 316;
const SIZE_M = 190;
/** Vertices between two corners of a field. */
const N_BETWEEN = 5;

/** A corner of the simulated fields: none lies on a line with its neighbours. */
function corner(i: number, k: number): Xy {
  const shake = (n: number) => ((Math.sin(n * 12.9898) * 43758.5453) % 1) * 40;
  return [560_000 + i * SIZE_M + shake(i * 331 + k), 2_300_000 + k * SIZE_M + shake(i + k * 577)];
}

function border([x0, y0]: Xy, [x1, y1]: Xy): Xy[] {
  return Array.from({ length: N_BETWEEN + 1 }, (_, n): Xy => {
    const part = n / (N_BETWEEN + 1);
    return [x0 + (x1 - x0) * part, y0 + (y1 - y0) * part];
  });
}

/** Each border is the same in both neighbours, whichever way it is walked. */
function field(i: number, k: number): ZoneShape {
  const [a, b, c, d] = [corner(i, k), corner(i + 1, k), corner(i + 1, k + 1), corner(i, k + 1)];
  const there = (from: Xy, to: Xy) => border(from, to);
  const back = (from: Xy, to: Xy) => [from, ...border(to, from).slice(1).reverse()];
  const ring: Ring = [...there(a, b), ...there(b, c), ...back(c, d), ...back(d, a), a];
  const properties = { ...NO_PROPERTIES, kind: 'rice' };
  return { id: `${i}-${k}`, revision: 1, unit: null, polygons: [[ring]], properties };
}

test('with 100,000 zones loaded, a pointer move draws the four zones that share the vertex, and says how long it took', () => {
  const zones = Array.from({ length: SIDE * SIDE }, (_, n) => field(n % SIDE, Math.floor(n / SIDE)));
  const draft = new Draft();
  draft.fetched(zones, null);
  expect(draft.ground.n_zones).toBeGreaterThanOrEqual(99_856);
  const eye = new Eye(([x, y]) => [x / 1e5, y / 1e5]);
  const selected = draft.ground.near([590_000, 2_330_000, 590_300, 2_330_300]);
  const took_ms: number[] = [];
  for (let n = 0; n < 600; n += 1) {
    const from = corner(158 + (n % 3), 158);
    const to: Xy = [from[0] + 30 * Math.sin(n / 7), from[1] + 30 * Math.cos(n / 5)];
    const once = () => {
      const started = performance.now();
      // A hover, then a drag of a vertex that four zones share, with all that is drawn for it.
      handle_at(handles(selected, [589_000, 2_329_000, 591_000, 2_331_000], 2), to, 20);
      const goal = snap(draft.ground, to, { reach_m: 20, without: from });
      const preview = draft.tried([{ op: 'move', moves: [{ from, to: goal.at }], zones: null }]);
      for (const zone of preview.values()) if (zone) eye.zone(zone, { color: '#fff', selected: true });
      expect(preview.size).toBe(4);
      // Whatever is loaded, only what lies there is looked at.
      expect(draft.ground.near([to[0] - 20, to[1] - 20, to[0] + 20, to[1] + 20]).length).toBeLessThanOrEqual(9);
      return performance.now() - started;
    };
    // The machine may be busy with others: the best of three is ours.
    took_ms.push(Math.min(once(), once(), once()));
  }
  took_ms.sort((a, b) => a - b);
  const p99_ms = took_ms[Math.floor(took_ms.length * 0.99)] ?? Infinity;
  // Times are for docs/benchmarks.md: a busy machine fails no test.
  console.log(`pointer move: median ${took_ms[300]?.toFixed(3)} ms, p99 ${p99_ms.toFixed(3)} ms`);
}, 60_000);
