// An officer’s work: one code checked, a thousand, a piece of lost land followed from the alert to the dossier.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { PASSWORD, sign_in, type DeskServer } from './desk.ts';
import { assert_accessible, drawn, link_of, LOOKS, OUT, visit } from './harness.ts';
import { OFFICER, REGISTERED, serve_officer, serves } from './officer.ts';

const require = createRequire(new URL('../../assets/package.json', import.meta.url));
const { encodeQR } = (await import(require.resolve('qr'))) as {
  encodeQR: (text: string, output: 'gif', options?: object) => Uint8Array;
};

let server: DeskServer;
before(async () => (server = await serve_officer()));
after(() => server.end());

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });
const zoom_of = (page: Page) => Number(link_of(page).get('map')?.split('/')[0]);

test('a mistyped code is meant, judged and seen on the map; a place and a QR code lead to it too', async () => {
  const { page, assert_clean, close } = await visit('#map=11/20.93/105.9', {
    address: server.address,
    permissions: ['geolocation'],
    geolocation: { latitude: 20.902, longitude: 105.80003, accuracy: 12 },
  });
  await button(page, 'Kiểm tra mã số').click();
  const code = page.getByRole('searchbox', { name: 'Mã số' });
  await code.fill('vn hnor 00O2');
  await code.press('Enter');
  await page.getByText('Có phải là').waitFor();
  await button(page, 'VN-HNOR-0002').click();
  const card = page.getByRole('article', { name: 'VN-HNOR-0002' });
  await card
    .getByText(/kê khai 25/)
    .first()
    .waitFor();
  assert.equal(link_of(page).get('check'), 'VN-HNOR-0002');
  await card.getByText('Căn cứ').first().click();
  await card
    .getByText(/từ \d+\/\d+\/\d{4}/)
    .first()
    .waitFor();
  await card.getByRole('button', { name: 'Xem trên bản đồ' }).first().click();
  await page.waitForFunction(() => /map=1[3-9]/.test(location.hash));
  await drawn(page);
  await page.screenshot({ path: `${OUT}officer-check-one.png` });
  // Another market than the code is for.
  await page.getByText(/^Mọi thị trường, /).click();
  await page.getByRole('combobox', { name: 'Thị trường' }).selectOption('USA');
  await card.getByText('Không hợp lệ').first().waitFor();
  await page.getByRole('combobox', { name: 'Thị trường' }).selectOption('');
  // More than the land can give was delivered under it.
  await card.getByText('Không hợp lệ').first().waitFor({ state: 'detached' });
  const tonnes = page.getByRole('spinbutton', { name: 'Sản lượng đã giao (tấn)' });
  await tonnes.fill('90000');
  await tonnes.press('Enter');
  await card.getByText('Không hợp lệ').first().waitFor();
  await page.getByText('Mọi thị trường, ngày hôm nay, 90.000 tấn').waitFor();
  await page.screenshot({ path: `${OUT}officer-check-tonnes.png` });
  await tonnes.fill('');
  await tonnes.press('Enter');
  await card.getByText('Không hợp lệ').first().waitFor({ state: 'detached' });

  await button(page, 'Vị trí').click();
  const place = page.getByRole('textbox', { name: /^Tọa độ/ });
  await place.fill('không phải tọa độ');
  await place.press('Enter');
  await page.getByText('Chưa đọc được').waitFor();
  await place.fill('20,902; 105,8055');
  await place.press('Enter');
  await page
    .getByRole('article', { name: 'VN-HNOR-0002' })
    .getByText(/Trong vùng, cách ranh \d+ m/)
    .waitFor();
  await button(page, 'Vị trí của tôi').click();
  const near = page.getByRole('article', { name: 'VN-HNOR-0001' });
  await near.getByText('chưa thể nói chắc trong hay ngoài').waitFor();
  await page.getByText('sai số ±12 m').waitFor();
  await drawn(page);
  await page.screenshot({ path: `${OUT}officer-check-place.png` });
  const { width, height } = page.viewportSize() ?? { width: 0, height: 0 };
  await page.mouse.click(width - 200, height - 200);
  await near.getByText('chưa thể nói chắc').waitFor({ state: 'detached' });

  await button(page, 'Mã QR').click();
  const picture = async (text: string) => {
    const chooser = page.waitForEvent('filechooser');
    await button(page, 'Chọn ảnh…').click();
    const buffer = Buffer.from(encodeQR(text, 'gif', { scale: 6 }));
    await (await chooser).setFiles([{ name: 'qr.gif', mimeType: 'image/gif', buffer }]);
  };
  await picture('https://farmzone.example.net/tra-cuu?x=1');
  await page.getByText('farmzone.example.net, không phải trang này').waitFor();
  await picture('https://evil.example.net/?ma=VN-HNOR-0003');
  await page.getByText('Chỉ mã số VN-HNOR-0003').waitFor();
  await button(page, 'Kiểm tra VN-HNOR-0003').click();
  await page.getByRole('article', { name: 'VN-HNOR-0003' }).getByText('Không hợp lệ').first().waitFor();
  await button(page, 'Mã QR').click();
  await picture('VN-HNOR-0005');
  await page.getByRole('article', { name: 'VN-HNOR-0005' }).waitFor();
  assert.equal(new URL(page.url()).origin, server.address);
  assert_clean();
  await close();
});

