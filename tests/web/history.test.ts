// History: what became of a zone, on its card; the list of edits and undoing one; the map of another moment; what differs.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { serve_pairs, sign_in, tab_to, type DeskServer, type Shape } from './desk.ts';
import { drawn, link_of, visit, type Visit, type VisitOptions } from './harness.ts';
import { planner, type Planner } from './past.ts';

let server: DeskServer;
let lan: Planner;
before(async () => {
  server = await serve_pairs(8);
  lan = await planner(server);
});
after(() => server.end());

async function opened(
  hash: string,
  { signed_in = true, ...options }: VisitOptions & { signed_in?: boolean } = {},
): Promise<Visit> {
  return visit(hash, {
    address: server.address,
    ...options,
    prepare: async (page) => {
      if (signed_in) await sign_in(page, server.address);
      await options.prepare?.(page);
    },
  });
}

const unfold_versions = async (page: Page): Promise<void> => {
  await page.getByRole('button', { name: 'Các lần sửa vùng này' }).click();
};
const enter = (page: Page) => page.getByRole('button', { name: 'Lịch sử', exact: true }).click();
const shape_of = async (id: string): Promise<Shape | undefined> => (await server.shapes([id]))[0];

test('a zone’s card tells what became of it, shows an earlier border, and restores it', async () => {
  const was = await shape_of('west-0');
  await lan.edit('Chia cho hai hộ', ['west-0'], [{ op: 'split', id: 'west-0', areas_m2: [60_000] }], {
    decision: 'QĐ 7/2026',
  });
  const { page, assert_clean, close } = await opened('#zone=west-0', { expected: /422/ });
  await unfold_versions(page);
  const list = page.getByRole('list', { name: '1 lần sửa' });
  await list.getByText('Đổi ranh giới').waitFor();
  await list.getByText('Chia cho hai hộ').waitFor();
  await list.getByText(/lan · Quyết định QĐ 7\/2026/).waitFor();
  await page.getByRole('button', { name: 'Hiện trên bản đồ: Như khi nhập dữ liệu' }).click();
  await page.getByText('Nét đứt: bản cũ').waitFor();
  await drawn(page);
  // The other part lies where it was: that is refused with the place, and the part can give way.
  await page.getByRole('button', { name: 'Khôi phục bản này: Như khi nhập dữ liệu' }).click();
  const form = page.getByRole('form', { name: 'Khôi phục' });
  await form.getByRole('textbox', { name: 'Lý do' }).fill('');
  await form.getByRole('button', { name: 'Khôi phục' }).click();
  await form.getByText('Hãy ghi lý do').waitFor();
  await form.getByRole('textbox', { name: 'Lý do' }).fill('Chia nhầm');
  await form.getByRole('button', { name: 'Khôi phục' }).click();
  const refused = form.getByRole('region', { name: /^Chưa làm được/ });
  await refused.getByRole('button', { name: 'Phóng đến chỗ này' }).first().waitFor();
  assert.equal(await form.getByRole('textbox', { name: 'Lý do' }).inputValue(), 'Chia nhầm');
  const [other] = (await server.shapes_in_pair(0)).filter((zone) => !/^(west|east)/.test(zone.id));
  assert.ok(other);
  await lan.edit('Bỏ phần chia nhầm', [other.id], [{ op: 'remove', id: other.id }]);
  await form.getByRole('button', { name: 'Khôi phục' }).click();
  await page.getByText('Đã khôi phục.').first().waitFor();
  // The neighbour has a vertex more on the common border by now; the land is what it was.
  assert.ok(Math.abs(((await shape_of('west-0'))?.area_m2 ?? 0) - (was?.area_m2 ?? 1)) < 0.01);
  assert_clean();
  await close();
});

