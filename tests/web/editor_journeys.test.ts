// More of the planner's desk: borders torn apart, drawn together and traced; holes and parts; a gap is made and filled; two
// planners at once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import {
  at_desk,
  in_draft,
  map_of,
  pick,
  press,
  save,
  saved,
  serve_pairs,
  shared,
  tab_to,
  vertices,
  type DeskServer,
} from './desk.ts';
import { drawn, OUT } from './harness.ts';

let server: DeskServer;
before(async () => (server = await serve_pairs(5)));
after(() => server.end());

// In the middle of the western field at zoom 15.5.
const WEST_FIELD = [550, 410] as const;

async function click(page: Page, x: number, y: number): Promise<void> {
  await page.mouse.move(x, y, { steps: 2 });
  await page.mouse.click(x, y);
  await page.waitForTimeout(350); // else two clicks are a double one
}

test('with the mouse a border is torn apart, put back, torn and drawn together again, traced, and a hole is left', async () => {
  const n = 2;
  const was = await server.shapes([`west-${n}`, `east-${n}`]);
  const { page, assert_clean, close } = await at_desk(server, n);
  await page.mouse.click(...WEST_FIELD);
  await page.getByRole('checkbox', { name: 'Ranh giới chung đi cùng nhau' }).uncheck();
  await page.mouse.move(680, 270);
  await page.mouse.down();
  await page.mouse.move(660, 285, { steps: 3 });
  await page.mouse.move(665, 270, { steps: 3 });
  await page.mouse.up();
  await in_draft(page, 'Dời đỉnh');
  // The neighbour stays: it is not among what changes.
  const touched = page.locator('.steps');
  assert.equal(await touched.getByText('Đồng Đông').count(), 0);
  await page.getByRole('button', { name: 'Hoàn tác' }).click();
  await page.locator('.steps li').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Làm lại' }).click();
  await in_draft(page, 'Dời đỉnh');
  await page.screenshot({ path: `${OUT}edit-torn.png` });
  await page.getByRole('button', { name: 'Kéo tới vùng bên' }).click();
  await page.getByRole('textbox', { name: /hẹp hơn/ }).fill('30');
  await page.getByRole('button', { name: 'Thực hiện' }).click();
  await in_draft(page, 'Kéo tới vùng bên');
  await page.screenshot({ path: `${OUT}edit-extended.png` });
  // Around the corner of the eastern field: the corner itself is taken over.
  await page.getByRole('button', { name: 'Vẽ vùng' }).click();
  for (const [x, y] of [
    [944, 400],
    [800, 270],
    [800, 130],
    [1060, 130],
    [1060, 400],
    [944, 400],
  ] as const)
    await click(page, x, y);
  await page.getByRole('heading', { name: 'Vùng mới vẽ' }).waitFor();
  await page.getByRole('button', { name: 'Khoét một lỗ' }).click();
  for (const [x, y] of [
    [965, 160],
    [1030, 160],
    [1030, 230],
    [965, 230],
  ] as const)
    await click(page, x, y);
  await page.getByRole('button', { name: 'Xong' }).click();
  await page.getByRole('combobox', { name: 'Loại' }).selectOption('rice');
  await page.getByRole('textbox', { name: 'Tên' }).fill('Đồng Góc');
  await page.getByRole('button', { name: 'Thêm vùng này' }).click();
  await drawn(page);
  await page.screenshot({ path: `${OUT}edit-traced.png` });
  await save(page, 'Chỉnh ranh giới');
  const [west, east] = await server.shapes([`west-${n}`, `east-${n}`]);
  const made = (await server.shapes_in_pair(n)).find((zone) => zone.properties.name === 'Đồng Góc');
  assert.ok(west && east && was[0] && was[1]);
  assert.ok(Math.abs(west.area_m2 - was[0].area_m2) < 500, `${west.area_m2} m² of ${was[0].area_m2} m²`);
  assert.ok(shared(west, east).length >= 2, 'the border is torn still');
  assert.ok(Math.abs(east.area_m2 - was[1].area_m2) < 1, 'vertices on its border lie within a millimetre');
  assert.equal(shared(made, east).length, 3, 'two places on the border, and the corner between them');
  assert.equal(made?.polygons[0]?.length, 2, 'there is no hole');
  assert_clean();
  await close();
});

test('with keys a border is torn apart and drawn together again', async () => {
  const n = 3;
  const [was] = await server.shapes([`east-${n}`]);
  const { page, assert_clean, close } = await at_desk(server, n);
  await pick(page, `Đồng Đông ${n}`);
  await tab_to(page, /^Ranh giới chung đi cùng nhau/, 'Shift+Tab');
  await press(page, 'Space');
  await map_of(page).focus();
  await press(page, 'Tab');
  await press(page, 'Shift+ArrowRight', 6);
  await press(page, 'Enter');
  await in_draft(page, 'Dời đỉnh');
  await tab_to(page, /^Kéo tới vùng bên$/);
  await press(page, 'Enter');
  await tab_to(page, /hẹp hơn/);
  await press(page, 'Control+a');
  await page.keyboard.type('20,5');
  await press(page, 'Enter');
  await in_draft(page, 'Kéo tới vùng bên');
  await tab_to(page, /^Lý do/);
  await page.keyboard.type('Thử');
  await press(page, 'Enter');
  await saved(page);
  const [west, east] = await server.shapes([`west-${n}`, `east-${n}`]);
  assert.ok(was && east && Math.abs(east.area_m2 - was.area_m2) < 50, `${east?.area_m2} m² of ${was?.area_m2} m²`);
  assert.ok(shared(west, east).length >= 2, 'the border is torn still');
  assert_clean();
  await close();
});

