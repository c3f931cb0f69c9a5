// Plans: made, drawn in, compared, commented, submitted, decided on and published, with the mouse and with keys alone;
// read by a link without an account; what collides is shown.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import {
  APPROVER,
  at_desk,
  map_of,
  pick,
  place_of,
  plan_of_split,
  PLANNER,
  press,
  save,
  serve_pairs,
  sign_in,
  tab_to,
  type DeskServer,
} from './desk.ts';
import { drop_on_map, fields_beside } from './files.ts';
import { drawn, link_of, OUT, visit, type Visit, type VisitOptions } from './harness.ts';

const PICTURES = fileURLToPath(new URL('../../docs/pictures/', import.meta.url));

let server: DeskServer;
before(async () => {
  server = await serve_pairs(7);
  mkdirSync(PICTURES, { recursive: true });
});
after(() => server.end());

const WEST_FIELD = [550, 410] as const;
const button = (page: Page, name: string | RegExp) =>
  page.getByRole('button', { name, exact: typeof name === 'string' });
const box = (page: Page, name: string) => page.getByRole('textbox', { name });

/** The desk of plans with pair `n` in the middle, as somebody. */
async function at_plans(
  n: number,
  name: string,
  { hash = '', ...options }: VisitOptions & { hash?: string } = {},
): Promise<Visit> {
  const made = await visit(`#map=15.5/${place_of(n)}&lang=vi${hash}`, {
    address: server.address,
    prepare: (page) => sign_in(page, server.address, name),
    ...options,
  });
  if (!hash) await button(made.page, 'Kịch bản').click();
  await drawn(made.page);
  return made;
}

const at_left = async (page: Page, name: string) =>
  Number((await page.getByRole('slider', { name }).getAttribute('aria-valuenow')) ?? -1);
const DIVIDER = 'Vạch kéo giữa Bản đồ chính thức và';

test('a plan is made, drawn in, compared, submitted, approved and published with the mouse', async () => {
  const n = 0;
  const { page, assert_clean, close } = await at_plans(n, PLANNER);
  await button(page, 'Kịch bản mới').click();
  await box(page, 'Tên kịch bản').fill('Chia vùng phía tây');
  await box(page, 'Ghi chú').fill('Tách đất cho rau an toàn');
  await button(page, 'Tạo kịch bản').click();
  await page.getByRole('heading', { name: 'Chia vùng phía tây' }).waitFor();
  assert.ok(link_of(page).get('plan'), 'the link does not name the plan');

  await button(page, 'Vẽ trong kịch bản').click();
  await page.getByRole('heading', { name: 'Vẽ trong kịch bản: Chia vùng phía tây' }).waitFor();
  await page.getByText(/Có ranh giới của \d/).waitFor();
  await drawn(page);
  await page.mouse.click(...WEST_FIELD);
  await page.getByRole('list', { name: 'Đang chọn 1 vùng' }).getByText(`Đồng Tây ${n}`).waitFor();
  await button(page, 'Chia vùng').click();
  await page.getByRole('textbox', { name: /Diện tích từng phần/ }).fill('60000');
  await button(page, 'Thực hiện').click();
  await page.locator('.steps li').first().waitFor();
  await save(page, 'Chia đôi vùng tây');
  await page.getByRole('row', { name: /^Lúa/ }).waitFor();
  await page.screenshot({ path: `${PICTURES}plans-draw.png` });
  assert.equal((await server.shapes_in_pair(n)).length, 2, 'the map must not change before the plan is published');
  await button(page, 'Rời bàn chỉnh sửa').click();

  await button(page, 'So sánh').click();
  const row = page.getByRole('row', { name: new RegExp(`Đồng Tây ${n}.*Sửa`) });
  await row.waitFor();
  // The neighbour in the east has one more vertex where the line meets the shared border: its border is the same.
  assert.equal(await page.getByRole('row').count(), 3, 'one zone was split, one came');
  await row.getByRole('button').click();
  await button(page, 'Kéo qua').click();
  const divider = page.getByRole('slider', { name: DIVIDER });
  const at = await divider.boundingBox();
  assert.ok(at);
  const was = await at_left(page, DIVIDER);
  await page.mouse.move(at.x + 1, 500);
  await page.mouse.down();
  await page.mouse.move(at.x - 200, 500, { steps: 5 });
  await page.mouse.up();
  assert.ok((await at_left(page, DIVIDER)) < was - 10, 'the divider did not follow the mouse');
  await page.waitForTimeout(800);
  await page.screenshot({ path: `${PICTURES}plans-swipe.png` });
  await button(page, 'Cạnh nhau').click();
  await page.waitForTimeout(1500);
  await page.screenshot({ path: `${OUT}plans-side.png` });
  await button(page, 'Khác biệt').click();
  await page.getByRole('list', { name: 'Chú giải' }).waitFor();
  await page.waitForTimeout(500);
  await page.screenshot({ path: `${PICTURES}plans-difference.png` });
  const sheet = await page.request.get(
    server.address + ((await page.getByRole('link', { name: /xlsx/ }).getAttribute('href')) ?? ''),
  );
  assert.ok(sheet.ok());

  await button(page, 'Chung').click();
  await button(page, 'Trình duyệt').click();
  await box(page, 'Ý kiến (nếu có)').fill('Xin duyệt');
  await button(page, 'Trình duyệt').click();
  await page.getByText('Đã trình', { exact: true }).waitFor();
  const plan = link_of(page).get('plan') ?? '';
  assert_clean();
  await close();

  const other = await at_plans(n, APPROVER);
  await button(other.page, /Chia vùng phía tây/).click();
  await button(other.page, 'Phê duyệt').click();
  await box(other.page, 'Số quyết định (nếu có)').fill('QĐ 12/2026');
  await button(other.page, 'Phê duyệt').click();
  await button(other.page, 'Công bố lên bản đồ').click();
  assert.equal(await box(other.page, 'Số quyết định').inputValue(), 'QĐ 12/2026');
  await button(other.page, 'Công bố lên bản đồ').click();
  await other.page.getByText('Kịch bản đã được công bố').waitFor();
  await drawn(other.page);
  await other.page.screenshot({ path: `${OUT}plans-published.png` });
  assert.equal(link_of(other.page).get('plan'), plan);
  assert.equal((await server.shapes_in_pair(n)).length, 3);
  await button(other.page, 'Xem bản đồ').click();
  await other.page.getByRole('heading', { name: 'Kịch bản', exact: true }).waitFor();
  other.assert_clean();
  await other.close();
});