test('a link to a retired zone says when and why it went, and leads to where its land is', async () => {
  await lan.edit('Gộp hai thửa', ['west-1', 'east-1'], [{ op: 'merge', ids: ['west-1', 'east-1'] }]);
  const seen = await opened('#zone=east-1', { expected: /404/ });
  await seen.page.getByRole('heading', { name: 'Vùng này không còn' }).waitFor();
  await seen.page.getByText('Lý do: Gộp hai thửa').waitFor();
  await seen.page.getByRole('button', { name: 'Đồng Tây 1' }).click();
  await seen.page.getByRole('heading', { name: 'Đồng Tây 1' }).waitFor();
  await unfold_versions(seen.page);
  await seen.page.getByText('Đất lấy từ').waitFor();
  seen.assert_clean();
  await seen.close();
  // Without an account it is told too, but not who and why.
  const looked = await opened('#zone=east-1', { signed_in: false, expected: /404/ });
  await looked.page.getByRole('heading', { name: 'Vùng này không còn' }).waitFor();
  assert.equal(await looked.page.getByText('Gộp hai thửa').count(), 0);
  assert.equal(await looked.page.getByRole('button', { name: /^Khôi phục/ }).count(), 0);
  await looked.close();
  const never = await opened('#zone=no-such-zone', { expected: /404/ });
  await never.page.getByText('no-such-zone').waitFor();
  await never.close();
});

test('somebody else’s edit in between: restoring is refused as a conflict, and the present state is one click away', async () => {
  await lan.edit('Đặt tên', ['west-2'], [{ op: 'put', id: 'west-2', properties: { name: 'Tên mới' } }]);
  const { page, close } = await opened('#zone=west-2', { expected: /409/ });
  await unfold_versions(page);
  await page.getByRole('button', { name: /^Khôi phục bản này/ }).click();
  await lan.edit('Đổi giống', ['west-2'], [{ op: 'put', id: 'west-2', properties: { variety: 'J02' } }]);
  const form = page.getByRole('form', { name: 'Khôi phục' });
  await form.getByRole('button', { name: 'Khôi phục' }).click();
  await form.getByText('Vùng đã đổi từ khi mở lịch sử').waitFor();
  await form.getByRole('button', { name: 'Tải bản mới' }).click();
  await page.getByRole('list', { name: '2 lần sửa' }).waitFor();
  await page.getByText('trống → J02').waitFor();
  await close();
});

test('the list of edits is filtered, one is opened, shown and undone; what was edited since is refused', async () => {
  await lan.edit('Mở rộng khu nuôi', ['west-3'], [{ op: 'put', id: 'west-3', properties: { name: 'Khu nuôi 3' } }]);
  const { page, assert_clean, close } = await opened('#map=14/20.992/105.804', { expected: /409/ });
  await enter(page);
  const edits = page.getByRole('list', { name: 'Lần sửa' });
  await edits.getByRole('listitem').nth(1).waitFor();
  await page.getByRole('button', { name: 'Lọc' }).click();
  await page.getByRole('combobox', { name: 'Vùng', exact: true }).fill('west-3');
  await page.getByRole('option').last().click();
  // The list of before stands until the filtered one is there.
  await edits.getByRole('listitem').nth(1).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: /^Mở rộng khu nuôi/ }).click();
  assert.equal(await edits.getByRole('listitem').count(), 1);
  await page.getByRole('button', { name: 'Bay đến', exact: true }).click();
  await page.getByRole('row', { name: /Khu nuôi 3/ }).waitFor();
  await page.getByRole('button', { name: 'Hoàn tác lần sửa này' }).click();
  const form = page.getByRole('form', { name: 'Hoàn tác' });
  assert.equal(await form.getByRole('textbox', { name: 'Lý do' }).inputValue(), 'Hoàn tác: Mở rộng khu nuôi');
  // Somebody was quicker.
  await lan.edit('Đổi giống', ['west-3'], [{ op: 'put', id: 'west-3', properties: { variety: 'J02' } }]);
  await form.getByRole('button', { name: 'Hoàn tác' }).click();
  await form.getByText('Không hoàn tác được: vùng đã được sửa tiếp').waitFor();
  await form.getByRole('button', { name: 'Tải bản mới' }).click();
  await page.getByRole('button', { name: /^Đổi giống/ }).click();
  await page.getByRole('button', { name: 'Hoàn tác lần sửa này' }).click();
  await form.getByRole('button', { name: 'Hoàn tác' }).click();
  await page.getByText('Đã bị hoàn tác').first().waitFor();
  const properties = (await shape_of('west-3'))?.properties as unknown as { variety: string | null };
  assert.equal(properties.variety, null);
  await page.getByRole('textbox', { name: 'Người sửa' }).fill('nobody');
  await page.getByText('Không có lần sửa nào khớp bộ lọc.').waitFor();
  await page.getByRole('button', { name: 'Bỏ lọc' }).click();
  await edits.getByRole('listitem').nth(3).waitFor();
  assert_clean();
  await close();
});

