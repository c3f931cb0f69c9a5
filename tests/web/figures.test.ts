// The page of figures: what its tables say is what the API says, as chart, table and file, in every look, by keyboard.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  api,
  as_table,
  assert_shows,
  card,
  cells,
  columns,
  dialog,
  SAID,
  saved,
  settled,
  type Moved,
  type Summary,
  type Unit,
} from './figures_page.ts';
import { assert_accessible, drawn, link_of, LOOKS, OUT, PHONE_TOUCHED, run, serve, visit } from './harness.ts';
import { a_zone_with_losses } from './subjects.ts';

const HA = 1 / 10_000;
const PICTURES = fileURLToPath(new URL('../../docs/pictures/', import.meta.url));

test('what is held, lost and asked for is what the API says, to the last digit, and so are the files', async () => {
  const summary = await api<Summary>('/api/v1/summary');
  const { page, assert_clean, close } = await visit();
  await drawn(page);
  await page.getByRole('button', { name: SAID.vi.open }).press('Enter');
  await dialog(page).waitFor();
  assert.equal(link_of(page).get('figures'), 'all');
  await settled(page);
  const table = await as_table(page, 'held');
  const names = await columns(table);
  const at = (name: string) => names.indexOf(name);
  const rows = table.locator('tbody tr');
  assert.equal(await rows.count(), summary.kinds.length);
  for (const [i, kind] of summary.kinds.entries()) {
    const said = await cells(rows.nth(i));
    assert.equal(said[0], kind.name.vi);
    assert_shows(said[at('Số vùng')], kind.n_zones, 'vi', kind.kind);
    assert_shows(said[at('Diện tích (ha)')], kind.area_m2 * HA, 'vi', kind.kind);
    assert_shows(said[at('Giữ được (ha)')], kind.kept_m2 * HA, 'vi', kind.kind);
    assert_shows(said[at('Đã mất (ha)')], kind.lost_m2 * HA, 'vi', kind.kind);
    assert_shows(said[at('Phần mất')], (100 * kind.lost_m2) / kind.area_m2, 'vi', kind.kind);
    if (at('Chỉ tiêu (ha)') >= 0)
      assert_shows(said[at('Chỉ tiêu (ha)')], kind.target_m2 && kind.target_m2 * HA, 'vi', kind.kind);
  }
  const total = await cells(table.locator('tfoot tr'));
  assert_shows(total[at('Đã mất (ha)')], summary.totals.lost_m2 * HA, 'vi', 'total');
  assert_shows(total[at('Giữ được (ha)')], summary.totals.kept_m2 * HA, 'vi', 'total');

  const line = card(page, 'held').locator('footer');
  await line.getByText(`Năm ${summary.epoch}`).waitFor();
  await line.getByText(`bản số ${summary.revision}`).waitFor();
  if (summary.simulated) await line.getByText('mô phỏng').waitFor();
  const csv = (await saved(page, 'held', 'CSV')).toString('utf8').trim().split('\r\n');
  assert.ok(csv[0]?.startsWith('kind;n_zones;area_m2;kept_m2;lost_m2;'), csv[0]);
  assert.match(csv[0] ?? '', /;epoch;revision;date;source;filter;simulated$/);
  assert.equal(csv.length, 1 + summary.kinds.length);
  const first = summary.kinds[0];
  assert.ok(
    csv[1]?.includes(`;${String(first?.kept_m2).replace('.', ',')};${String(first?.lost_m2).replace('.', ',')};`),
  );
  await card(page, 'held').getByRole('button', { name: SAID.vi.chart, exact: true }).click();
  const svg = (await saved(page, 'held', 'SVG')).toString('utf8');
  assert.ok(
    svg.startsWith('<svg') &&
      svg.includes(first?.name.vi ?? '?') &&
      svg.includes(`Năm ${summary.epoch}`) &&
      svg.includes('đã mất'),
  );
  assert.doesNotMatch(svg, / class=| style=|var\(/, 'a picture stands alone');
  assert.equal((await saved(page, 'held', 'PNG')).subarray(1, 4).toString(), 'PNG');

  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'detached' });
  assert.equal(link_of(page).get('figures'), null);
  await page.goBack();
  await dialog(page).waitFor();
  assert_clean();
  await close();
});

