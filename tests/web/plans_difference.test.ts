// Two plans compared as a difference: the map draws what differs and nothing else, the table names each zone, the
// spreadsheet holds them; with the mouse and with keys alone.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { inflateRawSync } from 'node:zlib';
import type { Download, Page } from 'playwright-core';
import {
  place_of,
  plan_of,
  plan_of_split,
  PLANNER,
  press,
  serve_pairs,
  sign_in,
  tab_to,
  type DeskServer,
} from './desk.ts';
import { drawn, OUT, visit, type Visit } from './harness.ts';

let server: DeskServer;
before(async () => {
  server = await serve_pairs(2);
});
after(() => server.end());

/** As the legend has them in the light theme. */
const INKS = { made: [0x14, 0x64, 0xa5], removed: [0xc8, 0x28, 0x3b], changed: [0x7a, 0x4f, 0x00] } as const;
type Inked = Record<keyof typeof INKS, boolean>;
const UNTOUCHED: Inked = { made: false, removed: false, changed: false };
/** Inside the field in the west, beside the card. */
const FIELD = { x: 430, y: 290, width: 240, height: 240 };
/** On a screen of two pixels to one, signs are drawn in their full ink. */
const SHARP = { deviceScaleFactor: 2 };
const NEAR = 30;
const LEAST_PIXELS = 200;

const button = (page: Page, name: string | RegExp) =>
  page.getByRole('button', { name, exact: typeof name === 'string' });
const side = (page: Page, name: 'A' | 'B') => page.getByRole('combobox', { name: `Bên ${name}` });

/** Which signs of the difference the map draws on the field in the west. */
async function inked(page: Page): Promise<Inked> {
  const png = await page.screenshot({ clip: FIELD });
  const n_of = await page.evaluate(
    async ({ bytes, inks, near }) => {
      const picture = await createImageBitmap(new Blob([new Uint8Array(bytes)], { type: 'image/png' }));
      const context = new OffscreenCanvas(picture.width, picture.height).getContext('2d');
      context?.drawImage(picture, 0, 0);
      const data = context?.getImageData(0, 0, picture.width, picture.height).data ?? new Uint8ClampedArray();
      return inks.map((ink) => {
        let n = 0;
        for (let i = 0; i < data.length; i += 4)
          n += Number(ink.every((wanted, k) => Math.abs(wanted - (data[i + k] ?? 0)) < near));
        return n;
      });
    },
    { bytes: [...png], inks: Object.values(INKS).map((ink) => [...ink]), near: NEAR },
  );
  const [made = 0, removed = 0, changed = 0] = n_of;
  return { made: made > LEAST_PIXELS, removed: removed > LEAST_PIXELS, changed: changed > LEAST_PIXELS };
}

/** Waits until the field shows these signs, and no others. */
async function shows(page: Page, signs: Partial<Inked>, what: string): Promise<void> {
  const wanted = { ...UNTOUCHED, ...signs };
  let seen = UNTOUCHED;
  for (let i = 0; i < 40; i += 1) {
    await drawn(page);
    seen = await inked(page);
    if (JSON.stringify(seen) === JSON.stringify(wanted)) return;
    await page.waitForTimeout(250);
  }
  assert.deepEqual(seen, wanted, what);
}

/** What the table says: of each zone its name and what became of it. */
const rows = (page: Page) => page.getByRole('table').locator('tbody th').allInnerTexts();

/** Waits until the table has so many zones, each of them with one of these words. */
async function tabled(page: Page, n: number, words: RegExp): Promise<void> {
  await page
    .getByRole('table')
    .locator('caption')
    .filter({ hasText: new RegExp(`^${n} vùng khác nhau`) })
    .waitFor();
  const said = await rows(page);
  assert.equal(said.length, n);
  for (const row of said) assert.match(row, words);
}

/** All text of a spreadsheet: a zip of parts (PKWARE appnote 4.3.12). */
async function text_of(download: Download): Promise<string> {
  const bytes = await readFile(await download.path());
  let text = '';
  for (let at = bytes.indexOf('PK\x01\x02'); at >= 0; at = bytes.indexOf('PK\x01\x02', at + 4)) {
    const [method, n_packed, local] = [
      bytes.readUInt16LE(at + 10),
      bytes.readUInt32LE(at + 20),
      bytes.readUInt32LE(at + 42),
    ];
    const begin = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const packed = bytes.subarray(begin, begin + n_packed);
    text += (method === 8 ? inflateRawSync(packed) : packed).toString('utf8');
  }
  return text;
}