test('the map as of a revision is marked, kept in the link, seen without an account, and left again', async () => {
  const revision = await server.revision();
  await lan.edit(
    'Bỏ vùng',
    ['west-4', 'east-4'],
    [
      { op: 'remove', id: 'west-4' },
      { op: 'remove', id: 'east-4' },
    ],
  );
  const now = await opened('#map=14.5/21.022/105.804', { signed_in: false });
  const middle = { clip: { x: 640, y: 400, width: 6, height: 6 } };
  await drawn(now.page);
  await now.page.waitForTimeout(400);
  const bare = await now.page.screenshot(middle);
  await now.close();
  const { page, assert_clean, close } = await opened(`#map=14.5/21.022/105.804&at=${revision}`, {
    signed_in: false,
    expected: /404/,
  });
  const mark = page.getByRole('region', { name: /^Bản đồ bản ghi/ });
  await mark.getByText(/vùng khác hiện nay/).waitFor();
  await drawn(page);
  await page.waitForTimeout(600);
  assert.notDeepEqual(await page.screenshot(middle), bare, 'the zones of then are not on the map');
  await mark.getByRole('button', { name: 'Chọn thời điểm' }).click();
  await mark.getByRole('textbox', { name: 'Số bản ghi' }).fill('99999');
  await mark.getByRole('button', { name: 'Xem bản đồ này' }).click();
  await mark.getByText(/Nhập một ngày/).waitFor();
  await mark.getByRole('textbox', { name: 'Số bản ghi' }).fill(String(revision + 1));
  await mark.getByRole('button', { name: 'Xem bản đồ này' }).click();
  await mark.getByText(/Giống hiện nay|khác hiện nay/).waitFor();
  assert.equal(link_of(page).get('at'), String(revision + 1));
  await page.goBack();
  await mark.getByText(/vùng khác hiện nay/).waitFor();
  assert.equal(link_of(page).get('at'), String(revision));
  await mark.getByRole('button', { name: 'Về hiện nay' }).click();
  await mark.waitFor({ state: 'detached' });
  assert.equal(link_of(page).get('at'), null);
  await drawn(page);
  await page.waitForTimeout(400);
  assert.deepEqual(await page.screenshot(middle), bare);
  // A day on which the data was not there yet is said to be unknown.
  await page.getByRole('tab', { name: 'Lớp bản đồ' }).click();
  await page.getByRole('button', { name: /^Bản đồ của một ngày/ }).click();
  const chosen = page.getByRole('region', { name: /^Bản đồ ngày/ });
  await chosen.getByLabel('Ngày', { exact: true }).fill('2001-02-03');
  await chosen.getByRole('combobox', { name: 'Theo' }).selectOption('valid');
  await chosen.getByRole('button', { name: 'Xem bản đồ này' }).click();
  await chosen.getByText('Không biết các vùng khi đó ra sao').waitFor();
  assert.equal(link_of(page).get('at'), '2001-02-03,valid');
  assert_clean();
  await close();
});