test('losses by group, right and code, and by year from what became what, are what the API says', async () => {
  const summary = await api<Summary>('/api/v1/summary');
  const { page, assert_clean, close } = await visit('#figures=losses');
  await settled(page);
  const table = await as_table(page, 'losses');
  const order = ['unplanned', 'planned', 'permitted', 'farm_structure', 'legacy', 'unknown'];
  const rights = summary.rights.toSorted((a, b) => order.indexOf(a.right) - order.indexOf(b.right));
  for (const [by, sums] of [
    ['Nhóm đất', summary.groups],
    ['Căn cứ', rights],
    ['Mã đất', summary.codes],
  ] as const) {
    await card(page, 'losses').getByRole('button', { name: by, exact: true }).click();
    const n_words = by === 'Mã đất' ? 2 : 1;
    const rows = table.locator('tbody tr');
    assert.equal(await rows.count(), sums.length, by);
    const all_m2 = sums.reduce((sum, { area_m2 }) => sum + area_m2, 0);
    for (const [i, sum] of sums.slice(0, 20).entries()) {
      const said = await cells(rows.nth(i));
      const key = 'code' in sum ? sum.code : sum.name?.vi;
      assert.equal(said[0], key);
      assert_shows(said[n_words], sum.n_events, 'vi', `${by} ${key}`);
      assert_shows(said[n_words + 1], sum.area_m2 * HA, 'vi', `${by} ${key}`);
      assert_shows(said[n_words + 2], (100 * sum.area_m2) / all_m2, 'vi', `${by} ${key}`);
    }
  }

  const years = await as_table(page, 'years');
  const { epochs, loss_groups } = summary;
  assert.equal(await years.locator('tbody tr').count(), epochs.length - 1);
  for (const [i, to] of epochs.slice(1).entries()) {
    const from = epochs[i] ?? '';
    const { rows } = await api<Moved>(`/api/v1/transitions?from=${from}&to=${to}&by=group`);
    const is_lost = (group: string | null) => loss_groups.includes(group ?? '');
    const sum = (takes: (row: Moved['rows'][number]) => boolean) =>
      rows.filter(takes).reduce((all, { area_m2 }) => all + area_m2, 0);
    const said = await cells(years.locator('tbody tr').nth(i));
    assert.equal(said[0], `${from}–${to}`);
    const lost_m2 = sum((row) => is_lost(row.to) && !is_lost(row.from));
    const n_years = Number(to.slice(0, 4)) - Number(from.slice(0, 4));
    const names = await columns(years);
    for (const [place, group] of loss_groups.entries()) {
      const known = (row: Moved['rows'][number]) => row.from !== null && row.from !== 'unmapped' && !is_lost(row.from);
      assert_shows(said[2 + place], sum((row) => row.to === group && known(row)) * HA, 'vi', `${to} ${group}`);
    }
    assert_shows(said[names.indexOf('Mới mất (ha)')], lost_m2 * HA, 'vi', `${to} lost`);
    if (to.length === 4 && from.length === 4)
      assert_shows(said[names.indexOf('Mỗi năm (ha)')], (lost_m2 * HA) / n_years, 'vi', `${to} a year`);
    const back_m2 = sum((row) => is_lost(row.from) && row.to === 'none');
    assert_shows(said[names.indexOf('Trở lại (ha)')], back_m2 * HA, 'vi', `${to} back`);
  }
  assert_clean();
  await close();
});

