// Signing in and out on the page: with mouse and keyboard, on a desk and on a phone, when it fails and when it is taken away.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { assert_accessible, OUT, PHONE, run, serve, visit, type VisitOptions } from './harness.ts';

const ring = (west: number, south: number, side: number) => [
  [
    [west, south],
    [west + side, south],
    [west + side, south + side],
    [west, south + side],
    [west, south],
  ],
];
const geojson = (properties: Record<string, string>, side: number): string =>
  JSON.stringify({
    type: 'FeatureCollection',
    features: [{ type: 'Feature', properties, geometry: { type: 'Polygon', coordinates: ring(105.8, 21, side) } }],
  });

let dir = '';
let workspace = '';
let address = '';
let child: ChildProcess | null = null;
const passwords = new Map<string, string>();

function add(name: string, role: string, ...limits: string[]): void {
  const said = run('--json', 'user', 'add', workspace, name, '--role', role, '--generate', ...limits);
  passwords.set(name, (JSON.parse(said) as { password: string }).password);
}

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'farmzone-session-'));
  workspace = join(dir, 'w.gpkg');
  const load = async (role: string, text: string) => {
    const file = join(dir, `${role}.geojson`);
    await writeFile(file, text);
    run('import', workspace, file, '--as', role);
  };
  run('init', workspace);
  await load('boundaries', geojson({ code: '10075', name: 'Ứng Hòa' }, 0.02));
  await load('zones', geojson({ id: 'a', kind: 'rice', name: 'Vùng lúa Ứng Hòa' }, 0.01));
  add('lan', 'administrator');
  add('minh', 'planner', '--kind', 'rice', '--unit', '10075');
  add('an', 'officer');
  ({ address, child } = await serve(['serve', workspace]));
});
after(async () => {
  child?.kill('SIGTERM');
  await rm(dir, { recursive: true });
});

const REFUSALS = /status of 4(01|29)/;
const opened = (hash: string, options: VisitOptions = {}) => visit(hash, { address, expected: REFUSALS, ...options });

async function fill(page: Page, name: string, password: string): Promise<void> {
  await page.getByLabel('Tên tài khoản').fill(name);
  await page.getByLabel('Mật khẩu').fill(password);
  await page.getByRole('dialog').getByRole('button', { name: 'Đăng nhập' }).click();
}

test('a planner signs in, sees who he is and what he may touch, and signs out', async () => {
  const { page, assert_clean, close } = await opened('');
  const button = page.getByRole('button', { name: 'Đăng nhập' });
  await button.click();
  const dialog = page.getByRole('dialog', { name: 'Đăng nhập' });
  await dialog.waitFor();
  assert.equal(await page.getByLabel('Tên tài khoản').evaluate((input) => input === document.activeElement), true);
  await assert_accessible(page, 'signing in');
  await page.screenshot({ path: `${OUT}session-sign-in-light-vi.png` });
  await fill(page, 'minh', 'not the password');
  await dialog.getByRole('alert').getByText('Tên hoặc mật khẩu không đúng.').waitFor();
  assert.equal(await page.getByLabel('Mật khẩu').inputValue(), '');
  await assert_accessible(page, 'refused');
  await fill(page, 'Minh', passwords.get('minh') ?? '');
  await dialog.waitFor({ state: 'detached' });
  const signed_in = page.getByRole('button', { name: 'Đã đăng nhập: minh' });
  assert.equal(await signed_in.evaluate((element) => element === document.activeElement), true, 'the focus is back');
  const [cookie] = await page.context().cookies(address);
  assert.deepEqual(
    [cookie?.name, cookie?.httpOnly, cookie?.sameSite, cookie?.path],
    ['farmzone_session', true, 'Strict', '/'],
  );
  assert.equal(await page.evaluate(() => document.cookie + JSON.stringify(localStorage)), '{}');
  // It is known after a reload as well.
  await page.reload();
  await signed_in.click();
  const who = page.getByRole('dialog', { name: 'minh' });
  await who.getByText('Người lập quy hoạch').waitFor();
  await who.getByText('Ứng Hòa').waitFor();
  await who.getByText('Lúa', { exact: true }).waitFor();
  await assert_accessible(page, 'signed in');
  await page.screenshot({ path: `${OUT}session-signed-in-light-vi.png` });
  await who.getByRole('button', { name: 'Đăng xuất' }).click();
  await who.waitFor({ state: 'detached' });
  await button.waitFor();
  assert.deepEqual(await page.context().cookies(address), []);
  assert_clean();
  await close();
});

test('with the keyboard alone, and Escape closes the dialog but not the card behind it', async () => {
  const { page, assert_clean, close } = await opened('#zone=a');
  await page.getByRole('heading', { name: 'Vùng lúa Ứng Hòa' }).waitFor();
  const button = page.getByRole('button', { name: 'Đăng nhập' });
  await button.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.waitForFunction(() => document.activeElement?.getAttribute('aria-haspopup') === 'dialog');
  assert.ok(await page.getByRole('heading', { name: 'Vùng lúa Ứng Hòa' }).isVisible());
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.type('lan');
  await page.keyboard.press('Tab');
  await page.keyboard.type(passwords.get('lan') ?? '');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Đã đăng nhập: lan' }).waitFor();
  assert_clean();
  await close();
});

test('too many failures are told with how long to wait', async () => {
  const { page, close } = await opened('');
  await page.getByRole('button', { name: 'Đăng nhập' }).click();
  const told = page.getByRole('alert').getByText(/Sai quá nhiều lần. Hãy thử lại sau \d+ giây/);
  for (let n = 0; n < 8 && !(await told.isVisible()); n += 1) {
    const answered = page.waitForResponse(/session/);
    await fill(page, 'an', 'not the password');
    await answered;
    await page.locator('[aria-busy="false"][type="submit"]').waitFor();
  }
  await told.waitFor();
  await close();
});