test('two revisions are compared as a table, on the map and as a file', async () => {
  const from = await server.revision();
  await lan.edit(
    'Chia và đổi tên',
    ['west-5', 'east-5'],
    [
      { op: 'split', id: 'west-5', areas_m2: [50_000] },
      { op: 'put', id: 'east-5', properties: { name: 'Đồng Đông; mới', crop: '=1+1' } },
    ],
  );
  const to = await server.revision();
  const { page, assert_clean, close } = await opened('#map=14/21.05/105.804');
  await enter(page);
  await page.getByRole('group', { name: 'Phần của lịch sử' }).getByRole('button', { name: 'So sánh' }).click();
  await page.getByLabel('Từ', { exact: true }).fill(String(from));
  await page.getByLabel('Đến', { exact: true }).fill(String(to));
  await page.locator('form').getByRole('button', { name: 'So sánh' }).click();
  await page.getByText('3 vùng khác').waitFor();
  const table = page.getByRole('table');
  await table.getByRole('row', { name: /Đồng Đông; mới.*Thay đổi.*Tên/s }).waitFor();
  await table.getByRole('row', { name: /Lập mới/ }).waitFor();
  await table.getByRole('button', { name: 'Bay đến Đồng Đông; mới' }).click();
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Tải bảng CSV' }).click();
  const download = await downloading;
  assert.match(download.suggestedFilename(), new RegExp(`^farmzone_${from}_${to}\\.csv$`));
  const text = await readFile(await download.path(), 'utf8');
  assert.equal(text.trim().split('\r\n').length, 4);
  assert.match(text, /east-5;"Đồng Đông; mới";Thay đổi/);
  await page.getByRole('button', { name: 'Ngày', exact: true }).click();
  await page.locator('form').getByRole('button', { name: 'So sánh' }).click();
  await page.getByText('Không vùng nào khác').waitFor();
  assert_clean();
  await close();
});

test('by keys alone: the desk, an edit, undoing it; the card, an earlier version, restoring it', async () => {
  await lan.edit('Đặt tên bằng phím', ['west-6'], [{ op: 'put', id: 'west-6', properties: { name: 'Tên phím' } }]);
  const { page, assert_clean, close } = await opened('#map=14/21.08/105.804');
  const press = (key: string) => page.keyboard.press(key);
  await page.getByRole('button', { name: 'Lịch sử', exact: true }).waitFor();
  await tab_to(page, /^Lịch sử$/);
  await press('Enter');
  await page.getByRole('button', { name: /^Đặt tên bằng phím/ }).waitFor();
  await tab_to(page, /^Đặt tên bằng phím/);
  await press('Enter');
  await page.getByRole('row', { name: /Tên phím/ }).waitFor();
  await tab_to(page, /^Hoàn tác lần sửa này$/);
  await press('Enter');
  await press('Enter');
  await page.getByText('Đã bị hoàn tác').first().waitFor();
  const name = async () => (await shape_of('west-6'))?.properties.name;
  // Earlier edits in the list are undone too: the words alone may be theirs.
  for (let i = 0; i < 100 && (await name()) !== 'Đồng Tây 6'; i += 1) await page.waitForTimeout(100);
  assert.equal(await name(), 'Đồng Tây 6');
  await close();
  const card = await opened('#zone=west-6&map=14/21.08/105.804');
  await card.page.getByRole('button', { name: 'Các lần sửa vùng này' }).waitFor();
  await tab_to(card.page, /^Các lần sửa vùng này$/);
  await card.page.keyboard.press('Enter');
  await card.page.getByRole('list', { name: '2 lần sửa' }).waitFor();
  await tab_to(card.page, /^Khôi phục bản này/);
  await card.page.keyboard.press('Enter');
  await card.page.getByRole('form', { name: 'Khôi phục' }).waitFor();
  await card.page.keyboard.press('Enter');
  await card.page.getByText('Đã khôi phục.').first().waitFor();
  assert.equal((await shape_of('west-6'))?.properties.name, 'Tên phím');
  assert_clean();
  card.assert_clean();
  await card.close();
});
