// A planner brings zones that were drawn elsewhere: a file dropped on the map or chosen with keys, looked at, kept or left.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { press, save, saved, serve_pairs, sign_in, tab_to, in_draft, type DeskServer } from './desk.ts';
import {
  bad_file,
  drawing,
  drop_on_map,
  fields_beside,
  old_font,
  swapped,
  table,
  taken_for_wgs84,
  zipped_shapefile,
  type Sent,
} from './files.ts';
import { assert_accessible, drawn, LOOKS, OUT, type Visit, type VisitOptions, visit } from './harness.ts';

const PICTURES = fileURLToPath(new URL('../../docs/pictures/', import.meta.url));

let server: DeskServer;
before(async () => {
  server = await serve_pairs(9);
  mkdirSync(PICTURES, { recursive: true });
});
after(() => server.end());

/** The map at pair `n`, with somebody who may edit. */
async function before_desk(n: number, options: VisitOptions = {}, lang = 'vi'): Promise<Visit> {
  const center = `${20.902 + n * 0.03}/105.804`;
  const made = await visit(`#map=14.6/${center}&lang=${lang}`, {
    address: server.address,
    ...options,
    prepare: (page) => sign_in(page, server.address),
  });
  await made.page.getByRole('button', { name: ADD[lang as 'vi' | 'en'], exact: true }).waitFor();
  await drawn(made.page);
  return made;
}

const ADD = { vi: 'Thêm tệp', en: 'Add a file' };
const select = (page: Page, name: string | RegExp) => page.getByRole('combobox', { name, exact: true });
const names_in = async (n: number) => (await server.shapes_in_pair(n)).map((zone) => zone.properties.name);

test('a file is dropped on the map, mapped, kept but for what stands in the way, and saved', async () => {
  const { page, assert_clean, close } = await before_desk(0, { expected: /422/ });
  await drop_on_map(page, [fields_beside(0)], async () => {
    await page.getByText('Thả tệp vào đây').waitFor();
    await page.screenshot({ path: `${OUT}file-dragging.png` });
  });
  await page.getByText('Cột nào là gì').waitFor();
  const keep = page.getByRole('button', { name: /^Giữ \d/ });
  assert.ok(await keep.isDisabled(), 'kept without a kind');
  await select(page, 'Loại').focus();
  await select(page, 'Loại').selectOption('loai');
  await select(page, /^Đất lạ/).waitFor();
  // Who maps with keys is where he was.
  assert.ok(await select(page, 'Loại').evaluate((element) => element === document.activeElement));
  await select(page, 'Tên').selectOption('ten');
  await select(page, /^Đất lạ/).selectOption('fruit');
  // What was in the file as markup is text.
  await page.getByRole('button', { name: 'Đồng <b>Bắc</b>' }).waitFor();
  await page.getByText('Các dòng không nhận').click();
  await page.getByText('dòng 5: là điểm, không phải vùng').waitFor();
  await page.getByText(/đường bao tự cắt, đã sửa/).waitFor();
  await page.getByRole('button', { name: 'Đồng Chồng' }).click();
  await page.getByRole('checkbox', { name: 'Lấy dòng 4' }).uncheck();
  await page.waitForTimeout(900);
  await page.getByRole('button', { name: 'Xem tất cả' }).click();
  await page.waitForTimeout(900);
  await drawn(page);
  await page.screenshot({ path: `${PICTURES}planning-file.png` });
  await keep.click();
  await in_draft(page, 'Thêm vùng từ tệp');
  await page.getByRole('region', { name: /^Chưa lưu được/ }).waitFor();
  await page.screenshot({ path: `${OUT}file-refused-overlap.png` });
  await page.getByRole('button', { name: 'Không thêm Đồng Chồng' }).first().click();
  await page.locator('#edit-save').getByText('Không thấy lỗi nào.').waitFor();
  assert.equal(await page.getByRole('textbox', { name: 'Lý do' }).inputValue(), 'Thêm vùng từ tệp vùng mới.geojson');
  await page.getByRole('button', { name: 'Lưu', exact: true }).click();
  await saved(page);
  const names = await names_in(0);
  assert.deepEqual(names.toSorted(), ['Đồng <b>Bắc</b>', 'Đồng Lạ', 'Đồng Tây 0', 'Đồng Đông 0'].toSorted());
  assert_clean();
  await close();
});

