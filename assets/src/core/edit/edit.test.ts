import { describe, expect, test } from 'vitest';
import { projector, unprojector } from '../coordinates.ts';
import { fault_of, self_crossing } from './checks.ts';
import { Draft, type Step } from './draft.ts';
import { Ground } from './ground.ts';
import { of_text, to_text } from './kept.ts';
import { changes_of, NO_PROPERTIES, type Operation } from './operation.ts';
import { area_m2, holds, key_of, signed_area_m2, vertices_of, type Ring, type Xy, type ZoneShape } from './shape.ts';
import { snap } from './snap.ts';
import { trace } from './trace.ts';

const square = (x: number, y: number, side = 100): Ring => [
  [x, y],
  [x + side, y],
  [x + side, y + side],
  [x, y + side],
  [x, y],
];

const zone = (id: string, ...rings: Ring[]): ZoneShape => ({
  id,
  revision: 1,
  unit: null,
  polygons: [rings],
  properties: { ...NO_PROPERTIES, kind: 'rice' },
});

/** Two squares side by side; they share the edge x = 100. */
const PAIR = [zone('a', square(0, 0)), zone('b', square(100, 0))];

function ground_of(zones: readonly ZoneShape[]): Ground {
  const ground = new Ground();
  ground.change(new Map(zones.map((one) => [one.id, one])));
  return ground;
}

const step = (...operations: Operation[]): Step => ({ deed: 'move', operations, result: null });

const ring_of_zone = (ground: Ground, id: string): Ring => ground.zone(id)?.polygons[0]?.[0] ?? [];

describe('land', () => {
  test('holes are not land, and areas far from the origin keep their digits', () => {
    const far: Ring = square(586_000, 2_325_000, 0.1);
    expect(signed_area_m2(far)).toBeCloseTo(0.01, 9);
    const holed = zone('a', square(0, 0), square(40, 40, 20));
    expect(area_m2(holed.polygons)).toBe(9_600);
    expect(holds(holed.polygons, [50, 50])).toBe(false);
    expect(holds(holed.polygons, [10, 50])).toBe(true);
  });

  test('degrees are for the eye: there and back is the same place to two millimetres', () => {
    const crs = {
      code: 'EPSG:5897',
      name: 'VN-2000 / TM-3 105-00',
      proj4:
        '+proj=tmerc +lat_0=0 +lon_0=105 +k=0.9999 +x_0=500000 +y_0=0 +ellps=WGS84 +towgs84=-191.90441429,-39.30318279,-111.45032835,-0.00928836,0.01975479,-0.00427372,0.252906278 +units=m +no_defs',
    };
    const [there, back] = [projector(crs), unprojector(crs)];
    const [lon = 0, lat = 0] = back?.([587_123.456, 2_325_678.901]) ?? [];
    const { east_m = 0, north_m = 0 } = there?.(lon, lat) ?? {};
    expect(Math.hypot(east_m - 587_123.456, north_m - 2_325_678.901)).toBeLessThan(0.002);
    expect(unprojector({ code: 'EPSG:4326', name: '', proj4: '+proj=longlat' })).toBeNull();
  });
});

