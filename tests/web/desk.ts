// A planner at the desk: a workspace of pairs of fields that share a border, an account, and what the server holds.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { drawn, run, run_typing, serve, visit, type Visit, type VisitOptions } from './harness.ts';

export type Xy = [number, number];
export interface Shape {
  id: string;
  revision: number;
  area_m2: number;
  polygons: Xy[][][];
  properties: { kind: string; name: string | null };
}

const SIDE = 0.004;
const WEST = 105.8;
const SOUTH = 20.9;
export const PASSWORD = 'a long enough password';
export const PLANNER = 'lan';
export const APPROVER = 'minh';

/** Where the pairs lie: far enough from each other that no two are in one view. */
const south_of = (n: number) => SOUTH + n * 0.03;

/** Latitude and longitude of the middle of a pair, as a link has them. */
export const place_of = (n: number) => `${south_of(n) + SIDE / 2}/${WEST + SIDE}`;

function square(x: number, y: number): Xy[] {
  // Both neighbours name their common corners by the same numbers.
  const [left, right, low, high] = [x, x + 1, y, y + SIDE].map((v, i) => (i < 2 ? WEST + SIDE * v : v)) as [
    number,
    number,
    number,
    number,
  ];
  return [
    [left, low],
    [right, low],
    [right, high],
    [left, high],
    [left, low],
  ];
}

export interface DeskServer {
  address: string;
  shapes(ids: string[]): Promise<Shape[]>;
  shapes_in_pair(n: number): Promise<Shape[]>;
  revision(): Promise<number>;
  /** Brings a file's layer into the workspace, with more arguments for the command. */
  import_file(name: string, content: string, ...args: string[]): Promise<void>;
  /** Another account, with the planner's password. */
  add_user(name: string, role: string): void;
  end(): Promise<void>;
}

/** Serves `n_pairs` pairs of fields, named `west-0`, `east-0` and so on. */
export async function serve_pairs(n_pairs: number): Promise<DeskServer> {
  const dir = await mkdtemp(join(tmpdir(), 'farmzone-desk-'));
  const workspace = join(dir, 'w.gpkg');
  const features = Array.from({ length: n_pairs }, (_, n) =>
    ['west', 'east'].map((side, i) => ({
      type: 'Feature',
      properties: { id: `${side}-${n}`, kind: 'rice', name: `${side === 'west' ? 'Đồng Tây' : 'Đồng Đông'} ${n}` },
      geometry: { type: 'Polygon', coordinates: [square(i, south_of(n))] },
    })),
  ).flat();
  const file = join(dir, 'zones.geojson');
  await writeFile(file, JSON.stringify({ type: 'FeatureCollection', features }));
  run('init', workspace, '--crs', 'EPSG:5897');
  run('import', workspace, file, '--as', 'zones');
  for (const [name, role] of [
    [PLANNER, 'planner'],
    [APPROVER, 'approver'],
  ] as const)
    run_typing(`${PASSWORD}\n`, 'user', 'add', workspace, name, '--role', role, '--password-stdin');
  const { address, child } = await serve(['serve', workspace]);
  const shapes_by = async (query: string): Promise<Shape[]> => {
    const answer = await fetch(`${address}/api/v1/zones/shapes?${query}`);
    assert.ok(answer.ok, `${query}: ${answer.status}`);
    return ((await answer.json()) as { zones: Shape[] }).zones;
  };
  return {
    address,
    shapes: (ids) => shapes_by(`id=${ids.join(',')}`),
    shapes_in_pair: (n) => shapes_by(`bbox=105.79,${south_of(n) - 0.01},105.83,${south_of(n) + 0.014}`),
    revision: async () => {
      const answer = await fetch(`${address}/api/v1/summary`);
      return ((await answer.json()) as { revision: number }).revision;
    },
    import_file: async (name, content, ...args) => {
      await writeFile(join(dir, name), content);
      run('import', workspace, join(dir, name), ...args);
    },
    add_user: (name, role) =>
      void run_typing(`${PASSWORD}\n`, 'user', 'add', workspace, name, '--role', role, '--password-stdin'),
    end: async () => {
      child.kill('SIGTERM');
      await rm(dir, { recursive: true });
    },
  };
}

/** Signs a page in, as the planner where no other name is given. */
export const sign_in = async (page: Page, address: string, name = PLANNER): Promise<void> => {
  const data = { name, password: PASSWORD };
  const answer = await page.request.post(`${address}/api/v1/session`, { data });
  assert.ok(answer.ok(), `sign in: ${answer.status()} ${await answer.text()}`);
};

export const WORDS = {
  vi: { enter: 'Chỉnh sửa vùng', loaded: /Có ranh giới của \d/, tools: 'Công cụ' },
  en: { enter: 'Edit zones', loaded: /borders of \d/, tools: 'Tools' },
};