/** A plan that splits the field in the west of pair `n` and another that does something else with it. */
async function two_plans(n: number, name: string, operation: object): Promise<Visit> {
  const made = await visit(`#map=15.5/${place_of(n)}&lang=vi`, {
    address: server.address,
    ...SHARP,
    prepare: async (page) => {
      await sign_in(page, server.address, PLANNER);
      await plan_of_split(page, server, n, `Chia đôi ${n}`);
      await plan_of(page, server, name, `west-${n}`, operation);
    },
  });
  await button(made.page, 'Kịch bản').waitFor();
  await drawn(made.page);
  return made;
}

test('two plans are compared as a difference with the mouse: the map, the table and the spreadsheet say the same', async () => {
  const n = 0;
  const { page, assert_clean, close } = await two_plans(n, 'Thôi trồng', { op: 'remove' });
  await button(page, 'Kịch bản').click();
  await button(page, new RegExp(`^Chia đôi ${n}`)).click();
  await button(page, 'So sánh').click();
  await tabled(page, 2, /Sửa|Thêm/);
  await shows(page, {}, 'nothing is marked before it is asked for');
  await button(page, 'Khác biệt').click();
  // The new zone lies on what the old one lost.
  await shows(page, { made: true }, 'the map against the plan');

  await side(page, 'A').selectOption('Thôi trồng');
  await tabled(page, 2, /Thêm/);
  await shows(page, { made: true }, 'the plan without the field against the one that splits it');
  await side(page, 'A').selectOption(`Chia đôi ${n}`);
  await page.getByText('Hãy chọn hai bên khác nhau.').waitFor();
  await shows(page, {}, 'a plan against itself');
  await side(page, 'B').selectOption('Thôi trồng');
  await tabled(page, 2, /Bỏ/);
  await page.screenshot({ path: `${OUT}plans-difference-two.png` });
  await shows(page, { removed: true }, 'the other way round');

  const row = page.getByRole('row', { name: new RegExp(`Đồng Tây ${n}`) }).first();
  await row.getByRole('button').click();
  await page.locator('tr.marked').waitFor();
  const downloading = page.waitForEvent('download');
  await page.getByRole('link', { name: /xlsx/ }).click();
  const download = await downloading;
  assert.equal(download.suggestedFilename(), 'changes.xlsx');
  const text = await text_of(download);
  for (const word of [`west-${n}`, 'removed', `Đồng Tây ${n}`])
    assert.ok(text.includes(word), `no ${word} in the spreadsheet`);
  assert.ok(!text.includes(`east-${n}`), 'a zone that is the same in both is in the spreadsheet');
  await button(page, 'Tắt').click();
  await shows(page, {}, 'switched off');
  assert_clean();
  await close();
});

test('two plans are compared as a difference with keys alone', async () => {
  const n = 1;
  const { page, assert_clean, close } = await two_plans(n, 'Trồng hoa', { op: 'put', properties: { kind: 'flowers' } });
  const press_on = async (name: RegExp) => {
    await tab_to(page, name);
    await press(page, 'Enter');
  };
  const choose = async (of: RegExp, name: string) => {
    await tab_to(page, of);
    const chosen = page.locator('select:focus option:checked');
    for (let i = 0; i < 10 && (await chosen.innerText()) !== name; i += 1) await press(page, 'ArrowDown');
    assert.equal(await chosen.innerText(), name);
  };
  await press_on(/^Kịch bản$/);
  await button(page, new RegExp(`^Chia đôi ${n}`)).waitFor();
  await press_on(new RegExp(`^Chia đôi ${n}`));
  await page.getByRole('heading', { name: `Chia đôi ${n}` }).waitFor();
  await press_on(/^So sánh$/);
  await tabled(page, 2, /Sửa|Thêm/);
  await choose(/^Bên A/, 'Trồng hoa');
  await tabled(page, 2, /Sửa · Hoa|Thêm/);
  await press_on(/^Khác biệt$/);
  await shows(page, { made: true, changed: true }, 'the plan with flowers against the one that splits it');
  await press_on(new RegExp(`^Đồng Tây ${n}`));
  await page.locator('tr.marked').waitFor();
  await tab_to(page, /xlsx/);
  const downloading = page.waitForEvent('download');
  await press(page, 'Enter');
  assert.ok((await text_of(await downloading)).includes(`west-${n}`));
  await tab_to(page, /^Tắt$/, 'Shift+Tab');
  await press(page, 'Enter');
  await shows(page, {}, 'switched off');
  assert_clean();
  await close();
});