describe('operations', () => {
  test('a vertex moves in both neighbours, with the very same bits', () => {
    const ground = ground_of(PAIR);
    const to: Xy = [100.1 + 0.2, 33.3];
    ground.change(changes_of({ op: 'move', moves: [{ from: [100, 0], to }], zones: null }, ground));
    const of = (id: string) => vertices_of(ground.zone(id)?.polygons ?? []).map(key_of);
    expect(of('a')).toContain(key_of(to));
    expect(of('b')).toContain(key_of(to));
    expect(of('a')).not.toContain('100 0');
  });

  test('a border that is torn apart moves in one zone only', () => {
    const ground = ground_of(PAIR);
    ground.change(changes_of({ op: 'move', moves: [{ from: [100, 0], to: [90, 0] }], zones: ['a'] }, ground));
    expect(ring_of_zone(ground, 'a')[1]).toEqual([90, 0]);
    expect(ring_of_zone(ground, 'b')[0]).toEqual([100, 0]);
  });

  test('a ring stays closed when its first vertex moves or goes', () => {
    const ground = ground_of([zone('a', [...square(0, 0).slice(0, 3), [50, 150], [0, 100], [0, 0]])]);
    ground.change(changes_of({ op: 'move', moves: [{ from: [0, 0], to: [-5, -5] }], zones: null }, ground));
    expect(ring_of_zone(ground, 'a').at(-1)).toEqual([-5, -5]);
    ground.change(changes_of({ op: 'delete', at: [-5, -5], zones: null }, ground));
    const ring = ring_of_zone(ground, 'a');
    expect(ring).toHaveLength(5);
    expect(ring[0]).toEqual(ring.at(-1));
  });

  test('a vertex is put into an edge of both, whichever way each runs', () => {
    const ground = ground_of(PAIR);
    const edge = [[100, 0] as Xy, [100, 100] as Xy] as const;
    ground.change(changes_of({ op: 'insert', at: [100, 40], edge, zones: null }, ground));
    expect(ring_of_zone(ground, 'a')[2]).toEqual([100, 40]);
    expect(ring_of_zone(ground, 'b')[4]).toEqual([100, 40]);
  });

  test('a vertex that is put onto a neighbour’s edge is the neighbour’s too', () => {
    const ground = ground_of(PAIR);
    const polygons = [
      [
        [
          [40, 100],
          [60, 100],
          [50, 150],
          [40, 100],
        ] as Ring,
      ],
    ];
    ground.change(changes_of({ op: 'put', id: 'c', polygons, properties: { kind: 'tea' } }, ground));
    expect(ring_of_zone(ground, 'a')).toEqual([
      [0, 0],
      [100, 0],
      [100, 100],
      [60, 100],
      [40, 100],
      [0, 100],
      [0, 0],
    ]);
    const torn = changes_of({ op: 'move', moves: [{ from: [200, 0], to: [150, 100] }], zones: ['b'] }, ground);
    expect(torn.get('b')?.polygons[0]?.[0]).toContainEqual([150, 100]);
  });

  test('vertices nobody touched are the same objects as before', () => {
    const ground = ground_of(PAIR);
    const before = ring_of_zone(ground, 'a');
    ground.change(changes_of({ op: 'move', moves: [{ from: [200, 0], to: [210, 0] }], zones: null }, ground));
    expect(ring_of_zone(ground, 'a')).toBe(before);
  });
});

describe('a draft', () => {
  const moved = step({ op: 'move', moves: [{ from: [100, 0], to: [90, 0] }], zones: null });

  test('undo and redo walk through its steps', () => {
    const draft = new Draft();
    draft.fetched(PAIR, null);
    draft.do(moved);
    expect([...draft.touched()].sort()).toEqual(['a', 'b']);
    expect(draft.base_revisions()).toEqual({ a: 1, b: 1 });
    draft.undo();
    expect(draft.ground.zone('a')).toEqual(PAIR[0]);
    expect(draft.operations()).toEqual([]);
    draft.redo();
    expect(ring_of_zone(draft.ground, 'b')[0]).toEqual([90, 0]);
    expect(draft.redo()).toBe(false);
  });

  test('a neighbour that comes into view later has the step too', () => {
    const draft = new Draft();
    draft.fetched([PAIR[0] as ZoneShape], null);
    draft.do(moved);
    draft.fetched([PAIR[1] as ZoneShape], null);
    expect(ring_of_zone(draft.ground, 'b')[0]).toEqual([90, 0]);
    expect(draft.base_revisions()).toEqual({ a: 1, b: 1 });
  });

  test('what somebody else saved replaces what is not being edited, and marks what is', () => {
    const draft = new Draft();
    draft.fetched([...PAIR, zone('c', square(500, 0)), zone('d', square(700, 0))], null);
    draft.do(moved);
    const news = [
      { ...zone('a', square(0, 0, 50)), revision: 2 },
      PAIR[1] as ZoneShape,
      { ...zone('c', square(500, 0, 50)), revision: 2 },
    ];
    draft.fetched(news, [-10, -10, 900, 200]);
    expect([...draft.stale.keys()]).toEqual(['a']);
    expect(ring_of_zone(draft.ground, 'a')[1]).toEqual([90, 0]);
    expect(ring_of_zone(draft.ground, 'c')[1]).toEqual([550, 0]);
    expect(draft.ground.zone('d')).toBeNull();
  });

  test('theirs are taken: steps that concern them go, others stay', () => {
    const draft = new Draft();
    draft.fetched([...PAIR, zone('c', square(500, 0))], null);
    draft.do(moved);
    draft.do(step({ op: 'remove', id: 'c' }));
    const theirs = { ...zone('b', square(100, 0, 80)), revision: 7 };
    expect(draft.give_up(['b'])).toBe(1);
    draft.rebase([theirs], []);
    expect(draft.ground.zone('a')).toEqual(PAIR[0]);
    expect(draft.ground.zone('b')).toEqual(theirs);
    expect(draft.ground.zone('c')).toBeNull();
  });

  test('mine are tried again on theirs', () => {
    const draft = new Draft();
    draft.fetched(PAIR, null);
    draft.do(moved);
    draft.rebase([{ ...zone('b', square(100, 0)), revision: 7, properties: { ...NO_PROPERTIES, kind: 'tea' } }], []);
    expect(draft.ground.zone('b')?.properties.kind).toBe('tea');
    expect(ring_of_zone(draft.ground, 'b')[0]).toEqual([90, 0]);
    expect(draft.base_revisions()).toEqual({ a: 1, b: 7 });
  });

  test('what the server worked out and was there already is not the step’s', () => {
    const draft = new Draft();
    draft.fetched([...PAIR, zone('c', square(500, 0))], null);
    draft.do(moved);
    const here = draft.ground.zone('a') as ZoneShape;
    const news = new Map<string, ZoneShape | null>([
      ['a', structuredClone(here)],
      ['c', zone('c', square(500, 0, 50))],
      ['d', null],
    ]);
    expect([...draft.differing(news).keys()]).toEqual(['c']);
  });

  test('what the server worked out is shown, and kept with the work over a closed page', () => {
    const draft = new Draft();
    draft.fetched(PAIR, null);
    const result = new Map<string, ZoneShape | null>([
      ['a', zone('a', square(0, 0, 200))],
      ['b', null],
    ]);
    draft.do({ deed: 'merge', operations: [{ op: 'merge', ids: ['a', 'b'] }], result });
    draft.do(step({ op: 'move', moves: [{ from: [200, 0], to: [210, 0.1] }], zones: null }));
    draft.undo();
    const text = to_text({
      id: 'e1',
      was_sent: true,
      reason: 'r',
      decision: '',
      valid_from: '',
      work: draft.unsaved(),
    });
    const kept = of_text(text);
    const again = new Draft();
    if (kept) again.restore(kept.work);
    expect(again.ground.zone('b')).toBeNull();
    expect(again.base_revisions()).toEqual({ a: 1, b: 1 });
    expect(again.redo()).toBe(true);
    expect(ring_of_zone(again.ground, 'a')[1]).toEqual([210, 0.1]);
    expect([of_text('{'), of_text('{"form":1}'), of_text(null), of_text('[]')]).toEqual([null, null, null, null]);
  });
});