test('land is cut out of one part of a zone of two, and the other part stays as it is, bit for bit', async () => {
  const n = 4;
  const { page, assert_clean, close } = await at_desk(server, n);
  const session = (await (await page.request.get(`${server.address}/api/v1/session`)).json()) as { csrf: string };
  const [west] = await server.shapes([`west-${n}`]);
  const ring = west?.polygons[0]?.[0] ?? [];
  const north = ring.map(([x, y]) => [x, y + 500]);
  const edit = {
    id: `parts-${Date.now()}`,
    reason: 'Thêm một phần',
    base: { [`west-${n}`]: west?.revision },
    operations: [{ op: 'put', id: `west-${n}`, polygons: [[ring], [north]] }],
  };
  const sent = await page.request.post(`${server.address}/api/v1/edits`, {
    data: edit,
    headers: { 'x-csrf-token': session.csrf },
  });
  assert.ok(sent.ok(), await sent.text());
  await page.mouse.click(...WEST_FIELD);
  await page.getByRole('list', { name: 'Đang chọn 1 vùng' }).getByText('8 đỉnh').waitFor();
  await page.getByRole('button', { name: 'Cắt bớt' }).click();
  for (const [x, y] of [
    [500, 350],
    [600, 350],
    [600, 450],
    [500, 450],
  ] as const)
    await click(page, x, y);
  await page.getByRole('button', { name: 'Xong' }).click();
  await in_draft(page, 'Cắt bớt đất');
  await drawn(page);
  await page.screenshot({ path: `${OUT}edit-parts.png` });
  await save(page, 'Làm ao');
  const [now] = await server.shapes([`west-${n}`]);
  assert.deepEqual(now?.polygons.map((polygon) => polygon.length).sort(), [1, 2]);
  const whole = { ...now, polygons: now?.polygons.filter((polygon) => polygon.length === 1) } as typeof now;
  assert.deepEqual(new Set(vertices(whole)), new Set(north.map(([x, y]) => `${x} ${y}`)));
  assert_clean();
  await close();
});

test('land is cut out of a zone and the gap filled again', async () => {
  const { page, assert_clean, close } = await at_desk(server, 0);
  const [was] = await server.shapes(['west-0']);
  await click(page, ...WEST_FIELD);
  await page.getByRole('button', { name: 'Cắt bớt' }).click();
  for (const [x, y] of [
    [500, 350],
    [600, 350],
    [600, 450],
    [500, 450],
  ] as const)
    await click(page, x, y);
  await page.getByRole('button', { name: 'Xong' }).click();
  await in_draft(page, 'Cắt bớt đất');
  await page.getByRole('button', { name: 'Lấp khe hở' }).click();
  await click(page, 550, 400);
  await in_draft(page, 'Lấp khe hở');
  await save(page, 'Chỉnh lại ranh giới');
  const [west] = await server.shapes(['west-0']);
  assert.equal(west?.polygons[0]?.length, 1, 'the hole is still there');
  assert.ok(Math.abs(west.area_m2 - (was?.area_m2 ?? 0)) < 0.01);
  assert_clean();
  await close();
});

test('two planners at once: the second is told, takes theirs, and goes on from there', async () => {
  const first = await at_desk(server, 1);
  const second = await at_desk(server, 1, { expected: /409/ });
  const name = async ({ page }: typeof first, text: string) => {
    await page.mouse.click(...WEST_FIELD);
    await page.getByRole('button', { name: 'Thuộc tính' }).click();
    await page.getByRole('textbox', { name: 'Giống' }).fill(text);
    await page.getByRole('button', { name: 'Ghi vào bản nháp' }).click();
    await in_draft(page, 'Đổi thuộc tính');
  };
  await name(second, 'của người thứ hai');
  await name(first, 'của người thứ nhất');
  await save(first.page, 'Trước');
  await second.page.getByRole('heading', { name: /Có người vừa lưu/ }).waitFor();
  await second.page.getByRole('button', { name: 'Lấy bản của họ' }).click();
  await second.page.locator('.steps li').waitFor({ state: 'detached' });
  const variety = async () =>
    ((await server.shapes(['west-1']))[0]?.properties as unknown as { variety: string }).variety;
  assert.equal(await variety(), 'của người thứ nhất');
  await name(second, 'sau đó');
  await save(second.page, 'Sau');
  await saved(second.page);
  assert.equal(await variety(), 'sau đó');
  first.assert_clean();
  await first.close();
  await second.close();
});