test('a zipped Shapefile in VN-2000 is chosen, mapped and kept with keys alone', async () => {
  const { page, assert_clean, close } = await before_desk(1);
  await tab_to(page, /^Thêm tệp$/);
  await press(page, 'Enter');
  await page.getByText('GeoPackage, Shapefile').waitFor();
  const chooser = page.waitForEvent('filechooser');
  await tab_to(page, /^Chọn tệp…$/);
  await press(page, 'Enter');
  await (await chooser).setFiles([await zipped_shapefile(1)]);
  await page.getByText('Cột nào là gì').waitFor();
  // Its columns are named as ours.
  await tab_to(page, /^Giữ 1 vùng$/);
  await press(page, 'Enter');
  await in_draft(page, 'Thêm vùng từ tệp');
  await page.locator('#edit-save').getByText('Không thấy lỗi nào.').waitFor();
  await tab_to(page, /^Lý do/);
  await page.keyboard.type(' (quyết định mới)');
  await press(page, 'Enter');
  await saved(page);
  const made = (await server.shapes_in_pair(1)).find((zone) => zone.properties.name === 'Vườn Nam');
  assert.ok(made, 'the zone is not on the server');
  assert.equal(made.properties.kind, 'fruit');
  // As it was drawn, and not 190 m beside it, where another datum would lie: about 312 m by 332 m.
  assert.ok(Math.abs(made.area_m2 - 312 * 332) < 3_000, `${made.area_m2} m²`);
  // What is there under an id is drawn anew, and stays the same zone.
  await drop_on_map(page, [await again(made.id)]);
  await page.getByText('Đã có vùng này trên bản đồ').waitFor();
  await page.getByRole('button', { name: 'Giữ 1 vùng' }).click();
  await page.locator('#edit-save').getByText('Không thấy lỗi nào.').waitFor();
  await save(page, 'Đo lại');
  const [now] = await server.shapes([made.id]);
  assert.ok(now && now.area_m2 < made.area_m2 && now.revision > made.revision, 'not drawn anew');
  assert_clean();
  await close();
});

/** A smaller field at the place of the Shapefile's, under the id that it got. */
async function again(id: string): Promise<Sent> {
  const south = 20.93 - 0.005;
  const ring = [
    [105.8, south],
    [105.802, south],
    [105.802, south + 0.002],
    [105.8, south + 0.002],
    [105.8, south],
  ];
  const geometry = { type: 'Polygon', coordinates: [ring] };
  const feature = { type: 'Feature', properties: { id, kind: 'fruit' }, geometry };
  const buffer = Buffer.from(JSON.stringify({ type: 'FeatureCollection', features: [feature] }));
  return { name: 'đo lại.json', mimeType: 'application/json', buffer };
}