test('a thousand codes that were pasted are a table: counted, filtered, opened, exported, and the export is read again', async () => {
  const { page, assert_clean, close } = await visit('#check=', { address: server.address });
  await button(page, 'Nhiều mã').click();
  const lines = Array.from({ length: 1_000 }, (_, i) =>
    i < REGISTERED.length ? `${i + 1}\t${REGISTERED[i]}\tĐồng ${i}` : `${i + 1}\tVN-HNOR-${1_000 + i}\tkhông có`,
  );
  await page.getByRole('textbox', { name: /^Các mã số/ }).fill(`STT\tMã số\tTên\n${lines.join('\n')}`);
  await button(page, 'Kiểm tra 1.000 mã').click();
  await page.getByRole('heading', { name: 'Kết quả: 1.000' }).waitFor();
  const rows = page.locator('tbody tr');
  assert.equal(await rows.count(), 50);
  await page.getByRole('combobox', { name: 'Thứ tự' }).selectOption('verdict');
  await rows.first().getByText('Không hợp lệ').waitFor();
  await page.screenshot({ path: `${OUT}officer-check-many.png` });
  await page.getByRole('button', { name: /^Hợp lệ: / }).click();
  await page.getByRole('button', { name: /^Dòng 5: VN-HNOR-0005/ }).click();
  await page.getByRole('article', { name: 'VN-HNOR-0005' }).waitFor();
  await button(page, 'Về bảng').click();
  await page.getByRole('heading', { name: 'Kết quả: 1.000' }).waitFor();
  const download = page.waitForEvent('download');
  await button(page, 'Tải XLSX').click();
  const file = await download;
  assert.match(file.suggestedFilename(), /^farmzone-codes-\d{4}-\d{2}-\d{2}\.xlsx$/);
  const buffer = await readFile(await file.path());
  await button(page, 'Các mã khác').click();
  const chooser = page.waitForEvent('filechooser');
  await button(page, 'Chọn tệp…').click();
  await (await chooser).setFiles([{ name: 'lại.xlsx', mimeType: 'application/octet-stream', buffer }]);
  await page.getByText('Từ tệp lại.xlsx').waitFor();
  await page.getByRole('heading', { name: 'Kết quả: 1.000' }).waitFor();
  assert_clean();
  await close();
});

