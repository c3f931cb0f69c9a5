// More of the planner's desk: a border torn and drawn to the neighbour again, a hole filled; two planners at once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { at_desk, in_draft, save, saved, serve_pairs, shared, vertices, type DeskServer } from './desk.ts';

let server: DeskServer;
before(async () => (server = await serve_pairs(2)));
after(() => server.end());

// In the middle of the window at zoom 15.5: the border that a pair shares, from (680, 270) to (680, 550).
const MIDDLE = 680;
const TOP = 270;
const WEST_FIELD = [550, 410] as const;

test('a border is torn apart and drawn to the neighbour again; land is cut out and filled', async () => {
  const { page, assert_clean, close } = await at_desk(server, 0);
  const click = async (x: number, y: number) => {
    await page.mouse.move(x, y, { steps: 2 });
    await page.mouse.click(x, y);
    await page.waitForTimeout(350);
  };
  const [was] = await server.shapes(['east-0']);
  await click(...WEST_FIELD);
  await page.getByRole('checkbox', { name: 'Ranh giới chung đi cùng nhau' }).uncheck();
  await page.mouse.move(MIDDLE, TOP);
  await page.mouse.down();
  await page.mouse.move(MIDDLE - 12, TOP + 2, { steps: 4 });
  await page.mouse.up();
  await in_draft(page, 'Dời đỉnh');
  await page.getByRole('button', { name: 'Kéo tới vùng bên' }).click();
  await page.getByRole('textbox', { name: /Kéo ranh giới tới/ }).fill('60');
  await page.getByRole('button', { name: 'Thực hiện' }).click();
  await in_draft(page, 'Kéo tới vùng bên');
  await page.getByRole('button', { name: 'Cắt bớt' }).click();
  for (const [x, y] of [
    [500, 350],
    [600, 350],
    [600, 450],
    [500, 450],
  ] as const)
    await click(x, y);
  await page.getByRole('button', { name: 'Xong' }).click();
  await in_draft(page, 'Cắt bớt đất');
  await page.getByRole('button', { name: 'Lấp khe hở' }).click();
  await click(550, 400);
  await in_draft(page, 'Lấp khe hở');
  await save(page, 'Chỉnh lại ranh giới');
  const [west, east] = await server.shapes(['west-0', 'east-0']);
  assert.equal(west?.polygons[0]?.length, 1, 'the hole is still there');
  assert.deepEqual(
    vertices(was).filter((vertex) => !vertices(east).includes(vertex)),
    [],
    'the neighbour lost a vertex',
  );
  assert.ok(shared(west, east).length >= 2, 'the border is torn');
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
