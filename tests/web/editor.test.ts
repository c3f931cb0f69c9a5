// The planner's desk: drawing a zone, moving a shared border, splitting by areas, each with the mouse and with keys; what
// is not saved survives; refusals, repairs and conflicts are shown.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  at_desk,
  enter,
  in_draft,
  map_of,
  pick,
  press,
  save,
  saved,
  serve_pairs,
  shared,
  sign_in,
  tab_to,
  vertices,
  type DeskServer,
} from './desk.ts';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { assert_accessible, drawn, OUT, PHONE } from './harness.ts';

let server: DeskServer;
before(async () => {
  server = await serve_pairs(15);
  mkdirSync(PICTURES, { recursive: true });
});
after(() => server.end());

const PICTURES = fileURLToPath(new URL('../../docs/pictures/', import.meta.url));

// In the middle of the window at zoom 15.5: the border that a pair shares, from (680, 270) to (680, 550).
const MIDDLE = 680;
const [TOP, BOTTOM] = [270, 550];
const WEST_FIELD = [550, 410] as const;

test('a zone is drawn with the mouse along its neighbours, whose vertices it takes over', async () => {
  const { page, assert_clean, close } = await at_desk(server, 0);
  await page.getByRole('button', { name: 'Vẽ vùng' }).click();
  for (const [x, y] of [
    [419, TOP + 1],
    [MIDDLE - 2, TOP + 2],
    [MIDDLE, 140],
    [417, 140],
    [418, TOP - 1],
  ] as const) {
    await page.mouse.move(x - 20, y - 20);
    await page.mouse.move(x, y, { steps: 3 });
    await page.mouse.click(x, y);
    await page.waitForTimeout(350); // else two clicks are a double one
  }
  await page.getByRole('heading', { name: 'Vùng mới vẽ' }).waitFor();
  await page.getByRole('combobox', { name: 'Loại' }).selectOption('rice');
  await page.getByRole('textbox', { name: 'Tên' }).fill('Đồng Bắc');
  await drawn(page);
  await page.screenshot({ path: `${PICTURES}planning-draw.png` });
  await page.getByRole('button', { name: 'Thêm vùng này' }).click();
  await save(page, 'Mở rộng vùng lúa');
  const zones = await server.shapes_in_pair(0);
  const made = zones.find((zone) => zone.properties.name === 'Đồng Bắc');
  const west = zones.find((zone) => zone.id === 'west-0');
  assert.ok(made, 'the zone is not on the server');
  assert.equal(shared(made, west).length, 2);
  assert_clean();
  await close();
});

test('a zone is drawn with keys alone', async () => {
  const { page, assert_clean, close } = await at_desk(server, 1);
  await tab_to(page, /^Vẽ vùng$/);
  await press(page, 'Enter');
  await map_of(page).focus();
  await press(page, 'ArrowRight', 16);
  await press(page, 'Enter');
  await press(page, 'ArrowRight', 8);
  await press(page, 'Enter');
  await press(page, 'Shift+ArrowUp', 90);
  await press(page, 'Enter');
  await press(page, 'Enter');
  await page.getByRole('heading', { name: 'Vùng mới vẽ' }).waitFor();
  await tab_to(page, /^Loại/);
  await press(page, 'ArrowDown');
  await tab_to(page, /^Tên/);
  await page.keyboard.type('Bằng phím');
  await press(page, 'Enter');
  await in_draft(page, 'Vẽ vùng mới');
  await tab_to(page, /^Lý do/);
  await page.keyboard.type('Thử');
  await press(page, 'Enter');
  await saved(page);
  const made = (await server.shapes_in_pair(1)).find((zone) => zone.properties.name === 'Bằng phím');
  const [first, second, third] = made?.polygons[0]?.[0] ?? [];
  assert.ok(first && second && third, 'the zone is not on the server');
  const up = [first, second, third].map(([, y]) => y).sort((a, b) => a - b);
  // Ninety presses of a metre each, exactly.
  assert.ok(Math.abs((up[2] ?? 0) - (up[1] ?? 0) - 90) < 0.5 || Math.abs((up[2] ?? 0) - (up[0] ?? 0) - 90) < 0.5);
  assert_clean();
  await close();
});