test('what cannot be read is told, asked for or sent again, and left without a trace', async () => {
  const { page, assert_clean, close } = await before_desk(2, { expected: /415|422|401|ERR_INTERNET_DISCONNECTED/ });
  const before = await server.revision();
  const alert = page.getByRole('alert');
  await drop_on_map(page, [bad_file()]);
  await alert.getByText('Đây không phải tệp bản đồ').waitFor();
  await drop_on_map(page, [bad_file(), bad_file()]);
  await alert.getByText('Hãy thả từng tệp một').waitFor();
  await drop_on_map(page, [{ ...bad_file(), buffer: Buffer.alloc(0) }]);
  await alert.getByText('Tệp rỗng').waitFor();
  // It does not say its reference system: the planner does.
  await drop_on_map(page, [table(2)]);
  await alert.getByText('Tệp không cho biết hệ tọa độ').waitFor();
  await select(page, 'Hệ tọa độ của tệp').selectOption('EPSG:5899');
  await alert.getByText('Tọa độ trong tệp không thể').waitFor();
  await select(page, 'Hệ tọa độ của tệp').selectOption('EPSG:4326');
  await page.getByRole('button', { name: 'Giữ 1 vùng' }).waitFor();
  // The network is lost, and the session.
  await page.context().setOffline(true);
  await select(page, 'Hệ tọa độ của tệp').selectOption('EPSG:4756');
  await alert.getByText('Không gửi được').waitFor();
  await page.context().setOffline(false);
  await page.getByRole('button', { name: 'Thử lại' }).click();
  await page.getByRole('button', { name: 'Giữ 1 vùng' }).waitFor();
  await page.context().clearCookies();
  await select(page, 'Hệ tọa độ của tệp').selectOption('EPSG:4326');
  await alert.getByText('Phiên làm việc đã hết').waitFor();
  await page.getByRole('button', { name: 'Bỏ tệp này' }).click();
  await page.getByRole('toolbar', { name: 'Công cụ' }).waitFor();
  assert.equal(await page.locator('.steps li').count(), 0);
  assert.equal(await server.revision(), before);
  assert_clean();
  await close();
});

test('texts of a drawing become names and kinds, and the encoding of a table is chosen', async () => {
  const { page, assert_clean, close } = await before_desk(8, { expected: /422/ });
  await drop_on_map(page, [drawing(8)]);
  await page.getByRole('alert').getByText('Tệp không cho biết hệ tọa độ').waitFor();
  await select(page, 'Hệ tọa độ của tệp').selectOption('EPSG:4326');
  await page.getByText('Chữ trong bản vẽ chưa được lấy').waitFor();
  await select(page, 'Loại').selectOption({ label: 'chữ bên trong, trên lớp LOAI' });
  await page.getByText('Chữ trong bản vẽ đã được lấy').waitFor();
  await select(page, 'Tên').selectOption({ label: 'chữ bên trong, trên lớp SOTHUA' });
  await page.getByRole('button', { name: '153' }).waitFor();
  await select(page, 'Bảng mã chữ').selectOption('UTF-8');
  await page.getByText('ví dụ: Lúa · Rau an toàn').waitFor();
  await drawn(page);
  await assert_accessible(page, 'a drawing with texts');
  await page.screenshot({ path: `${OUT}file-drawing.png` });
  await page.getByRole('button', { name: 'Giữ 2 vùng' }).click();
  await page.locator('#edit-save').getByText('Không thấy lỗi nào.').waitFor();
  await save(page, 'Từ bản vẽ');
  const made = (await server.shapes_in_pair(8)).map(({ properties: { name, kind } }) => `${name} ${kind}`);
  assert.ok(made.includes('152 rice') && made.includes('153 safe_vegetables'), made.join(', '));

  await drop_on_map(page, [old_font(8)]);
  await select(page, 'Hệ tọa độ của tệp').selectOption('EPSG:4326');
  await select(page, 'Loại').selectOption('loai');
  await select(page, 'Tên').selectOption('ten');
  await select(page, /^Lóa/).waitFor();
  await select(page, 'Bảng mã chữ').selectOption('TCVN3');
  await page.getByRole('button', { name: 'Ruộng' }).waitFor();
  await select(page, /^Lóa/).waitFor({ state: 'detached' });
  await page.screenshot({ path: `${OUT}file-encoding.png` });
  await page.getByRole('button', { name: 'Bỏ tệp này' }).click();
  assert_clean();
  await close();
});