describe('snapping', () => {
  const ground = ground_of([...PAIR, zone('c', square(150, 50))]);
  const on = (at: Xy, reach_m = 5) => snap(ground, at, { reach_m });

  test('a vertex comes before a crossing, a crossing before an edge', () => {
    expect(on([99, 2])).toEqual({ at: [100, 0], on: 'vertex', edges: [] });
    expect(on([198, 52])).toMatchObject({ at: [200, 50], on: 'crossing' });
    expect(on([98, 40])).toMatchObject({ at: [100, 40], on: 'edge' });
    expect(on([98, 40]).edges).toHaveLength(1);
    expect(on([50, 50])).toEqual({ at: [50, 50], on: 'free', edges: [] });
  });

  test('a vertex on its way is not attracted by itself', () => {
    expect(snap(ground, [1, 1], { reach_m: 5, without: [0, 0] }).on).toBe('free');
  });

  test('a border is followed vertex by vertex, the shorter way or the other', () => {
    const ring: Ring = [
      [0, 0],
      [10, 0],
      [20, 1],
      [30, 0],
      [40, 0],
      [40, 40],
      [0, 40],
      [0, 0],
    ];
    const land = ground_of([zone('a', ring)]);
    const [from, to] = [snap(land, [10, 0], { reach_m: 1 }), snap(land, [35, 0.2], { reach_m: 1 })];
    expect(trace(land, from, to)).toEqual([
      [20, 1],
      [30, 0],
    ]);
    expect(trace(land, to, from)).toEqual([
      [30, 0],
      [20, 1],
    ]);
    expect(trace(land, from, to, true)).toEqual([
      [0, 0],
      [0, 40],
      [40, 40],
      [40, 0],
    ]);
    expect(trace(land, from, { at: [10, 10], on: 'free', edges: [] })).toEqual([]);
    const along = snap(land, [31, 0], { reach_m: 0.5 });
    expect(trace(land, along, snap(land, [37, 0], { reach_m: 0.5 }))).toEqual([]);
  });
});

describe('checks', () => {
  test('a bow tie crosses itself, a square does not', () => {
    expect(self_crossing([[square(0, 0)]])).toBeNull();
    expect(
      self_crossing([
        [
          [
            [0, 0],
            [10, 10],
            [10, 0],
            [0, 10],
            [0, 0],
          ],
        ],
      ]),
    ).toEqual([5, 5]);
    expect(
      self_crossing([
        [
          [
            [0, 0],
            [10, 0],
            [10, 10],
            [5, 0],
            [0, 10],
            [0, 0],
          ],
        ],
      ]),
    ).toEqual([5, 0]);
    expect(
      fault_of([
        [
          [0, 0],
          [1, 1],
          [0, 0],
        ],
      ])?.fault,
    ).toBe('too_few');
    expect(fault_of([square(0, 0), square(300, 300, 10)])?.fault).toBe('hole_outside');
    expect(fault_of([square(0, 0), square(10, 10, 10)])).toBeNull();
  });
});