test('fragmentation and supply are what the API says, each figure with what it means', async () => {
  const [figures, supply] = await Promise.all([
    api<{ rows: Record<string, number>[] }>('/api/v1/figures'),
    api<{ rows: { supply_t: number | null; demand: { t_per_year: number } | null; demand_share: number | null }[] }>(
      '/api/v1/supply',
    ),
  ]);
  const { page, assert_clean, close } = await visit('#figures=patches&lang=en');
  await settled(page);
  // The link leads to its card.
  await page.waitForFunction(() => document.activeElement?.id === 'figures-patches-title');
  await card(page, 'patches').getByText('A place of the zones taken at random').first().waitFor();
  const patches = await as_table(page, 'patches', 'en');
  const names = await columns(patches);
  const SHOWN: [string, string, number][] = [
    ['Left (ha)', 'remaining_m2', HA],
    ['Patches', 'n_patches', 1],
    ['Mean patch (ha)', 'mean_patch_m2', HA],
    ['Share of the largest patch', 'largest_patch_share', 100],
    ['Effective mesh (ha)', 'effective_mesh_m2', HA],
    ['Edge (m/ha)', 'edge_m_per_ha', 1],
    ['Core (ha)', 'core_m2', HA],
    ['Proximity', 'proximity', 1],
  ];
  for (const [i, row] of figures.rows.entries()) {
    const said = await cells(patches.locator('tbody tr').nth(i));
    for (const [name, key, scale] of SHOWN)
      assert_shows(said[names.indexOf(name)], (row[key] ?? NaN) * scale, 'en', `${name} of ${said[0]}`);
  }
  const header = patches.getByRole('columnheader', { name: 'Patches', exact: true });
  await header.getByRole('button').press('Enter');
  assert.equal(await header.getAttribute('aria-sort'), 'descending');
  const most = figures.rows.toSorted((a, b) => (b['n_patches'] ?? 0) - (a['n_patches'] ?? 0))[0];
  assert_shows(
    (await cells(patches.locator('tbody tr').first()))[names.indexOf('Patches')],
    most?.['n_patches'] ?? NaN,
    'en',
    'most patches',
  );

  const table = await as_table(page, 'supply', 'en');
  const of = await columns(table);
  for (const [i, row] of supply.rows.entries()) {
    const said = await cells(table.locator('tbody tr').nth(i));
    assert_shows(said[of.indexOf('Supply (t/year)')], row.supply_t, 'en', `supply of ${said[0]}`);
    if (of.includes('Demand (t/year)')) {
      assert_shows(said[of.indexOf('Demand (t/year)')], row.demand?.t_per_year ?? null, 'en', `demand for ${said[0]}`);
      assert_shows(
        said[of.indexOf('Met')],
        row.demand_share === null ? null : row.demand_share * 100,
        'en',
        `${said[0]} met`,
      );
    }
  }
  assert_clean();
  await close();
});

test('the page is of a commune, a kind and a year, and says which filters a card does not follow', async () => {
  const zone = await a_zone_with_losses();
  const epoch = (await api<Summary>('/api/v1/summary')).epochs.at(-2) ?? '';
  const query = `unit=${zone.unit.code}&kind=${zone.kind}&epoch=${epoch}&right=unplanned`;
  const summary = await api<Summary>(`/api/v1/summary?${query}`);
  const { page, assert_clean, close } = await visit(`#${query}&figures=all`);
  await settled(page);
  await card(page, 'years').getByText('không theo bộ lọc: căn cứ').waitFor();
  assert.equal(await card(page, 'held').getByText('không theo bộ lọc').count(), 0);
  await card(page, 'held').getByText('Chỉ tiêu là của cả thành phố').waitFor();
  await card(page, 'supply').getByText('Cầu là của cả thành phố, nên').waitFor();
  const table = await as_table(page, 'held');
  const [said, names] = [await cells(table.locator('tbody tr').first()), await columns(table)];
  assert_shows(said[names.indexOf('Đã mất (ha)')], summary.totals.lost_m2 * HA, 'vi', 'lost');
  assert_shows(said[names.indexOf('Giữ được (ha)')], summary.totals.kept_m2 * HA, 'vi', 'held');
  // The scope is chosen on the page as well.
  await dialog(page).getByRole('combobox', { name: 'Loại vùng' }).selectOption('');
  await page.waitForFunction(() => !location.hash.includes('kind='));
  await settled(page);
  const all = await api<Summary>(`/api/v1/summary?${query.replace(`kind=${zone.kind}&`, '')}`);
  assert.equal(await table.locator('tbody tr').count(), all.kinds.length);
  assert_clean();
  await close();
});

