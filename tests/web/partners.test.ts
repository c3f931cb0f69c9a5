// Who is behind a zone: from the zone to the cooperative, the linkage and its tonnes, and back; by the search; by a link; and what
// only officers read.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { place_of, sign_in, type DeskServer } from './desk.ts';
import { assert_accessible, drawn, link_of, LOOKS, OUT, visit } from './harness.ts';
import { OFFICER, serve_officer } from './officer.ts';

const PARTNERS = `id,name,kind,unit,members,zone_ids,representative,phone
C1,HTX Đại Thanh,cooperative,Đại Thanh,120,west-0; east-0,Bà Kín,0912345678
C2,HTX Đồng Trên,cooperative,,12,west-1,,
S1,Chuỗi siêu thị A,buyer,,,,,
`;
const LINKAGES = `id,name,kind,crop,producers,buyers,contracted_t,contracted_ha,valid_from,valid_to,decision
L1,Lúa J02,rice,Lúa J02,C1,S1,600,40,2018-01-01,2030-12-31,HĐ 12/2018
L2,Lúa cũ,rice,Lúa,C2; HTX Ma,S1,,,2015,2019,
`;
const PRODUCTS = `id,name,owner,stars,recognised,valid_to,kind
P1,Gạo Đại Thanh,C1,4,2024,2027-06-30,rice
`;
const TRACES = `code,name,product
T-0001,Túi 5 kg,P1
`;

const WORDS = {
  vi: {
    behind: 'Ai đứng sau vùng',
    zone: 'Vùng được chọn',
    taken: 'Đã bị lấn mất',
    supply: 'Có thể trông vào',
    close: 'Đóng, về thẻ trước',
    find: 'Tìm vùng, mã số, xã',
    unlinked: 'Tên chưa nối được',
    zones: /^Vùng: 2$/,
  },
  en: {
    behind: 'Who is behind it',
    zone: 'Chosen zone',
    taken: 'Taken by encroachment',
    supply: 'Can be counted on',
    close: 'Close, back to the card before',
    find: 'Find a zone, code or commune',
    unlinked: 'Names that lead nowhere',
    zones: /^Zones: 2$/,
  },
};

let server: DeskServer;
before(async () => {
  server = await serve_officer();
  await server.import_file('partners.csv', PARTNERS, '--as', 'partners');
  await server.import_file('linkages.csv', LINKAGES, '--as', 'linkages');
  await server.import_file('products.csv', PRODUCTS, '--as', 'products');
  await server.import_file('traces.csv', TRACES, '--as', 'traces');
});
after(() => server.end());

const title = (page: Page, name: string) => page.getByRole('heading', { level: 2, name, exact: true });
const row = (page: Page, name: RegExp) => page.getByRole('button', { name }).first();

for (const [look, options, lang] of LOOKS) {
  test(`${look}: from the zone to who is behind it, to their zones, and back`, async () => {
    const words = WORDS[lang];
    const { page, assert_clean, close } = await visit(`#map=14/${place_of(0)}&zone=west-0&lang=${lang}`, {
      ...options,
      address: server.address,
    });
    await drawn(page);
    const section = page.getByRole('region', {
      name: words.behind,
      exact: true,
    });
    await section.getByText('HTX Đại Thanh').waitFor();
    for (const name of ['Lúa J02', 'Gạo Đại Thanh', 'Túi 5 kg', 'Chuỗi siêu thị A'])
      await section.getByText(name, { exact: true }).first().waitFor();
    await section.getByText('HTX Đại Thanh').scrollIntoViewIfNeeded();
    await assert_accessible(page, `${look}: the zone`);
    await page.screenshot({ path: `${OUT}partners-zone-${look}.png` });
    // The linkage: what it can count on, what was taken, its two zones.
    await row(page, /^Lúa J02/).click();
    await title(page, 'Lúa J02').waitFor();
    assert.equal(link_of(page).get('partner'), 'linkages/L1');
    await page.getByRole('region', { name: words.supply }).waitFor();
    const taken = page.getByRole('region', { name: words.taken });
    await taken.getByText(/2024/).first().waitFor();
    await page.getByRole('heading', { name: words.zones }).waitFor();
    await drawn(page);
    await assert_accessible(page, `${look}: the linkage`);
    await page.screenshot({ path: `${OUT}partners-linkage-${look}.png` });
    // Its producer, and from there the other zone.
    await row(page, /^HTX Đại Thanh/).click();
    await title(page, 'HTX Đại Thanh').waitFor();
    assert.equal(await page.getByText('0912345678').count(), 0);
    await row(page, /^Đồng Đông 0/).click();
    await title(page, 'Đồng Đông 0').waitFor();
    assert.equal(link_of(page).get('partner'), null);
    await page.goBack();
    await title(page, 'HTX Đại Thanh').waitFor();
    await page.getByRole('button', { name: words.close }).click();
    await title(page, 'Đồng Tây 0').waitFor();
    assert_clean();
    await close();
  });
}