test('an officer follows an alert from the list to the dossier, also when somebody else was faster', async (t) => {
  const { page, assert_clean, close } = await visit('', {
    address: server.address,
    expected: /412/,
    prepare: (at) => sign_in(at, server.address, OFFICER),
  });
  await button(page, 'Cảnh báo').click();
  await page.getByRole('button', { name: /^mới 2$/ }).click();
  const list = page.getByRole('list', { name: 'Cảnh báo' });
  await list.getByRole('button').first().click();
  await page.waitForFunction(() => /event=/.test(location.hash) && /map=1[4-9]/.test(location.hash));
  assert.ok(zoom_of(page) > 14, 'the map did not fly to the piece');
  const event = link_of(page).get('event') ?? '';
  const steps = page.getByRole('region', { name: 'Bước tiếp theo' });
  await steps.getByRole('button', { name: 'Đã kiểm tra', exact: true }).click();
  await steps.getByRole('textbox', { name: 'Lý do' }).fill('Đã ra đồng');
  // Somebody else assigns it in the meantime.
  await faster(event);
  const write = () => steps.getByRole('button', { name: /^Ghi bước/ }).click();
  await write();
  await steps.getByText('Người khác vừa đổi cảnh báo này').waitFor();
  assert.equal(await page.getByRole('textbox', { name: 'Người nhận' }).inputValue(), OFFICER);
  assert.equal(await steps.getByRole('textbox', { name: 'Lý do' }).inputValue(), 'Đã ra đồng');
  await write();
  await page.locator('.status').getByText('đã kiểm tra').waitFor();
  await steps.getByRole('button', { name: 'Bác bỏ' }).click();
  await write();
  await steps.getByText('Bước này cần ghi lý do').waitFor();
  await steps.getByRole('button', { name: 'Xác nhận mất đất' }).click();
  await write();
  await page.locator('.status').getByText('đã xác nhận').waitFor();
  await page.getByRole('textbox', { name: 'Ghi chú mới' }).fill('Nhà tạm, mái tôn\nkhoảng 80 m²');
  await button(page, 'Thêm ghi chú').click();
  await page.getByText('khoảng 80 m²').waitFor();
  const photos = page.getByRole('region', { name: 'Ảnh' });
  const send = async (name: string, mimeType: string, buffer: Buffer) => {
    const chooser = page.waitForEvent('filechooser');
    await button(page, 'Thêm ảnh…').click();
    await (await chooser).setFiles([{ name, mimeType, buffer }]);
  };
  await send('không phải.txt', 'text/plain', Buffer.from('x'));
  await photos.getByText('không phải.txt không phải ảnh').waitFor();
  await send('hiện trường.jpg', 'image/jpeg', await page.screenshot({ type: 'jpeg' }));
  const photo = photos.getByRole('listitem').first();
  await photo.getByText('không có vị trí').waitFor();
  await photo.locator('img').evaluate((image: HTMLImageElement) => image.decode());
  await page.screenshot({ path: `${OUT}officer-alert.png` });
  const dossier = await page.getByRole('link', { name: 'Hồ sơ PDF' }).getAttribute('href');
  assert.equal(dossier, `/api/v1/encroachments/${event}/dossier.pdf?lang=vi`);
  if (await serves('/api/v1/encroachments/{id}/dossier.pdf')) {
    const answer = await page.request.get(server.address + dossier);
    assert.match(answer.headers()['content-type'] ?? '', /^application\/pdf/);
    assert.equal((await answer.body()).subarray(0, 5).toString(), '%PDF-');
  } else t.diagnostic('this server makes no dossiers: the link was looked at, not followed');
  await button(page, 'Về danh sách').click();
  await page.getByRole('button', { name: /^đã xác nhận 1$/ }).waitFor();
  // The same in sums by commune, and from there its alerts.
  await button(page, 'Theo xã, phường').click();
  const digest = page.getByRole('list', { name: 'Theo xã, phường' });
  await digest.getByRole('button', { name: /^Đại Thanh .*2 cảnh báo.*mới 1.*đã xác nhận 1/ }).waitFor();
  assert.ok(await list.isHidden(), 'the list is behind its sums');
  await page.getByText(/^2 cảnh báo, .*, ở 1 xã, phường; 0 quá hạn$/).waitFor();
  await drawn(page);
  await assert_accessible(page, 'digest');
  await page.screenshot({ path: `${OUT}officer-digest.png` });
  await page.getByLabel('Mới hoặc có bước từ ngày').fill('2019-05-06');
  await digest.getByRole('button', { name: /^Đại Thanh/ }).click();
  await list.getByRole('button').first().waitFor();
  assert.equal(await page.getByRole('combobox', { name: 'Xã, phường' }).inputValue(), '10001');
  assert_clean();
  await close();
});

