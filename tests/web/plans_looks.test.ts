// The desk of plans in every look: nothing is out of anyone’s reach, on a phone, in the dark, in both languages.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { APPROVER, at_desk, place_of, plan_of_split, serve_pairs, sign_in, type DeskServer } from './desk.ts';
import { drop_on_map, fields_beside } from './files.ts';
import { assert_accessible, drawn, LOOKS, OUT, PHONE, visit } from './harness.ts';

let server: DeskServer;
before(async () => {
  server = await serve_pairs(2 * LOOKS.length);
});
after(() => server.end());

const SAID = {
  vi: {
    plans: 'Kịch bản',
    make: 'Kịch bản mới',
    cancel: 'Bỏ',
    larger: 'Mở rộng bảng',
    compare: 'So sánh',
    swipe: 'Kéo qua',
    side: 'Cạnh nhau',
    difference: 'Khác biệt',
    off: 'Tắt',
    figures: 'Số liệu',
    lost: 'Mất đất',
    supply: 'Sản lượng',
    yield: /^Năng suất/,
    comments: 'Góp ý',
    comment: 'Góp ý mới',
    pin: 'Ghim lên bản đồ',
    add: 'Gửi góp ý',
    about: 'Chung',
    submit: 'Trình duyệt',
    remove: 'Xóa',
    keep: 'Giữ lại',
    share: 'Tạo liên kết',
    draw: 'Vẽ trong kịch bản',
    loaded: /Có ranh giới của \d/,
    approve: 'Phê duyệt',
    publish: 'Công bố lên bản đồ',
    decision: 'Số quyết định',
    against: /^Chưa công bố được/,
    ahead: /^Nếu công bố lúc này: vướng/,
    show: 'Xem trên bản đồ',
    kind: 'Loại',
    keep_file: /^Giữ \d/,
    refused: /^Chưa lưu được/,
    keep_draft: 'Giữ thành nháp trong một kịch bản…',
    plan_name: 'Tên kịch bản',
    why: 'Vì sao giữ dù còn lỗi',
  },
  en: {
    plans: 'Plans',
    make: 'New plan',
    cancel: 'Cancel',
    larger: 'Enlarge the sheet',
    compare: 'Compare',
    swipe: 'Swipe',
    side: 'Side by side',
    difference: 'Difference',
    off: 'Off',
    figures: 'Figures',
    lost: 'Loss',
    supply: 'Supply',
    yield: /^Yield of/,
    comments: 'Comments',
    comment: 'New comment',
    pin: 'Pin it to the map',
    add: 'Add the comment',
    about: 'About',
    submit: 'Submit',
    remove: 'Remove',
    keep: 'Keep it',
    share: 'Make a link',
    draw: 'Draw in the plan',
    loaded: /borders of \d/,
    approve: 'Approve',
    publish: 'Publish to the map',
    decision: 'Number of the decision',
    against: /^Not published/,
    ahead: /^If it were published now: \d/,
    show: 'Show on the map',
    kind: 'Kind',
    keep_file: /^Keep zones \(/,
    refused: /^Not saved/,
    keep_draft: 'Keep it as a draft in a plan…',
    plan_name: 'Name of the plan',
    why: 'Why it is kept in spite of this',
  },
};

LOOKS.forEach(([look, options, lang], n) => {
  test(`the desk of plans is within everyone’s reach: ${look}`, async () => {
    const words = SAID[lang];
    const is_phone = 'viewport' in options;
    const { page, assert_clean, close } = await visit(`#map=15/${place_of(n)}&lang=${lang}`, {
      ...options,
      address: server.address,
      prepare: (made) => sign_in(made, server.address),
    });
    const button = (name: string) => page.getByRole('button', { name, exact: true });
    const state = async (name: string) => {
      await drawn(page);
      await assert_accessible(page, `${look}: ${name}`);
      await page.screenshot({ path: `${OUT}plans-${look}-${name}.png` });
    };
    /** The sheet of a phone gives way to the map when that is what one asked to see. */
    const enlarge = async () => {
      if (is_phone && (await button(words.larger).count()) > 0) await button(words.larger).click();
    };
    await plan_of_split(page, server, n, look);
    await button(words.plans).click();
    await enlarge();
    await page.getByRole('button', { name: new RegExp(look) }).waitFor();
    await state('list');
    await button(words.make).click();
    await state('new');
    await button(words.cancel).click();
    await page.getByRole('button', { name: new RegExp(look) }).click();
    await button(words.share).click();
    await button(words.submit).click();
    await state('about');
    await button(words.remove).click();
    await state('remove');
    await button(words.keep).click();
    await button(words.compare).click();
    await page.getByRole('table').waitFor();
    await state('compare');
    for (const [name, label] of [
      ['swipe', words.swipe],
      ['side', words.side],
      ['difference', words.difference],
    ] as const) {
      await button(label).click();
      await page.waitForTimeout(1_000);
      await state(name);
      await enlarge();
    }
    await button(words.off).click();
    await button(words.figures).click();
    await page.getByRole('table').waitFor();
    await state('figures');
    await button(words.lost).click();
    await state('lost');
    await button(words.supply).click();
    await page
      .getByRole('textbox', { name: words.yield })
      .first()
      .fill(lang === 'vi' ? '6,2' : '6.2');
    await state('supply');
    await button(words.comments).click();
    await page.getByRole('textbox', { name: words.comment }).fill('Mương / ditch');
    await button(words.pin).click();
    const { width, height } = page.viewportSize() ?? PHONE;
    await page.mouse.click(width / 2 + 40, height / 2 - 30);
    await button(words.add).click();
    await page.locator('.plan-list li').first().waitFor();
    await enlarge();
    await state('comments');
    await button(words.draw).click();
    await page.getByText(words.loaded).waitFor();
    await state('draw');
    assert_clean();
    await close();
  });
});

/** A submitted plan that splits pair `n`, whose western field the official map has split in another way since. */
async function collided(n: number, look: string): Promise<string> {
  const { page, close } = await visit('', {
    address: server.address,
    prepare: (made) => sign_in(made, server.address),
  });
  const id = await plan_of_split(page, server, n, look);
  const session = (await (await page.request.get(`${server.address}/api/v1/session`)).json()) as { csrf: string };
  const headers = { 'x-csrf-token': session.csrf };
  const [west] = await server.shapes([`west-${n}`]);
  const edit = {
    id: `over-${n}`,
    reason: 'Chia khác / split otherwise',
    base: { [`west-${n}`]: west?.revision },
    operations: [{ op: 'split', id: `west-${n}`, areas_m2: [90_000] }],
  };
  for (const [path, data] of [
    [`plans/${id}/submit`, { note: '' }],
    ['edits', edit],
  ] as const) {
    const answer = await page.request.post(`${server.address}/api/v1/${path}`, { data, headers });
    assert.ok(answer.ok(), `${path}: ${answer.status()} ${await answer.text()}`);
  }
  await close();
  return id;
}

LOOKS.forEach(([look, options, lang], i) => {
  test(`what is in a plan’s way is within everyone’s reach: ${look}`, async () => {
    const n = LOOKS.length + i;
    const words = SAID[lang];
    const state = async (page: Page, name: string) => {
      await drawn(page);
      await assert_accessible(page, `${look}: ${name}`);
      await page.screenshot({ path: `${OUT}plans-${look}-${name}.png` });
    };
    const enlarge = async (page: Page) => {
      const larger = page.getByRole('button', { name: words.larger, exact: true });
      if ('viewport' in options && (await larger.count()) > 0) await larger.click();
    };
    const id = await collided(n, look);
    const approver = await visit(`#map=15/${place_of(n)}&lang=${lang}&plan=${id}`, {
      ...options,
      address: server.address,
      expected: /409/,
      prepare: (made) => sign_in(made, server.address, APPROVER),
    });
    const button = (name: string) => approver.page.getByRole('button', { name, exact: true });
    await approver.page.getByRole('region', { name: words.ahead }).waitFor();
    await enlarge(approver.page);
    await state(approver.page, 'ahead');
    for (const name of [words.approve, words.approve, words.publish]) await button(name).click();
    await approver.page.getByRole('textbox', { name: words.decision }).fill('QĐ 13/2026');
    await button(words.publish).click();
    const against = approver.page.getByRole('region', { name: words.against });
    await against.waitFor();
    await state(approver.page, 'against');
    const before = new URL(approver.page.url()).hash;
    await against.getByRole('button', { name: words.show }).first().click();
    await approver.page.waitForFunction((hash) => location.hash !== hash, before);
    await state(approver.page, 'against-shown');
    approver.assert_clean();
    await approver.close();

    const { page, assert_clean, close } = await at_desk(server, n, { ...options, expected: /422/ }, { lang });
    await drop_on_map(page, [fields_beside(n)]);
    await page.getByRole('combobox', { name: words.kind, exact: true }).selectOption('loai');
    await page.getByRole('combobox', { name: /^Đất lạ/ }).selectOption('fruit');
    await page.getByRole('button', { name: words.keep_file }).click();
    await page.getByRole('region', { name: words.refused }).waitFor();
    await enlarge(page);
    await page.getByRole('button', { name: words.keep_draft }).click();
    await page.getByRole('textbox', { name: words.plan_name }).fill('Để bàn thêm / to be discussed');
    await page.getByRole('textbox', { name: words.why }).fill('Hai xã đang bàn ranh giới');
    await state(page, 'keep-in-plan');
    await page.getByRole('button', { name: words.keep, exact: true }).click();
    await page.getByRole('heading', { name: 'Để bàn thêm / to be discussed' }).waitFor();
    await page.getByRole('region', { name: words.ahead }).waitFor();
    await state(page, 'kept');
    assert_clean();
    await close();
  });
});