for (const [look, options] of [
  ['with keys', {}],
  ['by touch', PHONE_TOUCHED],
] as const) {
  test(`communes are ranked, and one that is chosen ${look} is where the map goes`, async () => {
    const { units } = await api<{ units: Unit[] }>('/api/v1/units');
    const ranked = units.filter(({ n_zones }) => n_zones > 0).sort((a, b) => b.lost_m2 - a.lost_m2);
    const { page, assert_clean, close } = await visit('#figures=communes&lang=en', options);
    await drawn(page);
    await settled(page);
    if (look === 'by touch') {
      await card(page, 'communes')
        .getByRole('button', { name: `Go to ${ranked[1]?.name} on the map` })
        .tap();
    } else {
      const table = await as_table(page, 'communes', 'en');
      assert.equal(await table.locator('tbody tr').count(), ranked.length);
      for (const [i, unit] of ranked.slice(0, 10).entries()) {
        const said = await cells(table.locator('tbody tr').nth(i));
        assert.deepEqual([said[0], said[1], said[8]], [String(i + 1), unit.name, unit.code]);
        assert_shows(said[2], unit.lost_m2 * HA, 'en', unit.name);
        assert_shows(said[3], unit.lost_share * 100, 'en', unit.name);
        assert_shows(said[4], unit.kept_m2 * HA, 'en', unit.name);
        assert_shows(said[5], unit.zones_area_m2 * HA, 'en', unit.name);
        assert_shows(said[7], unit.n_events, 'en', unit.name);
      }
      await table.getByRole('columnheader', { name: 'Share lost' }).getByRole('button').press('Enter');
      const by_share = ranked.toSorted((a, b) => b.lost_share - a.lost_share);
      assert_shows(
        (await cells(table.locator('tbody tr').first()))[3],
        (by_share[0]?.lost_share ?? NaN) * 100,
        'en',
        'most',
      );
      await table.getByRole('button', { name: `Go to ${ranked[1]?.name} on the map` }).press('Enter');
    }
    await dialog(page, 'en').waitFor({ state: 'detached' });
    await page.waitForFunction((code) => location.hash.includes(`unit=${code}`), ranked[1]?.code);
    assert.equal(link_of(page).get('figures'), null);
    await drawn(page);
    await page.goBack();
    await dialog(page, 'en').waitFor();
    assert.equal(link_of(page).get('unit'), null);
    assert_clean();
    await close();
  });
}

test('a card that fails says so alone, and comes when it is asked again', async () => {
  let fails = true;
  const { page, close } = await visit('#figures=supply&lang=en', {
    expected: /500/,
    prepare: (page) =>
      page.route('**/api/v1/supply*', (route) => (fails ? route.fulfill({ status: 500, json: {} }) : route.continue())),
  });
  await card(page, 'supply').getByRole('heading', { name: 'Not computed' }).waitFor();
  await card(page, 'held').locator('svg').first().waitFor();
  await assert_accessible(page, 'a card failed');
  fails = false;
  await card(page, 'supply').getByRole('button', { name: 'Try again' }).click();
  await card(page, 'supply').locator('svg').first().waitFor();
  await close();
});