test('an account that was disabled meanwhile is out, and a server that is gone is told', async () => {
  const { page, close } = await opened('', { expected: /status of 4(01|29)|ERR_/ });
  await page.getByRole('button', { name: 'Đăng nhập' }).click();
  await fill(page, 'minh', passwords.get('minh') ?? '');
  await page.getByRole('button', { name: 'Đã đăng nhập: minh' }).waitFor();
  run('user', 'change', workspace, 'minh', '--disable');
  await page.reload();
  await page.getByRole('button', { name: 'Đăng nhập' }).click();
  await page.context().setOffline(true);
  await fill(page, 'lan', passwords.get('lan') ?? '');
  await page.getByRole('alert').getByText('Máy chủ không trả lời').waitFor();
  await close();
});

test('an administrator makes an account, and its owner gives it another password', async () => {
  const { page, assert_clean, close } = await opened('', { expected: /status of 4(01|03|09|29)/ });
  const dialog = page.getByRole('dialog');
  const sign_in = async (name: string, password: string) => {
    await page.getByRole('button', { name: 'Đăng nhập' }).click();
    await fill(page, name, password);
    await page.getByRole('button', { name: `Đã đăng nhập: ${name}` }).click();
  };
  await sign_in('lan', passwords.get('lan') ?? '');
  await dialog.getByRole('button', { name: 'Tài khoản' }).click();
  await page.getByLabel('Vai trò của lan').selectOption('planner');
  await dialog.getByRole('alert').getByText('quản trị viên cuối cùng').waitFor();
  await page.waitForFunction(
    () => document.querySelector<HTMLSelectElement>('select[aria-label="Vai trò của lan"]')?.value === 'administrator',
  );
  await page.getByLabel('Tài khoản mới').fill('Hoa');
  await page.getByLabel('Vai trò', { exact: true }).selectOption('approver');
  await page.getByLabel('Loại vùng', { exact: true }).selectOption('rice');
  await page.getByRole('button', { name: 'Tạo tài khoản' }).click();
  const password = (await dialog.locator('code').textContent()) ?? '';
  assert.match(password, /^(\w{4}-){3}\w{4}$/);
  await page.getByLabel('Vai trò của hoa').selectOption('officer');
  await assert_accessible(page, 'accounts');
  await page.screenshot({ path: `${OUT}session-accounts-light-vi.png` });
  await page.getByLabel('Khóa lan').click();
  await dialog.getByRole('alert').getByText('quản trị viên cuối cùng').waitFor();
  await page.locator('[aria-label="Khóa lan"]:not(:checked)').waitFor();
  await dialog.getByRole('button', { name: 'Quay lại' }).click();
  await dialog.getByRole('button', { name: 'Đăng xuất' }).click();
  await sign_in('hoa', password);
  await dialog.getByText('Cán bộ').waitFor();
  assert.equal(await dialog.getByRole('button', { name: 'Tài khoản' }).count(), 0, 'not for officers');
  await dialog.getByRole('button', { name: 'Đổi mật khẩu' }).click();
  await assert_accessible(page, 'another password');
  await page.getByLabel('Mật khẩu hiện tại').fill('not the password');
  await page.getByLabel('Mật khẩu mới').fill('hoa sen trắng');
  await dialog.getByRole('button', { name: 'Đổi mật khẩu' }).click();
  await dialog.getByRole('alert').getByText('Mật khẩu hiện tại không đúng.').waitFor();
  await page.getByLabel('Mật khẩu hiện tại').fill(password);
  await dialog.getByRole('button', { name: 'Đổi mật khẩu' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Đã đăng nhập: hoa' }).click();
  await dialog.getByRole('button', { name: 'Đăng xuất' }).click();
  await sign_in('hoa', 'hoa sen trắng');
  assert_clean();
  await close();
});

test('on a phone, in the dark, in English', async () => {
  const phone = { viewport: PHONE, hasTouch: true, isMobile: true, deviceScaleFactor: 2, colorScheme: 'dark' } as const;
  const { page, assert_clean, close } = await opened('#lang=en', phone);
  await page.getByRole('button', { name: 'Sign in' }).tap();
  await page.getByRole('dialog', { name: 'Sign in' }).waitFor();
  const box = await page.getByRole('dialog').boundingBox();
  assert.ok(box && box.x >= 0 && box.x + box.width <= PHONE.width, 'the dialog fits');
  await assert_accessible(page, 'signing in on a phone');
  await page.screenshot({ path: `${OUT}session-sign-in-dark-en-phone.png` });
  await page.getByLabel('Account name').fill('lan');
  await page.getByLabel('Password').fill(passwords.get('lan') ?? '');
  await page.getByRole('dialog').getByRole('button', { name: 'Sign in' }).tap();
  await page.getByRole('button', { name: 'Signed in as lan' }).tap();
  await page.getByText('Administrator').waitFor();
  await page.screenshot({ path: `${OUT}session-signed-in-dark-en-phone.png` });
  await page.getByRole('button', { name: 'Accounts' }).tap();
  await page.getByLabel('Role of lan').waitFor();
  const wide = await page.getByRole('dialog').evaluate((dialog) => dialog.scrollWidth - dialog.clientWidth);
  assert.ok(wide <= 0, `${wide} pixels are beside the screen`);
  await assert_accessible(page, 'accounts on a phone');
  await page.screenshot({ path: `${OUT}session-accounts-dark-en-phone.png` });
  assert_clean();
  await close();
});