/** As another officer: the alert is assigned. */
async function faster(event: string): Promise<void> {
  const signed_in = await fetch(`${server.address}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: OFFICER, password: PASSWORD }),
  });
  const { csrf } = (await signed_in.json()) as { csrf: string };
  const cookie = signed_in.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ');
  const headers = { cookie, 'x-csrf-token': csrf, 'content-type': 'application/json', 'if-match': '*' };
  const body = JSON.stringify({ assigned: OFFICER });
  const answer = await fetch(`${server.address}/api/v1/alerts/${event}`, { method: 'PATCH', headers, body });
  assert.ok(answer.ok, `${answer.status} ${await answer.text()}`);
}

test('an officer imports codes that he has looked at, suspends one, and reads what only officers read', async () => {
  const { page, assert_clean, close } = await visit('', {
    address: server.address,
    prepare: (at) => sign_in(at, server.address, OFFICER),
  });
  await button(page, 'Sổ mã số').click();
  const list = page.getByRole('list', { name: 'Sổ mã số' });
  await list.getByRole('button', { name: /VN-HNOR-0001/ }).waitFor();
  const chooser = page.waitForEvent('filechooser');
  await button(page, 'Nạp từ tệp').click();
  const csv = 'Mã số;Thị trường;Ngày cấp;Tên vùng\nVN-HNOR-0006;CHN;hôm qua;Đồng Mới\nkhông phải mã;CHN;;Sai\n';
  await (await chooser).setFiles([{ name: 'mã mới.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) }]);
  await page.getByRole('heading', { name: 'Các dòng trong tệp: 2' }).waitFor();
  await page.getByRole('button', { name: /^để lại: 1$/ }).waitFor();
  assert.equal(await page.getByRole('combobox', { name: 'Thị trường' }).inputValue(), 'Thị trường');
  // What is wrong with a row is said in the page's language, with the file's own names of columns.
  await page.getByText('Ô “Ngày cấp” ghi “hôm qua”, không phải ngày').waitFor();
  await page.getByText('“không phải mã” không đúng cấu trúc mã số nào').waitFor();
  assert.equal(await page.locator('.desk-warn[lang]').count(), 0, 'something is said in another language');
  await page.screenshot({ path: `${OUT}officer-import.png` });
  await button(page, 'Giữ 1 dòng').click();
  await page.getByText('Đã ghi 1 dòng vào sổ.').first().waitFor();
  await button(page, 'Về danh sách').click();
  await list.getByRole('button', { name: /VN-HNOR-0006/ }).waitFor();
  await list.getByRole('button', { name: /VN-HNOR-0005/ }).click();
  await page.getByRole('region', { name: 'Thông tin riêng' }).getByText('0900000005').waitFor();
  assert.ok(await list.isHidden(), 'the list is behind the card');
  await button(page, 'Đổi trạng thái').click();
  const form = page.getByRole('form', { name: 'Đổi trạng thái' });
  await form.getByRole('combobox', { name: 'Trạng thái mới' }).selectOption('suspended');
  await form.getByRole('button', { name: 'Lưu' }).click();
  await form.getByText('Cần ghi lý do.').waitFor();
  await form.getByRole('textbox', { name: 'Lý do' }).fill('Chưa kiểm tra định kỳ');
  await form.getByRole('button', { name: 'Lưu' }).click();
  await page.getByRole('region', { name: 'Quá trình trạng thái' }).getByText('Chưa kiểm tra định kỳ').waitFor();
  await page.screenshot({ path: `${OUT}officer-code.png` });
  const dossier = await page.getByRole('link', { name: 'Hồ sơ GeoJSON' }).getAttribute('href');
  assert.equal(dossier, '/api/v1/codes/VN-HNOR-0005/dossier.geojson?lang=vi');
  const text = await (await page.request.get(server.address + dossier)).text();
  assert.ok(text.includes('Chưa kiểm tra định kỳ') && !text.includes('0900000005'), text.slice(0, 300));
  await button(page, 'Kiểm tra').click();
  await page.getByRole('article', { name: 'VN-HNOR-0005' }).getByText('Không hợp lệ').first().waitFor();
  assert_clean();
  await close();
});

const SAID = {
  vi: {
    larger: 'Mở rộng bảng',
    check: 'Kiểm tra mã số',
    many: 'Nhiều mã',
    place: 'Vị trí',
    qr: 'Mã QR',
    lines: /^Các mã số/,
    ask: /^Kiểm tra 2/,
    results: /^Kết quả/,
    leave: 'Rời bàn này',
    alerts: 'Cảnh báo',
    filter: 'Lọc',
    back: 'Về danh sách',
    register: 'Sổ mã số',
    import: 'Nạp từ tệp',
    rows: /^Các dòng trong tệp/,
    abandon: 'Bỏ tệp này',
    status: 'Đổi trạng thái',
    step: 'Bác bỏ',
    first: 'Đã kiểm tra',
  },
  en: {
    larger: 'Enlarge the sheet',
    check: 'Check codes',
    many: 'Many',
    place: 'Place',
    qr: 'QR code',
    lines: /^Codes, one/,
    ask: /^Check codes \(2/,
    results: /^Results/,
    leave: 'Leave this desk',
    alerts: 'Alerts',
    filter: 'Filter',
    back: 'Back to the list',
    register: 'Code register',
    import: 'Import a file',
    rows: /^Rows of the file/,
    abandon: 'Leave this file',
    status: 'Change the status',
    step: 'Reject',
    first: 'Checked',
  },
};

[LOOKS[1], LOOKS[3]].forEach(([look, options, lang]) => {
  test(`checks and alerts are within everyone’s reach: ${look}`, async () => {
    const words = SAID[lang];
    const { page, assert_clean, close } = await visit(`#check=VN-HNOR-0002&lang=${lang}`, {
      address: server.address,
      ...options,
      prepare: (at) => sign_in(at, server.address, OFFICER),
    });
    const faults: string[] = [];
    const state = async (name: string) => {
      await drawn(page);
      await assert_accessible(page, `${look}: ${name}`).catch((fault: unknown) => faults.push(String(fault)));
      await page.screenshot({ path: `${OUT}officer-${look}-${name}.png` });
    };
    await page.getByRole('article', { name: 'VN-HNOR-0002' }).waitFor();
    if ('viewport' in options) await button(page, words.larger).click();
    await state('one');
    await button(page, words.many).click();
    await page.getByRole('textbox', { name: words.lines }).fill('VN-HNOR-0001\nVN-HNOR-OOO1');
    await button(page, words.ask).click();
    await page.getByRole('heading', { name: words.results }).waitFor();
    await state('many');
    await button(page, words.place).click();
    await state('place');
    await button(page, words.qr).click();
    await state('qr');
    await button(page, words.leave).click();
    await button(page, words.alerts).click();
    const list = page.getByRole('list', { name: words.alerts });
    await list.getByRole('button').first().waitFor();
    await button(page, words.filter).click();
    await state('alerts');
    await list.getByRole('button').last().click();
    const step = page.getByRole('button', { name: new RegExp(`^(${words.step}|${words.first})$`) });
    await step.first().click();
    await state('alert');
    await button(page, words.back).click();
    await button(page, words.leave).click();
    await button(page, words.register).click();
    const codes = page.getByRole('list', { name: words.register });
    await codes.getByRole('button').first().waitFor();
    await state('register');
    const chooser = page.waitForEvent('filechooser');
    await button(page, words.import).click();
    const csv = 'Mã số;Diện tích;Ngày cấp;Trạng thái\nVN-HNOR-0009;12,5;45657;active\nVN-HN0R-0002;x;soon;\n;1;;\n';
    await (await chooser).setFiles([{ name: 'mã.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) }]);
    await page.getByRole('heading', { name: words.rows }).waitFor();
    await state('import');
    await page.getByRole('heading', { name: words.rows }).scrollIntoViewIfNeeded();
    await page.screenshot({ path: `${OUT}officer-${look}-import-rows.png` });
    await button(page, words.abandon).click();
    await codes.getByRole('button').first().click();
    await button(page, words.status).click();
    await state('code');
    assert.deepEqual(faults, []);
    assert_clean();
    await close();
  });
});
