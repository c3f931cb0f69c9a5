// History in every look: nothing is out of anyone’s reach, by keyboard, on a phone, in the dark.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { serve_pairs, sign_in, type DeskServer } from './desk.ts';
import { assert_accessible, drawn, LOOKS, OUT, visit } from './harness.ts';
import { planner } from './past.ts';

const PICTURES = fileURLToPath(new URL('../../docs/pictures/', import.meta.url));

let server: DeskServer;
let revision = 0;
before(async () => {
  server = await serve_pairs(1);
  const lan = await planner(server);
  revision = await server.revision();
  const first = await lan.edit(
    'Chia cho hai hộ theo biên bản làm việc ngày 20 tháng 11',
    ['west-0'],
    [{ op: 'split', id: 'west-0', areas_m2: [60_000] }],
    { decision: 'QĐ 1207/QĐ-UBND', valid_from: '2027-01-01' },
  );
  const part = first.made['0']?.[0] ?? '';
  await lan.edit(
    'Đổi giống lúa',
    ['west-0'],
    [{ op: 'put', id: 'west-0', properties: { variety: 'J02', crop: 'Lúa' } }],
  );
  await lan.edit('Gộp lại', ['east-0', part], [{ op: 'merge', ids: ['east-0', part] }]);
  retired = part;
});
let retired = '';
after(() => server.end());

const SAID = {
  vi: {
    larger: 'Mở rộng bảng',
    versions: 'Các lần sửa vùng này',
    show: /^Hiện trên bản đồ: Như khi nhập/,
    restore: /^Khôi phục bản này: Như khi nhập/,
    do_restore: 'Khôi phục',
    refused: /^Chưa làm được/,
    retired: 'Vùng này không còn',
    desk: 'Lịch sử',
    filter: 'Lọc',
    edit: /^Chia cho hai hộ/,
    undo: 'Hoàn tác lần sửa này',
    compare: 'So sánh',
    from: 'Từ',
    differ: /vùng khác$/,
    past: 'Bản đồ cũ',
    mark: /^Bản đồ bản ghi/,
    other: /khác hiện nay/,
    choose: 'Chọn thời điểm',
  },
  en: {
    larger: 'Enlarge the sheet',
    versions: 'Edits of this zone',
    show: /^Show on the map: As it was imported/,
    restore: /^Restore this version: As it was/,
    do_restore: 'Restore',
    refused: /^Not done/,
    retired: 'This zone is no more',
    desk: 'History',
    filter: 'Filter',
    edit: /^Chia cho hai hộ/,
    undo: 'Undo this edit',
    compare: 'Compare',
    from: 'From',
    differ: /zones differ$/,
    past: 'Past map',
    mark: /^Map as of revision/,
    other: /different now/,
    choose: 'Choose the moment',
  },
};

LOOKS.forEach(([look, options, lang]) => {
  test(`history is within everyone’s reach: ${look}`, async () => {
    const words = SAID[lang];
    const is_phone = 'viewport' in options;
    const { page, assert_clean, close } = await visit(`#zone=west-0&lang=${lang}`, {
      address: server.address,
      ...options,
      expected: /404|422/,
      prepare: (at) => sign_in(at, server.address),
    });
    const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true });
    const faults: string[] = [];
    const state = async (name: string) => {
      await drawn(page);
      await assert_accessible(page, `${look}: ${name}`).catch((fault: unknown) => faults.push(String(fault)));
      await page.screenshot({ path: `${OUT}history-${look}-${name}.png` });
      const is_picture = look === 'desktop-light-vi' && (name === 'compared' || name === 'versions');
      if (is_picture) await page.screenshot({ path: `${PICTURES}history-${name}.png` });
    };
    if (is_phone) await button(words.larger).click();
    await button(words.versions).click();
    await button(words.show).click();
    await state('versions');
    await button(words.restore).click();
    const form = page.getByRole('form', { name: words.do_restore });
    await form.getByRole('button', { name: words.do_restore }).click();
    await form.getByRole('region', { name: words.refused }).waitFor();
    await state('refused');
    await page.goto(`${server.address}/#zone=${retired}&lang=${lang}`);
    await page.getByRole('heading', { name: words.retired }).waitFor();
    await state('retired');
    await page.goto(`${server.address}/#at=${revision}&lang=${lang}`);
    await page.reload();
    const mark = page.getByRole('region', { name: words.mark });
    await mark.getByText(words.other).waitFor();
    await state('as-of');
    await mark.getByRole('button', { name: words.choose }).click();
    await state('as-of-choosing');
    await mark.getByRole('button', { name: words.choose }).click();
    await button(words.desk).click();
    await button(words.edit).waitFor();
    await button(words.filter).click();
    await state('edits');
    await button(words.filter).click();
    await button(words.edit).click();
    await button(words.undo).click();
    await state('undo');
    await button(words.compare).click();
    await page.getByLabel(words.from, { exact: true }).fill(String(revision));
    await page.locator('form').getByRole('button', { name: words.compare }).click();
    await page.getByText(words.differ).waitFor();
    await state('compared');
    await button(words.past).click();
    await state('past');
    assert.deepEqual(faults, []);
    assert_clean();
    await close();
  });
});