test('without land use, communes or targets each card shows what it can and says what is missing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'farmzone-figures-'));
  const workspace = join(folder, 'w.gpkg');
  const ring = [105.8, 105.81].flatMap((x) => [20.9, 20.91].map((y) => [x, y]));
  const coordinates = [[ring[0], ring[2], ring[3], ring[1], ring[0]]];
  const zone = {
    type: 'Feature',
    properties: { kind: 'rice', name: 'Một' },
    geometry: { type: 'Polygon', coordinates },
  };
  await writeFile(join(folder, 'zones.geojson'), JSON.stringify({ type: 'FeatureCollection', features: [zone] }));
  run('init', workspace);
  run('import', workspace, join(folder, 'zones.geojson'), '--as', 'zones');
  const { address, child } = await serve(['serve', workspace]);
  const { page, assert_clean, close } = await visit('#figures=all&lang=en', { address });
  await settled(page);
  await card(page, 'held').getByText('farmzone targets').waitFor();
  await card(page, 'held').getByText('--as landuse').waitFor();
  await card(page, 'years').getByRole('heading', { name: 'What is lost is not known yet' }).waitFor();
  await card(page, 'losses').getByText('--as landuse').waitFor();
  await card(page, 'patches').locator('svg').first().waitFor();
  await card(page, 'supply')
    .getByText(/t of paddy/)
    .first()
    .waitFor();
  await card(page, 'communes').getByText('--as boundaries').waitFor();
  const held = await as_table(page, 'held', 'en');
  const names = await columns(held);
  assert.equal(
    (await cells(held.locator('tbody tr').first()))[names.indexOf('Lost (ha)')]?.trim(),
    '–',
    'unknown is not nought',
  );
  assert.doesNotMatch((await cells(held.locator('tfoot tr'))).join(' '), /%/, 'not even of all');
  await assert_accessible(page, 'nothing but zones');
  await page.screenshot({ path: `${OUT}figures-zones-alone.png` });
  assert_clean();
  await close();
  child.kill('SIGTERM');
  await rm(folder, { recursive: true });
});

test('a card that is still computed, a first year and a scope without zones say what they are', async () => {
  const { page, assert_clean, close } = await visit('#figures=all&lang=en', {
    prepare: (page) => page.route('**/api/v1/supply*', () => {}),
  });
  await card(page, 'supply').getByText('Computing…').waitFor();
  await card(page, 'communes').locator('svg').first().waitFor();
  await assert_accessible(page, 'a card is computed');
  const [first] = (await api<Summary>('/api/v1/summary')).epochs;
  await dialog(page, 'en')
    .getByRole('combobox', { name: 'Year' })
    .selectOption(first ?? '');
  await card(page, 'years').getByText(`${first} is the first year`).waitFor();
  const { units } = await api<{ units: Unit[] }>('/api/v1/units');
  const bare = units.find(({ n_zones }) => n_zones === 0);
  if (bare) {
    const unit = dialog(page, 'en').getByRole('combobox').first();
    await unit.fill(bare.name);
    await page.getByRole('option').filter({ hasText: bare.code }).click();
    await dialog(page, 'en').getByRole('heading', { name: 'No zones' }).waitFor();
    await assert_accessible(page, 'no zones');
    await dialog(page, 'en').getByRole('button', { name: 'Clear all filters' }).first().click();
    await card(page, 'held').locator('svg').first().waitFor();
  }
  assert_clean();
  await close();
});

for (const [look, options, lang] of LOOKS) {
  test(`the figures are within everyone’s reach: ${look}`, async () => {
    const { page, assert_clean, close } = await visit(`#figures=all&lang=${lang}`, options);
    await settled(page);
    await assert_accessible(page, `${look}: charts`);
    await page.screenshot({ path: `${OUT}figures-${look}.png` });
    if (look === 'desktop-light-vi') await page.screenshot({ path: `${PICTURES}figures.png` });
    for (const name of ['held', 'years', 'losses', 'patches', 'supply', 'communes']) {
      await card(page, name).scrollIntoViewIfNeeded();
      await page.screenshot({ path: `${OUT}figures-${look}-${name}.png` });
      await as_table(page, name, lang);
    }
    const said = SAID[lang];
    await card(page, 'patches').getByText(said.method).click();
    await card(page, 'patches').getByText(said.sure).click();
    await card(page, 'patches').getByText(said.sure).scrollIntoViewIfNeeded();
    await assert_accessible(page, `${look}: tables`);
    await page.screenshot({ path: `${OUT}figures-${look}-tables.png` });
    // Nothing is wider than the window but what scrolls by itself.
    assert.ok(
      await page.evaluate(() => document.querySelector('dialog')!.scrollWidth <= innerWidth),
      `${look}: too wide`,
    );
    assert_clean();
    await close();
  });
}