test('wrong coordinates are named with their metres, and set right by a click and never unasked', async () => {
  for (const [lang, said] of Object.entries({
    vi: {
      cost: /chưa chuyển giữa VN-2000 và WGS 84.*; lệch khoảng 22\d m/,
      why: /^3 vùng của tệp đã có trên bản đồ: hiện cách khoảng 22\d m, nếu sửa còn \d,\d\d m\.$/,
      correct: 'Sửa tọa độ như vậy',
      corrected: 'Đã sửa tọa độ theo ý bạn:',
      undo: 'Đọc lại như tệp ghi',
      refused: 'vừa khi đổi chỗ X và Y',
      keep: 'Giữ 1 vùng',
    },
    en: {
      cost: /the shift between VN-2000 and WGS 84 was left out.*; that is about 22\d m/,
      why: /^Zones of the file that are on the map already \(3\) lie 22\d m off, and \d\.\d\d m when set right\.$/,
      correct: 'Set the coordinates right',
      corrected: 'The coordinates were set right as you asked:',
      undo: 'Read it as the file says',
      refused: 'fit when X and Y are exchanged',
      keep: 'Keep zones (1)',
    },
  })) {
    const { page, assert_clean, close } = await before_desk(7, { expected: /422/ }, lang);
    const asked: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('/api/v1/drops')) asked.push(new URL(request.url()).searchParams.get('correct') ?? '');
    });
    await drop_on_map(page, [taken_for_wgs84([6, 7, 8])]);
    await page.getByText(said.cost).waitFor();
    await page.getByText(said.why).waitFor();
    await drawn(page);
    await assert_accessible(page, `mistake ${lang}`);
    await page.screenshot({ path: `${OUT}file-mistake-${lang}.png` });
    await page.getByRole('button', { name: said.correct }).click();
    await page.getByText(said.corrected).waitFor();
    await page.screenshot({ path: `${OUT}file-corrected-${lang}.png` });
    await page.getByRole('button', { name: said.undo }).click();
    await page.getByText(said.cost).waitFor();
    assert.deepEqual(asked, ['', 'no_datum_shift', '']);
    await drop_on_map(page, [swapped(7)]);
    await page.getByRole('alert').getByText(said.refused).waitFor();
    await page.screenshot({ path: `${OUT}file-swapped-${lang}.png` });
    await page.getByRole('button', { name: said.correct }).click();
    await page.getByRole('button', { name: said.keep }).waitFor();
    assert.deepEqual(asked.slice(3), ['', 'swap_axes']);
    assert_clean();
    await close();
  }
});

const SAID = {
  vi: {
    larger: 'Mở rộng bảng',
    mapping: 'Cột nào là gì',
    kind: 'Loại',
    name: 'Tên',
    no_map: 'Đây không phải tệp bản đồ',
    formats: 'Nhiều nhất 64 MB',
    more: 'Các thuộc tính khác',
  },
  en: {
    larger: 'Enlarge the sheet',
    mapping: 'Which column is what',
    kind: 'Kind',
    name: 'Name',
    no_map: 'This is no map file',
    formats: 'At most 64 MB',
    more: 'Other attributes',
  },
};

LOOKS.forEach(([look, options, lang], i) => {
  test(`a file in hand is within everyone’s reach: ${look}`, async () => {
    const n = 3 + i;
    const words = SAID[lang];
    const { page, assert_clean, close } = await before_desk(n, { ...options, expected: /415/ }, lang);
    const state = async (name: string) => {
      await drawn(page);
      await assert_accessible(page, `${look}: ${name}`);
      await page.screenshot({ path: `${OUT}file-${look}-${name}.png` });
    };
    if ('viewport' in options) await page.getByRole('button', { name: words.larger }).click();
    await page.getByRole('button', { name: ADD[lang], exact: true }).click();
    await page.getByText(words.formats).waitFor();
    await state('asking');
    const input = page.locator('input[type=file]');
    await input.setInputFiles(bad_file());
    await page.getByText(words.no_map).waitFor();
    await state('refused');
    await input.setInputFiles(fields_beside(n));
    await page.getByText(words.mapping).waitFor();
    await page.waitForTimeout(900);
    await state('unmapped');
    await select(page, words.kind).selectOption('loai');
    await select(page, words.name).selectOption('ten');
    await page.getByRole('button', { name: 'Đồng Lạ' }).click();
    await page.waitForTimeout(900);
    await state('mapped');
    await page.getByText(words.more).click();
    await page.getByRole('table').scrollIntoViewIfNeeded();
    await state('rows');
    assert_clean();
    await close();
  });
});