test('a shared border is moved with the mouse: both neighbours follow, bit for bit', async () => {
  const was = await server.shapes(['west-2', 'east-2']);
  const common = shared(was[0], was[1]);
  assert.equal(common.length, 2);
  const { page, assert_clean, close } = await at_desk(server, 2);
  await page.mouse.click(...WEST_FIELD);
  await page.getByRole('list', { name: 'Đang chọn 1 vùng' }).getByText('Đồng Tây 2').waitFor();
  await page.mouse.move(MIDDLE, TOP);
  await page.mouse.down();
  await page.mouse.move(MIDDLE + 10, TOP + 20, { steps: 3 });
  await page.mouse.move(MIDDLE + 30, TOP + 40, { steps: 3 });
  await page.waitForTimeout(500);
  await page.screenshot({ path: `${PICTURES}planning-move.png` });
  await page.mouse.up();
  await in_draft(page, 'Dời đỉnh');
  await save(page, 'Chỉnh ranh giới');
  const [west, east] = await server.shapes(['west-2', 'east-2']);
  const now = shared(west, east);
  assert.equal(now.length, 2, 'the border is torn');
  assert.equal(now.filter((vertex) => common.includes(vertex)).length, 1, 'one end moved, the other stayed');
  const gone = common.find((vertex) => !now.includes(vertex)) ?? '';
  assert.ok(!vertices(west).includes(gone) && !vertices(east).includes(gone));
  // What was saved is undone by an edit of its own, and is as it was, bit for bit.
  await page.getByRole('button', { name: /^Hoàn tác lần lưu/ }).click();
  await page.getByRole('button', { name: /^Làm lại lần lưu/ }).waitFor();
  const back = await server.shapes(['west-2', 'east-2']);
  assert.deepEqual(back.map(vertices), was.map(vertices));
  assert_clean();
  await close();
});

test('a shared border is moved with keys: Tab to the vertex, arrows, Enter', async () => {
  const common = shared(...((await server.shapes(['west-3', 'east-3'])) as [never, never]));
  const { page, assert_clean, close } = await at_desk(server, 3);
  await pick(page, 'Đồng Đông 3');
  await page.getByRole('list', { name: 'Đang chọn 1 vùng' }).waitFor();
  await map_of(page).focus();
  await press(page, 'Tab');
  await press(page, 'Shift+ArrowRight', 7);
  await press(page, 'Enter');
  await in_draft(page, 'Dời đỉnh');
  await tab_to(page, /^Lý do/);
  await page.keyboard.type('Thử');
  await press(page, 'Enter');
  await saved(page);
  const [west, east] = await server.shapes(['west-3', 'east-3']);
  const now = shared(west, east);
  assert.equal(now.length, 2);
  const [from, to] = [common.find((v) => !now.includes(v)), now.find((v) => !common.includes(v))];
  const [[x0, y0], [x1, y1]] = [from, to].map((v) => (v ?? '').split(' ').map(Number)) as [number[], number[]];
  // Seven presses of a metre; everything else keeps its bits.
  assert.ok(Math.abs((x1 ?? 0) - (x0 ?? 0) - 7) < 1e-6);
  assert.equal(y1, y0);
  assert_clean();
  await close();
});

for (const how of ['mouse', 'keys'] as const) {
  test(`a zone is split by a list of areas: ${how}`, async () => {
    const n = how === 'mouse' ? 4 : 5;
    const [was] = await server.shapes([`west-${n}`]);
    assert.ok(was);
    const { page, assert_clean, close } = await at_desk(server, n);
    if (how === 'mouse') {
      await page.mouse.click(...WEST_FIELD);
      await page.getByRole('button', { name: 'Chia vùng' }).click();
      await page.getByRole('textbox', { name: /Diện tích từng phần/ }).fill('50.000\n30000,5');
      await page.getByRole('combobox', { name: 'Hướng xếp các phần' }).selectOption('90');
      await page.getByRole('button', { name: 'Thực hiện' }).click();
      await in_draft(page, 'Chia theo diện tích');
      await save(page, 'Giao cho ba hộ');
    } else {
      await pick(page, `Đồng Tây ${n}`);
      await tab_to(page, /^Chia vùng$/);
      await press(page, 'Enter');
      await tab_to(page, /Diện tích từng phần/);
      await page.keyboard.type('50.000\n30000,5');
      await tab_to(page, /^Thực hiện$/);
      await press(page, 'Enter');
      await in_draft(page, 'Chia theo diện tích');
      await tab_to(page, /^Lý do/);
      await page.keyboard.type('Giao cho ba hộ');
      await press(page, 'Enter');
      await saved(page);
    }
    const parts = (await server.shapes_in_pair(n)).filter((zone) => !zone.id.startsWith('east'));
    assert.equal(parts.length, 3);
    const areas = parts.map((part) => part.area_m2).sort((a, b) => b - a);
    for (const wanted of [50_000, 30_000.5])
      assert.ok(
        areas.some((area) => Math.abs(area - wanted) <= 0.01),
        `${areas}`,
      );
    assert.ok(Math.abs(areas.reduce((sum, area) => sum + area, 0) - was.area_m2) < 0.01);
    assert_clean();
    await close();
  });
}

