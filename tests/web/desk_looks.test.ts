// The planner's desk in every look: nothing is out of anyone's reach, by keyboard, on a phone, in the dark.
import { mkdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { at_desk, in_draft, serve_pairs, type DeskServer } from './desk.ts';
import { assert_accessible, drawn, LOOKS, OUT, PHONE_TOUCHED } from './harness.ts';

const PICTURES = fileURLToPath(new URL('../../docs/pictures/', import.meta.url));

let server: DeskServer;
before(async () => {
  server = await serve_pairs(5);
  mkdirSync(PICTURES, { recursive: true });
});
after(() => server.end());

const SAID = {
  vi: {
    larger: 'Mở rộng bảng',
    in_view: 'Chọn vùng trong khung nhìn',
    select: 'Chọn',
    properties: 'Thuộc tính',
    until: 'Có giá trị đến',
    table: 'Bảng tọa độ',
    split: 'Chia vùng',
    areas: /Diện tích từng phần/,
    do_it: 'Thực hiện',
    draw: 'Vẽ vùng',
    by_table: 'Nhập tọa độ',
    check: 'Kiểm tra',
    kind: 'Loại',
    paste: 'Dán bảng từ Excel',
    read: 'Đọc bảng đã dán',
    apply: 'Ghi vào bản nháp',
    add: 'Thêm vùng này',
    refused: /^Chưa lưu được/,
    west: 'Đồng Tây',
  },
  en: {
    larger: 'Enlarge the sheet',
    in_view: 'Select a zone in view',
    select: 'Select',
    properties: 'Attributes',
    until: 'Valid until',
    table: 'Coordinates',
    split: 'Split',
    areas: /Area of each part/,
    do_it: 'Do it',
    draw: 'Draw a zone',
    by_table: 'Enter coordinates',
    check: 'Check',
    kind: 'Kind',
    paste: 'Paste a table',
    read: 'Read the pasted table',
    apply: 'Put into the draft',
    add: 'Add this zone',
    refused: /^Not saved/,
    west: 'Đồng Tây',
  },
};

LOOKS.forEach(([look, options, lang], i) => {
  test(`the desk is within everyone’s reach: ${look}`, async () => {
    const n = i;
    const words = SAID[lang];
    const { page, assert_clean, close } = await at_desk(server, n, { ...options, expected: /422/ }, { lang });
    const state = async (name: string) => {
      await drawn(page);
      await assert_accessible(page, `${look}: ${name}`);
      await page.screenshot({ path: `${OUT}desk-${look}-${name}.png` });
    };
    const button = (name: string) => page.getByRole('button', { name, exact: true });
    await state('entered');
    if ('viewport' in options) await button(words.larger).click();
    await page.getByRole('combobox', { name: words.in_view }).selectOption({ label: `${words.west} ${n}` });
    await button(words.select).click();
    await button(words.properties).click();
    await page.getByRole('textbox', { name: words.until }).fill('2027-13');
    await state('properties');
    await button(words.table).click();
    await page.getByRole('table').waitFor();
    await state('table');
    await button(words.split).click();
    await page.getByRole('textbox', { name: words.areas }).fill('60000\n40000');
    await state('split');
    await button(words.do_it).click();
    await page.locator('.steps li').first().waitFor();
    await state('draft');
    if (look === 'desktop-light-vi') await page.screenshot({ path: `${PICTURES}planning-split.png` });
    // Land of a neighbour, as a table from a spreadsheet: it is refused, with its repairs.
    const [east] = await server.shapes([`east-${n}`]);
    const [x0 = 0, y0 = 0] = east?.polygons[0]?.[0]?.[0] ?? [];
    const rows = [
      [50, 50],
      [50, 600],
      [300, 600],
      [300, 50],
    ].map(
      ([x = 0, y = 0], k) =>
        `${k + 1}\t${(y0 + y).toFixed(3).replace('.', ',')}\t${(x0 + x).toFixed(3).replace('.', ',')}`,
    );
    await button(words.draw).click();
    await button(words.by_table).click();
    await page.getByRole('textbox', { name: words.paste }).fill(['Điểm\tX\tY', ...rows].join('\n'));
    await state('pasting');
    await button(words.read).click();
    await button(words.apply).click();
    await page.getByRole('combobox', { name: words.kind }).selectOption('rice');
    await state('new');
    await button(words.add).click();
    await button(words.check).click();
    await page.getByRole('region', { name: words.refused }).waitFor();
    await state('refused');
    if (look === 'desktop-light-vi') await page.screenshot({ path: `${PICTURES}planning-refused.png` });
    assert_clean();
    await close();
  });
});

test('a finger moves a vertex', async () => {
  const n = 4;
  const { page, assert_clean, close } = await at_desk(server, n, PHONE_TOUCHED, { zoom: 14.5 });
  await page.getByRole('combobox', { name: SAID.vi.in_view }).selectOption({ label: `Đồng Tây ${n}` });
  await page.getByRole('button', { name: 'Chọn', exact: true }).click();
  await page.getByRole('button', { name: 'Phóng đến' }).click();
  await page
    .getByRole('button', { name: 'Thu gọn bảng' })
    .or(page.getByRole('button', { name: 'Mở rộng bảng' }))
    .waitFor();
  await page.waitForTimeout(600);
  await drawn(page);
  // The corner in the north-west, wherever the zone was brought to.
  const at = await page.evaluate(() => {
    const hash = new URLSearchParams(location.hash.slice(1)).get('map') ?? '';
    const [zoom = 0, lat = 0, lon = 0] = hash.split('/').map(Number);
    const world = 512 * 2 ** zoom;
    const y_of = (degrees: number) => (world * (1 - Math.asinh(Math.tan((degrees * Math.PI) / 180)) / Math.PI)) / 2;
    const corner = { lon: 105.8, lat: 20.9 + 4 * 0.03 + 0.004 };
    return {
      x: innerWidth / 2 + ((corner.lon - lon) / 360) * world,
      y: innerHeight / 2 + y_of(corner.lat) - y_of(lat),
    };
  });
  const client = await page.context().newCDPSession(page);
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', x: number, y: number) =>
    client.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x, y }] });
  await touch('touchStart', at.x, at.y);
  for (let step = 1; step <= 6; step += 1) await touch('touchMove', at.x + step * 5, at.y + step * 4);
  await touch('touchEnd', 0, 0);
  await in_draft(page, 'Dời đỉnh');
  await page.screenshot({ path: `${OUT}desk-touch.png` });
  assert_clean();
  await close();
});