test('the same with keys alone: made, drawn in, compared, submitted; returned by an approver', async () => {
  const n = 1;
  const { page, assert_clean, close } = await visit_at(n, PLANNER);
  const press_on = async (name: RegExp) => {
    await tab_to(page, name);
    await press(page, 'Enter');
  };
  await press_on(/^Kịch bản$/);
  await page.getByRole('heading', { name: 'Kịch bản', exact: true }).waitFor();
  await press_on(/^Kịch bản mới$/);
  await page.keyboard.type('Bằng phím');
  await press(page, 'Enter');
  await page.getByRole('heading', { name: 'Bằng phím' }).waitFor();
  await press_on(/^Vẽ trong kịch bản$/);
  await page.getByText(/Có ranh giới của \d/).waitFor();
  await pick(page, `Đồng Đông ${n}`);
  await press_on(/^Chia vùng$/);
  await tab_to(page, /Diện tích từng phần/);
  await page.keyboard.type('50000');
  await press_on(/^Thực hiện$/);
  await page.locator('.steps li').first().waitFor();
  await tab_to(page, /^Lý do/);
  await page.keyboard.type('Tách đất');
  await press(page, 'Enter');
  await page.locator('#edit-save').getByText('Đã lưu.').waitFor();
  // Back over the form: on the map Tab goes from vertex to vertex.
  await tab_to(page, /^Rời bàn chỉnh sửa$/, 'Shift+Tab');
  await press(page, 'Enter');
  await press_on(/^So sánh$/);
  await page.getByRole('row', { name: new RegExp(`Đồng Đông ${n}.*Sửa`) }).waitFor();
  await press_on(/^Kéo qua$/);
  await tab_to(page, new RegExp(`^${DIVIDER}`));
  const was = await at_left(page, DIVIDER);
  await press(page, 'ArrowRight', 5);
  assert.equal(await at_left(page, DIVIDER), was + 10);
  await press_on(/^Cạnh nhau$/);
  await press_on(/^Khác biệt$/);
  await press_on(/^Tắt$/);
  await press_on(new RegExp(`^Đồng Đông ${n}$`));
  // A comment at the crosshair.
  await press_on(/^Góp ý$/);
  await tab_to(page, /^Góp ý mới/);
  await page.keyboard.type('Chỗ này có mương');
  await press_on(/^Ghim lên bản đồ$/);
  assert.ok(await map_of(page).evaluate((canvas) => canvas === document.activeElement), 'the map has no focus');
  await press(page, 'Enter');
  await page.getByText('Góp ý được ghim ở chỗ đã chọn.').waitFor();
  await press_on(/^Gửi góp ý$/);
  await button(page, 'Góp ý 1: Chỗ này có mương').waitFor();
  await page.screenshot({ path: `${OUT}plans-comments.png` });
  await press_on(/^Chung$/);
  await press_on(/^Trình duyệt$/);
  await tab_to(page, /^Trình duyệt$/);
  await press(page, 'Enter');
  await page.getByText('Đã trình', { exact: true }).waitFor();
  const plan = link_of(page).get('plan') ?? '';
  assert_clean();
  await close();

  const other = await at_plans(n, APPROVER, { hash: `&plan=${plan}` });
  const press_there = async (name: RegExp) => {
    await tab_to(other.page, name);
    await press(other.page, 'Enter');
  };
  await other.page.getByRole('heading', { name: 'Bằng phím' }).waitFor();
  await press_there(/^Trả lại$/);
  await other.page.getByRole('textbox', { name: 'Lý do trả lại' }).waitFor();
  await other.page.waitForFunction(() => document.activeElement instanceof HTMLTextAreaElement);
  await press_there(/^Trả lại$/);
  await other.page.getByText('Hãy ghi lý do để người lập biết cần sửa gì.').waitFor();
  await tab_to(other.page, /^Lý do trả lại/);
  await other.page.keyboard.type('Chừa lối đi');
  await press_there(/^Trả lại$/);
  await other.page.getByText('Chừa lối đi').waitFor();
  other.assert_clean();
  await other.close();
});

