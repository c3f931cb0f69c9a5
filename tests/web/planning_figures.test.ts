// Figures for planning: the table of the page is what the API says, sorted, as a file, in every look, by keyboard.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { api, assert_accessible, drawn, LOOKS, OUT, serving, visit } from './harness.ts';
import { a_zone_with_losses } from './subjects.ts';

interface Row {
  key: string;
  name: { vi: string; en: string } | string | null;
  remaining_m2: number;
  n_patches: number;
}

const PATIENT = { timeout: 120_000 };

/** A server that has just begun, and was built for debugging, takes longer than it lets anybody wait for an answer. */
async function rows_of_city(): Promise<Row[]> {
  const give_up = Date.now() + 600_000;
  for (;;) {
    const answer = await fetch(`${serving()}/api/v1/figures`);
    if (answer.ok) return ((await answer.json()) as { rows: Row[] }).rows;
    assert.ok(answer.status === 503 && Date.now() < give_up, `figures: ${answer.status}`);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  }
}

test('the table says what the API says, sorts by a column, and goes into a file', async () => {
  const rows = await rows_of_city();
  const { page, assert_clean, close } = await visit();
  await drawn(page);
  await page.getByRole('button', { name: 'Số liệu quy hoạch' }).press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Số liệu quy hoạch' });
  const body = dialog.getByRole('table').locator('tbody tr');
  await body.first().waitFor(PATIENT);
  const names = () => body.locator('th').allInnerTexts();
  const of_kind = (row: Row) => (typeof row.name === 'object' ? (row.name?.vi ?? '') : '');
  assert.deepEqual(await names(), rows.map(of_kind));
  const left = await dialog
    .getByRole('columnheader', { name: 'Còn lại (ha)' })
    .evaluate((th) => (th as HTMLTableCellElement).cellIndex);
  for (const [i, row] of rows.entries()) {
    const said = await body.nth(i).locator('th, td').nth(left).innerText();
    const [whole = '', decimals = ''] = said.split(',');
    const rounded = row.remaining_m2 / 10_000;
    assert.equal(`${whole.replaceAll('.', '')}.${decimals}`.replace(/\.$/, ''), rounded.toFixed(decimals.length));
  }
  const header = dialog.getByRole('columnheader', { name: 'Số mảnh' });
  await header.getByRole('button').press('Enter');
  assert.equal(await header.getAttribute('aria-sort'), 'descending');
  const by_patches = [...rows].sort((a, b) => b.n_patches - a.n_patches);
  assert.deepEqual(await names(), by_patches.map(of_kind));
  const saving = page.waitForEvent('download');
  await dialog.getByRole('button', { name: 'Tải bảng (CSV)' }).click();
  const table = await readFile(await (await saving).path(), 'utf8');
  assert.equal(table.trim().split('\r\n').length, rows.length + 1);
  assert.ok(table.includes(of_kind(rows[0] as Row)));
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  assert_clean();
  await close();
});

test('how sure the figures are: what was left out is told with its land and why, as the API has it', async () => {
  const left_out = await api<Record<string, number>>('/api/v1/summary');
  const { page, assert_clean, close } = await visit();
  await drawn(page);
  await page.getByRole('button', { name: 'Số liệu quy hoạch' }).click();
  const dialog = page.getByRole('dialog', { name: 'Số liệu quy hoạch' });
  await dialog.getByRole('table').waitFor(PATIENT);
  const told = dialog.locator('dl', { hasText: 'Đường đồng và mương' });
  assert.equal(await told.isVisible(), false, 'it is there before it is asked for');
  await dialog.getByText('Số liệu này chắc đến đâu').press('Enter');
  await told.waitFor();
  assert.equal(await told.locator('dt').count(), 6);
  const row = (name: string) => told.locator('div', { has: page.getByText(name, { exact: false }) }).locator('strong');
  for (const [name, key] of [
    ['Mảnh vụn', 'n_slivers'],
    ['Đường đồng và mương', 'n_tracks'],
    ['Mảnh chưa chắc', 'n_uncertain'],
  ] as const) {
    const n = left_out[key] ?? -1;
    const said = await row(name).innerText();
    if (n === 0) assert.equal(said, 'không có', name);
    else assert.equal(said.split(' mảnh')[0]?.replaceAll('.', ''), String(n), name);
  }
  if ((left_out['overlap_area_m2'] ?? 0) < 0.5) assert.equal(await row('Vẽ chồng lên nhau').innerText(), 'không có');
  await told.getByText('Không tính là mất').first().waitFor();
  assert_clean();
  await close();
});

for (const [look, options, lang] of LOOKS) {
  test(`the figures for planning are within everyone’s reach: ${look}`, async () => {
    const said = {
      vi: {
        open: 'Số liệu quy hoạch',
        unit: 'Xã, phường',
        method: 'Cách tính từng cột',
        sure: 'Số liệu này chắc đến đâu',
      },
      en: {
        open: 'Figures for planning',
        unit: 'A commune',
        method: 'How each column is computed',
        sure: 'How sure these figures are',
      },
    }[lang];
    const zone = await a_zone_with_losses();
    const { page, assert_clean, close } = await visit(`#unit=${zone.unit.code}&lang=${lang}`, options);
    await drawn(page);
    if ('viewport' in options)
      await page.getByRole('button', { name: lang === 'vi' ? 'Mở rộng bảng' : 'Enlarge the sheet' }).click();
    await page.getByRole('button', { name: said.open }).click();
    const dialog = page.getByRole('dialog', { name: said.open });
    const rows = dialog.getByRole('table').locator('tbody tr');
    await rows.first().waitFor(PATIENT);
    await assert_accessible(page, `${look}: by kind`);
    await page.screenshot({ path: `${OUT}planning-${look}-kind.png` });
    await dialog.getByRole('button', { name: said.unit, exact: true }).click();
    await rows.filter({ hasText: zone.unit.name }).first().waitFor(PATIENT);
    await dialog.getByText(said.method).click();
    await assert_accessible(page, `${look}: by commune`);
    await page.screenshot({ path: `${OUT}planning-${look}-unit.png` });
    await dialog.getByText(said.method).click();
    await dialog.getByText(said.sure).click();
    await dialog.locator('dl').last().scrollIntoViewIfNeeded();
    await assert_accessible(page, `${look}: how sure`);
    await page.screenshot({ path: `${OUT}planning-${look}-sure.png` });
    assert_clean();
    await close();
  });
}