test('the search finds them, a link shows them, a name that leads nowhere is told, and Escape leads back', async () => {
  const words = WORDS.vi;
  const { page, assert_clean, close } = await visit('', {
    address: server.address,
  });
  await drawn(page);
  const box = page.getByRole('combobox', { name: words.find });
  for (const [typed, option, shown] of [
    ['T-0001', /Túi 5 kg/, 'Túi 5 kg'],
    ['gao dai thanh', /Gạo Đại Thanh/, 'Gạo Đại Thanh'],
    ['lua j02', /Lúa J02/, 'Lúa J02'],
  ] as const) {
    await box.fill(typed);
    await page.getByRole('option', { name: option }).first().click();
    await title(page, shown).waitFor();
    await assert_accessible(page, typed);
  }
  // The map went to its zones.
  await page.waitForFunction(() => Number(/map=([\d.]+)/.exec(location.hash)?.[1]) > 12);
  await title(page, 'Lúa J02').press('Escape');
  await title(page, 'Lúa J02').waitFor({ state: 'detached' });
  assert_clean();
  await close();
  const linked = await visit('#partner=linkages%2FL2', {
    address: server.address,
  });
  await title(linked.page, 'Lúa cũ').waitFor();
  await linked.page.getByText('“HTX Ma” chưa có trong bảng hay trên bản đồ').waitFor();
  await linked.page.getByText('hết hạn').first().waitFor();
  await linked.page.waitForFunction(() => Number(/map=([\d.]+)/.exec(location.hash)?.[1]) > 12);
  linked.assert_clean();
  await linked.close();
  const gone = await visit('#partner=linkages%2FL9', {
    address: server.address,
    expected: /404/,
  });
  await gone.page.getByText('Không còn mục này').waitFor();
  await gone.close();
});

test('how a cooperative is reached is for officers, who bring tables on the register’s desk', async () => {
  const { page, assert_clean, close } = await visit('#partner=partners%2FC1', {
    address: server.address,
    prepare: (page) => sign_in(page, server.address, OFFICER),
  });
  await page.getByText('0912345678').waitFor();
  await page.getByText('Chỉ cán bộ và quản trị đọc được.').waitFor();
  await page.getByRole('button', { name: 'Sổ mã số', exact: true }).click();
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Nạp từ tệp', exact: true }).click();
  const file = 'Mã,Tên HTX,Số điện thoại\nC1,HTX Đại Thanh mới,0911111111\nC9,HTX Chín,\n';
  await (
    await chooser
  ).setFiles({
    name: 'htx.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(file),
  });
  await page.getByRole('combobox', { name: 'Tệp này là' }).selectOption('partners');
  await page.getByText('HTX Đại Thanh mới').waitFor();
  await assert_accessible(page, 'a table of cooperatives, looked at');
  await page.screenshot({ path: `${OUT}partners-import.png` });
  await page.getByRole('button', { name: 'Giữ 2 dòng' }).click();
  await page.getByText('Đã ghi 2 dòng').first().waitFor();
  assert_clean();
  await close();
  const { page: after_it, close: leave } = await visit('#partner=partners%2FC9', { address: server.address });
  await title(after_it, 'HTX Chín').waitFor();
  await leave();
});

test('the text of a file is read as the officer says, and again as the file says', async () => {
  const { page, assert_clean, close } = await visit('', {
    address: server.address,
    prepare: (page) => sign_in(page, server.address, OFFICER),
  });
  await page.getByRole('button', { name: 'Sổ mã số', exact: true }).click();
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Nạp từ tệp', exact: true }).click();
  // “Đồng Mới” with the letters of TCVN3.
  const name = Buffer.from([0xa7, 0xe5, 0x6e, 0x67, 0x20, 0x4d, 0xed, 0x69]);
  const buffer = Buffer.concat([Buffer.from('code,Ten vung\nVN-HNOR-0001,'), name, Buffer.from('\n')]);
  await (await chooser).setFiles({ name: 'cũ.csv', mimeType: 'text/csv', buffer });
  await page.getByText('Cách đọc tệp').click();
  const encoding = page.getByRole('combobox', { name: 'Bảng mã chữ' });
  await encoding.selectOption('TCVN3');
  await page.getByText('Đồng Mới', { exact: true }).waitFor();
  await encoding.selectOption('CP1258');
  await page.getByText('§ång Míi', { exact: true }).waitFor();
  // A file of codes has places too.
  await page.getByRole('combobox', { name: 'Hệ tọa độ của tệp' }).waitFor();
  await assert_accessible(page, 'how a file is read');
  await page.screenshot({ path: `${OUT}register-reading.png` });
  await page.getByRole('button', { name: 'Đọc lại như tệp ghi' }).click();
  await page.getByText('§ång Míi', { exact: true }).waitFor({ state: 'detached' });
  assert.equal(await encoding.inputValue(), '');
  assert_clean();
  await close();
});
