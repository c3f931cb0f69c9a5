// More of the planner's desk: a gap is made and filled; two planners at once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { at_desk, in_draft, save, saved, serve_pairs, type DeskServer } from './desk.ts';

let server: DeskServer;
before(async () => (server = await serve_pairs(2)));
after(() => server.end());

// In the middle of the western field at zoom 15.5.
const WEST_FIELD = [550, 410] as const;

test('land is cut out of a zone and the gap filled again', async () => {
  const { page, assert_clean, close } = await at_desk(server, 0);
  const [was] = await server.shapes(['west-0']);
  const click = async (x: number, y: number) => {
    await page.mouse.move(x, y, { steps: 2 });
    await page.mouse.click(x, y);
    await page.waitForTimeout(350);
  };
  await click(...WEST_FIELD);
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