/** The page with pair `n` in the middle, as somebody. */
const visit_at = async (n: number, name: string): Promise<Visit> => {
  const made = await visit(`#map=15.5/${place_of(n)}&lang=vi`, {
    address: server.address,
    prepare: (page) => sign_in(page, server.address, name),
  });
  await button(made.page, 'Kịch bản').waitFor();
  await drawn(made.page);
  return made;
};

test('a shared link shows the plan to who has no account, until it is taken back', async () => {
  const n = 2;
  const { page, assert_clean, close } = await at_plans(n, PLANNER);
  await plan_of_split(page, server, n, 'Cùng xem');
  await page.reload();
  await button(page, 'Kịch bản').click();
  await button(page, /Cùng xem/).click();
  await button(page, 'Tạo liên kết').click();
  const link = await box(page, 'Liên kết, chỉ hiện lần này').inputValue();
  const stranger = await visit(link.slice(link.indexOf('#')), { address: server.address });
  await stranger.page.getByRole('heading', { name: 'Cùng xem' }).waitFor();
  await stranger.page.getByText('Bạn đang xem qua liên kết').waitFor();
  assert.equal(await stranger.page.getByText(PLANNER, { exact: false }).count(), 0, 'a name is shown');
  assert.equal(await button(stranger.page, 'Góp ý').count(), 0);
  await button(stranger.page, 'So sánh').click();
  await stranger.page
    .getByRole('row', { name: new RegExp(`Đồng Tây ${n}`) })
    .first()
    .waitFor();
  await stranger.page.screenshot({ path: `${OUT}plans-shared.png` });
  stranger.assert_clean();
  await stranger.close();
  await button(page, 'Thu hồi liên kết').click();
  await button(page, 'Tạo liên kết').waitFor();
  const late = await visit(link.slice(link.indexOf('#')), { address: server.address, expected: /404/ });
  await late.page.getByText('Liên kết đã bị thu hồi').waitFor();
  await late.close();
  assert_clean();
  await close();
});

test('what collides with the map of today is listed, with its place', async () => {
  const n = 3;
  const { page, assert_clean, close } = await at_plans(n, PLANNER);
  const id = await plan_of_split(page, server, n, 'Va chạm');
  const session = (await (await page.request.get(`${server.address}/api/v1/session`)).json()) as { csrf: string };
  const headers = { 'x-csrf-token': session.csrf };
  await page.request.post(`${server.address}/api/v1/plans/${id}/submit`, { data: { note: '' }, headers });
  const [west] = await server.shapes([`west-${n}`]);
  const edit = {
    id: `over-${Date.now()}`,
    reason: 'Chia khác',
    base: { [`west-${n}`]: west?.revision },
    operations: [{ op: 'split', id: `west-${n}`, areas_m2: [90_000] }],
  };
  assert.ok((await page.request.post(`${server.address}/api/v1/edits`, { data: edit, headers })).ok());
  assert_clean();
  await close();
  const other = await at_plans(n, APPROVER, { hash: `&plan=${id}`, expected: /409/ });
  await button(other.page, 'Phê duyệt').click();
  await button(other.page, 'Phê duyệt').click();
  await button(other.page, 'Công bố lên bản đồ').click();
  await button(other.page, 'Công bố lên bản đồ').click();
  await other.page.getByText('Công bố phải theo một quyết định').waitFor();
  await box(other.page, 'Số quyết định').fill('QĐ 13/2026');
  await button(other.page, 'Công bố lên bản đồ').click();
  const refused = other.page.getByRole('region', { name: /^Chưa công bố được/ });
  await refused.waitFor();
  await refused.getByText('Ranh giới').first().waitFor();
  await refused.getByRole('button', { name: 'Xem trên bản đồ' }).first().click();
  await other.page.waitForTimeout(600);
  await other.page.screenshot({ path: `${OUT}plans-refused.png` });
  other.assert_clean();
  await other.close();
});

