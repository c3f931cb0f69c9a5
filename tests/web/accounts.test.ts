// Limits of an account and tokens for programs, made and taken away on the page.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PASSWORD, serve_pairs, sign_in, type DeskServer } from './desk.ts';
import { assert_accessible, OUT, visit } from './harness.ts';

let server: DeskServer;
before(async () => (server = await serve_pairs(1)));
after(() => server.end());

test('a token is made, shown once, works within its scope, and is revoked', async () => {
  const { page, assert_clean, close } = await visit('', {
    address: server.address,
    prepare: (at) => sign_in(at, server.address),
  });
  await page.getByRole('button', { name: /lan/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Mã truy cập cho chương trình' }).click();
  await dialog.getByText('Chưa có mã nào.').waitFor();
  await dialog.getByRole('button', { name: 'Tạo mã' }).click();
  await dialog.getByText('Cần ghi dùng để làm gì').waitFor();
  await dialog.getByRole('textbox', { name: 'Dùng để làm gì' }).fill('báo cáo đêm');
  await dialog.getByRole('button', { name: 'Tạo mã' }).click();
  const text = await dialog.locator('.made code').innerText();
  assert.match(text, /^fz_/);
  await assert_accessible(page, 'tokens');
  await page.screenshot({ path: `${OUT}accounts-tokens.png` });
  const asked = () => fetch(`${server.address}/api/v1/edits`, { headers: { authorization: `Bearer ${text}` } });
  assert.equal((await asked()).status, 200);
  await dialog.getByRole('button', { name: 'Thu hồi báo cáo đêm' }).click();
  await dialog.getByText('Chưa có mã nào.').waitFor();
  assert.equal((await asked()).status, 401);
  assert_clean();
  await close();
});

test('an administrator limits an account to kinds, and takes the limit away', async () => {
  server.add_user('quan', 'administrator');
  const { page, assert_clean, close } = await visit('', {
    address: server.address,
    prepare: async (at) => {
      const answer = await at.request.post(`${server.address}/api/v1/session`, {
        data: { name: 'quan', password: PASSWORD },
      });
      assert.ok(answer.ok());
    },
  });
  await page.getByRole('button', { name: /quan/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Tài khoản', exact: true }).click();
  await dialog.getByRole('button', { name: 'Giới hạn của lan' }).click();
  const form = dialog.getByRole('form', { name: 'Giới hạn của lan' });
  await form.getByRole('checkbox', { name: 'Lúa' }).check();
  await assert_accessible(page, 'limits');
  await page.screenshot({ path: `${OUT}accounts-limits.png` });
  await form.getByRole('button', { name: 'Lưu giới hạn' }).click();
  await form.waitFor({ state: 'detached' });
  const kinds = async () => {
    const answer = await page.request.get(`${server.address}/api/v1/users`);
    const { users } = (await answer.json()) as { users: { name: string; kinds: string[] }[] };
    return users.find(({ name }) => name === 'lan')?.kinds;
  };
  assert.deepEqual(await kinds(), ['rice']);
  await dialog.getByRole('button', { name: 'Giới hạn của lan' }).click();
  await form.getByRole('checkbox', { name: 'Lúa' }).uncheck();
  await form.getByRole('button', { name: 'Lưu giới hạn' }).click();
  await form.waitFor({ state: 'detached' });
  assert.deepEqual(await kinds(), []);
  assert_clean();
  await close();
});