test('what is not saved survives a closed tab, and is sent once over a lost network', async () => {
  const { page, assert_clean, close } = await at_desk(server, 6, {
    expected: /ERR_INTERNET_DISCONNECTED|Failed to load/,
  });
  await page.mouse.click(...WEST_FIELD);
  await page.mouse.move(MIDDLE, BOTTOM);
  await page.mouse.down();
  await page.mouse.move(MIDDLE - 20, BOTTOM - 30, { steps: 4 });
  await page.mouse.up();
  await in_draft(page, 'Dời đỉnh');
  await page.reload();
  await enter(page);
  await in_draft(page, 'Dời đỉnh');
  const revision = await server.revision();
  // The first answer is lost on its way: the server has the edit, the page does not know.
  let n_sent = 0;
  await page.route('**/api/v1/edits', async (route) => {
    n_sent += 1;
    if (n_sent > 1) return route.continue();
    await route.fetch();
    return route.abort('internetdisconnected');
  });
  await page.getByRole('textbox', { name: 'Lý do' }).fill('Mất mạng');
  await page.getByRole('button', { name: 'Lưu', exact: true }).click();
  await page.getByText('Mất kết nối khi đang lưu').waitFor();
  await saved(page);
  assert.equal(n_sent, 2);
  assert.equal(await server.revision(), revision + 1);
  assert_clean();
  await close();
});

test('a zone that overlaps is refused with place and area, and one click mends it', async () => {
  const { page, assert_clean, close } = await at_desk(server, 7, { expected: /422/ });
  await page.getByRole('button', { name: 'Vẽ vùng' }).click();
  for (const [x, y] of [
    [700, 300],
    [900, 300],
    [900, 160],
    [700, 160],
  ] as const) {
    await page.mouse.move(x, y, { steps: 2 });
    await page.mouse.click(x, y);
    await page.waitForTimeout(350);
  }
  await page.getByRole('button', { name: 'Xong' }).click();
  await page.getByRole('combobox', { name: 'Loại' }).selectOption('rice');
  await page.getByRole('button', { name: 'Thêm vùng này' }).click();
  await page.getByRole('textbox', { name: 'Lý do' }).fill('Chồng lấn');
  await page.getByRole('button', { name: 'Lưu', exact: true }).click();
  const refused = page.getByRole('region', { name: /^Chưa lưu được/ });
  await refused.getByText(/m²/).first().waitFor();
  await refused.getByRole('button', { name: 'Phóng đến chỗ này' }).first().waitFor();
  await refused.getByRole('group', { name: 'Cách sửa' }).first().getByRole('button').first().click();
  await refused.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Lưu', exact: true }).click();
  await saved(page);
  assert_clean();
  await close();
});

test('somebody else’s edit below ours is shown, and both ways on work', async () => {
  const { page, close } = await at_desk(server, 8, { expected: /409/ });
  await page.mouse.click(...WEST_FIELD);
  await page.mouse.move(MIDDLE, TOP);
  await page.mouse.down();
  await page.mouse.move(MIDDLE - 20, TOP + 40, { steps: 4 });
  await page.mouse.up();
  await in_draft(page, 'Dời đỉnh');
  const other = await at_desk(server, 8);
  await other.page.mouse.click(...WEST_FIELD);
  await other.page.getByRole('button', { name: 'Thuộc tính' }).click();
  await other.page.getByRole('textbox', { name: 'Giống' }).fill('J02');
  await other.page.getByRole('button', { name: 'Ghi vào bản nháp' }).click();
  await save(other.page, 'Đổi giống');
  await other.close();
  await page.getByRole('heading', { name: /Có người vừa lưu/ }).waitFor();
  await page.getByRole('button', { name: 'Đặt bước của tôi lên bản mới' }).click();
  await save(page, 'Chỉnh ranh giới');
  const [west] = await server.shapes(['west-8']);
  assert.equal((west?.properties as unknown as { variety: string }).variety, 'J02');
  await close();
});

test('who is not signed in is offered nothing to edit with', async () => {
  const { page, close } = await at_desk(server, 9);
  await page.context().clearCookies();
  await page.reload();
  await drawn(page);
  assert.equal(await page.getByRole('button', { name: 'Chỉnh sửa vùng' }).count(), 0);
  await sign_in(page, server.address);
  await page.reload();
  await page.getByRole('button', { name: 'Chỉnh sửa vùng' }).waitFor();
  await close();
});

const PHONE_TOUCHED = { viewport: PHONE, hasTouch: true, isMobile: true };
const LOOKS = [
  ['desktop-light-vi', {}, 'vi'],
  ['desktop-dark-en', { colorScheme: 'dark' as const }, 'en'],
  ['phone-light-en', PHONE_TOUCHED, 'en'],
  ['phone-dark-vi', { ...PHONE_TOUCHED, colorScheme: 'dark' as const }, 'vi'],
] as const;
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
    const n = 10 + i;
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
  const n = 14;
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
    const corner = { lon: 105.8, lat: 20.9 + 14 * 0.03 + 0.004 };
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