test('a plan is renamed and removed by its owner, after a question', async () => {
  const { page, assert_clean, close } = await at_plans(4, PLANNER);
  await plan_of_split(page, server, 4, 'Tên cũ');
  await page.reload();
  await button(page, 'Kịch bản').click();
  await button(page, /Tên cũ/).click();
  await button(page, 'Đổi tên').click();
  await box(page, 'Tên kịch bản').fill('Tên mới');
  await button(page, 'Ghi lại').click();
  await page.getByRole('heading', { name: 'Tên mới' }).waitFor();
  await button(page, 'Xóa').click();
  await button(page, 'Xóa hẳn').click();
  await button(page, 'Kịch bản mới').waitFor();
  await button(page, /Tên mới/).waitFor({ state: 'detached' });
  assert_clean();
  await close();
});

test('an edit that the map refuses is kept as a draft in a new plan', async () => {
  const n = 5;
  const { page, assert_clean, close } = await at_desk(server, n, { expected: /422/ });
  const [east] = await server.shapes([`east-${n}`]);
  const [x0 = 0, y0 = 0] = east?.polygons[0]?.[0]?.[0] ?? [];
  const corners = [
    [50, 50],
    [50, 600],
    [300, 600],
    [300, 50],
  ];
  const rows = corners.map(([x = 0, y = 0], k) =>
    `${k + 1}\t${(y0 + y).toFixed(3)}\t${(x0 + x).toFixed(3)}`.replaceAll('.', ','),
  );
  await button(page, 'Vẽ vùng').click();
  await button(page, 'Nhập tọa độ').click();
  await box(page, 'Dán bảng từ Excel').fill(['Điểm\tX\tY', ...rows].join('\n'));
  await button(page, 'Đọc bảng đã dán').click();
  await button(page, 'Ghi vào bản nháp').click();
  await page.getByRole('combobox', { name: 'Loại' }).selectOption('rice');
  await button(page, 'Thêm vùng này').click();
  await box(page, 'Lý do').fill('Mở rộng');
  await button(page, 'Lưu').click();
  await page.getByRole('region', { name: /^Chưa lưu được/ }).waitFor();
  await button(page, 'Giữ thành nháp trong một kịch bản…').click();
  await box(page, 'Tên kịch bản').fill('Để bàn thêm');
  await button(page, 'Giữ lại').click();
  await page.getByText('Hãy điền đủ các ô.').waitFor();
  await box(page, 'Vì sao giữ dù còn lỗi').fill('Hai xã đang bàn ranh giới');
  await button(page, 'Giữ lại').click();
  await page.getByRole('heading', { name: 'Để bàn thêm' }).waitFor();
  await page.getByText('Lưu dù còn lỗi: Hai xã đang bàn ranh giới').waitFor();
  // What would stand against publishing it is told before anybody tries.
  const ahead = page.getByRole('region', { name: /^Nếu công bố lúc này: vướng/ });
  await ahead.getByRole('button', { name: 'Xem trên bản đồ' }).first().click();
  await page.waitForTimeout(600);
  await page.screenshot({ path: `${OUT}plans-despite.png` });
  assert_clean();
  await close();
});

test('a file that was dropped for a plan goes with it when another plan is opened', async () => {
  const { page, assert_clean, close } = await at_plans(6, PLANNER);
  let n_sent = 0;
  page.on('request', (request) => (n_sent += Number(request.url().includes('/api/v1/drops'))));
  const ids = [];
  for (const name of ['Kịch bản có tệp', 'Kịch bản khác']) ids.push(await plan_of_split(page, server, 6, name));
  const open = (id: string | undefined) =>
    page.evaluate((plan) => {
      const said = new URLSearchParams(location.hash.slice(1));
      said.set('plan', plan);
      location.hash = said.toString();
    }, id ?? '');
  const file = button(page, /^Giữ \d/);
  await open(ids[0]);
  await page.getByRole('heading', { name: 'Kịch bản có tệp' }).waitFor();
  await drop_on_map(page, [fields_beside(6)]);
  await file.waitFor();
  await open(ids[1]);
  await page.getByRole('heading', { name: 'Kịch bản khác' }).waitFor();
  await button(page, 'Vẽ trong kịch bản').click();
  await page.getByText(/Có ranh giới của \d/).waitFor();
  assert.equal(n_sent, 1, 'it is not sent again for the other plan');
  assert.equal(await file.count(), 0);
  assert_clean();
  await close();
});