/** The desk, entered, with pair `n` in the middle of the map and its borders here. */
export async function at_desk(
  server: DeskServer,
  n: number,
  options: VisitOptions = {},
  { zoom = 15.5, lang = 'vi' as 'vi' | 'en' } = {},
): Promise<Visit> {
  const { prepare, ...rest } = options;
  const made = await visit(`#map=${zoom}/${place_of(n)}&lang=${lang}`, {
    address: server.address,
    ...rest,
    prepare: async (page) => {
      await sign_in(page, server.address);
      await prepare?.(page);
    },
  });
  await enter(made.page, lang);
  return made;
}

export async function enter(page: Page, lang: 'vi' | 'en' = 'vi'): Promise<void> {
  await page.getByRole('button', { name: WORDS[lang].enter, exact: true }).click();
  await page.getByRole('toolbar', { name: WORDS[lang].tools }).waitFor();
  await page.getByText(WORDS[lang].loaded).waitFor();
  await drawn(page);
}

/** Goes on with Tab until something of that name has the focus: what cannot be reached so is out of reach for keys. */
export async function tab_to(page: Page, name: RegExp, key = 'Tab'): Promise<void> {
  const seen: string[] = [];
  for (let i = 0; i < 120; i += 1) {
    await page.keyboard.press(key);
    const at = await page.evaluate(() => {
      const element = document.activeElement;
      if (!(element instanceof HTMLElement)) return '';
      const labels = 'labels' in element ? [...((element as HTMLInputElement).labels ?? [])] : [];
      return (element.getAttribute('aria-label') ?? labels[0]?.innerText ?? element.innerText ?? '').trim();
    });
    if (name.test(at)) return;
    seen.push(at.slice(0, 30));
  }
  assert.fail(`${key} does not lead to ${name}: ${seen.join(' | ')}`);
}

export async function press(page: Page, key: string, times = 1): Promise<void> {
  for (let i = 0; i < times; i += 1) await page.keyboard.press(key);
}

export const map_of = (page: Page) => page.locator('.maplibregl-canvas');

export async function save(page: Page, reason: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Lý do' }).fill(reason);
  await page.getByRole('button', { name: 'Lưu', exact: true }).click();
  await saved(page);
}

export async function saved(page: Page): Promise<void> {
  await page.locator('#edit-save').getByText('Đã lưu.').waitFor();
}

/** Waits until the list of unsaved changes has one of that name. */
export const in_draft = (page: Page, deed: string): Promise<void> =>
  page.locator('.steps').getByText(deed).first().waitFor();

/** Selects a zone with keys: by its name in the list of those in view. */
export async function pick(page: Page, name: string): Promise<void> {
  await tab_to(page, /^Chọn vùng trong khung nhìn/);
  const chosen = page.getByRole('combobox', { name: 'Chọn vùng trong khung nhìn' }).locator('option:checked');
  for (let i = 0; i < 50 && (await chosen.innerText()) !== name; i += 1) await page.keyboard.press('ArrowDown');
  await tab_to(page, /^Chọn$/);
  await page.keyboard.press('Enter');
  await page.getByRole('list', { name: 'Đang chọn 1 vùng' }).getByText(name).waitFor();
}

export const vertices = (shape: Shape | undefined): string[] => {
  assert.ok(shape, 'no such zone');
  return shape.polygons.flat(2).map(([x, y]) => `${x} ${y}`);
};

/** Vertices that both zones have, with the very same bits, each once. */
export function shared(a: Shape | undefined, b: Shape | undefined): string[] {
  const of_b = new Set(vertices(b));
  return [...new Set(vertices(a))].filter((vertex) => of_b.has(vertex)).sort();
}

/** As the planner: a plan in which one zone is edited, over HTTP. */
export async function plan_of(
  page: Page,
  server: DeskServer,
  name: string,
  zone: string,
  operation: object,
): Promise<string> {
  const session = (await (await page.request.get(`${server.address}/api/v1/session`)).json()) as { csrf: string };
  const headers = { 'x-csrf-token': session.csrf };
  const post = async (path: string, data: unknown) => {
    const answer = await page.request.post(`${server.address}/api/v1/plans${path}`, { data, headers });
    assert.ok(answer.ok(), `${path}: ${answer.status()} ${await answer.text()}`);
    return (await answer.json()) as { id: string };
  };
  const { id } = await post('', { id: null, name, note: '' });
  const [shape] = await server.shapes([zone]);
  const operations = [{ id: zone, ...operation }];
  const base = { [zone]: shape?.revision };
  await post(`/${id}/edits`, { id: `e-${zone}-${Date.now()}`, reason: name, base, operations });
  return id;
}

/** The same, in which the field in the west is split. */
export const plan_of_split = (page: Page, server: DeskServer, n: number, name: string): Promise<string> =>
  plan_of(page, server, name, `west-${n}`, { op: 'split', areas_m2: [60_000] });
